"""A disk that can be full: a file system in memory of its own, whose size is set to what it holds. This takes root, on Linux."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOM = "2g"
"""Of a disk with room."""
LOOKS = 50
"""How often a disk is looked at that is written to meanwhile."""


def hindrance() -> str | None:
    """Why no disk can be filled here."""
    return None if sys.platform == "linux" and os.geteuid() == 0 else "disks cannot be filled: that takes root, on Linux"


@contextmanager
def disk(at: Path) -> Iterator[None]:
    """The folder is a disk of its own meanwhile; where none can be had, it is a folder. Its logs are left when it is gone."""
    at.mkdir(exist_ok=True)
    if hindrance() is not None:
        yield
        return
    _mount("-t", "tmpfs", "-o", f"size={ROOM},mode=0711", "tmpfs", str(at))
    try:
        yield
    finally:
        logs = {log.name: log.read_bytes() for log in at.glob("*.log")}
        subprocess.run(["umount", "--lazy", str(at)], check=True)  # noqa: S603, S607 - as root, on a folder of ours
        for name, text in logs.items():
            (at / name).write_bytes(text)


def fill(at: Path) -> None:
    """Nothing more fits on it, not a byte. It is refused where somebody has written since it was looked at: then it is looked at
    anew.
    """
    for left in reversed(range(LOOKS)):
        found = os.statvfs(at)
        try:
            _mount("-o", f"remount,size={(found.f_blocks - found.f_bfree) * found.f_frsize}", str(at))
        except subprocess.CalledProcessError:
            if not left:
                raise
        else:
            return


def make_room(at: Path) -> None:
    """There is room again."""
    _mount("-o", f"remount,size={ROOM}", str(at))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)  # noqa: S603, S607 - as root, on a folder of ours
