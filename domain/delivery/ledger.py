"""The ledger: append-only and hash-chained. It is the delivery: state is what its entries add up to, nothing else.

Each entry carries `prev`, the SHA-256 of the canonical bytes (RFC 8785) of the entry before it; the hash of the newest
entry is the *head*. Receipts carry the head, so every participant holds a witness of the whole chain.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from domain.plan.cards import RuleCard
from domain.plan.directory import Service
from domain.plan.plan import Checkpoint
from domain.plan.register import Contact
from domain.plan.vocabulary import Digest, HandlingCode, Reason
from domain.signing.canonical import Frozen, digest
from domain.signing.envelope import Envelope
from domain.words.errors import NotVerified
from domain.words.identifiers import CheckpointId, ServiceId, StatementId
from domain.words.moments import kept

GENESIS = "0" * 64
"""`prev` of the first entry."""

RuleNumber = Annotated[str, Field(pattern=r"^R[1-9][0-9]?$")]
Services = Annotated[tuple[ServiceId, ...], Field(max_length=100)]
UtcText = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"), AfterValidator(kept)
]
"""`utc_text`'s one form of an instant; texts of it sort as their instants do."""

Outcome = Literal[
    "delivered_with_arrests",
    "delivered_without_arrest",
    "interdicted_as_planned",
    "interdicted_early",
    "refused",
    "expired",
    "withdrawn",
    "no_show",
    "returned_to_sender",
    "lost_or_stolen",
    "destroyed",
    "split",
    "aborted_for_risk_to_life",
]
"""Every way a delivery can end (design section 4); exactly one (R12)."""

NoticeKind = Literal["reminder", "escalation", "silence", "withdrawn", "amended", "outcome", "alarm", "conflict", "keys"]
"""What a notice is about: an answer is waited for, by you or by one whose superior or backup you are, did not come in time,
is no longer waited for; the plan was changed; how it ended; the consignment is out of sight; another operation touches this;
keys of a service were changed."""

Cause = Literal[
    "stop",
    "refused",
    "withdrawn",
    "expired",
    "silence",
    "declined",
    "decision",
    "modality",
    "permission",
    "lost",
    "no_show",
    "destroyed",
    "risk_to_life",
    "conflict",
]
"""Why a delivery halted."""


class Verdict(Frozen):
    """What became of a statement. `late` and `early` ones are kept: late changes nothing, early waits for its checkpoint."""

    verdict: Literal["accepted", "early", "late", "refused"]
    rule: RuleNumber | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


ACCEPTED = Verdict(verdict="accepted")


def refusal(rule: str, reason: str) -> Verdict:
    """A refusal by a numbered rule."""
    return Verdict(verdict="refused", rule=rule, reason=reason[:500])


class Started(Frozen):
    """The signed plan, and what it was checked against."""

    event: Literal["started"] = "started"
    plan: Envelope
    directory: Digest
    cards: Digest


class Amended(Frozen):
    """The plan was changed by a new signed one, for what is still ahead (R22), with the services and cards new to it."""

    event: Literal["amended"] = "amended"
    plan: Envelope
    services: Annotated[tuple[Service, ...], Field(max_length=100)] = ()
    cards: Annotated[tuple[RuleCard, ...], Field(max_length=20)] = ()


class KeysChanged(Frozen):
    """Keys of a service were added or ended by a signed record, from here on (R24)."""

    event: Literal["keys_changed"] = "keys_changed"
    change: Envelope


class Stated(Frozen):
    """A statement came in, with the verdict."""

    event: Literal["stated"] = "stated"
    envelope: Envelope
    verdict: Verdict


class TakenUp(Frozen):
    """An early statement's time has come."""

    event: Literal["taken_up"] = "taken_up"
    statement: StatementId
    verdict: Verdict


class Opened(Frozen):
    """A checkpoint opened and its services are asked. `definition` is given where the plan does not hold it."""

    event: Literal["opened"] = "opened"
    checkpoint: CheckpointId
    due: UtcText | None
    definition: Checkpoint | None = None


class Asked(Frozen):
    """What came of asking: who received the request, who could not be reached yet, and whose people were told that it waits."""

    event: Literal["asked"] = "asked"
    checkpoint: CheckpointId
    received: Services = ()
    unreachable: Services = ()
    told: Annotated[Services, Field(exclude_if=lambda told: not told)] = ()
    """Not in entries without it, so that those of before stay as they are."""


class Reminded(Frozen):
    """Services that had not answered were reminded; `rung` counts from 1."""

    event: Literal["reminded"] = "reminded"
    checkpoint: CheckpointId
    services: Services
    rung: Annotated[int, Field(ge=1)]


class Escalated(Frozen):
    """Answers are still missing, and the next on the ladder is told; `rung` counts from 1."""

    event: Literal["escalated"] = "escalated"
    checkpoint: CheckpointId
    to: ServiceId
    services: Services
    rung: Annotated[int, Field(ge=1)]


class Silence(Frozen):
    """The due time passed without these services' answers (R2)."""

    event: Literal["silence"] = "silence"
    checkpoint: CheckpointId
    services: Services


