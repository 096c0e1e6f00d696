"""The client of the gateway, beside what may answer instead of one, or no longer."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web

from domain.delivery.ledger import Entry, Receipt
from domain.delivery.reported import Stated
from domain.delivery.requests import Inbox
from domain.delivery.statement import Seen
from domain.plan.directory import Listed, ServiceKey
from domain.record.receipts import Comparison, SignedReceipt, signed
from domain.signing.canonical import plain
from domain.signing.keys import public_text
from domain.views.asked import request
from domain.views.view import view
from domain.words.errors import Malformed, Unavailable, VigilError
from domain.words.limits import MOST_PAGES
from protocol import gateway
from protocol.calls import listening
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import private_key_of
from rehearsal.simulator import World, simulate
from tests.support import Table, example_cards, example_directory, example_scenario

NAME = "saxaul-22"
PATIENCE = 20.0


@pytest.fixture(scope="module")
def ledger() -> list[Entry]:
    """Every entry of a delivery that has ended."""
    plan, scenario = example_scenario("almaty-tashkent")
    return list(simulate(World(plan, example_directory(), example_cards(), scenario, 1)).delivery.ledger)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams are asked for again at once."""
    monkeypatch.setattr(gateway, "AGAIN_AFTER", 0.01)


@asynccontextmanager
async def called(url: str) -> AsyncIterator[Gateway]:
    """A client of what answers there."""
    async with aiohttp.ClientSession() as http:
        yield Gateway(http, url, "kz.knb", private_key_of("kz.knb"))


@asynccontextmanager
async def served(handler: Callable[[web.Request], Awaitable[web.StreamResponse]], port: int | None = None) -> AsyncIterator[str]:
    """A web server of which every page is this one; where it answers."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with listening(app, "127.0.0.1", port or free_ports(1)[0], patience=0) as at:
        yield f"http://127.0.0.1:{at}"


NOTHING = dict.fromkeys(("title", "outcome", "group", "channel", "next_due", "overdue_since", "closed_at"))
ROW = NOTHING | {
    "delivery": NAME,
    "whole": True,
    "phase": "consent",
    "ended": False,
    "expunged": False,
    "started_at": "2022-03-01T00:00:00.000000Z",
    "size": 4,
}


@dataclass
class Streaming:
    """As much of a gateway as shows one delivery: its stream says some of the ledger and ends."""

    ledger: list[Entry]
    until: int
    closed: bool = False
    asked: list[int] = field(default_factory=list)
    listed: Callable[[], object] = lambda: None
    """Is called once the list is asked for."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The stream of changes, or the list."""
        if not request.path.endswith("/changes"):
            alarm = "gone" if self.closed else None
            self.listed()
            return web.json_response({"rows": [ROW | {"alarm": alarm}], "next": None})
        since = int(request.query["since"])
        self.asked.append(since)
        lines = [f"data: {entry.model_dump_json()}\n\n" for entry in self.ledger[since : self.until]]
        return web.Response(text="".join(lines), content_type="text/event-stream")


@pytest.mark.parametrize("address", ["foo", "ftp://127.0.0.1", "", "http://", "http://127.0.0.1:99999", "http://[::1"])
async def test_what_is_no_address_is_refused_as_bad_input(address: str) -> None:
    """A word, another protocol, no host, a port that cannot be: named, with an example of a right one."""
    with pytest.raises(Malformed, match="is no address of a gateway") as refused:
        async with called(address):
            pass

    assert "http://127.0.0.1:8470" in refused.value.hint


async def test_a_gateway_elsewhere_is_called_over_https_alone() -> None:
    """What is asked and answered is nobody's on the way: the mistake is named, with what would be right."""
    with pytest.raises(Malformed, match="everything could be read") as refused:
        async with called("http://vigil.example:8470"):
            pass
    async with called("https://vigil.example"):
        pass

    assert "https://vigil.example" in refused.value.hint


