"""Plans from a seed: other routes, laws, ladders and endings than the examples', each one that planning finds no fault in.

Its States are real codes and everything else is invented: services, cards and consignments are for simulations only.
"""

import random
from itertools import pairwise
from typing import Any, get_args

from domain.plan.cards import Agreement, Duty, DutyEvent, RuleCard
from domain.plan.check_backups import backups
from domain.plan.directory import Directory
from domain.plan.plan import Plan

STATES = ("KZ", "UZ", "RU", "KG")
MEMBERS = ("KZ", "UZ", "RU")
"""Whose body the centre is that coordinates: it does not see the whole where Kyrgyzstan is asked."""
MODALITIES = ("intact", "removed", "removed_in_part", "replaced_in_part", "replaced_in_whole")
KINDS = ("customs", "police", "prosecutor", "court")
MEASURES = ("post", "opening", "following_person", "watching_thing", "device", "foreign_officers")
USED = MEASURES[1:5]
EVENTS: tuple[DutyEvent, ...] = tuple(one for one in get_args(DutyEvent) if one != "end_of_permission")
"""What the duty of whoever authorises runs from; see `_telling_results` for the other."""
LAW = {"mark": "K", "text": "invented"}
GOODS: tuple[list[dict[str, Any]], ...] = (
    [{"substance": "mephedrone", "net": "13.2 kg"}],
    [{"substance": "heroin", "net": "2 kg"}, {"substance": "opium", "net": "800 g"}],
    [{"currency": "EUR", "minor": 12_345_600, "serials": "ab" * 32}, {"substance": "cocaine", "net": "1 kg"}],
    [{"substance": "героин", "net": "suspected 4 kg"}, {"substance": "hashish", "net": "approximate 2 kg"}],
    [{"weapon": "pistol", "count": 12, "serials": "cd" * 32}, {"weapon": "ammunition", "count": "declared 500"}],
    [{"hs": "240220", "goods": "cigarettes", "unit": "carton", "count": 480}, {"substance": "opium", "net": "1 kg"}],
)
UNMEASURED = {"substance": "cocaine", "net": {"unmeasured": "closed"}}
"""What nobody weighs before the end; an authority of the plan allowed that."""
STAND_INS = (("seals", "sight"), ("count", "picture"), ("sight",), ("count", "seals"), ("picture", "sight", "count"))
"""What some are checked by that cannot be weighed."""

Words = dict[str, Any]
OTHERS = 0.3
"""Part of the plans in which each of them is."""
GUESTS = 0.7
"""Part of the plans with somebody along at the end in which these hand it over."""


def dossier(seed: int) -> tuple[Plan, Directory, dict[str, RuleCard]]:
    """Plan, directory and rule cards of this seed: always the same ones."""
    dice = random.Random(f"{seed}/plan")  # noqa: S311 - a simulation must be repeatable
    states = dice.sample(STATES, dice.randint(2, 4))
    cards = {state: _card(state, dice) for state in states}
    words = _plan(seed, states, cards, dice)
    _by_guests(words, random.Random(f"{seed}/guests"))  # noqa: S311 - as above
    cards = _with_agreements(words, cards, random.Random(f"{seed}/agreements"))  # noqa: S311 - as above
    cards = _telling_results(cards, random.Random(f"{seed}/results"))  # noqa: S311 - as above
    plan = _with_permissions(_with_others(words, random.Random(f"{seed}/others")), cards)  # noqa: S311 - as above
    directory = _directory()
    return _with_deputies(plan, directory, cards), directory, cards


def _directory() -> Directory:
    services: list[Words] = [{"id": "centre", "kind": "coordinator", "members": MEMBERS, "names": {"en": "INVENTED centre"}}]
    for state in STATES:
        for name, kind in (*zip(KINDS, KINDS, strict=True), ("deputy", "prosecutor")):
            one = {"id": f"{state.lower()}.{name}", "kind": kind, "state": state, "names": {"en": f"INVENTED {name}"}}
            services.append(one)
    return Directory.model_validate({"vigil": "directory/1", "example": True, "services": services})


