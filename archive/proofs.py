"""Proofs that have been used: none is good twice, at whichever gateway."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.tables import used_proofs
from domain.plan import proof
from domain.signing.canonical import digest_of_bytes
from domain.words.errors import NotAuthentic
from domain.words.moments import utc_text
from domain.words.text import mark

INSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""`ON CONFLICT` is written alike in both, and is in neither's common part."""


async def unused(connection: AsyncConnection, digests: Iterable[str], now: datetime) -> set[str]:
    """Those of these digests of proofs, each given once, that had not been used; from now on they have."""
    until = utc_text(now + timedelta(seconds=2 * proof.LIFETIME))
    added = INSERT[connection.dialect.name](used_proofs).on_conflict_do_nothing().returning(used_proofs.c.digest)
    return set((await connection.execute(added, [{"digest": digest, "until": until} for digest in digests])).scalars())


async def use_up(connection: AsyncConnection, service: str, nonce: str, now: datetime) -> None:
    """The proof of this service with this nonce has been used from now on. Raises `NotAuthentic` if it had been."""
    if not await unused(connection, [digest_of_bytes(f"{service} {nonce}".encode())], now):
        raise NotAuthentic(mark("this proof has been used already"), hint=mark("sign each request anew"))
