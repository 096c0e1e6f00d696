"""The files of deliveries: taken whole or not at all, within what each service and each delivery may have, and found again.

A row is written before the first byte and marked whole after the last: what a crash leaves is never taken for a file, and is
removed in time. A service's file is its own: who hands in the same file twice is told so, and nobody is told of another's.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.attachments.sealing import opened, sealed
from archive.attachments.storage import Storage
from archive.branches import lock
from archive.database import Database
from archive.sealed import DataKey, KeyWrapping
from archive.tables import attachments, data_keys
from domain.plan.attachment import HEAD, File, begins_as
from domain.words.errors import Malformed, NotAllowed, NotFound, Unavailable, VigilError
from domain.words.limits import FILES_BYTES, FILES_BYTES_EACH, LARGEST_FILE, MOST_FILES, MOST_FILES_EACH
from domain.words.moments import utc_text
from domain.words.text import fill, mark

log = logging.getLogger("vigil.archive")

UNNAMED: Final = timedelta(days=7)
"""For so long a file is kept that no statement names: one may be signed without a network, and carried."""
COMING: Final = timedelta(days=1)
"""After so long what has not come whole is not coming any more."""
MOST_TIDIED: Final = 1_000
"""Files that one round of tidying looks at."""

BESIDE: Final = mark("the statement names it all the same; hand the file over otherwise")

Sure = Callable[[], Awaitable[None]]
Named = Callable[[str], Awaitable[Collection[str]]]


@dataclass(frozen=True)
class Quota:
    """How much may be kept."""

    largest: int = LARGEST_FILE
    each: int = MOST_FILES_EACH
    bytes_each: int = FILES_BYTES_EACH
    most: int = MOST_FILES
    bytes: int = FILES_BYTES


class Files:
    """All files of an installation. Each method raises `Unavailable` if the database or the storage is away."""

    def __init__(
        self,
        database: Database,
        ring: KeyWrapping,
        storage: Storage,
        quota: Quota | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._ring = ring
        self._storage = storage
        self._quota = quota or Quota()
        self._clock = clock

    async def beats(self) -> None:
        """Raises `Unavailable` if the storage is away."""
        await self._storage.beats()

    async def put(self, delivery: str, service: str, told: File, pieces: AsyncIterator[bytes], sure: Sure | None = None) -> bool:
        """Take a file of this service, if it is what it is said to be; whether it was not there yet. `sure` is asked when all of
        it has come.

        Raises `Malformed` for another digest, size or type than was said, `NotAllowed` beyond a quota or once the delivery is
        expunged, and what `pieces` and `sure` raise: then nothing is kept.
        """
        name = secrets.token_hex(16)
        key = await self._reserved(delivery, service, told, name)
        if key is None:
            return False
        try:
            await self._storage.put(name, sealed(_checked(told, pieces, sure), key, name))
            await self._whole(delivery, service, told.digest, name)
        except BaseException:
            await asyncio.shield(self._let_go(name))
            raise
        return True

    async def get(self, delivery: str, digest: str) -> tuple[int, AsyncGenerator[bytes]]:
        """The size of a file, and what is in it. Raises `NotFound` if none has handed it in, `NotVerified` at the first part that
        was altered in the storage.
        """
        async with self._database.reading() as connection:
            mine = select(attachments).filter_by(delivery=delivery, digest=digest, whole=True).order_by(attachments.c.since)
            row = (await connection.execute(mine)).first()
            key = await self._key(connection, delivery)
        if row is None or key is None:
            raise NotFound(mark("nobody has handed in this file"), hint=mark("ask its service for it"))
        return row.size, opened(self._storage.get(row.object), key, row.object)

    async def kept(self, delivery: str) -> Mapping[str, tuple[str, ...]]:
        """The digests of files that are there, and of which services."""
        found: dict[str, tuple[str, ...]] = {}
        async with self._database.reading() as connection:
            whole = select(attachments).filter_by(delivery=delivery, whole=True).order_by(attachments.c.since)
            for row in await connection.execute(whole):
                found[row.digest] = (*found.get(row.digest, ()), row.service)
        return found

    async def remove_all(self, delivery: str) -> None:
        """Remove every file of a delivery. To ask again removes what is left."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(attachments.c.object).filter_by(delivery=delivery))).all()
        for row in rows:
            await self._remove(row.object)

    async def tidy(self, named: Named) -> int:
        """Remove what has not come whole within a day, what nothing has named within a week since it was last handed in, and what
        nobody can open any more; how many. `named`: the digests that a delivery names.
        """
        now, removed = self._clock(), 0
        async with self._database.reading() as connection:
            since, never = utc_text(now - UNNAMED), utc_text(now - COMING)
            gone = attachments.c.delivery.in_(select(data_keys.c.delivery).where(data_keys.c.wrapped.is_(None)))
            unnamed = attachments.c.whole & ~attachments.c.named & (attachments.c.since < since)
            old = gone | unnamed | (~attachments.c.whole & (attachments.c.since < never))
            rows = (await connection.execute(select(attachments, gone.label("gone")).where(old).limit(MOST_TIDIED))).all()
        known: dict[str, Collection[str] | None] = {}
        for row in rows:
            if row.whole and not row.gone:
                if row.delivery not in known:
                    known[row.delivery] = await _named_in(row.delivery, named)
                names = known[row.delivery]
                if names is not None and row.digest in names:
                    async with self._database.writing() as connection:
                        await connection.execute(update(attachments).filter_by(object=row.object).values(named=True))
                    continue
                if names is None or not await self._given_up(row):
                    continue
            await self._remove(row.object)
            removed += 1
        return removed

    async def _given_up(self, row: Row[Any]) -> bool:
        """A file that nothing names is none any more, unless its service has handed it in again since it was looked at, or
        another gateway has seen that it is named.
        """
        async with self._database.writing() as connection:
            await lock(connection, row.delivery)
            seen = update(attachments).filter_by(object=row.object, since=row.since, named=False).values(whole=False)
            return (await connection.execute(seen.returning(attachments.c.object))).first() is not None

    async def _reserved(self, delivery: str, service: str, told: File, name: str) -> DataKey | None:
        """The key to seal it with, once a row says that it comes; none where this service's file is there already."""
        async with self._database.writing() as connection:
            await lock(connection, delivery)
            key = await self._key(connection, delivery)
            if key is None:
                raise NotAllowed(fill("{name} is expunged, so no file of it is taken", name=delivery))
            rows = (await connection.execute(select(attachments).filter_by(delivery=delivery))).all()
            mine = [row.object for row in rows if (row.service, row.digest, row.whole) == (service, told.digest, True)]
            if mine:  # who is told that it is there is about to name it
                again = update(attachments).where(attachments.c.object.in_(mine)).values(since=utc_text(self._clock()))
                await connection.execute(again)
                return None
            self._within(service, told.size, rows)
            row = {"object": name, "delivery": delivery, "service": service, "digest": told.digest, "size": told.size}
            more = {"since": utc_text(self._clock()), "whole": False, "named": False}
            await connection.execute(insert(attachments).values(row | more))
            return key

    def _within(self, service: str, size: int, rows: Collection[Row[Any]]) -> None:
        """Raises `NotAllowed` where there is no room for one more, those counted that are still coming."""
        quota, own = self._quota, [row for row in rows if row.service == service]
        if size > quota.largest:
            message = fill("a file has {most} bytes at most here, and this one {size}", most=quota.largest, size=size)
            raise NotAllowed(message, hint=BESIDE)
        spent = (
            len(own) >= quota.each
            or len(rows) >= quota.most
            or sum(row.size for row in own) + size > quota.bytes_each
            or sum(row.size for row in rows) + size > quota.bytes
        )
        if spent:
            message = fill(
                "no more files are taken here: {service} may have {each} and {bytes_each} bytes, and all {most} and {bytes}",
                service=service,
                each=quota.each,
                bytes_each=quota.bytes_each,
                most=quota.most,
                bytes=quota.bytes,
            )
            raise NotAllowed(message, hint=BESIDE)

    async def _whole(self, delivery: str, service: str, digest: str, name: str) -> None:
        """All of it is there. Raises `NotAllowed` where the delivery was expunged meanwhile."""
        async with self._database.writing() as connection:
            await lock(connection, delivery)
            mine = {"delivery": delivery, "service": service, "digest": digest, "whole": True}
            twice = (await connection.execute(select(attachments).filter_by(**mine))).first() is not None
            if await self._key(connection, delivery) is None:
                raise NotAllowed(fill("{name} is expunged, so no file of it is taken", name=delivery))
            if not twice:
                await connection.execute(update(attachments).filter_by(object=name).values(whole=True))
        if twice:
            await self._remove(name)

    async def _let_go(self, name: str) -> None:
        """Forget one that has not come whole; where that cannot be done now, it is in time. One that is whole stays: that was
        written and its answer was lost, and whoever hands it in again has been told that it is there.
        """
        try:
            async with self._database.writing() as connection:  # and wait for an answer that is still being written
                left = select(attachments.c.whole).filter_by(object=name).with_for_update()
                whole = (await connection.execute(left)).scalar_one_or_none()
            if not whole:
                await self._remove(name)
        except VigilError:
            log.warning("what is left of a file that has not come whole is removed later")

    async def _remove(self, name: str) -> None:
        await self._storage.remove(name)
        async with self._database.writing() as connection:
            await connection.execute(delete(attachments).filter_by(object=name))

    async def _key(self, connection: AsyncConnection, delivery: str) -> DataKey | None:
        row = (await connection.execute(select(data_keys).filter_by(delivery=delivery))).first()
        if row is None:
            raise Unavailable(fill("the data key of {name} is missing", name=delivery), hint=mark("restore the table data_keys"))
        return None if row.wrapped is None else DataKey.unwrapped(delivery, row.ring_key, row.wrapped, self._ring)


