import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from domain.packet import verify
from rehearsal import __main__ as campaign
from rehearsal.chaos import TROUBLES
from rehearsal.clock import EPOCH, DeadlockError, VirtualTimeLoop, run
from rehearsal.invariants import BrokenInvariantError, Checker
from rehearsal.scenario import Scenario
from rehearsal.services import lines
from rehearsal.simulator import World, simulate
from tests.support import SCENARIOS, Table, example_cards, example_directory, example_scenario

SEEDS = 2000


def world(name: str, seed: int = 1, restart_chance: float = 0.0) -> World:
    """A scenario of `examples/` as the simulator takes it."""
    plan, scenario = example_scenario(name)
    return World(plan, example_directory(), example_cards(), scenario, seed, restart_chance)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_example_ends_in_the_simulator_as_its_scenario_says(name: str) -> None:
    """The same story that runs on Temporal, told in virtual time, ends as expected; its packet verifies."""
    chosen = world(name)
    done = simulate(chosen)

    assert chosen.scenario.expect is not None
    assert chosen.scenario.expect.outcome == verify(done.packet).outcome
    Checker(chosen.plan).check(tuple(done.delivery.ledger))


def test_two_thousand_seeds_of_chaos_break_no_invariant() -> None:
    """Refusals, silence, mismeasurement, stops, forgeries and restarts: no rule is ever broken, every packet verifies."""
    results = list(campaign.run_many(range(SEEDS)))
    failures = [f"make simulate SEED={one.seed}  # {one.failure}" for one in results if one.failure]
    outcomes = Counter(one.outcome for one in results)

    assert [] == failures
    assert {"delivered_with_arrests", "refused", "expired", "withdrawn", "interdicted_early"} <= set(outcomes)


def test_one_seed_is_one_course() -> None:
    """The same seed gives the same ledger to the last byte, and another seed gives another."""
    heads = [simulate(world("almaty-tashkent", seed)).delivery.ledger.head for seed in (7, 7, 8)]

    assert heads[0] == heads[1]
    assert heads[0] != heads[2]


def test_restarts_at_checkpoint_boundaries_lose_nothing() -> None:
    """A story that is begun again from its ledger at every boundary still ends as it should: nothing hides outside the ledger."""
    done = simulate(world("moscow-vector", restart_chance=0.5))

    assert done.restarts > 3
    assert "delivered_with_arrests" == done.delivery.outcome


def test_every_kind_of_trouble_comes_up() -> None:
    """The chaos draws each of its troubles within a few hundred seeds, so none is a dead letter."""
    seen = {act.says for seed in range(300) for act in campaign.world(seed).scenario.acts}

    assert {None, "stop_requested", "authorisation_refused", "authorisation_withdrawn", "handover_declined"} <= seen
    assert len(TROUBLES) > 10


def test_the_checker_catches_what_the_rules_would_not() -> None:
    """A ledger that is cut before its end breaks R12, whoever wrote it: the net is not the code it guards."""
    chosen = world("almaty-tashkent")
    entries = tuple(simulate(chosen).delivery.ledger)

    with pytest.raises(BrokenInvariantError, match="R12"):
        Checker(chosen.plan).check(entries[:-1])


def test_virtual_days_pass_in_no_time() -> None:
    """Timers fire at their exact virtual instant; the wall clock does not move with them."""
    loop = VirtualTimeLoop()

    async def two_days() -> datetime:
        await asyncio.sleep(timedelta(days=2).total_seconds())
        return loop.now()

    began = datetime.now(UTC)

    assert EPOCH + timedelta(days=2) == run(two_days(), loop)
    assert datetime.now(UTC) - began < timedelta(seconds=5)


def test_a_wait_that_nothing_can_end_is_found() -> None:
    """A deadlock is an error of its own, not a hang."""
    loop = VirtualTimeLoop()

    async def for_ever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError):
        run(for_ever(), loop)


def test_a_simulated_service_says_the_same_to_the_same_request() -> None:
    """Asked twice (after a crash), it makes the same statement with the same id: nothing is counted twice."""
    from domain.requests import request  # noqa: PLC0415

    table = Table()
    table.open("consent-kz")
    asked = request(table.delivery, "consent-kz", "kz.prosecutor")
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1h", "slowest": "2h"}})

    assert lines(asked, scenario, 1, EPOCH) == lines(asked, scenario, 1, EPOCH)
