"""The watch floor as a list: the worst first, why as a letter, where it is, who is waited for, and how long they have."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from client.entries import moment
from client.language import _, named, speak
from client.listing import Narrowing
from client.tables import Lines
from domain.signing.canonical import plain
from domain.views.floor import Engine, FloorRow
from domain.views.floor_in_words import LATE, LETTERS, awaited, cells
from domain.views.lists import Row
from domain.views.names import OUTCOMES
from domain.views.names import PHASES as LONG_PHASES
from domain.views.returns import harmless
from domain.views.route import in_a_line
from domain.views.sentences import two_units
from domain.words.errors import NotAllowed
from domain.words.limits import MOST_ASKED_BY_NAME
from domain.words.moments import instant
from protocol.gateway import Gateway

STYLES = {"needs_you": "bold red", "watch": "yellow"}
"""Of the letter, beside which colour is never the only sign."""
ROOMY, USUAL = 110, 96
"""Columns from which on a row has room for all that the board says of it; and for all but for what somebody is waited for. On
fewer, the age is left out too, so that a row of a short route is one line of 80.
"""


@dataclass(frozen=True)
class BoardRow:
    """A delivery of the list, and its row of the watch floor: none where it has ended, or is the reader's in part."""

    row: Row
    floor: FloorRow | None

    def document(self) -> dict[str, Any]:
        """For a program."""
        row: dict[str, Any] = plain(self.row)
        return row | {"floor": plain(self.floor) if self.floor is not None else None}


