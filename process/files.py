"""Files written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from domain.words.errors import Malformed
from domain.words.text import fill, mark

_OWN = 0o600
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


@contextmanager
def replacing(path: Path, *, as_it_was: bool = False) -> Iterator[IO[bytes]]:
    """What is written here takes the file's place at the end, at once; or nothing does. A reader sees the one or the other.

    Its owner alone may read it; `as_it_was`: whoever could read the file that was there. Raises `OSError` before it changes
    anything.
    """
    place = path.resolve()  # a link stays one
    before = place.stat() if as_it_was else None
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    descriptor = _opened(beside, path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if before is not None:
                with suppress(PermissionError):  # only root gives files away
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), before.st_mode & 0o777)
            os.fsync(file.fileno())
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def making(path: Path) -> Iterator[IO[bytes]]:
    """What is written here is a new file at the end, at once; or nothing is. Its owner alone may read it. Raises `Malformed`
    where there is one already.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    if path.exists():
        raise _there(path)
    try:
        with os.fdopen(_opened(beside, path), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)  # unlike a rename it does not take the place of one that has come meanwhile
    except FileExistsError as error:
        raise _there(path) from error
    finally:
        beside.unlink(missing_ok=True)


def write(path: Path, data: bytes) -> None:
    """Write it whole, in place of what is there, for its owner only."""
    with replacing(path) as file:
        file.write(data)


def write_new(path: Path, data: bytes) -> None:
    """Write it for its owner only, unless there is such a file already. Raises `Malformed`."""
    try:
        descriptor = os.open(path, _NEW, _OWN)
    except FileExistsError as error:
        raise _there(path) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _opened(beside: Path, path: Path) -> int:
    """A new file beside another. Raises `OSError`, which names the one that was asked for."""
    try:
        return os.open(beside, _NEW, _OWN)
    except OSError as error:
        error.filename = str(path)
        raise


def _there(path: Path) -> Malformed:
    message = fill("{path} exists already; it is never overwritten", path=path)
    return Malformed(message, hint=mark("move it away first, if you are sure"))
