"""Every weighing of the consignment, in order: who, where, what it weighed and bore, and by how much that differs from what was
expected there (R7). Of a part, what its reader may read. And how each substance adds up (R10), for who sees the whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.delivery.balance import summed
from domain.delivery.delivery import Delivery
from domain.delivery.reported import Stated
from domain.plan.goods import SubstanceMass, keyed
from domain.plan.quantity import Bounds, Mass
from domain.rules.book import book_of
from domain.views.noted import noted
from domain.views.sight import Sight, sees

NEW: Final = frozenset({"detected", "prepared"})
"""Kinds after which another weight is expected than before."""


@dataclass(frozen=True)
class Weighing:
    """One weighing. Milligrams; without `expected` there was nothing to compare with."""

    entry: int
    at: str
    service: str
    kind: str
    place: str
    gross: Mass
    seals: tuple[str, ...]
    expected: int | None
    tolerance: int | None

    @property
    def deviation(self) -> int | None:
        """By how much it is heavier than expected."""
        return self.gross - self.expected if isinstance(self.gross, int) and self.expected is not None else None

    @property
    def fits(self) -> bool:
        """Whether it is within the tolerance, as far as there is one."""
        return self.deviation is None or self.tolerance is None or abs(self.deviation) <= self.tolerance


def weighings(delivery: Delivery, seen: Sight) -> tuple[Weighing, ...]:
    """As they counted when they were said."""
    found: list[Weighing] = []
    expected: int | None = None
    for entry in noted(delivery.ledger).weights:
        assert isinstance(entry.event, Stated)  # noqa: S101 - as it is noted
        said = book_of(delivery).read(entry.event.envelope)
        gross = getattr(said.content, "gross", None)
        if gross is None:
            continue
        kind, planned = said.kind, delivery.plan.find(said.checkpoint or "")
        compared = None if kind in NEW else expected
        one = Weighing(
            entry=entry.seq,
            at=entry.at,
            service=said.service,
            kind=kind,
            place=planned.place if planned is not None else "",
            gross=gross,
            seals=tuple(seal.number for seal in getattr(said.content, "seals", ())),
            expected=compared,
            tolerance=delivery.plan.tolerances.of_gross(compared) if compared is not None else None,
        )
        if isinstance(gross, int) and kind != "detected" and one.fits:
            expected = gross
        if seen.whole or sees(delivery, seen, entry):
            found.append(one)
    return tuple(found)


@dataclass(frozen=True)
class Sum:
    """How one substance adds up: what the plan has of it, what the preparation made of that, what was taken out of what was kept
    on the way, and what was recovered; the last is none as long as nothing was. Milligrams, of what has a number.
    """

    substance: str
    planned: int
    kept: int
    removed: int
    samples: int
    taken_out: int
    recovered: int | None
    prepared_closes: bool
    """Within the plan's tolerance, as the balance has it."""
    recovered_closes: bool

    @property
    def closes(self) -> bool:
        """Whether all of it does, so far."""
        return self.prepared_closes and self.recovered_closes


def sums(delivery: Delivery, seen: Sight) -> tuple[Sum, ...]:
    """Of each substance, once it was prepared; nothing for who sees a part (R11)."""
    return tuple(_sums(delivery)) if seen.whole else ()


def _sums(delivery: Delivery) -> Iterator[Sum]:
    state, tolerances = delivery.state, delivery.plan.tolerances
    if state.goods is None:
        return
    seizures = () if state.parts else tuple(one for seizure in state.seizures.values() for one in seizure.amounts)
    out = tuple(one for lot in state.taken_out.values() for one in lot.amounts)
    goods = (delivery.plan.consignment.contents, state.goods.kept, state.goods.removed, state.goods.samples, seizures, out)
    keys = keyed(one for amounts in goods for one in amounts)  # all at once: else names of one substance may be two
    totals, at = [], 0
    for amounts in goods:
        totals.append(summed(keys[at : at + len(amounts)]))
        at += len(amounts)
    names = {key: one.substance for key, one in reversed(keys) if isinstance(one, SubstanceMass)}
    for key in dict.fromkeys(key for key, one in keys if isinstance(one, SubstanceMass)):
        planned, kept, removed, samples, recovered, on_the_way = (total.get(key, Bounds()) for total in totals)
        yield Sum(
            substance=names[key],
            planned=planned.said,
            kept=kept.said,
            removed=removed.said,
            samples=samples.said,
            taken_out=on_the_way.said,
            recovered=recovered.said if seizures else None,
            prepared_closes=(kept + removed + samples).apart(planned) <= tolerances.of(names[key], planned.least),
            recovered_closes=not seizures or (recovered + on_the_way).apart(kept) <= tolerances.of(names[key], kept.least),
        )
