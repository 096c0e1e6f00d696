"""The rows that one reader's question finds, kept in order, and what is counted of them: row by row as they change.

So a page, its counters and its facets are work that does not grow with the number of rows, whatever is sought or sorted by. What
is counted of all rows of a reader is counted once for all its questions: else the collector of garbage would go over it for each.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast, get_args

from domain.views.floor import KEYS, ROWS_OF_FLOOR, Facets, FloorPage, FloorQuestion, Placed, ReasonCount, tests_of
from domain.views.urgency import COUNTED, GROUPS, Reason
from domain.views.view import Phase
from domain.words.moments import utc_text

T = TypeVar("T")
FACETS: Final = ("show", "state", "service", "phase")
"""Filters of which it is said what each value would leave."""


class FloorTally:
    """What is counted of all rows of one reader, whatever is asked for."""

    def __init__(self, rows: Iterable[Placed] = ()) -> None:
        self._worst: defaultdict[Reason, list[tuple[bool, datetime, str]]] = defaultdict(list)
        self._begins: list[datetime] = []
        self._ends: list[datetime] = []
        self.open = 0
        for row in rows:
            self.add(row)

    def add(self, row: Placed) -> None:
        """One more of them."""
        self.open += 1
        for one in row.so:
            insort(self._worst[one.reason], (one.until is None, one.until or row.begun, row.delivery))
        for begins, ends in row.hours:
            insort(self._begins, begins)
            insort(self._ends, ends)

    def remove(self, row: Placed) -> None:
        """It is none any more, or stands otherwise from now on. It has been added as it is here."""
        self.open -= 1
        for one in row.so:
            _drop(self._worst[one.reason], (one.until is None, one.until or row.begun, row.delivery))
        for begins, ends in row.hours:
            _drop(self._begins, begins)
            _drop(self._ends, ends)

    def within_an_hour(self, now: datetime) -> int:
        """Of how many of them something is due within the next hour."""
        return bisect_right(self._begins, now) - bisect_right(self._ends, now)

    def counters(self) -> Iterator[ReasonCount]:
        """Each in its place, be it of nothing."""
        for reason in COUNTED:
            counted = self._worst[reason]
            without, moment, name = counted[0] if counted else (True, None, None)
            until = None if without or moment is None else utc_text(moment)
            yield ReasonCount(reason=reason, count=len(counted), delivery=name, until=until)


class Selection:
    """Those of a reader's rows that are asked for. The page of the question does not matter."""

    def __init__(self, question: FloorQuestion, rows: Iterable[Placed] = ()) -> None:
        self._tests = tests_of(question)
        self._key = KEYS[question.sort]
        self._places: list[tuple[Any, ...]] = []
        self._matching: list[Placed] = []
        """Those that are asked for, each at the index of its place."""
        self._facets: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        for row in rows:
            self.add(row)

    def __len__(self) -> int:
        return len(self._matching)

    def add(self, row: Placed) -> None:
        """One more of this reader's rows, be it one that is asked for or not."""
        failed = self._count(row, 1)
        if not failed:
            place = self._key(row)
            at = bisect_left(self._places, place)
            self._places.insert(at, place)
            self._matching.insert(at, row)

    def remove(self, row: Placed) -> None:
        """It is none any more, or stands otherwise from now on. It has been added as it is here."""
        failed = self._count(row, -1)
        if not failed:
            del self._matching[_drop(self._places, self._key(row))]

    def _count(self, row: Placed, by: int) -> list[str]:
        """Count it; the filters that it does not pass."""
        failed = [name for name, test in self._tests.items() if not test(row)]
        values: Mapping[str, Iterable[str]] = {
            "show": (row.worst.group, *(one.reason for one in row.so)),
            "state": (row.state,),
            "service": row.services,
            "phase": (row.phase,),
        }
        for name in FACETS:
            if not failed or failed == [name]:
                counted = self._facets[name]
                for value in values[name]:
                    counted[value] += by
        return failed

    def names(self) -> Iterator[str]:
        """The deliveries that are asked for, in their order."""
        return (row.delivery for row in self._matching)

    def page(self, tally: FloorTally, number: int, now: datetime) -> FloorPage:
        """The page of that number, or the last."""
        pages = max(1, -(-len(self._matching) // ROWS_OF_FLOOR))
        page = min(number, pages)
        return FloorPage(
            at=utc_text(now),
            counters=tuple(tally.counters()),
            facets=self._found(),
            rows=tuple(row.shown() for row in self._matching[(page - 1) * ROWS_OF_FLOOR : page * ROWS_OF_FLOOR]),
            page=page,
            pages=pages,
            matching=len(self._matching),
            open=tally.open,
            due_within_an_hour=tally.within_an_hour(now),
        )

    def _found(self) -> Facets:
        """In an order that does not change with the numbers."""
        orders: Mapping[str, Iterable[str]] = {
            "show": (*GROUPS, *dict.fromkeys(GROUPS.values())),
            "state": sorted(self._facets["state"]),
            "service": sorted(self._facets["service"]),
            "phase": get_args(Phase),
        }
        found = {name: {one: counted[one] for one in orders[name] if counted[one]} for name, counted in self._facets.items()}
        return Facets.model_validate(found)


def floor_page(rows: Iterable[Placed], question: FloorQuestion, now: datetime) -> FloorPage:
    """The page that is asked for, of the rows of one reader."""
    found = tuple(rows)
    return Selection(question, found).page(FloorTally(found), question.page, now)


def _drop(kept: list[T], one: T) -> int:
    """Take it out of what is sorted; the index at which it was."""
    at = bisect_left(cast("list[Any]", kept), one)
    assert kept[at] == one  # noqa: S101 - what is dropped has been added
    del kept[at]
    return at
