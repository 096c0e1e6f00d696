"""What HTTP itself asks of the gateway: methods, types, sizes, time, and what every answer carries. Nobody is behind it here."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from archive.sessions import Sessions
from domain.words.limits import LONGEST_CURSOR
from gateway import bodies, connections
from gateway.access import Proofs
from gateway.api import LARGEST_BODY, application
from gateway.connections import Connections, serving
from gateway.middlewares import explained
from gateway.problems import Problem
from gateway.reception import Reception
from process.in_force import InForce
from process.ring import Wrapping
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, cast, private_key_of
from tests.gateway.test_api import signed
from tests.installation import PAYLOAD_KEYS, log_of_reads, reading_of
from tests.support import example_directory

DIRECTORY = cast(example_directory(), ("kz.knb", "uz.customs", "supervision"))
NOBODY: Any = None
"""No Temporal: it is never asked."""


@dataclass
class Door:
    """A gateway of which only the door is there."""

    url: str
    port: int
    http: aiohttp.ClientSession

    async def call(
        self, method: str, path: str, body: Any = None, sign: bytes | None = b"", **headers: str
    ) -> tuple[aiohttp.ClientResponse, Any]:
        """The answer to a request by `kz.knb` (None: by nobody), and what is in it."""
        target = f"{self.url}{path}"
        made = signed("kz.knb", method, target, body if isinstance(body, bytes) and not sign else sign or b"")
        sent = ({} if sign is None else made) | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, target, data=body, headers=sent) as answer:
            text = await answer.text()
            return answer, json.loads(text) if text and "json" in answer.content_type else text


@asynccontextmanager
async def door_of(grace: float = 1.0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Door]:
    """A door, open."""
    port = free_ports(1)[0]
    url = f"{'http' if tls is None else 'https'}://127.0.0.1:{port}"
    proofs = Proofs(InForce(DIRECTORY), url)
    async with aiohttp.ClientSession() as http, log_of_reads(DIRECTORY) as reads:
        reception = Reception(NOBODY, "none", InForce(DIRECTORY), {}, private_key_of(VIGIL), reading_of(reads._database))
        async with serving(
            application(reception, proofs, reads, Sessions(reads._database, Wrapping(PAYLOAD_KEYS))),
            "127.0.0.1",
            port,
            grace=grace,
            tls=tls,
        ):
            yield Door(url, port, http)


@pytest.fixture(scope="module")
async def door() -> AsyncIterator[Door]:
    """One for the whole module."""
    async with door_of() as opened:
        yield opened


@pytest.fixture
def briskly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Idle connections are looked for all the time."""
    monkeypatch.setattr(connections, "LOOK_EVERY", 0.01)
    return


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("GET", "/v1/nothing", None, {}, 404, "no-such-path"),
        ("GET", "/nothing", None, {}, 404, "no-such-path"),
        ("DELETE", "/v1/inbox", None, {}, 405, "method-not-allowed"),
        ("OPTIONS", "/v1/inbox", None, {}, 405, "method-not-allowed"),
        ("HEAD", "/v1/deliveries/amber-heron/changes", None, {}, 405, ""),
        ("POST", "/v1/deliveries", b"{}", {"Content_Type": "text/plain"}, 415, "unsupported-media-type"),
        ("POST", "/v1/deliveries", b"{}", {"Content_Type": "application/xml"}, 415, "unsupported-media-type"),
        ("POST", "/v1/deliveries", b"{}", {"Content_Encoding": "gzip"}, 415, "unsupported-media-type"),
        ("POST", "/v1/deliveries", b"{", {}, 422, "malformed"),
        ("POST", "/v1/deliveries", b"", {}, 422, "malformed"),
        ("POST", "/v1/deliveries", b" " * (LARGEST_BODY + 1), {}, 413, "too-large"),
        ("GET", "/v1/deliveries/amber-heron/ledger?since=-1", None, {}, 422, "malformed"),
        ("GET", "/v1/deliveries/amber-heron/ledger?since=%D9%A3", None, {}, 422, "malformed"),
        ("GET", f"/v1/deliveries/amber-heron/ledger?since={'9' * 5000}", None, {}, 422, "malformed"),
        ("GET", "/v1/deliveries/amber-heron/changes", None, {"Last_Event_ID": "9" * 5000}, 422, "malformed"),
        ("GET", "/v1/deliveries/amber-heron/changes", None, {"Last_Event_ID": "x"}, 422, "malformed"),
        ("GET", f"/v1/inbox?cursor={'%F0%9F%8F%BB' * LONGEST_CURSOR}", None, {}, 422, "malformed"),
        ("GET", "/v1/deliveries/Amber", None, {}, 404, "not-found"),
        ("GET", "/v1/deliveries/%00", None, {}, 404, "not-found"),
        ("GET", "/v1/deliveries/%ED%A0%80", None, {}, 404, "not-found"),
        ("GET", "/v1/deliveries/..%2Fregister", None, {}, 404, "not-found"),
        ("GET", "/v1/deliveries/" + "a" * 2000, None, {}, 404, "not-found"),
        ("GET", "/v1/deliveries/%D0%B0mber-heron", None, {}, 404, "not-found"),
    ],
)
async def test_what_does_not_fit_is_told_in_a_problem_document(  # noqa: PLR0917 - a table
    door: Door, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int, code: str
) -> None:
    """Each with its status, a code that programs can go by, and what to do; nothing behind the door is asked."""
    answer, document = await door.call(method, path, body, **headers)

    assert status == answer.status
    if method != "HEAD":
        assert "application/problem+json" == answer.content_type
        problem = Problem.model_validate(document)
        assert (code, status, f"urn:vigil:{code}") == (problem.code, problem.status, problem.type)
        assert problem.hint
    if status == 405:
        assert "Allow" in answer.headers


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/openapi.json", "/v1/metrics"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("sign", [b"", None], ids=["proved", "anonymous"])
async def test_every_answer_is_kept_by_nobody_and_guessed_by_nobody(
    door: Door, method: str, path: str, sign: bytes | None
) -> None:
    """No cache, no sniffing, not a word about what the gateway is made of; answers and refusals alike."""
    answer, _ = await door.call(method, path, sign=sign)

    assert ("no-store", "nosniff", "Vigil") == tuple(
        answer.headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "Server")
    )


