"""The agreement of another service, where the law of a State wants it beside the decision (R1; Russia 289-FZ art. 390)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.grants import Agreed
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.cards import Form
from domain.plan.vocabulary import Reason
from domain.rules.kind import UNDER_WAY, Binding, Declaration, Kind, of_another_state
from domain.rules.requested import Requests, decided, other_request
from domain.rules.standing_in import may_not_agree
from domain.rules.unwritten import MaybeNumbered, MaybeSpoken, MaybeTakenDown, check_form, given_wrongly
from domain.words import identifiers
from domain.words.limits import LARGEST_NOTE, LONGEST_NAME
from domain.words.moments import Moment as MomentText
from domain.words.moments import instant

OTHER_STATE = refused(
    "R1",
    "agreement_of_other_state",
    "{checkpoint} asks for the agreement of {asked}, not of {given}",
    checkpoint="name",
    asked="name",
    given="name",
)
NOT_AGREED = found(
    "R1",
    "not_agreed",
    "{service} of {state} does not agree (entry {entry})",
    service="name",
    state="name",
    entry="entry",
)


class AgreementGiven(Kind):
    """Another service of the State agrees that it is done, as an act of its own."""

    kind: Literal["agreement_given"] = "agreement_given"
    state: identifiers.State
    request: Requests
    """The request for consent that it agrees to: SHA-256, as it stood in what was asked."""
    reference: MaybeNumbered = None
    given_by_role: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    form: Annotated[Form, Field(exclude_if=lambda form: form == "written")] = "written"
    given_at: Annotated[MomentText | None, Field(exclude_if=lambda given: given is None)] = None
    """When it was given, to the minute, where it is not written yet."""
    spoken: MaybeSpoken = None
    taken_down_by: MaybeTakenDown = None

    declares = Declaration(
        title="Agreement given",
        answers="agreement",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R1",
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )

    @model_validator(mode="after")
    def _has_what_its_form_has(self) -> "AgreementGiven":
        check_form(self.form, self.reference, self.given_at, self.spoken, self.taken_down_by)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`agreement_of_other_state` unless it is for the State of the checkpoint; `other_request` where it agrees to another
        request than the one to that State which follows from the plan in force; `may_not_agree` where by the State's card its
        `voice`, or its `service` in the place of that, is of a kind that does not agree; `no_such_form_of_agreement` where it is
        not written and no card knows anything that lets it be so, `given_in_future` where that was `given_at` after now, and
        `writing_overdue` where the time in which the card has it written, counted from when it was given, is over.
        """
        other = of_another_state(self.state, delivery, said, OTHER_STATE)
        wrong = other or other_request(delivery, said, self.state, self.request) or may_not_agree(delivery, said, self.state)
        return wrong or given_wrongly("agreement", (self.state, self.form, self.given_at), delivery, said) or ACCEPTED

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def bound_to(self) -> Binding:
        """Nobody agrees to a plan that is not the one."""
        return "consent"

    def apply(self, state: State, said: Said) -> None:
        """Where it is not written, it is the agreement of its `voice` in the `form` in which it was given, `given_at` that time.
        Either takes the place of such a one, its own or of one whose place its `voice` has taken.
        """
        for one in state.plan.stands_for(said.voice):
            state.agreed.pop(one, None)
        if self.form != "written" and self.given_at is not None:
            state.agreed[said.voice] = Agreed(self.state, self.form, instant(self.given_at))

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state, **decided(facts)}


class AgreementRefused(Kind):
    """Another service of the State does not agree."""

    kind: Literal["agreement_refused"] = "agreement_refused"
    state: identifiers.State
    reason: Reason = "not given"

    declares = Declaration(
        title="Agreement refused",
        answers="agreement",
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
        """`agreement_of_other_state` unless it is for the State of the checkpoint."""
        return of_another_state(self.state, delivery, said, OTHER_STATE) or ACCEPTED

    def may_be_shared(self) -> bool:
        """Yes."""
        return True

    def apply(self, state: State, said: Said) -> None:
        """It halts with the cause `refused` and `not_agreed`."""
        finding = NOT_AGREED(service=said.service, state=self.state, entry=said.seq)
        state.stop_all("refused", finding, said.seq, said.service)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"state": facts.state}
