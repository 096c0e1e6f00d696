"""Results at the gateway: for whom, over HTTP and as a page, and what is recorded of it (R11)."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.views.standing import Participant, Standing
from domain.views.tally import Line, Tally
from domain.words.errors import Malformed, NotAllowed
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.gateway.test_lists import ALL, PART, READER, Lists, made, over
from tests.gateway.test_pages import Browser

YEAR = {"period": "2022/2030", "by": "started"}


def line(measure: Any, of: str, by: str = "", how: str = "", **more: int) -> Line:
    """One line of a tally."""
    return Line(measure=measure, of=of, by=by, how=how, **more)


def delivery(name: str, number: int, **more: Any) -> tuple[str, Standing]:
    """One whose whole says something that its part does not."""
    shared = line("counted", "all", count=2, amount=40)
    whole = (shared, line("counted", "state", "RU", count=1), line("seized", "mass", "heroin", "measured", amount=118_000_000))
    part = (line("counted", "all", count=1, amount=40), line("counted", "state", "UZ", count=1))
    return made(name, number, tallies=(Tally(service=None, lines=whole), Tally(service=PART, lines=part)), **more)


DELIVERIES = dict(
    [
        delivery("amber-1", 1),
        delivery("amber-2", 2, group="twins"),
        delivery("birch-3", 3, group="twins", participants=(Participant(service=READER, state="KZ", reach="whole"),)),
        delivery("cedar-4", 4, participants=(Participant(service="ru.customs", state="RU", reach="whole"),)),
    ]
)


@pytest.fixture(scope="module")
async def lists() -> AsyncIterator[Lists]:
    """One gateway for the whole module."""
    async for found in over(DELIVERIES):
        yield found


def numbers(found: Any) -> tuple[int, ...]:
    """Operations, consignments, legs, parcels."""
    return found.all.operations, found.all.consignments, found.all.count, found.all.amount


async def test_r11_each_is_given_the_results_that_are_its_to_have(lists: Lists) -> None:
    """A supervisor those of all; who sees the whole of its own those; who sees a part its part, in which no heroin is."""
    everything, whole, part = [await lists.door(one).results(YEAR) for one in (ALL, READER, PART)]

    assert [(3, 4, 8, 160), (2, 3, 6, 120), (2, 2, 2, 80)] == [numbers(one) for one in (everything, whole, part)]
    assert [True, False, False] == [one.whole for one in (everything, whole, part)]
    assert [1, 1, 0] == [len(one.of("seized")) for one in (everything, whole, part)]
    assert ["UZ"] == [one.by for one in part.of("counted", "state")]


async def test_the_installation_itself_is_given_none(lists: Lists) -> None:
    """It runs them, and reads none."""
    with pytest.raises(NotAllowed, match="`results` is not for vigil"):
        await lists.door("vigil").results(YEAR)


@pytest.mark.parametrize("asked", [{"period": "soon"}, {"zone": "Mars"}, {"by": "seen"}, {"state": "UZ"}, {"period": "1" * 90}])
async def test_what_cannot_be_asked_is_refused(lists: Lists, asked: dict[str, str]) -> None:
    """With each parameter that is wrong by its name."""
    with pytest.raises(Malformed) as refused:
        await lists.door(ALL).results(asked)
    assert [next(iter(asked))] == [fault.place for fault in refused.value.faults]


async def test_that_results_were_given_is_recorded_with_their_period(lists: Lists) -> None:
    """Which period, and by which moment; no delivery is named, since the answer names none."""
    since = len((await lists.reads.page(0, 1000)).reads)
    await lists.door(PART).results({"period": "2026-06", "zone": "+05:00"})
    (one,) = (await lists.reads.page(since, 10)).reads

    assert ("results", PART, ()) == (one.action, one.service, one.deliveries)
    assert "ended 2026-06-01T00:00:00+05:00/2026-07-01T00:00:00+05:00" == one.period


async def signed_in(lists: Lists, service: str) -> Browser:
    """A browser of this service."""
    browser = Browser(lists.http, lists.url)
    link = await Gateway(lists.http, lists.url, service, private_key_of(service), "officer-1").sign_in()
    assert 204 == (await browser.enter(link.address.partition("#")[2])).status
    return browser


async def test_a_supervisor_reads_them_on_a_page(lists: Lists) -> None:
    """The four numbers, the tables and pictures, the period with its zone, and files to take; nothing that its policy forbids."""
    browser = await signed_in(lists, ALL)
    text = await browser.page("/desk/results?from=2022-01-01&to=2030-12-31&zone=%2B05:00&by=started")

    assert ["3", "4", "8", "160"] == re.findall(r"<dd>(\d+)</dd>", text)
    assert "2022-01-01 – 2030-12-31 (UTC+05:00)" in text
    assert "472 kg" in text
    assert "<svg" in text
    assert " style=" not in text
    assert "results.csv?" in text


async def test_r11_on_the_page_of_a_participant_is_its_part(lists: Lists) -> None:
    """And it says so."""
    text = await (await signed_in(lists, PART)).page("/desk/results?period=2022/2030&by=started")

    assert "heroin" not in text
    assert ["2", "2", "2", "80"] == re.findall(r"<dd>(\d+)</dd>", text)
    assert "Your part of the deliveries" in text


async def test_results_are_taken_as_files(lists: Lists) -> None:
    """The same numbers as a table, a document and a picture, under a name that says the period."""
    browser, query = await signed_in(lists, ALL), "?period=2022/2030&by=started"
    found = {form: await browser.ask("GET", f"/desk/results.{form}{query}") for form in ("csv", "json", "svg")}
    rows = list(csv.DictReader(io.StringIO(found["csv"][1])))

    assert ["text/csv", "application/json", "image/svg+xml"] == [answer.content_type for answer, _ in found.values()]
    assert 'attachment; filename="results-2022-01-01-2030-12-31.csv"' == found["csv"][0].headers["Content-Disposition"]
    assert {"4"} == {row["consignments"] for row in rows if row["of"] == "all"}
    assert 4 == next(one["consignments"] for one in json.loads(found["json"][1])["totals"] if one["of"] == "all")
    assert found["svg"][1].startswith("<svg")


async def test_a_page_without_a_period_is_of_this_year(lists: Lists) -> None:
    """And where nothing counts in it, it says so."""
    text = await (await signed_in(lists, ALL)).page("/desk/results?from=2001-01-01&to=")
    assert "No delivery counts in this period." in text
    assert "2001-01-01 – 2001-01-01" in text
    assert "-01-01 – " in await (await signed_in(lists, ALL)).page("/desk/results")
