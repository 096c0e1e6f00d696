"""The branches of a ledger. There is one, unless archive and workflow diverged: then a new one begins at an entry of the old.

What a branch has before its own first entry stands in its parent, and before that one's in the parent of that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, false, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.batches import Batch, Diverges, How, NewEntry
from archive.database import A_WORD
from archive.standing import next_change
from archive.tables import branches, deliveries, entries
from domain.signing import tree
from domain.words.errors import NotFound
from domain.words.text import fill

_LOCKED: Final = text(f"SELECT pg_advisory_xact_lock(hashtextextended(:delivery, 0)), {A_WORD}")
Range = tuple[int, int, int | None]
"""A branch, and the entries of it from one number to before another; none where it is the newest that counts."""


@dataclass(frozen=True)
class Branch:
    """One branch as its row says."""

    number: int
    parent: int | None
    since: int
    size: int
    root: bytes
    peaks: tuple[bytes, ...]


async def lock(connection: AsyncConnection, delivery: str) -> None:
    """Keep everybody else from writing this delivery until the transaction is over, which waits for a standby though it writes
    nothing. SQLite lets only one write anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_LOCKED, {"delivery": delivery})


async def branches_of(connection: AsyncConnection, delivery: str) -> list[Branch]:
    """All, the oldest first; none if the archive does not know the delivery."""
    rows = await connection.execute(select(branches).where(branches.c.delivery == delivery).order_by(branches.c.branch))
    return [Branch(row.branch, row.parent, row.since, row.size, row.root, _cut(row.peaks)) for row in rows]


async def known(connection: AsyncConnection, delivery: str) -> list[Branch]:
    """All of a delivery that the archive knows. Raises `NotFound`."""
    found = await branches_of(connection, delivery)
    if not found:
        raise NotFound(fill("the archive has no delivery {delivery}", delivery=delivery))
    return found


def ranges(held: Sequence[Branch], branch: int | None = None) -> list[Range]:
    """Where the entries of a branch, or of the newest, stand; nowhere for a branch that is not there."""
    by_number = {one.number: one for one in held}
    one = by_number.get(branch if branch is not None else held[-1].number if held else 0)
    found: list[Range] = []
    before: int | None = None
    while one is not None:
        if before is None or one.since < before:
            found.append((one.number, one.since, before))
            before = one.since
        one = by_number.get(one.parent) if one.parent is not None else None
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


@dataclass(frozen=True)
class Fork:
    """Where a branch of this number goes on: with entry `first`, after entries whose tree has these peaks."""

    number: int
    first: int
    peaks: tuple[bytes, ...]

    def root(self) -> str:
        """Of the tree before it."""
        return tree.Frontier(self.first, self.peaks).root().hex()


async def begun_or_new(connection: AsyncConnection, delivery: str, held: Sequence[Branch], at: Fork) -> Branch | None:
    """The branch that goes on there: one that is there, or a new one, after what it shares with another. None where nothing that
    is there leads to these peaks.
    """
    number, first = at.number, at.first
    there = next((one for one in held if one.number == number), None)
    if there is not None:
        return there
    for one in reversed(held):
        if one.size >= first and number > held[-1].number:
            frontier = tree.Frontier()
            for leaf in (await leaves_of(connection, delivery, ranges(held, one.number), 0, first)).values():
                frontier.append(leaf)
            if (frontier.size, tuple(frontier.peaks)) == (first, at.peaks):
                return Branch(number, one.number, first, first, frontier.root(), frontier.peaks)
    return Branch(number, None, 0, 0, tree.Frontier().root(), ()) if first == 0 else None


async def differs(
    connection: AsyncConnection, held: Sequence[Branch], branch: Branch, batch: Batch, given: Sequence[NewEntry]
) -> How | None:
    """Where a batch and what is there contradict each other, if they do."""
    there = await leaves_of(connection, batch.delivery, ranges(held, branch.number), batch.first, batch.size)
    other = next((one.seq for one in given if there.get(one.seq, one.leaf) != one.leaf), None)
    if other is not None:
        return other, "other"
    if batch.first > branch.size:
        return branch.size, "behind"
    if batch.size < branch.size:
        return batch.size, "ahead"
    if batch.size == branch.size and batch.root != branch.root:
        return batch.first, "root"
    if held and branch.number < held[-1].number and batch.size > branch.size:
        return branch.size, "ahead"
    return None


async def set_alarm(connection: AsyncConnection, delivery: str, held: Sequence[Branch], found: How) -> Diverges:
    """Set the alarm of the delivery, if the archive knows it and it does not say so already. What was found, against the newest
    branch.
    """
    seq, how = found
    newest = held[-1] if held else Branch(0, None, 0, 0, tree.Frontier().root(), ())
    values = {"alarm": how, "alarm_branch": newest.number, "alarm_seq": seq}
    row = (await connection.execute(select(deliveries).where(deliveries.c.delivery == delivery))).mappings().first()
    if row is not None and any(row[name] != value for name, value in values.items()):
        values["change"] = await next_change(connection)
        await connection.execute(update(deliveries).where(deliveries.c.delivery == delivery).values(values))
    return Diverges(branch=newest.number, seq=seq, how=how, size=newest.size, root=newest.root)


async def end_alarm(connection: AsyncConnection, delivery: str) -> None:
    """What is kept as it should be ends the alarm of the delivery."""
    none = {"alarm": None, "alarm_branch": None, "alarm_seq": None}
    await connection.execute(update(deliveries).where(deliveries.c.delivery == delivery).values(none))


async def note_seen(connection: AsyncConnection, delivery: str, seq: int) -> None:
    """Somebody has seen another history, by entry `seq`. The first such entry stays noted."""
    first = (deliveries.c.delivery == delivery) & deliveries.c.seen_seq.is_(None)
    await connection.execute(update(deliveries).where(first).values(seen_seq=seq))


def _cut(peaks: bytes) -> tuple[bytes, ...]:
    return tuple(peaks[at : at + tree.HASH] for at in range(0, len(peaks), tree.HASH))
