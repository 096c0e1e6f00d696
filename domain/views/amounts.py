"""What was measured of one thing, by several statements or in several parts of one, as one amount."""

from collections.abc import Iterable

from domain.plan.goods import AnyAmount, Key, keyed, of_so_much


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
            measured[key] = of_so_much(before, before.quantity + one.quantity)
    return (*measured.values(), *apart)
