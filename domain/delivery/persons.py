"""Persons, never by name: whom a service has arrested, in which role, and who prosecutes them.

A person has a code of the kind that stands on an exhibit, chosen by the service that says it; so one code of two services may be
two persons.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar, get_args

from pydantic import AfterValidator, Field

from domain.plan.goods import Label
from domain.plan.vocabulary import CriminalRole, Involved
from domain.signing.canonical import Frozen
from domain.words.identifiers import State
from domain.words.limits import MOST_PERSONS, MOST_WITH_SEIZED
from domain.words.text import mark

T = TypeVar("T")


class Arrestee(Involved):
    """One person who was arrested."""

    code: Label


def _each_once(persons: tuple[T, ...]) -> tuple[T, ...]:
    codes = [getattr(one, "code", one) for one in persons]
    if len(codes) != len(dict.fromkeys(codes)):
        message = mark("each person stands once, under a code of their own")
        raise ValueError(message)
    return persons


Arrestees = Annotated[tuple[Arrestee, ...], Field(min_length=1, max_length=MOST_PERSONS), AfterValidator(_each_once)]
MaybeArrestees = Annotated[tuple[Arrestee, ...], Field(max_length=MOST_WITH_SEIZED), AfterValidator(_each_once)]
Persons = Annotated[tuple[Label, ...], Field(min_length=1, max_length=MOST_PERSONS), AfterValidator(_each_once)]
"""Codes of them."""


@dataclass(frozen=True)
class Arrested:
    """Whom one statement says that its service has arrested."""

    service: str
    persons: tuple[Arrestee, ...]


def each_person(arrests: Iterable[Arrested]) -> Mapping[tuple[str, str], Arrestee]:
    """By service and code: who was arrested, as said by the last of these. Who was released and arrested anew is one person."""
    return {(one.service, person.code): person for one in arrests for person in one.persons}


def of_each_role(persons: tuple[Arrestee, ...]) -> Mapping[CriminalRole, int]:
    """How many had each role that is known, and knew what they did."""
    knowing = [one.role for one in persons if not one.unwitting]
    return {role: knowing.count(role) for role in get_args(CriminalRole) if role != "not_known"}


class Prosecution(Frozen):
    """Which State prosecutes whom."""

    role: CriminalRole
    state: State
    person: Label | None = None
    """The code of one person; none: everybody of that role."""
