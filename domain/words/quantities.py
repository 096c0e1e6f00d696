"""Quantities as whole numbers: mass in milligrams, time in milliseconds, cash in minor units.

What is checked, in the order of the code, and the standard it comes from:

1. Mass: whole milligrams from 0 to 10**15 (a million tonnes); in what people write also text with a unit of
   t, kg, g or mg (SI; UN/ECE Recommendation 20 KGM, GRM, MGM).
2. Span: whole milliseconds above 0 and up to 3660 days, as "2d 12h" or ISO 8601 "P2DT12H".
3. Money: whole minor units of an ISO 4217 currency, or an amount as people write it.

Floats are refused everywhere: two States must compute, sign and hash the same digits
(RFC 8785 allows integers below 2**53 only, hence the upper bounds).
"""

import re
from datetime import datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationInfo

from domain.words.identifiers import MINOR_UNITS, Currency
from domain.words.text import Filled, fill, in_a_row, mark

MAX_WHOLE: Final = 10**15
"""Largest mass in milligrams and largest amount in minor units."""

MAX_SPAN: Final = timedelta(days=3660)
"""Longest span, about ten years: longer than any authorisation."""

_UNIT_MG: Final[dict[str, int]] = {"t": 10**9, "kg": 10**6, "g": 10**3, "mg": 1, "т": 10**9, "кг": 10**6, "г": 10**3, "мг": 1}
"""In Latin, and as Russian writes them."""
MASS_UNITS: Final = tuple(_UNIT_MG)
_MASS: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([^\W\d_]*)")
_EXACT: Final = Context(prec=60)  # text is at most 40 characters, so nothing is ever rounded
_LONGEST_TEXT: Final = 40


def _bounded(rule: str, raw: str) -> str:
    text = raw.strip()
    if len(text) > _LONGEST_TEXT:
        raise ValueError(
            fill("{rule}: text has {count} characters, expected at most {most}", rule=rule, count=len(text), most=_LONGEST_TEXT)
        )
    return text


def _inexact(sentence: str, **filled: object) -> ValueError:
    """A refusal of a type; a `ValueError`, since pydantic does not report a TypeError."""
    return ValueError(fill(sentence, **filled))


def parse_mass(raw: object) -> int:
    """Return milligrams from an integer of milligrams or from text such as ``"13.2 kg"``.

    Refuses, with a `ValueError`: bool, float, a missing or unknown unit, a decimal comma, a
    sign, and digits below one milligram. Units are lower case, since Mg is a tonne in SI.
    """
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if not isinstance(raw, str):
        raise _inexact(mark('Mass: this is no exact mass, expected whole milligrams or text such as "13.2 kg"'))
    text = _bounded("Mass", raw)
    if "," in text:
        sentence = mark('Mass: {text} has a comma, expected a point for decimals and nothing between thousands, e.g. "13.2 kg"')
        raise ValueError(fill(sentence, text=repr(text)))
    match = _MASS.fullmatch(text)
    if match is None:
        raise ValueError(fill('Mass: {text} is not a number and a unit, expected text such as "13.2 kg"', text=repr(text)))
    number, unit = match.groups()
    if unit not in _UNIT_MG:
        said = {"text": repr(text), "unit": repr(unit), "number": number}
        unknown = fill('Mass: in {text} unit {unit} is unknown, expected t, kg, g or mg, e.g. "{number} kg"', **said)
        missing = fill('Mass: in {text} the unit is missing, expected t, kg, g or mg, e.g. "{number} kg"', **said)
        raise ValueError(unknown if unit else missing)
    amount = _EXACT.multiply(Decimal(number), Decimal(_UNIT_MG[unit]))
    if amount != int(amount):
        raise ValueError(fill("Mass: {text} is finer than a milligram, expected at most whole milligrams", text=repr(text)))
    return int(amount)


BY_HAND: Final = {"written": "by hand"}
"""The context in which JSON stands for a document that a person wrote, where a mass may have its unit."""


