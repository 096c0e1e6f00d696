import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import delete, func, select, update

from archive.batches import Batch, BatchKept, Diverges, Extent
from archive.database import Database
from archive.deliveries import Deliveries
from archive.ledgers import SLICE, SLICE_BYTES, Ledgers
from archive.questions import ListQuestion
from archive.tables import data_keys, entries, metadata
from domain.signing import tree
from domain.signing.canonical import canonical
from domain.words.errors import Malformed, NotFound, NotVerified, TimedOut, Unavailable
from domain.words.limits import BATCH_BYTES, BATCH_ENTRIES, ENTRY_BYTES
from rehearsal.services import EPOCH
from tests.archive.samples import AT, NAME, READER, batch, database, entry, glanced, ledger, new_keys, request, root, standing
from tests.archive.standby import no_standby

ROUNDS = 3


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Ledgers, Database]]:
    """The ledgers in a new database."""
    archive = database(url)
    try:
        yield Ledgers(archive, new_keys(), lambda: EPOCH), archive
    finally:
        await archive.close()


async def rows(archive: Database) -> dict[str, list[Any]]:
    """Everything that is in the archive."""
    async with archive.reading() as connection:
        return {table.name: list(await connection.execute(select(table))) for table in metadata.sorted_tables}


async def said(ledgers: Ledgers, branch: int | None = None) -> list[bytes | None]:
    """All entries of the ledger, slice by slice."""
    found: list[bytes | None] = []
    since: int | None = 0
    while since is not None:
        page = await ledgers.slice(NAME, since, branch=branch)
        found += [one.entry for one in page.entries]
        since = page.next
    return found


async def test_what_is_kept_is_there_and_proves_itself(url: str) -> None:
    """Batch after batch, the entries come back in order as they were, under the root that the workflow stated."""
    whole = ledger(7)
    async with opened(url) as (ledgers, _):
        kept = [await ledgers.keep(batch(whole, first, size)) for first, size in ((0, 1), (1, 4), (4, 7))]
        leaves, held, found = await ledgers.leaves(NAME), await ledgers.held(NAME), await said(ledgers)

    assert [(1, 1), (4, 2), (7, 3)] == [(one.size, one.change) for one in kept if isinstance(one, BatchKept)]
    assert whole == found
    assert held is not None
    assert (0, 7, root(whole)) == (held.branch, held.size, held.root)
    assert root(whole) == tree.root(leaves)


async def test_to_keep_a_batch_again_changes_nothing(url: str) -> None:
    """Not a byte in any table, though its read model says something else; and it is answered like the first time."""
    whole = ledger(5)
    async with opened(url) as (ledgers, archive):
        first = await ledgers.keep(batch(whole))
        before = await rows(archive)
        again = await ledgers.keep(batch(whole, standing=standing(phase="under_way")))
        after = await rows(archive)

    assert isinstance(first, BatchKept)
    assert first.model_copy(update={"change": None}) == again
    assert before == after


async def test_a_batch_that_overlaps_adds_what_is_new(url: str) -> None:
    """A workflow that does not know how much arrived sends from where it is sure."""
    whole = ledger(6)
    async with opened(url) as (ledgers, _):
        await ledgers.keep(batch(whole, 0, 4))
        kept = await ledgers.keep(batch(whole, 2, 6))
        found = await said(ledgers)

    assert BatchKept(branch=0, size=6, change=2) == kept
    assert whole == found


async def test_two_who_write_at_once_make_one_ledger(url: str) -> None:
    """Eight attempts at each batch from two processes: each entry once, one change for each batch."""
    whole = ledger(40)
    ring, archives = new_keys(), [database(url), database(url)]
    writers = [Ledgers(one, ring) for one in archives]

    try:
        for first in range(0, 40, 10):
            kept = await asyncio.gather(*(writers[number % 2].keep(batch(whole, first, first + 10)) for number in range(8)))
            assert 1 == len([one for one in kept if isinstance(one, BatchKept) and one.change is not None])
        found, changes = await said(writers[0]), await rows(archives[0])
    finally:
        for one in archives:
            await one.close()

    assert whole == found
    assert 1 == len(changes["deliveries"])
    assert 4 == changes["last_change"][0].number


