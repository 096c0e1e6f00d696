"""The watch floor at the gateway: who is shown which rows, what is counted, how rows follow what happens, and the page of it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from archive.deliveries import Deliveries
from archive.reads import Reads
from archive.sessions import Sessions, SignedIn
from archive.tables import deliveries
from domain.plan.access import MAY, ROLES
from domain.signing.keys import key_id
from domain.views.floor import ROWS_OF_FLOOR, FloorQuestion, placed
from domain.views.glance import Glance
from domain.words.errors import Unavailable
from domain.words.limits import LONGEST_LINE
from domain.words.moments import utc_text
from gateway import floor as gateway_floor
from gateway import selections
from gateway.access import Proofs
from gateway.api import application
from gateway.connections import serving
from gateway.feed import Feed
from gateway.floor import FloorAnew, FloorBeat, FloorChanged, FloorGone, WatchFloor
from gateway.pages.floor import tree
from gateway.reception import Reception
from process.in_force import InForce
from process.ring import Wrapping
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.archive.samples import put, standing
from tests.floors import SUPERVISED_BY, glance_of, night, trouble
from tests.gateway.test_api import signed
from tests.gateway.test_http import DIRECTORY, NOBODY
from tests.gateway.test_pages import Browser
from tests.installation import PAYLOAD_KEYS, log_of_reads, reading_of

READER, PART, ALL = SUPERVISED_BY, "uz.customs", "supervision"
NOW = datetime.now(UTC)
RING = Wrapping(PAYLOAD_KEYS)


def made(name: str, kind: str = "", **changed: Any) -> Glance:
    """A row in this trouble."""
    return glance_of(name, NOW, **(trouble(kind, NOW) | changed))


ROWS = [
    made("cedar-1"),
    made("amber-2", "overdue"),
    made("birch-3", "to_seize"),
    made("tulip-4", "due_soon", whole=()),
    made("heron-5", "consent"),
    made("ibex-6", "held", title="Cash <b>in a parcel</b>"),
]
IN_ORDER = ["birch-3", "amber-2", "ibex-6", "heron-5", "tulip-4", "cedar-1"]


async def keep(reads: Reads, rows: list[Glance], **changed: Any) -> None:
    """Have the archive keep these rows, as a worker does."""
    given = {one.delivery: {"glance": one, "title": one.title, "phase": one.phase} | changed for one in rows}
    await put(reads._database, RING, {name: standing(**one) for name, one in given.items()})


@dataclass
class Night:
    """A gateway over an archive of rows, with no Temporal behind it."""

    url: str
    http: aiohttp.ClientSession
    reads: Reads
    sessions: Sessions
    reception: Reception
    known: InForce
    engine: list[str] = field(default_factory=lambda: ["up"])

    async def ask(self, path: str, service: str = ALL) -> tuple[int, Any]:
        """Status and document of one answer."""
        target = f"{self.url}{path}"
        async with self.http.get(target, headers=signed(service, "GET", target)) as answer:
            return answer.status, json.loads(await answer.text())

    async def names(self, query: str = "", service: str = ALL) -> list[str]:
        """Code names of the rows of a page, in its order."""
        status, found = await self.ask(f"/v1/floor{query}", service)
        assert 200 == status
        return [one["glance"]["delivery"] for one in found["rows"]]

    async def browser(self, service: str = ALL) -> Browser:
        """One in which an officer of this service is signed in."""
        key = key_id(DIRECTORY.get(service).keys[0].public)
        token = await self.sessions.open(SignedIn(service=service, officer="S-1", key=key))
        return Browser(self.http, self.url, f"vigil={token}")


@asynccontextmanager
async def over(rows: list[Glance]) -> AsyncIterator[Night]:
    """A gateway over an archive of these."""
    port = free_ports(1)[0]
    url, known = f"http://127.0.0.1:{port}", InForce(DIRECTORY)
    async with aiohttp.ClientSession() as http, log_of_reads(DIRECTORY) as reads:
        await keep(reads, rows)
        reception = Reception(NOBODY, "none", known, {}, private_key_of(VIGIL), reading_of(reads._database))
        sessions = Sessions(reads._database, RING)
        night = Night(url, http, reads, sessions, reception, known)

        async def engine() -> Any:
            return night.engine[0]

        reception.engine = engine  # type: ignore[method-assign]
        async with serving(application(reception, Proofs(known, url), reads, sessions), "127.0.0.1", port, grace=1):
            yield night


@pytest.fixture
async def at() -> AsyncIterator[Night]:
    """A night with six open deliveries."""
    async with over(ROWS) as found:
        yield found


@dataclass
class Followed:
    """What a stream gives, event by event."""

    lines: asyncio.StreamReader

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next event of one of these kinds."""
        async with asyncio.timeout(60):
            while True:
                line = (await self.lines.readline()).decode()
                assert line, "the stream ended"
                if line.startswith("data: ") and (found := json.loads(line[6:]))["kind"] in kinds:
                    return dict(found)

    async def end(self) -> None:
        """Read on until there is nothing more."""
        with suppress(aiohttp.ClientPayloadError):  # it breaks off, so that who follows asks again
            while await self.lines.readline():
                pass


