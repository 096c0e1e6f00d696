"""Files that belong to what is said: described, handed in, listed and fetched."""

from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.table import Table

from client import attachments
from client.caller import CallerOptions
from client.console import answer, talk
from client.language import _
from client.options import DeliveryId, DryRun, Output, grouped
from client.signing import dry
from domain.plan.vocabulary import HandlingCode
from domain.signing.canonical import plain
from domain.views.attachments import FilesOfDelivery, NamedFile
from domain.words.errors import Malformed, NotFound
from protocol.gateway import Gateway

SHORTEST = 8
"""Digits of a digest by which a file may be named."""

app = typer.Typer(help="Files that belong to statements: photographs, laboratory reports, scanned acts.", no_args_is_help=True)


@app.command()
def describe(
    file: Annotated[Path, typer.Argument(help="the file", show_default=False)],
    shows: Annotated[str, typer.Option(help="what is to be seen in it, or its title", show_default=False)],
    handling: Annotated[HandlingCode | None, typer.Option(help="a handling code of its own")] = None,
    output: Output = "text",
) -> None:
    """What a plan's annex, or a scenario, says of a file."""
    found = plain(attachments.description(file, shows, handling))
    answer(
        output, found, "\n".join(f"{'- ' if not at else '  '}{name}: {value}" for at, (name, value) in enumerate(found.items()))
    )


@app.command()
@grouped
def add(
    delivery: DeliveryId,
    files: Annotated[list[Path], typer.Argument(help="the files", show_default=False)],
    caller: CallerOptions,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Hand in files that a statement names or is about to name; again, where that did not work. The same file counts once."""
    for path in files:
        attachments.raise_if_large(path)
    looked = [(path, attachments.looked_at(path)) for path in files]

    if dry_run:
        named = [plain(file) | {"file": str(path)} for path, file in looked]
        dry(output, {"files": named}, "\n".join(f"{one['file']}: {one['digest']}" for one in named))

    async def all_in(door: Gateway) -> list[bool]:
        return [await attachments.hand_in(door, delivery, path, file) for path, file in looked]

    new = caller.call(all_in)
    unnamed = caller.call(lambda door: door.files(delivery)).unnamed
    told = [plain(file) | {"file": str(path), "new": one} for (path, file), one in zip(looked, new, strict=True)]
    lines = (
        _("{path}: handed in as {digest}", path=one["file"], digest=one["digest"])
        if one["new"]
        else _("{path}: you had handed it in before", path=one["file"])
        for one in told
    )
    answer(output, told, "\n".join(lines))
    if any(file.digest in unnamed for _path, file in looked):
        talk.print(_("no statement names it yet: sign one with --attach within a week, else it is removed"), markup=False)


@app.command("list")
@grouped
def list_(delivery: DeliveryId, caller: CallerOptions, output: Output = "text") -> None:
    """The files that a delivery names, as far as they are yours to know of."""
    found = caller.call(lambda door: door.files(delivery))
    answer(output, plain(found), _listed(found) if found.files or found.unnamed else _("no file is named that you know of"))


@app.command("get")
@grouped
def get(
    delivery: DeliveryId,
    digest: Annotated[str, typer.Argument(help="its digest, or how that begins", show_default=False)],
    caller: CallerOptions,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="where to; else under its digest, here")] = None,
    output: Output = "text",
) -> None:
    """Fetch a file and compare its digest. Nothing is overwritten."""

    async def fetched(door: Gateway) -> tuple[NamedFile, Path]:
        named = _chosen(await door.files(delivery), digest)
        path = file or Path(named.attachment.name)
        await attachments.get(door, delivery, named.attachment, path)
        return named, path

    named, path = caller.call(fetched)
    said = _(
        "{path}: {shows}; it is the file that entry {entry} names", path=path, shows=named.attachment.shows, entry=named.entry
    )
    answer(output, plain(named) | {"file": str(path)}, said)


def _chosen(found: FilesOfDelivery, digest: str) -> NamedFile:
    """The one file whose digest begins so. Raises `NotFound`, or `Malformed` where there are several."""
    fitting = {one.attachment.digest: one for one in found.files if one.attachment.digest.startswith(digest.lower())}
    if len(digest) < SHORTEST or len(fitting) > 1:
        raise Malformed(_("{digest} is too short to tell which file is meant", digest=digest))
    if not fitting:
        raise NotFound(
            _("nothing that you read names a file {digest}", digest=digest),
            hint=_("see `vigil attachment list {delivery}`", delivery=found.delivery),
        )
    return next(iter(fitting.values()))


def _listed(found: FilesOfDelivery) -> Table:
    table = Table(box=None, padding=(0, 2))
    for name in (_("Digest"), _("Shows"), _("Type"), _("Size"), _("Named by"), _("Code"), _("At the gateway")):
        table.add_column(name)
    for one in found.files:
        file = one.attachment
        by = _("{service}, entry {entry}", service=one.service, entry=one.entry)
        there = _("not yours to have (R23)") if not one.yours else _("yes") if one.kept else _("not handed in")
        table.add_row(file.digest[:16], file.shows, file.media_type, decimal(file.size), by, one.code, there)
    for digest in found.unnamed:
        table.add_row(digest[:16], "", "", "", _("nothing yet: it is removed after a week"), "", _("yes"))
    return table
