"""Exchange of custody as GS1 EPCIS 2.0: what a packet says of things, as events that other systems read (docs/epcis.md).

An event is of a statement that counts, by its own entry: its id follows from the entry's leaf, its time is the officer's own with
its offset, and an extension of ours (`vigil:`) has what EPCIS has no word for. Consents, decisions and persons are no events of
things, and have none. What its handling code restricts (H1, H2, H3) is never in it, nor is it said what it was: only which entry.
Whatever was not measured is no measurement here either: only measured masses are sensor reports, in whole milligrams.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

from domain.delivery.decided import TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut
from domain.delivery.reported import Stated
from domain.delivery.statement import Content, Statement
from domain.plan.goods import AnyAmount, SubstanceMass
from domain.plan.quantity import Estimate, Quantity, Unmeasured
from domain.plan.substances import known_as
from domain.record.packet import Packet
from domain.record.replay import follow, replay
from domain.rules.arrival import Delivered
from domain.rules.balance import Seizure, Split
from domain.rules.custody import Dispatched, HandoverAccepted, HandoverDeclined, HandoverOffered
from domain.rules.detection import Detected
from domain.rules.exhibits import Disposed, ExhibitsAccepted, ExhibitsOffered, LaboratoryReport
from domain.rules.handling import code_of
from domain.rules.preparation import Prepared
from domain.rules.speaking import Correction
from domain.rules.stop import Destroyed, Interdicted
from domain.rules.watch import LossRecorded, Sighted, SurveillanceLost, SurveillanceRegained
from domain.words.errors import NotAllowed
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark

CONTEXT: Final[tuple[Any, ...]] = (
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"vigil": "urn:vigil:epcis:"},
)
"""GS1's own, and the namespace of our extension."""
OPEN: Final = "H0"
"""The one handling code with which something may stand in it."""
_OFFSET: Final = re.compile(r"[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00")
MILLIGRAM: Final = "MGM"
"""UN/ECE Recommendation 20."""

Event = dict[str, Any]


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
        if type(_subject(statement)) in _EVENTS:
            if code_of(delivery, statement) != OPEN:
                restricted[at.seq] = None
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
            for number, part in enumerate(_EVENTS[type(content)](_About(delivery, entry, statement, content)), 1)
        ]
        if isinstance(statement.content, Correction):
            for wrong in self.by_statement.get(corrects, ()):
                wrong["errorDeclaration"] = {
                    "declarationTime": entry.at,
                    "reason": "incorrect_data",
                    "correctiveEventIDs": [one["eventID"] for one in new],
                }
        self.by_statement[corrects] = new
        self.events += new


@dataclass(frozen=True)
class _About:
    """What events are made of."""

    delivery: Delivery
    entry: Entry
    statement: Statement
    content: Content

    @property
    def consignment(self) -> str:
        """What travels."""
        return uri("consignment", self.delivery.plan.operation)

    @property
    def differs(self) -> bool:
        """Whether what it found did not fit (R7)."""
        found = self.delivery.state.discrepancy
        return found is not None and found.seq == self.entry.seq

    def thing(self, label: str) -> str:
        """An item or exhibit by what stands on it."""
        return uri("exhibit", self.delivery.plan.operation, label)

    def things(self, labels: Iterable[str]) -> Event:
        """What an event is of, by what stands on each."""
        return {"epcList": [self.thing(one) for one in labels]}


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


def uri(*parts: str) -> str:
    """An identifier of ours: agencies have no keys of GS1."""
    return ":".join(("urn:vigil", *(quote(one, safe="") for one in parts)))


# What each kind of statement says of things


def _object(about: _About, step: str, disposition: str, *more: Event, action: str = "OBSERVE") -> Event:
    """Of the consignment, where nothing else is said."""
    event = {"type": "ObjectEvent", "action": action, "bizStep": step, "disposition": disposition}
    return event | {"epcList": [about.consignment]} | {name: value for part in more for name, value in part.items()}


def _detected(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Detected)  # noqa: S101
    yield _object(about, "inspecting", "in_progress", {"vigil:how": content.how, "vigil:sure": content.sure}, action="ADD")


