"""The route of a row as a line: States as stations, legs as long as they take, and a mark where it is.

A full circle was seen there, a hollow one is by plan, a square stands, a diamond was stopped or is out of sight. It is a picture
of one row, on a page or in letters; what it shows stands in its sentence too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal

from domain.views.glance import Glance, LegAhead
from domain.views.sentences import Translate
from domain.words.moments import instant
from domain.words.text import mark

WIDTH: Final = 176
"""Where the line ends; a tick stands behind it."""
LABEL: Final = 17
"""How wide the two letters of a State are."""
MOST_STATIONS: Final = 7
"""Beyond it those that are neither first, last nor beside it are left out of the picture."""
LEAST: Final = 7
FRESH: Final = timedelta(hours=4)
"""For how long it is known where it was seen."""
Mark = Literal["seen", "by_plan", "standing", "stopped"]
MARKS: Final[dict[Mark, str]] = {
    "seen": mark("in sight"),
    "by_plan": mark("by plan"),
    "standing": mark("standing"),
    "stopped": mark("stopped or out of sight"),
}


@dataclass(frozen=True)
class RouteStation:
    """A State, and where its letters begin. `when`: behind it, there now, or ahead."""

    x: int
    state: str
    when: Literal["past", "now", ""]


@dataclass(frozen=True)
class Way:
    """The picture: stations, the paths behind and ahead, the mark and where it is, and the sentence that says the same."""

    stations: tuple[RouteStation, ...]
    gone: str
    ahead: str
    mark: Mark
    x: int
    said: str


@dataclass(frozen=True)
class _Part:
    state: str
    takes: int
    done: float
    """The share of it that is behind."""
    now: bool


def way(seen: Glance, now: datetime, translate: Translate) -> Way:
    """How it is drawn at this moment."""
    parts = _parts(seen, now)
    shown = _shown(parts)
    room = WIDTH - len(shown) * (LABEL + 2)
    whole = sum(one.takes for one in shown) or 1
    spare = room - LEAST * len(shown)
    x, at = 0.0, float(LABEL + 1)
    stations, gone, ahead = [], [], []
    for one in shown:
        stations.append(RouteStation(round(x), one.state, "now" if one.now else "past" if one.done >= 1 else ""))
        begin = x + LABEL
        end = begin + LEAST + spare * one.takes / whole
        behind = begin + (end - begin) * one.done
        if one.done > 0:
            gone.append(f"M{round(begin)}-4H{round(behind)}")
        if one.done < 1:
            ahead.append(f"M{round(behind)}-4H{round(end)}")
        if one.now:
            at = min(max(behind, begin + 4), end - 4) if end - begin > 8 else (begin + end) / 2
        x = end + 2
    ahead.append(f"M{WIDTH + 2}-8V0")
    shape = _mark(seen, parts, now)
    states = translate(mark(" to ")).join(one.state for one in parts)
    here = next(number for number, one in enumerate(parts) if one.now)
    said = translate(mark("{states}; in {state}, part {number} of {count}, {mark}")).format(
        states=states, state=parts[here].state, number=here + 1, count=len(parts), mark=translate(MARKS[shape])
    )
    return Way(tuple(stations), "".join(gone), "".join(ahead), shape, round(at), said)


SIGNS: Final[dict[Mark, str]] = {"seen": "*", "by_plan": "~", "standing": "=", "stopped": "!"}
"""The mark where nothing is drawn."""


def in_a_line(seen: Glance, now: datetime) -> str:
    """The same in letters: the States, and beside the one in which it is the mark of how that is known."""
    parts = _parts(seen, now)
    sign = SIGNS[_mark(seen, parts, now)]
    return " ".join(f"[{one.state}{sign}]" if one.now else one.state for one in _shown(parts))


def _parts(seen: Glance, now: datetime) -> tuple[_Part, ...]:
    """Stretches of the same State, one after another, as one."""
    on = seen.leg if seen.leg is not None else 0
    if seen.arrived:
        on = len(seen.way) - 1
    found = []
    for state, group in groupby(enumerate(seen.way), key=lambda one: one[1].state):
        legs = list(group)
        takes = sum(one.takes for _, one in legs)
        first, last = legs[0][0], legs[-1][0]
        done = 1.0 if last < on or seen.arrived else 0.0 if first > on or seen.leg is None else _share(seen, legs, now)
        found.append(_Part(state, takes, done, first <= on <= last))
    return tuple(found)


def _share(seen: Glance, legs: Sequence[tuple[int, LegAhead]], now: datetime) -> float:
    """Of the part that it is on, what is behind it by the plan."""
    takes = sum(one.takes for _, one in legs) or 1
    before = sum(one.takes for number, one in legs if number < (seen.leg or 0))
    here = next(one.takes for number, one in legs if number == seen.leg)
    since = (now - instant(seen.left_at)).total_seconds() if seen.left_at is not None else 0
    return min(1.0, (before + min(max(since, 0), here)) / takes)


def _shown(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
    if len(parts) <= MOST_STATIONS:
        return parts
    here = next(number for number, one in enumerate(parts) if one.now)
    kept = {0, len(parts) - 1, here, max(here - 1, 0), min(here + 1, len(parts) - 1)}
    return tuple(one for number, one in enumerate(parts) if number in kept)


def _mark(seen: Glance, parts: tuple[_Part, ...], now: datetime) -> Mark:
    if seen.halted is not None or seen.held or seen.lost_since is not None:
        return "stopped"
    if seen.leg is None or seen.arrived or next(one.done for one in parts if one.now) >= 1:
        return "standing"
    return "seen" if seen.seen_at is not None and now - instant(seen.seen_at) <= FRESH else "by_plan"
