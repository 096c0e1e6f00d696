"""Exchange of custody as GS1 EPCIS 2.0: what a packet says of things, as events that other systems read (docs/epcis.md).

An event is of a statement that counts, by its own entry: its id follows from the entry's leaf, its time is the officer's own with
its offset, and an extension of ours (`vigil:`) has what EPCIS has no word for. Consents, decisions and persons are no events of
things, and have none. What its handling code restricts (H1, H2, H3) is never in it, nor is it said what it was: only which entry.
What each kind of statement says of things stands in `domain.record.epcis_events`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.delivery.decided import TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut
from domain.delivery.reported import Stated
from domain.delivery.statement import Content, Statement
from domain.record.epcis_events import EVENTS, OPEN, Event, EventSource, uri
from domain.record.packet import Packet
from domain.record.replay import follow, replay
from domain.rules.handling import code_of
from domain.rules.speaking import Correction
from domain.words.errors import NotAllowed
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark

CONTEXT: Final[tuple[Any, ...]] = (
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"vigil": "urn:vigil:epcis:"},
)
"""GS1's own, and the namespace of our extension."""
_OFFSET: Final = re.compile(r"[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00")


@dataclass(frozen=True)
class Exchange:
    """The document, and the entries whose handling code keeps them out of it."""

    document: Mapping[str, Any]
    restricted: tuple[int, ...]

    @property
    def events(self) -> int:
        """How many there are."""
        return len(self.document["epcisBody"]["eventList"])


def exchange(packet: Packet, exported_at: str) -> Exchange:
    """The events of a packet that has been verified. Raises `NotAllowed` where none may be told."""
    made, restricted = _Made(), dict[int, None]()
    first, *rest = packet.ledger
    delivery = replay((first,), packet.directory, packet.cards)
    for entry in rest:
        if isinstance(entry, LeftOut):
            restricted[entry.seq] = None
        follow(delivery, entry)
        said = _counted(delivery, entry)
        if said is None:
            continue
        at, statement = said
        if type(_subject(statement)) in EVENTS:
            if code_of(delivery, statement) != OPEN:
                restricted[at.seq] = None
                made.wrong(at, statement)
            else:
                made.add(delivery, at, statement)
    if not made.events and restricted:
        raise NotAllowed(
            fill("{delivery}: its handling codes keep everything out of an exchange", delivery=delivery.plan.operation),
            hint=mark("EPCIS has no word for handling codes, so only what has H0 goes into it; the packet itself keeps them"),
        )
    document = {
        "@context": list(CONTEXT),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": exported_at,
        "epcisBody": {"eventList": made.events},
    }
    return Exchange(document, tuple(restricted))


def _subject(statement: Statement) -> Content:
    """What it says, or says instead of what it corrects."""
    return statement.content.content if isinstance(statement.content, Correction) else statement.content


def _counted(delivery: Delivery, entry: Entry | LeftOut) -> tuple[Entry, Statement] | None:
    """The statement that counts from this entry on, with the entry in which it came."""
    event = getattr(entry, "event", None)
    if isinstance(event, TakenUp) and event.verdict.verdict == "accepted":
        known = delivery.state.statements.first(event.statement)
        came = delivery.ledger[known.seq] if known is not None else None
        entry, event = came, getattr(came, "event", None)  # type: ignore[assignment]
        return (entry, delivery.law.read(event.envelope)) if isinstance(entry, Entry) and isinstance(event, Stated) else None
    if isinstance(entry, Entry) and isinstance(event, Stated) and event.verdict.verdict == "accepted":
        return entry, delivery.law.read(event.envelope)
    return None


@dataclass
class _Made:
    """The events so far, and those of each statement, for a correction of it."""

    events: list[Event] = field(default_factory=list)
    by_statement: dict[str, list[Event]] = field(default_factory=dict)

    def add(self, delivery: Delivery, entry: Entry, statement: Statement) -> None:
        """What a statement says of things. A correction declares the events that it corrects wrong, and names its own."""
        content, corrects = _subject(statement), statement.id
        if isinstance(statement.content, Correction):
            corrects = statement.content.of
        new = [
            _whole(delivery, entry, statement, content, number, part)
            for number, part in enumerate(EVENTS[type(content)](EventSource(delivery, entry, statement, content)), 1)
        ]
        self.wrong(entry, statement, [one["eventID"] for one in new])
        self.by_statement[corrects] = new
        self.events += new

    def wrong(self, entry: Entry, statement: Statement, right: list[str] | None = None) -> None:
        """Declare wrong what a correction corrects. None are named that are right where its code keeps them out of it."""
        if isinstance(statement.content, Correction):
            declared = {"declarationTime": entry.at, "reason": "incorrect_data"}
            for one in self.by_statement.get(statement.content.of, ()):
                one["errorDeclaration"] = declared | ({"correctiveEventIDs": right} if right is not None else {})


def _whole(delivery: Delivery, entry: Entry, statement: Statement, content: Content, number: int, part: Event) -> Event:  # noqa: PLR0913, PLR0917 - an event has these
    """What every event has, before what is its own."""
    time, offset = _time_of(statement.happened_at)
    known: Event = {
        "eventTime": time,
        "eventTimeZoneOffset": offset,
        "recordTime": entry.at,
        "eventID": f"urn:vigil:entry:{entry.leaf()}:{number}",
    }
    at = statement.checkpoint
    if at is not None and delivery.plan.handling_code == OPEN:
        known["readPoint"] = {"id": uri("place", delivery.plan.operation, at)}
    own = {
        "vigil:delivery": delivery.plan.operation,
        "vigil:entry": entry.seq,
        "vigil:statement": statement.id,
        "vigil:kind": content.kind,
        "vigil:service": uri("service", statement.voice),
    }
    return {"type": part.pop("type"), **known, **part, **own}


def _time_of(moment: str) -> tuple[str, str]:
    """As the officer wrote it, with its offset; in UTC where EPCIS has no such offset."""
    offset = "+00:00" if moment.endswith(("Z", "-00:00")) else moment[-6:]
    return (moment, offset) if _OFFSET.fullmatch(offset) else (utc_text(instant(moment)), "+00:00")
