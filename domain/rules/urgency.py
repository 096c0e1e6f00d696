"""What was authorised or agreed to before it was written is confirmed in writing, in the time that the law gives, or ends (R1).

What was done on it may be over within hours. The law wants the writing all the same (Estonia CCP § 126-4; SCO agreement on
customs assistance of 2 November 2007, art. 11), and a court asks for it: so it is asked for to its time, however the delivery
stands.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.grants import Agreed
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Finding, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.plan.plan import Checkpoint, Requirement
from domain.rules.contingency import Consequence, Contingency, Unforeseen, open_about
from domain.rules.kind import ALWAYS, Binding, Declaration, Kind, unasked
from domain.rules.requested import WRITING_OVERDUE
from domain.rules.unwritten import to_be_written
from domain.words import identifiers
from domain.words.limits import LARGEST_NOTE, LONGEST_LINE, LONGEST_NAME
from domain.words.moments import Moment as MomentText
from domain.words.moments import instant, utc_text
from domain.words.quantities import left_until

CONFIRMS_FOR = refused(
    "R1", "confirms_for", "{voice} confirms for {own}, not for {given}", voice="name", own="name", given="name"
)
AGREES_FOR = refused("R1", "agrees_for", "{voice} agreed for {own}, not for {given}", voice="name", own="name", given="name")
NOT_GIVEN_BEFORE = refused("R1", "not_agreed_before", "{voice} has agreed to nothing before it was written", voice="name")
AGREED_IN_WRITING = refused("R1", "agreed_in_writing", "the agreement of {voice} is in writing", voice="name")
IN_WRITING = refused("R1", "is_in_writing", "the authorisation of {voice} is in writing", voice="name")
WRITTEN_LATER = refused("R1", "written_in_future", "it was written after now")
WRITTEN_BEFORE = refused(
    "R1", "written_before_given", "it was given at {given}: what was written before that does not confirm it", given="instant"
)

NOT_WRITTEN = found(
    "R1", "not_written", "what {services} authorised before it was written was not confirmed in writing in time", services="names"
)
AGREEMENT_NOT_WRITTEN = found(
    "R1",
    "agreement_not_written",
    "what {services} agreed to before it was written was not confirmed in writing in time",
    services="names",
)


class AuthorisationConfirmed(Kind):
    """The written act has followed one that was given by word of mouth, or in a form that can be read again."""

    kind: Literal["authorisation_confirmed"] = "authorisation_confirmed"
    state: identifiers.State
    reference: Act
    written_by_role: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    legal_basis: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    written_at: MomentText

    declares = Declaration(
        title="Authorisation confirmed in writing",
        answers="confirmation",
        confirms=True,
        by="grantor",
        counts=ALWAYS,
        names_checkpoint=False,
        rule="R1",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`confirms_for` unless it is for the State of the authorisation that is confirmed; `is_in_writing` where that is;
        `written_in_future` where it was written after now, and `written_before_given` where that was before it was given;
        `writing_overdue` where its time is over, as the card gives it, and it is not asked for any more.
        """
        grant = delivery.state.grants[said.voice]
        if self.state != grant.state:
            return CONFIRMS_FOR(voice=said.voice, own=grant.state, given=self.state)
        if grant.form == "written":
            return IN_WRITING(voice=said.voice)
        assert grant.given_at is not None  # noqa: S101 - what is not written says when it was given
        still = open_about(delivery.state, WrittenAct.declares.name, said.voice)
        times = (grant.given_at, instant(self.written_at), written_by(delivery, said.voice))
        return _written_out_of_time(times, said, self.state, asked=still) or ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """The authorisation is in writing."""
        state.grants[said.voice].form = "written"

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state}


class AgreementConfirmed(Kind):
    """The written agreement of another service has followed one that was given before it was written."""

    kind: Literal["agreement_confirmed"] = "agreement_confirmed"
    state: identifiers.State
    reference: Act
    written_by_role: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    written_at: MomentText

    declares = unasked("Agreement confirmed in writing", rule="R1", answers="written_agreement")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It has agreed before that was written."""
        known = delivery.state.agreed.get(service.id)
        return known is not None and known.form != "written"

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_agreed_before` unless its `voice` has agreed before it was written; `agrees_for` unless it is for the State of
        that agreement; `agreed_in_writing` where that is in writing by now; `written_in_future` where it was written after now,
        and `written_before_given` where that was before it was given; `writing_overdue` where its time is over, as the card gives
        it, and it is not asked for any more.
        """
        known = delivery.state.agreed.get(said.voice)
        if known is None:
            return NOT_GIVEN_BEFORE(voice=said.voice)
        if self.state != known.state:
            return AGREES_FOR(voice=said.voice, own=known.state, given=self.state)
        if known.form == "written":
            return AGREED_IN_WRITING(voice=said.voice)
        still = open_about(delivery.state, WrittenAgreement.declares.name, said.voice)
        times = (known.given_at, instant(self.written_at), _agreement_written_by(delivery, known))
        return _written_out_of_time(times, said, self.state, asked=still) or ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """The agreement is in writing."""
        state.agreed[said.voice].form = "written"

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state}


