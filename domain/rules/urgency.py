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
from domain.delivery.grants import Agreed, Grant
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.rules.contingency import open_about
from domain.rules.kind import ALWAYS, Binding, Declaration, Kind, unasked
from domain.rules.measures import not_by_them
from domain.rules.requested import WRITING_OVERDUE
from domain.rules.standing_in import kinds_of, may_not_agree, may_not_decide
from domain.rules.successors import whose
from domain.rules.unwritten import to_be_written
from domain.rules.writing import Written, written
from domain.words import identifiers
from domain.words.limits import LARGEST_NOTE, LONGEST_LINE, LONGEST_NAME
from domain.words.moments import Moment as MomentText
from domain.words.moments import instant, utc_text

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
        """`confirms_for` unless it is for the State of the authorisation that is confirmed; `may_not_decide` or `not_agreed_to`
        as for that, and `may_not_permit` for what that `permits`; `is_in_writing` where it is; `written_in_future` where it was
        written after now, and `written_before_given` where that was before it was given; `writing_overdue` where its time is
        over, as the card gives it, and it is not asked for any more.
        """
        grantor = whose(delivery.state, said, delivery.state.grants)
        grant = delivery.state.grants[grantor]
        if self.state != grant.state:
            return CONFIRMS_FOR(voice=said.voice, own=grant.state, given=self.state)
        if wrong := may_not_decide(delivery, said, self.state) or _may_not_permit(delivery, said, grant):
            return wrong
        if grant.form == "written":
            return IN_WRITING(voice=said.voice)
        assert grant.given_at is not None  # noqa: S101 - what is not written says when it was given
        still = open_about(delivery.state, WrittenAct.declares.name, grantor)
        times = (grant.given_at, instant(self.written_at), written_by(delivery, grantor))
        return _written_out_of_time(times, said, self.state, asked=still) or ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """The authorisation is in writing."""
        state.grants[whose(state, said, state.grants)].form = "written"

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
        """It, or one in whose place it has come, has agreed before that was written."""
        stands_for = delivery.plan.stands_for(service.id)
        return any(one.form != "written" for giver, one in delivery.state.agreed.items() if giver in stands_for)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_agreed_before` unless its `voice` has agreed before it was written; `agrees_for` unless it is for the State of
        that agreement; `may_not_agree` as for that;
        `agreed_in_writing` where that is in writing by now; `written_in_future` where it was written after now,
        and `written_before_given` where that was before it was given; `writing_overdue` where its time is over, as the card gives
        it, and it is not asked for any more.
        """
        giver = whose(delivery.state, said, delivery.state.agreed)
        known = delivery.state.agreed.get(giver)
        if known is None:
            return NOT_GIVEN_BEFORE(voice=said.voice)
        if self.state != known.state:
            return AGREES_FOR(voice=said.voice, own=known.state, given=self.state)
        if wrong := may_not_agree(delivery, said, self.state):
            return wrong
        if known.form == "written":
            return AGREED_IN_WRITING(voice=said.voice)
        still = open_about(delivery.state, WrittenAgreement.declares.name, giver)
        times = (known.given_at, instant(self.written_at), _agreement_written_by(delivery, known))
        return _written_out_of_time(times, said, self.state, asked=still) or ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """The agreement is in writing."""
        state.agreed[whose(state, said, state.agreed)].form = "written"

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state}


class WrittenAct(Written):
    """Whoever authorised before it was written confirms it in writing, within the time of its State's card (R1)."""

    declares = written("confirmation", "the written act", "confirmation")
    not_in_time = NOT_WRITTEN

    def given(self, state: State) -> Mapping[str, Grant]:
        return state.grants

    def due(self, delivery: Delivery, service: str) -> datetime | None:
        return written_by(delivery, service)

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each authority whose authorisation is not `written`, is final, and neither withdrawn nor expired, while it is
        under way and unless one about it is open. In the order of `grants`.
        """
        yield from (one for one in super().called_for(delivery, now) if delivery.state.grants[one].final)

    def title_of(self, key: str) -> str:
        return f"written.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """The authorisation is withdrawn, another written one stands in its place, or nobody has written it in time."""
        grant = delivery.state.grants.get(progress.key)
        return (grant is not None and grant.withdrawn) or super().moot(delivery, progress)


def written_by(delivery: Delivery, service: str) -> datetime | None:
    """By when what this authority has given before it was written is to be, counted from when it was `given_at`; none where it
    was written when it was given, or no card knows its form.
    """
    grant = delivery.state.grants[service]
    return to_be_written("authorisation", grant.form, grant.given_at, grant.state, delivery)


class WrittenAgreement(Written):
    """Whoever agreed before it was written confirms it in writing, within the time of its State's card (R1)."""

    declares = written("written_agreement", "the written agreement", "written_agreement")
    not_in_time = AGREEMENT_NOT_WRITTEN

    def given(self, state: State) -> Mapping[str, Agreed]:
        return state.agreed

    def due(self, delivery: Delivery, service: str) -> datetime | None:
        return _agreement_written_by(delivery, delivery.state.agreed[service])

    def title_of(self, key: str) -> str:
        return f"agreed.{key}"


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


def _may_not_permit(delivery: Delivery, said: Said, grant: Grant) -> Verdict | None:
    """What is wrong with what an authorisation permits, where by the card whoever confirms it may not permit that."""
    card = delivery.cards.get(grant.state)
    return not_by_them(card, delivery.plan.case, kinds_of(delivery, said), grant.permits) if card is not None else None


def _agreement_written_by(delivery: Delivery, known: Agreed) -> datetime | None:
    return to_be_written("agreement", known.form, known.given_at, known.state, delivery)
