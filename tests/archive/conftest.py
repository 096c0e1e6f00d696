import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import PostgreSQL, is_installed


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real PostgreSQL server, with a password, for the whole session."""
    if not is_installed():
        pytest.skip("PostgreSQL is not installed: its programs are neither on the path nor in /usr/lib/postgresql")
    with tempfile.TemporaryDirectory(prefix="vigil-postgresql-") as folder:
        server = PostgreSQL(Path(folder), ("fsync=off",))
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/archive.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create(f"archive_{os.getpid()}_{time.monotonic_ns()}")
