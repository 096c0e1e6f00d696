"""The simulator: whole deliveries in virtual time, on a deterministic loop, with simulated services. One seed, one course.

The story that runs here is the one that runs on Temporal. The stage restarts it at checkpoint boundaries now and then, as
a continue-as-new would, so that nothing hides outside the ledger.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Amended, Asked, Deconflicted, Entry, NoticeKind, Told
from domain.delivery.statements import Statement, StopRequested, sign_statement
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.plan.register import Answer, Claim, Register, contacts
from domain.plan.selectors import hashes
from domain.record.door import amend, begin, look_up, record, resume, submit
from domain.record.packet import seal
from domain.rules.unforeseen import in_between
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, Envelope, sign
from domain.views.asked import request
from domain.words.errors import TimedOut, VigilError
from rehearsal.chaos import Rival, attacks, haste
from rehearsal.clock import EPOCH, VirtualTimeLoop, run
from rehearsal.scenario import Change, Scenario
from rehearsal.services import DECONFLICTION_KEY, VIGIL, Line, cast, lines, private_key_of, stand_in
from workflows.story import Story

Watch = Callable[[Delivery, Entry], None]


PATIENCE = timedelta(days=45)
"""How long a simulated delivery may be held, beyond what its legs take, before its initiator stops it."""
MOST_ENTRIES = 20_000
"""Length of a ledger at which a simulation is given up, however little time has passed."""


class NotEnded(TimedOut):
    """Nobody seizes what was stopped long ago; `delivery` is how far it came."""

    def __init__(self, message: str, delivery: Delivery) -> None:
        super().__init__(message)
        self.delivery = delivery


class _RestartError(Exception):
    """The run ends here and a new one goes on from the ledger."""


@dataclass(frozen=True)
class Simulated:
    """How one simulated delivery went."""

    seed: int
    delivery: Delivery
    packet: bytes
    """Envelopes that were noise and left no trace."""
    restarts: int


@dataclass(frozen=True)
class World:
    """What a simulation starts from."""

    plan: Plan
    directory: Directory
    cards: dict[str, RuleCard]
    scenario: Scenario
    seed: int
    restart_chance: float = 0.0
    """Chance of a restart at each checkpoint boundary."""
    hostility: float = 0.0
    """Chance that a statement which comes in is followed by every attack of `rehearsal.chaos`."""
    rivals: tuple[Rival, ...] = ()
    """Other live operations that touch the same consignment."""
    backups: bool = False
    """Whether a backup answers in place of others once their ladder has come to it."""


def simulate(world: World, watch: Watch = lambda _delivery, _entry: None) -> Simulated:
    """One delivery to its end. `watch` sees every entry as it is recorded. The same world gives the same ledger.

    Raises `NotEnded` for a delivery that does not end though its initiator has long stopped it: nobody seizes it.
    """
    loop = VirtualTimeLoop()
    theatre = _Theatre(world, loop, watch)
    return run(theatre.perform(), loop)


class _Theatre:
    """The stage and the services around one delivery."""

    def __init__(self, world: World, loop: VirtualTimeLoop, watch: Watch) -> None:
        self._world = world
        self._loop = loop
        self._watch = watch
        self._dice = random.Random(f"{world.seed}/stage")  # noqa: S311 - a rehearsal must be repeatable
        self._directory = cast(world.directory, world.plan.participants())
        self._everyone = cast(world.directory, tuple(service.id for service in world.directory.services))
        initiator = private_key_of(world.plan.initiator)
        self._plan: Envelope = sign(canonical(world.plan), PLAN_TYPE, initiator)
        states = world.plan.states()
        self._cards = {state: card for state, card in world.cards.items() if state in states}
        self._delivery = begin(self._plan, self._directory, self._cards, loop.now())
        self._patience = sum((leg.takes for leg in world.plan.legs), start=PATIENCE)
        self._giving_up = loop.now() + 2 * self._patience
        self._news = asyncio.Event()
        self._answering: dict[str, list[asyncio.Task[None]]] = {}
        self._asked: dict[str, list[str]] = {}
        self._seen = 0
        self._restarts = 0
        self._grief: BaseException | None = None
        self._register = Register()

    async def perform(self) -> Simulated:
        """Tell the story, again from the ledger after each restart, until it has ended."""
        self._go(self._lose_patience())
        for change in self._world.scenario.changes:
            self._go(self._change(change))
        for number, rival in enumerate(self._world.rivals):
            self._go(self._compete(f"rival-{number}", rival))
        while not self._delivery.ended:
            try:
                await Story(self._delivery, self).run()
            except _RestartError:
                self._restarts += 1
                self._delivery = resume(self._plan, self._directory, self._cards, tuple(self._delivery.ledger))
        self._go_on()
        self.show()
        packet = seal(self._delivery, "", private_key_of(VIGIL), self._loop.now())
        return Simulated(self._world.seed, self._delivery, packet, self._restarts)

    # The stage

    def now(self) -> datetime:
        return self._loop.now()

    async def wait(self, until_true: Callable[[], bool], until: datetime | None, summary: str) -> None:  # noqa: ARG002
        self._give_up_if_endless()
        while not until_true() and (until is None or self.now() < until):
            self._news.clear()
            left = None if until is None else (until - self.now()).total_seconds()
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                return
            self._go_on()

    def _give_up_if_endless(self) -> None:
        if self.now() < self._giving_up and len(self._delivery.ledger) < MOST_ENTRIES:
            return
        waits = [
            f"{progress.checkpoint.id} waits for {', '.join(progress.waiting_for())}"
            for progress in self._delivery.open_checkpoints()
        ]
        held = (self.now() - EPOCH).days
        message = f"it had not ended after {held} days and {len(self._delivery.ledger)} entries: {'; '.join(waits)}"
        raise NotEnded(message, self._delivery)

    def ask(self, name: str) -> None:
        before = self._asked.setdefault(name, [])
        for service in self._delivery.progress[name].waiting_for():
            if service in before:
                continue
            before.append(service)
            asked = request(self._delivery, name, service)
            said = lines(asked, self._world.scenario, self._world.seed, self.now())
            self._go(self._say(tuple(line for line in said if not line.answers)))
            receiving = self._go(self._receive(name, service, tuple(line for line in said if line.answers)))
            self._answering.setdefault(name, []).append(receiving)

    def withdraw(self, name: str, services: tuple[str, ...]) -> None:  # noqa: ARG002
        for task in self._answering.pop(name, []):
            task.cancel()

    def tell(self, kind: NoticeKind, checkpoint: str | None, services: tuple[str, ...]) -> None:
        record(self._delivery, Told(kind=kind, checkpoint=checkpoint, reached=services), self.now())
        if self._world.backups and kind == "escalation" and checkpoint is not None:
            progress = self._delivery.progress[checkpoint]
            for backup in filter(progress.may_answer, services):
                for silent in progress.waiting_for():
                    asked = request(self._delivery, checkpoint, silent)
                    said = stand_in(asked, backup, self._world.scenario, self._world.seed, self.now())
                    self._answering.setdefault(checkpoint, []).append(self._go(self._say(said)))

    def deconflict(self) -> None:
        self._claim(self._world.plan.operation, self._world.plan.initiator)

    async def release(self) -> None:
        self._answer(self._register.release(self._world.plan.operation))

    def show(self) -> None:
        for entry in self._delivery.ledger.since(self._seen):
            self._watch(self._delivery, entry)
        self._seen = len(self._delivery.ledger)

    async def rest(self) -> None:
        if in_between(self._delivery) and self._dice.random() < self._world.restart_chance:
            raise _RestartError

    async def settle(self) -> None:
        """Notices arrive at once."""

    # The services

    def _came_to_grief(self, task: asyncio.Task[None]) -> None:
        """A fault in the stage itself, or an invariant that broke in there, ends the simulation; no service is at fault."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._grief = error
            self._news.set()

    def _go_on(self) -> None:
        if self._grief is not None:
            raise self._grief

    def _go(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        task.add_done_callback(self._came_to_grief)
        return task

    async def _lose_patience(self) -> None:
        """A delivery that is held for ever is stopped by the initiator, as a person would."""
        await asyncio.sleep(self._patience.total_seconds())
        reason = "held for too long"
        stop = Statement(
            id=f"{self._world.seed:032x}",
            delivery=self._world.plan.operation,
            service=self._world.plan.initiator,
            officer="duty",
            happened_at=self.now().isoformat(),
            content=StopRequested(reason=reason),
        )
        self.hear(sign_statement(stop, private_key_of(stop.service)))

    async def _change(self, change: Change) -> None:
        """The initiator changes the plan; one that may not be changed like that any more stays as it is."""
        assert isinstance(change.plan, Plan)  # noqa: S101 - a scenario that has been read holds plans
        await asyncio.sleep(change.after.total_seconds())
        services = cast(self._world.directory, change.plan.participants()).services
        cards = [self._world.cards[state] for state in change.plan.states()]
        plan = sign(canonical(change.plan), PLAN_TYPE, private_key_of(change.plan.initiator))
        with suppress(VigilError):
            amend(self._delivery, Amended(plan=plan, services=services, cards=tuple(cards)), self.now())
            for name, progress in self._delivery.progress.items():
                if progress.open:
                    self.ask(name)
        self.show()
        self._news.set()

    async def _compete(self, operation: str, rival: Rival) -> None:
        await asyncio.sleep(rival.comes.total_seconds())
        self._claim(operation, rival.service)
        await asyncio.sleep((rival.goes - rival.comes).total_seconds())
        self._answer(self._register.release(operation))

    def _claim(self, operation: str, contact: str) -> None:
        """Every operation here touches what this plan touches."""
        touched = hashes(DECONFLICTION_KEY, self._world.plan.consignment.identifiers, self._world.plan.selectors)
        self._answer(self._register.claim(Claim(delivery=operation, contact=contact, hashes=touched)))

    def _answer(self, changed: tuple[Register, Answer]) -> None:
        self._register, answer = changed
        for finding in answer.findings:
            if finding.claim.delivery == self._world.plan.operation and not self._delivery.ended:
                found = contacts(DECONFLICTION_KEY, finding, self._everyone)
                look_up(self._delivery, Deconflicted(number=answer.number, contacts=found), self.now())
        self._news.set()

    async def _receive(self, name: str, service: str, answers: tuple[Line, ...]) -> None:
        await asyncio.sleep(self._dice.randint(0, 1000) / 1000)
        record(self._delivery, Asked(checkpoint=name, received=(service,)), self.now())
        await self._say(answers)

    async def _say(self, to_say: tuple[Line, ...]) -> None:
        for line in to_say:
            await asyncio.sleep(max((line.at - self.now()).total_seconds(), 0))
            self.hear(line.envelope)

    def hear(self, envelope: Envelope) -> None:
        """Something comes in by the one door, and in hostile surroundings what others make of it."""
        if self._dice.random() < self._world.hostility:
            for hasty in haste(envelope, self._world.plan, self._dice):
                self._submit(hasty)
        self._submit(envelope)
        if self._dice.random() < self._world.hostility:
            for attack in attacks(envelope, self._world.plan, self._dice):
                self._submit(attack)
        self.show()
        self._news.set()

    def _submit(self, envelope: Envelope) -> None:
        with suppress(VigilError):  # noise is turned away, and the sender is told
            submit(self._delivery, envelope, self.now())
