"""The results of a period, added up by the database from what each delivery adds (`domain.views.tally`): no ledger is opened, and
what is read is as much as the answer has lines.

Numbers are added up in two parts, so that no sum of them is beyond what a database can hold.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, case, distinct, func, literal, select

from archive.database import Database
from archive.questions import Reach
from archive.tables import data_keys, deliveries, participants, tallies
from domain.views.results import CountedBy, Period, Results, Total
from domain.words.limits import MOST_TOTALS
from domain.words.moments import instant, utc_text

APART: Final = 10**9
"""Above it and below it numbers are added up apart."""


class PeriodResults:
    """Counts what the archive has. Raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def of(self, reader: str, reach: Reach, period: Period, by: CountedBy) -> Results:
        """The results of a period: of all deliveries, or of those that this reader takes part in, as far as it may see them."""
        among = _in(period, by)
        lines = _lines(reader, reach).where(*among).limit(MOST_TOTALS + 1)
        async with self._database.reading() as connection:
            found = (await connection.execute(lines)).all()
            expunged = (await connection.execute(_expunged(reader, reach).where(*among))).scalar_one()
        return Results(
            counted_by=by,
            period=period,
            as_of=utc_text(self._clock()),
            reader=reader,
            whole=reach == "all",
            expunged=expunged,
            cut=len(found) > MOST_TOTALS,
            totals=tuple(map(_total, found[:MOST_TOTALS])),
        )


def _in(period: Period, by: CountedBy) -> tuple[ColumnElement[bool], ...]:
    at = deliveries.c.started_at if by == "started" else deliveries.c.closed_at
    return at >= utc_text(instant(period.since)), at < utc_text(instant(period.until))


_KEY = (tallies.c.measure, tallies.c.first, tallies.c.second, tallies.c.third)


def _lines(reader: str, reach: Reach) -> Select[Any]:
    """Each line of the answer, of those rows that are this reader's."""
    operations = func.count(distinct(func.coalesce(deliveries.c.operation, deliveries.c.delivery)))
    sums = [
        expression
        for column in (tallies.c.number, tallies.c.amount)
        for expression in (func.sum(column // literal(APART)), func.sum(column % literal(APART)))
    ]
    return (
        select(*_KEY, operations, func.count(), *sums, func.max(tallies.c.longest))
        .select_from(_among(reader, reach))
        .group_by(*_KEY)
        .order_by(*_KEY)
    )


def _among(reader: str, reach: Reach) -> Any:
    """The deliveries that are this reader's, with the lines of the part that is."""
    whose = case((participants.c.reach == "whole", ""), else_=participants.c.service) if reach == "own" else literal("")
    return _theirs(reader, reach).join(tallies, and_(tallies.c.delivery == deliveries.c.delivery, tallies.c.service == whose))


def _expunged(reader: str, reach: Reach) -> Select[Any]:
    among = _theirs(reader, reach).join(data_keys, data_keys.c.delivery == deliveries.c.delivery)
    return select(func.count()).select_from(among).where(data_keys.c.wrapped.is_(None))


def _theirs(reader: str, reach: Reach) -> Any:
    if reach == "all":
        return deliveries
    own = and_(participants.c.delivery == deliveries.c.delivery, participants.c.service == reader)
    return deliveries.join(participants, own)


def _total(row: Row[Any]) -> Total:
    measure, of, by, how, operations, consignments, *sums, longest = tuple(row)
    count, amount = (int(above) * APART + int(below) for above, below in zip(sums[::2], sums[1::2], strict=True))
    numbers = {"operations": operations, "consignments": consignments, "count": count, "amount": amount, "most": longest}
    return Total.model_validate({"measure": measure, "of": of, "by": by, "how": how} | numbers)