async def test_nobody_anonymous_gets_a_body_read(door: Door) -> None:
    """The answer is there before the body is: what a stranger sends is never held."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"POST /v1/deliveries HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
    status = await asyncio.wait_for(reader.readline(), 60)
    writer.close()

    assert b"HTTP/1.1 401 Unauthorized\r\n" == status


async def test_a_body_that_does_not_come_in_time_is_given_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof is no licence to trickle: 408, and the connection is of no more use."""
    monkeypatch.setattr(bodies, "BODY_PATIENCE", 0.1)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer, document = await door.call("POST", "/v1/deliveries", trickle(), b"{}")

    assert (408, "too-slow") == (answer.status, document["code"])


async def test_another_body_than_was_proved_is_not_authentic(door: Door) -> None:
    """The proof is checked before the body is there, and the body once it is."""
    answer, document = await door.call("POST", "/v1/deliveries", b'{"another": 1}', b"{}")

    assert (401, "the proof was made for another request") == (answer.status, document["detail"])


async def test_a_body_that_breaks_its_own_framing_is_a_bad_request(door: Door) -> None:
    """Chunks that are none: 400 as a problem document, and no fault of ours."""
    head = signed("kz.knb", "POST", f"{door.url}/v1/deliveries", b"{}")["Authorization"]
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        f"POST /v1/deliveries HTTP/1.1\r\nHost: x\r\nAuthorization: {head}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    await writer.drain()
    writer.write(b"no chunk\r\n")
    status = await asyncio.wait_for(reader.readline(), 60)
    writer.close()

    assert b"400" in status


