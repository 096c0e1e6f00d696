"""What goes in and out of the workflow, and the errands it sends to activities. One model per message.

Nothing sensitive is in ids or names: those are never encrypted by Temporal.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic, Literal, TypeGuard, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, TypeAdapter
from temporalio.exceptions import ApplicationError

from domain.delivery.carried import Carried
from domain.delivery.delivery import Snapshot
from domain.delivery.ledger import Entry, Kept, Receipt
from domain.delivery.reported import Asked, AskedOnceMore, Deconflicted, Deferred, Diverged, Released, SiblingHeard, Told
from domain.delivery.requests import Notice, Request
from domain.delivery.vocabulary import Outcome, UtcText
from domain.plan.directory import Directory, Service
from domain.plan.selectors import Selector
from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen, canonical, digest
from domain.signing.envelope import HAND_IN_TYPE, Envelope, open_envelope, sign
from domain.words.errors import NotAuthentic
from domain.words.identifiers import CheckpointId, ConsignmentIdentifier, OperationCode, ServiceId, State
from domain.words.limits import (
    BATCH_ENTRIES,
    MOST_BRANCHES,
    MOST_IDENTIFIERS,
    MOST_PEAKS,
    MOST_SELECTORS,
    MOST_SERVICES,
    RUN_BYTES,
    RUN_EVENTS,
    RUN_SECONDS,
    RUN_UPDATES,
)
from domain.words.moments import instant, utc_text
from domain.words.text import mark

WORKFLOW = "ControlledDelivery"
SUBMIT = "submit"
AMEND = "amend"
CHANGE_KEYS = "change_keys"
REPORT = "report"
QUERY_SIZE = "size"
QUERY_RECEIPT = "receipt"
QUERY_ASKED = "asked"
ANSWER: Any = Receipt | Kept
"""To a statement: where the archive alone has its receipt, the number of its entry."""
AMENDED: Any = Entry | Kept
"""To a changed plan, likewise."""
KNOWN_ALREADY = "known-already"
"""Type of the error by which a delivery turns away what says nothing new in it. Its detail is what was answered first."""

DECONFLICT = "deconflict"
RELEASE_CLAIM = "release_claim"
AWAIT_CONFIRMATIONS = "await_confirmations"
ASK_ONCE_MORE = "ask_once_more"
DELIVER_NOTICE = "deliver_notice"
KEEP = "keep"
HEED = "heed"

PARTICIPANTS = "VigilParticipants"
BESIDE = "VigilBeside"
PHASE = "VigilPhase"


_DELIVERY = "delivery/"


def workflow_id(operation: str) -> str:
    """The one workflow of a delivery."""
    return f"{_DELIVERY}{operation}"


def delivery_of(workflow: str) -> str | None:
    """The delivery of a workflow; None of one that is no delivery."""
    return workflow.removeprefix(_DELIVERY) if workflow.startswith(_DELIVERY) else None


def update_id(envelope: Envelope) -> str:
    """Id of the Update that hands in what somebody signed: the same for the same bytes, so that an answer lost can be asked for
    again, and another for other bytes under the same statement id, so that the workflow sees (and records) the attempt.

    It tells nothing: a service may name its statements as it likes, and who has not the signatures cannot try out contents.
    """
    return digest(envelope)[:32]


def errand_id(secret: str, *parts: str) -> str:
    """Id of an errand's activity. It tells nothing: a checkpoint may be named after a place."""
    return f"{parts[0]}:{hmac.new(bytes.fromhex(secret), canonical(list(parts)), hashlib.sha256).hexdigest()[:16]}"


T = TypeVar("T")
Fact = Annotated[
    Asked | AskedOnceMore | Deconflicted | Deferred | Diverged | Released | SiblingHeard | Told, Field(discriminator="event")
]

AHEAD, BEHIND = timedelta(seconds=2), timedelta(minutes=2)
"""By how much the time of what is handed in may be ahead of Temporal's, and how long it may have waited."""
AHEAD_WITH_A_BRAKE = timedelta(seconds=5)
"""A brake may be ahead by so much: from a gateway whose clock is wrong, brakes alone are taken."""
A_BRAKE = 0.5
"""Seconds that the receipt of a brake is waited for before it is left by signal as well: other statements that are being judged
(Temporal takes ten updates at once, and 2,000 in a run) and a worker that replays must not hold it up.
"""