@pytest.mark.parametrize("status", [200, 302, 404, 500])
@pytest.mark.parametrize(("text", "kind"), [("<p>hello</p>", "text/html"), ('{"detail": "no"}', "application/json")])
async def test_another_web_server_is_told_from_a_gateway(status: int, text: str, kind: str) -> None:
    """Pages and JSON, with any status: every call says that this address is not a gateway, and none takes it for an answer."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type=kind, headers={"Location": "/elsewhere"})

    async with served(page) as url, called(url) as door:
        for asked in (door.inbox(), door.deliveries(), door.view(NAME), door.ledger(NAME), anext(door.changes(NAME))):
            with pytest.raises(Unavailable, match=f"what answers at {url} is not a Vigil gateway"):
                await asked


async def test_a_port_that_does_not_speak_http_is_told_from_a_gateway() -> None:
    """What greets as another protocol does, is no gateway, for a call and for a stream."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-example\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server, called(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as door:
        for asked in (door.inbox(), anext(door.changes(NAME))):
            with pytest.raises(Unavailable, match="not a Vigil gateway"):
                await asked


async def test_what_a_gateway_cannot_reach_is_told_with_its_address() -> None:
    """That Temporal is away is the fault of that installation: whoever reads it knows of which."""

    async def away(_request: web.Request) -> web.Response:
        problem = {"code": "unavailable", "detail": "Temporal cannot be reached", "hint": "try again"}
        return web.json_response(problem, status=503, content_type="application/problem+json")

    async with served(away) as url, called(url) as door:
        with pytest.raises(Unavailable, match=f"the gateway at {url} says: Temporal cannot be reached") as told:
            await door.inbox()

    assert "try again" == told.value.hint


async def test_a_gateway_that_is_nowhere_is_an_error_at_once() -> None:
    """A mistyped address must not make anyone wait, also who would be patient with a gateway that went away later."""
    async with called(f"http://127.0.0.1:{free_ports(1)[0]}") as door:
        with pytest.raises(Unavailable, match="no gateway answers at"):
            await anext(door.changes(NAME, lambda _error: None))


async def test_a_stream_goes_on_where_it_was_when_the_gateway_comes_back(ledger: list[Entry]) -> None:
    """While the gateway is away the watcher is told so once; every entry comes once; without a watcher it is an error."""
    away: asyncio.Queue[Unavailable] = asyncio.Queue()
    seen: list[Entry] = []
    port = free_ports(1)[0]
    async with asyncio.timeout(PATIENCE), called(f"http://127.0.0.1:{port}") as door:
        changes, impatient = door.changes(NAME, away.put_nowait), door.changes(NAME)
        async with served(Streaming(ledger, 5).answer, port):
            seen += [await anext(changes) for _ in range(5)]
            await anext(impatient)
        coming = asyncio.create_task(anext(changes))
        told = await away.get()
        with pytest.raises(Unavailable):
            [entry async for entry in impatient]
        async with served(Streaming(ledger, len(ledger)).answer, port):
            seen += [await coming, *[entry async for entry in changes]]

    assert ledger == seen
    assert told.message == f"no gateway answers at http://127.0.0.1:{port}"
    assert away.empty()


async def test_whoever_watches_is_told_and_the_summary_asked_for_again() -> None:
    """No worker answers twice; with nobody to tell it is an error at once."""
    table = Table()
    shown = view(table.delivery, table.directory.get("kz.knb"), table.now)
    asked, away = itertools.count(), list[Unavailable]()

    async def answer(_request: web.Request) -> web.Response:
        if next(asked) % 3 < 2:
            problem = {"code": "unavailable", "detail": "no worker answered in time", "hint": "try again"}
            return web.json_response(problem, status=503, content_type="application/problem+json")
        return web.Response(text=shown.model_dump_json(), content_type="application/json")

    async with served(answer) as url, called(url) as door:
        found = await door.view(NAME, away.append)
        with pytest.raises(Unavailable, match="no worker answered in time"):
            await door.view(NAME)

    assert shown == found
    assert 2 == len(away)


