"""Pages of the watch floor: what is counted, narrowed, ordered and said, and that nothing is worked out twice."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from domain.plan.vocabulary import Need
from domain.signing.canonical import canonical
from domain.views.floor import PARAMETERS, ROWS_OF_FLOOR, FloorQuestion, FloorRow, Placed, asked, placed
from domain.views.floor_in_words import PHASES, SHORTLY, SHOWN, cells
from domain.views.glance import Glance, Shortfall
from domain.views.selection import FloorTally, Selection, floor_page
from domain.views.urgency import COUNTED, GROUPS, REASONS, holds_until, urgencies
from domain.words.limits import GLANCE_BYTES, MOST_GLANCED, MOST_IN_A_CELL, MOST_LEGS, MOST_SERVICES, MOST_SILENT
from domain.words.moments import utc_text
from tests.floors import glance_of, night, trouble, wait

NOW = datetime(2026, 3, 14, 2, 41, tzinfo=UTC)


def row(name: str, kind: str = "", **changed: object) -> Placed:
    """A row in this trouble, as it is placed now."""
    return placed(glance_of(name, NOW, **(trouble(kind, NOW) | changed)), NOW)


ROWS = [
    row("cedar-1", started_at=utc_text(NOW - timedelta(days=9))),
    row("amber-2", "overdue"),
    row("birch-3", "to_seize"),
    row("tulip-4", "due_soon"),
    row("heron-5", "consent"),
    row("ibex-6", "held", title="Cash in a PARCEL", holder="ru.customs"),
]


def names(**question: object) -> list[str]:
    """The rows of the page that is asked for."""
    return [one.glance.delivery for one in floor_page(ROWS, FloorQuestion(**question), NOW).rows]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("worst", ["birch-3", "amber-2", "ibex-6", "heron-5", "tulip-4", "cedar-1"]),
        ("due", ["amber-2", "tulip-4", "heron-5", "cedar-1", "ibex-6", "birch-3"]),
        ("age", ["cedar-1", "amber-2", "birch-3", "heron-5", "ibex-6", "tulip-4"]),
        ("name", ["amber-2", "birch-3", "cedar-1", "heron-5", "ibex-6", "tulip-4"]),
    ],
)
def test_rows_stand_in_the_order_that_is_asked_for(sort: str, expected: list[str]) -> None:
    """The worst first unless something else is asked for; where two are alike, by code name."""
    assert expected == names(sort=sort)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"show": "overdue"}, ["amber-2"]),
        ({"show": "needs_you"}, ["birch-3", "amber-2", "ibex-6"]),
        ({"show": "under_way"}, ["amber-2", "ibex-6", "heron-5", "tulip-4", "cedar-1"]),
        ({"state": "KZ", "show": "watch"}, ["heron-5", "tulip-4"]),
        ({"state": "RU"}, []),
        ({"service": "ru.customs"}, ["ibex-6"]),
        ({"service": "kz.police"}, ["birch-3", "ibex-6"]),
        ({"phase": "held"}, ["ibex-6"]),
        ({"text": "parcel"}, ["ibex-6"]),
        ({"text": "AMBER"}, ["amber-2"]),
        ({"text": "ru.cus"}, ["ibex-6"]),
    ],
    ids=str,
)
def test_rows_are_narrowed_to_all_that_is_given(question: dict[str, str], expected: list[str]) -> None:
    """A reason narrows to each row of which it is so, be something worse so of it too; a band to what stands in it."""
    assert expected == names(**question)


def test_each_counter_has_its_number_and_its_worst_case() -> None:
    """In their places, those of nothing too; whatever the page is narrowed to."""
    page = floor_page(ROWS, FloorQuestion(state="RU"), NOW)
    found = {one.reason: (one.count, one.delivery) for one in page.counters}

    assert [*COUNTED] == [one.reason for one in page.counters]
    assert (1, "birch-3") == found["to_seize"]
    assert (1, "amber-2") == found["overdue"]
    assert (1, "tulip-4") == found["due_soon"]
    assert (0, None) == found["unreachable"]
    assert (0, 6, 1) == (page.matching, page.open, page.due_within_an_hour)


def test_a_facet_says_what_each_value_would_leave_with_the_other_filters() -> None:
    """So no choice leads to an empty page."""
    facets = floor_page(ROWS, FloorQuestion(show="needs_you", phase="held"), NOW).facets
    assert {"KZ": 1} == facets.state
    assert {"under_way": 1, "held": 1, "halted": 1} == facets.phase
    assert 1 == facets.show["needs_you"]
    for value, count in floor_page(ROWS, FloorQuestion(), NOW).facets.show.items():
        assert count == len(names(show=value))


def test_what_no_address_knows_is_named_and_the_rest_counts() -> None:
    """An old or mistyped link still shows what it can."""
    question, unknown = asked({"show": "overdue", "in": "kz?", "colour": "red", "page": "0", "sort": "", "phase": "nap"})
    assert FloorQuestion(show="overdue") == question
    assert ("in", "colour", "page", "phase") == unknown
    assert {"state" if name == "in" else name for name in PARAMETERS} == FloorQuestion.model_fields.keys()


def test_pages_follow_on_one_another_and_one_beyond_the_last_is_the_last() -> None:
    """Each row once."""
    rows = [placed(one, NOW) for one in night(2 * ROWS_OF_FLOOR + 5, NOW)]
    pages = [floor_page(rows, FloorQuestion(page=number), NOW) for number in (1, 2, 3, 4)]
    assert [ROWS_OF_FLOOR, ROWS_OF_FLOOR, 5, 5] == [len(one.rows) for one in pages]
    assert 2 * ROWS_OF_FLOOR + 5 == len({one.glance.delivery for page in pages[:3] for one in page.rows})
    assert (3, 3, pages[2]) == (pages[3].page, pages[3].pages, pages[3])


def calls(work: Callable[[], object]) -> int:
    """How many functions of ours are called for it: work that is counted and not timed."""
    found = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal found
        found += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "question",
    [
        {},
        {"sort": "name", "page": 2},
        {"text": "CUSTOMS", "sort": "due"},
        {"phase": "under_way", "sort": "age"},
    ],
    ids=str,
)
def test_a_page_is_no_more_work_where_there_are_five_times_the_rows(question: dict[str, object]) -> None:
    """Nor is a row that changes: for filters, search, order, counters and facets alike."""
    asked, counted = FloorQuestion(**question), list[int]()
    for count in (900, 4_500):
        rows = [placed(one, NOW) for one in night(count, NOW)]
        selection, tally, other = Selection(asked, rows), FloorTally(rows), placed(rows[0].glance, NOW + timedelta(hours=3))

        def work(
            found: Selection = selection, tally: FloorTally = tally, before: Placed = rows[0], after: Placed = other
        ) -> None:
            for one in (found, tally):
                one.remove(before)
                one.add(after)
            assert ROWS_OF_FLOOR == len(found.page(tally, asked.page, NOW).rows)

        counted.append(calls(work))
        rows[0] = other
        assert floor_page(rows, asked, NOW) == selection.page(tally, asked.page, NOW)
    assert counted[1] < 2 * counted[0], counted  # other rows, with more or less to say of each


@pytest.mark.parametrize("kind", ["", "overdue", "due_soon", "unreachable", "lost", "held"])
def test_what_is_so_of_a_row_holds_until_it_says(kind: str) -> None:
    """Nothing else is so of it a microsecond before, and something may be from then on: time alone moves rows."""
    seen = glance_of("amber-1", NOW, **trouble(kind, NOW))
    now, moment, turns = NOW, timedelta(microseconds=1), 0
    while (until := holds_until(seen, now)) is not None:
        assert [*urgencies(seen, now)] == [*urgencies(seen, until - moment)]
        now, turns = until, turns + 1
    assert [*urgencies(seen, now)] == [*urgencies(seen, now + timedelta(days=99))]
    assert turns <= 3


@pytest.mark.parametrize(
    "kind", ["to_seize", "lost", "overdue", "diverged", "held", "differs", "consent", "due_soon", "unreachable"]
)
def test_a_row_says_in_few_words_why_it_stands_there_and_what_follows(kind: str) -> None:
    """Each reason has words of its own, and what is waited for fits its column."""
    found: FloorRow = row("amber-1", kind).shown()
    said = cells(found, NOW)
    assert said.need
    assert said.left
    if kind != "differs":  # nothing differs in this row
        assert (kind, SHOWN[kind]) == (found.reason, said.reason)
    if kind == "overdue":
        assert ("late 3 h 12 min", "late") == (said.left, said.tone)
        assert "call them" in said.need
        assert "Nothing follows by itself" in said.whole
    if kind == "held":
        assert "it halts" in said.whole


def test_every_word_of_a_row_is_there_and_short() -> None:
    """Each need in at most 28 characters, each reason, band and phase with a name."""
    assert {*get_args(Need)} == SHORTLY.keys()
    assert all(len(text) <= 28 for text in SHORTLY.values())
    assert {*REASONS, *GROUPS.values()} == SHOWN.keys()
    assert all(len(text) <= 11 for text in PHASES.values())


def largest() -> Glance:
    """A row in which everything is as long as it can be."""
    service, name = "kz." + "s" * 37, "a" * 40
    everybody, moment = (service,) * MOST_SILENT, utc_text(NOW)
    named: dict[str, object] = {"services": everybody, "each": ("stop_acknowledgement",) * MOST_SILENT, "unreachable": everybody}
    named |= {"checkpoint": "c" * 120, "contingency": "c" * 80, "next_to": service, "next_rung": moment, "next_reminder": moment}
    waits = tuple(wait(NOW, service, 1, **named) for _ in range(MOST_GLANCED))
    long: dict[str, object] = {
        "title": "\U0001f4a5" * 200,
        "whole": (service,) * MOST_SERVICES,
        "way": tuple({"state": "KZ", "responsible": service, "takes": 99_999_999} for _ in range(MOST_LEGS)),
        "waits": waits,
        "holder": service,
        "held_by": service,
        "lost_since": utc_text(NOW),
        "shortest": Shortfall(state="UZ", service=service, valid_until=utc_text(NOW), needed_until=utc_text(NOW)),
    }
    return glance_of(name, NOW, **long)


def test_the_largest_row_is_within_its_bound() -> None:
    """With room for as many findings as stand in it."""
    assert len(canonical(largest())) + MOST_IN_A_CELL * 4_000 <= GLANCE_BYTES
