"""The mass balance (R10): what was found, what was sent on, and what was recovered, substance by substance and note by note.

detected = kept + removed + samples, at the preparation; kept = recovered, at the end; and every substitute and device is
recovered as well. Masses may differ within the plan's tolerance of each substance, cash and counts not at all. What was only
estimated is as good as its bounds: what is measured at the preparation is compared from then on, and what was not measured then
is held against what was found at the beginning, and explained, since nobody can tell whether some of it is missing. What does not
close must be explained before the run closes (Van Traa: records from which it could not be told what had reached the market).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

from domain.delivery.custody import Custody
from domain.delivery.holdings import mass_of, not_its_parts, parts_in
from domain.delivery.memory import PreparedGoods, Secured
from domain.delivery.state import State
from domain.delivery.transfers import as_known, seized_otherwise
from domain.delivery.verdicts import Finding, found
from domain.plan.goods import AnyAmount, Key, Numbered, SubstanceMass, Tolerances, Unit, keyed
from domain.plan.quantity import Bounds, Quantity, bounds

Compared = Literal[
    "prepared", "kept", "recovered", "recovered_in_parts", "in_units", "in_parts", "in_all", "removed", "interdicted"
]
"""What is held against the whole."""
COMPARED: tuple[str, ...] = get_args(Compared)
RECOVERED: tuple[Compared, ...] = ("recovered", "recovered_in_parts")
"""At the end, where whoever has it in hand measures it, or explains why not."""
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
COUNT_DIFFERS = found(
    "R10",
    "count_differs",
    "counted goods {number}: {what} {found}, expected {expected}",
    number="count",
    what="word",
    found="count",
    expected="count",
)
SERIALS_DIFFER = found("R10", "serials_differ", "{currency}: the notes recovered have other serial numbers", currency="name")
NUMBERS_DIFFER = found(
    "R10", "numbers_differ", "{number} of what was kept: what was recovered has other serial numbers", number="count"
)
NOT_MEASURED = found("R10", "not_measured", "{number}: {what} and not measured", number="count", what="word")
NOT_RECOVERED = found("R10", "not_recovered", "not recovered: {labels}", labels="names")
OTHER_PACKAGES = found(
    "R10", "other_packages", "{what}: {found} packages, expected {expected}", what="word", found="count", expected="count"
)
LOT_DIFFERS = found(
    "R10",
    "lot_differs",
    "the parts of {label} weigh {found}, expected {expected}",
    label="name",
    found="mass",
    expected="mass",
)
INTERDICTED_UNMEASURED = found("R10", "interdicted_unmeasured", "interdicted, and neither weighed nor counted")
INTERDICTED_GROSS = found(
    "R10", "interdicted_gross", "interdicted: {found} gross, expected {expected}", found="mass", expected="mass"
)


class Balance:
    """What rules ask about the mass balance, of the state as it is."""

    def __init__(self, state: State, *, exact: bool = False) -> None:
        self._state = state
        self._exact = exact

    @property
    def _tolerances(self) -> Tolerances:
        return Tolerances(net={}) if self._exact else self._state.plan.tolerances

    def differences(self) -> tuple[Finding, ...]:
        """What does not close. Nothing where it is destroyed, or lost and not secured, or where it has split and the parts have
        not ended. Where it has not been prepared, or neither has left nor is `held_back`: nothing unless it has halted, and then
        what is `missing_before_it_left`. Else, in this order: the plan's contents, `compared` as `prepared` with what was kept,
        removed and sampled; `not_measured` as `removed` for each amount that was removed, sampled or taken out on the way and was
        not measured; `other_packages` as `prepared` where nothing was removed and they are not as many as the plan has; where it
        has split, what was kept, as `recovered_in_parts` with what was recovered of each part; else, where something was seized,
        what was kept, as `recovered` with all that was; what was taken out on the way counts there too; in both cases then: of
        what was kept and not measured then, the plan's contents, as `in_all` with what was removed, sampled and recovered of it,
        and what was `never_measured`; and where something was seized `serials_differ` for each cash, and `numbers_differ` for all
        else, that was kept with `serials` and of which nothing was taken out on the way, where the last of it that was recovered
        has others, then `other_packages` as `recovered` where they were counted when it was prepared, and all seizures together
        have another number of them than the custody, then `not_recovered` with the labels of the items that no seizure names;
        else, where it was interdicted, `interdicted_gross` if its weight then is not that of the custody within the tolerance
        `of_gross` weight, and `other_packages` as `interdicted` if they are not as many; `interdicted_unmeasured` where neither
        can be compared; where it was, what was found `seized_otherwise` when it was handed on since. Last `lot_differs` for each
        lot that was divided and is `not_its_parts`, those first that were divided first.
        """
        state = self._state
        gone = (state.lost and not state.secured) or state.destroyed
        if gone or (state.parts and not state.ended_parts):
            return ()
        if state.goods is not None and (state.dispatched or state.plan.held_back):
            return tuple(self._differences(state.goods))
        return tuple(self.missing_before_it_left()) if state.halt is not None else ()

    def unexplained(self) -> tuple[Finding, ...]:
        """The same; nothing once they are explained."""
        return () if self._state.explained else self.differences()

    def let_pass(self) -> tuple[Finding, ...]:
        """What is no difference only because of the plan's tolerances: the `differences` that there would be without any and are
        not there. It is told and never asked about.
        """
        known = self.differences()
        return tuple(one for one in Balance(self._state, exact=True).differences() if one not in known)

    def missing_before_it_left(self) -> Iterator[Finding]:
        """What was weighed or counted twice and differs; what nobody weighed is not asked for. If it was prepared: the plan's
        contents, `compared` as `prepared`, and the packages, as for one that has left. Once it was interdicted:
        `interdicted_gross` if its weight then, or else when it was handed on since, and `other_packages` as `interdicted` if
        their number, is not that of the custody; where nobody prepared it, or nothing was then taken out or put in and the
        custody has none, that of the plan. Then, where it was, what was found `seized_otherwise`. Last `lot_differs`, likewise.
        """
        state, goods = self._state, self._state.goods
        if goods is not None:
            yield from self._prepared(goods)
            yield from self._packed(goods)
        if state.interdicted is not None:
            found, custody, consignment = as_known(state), state.custody or Custody(None, ()), state.plan.consignment
            whole = goods is None or not (goods.removed or goods.samples or goods.items)
            gross = state.interdicted.gross if state.interdicted.gross is not None else found.gross
            weighed = custody.gross if custody.gross is not None else consignment.gross if whole else None
            counted = custody.packages if custody.packages is not None else consignment.packages if whole else None
            yield from self._gross(gross, weighed)
            yield from _packages("interdicted", state.interdicted.packages, counted)
        yield from seized_otherwise(state)
        yield from self._lots()

    def _prepared(self, goods: PreparedGoods) -> Iterator[Finding]:
        contents, found = self._state.plan.consignment.contents, (goods.kept, goods.removed, goods.samples)
        yield from compared("prepared", contents, found, self._tolerances)

    def _packed(self, goods: PreparedGoods) -> Iterator[Finding]:
        if not goods.removed:
            yield from _packages("prepared", goods.packages, self._state.plan.consignment.packages)

    def _differences(self, goods: PreparedGoods) -> Iterator[Finding]:
        state = self._state
        yield from self._prepared(goods)
        taken = tuple(lot.amounts for lot in state.taken_out.values())
        for number, one in enumerate((*goods.removed, *goods.samples, *(one for lot in taken for one in lot)), 1):
            if not isinstance(one.quantity, int):
                yield NOT_MEASURED(number=number, what="removed")
        yield from self._packed(goods)
        seizures = tuple(state.seizures.values())
        if state.parts:
            yield from self._recovered("recovered_in_parts", goods, [*(part.recovered for part in state.ended_parts), *taken])
        elif seizures:
            yield from self._recovered("recovered", goods, [*(one.amounts for one in seizures), *taken])
            yield from _serials(goods, [one for lot in taken for one in lot], [one for each in seizures for one in each.amounts])
            counted = [one.packages for one in seizures if one.packages is not None]
            if counted and state.custody is not None:
                yield from _packages("recovered", sum(counted), state.custody.packages)
            seen = [label for seizure in seizures for label in seizure.items]
            missing = tuple(item.label for item in goods.items if item.label not in seen)
            if missing:
                yield NOT_RECOVERED(labels=missing)
        elif state.interdicted is not None and state.custody is not None:
            yield from self._interdicted(state.interdicted, state.custody)
        yield from seized_otherwise(state)
        yield from self._lots()

    def _lots(self) -> Iterator[Finding]:
        state = self._state
        for label, together in reversed(parts_in(state).items()):
            if (whole := mass_of(state, label)) is not None and not_its_parts(state, label, together):
                yield LOT_DIFFERS(label=label, found=together.said, expected=whole.said)

    def _recovered(self, what: Compared, goods: PreparedGoods, recovered: Sequence[tuple[AnyAmount, ...]]) -> Iterator[Finding]:
        contents, tolerances = self._state.plan.consignment.contents, self._tolerances
        yield from compared(what, goods.kept, recovered, tolerances)
        guessed = tuple(one for one in goods.kept if not isinstance(one.quantity, int))
        ends = (goods.removed, goods.samples, *recovered)
        yield from compared("in_all", only(guessed, contents), [only(guessed, one) for one in ends], tolerances)
        yield from never_measured(goods.kept, contents)

    def _interdicted(self, found: Secured, known: Custody) -> Iterator[Finding]:
        yield from self._gross(found.gross, known.gross)
        if (found.gross is None or known.gross is None) and (found.packages is None or known.packages is None):
            yield INTERDICTED_UNMEASURED()
        yield from _packages("interdicted", found.packages, known.packages)

    def _gross(self, found: int | None, expected: Quantity | None) -> Iterator[Finding]:
        if found is None or expected is None:
            return
        known = bounds(expected)
        if bounds(found).apart(known) > self._tolerances.of_gross(known.least):
            yield INTERDICTED_GROSS(found=found, expected=known.said)


def compared(
    what: Compared, whole: Iterable[AnyAmount], parts: Sequence[Iterable[AnyAmount]], tolerances: Tolerances
) -> tuple[Finding, ...]:
    """Where the parts are not the whole. What is named in the whole and then in the parts is numbered from 1, each once, since
    substances are free text: two names or numbers of one substance are one. For each in this order, where the bounds of the sums
    are apart: `cash_differs` for a currency; `mass_differs` for a substance, if by more than the tolerance `of` what of it is at
    least in the whole; `count_differs` for all else; and where some of what was recovered was not measured, `not_measured`.
    `what` says as what they are compared; `expected` is the sum of the whole, `found` that of the parts, of what has a number.
    """
    left, right = tuple(whole), tuple(one for part in parts for one in part)
    keys = keyed((*left, *right))
    expected, seen = summed(keys[: len(left)]), summed(keys[len(left) :])
    unmeasured = _unmeasured(keys[len(left) :])
    let_pass = {
        key: tolerances.of(one.substance, expected[key].least) for key, one in keys[: len(left)] if isinstance(one, SubstanceMass)
    }
    differs: list[Finding] = []
    for number, key in enumerate(dict.fromkeys([*expected, *seen]), 1):
        one, other = expected.get(key, Bounds()), seen.get(key, Bounds())
        if other.apart(one) > let_pass.get(key, 0):
            if key[0] == "cash":
                differs.append(CASH_DIFFERS(currency=key[1], what=what, found=other.said, expected=one.said))
            else:
                code = MASS_DIFFERS if key[0] == "mass" else COUNT_DIFFERS
                differs.append(code(number=number, what=what, found=other.said, expected=one.said))
        elif what in RECOVERED and key in unmeasured:
            differs.append(NOT_MEASURED(number=number, what=what))
    return tuple(differs)


def never_measured(kept: Iterable[AnyAmount], contents: Iterable[AnyAmount]) -> Iterator[Finding]:
    """What was on its way and no measurement tells how much of it there was: `not_measured` as `kept`, numbered as what was kept
    is, for each of which some was not measured when it was prepared, unless the plan has it, and all of it measured.
    """
    left, right = tuple(kept), tuple(contents)
    keys = keyed((*left, *right))
    before, guessed = keys[len(left) :], _unmeasured(keys[: len(left)])
    known = [key for key, _ in before if key not in _unmeasured(before)]
    for number, key in enumerate(dict.fromkeys(key for key, _ in keys[: len(left)]), 1):
        if key in guessed and key not in known:
            yield NOT_MEASURED(number=number, what="kept")


def _unmeasured(amounts: Iterable[tuple[Key, AnyAmount]]) -> tuple[Key, ...]:
    return tuple(key for key, one in amounts if not isinstance(one.quantity, int))


def units_of(units: Sequence[Unit], whole: Iterable[AnyAmount], tolerances: Tolerances) -> tuple[Finding, ...]:
    """Where units that were weighed one by one are not the mass of the whole."""
    masses = [one for one in whole if isinstance(one, SubstanceMass)]
    return compared("in_units", masses, [[unit.amount for unit in units]], tolerances) if units else ()


def summed(amounts: Iterable[tuple[Key, AnyAmount]]) -> dict[Key, Bounds]:
    """The sum of these by what each is: milligrams of a substance, minor units of a currency, pieces of all else."""
    total: dict[Key, Bounds] = {}
    for key, one in amounts:
        total[key] = total.get(key, Bounds()) + bounds(one.quantity)
    return total


def only(these: tuple[AnyAmount, ...], amounts: Iterable[AnyAmount]) -> tuple[AnyAmount, ...]:
    """Of the amounts those that are of what these are of."""
    keys = keyed((*these, *amounts))
    known = tuple(key for key, _ in keys[: len(these)])
    return tuple(one for key, one in keys[len(these) :] if key in known)


def _packages(what: Compared, found: int | None, expected: Quantity | None) -> Iterator[Finding]:
    if found is not None and expected is not None and bounds(found).apart(bounds(expected)):
        yield OTHER_PACKAGES(what=what, found=found, expected=bounds(expected).said)


def _serials(goods: PreparedGoods, out: Sequence[AnyAmount], recovered: Iterable[AnyAmount]) -> Iterator[Finding]:
    keys = keyed((*goods.kept, *out, *recovered))
    at = len(goods.kept) + len(out)
    fewer = {key for key, _ in keys[len(goods.kept) : at]}  # of which what was recovered has another list, as it must
    known = {key: one.serials for key, one in keys[at:] if isinstance(one, Numbered) and key not in fewer}
    for number, (key, one) in enumerate(keys[: len(goods.kept)], 1):
        taken = one.serials if isinstance(one, Numbered) else None
        if taken is not None and known.get(key) not in (None, taken):
            yield SERIALS_DIFFER(currency=key[1]) if key[0] == "cash" else NUMBERS_DIFFER(number=number)
