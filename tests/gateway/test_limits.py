"""One caller's share is its own; a stop gets through whatever else its service sends (R8)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.client import Client

from domain.delivery.ledger import Entry
from domain.delivery.statement import sign_statement
from domain.record.receipts import SignedReceipt
from domain.rules.stop import Incident, StopRequested
from domain.rules.watch import Sighted
from domain.signing.envelope import Envelope
from domain.views.lists import Rows
from domain.words.errors import Limited, NotFound
from domain.words.limits import MOST_SELECTORS_OF_A_SERVICE
from domain.words.quantities import say_span
from gateway.limits import SHARES, Lane, Limits, Share, lane_of
from gateway.reading import Reading
from gateway.reception import Reception
from rehearsal.services import private_key_of
from tests.gateway.test_api import At, signed
from tests.installation import installed, renamed, stop_by
from tests.support import Table, example_plan, signed_plan


@pytest.fixture
async def at(temporal: Client) -> AsyncIterator[At]:
    """An installation of its own for each test: shares are used up."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        yield At(installation, plan)


def share(monkeypatch: pytest.MonkeyPatch, lane: Lane, **what: Any) -> None:
    """Another share in this lane, that does not fill again during a test."""
    monkeypatch.setitem(SHARES, lane, Share(**{"burst": 100, "seconds": 86_400, "under_way": 100} | what))


def said(content: Any) -> bytes:
    """The body that hands in a statement."""
    table = Table()
    statement = table.statement("uz.police", "sighted").model_copy(update={"content": content})
    return sign_statement(statement, private_key_of("uz.police")).model_dump_json().encode()


@pytest.mark.parametrize(
    ("action", "body", "lane"),
    [
        ("inbox", b"", "ask"),
        (None, b"", "ask"),
        ("changes", b"", "follow"),
        ("submit", said(Sighted(place="on the road")), "say"),
        ("submit", said(StopRequested(reason="danger")), "stop"),
        ("submit", said(Incident(what="shots", risk_to_life=True)), "stop"),
        ("submit", b"", "say"),
        ("submit", b"[" * 5000, "say"),
        ("submit", b'{"payloadType": 1}', "say"),
        ("start", said(StopRequested(reason="danger")), "start"),
    ],
)
def test_stops_have_a_lane_of_their_own(action: str | None, body: bytes, lane: str) -> None:
    """What reads as a stop or an incident; whatever does not read at all is an ordinary statement."""
    assert lane == lane_of(action, body)


async def test_of_one_callers_requests_so_many_are_seen_to_at_once_and_no_other_caller_waits_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two of three: the third has its turn when one of them is done. Another caller has its own at once."""
    share(monkeypatch, "say", at_work=2)
    limits, turns = Limits(), list[str]()
    done = {name: asyncio.Event() for name in ("first", "second", "third", "other")}

    async def ask(caller: str, name: str) -> None:
        async with limits.turn(caller, "say"):
            turns.append(name)
            await done[name].wait()

    async with asyncio.TaskGroup() as group:
        for name in ("first", "second", "third"):
            group.create_task(ask("uz.customs", name))
        group.create_task(ask("uz.police", "other"))
        await settled()
        assert ["first", "second", "other"] == turns
        assert 4 == limits.under_way("say")
        done["second"].set()
        await settled()
        assert ["first", "second", "other", "third"] == turns
        for one in done.values():
            one.set()

    assert 0 == limits.under_way("say")


async def test_who_waits_too_long_for_its_own_other_requests_is_refused_and_nothing_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer says when to ask again. Once the others are done, the same is seen to."""
    share(monkeypatch, "say", at_work=1)
    monkeypatch.setattr("gateway.limits.WAITS", 0.0)
    limits = Limits()
    async with limits.turn("uz.customs", "say"):
        with pytest.raises(Limited, match="has 1 requests of this kind under way"):
            async with limits.turn("uz.customs", "say"):
                pass
    assert 0 == limits.under_way("say")

    async with limits.turn("uz.customs", "say"):
        assert 1 == limits.under_way("say")


