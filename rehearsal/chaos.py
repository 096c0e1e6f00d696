"""Trouble from a seed: scenarios in which services refuse, fall silent, mismeasure, decline, withdraw or stop; and outsiders
who repeat, forge, contradict and speak out of turn. What each seed brings is always the same.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from domain.delivery.statement import Content, sign_statement
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.directory import Directory
from domain.plan.goods import SubstanceMass
from domain.plan.plan import Plan
from domain.plan.quantity import number_of
from domain.plan.vocabulary import Need
from domain.record.door import read_statement
from domain.rules.arrival import ArrestMade
from domain.rules.balance import Seizure
from domain.rules.disposing import Disposed
from domain.rules.examining import LaboratoryReport
from domain.rules.preparation import Prepared
from domain.rules.speaking import Correction, Delegated
from domain.rules.stop import Interdicted, StopAcknowledged
from domain.rules.watch import Sighted
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.moments import instant
from rehearsal.amendments import SEVERAL, Amendment, amendments_by_field
from rehearsal.scenario import Act, Pace, PlanChange, Scenario
from rehearsal.services import A_SHOT, SECOND, key_of, person_at, private_key_of

MOST_TROUBLES, MOST_CHANGES = 3, 3
MOST_DRAWN = 40
"""Changes of which one at least is without fault."""
CALM, HALF = 0.7, 0.5
"""Part of the seeds in which no other operation comes near; part of the rest in which the initiator does not simply agree."""

BEFORE_ALL = "2022-02-28T00:00:00Z"
"""From when on what is granted briefly counts, however late its service was asked."""
SHORTLY_BEFORE = "2022-03-01T05:30:00Z"
"""When what is not written was given: who is asked late has no time left to write it."""

Trouble = Callable[[Plan, random.Random], Act | tuple[Act, ...] | None]


@dataclass(frozen=True)
class Rival:
    """Another live operation that touches the same consignment, from one moment to another, counted from the start."""

    service: str
    """Whom to call about it."""
    comes: timedelta
    goes: timedelta


def scenario(plan: Plan, seed: int) -> Scenario:
    """A scenario for this plan with none to three troubles."""
    dice = random.Random(f"{seed}/chaos")  # noqa: S311 - a simulation must be repeatable
    fastest = timedelta(minutes=dice.randint(1, 60))
    slowest = fastest + timedelta(minutes=dice.choice((0, 30, 240, 2000)))
    acts = [act for _ in range(dice.randint(0, MOST_TROUBLES)) for act in one_trouble(plan, dice)]
    acts += _guests_linger(plan, random.Random(f"{seed}/guests"))  # noqa: S311 - as above
    return Scenario(
        vigil="scenario/1",
        title=f"chaos {seed}",
        pace=Pace(fastest=fastest, slowest=slowest),
        acts=tuple(acts),
    )


def changes(plan: Plan, directory: Directory, cards: Mapping[str, RuleCard], seed: int) -> tuple[PlanChange, ...]:
    """In some seeds, an initiator that changes the plan under way, each time from what it changed before; whether it may at that
    moment is for the rules to say.
    """
    dice = random.Random(f"{seed}/changes")  # noqa: S311 - a simulation must be repeatable
    found: list[PlanChange] = []
    after = timedelta()
    for _ in range(dice.randint(1, MOST_CHANGES) if dice.random() >= CALM else 0):
        plan = _changed(plan, directory, cards, dice)
        after += timedelta(minutes=dice.choice((dice.randint(1, 300), dice.randint(1, 3000))))
        found.append(PlanChange(after=after, plan=plan))
    return tuple(found)


def _changed(plan: Plan, directory: Directory, cards: Mapping[str, RuleCard], dice: random.Random) -> Plan:
    """The first that is drawn of those changes in which planning finds no fault: of half of them each field has as many, and the
    others take several.
    """
    possible: dict[str, Iterable[Amendment]] = {**amendments_by_field(plan, directory)}
    fields = [one for one in possible if one != SEVERAL]
    for _ in range(MOST_DRAWN):
        field = SEVERAL if dice.random() < HALF else dice.choice(fields)
        possible[field] = some = list(possible[field])
        changed = dice.choice(some).make()
        if changed is not None and changed != plan and not faults_in(changed, directory, cards):
            return changed
    return plan


def one_trouble(plan: Plan, dice: random.Random) -> tuple[Act, ...]:
    """One thing that goes wrong, as the acts it takes: the first drawn for which the plan leaves room."""
    while True:
        trouble = dice.choice(TROUBLES)(plan, dice)
        if trouble is not None:
            return trouble if isinstance(trouble, tuple) else (trouble,)


def conflicts(plan: Plan, seed: int) -> tuple[tuple[Rival, ...], tuple[Act, ...]]:
    """In some seeds, other operations that touch the same consignment, and an initiator that may do as it should not."""
    dice = random.Random(f"{seed}/conflicts")  # noqa: S311 - a simulation must be repeatable
    if dice.random() < CALM:
        return (), ()

    def rival() -> Rival:
        comes = timedelta(minutes=dice.choice((0, dice.randint(0, 10_000))))
        service = dice.choice((plan.initiator, *plan.authorities(plan.legs[-1].state)))
        return Rival(service, comes, comes + timedelta(minutes=dice.choice((1, dice.randint(1, 3000), 60_000))))

    says = dice.choice(("conflict_settled", "conflict_settled", "conflict_yielded", None))
    alone = {"agreement": None} if says == "conflict_settled" and dice.random() < HALF else {}
    stranger = {"agreed_with": "nobody.known"} if says == "conflict_settled" and not alone and dice.random() < HALF else {}
    act = Act(service=plan.initiator, at="conflict", says=says, details=alone | stranger)
    return tuple(rival() for _ in range(dice.randint(1, 2))), (act,) if dice.random() < HALF else ()


def _hours(dice: random.Random, most: int) -> timedelta:
    return timedelta(minutes=dice.randint(1, most * 60))


def _asked(plan: Plan, dice: random.Random, *steps: str) -> tuple[str, str]:
    """A checkpoint of these steps and one of the services it asks."""
    checkpoint = dice.choice([one for one in plan.checkpoints if not steps or one.step in steps])
    return checkpoint.id, dice.choice(checkpoint.services())


def _refuses(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "authorise")
    return Act(service=service, at=at, says="authorisation_refused", after=_hours(dice, 60))


def grants_briefly(plan: Plan, dice: random.Random) -> Act:
    """A consent that will not outlast the way: it must be extended, or the delivery ends."""
    at, service = _asked(plan, dice, "authorise")
    until = f"2022-03-{dice.randint(2, 9):02d}T{dice.randint(0, 23):02d}:00:00Z"
    details = {"valid_from": BEFORE_ALL, "valid_until": until}
    return Act(service=service, at=at, says="authorisation_granted", details=details)


def grants_by_word_of_mouth(plan: Plan, dice: random.Random) -> Act:
    """A consent that is not written yet: it must be confirmed, or it ends; where the law does not know it, it is refused."""
    at, service = _asked(plan, dice, "authorise")
    return Act(service=service, at=at, says="authorisation_granted", details=_unwritten(dice))


def agrees_by_word_of_mouth(plan: Plan, dice: random.Random) -> Act | None:
    """An agreement of another service that is not written yet: as a consent that is not."""
    asked = [(at.id, one.service) for at in plan.at("authorise") for one in at.requires if one.says == "agreement"]
    if not asked:
        return None
    at, service = dice.choice(asked)
    return Act(service=service, at=at, says="agreement_given", details=_unwritten(dice))


def _unwritten(dice: random.Random) -> dict[str, Any]:
    if dice.random() < HALF:
        return {"form": "reproducible", "given_at": SHORTLY_BEFORE}
    spoken = {"spoken": "telephone", "taken_down_by": "SIMULATED duty officer", "reference": None}
    return {"form": "oral", "given_at": SHORTLY_BEFORE, **spoken}


def _allows_otherwise(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "authorise")
    return Act(service=service, at=at, says="authorisation_granted", details={"modalities": ["replaced_in_whole"]})


def _withdraws(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "authorise")
    return Act(service=service, at=at, says="authorisation_withdrawn", after=_hours(dice, 120))


def _is_silent(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice)
    return Act(service=service, at=at)


def stops(plan: Plan, dice: random.Random) -> Act:
    """Somebody stops it."""
    at, service = _asked(plan, dice)
    return Act(service=service, at=at, says="stop_requested", after=_hours(dice, 60))


def holds(plan: Plan, dice: random.Random) -> tuple[Act, ...]:
    """Somebody orders a hold, often while it moves; in some seeds another does too, and whoever decides on it seizes or ends."""
    at, service = _asked(plan, dice)
    acts = [Act(service=service, at=at, says="hold_requested", after=_hours(dice, 60))]
    if dice.random() < HALF:
        at, service = _asked(plan, dice)
        acts.append(Act(service=service, at=at, says="hold_requested", after=_hours(dice, 60)))
    says = dice.choice(("hold_decided", "hold_decided", None))
    if dice.random() < HALF:
        who = dice.choice([leg.responsible for leg in plan.legs] + list(plan.authorities(plan.legs[0].state)))
        details = {"decision": dice.choice(("go_on", "seize", "end"))} if says is not None else {}
        acts.append(Act(service=who, at="hold", says=says, details=details, after=_hours(dice, 3)))
    return tuple(acts)


def _declines(plan: Plan, dice: random.Random) -> Act | None:
    return _taker_says(plan, dice, "handover_declined", {})


def _accepts_too_early(plan: Plan, dice: random.Random) -> Act | None:
    at = _taker_says(plan, dice, "handover_accepted", {})
    return at.model_copy(update={"after": timedelta(seconds=1)}) if at is not None else None


def _finds_another_weight(plan: Plan, dice: random.Random) -> Act | None:
    gross = number_of(plan.consignment.gross)
    found = gross + dice.choice((-1, 1)) * dice.randint(0, 3 * plan.tolerances.gross)
    return _taker_says(plan, dice, "handover_accepted", {"gross": max(found, 0)})


def breaks_a_seal(plan: Plan, dice: random.Random) -> Act | None:
    """A taker finds a seal broken."""
    return _taker_says(plan, dice, "handover_accepted", {"seals_intact": False})


def _finds_another_seal(plan: Plan, dice: random.Random) -> Act | None:
    """It is whole, and none that anybody has put there; also where the plan has nobody check seals."""
    found = {"seals": [{"number": "XX999999", "security": "H"}], "seals_intact": True}
    return _taker_says(plan, dice, "handover_accepted", found)


def _decides_not_to_go_on(plan: Plan, dice: random.Random) -> Act | None:
    if not plan.at("hand_over"):
        return None
    at = dice.choice(plan.at("hand_over")).id
    service = dice.choice([leg.responsible for leg in plan.legs] + list(plan.authorities(plan.legs[0].state)))
    return Act(service=service, at=f"{at}.decision", says="movement_decision", details={"proceed": False})


def _responsible(plan: Plan, dice: random.Random) -> str:
    return dice.choice(plan.legs).responsible


def _does_not_check_in(plan: Plan, dice: random.Random) -> Act:
    return Act(service=_responsible(plan, dice), at="sighting")


def _never_finds_it(plan: Plan, dice: random.Random) -> Act:
    return Act(service=_responsible(plan, dice), at="search")


def _gives_it_up(plan: Plan, dice: random.Random) -> tuple[Act, ...]:
    """It records a loss, and where that is refused, because nobody searched, seizes after all."""
    service, at = _responsible(plan, dice), "stop.interdiction"
    return (
        Act(service=service, at=at, says="loss_recorded"),
        Act(service=service, at=at, says="interdicted", after=timedelta(days=4)),
    )


def _loses_sight(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "hand_over", "deliver")
    return Act(service=service, at=at, says="surveillance_lost", after=_hours(dice, 10))


def _reports_danger(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice)
    return Act(service=service, at=at, says="incident", details={"risk_to_life": dice.random() < 0.5}, after=_hours(dice, 60))


def _interdicts_at_once(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "hand_over", "deliver")
    return Act(service=service, at=at, says="interdicted", after=_hours(dice, 20))


def _prepares_otherwise(plan: Plan, _dice: random.Random) -> Act:
    checkpoint = plan.at("prepare")[0]
    return Act(service=checkpoint.services()[0], at=checkpoint.id, says="prepared", details={"modality": "removed"})


def _is_asked(plan: Plan, dice: random.Random, *needs: Need) -> tuple[str, str] | None:
    """A checkpoint that asks for one of these and the service it asks, if there is one."""
    found = [(at.id, one.service) for at in plan.checkpoints for one in at.requires if one.says in needs]
    return dice.choice(found) if found else None


def _does_not_permit(plan: Plan, dice: random.Random) -> Act | None:
    """A permission of its own is refused, or too short for the way."""
    brief = permits_briefly(plan, dice)
    if brief is None or dice.random() >= 0.3:
        return brief
    return Act(service=brief.service, at=brief.at, says="permission_refused")


def permits_briefly(plan: Plan, dice: random.Random) -> Act | None:
    """A permission of its own is too short for the way: before it ends, a longer one is asked for."""
    asked = _is_asked(plan, dice, "permission")
    if asked is None:
        return None
    at, service = asked
    until = f"2022-03-{dice.randint(2, 6):02d}T{dice.randint(0, 23):02d}:00:00Z"
    brief = {"valid_from": BEFORE_ALL, "valid_until": until}
    return Act(service=service, at=at, says="permission_granted", details=brief)


def _guests_linger(plan: Plan, dice: random.Random) -> Iterator[Act]:
    """Officers of another State who are to hand it over do so when their leave has ended, and nobody has made it longer (R29)."""
    for at in plan.at("deliver") if dice.random() < CALM else ():
        guests = [one.service for one in at.requires if one.says == "delivered" and one.service in plan.legs[-1].accompanied_by]
        court = [
            (one.id, who.service)
            for one in plan.at("authorise")
            for who in one.requires
            if one.state == at.state and who.says == "permission"
        ]
        for guest, (asked, permits) in zip(guests, court, strict=False):
            until = f"2022-03-{dice.randint(1, 8):02d}T{dice.randint(0, 23):02d}:30:00Z"
            brief = {"valid_from": BEFORE_ALL, "valid_until": until}
            yield Act(service=permits, at=asked, says="permission_granted", details=brief)
            yield Act(service=permits, at=f"renewal.{permits}", says="permission_refused")
            yield Act(service=guest, at=at.id, says="delivered", after=timedelta(days=8))


def permits_in_urgency(plan: Plan, dice: random.Random) -> Act | None:
    """What could not wait for whose say it is: that one sanctions it, or it ends; where no law lets it, it is refused."""
    asked = _is_asked(plan, dice, "permission")
    if asked is None:
        return None
    at, service = asked
    authorities = [one for checkpoint in plan.at("authorise") if checkpoint.id == at for one in checkpoint.authorities()]
    details = {"urgent_at": SHORTLY_BEFORE}
    return Act(service=service, at=at, says="permission_granted", by=next(iter(authorities), None), details=details)


def lets_another_permit(plan: Plan, dice: random.Random) -> tuple[Act, ...] | None:
    """Whose say a permission is lets another of its State give it, of whatever kind; later it gives it itself, or does not."""
    asked = _is_asked(plan, dice, "permission")
    return _lets_another(plan, dice, Act(service=asked[1], at=asked[0], says="permission_granted")) if asked is not None else None


def lets_another_go_on(plan: Plan, dice: random.Random) -> tuple[Act, ...] | None:
    """Who decides on a hold, on a difference or after a record was put back lets another of its State say that it goes on."""
    deciding = [(one.service, at.state) for at in plan.at("authorise") for one in at.requires if one.says != "permission"]
    service, state = dice.choice(deciding)
    handed_over = [one.id for one in plan.at("hand_over")]
    at = dice.choice(("hold", "hold", "divergence", *(f"{one}.decision" for one in handed_over)))
    kind, details = ("hold_decided", {"decision": "go_on"}) if at == "hold" else ("movement_decision", {})
    acts = _lets_another(plan, dice, Act(service=service, at=at, says=kind, details=details))
    if acts is None or at == "divergence":
        return acts
    if at == "hold":
        there = next((leg.end for leg in plan.legs if leg.state == state), plan.legs[0].end)
        by = next(one.services()[0] for one in plan.checkpoints if one.id == there)
        return (Act(service=by, at=there, says="hold_requested", after=timedelta(minutes=1)), *acts)
    found = breaks_a_seal(plan, dice)
    return (found, *acts) if found is not None else acts


def _lets_another(plan: Plan, dice: random.Random, own: Act) -> tuple[Act, ...] | None:
    """Whoever would say this lets another say it, and in most seeds says it later itself."""
    others = [one for one in plan.participants() if one[:3] == own.service[:3] and one != own.service]
    if not others:
        return None
    to = dice.choice(others)
    window = {"valid_from": BEFORE_ALL, "valid_until": "2023-03-01T00:00:00Z", "reason": "SIMULATED: on leave"}
    delegated = Act(service=own.service, at=own.at, says="delegated", details=window | {"to": to}, after=timedelta(seconds=1))
    instead = own.model_copy(update={"by": to, "after": timedelta(minutes=dice.randint(1, 60))})
    later = own.model_copy(update={"after": timedelta(hours=3)})
    return (delegated, instead, later) if dice.random() < CALM else (delegated, instead)


def _sets_conditions(plan: Plan, dice: random.Random) -> Act:
    """Conditions that bind at some checkpoint; whoever is asked there hears of them, and some outsiders do not care."""
    at, service = _asked(plan, dice, "authorise")
    conditions = [{"text": "a SIMULATED condition", "at": dice.choice(plan.checkpoints).id} for _ in range(dice.randint(1, 3))]
    return Act(service=service, at=at, says="authorisation_granted", details={"conditions": conditions})


def _is_provisional(plan: Plan, dice: random.Random) -> tuple[Act, ...]:
    """Granted provisionally, and in half of the cases made final."""
    at, service = _asked(plan, dice, "authorise")
    first = Act(service=service, at=at, says="authorisation_granted", details={"provisional": True}, after=_hours(dice, 10))
    final = Act(service=service, at=at, says="authorisation_granted", after=_hours(dice, 40))
    return (first, final) if dice.random() < 0.5 else (first,)


def _nobody_comes(plan: Plan, dice: random.Random) -> Act | None:
    asked = _is_asked(plan, dice, "delivered")
    because = dice.choice(("no_show", "fictitious_addressee", "dead_addressee", "refused_by_addressee"))
    details = {"because": because}
    return Act(service=asked[1], at=asked[0], says="not_collected", details=details) if asked is not None else None


def _is_destroyed(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "hand_over", "deliver")
    return Act(service=service, at=at, says="destroyed", after=_hours(dice, 20))


def recovers_nothing_or_else(plan: Plan, dice: random.Random) -> Act | None:
    """Nothing, or more or less of a substance than was sent."""
    asked = _is_asked(plan, dice, "seizure")
    masses = [one for one in plan.consignment.contents if isinstance(one, SubstanceMass)]
    found = [{"substance": one.substance, "net": dice.randint(0, 2 * number_of(one.net))} for one in masses]
    details = {"recovered": dice.choice(([], found))}
    return Act(service=asked[1], at=asked[0], says="seizure", details=details) if asked is not None else None


def _seizes_another_weight(plan: Plan, dice: random.Random) -> Act:
    gross = max(number_of(plan.consignment.gross) - dice.randint(0, 3 * plan.tolerances.gross), 0)
    return Act(service=_responsible(plan, dice), at="stop.interdiction", says="interdicted", details={"gross": gross})


def _samples_on_the_way(plan: Plan, dice: random.Random) -> tuple[Act, ...] | None:
    """A little is taken out at a stop, or more than there is, or of something else; then whoever it is offered to may have it."""
    masses = [one for one in plan.consignment.contents if isinstance(one, SubstanceMass)]
    if not masses:
        return None
    leg = dice.choice(plan.legs)
    net = dice.choice((1, 1, number_of(masses[0].net) // 2, 2 * number_of(masses[0].net)))
    substance = dice.choice((masses[0].substance, masses[0].substance, "SIMULATED"))
    details: dict[str, Any] = {"label": "SIMULATED-S", "samples": [{"substance": substance, "net": net}]}
    details |= {"opened": dice.random() < 0.9}
    says = partial(Act, service=leg.responsible, at=leg.end)
    offer = {"exhibits": ["SIMULATED-S"], "to": dice.choice(plan.participants()), "purpose": "SIMULATED: examination"}
    after = _hours(dice, 4)
    return (
        says(says="taken_out", details=details, after=after),
        says(says="exhibits_offered", details=offer, after=after + timedelta(hours=1)),
    )


def _is_seized_by_another(plan: Plan, dice: random.Random) -> tuple[Act, ...]:
    """An authority that was not told seizes it, and holds it, or a service that is told at the end alone, of whatever State; in
    some seeds somebody receives it from that one.
    """
    at, responsible = _asked(plan, dice, "hand_over", "deliver")
    chance, told = dice.random(), [one.service for one in plan.told_at_end]
    held_by = {"held_by": responsible} if chance < 0.2 else {"held_by": told[0]} if told and chance < 0.8 else {}
    details: dict[str, Any] = {"seized_by": "SIMULATED traffic police"} | held_by
    seized = Act(service=responsible, at=at, says="interdicted", details=details, after=_hours(dice, 10))
    receipt = {"exhibits": ["consignment"], "intact": dice.random() < 0.5}
    taker = dice.choice((responsible, dice.choice(plan.participants())))
    received = Act(service=taker, at="stop.acknowledged", says="exhibits_accepted", details=receipt, after=_hours(dice, 30))
    return (seized, received) if dice.random() < 0.7 else (seized,)


def _puts_in_a_device(plan: Plan, dice: random.Random) -> Act:
    """Opened, and a tracker put in that is permitted or not, and lasts or does not."""
    checkpoint = plan.at("prepare")[0]
    tracker = {"label": "SIMULATED-T", "what": "tracker", "gross": "50 g", "lasts": f"{dice.randint(1, 40)}d"}
    details: dict[str, Any] = {"opened": dice.random() < 0.5} | ({"items": [tracker]} if dice.random() < 0.5 else {})
    attached = (A_SHOT,) if dice.random() < 0.5 else ()
    return Act(
        service=checkpoint.services()[0], at=checkpoint.id, says="prepared", details=details, statement={"attachments": attached}
    )


def hands_on_a_sample(plan: Plan, dice: random.Random) -> tuple[Act, ...] | None:
    """A milligram is sampled, and offered to somebody who takes part; then whoever has it may examine and dispose of it."""
    masses = [one for one in plan.consignment.contents if isinstance(one, SubstanceMass)]
    if not masses:
        return None
    checkpoint = plan.at("prepare")[0]
    by = next(one.service for one in checkpoint.requires if one.says == "prepared")
    says = partial(Act, service=by, at=checkpoint.id)
    details = {"samples": [{"substance": masses[0].substance, "net": 1}], "opened": True}
    sampled = says(says="prepared", details=details, after=timedelta(hours=1))
    to = dice.choice(plan.participants())
    offer = {"exhibits": ["samples"], "to": to, "purpose": "SIMULATED: examination"}
    offer |= {"assistance": "SIMULATED-9 of 2026-02-01"} if dice.random() < 0.5 else {}
    return (sampled, says(says="exhibits_offered", details=offer, after=timedelta(minutes=dice.choice((30, 61, 90)))))


def _examines_and_disposes(plan: Plan, dice: random.Random) -> tuple[Act, ...] | None:
    """Who has the sample reports on it, with what it spent or not, and at last says what becomes of it; others say so too."""
    acts = hands_on_a_sample(plan, dice)
    if acts is None:
        return None
    holder, other = str(acts[1].details["to"]), dice.choice(plan.participants())
    spent = dice.choice(({}, {"received": 1, "spent": 1, "left": 0}, {"received": 2, "spent": 0, "left": 2}))
    how = dice.choice(("destroyed", "returned", "handed_to_court", "kept", "lost"))
    ends = {"exhibits": ["samples"], "how": how, "witnesses": ["witness-01"], "to": "SIMULATED"}
    found: list[Act] = []
    for who in (acts[0].service, holder, other):
        at = next((one.id for one in plan.checkpoints if who in one.services()), None)
        if at is not None:
            report = {"exhibit": "samples", **spent}
            found.append(Act(service=who, at=at, says="laboratory_report", details=report, after=_hours(dice, 60)))
            found.append(Act(service=who, at=at, says="disposed", details=ends, after=_hours(dice, 100)))
    return (*acts, *found)


def _finds_more(plan: Plan, dice: random.Random) -> Act | None:
    """New exhibits at the target, one of them under a label that another may bear."""
    asked = _is_asked(plan, dice, "seizure")
    finds = [{"label": one, "what": "SIMULATED find"} for one in ("F-1", dice.choice(("F-2", "SIMULATED-1", "seized")))]
    return Act(service=asked[1], at=asked[0], says="seizure", details={"finds": finds}) if asked is not None else None


def _forgets_its_duty(plan: Plan, dice: random.Random) -> Act:
    _, service = _asked(plan, dice, "authorise")
    return Act(service=service, at=f"duty.{service}.register")


def _lets_go(plan: Plan, dice: random.Random) -> Act | None:
    """Persons arrested are released again, or more than were arrested."""
    asked = _is_asked(plan, dice, "arrest")
    if asked is None:
        return None
    persons = [person_at(asked[0], number) for number in range(dice.randint(1, 4))]
    details = {"persons": persons, "reason": "SIMULATED: no charge"}
    return Act(service=asked[1], at=asked[0], says="arrestee_released", details=details, after=_hours(dice, 10))


def _arrests_beside(plan: Plan, dice: random.Random) -> Act:
    """Somebody is arrested whom no plan thought of; in some seeds by who may arrest nobody, or has been asked to."""
    at, service = _asked(plan, dice)
    persons = [{"code": f"B-{number}", "role": "courier"} for number in range(dice.randint(1, 2))]
    details = {"persons": persons, "place": "SIMULATED: road"}
    return Act(service=service, at=at, says="arrest_reported", details=details, after=_hours(dice, 40))


def _taker_says(plan: Plan, dice: random.Random, says: str, details: dict[str, Any]) -> Act | None:
    takers = [
        (checkpoint.id, requirement.service)
        for checkpoint in plan.at("hand_over")
        for requirement in checkpoint.requires
        if requirement.says == "handover_acceptance"
    ]
    if not takers:
        return None
    at, service = dice.choice(takers)
    return Act(service=service, at=at, says=says, details=details)


def _informs(plan: Plan, dice: random.Random) -> Act:
    """It lets some know something, and the others not."""
    at, service = _asked(plan, dice)
    readers = sorted(dice.sample(plan.participants(), dice.randint(0, 2)))
    return Act(
        service=service,
        at=at,
        says="information",
        details={"text": f"INFORMATION by {service} for {'+'.join(readers)}", "to": readers},
    )


def _keeps_a_log(plan: Plan, dice: random.Random) -> Act:
    """Who is responsible says in which intervals it was watched, or another does."""
    leg = dice.choice(plan.legs)
    service = dice.choice((leg.responsible, leg.responsible, plan.initiator))
    return Act(service=service, at=leg.end, says="surveillance_log", after=_hours(dice, 10))


def _leads_a_courier(plan: Plan, dice: random.Random) -> tuple[Act, ...] | None:
    """A person cooperates and carries a recorder, in some seeds one that is not permitted, or not given back, or lost."""
    asked = _is_asked(plan, dice, "delivered") or _is_asked(plan, dice, "arrest")
    if asked is None:
        return None
    then = dice.choice((("recorder_returned",), (), ("disposed",)))
    lost = {"exhibits": ["R-1"], "how": "lost"}
    return tuple(
        Act(
            service=asked[1],
            at=asked[0],
            says=one,
            details=lost if one == "disposed" else {},
            after=timedelta(minutes=10 * number + 1),
        )
        for number, one in enumerate(("cooperation_begun", "recorder_issued", *then, "cooperation_ended"))
    )


def _asks_for_proceedings(plan: Plan, dice: random.Random) -> tuple[Act, ...]:
    """Who authorises says who is prosecuted where, and asks another State to take over, or its own."""
    at, service = _asked(plan, dice, "authorise")
    to = dice.choice(plan.states())
    prosecutions = [{"role": "courier", "state": to}]
    asks = Act(service=service, at=at, says="transfer_requested", details={"to": to, "prosecutions": prosecutions})
    return Act(service=service, at=at, says="jurisdiction_understood"), asks


TROUBLES: tuple[Trouble, ...] = (
    _informs,
    _refuses,
    grants_briefly,
    grants_briefly,
    grants_by_word_of_mouth,
    agrees_by_word_of_mouth,
    _allows_otherwise,
    _withdraws,
    _is_silent,
    _is_silent,
    stops,
    holds,
    stops,
    _declines,
    _accepts_too_early,
    _finds_another_weight,
    _finds_another_weight,
    breaks_a_seal,
    _finds_another_seal,
    _decides_not_to_go_on,
    _interdicts_at_once,
    _does_not_check_in,
    _never_finds_it,
    _gives_it_up,
    _loses_sight,
    _loses_sight,
    _reports_danger,
    _prepares_otherwise,
    _does_not_permit,
    _does_not_permit,
    lets_another_permit,
    lets_another_go_on,
    lets_another_go_on,
    _sets_conditions,
    _sets_conditions,
    _is_provisional,
    _is_provisional,
    _nobody_comes,
    _nobody_comes,
    _is_destroyed,
    recovers_nothing_or_else,
    recovers_nothing_or_else,
    _seizes_another_weight,
    _samples_on_the_way,
    _is_seized_by_another,
    _puts_in_a_device,
    _puts_in_a_device,
    hands_on_a_sample,
    _examines_and_disposes,
    _examines_and_disposes,
    _finds_more,
    _forgets_its_duty,
    _lets_go,
    _arrests_beside,
    _keeps_a_log,
    _leads_a_courier,
    _asks_for_proceedings,
)


def haste(coming: Envelope, plan: Plan, dice: random.Random) -> Iterator[Envelope]:
    """What others say just before a statement comes in: without its conditions, in its service's name, or otherwise."""
    statement = read_statement(coming)
    other = dice.choice(plan.participants())
    service = statement.service

    def says(by: str, **changed: Any) -> Envelope:
        new = {"id": f"{dice.getrandbits(128):032x}", "service": by} | changed
        said = statement.model_copy(update=new)
        return sign_statement(said, key_of(said))

    peer = dice.choice([one for one in plan.participants() if one[:3] == service[:3]] or [other])  # itself may be replaced
    begins = instant(statement.happened_at) + timedelta(hours=dice.randint(-4, 1))
    window = {"valid_from": begins.isoformat(), "valid_until": (begins + _hours(dice, 8)).isoformat()}
    delegated = Delegated(to=dice.choice((peer, peer, other)), reason="SIMULATED", **window)
    tricks: tuple[Callable[[], Envelope], ...] = (
        lambda: says(service, fulfils=()),
        lambda: says(other, on_behalf_of=service),
        lambda: says(service, on_behalf_of=other),
        lambda: says(other, content=delegated, checkpoint=None, on_behalf_of=service),
        lambda: says(service, officer="someone-else"),
        lambda: says(service, officer=SECOND, content=_a_little_heavier(statement.content)),
    )
    for trick in dice.sample(tricks, dice.randint(0, 2)):
        yield trick()
    if dice.random() < HALF:
        yield says(service, content=delegated, checkpoint=None)
        yield says(peer, on_behalf_of=service)


