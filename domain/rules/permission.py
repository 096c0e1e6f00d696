"""Permissions of their own (R16)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.grants import Permit
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.cards import Measure, RuleCard
from domain.plan.directory import ServiceKind
from domain.plan.vocabulary import Reason
from domain.rules.kind import ALWAYS, UNDER_WAY, Binding, Counts, Declaration, Kind, of_another_state
from domain.rules.lapse import asks_to_sanction, in_urgency, urgent_of
from domain.rules.measures import (
    NOT_IN_URGENCY,
    may_be_permitted,
    permits_wrongly,
    sanctioned_within,
    steps_too_far,
    urgent_wrongly,
)
from domain.rules.requested import Requests, decided, other_request
from domain.rules.standing_in import kinds_of
from domain.words import identifiers
from domain.words.limits import LARGEST_ACT, LARGEST_NOTE, LONGEST_LINE, LONGEST_NAME
from domain.words.moments import Moment, as_written, check_window, instant, utc_text
from domain.words.terms import iso_term

OTHER_STATE = refused(
    "R16",
    "permission_of_other_state",
    "{checkpoint} asks for permission in {asked}, not in {given}",
    checkpoint="name",
    asked="name",
    given="name",
)
ALREADY_ENDED = refused(
    "R16", "permission_already_ended", "a permission until {until} has already ended and permits nothing", until="instant"
)
NO_LONGER = refused(
    "R16", "permission_not_longer", "{checkpoint} asks for it without a gap beyond {until}", checkpoint="name", until="instant"
)
NOT_LONG_ENOUGH = refused(
    "R28",
    "renewed_too_briefly",
    "{checkpoint} asks for {least} more at the least, so until {until}: each time it ends, it is asked anew",
    checkpoint="name",
    least="term",
    until="instant",
)
NOT_ALL = refused(
    "R16", "not_all_permitted", "{missing} is asked for too; what is not permitted is refused as a whole", missing="words"
)
ASKED_TO_SANCTION = refused(
    "R16",
    "asked_to_sanction",
    "{checkpoint} asks whether it may go on: that is no more urgent",
    checkpoint="name",
)
PERMITTED_LATER = refused("R16", "permitted_in_future", "it was permitted after now")
SANCTION_OVERDUE = refused(
    "R16",
    "sanction_overdue",
    "it was permitted at {given}, and by its rule card {state} had to sanction it by {due}: only the act of {voice} counts now",
    given="instant",
    state="name",
    voice="name",
    due="instant",
)
REFUSED = found("R16", "permission_refused", "{state} does not permit it (entry {entry})", state="name", entry="entry")


class PermissionGranted(Kind):
    """A permission of its own for what the authorisation does not cover (R16)."""

    kind: Literal["permission_granted"] = "permission_granted"
    state: identifiers.State
    request: Requests
    """The request for consent that it decides on: SHA-256, as it stood in what was asked."""
    permissions: Annotated[tuple[Measure, ...], Field(min_length=1, max_length=8)]
    reference: Act
    granted_by_role: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    legal_basis: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    valid_from: Moment
    valid_until: Moment
    urgent_at: Annotated[Moment | None, Field(exclude_if=lambda moment: moment is None)] = None
    """When it was given, where it could not wait for the service whose say it is: that one sanctions it in time, or it ends."""

    declares = Declaration(
        title="Permission granted",
        answers="permission",
        confirms=True,
        by="asked",
        counts=ALWAYS,  # of a sanction: see `counts`
        names_checkpoint=True,
        rule="R16",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_ACT,
    )

    @model_validator(mode="after")
    def _window(self) -> "PermissionGranted":
        check_window(self.valid_from, self.valid_until)
        return self

    def counts(self, delivery: Delivery, said: Said) -> Counts:
        """`has_halted` or `has_ended`, at their place in the order of precedence, after a halt or the outcome, unless it names a
        checkpoint that asks, or did, for a `sanction`.
        """
        return _counts(delivery, said)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`permission_of_other_state` unless it is for the State of the checkpoint, or of its `voice` where no plan holds that;
        `other_request` where it decides on another request than the one to that State which follows from the plan in force;
        `permission_already_ended` unless `valid_until` is after now (of a sanction, where it is not under way any more: after
        what it sanctions began), and `permission_not_longer` unless it is after the due time of the checkpoint that it names, and
        `valid_from` is not, where that is of the contingency `renewal`, and then `renewed_too_briefly` unless `valid_until` is
        later than that due time by `shortest_renewal`; `may_not_permit` or `permitted_too_long` for the first measure that by the
        State's card its `voice` may not permit, or where it is not urgent its `service` in the place of that, or not for so
        long; `measure_extended_too_far` for the first that a permission permits which has not ended
        when this one begins, and ends before it, by more than the card lets extend at a time; `not_all_permitted` where of the
        plan's `permissions` in that State it could permit more than these (of a sanction, where it is not under way any more: of
        what was urgent). Where it is urgent, then `asked_to_sanction` where the checkpoint that it names is none of the plan;
        `not_in_urgency` for the first measure that no card lets its `service` permit so, `permitted_in_future` where it was given
        after now, and `sanction_overdue` where the time in which the card has it sanctioned, counted from when it was given, is
        over. Where that State has no card, nothing from `may_not_permit` on is looked at, but that what is urgent is
        `not_in_urgency`, for the first of its `permissions`.
        """
        if wrong := _of_another_state(self.state, delivery, said):
            return wrong
        if (other := other_request(delivery, said, self.state, self.request)) is not None:
            return other
        if instant(self.valid_until) <= _must_outlast(delivery, said):
            return ALREADY_ENDED(until=utc_text(instant(self.valid_until)))
        ends = _renewed(delivery, said)
        if ends is not None and (brief := self._no_longer(ends, delivery, said)) is not None:
            return brief
        card = delivery.cards.get(self.state)
        if card is None:
            kind = delivery.directory.get(said.service).kind
            return self._without_card(kind) if self.urgent_at is not None else ACCEPTED
        return self._by_card(card, delivery, said)

    def _no_longer(self, ends: datetime, delivery: Delivery, said: Said) -> Verdict | None:
        """What is wrong where it is asked for longer, and permitted with a gap, or for hardly more."""
        if not instant(self.valid_from) <= ends < instant(self.valid_until):
            return NO_LONGER(checkpoint=said.checkpoint, until=utc_text(ends))
        least = delivery.law.figures.shortest_renewal
        if instant(self.valid_until) >= ends + least:
            return None
        return NOT_LONG_ENOUGH(checkpoint=said.checkpoint, least=iso_term(least), until=utc_text(ends + least))

    def _without_card(self, kind: ServiceKind) -> Verdict:
        return NOT_IN_URGENCY(service=kind, state=self.state, permission=self.permissions[0])

    def _by_card(self, card: RuleCard, delivery: Delivery, said: Said) -> Verdict:
        window = (instant(self.valid_from), as_written(self.valid_until))
        voice, speaker = kinds_of(delivery, said)
        kinds = (voice, speaker if self.urgent_at is None else voice)
        asked = _asked_for(delivery, card, said)
        missing = tuple(one for one in asked if one not in self.permissions)
        wrong = permits_wrongly(card, delivery.plan.case, kinds, self.permissions, window) or self._goes_on(card, delivery)
        return wrong or (NOT_ALL(missing=missing) if missing else self._in_urgency(card, delivery, said) or ACCEPTED)

    def _in_urgency(self, card: RuleCard, delivery: Delivery, said: Said) -> Verdict | None:
        """What is wrong with permitting it before the one whose say it is."""
        if self.urgent_at is None:
            return None
        if delivery.plan.find(said.checkpoint) is None:
            return ASKED_TO_SANCTION(checkpoint=said.checkpoint)
        case, kind, given = delivery.plan.case, delivery.directory.get(said.service).kind, instant(self.urgent_at)
        if wrong := urgent_wrongly(card, case, kind, self.permissions):
            return wrong
        if given > said.at:
            return PERMITTED_LATER()
        due = given + sanctioned_within(card, case, kind, self.permissions)
        if due > said.at:
            return None
        return SANCTION_OVERDUE(given=utc_text(given), state=self.state, voice=said.voice, due=utc_text(due))

    def _goes_on(self, card: RuleCard, delivery: Delivery) -> Verdict | None:
        """Whether it extends a permission of that State by more than the card lets: one of the same measures that has not ended
        when this one begins, and ends before it.
        """
        begins, until = instant(self.valid_from), as_written(self.valid_until)
        for before in delivery.state.permits.get(self.state, ()):
            if not before.urgent and before.valid_from <= begins <= before.valid_until < until:
                same = tuple(one for one in self.permissions if one in before.permissions)
                if wrong := steps_too_far(card, delivery.plan.case, same, (before.valid_until, until)):
                    return wrong
        return None

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def bound_to(self) -> Binding:
        """Nobody consents to a plan that is not the one."""
        return "consent"

    def apply(self, state: State, said: Said) -> None:
        """The State has permitted this too, in the place of what it permitted in urgency without its `voice`, or without one that
        this has replaced, and together with
        what its `voice` permitted of this alone until this begins or later, and ends no later. What is urgent is permitted until
        it must be sanctioned at the latest.
        """
        begins, until = instant(self.valid_from), instant(self.valid_until)
        before = state.permits.get(self.state, ())
        urgent = urgent_of(state, said.voice)
        others = tuple(one for one in before if one not in urgent and not self._extends(one, said))
        begins = min((begins, *(one.valid_from for one in before if self._extends(one, said))))
        if self.urgent_at is not None:
            kind = state.directory.get(said.service).kind
            within = sanctioned_within(state.cards[self.state], state.plan.case, kind, self.permissions)
            until = min(until, instant(self.urgent_at) + within)
        permit = Permit(said.voice, self.permissions, begins, until, urgent=self.urgent_at is not None)
        state.permits[self.state] = (*others, permit)

    def _extends(self, before: Permit, said: Said) -> bool:
        """Whether it extends this, so that the two are one from then on: a permission may be made longer without end."""
        own = before.service == said.voice and not before.urgent and self.urgent_at is None
        goes_on = instant(self.valid_from) <= before.valid_until <= instant(self.valid_until)
        return own and goes_on and set(before.permissions) <= set(self.permissions)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        ends = {"valid_until": facts.valid_until} if facts.valid_until else {}
        begins = {"valid_from": now.isoformat(timespec="seconds")}
        return {"state": facts.state, **decided(facts), **begins, **ends, "permissions": list(facts.permissions)}


