"""What is worst, and why: one order of deliveries for page, command line and print, and what is counted above it.

The moment is given, so that the same glance is another row an hour later. Nothing here decides anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from domain.delivery import unforeseen
from domain.views.glance import Glance, Pending
from domain.words.moments import instant

SOON: Final = timedelta(hours=2)
"""From when on a due time is soon."""
PATIENCE: Final = timedelta(minutes=15)
"""For how long nobody has to care that a service is not reached."""

Reason = Literal[
    "to_seize",
    "lost",
    "overdue",
    "diverged",
    "held",
    "differs",
    "consent",
    "due_soon",
    "unreachable",
    "under_way",
    "before",
    "after",
    "over",
]
"""Why a delivery stands where it does, the worst first."""
Group = Literal["needs_you", "watch", "on_the_road", "before_departure", "after_delivery", "over"]
GROUPS: Final[dict[Reason, Group]] = {
    "to_seize": "needs_you",
    "lost": "needs_you",
    "overdue": "needs_you",
    "diverged": "needs_you",
    "held": "needs_you",
    "differs": "needs_you",
    "consent": "watch",
    "due_soon": "watch",
    "unreachable": "watch",
    "under_way": "on_the_road",
    "before": "before_departure",
    "after": "after_delivery",
    "over": "over",
}
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
COUNTED: Final[tuple[Reason, ...]] = ("to_seize", "lost", "overdue", "differs", "held", "due_soon", "consent", "unreachable")
"""What is counted above the list, each with its worst case. A delivery counts wherever it belongs."""


@dataclass(frozen=True, slots=True)
class Urgency:
    """Why it stands where it does, and until when; none: nothing happens by itself."""

    reason: Reason
    until: datetime | None

    @property
    def group(self) -> Group:
        """The band it stands in."""
        return GROUPS[self.reason]

    @property
    def rank(self) -> int:
        """Of the reason, from 0."""
        return REASONS.index(self.reason)


def urgency(seen: Glance, now: datetime) -> Urgency:
    """The worst that is so of it."""
    return next(urgencies(seen, now))


def urgencies(seen: Glance, now: datetime) -> Iterator[Urgency]:
    """All that is so of it, the worst first; the last is how far it has come."""
    if seen.outcome is None and seen.to_seize:
        yield Urgency("to_seize", None)
    if seen.lost_since is not None and seen.halted is None and seen.outcome is None:
        yield Urgency("lost", _due(seen, unforeseen.SEARCH))
    if late := overdue(seen, now):
        yield Urgency("overdue", min(instant(one.due) for one in late if one.due is not None))
    if seen.diverged:
        yield Urgency("diverged", None)
    if seen.held:
        yield Urgency("held", _due(seen, unforeseen.HOLD))
    if seen.differs:
        yield Urgency("differs", _due(seen, unforeseen.DECISION))
    short = seen.shortest
    if short is not None and short.valid_until < short.needed_until:
        yield Urgency("consent", instant(short.valid_until))
    ahead = next_due(seen, now)
    if ahead is not None and ahead <= now + SOON:
        yield Urgency("due_soon", ahead)
    if unreached(seen, now):
        yield Urgency("unreachable", ahead)
    yield Urgency(_come(seen), ahead)


def overdue(seen: Glance, now: datetime) -> tuple[Pending, ...]:
    """Open checkpoints that were not answered in time; where time stands, nobody is late who was not before."""
    return tuple(
        one for one in seen.waits if one.due is not None and (one.silent or (not one.paused and instant(one.due) <= now))
    )


def unreached(seen: Glance, now: datetime) -> tuple[Pending, ...]:
    """Open checkpoints of which somebody should care that their request has not reached a service."""
    return tuple(one for one in seen.waits if one.unreachable and now - instant(one.since) >= PATIENCE)


def holds_until(seen: Glance, now: datetime) -> datetime | None:
    """The nearest moment at which something else is so of it, though nothing is said; none: nothing is, as long as nothing is."""
    moments = (moment for one in seen.waits for moment in _turns(one))
    return min((one for one in moments if one > now), default=None)


def _turns(one: Pending) -> Iterator[datetime]:
    if one.due is not None and not one.paused:
        due = instant(one.due)
        yield from (due - SOON, due)
    if one.unreachable:
        yield instant(one.since) + PATIENCE


def next_due(seen: Glance, now: datetime) -> datetime | None:
    """The nearest due time ahead, but for those that stand."""
    dues = (instant(one.due) for one in seen.waits if one.due is not None and not one.paused)
    return min((due for due in dues if due > now), default=None)


def order(seen: Glance, now: datetime) -> tuple[int, bool, datetime, str]:
    """By which rows are sorted: the worst reason, then the earliest moment, then what has none, then the code name."""
    worst = urgency(seen, now)
    return worst.rank, worst.until is None, worst.until or now, seen.delivery


def _come(seen: Glance) -> Reason:
    if seen.phase == "ended":
        return "over"
    if seen.arrived or seen.halted is not None or seen.outcome is not None:
        return "after"
    return "under_way" if seen.leg is not None else "before"


ABOUT: Final[Mapping[Reason, str]] = {
    "to_seize": unforeseen.INTERDICTION,
    "lost": unforeseen.SEARCH,
    "held": unforeseen.HOLD,
    "differs": unforeseen.DECISION,
}
"""The contingency in which one stands for that reason."""


def _due(seen: Glance, contingency: str) -> datetime | None:
    dues = (one.due for one in seen.waits if one.contingency == contingency and not one.paused)
    return min((instant(one) for one in dues if one is not None), default=None)
