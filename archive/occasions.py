"""What has come up that supervisors may want to be told of: each once for the installation, however many gateways see it, and
numbered in order, so that whoever is told is told from where they were on, also after a restart.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.database import Database
from archive.tables import last_notice, notices
from domain.views.subscriptions import Occasion
from domain.words.moments import utc_text

KEPT: Final = timedelta(days=1)
"""For how long one is kept at least. What is so of a delivery still is kept as long as it is."""
AT_ONCE: Final = 500
"""Rows in one statement to the database."""


class Occasions:
    """The table. Each method raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def add(self, found: Iterable[Occasion], change: int) -> None:
        """Note what is not noted yet, and that everything up to this change has been looked at."""
        wanted = {one.mark: one for one in found}
        async with self._database.writing() as connection:
            last = await held(connection)
            new = [wanted[mark] for mark in wanted.keys() - await _known(connection, list(wanted))]
            at = utc_text(self._clock())
            rows = [
                {"number": number, "mark": one.mark, "delivery": one.delivery, "subject": one.subject, "urgent": one.urgent}
                for number, one in enumerate(sorted(new), last + 1)
            ]
            if rows:
                await connection.execute(insert(notices), [row | {"at": at} for row in rows])
            await connection.execute(update(last_notice).values(number=last + len(rows), change=change))

    async def change(self) -> int:
        """The change up to which everything has been looked at."""
        async with self._database.reading() as connection:
            return int((await connection.execute(select(last_notice.c.change))).scalar_one())

    async def forget(self, still: Collection[str]) -> None:
        """Remove what is older than a day, but for marks of what is so still: it would be told again."""
        old = select(notices.c.number, notices.c.mark).where(notices.c.at <= utc_text(self._clock() - KEPT))
        async with self._database.reading() as connection:
            found = [row.number for row in await connection.execute(old) if row.mark not in still]
        for start in range(0, len(found), AT_ONCE):
            async with self._database.writing() as connection:
                await connection.execute(delete(notices).where(notices.c.number.in_(found[start : start + AT_ONCE])))


async def held(connection: AsyncConnection) -> int:
    """The newest number, which nobody else changes until the transaction has ended."""
    same = update(last_notice).values(number=last_notice.c.number).returning(last_notice.c.number)
    return int((await connection.execute(same)).scalar_one())


async def newest(connection: AsyncConnection) -> int:
    """The newest number."""
    return int((await connection.execute(select(last_notice.c.number))).scalar_one())


async def _known(connection: AsyncConnection, marks: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(marks), AT_ONCE):
        some = marks[start : start + AT_ONCE]
        found.update((await connection.execute(select(notices.c.mark).where(notices.c.mark.in_(some)))).scalars())
    return found
