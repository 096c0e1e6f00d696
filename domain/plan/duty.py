"""When somebody of a service answers the telephone: its number, its duty hours, and by which clocks.

Which offset a zone has is a table of the system, so whoever asks brings the local time along: nothing here looks at a clock.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema

from domain.words.text import fill, mark

WEEK: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
LONGEST_HOURS: Final = 160
MOST_SPANS: Final = 7
ALWAYS: Final = "24/7"
_DAY: Final = "(Mo|Tu|We|Th|Fr|Sa|Su)"
_SPAN: Final = re.compile(f"(?:{_DAY}(?:-{_DAY})? )?([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])")
_WRONG: Final = fill(
    "expected 24/7, or days and hours by its own clocks such as {example}; 20:00-08:00 ends on the next day",
    example="Mo-Fr 09:00-18:00; Sa 10:00-14:00",
)

Telephone = Annotated[str, Field(pattern=r"^\+[0-9][0-9 ()-]{6,24}$")]
"""As it is dialled from abroad (ITU-T E.123): a plus sign, the country's code, the number. Of a duty, never of a person."""
Zone = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9_+-]{1,30}(/[A-Z][A-Za-z0-9_+-]{1,30}){0,2}$")]
"""A name of the tz database, such as `Asia/Tashkent`: an offset alone would be wrong for half of the year in some States."""


@dataclass(frozen=True)
class Span:
    """Hours of some days of the week, by number from Monday; one that ends no later than it begins ends on the next day."""

    days: frozenset[int]
    begins: time
    lasts: timedelta

    def ends(self, local: datetime) -> datetime | None:
        """When the duty in which this moment lies is over; none where it lies in none."""
        for back in (0, 1):
            day = (local - timedelta(days=back)).date()
            begun = datetime.combine(day, self.begins, local.tzinfo)
            if day.weekday() in self.days and begun <= local < begun + self.lasts:
                return begun + self.lasts
        return None

    def next(self, local: datetime) -> datetime:
        """When it begins next."""
        days = (datetime.combine((local + timedelta(days=ahead)).date(), self.begins, local.tzinfo) for ahead in range(8))
        return next(one for one in days if one > local and one.weekday() in self.days)


@dataclass(frozen=True)
class OnDuty:
    """Whether somebody is there now, and until when that stays so, by the clocks there; none: it always does."""

    now: bool
    until: datetime | None


def on_duty(hours: str, local: datetime) -> OnDuty:
    """Whether this local time lies within the hours; spans that meet are one."""
    if hours == ALWAYS:
        return OnDuty(now=True, until=None)
    spans, end = tuple(spans_of(hours)), local
    for _meeting in range(2 * MOST_SPANS * len(WEEK)):
        later = max((one for span in spans if (one := span.ends(end)) is not None), default=None)
        if later is None:
            return OnDuty(now=True, until=end) if end > local else OnDuty(now=False, until=min(one.next(local) for one in spans))
        end = later
    return OnDuty(now=True, until=None)


def spans_of(hours: str) -> Iterator[Span]:
    """The spans of a text. Raises `ValueError` where it is none."""
    parts = hours.split("; ")
    if len(parts) > MOST_SPANS:
        raise ValueError(fill("{count} spans of hours; at most {most}", count=len(parts), most=MOST_SPANS))
    for part in parts:
        found = _SPAN.fullmatch(part)
        if found is None or found[3] > "23" or found[5] > "23":
            raise ValueError(_WRONG)
        first = WEEK.index(found[1]) if found[1] else 0
        last = WEEK.index(found[2] or found[1]) if found[1] else len(WEEK) - 1
        days = frozenset((first + number) % len(WEEK) for number in range((last - first) % len(WEEK) + 1))
        begins, ends = (int(found[one]) * 60 + int(found[one + 1]) for one in (3, 5))
        lasts = timedelta(minutes=(ends - begins) % (24 * 60) or 24 * 60)
        yield Span(days, time(begins // 60, begins % 60), lasts)


def _hours(text: str) -> str:
    if text != ALWAYS:
        list(spans_of(text))
    return text


Hours = Annotated[
    str, Field(max_length=LONGEST_HOURS), AfterValidator(_hours), WithJsonSchema({"type": "string", "maxLength": LONGEST_HOURS})
]
"""`24/7`, or spans such as `Mo-Fr 09:00-18:00; Sa 10:00-14:00`, by the clocks of the service's own zone."""
NO_ZONE: Final = mark("hours are by the clocks of a place: give `zone` too, such as Asia/Tashkent")
