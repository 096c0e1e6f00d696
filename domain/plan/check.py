"""What a plan must be before anyone is asked for consent: the static side of the rules, each finding with its place.

Checked here: R1 (every State is asked, and about nothing that is still to be written), R3 (the modality is one every card
allows), R13 (the initiator is not the only one to authorise), R16 (what needs a permission of its own is asked for), and that
every checkpoint can be satisfied. Who answers in the place of others stands in `domain.plan.check_backups` (R21), the way in
`domain.plan.check_route` (R4, R6), what travels in `domain.plan.check_goods` (R7, R10), who may do what where in
`domain.plan.check_powers` (R29), what it says of its group in `domain.plan.check_group` (R31), what a request for consent must
say in `domain.plan.check_request` (R1), and how large a plan may be in `domain.plan.check_size` (R28).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial

from domain.plan.access import reads_request
from domain.plan.cards import RuleCard
from domain.plan.check_backups import backups
from domain.plan.check_goods import checks, classes, imports, substances, sums, tolerances
from domain.plan.check_group import group, held_back, waits
from domain.plan.check_law import law
from domain.plan.check_powers import acts, beginning, finding, outside, prosecution
from domain.plan.check_request import request
from domain.plan.check_route import accompanied, accounted, calls, handovers, places, route
from domain.plan.check_size import sizes
from domain.plan.check_times import planned
from domain.plan.directory import MAY_ASK_THE_REGISTER, Directory
from domain.plan.gaps import gaps_in
from domain.plan.group import member
from domain.plan.plan import STEP_NEEDS, Plan, PlannedCheckpoint, Step
from domain.plan.register import competent
from domain.plan.vocabulary import Need
from domain.words.errors import Fault
from domain.words.figures import FIGURES, Figures
from domain.words.identifiers import locode_in_state
from domain.words.limits import LONGEST_AFTERWARDS, MOST_SERVICES
from domain.words.quantities import say_span
from domain.words.text import either, fill

Cards = Mapping[str, RuleCard]

ONCE: tuple[Step, ...] = ("prepare", "dispatch")
"""Steps that have exactly one checkpoint; `authorise` has one for each State, `hand_over` one between two legs."""

AT_LEAST_ONCE: tuple[Step, ...] = ("deliver", "arrest", "account")


Check = Callable[[Plan, Directory, Cards], Iterator[Fault]]
"""One rule of planning: what is wrong with one part of a plan does not hide what is wrong with another."""


def faults_in(plan: Plan, directory: Directory, cards: Cards, figures: Figures = FIGURES) -> tuple[Fault, ...]:
    """Everything wrong with the plan, by the newest rules. Empty if it may be started."""
    found = (fault for check in CHECKS for fault in check(plan, directory, cards))
    return (*found, *member(plan), *sizes(plan, directory, cards, figures))


def rules(directory: Directory, cards: Cards) -> tuple[Callable[[Plan], Iterator[Fault]], ...]:
    """The rules of planning, one at a time, with this directory and these cards; for a plan that may still have gaps, which are
    told apart from faults (`domain.plan.gaps`).
    """
    of_a_draft = (check for check in CHECKS if check is not filled)
    checks: tuple[Check, ...] = (*of_a_draft, _is_of_its_group, partial(sizes, figures=FIGURES))
    return tuple(partial(_checked, check, directory, cards) for check in checks)


def _is_of_its_group(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    return member(plan)


def _checked(check: Check, directory: Directory, cards: Cards, plan: Plan) -> Iterator[Fault]:
    return check(plan, directory, cards)


def services(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Every service named is in the directory, and no more take part than can acknowledge a stop."""

    def known(service: str, place: str) -> Iterator[Fault]:
        if directory.find(service) is None:
            yield Fault(place=place, problem=directory.unknown(service))

    if len(plan.everybody()) > MOST_SERVICES:
        problem = fill(
            "{count} services take part, {most} at most may: each of them must acknowledge a stop",
            count=len(plan.everybody()),
            most=MOST_SERVICES,
        )
        yield Fault(place="checkpoints", problem=problem)
    yield from known(plan.initiator, "initiator")
    if plan.co_initiator is not None:
        yield from known(plan.co_initiator, "co_initiator")
    for number, told in enumerate(plan.told_at_end):
        yield from known(told.service, f"told_at_end.{number}.service")
    if plan.coordinator is not None:
        yield from known(plan.coordinator, "coordinator")
        yield from _concerned(plan, directory)
    if plan.found_by is not None:
        yield from known(plan.found_by, "found_by")
    for index, checkpoint in enumerate(plan.checkpoints):
        for number, requirement in enumerate(checkpoint.requires):
            yield from known(requirement.service, f"checkpoints.{index}.requires.{number}.service")
        for number, rung in enumerate(checkpoint.escalate):
            yield from known(rung.to, f"checkpoints.{index}.escalate.{number}.to")
    for index, leg in enumerate(plan.legs):
        yield from known(leg.responsible, f"legs.{index}.responsible")
        for number, service in enumerate(leg.accompanied_by):
            yield from known(service, f"legs.{index}.accompanied_by.{number}")