def _card(state: str, dice: random.Random) -> RuleCard:
    after = dice.choice(EVENTS)
    duty = {"id": "register", "what": "a copy to the register", "after": after} | _time(after, dice.randint(1, 20))
    needs: dict[str, list[str]] = {}
    for measure in MEASURES:
        needs.setdefault(dice.choice(("nothing", "permission", "own_act", "not known")), []).append(measure)
    known: dict[str, list[Words]] = {
        "deciders": [{"by": ["prosecutor", "police"], "role": "INVENTED", "alone": dice.random() < 0.5}],
        "handling": [{"modalities": MODALITIES, "are": "allowed"}],
        "terms": [
            {"longest": "60d", "extension": dice.choice(("30d", "1 month", "90d")), "ceiling": dice.choice(("80d", "365d"))}
        ],
        "urgent": [
            {"forms": ["oral"], "written_within": dice.choice(("6h", "72h")), "of": ["authorisation", "agreement"]},
        ],
        "notice": [{"time": "24h"}],
        "duties": [duty],
        "bars": [{"what": "INVENTED danger"}],
        "reports": [{"what": "INVENTED report", "every": "24h"}],
        "records": [{"acts": ["opening", "seizure"], "by": dice.choice(("witnesses", "recording"))}],
    }
    says = {
        "vigil": "card/1",
        "state": state,
        "version": "invented",
        "example": True,
        "texts": [{"id": "invented", "title": "INVENTED"}],
        "measures": [
            {"measures": measures, "needs": what, "by": () if what == "nothing" else dice.choice(((), ("court", "prosecutor")))}
            | ({} if what == "nothing" else {"extension": dice.choice(("10d", "90d"))})
            | {"law": LAW}
            for what, measures in needs.items()
            if what != "not known"
        ],
    }
    says["urgent_measures"] = [{"measures": MEASURES, "by": ("police", "prosecutor"), "sanctioned_within": "12h", "law": LAW}]
    for name, provisions in known.items():
        says[name] = [one | {"law": LAW} for one in provisions] if dice.random() < 0.5 else []
    return RuleCard.model_validate(says)


def _time(after: str, days: int) -> Words:
    """Within so many days; or so long before the end, where that can be; or the law gives no time."""
    if days % 5 == 0:
        return {"before": f"{days}d"} if after == "end_of_authorisation" else {}
    return {"within": f"{days}d"}


def _duty_times(asked: list[str], cards: dict[str, RuleCard]) -> Words:
    """A time for each duty for which the law gives none."""
    untimed = {state: [one.id for one in cards[state].duties if one.untimed and one.usual is None] for state in asked}
    return {state: dict.fromkeys(names, "36h") for state, names in untimed.items() if names}


def _plan(seed: int, states: list[str], cards: dict[str, RuleCard], dice: random.Random) -> Words:
    legs = _legs(states, dice)
    _check_otherwise(legs, seed)
    route = list(dict.fromkeys(state for leg in legs for state in (leg["state"], *_touched(leg))))
    goods = _travelling(f"{route[0].lower()}.prosecutor", random.Random(f"{seed}/goods"))  # noqa: S311 - a simulation again
    watched = dice.random() < 0.5 or ["sight"] in (goods.get("checked_by"), *(leg.get("checked_by") for leg in legs))
    beside = random.Random(f"{seed}/beside")  # noqa: S311 - a simulation again
    called = [one["state"] for leg in legs for one in leg["calls"]]
    asked = [*route, *(state for state in states if state not in (*route, *called) and beside.random() < 0.5)]
    uses = dice.sample(USED, dice.randint(0, 3))
    untouched = any("not_touched" in one for leg in legs for one in leg["calls"])
    after = _after(states, legs, dice)
    alone = [at["state"] for at in after if at["step"] == "arrest" and at["state"] not in asked]
    watch = {"check_in": "6h", "answer": "2h", "search": "12h"} if watched else None
    return {
        "vigil": "plan/1",
        "operation": f"random-{seed}",
        "title": "INVENTED title",
        "example": True,
        "handling_code": "H1",
        "offence": {
            "description": "INVENTED offence",
            "extraditable": dict.fromkeys(cards, True),
            "articles": {state: ["INVENTED article"] for state in cards},
        },
        "initiator": legs[0]["responsible"],
        "coordinator": "centre" if {*MEMBERS} & {*asked} else None,
        "request": _request(asked, legs),
        "modality": dice.choice(MODALITIES),
        "uses": [one for one in uses if not (untouched and one == "device")],
        "answers_for_law": {state: f"{state.lower()}.prosecutor" for state in asked},
        "duty_times": _duty_times(asked, cards),
        "reverse": dice.random() < 0.1,
        "consignment": {
            "kind": dice.choice(("mail", "cash", "truck")),
            "goods": ["drugs", "cash", "weapons", "tobacco"],
            "identifiers": [{"scheme": "upu_s10", "value": "CP220322019KZ"}],
            "declared_as": "INVENTED",
            "imported": legs[0]["state"] != "KZ",
            **goods,
        },
        "tolerances": {"gross": "20 g"},
        "margin": "24h",
        "expiry_warnings": dice.choice((["48h", "12h", "2h"], ["6h"], [])),
        "checkpoints": [*_before(asked, legs, dice), *_on_the_way(legs, dice), *after],
        "legs": legs,
        "outside": [{"state": state, "why": "own_case"} for state in dict.fromkeys(alone)],
        "contingencies": {"decision": "12h", "acknowledge_stop": "12h", "remind_every": "6h", "extension": "12h"},
        "surveillance": watch,
        "afterwards": random.Random(f"{seed}/afterwards").choice((None, None, None, "3d")),  # noqa: S311 - a simulation again
    }


