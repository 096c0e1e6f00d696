"""What a changed plan asks States afresh (R22), and what they have given and it goes on by (R1, R5, R16)."""

from collections.abc import Iterator

from domain.delivery.consents import Consents, changed_to
from domain.delivery.delivery import Delivery
from domain.delivery.grants import Grant
from domain.delivery.state import State
from domain.plan.cards import Measure, RuleCard
from domain.plan.check_law import surely_permitted_at
from domain.plan.check_powers import touches
from domain.plan.check_voices import agreement
from domain.plan.directory import Directory
from domain.plan.plan import Plan, PlannedCheckpoint, Requirement
from domain.plan.request_for_consent import CONDITION_LOST, arresting, changed, digest_of_request
from domain.words.errors import Fault
from domain.words.quantities import say_span
from domain.words.text import fill, together, word


def fresh_consents(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """A State is asked afresh where something has `changed` that its consent does not cover; and one that is new on the way
    (R1). Where the rest of the request changes, its consent stands. So is one that is not on the route and is asked, and one that
    it has left, where somebody is arrested there whom nobody was to arrest there before; and one of which a condition binds at
    a checkpoint ahead that is taken out, or is of another step or place: it consented on that condition (R19). Who by its card
    must agree with what is decided there is asked afresh too: what was agreed to was the request before. Not a State that the
    plan does not touch any more: that has nothing left to decide. One that was asked though the plan never touched it has.
    """
    ahead = [state for leg in plan.legs[delivery.state.leg or 0 :] for state in leg.states]
    beside = [state for state in plan.asked_states() if state not in plan.states()]
    left = [one for one in arresting(plan) if one in plan.asked_states() and one not in arresting(delivery.plan)]
    unbound = [grant.state for grant in delivery.state.grants.values() if _binds_no_more(delivery, plan, grant)]
    asked = (*ahead, *beside, *left)
    never_touched = [one for one in unbound if plan.authorities(one) and not touches(delivery.plan, one, delivery.directory)]
    touched = (one for one in dict.fromkeys((*asked, *unbound)) if one in never_touched or touches(plan, one, directory))
    for state in touched:
        differs = changed(delivery.plan, plan, state) if state in asked else ()
        if state in unbound:
            differs = (*differs, CONDITION_LOST)
        if not differs:
            continue
        fresh = [one for one in plan.at("authorise") if one.state == state and one.id not in delivery.state.progress]
        asked_before = any(one.state == state and one.id in delivery.state.progress for one in delivery.plan.at("authorise"))
        if not (asked_before or state not in delivery.plan.states()):
            continue
        if not any(one.authorities() for one in fresh):
            problem = fill(
                "R1: what {state} was asked to decide on changes ({what}), so {state} must be asked afresh: "
                "add a checkpoint of step authorise",
                state=state,
                what=together(map(fill, differs)),
            )
            yield Fault(place="checkpoints", problem=problem)
        elif (card := delivery.cards.get(state)) is not None:
            yield from agreement(plan, directory, card, fresh)


def _binds_no_more(delivery: Delivery, plan: Plan, grant: Grant) -> bool:
    """Whether a condition of this authorisation binds at a checkpoint that is gone in this plan, or of another step or place."""

    def where(one: PlannedCheckpoint | None) -> tuple[str, ...] | None:
        return (one.step, one.state, one.place) if one is not None else None

    bound = (one.at for one in grant.conditions if one.at is not None and grant.final)
    return any(where(delivery.plan.find(one)) != where(plan.find(one)) for one in bound)


def questions_stay(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """A State that has still to decide is asked until it has (R1): else a change would stand by taking the question about it out.
    Not where all that it has consented to is what the new plan asks it, nor where it has no part any more.
    """
    for one in delivery.plan.at("authorise"):
        gone = plan.find(one.id) is None and not delivery.state.closed(one.id) and bool(one.authorities())
        if not gone or one.state not in (*plan.states(), *plan.asked_states()):
            continue
        others = [other for other in plan.at("authorise") if other.state == one.state and other.authorities()]
        given = [grant for grant in delivery.state.grants.values() if grant.state == one.state and grant.final]
        covered = bool(given) and all(grant.request == digest_of_request(plan, one.state) for grant in given)
        if not covered and all(delivery.state.closed(other.id) for other in others):
            problem = fill(
                "R1: {state} has not decided at {checkpoint}, so it stays, or {state} is asked at another one of authorise",
                state=one.state,
                checkpoint=one.id,
            )
            yield Fault(place="checkpoints", problem=problem)


def may_be_had(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """A change leaves nothing `_wanting` that was not so before: every State that is still to be entered can consent, and can
    permit what is done there (R1, R16).
    """
    known = [*_wanting(delivery, delivery.plan, directory)]
    for there, measure in _wanting(delivery, plan, directory):
        if (there, measure) in known:
            continue
        if measure is None:
            problem = fill(
                "R1: what {state} had authorised {why}; ask who gave it, or its successor, at a new checkpoint of step authorise",
                state=there,
                why=_why_not(changed_to(delivery.state, plan, delivery.reached), there),
            )
        else:
            problem = fill(
                "R16: no act permits {measure} in {state}, and nobody who may is asked; add a checkpoint of step authorise",
                measure=word(measure),
                state=there,
            )
        yield Fault(place="checkpoints", problem=problem)


def _why_not(state: State, there: str) -> str:
    """All that is wrong with what a State has authorised; that it is not enough, where nothing is."""
    given = [grant for grant in state.grants.values() if grant.state == there]
    wrong = (
        (any(one.withdrawn for one in given), fill("was withdrawn")),
        (any(one.expired for one in given), fill("has expired, or ends with this change")),
        (any(one.provisional for one in given), fill("is provisional")),
        (any(state.plan.modality not in one.modalities for one in given), fill("does not allow this way of handling")),
    )
    return together([why for is_so, why in wrong if is_so] or [fill("is not enough")])


def _wanting(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[tuple[str, Measure | None]]:
    """What is lacking, by this plan. A State with no measure: a leg to come leads into it, it has not authorised, and cannot by
    what it is still asked (`may_be_authorised`, R1). A State with a measure: the leg that it is on or one to come leads into it,
    no act permits that there, and nobody must answer who may (`surely_permitted_at`, R16). Nothing once it is delivered.
    """
    state, now = delivery.state, delivery.reached
    consents = Consents(changed_to(state, plan, now))
    ahead = plan.legs[state.leg or 0 :] if not state.delivered else ()
    begins = [one for leg in ahead[0 if state.leg is None else 1 :] for one in leg.states]
    for there in dict.fromkeys(one for leg in ahead for one in leg.states):
        if there in begins and not consents.may_be_authorised(there):
            yield there, None
        card = delivery.cards.get(there)
        if card is None or (plan.held_back and there != plan.legs[0].state):
            continue
        asked = permitted_anew(delivery, plan, directory, card)
        for lacking in consents.not_permitted((there,), now):
            if lacking.permission not in asked and not consents.still_to_begin(there, lacking.permission, now):
                yield there, lacking.permission


def permitted_anew(delivery: Delivery, plan: Plan, directory: Directory, card: RuleCard) -> set[Measure]:
    """What is permitted in a State where its open questions are answered, whoever answers (`surely_permitted_at`)."""
    state = delivery.state
    waits = [one for one in plan.at("authorise") if one.state == card.state and not state.closed(one.id)]
    return {measure for one in waits for measure in surely_permitted_at(plan, directory, card, one, _unanswered(state, one))}


def _unanswered(state: State, checkpoint: PlannedCheckpoint) -> tuple[Requirement, ...]:
    """What a checkpoint asks for and nobody has answered."""
    answers = progress.answers if (progress := state.progress.get(checkpoint.id)) is not None else {}
    return tuple(one for one in checkpoint.requires if (one.service, one.says) not in answers)


def warned_in_time(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """Where the `expiry_warnings` are others (R5), of each authorisation of a State ahead that its State `rests_on` by the new
    plan: the last warning is still to come, since with that it halts. Where it has been warned of, another comes before the last:
    the change withdraws the question for an extension, and that warning asks it again.
    """
    state, consents = delivery.state, Consents(changed_to(delivery.state, plan, delivery.reached))
    if state.delivered or sorted(plan.expiry_warnings) == sorted(delivery.plan.expiry_warnings):
        return
    ahead = [one for one in state.states_ahead() if any(one in leg.states for leg in plan.legs[state.leg or 0 :])]
    for service, grant in state.grants.items():
        if not grant.final or grant.expired or grant.state not in ahead or not consents.rests_on(grant):
            continue
        last = min(plan.expiry_warnings, default=None)
        if last is not None and grant.valid_until - last <= delivery.reached:
            problem = fill(
                "R5: the authorisation of {service} ends in less than {last}, so with that as the last warning it halts at once; "
                "add a shorter one",
                service=service,
                last=say_span(last),
            )
            yield Fault(place="expiry_warnings", problem=problem)
        elif grant.warnings and len(set(plan.expiry_warnings)) < 2:
            problem = fill(
                "R5: {service} is asked for a longer authorisation, and would be no more; keep a warning before the last",
                service=service,
            )
            yield Fault(place="expiry_warnings", problem=problem)
