"""The request for consent as one State is asked it: all that an authority decides on, made of the plan alone.

Its digest stands in what is asked, and whoever consents names it (R1). It is a function of the plan, so there is no second truth
about what was asked: a stranger makes it anew from the plan in the ledger.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.plan.cards import Measure, Modality
from domain.plan.goods import Check, Tolerances
from domain.plan.plan import Call, Consignment, Leg, MaybePost, Offence, Plan, PlannedCheckpoint, Surveillance
from domain.plan.request import Addressed, Companions, ToldToAll
from domain.plan.vocabulary import Digest, HandlingCode, Line, Need
from domain.signing.canonical import Frozen, digest
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import MOST_CALLS, MOST_ESCORTS, MOST_LEGS, MOST_SERVICES
from domain.words.moments import Moment
from domain.words.quantities import Span
from domain.words.text import mark

MaybeMoment = Annotated[Moment | None, Field(exclude_if=lambda moment: moment is None)]

DECIDING: tuple[Need, ...] = ("authorisation", "agreement", "permission")
"""What a request for consent is answered with."""


class Stretch(Frozen):
    """One leg of the way, in words: from where to where, for how long, and who is responsible for it."""

    state: State
    start: Line
    end: Line
    start_post: MaybePost = None
    end_post: MaybePost = None
    departs: MaybeMoment = None
    """When it is planned to leave its start; none: that is not known yet."""
    arrives: MaybeMoment = None
    """When it is planned to be at its end: there it crosses into the next State, or is delivered."""
    takes: Span
    means: Line
    responsible: ServiceId
    accompanied_by: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_ESCORTS)] = ()
    calls: Annotated[tuple[Call, ...], Field(max_length=MOST_CALLS)] = ()
    checked_by: Annotated[tuple[Check, ...], Field(max_length=5, exclude_if=lambda checks: not checks)] = ()
    """How it is checked where it is handed over at its end; none: as the consignment says."""
    opened: Annotated[bool, Field(exclude_if=lambda opened: not opened)] = False
    """It may be opened there to take a sample out."""


class PlannedArrest(Frozen):
    """Where the State that is asked would arrest, and by whom."""

    place: Line
    services: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_SERVICES)]


class RequestForConsent(ToldToAll, Addressed):
    """What one State is asked to decide on: what all are told, what it alone is told, and what follows from the rest of the plan.
    Of `companions` those who would travel along in this State.
    """

    vigil: Literal["request-for-consent/1"] = "request-for-consent/1"
    operation: OperationCode
    example: bool
    handling_code: HandlingCode
    state: State
    addressees: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_SERVICES)]
    """Who decides on it there: those asked to authorise, to agree or to permit."""
    requesters: Annotated[tuple[ServiceId, ...], Field(max_length=2)]
    """Who asks: who initiates it, alone or as a joint plan."""
    coordinator: ServiceId | None
    offence: Offence
    consignment: Consignment
    tolerances: Tolerances
    """By how much of it what is measured may differ, and nobody is asked why."""
    modality: Modality
    reverse: bool
    """It travels back to its sender."""
    held_back: Annotated[bool, Field(exclude_if=lambda held: not held)] = False
    """It never leaves, while others of its group travel on (R31)."""
    route: Annotated[tuple[Stretch, ...], Field(max_length=MOST_LEGS)]
    measures: Annotated[tuple[Measure, ...], Field(max_length=8)]
    """What is done in this State beside letting it go on."""
    arrests: Annotated[tuple[PlannedArrest, ...], Field(max_length=MOST_SERVICES)]
    surveillance: Surveillance | None


def addressees(plan: Plan, state: str) -> tuple[str, ...]:
    """Who decides on it in a State, each once, but for those that have been `replaced`."""
    gone = [one.service for one in plan.replaced]
    asked = (one for at in plan.at("authorise") if at.state == state for one in _deciding(at))
    return tuple(service for service in dict.fromkeys(asked) if service not in gone)


def _deciding(checkpoint: PlannedCheckpoint) -> tuple[str, ...]:
    return tuple(one.service for one in checkpoint.requires if one.says in DECIDING)


def request_for_consent(plan: Plan, state: str) -> RequestForConsent | None:
    """What this State is asked; none where the plan's request says nothing to it."""
    return plan.once(_request_for_consent, state)


def _request_for_consent(plan: Plan, state: str) -> RequestForConsent | None:
    said = plan.request.to.get(state)
    if said is None:
        return None
    told = {name: getattr(plan.request, name) for name in ToldToAll.model_fields}
    alone = {name: getattr(said, name) for name in Addressed.model_fields}
    return RequestForConsent(
        **told | alone | {"companions": _along(plan, state)},
        operation=plan.operation,
        example=plan.example,
        state=state,
        addressees=addressees(plan, state),
        handling_code=plan.handling_code,
        requesters=plan.initiators(),
        coordinator=plan.coordinator,
        offence=plan.offence,
        consignment=plan.consignment,
        tolerances=plan.tolerances,
        modality=plan.modality,
        reverse=plan.reverse,
        held_back=plan.held_back,
        route=tuple(_stretches(plan)),
        measures=plan.measures(state),
        arrests=tuple(PlannedArrest(place=one.place, services=one.services()) for one in _arrests(plan, state)),
        surveillance=plan.surveillance,
    )


