"""What is found today and leaves in an hour: the shortest plan, as its example has it."""

from datetime import timedelta

import pytest

from domain.delivery.reported import Stated
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.verify import verify
from domain.words.moments import instant
from rehearsal.scenario import Act, Scenario
from rehearsal.simulator import World, simulate
from tests.support import example_cards, example_directory, example_scenario

HOUR = timedelta(hours=1)


def run(plan: Plan, scenario: Scenario, seed: int) -> World:
    """The world of the example."""
    return World(plan, example_directory(), example_cards(), scenario, seed)


@pytest.mark.parametrize("seed", range(1, 6))
def test_it_leaves_within_the_hour_and_what_was_said_is_written_later(seed: int) -> None:
    """From the first entry to the departure less than an hour; both written acts follow, and it ends with an arrest."""
    done = simulate(run(*example_scenario("leaves-in-an-hour"), seed))
    said = [
        (read_statement(entry.event.envelope), instant(entry.at) - instant(done.delivery.ledger.entries[0].at))
        for entry in done.delivery.ledger.entries
        if isinstance(entry.event, Stated) and entry.event.verdict.verdict == "accepted"
    ]
    assert [after < HOUR for one, after in said if one.kind == "dispatched"] == [True]
    assert [one.service for one, after in said if one.kind == "authorisation_confirmed" and after > HOUR] == [
        "ee.prosecutor",
        "lv.police",
    ]
    assert verify(done.packet).outcome == "delivered_with_arrests"


def test_what_is_never_written_halts_it() -> None:
    """Estonia said yes by e-mail and writes nothing within the day: its consent ends, and the consignment is seized."""
    plan, scenario = example_scenario("leaves-in-an-hour")
    slow = scenario.model_copy(
        update={
            "acts": (
                *(one for one in scenario.acts if one.at != "arrest"),
                Act(service="ee.prosecutor", at="written.ee.prosecutor"),
                Act(service="lv.customs-police", at="unloading"),
            ),
            "expect": None,
        }
    )
    longer = plan.model_copy(
        update={
            "checkpoints": tuple(
                one.model_copy(update={"due": timedelta(days=3)}) if one.id == "unloading" else one for one in plan.checkpoints
            ),
        }
    )
    done = simulate(run(longer, slow, 1))
    assert done.delivery.state.halt is not None
    assert done.delivery.state.halt.finding.code == "not_written"
