"""The ledger: append-only, each entry a salted leaf of one Merkle tree (RFC 6962). It is the delivery: state is what its entries
add up to, nothing else.

An entry is `{"at","event","salt","seq"}`; its leaf is SHA-256(0x00 || its canonical bytes, RFC 8785); the head is the root over
all leaves. The salt makes the leaf a commitment that hides: a withheld entry *is* its leaf, nothing can be guessed from it, and
every reader checks every link. Receipts hold the root and the proof of their entry, so every participant holds a witness of
everything before it.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import takewhile
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery.event import Event
from domain.delivery.events import AnyEvent
from domain.delivery.verdicts import Verdict
from domain.delivery.vocabulary import UtcText
from domain.plan.vocabulary import Digest, HandlingCode
from domain.signing.canonical import Frozen, canonical
from domain.signing.tree import Frontier, leaf, root_of
from domain.words.errors import NotVerified
from domain.words.identifiers import OperationCode, ServiceId, StatementId
from domain.words.limits import LONGEST_PROOF

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
        return self.weighed()[0].hex()

    def weighed(self) -> tuple[bytes, int]:
        """Its hash in the tree, and how many bytes it is, canonical."""
        return self._weighed

    @cached_property
    def _weighed(self) -> tuple[bytes, int]:
        return _weigh(self, canonical(self.event))


class Withheld(Frozen):
    """In place of an entry that is not the reader's: that there is one, and its leaf, so that every link can still be checked."""

    seq: Annotated[int, Field(ge=0)]
    leaf: Digest


class LeftOut(Frozen):
    """Only in a packet: a statement that its handling code keeps out of it, and that decides nothing (R23)."""

    seq: Annotated[int, Field(ge=0)]
    leaf: Digest
    """Of the entry that stands here in the ledger: salted, so that no guess at its words is confirmed by it."""
    provider: ServiceId
    code: HandlingCode
    statement: StatementId
    size: Annotated[int, Field(ge=1)]
    """Bytes of its payload, which count (R28)."""
    verdict: Verdict


def leaf_of(entry: Entry | Withheld | LeftOut) -> str:
    """The hash that stands for it in the tree, whether it is there or only its leaf."""
    return entry.leaf() if isinstance(entry, Entry) else entry.leaf


