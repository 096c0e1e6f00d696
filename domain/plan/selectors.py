"""Selectors: what an operation touches, in the one form in which two officers who mean the same will write it, and hashed."""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from domain.signing.canonical import Frozen
from domain.words.identifiers import ConsignmentIdentifier

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


SelectorKind = Literal["person", "phone", "plate", "address"]


_LOOKALIKE = str.maketrans("авекмнорстух", "abekmhopctyx")
"""Cyrillic letters of plates and the Latin ones that they were chosen to resemble (ГОСТ Р 50577)."""


class Selector(Frozen):
    """Something a plan touches beside its consignment. Only its hash stands in a plan."""

    kind: SelectorKind
    hash: Hash


def selector(key: bytes, kind: SelectorKind, value: str) -> Selector:
    """The selector of a value as people write it. Raises `ValueError` where it can never match."""
    return Selector(kind=kind, hash=_hash(key, kind, value))


def hashes(key: bytes, identifiers: tuple[ConsignmentIdentifier, ...], selectors: tuple[Selector, ...]) -> tuple[str, ...]:
    """What an operation touches: the numbers of its consignment, hashed here, and the selectors of its plan. Each once."""
    numbers = (_hash(key, known.scheme, known.value) for known in identifiers)
    return tuple(dict.fromkeys([*numbers, *(one.hash for one in selectors)]))


def blocks(key: bytes, identifiers: tuple[ConsignmentIdentifier, ...]) -> tuple[str, ...]:
    """The hundred that each number of a consignment is in, hashed: the number without its last three digits, of which the last is
    a check digit in most schemes (S10, ISO 6346, air waybills). In the order of `hashes`, and empty where a number has too few.
    """
    numbers = {_hash(key, one.scheme, one.value): (one.scheme, _block(one.value)) for one in identifiers}
    return tuple(_keyed(key, "block", scheme, block) if block else "" for scheme, block in numbers.values())


def _block(value: str) -> str:
    """The number without its last three digits; empty if it has no others."""
    places = [place for place, char in enumerate(value) if char.isdigit()]
    return "".join("?" if place in places[-3:] else char for place, char in enumerate(value)) if len(places) > 3 else ""


def _hash(key: bytes, kind: str, value: str) -> str:
    return _keyed(key, kind, FORMS.get(kind, _letters_and_digits)(value))


def _keyed(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def _words(text: str) -> list[str]:
    """Runs of letters and digits, in one case and composition; the rest parts them."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("ё", "е")
    found = "".join(char if char.isalnum() else " " for char in folded).split()
    if not found:
        raise ValueError(f"{text!r} holds no letter and no digit")
    return found


def _letters_and_digits(text: str) -> str:
    return "".join(_words(text))


def _plate(text: str) -> str:
    return _letters_and_digits(text).translate(_LOOKALIKE)


def _person(text: str) -> str:
    """Names in any order, with the date of birth: `Ivanov Ivan 1980-01-31`."""
    return " ".join(sorted(_words(text)))


def _phone(text: str) -> str:
    """International form (ITU-T E.164): `+` or `00`, then 8 to 15 digits, whatever stands between them."""
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    written = text.strip()
    if written.startswith("00"):
        digits = digits[2:]
    if not written.startswith(("+", "00")) or not 8 <= len(digits) <= 15 or any(char.isalpha() for char in text):
        raise ValueError("a telephone number is written with its country: + and 8 to 15 digits, e.g. +998 71 200 00 00")
    return digits


def _address(text: str) -> str:
    return " ".join(_words(text))


FORMS: dict[str, Callable[[str], str]] = {"person": _person, "phone": _phone, "plate": _plate, "address": _address}
"""The one form of each kind; a number of a consignment, canonical for its scheme already, is its letters and digits."""
