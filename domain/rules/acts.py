"""What becomes of an operation on paper: papers get numbers, secrets are opened, results are handed over, cases begin.

None of it moves the consignment, so the state holds nothing of it: it stands in the ledger, and papers and results are made from
there. (Russia: instruction on submitting results of operational-search activity of 27 September 2013; Estonia CCP § 126-13.)
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.persons import Persons
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.acts import Act, DatedAct
from domain.plan.directory import Service
from domain.plan.goods import Label
from domain.plan.powers import IN_A_CASE
from domain.plan.vocabulary import Involved, Line
from domain.rules.kind import ALWAYS, Declaration, Kind
from domain.signing.canonical import Sent
from domain.words.identifiers import ServiceId, StatementId
from domain.words.limits import (
    LARGEST_OF_ACTS,
    LONGEST_LINE,
    LONGEST_NAME,
    MOST_ARTICLES,
    MOST_CHARGES,
    MOST_COPIES,
    MOST_DISCLOSED,
    MOST_MOVED,
)

Paper = Literal[
    "request",
    "memorandum",
    "order",
    "measures",
    "examination",
    "replacement",
    "sampling",
    "handover",
    "transfer",
    "surveillance",
    "seizure",
    "submission",
    "results",
    "destruction",
]
"""Papers that a service makes of a delivery, each with a number of its own in its files."""

NOT_OF_THEIR_STATE = refused(
    "R23",
    "not_of_their_state",
    "no service of {state} has said {statements}, so {service} cannot open them",
    state="name",
    statements="names",
    service="name",
)
OPENS_NOTHING = refused("R29", "opens_nothing", "{voice} has no power to open what is secret", voice="name")
SUBMITS_NOTHING = refused("R29", "submits_nothing", "{voice} has no power to submit results", voice="name")
TAKES_NO_RESULTS = refused(
    "R29", "takes_no_results", "{to} is a {what}, and neither prosecutes, judges nor investigates", to="name", what="word"
)
OPENS_NO_CASE = refused("R29", "opens_no_case", "{voice} has no power to open a case or to notify anybody", voice="name")
NOBODY_SUBMITTED_TO = refused("R11", "nobody_submitted_to", "{to} has no part in this delivery", to="name")


def _of_papers(title: str, rule: str) -> Declaration:
    return Declaration(
        title=title,
        answers=None,
        confirms=False,
        by="anyone",
        counts=ALWAYS,
        names_checkpoint=False,
        rule=rule,
        contact=False,
        readers="own_state",
        may_be_left_out=False,
        largest=LARGEST_OF_ACTS,
    )


Articles = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)], ...], Field(min_length=1, max_length=MOST_ARTICLES)
]


class PaperRegistered(Kind):
    """A paper that was made from this record bears a number and a date in the service's files."""

    kind: Literal["paper_registered"] = "paper_registered"
    paper: Paper
    reference: DatedAct
    code: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    """The check code that stands on it."""

    declares = _of_papers("Paper registered", "R17")


class Declassified(Kind):
    """An act has opened what services of this State have said: papers of it bear the act in the place of a secrecy mark."""

    kind: Literal["declassified"] = "declassified"
    reference: DatedAct
    statements: Annotated[tuple[StatementId, ...], Field(max_length=MOST_DISCLOSED)] = ()
    """Which; none: all that they have said so far."""

    declares = _of_papers("Declassified", "R23")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor, court, investigator, or a service that may arrest."""
        return in_a_case(service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`opens_nothing` unless its `voice` is a prosecutor, court, investigator, or a service that may arrest;
        `not_of_their_state` for the statements that no service of its State was the first to say under that id. In a history
        with a `branch` those that nobody has said are let be: they may stand in the one that was put back.
        """
        if not _said_in_a_case(delivery, said):
            return OPENS_NOTHING(voice=said.voice)
        own = delivery.directory.find(said.service)
        known = {one: delivery.state.statements.first(one) for one in self.statements}
        sayers = {name: delivery.directory.find(one.service) for name, one in known.items() if one is not None}
        foreign = tuple(
            name
            for name, one in known.items()
            if (one is None and not delivery.state.branch)
            or (one is not None and (own is None or (sayer := sayers[name]) is None or sayer.state != own.state))
        )
        if not foreign:
            return ACCEPTED
        return NOT_OF_THEIR_STATE(state=(own.state if own is not None else None) or "", statements=foreign, service=said.service)


