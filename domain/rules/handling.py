"""Handling codes (R23): where what a service has said may go. Each statement has a code, its own or the plan's.

    H0  wherever it serves against crime
    H1  before no court          } unless whoever provided it has permitted it, by a statement
    H2  to nobody else           } `disclosure_permitted`
    H3  to nobody else           }

(EU Manual on Law Enforcement Information Exchange. There H2 bars any further dissemination; whom something may go to beyond
those it was provided to is a third State or a court. What H3 demands is said by its caveat, which nobody but a person can hold
to.) A State is a *third* State unless it is the provider's own or that of whoever runs the operation, whom it was provided to.
Whoever is asked at the same checkpoint needs it in order to answer: the plan's code does not keep it from them, a code of the
statement's own does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.memory import Disclosure
from domain.delivery.reported import Amended, Started, Stated
from domain.delivery.state import State
from domain.delivery.statement import Said, Statement
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.attachment import Attachment
from domain.plan.directory import Service
from domain.plan.plan import read_plan
from domain.plan.vocabulary import HandlingCode
from domain.rules.kind import ALWAYS, Declaration, Kind
from domain.words import identifiers
from domain.words.identifiers import ServiceId, StatementId
from domain.words.limits import LARGEST_ACT, LONGEST_INFORMATION, MOST_ADDRESSEES, MOST_DISCLOSED

COURT = "court"

CODES: tuple[HandlingCode, ...] = ("H0", "H1", "H2", "H3")
"""The stricter, the later."""
NOT_BEFORE_A_COURT: tuple[HandlingCode, ...] = ("H1", "H2", "H3")
NOT_TO_A_THIRD_STATE: tuple[HandlingCode, ...] = ("H2", "H3")

NOT_THEIRS_TO_DISCLOSE = refused(
    "R23",
    "not_theirs_to_disclose",
    "{service} has not said {statements}, so it cannot permit that it is disclosed",
    service="name",
    statements="names",
)


NO_SUCH_READER = refused(
    "R11", "no_such_reader", "{services} have no part in this delivery, so they read nothing of it", services="names"
)
NOT_FOR_THEM = refused("R23", "not_for_them", "its handling code keeps it from {services}, of a third State", services="names")


class Information(Kind):
    """What a service knows and lets others know. It decides nothing, so it can be left out of a copy of the record."""

    kind: Literal["information"] = "information"
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_INFORMATION)]
    to: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_ADDRESSEES)] = ()
    """Who is to read it, besides whoever runs the operation."""
    source: Literal["A", "B", "C", "X"] | None = None
    """How reliable the source is, and below how sure the information (the same Manual)."""
    certainty: Literal["1", "2", "3", "4"] | None = None

    declares = Declaration(
        title="Information",
        answers=None,
        confirms=False,
        by="anyone",
        counts=ALWAYS,
        names_checkpoint=False,
        rule="R17",
        contact=False,
        readers="addressed",
        may_be_left_out=True,
        largest=LARGEST_ACT,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`no_such_reader` for those it is `to` who do not take part; `not_for_them` for those whom its handling code does not
        let read it: who is asked at the checkpoint that it names is addressed there.
        """
        if unknown := tuple(one for one in self.to if not delivery.state.participant(one)):
            return NO_SUCH_READER(services=unknown)
        planned = delivery.plan.find(said.checkpoint)
        asked = planned.services() if planned is not None else ()
        readers = [delivery.directory.get(one) for one in self.to]
        told, seq = said.statement, said.seq
        barred = tuple(one.id for one in readers if not may_read(delivery, told, seq, one, addressed=one.id in asked))
        return NOT_FOR_THEM(services=barred) if barred else ACCEPTED

    def addressees(self) -> tuple[str, ...]:
        return self.to


