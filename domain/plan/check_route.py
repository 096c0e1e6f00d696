"""The way of a plan: legs that join, checkpoints that lie on it, calls, and custody that passes from hand to hand (R4, R6)."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import BY_LAND, IN_THE_AIR, UNTOUCHED, Call, Leg, Plan, PlannedCheckpoint
from domain.words.errors import Fault
from domain.words.identifiers import locode_in_state
from domain.words.likeness import or_meant
from domain.words.text import either, fill, mark, word

Cards = Mapping[str, RuleCard]


def route(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Legs join, each with one responsible authority of its State that may seize (R4)."""
    for index, leg in enumerate(plan.legs):
        responsible = directory.find(leg.responsible)
        if responsible is not None and responsible.state != leg.state:
            problem = fill(
                "R4: {responsible} is of {state}; the responsible authority of a leg in {leg} must be of {leg}",
                responsible=leg.responsible,
                state=responsible.state or fill("no State"),
                leg=leg.state,
            )
            yield Fault(place=f"legs.{index}.responsible", problem=problem)
        elif responsible is not None and not responsible.may_seize:
            problem = fill("R4: a {kind} has no power to seize and cannot be responsible for a leg", kind=word(responsible.kind))
            yield Fault(place=f"legs.{index}.responsible", problem=problem)
        for end in ("start", "end"):
            if plan.find(getattr(leg, end)) is None:
                unknown = fill("there is no checkpoint {checkpoint}", checkpoint=getattr(leg, end))
                meant = or_meant(unknown, getattr(leg, end), (one.id for one in plan.checkpoints))
                yield Fault(place=f"legs.{index}.{end}", problem=meant)
    for index, (before, after) in enumerate(pairwise(plan.legs)):
        if before.end != after.start:
            problem = fill(
                "R4: control is interrupted: leg {before} ends at {end}, so this must start there",
                before=before.id,
                end=before.end,
            )
            yield Fault(place=f"legs.{index + 1}.start", problem=problem)
        elif after.end in [leg.end for leg in plan.legs[: index + 1]]:  # it opens once: the second time nobody would be asked
            problem = fill("checkpoint {checkpoint} stands twice; each id stands once", checkpoint=after.end)
            yield Fault(place=f"legs.{index + 1}.end", problem=problem)
    start, end = plan.legs[0].start, plan.legs[-1].end
    departures = [one.id for one in plan.at("dispatch")]
    if len(departures) == 1 and start != departures[0]:
        problem = fill(
            "the first leg starts at the dispatch checkpoint {departure}, not at {start}", departure=departures[0], start=start
        )
        yield Fault(place="legs.0.start", problem=problem)
    deliveries = [one.id for one in plan.at("deliver")]
    if deliveries and end not in deliveries:
        problem = fill(
            "the last leg ends at the deliver checkpoint {deliveries}, not at {end}", deliveries=" or ".join(deliveries), end=end
        )
        yield Fault(place=f"legs.{len(plan.legs) - 1}.end", problem=problem)


