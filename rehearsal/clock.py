"""Virtual time: an asyncio event loop that never sleeps. When nothing is ready, its clock jumps to the next timer.

One thread, no sockets, no wall clock: the same coroutines run in the same order every time, and days pass in milliseconds.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = datetime(2022, 3, 1, 6, 0, tzinfo=UTC)
"""Where virtual time begins."""


class DeadlockError(RuntimeError):
    """Every task waits and no timer is set: the story would wait for ever."""


class _NoSockets:
    """Stands in for the operating system's selector: waiting is advancing the clock."""

    def __init__(self, loop: "VirtualTimeLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            message = "nothing is scheduled any more, and something still waits"
            raise DeadlockError(message)
        self._loop.advance(timeout)
        return []

    def close(self) -> None:
        """Nothing was opened."""


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """The loop. Time is kept in whole microseconds so that sums of delays are exact."""

    def __init__(self) -> None:
        super().__init__()
        self._microseconds = 0
        self._selector = _NoSockets(self)

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._microseconds / 1_000_000

    def advance(self, seconds: float) -> None:
        """Let time pass, rounded up to a microsecond so that a timer never fires early."""
        self._microseconds += max(-(-int(seconds * 10_000_000) // 10), 1 if seconds > 0 else 0)

    def now(self) -> datetime:
        """Virtual wall-clock time, UTC."""
        return EPOCH + timedelta(microseconds=self._microseconds)

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """There are no other threads to wake us."""


def run(coroutine: Coroutine[Any, Any, T], loop: VirtualTimeLoop) -> T:
    """Run to the end in virtual time and cancel whatever is left. Raises `DeadlockError`."""
    try:
        return loop.run_until_complete(coroutine)
    finally:
        left = asyncio.all_tasks(loop)
        for task in sorted(left, key=lambda task: task.get_name()):
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
