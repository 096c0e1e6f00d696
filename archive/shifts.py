"""What happened in a shift, found by what stands beside each entry; and handovers of shifts, never changed once they are closed.

A handover has two signatures under one sheet. Until the second is there it waits, and whoever hands over anew takes its place.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Row, and_, case, delete, exists, func, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.branches import lock
from archive.database import Database
from archive.ledgers import opened
from archive.sealed import DataKey, KeyWrapping
from archive.tables import data_keys, deliveries, entries, expunctions, handover_names, handovers, participants
from domain.delivery.ledger import Entry
from domain.record.handover import Handover, HandoverRecord, Handovers, Person, handed_in
from domain.signing.envelope import Envelope
from domain.views.happenings import WHATS, Happened, What, happened
from domain.views.shift import Before, Sheet
from domain.words.errors import Limited, Malformed, NotFound, NotVerified, Unavailable
from domain.words.limits import LONGEST_LIST, MOST_HAPPENED
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark

ALL: Final = ""
"""The watch over all deliveries."""
MOST_CLOSED: Final = 24
"""Handovers of one watch that officers of one service close within `A_DAY`. Each is kept for ever, and numbered over the
installation: two who hand over to each other without end would fill the archive, and use up everybody's numbers.
"""
A_DAY: Final = timedelta(days=1)
_RANK: Final = case({what: number for number, what in enumerate(WHATS)}, value=entries.c.what)


def key_of(number: int) -> str:
    """Under which name the key of a sheet stands among those of deliveries, none of which has such a name."""
    return f"shift/{number}"


SHEETS: Final = key_of(0)
"""What is locked by who keeps a sheet, or destroys some."""


@dataclass(frozen=True)
class HappenedSince:
    """How much of what has happened, the entries to tell, and deliveries of which one was altered."""

    counts: Mapping[What, int]
    lines: tuple[Happened, ...]
    unreadable: frozenset[str]


class Shifts:
    """Each method raises `Unavailable` if the database is away. `reader`: of which service's deliveries; `ALL`: of all."""

    def __init__(self, database: Database, ring: KeyWrapping) -> None:
        self._database = database
        self._ring = ring

    async def happened(self, reader: str, since: str, until: str, limit: int = MOST_HAPPENED) -> HappenedSince:
        """What was recorded after one moment and up to another."""
        within = and_(entries.c.what.is_not(None), entries.c.at > since, entries.c.at <= until, _theirs(reader))
        counted = select(entries.c.what, func.count()).where(within).group_by(entries.c.what)
        found = select(entries, data_keys.c.wrapped, data_keys.c.ring_key).where(within)
        found = found.outerjoin(data_keys, data_keys.c.delivery == entries.c.delivery)
        order = (_RANK, entries.c.at.desc(), entries.c.delivery, entries.c.seq)
        async with self._database.reading() as connection:
            counts = {what: count for what, count in (await connection.execute(counted)).all() if what in WHATS}
            rows = (await connection.execute(found.order_by(*order).limit(limit))).all()
        lines = {(row.delivery, row.branch, row.seq): self._line(row) for row in rows}
        return HappenedSince(
            counts={what: counts[what] for what in WHATS if what in counts},
            lines=tuple(
                sorted((one for one in lines.values() if one is not None), key=lambda one: (one.at, one.delivery, one.seq))
            ),
            unreadable=frozenset(name for (name, *_), one in lines.items() if one is None),
        )

    async def sizes(self, names: Sequence[str], at: str) -> dict[str, int]:
        """How many entries these deliveries had at that moment; without those whose record was put back since."""
        first = and_(entries.c.delivery == deliveries.c.delivery, entries.c.branch == 0, entries.c.at <= at)
        asked = select(deliveries.c.delivery, func.max(entries.c.seq)).join(entries, first)
        asked = asked.where(deliveries.c.delivery.in_(names), deliveries.c.branch == 0).group_by(deliveries.c.delivery)
        async with self._database.reading() as connection:
            return {name: last + 1 for name, last in (await connection.execute(asked)).all()}

    async def last(self, watch: str) -> Before | None:
        """The newest handover of this watch that is closed."""
        async with self._database.reading() as connection:
            return await _last(connection, watch)

    async def waiting(self, watch: str) -> Handover | None:
        """The handover of this watch that nobody has taken yet."""
        asked = select(handovers).where(handovers.c.watch == watch, handovers.c.taken.is_(None))
        async with self._database.reading() as connection:
            row = (await connection.execute(asked)).first()
        return None if row is None else _handover(row)

    async def former(self, watch: str, before: int | None, limit: int = LONGEST_LIST) -> Handovers:
        """A page of those that are closed, the newest first."""
        older = true() if before is None else handovers.c.number < before
        asked = select(handovers).where(handovers.c.watch == watch, handovers.c.taken.is_not(None), older)
        limit = max(1, min(limit, LONGEST_LIST))
        async with self._database.reading() as connection:
            rows = (await connection.execute(asked.order_by(handovers.c.number.desc()).limit(limit + 1))).all()
        shown = tuple(map(_handover, rows[:limit]))
        return Handovers(waiting=await self.waiting(watch), handovers=shown, next=shown[-1].number if len(rows) > limit else None)

    async def of_sheet(self, watch: str, digest: str) -> Handover | None:
        """The handover of this very sheet, closed or waiting, kept as what is written is: who signs again is answered with it."""
        asked = select(handovers).where(handovers.c.watch == watch, handovers.c.digest == digest)
        async with self._database.reading() as connection:
            row = (await connection.execute(asked)).first()
        if row is None:
            return None
        await self._database.settle()
        return _handover(row)

    async def record(self, watch: str, number: int) -> HandoverRecord:
        """One of them, with what was signed. Raises `NotFound`, and `NotVerified` where the sheet was altered."""
        name = key_of(number)
        asked = select(handovers).where(handovers.c.watch == watch, handovers.c.number == number)
        async with self._database.reading() as connection:
            row = (await connection.execute(asked)).first()
            key = (await connection.execute(select(data_keys).where(data_keys.c.delivery == name))).first()
        if row is None:
            raise NotFound(
                fill("there is no handover {number} here", number=number), hint=mark("`vigil shift former` lists them")
            )
        if key is None:
            raise Unavailable(
                fill("the key of handover {number} is missing", number=number), hint=mark("restore the table data_keys")
            )
        sheet = None
        if row.sheet is not None and key.wrapped is not None:
            sealed = DataKey.unwrapped(name, key.ring_key, key.wrapped, self._ring).open(row.sheet, "handovers", "sheet")
            sheet = Envelope.model_validate_json(sealed)
        taken = _signed(row.taken) if row.taken is not None else None
        given = _signed(row.given)
        return HandoverRecord(handover=_handover(row), sheet=sheet, given=given, taken=taken)

    async def give(self, sheet: Sheet, signed: Envelope, given: Envelope, at: str) -> Handover:
        """Keep that a shift is handed over; it waits to be taken. What waited before gives way to it. Where the same officer has
        handed over with this sheet already, it gives what there is.

        Raises `Malformed` where another handover was closed since the sheet was made, or a delivery that it names was expunged:
        nothing of that is kept anew; and `Limited` where its service has handed over as often as it may in a day.
        """
        watch, digest = sheet.watch or ALL, signed.fingerprint()
        async with self._database.writing() as connection:
            await lock(connection, SHEETS)
            mine = and_(handovers.c.watch == watch, handovers.c.digest == digest)
            there = (await connection.execute(select(handovers).where(mine))).first()
            if there is not None and _person(there.given) == _signer(given):
                return _handover(there)
            if await _last(connection, watch) != sheet.before:
                raise Malformed(mark("a shift was handed over since this sheet was made"), hint=mark("read the sheet anew"))
            names = sorted(set(sheet.names()))
            gone = select(expunctions.c.delivery).where(expunctions.c.delivery.in_(names))
            if (await connection.execute(gone)).first() is not None:
                raise Malformed(mark("a delivery on this sheet has been expunged"), hint=mark("read the sheet anew"))
            await _check_often(connection, watch, handed_in(given).service, at)
            await _withdraw(connection, watch)
            number = ((await connection.execute(select(func.max(handovers.c.number)))).scalar_one() or 0) + 1
            key, ring_key, wrapped = DataKey.new(key_of(number), self._ring)
            await connection.execute(insert(data_keys).values(delivery=key.delivery, ring_key=ring_key, wrapped=wrapped))
            row: dict[str, Any] = {"number": number, "watch": watch, "since": sheet.since, "at": sheet.at, "digest": digest}
            row |= {"heads": sheet.heads, "open": sheet.open, "given": given.model_dump_json(), "given_at": at}
            sealed = key.seal(signed.model_dump_json().encode(), "handovers", "sheet")
            await connection.execute(insert(handovers).values(row | {"sheet": sealed}))
            if names:
                await connection.execute(insert(handover_names), [{"number": number, "delivery": name} for name in names])
            return await _of(connection, number)

    async def take(self, found: HandoverRecord, taken: Envelope, at: str) -> Handover:
        """Close a handover that waits; one that the same officer has closed meanwhile is given as it is.

        Raises `NotFound` where it does not wait any more, or as it was found: whoever hands over anew may have its number, or
        have put another name under its sheet.
        """
        number, same = found.handover.number, handovers.c.given == found.given.model_dump_json()
        found_so = and_(handovers.c.number == number, same)
        async with self._database.writing() as connection:
            await lock(connection, SHEETS)
            there = (await connection.execute(select(handovers).where(found_so))).first()
            if there is not None and there.taken is not None and _person(there.taken) == _signer(taken):
                return _handover(there)
            closed = update(handovers).where(found_so, handovers.c.taken.is_(None))
            if not (await connection.execute(closed.values(taken=taken.model_dump_json(), taken_at=at))).rowcount:
                raise NotFound(mark("this handover does not wait any more"), hint=mark("read the sheet anew"))
            return await _of(connection, number)

    def _line(self, row: Row[Any]) -> Happened | None:
        """What an entry says of the shift; none if somebody altered it in the database."""
        with suppress(NotVerified, ValidationError, Malformed):
            if row.wrapped is not None:
                kept = opened(row, DataKey.unwrapped(row.delivery, row.ring_key, row.wrapped, self._ring))
                return happened(row.delivery, Entry.model_validate_json(kept.entry or b""))
        return None