def shared(one: Iterable[Entry | LeftOut], other: Iterable[Entry | LeftOut]) -> int:
    """How many entries, from the first on, two histories have in common."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: leaf_of(pair[0]) == leaf_of(pair[1]), pairs))


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
    proof: Annotated[tuple[Digest, ...], Field(max_length=LONGEST_PROOF)]
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


class Kept(Frozen):
    """In place of an entry that was recorded so long ago that the archive alone has it: what was answered then is read there."""

    seq: Annotated[int, Field(ge=0)]
    fingerprint: Digest
    """SHA-256 of the payload that was handed in, then and now."""


class Left(Frozen):
    """The answer to a statement while no worker is up: it is durable, and handed to the delivery before that goes on. Only a
    receipt says that it counts: the same statement handed in again is answered with it, once there is one.
    """

    statement: StatementId
    left_at: UtcText


class Ledger:
    """Entries, their leaves and the edge of their tree. Appending is the only change there is. What the archive has is let go of:
    a run of the workflow holds what is unkept, whoever reads or verifies holds all of it.
    """

    def __init__(self, secret: bytes | None = None, edge: Frontier | None = None) -> None:
        """`edge`: the tree of the entries that are not held, where it goes on from them."""
        self._secret = secret
        self._edge = edge or Frontier()
        self._frontier = Frontier(self._edge.size, self._edge.peaks)
        self._entries: list[Entry | LeftOut] = []
        self._leaves: list[str] = []
        self._sizes: list[int] = []
        self._proofs: list[tuple[bytes, ...]] = []
        self._newest = ""
        self.unkept_bytes = 0
        """Bytes of the entries that are held, canonical."""

    def __len__(self) -> int:
        """How many entries there are, held or not."""
        return self._frontier.size

    def __iter__(self) -> Iterator[Entry | LeftOut]:
        return iter(self._entries)

    def __getitem__(self, seq: int) -> Entry | LeftOut:
        return self._entries[self._place(seq)]

    @property
    def kept(self) -> int:
        """The first so many entries are in the archive and not held here."""
        return self._edge.size

    @property
    def edge(self) -> Frontier:
        """The tree of the entries that are not held."""
        return Frontier(self._edge.size, self._edge.peaks)

    def keep(self, size: int) -> None:
        """The archive has the first `size` entries: let go of them. Nothing changes where it has told so before.

        Raises `ValueError` for more than there are.
        """
        if size > len(self):
            message = f"the archive has {size} entries of a ledger of {len(self)}"
            raise ValueError(message)
        gone = max(size - self.kept, 0)
        for one in self._leaves[:gone]:
            self._edge.append(bytes.fromhex(one))
        self.unkept_bytes -= sum(self._sizes[:gone])
        for held in (self._entries, self._leaves, self._sizes, self._proofs):
            del held[:gone]

    def holds(self, seq: int) -> bool:
        """Whether entry number `seq` is here."""
        return self.kept <= seq < len(self)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that are held and not left out."""
        return tuple(entry for entry in self._entries if isinstance(entry, Entry))

    @property
    def root(self) -> str:
        """The head: the root over all leaves."""
        return self._frontier.root().hex()

    def root_at(self, size: int) -> str:
        """The root of the first `size` leaves, at least one: of all, or where the last of these is held."""
        if size == len(self):
            return self.root
        place = self._place(size - 1)
        root = root_of(bytes.fromhex(self._leaves[place]), size - 1, size, self._proofs[place])
        assert root is not None  # noqa: S101 - the proof was made of this tree
        return root.hex()

    def leaf_at(self, seq: int) -> str:
        """The leaf of entry number `seq`."""
        return self._leaves[self._place(seq)]

    def proof_at(self, seq: int) -> tuple[str, ...]:
        """That entry `seq` is in the tree of the size at which it was appended."""
        return tuple(one.hex() for one in self._proofs[self._place(seq)])

    def since(self, seq: int) -> tuple[Entry | LeftOut, ...]:
        """Entries from number `seq` on, as far as they are held."""
        return tuple(self._entries[max(seq - self.kept, 0) :])

    def next(self, event: Event, at: str) -> Entry:
        """The entry that would come next; it is not appended."""
        seq, content = len(self), canonical(event)
        entry = Entry(seq=seq, at=at, salt=_salt(self._secret, seq, content), event=event)
        entry.__dict__["_weighed"] = _weigh(entry, content)  # so that the bytes of its event are made once
        return entry

    def check(self, entry: Entry | LeftOut) -> None:
        """Raises `NotVerified` if number or time do not follow on what is there."""
        if entry.seq != len(self):
            reason = f"expected entry number {len(self)}, found {entry.seq}"
            raise NotVerified(reason, len(self))
        if isinstance(entry, Entry) and entry.at < self._newest:
            reason = "it is older than the entry before it"
            raise NotVerified(reason, entry.seq)

    def append(self, entry: Entry | LeftOut) -> None:
        """Append what has been checked."""
        if isinstance(entry, Entry):
            one, size = entry.weighed()
            self._newest = entry.at
        else:
            one, size = bytes.fromhex(entry.leaf), 0
        self._entries.append(entry)
        self._leaves.append(one.hex())
        self._sizes.append(size)
        self.unkept_bytes += size
        self._proofs.append(self._frontier.append(one))

    def _place(self, seq: int) -> int:
        """Where entry `seq` stands among those that are held. Raises `LookupError` if it is not."""
        if not self.holds(seq):
            message = f"entry {seq} is not held here: {self.kept} have been kept, of {len(self)}"
            raise LookupError(message)
        return seq - self.kept


def salt(secret: bytes | None, seq: int, event: Event) -> str:
    """HMAC-SHA256 over number and content: the same in every replay, and guessable by nobody without the secret."""
    return _salt(secret, seq, canonical(event))


def _salt(secret: bytes | None, seq: int, event: bytes) -> str:
    assert secret is not None  # noqa: S101 - who verifies appends nothing of its own
    content = seq.to_bytes(8, "big") + hashlib.sha256(event).digest()
    return hmac.digest(secret, content, "sha256").hex()


def _weigh(entry: Entry, event: bytes) -> tuple[bytes, int]:
    """The leaf of an entry and the size of its canonical bytes, which stand around those of its event."""
    rest = (entry.at.encode(), event, entry.salt.encode(), entry.seq)
    written = b'{"at":"%b","event":%b,"salt":"%b","seq":%d}' % rest
    return leaf(written), len(written)
