"""How a process of ours ends."""

import os
import subprocess
import sys

import pytest

RUNS = """
import asyncio, os, signal, time
from process.serve import serve

async def run(chosen, stop):
    os.kill(os.getpid(), signal.SIGTERM)
    {waits}
    print("ended in its own time")

serve("it", run)
"""

LOOKS_UP = """await stop.wait(); asyncio.get_running_loop().run_in_executor(None, time.sleep, 300)"""
"""A name, at a server that does not answer."""


@pytest.mark.parametrize(
    ("waits", "ends"),
    [
        ("await asyncio.sleep(60)", (1, "")),
        ("await stop.wait(); await asyncio.sleep(0.1)", (0, "ended in its own time\n")),
        (LOOKS_UP, (0, "ended in its own time\n")),
    ],
    ids=["starts", "is up", "looks up a name"],
)
def test_a_process_that_is_stopped_while_it_waits_for_others_ends_at_once(waits: str, ends: tuple[int, str]) -> None:
    """A worker waits for Temporal for a minute, and was killed at the end of it. One that is up finishes what it has in hand, and
    waits for no thread.
    """
    settings = {f"VIGIL_{name}": "/none" for name in ("DIRECTORY", "CARDS", "KEY", "PAYLOAD_KEYS")}
    command = [sys.executable, "-c", RUNS.format(waits=waits)]
    ran = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603

    assert (*ends, "") == (ran.returncode, ran.stdout, ran.stderr)
