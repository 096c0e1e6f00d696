"""Groups of three consignments with different fates in virtual time (R31)."""

from datetime import timedelta

import pytest

from rehearsal.__main__ import run_group, world
from rehearsal.groups import check_group, group_of, simulate_group
from rehearsal.invariants import BrokenInvariantError
from rehearsal.scenario import Act
from rehearsal.simulator import World
from tests.groups import OIL, group_plans
from tests.support import example_cards, example_directory


@pytest.mark.parametrize("seed", [1, 2, pytest.param(range(3, 23), marks=pytest.mark.slow)])
def test_r31_every_invariant_holds_of_a_group_full_of_trouble(seed: int | range) -> None:
    """Each ends, each gram is accounted for, no arrest comes before those that it waits for, and each packet verifies."""
    failures = [run_group(one) for one in ([seed] if isinstance(seed, int) else seed)]
    assert not [one.failure for one in failures if one.failure]


def test_who_is_silent_on_taking_proceedings_over_halts_nothing() -> None:
    """Seed 261: a State is asked to take proceedings over, and twice; what it does not answer closes unanswered (R29)."""
    assert not run_group(261).failure


def test_what_was_seized_before_it_was_received_is_received_by_nobody() -> None:
    """Seed 33: what is held back is offered by its finder, and recovered before that is accepted (R30)."""
    assert not run_group(33).failure


@pytest.mark.slow
def test_the_same_seed_gives_the_same_group() -> None:
    """A failure can be repeated: the plans, and the outcome of each."""
    base = world(5)
    assert group_of(base.plan, base.directory, base.cards, 5) == group_of(base.plan, base.directory, base.cards, 5)
    assert run_group(5) == run_group(5)


def test_an_arrest_that_came_too_soon_is_found_by_the_invariants(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rule taken out of the checklist, somebody is arrested before the teams of the sibling are ready."""
    monkeypatch.setattr("domain.rules.course.lacking", lambda _delivery, _planned: ())
    base = world(2)
    worlds = [
        World(one, example_directory(), example_cards(), base.scenario.model_copy(update={"acts": (), "changes": ()}), 2)
        for one in group_plans()
    ]
    done = simulate_group(worlds)

    assert OIL == done[0].delivery.plan.operation
    with pytest.raises(BrokenInvariantError, match="R31: arrest-"):
        check_group(done)


def test_who_goes_on_though_life_is_at_risk_in_one_that_was_stopped_is_found_by_the_invariants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An incident comes half an hour after a stop: told of the stop alone, the others go on; told of the danger, none does."""
    base = world(2)
    quiet = base.scenario.model_copy(update={"acts": (), "changes": ()})
    stop = Act(service="kz.police", at="delivery", says="stop_requested", after=timedelta(hours=1))
    danger = Act(service="kz.police", at="delivery", says="incident", details={"risk_to_life": True}, after=timedelta(minutes=90))
    troubled = quiet.model_copy(update={"acts": (stop, danger)})
    worlds = [
        World(one, example_directory(), example_cards(), troubled if one.operation == OIL else quiet, 2) for one in group_plans()
    ]
    check_group(simulate_group(worlds))
    monkeypatch.setattr("domain.record.siblings._says_danger", lambda _sibling, _event: False)

    with pytest.raises(BrokenInvariantError, match="R14: it went on, and in motor-oil-1 life was at risk"):
        check_group(simulate_group(worlds))
