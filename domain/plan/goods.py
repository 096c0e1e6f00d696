"""What travels, in masses, notes and pieces: integer milligrams and minor units, never a fraction."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen, Sent
from domain.words.identifiers import CasNumber, OperationCode, Seal
from domain.words.limits import LONGEST_LINE, LONGEST_NAME, MOST_NOTES, MOST_NOTES_COUNTED, MOST_SEALS, MOST_SUBSTANCES
from domain.words.quantities import MAX_WHOLE, Milligrams, Money, Span, say_mass

Seals = Annotated[tuple[Seal, ...], Field(min_length=1, max_length=MOST_SEALS)]


Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,39}$")]
"""What stands on a unit, item or exhibit."""


class SubstanceMass(Frozen):
    """Net mass of one substance, milligrams; where its number in the CAS registry is known, with it."""

    substance: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    net: Milligrams
    cas: CasNumber | None = None


class Notes(Frozen):
    """So many notes or coins of one denomination, in minor units of the currency."""

    value: Annotated[int, Field(ge=1, le=MAX_WHOLE)]
    count: Annotated[int, Field(ge=1, le=MOST_NOTES_COUNTED)]


class Cash(Money):
    """An amount of cash; where it was counted so, its denominations, and where serial numbers were taken, the SHA-256 of their
    list.
    """

    notes: Annotated[tuple[Notes, ...], Field(max_length=MOST_NOTES)] = ()
    serials: Digest | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "Cash":
        together = sum(one.value * one.count for one in self.notes)
        if self.notes and together != self.minor:
            message = f"the notes are together {together} minor units, the amount is {self.minor}"
            raise ValueError(message)
        return self


def say_amount(one: SubstanceMass | Cash) -> str:
    """What and how much, for people."""
    return one.say() if isinstance(one, Cash) else f"{one.substance} {say_mass(one.net)}"


def mass_or_cash(one: Any) -> str:
    """Which of the two is meant, so that a fault is told once: what names a currency is cash."""
    return "cash" if isinstance(one, Cash) or (isinstance(one, dict) and "currency" in one) else "mass"


Amount = Annotated[Annotated[SubstanceMass, Tag("mass")] | Annotated[Cash, Tag("cash")], Discriminator(mass_or_cash)]


Substances = Annotated[tuple[Amount, ...], Field(max_length=MOST_SUBSTANCES)]
"""What was found, by net mass, and cash by amount."""


class Unit(Frozen):
    """One packet, tablet box or drum of the consignment, weighed by itself."""

    label: Label
    substance: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    net: Milligrams

    @property
    def amount(self) -> SubstanceMass:
        """What it weighs of which substance."""
        return SubstanceMass(substance=self.substance, net=self.net)


class Item(Frozen):
    """Something put into the consignment; it has a mass of its own and is to be recovered too."""

    label: Label
    what: Literal["substitute", "tracker", "opening_alarm", "marking"]
    gross: Milligrams
    lasts: Span | None = None
    """How long a device works; none for what does not run down."""

    @property
    def is_device(self) -> bool:
        """Whether it reports or records by itself: technical means (R16)."""
        return self.what in ("tracker", "opening_alarm") or self.lasts is not None


class Find(Frozen):
    """Something found at the target that is no part of the consignment: a new exhibit."""

    label: Label
    what: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]


class Part(Sent):
    """A part of a consignment that has split, which goes on as a delivery of its own."""

    operation: OperationCode
    contents: Substances
