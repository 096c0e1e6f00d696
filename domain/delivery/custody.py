"""Custody: one holder at a time, and what the next holder must find (R6, R7).

Weight and seals are separate checks: a good seal with a wrong weight stops the movement as surely as a broken seal.
"""

from dataclasses import dataclass, replace

from domain.words.identifiers import Seal
from domain.words.quantities import say_mass


@dataclass(frozen=True)
class Discrepancy:
    """Something did not fit at a checkpoint; `taker` is set where an acceptance found it, so that custody waits."""

    checkpoint: str
    found_by: str
    problem: str
    gross: int
    seals: tuple[Seal, ...]
    taker: bool


@dataclass(frozen=True)
class Custody:
    """What the consignment weighed (gross milligrams) and bore at the last check that held."""

    gross: int
    seals: tuple[Seal, ...]

    def problem_with(self, gross: int, seals: tuple[Seal, ...], tolerance: int, *, intact: bool = True) -> str:
        """What does not fit in a fresh measurement, or an empty text."""
        problems = []
        if not intact:
            problems.append("a seal is reported broken")
        expected, found = [sorted(seal.number for seal in these) for these in (self.seals, seals)]
        if expected != found:
            problems.append(f"seals are {', '.join(found)}, expected {', '.join(expected)}")
        if abs(gross - self.gross) > tolerance:
            problems.append(f"gross weight is {say_mass(gross)}, expected {say_mass(self.gross)} within {say_mass(tolerance)}")
        return "; ".join(problems)

    def measured(self, found: Discrepancy) -> "Custody":
        """What later checks compare with, after a fresh decision to go on."""
        return replace(self, gross=found.gross, seals=found.seals)
