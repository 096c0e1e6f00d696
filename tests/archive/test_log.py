"""The log of reads in a real database of each kind: SQLite, and PostgreSQL where it is installed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive import reads as log_of_reads
from archive.database import Database
from archive.reads import Reads
from archive.tables import reads, tips, used_proofs
from domain.record.reads import EMPTY, Read, Shown, Tip, after, signed_tip, unverified_tip, verify_reads
from domain.signing.canonical import canonical
from domain.signing.envelope import READS_TYPE, sign
from domain.words.errors import NotAuthentic, NotVerified, Unavailable
from domain.words.moments import utc_text
from rehearsal.services import VIGIL, cast, private_key_of
from tests.postgresql import PASSWORD
from tests.support import example_directory

SYSTEM = cast(example_directory(), ()).get(VIGIL)


def shown(number: int = 0, *deliveries: str) -> Shown:
    """Something that is shown to an officer; the number is in the code."""
    named = deliveries or ("saxaul-22",)
    return Shown(service="kz.knb", officer=f"officer-{number}", key="5" * 32, role="service", action="view", deliveries=named)


def database(url: str) -> Database:
    """The database, as a gateway would open it."""
    return Database(url, PASSWORD if url.startswith("postgresql") else None)


@asynccontextmanager
async def opened(url: str, count: int = 1) -> AsyncIterator[list[Reads]]:
    """The log, as so many gateways have it open."""
    gateways = [Reads(database(url), private_key_of(VIGIL), SYSTEM) for _ in range(count)]
    try:
        yield gateways
    finally:
        for one in gateways:
            await one.close()


async def test_what_is_recorded_is_there_in_order_and_signed(url: str) -> None:
    """Records are numbered from 0, linked, and the tip that the installation has signed is that of the newest."""
    async with opened(url) as (log,):
        written = [await log.record(shown(number)) for number in range(3)]
        page = await log.page(0, 100)

    assert [0, 1, 2] == [read.number for read in written]
    assert tuple(written) == page.reads
    assert verify_reads(page.reads) == signed_tip(page.tip, SYSTEM) == after(written[-1])


async def test_an_empty_log_has_no_tip(url: str) -> None:
    """Nothing has been shown, so nothing is signed."""
    async with opened(url) as (log,):
        page = await log.page(0, 100)

    assert ((), None) == (page.reads, page.tip)
    assert EMPTY == unverified_tip(page.tip)


async def test_a_page_holds_what_is_asked_for(url: str) -> None:
    """From a number on, so many, of one delivery: the records that name it, with their own numbers."""
    async with opened(url) as (log,):
        for number, named in enumerate((("amber-1", "saxaul-22"), ("amber-1",), ("saxaul-22",), ("saxaul-22",))):
            await log.record(shown(number, *named))
        found = [
            [read.number for read in (await log.page(*asked)).reads]
            for asked in ((1, 2), (0, 10, "saxaul-22"), (1, 1, "saxaul-22"), (0, 10, "unknown-1"), (9, 10))
        ]

    assert [[1, 2], [0, 2, 3], [2], [], []] == found


async def test_two_gateways_at_once_keep_one_chain_without_a_gap(url: str) -> None:
    """Four hundred records from two gateways, as they come: every number once, one chain, each where its gateway says it is."""
    async with opened(url, 2) as gateways:
        written = await asyncio.gather(*(gateways[number % 2].record(shown(number)) for number in range(400)))
        page = await gateways[0].page(0, 1000)

    assert list(range(400)) == sorted(read.number for read in written)
    assert sorted(written, key=lambda read: read.number) == list(page.reads)
    assert signed_tip(page.tip, SYSTEM) == verify_reads(page.reads)


async def test_what_names_much_is_not_written_in_one_transaction_with_everything_else(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where hundreds begin to follow a full watch floor at once, each transaction is as short as ever, and nobody is refused."""
    monkeypatch.setattr(log_of_reads, "NAMES_AT_ONCE", 10)
    names, together = [f"saxaul-{number}" for number in range(12)], list[int]()
    async with opened(url) as (log,):
        insert_ = log._insert

        async def noted(connection: AsyncConnection, written: Sequence[Read], tip: Tip) -> None:
            together.append(sum(len(one.deliveries) for one in written))
            await insert_(connection, written, tip)

        monkeypatch.setattr(log, "_insert", noted)
        written = await asyncio.gather(
            *(log.record(shown(number, *names[:many])) for number, many in enumerate((4, 4, 4, 12, 1, 9)))
        )

    assert [0, 1, 2, 3, 4, 5] == [read.number for read in written]
    assert [8, 4, 12, 10] == together


