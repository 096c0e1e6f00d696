"""What happens next: the officer's checklist of a controlled delivery, from detection to close, as a decision.

After whatever has happened, `due` says what is to be recorded next, until nothing is. There is no place at which a delivery
*is*, beside its state: so a change of plan, a restart or a stop is nothing special, at any moment. The order of the checklist is
law: `verify` demands that each decision in a ledger is the one that `due` makes there.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from operator import itemgetter

from domain.delivery.delivery import Delivery
from domain.delivery.events import (
    AnyEvent,
    CameDue,
    Cleared,
    Closed,
    Concluded,
    Ended,
    Escalated,
    Expired,
    Expiring,
    Halted,
    LookDue,
    Opened,
    Reminded,
    Silence,
    TakenUp,
)
from domain.delivery.progress import Progress
from domain.delivery.statement import Said
from domain.delivery.verdicts import Finding, found
from domain.delivery.vocabulary import Outcome
from domain.plan.plan import Checkpoint, PlannedCheckpoint, Requirement
from domain.plan.plan import Step as PlanStep
from domain.rules.balance import stands_still
from domain.rules.book import Step, book_of
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.rules.turns import free_of_conflict, may_begin, next_to_begin, next_to_clear, on_its_leg, turn, waits_for_the_register
from domain.rules.watch import check_in_due
from domain.words.moments import utc_text

NO_COMMON_WAY = found(
    "R3", "no_common_way", "{states} does not allow the consignment to go {modality}", states="names", modality="word"
)
PERMISSION_WANTING = found("R16", "permission_wanting", "not permitted: {permission} in {state}", permission="word", state="name")

DELIVERED = found(
    "R12", "was_delivered", "delivered; {arrested} arrested, {freed} of them released again", arrested="count", freed="count"
)
CAME_BACK = found(
    "R12",
    "came_back",
    "delivered to the sender; {arrested} arrested, {freed} of them released again",
    arrested="count",
    freed="count",
)
SEIZED_AT_THE_END = found(
    "R12",
    "seized_at_the_end",
    "seized where the plan ends; {arrested} arrested, {freed} of them released again",
    arrested="count",
    freed="count",
)
IN_PARTS = found("R12", "ended_in_parts", "{parts}", parts="names")

SOONEST = timedelta(microseconds=1)
"""The next instant that a ledger can tell apart."""


class Course(Contingency):
    """Nothing in the plan says how to go on: initiator and responsible authority decide."""

    declares = Unforeseen(
        name="course",
        title="a decision how to go on",
        needs="movement_decision",
        without_end=True,
        after_halt=True,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """Never by itself: the last step of the checklist calls for it."""
        return iter(())

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The initiator, and the responsible authority."""
        who = dict.fromkeys((delivery.plan.initiator, delivery.state.responsible))
        needs = tuple(Requirement(service=service, says="movement_decision") for service in who)
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return "course"


# The checklist