def _request(route: list[str], legs: list[Words]) -> Words:
    """What all States are asked, and each alone: words that are known again wherever they turn up (R11)."""
    along = dict.fromkeys(service for leg in legs for service in leg["accompanied_by"])
    all_are_told = ("facts", "grounds", "aim", "necessity", "concealment", "technical_means", "on_loss", "costs", "exhibits")
    to = {
        state: {"basis": [f"INVENTED, REQUEST to {state}"], "channel": "caricc", "language": "ru", "asks": f"REQUEST to {state}"}
        for state in route
    }
    return {
        **{name: f"REQUEST, {name.upper()}" for name in all_are_told},
        "marking": "INVENTED mark",
        "contact": "INVENTED duty desk",
        "signed_by": "INVENTED head",
        "companions": [{"service": service, "officers": 2} for service in along],
        "to": to,
    }


def _travelling(authority: str, dice: random.Random) -> Words:
    """What it holds, and how it is checked: by weight and seals, or where an authority allowed that, by what stands in for
    them.
    """
    contents = dice.choice(GOODS)
    if dice.random() < 0.2:
        contents = [*contents, UNMEASURED | {"net": {"unmeasured": "closed", "allowed_by": authority}}]
    if dice.random() < 0.6:
        return {"contents": contents, "gross": "15 kg"}
    why = {"unmeasured": dice.choice(("cover", "time", "size")), "allowed_by": authority}
    by = list(dice.choice(STAND_INS))
    packages = {"packages": dice.choice((2_500, "declared 40"))} if "count" in by else {}
    return {
        "contents": contents,
        "gross": dice.choice((why, "approximate 1.5 t")),
        "checked_by": by,
        "not_weighed": why,
    } | packages


def _legs(states: list[str], dice: random.Random) -> list[Words]:
    """One to five legs; two that follow each other in one State are under two authorities."""
    legs: list[Words] = []
    for number in range(dice.randint(1, 5)):
        state = dice.choice(states)
        before = legs[-1]["responsible"] if legs else ""
        responsible = dice.choice([one for one in (f"{state.lower()}.customs", f"{state.lower()}.police") if one != before])
        guests = [f"{other.lower()}.police" for other in states if other != state and dice.random() < 0.2]
        leg: Words = {"id": f"leg-{number}", "state": state, "responsible": responsible, "takes": f"{dice.randint(1, 20)}h"}
        leg["calls"] = [_call(dice.choice(states)) for _ in range(dice.choice((0, 0, 0, 1, 2)))]
        start = f"handover-{number}" if legs else "departure"
        legs.append(leg | {"start": start, "means": "INVENTED", "end": f"handover-{number + 1}", "accompanied_by": guests})
    legs[-1]["end"] = "delivery"
    _leave_untouched(legs, dice)
    return legs


