"""Gaps of a plan: texts that are still to be written. A text between `<` and `>` stands for what it asks for.

A plan with gaps can be read, checked and rehearsed, so that people learn on it. Nobody signs it, and nobody takes it where it is
signed (R1, `domain.plan.check.filled`): nobody is asked to decide on `<what was found>`.
"""

import re
from collections.abc import Iterator
from typing import Any

from domain.plan.plan import Plan
from domain.signing.canonical import plain
from domain.words.errors import Fault

_GAP = re.compile(r"<[^<>]+>")


def is_gap(text: str) -> bool:
    """Whether a text stands for one that is still to be written."""
    return _GAP.fullmatch(text.strip()) is not None


def gaps_in(plan: Plan) -> Iterator[Fault]:
    """Every gap of the plan, with its place and what is asked for there."""
    yield from _gaps(plain(plan), "")


def with_stand_ins(plan: Plan) -> Plan:
    """The same with each gap in square brackets, as text like any other: what a rehearsal signs, and nobody else."""
    return Plan.model_validate(stood_in(plan.model_dump())) if any(gaps_in(plan)) else plan


def stood_in(value: Any) -> Any:
    """The same with each text in it that is a gap in square brackets."""
    if isinstance(value, str):
        return f"[{value.strip()[1:-1]}]" if is_gap(value) else value
    if isinstance(value, dict):
        return {name: stood_in(part) for name, part in value.items()}
    return type(value)(map(stood_in, value)) if isinstance(value, list | tuple) else value


def _gaps(value: Any, place: str) -> Iterator[Fault]:
    if isinstance(value, str) and is_gap(value):
        yield Fault(place=place, problem=value.strip()[1:-1])
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _gaps(part, f"{place}.{name}" if place else str(name))
