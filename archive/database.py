"""The connection to the database, its migrations, and its errors as ours: without a word of what was being written."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.util import await_only

from domain.words.errors import Malformed, Unavailable
from domain.words.text import mark

log = logging.getLogger("vigil.archive")
for talker in ("alembic", "aiosqlite"):  # the second would write down every value
    logging.getLogger(talker).setLevel("WARNING")

PATIENCE = 5.0
"""Seconds that the database is given for one answer."""
CLOSING = 4 * PATIENCE
"""Seconds for which whoever closes waits for those that have a connection in hand: longer than any of them waits for a lock, and
then for the answer. After so long PostgreSQL ends a transaction in which nothing is asked any more: one of a process that is
frozen, or whose machine has gone without a word, would keep all others from writing for as long as that lasts.
"""
MIGRATION = 3600.0
"""Seconds that PostgreSQL is given for one step of a migration, which may go over every entry."""
NEXT_TRY = 0.005
"""Seconds after which SQLite's one lock is asked for again. SQLite itself asks ever more seldom, so that whoever has waited for
long is passed by all who have just come: a gateway that writes down what it shows, by a worker that keeps a thousand deliveries.
"""
MIGRATIONS = "archive:migrations"
MIGRATING = 0x56_49_47_49_4C
"""PostgreSQL's advisory lock that a migration holds: of two gateways that start together one waits."""
LEVEL = "READ COMMITTED"
"""PostgreSQL's isolation of who writes: who has waited for a lock sees what was written meanwhile."""
A_WORD = "pg_logical_emit_message(true, 'vigil', CAST('' AS text))"
"""Whoever gives up waiting for a standby leaves what was written in the one database. So who finds it there writes a word too:
PostgreSQL waits for a standby only where something was written, and then until that has what was written before.
"""
OLDER = """
SELECT count(*) FROM (
    SELECT unnest(ARRAY[backend_xid, backend_xmin]) AS began FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
    UNION ALL SELECT xmin FROM pg_replication_slots
    UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
) AS others WHERE age(began) >= age(CAST(CAST(:mark AS text) AS xid))
"""
"""How many of those whom PostgreSQL keeps rows for that are overwritten had begun by a mark."""
SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
OUT_OF_PLACE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})
"""Errors of SQLite that stay with a connection after their cause has gone."""
OPTIONS: dict[str, frozenset[str]] = {SQLITE: frozenset(), POSTGRESQL: frozenset({"ssl"})}
"""What may stand after the `?` of each one's URL."""


