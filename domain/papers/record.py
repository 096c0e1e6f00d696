"""What papers are made from: one delivery as far as its ledger went at some entry, with what it was checked against.

A form reads entries and nothing that came after the newest of them, so a paper of what is past stays as it was printed.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from domain.delivery.decided import TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.event import Event
from domain.delivery.ledger import Entry, LeftOut
from domain.delivery.reported import Amended, KeysChanged, Started, Stated
from domain.delivery.statement import Content, Statement
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, Service
from domain.plan.plan import Plan, read_plan
from domain.plan.request_for_consent import DECIDING
from domain.plan.vocabulary import Need
from domain.record.packet import Purpose
from domain.rules.arrival import ArrestMade
from domain.rules.kind import Kind
from domain.rules.speaking import Correction
from domain.rules.stop import Interdicted
from domain.views.second import revokes
from domain.words.moments import instant

C = TypeVar("C", bound=Content)
E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Heard:
    """A statement that counts, as it stands with what corrects it."""

    statement: Statement
    content: Content
    seq: int
    entries: tuple[int, ...]
    """Its own; where it came early, that with which it was taken up; and those of what has corrected it."""
    at: datetime
    """When it was recorded; when it happened, it says itself."""
    counted: int
    """The entry with which it counted: its own, unless it came early."""

    seconded: tuple[str, ...] = ()
    """Both officers, where two had to say it; its entries name the second's first."""
    keys: tuple[str, ...] = ()
    """Ids of those that signed it."""

    @property
    def officers(self) -> tuple[str, ...]:
        """Who said it, by code: the first officer first, where two had to (R20)."""
        return self.seconded or (self.statement.officer,)

    @property
    def service(self) -> str:
        """Whose say it is."""
        return self.statement.voice

    @property
    def happened(self) -> datetime:
        """When it happened, as its officer wrote it."""
        return instant(self.statement.happened_at)

    @property
    def checkpoint(self) -> str:
        """Where it was said; empty where it names no checkpoint."""
        return self.statement.checkpoint or ""


@dataclass(frozen=True)
class Record:
    """The first `size` entries of a delivery. A form about the whole may ask `delivery` for its state; no other form does."""

    delivery: Delivery
    size: int
    purpose: Purpose = "operation"
    """For whom it was copied: what may not go there is left out of it (R23)."""

    @classmethod
    def of(cls, delivery: Delivery, purpose: Purpose = "operation") -> "Record":
        """All that there is."""
        return cls(delivery, len(delivery.ledger), purpose)

    def until(self, seq: int) -> "Record":
        """As it stood when entry `seq` was the newest."""
        return replace(self, size=min(seq + 1, self.size))

    @property
    def directory(self) -> Directory:
        """The services."""
        return self.delivery.directory

    @property
    def cards(self) -> dict[str, RuleCard]:
        """The rule cards, by State."""
        return self.delivery.cards

    @property
    def root(self) -> str:
        """Of the ledger as far as it went."""
        return self.delivery.ledger.root_at(self.size)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Those that are there."""
        return tuple(one for one in self._all if isinstance(one, Entry))

    @cached_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Those that their handling codes keep out of this copy (R23)."""
        return tuple(one for one in self._all if isinstance(one, LeftOut))

    @cached_property
    def _all(self) -> tuple[Entry | LeftOut, ...]:
        return self.delivery.ledger.since(0)[: self.size]

    @cached_property
    def _plan(self) -> tuple[int, Plan]:
        plans = [(one.seq, one.event.plan) for one in self.entries if isinstance(one.event, Started | Amended)]
        seq, envelope = plans[-1]
        return seq, read_plan(envelope)

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self._plan[1]

    @property
    def plan_entry(self) -> int:
        """The entry that holds it."""
        return self._plan[0]

    @cached_property
    def heard(self) -> tuple[Heard, ...]:
        """Every statement that counts, in the order in which they were recorded."""
        law, hearing = self.delivery.law, _Hearing(self)
        statements: dict[str, Heard] = {}
        for entry in self.entries:
            event, at = entry.event, instant(entry.at)
            if isinstance(event, Stated):
                statement, keys = law.read(event.envelope), tuple(one.keyid for one in event.envelope.signatures)
                said = Heard(statement, statement.content, entry.seq, (entry.seq,), at, entry.seq, keys=keys)
                statements.setdefault(statement.id, said)
                if event.verdict.verdict == "accepted":
                    hearing.hear(said)
            elif isinstance(event, TakenUp) and event.verdict.verdict == "accepted":
                early = statements[event.statement]
                hearing.hear(replace(early, entries=(early.seq, entry.seq), at=at, counted=entry.seq))
            elif isinstance(event, KeysChanged):
                hearing.revoke(entry)
            elif isinstance(event, Amended):
                hearing.plan_anew()
        return tuple(_with_arrests(sorted(hearing.known.values(), key=lambda one: one.counted)))

    def said(self, kind: type[C], checkpoint: str | None = None) -> tuple[tuple[Heard, C], ...]:
        """What was said of one kind, and what it says; at one checkpoint, where that is named."""
        return tuple(
            (one, one.content) for one in self.heard if isinstance(one.content, kind) and checkpoint in (None, one.checkpoint)
        )

    def events(self, kind: type[E]) -> Iterator[tuple[Entry, E]]:
        """The entries of one event."""
        return ((one, one.event) for one in self.entries if isinstance(one.event, kind))

    def at(self, seq: int) -> datetime:
        """When an entry was recorded."""
        return self._at[seq]

    @cached_property
    def _at(self) -> dict[int, datetime]:
        return {one.seq: instant(one.at) for one in self.entries}

    def giver(self, said: Heard, given: Container[str]) -> str:
        """Of those that have `given` something, whose it is that this extends, writes or takes back: its own, or that of one
        whose place its service has taken (R22); of several that about which its checkpoint asks.
        """
        before = (one.service for one in self.plan.replaced if said.service in self.plan.line_of(one.service))
        able = [one for one in dict.fromkeys((said.service, *before)) if one in given]
        asked = self.delivery.state.seen(said.checkpoint)
        return asked.key if asked is not None and asked.key in able else next(iter(able), said.service)

    def service(self, name: str) -> Service | None:
        """A service of the directory."""
        return self.directory.find(name)

    def state_of(self, name: str) -> str | None:
        """Its State."""
        known = self.service(name)
        return known.state if known is not None else None


