"""How a delivery ends: its outcome, and what that rests on (R12)."""

from domain.delivery.persons import of_each_role
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, Found, found
from domain.delivery.vocabulary import Outcome

ARRESTED = (
    "arrested {arrested}, of them released again {freed}. Still held {held}: organisers {organisers}, suppliers {suppliers}, "
    "couriers {couriers}, distributors {distributors}, recipients {recipients}"
)
"""Of parts, only of those who are still held and knew what they did: whether a supplier and a distributor were reached."""


def _and_arrested(name: str, sentence: str) -> Found:
    return found(
        "R12",
        name,
        f"{sentence}; {ARRESTED}",
        arrested="count",
        freed="count",
        held="count",
        organisers="count",
        suppliers="count",
        couriers="count",
        distributors="count",
        recipients="count",
    )


DELIVERED = _and_arrested("was_delivered", "delivered")
CAME_BACK = _and_arrested("came_back", "delivered to the sender")
SEIZED_WITH_ARRESTS = _and_arrested("seized_with_arrests", "interdicted before its end")
SEIZED_AT_THE_END = _and_arrested("seized_at_the_end", "seized where the plan ends")
ALL_RELEASED = found(
    "R12", "all_released", "delivered; all {arrested} who were arrested have been released again", arrested="count"
)
KEPT = found("R31", "kept_back", "held back as planned, and seized where it was")
IN_PARTS = found("R12", "ended_in_parts", "{parts}", parts="names")


def conclusion(state: State) -> tuple[Outcome, Finding]:
    """The one outcome that what has happened amounts to (R12). If it has split, `split` with `ended_in_parts`, each part's code
    name and outcome with a colon and a blank between. If it is `held_back` and nothing has halted it: `held_back` with
    `kept_back`. If nothing has halted it, or it is delivered and somebody is arrested or
    every checkpoint of step `arrest` has closed as `satisfied`: `returned_to_sender` with `came_back` where the plan says
    `reverse`; `interdicted_as_planned` with `seized_at_the_end` where it `ends_with_a_seizure`; else `delivered_with_arrests`
    with `was_delivered` where somebody is still held, and else `delivered_without_arrest`, with `all_released` where somebody
    was arrested, or `was_delivered`. Of each role it counts who is held and not `unwitting`. Else what comes `after_a_halt`,
    with what the halt found, or where that is `interdicted_early` and somebody is arrested, with `seized_with_arrests`.
    """
    halt = state.halt
    arrested, held = len(state.arrested), len(state.held)
    roles = {f"{role}s": count for role, count in of_each_role(state.held).items()}
    counts = {"arrested": arrested, "freed": arrested - held, "held": held} | roles
    if state.parts:
        return "split", IN_PARTS(parts=tuple(f"{part.operation}: {part.outcome}" for part in state.ended_parts))
    if halt is None and state.plan.held_back:
        return "held_back", KEPT()
    if halt is None or (state.delivered and (state.arrested or state.satisfied("arrest"))):
        if state.plan.reverse:
            return "returned_to_sender", CAME_BACK(**counts)
        if state.plan.ends_with_a_seizure():
            return "interdicted_as_planned", SEIZED_AT_THE_END(**counts)
        if arrested and not held:
            return "delivered_without_arrest", ALL_RELEASED(arrested=arrested)
        return ("delivered_with_arrests" if arrested else "delivered_without_arrest"), DELIVERED(**counts)
    outcome = _after_a_halt(state)
    return outcome, SEIZED_WITH_ARRESTS(**counts) if outcome == "interdicted_early" and arrested else halt.finding


def _after_a_halt(state: State) -> Outcome:
    """The first that holds: `aborted_for_risk_to_life`, if that is the cause; `destroyed`, if it is; `lost_or_stolen`, if it is
    lost and not secured; `no_show`, if that is the cause; `refused`, if the cause is `refused`, `modality` or `permission`;
    `expired`, if the cause is `expired`, or `silence` before it left; `withdrawn`, if the cause is `withdrawn`;
    `interdicted_early`, if it has left or was seized `unasked`; `withdrawn`, if the halt is `by` one of the `initiators`, who
    does not want it any more; `stopped_before_departure`, also where nobody decided on a hold in time.
    """
    halt = state.halt
    assert halt is not None  # noqa: S101
    if halt.cause == "risk_to_life":
        return "aborted_for_risk_to_life"
    if state.destroyed:
        return "destroyed"
    if state.lost and not state.secured:
        return "lost_or_stolen"
    if halt.cause == "no_show":
        return "no_show"
    if halt.cause in ("refused", "modality", "permission"):
        return "refused"
    if halt.cause == "expired" or (halt.cause == "silence" and not state.dispatched):
        return "expired"
    if halt.cause == "withdrawn":
        return "withdrawn"
    if state.dispatched or state.unasked:
        return "interdicted_early"
    return "withdrawn" if halt.by in state.plan.initiators() else "stopped_before_departure"