def record_what_time_brought(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """What is `coming` and whose time is not after now, the earliest first; of what is due at one instant the first of them."""
    earliest = min((one for one in delivery.once(_coming) if one[0] <= now), key=itemgetter(0), default=None)
    if earliest is not None:
        yield earliest[1]()


def close_what_is_over(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """Checkpoint by checkpoint, in the order in which they opened, what is open and over. As `withdrawn`, where it is not under
    way any more, but for what goes on after a halt (the step `close`, and contingencies that say so). As `satisfied`, where it
    is, unless what does not fit was found there and waits for a decision. As `unanswered`, where it is silent and silence closes
    it (the steps `muster` and `close`, and contingencies that say so). As `withdrawn`, where it is moot: the contingency says so,
    or the plan in force has it no more.
    """
    for name, progress in delivery.state.progress.items():
        if progress.open:
            yield from _closing(delivery, name, progress)


def judge_what_came_early(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """Each statement that waits, in the order in which they came, judged as if it came now, with the number of the entry in which
    it came in. What is not early any more is taken up with that verdict. Of the budgets (R28) only what is held on to is looked
    at again.
    """
    law = book_of(delivery)
    for early in delivery.state.early.values():
        statement = law.read(early.envelope)
        keys = tuple(one.keyid for one in early.envelope.signatures)
        said = Said(early.seq, now, statement, keys)
        verdict = law.budget.held(delivery, said, law.judge(delivery, said))
        if verdict.verdict != "early":
            yield TakenUp(statement=statement.id, verdict=verdict)


def halt_where_law_forbids(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """While it is under way and has not been delivered, once `authorise` has `passed`. Where States are `conflicting`: halted
    with the cause `modality` and `no_common_way` (R3). Where something is `not_permitted`, in any State before the first leg is
    `cleared`, then in the `states_of` the leg that is `next_to_begin`: halted with the cause `permission` and
    `permission_wanting` (R16), for the first that is not `still_to_begin`.
    """
    state, consents = delivery.state, delivery.consents
    if not state.under_way or state.delivered or not state.passed("authorise"):
        return
    if states := consents.conflicting():
        yield Halted(cause="modality", finding=NO_COMMON_WAY(states=states, modality=delivery.plan.modality))
    leg = next_to_begin(delivery)
    ahead = delivery.plan.states() if state.cleared < 0 else consents.states_of(leg) if leg is not None else ()
    for lacking in consents.not_permitted(ahead, now):
        if consents.still_to_begin(lacking.state, lacking.permission, now):
            continue  # what waits for it waits
        finding = PERMISSION_WANTING(permission=lacking.permission, state=lacking.state)
        yield Halted(cause="permission", finding=finding)


def meet_the_unforeseen(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """Contingency by contingency, in the order in which they are told, a checkpoint about each key that it is called for."""
    for contingency in book_of(delivery).contingencies.values():
        for key in contingency.called_for(delivery, now):
            yield from _opening_of(delivery, contingency, key, now)


def ask_every_state(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `authorise`: while it advances and has not been delivered, once one of them has opened, or else
    when it is `free_of_conflict` (R15). What a changed plan asks afresh is asked wherever the consignment is (R22).
    """
    state = delivery.state
    begun = any(one.id in state.progress for one in delivery.plan.at("authorise"))
    if state.advances and not state.delivered and (begun or free_of_conflict(delivery)):
        yield from _openings(delivery, "authorise", now)


def prepare(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `prepare`, when that has its turn."""
    if turn(delivery, "prepare"):
        yield from _openings(delivery, "prepare", now)


def let_it_go(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The first leg is `cleared`, when it is the one that is `next_to_clear` and `may_begin` (R1). Then, when `dispatch` has its
    turn, its checkpoints.
    """
    if next_to_clear(delivery) == 0 and may_begin(delivery, 0, now):
        yield Cleared(leg=0)
    if turn(delivery, "dispatch") and delivery.state.cleared >= 0:
        yield from _openings(delivery, "dispatch", now)


def hand_over(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The next leg is `cleared`, when it is the one that is `next_to_clear` and `may_begin`: before its border is reached (R5).
    Then, while it is `watched`, advances and is `on_its_leg`, and `authorise` has `passed`: the checkpoint at the end of the leg
    it is on, if that is the last or the next one is `cleared` (R6).
    """
    state, leg = delivery.state, next_to_clear(delivery)
    if leg is not None and leg > 0 and may_begin(delivery, leg, now):
        yield Cleared(leg=leg)
    if state.watched and state.advances and on_its_leg(delivery) and state.leg is not None and state.passed("authorise"):
        last = state.leg == len(delivery.plan.legs) - 1
        if last or state.cleared > state.leg:
            yield from _opening(delivery, delivery.plan.legs[state.leg].end, now)


def muster_and_arrest(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `muster`, then of `arrest`, each when it has its turn."""
    steps: tuple[PlanStep, ...] = ("muster", "arrest")
    for step in steps:
        if turn(delivery, step):
            yield from _openings(delivery, step, now)


def account(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `account`, when that has its turn."""
    if turn(delivery, "account"):
        yield from _openings(delivery, "account", now)


def conclude(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The outcome (R12): when it has none and `stands_still`, no `balance` is open, nothing is `unexplained` (R10), and no
    divergence waits for a decision, unless it is not under way any more.
    """
    state = delivery.state
    settled = stands_still(delivery) and not open_about(state, "balance", "") and not delivery.balance.unexplained()
    if state.outcome is None and settled and (state.advances or not state.under_way):
        outcome, finding = conclusion(delivery)
        yield Concluded(outcome=outcome, finding=finding)


def close(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `close`, once it has its outcome, if it ever left."""
    if delivery.state.outcome is not None and delivery.state.dispatched:
        yield from _openings(delivery, "close", now)


def ask_for_a_course(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """A checkpoint of the contingency `course`: when it has no outcome, nothing is open, there is no moment after now, and it
    does not wait for the register.
    """
    state = delivery.state
    idle = not state.open_checkpoints() and next_moment(delivery, now) is None and not waits_for_the_register(delivery)
    if idle and state.outcome is None:
        yield from _opening_of(delivery, Course(), "", now)


def end(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The end: once it has its outcome, the register has let go of it, nobody has still to be told of it, and nothing is open."""
    state = delivery.state
    if state.outcome is not None and state.released and not state.owed and not state.open_checkpoints():
        yield Ended()


CHECKLIST: tuple[Step, ...] = (
    record_what_time_brought,
    close_what_is_over,
    judge_what_came_early,
    halt_where_law_forbids,
    meet_the_unforeseen,
    ask_every_state,
    prepare,
    let_it_go,
    hand_over,
    muster_and_arrest,
    account,
    conclude,
    close,
    end,
    ask_for_a_course,
)


def due(delivery: Delivery, now: datetime) -> AnyEvent | None:
    """The next thing to record; none: nothing before somebody speaks or `next_moment` comes."""
    if delivery.state.ended:
        return None
    return next(chain.from_iterable(step(delivery, now) for step in book_of(delivery).checklist), None)


def upcoming(delivery: Delivery, until: datetime) -> tuple[datetime, AnyEvent] | None:
    """The next decision that falls up to this instant, and when: now, or at the first moment that brings one."""
    now = delivery.quiet or delivery.state.now
    event = due(delivery, now) if delivery.quiet is None else None
    if event is not None:
        return now, event
    for moment in (at for at in delivery.once(_moments) if now < at <= until) if now < until else ():
        event = due(delivery, moment)
        if event is not None:
            return moment, event
    return None


def advance(delivery: Delivery, until: datetime) -> None:
    """Record each decision that falls up to this instant, at its own moment. Raises `RuntimeError` if one moment has no end."""
    if delivery.quiet is not None and until <= delivery.quiet:
        return
    at_once, last, most = 0, delivery.state.now, book_of(delivery).figures.most_at_once
    while (found_next := upcoming(delivery, until)) is not None:
        moment, event = found_next
        at_once, last = (at_once + 1, last) if moment == last else (1, moment)
        if at_once > most:
            message = f"more than {most} events follow from one; the last is {event}"
            raise RuntimeError(message)
        delivery.append(event, moment)
    delivery.quiet = max(until, delivery.state.now)


def next_moment(delivery: Delivery, after: datetime) -> datetime | None:
    """The earliest instant after this one that may bring a decision without anybody's word; none if only a word brings news."""
    if delivery.state.ended:
        return None
    return next((at for at in delivery.once(_moments) if at > after), None)


def _moments(delivery: Delivery) -> tuple[datetime, ...]:
    return tuple(sorted(set(book_of(delivery).moments(delivery))))


def moments(delivery: Delivery) -> Iterator[datetime]:
    """Every instant at which a decision may fall that does not fall before: those of what is `coming`; `check_in_due`; while it
    is under way and has not been delivered, the beginning of each authorisation, the beginning and the end of each permission,
    and for the leg that is `next_to_clear` the first instant, to the microsecond, at which the authorisation of one of its
    `states_of` has less than is `needed`.
    """
    yield from (at for at, _ in delivery.once(_coming))
    check_in = check_in_due(delivery)
    if check_in is not None:
        yield check_in
    yield from _windows(delivery)


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
    for permits in state.permits.values():
        for permit in permits:
            yield from (permit.valid_from, permit.valid_until)


# What the steps are made of


def _coming(delivery: Delivery) -> tuple[tuple[datetime, Callable[[], AnyEvent]], ...]:
    return tuple(coming(delivery))


def coming(delivery: Delivery) -> Iterator[tuple[datetime, Callable[[], AnyEvent]]]:
    """What time will bring, and when. Checkpoint by checkpoint that is open and not satisfied, in the order in which they opened:
    its next reminder, one more than before; the next rung of its ladder, `after` it opened; and where it has a due time and is
    not silent, at that time `silence`, or, while it waits for a service that must be polled and they have not been asked once
    more, `came_due`, once. Reminder, rung and silence name those that are waited for. Then, while it is under way and has not
    been delivered, authorisation by authorisation that is final, neither withdrawn nor expired, and of a State ahead: `expiring`,
    before its end by the next of the plan's `expiry_warnings`, the longest first, one more than before; and `expired`, at its
    end. Last, while it is under way and the register has put something off: `look_due`, then.
    """
    for name, progress in delivery.state.progress.items():
        if progress.open and not progress.satisfied:
            yield from _coming_at(delivery, name, progress)
    state = delivery.state
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
        yield progress.opened + rung.after, partial(Escalated, checkpoint=name, to=rung.to, services=waiting, rung=climbed)
    if progress.due is not None and not progress.silent:
        polled = any(_is_polled(delivery, service) for service in waiting)
        if not polled or progress.asked_again:
            yield progress.due, partial(Silence, checkpoint=name, services=waiting)
        elif not progress.came_due:
            yield progress.due, partial(CameDue, checkpoint=name)


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


def _closing(delivery: Delivery, name: str, progress: Progress) -> Iterator[AnyEvent]:
    state, planned = delivery.state, delivery.plan.find(name)
    contingency = book_of(delivery).contingencies.get(progress.contingency or "")
    brake = contingency.declares.after_halt if contingency is not None else planned is not None and planned.step == "close"
    if not state.under_way and not brake:
        yield Closed(checkpoint=name, result="withdrawn")
    discrepancy = state.discrepancy
    if progress.satisfied and (discrepancy is None or discrepancy.checkpoint != name):
        yield Closed(checkpoint=name, result="satisfied")
    if progress.silent and _may_stay_unanswered(delivery, name, progress):
        yield Closed(checkpoint=name, result="unanswered")
    moot = contingency.moot(delivery, progress) if contingency is not None else planned is None
    if moot:
        yield Closed(checkpoint=name, result="withdrawn")


def _may_stay_unanswered(delivery: Delivery, name: str, progress: Progress) -> bool:
    """Silence closes what decides nothing: a team's readiness for the arrest, the closing, what a contingency says of itself."""
    contingency = book_of(delivery).contingencies.get(progress.contingency or "")
    if contingency is not None:
        return contingency.may_stay_unanswered(delivery.state)
    planned = delivery.plan.find(name)
    return planned is not None and planned.step in ("muster", "close")


def _openings(delivery: Delivery, step: PlanStep, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of a step that have not opened, in the plan's order; one that comes `after` another only once that has
    closed.
    """
    for planned in delivery.plan.at(step):
        if planned.after is None or delivery.state.closed(planned.after):
            yield from _opening(delivery, planned.id, now)


def _opening(delivery: Delivery, name: str, now: datetime) -> Iterator[AnyEvent]:
    """A checkpoint of the plan that has not opened. It is due `due_after` from now."""
    planned = delivery.plan.find(name)
    assert isinstance(planned, PlannedCheckpoint)  # noqa: S101 - a checked plan has it
    if name not in delivery.state.progress:
        yield Opened(checkpoint=name, due=utc_text(now + delivery.plan.due_after(planned)))


def _opening_of(delivery: Delivery, contingency: Contingency, key: str, now: datetime) -> Iterator[AnyEvent]:
    """A checkpoint that a contingency calls for: with what it is about, and all that it is. It has no due time where it waits
    without end; else it is due from now by what it says.
    """
    name = contingency.name_of(delivery.state, key)
    definition = contingency.checkpoint(delivery, key, name)
    due = None if contingency.declares.without_end else utc_text(now + definition.due)
    yield Opened(checkpoint=name, due=due, contingency=contingency.declares.name, key=key, definition=definition)


def conclusion(delivery: Delivery) -> tuple[Outcome, Finding]:
    """The one outcome that what has happened amounts to (R12). If it has split, `split` with `ended_in_parts`, each part's code
    name and outcome with a colon and a blank between. If nothing has halted it, or it is delivered and somebody is arrested or
    every checkpoint of step `arrest` has closed as `satisfied`: `returned_to_sender` with `came_back` where
    the plan says `reverse`; `interdicted_as_planned` with `seized_at_the_end` where it `ends_with_a_seizure`; else
    `delivered_with_arrests` where somebody was arrested, or `delivered_without_arrest`, with `was_delivered`. Else what comes
    `after_a_halt`, with what the halt found.
    """
    state = delivery.state
    halt = state.halt
    counts = {"arrested": state.arrested, "freed": state.freed}
    if state.parts:
        return "split", IN_PARTS(parts=tuple(f"{part.operation}: {part.outcome}" for part in state.ended_parts))
    if halt is None or (state.delivered and (state.arrested or state.satisfied("arrest"))):
        if delivery.plan.reverse:
            return "returned_to_sender", CAME_BACK(**counts)
        if delivery.plan.ends_with_a_seizure():
            return "interdicted_as_planned", SEIZED_AT_THE_END(**counts)
        return ("delivered_with_arrests" if state.arrested else "delivered_without_arrest"), DELIVERED(**counts)
    return _after_a_halt(delivery), halt.finding


def _after_a_halt(delivery: Delivery) -> Outcome:
    """The first that holds: `aborted_for_risk_to_life`, if that is the cause; `destroyed`, if it is; `lost_or_stolen`, if it is
    lost and not secured; `no_show`, if that is the cause; `refused`, if the cause is `refused`, `modality` or `permission`;
    `expired`, if the cause is `expired`, or `silence` before it left; `withdrawn`, if the cause is `withdrawn`, or it never left
    and was not seized `unasked`; `interdicted_early`.
    """
    state = delivery.state
    halt = state.halt
    assert halt is not None  # noqa: S101
    if halt.cause == "risk_to_life":
        return "aborted_for_risk_to_life"
    if state.destroyed:
        return "destroyed"
    if state.lost and not state.secured:
        return "lost_or_stolen"
    if halt.cause == "no_show":
        return "no_show"
    if halt.cause in ("refused", "modality", "permission"):
        return "refused"
    if halt.cause == "expired" or (halt.cause == "silence" and not state.dispatched):
        return "expired"
    if halt.cause == "withdrawn" or not (state.dispatched or state.unasked):
        return "withdrawn"
    return "interdicted_early"
