"""Every interleaving of a small delivery: at each wait of the story, whatever could happen next happens, in turn.

The story is driven by hand, without an event loop: at each `wait` the explorer chooses one of the things that can happen (a
service answers what it is asked, someone stops, time passes to the next moment that matters), and goes back later to choose
the others. Positions that have been reached by another order are not explored twice.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Deconflicted, NoticeKind, Told
from domain.delivery.statements import Statement, StopRequested, sign_statement
from domain.record.door import begin, record, submit
from domain.rules.timers import next_moment
from domain.signing.canonical import canonical, digest
from domain.signing.envelope import PLAN_TYPE, sign
from domain.views.asked import request
from rehearsal.clock import EPOCH
from rehearsal.invariants import Checker
from rehearsal.services import cast, lines, private_key_of
from rehearsal.simulator import World
from workflows.story import Story


@dataclass
class Explored:
    """What an exploration saw."""

    positions: int = 0
    """Different positions of the delivery at which something could happen."""
    paths: int = 0
    """Runs to an end, or to a position already known."""
    outcomes: dict[str, int] = field(default_factory=dict)


class _Wait:
    """Hands control from the story to the explorer."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class _Stage:
    """The story's stage: time stands still until the explorer lets it pass."""

    def __init__(self, world: World, stopper: str, patience: int) -> None:
        directory = cast(world.directory, world.plan.participants())
        plan = sign(canonical(world.plan), PLAN_TYPE, private_key_of(world.plan.initiator))
        cards = {state: world.cards[state] for state in world.plan.states()}
        self.time = EPOCH
        self.world = world
        self.delivery: Delivery = begin(plan, directory, cards, self.time)
        self.stopper = stopper
        self.stopped = False
        self.patience = patience
        """How many times more the explorer may let time pass."""

    def now(self) -> datetime:
        """The virtual instant."""
        return self.time

    async def wait(self, until_true: Callable[[], bool], until: datetime | None, summary: str) -> None:  # noqa: ARG002
        """Whatever happens next is for the explorer to choose."""
        await _Wait()

    def deconflict(self) -> None:
        """No other operation touches this one."""
        record(self.delivery, Deconflicted(number=0), self.time)

    async def release(self) -> None:
        """Nobody waits for it."""

    def ask(self, name: str) -> None:
        """Whoever is asked may answer from now on."""

    def withdraw(self, name: str, services: tuple[str, ...]) -> None:
        """What was not said by now is not said."""

    def tell(self, kind: NoticeKind, checkpoint: str | None, services: tuple[str, ...]) -> None:
        """Notices arrive at once."""
        record(self.delivery, Told(kind=kind, checkpoint=checkpoint, reached=services), self.time)

    def show(self) -> None:
        """Nobody watches."""

    async def rest(self) -> None:
        """No restarts here."""

    async def settle(self) -> None:
        """Nothing is under way."""

    def choices(self) -> list[Callable[[], None]]:
        """All that can happen now, always in the same order."""
        found: list[Callable[[], None]] = []
        for name, progress in self.delivery.progress.items():
            for service in progress.waiting_for() if progress.open else ():
                for line in lines(request(self.delivery, name, service), self.world.scenario, self.world.seed, self.time):
                    need_open = line.statement.id not in self.delivery.statements
                    if need_open:
                        found.append(lambda said=line.envelope: self._submit(said))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        if not self.stopped and self.delivery.outcome is None:
            found.append(self._stop)
        if self.patience > 0 and next_moment(self.delivery) is not None:
            found.append(self._let_time_pass)
        return found

    def position(self) -> str:
        """A digest of all that bears on what can happen next; the order in which it came about is left out."""
        delivery = self.delivery
        said = sorted((name, *pair) for name, progress in delivery.progress.items() for pair in progress.answers)
        open_now = sorted((name, str(progress.result), str(progress.silent)) for name, progress in delivery.progress.items())
        halt = delivery.halt.cause if delivery.halt is not None else ""
        early = sorted((one.service, one.kind) for one in delivery.early.values())
        facts: list[Any] = [said, open_now, early, str(delivery.leg), halt, self.stopped, self.patience, str(self.time)]
        return digest(facts)

    def _submit(self, envelope: Any) -> None:
        submit(self.delivery, envelope, self.time)

    def _stop(self) -> None:
        self.stopped = True
        statement = Statement(
            id=f"stop-by-{self.stopper.replace('.', '-')}",
            delivery=self.world.plan.operation,
            service=self.stopper,
            officer="duty",
            happened_at=self.time.isoformat(),
            content=StopRequested(reason="explored"),
        )
        self._submit(sign_statement(statement, private_key_of(self.stopper)))

    def _let_time_pass(self) -> None:
        moment = next_moment(self.delivery)
        assert moment is not None  # noqa: S101 - it is only a choice if there is one
        self.patience -= 1
        self.time = max(self.time, moment)


def explore(world: World, stopper: str, patience: int, most: int = 1_000_000) -> Explored:
    """All interleavings of the scenario's answers, one stop by `stopper` at any point, and time passing `patience` times.

    Every path that ends is checked against the invariants. Raises `BrokenInvariantError`, or `RuntimeError` beyond `most`.
    """
    seen: set[str] = set()
    explored = Explored()
    todo: list[tuple[int, ...]] = [()]
    while todo:
        path = todo.pop()
        stage = _Stage(world, stopper, patience)
        telling = Story(stage.delivery, stage).run()
        if _follow(telling, stage, path):
            explored.paths += 1
            Checker(world.plan, world.cards, world.directory).check(tuple(stage.delivery.ledger))
            outcome = str(stage.delivery.outcome)
            explored.outcomes[outcome] = explored.outcomes.get(outcome, 0) + 1
            continue
        telling.close()
        position = stage.position()
        if position in seen:
            explored.paths += 1
            continue
        seen.add(position)
        if len(seen) > most:
            message = f"more than {most} positions"
            raise RuntimeError(message)
        todo += [(*path, choice) for choice in reversed(range(len(stage.choices())))]
    explored.positions = len(seen)
    return explored


def _follow(telling: Any, stage: _Stage, path: tuple[int, ...]) -> bool:
    """Tell the story along these choices; whether it has ended."""
    try:
        telling.send(None)
        for choice in path:
            stage.choices()[choice]()
            telling.send(None)
    except StopIteration:
        return True
    return False
