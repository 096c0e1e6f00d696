"""Deliveries made anew from their entries in the archive, kept in memory for the next reader and extended by what is new.

What a delivery began with stands beside its ledger. Who reads a delivery gets it as far as the archive has it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from pydantic import ValidationError

from archive.batches import KeptEntry
from archive.branches import Fork
from archive.ledgers import Ledgers
from domain.delivery.delivery import Delivery, Snapshot
from domain.delivery.ledger import Entry, Kept, Receipt
from domain.record.door import receipt_of, resume
from domain.signing.canonical import canonical
from domain.views.noted import noted
from domain.words.errors import NotFound, NotVerified
from domain.words.text import fill, mark

MOST: Final = 500
"""Deliveries that one process keeps in memory."""
MOST_ENDED: Final = 8
"""Of them, those that have ended: they are read seldom, and there are ever more of them."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of their entries, in canonical form. The newest one is kept, however large."""
MOST_SNAPSHOTS: Final = 16
"""Directories and cards with which deliveries began: those that began with the same share it. Each has 300 KB in memory."""
AT_ONCE: Final = 200
"""Entries that are added up before others have their turn."""


@dataclass
class _Fold:
    """One delivery, in the branch that it was read from."""

    branch: int = 0
    delivery: Delivery | None = None
    weight: int = 0
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def size(self) -> int:
        return len(self.delivery.ledger) if self.delivery is not None else 0

    @property
    def ended(self) -> bool:
        return self.delivery is not None and self.delivery.state.ended


