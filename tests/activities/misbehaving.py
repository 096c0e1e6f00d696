"""A server that does to its caller what servers do when they are broken, overloaded or in other hands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal, get_args

Way = Literal["hangs", "trickles", "resets", "redirects", "floods", "talks nonsense"]
WAYS: tuple[Way, ...] = get_args(Way)
MEGABYTES = 10


@asynccontextmanager
async def misbehaving(
    way: Way, method: str = "", together: list[int] | None = None, *, greets: bool = False
) -> AsyncIterator[str]:
    """One that answers every call in this way, or those of one method, and others as is right; its address. `together`: takes, at
    each call that comes, how many are open. `greets`: it begins before it is asked anything, as a mail server does.
    """
    served: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = b"" if greets else await reader.readuntil(b"\r\n\r\n")
            await _answer(way if head.startswith(method.encode()) else "acknowledges", writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the caller has gone
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(answer(reader, writer))
        served.add(task)
        if together is not None:
            together.append(len(served))
        task.add_done_callback(served.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tuple(served):
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)


async def _answer(way: Way | Literal["acknowledges"], writer: asyncio.StreamWriter) -> None:
    match way:
        case "acknowledges":
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        case "hangs":
            await asyncio.Event().wait()
        case "trickles":
            for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1_000_000:
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(0.05)
        case "resets":
            writer.transport.abort()
        case "redirects":
            writer.write(b"HTTP/1.1 307 Go On\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        case "floods":
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % (MEGABYTES * 1_000_000))
            for _ in range(MEGABYTES * 10):
                writer.write(b"x" * 100_000)
                await writer.drain()
        case "talks nonsense":
            writer.write(b"\x00\xff nothing of HTTP\r\n\r\n")
    await writer.drain()
