"""What each kind of statement says of things, in the words of GS1 EPCIS 2.0 (docs/epcis.md has the table).

Whatever was not measured is no measurement here either: only measured masses are sensor reports, in whole milligrams.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import quote

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.statement import Content, Statement
from domain.plan.goods import AnyAmount, Cash, Counted, Instruments, SubstanceMass, Weapons
from domain.plan.quantity import Estimate, Quantity, Unmeasured
from domain.plan.substances import known_as
from domain.rules.arrival import Delivered
from domain.rules.balance import Seizure, Split
from domain.rules.custody import Dispatched, HandoverAccepted, HandoverDeclined, HandoverOffered
from domain.rules.detection import Detected
from domain.rules.disposing import Disposed
from domain.rules.examining import LaboratoryReport
from domain.rules.handing_on import ExhibitsAccepted, ExhibitsOffered
from domain.rules.preparation import Prepared
from domain.rules.stop import Destroyed, Interdicted
from domain.rules.taking_out import TakenOut
from domain.rules.watch import LossRecorded, Sighted, SurveillanceLost, SurveillanceRegained
from domain.words.quantities import Money, say_minor

OPEN: Final = "H0"
"""The one handling code with which something may stand in it."""
MILLIGRAM: Final = "MGM"
"""UN/ECE Recommendation 20."""

Event = dict[str, Any]
_MASS: Final[Event] = {"uom": MILLIGRAM}


@dataclass(frozen=True)
class EventSource:
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


def uri(*parts: str) -> str:
    """An identifier of ours: agencies have no keys of GS1."""
    return ":".join(("urn:vigil", *(quote(one, safe="") for one in parts)))


def _object(about: EventSource, step: str, disposition: str, *more: Event, action: str = "OBSERVE") -> Event:
    """Of the consignment, where nothing else is said."""
    event = {"type": "ObjectEvent", "action": action, "bizStep": step, "disposition": disposition}
    return event | {"epcList": [about.consignment]} | {name: value for part in more for name, value in part.items()}


def _detected(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Detected)  # noqa: S101
    yield _object(about, "inspecting", "in_progress", {"vigil:how": content.how, "vigil:sure": content.sure}, action="ADD")


def _prepared(about: EventSource) -> Iterator[Event]:
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


def _moves(step: str, disposition: str) -> Callable[[EventSource], Iterator[Event]]:
    return lambda about: iter((_object(about, step, disposition),))


def _offered(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, HandoverOffered)  # noqa: S101
    yield _object(
        about, "shipping", _found(about), _sensed(content.gross), _parties(about.statement.voice, _of_leg(about, "start"))
    )


def _accepted(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, HandoverAccepted)  # noqa: S101
    parties = _parties(_of_leg(about, "end"), about.statement.voice)
    yield _object(about, "accepting", _found(about), _sensed(content.gross), parties)


def _found(about: EventSource) -> str:
    return "non_conformant" if about.differs else "conformant"


def _of_leg(about: EventSource, end: Literal["start", "end"]) -> str | None:
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


def _interdicted(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Interdicted)  # noqa: S101
    yield _object(about, "collecting", "unavailable", _sensed(content.gross))


def _seized(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, Seizure)  # noqa: S101
    closes = "mismatch_quantity" if about.delivery.balance.differences() else "conformant"
    yield _object(about, "collecting", closes, _sensed(content.gross), _amounts(content.recovered))
    if content.finds:
        yield _object(about, "collecting", "in_progress", about.things(one.label for one in content.finds), action="ADD")


def _taken_out(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, TakenOut)  # noqa: S101
    condition = "container_open" if content.opened else "container_closed"
    yield _object(about, "inspecting", condition, _sensed(content.gross))
    yield _object(about, "sampling", "in_progress", about.things((content.label,)), _amounts(content.samples), action="ADD")


def _exhibits_offered(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, ExhibitsOffered)  # noqa: S101
    parties = _parties(about.statement.voice, content.to)
    yield _object(about, "shipping", "in_progress", about.things(content.exhibits), parties)


def _exhibits_accepted(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, ExhibitsAccepted)  # noqa: S101
    parties = _parties(content.giver, about.statement.voice)
    condition = "conformant" if content.intact else "non_conformant"
    yield _object(about, "accepting", condition, about.things(content.exhibits), parties)


def _examined(about: EventSource) -> Iterator[Event]:
    content = about.content
    assert isinstance(content, LaboratoryReport)  # noqa: S101
    spent = {} if content.spent is None else {"vigil:spentMilligrams": content.spent}
    things = about.things((content.exhibit,))
    yield _object(about, "inspecting", "in_progress", things, _sensed(content.left), {"vigil:report": content.report}, spent)


def _disposed(about: EventSource) -> Iterator[Event]:
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


def _destroyed(about: EventSource) -> Iterator[Event]:
    yield _object(about, "destroying", "destroyed", action="DELETE")


def _split(about: EventSource) -> Iterator[Event]:
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


EVENTS: Final[Mapping[type[Content], Callable[[EventSource], Iterable[Event]]]] = {
    Detected: _detected,
    Prepared: _prepared,
    Dispatched: _moves("departing", "in_transit"),
    Sighted: _moves("transporting", "in_transit"),
    SurveillanceLost: _moves("transporting", "unknown"),
    SurveillanceRegained: _moves("transporting", "in_transit"),
    TakenOut: _taken_out,
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
KINDS: Final[tuple[str, ...]] = tuple(one.model_fields["kind"].default for one in EVENTS)


def _sensed(mass: Quantity | None) -> Event:
    """A mass that was measured, as a report of a scale; whatever was not is none."""
    if not isinstance(mass, int):
        return {} if mass is None else {"vigil:notMeasured": _how(mass, _MASS)}
    return {"sensorElementList": [{"sensorReport": [{"type": "Mass", "value": mass, **_MASS}]}]}


def _amounts(amounts: Iterable[AnyAmount]) -> Event:
    """What it holds, by class; a quantity only where it was measured or counted."""
    found = list(amounts)
    return {} if not found else {"quantityList": list(map(_element, found))} | _known("vigil:known", found)


def _element(one: AnyAmount) -> Event:
    counted = {"quantity": one.quantity, **_unit(one)} if isinstance(one.quantity, int) else {}
    return {"epcClass": class_of(one), **counted}


def _unit(one: AnyAmount) -> Event:
    """In what its number is: milligrams of a mass; of all else so many of its class, which EPCIS has no unit for."""
    return _MASS if isinstance(one, SubstanceMass) else {}


def _known(name: str, amounts: Iterable[AnyAmount]) -> Event:
    """How each that was not measured is known, with the class of what it is: as often as there are amounts of one class."""
    said = [{"epcClass": class_of(one), **_how(one.quantity, _unit(one))} for one in amounts if not isinstance(one.quantity, int)]
    return {name: said} if said else {}


def _how(quantity: Quantity, unit: Event) -> Event:
    if isinstance(quantity, Unmeasured):
        return {"known": "unmeasured", "why": quantity.unmeasured}
    assert isinstance(quantity, Estimate)  # noqa: S101
    return {"known": quantity.known, "about": quantity.about, **unit}


def class_of(one: AnyAmount) -> str:
    """The class of what it is: a substance by its number, or its name in the catalogue; all else by its code or name, with what
    one of it is, since EPCIS lets a quantity without a unit be nothing but so many of its class. One of cash is the minor unit of
    its currency: its amount is a whole number, as it was signed.
    """
    match one:
        case SubstanceMass(substance=substance, cas=cas):
            known = known_as(substance, cas)
            number = known.cas[0] if known is not None and known.cas else cas
            return (
                uri("cas", number) if number is not None else uri("substance", known.english if known is not None else substance)
            )
        case Cash(currency=currency):
            return uri("currency", currency, say_minor(currency, 1))
        case Instruments(instrument=name, nominal=Money(currency=currency, minor=minor)):
            return uri("instrument", name, currency, say_minor(currency, minor))
        case Weapons(weapon=weapon):
            return uri("weapon", weapon)
        case Counted(hs=code, unit=unit):
            return uri("hs", code, unit)
