"""Work that goes on until it is asked to end: by a signal, with all processes that it has started, or since nobody reads it."""

import asyncio
import select
import signal
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from typing import IO, Any, TypeVar

from client.console import talk
from client.language import _

T = TypeVar("T")

LOOKS = 1.0
"""Seconds after which it is looked again whether anybody still reads."""
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


async def while_read(work: Awaitable[T], stream: IO[str]) -> T:
    """Do the work as long as somebody reads what it writes there: once the terminal or the pipe is closed it ends, though there
    may be nothing to write for hours. Raises `Interrupted`.
    """
    doing, closed = asyncio.ensure_future(work), asyncio.ensure_future(_closed(stream))
    try:
        await asyncio.wait((doing, closed), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Interrupted(signal.SIGPIPE)
        return doing.result()
    finally:
        for one in (doing, closed):
            one.cancel()
        with suppress(asyncio.CancelledError):
            await doing


async def _closed(stream: IO[str]) -> None:
    """Until nobody reads the stream any more."""
    other_end = select.poll()
    other_end.register(stream.fileno(), 0)  # that it is closed is told in any case
    while not other_end.poll(0):  # noqa: ASYNC110 - a closed pipe rings no bell
        await asyncio.sleep(LOOKS)
