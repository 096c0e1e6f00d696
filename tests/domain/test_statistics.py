"""How deliveries went: what is counted of each, what many add up to, and what a forecast may say (R11, docs/statistics.md)."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.delivery.delivery import Delivery
from domain.views import statistics_in_words as words
from domain.views.results import Total, period_of
from domain.views.sight import whole
from domain.views.spans import ENDS, FEWEST, LONGER, NAMES, span_of, spread
from domain.views.statistics import KINDS, MOST_TIMES, PER, Forecast, Narrowed, Statistics, durations, endings, refusals, times
from domain.views.statistics_picture import panels, picture
from domain.views.tally import Line, tally
from domain.words.limits import MOST_FORESEEN, MOST_SIMULATED
from process.language import speaker
from tests.goldens import GOLDEN, read, replayed
from tests.support import Table

HOUR, DAY = 3_600, 86_400


def of(table: Table, measure: str) -> dict[tuple[str, str, str], Line]:
    """The lines of a measure, for who sees the whole."""
    return {(one.of, one.by, one.how): one for one in tally(table.delivery, whole(table.delivery)) if one.measure == measure}


def total(measure: Any, of: str, by: str, seconds: int, count: int = 1) -> Total:
    """So many of the same length."""
    numbers = {"operations": count, "consignments": count, "count": count, "amount": seconds * count, "most": seconds}
    return Total(measure=measure, of=of, by=by, how=span_of(timedelta(seconds=seconds)), **numbers)


def asked(of: str, by: str, how: str, count: int) -> Total:
    """So many times asked, and how it was answered."""
    numbers = {"operations": count, "consignments": count, "count": count, "amount": 0, "most": 0}
    return Total(measure="asked", of=of, by=by, how=how, **numbers)


def statistics(*real: Total, simulated: tuple[Total, ...] = (), count: int = 0, **more: Any) -> Statistics:
    """The statistics of these, all of which were simulated."""
    given = {"counted_by": "ended", "period": period_of("2026"), "as_of": "2027-01-01T00:00:00.000000Z", "reader": "centre"}
    found = times(*(tuple(one for one in some if one.measure != "lasted") for some in (real, real, simulated)))
    ends = endings(real, real, simulated, count)
    lasted = durations(real, real, simulated)
    return Statistics.model_validate(
        {**given, "whole": True, "deliveries": count, "simulated": count, "lasted": lasted, **found, "endings": ends}
        | {"refused": refusals(real), **more}
    )


REAL = (
    total("lasted", "delivered_with_arrests", "", 3 * DAY, 6),
    total("lasted", "expired", "", 2 * DAY, 4),
    total("answered", "authorise/transit", "lv.prosecutor", 30 * HOUR, 9),
    asked("authorise/transit", "lv.prosecutor", "in_time", 7),
    asked("authorise/transit", "lv.prosecutor", "late", 2),
    asked("authorise/transit", "lv.prosecutor", "silent", 1),
    total("answered", "hand_over", "kz.customs", HOUR, 4),
    asked("hand_over", "kz.customs", "in_time", 4),
    asked("refused", "lv.prosecutor", "", 3).model_copy(update={"measure": "refused", "of": "R1"}),
)
SIMULATED = (
    total("lasted", "delivered_with_arrests", "", 2 * DAY, 10 * PER),
    total("answered", "authorise/transit", "lv.prosecutor", 10 * HOUR, 10 * PER),
    total("answered", "hand_over", "kz.customs", HOUR, 4 * PER),
)


def test_spans_sort_as_times_do_and_hold_all_of_them() -> None:
    """By their words, for a database knows no other order; the first, each end and what is beyond the last."""
    assert list(NAMES) == sorted(NAMES)
    assert [NAMES[0], *NAMES[:-1]] == [span_of(timedelta(minutes=minutes)) for minutes in (0, *ENDS)]
    assert LONGER == span_of(timedelta(minutes=ENDS[-1], seconds=1))


@pytest.mark.parametrize("minutes", [1, 7, 25, 100, 1_000, 3_000, 50_000])
def test_a_median_is_right_to_a_fifth(minutes: int) -> None:
    """Of times around one that is known, half shorter and half longer; and nothing has none."""
    around = [minutes * (80 + number) / 100 for number in range(41)]
    counts: dict[str, int] = {}
    for one in around:
        counts[span_of(timedelta(minutes=one))] = counts.get(span_of(timedelta(minutes=one)), 0) + 1
    found = spread(counts)

    assert found is not None
    assert abs(found.p50_s - 60 * minutes) <= max(60 * minutes / 5, 60)
    assert found.p10_s <= found.p25_s <= found.p50_s <= found.p75_s <= found.p90_s
    assert spread({}) is None


def test_r2_who_was_silent_and_answers_then_is_late() -> None:
    """Before its silence is recorded it is only asked, and who answers then is in time."""
    table = Table()
    assert ("authorise/destination", "uz.prosecutor", "open") in of(table, "asked")
    table.consent()
    assert ("authorise/destination", "uz.prosecutor", "in_time") in of(table, "asked")
    assert ("authorise/origin", "kz.prosecutor", "in_time") in of(table, "asked")

    slow = Table().consent()
    slow.pass_time(days=2)
    assert ("prepare", "kz.police", "silent") in of(slow, "asked")
    slow.say("kz.police", "prepared", "preparation")
    assert ("prepare", "kz.police", "late") in of(slow, "asked")
    assert ("prepare", "kz.knb", "silent") in of(slow, "asked")


def test_a_handover_is_waited_for_from_when_it_was_to_arrive() -> None:
    """The hours of the way are nobody's delay."""
    table = Table().deliver()
    took = [one.most for key, one in of(table, "answered").items() if key[0] == "hand_over"]
    way = max(leg.takes for leg in table.delivery.plan.legs).total_seconds()
    assert took
    assert all(one < way for one in took)