@dataclass(frozen=True)
class Board:
    """What a list shows. `engine`: whether anything advances by itself, as the floor says it. `beyond`: open deliveries that the
    gateway does not hold on its floor: they stand below.
    """

    lines: tuple[BoardRow, ...]
    engine: Engine = "up"
    beyond: int = 0
    more: bool = False
    """Whether the limit has left some out."""
    matching: int | None = None
    """How many match on the floor; none where the list is narrowed by what the floor does not know."""

    def documents(self) -> list[dict[str, Any]]:
        """For a program."""
        return [one.document() for one in self.lines]

    def csv(self) -> str:
        """As a table for programs (RFC 4180): moments in UTC, names as the rules have them."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(harmless(_columns(one)) for one in self.lines)
        return text.getvalue()


COLUMNS = (
    *("delivery", "reason", "band", "phase", "outcome", "title", "operation", "channel", "state", "route", "holder"),
    *("waits_for", "checkpoint", "needs", "next_due", "overdue_since", "started_at", "closed_at", "entries", "alarm"),
)
"""Of a list as a table for programs. What the watch floor alone knows is empty where a delivery is not on it."""


def _columns(one: BoardRow) -> Iterator[str]:
    """What stands in them."""
    row, seen = one.row, one.floor.glance if one.floor is not None else None
    wait = awaited(one.floor) if one.floor is not None else None
    reason, band, state = (one.floor.reason, one.floor.group, one.floor.state) if one.floor is not None else ("", "", "")
    route, holder = (" ".join(each.state for each in seen.way), seen.holder) if seen is not None else ("", "")
    waits = (" ".join(wait.services), wait.checkpoint, wait.needs) if wait is not None else ("", "", "")
    said = (row.delivery, reason, band, row.phase, row.outcome, row.title, row.group, row.channel, state, route, holder, *waits)
    stands = (row.next_due, row.overdue_since, row.started_at, row.closed_at, row.size, row.alarm)
    return (str(each) if each is not None else "" for each in (*said, *stands))


async def board(door: Gateway, asked: Narrowing, most: int | None = None) -> Board:
    """The list that is asked for: as the floor orders it, then what is not on it. Raises `Malformed` for what cannot be asked.
    `most`: the first so many, for which no more is read than they need; none: all.
    """
    if most is not None:
        newest = _newest_of_floor if asked.of_floor_alone else _newest
        return await (newest if asked.sort == "started" else _first)(door, asked, most)
    query, of_floor = asked.query(), asked.of_floor()
    rows, (floor, engine, beyond) = await asyncio.gather(door.deliveries(query), _floor(door, of_floor))
    known = {row.delivery: BoardRow(row, floor.get(row.delivery)) for row in rows}
    lines = [*known.values()]
    if asked.sort != "started":
        on_floor = [known[name] for name in floor if name in known]
        lines = [*on_floor, *(one for one in lines if one.floor is None)]
    if asked.of_floor_alone:
        lines = [one for one in lines if one.floor is not None]
    return _cut(lines, most, engine, beyond)


async def _first(door: Gateway, asked: Narrowing, most: int) -> Board:
    """The first so many of the same list."""
    query, of_floor, lines, seen = asked.query(), asked.of_floor(), list[BoardRow](), dict[str, FloorRow]()
    engine: Engine = "up"
    beyond = 0
    matching: int | None = None
    with suppress(NotAllowed):  # then nothing of it is the caller's to see
        async for page in door.floor_pages(of_floor):
            engine, beyond = page.engine, page.beyond
            matching = None if asked.of_list_alone else page.matching
            fresh = {row.glance.delivery: row for row in page.rows if row.glance.delivery not in seen}
            seen |= fresh
            for names in _some([*fresh], MOST_ASKED_BY_NAME if asked.of_list_alone else min(most + 1, MOST_ASKED_BY_NAME)):
                rows = await door.deliveries({**query, "deliveries": ",".join(names)})
                known = {row.delivery: row for row in rows}
                lines += [BoardRow(known[name], fresh[name]) for name in names if name in known]
                if len(lines) > most:
                    return _cut(lines, most, engine, beyond, matching)
    if not asked.of_floor_alone:
        below = await door.deliveries(query, len(seen) + most + 1 - len(lines))
        lines += [BoardRow(row, None) for row in below if row.delivery not in seen]
    return _cut(lines, most, engine, beyond, matching)


async def _newest(door: Gateway, asked: Narrowing, most: int) -> Board:
    """The same where the list alone knows the order."""
    rows, known = await door.deliveries(asked.query(), most + 1), dict[str, FloorRow]()
    engine: Engine = "up"
    beyond = 0
    for names in _some([row.delivery for row in rows[:most]], MOST_ASKED_BY_NAME):
        some, engine, beyond = await _floor(door, {**asked.of_floor(), "deliveries": ",".join(names)})
        known |= some
    return _cut([BoardRow(row, known.get(row.delivery)) for row in rows], most, engine, beyond)


def _cut(lines: list[BoardRow], most: int | None, engine: Engine, beyond: int, matching: int | None = None) -> Board:
    """The first so many of these."""
    return Board(tuple(lines[:most]), engine, beyond, more=len(lines) > len(lines[:most]), matching=matching)


async def _newest_of_floor(door: Gateway, asked: Narrowing, most: int) -> Board:
    """The same of what the watch floor alone can choose, all of which is read of it."""
    floor, engine, beyond = await _floor(door, asked.of_floor())
    lines: list[BoardRow] = []
    for names in _some(sorted(floor, key=lambda name: (floor[name].glance.started_at, name), reverse=True), MOST_ASKED_BY_NAME):
        known = {row.delivery: row for row in await door.deliveries({**asked.query(), "deliveries": ",".join(names)})}
        lines += [BoardRow(known[name], floor[name]) for name in names if name in known]
        if len(lines) > most:
            break
    return _cut(lines, most, engine, beyond)


def _some(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """So many names at a time."""
    return (names[first : first + size] for first in range(0, len(names), size))


async def _floor(door: Gateway, asked: dict[str, str]) -> tuple[dict[str, FloorRow], Engine, int]:
    """The rows of the floor; none where it is not the caller's to see."""
    try:
        rows, page = await door.floor(asked)
    except NotAllowed:
        return {}, "up", 0
    return rows, page.engine, page.beyond


