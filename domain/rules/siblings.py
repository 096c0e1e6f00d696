"""The others of a group (R31): a checkpoint waits for theirs, and what stops one of them is decided upon here.

What a sibling has reached is proved by the signed words of those who were asked there, and never by the word of whoever runs the
server. That it was held, was stopped or has ended, its installation alone says and signs: by that nothing goes on unless the plan
says so, for a sibling that has ended; it only halts, or has people decide.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.progress import Progress
from domain.delivery.reported import SiblingHeard, sealed_by
from domain.delivery.state import State
from domain.delivery.verdicts import found
from domain.plan.plan import Checkpoint, PlannedCheckpoint, Wait
from domain.plan.vocabulary import Need
from domain.rules.contingency import Consequence, Contingency, Unforeseen, another_in_charge, decide_afresh, open_about
from domain.rules.kind import Kind
from domain.rules.turns import turn
from domain.signing.envelope import Envelope
from domain.words.errors import Refused, RuleBroken
from domain.words.text import fill, mark

WAITED_IN_VAIN = found(
    "R2",
    "waited_in_vain",
    "{checkpoint} waited for a sibling; no decision in time by {services}",
    checkpoint="name",
    services="names",
)
SIBLINGS_MISSING = found(
    "R31",
    "siblings_missing",
    "{checkpoint} has waited for siblings, of which {count} have not come so far; decide whether it goes on without",
    checkpoint="name",
    count="count",
)
A_SIBLING_STOPPED = found(
    "R31", "a_sibling_stopped", "another consignment of the same operation was stopped; decide whether this one goes on"
)
SIBLING_UNDECIDED = found("R2", "sibling_undecided", "a sibling was stopped; no decision in time by {services}", services="names")


def lacking(state: State, planned: PlannedCheckpoint) -> tuple[Wait, ...]:
    """What a checkpoint still waits for: each of its `wait_for` that has not been `reached`, but for those that say `go_on` by
    `ended` and whose sibling has ended, by its `standing_of`. Nothing, where it goes on `alone`.
    """
    siblings = state.siblings
    if planned.id in siblings.alone:
        return ()
    return tuple(
        one
        for one in planned.wait_for
        if one.key not in siblings.reached and not (one.ended == "go_on" and standing_of(state, one.delivery) == "ended")
    )


def standing_of(state: State, sibling: str) -> str | None:
    """The `standing` of a sibling; none of what is no sibling."""
    members = state.plan.group.members if state.plan.group is not None else ()
    return state.siblings.standing.get(members.index(sibling)) if sibling in members else None


def _its_turn(delivery: Delivery, planned: PlannedCheckpoint) -> bool:
    """Whether it would open now, but for what it waits for: it has not opened, its step has its `turn`, what it comes `after` has
    closed, and for step `dispatch` a leg is `cleared`.
    """
    after = planned.after is None or delivery.state.closed(planned.after)
    leaves = planned.step != "dispatch" or delivery.state.cleared >= 0
    return planned.id not in delivery.state.progress and after and leaves and turn(delivery, planned.step)


def beginning_to_wait(delivery: Delivery) -> Iterator[PlannedCheckpoint]:
    """Checkpoints that have `its_turn` and for which something is `lacking`, but for those that are `waiting` already. In the
    plan's order.
    """
    for planned in delivery.plan.checkpoints if delivery.plan.group is not None else ():
        known = planned.id in delivery.state.siblings.waiting
        if planned.wait_for and not known and _its_turn(delivery, planned) and lacking(delivery.state, planned):
            yield planned


def ends_of_waits(delivery: Delivery) -> Iterator[datetime]:
    """While it is under way: until when each that is `waiting` does, if it has not opened and something is `lacking` for it."""
    for name, until in delivery.state.siblings.waiting.items() if delivery.state.under_way else ():
        planned = delivery.plan.find(name)
        if planned is not None and name not in delivery.state.progress and lacking(delivery.state, planned):
            yield until


class Sibling(Contingency):
    """A checkpoint waits for a sibling in vain: its time is over, or the sibling has ended. Those in charge decide whether it
    goes on without.
    """

    declares = Unforeseen(
        name=unforeseen.SIBLING,
        title="whether it goes on without a sibling",
        needs="movement_decision",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each checkpoint that is `waiting`, has `its_turn`, and for which something is `lacking`: once the time is over
        until which it waits, or the sibling of something `lacking` has ended, by its `standing_of`; unless one about it is open.
        In the order in which they began to wait. Its key is that checkpoint.
        """
        for name, until in delivery.state.siblings.waiting.items():
            planned = delivery.plan.find(name)
            if planned is None or not _its_turn(delivery, planned) or open_about(delivery.state, self.declares.name, name):
                continue
            missing = lacking(delivery.state, planned)
            ended = any(standing_of(delivery.state, one.delivery) == "ended" for one in missing)
            if missing and (now >= until or ended):
                yield name

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Those `in_charge`; where that is one service, two of its officers."""
        needs = decide_afresh(delivery, "movement_decision")
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return f"sibling.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied; and nothing is `lacking` any more, or the plan has no such checkpoint, or that is not `waiting`
        any more: a changed plan has it wait for something else; or there is `another_in_charge`.
        """
        planned = delivery.plan.find(progress.key)
        waits = planned is not None and progress.key in delivery.state.siblings.waiting and lacking(delivery.state, planned)
        return not progress.satisfied and (not waits or another_in_charge(delivery, progress))

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts."""
        return "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It halts with the cause `silence` and R2 `waited_in_vain`."""
        state.stop_all("silence", WAITED_IN_VAIN(checkpoint=progress.key, services=services), when.seq)

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        """If it is satisfied, the checkpoint that was its key goes on `alone`."""
        if progress.result == "satisfied":
            state.siblings.alone = (*state.siblings.alone, progress.key)


