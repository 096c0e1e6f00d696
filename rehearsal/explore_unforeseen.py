"""Changes of a plan while what is unforeseen is asked: what has to go wrong first never opens where `rehearsal.explore` goes.

A delivery of a small plan is led to each contingency of the book (`rehearsal.unforeseen`), and its plan is changed there. What a
change leaves is seen through to its end after each answer that can be given there, silence too.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace

from domain.delivery.decided import Opened
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in as checked
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.rules.books import BOOK
from rehearsal import random_plans
from rehearsal.explore import Changed, Stage, planned, small_plan
from rehearsal.simulator import World, simulate
from rehearsal.unforeseen import NEVER, PUT_BACK, TURNS, Turn, led
from rehearsal.wedges import AS_EXPECTED

WAITS = tuple(one for one in BOOK.contingencies if one not in NEVER)
"""The contingencies that a delivery is led to."""
AFTER_HALT = frozenset({"acknowledgement", "interdiction", "parts"})
"""Those of what has halted or split: its plan is changed no more (R8), and every change is refused."""
MOST_SEEDS = 20
"""Few plans ask for the agreement of another service, and chance puts few runs back."""

Dossier = tuple[Plan, Directory, dict[str, RuleCard]]


def wait_at(contingency: str, examples: Sequence[Dossier]) -> Stage:
    """Where this contingency has just opened a checkpoint: of the first plan that leads there, the smallest first, and of a
    delivery that is under way unless it comes `AFTER_HALT`. Raises `LookupError` where none leads there.
    """
    for world in _worlds(contingency, examples):
        delivery = simulate(world).delivery
        for entry in delivery.ledger.entries:
            if isinstance(entry.event, Opened) and entry.event.contingency == contingency:
                stage = Stage.resumed(world, delivery, entry.seq + 1)
                if _is_open(stage, contingency) and stage.delivery.state.under_way != (contingency in AFTER_HALT):
                    return stage
    message = f"nothing leads to {contingency}"
    raise LookupError(message)


def _worlds(contingency: str, examples: Sequence[Dossier]) -> Iterator[World]:
    turn = _turns(contingency)[0]
    first, directory, cards = examples[0]
    for seed in range(MOST_SEEDS):
        for plan, known, law in ((small_plan(first), directory, cards), *examples, random_plans.dossier(seed)):
            towards = led(plan, known, turn, seed)
            if not any(checked(towards.plan, known, law)):
                scenario = AS_EXPECTED.model_copy(update={"acts": towards.acts})
                chance = PUT_BACK if towards.put_back else 0
                yield World(towards.plan, known, law, scenario, seed, rivals=towards.rivals, put_back_chance=chance)


def _turns(contingency: str) -> list[Turn]:
    """Each way to answer there, what is expected first, and silence."""
    expected = BOOK.confirming(BOOK.contingencies[contingency].declares.needs)
    return sorted(
        (one for one in TURNS if one.contingency == contingency), key=lambda one: (one.says != expected, bool(one.details))
    )


def _is_open(stage: Stage, contingency: str) -> bool:
    """Whether a checkpoint of this contingency is open there."""
    return any(one.contingency == contingency for one in stage.delivery.state.open_checkpoints())


def explore_unforeseen(stage: Stage, contingency: str, plans: Sequence[tuple[str, Plan]], patience: int = 0) -> Changed:
    """Each of these plans in the place of the one in force, while a checkpoint of this contingency is open: here, and where time
    leads to while nobody answers there, so many times more.

    What is refused is refused with its reasons and changes nothing. What is made leaves a delivery that goes on to its end or to
    an answer that nobody gives, whichever answer is given there.

    Raises `BrokenInvariantError`, and whatever the rules raise that is no refusal.
    """
    found = Changed()
    changes, answers = planned(stage.world, plans, found), _answered(stage.world, contingency)
    for at in _waits(stage, contingency, patience):
        for name, change in changes:
            if reason := at.refusal(change):
                found.refused[name] += 1
                found.reasons.add(reason)
                continue
            found.made[name] += 1
            changed = at.after(name, lambda stage, change=change: stage.change(change))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            for world in answers:
                found.outcomes[str(changed.among(world).sees_it_through())] += 1
    return found


def _waits(stage: Stage, contingency: str, patience: int) -> Iterator[Stage]:
    """This position, and those to which time leads while nobody answers."""
    yield stage
    for _ in range(patience):
        stage = copy(stage)
        if not stage.passes_time() or not _is_open(stage, contingency):
            return
        yield stage


def _answered(world: World, contingency: str) -> list[World]:
    """The same world, with each answer that can be given there."""
    turns = (led(world.plan, world.directory, turn, world.seed) for turn in _turns(contingency))
    return [replace(world, scenario=world.scenario.model_copy(update={"acts": one.acts})) for one in turns]
