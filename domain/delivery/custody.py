"""Custody: one holder at a time, and what the next holder must find (R6, R7).

Each check that the plan names is made apart: a good seal with a wrong weight stops the movement as surely as a broken seal. What
cannot be weighed or sealed is checked by what stands in for it, and what could not be checked is not as it should be.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.delivery.verdicts import Finding, early, found, refused
from domain.plan.goods import AnyAmount, Check, Checked, SubstanceMass, Tolerances
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
NOT_WEIGHED = found("R7", "not_weighed", "its gross weight was not measured, now or before, so there is nothing to compare")
PACKAGES_DIFFER = found(
    "R7", "packages_differ", "there are {found} packages, expected {expected}", found="count", expected="count"
)
PICTURE_DIFFERS = found("R7", "picture_differs", "it was not compared with the picture that was taken when it was prepared")
SIGHT_BROKEN = found("R7", "sight_broken", "it has been out of sight since the last check")
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
class Custody:
    """What the consignment weighed (gross milligrams, where measured), bore and counted at the last check that held, the
    picture of it, and how many intervals out of sight had ended by then.
    """

    gross: int | None
    seals: tuple[Seal, ...]
    packages: int | None = None
    picture: str | None = None
    gaps: int = 0
    taken: int = 0
    """The entry by which something was taken out of it since; none where nothing was."""
    before: "Custody | None" = None
    """What it weighed and bore before that, so that the entry can be corrected."""
    decided: bool = False
    """It was found otherwise, and decided to go on so: no correction of what was recorded before undoes that."""

    @classmethod
    def of(cls, found: Checked, gaps: int) -> "Custody":
        """What was found, as later checks compare with it: an estimate of its weight is none."""
        gross = found.gross if isinstance(found.gross, int) else None
        return cls(gross, found.seals, found.packages, found.picture, gaps)

    def differences(
        self, found: "Custody", by: tuple[Check, ...], tolerances: Tolerances, *, intact: bool = True, in_sight: bool = True
    ) -> tuple[Finding, ...]:
        """What does not fit in a fresh check, as far as the plan has it checked `by` that. By `seals`: `seal_broken` where one is
        said to be; `seals_differ` where their numbers, sorted, are others. By `weight`: `not_weighed` where it was not measured
        now or before; `weight_differs` where the gross weight differs by more than the tolerance `of_gross` weight. By `count`:
        `packages_differ` where there are more or fewer. By `picture`: `picture_differs` where it was compared with another. By
        `sight`: `sight_broken` where it is said to have been out of sight, or an interval out of sight has ended since.
        """
        return tuple(one for check in ORDER if check in by for one in self._differs(check, found, tolerances, intact, in_sight))

    def _differs(
        self,
        check: Check,
        found: "Custody",
        tolerances: Tolerances,
        intact: bool,  # noqa: FBT001
        in_sight: bool,  # noqa: FBT001
    ) -> tuple[Finding, ...]:
        match check:
            case "seals":
                expected, seen = [tuple(sorted(seal.number for seal in these)) for these in (self.seals, found.seals)]
                others = () if expected == seen else (SEALS_DIFFER(found=seen, expected=expected),)
                return others if intact else (SEAL_BROKEN(), *others)
            case "weight":
                if found.gross is None or self.gross is None:
                    return (NOT_WEIGHED(),)
                tolerance = tolerances.of_gross(self.gross)
                differs = WEIGHT_DIFFERS(found=found.gross, expected=self.gross, tolerance=tolerance)
                return (differs,) if abs(found.gross - self.gross) > tolerance else ()
            case "count":
                there, were = found.packages or 0, self.packages or 0
                return () if there == were else (PACKAGES_DIFFER(found=there, expected=were),)
            case "picture":
                return () if found.picture == self.picture else (PICTURE_DIFFERS(),)
            case "sight":
                return () if in_sight and found.gaps == self.gaps else (SIGHT_BROKEN(),)

    def checked(self, found: "Custody", by: tuple[Check, ...]) -> "Custody":
        """What was found where it was checked `by` that; of what was not checked there, what was known before."""
        return Custody(
            found.gross if "weight" in by else self.gross,
            found.seals if "seals" in by else self.seals,
            found.packages if "count" in by else self.packages,
            found.picture if "picture" in by else self.picture,
            found.gaps if "sight" in by else self.gaps,
        )

    def less(self, before: "Custody", amounts: Iterable[AnyAmount], packages: int) -> "Custody":
        """The same, with the gross weight of before less what was taken out since, where both were weighed, and with the packages
        of before less those that were, where they were counted: so what is missing beside that is found at the next check.
        """
        these = tuple(amounts)
        weighed = [one.net for one in these if isinstance(one, SubstanceMass) and isinstance(one.net, int)]
        known = before.gross is not None and len(weighed) == len(these)
        gross = max((before.gross or 0) - sum(weighed), 0) if known else self.gross
        counted = before.packages is not None
        return replace(self, gross=gross, packages=max((before.packages or 0) - packages, 0) if counted else self.packages)

    def after(self, found: "Custody") -> "Custody":
        """What later checks compare with, after a fresh decision to go on: what was found then, but for the weight where that was
        not measured, and for the picture.
        """
        gross = found.gross if found.gross is not None else self.gross
        return Custody(gross, found.seals, found.packages, self.picture, found.gaps, decided=True)


ORDER: tuple[Check, ...] = ("seals", "weight", "count", "picture", "sight")
"""In which differences are told."""


@dataclass(frozen=True)
class Discrepancy:
    """Something did not fit at a checkpoint; `taker` is set where an acceptance found it, so that custody waits."""

    checkpoint: str
    seq: int
    """The entry that found it."""
    differs: tuple[Finding, ...]
    found: Custody
    taker: bool
