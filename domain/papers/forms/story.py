"""What happened, as reports tell it: authorisations, ways, gaps, arrests, refusals; each with the entries it rests on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Literal

from domain.delivery.decided import Concluded, Opened, Silence
from domain.delivery.reported import Amended, Stated
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Verdict
from domain.papers.paper import Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue
from domain.plan.goods import AnyAmount, SubstanceMass, keyed
from domain.plan.plan import Leg
from domain.rules.arrival import ArrestMade, Delivered
from domain.rules.balance import Seizure, Split
from domain.rules.consent import AuthorisationExtended, AuthorisationGranted, AuthorisationRefused, AuthorisationWithdrawn
from domain.rules.custody import Dispatched, HandoverAccepted, HandoverDeclined, HandoverOffered
from domain.rules.hold import HoldDecided, HoldRequested
from domain.rules.kind import Kind
from domain.rules.preparation import Prepared
from domain.rules.stop import Destroyed, Incident, Interdicted, StopRequested
from domain.rules.watch import SurveillanceLost, SurveillanceRegained
from domain.views.sentences import say_kind
from domain.words.moments import instant


@dataclass(frozen=True)
class Granted:
    """One authorisation as it ran: from when, and until when with what extended or withdrew it."""

    said: Heard
    act: AuthorisationGranted
    begins: datetime
    ends: datetime
    entries: tuple[int, ...]
    asked: int | None
    """The entry with which its checkpoint opened."""
    superseded: int | None = None
    """The entry with which another came in its place; none where it stands."""

    def live(self, at: datetime) -> bool:
        """Whether it ran at this instant."""
        return self.begins <= at < self.ends

    def stood(self, seq: int) -> bool:
        """Whether nothing had come in its place by this entry."""
        return self.said.counted < seq and (self.superseded is None or seq < self.superseded)


def authorisations(record: Record) -> tuple[Granted, ...]:
    """Each that there was, but for what is provisional, which authorises nothing (R1): what comes in its place ends it. In the
    place of one that was replaced its successor extends and withdraws it (R22).
    """
    opened = {event.checkpoint: entry.seq for entry, event in record.events(Opened)}
    found: dict[str, Granted] = {}
    before: list[Granted] = []
    for said in record.heard:
        content = said.content
        if isinstance(content, AuthorisationGranted) and not content.provisional:
            for service in _over(record, said, content, found):
                one = found.pop(service)
                before.append(replace(_ended(one, said, min(said.at, one.ends)), superseded=said.counted))
            begins, ends = instant(content.valid_from), instant(content.valid_until)
            found[said.service] = Granted(said, content, begins, ends, said.entries, opened.get(said.checkpoint))
        elif (
            isinstance(content, AuthorisationExtended | AuthorisationWithdrawn) and (giver := record.giver(said, found)) in found
        ):
            ends = instant(content.valid_until) if isinstance(content, AuthorisationExtended) else min(said.at, found[giver].ends)
            found[giver] = _ended(found[giver], said, ends)
    return tuple(sorted((*before, *found.values()), key=lambda one: one.said.counted))


def _over(record: Record, said: Heard, content: AuthorisationGranted, found: dict[str, Granted]) -> list[str]:
    """In the place of whose it comes: of its own; and of those whose place its service has taken, but for what a later checkpoint
    asked for, and for what permits more (R22).
    """
    then = record.until(said.counted)
    order = [one.id for one in then.plan.at("authorise")]
    later = order[order.index(said.checkpoint) + 1 :] if said.checkpoint in order else []

    def gone(service: str, one: Granted) -> bool:
        of_it = one.act.state == content.state and then.giver(said, (service,)) == service
        return of_it and one.said.checkpoint not in later and set(one.act.permits) <= set(content.permits)

    return [service for service, one in found.items() if service == said.service or gone(service, one)]


def _ended(one: Granted, said: Heard, ends: datetime) -> Granted:
    return replace(one, ends=ends, entries=(*one.entries, *said.entries))


Cut = Literal["seized", "destroyed", "split"]
CUTS: tuple[tuple[type[Interdicted | Destroyed | Split], Cut], ...] = (
    (Interdicted, "seized"),
    (Destroyed, "destroyed"),
    (Split, "split"),
)
"""What ends a leg on the way."""


@dataclass(frozen=True)
class Ridden:
    """A leg that the consignment went: under whose responsibility, from when until when, by which entries."""

    leg: Leg
    begins: datetime
    ends: datetime | None
    entries: tuple[int, ...]
    began: int
    """The entry with which it began."""
    offer: tuple[Heard, HandoverOffered] | None
    acceptance: tuple[Heard, HandoverAccepted] | None
    """With which it came to who was responsible for it."""
    in_charge: tuple[tuple[str, int], ...]
    """Who was responsible for it, one after another, each from which entry on: a changed plan may put another in charge (R22)."""
    cut: Cut | None = None
    """It ended on the way: how."""

    @property
    def arrived(self) -> bool:
        """Whether all of the leg was gone."""
        return self.ends is not None and self.cut is None


def ways(record: Record) -> tuple[Ridden, ...]:
    """Leg by leg, as far as it went."""
    found: list[Ridden] = []
    started = record.said(Dispatched)
    if not started:
        return ()
    begun, by = started[-1][0].at, started[-1][0].entries
    began = started[-1][0].counted
    offer: tuple[Heard, HandoverOffered] | None = None
    acceptance: tuple[Heard, HandoverAccepted] | None = None
    for number, leg in enumerate(record.plan.legs):
        end, entries = _end_of(record, leg.end)
        if end is None and (cuts := _cuts(record, began)):
            said, how = cuts[0]
            charges = in_charge(record, number, began, said.counted)
            found.append(Ridden(leg, begun, said.at, (*by, *said.entries), began, offer, acceptance, charges, how))
            break
        charges = in_charge(record, number, began, max(entries, default=record.size))
        found.append(Ridden(leg, begun, end, tuple(dict.fromkeys((*by, *entries))), began, offer, acceptance, charges))
        accepted = record.said(HandoverAccepted, leg.end)
        if end is None or not accepted:
            break
        acceptance = accepted[-1]
        offers = record.said(HandoverOffered, leg.end)
        offer = offers[-1] if offers else None
        begun, by, began = end, acceptance[0].entries, acceptance[0].counted
    return tuple(found)


def in_charge(record: Record, leg: int, began: int, ended: int) -> tuple[tuple[str, int], ...]:
    """Who was responsible for a leg between these entries, by the plans in force meanwhile."""
    changed = [entry.seq for entry, _ in record.events(Amended) if began < entry.seq < ended]
    found = [(record.until(seq).plan.legs[leg].responsible, seq) for seq in (began, *changed)]
    return tuple(one for one, before in zip(found, (None, *found), strict=False) if before is None or before[0] != one[0])


def _cuts(record: Record, began: int) -> list[tuple[Heard, Cut]]:
    """What has ended a leg on the way since it began, in order."""
    found = [(said, how) for kind, how in CUTS for said, _ in record.said(kind) if said.counted > began]
    return sorted(found, key=lambda one: one[0].counted)


def _end_of(record: Record, checkpoint: str) -> tuple[datetime | None, tuple[int, ...]]:
    ended = [one for one, _ in (*record.said(HandoverAccepted, checkpoint), *record.said(Delivered, checkpoint))]
    return (ended[-1].at, ended[-1].entries) if ended else (None, ())


@dataclass(frozen=True)
class OutOfSight:
    """Out of sight: last contact, loss as reported, and the contact with which it was in sight again, or in hand."""

    last: Heard | None
    lost: Heard
    reason: str
    found: Heard | None
    place: str
    why: str


def gaps(record: Record) -> tuple[OutOfSight, ...]:
    """Each gap, in order: it begins with a loss that was said, unless it is out of sight already; any contact ends it (R9), and
    that it was seized.
    """
    found: list[OutOfSight] = []
    last: Heard | None = None
    for said in record.heard:
        content = said.content
        lost = found[-1] if found and found[-1].found is None else None
        if isinstance(content, SurveillanceLost) and lost is None:
            found.append(OutOfSight(last, said, content.reason, None, "", ""))
        if lost is not None and (_is_contact(said) or isinstance(content, Interdicted)):
            why = content.reason if isinstance(content, SurveillanceRegained) else ""
            found[-1] = replace(lost, found=said, place=getattr(content, "place", ""), why=why)
        if _is_contact(said):
            last = said
    return tuple(found)


def how_found(found: Heard, why: str, tongue: Tongue) -> Value:
    """How it was in sight again: in the words of who said so, else what was said."""
    if why:
        return tongue.quoted(why, *found.entries)
    return Value(say_kind(found.statement.kind, tongue.translate), found.entries)


def contacts(record: Record) -> tuple[Heard, ...]:
    """Statements of those who had it in hand or in sight, from departure to delivery."""
    started = record.said(Dispatched)
    if not started:
        return ()
    ended = record.said(Delivered)
    end = ended[-1][0].counted if ended else record.size
    return tuple(one for one in record.heard if _is_contact(one) and started[-1][0].counted <= one.counted <= end)


def _is_contact(said: Heard) -> bool:
    return isinstance(said.content, Kind) and said.content.is_contact()


def arrests(record: Record) -> tuple[tuple[Heard, ArrestMade], ...]:
    """Every arrest, as last corrected."""
    return record.said(ArrestMade)


def persons_in(made: Iterable[tuple[Heard, ArrestMade]]) -> int:
    """How many persons these arrests are of: who was released and arrested anew is one."""
    return len({(heard.service, person.code) for heard, one in made for person in one.persons})


def seizures(record: Record) -> tuple[tuple[Heard, Seizure], ...]:
    """Every seizure, as last corrected."""
    return record.said(Seizure)


def interdictions(record: Record) -> tuple[tuple[Heard, Interdicted], ...]:
    """Every seizure of the whole before its end, as last corrected."""
    return record.said(Interdicted)


def had_left(record: Record, said: Heard) -> bool:
    """Whether the consignment was on its way when this was said."""
    return any(one.counted < said.counted for one, _ in record.said(Dispatched))


HALTS = (
    AuthorisationRefused,
    AuthorisationWithdrawn,
    Destroyed,
    HandoverDeclined,
    HoldDecided,
    HoldRequested,
    Incident,
    Interdicted,
    StopRequested,
)


def halts(record: Record) -> Iterator[tuple[Heard, str]]:
    """What kept it from going as planned, what was decided of a hold, and why, in the words of who said it."""
    for said in record.heard:
        if isinstance(said.content, HALTS):
            words = (getattr(said.content, name, "") for name in ("reason", "what", "circumstances", "place"))
            yield said, next(filter(None, words), "")


def prepared(record: Record) -> tuple[Heard, Prepared] | None:
    """How it was prepared, as last corrected."""
    found = record.said(Prepared)
    return found[-1] if found else None


def masses(*lists: Iterable[AnyAmount]) -> tuple[dict[str, int | None], ...]:
    """Of each list the milligrams of each substance, in all lists by whichever of its names stands first; none where not all of
    it was measured.
    """
    these = [tuple(amounts) for amounts in lists]
    keys = iter(keyed(one for amounts in these for one in amounts))
    names: dict[str, str] = {}
    found: list[dict[str, int | None]] = []
    for amounts in these:
        sums: dict[str, int | None] = {}
        for (_, what), one in islice(keys, len(amounts)):
            if isinstance(one, SubstanceMass):
                name = names.setdefault(what, one.substance)
                before = sums.get(name, 0)
                sums[name] = before + one.net if before is not None and isinstance(one.net, int) else None
        found.append(sums)
    return tuple(found)


@dataclass(frozen=True)
class NotCounted:
    """A statement that did not count."""

    seq: int
    statement: Statement
    verdict: Verdict


def not_counted(record: Record) -> Iterator[NotCounted]:
    """What was refused or came too late."""
    for entry, event in record.events(Stated):
        if event.verdict.verdict in ("refused", "late"):
            yield NotCounted(entry.seq, record.delivery.law.read(event.envelope), event.verdict)


def silences(record: Record) -> tuple[tuple[int, Silence], ...]:
    """Whose answer did not come in time."""
    return tuple((entry.seq, event) for entry, event in record.events(Silence))


def newest(record: Record) -> datetime:
    """Until when a leg without an end is known to have gone on: its outcome, or as far as the record goes."""
    ended = concluded(record)
    return record.at(ended[0] if ended is not None else record.entries[-1].seq)


def concluded(record: Record) -> tuple[int, Concluded] | None:
    """The outcome, with its entry."""
    found = [(entry.seq, event) for entry, event in record.events(Concluded)]
    return found[-1] if found else None