def _check_otherwise(legs: list[Words], seed: int) -> None:
    """Here and there the consignment is checked by sight alone where a leg ends."""
    dice = random.Random(f"{seed}/checks")  # noqa: S311 - a simulation again
    for leg in legs[:-1]:
        if dice.random() < 0.2:
            leg["checked_by"] = ["sight"]


def _call(state: str) -> Words:
    """A call at a port of this State."""
    return {"kind": "port", "place": "INVENTED port", "state": state}


def _leave_untouched(legs: list[Words], dice: random.Random) -> None:
    """Now and then nothing is touched in a State that is only called at, and where nobody travels along."""
    touched = {leg["state"] for leg in legs} | {one["state"] for leg in legs if leg["accompanied_by"] for one in leg["calls"]}
    for state in dict.fromkeys(one["state"] for leg in legs for one in leg["calls"]):
        if state not in touched and dice.random() < 0.6:
            for one in (one for leg in legs for one in leg["calls"] if one["state"] == state):
                one["not_touched"] = "stays_on_board"


def _touched(leg: Words) -> list[str]:
    return [one["state"] for one in leg["calls"] if "not_touched" not in one]


def _asks(service: str, says: str, dice: random.Random | None = None) -> Words:
    """A requirement; by two officers now and then."""
    return {"service": service, "says": says, "officers": 2 if dice is not None and dice.random() < 0.2 else 1}


def _at(name: str, step: str, state: str, requires: list[Words], **more: Any) -> Words:
    return {"id": name, "step": step, "state": state, "place": "INVENTED", "requires": requires, "due": "24h"} | more


def _before(route: list[str], legs: list[Words], dice: random.Random) -> list[Words]:
    found = []
    in_charge = [leg["responsible"] for leg in legs]
    for state in route:
        code = state.lower()
        backup = {"after": "20h", "to": f"{code}.police", "may_answer": dice.random() < 0.5 and f"{code}.police" not in in_charge}
        ladder = [backup, {"after": "30h", "to": "centre"}] if dice.random() < 0.5 else []
        asked = [_asks(f"{code}.prosecutor", "authorisation", dice)]
        more = {"due": "48h", "remind": ["24h"], "escalate": ladder}
        found.append(_at(f"consent-{code}", "authorise", state, asked, **more))
    first = legs[0]
    code = first["state"].lower()
    found.append(_at("preparation", "prepare", first["state"], [_asks(f"{code}.customs", "prepared", dice)]))
    leaves = [_asks(first["responsible"], "dispatched", dice), _asks(f"{legs[-1]['state'].lower()}.court", "ready")]
    return [*found, _at("departure", "dispatch", first["state"], leaves)]


def _on_the_way(legs: list[Words], dice: random.Random) -> list[Words]:
    found = []
    for before, after in pairwise(legs):
        moves = [_asks(before["responsible"], "handover_offer", dice), _asks(after["responsible"], "handover_acceptance", dice)]
        found.append(_at(before["end"], "hand_over", after["state"], moves, overdue=dice.choice(("hold", "interdict"))))
    last = legs[-1]
    end = _asks(last["responsible"], dice.choice(("delivered", "delivered", "interdiction")), dice)
    return [*found, _at("delivery", "deliver", last["state"], [end])]


def _after(states: list[str], legs: list[Words], dice: random.Random) -> list[Words]:
    teams = states[: dice.randint(1, 3)]
    found: list[Words] = []
    for number, state in enumerate(teams):
        waits = found[-1]["id"] if found and dice.random() < 0.4 else None
        found.append(_at(f"arrest-{number}", "arrest", state, [_asks(f"{state.lower()}.police", "arrest")], after=waits))
    if dice.random() < 0.5:
        ready = [_asks(f"{state.lower()}.police", "ready") for state in teams]
        found.append(_at("muster", "muster", teams[0], ready, due="6h"))
    last = legs[-1]
    found.append(_at("accounting", "account", last["state"], [_asks(last["responsible"], "seizure", dice)]))
    if dice.random() < 0.5:
        found.append(_at("closing", "close", last["state"], _closing(last["responsible"], dice), due="5d"))
    return found


def _closing(service: str, dice: random.Random) -> list[Words]:
    """What is said when everything is over; the goods go back now and then."""
    asked = [_asks("centre", "debrief"), _asks("centre", "costs")]
    return [*asked, _asks(service, "disposal")] if dice.random() < 0.5 else asked


