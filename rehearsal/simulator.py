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

from domain.canonical import canonical
from domain.cards import RuleCard
from domain.delivery import Delivery
from domain.directory import Directory
from domain.envelope import PLAN_TYPE, Envelope, sign
from domain.errors import TimedOut, VigilError
from domain.ledger import Asked, Entry, NoticeKind, Told
from domain.packet import seal
from domain.plan import Plan
from domain.record import begin, record, resume, submit
from domain.requests import request
from domain.statements import Statement, StopRequested, sign_statement
from domain.unforeseen import in_between
from rehearsal.chaos import attacks, haste
from rehearsal.clock import EPOCH, VirtualTimeLoop, run
from rehearsal.scenario import Scenario
from rehearsal.services import VIGIL, Line, cast, lines, private_key_of, stand_in
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
        initiator = private_key_of(world.plan.initiator)
        self._plan: Envelope = sign(canonical(world.plan), PLAN_TYPE, initiator)
        states = world.plan.states()
        self._cards = {state: card for state, card in world.cards.items() if state in states}
        self._delivery = begin(self._plan, self._directory, self._cards, loop.now())
        self._patience = sum((leg.takes for leg in world.plan.legs), start=PATIENCE)
        self._giving_up = loop.now() + 2 * self._patience
        self._news = asyncio.Event()
        self._answering: dict[str, list[asyncio.Task[None]]] = {}
        self._seen = 0
        self._restarts = 0

    async def perform(self) -> Simulated:
        """Tell the story, again from the ledger after each restart, until it has ended."""
        self._go(self._lose_patience())
        while not self._delivery.ended:
            try:
                await Story(self._delivery, self).run()
            except _RestartError:
                self._restarts += 1
                self._delivery = resume(self._plan, self._directory, self._cards, tuple(self._delivery.ledger))
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
        if name in self._answering:
            return
        for service in self._delivery.progress[name].waiting_for():
            asked = request(self._delivery, name, service)
            said = lines(asked, self._world.scenario, self._world.seed, self.now())
            self._go(self._say(tuple(line for line in said if not line.answers)))
            receiving = self._go(self._receive(name, service, tuple(line for line in said if line.answers)))
            self._answering.setdefault(name, []).append(receiving)

    def withdraw(self, name: str, services: tuple[str, ...]) -> None:  # noqa: ARG002
        for task in self._answering.pop(name, []):
            task.cancel()

    def tell(self, kind: NoticeKind, checkpoint: str | None, services: tuple[str, ...], text: str) -> None:  # noqa: ARG002
        record(self._delivery, Told(kind=kind, checkpoint=checkpoint, reached=services), self.now())
        if self._world.backups and kind == "escalation" and checkpoint is not None:
            progress = self._delivery.progress[checkpoint]
            for backup in filter(progress.may_answer, services):
                for silent in progress.waiting_for():
                    asked = request(self._delivery, checkpoint, silent)
                    said = stand_in(asked, backup, self._world.scenario, self._world.seed, self.now())
                    self._answering.setdefault(checkpoint, []).append(self._go(self._say(said)))

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
        """A fault in the stage itself ends the simulation; it is never a service's fault."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": "simulated service", "exception": error})
            raise error

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
