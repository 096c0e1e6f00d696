"""The files that a delivery names, and where each may go (R23): beside what names it, and as far as its own code lets it."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.delivery.delivery import Delivery
from domain.delivery.reported import Amended, Started, Stated
from domain.delivery.statement import Statement
from domain.plan.attachment import Attachment
from domain.plan.directory import Service
from domain.plan.plan import read_plan
from domain.plan.vocabulary import HandlingCode
from domain.rules.handling import bound, code_of, permitted

CODES: tuple[HandlingCode, ...] = ("H0", "H1", "H2", "H3")
"""The stricter, the later."""


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
