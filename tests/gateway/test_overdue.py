"""Who is silent, at the gateway: who is shown what, who has taken over to chase whom, and the number in the navigation."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from archive.chases import Chases
from archive.deliveries import Deliveries
from archive.tables import chases
from domain.delivery.chasing import CHASE_TYPE, Chase
from domain.plan.access import MAY, ROLES
from domain.plan.directory import Directory
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope, sign
from domain.views.floor import Placed
from domain.views.overdue import silent_services
from domain.words.errors import Unavailable
from domain.words.moments import utc_text
from gateway import floor as gateway_floor
from gateway import overdue as gateway_overdue
from rehearsal.services import cast, private_key_of
from tests.archive.samples import put, request, standing
from tests.floors import night, wait
from tests.gateway.test_api import signed
from tests.gateway.test_floor import ALL, PART, READER, RING, Night, by, followed, keep, made, over
from tests.gateway.test_http import DIRECTORY
from tests.support import example_directory

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
ROWS = [
    made("cedar-1"),
    made("amber-2", "overdue"),
    made("tulip-4", "overdue", whole=()),
    made("heron-5", waits=(wait(NOW, "ru.customs", -1),), whole=()),
]
NAVIGATION = re.compile(
    r'href="/desk/overdue"[^>]*>Overdue<span class="pip" id="silent"'
    r'(?:><span class="hidden"> silent services: </span><span>(\d+))?'
)


def telephoned() -> Directory:
    """The directory of the installation, with telephones, and services that are silent."""
    example = example_directory()
    known = cast(example, ("kz.knb", "uz.customs", "supervision", "ru.customs", "audit"))

    def told(one: Any) -> Any:
        there = example.find(one.id)
        number = {"telephone": there.telephone, "hours": there.hours, "zone": there.zone} if there is not None else {}
        return one.model_copy(update=number)

    return known.model_copy(update={"services": tuple(map(told, known.services))})


@pytest.fixture
async def at() -> AsyncIterator[Night]:
    """A night in which two services are silent."""
    async with over(ROWS) as found:
        found.reception.overdue._directory.replace(telephoned())
        yield found


def note(service: str = ALL, chased: str = "uz.customs", key: str = "", **changed: Any) -> Envelope:
    """An officer of this service signs that they chase another."""
    now = datetime.now(UTC)
    said = {"chased": chased, "service": service, "officer": "S-1", "at": utc_text(now), "until": utc_text(now + 4 * HOUR)}
    return sign(canonical(Chase(**(said | changed))), CHASE_TYPE, private_key_of(key or service))


async def take(at: Night, envelope: Envelope, service: str = ALL) -> tuple[int, Any]:
    """Hand it in."""
    target, body = f"{at.url}/v1/overdue/chases", envelope.model_dump_json().encode()
    async with at.http.post(target, data=body, headers=signed(service, "POST", target, body)) as answer:
        return answer.status, await answer.json(content_type=None)


async def silent(at: Night, service: str = ALL, query: str = "") -> dict[str, Any]:
    """The services of a page, by their ids."""
    status, found = await at.ask(f"/v1/overdue{query}", service)
    assert 200 == status
    return {one["service"]: one for one in found["silent"]}


async def chased(at: Night, service: str = ALL) -> str | None:
    """Who chases uz.customs, as this reader is told."""
    found = (await silent(at, service))["uz.customs"]["chase"]
    return f"{found['service']} {found['officer']}" if found else None


# Who is shown what


async def test_a_supervisor_is_told_of_every_silent_service_and_it_is_in_the_log_of_reads(at: Night) -> None:
    """With its telephone and its hours, and each delivery that it waits in."""
    found = await silent(at)
    assert ["uz.customs", "ru.customs"] == [*found]
    assert {"amber-2", "tulip-4", "cedar-1"} == {one["delivery"] for one in found["uz.customs"]["missing"]}
    assert (example_directory().get("uz.customs").telephone, True) == (
        found["uz.customs"]["telephone"],
        found["uz.customs"]["on_duty"],
    )
    shown = (await at.reads.page(0, 9)).reads[-1]
    assert ("overdue", {"amber-2", "tulip-4", "cedar-1", "heron-5"}) == (shown.action, {*shown.deliveries})


async def test_r11_who_takes_part_is_told_of_what_it_sees_the_whole_of_and_of_nothing_else(at: Night) -> None:
    """Neither a service, nor a number, nor a delivery of others; who sees a part is told of none."""
    _, found = await at.ask("/v1/overdue", READER)
    assert (["uz.customs"], 1, 1) == ([one["service"] for one in found["silent"]], found["late"], found["services"])
    assert {"amber-2", "cedar-1"} == {one["delivery"] for one in found["silent"][0]["missing"]}
    _, nothing = await at.ask("/v1/overdue", PART)
    assert ([], 0, 0, 0) == (nothing["silent"], nothing["late"], nothing["services"], nothing["beyond"])
    browser = await at.browser(PART)
    assert "No answer is late." in await browser.page("/desk/overdue")


def test_who_runs_the_installation_chases_nobody() -> None:
    """Auditors, administrators and the installation itself have neither the page nor a note."""
    for action in ("overdue", "chase"):
        assert {"-"} == {MAY[action][ROLES.index(role)] for role in ("auditor", "administrator", "system")}


async def test_a_page_asks_the_archive_as_often_for_a_thousand_deliveries_as_for_one(
    at: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made from rows that are held in memory: no question for each delivery, and at most 200 KB."""
    monkeypatch.setattr(gateway_overdue, "KNOWN_FOR", 0.0)
    asked: list[str] = []
    engine = at.reads._database._engine.sync_engine
    browser = await at.browser()
    await browser.page("/desk/overdue")
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    await browser.page("/desk/overdue")
    few = len([one for one in asked if "FROM" in one])
    await put(at.reads._database, RING, {one.delivery: standing(glance=one, title=one.title) for one in night(1_000, NOW)})
    await silent(at)
    asked.clear()
    page = await browser.page("/desk/overdue")
    assert few >= len([one for one in asked if "FROM" in one])
    assert len(page.encode()) < 200_000