def _arrests(plan: Plan, state: str) -> Iterator[PlannedCheckpoint]:
    """Where it arrests: of what is held back, nobody is."""
    return (one for one in plan.at("arrest") if one.state == state and plan.takes_place(one))


def digest_of_request(plan: Plan, state: str) -> Digest | None:
    """SHA-256 of what this State is asked, in canonical form; none where it is asked nothing."""
    return plan.once(_digest_of_request, state)


def _digest_of_request(plan: Plan, state: str) -> Digest | None:
    found = request_for_consent(plan, state)
    return digest(found) if found is not None else None


def decided_on(plan: Plan, state: str) -> tuple[Any, ...]:
    """What of the request is this State's to decide, so that it is asked afresh once it changes: the way of handling, the
    `measures` there, what the `request` says to all and to this State, the way through it (from where to where each leg
    goes that has it among its `states`, past which posts, by what means, who travels along, how it is checked at its end,
    whether it may be opened on it, and where it calls there), and whether it travels back to its sender. Not the way
    through others, who is responsible, when it is planned for, and how long it takes: in which time it may pass, an
    authorisation says itself (R5).
    """
    said = plan.request.model_copy(update={"to": {}, "companions": _along(plan, state)})
    way = tuple(_way(plan, leg, state) for leg in plan.legs if state in leg.states)
    return plan.modality, plan.measures(state), said, plan.request.to.get(state), way, plan.reverse


DECIDED_ON = (
    mark("the way of handling"),
    mark("the measures there"),
    mark("what all are told"),
    mark("what it alone is told"),
    mark("the way through it"),
    mark("whether it travels back to its sender"),
)
"""What each part of that is called."""
WATCHED_LESS, ARRESTED_THERE = mark("how closely it is watched"), mark("that somebody is arrested there")
CONDITION_LOST = mark("where a condition of its consent binds")


def changed(before: Plan, after: Plan, state: str) -> tuple[str, ...]:
    """What its consent does not cover in another plan: each part of what it has `decided_on` that is different; the surveillance,
    where it is `loosened`; and that somebody is arrested there, where before nobody was. A closer watch, and an arrest that is
    not made there any more, it need not be asked about.
    """
    parts = zip(DECIDED_ON, decided_on(before, state), decided_on(after, state), strict=True)
    found = [name for name, old, new in parts if old != new]
    if loosened(before.surveillance, after.surveillance):
        found.append(WATCHED_LESS)
    if state in arresting(after) and state not in arresting(before):
        found.append(ARRESTED_THERE)
    return tuple(found)


def loosened(before: Surveillance | None, after: Surveillance | None) -> bool:
    """Whether one is less close than another: there is none any more, or one of its spans is longer (`degraded` where there is
    none: as long as `check_in`).
    """
    if before is None or after is None:
        return before is not None and after is None
    old, new = ((one.check_in, one.answer, one.search, one.degraded or one.check_in) for one in (before, after))
    return any(one < other for one, other in zip(old, new, strict=True))


def closest(before: Surveillance, after: Surveillance | None) -> Surveillance:
    """As close as both of them: of each span the shorter one."""
    if after is None:
        return before
    spans = {name: min(getattr(before, name), getattr(after, name)) for name in ("check_in", "answer", "search")}
    return Surveillance(**spans, degraded=min(before.degraded or before.check_in, after.degraded or after.check_in))


def arresting(plan: Plan) -> tuple[str, ...]:
    """The States in which some checkpoint asks for an `arrest`. Each once."""
    asked = (one.state for one in plan.checkpoints if any(need.says == "arrest" for need in one.requires))
    return tuple(dict.fromkeys(asked))


def _along(plan: Plan, state: str) -> tuple[Companions, ...]:
    return tuple(one for one in plan.request.companions if plan.accompanies(one.service, state))


def _way(plan: Plan, leg: Leg, state: str) -> tuple[Any, ...]:
    calls = tuple((one.place, one.post) for one in leg.calls if one.state == state and one.not_touched is None)
    posts = tuple(at.post if at is not None else None for at in (plan.find(leg.start), plan.find(leg.end)))
    return _place(plan, leg.start), _place(plan, leg.end), posts, leg.means, calls, leg.checked_by, leg.opened


def _stretches(plan: Plan) -> Iterator[Stretch]:
    for leg in plan.legs:
        start, end = plan.find(leg.start), plan.find(leg.end)
        yield Stretch(
            state=leg.state,
            start=_place(plan, leg.start),
            end=_place(plan, leg.end),
            start_post=start.post if start is not None else None,
            end_post=end.post if end is not None else None,
            departs=start.planned_for if start is not None else None,
            arrives=end.planned_for if end is not None else None,
            takes=leg.takes,
            means=leg.means,
            responsible=leg.responsible,
            accompanied_by=leg.accompanied_by,
            calls=leg.calls,
            checked_by=leg.checked_by,
            opened=leg.opened,
        )


def _place(plan: Plan, name: str) -> str:
    checkpoint = plan.find(name)
    return checkpoint.place if checkpoint is not None else name
