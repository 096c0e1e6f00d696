"""What happens next: the officer's checklist of a controlled delivery, from detection to close, as a decision.

After whatever has happened, `due` says what is to be recorded next, until nothing is. There is no place at which a delivery
*is*, beside its state: so a change of plan, a restart or a stop is nothing special, at any moment. The order of the checklist is
law: `verify` demands that each decision in a ledger is the one that `due` makes there.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from operator import itemgetter

from domain.delivery import unforeseen
from domain.delivery.decided import Cleared, Closed, Concluded, Ended, Halted, Opened, TakenUp, Waits
from domain.delivery.delivery import Delivery
from domain.delivery.events import AnyEvent
from domain.delivery.grants import Lacking
from domain.delivery.progress import Progress
from domain.delivery.statement import Said
from domain.delivery.verdicts import found
from domain.plan.plan import Checkpoint, PlannedCheckpoint, Requirement
from domain.plan.plan import Step as PlanStep
from domain.plan.successors import asked_instead
from domain.rules.balance import stands_still
from domain.rules.book import Step, book_of
from domain.rules.coming import all_coming, moments_in_order, stays_open_until
from domain.rules.conclusion import conclusion
from domain.rules.contingency import Contingency, Unforeseen, open_about
from domain.rules.detection import in_hand, reported
from domain.rules.exhibits import prepares_it
from domain.rules.siblings import beginning_to_wait, lacking
from domain.rules.turns import free_of_conflict, may_begin, next_to_begin, next_to_clear, on_its_leg, turn, waits_for_the_register
from domain.words.moments import utc_text

NO_COMMON_WAY = found(
    "R3", "no_common_way", "{states} does not allow the consignment to go {modality}", states="names", modality="word"
)
PERMISSION_WANTING = found("R16", "permission_wanting", "not permitted: {permission} in {state}", permission="word", state="name")

DECIDES_NOTHING: tuple[PlanStep, ...] = ("muster", "close")
"""Steps of which a checkpoint is closed by silence: a team's readiness for the arrest, and the closing."""


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
        """The `initiators`, and the responsible authority."""
        who = dict.fromkeys((*delivery.plan.initiators(), delivery.state.responsible))
        needs = tuple(Requirement(service=service, says="movement_decision") for service in who)
        return Checkpoint(id=name, requires=needs, due=delivery.plan.contingencies.decision)

    def title_of(self, key: str) -> str:
        return "course"


# The checklist


