"""Who is signed in with a browser, in a real database of each kind; the clock is the test's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive import sessions as module
from archive.database import Database
from archive.sessions import AT_ONCE, AWAY, IDLE, LINK, LONGEST, PROLONGED, Sessions, SignedIn
from archive.tables import begun, links, sessions
from domain.signing.canonical import digest_of_bytes
from domain.words.errors import Limited, NotAuthentic, Unavailable
from tests.archive.samples import database, new_keys

KEYS = new_keys()
OFFICER = SignedIn(service="uz.prosecutor", officer="P-117", key="56475aa75463474c0285df5dbf2bcab7")
NAMED = SignedIn(service="supervision", officer="S-1", key=None, subject="ab" * 32)


@dataclass
class Clock:
    """Time, as the test lets it go by."""

    now: datetime = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now

    def go(self, span: timedelta) -> None:
        """Let time go by."""
        self.now += span


@dataclass
class Gateway:
    """One gateway's sessions."""

    archive: Database
    sessions: Sessions
    clock: Clock

    async def signed_in(self, nonce: str = "proof-1") -> str:
        """The token of a new session."""
        token, _ = await self.sessions.link(OFFICER, nonce)
        return await self.sessions.enter(token)


@pytest.fixture
async def gateway(url: str) -> AsyncIterator[Gateway]:
    """A gateway with an empty database."""
    archive, clock = database(url), Clock()
    yield Gateway(archive, Sessions(archive, KEYS, clock), clock)
    await archive.close()


A_MOMENT = timedelta(microseconds=1)


async def test_a_link_signs_in_whoever_asked_for_it(gateway: Gateway) -> None:
    """As the service, the officer and the key that the proof was made with; the link is good for a minute."""
    token, until = await gateway.sessions.link(OFFICER, "proof-1")

    assert gateway.clock.now + LINK == until
    assert OFFICER == await gateway.sessions.of(await gateway.sessions.enter(token))


async def test_a_link_is_good_once_however_many_try_at_the_same_moment(gateway: Gateway, url: str) -> None:
    """Five at two gateways at once: one is signed in. After that, nobody."""
    other = database(url)
    doors = (gateway.sessions, Sessions(other, KEYS, gateway.clock))
    token, _ = await gateway.sessions.link(OFFICER, "proof-1")
    found = await asyncio.gather(*(doors[number % 2].enter(token) for number in range(5)), return_exceptions=True)
    with pytest.raises(NotAuthentic, match="already used"):
        await gateway.sessions.enter(token)
    await other.close()

    assert 1 == sum(isinstance(one, str) for one in found)
    assert 4 == sum(isinstance(one, NotAuthentic) for one in found)


async def test_a_link_that_was_not_used_within_a_minute_is_good_no_more(gateway: Gateway) -> None:
    """At the very minute it is over."""
    token, _ = await gateway.sessions.link(OFFICER, "proof-1")
    gateway.clock.go(LINK)

    with pytest.raises(NotAuthentic, match="already used"):
        await gateway.sessions.enter(token)


async def test_who_went_to_a_provider_comes_back_once_however_many_try(gateway: Gateway, url: str) -> None:
    """Five at two gateways at once: one is back. After five minutes nobody is."""
    other = database(url)
    doors = (gateway.sessions, Sessions(other, KEYS, gateway.clock))
    token, late = await gateway.sessions.go(), await gateway.sessions.go()
    found = await asyncio.gather(*(doors[number % 2].back(token) for number in range(5)), return_exceptions=True)
    gateway.clock.go(AWAY)
    with pytest.raises(NotAuthentic, match="is over"):
        await gateway.sessions.back(late)
    await other.close()

    assert 1 == found.count(None)
    assert 4 == sum(isinstance(one, NotAuthentic) for one in found)


async def test_a_session_without_a_key_says_whom_the_provider_named(gateway: Gateway) -> None:
    """And lasts as any other; what is under way at a provider is no link, and no session."""
    token, begun_ = await gateway.sessions.open(NAMED), await gateway.sessions.go()
    assert NAMED == await gateway.sessions.of(token)
    for tried in (gateway.sessions.enter(begun_), gateway.sessions.of(begun_), gateway.sessions.back(token)):
        with pytest.raises(NotAuthentic):
            await tried
    gateway.clock.go(IDLE)

    with pytest.raises(NotAuthentic, match="not signed in"):
        await gateway.sessions.of(token)


async def test_who_is_idle_is_signed_out(gateway: Gateway) -> None:
    """A quarter of an hour without a request ends it; a request begins it anew."""
    token = await gateway.signed_in()
    for _ in range(3):
        gateway.clock.go(IDLE - A_MOMENT)
        assert OFFICER == await gateway.sessions.of(token)
    gateway.clock.go(IDLE)

    with pytest.raises(NotAuthentic, match="not signed in"):
        await gateway.sessions.of(token)


