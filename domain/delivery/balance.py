"""The mass balance (R10): what was found, what was sent on, and what was recovered, substance by substance and note by note.

detected = kept + removed + samples, at the preparation; kept = recovered, at the end; and every substitute and device is
recovered as well. Mass may differ within the plan's tolerance, cash not at all. What does not close must be explained
before the run closes (Van Traa: records from which it could not be told what had reached the market).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.delivery.delivery import Delivery
from domain.delivery.statements import Prepared
from domain.plan.goods import Cash, SubstanceMass
from domain.words.quantities import Money, say_mass

Parted = Iterable[SubstanceMass | Cash]
Amounts = Mapping[str, int]
"""Substance to milligrams, and currency to minor units."""


def differences(delivery: Delivery) -> tuple[str, ...]:
    """What does not close, in words; empty where it does, and where nothing was sent on or nothing is left to weigh."""
    gone = (delivery.lost and not delivery.secured) or delivery.destroyed
    if not delivery.dispatched or gone or delivery.prepared is None:
        return ()
    if delivery.parts and not delivery.ended_parts:
        return ()
    return tuple(_differences(delivery, delivery.prepared))


def open_difference(delivery: Delivery) -> tuple[str, ...]:
    """The differences that nobody has explained yet."""
    explained = any(name.startswith("balance.") and one.result == "satisfied" for name, one in delivery.progress.items())
    return () if explained else differences(delivery)


def within(prepared: Prepared, tolerance: int) -> str:
    """What does not fit inside one preparation record, where each unit was weighed; or an empty text."""
    if not prepared.units:
        return ""
    units = [SubstanceMass(substance=unit.substance, net=unit.net) for unit in prepared.units]
    together = [one for part in (prepared.kept, prepared.removed, prepared.samples) for one in part]
    return "; ".join(compared("the units are", [one for one in together if isinstance(one, SubstanceMass)], [units], tolerance))


def compared(word: str, whole: Parted, parts: Sequence[Parted], tolerance: int) -> tuple[str, ...]:
    """Where the parts are not the whole, in words; mass within the tolerance (milligrams), cash exactly."""
    whole = tuple(whole)
    return tuple(_compared(word, amounts(whole), amounts(*parts), tolerance, _currencies(whole, *parts)))


def amounts(*parts: Parted) -> dict[str, int]:
    """The sum of these, by substance and currency."""
    total: dict[str, int] = {}
    for part in parts:
        for one in part:
            what, size = (one.currency, one.minor) if isinstance(one, Cash) else (one.substance, one.net)
            total[what] = total.get(what, 0) + size
    return total


def _differences(delivery: Delivery, prepared: Prepared) -> Iterator[str]:
    tolerance = delivery.plan.weight_tolerance
    handled = (prepared.kept, prepared.removed, prepared.samples)
    yield from compared("prepared", delivery.plan.consignment.contents, handled, tolerance)
    seizures = tuple(delivery.seizures.values())
    if delivery.parts:
        yield from compared("the parts recovered", prepared.kept, [part.recovered for part in delivery.ended_parts], tolerance)
    elif seizures:
        yield from compared("recovered", prepared.kept, [one.recovered for one in seizures], tolerance)
        yield from _serials(prepared, [one for seizure in seizures for one in seizure.recovered])
        found = [label for seizure in seizures for label in seizure.items]
        missing = [f"{item.what} {item.label}" for item in prepared.items if item.label not in found]
        if missing:
            yield f"not recovered: {', '.join(missing)}"
    elif delivery.interdicted is not None and delivery.custody is not None:
        gross, expected = delivery.interdicted.gross, delivery.custody.gross
        if abs(gross - expected) > tolerance:
            yield f"interdicted: {say_mass(gross)} gross, expected {say_mass(expected)}"


def _compared(word: str, expected: Amounts, found: Amounts, tolerance: int, currencies: Iterable[str]) -> Iterator[str]:
    for what in dict.fromkeys([*expected, *found]):
        left, right = expected.get(what, 0), found.get(what, 0)
        cash = what in currencies
        if abs(left - right) > (0 if cash else tolerance):
            say = (lambda size, what=what: Money(currency=what, minor=size).say()) if cash else say_mass
            yield f"{what}: {word} {say(right)}, expected {say(left)}"


def _serials(prepared: Prepared, recovered: Parted) -> Iterator[str]:
    known = {one.currency: one.serials for one in recovered if isinstance(one, Cash)}
    for one in prepared.kept:
        if isinstance(one, Cash) and one.serials is not None and known.get(one.currency) not in (None, one.serials):
            yield f"{one.currency}: the notes recovered have other serial numbers"


def _currencies(*parts: Parted) -> tuple[str, ...]:
    return tuple(one.currency for part in parts for one in part if isinstance(one, Cash))