@asynccontextmanager
async def followed(at: Night, path: str, headers: dict[str, str]) -> AsyncIterator[Followed]:
    """A stream, open."""
    async with at.http.get(f"{at.url}{path}", headers=headers) as answer:
        assert 200 == answer.status, await answer.text()
        assert "text/event-stream" == answer.content_type
        yield Followed(answer.content)  # type: ignore[arg-type] # as far as it is used


def by(at: Night, path: str, service: str = ALL) -> dict[str, str]:
    """The headers of a proof."""
    return dict(signed(service, "GET", f"{at.url}{path}"))


# Who is shown what


async def test_a_supervisor_sees_every_row_the_worst_first(at: Night) -> None:
    """With counters and their worst cases, and nothing to be said against the page."""
    status, found = await at.ask("/v1/floor")
    assert 200 == status
    assert IN_ORDER == [one["glance"]["delivery"] for one in found["rows"]]
    assert ("up", 0, [], []) == (found["engine"], found["beyond"], found["unreadable"], found["unknown"])
    assert "birch-3" == next(one for one in found["counters"] if one["reason"] == "to_seize")["delivery"]


async def test_r11_who_takes_part_is_shown_the_rows_that_name_it_and_counts_of_these(at: Night) -> None:
    """Neither row, number nor facet of another; a service that sees a part has none."""
    _, found = await at.ask("/v1/floor", READER)
    assert [name for name in IN_ORDER if name != "tulip-4"] == [one["glance"]["delivery"] for one in found["rows"]]
    assert (5, 0) == (found["open"], next(one for one in found["counters"] if one["reason"] == "due_soon")["count"])
    _, nothing = await at.ask("/v1/floor", PART)
    assert ([], 0, {}) == (nothing["rows"], nothing["open"], nothing["facets"]["state"])
    assert {0} == {one["count"] for one in nothing["counters"]}
    assert {None} == {one["delivery"] for one in nothing["counters"]}


def test_who_runs_the_installation_has_no_floor() -> None:
    """Auditors, administrators and the installation itself: neither the page nor its stream."""
    for action in ("floor", "floor-changes"):
        assert {"-"} == {MAY[action][ROLES.index(role)] for role in ("auditor", "administrator", "system")}


async def test_r11_a_stream_gives_nobody_the_rows_or_the_end_of_another(at: Night) -> None:
    """What changes and ends is told to whom it names, and to supervisors."""
    path = "/v1/floor/changes"
    async with followed(at, path, by(at, path, READER)) as mine, followed(at, path, by(at, path)) as all_of_it:
        await mine.next("beat")
        await all_of_it.next("beat")
        await keep(at.reads, [made("tulip-4", "overdue", whole=())])
        await keep(at.reads, [made("tulip-4", whole=())], phase="ended", ended=True, closed_at=utc_text(NOW), outcome="destroyed")
        await keep(at.reads, [made("cedar-1", "overdue")])
        assert "cedar-1" == (await mine.next("row", "gone"))["row"]["glance"]["delivery"]
        assert "tulip-4" == (await all_of_it.next("gone"))["delivery"]
        assert "overdue" == (await all_of_it.next("row"))["row"]["reason"]