async def test_two_with_different_entries_at_once_do_not_mix(url: str) -> None:
    """One is kept whole, the other diverges and leaves no entry."""
    ring, archives = new_keys(), [database(url), database(url)]
    sides = [ledger(5), ledger(5, "other")]
    try:
        found = await asyncio.gather(*(Ledgers(one, ring).keep(batch(side)) for one, side in zip(archives, sides, strict=True)))
        kept = await said(Ledgers(archives[0], ring))
    finally:
        for one in archives:
            await one.close()

    assert {BatchKept, Diverges} == set(map(type, found))
    assert kept == sides[[type(one) for one in found].index(BatchKept)]


@pytest.mark.parametrize(
    ("how", "seq", "given"),
    [
        ("other", 3, batch(ledger(6, "other", 3), 2, 6)),
        ("other", 3, batch(ledger(4, "other", 3), 2, 4)),
        ("ahead", 4, batch(ledger(4), 2, 4)),
        ("behind", 5, batch(ledger(8), 6, 8)),
        ("root", 5, batch(ledger(6, "other", 2), 5, 6)),
        ("root", 0, batch(ledger(5), root=bytes(32))),
    ],
)
async def test_a_workflow_that_diverges_overwrites_nothing(url: str, how: str, seq: int, given: Batch) -> None:
    """Another leaf, an archive that is ahead or behind, another root: the answer and the alarm say where; the ledger stays."""
    whole = ledger(5)
    async with opened(url) as (ledgers, archive):
        await ledgers.keep(batch(whole))
        before = await rows(archive)
        found = await ledgers.keep(given)
        once = await rows(archive)
        await ledgers.keep(given)
        after = await rows(archive)

    assert Diverges.model_validate({"branch": 0, "seq": seq, "how": how, "size": 5, "root": root(whole)}) == found
    assert [(how, 0, seq, 2)] == [(one.alarm, one.alarm_branch, one.alarm_seq, one.change) for one in once["deliveries"]]
    assert once == after, "said again, it is no news"
    for table in set(before) - {"deliveries", "last_change"}:
        assert before[table] == after[table]


async def test_what_an_archive_held_is_compared_with_what_a_workflow_states(url: str) -> None:
    """A workflow that is as far or further is right. One that is not as far, or has another root, sets the alarm."""
    whole = ledger(5)
    async with opened(url) as (ledgers, archive):
        assert await ledgers.held(NAME) is None
        await ledgers.keep(batch(whole))
        held = await ledgers.held(NAME)
        assert held is not None
        stated = [Extent(branch=0, size=5, root=root(whole)), Extent(branch=0, size=9, root=root(ledger(9)))]
        right = [await ledgers.compare(NAME, held, one) for one in (*stated, Extent(branch=1, size=1, root=bytes(32)))]
        quiet = (await rows(archive))["deliveries"][0].alarm
        wrong = [
            await ledgers.compare(NAME, held, one)
            for one in (Extent(branch=0, size=4, root=root(ledger(4))), Extent(branch=0, size=5, root=bytes(32)))
        ]
        alarm = (await rows(archive))["deliveries"][0].alarm

    assert ([None] * 3, None) == (right, quiet)
    assert [(0, 4, "ahead", 5), (0, 5, "root", 5)] == [(one.branch, one.seq, one.how, one.size) for one in wrong if one]
    assert "root" == alarm


