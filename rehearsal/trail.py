"""What a ledger shows, one sight after another, and whether a scenario's trail is among it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.delivery.decided import Concluded, Escalated, Expired, Expiring, Halted, Reminded, Silence, TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.event import Event
from domain.delivery.ledger import Entry
from domain.delivery.reported import Asked, Deconflicted, SiblingHeard, Started, Stated, Told
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Cause, Verdict
from domain.delivery.vocabulary import Outcome
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import read_plan
from domain.record.door import read_statement
from domain.record.packet import unseal
from domain.rules.books import book_for
from domain.rules.turns import ORDER
from domain.words.moments import instant
from rehearsal.scenario import ExpectedEvent, ExpectedStatement, base_name

Item = ExpectedStatement | ExpectedEvent


@dataclass(frozen=True)
class TrailEntry:
    """One thing that the ledger shows. `event` is the entry's own, and `halted` wherever the delivery came to a halt."""

    at: datetime
    event: str
    checkpoint: str | None = None
    services: tuple[str, ...] = ()
    says: str | None = None
    verdict: str | None = None
    rules: tuple[str, ...] = ()
    """By which it was refused, remarked of or halted."""
    outcome: Outcome | None = None
    cause: Cause | None = None
    sibling: str | None = None


def sights_in(packet: bytes) -> tuple[TrailEntry, ...]:
    """Everything that a delivery's packet shows, in order: the same whether it was simulated or ran for real."""
    content = unseal(packet)[0]
    entries = tuple(entry for entry in content.ledger if isinstance(entry, Entry))
    return tuple(sights(blank_of(entries, content.directory, content.cards), entries))


def blank_of(entries: Sequence[Entry], directory: Directory, cards: Mapping[str, RuleCard]) -> Delivery:
    """The delivery of these entries before the first of them."""
    first = entries[0].event
    assert isinstance(first, Started)  # noqa: S101 - a ledger begins with the signed plan
    return Delivery(read_plan(first.plan), directory, cards, book_for(first.rules), instant(entries[0].at))


def sights(blank: Delivery, entries: Sequence[Entry]) -> Iterator[TrailEntry]:
    """What these entries show, by letting each take effect on a delivery that has none yet."""
    for entry in entries:
        at = instant(entry.at)
        seen = _sight(blank, entry.event, at)
        running, stops = blank.state.halt is None, _where(blank, seen.checkpoint)
        blank.take(entry)
        yield seen
        halt = blank.state.halt
        if running and halt is not None and seen.event != "halted":
            by = (halt.by,) if halt.by is not None else seen.services
            yield TrailEntry(at, "halted", stops, by, rules=(halt.rule,), cause=halt.cause)


def first_missing(trail: Sequence[Item], course: Sequence[TrailEntry]) -> int | None:
    """Number (from 0) of the first item of the trail that does not follow on those before it; none if all do."""
    left = iter(course)
    for number, item in enumerate(trail):
        if not any(fits(item, seen) for seen in left):
            return number
    return None


def fits(item: Item, seen: TrailEntry) -> bool:
    """Whether this is what the item means: all that it says, and nothing against it."""
    if item.checkpoint is not None and item.checkpoint not in (seen.checkpoint, base_name(seen.checkpoint or "")):
        return False
    if item.rule not in (None, *seen.rules) or (item.service is not None and item.service not in seen.services):
        return False
    if isinstance(item, ExpectedStatement):
        return seen.says == item.says and item.verdict in (None, seen.verdict)
    return seen.event == item.event and item.outcome in (None, seen.outcome) and item.sibling in (None, seen.sibling)


@dataclass(frozen=True)
class Misplaced:
    """Something of a trail that the ledger shows, though not behind the items before it."""

    item: int
    """Number (from 0) of the item before which it stands, the first of them; or which it is itself."""
    is_that_item: bool


