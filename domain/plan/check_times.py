"""When it is planned to leave, cross and arrive: moments that the requests show, and by which nothing is due."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan, PlannedCheckpoint, Step
from domain.words.errors import Fault
from domain.words.moments import as_written, instant
from domain.words.quantities import say_span
from domain.words.text import either, fill

Cards = Mapping[str, RuleCard]

PLANNED: tuple[Step, ...] = ("dispatch", "hand_over", "deliver")
"""Where it leaves, crosses and arrives."""


def planned(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Moments are planned where it leaves, crosses or arrives, by the clocks there, in the order of the way, and so that nothing
    is overdue that goes as planned.
    """
    for index, checkpoint in enumerate(plan.checkpoints):
        if checkpoint.planned_for is None:
            continue
        place = f"checkpoints.{index}.planned_for"
        if checkpoint.step not in PLANNED:
            problem = fill(
                "it does not leave, cross or arrive at {checkpoint}: only a checkpoint of step {steps} is planned for a moment",
                checkpoint=checkpoint.id,
                steps=either(PLANNED),
            )
            yield Fault(place=place, problem=problem)
        zone = checkpoint.zone
        if zone is not None and not as_written(checkpoint.planned_for).isoformat().endswith(zone):
            problem = fill("clocks at {checkpoint} are {zone} ahead of UTC: write it so", checkpoint=checkpoint.id, zone=zone)
            yield Fault(place=place, problem=problem)
    yield from _in_order(plan)


def _in_order(plan: Plan) -> Iterator[Fault]:
    """Each after the one before it on the way, and no longer after it than until what lies between would be overdue."""
    last: PlannedCheckpoint | None = None
    allowed = timedelta()
    for name in (plan.legs[0].start, *(leg.end for leg in plan.legs)):
        at = plan.find(name)
        allowed += plan.due_after(at) if at is not None and last is not None else timedelta()
        if at is None or at.planned_for is None:
            continue
        if last is not None and last.planned_for is not None:
            place = f"checkpoints.{plan.checkpoints.index(at)}.planned_for"
            gone = instant(at.planned_for) - instant(last.planned_for)
            if gone <= timedelta():
                problem = fill("it comes to {later} after it was at {earlier}: plan it so", later=at.id, earlier=last.id)
                yield Fault(place=place, problem=problem)
            elif gone > allowed:
                problem = fill(
                    "it would come {gone} after {earlier}, and is overdue after {allowed}: let the way take longer",
                    gone=say_span(gone),
                    earlier=last.id,
                    allowed=say_span(allowed),
                )
                yield Fault(place=place, problem=problem)
        last, allowed = at, timedelta()
