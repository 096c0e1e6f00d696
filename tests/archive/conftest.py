import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.database import Database
from tests.postgresql import PASSWORD, PostgreSQL, in_a_folder_of_its_own
from tests.tables import new_archive, sqlite_url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real PostgreSQL server, with a password, for the whole session."""
    with in_a_folder_of_its_own() as server:
        yield server


@pytest.fixture(scope="session")
def with_tables(postgresql: PostgreSQL) -> str:
    """The name of a database in which the migrations have been run, once."""
    archive, loop = Database(postgresql.create("with_tables"), PASSWORD), asyncio.new_event_loop()
    loop.run_until_complete(archive.migrate())
    loop.run_until_complete(archive.close())
    loop.close()
    return "with_tables"


def _called() -> str:
    return f"archive_{os.getpid()}_{time.monotonic_ns()}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def nothing_yet(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new empty database of each kind, without a table."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create(_called())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind, its tables made and empty."""
    if request.param == "sqlite":
        return new_archive(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create(_called(), request.getfixturevalue("with_tables"))
