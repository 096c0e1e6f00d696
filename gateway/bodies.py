"""The body of a request: how it must come, and where it is read into what it says.

Who sends a body has proved who they are, and may all the same send rubbish, or a thousand times the same. So its size is
known before it comes, its values are counted before a parser sees it, and a large one is read beside the event loop, which has
stops to take meanwhile.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from domain.words.limits import MOST_VALUES
from domain.words.sizes import bounded
from gateway.aside import Aside

Read = TypeVar("Read")

BODY_PATIENCE = 10.0
"""Seconds in which a body must have come."""
READER: web.AppKey[Aside] = web.AppKey("reader", Aside)
"""Has turns of its own: who sends bodies by the hundred keeps nobody from a packet."""


async def received(request: web.Request) -> bytes:
    """The body. Raises what HTTP has for too slow, too large, broken off, or of another kind than JSON."""
    if "Content-Encoding" in request.headers:
        raise web.HTTPUnsupportedMediaType  # a proof is over the bytes as sent, and nothing unfolds here
    try:
        async with asyncio.timeout(BODY_PATIENCE):
            body = await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except web.RequestPayloadError as error:
        raise web.HTTPBadRequest from error
    if body and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    return body


async def read(request: web.Request, into: Callable[[bytes], Read], *, most: int = MOST_VALUES) -> Read:
    """What the body says, as `into` reads it. Raises `Malformed` where it is too much, `Unavailable` where the others take too
    long, and what `into` does.
    """
    body = await request.read()

    def both() -> Read:
        return into(bounded(body, most=most))

    return await request.app[READER].if_large(both, len(body))