def is_timely(at: datetime, now: datetime) -> bool:
    """Whether something that comes now can have this time."""
    return -BEHIND <= at - now <= AHEAD


class _SealOfHandIn(Frozen):
    """What the seal of a hand-in commits to."""

    vigil: Literal["hand-in/1"] = "hand-in/1"
    delivery: OperationCode
    at: UtcText
    content: Digest


class HandIn(Frozen, Generic[T]):
    """Something for a delivery, and when whoever relays it received it: nothing in a ledger takes its time from a clock that a
    replay does not see. The seal is by the installation's key. One without a seal counts as of the newest entry.
    """

    content: T
    at: UtcText
    seal: Envelope | None = None

    def moment(self, delivery: str, directory: Directory, now: datetime) -> datetime:
        """When it was received; `now` where no key of the installation says so."""
        try:
            self.check(delivery, directory)
        except NotAuthentic:
            return now
        return instant(self.at)

    def check(self, delivery: str, directory: Directory) -> None:
        """Raises `NotAuthentic` unless the installation has sealed this content, for this delivery, with this time."""
        system = directory.system()
        expected = _SealOfHandIn(delivery=delivery, at=self.at, content=digest_of(self.content))
        if self.seal is None or system is None:
            raise NotAuthentic(mark("it is not sealed by the installation"))
        if open_envelope(self.seal, HAND_IN_TYPE, system.keys_at(instant(self.at))) != canonical(expected):
            raise NotAuthentic(mark("the installation's seal is on something else"))

    def check_time(self, now: datetime, *, brake: bool = False) -> None:
        """Raises `NotAuthentic` for a time that cannot be: ahead of now, or so far behind that it was held back. A brake may be
        ahead by more, and behind by any: what stops a delivery does not wait until a clock is set right.
        """
        ahead = instant(self.at) - now
        if not (ahead <= AHEAD_WITH_A_BRAKE if brake else is_timely(instant(self.at), now)):
            message = (
                mark("it is said to have been received after now")
                if ahead > timedelta()
                else mark("it is said to have been received long before now")
            )
            raise NotAuthentic(message, hint=mark("set the clock of whoever relays it right"))


def known_already(answer: Receipt | Entry | Kept | None) -> ApplicationError:
    """Turns away what a delivery knows already, which may come again without end: for what is turned away nothing is written."""
    return ApplicationError("it is known already", canonical(answer).decode(), type=KNOWN_ALREADY, non_retryable=True)


def is_known_already(error: BaseException | None) -> TypeGuard[ApplicationError]:
    """Whether that is why a delivery has turned something away."""
    return isinstance(error, ApplicationError) and error.type == KNOWN_ALREADY


def first_answer(error: ApplicationError, answer: Any) -> Any:
    """What was answered when it was new, as this type."""
    return TypeAdapter(answer).validate_json(error.details[0])


def hand_in(content: T, delivery: str, at: datetime, key: Ed25519PrivateKey) -> HandIn[T]:
    """This content for that delivery, received at this instant, sealed with the installation's key."""
    sealed = _SealOfHandIn(delivery=delivery, at=utc_text(at), content=digest_of(content))
    return HandIn(content=content, at=sealed.at, seal=sign(canonical(sealed), HAND_IN_TYPE, key))


def digest_of(content: object) -> str:
    """SHA-256 of the canonical bytes of what is handed in."""
    return digest(content)


class RunLength(Frozen):
    """How long one run lasts, before another goes on, whatever is open: well before any limit of Temporal's."""

    updates: Annotated[int, Field(ge=1)] = RUN_UPDATES
    """Of the 2,000 that one run takes."""
    events: Annotated[int, Field(ge=1)] = RUN_EVENTS
    """Of the 51,200 of its history."""
    bytes: Annotated[int, Field(ge=1)] = RUN_BYTES
    """Of the 50 MiB of its history."""
    seconds: Annotated[int, Field(ge=1)] = RUN_SECONDS
    """So that a build of the worker has no runs left a week after another became current."""


