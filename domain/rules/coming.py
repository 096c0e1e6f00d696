"""What time brings to a delivery on which nobody says a word: reminders, silences, consents that run out, looks and check-ins."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from domain.delivery.decided import CameDue, Escalated, Expired, Expiring, LookDue, Reminded, Silence
from domain.delivery.delivery import Delivery
from domain.delivery.events import AnyEvent
from domain.delivery.holdings import unsettled
from domain.delivery.progress import Progress
from domain.rules.book import book_of
from domain.rules.duties import asked_before, duties, results_due
from domain.rules.renewal import asked_anew, running_out
from domain.rules.siblings import ends_of_waits
from domain.rules.turns import next_to_clear
from domain.rules.watch import check_in_due
from domain.words.moments import utc_text

SOONEST = timedelta(microseconds=1)
"""The next instant that a ledger can tell apart."""


def moments_in_order(delivery: Delivery) -> tuple[datetime, ...]:
    """The moments of the rules that a delivery is under, the earliest first."""
    return tuple(sorted(set(book_of(delivery).moments(delivery))))


def moments(delivery: Delivery) -> Iterator[datetime]:
    """Every instant at which a decision may fall that does not fall before: those of what is `coming`; the `ends_of_waits`;
    `check_in_due`; while it is under way and has not been delivered, the beginning of each authorisation, when what is due before
    its end is asked for, the beginning and the end of each permission, when what is `running_out` is to be `asked_anew`, and for
    the leg that is `next_to_clear` the first instant, to the microsecond, at which the authorisation of one of its `states_of`
    has less than is `needed`; `results_due`; and when it has its outcome, until when it stays open.
    """
    yield from (at for at, _ in delivery.once(all_coming))
    yield from ends_of_waits(delivery)
    check_in = check_in_due(delivery)
    if check_in is not None:
        yield check_in
    yield from _windows(delivery)
    yield from results_due(delivery)
    until = stays_open_until(delivery)
    if until is not None:
        yield until


def stays_open_until(delivery: Delivery) -> datetime | None:
    """Until when it stays open after its outcome (R30), where the plan has `afterwards`: for so long, while somebody holds an
    exhibit of which it is not said what became of it, an authority that takes no part too; else, where something was disposed of,
    within that until 72 hours after `disposed_at`, so that what was said then can be corrected (R18). Else it does not.
    """
    state, span = delivery.state, delivery.plan.afterwards
    if state.outcome_at is None or span is None:
        return None
    until = state.outcome_at + span
    if unsettled(state):
        return until
    return min(until, state.disposed_at + book_of(delivery).figures.correctable_for) if state.disposed_at is not None else None


def _windows(delivery: Delivery) -> Iterator[datetime]:
    """When a consent or permission begins or ends to count, or ceases to be long enough for what would begin next."""
    state = delivery.state
    if not state.under_way or state.delivered:
        return
    leg = next_to_clear(delivery)
    for grant in state.grants.values():
        yield grant.valid_from
        if leg is not None and grant.state in delivery.consents.states_of(leg):
            yield grant.valid_until - delivery.consents.needed(grant.state, leg) + SOONEST
    for owed in duties(delivery):
        if owed.duty.before is not None:
            yield asked_before(owed.duty, state.grants[owed.about])
    for permits in state.permits.values():
        for permit in permits:
            yield from (permit.valid_from, permit.valid_until)
    for service, ends in running_out(state):
        yield asked_anew(state, service, ends)


def all_coming(delivery: Delivery) -> tuple[tuple[datetime, Callable[[], AnyEvent]], ...]:
    """All that is `coming`."""
    return tuple(coming(delivery))


def coming(delivery: Delivery) -> Iterator[tuple[datetime, Callable[[], AnyEvent]]]:
    """What time will bring, and when. Checkpoint by checkpoint that is open and not satisfied, in the order in which they opened,
    but for those where it `stands`: its next reminder, one more than before; the next rung of its ladder,
    `after` the moment `counted_from`; and where it has a due time and is not silent, at that time `silence`, or, while it is
    `unasked` or waits for a service that must be polled, and they have not been asked once more, `came_due`, once. Reminder, rung
    and silence name those that are waited for; silence also what ends with it, if the contingency says so. Then, while it is
    under way and has not been delivered, authorisation by authorisation that is final, neither withdrawn nor expired, and of a
    State ahead: `expiring`, before its end by the next of the plan's `expiry_warnings`, the longest first, one more than before;
    and `expired`, at its end. Last, while it is under way and the register has put something off: `look_due`, then.
    """
    state = delivery.state
    for name, progress in state.progress.items():
        if progress.open and not progress.satisfied and not state.stands(progress):
            yield from _coming_at(delivery, name, progress)
    if state.under_way and not state.delivered:
        yield from _running_out(delivery)
    if state.under_way and state.register.not_before is not None:
        yield state.register.not_before, LookDue


def _coming_at(delivery: Delivery, name: str, progress: Progress) -> Iterator[tuple[datetime, Callable[[], AnyEvent]]]:
    waiting = progress.waiting_for()
    reminder = progress.next_reminder(delivery.plan.contingencies.remind_every, book_of(delivery).figures)
    if reminder is not None:
        yield reminder, partial(Reminded, checkpoint=name, services=waiting, rung=progress.rung + 1)
    rung = progress.next_rung()
    if rung is not None:
        climbed = progress.escalated + 1
        yield progress.counted_from + rung.after, partial(Escalated, checkpoint=name, to=rung.to, services=waiting, rung=climbed)
    if progress.due is not None and not progress.silent:
        unheard = progress.unasked or any(_is_polled(delivery, service) for service in waiting)
        if not unheard or progress.asked_again:
            yield progress.due, partial(_silence, delivery, name, waiting)
        elif not progress.came_due:
            yield progress.due, partial(CameDue, checkpoint=name)


def _silence(delivery: Delivery, name: str, waiting: tuple[str, ...]) -> Silence:
    """With what ends by it: as the contingency says at the moment at which it is due."""
    progress = delivery.state.progress[name]
    contingency = book_of(delivery).contingencies.get(progress.contingency or "")
    assert progress.due is not None  # noqa: S101 - else there is no silence
    ends = contingency.ends_with_silence(delivery.state, progress, progress.due) if contingency is not None else None
    return Silence(checkpoint=name, services=waiting, finding=ends)


def _is_polled(delivery: Delivery, service: str) -> bool:
    """Whether it cannot call us, so that nothing is heard of it while nobody asks."""
    known = delivery.directory.find(service)
    return known is not None and known.reach.by == "poll"


def _running_out(delivery: Delivery) -> Iterator[tuple[datetime, Callable[[], AnyEvent]]]:
    """Warnings and expiry of the authorisations of States still ahead (R5)."""
    ahead = delivery.state.states_ahead()
    leads = sorted(delivery.plan.expiry_warnings, reverse=True)
    for service, grant in delivery.state.grants.items():
        if grant.state not in ahead or grant.provisional or grant.withdrawn or grant.expired:
            continue
        if grant.warnings < len(leads):
            until, rung = utc_text(grant.valid_until), grant.warnings + 1
            yield grant.valid_until - leads[grant.warnings], partial(Expiring, service=service, valid_until=until, rung=rung)
        yield grant.valid_until, partial(Expired, service=service)
