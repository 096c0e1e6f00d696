"""`vigil up`: the whole installation on one machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import aiohttp
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from client import keyring, passphrase
from client.commands import payload
from client.commands.codec import bridge, origins_of, tells_users
from client.console import talk
from client.embedded import GRACE, Embedded, Layout, held
from client.language import _, speak
from client.options import KEYS, Keys
from client.running import Interrupted, run
from domain.plan.directory import Directory
from domain.words.errors import NotAllowed, NotFound, VigilError
from process.configuration import cards_in, directory_in
from process.ring import ring_in
from protocol.gateway import Gateway

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
    pages_as: Annotated[
        str | None, typer.Option(help="the supervisor as whom Temporal's pages are read; else the one whose key is here")
    ] = None,
) -> None:
    """Run the embedded system on this machine until Ctrl-C: Temporal on a SQLite file, a worker, a gateway."""
    services = directory_in(directory)
    system = services.system()
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
    words = passphrase.typed()
    reader = reader_of(services, keys.expanduser(), pages_as)
    with held(home.expanduser()) as locked, suppress(Interrupted):
        layout = Layout(
            home=locked,
            directory=directory.resolve(),
            cards=laws.resolve(),
            key=own.path.resolve(),
            passphrase=words,
            deconfliction_key=secret.resolve(),
            payload_keys=payload_keys.resolve(),
            gateway_port=port,
            temporal_port=temporal_port,
            ui_port=ui_port,
            metrics_port=metrics_port,
        )
        run(_up(layout, reader))


Reader = tuple[str, Ed25519PrivateKey]
"""A supervisor as whom Temporal's pages are read, and its key."""


def reader_of(services: Directory, keys: Path, named: str | None) -> Reader | None:
    """The supervisor who is named; else the only one whose key is here and opens without a question. None: nobody.

    Raises `NotAllowed` for a name of whom is no supervisor, and what `keyring.key_of` raises.
    """
    supervisors = [one.id for one in services.services if one.kind == "supervisor"]
    if named is not None:
        if named not in supervisors:
            message = _("{service} is no supervisor of this directory, and nobody else reads Temporal's pages", service=named)
            raise NotAllowed(message, hint=_("supervisors are: {services}", services=", ".join(supervisors) or _("none")))
        return named, keyring.key_of(keys, named)
    held_here = [one for one in supervisors if one in keyring.services_in(keys)]
    if len(held_here) != 1:
        return None
    with suppress(NotAllowed):  # no key of it counts now
        secrets = keyring.in_use(keys, held_here[0]).at_hand()
        return (held_here[0], secrets.key) if secrets is not None else None
    return None


async def _up(layout: Layout, reader: Reader | None) -> None:
    await ports_are_free(layout)
    async with serving(layout, reader) as embedded:
        talk.print(_("stop with Ctrl-C; everything acknowledged is on disk"), style="dim")
        await one_has_ended(embedded)


async def one_has_ended(embedded: Embedded) -> NoReturn:
    """Wait for that, which should not be. Raises `VigilError` with which it was."""
    waits = {asyncio.create_task(process.wait()): name for name, process in embedded.processes.items()}
    done, _rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    ended = waits[done.pop()]
    raise VigilError(_("{process} ended by itself", process=ended), hint=_("see {path}", path=embedded.log_of(ended)))


async def ports_are_free(layout: Layout) -> None:
    """Raises `VigilError` for the first port that is not."""
    wanted = [(_("gateway"), layout.gateway_port), ("Temporal", layout.temporal_port), ("UI", layout.ui_port)]
    if layout.metrics_port is not None:
        wanted += [("metrics", layout.metrics_port), ("metrics", layout.metrics_port + 1)]
    for name, port in wanted:
        await _raise_if_taken(name, port)


@asynccontextmanager
async def serving(layout: Layout, reader: Reader | None, grace: float = GRACE) -> AsyncIterator[Embedded]:
    """The embedded system while the context is open, its pages in clear for this supervisor; prints where everything is."""
    pages = f"http://127.0.0.1:{layout.ui_port}"
    async with AsyncExitStack() as opened:
        door, endpoint = None, ""
        if reader is not None:
            door = Gateway(await opened.enter_async_context(aiohttp.ClientSession()), layout.gateway_url, *reader)
            endpoint = await opened.enter_async_context(bridge(door.decode, origins_of(pages)))
            layout = replace(layout, codec=endpoint if tells_users() else None)
        embedded = await opened.enter_async_context(Embedded(layout, grace))
        talk.print(_("gateway     {url}", url=layout.gateway_url))
        talk.print(_("desk        {url}/desk, which `vigil board` opens", url=layout.gateway_url))
        address = f"127.0.0.1:{layout.temporal_port}"
        talk.print(_("Temporal    {address}, its pages {pages}", address=address, pages=pages))
        await _say_how_pages_are_read(reader[0] if reader else "", door, endpoint, told=layout.codec is not None)
        if layout.metrics_port is not None:
            first, second = (f"http://127.0.0.1:{layout.metrics_port + further}/metrics" for further in (0, 1))
            talk.print(_("metrics     {first} of the gateway, {second} of the worker", first=first, second=second))
        talk.print(_("kept in     {folder}", folder=layout.home.path))
        yield embedded


async def _say_how_pages_are_read(reader: str, door: Gateway | None, endpoint: str, *, told: bool) -> None:
    """In clear, as whom; or what is to be done for it."""
    if door is None:
        talk.print(_("pages       their contents are encrypted; a supervisor reads them: vigil codec --as SERVICE"), style="dim")
        return
    try:
        await door.decode(b"{}")
    except VigilError as error:
        message = _("pages       not in clear for {service}: {why}", service=reader, why=error.told_in(speak)[0])
        talk.print(message, style="bold red")
        return
    if told:
        talk.print(_("pages       in clear for you, as {service}; not for other users of this machine", service=reader))
    else:
        talk.print(_("pages       in clear, as {service}, once you enter {url}", service=reader, url=endpoint))
        talk.print(_("in Temporal's UI: the glasses at the top right, Remote Codec Endpoint"), style="dim")


async def _raise_if_taken(name: str, port: int | None) -> None:
    try:
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", port)
    except OSError as error:
        message = _("port {port}, wanted for {name}, is taken or not allowed", port=port, name=name)
        raise VigilError(message, hint=_("stop what uses it, or choose another port")) from error
    server.close()
    await server.wait_closed()
