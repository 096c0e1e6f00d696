"""The ledger: append-only, each entry a salted leaf of one Merkle tree (RFC 6962). It is the delivery: state is what its entries
add up to, nothing else.

An entry is `{"at","event","salt","seq"}`; its leaf is SHA-256(0x00 || its canonical bytes, RFC 8785); the head is the root over
all leaves. The salt makes the leaf a commitment that hides: a withheld entry *is* its leaf, nothing can be guessed from it, and
every reader checks every link. Receipts hold the root and the proof of their entry, so every participant holds a witness of
everything before it.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery.events import AnyEvent, Event
from domain.delivery.verdicts import Verdict
from domain.delivery.vocabulary import UtcText
from domain.plan.vocabulary import Digest, HandlingCode
from domain.signing.canonical import Frozen, canonical
from domain.signing.tree import Frontier, leaf
from domain.words.errors import NotVerified
from domain.words.identifiers import OperationCode, ServiceId, StatementId

Salt = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SECRET = 32
"""Bytes of the secret behind the salts, drawn by whoever starts a delivery; never in an archive or a packet."""


class Entry(Frozen):
    """One line of the ledger. `at` is when it was recorded (UTC); when it *happened* is in the statement."""

    seq: Annotated[int, Field(ge=0)]
    at: UtcText
    salt: Salt
    event: AnyEvent

    def leaf(self) -> str:
        """Its hash in the tree."""
        return _leaf(self, canonical(self.event))


class Withheld(Frozen):
    """In place of an entry that is not the reader's: that there is one, and its leaf, so that every link can still be checked."""

    seq: Annotated[int, Field(ge=0)]
    leaf: Digest


class LeftOut(Frozen):
    """Only in a packet: a statement that its handling code keeps out of it, and that decides nothing (R23)."""

    seq: Annotated[int, Field(ge=0)]
    leaf: Digest
    """Of the entry that stands here in the ledger."""
    provider: ServiceId
    code: HandlingCode
    statement: StatementId
    fingerprint: Digest
    """SHA-256 of its payload: whoever has the statement can show that it is this one."""
    verdict: Verdict


def leaf_of(entry: Entry | Withheld | LeftOut) -> str:
    """The hash that stands for it in the tree, whether it is there or only its leaf."""
    return entry.leaf() if isinstance(entry, Entry) else entry.leaf


class Receipt(Frozen):
    """The answer to a statement: its entry is durable, and `root` commits to everything up to it. Whoever relays it signs it with
    the installation's key.
    """

    vigil: Literal["receipt/2"] = "receipt/2"
    delivery: OperationCode
    plan: Digest
    """SHA-256 of the payload of the plan in force."""
    statement: StatementId
    fingerprint: Digest
    """SHA-256 of the statement's payload."""
    entry: Entry
    """With its salt, so that its leaf can be computed."""
    size: Annotated[int, Field(ge=1)]
    """Leaves of the tree: one more than the entry's number."""
    root: Digest
    proof: Annotated[tuple[Digest, ...], Field(max_length=64)]
    """That the entry is in the tree of `root`, nearest first (RFC 6962, 2.1.1)."""

    @property
    def verdict(self) -> Verdict:
        """What became of the statement."""
        verdict = getattr(self.entry.event, "verdict", None)
        assert isinstance(verdict, Verdict)  # noqa: S101 - a receipt is of a statement's entry
        return verdict

    @property
    def seq(self) -> int:
        """The number of its entry."""
        return self.entry.seq


class Left(Frozen):
    """The answer to a statement while no worker is up: it is durable, and will be judged before anything goes on. The same
    statement handed in again is answered with its receipt once there is one.
    """

    statement: StatementId
    left_at: UtcText


class Ledger:
    """Entries so far, their leaves and the edge of their tree. Appending is the only change there is."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret
        self._next: tuple[Entry, bytes] | None = None
        self._entries: list[Entry | LeftOut] = []
        self._leaves: list[str] = []
        self._proofs: list[tuple[bytes, ...]] = []
        self._roots: list[bytes] = []
        self._frontier = Frontier()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry | LeftOut]:
        return iter(self._entries)

    def __getitem__(self, seq: int) -> Entry | LeftOut:
        return self._entries[seq]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that are not left out."""
        return tuple(entry for entry in self._entries if isinstance(entry, Entry))

    @property
    def root(self) -> str:
        """The head: the root over all leaves."""
        return self._frontier.root().hex()

    def root_at(self, size: int) -> str:
        """The root of the first `size` leaves, at least one."""
        return self._roots[size - 1].hex()

    def leaf_at(self, seq: int) -> str:
        """The leaf of entry number `seq`."""
        return self._leaves[seq]

    def proof_at(self, seq: int) -> tuple[str, ...]:
        """That entry `seq` is in the tree of the size at which it was appended."""
        return tuple(one.hex() for one in self._proofs[seq])

    def since(self, seq: int) -> tuple[Entry | LeftOut, ...]:
        """Entries from number `seq` on."""
        return tuple(self._entries[max(seq, 0) :])

    def next(self, event: Event, at: str) -> Entry:
        """The entry that would come next; it is not appended."""
        seq, content = len(self._entries), canonical(event)
        entry = Entry(seq=seq, at=at, salt=_salt(self._secret, seq, content), event=event)
        self._next = (entry, content)  # kept until it is appended, so that its bytes are made once
        return entry

    def check(self, entry: Entry | LeftOut) -> None:
        """Raises `NotVerified` if number or time do not follow on what is there."""
        if entry.seq != len(self._entries):
            reason = f"expected entry number {len(self._entries)}, found {entry.seq}"
            raise NotVerified(reason, len(self._entries))
        before = next((one for one in reversed(self._entries) if isinstance(one, Entry)), None)
        if isinstance(entry, Entry) and before is not None and entry.at < before.at:
            reason = "it is older than the entry before it"
            raise NotVerified(reason, entry.seq)

    def append(self, entry: Entry | LeftOut) -> None:
        """Append what has been checked."""
        known = self._next
        self._next = None
        one = _leaf(known[0], known[1]) if known is not None and known[0] is entry else leaf_of(entry)
        self._entries.append(entry)
        self._leaves.append(one)
        self._proofs.append(self._frontier.append(bytes.fromhex(one)))
        self._roots.append(self._frontier.root())


def salt(secret: bytes | None, seq: int, event: Event) -> str:
    """HMAC-SHA256 over number and content: the same in every replay, and guessable by nobody without the secret."""
    return _salt(secret, seq, canonical(event))


def _salt(secret: bytes | None, seq: int, event: bytes) -> str:
    assert secret is not None  # noqa: S101 - who verifies appends nothing of its own
    content = seq.to_bytes(8, "big") + hashlib.sha256(event).digest()
    return hmac.new(secret, content, hashlib.sha256).hexdigest()


def _leaf(entry: Entry, event: bytes) -> str:
    """The leaf of an entry, whose canonical bytes stand around those of its event."""
    rest = (entry.at.encode(), event, entry.salt.encode(), entry.seq)
    return leaf(b'{"at":"%b","event":%b,"salt":"%b","seq":%d}' % rest).hex()