class PermissionRefused(Kind):
    """The State does not permit it."""

    kind: Literal["permission_refused"] = "permission_refused"
    state: identifiers.State
    reason: Reason = "not given"

    declares = Declaration(
        title="Permission refused",
        answers="permission",
        confirms=False,
        by="asked",
        counts=ALWAYS,  # of a sanction: see `counts`
        names_checkpoint=True,
        rule="R16",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def counts(self, delivery: Delivery, said: Said) -> Counts:
        """`has_halted` or `has_ended`, at their place in the order of precedence, after a halt or the outcome, unless it names a
        checkpoint that asks, or did, for a `sanction`.
        """
        return _counts(delivery, said)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`permission_of_other_state` unless it is for the State of the checkpoint."""
        return _of_another_state(self.state, delivery, said) or ACCEPTED

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """At a checkpoint of the contingency `sanction` or `renewal` that is `refused`, and what follows is what that says: the
        measure ends, and not the delivery. Elsewhere it halts with the cause `refused` and `permission_refused`.
        """
        asked = state.progress.get(said.checkpoint)
        if asked is not None and asked.contingency in LAPSES:
            asked.refused = True
        else:
            state.stop_all("refused", REFUSED(state=self.state, entry=said.seq), said.seq, said.service)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state}


def _renewed(delivery: Delivery, said: Said) -> datetime | None:
    """When what is permitted ends, where it is asked for longer."""
    asked = delivery.state.progress.get(said.checkpoint or "")
    return asked.due if asked is not None and asked.contingency == unforeseen.RENEWAL else None


def _counts(delivery: Delivery, said: Said) -> Counts:
    """The law wants a sanction however the delivery stands; what is merely asked for is over with it."""
    return ALWAYS if asks_to_sanction(delivery.state, said.checkpoint) else UNDER_WAY


def _must_outlast(delivery: Delivery, said: Said) -> datetime:
    """Until after when a permission must be: now; of what nobody does any more, when that began."""
    if delivery.state.under_way:
        return said.at
    begun = (one.valid_from for one in urgent_of(delivery.state, said.voice))
    return min(begun, default=said.at)


def _asked_for(delivery: Delivery, card: RuleCard, said: Said) -> tuple[Measure, ...]:
    """All that is asked of this service: of what nobody does any more, what was permitted in urgency in its place."""
    may = may_be_permitted(delivery.plan, card, delivery.directory.get(said.voice).kind)
    urgent = in_urgency(delivery.state, said.voice)
    return may if delivery.state.under_way else tuple(one for one in may if one in urgent)


def _of_another_state(given: str, delivery: Delivery, said: Said) -> Verdict | None:
    """What is wrong where it is for another State than the one that is asked."""
    own = delivery.directory.get(said.voice).state
    if delivery.plan.find(said.checkpoint) is None and own is not None and given != own:
        return OTHER_STATE(checkpoint=said.checkpoint, asked=own, given=given)
    return of_another_state(given, delivery, said, OTHER_STATE)


LAPSES: Final = (unforeseen.SANCTION, unforeseen.RENEWAL)
"""Contingencies that ask whether a measure may go on; see `domain.rules.lapse`."""
