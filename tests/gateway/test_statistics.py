"""Statistics at the gateway: for whom, over HTTP and as a page; and the forecast of who starts a delivery (R11)."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from archive.results import PeriodResults
from domain.views.standing import Standing
from domain.views.statistics import Forecast
from domain.views.tally import Tally
from domain.words.errors import Malformed, NotAllowed
from tests.gateway.test_lists import ALL, PART, READER, Lists, made, over
from tests.gateway.test_pages import At, at
from tests.gateway.test_results import YEAR, line, signed_in

__all__ = ["at"]

FORESEEN = Forecast.model_validate(
    {"runs": 1, "lines": [{"measure": "answered", "of": "hand_over", "by": PART, "how": "00015", "count": 1}]}
)


def delivery(number: int) -> tuple[str, Standing]:
    """One of which the whole says more than its part."""
    own = (line("asked", "hand_over", PART, "in_time"), line("answered", "hand_over", PART, "00060", amount=3_000))
    other = (
        line("asked", "prepare", "kz.police", "silent"),
        line("refused", "R17", "kz.police"),
        line("lasted", "expired", "", "01440"),
    )
    tallies = (Tally(service=None, lines=(*own, *other)), Tally(service=PART, lines=own))
    return made(f"amber-{number}", number, tallies=tallies)


@pytest.fixture(scope="module")
async def lists() -> AsyncIterator[Lists]:
    """One gateway for the whole module, over six deliveries of which five were simulated."""
    async for found in over(dict(map(delivery, range(6)))):
        for number in range(5):
            await PeriodResults(found.reads._database).keep(f"amber-{number}", FORESEEN)
        yield found


async def test_r11_each_is_given_the_statistics_that_are_its_to_have(lists: Lists) -> None:
    """A supervisor all; who takes part what it was asked and answered, and how that was simulated; the installation none."""
    whole, part = [await lists.door(one).statistics(YEAR) for one in (ALL, PART)]

    assert (6, 5, {"hand_over", "prepare"}) == (whole.deliveries, whole.simulated, {one.kind for one in whole.kinds})
    assert (["R17"], ["expired"]) == ([one.rule for one in whole.refused], [one.outcome for one in whole.endings])
    assert [("hand_over", PART, 6, 6)] == [(one.kind, one.service, one.asked, one.in_time) for one in part.both]
    assert part.both[0].slower
    assert "kz.police" not in part.model_dump_json()
    assert ((), ()) == (part.refused, part.endings)
    with pytest.raises(NotAllowed, match="`statistics` is not for vigil"):
        await lists.door("vigil").statistics(YEAR)


@pytest.mark.parametrize(
    "asked", [{"period": "soon"}, {"kind": "tea"}, {"service": "Nobody"}, {"state": "uz"}, {"channel": "foot"}, {"colour": "red"}]
)
async def test_what_cannot_be_asked_is_refused(lists: Lists, asked: dict[str, str]) -> None:
    """With each parameter that is wrong; over HTTP and as a page."""
    with pytest.raises(Malformed) as refused:
        await lists.door(ALL).statistics(asked)
    assert any(next(iter(asked)) in f"{fault.place} {fault.problem}" for fault in refused.value.faults)


async def test_statistics_are_a_page_whose_address_says_what_it_shows(lists: Lists) -> None:
    """A sentence, pictures and tables of what was chosen, and files with the same numbers; recorded with the period."""
    browser, since = await signed_in(lists, ALL), len((await lists.reads.page(0, 1000)).reads)
    query = "?from=2022-01-01&to=2030-12-31&by=started&kind=hand_over&service=uz.customs"
    text = await browser.page(f"/desk/statistics{query}")
    rows = list(csv.DictReader(io.StringIO((await browser.ask("GET", f"/desk/statistics.csv{query}"))[1])))
    _, drawn = await browser.ask("GET", f"/desk/statistics.svg{query}")

    assert "Deliveries that started: 6, in 2022-01-01 – 2030-12-31" in text
    assert "Waited for longer than simulated: handover" in text
    assert "…" not in drawn
    assert 'value="hand_over" selected' in text
    assert "kz.police" not in text
    assert " style=" not in text
    assert len(text.encode()) < 200_000
    assert [("uz.customs", "6")] == [(one["service"], one["count"]) for one in rows if one["what"] == "both"]
    assert drawn.startswith("<svg")
    reads = (await lists.reads.page(since, 10)).reads
    assert {("statistics", "started 2022-01-01T00:00:00Z/2031-01-01T00:00:00Z")} == {(one.action, one.period) for one in reads}


async def test_r11_on_the_page_of_a_participant_is_its_part(lists: Lists) -> None:
    """And it says so; who sees the whole of its own has those."""
    text = await (await signed_in(lists, PART)).page("/desk/statistics?period=2022/2030&by=started")
    assert "Your part of the deliveries" in text
    assert "kz.police" not in text
    assert "kz.police" in await (await signed_in(lists, READER)).page("/desk/statistics?period=2022/2030&by=started")


def foreseen(by: str) -> Forecast:
    """A forecast of one answer of this service."""
    return Forecast.model_validate(
        {"runs": 1, "lines": [{"measure": "answered", "of": "authorise/origin", "by": by, "how": "00015", "count": 1}]}
    )


async def test_a_forecast_is_kept_of_who_starts_it_and_of_nobody_else(at: At) -> None:
    """Of services that take part, and once; another service, and a stranger in it, change nothing."""
    gateway, name = at.installation.gateway, at.plan.operation
    with pytest.raises(NotAllowed, match="cannot start a plan"):
        await gateway("kz.police").forecast(name, foreseen("kz.prosecutor"))
    with pytest.raises(Malformed, match="no forecast of") as refused:
        await gateway(at.plan.initiator).forecast(name, foreseen("lv.customs"))
    await gateway(at.plan.initiator).forecast(name, foreseen("kz.prosecutor"))
    await gateway(at.plan.initiator).forecast(name, foreseen("uz.prosecutor"))
    found = await gateway(at.plan.initiator).statistics({"period": "2020/2100", "by": "started"})

    assert ["lv.customs takes no part in it"] == [one.problem for one in refused.value.faults]
    simulated: list[Any] = [one.service for one in found.both if one.simulated is not None]
    assert ["kz.prosecutor"] == simulated
