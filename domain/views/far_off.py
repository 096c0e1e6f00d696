"""Coordinates that lie far from the State that a plan names: remarked, never refused, for outlines are coarse and borders are not
a position.
"""

import math
from collections.abc import Iterator
from typing import Final

from domain.plan.plan import Plan
from domain.views.outlines import Outlines, Point, Ring
from domain.views.projection import RADIUS
from domain.views.shapes import holds
from domain.words.errors import Fault
from domain.words.places import At, point
from domain.words.text import fill

FAR: Final = 150
"""Kilometres from the outline beyond which it is remarked."""


def far_off(plan: Plan, outlines: Outlines) -> Iterator[Fault]:
    """Each place of the plan of which that is so."""
    for index, one in enumerate(plan.checkpoints):
        yield from _far(outlines, f"checkpoints.{index}.at", one.state, one.at)
    for index, leg in enumerate(plan.legs):
        for number, call in enumerate(leg.calls):
            if call.state is not None:
                yield from _far(outlines, f"legs.{index}.calls.{number}.at", call.state, call.at)


def _far(outlines: Outlines, place: str, state: str, at: At | None) -> Iterator[Fault]:
    rings = outlines.states.get(state, ())
    if at is None or not rings or (away := _away(outlines, rings, point(at))) <= FAR:
        return
    there = point(at)
    if abs(there[0]) <= 90 and _away(outlines, rings, (there[1], there[0])) <= FAR:
        problem = fill(
            "it lies {away} km from {state}; the other way round it would not: longitude stands first", away=away, state=state
        )
    else:
        problem = fill("it lies {away} km from {state}", away=away, state=state)
    yield Fault(place=place, problem=problem)


def _away(outlines: Outlines, rings: tuple[Ring, ...], at: Point) -> int:
    """Kilometres from the outline, 0 inside of it."""
    lines = [[(lon + shift, lat) for _, shift, points in outlines.of(ring) for lon, lat in points] for ring in rings]
    if any(holds(lines, (at[0] + turn, at[1])) for turn in (-360.0, 0.0, 360.0)):
        return 0
    return round(min(_kilometres(at, one) for line in lines for one in line))


def _kilometres(one: Point, other: Point) -> float:
    """Along a great circle."""
    (lon, lat), (far_lon, far_lat) = (tuple(map(math.radians, each)) for each in (one, other))
    half = math.sin((far_lat - lat) / 2) ** 2 + math.cos(lat) * math.cos(far_lat) * math.sin((far_lon - lon) / 2) ** 2
    return 2 * RADIUS * math.asin(math.sqrt(half))