class Database:
    """One database, by its URL. Its tables are brought up to date before the first use; nothing is connected before."""

    def __init__(self, url: str | None, password: str | None = None) -> None:
        """Raises `Malformed` if there is no URL, or it is none of SQLite or PostgreSQL."""
        self._engine = _engine(url, password)
        self._writer = _writer_of(self._engine)
        self._reader = _reader_of(self._engine)
        self._migrated = False
        self._migrating = asyncio.Lock()
        self._in_hand = 0
        self._closed = False

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write. Raises `Unavailable`: then it may or may not have been written."""
        with _as_ours(), self._kept_open():
            await self.migrate()
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes nothing and keeps nobody from writing. All that it reads is of one moment. Raises
        `Unavailable`.
        """
        with _as_ours(), self._kept_open():
            await self.migrate()
            async with self._reader.begin() as connection:
                yield connection

    async def settle(self) -> None:
        """Return when the standby too has all that could be read here until now. Raises `Unavailable`."""
        if self._engine.dialect.name == "postgresql":
            async with self.writing() as connection:
                await connection.execute(text(f"SELECT {A_WORD}"))

    async def migrate(self) -> None:
        """Bring the tables up to date, once. Raises `Unavailable`."""
        async with self._migrating:
            if not self._migrated:
                with _as_ours(), self._kept_open():
                    _touch(self._engine)
                    async with _migrator_of(self._writer).begin() as connection:
                        await connection.run_sync(upgrade)
                self._migrated = True

    async def revisions(self) -> tuple[frozenset[str], frozenset[str]]:
        """At which migration the tables are, and the newest that this version has. Changes nothing. Raises `Unavailable`."""
        with _as_ours(), self._kept_open():
            async with self._engine.connect() as connection:
                there = await connection.run_sync(lambda one: MigrationContext.configure(one).get_current_heads())
        return frozenset(there), frozenset(_newest_of(MIGRATIONS))

    async def purge(self) -> None:
        """Remove from the database's own files what was overwritten in `data_keys`. Raises `Unavailable`.

        SQLite keeps it in its write-ahead log until that is emptied, PostgreSQL in the table until that is written anew: each for
        as long as somebody reads who had begun before. Neither can be done in a transaction.
        """
        with _as_ours(), self._kept_open():
            await self.migrate()
            if self._engine.dialect.name == "postgresql":
                async with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                    await _nobody_older(connection)
                    await connection.execute(text("VACUUM (FULL) data_keys"))
                return
            async with self._engine.connect() as connection:
                await connection.exec_driver_sql("COMMIT")  # ends the transaction that `_begin` opens before any statement
                busy = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
                await connection.exec_driver_sql("BEGIN")
            if busy:
                raise _still_there()

    async def close(self) -> None:
        """End every connection, those that somebody has in hand once they are done with: else nobody would end them. Nobody gets
        another from then on: who comes late, while a process ends, would open one that nobody ends.
        """
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                while self._in_hand:  # noqa: ASYNC110 - no bell rings
                    await asyncio.sleep(0.01)
        for engine in dict.fromkeys((self._engine, self._writer)):
            await engine.dispose()

    @contextmanager
    def _kept_open(self) -> Iterator[None]:
        """Whoever closes waits for this. Raises `Unavailable` once it is closed."""
        if self._closed:
            raise Unavailable(
                mark("the archive is closed: this process is ending"), hint=mark("try again; a stop is taken all the same")
            )
        self._in_hand += 1
        try:
            yield
        finally:
            self._in_hand -= 1


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date, in one transaction; nothing where they are. Whoever has them is waited for no longer than for
    an answer.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = {round(PATIENCE * 1000)}"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATING})
    if set(MigrationContext.configure(connection).get_current_heads()) == set(_newest_of(MIGRATIONS)):
        return
    config = _migrations_at(MIGRATIONS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def _newest_of(location: str) -> tuple[str, ...]:
    """The last of the migrations that stand there."""
    return tuple(ScriptDirectory.from_config(_migrations_at(location)).get_heads())


def known() -> tuple[str, ...]:
    """Every migration that this version has, the oldest first. None can be undone."""
    scripts = ScriptDirectory.from_config(_migrations_at(MIGRATIONS))
    return tuple(one.revision for one in scripts.walk_revisions())[::-1]


def _migrations_at(location: str) -> Config:
    config = Config()
    config.set_main_option("script_location", location)
    return config


def _engine(url: str | None, password: str | None) -> AsyncEngine:
    hint = f"give VIGIL_ARCHIVE_URL as {SQLITE}:////var/lib/vigil/archive.db or {POSTGRESQL}://user@host/database"
    if url is None:
        raise Malformed("there is no archive: VIGIL_ARCHIVE_URL is not set", hint=hint)
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Malformed("VIGIL_ARCHIVE_URL is no URL of a database", hint=hint) from error
    if parsed.drivername not in OPTIONS or not parsed.database or not parsed.query.keys() <= OPTIONS[parsed.drivername]:
        raise Malformed(f"VIGIL_ARCHIVE_URL is not the address of a {SQLITE} or {POSTGRESQL} database", hint=hint)
    if parsed.drivername == SQLITE and (password is not None or parsed.host or parsed.username):
        message = f"VIGIL_ARCHIVE_URL names a file ({SQLITE}), which has no host, user or password"
        raise Malformed(message, hint=f"leave VIGIL_ARCHIVE_PASSWORD empty, or {hint}")
    if password is not None:
        parsed = parsed.set(password=password)
    if parsed.drivername == POSTGRESQL:
        frozen = {"idle_in_transaction_session_timeout": str(round(CLOSING * 1000))}
        limits = {"timeout": PATIENCE, "command_timeout": PATIENCE, "server_settings": frozen}
        return create_async_engine(parsed, hide_parameters=True, pool_pre_ping=True, isolation_level=LEVEL, connect_args=limits)
    engine = _sqlite(parsed)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _writer_of(engine: AsyncEngine) -> AsyncEngine:
    """Through what is written: with SQLite one connection, for which those who write wait in the order in which they came."""
    if engine.dialect.name == "postgresql":
        return engine
    writer = _sqlite(engine.url, pool_size=1, max_overflow=0, pool_timeout=PATIENCE)
    event.listen(writer.sync_engine, "connect", _impatient)  # after `_durable`, which may have to wait
    event.listen(writer.sync_engine, "begin", _begin_to_write)
    return writer


def _reader_of(engine: AsyncEngine) -> AsyncEngine:
    """Through what is read. PostgreSQL would look anew at each question; SQLite does not."""
    return engine.execution_options(isolation_level="REPEATABLE READ") if engine.dialect.name == "postgresql" else engine


def _migrator_of(writer: AsyncEngine) -> AsyncEngine:
    """Through what the tables are brought up to date: with PostgreSQL a connection that ends when that is done, and has time."""
    if writer.dialect.name != "postgresql":
        return writer
    limits = {"timeout": PATIENCE, "command_timeout": MIGRATION}
    return create_async_engine(writer.url, hide_parameters=True, poolclass=NullPool, isolation_level=LEVEL, connect_args=limits)


async def _nobody_older(connection: AsyncConnection) -> None:
    """Wait until nobody is left who had begun before this. Raises `Unavailable` where that takes too long."""
    mark = (await connection.execute(text("SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)"))).scalar_one()
    until = time.monotonic() + PATIENCE
    while (await connection.execute(text(OLDER), {"mark": mark})).scalar_one():
        if time.monotonic() > until:
            raise _still_there()
        await asyncio.sleep(NEXT_TRY)


def _still_there() -> Unavailable:
    return Unavailable("somebody is reading the archive, so what was destroyed is still in its files", hint="try again")


def _sqlite(url: URL, **pool: float) -> AsyncEngine:
    """Without the driver's own transactions: ours begin as `_begin` and `_begin_to_write` say, and hold for migrations too."""
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": PATIENCE, "isolation_level": None}, **pool)
    event.listen(engine.sync_engine, "connect", _durable)
    event.listen(engine.sync_engine, "handle_error", _drop_out_of_place)
    return engine


def _durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """What is committed is on the disk, and what is deleted is overwritten."""
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _impatient(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """SQLite says at once that somebody has its lock."""
    connection.cursor().execute("PRAGMA busy_timeout=0")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_to_write(connection: Connection) -> None:
    """Whoever may write takes SQLite's one lock at once: two that first read and then write would refuse each other."""
    until = time.monotonic() + PATIENCE
    while not _taken(connection, last=time.monotonic() > until):
        await_only(asyncio.sleep(NEXT_TRY))


def _taken(connection: Connection, *, last: bool) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        if last or getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _drop_out_of_place(context: ExceptionContext) -> None:
    """SQLite opens a file that it may not write for reading only, and never tries again. So the pool drops such connections, and
    the next transaction opens the file anew: else a gateway answers 503 long after somebody has repaired the folder.
    """
    code = getattr(context.original_exception, "sqlite_errorcode", 0)
    if code & 0xFF in OUT_OF_PLACE:  # the primary code; the rest says more precisely what happened
        context.is_disconnect = True


def _touch(engine: AsyncEngine) -> None:
    """A new file is its owner's only: it says who watches what."""
    if engine.dialect.name == "sqlite":
        Path(engine.url.database or "").touch(mode=0o600)


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        message = "the archive was made by a newer version of Vigil than this one"
        raise Unavailable(message, hint="run that version, or a newer one") from error
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        log.warning("the archive cannot be reached", extra={"code": type(error).__name__})
        message = mark("the archive cannot be reached: nothing is shown that cannot be recorded, and no key counts for long")
        raise Unavailable(message, hint=mark("try again; a stop is taken all the same")) from error
