"""Which receipts are still owed to services that are polled: those that call have theirs in the answer to their own call.

A row is written in the transaction that keeps the entry, so no receipt is forgotten with a worker. It goes when the receipt is
taken. Of what is due, a worker takes some for itself for a while, so that two do not hand over the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.database import Database
from archive.proofs import INSERT
from archive.tables import owed_receipts
from domain.signing.canonical import Frozen
from domain.words.moments import utc_text

MINE: Final = timedelta(minutes=1)
"""For how long what a worker has taken is its own."""


class OwedReceipt(Frozen):
    """One of them."""

    service: str
    delivery: str
    seq: int
    """The number of the entry."""
    tries: int


@dataclass(frozen=True)
class ReachedFrom:
    """Which services are reached from here: these only, or all but these."""

    services: tuple[str, ...] = ()
    only: bool = False


class OwedReceipts:
    """The table. Each method raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def take(self, most: int, reached: ReachedFrom) -> tuple[OwedReceipt, ...]:
        """At most so many that are due to services reached from here, the longest first; nobody else is given them meanwhile."""
        now = self._clock()
        whose = owed_receipts.c.service.in_(reached.services)
        mine = whose if reached.only else ~whose
        due = select(owed_receipts).where(owed_receipts.c.next_at <= utc_text(now), mine).order_by(owed_receipts.c.next_at)
        async with self._database.writing() as connection:
            rows = (await connection.execute(due.limit(most).with_for_update(skip_locked=True))).mappings().all()
            found = tuple(OwedReceipt(**{name: row[name] for name in OwedReceipt.model_fields}) for row in rows)
            if found:
                taken = tuple_(*_KEY).in_([(one.service, one.delivery, one.seq) for one in found])
                await connection.execute(update(owed_receipts).where(taken).values(next_at=utc_text(now + MINE)))
        return found

    async def settle(self, one: OwedReceipt) -> None:
        """It was taken, or is given up."""
        async with self._database.writing() as connection:
            await connection.execute(delete(owed_receipts).where(*_is(one)))

    async def put_off(self, one: OwedReceipt, pause: timedelta) -> None:
        """It was not taken, and is tried again after this pause."""
        later = {"tries": one.tries + 1, "next_at": utc_text(self._clock() + pause)}
        async with self._database.writing() as connection:
            await connection.execute(update(owed_receipts).where(*_is(one)).values(later))


async def owe(connection: AsyncConnection, delivery: str, owed: Sequence[tuple[int, str]], now: datetime) -> None:
    """Note that these entries' statements are of services that are polled. Noted again, it changes nothing."""
    rows = [{"service": service, "delivery": delivery, "seq": seq, "tries": 0, "next_at": utc_text(now)} for seq, service in owed]
    if rows:
        await connection.execute(INSERT[connection.dialect.name](owed_receipts).on_conflict_do_nothing(), rows)


_KEY = (owed_receipts.c.service, owed_receipts.c.delivery, owed_receipts.c.seq)


def _is(one: OwedReceipt) -> tuple[ColumnElement[bool], ...]:
    return tuple(column == value for column, value in zip(_KEY, (one.service, one.delivery, one.seq), strict=True))
