import asyncio
import logging
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text

from archive.database import Database
from archive.tables import metadata, reads
from domain.words.errors import Malformed, Unavailable
from rehearsal.over_http import free_ports
from tests.archive.test_log import database


def differences(connection: Connection) -> list[object]:
    """What Alembic would have to change to make the tables what the code says they are."""
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_the_migrations_make_the_tables_the_code_uses(url: str) -> None:
    """From nothing to the newest, there is nothing that Alembic would change; run again, nothing happens."""
    for _ in range(2):
        archive = database(url)
        async with archive.reading() as connection:
            assert [] == await connection.run_sync(differences)
        await archive.close()


async def test_gateways_that_start_together_make_the_tables_once(url: str) -> None:
    """Four at once: one makes them, the others find them."""
    gateways = [database(url) for _ in range(4)]
    await asyncio.gather(*(one.migrate() for one in gateways))
    async with gateways[0].reading() as connection:
        tips = (await connection.execute(text("SELECT count(*) FROM tips"))).scalar_one()
    for one in gateways:
        await one.close()

    assert 1 == tips


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
    ],
)
def test_what_is_no_address_of_an_archive_is_refused(url: str) -> None:
    """With what would be right, and without what was given: it may hold a password."""
    with pytest.raises(Malformed, match="VIGIL_ARCHIVE_URL") as refused:
        Database(url)

    assert "sqlite+aiosqlite:///" in refused.value.hint


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
