"""What changes as server-sent events: of a ledger until the delivery has ended, of the watch floor for an hour."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing

from aiohttp import web

from domain.delivery.ledger import Entry, Withheld
from domain.views.floor import FloorQuestion
from domain.words.errors import VigilError
from gateway.access import CALLER, PROOFS
from gateway.floor import FloorBeat, FloorChanged, FloorEvent, FloorGone
from gateway.reads import following, following_floor, shows
from gateway.reception import RECEPTION

log = logging.getLogger("vigil.gateway")

KEEP_ALIVE = 15.0
"""Seconds of silence on a stream after which a comment is sent."""
GONE = 1.0
"""Seconds after which it is noticed that a client has gone: its share is another's."""
STREAMS: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("streams")
"""Streams that are open: they are ended when the process is asked to stop."""


async def stream(request: web.Request, found: AsyncIterator[Entry | Withheld]) -> web.StreamResponse:
    """Answer with these entries as they come."""
    found = _while_known(request, found)
    first = await _first(request, found)  # what is wrong with the question is answered as for any other
    async with following(request, first, found) as recorded:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        request.app[STREAMS].add(request.task)
        request.task.add_done_callback(request.app[STREAMS].discard)
        try:
            async for text in _events(request, first, recorded):
                await answer.write(text)
        except VigilError as error:
            log.warning("a stream of changes broke off", extra={"code": error.code})
            return answer  # without an end: the client asks again from where it was
        except ConnectionError:
            return answer  # the client has gone
        await answer.write_eof()
        return answer


async def stream_floor(
    request: web.Request,
    question: FloorQuestion,
    still: Callable[[], Awaitable[None]],
    said: Callable[[FloorEvent], str],
) -> web.StreamResponse:
    """Answer with what changes on the watch floor. `still`: raises once the reader may not follow any more. `said`: an event
    as the data of a server-sent one.
    """
    reception, reader = request.app[RECEPTION], request[CALLER].service
    names = await reception.reading.floor.names(reader, question)
    if request.method == "HEAD":
        return may_follow(request)
    since = request.headers.get("Last-Event-ID") or request.query.get("since")
    found = reception.reading.floor.changes(reader, question, reception.engine, since)
    async with following_floor(request, names) as show, aclosing(found):

        async def texts() -> AsyncIterator[str]:
            async for events, version in found:
                await still()
                await show(name for event in events for name in _names(event))
                told = [f"data: {said(event)}\n\n" for event in events]
                yield "".join([*told[:-1], f"id: {version}\n", told[-1]])

        return await stream_texts(request, texts())


def may_follow(request: web.Request) -> web.Response:
    """Answer that a stream could be followed now: a page that was refused one asks so, to say why. It shows nothing."""
    shows(request, ())
    return web.Response(content_type="text/event-stream")


def _names(event: FloorEvent) -> Iterator[str]:
    """Every delivery that it names: also one that does not match, and the worst of a counter, which counts all that is open."""
    match event:
        case FloorChanged(row=row):
            yield row.glance.delivery
        case FloorGone(delivery=delivery):
            yield delivery
        case FloorBeat(counters=counters):
            yield from (one.delivery for one in counters if one.delivery is not None)
        case _:
            return


async def stream_texts(request: web.Request, texts: AsyncIterator[str]) -> web.StreamResponse:
    """Answer with these server-sent events as they come, for as long as the client is there."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await answer.prepare(request)
    request.app[STREAMS].add(request.task)
    request.task.add_done_callback(request.app[STREAMS].discard)
    try:
        async for text in texts:
            _still_there(request)
            await answer.write(text.encode())
    except VigilError as error:
        log.warning("a stream of a page broke off", extra={"code": error.code})
        return answer  # without an end: the client asks again
    except ConnectionError:
        return answer  # the client has gone
    await answer.write_eof()
    return answer


async def end_streams(app: web.Application) -> None:
    """Whoever follows asks again from where it was, another gateway if there is one."""
    open_now = app[STREAMS]
    for one in list(open_now):
        one.cancel()


async def _while_known(request: web.Request, entries: AsyncIterator[Entry | Withheld]) -> AsyncIterator[Entry | Withheld]:
    """These entries, for as long as the key that asked for them counts (R24)."""
    async for entry in entries:
        await request.app[PROOFS].still(request[CALLER])
        request.app[PROOFS].known()
        yield entry


async def _first(request: web.Request, entries: AsyncIterator[Entry | Withheld]) -> Entry | Withheld | None:
    """The first of these entries, which may be days in coming. Raises `ConnectionError` once the client has gone."""
    coming = asyncio.ensure_future(anext(entries, None))
    try:
        while not (await asyncio.wait({coming}, timeout=GONE))[0]:
            _still_there(request)
    except BaseException:
        coming.cancel()
        raise
    return coming.result()


async def _events(
    request: web.Request, first: Entry | Withheld | None, recorded: AsyncIterator[Entry | Withheld]
) -> AsyncIterator[bytes]:
    """Entries as server-sent events, and a comment now and then so that nobody on the way takes silence for death.

    Raises `ConnectionError` once the client has gone.
    """
    clock = asyncio.get_running_loop().time
    entry = first
    while entry is not None:
        yield f"id: {entry.seq}\ndata: {entry.model_dump_json()}\n\n".encode()
        coming, spoken = asyncio.ensure_future(anext(recorded, None)), clock()
        try:
            while not (await asyncio.wait({coming}, timeout=min(GONE, KEEP_ALIVE)))[0]:
                _still_there(request)
                if clock() - spoken >= KEEP_ALIVE:
                    spoken = clock()
                    yield b": still here\n\n"
        except BaseException:
            coming.cancel()
            raise
        entry = coming.result()


def _still_there(request: web.Request) -> None:
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError
