"""Files that an officer has at hand: described for a statement, handed in, and compared with what a record names.

No file is ever in memory as a whole. What is handed in comes after the statement that names it: a statement waits for no file.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal, TypeAlias

from pydantic import ValidationError
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from client.console import talk
from client.language import _, speak
from domain.plan.attachment import HEAD, SUFFIXES, Attachment, File, begins_as, media_type_of
from domain.plan.vocabulary import HandlingCode
from domain.words.errors import Malformed, NotVerified, Unavailable, VigilError, faults_of
from domain.words.limits import LARGEST_FILE
from process.files import making
from protocol.gateway import Gateway

PIECE: Final = 256 * 1024
TRIES: Final = 3
"""How often a file is sent while the gateway or its storage is away; then the command says how to send it again."""
PAUSE: Final = 2.0
CODES: Mapping[str, HandlingCode] = {"H0": "H0", "H1": "H1", "H2": "H2", "H3": "H3"}
MISTYPED_CODE: Final = re.compile("[HhНн] ?[0-9]")  # two of the letters are Cyrillic
"""What was meant as a handling code: as a part of what the file shows it would protect nothing."""

Tick: TypeAlias = Callable[[int], None]
AtHand = Literal["fits", "missing", "changed"]


@dataclass(frozen=True)
class Given:
    """A file at hand, and what is said of it."""

    path: Path
    attachment: Attachment


def described(words: Iterable[str]) -> tuple[Given, ...]:
    """Files as `--attach` names them: `FILE: what it shows`, and where it has one, `: H2` as its handling code.

    Raises `Malformed` for the first that is wrong, and `OSError`.
    """
    found = []
    for one in words:
        path, shows, code = _parted(one)
        raise_if_large(path)
        found.append(Given(path, description(path, shows, code)))
        twice = next((before for before in found[:-1] if before.attachment.digest == found[-1].attachment.digest), None)
        if twice is not None:
            raise Malformed(_("{path} is the same file as {other}: attach it once", path=path, other=twice.path))
    return tuple(found)


def _parted(words: str) -> tuple[Path, str, HandlingCode | None]:
    rest, _colon, last = words.rpartition(":")
    code = CODES.get(last.strip())
    if code is not None:
        words = rest
    elif MISTYPED_CODE.fullmatch(last.strip()):
        message = _("{words}: {code} is no handling code, and stands where one does", words=words, code=last.strip())
        raise Malformed(message, hint=_("one of {known}", known=", ".join(CODES)))
    path, colon, shows = words.partition(":")
    if not colon or not shows.strip():
        raise Malformed(
            _("{words}: it is not said what the file shows", words=words), hint=_('--attach "parcel.jpg: the parcel, opened"')
        )
    return Path(path.strip()).expanduser(), shows.strip(), code


def raise_if_large(path: Path) -> None:
    """Raises `Malformed` for a file that no gateway takes, before it is read, and `OSError`."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise Malformed(
            _("{path} has {size} bytes, and a file that is handed in {most} at most", path=path, size=size, most=LARGEST_FILE),
            hint=_("cut it into parts, and attach each"),
        )


def description(path: Path, shows: str, code: HandlingCode | None = None) -> Attachment:
    """What a statement says of this file. Raises `Malformed` for one that is not taken, and `OSError`."""
    file = looked_at(path)
    try:
        return Attachment(**file.model_dump(), shows=shows, handling=code)
    except ValidationError as error:
        raise Malformed(_("{path} cannot be attached so", path=path), faults_of(error)) from error


def looked_at(path: Path) -> File:
    """Digest, size and type of a file. Raises `Malformed` for one that is not taken, and `OSError`."""
    media_type = media_type_of(path.name)
    if media_type is None:
        known = ", ".join(SUFFIXES)
        raise Malformed(_("{path} is no kind of file that can be attached", path=path), hint=_("one of {known}", known=known))
    if not path.is_file() and path.exists():  # what may never end, or never begin
        raise Malformed(_("{path} is no file", path=path), hint=_("a photograph, a report, a video: copy it into a file first"))
    with path.open("rb") as file, progress(_("reading"), path.stat().st_size) as tick:
        head = file.read(HEAD)
        if not head:
            raise Malformed(_("{path}: there is nothing in it", path=path), hint=_("was it copied to its end?"))
        if not begins_as(media_type, head):
            raise Malformed(
                _("{path} does not begin as {media_type} does", path=path, media_type=media_type),
                hint=_("open it: is it whole, and is its ending right?"),
            )
        file.seek(0)
        digest, size = _digest(file, tick)
    return File(digest=digest, size=size, media_type=media_type)