async def test_a_delivery_closed_without_its_end_is_an_error(ledger: list[Entry]) -> None:
    """Somebody terminated it in Temporal: what there is of the ledger, then that it stops there; nobody waits for ever."""
    streaming = Streaming(ledger, 5, closed=True)
    async with asyncio.timeout(PATIENCE), served(streaming.answer) as url, called(url) as door:
        changes = door.changes(NAME)
        seen = [await anext(changes) for _ in range(5)]
        with pytest.raises(VigilError, match="closed in Temporal without its end: its ledger stops at entry 4"):
            await anext(changes)

    assert ledger[:5] == seen
    assert [0, 4] == streaming.asked


async def test_an_entry_of_any_size_comes_through_a_stream(ledger: list[Entry]) -> None:
    """The plan stands in the first entry, and may be half a megabyte."""
    first = ledger[0]
    large = first.event.plan.model_copy(update={"payload": "A" * 600_000})  # type: ignore[union-attr] # the first has a plan
    entry = first.model_copy(update={"event": first.event.model_copy(update={"plan": large})})
    async with served(Streaming([entry], 1).answer) as url, called(url) as door:
        assert entry == await anext(door.changes(NAME))


@pytest.mark.parametrize("asked", ["deliveries", "inbox", "signed_inbox", "ledger"])
async def test_a_list_without_end_is_not_followed_for_ever(asked: str) -> None:
    """A gateway that always names one more page, of a list or a ledger, is left after as many as a list can have."""
    pages = 0

    async def endless(request: web.Request) -> web.Response:
        nonlocal pages
        pages += 1
        empty = {"deliveries": {"rows": []}, "ledger": {"entries": []}}
        more = empty.get(request.path.rpartition("/")[2], {"requests": [], "unreadable": []})
        return web.json_response({**more, "next": pages if "entries" in more else f"page-{pages}"})

    async with served(endless) as url, called(url) as door:
        with pytest.raises(Unavailable, match="gives no end"):
            await getattr(door, asked)(*((NAME,) if asked == "ledger" else ()))

    assert MOST_PAGES == pages


async def test_the_receipt_of_another_delivery_is_no_answer() -> None:
    """What is said of several is handed in to each (R31): the receipt that one has given proves nothing in another."""
    given = Table().say("kz.knb", "information")
    answer = signed(given, private_key_of("vigil"))

    async def same(_request: web.Request) -> web.Response:
        return web.json_response(plain(answer), status=201)

    event = given.entry.event
    assert isinstance(event, Stated)
    async with served(same) as url, called(url) as door:
        taken = await door.submit(given.delivery, event.envelope)
        with pytest.raises(Unavailable, match="is not a Vigil gateway"):
            await door.submit("amber-heron", event.envelope)

    assert SignedReceipt(answer, given) == taken


@pytest.mark.parametrize("until", [None, "2022-01-01T00:00:00Z"], ids=["counts", "ended before"])
async def test_a_receipt_that_is_asked_for_again_may_be_signed_with_a_newer_key(until: str | None) -> None:
    """Who hands in once more what was recorded before the installation changed its key hears of nothing wrong; one that had ended
    when it was recorded is told.
    """
    given = Table().say("kz.knb", "information")
    event, newer = given.entry.event, private_key_of("newer")
    assert isinstance(event, Stated)
    since = "2021-01-01T00:00:00Z" if until is not None else "2030-01-01T00:00:00Z"
    key = ServiceKey(public=public_text(newer), valid_from=since, valid_until=until)
    listed = Listed(id="vigil", kind="system", state=None, names={"en": "Vigil"}, keys=(key,))

    async def answer(request: web.Request) -> web.Response:
        return web.json_response([plain(listed)] if request.method == "GET" else plain(signed(given, newer)))

    witness = Hearing([])
    async with served(answer) as url, aiohttp.ClientSession() as http:
        await Gateway(http, url, "kz.knb", private_key_of("kz.knb"), witness=witness).submit(given.delivery, event.envelope)

    assert [given] == witness.held
    assert (until is not None) == bool(witness.heard)


