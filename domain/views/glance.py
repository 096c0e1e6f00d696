"""A delivery at a glance: one row of the watch floor, made from its entries by one pure function, for who sees the whole.

What changes with time alone is not in it: `domain.views.urgency` says it for any moment.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.progress import Progress
from domain.delivery.verdicts import Cause, Finding
from domain.delivery.vocabulary import Outcome, UtcText
from domain.plan.vocabulary import Line, Need
from domain.rules.book import book_of
from domain.rules.contingency import Consequence
from domain.signing.canonical import Frozen
from domain.views.consequences import after_silence
from domain.views.noted import noted
from domain.views.sight import sight
from domain.views.view import Phase, phase
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId, State
from domain.words.limits import LONGEST_NAME, MOST_GLANCED, MOST_IN_A_CELL, MOST_LEGS, MOST_SERVICES, MOST_SILENT
from domain.words.moments import instant, utc_text

Seconds = Annotated[int, Field(ge=0)]


class LegAhead(Frozen):
    """A part of the way in one State under one authority, and how long the plan gives it."""

    state: State
    responsible: ServiceId
    takes: Seconds


class Pending(Frozen):
    """An open checkpoint: who has not answered what, and what happens if nothing comes."""

    checkpoint: CheckpointId
    contingency: Annotated[str, Field(max_length=LONGEST_NAME)] | None
    """Which one opened it; none for a checkpoint of the plan."""
    needs: Need
    """What the first of those services is asked to say."""
    services: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_SILENT)]
    """Those that have not answered, in the plan's order, the first of them."""
    each: Annotated[tuple[Need, ...], Field(max_length=MOST_SILENT)] = ()
    """What each of those services is asked to say first; none in rows that were kept before this was."""
    more: Annotated[int, Field(ge=0)] = 0
    """How many more have not."""
    unreachable: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_SILENT)] = ()
    """Those of them that the request has not reached."""
    since: UtcText
    due: UtcText | None
    silent: bool
    """Nobody answered in time, and it still waits."""
    climbed: Annotated[int, Field(ge=0)]
    """Rungs of the ladder climbed so far."""
    rungs: Annotated[int, Field(ge=0)]
    """Rungs it has."""
    next_rung: UtcText | None
    """When the next is climbed."""
    next_to: ServiceId | None = None
    """Who is told then."""
    next_reminder: UtcText | None = None
    """When they are reminded next."""
    paused: bool = False
    """Nothing moves, and nobody's silence counts here meanwhile (R7, R8, R18)."""
    then: Consequence
    """What silence brings."""


class Shortfall(Frozen):
    """The consent that runs out first, against when the consignment leaves that State by the plan."""

    state: State
    service: ServiceId
    valid_until: UtcText
    needed_until: UtcText


class Glance(Frozen):
    """How a delivery stands, in what fits a row. `at`: the moment up to which it is true."""

    delivery: OperationCode
    at: UtcText
    title: Line
    started_at: UtcText
    whole: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_SERVICES)]
    """Services that take part and see the whole: for others there is no such row (R11)."""
    phase: Phase
    outcome: Outcome | None
    way: Annotated[tuple[LegAhead, ...], Field(min_length=1, max_length=MOST_LEGS)]
    leg: Annotated[int, Field(ge=0)] | None
    """Which stretch it is on; none before it has left."""
    left_at: UtcText | None
    """When that stretch began."""
    arrived: bool
    """The way is over."""
    holder: ServiceId
    """Who is responsible for it now (R4)."""
    seen_at: UtcText | None
    """When somebody last had it in hand or in sight."""
    waits: Annotated[tuple[Pending, ...], Field(max_length=MOST_GLANCED)]
    """Open checkpoints, the earliest due first."""
    more_waits: Annotated[int, Field(ge=0)] = 0
    halted: Cause | None
    at_risk: bool
    """Life is in danger (R14)."""
    to_seize: bool
    """It was stopped, and is not seized yet (R8)."""
    held_by: ServiceId | None
    """Who ordered a hold (R8)."""
    held_of_itself: bool = False
    """It is held since what it goes by is not permitted any more (R16)."""
    lost_since: UtcText | None
    """Since when it is out of sight (R9)."""
    differs: Annotated[tuple[Finding, ...], Field(max_length=MOST_IN_A_CELL)]
    """What did not fit and waits for a decision (R7), or does not close in the balance (R10)."""
    diverged: bool
    """Its record was put back (R18)."""
    shortest: Shortfall | None
    """None: no State ahead has consented."""
    refused: Annotated[int, Field(ge=0)] = 0
    """Statements that a rule has refused so far."""
    ends_first: Shortfall | None = None
    """Of those consents the one that ends first, however long it is needed."""

    @property
    def held(self) -> bool:
        """Whether nothing moves until it is decided whether it goes on (R8)."""
        return self.held_by is not None or self.held_of_itself


