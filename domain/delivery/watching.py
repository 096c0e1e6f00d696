"""The surveillance log: in which intervals somebody watched, and where nobody did (R9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.plan.goods import Label
from domain.signing.canonical import Frozen
from domain.words.limits import MOST_INTERVALS
from domain.words.moments import Moment, instant
from domain.words.text import mark

WatchMeans = Literal["visual", "technical", "both"]
"""By eye, by a device, or by both at once."""


class Interval(Frozen):
    """From when until when one team watched, by which means, and to which team it handed over."""

    team: Label
    means: WatchMeans
    begins: Moment
    ends: Moment
    handed_to: Label | None = None

    @model_validator(mode="after")
    def _window(self) -> "Interval":
        if instant(self.begins) >= instant(self.ends):
            message = mark("an interval ends later than it begins")
            raise ValueError(message)
        return self


Intervals = Annotated[tuple[Interval, ...], Field(min_length=1, max_length=MOST_INTERVALS)]


@dataclass(frozen=True)
class Watched:
    """One interval of the log, and the entry that has it."""

    interval: Interval
    seq: int


@dataclass(frozen=True)
class Unwatched:
    """A gap in continuous observation: nobody's interval covers it. `after` and `before`: the entries of those beside it."""

    begins: datetime
    ends: datetime
    after: int
    before: int


def unwatched(log: Iterable[Watched]) -> tuple[Unwatched, ...]:
    """Each gap between intervals, in order. Intervals of several teams may overlap."""
    found: list[Unwatched] = []
    until, last = None, 0
    for one in sorted(log, key=lambda watched: instant(watched.interval.begins)):
        begins, ends = instant(one.interval.begins), instant(one.interval.ends)
        if until is not None and begins > until:
            found.append(Unwatched(until, begins, last, one.seq))
        if until is None or ends > until:
            until, last = ends, one.seq
    return tuple(found)