def _theirs(reader: str) -> ColumnElement[bool]:
    """Whether an entry is of a delivery of which this reader sees the whole."""
    if reader == ALL:
        return true()
    own = and_(participants.c.delivery == entries.c.delivery, participants.c.service == reader, participants.c.reach == "whole")
    return exists().where(own)


async def _last(connection: AsyncConnection, watch: str) -> Before | None:
    asked = select(handovers).where(handovers.c.watch == watch, handovers.c.taken.is_not(None))
    row = (await connection.execute(asked.order_by(handovers.c.number.desc()).limit(1))).first()
    return None if row is None else Before(number=row.number, sheet=row.digest, heads=row.heads, at=row.at)


async def _check_often(connection: AsyncConnection, watch: str, service: str, at: str) -> None:
    """Raises `Limited`, until the first of those that this service handed over within a day is older."""
    closed = and_(handovers.c.watch == watch, handovers.c.taken.is_not(None))
    before = select(handovers.c.number).where(closed, handovers.c.taken_at <= utc_text(instant(at) - A_DAY))
    last = (await connection.execute(before.order_by(handovers.c.number.desc()).limit(1))).scalar_one_or_none() or 0
    lately = select(handovers.c.given, handovers.c.taken_at).where(closed, handovers.c.number > last)
    rows = (await connection.execute(lately.order_by(handovers.c.number.desc()))).all()
    own = [row.taken_at for row in rows if _person(row.given).service == service]
    if len(own) >= MOST_CLOSED:
        message = fill(
            "{service} has handed over this shift {count} times within a day, and no more may be", service=service, count=len(own)
        )
        raise Limited(message, after=ceil((instant(own[MOST_CLOSED - 1]) + A_DAY - instant(at)).total_seconds()))


