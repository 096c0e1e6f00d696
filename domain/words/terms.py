"""How long a law lets something last: a span by the clock, or whole months by the calendar.

A span is written as `domain.words.quantities` reads it. Months are written as "3 months", "1 year" or ISO 8601 "P3M", "P1Y".
Where each rule is from (T: the words were read in a copy; K: believed, not read; ours: no text says it), as `law.mark` of a card:

months           they end with the day of the last month that has the number of the day on which they began, or with the last day
                 of a month that has no such day (Regulation (EEC, Euratom) No 1182/71 art. 3(2)(c) [T]; Russia CPC art. 128(2)
                 [T]; that the codes of the other States count so as well [K])
years            as twelve months each (Regulation No 1182/71 art. 3(2)(c) [T]; of the CIS [K])
hours and days   by the clock, from the moment on, and not to the end of a day: the shorter of what texts say, so that nothing is
                 done after an act has ended (ours; Russia CPC art. 128(2) lets days end at midnight [T])
a day off        makes no term longer, for the same reason (ours; Regulation No 1182/71 art. 3(4) [T] and Russia CPC art. 128(2)
                 [T] let most terms end on the next working day)
which calendar   that of the offset in which the end is written (ours)
`MOST_MONTHS`    ours
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer, SerializationInfo

from domain.words.quantities import check_span, iso_span, parse_span, say_span
from domain.words.text import Filled, fill, mark

MOST_MONTHS: Final = 120
"""Ten years: longer than any authorisation."""
_WRITTEN: Final = re.compile(r"(?:([1-9][0-9]{0,2}) ?(month|year|мес|год)(?:s|\.)?|P([1-9][0-9]{0,2})([MY]))")
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Months:
    """So many whole months."""

    number: int


def parse_term(raw: object) -> timedelta | Months:
    """A term from text, or as it is. Raises `ValueError` for months beyond `MOST_MONTHS`, and for what is no span."""
    if isinstance(raw, Months):
        return raw
    match = _WRITTEN.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        return check_span(parse_span(raw))
    number, unit = int(match[1] or match[3]), match[2] or match[4]
    months = number * 12 if unit in ("year", "год", "Y") else number
    if months > MOST_MONTHS:
        raise ValueError(fill("Term: it is longer than {most} months, expected at most that", most=MOST_MONTHS))
    return Months(months)


def iso_term(term: timedelta | Months) -> str:
    """A term in its one ISO 8601 form: "P3M", "P30D", "PT24H"."""
    return f"P{term.number}M" if isinstance(term, Months) else iso_span(term)


def say_term(term: timedelta | Months) -> str | Filled:
    """A term for people; `parse_term` reads it back."""
    if not isinstance(term, Months):
        return say_span(term)
    return fill(ONE_MONTH) if term.number == 1 else fill(SO_MANY_MONTHS, number=term.number)


ONE_MONTH, SO_MANY_MONTHS = mark("1 month"), mark("{number} months")


def outlasts(begins: datetime, ends: datetime, term: timedelta | Months) -> bool:
    """Whether what begins and `ends` then lasts longer than this term. Months are counted by the calendar of the offset in which
    that end is written; the day on which they end has the number of the first, or is the last of a shorter month, and belongs to
    them to its last moment.
    """
    if not isinstance(term, Months):
        return ends - begins > term
    first = in_offset_of(begins, ends)
    last = ends - timedelta(milliseconds=1)  # at midnight nothing of the new day has passed
    months = (last.year - first.year) * 12 + last.month - first.month
    if months != term.number:
        return months > term.number
    return last.day > min(first.day, monthrange(last.year, last.month)[1])


def in_offset_of(moment: datetime, other: datetime) -> datetime:
    """The first as the calendar of the other has it; as it is where that leaves the calendar."""
    try:
        return moment.astimezone(other.tzinfo)
    except OverflowError:
        return moment


def latest_end(begins: datetime, term: timedelta | Months) -> datetime:
    """Until when what begins then lasts at the most by this term: of months until the midnight after that day.

    Raises `OverflowError` beyond the calendar.
    """
    if not isinstance(term, Months):
        return begins + term
    years, month = divmod(begins.month - 1 + term.number, 12)
    if begins.year + years > MAXYEAR:
        raise OverflowError
    year, month = begins.year + years, month + 1
    day = min(begins.day, monthrange(year, month)[1])
    return begins.replace(year=year, month=month, day=day, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def at_least(term: timedelta | Months) -> timedelta:
    """How long it is whenever it begins: of months the shortest that follow each other, in a year of 365 days."""
    if not isinstance(term, Months):
        return term
    years, rest = divmod(term.number, 12)
    return timedelta(days=365 * years + min(sum((*_DAYS, *_DAYS)[first : first + rest]) for first in range(12)))


def _written(term: timedelta | Months, info: SerializationInfo) -> Any:
    return term if isinstance(term, timedelta) and not info.mode_is_json() else iso_term(term)


LegalTerm = Annotated[timedelta | Months, BeforeValidator(parse_term, json_schema_input_type=str), PlainSerializer(_written)]
"""How long a law lets something last; JSON carries ISO 8601 text."""
