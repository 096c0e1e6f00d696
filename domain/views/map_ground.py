"""The ground of a map: land, and in a corridor along the route the States that it goes through, with their names.

Borders are not a position: States are shaded, and boundaries drawn, near the route alone, and not where it is `UNSETTLED` whose
ground it is. What is drawn rests on the places of the plan, so it is drawn once for a plan and kept.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from domain.views.outlines import FULL_CIRCLE, Outlines, Point, Ring
from domain.views.projection import RADIUS, Projection, fitted
from domain.views.shapes import area, cut, from_segment, holds, meets, path, simplified
from domain.views.unsettled import UNSETTLED

MOST_KEPT: Final = 64
"""Grounds that are kept drawn, of some 10 kB each."""
HEAVIEST: Final = 9_500
"""Characters that the outlines of one ground may take; beyond it they are drawn coarser."""
COARSER: Final = (1.1, 1.6, 2.4, 3.6, 6.0, 10.0)
"""How far a simplified outline may be from the whole one, the first that is light enough."""
BEYOND: Final = 12.0
"""By how much outlines are drawn beyond the edge, so that no edge of the picture looks like a boundary."""
SMALLEST: Final = 5.0
"""Of an island that is drawn; square units of the picture."""
LETTER, LINE_HEIGHT, STEP, AWAY = 11.0, 14.0, 18.0, 20.0
"""Of a name: width of a letter, height, between two places where it may stand, and how far from the route it stands."""


@dataclass(frozen=True)
class Size:
    """Of one rendering, in units of the picture: how far places stand from its edge, and how far the corridor goes to a side."""

    name: str
    width: int
    height: int
    margin: Point
    corridor: float


LARGE: Final = Size("large", 860, 236, (72.0, 46.0), 80.0)
SMALL: Final = Size("small", 366, 190, (34.0, 30.0), 48.0)


@dataclass(frozen=True)
class Name:
    """A name of a State, and the middle of its base line."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class MapGround:
    """Paths of SVG; `corridor` is the middle of it, and `unsettled` are circles that are left out of it."""

    size: Size
    project: Projection
    land: str
    near: str
    borders: str
    corridor: str
    unsettled: tuple[tuple[int, int, int], ...]
    names: tuple[Name, ...]

    def place(self, at: Point) -> Point:
        """Where a place stands."""
        return self.project(self.project.round_the_world(at))


@lru_cache(maxsize=MOST_KEPT)
def ground(
    outlines: Outlines | None, lines: tuple[tuple[Point, ...], ...], states: tuple[tuple[str, str], ...], size: Size
) -> MapGround:
    """For a route along these lines, through these States, each with its name."""
    project = fitted([at for line in lines for at in line], (size.width, size.height), size.margin)
    route = [[project(project.round_the_world(at)) for at in line] for line in lines]
    unsettled = tuple(_unsettled(project, size))
    corridor = "".join(path(line) or f"M{round(line[0][0])} {round(line[0][1])}h0" for line in route)
    if outlines is None:
        return MapGround(size, project, "", "", "", corridor, unsettled, ())
    for apart in COARSER:
        drawing = _Outlines(outlines, project, size, apart)
        near = {state: drawing.rings(outlines.states.get(state, ())) for state, _ in states}
        land = _closed(drawing.rings(outlines.land))
        shaded, borders = _closed([ring for rings in near.values() for ring in rings]), drawing.borders(frozenset(near))
        if len(land) + len(shaded) + len(borders) <= HEAVIEST:
            break
    names = tuple(_names(states, near, route, unsettled, size))
    return MapGround(size, project, land, shaded, borders, corridor, unsettled, names)


def _closed(rings: Iterable[Sequence[Point]]) -> str:
    return "".join(path(ring, closed=True) for ring in rings)


def _unsettled(project: Projection, size: Size) -> Iterator[tuple[int, int, int]]:
    """The circles of it that meet the picture."""
    for lon, lat, around in UNSETTLED:
        at = project.round_the_world((lon, lat))
        x, y = project(at)
        edge = project((at[0], at[1] + math.degrees(around / RADIUS)))
        radius = math.dist((x, y), edge)
        if -radius < x < size.width + radius and -radius < y < size.height + radius:
            yield round(x), round(y), round(radius)


