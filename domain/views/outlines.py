"""Outlines of States as a picture needs them: arcs that neighbours share, so that what is drawn of one fits the other.

They come as TopoJSON (its specification, sections 2.1 and 4). Whoever draws knows States by their codes; a unit without a code is
land like any other: it is never shaded, and no boundary is drawn beside it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

Point = tuple[float, float]
"""Longitude and latitude in degrees; on a picture, x and y in its units."""
Ring = tuple[int, ...]
"""Numbers of arcs, one after another; ~n is arc n from its end to its beginning."""
FULL_CIRCLE: Final = 360.0


@dataclass(frozen=True, eq=False)
class Outlines:
    """Arcs, and rings of them: of all land, and of each State by its code; `""` is of units without one."""

    arcs: tuple[tuple[Point, ...], ...]
    land: tuple[Ring, ...]
    states: Mapping[str, tuple[Ring, ...]]

    @cached_property
    def between(self) -> Mapping[int, frozenset[str]]:
        """Of each arc that two or more units share, of which States they are."""
        found: dict[int, set[str]] = {}
        count: Counter[int] = Counter()
        for state, rings in self.states.items():
            for number in (arc if arc >= 0 else ~arc for ring in rings for arc in ring):
                found.setdefault(number, set()).add(state)
                count[number] += 1
        return {number: frozenset(states) for number, states in found.items() if count[number] > 1}

    def of(self, ring: Ring) -> Iterator[tuple[int, float, tuple[Point, ...]]]:
        """The arcs of a ring, each with its number, by how many degrees it is shifted so that it goes on where the one before
        ended, across the meridian of 180 too, and its points.
        """
        shift, end = 0.0, None
        for number in ring:
            points = self.arcs[number] if number >= 0 else self.arcs[~number][::-1]
            if end is not None:
                shift += _nearest(points[0][0] + shift, end)
            yield number, shift, points
            end = points[-1][0] + shift


def decoded(topology: Mapping[str, Any], code_of: Callable[[str], str]) -> Outlines:
    """What a topology holds under `countries` and `land`; `code_of` gives the code of a State by its id there. Raises `KeyError`,
    `TypeError` or `ValueError` for what is none.
    """
    (across, up), (west, south) = topology["transform"]["scale"], topology["transform"]["translate"]
    states: dict[str, tuple[Ring, ...]] = {}
    for one in topology["objects"]["countries"]["geometries"]:
        code = code_of(str(one.get("id", "")))
        states[code] = (*states.get(code, ()), *_rings(one))
    return Outlines(
        arcs=tuple(tuple(_arc(arc, across, up, west, south)) for arc in topology["arcs"]),
        land=tuple(ring for one in topology["objects"]["land"]["geometries"] for ring in _rings(one)),
        states=states,
    )


def _arc(steps: Iterable[Iterable[int]], across: float, up: float, west: float, south: float) -> Iterator[Point]:
    """Each position is a step from the one before. No step goes more than half around the world."""
    x = y = 0
    before = None
    for step_x, step_y in steps:
        x, y = x + step_x, y + step_y
        at = x * across + west
        if before is not None:
            at += _nearest(at, before)
        before = at
        yield at, y * up + south


def _nearest(at: float, to: float) -> float:
    """By how many full circles a longitude is shifted to be nearest to another."""
    return FULL_CIRCLE * round((to - at) / FULL_CIRCLE)


def _rings(geometry: Mapping[str, Any]) -> Iterator[Ring]:
    match geometry["type"]:
        case "Polygon":
            yield from map(tuple, geometry["arcs"])
        case "MultiPolygon":
            yield from (tuple(ring) for polygon in geometry["arcs"] for ring in polygon)