Secret = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""Behind the salts of the ledger: drawn by whoever starts the delivery, never in an archive or a packet."""


class Docket(Frozen):
    """What a delivery begins with."""

    plan: Envelope
    snapshot: Snapshot
    secret: Secret
    rules: Annotated[int, Field(ge=1)]
    """Version of the rules that it is under to its end, said by whoever starts it: on a replay the worker may have newer ones."""
    pace: RunLength = RunLength()


class GoingOn(Frozen):
    """What the next run goes on with, after a continue-as-new. `snapshot`: until the archive has the first entry."""

    carried: Carried
    secret: Secret
    pace: RunLength
    snapshot: Snapshot | None = None


class LedgerSize(Frozen):
    """How many entries a ledger has, the root over them, and of which of its histories."""

    branch: Annotated[int, Field(ge=0, le=MOST_BRANCHES)]
    size: Annotated[int, Field(ge=1)]
    root: Digest


class LookErrand(Frozen):
    """The errand of `deconflict`: what an operation touches, whom to call about it, and who signed for it in which entry. Hashed
    in the activity, with its key.
    """

    delivery: OperationCode
    contact: ServiceId
    state: State
    signer: ServiceId
    order: Annotated[int, Field(ge=0)]
    identifiers: Annotated[tuple[ConsignmentIdentifier, ...], Field(max_length=MOST_IDENTIFIERS)]
    selectors: Annotated[tuple[Selector, ...], Field(max_length=MOST_SELECTORS)]
    group: Annotated[Digest | None, Field(exclude_if=lambda digest: digest is None)] = None
    """Of the group that it is one consignment of."""


class ReleaseErrand(Frozen):
    """The errand of `release_claim`: this operation is live no more."""

    delivery: OperationCode


class CheckpointWait(Frozen):
    """The errand of `await_confirmations`: these requests, to these services, until the checkpoint closes. And of
    `ask_once_more`.
    """

    delivery: OperationCode
    checkpoint: CheckpointId
    requests: Annotated[tuple[Request, ...], Field(min_length=1, max_length=MOST_SERVICES)]
    services: Annotated[tuple[Service, ...], Field(min_length=1, max_length=MOST_SERVICES)]
    heard: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_SERVICES, exclude_if=lambda some: not some)] = ()
    """Those that have been asked once more already, through task queues of their own."""
    reports: Annotated[bool, Field(exclude_if=lambda reports: reports)] = True
    """Whether the delivery is told that they have been asked once more; not while others have still to be."""


class NoticeErrand(Frozen):
    """The errand of `deliver_notice`: one notice to one service."""

    delivery: OperationCode
    of: Annotated[int, Field(ge=0)]
    """The entry it follows from."""
    notice: Notice
    service: Service


class KeepErrand(Frozen):
    """The errand of `keep`: the next entries for the archive, with the root over all entries up to their end and the peaks of the
    tree before them. The first batch has what the delivery began with.
    """

    delivery: OperationCode
    branch: Annotated[int, Field(ge=0, le=MOST_BRANCHES)]
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=BATCH_ENTRIES)]
    root: Digest
    peaks: Annotated[tuple[Digest, ...], Field(max_length=MOST_PEAKS)]
    snapshot: Snapshot | None = None

    @property
    def first(self) -> int:
        """Number of the first entry."""
        return self.entries[0].seq

    @property
    def size(self) -> int:
        """Entries of the ledger that ends with these."""
        return self.first + len(self.entries)


class KeptUpTo(Frozen):
    """What comes of it: the archive has the ledger up to this size, under this root, in this branch; or it has another one. It is
    sealed for one batch, so that nobody shows it to another run.
    """

    branch: Annotated[int, Field(ge=0, le=MOST_BRANCHES)]
    size: Annotated[int, Field(ge=1)]
    root: Digest
    diverged: Diverged | None = None


class Ending(Frozen):
    """What the workflow returns."""

    delivery: OperationCode
    outcome: Outcome
    size: int
    root: Digest
