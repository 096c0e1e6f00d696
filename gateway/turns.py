"""Who asks for much is given it in pieces, one of them in each turn of the event loop, however much it asks for at once. So what
others ask meanwhile, stops above all, waits for one piece of it and not for the whole (R8).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


@asynccontextmanager
async def a_place(
    among: asyncio.Semaphore | asyncio.Lock, seconds: float, otherwise: Callable[[], Exception]
) -> AsyncIterator[None]:
    """Have a place among so many, in the order in which they were asked for. Raises what `otherwise` makes where none is free
    within so many `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            await among.acquire()
    except TimeoutError as error:
        raise otherwise() from error
    try:
        yield
    finally:
        among.release()


class Turns:
    """One gate for each caller that is being given something, in the order in which it has asked; none is kept for longer."""

    def __init__(self) -> None:
        self._gates: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, caller: str) -> AsyncIterator[None]:
        """Wait until all that this caller is being given at this moment has been given, and others have had their turn since."""
        async with self._gates.setdefault(caller, asyncio.Lock()):
            yield
            await asyncio.sleep(0)
