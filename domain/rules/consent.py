"""Consent of every State on the way (R1, R2, R3, R5): given, refused, made longer, taken back."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.grants import Grant
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.cards import Form, Measure, Modality, RuleCard, Term
from domain.plan.plan import Checkpoint, Requirement
from domain.plan.vocabulary import Condition, Reason
from domain.rules.contingency import Consequence, Contingency, Unforeseen, asked_about, open_about
from domain.rules.kind import HALTED, UNDER_WAY, Binding, Declaration, Kind, Stays, of_another_state, share, still_asked
from domain.rules.measures import extended_wrongly, not_by_them, permits_wrongly, steps_too_far
from domain.rules.requested import Requests, decided, other_request, own_request
from domain.rules.standing_in import kinds_of, may_not_decide
from domain.rules.successors import whose
from domain.rules.turns import next_to_clear
from domain.rules.unwritten import NO_SUCH_FORM, MaybeNumbered, MaybeSpoken, MaybeTakenDown, check_form, given_wrongly
from domain.words import identifiers
from domain.words.limits import (
    LARGEST_ACT,
    LARGEST_BRAKE,
    LARGEST_NOTE,
    LONGEST_LINE,
    LONGEST_NAME,
    MOST_CONDITIONS,
    MOST_FULFILLED,
)
from domain.words.moments import Moment as MomentText
from domain.words.moments import as_written, check_window, instant, utc_text
from domain.words.terms import in_offset_of, iso_term, latest_end, outlasts

OTHER_STATE = refused(
    "R1",
    "other_state",
    "{checkpoint} asks for the consent of {asked}, not of {given}",
    checkpoint="name",
    asked="name",
    given="name",
)
ALREADY_ENDED = refused(
    "R1", "already_ended", "an authorisation until {until} has already ended and authorises nothing", until="instant"
)
BINDS_TOO_MUCH = refused(
    "R28",
    "binds_too_much",
    "{most} conditions of one authorisation at most can bind at {checkpoint}, where an answer names each that binds",
    most="count",
    checkpoint="name",
)
NO_SUCH_BINDING = refused(
    "R19",
    "no_such_binding",
    "a condition binds at {checkpoint}, and there is no such checkpoint, or it has been passed",
    checkpoint="name",
)
AN_ACT_OF_ITS_OWN = refused(
    "R16",
    "act_of_its_own",
    "by the rule card of {state} {permission} is permitted by an act of its own, not with the authorisation",
    state="name",
    permission="word",
)
NOT_AT_ONCE = refused(
    "R5",
    "extended_too_far",
    "by its rule card {state} extends an authorisation by at most {step} at a time",
    state="name",
    step="term",
)
BEYOND_CEILING = refused(
    "R5",
    "beyond_ceiling",
    "by its rule card an authorisation of {state} ends by {ceiling}, however often it is extended",
    state="name",
    ceiling="instant",
)
LONGER_THAN_CARD = refused(
    "R1", "longer_than_card", "by its rule card an authorisation of {state} lasts at most {longest}", state="name", longest="term"
)
SPEAKS_FOR = refused("R1", "speaks_for", "{voice} speaks for {own}, not for {given}", voice="name", own="name", given="name")
EXPIRED_ALREADY = refused(
    "R5", "expired_already", "the authorisation of {state} has already expired; it cannot be extended", state="name"
)
NOT_BEYOND = refused("R5", "not_beyond", "an extension must run beyond {until}", until="instant")

REFUSED = found("R1", "consent_refused", "{state} does not consent (entry {entry})", state="name", entry="entry")
WITHDRAWN = found("R5", "consent_withdrawn", "{state} has withdrawn its consent (entry {entry})", state="name", entry="entry")
NO_EXTENSION = found("R5", "no_extension", "no extension in time from {services}", services="names")


class AuthorisationGranted(Kind):
    """One State's reasoned act (Albania CPC 294/c, Spain LECrim 263 bis): who, on what basis, for what, how long."""

    kind: Literal["authorisation_granted"] = "authorisation_granted"
    state: identifiers.State
    request: Requests
    """The request for consent that it decides on: SHA-256, as it stood in what was asked."""
    reference: MaybeNumbered = None
    granted_by_role: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    legal_basis: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    modalities: Annotated[tuple[Modality, ...], Field(min_length=1, max_length=5)]
    """The ways of handling this State allows for this consignment."""
    valid_from: MomentText
    valid_until: MomentText
    permits: Annotated[tuple[Measure, ...], Field(max_length=8)] = ()
    """What else this same act permits (R16)."""
    form: Form = "written"
    given_at: MomentText | None = None
    """When it was given, to the minute, where it is not written yet."""
    spoken: MaybeSpoken = None
    taken_down_by: MaybeTakenDown = None
    provisional: bool = False
    """It will be made final or refused (Netherlands: when the region is known); until then it authorises nothing (R1)."""
    offence: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """As it is called in the law of that State."""
    extraditable: bool | None = None
    """Whether it is extraditable there (ETS 182 art. 18); none where the act does not say."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=MOST_CONDITIONS)] = ()

    declares = Declaration(
        title="Authorisation granted",
        answers="authorisation",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R1",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_ACT,
    )

    @model_validator(mode="after")
    def _window(self) -> "AuthorisationGranted":
        check_window(self.valid_from, self.valid_until)
        check_form(self.form, self.reference, self.given_at, self.spoken, self.taken_down_by)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`other_state` unless it is for the State of the checkpoint; `other_request` where it decides on another request than
        the one to that State which follows from the plan in force; `already_ended` unless `valid_until` is after now;
        `no_such_binding` where a condition binds `at` what is no checkpoint of the plan, or has closed; `binds_too_much` for the
        first checkpoint at which more of them bind than an equal share, with those who are still to answer, of what an answer can
        name there beside the conditions of others, and than bound there by those in whose place it comes; `may_not_decide` where
        its `voice` is none of the public authorities and the State's card does not name it as a decider, or where by the card its
        `service`, in the place of its `voice`, is of a kind that may not authorise, and `not_agreed_to` where it is of one that
        may not without an agreement, for which the plan asks nobody in that State; `longer_than_card` where it lasts, from
        `valid_from` to `valid_until`, longer than the State's card says, and `beyond_ceiling` where it ends later, counted from
        the first of this authority; `no_such_form` where it is not written and no card knows anything that lets it be so,
        `given_in_future` where that was `given_at` after now, and `writing_overdue` where the time in which the card has it
        written, counted from when it was given, is over; `act_of_its_own` for the first that it `permits` which by the card is
        permitted apart; `may_not_permit` or `permitted_too_long` for the first that by the card is not permitted by such a
        service, or not for so long; `measure_extended_too_far` where the one in whose place it comes permits it too, has not
        ended when this one begins, and is extended by more than the card lets at a time. Where that State has no card, of all
        that comes after `binds_too_much` only `no_such_form` is looked at, of what is not written.
        """
        if wrong := of_another_state(self.state, delivery, said, OTHER_STATE):
            return wrong
        if (other := other_request(delivery, said, self.state, self.request)) is not None:
            return other
        if instant(self.valid_until) <= said.at:
            return ALREADY_ENDED(until=utc_text(instant(self.valid_until)))
        for condition in self.conditions:
            at = condition.at
            if at is not None and (delivery.plan.find(at) is None or delivery.state.closed(at)):
                return NO_SUCH_BINDING(checkpoint=at)
        if too_much := self._binds_too_much(delivery, said):
            return too_much
        card = delivery.cards.get(self.state)
        if card is None:
            return ACCEPTED if self.form == "written" else NO_SUCH_FORM(state=self.state, form=self.form)
        return self._by_card(card, delivery, said)

    def _binds_too_much(self, delivery: Delivery, said: Said) -> Verdict | None:
        """More would bind at a checkpoint than an answer there can name beside what binds by others, or more than an equal share
        of that with those who are still to answer, and than bound there by those in whose place it comes: no answer would count
        any more.
        """
        sharing = 1 + sum(one != (said.checkpoint, said.voice) for one in still_asked(delivery.state, "authorisation"))
        gone = {one.service: one for one in self._gone(delivery.state, said)}
        others = [one for service, one in delivery.state.grants.items() if service not in gone]
        for at, count in Counter(one.at for one in self.conditions if one.at is not None).items():
            left, bound = (sum(len(one.binding(at)) for one in some) for some in (others, gone.values()))
            most = max(max(MOST_FULFILLED - left, 0) // sharing, bound)
            if count > most:
                return BINDS_TOO_MUCH(checkpoint=at, most=most)
        return None

    def _by_card(self, card: RuleCard, delivery: Delivery, said: Said) -> Verdict:
        case = delivery.plan.case
        if wrong := may_not_decide(delivery, said, self.state):
            return wrong
        window, term = (instant(self.valid_from), as_written(self.valid_until)), card.term_of(case)
        if term is not None and term.longest is not None and outlasts(*window, term.longest):
            return LONGER_THAN_CARD(state=self.state, longest=iso_term(term.longest))
        if term is not None and (beyond := _beyond(term, self._since(delivery.state, said), self.valid_until, self.state)):
            return beyond
        if (unwritten := given_wrongly("authorisation", (self.state, self.form, self.given_at), delivery, said)) is not None:
            return unwritten
        for one in self.permits:
            rule = card.rule_of(one, case)
            if rule is not None and rule.needs == "own_act":
                return AN_ACT_OF_ITS_OWN(state=self.state, permission=one)
        wrong = permits_wrongly(card, case, kinds_of(delivery, said), self.permits, window)
        return wrong or self._goes_on(card, delivery, said) or ACCEPTED

    def _goes_on(self, card: RuleCard, delivery: Delivery, said: Said) -> Verdict | None:
        """Whether it extends what the one in whose place it comes permits by more than the card lets."""
        begins, until = instant(self.valid_from), as_written(self.valid_until)
        for before in self._before(delivery.state, said):
            if before.valid_from <= begins <= before.valid_until < until:
                same = tuple(one for one in self.permits if one in before.permits)
                if wrong := steps_too_far(card, delivery.plan.case, same, (before.valid_until, until)):
                    return wrong
        return None

    def _before(self, state: State, said: Said) -> tuple[Grant, ...]:
        """In whose place it comes: what its `voice` holds; and of that State what those hold whose place that has taken, but for
        what a later checkpoint of step `authorise` asked for.
        """
        order = [one.id for one in state.plan.at("authorise")]
        later = order[order.index(said.checkpoint) + 1 :] if said.checkpoint in order else []
        held = (state.grants.get(one) for one in state.plan.stands_for(said.voice))
        of_it = (one for one in held if one is not None and one.state == self.state)
        return tuple(one for one in of_it if one.service == said.voice or one.at not in later)

    def _gone(self, state: State, said: Said) -> tuple[Grant, ...]:
        """Of those in whose place it comes, what is no more once it counts: what its `voice` holds, and unless it is provisional
        what permits no more than it does.
        """
        before = self._before(state, said)
        return tuple(
            one for one in before if one.service == said.voice or (not self.provisional and set(one.permits) <= set(self.permits))
        )

    def _since(self, state: State, said: Said) -> datetime:
        """When the first of those in whose place it comes began; where there is none, this one."""
        return min((one.since or one.valid_from for one in self._before(state, said)), default=instant(self.valid_from))

    def bound_to(self) -> Binding:
        """Nobody consents to a plan that is not the one in force."""
        return "consent"

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """Its `conditions`."""
        others = (one.conditions for service, one in delivery.state.grants.items() if service != said.voice)
        most = delivery.law.figures.granted_bytes
        asked = {service for at in delivery.plan.checkpoints for service, needs in at.needs.items() if "authorisation" in needs}
        own = most // max(len(asked), 2)  # whoever answers last leaves room for who is asked afresh
        return Stays(self.conditions, min(own, share(most, others, delivery.state, "authorisation", said)))

    def apply(self, state: State, said: Said) -> None:
        """It is the authorisation of its `voice`, `asked_at` a checkpoint, in the place of one given before: not withdrawn, not
        expired, and not warned of; in the `form` in which it was given, `given_at` that time. It is `since` the first one began.
        A provisional one changes nothing where its `voice` holds one that is `final` and has not expired. Unless it is
        provisional, it comes in the place of what those gave too whose place its `voice` has taken, but for what a later
        checkpoint asked for, and for what permits more: that is permitted still. Where a duty about that was asked for, it is
        `superseded`, without its conditions.
        """
        held = state.grants.get(said.voice)
        if self.provisional and held is not None and held.final and not held.expired:
            return
        since, gone = self._since(state, said), self._gone(state, said)
        for one in gone:
            if one.service != said.voice:
                del state.grants[one.service]
                if asked_about(state, "duty", one.service):
                    state.superseded[one.service] = replace(one, conditions=())
        state.grants[said.voice] = Grant(
            said.voice,
            self.state,
            self.modalities,
            instant(self.valid_from),
            instant(self.valid_until),
            self._asked_at(state, said),
            self.conditions,
            self.permits,
            self.provisional,
            since=since,
            request=own_request(state.plan, said, self.request) or "",
            form=self.form,
            given_at=instant(self.given_at) if self.given_at is not None else None,
        )

    def _asked_at(self, state: State, said: Said) -> str:
        """The checkpoint that asked for it. Where its `voice` holds a final one that a later checkpoint of step `authorise` asked
        for, it is that, whichever this one names: who has answered the later question has answered both (R22).
        """
        before = state.grants.get(said.voice)
        order = [one.id for one in state.plan.at("authorise")]
        later = order[order.index(said.checkpoint) :] if said.checkpoint in order else []
        return before.at if before is not None and not before.provisional and before.at in later else said.checkpoint

    def is_answer(self) -> bool:
        """A provisional one answers nothing yet."""
        return not self.provisional

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        permits = {"permits": list(facts.permissions)} if facts.permissions else {}
        return {"state": facts.state, **decided(facts), **window(facts, now), "modalities": [facts.modality], **permits}


class AuthorisationRefused(Kind):
    """The State does not consent. It owes no reason."""

    kind: Literal["authorisation_refused"] = "authorisation_refused"
    state: identifiers.State
    reason: Reason = "not given"

    declares = Declaration(
        title="Authorisation refused",
        answers="authorisation",
        confirms=False,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R1",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`other_state` unless it is for the State of the checkpoint."""
        return of_another_state(self.state, delivery, said, OTHER_STATE) or ACCEPTED

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """It halts with the cause `refused` and `consent_refused`."""
        state.stop_all("refused", REFUSED(state=self.state, entry=said.seq), said.seq, said.service)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state}


class AuthorisationExtended(Kind):
    """The State lets its authorisation run longer."""

    kind: Literal["authorisation_extended"] = "authorisation_extended"
    state: identifiers.State
    valid_until: MomentText
    reference: Annotated[Act | None, Field(exclude_if=lambda act: act is None)] = None
    """The act by which it is extended (Estonia CCP § 126-5, Kazakhstan CPC art. 236: another one)."""
    granted_by_role: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    """The post of who has extended it, which need not be that of who gave it."""
    legal_basis: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]

    declares = Declaration(
        title="Authorisation extended",
        answers="extension",
        confirms=True,
        by="grantor",
        counts=UNDER_WAY,
        names_checkpoint=False,
        rule="R1",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`speaks_for` unless it is for the State of the authorisation that is extended; `expired_already` where that has
        expired, or has ended by now, though nobody recorded that; `not_beyond` unless the new `valid_until` is after the old one;
        `may_not_decide` or `not_agreed_to` as for an authorisation, and `may_not_permit` for what it permits; `extended_too_far`
        where it is by more than the State's card lets extend at a time, and `beyond_ceiling` where it ends later than the card
        lets it at all; for the first measure that it `permits`: `measure_extended_too_far` where by the card that is extended by
        less at a time, or `permitted_too_long` where the card says only how long that may be permitted, and that is less from
        `valid_from` on.
        """
        grant = delivery.state.grants[whose(delivery.state, said, delivery.state.grants)]
        if self.state != grant.state:
            return SPEAKS_FOR(voice=said.voice, own=grant.state, given=self.state)
        if grant.expired or grant.valid_until <= said.at:
            return EXPIRED_ALREADY(state=grant.state)
        if instant(self.valid_until) <= grant.valid_until:
            return NOT_BEYOND(until=utc_text(grant.valid_until))
        card, until = delivery.cards.get(self.state), as_written(self.valid_until)
        if card is None:
            return ACCEPTED
        wrong = may_not_decide(delivery, said, self.state)
        if wrong := wrong or not_by_them(card, delivery.plan.case, kinds_of(delivery, said), grant.permits):
            return wrong
        term = card.term_of(delivery.plan.case)
        if term is not None and term.extension is not None and outlasts(grant.valid_until, until, term.extension):
            return NOT_AT_ONCE(state=self.state, step=iso_term(term.extension))
        if term is not None and (beyond := _beyond(term, grant.since or grant.valid_from, self.valid_until, self.state)):
            return beyond
        window = (grant.valid_from, grant.valid_until)
        return extended_wrongly(card, delivery.plan.case, grant.permits, window, until) or ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """The authorisation runs until then, and has not been warned of."""
        grant = state.grants[whose(state, said, state.grants)]
        grant.valid_until, grant.warnings = instant(self.valid_until), 0

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state, **until(facts)}


class AuthorisationWithdrawn(Kind):
    """The State takes its consent back, from now on."""

    kind: Literal["authorisation_withdrawn"] = "authorisation_withdrawn"
    state: identifiers.State
    reason: Reason = "not given"

    declares = Declaration(
        title="Authorisation withdrawn",
        answers=None,
        confirms=False,
        by="grantor",
        counts=UNDER_WAY | HALTED,
        names_checkpoint=False,
        rule="R1",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_BRAKE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`speaks_for` unless it is for the State of the authorisation that is withdrawn."""
        own = delivery.state.grants[whose(delivery.state, said, delivery.state.grants)].state
        return ACCEPTED if self.state == own else SPEAKS_FOR(voice=said.voice, own=own, given=self.state)

    def bound_to(self) -> Binding:
        return "brake"

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """The authorisation is withdrawn. Unless it has been delivered, or the State is not ahead any more, it halts with the
        cause `withdrawn` and `consent_withdrawn`.
        """
        state.grants[whose(state, said, state.grants)].withdrawn = True
        if self.state in state.states_ahead() and not state.delivered:
            state.stop_all("withdrawn", WITHDRAWN(state=self.state, entry=said.seq), said.seq, said.service)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state}


