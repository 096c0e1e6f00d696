"""`vigil context`: the gateways, services and keys that one works with, by names."""

from pathlib import Path
from typing import Annotated

import typer

from client import completing, contexts
from client.console import answer, talk
from client.contexts import Contexts
from client.keyring import services_in
from client.language import _
from client.options import DryRun, Output
from client.signing import dry
from client.tables import Lines
from domain.signing.canonical import plain

app = typer.Typer(
    help="Gateways, services and keys that you work with, each by a name. No secret is in them.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="its name, such as tashkent", show_default=False, autocompletion=completing.contexts)]


@app.command()
def add(
    name: Name,
    gateway: Annotated[str | None, typer.Option(help="address of the gateway")] = None,
    service: Annotated[str | None, typer.Option("--as", help="the service you act for, such as uz.customs")] = None,
    officer: Annotated[str | None, typer.Option(help="your officer code, never a name")] = None,
    keys: Annotated[Path | None, typer.Option(help="folder of private keys; the keys stay there")] = None,
    directory: Annotated[Path | None, typer.Option(help="directory of services, with their keys")] = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Keep a context. The first one is used at once; others with `vigil context use`."""
    places = {"keys": _whole(keys), "directory": _whole(directory)}
    known = contexts.with_new(name, {"gateway": gateway, "service": service, "officer": officer, **places})
    if keys is not None and service is not None and service not in services_in(keys.expanduser()):
        talk.print(_("there is no key of {service} in {folder} yet", service=service, folder=keys), style="yellow")
    _write(known, output, dry_run=dry_run)


@app.command()
def use(name: Name, dry_run: DryRun = False, output: Output = "text") -> None:
    """Work with this context from now on. Of one terminal only: VIGIL_CONTEXT; of one command: `vigil --context NAME ...`."""
    known = contexts.kept()
    known.get(name)
    _write(known.model_copy(update={"current": name}), output, dry_run=dry_run)


@app.command("list")
def list_(output: Output = "text") -> None:
    """All contexts, the one in use with a `*`."""
    known = contexts.kept()
    answer(output, plain(known), _shown(known))


@app.command()
def remove(name: Name, dry_run: DryRun = False, output: Output = "text") -> None:
    """Forget a context. Keys and files stay where they are."""
    known = contexts.kept()
    known.get(name)
    left = {one: said for one, said in known.contexts.items() if one != name}
    current = known.current if known.current != name else None
    _write(Contexts(current=current, contexts=left), output, dry_run=dry_run)


def _write(known: Contexts, output: str, *, dry_run: bool) -> None:
    """Keep them all as they are now, and show them."""
    if dry_run:
        dry(output, plain(known), _shown(known))
    answer(output, plain(contexts.written(known)), _shown(known))


def _whole(path: Path | None) -> str | None:
    return str(path.expanduser().resolve()) if path is not None else None


def _shown(known: Contexts) -> Lines | str:
    if not known.contexts:
        return _("there is no context; `vigil context add` makes one")
    table = Lines("", _("context"), _("gateway"), _("service"), _("officer"), _("keys"))
    for name, one in known.contexts.items():
        used = "*" if name == known.current else ""
        table.add_row(used, name, one.gateway or "", one.service or "", one.officer or "", one.keys or "")
    return table
