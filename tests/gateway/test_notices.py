"""Supervisors are told that something waits, once, and nothing else: real webhooks and a real SMTP server on loopback."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select, update

from archive.deliveries import Deliveries
from archive.occasions import Occasions
from archive.reads import Reads
from archive.sessions import Sessions, SignedIn
from archive.subscriptions import GAP, GONE, MINE, MOST_TRIES, PAUSE, Subscribers
from archive.tables import notices, subscriptions
from domain.plan.directory import Directory, Service
from domain.signing.keys import key_id
from domain.views.glance import Glance
from domain.views.subscriptions import Subscription, Wish
from domain.words.errors import Limited, Malformed, NotAllowed, NotFound, Unavailable
from domain.words.limits import MOST_SUBSCRIPTIONS, MOST_SUBSCRIPTIONS_IN_ALL, MOST_SUBSCRIPTIONS_OF_SERVICE
from domain.words.moments import utc_text
from gateway.access import Proofs, Visitor
from gateway.api import application
from gateway.connections import serving
from gateway.feed import Feed
from gateway.floor import WatchFloor
from gateway.notices import NoticeRoom, Unseen
from gateway.noticing import Noticing, Rights
from gateway.reception import Reception
from gateway.telling import Teller, letter, places, way_out
from process.in_force import InForce
from process.mail import Mailbox
from process.tls import trusting
from protocol import calls
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.activities.test_messenger import Hook, hook, post
from tests.gateway.test_floor import ALL, PART, RING, keep, made
from tests.gateway.test_http import DIRECTORY, NOBODY
from tests.gateway.test_pages import Browser
from tests.installation import log_of_reads, reading_of

URL = "https://vigil.example"
NIGHT = {"zone": "UTC", "spans": [{"since": "22:00", "until": "06:00"}]}


@dataclass
class Desk:
    """An archive, and gateways that look at it; none looks but when the test says so. `now`: by which notices wait."""

    reads: Reads
    http: aiohttp.ClientSession
    known: InForce
    places: tuple[str, ...] = ("127.0.0.1:*",)
    box: Mailbox | None = None
    patience: float = 5.0
    now: datetime = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    officers: dict[str, Visitor] = field(default_factory=dict)

    @property
    def teller(self) -> Teller:
        """The way to receivers."""
        return Teller(self.http, private_key_of(VIGIL), URL, self.places, self.box, self.patience)

    @property
    def subscribers(self) -> Subscribers:
        """Who has subscribed."""
        return Subscribers(self.reads._database, RING, lambda: self.now)

    @property
    def room(self) -> NoticeRoom:
        """What officers do."""
        return NoticeRoom(self.subscribers, self.teller, Rights(self.known))

    def gateway(self, floor: WatchFloor | None = None) -> Noticing:
        """One that has just been started."""
        lists, seen = Deliveries(self.reads._database, RING), Occasions(self.reads._database)
        floor = floor if floor is not None else reading_of(self.reads._database).floor
        return Noticing(floor, lists, seen, self.subscribers, self.teller, Rights(self.known))

    def officer(self, code: str = "S-1", service: str = ALL) -> Visitor:
        """A person with the key of this service."""
        found = DIRECTORY.get(service)
        return Visitor(found, code, key_id(found.keys[0].public), secrets.token_hex(8))

    async def subscribe(self, way: dict[str, Any], *subjects: str, quiet: Any = None, officer: str = "S-1") -> Subscription:
        """Subscribe to these, or to whatever needs one."""
        wish = Wish.model_validate({"subjects": subjects or ("needs_you",), "way": way, "quiet": quiet})
        return await self.room.subscribe(self.officer(officer), wish)

    async def one(self, officer: str = "S-1") -> Subscription:
        """How this officer's only one goes."""
        (found,) = (await self.room.of(self.officer(officer))).subscriptions
        return found

    async def happens(self, *rows: Glance, at: Noticing | None = None, **changed: Any) -> None:
        """These rows are kept; then each gateway looks once, and tells."""
        await keep(self.reads, list(rows), **changed)
        await self.look(at)

    async def look(self, at: Noticing | None = None) -> None:
        """A gateway looks once, and tells to the end."""
        at = at or self.gateway()
        await at.once()
        await at.all_told()


