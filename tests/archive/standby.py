"""PostgreSQL that must have all on a standby too, while there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from archive.database import Database
from tests.archive.samples import database


@asynccontextmanager
async def no_standby(url: str) -> AsyncIterator[Database]:
    """The database, as a process opens it that waits for a standby for half a second, and then gives up."""
    with pytest.MonkeyPatch.context() as hurry:
        hurry.setattr("archive.database.PATIENCE", 0.5)
        hurried = database(url)
    await _demand(url, demanded=True)
    try:
        yield hurried
    finally:
        await _demand(url, demanded=False)
        await hurried.close()


async def _demand(url: str, *, demanded: bool) -> None:
    """Have PostgreSQL wait for a standby, or for none; the tables are there by then."""
    archive = database(url)
    await archive.migrate()
    async with archive._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(f"ALTER SYSTEM SET synchronous_standby_names TO '{'*' if demanded else ''}'"))
        await connection.execute(text("SELECT pg_reload_conf()"))
        shown = text("SHOW synchronous_standby_names")
        async with asyncio.timeout(60):
            while bool((await connection.execute(shown)).scalar_one()) != demanded:  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(0.01)
    await archive.close()