async def test_what_follows_a_divergence_is_kept_on_a_branch(url: str) -> None:
    """It shares what is before. Both can be read and both verify; who is still on the old branch adds nothing to it."""
    old, new = ledger(6), ledger(8, "other", 4)
    async with opened(url) as (ledgers, archive):
        await ledgers.keep(batch(old))
        await ledgers.keep(batch(new, 4, 7))
        kept = [
            await ledgers.keep(batch(new, 4, 7, branch=1)),
            await ledgers.keep(batch(new, 6, 8, branch=1)),
        ]
        late = [await ledgers.keep(batch(old, 2, 6)), await ledgers.keep(batch(ledger(7), 6, 7))]
        both = [await said(ledgers, 0), await said(ledgers)]
        leaves = [await ledgers.leaves(NAME, 0), await ledgers.leaves(NAME)]
        newest = (await rows(archive))["deliveries"][0]

    assert [(1, 7), (1, 8)] == [(one.branch, one.size) for one in kept]  # type: ignore[union-attr]
    ahead = Diverges(branch=1, seq=6, how="ahead", size=8, root=root(new))
    assert [BatchKept(branch=0, size=6, change=None), ahead] == late
    assert [old, new] == both
    assert [root(old), root(new)] == [tree.root(one) for one in leaves]
    assert (1, 8, root(new)) == (newest.branch, newest.size, newest.root)


async def test_branches_of_branches_share_what_is_before_each(url: str) -> None:
    """Each stands on the branch that leads to where it begins, which need not be the one before it."""
    first, second, third, fourth = ledger(8), ledger(7, "second", 5), ledger(5, "third", 3), ledger(9, "fourth", 7)
    async with opened(url) as (ledgers, _):
        for number, (whole, since) in enumerate(((first, 0), (second, 5), (third, 3), (fourth, 7))):
            assert isinstance(await ledgers.keep(batch(whole, since, branch=number)), BatchKept)
        found = [await said(ledgers, number) for number in range(4)]
        sizes = [one.size for one in await ledgers.branches(NAME)]

    assert [first, second, third, fourth] == found
    assert [8, 7, 5, 9] == sizes


async def test_a_branch_begins_nowhere_else_than_where_something_leads(url: str) -> None:
    """Behind what was lost, or after what nobody has: nothing is kept, and the alarm says what is lacking."""
    whole = ledger(9)
    async with opened(url) as (ledgers, _):
        await ledgers.keep(batch(whole, 0, 5))
        wrong = [
            await ledgers.keep(batch(whole, 7)),
            await ledgers.keep(batch(whole, 7, branch=1)),
            await ledgers.keep(batch(ledger(9, "other", 2), 4, branch=1)),
        ]
        kept = await said(ledgers)

    assert [("behind", 5), ("behind", 5), ("behind", 4)] == [(one.how, one.seq) for one in wrong if isinstance(one, Diverges)]
    assert whole[:5] == kept


async def test_what_is_kept_as_it_should_be_ends_an_alarm(url: str) -> None:
    """Once the archive has been restored the delivery goes on; while people have still to decide, the alarm stays."""
    whole = ledger(9)
    async with opened(url) as (ledgers, archive):
        await ledgers.keep(batch(whole, 0, 5))
        await ledgers.keep(batch(whole, 7))
        alarms = [(await rows(archive))["deliveries"][0].alarm]
        for first, undecided in ((5, True), (7, False)):
            await ledgers.keep(batch(whole, first, first + 2, standing=standing(diverged=undecided)))
            alarms.append((await rows(archive))["deliveries"][0].alarm)

    assert ["behind", "behind", None] == alarms


async def test_an_attempt_that_was_given_up_comes_too_late(url: str) -> None:
    """Its batch is right, and would look like an archive that is ahead; it is refused before anything is compared."""
    whole = ledger(6)
    async with opened(url) as (ledgers, archive):
        await ledgers.keep(batch(whole), EPOCH + timedelta(seconds=1))
        with pytest.raises(TimedOut):
            await ledgers.keep(batch(whole, 0, 3), EPOCH)
        alarm = (await rows(archive))["deliveries"][0].alarm

    assert alarm is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"at":1}',
        b"[" * 100_000,
        entry(1),
        entry(0) + b" ",
        canonical({"seq": 0, "at": AT, "event": {"event": "stated"}}),
        canonical({"seq": 0, "at": AT, "salt": "", "event": {"event": "x" * 41}}),
        canonical({"seq": 0, "at": AT, "salt": "", "event": "stated"}),
        canonical({"seq": "0", "at": AT, "salt": "", "event": {"event": "stated"}}),
    ],
)
async def test_what_is_no_entry_is_refused(data: bytes, tmp_path: Any) -> None:
    """Bytes that are not canonical, another number, a part that is missing: nobody could verify the leaf."""
    async with opened(f"sqlite+aiosqlite:///{tmp_path}/archive.db") as (ledgers, _):
        with pytest.raises(Malformed, match="entry 0 is not the canonical bytes"):
            await ledgers.keep(batch([data]))
        assert await ledgers.held(NAME) is None