class Extension(Contingency):
    """An authority is asked to let its consent run longer: it runs out, or would not outlast what comes next (R5)."""

    declares = Unforeseen(
        name="extension",
        title="a longer authorisation",
        needs="extension",
        without_end=False,
        after_halt=False,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each authority whose authorisation `runs_short` for the leg that is `next_to_clear`, while it is under way and
        has not been delivered, and unless one about it is open. In the order of `grants`.
        """
        state = delivery.state
        if not state.under_way or state.delivered:
            return
        leg = next_to_clear(delivery)
        for service in state.grants:
            if _runs_short(delivery, service, leg, now) and not open_about(state, self.declares.name, service):
                yield service

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """That authority."""
        need = (Requirement(service=key, says="extension"),)
        return Checkpoint(id=name, requires=need, due=delivery.plan.contingencies.extension, overdue="interdict")

    def title_of(self, key: str) -> str:
        return f"extension.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It has been delivered, the authorisation is gone, or it `runs_short` no more by the time of the newest entry: for the
        next leg, the first before it has left, or for none where that is `cleared` or does not exist.
        """
        state = delivery.state
        leg = 0 if state.leg is None else state.leg + 1
        uncleared = leg if state.cleared < leg < len(delivery.plan.legs) else None
        return (
            state.delivered or progress.key not in state.grants or not _runs_short(delivery, progress.key, uncleared, state.now)
        )

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts."""
        return "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It halts with the cause `expired` and R5 `no_extension`."""
        state.stop_all("expired", NO_EXTENSION(services=services), when.seq)


def _runs_short(delivery: Delivery, service: str, leg: int | None, at: datetime) -> bool:
    """Whether what this authority has given runs out, or would not outlast `leg`. Never, where it is provisional, withdrawn or
    expired, or its State is not ahead. Once it has been warned of, and its State `rests_on` it: yes. Else only for a leg, where
    it or its successor is among the `authorities` there, its authorisation has begun, less than `needed` is left of it, and its
    State is among those that are `too_short`.
    """
    grant, consents = delivery.state.grants[service], delivery.consents
    final = not grant.provisional and not grant.withdrawn and not grant.expired
    if not final or grant.state not in delivery.state.states_ahead():
        return False
    warned = grant.warnings > 0 and consents.rests_on(grant)
    if warned or leg is None:
        return warned
    asked = delivery.plan.successor_of(service) in delivery.plan.authorities(grant.state) and grant.valid_from <= at
    too_short = at + consents.needed(grant.state, leg) > grant.valid_until
    return asked and too_short and grant.state in consents.too_short(leg, at)


def _beyond(term: Term, since: datetime, until: str, state: str) -> Verdict | None:
    """Whether it would end later than the card lets it at all."""
    end = as_written(until)
    if term.ceiling is None or not outlasts(since, end, term.ceiling):  # so that no sum leaves the calendar
        return None
    return BEYOND_CEILING(state=state, ceiling=utc_text(latest_end(in_offset_of(since, end), term.ceiling)))


def until(facts: Facts) -> Mapping[str, Any]:
    """Until when an act must run, where the request says so."""
    return {"valid_until": facts.valid_until} if facts.valid_until else {}


def window(facts: Facts, now: datetime) -> Mapping[str, Any]:
    """From when to when an act must run."""
    return {"valid_from": now.isoformat(timespec="seconds"), **until(facts)}
