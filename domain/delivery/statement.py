"""Statements: what a participating service says, once, signed with its own key.

A statement has its own id, names the delivery (and, where it answers one, the checkpoint), the service, the officer's code,
and when the thing happened as the officer wrote it. What is said is one of a closed set of kinds, a class each, see
`domain.rules`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, SerializeAsAny, model_validator

from domain.delivery.state import State
from domain.plan.attachment import Attachments
from domain.plan.plan import Plan
from domain.plan.vocabulary import ConditionId, Digest, HandlingCode
from domain.signing.canonical import Frozen, Sent, canonical
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.identifiers import CheckpointId, OfficerCode, OperationCode, ServiceId, StatementId
from domain.words.limits import LONGEST_CAVEAT, MOST_FULFILLED, MOST_MEMBERS
from domain.words.moments import Moment
from domain.words.text import mark


class Content(Sent):
    """What is said. Each kind declares more about itself, see `domain.rules.kind`."""

    kind: str

    def apply(self, state: State, said: "Said") -> None:
        """Let it take effect; by itself it has none."""


C_co = TypeVar("C_co", bound=Content, covariant=True)


class Handling(Frozen):
    """A handling code of its own for one statement."""

    code: HandlingCode
    caveat: Annotated[str, Field(max_length=LONGEST_CAVEAT)] = ""

    @model_validator(mode="after")
    def _says_what_it_asks(self) -> "Handling":
        if (self.code == "H3") != bool(self.caveat):
            message = mark("H3 comes with its caveat in words, and no other code has one")
            raise ValueError(message)
        return self


class Seen(Frozen):
    """What a service had last seen of a ledger: how many entries, and the root over them."""

    size: Annotated[int, Field(ge=1, le=2**53 - 1)]
    root: Digest


Members = Annotated[tuple[Annotated[int, Field(ge=1, le=MOST_MEMBERS)], ...], Field(min_length=1, max_length=MOST_MEMBERS)]
"""Consignments of a group, by their numbers."""


class StatementOf(Frozen, Generic[C_co]):
    """What one service says, once."""

    vigil: Literal["statement/2"] = "statement/2"
    id: StatementId
    delivery: OperationCode
    members: Annotated[Members | None, Field(exclude_if=lambda members: members is None)] = None
    """Where it is said of several consignments of a group at once (R31), or of one by its group: which, counted from 1 in the
    order of the group. Then `delivery` is the code name of the group and `plan` its digest, which commits to the plan of each.
    """
    checkpoint: CheckpointId | None = None
    plan: Digest | None = None
    """SHA-256 of the payload of the plan that it is about. Only a brake may do without."""
    seen: Seen | None = None
    """Of the delivery's ledger, where it decides something: another history is not agreed to by whoever was shown this one."""
    service: ServiceId
    on_behalf_of: ServiceId | None = None
    """The service whose say it is, where that has delegated it or did not answer in time."""
    officer: OfficerCode
    happened_at: Moment
    fulfils: Annotated[tuple[ConditionId, ...], Field(max_length=MOST_FULFILLED)] = ()
    """Conditions of authorisations that bind here and are met (R19)."""
    handling: Handling | None = None
    """None: as the plan's code says."""
    attachments: Annotated[Attachments, Field(exclude_if=lambda attached: not attached)] = ()
    """Files that belong to it."""
    content: C_co

    @model_validator(mode="after")
    def _has_seen_one_ledger(self) -> Self:
        if self.members is not None and self.seen is not None:
            message = "what is said of several consignments at once is not about what was seen of one ledger"
            raise ValueError(message)
        return self

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:  # noqa: ARG003
        """One name, whatever kinds it may hold: as it stands in schemas and faults."""
        return "Statement"

    @property
    def voice(self) -> str:
        """The service whose say it is."""
        return self.on_behalf_of or self.service

    def about(self, plan: Plan) -> bool:
        """Whether it is said of the delivery of this plan, alone or among others of its group."""
        if self.members is None:
            return self.delivery == plan.operation
        return plan.group is not None and self.delivery == plan.group.code and plan.number in self.members

    @property
    def kind(self) -> str:
        """The kind of its content."""
        return self.content.kind


Statement = StatementOf[SerializeAsAny[Content]]
"""A statement of any kind. A rule book reads those of its own kinds, see `domain.rules.book`."""


@dataclass(frozen=True)
class Said:
    """A statement as the ledger has it: at which entry, when it was recorded, and whose keys signed it."""

    seq: int
    at: datetime
    statement: Statement
    keys: tuple[str, ...]

    @property
    def service(self) -> str:
        """Who signed it."""
        return self.statement.service

    @property
    def voice(self) -> str:
        """The service whose say it is."""
        return self.statement.voice

    @property
    def checkpoint(self) -> str:
        """The checkpoint it names, or an empty text."""
        return self.statement.checkpoint or ""

    @property
    def content(self) -> Content:
        """What is said."""
        return self.statement.content


def sign_statement(statement: Statement, key: Ed25519PrivateKey) -> Envelope:
    """The statement as canonical JSON in a signed envelope."""
    return sign(canonical(statement), STATEMENT_TYPE, key)
