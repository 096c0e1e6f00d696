import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.database import Database
from rehearsal.over_http import free_ports
from tests.tables import new_archive, sqlite_url

PATIENCE = 30.0
PASSWORD = "open sesame"


@dataclass(frozen=True)
class PostgreSQL:
    """A server of this test's own."""

    port: int

    def create(self, database: str, template: str = "template1") -> str:
        """A new database with what is in another one; its URL, without the password."""
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--username", "temporal")
        subprocess.run([program("createdb"), *where, "--template", template, database], env=environment, check=True)  # noqa: S603
        return f"postgresql+asyncpg://temporal@127.0.0.1:{self.port}/{database}"


def program(name: str) -> str | None:
    """Where a program of PostgreSQL is, if it is installed."""
    places = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places]))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real PostgreSQL server, with a password, for the whole session."""
    if not all(map(program, ("initdb", "postgres", "createdb"))):
        pytest.skip("PostgreSQL is not installed: no initdb, postgres and createdb on the path or in /usr/lib/postgresql")
    as_root = os.geteuid() == 0  # the server refuses to run as root
    user = {"user": "nobody"} if as_root else {}
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory(prefix="vigil-postgresql-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD)
        for path in (folder, folder / "password") if as_root else ():
            shutil.chown(path, "nobody")
        secret = ("--auth", "scram-sha-256", "--username", "temporal", "--pwfile", folder / "password")
        made = (program("initdb"), "--pgdata", folder / "data", "--no-sync", *secret)
        subprocess.run([*map(str, made)], check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)  # type: ignore[call-overload]  # noqa: S603
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        command = [program("postgres"), "-D", folder / "data", "-p", port, *(word for one in settings for word in ("-c", one))]
        with (folder / "log").open("wb") as said:
            server = subprocess.Popen([*map(str, command)], stdout=said, stderr=said, cwd=folder, **user)  # type: ignore[call-overload]  # noqa: S603
        try:
            _wait_for(port, server, folder / "log")
            yield PostgreSQL(port)
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            server.wait(PATIENCE)


def _wait_for(port: int, server: "subprocess.Popen[bytes]", said: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(said.read_text())


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


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing_yet(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new empty database of each kind, without a table."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create(_called())


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind, its tables made and empty."""
    if request.param == "sqlite":
        return new_archive(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create(_called(), request.getfixturevalue("with_tables"))