class Closed(Frozen):
    """A checkpoint closed."""

    event: Literal["closed"] = "closed"
    checkpoint: CheckpointId
    result: Literal["satisfied", "unanswered", "withdrawn"]


class Expiring(Frozen):
    """An authorisation will expire within a lead time of the plan (R5)."""

    event: Literal["expiring"] = "expiring"
    service: ServiceId
    valid_until: UtcText
    rung: Annotated[int, Field(ge=1)]


class Expired(Frozen):
    """An authorisation expired (R5)."""

    event: Literal["expired"] = "expired"
    service: ServiceId


class Deconflicted(Frozen):
    """The register's answer: every other live operation that touches this one now, by whom to call about it (R15)."""

    event: Literal["deconflicted"] = "deconflicted"
    number: Annotated[int, Field(ge=0)]
    """Counts the register's changes: of two answers, the higher is the newer."""
    contacts: Annotated[tuple[Contact, ...], Field(max_length=100)] = ()


class Cleared(Frozen):
    """The rules allow what comes next: dispatch (R1, R3) or the crossing into the State of leg `leg` (R5)."""

    event: Literal["cleared"] = "cleared"
    leg: Annotated[int, Field(ge=0)]


class Halted(Frozen):
    """The rules do not allow what would come next; nothing advances any more."""

    event: Literal["halted"] = "halted"
    cause: Cause
    rule: RuleNumber
    reason: Reason


class Told(Frozen):
    """Notices went out."""

    event: Literal["told"] = "told"
    kind: NoticeKind
    checkpoint: CheckpointId | None = None
    reached: Services = ()
    unreachable: Services = ()


class Concluded(Frozen):
    """The one outcome (R12)."""

    event: Literal["concluded"] = "concluded"
    outcome: Outcome
    reason: Reason


class Ended(Frozen):
    """Nothing follows."""

    event: Literal["ended"] = "ended"


class LeftOut(Frozen):
    """Only in a packet: a statement that its handling code keeps out of it, and that decides nothing (R23)."""

    event: Literal["left_out"] = "left_out"
    hash: Digest
    """Of the entry that stands here in the ledger."""
    provider: ServiceId
    code: HandlingCode
    statement: StatementId
    fingerprint: Digest
    """SHA-256 of its payload: whoever has the statement can show that it is this one."""
    verdict: Verdict


Event = Annotated[
    Started
    | Amended
    | KeysChanged
    | Stated
    | TakenUp
    | Opened
    | Asked
    | Reminded
    | Escalated
    | Silence
    | Closed
    | Expiring
    | Expired
    | Deconflicted
    | Cleared
    | Halted
    | Told
    | Concluded
    | Ended
    | LeftOut,
    Field(discriminator="event"),
]


class Entry(Frozen):
    """One line of the ledger. `at` is when it was recorded (workflow time, UTC); when it *happened* is in the statement."""

    seq: Annotated[int, Field(ge=0)]
    at: UtcText
    event: Event
    prev: Digest

    def head(self) -> str:
        """The hash that the next entry, or a receipt, refers to."""
        return self.event.hash if isinstance(self.event, LeftOut) else digest(self)


class Receipt(Frozen):
    """The answer to a statement: it is durable at `seq`, and `head` commits to everything up to it."""

    statement: StatementId
    seq: int
    recorded_at: UtcText
    head: Digest
    verdict: Verdict


class Left(Frozen):
    """The answer to a statement while no worker is up: it is durable, and will be judged before anything goes on. The same
    statement handed in again is answered with its receipt once there is one.
    """

    statement: StatementId
    left_at: UtcText


class Ledger:
    """Entries so far and the hash of the newest. Appending is the only change there is."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._heads: list[str] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @property
    def head(self) -> str:
        """The hash of the newest entry."""
        return self._heads[-1] if self._heads else GENESIS

    def head_at(self, seq: int) -> str:
        """The hash of entry number `seq`: what its receipt holds."""
        return self._heads[seq]

    def since(self, seq: int) -> tuple[Entry, ...]:
        """Entries from number `seq` on."""
        return tuple(self._entries[max(seq, 0) :])

    def __getitem__(self, seq: int) -> Entry:
        return self._entries[seq]

    def next(self, event: Event, at: str) -> Entry:
        """The entry that would come next; it is not appended."""
        return Entry(seq=len(self._entries), at=at, event=event, prev=self.head)

    def check(self, entry: Entry) -> None:
        """Raises `NotVerified` if number, time or link do not follow on what is there."""
        if entry.seq != len(self._entries):
            reason = f"expected entry number {len(self._entries)}, found {entry.seq}"
            raise NotVerified(reason, len(self._entries))
        if entry.prev != self.head:
            reason = "the link to the entry before it does not fit"
            raise NotVerified(reason, entry.seq)
        if self._entries and entry.at < self._entries[-1].at:
            reason = "it is older than the entry before it"
            raise NotVerified(reason, entry.seq)

    def append(self, entry: Entry) -> None:
        """Append what follows on what is there. Raises `NotVerified`."""
        self.check(entry)
        self._entries.append(entry)
        self._heads.append(entry.head())
