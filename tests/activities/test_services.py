"""What Vigil sends a service, and what it makes of answers that are not as they should be: real HTTP on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from activities import services
from activities.services import AwayError, ServiceCaller
from domain.delivery.requests import Notice, NoticeFacts, Request, read_acknowledgement, sign_acknowledgement
from domain.plan import proof
from domain.plan.directory import Directory, Service
from domain.signing.envelope import NOTICE_TYPE, REQUEST_TYPE, STATEMENT_TYPE, Envelope, open_envelope, sign
from domain.views.asked import request
from domain.words.errors import NotAuthentic
from domain.words.limits import LARGEST_BODY
from process.tls import trusting
from rehearsal.services import VIGIL, acknowledgement, private_key_of
from tests.installation import PATIENCE
from tests.support import Table
from worker import way_out

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROSECUTOR = "uz.prosecutor"


@dataclass
class At:
    """A service that answers as the test says, and Vigil's calls to it."""

    service: Service
    calls: ServiceCaller
    directory: Directory
    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def caller(self, number: int) -> str:
        """Who made the proof of a call, for this very call."""
        method, url, headers, body = self.heard[number]
        return proof.check(headers["Authorization"], self.directory, method, url, body, now=datetime.now(UTC)).service.id


@asynccontextmanager
async def at(answer: Answer | None = None) -> AsyncIterator[At]:
    """A service at work."""
    known: list[At] = []

    async def hear(call: web.Request) -> web.StreamResponse:
        known[0].heard.append((call.method, f"http://{call.host}{call.raw_path}", dict(call.headers), await call.read()))
        return await answer(call) if answer is not None else web.json_response({"answers": []}, status=202)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", hear)
    async with TestServer(app) as server, way_out(trusting(None)) as http:
        reach = {"by": "poll", "url": str(server.make_url("/vigil")), "every": "30s"}
        service = Service.model_validate(
            {"id": PROSECUTOR, "kind": "prosecutor", "state": "UZ", "names": {"en": "x"}, "reach": reach}
        )
        directory = Table().directory
        service = service.model_copy(update={"keys": directory.get(PROSECUTOR).keys})
        known.append(At(service, ServiceCaller(http, VIGIL, private_key_of(VIGIL)), directory))
        yield known[0]


def asked() -> Request:
    """A request for consent."""
    table = Table()
    return request(table.delivery, "consent-uz", PROSECUTOR)


def answering(status: int = 200, body: bytes = b'{"answers": []}', **more: Any) -> Answer:
    """Always the same answer."""

    async def answer(_call: web.Request) -> web.Response:
        return web.Response(status=status, body=body, **more)

    return answer


# What is sent


async def test_a_service_leaves_nothing_that_grows_or_goes_along_with_another_call() -> None:
    """Each of its answers sets other cookies: the next question has none of them, and none is kept."""

    async def set_one(call: web.Request) -> web.Response:
        return web.json_response({"answers": []}, headers={"Set-Cookie": f"{call.query['after']}=x"})

    async with at(set_one) as there:
        named = there.service.reach.model_copy(update={"url": str(there.service.reach.url).replace("127.0.0.1", "localhost")})
        for number in range(3):
            await there.calls.answers(there.service.model_copy(update={"reach": named}), asked().id, number)

    assert [] == [value for _, _, headers, _ in there.heard for name, value in headers.items() if name == "Cookie"]


async def test_every_call_is_signed_by_vigils_own_key() -> None:
    """Request, notice and poll carry a proof for this very call, each another; request and notice are in Vigil's envelope too."""
    told = Notice(id="saxaul-22/9/reminder/x", delivery="saxaul-22", service=PROSECUTOR, kind="reminder")
    async with at() as there:
        await there.calls.ask(there.service, asked())
        await there.calls.notify(there.service, told)
        await there.calls.answers(there.service, asked().id, 0)
    keys = there.directory.get(VIGIL).keys_at(datetime.now(UTC))
    bodies = [body for _, _, _, body in there.heard]
    opened = [
        open_envelope(Envelope.model_validate_json(body), kind, keys)
        for body, kind in zip(bodies[:2], (REQUEST_TYPE, NOTICE_TYPE), strict=True)
    ]

    assert [VIGIL] * 3 == [there.caller(number) for number in range(3)]
    assert 3 == len({headers["Authorization"] for _, _, headers, _ in there.heard})
    assert [PROSECUTOR, PROSECUTOR] == [json.loads(payload)["service"] for payload in opened]
    with pytest.raises(NotAuthentic):
        open_envelope(Envelope.model_validate_json(bodies[0]), STATEMENT_TYPE, keys)


