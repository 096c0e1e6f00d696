"""How many statements about one delivery are being judged at once. Temporal takes ten updates of one workflow and refuses others,
which would be tried again and again. So they wait here, in the order in which they came. What stops a delivery waits for none of
them, and for no other caller's: only for what the same caller has handed in to stop it, until that is judged or left.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

from gateway.temporal import NoWorkerError
from gateway.turns import a_place

AT_ONCE: Final = 6
"""Statements of one delivery: of ten updates that Temporal takes, some are left for stops, other gateways and polled answers."""
BRAKES_AT_ONCE: Final = 1
"""Brakes of one delivery that one caller hands in: nobody holds with them the updates that another needs."""


class Lanes:
    """One lane for each delivery that somebody speaks about now, and one for each who stops it; none is kept for longer."""

    def __init__(self) -> None:
        self._lanes: WeakValueDictionary[tuple[str, str | None], asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, delivery: str, patience: float, *, brake_by: str | None = None) -> AsyncIterator[None]:
        """Wait for a turn. Raises `NoWorkerError` after `patience` seconds: those before it are not being judged. `brake_by`: who
        hands in a brake; none: it is no brake.
        """
        width = AT_ONCE if brake_by is None else BRAKES_AT_ONCE
        lane = self._lanes.setdefault((delivery, brake_by), asyncio.Semaphore(width))
        async with a_place(lane, patience, NoWorkerError):
            yield
