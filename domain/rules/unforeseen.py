"""Checkpoints that no plan holds: what the rules open when something does not go as planned.

    stop.interdiction        the responsible authority seizes; it waits for as long as that takes (R8)
    stop.acknowledged        every other participant acknowledges the halt (R8)
    extension.SERVICE.N      an authority is asked to let its consent run longer (R5)
    sighting.N               the responsible authority says where it is, once a check-in is due (R9)
    search.N                 it is out of sight, and is to be found (R9)
    duty.SERVICE.ID          whoever authorised does what its State's card makes a duty
    split.parts              the initiator says how each part of a consignment that has split ended
    balance.N                the authority in charge and the prosecutor explain why the mass balance does not close (R10)
    conflict.NUMBER          the initiator settles with another operation that touches this one, or gives way (R15)
    CHECKPOINT.decision.N    the authority in charge and the prosecutor decide afresh (R7)

Their definition follows from the state alone, so a verifier derives the same one.
"""

import re
from datetime import datetime

from domain.delivery.balance import open_difference
from domain.delivery.delivery import Delivery
from domain.plan.cards import Duty
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.register import Contact

INTERDICTION = "stop.interdiction"
ACKNOWLEDGED = "stop.acknowledged"
PARTS = "split.parts"

_EXTENSION = re.compile(r"extension\.(?P<service>.+)\.\d+")
_SIGHTING = re.compile(r"(sighting|search)\.\d+")
_DUTY = re.compile(r"duty\.(?P<service>.+)\.(?P<id>[a-z0-9-]+)")
_BALANCE = re.compile(r"balance\.\d+")
_CONFLICT = re.compile(r"conflict\.[0-9a-f]{12}")
_DECISION = re.compile(r"(?P<checkpoint>.+)\.decision\.\d+")


def definition(delivery: Delivery, name: str) -> Checkpoint | None:
    """What this checkpoint must be now, or none if nothing calls for it."""
    after = delivery.plan.contingencies
    if name == INTERDICTION and delivery.halt is not None:
        interdiction = (Requirement(service=delivery.responsible, says="interdiction"),)
        return Checkpoint(id=name, requires=interdiction, due=after.remind_every)
    if name == ACKNOWLEDGED and delivery.halt is not None:
        told = [service for service in delivery.plan.participants() if service != delivery.halt.by]
        needs = tuple(Requirement(service=service, says="stop_acknowledgement") for service in told)
        return Checkpoint(id=name, requires=needs, due=after.acknowledge_stop)
    if name == PARTS and delivery.parts:
        asked = (Requirement(service=delivery.plan.initiator, says="parts"),)
        return Checkpoint(id=name, requires=asked, due=after.remind_every)
    extension = _EXTENSION.fullmatch(name)
    if extension is not None and extension["service"] in delivery.grants and delivery.halt is None:
        need = (Requirement(service=extension["service"], says="extension"),)
        return Checkpoint(id=name, requires=need, due=after.extension, overdue="interdict")
    watch = delivery.plan.surveillance
    if _SIGHTING.fullmatch(name) and watch is not None and watched(delivery):
        searched = name.startswith("search.")
        if searched != (delivery.gap is not None):
            return None
        sighting = (Requirement(service=delivery.responsible, says="sighting"),)
        return Checkpoint(id=name, requires=sighting, due=watch.search if searched else watch.answer)
    duty = _DUTY.fullmatch(name)
    if duty is not None:
        return next((_duty(name, one, service) for one, service in duties(delivery) if name == duty_name(one, service)), None)
    if _BALANCE.fullmatch(name):
        who = dict.fromkeys((delivery.responsible, *delivery.plan.authorities(delivery.here.state)))
        needs = tuple(Requirement(service=service, says="explanation") for service in who)
        return Checkpoint(id=name, requires=needs, due=after.decision) if open_difference(delivery) else None
    if _CONFLICT.fullmatch(name) and call_about(delivery, name) is not None and delivery.halt is None:
        agreement = (Requirement(service=delivery.plan.initiator, says="conflict_settlement"),)
        return Checkpoint(id=name, requires=agreement, due=after.decision)
    decision = _DECISION.fullmatch(name)
    found = delivery.discrepancy
    if decision is not None and found is not None and found.checkpoint == decision["checkpoint"]:
        who = dict.fromkeys((delivery.responsible, *delivery.plan.authorities(delivery.here.state)))
        needs = tuple(Requirement(service=service, says="movement_decision") for service in who)
        return Checkpoint(id=name, requires=needs, due=after.decision, overdue="interdict")
    return None


def duties(delivery: Delivery) -> tuple[tuple[Duty, str], ...]:
    """What the cards make a duty of those who have authorised, and whose duty it is."""
    return tuple(
        (duty, grant.service)
        for grant in delivery.grants.values()
        if not grant.provisional
        if grant.state in delivery.cards
        for duty in delivery.cards[grant.state].duties
    )


