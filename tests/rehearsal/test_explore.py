import pytest

from domain.rules.hold import HoldRequested
from rehearsal.explore import explore, explore_changes, plans_of, replacing, small_plan
from rehearsal.scenario import Scenario
from rehearsal.simulator import World
from tests.support import example_cards, example_directory, example_plan


def world() -> World:
    """Everyone answers as asked, at once: the explorer decides when."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1ms", "slowest": "1ms"}})
    return World(small_plan(example_plan()), example_directory(), example_cards(), scenario, 1)


@pytest.mark.slow
def test_every_interleaving_of_a_small_delivery_holds() -> None:
    """All orders of answers, and a stop at any point: no invariant breaks, and every path has one outcome."""
    explored = explore(world(), "uz.prosecutor", patience=0)

    assert explored.positions > 200
    assert {"delivered_with_arrests", "interdicted_early", "stopped_before_departure"} == set(explored.outcomes)


@pytest.mark.slow
def test_whoever_is_replaced_while_it_is_held_holds_nothing_up() -> None:
    """R22: at every position, before a hold, in it and after; the question goes to the successor, and the delivery to its end."""
    small = world()
    found = explore_changes(small, replacing(plans_of(small)), "uz.customs", patience=0, brake=HoldRequested)
    made = {name for name, count in found.made.items() if count}
    assert {"kz.prosecutor replaced after consent-kz, KZ asked afresh", "uz.customs replaced after consent-uz"} <= made
    assert set(found.outcomes) == {"delivered_with_arrests"}


@pytest.mark.slow
def test_each_twentieth_change_of_a_small_plan_at_every_wait_leaves_a_delivery_that_goes_on() -> None:
    """R22: `make whole` tries all."""
    small = world()
    found = explore_changes(small, plans_of(small)[::20], None, patience=0)

    assert found.made
    assert found.refused
    assert set(found.outcomes) <= {"delivered_with_arrests", "returned_to_sender", "interdicted_as_planned"}


@pytest.mark.whole
def test_every_change_of_a_small_plan_at_every_wait_leaves_a_delivery_that_goes_on() -> None:
    """R22: at every position, each change of each field is refused whole or leads to an end. `make campaign` lets time pass."""
    small = world()
    plans = plans_of(small)
    found = explore_changes(small, plans, None, patience=0)
    tried = {*found.made, *found.refused}

    assert {name for name, _ in plans} == tried
    assert {
        "one more at arrest",
        "UZ asked afresh",
        "uz.customs replaced",
        "flight in two",
        "checkpoints.6.due = 2 days, 0:00:00",
        "checkpoints.0.requires and 0 once more, service = kz.knb",
        "contingencies.extension = 1 day, 0:00:00",
    } <= {name for name, count in found.made.items() if count}
    assert {"nothing", "kz.police replaced", "operation = walked-name"} <= {one for one in tried if not found.made[one]}
    assert found.refused["flight in two, KZ not asked"]  # unless it has not been asked at all yet
    # What the changed plan uses as well is taken only where those who are still asked can permit it.
    assert found.made["uses given 0"]
    assert found.refused["uses given 0"]
    assert {"delivered_with_arrests", "returned_to_sender", "interdicted_as_planned"} == set(found.outcomes)