def _concerned(plan: Plan, directory: Directory) -> Iterator[Fault]:
    """A body of several States coordinates where one of them is asked, or somebody through it (R11)."""
    body = directory.find(plan.coordinator or "")
    asked = list(plan.request.to)
    if body is not None and body.members and not any(reads_request(body, plan, state) for state in asked):
        problem = fill(
            "R11: {body} is a body of {members}, and none of these is asked to decide, nor anybody through it",
            body=body.id,
            members=", ".join(body.members),
        )
        yield Fault(place="coordinator", problem=problem)


def together(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Two initiators are two (R22); who is told at the end has no part before it, and is asked for nothing but what came of it
    (R11).
    """
    if plan.co_initiator == plan.initiator:
        yield Fault(
            place="co_initiator",
            problem=fill("R22: {initiator} initiates it already; a joint plan is of two services", initiator=plan.initiator),
        )
    told = [one.service for one in plan.told_at_end]
    doing = {*plan.initiators(), plan.coordinator, plan.finder, *(one.by for one in plan.replaced)}
    doing |= {service for leg in plan.legs for service in (leg.responsible, *leg.accompanied_by)}
    doing |= {rung.to for checkpoint in plan.checkpoints for rung in checkpoint.escalate}
    doing |= {one.service for at in plan.checkpoints for one in at.requires if one.says != "look_back"}
    for number, service in enumerate(told):
        place = f"told_at_end.{number}.service"
        if service in told[:number]:
            yield Fault(place=place, problem=fill("{what} stands twice; once is enough", what=service))
        if service in doing:
            yield Fault(
                place=place, problem=fill("R11: {service} has a part in it, so it knows of it before the end", service=service)
            )


def deconfliction(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Somebody takes part who may sign that the register is looked into (R15)."""
    initiator = directory.find(plan.initiator)
    if initiator is not None and not competent(plan, directory):
        kinds = either(MAY_ASK_THE_REGISTER)
        problem = fill(
            "R15: no {kinds} of {state}, other than who initiates it, takes part, so nobody can sign that other "
            "live operations are looked for; ask one for consent, or name it on a ladder or as coordinator",
            kinds=kinds,
            state=initiator.state or fill("no State"),
        )
        yield Fault(place="initiator", problem=problem)


def checkpoints(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Checkpoints stand once, ask for what their step asks for, can be satisfied, and the steps have theirs."""
    seen: set[str] = set()
    for index, checkpoint in enumerate(plan.checkpoints):
        place = f"checkpoints.{index}"
        if checkpoint.id in seen:
            yield Fault(
                place=f"{place}.id",
                problem=fill("checkpoint {checkpoint} stands twice; each id stands once", checkpoint=checkpoint.id),
            )
        seen.add(checkpoint.id)
        if checkpoint.locode is not None and not locode_in_state(checkpoint.locode, checkpoint.state):
            problem = fill(
                "{locode} is not in {state}; its first two letters must be the State",
                locode=checkpoint.locode,
                state=checkpoint.state,
            )
            yield Fault(place=f"{place}.locode", problem=problem)
        for number, requirement in enumerate(checkpoint.requires):
            if requirement.says not in STEP_NEEDS[checkpoint.step]:
                wanted = " or ".join(STEP_NEEDS[checkpoint.step])
                problem = fill(
                    "a checkpoint of step {step} asks for {wanted}, not for {says}",
                    step=checkpoint.step,
                    wanted=wanted,
                    says=requirement.says,
                )
                yield Fault(place=f"{place}.requires.{number}.says", problem=problem)
        if checkpoint.quorum() > len(checkpoint.services()):
            problem = fill(
                "{quorum} services are needed and only {count} are asked",
                quorum=checkpoint.quorum(),
                count=len(checkpoint.services()),
            )
            yield Fault(place=f"{place}.need", problem=problem)
        if checkpoint.step == "close" and checkpoint.overdue == "interdict":
            problem = fill("R2: at its closing nothing is left to interdict, and silence closes it; leave `overdue` out")
            yield Fault(place=f"{place}.overdue", problem=problem)
        yield from _ladder(plan, index, checkpoint)
        travelling = plan.due_after(checkpoint)
        for number, reminder in enumerate(checkpoint.remind):
            if reminder >= travelling:
                problem = fill(
                    "a reminder must come before the checkpoint is due, {span} after it opens",
                    span=say_span(travelling),
                )
                yield Fault(place=f"{place}.remind.{number}", problem=problem)
    for step in ONCE:
        if len(plan.at(step)) != 1:
            problem = fill("exactly one checkpoint of step {step} is needed, found {count}", step=step, count=len(plan.at(step)))
            yield Fault(place="checkpoints", problem=problem)
    for step in AT_LEAST_ONCE:
        if not plan.at(step):
            yield Fault(
                place="checkpoints", problem=fill("at least one checkpoint of step {step} is needed, found none", step=step)
            )


def _ladder(plan: Plan, index: int, checkpoint: PlannedCheckpoint) -> Iterator[Fault]:
    """Escalation climbs, ends before the checkpoint is due, and comes to nobody twice."""
    passed = list(checkpoint.services())
    before = timedelta()
    for number, rung in enumerate(checkpoint.escalate):
        place = f"checkpoints.{index}.escalate.{number}"
        if rung.to in passed:
            problem = fill(
                "{service} stands on this ladder already, or is asked itself: a ladder does not go in a circle", service=rung.to
            )
            yield Fault(place=f"{place}.to", problem=problem)
        if not before < rung.after < plan.due_after(checkpoint):
            due = say_span(plan.due_after(checkpoint))
            problem = fill(
                "each rung comes later than the one before, and before the checkpoint is due ({due} after it opens)", due=due
            )
            yield Fault(place=f"{place}.after", problem=problem)
        passed.append(rung.to)
        before = rung.after


def order(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """`after` leads from one arrest to another, never in a circle."""
    for index, checkpoint in enumerate(plan.checkpoints):
        chain = [checkpoint.id]
        while (one := plan.find(chain[-1])) is not None and one.after is not None:
            before = plan.find(one.after)
            if before is None or before.step != "arrest" or one.step != "arrest":
                problem = fill(
                    "{arrest} waits for {after}; only an arrest waits, and only for another arrest",
                    arrest=one.id,
                    after=one.after,
                )
                yield Fault(place=f"checkpoints.{index}.after", problem=problem)
                break
            chain.append(one.after)
            if one.after in chain[:-1]:
                yield Fault(place=f"checkpoints.{index}.after", problem=fill("a circle: {chain}", chain=" after ".join(chain)))
                break


ESSENTIAL: dict[Step, tuple[Need, ...]] = {
    "prepare": ("prepared",),
    "dispatch": ("dispatched",),
    "deliver": ("delivered", "interdiction"),
}
"""What a step must ask for: without it there is nothing to compare with, nothing left, or nothing delivered or seized."""


def essentials(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """A step asks for what it cannot do without."""
    for index, checkpoint in enumerate(plan.checkpoints):
        wanted = ESSENTIAL.get(checkpoint.step)
        if wanted is None:
            continue
        asked = [requirement for requirement in checkpoint.requires if requirement.says in wanted]
        words = " or ".join(wanted)
        if len(asked) != 1:
            problem = fill(
                "a checkpoint of step {step} asks exactly one service for {words}, found {count}",
                step=checkpoint.step,
                words=words,
                count=len(asked),
            )
            yield Fault(place=f"checkpoints.{index}.requires", problem=problem)
        elif asked[0].says == "interdiction" and plan.legs[-1].responsible not in plan.line_of(asked[0].service):
            problem = fill(
                "R4: only {responsible}, responsible for the last leg, can interdict here", responsible=plan.legs[-1].responsible
            )
            yield Fault(place=f"checkpoints.{index}.requires", problem=problem)
        if checkpoint.quorum() < len(checkpoint.services()):
            problem = fill(
                "{words} cannot be left out, so a checkpoint of step {step} needs all", words=words, step=checkpoint.step
            )
            yield Fault(place=f"checkpoints.{index}.need", problem=problem)


def afterwards(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """It does not stay open for ever (R30)."""
    if plan.afterwards is not None and plan.afterwards > LONGEST_AFTERWARDS:
        problem = fill("R30: after its outcome it stays open for {most} at most", most=say_span(LONGEST_AFTERWARDS))
        yield Fault(place="afterwards", problem=problem)


def filled(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Nothing in it is still to be written: nobody is asked to decide on a gap (R1)."""
    for gap in gaps_in(plan):
        problem = fill("R1: nobody decides on a gap; write in place of the text between < and >: {asked}", asked=gap.problem)
        yield Fault(place=gap.place, problem=problem)


CHECKS: tuple[Check, ...] = (
    afterwards,
    services,
    together,
    deconfliction,
    substances,
    classes,
    imports,
    sums,
    checks,
    tolerances,
    checkpoints,
    backups,
    order,
    essentials,
    route,
    places,
    accounted,
    planned,
    calls,
    accompanied,
    handovers,
    acts,
    prosecution,
    beginning,
    finding,
    outside,
    law,
    request,
    group,
    waits,
    held_back,
    filled,
)
"""The rules of planning, as the law is, but for how large a plan may be (`domain.plan.check_size`)."""