@pytest.mark.parametrize(
    "sent", [b"", b"GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"G"], ids=["silent", "half a head", "a letter"]
)
@pytest.mark.usefixtures("briskly")
async def test_who_connects_and_does_not_come_to_the_point_is_let_go(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """Silence and half a head end after `FIRST` seconds."""
    monkeypatch.setattr(connections, "FIRST", 0.1)
    async with door_of() as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(sent)
        assert b"" == await asyncio.wait_for(reader.read(), 60)
        writer.close()


@pytest.mark.usefixtures("briskly")
async def test_whoever_holds_connections_loses_them_to_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more connections than there may be, the longest idle go, and a caller with a request is answered."""
    monkeypatch.setattr(connections, "MOST", 5)
    async with door_of() as door:
        held = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(12)]
        answer, _ = await door.call("GET", "/v1/directory2")
        gone = [asyncio.create_task(reader.read()) for reader, _ in held]
        done, _ = await asyncio.wait(gone[:7], timeout=60)
        still = [task for task in gone if not task.done()]
        for task in still:
            task.cancel()
        for _, writer in held:
            writer.close()

    assert 404 == answer.status
    assert set(gone[:7]) == done
    assert still


@pytest.mark.usefixtures("briskly")
async def test_whoever_sends_half_a_body_holds_no_connection_from_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers begin to sign in, and do not say how: beyond `MOST` those go first that have been silent for longest."""
    monkeypatch.setattr(bodies, "BODY_PATIENCE", 600)
    async with door_of() as door:
        held = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(12)]
        for _, writer in held:
            writer.write(b"POST /desk/in HTTP/1.1\r\nHost: x\r\nOrigin: " + door.url.encode() + b"\r\n")
            writer.write(b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
            await writer.drain()
        answer, _ = await door.call("GET", "/v1/directory2")
        monkeypatch.setattr(connections, "MOST", 5)
        gone = [asyncio.create_task(reader.read()) for reader, _ in held]
        async with asyncio.timeout(60):
            while sum(task.done() for task in gone) < 7:  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(0.01)
        still = [task for task in gone if not task.done()]
        said = [await task for task in gone if task.done()]
        for task in still:
            task.cancel()
        for _, writer in held:
            writer.close()

    assert 404 == answer.status
    assert {b""} == {*said}
    assert still


async def test_a_request_under_way_is_never_cut_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is idle goes, however many there are."""
    monkeypatch.setattr(connections, "MOST", 0)
    watched, closed = Connections(), []

    class Line:
        def __init__(self, name: str) -> None:
            self.name = name

        def force_close(self) -> None:
            closed.append(self.name)

    busy, idle = Line("busy"), Line("idle")
    server: Any = type("Server", (), {"connections": [busy, idle]})()
    request: Any = type("Request", (), {"protocol": busy})()

    async def handle(_request: Any) -> Any:
        watched.close_idle(server, 0.0)

    await watched.seen(request, handle)

    assert ["idle"] == closed


@pytest.mark.parametrize(("accept", "language"), [("ru", "ru"), ("ru-RU,en;q=0.5", "ru"), ("kk", "en"), ("", "en")])
async def test_a_refusal_says_what_to_do_in_the_readers_language(door: Door, accept: str, language: str) -> None:
    """What the code is called and what to do; the code is the same in each."""
    answer, document = await door.call("DELETE", "/v1/health", Accept_Language=accept)
    problem = Problem.model_validate(document)
    words = {"en": "use a method that the header Allow names", "ru": "используйте метод, названный в заголовке Allow"}

    assert ("method-not-allowed", words[language]) == (problem.code, problem.hint)
    assert language == answer.headers["Content-Language"]


async def test_the_line_of_a_fault_of_ours_names_the_action_and_no_delivery(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs a gateway reports it to people who may know of no operation."""

    async def fails(_request: web.Request) -> web.Response:
        raise RuntimeError

    app = web.Application(middlewares=[explained])
    app.router.add_get("/v1/deliveries/{delivery}", fails, name="show")
    async with TestClient(TestServer(app)) as door:
        answer = await door.get("/v1/deliveries/saxaul-22")
    (line,) = [vars(one) for one in caplog.records if one.name == "vigil.gateway"]

    assert 500 == answer.status
    assert "show" == line["action"]
    assert not [name for name, value in line.items() if "saxaul" in str(value)]