@asynccontextmanager
async def desk(directory: Directory = DIRECTORY, **more: Any) -> AsyncIterator[Desk]:
    """An empty archive."""
    async with way_out(trusting(None)) as http, log_of_reads(directory) as reads:
        yield Desk(reads, http, InForce(directory), **more)


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    """One at noon."""
    async with desk() as found:
        yield found


@pytest.fixture
async def receiver() -> AsyncIterator[Hook]:
    """A webhook that takes everything."""
    async with hook().listening() as found:
        yield found


def by(receiver: Hook) -> dict[str, str]:
    """The way there."""
    return {"by": "webhook", "url": receiver.url}


def counts(receiver: Hook) -> list[int]:
    """Of how many deliveries each notice said that something came up; each bears the installation's signature."""
    return [one["data"]["count"] for one in receiver.told()]


STOPPED, LATE = made("birch-3", "to_seize", title="Heroin in a lorry"), made("amber-2", "overdue")


# Once, and nothing more


async def test_a_notice_says_that_something_waits_and_nothing_more(at: Desk, receiver: Hook) -> None:
    """The whole of it: how many, and the desk. No code name, place, service, officer or subject is in it or in its headers."""
    await at.subscribe(by(receiver), "needs_you", "stop")
    await at.happens(STOPPED, LATE)
    ((headers, body),) = receiver.came
    said, _ = json.loads(body), headers.pop("webhook-signature")

    assert {"type": "desk.waiting", "timestamp": said["timestamp"], "data": {"count": 2, "desk": f"{URL}/desk"}} == said
    for word in ("birch", "amber", "heroin", "kz", "uz", "customs", "supervision", "s-1", "stop", "overdue", "seize"):
        assert word not in f"{body.decode()} {json.dumps(headers)}".lower().replace(f"127.0.0.1:{receiver.port}", "")


async def test_each_change_is_told_once_by_two_gateways_and_one_that_is_started_later(at: Desk, receiver: Hook) -> None:
    """They look at the same time, and again; a third begins with everything there. A new thing is told, once."""
    await at.subscribe(by(receiver), "needs_you", "stop")
    two = [at.gateway(), at.gateway()]
    await keep(at.reads, [STOPPED, LATE])
    await asyncio.gather(*(one.once() for one in two))
    await asyncio.gather(*(one.all_told() for one in two))
    at.now += GAP
    for gateway in (*two, at.gateway()):
        await at.look(gateway)
    assert [2] == counts(receiver)

    await at.happens(made("cedar-1", "held"), at=two[0])
    await at.look(two[1])
    assert [2, 1] == counts(receiver)
    assert (0, utc_text(at.now)) == ((one := await at.one()).waiting, one.told_at)


async def test_what_a_page_has_looked_at_first_is_told(at: Desk, receiver: Hook) -> None:
    """Somebody opens the watch floor of a gateway that has just been started, before it looks by itself."""
    await at.subscribe(by(receiver), "stop")
    await keep(at.reads, [STOPPED])
    floor = reading_of(at.reads._database).floor
    gateway = at.gateway(floor)
    await floor.look()
    await at.look(gateway)

    assert [1] == counts(receiver)


