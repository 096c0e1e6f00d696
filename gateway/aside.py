"""Large work is done beside the event loop, which has stops to take meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from domain.words.errors import Unavailable
from domain.words.text import mark
from gateway.turns import a_place

T = TypeVar("T")

AT_A_GLANCE = 8 * 1024
"""Bytes that are gone through at once: that takes less time than to hand them over. What stops a delivery is as small as that."""
PATIENCE = 20.0
"""Seconds in which its turn must have come."""
AT_ONCE = 2
"""Pieces of such work: whoever asks for more of it waits, and no stop does."""


class Aside:
    """Does it on a thread of its own, one piece after another beyond so many."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._threads = ThreadPoolExecutor(AT_ONCE, "aside")  # not those that names of hosts are looked up on, and may hang

    async def do(self, work: Callable[[], T]) -> T:
        """What `work` gives, which reads nothing that anybody changes meanwhile.

        Raises what it does, and `Unavailable` where others have their turns for `PATIENCE` seconds.
        """
        async with a_place(self._turns, PATIENCE, _busy):
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def if_large(self, work: Callable[[], T], size: int) -> T:
        """The same, where it goes through so many bytes that handing it over takes less time."""
        return work() if size <= AT_A_GLANCE else await self.do(work)


def _busy() -> Unavailable:
    return Unavailable(mark("too much large work waits here"), hint=mark("ask again after a pause: nothing was done"))
