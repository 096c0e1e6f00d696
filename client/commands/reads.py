"""`vigil reads`: an auditor asks who has been shown what, and whether the answer can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from client import completing
from client.caller import CallerOptions
from client.console import answer, talk
from client.entries import moment
from client.language import _
from client.options import Output, grouped
from domain.plan.directory import Service
from domain.record.reads import EMPTY, Read, Tip, after, signed_tip, unverified_tip, verify_end, verify_reads
from domain.signing.canonical import plain
from domain.words.errors import Malformed, NotVerified, faults_of
from process import files
from process.configuration import directory_in, installation_of, text_of
from protocol.gateway import Gateway

MEMORY = Path("~/.config/vigil/reads.json")
_TIPS: TypeAdapter[dict[str, Tip]] = TypeAdapter(dict[str, Tip])


@dataclass(frozen=True)
class LogRead:
    """What of the log was read and verified, and what is wrong with the rest of it, if anything is."""

    reads: tuple[Read, ...]
    tip: Tip
    wrong: NotVerified | None


@grouped
def reads(
    caller: CallerOptions,
    delivery: Annotated[
        str | None,
        typer.Argument(help="only what was shown of this delivery", show_default=False, autocompletion=completing.deliveries),
    ] = None,
    since: Annotated[int, typer.Option(min=0, help="only from this record on; what is before was verified here earlier")] = 0,
    directory: Annotated[Path | None, typer.Option(help="a directory you trust: its installation must have signed it")] = None,
    memory: Annotated[Path, typer.Option(envvar="VIGIL_MEMORY", help="file that remembers how far you have seen it")] = MEMORY,
    output: Output = "text",
) -> None:
    """Who has been shown what, and when: for auditors. Verifies the whole log; exit code 7, and the number, if it was changed,
    or no longer holds what you saw the last time.
    """
    known = _remembered(memory.expanduser()).get(caller.gateway, EMPTY)
    if since > known.count:
        message = _(
            "what comes before record {since} has not been verified here: {memory} knows {count}",
            since=since,
            memory=memory,
            count=known.count,
        )
        raise Malformed(message, hint=_("leave --since out this time"))
    installation = installation_of(directory_in(directory)) if directory is not None else None
    looked = caller.call(lambda door: _look(door, since, known, installation))
    if looked.wrong is None:
        _remember(memory.expanduser(), caller.gateway, looked.tip)
    shown = [read for read in looked.reads if read.number >= since and (delivery is None or delivery in read.deliveries)]
    document = {
        "reads": [plain(read) for read in shown],
        "tip": plain(looked.tip),
        "verified": looked.wrong is None,
        "signed": installation is not None and looked.wrong is None,
    }
    text = _table(shown) if shown or looked.wrong else _("nobody has been shown anything of that")
    answer(output, document, text, looked.wrong)
    talk.print(_("verified: {count} records, head {head}", count=looked.tip.count, head=looked.tip.head), style="dim")
    if installation is None:
        talk.print(_("whose signature it bears was not checked: name a directory you trust with --directory"), style="dim")


async def _look(door: Gateway, since: int, known: Tip, installation: Service | None) -> LogRead:
    """Page by page, each verified as it comes, up to the tip that the installation has signed."""
    found: list[Read] = []
    tip, last = EMPTY, None
    try:
        if since > 0:  # the record before it is where the chain is taken up
            found += _one((await door.reads(since - 1, limit=1)).reads, since - 1)
            tip = after(found[0])
        while last is None or tip.count < last.count:
            page = await door.reads(tip.count)
            for read in page.reads if last is None else _one(page.reads, tip.count):
                tip = verify_reads([read], tip)
                found.append(read)
            last = signed_tip(page.tip, installation) if installation is not None else unverified_tip(page.tip)
        verify_end(found, tip, last, known)
    except NotVerified as error:
        return LogRead(tuple(found), tip, error)
    return LogRead(tuple(found), tip, None)


def _one(reads: Sequence[Read], number: int) -> Sequence[Read]:
    """At least the record of this number is among them. Raises `NotVerified`."""
    if not reads or reads[0].number != number:
        raise NotVerified(_("the record is missing"), number)
    return reads


def _remembered(path: Path) -> dict[str, Tip]:
    """Gateway's address to the tip last seen there. Raises `Malformed` if the file is none of ours."""
    if not path.exists():
        return {}
    try:
        return _TIPS.validate_json(text_of(path))
    except ValidationError as error:
        raise Malformed(_("{path} is not a memory of logs of reads", path=path), faults_of(error)) from error


def _remember(path: Path, gateway: str, tip: Tip) -> None:
    """What another command has seen since is remembered too."""
    tips = _remembered(path)
    if tip.count >= tips.get(gateway, EMPTY).count:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.write(path, _TIPS.dump_json(tips | {gateway: tip}, indent=2) + b"\n")


def _table(found: list[Read]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for heading in (_("no."), _("when"), _("who"), _("by key"), _("role"), _("what"), _("of"), _("which part")):
        table.add_column(heading)
    for read in found:
        who = _("{service}, its system", service=read.service)
        if read.officer is not None:
            who = _("{service}, officer {officer}", service=read.service, officer=read.officer)
        key = read.key[:8] if read.key is not None else _("none: a provider said so")
        table.add_row(
            f"{read.number}", moment(read.at), who, key, read.role, read.action, ", ".join(read.deliveries), _part(read)
        )
    return table


def _part(read: Read) -> str:
    if read.ends is not None:
        up_to = _("up to entry {entry}", entry=read.last) if read.last is not None else _("nothing")
        return _("{read}; ends no. {number}", read=up_to, number=read.ends)
    if read.action == "changes":
        return _("from entry {entry} on", entry=read.first) if read.first is not None else _("from its end on")
    if read.purpose is not None:
        return _("for {purpose}", purpose=read.purpose)
    if read.file is not None:
        return _("file {digest} of entry {entry}", digest=read.file[:16], entry=read.first)
    if read.period is not None:
        return read.period
    if read.first is None:
        return ""
    if read.action == "reads":
        return _("records {first} to {last}", first=read.first, last=read.last)
    return _("entries {first} to {last}", first=read.first, last=read.last)
