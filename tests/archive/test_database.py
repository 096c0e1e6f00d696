import asyncio
import logging
import sqlite3
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, event, insert, select, text, update
from sqlalchemy.engine import ExceptionContext

from archive import migrations
from archive.branches import lock
from archive.database import MIGRATIONS, Database, _migrations_at, upgrade
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from archive.occasions import Occasions
from archive.sealed import DataKey
from archive.shifts import ALL, Shifts
from archive.tables import branches, data_keys, deliveries, entries, last_change, metadata, reads
from domain.signing import tree
from domain.words.errors import Malformed, Unavailable
from gateway import migrate
from process.settings import Settings
from rehearsal.over_http import free_ports
from tests.archive.samples import AT, NAME, batch, ledger, new_keys, root
from tests.archive.test_log import database
from tests.postgresql import PASSWORD

NEVER = "9999-12-31T23:59:59.999999Z"


def differences(connection: Connection) -> list[object]:
    """What Alembic would have to change to make the tables what the code says they are."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_the_migrations_make_the_tables_the_code_uses(nothing_yet: str) -> None:
    """From nothing to the newest, there is nothing that Alembic would change; run again, nothing happens."""
    for _ in range(2):
        archive = database(nothing_yet)
        async with archive.reading() as connection:
            assert [] == await connection.run_sync(differences)
        await archive.close()


async def test_an_archive_of_an_older_version_goes_on_with_what_it_holds(nothing_yet: str) -> None:
    """Its ledgers are read, the next batch follows on them, and what was before is neither news nor anything of a shift."""
    archive, ring = database(nothing_yet), new_keys()
    key, ring_key, wrapped = DataKey.new(NAME, ring)
    own, older = {"delivery": NAME, "branch": 0}, ledger(3)
    ends = {"size": 3, "root": root(older)}
    stands = {"plan_digest": "0" * 64, "rules": 1, "phase": "consent", "channel": "road", "ended": False, "started_at": AT}
    due = {"change": 7, "next_due": NEVER, "overdue_since": NEVER, "title": key.seal(b"Heroin", "deliveries", "title")}
    peaks = b"".join(batch(ledger(4), 3).peaks)
    rows = [
        {**own, "seq": seq, "leaf": tree.leaf(one), "event": "stated", "at": AT}
        | {"opening": key.seal(one, "entries", "opening", 0, seq)}
        for seq, one in enumerate(older)
    ]
    async with archive._writer.begin() as connection:
        await connection.run_sync(up_to_0008)
        await connection.execute(insert(data_keys).values(delivery=NAME, wrapped=wrapped, ring_key=ring_key))
        await connection.execute(insert(deliveries).values(own | ends | stands | due))
        await connection.execute(insert(branches).values(own | ends | {"since": 0, "peaks": peaks}))
        await connection.execute(insert(entries), rows)
        await connection.execute(update(last_change).values(number=7))

    ledgers, lists = Ledgers(archive, ring), Deliveries(archive, ring)
    assert older == [one.entry for one in (await ledgers.slice(NAME)).entries]
    assert [(NAME, None)] == [(one.delivery, one.glance) for one in (await lists.floor(None, 10))[0]]
    kept = await ledgers.keep(batch(ledger(4), 3, happened=((3, "stopped"),)))
    assert (4, 8) == (kept.size, kept.change)  # type: ignore[union-attr]
    assert 7 == await Occasions(archive).change()
    assert {"stopped": 1} == (await Shifts(archive, ring).happened(ALL, "", NEVER)).counts
    assert None is not (await lists.floor(None, 10))[0][0].glance
    await archive.close()


def up_to_0008(connection: Connection) -> None:
    """The tables as they were before there was a watch floor."""
    config = _migrations_at(MIGRATIONS)
    config.attributes["connection"] = connection
    command.upgrade(config, "0008")


async def test_the_tables_are_made_before_anybody_starts(nothing_yet: str, tmp_path: Path) -> None:
    """`python -m gateway.migrate` needs the database and its password, and none of the keys and files that a gateway reads."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    asked = dict.fromkeys(("directory", "cards", "key", "payload_keys"), tmp_path / "nowhere")
    secret = tmp_path / "password" if nothing_yet.startswith("postgresql") else None
    chosen = Settings(archive_url=nothing_yet, archive_password=secret, **asked)  # type: ignore[arg-type]
    await migrate.run(chosen, asyncio.Event())

    archive = database(nothing_yet)
    there, newest = await archive.revisions()
    await archive.close()
    nowhere = "sqlite+aiosqlite:////nowhere/archive.db"
    assert there == newest
    with pytest.raises(Unavailable, match="archive cannot be reached"):
        await migrate.run(chosen.model_copy(update={"archive_url": nowhere, "archive_password": None}), asyncio.Event())


