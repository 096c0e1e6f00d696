"""A leg says how the consignment is checked where it ends, where that is otherwise than the consignment says (R7)."""

from typing import Any

import pytest

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.views.asked import inbox
from tests.course import became, code
from tests.support import Table, example_cards, example_directory, example_plan

SEAL = [{"number": "KZ0048213", "security": "H"}]
OTHER = [{"number": "KZ9999999", "security": "H"}]


def plan(leg: int = 0, by: tuple[str, ...] = ("seals",), **more: Any) -> Plan:
    """Almaty - Tashkent, in which one leg is checked so at its end."""
    words = example_plan().model_dump()
    words["legs"][leg]["checked_by"] = by
    return Plan.model_validate(words | more)


def on_the_way(changed: Plan) -> Table:
    """It has left, weighed and sealed."""
    table = Table(changed).consent()
    table.say("kz.police", "prepared", "preparation", gross="13.9 kg", seals=SEAL)
    table.say("kz.knb", "ready", "preparation")
    table.say("kz.police", "dispatched", "departure")
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    table.pass_time(hours=1)
    return table


def test_who_hands_over_is_asked_by_which_checks() -> None:
    """By the leg's at its end; anywhere else by the consignment's."""
    table = on_the_way(plan())
    (asked,) = [one for one in inbox(table.delivery, "kz.police", table.now) if one.checkpoint == "tashkent-airport"]
    assert ("seals",) == asked.facts.checked_by
    assert ("weight", "seals") == table.plan.checked_at("preparation") == table.plan.checked_at(None)


def test_r7_it_is_checked_by_exactly_that_and_what_is_not_checked_stays_known() -> None:
    """A weight that nobody is asked for is refused; the weight of the preparation is what is known after the handover."""
    table = on_the_way(plan())
    weighed = {"gross": "13.9 kg", "seals": SEAL}
    assert "checked_otherwise" == code(table.say("kz.police", "handover_offered", "tashkent-airport", **weighed))
    assert became(table.say("kz.police", "handover_offered", "tashkent-airport", gross=None, seals=SEAL)) == ("accepted", None)
    taken = {"gross": None, "seals": SEAL, "seals_intact": True}
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport", **taken)) == ("accepted", None)
    custody = table.delivery.state.custody
    assert "uz.customs" == table.delivery.state.responsible
    assert custody is not None
    assert 13_900_000 == custody.gross


def test_r7_what_is_checked_must_fit_and_what_is_not_stays_after_a_decision() -> None:
    """Another seal is a discrepancy; after the decision to go on it is the new one, and the weight is the old one."""
    table = on_the_way(plan())
    table.say("kz.police", "handover_offered", "tashkent-airport", gross=None, seals=OTHER)
    assert table.delivery.state.discrepancy is not None
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "tashkent-airport.decision.1", proceed=True, reason="changed by the carrier")
    custody = table.delivery.state.custody
    assert custody is not None
    assert (13_900_000, "KZ9999999") == (custody.gross, custody.seals[0].number)


def test_r7_by_sight_alone_the_seals_of_the_preparation_stay_known() -> None:
    """Nobody looks at them there, and a later check would find them."""
    watch = {"check_in": "PT6H", "answer": "PT2H", "search": "PT12H"}
    table = on_the_way(plan(by=("sight",), surveillance=watch))
    seen = {"gross": None, "seals": (), "in_sight": False}
    table.say("kz.police", "handover_offered", "tashkent-airport", **seen)
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "tashkent-airport.decision.1", proceed=True, reason="seen by another team")
    custody = table.delivery.state.custody
    assert table.delivery.state.discrepancy is None
    assert custody is not None
    assert ["KZ0048213"] == [one.number for one in custody.seals]


@pytest.mark.parametrize(
    ("leg", "by", "place", "problem"),
    [
        (0, ("seals", "seals"), "legs.0.checked_by.1", "R7: seals stands twice"),
        (0, ("count",), "legs.0.checked_by.0", "R7: count is not among what the consignment is checked by"),
        (0, ("sight",), "legs.0.checked_by", "R7: it is checked by sight alone, and nobody is asked to watch it"),
        (1, ("seals",), "legs.1.checked_by", "R7: nothing is handed over at delivery"),
    ],
)
def test_r7_what_a_leg_cannot_check_is_a_fault(leg: int, by: tuple[str, ...], place: str, problem: str) -> None:
    """Twice, what nobody recorded, unwatched, and where nothing is handed over."""
    faults = [(one.place, one.problem) for one in faults_in(plan(leg, by), example_directory(), example_cards())]
    assert [place] == [where for where, _ in faults]
    assert faults[0][1].startswith(problem)


def test_a_plan_whose_legs_say_nothing_is_the_plan_it_was() -> None:
    """Its digest does not change."""
    assert "checked_by" not in example_plan().model_dump(mode="json")["legs"][0]