def table(found: Board, room: int, now: datetime | None = None, *, wide: bool = False) -> Lines:
    """The board as lines. `room`: columns of the terminal: where they are few, less is said, so that there are many rows on it.
    `wide`: with all that is known of each.
    """
    now = now or datetime.now(UTC)
    more = (_("title"), _("operation"), _("channel"), _("due"), _("started"), _("closed"), _("entries")) if wide else ()
    names = (_("delivery"), _("route"), _("held by"), _("waits for"), _("time left"), _("age"), _("phase"))
    left_out = {_("age")} if room < USUAL and not wide else set()
    lines = Lines("!", *(one for one in names if one not in left_out), *more, pad_edge=False)
    lines.padding = (0, 1, 0, 0)  # eight columns beside one another: no blank is spent that nobody needs
    for one in found.lines:
        row = zip(("!", *names), _cells(one, now, whole=wide or room >= ROOMY), strict=True)
        lines.add_row(*(cell for name, cell in row if name not in left_out), *(_more(one.row) if wide else ()))
    return lines


def _cells(one: BoardRow, now: datetime, *, whole: bool) -> tuple[Text | str, ...]:
    """Of one delivery; of one that is not on the floor what its row says."""
    row, age = one.row, two_units((instant(one.row.closed_at) if one.row.closed_at else now) - instant(one.row.started_at), speak)
    if one.floor is None:
        return Text(), row.delivery, "", "", "", _left(row, now), age, _phase(row, named(LONG_PHASES, row.phase))
    said, seen = cells(one.floor, now, speak), one.floor.glance
    waits = f"{said.who} +{said.more}" if said.more else said.who
    if whole or not waits:
        waits = f"{waits} · {said.need}" if waits else said.need
    letter = Text(LETTERS.get(one.floor.reason, ""), STYLES.get(one.floor.group, ""))
    return letter, row.delivery, in_a_line(seen, now), seen.holder, waits, said.left, said.age, _phase(row, said.phase)


def _left(row: Row, now: datetime) -> str:
    """Until the nearest due time that the reader may know of."""
    due = row.overdue_since or row.next_due
    if due is None or row.closed_at is not None:
        return ""
    span = two_units(instant(due) - now, speak)
    return _(LATE, span=span) if row.overdue_since is not None or instant(due) <= now else span


def _phase(row: Row, phase: str) -> str:
    """How far it has come, or how it ended; and what cannot be right."""
    stands = named(OUTCOMES, row.outcome) if row.outcome else phase
    alarm = _(" ALARM: archive and workflow differ") if row.alarm else ""
    return stands + (_(", expunged") if row.expunged else "") + alarm


def _more(row: Row) -> tuple[str, ...]:
    due, closed = row.overdue_since or row.next_due, row.closed_at
    times = (moment(due) if due else "", moment(row.started_at), moment(closed) if closed else _("open"))
    return row.title or "", row.group or "", row.channel or "", *times, str(row.size or "")


def said_beside(found: Board) -> list[str]:
    """What is wrong while all this is shown."""
    engine = {
        "no_worker": _("No worker is up: nothing advances by itself. Stops and answers are kept."),
        "away": _("Temporal does not answer: nothing advances, and stops and answers cannot be handed in."),
    }
    return [engine[found.engine]] if found.engine in engine else []


def said_below(found: Board) -> list[str]:
    """What is left out of it, and what shows more."""
    beyond = _("{count} more are open than the watch floor holds; they stand last.", count=found.beyond)
    these, all_of = len(found.lines), found.matching
    more = _("The first {shown}. More match: --limit {next} shows more.", shown=these, next=10 * these)
    if all_of is not None and all_of > these:
        more = _("The first {shown}. On the watch floor {all} match: --limit {all} shows them.", shown=these, all=all_of)
    return [*([beyond] if found.beyond else []), *([more] if found.more else [])]