async def test_a_gateway_goes_on_after_its_archive_was_away_and_says_so_once(
    at: Desk, receiver: Hook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a look fails of, the next one comes; what came up meanwhile is told."""
    monkeypatch.setattr("gateway.noticing.OFTEN", 0.01)
    await at.subscribe(by(receiver), "stop")
    gateway, looks = at.gateway(), list[str]()
    look = gateway._floor.look

    async def failing() -> None:
        looks.append("")
        if len(looks) <= 3:
            raise Unavailable("the archive cannot be reached")
        await look()

    monkeypatch.setattr(gateway._floor, "look", failing)
    await keep(at.reads, [STOPPED])
    going = asyncio.create_task(gateway.go_on())
    async with asyncio.timeout(60):
        while not receiver.came:  # noqa: ASYNC110 - no bell rings
            await asyncio.sleep(0.01)
    await gateway.all_told()
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)

    assert [1] == counts(receiver)
    assert 1 == sum("what comes up cannot be told" in one.message for one in caplog.records)


async def test_what_came_and_ended_while_no_gateway_looked_is_told(at: Desk, receiver: Hook) -> None:
    """A consent that was refused ends a delivery at once: it is on no floor, and is told all the same. Who subscribes
    later is not told of it.
    """
    await at.subscribe(by(receiver), "refusal")
    ended = {"phase": "ended", "ended": True, "closed_at": utc_text(at.now), "outcome": "refused"}
    await at.happens(made("cedar-1", phase="ended", outcome="refused", waits=()), **ended)
    await at.look()
    await at.subscribe(by(receiver), "refusal", officer="S-2")
    await at.look()

    assert [1] == counts(receiver)
    assert 0 == (await at.one("S-2")).waiting


async def test_what_has_no_room_on_the_floor_is_told_once_it_is_recorded(at: Desk, receiver: Hook) -> None:
    """By a gateway that looks on, and by one that is started later; each stop once."""
    lists = Deliveries(at.reads._database, RING)
    await at.subscribe(by(receiver), "stop")
    gateway = at.gateway(floor := WatchFloor(lists, Feed(lists), most=1))
    await at.happens(made("cedar-1"), made("novel-7"), at=gateway)
    await at.happens(made("novel-7", "to_seize"), at=gateway)
    assert ([1], 1) == (counts(receiver), len(floor))
    await keep(at.reads, [made("quail-8", "to_seize")])
    at.now += PAUSE
    await at.look(at.gateway(WatchFloor(lists, Feed(lists), most=1)))

    assert [1, 1] == counts(receiver)


async def test_what_a_gateway_was_telling_when_it_was_killed_is_told_by_the_next_under_the_same_number(
    at: Desk, receiver: Hook
) -> None:
    """At least once, therefore: a receiver knows it by its `webhook-id`. Nobody takes it before its minute is over."""
    made_one = await at.subscribe(by(receiver), "stop")
    gateway = at.gateway()
    await keep(at.reads, [STOPPED])
    await gateway._begin()
    await gateway._floor.look()
    await gateway._note()
    taken = await at.subscribers.take(made_one.id)
    assert taken is not None
    assert None is await at.teller.tell(taken.subscription, taken.count)
    await at.look(gateway)
    assert 1 == len(receiver.came)

    at.now += MINE
    await at.look()
    assert 2 == len(receiver.came) == len(receiver.told())
    assert 1 == len({headers["webhook-id"] for headers, _ in receiver.came})


async def test_what_comes_up_soon_after_is_told_together_and_a_stop_at_once(at: Desk, receiver: Hook) -> None:
    """One notice a minute to one place; a stop waits for five seconds at most."""
    await at.subscribe(by(receiver), "overdue", "stop")
    gateway = at.gateway()
    await at.happens(LATE, at=gateway)
    await at.happens(made("cedar-1", "overdue"), made("ibex-6", "overdue"), at=gateway)
    assert [1] == counts(receiver)
    at.now += timedelta(seconds=6)
    await at.happens(STOPPED, at=gateway)
    assert [1, 1] == counts(receiver)
    at.now += GAP
    await at.look(gateway)
    assert [1, 1, 2] == counts(receiver)


# Quiet hours


async def test_quiet_hours_hold_back_all_but_a_stop_and_life_at_risk_and_end_with_a_number(at: Desk, receiver: Hook) -> None:
    """At night two are overdue and one is stopped: the stop comes at once, the two as a number in the morning, once."""
    at.now = at.now.replace(hour=23)
    await at.subscribe(by(receiver), "overdue", "stop", quiet=NIGHT)
    gateway = at.gateway()
    await at.happens(LATE, made("cedar-1", "overdue"), at=gateway)
    assert [] == receiver.came
    assert (2, True) == ((one := await at.one()).waiting, one.quiet_now)
    await at.happens(STOPPED, at=gateway)
    at.now += GAP
    await at.happens(made("heron-5", halted="risk_to_life", at_risk=True), at=gateway)
    assert [1, 1] == counts(receiver)

    for hours in (6, 7, 8):
        at.now += timedelta(hours=hours)
        await at.look(gateway)
    assert [1, 1, 2] == counts(receiver)
    assert 0 == (await at.one()).waiting


async def test_what_was_noted_after_a_backup_is_noted_again_once_that_is_put_back(receiver: Hook) -> None:
    """The gateway runs on meanwhile: who had not been told by then is, and what is not there any more is forgotten."""
    async with desk() as at, desk() as older:
        gateway = at.gateway()
        for one in (at, older):
            await one.subscribe(by(receiver), "stop")
            await keep(one.reads, [STOPPED])
        await keep(at.reads, [LATE])
        await at.look(gateway)
        assert ({STOPPED.delivery, LATE.delivery}, [1]) == ({*gateway._so}, counts(receiver))
        gateway._floor._lists = Deliveries(older.reads._database, RING)
        gateway._seen, gateway._subscribers = Occasions(older.reads._database), older.subscribers
        await older.look(gateway)

    assert ({STOPPED.delivery}, [1, 1]) == ({*gateway._so}, counts(receiver))


# Receivers that do not do their part


async def test_a_receiver_that_hangs_keeps_no_other_from_being_told(at: Desk, receiver: Hook) -> None:
    """It is waited for by itself; a look begins to tell the others meanwhile, and what it did is said."""
    held = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await held.wait()
        return web.Response()

    at.patience, port = 5.0, free_ports(1)[0]
    app = web.Application()
    app.add_routes([web.post("/hook", hang)])
    async with calls.listening(app, "127.0.0.1", port, patience=0.1):
        for _ in range(3):
            await at.subscribe({"by": "webhook", "url": f"http://127.0.0.1:{port}/hook"}, "stop", officer="S-2")
        await at.subscribe(by(receiver), "stop")
        gateway = at.gateway()
        await keep(at.reads, [STOPPED])
        await gateway.once()
        async with asyncio.timeout(60):
            while not receiver.came:  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(0.01)
        assert 3 <= len(gateway._telling)
        await gateway.all_told()
        held.set()

    kept = (await at.room.of(at.officer("S-2"))).subscriptions
    assert [("failing", "late", 1)] * 3 == [(one.state, one.failure, one.tries) for one in kept]
    assert "good" == (await at.one()).state


async def test_what_is_not_taken_is_tried_again_and_then_given_up_and_said(at: Desk) -> None:
    """The pauses double; after the last try it is lost, and how many were stands there. The next notice is told."""
    async with hook(answer=lambda _: web.Response(status=500)).listening() as broken:
        await at.subscribe(by(broken), "overdue")
        gateway = at.gateway()
        await at.happens(LATE, at=gateway)
        for tries in range(1, MOST_TRIES):
            one = await at.one()
            assert ("failing", "status", tries, 0, 1) == (one.state, one.failure, one.tries, one.lost, one.waiting)
            await at.look(gateway)
            assert tries == len(broken.came)
            at.now += PAUSE * 2 ** (tries - 1)
            await at.look(gateway)
        one = await at.one()
        assert ("failing", MOST_TRIES, 0, 1, 0) == (one.state, len(broken.came), one.tries, one.lost, one.waiting)
        assert 1 == len({headers["webhook-id"] for headers, _ in broken.came})

        broken.answer = lambda _: web.Response(status=204)
        at.now += timedelta(hours=2)
        await at.happens(made("cedar-1", "overdue"), at=gateway)
    one = await at.one()
    assert ("good", None, 1) == (one.state, one.failure, one.lost)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_webhook_leads_nowhere_else(at: Desk, receiver: Hook, status: int) -> None:
    """Whoever answers with another address gets nobody posted there."""
    to = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    async with hook(answer=lambda _: web.Response(status=status, headers=to)).listening() as first:
        await at.subscribe(by(first), "stop")
        await at.happens(STOPPED)

    assert [] == receiver.came
    assert "status" == (await at.one()).failure


async def test_a_receiver_is_not_told_what_it_answered_before(at: Desk) -> None:
    """It would set a cookie, on its name or on all of its domain, and get it back with each notice, also of other officers."""
    marked = {"Set-Cookie": "seen=1; Path=/"}
    async with hook(answer=lambda _: web.Response(headers=marked)).listening() as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")  # of an address no cookie is kept in any case
        at.places = ("localhost:*",)
        await at.subscribe({"by": "webhook", "url": url}, "stop", "overdue")
        gateway = at.gateway()
        await at.happens(STOPPED, at=gateway)
        at.now += GAP
        await at.happens(LATE, at=gateway)

    assert [False, False] == ["Cookie" in headers or "cookie" in headers for headers, _ in receiver.came]


async def test_notices_go_where_the_operator_lets_them_and_nowhere_else(at: Desk, receiver: Hook) -> None:
    """To subscribe is refused, and says where they may go; where that was narrowed later, nothing is sent."""
    for url in ("http://localhost:1/x", "https://169.254.169.254/latest", "https://hook.example.evil.example/"):
        with pytest.raises(Malformed, match="not to that address") as refused:
            await at.subscribe({"by": "webhook", "url": url}, "stop")
        assert "they may to: 127.0.0.1" in refused.value.faults[0].problem
    at.places = places(f"HOOK.example:8443, other.example, 127.0.0.1:{receiver.port}")
    for url in (
        "https://hook.example/",
        "https://hook.example:844/",
        "https://other.example:8443/",
        "https://other.example./",
        "http://127.0.0.1:1/",
        f"http://2130706433:{receiver.port + 1}/",
        f"http://[::1]:{receiver.port}/",
        f"http://localhost:{receiver.port}/",
    ):
        with pytest.raises(Malformed, match="not to that address"):
            await at.subscribe({"by": "webhook", "url": url}, "stop")
    await at.subscribe({"by": "webhook", "url": "https://hook.example:8443/"}, "hold", officer="S-2")
    await at.subscribe({"by": "webhook", "url": "https://other.example/"}, "hold", officer="S-3")
    await at.subscribe(by(receiver), "stop")
    at.places = ()
    await at.happens(STOPPED)

    assert [] == receiver.came
    assert "not_allowed" == (await at.one()).failure


# Who may be told


def without_right(how: str) -> Directory:
    """The directory once the supervisor has lost it."""

    def changed(one: Service) -> Service:
        key = one.keys[0]
        match how:
            case "revoked":
                gone = key.model_copy(update={"revoked_at": utc_text(datetime.now(UTC) - timedelta(seconds=1))})
                fresh = key.model_copy(update={"public": DIRECTORY.get(PART).keys[0].public})
                return one.model_copy(update={"keys": (gone, fresh)})
            case "expired":
                past = utc_text(datetime.now(UTC) - timedelta(seconds=1))
                return one.model_copy(update={"keys": (key.model_copy(update={"valid_until": past}),)})
            case _:
                return one.model_copy(update={"kind": "auditor"})

    services = [one if one.id != ALL else changed(one) for one in DIRECTORY.services if how != "gone" or one.id != ALL]
    return DIRECTORY.model_copy(update={"services": tuple(services)})


@pytest.mark.parametrize("how", ["revoked", "expired", "auditor", "gone"])
async def test_who_may_not_supervise_any_more_is_told_nothing_more(at: Desk, receiver: Hook, how: str) -> None:
    """A revoked key though the service has another, one that has run out, another kind of service, none: nothing is told, nor is
    it later when the right comes back. After a month the subscription is gone.
    """
    await at.subscribe(by(receiver), "stop")
    at.known = InForce(without_right(how))
    await at.happens(STOPPED)
    at.now += GAP
    assert [] == receiver.came
    at.known = InForce(DIRECTORY)
    await at.look()
    assert [] == receiver.came
    assert "good" == (await at.one()).state

    at.known = InForce(without_right(how))
    assert "ended" == (await at.one()).state
    gateway = at.gateway()
    await gateway.tidy()
    at.now += GONE
    await gateway.tidy()
    assert () == (await at.room.of(at.officer())).subscriptions


async def test_a_key_that_is_followed_by_another_in_time_goes_on(at: Desk, receiver: Hook) -> None:
    """It has run out, was not revoked, and the same officer has one that counts."""
    await at.subscribe(by(receiver), "stop")
    one = DIRECTORY.get(ALL)
    past = utc_text(datetime.now(UTC) - timedelta(seconds=1))
    fresh = one.keys[0].model_copy(update={"public": DIRECTORY.get(PART).keys[0].public})
    followed = one.model_copy(update={"keys": (one.keys[0].model_copy(update={"valid_until": past}), fresh)})
    services = tuple(followed if each.id == ALL else each for each in DIRECTORY.services)
    at.known = InForce(DIRECTORY.model_copy(update={"services": services}))
    await at.happens(STOPPED)

    assert [1] == counts(receiver)


async def test_whoever_alters_a_subscription_in_the_database_makes_nobody_told(at: Desk, receiver: Hook) -> None:
    """Its address is sealed, and bound to the officer whose it is."""
    await at.subscribe(by(receiver), "stop")
    async with at.reads._database.writing() as connection:
        sealed = (await connection.execute(select(subscriptions.c.wish))).scalar_one()
        assert b"127.0.0.1" not in sealed
        await connection.execute(update(subscriptions).values(officer="S-2"))
    await at.happens(STOPPED)

    assert [] == receiver.came
    assert () == (await at.room.of(at.officer("S-2"))).subscriptions


async def test_an_officer_a_service_and_an_installation_have_so_many(at: Desk) -> None:
    """One more is refused and nothing is kept; another officer's, another service's are not touched."""
    page = {"by": "page"}
    for _ in range(MOST_SUBSCRIPTIONS):
        await at.subscribe(page)
    with pytest.raises(Malformed, match=f"there are {MOST_SUBSCRIPTIONS} subscriptions already"):
        await at.subscribe(page)
    for number in range(MOST_SUBSCRIPTIONS, MOST_SUBSCRIPTIONS_OF_SERVICE):
        await at.subscribe(page, officer=f"T-{number}")
    with pytest.raises(Malformed, match=f"there are {MOST_SUBSCRIPTIONS_OF_SERVICE} subscriptions"):
        await at.subscribe(page, officer="T-99")
    wish = Wish.model_validate({"subjects": ["stop"], "way": page})
    for number in range(MOST_SUBSCRIPTIONS_OF_SERVICE, MOST_SUBSCRIPTIONS_IN_ALL):
        await at.subscribers.add(SignedIn(f"kz.watch-{number}", "S-1", "key"), wish)
    with pytest.raises(Malformed, match=f"there are {MOST_SUBSCRIPTIONS_IN_ALL} subscriptions"):
        await at.subscribers.add(SignedIn("kz.watch-999", "S-1", "key"), wish)


async def test_what_is_over_for_a_day_is_forgotten_and_what_is_so_is_not(at: Desk, receiver: Hook) -> None:
    """Else the table grew for ever, or what goes on were told anew each day."""
    await at.subscribe(by(receiver), "overdue")
    gateway = at.gateway()
    await at.happens(LATE, made("cedar-1", "overdue"), at=gateway)
    await at.happens(made("cedar-1"), at=gateway)
    async with at.reads._database.writing() as connection:
        await connection.execute(update(notices).values(at=utc_text(datetime.now(UTC) - timedelta(days=2))))
    await gateway.tidy()
    async with at.reads._database.reading() as connection:
        left = set((await connection.execute(select(notices.c.delivery))).scalars())
    at.now += GAP
    await at.look()

    assert {"amber-2"} == left
    assert [2] == counts(receiver)


# By mail, and by the desk itself


async def test_by_mail_it_says_as_little(at: Desk) -> None:
    """In the reader's language or in each that there is, from a real SMTP server; the same mail has one id."""
    async with post().listening() as server:
        at.box, at.places = server.mailbox, ("duty.example",)
        for to in ("watch@elsewhere.example", "watch@duty.example.evil.example"):
            with pytest.raises(Malformed, match="not to that address"):
                await at.subscribe({"by": "email", "to": to})
        await at.subscribe({"by": "email", "to": "watch@duty.example"}, "stop")
        server.refuses = 1
        gateway = at.gateway()
        await at.happens(STOPPED, at=gateway)
        assert "mail" == (await at.one()).failure
        at.now += PAUSE
        await at.look(gateway)
    (mail,) = server.mails
    text = mail.get_content()

    assert "good" == (await at.one()).state
    assert mail["Subject"].startswith("Vigil: something waits at the desk (1) / ")
    assert f"{URL}/desk" in text
    assert "Deliveries: 1." in text
    for word in ("birch", "heroin", "kz", "customs", "supervision", "s-1", "overdue", "seize"):
        assert word not in f"{mail['Subject']} {text}".lower()


async def test_without_a_mail_server_nobody_subscribes_by_mail(at: Desk) -> None:
    """It is said at once, and where the server is taken away later, on the page."""
    with pytest.raises(Malformed, match="sends no mail"):
        await at.subscribe({"by": "email", "to": "watch@duty.example"})
    at.box, at.places = Mailbox("vigil@x.example", "127.0.0.1", 1, "none"), ("duty.example",)
    await at.subscribe({"by": "email", "to": "watch@duty.example"}, "stop")
    at.box = None
    await at.happens(STOPPED)

    assert "not_set_up" == (await at.one()).failure


def test_a_mail_is_in_the_language_of_who_reads_it() -> None:
    """Once, where that is known."""
    one = letter("n-1", 3, "msg_1", "vigil@x.example", "watch@duty.example", f"{URL}/desk", "en")

    assert "Vigil: something waits at the desk (3)" == one["Subject"]
    assert "auto-generated" == one["Auto-Submitted"]
    assert 1 == one.get_content().count(f"{URL}/desk")


async def test_the_desk_says_it_until_it_was_seen_and_in_quiet_hours_only_a_stop(at: Desk) -> None:
    """A page asks, and is told a number; what came after it was loaded is not seen with it."""
    at.now = at.now.replace(hour=23)
    gateway, officer = at.gateway(), at.officer()
    await at.subscribe({"by": "page"}, "overdue", "stop", quiet=NIGHT)
    await at.happens(LATE, at=gateway)
    assert 0 == (await at.room.waiting(officer)).count
    await at.happens(STOPPED, at=gateway)
    found = await at.room.waiting(officer)
    assert 1 == found.count
    await at.happens(made("heron-5", "to_seize"), at=gateway)
    await at.room.seen(officer, found.upto)
    assert 1 == (await at.room.waiting(officer)).count
    await at.room.seen(officer, 10**17)
    assert 0 == (await at.room.waiting(officer)).count
    at.now += timedelta(hours=8)
    assert 1 == (await at.room.waiting(officer)).count
    at.known = InForce(without_right("revoked"))
    assert Unseen(count=0, upto=0) == await at.room.waiting(officer)


async def test_another_officers_subscription_is_none_of_ones_own(at: Desk, receiver: Hook) -> None:
    """It is not shown, tried or ended, and does not exist for them."""
    made_one = await at.subscribe(by(receiver), "stop")
    other = at.officer("S-2")
    assert () == (await at.room.of(other)).subscriptions
    for doing in (at.room.try_out, at.room.unsubscribe):
        with pytest.raises(NotFound, match="there is no subscription"):
            await doing(other, made_one.id)
    assert made_one.id == (await at.one()).id


async def test_who_subscribes_anew_for_each_test_floods_no_mailbox(at: Desk, receiver: Hook) -> None:
    """In a minute a service sends as many tests as it may have subscriptions, whoever its officers are said to be; then again."""
    room = at.room

    async def tries(number: int) -> None:
        officer = at.officer(f"S-{number}")
        wish = Wish.model_validate({"subjects": ("stop",), "way": by(receiver)})
        made_one = await room.subscribe(officer, wish)
        try:
            await room.try_out(officer, made_one.id)
        finally:
            await room.unsubscribe(officer, made_one.id)

    for number in range(MOST_SUBSCRIPTIONS_OF_SERVICE):
        await tries(number)
    with pytest.raises(Limited, match="40 tests"):
        await tries(41)
    assert MOST_SUBSCRIPTIONS_OF_SERVICE == len(receiver.came)
    at.now += GAP
    await tries(42)
    assert [ALL] == [*room._tried]
    assert 1 == len(room._tried[ALL])


# Over HTTP


@dataclass
class Served:
    """A gateway over such an archive."""

    desk: Desk
    url: str
    sessions: Sessions

    def door(self, service: str = ALL, officer: str | None = "S-1") -> Gateway:
        """The API, as this officer."""
        return Gateway(self.desk.http, self.url, service, private_key_of(service), officer)

    async def browser(self, service: str = ALL) -> Browser:
        """The pages."""
        key = key_id(DIRECTORY.get(service).keys[0].public)
        token = await self.sessions.open(SignedIn(service=service, officer="S-1", key=key))
        return Browser(self.desk.http, self.url, f"vigil={token}")


@asynccontextmanager
async def served(box: Mailbox | None = None) -> AsyncIterator[Served]:
    """A gateway with no Temporal behind it."""
    async with desk(box=box) as at:
        url = f"http://127.0.0.1:{free_ports(1)[0]}"
        reception = Reception(NOBODY, "none", at.known, {}, private_key_of(VIGIL), reading_of(at.reads._database))

        async def engine() -> Any:
            return "up"

        reception.engine = engine  # type: ignore[method-assign]
        sessions = Sessions(at.reads._database, RING)
        app = application(reception, Proofs(at.known, url), at.reads, sessions, notices=at.room)
        async with serving(app, "127.0.0.1", int(url.rpartition(":")[2]), grace=1):
            yield Served(at, url, sessions)


async def test_a_supervisor_subscribes_tries_it_out_and_ends_it_over_the_api(receiver: Hook) -> None:
    """A test says that it is one, and is sent once in a minute; who does not supervise does none of it, nor does a system."""
    wish = Wish.model_validate({"subjects": ["stop"], "way": by(receiver)})
    async with served() as at:
        door = at.door()
        one = await door.subscribe(wish)
        assert (one,) == (await door.notices()).subscriptions
        assert None is (await door.try_notice(one.id)).failure
        with pytest.raises(Limited, match="within the last minute"):
            await door.try_notice(one.id)
        with pytest.raises(NotFound):
            await door.try_notice("n-000000000000")
        assert () == (await door.unsubscribe(one.id)).subscriptions
        with pytest.raises(NotFound):
            await door.unsubscribe(one.id)
        for who in (at.door(PART), at.door("kz.knb"), at.door(officer=None)):
            with pytest.raises(NotAllowed, match=r"is not for|this proof names none"):
                await who.notices()
            with pytest.raises(NotAllowed, match=r"is not for|this proof names none"):
                await who.subscribe(wish)

    assert ["desk.test"] == [told["type"] for told in receiver.told()]


async def test_the_page_you_shows_subscriptions_and_their_failures_and_takes_new_ones() -> None:
    """A button of it works without a script; who does not supervise sees no such part, and does nothing of it."""
    async with served() as at, hook(answer=lambda _: web.Response(status=500)).listening() as broken:
        browser, part = await at.browser(), await at.browser(PART)
        assert 'id="notices"' not in await part.page("/desk/me")
        assert 403 == (await part.ask("GET", "/desk/notices"))[0].status
        wish = {"subjects": ["stop"], "way": by(broken)}
        assert 403 == (await part.ask("POST", "/desk/notices", wish))[0].status
        answer, text = await browser.ask("POST", "/desk/notices", wish | {"way": {"by": "webhook", "url": "https://x.example"}})
        assert 422 == answer.status
        assert "notices may not go there" in text
        answer, text = await browser.ask("POST", "/desk/notices", wish)
        assert 201 == answer.status, text
        name = json.loads(text)["id"]
        await browser.ask("POST", "/desk/notices", {"subjects": ["stop"], "way": {"by": "page"}})
        await at.desk.happens(STOPPED)

        shown = await browser.page("/desk/me")
        assert "Something waits. Deliveries: 1" in shown
        assert "Not taken: the webhook does not answer with success." in shown
        assert broken.url in shown
        assert 1 == json.loads(await browser.page("/desk/notices"))["count"]
        answer, _ = await browser.ask("POST", "/desk/notices/seen/99")
        assert (303, "/desk/me#notices") == (answer.status, answer.headers["Location"])
        assert "hidden" in (await browser.page("/desk/me")).partition('id="waiting"')[2].partition(">")[0]
        answer, _ = await browser.ask("POST", f"/desk/notices/{name}/test")
        assert "The test was not taken" in await browser.page(answer.headers["Location"].partition("#")[0])
        await browser.ask("POST", f"/desk/notices/{name}/end")
        assert broken.url not in await browser.page("/desk/me")
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        assert 403 == (await browser.ask("POST", "/desk/notices", wish, headers=elsewhere))[0].status
