"""Who a plan may ask for what, and where (R29): acts of public authority are asked of services that have the power there."""

from collections.abc import Iterator, Mapping

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, Service
from domain.plan.plan import WITHOUT_CONSENT, Plan, PlannedCheckpoint, Step
from domain.plan.powers import (
    BETWEEN,
    MAY_ARREST,
    MAY_BEGIN,
    MAY_HOLD,
    MAY_PROSECUTE,
    OF_EXHIBITS,
    POWERS,
    WITH_PERMISSION,
    has_power,
)
from domain.plan.vocabulary import Need
from domain.words.errors import Fault
from domain.words.text import either, fill, word

Cards = Mapping[str, RuleCard]

AFTER_DELIVERY: tuple[Step, ...] = ("muster", "arrest", "account")
"""What may be done in a State that is not on the route."""


def acts(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Each act is asked of a service that has the power, by its kind and in that State, or by a permission there (R29)."""
    for index, checkpoint in enumerate(plan.checkpoints):
        for number, one in enumerate(checkpoint.requires):
            service = directory.find(one.service)
            if service is None or one.says not in (*POWERS, *OF_EXHIBITS):
                continue
            problem = _powerless(service, one.says) or _abroad(plan, checkpoint, service, one.says)
            if problem:
                yield Fault(
                    place=f"checkpoints.{index}.requires.{number}.service", problem=fill("R29: {problem}", problem=problem)
                )
        for number, rung in enumerate(checkpoint.escalate):
            backup = directory.find(rung.to)
            asked = [one.says for one in checkpoint.requires]
            if rung.may_answer and backup is not None and not any(has_power(backup, says) for says in asked):
                yield Fault(
                    place=f"checkpoints.{index}.escalate.{number}.to",
                    problem=fill("R29: {problem}", problem=_powerless(backup, asked[0])),
                )


def beginning(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Who begins it has the power to investigate or to prosecute (R29); whether its State's law lets it, its rule card says."""
    for place, name in zip(("initiator", "co_initiator"), plan.initiators(), strict=False):
        service = directory.find(name)
        if service is not None and service.kind not in MAY_BEGIN:
            problem = fill(
                "R29: a {kind} does not begin a delivery; {kinds} does", kind=word(service.kind), kinds=either(MAY_BEGIN)
            )
            yield Fault(place=place, problem=problem)


def finding(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Who found it, and holds it before it is handed on, or its successor, is of the State where its way begins, and has the
    power to seize (R29, R30). What a carrier or a laboratory has found, one of these takes from it and reports.
    """
    service, there = directory.find(plan.successor_of(plan.found_by or "")), plan.legs[0].state
    if service is None:
        return
    if service.kind not in MAY_ARREST:
        problem = fill(
            "R29: a {kind} does not hold what was found; {kinds} does", kind=word(service.kind), kinds=either(MAY_ARREST)
        )
        yield Fault(place="found_by", problem=problem)
    if service.state != there:
        problem = fill(
            "R30: {service} is of {state}, and the way of what it found begins in {there}",
            service=service.id,
            state=service.state or fill("no State"),
            there=there,
        )
        yield Fault(place="found_by", problem=problem)


def prosecution(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Who prosecutes whom is asked of prosecutors and courts (R29)."""
    for index, checkpoint in enumerate(plan.checkpoints):
        for number, one in enumerate(checkpoint.requires):
            service = directory.find(one.service)
            if one.says == "jurisdiction" and service is not None and service.kind not in MAY_PROSECUTE:
                problem = fill(
                    "R29: a {kind} does not say who is prosecuted where; {kinds} does",
                    kind=word(service.kind),
                    kinds=either(MAY_PROSECUTE),
                )
                yield Fault(place=f"checkpoints.{index}.requires.{number}.service", problem=problem)


def _powerless(service: Service, need: Need) -> str:
    """That its kind cannot do it anywhere; empty where it can."""
    kinds = MAY_HOLD if need in OF_EXHIBITS else POWERS.get(need, (service.kind,))
    if service.kind in kinds:
        return ""
    return fill(
        "a {kind} has no power for {need}; {kinds} has",
        kind=word(service.kind),
        need=word(need),
        kinds=either(kinds),
    )


def _abroad(plan: Plan, checkpoint: PlannedCheckpoint, service: Service, need: Need) -> str:
    """That it cannot do it in that State; empty where it can, or where it need not: the rules of custody say who
    must (R6), and an exhibit is examined where it is.
    """
    there = checkpoint.state
    if service.state == there or need in (*BETWEEN, *OF_EXHIBITS):
        return ""
    whose = fill(
        "{service} is of {state} and has no power in {there}",
        service=service.id,
        state=service.state or fill("no State"),
        there=there,
    )
    if need not in WITH_PERMISSION:
        return fill("{whose}; only a service of {there} can do it there: {need}", whose=whose, there=there, need=word(need))
    if not plan.accompanies(service.id, there):
        return fill(
            "{whose}, unless it travels along there (`accompanied_by`) with a permission of {there}", whose=whose, there=there
        )
    if plan.asks_permission(there):
        return ""
    return fill("{whose} without a permission, and nobody there is asked for one", whose=whose)


def outside(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """A State that is not on the route, and in which somebody is arrested, something weighed or examined, or a team waits for an
    arrest, or of which a service is asked to be ready, consents as well, or the plan says why it need not (R1, R29).
    """
    known = [one.state for one in plan.outside]
    for number, state in enumerate(known):
        place = f"outside.{number}.state"
        if state in known[:number]:
            yield Fault(place=place, problem=fill("{what} stands twice; once is enough", what=state))
        if state in plan.states() or plan.authorities(state):
            problem = fill("R1: {state} is on the route or asked to authorise, and so it is not outside", state=state)
            yield Fault(place=place, problem=problem)
        elif not any(_does_there(one, state, directory) for one in plan.checkpoints) and not (
            plan.outside[number].why != "exhibits_sent" and any(_readied(one, state, directory) for one in plan.checkpoints)
        ):
            problem = fill(
                "R1: nobody is arrested, nothing weighed or examined in {state}, and nobody of it waits: leave it out",
                state=state,
            )
            yield Fault(place=place, problem=problem)
        yield from _other_than_said(plan, number, directory)
    for index, checkpoint in enumerate(plan.checkpoints):
        for number, one in enumerate(checkpoint.requires):
            service = directory.find(one.service)
            there = service.state if service is not None and one.says in OF_EXHIBITS else None
            if there is not None and not plan.has_part(there):
                problem = fill(
                    "R29: exhibits are brought to {service}, and {state} is not on the route: ask it to authorise, or say in "
                    "`outside` why it need not, and name the request for legal assistance when they are offered",
                    service=one.service,
                    state=there,
                )
                yield Fault(place=f"checkpoints.{index}.requires.{number}.service", problem=problem)
            ready = service.state if service is not None and one.says == "ready" else None
            if ready is not None and not plan.has_part(ready):
                problem = fill(
                    "R29: {service} is of {state}, which has no part: it is not on the route, not asked to authorise, and not in "
                    "`outside`; its services are not asked to be ready",
                    service=one.service,
                    state=ready,
                )
                yield Fault(place=f"checkpoints.{index}.requires.{number}.service", problem=problem)
        state = checkpoint.state
        if checkpoint.step in AFTER_DELIVERY and not plan.has_part(state):
            problem = fill(
                "R1: {state} is not on the route: ask it to authorise, or say in `outside` why it need not", state=state
            )
            yield Fault(place=f"checkpoints.{index}.state", problem=problem)


def _does_there(checkpoint: PlannedCheckpoint, state: str, directory: Directory) -> bool:
    """Whether somebody is arrested there, or something weighed or examined."""
    own = checkpoint.state == state and checkpoint.step in ("arrest", "account")
    return own or state in _examining(checkpoint, directory)


def _readied(checkpoint: PlannedCheckpoint, state: str, directory: Directory) -> bool:
    """Whether a service of that State is asked to be ready."""
    asked = (directory.find(one.service) for one in checkpoint.requires if one.says == "ready")
    return any(one is not None and one.state == state for one in asked)


def _examining(checkpoint: PlannedCheckpoint, directory: Directory) -> tuple[str | None, ...]:
    """States of the services that are asked there what exhibits are, or what became of them: exhibits are brought to them."""
    asked = (directory.find(one.service) for one in checkpoint.requires if one.says in OF_EXHIBITS)
    return tuple(one.state for one in asked if one is not None)


def touches(plan: Plan, state: str, directory: Directory) -> bool:
    """Whether anything is done in a State: it is on the route, it is asked and a measure is taken there, or beside the route
    somebody is to act there or is asked about exhibits, or a service of it is to be ready once it is delivered.
    """
    at_end = [one for one in plan.checkpoints if one.step in AFTER_DELIVERY]
    ready = [directory.find(one.service) for at in at_end for one in at.requires if one.says == "ready"]
    return (
        state in plan.states()
        or (state in plan.asked_states() and bool(plan.measures(state)))
        or any(one.state == state for one in at_end)
        or any(state in _examining(one, directory) for one in plan.checkpoints)
        or any(one is not None and one.state == state for one in ready)
    )


def _other_than_said(plan: Plan, number: int, directory: Directory) -> Iterator[Fault]:
    """What is done in a State outside is what may be done there for the reason that is given."""
    one = plan.outside[number]
    fitting = WITHOUT_CONSENT[one.why]
    there = (
        at.step
        for at in plan.checkpoints
        if (at.state == one.state and at.step in AFTER_DELIVERY) or one.state in _examining(at, directory)
    )
    for step in dict.fromkeys(step for step in there if step not in fitting):
        problem = fill(
            "R1: it says {why} of {state}, where the plan has a checkpoint of step {step}; that may be said of {fitting}",
            why=word(one.why),
            state=one.state,
            step=word(step),
            fitting=either(fitting),
        )
        yield Fault(place=f"outside.{number}.why", problem=problem)
