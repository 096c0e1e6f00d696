"""The branches of a ledger. There is one, unless archive and workflow diverged: then a new one begins at an entry of the old.

An entry of a branch stands in the newest branch, up to it, that begins no later than the entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.batches import Batch, Diverges, New
from archive.standing import next_change
from archive.tables import branches, deliveries, entries
from domain.signing import tree
from domain.words.errors import NotFound

Range = tuple[int, int, int | None]
"""A branch, and the entries of it from one number to before another; none where it is the newest that counts."""


@dataclass(frozen=True)
class Branch:
    """One branch as its row says."""

    number: int
    since: int
    size: int
    root: bytes
    peaks: tuple[bytes, ...]


async def lock(connection: AsyncConnection, delivery: str) -> None:
    """Keep everybody else from writing this delivery until the transaction is over. SQLite lets only one write anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:delivery, 0))"), {"delivery": delivery})


async def branches_of(connection: AsyncConnection, delivery: str) -> list[Branch]:
    """All, the oldest first; none if the archive does not know the delivery."""
    rows = await connection.execute(select(branches).where(branches.c.delivery == delivery).order_by(branches.c.branch))
    return [Branch(row.branch, row.since, row.size, row.root, _cut(row.peaks)) for row in rows]


async def known(connection: AsyncConnection, delivery: str) -> list[Branch]:
    """All of a delivery that the archive knows. Raises `NotFound`."""
    found = await branches_of(connection, delivery)
    if not found:
        raise NotFound(f"the archive has no delivery {delivery}")
    return found


def ranges(held: Sequence[Branch], branch: int | None = None) -> list[Range]:
    """Where the entries of a branch, or of the newest, stand."""
    found: list[Range] = []
    before: int | None = None
    for one in reversed(held):
        if (branch is None or one.number <= branch) and (before is None or one.since < before):
            found.append((one.number, one.since, before))
            before = one.since
    return found


def chosen(where: Sequence[Range]) -> ColumnElement[bool]:
    """Whether an entry stands there."""
    number, seq = entries.c.branch, entries.c.seq
    return or_(
        false(),
        *(and_(number == one, seq >= since, *([seq < before] if before is not None else [])) for one, since, before in where),
    )


async def leaves_of(
    connection: AsyncConnection, delivery: str, where: Sequence[Range], since: int = 0, before: int | None = None
) -> dict[int, bytes]:
    """Leaves by their numbers, in order, from one number to before another."""
    asked = select(entries.c.seq, entries.c.leaf).where(entries.c.delivery == delivery, chosen(where), entries.c.seq >= since)
    if before is not None:
        asked = asked.where(entries.c.seq < before)
    return {row.seq: row.leaf for row in await connection.execute(asked.order_by(entries.c.seq))}


async def begun_or_new(connection: AsyncConnection, held: Sequence[Branch], batch: Batch) -> Branch | Diverges:
    """The branch that a batch goes on with: one that is there, or a new one that begins with the batch."""
    there = next((one for one in held if one.number == batch.branch), None)
    if there is not None:
        return there
    if held and batch.branch < held[-1].number:
        return Diverges(branch=batch.branch, seq=batch.first, how="other")
    size = held[-1].size if held else 0
    if batch.first <= size:
        shared = await leaves_of(connection, batch.delivery, ranges(held), 0, batch.first)
        if len(shared) == batch.first:
            frontier = tree.Frontier()
            for one in shared.values():
                frontier.append(one)
            return Branch(batch.branch, batch.first, batch.first, frontier.root(), frontier.peaks)
    if batch.peaks is None or batch.branch == 0:
        return Diverges(branch=batch.branch, seq=min(size, batch.first), how="behind")
    frontier = tree.Frontier(batch.first, batch.peaks)
    return Branch(batch.branch, batch.first, batch.first, frontier.root(), frontier.peaks)


async def differs(
    connection: AsyncConnection, held: Sequence[Branch], branch: Branch, batch: Batch, given: Sequence[New]
) -> Diverges | None:
    """Where a batch and what is there contradict each other, if they do."""
    where = ranges(held, batch.branch) if any(one.number == branch.number for one in held) else []
    there = await leaves_of(connection, batch.delivery, where, batch.first, batch.size)
    other = next((one.seq for one in given if there.get(one.seq, one.leaf) != one.leaf), None)
    if other is not None:
        return Diverges(branch=batch.branch, seq=other, how="other")
    if batch.first > branch.size:
        return Diverges(branch=batch.branch, seq=branch.size, how="behind")
    if batch.size < branch.size:
        return Diverges(branch=batch.branch, seq=batch.size, how="ahead")
    if batch.size == branch.size and batch.root != branch.root:
        return Diverges(branch=batch.branch, seq=batch.first, how="root")
    if held and branch.number < held[-1].number and batch.size > branch.size:
        return Diverges(branch=batch.branch, seq=branch.size, how="ahead")
    return None


async def set_alarm(connection: AsyncConnection, delivery: str, found: Diverges) -> Diverges:
    """Set the alarm of the delivery, if the archive knows it and it does not say so already. What was found."""
    values = {"alarm": found.how, "alarm_branch": found.branch, "alarm_seq": found.seq}
    row = (await connection.execute(select(deliveries).where(deliveries.c.delivery == delivery))).mappings().first()
    if row is not None and any(row[name] != value for name, value in values.items()):
        values["change"] = await next_change(connection)
        await connection.execute(update(deliveries).where(deliveries.c.delivery == delivery).values(values))
    return found


def _cut(peaks: bytes) -> tuple[bytes, ...]:
    return tuple(peaks[at : at + tree.HASH] for at in range(0, len(peaks), tree.HASH))
