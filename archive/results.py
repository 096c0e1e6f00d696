"""The results and statistics of a period, added up by the database from what each delivery adds (`domain.views.tally`), and from
what a simulation said of it: no ledger is opened, and what is read is as much as the answer has lines.

Numbers are added up in two parts, so that no sum of them is beyond what a database can hold.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    distinct,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.branches import lock
from archive.database import Database
from archive.questions import Reach
from archive.tables import data_keys, deliveries, forecasts, participants, tallies
from domain.views.results import CountedBy, Period, Results, Total
from domain.views.statistics import PER, Forecast, Narrowed, Statistics, durations, endings, refusals, times
from domain.views.tally import JUDGED, STATISTICAL
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
        lines = _lines(reader, reach).where(*among, tallies.c.measure.not_in(STATISTICAL)).limit(MOST_TOTALS + 1)
        in_short = _lines(reader, reach, _IN_SHORT).where(*among, _SHORTENED)
        async with self._database.reading() as connection:
            found = (*(await connection.execute(in_short)).all(), *(await connection.execute(lines)).all())
            expunged = (await connection.execute(_expunged(reader, reach).where(*among))).scalar_one()
        return Results(
            counted_by=by,
            period=period,
            as_of=utc_text(self._clock()),
            reader=reader,
            whole=reach == "all",
            expunged=expunged,
            cut=len(found) > MOST_TOTALS,
            totals=tuple(sorted(map(_total, found[:MOST_TOTALS]), key=lambda one: one.key)),
        )

    async def statistics(self, reader: str, reach: Reach, period: Period, by: CountedBy, narrowed: Narrowed) -> Statistics:
        """How deliveries of a period went: all, or those that this reader takes part in, as far as it may see them."""
        among = (*_in(period, by), *_narrowed(reach, narrowed))
        lines = _lines(reader, reach).where(*among, tallies.c.measure.in_(STATISTICAL)).limit(MOST_TOTALS + 1)
        of_these = _foreseen(reader, reach).where(*among)
        async with self._database.reading() as connection:
            found = (await connection.execute(lines)).all()
            compared = (await connection.execute(lines.where(_FORETOLD))).all()
            foreseen = (await connection.execute(of_these.limit(MOST_TOTALS + 1))).all()
            tenths = (await connection.execute(_tenths(reader, reach, among))).all()
            counts = [await _count(connection, _theirs(reader, reach), (*among, *more)) for more in ((), (_FORETOLD,))]
        real, alike, simulated = (
            tuple(one for one in map(made, rows[:MOST_TOTALS]) if narrowed.takes(one))
            for rows, made in ((found, _total), (compared, _total), (foreseen, _foretold))
        )
        fell = {int(row.tenth): int(row.number) for row in tenths}
        return Statistics(
            counted_by=by,
            period=period,
            as_of=utc_text(self._clock()),
            reader=reader,
            whole=reach == "all",
            narrowed=narrowed,
            deliveries=counts[0],
            simulated=counts[1],
            cut=max(len(found), len(foreseen)) > MOST_TOTALS,
            lasted=durations(real, alike, simulated),
            **times(*(tuple(one for one in some if one.measure != "lasted") for some in (real, alike, simulated))),
            endings=endings(real, alike, simulated, counts[1]),
            refused=refusals(real),
            tenths=tuple(fell.get(number, 0) for number in range(10)) if fell else (),
        )

    async def keep(self, delivery: str, forecast: Forecast) -> bool:
        """Keep what a simulation said of a delivery, as if of a thousand runs. Whether it is new: one that is kept stays."""
        numbers: list[tuple[str, str, str, str, int]] = [
            (one.measure, one.of, one.by, one.how, (2 * one.count * PER + forecast.runs) // (2 * forecast.runs))
            for one in forecast.lines
        ]
        numbers += [(_TENTH, str(number), "", "", seconds) for number, seconds in enumerate(forecast.tenths, 1)]
        names = ("measure", "first", "second", "third", "number")
        rows = [{"delivery": delivery} | dict(zip(names, one, strict=True)) for one in numbers]
        async with self._database.writing() as connection:
            await lock(connection, delivery)
            if (await connection.execute(select(exists().where(forecasts.c.delivery == delivery)))).scalar_one():
                return False
            await connection.execute(insert(forecasts), rows)
        return True


def _in(period: Period, by: CountedBy) -> tuple[ColumnElement[bool], ...]:
    at = deliveries.c.started_at if by == "started" else deliveries.c.closed_at
    return at >= utc_text(instant(period.since)), at < utc_text(instant(period.until))


_FORETOLD: Final = exists().where(forecasts.c.delivery == deliveries.c.delivery)
"""Whether a forecast of the delivery is kept."""


def _narrowed(reach: Reach, narrowed: Narrowed) -> tuple[ColumnElement[bool], ...]:
    """By State and channel as the reader's own lines have them: a filter tells nothing that no line does (R11)."""
    known = tallies.alias()
    return tuple(
        exists().where(
            known.c.delivery == deliveries.c.delivery,
            known.c.service == _whose(reach),
            known.c.measure == "counted",
            known.c.first == name,
            known.c.second == value,
        )
        for name, value in (("state", narrowed.state), ("channel", narrowed.channel))
        if value is not None
    )