async def test_a_proof_is_good_for_one_answer_at_whichever_gateway(url: str) -> None:
    """The same proof at another gateway, or twice at once, is refused and leaves no record; another service's is its own."""
    async with opened(url, 2) as (here, there):
        await here.record(shown(0), "nonce-1")
        with pytest.raises(NotAuthentic, match="used already"):
            await there.record(shown(1), "nonce-1")
        both = await asyncio.gather(*(one.record(shown(2), "nonce-2") for one in (here, here, there)), return_exceptions=True)
        await there.record(shown(3).model_copy(update={"service": "uz.police"}), "nonce-1")
        officers = [read.officer for read in (await here.page(0, 100)).reads]

    assert [NotAuthentic, NotAuthentic, Read] == sorted((type(one) for one in both), key=lambda kind: kind.__name__)
    assert ["officer-0", "officer-2", "officer-3"] == officers


async def test_proofs_are_forgotten_when_they_are_no_longer_valid(url: str) -> None:
    """What would be too old anyway is cleaned away; the rest is kept as a digest, never as it was sent."""
    old = utc_text(datetime.now(UTC) - timedelta(seconds=1))
    async with opened(url) as (log,):
        await log.record(shown(0), "nonce-old")
    await changed(url, update(used_proofs).values(until=old))
    async with opened(url) as (log,):
        await log.record(shown(1), "nonce-new")
        async with log._database.reading() as connection:
            kept = (await connection.execute(select(used_proofs.c.digest))).scalars().all()

    assert [64] == [len(digest) for digest in kept]


