"""A real PostgreSQL server of one's own, in a folder, on the loopback interface; it can be killed, and started again."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rehearsal.over_http import free_ports

PATIENCE = 30.0
PASSWORD = "open sesame"
USER = "temporal"
NEEDED = ("initdb", "postgres", "createdb", "pg_isready")


def program(name: str) -> str | None:
    """Where a program of PostgreSQL is, if it is installed."""
    places = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places]))


def is_installed() -> bool:
    """Whether a server can be made here."""
    return all(map(program, NEEDED))


@dataclass
class PostgreSQL:
    """A server, with a password. `settings`: `name=value` each, beside the usual ones."""

    folder: Path
    settings: tuple[str, ...] = ()
    port: int = field(default_factory=lambda: free_ports(1)[0])

    def __post_init__(self) -> None:
        as_root = os.geteuid() == 0  # the server refuses to run as root
        self._user: dict[str, Any] = {"user": "nobody", "cwd": self.folder} if as_root else {"cwd": self.folder}
        self.password = self.folder / "password"
        self.password.touch(mode=0o600)
        self.password.write_text(PASSWORD)
        for path in (self.folder, self.password) if as_root else ():
            shutil.chown(path, "nobody")
        secret = ("--auth", "scram-sha-256", "--username", USER, "--pwfile", self.password)
        made = (program("initdb"), "--pgdata", self.folder / "data", "--no-sync", *secret)
        subprocess.run([*map(str, made)], check=True, stdout=subprocess.DEVNULL, **self._user)  # noqa: S603
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections. After it was killed, it does not start before the last of the processes
        that it had left behind is gone: so it is tried again. Raises `TimeoutError`.
        """
        until = time.monotonic() + PATIENCE
        self._begin()
        while time.monotonic() < until:
            if self.process.poll() is not None:
                self._begin()
            if self._answers():
                return
            time.sleep(0.02)
        raise TimeoutError((self.folder / "log").read_text())

    def stop(self) -> None:
        """End it at once: nothing of it is kept."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(PATIENCE)

    def create(self, database: str, template: str = "template1") -> str:
        """A new database with what is in another one; its URL, without the password."""
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--username", USER)
        subprocess.run([str(program("createdb")), *where, "--template", template, database], env=environment, check=True)  # noqa: S603
        return f"postgresql+asyncpg://{USER}@127.0.0.1:{self.port}/{database}"

    def _begin(self) -> None:
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", *self.settings)
        where = (program("postgres"), "-D", self.folder / "data", "-p", self.port)
        command = [*map(str, where), *(word for one in settings for word in ("-c", one))]
        with (self.folder / "log").open("ab") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said, **self._user)  # noqa: S603

    def _answers(self) -> bool:
        """Whether it takes connections: it does so while it recovers, and refuses them by a message of its own."""
        asked = subprocess.run(  # noqa: S603
            [str(program("pg_isready")), "--quiet", "--host", "127.0.0.1", "--port", str(self.port)], check=False
        )
        return asked.returncode == 0


@contextmanager
def in_a_folder_of_its_own() -> Iterator[PostgreSQL]:
    """A server whose data need not outlast the machine, for as long as this lasts; a test is left out where there is none."""
    if not is_installed():
        pytest.skip("PostgreSQL is not installed: its programs are neither on the path nor in /usr/lib/postgresql")
    with tempfile.TemporaryDirectory(prefix="vigil-postgresql-") as folder:
        server = PostgreSQL(Path(folder), ("fsync=off",))
        try:
            yield server
        finally:
            server.stop()
