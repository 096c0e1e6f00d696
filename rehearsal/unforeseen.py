"""Seeds that lead to each unforeseen checkpoint, and to each answer that can be given there, silence too: taken from the book of
the rules, so that a new contingency or kind of statement comes up by itself, or is missed by the test that counts them.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.plan.access import supervises
from domain.plan.directory import Directory
from domain.plan.plan import Plan, Surveillance
from domain.rules.books import BOOK
from domain.signing.canonical import plain
from rehearsal.chaos import (
    HALF,
    Rival,
    agrees_by_word_of_mouth,
    breaks_a_seal,
    grants_briefly,
    grants_by_word_of_mouth,
    hands_on_a_sample,
    holds,
    permits_briefly,
    permits_in_urgency,
    recovers_nothing_or_else,
    stops,
)
from rehearsal.scenario import Act

NEVER = frozenset({"course", "sibling", "sibling_stop"})
"""What the other rules keep from ever being called for: a second net (see tests/goldens.py). And what comes up among siblings
alone, see `rehearsal.groups`.
"""


AT_LAST = timedelta(days=20)
"""When whoever would keep a delivery from its end for ever gives in."""


@dataclass(frozen=True)
class Turn:
    """An unforeseen checkpoint, and what is said there; no kind is silence."""

    contingency: str
    says: str | None
    details: tuple[tuple[str, Any], ...] = ()


PUT_BACK = 0.02
"""By which chance a run is put back at an entry, in every fifth seed and where that leads there."""


@dataclass(frozen=True)
class Led:
    """What leads a delivery there."""

    plan: Plan
    acts: tuple[Act, ...] = ()
    rivals: tuple[Rival, ...] = ()
    put_back: bool = False


def _turns() -> Iterator[Turn]:
    for name, one in BOOK.contingencies.items():
        if name not in NEVER:
            yield Turn(name, None)
            for kind in BOOK.answers[one.declares.needs]:
                yield Turn(name, kind)
                if "proceed" in BOOK.kinds[kind].model_fields:
                    yield Turn(name, kind, (("proceed", False),))
                if kind == "hold_decided":
                    yield from (Turn(name, kind, (("decision", other),)) for other in ("seize", "end"))


TURNS = tuple(_turns())


WATCHED = Surveillance(check_in=timedelta(hours=1), answer=timedelta(hours=1), search=timedelta(hours=6))
"""Where a plan that must be watched is not."""


def led(plan: Plan, directory: Directory, turn: Turn, seed: int) -> Led:
    """What leads there, and what is said there by whoever is asked."""
    if turn.contingency in ("sighting", "search", "interdiction") and plan.surveillance is None:
        plan = plan.model_copy(update={"surveillance": WATCHED})
    dice = random.Random(f"{seed}/unforeseen")  # noqa: S311 - a simulation must be repeatable
    towards, places = WAYS[turn.contingency](plan, dice)
    if turn.contingency == "divergence":
        places += [(one.id, "divergence") for one in directory.services if supervises(one)]
    answers = tuple(act for who, at in places for act in _said(turn, who, at))
    return Led(_without_part(towards.plan), (*towards.acts, *answers), towards.rivals, towards.put_back)


def _without_part(plan: Plan) -> Plan:
    """The same; whoever has a part in it by what leads there is not told of it at the end alone."""
    doing = plan.model_copy(update={"told_at_end": ()}).participants()
    return plan.model_copy(update={"told_at_end": tuple(one for one in plan.told_at_end if one.service not in doing)})


def _said(turn: Turn, who: str, at: str) -> Iterator[Act]:
    """Where it waits without end, what is expected is said at last, also after something else that does not do."""
    declares = BOOK.contingencies[turn.contingency].declares
    expected = BOOK.confirming(declares.needs)
    yield Act(service=who, at=at, says=turn.says, details=dict(turn.details))
    if declares.without_end and (turn.says != expected or turn.details):
        yield Act(service=who, at=at, says=expected, after=AT_LAST)


Places = list[tuple[str, str]]
Way = Callable[[Plan, random.Random], tuple[Led, Places]]
"""What brings the checkpoint about, and who may be asked at which name of it."""


def _authorities(plan: Plan) -> list[str]:
    return [one for state in plan.asked_states() for one in plan.authorities(state)]


def _responsible(plan: Plan) -> list[str]:
    return list(dict.fromkeys(leg.responsible for leg in plan.legs))


def _detection(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    return Led(plan), [(plan.finder, "detection")]


def _handing_on(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    """Another service of the first State has found it."""
    first = plan.legs[0]
    kinds = ("customs", "police", "border")
    finder = next(one for kind in kinds if (one := f"{first.state.lower()}.{kind}") != first.responsible)
    return Led(plan.model_copy(update={"found_by": finder})), [(finder, "handing-on")]


def _exhibits(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    acts = hands_on_a_sample(plan, dice)
    return Led(plan, acts or ()), [(str(acts[1].details["to"]), "exhibits")] if acts else []


def _extension(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    return Led(plan, (grants_briefly(plan, dice),)), [(one, f"extension.{one}") for one in _authorities(plan)]


def _confirmation(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    return Led(plan, (grants_by_word_of_mouth(plan, dice),)), [(one, f"written.{one}") for one in _authorities(plan)]


def _written_agreement(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    act = agrees_by_word_of_mouth(plan, dice)
    return Led(plan, (act,) if act is not None else ()), [(act.service, f"agreed.{act.service}")] if act is not None else []


def _sanction(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    act = permits_in_urgency(plan, dice)
    return Led(plan, (act,) if act is not None else ()), [(act.service, f"sanction.{act.service}")] if act is not None else []


def _renewal(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    act, soon = permits_briefly(plan, dice), plan.contingencies.model_copy(update={"extension": timedelta(days=6)})
    plan = plan.model_copy(update={"expiry_warnings": (), "contingencies": soon})
    return Led(plan, (act,) if act is not None else ()), [(act.service, f"renewal.{act.service}")] if act is not None else []


def _duty(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    return Led(plan), [(one, f"duty.{one}.register") for one in _authorities(plan)]


def _decision(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    act = breaks_a_seal(plan, dice)
    who = (*_authorities(plan), *_responsible(plan))
    return Led(plan, (act,) if act is not None else ()), [(one, f"{act.at}.decision") for one in who] if act is not None else []


def _hold(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    return Led(plan, holds(plan, dice)[:1]), [(one, "hold") for one in dict.fromkeys((*_authorities(plan), *_responsible(plan)))]


def _unseen(plan: Plan) -> tuple[Act, ...]:
    """Whoever is responsible does not say where it is."""
    return tuple(Act(service=one, at="sighting") for one in _responsible(plan))


def _sighting(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    return Led(plan), [(one, "sighting") for one in _responsible(plan)]


def _search(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    return Led(plan, _unseen(plan)), [(one, "search") for one in _responsible(plan)]


def _interdiction(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    lost = tuple(Act(service=one, at="search") for one in _responsible(plan))
    halts = (*_unseen(plan), *lost) if dice.random() < HALF else (stops(plan, dice),)
    return Led(plan, halts), [(one, "stop.interdiction") for one in _responsible(plan)]


def _acknowledgement(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    return Led(plan, (stops(plan, dice),)), [(one, "stop.acknowledged") for one in plan.participants()]


def _parts(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    whole = [{name: value for name, value in plain(one).items() if name != "cas"} for one in plan.consignment.contents]
    parts = [{"operation": "part-1", "contents": whole}, {"operation": "part-2", "contents": []}]
    first, details = plan.legs[0], {"parts": parts, "reason": "SIMULATED: two couriers"}
    split = Act(service=first.responsible, at=first.end, says="split", details=details, after=timedelta(hours=1))
    return Led(plan, (split,)), [(one, "split.parts") for one in _responsible(plan)]


def _balance(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    act = recovers_nothing_or_else(plan, dice)
    return Led(plan, (act,) if act is not None else ()), [(one, "balance") for one in (*_authorities(plan), *_responsible(plan))]


def _deconfliction(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    return Led(plan), [(one, "deconfliction") for one in plan.participants()]


def _conflict(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    rival = Rival(dice.choice(_authorities(plan)), timedelta(minutes=dice.choice((0, 600, 3000))), timedelta(days=90))
    return Led(plan, rivals=(rival,)), [(plan.initiator, "conflict")]


def _divergence(plan: Plan, _dice: random.Random) -> tuple[Led, Places]:
    return Led(plan, put_back=True), [(one, "divergence") for one in plan.participants()]


def _takeover(plan: Plan, dice: random.Random) -> tuple[Led, Places]:
    """A State that authorises asks another to take proceedings over, while it is under way."""
    deciding = {at.state: (at.id, one) for at in plan.at("authorise") for one in at.authorities()}
    asking = dice.choice([*deciding])
    others = [state for state in deciding if state != asking] or [asking]
    to = dice.choice(others)
    details = {"to": to, "prosecutions": [{"role": "courier", "state": to}]}
    at, service = deciding[asking]
    asks = Act(service=service, at=at, says="transfer_requested", details=details)
    return Led(plan, (asks,)), [(deciding[to][1], f"takeover.{to.lower()}")]


WAYS: dict[str, Way] = {
    "detection": _detection,
    "handing_on": _handing_on,
    "exhibits": _exhibits,
    "extension": _extension,
    "confirmation": _confirmation,
    "written_agreement": _written_agreement,
    "sanction": _sanction,
    "renewal": _renewal,
    "duty": _duty,
    "decision": _decision,
    "hold": _hold,
    "sighting": _sighting,
    "search": _search,
    "interdiction": _interdiction,
    "acknowledgement": _acknowledgement,
    "parts": _parts,
    "balance": _balance,
    "deconfliction": _deconfliction,
    "conflict": _conflict,
    "divergence": _divergence,
    "takeover": _takeover,
}
"""By contingency. One that has none fails at import."""

if missing := set(BOOK.contingencies) ^ set(WAYS) ^ NEVER:
    message = f"nothing leads to {', '.join(sorted(missing))}"
    raise TypeError(message)