class ResultsSubmitted(Kind):
    """Results were handed to who prosecutes or judges, by an act of the head of the service."""

    kind: Literal["results_submitted"] = "results_submitted"
    reference: DatedAct
    addressee: Line
    """Which body, investigator's office or court; never a person."""
    to: ServiceId | None = None
    """The same as a service, where it takes part."""
    case_number: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    statements: Annotated[tuple[StatementId, ...], Field(max_length=MOST_DISCLOSED)] = ()
    """Which of what was said is among them; none: all that the report has."""
    exhibits: Annotated[tuple[Label, ...], Field(max_length=MOST_MOVED)] = ()
    """Which exhibits go with them."""
    copies: Annotated[int, Field(ge=1, le=MOST_COPIES)] = 2

    declares = _of_papers("Results submitted", "R29")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor, court, investigator, or a service that may arrest."""
        return in_a_case(service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`submits_nothing` unless its `voice` is a prosecutor, court, investigator, or a service that may arrest;
        `nobody_submitted_to` where it is `to` a service that does not take part, and `takes_no_results` where that is none of
        these.
        """
        if not _said_in_a_case(delivery, said):
            return SUBMITS_NOTHING(voice=said.voice)
        if self.to is None:
            return ACCEPTED
        if not delivery.state.participant(self.to):
            return NOBODY_SUBMITTED_TO(to=self.to)
        taker = delivery.directory.get(self.to)
        return ACCEPTED if in_a_case(taker) else TAKES_NO_RESULTS(to=self.to, what=taker.kind)

    def addressees(self) -> tuple[str, ...]:
        return (self.to,) if self.to is not None else ()


class Charge(Involved, Sent):
    """What somebody of one role is charged with; of one person by their code."""

    person: Label | None = None
    articles: Articles


class CaseOpened(Kind):
    """A criminal case was opened, or somebody was charged in it."""

    kind: Literal["case_opened"] = "case_opened"
    reference: DatedAct
    """Of the case."""
    articles: Articles
    charges: Annotated[tuple[Charge, ...], Field(max_length=MOST_CHARGES)] = ()

    declares = _of_papers("Criminal case opened", "R29")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor, court, investigator, or a service that may arrest."""
        return in_a_case(service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`opens_no_case` unless its `voice` is a prosecutor, court, investigator, or a service that may arrest."""
        return _may_open_a_case(delivery, said)


class PersonsNotified(Kind):
    """Persons were told of the measures that concerned them, or it was decided to tell them later."""

    kind: Literal["persons_notified"] = "persons_notified"
    persons: Persons
    reference: Act
    postponed: bool = False
    """It was decided to tell them later."""
    reason: Annotated[str, Field(max_length=LONGEST_LINE)] = ""

    declares = _of_papers("Persons notified", "R29")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor, court, investigator, or a service that may arrest."""
        return in_a_case(service)

    @model_validator(mode="after")
    def _says_why(self) -> "PersonsNotified":
        if self.postponed and not self.reason:
            message = "say in `reason` why they are told later"
            raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`opens_no_case` unless its `voice` is a prosecutor, court, investigator, or a service that may arrest."""
        return _may_open_a_case(delivery, said)


def in_a_case(service: Service) -> bool:
    """Whether it is a `prosecutor`, `court` or `investigator`, or a service that may arrest: who acts in a criminal case."""
    return service.kind in IN_A_CASE


def _said_in_a_case(delivery: Delivery, said: Said) -> bool:
    voice = delivery.directory.find(said.voice)
    return voice is not None and in_a_case(voice)


def _may_open_a_case(delivery: Delivery, said: Said) -> Verdict:
    return ACCEPTED if _said_in_a_case(delivery, said) else OPENS_NO_CASE(voice=said.voice)
