"""What is owed to services that are polled is in the archive as soon as the entry is, until it is settled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.expunging import Expunging
from archive.ledgers import Ledgers
from archive.owed import MINE, OwedReceipt, OwedReceipts, ReachedFrom
from tests.archive.samples import NAME, batch, database, ledger, new_keys
from tests.archive.test_expunging import CLOSED, ORDER

WHOLE = ledger(6)
LABORATORY, POST = "uz.laboratory", "kz.post"
SAID = ((1, LABORATORY), (3, POST), (4, LABORATORY))
EVERYBODY = ReachedFrom()


@dataclass
class Room:
    """The archive, and a clock that the test sets."""

    ledgers: Ledgers
    owed: OwedReceipts
    expunging: Expunging
    now: datetime

    async def due(self, reached: ReachedFrom = EVERYBODY, most: int = 10) -> list[tuple[int, str]]:
        """What is due, as a worker takes it."""
        return sorted((one.seq, one.service) for one in await self.owed.take(most, reached))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Room]:
    """A new archive."""
    archive, start = database(url), datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    rooms: list[Room] = []
    try:
        ledgers = Ledgers(archive, new_keys(), lambda: rooms[0].now)
        rooms.append(Room(ledgers, OwedReceipts(archive, lambda: rooms[0].now), Expunging(archive), start))
        yield rooms[0]
    finally:
        await archive.close()


async def test_what_is_owed_is_kept_with_its_entry_once(url: str) -> None:
    """A batch that is kept again owes nothing anew; of one that overlaps, what is new counts."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, 0, 2, owed=SAID[:1]))
        (first,) = await room.owed.take(10, EVERYBODY)
        await room.owed.settle(first)
        await room.ledgers.keep(batch(WHOLE, 0, 2, owed=SAID[:1]))
        again = await room.due()
        await room.ledgers.keep(batch(WHOLE, 0, owed=SAID))
        more = await room.due()

    assert OwedReceipt(service=LABORATORY, delivery=NAME, seq=1, tries=0) == first
    assert [] == again
    assert [*SAID[1:]] == more


async def test_what_one_worker_has_taken_is_its_own_for_a_while(url: str) -> None:
    """So many at most, the longest due first; whoever is killed with them leaves them to the next."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, 0, 2, owed=SAID[:1]))
        room.now += timedelta(seconds=1)
        await room.ledgers.keep(batch(WHOLE, 2, owed=SAID[1:]))
        found = [await room.due(most=1), await room.due(), await room.due()]
        room.now += MINE
        later = await room.due()

    assert [[SAID[0]], [*SAID[1:]], []] == found
    assert [*SAID] == later


async def test_what_was_not_taken_comes_again_after_its_pause(url: str) -> None:
    """With the number of tries, and not before."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, owed=SAID[:1]))
        (one,) = await room.owed.take(10, EVERYBODY)
        await room.owed.put_off(one, timedelta(hours=1))
        room.now += timedelta(minutes=59)
        early = await room.due()
        room.now += timedelta(minutes=1)
        (again,) = await room.owed.take(10, EVERYBODY)

    assert [] == early
    assert 1 == again.tries


async def test_each_worker_takes_what_it_reaches(url: str) -> None:
    """Those of these services only, or of all but these."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, owed=SAID))
        there = await room.due(ReachedFrom((POST,), only=True))
        here = await room.due(ReachedFrom((POST,)))

    assert [SAID[1]] == there
    assert [SAID[0], SAID[2]] == here


async def test_nothing_is_owed_of_what_is_expunged(url: str) -> None:
    """With the delivery goes what was still to be handed over of it."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, owed=SAID, standing=CLOSED))
        await room.expunging.expunge(NAME, ORDER)
        assert [] == await room.due()
