"""Whose turn it is in the order of the checklist, and what the next leg may still lack."""

from datetime import datetime

from domain.delivery.delivery import Delivery
from domain.plan.plan import Step

ORDER: tuple[Step, ...] = ("authorise", "prepare", "dispatch", "hand_over", "deliver", "muster", "arrest", "account", "close")


def turn(delivery: Delivery, step: Step) -> bool:
    """Whether it advances, and every checkpoint of an earlier step has closed."""
    state, place = delivery.state, ORDER.index(step)
    on_the_way = place <= ORDER.index("deliver")
    return state.advances and (state.delivered or on_the_way) and place <= delivery.once(_steps_passed)


def _steps_passed(delivery: Delivery) -> int:
    """How many steps have passed, from the first on."""
    return next((place for place, step in enumerate(ORDER) if not delivery.state.passed(step)), len(ORDER))


def leaving(delivery: Delivery) -> bool:
    """Whether its departure has its turn, and it has not left."""
    return turn(delivery, "dispatch") and not delivery.state.dispatched


def free_of_conflict(delivery: Delivery) -> bool:
    """Whether the register has answered since the last step, about all that the plan touches, and that is settled (R15)."""
    register = delivery.state.register
    return register.looked and not register.unsettled()


def next_to_clear(delivery: Delivery) -> int | None:
    """The leg that wants clearing now; none where all that may begin has been cleared, or every State has not answered yet."""
    return delivery.once(_next_to_clear)


def _next_to_clear(delivery: Delivery) -> int | None:
    state = delivery.state
    if not state.advances or state.delivered or not state.passed("authorise"):
        return None
    leg = 0 if state.leg is None else state.leg + 1
    if leg >= len(delivery.plan.legs) or state.cleared >= leg:
        return None
    return leg if (state.passed("prepare") if leg == 0 else on_its_leg(delivery)) else None


def on_its_leg(delivery: Delivery) -> bool:
    """Whether it has left, and every checkpoint that it has come through has closed."""
    state = delivery.state
    behind = delivery.plan.legs[: state.leg or 0]
    return state.dispatched and state.passed("dispatch") and all(state.closed(leg.end) for leg in behind)


def waits_for_the_register(delivery: Delivery) -> bool:
    """Whether the register is to be looked into now (R15): once a signature lets it, and again before it leaves. Where nobody has
    signed for all that the plan touches, or a quota keeps it, it is not.
    """
    state, register = delivery.state, delivery.state.register
    due = state.under_way and not register.looked and (register.afresh or leaving(delivery))
    return due and register.covers(delivery.plan) and register.not_before is None


def may_begin(delivery: Delivery, leg: int, at: datetime) -> bool:
    """Whether every consent and permission that `leg` needs lasts, all States allow the way of handling, and at departure no
    other operation is in the way (R1, R3, R5, R15, R16).
    """
    consents = delivery.consents
    return (
        not consents.conflicting()
        and not consents.not_permitted(consents.states_of(leg), at)
        and not consents.too_short(leg, at)
        and (leg > 0 or free_of_conflict(delivery))
    )


def may_still_open(delivery: Delivery, step: Step) -> bool:
    """Whether a checkpoint that a changed plan adds to this step would still have its turn (R22): consent until it is delivered,
    preparation and departure until they begin, the way until its end, what comes after the delivery until the outcome.
    """
    state = delivery.state
    begun = any(one.id in state.progress for one in delivery.plan.at(step))
    match step:
        case "authorise":
            return not state.delivered
        case "prepare" | "dispatch":
            return not begun and not state.dispatched
        case "hand_over" | "deliver":
            return not state.delivered
        case _:
            return state.outcome is None
