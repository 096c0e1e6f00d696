"""The clock of one process, set while it runs: the machine's own stays as it is, and so does every clock that nobody can set.

A small library (`clock.c`), compiled here and loaded into the process, tells whoever asks what time it is. Temporal's own program
reads the kernel's clock past every library, so its clock cannot be set in this way; by it all others are judged.
"""

import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


def hindrance() -> str | None:
    """Why no clock can be set here."""
    return (
        None if sys.platform == "linux" and shutil.which("cc") else "clocks cannot be set: that takes Linux and a C compiler (cc)"
    )


class SettableClock:
    """Of one process. `folder`: where its files are."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file, self._library = folder / f"{name}.clock", folder / "clock.so"
        self.set(0)
        if not self._library.exists() and hindrance() is None:
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self._library, SOURCE, "-ldl"], check=True)  # noqa: S603, S607

    @property
    def environment(self) -> dict[str, str]:
        """Of the process whose clock it is."""
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._file)} if self._library.exists() else {}

    def set(self, seconds: int) -> None:
        """It is so many seconds ahead from now on; less than nothing: behind."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))