async def _withdraw(connection: AsyncConnection, watch: str) -> None:
    """Take away what waits to be taken."""
    asked = select(handovers.c.number).where(handovers.c.watch == watch, handovers.c.taken.is_(None))
    for number in (await connection.execute(asked)).scalars().all():
        await connection.execute(delete(handover_names).where(handover_names.c.number == number))
        await connection.execute(delete(handovers).where(handovers.c.number == number))
        await connection.execute(delete(data_keys).where(data_keys.c.delivery == key_of(number)))


async def _of(connection: AsyncConnection, number: int) -> Handover:
    return _handover((await connection.execute(select(handovers).where(handovers.c.number == number))).one())


def _handover(row: Row[Any]) -> Handover:
    return Handover(
        number=row.number,
        watch=row.watch or None,
        since=row.since,
        at=row.at,
        sheet=row.digest,
        heads=row.heads,
        open=row.open,
        given_by=_person(row.given),
        given_at=row.given_at,
        taken_by=_person(row.taken) if row.taken is not None else None,
        taken_at=row.taken_at,
    )


def _person(text: str) -> Person:
    return _signer(_signed(text))


def _signer(envelope: Envelope) -> Person:
    signed = handed_in(envelope)
    return Person(service=signed.service, officer=signed.officer)


def _signed(text: str) -> Envelope:
    """What an officer signed, as it was kept. Raises `NotVerified`."""
    try:
        return Envelope.model_validate_json(text)
    except ValidationError as error:
        raise NotVerified(mark("a signature under a handover of the shift was altered in the database")) from error