def _a_little_heavier(content: Content) -> Content:
    """The same with a milligram more, where anything was weighed; of what was disposed of, that it is kept."""
    if isinstance(content, Disposed):
        return content.model_copy(update={"how": "kept", "to": "SIMULATED"})
    gross = getattr(content, "gross", None)
    return content.model_copy(update={"gross": gross + 1}) if isinstance(gross, int) else content


def attacks(heard: Envelope, plan: Plan, dice: random.Random) -> Iterator[Envelope]:
    """What a hostile outsider makes of an envelope that went by: replays, forgeries, contradictions, speaking out of turn."""
    statement = read_statement(heard)
    everyone = plan.participants()
    other = dice.choice(everyone)
    yield heard
    yield sign(heard.body(), STATEMENT_TYPE, private_key_of("nobody.known"))
    yield heard.model_copy(update={"payload": sign(b"{}", STATEMENT_TYPE, private_key_of(other)).payload})
    contradiction = statement.model_copy(update={"officer": "someone-else"})
    yield sign_statement(contradiction, private_key_of(statement.service))
    out_of_place = statement.model_copy(update={"id": f"{dice.getrandbits(128):032x}", "service": other})
    yield sign_statement(out_of_place, private_key_of(other))
    yield sign_statement(out_of_place, private_key_of(statement.service))
    elsewhere = statement.model_copy(update={"id": f"{dice.getrandbits(128):032x}", "delivery": "another-one"})
    yield sign_statement(elsewhere, private_key_of(statement.service))
    for content in (Sighted(place="somewhere"), StopAcknowledged()):
        aside = statement.model_copy(update={"id": f"{dice.getrandbits(128):032x}", "content": content})
        yield sign_statement(aside.model_copy(update={"service": other}), private_key_of(other))
    if isinstance(statement.content, Prepared | ArrestMade | Seizure | Interdicted | LaboratoryReport | Disposed):
        heavier = _a_little_heavier(statement.content)
        right = Correction(of=statement.id, reason="SIMULATED: misread", content=dice.choice((heavier, statement.content)))
        for by, officer in ((other, "duty"), (statement.service, "duty"), (statement.service, SECOND)):
            new = {"id": f"{dice.getrandbits(128):032x}", "service": by, "officer": officer, "content": right}
            said = statement.model_copy(update=new)
            yield sign_statement(said, key_of(said))
