"""Calls over HTTP: each is signed for itself, answers are bounded, and whoever is called has an address that is one."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from domain.plan import proof
from domain.plan.addresses import protected
from domain.words.errors import Malformed
from domain.words.text import fill


@dataclass(frozen=True)
class Signer:
    """Who calls: a service with its key, and the code of its officer where a person calls."""

    service: str
    key: Ed25519PrivateKey
    officer: str | None = None

    def proof(self, method: str, url: str, body: bytes | str) -> str:
        """A proof of this one call, made now; of a body that is long, over its digest."""
        now, nonce = datetime.now(UTC), secrets.token_hex(16)
        return proof.make(self.service, self.key, method, url, body, now=now, nonce=nonce, officer=self.officer)


def address(text: str, of: str, example: str) -> str:
    """An HTTP address without the slash at its end. Raises `Malformed` for what is none."""
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or url.host is None or url.query_string or url.fragment:
        raise Malformed(
            fill("{text} is no address of a {what}", text=repr(text), what=of),
            hint=fill("give one such as {example}", example=example),
        )
    if not protected(url.scheme, url.host):
        message = fill(
            "{text} is no address of a {what} that is safe to use: on the way to it everything could be read",
            text=repr(text),
            what=of,
        )
        raise Malformed(message, hint=fill("give https://{host}; http:// is for this very machine alone", host=url.host))
    return text.rstrip("/")


def of_delivery(delivery: str) -> str:
    """The gateway's path of a delivery."""
    return f"/v1/deliveries/{quote(delivery, safe='')}"


def answers_to(request: str, after: object) -> str:
    """The path at which a polled service is asked what it has answered to a request beyond the first `after`."""
    return f"/requests/{quote(request, safe='')}/answers?after={after}"


async def read_up_to(most: int, answer: aiohttp.ClientResponse) -> bytes:
    """The body of an answer. One that is longer than `most` is read no further than shows that it is."""
    data = bytearray()
    async for piece in answer.content.iter_any():
        data += piece
        if len(data) > most:
            break
    return bytes(data)


@asynccontextmanager
async def listening(app: web.Application, host: str | None, port: int | None, patience: float = 1) -> AsyncIterator[int]:
    """The application is served there; its port. Whoever is answered at the end has `patience` seconds. Raises `OSError`."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