async def test_gateways_that_start_together_make_the_tables_once(nothing_yet: str) -> None:
    """Four at once: one makes them, the others find them. Who has waited too long is told so, and tries again."""
    gateways = [database(nothing_yet) for _ in range(4)]

    async def starts(one: Database) -> None:
        while True:
            with suppress(Unavailable):
                return await one.migrate()

    async with asyncio.timeout(60):
        await asyncio.gather(*(starts(one) for one in gateways))
    async with gateways[0].reading() as connection:
        tips = (await connection.execute(text("SELECT count(*) FROM tips"))).scalar_one()
    for one in gateways:
        await one.close()

    assert 1 == tips


SLOW = """
from alembic import op

revision, down_revision = "0001", None


def upgrade():
    op.execute("SELECT pg_sleep(1.5)")
"""


async def test_a_migration_takes_as_long_as_it_takes(nothing_yet: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index over millions of entries is not made within the time that the database is given for one answer: who were refused
    it would be refused it at each start, and no process of the new version would ever have an archive.
    """
    if nothing_yet.startswith("sqlite"):  # which is given no such time
        return
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "slow_0001.py").write_text(SLOW)
    (tmp_path / "env.py").write_text((Path(migrations.__file__).parent / "env.py").read_text())
    monkeypatch.setattr("archive.database.MIGRATIONS", str(tmp_path))
    monkeypatch.setattr("archive.database.PATIENCE", 1.0)
    archive = database(nothing_yet)
    await archive.migrate()
    there, newest = await archive.revisions()
    await archive.close()

    assert {"0001"} == there == newest


async def test_who_migrates_waits_no_longer_for_another_than_for_an_answer(
    nothing_yet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has the tables, or makes them, may have them for long: whoever waits says so, and tries again."""
    monkeypatch.setattr("archive.database.PATIENCE", 0.5)
    one, other = database(nothing_yet), database(nothing_yet)
    async with one._writer.begin() as connection:
        await connection.run_sync(upgrade)
        with pytest.raises(Unavailable):
            await other.migrate()
    await other.migrate()
    await one.close()
    await other.close()


async def test_what_is_read_in_one_transaction_is_of_one_moment(url: str) -> None:
    """Else a handover that is withdrawn while it is read would be opened with the key of the one that has its number now, and be
    taken for altered.
    """
    archive, counted = database(url), select(last_change.c.number)
    async with archive.reading() as connection:
        before = (await connection.execute(counted)).scalar_one()
        async with archive.writing() as other:
            await other.execute(update(last_change).values(number=7))
        then = (await connection.execute(counted)).scalar_one()
    async with archive.reading() as connection:
        after = (await connection.execute(counted)).scalar_one()
    await archive.close()

    assert (0, 0, 7) == (before, then, after)


async def test_who_has_waited_for_a_lock_sees_what_was_written_meanwhile(url: str) -> None:
    """Whatever level of isolation the server has for who names none: else what waits for a lock would decide by what it had seen
    before, such as whether there is room for one more.
    """
    if url.startswith("sqlite"):  # which takes its one lock first
        return
    one = database(url)
    async with one._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        named = url.rpartition("/")[2]
        await connection.execute(text(f"ALTER DATABASE {named} SET default_transaction_isolation TO 'repeatable read'"))
    await one.close()
    first, second, counted = database(url), database(url), select(last_change.c.number)

    async def one_more(archive: Database) -> None:
        async with archive.writing() as connection:
            await lock(connection, NAME)
            number = (await connection.execute(counted)).scalar_one()
            await connection.execute(update(last_change).values(number=number + 1))

    await asyncio.gather(*(one_more(archive) for archive in (first, second) for _ in range(4)))
    async with first.reading() as connection:
        number = (await connection.execute(counted)).scalar_one()
    await first.close()
    await second.close()

    assert 8 == number


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_who_is_frozen_in_the_middle_of_writing_keeps_nobody_else_from_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker was stopped, or its machine lost, after it had begun to keep a batch. PostgreSQL ends its transaction, and another
    writes; what the frozen one had written does not count, and it is told so when it goes on.
    """
    monkeypatch.setattr("archive.database.CLOSING", 1.0)
    frozen, other = database(url), database(url)
    count = update(last_change).values(number=last_change.c.number + 1).returning(last_change.c.number)

    async def in_its_midst() -> None:
        async with frozen.writing() as connection:
            await connection.execute(count)
            async with other.writing() as beside, asyncio.timeout(60):
                numbers.append((await beside.execute(count)).scalar_one())
            await connection.execute(count)

    numbers = list[int]()
    with pytest.raises(Unavailable):
        await in_its_midst()
    async with frozen.writing() as connection:
        numbers.append((await connection.execute(count)).scalar_one())
    await frozen.close()
    await other.close()

    assert [1, 2] == numbers


async def test_a_database_of_a_newer_version_is_not_touched(url: str) -> None:
    """It says which version is missing: this one."""
    first = database(url)
    async with first.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await first.close()
    second = database(url)
    with pytest.raises(Unavailable, match="newer version of Vigil"):
        await second.migrate()
    await second.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "archive.db",
        "sqlite:///archive.db",
        "sqlite+aiosqlite://",
        "mysql+aiomysql://a/b",
        "postgresql+asyncpg://a/b?sslmode=x",
        "sqlite+aiosqlite://host/archive.db",
    ],
)
def test_what_is_no_address_of_an_archive_is_refused(url: str) -> None:
    """With what would be right, and without what was given: it may hold a password."""
    with pytest.raises(Malformed, match="VIGIL_ARCHIVE_URL") as refused:
        Database(url)

    assert "sqlite+aiosqlite:///" in refused.value.hint


def test_a_file_is_opened_with_no_password() -> None:
    """It would protect nothing; the password is said to nobody."""
    with pytest.raises(Malformed, match="no host, user or password") as refused:
        Database("sqlite+aiosqlite:////nowhere/archive.db", "of another database")

    assert "another" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    "where", ["postgresql+asyncpg://vigil@127.0.0.1:{port}/archive", "sqlite+aiosqlite:////nowhere/archive.db"]
)
async def test_a_database_that_is_away_is_unavailable(where: str) -> None:
    """Nobody listens, or the folder is not there."""
    archive = Database(where.format(port=free_ports(1)[0]))
    with pytest.raises(Unavailable, match="archive cannot be reached"):
        await archive.migrate()
    await archive.close()


async def test_a_wrong_password_is_unavailable(url: str) -> None:
    """As for a server that is away; the password is said to nobody."""
    if url.startswith("sqlite"):
        return
    archive = Database(url, "a wrong one")
    with pytest.raises(Unavailable) as refused:
        await archive.migrate()
    await archive.close()

    assert "wrong one" not in f"{refused.value} {refused.value.__cause__}"


async def test_an_error_says_nothing_of_what_was_being_written(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither our error nor its cause nor the log holds a value of the row that did not fit."""
    archive = database(url)
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as refused:
        async with archive.writing() as connection:
            await connection.execute(insert(reads), [{"number": 1, "record": "MARKED"}, {"number": 1, "record": "MARKED"}])
    await archive.close()

    said = f"{refused.value} {refused.value.hint} {refused.value.__cause__} " + " ".join(map(str, caplog.messages))
    assert "MARKED" not in said
    assert "IntegrityError" in {getattr(record, "code", "") for record in caplog.records}


async def test_a_file_is_its_owners_only_and_what_is_committed_is_on_the_disk(tmp_path: Path) -> None:
    """Mode 0600 from the first moment; write-ahead log, and `synchronous` FULL (2)."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    async with archive.writing() as connection:
        found = [(await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in ("journal_mode", "synchronous")]
    await archive.close()

    assert ["wal", 2] == found
    assert 0o600 == (tmp_path / "archive.db").stat().st_mode & 0o777


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from sqlalchemy import insert
from archive.database import Database
from archive.tables import links
from domain.words.errors import Unavailable

async def write(archive, digest):
    try:
        async with archive.writing() as connection:
            row = {"digest": digest, "service": "kz.knb", "officer": "KZ-1", "key": "", "until": ""}
            await connection.execute(insert(links).values(row))
    except Unavailable:
        return "503"
    return "written"

async def main(folder):
    url = f"sqlite+aiosqlite:///{folder}/archive.db"
    made, archive, other = Database(url), Database(url), Database(url)
    await made.migrate()
    await made.close()
    await other.migrate()  # as another process has it open: so the write-ahead log is there, and the file can be read
    paths = [folder, *folder.iterdir()]
    if os.geteuid() == 0:  # what a mode forbids, it does not forbid root
        for path in paths:
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(modes[path] & 0o555)
    said = [await write(archive, "one"), await write(archive, "two")]
    for path in paths:
        path.chmod(modes[path])
    said += [await write(archive, "three"), await write(archive, "four")]
    await archive.close()
    await other.close()
    print(*said)

NOBODY = 65534
asyncio.run(main(Path(sys.argv[1])))
"""


async def test_sqlite_is_written_again_as_soon_as_its_folder_can_be() -> None:
    """A file that could only be read is opened anew once it can be written: nobody has to restart the process."""
    with tempfile.TemporaryDirectory(prefix="vigil-archive-") as folder:  # not below pytest's own, which is root's only
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", READ_ONLY, folder, stdout=asyncio.subprocess.PIPE)
        said = (await process.communicate())[0].decode().split()

    assert ["503", "503", "written", "written"] == said


async def test_nobody_gets_a_connection_of_an_archive_that_is_closed(tmp_path: Path) -> None:
    """Who comes late, while a process ends, would open a connection that nobody ends."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    await archive.migrate()
    await archive.close()

    for late in (archive.reading, archive.writing):
        with pytest.raises(Unavailable, match="the archive is closed"):
            async with late():
                pass
    with pytest.raises(Unavailable, match="the archive is closed"):
        await archive.purge()


async def test_who_waits_for_the_lock_of_another_process_asks_as_often_after_long_as_at_first(tmp_path: Path) -> None:
    """SQLite would ask ever more seldom, and who has just come would pass: thirty tries come before it has no more patience."""
    archive, tries, often = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db"), 0, asyncio.Event()
    await archive.migrate()

    def tried(context: ExceptionContext) -> None:
        nonlocal tries
        tries += getattr(context.original_exception, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY
        if tries >= 30:
            often.set()

    async def write() -> None:
        async with archive.writing() as connection:
            await connection.execute(text("UPDATE last_change SET number = number + 1"))

    event.listen(Engine, "handle_error", tried)
    other = sqlite3.connect(f"{tmp_path}/archive.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(write())
        done, _ = await asyncio.wait({writing, waiting := asyncio.create_task(often.wait())}, return_when="FIRST_COMPLETED")
        other.execute("COMMIT")
        await writing
    finally:
        event.remove(Engine, "handle_error", tried)
        other.close()
        await archive.close()

    assert {waiting} == done


async def test_who_writes_to_sqlite_in_one_process_does_so_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    """Of ten at once the first is first, and the last is last."""
    archive, order = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db"), list[int]()
    await archive.migrate()

    async def write(number: int) -> None:
        async with archive.writing() as connection:
            await connection.execute(text("UPDATE last_change SET number = number + 1"))
            order.append(number)

    await asyncio.gather(*(write(number) for number in range(10)))
    await archive.close()

    assert list(range(10)) == order


async def test_a_connection_that_is_in_hand_when_all_is_closed_is_ended_too(tmp_path: Path) -> None:
    """Whoever has it finishes first: nothing is left for the garbage collector, which would end it and complain."""
    archive, has_it, over = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db"), asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with archive.reading():
            has_it.set()
            await over.wait()

    reading = asyncio.create_task(read())
    await has_it.wait()
    closing = asyncio.create_task(archive.close())
    await asyncio.sleep(0)
    assert not closing.done()
    over.set()
    await asyncio.gather(reading, closing)
