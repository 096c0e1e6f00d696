"""`vigil admin certs`: certificates for a small site that has no authority of its own."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from client.console import answer, talk
from client.language import _
from client.options import DryRun, Output
from domain.words.text import shown
from process import certificates
from process.certificates import KeyAndCertificate

app = typer.Typer(help="For whoever runs an installation.", no_args_is_help=True)
certs = typer.Typer(help="Certificates for a small site: an authority of its own, and what it signs.", no_args_is_help=True)
app.add_typer(certs, name="certs")

Folder = Annotated[Path, typer.Option(help="folder of the authority, its key and what it has signed")]
FOLDER = Path("certs")


@certs.command()
def ca(
    folder: Folder = FOLDER,
    name: Annotated[str, typer.Option(help="what the authority is called")] = "Vigil",
    days: Annotated[int, typer.Option(help="for how many days it is valid")] = 1830,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Make an authority. Whoever has its key speaks for every host of the site: keep it away from the machines that serve."""
    made = certificates.make_authority(folder, name, days, certificates.now(), dry_run=dry_run)
    answer(output, [_document(made)], _table([made]))
    if dry_run:
        return
    talk.print(_("give {path} to whoever calls: VIGIL_CA names it", path=made.certificate), style="dim")


@certs.command()
def issue(
    name: Annotated[str, typer.Argument(help="what its files are called, such as gateway", show_default=False)],
    host: Annotated[
        list[str] | None, typer.Option("--host", help="host or IP address that it is for; as often as there are any")
    ] = None,
    folder: Folder = FOLDER,
    days: Annotated[int, typer.Option(help="for how many days it is valid")] = 90,
    renew: Annotated[bool, typer.Option(help="a new one for the same key and hosts, in the place of the one before")] = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Make a certificate and its key, signed by the authority. A gateway takes up a renewed one without a restart."""
    made = certificates.issue(folder, name, host or [], days, certificates.now(), renew=renew, dry_run=dry_run)
    answer(output, [_document(made)], _table([made]))


@certs.command()
def show(folder: Folder = FOLDER, output: Output = "text") -> None:
    """Which certificates there are, for which hosts, and when each ends."""
    found = certificates.there(folder)
    answer(output, [_document(one) for one in found], _table(found))


def _document(one: KeyAndCertificate) -> dict[str, Any]:
    return {
        "certificate": str(one.certificate),
        "key": str(one.key),
        "names": list(one.names),
        "ends": f"{one.ends:%Y-%m-%dT%H:%M:%SZ}",
    }


def _table(found: list[KeyAndCertificate]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for heading in (_("certificate"), _("key"), _("for"), _("ends")):
        table.add_column(heading)
    for one in found:
        row = (str(one.certificate), str(one.key), ", ".join(one.names), f"{one.ends:%Y-%m-%d %H:%M} UTC")
        table.add_row(*map(shown, row))
    return table