async def test_a_service_begins_so_many_deliveries_a_day_and_no_more(temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stays, so who floods would fill the archive and every supervisor's list. Nothing was begun, and it may still speak."""
    share(monkeypatch, "start", burst=1)
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        door, another = installation.gateway(plan.initiator), renamed(plan)
        await door.start(signed_plan(plan))
        with pytest.raises(Limited, match=f"{plan.initiator} begins more than 1 deliveries a day") as refused:
            await door.start(signed_plan(another))
        with pytest.raises(NotFound):
            await door.view(another.operation)
        await installation.opened(plan, "consent-uz")

    assert 86_400 >= refused.value.after > 80_000


async def test_how_many_deliveries_a_service_begins_in_a_day_is_for_the_operator_to_say() -> None:
    """Else as many as it may look for things in the register; another service has its own share."""
    for limits, most in ((Limits(), MOST_SELECTORS_OF_A_SERVICE), (Limits(starts=3), 3)):
        for _ in range(most):
            async with limits.turn("uz.customs", "start"):
                pass
        with pytest.raises(Limited, match=f"begins more than {most} deliveries a day"):
            async with limits.turn("uz.customs", "start"):
                pass
        async with limits.turn("uz.customs", "stop"), limits.turn("uz.police", "start"):
            assert 1 == limits.under_way("start")


async def settled() -> None:
    """Everybody who can go on has."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_asks_too_much_is_told_when_to_ask_again_and_others_are_not(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After, and with the same time in words, which a person sees; another service's questions are answered."""
    share(monkeypatch, "ask", burst=3)
    url = f"{at.url}/v1/directory"
    answers = []
    for _ in range(5):
        async with at.installation.http.get(url, headers=signed("uz.customs", "GET", url)) as answer:
            answers.append((answer.status, answer.headers.get("Retry-After"), await answer.json(content_type=None)))
    other = await at.door("uz.police").directory()

    assert [200, 200, 200, 429, 429] == [status for status, _, _ in answers]
    _, after, document = answers[-1]
    assert after is not None
    assert after.isdecimal()
    assert ("limited", "urn:vigil:limited") == (document["code"], document["type"])
    assert f"ask again in {say_span(timedelta(seconds=int(after)))}: nothing has been done" in document["hint"]
    assert other


async def test_a_stop_is_taken_while_everything_else_of_its_service_is_refused(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """R8: its questions and its other statements have used up their shares; the stop is recorded, and takes effect."""
    for lane in ("ask", "say", "follow"):
        share(monkeypatch, lane, burst=1)
    door = at.door("uz.police")
    sighting = Table(at.plan).statement("uz.police", "sighted")
    envelope: Envelope = sign_statement(sighting, private_key_of("uz.police"))
    await door.submit(at.plan.operation, envelope)
    with pytest.raises(Limited) as refused:
        await door.submit(at.plan.operation, envelope)
    await door.directory()
    with pytest.raises(Limited):
        await door.view(at.plan.operation)
    given = await door.submit(at.plan.operation, stop_by("uz.police", at.plan))
    await at.installation.caught_up(at.plan)
    shown = await at.door("uz.customs").view(at.plan.operation)

    assert refused.value.after >= 1
    assert isinstance(given, SignedReceipt)
    assert "accepted" == given.receipt.verdict.verdict
    assert shown.halted is not None


async def test_only_so_many_requests_of_one_caller_are_under_way(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one too many is refused; when one has ended the next is taken."""
    share(monkeypatch, "ask", under_way=2)
    wait, asked = asyncio.Event(), asyncio.Semaphore(0)

    async def slow(*_: Any) -> Rows:
        asked.release()
        await wait.wait()
        return Rows(rows=())

    monkeypatch.setattr(Reading, "deliveries", slow)
    first = [asyncio.create_task(at.door("kz.knb").deliveries()) for _ in range(2)]
    for _ in first:
        await asked.acquire()
    with pytest.raises(Limited, match="2 requests of this kind under way"):
        await at.door("kz.knb").directory()
    wait.set()
    await asyncio.gather(*first)

    assert await at.door("kz.knb").directory()


@pytest.mark.parametrize("what", [{"under_way": 1}, {"of_all": 1}])
async def test_only_so_many_streams_are_open(at: At, monkeypatch: pytest.MonkeyPatch, what: dict[str, int]) -> None:
    """Of one caller, and of all together; a stream that is left makes room."""
    share(monkeypatch, "follow", **what)
    door = at.door("kz.knb")
    first, second = door.changes(at.plan.operation), door.changes(at.plan.operation)
    await anext(first)
    with pytest.raises(Limited):
        await anext(second)
    await first.aclose()
    async with asyncio.timeout(60):
        while True:
            again = door.changes(at.plan.operation)
            with contextlib.suppress(Limited):
                assert 0 == (await anext(again)).seq
                break
    await again.aclose()


async def test_a_stream_of_which_nothing_has_come_makes_room_once_its_client_has_gone(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who resumes after the last entry of a quiet delivery, and whose connection is cut, holds no place until it speaks again."""
    share(monkeypatch, "follow", under_way=1, burst=100_000)
    waits = asyncio.Event()

    async def nothing(*_: Any) -> AsyncIterator[Entry]:
        waits.set()
        await asyncio.Event().wait()
        yield cast("Entry", None)

    url = f"{at.url}/v1/deliveries/{at.plan.operation}/changes"
    with monkeypatch.context() as patched:
        patched.setattr(Reception, "changes", nothing)
        quiet = asyncio.create_task(at.installation.http.get(url, headers=signed("kz.knb", "GET", url)).__aenter__())
        await asyncio.wait_for(waits.wait(), 60)
    quiet.cancel()
    async with asyncio.timeout(60):
        while True:
            again = at.door("kz.knb").changes(at.plan.operation)
            with contextlib.suppress(Limited):
                assert 0 == (await anext(again)).seq
                break
    await again.aclose()


async def test_a_share_fills_again_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leaky bucket: what was refused is allowed a moment later."""
    share(monkeypatch, "ask", burst=1, seconds=0.05)
    mine = Limits()
    async with mine.turn("kz.knb", "ask"):
        assert 1 == mine.under_way("ask")
    with pytest.raises(Limited):
        async with mine.turn("kz.knb", "ask"):
            pass
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(Limited):
                async with mine.turn("kz.knb", "ask"):
                    break
            await asyncio.sleep(0)

    assert 0 == mine.under_way("ask")
