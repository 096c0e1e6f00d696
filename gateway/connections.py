"""What strangers are held to before anything is known of them: they may connect, and must then send a request in time.

A connection without a request under way is idle, be it silent or sending head or body a byte at a time. A new one may be idle
for `FIRST` seconds, one that has been of use for `AGAIN`. Beyond `MOST` connections those go first that have been idle for
longest: whoever holds connections open loses them to whoever comes with a request. No address is counted: behind the TLS
proxy all callers have the proxy's, and counting would let one stranger lock out everybody. The proxy counts addresses.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web

FIRST = 10.0
"""Seconds in which the head of a connection's first request must be there."""
AGAIN = 75.0
"""Seconds for which a connection that has been used is kept; longer than clients and proxies keep theirs."""
MOST = 800
"""Connections at once: what fits into the 1,024 open files that systems allow a process, with room to spare."""
LOOK_EVERY = 0.5
LARGEST_LINE = 32 * 1024
"""Bytes of a request's line, and of each header: a cursor at its bound has twelve for each character where all are escaped, and
the proof names the path a third longer. Beyond it the library answers, and not with a problem document.
"""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Connections:
    """Knows which connections have a request under way, and closes those that do not come to the point."""

    def __init__(self) -> None:
        self._busy: set[object] = set()
        self._used: set[object] = set()
        self._idle_since: dict[object, float] = {}

    @web.middleware
    async def seen(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """A whole head has come: from now on the connection has a request under way."""
        connection = request.protocol
        self._busy.add(connection)
        self._used.add(connection)
        try:
            return await handler(request)
        finally:
            self._busy.discard(connection)
            self._idle_since[connection] = asyncio.get_running_loop().time()

    @contextmanager
    def waiting(self, connection: object) -> Iterator[None]:
        """The rest of a request is waited for: until that is there, it holds its connection no better than half a head does."""
        self._busy.discard(connection)
        self._idle_since[connection] = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            self._busy.add(connection)

    async def watch(self, server: web.Server) -> None:
        """Look at the server's connections for as long as it runs."""
        while True:
            self.close_idle(server, asyncio.get_running_loop().time())
            await asyncio.sleep(LOOK_EVERY)

    def close_idle(self, server: web.Server, now: float) -> None:
        """Close what has been idle for too long, and of too many connections those that have been for longest."""
        open_now = server.connections
        known = set(open_now)
        self._used &= known
        self._idle_since = {one: self._idle_since.get(one, now) for one in open_now if one not in self._busy}
        longest = sorted((one for one in open_now if one in self._idle_since), key=self._idle_since.__getitem__)
        surplus = max(len(open_now) - MOST, 0)
        for number, one in enumerate(longest):
            patience = AGAIN if one in self._used else FIRST
            if number < surplus or now - self._idle_since[one] > patience:
                one.force_close()


CONNECTIONS: web.AppKey[Connections] = web.AppKey("connections", Connections)


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, *, grace: float = 5.0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """Serve there while the context is open; then requests under way have `grace` seconds. Plainly, unless `tls` says how.

    Raises `OSError`.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=grace,
        auto_decompress=False,
        max_line_size=LARGEST_LINE,
        max_field_size=LARGEST_LINE,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        assert runner.server is not None  # noqa: S101 - since it has been set up
        watch = asyncio.create_task(app[CONNECTIONS].watch(runner.server))
        try:
            yield
        finally:
            watch.cancel()
    finally:
        await runner.cleanup()
