"""What the mere passing of time brings: reminders, silence, authorisations that run out. Pure, so that nobody forgets one.

`next_moment` says when something is due next, `elapsed` says what is due by now. Both stages wait for the first and
record the second; neither knows why.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Escalated, Event, Expired, Expiring, Reminded, Silence
from domain.rules.unforeseen import check_in_due
from domain.words.moments import utc_text


def next_moment(delivery: Delivery) -> datetime | None:
    """The earliest instant at which `elapsed` will have something or a check-in is due; none if only a statement brings news."""
    check_in = check_in_due(delivery)
    moments = [at for at, _ in _coming(delivery)] + ([check_in] if check_in is not None else [])
    return min(moments, default=None)


def elapsed(delivery: Delivery, now: datetime) -> tuple[Event, ...]:
    """What is due by `now`, earliest first. Recording them makes them go away."""
    due = sorted(((at, number, event) for number, (at, event) in enumerate(_coming(delivery)) if at <= now))
    return tuple(event for _, _, event in due)


def _coming(delivery: Delivery) -> Iterator[tuple[datetime, Event]]:
    for name, progress in delivery.progress.items():
        if not progress.open or progress.satisfied:
            continue
        waiting = progress.waiting_for()
        reminder = progress.next_reminder(delivery.plan.contingencies.remind_every)
        if reminder is not None:
            yield reminder, Reminded(checkpoint=name, services=waiting, rung=progress.rung + 1)
        rung = progress.next_rung()
        if rung is not None:
            event = Escalated(checkpoint=name, to=rung.to, services=waiting, rung=progress.escalated + 1)
            yield progress.opened + rung.after, event
        if progress.due is not None and not progress.silent:
            yield progress.due, Silence(checkpoint=name, services=waiting)
    if delivery.halt is None and not delivery.delivered:
        yield from _running_out(delivery)


def _running_out(delivery: Delivery) -> Iterator[tuple[datetime, Event]]:
    """Warnings and expiry of the authorisations of States still ahead (R5)."""
    ahead = delivery.states_ahead()
    leads = sorted(delivery.plan.expiry_warnings, reverse=True)
    for service, grant in delivery.grants.items():
        if grant.state not in ahead or grant.provisional or grant.withdrawn or grant.expired:
            continue
        if grant.warnings < len(leads):
            event = Expiring(service=service, valid_until=utc_text(grant.valid_until), rung=grant.warnings + 1)
            yield grant.valid_until - leads[grant.warnings], event
        yield grant.valid_until, Expired(service=service)
