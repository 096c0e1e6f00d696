"""A file as it lies in the storage: in chunks, each encrypted for its place, so that it is opened while it comes.

A chunk opens as the chunk of this number of this object of this delivery, and the last one as the last. So whoever can write to
the storage can destroy a file, and cannot change, shorten or lengthen one, nor put one in the place of another.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from archive.sealed import DataKey
from domain.words.errors import NotVerified
from domain.words.text import mark

CHUNK: Final = 256 * 1024
"""Bytes of a chunk: encrypted in less than a millisecond, which a stop may have to wait."""
SEALED: Final = CHUNK + 28
"""The same with its nonce and its tag."""


async def sealed(pieces: AsyncIterator[bytes], key: DataKey, name: str) -> AsyncIterator[bytes]:
    """The chunks, sealed, of what comes in pieces of any size."""
    number = 0
    async for chunk, last in _cut(pieces, CHUNK):
        yield key.seal(chunk, "attachments", name, number, _at(last=last))
        number += 1


async def opened(pieces: AsyncIterator[bytes], key: DataKey, name: str) -> AsyncGenerator[bytes]:
    """What was sealed. Raises `NotVerified` at the first chunk that was altered, moved or lost."""
    number, ended = 0, False
    async for chunk, last in _cut(pieces, SEALED):
        yield key.open(chunk, "attachments", name, number, _at(last=last))
        number, ended = number + 1, last
    if not ended:
        raise NotVerified(mark("the object of an attachment is empty"))


def _at(*, last: bool) -> str:
    return "last" if last else "more"


async def _cut(pieces: AsyncIterator[bytes], size: int) -> AsyncIterator[tuple[bytes, bool]]:
    """Chunks of this size, the last one shorter or as long, and whether it is the last."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        while len(held) > size:
            yield bytes(held[:size]), False
            del held[:size]
    if held:
        yield bytes(held), True
