"""What travels: masses, counts and cash, each as far as it is known; integer milligrams, pieces and minor units, never a
fraction.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from domain.plan.cards import GoodsClass
from domain.plan.quantity import Count, Mass, Packages, Quantity, Translate, Unmeasured, bounds, number_of, say_how, say_quantity
from domain.plan.substances import identities, identity, normal
from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen, Sent
from domain.words.identifiers import CasNumber, Currency, OperationCode, Seal
from domain.words.limits import (
    LONGEST_LINE,
    LONGEST_NAME,
    MOST_NOTES,
    MOST_NOTES_COUNTED,
    MOST_PACKAGES,
    MOST_SEALS,
    MOST_SUBSTANCES,
)
from domain.words.moments import Date
from domain.words.quantities import MAX_WHOLE, Milligrams, Money, Span, say_minor
from domain.words.text import mark

Seals = Annotated[tuple[Seal, ...], Field(min_length=1, max_length=MOST_SEALS)]


Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{0,39}$")]
"""What stands on a unit, item or exhibit."""

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]

Check = Literal["weight", "seals", "count", "picture", "sight"]
"""What a handover may be checked by (R7): gross weight; seals; how many packages there are; that it looks as on the picture taken
when it was prepared; that it was never out of sight. The last three stand in for what cannot be weighed or sealed.
"""

Weapon = Literal[
    "pistol",
    "revolver",
    "rifle",
    "shotgun",
    "submachine_gun",
    "machine_gun",
    "launcher",
    "ammunition",
    "explosive_device",
    "part",
]
"""Kinds of weapons that are counted."""

CountedIn = Literal["piece", "pair", "set", "pack", "carton", "box", "bag", "pallet"]
"""What goods are counted in."""


class SubstanceMass(Frozen):
    """Net mass of one substance, milligrams; where its number in the CAS registry is known, with it."""

    substance: Name
    net: Mass
    cas: CasNumber | None = None

    @property
    def quantity(self) -> Quantity:
        """How much."""
        return self.net

    def say(self, translate: Translate) -> str:
        """What and how much, for people."""
        return f"{self.substance} {say_quantity(self.net, translate)}"


class Notes(Frozen):
    """So many notes or coins of one denomination, in minor units of the currency."""

    value: Annotated[int, Field(ge=1, le=MAX_WHOLE)]
    count: Annotated[int, Field(ge=1, le=MOST_NOTES_COUNTED)]


class Cash(Frozen):
    """An amount of cash, in minor units; where it was counted so, its denominations, and where serial numbers were taken, the
    SHA-256 of their list.
    """

    currency: Currency
    minor: Count
    notes: Annotated[tuple[Notes, ...], Field(max_length=MOST_NOTES)] = ()
    serials: Digest | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "Cash":
        together = sum(one.value * one.count for one in self.notes)
        if self.notes and together != self.minor:
            message = f"the notes are together {together} minor units, the amount is {number_of(self.minor)}"
            raise ValueError(message)
        return self

    @property
    def quantity(self) -> Quantity:
        """How much."""
        return self.minor

    def say(self, translate: Translate) -> str:
        """What and how much, for people."""
        return say_how(self.minor, f"{say_minor(self.currency, number_of(self.minor))} {self.currency}", translate)


class Instruments(Frozen):
    """Bearer instruments of one kind and nominal value: cheques, bonds, vouchers."""

    instrument: Name
    count: Count
    nominal: Money
    serials: Digest | None = None

    @property
    def quantity(self) -> Quantity:
        """How many."""
        return self.count

    def say(self, translate: Translate) -> str:
        """What and how many, for people."""
        return f"{self.instrument} {self.nominal.say()} x {say_how(self.count, str(number_of(self.count)), translate)}"


class Weapons(Frozen):
    """Weapons of one kind; where their serial numbers were taken, the SHA-256 of their list."""

    weapon: Weapon
    count: Count
    serials: Digest | None = None

    @property
    def quantity(self) -> Quantity:
        """How many."""
        return self.count

    def say(self, translate: Translate) -> str:
        """What and how many, for people."""
        return f"{translate(self.weapon.replace('_', ' '))} x {say_how(self.count, str(number_of(self.count)), translate)}"


class Counted(Frozen):
    """Goods that are counted: by their code in the Harmonized System, of six digits or as many as ten."""

    hs: Annotated[str, Field(pattern=r"^[0-9]{6,10}$")]
    goods: Name
    count: Count
    unit: CountedIn
    value: Money | None = None
    """Of all of them together."""

    @property
    def quantity(self) -> Quantity:
        """How many."""
        return self.count

    def say(self, translate: Translate) -> str:
        """What and how many, for people."""
        return f"{self.goods} ({self.hs}) {say_how(self.count, str(number_of(self.count)), translate)} {translate(self.unit)}"


_BY_CODE: tuple[tuple[str, GoodsClass], ...] = (("24", "tobacco"), ("93", "weapons"), ("4907", "cash"), ("7118", "cash"))
"""Chapters and headings of the Harmonized System: tobacco; arms and ammunition; banknotes and bearer instruments; coin."""


def class_of_code(hs: str) -> GoodsClass | None:
    """What goods of this code are, as laws tell them apart; none where the code does not say."""
    return next((known for begins, known in _BY_CODE if hs.startswith(begins)), None)


AnyAmount = SubstanceMass | Cash | Instruments | Weapons | Counted
Numbered = Cash | Instruments | Weapons
"""What may have serial numbers."""
_TAGS: tuple[tuple[type[Any], str, str], ...] = (
    (Instruments, "instrument", "instruments"),
    (Weapons, "weapon", "weapons"),
    (Counted, "hs", "counted"),
    (Cash, "currency", "cash"),
)
"""Each kind of amount, the field that only it has, and its name."""


def kind_of_amount(one: Any) -> str:
    """Which kind of amount is meant, so that a fault is told once: what names none of the others is a mass."""
    for model, field, tag in _TAGS:
        if isinstance(one, model) or (isinstance(one, dict) and field in one):
            return tag
    return "mass"


Amount = Annotated[
    Annotated[SubstanceMass, Tag("mass")]
    | Annotated[Cash, Tag("cash")]
    | Annotated[Instruments, Tag("instruments")]
    | Annotated[Weapons, Tag("weapons")]
    | Annotated[Counted, Tag("counted")],
    Discriminator(kind_of_amount),
]


Substances = Annotated[tuple[Amount, ...], Field(max_length=MOST_SUBSTANCES)]
"""What was found: substances by net mass, cash by amount, all else by count."""

Key = tuple[str, str]
"""What amounts are added up by: their kind, and what it is."""


def keyed(amounts: Iterable[AnyAmount]) -> tuple[tuple[Key, AnyAmount], ...]:
    """Each of these with what it is added up by: a mass and the substance, by the catalogue, its number or its name; cash and
    the currency; bearer instruments and name, currency and nominal value; weapons and their kind; counted goods and code, unit
    and name.
    """
    these = tuple(amounts)
    same = identities((one.substance, one.cas) for one in these if isinstance(one, SubstanceMass))
    found: list[tuple[Key, AnyAmount]] = []
    for one in these:
        match one:
            case SubstanceMass(substance=name, cas=cas):
                what = same[name, cas]
            case Cash(currency=currency):
                what = currency
            case Instruments(instrument=name, nominal=nominal):
                what = f"{normal(name)} {nominal.currency} {nominal.minor}"
            case Weapons(weapon=weapon):
                what = weapon
            case Counted(hs=code, unit=unit, goods=name):
                what = f"{code} {unit} {normal(name)}"
        found.append(((kind_of_amount(one), what), one))
    return tuple(found)


def say_amount(one: AnyAmount, translate: Translate = str) -> str:
    """What and how much, for people, in their language."""
    return one.say(translate)


def of_so_much(one: AnyAmount, quantity: int) -> AnyAmount:
    """The same goods, so much of them as was measured, without what was noted of another amount alone: denominations, serial
    numbers, value.
    """
    measured = {"net": quantity, "minor": quantity, "count": quantity, "notes": (), "serials": None, "value": None}
    return one.model_copy(update={name: said for name, said in measured.items() if name in type(one).model_fields})


def least_mass(amounts: Iterable[AnyAmount]) -> int:
    """Milligrams that these weigh at least."""
    return sum(bounds(one.net).least for one in amounts if isinstance(one, SubstanceMass))


SMALLEST_SHARE = 20
"""A tolerance of net mass or gross weight is at most one part of so many of what it is of."""


class Tolerances(Frozen):
    """By how much masses may differ, either way. What is not said may not differ at all; counts and cash never do. What is left
    once most has been taken out has no more than its share of a tolerance.
    """

    gross: Milligrams = 0
    """Gross weight, from check to check (R7)."""
    net: Annotated[dict[Name, Milligrams], Field(default_factory=dict, max_length=MOST_SUBSTANCES)]
    """Net mass, by substance (R10)."""
    substitute: Milligrams | Literal["any"] = 0
    """Substitutes from what was removed (R3); `any`: the plan says that a substitute need not weigh what it replaces."""

    def of(self, substance: str, mass: int) -> int:
        """What is let pass of so much of this substance, by whichever of its names: a twentieth of that at most."""
        wanted = identity(substance)
        return min(next((most for name, most in self.net.items() if identity(name) == wanted), 0), mass // SMALLEST_SHARE)

    def of_gross(self, weight: int) -> int:
        """What is let pass of this gross weight: a twentieth of it at most."""
        return min(self.gross, weight // SMALLEST_SHARE)


class Unit(Frozen):
    """One container of the consignment, or one packet, weighed by itself: its net mass, of all packages in it together."""

    label: Label
    substance: Name
    net: Mass
    packages: Annotated[int, Field(ge=1, le=MOST_PACKAGES)] = 1
    gross: Mass | None = None
    """With its own packing, where it was weighed so."""
    fate: Literal["kept", "removed"] | None = None
    """Whether it travels on or was taken out, where each was told apart; samples come out of either."""

    @property
    def amount(self) -> SubstanceMass:
        """What it weighs of which substance."""
        return SubstanceMass(substance=self.substance, net=self.net)


class Item(Frozen):
    """Something put into the consignment; it has a mass of its own and is to be recovered too."""

    label: Label
    what: Literal["substitute", "tracker", "opening_alarm", "marking"]
    gross: Mass
    """As it was weighed; of a device or a marking also why it was not. What stands in for something is weighed."""
    lasts: Span | None = None
    """How long a device works; none for what does not run down."""
    made_of: Name | None = None
    """Of what a substitute is."""
    number: Name | None = None
    """Of a device, as it stands on it."""

    @model_validator(mode="after")
    def _stands_in_by_weight(self) -> "Item":
        if self.what == "substitute" and isinstance(self.gross, Unmeasured):
            message = mark("a substitute has a mass, measured or approximate: it stands in for what was taken out")
            raise ValueError(message)
        return self

    @property
    def is_device(self) -> bool:
        """Whether it reports or records by itself: technical means (R16)."""
        return self.what in ("tracker", "opening_alarm") or self.lasts is not None


class DeviceFound(Frozen):
    """How a device that was put in was found, from outside."""

    label: Label
    works: Literal["working", "silent", "not_checked"]


class Scale(Frozen):
    """With what it was weighed, so that a court may ask whether the scale was true."""

    model: Name
    number: Name
    verified_until: Date
    """Until which day its verification holds."""
    division: Milligrams
    """The least that it tells apart."""


class Find(Frozen):
    """Something found at the target that is no part of the consignment: a new exhibit."""

    label: Label
    what: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]


class Part(Sent):
    """A part of a consignment that has split, which goes on as a delivery of its own."""

    operation: OperationCode
    contents: Substances


class Checked(Sent):
    """What is found of a consignment from outside, as far as the plan has it checked so (R7)."""

    gross: Mass | None = None
    """Gross weight, with packing and all that is in it."""
    seals: Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS)] = ()
    packages: Packages | None = None
    """How many there are, as counted."""
    picture: Digest | None = None
    """SHA-256 of the picture, taken when it was prepared, that shows it."""
    scale: Scale | None = None
    """With what it was weighed."""

    def checks(self) -> tuple[Check, ...]:
        """What was checked, in the order of the plan's own words."""
        return tuple(check for check, done in self._checks().items() if done)

    def _checks(self) -> dict[Check, bool]:
        return {
            "weight": self.gross is not None,
            "seals": bool(self.seals),
            "count": self.packages is not None,
            "picture": self.picture is not None,
            "sight": False,
        }
