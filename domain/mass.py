"""The mass balance (R10): what was found, what was sent on, and what was recovered, substance by substance and note by note.

detected = kept + removed + samples, at the preparation; kept = recovered, at the end; and every substitute and device is
recovered as well. Mass may differ within the plan's tolerance, cash not at all. What does not close must be explained
before the run closes (Van Traa: records from which it could not be told what had reached the market).
"""

from collections.abc import Iterable, Iterator, Mapping

from domain.delivery import Delivery
from domain.quantities import Money, say_mass
from domain.statements import Cash, Prepared, SubstanceMass

Amounts = Mapping[str, int]
"""Substance to milligrams, and currency to minor units."""


def differences(delivery: Delivery) -> tuple[str, ...]:
    """What does not close, in words; empty where it does, and where nothing was sent on or nothing is left to weigh."""
    gone = (delivery.lost and not delivery.secured) or delivery.destroyed
    if not delivery.dispatched or gone or delivery.prepared is None:
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
    units: dict[str, int] = {}
    for unit in prepared.units:
        units[unit.substance] = units.get(unit.substance, 0) + unit.net
    together = amounts(prepared.kept, prepared.removed, prepared.samples)
    masses = {
        what: size
        for what, size in together.items()
        if what not in _currencies(prepared.kept, prepared.removed, prepared.samples)
    }
    return "; ".join(_compared("the units are", masses, units, tolerance, ()))


def amounts(*parts: Iterable[SubstanceMass | Cash]) -> dict[str, int]:
    """The sum of these, by substance and currency."""
    total: dict[str, int] = {}
    for part in parts:
        for one in part:
            what, size = (one.currency, one.minor) if isinstance(one, Cash) else (one.substance, one.net)
            total[what] = total.get(what, 0) + size
    return total


def _differences(delivery: Delivery, prepared: Prepared) -> Iterator[str]:
    tolerance = delivery.plan.weight_tolerance
    contents = delivery.plan.consignment.contents
    seizures = tuple(delivery.seizures.values())
    currencies = _currencies(contents, prepared.kept, prepared.removed, prepared.samples, *(one.recovered for one in seizures))
    sent = amounts(prepared.kept)
    yield from _compared(
        "prepared", amounts(contents), amounts(prepared.kept, prepared.removed, prepared.samples), tolerance, currencies
    )
    if seizures:
        yield from _compared("recovered", sent, amounts(*(one.recovered for one in seizures)), tolerance, currencies)
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


def _serials(prepared: Prepared, recovered: Iterable[SubstanceMass | Cash]) -> Iterator[str]:
    known = {one.currency: one.serials for one in recovered if isinstance(one, Cash)}
    for one in prepared.kept:
        if isinstance(one, Cash) and one.serials is not None and known.get(one.currency) not in (None, one.serials):
            yield f"{one.currency}: the notes recovered have other serial numbers"


def _currencies(*parts: Iterable[SubstanceMass | Cash]) -> tuple[str, ...]:
    return tuple(one.currency for part in parts for one in part if isinstance(one, Cash))