async def test_every_row_that_is_shown_is_in_the_log_of_reads(at: Night) -> None:
    """Of a page each row and each worst case; of a stream at its beginning all that it may show, and that it ended."""
    await at.ask("/v1/floor?text=amber")
    path = "/v1/floor/changes"
    async with followed(at, path, by(at, path)) as stream:
        await stream.next("beat")
        await keep(at.reads, [made("novel-7", "lost")])
        await stream.next("row")
    reads = (await at.reads.page(0, 100)).reads
    async with asyncio.timeout(60):
        while reads[-1].ends is None:
            await asyncio.sleep(0.05)
            reads = (await at.reads.page(0, 100)).reads
    page, begins, more, ends = reads

    assert ("floor", "supervisor") == (page.action, page.role)
    assert {"amber-2", "birch-3", "ibex-6", "heron-5", "tulip-4"} == {*page.deliveries}
    assert ("floor-changes", (*sorted(IN_ORDER),)) == (begins.action, begins.deliveries)
    assert ("novel-7",) == more.deliveries
    assert (begins.number, ()) == (ends.ends, ends.deliveries)


async def test_r15_what_a_narrowed_stream_names_is_in_the_log_of_reads(at: Night) -> None:
    """The worst of each counter, though no row matches; and a delivery that changed and does not match."""
    path = "/v1/floor/changes?text=unheard"
    async with followed(at, path, by(at, path)) as stream:
        worst = {one["delivery"] for one in (await stream.next("beat"))["counters"]} - {None}
        await keep(at.reads, [made("cedar-1", title="Novel")])
        assert "cedar-1" == (await stream.next("gone"))["delivery"]
    reads = (await at.reads.page(0, 100)).reads

    assert {"amber-2", "birch-3", "ibex-6", "heron-5", "tulip-4"} == worst
    assert {*worst, "cedar-1"} == {name for one in reads for name in one.deliveries}


async def test_r11_a_version_tells_nobody_how_much_happens_elsewhere(at: Night) -> None:
    """Who sees a part reads no number from it, nor whether anything has changed; it goes on from it all the same."""
    (_, before), _ = await at.ask("/v1/floor", PART), await keep(at.reads, [made("cedar-1", "overdue")])
    (_, after), (_, same) = await at.ask("/v1/floor", PART), await at.ask("/v1/floor", PART)
    versions = {one["version"] for one in (before, after, same)}
    floor = at.reception.reading.floor

    assert 3 == len(versions)
    assert not any(one.endswith(f"-{number}") for one in versions for number in range(20))
    assert [6, 7, 7] == [floor._numbered(one["version"]) for one in (before, after, same)]
    altered = f"{before['version'][:-1]}{'1' if before['version'][-1] == '0' else '0'}"
    assert [-1] * 4 == [floor._numbered(one) for one in (altered, "7", "z" * 72, f"{before['version']}0")]


# What changes


async def test_what_the_archive_gets_is_on_the_page_at_once(at: Night) -> None:
    """Whoever looks asks for what changed first: new, worse, ended; and what has ended is gone."""
    assert IN_ORDER == await at.names()
    await keep(at.reads, [made("novel-7", "lost"), made("cedar-1", "overdue")])
    await keep(at.reads, [made("birch-3")], phase="ended", ended=True, closed_at=utc_text(NOW), outcome="destroyed")
    assert ["novel-7", "amber-2", "cedar-1", "ibex-6", "heron-5", "tulip-4"] == await at.names()