@pytest.mark.parametrize("name", ["example-back-to-sender", "example-moscow-vector", "example-destination-refuses"])
def test_a_delivery_lasts_until_its_outcome(name: str) -> None:
    """One line, by the outcome, and its seconds are those between the two entries."""
    delivery = replayed(read(GOLDEN / "1" / f"{name}.json.gz"))
    (one,) = (line for line in tally(delivery, whole(delivery)) if line.measure == "lasted")
    at = delivery.state.outcome_at
    assert at is not None
    assert (delivery.state.outcome, int((at - delivery.state.began).total_seconds())) == (one.of, one.amount)
    assert _kinds(delivery) <= KINDS


def _kinds(delivery: Delivery) -> set[str]:
    return {one.of for one in tally(delivery, whole(delivery)) if one.measure in ("asked", "answered")}


def test_what_was_waited_for_is_held_against_what_was_simulated() -> None:
    """By kind, by service and by both; three times as long is said, in sentence, table, picture and table for programs."""
    found = statistics(*REAL, simulated=SIMULATED, count=10)
    kinds, services = (
        {getattr(one, name): one for one in some} for name, some in (("kind", found.kinds), ("service", found.services))
    )
    consent = kinds["authorise/transit"]

    assert (10, 7, 2, 1, 9) == (consent.asked, consent.in_time, consent.late, consent.silent, consent.answers)
    assert consent.slower
    assert 270 <= (consent.percent or 0) <= 330
    assert services["lv.prosecutor"].percent == consent.percent
    assert kinds["hand_over"].took is None, f"a median of fewer than {FEWEST}"
    assert 120 <= (found.lasted.percent or 0) <= 150
    said = " ".join(words.sentences(found, str))
    assert "Deliveries that ended: 10," in said
    assert "consent, transit" in said
    assert any(cell.startswith(("2.", "3.")) for one in words.in_tables(found, str) for row in one.rows for cell in row.cells)
    assert 'stroke-dasharray="3 2"' in picture(found, str)
    lines = list(csv.DictReader(io.StringIO(words.in_csv(found))))
    assert ["10", "3"] == [one["count"] for one in lines if one["what"] in ("deliveries", "refused")]


def test_outcomes_have_the_range_that_was_to_be_expected() -> None:
    """All ten were simulated to be delivered; six were, and the range is of ten."""
    first, other = statistics(*REAL, simulated=SIMULATED, count=10).endings
    assert ("delivered_with_arrests", 6, 10, 10, 10) == (first.outcome, first.count, first.expected, first.least, first.most)
    assert ("expired", 4, 0) == (other.outcome, other.count, other.expected)
    half = (total("lasted", "expired", "", DAY, 5 * PER), total("lasted", "destroyed", "", DAY, 5 * PER))
    assert {(5, 2, 8)} == {(one.expected, one.least, one.most) for one in endings((), (), half, 10)}


