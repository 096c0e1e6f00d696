"""What of a delivery stands on a map: places with coordinates, the way between them, where it was seen, and where it is.

A line between two places is not a road: nobody knows more than where it was seen (a full mark), and else where it is by the
plan (a hollow one). Who sees a part is given its own stretch, and nothing of the rest (R11).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final, Literal

from domain.delivery.delivery import Delivery
from domain.delivery.reported import Stated
from domain.plan.plan import Leg
from domain.rules.book import book_of
from domain.rules.watch import Sighted, SurveillanceRegained
from domain.views.noted import noted
from domain.views.outlines import FULL_CIRCLE, Point
from domain.views.sight import Sight, sees
from domain.views.situation import SituationSource
from domain.words.moments import instant
from domain.words.places import point
from domain.words.text import mark

FRESH: Final = timedelta(hours=4)
"""For how long it is known where it was seen."""
FURTHEST: Final = 0.9
"""Share of the way to the next place that it has gone by the plan at most, until somebody says that it is there."""
Shape = Literal["seen", "by_plan", "held", "stopped"]
SEEN: Final = mark("It was seen at {place}, {moment}.")
BY_PLAN: Final = mark("Where it is drawn follows from the plan: nobody has seen it there.")
SCHEMATIC: Final = mark("Straight lines between known places. Boundaries stand near the route only, and take no position.")
LACKING: Final = mark("Without coordinates, and so not on the map: {numbers}.")
NO_MAP: Final = mark("There is no map: fewer than two places of it have coordinates.")
OFF_THE_MAP: Final = mark("It was seen beyond the edge of the map.")
POSTS: Final = mark("Border and customs posts, as shields on the map: {posts}.")
POSTS_ALONE: Final = mark("Border and customs posts: {posts}.")
NO_OUTLINES: Final = mark("Outlines of States are not installed, so only places are drawn.")


@dataclass(frozen=True)
class MapStop:
    """A place with its number, by which the strip under the map calls it."""

    number: int
    at: Point
    passed: bool
    post: str = ""
    """The border or customs post there, where the plan names one."""


@dataclass(frozen=True)
class PostOnTheWay:
    """A border or customs post at which a leg calls; without coordinates it is named alone."""

    at: Point | None
    name: str


@dataclass(frozen=True)
class Track:
    """A part of the way, through places that are known; behind it or ahead."""

    line: tuple[Point, ...]
    gone: bool


@dataclass(frozen=True)
class Here:
    """Where it is, how that is drawn, and in words."""

    at: Point
    shape: Shape
    said: str


@dataclass(frozen=True)
class RouteMap:
    """All of it. `lacking`: numbers of the places without coordinates. `planned`: lines through places of the plan alone."""

    stops: tuple[MapStop, ...]
    planned: tuple[tuple[Point, ...], ...]
    tracks: tuple[Track, ...]
    sightings: tuple[Point, ...]
    here: Here | None
    states: tuple[str, ...]
    lacking: tuple[int, ...]
    on_the_way: tuple[PostOnTheWay, ...] = ()
    posts: tuple[str, ...] = ()
    """All posts, on the map or not, each with the number of its place where it has one."""

    @property
    def drawn(self) -> bool:
        """Whether there is enough to draw."""
        return len({one.at for one in self.stops}) > 1


@dataclass(frozen=True)
class _Seen:
    """A sighting with coordinates."""

    leg: int
    at: Point
    place: str
    happened_at: str


def route_map(part: SituationSource) -> RouteMap:
    """As far as it is the reader's."""
    delivery, seen = part.delivery, part.seen
    legs = [(number, leg) for number, leg in enumerate(delivery.plan.legs) if seen.whole or number in seen.legs]
    ends = {name for _, leg in legs for name in (leg.start, leg.end)}
    all_stops = [(number, stop, delivery.plan.find(stop.checkpoint)) for number, stop in enumerate(part.shown.route, 1)]
    stops = [one for one in all_stops if one[1].checkpoint in ends or not legs]  # what is asked elsewhere is no part of its way
    where = {stop.checkpoint: point(one.at) for _, stop, one in stops if one is not None and one.at is not None}
    sightings = tuple(_sightings(delivery, seen))
    planned: list[tuple[Point, ...]] = []
    tracks: list[Track] = []
    states: list[str] = []
    here = None
    for number, leg in legs:
        states += leg.states
        ways = _through(leg, where)
        known = [one for one in sightings if one.leg == number]
        gone = bool(delivery.state.delivered) or (delivery.state.leg is not None and number < delivery.state.leg)
        planned.append(tuple(ways))
        if gone:
            bends = [where.get(leg.start), *(one.at for one in known), where.get(leg.end)] if known else ways
            tracks.append(Track(tuple(at for at in bends if at is not None), gone=True))
        elif number == delivery.state.leg and part.shown.position is not None:
            here = _here(part, number, ways, known)
            tracks += _both_sides(ways, known, here)
        else:
            tracks.append(Track(tuple(ways), gone=False))
    calls = (call for _, leg in legs for call in leg.calls if call.post is not None)
    on_the_way = tuple(PostOnTheWay(point(one.at) if one.at is not None else None, one.post or "") for one in calls)
    return RouteMap(
        stops=tuple(
            MapStop(number, where[stop.checkpoint], stop.passed, (one.post if one is not None else None) or "")
            for number, stop, one in stops
            if stop.checkpoint in where
        ),
        planned=tuple(line for line in planned if line),
        tracks=tuple(one for one in tracks if len(one.line) > 1),
        sightings=tuple(one.at for one in sightings),
        here=here,
        states=tuple(dict.fromkeys(states)),
        lacking=tuple(number for number, stop, _ in stops if stop.checkpoint not in where),
        on_the_way=on_the_way,
        posts=(
            *(f"{number} {one.post}" for number, _, one in stops if one is not None and one.post is not None),
            *(one.name for one in on_the_way),
        ),
    )