def record_what_time_brought(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """What is `coming` and whose time is not after now, the earliest first; of what is due at one instant the first of them."""
    earliest = min((one for one in delivery.once(all_coming) if one[0] <= now), key=itemgetter(0), default=None)
    if earliest is not None:
        yield earliest[1]()


def close_what_is_over(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """Checkpoint by checkpoint, in the order in which they opened, what is open and over. As `withdrawn`, where it is not under
    way any more, but for what goes on after a halt (the step `close`, and contingencies that say so). As `refused`, where it was:
    at once, or when the contingency says so; with what ends then, as after silence. As `satisfied`, where it is, unless it
    was `refused`, or what does not fit was found there and waits for a decision. As `unanswered`, where it is silent and silence
    closes it (the steps `muster` and `close`, and contingencies that say so). As `withdrawn`, where it is moot: the contingency
    says so, or the plan in force has it no more.
    """
    for name, progress in delivery.state.progress.items():
        if progress.open:
            yield from _closing(delivery, name, progress, now)


def judge_what_came_early(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """Each statement that waits, in the order in which they came, judged as if it came now, with the number of the entry in which
    it came in. What is not early any more is taken up with that verdict, but none while a State is to be asked, the first leg to
    be cleared, or it is to halt, by what `ask_every_state`, `let_it_go` and `halt_where_law_forbids` say: that comes first. Of
    the budgets (R28) only what is held on to is looked at again.
    """
    law = book_of(delivery)
    first = (ask_every_state, let_it_go, halt_where_law_forbids)
    if delivery.state.early and next(chain.from_iterable(step(delivery, now) for step in first), None) is not None:
        return
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
    `cleared`, then in the `states_of` the leg that is `next_to_begin`, and of what is `held_back` in the State of its first leg:
    halted with the cause `permission` and `permission_wanting` (R16), for the first that is not `still_to_begin`. After a change
    so too where something is `never_permitted` in the `states` of the leg that it is on, unless it was urgent there and somebody
    has been asked to sanction it.
    """
    state, consents = delivery.state, delivery.consents
    if not state.under_way or state.delivered or not state.passed("authorise"):
        return
    if states := consents.conflicting():
        yield Halted(cause="modality", finding=NO_COMMON_WAY(states=states, modality=delivery.plan.modality))
    leg = next_to_begin(delivery)
    every = delivery.plan.states() if not delivery.plan.held_back else (delivery.plan.legs[0].state,)
    ahead = every if state.cleared < 0 else consents.states_of(leg) if leg is not None else ()
    for missing in consents.not_permitted(ahead, now):
        if consents.still_to_begin(missing.state, missing.permission, now):
            continue  # what waits for it waits
        finding = PERMISSION_WANTING(permission=missing.permission, state=missing.state)
        yield Halted(cause="permission", finding=finding)
    changed = state.dispatched and len(state.plans) > 1
    for missing in consents.never_permitted(state.here.states) if changed else ():
        if _was_urgent(delivery, missing):
            continue  # what is not sanctioned ends, and not the delivery
        finding = PERMISSION_WANTING(permission=missing.permission, state=missing.state)
        yield Halted(cause="permission", finding=finding)


def _was_urgent(delivery: Delivery, missing: Lacking) -> bool:
    """Whether by the card of that State this may begin in urgency, and somebody there has been asked to sanction what did."""
    card = delivery.cards.get(missing.state)
    may_be = card is not None and any(missing.permission in one.measures for one in card.urgent_measures)
    about = (one.partition("/") for one in delivery.state.opened)
    asked = (delivery.directory.get(service).state for title, _, service in about if title == unforeseen.SANCTION)
    return may_be and missing.state in asked


def meet_the_unforeseen(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """Contingency by contingency, in the order in which they are told, a checkpoint about each key that it is called for."""
    for contingency in book_of(delivery).contingencies.values():
        for key in contingency.called_for(delivery, now):
            yield from _opening_of(delivery, contingency, key, now)


def ask_every_state(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `authorise`: while it advances and has not been delivered, once one of them has opened, or else
    when what was found is `reported` (R30) and it is `free_of_conflict` (R15). What a changed plan asks afresh is asked wherever
    the consignment is (R22).
    """
    state = delivery.state
    begun = any(one.id in state.progress for one in delivery.plan.at("authorise"))
    if state.advances and not state.delivered and (begun or (reported(state) and free_of_conflict(delivery))):
        yield from _openings(delivery, "authorise", now)


def prepare(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `prepare`, when that has its turn, and the responsible authority has it `in_hand`, or who is
    `to_hand_on` it `prepares_it` (R30).
    """
    state = delivery.state
    if turn(delivery, "prepare") and (in_hand(state) or prepares_it(state)):
        yield from _openings(delivery, "prepare", now)


def let_it_go(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The first leg is `cleared`, when it is the one that is `next_to_clear` and `may_begin` (R1). Then, when `dispatch` has its
    turn, and the responsible authority has it `in_hand` (R30), its checkpoints.
    """
    if next_to_clear(delivery) == 0 and may_begin(delivery, 0, now):
        yield Cleared(leg=0)
    if turn(delivery, "dispatch") and delivery.state.cleared >= 0 and in_hand(delivery.state):
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


def wait_for_siblings(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """Each checkpoint that is `beginning_to_wait` waits (R31): from now, for as long as its `waits` says."""
    for planned in beginning_to_wait(delivery):
        yield Waits(checkpoint=planned.id, until=utc_text(now + (planned.waits or delivery.plan.contingencies.decision)))


def muster_and_arrest(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `muster`, then of `arrest`, each when it has its turn."""
    steps: tuple[PlanStep, ...] = ("muster", "arrest")
    for step in steps:
        if turn(delivery, step):
            yield from _openings(delivery, step, now)


def account(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of step `account`, beside those of `arrest`: when that has its turn, and the consignment is in hand, since
    it is secured or one checkpoint of step `arrest` has closed. So it is weighed at once, and not after the last arrest. Of what
    is `held_back`: while it advances, once `prepare` has `passed`.
    """
    if delivery.plan.held_back and turn(delivery, "dispatch"):
        yield from _openings(delivery, "account", now)
    if turn(delivery, "arrest") and (delivery.state.secured or any(map(delivery.state.closed, delivery.plan.ids_at("arrest")))):
        yield from _openings(delivery, "account", now)


def conclude(delivery: Delivery, now: datetime) -> Iterator[AnyEvent]:
    """The outcome (R12): when it has none and `stands_still`, no `balance` is open, nothing is `unexplained` (R10), and no
    divergence waits for a decision, unless it is not under way any more.
    """
    state = delivery.state
    settled = stands_still(delivery) and not open_about(state, unforeseen.BALANCE, "") and not delivery.balance.unexplained()
    if state.outcome is None and settled and (state.advances or not state.under_way):
        outcome, finding = conclusion(state)
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
    """The end: once it has its outcome, the register has let go of it, nothing is `owed` to anybody, of whatever kind, nothing is
    open, and the moment until which it stays open (`stays_open_until`) is not after now.
    """
    state = delivery.state
    if state.outcome is None or not state.released or state.owed or state.open_checkpoints():
        return
    until = stays_open_until(delivery)
    if until is None or until <= now:
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
    wait_for_siblings,
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
    now = delivery.reached
    event = due(delivery, now) if delivery.quiet is None else None
    if event is not None:
        return now, event
    for moment in (at for at in delivery.once(moments_in_order) if now < at <= until) if now < until else ():
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
    return next((at for at in delivery.once(moments_in_order) if at > after), None)


# What the steps are made of


def _closing(delivery: Delivery, name: str, progress: Progress, now: datetime) -> Iterator[AnyEvent]:
    state, planned = delivery.state, delivery.plan.find(name)
    contingency = book_of(delivery).contingencies.get(progress.contingency or "")
    brake = contingency.declares.after_halt if contingency is not None else planned is not None and planned.step == "close"
    if not state.under_way and not brake:
        yield Closed(checkpoint=name, result="withdrawn")
    if progress.refused and contingency is not None and contingency.refusal_counts(progress, now):
        at = min(now, progress.due or now)
        yield Closed(checkpoint=name, result="refused", finding=contingency.ends_with_silence(state, progress, at))
    discrepancy = state.discrepancy
    if progress.satisfied and not progress.refused and (discrepancy is None or discrepancy.checkpoint != name):
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
    return planned is not None and planned.step in DECIDES_NOTHING


def _openings(delivery: Delivery, step: PlanStep, now: datetime) -> Iterator[AnyEvent]:
    """The checkpoints of a step that take place and have not opened, in the plan's order; one that comes `after` another only
    once that has closed, and one that waits for siblings only once nothing is `lacking` (R31).
    """
    for planned in filter(delivery.plan.takes_place, delivery.plan.at(step)):
        if (planned.after is None or delivery.state.closed(planned.after)) and not lacking(delivery.state, planned):
            yield from _opening(delivery, planned.id, now)


def _opening(delivery: Delivery, name: str, now: datetime) -> Iterator[AnyEvent]:
    """A checkpoint of the plan that has not opened. It is due `due_after` from now."""
    planned = delivery.plan.find(name)
    assert isinstance(planned, PlannedCheckpoint)  # noqa: S101 - a checked plan has it
    if name not in delivery.state.progress:
        yield Opened(checkpoint=name, due=utc_text(now + delivery.plan.due_after(planned)))


def _opening_of(delivery: Delivery, contingency: Contingency, key: str, now: datetime) -> Iterator[AnyEvent]:
    """A checkpoint that a contingency calls for: with what it is about, and all that it is, asked of the successors of those that
    have been replaced. It has no due time where it waits without end; else it is due from now by what it says.
    """
    name = contingency.name_of(delivery.state, key)
    definition = asked_instead(contingency.checkpoint(delivery, key, name), delivery.plan)
    due = None if contingency.declares.without_end else utc_text(now + definition.due)
    yield Opened(checkpoint=name, due=due, contingency=contingency.declares.name, key=key, definition=definition)
