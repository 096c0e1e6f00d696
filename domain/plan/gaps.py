"""Gaps of a plan: texts that are still to be written. A text between `<` and `>` stands for what it asks for.

A plan with gaps can be read, checked and rehearsed, so that people learn on it. It is not signed: nobody is asked to decide on
`<what was found>`.
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


def _gaps(value: Any, place: str) -> Iterator[Fault]:
    if isinstance(value, str) and is_gap(value):
        yield Fault(place=place, problem=value.strip()[1:-1])
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _gaps(part, f"{place}.{name}" if place else str(name))
