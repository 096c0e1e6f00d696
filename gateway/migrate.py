"""Brings the archive's tables up to date, and ends: `python -m gateway.migrate`.

The first gateway or worker of a new version does the same. This is for whoever wants to see that it is done before they start,
and what the database says where it cannot be.
"""

import asyncio
import logging

from archive.database import Database
from process.configuration import password_in
from process.serve import serve
from process.settings import Settings

log = logging.getLogger("vigil.archive")


async def run(chosen: Settings, _stop: asyncio.Event) -> None:
    """All in one transaction, so that who is stopped has done nothing. Raises `VigilError`."""
    archive = Database(chosen.archive_url, password_in(chosen.archive_password))
    try:
        await archive.migrate()
    finally:
        await archive.close()
    log.info("the archive is up to date")


if __name__ == "__main__":
    serve("migrate", run)
