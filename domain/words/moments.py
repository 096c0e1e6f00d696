"""Moments in time, kept exactly as the officer or the instrument wrote them.

What is checked, in the order of the code; the source is RFC 3339 (section 5.6):

1. Grammar: ``YYYY-MM-DDTHH:MM:SS[.ffffff]`` and an offset; upper-case T and Z.
2. The offset is there. A naive time is refused: across a border it names no instant.
3. At most 6 digits of fraction, since nothing here holds more than microseconds.
4. The date exists, the hour is 00 to 23 (no 24:00), the minute 00 to 59.
5. No leap second: neither Python nor Temporal can hold second 60.
6. The instant lies in years 1 to 9999 of UTC.

Text is kept because the offset is evidence of where the clock stood. By RFC 3339 section 4.3
``-00:00`` says that UTC is known and the local offset is not; it is kept as written.
"""

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from domain.words.text import Filled, fill, mark

_EXAMPLE: Final = fill("expected RFC 3339 with an offset, e.g. {moment}", moment="2026-03-01T14:05:00+05:00")
_DAY_AND_TIME: Final = r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
_OFFSET: Final = r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
_LONGEST: Final = 32
_MOMENT: Final = re.compile(_DAY_AND_TIME + _OFFSET)
_NAIVE: Final = re.compile(_DAY_AND_TIME)
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


@lru_cache(maxsize=4096)
def instant(moment: str) -> datetime:
    """Return the instant a moment names, as an aware datetime in UTC.

    ``-00:00`` is read as UTC. Raises `ValueError` for whatever the rules of this module refuse.
    """
    try:
        return as_written(moment).astimezone(UTC)
    except OverflowError:
        raise _refusal(moment, fill("falls outside the calendar in UTC, expected years 0001 to 9999")) from None


def as_written(moment: str) -> datetime:
    """The same in the offset in which it is written. Raises `ValueError` as `instant` does."""
    match = _grammar(moment)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, offset_hour, offset_minute = match.groups()[6:]
    if fraction and len(fraction) > 6:
        raise _refusal(moment, fill("has {count} digits of fraction, expected at most 6", count=len(fraction)))
    _check_day(moment, year, month, day)
    _check_time(moment, hour, minute, second)
    offset = timedelta(hours=int(offset_hour or 0), minutes=int(offset_minute or 0))
    if offset >= timedelta(days=1) or int(offset_minute or 0) > 59:
        raise _refusal(moment, fill("has an impossible offset, expected hours 00 to 23 and minutes 00 to 59"))
    zone = timezone(-offset if sign == "-" else offset)
    microsecond = int((fraction or "0").ljust(6, "0"))
    return datetime(year, month, day, hour, minute, second, microsecond, zone)


def _refusal(moment: str, why: Filled) -> ValueError:
    return ValueError(fill("RFC 3339: {moment} {why}", moment=repr(moment[:_LONGEST]), why=why))


def _grammar(moment: str) -> re.Match[str]:
    match = _MOMENT.fullmatch(moment)
    if match:
        return match
    if _NAIVE.fullmatch(moment):
        raise _refusal(moment, fill("has no offset, so across a border it names no instant, {example}", example=_EXAMPLE))
    raise _refusal(moment, fill("has the wrong form, {example}", example=_EXAMPLE))


def _check_day(moment: str, year: int, month: int, day: int) -> None:
    if year == 0:
        raise _refusal(moment, fill("is in year 0000, expected years 0001 to 9999"))
    if not 1 <= month <= 12:
        raise _refusal(moment, fill("has month {month}, expected 01 to 12", month=f"{month:02d}"))
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        there = f"{year:04d}-{month:02d}"
        raise _refusal(moment, fill("has day {day}, expected 01 to {last} in {month}", day=f"{day:02d}", last=last, month=there))


def _check_time(moment: str, hour: int, minute: int, second: int) -> None:
    if hour == 24:
        raise _refusal(moment, fill("has hour 24, expected 00:00:00 of the next day"))
    if hour > 23 or minute > 59 or second > 60:
        raise _refusal(moment, fill("has an impossible time of day, expected 00:00:00 to 23:59:59"))
    if second == 60:
        raise _refusal(moment, fill("is a leap second, which no clock here holds, expected second 59 or 00"))


def kept(moment: str) -> str:
    """The same text, once it is sure that it names an instant; `ValueError` if not."""
    instant(moment)
    return moment


Moment = Annotated[
    str,
    AfterValidator(kept),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": _LONGEST}),
]
"""RFC 3339 text with offset, kept as written; compare moments by `instant`, never as text."""


def on_calendar(date: str) -> str:
    """The same text, once it is sure that there is such a day; `ValueError` if not."""
    match = _DATE.fullmatch(date)
    if not match:
        raise _refusal(date, fill("has the wrong form, expected a full date, e.g. {date}", date="2026-03-01"))
    year, month, day = (int(part) for part in match.groups())
    _check_day(date, year, month, day)
    return date


Date = Annotated[str, AfterValidator(on_calendar), WithJsonSchema({"type": "string", "format": "date", "maxLength": 10})]
"""`full-date` of RFC 3339: the day that stands on a paper. It has no offset, since a paper has none."""


Offset = Annotated[str, Field(pattern=r"^[+-](0[0-9]|1[0-4]):(00|15|30|45)$")]
"""By how much a clock is ahead of UTC, as RFC 3339 writes it: `+05:00`."""


def utc_text(dt: datetime) -> str:
    """Write an aware datetime as the one canonical form ``YYYY-MM-DDTHH:MM:SS.ffffffZ``.

    Texts of this form sort as their instants do. Raises `ValueError` for a naive datetime and
    for an instant that leaves the years 1 to 9999 in UTC.
    """
    if dt.utcoffset() is None:
        raise ValueError("RFC 3339: the datetime is naive, so it names no instant, expected one with a tzinfo")
    try:
        moved = dt if dt.tzinfo is UTC else dt.astimezone(UTC)
    except OverflowError:
        raise ValueError("RFC 3339: the datetime falls outside the calendar in UTC, expected years 0001 to 9999") from None
    return moved.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def check_window(valid_from: str, valid_until: str) -> None:
    """Raises `ValueError` for a window that ends before it begins."""
    if instant(valid_from) >= instant(valid_until):
        message = mark("valid_until must be later than valid_from")
        raise ValueError(message)
