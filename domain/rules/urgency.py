"""What was authorised before it was written is confirmed in writing, in the time that the law gives, or ends (R1).

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
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Finding, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.plan import Checkpoint, Requirement
from domain.rules.contingency import Consequence, Contingency, Unforeseen, open_about
from domain.rules.kind import ALWAYS, Binding, Declaration, Kind
from domain.rules.requested import WRITING_OVERDUE
from domain.words import identifiers
from domain.words.limits import LARGEST_NOTE, LONGEST_LINE, LONGEST_NAME
from domain.words.moments import Moment as MomentText
from domain.words.moments import instant, utc_text
from domain.words.quantities import left_until

CONFIRMS_FOR = refused(
    "R1", "confirms_for", "{voice} confirms for {own}, not for {given}", voice="name", own="name", given="name"
)
IN_WRITING = refused("R1", "is_in_writing", "the authorisation of {voice} is in writing", voice="name")
WRITTEN_LATER = refused("R1", "written_in_future", "it was written after now")
WRITTEN_BEFORE = refused(
    "R1", "written_before_given", "it was given at {given}: what was written before that does not confirm it", given="instant"
)

NOT_WRITTEN = found(
    "R1", "not_written", "what {services} authorised before it was written was not confirmed in writing in time", services="names"
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
        if instant(self.written_at) > said.at:
            return WRITTEN_LATER()
        given, due = grant.given_at, written_by(delivery, said.voice)
        if given is not None and instant(self.written_at) < given:
            return WRITTEN_BEFORE(given=utc_text(given))
        late = due is not None and due <= said.at and not open_about(delivery.state, WrittenAct.declares.name, said.voice)
        if late and given is not None and due is not None:
            return WRITING_OVERDUE(given=utc_text(given), state=grant.state, due=utc_text(due))
        return ACCEPTED

    def bound_to(self) -> Binding:
        return "decision"

    def apply(self, state: State, said: Said) -> None:
        """The authorisation is in writing."""
        state.grants[said.voice].form = "written"

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
    card = delivery.cards.get(grant.state)
    urgent = card.urgent_for(grant.form, delivery.plan.case) if card is not None else None
    return grant.given_at + urgent.written_within if urgent is not None and grant.given_at is not None else None
