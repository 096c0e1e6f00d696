"""A batch of entries as a workflow hands it over, and what the archive answers and gives back."""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.signing import tree
from domain.signing.canonical import Frozen, canonical
from domain.views.happenings import What
from domain.views.lists import HowDiverged
from domain.views.standing import Standing
from domain.words.errors import Malformed
from domain.words.identifiers import OperationCode, ServiceId
from domain.words.limits import BATCH_BYTES, BATCH_ENTRIES, ENTRY_BYTES, MOST_PEAKS, SNAPSHOT_BYTES
from domain.words.text import fill

Number = Annotated[int, Field(ge=0, lt=2**31)]
Hash = Annotated[bytes, Field(min_length=32, max_length=32)]


class Batch(Frozen):
    """Entries of one delivery, one after another from `first` on, and what the workflow states of the ledger that ends with them.

    `entries`: the canonical bytes of each. `peaks`: the workflow's frontier before `first`, by which a new branch finds what it
    shares with another. `snapshot`: directory and rule cards that the delivery began with, in its first batch. `standing`: how
    it then stands; none where the entries do not add up, and only the difference is looked for. `saw_another`: the first entry of
    a statement whose service says that it had seen another history. `owed`: the numbers of entries with statements of services
    that are polled, each with its service. `happened`: the numbers of entries that a shift hands over, each with what it is.
    """

    delivery: OperationCode
    branch: Number = 0
    first: Number
    entries: Annotated[tuple[Annotated[bytes, Field(max_length=ENTRY_BYTES)], ...], Field(min_length=1, max_length=BATCH_ENTRIES)]
    size: Number
    root: Hash
    standing: Standing | None
    saw_another: Number | None = None
    owed: Annotated[tuple[tuple[Number, ServiceId], ...], Field(max_length=BATCH_ENTRIES)] = ()
    happened: Annotated[tuple[tuple[Number, What], ...], Field(max_length=BATCH_ENTRIES)] = ()
    peaks: Annotated[tuple[Hash, ...], Field(max_length=MOST_PEAKS)]
    snapshot: Annotated[bytes, Field(max_length=SNAPSHOT_BYTES)] | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.size != self.first + len(self.entries):
            raise ValueError("the size is not that of a ledger which ends with these entries")
        if len(self.entries) > 1 and sum(map(len, self.entries)) > BATCH_BYTES:
            raise ValueError(f"the entries of a batch have at most {BATCH_BYTES} bytes")
        if len(self.peaks) != self.first.bit_count():
            raise ValueError("the peaks are not those of a tree of the size before the batch")
        return self


class BatchKept(Frozen):
    """The batch is in the archive. `change`: the number of the change; none if it was there before."""

    branch: int
    size: int
    change: int | None


class Diverges(Frozen):
    """The archive and the workflow do not have the same ledger, first seen at `seq`; nothing was kept.

    `branch`, `size` and `root` are those of the archive's newest branch.

    `other`: another leaf stands there. `ahead`: the archive has entries from there on of which the workflow does not know.
    `behind`: it lacks entries from there on. `root`: somewhere before, for the workflow states another root. `gone`: there is no
    workflow any more, and the ledger has no end.
    """

    branch: int
    seq: int
    how: HowDiverged
    size: int
    root: bytes


How = tuple[int, HowDiverged]
"""Where, and in which way, the two diverge."""


class Extent(Frozen):
    """How far a branch goes, and from which entry on it stands apart from another."""

    branch: int
    since: int = 0
    size: int
    root: bytes


class KeptEntry(Frozen):
    """One entry. `entry`: its canonical bytes; none if the delivery is expunged, and then the leaf is all that is left."""

    branch: int
    seq: int
    leaf: bytes
    entry: bytes | None


class LedgerSlice(Frozen):
    """Entries one after another. `next`: where to go on; none at the end."""

    entries: tuple[KeptEntry, ...]
    next: int | None


@dataclass(frozen=True)
class NewEntry:
    """An entry as the columns of its row; `opening` is not yet sealed."""

    seq: int
    leaf: bytes
    event: str
    at: str
    opening: bytes


def new(seq: int, data: bytes) -> NewEntry:
    """The entry with this number. Raises `Malformed` if the bytes are not its canonical ones: nobody could verify the leaf."""
    with suppress(ValueError, TypeError, KeyError, RecursionError, Malformed):
        entry = json.loads(data)
        event, at = entry["event"]["event"], entry["at"]
        usual = entry.keys() == {"seq", "at", "salt", "event"} and isinstance(event, str) and isinstance(at, str)
        if usual and entry["seq"] == seq and len(event) <= 40 and len(at) <= 32 and canonical(entry) == data:
            return NewEntry(seq, tree.leaf(data), event, at, data)
    raise Malformed(fill("entry {entry} is not the canonical bytes of an entry with that number", entry=seq))
