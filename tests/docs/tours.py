"""The commands of a document, run as they stand."""

import asyncio
import os
import re
import shutil
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
AT_MOST = 900
"""Seconds after which a command that hangs is ended, on a busy machine too."""


def commands(text: str, of: str = "tour") -> str:
    """All blocks of this name in a document, in order; the environment is there already."""
    return "\n".join(re.findall(rf"```sh {of}\n(.*?)```", text, re.DOTALL)).replace("make venv\n", "")


def folder_with(folder: Path, *parts: str) -> Path:
    """The folder, with these parts of the project, and its programs where `make venv` puts them."""
    for name in parts:
        shutil.copytree(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(sysconfig.get_path("scripts"))
    return folder


async def walked(steps: str, folder: Path, at_most: int = AT_MOST) -> str:
    """What they print, in one shell that stops at the first failure, in this folder. Raises `AssertionError` with it where one
    has failed.
    """
    process = await asyncio.create_subprocess_exec(
        "timeout",
        str(at_most),
        "bash",
        "-c",
        f"set -em\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{steps}",
        cwd=folder,
        env=os.environ | {"PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out = (await process.communicate())[0].decode()
    assert 0 == process.returncode, out
    return out