def places(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Each checkpoint on the way lies in the State of its leg, where the consignment is; a handover in one of the two (R4).
    Clocks at one place show one time.
    """
    first = plan.legs[0]
    for index, checkpoint in enumerate(plan.checkpoints):
        match checkpoint.step:
            case "prepare" | "dispatch":
                there = [first.state]
            case "hand_over":
                there = [leg.state for leg in plan.legs if checkpoint.id in (leg.start, leg.end)]
            case "deliver":
                there = [leg.state for leg in plan.legs if leg.end == checkpoint.id]
            case _:
                continue
        if there and checkpoint.state not in there:
            whose = " or ".join(dict.fromkeys(there))
            problem = fill(
                "R4: {checkpoint} lies where the consignment is, in {whose}, not in {state}",
                checkpoint=checkpoint.id,
                whose=whose,
                state=checkpoint.state,
            )
            yield Fault(place=f"checkpoints.{index}.state", problem=problem)
    clocks: dict[tuple[str, str], PlannedCheckpoint] = {}
    for index, checkpoint in enumerate(plan.checkpoints):
        if checkpoint.zone is None:
            continue
        other = clocks.setdefault((checkpoint.state, checkpoint.place), checkpoint)
        if other.zone != checkpoint.zone:
            problem = fill(
                "{checkpoint} is at the same place, where clocks are {zone} ahead of UTC", checkpoint=other.id, zone=other.zone
            )
            yield Fault(place=f"checkpoints.{index}.zone", problem=problem)


def accounted(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Where the consignment ends, what is seized of it is said: elsewhere nothing of it can be recovered (R10, R30). Of what is
    held back, `held_back` says it.
    """
    end = plan.legs[-1].state
    elsewhere = [index for index, one in enumerate(plan.checkpoints) if one.step == "account" and one.state != end]
    if not plan.held_back and elsewhere and len(elsewhere) == len(plan.at("account")):
        problem = fill(
            "R10: it ends in {end}, so a checkpoint of step account there says what was seized; in {state} nothing of it is "
            "recovered",
            end=end,
            state=plan.checkpoints[elsewhere[0]].state,
        )
        yield Fault(place=f"checkpoints.{elsewhere[0]}.state", problem=problem)


def calls(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Each call is in the State that it says. One in no State is on the high seas; where it is said that a State is not touched,
    that can be so there (R1).
    """
    for index, leg in enumerate(plan.legs):
        for number, call in enumerate(leg.calls):
            if call.not_touched is not None or call.state is None:
                yield from _untouched(plan, leg, call, f"legs.{index}.calls.{number}")
            if call.locode is not None and (call.state is None or not locode_in_state(call.locode, call.state)):
                problem = fill(
                    "{locode} is not in {state}; its first two letters must be the State",
                    locode=call.locode,
                    state=call.state or fill("no State"),
                )
                yield Fault(place=f"legs.{index}.calls.{number}.locode", problem=problem)


def _untouched(plan: Plan, leg: Leg, call: Call, place: str) -> Iterator[Fault]:
    """What is wrong with a call where nobody is asked: that it is in no State, or why its State need not consent."""
    if (call.state is None) != (call.not_touched == "high_seas"):
        problem = mark("R1: only on the high seas is a call in no State; else name the State, which consents or is not touched")
        yield Fault(place=place, problem=problem)
    elif call.not_touched is not None and call.kind not in (fitting := UNTOUCHED[call.not_touched]):
        problem = fill(
            "R1: it says {why} of {kind}; that may be said of {fitting}",
            why=word(call.not_touched),
            kind=word(call.kind),
            fitting=either(fitting),
        )
        yield Fault(place=f"{place}.not_touched", problem=problem)
    elif call.not_touched is not None and call.kind in IN_THE_AIR and plan.consignment.kind in BY_LAND:
        problem = fill(
            "R1: it says {why} of {kind}, where what goes by {channel} never is; by land it is in a State, which consents",
            why=word(call.not_touched),
            kind=word(call.kind),
            channel=plan.consignment.kind,
        )
        yield Fault(place=f"{place}.not_touched", problem=problem)
    if call.state is None:
        return
    if call.state in plan.asked_states():
        problem = fill(
            "R1: {state} is on the route or asked to authorise: it is touched, and consents to this too", state=call.state
        )
        yield Fault(place=f"{place}.not_touched", problem=problem)
    if leg.accompanied_by or "device" in plan.uses:
        problem = fill(
            "R16: officers or a device that travel along are in {state} as well: it is touched, and asked to permit that",
            state=call.state,
        )
        yield Fault(place=f"{place}.not_touched", problem=problem)


def accompanied(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Who travels along is of another State (R16)."""
    for index, leg in enumerate(plan.legs):
        for number, service in enumerate(leg.accompanied_by):
            known = directory.find(service)
            if known is not None and known.state == leg.state:
                problem = fill(
                    "{service} is of {state} itself; those who accompany are of another State", service=service, state=leg.state
                )
                yield Fault(place=f"legs.{index}.accompanied_by.{number}", problem=problem)


def handovers(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Each handover is offered by the giver and accepted by the taker, or was by one whose place that has taken since (R6)."""
    inner = {before.end: (before, after) for before, after in pairwise(plan.legs)}
    for index, checkpoint in enumerate(plan.checkpoints):
        if checkpoint.step == "deliver":
            yield from _recipient(plan, index, checkpoint, inner.get(checkpoint.id))
            continue
        if checkpoint.step != "hand_over":
            if checkpoint.id in inner:
                before, after = inner[checkpoint.id]
                problem = fill(
                    "legs {before} and {after} meet here: step must be hand_over, or deliver in a chain of recipients",
                    before=before.id,
                    after=after.id,
                )
                yield Fault(place=f"checkpoints.{index}.step", problem=problem)
            continue
        if checkpoint.id not in inner:
            yield Fault(place=f"checkpoints.{index}.id", problem=mark("no two legs meet at this handover"))
            continue
        before, after = inner[checkpoint.id]
        asked = [(requirement.service, requirement.says) for requirement in checkpoint.requires]
        for service, says, role in (
            (before.responsible, "handover_offer", fill("giver")),
            (after.responsible, "handover_acceptance", fill("taker")),
        ):
            if not any(said == says and service in plan.line_of(one) for one, said in asked):
                problem = fill("R6: the {role} {service} must be asked for {says}", role=role, service=service, says=says)
                yield Fault(place=f"checkpoints.{index}.requires", problem=problem)
        hands = {"handover_offer": before.responsible, "handover_acceptance": after.responsible}
        for service, says in asked:
            if says in hands and hands[says] not in plan.line_of(service):
                problem = fill(
                    "R6: {giver} offers custody here and {taker} accepts it; {service} is not asked for {says}",
                    giver=before.responsible,
                    taker=after.responsible,
                    service=service,
                    says=says,
                )
                yield Fault(place=f"checkpoints.{index}.requires", problem=problem)
        if checkpoint.need != "all":
            problem = fill("R6: custody moves by offer and acceptance, so both are needed: all")
            yield Fault(place=f"checkpoints.{index}.need", problem=problem)


def _recipient(plan: Plan, index: int, checkpoint: PlannedCheckpoint, legs: tuple[Leg, Leg] | None) -> Iterator[Fault]:
    """A recipient is the last one, or one in a chain who passes it on: then it stays under the same authority's watch (R4)."""
    if legs is None:
        if checkpoint.id != plan.legs[-1].end:
            yield Fault(place=f"checkpoints.{index}.id", problem=mark("no leg ends at this delivery"))
        return
    before, after = legs
    if after.responsible not in plan.line_of(before.responsible):
        problem = fill(
            "R6: {responsible} does not hand it over here, so it stays responsible until a hand_over",
            responsible=before.responsible,
        )
        yield Fault(place=f"checkpoints.{index}.step", problem=problem)
    if any(one.says == "interdiction" for one in checkpoint.requires):
        problem = fill("the way goes on from here, so it is not interdicted here")
        yield Fault(place=f"checkpoints.{index}.requires", problem=problem)