def misplaced(trail: Sequence[Item], course: Sequence[TrailEntry], missing: int) -> Misplaced | None:
    """Where the item of this number that is missing stands nevertheless; none where nothing is as it says."""
    found: list[int] = []
    for item in trail[:missing]:
        begin = found[-1] + 1 if found else 0
        found.append(next(number for number in range(begin, len(course)) if fits(item, course[number])))
    fitting = [number for number in range(found[-1] + 1 if found else 0) if fits(trail[missing], course[number])]
    free = [number for number in fitting if number not in found]
    if free:
        return Misplaced(next(item for item, number in enumerate(found) if number > free[-1]), is_that_item=False)
    return Misplaced(found.index(fitting[-1]), is_that_item=True) if fitting else None


def nearest(trail: Sequence[Item], course: Sequence[TrailEntry], missing: int) -> TrailEntry | None:
    """What is most like the item of this number that is missing: by kind first, then by who and where; of equals, the first
    behind the items before it. None where nothing is like it at all.
    """
    behind = next((number for number in range(len(course)) if first_missing(trail[:missing], course[: number + 1]) is None), 0)
    likes = [(_likeness(trail[missing], seen), number >= behind, -number) for number, seen in enumerate(course)]
    best = max(likes, default=(0, False, 0))
    return course[-best[2]] if best[0] else None


def _likeness(item: Item, seen: TrailEntry) -> int:
    """How much of it is the same."""
    kind = item.says == seen.says if isinstance(item, ExpectedStatement) else item.event == seen.event
    where = item.checkpoint is not None and item.checkpoint in (seen.checkpoint, base_name(seen.checkpoint or ""))
    return 4 * kind + 2 * where + (item.service is not None and item.service in seen.services)


def _sight(delivery: Delivery, event: Event, at: datetime) -> TrailEntry:
    match event:
        case Stated(envelope=envelope, verdict=verdict):
            return _said(read_statement(envelope), verdict, at, event.event)
        case TakenUp(statement=early, verdict=verdict):
            return _said(read_statement(delivery.state.early[early].envelope), verdict, at, event.event)
        case Asked(checkpoint=name, received=reached) | Told(checkpoint=name, reached=reached):
            return TrailEntry(at, event.event, name, (*reached, *event.unreachable))
        case Escalated(checkpoint=name, to=to, services=services):
            return TrailEntry(at, event.event, name, (to, *services))
        case Reminded(checkpoint=name, services=services) | Silence(checkpoint=name, services=services):
            return TrailEntry(at, event.event, name, services)
        case Deconflicted(contacts=contacts):
            return TrailEntry(at, event.event, services=tuple(contact.service for contact in contacts))
        case Expiring(service=service) | Expired(service=service):
            return TrailEntry(at, event.event, services=(service,))
        case Halted(finding=finding, cause=cause):
            return TrailEntry(at, event.event, _where(delivery, None), rules=(finding.rule,), cause=cause)
        case SiblingHeard(sibling=sibling, checkpoint=name):
            return TrailEntry(at, event.event, name, sibling=sibling)
        case Concluded(outcome=outcome):
            return TrailEntry(at, event.event, outcome=outcome)
        case _:
            return TrailEntry(at, event.event, getattr(event, "checkpoint", None))


def _said(statement: Statement, verdict: Verdict, at: datetime, event: str) -> TrailEntry:
    rules = tuple(finding.rule for finding in verdict.findings)
    return TrailEntry(at, event, statement.checkpoint, (statement.service,), statement.kind, verdict.verdict, rules)


def _where(delivery: Delivery, named: str | None) -> str | None:
    """The checkpoint that is not passed if it halts here: the one named if it is open, else the first open or the next one."""
    waiting = [name for name, progress in delivery.state.progress.items() if progress.open]
    if named in waiting:
        return named
    planned = [name for name in waiting if delivery.plan.find(name) is not None]
    ahead = sorted(delivery.plan.checkpoints, key=lambda checkpoint: ORDER.index(checkpoint.step))
    return next(iter([*planned, *waiting, *(one.id for one in ahead if one.id not in delivery.state.progress)]), None)
