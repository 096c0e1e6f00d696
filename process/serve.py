"""How a process of ours lives: settings, logs, a graceful end on SIGTERM or SIGINT, and errors said in words."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn

from domain.words.errors import Malformed, VigilError
from process import logs, memory, settings

Run = Callable[[settings.Settings, asyncio.Event], Awaitable[None]]

TURN = 0.0005
"""Seconds after which a thread that computes lets another go on. A transaction of SQLite goes to its thread and back dozens of
times, and holds the one lock meanwhile: with Python's own five milliseconds it lasts half a second beside a thread that computes.
"""


def serve(name: str, run: Run) -> NoReturn:
    """Run until asked to stop; exit with the code of what went wrong, or 0."""
    gc.freeze()  # what has been loaded stays
    gc.enable()
    memory.settle()
    leave(asyncio.run(_serve(name, run)))


def leave(code: int) -> NoReturn:
    """End this process at once, all being written. Threads of Temporal's SDK may outlive the event loop, and one that
    returns to an interpreter which is being torn down aborts the process ("PyGILState_Release", seen with 1.35).
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _serve(name: str, run: Run) -> int:
    try:
        chosen = settings.load()
        logs.configure(chosen.log_format, chosen.log_level)
        sys.setswitchinterval(TURN)
        stop = asyncio.Event()
        for asked in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(asked, stop.set)
        await run(chosen, stop)
    except VigilError as error:
        faults = [str(fault) for fault in error.faults] if isinstance(error, Malformed) else []
        lines = [f"{name}: {error.message}", *faults, *([error.hint] if error.hint else [])]
        sys.stderr.write("\n  ".join(lines) + "\n")
        return error.exit_code
    return 0
