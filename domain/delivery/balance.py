"""The mass balance (R10): what was found, what was sent on, and what was recovered, substance by substance and note by note.

detected = kept + removed + samples, at the preparation; kept = recovered, at the end; and every substitute and device is
recovered as well. Mass may differ within the plan's tolerance, cash not at all. What does not close must be explained
before the run closes (Van Traa: records from which it could not be told what had reached the market).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

from domain.delivery.memory import Goods
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, found
from domain.plan.goods import Amount, Cash, Unit

Compared = Literal["prepared", "recovered", "recovered_in_parts", "in_units", "in_parts"]
"""What is held against the whole."""
COMPARED: tuple[str, ...] = get_args(Compared)
MASS_DIFFERS = found(
    "R10",
    "mass_differs",
    "substance {number}: {what} {found}, expected {expected}",
    number="count",
    what="word",
    found="mass",
    expected="mass",
)
CASH_DIFFERS = found(
    "R10",
    "cash_differs",
    "{currency}: {what} {found}, expected {expected}",
    currency="name",
    what="word",
    found="money",
    expected="money",
)
SERIALS_DIFFER = found("R10", "serials_differ", "{currency}: the notes recovered have other serial numbers", currency="name")
NOT_RECOVERED = found("R10", "not_recovered", "not recovered: {labels}", labels="names")
INTERDICTED_GROSS = found(
    "R10", "interdicted_gross", "interdicted: {found} gross, expected {expected}", found="mass", expected="mass"
)


class Balance:
    """What rules ask about the mass balance, of the state as it is."""

    def __init__(self, state: State) -> None:
        self._state = state

    def differences(self) -> tuple[Finding, ...]:
        """What does not close. Nothing unless it has been prepared and has left; nothing where it is destroyed, or lost and not
        secured, or where it has split and the parts have not ended. Else, in this order: the plan's contents, `compared` as
        `prepared` with what was kept, removed and sampled; where it has split, what was kept, as `recovered_in_parts` with what
        was recovered of each part; else, where something was seized, what was kept, as `recovered` with all that was, then
        `serials_differ` for each cash that was kept with `serials` and of whose currency the last that was recovered has others,
        then `not_recovered` with the labels of the items that no seizure names; else, where it was interdicted,
        `interdicted_gross` if its weight then is not that of the custody within the plan's `weight_tolerance`.
        """
        state = self._state
        gone = (state.lost and not state.secured) or state.destroyed
        if not state.dispatched or gone or state.goods is None or (state.parts and not state.ended_parts):
            return ()
        return tuple(self._differences(state.goods))

    def unexplained(self) -> tuple[Finding, ...]:
        """The same; nothing once they are explained."""
        return () if self._state.explained else self.differences()

    def _differences(self, goods: Goods) -> Iterator[Finding]:
        state, tolerance = self._state, self._state.plan.weight_tolerance
        handled = (goods.kept, goods.removed, goods.samples)
        yield from compared("prepared", state.plan.consignment.contents, handled, tolerance)
        seizures = tuple(state.seizures.values())
        if state.parts:
            yield from compared("recovered_in_parts", goods.kept, [part.recovered for part in state.ended_parts], tolerance)
        elif seizures:
            yield from compared("recovered", goods.kept, [one.amounts for one in seizures], tolerance)
            yield from _serials(goods, [one for seizure in seizures for one in seizure.amounts])
            seen = [label for seizure in seizures for label in seizure.items]
            missing = tuple(item.label for item in goods.items if item.label not in seen)
            if missing:
                yield NOT_RECOVERED(labels=missing)
        elif state.interdicted is not None and state.custody is not None:
            gross, expected = state.interdicted, state.custody.gross
            if abs(gross - expected) > tolerance:
                yield INTERDICTED_GROSS(found=gross, expected=expected)


def compared(what: Compared, whole: Iterable[Amount], parts: Sequence[Iterable[Amount]], tolerance: int) -> tuple[Finding, ...]:
    """Where the parts are not the whole. What is named in the whole and then in the parts is numbered from 1, each substance and
    currency once, since substances are free text. For each in this order: `cash_differs` where the sums of a currency are not the
    same; `mass_differs` where those of a substance differ by more than the plan's `weight_tolerance`. `what` says as what they
    are compared; `expected` is the sum of the whole, `found` that of the parts.
    """
    expected, seen = summed(whole), summed(one for part in parts for one in part)
    differs = []
    for number, name in enumerate(dict.fromkeys([*expected, *seen]), 1):
        left, right = expected.get(name, 0), seen.get(name, 0)
        cash = name[0] == "cash"
        if cash and left != right:
            differs.append(CASH_DIFFERS(currency=name[1], what=what, found=right, expected=left))
        elif abs(left - right) > tolerance:
            differs.append(MASS_DIFFERS(number=number, what=what, found=right, expected=left))
    return tuple(differs)


def units_of(units: Sequence[Unit], whole: Iterable[Amount], tolerance: int) -> tuple[Finding, ...]:
    """Where units that were weighed one by one are not the mass of the whole."""
    masses = [one for one in whole if not isinstance(one, Cash)]
    return compared("in_units", masses, [[unit.amount for unit in units]], tolerance) if units else ()


def summed(amounts: Iterable[Amount]) -> dict[tuple[str, str], int]:
    """The sum of these, by substance (milligrams) and currency (minor units)."""
    total: dict[tuple[str, str], int] = {}
    for one in amounts:
        what, size = (("cash", one.currency), one.minor) if isinstance(one, Cash) else (("mass", one.substance), one.net)
        total[what] = total.get(what, 0) + size
    return total


def _serials(goods: Goods, recovered: Iterable[Amount]) -> Iterator[Finding]:
    known = {one.currency: one.serials for one in recovered if isinstance(one, Cash)}
    for one in goods.kept:
        if isinstance(one, Cash) and one.serials is not None and known.get(one.currency) not in (None, one.serials):
            yield SERIALS_DIFFER(currency=one.currency)
