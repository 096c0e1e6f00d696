"""What a plan says of the group it is one of (R31): siblings that are some, waits that end, and what is held back at rest."""

from collections.abc import Iterator, Mapping

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan, PlannedCheckpoint, Step
from domain.words.errors import Fault
from domain.words.limits import MOST_WAITING, MOST_WAITS_IN_ALL
from domain.words.text import fill

Cards = Mapping[str, RuleCard]

MAY_WAIT: tuple[Step, ...] = ("dispatch", "muster", "arrest")
"""Steps whose checkpoints may wait for a sibling: nothing is on its way then that could not be kept in sight."""


def group(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """A delivery is a member of its group, once, and the group is none of them (R31)."""
    if plan.group is None:
        if plan.held_back:
            yield Fault(place="held_back", problem=fill("R31: one is held back only where others of its group travel on"))
        return
    members = plan.group.members
    if plan.operation not in members or len(set(members)) < len(members) or plan.group.code in members:
        problem = fill(
            "R31: {operation} stands once among them, each has its own code name, and the group another", operation=plan.operation
        )
        yield Fault(place="group.members", problem=problem)


def waits(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Who waits for a sibling waits for a member of its group, for a span, and for words that can be verified (R31, R2)."""
    waiting = [(index, one) for index, one in enumerate(plan.checkpoints) if one.wait_for or one.waits is not None]
    for index, one in waiting:
        yield from _waits_at(plan, directory, f"checkpoints.{index}", one)
    every = sum(len(one.wait_for) for _, one in waiting)
    for count, most in ((len(waiting), MOST_WAITING), (every, MOST_WAITS_IN_ALL)):
        if count > most:
            problem = fill("R28: {count} wait or are waited for, {most} at most may be", count=count, most=most)
            yield Fault(place="checkpoints", problem=problem)


def _waits_at(plan: Plan, directory: Directory, place: str, one: PlannedCheckpoint) -> Iterator[Fault]:
    if one.step not in MAY_WAIT:
        problem = fill(
            "R31: a checkpoint of step {step} does not wait for a sibling; {steps} may", step=one.step, steps=", ".join(MAY_WAIT)
        )
        yield Fault(place=f"{place}.wait_for", problem=problem)
    if bool(one.wait_for) != (one.waits is not None):
        problem = fill("R2: nobody waits for ever, or for nothing: `waits` says how long it does for what stands in `wait_for`")
        yield Fault(place=f"{place}.waits", problem=problem)
    siblings = [name for name in plan.group.members if name != plan.operation] if plan.group is not None else []
    seen: list[tuple[str, str]] = []
    for number, wait in enumerate(one.wait_for):
        there = f"{place}.wait_for.{number}"
        if wait.delivery not in siblings:
            problem = fill("R31: {delivery} is no sibling of this delivery", delivery=wait.delivery)
            yield Fault(place=f"{there}.delivery", problem=problem)
        if (wait.delivery, wait.checkpoint) in seen:
            yield Fault(place=there, problem=fill("{what} stands twice; once is enough", what=wait.checkpoint))
        seen.append((wait.delivery, wait.checkpoint))
        for index, asked in enumerate(wait.requires):
            if directory.find(asked.service) is None:
                yield Fault(place=f"{there}.requires.{index}.service", problem=directory.unknown(asked.service))


def held_back(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """What is held back is accounted for where it is kept: in the State of its first leg (R31, R10)."""
    if plan.held_back and not plan.ids_at("account"):
        problem = fill(
            "R31: it is kept in {state}, so a checkpoint of step account there says what was seized", state=plan.legs[0].state
        )
        yield Fault(place="checkpoints", problem=problem)
