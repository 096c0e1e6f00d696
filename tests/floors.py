"""Rows of a watch floor as there are many at night: on every part of the way, with everything that can be wrong. Invented."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.views.glance import Glance, LegAhead, Pending, Shortfall
from domain.words.moments import utc_text

NAMES = ("tulip", "marmot", "kulan", "saiga", "poplar", "cedar", "ibex", "falcon", "heron", "amu", "argali", "jerboa", "juniper")
STATES = ("KZ", "UZ", "KG", "TJ", "RU", "BY", "AZ", "LV", "EE")
GOODS = ("Truck", "Mail", "Air cargo", "Rail", "Express parcel", "Car", "Container", "Passenger")
TOWNS = ("Dushanbe", "Riga", "Osh", "Almaty", "Minsk", "Bishkek", "Baku", "Tashkent", "Tallinn", "Samara")
SUPERVISED_BY = "kz.knb"


def glance_of(name: str, now: datetime, **changed: Any) -> Glance:
    """An ordinary delivery: on the first of two legs, waiting for the handover at the border in five hours."""
    usual: dict[str, Any] = {
        "delivery": name,
        "at": utc_text(now),
        "title": f"Truck, {name}",
        "started_at": utc_text(now - timedelta(days=1)),
        "whole": (SUPERVISED_BY,),
        "phase": "under_way",
        "outcome": None,
        "way": (
            LegAhead(state="KZ", responsible="kz.customs", takes=36_000),
            LegAhead(state="UZ", responsible="uz.customs", takes=7_200),
        ),
        "leg": 0,
        "left_at": utc_text(now - timedelta(hours=4)),
        "arrived": False,
        "holder": "kz.customs",
        "seen_at": utc_text(now - timedelta(hours=1)),
        "waits": (wait(now, "uz.customs", 5),),
        "halted": None,
        "at_risk": False,
        "to_seize": False,
        "held_by": None,
        "lost_since": None,
        "differs": (),
        "diverged": False,
        "shortest": None,
    }
    return Glance(**(usual | changed))


def wait(now: datetime, service: str, hours: float | None, needs: str = "handover_acceptance", **more: Any) -> Pending:
    """An open checkpoint that is due so many hours from now."""
    given: dict[str, Any] = {
        "checkpoint": "border",
        "contingency": None,
        "needs": needs,
        "services": (service,),
        "since": utc_text(now - timedelta(hours=6)),
        "due": utc_text(now + timedelta(hours=hours)) if hours is not None else None,
        "silent": hours is not None and hours <= 0,
        "climbed": 1 if hours is not None and hours < 2 else 0,
        "rungs": 2,
        "next_rung": None,
        "then": "nothing",
    }
    return Pending(**(given | more))


def trouble(kind: str, now: datetime) -> dict[str, Any]:
    """What makes a row stand where it does."""
    ago = utc_text(now - timedelta(minutes=52))
    match kind:
        case "to_seize":
            waits = (
                wait(
                    now,
                    "kz.customs",
                    None,
                    "interdiction",
                    contingency="interdiction",
                    rungs=0,
                    services=("kz.customs", "kz.police"),
                ),
            )
            return {"halted": "stop", "to_seize": True, "phase": "halted", "waits": waits}
        case "lost":
            return {
                "lost_since": ago,
                "waits": (wait(now, "kz.police", 0.14, "sighting", contingency="search", then="out_of_sight"),),
            }
        case "overdue":
            return {"waits": (wait(now, "uz.customs", -3.2, climbed=2),)}
        case "diverged":
            return {"diverged": True}
        case "held":
            return {
                "held_by": "kz.police",
                "phase": "held",
                "waits": (wait(now, "kz.police", 9, "hold_decision", contingency="hold", then="halts"),),
            }
        case "differs":
            waits = (wait(now, "uz.prosecutor", 9.5, "movement_decision", contingency="decision"),)
            return {"waits": waits}
        case "consent":
            valid, needed = utc_text(now + timedelta(hours=3.4)), utc_text(now + timedelta(hours=4.8))
            return {"shortest": Shortfall(state="UZ", service="uz.prosecutor", valid_until=valid, needed_until=needed)}
        case "due_soon":
            return {"waits": (wait(now, "uz.customs", 0.6),)}
        case "unreachable":
            return {"waits": (wait(now, "uz.customs", 7, unreachable=("uz.customs",)),)}
        case _:
            return {}


KINDS = ("to_seize", "lost", "overdue", "diverged", "held", "consent", "due_soon", "unreachable")


def night(count: int, now: datetime, seed: int = 1) -> Iterator[Glance]:
    """So many open deliveries, one in six of them in trouble; drawn, and the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311
    for number in range(count):
        states = draw.sample(STATES, draw.randint(2, 5))
        way = tuple(LegAhead(state=one, responsible=f"{one.lower()}.customs", takes=draw.randint(2, 40) * 3600) for one in states)
        leg = draw.choice([None, *range(len(way))])
        here, ahead = way[leg or 0], way[min((leg or 0) + 1, len(way) - 1)]
        arrived = leg == len(way) - 1 and draw.random() < 0.4
        needs = "authorisation" if leg is None else "seizure" if arrived else "handover_acceptance"
        given: dict[str, Any] = {
            "title": f"{draw.choice(GOODS)}, {draw.choice(TOWNS)} to {draw.choice(TOWNS)}",
            "started_at": utc_text(now - timedelta(minutes=draw.randint(60, 9000))),
            "way": way,
            "leg": leg,
            "arrived": arrived,
            "left_at": utc_text(now - timedelta(minutes=draw.randint(5, here.takes // 60))) if leg is not None else None,
            "holder": here.responsible,
            "seen_at": utc_text(now - timedelta(minutes=draw.randint(5, 600))),
            "phase": "consent" if leg is None else "accounting" if arrived else "under_way",
            "waits": (wait(now, ahead.responsible, draw.randint(130, 3000) / 60, needs, more=draw.choice([0, 0, 1])),),
        }
        kind = draw.choice(KINDS) if draw.random() < 1 / 6 else ""
        yield glance_of(f"{draw.choice(NAMES)}-{number + 1}", now, **(given | trouble(kind, now)))
