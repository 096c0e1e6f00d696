"""What goes in and out of the workflow, and the errands it sends to activities. One model per message.

Nothing sensitive is in ids or names: those are never encrypted by Temporal.
"""

from typing import Annotated

from pydantic import Field

from domain.delivery.ledger import Entry, Outcome
from domain.delivery.requests import Notice, Request
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, Service
from domain.plan.register import Register
from domain.plan.selectors import Selector
from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen, digest
from domain.signing.envelope import Envelope
from domain.words.identifiers import CheckpointId, ConsignmentIdentifier, OperationCode, ServiceId, State

WORKFLOW = "ControlledDelivery"
SUBMIT = "submit"
AMEND = "amend"
CHANGE_KEYS = "change_keys"
REPORT_ASKED = "report_asked"
REPORT_CONFLICTS = "report_conflicts"
REPORT_TOLD = "report_told"
QUERY_VIEW = "view"
QUERY_LEDGER = "ledger"
QUERY_INBOX = "inbox"
QUERY_DOCKET = "docket"
QUERY_RECEIPT = "receipt"

REGISTER = "Register"
CLAIM = "claim"
RELEASE = "release"

DECONFLICT = "deconflict"
RELEASE_CLAIM = "release_claim"
AWAIT_CONFIRMATIONS = "await_confirmations"
DELIVER_NOTICES = "deliver_notices"
DELIVER_NOTICE = "deliver_notice"

PARTICIPANTS = "VigilParticipants"
PHASE = "VigilPhase"


_DELIVERY = "delivery/"


def workflow_id(operation: str) -> str:
    """The one workflow of a delivery."""
    return f"{_DELIVERY}{operation}"


def delivery_of(workflow: str) -> str | None:
    """The delivery of a workflow; None of one that is no delivery."""
    return workflow.removeprefix(_DELIVERY) if workflow.startswith(_DELIVERY) else None


def register_id(task_queue: str) -> str:
    """The one register of an installation, which is who shares a task queue."""
    return f"register/{task_queue}"


def update_id(envelope: Envelope) -> str:
    """Id of the Update that hands in what somebody signed: the same for the same bytes, so that an answer lost can be asked for
    again, and another for other bytes under the same statement id, so that the workflow sees (and records) the attempt.

    It tells nothing: a service may name its statements as it likes, and who has not the signatures cannot try out contents.
    """
    return digest(envelope)[:32]


def wait_id(plan: Envelope, checkpoint: str) -> str:
    """Id of the activity that waits at a checkpoint. It does not tell the checkpoint, which may be named after a place."""
    return f"wait:{digest([digest(plan), checkpoint])[:16]}"


class Docket(Frozen):
    """All that a delivery is made of. A run begins from it, and the next run after a continue-as-new goes on from it."""

    plan: Envelope
    directory: Directory
    cards: dict[State, RuleCard]
    entries: Annotated[tuple[Entry, ...], Field(max_length=100_000)] = ()
    entries_per_run: Annotated[int, Field(ge=1)] = 1500
    """After so many new entries a run ends at the next checkpoint boundary and another goes on (Temporal's limits)."""


class Page(Frozen):
    """Ledger entries from a number on, as far as they are this reader's (R11)."""

    reader: Service
    since: Annotated[int, Field(ge=0)] = 0


class Asker(Frozen):
    """Who wants to see."""

    service: Service


class AskedReport(Frozen):
    """From the checkpoint activity: who received the request, who could not be reached, whose people were told. From the
    gateway: whose people have read it.
    """

    checkpoint: CheckpointId
    received: tuple[ServiceId, ...] = ()
    unreachable: tuple[ServiceId, ...] = ()
    told: tuple[ServiceId, ...] = ()


class Book(Frozen):
    """All that a register is made of. The next run after a continue-as-new goes on from it."""

    live: Register | None = None
    """None: it begins, and nobody has claimed yet."""
    answers_per_run: Annotated[int, Field(ge=1)] = 1000
    """After so many answers a run ends and another goes on (Temporal's limits)."""


class Touched(Frozen):
    """The errand of `deconflict`: what an operation touches, and whom to call about it. Hashed in the activity, with its key."""

    delivery: OperationCode
    contact: ServiceId
    identifiers: Annotated[tuple[ConsignmentIdentifier, ...], Field(max_length=20)]
    selectors: Annotated[tuple[Selector, ...], Field(max_length=100)]


class Over(Frozen):
    """The errand of `release_claim`: this operation is live no more."""

    delivery: OperationCode


class CheckpointWait(Frozen):
    """The errand of `await_confirmations`: these requests, to these services, until the checkpoint closes."""

    delivery: OperationCode
    checkpoint: CheckpointId
    requests: Annotated[tuple[Request, ...], Field(min_length=1, max_length=60)]
    services: Annotated[tuple[Service, ...], Field(min_length=1, max_length=60)]


class NoticeErrand(Frozen):
    """The errand of `deliver_notice`: one notice to one service."""

    delivery: OperationCode
    number: Annotated[int, Field(ge=0)]
    """Which one it is to the workflow; it comes back with the report."""
    notice: Notice
    service: Service


class ToldReport(Frozen):
    """From `deliver_notice`, at its end: whether the service of this errand was reached. It may come twice."""

    number: Annotated[int, Field(ge=0)]
    reached: bool


class Errand(Frozen):
    """The errand of `deliver_notices`."""

    notices: Annotated[tuple[Notice, ...], Field(min_length=1, max_length=100)]
    services: Annotated[tuple[Service, ...], Field(min_length=1, max_length=100)]


class Delivered(Frozen):
    """How `deliver_notices` went."""

    reached: tuple[ServiceId, ...] = ()
    unreachable: tuple[ServiceId, ...] = ()


class Ending(Frozen):
    """What the workflow returns."""

    delivery: OperationCode
    outcome: Outcome
    entries: int
    head: Digest
