"""Deconfliction: whether two live operations touch the same thing, found out without showing it (R15).

What an operation touches is a *selector*: a number of its consignment, a person, a telephone, a plate, an address. Each is
brought into the one form in which two officers who mean the same will write it, and hashed with the installation's
deconfliction key (HMAC-SHA256, RFC 2104): who lacks the key cannot try out numbers. A *register* keeps the hashes of
every live operation and says of two that share one only that they do, and which service to call. Pure: the register's
answer is a new register.
"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from domain.plan.directory import MOST_KEYS, Directory, ServiceKey, Text, valid_keys
from domain.plan.selectors import Hash, _keyed
from domain.signing.canonical import Frozen
from domain.words.identifiers import OperationCode, ServiceId

ConflictId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
"""Number of a conflict: the same on both sides, so that two officers on the telephone know that they mean the same one."""


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
    keys: Annotated[tuple[ServiceKey, ...], Field(max_length=MOST_KEYS)]

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