async def test_a_call_says_what_makes_it_the_same_when_it_comes_again_and_how_long_a_poll_may_be_held() -> None:
    """The idempotency key is the id of what is sent; a poll prefers to be held for a while (RFC 7240)."""
    async with at() as there:
        await there.calls.ask(there.service, asked())
        await there.calls.answers(there.service, asked().id, 3)
    (_, _, sent, _), (method, url, polled, _) = there.heard

    assert asked().id == sent["Idempotency-Key"]
    assert ("GET", "wait=10") == (method, polled["Prefer"])
    assert url.endswith("/vigil/requests/saxaul-22%2Fconsent-uz%2Fuz.prosecutor/answers?after=3")


@pytest.mark.parametrize(("language", "said"), [("ru", ["ru"]), ("en", ["en"]), (None, ["en", "ru"]), ("kk", ["en", "ru"])])
async def test_a_notice_is_said_in_the_language_of_its_service(language: str | None, said: list[str]) -> None:
    """Its facts stand beside the words: programs decide by them, people read."""
    facts = NoticeFacts(outcome="withdrawn")
    told = Notice(id="saxaul-22/9/outcome/x", delivery="saxaul-22", service=PROSECUTOR, kind="outcome", facts=facts)
    async with at() as there:
        await there.calls.notify(there.service.model_copy(update={"language": language}), told)
    ((_, _, _, body),) = there.heard
    heard = Notice.model_validate_json(Envelope.model_validate_json(body).body())
    words = {"en": "it has its outcome: withdrawn", "ru": "исход операции: отозвано"}

    assert facts == heard.facts
    assert {one: words[one] for one in said} == heard.texts


# What comes back


@pytest.mark.parametrize("change", [{}, {"digest": "0" * 64}, {"service": "uz.customs"}, {"request": "another"}])
async def test_a_signed_acknowledgement_of_exactly_the_request_is_taken_along(change: dict[str, str]) -> None:
    """One of another request, or in another's name, is as good as none: it was received all the same."""
    good = acknowledgement(asked(), datetime.now(UTC))
    said = read_acknowledgement(good).model_copy(update=change)
    envelope = sign_acknowledgement(said, private_key_of(PROSECUTOR))
    async with at(answering(202, envelope.model_dump_json().encode())) as there:
        found = await there.calls.ask(there.service, asked())

    assert found == (good if not change else None)


@pytest.mark.parametrize("body", [b"", b"null", b'{"received": true}', b"\xff", b"x" * 20_000])
async def test_whatever_else_is_answered_it_was_received(body: bytes) -> None:
    """Only the status counts."""
    async with at(answering(202, body)) as there:
        assert await there.calls.ask(there.service, asked()) is None


async def test_an_acknowledgement_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was received when the status came; what is signed must come within a second, however long a call may take."""
    monkeypatch.setattr("activities.services.ONE_CALL", aiohttp.ClientTimeout(total=3600))
    over = asyncio.Event()

    async def trickle(call: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=202)
        await answer.prepare(call)
        await over.wait()
        return answer

    async with at(trickle) as there:
        try:
            async with asyncio.timeout(60):
                assert await there.calls.ask(there.service, asked()) is None
        finally:
            over.set()


@pytest.mark.parametrize("status", [201, 204, 301, 307, 400, 401, 404, 500, 503])
async def test_only_200_and_202_acknowledge(status: int) -> None:
    """Nothing else is taken for receipt, and no redirect is followed: the address is the directory's."""
    async with at(answering(status, b"", headers={"Location": "/elsewhere"})) as there:
        with pytest.raises(AwayError, match=str(status)):
            await there.calls.ask(there.service, asked())

    assert 1 == len(there.heard)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"answers": {}}',
        b'{"answers": [], "more": 1}',
        b'{"answers": ' + b"[" * 10_000,
        json.dumps({"answers": [sign(b"{}", STATEMENT_TYPE, private_key_of(PROSECUTOR)).model_dump(mode="json")] * 101}).encode(),
        json.dumps({"answers": [{"signatures": [{}] * 20_000}]}).encode(),
    ],
    ids=["empty", "page", "list", "no list", "more fields", "without end", "101 answers", "20,000 objects"],
)
async def test_nonsense_in_answer_to_a_poll_is_none(body: bytes) -> None:
    """What is no list of at most 100 answers is passed over; it is asked for again."""
    async with at(answering(body=body)) as there:
        with pytest.raises(AwayError):
            await there.calls.answers(there.service, asked().id, 0)


