from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select, text, update

from archive.database import Database
from archive.deliveries import Deliveries
from archive.expunging import Approver, Expunction, Expunging, ExpungingOrder
from archive.ledgers import Ledgers
from archive.occasions import Occasions
from archive.questions import ListQuestion
from archive.tables import data_keys, metadata, tips
from domain.signing import tree
from domain.views.subscriptions import Occasion
from domain.words.errors import NotAllowed, NotFound, Unavailable
from tests.archive.samples import AT, NAME, READER, batch, database, ledger, new_keys, request, root, standing

WHOLE = ledger(6)
CLOSED = standing(phase="ended", ended=True, closed_at=AT, outcome="destroyed", title="MARKED")
ORDER = ExpungingOrder(
    at=AT,
    ordered_by="Court of Almaty, decision 12",
    law="Criminal Procedure Code, article 240",
    first=Approver(service="kz.knb", officer="KZ-117"),
    second=Approver(service="kz.prosecutor", officer="KZ-9"),
)


@dataclass(frozen=True)
class Room:
    """The archive as a process has it open."""

    archive: Database
    ledgers: Ledgers
    deliveries: Deliveries
    expunging: Expunging


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Room]:
    """A new archive."""
    archive, ring = database(url), new_keys()
    try:
        yield Room(archive, Ledgers(archive, ring), Deliveries(archive, ring), Expunging(archive))
    finally:
        await archive.close()


async def test_what_is_expunged_cannot_be_read_and_stays_proved(url: str) -> None:
    """No entry, title, request or key is left; the leaves come to the root that was stated, and the row stays in lists."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, 0, 3, standing=standing(requests=(request(READER, AT),))))
        await room.ledgers.keep(batch(WHOLE, 3, standing=CLOSED))
        others = [Occasion(name, "refusal", name, urgent=False) for name in (NAME, "unknown-1")]
        await Occasions(room.archive).add(others, 1)
        assert not await room.ledgers.is_expunged(NAME)
        done = await room.expunging.expunge(NAME, ORDER)
        assert await room.ledgers.is_expunged(NAME)
        page, leaves = await room.ledgers.slice(NAME), await room.ledgers.leaves(NAME)
        row = await room.deliveries.one(ListQuestion(reader=READER, reach="own"), NAME)
        async with room.archive.reading() as connection:
            everything = {one.name: list(await connection.execute(select(one))) for one in metadata.sorted_tables}

    assert Expunction(delivery=NAME, order=ORDER, size=6, root=root(WHOLE)) == done
    assert [tree.leaf(one) for one in WHOLE] == [one.leaf for one in page.entries] == list(leaves)
    assert root(WHOLE) == tree.root(leaves)
    assert {None} == {one.entry for one in page.entries}
    assert (None, True, "destroyed", 3) == (row.title, row.expunged, row.outcome, row.change)
    assert [None] == [one.glance for one in everything["deliveries"]]
    assert [None] == [one.wrapped for one in everything["data_keys"]]
    assert [(None, None, None)] * 6 == [(one.event, one.at, one.opening) for one in everything["entries"]]
    assert [] == everything["requests"] == everything["snapshots"]
    assert ["unknown-1"] == [one.delivery for one in everything["notices"]]


async def test_only_a_closed_delivery_is_expunged(url: str) -> None:
    """One that is under way, or that the archive does not know, is left alone."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE))
        with pytest.raises(NotAllowed, match="not closed"):
            await room.expunging.expunge(NAME, ORDER)
        with pytest.raises(NotFound):
            await room.expunging.expunge("unknown-1", ORDER)

        assert WHOLE == [one.entry for one in (await room.ledgers.slice(NAME)).entries]
        assert await room.expunging.of(NAME) is None


