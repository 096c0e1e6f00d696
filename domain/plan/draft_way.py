"""The way of a drafted plan: legs made of the stops of a route, each in one State under one authority."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from domain.plan.answers import Stop
from domain.plan.draft_cast import Cast
from domain.words.text import fill


@dataclass(frozen=True)
class DraftLeg:
    """From the checkpoint before it to the one at its end."""

    id: str
    state: str
    in_charge: str
    end: str
    place: str
    calls: tuple[Stop, ...] = ()

    @property
    def is_delivered(self) -> bool:
        """Whether a recipient stands at its end, and no other authority."""
        return self.end.startswith("delivery")


@dataclass(frozen=True)
class _End:
    """Where a leg ends, and where it calls before that."""

    state: str
    in_charge: str
    end: str
    place: str
    calls: tuple[Stop, ...] = ()


def way(cast: Cast) -> tuple[DraftLeg, ...]:
    """The legs, in order. Of several authorities of one State each but the first takes over at a stop on the way."""
    legs: list[DraftLeg] = []
    for one in _ends(cast):
        name, end = _numbered(one.state.lower(), [leg.id for leg in legs]), _numbered(one.end, [leg.end for leg in legs])
        legs.append(DraftLeg(name, one.state, one.in_charge, end, one.place, one.calls))
    return tuple(legs)


def _ends(cast: Cast) -> Iterator[_End]:
    runs = [tuple(stops) for _, stops in groupby(cast.answers.route, key=lambda one: one.state)]
    for number, stops in enumerate(runs):
        last, state = number == len(runs) - 1, stops[0].state
        entered = number == 0 or not last or len(stops) > 1
        between = stops[1 if entered else 0 : -1 if last else None]
        charges = [one.id for one in cast.in_charge_of(state)]
        if len(charges) - 1 > len(between):
            problem = fill("name a stop in {state} where {service} takes over", state=state, service=charges[len(between) + 1])
            cast.lack("in_charge", problem)
        for giver, stop in zip(charges, between[: len(charges) - 1], strict=False):
            yield _End(state, giver, f"handover-{state.lower()}", stop.place or fill("<where in {state}>", state=state))
        calls = between[len(charges) - 1 :]
        if last:
            place = stops[-1].place if number or len(stops) > 1 else None
            yield _End(state, charges[-1], "delivery", place or fill("Delivery address"), calls)
        else:
            into = runs[number + 1]
            place = into[0].place if number + 2 < len(runs) or len(into) > 1 else None
            border = fill("Border {one}-{other}", one=state, other=into[0].state)
            yield _End(state, charges[-1], f"handover-{into[0].state.lower()}", place or border, calls)
    for place in cast.answers.recipients:
        state = runs[-1][0].state
        yield _End(state, cast.in_charge_of(state)[-1].id, "delivery", place)


def _numbered(name: str, taken: list[str]) -> str:
    """The name, or with the first number that makes it one of its own."""
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)