class _Outlines:
    """Outlines on their way into one picture. An arc that neighbours share is simplified once, so theirs fit."""

    def __init__(self, outlines: Outlines, project: Projection, size: Size, apart: float) -> None:
        self.outlines, self.project, self.apart = outlines, project, apart
        self.low, self.high = (-BEYOND, -BEYOND), (size.width + BEYOND, size.height + BEYOND)
        self.drawn: dict[tuple[int, float], list[Point]] = {}

    def rings(self, rings: Iterable[Ring]) -> list[list[Point]]:
        """As far as they are in the picture, small islands left out."""
        found = []
        for ring in rings:
            arcs = list(self.outlines.of(ring))
            west = min(at[0] + shift for _, shift, points in arcs for at in points)
            east = max(at[0] + shift for _, shift, points in arcs for at in points)
            for turn in (-FULL_CIRCLE, 0.0, FULL_CIRCLE):
                if west + turn < self.project.middle + 180 and east + turn > self.project.middle - 180:
                    line = [at for number, shift, _ in arcs for at in self._arc(number, shift + turn)[:-1]]
                    if line and meets(line, self.low, self.high):
                        shape = cut(line, self.low, self.high)
                        if len(shape) > 2 and area(shape) >= SMALLEST:
                            found.append(shape)
        return found

    def _arc(self, number: int, shift: float) -> list[Point]:
        """One arc in the picture. Of one that does not meet it, its ends will do: between them no line goes through it."""
        known = number if number >= 0 else ~number
        line = self.drawn.get((known, shift))
        if line is None:
            line = [self.project((lon + shift, lat)) for lon, lat in self.outlines.arcs[known]]
            line = simplified(line, self.apart) if meets(line, self.low, self.high) else self._ends(line)
            self.drawn[known, shift] = line
        return line if number >= 0 else line[::-1]

    def _ends(self, line: list[Point]) -> list[Point]:
        middle = len(line) // 2
        return [line[0], line[middle], line[-1]]  # of one that is closed, more than one point stays

    def borders(self, states: frozenset[str]) -> str:
        """Between States of the route, and of these to others: one line each, none to a unit without a code."""
        found = []
        for number, beside in self.outlines.between.items():
            if beside & states and "" not in beside:
                west, east = (end(at[0] for at in self.outlines.arcs[number]) for end in (min, max))
                turn = self.project.round_the_world(((west + east) / 2, 0.0))[0] - (west + east) / 2
                line = self._arc(number, turn)
                if meets(line, self.low, self.high):
                    found.append(path(line))
        return "".join(found)


def _names(
    states: Sequence[tuple[str, str]],
    near: dict[str, list[list[Point]]],
    route: Sequence[Sequence[Point]],
    unsettled: Sequence[tuple[int, int, int]],
    size: Size,
) -> Iterator[Name]:
    """Each where it is farthest from the edge of its State, from the route and from other names; none where there is no room."""
    taken: list[Name] = []
    for state, text in dict(states).items():
        half = len(text) * LETTER / 2
        edges = [pair for ring in near[state] for pair in zip(ring, [*ring[1:], *ring[:1]], strict=True)]
        best, found = 0.0, None
        for x in _steps(half + 4, size.width - half - 4):
            for y in _steps(LINE_HEIGHT, size.height - 6):
                away = _from_route(route, x, y - 4, half)
                free = all(
                    abs(x - one.x) > half + len(one.text) * LETTER / 2 or abs(y - one.y) > 2 * LINE_HEIGHT for one in taken
                )
                if not (free and AWAY < away < size.corridor) or any(math.dist((x, y), one[:2]) < one[2] for one in unsettled):
                    continue
                if min(away, 50.0) > best and holds(near[state], (x, y - 4)):
                    room = math.sqrt(min(from_segment((x, y - 4), *edge) for edge in edges))
                    if min(away, room, 50.0) > best:
                        best, found = min(away, room, 50.0), Name(x, y, text)
        if found is not None:
            taken.append(found)
            yield found


def _from_route(route: Sequence[Sequence[Point]], x: float, y: float, half: float) -> float:
    """How far a name in the middle of which this is stands from the route."""
    along = list(_steps(x - half, x + half, LETTER))
    segments = [pair for line in route for pair in zip(line, line[1:] or line, strict=False)]
    return math.sqrt(min((from_segment((one, y), *pair) for one in along for pair in segments), default=0.0))


def _steps(begin: float, end: float, step: float = STEP) -> Iterator[float]:
    """From one to the other, both included."""
    count = max(math.ceil((end - begin) / step), 0)
    yield from (begin + (end - begin) * number / max(count, 1) for number in range(count + 1))
