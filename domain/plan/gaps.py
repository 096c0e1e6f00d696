"""Gaps of a plan: texts that are still to be written. A text between `<` and `>` stands for what it asks for.

A plan with gaps can be read, checked and rehearsed, so that people learn on it. Nobody signs it, and nobody takes it where it is
signed (R1, `domain.plan.check.filled`): nobody is asked to decide on `<what was found>`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.plan.plan import Plan
from domain.plan.vocabulary import is_gap
from domain.signing.canonical import plain
from domain.words.errors import Fault


def gaps_in(plan: Plan) -> Iterator[Fault]:
    """Every gap of the plan, with its place and what is asked for there."""
    yield from _gaps(plain(plan), "")


def with_stand_ins(plan: Plan) -> Plan:
    """The same with each gap in square brackets, as text like any other: what a rehearsal signs, and nobody else. What is not
    measured is so for want of time, by leave of the first that authorises.
    """
    return Plan.model_validate(stood_in(plan.model_dump(), leave_in(plan))) if any(gaps_in(plan)) else plan


def leave_in(plan: Plan) -> Mapping[str, str]:
    """Why something is not measured, and who has allowed that, where a rehearsal must say it."""
    authorities = (service for state in plan.states() for service in plan.authorities(state))
    return {"unmeasured": "time", "allowed_by": next(authorities, plan.initiator)}


def stood_in(value: Any, leave: Mapping[str, str]) -> Any:
    """The same with each text in it that is a gap in square brackets, or as it stands in `leave` under its name."""
    if isinstance(value, str):
        return f"[{value.strip()[1:-1]}]" if is_gap(value) else value
    if isinstance(value, dict):
        said = {name: leave[name] for name in leave if isinstance(part := value.get(name), str) and is_gap(part)}
        return {name: stood_in(part, leave) for name, part in (value | said).items()}
    return type(value)(stood_in(one, leave) for one in value) if isinstance(value, list | tuple) else value


def _gaps(value: Any, place: str) -> Iterator[Fault]:
    if isinstance(value, str) and is_gap(value):
        yield Fault(place=place, problem=value.strip()[1:-1])
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _gaps(part, f"{place}.{name}" if place else str(name))
