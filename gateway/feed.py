"""News of what changed in the archive: asked for once by each gateway, for however many watch."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from archive.deliveries import Deliveries
from domain.words.errors import Unavailable

log = logging.getLogger("vigil.gateway")

OFTEN: Final = 0.25
"""Seconds between two looks."""


class Feed:
    """Rings for a delivery that has changed, and for whoever watches all of them. It looks only while somebody watches."""

    def __init__(self, lists: Deliveries) -> None:
        self._lists = lists
        self._watching: dict[str | None, set[asyncio.Event]] = {}
        self._look: asyncio.Task[None] | None = None
        self._begun = asyncio.Lock()

    @asynccontextmanager
    async def watching(self, delivery: str | None) -> AsyncIterator[asyncio.Event]:
        """It rings at each change of it (None: of any delivery) from now on, and when the archive is away or was put back: then
        look, and hear why. Raises `Unavailable`.
        """
        bell = asyncio.Event()
        self._watching.setdefault(delivery, set()).add(bell)
        try:
            async with self._begun:
                if self._look is None or self._look.done():
                    self._look = asyncio.create_task(self._follow(await self._lists.newest()))
            yield bell
        finally:
            self._watching[delivery].discard(bell)
            if not self._watching[delivery]:
                del self._watching[delivery]
            if not self._watching and self._look is not None:
                self._look.cancel()
                self._look = None

    async def _follow(self, after: int) -> None:
        while True:
            await asyncio.sleep(OFTEN)
            try:
                newest = await self._lists.newest()
                if newest < after:  # the archive was put back
                    after = newest
                    self._ring(list(self._watching))
                while after < newest and (found := await self._lists.changes(after)):
                    after = found[-1].change
                    self._ring((None, *(one.delivery for one in found)))
            except Unavailable as error:
                log.warning("changes cannot be looked for: %s", error.message)
                self._ring(list(self._watching))

    def _ring(self, deliveries: Iterable[str | None]) -> None:
        for delivery in deliveries:
            for bell in self._watching.get(delivery, ()):
                bell.set()
