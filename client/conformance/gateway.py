"""The gateway as the examined service meets it: away at first, then as good as a real one for a delivery of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from aiohttp import web
from pydantic import ValidationError
from yarl import URL

from client.conformance.record import ExaminationRecord, said_in, statement_id
from domain.delivery.ledger import Left
from domain.plan import proof
from domain.plan.directory import Directory, Service
from domain.signing.canonical import digest_of_bytes, plain
from domain.signing.envelope import Envelope
from domain.views.lists import Row, Rows
from domain.words.errors import Malformed, Unavailable, VigilError
from domain.words.limits import ENTRIES_OF_A_PAGE, LARGEST_BODY
from domain.words.moments import utc_text
from domain.words.text import fill, mark
from protocol.calls import listening

LOOK_EVERY = 0.1
TRIALS = ("the connection dropped", "503", "429", "202")
"""What the gateway does with the first attempts to hand in an answer; then it gives the receipt."""
OPEN = ("/v1/health", "/v1/openapi.json")
"""What needs no proof."""
FILE = "/attachments/{digest}"
"""One file: the proof of who hands it in is over the digest in its path."""
OF_ALL = {
    "/v1/deliveries": ("GET", "POST"),
    "/v1/inbox": ("GET",),
    "/v1/directory": ("GET",),
    "/v1/keys": ("POST",),
    "/v1/sign-in": ("POST",),
    "/v1/metrics": ("GET",),
    "/v1/reads": ("GET",),
    "/v1/alarms": ("GET",),
    "/v1/results": ("GET",),
    "/v1/statistics": ("GET",),
    "/v1/shift": ("GET",),
    "/v1/shift/hand-over": ("POST",),
    "/v1/shift/take-over": ("POST",),
    "/v1/shift/handovers": ("GET",),
    "/v1/shift/handovers/{number}": ("GET",),
    "/v1/floor": ("GET",),
    "/v1/floor/changes": ("GET",),
    "/v1/notices": ("GET", "POST"),
    "/v1/notices/{subscription}": ("DELETE",),
    "/v1/notices/{subscription}/test": ("POST",),
    "/v1/overdue": ("GET",),
    "/v1/overdue/chases": ("POST",),
    "/v1/codec/decode": ("POST",),
    **dict.fromkeys(OPEN, ("GET",)),
}
OF_A_DELIVERY = {
    "": ("GET",),
    "/statements": ("POST",),
    "/plan": ("PUT",),
    "/ledger": ("GET",),
    "/changes": ("GET",),
    "/packet": ("GET",),
    "/forecast": ("PUT",),
    "/papers": ("GET",),
    "/papers/{name}": ("GET",),
    "/attachments": ("GET",),
    FILE: ("GET", "PUT"),
    "/expunction": ("GET", "POST"),
}
"""What the gateway has (docs/protocol.md, section 6): paths and methods, and those below a delivery's own path."""


@dataclass(frozen=True)
class HandedIn:
    """One attempt to hand in a statement."""

    envelope: Envelope
    authorization: str
    nonce: str
    """Of its proof; empty if the proof is not the service's for this request."""
    problem: str
    """What is wrong with its proof."""


