"""Trouble from a seed: scenarios in which services refuse, fall silent, mismeasure, decline, withdraw or stop; and outsiders
who repeat, forge, contradict and speak out of turn. What each seed brings is always the same.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.envelope import STATEMENT_TYPE, Envelope, sign
from domain.plan import Plan
from domain.statements import Sighted, StopAcknowledged, read_statement, sign_statement
from rehearsal.scenario import Act, Pace, Scenario
from rehearsal.services import private_key_of

MOST_TROUBLES = 3
CALM, HALF = 0.7, 0.5
"""Part of the seeds in which no other operation comes near; part of the rest in which the initiator does not simply agree."""

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
    return Scenario(
        vigil="scenario/1",
        title=f"chaos {seed}",
        pace=Pace(fastest=fastest, slowest=slowest),
        acts=tuple(acts),
    )


def one_trouble(plan: Plan, dice: random.Random) -> tuple[Act, ...]:
    """One thing that goes wrong, as the acts it takes; none where the plan leaves no room for it."""
    trouble = dice.choice(TROUBLES)(plan, dice)
    return trouble if isinstance(trouble, tuple) else (trouble,) if trouble is not None else ()


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


def _grants_briefly(plan: Plan, dice: random.Random) -> Act:
    """A consent that will not outlast the way: it must be extended, or the delivery ends."""
    at, service = _asked(plan, dice, "authorise")
    until = f"2022-03-{dice.randint(2, 9):02d}T{dice.randint(0, 23):02d}:00:00Z"
    return Act(service=service, at=at, says="authorisation_granted", details={"valid_until": until})


def _allows_otherwise(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "authorise")
    return Act(service=service, at=at, says="authorisation_granted", details={"modalities": ["replaced_in_whole"]})


def _withdraws(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice, "authorise")
    return Act(service=service, at=at, says="authorisation_withdrawn", after=_hours(dice, 120))


def _is_silent(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice)
    return Act(service=service, at=at)


def _stops(plan: Plan, dice: random.Random) -> Act:
    at, service = _asked(plan, dice)
    return Act(service=service, at=at, says="stop_requested", after=_hours(dice, 60))


def _declines(plan: Plan, dice: random.Random) -> Act | None:
    return _taker_says(plan, dice, "handover_declined", {})


def _accepts_too_early(plan: Plan, dice: random.Random) -> Act | None:
    at = _taker_says(plan, dice, "handover_accepted", {})
    return at.model_copy(update={"after": timedelta(seconds=1)}) if at is not None else None


def _finds_another_weight(plan: Plan, dice: random.Random) -> Act | None:
    found = plan.consignment.gross + dice.choice((-1, 1)) * dice.randint(0, 3 * plan.weight_tolerance)
    return _taker_says(plan, dice, "handover_accepted", {"gross": max(found, 0)})


def _finds_a_broken_seal(plan: Plan, dice: random.Random) -> Act | None:
    return _taker_says(plan, dice, "handover_accepted", {"seals_intact": False})


def _finds_another_seal(plan: Plan, dice: random.Random) -> Act | None:
    return _taker_says(plan, dice, "handover_accepted", {"seals": [{"number": "XX999999", "security": "H"}]})


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


TROUBLES: tuple[Trouble, ...] = (
    _refuses,
    _grants_briefly,
    _grants_briefly,
    _allows_otherwise,
    _withdraws,
    _is_silent,
    _is_silent,
    _stops,
    _stops,
    _declines,
    _accepts_too_early,
    _finds_another_weight,
    _finds_another_weight,
    _finds_a_broken_seal,
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
)


def attacks(heard: Envelope, plan: Plan, dice: random.Random) -> Iterator[Envelope]:
    """What a hostile outsider makes of an envelope that went by: replays, forgeries, contradictions, speaking out of turn."""
    statement = read_statement(heard.body())
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