def _prepared(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Prepared)  # noqa: S101
    condition = "container_open" if content.opened else "container_closed"
    yield _object(about, "inspecting", condition, _sensed(content.gross), _amounts(content.kept))
    if content.samples:
        samples = {"epcList": [about.thing("samples")]}
        yield _object(about, "sampling", "in_progress", samples, _amounts(content.samples), action="ADD")
    substitutes = [about.thing(one.label) for one in content.items if one.what == "substitute"]
    if content.removed or substitutes:
        removed = [about.thing("removed")] if content.removed else []
        yield {
            "type": "TransformationEvent",
            "bizStep": "replacing",
            "disposition": "in_progress",
            "inputEPCList": [about.consignment],
            "outputEPCList": [about.consignment, *removed, *substitutes],
            **_known("vigil:removed", content.removed),
        }
    devices = [about.thing(one.label) for one in content.items if one.what != "substitute"]
    for things in (devices, [uri("seal", one.number) for one in content.seals]):
        if things:
            yield {
                "type": "AssociationEvent",
                "action": "ADD",
                "bizStep": "installing",
                "disposition": "in_progress",
                "parentID": about.consignment,
                "childEPCs": things,
            }


def _moves(step: str, disposition: str) -> Callable[[_About], Iterator[Event]]:
    return lambda about: iter((_object(about, step, disposition),))


def _offered(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, HandoverOffered)  # noqa: S101
    yield _object(
        about, "shipping", _found(about), _sensed(content.gross), _parties(about.statement.voice, _of_leg(about, "start"))
    )


def _accepted(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, HandoverAccepted)  # noqa: S101
    parties = _parties(_of_leg(about, "end"), about.statement.voice)
    yield _object(about, "accepting", _found(about), _sensed(content.gross), parties)


def _found(about: _About) -> str:
    return "non_conformant" if about.differs else "conformant"


def _of_leg(about: _About, end: Literal["start", "end"]) -> str | None:
    """Who is responsible for the leg that starts or ends there, by the plan, where its own code lets that be told."""
    plan = about.delivery.plan
    there = (leg.responsible for leg in plan.legs if getattr(leg, end) == about.statement.checkpoint)
    return next(there, None) if plan.handling_code == OPEN else None


def _parties(giver: str | None, taker: str | None) -> Event:
    """Who had it and who has it, as far as that may be told."""
    sources = {"sourceList": [{"type": "possessing_party", "source": uri("service", giver)}]} if giver is not None else {}
    if taker is None:
        return sources
    return {**sources, "destinationList": [{"type": "possessing_party", "destination": uri("service", taker)}]}


def _interdicted(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Interdicted)  # noqa: S101
    yield _object(about, "collecting", "unavailable", _sensed(content.gross))


def _seized(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Seizure)  # noqa: S101
    closes = "mismatch_quantity" if about.delivery.balance.differences() else "conformant"
    yield _object(about, "collecting", closes, _sensed(content.gross), _amounts(content.recovered))
    if content.finds:
        yield _object(about, "collecting", "in_progress", about.things(one.label for one in content.finds), action="ADD")


def _exhibits_offered(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, ExhibitsOffered)  # noqa: S101
    parties = _parties(about.statement.voice, content.to)
    yield _object(about, "shipping", "in_progress", about.things(content.exhibits), parties)


def _exhibits_accepted(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, ExhibitsAccepted)  # noqa: S101
    parties = _parties(content.giver, about.statement.voice)
    condition = "conformant" if content.intact else "non_conformant"
    yield _object(about, "accepting", condition, about.things(content.exhibits), parties)


def _examined(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, LaboratoryReport)  # noqa: S101
    spent = {} if content.spent is None else {"vigil:spentMilligrams": content.spent}
    things = about.things((content.exhibit,))
    yield _object(about, "inspecting", "in_progress", things, _sensed(content.left), {"vigil:report": content.report}, spent)


