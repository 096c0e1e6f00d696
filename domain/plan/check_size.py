"""How large a plan may be, with the services and cards that it brings (R28): a delivery carries all of it from run to run."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from domain.plan.access import taken_along
from domain.plan.cards import Modality, RuleCard, canonical_cards
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.plan.request_for_consent import request_for_consent
from domain.plan.vocabulary import Need
from domain.signing.canonical import canonical, plain
from domain.words.errors import Fault
from domain.words.figures import Figures
from domain.words.quantities import say_span
from domain.words.text import fill

CONSENTS: tuple[Need, ...] = ("authorisation", "agreement", "permission")
IN_PART: tuple[Modality, ...] = ("removed_in_part", "replaced_in_part")
CORRECTABLE: tuple[Need, ...] = ("prepared", "arrest", "seizure", "interdiction")


def sizes(plan: Plan, directory: Directory, cards: Mapping[str, RuleCard], figures: Figures) -> Iterator[Fault]:
    """Plan, services and cards fit into what goes from run to run, and no more is asked than can be answered there or oftener."""
    asked = [one for checkpoint in plan.checkpoints for one in checkpoint.requires]
    for what, count, most in (
        (fill("answers"), len(asked), figures.most_requirements),
        (fill("authorisations, agreements and permissions"), sum(one.says in CONSENTS for one in asked), figures.most_consents),
        (fill("preparations, arrests and seizures"), sum(one.says in CORRECTABLE for one in asked), figures.most_correctable),
        (fill("answers by two officers"), sum(one.officers > 1 for one in asked), figures.most_by_two),
    ):
        if count > most:
            yield Fault(
                place="checkpoints",
                problem=fill(
                    "R28: {count} {what} are asked for in all, {most} at most may be", count=count, what=what, most=most
                ),
            )
    if (count := _duties(plan, cards)) > (most := figures.most_duties):
        problem = fill(
            "R28: the cards of its States make {count} duties of those who authorise, {most} at most may be",
            count=count,
            most=most,
        )
        yield Fault(place="legs", problem=problem)
    if (count := len(plan.asked_states())) > (most := figures.most_states):
        yield Fault(
            place="legs",
            problem=fill("R28: {count} States are on the route or asked, {most} at most may be", count=count, most=most),
        )
    if (size := len(canonical(plan))) > (most := figures.plan_bytes):
        yield Fault(
            place="document", problem=fill("R28: the plan has {size} bytes, {most} at most are carried", size=size, most=most)
        )
    yield from known_services(taken_along(plan, directory), figures)
    yield from known_cards({state: cards[state] for state in plan.asked_states() if state in cards}, figures)
    yield from _held_of_goods(plan, len(canonical([plain(one) for one in plan.consignment.contents])), figures)
    yield from _check_ins(plan, figures)
    yield from _spans(plan, directory, figures)
    yield from _requests(plan, figures)


def _held_of_goods(plan: Plan, size: int, figures: Figures) -> Iterator[Fault]:
    """All of it can be said of the goods: by whoever prepares them, what was kept, sampled and, in part, removed; and by each of
    those who seize them; with a quarter to spare, for items and finds, and what is estimated.
    """
    seizing = sum(one.says == "seizure" for at in plan.checkpoints for one in at.requires)
    said = 3 if plan.modality in IN_PART else 2
    most = min(figures.prepared_bytes * 3 // 4 // said, figures.seized_bytes * 3 // 4 // max(seizing, 1), figures.contents_bytes)
    if size > most:
        problem = fill(
            "R28: the contents have {size} bytes, {most} at most can be told in a request, and said where it is prepared and by "
            "each that seizes it",
            size=size,
            most=most,
        )
        yield Fault(place="consignment.contents", problem=problem)


def _check_ins(plan: Plan, figures: Figures) -> Iterator[Fault]:
    """Whoever is in charge can answer every check-in of its legs, and has half of what it may say left for the rest (R9)."""
    if plan.surveillance is None:
        return
    most = figures.share(len(plan.speakers())) // 2
    often = min(plan.surveillance.check_in, plan.surveillance.degraded or plan.surveillance.check_in)
    ways: dict[str, timedelta] = {}
    for leg in plan.legs:
        end = plan.find(leg.end)
        ways[leg.responsible] = ways.get(leg.responsible, timedelta()) + (plan.due_after(end) if end is not None else leg.takes)
    for service, way in ways.items():
        if (count := way // often) > most:
            problem = fill(
                "R28: {service} may be asked {count} times where it is, and can answer {most} times beside the rest; let it be "
                "asked less often",
                service=service,
                count=count,
                most=most,
            )
            yield Fault(place="surveillance.check_in", problem=problem)


def _requests(plan: Plan, figures: Figures) -> Iterator[Fault]:
    """What each State is asked to decide on can be told in one request."""
    for state in plan.request.to:
        size = len(canonical(request_for_consent(plan, state)))
        if size > (most := figures.request_for_consent_bytes):
            problem = fill(
                "R28: the request to {state} has {size} bytes with its route and goods, {most} at most are told",
                state=state,
                size=size,
                most=most,
            )
            yield Fault(place="request", problem=problem)


def _duties(plan: Plan, cards: Mapping[str, RuleCard]) -> int:
    """How many each authority has, and of how many each that may permit something is told the result."""
    found = 0
    for one in plan.at("authorise"):
        for duty in cards[one.state].duties_of(plan.case) if one.state in cards else ():
            permit = [asked.service for asked in one.requires if asked.says in ("authorisation", "permission")]
            found += len(set(permit) if duty.after == "end_of_permission" else one.authorities())
    return found


def known_cards(cards: Mapping[str, RuleCard], figures: Figures) -> Iterator[Fault]:
    """The cards that one delivery knows, those of States that it does not go through any more too."""
    if (size := len(canonical_cards(cards))) > (most := figures.cards_bytes):
        yield Fault(
            place="legs",
            problem=fill("R28: the cards of its States have {size} bytes, {most} at most are carried", size=size, most=most),
        )


def known_services(directory: Directory, figures: Figures) -> Iterator[Fault]:
    """The services that one delivery knows, those that were replaced too, and all their keys."""
    if (count := len(directory.services)) > (most := figures.most_known_services):
        problem = fill("R28: it knows {count} services from its beginning on, {most} at most may be", count=count, most=most)
        yield Fault(place="services", problem=problem)
    if (size := len(canonical(directory))) > (most := figures.directory_bytes):
        problem = fill("R28: services and keys have {size} bytes, {most} at most are carried", size=size, most=most)
        yield Fault(place="services", problem=problem)


def _spans(plan: Plan, directory: Directory, figures: Figures) -> Iterator[Fault]:
    """What is asked again and again is not asked all the time, but among services that are an example or a rehearsal. Whoever may
    start a plan marks it as it likes; the directory is the installation's.
    """
    if directory.example:
        return
    watch = plan.surveillance
    shortest: list[tuple[str, timedelta | None, timedelta]] = [
        ("contingencies.remind_every", plan.contingencies.remind_every, figures.shortest_reminder),
        ("surveillance.check_in", watch.check_in if watch is not None else None, figures.shortest_check_in),
        ("surveillance.degraded", watch.degraded if watch is not None else None, figures.shortest_check_in),
    ]
    for place, span, floor in shortest:
        if span is not None and span < floor:
            yield Fault(
                place=place,
                problem=fill("R28: {span} is too short, {floor} at least is wanted", span=say_span(span), floor=say_span(floor)),
            )
