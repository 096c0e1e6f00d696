"""The end of a delivery: teams muster, then strike together or, where they must not warn each other, one after another."""

from typing import Any

import pytest

from domain.delivery.decided import Closed, Opened
from domain.plan.plan import Plan
from domain.words.moments import utc_text
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import Simulated, World, simulate
from tests.course import became, brings, forbidden
from tests.support import Table, asks, example_cards, example_directory, example_plan, with_changes

IN_TURN = with_changes(arrest_almaty={"after": "arrest-tashkent"})
ARRESTS = ("arrest-tashkent", "arrest-almaty")


def mustering() -> Plan:
    """Almaty - Tashkent with a muster of both teams before the arrests."""
    found = example_plan().model_dump()
    muster = {"id": "muster", "step": "muster", "state": "UZ", "place": "Tashkent", "due": "4h"}
    muster["requires"] = asks("uz.police ready", "kz.knb ready")  # type: ignore[assignment]  # words of a plan
    return Plan.model_validate(found | {"checkpoints": [*found["checkpoints"], muster]})


def opens(table: Table, name: str) -> bool:
    """Whether it has opened; where it has not, a stranger does not believe that it has."""
    planned = table.plan.find(name)
    assert planned is not None
    if name not in table.delivery.state.progress:
        assert "nothing" in forbidden(table, Opened(checkpoint=name, due=utc_text(table.now + planned.due)))
    return name in table.delivery.state.progress


def test_arrests_without_an_order_open_together() -> None:
    """T-zero is one instant for all."""
    table = Table().deliver()
    assert table.is_open(*ARRESTS)
    assert len({table.at(name).opened for name in ARRESTS}) == 1


def test_arrest_that_waits_for_another_opens_only_when_that_one_has_closed() -> None:
    """It opens neither beside the other nor while that is open; an arrest that failed counts as over too."""
    table = Table(IN_TURN).deliver()
    assert table.is_open("arrest-tashkent")
    assert not opens(table, "arrest-almaty")
    table.say("uz.police", "no_arrest", "arrest-tashkent")
    assert table.is_closed("arrest-tashkent")
    assert opens(table, "arrest-almaty")


def test_team_that_must_wait_and_strikes_all_the_same_is_heard_once_it_is_its_turn() -> None:
    """What it says too soon is kept as early and counts when its checkpoint opens."""
    table = Table(IN_TURN).deliver()
    assert became(table.say("kz.knb", "arrest_made", "arrest-almaty")) == ("early", "R17")
    assert table.delivery.state.arrested == ()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    assert table.is_closed("arrest-almaty")
    assert len(table.delivery.state.arrested) == 2


def test_arrests_open_only_after_the_muster() -> None:
    """Every team says that it is ready before one of them strikes."""
    table = Table(mustering()).deliver()
    assert table.is_open("muster")
    assert not opens(table, "arrest-tashkent")
    table.say("uz.police", "ready", "muster")
    assert not opens(table, "arrest-tashkent")
    assert "nothing" in forbidden(table, Closed(checkpoint="muster", result="satisfied"))
    assert "nothing" in forbidden(table, Closed(checkpoint="muster", result="unanswered"))
    table.say("kz.knb", "ready", "muster")
    assert table.is_closed("muster")
    assert table.is_open(*ARRESTS)


def test_team_that_does_not_muster_in_time_holds_up_nobody() -> None:
    """Its silence is recorded, and the others strike."""
    table = Table(mustering()).deliver()
    table.say("uz.police", "ready", "muster")
    assert [name for name in brings(table, hours=4) if name != "told"] == ["silence", "closed", "opened", "opened"]
    assert table.delivery.state.progress["muster"].result == "unanswered"
    assert table.is_open(*ARRESTS)
    assert table.delivery.state.halt is None


def test_muster_is_not_opened_before_the_delivery() -> None:
    """Teams are not called together for what may never arrive."""
    table = Table(mustering()).dispatch().hand_over()
    assert table.is_open("delivery")
    assert not opens(table, "muster")


def told(plan: Plan, *acts: dict[str, Any]) -> Simulated:
    """The delivery in the simulator."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": acts})
    done = simulate(World(plan, example_directory(), example_cards(), scenario, 1, restart_chance=0.3))
    Checker(plan).check(done.delivery.ledger.entries)
    assert done.delivery.state.outcome == "delivered_with_arrests"
    return done


def opened_at(done: Simulated, name: str) -> str:
    """When the checkpoint opened."""
    return utc_text(done.delivery.state.every_checkpoint()[name].opened)


@pytest.mark.parametrize("plan", [example_plan(), IN_TURN], ids=["together", "in turn"])
def test_a_simulated_delivery_lets_the_teams_strike_together_or_in_turn(plan: Plan) -> None:
    """They strike at the same instant without an order, and one later than the other with one."""
    done = told(plan)
    same = opened_at(done, "arrest-tashkent") == opened_at(done, "arrest-almaty")
    assert same == (plan is not IN_TURN)


def test_a_simulated_delivery_musters_and_goes_on_without_who_is_silent() -> None:
    """One team never says that it is ready; after four hours the arrests begin."""
    done = told(mustering(), {"service": "kz.knb", "at": "muster"})
    assert done.delivery.state.progress["muster"].result == "unanswered"


def test_a_simulated_delivery_goes_round_a_chain_of_arrests_in_its_order() -> None:
    """Almaty comes after Tashkent, whichever stands first in the plan."""
    found = IN_TURN.model_dump()
    turned = Plan.model_validate(found | {"checkpoints": found["checkpoints"][::-1]})
    done = told(turned)
    assert opened_at(done, "arrest-tashkent") < opened_at(done, "arrest-almaty")
