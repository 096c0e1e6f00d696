"""Custody: one holder at a time, and what the next holder must find (R6, R7).

Weight and seals are separate checks: a good seal with a wrong weight stops the movement as surely as a broken seal.
"""

from dataclasses import dataclass, replace

from domain.delivery.verdicts import Finding, early, found, refused
from domain.words.identifiers import Seal

SEAL_BROKEN = found("R7", "seal_broken", "a seal is reported broken")
SEALS_DIFFER = found("R7", "seals_differ", "seals are {found}, expected {expected}", found="names", expected="names")
WEIGHT_DIFFERS = found(
    "R7",
    "weight_differs",
    "gross weight is {found}, expected {expected} within {tolerance}",
    found="mass",
    expected="mass",
    tolerance="mass",
)
AWAITS_DECISION = refused("R7", "awaits_decision", "stopped until a fresh decision on entry {entry}", entry="entry")
"""What a discrepancy forbids."""
RECORD_PUT_BACK = refused(
    "R18",
    "record_put_back",
    "the record was put back (entry {entry}); nothing moves until it is decided how to go on",
    entry="entry",
)
"""What a divergence forbids."""
HELD = early("R8", "held", "it is held (entry {entry}); kept until it is decided whether it goes on", entry="entry")
"""What a hold keeps waiting: whatever would move it."""


@dataclass(frozen=True)
class Discrepancy:
    """Something did not fit at a checkpoint; `taker` is set where an acceptance found it, so that custody waits."""

    checkpoint: str
    seq: int
    """The entry that found it."""
    differs: tuple[Finding, ...]
    gross: int
    seals: tuple[Seal, ...]
    taker: bool


@dataclass(frozen=True)
class Custody:
    """What the consignment weighed (gross milligrams) and bore at the last check that held."""

    gross: int
    seals: tuple[Seal, ...]

    def differences(self, gross: int, seals: tuple[Seal, ...], tolerance: int, *, intact: bool = True) -> tuple[Finding, ...]:
        """What does not fit in a fresh measurement: `seal_broken` where one is said to be; `seals_differ` where their numbers,
        sorted, are others; `weight_differs` where the gross weight differs by more than the tolerance.
        """
        differs = []
        if not intact:
            differs.append(SEAL_BROKEN())
        expected, seen = [tuple(sorted(seal.number for seal in these)) for these in (self.seals, seals)]
        if expected != seen:
            differs.append(SEALS_DIFFER(found=seen, expected=expected))
        if abs(gross - self.gross) > tolerance:
            differs.append(WEIGHT_DIFFERS(found=gross, expected=self.gross, tolerance=tolerance))
        return tuple(differs)

    def measured(self, found: Discrepancy) -> "Custody":
        """What later checks compare with, after a fresh decision to go on: what was measured then."""
        return replace(self, gross=found.gross, seals=found.seals)
