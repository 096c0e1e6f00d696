"""What States give lasts by their cards until the consignment has left them, also by a changed plan (R5, R16)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from domain.delivery.consents import least, still_done
from domain.delivery.delivery import Delivery
from domain.plan.cards import Measure, RuleCard
from domain.plan.check_law import extended_together, not_apart
from domain.plan.directory import Directory
from domain.plan.plan import Plan, PlannedCheckpoint
from domain.rules.replacing import held_up, left_by, to_answer
from domain.words.errors import Fault
from domain.words.quantities import say_span
from domain.words.terms import at_least, say_term
from domain.words.text import fill, word


def lasting(delivery: Delivery, plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """Where by a change it leaves a State later than by the plan before, or may be `held_up` for longer, or goes another way by
    its law, what is given there can last so long; and what is permitted there that was not done before, or was asked for apart.
    The check of the plan itself counts all of the way from its beginning; this, what is left of it from now.
    """
    state, old = delivery.state, delivery.plan
    for there in dict.fromkeys(one for leg in plan.legs[state.leg or 0 :] for one in leg.states):
        before, until, card = left_by(delivery, old, there), left_by(delivery, plan, there), cards.get(there)
        if card is None or until is None:
            continue
        yield from _beyond_its_ceiling(delivery, plan, card, before, until)
        later = before is None or before < until or plan.case != old.case
        waits = held_up(delivery, plan, without=there)
        longer = later or held_up(delivery, old, without=there) < waits
        known = () if longer else tuple(one for one, _, _ in not_apart(old, directory, card))
        until += waits + _spare(delivery, plan)
        yield from _permitted_too_briefly(_Authorising(delivery, plan, there), directory, card, until, known)


def _beyond_its_ceiling(
    delivery: Delivery, plan: Plan, card: RuleCard, before: datetime | None, until: datetime
) -> Iterator[Fault]:
    """An authorisation would have to last longer than the card lets any, extended or not, and longer than by the plan before, by
    which it leaves that State then, if ever.
    """
    term = card.term_of(plan.case)
    if term is None or term.ceiling is None:
        return
    old, whole = delivery.plan, _Authorising(delivery, plan, card.state).whole(until)
    known = timedelta() if before is None or plan.case != old.case else _Authorising(delivery, old, card.state).whole(before)
    if whole > max(known, at_least(term.ceiling)):
        problem = fill(
            "R5: by this plan an authorisation of {state} may have to last {whole} from its beginning; by its rule card none "
            "lasts longer than {ceiling}, extended or not",
            state=card.state,
            whole=say_span(whole),
            ceiling=say_term(term.ceiling),
        )
        yield Fault(place="legs", problem=problem)


def _spare(delivery: Delivery, plan: Plan) -> timedelta:
    """How much longer than needed it has to last: what is `unused` of it, and until it has left at least the margin."""
    return plan.unused() if delivery.state.dispatched else max(plan.margin, plan.unused())


@dataclass(frozen=True)
class _Authorising:
    """How a State authorises by a plan: who is asked there, and what they have given."""

    delivery: Delivery
    plan: Plan
    there: str

    @cached_property
    def asked(self) -> list[PlannedCheckpoint]:
        """Where its authorities are asked, in the plan's order."""
        return self.plan.asking(self.there)

    @cached_property
    def open(self) -> list[PlannedCheckpoint]:
        """Those where not all have answered."""
        return [one for one in self.asked if not self.delivery.state.closed(one.id)]

    @property
    def answered(self) -> datetime:
        """When all have answered there, if each takes all the time that it has; now, where all have."""
        waits = (to_answer(self.delivery, self.plan, one) for one in self.open)
        return self.delivery.reached + max(waits, default=timedelta())

    def whole(self, left: datetime) -> timedelta:
        """For how long an authorisation may have to last from its beginning, if everybody who is asked takes all the time that
        they have: until it has left that State, which is then, if nobody is asked; and once it has left at all, until what is
        asked afresh there is answered. One that is still to be given begins now; where one alone gives it, it need not wait for
        itself.
        """
        now, spare = self.delivery.reached, _spare(self.delivery, self.plan)
        begun = [since for place in range(len(self.asked)) for since in self._begun(place)]
        alone = not begun and [len(one.authorities()) for one in self.open] == [1]
        leaves = left + held_up(self.delivery, self.plan, without=self.there if alone else "") - min(begun, default=now)
        goes_by = [since for one in self.asked for since in self._given(one)[: least(one)]]
        if not goes_by or not self.delivery.state.dispatched:
            return leaves + spare
        return max(leaves, self.answered - min(goes_by)) + spare

    def _begun(self, place: int) -> list[datetime]:
        """Since when those have authorised by whom this checkpoint goes in the end: as many of the last as it must have, less
        those who must give it anew, there or at a later one.
        """
        first = self.asked[place]
        anew = max(self._anew(one, first) for one in self.asked[place:])
        return self._given(first)[: max(least(first) - anew, 0)]

    def _anew(self, question: PlannedCheckpoint, first: PlannedCheckpoint) -> int:
        """How many must authorise at a question who have not, where each who is asked there is asked at the first one, too."""
        alike = set(self._voices(question)) <= set(self._voices(first))
        return max(least(question) - len(self._given(question)), 0) if alike else 0

    def _given(self, checkpoint: PlannedCheckpoint) -> list[datetime]:
        """Since when each authorises who is asked there, or whose place that has taken, the last first."""
        known = (self._since(voice) for voice in self._voices(checkpoint))
        return sorted((min(found) for found in known if found), reverse=True)

    def _since(self, voice: str) -> list[datetime]:
        """By each act that is final and has not expired; who is still asked has authorised since the first that it gave."""
        acts = (self.delivery.state.grants.get(one) for one in self.plan.stands_for(voice))
        of_it = [one for one in acts if one is not None and one.state == self.there]
        still = any(voice in self._voices(one) for one in self.open)
        return [one.since or one.valid_from for one in of_it if still or (one.final and not one.expired)]

    def _voices(self, checkpoint: PlannedCheckpoint) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(self.plan.successor_of, checkpoint.authorities())))