def test_what_was_not_simulated_is_compared_with_nothing() -> None:
    """And that is said; an empty period is said, too, and has a picture."""
    alone, empty = statistics(*REAL, count=10, simulated=()), statistics()
    assert all(one.percent is None for one in (alone.lasted, *alone.kinds))
    bare = alone.model_copy(update={"simulated": 0})
    assert words.UNKNOWN in words.remarks(bare, str)
    assert (words.NOTHING,) == words.sentences(empty, str)
    assert picture(empty, str).startswith("<svg")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_panels_are_in_the_colours_of_the_page(language: str) -> None:
    """Every one, the last too; none has a colour of its own or runs a script."""
    found = statistics(*REAL, simulated=SIMULATED, count=10, tenths=(0, 1, 1, 1, 1, 1, 1, 1, 1, 2))
    drawn = list(panels(found, speaker(language)))
    assert [True, True, False, False, False] == [one.wide for one in drawn]
    assert not any('="#' in one.svg or "style=" in one.svg for one in drawn)


@pytest.mark.parametrize(
    ("asked_for", "kinds"),
    [
        ({"kind": "authorise"}, ["authorise/transit"]),
        ({"kind": "hand_over"}, ["hand_over"]),
        ({"service": "kz.customs"}, ["hand_over"]),
    ],
)
def test_statistics_are_narrowed_to_a_kind_or_a_service(asked_for: dict[str, str], kinds: list[str]) -> None:
    """Of consent, to that of every State; how long deliveries lasted is of all of them."""
    narrowed = Narrowed(**asked_for)
    left = [one for one in REAL if narrowed.takes(one)]
    assert kinds == [one.kind for one in statistics(*left).kinds]
    assert 2 == sum(one.measure == "lasted" for one in left)


LINE = {"measure": "answered", "of": "hand_over", "by": "kz.customs", "how": "00060", "count": 1}
OUTCOME = {"measure": "lasted", "of": "expired", "how": "00060", "count": 1}


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, ()),
        ({}, (LINE, LINE)),
        ({}, (LINE | {"of": "Ivan Petrov"},)),
        ({}, (LINE | {"how": "soon"},)),
        ({}, (LINE | {"by": ""},)),
        ({}, (LINE | {"by": "<b>"},)),
        ({}, (LINE | {"measure": "seized"},)),
        ({}, (LINE | {"count": 0},)),
        ({"runs": 2}, (LINE | {"count": 2 * MOST_TIMES + 1},)),
        ({}, (OUTCOME | {"by": "kz.customs"},)),
        ({}, (OUTCOME | {"of": "hand_over"},)),
        ({"runs": 1}, (OUTCOME, OUTCOME | {"how": "00001"})),
        ({"runs": 0}, (LINE,)),
        ({"runs": MOST_SIMULATED + 1}, (LINE,)),
        ({"tenths": [1] * 8}, (LINE,)),
        ({"tenths": [9, 8, 7, 6, 5, 4, 3, 2, 1]}, (LINE,)),
        ({"tenths": [-1] * 9}, (LINE,)),
    ],
)
def test_r28_a_forecast_says_nothing_but_numbers_in_our_words(changed: dict[str, Any], lines: tuple[Any, ...]) -> None:
    """No word of anybody's, no number that outweighs others, no two lines of one key, no more ends than runs."""
    with pytest.raises(ValidationError):
        Forecast.model_validate({"runs": 10, "lines": lines} | changed)


def test_a_forecast_has_so_many_lines_and_no_more() -> None:
    """At the bound it is one; beyond it is none."""
    kinds = sorted(KINDS)
    keys = [(kind, name, by) for by in ("a.b", "c.d") for kind in kinds for name in NAMES][: MOST_FORESEEN + 1]
    lines = [LINE | {"of": kind, "how": how, "by": by} for kind, how, by in keys]
    assert MOST_FORESEEN == len(Forecast(runs=MOST_SIMULATED, lines=lines[:-1]).lines)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Forecast(runs=1, lines=lines)  # type: ignore[arg-type]
