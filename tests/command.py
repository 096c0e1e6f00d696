"""The `vigil` command, for tests: a process of its own each time, made from one in which its modules are loaded already, since
loading them takes most of the time of most commands, and tests run hundreds. Tests of `vigil up` and of the README start the
installed one, `VIGIL`.
"""

import asyncio
import json
import os
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

VIGIL = Path(sysconfig.get_path("scripts")) / "vigil"

_LOADED = get_context("forkserver")
_LOADED.set_forkserver_preload(["client.cli"])


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


def _command(words: list[str], cwd: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    """What becomes the command, in the new process."""
    from client.cli import main  # noqa: PLC0415 - loaded before, in the process that this one is made from

    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = words
    main()
