"""A line in which nobody waits in vain: only a few go at once, and whoever would wait too long is told when to come again.

An attempt has its time. One that waits until that is over has kept others waiting for nothing; where more come than go, all do in
the end, and nothing is done any more. So nobody joins a line that is too long. (docs/decisions/0084 says how that was found.)
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import ceil
from time import monotonic

from domain.words.errors import Limited
from domain.words.text import mark

LATEST = 300.0
"""Seconds after which somebody who was put off comes again at the latest: things may go quicker then."""
USUAL = 0.0125
"""Seconds for each, before anybody has gone."""
SURPRISE = 4.0
"""Times what the others took that one counts at most: a disk that stands still once says little about the next."""
MEMORY = 8
"""Of how many, about, the usual time is told."""


class WaitingLine:
    """A line of those who want their turn."""

    def __init__(self, at_once: int, longest: float, clock: Callable[[], float] = monotonic) -> None:
        """`at_once`: how many go at the same time. `longest`: seconds that one may wait. `clock`: seconds."""
        self._gate = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._longest = longest
        self._clock = clock
        self._waiting = 0
        self._each = USUAL
        self._left = clock()
        self._promised = clock()
        """When all who were put off have had their turn, as far as can be told."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and have it. Raises `Limited` where that would take too long, with when it comes instead."""
        expected = self._waiting * self._each
        if expected > self._longest:
            raise Limited(mark("too many wait for their turn"), after=self._later(expected))
        self._waiting += 1
        try:
            async with self._gate:
                began = self._clock()
                yield
                self._learn(began)
        finally:
            self._waiting -= 1

    def _later(self, expected: float) -> int:
        """Whole seconds until all before are done: who is put off first comes again first."""
        now = self._clock()
        self._promised = min(max(self._promised, now + expected) + self._each, now + LATEST)
        return max(ceil(self._promised - now), 1)

    def _learn(self, began: float) -> None:
        """How long it is from one to the next, where there is always a next. Who went alone would have gone beside others: else a
        line that turned most away would look as slow as it was empty, and go on to turn them away.
        """
        now = self._clock()
        took = min((now - began) / self._at_once, now - self._left, SURPRISE * self._each)
        self._each += (took - self._each) / MEMORY
        self._left = now
