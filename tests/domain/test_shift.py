"""The sheet of a shift by itself: what got worse or better, its bounds, and what is refused as changed."""

from datetime import timedelta
from typing import Any

import pytest

from domain.record.handover import SIGNED_WITHIN, TAKEN_WITHIN
from domain.signing.canonical import canonical
from domain.views.floor import placed
from domain.views.glance import Glance, Shortfall
from domain.views.happenings import WHATS, Happened
from domain.views.shift import Sheet, SheetSource, Shift, changed_since, differences, heads_of, sheet_of
from domain.views.shift_in_words import COUNTS, TELLS, coming, remarks, rows, tells
from domain.words.limits import (
    LARGEST_PAYLOAD,
    MOST_HAPPENED,
    MOST_IN_A_CELL,
    MOST_MOVED_ON_SHEET,
    MOST_ON_SHEET,
    MOST_SILENT,
)
from domain.words.moments import utc_text
from rehearsal.services import EPOCH as NOW
from tests.floors import glance_of, night, trouble, wait

SINCE = NOW - timedelta(hours=8)
SHIFT = Shift(None, SINCE, NOW, NOW + timedelta(hours=12))


def seen(name: str, kind: str = "", **changed: Any) -> Glance:
    """A row in this trouble, whose newest entry is of this minute."""
    return glance_of(name, NOW, **(trouble(kind, NOW) | changed))


def sheet(*glances: Glance, then: dict[str, Glance] | None = None, **more: Any) -> Sheet:
    """The sheet of these."""
    heads = [(one.delivery, 1, "0" * 64) for one in glances]
    given: dict[str, Any] = {"counts": {}, "happened": (), "then": then or {}, "heads": heads}
    return sheet_of(SHIFT, SheetSource(rows=[placed(one, NOW) for one in glances], **(given | more)))


def test_what_got_worse_and_what_got_better_is_told_and_what_is_not_known_is_counted() -> None:
    """By how it stood when the shift began; of what began later there is nothing to compare."""
    old = seen("old-4", at=utc_text(SINCE - timedelta(hours=1)), waits=(wait(NOW, "uz.customs", -1, silent=False),))
    young = seen("young-5", "lost", started_at=utc_text(NOW - timedelta(hours=1)))
    found = sheet(
        *(seen("worse-1", "overdue"), seen("better-2"), seen("same-3", "held"), old, young, seen("unknown-6", "lost")),
        then={"worse-1": seen("worse-1"), "better-2": seen("better-2", "lost"), "same-3": seen("same-3", "held")},
    )
    assert [("old-4", "under_way", "overdue"), ("worse-1", "under_way", "overdue")] == sorted(
        (one.delivery, one.was, one.now) for one in found.worse
    )
    assert [("better-2", "lost", "under_way")] == [(one.delivery, one.was, one.now) for one in found.better]
    assert 1 == found.not_compared
    assert "not known of 1 more" in " ".join(remarks(found))


@pytest.mark.parametrize("count", [MOST_IN_A_CELL, MOST_IN_A_CELL + 1, MOST_SILENT])
def test_a_sheet_names_some_of_those_who_are_waited_for_and_says_how_many_more(count: int) -> None:
    """As many as a cell holds; a stop that everybody must acknowledge waits for more of them."""
    many = tuple(f"uz.office-{number}" for number in range(count))
    (found,) = sheet(seen("amber-1", waits=(wait(NOW, "uz.customs", 5, services=many, more=2),))).waiting

    assert (many[:MOST_IN_A_CELL], count - MOST_IN_A_CELL + 2) == (found.who, found.more)


