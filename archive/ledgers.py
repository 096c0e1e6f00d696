"""The ledgers of all deliveries, as the workflows hand them over in batches. What is kept is never changed.

A batch is kept in one transaction with the read model that it leads to. To keep it again changes nothing. The archive goes on
from its own frontier and must come to the root that the workflow states: both have one ledger, or it shows at once.

Where they differ, one of the two was put back, or somebody wrote where nobody may. The archive overwrites nothing, sets the
delivery's alarm and says where. What follows may be kept on a new branch, which shares what is before.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive import batches
from archive.batches import Batch, BatchKept, Diverges, Extent, KeptEntry, LedgerSlice, NewEntry
from archive.branches import (
    Branch,
    Fork,
    begun_or_new,
    branches_of,
    chosen,
    differs,
    end_alarm,
    known,
    leaves_of,
    lock,
    note_seen,
    ranges,
    set_alarm,
)
from archive.database import Database
from archive.owed import owe
from archive.sealed import DataKey, KeyWrapping
from archive.standing import next_change, write
from archive.tables import branches, data_keys, deliveries, entries, snapshots
from domain.signing import tree
from domain.views.lists import HowDiverged
from domain.words.errors import NotAllowed, NotFound, NotVerified, TimedOut, Unavailable
from domain.words.text import fill, mark

SLICE: Final = 1000
SLICE_BYTES: Final = 4 * 1024 * 1024
"""Of the entries of one slice, unless it is one larger entry."""


class Ledgers:
    """All ledgers of an installation. Each method raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, ring: KeyWrapping, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock

    async def keep(self, batch: Batch, until: datetime | None = None) -> BatchKept | Diverges:
        """Keep a batch, or say where archive and workflow diverge.

        Raises `Malformed` if an entry is not what it must be, `NotAllowed` if the delivery is expunged, and `TimedOut` after
        `until`: an attempt that has been given up must not write when the next one has long gone on.
        """
        given = [batches.new(batch.first + number, data) for number, data in enumerate(batch.entries)]
        async with self._database.writing() as connection:
            await lock(connection, batch.delivery)
            if until is not None and self._clock() >= until:
                raise TimedOut(mark("this attempt to keep a batch came too late"))
            held = await branches_of(connection, batch.delivery)
            branch = await begun_or_new(connection, batch.delivery, held, Fork(batch.branch, batch.first, batch.peaks))
            if branch is None:
                size = held[-1].size if held else 0
                return await set_alarm(connection, batch.delivery, held, (min(size, batch.first), "behind"))
            wrong = await differs(connection, held, branch, batch, given)
            if wrong is not None:
                return await set_alarm(connection, batch.delivery, held, wrong)
            new = [one for one in given if one.seq >= branch.size]
            if not new:
                return BatchKept(branch=batch.branch, size=branch.size, change=None)
            return await self._append(connection, branch, batch, new, held)

    async def held(self, delivery: str) -> Extent | None:
        """How far the archive goes, or none. Ask this *before* the workflow is asked for its size: then `compare` is fair."""
        async with self._database.reading() as connection:
            held = await branches_of(connection, delivery)
        return _held(held[-1]) if held else None

    async def compare(self, delivery: str, held: Extent, stated: Extent) -> Diverges | None:
        """Set the alarm if what the archive held is no beginning of what the workflow stated afterwards, as far as sizes tell and
        the numbers of branches: one that is newer than the archive's has not been kept yet.
        """
        if goes_before(held, stated):
            return None
        async with self._database.writing() as connection:
            await lock(connection, delivery)
            there = await branches_of(connection, delivery)
            how: HowDiverged = "ahead" if stated.branch < held.branch or held.size > stated.size else "root"
            return await set_alarm(connection, delivery, there, (min(stated.size, held.size), how))

    async def is_gone(self, delivery: str) -> None:
        """Set the alarm of a delivery whose workflow is gone though its ledger has no end: somebody ended it from outside."""
        async with self._database.writing() as connection:
            await lock(connection, delivery)
            held = await known(connection, delivery)
            await set_alarm(connection, delivery, held, (held[-1].size, "gone"))

    async def is_there(self, delivery: str) -> None:
        """End the alarm that its workflow is gone, where that stands: somebody has brought it back."""
        mine = deliveries.c.delivery == delivery
        async with self._database.writing() as connection:
            await lock(connection, delivery)
            found = await connection.execute(select(deliveries.c.alarm).where(mine, deliveries.c.alarm == "gone"))
            if found.first() is not None:
                await end_alarm(connection, delivery)
                await connection.execute(update(deliveries).where(mine).values(change=await next_change(connection)))

    async def leaves(self, delivery: str, branch: int | None = None) -> tuple[bytes, ...]:
        """Every leaf, by number, of a branch or of the newest. Raises `NotFound`, or `NotVerified` if entries were lost."""
        async with self._database.reading() as connection:
            held = await known(connection, delivery)
            found = await leaves_of(connection, delivery, ranges(held, branch))
        if list(found) != list(range(len(found))):
            raise NotVerified(mark("the archive has lost entries before this one"), next(iter(found)))
        return tuple(found.values())

    async def branches(self, delivery: str) -> tuple[Extent, ...]:
        """How far each branch goes, the oldest first. Raises `NotFound`."""
        async with self._database.reading() as connection:
            return tuple(
                Extent(branch=one.number, since=one.since, size=one.size, root=one.root)
                for one in await known(connection, delivery)
            )

    async def shared(self, delivery: str, at: Fork) -> int | None:
        """In which branch stands what comes before: in this one itself, or, where it has not begun, in the one that it goes on
        from; none if nothing leads there.
        """
        async with self._database.reading() as connection:
            held = await branches_of(connection, delivery)
            found = await begun_or_new(connection, delivery, held, at)
        if found is None or any(one.number == at.number for one in held):
            return None if found is None else at.number
        return found.parent

    async def slice(self, delivery: str, since: int = 0, count: int = SLICE, branch: int | None = None) -> LedgerSlice:
        """At most `count` entries from number `since` on, bounded in bytes too.

        Raises `NotFound`, and `NotVerified` with the number of an entry that was altered or moved.
        """
        count = max(1, min(count, SLICE))
        async with self._database.reading() as connection:
            held = await known(connection, delivery)
            mine = and_(entries.c.delivery == delivery, chosen(ranges(held, branch)), entries.c.seq >= since)
            sizes = select(entries.c.seq, func.coalesce(func.length(entries.c.opening), 0).label("bytes")).where(mine)
            rows = (await connection.execute(sizes.order_by(entries.c.seq).limit(count + 1))).all()
            end = _end(rows, count)
            if end is None:
                return LedgerSlice(entries=(), next=None)
            key = await self._key(connection, delivery)
            found = await connection.execute(select(entries).where(mine, entries.c.seq <= end).order_by(entries.c.seq))
            return LedgerSlice(
                entries=tuple(opened(row, key) for row in found),
                next=next((row.seq for row in rows if row.seq > end), None),
            )

    async def snapshot(self, delivery: str) -> bytes:
        """What the delivery began with. Raises `NotFound` if it is not there, or expunged, and `NotVerified` if altered."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(snapshots).where(snapshots.c.delivery == delivery))).first()
            key = await self._key(connection, delivery)
        if row is None or key is None:
            raise NotFound(fill("the archive cannot open delivery {delivery}: it has not what it began with", delivery=delivery))
        return key.open(row.opening, "snapshots")

    async def is_expunged(self, delivery: str) -> bool:
        """Whether its data key was destroyed. That it cannot be opened here may have other reasons, which pass."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(data_keys).where(data_keys.c.delivery == delivery))).first()
        return row is not None and row.wrapped is None

    async def _append(
        self, connection: AsyncConnection, branch: Branch, batch: Batch, new: Sequence[NewEntry], held: Sequence[Branch]
    ) -> BatchKept | Diverges:
        frontier = tree.Frontier(branch.size, branch.peaks)
        for one in new:
            frontier.append(one.leaf)
        if frontier.root() != batch.root:
            return await set_alarm(connection, batch.delivery, held, (branch.size, "root"))
        if batch.standing is None:
            raise NotVerified(mark("these entries are new to the archive, and do not add up"), branch.size)
        key = await self._key_to_write(connection, batch.delivery, begun=not held)
        place = {"delivery": batch.delivery, "branch": batch.branch}
        ledger = {"size": batch.size, "root": batch.root}
        change = await next_change(connection)
        await write(connection, key, batch.standing, change, {"branch": batch.branch, **ledger})
        if not batch.standing.diverged:
            await end_alarm(connection, batch.delivery)
        if batch.saw_another is not None:
            await note_seen(connection, batch.delivery, batch.saw_another)
        line = {**place, **ledger, "parent": branch.parent, "since": branch.since, "peaks": b"".join(frontier.peaks)}
        await _put_branch(connection, line)
        what = dict(batch.happened)
        rows = [
            {
                **place,
                **vars(one),
                "what": what.get(one.seq),
                "opening": key.seal(one.opening, "entries", "opening", batch.branch, one.seq),
            }
            for one in new
        ]
        await connection.execute(insert(entries), rows)
        await owe(connection, batch.delivery, [one for one in batch.owed if one[0] >= branch.size], self._clock())
        if not held and batch.snapshot is not None:
            await connection.execute(
                insert(snapshots).values(delivery=batch.delivery, opening=key.seal(batch.snapshot, "snapshots"))
            )
        return BatchKept(branch=batch.branch, size=batch.size, change=change)

    async def _key(self, connection: AsyncConnection, delivery: str) -> DataKey | None:
        row = (await connection.execute(select(data_keys).where(data_keys.c.delivery == delivery))).first()
        return None if row is None or row.wrapped is None else DataKey.unwrapped(delivery, row.ring_key, row.wrapped, self._ring)

    async def _key_to_write(self, connection: AsyncConnection, delivery: str, *, begun: bool) -> DataKey:
        row = (await connection.execute(select(data_keys).where(data_keys.c.delivery == delivery))).first()
        if row is None and not begun:
            raise Unavailable(
                fill("the data key of {delivery} is missing", delivery=delivery),
                hint=mark("restore the table data_keys from its backup"),
            )
        if row is None:
            key, ring_key, wrapped = DataKey.new(delivery, self._ring)
            await connection.execute(insert(data_keys).values(delivery=delivery, ring_key=ring_key, wrapped=wrapped))
            return key
        if row.wrapped is None:
            raise NotAllowed(fill("{delivery} is expunged, so nothing more is kept of it", delivery=delivery))
        return DataKey.unwrapped(delivery, row.ring_key, row.wrapped, self._ring)


