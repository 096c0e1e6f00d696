import pytest

from rehearsal.explore import explore, explore_changes, small_plan
from rehearsal.scenario import Scenario
from rehearsal.simulator import World
from tests.support import example_cards, example_directory, example_plan


def world() -> World:
    """Everyone answers as asked, at once: the explorer decides when."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1ms", "slowest": "1ms"}})
    return World(small_plan(example_plan()), example_directory(), example_cards(), scenario, 1)


def test_every_interleaving_of_a_small_delivery_holds() -> None:
    """All orders of answers, and a stop at any point: no invariant breaks, and every path has one outcome."""
    explored = explore(world(), "uz.prosecutor", patience=0)

    assert explored.positions > 200
    assert {"delivered_with_arrests", "interdicted_early", "withdrawn"} == set(explored.outcomes)


@pytest.mark.slow
def test_every_change_of_a_small_plan_at_every_wait_leaves_a_delivery_that_goes_on() -> None:
    """R22: at every position, time having passed once or not at all, each change is refused whole or leads to an end."""
    found = explore_changes(world(), None, patience=1)
    tried = {*found.made, *found.refused}

    assert len(tried) > 40
    assert {"one more at arrest", "UZ asked afresh", "uz.prosecutor replaced", "more time at delivery", "flight in two"} <= set(
        found.made
    )
    assert {"nothing", "kz.customs replaced"} <= tried - set(found.made)
    assert "flight in two, KZ not asked" in found.refused  # unless it has not been asked at all yet
    assert {"delivered_with_arrests"} == set(found.outcomes)
    assert all(reason.startswith("R22: ") for reason in found.reasons)
