"""Handling codes (R23): where what a service has said may go. Each statement has a code, its own or the plan's.

    H0  wherever it serves against crime
    H1  before no court          } unless whoever provided it has permitted it, by a statement
    H2  to no third State        } `disclosure_permitted`
    H3  neither                  }

(EU guidelines on controlled deliveries, 2018.) A State is a *third* State unless it is the provider's own or that of whoever
runs the operation, whom it was provided to. Whoever is asked at the same checkpoint needs it in order to answer: the plan's
code does not keep it from them, a code of the statement's own does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Amended, Started, Stated
from domain.delivery.statements import Correction, Statement, read_statement
from domain.plan.directory import Service
from domain.plan.vocabulary import HandlingCode

COURT = "court"

NOT_BEFORE_A_COURT: tuple[HandlingCode, ...] = ("H1", "H3")
NOT_TO_A_THIRD_STATE: tuple[HandlingCode, ...] = ("H2", "H3")


def code_of(delivery: Delivery, statement: Statement) -> HandlingCode:
    """The statement's own code, or the plan's; a permission to disclose tells nothing by itself."""
    if statement.handling is not None:
        return statement.handling.code
    return "H0" if statement.kind == "disclosure_permitted" else delivery.plan.handling_code


def permitted(delivery: Delivery, service: str, statement: str | None, seq: int, to: str) -> bool:
    """Whether its provider has permitted that this goes there. `statement` is none for the plan."""
    return any(
        one.service == service and one.to == to and (statement in one.statements or (not one.statements and seq <= one.seq))
        for one in delivery.disclosures
    )


def third_state(delivery: Delivery, provider: str, state: str | None) -> bool:
    """Whether this State is neither the provider's nor that of whoever runs the operation."""
    insiders = (provider, delivery.plan.initiator, delivery.plan.coordinator)
    own = [known.state for one in insiders if one is not None and (known := delivery.directory.find(one)) is not None]
    return state is not None and state not in own


def may_read(delivery: Delivery, statement: Statement, seq: int, reader: Service, *, addressed: bool) -> bool:
    """Whether the handling code lets this reader have it. `addressed`: it is asked at the same checkpoint."""
    if code_of(delivery, statement) not in NOT_TO_A_THIRD_STATE or not third_state(delivery, statement.service, reader.state):
        return True
    inherited = statement.handling is None
    return (addressed and inherited) or permitted(delivery, statement.service, statement.id, seq, reader.state or "")


@dataclass(frozen=True)
class Item:
    """One thing that a service has provided."""

    seq: int
    provider: str
    code: HandlingCode
    statement: Statement | None
    """None: the plan."""
    decides: bool
    """Whether anything else in the record may rest on it; if not, it can be left out of a copy."""

    @property
    def name(self) -> str:
        """What it is, in words."""
        return "the plan" if self.statement is None else f"{self.statement.kind} {self.statement.id}"


def items(delivery: Delivery) -> Iterator[Item]:
    """Everything that services have provided, in the order of the ledger."""
    referred = {correction.of for correction in _corrections(delivery)}
    referred |= {statement for one in delivery.disclosures for statement in one.statements}
    for entry in delivery.ledger:
        match entry.event:
            case Started() | Amended():
                yield Item(entry.seq, delivery.plan.initiator, delivery.plan.handling_code, None, decides=True)
            case Stated(envelope=envelope, verdict=verdict):
                said = read_statement(envelope.body())
                idle = said.kind == "information" or verdict.verdict in ("refused", "late")
                decides = not idle or said.id in referred
                yield Item(entry.seq, said.service, code_of(delivery, said), said, decides=decides)


def _corrections(delivery: Delivery) -> Iterator[Correction]:
    for entry in delivery.ledger:
        if isinstance(entry.event, Stated):
            content = read_statement(entry.event.envelope.body()).content
            if isinstance(content, Correction):
                yield content


def held_back(delivery: Delivery, to: str) -> tuple[Item, ...]:
    """What may not be in a packet for a court, or for a State."""
    return tuple(
        item
        for item in items(delivery)
        if bound(delivery, item.code, item.provider, to)
        and not permitted(delivery, item.provider, item.statement.id if item.statement is not None else None, item.seq, to)
    )


def bound(delivery: Delivery, code: HandlingCode, provider: str, to: str) -> bool:
    """Whether this code keeps what this service provided from a court, or from a State."""
    if to == COURT:
        return code in NOT_BEFORE_A_COURT
    return code in NOT_TO_A_THIRD_STATE and third_state(delivery, provider, to)
