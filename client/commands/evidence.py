"""What is proved, and to whom: packets exported and verified, and what is encrypted for one reader opened."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from client import attachments, carrying, completing
from client.caller import CallerOptions
from client.console import answer
from client.entries import moment
from client.language import _, named, speak
from client.naming import raise_unless_a_purpose
from client.options import GATEWAY, KEYS, OFFICER, EncryptFor, Keys, Known, Officer, Output, Reader, Url
from client.receipts import KeptReceipts, receipts_at
from client.render import whose
from domain.papers.paper import in_groups
from domain.plan.attachment import each_once
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.record.epcis import exchange
from domain.record.histories import against as compare_packets
from domain.record.packet import unseal
from domain.record.replay import replay
from domain.record.trust import installation_of
from domain.record.verify import Verified, attached, fit_parts
from domain.record.verify import verify as verify_packet
from domain.signing.canonical import plain
from domain.views.names import OUTCOMES
from domain.words.errors import Malformed, NotFound, NotVerified
from domain.words.moments import instant
from domain.words.quantities import say_span
from domain.words.text import mark
from papers.file import LARGEST_PAPER
from papers.verifying import Confirmed, looked_up, verified
from process.configuration import cards_in, directory_in
from process.files import write_new
from process.language import speakers
from protocol.gateway import Gateway

PURPOSES = {
    "operation": mark("for the operation itself; for a court or a State export it anew with --purpose"),
    "court": mark("for a court"),
}

app = typer.Typer()


@app.command()
def export(
    delivery: Annotated[
        str,
        typer.Argument(
            help="the delivery, by its code name; for an exchange, its packet",
            show_default=False,
            autocompletion=completing.deliveries,
        ),
    ],
    service: Annotated[str | None, typer.Option("--as", envvar="VIGIL_AS", help="the service you act for")] = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="where to; else DELIVERY.packet.json here")] = None,
    purpose: Annotated[str, typer.Option(help="operation, court, or a State such as UZ (R23)")] = "operation",
    with_attachments: Annotated[
        bool, typer.Option("--with-attachments", help="fetch the files that it names into the folder PACKET.attachments")
    ] = False,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    form: Annotated[
        Literal["packet", "epcis"], typer.Option("--format", help="the packet; or of one, its custody as GS1 EPCIS 2.0")
    ] = "packet",
    keys_unverified: Annotated[
        bool, typer.Option("--keys-unverified", help="of an exchange: believe the packet itself whose keys it names")
    ] = False,
    output: Output = "text",
) -> None:
    """Export the evidence packet: one file that anyone can verify offline, or with --encrypt-for one reader alone. With --format
    epcis: what a packet says of custody, for systems that read GS1 EPCIS; what a handling code restricts is not in it.
    """
    if with_attachments and encrypt_for is not None:
        raise Malformed(_("--with-attachments writes files as they are: encrypt the folder as a whole, and export without it"))
    carrying.recipients(encrypt_for, directory)
    if form == "epcis":
        _exchange(Path(delivery), file, _Carried(keys.expanduser(), service, encrypt_for, directory, keys_unverified), output)
        return
    raise_unless_a_purpose("--purpose", purpose)
    if service is None:
        raise Malformed(_("say with --as who exports it"))
    caller = CallerOptions(service, officer, keys, gateway)
    data = caller.at(delivery, lambda door: door.packet(delivery, purpose))
    path = carrying.write(file or Path(f"{delivery}.packet.json"), data, encrypt_for, directory)
    try:
        caller.shelf.compare_packet(delivery, data)
    except NotVerified as error:
        caller.shelf.alarm(error)
    beside = _fetched(path, delivery, data, caller) if with_attachments else None
    words = _("{path}: {count} bytes; verify it with: vigil verify {path} --directory FILE", path=path, count=len(data))
    if beside is not None:
        words += "\n" + _("{folder}: files: {count}, not there: {lacking}", **beside)
    answer(output, {"packet": str(path), "bytes": len(data)} | ({"attachments": beside} if beside is not None else {}), words)


def _fetched(path: Path, delivery: str, data: bytes, caller: CallerOptions) -> dict[str, str | int]:
    """Fetch what the packet names and may go where it goes, into the folder beside it; what is there is not fetched again."""
    packet, manifest, _seal = unseal(data)
    history = replay(packet.ledger, packet.directory, packet.cards)
    wanted = each_once(one.attachment for one in attached(history, manifest.purpose) if one.may_go)
    folder = path.with_name(f"{path.name}.attachments")
    folder.mkdir(mode=0o700, exist_ok=True)

    async def all_of(door: Gateway) -> int:
        there = {one.attachment.digest for one in (await door.files(delivery)).files if one.kept and one.yours}
        for digest, one in wanted.items():
            if digest in there and not (folder / one.name).exists():
                await attachments.get(door, delivery, one, folder / one.name)
        return len([one for one in wanted.values() if (folder / one.name).exists()])

    count = caller.call(all_of)
    return {"folder": str(folder), "count": count, "lacking": len(wanted) - count}


@dataclass(frozen=True)
class _Carried:
    """With which keys a packet is decrypted, for whom what is made of it is encrypted, and whose keys in it are believed."""

    folder: Path
    service: str | None
    encrypt_for: str | None
    directory: Path | None
    unverified: bool


def _exchange(packet: Path, file: Path | None, how: _Carried, output: str) -> None:
    """Its custody as EPCIS, once it is verified."""
    data = carrying.packet_in(packet, how.folder, how.service)
    trusted = directory_in(how.directory) if how.directory is not None else None
    if trusted is None and not how.unverified:
        raise _unproved()
    proved = verify_packet(data, trusted)
    found = exchange(unseal(data)[0], proved.exported_at)
    text = json.dumps(found.document, ensure_ascii=False, indent=2).encode()
    path = carrying.write(file or Path(f"{proved.delivery}.epcis.json"), text, how.encrypt_for, how.directory)
    said = _("{path}: {count} events of custody (GS1 EPCIS 2.0)", path=path, count=found.events)
    if found.restricted:
        numbers = ", ".join(map(str, found.restricted))
        said = "\n".join((said, _("not in it, for their handling codes: entries {numbers}", numbers=numbers)))
    answer(output, {"file": str(path), "events": found.events, "restricted": list(found.restricted)}, said)


def _unproved() -> NotVerified:
    hint = _("give --directory FILE, one that you have from elsewhere; or --keys-unverified, to look without proof")
    return NotVerified(_("whose keys these are stands only in the packet itself, which its forger would have written"), hint=hint)


@app.command()
def verify(
    packet: Annotated[Path, typer.Argument(help="the evidence packet", show_default=False)],
    directory: Annotated[Path | None, typer.Option(help="a directory you trust: every key must then stand in it")] = None,
    cards: Annotated[Path | None, typer.Option(help="a folder of rule cards you trust: the law must be as there")] = None,
    receipts: Annotated[
        list[Path] | None, typer.Option(help="receipts you were given, files or folders of them: each of this delivery must fit")
    ] = None,
    part: Annotated[list[Path] | None, typer.Option(help="packets of the parts it split into: each must fit")] = None,
    against: Annotated[
        Path | None, typer.Option(help="another packet of the same delivery, from another State: both must be of one history")
    ] = None,
    files: Annotated[
        Path | None, typer.Option("--attachments", help="a folder with files that it names: each must be the one that was named")
    ] = None,
    paper: Annotated[
        list[str] | None,
        typer.Option(help="papers, files or the twelve digits that they bear: each must be one that this packet makes"),
    ] = None,
    keys_unverified: Annotated[
        bool, typer.Option("--keys-unverified", help="believe the packet itself whose keys it names; then it proves no signer")
    ] = False,
    service: Reader = None,
    keys: Keys = KEYS,
    output: Output = "text",
) -> None:
    """Verify a packet, offline: every signature, every link, every rule, and your receipts, those beside your keys too. Exit code
    7 if anything is wrong, or if you give no directory that you trust.
    """
    if files is not None and not files.is_dir():
        raise NotFound(_("there is no folder {folder}", folder=files))
    held = receipts_at(receipts or [])
    trusted = directory_in(directory) if directory is not None else None
    law = cards_in(cards) if cards is not None else None
    data, *parts = (carrying.packet_in(path, keys.expanduser(), service) for path in (packet, *(part or [])))
    try:
        found, manifest, _tip = unseal(data)
    except NotVerified as error:
        message = _("{path}: {problem}", path=packet, problem=speak(error.reason))
        raise NotVerified(message, hint=_("`vigil export` writes one")) from error
    if trusted is None and not keys_unverified:
        raise _unproved()
    kept = KeptReceipts(keys.expanduser()).signed_by(installation_of(found, trusted), manifest.delivery)
    proved = verify_packet(data, trusted, list(dict.fromkeys((*held, *kept))), law)
    fit_parts(data, parts, trusted, law)
    if against is not None:
        _compare(data, carrying.packet_in(against, keys.expanduser(), service), trusted, law)
    printed = [_printed(one, data) for one in paper or []]
    table = _proof(proved, None if directory is None else str(directory), given=bool(receipts))
    named = [one.attachment for one in proved.attachments]
    looked = attachments.at_hand(files, named) if files is not None else attachments.Looked({}, ())
    found_there = looked.found
    _files(table, proved, looked)
    changed = [digest[:16] for digest, how in found_there.items() if how == "changed"]
    wrong = NotVerified(_("files were changed: {digests}", digests=", ".join(changed))) if changed else None
    for one in printed:
        words = _(
            "{name}, {language}, code {code}: this packet makes it, figure by figure",
            name=one.name,
            language=one.language,
            code=in_groups(one.code),
        )
        table.add_row(_("paper"), words)
        if one.newer is not None:
            words = (
                _("later entries have changed what it says: now it is the paper with code {code}", code=in_groups(one.newer))
                if one.newer
                else _("later entries have changed what it is about: now there is no such paper")
            )
            table.add_row(_("REPLACED"), words, style="yellow")
    known = {"papers": [plain(one) for one in printed]} if printed else {}
    document = plain(proved) | known | {"verified": wrong is None, "keys": "of the packet" if directory is None else "trusted"}
    there = {"at_hand": found_there, "none_of_them": looked.strangers} if files is not None else {}
    answer(output, document | there, table, wrong)


AT_HAND = {"fits": mark("at hand: it is the one"), "missing": mark("not at hand"), "changed": mark("CHANGED: it is another file")}


MOST_STRANGERS = 10


def _files(table: Table, proved: Verified, looked: attachments.Looked) -> None:
    """Each file that is named, and where they were looked for, whether it is at hand; and what lies there instead."""
    for one in proved.attachments:
        file, how = one.attachment, looked.found.get(one.attachment.digest)
        words = _(
            "{shows}, by {service} at entry {entry}, SHA-256 {digest}",
            shows=file.shows,
            service=one.service,
            entry=one.entry,
            digest=file.digest,
        )
        if not one.may_go:
            words += "; " + _("its code {code} keeps it from here (R23)", code=one.code)
        if how is not None:
            words += "; " + _(AT_HAND[how])
        table.add_row(_("file"), words, style={"changed": "bold red", "missing": "yellow"}.get(how or ""))
    if looked.strangers:
        names, more = ", ".join(looked.strangers[:MOST_STRANGERS]), len(looked.strangers) - MOST_STRANGERS
        words = _("{names}: none of the files that are named; a named file that was cut or changed looks so", names=names)
        words += _("; {count} more", count=more) if more > 0 else ""
        table.add_row(_("another file"), words, style="yellow")


def _printed(paper: str, data: bytes) -> Confirmed:
    """Which paper of the packet it is. Raises `NotVerified`, with what differs, and `Malformed` where nothing was named."""
    if not paper.strip():
        message = _("{option} says nothing: a value is missing", option="--paper")
        raise Malformed(message, hint=_("see `{command} --help`", command="vigil verify"))
    packet, manifest, _seal = unseal(data)
    if re.fullmatch(r"[0-9]{12}", paper.replace(" ", "")):
        return looked_up(paper.replace(" ", ""), packet, manifest, speakers(None))
    with Path(paper).open("rb") as file:
        return verified(file.read(LARGEST_PAPER + 1), packet, manifest, speakers(None))


def _compare(data: bytes, other: bytes, directory: Directory | None, cards: dict[str, RuleCard] | None) -> None:
    verify_packet(other, directory, cards=cards)
    compared = compare_packets(data, other)
    if not compared.agree:
        hint = _("keep both: whoever runs the installation has sealed two histories. Tell the other States")
        raise NotVerified(_("here the two packets part: two histories of one delivery"), compared.same, hint=hint)


def _of_remarked(entries: Sequence[int]) -> str:
    numbers = ", ".join(map(str, entries))
    if len(entries) == 1:
        return _("entry {number}: it counts, and the rules remark something of it", number=numbers)
    return _("entries {numbers}: each counts, and the rules remark something of it", numbers=numbers)


def _of_another(entries: Sequence[int]) -> str:
    numbers = ", ".join(map(str, entries))
    if len(entries) == 1:
        return _("at entry {number} a service says that it had seen another history than this", number=numbers)
    return _("at entries {numbers} a service says that it had seen another history than this", numbers=numbers)


def _proof(proved: Verified, keys: str | None, *, given: bool) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(
        _("verified"),
        _("against the keys of {keys}: every signature, every link, every rule", keys=keys or _("the packet itself")),
    )
    if keys is None:
        table.add_row(_("signers"), _("NOT PROVED: compare the keys below with what each service tells you"), style="bold red")
    table.add_row(_("delivery"), proved.delivery)
    table.add_row(_("outcome"), named(OUTCOMES, proved.outcome) if proved.outcome else _("still running when it was exported"))
    table.add_row(
        _("statements"), _("{statements} signed, {refused} refused", statements=proved.statements, refused=proved.refused)
    )
    table.add_row(_("ledger"), _("{count} entries, root {root}", count=proved.size, root=proved.root))
    if proved.receipts:
        table.add_row(
            _("receipts"), _("{count}: each is signed with one of these keys, and of this ledger", count=proved.receipts)
        )
    elif given:
        table.add_row(_("receipts"), _("none of this delivery is among those you gave"), style="yellow")
    if proved.foreign_receipts:
        table.add_row(_("passed over"), _("receipts of other deliveries: {count}", count=proved.foreign_receipts))
    for one in proved.put_back:
        said = (
            _(
                "; {count} statements there: {ids}",
                count=len(one.statements),
                ids=", ".join(one.statements),
            )
            if one.statements
            else ""
        )
        said += _("; {count} left out, for their handling codes (R23)", count=one.left_out) if one.left_out else ""
        words = _(
            "history {branch} had {size} entries, others than here from {since} on{said}",
            branch=one.branch,
            size=one.size,
            since=one.since,
            said=said,
        )
        table.add_row(_("put back"), words, style="bold red")
        if one.rests_on_left_out:
            words = _(
                "in history {branch} entries {numbers} rest on what is left out: compare receipts or another packet",
                branch=one.branch,
                numbers=", ".join(map(str, one.rests_on_left_out)),
            )
            table.add_row(_("NOT PROVED"), words, style="bold red")
    newest = proved.countersigned
    if newest is not None:
        ago = say_span(instant(proved.exported_at) - instant(newest.at))
        words = _(
            "the first {size} entries, by {service} at entry {entry}, {ago} before the export",
            size=newest.size,
            service=newest.service,
            entry=newest.entry,
            ago=ago,
        )
        table.add_row(_("countersigned"), words)
    else:
        table.add_row(_("countersigned"), _("nothing: no service has signed what it had seen"), style="yellow")
    if proved.hearsay:
        table.add_row(
            _("hearsay"),
            _("requests of which the installation alone says that they were received: {count}", count=proved.hearsay),
        )
    if proved.remarked:
        table.add_row(_("remarked"), _of_remarked(proved.remarked), style="yellow")
    for gap in proved.unwatched:
        gone = _(
            "from {begins} until {ends}, by the surveillance log (entries {after} and {before})",
            begins=moment(gap.begins),
            ends=moment(gap.ends),
            after=gap.after,
            before=gap.before,
        )
        table.add_row(_("not watched"), gone, style="yellow")
    for held in proved.exhibits:
        table.add_row(_("exhibit {label}", label=held.label), whose(held))
    if proved.other_history:
        table.add_row(_("ask why"), _of_another(proved.other_history), style="bold red")
    if proved.left_out:
        table.add_row(
            _("left out"),
            _(
                "{count} statements, for their handling codes (R23): so says who sealed it; your receipts, or another packet,"
                " show whether it is so",
                count=proved.left_out,
            ),
        )
    if proved.rests_on_left_out:
        numbers = ", ".join(map(str, proved.rests_on_left_out))
        words = _("entries {numbers} rest on what is left out: compare receipts or another packet", numbers=numbers)
        table.add_row(_("NOT PROVED"), words, style="bold red")
    table.add_row(
        _("purpose"), _(PURPOSES[proved.purpose]) if proved.purpose in PURPOSES else _("for {purpose}", purpose=proved.purpose)
    )
    table.add_row(
        _("exported"),
        _("{moment}, sealed by key {key}", moment=moment(proved.exported_at), key=proved.sealed_by),
    )
    for signer in proved.signers:
        table.add_row(_("signed by"), _("{service}, key {key}", service=signer.service, key=signer.key))
    return table


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help="a file that was encrypted for you", show_default=False)],
    service: Reader = None,
    plain_file: Annotated[Path | None, typer.Option("--file", "-f", help="where to; else its name without .age")] = None,
    keys: Keys = KEYS,
    output: Output = "text",
) -> None:
    """Decrypt a file into one that other programs can read. The commands here read it as it is."""
    path = plain_file or file.with_name(file.name.removesuffix(carrying.ENCRYPTED))
    data = carrying.read(file, keys.expanduser(), service, must_be_encrypted=True)
    write_new(path, data)
    answer(
        output,
        {"file": str(path), "bytes": len(data)},
        _("{path}: {count} bytes, no longer encrypted", path=path, count=len(data)),
    )