def _disposed(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Disposed)  # noqa: S101
    action, step, disposition = {
        "destroyed": ("DELETE", "destroying", "destroyed"),
        "returned": ("OBSERVE", "shipping", "returned"),
        "handed_to_court": ("OBSERVE", "shipping", "in_progress"),
        "kept": ("OBSERVE", "storing", "reserved"),
        "lost": ("OBSERVE", "other", "unknown"),
    }[content.how]
    yield _object(about, step, disposition, about.things(content.exhibits), action=action)


def _destroyed(about: _About) -> Iterator[Event]:
    yield _object(about, "destroying", "destroyed", action="DELETE")


def _split(about: _About) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Split)  # noqa: S101
    yield {
        "type": "AggregationEvent",
        "action": "DELETE",
        "bizStep": "unpacking",
        "disposition": "in_progress",
        "parentID": about.consignment,
        "childEPCs": [uri("consignment", one.operation) for one in content.parts],
    }


_EVENTS: Final[Mapping[type[Content], Callable[[_About], Iterable[Event]]]] = {
    Detected: _detected,
    Prepared: _prepared,
    Dispatched: _moves("departing", "in_transit"),
    Sighted: _moves("transporting", "in_transit"),
    SurveillanceLost: _moves("transporting", "unknown"),
    SurveillanceRegained: _moves("transporting", "in_transit"),
    HandoverOffered: _offered,
    HandoverAccepted: _accepted,
    HandoverDeclined: _moves("void_shipping", "in_progress"),
    Delivered: _moves("arriving", "in_progress"),
    Interdicted: _interdicted,
    Seizure: _seized,
    Destroyed: _destroyed,
    LossRecorded: _moves("other", "unknown"),
    Split: _split,
    ExhibitsOffered: _exhibits_offered,
    ExhibitsAccepted: _exhibits_accepted,
    LaboratoryReport: _examined,
    Disposed: _disposed,
}
"""Each kind of statement that is of things, and its events."""
KINDS: Final[tuple[str, ...]] = tuple(one.model_fields["kind"].default for one in _EVENTS)


def _sensed(mass: Quantity | None) -> Event:
    """A mass that was measured, as a report of a scale; whatever was not is none."""
    if not isinstance(mass, int):
        return {} if mass is None else {"vigil:notMeasured": _how(mass)}
    return {"sensorElementList": [{"sensorReport": [{"type": "Mass", "value": mass, "uom": MILLIGRAM}]}]}


def _amounts(amounts: Iterable[AnyAmount]) -> Event:
    """What it holds, by class; a quantity only where it was measured or counted."""
    found = list(amounts)
    return {} if not found else {"quantityList": list(map(_element, found))} | _known("vigil:known", found)


def _element(one: AnyAmount) -> Event:
    quantity = one.quantity
    element: Event = {"epcClass": class_of(one)}
    if isinstance(quantity, int):
        element["quantity"] = quantity
        if isinstance(one, SubstanceMass):
            element["uom"] = MILLIGRAM
    return element


def _known(name: str, amounts: Iterable[AnyAmount]) -> Event:
    """How each that was not measured is known, under the class of what it is."""
    said = {class_of(one): _how(one.quantity) for one in amounts if not isinstance(one.quantity, int)}
    return {name: said} if said else {}


def _how(quantity: Quantity) -> Event:
    if isinstance(quantity, Unmeasured):
        return {"known": "unmeasured", "why": quantity.unmeasured}
    assert isinstance(quantity, Estimate)  # noqa: S101
    return {"known": quantity.known, "about": quantity.about}


def class_of(one: AnyAmount) -> str:
    """The class of what it is: a substance by its number, or its name in the catalogue; all else by its code or name."""
    if isinstance(one, SubstanceMass):
        known = known_as(one.substance, one.cas)
        number = known.cas[0] if known is not None and known.cas else one.cas
        name = known.english if known is not None else one.substance
        return uri("cas", number) if number is not None else uri("substance", name)
    for name in ("hs", "weapon", "instrument", "currency"):
        if (value := getattr(one, name, None)) is not None:
            return uri(name, str(value))
    return uri("goods")
