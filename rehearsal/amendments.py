"""Changes of a plan that an initiator may think of while a delivery is under way, made from the plan itself: some may be made at
one moment and not at another, some never. Whether one may is for the rules to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.plan.directory import MAY_SEIZE, Directory, Service
from domain.plan.plan import STEP_NEEDS, Checkpoint, Leg, Plan, PlannedCheckpoint, Replaced, Requirement, Step
from domain.plan.vocabulary import Need

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


@dataclass(frozen=True)
class Amendment:
    """A changed plan, and what is changed in it, in words that tell it from the others."""

    name: str
    plan: Plan


def amendments(plan: Plan, directory: Directory) -> Iterator[Amendment]:
    """Every change that is made from this plan, in a fixed order."""
    yield Amendment("nothing", plan)
    yield from _checkpoints(plan)
    yield from _consents(plan)
    for one in plan.checkpoints:
        yield from _services(plan, one)
        yield Amendment(f"more time at {one.id}", _with(plan, one.model_copy(update={"due": 2 * one.due})))
        yield Amendment(f"less time at {one.id}", _with(plan, one.model_copy(update={"due": one.due / 2, "remind": ()})))
        yield Amendment(f"without {one.id}", _without(plan, one))
    for number in range(len(plan.legs)):
        yield from _leg(plan, number, directory)
    for service in plan.participants():
        yield from _replaced(plan, service, directory)


def _checkpoints(plan: Plan) -> Iterator[Amendment]:
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
        yield Amendment(f"one more at {step}", _and(plan, like.model_copy(update=more | {"escalate": ()})))


def _consents(plan: Plan) -> Iterator[Amendment]:
    """A State is asked afresh."""
    for state in plan.states():
        yield Amendment(f"{state} asked afresh", _asking_afresh(plan, state))


def _services(plan: Plan, one: PlannedCheckpoint) -> Iterator[Amendment]:
    """One more service is asked at a checkpoint."""
    need = ADDED.get(one.step)
    more = next((service for service in plan.participants() if service not in one.services()), None)
    if need is not None and more is not None and need in STEP_NEEDS[one.step]:
        asks = (*one.requires, Requirement(service=more, says=need))
        yield Amendment(f"{more} asked too at {one.id}", _with(plan, one.model_copy(update={"requires": asks})))


def _leg(plan: Plan, number: int, directory: Directory) -> Iterator[Amendment]:
    """A leg is parted in two, with a handover between them; its State consents afresh to the other way, or does not."""
    leg = plan.legs[number]
    others = [one.id for one in directory.services if one.state == leg.state and one.kind in MAY_SEIZE]
    taker = next((one for one in others if one != leg.responsible), leg.responsible)
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
    yield Amendment(f"{leg.id} in two", _asking_afresh(parted, leg.state))
    yield Amendment(f"{leg.id} in two, {leg.state} not asked", parted)


def _replaced(plan: Plan, service: str, directory: Directory) -> Iterator[Amendment]:
    """Another service of the same State takes the place of one, wherever that is asked or responsible."""
    known = directory.find(service)
    by = _successor(known, plan, directory) if known is not None else None
    if by is None:
        return
    instead = {service: by}
    checkpoints = tuple(_asked_instead(one, instead) for one in plan.checkpoints)
    legs = tuple(leg.model_copy(update={"responsible": by}) if leg.responsible == service else leg for leg in plan.legs)
    gone = (*plan.replaced, Replaced(service=service, by=by, reason="SIMULATED: called away"))
    yield Amendment(f"{service} replaced", plan.model_copy(update={"checkpoints": checkpoints, "legs": legs, "replaced": gone}))


def _successor(service: Service, plan: Plan, directory: Directory) -> str | None:
    """A service that may do what this one does and has no part yet, before one that has."""
    alike = [one for one in directory.services if one.state == service.state and one.id != service.id]
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
    return one.model_copy(update={"requires": asks})


def _asking_afresh(plan: Plan, state: str) -> Plan:
    """One more checkpoint at which the State is asked for its consent."""
    asked = next(one for one in reversed(plan.at("authorise")) if one.state == state)
    return _and(plan, asked.model_copy(update={"id": f"afresh-{state.lower()}", "remind": (), "escalate": ()}))


def _with(plan: Plan, changed: PlannedCheckpoint) -> Plan:
    return plan.model_copy(update={"checkpoints": tuple(changed if one.id == changed.id else one for one in plan.checkpoints)})


def _and(plan: Plan, added: PlannedCheckpoint) -> Plan:
    return plan.model_copy(update={"checkpoints": (*plan.checkpoints, added)})


def _without(plan: Plan, gone: Checkpoint) -> Plan:
    return plan.model_copy(update={"checkpoints": tuple(one for one in plan.checkpoints if one.id != gone.id)})