async def test_who_asks_again_and_again_writes_once_a_minute(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write waits for the one before it: a browser that floods keeps nobody from writing, and is not signed out by that."""
    token, written = await gateway.signed_in(), list[datetime]()
    writing = gateway.archive.writing

    def noted() -> AbstractAsyncContextManager[AsyncConnection]:
        written.append(gateway.clock.now)
        return writing()

    monkeypatch.setattr(gateway.archive, "writing", noted)
    for _ in range(3):
        for _ in range(10):
            assert OFFICER == await gateway.sessions.of(token)
        gateway.clock.go(PROLONGED)
    await gateway.sessions.of(token)
    gateway.clock.go(IDLE - A_MOMENT)

    assert 3 == len(written)
    assert OFFICER == await gateway.sessions.of(token)


async def test_strangers_who_guess_hold_few_connections_to_the_database(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever floods the door with tokens keeps everybody from being told which keys count. Who waits too long is told."""
    at_once, most, goes_on, reading = 0, 0, asyncio.Event(), gateway.archive.reading

    @asynccontextmanager
    async def noted() -> AsyncIterator[AsyncConnection]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            await goes_on.wait()
            async with reading() as connection:
                yield connection
        finally:
            at_once -= 1

    monkeypatch.setattr(gateway.archive, "reading", noted)
    looks = [gateway.sessions.of, gateway.sessions.enter, gateway.sessions.back]
    guesses = [asyncio.create_task(look(f"guess-{number}")) for number in range(10) for look in looks]
    monkeypatch.setattr(module, "WAITS", 0.05)
    late = [asyncio.create_task(look("late")) for look in looks]
    await asyncio.wait(late)
    goes_on.set()
    await asyncio.wait(guesses)

    assert AT_ONCE == most
    assert {Limited} == {type(one.exception()) for one in late}
    assert {NotAuthentic, Limited} >= {type(one.exception()) for one in guesses}


async def test_however_busy_a_session_ends_after_a_shift(gateway: Gateway) -> None:
    """Eight hours, and not a moment more."""
    token, ends = await gateway.signed_in(), gateway.clock.now + LONGEST
    while gateway.clock.now + IDLE < ends:
        gateway.clock.go(IDLE - A_MOMENT)
        await gateway.sessions.of(token)
    gateway.clock.now = ends - A_MOMENT
    assert OFFICER == await gateway.sessions.of(token)
    gateway.clock.now = ends

    with pytest.raises(NotAuthentic):
        await gateway.sessions.of(token)


async def test_signing_out_ends_it_at_once_at_every_gateway(gateway: Gateway, url: str) -> None:
    """What another gateway knows is what the database says; a second time is no fault."""
    token, other = await gateway.signed_in(), database(url)
    assert OFFICER == await Sessions(other, KEYS, gateway.clock).of(token)
    for _ in range(2):
        await gateway.sessions.end(token)

    with pytest.raises(NotAuthentic):
        await Sessions(other, KEYS, gateway.clock).of(token)
    await other.close()


async def test_the_same_proof_asks_for_one_link(gateway: Gateway, url: str) -> None:
    """A request that was overheard and sent again gets none, at another gateway neither."""
    await gateway.sessions.link(OFFICER, "proof-1")
    other = database(url)
    for door in (gateway.sessions, Sessions(other, KEYS, gateway.clock)):
        with pytest.raises(NotAuthentic, match="used already"):
            await door.link(OFFICER, "proof-1")
    await other.close()


async def test_nothing_in_the_database_lets_anybody_in(gateway: Gateway) -> None:
    """Whoever reads its rows has digests; none of them is a token."""
    link, _ = await gateway.sessions.link(OFFICER, "proof-1")
    link_of_session, _ = await gateway.sessions.link(OFFICER, "proof-2")
    token = await gateway.sessions.enter(link_of_session)
    async with gateway.archive.reading() as connection:
        rows = [*(await connection.execute(select(links))), *(await connection.execute(select(sessions)))]

    assert 2 == len(rows)
    for row in rows:
        assert {link, link_of_session, token}.isdisjoint(row)
        with pytest.raises(NotAuthentic):
            await gateway.sessions.of(row.digest)
        with pytest.raises(NotAuthentic):
            await gateway.sessions.enter(row.digest)


@pytest.mark.parametrize(
    "changed",
    [{"officer": "P-118"}, {"service": "supervision"}, {"key": "0" * 32}, {"until": "9999-01-01T00:00:00.000000Z"}],
    ids=lambda one: next(iter(one)),
)
async def test_what_somebody_writes_into_the_database_lets_nobody_in(gateway: Gateway, changed: dict[str, str]) -> None:
    """Whoever can write a row has neither a token that fits it, nor one of another whom it names, nor one for longer."""
    kept = await gateway.signed_in()
    token, (link, _) = await gateway.signed_in("proof-2"), await gateway.sessions.link(OFFICER, "proof-3")
    async with gateway.archive.writing() as connection:
        for table, one in ((sessions, token), (links, link)):
            mine = table.c.digest == digest_of_bytes(one.encode())
            row = dict((await connection.execute(select(table).where(mine))).mappings().one())
            await connection.execute(insert(table).values(row | {"digest": digest_of_bytes(b"mine")}))
            await connection.execute(update(table).where(mine).values(changed))

    for tried in (
        gateway.sessions.of("mine"),
        gateway.sessions.enter("mine"),
        gateway.sessions.of(token),
        gateway.sessions.enter(link),
    ):
        with pytest.raises(NotAuthentic):
            await tried
    assert OFFICER == await gateway.sessions.of(kept)


async def test_what_is_over_is_forgotten(gateway: Gateway) -> None:
    """Links and sessions that ended leave no row behind once the next link is asked for."""
    await gateway.signed_in()
    await gateway.sessions.link(OFFICER, "proof-2")
    await gateway.sessions.go()
    gateway.clock.go(LONGEST)
    await gateway.sessions.link(OFFICER, "proof-3")
    async with gateway.archive.reading() as connection:
        counted = [len((await connection.execute(select(table))).all()) for table in (links, begun, sessions)]

    assert [1, 0, 0] == counted


async def test_while_the_database_is_away_nobody_is_signed_in() -> None:
    """Neither anew nor any more: it cannot be known."""
    away = Sessions(Database("sqlite+aiosqlite:////nowhere/archive.db"), KEYS)
    for asked in (away.link(OFFICER, "proof-1"), away.enter("x"), away.of("x"), away.end("x"), away.go(), away.back("x")):
        with pytest.raises(Unavailable):
            await asked
