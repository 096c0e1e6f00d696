"""Whose turn it is in the order of the checklist, and what the next leg may still lack."""

from datetime import datetime

from domain.delivery.custody import AWAITS_DECISION, HELD, RECORD_PUT_BACK
from domain.delivery.delivery import Delivery
from domain.delivery.state import State
from domain.delivery.verdicts import Verdict, early, refused
from domain.plan.plan import Step

NOT_PERMITTED = refused("R16", "permission_missing", "{state} has not permitted {permission}", state="name", permission="word")
CROSSING_NOT_CLEARED = early(
    "R5", "crossing_not_cleared", "{state} is asked, or the crossing not cleared yet; kept until it is", state="name"
)
NO_ENTRY = refused("R5", "no_entry", "{state} has no live authorisation, so nothing crosses into it", state="name")

ORDER: tuple[Step, ...] = ("authorise", "prepare", "dispatch", "hand_over", "deliver", "muster", "arrest", "account", "close")


def turn(delivery: Delivery, step: Step) -> bool:
    """Whether a step has its turn: it advances, every earlier step has `passed`, and for what comes after `deliver` it is
    delivered.
    """
    state, place = delivery.state, ORDER.index(step)
    on_the_way = place <= ORDER.index("deliver")
    return state.advances and (state.delivered or on_the_way) and place <= delivery.once(_steps_passed)


def _steps_passed(delivery: Delivery) -> int:
    """How many steps have passed, from the first on."""
    return next((place for place, step in enumerate(ORDER) if not delivery.state.passed(step)), len(ORDER))


def leaving(delivery: Delivery) -> bool:
    """Whether its departure has its turn, and it has not left. What is `held_back` never leaves."""
    return turn(delivery, "dispatch") and not delivery.state.dispatched and not delivery.plan.held_back


def free_of_conflict(delivery: Delivery) -> bool:
    """Whether the register has `looked` since the last step, for all that the plan touches, and nothing is `unsettled` (R15)."""
    register = delivery.state.register
    return register.looked and not register.unsettled()


def next_to_clear(delivery: Delivery) -> int | None:
    """The leg that wants clearing now: the first before it has left, else the next, unless it is `cleared` already or does not
    exist. None while it does not advance, or `authorise` has not `passed`, and once it is delivered; none before `prepare` has
    `passed` for the first, and unless it is `on_its_leg` for another. None of what is `held_back`.
    """
    return delivery.once(_next_to_clear)


def _next_to_clear(delivery: Delivery) -> int | None:
    state = delivery.state
    if not state.advances or state.delivered or not state.passed("authorise") or delivery.plan.held_back:
        return None
    leg = 0 if state.leg is None else state.leg + 1
    if leg >= len(delivery.plan.legs) or state.cleared >= leg:
        return None
    return leg if (state.passed("prepare") if leg == 0 else on_its_leg(delivery)) else None


def next_to_begin(delivery: Delivery) -> int | None:
    """The leg that comes next: the one that is `next_to_clear`; or, while it advances and has not been delivered, the one that is
    `cleared` and has not begun.
    """
    leg, state = next_to_clear(delivery), delivery.state
    following = 0 if state.leg is None else state.leg + 1
    waits = state.advances and not state.delivered and following == state.cleared < len(delivery.plan.legs)
    return following if leg is None and waits else leg


def on_its_leg(delivery: Delivery) -> bool:
    """Whether it has left, `dispatch` has `passed`, and each checkpoint at the end of a leg that it has come over has closed."""
    state = delivery.state
    behind = delivery.plan.legs[: state.leg or 0]
    return state.dispatched and state.passed("dispatch") and all(state.closed(leg.end) for leg in behind)


def waits_for_the_register(delivery: Delivery) -> bool:
    """Whether the register is to be looked into now (R15): it is under way, the register `covers` the plan and has not `looked`,
    nothing is put off, and it is either signed for `afresh`, or `dispatch` has its turn and it has not left.
    """
    state, register = delivery.state, delivery.state.register
    due = state.under_way and not register.looked and (register.afresh or leaving(delivery))
    return due and register.covers(delivery.plan) and register.not_before is None


def may_begin(delivery: Delivery, leg: int, at: datetime) -> bool:
    """Whether a leg may begin at this instant (R1, R3, R5, R15, R16): no State is `conflicting`, nothing in the `states_of` the
    leg is `not_permitted`, none of these is `too_short`; for the first leg it is `free_of_conflict` too.
    """
    consents = delivery.consents
    return (
        not consents.conflicting()
        and not consents.not_permitted(consents.states_of(leg), at)
        and not consents.too_short(leg, at)
        and (leg > 0 or free_of_conflict(delivery))
    )


def may_not_move(state: State) -> Verdict | None:
    """What keeps it where it is: `held` (early) while it is held; `awaits_decision` while a discrepancy waits for a decision;
    `record_put_back` while a divergence does.
    """
    if state.hold is not None:
        return HELD(entry=state.hold.seq)
    if state.discrepancy is not None:
        return AWAITS_DECISION(entry=state.discrepancy.seq)
    return RECORD_PUT_BACK(entry=state.divergence.seq) if state.divergence is not None else None


def not_over_yet(delivery: Delivery, at: datetime) -> Verdict | None:
    """What keeps it from the next leg at this instant: `crossing_not_cleared` (early) while a checkpoint of step `authorise` in
    one of the `states` of that leg has not closed (the first of these), or that leg is not `cleared`. For each of these States
    but the one it is in: `no_entry` unless that is `authorised` then, and `permission_missing` for the first permission that is
    not given there.
    """
    state, following = delivery.state, (delivery.state.leg or 0) + 1
    leg = delivery.plan.legs[following]
    asked = [one.state for one in delivery.plan.at("authorise") if one.state in leg.states and not state.closed(one.id)]
    if asked or state.cleared < following:
        return CROSSING_NOT_CLEARED(state=next(iter(asked), leg.state))
    for entered in (one for one in leg.states if one != state.here.state):
        if not delivery.consents.authorised(entered, at):
            return NO_ENTRY(state=entered)
        for lacking in delivery.consents.not_permitted((entered,), at):
            return NOT_PERMITTED(state=lacking.state, permission=lacking.permission)
    return None


def asked_afresh_here(state: State) -> Verdict | None:
    """What keeps it from being delivered: `crossing_not_cleared` (early) for the first State that is `asked_here` (R22)."""
    return next((CROSSING_NOT_CLEARED(state=one) for one in state.asked_here()), None)


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
