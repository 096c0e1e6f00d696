from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rehearsal.forecast import BINS, Failure, RunEstimate, course, forecast
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from rehearsal.trials import FEW, Trials
from tests.support import example_cards, example_directory, example_plan

PLAN = example_plan()


def world(*acts: dict[str, Any], **fields: Any) -> World:
    """Almaty - Tashkent in which everyone answers after exactly an hour, but for these acts."""
    settings = {"vigil": "scenario/1", "pace": {"fastest": "1h", "slowest": "1h"}, "acts": acts} | fields
    return World(PLAN, example_directory(), example_cards(), Scenario.model_validate(settings), seed=1)


def course_of(*acts: dict[str, Any], **fields: Any) -> RunEstimate:
    """What one such delivery amounts to."""
    return course(1, simulate(world(*acts, **fields)).delivery)


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


def lasting(seed: int, number: float, *, delivered: bool = True, **fields: Any) -> RunEstimate:
    """A course that took so many hours."""
    outcome = "delivered_with_arrests" if delivered else "interdicted_early"
    return RunEstimate(seed, outcome, hours(number), delivered, **fields)  # type: ignore[arg-type]  # fields by name


def test_a_checkpoint_waits_from_its_opening_or_from_the_planned_arrival() -> None:
    """An hour at a consent; at the airport the flight of ten hours is no waiting, offer and acceptance are."""
    found = course_of()

    assert {name: (hours(1),) for name in ("consent-kz", "consent-uz", "delivery", "debrief")}.items() <= found.waits.items()
    assert hours(2) - found.waits["tashkent-airport"][0] < timedelta(seconds=2)
    assert found.lasted is not None
    assert timedelta() <= found.lasted - hours(1 + 1 + 1 + 1 + 10 + 2 + 18 + 1 + 1 + 1) < timedelta(seconds=10)


def test_only_who_is_waited_for_alone_keeps_the_others_waiting() -> None:
    """Two prosecutors who answer together keep nobody waiting; one who takes ten hours longer keeps the others ten hours. Who
    signs that the register is looked into, an hour after it was reported what was found, is waited for alone.
    """
    look: dict[str, object] = {"says": "deconfliction", "fastest": "2h", "slowest": "2h"}
    together = course_of(paces=[look])
    slow = course_of(paces=[look, {"says": "authorisation", "service": "uz.prosecutor", "fastest": "11h", "slowest": "11h"}])

    assert together.waited_for.get("uz.prosecutor", timedelta()) < timedelta(seconds=2)
    assert abs(slow.waited_for["uz.prosecutor"] - hours(10)) < timedelta(seconds=2)
    assert hours(1) == together.waited_for["kz.prosecutor"] == slow.waited_for["kz.prosecutor"]


def test_consents_that_are_extended_and_what_is_left_of_them() -> None:
    """A consent that ends too early is asked to run longer; the other outlasts the way with its margin."""
    brief = {"valid_until": "2022-03-03T06:00:00Z"}
    found = course_of({"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_granted", "details": brief})
    forecasted = forecast(PLAN, [found])

    assert ("uz.prosecutor",) == found.extended
    assert found.spare["kz.prosecutor"] > hours(24)
    assert [("KZ", 0), ("UZ", 1)] == [(one.state, one.extended) for one in forecasted.consents]


def test_a_consent_that_nobody_extends_expires_where_the_delivery_then_is() -> None:
    """The warning ends it before the expiry does: halted by R5 at the checkpoint that was not passed."""
    brief = {"valid_until": "2022-03-03T06:00:00Z"}
    found = course_of(
        {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_granted", "details": brief},
        {"service": "uz.prosecutor", "at": "extension.uz.prosecutor"},
    )

    assert "expired" == found.outcome
    assert Failure("extension.uz.prosecutor", "R5", "expired") == found.failure
    assert {} == found.spare


def test_a_delivery_that_does_not_end_is_counted_and_has_no_duration() -> None:
    """Nobody seizes: no outcome, and where it halted is known all the same."""
    acts = (
        {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_refused"},
        {"service": "kz.police", "at": "stop.interdiction"},
    )
    found = forecast(PLAN, [one for (one,) in Trials((world(*acts),), 1).run()])

    assert [(None, 1)] == [(one.outcome, one.runs) for one in found.outcomes]
    assert (None, ()) == (found.duration, found.histogram)
    assert [("consent-uz", "R1")] == [(one.checkpoint, one.rule) for one in found.failures]


def test_percentiles_and_shares() -> None:
    """The median of ten is the fifth, the 90th percentile the ninth; shares are of all runs."""
    failure = Failure("delivery", "R8", "stop")
    courses = [lasting(number, number) for number in range(1, 10)] + [lasting(10, 10, delivered=False, failure=failure)]
    found = forecast(PLAN, courses)

    assert found.duration is not None
    assert [3600, 5 * 3600, 9 * 3600, 10 * 3600] == list(found.duration.model_dump().values())
    assert found.delivered_duration is not None
    assert 9 * 3600 == found.delivered_duration.max_s
    assert [("delivered_with_arrests", 0.9), ("interdicted_early", 0.1)] == [(one.outcome, one.share) for one in found.outcomes]
    assert [(failure.checkpoint, 1, 0.1, 10)] == [(one.checkpoint, one.runs, one.share, one.seed) for one in found.failures]


def test_every_run_stands_in_one_column() -> None:
    """Equal columns from the shortest to the longest; far outliers share the last one."""
    usual = [lasting(number, 10 + number / 10) for number in range(50)]
    even, held = forecast(PLAN, usual), forecast(PLAN, [*usual, lasting(50, 1100, delivered=False)])

    assert (50, 0) == (sum(one.delivered for one in even.histogram), sum(one.halted for one in even.histogram))
    assert len(even.histogram) <= BINS
    assert (50, 1) == (sum(one.delivered for one in held.histogram), sum(one.halted for one in held.histogram))
    assert (0, 1) == (held.histogram[-1].delivered, held.histogram[-1].halted)
    assert 1 < sum(one.delivered > 0 for one in held.histogram[:-1])
    assert 1 == len(forecast(PLAN, [lasting(1, 3)]).histogram)


@pytest.mark.slow
def test_runs_on_several_processes_are_those_of_one() -> None:
    """The same seeds give the same courses in the same order, wherever they are computed."""
    trials = Trials((world(),), FEW + 2, trouble=50)
    spread = list(trials.run())

    assert [trials.one(seed) for seed in range(1, 7)] == spread[:6]
    assert list(range(1, FEW + 3)) == [one.seed for (one,) in spread]


def test_trouble_comes_in_as_many_runs_as_asked() -> None:
    """None without, one more act in each with a hundred, some in between."""
    base = world()
    troubled = {
        percent: sum(Trials((base,), 1, percent).of(seed)[0].scenario != base.scenario for seed in range(200))
        for percent in (0, 30, 100)
    }

    assert 0 == troubled[0]
    assert 30 < troubled[30] < 90
    assert 190 < troubled[100] <= 200
    assert replace(base, seed=2).scenario == base.scenario
