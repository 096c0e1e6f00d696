"""The connection to the gateway: signed calls, each with a proof of its own, and problem documents as our errors."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter
from yarl import URL

from domain import proof
from domain.envelope import Envelope
from domain.errors import (
    Fault,
    Malformed,
    NotAllowed,
    NotAuthentic,
    NotFound,
    RuleBroken,
    Unavailable,
    VigilError,
)
from domain.ledger import Entry, Left, Receipt
from domain.requests import Inbox
from domain.views import DeliveryView, Row

T = TypeVar("T")

_PLAIN: dict[str, type[VigilError]] = {kind.code: kind for kind in (NotAuthentic, NotAllowed, NotFound, Unavailable)}
_ANSWER: TypeAdapter[Receipt | Left] = TypeAdapter(Receipt | Left)
AGAIN_AFTER = 1.0
"""Seconds before a stream that broke off is asked for again."""
_PATIENCE = aiohttp.ClientTimeout(total=60, connect=5)
_STREAM = aiohttp.ClientTimeout(total=None, connect=5)


class Gateway:
    """Calls the gateway as one service, with that service's own key."""

    def __init__(self, http: aiohttp.ClientSession, url: str, service: str, key: Ed25519PrivateKey) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._service = service
        self._key = key

    async def start(self, plan: Envelope) -> str:
        """Start a delivery; its id."""
        answer = json.loads(await self._call("POST", "/v1/deliveries", plan))
        return str(answer["delivery"])

    async def amend(self, delivery: str, plan: Envelope) -> Entry:
        """Change a delivery's plan for what is still ahead; the ledger entry that records it."""
        return Entry.model_validate_json(await self._call("PUT", f"{_of(delivery)}/plan", plan))

    async def submit(self, delivery: str, statement: Envelope) -> Receipt | Left:
        """Hand in a statement; its receipt, or that it has been left for when a worker is up."""
        return _ANSWER.validate_json(await self._call("POST", f"{_of(delivery)}/statements", statement))

    async def deliveries(self) -> list[Row]:
        """One's own deliveries."""
        return _read(list[Row], await self._call("GET", "/v1/deliveries"))

    async def view(self, delivery: str) -> DeliveryView:
        """The summary."""
        return DeliveryView.model_validate_json(await self._call("GET", _of(delivery)))

    async def ledger(self, delivery: str, since: int = 0) -> list[Entry]:
        """Ledger entries from a number on."""
        return _read(list[Entry], await self._call("GET", f"{_of(delivery)}/ledger?since={since}"))

    async def inbox(self) -> Inbox:
        """What one is being asked."""
        return Inbox.model_validate_json(await self._call("GET", "/v1/inbox"))

    async def packet(self, delivery: str) -> bytes:
        """The sealed evidence packet, as the bytes to keep."""
        return await self._call("GET", f"{_of(delivery)}/packet")

    async def changes(self, delivery: str, since: int = 0) -> AsyncIterator[Entry]:
        """Entries as they are recorded, until the delivery has ended. Goes on after a broken connection."""
        while True:
            try:
                async for entry in self._stream(f"{_of(delivery)}/changes?since={since}"):
                    since = entry.seq + 1
                    yield entry
                    if entry.event.event == "ended":
                        return
            except aiohttp.ClientPayloadError:
                pass  # broken off in the middle of an entry: asked for again
            await asyncio.sleep(AGAIN_AFTER)

    async def _stream(self, path: str) -> AsyncIterator[Entry]:
        url, headers = self._signed("GET", path, b"")
        try:
            async with self._http.get(url, headers=headers, timeout=_STREAM, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise _error(await answer.read())
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        yield Entry.model_validate_json(line[6:])
        except aiohttp.ClientConnectionError as error:
            raise self._away() from error

    async def _call(self, method: str, path: str, envelope: Envelope | None = None) -> bytes:
        body = envelope.model_dump_json().encode() if envelope is not None else b""
        url, headers = self._signed(method, path, body)
        try:
            async with self._http.request(
                method, url, data=body, headers=headers, timeout=_PATIENCE, allow_redirects=False
            ) as answer:
                data = await answer.read()
        except aiohttp.ClientConnectionError as error:
            raise self._away() from error
        except TimeoutError as error:
            message = f"the gateway at {self._url} does not answer in time"
            raise Unavailable(message, hint="try again: nothing is counted twice") from error
        if answer.status >= 300:
            raise _error(data)
        return data

    def _signed(self, method: str, path: str, body: bytes) -> tuple[URL, Mapping[str, str]]:
        url = URL(f"{self._url}{path}", encoded=True)
        nonce = secrets.token_hex(16)
        made = proof.make(self._service, self._key, method, url.raw_path_qs, body, now=datetime.now(UTC), nonce=nonce)
        return url, {"Authorization": made, "Content-Type": "application/json"}

    def _away(self) -> Unavailable:
        message = f"no gateway answers at {self._url}"
        return Unavailable(message, hint="start one with `vigil up`, or name another with --gateway or VIGIL_GATEWAY")


def _of(delivery: str) -> str:
    return f"/v1/deliveries/{quote(delivery, safe='')}"


def _read(kind: type[T], data: bytes) -> T:
    return TypeAdapter(kind).validate_json(data)


def _error(data: bytes) -> VigilError:
    """The error a problem document stands for."""
    try:
        document: dict[str, Any] = json.loads(data)
    except ValueError:
        return Unavailable("what answers there is not a Vigil gateway", hint="check the address")
    detail, hint = str(document.get("detail", "")), str(document.get("hint", ""))
    code = str(document.get("code", ""))
    if code == Malformed.code:
        return Malformed(detail, [Fault.model_validate(fault) for fault in document.get("faults", ())], hint=hint)
    if code == RuleBroken.code:
        rule = str(document.get("rule", ""))
        return RuleBroken(rule, detail.removeprefix(f"{rule}: "), hint=hint)
    return _PLAIN.get(code, Unavailable)(detail or "the gateway could not answer", hint=hint)