async def test_time_does_not_go_back_in_the_log(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway whose clock is behind writes the time of the record before."""
    async with opened(url) as (log,):
        first = await log.record(shown(0))

        class Behind(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return datetime.now(tz) - timedelta(seconds=5)

        monkeypatch.setattr(log_of_reads, "datetime", Behind)
        second = await log.record(shown(1))
        page = await log.page(0, 10)

    assert first.at == second.at
    verify_reads(page.reads)


async def changed(url: str, *statements: Any) -> None:
    """What somebody does who holds the database."""
    held = database(url)
    async with held.writing() as connection:
        for statement in statements:
            await connection.execute(statement)
    await held.close()


async def anew(url: str, count: int, *, sign_as: str = VIGIL) -> None:
    """The whole log made anew, well chained, so many records with other people in them; its tip signed by this service."""
    tip, made = EMPTY, []
    for number in range(count):
        read = tip.next(shown(number + 90), utc_text(datetime.now(UTC)))
        tip = after(read)
        made.append({"number": number, "record": canonical(read).decode()})
    envelope = sign(canonical(tip), READS_TYPE, private_key_of(sign_as)).model_dump_json()
    await changed(
        url, text("DELETE FROM seen"), delete(reads), insert(reads).values(made), update(tips).values(envelope=envelope)
    )


async def put_back(url: str) -> None:
    """The log as it was one record earlier, with the tip that the installation had signed then."""
    held = database(url)
    async with held.reading() as connection:
        record = (await connection.execute(select(reads.c.record).where(reads.c.number == 1))).scalar_one()
    await held.close()
    envelope = sign(canonical(after(Read.model_validate_json(record))), READS_TYPE, private_key_of(VIGIL)).model_dump_json()
    gone = (text("DELETE FROM seen WHERE number > 1"), delete(reads).where(reads.c.number > 1))
    await changed(url, *gone, update(tips).values(envelope=envelope))


NOTHING = sign(b"nothing", READS_TYPE, private_key_of(VIGIL)).model_dump_json()
TAMPERED: dict[str, Callable[[str], Awaitable[None]]] = {
    "put back": put_back,
    "all gone": lambda url: changed(url, text("DELETE FROM seen"), delete(reads), update(tips).values(envelope=None)),
    "tip no tip": lambda url: changed(url, update(tips).values(envelope="nothing")),
    "tip of nothing": lambda url: changed(url, update(tips).values(envelope=NOTHING)),
    "made anew by another": lambda url: anew(url, 4, sign_as="kz.knb"),
    "made anew by the installation": lambda url: anew(url, 3),
    "made anew and longer": lambda url: anew(url, 5),
}


@pytest.mark.parametrize("tampered", [*TAMPERED.values()], ids=[*TAMPERED])
async def test_a_gateway_does_not_go_on_with_a_log_that_is_not_its_own(
    url: str, tampered: Callable[[str], Awaitable[None]]
) -> None:
    """While it runs it remembers what it wrote last; to go on would be to vouch for the change. Nothing is recorded."""
    async with opened(url) as (log,):
        for number in range(3):
            await log.record(shown(number))
        await tampered(url)
        with pytest.raises(NotVerified):
            await log.record(shown(4))
        async with log._database.reading() as connection:
            officers = " ".join((await connection.execute(select(reads.c.record))).scalars())

    assert "officer-4" not in officers


async def test_a_gateway_goes_on_with_what_another_has_added(url: str) -> None:
    """Its own last record is in there, so it is the same log."""
    async with opened(url, 2) as (here, there):
        await here.record(shown(0))
        for number in (1, 2):
            await there.record(shown(number))
        last = await here.record(shown(3))

    assert 3 == last.number


@pytest.mark.parametrize("name", ["tip no tip", "tip of nothing", "made anew by another"])
async def test_a_gateway_that_starts_goes_on_only_with_what_the_installation_has_signed(url: str, name: str) -> None:
    """It remembers nothing, and still the signature must be the installation's."""
    async with opened(url) as (log,):
        for number in range(3):
            await log.record(shown(number))
    await TAMPERED[name](url)
    async with opened(url) as (started,):
        with pytest.raises(NotVerified, match="tip of the log"):
            await started.record(shown(4))


async def test_what_is_no_record_is_named_by_its_number(url: str) -> None:
    """A page that holds it is refused with the number, and not served as if it were not there."""
    async with opened(url) as (log,):
        for number in range(3):
            await log.record(shown(number))
        await changed(url, update(reads).where(reads.c.number == 1).values(record='{"number": 1}'))
        with pytest.raises(NotVerified) as refused:
            await log.page(0, 10)

    assert 1 == refused.value.entry


async def test_while_the_database_is_away_nothing_is_recorded_and_later_all_is_well(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that another holds too long: everybody who waits is told, nobody hangs, and the next is recorded."""
    async with opened(url, 2) as (log, other):
        await log.record(shown(0))
        monkeypatch.setattr(log_of_reads, "PATIENCE", 0.2)
        async with other._database.writing() as connection:
            await connection.execute(select(tips).with_for_update())
            refused = await asyncio.gather(*(log.record(shown(number)) for number in range(1, 4)), return_exceptions=True)
        monkeypatch.undo()
        after_all = await log.record(shown(5))
        page = await log.page(0, 100)

    assert {Unavailable} == {type(one) for one in refused}
    assert after_all == page.reads[-1]
    assert signed_tip(page.tip, SYSTEM) == verify_reads(page.reads)


async def test_who_goes_away_while_it_is_written_disturbs_nobody(url: str) -> None:
    """A caller that has hung up is cancelled; the record may stand, and the others have theirs."""
    async with opened(url) as (log,):
        tasks = [asyncio.create_task(log.record(shown(number))) for number in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        page = await log.page(0, 100)

    assert [Read, asyncio.CancelledError, Read, Read] == [type(one) for one in done]
    assert signed_tip(page.tip, SYSTEM) == verify_reads(page.reads)