def _through(leg: Leg, where: dict[str, Point]) -> list[Point]:
    """The places of a leg that are known, in order."""
    calls = [point(call.at) if call.at is not None else None for call in leg.calls]
    return [at for at in (where.get(leg.start), *calls, where.get(leg.end)) if at is not None]


def _sightings(delivery: Delivery, seen: Sight) -> Iterator[_Seen]:
    """Where it was seen, of what counts and the reader may read, in order."""
    for entry in noted(delivery.ledger).points:
        assert isinstance(entry.event, Stated)  # noqa: S101 - as it is noted
        said = book_of(delivery).read(entry.event.envelope)
        content, leg = said.content, delivery.state.leg_at(entry.seq)
        if not isinstance(content, Sighted | SurveillanceRegained):
            continue
        at = content.at
        if at is not None and (seen.whole or (leg in seen.legs and sees(delivery, seen, entry))):
            yield _Seen(leg, point(at), content.place, said.happened_at)


def _here(part: SituationSource, number: int, ways: list[Point], known: list[_Seen]) -> Here | None:
    """Where it was seen a while ago, else by the plan between the last known place and the next."""
    row = next((one for one in part.line.rows if one.what == "leg" and one.number == number), None)
    last, newest = part.delivery.state.last_sighting, known[-1] if known else None
    until = row.real.ends if row is not None and row.real is not None else part.now
    if newest is not None and last is not None and newest.happened_at == last.happened_at:
        since = instant(newest.happened_at)
        if until - since <= FRESH:
            said = part.speak(SEEN).format(place=newest.place, moment=part.moment(since))
            return Here(newest.at, _shape(part, seen=True), said)
    line = [*((newest.at, *ways[-1:]) if newest is not None else ways)]
    if not line or row is None or row.real is None:
        return None
    begins = max(row.real.begins, instant(newest.happened_at)) if newest is not None else row.real.begins
    whole = row.real.begins + part.delivery.plan.legs[number].takes - begins
    share = min(max((until - begins) / whole, 0.0), FURTHEST) if whole > timedelta() else FURTHEST
    return Here(_along(line, share), _shape(part, seen=False), part.speak(BY_PLAN))


def _shape(part: SituationSource, *, seen: bool) -> Shape:
    shown = part.shown
    if shown.halted is not None or shown.out_of_sight is not None:
        return "stopped"
    if shown.held is not None:
        return "held"
    return "seen" if seen else "by_plan"


def _along(line: list[Point], share: float) -> Point:
    """The point so far along a line, the shorter way round the world."""
    found = [line[0]]
    for lon, lat in line[1:]:
        found.append((lon + FULL_CIRCLE * round((found[-1][0] - lon) / FULL_CIRCLE), lat))
    lengths = [math.dist(one, two) for one, two in pairwise(found)]
    left = sum(lengths) * share
    for (one, two), length in zip(pairwise(found), lengths, strict=True):
        if left <= length and length:
            return one[0] + (two[0] - one[0]) * left / length, one[1] + (two[1] - one[1]) * left / length
        left -= length
    return found[-1]


def _both_sides(ways: list[Point], known: list[_Seen], here: Here | None) -> Iterator[Track]:
    """The leg that it is on, as far as it came and on from there."""
    if here is None:
        yield Track(tuple(ways), gone=False)
        return
    yield Track((*ways[:1], *(one.at for one in known if one.at != here.at), here.at), gone=True)
    yield Track((here.at, *(ways[1:] if not known else ways[-1:])), gone=False)
