"""Checkpoints that no plan holds: what the rules open when something does not go as planned.

    stop.interdiction        the responsible authority seizes; it waits for as long as that takes (R8)
    stop.acknowledged        every other participant acknowledges the halt (R8)
    extension.SERVICE.N      an authority is asked to let its consent run longer (R5)
    CHECKPOINT.decision.N    the authority in charge and the prosecutor decide afresh (R7)

Their definition follows from the state alone, so a verifier derives the same one.
"""

import re

from domain.delivery import Delivery
from domain.plan import Checkpoint, Requirement

INTERDICTION = "stop.interdiction"
ACKNOWLEDGED = "stop.acknowledged"

_EXTENSION = re.compile(r"extension\.(?P<service>.+)\.\d+")
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
    decision = _DECISION.fullmatch(name)
    found = delivery.discrepancy
    if decision is not None and found is not None and found.checkpoint == decision["checkpoint"]:
        who = dict.fromkeys((delivery.responsible, *delivery.plan.authorities(delivery.here.state)))
        needs = tuple(Requirement(service=service, says="movement_decision") for service in who)
        return Checkpoint(id=name, requires=needs, due=after.decision, overdue="interdict")
    return None


def waits_without_end(name: str) -> bool:
    """Whether it has no due time: a halted consignment is never given up."""
    return name == INTERDICTION


def decides(name: str) -> bool:
    """Whether it is a decision or an extension: it closes as soon as it is answered."""
    return _EXTENSION.fullmatch(name) is not None or _DECISION.fullmatch(name) is not None


def moot(delivery: Delivery, name: str) -> bool:
    """Whether an extension is no longer needed: the consignment has left that State, or has been delivered."""
    extension = _EXTENSION.fullmatch(name)
    if extension is None:
        return False
    grant = delivery.grants.get(extension["service"])
    return delivery.delivered or grant is None or grant.state not in delivery.states_ahead()


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
