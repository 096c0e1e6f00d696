"""Who is silent, service by service, from the rows of the watch floor: what is missing, since when, what is next, whom to call.

The moment, the directory's entries and the local time of each service are brought along. Nothing here decides anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from domain.delivery.chasing import Chase
from domain.delivery.vocabulary import UtcText
from domain.plan.directory import Desk, Service, Text
from domain.plan.duty import Hours, Telephone, Zone, on_duty
from domain.plan.vocabulary import Need
from domain.rules.contingency import Consequence
from domain.signing.canonical import Frozen
from domain.views.floor import Placed
from domain.views.glance import Awaited, Glance
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId, State
from domain.words.limits import LONGEST_SEARCH, MOST_BLOCKS, MOST_LISTED_SERVICES, MOST_MISSING
from domain.words.moments import instant, utc_text
from domain.words.text import shown

SOON: Final = timedelta(hours=12)
"""From when on what is due is shown beside what is late: whoever is on the telephone asks for both."""
Late = Literal["to_seize", "late", "soon"]
"""It was stopped and is not seized; nobody answered in time; it comes due. The worst first."""
ORDER: Final[tuple[Late, ...]] = ("to_seize", "late", "soon")
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

    now: datetime
    find: Callable[[str], Service | None]
    """A service of the directory as it stands now."""
    clock: Callable[[Service], datetime | None]
    """What time it is at a service, by its own clocks; none where that is not known."""
    chased: Callable[[str, str | None], Chase | None]
    """Who chases a service that is silent since a moment, as far as the reader may know."""


@dataclass(frozen=True, slots=True)
class _Owed:
    """A thing that a service owes, before it is known whether it is shown. Moments are texts of one form, which sort as they do:
    nothing is worked out of rows that stand on no page.
    """

    late: Late
    at: str
    """When it was due, or asked."""
    row: Placed
    wait: Awaited
    number: int
    """Of the service at its checkpoint."""

    def place(self) -> tuple[int, str, str, str]:
        """The worst first: by kind, then since when."""
        return ORDER.index(self.late), self.at, self.row.delivery, self.wait.checkpoint

    def shown(self, now: datetime) -> Missing:
        """As it goes out."""
        seen, wait = self.row.glance, self.wait
        return Missing(
            delivery=seen.delivery,
            title=seen.title,
            state=self.row.state,
            checkpoint=wait.checkpoint,
            needs=wait.each[self.number] if self.number < len(wait.each) else wait.needs,
            late=self.late,
            since=wait.since,
            due=wait.due,
            climbed=wait.climbed,
            rungs=wait.rungs,
            next=next_of(wait, now),
            then=wait.then,
            unreachable=wait.services[self.number] in wait.unreachable,
        )


@dataclass
class _Block:
    """What is missing of one service."""

    items: list[_Owed] = field(default_factory=list)

    def key(self) -> tuple[int, str]:
        """The worst first."""
        return self.items[0].place()[:2]

    def late(self) -> int:
        """How many of these are late."""
        return sum(one.late != "soon" for one in self.items)


def overdue_page(rows: Iterable[Placed], question: OverdueQuestion, around: Around) -> Overdue:
    """The page that is asked for, of the rows of one reader, which are gone over once."""
    blocks, beyond, now = dict[str, _Block](), 0, around.now
    for row in rows:
        beyond += row.more_waits
        if not _may_owe(row, now):
            continue
        seen = row.glance
        beyond += sum(one.more for one in seen.waits if one.more and late_of(seen, one, now) is not None)
        for service, item in _owed(row, seen, now):
            blocks.setdefault(service, _Block()).items.append(item)
    for block in blocks.values():
        block.items.sort(key=_Owed.place)
    counts = {name: block.late() for name, block in blocks.items()}
    fitting = [(name, block) for name, block in blocks.items() if _fits(name, counts[name], question, around)]
    fitting.sort(key=lambda one: _order(one[0], one[1], question, around))
    pages = max(1, -(-len(fitting) // MOST_BLOCKS))
    page = min(question.page, pages)
    return Overdue(
        at=utc_text(now),
        late=sum(counts.values()),
        services=sum(1 for one in counts.values() if one),
        silent=tuple(
            _silent(name, block, question, around) for name, block in fitting[(page - 1) * MOST_BLOCKS : page * MOST_BLOCKS]
        ),
        matching=len(fitting),
        page=page,
        pages=pages,
        beyond=beyond,
    )


def silent_services(rows: Iterable[Placed], now: datetime) -> frozenset[str]:
    """The services that are late with anything in these rows."""
    late = (row.glance for row in rows if row.to_seize or any(one.reason == "overdue" for one in row.so))
    return frozenset(service for seen in late for one in seen.waits if is_late(seen, one, now) for service in one.services)


def missing(row: Placed, now: datetime) -> Iterator[tuple[str, Missing]]:
    """What is missing in one row, service by service."""
    return ((service, one.shown(now)) for service, one in _owed(row, row.glance, now))


def owing(rows: Iterable[Placed], now: datetime) -> frozenset[str]:
    """The services of which anything is missing in these rows."""
    return frozenset(service for row in rows if _may_owe(row, now) for service, _ in _owed(row, row.glance, now))


def _may_owe(row: Placed, now: datetime) -> bool:
    """Whether its glance is worth unpacking: most of ten thousand rows owe nothing soon. Who was silent owes still where it is
    due anew later (R8), and what is to be seized where nothing is due, however it ended.
    """
    soon = row.due is not None and row.due <= _text(now + SOON)
    return soon or row.to_seize or any(one.reason == "overdue" for one in row.so)


def _owed(row: Placed, seen: Glance, now: datetime) -> Iterator[tuple[str, _Owed]]:
    for wait in seen.waits:
        late = late_of(seen, wait, now)
        if late is not None:
            yield from ((one, _Owed(late, wait.due or wait.since, row, wait, number)) for number, one in enumerate(wait.services))


def late_of(seen: Glance, wait: Awaited, now: datetime) -> Late | None:
    """How late it is; none where it is not to be shown yet, or nobody's silence counts."""
    if seen.to_seize and wait.contingency == "interdiction":
        return "to_seize"
    if wait.due is None:
        return None
    if wait.silent or (wait.due <= _text(now) and not wait.paused):
        return "late"
    return "soon" if wait.due <= _text(now + SOON) and not wait.paused else None


