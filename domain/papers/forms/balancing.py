"""What of the mass balance does not close, in a sentence that names the goods, and says what of a sum nobody has measured.

A finding has numbers in the place of names, since names are free text; here it is told what they are numbers of.
"""

from collections.abc import Iterable, Sequence

from domain.delivery.balance import (
    CASH_DIFFERS,
    COUNT_DIFFERS,
    INTERDICTED_GROSS,
    INTERDICTED_UNMEASURED,
    LOT_DIFFERS,
    MASS_DIFFERS,
    NOT_MEASURED,
    NUMBERS_DIFFER,
    RECOVERED,
    only,
)
from domain.delivery.state import State
from domain.delivery.verdicts import Finding
from domain.papers.paper import Value
from domain.papers.record import Record
from domain.papers.tongue import Tongue
from domain.plan.goods import AnyAmount, keyed, of_so_much
from domain.plan.quantity import Estimate, Unmeasured, number_of
from domain.words.codes import CODES
from domain.words.text import mark, word

DIFFERENCE = mark("{goods}, {how}: {found}; expected: {expected}")
UNMEASURED = mark("{goods}, {how}: {found}")
OTHER_NUMBERS = mark("{goods}: what was recovered has other serial numbers than what was kept")
NOTHING = mark("nothing")
ESTIMATED = mark("{sum}, only estimated")
PARTLY_ESTIMATED = mark("{sum}, of which {part} only estimated")
SOME_UNMEASURED = mark("{sum}, and some not measured")
NONE_MEASURED = mark("not measured")
HOW = {"removed": mark("taken out")}
"""What is said otherwise in a sentence on goods than our own word has it."""


def is_unmeasured(finding: Finding) -> bool:
    """Whether nothing is known to be wrong, but that something was not measured."""
    return finding.code in (NOT_MEASURED.name, INTERDICTED_UNMEASURED.name)


def difference(record: Record, finding: Finding, tongue: Tongue) -> Value:
    """What of the balance does not close, or cannot be balanced."""
    said, state = finding.parameters, record.delivery.state
    how = str(said.get("what", ""))
    text = ""
    if finding.code in (MASS_DIFFERS.name, CASH_DIFFERS.name, COUNT_DIFFERS.name):
        expected, found = _numbered(state, how, said["number"]) if "number" in said else _of_cash(state, how, said["currency"])
        text = tongue.translate(DIFFERENCE).format(
            goods=tongue.goods((*expected, *found)[0]),
            how=_how(how, tongue),
            found=total(found, tongue),
            expected=total(expected, tongue),
        )
    elif finding.code == NOT_MEASURED.name:
        expected, found = _numbered(state, how, said["number"])
        text = tongue.translate(UNMEASURED).format(
            goods=tongue.goods((*expected, *found)[0]), how=_how(how, tongue), found=total(found, tongue)
        )
    elif finding.code == NUMBERS_DIFFER.name and state.goods is not None:
        goods = tongue.goods(state.goods.kept[int(str(said["number"])) - 1])
        text = tongue.translate(OTHER_NUMBERS).format(goods=goods)
    elif finding.code in (LOT_DIFFERS.name, INTERDICTED_GROSS.name):
        masses = {name: tongue.mass(int(str(said[name]))) for name in ("found", "expected")}
        text = tongue.translate(CODES[finding.code].sentence).format_map({**said, **masses})
    return Value(text, ("computed",)) if text else tongue.finding(record, finding, "computed")


def total(amounts: Sequence[AnyAmount], tongue: Tongue) -> str:
    """The sum of amounts of one thing, and what of it was only estimated or not measured at all."""
    if not amounts:
        return tongue.translate(NOTHING)
    if all(isinstance(one.quantity, Unmeasured) for one in amounts):
        return tongue.translate(NONE_MEASURED)
    estimated = [one for one in amounts if isinstance(one.quantity, Estimate)]
    text = _sum(amounts, tongue)
    if any(isinstance(one.quantity, int) for one in amounts) and estimated:
        text = tongue.translate(PARTLY_ESTIMATED).format(sum=text, part=_sum(estimated, tongue))
    elif estimated:
        text = tongue.translate(ESTIMATED).format(sum=text)
    unmeasured = any(isinstance(one.quantity, Unmeasured) for one in amounts)
    return tongue.translate(SOME_UNMEASURED).format(sum=text) if unmeasured else text


def _sum(amounts: Sequence[AnyAmount], tongue: Tongue) -> str:
    return tongue.much(of_so_much(amounts[0], sum(number_of(one.quantity) for one in amounts)))


def _how(what: str, tongue: Tongue) -> str:
    return tongue.translate(HOW.get(what) or word(what))


Sides = tuple[tuple[AnyAmount, ...], tuple[AnyAmount, ...]]
"""Of one thing: what there should be, and what there was."""


def _numbered(state: State, what: str, number: object) -> Sides:
    """What has this number in a finding: as `compared`, `never_measured` and the balance itself count."""
    at = int(str(number)) - 1
    if what == "removed" and state.goods is not None:
        return (), ((*state.goods.removed, *state.goods.samples, *_taken(state))[at],)
    expected, found = _sides(state, what)
    keys = keyed((*expected, *found))
    key = list(dict.fromkeys(one for one, _ in keys))[at]
    return _of(keys[: len(expected)], key), _of(keys[len(expected) :], key)


def _of_cash(state: State, what: str, currency: object) -> Sides:
    key = ("cash", str(currency))
    expected, found = (_of(keyed(one), key) for one in _sides(state, what))
    return expected, found


def _of(keys: Iterable[tuple[tuple[str, str], AnyAmount]], key: tuple[str, str]) -> tuple[AnyAmount, ...]:
    return tuple(one for known, one in keys if known == key)


def _sides(state: State, what: str) -> Sides:
    """What is held against what."""
    goods, contents = state.goods, state.plan.consignment.contents
    if goods is None:
        return contents, ()
    if what == "prepared":
        return contents, (*goods.kept, *goods.removed, *goods.samples)
    if what == "kept":
        return (), (*goods.kept,)
    ends = (part.recovered for part in state.ended_parts) if state.parts else (one.amounts for one in state.seizures.values())
    recovered = (*(one for each in ends for one in each), *_taken(state))
    if what in RECOVERED:
        return goods.kept, recovered
    guessed = tuple(one for one in goods.kept if not isinstance(one.quantity, int))
    return only(guessed, contents), only(guessed, (*goods.removed, *goods.samples, *recovered))


def _taken(state: State) -> tuple[AnyAmount, ...]:
    return tuple(one for lot in state.taken_out.values() for one in lot.amounts)
