"""The watch floor: rows of all open deliveries, and which of them are asked for in which order, for page, API and command alike.

What is so of a row is worked out once and holds until its next turn (`Placed.until`); `domain.views.selection` keeps rows in
order and counts them. Nothing here decides anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from domain.delivery.chasing import Chase
from domain.delivery.vocabulary import UtcText
from domain.signing.canonical import Frozen
from domain.views.glance import Glance, Pending
from domain.views.lists import OperationCodes
from domain.views.owed import Unanswered, owed
from domain.views.urgency import ABOUT, Group, Reason, Urgency, holds_until, urgencies
from domain.views.view import Phase
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import LONGEST_LIST, LONGEST_SEARCH, MOST_LISTED_SERVICES, MOST_ON_FLOOR
from domain.words.moments import instant, utc_text
from domain.words.text import shown

Order = Literal["worst", "due", "age", "name"]
"""The worst first, as `urgency` orders; what comes due next first; the oldest first; by code name."""
Shown = Reason | Group
Engine = Literal["up", "no_worker", "away"]
"""Whether a worker is up; `away`: Temporal does not answer."""
Count = Annotated[int, Field(ge=0)]
ROWS_OF_FLOOR: Final = 120
"""On one page: in Russian, and where all of them are in trouble, it weighs less than 200 KB."""
LAST_PAGE: Final = -(-MOST_ON_FLOOR // ROWS_OF_FLOOR)
HOUR: Final = timedelta(hours=1)


class FloorQuestion(Frozen):
    """Which rows are asked for, all that is given of it. `show`: a reason, or a whole band. `state`: where it is now. `service`:
    it holds it, or is waited for. `text`: part of the code name, the title, or such a service; upper or lower case. `deliveries`:
    only these.
    """

    show: Shown | None = None
    state: State | None = None
    service: ServiceId | None = None
    phase: Phase | None = None
    text: Annotated[str, Field(max_length=LONGEST_SEARCH)] = ""
    deliveries: OperationCodes | None = None
    sort: Order = "worst"
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1


PARAMETERS: Final[Mapping[str, str]] = {
    "show": "show",
    "in": "state",
    "service": "service",
    "phase": "phase",
    "text": "text",
    "deliveries": "deliveries",
    "sort": "sort",
    "page": "page",
}
"""What each is called in an address."""
NARROWING: Final = ("show", "in", "service", "phase", "text", "deliveries")
"""Those that leave rows out."""


def asked(query: Mapping[str, str]) -> tuple[FloorQuestion, tuple[str, ...]]:
    """What an address asks for, and the names in it that are none or say what they cannot: an old link shows what it can."""
    given: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in query.items():
        if name not in PARAMETERS:
            unknown.append(shown(name, LONGEST_SEARCH))
        elif value:
            try:
                FloorQuestion.model_validate({PARAMETERS[name]: value})
            except ValidationError:
                unknown.append(shown(name, LONGEST_SEARCH))
            else:
                given[PARAMETERS[name]] = value
    return FloorQuestion.model_validate(given), tuple(dict.fromkeys(unknown))


class FloorRow(Frozen):
    """One open delivery: what is worst of it and until when, what else is so of it, and how it stands."""

    reason: Reason
    group: Group
    until: UtcText | None
    """None: nothing happens by itself."""
    also: tuple[Reason, ...]
    """What else is so of it."""
    state: State
    """In which it is now."""
    glance: Glance


class ReasonCount(Frozen):
    """How many deliveries there are of which that is so, and the worst of them."""

    reason: Reason
    count: Count
    delivery: OperationCode | None
    until: UtcText | None


class Facets(Frozen):
    """How many rows each value of a filter would leave, with the other filters as they are."""

    show: dict[Shown, Count]
    state: dict[State, Count]
    service: dict[ServiceId, Count]
    phase: dict[Phase, Count]


class FloorPage(Frozen):
    """A page of the watch floor. `at`: the moment for which it is true. `rows`: at most 120 of the `matching` ones."""

    at: UtcText
    counters: tuple[ReasonCount, ...]
    facets: Facets
    rows: Annotated[tuple[FloorRow, ...], Field(max_length=ROWS_OF_FLOOR)]
    page: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=1)]
    matching: Count
    open: Count
    """How many there are for the reader."""
    due_within_an_hour: Count
    """Of these, how many have a due time within the next hour."""


class Floor(FloorPage):
    """A page of the watch floor, and what there is to know about it. `beyond`: open deliveries beyond what a gateway holds, those
    with the latest due times. `unreadable`: those whose row somebody has altered, for supervisors. `unknown`: parameters of the
    address that are none, or say what they cannot. `version`: from where a stream goes on after this page.
    """

    beyond: Annotated[int, Field(ge=0)]
    unreadable: Annotated[tuple[OperationCode, ...], Field(max_length=LONGEST_LIST)]
    unknown: tuple[str, ...]
    engine: Engine
    version: str
    chases: Annotated[tuple[Chase, ...], Field(max_length=MOST_LISTED_SERVICES)] = ()
    """Who has taken over to chase which silent service."""

    def names(self) -> Iterator[str]:
        """Every delivery of which it shows anything."""
        yield from (row.glance.delivery for row in self.rows)
        yield from (one.delivery for one in self.counters if one.delivery is not None)
        yield from self.unreadable


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with what is so of it, which holds before `until`. `packed`: its glance, as one value: tens of thousands of rows as
    models are millions of objects, over which the collector of garbage has to go.
    """

    delivery: OperationCode
    whole: tuple[ServiceId, ...]
    phase: Phase
    packed: bytes
    so: tuple[Urgency, ...]
    until: datetime | None
    state: State
    services: frozenset[str]
    text: str
    begun: datetime
    at: datetime
    """When its newest entry was recorded."""
    hours: tuple[tuple[datetime, datetime], ...]
    """From when to before when something is due within the hour."""
    more_waits: int
    """How many checkpoints wait that the glance has no room for."""
    owed: tuple[Unanswered, ...]
    """The open checkpoints at which silence counts."""

    @property
    def worst(self) -> Urgency:
        """Why it stands where it does."""
        return self.so[0]

    @property
    def glance(self) -> Glance:
        """How it stands; it is unpacked each time."""
        return Glance.model_validate_json(self.packed)

    def shown(self) -> FloorRow:
        """As it goes out."""
        worst, *others = self.so
        until = utc_text(worst.until) if worst.until is not None else None
        return FloorRow(
            reason=worst.reason,
            group=worst.group,
            until=until,
            also=tuple(one.reason for one in others),
            state=self.state,
            glance=self.glance,
        )


