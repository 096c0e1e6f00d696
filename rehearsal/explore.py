"""Every interleaving of a small delivery: whatever could happen next happens, in turn.

The explorer chooses one of the things that can happen (a service answers what it is asked, someone stops, time passes to the
next moment that matters), and goes back later to choose the others. Positions that have been reached by another order are not
explored twice. At each position every change of the plan may be tried as well; where it is led to what goes wrong, by
`rehearsal.explore_unforeseen`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.reported import Amended, AskedOnceMore, Deconflicted, Released, Told
from domain.delivery.statement import Statement, sign_statement
from domain.plan.check import faults_in as checked
from domain.plan.plan import Plan, read_plan
from domain.record.door import amend, begin, report, resume, submit
from domain.rules.amending import faults_in
from domain.rules.course import advance, next_moment
from domain.rules.hold import HoldRequested
from domain.rules.stop import StopRequested
from domain.signing.canonical import digest
from domain.signing.envelope import Envelope
from domain.views.asked import request
from domain.words.errors import VigilError
from rehearsal.amendments import SEVERAL, amendments
from rehearsal.invariants import BrokenInvariantError, Checker
from rehearsal.services import EPOCH, cast, lines, private_key_of
from rehearsal.simulator import World, changing, secret_of, signed
from rehearsal.wedges import wedge
from workflows.errands import Heed, Look, OnceMore, Question, Release, Telling, wanted

SECRET = bytes(32)
"""Nobody guesses at explored deliveries."""
MOST = 1_000_000
"""Positions of one exploration."""
LONGEST = 100
"""Steps in which a changed delivery must come to its end, or to where it only waits for an answer that nobody gives."""


Brake = type[StopRequested] | type[HoldRequested]


@dataclass
class Explored:
    """What an exploration saw."""

    positions: int = 0
    """Different positions of the delivery at which something could happen."""
    paths: int = 0
    """Runs to an end, or to a position already known."""
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass
class Changed:
    """What came of the changes of a plan, by their names."""

    made: Counter[str] = field(default_factory=Counter)
    """At how many positions each was made."""
    refused: Counter[str] = field(default_factory=Counter)
    """At how many each was refused."""
    reasons: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    """Of those that were made and led to an end that no other had led to."""


def small_plan(example: Plan) -> Plan:
    """Of Almaty - Tashkent, the least that crosses a border: an authority in charge and a prosecutor of each State (R7)."""
    plan = example.model_dump()
    asks = {
        "consent-kz": [("kz.prosecutor", "authorisation")],
        "consent-uz": [("uz.customs", "authorisation"), ("uz.prosecutor", "authorisation")],
        "preparation": [("kz.police", "prepared")],
        "departure": [("kz.police", "dispatched")],
        "tashkent-airport": [("kz.police", "handover_offer"), ("uz.customs", "handover_acceptance")],
        "delivery": [("uz.customs", "delivered")],
        "arrest-tashkent": [("uz.customs", "arrest")],
        "accounting": [("uz.customs", "seizure")],
    }
    kept = [one for one in plan["checkpoints"] if one["id"] in asks]
    for one in kept:
        one["requires"] = [{"service": service, "says": says} for service, says in asks[one["id"]]]
        one["remind"] = ()
    return Plan.model_validate(plan | {"checkpoints": kept, "initiator": "kz.police", "coordinator": None})


class Stage:
    """A delivery at one position. Time stands still until the explorer lets it pass."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a position is made of
        self,
        world: World,
        delivery: Delivery,
        secret: bytes,
        stopper: str | None = None,
        patience: int = 0,
        brake: Brake = StopRequested,
    ) -> None:
        self.world = world
        self.delivery, self.secret = delivery, secret
        self.time = delivery.state.now
        self.stopper, self.brake = stopper, brake
        self.stopped = False
        self.patience = patience
        """How many times more the explorer may let time pass."""
        self.path: tuple[str, ...] = ()
        """How it came here."""
        advance(self.delivery, self.time)  # a record may have been cut off in the middle of a breath
        self._settle()

    @classmethod
    def begun(cls, world: World, stopper: str | None, patience: int, brake: Brake = StopRequested) -> "Stage":
        """A new delivery."""
        directory = cast(world.directory, world.plan.everybody())
        cards = {state: world.cards[state] for state in world.plan.asked_states()}
        delivery = begin(signed(world.plan), directory, cards, EPOCH, SECRET)
        return cls(world, delivery, SECRET, stopper, patience, brake)

    @classmethod
    def resumed(cls, world: World, delivery: Delivery, size: int) -> "Stage":
        """Where this simulated delivery of the world stood with so many of its entries."""
        snapshot, entries, secret = delivery.snapshot, delivery.ledger.entries[:size], secret_of(world.seed)
        return cls(world, resume(snapshot.directory, snapshot.cards, entries, secret), secret)

    def __copy__(self) -> "Stage":
        """The same position once more: what happens to one does not happen to the other."""
        other = Stage.__new__(Stage)
        other.__dict__ |= self.__dict__
        other.delivery = resume(
            self.delivery.snapshot.directory, self.delivery.snapshot.cards, self.delivery.ledger.entries, self.secret
        )
        return other

    def among(self, world: World) -> "Stage":
        """The same position among services that answer otherwise."""
        other = copy(self)
        other.world = world
        return other

    def choices(self) -> list[tuple[str, Callable[["Stage"], None]]]:
        """All that can happen now, always in the same order."""
        found = self._answers()
        if self.stopper is not None and not self.stopped and self.delivery.state.outcome is None:
            found.append(("stop", Stage._stop))
        if self.patience > 0 and next_moment(self.delivery, self.time) is not None:
            found.append(("time", Stage._let_time_pass))
        return found

    def after(self, name: str, happens: Callable[["Stage"], None]) -> "Stage":
        """The position that this leads to."""
        other = copy(self)
        other.go(name, happens)
        return other

    def go(self, name: str, happens: Callable[["Stage"], None]) -> None:
        """Let this happen here."""
        happens(self)
        self._settle()
        self.path = (*self.path, name)
        self._check()

    def goes_on(self) -> bool:
        """Whether it could go on, and has: by the first answer that can be given, else by time."""
        if answers := self._answers():
            self.go(*answers[0])
        elif not self.passes_time():
            return False
        return not self.delivery.state.ended

    def passes_time(self) -> bool:
        """Whether time could bring something, and has."""
        if next_moment(self.delivery, self.time) is None:
            return False
        self.go("time", Stage._let_time_pass)
        return True

    def sees_it_through(self, known: Callable[["Stage"], bool] = lambda _stage: False) -> str | None:
        """It goes on to its end, or to an answer that nobody gives; the outcome, or none where it comes to what is `known`.

        Raises `BrokenInvariantError` where it does neither, or has broken an invariant on its way.
        """
        for _ in range(LONGEST):
            if known(self):
                return None
            if not self.goes_on():
                break
        else:
            message = f"after {self.path} it goes on for ever"
            raise BrokenInvariantError(message)
        if not self.delivery.state.ended:  # else it has been checked
            Checker(self.world.plan, self.world.cards, self.world.directory).follow(self.delivery.ledger.entries)
        return str(self.delivery.state.outcome)

    def refusal(self, change: Amended) -> str:
        """Why the plan cannot be changed like this here, after trying; empty if it can. Raises `BrokenInvariantError` where it is
        refused and something has changed.
        """
        state, before = self.delivery.state, (self.delivery.ledger.root, self.delivery.plan)
        if not faults_in(self.delivery, read_plan(change.plan), *change.known_with(state)):
            return ""
        try:
            self.change(change)
        except VigilError as error:
            if (self.delivery.ledger.root, self.delivery.plan) == before:
                return str(error)
        message = f"after {self.path} a change that is refused has changed something"
        raise BrokenInvariantError(message)

    def change(self, change: Amended) -> None:
        """The initiator changes the plan. Raises `RuleBroken`."""
        amend(self.delivery, change, self.time)

    def position(self) -> str:
        """A digest of all that bears on what can happen next; the order in which it came about is left out."""
        delivery = self.delivery
        said = sorted((name, *pair) for name, progress in delivery.state.every_checkpoint().items() for pair in progress.answers)
        open_now = sorted(
            (name, str(progress.result), str(progress.silent)) for name, progress in delivery.state.every_checkpoint().items()
        )
        halt = delivery.state.halt.cause if delivery.state.halt is not None else ""
        early = sorted(delivery.state.early)
        facts: list[Any] = [said, open_now, early, str(delivery.state.leg), halt, self.stopped, self.patience, str(self.time)]
        return digest(facts)

    def _answers(self) -> list[tuple[str, Callable[["Stage"], None]]]:
        """What those who are asked have not said yet; what was refused they say once more."""
        found: list[tuple[str, Callable[[Stage], None]]] = []
        for name, progress in self.delivery.state.progress.items():
            for service in progress.waiting_for() if progress.open else ():
                asked = request(self.delivery, name, service)
                tries = (lines(asked, self.world.scenario, self.world.seed + more, self.time) for more in range(2))
                for first, again in zip(*tries, strict=True):
                    known = first.statement.id in self.delivery.state.statements
                    line = again if known and first.statement.id not in self.delivery.state.early else first
                    if line.statement.id not in self.delivery.state.statements:
                        said = f"{service} {line.statement.kind}"
                        found.append((said, lambda stage, envelope=line.envelope: stage.hear(envelope)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        return found

    def hear(self, envelope: Envelope) -> None:
        """A statement comes in."""
        submit(self.delivery, envelope, self.time)

    def _stop(self) -> None:
        assert self.stopper is not None  # noqa: S101 - it is only a choice if there is one
        self.stopped = True
        statement = Statement(
            id=f"stop-by-{self.stopper.replace('.', '-')}",
            delivery=self.world.plan.operation,
            plan=self.delivery.state.plan_digest,
            service=self.stopper,
            officer="duty",
            happened_at=self.time.isoformat(),
            content=self.brake(reason="explored"),
        )
        self.hear(sign_statement(statement, private_key_of(self.stopper)))

    def _let_time_pass(self) -> None:
        moment = next_moment(self.delivery, self.time)
        assert moment is not None  # noqa: S101 - it is only a choice if there is one
        self.patience -= 1
        self.time = moment
        advance(self.delivery, moment)

    def _settle(self) -> None:
        """Whoever else touches this goes on to, nobody else comes, and notices arrive at once."""
        while errands := [one for one in wanted(self.delivery) if not isinstance(one, Question | Heed)]:
            match errands[0]:
                case Look():
                    register = self.delivery.state.register
                    found = Deconflicted(number=register.number + 1, order=register.orders[-1], contacts=register.contacts)
                    report(self.delivery, found, self.time)
                case Release():
                    report(self.delivery, Released(), self.time)
                case OnceMore(checkpoint=name):
                    report(self.delivery, AskedOnceMore(checkpoint=name), self.time)
                case Telling(of=of, kind=kind, checkpoint=name):
                    owed = next(one for one in self.delivery.state.owed if (one.seq, one.kind) == (of, kind))
                    report(self.delivery, Told(of=of, kind=kind, checkpoint=name, reached=owed.services), self.time)

    def _check(self) -> None:
        """It has ended and no invariant is broken, or it goes on. Raises `BrokenInvariantError`."""
        state = self.delivery.state
        if state.ended:
            Checker(self.world.plan, self.world.cards, self.world.directory).check(self.delivery.ledger.entries)
        elif why := wedge(self.delivery, self.time, self.world.seed):
            raise BrokenInvariantError(f"after {self.path} {why}")


def explore(
    world: World,
    stopper: str | None,
    patience: int,
    look: Callable[[Stage], None] = lambda _stage: None,
    brake: Brake = StopRequested,
) -> Explored:
    """All interleavings of the scenario's answers, a stop or another `brake` by `stopper`, if any, at any point, and time
    passing `patience` times.

    Every path that ends is checked against the invariants, and no position is a wedge. `look`
    is shown each position once, and must leave it as it is. Raises `BrokenInvariantError`, or `RuntimeError` beyond a million.
    """
    seen: set[str] = set()
    explored = Explored()
    todo: list[Callable[[], Stage]] = [lambda: Stage.begun(world, stopper, patience, brake)]
    while todo:
        stage = todo.pop()()
        position = stage.position()
        if stage.delivery.state.ended or position in seen:
            explored.paths += 1
            explored.outcomes[str(stage.delivery.state.outcome)] += stage.delivery.state.ended
            continue
        seen.add(position)
        if len(seen) > MOST:
            message = f"more than {MOST} positions"
            raise RuntimeError(message)
        look(stage)
        todo += [lambda stage=stage, choice=choice: stage.after(*choice) for choice in reversed(stage.choices())]  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    explored.positions = len(seen)
    explored.outcomes = +explored.outcomes
    return explored


def plans_of(world: World, step: int = 1) -> list[tuple[str, Plan]]:
    """Every change of `rehearsal.amendments` that is a plan, by its name; with a `step` one of so many of those of one field,
    and all that take several.
    """
    every = enumerate(amendments(world.plan, world.directory))
    made = ((one.name, one.make()) for number, one in every if one.field == SEVERAL or not number % step)
    return [(name, plan) for name, plan in made if plan is not None]


def replacing(plans: Sequence[tuple[str, Plan]]) -> list[tuple[str, Plan]]:
    """Those in which somebody is replaced."""
    return [(name, plan) for name, plan in plans if plan.replaced]


def planned(world: World, plans: Sequence[tuple[str, Plan]], found: Changed) -> list[tuple[str, Amended]]:
    """The changes to those plans in which planning finds no fault. It asks nothing about the delivery: what is refused by it is
    refused once, which is as good as everywhere.
    """
    changes = []
    for name, plan in plans:
        faults = () if plan == world.plan else checked(plan, world.directory, world.cards)
        found.refused[name] += bool(faults)
        found.reasons.update(map(str, faults))
        changes += [] if faults else [(name, changing(world, plan))]
    return changes


def explore_changes(
    world: World, plans: Sequence[tuple[str, Plan]], stopper: str | None, patience: int, brake: Brake = StopRequested
) -> Changed:
    """Each of these plans in the place of the world's, at every position that `explore` reaches; after a halt once for each cause
    of it.

    What is refused is refused with its reasons and changes nothing; what planning finds a fault in is refused once. What
    is made leaves a delivery that goes on to its end, or to an answer that nobody gives.

    Raises `BrokenInvariantError`, and whatever the rules raise that is no refusal.
    """
    found = Changed()
    changes = planned(world, plans, found)
    seen: set[tuple[str, str]] = set()
    halted: set[tuple[str, str]] = set()

    def look(stage: Stage) -> None:
        halt = stage.delivery.state.halt
        for name, change in changes:
            if halt is not None and (name, halt.cause) in halted:
                continue
            if halt is not None:
                halted.add((name, halt.cause))
            reason = stage.refusal(change)
            if reason:
                found.refused[name] += 1
                found.reasons.add(reason)
            else:
                found.made[name] += 1
                see_it_through(stage.after(name, lambda changed, change=change: changed.change(change)), name)  # type: ignore[misc]

    def see_it_through(stage: Stage, name: str) -> None:
        def known(stage: Stage) -> bool:
            position = name, stage.position()
            before = position in seen
            seen.add(position)
            return before

        if (outcome := stage.sees_it_through(known)) is not None:
            found.outcomes[outcome] += 1

    explore(world, stopper, patience, look=look, brake=brake)
    return found
