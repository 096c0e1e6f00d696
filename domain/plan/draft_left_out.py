"""Answers of which a plan would say nothing, since nothing on its way is so: they are refused, never left out in silence."""

from collections.abc import Iterator
from dataclasses import replace

from domain.plan.draft_cast import Cast
from domain.plan.draft_way import way
from domain.words.errors import Fault
from domain.words.text import fill


def left_out(cast: Cast) -> Iterator[Fault]:
    """Each at its answer: who begins it and is of no State; who is in charge or authorises for a State that is not asked; more
    times than there are legs.
    """
    answers = cast.answers
    beginner = cast.directory.find(answers.initiator or "")
    if beginner is not None and beginner.state is None:
        fits = ", ".join(one.id for one in cast.casting.fitting("initiator", answers.route[0].state))
        plain = fill("{service} is of no State, and a service of a State begins a plan", service=beginner.id)
        problem = fill("{problem}, such as: {right}", problem=plain, right=fits) if fits else plain
        yield Fault(place="initiator", problem=problem)
        return
    for state in answers.in_charge:
        if state not in answers.states():
            problem = fill("it does not go through {state}, so nobody is in charge there: name it on the route, too", state=state)
            yield Fault(place="in_charge", problem=problem)
    for state in answers.authorities:
        if state not in cast.asked:
            problem = fill(
                "{state} is not asked: name it on the route, too, or where somebody is arrested; or leave it out", state=state
            )
            yield Fault(place="authorities", problem=problem)
    legs = way(replace(cast, lacks=[]))  # what is lacking for it is said by whoever drafts it
    if len(answers.takes) > len(legs):
        problem = fill("{count} times are named, and its way has legs: {legs}", count=len(answers.takes), legs=len(legs))
        yield Fault(place="takes", problem=problem)
