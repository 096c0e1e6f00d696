"""`vigil keys payload ...`: the ring of payload keys of an installation, under which Temporal's histories are encrypted."""

import os
from pathlib import Path

import typer

from client.console import answer, talk
from client.language import _
from client.options import KEYS, DryRun, Keys, Output
from client.signing import dry
from domain.words.errors import Malformed
from process.files import write_new
from process.ring import Ring, new_ring, ring_in

app = typer.Typer(help="Payload keys: what Temporal keeps is encrypted under them.", no_args_is_help=True)


def file_of(folder: Path) -> Path:
    """Where the ring lies."""
    return folder / "payload.keys"


def make(folder: Path) -> tuple[Path, Ring]:
    """A ring with one new key, written for its owner only. An existing one is never overwritten: raises `Malformed`."""
    path, ring = file_of(folder), new_ring()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_new(path, ring.text().encode())
    _settled(folder)
    return path, ring


def rotate(folder: Path) -> tuple[Path, Ring]:
    """A new current key behind those there are, which stay. The file is replaced as a whole, or not at all.

    Raises `NotFound` or `Malformed` if there is no ring, `Malformed` if it is being rotated by somebody else.
    """
    path = file_of(folder)
    before = ring_in(path)
    ring = before.rotated()
    beside = path.with_name(f"{path.name}.new")
    message = _("{path} is there: a rotation is under way, or was broken off", path=beside)
    under_way = Malformed(message, hint=_("if nobody else is at it, remove it; {path} is whole", path=path))
    try:
        write_new(beside, ring.text().encode())
    except Malformed as error:
        raise under_way from error
    if ring_in(path) != before:  # somebody else has rotated since it was read: that key would be lost
        beside.unlink()
        raise under_way
    beside.replace(path)
    _settled(folder)
    return path, ring


def _settled(folder: Path) -> None:
    """Return when the folder is on the disk: what is encrypted next must not outlive its key."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@app.command("new")
def payload_new(keys: Keys = KEYS, dry_run: DryRun = False, output: Output = "text") -> None:
    """Make the ring of an installation. Whoever loses it can read no delivery any more: keep a copy apart."""
    _dry(keys, output, dry_run=dry_run)
    _told(*make(keys.expanduser()), output)


@app.command("rotate")
def payload_rotate(keys: Keys = KEYS, dry_run: DryRun = False, output: Output = "text") -> None:
    """Add a new key, which encrypts from now on; all before it go on decrypting."""
    _dry(keys, output, dry_run=dry_run)
    _told(*rotate(keys.expanduser()), output)
    talk.print(_("give the file to every gateway and worker, and restart them"), style="dim")


def _dry(keys: Path, output: str, *, dry_run: bool) -> None:
    if dry_run:
        path = str(file_of(keys.expanduser()))
        dry(output, {"file": path}, path)


def _told(path: Path, ring: Ring, output: str) -> None:
    document = {"file": str(path), "current": ring.current, "keys": list(ring.keys)}
    answer(output, document, _("{path}\ncurrent key {key}, {count} in all", path=path, key=ring.current, count=len(ring.keys)))