@lru_cache(maxsize=8)
def _text(moment: datetime) -> str:
    """The same moment for each row that is gone over."""
    return utc_text(moment)


def is_late(seen: Glance, wait: Awaited, now: datetime) -> bool:
    """Whether somebody has to call for it."""
    return late_of(seen, wait, now) in ("to_seize", "late")


def next_of(wait: Awaited, now: datetime) -> Next:
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


def _order(name: str, block: _Block, question: OverdueQuestion, around: Around) -> tuple[str, tuple[int, str], str]:
    service = around.find(name)
    state = (service.state or "") if question.sort == "state" and service is not None else ""
    return state, block.key(), name


def _silent(name: str, block: _Block, question: OverdueQuestion, around: Around) -> Silent:
    late, first, service = block.late(), block.items[0], around.find(name)
    since = first.at if first.late != "soon" else None
    shown = block.items if question.show == "all" else [one for one in block.items if one.late != "soon"]
    local = around.clock(service) if service is not None else None
    duty = on_duty(service.hours, local) if service is not None and service.hours is not None and local is not None else None
    return Silent(
        service=name,
        names=service.names if service is not None else {},
        state=service.state if service is not None else None,
        since=since,
        late=late,
        soon=len(block.items) - late,
        missing=tuple(one.shown(around.now) for one in shown[:MOST_MISSING]),
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
