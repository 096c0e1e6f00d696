"""What an examination of a participating service is made with: calls such as Vigil makes, calls such as Vigil never makes,
and a gateway to which the service hands in its statements.
"""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from yarl import URL

from domain.delivery.ledger import Left, Receipt, Verdict
from domain.delivery.requests import Facts, Notice, Request
from domain.delivery.statements import Statement, read_statement
from domain.plan import proof
from domain.plan.directory import Directory, Service
from domain.plan.vocabulary import Need
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import NOTICE_TYPE, REQUEST_TYPE, STATEMENT_TYPE, Envelope, open_envelope, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import Malformed, Unavailable, VigilError
from domain.words.moments import utc_text

ONE_CALL = 10.0
"""Seconds within which a service acknowledges."""
LARGEST_BODY = 1_000_000
MOST_ANSWERS = 100
LOOK_EVERY = 0.1
TRIALS = ("the connection dropped", "503", "202")
"""What the gateway does with the first attempts to hand in an answer; then it gives the receipt."""


class Unmet(Exception):
    """The service did something else than the protocol demands."""


class Untried(Exception):
    """What this would look at is not there."""


@dataclass(frozen=True)
class Answer:
    """What a call was answered with; status 0 where the connection was closed without an answer."""

    status: int
    body: bytes
    seconds: float

    def __str__(self) -> str:
        return f"status {self.status}" if self.status else "the connection was closed without an answer"


@dataclass(frozen=True)
class HandedIn:
    """One attempt to hand in a statement."""

    envelope: Envelope
    path: str
    nonce: str
    """Of its proof; empty if the proof is not the service's for this request."""
    problem: str
    """What is wrong with its proof."""