def _permitted_too_briefly(
    authorising: _Authorising, directory: Directory, card: RuleCard, until: datetime, known: Collection[Measure]
) -> Iterator[Fault]:
    """A measure would have to be permitted with an authorisation for longer than the card lets: from now, where its State is
    still asked to authorise, and else from the beginning of the last that permits it, unless that may be extended. Where it is
    asked, what is `still_done` alone: an act need not permit once more what is over. Not what is `known` to be so long. And once
    it has left, what permits it now must last until that is answered, however long it was to be before.
    """
    plan, state, now = authorising.plan, authorising.delivery.state, authorising.delivery.reached
    asked = bool(authorising.open)
    done = still_done(state, plan, card.state, plan.permissions(card))
    for measure, rule, longest in not_apart(plan, directory, card):
        if asked and measure not in done:
            continue
        if extended_together(plan, card, rule, longest) or (rule.extension is not None and not asked):
            continue
        grants = (one for one in state.grants.values() if one.state == card.state and measure in one.permits and one.final)
        last = max((one.valid_from for one in grants), default=None)
        whole = timedelta() if measure in known else until - (now if asked or last is None else last)
        if asked and last is not None and state.dispatched and rule.extension is None:
            whole = max(whole, authorising.answered + plan.unused() - last)
        if whole > at_least(longest):
            problem = fill(
                "R16: by this plan {measure} may have to be permitted in {state} for {whole}; by its rule card it is for "
                "{longest} at most; ask for a permission apart there",
                measure=word(measure),
                state=card.state,
                whole=say_span(whole),
                longest=say_term(longest),
            )
            yield Fault(place="checkpoints", problem=problem)