@dataclass
class StandIn:
    """Takes statements in, after it has been away for the first attempts at one checkpoint, and shows what it has taken."""

    url: str
    delivery: str
    vigil: Service
    service: Service
    tried: str
    """The checkpoint at which it is away at first."""
    asked: Callable[[], list[Envelope]]
    """What the service is being asked, each request in Vigil's envelope."""
    record: ExaminationRecord
    """What is shown of the delivery, and where what the service says is recorded."""
    handed_in: list[HandedIn] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    """Calls of what the gateway has not, or without a proof."""
    _attempts: dict[str, int] = field(default_factory=dict)
    _nonces: set[str] = field(default_factory=set)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._known = Directory(vigil="directory/1", services=(self.vigil, self.service))
        self.began = utc_text(datetime.now(UTC))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """It listens. Raises `Unavailable` if the address is taken or none of this machine."""
        app, address = web.Application(client_max_size=LARGEST_BODY), URL(self.url)
        app.router.add_route("*", "/{any:.*}", self.hear)
        async with AsyncExitStack() as served:
            try:
                await served.enter_async_context(listening(app, address.host, address.port))
            except OSError as error:
                message = fill("no gateway can listen at {url}: {problem}", url=self.url, problem=error.strerror)
                raise Unavailable(message, hint=mark("name a free address of this machine with --gateway")) from error
            try:
                yield
            finally:
                self.record.end()
                self._closed = True

    async def hear(self, call: web.Request) -> web.StreamResponse:
        """One call."""
        body = await call.read()
        below = self._below(call.path)
        proved = PurePosixPath(call.path).name if (call.method, below) == ("PUT", FILE) else digest_of_bytes(body)
        nonce, problem = self._proved(call, proved) if call.path not in OPEN else ("", "")
        methods = OF_ALL.get(call.path, ()) if below is None else OF_A_DELIVERY.get(below, ())
        if call.method not in methods:
            self.strays.append(f"{call.method} {call.path}")
            return _problem(404, "no-such-path")
        if below == "/statements":
            return await self._take(call, body, nonce, problem)
        if problem:
            self.strays.append(fill("{call}: {problem}", call=f"{call.method} {call.path}", problem=problem))
            return _problem(401, "not-authentic")
        if below == "/changes":
            return await self._changes(call)
        shown = self._shown(call, below)
        return web.json_response(shown) if shown is not None else _problem(503, "unavailable")

    def _below(self, path: str) -> str | None:
        """What stands behind the path of the delivery, as `OF_A_DELIVERY` has it; None where it is another path."""
        own = f"/v1/deliveries/{self.delivery}"
        if path != own and not path.startswith(f"{own}/"):
            return None
        below = path.removeprefix(own)
        among, _, name = below.rpartition("/")
        return next((one for one in OF_A_DELIVERY if name and one.startswith(f"{among}/{{")), below)

    def _shown(self, call: web.Request, below: str | None) -> Any:
        """What is shown at a path; None for what an examination does not play."""
        if below == "/ledger":
            since = int(number) if (number := call.query.get("since", "0")).isdecimal() else 0
            some = self.record.entries[since : since + ENTRIES_OF_A_PAGE]
            following = since + len(some) if since + len(some) < len(self.record.entries) else None
            return {"entries": [plain(one) for one in some], "next": following}
        asked = self.asked()
        said = [plain(one) if call.query.get("signed") == "yes" else json.loads(one.body()) for one in asked]
        row = Row(
            delivery=self.delivery,
            whole=False,
            title=None,
            phase="consent",
            outcome=None,
            group=None,
            channel=None,
            next_due=None,
            overdue_since=None,
            ended=False,
            expunged=False,
            alarm=None,
            started_at=self.began,
            closed_at=None,
            size=len(self.record.entries),
        )
        of_all: Mapping[str, Any] = {
            "/v1/inbox": {"requests": said, "unreadable": [], "next": None},
            "/v1/deliveries": plain(Rows(rows=(row,))) if call.method == "GET" else None,
            "/v1/directory": [plain(one) for one in self._known.shown_to(self.service, whole=False)],
            "/v1/health": {"status": "up", "temporal": "up", "worker": "up"},
        }
        return of_all.get(call.path) if below is None else None

    async def _changes(self, call: web.Request) -> web.StreamResponse:
        last, since = call.headers.get("Last-Event-ID", ""), call.query.get("since", "")
        number = int(last) + 1 if last.isdecimal() else int(since) if since.isdecimal() else 0
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(call)
        while True:
            for entry in self.record.entries[number:]:
                await answer.write(f"id: {entry.seq}\ndata: {entry.model_dump_json()}\n\n".encode())
                number = entry.seq + 1
            if self._closed and number >= len(self.record.entries):
                return answer
            await asyncio.sleep(LOOK_EVERY)

    async def _take(self, call: web.Request, body: bytes, nonce: str, problem: str) -> web.StreamResponse:
        try:
            envelope = Envelope.model_validate_json(body)
            about = about_what(envelope)
        except (ValidationError, Malformed):
            about = None
        if about is None or about[0] != self.delivery:
            said = fill(
                "{call} with what is no statement about {delivery}", call=f"{call.method} {call.path}", delivery=self.delivery
            )
            self.strays.append(said)
            return _problem(422, "malformed")
        self.handed_in.append(HandedIn(envelope, call.headers.get("Authorization", ""), nonce, problem))
        number = self._attempts[envelope.payload] = self._attempts.get(envelope.payload, 0) + 1
        if about[1] == self.tried and number <= len(TRIALS):
            return self._away(call, envelope, TRIALS[number - 1])
        return web.json_response(plain(self.record.receipt(envelope)), status=201)

    def _away(self, call: web.Request, envelope: Envelope, trial: str) -> web.StreamResponse:
        if trial == "429":
            return _problem(429, "limited", {"Retry-After": "1"})
        if trial == "202":
            left = Left(statement=statement_id(envelope), left_at=utc_text(datetime.now(UTC)))
            return web.json_response(plain(left), status=202)
        if trial != "503" and call.transport is not None:
            call.transport.abort()
        return _problem(503, "unavailable")

    def _proved(self, call: web.Request, body: str) -> tuple[str, str]:
        """The nonce of its proof for a body of this digest, or what is wrong with the proof."""
        header, url = call.headers.get("Authorization"), self.url + call.raw_path
        try:
            caller = proof.identify(header, self._known, call.method, url, now=datetime.now(UTC))
            caller.check_digest(body)
        except VigilError as error:
            return "", error.message
        nonce = caller.nonce
        if nonce in self._nonces:
            return nonce, mark("the same proof again")
        self._nonces.add(nonce)
        return nonce, ""


def about_what(envelope: Envelope) -> tuple[Any, Any] | None:
    """Delivery and checkpoint that the payload names, before anything is known about who signed it."""
    said = said_in(envelope)
    return (said.get("delivery"), said.get("checkpoint")) if said is not None else None


def _problem(status: int, code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    said = {"type": f"urn:vigil:{code}", "title": code.replace("-", " "), "status": status, "detail": code, "code": code}
    return web.json_response(said, status=status, content_type="application/problem+json", headers=headers)
