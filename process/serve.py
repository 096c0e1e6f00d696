"""How a process of ours lives: settings, logs, a graceful end on SIGTERM or SIGINT, and errors said in words."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Literal, NoReturn

from domain.words.errors import Malformed, VigilError
from process import logs, memory, settings

Run = Callable[[settings.Settings, asyncio.Event], Awaitable[None]]

TURN = 0.0005
"""Seconds after which a thread that computes lets another go on. A transaction of SQLite goes to its thread and back dozens of
times, and holds the one lock meanwhile: with Python's own five milliseconds it lasts half a second beside a thread that computes.
"""


class AskedToEnd(asyncio.Event):
    """Somebody has asked the process to end. It is up once it waits for that."""

    up = False

    async def wait(self) -> Literal[True]:
        """Until then."""
        self.up = True
        return await super().wait()


def serve(name: str, run: Run) -> NoReturn:
    """Run until asked to stop; exit with the code of what went wrong, or 0."""
    gc.freeze()  # what has been loaded stays
    gc.enable()
    memory.settle()
    asyncio.run(_to_its_end(name, run))


def leave(code: int) -> NoReturn:
    """End this process at once, all being written. Threads of Temporal's SDK may outlive the event loop, and one that
    returns to an interpreter which is being torn down aborts the process ("PyGILState_Release", seen with 1.35).
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _to_its_end(name: str, run: Run) -> NoReturn:
    """Nobody waits for a thread that looks up a name: where no name server answers, it holds out for half a minute, and another
    process would begin so much later.
    """
    leave(await _serve(name, run))


async def _serve(name: str, run: Run) -> int:
    stop, running = AskedToEnd(), asyncio.current_task()
    assert running is not None  # noqa: S101 - a coroutine runs in a task
    try:
        chosen = settings.load()
        logs.configure(chosen.log_format, chosen.log_level)
        sys.setswitchinterval(TURN)

        def end() -> None:
            if not stop.up and not stop.is_set():  # it waits for Temporal, or migrates the archive, and would until it is killed
                running.cancel()
            stop.set()

        for asked in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(asked, end)
        await run(chosen, stop)
    except VigilError as error:
        faults = [str(fault) for fault in error.faults] if isinstance(error, Malformed) else []
        lines = [f"{name}: {error.message}", *faults, *([error.hint] if error.hint else [])]
        sys.stderr.write("\n  ".join(lines) + "\n")
        return error.exit_code
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        return 1  # what it began is not done: a job that migrates is to be run again
    return 0
