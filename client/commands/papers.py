"""Papers: listed, and made, by the gateway or offline from a packet."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from client import carrying, completing
from client.caller import CallerOptions
from client.console import answer
from client.language import _, speak
from client.naming import raise_unless_a_purpose
from client.options import GATEWAY, KEYS, OFFICER, Keys, Officer, Output, Reader, Url
from domain.papers.handed import Format, PaperFile
from domain.papers.making import Offered, Wanted, make, offered, purpose_of, record_of
from domain.record.packet import unseal
from domain.record.verify import verify as verify_packet
from domain.signing.canonical import plain
from domain.words.errors import Malformed
from papers.rendering import packed
from process.configuration import directory_in
from process.files import write_new
from process.language import speakers

LIST = "list"
Language = Literal["ru", "en", "ru-en"]


def paper(
    name: Annotated[str, typer.Argument(help="list, or the paper, as the list names it", show_default=False)],
    delivery: Annotated[
        str,
        typer.Argument(
            help="the delivery, by its operation's code name; or a packet of it, offline",
            show_default=False,
            autocompletion=completing.deliveries,
        ),
    ],
    to: Annotated[
        str,
        typer.Option("--for", help="for whose use: operation, court, or a State such as UZ (R23)"),
    ] = "operation",
    language: Annotated[Language, typer.Option("--lang", help="of the paper; ru-en where the list offers it")] = "ru",
    form: Annotated[Format, typer.Option("--format", help="HTML prints from any browser")] = "html",
    file: Annotated[Path | None, typer.Option("--file", "-f", "-O", help="where to; else DELIVERY.NAME.LANG.FORMAT here")] = None,
    service: Reader = None,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    directory: Annotated[Path | None, typer.Option(help="a directory you trust: a packet is verified against it")] = None,
    output: Output = "text",
) -> None:
    """Print what is filed: requests, orders, records, acts and reports, each value with the entry, plan or card it comes from.
    `vigil verify PACKET --paper FILE` says whether a paper is the one that a packet makes.
    """
    packet = Path(delivery) if Path(delivery).suffix and Path(delivery).exists() else None
    raise_unless_a_purpose("--for", to)
    wanted = Wanted(name, language, to)
    if packet is not None:
        data = carrying.packet_in(packet, keys.expanduser(), service)
        verify_packet(data, directory_in(directory) if directory is not None else None)
        found, manifest, _seal = unseal(data)
        record = record_of(found, manifest.purpose)
        if name == LIST:
            _list(tuple(offered(record)), output)
            return
        made = make(record, wanted, speakers(None))
        _write(packed(made, purpose_of(wanted), form), file, output)
        return
    if service is None:
        raise Malformed(_("say which service you act for: --as SERVICE; or give a packet"))
    caller = CallerOptions(service, officer, keys, gateway)
    if name == LIST:
        _list(caller.at(delivery, lambda door: door.papers(delivery)), output)
        return
    _write(caller.at(delivery, lambda door: door.paper(delivery, name, language, form, to)), file, output)


def _list(found: tuple[Offered, ...], output: Output) -> None:
    table = Table(_("paper"), _("what it is"), _("of"), _("languages"), box=None)
    for one in found:
        table.add_row(one.name, speak(one.title), one.of, ", ".join(one.languages))
    answer(output, [plain(one) for one in found], table)


def _write(given: PaperFile, file: Path | None, output: Output) -> None:
    told = given.paper
    path = file or Path(f"{told.delivery}.{told.name}.{told.language}.{given.format}")
    content = given.content()
    write_new(path, content)
    text = _(
        "{path}: {count} bytes, code {code}; check it with: vigil verify PACKET --paper {path}",
        path=path,
        count=len(content),
        code=told.code,
    )
    answer(output, {"file": str(path), "bytes": len(content), **plain(told)}, text)
