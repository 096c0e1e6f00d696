"""How large a plan may be, with the services and cards that it brings (R28): a delivery carries all of it from run to run."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from domain.plan.access import taken_along
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.plan.vocabulary import Need
from domain.signing.canonical import canonical, plain
from domain.words.errors import Fault
from domain.words.limits import (
    CARDS_BYTES,
    CONTENTS_BYTES,
    DIRECTORY_BYTES,
    MOST_BY_TWO,
    MOST_CONSENTS,
    MOST_CORRECTABLE,
    MOST_DUTIES,
    MOST_KNOWN_SERVICES,
    MOST_REQUIREMENTS,
    MOST_STATES,
    PLAN_BYTES,
    SHORTEST_CHECK_IN,
    SHORTEST_REMINDER,
)
from domain.words.quantities import say_span

CONSENTS: tuple[Need, ...] = ("authorisation", "permission")
CORRECTABLE: tuple[Need, ...] = ("prepared", "arrest", "seizure", "interdiction")


def sizes(plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """Plan, services and cards fit into what goes from run to run, and no more is asked than can be answered there."""
    asked = [one for checkpoint in plan.checkpoints for one in checkpoint.requires]
    for what, count, most in (
        ("answers", len(asked), MOST_REQUIREMENTS),
        ("authorisations and permissions", sum(one.says in CONSENTS for one in asked), MOST_CONSENTS),
        ("preparations, arrests and seizures", sum(one.says in CORRECTABLE for one in asked), MOST_CORRECTABLE),
        ("answers by two officers", sum(one.officers > 1 for one in asked), MOST_BY_TWO),
    ):
        if count > most:
            yield Fault(place="checkpoints", problem=f"R28: {count} {what} are asked for in all, {most} at most may be")
    if (count := _duties(plan, cards)) > MOST_DUTIES:
        problem = f"R28: the cards of its States make {count} duties of those who authorise, {MOST_DUTIES} at most may be"
        yield Fault(place="legs", problem=problem)
    if (size := len(canonical([plain(one) for one in plan.consignment.contents]))) > CONTENTS_BYTES:
        problem = f"R28: the contents have {size} bytes, {CONTENTS_BYTES} at most are told in a request"
        yield Fault(place="consignment.contents", problem=problem)
    if len(plan.states()) > MOST_STATES:
        yield Fault(place="legs", problem=f"R28: it goes through {len(plan.states())} States, {MOST_STATES} at most may be")
    if (size := len(canonical(plan))) > PLAN_BYTES:
        yield Fault(place="document", problem=f"R28: the plan has {size} bytes, {PLAN_BYTES} at most are carried")
    yield from known_services(taken_along(plan, directory))
    yield from known_cards({state: cards[state] for state in plan.states() if state in cards})


def _duties(plan: Plan, cards: Mapping[str, RuleCard]) -> int:
    asked = [(one.state, len(one.authorities())) for one in plan.at("authorise") if one.state in cards]
    return sum(len(cards[state].duties) * authorities for state, authorities in asked)


def known_cards(cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """The cards that one delivery knows, those of States that it does not go through any more too."""
    if (size := len(canonical({state: plain(card) for state, card in cards.items()}))) > CARDS_BYTES:
        yield Fault(place="legs", problem=f"R28: the cards of its States have {size} bytes, {CARDS_BYTES} at most are carried")


def known_services(directory: Directory) -> Iterator[Fault]:
    """The services that one delivery knows, those that were replaced too, and all their keys."""
    if (count := len(directory.services)) > MOST_KNOWN_SERVICES:
        problem = f"R28: it knows {count} services from its beginning on, {MOST_KNOWN_SERVICES} at most may be"
        yield Fault(place="services", problem=problem)
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
