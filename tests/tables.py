"""New archives for tests, their tables made already: the migrations take most of the time of a small test."""

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine

from archive.database import upgrade


def sqlite_url(folder: Path) -> str:
    """Of an archive in this folder."""
    return f"sqlite+aiosqlite:///{folder}/archive.db"


@cache
def _with_tables() -> bytes:
    """A SQLite file in which the migrations have been run, once."""
    with TemporaryDirectory(prefix="vigil-archive-") as folder:
        path = Path(folder, "archive.db")
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        with closing(sqlite3.connect(path)) as connection:  # two that open a file at once cannot both make it one with such a log
            connection.execute("PRAGMA journal_mode=WAL")
        return path.read_bytes()


def new_archive(folder: Path) -> str:
    """The URL of a new archive in this folder, its tables made and empty."""
    path = folder / "archive.db"
    path.touch(0o600)
    path.write_bytes(_with_tables())
    return sqlite_url(folder)
