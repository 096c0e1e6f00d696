"""The request for consent as one State is asked it: all that an authority decides on, made of the plan alone.

Its digest stands in what is asked, and whoever consents names it (R1). It is a function of the plan, so there is no second truth
about what was asked: a stranger makes it anew from the plan in the ledger.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.plan.cards import Measure, Modality
from domain.plan.plan import Call, Consignment, Leg, Offence, Plan, PlannedCheckpoint, Surveillance
from domain.plan.request import Addressed, Companions, ToldToAll
from domain.plan.vocabulary import Digest, HandlingCode, Line, Need
from domain.signing.canonical import Frozen, digest
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import MOST_CALLS, MOST_ESCORTS, MOST_LEGS, MOST_SERVICES
from domain.words.quantities import Span
from domain.words.text import mark

DECIDING: tuple[Need, ...] = ("authorisation", "agreement", "permission")
"""What a request for consent is answered with."""


class Stretch(Frozen):
    """One leg of the way, in words: from where to where, for how long, and who is responsible for it."""

    state: State
    start: Line
    end: Line
    takes: Span
    means: Line
    responsible: ServiceId
    accompanied_by: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_ESCORTS)] = ()
    calls: Annotated[tuple[Call, ...], Field(max_length=MOST_CALLS)] = ()


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
    `measures` there, what the `request` says to all and to this State, and the way through it: from where to where each leg goes
    that has it among its `states`, by what means, who travels along, and where it calls there. Not the way through others, who
    is responsible, and how long it takes.
    """
    said = plan.request.model_copy(update={"to": {}, "companions": _along(plan, state)})
    way = tuple(_way(plan, leg, state) for leg in plan.legs if state in leg.states)
    return plan.modality, plan.measures(state), said, plan.request.to.get(state), way


DECIDED_ON = (
    mark("the way of handling"),
    mark("the measures there"),
    mark("what all are told"),
    mark("what it alone is told"),
    mark("the way through it"),
)
"""What each part of that is called."""


def changed(before: Plan, after: Plan, state: str) -> tuple[str, ...]:
    """What of it is different in another plan."""
    parts = zip(DECIDED_ON, decided_on(before, state), decided_on(after, state), strict=True)
    return tuple(name for name, old, new in parts if old != new)


def _along(plan: Plan, state: str) -> tuple[Companions, ...]:
    return tuple(one for one in plan.request.companions if plan.accompanies(one.service, state))


def _way(plan: Plan, leg: Leg, state: str) -> tuple[Any, ...]:
    calls = tuple(one.place for one in leg.calls if one.state == state and one.not_touched is None)
    return _place(plan, leg.start), _place(plan, leg.end), leg.means, calls


def _stretches(plan: Plan) -> Iterator[Stretch]:
    for leg in plan.legs:
        yield Stretch(
            state=leg.state,
            start=_place(plan, leg.start),
            end=_place(plan, leg.end),
            takes=leg.takes,
            means=leg.means,
            responsible=leg.responsible,
            accompanied_by=leg.accompanied_by,
            calls=leg.calls,
        )


def _place(plan: Plan, name: str) -> str:
    checkpoint = plan.find(name)
    return checkpoint.place if checkpoint is not None else name
