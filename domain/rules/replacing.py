"""Who takes another's place under way (R22): it may do what is still asked of that, and what is ahead is asked of it."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from domain.delivery.consents import changed_to, ended_behind, still_done
from domain.delivery.delivery import Delivery
from domain.plan.cards import Measure, RuleCard
from domain.plan.check_voices import successors
from domain.plan.directory import Directory
from domain.plan.plan import TO_DEPART, Plan, PlannedCheckpoint, Step
from domain.rules.duties import DutyOwed
from domain.rules.renewal import asked_before
from domain.rules.siblings import lacking
from domain.words.errors import Fault
from domain.words.text import fill, mark, together, word


def who_is_replaced(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """Who is replaced is so once, by one of the same State that has not been replaced itself, and by the card may do what it is
    asked to do in the plan in force; and it is asked nothing more, but for what it has answered where others are still waited
    for, nor told that they do not answer.
    """
    ahead = [one for one in plan.checkpoints if not delivery.state.closed(one.id)]
    legs = plan.legs[delivery.state.leg or 0 :]
    for number, one in enumerate(plan.replaced):
        place = f"replaced.{number}"
        old, new = directory.find(one.service), directory.find(one.by)
        if one.service in plan.initiators():
            yield Fault(place=place, problem=mark("R22: the initiator answers for the plan and is not replaced"))
        if new is None or old is None or new.state != old.state:
            yield Fault(
                place=place,
                problem=fill("R22: {by} must be a service of the same State as {service}", by=one.by, service=one.service),
            )
        elif number >= len(delivery.plan.replaced):
            yield from _who_takes_over(plan, number)
            known = (plan, directory, delivery.cards)
            told = [*successors(*known)]  # by the check of the plan itself
            yield from (one for one in successors(*known, asked_in=delivery.plan) if one.place == place and one not in told)
        asked = any(
            one.service in checkpoint.services() and not _has_answered(delivery, checkpoint, one.service) for checkpoint in ahead
        )
        if asked or any(leg.responsible == one.service for leg in legs):
            yield Fault(
                place=place, problem=fill("R22: {service} is still asked or responsible for what lies ahead", service=one.service)
            )
        for checkpoint in ahead:
            progress = delivery.state.progress.get(checkpoint.id)
            if any(rung.to == one.service for rung in checkpoint.escalate[progress.escalated if progress is not None else 0 :]):
                problem = fill(
                    "R22: the ladder of {checkpoint} still leads to {service}; name another there",
                    checkpoint=checkpoint.id,
                    service=one.service,
                )
                yield Fault(place=place, problem=problem)


def _has_answered(delivery: Delivery, checkpoint: PlannedCheckpoint, service: str) -> bool:
    """Whether a service has answered there all that the new plan asks of it."""
    progress = delivery.state.progress.get(checkpoint.id)
    return progress is not None and checkpoint.asked.get(service, frozenset()) <= progress.answers.keys()


def _who_takes_over(plan: Plan, number: int) -> Iterator[Fault]:
    """What is wrong with who newly takes the place of another: one that has been replaced comes back, or goes twice."""
    one, gone = plan.replaced[number], [known.service for known in plan.replaced[:number]]
    if one.by in (*gone, one.service):
        problem = fill("R22: {by} has been replaced itself and does not come back; name one that takes part", by=one.by)
        yield Fault(place=f"replaced.{number}", problem=problem)
    if one.service in gone:
        problem = fill(
            "R22: {service} has been replaced already; replace {by}, which has taken its place",
            service=one.service,
            by=plan.model_copy(update={"replaced": plan.replaced[:number]}).successor_of(one.service),
        )
        yield Fault(place=f"replaced.{number}", problem=problem)


def who_permits_on(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """Whoever has taken another's place may permit by the card of its State what it is asked to (R16)."""
    for number, one in enumerate(plan.replaced):
        new = directory.find(one.by)
        card = delivery.cards.get(new.state or "") if new is not None else None
        if new is None or card is None or plan.successor_of(one.service) != new.id:
            continue
        asked = dict.fromkeys(_to_permit(delivery, plan, card, one.service))
        lost = [measure for measure in asked if not card.lets_permit(new.kind, measure, plan.case)]
        if lost:
            problem = fill(
                "R16: in the place of {service} {by} would be asked for a permission of {measures}, and by the rule card of "
                "{state} a {kind} gives none; name in `by` a service that may",
                service=one.service,
                by=new.id,
                measures=together(map(word, lost)),
                state=card.state,
                kind=word(new.kind),
            )
            yield Fault(place=f"replaced.{number}", problem=problem)


def _to_permit(delivery: Delivery, plan: Plan, card: RuleCard, service: str) -> Iterator[Measure]:
    """What a service, or one that it has replaced, has permitted there and somebody is asked to permit once more. What is urgent
    is to be sanctioned, and an authorisation that is not written is to be written down. What ends before the plan needs it no
    more is to be made longer: a permission as far as it is `still_done` and no other, but for an urgent one, permits it from then
    on; an authorisation with all that it permits.
    """
    state, left, waits = delivery.state, left_by(delivery, plan, card.state), held_up(delivery, plan)

    def runs_out(until: datetime, measures: tuple[Measure, ...]) -> bool:
        return left is not None and until < left + waits + plan.margin + asked_before(plan, card, measures)

    permits, done = state.permits.get(card.state, ()), still_done(state, plan, card.state, plan.permissions(card))
    for permit in permits:
        if service in plan.line_of(permit.service) and permit.valid_until > delivery.reached:
            short = runs_out(permit.valid_until, permit.permissions)
            others = [one for one in permits if not one.urgent and one.valid_from <= permit.valid_until < one.valid_until]
            outlasted = {measure for one in others for measure in one.permissions}
            wanted = [one for one in done if short and one not in outlasted]
            yield from (one for one in permit.permissions if permit.urgent or one in wanted)
    for grant in state.grants.values():
        ended = grant.expired or ended_behind(state, plan, grant, delivery.reached)
        if grant.state == card.state and service in plan.line_of(grant.service) and grant.final and not ended:
            yield from grant.permits if runs_out(grant.valid_until, ()) or grant.form != "written" else ()


