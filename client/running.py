"""Work that starts processes: whoever asks it to end, and whenever, they end with it."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from client.console import talk
from client.language import _

T = TypeVar("T")

ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Somebody asked the work to end before it was done."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do the work; a signal that asks to end cancels it, from its first moment on. Raises `Interrupted`."""
    asked: list[int] = []

    async def heeding() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task

        def stop(number: int) -> None:
            talk.print(_("stopping ...") if not asked else _("killing what is left ..."), style="dim")
            asked.append(number)
            task.cancel()

        for number in ASKS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup`, and a shell that starts it in the background
                loop.add_signal_handler(number, stop, number)
        return await work

    try:
        return asyncio.run(heeding())
    except asyncio.CancelledError as error:
        raise Interrupted(asked[0]) from error
