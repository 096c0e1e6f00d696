"""The plan against what happened: legs and steps as they were planned, as they were, and as they are expected by the delay so
far; and beside them how long each consent runs, and how long it is needed. Who sees a part sees its own legs, its checkpoints
and its State's consents (R11), and nothing of a plan that would say when others' legs begin.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from domain.delivery.decided import Closed
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.plan.plan import Step
from domain.views.noted import noted
from domain.views.sight import Sight
from domain.words.moments import instant

BEFORE: Final[tuple[Step, ...]] = ("authorise", "prepare", "dispatch")
AFTER: Final[tuple[Step, ...]] = ("arrest", "account", "close")
PUNCTUAL: Final = timedelta(minutes=1)
"""What is less than this is no delay."""


@dataclass(frozen=True)
class TimelineSpan:
    """From when until when."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class TimelineRow:
    """A step or a leg. `real` ends now, while it goes on; `expected` is what is still to come of it."""

    what: Step | Literal["leg"]
    number: int
    """Of the leg, from 0."""
    state: str
    services: tuple[str, ...]
    planned: TimelineSpan | None
    real: TimelineSpan | None
    goes_on: bool
    expected: TimelineSpan | None

    @property
    def delay(self) -> timedelta:
        """How much later it ended, or will, than was planned."""
        last = self.expected or self.real
        late = last.ends - self.planned.ends if self.planned is not None and last is not None else timedelta()
        return late if self.what == "leg" and late >= PUNCTUAL else timedelta()


@dataclass(frozen=True)
class ConsentSpan:
    """How long one runs, and how long it is needed; none where that is not the reader's to know, or is over."""

    state: str
    service: str
    runs: TimelineSpan
    live: bool
    needed: TimelineSpan | None

    @property
    def short(self) -> timedelta:
        """How much is lacking at its end."""
        return max(self.needed.ends - self.runs.ends, timedelta()) if self.needed is not None else timedelta()


@dataclass(frozen=True)
class Timeline:
    """All of it, as at `now`."""

    now: datetime
    consents: tuple[ConsentSpan, ...]
    rows: tuple[TimelineRow, ...]
    delay: timedelta
    """Of the leg that it is on; nothing before it has left, once it has arrived, and where that is not the reader's to know."""

    @property
    def whole(self) -> TimelineSpan:
        """From the first to the last of what is planned, was and is needed; of consents that run longer no more than that, and a
        tenth of it. Where there is nothing else, all that consents run.
        """
        spans = [span for row in self.rows for span in (row.planned, row.real, row.expected) if span is not None]
        spans += [one.needed for one in self.consents if one.needed is not None]
        spans = spans or [one.runs for one in self.consents]
        begins = min((one.begins for one in spans), default=self.now)
        ends = max((self.now, *(one.ends for one in spans)))
        return TimelineSpan(min(begins, self.now), ends + (ends - min(begins, self.now)) / 10)


def timeline(delivery: Delivery, seen: Sight, now: datetime) -> Timeline:
    """As far as it is the reader's to see."""
    closed = _closed(delivery)
    legs = tuple(_legs(delivery, now, closed))
    shown = tuple(row if seen.whole else _alone(row) for row in legs if seen.whole or row.number in seen.legs)
    before = tuple(_steps(delivery, seen, now, closed, BEFORE))
    after = tuple(_steps(delivery, seen, now, closed, AFTER))
    here = next((row for row in shown if row.goes_on), None)
    return Timeline(
        now=now,
        consents=tuple(_consents(delivery, seen, now, legs)),
        rows=(*before, *(row for row in shown if row.planned or row.real or row.expected), *after),
        delay=here.delay if here is not None else timedelta(),
    )


def begun(delivery: Delivery, leg: int) -> datetime | None:
    """When it began this leg; none before."""
    if leg >= len(delivery.state.moves):
        return None
    entry = delivery.ledger[delivery.state.moves[leg] - 1]
    return instant(entry.at) if isinstance(entry, Entry) else None


def _closed(delivery: Delivery) -> dict[str, datetime]:
    """When each checkpoint closed."""
    return {one.event.checkpoint: instant(one.at) for one in noted(delivery.ledger).events if isinstance(one.event, Closed)}


