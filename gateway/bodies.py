"""The body of a request: how it must come, and where it is read into what it says.

Who sends a body has proved who they are, and may all the same send rubbish, or a thousand times the same. So its size is
known before it comes, its values are counted before a parser sees it, and a large one is read beside the event loop, which has
stops to take meanwhile.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiohttp import web

from domain.words.errors import Unavailable
from domain.words.limits import MOST_VALUES
from domain.words.sizes import bounded
from domain.words.text import mark

Read = TypeVar("Read")

BODY_PATIENCE = 10.0
"""Seconds in which a body must have come."""
AT_A_GLANCE = 8 * 1024
"""Bytes of a body that is read at once: that takes less time than to hand it over. Statements are as small as that."""
READERS = 2
"""Large bodies that are read at the same time."""
READING_PATIENCE = 10.0
"""Seconds in which a body must have been read, the wait for a reader included."""
READER: web.AppKey[ThreadPoolExecutor] = web.AppKey("reader", ThreadPoolExecutor)


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
    """What the body says, as `into` reads it. Raises `Malformed` where it is too much, `Unavailable` where it takes too long, and
    what `into` does.
    """
    body = await request.read()

    def both() -> Read:
        return into(bounded(body, most=most))

    if len(body) <= AT_A_GLANCE:
        return both()
    reading = asyncio.get_running_loop().run_in_executor(request.app[READER], both)
    done, _ = await asyncio.wait([reading], timeout=READING_PATIENCE)
    if not done:
        reading.cancel()
        raise Unavailable(
            mark("there are too many large bodies to read at once"),
            hint=mark("send it again after a pause: nothing counts twice"),
        )
    return reading.result()


async def readers(app: web.Application) -> None:
    """On cleanup: nothing that is still being read is waited for."""
    app[READER].shutdown(wait=False, cancel_futures=True)
