"""What States give lasts by their cards until the consignment has left them, also by a changed plan (R5, R16)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from domain.delivery.consents import still_done
from domain.delivery.delivery import Delivery
from domain.plan.cards import Measure, RuleCard
from domain.plan.check_law import extended_together, not_apart
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.rules.replacing import held_up, left_by
from domain.words.errors import Fault
from domain.words.quantities import say_span
from domain.words.terms import at_least, say_term
from domain.words.text import fill, word


def lasting(delivery: Delivery, plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """Where by a change it leaves a State later than by the plan before, or goes another way by its law, what is given there can
    last so long; and what is permitted there that was not done before, or was asked for apart. The check of the plan itself
    counts all of the way from its beginning; this, what is left of it from now.
    """
    state = delivery.state
    for there in dict.fromkeys(one for leg in plan.legs[state.leg or 0 :] for one in leg.states):
        before, until, card = left_by(delivery, delivery.plan, there), left_by(delivery, plan, there), cards.get(there)
        if card is None or until is None:
            continue
        later = before is None or before < until or plan.case != delivery.plan.case
        known = () if later else tuple(one for one, _, _ in not_apart(delivery.plan, directory, card))
        until += plan.margin if not state.dispatched else timedelta()
        if later:
            yield from _beyond_its_ceiling(delivery, plan, card, until)
        yield from (
            fault for measure, fault in _permitted_too_briefly(delivery, plan, directory, card, until) if measure not in known
        )


def _beyond_its_ceiling(delivery: Delivery, plan: Plan, card: RuleCard, until: datetime) -> Iterator[Fault]:
    """An authorisation would have to last longer than the card lets any, extended or not, from the beginning of the first that
    one of those gave who are asked there, or whose place that has taken, also if whoever is asked afresh takes all the time
    that it has; or else from now.
    """
    term = card.term_of(plan.case)
    if term is None or term.ceiling is None:
        return
    asked = [one.authorities() for one in plan.at("authorise") if one.state == card.state and one.authorities()]
    voices = dict.fromkeys(plan.successor_of(one) for voices in asked for one in voices)
    held = [delivery.state.grants.get(one) for voice in voices for one in plan.stands_for(voice)]
    of_it = [one.since or one.valid_from for one in held if one is not None and one.state == card.state]
    whole = until + held_up(delivery, plan) - min(of_it) if of_it else until - delivery.reached
    if whole > at_least(term.ceiling):
        problem = fill(
            "R5: by this plan an authorisation of {state} may have to last {whole} from its beginning; by its rule card none "
            "lasts longer than {ceiling}, extended or not",
            state=card.state,
            whole=say_span(whole),
            ceiling=say_term(term.ceiling),
        )
        yield Fault(place="legs", problem=problem)


def _permitted_too_briefly(
    delivery: Delivery, plan: Plan, directory: Directory, card: RuleCard, until: datetime
) -> Iterator[tuple[Measure, Fault]]:
    """A measure would have to be permitted with an authorisation for longer than the card lets: from now, where its State is
    still asked to authorise, and else from the beginning of the last that permits it, unless that may be extended. Where it is
    asked, what is `still_done` alone: an act need not permit once more what is over.
    """
    state, now = delivery.state, delivery.reached
    asked = any(one.state == card.state and one.authorities() and not state.closed(one.id) for one in plan.at("authorise"))
    done = still_done(state, plan, card.state, plan.permissions(card))
    for measure, rule, longest in not_apart(plan, directory, card):
        if asked and measure not in done:
            continue
        if extended_together(plan, card, rule, longest) or (rule.extension is not None and not asked):
            continue
        grants = (one for one in state.grants.values() if one.state == card.state and measure in one.permits and one.final)
        whole = until - (now if asked else max((one.valid_from for one in grants), default=now))
        if whole > at_least(longest):
            problem = fill(
                "R16: by this plan {measure} may have to be permitted in {state} for {whole}; by its rule card it is for "
                "{longest} at most; ask for a permission apart there",
                measure=word(measure),
                state=card.state,
                whole=say_span(whole),
                longest=say_term(longest),
            )
            yield measure, Fault(place="checkpoints", problem=problem)
