"""The results of a period, as heads of services read them: the lines of many deliveries added up, and how many operations and
consignments each number is of.

A delivery counts in the period in which it started, or in which it ended: who asks says which, and the answer says it again. An
operation is a group of consignments, a delivery with the parts that it split into, or else the one delivery.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.vocabulary import UtcText
from domain.signing.canonical import Frozen
from domain.views.sight import whole
from domain.views.tally import STATISTICAL, Measure, Word, in_short, tally
from domain.words.errors import Fault, Malformed
from domain.words.identifiers import ServiceId
from domain.words.limits import MOST_TOTALS
from domain.words.moments import Moment, check_window, instant, utc_text
from domain.words.text import fill, mark

CountedBy = Literal["started", "ended"]
"""By which moment a delivery counts in a period: when its signed plan was recorded, or when its ledger ended."""
Whole = Annotated[int, Field(ge=0)]

_YEAR: Final = re.compile(r"([0-9]{4})")
_QUARTER: Final = re.compile(r"([0-9]{4})-Q([1-4])")
_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{2})")
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ZONE: Final = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
LONGEST_PERIOD: Final = 80
RIGHT: Final = mark("a year, quarter, month or day such as 2026, 2026-Q2, 2026-06 or 2026-06-15, or FIRST/LAST of such")


class Period(Frozen):
    """From one moment to before another, each with the offset of the zone that was said."""

    since: Moment
    until: Moment

    @model_validator(mode="after")
    def _is_one(self) -> "Period":
        check_window(self.since, self.until)
        return self

    def holds(self, at: str) -> bool:
        """Whether this moment is in it."""
        return instant(self.since) <= instant(at) < instant(self.until)


def period_of(text: str, zone: str = "UTC") -> Period:
    """A period as people write it: its first and its last day, month, quarter or year, both whole, by the calendar of a zone; or
    two moments that carry their own offsets, the second no more in it. Raises `Malformed`.
    """
    first, _, last = text.strip()[:LONGEST_PERIOD].partition("/")
    offset = _offset(zone)
    try:
        since, until = _span(first, offset)[0], _span(last or first, offset)[1]
        return Period(since=since, until=until)
    except (ValueError, OverflowError) as error:
        fault = Fault(place="period", problem=fill("expected {right}", right=fill(RIGHT)))
        raise Malformed(fill("{period} is no period", period=text[:LONGEST_PERIOD]), (fault,)) from error


def _offset(zone: str) -> timezone:
    found = _ZONE.fullmatch(zone)
    if zone in ("UTC", "Z"):
        return UTC
    if found is None or found[2] > "14" or found[3] > "59":
        fault = Fault(place="zone", problem=mark("expected UTC, or an offset from it such as +05:00"))
        raise Malformed(fill("{zone} is no zone", zone=zone[:LONGEST_PERIOD]), (fault,))
    span = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-span if found[1] == "-" else span)


def _span(text: str, zone: timezone) -> tuple[str, str]:
    """The moment at which it begins, and that at which the next of its kind does. A moment is no longer than itself."""
    if "T" in text:
        instant(text)
        return text, text
    if (found := _QUARTER.fullmatch(text)) is not None:
        begins, months = date(int(found[1]), 3 * int(found[2]) - 2, 1), 3
    elif (found := _YEAR.fullmatch(text)) is not None:
        begins, months = date(int(found[1]), 1, 1), 12
    elif (found := _MONTH.fullmatch(text)) is not None:
        begins, months = date(int(found[1]), int(found[2]), 1), 1
    elif (found := _DAY.fullmatch(text)) is not None:
        begins = date(int(found[1]), int(found[2]), int(found[3]))
        return _moment(begins, zone), _moment(begins + timedelta(days=1), zone)
    else:
        raise ValueError(text)
    years, month = divmod(begins.month - 1 + months, 12)
    return _moment(begins, zone), _moment(date(begins.year + years, month + 1, 1), zone)


def _moment(day: date, zone: timezone) -> str:
    at = datetime(day.year, day.month, day.day, tzinfo=zone)
    utc_text(at)  # within the calendar of UTC
    return at.isoformat().replace("+00:00", "Z")


class Total(Frozen):
    """One number of the period. `operations` and `consignments`: in how many it occurs."""

    measure: Measure
    of: Word
    by: Word
    how: Word
    operations: Whole
    consignments: Whole
    count: Whole
    amount: Whole
    most: Whole

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Of what it is."""
        return (self.measure, self.of, self.by, self.how)