async def test_a_stream_says_what_changed_and_how_things_stand(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that match, those that do not any more, a beat with counters, and that no worker is up."""
    monkeypatch.setattr(gateway_floor, "BEAT", 0.2)
    path = "/v1/floor/changes?show=overdue"
    async with followed(at, path, by(at, path)) as stream:
        assert ("up", "up", 1) == ((beat := await stream.next("beat"))["engine"], beat["archive"], beat["matching"])
        await keep(at.reads, [made("cedar-1", "overdue")])
        assert "cedar-1" == (await stream.next("row"))["row"]["glance"]["delivery"]
        at.engine[0] = "no_worker"
        await keep(at.reads, [made("cedar-1")])
        assert "cedar-1" == (await stream.next("gone"))["delivery"]
        while (await stream.next("beat"))["engine"] != "no_worker":
            pass


async def test_while_the_archive_is_away_a_stream_says_so_and_goes_on_when_it_is_back(
    at: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows stand as they stood, with the moment of which they are."""
    monkeypatch.setattr(gateway_floor, "BEAT", 0.1)
    path = "/v1/floor/changes"
    async with followed(at, path, by(at, path)) as stream:
        await stream.next("beat")
        lists, newest = at.reception.reading.floor._lists, Deliveries.newest

        async def away(_self: Deliveries) -> int:
            raise Unavailable("the archive is away")

        monkeypatch.setattr(Deliveries, "newest", away)
        while (lost := await stream.next("beat"))["archive"] != "away":
            pass
        assert 6 == lost["open"]
        assert lists is not None
        monkeypatch.setattr(Deliveries, "newest", newest)
        while (await stream.next("beat"))["archive"] != "up":
            pass


async def test_a_stream_goes_on_where_a_page_or_stream_ended(at: Night) -> None:
    """What changed between them comes first; of a version that is not this gateway's, all is to be read anew."""
    _, found = await at.ask("/v1/floor")
    await keep(at.reads, [made("cedar-1", "overdue")])
    path = f"/v1/floor/changes?since={found['version']}"
    async with followed(at, path, by(at, path)) as stream:
        assert "cedar-1" == (await stream.next("row"))["row"]["glance"]["delivery"]
    path = "/v1/floor/changes"
    async with followed(at, path, by(at, path) | {"Last-Event-ID": "0123456789abcdef-3"}) as stream:
        await stream.next("anew")


async def test_a_stream_ends_so_that_who_follows_shows_again_that_it_may(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an hour; with its last event's id it goes on."""
    monkeypatch.setattr(gateway_floor, "LASTS", 0.0)
    path = "/v1/floor/changes"
    async with at.http.get(f"{at.url}{path}", headers=by(at, path)) as answer:
        text = await answer.text()
    assert re.search(r"^id: [0-9a-f]{72}$", text, re.MULTILINE)
    assert 1 == text.count("data: ")


# One gateway's rows


@dataclass
class Clock:
    """A clock that stands."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now


@asynccontextmanager
async def floor_of(rows: list[Glance], most: int = 100) -> AsyncIterator[tuple[WatchFloor, Reads, Clock]]:
    """The rows of one gateway, at a moment that stands."""
    async with log_of_reads(DIRECTORY) as reads:
        await keep(reads, rows)
        lists, clock = Deliveries(reads._database, RING), Clock()
        yield WatchFloor(lists, Feed(lists), most, clock), reads, clock


async def engine() -> Any:
    """A worker is up."""
    return "up"


async def test_time_alone_moves_a_row_and_a_stream_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was said, and what was due soon is overdue."""
    monkeypatch.setattr(gateway_floor, "BEAT", 0.05)
    supervisor = DIRECTORY.get(ALL)
    async with floor_of([made("tulip-4", "due_soon")]) as (floor, _, clock):
        stream = floor.changes(supervisor, FloorQuestion(), engine)
        (beat,), _ = await anext(stream)
        assert isinstance(beat, FloorBeat)
        clock.now = NOW + timedelta(hours=1)
        async with asyncio.timeout(60):
            while not isinstance((event := (await anext(stream))[0][0]), FloorChanged):
                pass
        assert "overdue" == event.row.reason
        await stream.aclose()


async def test_beyond_its_bound_a_gateway_says_how_many_more_are_open() -> None:
    """At the bound none; beyond it those that come due last are left out, and come in when there is room."""
    supervisor, question = DIRECTORY.get(ALL), FloorQuestion()
    async with floor_of([made("amber-1"), made("amber-2")], most=2) as (floor, reads, _):
        assert (2, 0) == ((page := await floor.page(supervisor, question, (), "up")).open, page.beyond)
        await keep(reads, [made("amber-3"), made("amber-4")])
        assert (2, 2) == ((page := await floor.page(supervisor, question, (), "up")).open, page.beyond)
        assert 0 == (await floor.page(DIRECTORY.get(READER), question, (), "up")).beyond  # it would tell what is another's
        await keep(reads, [made("amber-1")], phase="ended", ended=True, closed_at=utc_text(NOW), outcome="destroyed")
        page = await floor.page(supervisor, question, (), "up")
        assert (2, 1) == (page.open, page.beyond)
        assert 2 == len(floor)


async def test_an_archive_that_was_put_back_is_read_anew() -> None:
    """Its changes have smaller numbers than those that were seen: rows that are not in it are gone."""
    supervisor = DIRECTORY.get(ALL)
    async with (
        floor_of([made("amber-1"), made("amber-2")]) as (floor, _, _),
        floor_of([made("amber-1", "lost")]) as (_, older, _),
    ):
        await floor.page(supervisor, FloorQuestion(), (), "up")
        version = (await floor.page(supervisor, FloorQuestion(), (), "up")).version
        floor._lists = Deliveries(older._database, RING)
        page = await floor.page(supervisor, FloorQuestion(), (), "up")
        stream = floor.changes(supervisor, FloorQuestion(), engine, version)
        events, _ = await anext(stream)
        await stream.aclose()

        assert [("amber-1", "lost")] == [(one.glance.delivery, one.reason) for one in page.rows]
        assert {"amber-1", FloorGone(delivery="amber-2")} == {
            one.row.glance.delivery if isinstance(one, FloorChanged) else one for one in events if not isinstance(one, FloorBeat)
        }


async def test_who_watches_an_archive_that_was_put_back_looks_and_hears_what_changes_there() -> None:
    """Its changes have smaller numbers than those that were heard of: a page stood for as long as it takes to pass them."""
    async with (
        floor_of([made("amber-1"), made("amber-2")]) as (floor, _, _),
        floor_of([made("amber-1")]) as (_, older, _),
        floor._feed.watching("amber-1") as bell,
        asyncio.timeout(60),
    ):
        floor._feed._lists = Deliveries(older._database, RING)
        await bell.wait()
        bell.clear()
        await keep(older, [made("amber-1", "lost")])
        await bell.wait()


async def test_who_is_too_far_behind_reads_all_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many changes as are remembered come; one more, and a stream says to begin anew."""
    monkeypatch.setattr(gateway_floor, "MOVED", 2)
    supervisor = DIRECTORY.get(ALL)
    async with floor_of([made("amber-1")]) as (floor, reads, _):
        version = (await floor.page(supervisor, FloorQuestion(), (), "up")).version
        for number, expected in ((2, FloorChanged), (3, FloorAnew)):
            await keep(reads, [made(f"amber-{one}", "lost") for one in range(number)][-2:])
            await keep(reads, [made("amber-9", "lost")] if number == 3 else [])
            stream = floor.changes(supervisor, FloorQuestion(), engine, version)
            (event, *_), _ = await anext(stream)
            await stream.aclose()
            assert isinstance(event, expected)


async def test_many_who_look_at_once_ask_the_archive_twice_at_most() -> None:
    """Twenty pages and streams that wake at the same change are one question."""
    async with floor_of([made("amber-1")]) as (floor, _, _):
        await floor.look()
        asked, newest = 0, floor._lists.newest

        async def counted() -> int:
            nonlocal asked
            asked += 1
            return await newest()

        floor._lists.newest = counted  # type: ignore[method-assign]
        await asyncio.gather(*(floor.look() for _ in range(20)))
        assert 1 <= asked <= 2


async def test_many_who_look_while_the_archive_hangs_wait_for_it_twice_at_most() -> None:
    """Each is told that it is away, and none waits for all who asked before; once it is back, the next look finds it."""
    async with floor_of([made("amber-1")]) as (floor, _, _):
        await floor.look()
        asked, newest = 0, floor._lists.newest

        async def hangs() -> int:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0.05)
            raise Unavailable("the archive is away")

        floor._lists.newest = hangs  # type: ignore[method-assign]
        told = await asyncio.gather(*(floor.look() for _ in range(20)), return_exceptions=True)
        assert 1 <= asked <= 2
        assert ["the archive is away"] * 20 == [str(one) for one in told]
        floor._lists.newest = newest  # type: ignore[method-assign]
        await floor.look()


async def test_a_question_is_gone_over_once_in_slices_and_kept_as_rows_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is, others have their turn, and what changes meanwhile is in it; a page after that costs a change its own row."""
    supervisor, asked, looked = DIRECTORY.get(ALL), FloorQuestion(text="customs", sort="name"), 0
    take, begun = selections._take, asyncio.Event()

    def counted(*given: Any) -> None:
        nonlocal looked
        looked += 1
        begun.set()
        take(*given)

    monkeypatch.setattr(selections, "_take", counted)
    monkeypatch.setattr(selections, "SLICE", 10)
    monkeypatch.setattr(gateway_floor, "AT_ONCE", 10)
    async with floor_of([*night(100, NOW)]) as (floor, reads, _):
        await floor.look()
        making = asyncio.create_task(floor.page(supervisor, asked, (), "up"))
        await begun.wait()
        assert looked < 100  # it is our turn, and it is not whole yet
        floor._put(placed(made("amber-1"), NOW))
        assert (101, "amber-1") == ((page := await making).open, page.rows[0].glance.delivery)

        looked = 0
        await keep(reads, [made("amber-1", "overdue")])
        page = await floor.page(supervisor, asked, (), "up")
        assert (2, "overdue") == (looked, page.rows[0].reason)  # of the question, and of what is counted for its reader
        for number in range(selections.MOST_KEPT + 5):
            await floor.page(supervisor, FloorQuestion(text=f"tulip-{number}"), (), "up")
        assert selections.MOST_KEPT == len(floor._selections._kept)


async def test_who_asks_many_questions_has_nobody_elses_forgotten() -> None:
    """However many a participant asks: the supervisors' question is kept, and theirs are no more than there is room for."""
    supervisor, hostile = DIRECTORY.get(ALL), DIRECTORY.get(READER)
    async with floor_of([made("amber-1")]) as (floor, _, _):
        await floor.page(supervisor, FloorQuestion(), (), "up")
        kept = floor._selections._kept[None, FloorQuestion()][1]
        for number in range(2 * selections.MOST_KEPT):
            await floor.page(hostile, FloorQuestion(text=f"tulip-{number}"), (), "up")
        assert selections.MOST_KEPT == len(floor._selections._kept)
        assert kept is floor._selections._kept[None, FloorQuestion()][1]
        assert {None, READER} == floor._selections._tallies.keys()  # what is counted of a reader's rows is counted once


async def test_many_changes_are_told_in_parts_each_delivery_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the version that each part goes up to, so that who breaks off between them misses nothing."""
    monkeypatch.setattr(gateway_floor, "AT_ONCE", 2)
    supervisor = DIRECTORY.get(ALL)
    async with floor_of([made("amber-1")]) as (floor, reads, _):
        version = (await floor.page(supervisor, FloorQuestion(), (), "up")).version
        await keep(reads, [made(f"birch-{one}", "lost") for one in range(5)])
        told = list[str]()
        for _part in range(3):
            stream = floor.changes(supervisor, FloorQuestion(), engine, version)
            events, version = await anext(stream)
            await stream.aclose()
            told += [one.row.glance.delivery for one in events if isinstance(one, FloorChanged)]
        assert [f"birch-{one}" for one in range(5)] == sorted(told)


async def test_r11_who_sees_a_part_from_now_on_is_told_that_the_row_is_gone() -> None:
    """A row that was the reader's and is none any more is taken from its page, and from its counts."""
    reader = DIRECTORY.get(READER)
    async with floor_of([made("amber-1")]) as (floor, reads, _):
        version = (await floor.page(reader, FloorQuestion(), (), "up")).version
        await keep(reads, [made("amber-1", whole=())])
        stream = floor.changes(reader, FloorQuestion(), engine, version)
        events, _version = await anext(stream)
        await stream.aclose()
        assert FloorGone(delivery="amber-1") == events[0]
        assert 0 == (await floor.page(reader, FloorQuestion(), (), "up")).open


async def test_a_row_that_somebody_altered_is_named_to_supervisors_alone(at: Night) -> None:
    """The others stand; what comes next in it brings it back."""
    async with at.reads._database.writing() as connection:
        await connection.execute(update(deliveries).where(deliveries.c.delivery == "amber-2").values(glance=b"x"))
    _, found = await at.ask("/v1/floor")
    assert (["amber-2"], 5) == (found["unreadable"], found["open"])
    assert [] == (await at.ask("/v1/floor", READER))[1]["unreadable"]
    await keep(at.reads, [made("amber-2", "overdue")])
    assert IN_ORDER == await at.names()


# The page


async def test_the_floor_is_where_a_supervisor_begins(at: Night) -> None:
    """The desk leads it there, and everybody else to its inbox; the bare address leads to the desk."""
    supervisor, officer = await at.browser(), await at.browser(READER)
    answer, _ = await supervisor.ask("GET", "/desk")
    assert (303, "/desk/floor") == (answer.status, answer.headers["Location"])
    assert "<h1>Inbox</h1>" in await officer.page("/desk")
    assert "Watch floor" in await officer.page("/desk/floor")
    answer, _ = await Browser(at.http, at.url).ask("GET", "/")
    assert (303, "/desk") == (answer.status, answer.headers["Location"])


async def test_the_page_is_whole_without_a_script(at: Night) -> None:
    """One table with its bands, each row with name, reason, way, holder, what it waits for, time left, age and phase."""
    text = await (await at.browser()).page("/desk/floor")
    rows = {name: next(line for line in text.split("\n") if f'id="r-{name}"' in line) for name in IN_ORDER}

    assert IN_ORDER == re.findall(r'<tr id="r-([^"]+)"', text)
    assert ["Needs you", "Watch", "On the road"] == re.findall(r'scope="rowgroup" rowspan="\d+"><span>([^<]+)', text)
    assert "until seized" in rows["birch-3"]
    assert re.search(r"late 3 h \d+ min", rows["amber-2"])
    assert "acceptance, own weighing; call them" in rows["amber-2"]
    assert 'aria-label="Overdue"' in rows["amber-2"]
    assert 'aria-label="KZ to UZ; in KZ, part 1 of 2, in sight"' in rows["cedar-1"]
    assert "Cash &lt;b&gt;in a parcel&lt;/b&gt;" in rows["ibex-6"]
    assert "Cash <b>" not in text
    assert 1 == text.count("<table")


async def test_the_address_of_a_view_says_what_is_in_it(at: Night) -> None:
    """Filters, order and search stand in it; what none of them is, is named above the table, and the rest counts. What a
    counter leads to stands among the views, by its name and with its number.
    """
    browser = await at.browser()
    late = await browser.page("/desk/floor?show=overdue&lang=ru")
    assert 'aria-current="true">Просрочены <span class="num">1</span>' in late
    await browser.page("/desk/floor?lang=en")
    text = await browser.page("/desk/floor?show=needs_you&sort=name&colour=red")
    assert ["amber-2", "birch-3", "ibex-6"] == re.findall(r'<tr id="r-([^"]+)"', text)
    assert "Not known here, and left out: colour." in text
    assert "rowgroup" not in text  # another order takes the bands away
    nothing = await browser.page("/desk/floor?text=unheard")
    assert "Nothing matches: unheard." in nothing
    assert "Show all 6 that are open." in nothing


async def test_rows_are_as_high_as_the_address_says(at: Night) -> None:
    """In every address of the page from then on, until the other link is followed; what is no height is named."""
    browser = await at.browser()
    roomy, dense, wrong = [await browser.page(f"/desk/floor{query}") for query in ("?rows=roomy&sort=due", "", "?rows=huge")]
    assert '<table class="board roomy">' in roomy
    assert 'href="?sort=name&amp;rows=roomy"' in roomy
    assert 'href="?sort=due">Denser rows' in roomy
    assert '<table class="board">' in dense
    assert 'href="?rows=roomy">Roomier rows' in dense
    assert "Not known here, and left out: rows." in wrong


async def test_a_floor_with_nothing_on_it_says_so_and_one_that_lacks_a_row_says_which() -> None:
    """Neither is an empty table."""
    async with over([made("amber-1")]) as at:
        browser = await at.browser()
        async with at.reads._database.writing() as connection:
            await connection.execute(update(deliveries).where(deliveries.c.delivery == "amber-1").values(glance=b"x"))
        assert "nothing can be shown before something new is said in them: amber-1." in await browser.page("/desk/floor")
        await keep(at.reads, [made("amber-1")], phase="ended", ended=True, closed_at=utc_text(NOW), outcome="destroyed")
        text = await browser.page("/desk/floor")
    assert "Nothing is on the road and nothing is asked." in text
    assert "/desk/deliveries?open=no" in text
    assert "<table" not in text


async def test_no_worker_and_no_temporal_are_said_in_a_sentence(at: Night) -> None:
    """With how many deadlines fall into the next hour; the rows stand."""
    browser = await at.browser()
    for at.engine[0], sentence in (
        ("no_worker", "No worker is up: nothing advances by itself."),
        ("away", "Temporal does not answer"),
    ):
        text = await browser.page("/desk/floor")
        shown = next(line for line in text.split("\n") if 'id="engine"' in line)
        assert sentence in shown
        assert "Deadlines in the next hour: 1." in shown
        assert " hidden" not in shown


async def test_a_page_full_of_trouble_weighs_less_than_200_kb_and_asks_for_nothing_elsewhere() -> None:
    """With its bands, counters and filters, in Russian, with the longest titles; every address in it is this desk's own."""
    rows = [one.model_copy(update={"title": "Ж" * LONGEST_LINE}) for one in night(8 * ROWS_OF_FLOOR, NOW)]
    async with over(rows) as at:
        browser = await at.browser()
        text = await browser.page("/desk/floor?lang=ru")
        headers = {"Cookie": browser.cookie, "Accept-Encoding": "gzip"}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as http,
            http.get(f"{at.url}/desk/floor?sort=due", headers=headers) as given,
        ):
            sent = await given.read()
    assert ROWS_OF_FLOOR == text.count("<tr id=") == text.count('class="why"><svg')
    assert len(text.encode()) < 200_000
    assert ("gzip", True) == (given.headers["Content-Encoding"], len(sent) < 40 * 1024)
    assert {"/desk"} == {one[:5] for one in re.findall(r'(?:href|src)="([^"#?][^"]*)"', text)}
    assert "?page=2" in text


async def test_a_row_goes_to_the_page_as_the_elements_that_it_has_there(at: Night) -> None:
    """The script builds what the server has made, cell by cell, in the reader's language."""
    browser = await at.browser()
    text = await browser.page("/desk/floor?sort=name")
    headers = {"Cookie": browser.cookie, "Sec-Fetch-Site": "same-origin"}
    async with followed(at, "/desk/floor/changes", headers) as stream:
        await stream.next("beat")
        await keep(at.reads, [made("cedar-1", title="Novel")])
        event = await stream.next("row")
    line = next(line for line in text.split("\n") if 'id="r-cedar-1"' in line).replace("Truck, cedar-1", "Novel")

    assert "cedar-1" == event["delivery"]
    assert tree(line) == event["tree"]
    assert ["td", "th", *["td"] * 9] == [one[0] for one in event["tree"][2]]


async def test_a_stream_of_a_page_ends_with_its_session(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed out, it gives nothing more; as long as it is followed, the session does not run out for want of requests."""
    monkeypatch.setattr(gateway_floor, "BEAT", 0.1)
    monkeypatch.setattr("gateway.pages.entrance.CHECKED", 0.1)
    browser = await at.browser()
    headers = {"Cookie": browser.cookie, "Sec-Fetch-Site": "same-origin"}
    async with followed(at, "/desk/floor/changes", headers) as stream:
        await stream.next("beat")
        await at.sessions.end(browser.cookie.partition("=")[2])
        async with asyncio.timeout(60):
            await stream.end()