def _read_mass(raw: object, info: ValidationInfo) -> int:
    """What is signed says a mass in one way only: elsewhere in JSON it is a whole number."""
    if isinstance(raw, str) and info.mode == "json" and info.context != BY_HAND:
        sentence = mark("Mass: {text} is text, expected whole milligrams, e.g. 13950000 for 13.95 kg")
        raise ValueError(fill(sentence, text=repr(raw[:_LONGEST_TEXT])))
    return parse_mass(raw)


Milligrams = Annotated[
    int,
    Field(ge=0, le=MAX_WHOLE),
    BeforeValidator(_read_mass, json_schema_input_type=int | str),
]
"""Mass in whole milligrams, and in JSON nothing else. In Python, and in what a person wrote, also text with a unit."""


def _point(whole: int, digits: int) -> str:
    """Write `whole` divided by ``10**digits`` with exactly that many decimals, without floats."""
    if not digits:
        return str(whole)
    head, tail = divmod(whole, 10**digits)
    return f"{head}.{tail:0{digits}d}"


UNITS: Final = {
    "kg": mark("{number} kg"),
    "g": mark("{number} g"),
    "mg": mark("{number} mg"),
    "d": mark("{number} d"),
    "h": mark("{number} h"),
    "m": mark("{number} m"),
    "s": mark("{number} s"),
    "ms": mark("{number} ms"),
}
"""A number of each unit, as people read it."""


def say_mass(mg: int) -> Filled:
    """Write milligrams in the largest of kg, g and mg that is at least one, keeping every digit; `parse_mass` reads it back in
    each language.

    A difference may be negative: ``say_mass(-1900)`` is ``"-1.9 g"``.
    """
    size, sign = abs(mg), "-" if mg < 0 else ""
    unit, digits = ("kg", 6) if size >= 10**6 else ("g", 3) if size >= 10**3 else ("mg", 0)
    number = _point(size, digits)
    return fill(UNITS[unit], number=f"{sign}{number.rstrip('0').rstrip('.') if digits else number}")


_MS: Final = timedelta(milliseconds=1)
_PLAIN_SPAN: Final = re.compile(
    r"(?:([0-9]+) ?[dд])? ?(?:([0-9]+) ?[hч])? ?(?:([0-9]+) ?(?:m|мин))? ?(?:([0-9]+) ?[sс])? ?(?:([0-9]+) ?(?:ms|мс))?"
)
"""In Latin, and as Russian writes them."""
_ISO_SPAN: Final = re.compile(
    r"P(?=[0-9T])(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]{1,3}))?S)?)?"
)
_SPAN_EXAMPLES: Final = fill('"48h", "2d 12h", "90m" or "P2DT12H"')


def parse_span(raw: object) -> timedelta:
    """Return a duration from text or from a timedelta.

    Reads days, hours, minutes, seconds and milliseconds in that order, as ``"2d 12h"`` or as
    ISO 8601 ``"P2DT12H"``. Refuses, with a `ValueError`: bare numbers (no unit), years and
    months (they vary in length), weeks, and fractions other than of an ISO 8601 second.
    """
    if isinstance(raw, timedelta):
        return raw
    if not isinstance(raw, str):
        raise _inexact(mark("Span: a number without its unit is no span of time, expected {examples}"), examples=_SPAN_EXAMPLES)
    text = _bounded("Span", raw)
    iso = text.startswith("P")
    match = (_ISO_SPAN if iso else _PLAIN_SPAN).fullmatch(text)
    if not text or match is None:
        raise ValueError(
            fill(
                "Span: {text} is no span of time, expected days, hours, minutes, seconds or ms, such as {examples}",
                text=repr(text),
                examples=_SPAN_EXAMPLES,
            )
        )
    days, hours, minutes, seconds, fraction = (part or "0" for part in match.groups())
    thousandths = int(fraction.ljust(3, "0")) if iso else int(fraction)
    try:
        return timedelta(
            days=int(days),
            hours=int(hours),
            minutes=int(minutes),
            seconds=int(seconds),
            milliseconds=thousandths,
        )
    except OverflowError:
        raise ValueError(
            fill("Span: {text} is too long, expected at most {most}", text=repr(text), most=say_span(MAX_SPAN))
        ) from None


