"""A small TCP proxy that stands between two processes, and on command cuts them off, falls silent, or makes everything late."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Literal, Self

from rehearsal.over_http import free_ports

State = Literal["open", "cut", "silent", "slow"]
AT_ONCE = struct.pack("ii", 1, 0)
MOST = 1 << 16
"""Bytes that are passed on at once."""
LATE = 0.4
"""Seconds by which whatever passes is late while it is slow."""


class Proxy:
    """An async context: it listens on `port` while it is open, and passes on to port `to` of this machine.

    `cut`: every connection ends with a reset, and so does each new one. `silent`: what is open is open for ever and nothing comes
    through any more, as behind a router that was restarted, and the same is true of each connection that is opened meanwhile.
    """

    def __init__(self, to: int) -> None:
        self.port = free_ports(1)[0]
        self.swallowed = 0
        """Bytes that came and were not passed on."""
        self._to = to
        self._state: State = "open"
        self._passing: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._deaf: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        await self._end()
        await self._server.wait_closed()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._passing)

    async def become(self, state: State) -> None:
        """From now on. What fell silent stays so after that, until one of its ends gives it up."""
        self._state = state
        if state == "cut":
            await self._end()
        elif state == "silent":
            self._deaf.update(self._passing)

    async def _end(self) -> None:
        ended = list(self._passing)
        for task, writers in list(self._passing.items()):
            for writer in writers:
                _reset(writer)
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._state == "cut":
            _reset(writer)
            return
        task = asyncio.current_task()
        assert task is not None
        writers = self._passing[task] = [writer]
        if self._state == "silent":
            self._deaf.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):  # one of the ends is away, or this proxy cuts it
                there, back = await asyncio.open_connection("127.0.0.1", self._to)
                writers.append(back)
                ways = {asyncio.create_task(self._pass_on(task, *way)) for way in ((reader, back), (there, writer))}
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)
        finally:
            del self._passing[task]
            self._deaf.discard(task)
            for one in writers:
                one.close()  # what was written before goes out first

    async def _pass_on(self, connection: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(MOST):
            if connection in self._deaf:
                self.swallowed += len(data)
                continue
            if self._state == "slow":
                await asyncio.sleep(LATE)
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """The other end is told that the connection is broken, not that all was said."""
    with suppress(OSError):  # it is closed
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()
