"""How many statements about one delivery are being judged at once. Temporal takes ten updates of one workflow and refuses others,
which would be tried again and again. So they wait here, in the order in which they came; what stops a delivery does not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from gateway.temporal import NoWorkerError

AT_ONCE: Final = 6
"""Statements of one delivery: of ten updates that Temporal takes, some are left for stops, other gateways and polled answers."""


class Lanes:
    """One lane for each delivery that somebody speaks about now; none is kept for longer."""

    def __init__(self) -> None:
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, delivery: str, patience: float) -> AsyncIterator[None]:
        """Wait for a turn. Raises `NoWorkerError` after `patience` seconds: those before it are not being judged."""
        lane = self._lanes.setdefault(delivery, asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(patience):
                await lane.acquire()
        except TimeoutError as error:
            raise NoWorkerError from error
        try:
            yield
        finally:
            lane.release()
