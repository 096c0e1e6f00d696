"""The directory in force: as its file stands now, taken into use without a restart."""

import logging
from pathlib import Path

from domain.plan.directory import Directory
from domain.plan.key_changes import KeyChange, changed
from domain.words.errors import Malformed, VigilError
from process.brought import directory_in, installation_of

log = logging.getLogger("vigil.directory")


class InForce:
    """A directory, less the keys that have ended since."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._ended: list[KeyChange] = []

    @property
    def now(self) -> Directory:
        """The directory as of now."""
        return self._directory

    def end_keys(self, change: KeyChange) -> None:
        """Let the keys that this record ends count no more. What it adds is for the directory itself to say."""
        if change.ended:
            end = change.model_copy(update={"added": ()})
            self._ended.append(end)
            self._directory = changed(self._directory, end)

    def replace(self, directory: Directory) -> None:
        """Put another in force; what has ended stays so."""
        for end in self._ended:
            directory = changed(directory, end)
        self._directory = directory


class OfFile(InForce):
    """Follows its file. Each use looks whether that is another than before (one `stat`), and only then reads it.

    A file that is not right is refused, loudly and once, and what was in force stays so.
    """

    def __init__(self, file: Path, *, others: bool = False) -> None:
        """`others`: without what only the worker needs, where people at a desk are told.

        Raises `NotFound` or `Malformed` with every fault: there is nothing yet that could stay in force.
        """
        self._file = file
        self._others = others
        self._seen = _look(file)
        super().__init__(self._read())

    @property
    def now(self) -> Directory:
        """The directory as of now."""
        seen = _look(self._file)
        if seen != self._seen:
            self._seen = seen
            self._take()
        return super().now

    def _read(self) -> Directory:
        directory = directory_in(self._file)
        installation_of(directory)
        return directory.for_others() if self._others else directory

    def _take(self) -> None:
        try:
            self.replace(self._read())
        except VigilError as error:
            places = ", ".join(fault.place for fault in error.faults) if isinstance(error, Malformed) else ""
            text = "the new directory is refused, the one before stays in force: wrong at %s"
            log.error(text, places or "all of it", extra={"code": error.code})  # noqa: TRY400 - a traceback says no more
        else:
            log.info("a new directory is in force")


def _look(file: Path) -> tuple[int, int, int] | None:
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size
