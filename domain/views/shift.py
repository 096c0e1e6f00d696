"""The sheet of a shift: what changed since a moment, and what is open for who comes next, of all deliveries of one watch.

Two officers sign the digest of a sheet (`domain.record.handover`), so it has nothing but codes, names of services and moments,
and each list has a bound and says how much more there is. Nothing here decides anything.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.delivery.vocabulary import UtcText
from domain.plan.vocabulary import Digest, Need
from domain.rules.contingency import Consequence
from domain.signing.canonical import Frozen, digest
from domain.signing.envelope import Envelope
from domain.views.floor import Placed, concerned
from domain.views.floor_in_words import REASONS
from domain.views.glance import Glance
from domain.views.happenings import Happened, What
from domain.views.urgency import GROUPS, Group, Reason, Urgency, next_due, urgencies
from domain.words.errors import MOST_FAULTS, Fault
from domain.words.identifiers import OperationCode, ServiceId, State
from domain.words.limits import LONGEST_LIST, MOST_HAPPENED, MOST_IN_A_CELL, MOST_MOVED_ON_SHEET, MOST_ON_SHEET
from domain.words.moments import instant, utc_text
from domain.words.text import fill

USUALLY: Final = timedelta(hours=12)
"""A shift, where nothing says how long it is."""
LONGEST: Final = timedelta(days=31)
"""How far back a sheet goes."""
MOST_HOURS: Final = 48
"""Of a coming shift."""
CALLING: Final[tuple[Group, ...]] = ("needs_you", "watch")
"""The bands of rows that somebody has to look at."""

Count = Annotated[int, Field(ge=0)]


class Waiting(Frozen):
    """An open delivery for the next shift: why it stands there, whom it waits for, and when what happens by itself."""

    delivery: OperationCode
    reason: Reason
    until: UtcText | None
    """None: nothing happens by itself."""
    also: tuple[Reason, ...]
    state: State
    holder: ServiceId
    who: Annotated[tuple[ServiceId, ...], Field(max_length=MOST_IN_A_CELL)]
    more: Count
    """How many more are waited for."""
    need: Need | None
    since: UtcText | None
    due: UtcText | None
    then: Consequence | None
    climbed: Count
    """Rungs of the ladder climbed so far."""
    told: ServiceId | None
    """Whom the ladder has told last in this shift, where that is known."""


class Running(Frozen):
    """A consent that ends within the coming shift, and until when it is needed by the plan."""

    delivery: OperationCode
    state: State
    service: ServiceId
    valid_until: UtcText
    needed_until: UtcText


class Moved(Frozen):
    """A delivery that stands otherwise than at the beginning of the shift."""

    delivery: OperationCode
    was: Reason
    now: Reason


class Before(Frozen):
    """The handover that this sheet follows on."""

    number: Annotated[int, Field(ge=1)]
    sheet: Digest
    heads: Digest
    at: UtcText


class Sheet(Frozen):
    """What one shift hands to the next. `since`, `at`, `until`: the shift that ends from its beginning to now, and the end of the
    coming one.
    """

    vigil: Literal["sheet/1"] = "sheet/1"
    watch: ServiceId | None
    """Whose deliveries: those of which this service sees the whole. None: all."""
    since: UtcText
    at: UtcText
    until: UtcText
    before: Before | None
    heads: Digest
    """Of all open deliveries together: `heads_of`."""
    open: Count
    on_the_road: Count
    needing: Count
    """How many need somebody now."""
    counts: dict[What, Count]
    """How much of what has happened since."""
    waiting: Annotated[tuple[Waiting, ...], Field(max_length=MOST_ON_SHEET)]
    """What needs somebody, is to be watched, or comes due in the coming shift; the worst first."""
    more_waiting: Count
    consents: Annotated[tuple[Running, ...], Field(max_length=MOST_MOVED_ON_SHEET)]
    more_consents: Count
    happened: Annotated[tuple[Happened, ...], Field(max_length=MOST_HAPPENED)]
    more_happened: Count
    worse: Annotated[tuple[Moved, ...], Field(max_length=MOST_MOVED_ON_SHEET)]
    more_worse: Count
    better: Annotated[tuple[Moved, ...], Field(max_length=MOST_MOVED_ON_SHEET)]
    more_better: Count
    not_compared: Count
    """Of how many more it was not worked out whether they got worse or better."""
    beyond: Count
    """Open deliveries beyond what a gateway holds."""
    unreadable: Annotated[tuple[OperationCode, ...], Field(max_length=LONGEST_LIST)]
    """Those whose record somebody has altered."""

    def names(self) -> Iterator[str]:
        """Every delivery of which it says anything."""
        for some in (self.waiting, self.consents, self.happened, self.worse, self.better):
            yield from (one.delivery for one in some)
        yield from self.unreadable


class MadeSheet(Frozen):
    """A sheet as it was made now. `signed`: it as the installation signs it; both officers sign `digest`, of its payload."""

    sheet: Sheet
    digest: Digest
    signed: Envelope


Head = tuple[str, int, str]
"""A delivery, how many entries its ledger has, and the root over them."""


def heads_of(heads: Iterable[Head]) -> str:
    """One digest over the heads of open deliveries: two who have the same speak of the same records, to the last entry."""
    return digest(sorted([*one] for one in heads))


@dataclass(frozen=True)
class Shift:
    """Of which shift a sheet is."""

    watch: str | None
    since: datetime
    at: datetime
    until: datetime
    before: Before | None = None


@dataclass(frozen=True)
class SheetSource:
    """What a sheet is made from: the rows of the watch, their heads, what happened since, and how those deliveries stood then of
    which that is known.
    """

    rows: Sequence[Placed]
    heads: Sequence[Head]
    counts: Mapping[What, int]
    happened: Sequence[Happened]
    then: Mapping[str, Glance]
    beyond: int = 0
    unreadable: Sequence[str] = ()


def changed_since(rows: Iterable[Placed], since: datetime) -> Iterator[Placed]:
    """Those that were open at that moment and have other entries by now, the worst first."""
    yield from sorted((row for row in rows if row.begun < since < row.at), key=_order)


def sheet_of(shift: Shift, known: SheetSource) -> Sheet:
    """The sheet. It is the same for the same shift and what is known."""
    found = _gone_over(sorted(known.rows, key=_order), shift, known.then)
    consents = sorted(found.consents, key=lambda one: (one.valid_until, one.delivery))
    told = {one.delivery: one.services[0] for one in known.happened if one.what == "told_next" and one.services}
    return Sheet(
        watch=shift.watch,
        since=utc_text(shift.since),
        at=utc_text(shift.at),
        until=utc_text(shift.until),
        before=shift.before,
        heads=heads_of(known.heads),
        open=len(known.heads) + known.beyond,
        on_the_road=found.on_the_road,
        needing=sum(row.worst.group == "needs_you" for row in known.rows),
        counts=dict(known.counts),
        waiting=tuple(_waiting(row, told.get(row.delivery)) for row in found.waiting[:MOST_ON_SHEET]),
        more_waiting=max(len(found.waiting) - MOST_ON_SHEET, 0),
        consents=tuple(consents[:MOST_MOVED_ON_SHEET]),
        more_consents=max(len(consents) - MOST_MOVED_ON_SHEET, 0),
        happened=tuple(known.happened[:MOST_HAPPENED]),
        more_happened=max(sum(known.counts.values()) - len(known.happened[:MOST_HAPPENED]), 0),
        worse=tuple(found.worse[:MOST_MOVED_ON_SHEET]),
        more_worse=max(len(found.worse) - MOST_MOVED_ON_SHEET, 0),
        better=tuple(found.better[:MOST_MOVED_ON_SHEET]),
        more_better=max(len(found.better) - MOST_MOVED_ON_SHEET, 0),
        not_compared=found.not_compared,
        beyond=known.beyond,
        unreadable=tuple(sorted(known.unreadable)[:LONGEST_LIST]),
    )


@dataclass
class _GoneOver:
    """What rows say, in their order. A row is unpacked once for all of it: of ten thousand rows that is most of the work."""

    waiting: list[Placed] = field(default_factory=list)
    consents: list[Running] = field(default_factory=list)
    worse: list[Moved] = field(default_factory=list)
    better: list[Moved] = field(default_factory=list)
    not_compared: int = 0
    on_the_road: int = 0

    def moved(self, row: Placed, was: Urgency) -> None:
        """It stood where it did for this reason."""
        if was.rank != row.worst.rank and (was.group in CALLING or row.worst.group in CALLING):
            moved = Moved(delivery=row.delivery, was=was.reason, now=row.worst.reason)
            (self.worse if row.worst.rank < was.rank else self.better).append(moved)


def _gone_over(rows: Iterable[Placed], shift: Shift, then: Mapping[str, Glance]) -> _GoneOver:
    found = _GoneOver()
    for row in rows:
        seen = row.glance
        found.on_the_road += _is_on_the_road(seen)
        found.consents.extend(_running(seen, shift))
        if row.worst.group in CALLING or _due_within(seen, shift):
            found.waiting.append(row)
        if row.begun >= shift.since:
            continue
        stood = then.get(row.delivery) if row.at > shift.since else seen  # without newer entries, time alone has moved it
        if stood is None:
            found.not_compared += 1
        else:
            found.moved(row, next(urgencies(stood, shift.since)))
    return found


def differences(sheet: Sheet, rows: Iterable[Placed]) -> tuple[Fault, ...]:
    """What needs somebody now and does not by the sheet, or the other way round, or for another reason. All else is for the next
    sheet: on a busy floor nobody would ever sign one.
    """
    was = {one.delivery: one.reason for one in sheet.waiting if GROUPS[one.reason] == "needs_you"}
    cut = len(was) == MOST_ON_SHEET  # more of them may not have found room: what is new among them is not known
    here = ((row.delivery, row.worst) for row in rows)
    now = {name: worst.reason for name, worst in here if worst.group == "needs_you" and (name in was or not cut)}
    differing = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    return tuple(Fault(place=name, problem=_difference(was.get(name), now.get(name))) for name in differing[:MOST_FAULTS])


def _difference(was: Reason | None, now: Reason | None) -> str:
    if was is None and now is not None:
        return fill("needs somebody now, and by the sheet it does not: {now}", now=fill(REASONS[now]))
    if was is not None and now is None:
        return fill("needs nobody now, and by the sheet it does: {was}", was=fill(REASONS[was]))
    assert was is not None and now is not None  # noqa: S101, PT018 - they differ
    return fill("by the sheet: {was}; now: {now}", was=fill(REASONS[was]), now=fill(REASONS[now]))


def _order(row: Placed) -> tuple[int, bool, datetime, str]:
    worst = row.worst
    return worst.rank, worst.until is None, worst.until or row.begun, row.delivery


def _due_within(seen: Glance, shift: Shift) -> bool:
    due = next_due(seen, shift.at)
    return due is not None and due <= shift.until


def _is_on_the_road(seen: Glance) -> bool:
    return seen.leg is not None and not seen.arrived and seen.outcome is None


def _waiting(row: Placed, told: str | None) -> Waiting:
    seen, worst = row.glance, row.worst
    wait = concerned(seen, worst)
    services = wait.services if wait is not None else ()
    return Waiting(
        delivery=seen.delivery,
        reason=worst.reason,
        until=utc_text(worst.until) if worst.until is not None else None,
        also=tuple(one.reason for one in row.so[1:]),
        state=row.state,
        holder=seen.holder,
        who=services[:MOST_IN_A_CELL],
        more=max(len(services) - MOST_IN_A_CELL, 0) + (wait.more if wait is not None else 0),
        need=wait.needs if wait is not None else None,
        since=wait.since if wait is not None else None,
        due=wait.due if wait is not None else None,
        then=wait.then if wait is not None else None,
        climbed=wait.climbed if wait is not None else 0,
        told=told,
    )


def _running(seen: Glance, shift: Shift) -> Iterator[Running]:
    for one in dict.fromkeys((seen.ends_first, seen.shortest)):
        if one is not None and instant(one.valid_until) <= shift.until:
            yield Running(delivery=seen.delivery, **dict(one))
