"""The surveillance log: in which intervals somebody watched, and where nobody did (R9)."""

from collections.abc import Iterable, Mapping, Sequence
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
        if self.handed_to == self.team:
            message = "a team hands over to another"
            raise ValueError(message)
        return self

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when until when."""
        return instant(self.begins), instant(self.ends)


@dataclass
class InCharge:
    """A service is responsible, on this leg, from then until then (R4)."""

    service: str
    leg: int
    since: datetime
    """When it took that over, as it said itself; it may overlap with the one before."""
    until: datetime | None = None
    """None: it still is."""

    def covers(self, interval: Interval) -> bool:
        """Whether it was responsible at any moment of this."""
        begins, ends = interval.span
        return self.since < ends and (self.until is None or begins < self.until)


def leg_watched(charges: Iterable[InCharge], service: str, interval: Interval) -> int | None:
    """The last leg on which this service was responsible at any moment of an interval; none: on none."""
    return max((one.leg for one in charges if one.service == service and one.covers(interval)), default=None)


Intervals = Annotated[tuple[Interval, ...], Field(min_length=1, max_length=MOST_INTERVALS)]


@dataclass(frozen=True)
class Watched:
    """One interval of the log, the entry that has it, and the leg that it is about."""

    interval: Interval
    seq: int
    leg: int


@dataclass(frozen=True)
class Relief:
    """Until when a team has watched, by the log, and to which other it handed over then; none: to nobody, or that one came."""

    until: datetime
    to: str | None


def overlapping(intervals: Iterable[Interval], known: Mapping[str, Relief]) -> str | None:
    """The first team that would have watched the same time twice: one of its intervals begins before another of its own has
    ended, or what the log has of it already.
    """
    ended = {team: one.until for team, one in known.items()}
    for one in sorted(intervals, key=lambda interval: interval.span):
        begins, ends = one.span
        if one.team in ended and begins < ended[one.team]:
            return one.team
        ended[one.team] = ends
    return None


def relieved_by_another(intervals: Sequence[Interval], known: Mapping[str, Relief]) -> tuple[str, str, str] | None:
    """The first team whose relief did not come, the relief, and the team that came in its place: where it has handed over to
    one, and of what begins at that moment or later, another begins first, and that one is not watching then either.
    """
    handovers = [(team, one.until, one.to) for team, one in known.items()]
    handovers += [(one.team, one.span[1], one.handed_to) for one in intervals]
    for team, until, to in handovers:
        first = min((one.span[0] for one in intervals if one.span[0] >= until), default=None)
        came = [one.team for one in intervals if one.span[0] == first]
        watching = [one.team for one in intervals if one.span[0] < until < one.span[1]]
        if to is not None and first is not None and to not in (*came, *watching):
            return team, to, came[0]
    return None


def after(intervals: Iterable[Interval], known: Mapping[str, Relief]) -> dict[str, Relief]:
    """What the log knows of each team with these intervals too."""
    found = dict(known)
    for one in sorted(intervals, key=lambda interval: interval.span):
        begins, ends = one.span
        found = {team: Relief(was.until, None) if was.until <= begins else was for team, was in found.items()}
        found[one.team] = Relief(ends, one.handed_to)
    return found


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
