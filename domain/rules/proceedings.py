"""What follows before the courts: who prosecutes whom, and proceedings that one State takes over from another.

A controlled delivery may rest on an understanding on jurisdiction (UN 1988 Convention art. 11(2)), and States may transfer
proceedings where that serves justice (UN 1988 Convention art. 8; UNTOC art. 21).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.event import Moment
from domain.delivery.memory import Transfer, Understanding
from domain.delivery.persons import Prosecution
from domain.delivery.progress import Progress
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, found, refused
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.plan.plan import Checkpoint, Plan, Requirement
from domain.plan.powers import MAY_PROSECUTE
from domain.plan.vocabulary import Reason
from domain.rules.contingency import Contingency, Unforeseen, open_about
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
TAKEOVER_ASKED = found("R29", "takeover_asked", "{states} asks {state} to take over proceedings", states="names", state="name")
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
        """`prosecutes_nobody` unless its `voice` and its `service` are a prosecutor or court."""
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
        """`prosecutes_nobody` unless its `voice` and its `service` are a prosecutor or court; `own_proceedings` where it asks its
        own State; `nobody_takes_over` unless a prosecutor or court of the State that it asks takes part; `transfers_spent` where
        its State has made its equal share of `most_transfers`, one at least, with each other of which a prosecutor or court takes
        part, or there have been so many.
        """
        if (verdict := _prosecutes(delivery, said)) != ACCEPTED:
            return verdict
        if self.to == _state_of(delivery, said):
            return OWN_STATE(state=self.to)
        if not _prosecution_of(delivery, self.to):
            return NOBODY_THERE(state=self.to)
        return self._room(delivery, _state_of(delivery, said))

    @staticmethod
    def _room(delivery: Delivery, own: str) -> Verdict:
        """As many as there may be, and of one State an equal share, so that none leaves another without a request."""
        most, made = delivery.law.figures.most_transfers, delivery.state.transfers.values()
        known = (delivery.directory.find(one) for one in delivery.plan.participants())
        states = {own, *(one.state or "" for one in known if one is not None and may_prosecute(one))}
        if sum(one.state == own for one in made) >= (share := max(most // len(states), 1)):
            return TOO_MANY(most=share)
        return TOO_MANY(most=most) if len(made) >= most else ACCEPTED

    def apply(self, state: State, said: Said) -> None:
        """It is asked, and not answered. Where that State is asked about another one already, it has as much time from now on."""
        known = state.directory.find(said.voice)
        assert known is not None  # noqa: S101 - nobody else is heard
        state.transfers[said.statement.id] = Transfer(known.state or "", self.to)
        for asked in state.open_checkpoints():
            if asked.contingency == Takeover.declares.name and asked.key == self.to:
                asked.due_anew(said.at + asked.checkpoint.due, said.at)


class TransferAccepted(Kind):
    """A State takes over the proceedings that it was asked to take over."""

    kind: Literal["transfer_accepted"] = "transfer_accepted"
    of: StatementId
    reference: Act

    declares = unasked("Transfer of proceedings accepted", rule="R29", readers="as_named", answers="takeover")

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor or court, and its State is asked and has not answered."""
        return may_prosecute(service) and _asked_of(delivery.state, service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`prosecutes_nobody` unless its `voice` and its `service` are a prosecutor or court; `no_transfer` unless its State is
        asked by the statement that it names; `transfer_decided` where it has answered.
        """
        return _answers(delivery, said, self.of)

    def apply(self, state: State, said: Said) -> None:
        """The request is answered."""
        state.transfers[self.of] = replace(state.transfers[self.of], answered=True)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"of": facts.transfer} if facts.transfer is not None else {}


class TransferDeclined(Kind):
    """A State does not take over the proceedings that it was asked to take over."""

    kind: Literal["transfer_declined"] = "transfer_declined"
    of: StatementId
    reason: Reason = "not given"

    declares = unasked("Transfer of proceedings declined", rule="R29", readers="as_named", answers="takeover", confirms=False)

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is a prosecutor or court, and its State is asked and has not answered."""
        return may_prosecute(service) and _asked_of(delivery.state, service)

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`prosecutes_nobody` unless its `voice` and its `service` are a prosecutor or court; `no_transfer` unless its State is
        asked by the statement that it names; `transfer_decided` where it has answered.
        """
        return _answers(delivery, said, self.of)

    def apply(self, state: State, said: Said) -> None:
        """The request is answered."""
        state.transfers[self.of] = replace(state.transfers[self.of], answered=True)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"of": facts.transfer} if facts.transfer is not None else {}


class Takeover(Contingency):
    """A State that is asked to take over proceedings answers, or is silent: then it may still be said, and nobody waits (R29)."""

    declares = Unforeseen(
        name="takeover",
        title="whether proceedings are taken over",
        needs="takeover",
        without_end=False,
        after_halt=True,
        closes_unanswered=True,
        once=False,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """About each State that is asked to take something over and has neither answered nor been silent, in the order in which
        they were asked, unless one about it is open, or no prosecutor or court of it takes part any more.
        """
        waiting = (one.to for one in delivery.state.transfers.values() if not (one.answered or one.unheard))
        for state in dict.fromkeys(waiting):
            if not open_about(delivery.state, self.declares.name, state) and _prosecution_of(delivery, state):
                yield state

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """The prosecutors and courts of that State that take part, of which one is enough; within what the plan gives
        `afterwards`, or else for a `decision`. They are reminded once, when half of that is over, in whole
        milliseconds.
        """
        needs = tuple(Requirement(service=one, says="takeover") for one in _prosecution_of(delivery, key))
        return Checkpoint(
            id=name,
            requires=needs,
            due=delivery.plan.afterwards or delivery.plan.contingencies.decision,
            remind=_halfway(delivery.plan),
            need=1,
        )

    def title_of(self, key: str) -> str:
        return f"takeover.{key.lower()}"

    def moot(self, delivery: Delivery, progress: Progress) -> bool:
        """It is not satisfied, and that State has answered everything, or one of those asked prosecutes there no more."""
        able = _prosecution_of(delivery, progress.key)
        gone = not all(service in able for service in progress.checkpoint.services())
        return not progress.satisfied and (gone or not awaited(delivery.state, progress.key))

    def after_silence(self, state: State, progress: Progress, services: tuple[str, ...], when: Moment) -> None:
        """Of what that State is asked and has not answered, nobody waits for an answer any more."""
        for name in awaited(state, progress.key):
            state.transfers[name] = replace(state.transfers[name], unheard=True)


def awaited(state: State, of: str) -> tuple[str, ...]:
    """Requests that this State takes proceedings over which it has neither answered nor met with silence, by their statements."""
    return tuple(name for name, one in state.transfers.items() if one.to == of and not (one.answered or one.unheard))


def _halfway(plan: Plan) -> tuple[timedelta, ...]:
    half = (plan.afterwards or plan.contingencies.decision) // timedelta(milliseconds=2) * timedelta(milliseconds=1)
    return (half,) if half else ()


def _prosecution_of(delivery: Delivery, state: str) -> tuple[str, ...]:
    known = (delivery.directory.find(one) for one in delivery.plan.participants())
    return tuple(one.id for one in known if one is not None and one.state == state and may_prosecute(one))


def _asked_of(state: State, service: Service) -> bool:
    return any(one.to == service.state and not one.answered for one in state.transfers.values())


def may_prosecute(service: Service) -> bool:
    """Whether it is a `prosecutor` or `court`."""
    return service.kind in MAY_PROSECUTE


def _prosecutes(delivery: Delivery, said: Said) -> Verdict:
    both = (said.voice, said.service)
    other = next((one for one in both if (known := delivery.directory.find(one)) is None or not may_prosecute(known)), None)
    return ACCEPTED if other is None else PROSECUTES_NOBODY(voice=other)


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