def duty_name(duty: Duty, service: str) -> str:
    """The checkpoint at which a service says that it has done its duty."""
    return f"duty.{service}.{duty.id}"


def _duty(name: str, duty: Duty, service: str) -> Checkpoint:
    return Checkpoint(id=name, requires=(Requirement(service=service, says="duty"),), due=duty.within)


def watched(delivery: Delivery) -> bool:
    """Whether it is on its way and must be kept in sight."""
    return delivery.dispatched and not delivery.delivered and delivery.under_way


def check_in_due(delivery: Delivery) -> datetime | None:
    """When the responsible authority will be asked where it is, unless it says so before (R9)."""
    watch = delivery.plan.surveillance
    if watch is None or delivery.last_contact is None or delivery.gap is not None or not watched(delivery):
        return None
    asked = any(progress.open for name, progress in delivery.progress.items() if name.startswith("sighting."))
    often = watch.degraded if watch.degraded is not None and delivery.failed_devices else watch.check_in
    return None if asked else delivery.last_contact + often


def call_about(delivery: Delivery, name: str) -> Contact | None:
    """Whom to call about the conflict of this checkpoint, or none: it is settled, has gone, or this delivery has its outcome."""
    if delivery.outcome is not None:
        return None
    return next((contact for contact in delivery.unsettled() if contact.checkpoint == name), None)


def is_balance(name: str) -> bool:
    """Whether it asks why the mass balance does not close."""
    return _BALANCE.fullmatch(name) is not None


def waits_without_end(name: str) -> bool:
    """Whether it has no due time: a halted consignment is never given up, and a balance is closed or explained."""
    return name in (INTERDICTION, PARTS) or is_balance(name)


def outlives_a_halt(name: str) -> bool:
    """Whether it goes on being asked when nothing advances any more."""
    return name in (INTERDICTION, ACKNOWLEDGED, PARTS) or any(form.fullmatch(name) for form in (_DUTY, _BALANCE))


def in_between(delivery: Delivery) -> bool:
    """Whether nothing is open but duties, which wait for weeks and hold up nothing: a run may end here and another go on."""
    return all(_DUTY.fullmatch(name) for name, progress in delivery.progress.items() if progress.open)


def may_stay_unanswered(name: str) -> bool:
    """Whether silence closes it: it decides nothing, or (a sighting) what follows from silence is another checkpoint's."""
    return name == ACKNOWLEDGED or name.startswith("sighting.") or _DUTY.fullmatch(name) is not None


def decides(name: str) -> bool:
    """Whether it is a decision, an agreement, an extension, a sighting, a duty: it closes as soon as it is answered."""
    return any(form.fullmatch(name) for form in (_EXTENSION, _DECISION, _SIGHTING, _CONFLICT, _DUTY, _BALANCE))


def moot(delivery: Delivery, name: str) -> bool:
    """Whether it is no longer needed: it has left that State, is delivered, was seen otherwise, the balance closes now, the
    conflict has gone, or the plan was changed and does not hold it any more.
    """
    if "." not in name:
        return delivery.plan.find(name) is None
    if _BALANCE.fullmatch(name):
        return not open_difference(delivery)
    if _CONFLICT.fullmatch(name):
        return call_about(delivery, name) is None
    if _SIGHTING.fullmatch(name):
        seen = delivery.gap is None if name.startswith("search.") else _seen_since(delivery, name)
        return delivery.delivered or seen
    extension = _EXTENSION.fullmatch(name)
    if extension is None:
        return False
    grant = delivery.grants.get(extension["service"])
    return delivery.delivered or grant is None or grant.state not in delivery.states_ahead()


def _seen_since(delivery: Delivery, name: str) -> bool:
    contact = delivery.last_contact
    return contact is not None and contact > delivery.progress[name].opened


def sighting_name(delivery: Delivery) -> str:
    """The open request for a sighting, or the name of the next one."""
    return _open_or_next(delivery, "sighting")


def search_name(delivery: Delivery) -> str:
    """The open search, or the name of the next one."""
    return _open_or_next(delivery, "search")


def extension_name(delivery: Delivery, service: str) -> str:
    """The open extension asked of this service, or the name of the next one."""
    return _open_or_next(delivery, f"extension.{service}")


def decision_name(delivery: Delivery) -> str:
    """The open decision about what does not fit, or the name of the next one."""
    checkpoint = delivery.discrepancy.checkpoint if delivery.discrepancy is not None else ""
    return _open_or_next(delivery, f"{checkpoint}.decision")


def balance_name(delivery: Delivery) -> str:
    """The open question why the balance does not close, or the name of the next one."""
    return _open_or_next(delivery, "balance")


def _open_or_next(delivery: Delivery, base: str) -> str:
    so_far = [name for name in delivery.progress if re.fullmatch(rf"{re.escape(base)}\.\d+", name)]
    if so_far and delivery.progress[so_far[-1]].open:
        return so_far[-1]
    return f"{base}.{len(so_far) + 1}"