class SiblingStop(Contingency):
    """A sibling has been stopped: those in charge decide whether this one goes on."""

    declares = Unforeseen(
        name=unforeseen.SIBLING_STOP,
        title="whether it goes on, since a sibling was stopped",
        needs="movement_decision",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """While `stop` of what is known of siblings is some entry, and it is under way, unless one is open."""
        state = delivery.state
        if state.siblings.stop is not None and state.under_way and not open_about(state, self.declares.name, ""):
            yield ""

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Those `in_charge`; where that is one service, two of its officers."""
        needs = decide_afresh(delivery, "movement_decision")
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return "sibling.stop"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied, and there is `another_in_charge`."""
        return not progress.satisfied and another_in_charge(delivery, progress)

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts."""
        return "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It halts with the cause `silence` and R2 `sibling_undecided`."""
        state.stop_all("silence", SIBLING_UNDECIDED(services=services), when.seq)

    def after_close(self, state: State, progress: Progress, when: Moment) -> None:
        """If it is satisfied, and by answers of which each came after that `stop`, those of first officers too, that is none
        again: who decided before another sibling was stopped has not decided about that.
        """
        said = (*progress.answers.values(), *(first.seq for first in progress.firsts.values()))
        stop = state.siblings.stop
        if progress.result == "satisfied" and stop is not None and all(stop < seq for seq in said):
            state.siblings.stop = None


def hears(state: State) -> bool:
    """Whether it hears of its siblings: it has not halted and has no outcome. Where it has split, what stops them is told to
    those who know of its parts.
    """
    return state.halt is None and state.outcome is None


def is_news(delivery: Delivery, fact: SiblingHeard, at: datetime) -> bool:
    """Whether it says something new of a sibling while this delivery `hears` of them. Raises `RuleBroken` for what nobody has
    proved: it is of no sibling, not signed by the installation, or not by enough of those whose words close what is waited for.
    """
    state, group = delivery.state, delivery.plan.group
    if group is None or fact.sibling not in group.members or fact.sibling == delivery.plan.operation:
        raise RuleBroken("R31", fill("{sibling} is no sibling of this delivery", sibling=fact.sibling))
    if not sealed_by(fact, group.digest, delivery.directory, at):
        raise RuleBroken("R31", mark("what is said of a sibling is not signed by the installation"))
    if not hears(state):
        return False
    known = standing_of(state, fact.sibling)
    match fact.says:
        case "reached":
            waits = [one for one in state.awaited() if (one.delivery, one.checkpoint) == (fact.sibling, fact.checkpoint)]
            if not state.under_way or all(one.key in state.siblings.reached for one in waits):
                return False
            if not all(proves(delivery, one, fact.statements, at) for one in waits):
                sentence = fill(
                    "nobody has signed that {sibling} has reached {checkpoint}", sibling=fact.sibling, checkpoint=fact.checkpoint
                )
                raise RuleBroken("R31", sentence)
            return True
        case "held":
            return known is None
        case "stopped":
            return known in (None, "held", "ended")  # one that was put back goes on
        case "danger":
            return known != "danger"
        case "ended":
            return known != "ended"


def proves(delivery: Delivery, wait: Wait, statements: tuple[Envelope, ...], at: datetime) -> bool:
    """Whether these statements prove that what is waited for has been reached. One of them says something if a key that its
    `service` has at this moment, by the directory here, has signed it; it says so for itself, since no delegation of a sibling is
    known here; it is about that `delivery` and that `checkpoint`, and of no `members`; and it says yes to what its kind answers.
    As many distinct services as its `need` says must have said all that `requires` asks of them.
    """
    said: dict[str, list[Need]] = {}
    for envelope in statements:
        with suppress(Refused):
            statement = delivery.law.read(envelope)
            service = delivery.directory.find(statement.service)
            content = statement.content
            if service is None or not isinstance(content, Kind) or statement.members or statement.on_behalf_of is not None:
                continue
            delivery.law.opened(envelope, service.keys_at(at))
            there = (statement.delivery, statement.checkpoint) == (wait.delivery, wait.checkpoint)
            if there and content.is_yes() and content.declares.answers is not None:
                said.setdefault(statement.voice, []).append(content.declares.answers)
    asked: dict[str, list[Need]] = {}
    for one in wait.requires:
        asked.setdefault(one.service, []).append(one.says)
    enough = sum(all(need in said.get(service, ()) for need in needs) for service, needs in asked.items())
    return enough >= (len(asked) if wait.need == "all" else wait.need)
