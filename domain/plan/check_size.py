"""How large a plan may be, with the services and cards that it brings (R28): a delivery carries all of it from run to run."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.signing.canonical import canonical
from domain.words.errors import Fault
from domain.words.limits import (
    CARDS_BYTES,
    DIRECTORY_BYTES,
    MOST_REQUIREMENTS,
    MOST_STATES,
    PLAN_BYTES,
    SHORTEST_CHECK_IN,
    SHORTEST_REMINDER,
)
from domain.words.quantities import say_span


def sizes(plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """Plan, services and cards fit into what goes from run to run, and no more is asked than can be answered there."""
    asked = sum(len(one.requires) for one in plan.checkpoints)
    if asked > MOST_REQUIREMENTS:
        yield Fault(place="checkpoints", problem=f"R28: {asked} answers are asked for in all, {MOST_REQUIREMENTS} at most may be")
    if len(plan.states()) > MOST_STATES:
        yield Fault(place="legs", problem=f"R28: it goes through {len(plan.states())} States, {MOST_STATES} at most may be")
    if (size := len(canonical(plan))) > PLAN_BYTES:
        yield Fault(place="document", problem=f"R28: the plan has {size} bytes, {PLAN_BYTES} at most are carried")
    yield from known_services(directory.snapshot(plan.participants()))
    law = {state: cards[state].model_dump(mode="json") for state in plan.states() if state in cards}
    if (size := len(canonical(law))) > CARDS_BYTES:
        yield Fault(place="legs", problem=f"R28: the cards of its States have {size} bytes, {CARDS_BYTES} at most are carried")


def known_services(directory: Directory) -> Iterator[Fault]:
    """The services that one delivery knows, those that were replaced too, and all their keys."""
    if (size := len(canonical(directory))) > DIRECTORY_BYTES:
        problem = f"R28: services and keys have {size} bytes, {DIRECTORY_BYTES} at most are carried"
        yield Fault(place="services", problem=problem)


def spans(plan: Plan, _: Directory, __: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """What is asked again and again is not asked all the time. An example may be as quick as a rehearsal is."""
    if plan.example:
        return
    watch = plan.surveillance
    shortest: list[tuple[str, timedelta | None, timedelta]] = [
        ("contingencies.remind_every", plan.contingencies.remind_every, SHORTEST_REMINDER),
        ("surveillance.check_in", watch.check_in if watch is not None else None, SHORTEST_CHECK_IN),
        ("surveillance.degraded", watch.degraded if watch is not None else None, SHORTEST_CHECK_IN),
    ]
    for place, span, floor in shortest:
        if span is not None and span < floor:
            yield Fault(place=place, problem=f"R28: {say_span(span)} is too short, {say_span(floor)} at least is wanted")
