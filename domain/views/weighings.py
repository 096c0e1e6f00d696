"""Every weighing of the consignment, in order: who, where, what it weighed and bore, and by how much that differs from what was
expected there (R7). Of a part, what its reader may read.
"""

from dataclasses import dataclass
from typing import Final

from domain.delivery.delivery import Delivery
from domain.delivery.reported import Stated
from domain.plan.quantity import Mass
from domain.rules.book import book_of
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
    for entry in delivery.ledger.entries:
        if not isinstance(entry.event, Stated) or entry.event.verdict.verdict != "accepted":
            continue
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