def _departure(delivery: Delivery, now: datetime) -> datetime:
    """When it leaves at the latest, if each step before takes as long as it may."""
    at = now
    for step in BEFORE:
        waits = [delivery.state.progress.get(one.id) for one in delivery.plan.at(step)]
        dues = [one.due for one in waits if one is not None and one.open and one.due is not None]
        if dues:
            at = max(at, *dues)
        elif not delivery.state.passed(step):
            at += max((one.due for one in delivery.plan.at(step)), default=timedelta())
    return at


def _legs(delivery: Delivery, now: datetime, closed: dict[str, datetime]) -> Iterator[TimelineRow]:
    state, plan = delivery.state, delivery.plan
    left = begun(delivery, 0)
    planned = left if left is not None else _departure(delivery, now)
    coming = planned
    for number, leg in enumerate(plan.legs):
        begins = begun(delivery, number)
        ends = begun(delivery, number + 1)
        if ends is None and state.delivered:
            ends = closed.get(leg.end, state.now)
        goes_on = begins is not None and ends is None and state.under_way
        real = TimelineSpan(begins, max(ends or (now if goes_on else state.now), begins)) if begins is not None else None
        expected = None
        if goes_on and begins is not None:
            coming = max(begins + leg.takes, now)
            expected = TimelineSpan(max(now, begins), coming)
        elif real is not None:
            coming = real.ends
        elif state.under_way:
            expected = TimelineSpan(coming, coming + leg.takes)
            coming = expected.ends
        yield TimelineRow(
            "leg", number, leg.state, (leg.responsible,), TimelineSpan(planned, planned + leg.takes), real, goes_on, expected
        )
        planned += leg.takes


def _alone(row: TimelineRow) -> TimelineRow:
    """A leg by itself: as planned from when it began, and nothing before it has."""
    if row.real is None or row.planned is None:
        return TimelineRow(row.what, row.number, row.state, row.services, None, None, goes_on=False, expected=None)
    planned = TimelineSpan(row.real.begins, row.real.begins + (row.planned.ends - row.planned.begins))
    return TimelineRow(row.what, row.number, row.state, row.services, planned, row.real, row.goes_on, row.expected)


def _steps(
    delivery: Delivery, seen: Sight, now: datetime, closed: dict[str, datetime], steps: tuple[Step, ...]
) -> Iterator[TimelineRow]:
    state, planned_at = delivery.state, delivery.state.began
    for step in steps:
        all_of_it = delivery.plan.at(step)
        mine = [one for one in all_of_it if seen.whole or one.id in seen.checkpoints]
        longest = max((one.due for one in all_of_it), default=timedelta())
        opened = [(one, state.seen(one.id)) for one in mine]
        times = [(progress.opened, closed.get(one.id)) for one, progress in opened if progress is not None]
        if mine and times:
            begins, goes_on = min(at for at, _ in times), any(end is None for _, end in times) and not state.ended
            ends = now if goes_on else max((end or state.now) for _, end in times)
            first = planned_at if seen.whole and steps is BEFORE else begins
            services = tuple(dict.fromkeys(name for one in mine for name in one.services())) if seen.whole else (seen.reader.id,)
            span = TimelineSpan(first, first + longest)
            yield TimelineRow(step, 0, "", services, span, TimelineSpan(begins, max(ends, begins)), goes_on, expected=None)
        planned_at += longest


def _consents(delivery: Delivery, seen: Sight, now: datetime, legs: tuple[TimelineRow, ...]) -> Iterator[ConsentSpan]:
    state, plan = delivery.state, delivery.plan
    margin = timedelta() if state.dispatched else plan.margin
    for grant in state.grants.values():
        if not (seen.whole or seen.own(grant.service, delivery)) or not grant.final:
            continue
        rows = [row for row in legs if grant.state in plan.legs[row.number].states]
        spans = [row.expected or row.real for row in rows]
        known = [span for span in spans if span is not None]
        needed = None
        if seen.whole and known and state.under_way and not state.delivered and grant.state in state.states_ahead():
            began = min(
                row.real.begins if row.real is not None else span.begins for row, span in zip(rows, spans, strict=True) if span
            )
            needed = TimelineSpan(began, max(span.ends for span in known) + margin)
        yield ConsentSpan(grant.state, grant.service, TimelineSpan(grant.valid_from, grant.valid_until), grant.live(now), needed)
