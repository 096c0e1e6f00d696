"""The results of a period, added up by the database (R11, docs/results.md)."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, func, select

from archive.database import Database
from archive.expunging import Expunging
from archive.ledgers import Ledgers
from archive.results import PeriodResults
from archive.sealed import KeyWrapping
from archive.tables import tallies
from domain.views.results import Results, period_of
from domain.views.standing import Participant, Standing
from domain.views.statistics import Forecast, Narrowed, Statistics
from domain.views.tally import Line, Tally
from domain.words.limits import MOST_TALLIED, MOST_TOTALS
from domain.words.quantities import MAX_WHOLE
from tests.archive.samples import NAME, READER, batch, database, ledger, new_keys, put, standing
from tests.archive.test_expunging import ORDER

YEAR = period_of("2026")
AT = "2026-03-01T06:00:00.000000Z"
ALL, END = (
    Line(measure="counted", of="all", count=2, amount=3),
    Line(measure="counted", of="end", by="destroyed", count=2, amount=3),
)
HEROIN = Line(measure="seized", of="mass", by="heroin", how="measured", amount=13_200_000)
ARRESTED = Line(measure="arrested", of="courier", by="knowing", how="held", count=2)


def ended(*lines: Line, part: tuple[Line, ...] = (), **more: Any) -> Standing:
    """One that ended in the year, with these lines for who sees the whole, and those for who sees a part."""
    given = {"started_at": AT, "closed_at": AT, "ended": True, "outcome": "destroyed", "phase": "ended"}
    tallied = (Tally(service=None, lines=lines), Tally(service="uz.customs", lines=part))
    return standing(**(given | {"tallies": tallied} | more))


@dataclass(frozen=True)
class Room:
    """The archive as a process has it open."""

    archive: Database
    ring: KeyWrapping
    results: PeriodResults

    async def of(self, reader: str = "centre", reach: Any = "all", period: str = "2026", by: Any = "ended") -> Results:
        """The results that this reader is given."""
        return await self.results.of(reader, reach, period_of(period), by)

    async def statistics(self, reader: str = "centre", reach: Any = "all", **narrowed: str) -> Statistics:
        """The statistics that it is given."""
        return await self.results.statistics(reader, reach, YEAR, "ended", Narrowed(**narrowed))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Room]:
    """A new archive."""
    archive = database(url)
    try:
        yield Room(archive, new_keys(), PeriodResults(archive))
    finally:
        await archive.close()


def said(found: Results, measure: Any) -> list[tuple[Any, ...]]:
    """The totals of a measure."""
    return [(one.of, one.by, one.how, one.operations, one.consignments, one.count, one.amount) for one in found.of(measure)]


async def test_operations_consignments_legs_and_parcels_are_counted_apart(url: str) -> None:
    """Two consignments of a group and a part of one of them are one operation; the legs and parcels of all are added up."""
    async with opened(url) as room:
        await put(room.archive, room.ring, {"saxaul-22": ended(ALL, group="twins"), "saxaul-23": ended(ALL, group="twins")})
        alone = {"saxaul-24": ended(ALL, HEROIN), "saxaul-25": ended(ALL, END, HEROIN, parent="saxaul-24")}
        await put(room.archive, room.ring, alone)
        found = await room.of()

    assert [("all", "", "", 2, 4, 8, 12)] == said(found, "counted")[:1]
    assert [("end", "destroyed", "", 1, 1, 2, 3)] == said(found, "counted")[1:]
    assert [("mass", "heroin", "measured", 1, 2, 2, 26_400_000)] == said(found, "seized")


async def test_a_part_is_of_the_operation_of_what_it_was_split_from(url: str) -> None:
    """Also a part of a part, and one of a consignment of a group."""
    async with opened(url) as room:
        for name, more in (
            ("saxaul-22", {"group": "twins"}),
            ("saxaul-23", {"parent": "saxaul-22"}),
            ("saxaul-24", {"parent": "saxaul-23"}),
        ):
            await put(room.archive, room.ring, {name: ended(ALL, **more)})
            await put(room.archive, room.ring, {name: ended(ALL, **more)})  # once more, as it is known now
        found = await room.of()

    assert (1, 3) == (found.all.operations, found.all.consignments)


async def test_a_period_is_of_those_that_started_or_of_those_that_ended_in_it(url: str) -> None:
    """Its first moment is in it, its last is not; what is under way has started, and not ended."""
    async with opened(url) as room:
        midnight = "2026-05-31T19:00:00.000000Z"  # of 1 June, five hours east
        await put(room.archive, room.ring, {"saxaul-22": ended(ALL, started_at=midnight, closed_at=None, ended=False)})
        june, may = "2026-06/2026-06", "2026-05"
        east = [await room.results.of("centre", "all", period_of(one, "+05:00"), "started") for one in (june, may)]
        utc = [await room.of(period=one, by="started") for one in (june, may)]
        over = await room.of(period="2026", by="ended")

    assert [(1, 0), (0, 1), 0] == [
        (east[0].all.consignments, east[1].all.consignments),
        (utc[0].all.consignments, utc[1].all.consignments),
        over.all.consignments,
    ]
    assert ("2026-06-01T00:00:00+05:00", "2026-07-01T00:00:00+05:00") == (east[0].period.since, east[0].period.until)


async def test_an_empty_period_has_no_totals(url: str) -> None:
    """Nothing is counted in it, and that is said by noughts."""
    async with opened(url) as room:
        found = await room.of()

    assert ((), 0, 0) == (found.totals, found.all.operations, found.expunged)


async def test_r11_a_participant_is_given_its_own_part_alone(url: str) -> None:
    """Who sees the whole of a delivery has its lines; who sees a part those of that; who takes no part has nothing."""
    async with opened(url) as room:
        one = ended(ALL, HEROIN, ARRESTED, part=(ALL.model_copy(update={"count": 1}),))
        foreign = (Participant(service="ru.customs", state="RU", reach="whole"),)
        await put(room.archive, room.ring, {"saxaul-22": one, "saxaul-23": ended(ALL, HEROIN, participants=foreign)})
        mine = {reader: await room.of(reader, "own") for reader in (READER, "uz.customs", "kg.police")}
        everything = await room.of()

    assert [("mass", "heroin", "measured", 1, 1, 1, 13_200_000)] == said(mine[READER], "seized")
    assert ([("all", "", "", 1, 1, 1, 3)], []) == (said(mine["uz.customs"], "counted"), said(mine["uz.customs"], "seized"))
    assert () == mine["kg.police"].totals
    assert 2 == everything.all.consignments
    assert [False, True] == [mine[READER].whole, everything.whole]


async def test_later_words_take_the_place_of_earlier_ones(url: str) -> None:
    """A correction changes a line, takes one away and brings another; nothing is counted twice."""
    async with opened(url) as room:
        before, after = ended(ALL, HEROIN, ARRESTED), ended(ALL, HEROIN.model_copy(update={"amount": 5}), END)
        for one in (before, after):
            await put(room.archive, room.ring, {"saxaul-22": one})
        found = await room.of()

    assert [("mass", "heroin", "measured", 1, 1, 1, 5)] == said(found, "seized")
    assert ([], 2) == (said(found, "arrested"), len(said(found, "counted")))


@pytest.mark.slow
async def test_sums_of_the_largest_numbers_are_exact(url: str) -> None:
    """Ten thousand consignments of the largest mass there is are more than a database can hold in one number."""
    async with opened(url) as room:
        most = HEROIN.model_copy(update={"amount": MAX_WHOLE, "count": MAX_WHOLE})
        await put(room.archive, room.ring, {f"saxaul-{number}": ended(most) for number in range(10_000)})
        found = await room.of()

    assert [("mass", "heroin", "measured", 10_000, 10_000, 10_000 * MAX_WHOLE, 10_000 * MAX_WHOLE)] == said(found, "seized")


async def test_all_lines_of_a_delivery_can_change_at_once(url: str) -> None:
    """So many lines of so many readers go in more than one statement."""
    async with opened(url) as room:
        lines = tuple(HEROIN.model_copy(update={"by": f"{number:06d}"}) for number in range(MOST_TALLIED))
        others = tuple(one.model_copy(update={"by": f"9{one.by}"}) for one in lines)
        for given in (lines, others):
            tallied = tuple(Tally(service=one, lines=given) for one in (None, "uz.customs", "uz.police", "uz.knb"))
            await put(room.archive, room.ring, {"saxaul-22": ended(tallies=tallied)})
        found = await room.of()

    assert [one.by for one in others] == [one.by for one in found.totals]


async def test_an_answer_that_is_not_all_says_so(url: str) -> None:
    """It has so many lines and no more."""
    async with opened(url) as room:
        many = {
            f"saxaul-{name}": ended(
                *(Line(measure="found", of="arrest", by=f"{name}.{number}") for number in range(MOST_TALLIED))
            )
            for name in range(MOST_TOTALS // MOST_TALLIED + 1)
        }
        await put(room.archive, room.ring, many)
        found = await room.of()

    assert (True, MOST_TOTALS) == (found.cut, len(found.totals))


async def test_of_what_is_expunged_is_counted_what_the_lists_say_still(url: str) -> None:
    """That it was, how it ended, its States and its channel; nothing that was said in it."""
    async with opened(url) as room:
        state = Line(measure="counted", of="state", by="KZ")
        goods = Line(measure="counted", of="goods", by="drugs")
        ledgers, expunging = Ledgers(room.archive, room.ring), Expunging(room.archive)
        await ledgers.keep(batch(ledger(3), 0, standing=ended(ALL, END, state, goods, HEROIN, ARRESTED)))
        await expunging.expunge(NAME, ORDER)
        found, part = await room.of(), await room.of("kg.police", "own")
        async with room.archive.reading() as connection:
            left = (await connection.execute(select(func.count()).select_from(tallies))).scalar_one()

    assert [("all", ""), ("end", "destroyed"), ("state", "KZ")] == [(one.of, one.by) for one in found.totals]
    assert (1, 0, 3) == (found.expunged, part.expunged, left)


async def test_no_ledger_is_opened_and_few_statements_are_asked(url: str) -> None:
    """However many deliveries there are: the database adds them up by itself. What is of statistics it adds up over all services,
    and counts no consignment twice.
    """
    async with opened(url) as room:
        draw = random.Random(20)  # noqa: S311 - a seed that is the same each time
        lines = [(ALL, END), (ALL, HEROIN), (ALL, ARRESTED, HEROIN)]
        await put(room.archive, room.ring, {f"saxaul-{number}": ended(*draw.choice(lines)) for number in range(299)})
        late = MINE[0].model_copy(update={"how": "late", "by": "kz.knb"})
        refused = Line(measure="refused", of="R6", by="kz.knb", count=2)
        await put(room.archive, room.ring, {"saxaul-299": ended(ALL, *MINE, *THEIRS, late, refused, LASTED)})
        asked: list[str] = []
        engine = room.archive._engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        found = await room.of()

    selects = [one for one in asked if one.startswith("SELECT")]
    assert [("", "", "in_time", 1, 1, 2, 0), ("", "", "late", 1, 1, 1, 0)] == said(found, "asked")
    assert [("", "", "", 1, 1, 2, 6_000)] == said(found, "answered")
    assert [("", "", "", 1, 1, 2, 0)] == said(found, "refused")
    assert not found.of("lasted")
    assert (300, 3) == (found.all.consignments, len(selects))
    assert not any(" entries" in one for one in selects)


# Statistics


LASTED = Line(measure="lasted", of="destroyed", how="01440", amount=80_000, most=80_000)
MINE, THEIRS = (
    (
        Line(measure="asked", of="hand_over", by=by, how="in_time"),
        Line(measure="answered", of="hand_over", by=by, how="00060", amount=3_000),
    )
    for by in ("uz.customs", "kz.knb")
)
THROUGH = Line(measure="counted", of="state", by="LV")
FORESEEN = Forecast.model_validate(
    {
        "runs": 4,
        "lines": [
            {"measure": "lasted", "of": "destroyed", "how": "01440", "count": 3},
            *(
                {"measure": "answered", "of": "hand_over", "by": by, "how": "00030", "count": 4}
                for by in ("uz.customs", "kz.knb")
            ),
        ],
        "tenths": [10_000 * number for number in range(1, 10)],
    }
)


async def test_a_forecast_is_kept_once_and_as_if_of_a_thousand_runs(url: str) -> None:
    """Of two deliveries one has a forecast: only that one is compared, it weighs as one, and it fell into its eighth tenth. A
    second forecast of it changes nothing.
    """
    async with opened(url) as room:
        await put(room.archive, room.ring, {name: ended(ALL, *MINE, *THEIRS, LASTED) for name in ("saxaul-22", "saxaul-23")})
        kept = [await room.results.keep("saxaul-22", FORESEEN) for _ in range(2)]
        found = await room.statistics()

    assert [True, False] == kept
    assert (2, 1, False) == (found.deliveries, found.simulated, found.cut)
    assert (0, 0, 0, 0, 0, 0, 0, 1, 0, 0) == found.tenths
    assert [("destroyed", 2, 1, 1)] == [(one.outcome, one.count, one.compared, one.expected) for one in found.endings]
    assert [4] == [one.asked for one in found.kinds]
    assert found.kinds[0].simulated is not None


async def test_r11_a_part_has_nothing_of_another_and_no_filter_tells_of_it(url: str) -> None:
    """Its own answers and what was simulated of itself; no outcome, no duration. By a State that is not its own it finds nothing,
    where who sees the whole finds the delivery.
    """
    async with opened(url) as room:
        tallied = ended(ALL, THROUGH, *MINE, *THEIRS, LASTED, part=(ALL, *MINE))
        await put(room.archive, room.ring, {"saxaul-22": tallied})
        await room.results.keep("saxaul-22", FORESEEN)
        part = await room.statistics("uz.customs", "own")
        through = [
            (await room.statistics(*who, state="LV")).deliveries
            for who in (("centre", "all"), (READER, "own"), ("uz.customs", "own"))
        ]
        none = await room.statistics("lv.customs", "own")

    assert {"uz.customs"} == {one.service for one in part.both}
    assert ((), (), 0, None) == (part.endings, part.tenths, part.lasted.answers, part.lasted.simulated)
    assert [1, 1, 0] == through
    assert (0, 0, ()) == (none.deliveries, none.simulated, none.kinds)
    assert "kz.knb" not in part.model_dump_json()


async def test_what_was_simulated_is_expunged_too(url: str) -> None:
    """The delivery counts as one that ended, and nothing is known of how it went."""
    async with opened(url) as room:
        ledgers = Ledgers(room.archive, room.ring)
        await ledgers.keep(batch(ledger(3), 0, standing=ended(ALL, *MINE, LASTED)))
        await room.results.keep(NAME, FORESEEN)
        await Expunging(room.archive).expunge(NAME, ORDER)
        found = await room.statistics()

    assert (1, 0, (), ()) == (found.deliveries, found.simulated, found.kinds, found.endings)
