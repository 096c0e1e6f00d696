"""A map as SVG that whoever shows it draws in colours of its own, by classes: numbers on it, words under it. A full mark was
seen, a hollow one follows from the plan; what is gone is a line, what is ahead is dotted. A border or customs post is a shield,
with its name beside it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.views.map_ground import MapGround, Size
from domain.views.map_labels import labels, mark_at
from domain.views.outlines import Point
from domain.views.route_map import Here, MapStop, RouteMap, Shape
from domain.views.shapes import path
from domain.words.legible import in_svg

APART: Final = 19.0
"""Between the middles of two numbers at least."""
ASIDE: Final = tuple((math.cos(math.radians(turn)) * 22, math.sin(math.radians(turn)) * 22) for turn in range(-60, 300, 45))
"""Where a number stands whose place another covers: beside it, in this order, with a line to it."""
EDGE: Final = 11.0
HALO: Final = 17.0
SHIELD, SMALL_SHIELD = "h20v13l-10 8-10-8z", "h12v8l-6 5-6-5z"
SHAPES: Final[dict[Shape, str]] = {
    "seen": '<circle class="me" cx="{x}" cy="{y}" r="8"/>',
    "by_plan": '<circle class="me open" cx="{x}" cy="{y}" r="7"/>',
    "held": '<rect class="me act" x="{left}" y="{top}" width="14" height="14"/>',
    "stopped": '<path class="me act" d="M{x} {top}l9 9-9 9-9-9z" transform="translate(0-2)"/>',
}


def map_picture(found: RouteMap, drawn: MapGround, said: str) -> str:
    """The picture; `said` says the same in words."""
    size = drawn.size
    head = f'<svg class="map {size.name}" viewBox="0 0 {size.width} {size.height}" role="img" aria-label="{in_svg(said)}">'
    marks = tuple(_marks(found, drawn))
    signs = (part for one in marks for part in _mark(one))
    above = (*signs, *_names(found, marks, drawn), *_here(found.here, drawn))
    return "".join((head, *_ground(drawn), *_way(found, drawn), *above, "</svg>"))


def off_the_map(found: RouteMap, drawn: MapGround) -> bool:
    """Whether it is where this map does not reach, so that its mark stands at the edge."""
    return found.here is not None and _inside(drawn.place(found.here.at), drawn.size) != drawn.place(found.here.at)


def _ground(drawn: MapGround) -> Iterator[str]:
    size = drawn.size
    if drawn.land:
        yield f'<path class="land" d="{drawn.land}"/>'
    if not drawn.near:
        return
    yield f'<mask id="near-{size.name}" maskUnits="userSpaceOnUse" x="0" y="0" width="{size.width}" height="{size.height}">'
    for share, shade in ((2.0, "half"), (1.36, "whole")):
        yield f'<path class="veil {shade}" d="{drawn.corridor}" stroke-width="{size.corridor * share:.0f}"/>'
    yield from (f'<circle cx="{x}" cy="{y}" r="{radius}"/>' for x, y, radius in drawn.unsettled)
    yield f'</mask><g mask="url(#near-{size.name})"><path class="near" d="{drawn.near}"/>'
    yield f'<path class="border" d="{drawn.borders}"/></g>' if drawn.borders else "</g>"
    for one in drawn.names:
        yield f'<text class="st" x="{one.x:.0f}" y="{one.y:.0f}">{in_svg(one.text.upper())}</text>'


def _way(found: RouteMap, drawn: MapGround) -> Iterator[str]:
    for gone, kind in ((False, "ahead"), (True, "done")):
        lines = "".join(path([drawn.place(at) for at in one.line]) for one in found.tracks if one.gone is gone)
        if lines:
            yield f'<path class="{kind}" d="{lines}"/>'
    for at in found.sightings:
        x, y = drawn.place(at)
        if (x, y) == _inside((x, y), drawn.size):
            yield f'<circle class="sight" cx="{x:.0f}" cy="{y:.0f}" r="3"/>'


@dataclass(frozen=True)
class _Mark:
    """Of a stop by its number, or of a post at which it calls: where that is, where its mark stands, and the name of a post."""

    stop: MapStop | None
    place: Point
    at: Point
    name: str


def _marks(found: RouteMap, drawn: MapGround) -> Iterator[_Mark]:
    """No two over each other, as long as there is room."""
    taken: list[Point] = []
    calls = ((None, one.at, one.name) for one in found.on_the_way if one.at is not None)
    for stop, there, name in (*((one, one.at, one.post) for one in found.stops), *calls):
        place = drawn.place(there)
        at = _free(place, taken, drawn.size)
        taken.append(at)
        yield _Mark(stop, place, at, name)


def _mark(mark: _Mark) -> Iterator[str]:
    x, y = map(round, mark.at)
    if mark.at != mark.place:
        yield f'<path class="lead" d="M{mark.place[0]:.0f} {mark.place[1]:.0f}L{x} {y}"/>'
    kind = "" if mark.stop is not None and mark.stop.passed else " open"
    if mark.stop is None:
        yield f'<path class="cp{kind}" d="M{x - 6} {y - 6}{SMALL_SHIELD}"/>'
    elif mark.name:
        yield f'<path class="cp{kind}" d="M{x - 10} {y - 10}{SHIELD}"/>'
    else:
        yield f'<circle class="cp{kind}" cx="{x}" cy="{y}" r="9"/>'
    if mark.stop is not None:
        yield f'<text class="nr{kind}" x="{x}" y="{y + 4}">{mark.stop.number}</text>'


def _names(found: RouteMap, marks: Sequence[_Mark], drawn: MapGround) -> Iterator[str]:
    """The names of posts, each beside its shield."""
    rooms = [mark_at(one.at) for one in marks]
    if found.here is not None:
        rooms.append(mark_at(_inside(drawn.place(found.here.at), drawn.size), HALO))
    lines = [[drawn.place(at) for at in one.line] for one in found.tracks]
    for one in labels([(one.at, one.name) for one in marks if one.name], rooms, lines, drawn):
        yield f'<text class="post" x="{one.x:.0f}" y="{one.y:.0f}">{in_svg(one.text)}</text>'


def _free(place: Point, taken: Sequence[Point], size: Size) -> Point:
    """At the place itself, or beside it where another number stands there."""
    tries = [place, *((place[0] + x, place[1] + y) for x, y in ASIDE), *((place[0] + 2 * x, place[1] + 2 * y) for x, y in ASIDE)]
    free = (at for at in tries if at == _inside(at, size) and all(math.dist(at, one) >= APART for one in taken))
    return next(free, place)


def _here(here: Here | None, drawn: MapGround) -> Iterator[str]:
    if here is None:
        return
    x, y = map(round, _inside(drawn.place(here.at), drawn.size))
    if here.shape == "seen":
        yield f'<circle class="halo" cx="{x}" cy="{y}" r="{HALO:.0f}"/>'
    yield SHAPES[here.shape].format(x=x, y=y, left=x - 7, top=y - 7)


def _inside(at: Point, size: Size) -> Point:
    return min(max(at[0], EDGE), size.width - EDGE), min(max(at[1], EDGE), size.height - EDGE)