async def test_whether_a_request_was_opened_comes_from_what_was_read_at_the_desk(at: Night) -> None:
    """When, once somebody there has read it; before that, that nobody has."""
    asks = (request("uz.customs", utc_text(NOW - 3.2 * HOUR), "border"),)
    await keep(at.reads, [made("amber-2", "overdue")], requests=asks)
    (one,) = [one for one in (await silent(at))["uz.customs"]["missing"] if one["delivery"] == "amber-2"]
    assert ("no", None) == (one["opened"], one["opened_at"])
    await Deliveries(at.reads._database, RING).read("uz.customs", "amber-2", asks[0].id)
    found = {one["delivery"]: one for one in (await silent(at))["uz.customs"]["missing"]}
    assert ("yes", "not_known") == (found["amber-2"]["opened"], found["tulip-4"]["opened"])
    assert "opened " in await (await at.browser()).page("/desk/overdue")


# Who has taken over


async def test_a_signed_note_is_seen_by_others_and_changes_no_delivery(at: Night) -> None:
    """On the page, and in a line of the watch floor, which follows it; until it is given back. Handed in twice it counts once."""
    before = await at.reception.reading.lists.newest()
    mine = note()
    path = "/v1/floor/changes"
    assert [201, 201] == [(await take(at, mine))[0] for _ in range(2)]
    assert "supervision S-1" == await chased(at)
    async with followed(at, path, by(at, path)) as stream:
        assert ["uz.customs"] == [one["chased"] for one in (await stream.next("beat"))["chases"]]
    browser = await at.browser()
    assert "S-1 of supervision chases it until" in await browser.page("/desk/overdue")
    assert "Taken over: uz.customs by S-1 of supervision until" in await browser.page("/desk/floor")
    now = utc_text(datetime.now(UTC))
    assert 201 == (await take(at, note(at=now, until=now)))[0]
    assert await chased(at) is None
    assert before == await at.reception.reading.lists.newest()