def _digest(file: IO[bytes], tick: Tick) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    while piece := file.read(PIECE):
        found.update(piece)
        size += len(piece)
        tick(len(piece))
    return found.hexdigest(), size


async def hand_in(door: Gateway, delivery: str, path: Path, file: File) -> bool:
    """Hand in a file; whether it was not there yet. It is sent again while the gateway or its storage is away.

    Raises `Unavailable` once that was in vain, and what the gateway refuses with.
    """
    for _again in range(TRIES - 1):
        try:
            return await _sent(door, delivery, path, file)
        except Unavailable as error:
            talk.print(_("{message}; sending the file again ...", message=error.told_in(speak)[0]), style="dim")
            await asyncio.sleep(PAUSE)
    return await _sent(door, delivery, path, file)


async def _sent(door: Gateway, delivery: str, path: Path, file: File) -> bool:
    changed = Malformed(
        _("{path} has changed since its digest was taken", path=path),
        hint=_("was it being copied? Hand it in once it is whole"),
    )
    try:
        opened = path.open("rb")
    except OSError as error:
        raise VigilError(_("{what} cannot be read: {why}", what=path, why=error.strerror)) from error
    with opened as source, progress(path.name, file.size) as tick:

        async def pieces() -> AsyncIterator[bytes]:
            sent = 0
            while piece := await asyncio.to_thread(source.read, PIECE):
                sent += len(piece)
                if sent > file.size:
                    break
                yield piece
                tick(len(piece))
            if sent != file.size:  # else the gateway would wait for what never comes
                raise changed

        if os.fstat(source.fileno()).st_size != file.size:
            raise changed
        return await door.attach(delivery, file, pieces())


async def get(door: Gateway, delivery: str, file: File, path: Path) -> None:
    """Write a file as it is at the gateway. Raises `NotVerified` where it is not the one that was named: nothing is written."""
    found, size = hashlib.sha256(), 0
    with making(path) as target, progress(path.name, file.size) as tick:
        async for piece in door.fetch(delivery, file.digest):
            size += len(piece)
            if size > file.size:
                break
            found.update(piece)
            await asyncio.to_thread(target.write, piece)
            tick(len(piece))
        if (found.hexdigest(), size) != (file.digest, file.size):
            message = _("what the gateway gives as {digest} is another file", digest=file.digest[:16])
            raise NotVerified(message, hint=_("tell whoever runs the installation; nothing was written"))


@dataclass(frozen=True)
class Looked:
    """What was found of named files in a folder."""

    found: dict[str, AtHand]
    """By digest."""
    strangers: tuple[str, ...]
    """Files there of the type of one that is missing, which are none of those named: what an officer calls by a name of his own
    cannot be known again once it is cut or changed.
    """


def at_hand(folder: Path, named: Sequence[Attachment]) -> Looked:
    """Whether each named file is in this folder, under whatever name; a file under its digest that is another was changed.

    Raises `OSError`.
    """
    sizes, names = {one.size for one in named}, {one.name: one.digest for one in named}
    found: dict[str, AtHand] = {one.digest: "missing" for one in named}
    others = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        size = path.stat().st_size
        digest = ""
        if size in sizes or path.name in names:
            with path.open("rb") as file, progress(path.name, size) as tick:
                digest, _size = _digest(file, tick)
        if digest in found:
            found[digest] = "fits"
        elif path.name not in names:
            others.append(path)
        elif found[names[path.name]] == "missing":
            found[names[path.name]] = "changed"
    missing = {one.media_type for one in named if found[one.digest] == "missing"}
    return Looked(found, tuple(str(one.relative_to(folder)) for one in others if media_type_of(one.name) in missing))


@contextmanager
def progress(what: str, size: int) -> Iterator[Tick]:
    """A bar on a terminal; nothing elsewhere."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as bar:
        task = bar.add_task(what, total=size)
        yield lambda count: bar.advance(task, count)
