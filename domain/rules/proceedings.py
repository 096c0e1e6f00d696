"""What follows before the courts: who prosecutes whom, and proceedings that one State takes over from another.

A controlled delivery may rest on an understanding on jurisdiction (UN 1988 Convention art. 11(2)), and States may transfer
proceedings where that serves justice (UN 1988 Convention art. 8; UNTOC art. 21).
"""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.memory import Transfer, Understanding
from domain.delivery.persons import Prosecution
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.plan.powers import MAY_PROSECUTE
from domain.plan.vocabulary import Reason
from domain.rules.kind import Kind, unasked
from domain.words import identifiers
from domain.words.identifiers import StatementId
from domain.words.limits import LARGEST_OF_LISTS, LONGEST_LINE, MOST_PROSECUTIONS

PROSECUTES_NOBODY = refused("R29", "prosecutes_nobody", "{voice} is neither a prosecutor nor a court", voice="name")
OWN_STATE = refused(
    "R29", "own_proceedings", "proceedings are transferred to another State, and {state} is its own", state="name"
)
NOBODY_THERE = refused("R29", "nobody_takes_over", "no prosecutor or court of {state} takes part", state="name")
TOO_MANY = refused("R28", "transfers_spent", "{most} requests to take over proceedings have been made here", most="count")
NO_TRANSFER = refused("R29", "no_transfer", "{state} is asked to take over no proceedings under that id", state="name")
DECIDED_ALREADY = refused("R29", "transfer_decided", "{state} has decided on that already", state="name")

Prosecutions = Annotated[tuple[Prosecution, ...], Field(min_length=1, max_length=MOST_PROSECUTIONS)]
LegalBasis = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]


class JurisdictionUnderstood(Kind):
    """Which State prosecutes whom, as a prosecutor or court of one State has understood it with the others."""

    kind: Literal["jurisdiction_understood"] = "jurisdiction_understood"
    prosecutions: Prosecutions

    declares = unasked(
        "Jurisdiction understood", rule="R29", readers="prosecution", answers="jurisdiction", largest=LARGEST_OF_LISTS
    )

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor or court."""
        return may_prosecute(service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`prosecutes_nobody` unless its `voice` is a prosecutor or court."""
        return _prosecutes(delivery, said)

    def apply(self, state: State, said: Said) -> None:
        """This is how its `voice` understands it, in the place of what it said before."""
        known = state.directory.find(said.voice)
        assert known is not None  # noqa: S101 - nobody else is heard
        state.understandings[said.voice] = Understanding(known.state or "", said.seq, self.prosecutions)


class TransferRequested(Kind):
    """A State asks another to take over the proceedings against somebody."""

    kind: Literal["transfer_requested"] = "transfer_requested"
    to: identifiers.State
    prosecutions: Prosecutions
    reference: Act
    legal_basis: LegalBasis

    declares = unasked("Transfer of proceedings requested", rule="R29", readers="both_states", largest=LARGEST_OF_LISTS)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor or court."""
        return may_prosecute(service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`prosecutes_nobody` unless its `voice` is a prosecutor or court; `own_proceedings` where it asks its own State;
        `nobody_takes_over` unless a prosecutor or court of the State that it asks takes part; `transfers_spent` where there have
        been `most_transfers`.
        """
        if (verdict := _prosecutes(delivery, said)) != ACCEPTED:
            return verdict
        if self.to == _state_of(delivery, said):
            return OWN_STATE(state=self.to)
        there = (delivery.directory.find(one) for one in delivery.plan.participants())
        if not any(one is not None and one.state == self.to and may_prosecute(one) for one in there):
            return NOBODY_THERE(state=self.to)
        most = delivery.law.figures.most_transfers
        return TOO_MANY(most=most) if len(delivery.state.transfers) >= most else ACCEPTED

    def apply(self, state: State, said: Said) -> None:
        """It is asked, and not answered."""
        known = state.directory.find(said.voice)
        assert known is not None  # noqa: S101 - nobody else is heard
        state.transfers[said.statement.id] = Transfer(known.state or "", self.to)


class TransferAccepted(Kind):
    """A State takes over the proceedings that it was asked to take over."""

    kind: Literal["transfer_accepted"] = "transfer_accepted"
    of: StatementId
    reference: Act

    declares = unasked("Transfer of proceedings accepted", rule="R29", readers="as_named")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor or court, and its State is asked and has not answered."""
        return may_prosecute(service) and _asked_of(delivery.state, service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`prosecutes_nobody` unless its `voice` is a prosecutor or court; `no_transfer` unless its State is asked by the
        statement that it names; `transfer_decided` where it has answered.
        """
        return _answers(delivery, said, self.of)

    def apply(self, state: State, said: Said) -> None:
        """The request is answered."""
        state.transfers[self.of] = replace(state.transfers[self.of], answered=True)


class TransferDeclined(Kind):
    """A State does not take over the proceedings that it was asked to take over."""

    kind: Literal["transfer_declined"] = "transfer_declined"
    of: StatementId
    reason: Reason = "not given"

    declares = unasked("Transfer of proceedings declined", rule="R29", readers="as_named")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor or court, and its State is asked and has not answered."""
        return may_prosecute(service) and _asked_of(delivery.state, service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`prosecutes_nobody` unless its `voice` is a prosecutor or court; `no_transfer` unless its State is asked by the
        statement that it names; `transfer_decided` where it has answered.
        """
        return _answers(delivery, said, self.of)

    def apply(self, state: State, said: Said) -> None:
        """The request is answered."""
        state.transfers[self.of] = replace(state.transfers[self.of], answered=True)


def _asked_of(state: State, service: Service) -> bool:
    return any(one.to == service.state and not one.answered for one in state.transfers.values())


def may_prosecute(service: Service) -> bool:
    """Whether it is a `prosecutor` or `court`."""
    return service.kind in MAY_PROSECUTE


def _prosecutes(delivery: Delivery, said: Said) -> Verdict:
    voice = delivery.directory.find(said.voice)
    return ACCEPTED if voice is not None and may_prosecute(voice) else PROSECUTES_NOBODY(voice=said.voice)


def _state_of(delivery: Delivery, said: Said) -> str:
    voice = delivery.directory.find(said.voice)
    return (voice.state if voice is not None else None) or ""


def _answers(delivery: Delivery, said: Said, of: str) -> Verdict:
    if (verdict := _prosecutes(delivery, said)) != ACCEPTED:
        return verdict
    asked, state = delivery.state.transfers.get(of), _state_of(delivery, said)
    if asked is None or asked.to != state:
        return NO_TRANSFER(state=state)
    return DECIDED_ALREADY(state=state) if asked.answered else ACCEPTED
