"""The body of a request, and how it must come."""

import asyncio

from aiohttp import web

BODY_PATIENCE = 10.0
"""Seconds in which a body must have come."""


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