class Exam:
    """The service under examination, and Vigil as it meets it."""

    def __init__(  # noqa: PLR0913 - who examines whom, and how long that may take
        self,
        http: aiohttp.ClientSession,
        url: str,
        service: Service,
        vigil: tuple[str, Ed25519PrivateKey],
        says: Need,
        *,
        pushes: bool,
        patience: float,
        settle: float,
    ) -> None:
        self.service = service
        self.pushes = pushes
        self.says = says
        self.patience = patience
        """Seconds for which an answer is waited for."""
        self.settle = settle
        """Seconds after which what has not happened counts as not happening."""
        self.delivery = f"conformance-{secrets.token_hex(4)}"
        self.handed_in: list[HandedIn] = []
        self.strays: list[str] = []
        self.main = self.request("main")
        """The request whose answers are looked at."""
        self.pair = self.request("pair", officers=2)
        """One that two officers must answer."""
        self._silent: set[str] = set()
        """Requests whose answers were waited for in vain: they are not waited for again."""
        self._http = http
        self._url = url.rstrip("/")
        self.vigil, self.key = vigil
        self.key_id = key_id(public_text(self.key))
        self.stranger = Ed25519PrivateKey.generate()

    # What Vigil says

    def request(self, checkpoint: str = "", **changed: Any) -> dict[str, Any]:
        """A request of its own, with these fields instead of the usual ones."""
        name = checkpoint or f"check-{secrets.token_hex(4)}"
        now = datetime.now(UTC)
        usual = Request(
            id=f"{self.delivery}/{name}/{self.service.id}",
            delivery=self.delivery,
            checkpoint=name,
            service=self.service.id,
            says=(self.says,),
            asked_at=utc_text(now),
            due=utc_text(now + timedelta(hours=1)),
            facts=Facts.model_validate(
                {
                    "place": "Conformance test",
                    "state": self.service.state,
                    "modality": "intact",
                    "expected_at": None,
                    "valid_until": utc_text(now + timedelta(days=7)),
                    "gross": "13.9 kg",
                    "tolerance": "20 g",
                    "seals": [{"number": "KZ000001", "security": "H"}],
                    "contents": [{"substance": "conformance test", "net": "13.2 kg"}],
                    "permissions": ["opening"],
                    "problem": "conformance test",
                }
            ),
        )
        return {**plain(usual), **changed}

    def notice(self, **changed: Any) -> dict[str, Any]:
        """A notice of its own."""
        usual = Notice(
            id=f"{self.delivery}/{secrets.token_hex(4)}/{self.service.id}",
            delivery=self.delivery,
            service=self.service.id,
            kind="reminder",
            checkpoint=self.main["checkpoint"],
            text="conformance test",
        )
        return {**plain(usual), **changed}

    def envelope(self, said: Any) -> Envelope:
        """A request in the envelope that Vigil would send."""
        return sign(canonical(said), REQUEST_TYPE, self.key)

    def signed(self, said: Any, payload_type: str = REQUEST_TYPE) -> bytes:
        """The envelope that Vigil would send, as bytes."""
        payload = said if isinstance(said, bytes) else canonical(said)
        return sign(payload, payload_type, self.key).model_dump_json().encode()

    def proof(self, method: str, path: str, body: bytes, *, key: Ed25519PrivateKey | None = None, **claims: Any) -> str:
        """A proof of this call; by another key, or with other claims than the true ones (None leaves one out)."""
        made = proof.make(
            self.vigil,
            key or self.key,
            method,
            self._url + path,
            body,
            now=datetime.now(UTC),
            nonce=secrets.token_hex(16),
        )
        scheme, _, token = made.partition(" ")
        header, true, _ = (json.loads(_unb64url(part)) if number < 2 else {} for number, part in enumerate(token.split(".")))
        header |= {name: claims.pop(name) for name in ("alg", "typ", "kid") if name in claims}
        said = {name: value for name, value in (true | claims).items() if value is not None}
        parts = ".".join(_b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, said))
        return f"{scheme} {parts}.{_b64url((key or self.key).sign(parts.encode()))}"

    # Calls

    async def ask(self, said: Any) -> Answer:
        """A request as Vigil makes it."""
        return await self.post("/requests", self.signed(said))

    async def tell(self, said: Any) -> Answer:
        """A notice as Vigil sends it."""
        return await self.post("/notices", self.signed(said, NOTICE_TYPE))

    async def post(self, path: str, body: bytes, authorization: str | None = "") -> Answer:
        """A call with this body; without a proof if `authorization` is None, with the true one if it is empty."""
        made = self.proof("POST", path, body) if authorization == "" else authorization
        return await self._call("POST", path, body, {"Content-Type": "application/json"}, made)

    async def get(self, path: str, wait: int, authorization: str | None = "") -> Answer:
        """A poll."""
        made = self.proof("GET", path, b"") if authorization == "" else authorization
        return await self._call("GET", path, b"", {"Prefer": f"wait={wait}"}, made)

    async def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str], authorization: str | None) -> Answer:
        sent = dict(headers) | ({"Authorization": authorization} if authorization is not None else {})
        timeout = aiohttp.ClientTimeout(total=3 * ONE_CALL)
        url = URL(self._url + path, encoded=True)
        began = time.monotonic()
        try:
            async with self._http.request(method, url, data=body, headers=sent, timeout=timeout, allow_redirects=False) as answer:
                data = bytearray()
                async for piece in answer.content.iter_any():
                    data += piece
                    if len(data) > LARGEST_BODY:
                        break
                return Answer(answer.status, bytes(data), time.monotonic() - began)
        except aiohttp.ClientConnectorError as error:
            message = f"nothing answers at {self._url}"
            raise Unavailable(message, hint="start your system, and name its `url` as the directory has it") from error
        except TimeoutError as error:
            raise Unmet(f"no answer within {3 * ONE_CALL:.0f} s") from error
        except (aiohttp.ClientError, OSError):
            return Answer(0, b"", time.monotonic() - began)

    # Its answers

    def answers_path(self, request: str, after: object) -> str:
        """The path of a poll."""
        return f"/requests/{quote(request, safe='')}/answers?after={after}"

    async def answers(self, request: Mapping[str, Any], after: int = 0, wait: int = 0) -> list[Envelope]:
        """What a polled service has answered beyond the first `after`. Raises `Unmet` if that is no list of envelopes."""
        found = await self.get(self.answers_path(request["id"], after), wait)
        if found.status != 200 or len(found.body) > LARGEST_BODY:
            raise Unmet(f"{found}, {len(found.body)} bytes")
        try:
            document = json.loads(found.body)
            listed = [Envelope.model_validate(one) for one in document["answers"]]
        except (ValueError, KeyError, TypeError) as error:
            raise Unmet('no {"answers": [...]} of envelopes') from error
        if len(listed) > MOST_ANSWERS:
            raise Unmet(f"{len(listed)} answers at once")
        return listed

    async def said_to(self, request: Mapping[str, Any], least: int = 1) -> list[Envelope]:
        """What it has said to a request by now: each statement once, in order. Raises `Untried` if fewer come in good time."""
        until = time.monotonic() + (self.patience if request["id"] not in self._silent else 0)
        while True:
            found = self._pushed(request) if self.pushes else await self.answers(request)
            if len(found) >= least:
                return found
            if time.monotonic() > until:
                self._silent.add(request["id"])
                raise Untried(f"{len(found)} answers to {request['id']} within {self.patience:.0f} s")
            await asyncio.sleep(LOOK_EVERY)

    def _pushed(self, request: Mapping[str, Any]) -> list[Envelope]:
        said: dict[str, Envelope] = {}
        for one in self.handed_in:
            if _about(one.envelope) == (request["delivery"], request["checkpoint"]):
                said.setdefault(one.envelope.fingerprint(), one.envelope)
        return list(said.values())

    def statement(self, envelope: Envelope) -> Statement:
        """The statement in an envelope. Raises `Unmet` if it is not the service's."""
        try:
            keys = self.service.keys_at(datetime.now(UTC))
            return read_statement(open_envelope(envelope, STATEMENT_TYPE, keys))
        except VigilError as error:
            faults = "; ".join(str(fault) for fault in error.faults) if isinstance(error, Malformed) else ""
            raise Unmet(f"{error.message} {faults}".strip()) from error

    def loosely(self, envelope: Envelope) -> dict[str, Any]:
        """What an envelope says, whoever signed it and however. Raises `Untried` if that is no JSON object."""
        try:
            said = json.loads(envelope.body())
        except (Malformed, ValueError) as error:
            raise Untried("the answer is no statement") from error
        if not isinstance(said, dict) or not isinstance(said.get("content"), dict):
            raise Untried("the answer is no statement")
        return said

    def attempts(self, envelope: Envelope) -> list[HandedIn]:
        """Attempts so far to hand in what this envelope says."""
        said = self.loosely(envelope).get("id")
        return [one for one in self.handed_in if self.loosely(one.envelope).get("id") == said]

    async def attempts_at(self, envelope: Envelope, least: int) -> list[HandedIn]:
        """The same, once there are so many. Raises `Untried` if they do not come in good time."""
        until = time.monotonic() + self.patience
        while len(found := self.attempts(envelope)) < least:
            if time.monotonic() > until:
                raise Untried(f"handed in {len(found)} times within {self.patience:.0f} s")
            await asyncio.sleep(LOOK_EVERY)
        return found

    @staticmethod
    def now() -> int:
        """Seconds since 1970, as in a proof."""
        return int(time.time())

    # The gateway

    @asynccontextmanager
    async def gateway(self, url: str) -> AsyncIterator[None]:
        """A gateway for statements at this address. Raises `Unavailable` if the address is taken or none of this machine."""
        address = URL(url)
        gateway = _Gateway(self, url.rstrip("/"))
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{any:.*}", gateway.hear)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, address.host, address.port).start()
        except OSError as error:
            await runner.cleanup()
            message = f"no gateway can listen at {url}: {error.strerror}"
            raise Unavailable(message, hint="name a free address of this machine with --gateway") from error
        try:
            yield
        finally:
            await runner.cleanup()