class Results(Frozen):
    """The results of a period, as one reader may have them."""

    vigil: Literal["results/1"] = "results/1"
    counted_by: CountedBy
    period: Period
    as_of: UtcText
    """Up to when they are true: what is under way changes them still."""
    reader: ServiceId | None = None
    """For whom; none where they were counted from packets."""
    whole: bool
    """Whether they are of all deliveries and the whole of them; else of those the reader takes part in, and of its part (R11)."""
    expunged: Whole = 0
    """Of how many consignments what was said is destroyed: they are counted, and nothing else is known of them."""
    cut: bool = False
    """Whether there are more lines than one answer has."""
    totals: Annotated[tuple[Total, ...], Field(max_length=MOST_TOTALS)] = ()

    def of(self, measure: Measure, of: str | None = None) -> tuple[Total, ...]:
        """The totals of a measure, or those of its first word alone."""
        return tuple(one for one in self.totals if one.measure == measure and of in (None, one.of))

    @property
    def all(self) -> Total:
        """All that are counted in the period; nothing, where there is none."""
        nothing = Total(measure="counted", of="all", by="", how="", operations=0, consignments=0, count=0, amount=0, most=0)
        return next(iter(self.of("counted", "all")), nothing)


@dataclass
class _Sum:
    operations: set[str] = field(default_factory=set)
    consignments: int = 0
    count: int = 0
    amount: int = 0
    most: int = 0


@dataclass
class Adding:
    """Adds up deliveries one by one; what a delivery said is not kept."""

    operations: dict[str, str | None] = field(default_factory=dict)
    """By delivery: the group or the delivery that it is a part of."""
    sums: dict[tuple[str, str, str, str], _Sum] = field(default_factory=dict)
    statistical: bool = False
    """Whether what statistics are made of is added up, line by line, and not what results are."""

    def add(self, delivery: Delivery) -> None:
        """One more, the whole of it."""
        plan = delivery.plan
        self.operations[plan.operation] = plan.group.code if plan.group is not None else plan.parent
        occurs: dict[tuple[str, str, str, str], _Sum] = {}
        for line in tally(delivery, whole(delivery)):
            key: tuple[str, str, str, str] | None = line.key
            if (line.measure in STATISTICAL) != self.statistical:
                key = None if self.statistical else in_short(line)
            if key is None:
                continue
            found = self.sums.setdefault(key, _Sum())
            found.operations.add(plan.operation)
            occurs[key] = found
            found.count += line.count
            found.amount += line.amount
            found.most = max(found.most, line.most)
        for found in occurs.values():
            found.consignments += 1

    def totals(self) -> Iterator[Total]:
        """The sums, in the order of their keys."""
        for (measure, of, by, how), one in sorted(self.sums.items()):
            yield Total.model_validate(
                {
                    "measure": measure,
                    "of": of,
                    "by": by,
                    "how": how,
                    "operations": len({self._operation(name) for name in one.operations}),
                    "consignments": one.consignments,
                    "count": one.count,
                    "amount": one.amount,
                    "most": one.most,
                }
            )

    def _operation(self, delivery: str) -> str:
        """Up from a part to what it was split from, and to that one's group. A circle, which forged plans may name, is one."""
        seen = [delivery]
        while (above := self.operations.get(seen[-1])) is not None:
            if above in seen:
                return min(seen[seen.index(above) :])
            seen.append(above)
        return seen[-1]


def counts_at(delivery: Delivery, by: CountedBy) -> str | None:
    """At which moment a delivery counts; none: it has not ended."""
    if by == "started":
        return utc_text(delivery.state.began)
    return utc_text(delivery.state.now) if delivery.state.ended else None
