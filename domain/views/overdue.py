"""Who is silent, service by service, from the rows of the watch floor: what is missing, since when, what is next, whom to call.

The moment, the directory's entries and the local time of each service are brought along. Nothing here decides anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field, ValidationError

from domain.delivery.chasing import Chase
from domain.delivery.vocabulary import UtcText
from domain.plan.directory import Desk, Service, Text
from domain.plan.duty import Hours, Telephone, Zone, on_duty
from domain.plan.vocabulary import Need
from domain.rules.contingency import Consequence
from domain.signing.canonical import Frozen
from domain.views.floor import Placed
from domain.views.glance import Pending
from domain.views.owed import ORDER, SOON, Late, Unanswered
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId, State
from domain.words.limits import LONGEST_SEARCH, MOST_BLOCKS, MOST_LISTED_SERVICES, MOST_MISSING
from domain.words.moments import instant, utc_text
from domain.words.text import shown

Opened = Literal["yes", "no", "not_known"]
"""Whether the request was read at the desk. Of a service whose own system takes its requests, that is not known."""
What = Literal["remind", "tell", "due", "held", "nothing"]
Count = Annotated[int, Field(ge=0)]
LAST_PAGE: Final = -(-MOST_LISTED_SERVICES // MOST_BLOCKS)


class OverdueQuestion(Frozen):
    """Which services are asked for. `show`: `late`, without what is merely due soon. `state`: of this State."""

    show: Literal["all", "late"] = "all"
    state: State | None = None
    service: ServiceId | None = None
    sort: Literal["worst", "state"] = "worst"
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1


PARAMETERS: Final[Mapping[str, str]] = {"show": "show", "in": "state", "service": "service", "sort": "sort", "page": "page"}
"""What each is called in an address."""


class Next(Frozen):
    """What follows if nobody answers, and when. `held`: nothing, while it is held. `nothing`: somebody has to call."""

    what: What
    at: UtcText | None = None
    to: ServiceId | None = None
    """Who is told."""


class Missing(Frozen):
    """One answer of one service that is not there."""

    delivery: OperationCode
    title: Text
    state: State
    """In which the delivery is now."""
    checkpoint: CheckpointId
    needs: Need
    late: Late
    since: UtcText
    """When it was asked."""
    due: UtcText | None
    climbed: Count
    """Rungs of the ladder climbed so far."""
    rungs: Count
    next: Next
    then: Consequence
    """What silence brings when it is due."""
    unreachable: bool
    """The request has not reached it."""
    opened: Opened = "not_known"
    opened_at: UtcText | None = None


class Silent(Frozen):
    """One service: how it stands there now, whom to call, and what is missing of it, the worst first."""

    service: ServiceId
    names: dict[str, Text]
    state: State | None
    since: UtcText | None
    """Since when it is silent; none where all is merely due soon."""
    late: Count
    """Answers that are late, all of them."""
    soon: Count
    missing: Annotated[tuple[Missing, ...], Field(max_length=MOST_MISSING)]
    more: Count
    """Of these, how many are not named here."""
    telephone: Telephone | None
    contact: Text | None
    hours: Hours | None
    zone: Zone | None
    local: Annotated[str, Field(max_length=32)] | None
    """What time it is there, with its offset; none where its zone is not known."""
    on_duty: bool | None
    """Whether somebody is there now; none where its hours are not known."""
    until: Annotated[str, Field(max_length=32)] | None
    """Until when that stays so, by the clocks there; none: it is not known, or always."""
    chase: Chase | None
    """Who has taken over to chase it."""


class Overdue(Frozen):
    """Silent services, the worst first. `late` and `services`: of all that the reader sees, however it is narrowed."""

    at: UtcText
    late: Count
    services: Count
    """How many are silent."""
    silent: Annotated[tuple[Silent, ...], Field(max_length=MOST_BLOCKS)]
    matching: Count
    page: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=1)]
    beyond: Count
    """Services at such checkpoints, and checkpoints, that rows have no room for: they stand in their deliveries alone."""
    unknown: tuple[str, ...] = ()
    """Parameters of the address that are none, or say what they cannot."""

    def names(self) -> Iterator[str]:
        """Every delivery of which it shows anything."""
        yield from (one.delivery for block in self.silent for one in block.missing)


def asked(query: Mapping[str, str]) -> tuple[OverdueQuestion, tuple[str, ...]]:
    """What an address asks for, and the names in it that are none or say what they cannot."""
    given: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in query.items():
        try:
            OverdueQuestion.model_validate({PARAMETERS[name]: value})
        except (KeyError, ValidationError):
            unknown.append(shown(name, LONGEST_SEARCH))
        else:
            given[PARAMETERS[name]] = value
    return OverdueQuestion.model_validate(given), tuple(dict.fromkeys(unknown))


@dataclass(frozen=True)
class Around:
    """What is known beside the rows."""

    find: Callable[[str], Service | None]
    """A service of the directory as it stands now."""
    clock: Callable[[Service], datetime | None]
    """What time it is at a service, by its own clocks; none where that is not known."""
    chased: Callable[[str, str | None], Chase | None]
    """Who chases a service that is silent since a moment, as far as the reader may know."""


class _Item(NamedTuple):
    """A thing that a service owes, before it is known whether it is shown. They sort the worst first: by kind, then since when;
    no two are alike before their rows.
    """

    rank: int
    """Of how late it is."""
    at: str
    delivery: str
    checkpoint: str
    number: int
    """Of the checkpoint among those of its row."""
    place: int
    """Of the service there."""
    row: Placed

    def shown(self, now: datetime) -> Missing:
        """As it goes out."""
        seen = self.row.glance
        wait = seen.waits[self.number]
        return Missing(
            delivery=seen.delivery,
            title=seen.title,
            state=self.row.state,
            checkpoint=wait.checkpoint,
            needs=wait.each[self.place] if self.place < len(wait.each) else wait.needs,
            late=ORDER[self.rank],
            since=wait.since,
            due=wait.due,
            climbed=wait.climbed,
            rungs=wait.rungs,
            next=next_of(wait, now),
            then=wait.then,
            unreachable=wait.services[self.place] in wait.unreachable,
        )


class Silences:
    """What is missing of each service in the rows of one reader at one moment: gone over once, however many ask."""

    def __init__(self, rows: Iterable[Placed], now: datetime) -> None:
        self._now, self._beyond = now, 0
        self._blocks: dict[str, list[_Item]] = {}
        for row in rows:
            self._beyond += row.more_waits + sum(one.more for one, _ in _late(row, now))
            for service, item in _items(row, now):
                self._blocks.setdefault(service, []).append(item)
        for items in self._blocks.values():
            items.sort()
        self._late = {name: sum(ORDER[one.rank] != "soon" for one in items) for name, items in self._blocks.items()}

    def page(self, question: OverdueQuestion, around: Around) -> Overdue:
        """The page that is asked for."""
        fitting = [(name, items) for name, items in self._blocks.items() if _fits(name, self._late[name], question, around)]
        fitting.sort(key=lambda one: _order(one[0], one[1], question, around))
        pages = max(1, -(-len(fitting) // MOST_BLOCKS))
        page = min(question.page, pages)
        return Overdue(
            at=utc_text(self._now),
            late=sum(self._late.values()),
            services=sum(1 for one in self._late.values() if one),
            silent=tuple(
                self._silent(name, question, around) for name, _ in fitting[(page - 1) * MOST_BLOCKS : page * MOST_BLOCKS]
            ),
            matching=len(fitting),
            page=page,
            pages=pages,
            beyond=self._beyond,
        )

    def _silent(self, name: str, question: OverdueQuestion, around: Around) -> Silent:
        items, late, service = self._blocks[name], self._late[name], around.find(name)
        since = items[0].at if late else None
        shown = items if question.show == "all" else items[:late]
        local = around.clock(service) if service is not None else None
        duty = on_duty(service.hours, local) if service is not None and service.hours is not None and local is not None else None
        return Silent(
            service=name,
            names=service.names if service is not None else {},
            state=service.state if service is not None else None,
            since=since,
            late=late,
            soon=len(items) - late,
            missing=tuple(one.shown(self._now) for one in shown[:MOST_MISSING]),
            more=max(len(shown) - MOST_MISSING, 0),
            telephone=service.telephone if service is not None else None,
            contact=service.contact if service is not None and service.contact != NOT_GIVEN else None,
            hours=service.hours if service is not None else None,
            zone=service.zone if service is not None else None,
            local=local.isoformat(timespec="minutes") if local is not None else None,
            on_duty=duty.now if duty is not None else None,
            until=duty.until.isoformat(timespec="minutes") if duty is not None and duty.until is not None else None,
            chase=around.chased(name, since),
        )


def silent_services(rows: Iterable[Placed], now: datetime) -> frozenset[str]:
    """The services that are late with anything in these rows."""
    return frozenset(service for row in rows for one, late in _late(row, now) if late != "soon" for service in one.services)


def missing(row: Placed, now: datetime) -> Iterator[tuple[str, Missing]]:
    """What is missing in one row, service by service."""
    return ((service, one.shown(now)) for service, one in _items(row, now))


def owing(rows: Iterable[Placed], now: datetime) -> frozenset[str]:
    """The services of which anything is missing in these rows."""
    return frozenset(service for row in rows for one, _ in _late(row, now) for service in one.services)


def _late(row: Placed, now: datetime) -> Iterator[tuple[Unanswered, Late]]:
    moment, soon = _text(now), _text(now + SOON)
    return ((one, late) for one in row.owed if (late := one.stands(moment, soon)) is not None)


def _items(row: Placed, now: datetime) -> Iterator[tuple[str, _Item]]:
    for one, late in _late(row, now):
        for place, service in enumerate(one.services):
            yield service, _Item(ORDER.index(late), one.at, row.delivery, one.checkpoint, one.number, place, row)


@lru_cache(maxsize=8)
def _text(moment: datetime) -> str:
    """The same moment for each row that is gone over."""
    return utc_text(moment)


def next_of(wait: Pending, now: datetime) -> Next:
    """The nearest of what is ahead. What was due and is not done yet is done at the next moment: a worker is behind."""
    if wait.paused:
        return Next(what="held")
    ahead: list[tuple[str, int, What, str | None]] = []
    if wait.next_reminder is not None:
        ahead.append((wait.next_reminder, 0, "remind", None))
    if wait.next_rung is not None:
        ahead.append((wait.next_rung, 1, "tell", wait.next_to))
    if wait.due is not None and not wait.silent and wait.then != "nothing" and instant(wait.due) > now:
        ahead.append((wait.due, 2, "due", None))
    if not ahead:
        return Next(what="nothing")
    at, _, what, to = min(ahead)
    return Next(what=what, at=at, to=to)


def _fits(name: str, late: int, question: OverdueQuestion, around: Around) -> bool:
    service = around.find(name)
    in_state = question.state is None or (service is not None and service.state == question.state)
    return in_state and question.service in (None, name) and (question.show == "all" or late > 0)


def _order(name: str, items: list[_Item], question: OverdueQuestion, around: Around) -> tuple[str, int, str, str]:
    service = around.find(name)
    state = (service.state or "") if question.sort == "state" and service is not None else ""
    return state, items[0].rank, items[0].at, name


NOT_GIVEN: Final = Service.model_fields["contact"].default
"""What the directory says where it says nothing."""


def with_opened(
    found: Overdue, reads: Mapping[tuple[str, str, str], str | None], find: Callable[[str], Service | None]
) -> Overdue:
    """The same, saying of each request whether it was opened. `reads`: by delivery, service and checkpoint, when it was."""

    def told(service: str, one: Missing) -> Missing:
        place, who = (one.delivery, service, one.checkpoint), find(service)
        if (at := reads.get(place)) is not None:
            return one.model_copy(update={"opened": "yes", "opened_at": at})
        at_desk = who is not None and isinstance(who.reach, Desk)
        return one.model_copy(update={"opened": "no"}) if at_desk and place in reads else one

    silent = tuple(
        block.model_copy(update={"missing": tuple(told(block.service, one) for one in block.missing)}) for block in found.silent
    )
    return found.model_copy(update={"silent": silent})
