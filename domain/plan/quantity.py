"""How much there is of something, and how that is known: measured, approximate, declared, suspected, or not measured at all.

What was measured is a plain number, milligrams of a mass and pieces of a count; whatever else is known says how. So nobody has to
invent a measurement, and no estimate passes for one. What is compared are bounds: of what was measured the number itself, of what
is approximate or declared a tenth either way, of what is suspected its order of magnitude, of what was not measured anything.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from domain.plan.vocabulary import is_gap
from domain.signing.canonical import Frozen
from domain.words.identifiers import ServiceId
from domain.words.limits import MOST_PACKAGES
from domain.words.quantities import BY_HAND, MAX_WHOLE, Milligrams, say_mass
from domain.words.text import told

Known = Literal["suspected", "approximate", "declared"]
"""Suspected: by an image, a dog, a source. Approximate: by eye or by hand, within a tenth. Declared: by the papers."""
Why = Literal["cover", "time", "no_means", "danger", "size", "closed"]
"""Why something is not measured: it would give the operation away; there is no time; no scale is there; it is dangerous; it is
too large, or one with what carries it; it may not be opened.
"""
TENTH: Final = 10
"""What is approximate or declared may differ by one part of so many."""
MAGNITUDE: Final = 10
"""What is suspected may be so many times less or more: an image, a dog or a source tells no more."""


def _or_gap(raw: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """In a plan that is still being written either may be a gap; nothing that is signed has one."""
    return raw if isinstance(raw, str) and is_gap(raw) and not _is_signed(info) else read(raw)


def _is_signed(info: ValidationInfo) -> bool:
    return info.mode == "json" and info.context != BY_HAND


class Unmeasured(Frozen):
    """Not measured: why, and which authority allowed it."""

    unmeasured: Annotated[
        Why,
        WrapValidator(_or_gap),
        PlainSerializer(str),  # else pydantic warns of a gap
        WithJsonSchema({"enum": list(get_args(Why)), "type": "string"}, mode="serialization"),
    ]
    allowed_by: Annotated[ServiceId, WrapValidator(_or_gap)]


class Estimate(Frozen):
    """A number that nobody has measured, and how it is known."""

    about: Annotated[int, Field(ge=0, le=MAX_WHOLE)]
    known: Known


class MassEstimate(Estimate):
    """The same of a mass."""

    about: Milligrams


def _how(raw: Any) -> str:
    """Which of the three is meant, so that a fault is told once."""
    if isinstance(raw, Unmeasured) or (isinstance(raw, dict) and "unmeasured" in raw):
        return "unmeasured"
    return "estimate" if isinstance(raw, Estimate | dict) else "measured"


def _in_words(raw: Any, info: ValidationInfo) -> Any:
    """`suspected 20 kg` and `unmeasured cover kz.prosecutor`, in what a person wrote; else what it was."""
    if not isinstance(raw, str) or _is_signed(info):
        return raw
    first, _, rest = raw.strip().partition(" ")
    if first in get_args(Known):
        return {"about": rest.strip(), "known": first}
    if first == "unmeasured":
        why, _, service = rest.strip().partition(" ")
        return {"unmeasured": why, "allowed_by": service.strip()}
    return raw


def _count_in_words(raw: Any, info: ValidationInfo) -> Any:
    """The same of a count, which has no unit."""
    said = _in_words(raw, info)
    number = said.get("about") if isinstance(said, dict) else None
    return said | {"about": int(number)} if isinstance(number, str) and number.isdecimal() else said


_Unmeasured = Annotated[Unmeasured, Tag("unmeasured")]
_Estimate = Annotated[Estimate, Tag("estimate")]
_Whole = Annotated[int, Field(ge=0, le=MAX_WHOLE), Tag("measured")]
Mass = Annotated[
    Annotated[Milligrams, Tag("measured")] | Annotated[MassEstimate, Tag("estimate")] | _Unmeasured,
    Discriminator(_how),
    BeforeValidator(_in_words, json_schema_input_type=int | str | MassEstimate | Unmeasured),
]
"""Milligrams as measured, an estimate, or why it was not measured."""
Count = Annotated[
    _Whole | _Estimate | _Unmeasured,
    Discriminator(_how),
    BeforeValidator(_count_in_words, json_schema_input_type=int | str | Estimate | Unmeasured),
]
"""Pieces, or minor units of money, as counted; or the same two."""
Packages = Annotated[int, Field(ge=0, le=MOST_PACKAGES)]
"""How many packages were counted."""
Quantity = int | Estimate | Unmeasured
Translate = Callable[[str], str]
"""From an English word of ours to the reader's language."""


@dataclass(frozen=True)
class Bounds:
    """Between what a quantity is, both ends included; `most` none: nobody knows. `said` is the sum of its numbers."""

    least: int = 0
    most: int | None = 0
    said: int = 0

    def __add__(self, other: "Bounds") -> "Bounds":
        most = None if self.most is None or other.most is None else self.most + other.most
        return Bounds(self.least + other.least, most, self.said + other.said)

    def apart(self, other: "Bounds") -> int:
        """By how much the one is beyond the other; nothing where they may be the same."""
        above = self.least - other.most if other.most is not None else 0
        below = other.least - self.most if self.most is not None else 0
        return max(above, below, 0)


def bounds(quantity: Quantity) -> Bounds:
    """Between what it is: the number that was measured; a tenth below and above what is `approximate` or `declared`; from a tenth
    to ten times what is `suspected`, and not nothing; anything, where it was not measured.
    """
    if isinstance(quantity, Unmeasured):
        return Bounds(0, None, 0)
    if not isinstance(quantity, Estimate):
        return Bounds(quantity, quantity, quantity)
    if quantity.known == "suspected":
        least = -(-quantity.about // MAGNITUDE)  # rounded up: what is suspected is not nothing
        return Bounds(least, quantity.about * MAGNITUDE, quantity.about)
    share = quantity.about // TENTH
    return Bounds(quantity.about - share, quantity.about + share, quantity.about)


def allowers(quantities: Iterable[Quantity | None]) -> tuple[str, ...]:
    """Who allowed that some of these were not measured, each once."""
    return tuple(dict.fromkeys(one.allowed_by for one in quantities if isinstance(one, Unmeasured)))


def leaves_in(said: Any) -> Iterator[Unmeasured]:
    """Whatever was not measured in what is said, wherever it stands."""
    if isinstance(said, Unmeasured):
        yield said
    elif isinstance(said, BaseModel):
        for name in type(said).model_fields:
            yield from leaves_in(getattr(said, name))
    elif isinstance(said, tuple):
        for one in said:
            yield from leaves_in(one)


def say_how(quantity: Quantity, number: str, translate: Translate) -> str:
    """A quantity for people, its number written already."""
    if isinstance(quantity, Unmeasured):
        why = translate(quantity.unmeasured.replace("_", " "))
        return f"{translate('unmeasured')} ({why}, {quantity.allowed_by})"
    return f"{translate(quantity.known)} {number}" if isinstance(quantity, Estimate) else number


def number_of(quantity: Quantity) -> int:
    """Its number, measured or not; nothing where there is none."""
    return bounds(quantity).said


def say_quantity(mass: Quantity, translate: Translate = str) -> str:
    """A mass for people, in their language."""
    return say_how(mass, told(say_mass(number_of(mass)), translate), translate)