async def test_to_expunge_again_gives_the_first_record(url: str) -> None:
    """A second order changes neither the record nor the delivery."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, standing=CLOSED))
        first = await room.expunging.expunge(NAME, ORDER)
        again = await room.expunging.expunge(NAME, ORDER.model_copy(update={"law": "another"}))
        newest = await room.deliveries.newest()

    assert first == again
    assert 2 == newest


async def test_nothing_is_kept_of_what_is_expunged(url: str) -> None:
    """A batch that is known is known still; a new entry is refused, and gets no new key."""
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, 0, 4, standing=CLOSED))
        await room.expunging.expunge(NAME, ORDER)
        again = await room.ledgers.keep(batch(WHOLE, 0, 4, standing=CLOSED))
        with pytest.raises(NotAllowed, match="expunged"):
            await room.ledgers.keep(batch(WHOLE, 4, standing=CLOSED))

    assert 4 == again.size  # type: ignore[union-attr]


def test_it_takes_two_persons() -> None:
    """The same officer twice is one person; officers of two services may bear the same code."""
    values: dict[str, Any] = {name: getattr(ORDER, name) for name in ("at", "ordered_by", "law", "first")}

    assert ExpungingOrder(**values, second=Approver(service="kz.prosecutor", officer="KZ-117"))
    with pytest.raises(ValidationError, match="two persons"):
        ExpungingOrder(**values, second=ORDER.first)


def stands_in(folder: Path, data: bytes) -> bool:
    """Whether one of the files there holds these bytes."""
    return any(data in path.read_bytes() for path in folder.iterdir())


async def test_the_wrapped_key_is_in_no_file_of_sqlite_any_more(tmp_path: Path) -> None:
    """Neither the database nor its write-ahead log holds the bytes of the key, while the archive is still open."""
    async with opened(f"sqlite+aiosqlite:///{tmp_path}/archive.db") as room:
        await room.ledgers.keep(batch(WHOLE, standing=CLOSED))
        async with room.archive.reading() as connection:
            wrapped = (await connection.execute(select(data_keys.c.wrapped))).scalar_one()
        held = stands_in(tmp_path, wrapped)
        await room.expunging.expunge(NAME, ORDER)
        left = stands_in(tmp_path, wrapped)

    assert (True, False) == (held, left)


async def test_while_somebody_reads_the_key_is_not_said_to_be_gone(tmp_path: Path) -> None:
    """SQLite keeps the bytes for a reader who began before. Then it says so, and to ask again finishes it."""
    async with opened(f"sqlite+aiosqlite:///{tmp_path}/archive.db") as room:
        await room.ledgers.keep(batch(WHOLE, standing=CLOSED))
        async with room.archive.reading() as reader:
            wrapped = (await reader.execute(select(data_keys.c.wrapped))).scalar_one()
            with pytest.raises(Unavailable, match="still in its files"):
                await room.expunging.expunge(NAME, ORDER)
        before = stands_in(tmp_path, wrapped)
        await room.expunging.expunge(NAME, ORDER)
        after = stands_in(tmp_path, wrapped)

    assert (True, False) == (before, after)


async def in_the_table(archive: Database, data: bytes) -> bool:
    """Whether the file of PostgreSQL's table of keys holds these bytes."""
    async with archive._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("CHECKPOINT"))
        held = await connection.execute(text("SELECT pg_read_binary_file(pg_relation_filepath('data_keys'))"))
        return data in held.scalar_one()


async def test_the_wrapped_key_is_not_in_the_table_of_postgresql_any_more(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is written anew has with it what somebody may still see who had begun before. Then it says so, as of SQLite,
    and to ask again finishes it.
    """
    if url.startswith("sqlite"):
        return
    async with opened(url) as room:
        await room.ledgers.keep(batch(WHOLE, standing=CLOSED))
        async with room.archive.reading() as connection:
            wrapped = (await connection.execute(select(data_keys.c.wrapped))).scalar_one()
        async with room.archive.writing() as other:  # as who writes down what it shows
            await other.execute(update(tips).values(envelope=None))
            monkeypatch.setattr("archive.database.PATIENCE", 0.5)  # of who waits; who is connected has as long as ever
            with pytest.raises(Unavailable, match="still in its files"):
                await room.expunging.expunge(NAME, ORDER)
        before = await in_the_table(room.archive, wrapped)
        await room.expunging.expunge(NAME, ORDER)
        after = await in_the_table(room.archive, wrapped)

    assert (True, False) == (before, after)