async def _named_in(delivery: str, named: Named) -> Collection[str] | None:
    """The digests that it names; none where its ledger cannot be read: then its files stay. Raises `Unavailable`."""
    try:
        return await named(delivery)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one ledger, the files of others are tidied
        log.warning("it is not known which files are named", extra={"code": type(error).__name__, "delivery": delivery})
        return None


async def _checked(told: File, pieces: AsyncIterator[bytes], sure: Sure | None) -> AsyncIterator[bytes]:
    """What comes, as it comes. Raises `Malformed` at the end, and before where that is clear, if it is not what was said."""
    size, found, head = 0, hashlib.sha256(), b""
    async for piece in pieces:
        size += len(piece)
        if size > told.size:
            raise Malformed(fill("it is longer than the {size} bytes that were said", size=told.size))
        if len(head) < HEAD:
            head = (head + piece)[:HEAD]
            if len(head) == min(HEAD, told.size) and not begins_as(told.media_type, head):
                raise Malformed(
                    fill("it does not begin as {media_type} does", media_type=told.media_type),
                    hint=mark("say what kind of file it is: how its name ends is what the command goes by"),
                )
        found.update(piece)
        yield piece
    if size != told.size or found.hexdigest() != told.digest:
        message = fill("it is not the file that was said: {size} bytes came, with another digest or size", size=size)
        raise Malformed(message, hint=mark("send it again; where it was changed meanwhile, name it anew"))
    if sure is not None:
        await sure()
