"""Who has permitted a measure is asked to permit it for longer before that ends (R16).

It is the measure that ends, and not the delivery (Kazakhstan CPC art. 236: an extension is asked for three days before the end);
see `domain.rules.lapse`. What an authorisation permits beside the delivery ends with that (R5).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.delivery import unforeseen
from domain.delivery.consents import Consents
from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, found
from domain.plan.cards import Measure, RuleCard
from domain.plan.plan import Checkpoint, Plan
from domain.rules.contingency import open_about
from domain.rules.lapse import Lapse, lapse, permits_of
from domain.words.quantities import left_until

ENDED = found(
    "R16",
    "permission_ended",
    "{service} has not permitted it for longer: in {state} there is no permission any more for {lapsed}",
    service="name",
    state="name",
    lapsed="words",
)
HELD_FOR_ITS_END = found(
    "R16",
    "held_for_permission",
    "{service} has not permitted it for longer: in {state} there is no permission any more for {lapsed}; it goes by that now, "
    "so it is held",
    service="name",
    state="name",
    lapsed="words",
)
A_MILLISECOND = timedelta(milliseconds=1)
"""Terms are counted in these, and moments told to the microsecond."""


class Renewal(Lapse):
    """Who has permitted a measure is asked, before that ends, to permit it for longer (R16)."""

    declares = lapse(unforeseen.RENEWAL, "a longer permission", after_halt=False)

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each service that is among `running_out`, from when that is to be `asked_anew` until a millisecond before it
        ends; while it is under way and has not been delivered, and unless one about it is open.
        """
        state = delivery.state
        for service, ends in running_out(state) if state.under_way and not state.delivered else ():
            near = asked_anew(state, service, ends) <= now <= ends - A_MILLISECOND
            if near and not open_about(state, self.declares.name, service):
                yield service

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """That service, by as many officers as the plan asks to permit it, until the first of what is `running_out` ends;
        reminded by each of the plan's `expiry_warnings` before that which is to come, the longest first. If nobody answers, that
        is not permitted any more.
        """
        state, needs = delivery.state, self.asks(delivery.state, key)
        ends = self.ends(state, key)
        now = max(state.now, asked_anew(state, key, ends))  # the newest entry may be older than the moment that brings this
        leads = sorted(state.plan.expiry_warnings, reverse=True)
        remind = tuple(left_until(ends - lead, now) for lead in leads if ends - lead > now)
        return Checkpoint(id=name, requires=needs, due=left_until(ends, now), remind=remind)

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It has been delivered, or what was to end then is `running_out` no more: it is permitted for longer, or not wanted."""
        state = delivery.state
        ending = any(one == progress.key and _is_then(until, progress.due) for one, until in running_out(state))
        return state.delivered or not ending

    def ends_with_silence(self, state: State, progress: Progress, at: datetime) -> Finding | None:
        """What that service has permitted until then, and no other act permits from then on: `held_for_permission` where it
        `goes_by` some of that; else `permission_ended`.
        """
        return self.found_by_silence(state, progress.key, at, holds=HELD_FOR_ITS_END, closes=ENDED)

    def refusal_counts(self, progress: Progress, now: datetime) -> bool:
        """It closes as `refused` once what is permitted has ended, at the due time; until then it may still be permitted."""
        return progress.due is not None and progress.due <= now

    def ends(self, state: State, service: str) -> datetime:
        ends = (until for one, until in running_out(state) if one == service)
        return min((one for one in ends if one > state.now), default=state.now)

    def lapsing(self, state: State, service: str, at: datetime) -> tuple[Measure, ...]:
        """What this service has permitted until this instant, to the millisecond, and nothing permits from then on: of what is
        still wanted there.
        """
        there = state.directory.get(service).state or ""
        permits = permits_of(state, there, urgent=False)
        ending = [one for one in permits if one.service == service and _is_then(one.valid_until, at)]
        return tuple(
            dict.fromkeys(one for permit in ending for one in _lacking(state, there, permit.permissions, permit.valid_until))
        )


def running_out(state: State) -> tuple[tuple[str, datetime], ...]:
    """Who has permitted something, in States ahead, apart from an authorisation and not in urgency, and until when: where what is
    still wanted there is not permitted from then on. Each once.
    """
    ends = (
        (permit.service, permit.valid_until)
        for there in state.states_ahead()
        for permit in permits_of(state, there, urgent=False)
        if _lacking(state, there, permit.permissions, permit.valid_until)
    )
    return tuple(dict.fromkeys(ends))


def asked_anew(state: State, service: str, ends: datetime) -> datetime:
    """When a service is asked to permit for longer what ends then: `asked_before` that, for the measures that end."""
    there = state.directory.get(service).state or ""
    permits = (one for one in permits_of(state, there, urgent=False) if one.service == service and one.valid_until == ends)
    ending = tuple(measure for permit in permits for measure in permit.permissions)
    return ends - asked_before(state.plan, state.cards.get(there), ending)


def asked_before(plan: Plan, card: RuleCard | None, measures: tuple[Measure, ...]) -> timedelta:
    """How long before the end of these measures whoever permitted them is asked to permit them for longer: the longest of the
    plan's `expiry_warnings`, and of what the card of that State says in `ask_before` of each; where there is none of these, what
    the plan's contingencies give for an `extension`.
    """
    rules = [card.rule_of(one, plan.case) for one in measures] if card is not None else []
    leads = (*plan.expiry_warnings, *(one.ask_before for one in rules if one is not None and one.ask_before is not None))
    return max(leads, default=plan.contingencies.extension)


def _lacking(state: State, there: str, permissions: tuple[Measure, ...], at: datetime) -> tuple[Measure, ...]:
    """Which of these is still wanted in a State and not permitted at this instant."""
    return tuple(one.permission for one in Consents(state).not_permitted((there,), at) if one.permission in permissions)


def _is_then(ends: datetime, due: datetime | None) -> bool:
    """Whether what ends at this moment was due then: terms are whole milliseconds."""
    return due is not None and due <= ends < due + A_MILLISECOND
