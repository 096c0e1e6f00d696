"""Persons, never by name: whom a service has arrested, in which part, and who prosecutes them.

A person has a code of the kind that stands on an exhibit, chosen by the service that says it; so one code of two services may be
two persons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, model_validator

from domain.plan.goods import Label
from domain.signing.canonical import Frozen
from domain.words.identifiers import State
from domain.words.limits import MOST_PERSONS

T = TypeVar("T")
Role = Literal["organiser", "supplier", "courier", "distributor", "recipient", "not_known"]
"""What part somebody had. Nobody has to guess: what is not known is `not_known`, and is corrected when it is."""
Known = Literal["organiser", "supplier", "courier", "distributor", "recipient"]
BLIND: tuple[Role, ...] = ("courier", "recipient")
"""Who may have been used without knowing it."""


class Arrestee(Frozen):
    """One person who was arrested."""

    code: Label
    role: Role
    unwitting: Annotated[bool, Field(exclude_if=lambda unwitting: not unwitting)] = False
    """A courier or recipient who was used and did not know."""

    @model_validator(mode="after")
    def _is_used_as_one_of_these(self) -> "Arrestee":
        if self.unwitting and self.role not in BLIND:
            message = f"an unwitting person is a {' or '.join(BLIND)}"
            raise ValueError(message)
        return self


def _each_once(persons: tuple[T, ...]) -> tuple[T, ...]:
    codes = [getattr(one, "code", one) for one in persons]
    if len(codes) != len(dict.fromkeys(codes)):
        message = "each person stands once, under a code of their own"
        raise ValueError(message)
    return persons


Arrestees = Annotated[tuple[Arrestee, ...], Field(min_length=1, max_length=MOST_PERSONS), AfterValidator(_each_once)]
Persons = Annotated[tuple[Label, ...], Field(min_length=1, max_length=MOST_PERSONS), AfterValidator(_each_once)]
"""Codes of them."""


@dataclass(frozen=True)
class Arrested:
    """Whom one statement says that its service has arrested."""

    service: str
    persons: tuple[Arrestee, ...]


def of_each_role(persons: tuple[Arrestee, ...]) -> Mapping[Known, int]:
    """How many had each part and knew what they did."""
    knowing = [one.role for one in persons if not one.unwitting]
    roles: tuple[Known, ...] = ("organiser", "supplier", "courier", "distributor", "recipient")
    return {role: knowing.count(role) for role in roles}


class Prosecution(Frozen):
    """Which State prosecutes whom."""

    role: Role
    state: State
    person: Label | None = None
    """The code of one person; none: everybody of that role."""