def _by_guests(words: Words, dice: random.Random) -> None:
    """Now and then whoever travels along hands it over, in a State that must permit them to (R29); and where they do not, it is
    seized.
    """
    last, at = words["legs"][-1], next(one for one in words["checkpoints"] if one["step"] == "deliver")
    asked = at["requires"][0]
    if last["accompanied_by"] and asked["says"] == "delivered" and dice.random() < GUESTS:
        at["requires"] = [asked | {"service": dice.choice(last["accompanied_by"])}]
        at |= {"due": "10d", "overdue": "interdict"}


def _with_others(words: Words, dice: random.Random) -> Words:
    """Now and then with a second initiator, with a service that is told at the end alone, with another that has found it, with a
    question who prosecutes whom.
    """
    first, last = words["legs"][0]["responsible"], words["legs"][-1]
    if first != last["responsible"] and dice.random() < OTHERS:
        words["co_initiator"] = last["responsible"]
    doing = {one["service"] for at in words["checkpoints"] for one in at["requires"]}
    doing |= {rung["to"] for at in words["checkpoints"] for rung in at.get("escalate", ())}
    doing |= {service for leg in words["legs"] for service in (leg["responsible"], *leg["accompanied_by"])}
    idle = [name for state in STATES for kind in ("customs", "police") if (name := f"{state.lower()}.{kind}") not in doing]
    if idle and dice.random() < OTHERS:
        words["told_at_end"] = [{"service": dice.choice(idle), "reason": "INVENTED reason"}]
    finders = [one for kind in ("customs", "police") if (one := f"{words['legs'][0]['state'].lower()}.{kind}") != first]
    told = [one["service"] for one in words.get("told_at_end", ())]
    if dice.random() < OTHERS and finders[0] not in told:
        words["found_by"] = finders[0]
    for at in words["checkpoints"] if dice.random() < OTHERS else ():
        if at["step"] == "close":
            at["requires"].append(_asks(f"{last['state'].lower()}.prosecutor", "jurisdiction"))
    return words


def _with_agreements(words: Words, cards: dict[str, RuleCard], dice: random.Random) -> dict[str, RuleCard]:
    """The cards, of which now and then one wants the customs to agree to what its prosecutor decides; then they are asked."""
    wanted = Agreement.model_validate({"of": ["customs"], "decided_by": ["prosecutor"], "law": LAW})
    found = dict(cards)
    for at in words["checkpoints"]:
        if at["step"] == "authorise" and dice.random() < OTHERS:
            found[at["state"]] = cards[at["state"]].model_copy(update={"agreements": (wanted,)})
            at["requires"].append(_asks(f"{at['state'].lower()}.customs", "agreement"))
    return found


def _telling_results(cards: dict[str, RuleCard], dice: random.Random) -> dict[str, RuleCard]:
    """The cards, of which some want whoever permitted a measure to be told what it brought."""
    words = {"id": "result", "what": "the result is told", "after": "end_of_permission", "law": LAW}
    told = Duty.model_validate(words | dice.choice(({"within": "2d"}, {"usual": "3d"})))
    return {
        state: card.model_copy(update={"duties": (*card.duties, told)}) if dice.random() < OTHERS else card
        for state, card in cards.items()
    }


def _with_permissions(words: Words, cards: dict[str, RuleCard]) -> Plan:
    """The plan, asking the courts for what the cards want permitted by an act of its own; now and then for nothing."""
    plan = Plan.model_validate(words)
    for one in words["checkpoints"]:
        if one["step"] == "authorise" and plan.permissions(cards[one["state"]]):
            one["requires"].append(_asks(f"{one['state'].lower()}.court", "permission"))
    return Plan.model_validate(words)


def _with_deputies(plan: Plan, directory: Directory, cards: dict[str, RuleCard]) -> Plan:
    """The plan, in which the deputy of a prosecutor is the backup wherever by the card a police may not be."""
    words = plan.model_dump()
    for fault in backups(plan, directory, cards):
        _, at, _, rung, _ = fault.place.split(".")
        words["checkpoints"][int(at)]["escalate"][int(rung)]["to"] = f"{words['checkpoints'][int(at)]['state'].lower()}.deputy"
    return Plan.model_validate(words)
