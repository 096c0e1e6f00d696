"""Under systemd a process says again and again that it goes on; one that says so no more is restarted (sd_notify(3))."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from process.metrics import Probe

SOCKET: Final = "NOTIFY_SOCKET"
EVERY: Final = 15.0
"""Seconds. The units wait for two minutes."""


def watched() -> bool:
    """Whether somebody waits to hear so."""
    return bool(os.environ.get(SOCKET)) and "WATCHDOG_USEC" in os.environ


def say_so() -> None:
    """Say it, to whom the environment names."""
    place = os.environ[SOCKET]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.sendto(b"WATCHDOG=1", f"\0{place[1:]}" if place.startswith("@") else place)


async def go_on(live: Probe | None = None) -> None:
    """Say it as long as this is so, until it is cancelled. None: it goes on as long as this task is run at all."""
    while watched():
        if live is None or (await live()).well:
            with suppress(OSError):  # nobody hears it just now: the next word comes long before anybody misses this one
                say_so()
        await asyncio.sleep(EVERY)


@asynccontextmanager
async def going_on() -> AsyncIterator[None]:
    """Say it until the block is left, however it is left."""
    saying = asyncio.create_task(go_on())
    try:
        yield
    finally:
        saying.cancel()
