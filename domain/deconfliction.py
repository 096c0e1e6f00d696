"""Deconfliction: whether two live operations touch the same thing, found out without showing it (R15).

What an operation touches is a *selector*: a number of its consignment, a person, a telephone, a plate, an address. Each is
brought into the one form in which two officers who mean the same will write it, and hashed with the installation's
deconfliction key (HMAC-SHA256, RFC 2104): who lacks the key cannot try out numbers. A *register* keeps the hashes of
every live operation and says of two that share one only that they do, and which service to call. Pure: the register's
answer is a new register.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.canonical import Frozen
from domain.directory import Directory, ServiceKey, Text, valid_keys
from domain.identifiers import ConsignmentIdentifier, OperationCode, ServiceId

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ConflictId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
"""Number of a conflict: the same on both sides, so that two officers on the telephone know that they mean the same one."""

SelectorKind = Literal["person", "phone", "plate", "address"]

_LOOKALIKE = str.maketrans("авекмнорстух", "abekmhopctyx")
"""Cyrillic letters of plates and the Latin ones that they were chosen to resemble (ГОСТ Р 50577)."""


class Selector(Frozen):
    """Something a plan touches beside its consignment. Only its hash stands in a plan."""

    kind: SelectorKind
    hash: Hash


class Claim(Frozen):
    """A live operation as the register knows it: its code name, whom to call about it, and what it touches, as hashes."""

    delivery: OperationCode
    contact: ServiceId
    hashes: Annotated[tuple[Hash, ...], Field(max_length=120)]

    def touches(self, other: "Claim") -> bool:
        """Whether these are two operations that share a hash."""
        return self.delivery != other.delivery and not frozenset(self.hashes).isdisjoint(other.hashes)


class Contact(Frozen):
    """All that one side of a conflict is told: its number, and whom to call. The keys prove what that service agrees to."""

    conflict: ConflictId
    service: ServiceId
    call: Text
    """How to reach people there at any hour, as the directory has it."""
    keys: Annotated[tuple[ServiceKey, ...], Field(max_length=16)]

    @property
    def checkpoint(self) -> str:
        """The checkpoint of this conflict: each has one, and it is called the same on both sides."""
        return f"conflict.{self.conflict}"

    def keys_at(self, moment: datetime) -> dict[str, str]:
        """Key id to public key, of the keys that are valid at this instant."""
        return valid_keys(self.keys, moment)


class Finding(Frozen):
    """What a change of the register means for one operation: everyone it now conflicts with."""

    claim: Claim
    others: tuple[Claim, ...]


class Answer(Frozen):
    """The register's answer: a finding for each operation touched, the asker's last. `number` counts the register's changes."""

    number: Annotated[int, Field(ge=0)]
    findings: tuple[Finding, ...]


class Register(Frozen):
    """Every live operation of an installation, each once, in the order in which they came."""

    number: Annotated[int, Field(ge=0)] = 0
    claims: tuple[Claim, ...] = ()

    def claim(self, claim: Claim) -> tuple["Register", Answer]:
        """Enter an operation; entering it again changes nothing. Of two that touch, the later one finds the earlier."""
        register = self
        if claim not in self.claims:
            register = Register(number=self.number + 1, claims=(*self._without(claim.delivery), claim))
        return register, register._answer(*register._touching(claim), claim)

    def release(self, delivery: str) -> tuple["Register", Answer]:
        """Take an operation out; those it touched find one conflict less."""
        found = next((one for one in self.claims if one.delivery == delivery), None)
        if found is None:
            return self, Answer(number=self.number, findings=())
        register = Register(number=self.number + 1, claims=self._without(delivery))
        return register, register._answer(*register._touching(found))

    def _without(self, delivery: str) -> tuple[Claim, ...]:
        return tuple(one for one in self.claims if one.delivery != delivery)

    def _touching(self, claim: Claim) -> tuple[Claim, ...]:
        return tuple(one for one in self.claims if one.touches(claim))

    def _answer(self, *touched: Claim) -> Answer:
        findings = tuple(Finding(claim=one, others=self._touching(one)) for one in touched)
        return Answer(number=self.number, findings=findings)


def selector(key: bytes, kind: SelectorKind, value: str) -> Selector:
    """The selector of a value as people write it. Raises `ValueError` where it can never match."""
    return Selector(kind=kind, hash=_hash(key, kind, value))


def hashes(key: bytes, identifiers: tuple[ConsignmentIdentifier, ...], selectors: tuple[Selector, ...]) -> tuple[str, ...]:
    """What an operation touches: the numbers of its consignment, hashed here, and the selectors of its plan. Each once."""
    numbers = (_hash(key, known.scheme, known.value) for known in identifiers)
    return tuple(dict.fromkeys([*numbers, *(one.hash for one in selectors)]))


def contacts(key: bytes, finding: Finding, directory: Directory) -> tuple[Contact, ...]:
    """What the operation of a finding is told: for each other, the number of their conflict and whom to call.

    The number is the same for the other side, and shows no code name to who does not know both and the key.
    """

    def contact(other: Claim) -> Contact:
        known = directory.find(other.contact)
        return Contact(
            conflict=_keyed(key, "conflict", *sorted((finding.claim.delivery, other.delivery)))[:12],
            service=other.contact,
            call=known.contact if known is not None else "not in the directory any more",
            keys=known.keys if known is not None else (),
        )

    return tuple(contact(other) for other in finding.others)


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
