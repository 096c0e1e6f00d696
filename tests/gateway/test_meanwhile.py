"""What was looked at when a request came, and has changed by the time that it is acted on."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from archive.deliveries import Deliveries
from domain.plan.directory import Desk, Directory
from domain.words.errors import Unavailable, VigilError
from gateway import floor as gateway_floor
from gateway.acknowledging import Acknowledgements
from gateway.floor import WatchFloor
from gateway.limits import SHARES, Limits
from rehearsal.services import VIGIL, private_key_of
from tests.gateway.test_floor import ALL, PART, ROWS, Night, by, followed, keep, made, over
from tests.gateway.test_http import DIRECTORY


def once(**changed: Any) -> Directory:
    """The directory as it is once the supervision has been changed so."""
    services = (one.model_copy(update=changed) if one.id == ALL else one for one in DIRECTORY.services)
    return DIRECTORY.model_copy(update={"services": tuple(services)})


WITHOUT_KEYS = once(keys=())
DEMOTED = once(kind=DIRECTORY.get(PART).kind, state=DIRECTORY.get(PART).state)


@pytest.fixture
async def at() -> AsyncIterator[Night]:
    """A night with six open deliveries."""
    async with over(ROWS) as found:
        yield found


@pytest.mark.parametrize("page", [False, True])
async def test_what_was_long_in_the_making_goes_to_nobody_whose_key_was_revoked_meanwhile(
    at: Night, monkeypatch: pytest.MonkeyPatch, *, page: bool
) -> None:
    """A packet of a long delivery, for instance: it was asked for with a key that counted then."""
    look = WatchFloor.page

    async def long(self: WatchFloor, *given: Any) -> Any:
        at.known.replace(WITHOUT_KEYS)
        return await look(self, *given)

    monkeypatch.setattr("gateway.pages.entrance.CHECKED", 0.0)
    monkeypatch.setattr(WatchFloor, "page", long)
    browser = await at.browser()
    status = (await browser.ask("GET", "/desk/floor"))[0].status if page else (await at.ask("/v1/floor"))[0]

    assert 401 == status
    assert [] == [one.action for one in (await at.reads.page(0, 10)).reads]


@pytest.mark.parametrize("page", [False, True])
@pytest.mark.parametrize("then", [WITHOUT_KEYS, DEMOTED], ids=["revoked", "demoted"])
async def test_who_waits_for_its_turn_is_shown_nothing_once_its_key_counts_no_more(
    monkeypatch: pytest.MonkeyPatch, then: Directory, *, page: bool
) -> None:
    """The key counted when the request came. By the time that its turn comes, behind another of the same service, it does not."""
    monkeypatch.setitem(SHARES, "ask", dataclasses.replace(SHARES["ask"], at_work=1))
    limits, go_on, asked, look = Limits(), asyncio.Event(), 0, WatchFloor.page

    async def slowly(self: WatchFloor, *given: Any) -> Any:
        nonlocal asked
        asked += 1
        await go_on.wait()
        return await look(self, *given)

    monkeypatch.setattr("gateway.api.Limits", lambda: limits)
    monkeypatch.setattr("gateway.pages.entrance.CHECKED", 60.0)  # the first is being made meanwhile
    monkeypatch.setattr(WatchFloor, "page", slowly)
    async with over(ROWS) as at, asyncio.timeout(60):
        browser = await at.browser()
        first = asyncio.create_task(at.ask("/v1/floor"))
        while not asked:  # noqa: ASYNC110 - no bell rings
            await asyncio.sleep(0.01)
        second = asyncio.create_task(browser.ask("GET", "/desk/floor") if page else at.ask("/v1/floor"))
        while limits.under_way("ask") < 2:  # noqa: ASYNC110 - no bell rings
            await asyncio.sleep(0.01)
        at.known.replace(then)
        go_on.set()
        answer: Any
        answer, said = await second

        assert 200 == (await first)[0]
        assert 401 == (answer.status if page else answer), said
        assert 1 == asked


async def test_a_browser_that_is_signed_out_while_its_body_comes_does_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The session was good when the head came; by the time that the body has come, it is none."""
    limits = Limits()
    monkeypatch.setattr("gateway.api.Limits", lambda: limits)
    async with over(ROWS) as at, asyncio.timeout(60):
        browser = await at.browser()

        async def slowly() -> AsyncIterator[bytes]:
            yield b"{"
            while not limits.under_way("ask"):  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(0.01)
            await at.sessions.end(browser.cookie.partition("=")[2])
            yield b"}"

        headers = {"Cookie": browser.cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
        async with at.http.post(f"{at.url}/desk/notices", data=slowly(), headers=headers) as answer:
            assert 401 == answer.status, await answer.text()


@pytest.mark.parametrize("page", [False, True])
async def test_a_supervisor_who_is_none_any_more_follows_the_floor_no_longer(
    at: Night, monkeypatch: pytest.MonkeyPatch, *, page: bool
) -> None:
    """Its key still counts, and it may ask for what is its own; the rows of everybody it is shown no more."""
    monkeypatch.setattr(gateway_floor, "BEAT", 0.1)
    monkeypatch.setattr("gateway.pages.entrance.CHECKED", 0.1)
    browser = await at.browser()
    headers = {"Cookie": browser.cookie, "Sec-Fetch-Site": "same-origin"} if page else by(at, "/v1/floor/changes")
    async with followed(at, "/desk/floor/changes" if page else "/v1/floor/changes", headers) as stream, asyncio.timeout(60):
        await stream.next("beat")
        at.known.replace(DEMOTED)
        await keep(at.reads, [made("cedar-1", "held")])
        await stream.end()


async def test_who_has_been_given_a_receipt_while_it_reads_is_shown_nothing_older_afterwards(
    at: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it knows by then is more than what it knew when it asked."""
    monkeypatch.setattr("gateway.reading.BEHIND", 0.2)
    reading, reader, look = at.reception.reading, DIRECTORY.get(ALL), Deliveries.one

    async def meanwhile(self: Deliveries, *given: Any) -> Any:
        found = await look(self, *given)
        reading.expect(ALL, "cedar-1", found.size + 1)
        return found

    with monkeypatch.context() as patch, suppress(VigilError):
        patch.setattr(Deliveries, "one", meanwhile)
        await reading.delivery(reader, "cedar-1")
    with pytest.raises(Unavailable, match="the archive is behind"):
        await reading.delivery(reader, "cedar-1")


async def test_who_reads_what_is_asked_waits_for_one_telling_where_temporal_hangs_and_not_for_each() -> None:
    """That three requests were read is told to their deliveries at once; one that cannot be told is told at the next reading."""
    hangs, noted, told = asyncio.Barrier(3), list[str](), list[str]()

    async def clock() -> Any:
        await hangs.wait()
        raise Unavailable("Temporal cannot be reached")

    async def has_read(_reader: Any, _delivery: str, request: str) -> None:
        noted.append(request)

    async def now() -> Any:
        return SimpleNamespace(now=lambda: datetime.now(UTC))

    def handle(name: str) -> Any:
        async def signal(*_: Any, **__: Any) -> None:
            told.append(name)

        return SimpleNamespace(signal=signal)

    client: Any = SimpleNamespace(get_workflow_handle=handle)
    reading: Any = SimpleNamespace(has_read=has_read)
    mine = Acknowledgements(client, private_key_of(VIGIL), reading, clock)
    reader = DIRECTORY.get(PART).model_copy(update={"reach": Desk(by="desk")})
    names = ("amber-1", "amber-2", "amber-3")
    asked: list[Any] = [
        SimpleNamespace(id=f"{one}/consent-kz/{PART}", delivery=one, checkpoint="consent-kz", service=PART) for one in names
    ]
    async with asyncio.timeout(60):
        await mine.report(reader, asked)
    before = [*noted]
    mine._clock = now
    await mine.report(reader, asked)
    await mine.report(reader, asked)

    assert [] == before
    assert [one.id for one in asked] == noted
    assert [f"delivery/{one}" for one in names] == told
