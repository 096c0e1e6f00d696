"""The watch floor as a list: the worst first, why as a letter, where it is, who is waited for, and how long they have."""

import asyncio
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
from domain.views.floor_in_words import LATE, LETTERS, cells
from domain.views.lists import Row
from domain.views.names import OUTCOMES
from domain.views.names import PHASES as LONG_PHASES
from domain.views.route import in_a_line
from domain.views.sentences import two_units
from domain.words.errors import NotAllowed
from domain.words.moments import instant
from protocol.gateway import Gateway

STYLES = {"needs_you": "bold red", "watch": "yellow"}
"""Of the letter, beside which colour is never the only sign."""
ROOMY = 110
"""Columns from which on a row has room for all that the board says of it."""


@dataclass(frozen=True)
class Listed:
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

    lines: tuple[Listed, ...]
    engine: Engine = "up"
    beyond: int = 0

    def documents(self) -> list[dict[str, Any]]:
        """For a program."""
        return [one.document() for one in self.lines]


async def board(door: Gateway, asked: Narrowing) -> Board:
    """The list that is asked for: as the floor orders it, then what is not on it. Raises `Malformed` for what cannot be asked."""
    query, of_floor = asked.query(), asked.of_floor()
    rows, (floor, engine, beyond) = await asyncio.gather(door.deliveries(query), _floor(door, of_floor))
    known = {row.delivery: Listed(row, floor.get(row.delivery)) for row in rows}
    lines = [*known.values()]
    if asked.sort != "started":
        on_floor = [known[name] for name in floor if name in known]
        lines = [*on_floor, *(one for one in lines if one.floor is None)]
    if asked.of_floor_alone:
        lines = [one for one in lines if one.floor is not None]
    return Board(tuple(lines[: asked.limit]), engine, beyond)


async def _floor(door: Gateway, asked: dict[str, str]) -> tuple[dict[str, FloorRow], Engine, int]:
    """The rows of the floor; none where it is not the caller's to see."""
    try:
        rows, page = await door.floor(asked)
    except NotAllowed:
        return {}, "up", 0
    return rows, page.engine, page.beyond


def table(found: Board, room: int, now: datetime | None = None, *, wide: bool = False) -> Lines:
    """The board as lines. `room`: columns of the terminal: where they are few, it is not said for what somebody is waited for, so
    that there are many rows on it. `wide`: with all that is known of each.
    """
    now = now or datetime.now(UTC)
    more = (_("title"), _("operation"), _("channel"), _("due"), _("started"), _("closed"), _("entries")) if wide else ()
    names = (_("delivery"), _("route"), _("held by"), _("waits for"), _("time left"), _("age"), _("phase"))
    lines = Lines("!", *names, *more)
    lines.padding = (0, 1, 0, 0)  # eight columns beside one another: no blank is spent that nobody needs
    for one in found.lines:
        lines.add_row(*_cells(one, now, whole=wide or room >= ROOMY), *(_more(one.row) if wide else ()))
    return lines


def _cells(one: Listed, now: datetime, *, whole: bool) -> tuple[Text | str, ...]:
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
    """What is wrong while all this is shown, and what is left out of it."""
    engine = {
        "no_worker": _("No worker is up: nothing advances by itself. Stops and answers are kept."),
        "away": _("Temporal does not answer: nothing advances, and stops and answers cannot be handed in."),
    }
    beyond = _("{count} more are open than the watch floor holds; they stand last.", count=found.beyond)
    return [*([engine[found.engine]] if found.engine in engine else []), *([beyond] if found.beyond else [])]
