"""The processes of the cluster: started on their machines, known by their number and the moment at which they began, and ended by
that alone. They outlive the command that started them.
"""

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from deploy.cluster import network
from deploy.cluster.topology import HOME, Machine, Program

PATIENCE = 120.0
"""Seconds for a process to come up: many begin together on few cores."""
GRACE = 40.0
"""Seconds that a process is given to end by itself: workers give attempts under way twenty."""
LOOK_EVERY = 0.1
MOST_SAID = 300
"""Characters of its log, when a process has ended."""
_RUN = HOME / "run"
_children: dict[str, subprocess.Popen[bytes]] = {}


class NotUpError(Exception):
    """A process ended, or does not answer: which, and where it says why."""


def log_of(program: Program) -> Path:
    """What it says."""
    return HOME / "logs" / f"{program.name}.log"


def started(name: str) -> int | None:
    """The number of the process that was started under this name, if that very process lives."""
    with suppress(FileNotFoundError, ValueError):
        known = json.loads((_RUN / name).read_text())
        if _began(known["process"]) == known["began"]:
            number: int = known["process"]
            return number
    return None


def start(program: Program) -> None:
    """Start it, where it does not run. Raises `NotUpError`."""
    if started(program.name) is not None:
        return
    user = ("setpriv", f"--reuid={program.user}", f"--regid={program.user}", "--clear-groups", "--no-new-privs")
    for folder in (_RUN, log_of(program).parent):
        folder.mkdir(parents=True, exist_ok=True)
    with log_of(program).open("ab") as said:
        before = said.tell()
        child = subprocess.Popen(
            [*network.entered(program.machine), *user, *program.command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={"PATH": os.environ["PATH"], "HOME": str(program.machine.folder), "LC_ALL": "C.UTF-8", **program.environment},
            cwd=program.machine.folder,
            start_new_session=True,
        )
    _children[program.name] = child
    known: dict[str, Any] = {"process": child.pid, "began": _began(child.pid), "log": before}
    (_RUN / program.name).write_text(json.dumps(known))


def await_up(program: Program) -> None:
    """Wait until it listens, and has said that it is up. Raises `NotUpError`."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if started(program.name) is None:
            last = log_of(program).read_text(errors="replace").strip()[-MOST_SAID:]
            raise NotUpError(f"{program.name} ended: ... {last}; the whole log is {log_of(program)}")
        if (program.port is None or listens(program.machine, program.port)) and _has_said(program):
            return
        time.sleep(LOOK_EVERY)
    raise NotUpError(f"{program.name} is not up after {PATIENCE:.0f} s; its log is {log_of(program)}")


def _has_said(program: Program) -> bool:
    """Whether it has said so since it was started last."""
    if program.says is None:
        return True
    with log_of(program).open("rb") as log:
        log.seek(json.loads((_RUN / program.name).read_text())["log"])
        return program.says.encode() in log.read()


def listens(machine: Machine, port: int) -> bool:
    """Whether something takes connections there. Asked from the desk."""
    with suppress(OSError), socket.create_connection((machine.address, port), timeout=1.0):
        return True
    return False


def end(program: Program, by: str | None = None) -> float:
    """Ask it to end, or kill it by this signal; the seconds until it was gone. What outlives its grace is killed."""
    number = started(program.name)
    began = time.monotonic()
    if number is not None:
        with suppress(ProcessLookupError):
            os.kill(number, signal.Signals[by or program.asked_to_end_by])
        while started(program.name) == number:
            if time.monotonic() > began + GRACE:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            time.sleep(LOOK_EVERY / 5)
    (_RUN / program.name).unlink(missing_ok=True)
    return time.monotonic() - began


def _began(number: int) -> str | None:
    """When a process began, as the kernel counts; None for one that is no more."""
    child = next((one for one in _children.values() if one.pid == number), None)
    if child is not None:
        child.poll()  # who has ended is let go
    with suppress(FileNotFoundError, ProcessLookupError):
        after_name = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return None if after_name[0] in "ZX" else after_name[19]
    return None
