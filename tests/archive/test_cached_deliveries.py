"""Deliveries that are added up once, and extended by what is new."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from archive.batches import Batch
from archive.branches import Fork
from archive.cached_deliveries import FoldedDeliveries
from archive.database import Database
from archive.ledgers import Ledgers
from archive.tables import branches, entries, snapshots
from domain.delivery.delivery import Delivery, Snapshot
from domain.delivery.ledger import Entry
from domain.plan.plan import Plan
from domain.signing import tree
from domain.signing.canonical import canonical
from domain.views.standing import standing
from domain.words.errors import NotFound, NotVerified
from tests.archive.samples import new_keys
from tests.support import Table, example_plan


class Counting(Ledgers):
    """Ledgers that count how many entries are read."""

    read = 0

    async def slice(self, *given: Any, **more: Any) -> Any:
        """Count them."""
        found = await super().slice(*given, **more)
        self.read += len(found.entries)
        return found


@pytest.fixture
async def ledgers(tmp_path: Path) -> AsyncIterator[Counting]:
    """An empty archive."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    yield Counting(archive, new_keys())
    await archive.close()


def table(name: str) -> Table:
    """A delivery of this name."""
    plan: Plan = example_plan().model_copy(update={"operation": name})
    return Table(plan)


async def keep(ledgers: Ledgers, one: Table, first: int = 0, branch: int = 0, owed: tuple[tuple[int, str], ...] = ()) -> None:
    """Put what is new of it into the archive. `owed`: receipts of which of its entries, to whom."""
    entries = [entry for entry in one.delivery.ledger.since(first) if isinstance(entry, Entry)]
    leaves = [bytes.fromhex(one.delivery.ledger.leaf_at(seq)) for seq in range(first)]
    frontier = tree.Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    directory, cards = one.delivery.snapshot.directory, one.delivery.snapshot.cards
    batch = Batch(
        delivery=one.plan.operation,
        branch=branch,
        first=first,
        entries=tuple(map(canonical, entries)),
        size=first + len(entries),
        root=bytes.fromhex(one.delivery.ledger.root),
        standing=standing(one.delivery),
        owed=owed,
        peaks=frontier.peaks,
        snapshot=canonical(Snapshot(directory=directory, cards=cards)),
    )
    assert await ledgers.keep(batch)


async def test_a_delivery_is_read_once_and_then_extended(ledgers: Counting) -> None:
    """The second reader costs no entry, the third those that are new; what is added up is the delivery itself."""
    one = table("amber-1")
    await keep(ledgers, one)
    size = len(one.delivery.ledger)
    folded = FoldedDeliveries(ledgers)
    await folded.newest("amber-1")
    await folded.newest("amber-1")
    read = [ledgers.read]
    one.say("uz.police", "stop_requested")
    await keep(ledgers, one, size)
    found = await folded.newest("amber-1")
    read.append(ledgers.read)

    assert [size, len(one.delivery.ledger)] == read
    assert one.delivery.ledger.root == found.ledger.root
    assert standing(one.delivery) == standing(found)


async def test_another_branch_is_added_up_from_its_own_entries(ledgers: Counting) -> None:
    """What was in memory of the old one is not gone on with."""
    one, other = table("amber-1"), table("amber-1")
    await keep(ledgers, one)
    size = len(one.delivery.ledger)
    one.say("uz.police", "stop_requested", reason="one")
    other.say("uz.police", "stop_requested", reason="another")
    await keep(ledgers, one, size)
    folded = FoldedDeliveries(ledgers)
    before = await folded.newest("amber-1")
    await keep(ledgers, other, size, branch=1)
    after = await folded.newest("amber-1")

    assert (one.delivery.ledger.root, other.delivery.ledger.root) == (before.ledger.root, after.ledger.root)


async def with_a_stop_in_memory(ledgers: Counting, name: str) -> FoldedDeliveries:
    """What a process has in memory that has read a delivery with a stop."""
    one, folded = table(name), FoldedDeliveries(ledgers)
    one.say("uz.police", "stop_requested", reason="one")
    await keep(ledgers, one)
    await folded.newest(name)
    return folded


async def put_back(ledgers: Counting, other: Table) -> None:
    """The archive was put back to before any of it, and the record has gone on otherwise."""
    async with ledgers._database.writing() as connection:
        for row in (entries, branches, snapshots):
            await connection.execute(delete(row))
    await keep(ledgers, other)


@pytest.mark.parametrize("more", [0, 1])
async def test_what_is_in_memory_of_an_archive_that_was_put_back_is_not_gone_on_with(ledgers: Counting, more: int) -> None:
    """It and the engine were put back to one moment, and both went on: else the reader is shown what is in no record by now."""
    other, folded = table("amber-1"), await with_a_stop_in_memory(ledgers, "amber-1")
    other.say("uz.police", "stop_requested", reason="another")
    for number in range(more):
        other.say("kz.knb", "stop_requested", reason=f"{number}")
    await put_back(ledgers, other)
    found = await folded.newest("amber-1")

    assert other.delivery.ledger.root == found.ledger.root
    assert standing(other.delivery) == standing(found)


async def test_a_batch_follows_on_what_an_archive_has_that_was_put_back(ledgers: Counting) -> None:
    """Another worker has kept what came first after that: else lists say how a delivery stands of which nothing is recorded."""
    other, folded = table("amber-1"), await with_a_stop_in_memory(ledgers, "amber-1")
    other.say("uz.police", "stop_requested", reason="another")
    await put_back(ledgers, other)
    first = len(other.delivery.ledger)
    frontier = tree.Frontier()
    for seq in range(first):
        frontier.append(bytes.fromhex(other.delivery.ledger.leaf_at(seq)))
    other.say("kz.knb", "information", text="all is well")
    batch = tuple(entry for entry in other.delivery.ledger.since(first) if isinstance(entry, Entry))
    found = await folded.with_batch("amber-1", None, batch, Fork(0, first, frontier.peaks))

    assert other.delivery.ledger.root == found.ledger.root
    assert standing(other.delivery) == standing(found)


