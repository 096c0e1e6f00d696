"""Changes of a plan that an initiator may think of while a delivery is under way, made from the plan itself: some may be made at
one moment and not at another, some never. Whether one may is for the rules to say.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from domain.plan.directory import MAY_SEIZE, Directory, Service
from domain.plan.plan import Leg, Plan, PlannedCheckpoint, Replaced, Requirement, Step
from domain.plan.powers import MAY_PROSECUTE
from domain.plan.vocabulary import Need
from rehearsal.edits import Edit, edits_by_path, place

ADDED: Mapping[Step, Need] = {
    "authorise": "authorisation",
    "prepare": "ready",
    "dispatch": "ready",
    "deliver": "ready",
    "muster": "ready",
    "arrest": "arrest",
    "account": "seizure",
    "close": "debrief",
}
"""What a checkpoint that is added to a step asks; one between two legs comes with a leg."""


SEVERAL = "several"
"""In the place of a field, where a change takes more than one of them."""


@dataclass(frozen=True)
class Amendment:
    """A change of the plan, in words that tell it from the others. It is made when it is wanted: most are not."""

    name: str
    field: str
    """What of a plan it changes, whichever checkpoint or leg it is."""
    make: Callable[[], Plan | None]
    """The changed plan; none where that is no plan."""


def amendments(plan: Plan, directory: Directory) -> Iterator[Amendment]:
    """Every change that is made from this plan, in a fixed order: each edit of each of its fields, and what takes several."""
    return chain.from_iterable(amendments_by_field(plan, directory).values())


def amendments_by_field(plan: Plan, directory: Directory) -> dict[str, Iterator[Amendment]]:
    """The same, field by field. They are thought of when they are wanted: most are not."""
    found: dict[str, Iterator[Amendment]] = {}
    for path, some in edits_by_path(plan, _known(plan, directory)):
        if (first := next(some, None)) is not None:
            found[place(path)] = chain(found.get(place(path), ()), _amendments(plan, chain((first,), some)))
    several = (Amendment(name, SEVERAL, lambda changed=changed: changed) for name, changed in _several(plan, directory))  # type: ignore[misc]
    return found | {SEVERAL: several}


def _amendments(plan: Plan, edits: Iterator[Edit]) -> Iterator[Amendment]:
    return (Amendment(one.name, place(one.path), partial(one.made, plan)) for one in edits)


def _known(plan: Plan, directory: Directory) -> tuple[str, ...]:
    """Services of its States, which could take part."""
    return tuple(one.id for one in directory.services if one.state in plan.asked_states())


Several = Iterator[tuple[str, Plan]]


def _several(plan: Plan, directory: Directory) -> Several:
    yield "nothing", plan
    yield from _checkpoints(plan)
    yield from _consents(plan)
    for number in range(len(plan.legs)):
        yield from _leg(plan, number, directory)
    for service in plan.participants():
        yield from _replaced(plan, service, directory)


def _checkpoints(plan: Plan) -> Several:
    """One more checkpoint of each step, beside one that is there, or of the last leg's authority."""
    last = plan.legs[-1]
    for step, need in ADDED.items():
        like = plan.at(step)[-1] if plan.at(step) else plan.at("deliver")[-1]
        service = like.services()[0] if plan.at(step) else last.responsible
        asks = (Requirement(service=service, says=need),)
        more = {
            "id": f"more-{step.replace('_', '-')}",
            "step": step,
            "requires": asks,
            "need": "all",
            "remind": (),
            "after": None,
        }
        yield f"one more at {step}", _and(plan, like.model_copy(update=more | {"escalate": ()}))


def _consents(plan: Plan) -> Several:
    """A State is asked afresh."""
    for state in plan.asked_states():
        yield f"{state} asked afresh", _asking_afresh(plan, state)


def _leg(plan: Plan, number: int, directory: Directory) -> Several:
    """A leg is parted in two, with a handover between them; its State consents afresh to the other way, or does not."""
    leg = plan.legs[number]
    own = directory.get(leg.responsible)
    others = [one for one in directory.services if one.state == leg.state and one.kind in MAY_SEIZE and one.id != own.id]
    # One of its own kind if there is one: what the law lets this service do, it lets that one do.
    taker = next((one.id for one in sorted(others, key=lambda one: one.kind != own.kind)), own.id)
    end = plan.find(leg.end)
    if end is None:
        return
    stop = f"stop-{number}"
    asks = (
        Requirement(service=leg.responsible, says="handover_offer"),
        Requirement(service=taker, says="handover_acceptance"),
    )
    between: dict[str, Any] = {
        "id": stop,
        "step": "hand_over",
        "state": leg.state,
        "place": "SIMULATED depot",
        "locode": None,
        "requires": asks,
    }
    between |= {"need": "all", "remind": (), "escalate": (), "after": None}
    halves: tuple[Leg, ...] = (
        leg.model_copy(update={"end": stop}),
        leg.model_copy(update={"id": f"onward-{number}", "start": stop, "responsible": taker}),
    )
    passing = {leg.responsible: taker} if taker != leg.responsible else {}
    onward = _and(_with(plan, _asked_instead(end, passing, giver=True)), end.model_copy(update=between))
    parted = onward.model_copy(update={"legs": (*plan.legs[:number], *halves, *plan.legs[number + 1 :])})
    yield f"{leg.id} in two", _asking_afresh(parted, leg.state)
    yield f"{leg.id} in two, {leg.state} not asked", parted