def test_a_batch_adds_up() -> None:
    """Size and peaks fit the entries; else it is no batch."""
    for changed in ({"size": 4}, {"peaks": (bytes(32),)}, {"root": b"short"}, {"entries": ()}):
        with pytest.raises(ValidationError):
            Batch.model_validate(dict(batch(ledger(5))) | changed)


def test_a_batch_is_bounded_in_count_and_bytes() -> None:
    """200 entries and 512 KiB are a batch, one more is none; one entry alone may have 1 MiB."""
    half = [bytes(BATCH_BYTES // 2)] * 2

    assert BATCH_ENTRIES == len(batch(ledger(BATCH_ENTRIES)).entries)
    assert 2 == len(batch(half).entries)
    assert 1 == len(batch([bytes(ENTRY_BYTES)]).entries)
    for wrong in (ledger(BATCH_ENTRIES + 1), [*half, b"x"], [bytes(ENTRY_BYTES + 1)]):
        with pytest.raises(ValidationError):
            batch(wrong)


async def test_a_slice_is_bounded_and_says_where_to_go_on(url: str) -> None:
    """At most so many entries and bytes, one at least; never more than there are; the last one says that it is the last."""
    large = [
        canonical({"seq": seq, "at": AT, "salt": "", "event": {"event": "stated", "said": "x" * (ENTRY_BYTES - 200)}})
        for seq in range(6)
    ]
    async with opened(url) as (ledgers, _):
        for seq in range(6):
            await ledgers.keep(batch(large, seq, seq + 1))
        pages = [await ledgers.slice(NAME, since, count) for since, count in ((0, SLICE), (4, SLICE), (0, 2), (5, 0), (6, 9))]
        with pytest.raises(NotFound):
            await ledgers.slice("unknown-1")

    assert [([0, 1, 2, 3], 4), ([4, 5], None), ([0, 1], 2), ([5], None), ([], None)] == [
        ([one.seq for one in page.entries], page.next) for page in pages
    ]
    assert sum(len(one.entry or b"") for one in pages[0].entries) <= SLICE_BYTES


async def test_nothing_that_was_said_stands_in_the_database_in_clear(url: str) -> None:
    """Neither entries nor title, row of the watch floor nor requests: without the ring, a copy of the database opens nothing."""
    async with opened(url) as (ledgers, archive):
        asked = request("uz.customs", AT).model_copy(update={"request": b"MARKED"})
        secret = standing(title="MARKED", glance=glanced(title="MARKED"), requests=(asked,))
        await ledgers.keep(batch(ledger(2, "MARKED"), standing=secret))
        assert "MARKED" not in repr(await rows(archive))
        with pytest.raises(Unavailable, match="is missing here"):
            await Ledgers(archive, new_keys()).slice(NAME)


async def test_an_entry_that_was_moved_or_altered_is_refused_by_its_number(url: str) -> None:
    """Whoever can write the database can destroy an entry; it cannot stand for another, nor its leaf for another leaf."""
    whole = ledger(4)
    async with opened(url) as (ledgers, archive):
        await ledgers.keep(batch(whole))
        found = {row.seq: row for row in (await rows(archive))["entries"]}
        for values in ({"opening": found[1].opening, "leaf": found[1].leaf}, {"opening": b""}, {"leaf": bytes(32)}):
            async with archive.writing() as connection:
                await connection.execute(update(entries).where(entries.c.seq == 2).values(values))
            with pytest.raises(NotVerified) as refused:
                await ledgers.slice(NAME)
            assert 2 == refused.value.entry
            async with archive.writing() as connection:
                await connection.execute(update(entries).where(entries.c.seq == 2).values(found[2]._asdict()))
        assert whole == await said(ledgers)


async def test_without_its_data_key_a_delivery_gets_no_new_one(url: str) -> None:
    """A table that was not put back is missed, and not papered over: its entries would never open again."""
    whole = ledger(4)
    async with opened(url) as (ledgers, archive):
        await ledgers.keep(batch(whole, 0, 2))
        async with archive.writing() as connection:
            await connection.execute(delete(data_keys))
        with pytest.raises(Unavailable, match="data key of saxaul-22 is missing"):
            await ledgers.keep(batch(whole, 2))


async def test_the_read_model_is_what_was_kept_last(url: str) -> None:
    """Row, participants, States and requests are those of the newest batch; what it no longer says is gone."""
    whole = ledger(2)
    before = standing(requests=(request("uz.customs", AT), request(READER, None, "departure")), states=("KZ", "UZ", "KG"))
    after = standing(phase="ended", ended=True, closed_at=AT, outcome="destroyed", title="Renamed", states=("KZ",), group="twins")
    after = after.model_copy(update={"participants": before.participants[:1]})
    async with opened(url) as (ledgers, archive):
        await ledgers.keep(batch(whole, 0, 1, standing=before))
        first = await rows(archive)
        await ledgers.keep(batch(whole, 1, 2, standing=after))
        second = await rows(archive)
        row = await Deliveries(archive, ledgers._ring).one(ListQuestion(reader=READER, reach="own"), NAME)

    counts = [[len(found[name]) for name in ("participants", "states", "requests")] for found in (first, second)]
    assert [[2, 3, 2], [1, 1, 0]] == counts
    assert ("ended", True, AT, "destroyed", "Renamed", "twins", 2, 2) == (
        row.phase, row.ended, row.closed_at, row.outcome, row.title, row.group, row.size, row.change,
    )  # fmt: skip


KEEPER = """
import asyncio, sys
from archive.ledgers import Ledgers
from tests.archive.samples import batch, database, ledger, new_keys

async def main(url, first):
    ledgers = Ledgers(database(url), new_keys())
    for number in range(int(first), 10_000):
        whole = ledger(30)
        for start in range(0, 30, 10):
            await ledgers.keep(batch(whole, start, start + 10, delivery=f"case-{number}"))
            print(number, start + 10, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.kill
async def test_whoever_is_killed_while_keeping_leaves_whole_batches(url: str) -> None:
    """A process is killed with SIGKILL again and again: what it was told is kept is there; entries, tree and read model agree."""
    told: dict[str, int] = {}
    for number in range(ROUNDS):
        command = (sys.executable, "-c", KEEPER, url, str(1000 * number))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(11 + number):
            delivery, size = (await process.stdout.readline()).split()
            told[f"case-{int(delivery)}"] = int(size)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    archive = database(url)
    ledgers = Ledgers(archive, new_keys())
    async with archive.reading() as connection:
        counted = select(entries.c.delivery, func.count().label("entries")).group_by(entries.c.delivery)
        counts = {row.delivery: row.entries for row in await connection.execute(counted)}
    found = await rows(archive)
    trees = {name: tree.root(await ledgers.leaves(name)) for name in counts}
    await archive.close()

    assert all(counts.get(name, 0) >= size for name, size in told.items())
    for table in ("deliveries", "branches"):
        assert {row.delivery: row.size for row in found[table]} == counts
    for table in ("deliveries", "branches"):
        assert {row.delivery: row.root for row in found[table]} == trees
    assert {row.delivery for row in found["data_keys"]} == counts.keys()


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_batch_that_no_standby_has_is_not_said_to_be_kept_however_often_it_is_tried(url: str) -> None:
    """The standby is away, and whoever gives up waiting for it leaves the batch in the one database: the next attempt finds it
    there. If that were an answer, the run would let go of what is lost with that machine.
    """
    keys = new_keys()
    async with no_standby(url) as hurried:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await Ledgers(hurried, keys).keep(batch(ledger(3)))
    archive = database(url)
    kept = await Ledgers(archive, keys).keep(batch(ledger(3)))
    await archive.close()

    assert (3, None) == (kept.size, kept.change)  # type: ignore[union-attr]
