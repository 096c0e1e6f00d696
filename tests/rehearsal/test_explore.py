from domain.plan.plan import Plan
from rehearsal.explore import explore
from rehearsal.scenario import Scenario
from rehearsal.simulator import World
from tests.support import example_cards, example_directory, example_plan


def small_plan() -> Plan:
    """Two States, an authority in charge and a prosecutor of each: the least that crosses a border (R7 wants two voices)."""
    plan = example_plan().model_dump()
    asks = {
        "consent-kz": [("kz.prosecutor", "authorisation")],
        "consent-uz": [("uz.customs", "authorisation"), ("uz.prosecutor", "authorisation")],
        "preparation": [("kz.customs", "prepared")],
        "departure": [("kz.customs", "dispatched")],
        "tashkent-airport": [("kz.customs", "handover_offer"), ("uz.customs", "handover_acceptance")],
        "delivery": [("uz.customs", "delivered")],
        "arrest-tashkent": [("uz.customs", "arrest")],
        "accounting": [("uz.customs", "seizure")],
    }
    kept = [one for one in plan["checkpoints"] if one["id"] in asks]
    for one in kept:
        one["requires"] = [{"service": service, "says": says} for service, says in asks[one["id"]]]
        one["remind"] = ()
    return Plan.model_validate(plan | {"checkpoints": kept, "initiator": "kz.customs", "coordinator": None})


def world() -> World:
    """Everyone answers as asked, at once: the explorer decides when."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1ms", "slowest": "1ms"}})
    return World(small_plan(), example_directory(), example_cards(), scenario, 1)


def test_every_interleaving_of_a_small_delivery_holds() -> None:
    """All orders of answers, and a stop at any point: no invariant breaks, and every path has one outcome."""
    explored = explore(world(), "uz.prosecutor", patience=0)

    assert explored.positions > 200
    assert {"delivered_with_arrests", "interdicted_early", "withdrawn"} == set(explored.outcomes)