async def test_a_note_that_may_not_be_kept_is_not_said_to_be_however_often_it_is_handed_in(
    at: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives up waiting for a standby leaves it in the one database: it is found there, and is lost with that machine."""
    keeps, mine = Chases.keep, note()

    async def given_up(self: Chases, envelope: Envelope) -> None:
        await keeps(self, envelope)
        raise Unavailable("the standby is away", hint="try again")

    with monkeypatch.context() as away:
        away.setattr(Chases, "keep", given_up)
        assert [503, 503] == [(await take(at, mine))[0] for _ in range(2)]
    assert 201 == (await take(at, mine))[0]
    assert "supervision S-1" == await chased(at)


async def test_another_officer_takes_it_over_by_a_newer_note(at: Night) -> None:
    """The one before is replaced; an older one that comes late is refused; and another service's stands in nobody's place."""
    late = note(officer="S-3", at=utc_text(datetime.now(UTC) - timedelta(seconds=30)))
    await take(at, note())
    await take(at, note(officer="S-2"))
    assert "supervision S-2" == await chased(at)
    status, problem = await take(at, late)
    assert (403, True) == (status, "a newer note" in problem["detail"])
    await take(at, note(READER, officer="K-1"), READER)
    assert ("supervision S-2", f"{READER} K-1") == (await chased(at), await chased(at, READER))


@pytest.mark.parametrize(
    ("envelope", "service", "status", "said"),
    [
        (lambda: note(READER), ALL, 403, "hands it in"),
        (lambda: note(key="uz.customs"), ALL, 401, "not a valid key of the signer"),
        (lambda: note(at=utc_text(NOW - HOUR), until=utc_text(NOW + HOUR)), ALL, 403, "the note is of"),
        (lambda: note(chased="kz.knb"), ALL, 404, "kz.knb owes nothing now"),
        (lambda: note(READER, "ru.customs"), READER, 404, "ru.customs owes nothing now"),
        (lambda: note(PART, "uz.customs"), PART, 404, "uz.customs owes nothing now"),
        (lambda: note(chased="uz.nobody"), ALL, 401, "unknown service uz.nobody"),
        (
            lambda: note(**dict.fromkeys(("at", "until"), utc_text(datetime.now(UTC)))),
            ALL,
            404,
            "nobody of supervision chases uz.customs",
        ),
        (lambda: sign(b"{}", CHASE_TYPE, private_key_of(ALL)), ALL, 422, "no note"),
    ],
    ids=["another's", "forged", "old", "not silent", "silent to others only", "a participant", "unknown", "not taken", "no note"],
)
async def test_a_note_that_does_not_count_changes_nothing(at: Night, envelope: Any, service: str, status: int, said: str) -> None:
    """And what is wrong with it is said; of a service that is silent to others alone, no more than of one that is not (R11)."""
    found, problem = await take(at, envelope(), service)
    assert (status, True) == (found, said in f"{problem['detail']} {problem['hint']}"), problem
    assert () == await Chases(at.reads._database).now()


async def test_r11_a_note_tells_nobody_of_a_delivery_that_is_not_its_own(at: Night) -> None:
    """A participant's note is told to supervisors; a supervisor's to a participant only if it is signed once the service was
    silent in what that sees.
    """
    await take(at, note(READER, officer="K-1"), READER)
    assert (f"{READER} K-1", f"{READER} K-1") == (await chased(at), await chased(at, READER))
    await keep(at.reads, [made("amber-2", waits=(wait(NOW, "uz.customs", 0.5),))])
    now = utc_text(datetime.now(UTC))
    await take(at, note(READER, officer="K-1", at=now, until=now), READER)
    await take(at, note())
    assert ("supervision S-1", None) == (await chased(at), await chased(at, READER))
    await keep(at.reads, [made("amber-2", "overdue")])
    assert "supervision S-1" == await chased(at, READER)


async def test_a_note_that_somebody_put_into_the_database_is_not_believed(at: Night) -> None:
    """It must be signed by the officer whom it names."""
    forged = note(key="uz.customs")
    row = {"chased": "uz.customs", "service": ALL, "at": utc_text(NOW), "until": utc_text(NOW + HOUR)}
    async with at.reads._database.writing() as connection:
        await connection.execute(insert(chases).values(row | {"envelope": forged.model_dump_json()}))
    assert await chased(at) is None
    async with at.reads._database.writing() as connection:
        await connection.execute(update(chases).values(envelope=note().model_dump_json()))
    at.reception.overdue._notes = (float("-inf"), ())
    assert "supervision S-1" == await chased(at)


# Live


async def test_r11_the_page_of_overdue_services_follows_what_its_reader_sees_and_nothing_else(
    at: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service's block comes as the elements that the page would have; what is another's gives nothing, nor a record. A page
    that shows what stands is sent nothing at first.
    """
    monkeypatch.setattr(gateway_floor, "BEAT", 0.1)
    browser = await at.browser(READER)
    stream = re.search(r'"stream": "([^"]+)"', await browser.page("/desk/overdue"))
    assert stream is not None
    headers = {"Cookie": browser.cookie, "Sec-Fetch-Site": "same-origin"}
    async with followed(at, stream[1], headers) as mine:
        assert "beat" == (await mine.next("beat", "changed"))["kind"]
        await keep(at.reads, [made("novel-7", waits=(wait(NOW, "ru.customs", -1),), whole=())])
        await keep(at.reads, [made("amber-2", waits=(wait(NOW, "uz.customs", 0.5),))])
        found = await mine.next("changed")
        await keep(at.reads, [made("alder-9", "overdue")])
        assert "alder-9" in str(await mine.next("changed"))

    assert (["b-uz.customs"], {"l-said", "b-uz.customs"}) == (found["order"], {*found["parts"]})
    assert "No answer is late." in str(found["parts"]["l-said"])
    assert "novel-7" not in str(found)
    read = {name for one in (await at.reads.page(0, 99)).reads for name in one.deliveries}
    assert ("alder-9" in read, "novel-7" in read) == (True, False)


async def test_rows_are_gone_over_once_for_all_who_are_told_who_chases_whom(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """With thousands of open deliveries that takes a tenth of a second, and no stop waits for it (R8): it is done beside the
    event loop, once for however many look at the floor, or follow it, while somebody is chased.
    """
    monkeypatch.setattr(gateway_overdue, "KNOWN_FOR", 60.0)
    gone_over: list[str] = []

    def noted(rows: Iterable[Placed], now: datetime) -> frozenset[str]:
        gone_over.append(threading.current_thread().name)
        return silent_services(rows, now)

    monkeypatch.setattr(gateway_overdue, "silent_services", noted)
    await take(at, note())
    told = [(await at.ask("/v1/floor", ALL))[1]["chases"] for _ in range(5)]

    assert 1 == len(gone_over)
    assert threading.main_thread().name not in gone_over
    assert [["uz.customs"]] * 5 == [[one["chased"] for one in chases] for chases in told]


# The number in the navigation


async def test_every_page_says_how_many_services_are_silent(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a figure and in words, of what the reader sees; where it is not known, no number."""
    monkeypatch.setattr(gateway_overdue, "KNOWN_FOR", 0.0)
    numbers = {who: NAVIGATION.search(await (await at.browser(who)).page("/desk/me")) for who in (ALL, READER, PART)}
    assert {ALL: "2", READER: "1", PART: None} == {who: found and found[1] for who, found in numbers.items()}
    monkeypatch.setattr(gateway_overdue, "STALE", -1.0)

    async def away(_self: Deliveries) -> int:
        raise Unavailable("the archive is away")

    monkeypatch.setattr(Deliveries, "newest", away)
    found = NAVIGATION.search(await (await at.browser()).page("/desk/me"))
    assert found is not None
    assert found[1] is None


async def test_pages_do_not_pile_up_looks_at_an_archive_that_hangs(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page waits its half second and no more, and leaves nothing behind: one look is under way for all of them."""
    monkeypatch.setattr(gateway_overdue, "GLIMPSE", 0.01)
    browser, goes_on, looks = await at.browser(), asyncio.Event(), 0
    newest = Deliveries.newest

    async def hangs(self: Deliveries) -> int:
        nonlocal looks
        looks += 1
        await goes_on.wait()
        return await newest(self)

    monkeypatch.setattr(Deliveries, "newest", hangs)
    before = len(asyncio.all_tasks())
    for _ in range(10):
        await browser.page("/desk/words")
    assert 1 == looks
    assert len(asyncio.all_tasks()) <= before + 2
    goes_on.set()
    await browser.page("/desk/words")


async def test_the_call_list_is_whole_without_script_and_loads_nothing_of_others(at: Night) -> None:
    """One block for each service with a number to dial, and how to sign where the browser has no key."""
    page = await (await at.browser()).page("/desk/overdue?x=1&show=late")
    assert 2 == page.count('<section class="box"')
    assert f'href="tel:{re.sub("[^+0-9]", "", example_directory().get("uz.customs").telephone or "")}"' in page
    assert "vigil overdue uz.customs --take" in page
    assert "Not known here, and left out: x." in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert DIRECTORY.get("uz.customs").telephone is None