def goes_before(held: Extent, stated: Extent) -> bool:
    """Whether what the archive held is a beginning of what the workflow stated afterwards, or is all of it, as far as sizes tell
    and the numbers of branches.
    """
    if stated.branch != held.branch:
        return stated.branch > held.branch
    return held.size < stated.size or (held.size == stated.size and held.root == stated.root)


def _held(branch: Branch) -> Extent:
    return Extent(branch=branch.number, since=branch.since, size=branch.size, root=branch.root)


def opened(row: Row[Any], key: DataKey | None) -> KeptEntry:
    """The entry of a row. Raises `NotVerified` with its number if it was altered or moved."""
    if key is None or row.opening is None:
        return KeptEntry(branch=row.branch, seq=row.seq, leaf=row.leaf, entry=None)
    try:
        entry = key.open(row.opening, "entries", "opening", row.branch, row.seq)
    except NotVerified as error:
        raise NotVerified(error.reason, row.seq) from None
    if tree.leaf(entry) != row.leaf:
        raise NotVerified(mark("the leaf in the archive is not that of the entry"), row.seq)
    return KeptEntry(branch=row.branch, seq=row.seq, leaf=row.leaf, entry=entry)


def _end(rows: Sequence[Row[Any, Any]], count: int) -> int | None:
    """The number of the last entry that a slice has room for, one at least; none if there is no entry."""
    end, total = None, 0
    for row in rows[:count]:
        total += row.bytes
        if end is not None and total > SLICE_BYTES:
            break
        end = row.seq
    return end


async def _put_branch(connection: AsyncConnection, row: dict[str, Any]) -> None:
    own = (branches.c.delivery == row["delivery"]) & (branches.c.branch == row["branch"])
    if not (await connection.execute(update(branches).where(own).values(row))).rowcount:
        await connection.execute(insert(branches).values(row))