class WrittenAct(Contingency):
    """Whoever authorised before it was written confirms it in writing, within the time of its State's card (R1)."""

    declares = Unforeseen(
        name="confirmation",
        title="the written act",
        needs="confirmation",
        without_end=False,
        after_halt=True,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each authority whose authorisation is not `written`, is final, and neither withdrawn nor expired, while it is
        under way and unless one about it is open. In the order of `grants`.
        """
        state = delivery.state
        for service, grant in state.grants.items() if state.under_way else ():
            owed = grant.form != "written" and not grant.provisional and not grant.withdrawn and not grant.expired
            if owed and not open_about(state, self.declares.name, service):
                yield service

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """That authority, within the time `written_within` that its State's card gives where one is given in its form: it counts
        from when that was `given_at`.
        """
        due = written_by(delivery, key)
        assert due is not None  # noqa: S101 - else it had not been taken
        needs = (Requirement(service=key, says="confirmation"),)
        return Checkpoint(id=name, requires=needs, due=left_until(due, delivery.state.now), overdue="interdict")

    def title_of(self, key: str) -> str:
        return f"written.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """The authorisation is withdrawn, another written one stands in its place, or nobody has written it in time."""
        grant = delivery.state.grants[progress.key]
        return (grant.form == "written" and not progress.satisfied) or grant.withdrawn or progress.silent

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts; where it is not under way any more, nothing is left to halt, and it closes."""
        return "halts" if state.under_way else "closes"

    def ends_with_silence(self, state: State, progress: Progress, at: datetime) -> Finding | None:
        """`not_written`, where it is not under way any more: else the halt says it."""
        return None if state.under_way else NOT_WRITTEN(services=progress.waiting_for())

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It has expired. While it is under way, the delivery halts with the cause `expired` and `not_written`."""
        state.grants[progress.key].expired = True
        if state.under_way:
            state.stop_all("expired", NOT_WRITTEN(services=services), when.seq)


def written_by(delivery: Delivery, service: str) -> datetime | None:
    """By when what this authority has given before it was written is to be, counted from when it was `given_at`; none where it
    was written when it was given, or no card knows its form.
    """
    grant = delivery.state.grants[service]
    return to_be_written("authorisation", grant.form, grant.given_at, grant.state, delivery)


class WrittenAgreement(Contingency):
    """Whoever agreed before it was written confirms it in writing, within the time of its State's card (R1)."""

    declares = Unforeseen(
        name="written_agreement",
        title="the written agreement",
        needs="written_agreement",
        without_end=False,
        after_halt=True,
        closes_unanswered=False,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each service whose agreement is not `written` and has not expired, while it is under way and unless one about it
        is open. In the order of `agreed`.
        """
        state = delivery.state
        for service, known in state.agreed.items() if state.under_way else ():
            owed = known.form != "written" and not known.expired
            if owed and not open_about(state, self.declares.name, service):
                yield service

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """That service, within the time `written_within` that its State's card gives where an agreement is given in its form: it
        counts from when that was `given_at`.
        """
        due = _agreement_written_by(delivery, delivery.state.agreed[key])
        assert due is not None  # noqa: S101 - else it had not been taken
        needs = (Requirement(service=key, says="written_agreement"),)
        return Checkpoint(id=name, requires=needs, due=left_until(due, delivery.state.now), overdue="interdict")

    def title_of(self, key: str) -> str:
        return f"agreed.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """A written one stands in its place, or nobody has written it in time."""
        known = delivery.state.agreed.get(progress.key)
        return known is None or (known.form == "written" and not progress.satisfied) or progress.silent

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts; where it is not under way any more, nothing is left to halt, and it closes."""
        return "halts" if state.under_way else "closes"

    def ends_with_silence(self, state: State, progress: Progress, at: datetime) -> Finding | None:
        """`agreement_not_written`, where it is not under way any more: else the halt says it."""
        return None if state.under_way else AGREEMENT_NOT_WRITTEN(services=progress.waiting_for())

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It has expired. While it is under way, the delivery halts with the cause `expired` and `agreement_not_written`."""
        state.agreed[progress.key].expired = True
        if state.under_way:
            state.stop_all("expired", AGREEMENT_NOT_WRITTEN(services=services), when.seq)


def _written_out_of_time(
    times: tuple[datetime, datetime, datetime | None], said: Said, state: str, *, asked: bool
) -> Verdict | None:
    """What is wrong with when it was given, written, and was to be written by."""
    given, written, due = times
    if written > said.at:
        return WRITTEN_LATER()
    if written < given:
        return WRITTEN_BEFORE(given=utc_text(given))
    if due is not None and due <= said.at and not asked:
        return WRITING_OVERDUE(given=utc_text(given), state=state, due=utc_text(due))
    return None


def _agreement_written_by(delivery: Delivery, known: Agreed) -> datetime | None:
    return to_be_written("agreement", known.form, known.given_at, known.state, delivery)
