"""The `vigil` command, for tests: a process of its own each time, made from one in which all is loaded already that every command
needs (`tests.loaded`), since that takes most of the time of most commands, and tests run hundreds. Tests of `vigil up` and of the
README start the installed one, `VIGIL`.
"""

import asyncio
import json
import os
import pty
import select
import sys
import sysconfig
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

VIGIL = Path(sysconfig.get_path("scripts")) / "vigil"

PATIENCE = 30.0
"""Seconds that a conversation may stand still, and that a gateway is given to offer names: a shell waits for less, and this
machine may be busy.
"""
LITTLE_WORK = 10
"""Of scrypt, for what a command of a test puts under a passphrase: it guards nothing, to open it takes no second."""

_LOADED = get_context("forkserver")
_LOADED.set_forkserver_preload(["client.cli", "tests.command", "tests.loaded"])


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one document it must be."""
        return json.loads(self.out)


async def vigil(*words: object, cwd: Path | None = None) -> Ran:
    """Run the command."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        place = (cwd or Path.cwd(), dict(os.environ), out, err)
        process = _LOADED.Process(target=_command, args=(["vigil", *map(str, words)], *place))
        process.start()
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(process.sentinel)
            process.kill()
            process.join()
        assert process.exitcode is not None
        return Ran(process.exitcode, *(path.read_text() for path in (out, err)))


async def at_a_terminal(given: list[str], *words: object) -> tuple[int, str]:
    """The command as a person types it: each of `given` where a passphrase is asked for. Its exit code, and the screen."""

    def typing() -> tuple[int, str]:
        ours, theirs = pty.openpty()
        process = _LOADED.Process(
            target=_typed, args=(["vigil", *map(str, words)], Path.cwd(), dict(os.environ), os.ttyname(theirs))
        )
        process.start()
        ended = threading.Thread(target=lambda: (process.join(), os.close(theirs)))  # then all that was written can be read
        ended.start()
        seen, left = b"", list(given)
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            asked = seen.count(b"assphrase") - seen.count(b"a passphrase") + seen.count(b"again: ")
            if asked > len(given) - len(left) and left and seen.endswith(b": "):
                os.write(ours, f"{left.pop(0)}\n".encode())
        ended.join()
        os.close(ours)
        assert process.exitcode is not None
        return process.exitcode, seen.decode()

    return await asyncio.to_thread(typing)


async def in_conversation(
    script: list[tuple[str, str | bytes]], *words: object, cwd: Path | None = None, environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """The command as a person talks with it: whenever the first of each pair is on the screen, the second is typed; bytes as they
    are, a text with a line end. Its exit code, and the screen.
    """

    def talking() -> tuple[int, str]:
        ours, theirs = pty.openpty()
        place = (cwd or Path.cwd(), dict(os.environ) | (environment or {}), os.ttyname(theirs))
        process = _LOADED.Process(target=_typed, args=(["vigil", *map(str, words)], *place))
        process.start()
        ended = threading.Thread(target=lambda: (process.join(), os.close(theirs)))
        ended.start()
        seen, read, left = b"", 0, list(script)
        while True:
            if not select.select([ours], [], [], PATIENCE)[0]:
                process.kill()  # it waits for an answer that the script has not; the screen shows which
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            while left and (found := seen.find(left[0][0].encode(), read)) >= 0:
                read, (_, said) = found + len(left[0][0].encode()), left.pop(0)
                os.write(ours, said if isinstance(said, bytes) else f"{said}\n".encode())
        ended.join()
        os.close(ours)
        assert process.exitcode is not None
        return process.exitcode, seen.decode()

    return await asyncio.to_thread(talking)


def _typed(words: list[str], cwd: Path, environment: dict[str, str], terminal: str) -> None:
    """What becomes the command, at a terminal of its own."""
    os.setsid()
    screen = os.open(terminal, os.O_RDWR)  # the first that a new session opens is the one it listens to
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        os.dup2(screen, stream.fileno())
    _become(words, cwd, environment)


def _command(words: list[str], cwd: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    """What becomes the command, in the new process."""
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    _become(words, cwd, environment)


def _become(words: list[str], cwd: Path, environment: dict[str, str]) -> None:
    from client import completing  # noqa: PLC0415 - loaded before, in the process that this one is made from
    from client.cli import main  # noqa: PLC0415
    from process import age  # noqa: PLC0415

    age.WORK = LITTLE_WORK
    completing.ANSWERS_WITHIN = completing.ENDS_WITHIN = PATIENCE
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    main()
