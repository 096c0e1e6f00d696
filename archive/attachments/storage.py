"""Where the bytes of attachments lie: a folder of this machine, or a bucket that speaks S3. What they get is encrypted."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from domain.words.errors import Malformed, NotFound, Unavailable, VigilError
from domain.words.text import fill, mark

if TYPE_CHECKING:  # the library has this type for checkers alone
    from obstore.store import S3Config

PART: Final = 5 * 1024 * 1024
"""Bytes of a part, the least that S3 takes. So much of a file is in memory, and as much again."""
AT_ONCE: Final = 2
SCHEME: Final = "s3://"
FULL: Final = re.compile("StorageFull|QuotaExceeded|FileTooLarge|507 Insufficient Storage")
"""How the library names a disk or bucket that has no room: it has one kind of error for whatever goes wrong there."""
UNTIL_WHOLE: Final = "#1"
"""What the library adds to the name of a file in a folder that is still coming. It lists no such file, nor deletes one."""
Store: TypeAlias = LocalStore | S3Store


class Storage(Protocol):
    """Keeps objects of bytes under names. Each method raises `Unavailable` if it is away."""

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Keep all of it, or nothing where `pieces` raises or this is broken off. Raises what `pieces` does."""

    def get(self, name: str) -> AsyncIterator[bytes]:
        """The bytes in pieces of any size. Raises `NotFound`."""

    async def remove(self, name: str) -> None:
        """Remove it, if it is there."""

    async def beats(self) -> None:
        """Raises `Unavailable` if it is away."""


@dataclass(frozen=True)
class Bucket:
    """How a bucket is reached, beside its own name."""

    endpoint: str | None = None
    """None: that of the provider whose invention S3 is."""
    region: str = "us-east-1"
    key_id: str | None = None
    """None: what the machine itself is given by its provider."""
    secret: str | None = field(default=None, repr=False)


class ObjectStorage:
    """A folder or a bucket, by the same library."""

    def __init__(self, store: Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    async def put(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """See `Storage`. What was written of a file that is broken off is taken away by the library, or has no name yet; of one
        whose process was killed `remove` does.
        """
        with _as_ours():
            await self._store.put_async(name, pieces, chunk_size=PART, max_concurrency=AT_ONCE)
            if self._folder is not None:  # the library leaves it to the system when that is on the disk
                await asyncio.to_thread(_to_the_disk, self._folder / name, self._folder)

    async def get(self, name: str) -> AsyncIterator[bytes]:
        """See `Storage`."""
        with _as_ours():
            found = await self._store.get_async(name)
            async for piece in found.stream(min_chunk_size=PART):
                yield bytes(piece)

    async def remove(self, name: str) -> None:
        """See `Storage`."""
        with _as_ours(), suppress(FileNotFoundError):
            if self._folder is not None:
                (self._folder / f"{name}{UNTIL_WHOLE}").unlink(missing_ok=True)
            await self._store.delete_async(name)

    async def beats(self) -> None:
        """See `Storage`. A folder that cannot be written to counts as away."""
        with _as_ours():
            if self._folder is not None and not os.access(self._folder, os.W_OK | os.X_OK):
                raise _away()
            async for _ in self._store.list(chunk_size=1):
                break


def storage_at(place: str, bucket: Bucket) -> ObjectStorage:
    """The storage at this place: the path of a folder, which is made for its owner alone, or `s3://BUCKET/PREFIX`.

    Raises `Malformed`.
    """
    if not place.startswith(SCHEME):
        folder = Path(place)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return ObjectStorage(LocalStore(folder), folder)
        except OSError as error:
            raise Malformed(
                fill("{place} is no folder for attachments: {strerror}", place=place, strerror=error.strerror),
                hint=mark("see VIGIL_ATTACHMENTS"),
            ) from error
    name, _, prefix = place.removeprefix(SCHEME).partition("/")
    if not name or (bucket.key_id is None) != (bucket.secret is None):
        message = fill("{place} is no bucket, or its key has one half only", place=place)
        raise Malformed(message, hint=mark("give s3://BUCKET/PREFIX, and key id and secret together, or neither"))
    config: S3Config = {"region": bucket.region, "virtual_hosted_style_request": False}
    if bucket.endpoint is not None:
        config["endpoint"] = bucket.endpoint
    if bucket.key_id is not None and bucket.secret is not None:
        config |= {"access_key_id": bucket.key_id, "secret_access_key": bucket.secret}
    plainly = bucket.endpoint is not None and bucket.endpoint.startswith("http://")
    store = S3Store(
        name,
        prefix=prefix or None,
        config=config,
        client_options={"allow_http": plainly, "connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=60)},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )
    return ObjectStorage(store)


def _to_the_disk(*paths: Path) -> None:
    try:
        for path in paths:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise _away() from error


@contextmanager
def _as_ours() -> Iterator[None]:
    """What is wrong with the storage, without a word of where it is, or of what was being written."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(mark("the storage has no such object"), hint=mark("restore it from a backup of the storage")) from error
    except VigilError:
        raise
    except (BaseError, PermissionError, NotADirectoryError) as error:
        raise (_full() if FULL.search(str(error)) else _away()) from error


def _full() -> Unavailable:
    return Unavailable(
        mark("the storage of attachments has no room for it"),
        hint=mark("tell whoever runs the installation, and send the file again then: the delivery does not wait for it"),
    )


def _away() -> Unavailable:
    return Unavailable(
        mark("the storage of attachments cannot be reached"),
        hint=mark("send the file again later: the delivery does not wait for it"),
    )
