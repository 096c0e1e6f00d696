"""The end of a delivery: teams muster, then strike together or, where they must not warn each other, one after another."""

from typing import Any

import pytest
from domain.rules.rules import due_at

from domain.delivery.events import Closed, Opened
from domain.plan.plan import Plan
from domain.words.moments import utc_text
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import Simulated, World, simulate
from tests.course import became, forbidden, handed_over, let_time_bring, opened
from tests.support import Table, asks, example_cards, example_directory, example_plan, with_changes

IN_TURN = with_changes(arrest_almaty={"after": "arrest-tashkent"})


def mustering() -> Plan:
    """Almaty - Tashkent with a muster of both teams before the arrests."""
    found = example_plan().model_dump()
    muster = {"id": "muster", "step": "muster", "state": "UZ", "place": "Tashkent", "due": "4h"}
    muster["requires"] = asks("uz.police ready", "kz.knb ready")  # type: ignore[assignment]  # words of a plan
    return Plan.model_validate(found | {"checkpoints": [*found["checkpoints"], muster]})


def delivered(plan: Plan) -> Table:
    """It has reached its recipient."""
    table = opened(handed_over(Table(plan).approach()), "delivery")
    table.say("uz.customs", "delivered", "delivery")
    table.close("delivery")
    return table


def may_open(table: Table, name: str) -> Opened:
    """What the story would record to open it."""
    return Opened(checkpoint=name, due=due_at(table.delivery, name, table.now))


def test_arrests_without_an_order_open_together() -> None:
    """T-zero is one instant for all."""
    opened(delivered(example_plan()), "arrest-tashkent", "arrest-almaty")


def test_arrest_that_waits_for_another_opens_only_when_that_one_has_closed() -> None:
    """Not beside it, not while it is open; an arrest that failed counts as over too."""
    table = delivered(IN_TURN)
    assert forbidden(table, may_open(table, "arrest-almaty")) == "R17"
    table.open("arrest-tashkent")
    assert forbidden(table, may_open(table, "arrest-almaty")) == "R17"
    table.say("uz.police", "no_arrest", "arrest-tashkent")
    assert forbidden(table, may_open(table, "arrest-almaty")) == "R17"
    table.close("arrest-tashkent")
    table.open("arrest-almaty")


def test_team_that_must_wait_and_strikes_all_the_same_is_heard_once_it_is_its_turn() -> None:
    """What it says too soon is kept as early and counts when its checkpoint opens."""
    table = opened(delivered(IN_TURN), "arrest-tashkent")
    assert became(table.say("kz.knb", "arrest_made", "arrest-almaty")) == ("early", None)
    assert table.delivery.state.arrested == 0
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.close("arrest-tashkent")
    table.open("arrest-almaty")
    assert table.delivery.state.arrested == 2


def test_arrests_open_only_after_the_muster() -> None:
    """Every team has said that it is ready, or its time has passed."""
    table = delivered(mustering())
    assert forbidden(table, may_open(table, "arrest-tashkent")) == "R17"
    table.open("muster")
    table.say("uz.police", "ready", "muster")
    assert forbidden(table, may_open(table, "arrest-tashkent")) == "R17"
    assert forbidden(table, Closed(checkpoint="muster", result="satisfied")) == "R17"
    assert forbidden(table, Closed(checkpoint="muster", result="unanswered")) == "R2"
    table.say("kz.knb", "ready", "muster")
    table.close("muster")
    table.open("arrest-tashkent", "arrest-almaty")


def test_team_that_does_not_muster_in_time_holds_up_nobody() -> None:
    """Failing one team must not stop the others: its silence is recorded, and they strike."""
    table = opened(delivered(mustering()), "muster")
    table.say("uz.police", "ready", "muster")
    table.pass_time(hours=4)
    assert let_time_bring(table) == ("silence",)
    table.record(Closed(checkpoint="muster", result="unanswered"))
    table.open("arrest-tashkent", "arrest-almaty")
    assert table.delivery.state.halt is None


def test_muster_is_not_opened_before_the_delivery() -> None:
    """Teams are not called together for what may never arrive."""
    table = handed_over(Table(mustering()).approach())
    due = utc_text(table.now)
    assert forbidden(table, Opened(checkpoint="muster", due=due)) == "R17"


def told(plan: Plan, *acts: dict[str, Any]) -> Simulated:
    """The story in the simulator."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": acts})
    done = simulate(World(plan, example_directory(), example_cards(), scenario, 1, restart_chance=0.3))
    Checker(plan).check(tuple(done.delivery.ledger))
    assert done.delivery.state.outcome == "delivered_with_arrests"
    return done


def opened_at(done: Simulated, name: str) -> str:
    """When the checkpoint opened."""
    return utc_text(done.delivery.state.progress[name].opened)


@pytest.mark.parametrize("plan", [example_plan(), IN_TURN], ids=["together", "in turn"])
def test_the_story_lets_the_teams_strike_together_or_in_turn(plan: Plan) -> None:
    """Told in the simulator: the same instant without an order, later with one."""
    done = told(plan)
    same = opened_at(done, "arrest-tashkent") == opened_at(done, "arrest-almaty")
    assert same == (plan is not IN_TURN)


def test_the_story_musters_and_goes_on_without_who_is_silent() -> None:
    """Told in the simulator: one team never says that it is ready; after four hours the arrests begin."""
    done = told(mustering(), {"service": "kz.knb", "at": "muster"})
    assert done.delivery.state.progress["muster"].result == "unanswered"


def test_the_story_goes_round_a_chain_of_arrests_in_its_order() -> None:
    """Almaty after Tashkent, whichever stands first in the plan."""
    found = IN_TURN.model_dump()
    turned = Plan.model_validate(found | {"checkpoints": found["checkpoints"][::-1]})
    done = told(turned)
    assert opened_at(done, "arrest-tashkent") < opened_at(done, "arrest-almaty")
