"""`vigil up`: the whole installation on one machine."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from client import keyring, passphrase
from client.commands import payload
from client.console import talk
from client.embedded import Embedded, Layout, held
from client.language import _
from client.options import KEYS, Keys
from client.running import Interrupted, run
from domain.words.errors import NotFound, VigilError
from process.configuration import cards_in, directory_in
from process.ring import ring_in

app = typer.Typer()


@app.command()
def up(
    directory: Annotated[Path, typer.Option(help="directory of services (YAML)", show_default=False)],
    cards: Annotated[Path | None, typer.Option(help="folder of rule cards; else `cards` beside the directory")] = None,
    home: Annotated[Path, typer.Option(envvar="VIGIL_HOME", help="where everything is kept")] = Path("~/.local/share/vigil"),
    keys: Keys = KEYS,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port of the gateway")] = 8470,
    temporal_port: Annotated[int, typer.Option(min=1, max=65535, help="port of the Temporal server")] = 7233,
    ui_port: Annotated[int, typer.Option(min=1, max=65535, help="port of Temporal's own web pages")] = 8233,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65534, help="port of the gateway's metrics, for Prometheus; the worker's is the next")
    ] = None,
) -> None:
    """Run the embedded system on this machine until Ctrl-C: Temporal on a SQLite file, a worker, a gateway."""
    system = directory_in(directory).system()
    if system is None:
        message = _("{directory} has no entry for the installation itself", directory=directory)
        hint = _("make its key and entry: vigil keys new vigil --installation --directory {directory}", directory=directory)
        raise NotFound(message, hint=hint)
    own = keyring.in_use(keys.expanduser(), system.id)
    own.secrets()
    laws = cards or directory.parent / "cards"
    cards_in(laws)
    secret = keyring.deconfliction_file(keys.expanduser())
    if not secret.exists():
        keyring.make_deconfliction(keys.expanduser())
    payload_keys = payload.file_of(keys.expanduser())
    if not payload_keys.exists():
        payload.make(keys.expanduser())
    ring_in(payload_keys)
    with held(home.expanduser()) as locked, suppress(Interrupted):
        layout = Layout(
            home=locked,
            directory=directory.resolve(),
            cards=laws.resolve(),
            key=own.path.resolve(),
            passphrase=passphrase.typed(),
            deconfliction_key=secret.resolve(),
            payload_keys=payload_keys.resolve(),
            gateway_port=port,
            temporal_port=temporal_port,
            ui_port=ui_port,
            metrics_port=metrics_port,
        )
        run(_up(layout))


async def _up(layout: Layout) -> None:
    wanted = [(_("gateway"), layout.gateway_port), ("Temporal", layout.temporal_port), ("UI", layout.ui_port)]
    if layout.metrics_port is not None:
        wanted += [("metrics", layout.metrics_port), ("metrics", layout.metrics_port + 1)]
    for name, port in wanted:
        await _raise_if_taken(name, port)
    async with Embedded(layout) as embedded:
        talk.print(_("gateway     {url}", url=layout.gateway_url))
        address, pages = f"127.0.0.1:{layout.temporal_port}", f"http://127.0.0.1:{layout.ui_port}"
        talk.print(_("Temporal    {address}, its pages {pages}", address=address, pages=pages))
        if layout.metrics_port is not None:
            first, second = (f"http://127.0.0.1:{layout.metrics_port + further}/metrics" for further in (0, 1))
            talk.print(_("metrics     {first} of the gateway, {second} of the worker", first=first, second=second))
        talk.print(_("kept in     {folder}", folder=layout.home.path))
        talk.print(_("stop with Ctrl-C; everything acknowledged is on disk"), style="dim")
        waits = {asyncio.create_task(process.wait()): name for name, process in embedded.processes.items()}
        done, _rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        ended = waits[done.pop()]
        raise VigilError(_("{process} ended by itself", process=ended), hint=_("see {path}", path=embedded.log_of(ended)))


async def _raise_if_taken(name: str, port: int | None) -> None:
    try:
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port)
    except OSError as error:
        message = _("port {port}, wanted for {name}, is taken or not allowed", port=port, name=name)
        raise VigilError(message, hint=_("stop what uses it, or choose another port")) from error
    server.close()
    await server.wait_closed()