def _replaced(plan: Plan, service: str, directory: Directory) -> Several:
    """Another service of the same State takes the place of one, wherever that is asked or responsible: from the beginning on, or
    after so many of the checkpoints that ask it, so that what the rules have opened meanwhile has still to be answered.
    """
    known = directory.find(service)
    by = _successor(known, plan, directory) if known is not None else None
    if known is None or by is None:
        return
    yield f"{service} replaced", _in_place(plan, service, by, ())
    asking = [one for one in plan.checkpoints if service in one.services()]
    for number, last in enumerate(asking, 1):
        passed = tuple(one.id for one in asking[:number])
        later = _in_place(plan, service, by, passed)
        yield f"{service} replaced after {last.id}", later
        if any(one.step == "authorise" for one in asking[:number]) and known.state is not None:
            afresh = _asking_afresh(later, known.state)
            instead = _asked_instead(afresh.checkpoints[-1], {service: by})
            yield f"{service} replaced after {last.id}, {known.state} asked afresh", _with(afresh, instead)


def _in_place(plan: Plan, service: str, by: str, passed: tuple[str, ...]) -> Plan:
    """One in the place of another, but where it was asked at what has been passed, or led there."""
    instead = {service: by}
    checkpoints = tuple(one if one.id in passed else _asked_instead(one, instead) for one in plan.checkpoints)
    legs = tuple(
        leg.model_copy(update={"responsible": by}) if leg.responsible == service and leg.end not in passed else leg
        for leg in plan.legs
    )
    gone = (*plan.replaced, Replaced(service=service, by=by, reason="SIMULATED: called away"))
    answers = {state: instead.get(who, who) for state, who in plan.answers_for_law.items()}
    changed = {"checkpoints": checkpoints, "legs": legs, "replaced": gone, "answers_for_law": answers}
    return plan.model_copy(update=changed)


def _successor(service: Service, plan: Plan, directory: Directory) -> str | None:
    """A service that may do what this one does and has no part yet, before one that has; of its own kind, or where it is a
    prosecutor or a court the other of these, before any other.
    """
    alike = [one for one in directory.services if one.state == service.state and one.id != service.id]
    near = {service.kind, *(MAY_PROSECUTE if service.kind in MAY_PROSECUTE else ())}
    alike.sort(key=lambda one: one.kind not in near)
    strong = [one.id for one in alike if not service.may_seize or one.may_seize]
    return next((one for one in strong if one not in plan.participants()), next(iter(strong), None))


def _asked_instead(one: PlannedCheckpoint, instead: Mapping[str, str], *, giver: bool = False) -> PlannedCheckpoint:
    """The checkpoint, asking others. `giver`: not what the taker of a handover is asked."""
    asks = tuple(
        asked.model_copy(update={"service": instead[asked.service]})
        if asked.service in instead and not (giver and asked.says == "handover_acceptance")
        else asked
        for asked in one.requires
    )
    ladder = tuple(rung if giver else rung.model_copy(update={"to": instead.get(rung.to, rung.to)}) for rung in one.escalate)
    return one.model_copy(update={"requires": asks, "escalate": ladder})


def _asking_afresh(plan: Plan, state: str) -> Plan:
    """One more checkpoint at which the State is asked for its consent."""
    asked = next(one for one in reversed(plan.at("authorise")) if one.state == state)
    return _and(plan, asked.model_copy(update={"id": f"afresh-{state.lower()}", "remind": (), "escalate": ()}))


def _with(plan: Plan, changed: PlannedCheckpoint) -> Plan:
    return plan.model_copy(update={"checkpoints": tuple(changed if one.id == changed.id else one for one in plan.checkpoints)})


def _and(plan: Plan, added: PlannedCheckpoint) -> Plan:
    return plan.model_copy(update={"checkpoints": (*plan.checkpoints, added)})