async def test_an_answer_that_is_no_envelope_takes_no_other_with_it() -> None:
    """The others of the list are there, each in its place."""
    real = sign(b"{}", STATEMENT_TYPE, private_key_of(PROSECUTOR))
    body = json.dumps({"answers": [{}, real.model_dump(mode="json"), "x", None]}).encode()
    async with at(answering(body=body)) as there:
        assert (None, real, None, None) == await there.calls.answers(there.service, asked().id, 0)


async def test_a_service_hears_of_its_answers_in_the_question_that_vigil_signs() -> None:
    """What was refused and what waits stands in the query, which the proof covers."""
    async with at() as there:
        await there.calls.answers(there.service, asked().id, 2, ["refused=1:malformed", "waits=3:not-authentic"])
    _, url, _, _ = there.heard[0]

    assert url.endswith("/answers?after=2&refused=1:malformed&waits=3:not-authentic")
    assert VIGIL == there.caller(0)


async def test_a_large_answer_is_read_whole() -> None:
    """A hundred statements of several kilobytes each come in many pieces; none is lost."""
    envelope = sign(b"x" * 6_000, STATEMENT_TYPE, private_key_of(PROSECUTOR)).model_dump(mode="json")
    body = json.dumps({"answers": [envelope] * 100}).encode()

    async def in_pieces(call: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(call)
        for start in range(0, len(body), 10_000):
            await answer.write(body[start : start + 10_000])
            await asyncio.sleep(0)
        return answer

    async with at(in_pieces) as there:
        found = await there.calls.answers(there.service, asked().id, 0)

    assert 500_000 < len(body) < LARGEST_BODY
    assert 100 == len(found)


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    """A service that sends and sends is left after a megabyte; and of an acknowledgement nothing is read but the status."""
    sent: list[int] = []

    async def endless(call: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(call)
        try:
            while True:
                await answer.write(b" " * 100_000)
                sent.append(100_000)
        except (ConnectionError, asyncio.CancelledError):
            return answer

    async with at(endless) as there:
        await there.calls.ask(there.service, asked())
        with pytest.raises(AwayError, match="more than 1000000 bytes"):
            await there.calls.answers(there.service, asked().id, 0)

    assert sum(sent) < 50 * LARGEST_BODY


async def test_a_small_answer_that_unpacks_to_a_giant_is_not_unpacked() -> None:
    """A compressed answer counts by what it becomes."""

    async def packed(_call: web.Request) -> web.Response:
        answer = web.Response(body=b" " * 30 * LARGEST_BODY)
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    async with at(packed) as there:
        with pytest.raises(AwayError):
            await there.calls.answers(there.service, asked().id, 0)


@pytest.mark.parametrize("trickle", [True, False], ids=["byte by byte", "nothing"])
async def test_a_service_that_takes_for_ever_is_left(monkeypatch: pytest.MonkeyPatch, *, trickle: bool) -> None:
    """The time of a call is its whole time: a byte now and then does not prolong it."""
    monkeypatch.setattr(services, "ONE_CALL", aiohttp.ClientTimeout(total=0.5))
    monkeypatch.setattr(services, "ONE_POLL", aiohttp.ClientTimeout(total=0.5))

    async def slow(call: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        if trickle:
            await answer.prepare(call)
        try:
            while True:
                await asyncio.sleep(0.05)
                if trickle:
                    await answer.write(b" ")
        except (ConnectionError, asyncio.CancelledError):
            return answer

    async with asyncio.timeout(PATIENCE), at(slow) as there:
        with pytest.raises(AwayError, match="cannot be reached"):
            await there.calls.answers(there.service, asked().id, 0)
        if not trickle:
            with pytest.raises(AwayError, match="cannot be reached"):
                await there.calls.ask(there.service, asked())


async def test_people_at_a_desk_are_not_called() -> None:
    """Whoever tries has a bug: a desk is told, never called."""
    async with at() as there:
        desk = there.service.model_copy(update={"reach": Service.model_fields["reach"].default})
        with pytest.raises(TypeError, match="desk"):
            await there.calls.ask(desk, asked())
