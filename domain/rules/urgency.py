"""What was authorised before it was written is confirmed in writing, in the time that the law gives, or ends (R1)."""

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
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.plan import Checkpoint, Requirement
from domain.rules.contingency import Consequence, Contingency, Unforeseen, open_about
from domain.rules.kind import UNDER_WAY, Binding, Declaration, Kind
from domain.words import identifiers
from domain.words.limits import LARGEST_NOTE, LONGEST_LINE, LONGEST_NAME
from domain.words.moments import Moment as MomentText
from domain.words.moments import instant
from domain.words.quantities import left_until

CONFIRMS_FOR = refused(
    "R1", "confirms_for", "{voice} confirms for {own}, not for {given}", voice="name", own="name", given="name"
)
IN_WRITING = refused("R1", "is_in_writing", "the authorisation of {voice} is in writing", voice="name")
WRITTEN_LATER = refused("R1", "written_in_future", "it was written after now")

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
        counts=UNDER_WAY,
        names_checkpoint=False,
        rule="R1",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`confirms_for` unless it is for the State of the authorisation that is confirmed; `is_in_writing` where that is;
        `written_in_future` where it was written after now.
        """
        grant = delivery.state.grants[said.voice]
        if self.state != grant.state:
            return CONFIRMS_FOR(voice=said.voice, own=grant.state, given=self.state)
        if grant.form == "written":
            return IN_WRITING(voice=said.voice)
        return WRITTEN_LATER() if instant(self.written_at) > said.at else ACCEPTED

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
        after_halt=False,
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
        grant, now = delivery.state.grants[key], delivery.state.now
        urgent = delivery.cards[grant.state].urgent_for(grant.form, delivery.plan.case)
        assert urgent is not None  # noqa: S101 - else it had not been taken
        assert grant.given_at is not None  # noqa: S101 - nor without the time
        left = left_until(grant.given_at + urgent.written_within, now)
        needs = (Requirement(service=key, says="confirmation"),)
        return Checkpoint(id=name, requires=needs, due=left, overdue="interdict")

    def title_of(self, key: str) -> str:
        return f"written.{key}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """The authorisation is gone, or another written one stands in its place."""
        grant = delivery.state.grants[progress.key]
        return (grant.form == "written" and not progress.satisfied) or grant.withdrawn or grant.expired

    def silence_brings(self, state: State, key: str) -> Consequence:
        """It halts."""
        return "halts"

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """It has expired, and the delivery halts with the cause `expired` and `not_written`."""
        state.grants[progress.key].expired = True
        state.stop_all("expired", NOT_WRITTEN(services=services), when.seq)