@dataclass
class _Gateway:
    """Takes statements in, after it has been away for the first attempts."""

    exam: Exam
    url: str
    attempts: dict[str, int] = field(default_factory=dict)

    async def hear(self, call: web.Request) -> web.StreamResponse:
        """One attempt to hand in a statement."""
        body = await call.read()
        try:
            envelope = Envelope.model_validate_json(body)
            about = _about(envelope)
        except (ValidationError, Malformed):
            about = None
        expected = f"/v1/deliveries/{self.exam.delivery}/statements"
        if about is None or call.method != "POST" or call.path != expected:
            self.exam.strays.append(f"{call.method} {call.path}")
            return web.json_response({"code": "not-found"}, status=404, content_type="application/problem+json")
        nonce, problem = self._proved(call, body)
        self.exam.handed_in.append(HandedIn(envelope, call.path, nonce, problem))
        number = self.attempts[envelope.payload] = self.attempts.get(envelope.payload, 0) + 1
        if about[1] == self.exam.main["checkpoint"] and number <= len(TRIALS):
            return await self._away(call, envelope, number)
        return web.json_response(plain(self._receipt(envelope)))

    async def _away(self, call: web.Request, envelope: Envelope, number: int) -> web.StreamResponse:
        if number == 1 and call.transport is not None:
            call.transport.abort()
        if number == len(TRIALS):
            left = Left(statement=_statement_id(envelope), left_at=utc_text(datetime.now(UTC)))
            return web.json_response(plain(left), status=202)
        return web.json_response({"code": "unavailable"}, status=503, content_type="application/problem+json")

    def _proved(self, call: web.Request, body: bytes) -> tuple[str, str]:
        """The nonce of its proof, or what is wrong with the proof."""
        known = Directory(vigil="directory/1", services=(self.exam.service,))
        header, url = call.headers.get("Authorization"), self.url + call.raw_path
        try:
            return proof.check(header, known, call.method, url, body, now=datetime.now(UTC)).nonce, ""
        except VigilError as error:
            return "", error.message

    def _receipt(self, envelope: Envelope) -> Receipt:
        return Receipt(
            statement=_statement_id(envelope),
            seq=1,
            recorded_at=utc_text(datetime.now(UTC)),
            head=envelope.fingerprint(),
            verdict=Verdict(verdict="accepted"),
        )


def _about(envelope: Envelope) -> tuple[Any, Any] | None:
    """Delivery and checkpoint that the payload names, before anything is known about who signed it."""
    try:
        said = json.loads(envelope.body())
    except ValueError:
        return None
    return (said.get("delivery"), said.get("checkpoint")) if isinstance(said, dict) else None


def _statement_id(envelope: Envelope) -> str:
    said = json.loads(envelope.body()).get("id")
    return said if isinstance(said, str) and len(said) >= 8 else "not-an-id"


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
