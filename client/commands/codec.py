"""`vigil codec`: a bridge on the supervisor's own machine, through which Temporal's UI and command line read histories.

They cannot sign requests. So the bridge takes theirs on the loopback interface, signs them with the supervisor's key, and
passes them on to the gateway, which has the payload keys and knows who may read. Its address holds a secret made for this one
run, and where the system says whose a connection is (Linux) it answers its own user only, so that nobody else on the machine can
use it; and a browser lets no page read its answers but those of the UI named. `vigil up` has one, and tells the UI where it is.
"""

import asyncio
import hmac
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web
from yarl import URL

from client.connecting import session
from client.console import talk
from client.keyring import key_of
from client.language import _, speak
from client.options import GATEWAY, KEYS, As, Keys, Url
from client.running import Interrupted, run
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, VigilError
from domain.words.text import mark
from protocol.calls import listening
from protocol.gateway import Gateway

UI = "http://127.0.0.1:8233"
LARGEST_BODY = 4_000_000
"""Bytes, as at the gateway."""
CONNECTIONS = Path("/proc/net/tcp")
"""Where Linux says whose each connection is (proc_net_tcp)."""
LOOPBACK = ("127.0.0.1", "localhost")
"""Two names of the same pages, and two origins to a browser."""

Decode = Callable[[bytes], Awaitable[bytes]]


def codec(
    service: As,
    ui: Annotated[str, typer.Option(help="address of Temporal's UI; no other page is answered")] = UI,
    port: Annotated[int, typer.Option(min=0, max=65535, help="port of the loopback interface; else any that is free")] = 0,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
) -> None:
    """Let Temporal's UI and command line on this machine show histories in clear, until Ctrl-C. For supervisors."""
    key, origins = key_of(keys.expanduser(), service), origins_of(ui)

    async def serve() -> None:
        async with session() as http:
            door = Gateway(http, gateway, service, key)
            await door.decode(b"{}")  # who may not read learns it now
            async with bridge(door.decode, origins, port) as endpoint:
                talk.print(_("codec endpoint  {url}", url=endpoint))
                talk.print(_("in Temporal's UI: the glasses at the top right, Remote Codec Endpoint"), style="dim")
                talk.print(_("for `temporal`: export TEMPORAL_CODEC_ENDPOINT=..., which other users cannot see"), style="dim")
                talk.print(_("stop with Ctrl-C; the address is worth nothing then"), style="dim")
                await asyncio.Event().wait()

    with suppress(Interrupted):
        run(serve())


def origins_of(ui: str) -> frozenset[str]:
    """The origin (RFC 6454) of the UI; both where it is this machine, which has two names. Raises `Malformed`."""
    try:
        origin = URL(ui).origin()
        return frozenset(str(origin.with_host(one)) for one in (LOOPBACK if origin.host in LOOPBACK else (origin.host or "",)))
    except ValueError as error:
        raise Malformed(_("{url} is no address of a page", url=repr(ui)), hint=_("give one such as {url}", url=UI)) from error


@asynccontextmanager
async def bridge(decode: Decode, origins: frozenset[str], port: int = 0) -> AsyncIterator[str]:
    """Listen while the context is open; the endpoint's address. Raises `VigilError` if the port is taken."""
    app = application(decode, origins, path := f"/{secrets.token_urlsafe(24)}")
    async with AsyncExitStack() as served:
        try:
            taken = await served.enter_async_context(listening(app, "127.0.0.1", port))
        except OSError as error:
            raise VigilError(_("port {port} is taken or not allowed", port=port), hint=_("choose another with --port")) from error
        yield f"http://127.0.0.1:{taken}{path}"


def tells_users() -> bool:
    """Whether this system says whose a connection is, so that an address which others can read is of no use to them."""
    return CONNECTIONS.exists()


def user_of(host: str, port: int) -> int | None:
    """Whose the other end of a connection from this address is; None where the system does not say, -1 where it is not there."""
    if not tells_users():
        return None
    address = f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
    lines = (line.split() for line in CONNECTIONS.read_text(encoding="ascii").splitlines()[1:])
    return next((int(one[7]) for one in lines if one[1] == address), -1)


def _is_ours(request: web.Request) -> bool:
    if request.transport is None:  # who asked has gone
        return False
    host, port = request.transport.get_extra_info("peername")[:2]
    return user_of(host, port) in (None, os.getuid() if hasattr(os, "getuid") else None)


def application(decode: Decode, origins: frozenset[str], path: str) -> web.Application:
    """POST and its preflight at `{path}/decode`; everything else is not found.

    So that questions to a workflow can be asked, `{path}/encode` takes an empty list: with arguments none can be, since nobody
    writes by hand.
    """

    async def answer(request: web.Request) -> web.Response:
        secret, _, what = request.path.rpartition("/")
        if not hmac.compare_digest(secret.encode(), path.encode()) or what not in ("decode", "encode"):
            return web.Response(status=404)
        if not _is_ours(request):
            return web.Response(status=403, text="only the user who began this is answered\n")
        origin = request.headers.get("Origin", min(origins))
        if origin not in origins:
            return web.Response(status=403, text="only Temporal's UI is answered; name its address with --ui\n")
        cors = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if request.method == "OPTIONS":
            allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type, X-Namespace"}
            return web.Response(status=204, headers=cors | allowed)
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        body = await request.read()
        try:
            answered = await decode(body) if what == "decode" else _nothing(body)
            return web.Response(body=answered, content_type="application/json", headers=cors)
        except VigilError as error:
            talk.print(f"vigil: {error.told_in(speak)[0]}", style="bold red")
            return web.Response(status=_status(error), text=f"{error.message}\n", headers=cors)

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{anything:.*}", answer)
    return app


def _nothing(body: bytes) -> bytes:
    """An empty list, encoded. Raises `NotAllowed` for any other."""
    try:
        empty = json.loads(body) in ({}, {"payloads": []}, {"payloads": None})
    except (ValueError, RecursionError):
        empty = False
    if not empty:
        raise NotAllowed(mark("nothing is written into a history by hand, so nothing is encrypted for it"))
    return b"{}"


def _status(error: VigilError) -> int:
    if isinstance(error, NotAllowed | NotAuthentic):
        return 403
    return 400 if isinstance(error, Malformed) else 502