def test_a_sheet_of_a_full_floor_has_a_bound_and_says_what_it_leaves_out() -> None:
    """Rows, entries, consents and moves; it fits into one envelope, names whose they are and still says how many there are."""
    ends = Shortfall(state="UZ", service="uz.prosecutor", **dict.fromkeys(("valid_until", "needed_until"), utc_text(NOW)))
    many = [one.model_copy(update={"ends_first": ends}) for one in night(1000, NOW)]
    line = Happened(at=utc_text(NOW), delivery="amber-1", seq=1, what="refused", by="uz.customs", officer="U-1", kind="seizure")
    found = sheet(*many, counts={"refused": 500}, happened=[line] * 400, then={one.delivery: seen("x-1", "lost") for one in many})

    assert (MOST_ON_SHEET, MOST_HAPPENED, MOST_MOVED_ON_SHEET) == (len(found.waiting), len(found.happened), len(found.consents))
    assert (1000, 500 - MOST_HAPPENED) == (found.open, found.more_happened)
    assert found.more_waiting > 0 < found.more_better
    assert len(canonical(found)) < LARGEST_PAYLOAD / 2


def test_one_digest_stands_for_all_heads_in_whatever_order_they_come() -> None:
    """One entry more anywhere makes another."""
    heads = [("amber-1", 3, "0" * 64), ("birch-2", 5, "1" * 64)]
    assert heads_of(heads) == heads_of(reversed(heads))
    assert heads_of(heads) != heads_of([heads[0], ("birch-2", 6, "1" * 64)])


@pytest.mark.parametrize(
    ("now", "differs"),
    [
        ([seen("amber-1", "overdue"), seen("birch-2")], []),
        ([seen("amber-1", "overdue"), seen("birch-2", "due_soon"), seen("cedar-3")], []),
        ([seen("amber-1", "lost"), seen("birch-2")], ["amber-1"]),
        ([seen("birch-2", "held")], ["amber-1", "birch-2"]),
        ([seen("amber-1", "overdue"), seen("birch-2"), seen("cedar-3", "to_seize")], ["cedar-3"]),
    ],
)
def test_a_sheet_is_refused_for_what_needs_somebody_and_not_for_routine(now: list[Glance], differs: list[str]) -> None:
    """New, gone, or for another reason; each is named."""
    found = differences(sheet(seen("amber-1", "overdue"), seen("birch-2")), [placed(one, NOW) for one in now])
    assert differs == [one.place for one in found]


def test_where_more_needs_somebody_than_a_sheet_has_room_for_nothing_new_is_made_of_the_rest() -> None:
    """Those that were left out are not taken for new ones; one of the sheet that is well again is."""
    many = [seen(f"amber-{number}", "overdue") for number in range(MOST_ON_SHEET + 50)]
    made = sheet(*many)
    assert () == differences(made, [placed(one, NOW) for one in many])
    well = [seen(one.delivery) if one.delivery == made.waiting[0].delivery else one for one in many]
    assert [made.waiting[0].delivery] == [one.place for one in differences(made, [placed(one, NOW) for one in well])]


def test_only_what_was_open_and_has_newer_entries_is_read_as_it_stood() -> None:
    """Not what began later, nor what nobody has touched: time alone has moved that."""
    some = [
        seen("new-1", started_at=utc_text(NOW - timedelta(hours=1))),
        seen("still-2", at=utc_text(SINCE - timedelta(hours=1))),
        seen("changed-3"),
        seen("worst-4", "lost"),
    ]
    assert ["worst-4", "changed-3"] == [one.delivery for one in changed_since([placed(one, NOW) for one in some], SINCE)]


def test_each_happening_has_its_words_and_every_row_says_until_when() -> None:
    """Nothing of a sheet is a code; whom the ladder has told stands beside what it waits for."""
    assert {*WHATS} == TELLS.keys() == COUNTS.keys()
    told = Happened(at=utc_text(NOW), delivery="amber-1", seq=4, what="told_next", services=("uz.mvd",))
    found = sheet(seen("amber-1", "overdue"), seen("birch-2", "to_seize"), happened=[told], counts={"told_next": 1})
    late, stopped = {one.delivery: one for one in rows(found)}["amber-1"], next(rows(found))

    assert "amber-1: uz.mvd was told, next on the ladder, that an answer is missing." == tells(told)
    assert late.text.endswith("uz.mvd was told last.")
    assert ("birch-2", "until seized", "act") == (stopped.delivery, stopped.until, stopped.tone)
    assert late.until.startswith("late 3 h 12 min")
    assert () == coming(found)
    assert SIGNED_WITHIN < TAKEN_WITHIN