class FoldedDeliveries:
    """The deliveries of an archive. The least recently read are forgotten first."""

    def __init__(self, ledgers: Ledgers, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._ledgers = ledgers
        self._most = most
        self._most_bytes = most_bytes
        self._folds: OrderedDict[str, _Fold] = OrderedDict()

    def __len__(self) -> int:
        return len(self._folds)

    async def newest(self, name: str) -> Delivery:
        """The delivery as far as the archive goes. Raises `NotFound` where it has none or has expunged it, `NotVerified` where
        entries were altered or lost, and `Unavailable`.
        """
        held = await self._ledgers.held(name)
        if held is None:
            raise NotFound(fill("the archive has no delivery {delivery}", delivery=name))
        fold = self._of(name)
        async with fold.gate:
            if fold.branch != held.branch:
                self._begin_anew(fold, held.branch)
            delivery = await self._read_on(name, fold, held.size)
            if delivery.ledger.root_at(held.size) != held.root.hex():  # the archive was put back, and has gone on
                self._begin_anew(fold, held.branch)
                delivery = await self._read_on(name, fold, held.size)
        self._forget()
        return delivery

    async def is_expunged(self, name: str) -> bool:
        """Whether a delivery of this name was expunged. Raises `Unavailable`."""
        return await self._ledgers.is_expunged(name)

    async def other(self, name: str, branch: int) -> Delivery:
        """The delivery as another branch has it, which is not kept in memory. Raises as `newest` does."""
        held = next((one for one in await self._ledgers.branches(name) if one.branch == branch), None)
        if held is None:
            raise NotFound(fill("the archive has no branch {branch} of {delivery}", branch=branch, delivery=name))
        return await self._read_on(name, _Fold(branch), held.size)

    async def as_at(self, name: str, size: int) -> Delivery:
        """The delivery after its first so many entries, in its first branch; not kept in memory. Raises as `newest` does."""
        return await self._read_on(name, _Fold(), size)

    async def with_batch(self, name: str, snapshot: Snapshot | None, entries: tuple[Entry, ...], fork: Fork) -> Delivery:
        """The delivery up to the end of these entries, which follow on what the archive has. Raises as `newest` does; what was
        added up of a batch is there for the next attempt at it, also where it was not kept; `drop` forgets it.
        """
        first, branch = fork.first, fork.number
        fold = self._of(name)
        async with fold.gate:
            if fold.branch != branch or not _goes_on(fold, entries):
                self._begin_anew(fold, branch)
            if fold.size < first:
                await self._read_on(name, fold, first, await self._ledgers.shared(name, fork))
            if fold.delivery is not None and fold.size == first and fold.delivery.ledger.root != fork.root():  # it was put back
                self._begin_anew(fold, branch)
                await self._read_on(name, fold, first, await self._ledgers.shared(name, fork))
            await self._take(fold, snapshot, entries[fold.size - first :])
            delivery = fold.delivery
        self._forget()
        assert delivery is not None  # noqa: S101 - a batch has an entry
        return delivery

    async def receipt(self, name: str, kept: Kept) -> Receipt:
        """What was answered to a statement that its run has let go of. Raises as `newest` does."""
        found = receipt_of(await self.newest(name), kept.seq)
        if found.fingerprint != kept.fingerprint:
            raise NotVerified(mark("the archive has another statement than the workflow"), kept.seq)
        return found

    def drop(self, name: str) -> None:
        """Forget it: the next reader begins with its first entry."""
        self._folds.pop(name, None)

    def _of(self, name: str) -> _Fold:
        fold = self._folds.setdefault(name, _Fold())
        self._folds.move_to_end(name)
        return fold

    async def _read_on(self, name: str, fold: _Fold, size: int, source: int | None = None) -> Delivery:
        """Read on up to this size. `source`: the branch in which that stands, where it is not its own."""
        snapshot = None
        if fold.delivery is None:
            try:
                snapshot = _snapshot(await self._ledgers.snapshot(name))
            except ValidationError as error:
                raise NotVerified(mark("what the delivery began with cannot be read")) from error
        while fold.size < size:
            found = await self._ledgers.slice(name, fold.size, size - fold.size, fold.branch if source is None else source)
            entries = tuple(map(_entry, found.entries))
            if not entries or entries[0].seq != fold.size:
                raise NotVerified(mark("the archive has lost an entry"), fold.size)
            await self._take(fold, snapshot, entries)
        assert fold.delivery is not None  # noqa: S101 - an archive that knows a delivery has its first entry
        return fold.delivery

    async def _take(self, fold: _Fold, snapshot: Snapshot | None, entries: tuple[Entry, ...]) -> None:
        try:
            for number, entry in enumerate(entries):
                if fold.delivery is None:
                    fold.delivery = _begun(snapshot, entry)
                else:
                    fold.delivery.take(entry)
                fold.weight += len(canonical(entry))
                if number % AT_ONCE == AT_ONCE - 1:
                    noted(fold.delivery.ledger)  # now, and not all at once when somebody looks
                    await asyncio.sleep(0)
        except Exception:
            self._begin_anew(fold, fold.branch)  # an effect may have been half applied
            raise  # but not where an attempt ended between two entries: the next goes on from there

    @staticmethod
    def _begin_anew(fold: _Fold, branch: int) -> None:
        fold.branch, fold.delivery, fold.weight = branch, None, 0

    def _forget(self) -> None:
        ended = [name for name, one in self._folds.items() if one.ended]
        for name in ended[:-MOST_ENDED]:
            del self._folds[name]
        weight = sum(one.weight for one in self._folds.values())
        while len(self._folds) > 1 and (len(self._folds) > self._most or weight > self._most_bytes):
            _, oldest = self._folds.popitem(last=False)
            weight -= oldest.weight


@lru_cache(maxsize=MOST_SNAPSHOTS)
def _snapshot(text: bytes) -> Snapshot:
    return Snapshot.model_validate_json(text)


def _begun(snapshot: Snapshot | None, first: Entry) -> Delivery:
    if snapshot is None:
        raise NotVerified(mark("the archive has not what the delivery began with"), first.seq)
    return resume(snapshot.directory, snapshot.cards, (first,))


def _goes_on(fold: _Fold, entries: Sequence[Entry]) -> bool:
    """Whether what is there of these entries already is the same, and nothing is there beyond them."""
    delivery = fold.delivery
    if delivery is None:
        return True
    same = (delivery.ledger.leaf_at(one.seq) == one.leaf() for one in entries if one.seq < fold.size)
    return fold.size <= entries[-1].seq + 1 and all(same)


def _entry(opened: KeptEntry) -> Entry:
    if opened.entry is None:
        raise NotFound(mark("the delivery is expunged: its leaves are all that is left"))
    with suppress(ValidationError):
        return Entry.model_validate_json(opened.entry)
    raise NotVerified(mark("it is no entry of a ledger"), opened.seq)
