"""What States give lasts by their cards until the consignment has left them, also by a changed plan (R5, R16)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from domain.delivery.consents import changed_to, least, still_done
from domain.delivery.delivery import Delivery
from domain.delivery.grants import Grant
from domain.plan.cards import Measure, RuleCard
from domain.plan.check_law import extended_together, not_apart
from domain.plan.directory import Directory
from domain.plan.plan import Plan, PlannedCheckpoint
from domain.rules.afresh import permitted_anew
from domain.rules.replacing import held_up, left_by, to_answer
from domain.words.errors import Fault
from domain.words.quantities import say_span
from domain.words.terms import Months, at_least, outlasts, say_term
from domain.words.text import fill, word


def lasting(delivery: Delivery, plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """Where by a change it leaves a State later than by the plan before, or may be `held_up` for longer, or goes another way by
    its law, what is given there can last so long; and what is permitted there that was not done before, or was asked for apart.
    The check of the plan itself counts all of the way from its beginning; this, what is left of it from now.
    """
    for there in dict.fromkeys(one for leg in plan.legs[delivery.state.leg or 0 :] for one in leg.states):
        before, after, card = _Authorising(delivery, delivery.plan, there), _Authorising(delivery, plan, there), cards.get(there)
        if card is not None and after.left is not None:
            yield from _beyond_its_ceiling(before, after, card)
            yield from _permitted_too_briefly(before, after, directory, card)


def _beyond_its_ceiling(before: "_Authorising", after: "_Authorising", card: RuleCard) -> Iterator[Fault]:
    """An authorisation would have to last longer than the card lets any, extended or not, and longer than by the plan before."""
    term = card.term_of(after.plan.case)
    if term is None or term.ceiling is None:
        return
    spans = before.spans() if after.plan.case == before.plan.case else ()
    known = max((one.lasts for one in spans), default=timedelta())
    beyond = [one.lasts for one in after.spans() if one.lasts > known and one.outlasts(term.ceiling)]
    if beyond:
        problem = fill(
            "R5: by this plan an authorisation of {state} may have to last {whole} from its beginning; by its rule card none "
            "lasts longer than {ceiling}, extended or not",
            state=card.state,
            whole=say_span(max(beyond)),
            ceiling=say_term(term.ceiling),
        )
        yield Fault(place="legs", problem=problem)


def _spare(delivery: Delivery, plan: Plan) -> timedelta:
    """How much longer than needed it has to last: what is `unused` of it, and until it has left at least the margin."""
    return plan.unused() if delivery.state.dispatched else plan.spare()


class _Span(NamedTuple):
    """From when until when an act may have to last."""

    begins: datetime
    ends: datetime
    given: bool
    """Whether it has begun then. Of one that is still to be given it is not known when that will be."""

    @property
    def lasts(self) -> timedelta:
        """For how long."""
        return self.ends - self.begins

    def outlasts(self, term: timedelta | Months) -> bool:
        """Whether that is longer than this term; than the shortest of so many months, where it is not known when they begin."""
        return outlasts(self.begins, self.ends, term) if self.given else self.lasts > at_least(term)


@dataclass(frozen=True)
class _Authorising:
    """How a State authorises by a plan: who is asked there, and what they have given."""

    delivery: Delivery
    plan: Plan
    there: str

    @cached_property
    def left(self) -> datetime | None:
        """When it has left that State, if who is asked once it has departed answers at once (`left_by`)."""
        return left_by(self.delivery, self.plan, self.there)

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
        """Until when what a State goes by must last for who is still asked there: all have answered, if each takes all the time
        that it has, or what is held back is accounted for; and what is `unused` of it.
        """
        waits = (to_answer(self.delivery, self.plan, one) for one in self.open)
        last = self.delivery.reached + max(waits, default=timedelta())
        return (min(last, self.left) if self.plan.held_back and self.left is not None else last) + self.plan.unused()

    def spans(self) -> Iterator[_Span]:
        """How long authorisations may have to last from their beginning, if everybody who is asked takes all the time that they
        have: until it has `left` that State; and those by which it goes now, until what is asked afresh there is `answered`. One
        that is still to be given begins now. None, where the plan does not lead through that State.
        """
        if self.left is None:
            return
        begun = [since for place in range(len(self.asked)) for since in self._begun(place)]
        leaves = self.left + self._held_up(anew=not begun) + _spare(self.delivery, self.plan)
        yield _Span(min(begun, default=self.delivery.reached), leaves, bool(begun))
        goes_by = [since for one, given in zip(self.asked, self._given, strict=True) for since in given[: least(one)]]
        if goes_by:
            yield _Span(min(goes_by), self.answered, given=True)

    def permitted_for(self, measure: Measure, *, anew: bool) -> _Span:
        """How long an act may have to permit a measure, until it has `left` that State: from now, where it is permitted `anew`,
        and else from the beginning of the last act that permits it.
        """
        begins = self.permitted(measure) if not anew else None
        needed = self._held_up(anew=anew) + _spare(self.delivery, self.plan)
        now = self.delivery.reached
        return _Span(begins or now, self.left + needed if self.left is not None else now, begins is not None)

    def permitted(self, measure: Measure) -> datetime | None:
        """Since when the last act that is final and has not expired permits a measure there, if any does."""
        acts = (one for known in self._acts.values() for one in known if one.final and not one.expired)
        return max((one.valid_from for one in acts if measure in one.permits), default=None)

    def _held_up(self, *, anew: bool) -> timedelta:
        """For how long it may be `held_up`. An act that is given `anew` and closes the only question need not wait for it."""
        own = [one.id for one in self.open] if anew and [one.one_closes() for one in self.open] == [True] else ()
        return held_up(self.delivery, self.plan, own)

    def _begun(self, place: int) -> list[datetime]:
        """Since when those have authorised by whom this checkpoint goes in the end: as many of those `_given` as it must have,
        less those who must give it anew, there or at a later one.
        """
        anew = max(self._anew(one, place) for one in range(place, len(self.asked)))
        return self._given[place][: max(least(self.asked[place]) - anew, 0)]

    def _anew(self, question: int, first: int) -> int:
        """How many must authorise at a question who have not, where each who is asked there is asked at the first one, too."""
        alike = set(self._voices[question].values()) <= set(self._voices[first].values())
        return max(least(self.asked[question]) - len(self._given[question]), 0) if alike else 0

    @cached_property
    def _given(self) -> list[list[datetime]]:
        """At each checkpoint since when each authorises who is asked there, the last first, since it goes by those; while it is
        open the first first, since any of them may be those who answer.
        """
        given: list[list[datetime]] = []
        later, still = [], set[str]()
        for at, voices in zip(self.asked[::-1], self._voices[::-1], strict=True):
            closed = self.delivery.state.closed(at.id)
            later.append(at.id)
            still.update(() if closed else voices.values())
            known = (self._since(service, now, later, still=now in still) for service, now in voices.items())
            given.append(sorted((since for since in known if since is not None), reverse=closed))
        return given[::-1]

    def _since(self, service: str, now: str, later: list[str], *, still: bool) -> datetime | None:
        """Since when a service authorises, or who has its place now: by the last act that is final, has not expired and was given
        at one of these checkpoints. Where it is still asked there, it has since the first that it gave, wherever that was.
        """
        line, known = self.plan.line_of(service), self._acts.get(now, ())
        acts = [one for one in known if still or (one.final and not one.expired and one.at in later and one.service in line)]
        return (min if still else max)((one.since or one.valid_from for one in acts), default=None)

    @cached_property
    def _voices(self) -> list[dict[str, str]]:
        """At each checkpoint who is asked to authorise, and who has the place of that now."""
        return [{one: self.plan.successor_of(one) for one in at.authorities()} for at in self.asked]

    @cached_property
    def _acts(self) -> dict[str, list[Grant]]:
        """What was given in that State, as the plan leaves it (`changed_to`), by who has the place now of who gave it."""
        acts: dict[str, list[Grant]] = {}
        for one in changed_to(self.delivery.state, self.plan, self.delivery.reached).grants.values():
            if one.state == self.there:
                acts.setdefault(self.plan.successor_of(one.service), []).append(one)
        return acts


def _permitted_too_briefly(before: _Authorising, after: _Authorising, directory: Directory, card: RuleCard) -> Iterator[Fault]:
    """A measure would have to be permitted with an authorisation for longer than the card lets (`permitted_for`), and longer than
    by the plan before, unless that may be extended. It is permitted anew where somebody must answer who may; then, or where no
    act permits it any more, what is `still_done` alone: an act need not permit once more what is over. And what permits it now
    must last until that is `answered`, however long it was to be before, where that is later than by the plan before.
    """
    delivery, old, plan = after.delivery, before.plan, after.plan
    anew = permitted_anew(delivery, plan, directory, card)
    done = still_done(delivery.state, plan, card.state, plan.permissions(card))
    known: dict[Measure, timedelta] = {}
    if plan.case == old.case:
        then = permitted_anew(delivery, old, directory, card)
        known = {one: before.permitted_for(one, anew=one in then).lasts for one, _, _ in not_apart(old, directory, card)}
    for measure, rule, longest in not_apart(plan, directory, card):
        if measure not in done and (measure in anew or after.permitted(measure) is None):
            continue
        if extended_together(plan, card, rule, longest) or (rule.extension is not None and measure not in anew):
            continue
        spans = [after.permitted_for(measure, anew=measure in anew)]
        if spans[0].lasts <= known.get(measure, timedelta()):
            spans.clear()
        last = after.permitted(measure)
        if measure in anew and last is not None and rule.extension is None and after.answered > before.answered:
            spans.append(_Span(last, after.answered, given=True))
        beyond = [one.lasts for one in spans if one.outlasts(longest)]
        if beyond:
            problem = fill(
                "R16: by this plan {measure} may have to be permitted in {state} for {whole}; by its rule card it is for "
                "{longest} at most; ask for a permission apart there",
                measure=word(measure),
                state=card.state,
                whole=say_span(max(beyond)),
                longest=say_term(longest),
            )
            yield Fault(place="checkpoints", problem=problem)