def left_by(delivery: Delivery, plan: Plan, there: str) -> datetime | None:
    """When it has left a State (UTC) by this plan, if each step before it takes as long as it may, and what is open as much of
    that as is left. Of what is held back, when it is accounted for: once that has begun, it waits for nobody who is asked. None
    where that State lies behind or is never entered, or it is delivered.
    """
    state, leg = delivery.state, delivery.state.leg or 0
    stays = plan.held_back and there != plan.legs[0].state
    if state.delivered or stays or not any(there in one.states for one in plan.legs[leg:]):
        return None
    if plan.held_back:
        opened = all(one in state.progress for one in plan.ids_at("account"))
        ready = timedelta() if opened else _departs(delivery, plan)
        return delivery.reached + ready + _longest(delivery, plan, "account")
    departs = timedelta() if state.dispatched else _departs(delivery, plan)
    return delivery.reached + departs + plan.time_to_leave(there, leg) - _waited(delivery, plan, plan.legs[leg].end)


def _departs(delivery: Delivery, plan: Plan) -> timedelta:
    """How long it may take from now until it departs: what is left of each step before that, one after the other. Who is asked
    afresh once the preparation has begun answers beside it, and while it waits for siblings already. Where by this plan it waits
    anew for what is `lacking`, that begins once it is ready; and in the end those in charge may decide.
    """
    authorise, prepare, dispatch = (_longest(delivery, plan, step) for step in TO_DEPART)
    begun = any(one in delivery.state.progress for one in plan.ids_at("prepare"))
    ready = max(authorise, prepare) if begun else authorise + prepare
    state = changed_to(delivery.state, plan, delivery.reached)
    for one in filter(plan.takes_place, plan.at("dispatch")):
        if one.waits is None or one.id in state.progress or not lacking(state, one):
            continue
        until = state.siblings.waiting.get(one.id)
        ready = max(ready, until - delivery.reached) if until is not None else ready + one.waits
        ready += plan.contingencies.decision
    return ready + dispatch


def _longest(delivery: Delivery, plan: Plan, step: Step) -> timedelta:
    """What is left of the longest checkpoint of a step that takes place."""
    return max((to_answer(delivery, plan, one) for one in plan.at(step) if plan.takes_place(one)), default=timedelta())


def held_up(delivery: Delivery, plan: Plan, without: Collection[str] = ()) -> timedelta:
    """For how long it may have to wait, once it has left, for who is still asked to consent, `without` those checkpoints:
    meanwhile the time of its leg stands (R22). The next leg waits for all who are asked, wherever that is; the end of the last
    one, once it is open, for the States of that leg. And the end of each waits for who has not said all at the checkpoint behind.
    """
    state, leg = delivery.state, delivery.state.leg or 0
    if not state.dispatched:
        return timedelta()
    here = plan.legs[leg:]
    last = len(here) == 1 and state.is_open(here[0].end)
    asked = [one for one in plan.at("authorise") if one.id not in without and (not last or one.state in here[0].states)]
    ends = {one.end for one in plan.legs[:leg]} - {one.end for one in here}
    behind = [one for one in plan.checkpoints if state.is_open(one.id) and (one.step == "dispatch" or one.id in ends)]
    return max((to_answer(delivery, plan, one) for one in (*asked, *behind)), default=timedelta())


def to_answer(delivery: Delivery, plan: Plan, checkpoint: PlannedCheckpoint) -> timedelta:
    """For how much longer one may wait for what is said there: none, once it has closed."""
    done = delivery.state.closed(checkpoint.id)
    return timedelta() if done else plan.due_after(checkpoint) - _waited(delivery, plan, checkpoint.id)


def _waited(delivery: Delivery, plan: Plan, checkpoint: str) -> timedelta:
    """How much of the time of an open checkpoint, as this plan gives it, has passed."""
    progress, planned = delivery.state.progress.get(checkpoint), plan.find(checkpoint)
    if progress is None or not progress.open or planned is None:
        return timedelta()
    return min((progress.stood or delivery.reached) - progress.counted_from, plan.due_after(planned))


def who_owes(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """Who is asked to do a duty of the law is not left out (R22): it stays, or another takes its place. It is asked once."""
    for progress in delivery.state.open_checkpoints():
        for service in progress.waiting_for() if progress.contingency == DutyOwed.declares.name else ():
            if plan.successor_of(service) not in plan.participants():
                problem = fill(
                    "R22: {service} is asked to do a duty of the law at {checkpoint}; name who takes its place",
                    service=service,
                    checkpoint=progress.checkpoint.id,
                )
                yield Fault(place="replaced", problem=problem)


def who_takes_charge(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """Who has decided in another's place does not take charge of a leg (R13)."""
    for number, leg in enumerate(plan.legs):
        spent = delivery.state.spent.get(leg.responsible)
        if spent is not None and spent.decided and leg.responsible not in delivery.plan.carrying_out():
            problem = fill(
                "R13: {service} has decided in another's place, so it does not carry that out; put another in charge",
                service=leg.responsible,
            )
            yield Fault(place=f"legs.{number}.responsible", problem=problem)