def glance(delivery: Delivery) -> Glance:
    """The delivery as it stands after its newest entry."""
    state, plan = delivery.state, delivery.plan
    open_now = sorted(state.open_checkpoints(), key=lambda one: (one.due is None, one.due or state.now))
    return Glance(
        delivery=plan.operation,
        at=utc_text(state.now),
        title=plan.title,
        started_at=utc_text(state.began),
        whole=tuple(one for one in state.participants if sight(delivery, delivery.directory.get(one)).whole),
        phase=phase(delivery),
        outcome=state.outcome,
        way=tuple(
            LegAhead(state=leg.state, responsible=leg.responsible, takes=int(leg.takes.total_seconds()))
            for leg in (plan.legs[:1] if plan.held_back else plan.legs)
        ),
        leg=state.leg,
        left_at=_text(left_at(delivery)),
        arrived=state.delivered,
        holder=state.responsible,
        seen_at=_text(state.last_contact),
        waits=tuple(_awaited(delivery, one) for one in open_now[:MOST_GLANCED]),
        more_waits=max(len(open_now) - MOST_GLANCED, 0),
        halted=state.halt.cause if state.halt is not None else None,
        at_risk=state.halt is not None and state.halt.cause == "risk_to_life",
        to_seize=state.halt is not None
        and not state.secured
        and any(one.contingency == unforeseen.INTERDICTION for one in open_now),
        held_of_itself=state.hold is not None and state.hold.by is None and state.under_way,
        held_by=state.hold.by if state.hold is not None and state.under_way else None,
        lost_since=_text(state.gap.began if state.gap is not None else None),
        differs=tuple(_differing(delivery))[:MOST_IN_A_CELL],
        diverged=state.divergence is not None,
        shortest=shortest(delivery),
        refused=len(noted(delivery.ledger).refused),
        ends_first=min(_consents_ahead(delivery), key=lambda one: instant(one.valid_until), default=None),
    )


def left_at(delivery: Delivery) -> datetime | None:
    """When it began the stretch that it is on."""
    state = delivery.state
    if state.leg is None:
        return None
    begun = delivery.ledger[state.moves[state.leg] - 1]
    return instant(begun.at) if isinstance(begun, Entry) else None


def shortest(delivery: Delivery) -> Shortfall | None:
    """Of the consents of States ahead the one with the least to spare, or the most lacking: by the plan from here on, with the
    plan's margin before it has left.
    """
    found = _consents_ahead(delivery)
    return min(found, key=lambda one: instant(one.valid_until) - instant(one.needed_until), default=None)


def _consents_ahead(delivery: Delivery) -> Iterator[Shortfall]:
    state, plan = delivery.state, delivery.plan
    if state.delivered or not state.under_way:
        return
    leg, begun = (state.leg, left_at(delivery)) if state.leg is not None else (0, state.now)
    margin = plan.margin if state.leg is None else timedelta()
    for name in state.states_ahead():
        grants = [one for one in state.grants.values() if one.state == name and one.final and not one.expired]
        if begun is None or not grants:
            continue
        grant = max(grants, key=lambda one: one.valid_until)
        needed = begun + plan.time_to_leave(name, leg) + margin
        dates = {"valid_until": utc_text(grant.valid_until), "needed_until": utc_text(needed)}
        yield Shortfall(state=name, service=grant.service, **dates)


def _differing(delivery: Delivery) -> Iterator[Finding]:
    if delivery.state.discrepancy is not None:
        yield from delivery.state.discrepancy.differs
    yield from delivery.balance.unexplained()


def _awaited(delivery: Delivery, progress: Progress) -> Pending:
    waiting = progress.waiting_for()
    rung = progress.next_rung()
    asked = progress.checkpoint.needs
    return Pending(
        checkpoint=progress.checkpoint.id,
        contingency=progress.contingency,
        needs=next((need for one in waiting for need in asked[one]), next(iter(asked.values()))[0]),
        services=waiting[:MOST_SILENT],
        each=tuple(_lacking(progress, one) for one in waiting[:MOST_SILENT]),
        more=max(len(waiting) - MOST_SILENT, 0),
        unreachable=tuple(one for one in waiting if progress.standing_of(one) == "unreachable")[:MOST_SILENT],
        since=utc_text(progress.opened),
        due=_text(progress.due),
        silent=progress.silent,
        climbed=progress.escalated,
        rungs=len(progress.checkpoint.escalate),
        next_rung=_text(progress.counted_from + rung.after if rung is not None else None),
        next_to=rung.to if rung is not None else None,
        next_reminder=_text(progress.next_reminder(delivery.plan.contingencies.remind_every, book_of(delivery).figures)),
        paused=delivery.state.stands(progress),
        then=after_silence(delivery, progress),
    )


def _lacking(progress: Progress, service: str) -> Need:
    """What the service has not said yet, the first of it."""
    asked = progress.checkpoint.needs[service]
    return next((need for need in asked if (service, need) not in progress.answers), asked[0])


def _text(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment is not None else None