def check_span(span: timedelta) -> timedelta:
    """Return `span` if it is above zero, at most `MAX_SPAN` and of whole milliseconds."""
    if span <= timedelta(0):
        raise ValueError(mark("Span: it is not above zero, expected at least 1 ms"))
    if span > MAX_SPAN:
        raise ValueError(fill("Span: it is longer than {most}, expected at most that", most=say_span(MAX_SPAN)))
    if span % _MS:
        raise ValueError(mark("Span: it has parts of a millisecond, expected whole milliseconds"))
    return span


def left_until(end: datetime, now: datetime) -> timedelta:
    """How much of its time a term still has, in whole milliseconds rounded down: statements tell moments to the microsecond. One
    that is over has the shortest span there is, so that what waits for it ends at once.
    """
    return max((end - now) // _MS * _MS, _MS)


def _parts(span: timedelta) -> tuple[int, int, int, int, int]:
    """Split whole milliseconds into days, hours, minutes, seconds and milliseconds."""
    seconds, ms = divmod(span // _MS, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return *divmod(hours, 24), minutes, seconds, ms


@lru_cache(maxsize=1024)
def iso_span(span: timedelta) -> str:
    """Write a valid span in its one ISO 8601 form, e.g. ``"P2DT12H"`` or ``"PT1.5S"``."""
    days, hours, minutes, seconds, ms = _parts(span)
    tail = _point(seconds * 1000 + ms, 3).rstrip("0").rstrip(".") if ms else str(seconds)
    clock = "".join(
        f"{number}{letter}" for number, letter in ((str(hours), "H"), (str(minutes), "M"), (tail, "S")) if number != "0"
    )
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")


def say_span(span: timedelta) -> str:
    """Write a valid span for people, e.g. ``"2 d 12 h"``; `parse_span` reads it back."""
    named = zip(_parts(span), ("d", "h", "m", "s", "ms"), strict=True)
    return in_a_row(fill(UNITS[unit], number=number) for number, unit in named if number)


Span = Annotated[
    timedelta,
    BeforeValidator(parse_span, json_schema_input_type=str),
    AfterValidator(check_span),
    PlainSerializer(iso_span, return_type=str, when_used="json"),
]
"""A duration above zero in whole milliseconds; JSON carries ISO 8601 text."""


def _whole(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise _inexact(mark("Money: this is no exact amount, expected whole minor units, e.g. 1250 for 12.50 EUR"))
    return raw


class Money(BaseModel):
    """An amount of cash in whole minor units (cents, tiyn) of one currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: Currency
    minor: Annotated[int, Field(ge=0, le=MAX_WHOLE), BeforeValidator(_whole, json_schema_input_type=int)]

    def say(self) -> str:
        """Write the amount with the currency's own number of decimals, e.g. ``"12.50 EUR"``."""
        return f"{_point(self.minor, MINOR_UNITS[self.currency])} {self.currency}"


def say_minor(currency: str, minor: int) -> str:
    """Whole minor units with the currency's decimals, e.g. ``"12.50"`` for 1250 of EUR."""
    return _point(minor, MINOR_UNITS[currency])


_AMOUNT: Final = re.compile(r"([0-9]{1,16})(?:\.([0-9]+))?")


def parse_amount(currency: str, raw: str) -> int:
    """Return minor units from an amount with all the currency's decimals or none: ``"12.50"`` or ``"12"`` of EUR.

    Refuses, with a `ValueError`: a comma, a sign, separated thousands, and more or fewer decimals than the currency has.
    """
    digits, text = MINOR_UNITS[currency], raw.strip()
    match = _AMOUNT.fullmatch(text)
    if match is None or len(match[2] or "0" * digits) != digits:
        sentence = mark("Money: {text} is not an amount of {currency}, expected text such as {right}")
        raise ValueError(fill(sentence, text=repr(text), currency=currency, right=_point(12 * 10**digits, digits)))
    return int(match[1] + (match[2] or "0" * digits))


def milliseconds(span: timedelta) -> int:
    """Whole milliseconds of a span; what is below one is dropped."""
    return span // timedelta(milliseconds=1)
