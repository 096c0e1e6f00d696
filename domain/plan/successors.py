"""Who has taken the place of a service is asked what that was asked (R22)."""

from collections.abc import Collection
from typing import Final

from domain.plan.plan import Checkpoint, Plan, Requirement
from domain.plan.vocabulary import Need

BY_TWO: Final[tuple[Need, ...]] = ("hold_decision", "movement_decision")
"""What is never one person's to decide (R7)."""


def asked_instead(checkpoint: Checkpoint, plan: Plan, answered: Collection[tuple[str, Need]] = ()) -> Checkpoint:
    """The same checkpoint, where each service that has been replaced and has not answered is asked no more, but its successor is:
    once, by as many officers as the one of them that must say it by more. Where of several that all must decide on going on one
    is left so, with those whose place it has taken, it is two of its officers (R7). The rungs of its ladder lead to successors
    too.
    """
    if not plan.replaced:
        return checkpoint
    requires: dict[tuple[str, Need], Requirement] = {}
    for one in checkpoint.requires:
        stays = (one.service, one.says) in answered
        service = one.service if stays else plan.successor_of(one.service)
        officers = max(one.officers, before.officers if (before := requires.get((service, one.says))) is not None else 1)
        requires[service, one.says] = one.model_copy(update={"service": service, "officers": officers})
    several = len({one.service for one in checkpoint.requires}) > 1
    left = {plan.successor_of(service) for service, _ in requires}
    if several and checkpoint.need == "all" and len(left) == 1:
        by_two = [key for key in requires if key[0] in left and key[1] in BY_TWO]
        requires |= {key: requires[key].model_copy(update={"officers": 2}) for key in by_two}
    services = len({service for service, _ in requires})
    need = checkpoint.need if checkpoint.need == "all" else min(checkpoint.need, services)
    ladder = tuple(rung.model_copy(update={"to": plan.successor_of(rung.to)}) for rung in checkpoint.escalate)
    changed = {"requires": tuple(requires.values()), "need": need, "escalate": ladder}
    return checkpoint.model_copy(update=changed)
