"""Consent: which State has authorised what, for how long, and whether that carries the delivery through (R1, R2, R3, R5, R16).

Consent is only ever a statement: nothing here turns silence into one (R2). A State is authorised while enough of the
authorities its checkpoints ask hold a live grant.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from domain.delivery.grants import Grant, Lacking
from domain.delivery.state import State
from domain.plan.cards import Measure
from domain.plan.check_powers import touches
from domain.plan.plan import Plan, PlannedCheckpoint

Afresh = Literal["asked", "decided"]


def still_done(state: State, plan: Plan, there: str, measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """Of the measures of a plan in a State, all but an `opening` that is over: it has been prepared, and by that plan it is not
    `opened` on the leg that it is on, or one ahead, in that State.
    """
    ahead = plan.legs[state.leg or 0 :]
    over = state.goods is not None and not any(leg.opened and leg.state == there for leg in ahead)
    return tuple(one for one in measures if one != "opening" or not over)


def ended_behind(state: State, plan: Plan, grant: Grant, at: datetime) -> bool:
    """Whether an authorisation has ended while its State lay behind, or off the way, so that a change to this plan, which leads
    into that again, lets it expire: the last of the warnings of its end has passed at this instant.
    """
    ahead = [one for leg in plan.legs[state.leg or 0 :] for one in leg.states]
    last = min(plan.expiry_warnings, default=timedelta())
    return grant.state not in state.states_ahead() and grant.state in ahead and grant.valid_until - last <= at


def changed_to(state: State, plan: Plan, at: datetime) -> State:
    """The state by a plan that takes the place of its own at this instant (UTC): what `ended_behind` has expired, and they
    `wait_anew`. The rest is shared with it, so nothing may be recorded in either while this is used.
    """
    grants = {
        service: replace(one, expired=one.expired or ended_behind(state, plan, one, at)) for service, one in state.grants.items()
    }
    changed = replace(state, plan=plan, grants=grants, siblings=replace(state.siblings))
    changed.wait_anew(state.plan)
    return changed


def least(checkpoint: PlannedCheckpoint) -> int:
    """How many of its authorities must authorise there, at the least: its `quorum`, less the other services asked there."""
    return checkpoint.quorum() - (len(checkpoint.services()) - len(checkpoint.authorities()))


class Consents:
    """What rules ask about consent, of the state as it is."""

    def __init__(self, state: State) -> None:
        self._state = state

    def permitted(self, state: str, permission: Measure, at: datetime, *, without: str | None = None) -> bool:
        """Whether the State permits this at this instant (R16): a permit of it has begun and has not ended; or, unless the card
        wants an act of its own for it, a `live` authorisation of that State permits it too. Where a service is left out: but for
        what is urgent and that one has not sanctioned.
        """
        permits = (one for one in self._state.permits.get(state, ()) if not (one.urgent and one.service == without))
        return any(permission in one.permissions and one.valid_from <= at < one.valid_until for one in permits) or any(
            grant.live(at) for grant in self._also_permitting(state, permission)
        )

    def still_to_begin(self, state: str, permission: Measure, at: datetime) -> bool:
        """Whether the State permits this from a later instant on."""
        permits = self._state.permits.get(state, ())
        return any(permission in one.permissions and one.valid_from > at for one in permits) or any(
            one.valid_from > at and one.live(one.valid_from) for one in self._also_permitting(state, permission)
        )

    def _also_permitting(self, state: str, permission: Measure) -> tuple[Grant, ...]:
        """Authorisations of a State that permit this too."""
        card = self._state.cards.get(state)
        rule = card.rule_of(permission, self._state.plan.case) if card is not None else None
        apart = rule is not None and rule.needs == "own_act"
        grants = self._state.grants.values()
        return tuple(one for one in grants if one.state == state and permission in one.permits and not apart)

    def not_permitted(self, states: tuple[str, ...], at: datetime) -> tuple[Lacking, ...]:
        """What an act must permit in these States and none does (R16): State by State, each of the plan's `permissions` there
        that is not `permitted` at this instant. Once it has been prepared, `opening` is wanted no more but where it may be
        `opened` on a leg there that is not over. Of a State without a card nothing is known, so each of the plan's `measures`
        there is wanted.
        """
        return tuple(
            Lacking(state, permission)
            for state in states
            for permission in self._wanted(state)
            if not self.permitted(state, permission, at)
        )

    def never_permitted(self, states: tuple[str, ...]) -> tuple[Lacking, ...]:
        """What is done in these States that an act must permit, and none has, also none that has ended since (R16)."""

        def ever(state: str, permission: Measure) -> bool:
            acts = (one.permissions for one in self._state.permits.get(state, ()))
            return any(permission in one for one in acts) or any(one.final for one in self._also_permitting(state, permission))

        wanted = ((state, one) for state in states for one in self._wanted(state))
        return tuple(Lacking(state, one) for state, one in wanted if not ever(state, one))

    def _wanted(self, state: str) -> tuple[Measure, ...]:
        plan, card = self._state.plan, self._state.cards.get(state)
        return still_done(self._state, plan, state, plan.measures(state) if card is None else plan.permissions(card))

    def authorised(self, state: str, at: datetime, until: datetime | None = None) -> bool:
        """Whether the State's authorisation is live at this instant and, if an end is given, lasts until then (R1). Each
        checkpoint of step `authorise` in that State that asks for an authorisation must have enough, and there must be one: at
        least as many of the authorities asked there as its `quorum`, less the other services asked there, hold a `live`
        authorisation that was given at that checkpoint or at a later one of these, and that ends no sooner; themselves, or one
        of those that have taken their place.
        """

        def counts(one: Grant) -> bool:
            return one.live(at) and (until is None or until <= one.valid_until)

        asked = self._state.plan.asking(state)
        return bool(asked) and all(self._enough(asked[place:], counts) for place in range(len(asked)))

    def rests_on(self, grant: Grant) -> bool:
        """Whether its State goes by this authorisation until it ends: what it was given for has not enough from then on; or it
        permits what is `not_permitted` there from then on.
        """
        ends = grant.valid_until
        lacking = (one.permission for one in self.not_permitted((grant.state,), ends))
        return self._wanting(grant, lambda one: one.live(ends)) or any(one in grant.permits for one in lacking)

    def _wanting(self, grant: Grant, counts: Callable[[Grant], bool]) -> bool:
        """Whether, of the checkpoints of step `authorise` in its State up to the one that asked for it, one has not enough that
        counts.
        """
        asked = self._state.plan.asking(grant.state)
        order = [one.id for one in asked]
        answered = range(order.index(grant.at) + 1 if grant.at in order else len(order))
        return not all(self._enough(asked[place:], counts) for place in answered)

    def afresh(self, grant: Grant) -> Afresh | None:
        """Whether its State is `asked` afresh since it gave this authorisation: of the checkpoints of step `authorise` there that
        come after the one that asked for it, one has not enough that is final, so that it is not `authorised`. Or it has
        `decided` afresh: another authorisation was given there at one of these, to another request.
        """
        asked = self._state.plan.asking(grant.state)
        order = [one.id for one in asked]
        later = asked[order.index(grant.at) + 1 :] if grant.at in order else []
        if not all(self._enough(later[place:], lambda one: one.final) for place in range(len(later))):
            return "asked"
        given = (one for one in self._state.grants.values() if one.at in [at.id for at in later])
        return "decided" if any(one.request != grant.request for one in given) else None

    def binding(self, checkpoint: str) -> tuple[tuple[str, str, str], ...]:
        """State, number and text of the conditions that bind this checkpoint (R19), of States that the plan asks or `touches`."""
        plan, directory = self._state.plan, self._state.directory
        known = (one for one in self._state.grants.values() if plan.authorities(one.state) or touches(plan, one.state, directory))
        return tuple((one.state, *found) for one in known for found in one.binding(checkpoint))

    def may_be_authorised(self, state: str) -> bool:
        """Whether the State has authorised, once those answer that are still asked there and must: each of its checkpoints of
        step `authorise` has enough with the authorisations that are final, have not expired and allow the plan's `modality`, and
        with as many as must answer at it, or at a later one, that has not closed.
        """
        asked, now_asked = self._state.plan.asking(state), self._state.plan.successor_of

        def stands(grant: Grant) -> bool:
            return grant.final and not grant.expired and self._state.plan.modality in grant.modalities

        for place, first in enumerate(asked):
            held = [one for one in first.authorities() if self._holds(one, asked[place:], stands)]
            lacking = [now_asked(one) for one in first.authorities() if one not in held]
            if len(held) + self._sure(asked[place:], lacking) < least(first):
                return False
        return True

    def _sure(self, asked: list[PlannedCheckpoint], lacking: list[str]) -> int:
        """How many of these authorities have answered, at the least, once each of these checkpoints has enough that has not
        closed. Some must answer at a checkpoint in any case; of the others as many as one checkpoint wants. Who has taken the
        place of several counts for each.
        """
        sure: set[str] = set()
        wanting: list[tuple[int, set[str]]] = []
        for checkpoint in asked:
            progress = self._state.progress.get(checkpoint.id)
            if progress is not None and not progress.open:
                continue
            answers = progress.answers if progress is not None else {}
            waits = [one for one in checkpoint.authorities() if (one, "authorisation") not in answers]
            able = [one for one in waits if self._state.plan.successor_of(one) in lacking]
            among = {self._state.plan.successor_of(one) for one in able}
            count = least(checkpoint) - (len(checkpoint.authorities()) - len(able))
            wanting.append((count, among))
            if count >= len(among):
                sure |= among
        more = [sorted(map(lacking.count, among - sure))[: max(count - len(among & sure), 0)] for count, among in wanting]
        return sum(map(lacking.count, sure)) + max(map(sum, more), default=0)

    def _enough(self, asked: list[PlannedCheckpoint], counts: Callable[[Grant], bool]) -> bool:
        """Whether the first of these has enough that counts. An act given when the State was asked later covers what it was asked
        before; not the other way round.
        """
        first = asked[0]
        return sum(self._holds(one, asked, counts) for one in first.authorities()) >= least(first)

    def _holds(self, service: str, asked: list[PlannedCheckpoint], counts: Callable[[Grant], bool]) -> bool:
        """Whether it, or one that has taken its place, holds an authorisation that counts and was given at one of these."""
        grants, at = (self._state.grants.get(one) for one in self._state.plan.line_of(service)), [one.id for one in asked]
        return any(one is not None and counts(one) and one.at in at for one in grants)

    def missing(self, at: datetime) -> tuple[str, ...]:
        """States on the route, transit included, that are not `authorised` (R1)."""
        return tuple(state for state in self._state.plan.states() if not self.authorised(state, at))

    def too_short(self, leg: int, at: datetime) -> tuple[str, ...]:
        """Of the `states_of` a leg, those that are not `authorised` at this instant for as long as is `needed`: at departure all
        of them, with the plan's margin (R1); at a crossing those it leads into (R5).
        """
        return tuple(state for state in self.states_of(leg) if not self.authorised(state, at, at + self.needed(state, leg)))

    def needed(self, state: str, leg: int) -> timedelta:
        """How long the authorisation of a State must still run for a leg to begin: its `time_to_leave` from there, and for the
        first leg the plan's `margin` too.
        """
        plan = self._state.plan
        return plan.time_to_leave(state, leg) + (plan.margin if leg == 0 else timedelta())

    def states_of(self, leg: int) -> tuple[str, ...]:
        """States whose say it takes to begin `leg`: all at departure, then the `states` of the one that begins."""
        plan = self._state.plan
        return plan.states() if leg == 0 else plan.legs[leg].states

    def conflicting(self) -> tuple[str, ...]:
        """States that the plan `touches`, of which an authorisation that is not withdrawn does not allow its `modality` (R3). A
        provisional one says so too. Not one without which what it was given for has enough final ones that do.
        """
        modality = self._state.plan.modality

        def allows(one: Grant) -> bool:
            return one.final and modality in one.modalities

        grants = self._state.grants.values()
        against = (one for one in grants if not one.withdrawn and modality not in one.modalities and self._wanting(one, allows))
        return tuple(dict.fromkeys(one.state for one in against if touches(self._state.plan, one.state, self._state.directory)))