async def test_an_answer_without_end_is_read_no_further_than_any_can_be() -> None:
    """Of a gateway that goes on sending, no more is taken than the longest answer has: neither of a call nor of a stream."""
    piece, most, sent = b" " * 1_000_000, gateway.LONGEST_ANSWER, [0]

    async def too_much(request: web.Request) -> web.StreamResponse:
        kind = "text/event-stream" if request.path.endswith("/changes") else "application/json"
        answer = web.StreamResponse(headers={"Content-Type": kind})
        await answer.prepare(request)
        sent[0] = 0
        with suppress(ConnectionError):
            while sent[0] < 2 * most:
                await answer.write(piece)
                sent[0] += len(piece)
        return answer

    async with asyncio.timeout(PATIENCE), served(too_much) as url, called(url) as door:
        for asked in (door.inbox(), anext(door.changes(NAME))):
            with pytest.raises(Unavailable, match="not a Vigil gateway"):
                await asked
            assert sent[0] < 2 * most


async def test_a_stream_that_ends_at_once_is_asked_for_again_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that shows nothing and ends is not asked again and again without one."""

    class Paused(Exception):
        """The client waits."""

    async def pause(_seconds: float) -> None:
        raise Paused

    monkeypatch.setattr(gateway, "asyncio", SimpleNamespace(sleep=pause))
    streaming = Streaming([], 0)
    async with asyncio.timeout(PATIENCE), served(streaming.answer) as url, called(url) as door:
        with pytest.raises(Paused):
            await anext(door.changes(NAME))

    assert [0] == streaming.asked


async def test_a_delivery_that_was_put_back_after_it_was_closed_is_followed_on(ledger: list[Entry]) -> None:
    """What was once closed without its end, and has entries again, is not said to be closed when a stream of it breaks off."""
    streaming = Streaming(ledger, 5, closed=True)
    async with asyncio.timeout(PATIENCE), served(streaming.answer) as url, called(url) as door:
        changes = door.changes(NAME)
        seen = [await anext(changes) for _ in range(5)]

        def back() -> None:
            streaming.closed, streaming.until, streaming.listed = False, 6, lambda: None

        streaming.listed = back
        seen.append(await anext(changes))
        streaming.until = len(ledger)
        seen += [entry async for entry in changes]

    assert ledger == seen


@dataclass
class Hearing:
    """A witness that holds these receipts, and hears."""

    held: list[Receipt]
    heard: list[str] = field(default_factory=list)

    def keep(self, given: SignedReceipt) -> None:
        """One more."""
        self.held.append(given.receipt)

    def comparison(self, delivery: str) -> Comparison:
        """With all of them."""
        return Comparison(delivery, self.held)

    def alarm(self, error: VigilError) -> None:
        """It is heard."""
        self.heard.append(error.message)


@pytest.mark.parametrize("root", ["0" * 64, None], ids=["another", "the same"])
async def test_what_a_request_says_of_the_ledger_is_compared(root: str | None) -> None:
    """Another root of the size that a receipt proves is an alarm, whatever else the inbox shows."""
    table = Table()
    asked = request(table.delivery, "consent-kz", "kz.prosecutor")
    receipt = table.say("kz.knb", "information")
    seen = Seen(size=receipt.size, root=root or receipt.root)
    listed = Inbox(requests=(asked.model_copy(update={"seen": seen}),))
    witness = Hearing([receipt])

    async def inbox(_request: web.Request) -> web.Response:
        return web.json_response(plain(listed))

    async with served(inbox) as url, aiohttp.ClientSession() as http:
        door = Gateway(http, url, "kz.knb", private_key_of("kz.knb"), witness=witness)
        assert listed == await door.inbox()

    assert ["contradicts your receipt" in one for one in witness.heard] == ([True] if root else [])
