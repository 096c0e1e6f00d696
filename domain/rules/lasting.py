"""What States give lasts by their cards until the consignment has left them, also by a changed plan (R5, R16)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from domain.delivery.consents import least, still_done
from domain.delivery.delivery import Delivery
from domain.plan.cards import Measure, RuleCard
from domain.plan.check_law import extended_together, not_apart
from domain.plan.directory import Directory
from domain.plan.plan import Plan, PlannedCheckpoint
from domain.rules.replacing import held_up, left_by
from domain.words.errors import Fault
from domain.words.quantities import say_span
from domain.words.terms import at_least, say_term
from domain.words.text import fill, word


def lasting(delivery: Delivery, plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """Where by a change it leaves a State later than by the plan before, or may be `held_up` for longer, or goes another way by
    its law, what is given there can last so long; and what is permitted there that was not done before, or was asked for apart.
    The check of the plan itself counts all of the way from its beginning; this, what is left of it from now.
    """
    state = delivery.state
    longer = held_up(delivery, delivery.plan) < held_up(delivery, plan)
    for there in dict.fromkeys(one for leg in plan.legs[state.leg or 0 :] for one in leg.states):
        before, until, card = left_by(delivery, delivery.plan, there), left_by(delivery, plan, there), cards.get(there)
        if card is None or until is None:
            continue
        later = longer or before is None or before < until or plan.case != delivery.plan.case
        known = () if later else tuple(one for one, _, _ in not_apart(delivery.plan, directory, card))
        until += plan.margin if not state.dispatched else timedelta()
        if later:
            yield from _beyond_its_ceiling(delivery, plan, card, until)
        until += held_up(delivery, plan, without=there)
        yield from (
            fault for measure, fault in _permitted_too_briefly(delivery, plan, directory, card, until) if measure not in known
        )


def _beyond_its_ceiling(delivery: Delivery, plan: Plan, card: RuleCard, until: datetime) -> Iterator[Fault]:
    """An authorisation would have to last longer than the card lets any, extended or not, from the beginning of the first that
    it goes by (`_begun`), also if whoever is asked afresh takes all the time that it has; or else from now, if others do.
    """
    term = card.term_of(plan.case)
    if term is None or term.ceiling is None:
        return
    asked = [one for one in plan.at("authorise") if one.state == card.state and one.authorities()]
    begun = [one for place in range(len(asked)) for one in _begun(delivery, plan, asked[place:])]
    if begun:
        whole = until + held_up(delivery, plan) - min(begun)
    else:
        whole = until + held_up(delivery, plan, without=card.state) - delivery.reached
    if whole > at_least(term.ceiling):
        problem = fill(
            "R5: by this plan an authorisation of {state} may have to last {whole} from its beginning; by its rule card none "
            "lasts longer than {ceiling}, extended or not",
            state=card.state,
            whole=say_span(whole),
            ceiling=say_term(term.ceiling),
        )
        yield Fault(place="legs", problem=problem)


def _begun(delivery: Delivery, plan: Plan, asked: Sequence[PlannedCheckpoint]) -> Iterator[datetime]:
    """Since when those have authorised by whom the first of these checkpoints goes: of those who are asked there, or whose place
    they have taken, as many of the last as it must have, less those who must give it anew, there or at a later one.
    """
    first, grants = asked[0], delivery.state.grants
    voices = dict.fromkeys(map(plan.successor_of, first.authorities()))
    held: dict[str, datetime] = {}
    for voice in voices:
        given = (grants[one] for one in plan.stands_for(voice) if one in grants)
        since = [one.since or one.valid_from for one in given if one.state == first.state]
        held |= {voice: min(since)} if since else {}
    anew = 0
    for one in asked:
        there = {plan.successor_of(voice) for voice in one.authorities()}
        if not delivery.state.closed(one.id) and there <= voices.keys():
            anew = max(anew, least(one) - len(there & held.keys()))
    yield from sorted(held.values(), reverse=True)[: max(least(first) - anew, 0)]


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
