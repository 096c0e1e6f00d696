"""The body of a request: how it must come, and where it is read into what it says.

Who sends a body has proved who they are, and may all the same send rubbish, or a thousand times the same. So its size is
known before it comes, its values are counted before a parser sees it, and a large one is read beside the event loop, which has
stops to take meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from aiohttp import web

from domain.words.limits import MOST_VALUES
from domain.words.sizes import bounded
from gateway.aside import Aside
from gateway.connections import CONNECTIONS

Read = TypeVar("Read")

BODY_PATIENCE = 10.0
"""Seconds in which a body must have come; of a file each piece of it."""
SLOWEST = 32 * 1024
"""Bytes of a file that must come in each second: slower than that no line is that carries files."""
READER: web.AppKey[Aside] = web.AppKey("reader", Aside)
"""Has turns of its own: who sends bodies by the hundred keeps nobody from a packet."""


async def received(request: web.Request) -> bytes:
    """The body. Raises what HTTP has for too slow, too large, broken off, or of another kind than JSON."""
    if "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType  # a proof is over the bytes as sent, and nothing unfolds here
    try:
        with request.app[CONNECTIONS].waiting(request.protocol):
            async with asyncio.timeout(BODY_PATIENCE):
                body = await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except web.RequestPayloadError as error:
        raise web.HTTPBadRequest from error
    if body and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    return body


async def streamed(request: web.Request) -> AsyncIterator[bytes]:
    """The body of a file in pieces as they come, each within `BODY_PATIENCE`, all of them no slower than `SLOWEST`. It is never
    in memory as a whole. Raises what HTTP has for too slow or broken off.
    """
    if request.headers.get("Expect", "").lower() == "100-continue":  # whoever is refused need not send it at all
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # it is no part of the answer
    clock = asyncio.get_running_loop().time
    until = clock() + BODY_PATIENCE + (request.content_length or 0) / SLOWEST
    try:  # whoever keeps the pieces may ask for each from a task of its own, so no timeout spans two
        while piece := await asyncio.wait_for(request.content.readany(), min(BODY_PATIENCE, until - clock())):
            yield piece
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise web.HTTPBadRequest from error


def sized(request: web.Request) -> int:
    """How long the file in the body is said to be. Raises what HTTP has for a body that does not say, or is folded."""
    if "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType
    if request.content_length is None:
        raise web.HTTPLengthRequired
    return request.content_length


async def read(request: web.Request, into: Callable[[bytes], Read], *, most: int = MOST_VALUES) -> Read:
    """What the body says, as `into` reads it. Raises `Malformed` where it is too much, `Unavailable` where the others take too
    long, and what `into` does.
    """
    body = await request.read()

    def both() -> Read:
        return into(bounded(body, most=most))

    return await request.app[READER].if_large(both, len(body))