def _with_arrests(heard: Iterable[Heard]) -> Iterator[Heard]:
    """The same, and after an interdiction the arrests that were made with it, for papers to tell as any other."""
    for one in heard:
        yield one
        if isinstance(one.content, Interdicted) and one.content.arrested:
            yield replace(one, content=ArrestMade(persons=one.content.arrested, place=one.content.place))


@dataclass
class _Hearing:
    """What counts so far, by statement; and what a first of two officers has said, which counts once a second has (R20)."""

    record: Record
    known: dict[str, Heard] = field(default_factory=dict)
    firsts: dict[tuple[str, ...], Heard] = field(default_factory=dict)

    def hear(self, one: Heard) -> None:
        """The next that was accepted."""
        content = one.content
        if isinstance(content, Correction):
            self._correct(one, content)
        elif self._takes_two(one):
            both = self._with_first((one.checkpoint, one.service, one.statement.kind), one)
            if both is not None:
                self.known[one.statement.id] = both
        else:
            self.known[one.statement.id] = one

    def revoke(self, entry: Entry) -> None:
        """What a first officer has said under a key that this entry `revokes` is forgotten (R24)."""
        known = self.firsts.items()
        self.firsts = {key: first for key, first in known if not revokes(entry, first.statement.service, first.keys)}

    def plan_anew(self) -> None:
        """What a first officer has consented to was the plan before (R22)."""
        self.firsts = {key: first for key, first in self.firsts.items() if _answers(first.content) not in DECIDING}

    def _correct(self, one: Heard, correction: Correction) -> None:
        before = self.known.get(correction.of)
        if before is not None and len(before.officers) > 1:
            key = (correction.of,)
            both = self._with_first(key, one)
            if both is None:
                return
            one = both
            del self.firsts[key]
        self.known[one.statement.id] = one
        if before is not None:
            self.known[correction.of] = replace(before, content=correction.content, entries=(*before.entries, *one.entries))

    def _with_first(self, key: tuple[str, ...], one: Heard) -> Heard | None:
        """With what a first officer of the service has said alike; none where this is the first."""
        first, said = self.firsts.get(key), one.statement
        by_another = first is not None and first.statement.service == said.service and first.officers[0] != said.officer
        if first is None or not by_another or not _alike(first.statement, said):
            self.firsts[key] = one
            return None
        return replace(one, entries=(*one.entries, *first.entries), seconded=(*first.officers, said.officer))

    def _takes_two(self, one: Heard) -> bool:
        content, progress = one.content, self.record.delivery.state.seen(one.checkpoint)
        need = _answers(content)
        if progress is None or not isinstance(content, Kind) or need is None or not content.is_yes():
            return False
        return progress.checkpoint.officers_for(one.service, need) > 1


def _answers(content: Content) -> Need | None:
    return content.declares.answers if isinstance(content, Kind) else None


def _alike(one: Statement, other: Statement) -> bool:
    return (one.content, one.attachments) == (other.content, other.attachments)
