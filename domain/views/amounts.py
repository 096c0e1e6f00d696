"""What was measured of one thing, by several statements or in several parts of one, as one amount."""

from collections.abc import Iterable
from typing import Any

from domain.plan.goods import AnyAmount, Cash, Counted, Key, SubstanceMass, keyed


def together(amounts: Iterable[AnyAmount]) -> tuple[AnyAmount, ...]:
    """Of each substance, currency or kind of thing one amount, under the name that stands first; what is no measurement apart."""
    measured: dict[Key, AnyAmount] = {}
    apart: list[AnyAmount] = []
    for key, one in keyed(amounts):
        before = measured.get(key)
        if not isinstance(one.quantity, int):
            apart.append(one)
        elif before is None:
            measured[key] = one
        else:
            assert isinstance(before.quantity, int)  # noqa: S101 - looked at when it came in
            measured[key] = before.model_copy(update=_of_both(before, before.quantity + one.quantity))
    return (*measured.values(), *apart)


def _of_both(one: AnyAmount, whole: int) -> dict[str, Any]:
    """How much there is of both, without what was noted of one of them alone."""
    match one:
        case SubstanceMass():
            return {"net": whole}
        case Cash():
            return {"minor": whole, "notes": (), "serials": None}
        case Counted():
            return {"count": whole, "value": None}
    return {"count": whole, "serials": None}