def placed(seen: Glance, now: datetime) -> Placed:
    """What is so of a row at this moment."""
    services = frozenset({seen.holder, *(service for one in seen.waits for service in one.services)})
    so = tuple(urgencies(seen, now))
    return Placed(
        delivery=seen.delivery,
        whole=seen.whole,
        phase=seen.phase,
        packed=packed(seen),
        so=so,
        until=holds_until(seen, now),
        state=seen.way[seen.leg or 0].state,
        services=services,
        text="\n".join((seen.delivery, seen.title, *sorted(services))).casefold(),
        begun=instant(seen.started_at),
        at=instant(seen.at),
        hours=tuple(_hours(one.until for one in so if one.until is not None)),
        more_waits=seen.more_waits,
        owed=owed(seen),
    )


def packed(seen: Glance) -> bytes:
    """A glance as one value; two of them are the same where these are."""
    return seen.model_dump_json().encode()


def _hours(moments: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """The hours before these moments, each stretch once."""
    begins: datetime | None = None
    ends: datetime | None = None
    for moment in sorted(moments):
        if begins is not None and ends is not None and ends < moment - HOUR:
            yield begins, ends
            begins = None
        begins, ends = begins or moment - HOUR, moment
    if begins is not None and ends is not None:
        yield begins, ends


def concerned(seen: Glance, worst: Urgency) -> Pending | None:
    """The open checkpoint that a row is about: the one for which it stands where it does, else the first."""
    named = ABOUT.get(worst.reason)
    fitting: tuple[Callable[[Pending], bool], ...] = (
        lambda one: named is not None and one.contingency == named,
        lambda one: worst.until is not None and one.due is not None and instant(one.due) == worst.until,
        lambda one: worst.reason == "unreachable" and bool(one.unreachable),
    )
    return next((one for fits in fitting for one in seen.waits if fits(one)), next(iter(seen.waits), None))


def matches(row: Placed, question: FloorQuestion) -> bool:
    """Whether the row is among those that are asked for."""
    return all(test(row) for test in tests_of(question).values())


def tests_of(question: FloorQuestion) -> dict[str, Callable[[Placed], bool]]:
    """Each filter that is set, by its name."""
    show, text = question.show, question.text.casefold()
    named = frozenset(question.deliveries.split(",")) if question.deliveries is not None else frozenset()
    found: dict[str, tuple[object, Callable[[Placed], bool]]] = {
        "show": (show, lambda row: row.worst.group == show or any(one.reason == show for one in row.so)),
        "state": (question.state, lambda row: row.state == question.state),
        "service": (question.service, lambda row: question.service in row.services),
        "phase": (question.phase, lambda row: row.phase == question.phase),
        "text": (text, lambda row: text in row.text),
        "deliveries": (named, lambda row: row.delivery in named),
    }
    return {name: test for name, (value, test) in found.items() if value}


def _by_worst(row: Placed) -> tuple[int, bool, datetime, str]:
    worst = row.worst
    return worst.rank, worst.until is None, worst.until or row.begun, row.delivery


KEYS: Final[Mapping[Order, Callable[[Placed], tuple[Any, ...]]]] = {
    "worst": _by_worst,
    "due": lambda row: _by_worst(row)[1:],
    "age": lambda row: (row.begun, row.delivery),
    "name": lambda row: (row.delivery,),
}
