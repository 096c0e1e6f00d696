"""Statements: what a participating service says, once, signed with its own key.

A statement has its own id, names the delivery (and, where it answers one, the checkpoint), the service, the officer's code,
and when the thing happened as the officer wrote it. What is said is one of a closed set of kinds, a class each, see
`domain.rules`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, SerializeAsAny, model_validator

from domain.delivery.state import State
from domain.plan.vocabulary import ConditionId, Digest, HandlingCode
from domain.signing.canonical import Frozen, Sent, canonical
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.identifiers import CheckpointId, OfficerCode, OperationCode, ServiceId, StatementId
from domain.words.limits import LONGEST_CAVEAT, MOST_FULFILLED, MOST_MEMBERS
from domain.words.moments import Moment


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
            message = "H3 comes with its caveat in words, and no other code has one"
            raise ValueError(message)
        return self


class Seen(Frozen):
    """What a service had last seen of a ledger: how many entries, and the root over them."""

    size: Annotated[int, Field(ge=1, le=2**53 - 1)]
    root: Digest


class Shared(Frozen):
    """For which consignments of a group one statement is said (R31): its signature stands in the ledger of each."""

    group: Digest
    """The digest of the group, which commits to the plan of each."""
    deliveries: Annotated[tuple[OperationCode, ...], Field(min_length=1, max_length=MOST_MEMBERS)]


class StatementOf(Frozen, Generic[C_co]):
    """What one service says, once."""

    vigil: Literal["statement/2"] = "statement/2"
    id: StatementId
    delivery: OperationCode
    shared: Annotated[Shared | None, Field(exclude_if=lambda shared: shared is None)] = None
    """Where it is said of several consignments at once; then `delivery` is the code name of their group."""
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
    content: C_co

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:  # noqa: ARG003
        """One name, whatever kinds it may hold: as it stands in schemas and faults."""
        return "Statement"

    @property
    def voice(self) -> str:
        """The service whose say it is."""
        return self.on_behalf_of or self.service

    def about(self, delivery: str) -> bool:
        """Whether it is said of this delivery, alone or among others of its group."""
        return delivery in (self.shared.deliveries if self.shared is not None else (self.delivery,))

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
