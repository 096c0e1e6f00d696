"""Patterns of enquiries at the register (R15): supervisors read them, and are told of each.

One stands here from the transaction that has found it, so none is forgotten with a worker. Of what is to be told a worker takes
one for itself for a while, so that two do not tell the same.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import ValidationError
from sqlalchemy import select, update

from archive.database import Database
from archive.tables import enquiry_alarms
from domain.plan.enquiries import Alarm
from domain.words.errors import NotVerified
from domain.words.limits import MOST_ALARMS
from domain.words.moments import utc_text
from domain.words.text import mark

MINE: Final = timedelta(minutes=2)
"""For how long what a worker has taken is its own."""


class Patterns:
    """The table. Each of its methods raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def newest(self) -> tuple[Alarm, ...]:
        """Those that are kept, the oldest first. Raises `NotVerified` with the number of what is none."""
        chosen = select(enquiry_alarms).order_by(enquiry_alarms.c.number.desc()).limit(MOST_ALARMS)
        async with self._database.reading() as connection:
            rows = (await connection.execute(chosen)).all()
        return tuple(_read(row.number, row.alarm) for row in reversed(rows))

    async def take(self) -> Alarm | None:
        """The oldest of which supervisors are to be told; nobody else is given it meanwhile."""
        now = self._clock()
        due = select(enquiry_alarms).where(enquiry_alarms.c.next_at <= utc_text(now)).order_by(enquiry_alarms.c.number)
        async with self._database.writing() as connection:
            row = (await connection.execute(due.limit(1).with_for_update(skip_locked=True))).first()
            if row is None:
                return None
            mine = enquiry_alarms.c.number == row.number
            await connection.execute(update(enquiry_alarms).where(mine).values(next_at=utc_text(now + MINE)))
        return _read(row.number, row.alarm)

    async def told(self, number: int) -> None:
        """They have been told."""
        async with self._database.writing() as connection:
            await connection.execute(update(enquiry_alarms).where(enquiry_alarms.c.number == number).values(next_at=None))


def _read(number: int, text: str) -> Alarm:
    try:
        return Alarm.model_validate_json(text)
    except ValidationError as error:
        raise NotVerified(mark("what is in the database is no alarm"), number) from error