class DisclosurePermitted(Kind):
    """What this service has said may go where its handling code does not let it: before a court, or to a third State (R23)."""

    kind: Literal["disclosure_permitted"] = "disclosure_permitted"
    to: Literal["court"] | identifiers.State
    statements: Annotated[tuple[StatementId, ...], Field(max_length=MOST_DISCLOSED)] = ()
    """Which of its statements; none: all it has said so far, and where it is the initiator, the plan."""

    declares = Declaration(
        title="Disclosure permitted",
        answers=None,
        confirms=False,
        by="anyone",
        counts=ALWAYS,
        names_checkpoint=False,
        rule="R23",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_ACT,
    )

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`not_theirs_to_disclose` where it names statements that another service was the first to say under that id, or that
        nobody has said, with these as `statements`. In a history with a `branch` the second is let be: what is not known here may
        stand in the one that was put back, and whose it is there is looked at when it goes.
        """
        known = {one: delivery.state.statements.first(one) for one in self.statements}
        elsewhere = delivery.state.branch > 0
        foreign = tuple(
            name for name, one in known.items() if (one is None and not elsewhere) or (one and one.service != said.service)
        )
        return NOT_THEIRS_TO_DISCLOSE(service=said.service, statements=foreign) if foreign else ACCEPTED

    def apply(self, state: State, said: Said) -> None:
        """What its service has said may go there: the statements that it names, or all that it has said so far."""
        state.disclosures.append(Disclosure(said.service, self.to, self.statements, said.seq))


def code_of(delivery: Delivery, statement: Statement) -> HandlingCode:
    """The statement's own code, or the plan's; a permission to disclose tells nothing by itself, and has H0."""
    if statement.handling is not None:
        return statement.handling.code
    return "H0" if statement.kind == "disclosure_permitted" else delivery.plan.handling_code


def permitted(delivery: Delivery, service: str, statement: str | None, seq: int, to: str) -> bool:
    """Whether its provider has permitted that this goes there: a statement by its id, or all that it had said up to the entry of
    the permission; the plan only so.
    """
    return any(
        one.service == service and one.to == to and (statement in one.statements or (not one.statements and seq <= one.seq))
        for one in delivery.state.disclosures
    )


def third_state(delivery: Delivery, provider: str, state: str | None) -> bool:
    """Whether this State is none of the provider's, the initiators' and the coordinator's."""
    insiders = (provider, *delivery.plan.initiators(), delivery.plan.coordinator)
    own = [known.state for one in insiders if one is not None and (known := delivery.directory.find(one)) is not None]
    return state is not None and state not in own


def may_read(delivery: Delivery, statement: Statement, seq: int, reader: Service, *, addressed: bool) -> bool:
    """Whether the handling code lets this reader have it: it is neither H2 nor H3, the reader is of no `third_state`, it was
    `permitted`, or who is addressed has it under the plan's code, and not its own.
    """
    if code_of(delivery, statement) not in NOT_TO_A_THIRD_STATE or not third_state(delivery, statement.service, reader.state):
        return True
    inherited = statement.handling is None
    return (addressed and inherited) or permitted(delivery, statement.service, statement.id, seq, reader.state or "")


def bound(delivery: Delivery, code: HandlingCode, provider: str, to: str) -> bool:
    """Whether this code keeps what this service provided from a court (H1, H2, H3), or from a `third_state` (H2, H3)."""
    if to == COURT:
        return code in NOT_BEFORE_A_COURT
    return code in NOT_TO_A_THIRD_STATE and third_state(delivery, provider, to)


# Files: where each may go, beside what names it and as far as its own code lets it


@dataclass(frozen=True)
class Named:
    """A file, and what names it: a statement, or where there is none, the plan, of whose request it is an annex."""

    seq: int
    service: str
    statement: Statement | None
    attachment: Attachment

    def code(self, delivery: Delivery) -> HandlingCode:
        """The stricter of its own code and that of what names it."""
        beside = delivery.plan.handling_code if self.statement is None else code_of(delivery, self.statement)
        return max(self.attachment.handling or "H0", beside, key=CODES.index)

    def may_go(self, delivery: Delivery, to: str) -> bool:
        """Whether its code lets the file go before a court or to a State, or its service has permitted that; what names it may be
        held back for other reasons.
        """
        barred = to != "operation" and bound(delivery, self.code(delivery), self.service, to)
        return not barred or self._permitted(delivery, to)

    def may_be_had(self, delivery: Delivery, reader: Service) -> bool:
        """Whether a reader of what names it may have the file: unless it has a code of its own that keeps it from that State."""
        own, state = self.attachment.handling, reader.state
        if own is None or state is None or not bound(delivery, own, self.service, state):
            return True
        return self._permitted(delivery, state)

    def _permitted(self, delivery: Delivery, to: str) -> bool:
        return permitted(delivery, self.service, self.statement.id if self.statement is not None else None, self.seq, to)


def named(delivery: Delivery) -> Iterator[Named]:
    """Every file that statements and requests for consent name, whatever became of them, in the order of the ledger."""
    for entry in delivery.ledger.entries:
        match entry.event:
            case Started(plan=envelope) | Amended(plan=envelope):
                plan = read_plan(envelope)
                for one in plan.request.annexes:
                    yield Named(entry.seq, plan.initiator, None, one)
            case Stated(envelope=envelope) if b'"attachments":[' in envelope.body():  # most have none, and are not read for it
                said = delivery.law.read(envelope)
                for one in said.attachments:
                    yield Named(entry.seq, said.service, said, one)
