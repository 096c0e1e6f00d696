"""Checkpoints that no plan holds: what the rules open when something does not go as planned.

    stop.interdiction        the responsible authority seizes; it waits for as long as that takes (R8)
    stop.acknowledged        every other participant acknowledges the halt (R8)
    extension.SERVICE.N      an authority is asked to let its consent run longer (R5)
    sighting.N               the responsible authority says where it is, once a check-in is due (R9)
    search.N                 it is out of sight, and is to be found (R9)
    conflict.NUMBER          the initiator settles with another operation that touches this one, or gives way (R15)
    CHECKPOINT.decision.N    the authority in charge and the prosecutor decide afresh (R7)

Their definition follows from the state alone, so a verifier derives the same one.
"""

import re
from datetime import datetime

from domain.deconfliction import Contact
from domain.delivery import Delivery
from domain.plan import Checkpoint, Requirement

INTERDICTION = "stop.interdiction"
ACKNOWLEDGED = "stop.acknowledged"

_EXTENSION = re.compile(r"extension\.(?P<service>.+)\.\d+")
_SIGHTING = re.compile(r"(sighting|search)\.\d+")
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


def watched(delivery: Delivery) -> bool:
    """Whether it is on its way and must be kept in sight."""
    return delivery.dispatched and not delivery.delivered and delivery.halt is None


def check_in_due(delivery: Delivery) -> datetime | None:
    """When the responsible authority will be asked where it is, unless it says so before (R9)."""
    watch = delivery.plan.surveillance
    if watch is None or delivery.last_contact is None or delivery.gap is not None or not watched(delivery):
        return None
    asked = any(progress.open for name, progress in delivery.progress.items() if name.startswith("sighting."))
    return None if asked else delivery.last_contact + watch.check_in


def call_about(delivery: Delivery, name: str) -> Contact | None:
    """Whom to call about the conflict of this checkpoint, or none: it is settled, has gone, or this delivery has its outcome."""
    if delivery.outcome is not None:
        return None
    return next((contact for contact in delivery.unsettled() if contact.checkpoint == name), None)


def waits_without_end(name: str) -> bool:
    """Whether it has no due time: a halted consignment is never given up."""
    return name == INTERDICTION


def decides(name: str) -> bool:
    """Whether it is a decision, an agreement, an extension or a sighting: it closes as soon as it is answered."""
    return any(form.fullmatch(name) for form in (_EXTENSION, _DECISION, _SIGHTING, _CONFLICT))


def moot(delivery: Delivery, name: str) -> bool:
    """Whether it is no longer needed: it has left that State, has been delivered, was seen otherwise; the conflict has gone."""
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


def _open_or_next(delivery: Delivery, base: str) -> str:
    so_far = [name for name in delivery.progress if re.fullmatch(rf"{re.escape(base)}\.\d+", name)]
    if so_far and delivery.progress[so_far[-1]].open:
        return so_far[-1]
    return f"{base}.{len(so_far) + 1}"