_KEY: Final = (tallies.c.measure, tallies.c.first, tallies.c.second, tallies.c.third)
_IN_SHORT: Final = (
    tallies.c.measure,
    literal("").label("first"),
    literal("").label("second"),
    case((tallies.c.measure == "asked", tallies.c.third), else_="").label("third"),
)
_SHORTENED: Final = or_(
    tallies.c.measure.in_(("refused", "answered")), and_(tallies.c.measure == "asked", tallies.c.third.in_(JUDGED))
)
"""As `domain.views.tally.in_short` says it."""


def _lines(reader: str, reach: Reach, key: Sequence[ColumnElement[Any]] = _KEY) -> Select[Any]:
    """Each line of the answer, of those rows that are this reader's."""
    operations = func.count(distinct(func.coalesce(deliveries.c.operation, deliveries.c.delivery)))
    sums = [
        expression
        for column in (tallies.c.number, tallies.c.amount)
        for expression in (func.sum(column // literal(APART)), func.sum(column % literal(APART)))
    ]
    return (
        select(*key, operations, func.count(distinct(deliveries.c.delivery)), *sums, func.max(tallies.c.longest))
        .select_from(_among(reader, reach))
        .group_by(*key)
        .order_by(*key)
    )


def _among(reader: str, reach: Reach) -> Any:
    """The deliveries that are this reader's, with the lines of the part that is."""
    own = and_(tallies.c.delivery == deliveries.c.delivery, tallies.c.service == _whose(reach))
    return _theirs(reader, reach).join(tallies, own)


def _whose(reach: Reach) -> ColumnElement[str]:
    """Whose lines are the reader's."""
    return case((participants.c.reach == "whole", ""), else_=participants.c.service) if reach == "own" else literal("")


_TENTH: Final = "tenth"
"""The measure of the seconds below which so many tenths of the simulations lasted."""
_FORESEEN = (forecasts.c.measure, forecasts.c.first, forecasts.c.second, forecasts.c.third)


def _foreseen(reader: str, reach: Reach) -> Select[Any]:
    """What simulations said: of who sees a part, what they said of itself (R11)."""
    among = _theirs(reader, reach).join(forecasts, forecasts.c.delivery == deliveries.c.delivery)
    found = select(*_FORESEEN, func.sum(forecasts.c.number)).select_from(among).group_by(*_FORESEEN).order_by(*_FORESEEN)
    found = found.where(forecasts.c.measure != _TENTH)
    return found if reach == "all" else found.where(or_(participants.c.reach == "whole", forecasts.c.second == reader))


def _tenths(reader: str, reach: Reach, among: tuple[ColumnElement[bool], ...]) -> Select[Any]:
    """How many deliveries fell into which tenth of their own simulated durations. Who sees a part has no line of a duration."""
    both = _among(reader, reach).join(forecasts, forecasts.c.delivery == deliveries.c.delivery)
    each = (
        select(func.sum(case((forecasts.c.number < tallies.c.amount, 1), else_=0)).label("tenth"))
        .select_from(both)
        .where(*among, tallies.c.measure == "lasted", forecasts.c.measure == _TENTH)
        .group_by(deliveries.c.delivery)
        .subquery()
    )
    return select(each.c.tenth, func.count().label("number")).group_by(each.c.tenth)


async def _count(connection: AsyncConnection, among: Any, where: tuple[ColumnElement[bool], ...]) -> int:
    return int((await connection.execute(select(func.count()).select_from(among).where(*where))).scalar_one())


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


def _foretold(row: Row[Any]) -> Total:
    measure, of, by, how, number = tuple(row)
    numbers = {"operations": 0, "consignments": 0, "count": int(number), "amount": 0, "most": 0}
    return Total.model_validate({"measure": measure, "of": of, "by": by, "how": how} | numbers)
