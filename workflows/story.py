"""The story of a controlled delivery, told once: read `Story.run` as an officer reads a checklist.

The story decides nothing that a rule decides: it records events through `domain.record.door`, which lets the rules permit or
forbid them, and waits for what the services say. Every step asks the state whether it is already done, so the story can
be entered again at any checkpoint boundary. A halt (R8) is not a step: `until` raises it wherever the story stands.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

from domain.delivery.balance import open_difference
from domain.delivery.consents import conflicting
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import (
    Cleared,
    Closed,
    Concluded,
    Ended,
    Escalated,
    Event,
    Expired,
    Expiring,
    Halted,
    Opened,
    Reminded,
    Silence,
)
from domain.plan.plan import Plan, PlannedCheckpoint, Step
from domain.plan.register import Contact
from domain.record.door import record, take_up
from domain.rules import rules, unforeseen
from domain.rules.timers import elapsed, next_moment
from workflows.stage import Stage


class HaltedError(Exception):
    """The delivery has halted or split; nothing in the ordinary course goes on (R8)."""


class Story:
    """One delivery, performed on a stage."""

    def __init__(self, delivery: Delivery, stage: Stage) -> None:
        self.delivery = delivery
        self.stage = stage

    @property
    def plan(self) -> Plan:
        """The plan as it is now: it may change under way (R22)."""
        return self.delivery.plan

    async def run(self) -> None:
        """The checklist."""
        for name, progress in self.delivery.progress.items():
            if progress.open:
                self.stage.ask(name)
        try:
            await self.deconflict("authorise")
            await self.obtain_authorisations()
            await self.prepare()
            await self.dispatch()
            leg = 0
            while leg < len(self.plan.legs) - 1:
                await self.follow_and_hand_over(leg)
                leg += 1
            await self.deliver()
            await self.arrest()
            await self.account_for_everything()
        except HaltedError:
            await self.leave_the_way()
        await self.close()

    # The steps

    async def deconflict(self, before: Step) -> None:
        """Look whether another live operation touches this one, and go on only when none does or both agree (R15)."""
        if any(checkpoint.id in self.delivery.progress for checkpoint in self.plan.at(before)):
            return
        if not self.delivery.looked:
            self.stage.deconflict()
        await self.until(self.free_of_conflict, "looking for other operations", halted=False)

    async def obtain_authorisations(self) -> None:
        """Ask every State on the route at once; silence is not consent (R2), and all must allow the same handling (R3)."""
        await self.pass_checkpoints(*self.plan.at("authorise"))
        conflict = conflicting(self.plan, self.delivery.grants)
        if conflict and self.delivery.halt is None:
            reason = f"{', '.join(conflict)} does not allow the consignment to go {self.plan.modality}"
            self.record(Halted(cause="modality", rule="R3", reason=reason))
        if self.delivery.cleared < 0:
            self.halt_where_not_permitted(self.plan.states())

    async def prepare(self) -> None:
        """Open, weigh, mark and reseal under the modality all States agreed to."""
        await self.pass_checkpoints(*self.plan.at("prepare"))

    async def dispatch(self) -> None:
        """Look for other operations again (R15), and let it go, if every State's authorisation lasts until its planned exit with
        the plan's margin (R1).
        """
        await self.obtain_authorisations()
        await self.deconflict("dispatch")
        await self.clear(0)
        await self.pass_checkpoints(*self.plan.at("dispatch"))

    async def follow_and_hand_over(self, leg: int) -> None:
        """See that the State ahead may be entered before its border is reached (R5). Custody moves by offer and acceptance
        (R6), or from one recipient to the next; what does not fit waits (R7). A changed plan is followed from where it is (R22).
        """
        while (self.delivery.leg or 0) <= leg:
            await self.obtain_authorisations()
            await self.clear(leg + 1)
            await self.pass_checkpoints(self.planned(self.plan.legs[leg].end))

    async def deliver(self) -> None:
        """The consignment reaches its last recipient under watch, or is seized where the plan ends."""
        while not self.delivery.delivered:
            await self.obtain_authorisations()
            await self.pass_checkpoints(self.planned(self.plan.legs[-1].end))

    async def arrest(self) -> None:
        """Hear that the teams are ready, then let all strike at the same instant; those that must not warn others, in turn."""
        await self.pass_checkpoints(*self.plan.at("muster"))
        waiting = list(self.plan.at("arrest"))
        while waiting:
            now = [one for one in waiting if one.after is None or self.delivery.closed(one.after)]
            await self.pass_checkpoints(*now)
            waiting = [one for one in waiting if not self.delivery.closed(one.id)]

    async def account_for_everything(self) -> None:
        """Recover, reweigh and record all of it; every gram is where it should be, or it is explained why not (R10)."""
        await self.pass_checkpoints(*self.plan.at("account"))
        await self.balance(halted=False)

    async def leave_the_way(self) -> None:
        """The ordinary course is over: take back what it asked, follow the parts if it has split, stand down if it halted."""
        for name, progress in self.delivery.progress.items():
            if progress.open and not unforeseen.outlives_a_halt(name):
                self.close_checkpoint(name, "withdrawn")
        if self.delivery.parts:
            self.open_unforeseen(unforeseen.PARTS)
            await self.pass_open(unforeseen.PARTS, halted=True)
            await self.balance(halted=True)
        if self.delivery.halt is not None:
            await self.stand_down()

    async def stand_down(self) -> None:
        """After a halt: tell everyone, and have the responsible authority seize (R8)."""
        if not (self.delivery.secured or self.delivery.destroyed or self.delivery.parts):
            self.open_unforeseen(unforeseen.INTERDICTION)
        self.open_unforeseen(unforeseen.ACKNOWLEDGED)
        await self.pass_open(unforeseen.INTERDICTION, unforeseen.ACKNOWLEDGED, halted=True)
        await self.balance(halted=True)

    async def close(self) -> None:
        """One outcome, told to every participant (R12); then the debrief, if it ever left, and what each State's law wants."""
        if self.delivery.outcome is None:
            outcome, reason = rules.conclusion(self.delivery)
            self.record(Concluded(outcome=outcome, reason=reason[:500]))
            self.stage.tell("outcome", None, self.plan.participants())
            self.meet_the_unforeseen()
            await self.stage.release()
        if self.delivery.dispatched:
            await self.pass_checkpoints(*self.plan.at("close"), halted=True)
        await self.until(lambda: not self.delivery.open_checkpoints(), "waiting for duties to be done", halted=True)
        await self.stage.settle()
        self.record(Ended())

    async def balance(self, *, halted: bool) -> None:
        """Ask why the mass balance does not close, until it does or somebody has explained it (R10)."""
        while open_difference(self.delivery):
            name = unforeseen.balance_name(self.delivery)
            self.open_unforeseen(name)
            await self.pass_open(name, halted=halted)

    # What the steps are made of

    def halt_where_not_permitted(self, states: tuple[str, ...]) -> None:
        """Opening, devices and foreign officers need permissions of their own where the State's card says so (R16)."""
        wanting = self.delivery.not_permitted(states, self.stage.now())
        if wanting and self.delivery.halt is None:
            self.record(Halted(cause="permission", rule="R16", reason=f"not permitted: {', '.join(wanting)}"))

    async def pass_checkpoints(self, *checkpoints: PlannedCheckpoint, halted: bool = False) -> None:
        """Open these side by side, ask, and go on when all have closed."""
        self.raise_if_halted(halted=halted)
        for checkpoint in checkpoints:
            if checkpoint.id not in self.delivery.progress:
                due = rules.due_at(self.delivery, checkpoint.id, self.stage.now())
                self.record(Opened(checkpoint=checkpoint.id, due=due))
        take_up(self.delivery, self.stage.now())
        await self.pass_open(*(checkpoint.id for checkpoint in checkpoints), halted=halted)

    async def pass_open(self, *names: str, halted: bool = False) -> None:
        """Ask the services of these open checkpoints and wait until each has closed."""
        waiting = [name for name in names if name in self.delivery.progress and self.delivery.progress[name].open]
        for name in waiting:
            self.stage.ask(name)
        while waiting:
            await self.until(partial(self.any_finished, waiting), f"waiting at {', '.join(waiting)}", halted=halted)
            for name in [one for one in waiting if self.delivery.progress[one].open and self.finished(one)]:
                self.close_checkpoint(name, "satisfied" if self.delivery.progress[name].satisfied else "unanswered")
            waiting = [name for name in waiting if self.delivery.progress[name].open]
        await self.stage.rest()
        self.raise_if_halted(halted=halted)

    def any_finished(self, names: list[str]) -> bool:
        """Whether one of these checkpoints may close."""
        return any(map(self.finished, names))

    def finished(self, name: str) -> bool:
        """Whether it has or may be closed: satisfied with nothing left to decide, or silent where silence decides nothing."""
        progress = self.delivery.progress[name]
        if not progress.open:
            return True
        discrepancy = self.delivery.discrepancy
        if progress.satisfied:
            return discrepancy is None or discrepancy.checkpoint != name
        return progress.silent and rules.may_stay_unanswered(self.delivery, name)

    def free_of_conflict(self) -> bool:
        """Whether the register has answered, and whatever it found is settled."""
        return self.delivery.looked and not self.delivery.unsettled()

    async def clear(self, leg: int) -> None:
        """Record that `leg` may begin, after any extension of a consent that it needs (R1, R5)."""
        if self.delivery.cleared >= leg:
            return
        self.raise_if_halted(halted=False)
        self.halt_where_not_permitted(self.states_of(leg))
        self.raise_if_halted(halted=False)
        short = rules.shortfall(self.delivery, leg, self.stage.now())
        for state in short:
            for service in self.plan.authorities(state):
                self.ask_extension(service)
        summary = f"waiting for {', '.join(short)} to extend its consent"
        await self.until(partial(self.may_begin, leg), summary, halted=False)
        if self.delivery.cleared < leg:  # `clear_afresh` may have come first while this waited
            self.record(Cleared(leg=leg))

    def states_of(self, leg: int) -> tuple[str, ...]:
        """States whose say it takes to begin `leg`: all at departure, then the one it leads into."""
        return self.plan.states() if leg == 0 else (self.plan.legs[leg].state,)

    def may_begin(self, leg: int) -> bool:
        """Whether every consent that `leg` needs lasts, and at departure no conflict has come up meanwhile."""
        lasts = not rules.shortfall(self.delivery, leg, self.stage.now())
        return lasts and (leg > 0 or self.free_of_conflict())

    async def until(self, done: Callable[[], bool], summary: str, *, halted: bool) -> None:
        """Wait for `done`, recording meanwhile what time brings. Raises `HaltedError` the moment the delivery halts (R8)."""
        while True:
            self.raise_if_halted(halted=halted)
            self.meet_the_unforeseen()
            if done():
                return
            so_far = len(self.delivery.ledger)
            await self.stage.wait(lambda: len(self.delivery.ledger) > so_far, next_moment(self.delivery), summary)  # noqa: B023
            for event in elapsed(self.delivery, self.stage.now()):
                self.let_time_pass(event)

    def let_time_pass(self, event: Event) -> None:
        """Record one thing that time brought, and act on it."""
        if self.delivery.halt is not None and isinstance(event, Expiring | Expired):
            return
        self.record(event)
        match event:
            case Reminded(checkpoint=name, services=services):
                self.stage.tell("reminder", name, services)
            case Escalated(checkpoint=name, to=to):
                self.stage.tell("escalation", name, (to,))
            case Silence(checkpoint=name):
                self.stage.tell("silence", name, (self.plan.initiator,))
            case Expiring(service=service) if self.delivery.halt is None:
                self.ask_extension(service)

    def meet_the_unforeseen(self) -> None:
        """Open what the unforeseen calls for: a decision (R7), a sighting, a search (R9). Close what has been answered."""
        if self.delivery.discrepancy is not None and self.delivery.halt is None:
            self.open_unforeseen(unforeseen.decision_name(self.delivery), ask=True)
        for contact in self.delivery.unsettled():
            self.meet_conflict(contact)
        self.keep_in_sight()
        if self.leaving():
            self.ask_afresh()
        if self.delivery.halt is not None and self.delivery.parts:
            self.open_unforeseen(unforeseen.ACKNOWLEDGED, ask=True)
        for duty, service in unforeseen.duties(self.delivery):
            self.open_unforeseen(unforeseen.duty_name(duty, service), ask=True)
        for name, progress in self.delivery.progress.items():
            planned = self.plan.find(name)
            decides = unforeseen.decides(name) or (planned is not None and planned.step == "authorise")
            if progress.open and progress.satisfied and decides:
                self.close_checkpoint(name, "satisfied")
                if planned is not None and self.leaving() and not self.delivery.dispatched:
                    self.stage.deconflict()  # the last look is older than this consent (R15)
            elif progress.open and progress.silent and decides and rules.may_stay_unanswered(self.delivery, name):
                self.close_checkpoint(name, "unanswered")
            elif progress.open and unforeseen.moot(self.delivery, name):
                self.close_checkpoint(name, "withdrawn")
        if self.leaving():
            self.clear_afresh()

    def leaving(self) -> bool:
        """Whether its departure has opened, so that a changed plan is followed from there."""
        return any(one.id in self.delivery.progress for one in self.plan.at("dispatch"))

    def ask_afresh(self) -> None:
        """A changed plan may need fresh consents: they are asked for at once, wherever the consignment is (R22)."""
        for checkpoint in self.plan.at("authorise"):
            if checkpoint.id not in self.delivery.progress and self.delivery.under_way:
                due = rules.due_at(self.delivery, checkpoint.id, self.stage.now())
                self.record(Opened(checkpoint=checkpoint.id, due=due))
                self.stage.ask(checkpoint.id)

    def clear_afresh(self) -> None:
        """What a changed plan has ahead is cleared as soon as its States allow, and what came too early is taken up (R5, R22)."""
        leg = self.delivery.leg + 1 if self.delivery.leg is not None else 0
        closed = all(self.delivery.closed(one.id) for one in self.plan.at("authorise"))
        if not self.delivery.under_way or leg >= len(self.plan.legs) or self.delivery.cleared >= leg or not closed:
            return
        if self.delivery.not_permitted(self.states_of(leg), self.stage.now()):
            return
        if not self.may_begin(leg) or conflicting(self.plan, self.delivery.grants):
            return
        self.record(Cleared(leg=leg))
        take_up(self.delivery, self.stage.now())

    def meet_conflict(self, contact: Contact) -> None:
        """Tell the initiator whom to call, once, and ask it for an agreement of both sides (R15)."""
        if self.open_unforeseen(contact.checkpoint, ask=True):
            self.stage.tell("conflict", contact.checkpoint, (self.plan.initiator,))

    def keep_in_sight(self) -> None:
        """Ask for a sighting when a check-in is due; alarm everyone and have it searched for when it is out of sight (R9)."""
        due = unforeseen.check_in_due(self.delivery)
        if due is not None and due <= self.stage.now():
            self.open_unforeseen(unforeseen.sighting_name(self.delivery), ask=True)
        if self.delivery.gap is not None and self.plan.surveillance is not None and unforeseen.watched(self.delivery):
            search = unforeseen.search_name(self.delivery)
            if search not in self.delivery.progress:
                self.open_unforeseen(search, ask=True)
                self.stage.tell("alarm", search, self.plan.participants())

    def ask_extension(self, service: str) -> None:
        """Ask an authority to let its consent run longer, unless it is being asked already (R5)."""
        if service in self.delivery.grants:
            self.open_unforeseen(unforeseen.extension_name(self.delivery, service), ask=True)

    def open_unforeseen(self, name: str, *, ask: bool = False) -> bool:
        """Open a checkpoint that no plan holds, unless it has been opened already; whether it was opened now."""
        definition = unforeseen.definition(self.delivery, name)
        if name in self.delivery.progress or definition is None:
            return False
        due = rules.due_at(self.delivery, name, self.stage.now())
        self.record(Opened(checkpoint=name, due=due, definition=definition))
        if ask:
            self.stage.ask(name)
        return True

    def close_checkpoint(self, name: str, result: Literal["satisfied", "unanswered", "withdrawn"]) -> None:
        """Close it, and tell those still asked that nothing is waited for any more."""
        progress = self.delivery.progress[name]
        self.record(Closed(checkpoint=name, result=result))
        self.stage.withdraw(name, progress.waiting_for())

    def planned(self, name: str) -> PlannedCheckpoint:
        """The plan's checkpoint of this id; a checked plan has it."""
        found = self.plan.find(name)
        assert found is not None  # noqa: S101 - planning.faults_in refuses a plan without it
        return found

    def raise_if_halted(self, *, halted: bool) -> None:
        """Nothing advances after a halt or a split, unless this part of the story is about that."""
        if not self.delivery.under_way and not halted:
            raise HaltedError

    def record(self, event: Event) -> None:
        """Record what the story does, as the rules permit."""
        record(self.delivery, event, self.stage.now())
        self.stage.show()
