"""What the plans of a group file must be beside one another: what none of them shows alone. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.plan.group import GroupFile, placed
from domain.plan.plan import Plan
from domain.plan.vocabulary import is_gap
from domain.words.errors import Fault
from domain.words.identifiers import Scheme
from domain.words.text import fill

OF_ONE: Final[tuple[Scheme, ...]] = ("upu_s10", "house_awb", "imei")
"""Numbers that one consignment alone has. Those of a vehicle, a container or the paper of a whole load several may have."""


def numbers(file: GroupFile, plans: Sequence[Plan]) -> Iterator[Fault]:
    """No number that one consignment alone has is said of two: else what is found of one is taken for the other's (R31)."""
    known: dict[str, str] = {}
    for number, plan in enumerate(plans):
        for index, one in enumerate(plan.consignment.identifiers):
            if one.scheme not in OF_ONE or is_gap(one.value):
                continue
            first = known.setdefault(str(one), plan.operation)
            if first != plan.operation:
                problem = fill(
                    "R31: {number} is the number of {operation}; each consignment has its own", number=str(one), operation=first
                )
                yield placed(file, number, Fault(place=f"consignment.identifiers.{index}.value", problem=problem))
