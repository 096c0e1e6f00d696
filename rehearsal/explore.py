"""Every interleaving of a small delivery: whatever could happen next happens, in turn.

The explorer chooses one of the things that can happen (a service answers what it is asked, someone stops, time passes to the
next moment that matters), and goes back later to choose the others. Positions that have been reached by another order are not
explored twice.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.events import AskedOnceMore, Deconflicted, Released, Told
from domain.delivery.statement import Statement, sign_statement
from domain.record.door import begin, report, submit
from domain.rules.course import advance, next_moment
from domain.rules.stop import StopRequested
from domain.signing.canonical import canonical, digest
from domain.signing.envelope import PLAN_TYPE, sign
from domain.views.asked import request
from rehearsal.invariants import BrokenInvariantError, Checker
from rehearsal.services import EPOCH, cast, lines, private_key_of
from rehearsal.simulator import World
from workflows.errands import Look, OnceMore, Question, Release, Telling, wanted

SECRET = bytes(32)
"""Nobody guesses at explored deliveries."""


@dataclass
class Explored:
    """What an exploration saw."""

    positions: int = 0
    """Different positions of the delivery at which something could happen."""
    paths: int = 0
    """Runs to an end, or to a position already known."""
    outcomes: dict[str, int] = field(default_factory=dict)


class _Stage:
    """Time stands still until the explorer lets it pass."""

    def __init__(self, world: World, stopper: str, patience: int) -> None:
        directory = cast(world.directory, world.plan.participants())
        plan = sign(canonical(world.plan), PLAN_TYPE, private_key_of(world.plan.initiator))
        cards = {state: world.cards[state] for state in world.plan.states()}
        self.time = EPOCH
        self.world = world
        self.delivery: Delivery = begin(plan, directory, cards, self.time, SECRET)
        self.stopper = stopper
        self.stopped = False
        self.patience = patience
        """How many times more the explorer may let time pass."""
        self.settle()

    def choices(self) -> list[Callable[[], None]]:
        """All that can happen now, always in the same order."""
        found: list[Callable[[], None]] = []
        for name, progress in self.delivery.state.progress.items():
            for service in progress.waiting_for() if progress.open else ():
                for line in lines(request(self.delivery, name, service), self.world.scenario, self.world.seed, self.time):
                    need_open = line.statement.id not in self.delivery.state.statements
                    if need_open:
                        found.append(lambda said=line.envelope: self._submit(said))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        if not self.stopped and self.delivery.state.outcome is None:
            found.append(self._stop)
        if self.patience > 0 and next_moment(self.delivery, self.time) is not None:
            found.append(self._let_time_pass)
        return found

    def position(self) -> str:
        """A digest of all that bears on what can happen next; the order in which it came about is left out."""
        delivery = self.delivery
        said = sorted((name, *pair) for name, progress in delivery.state.progress.items() for pair in progress.answers)
        open_now = sorted(
            (name, str(progress.result), str(progress.silent)) for name, progress in delivery.state.progress.items()
        )
        halt = delivery.state.halt.cause if delivery.state.halt is not None else ""
        early = sorted(delivery.state.early)
        facts: list[Any] = [said, open_now, early, str(delivery.state.leg), halt, self.stopped, self.patience, str(self.time)]
        return digest(facts)

    def _submit(self, envelope: Any) -> None:
        submit(self.delivery, envelope, self.time)

    def _stop(self) -> None:
        self.stopped = True
        statement = Statement(
            id=f"stop-by-{self.stopper.replace('.', '-')}",
            delivery=self.world.plan.operation,
            plan=self.delivery.state.plan_digest,
            service=self.stopper,
            officer="duty",
            happened_at=self.time.isoformat(),
            content=StopRequested(reason="explored"),
        )
        self._submit(sign_statement(statement, private_key_of(self.stopper)))

    def _let_time_pass(self) -> None:
        moment = next_moment(self.delivery, self.time)
        assert moment is not None  # noqa: S101 - it is only a choice if there is one
        self.patience -= 1
        self.time = moment
        advance(self.delivery, moment)

    def settle(self) -> None:
        """Nobody else touches this, and notices arrive at once."""
        while errands := [one for one in wanted(self.delivery) if not isinstance(one, Question)]:
            match errands[0]:
                case Look():
                    report(self.delivery, Deconflicted(number=0), self.time)
                case Release():
                    report(self.delivery, Released(), self.time)
                case OnceMore(checkpoint=name):
                    report(self.delivery, AskedOnceMore(checkpoint=name), self.time)
                case Telling(of=of, kind=kind, checkpoint=name):
                    owed = next(one for one in self.delivery.state.owed if (one.seq, one.kind) == (of, kind))
                    report(self.delivery, Told(of=of, kind=kind, checkpoint=name, reached=owed.services), self.time)


def explore(world: World, stopper: str, patience: int, most: int = 1_000_000) -> Explored:
    """All interleavings of the scenario's answers, one stop by `stopper` at any point, and time passing `patience` times.

    Every path that ends is checked against the invariants, and at each position somebody is asked or a moment is coming. Raises
    `BrokenInvariantError`, or `RuntimeError` beyond `most`.
    """
    seen: set[str] = set()
    explored = Explored()
    todo: list[tuple[int, ...]] = [()]
    while todo:
        path = todo.pop()
        stage = _Stage(world, stopper, patience)
        for choice in path:
            stage.choices()[choice]()
            stage.settle()
        if stage.delivery.state.ended:
            explored.paths += 1
            Checker(world.plan, world.cards, world.directory).check(stage.delivery.ledger.entries)
            outcome = str(stage.delivery.state.outcome)
            explored.outcomes[outcome] = explored.outcomes.get(outcome, 0) + 1
            continue
        if not stage.delivery.state.open_checkpoints() and next_moment(stage.delivery, stage.time) is None:
            message = f"after {path} nobody is asked and nothing is coming"
            raise BrokenInvariantError(message)
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