@pytest.mark.parametrize(("most", "most_bytes", "left"), [(2, 10**9, 2), (10, 1, 1)])
async def test_memory_is_bounded_in_deliveries_and_in_bytes(ledgers: Counting, most: int, most_bytes: int, left: int) -> None:
    """The one least recently read is forgotten; the newest stays, however large; what is forgotten is read again."""
    names = [f"amber-{number}" for number in range(4)]
    for name in names:
        await keep(ledgers, table(name))
    folded = FoldedDeliveries(ledgers, most, most_bytes)
    for name in (*names, names[0]):
        found = await folded.newest(name)
        assert name == found.plan.operation
        assert len(folded) <= left

    assert left == len(folded)


async def test_of_those_that_have_ended_few_are_kept_and_what_they_began_with_is_there_once(
    ledgers: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are ever more of them: else a process grew with each delivery that somebody has read. What is open stays there."""
    monkeypatch.setattr("archive.cached_deliveries.MOST_ENDED", 2)
    folded = FoldedDeliveries(ledgers)
    await keep(ledgers, table("open-1"))
    found = [await folded.newest("open-1")]
    for number in range(4):
        one = table(f"ended-{number}")
        one.say("uz.police", "stop_requested")
        one.say("kz.police", "interdicted")
        one.pass_time(days=1)
        await keep(ledgers, one)
        found.append(await folded.newest(f"ended-{number}"))
    read = ledgers.read
    await folded.newest("open-1")
    await folded.newest("ended-3")

    assert [False, *4 * (True,)] == [one.state.ended for one in found]
    assert 3 == len(folded)
    assert read == ledgers.read
    assert 1 == len({id(one.snapshot.directory) for one in found})


async def test_what_is_not_there_or_was_altered_is_said(ledgers: Counting) -> None:
    """No delivery; and one whose entries come without what the delivery began with."""
    folded, one = FoldedDeliveries(ledgers), table("amber-1")
    with pytest.raises(NotFound):
        await folded.newest("amber-1")
    entries = tuple(entry for entry in one.delivery.ledger if isinstance(entry, Entry))
    with pytest.raises(NotVerified, match="began with"):
        await folded.with_batch("amber-1", None, entries, Fork(0, 0, ()))
    directory, cards = one.delivery.snapshot.directory, one.delivery.snapshot.cards
    found = await folded.with_batch("amber-1", Snapshot(directory=directory, cards=cards), entries, Fork(0, 0, ()))

    assert one.delivery.ledger.root == found.ledger.root


async def test_an_attempt_that_ends_in_between_leaves_what_it_has_added_up_to_the_next(
    ledgers: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is cut off, each goes on where the one before was; one that fails at an entry begins anew."""
    one = table("amber-1")
    for _ in range(20):
        one.say("uz.police", "information", text="all is well")
    await keep(ledgers, one)
    size = len(one.delivery.ledger)
    monkeypatch.setattr("archive.cached_deliveries.AT_ONCE", 1)
    monkeypatch.setattr("archive.ledgers.SLICE", 4)
    folded, taken, take = FoldedDeliveries(ledgers), list[int](), Delivery.take

    def counted(self: Delivery, entry: Entry) -> None:
        if entry.seq == 9 and taken.count(9) == 0:
            taken.append(9)
            raise NotVerified("once", 9)
        taken.append(entry.seq)
        take(self, entry)

    monkeypatch.setattr(Delivery, "take", counted)
    with pytest.raises(NotVerified):
        await folded.newest("amber-1")
    assert [*range(10)] == taken
    taken.clear()
    taken.append(9)
    attempts = 0
    while True:
        attempts, before = attempts + 1, len(taken)
        attempt = asyncio.create_task(folded.newest("amber-1"))
        while len(taken) < before + 3 and not attempt.done():  # noqa: ASYNC110 - an attempt rings no bell
            await asyncio.sleep(0)  # the attempt takes one entry
        if attempt.done():
            break
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt

    found = attempt.result()
    assert attempts > 3
    assert [*range(size)] == taken[1:]
    assert one.delivery.ledger.root == found.ledger.root
    assert standing(one.delivery) == standing(found)


async def test_a_batch_that_ends_sooner_than_one_before_is_added_up_to_its_own_end(ledgers: Counting) -> None:
    """While the archive is away a run is reset into the middle of what it has handed over: what is kept then is how the delivery
    stands at the end of what is kept, and not at that of what never came to be.
    """
    one = table("amber-1")
    await keep(ledgers, one)
    first, frontier = len(one.delivery.ledger), tree.Frontier()
    for seq in range(first):
        frontier.append(bytes.fromhex(one.delivery.ledger.leaf_at(seq)))
    one.say("uz.police", "information", text="all is well")
    sooner = len(one.delivery.ledger), standing(one.delivery)
    one.say("uz.police", "information", text="all is lost")
    entries = tuple(entry for entry in one.delivery.ledger.since(first) if isinstance(entry, Entry))
    folded, fork = FoldedDeliveries(ledgers), Fork(0, first, frontier.peaks)
    await folded.with_batch("amber-1", None, entries, fork)
    found = await folded.with_batch("amber-1", None, entries[: sooner[0] - first], fork)

    assert sooner == (len(found.ledger), standing(found))
