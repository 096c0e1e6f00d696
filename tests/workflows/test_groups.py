"""A group of three consignments on a real Temporal server, each with a fate of its own (R31)."""

import asyncio
import uuid

import pytest
from temporalio.client import Client

from domain.delivery.decided import Closed, Opened
from domain.delivery.ledger import Entry
from domain.delivery.reported import SiblingHeard
from domain.plan.group import GroupFile, expand, under_one_root
from domain.plan.plan import Plan
from domain.record.verify import verify
from rehearsal.invariants import Checker
from rehearsal.over_http import compressed
from rehearsal.scenario import Pace, Scenario
from tests.groups import group_file
from tests.installation import Installation, end_what_runs, installed, stop_by
from tests.support import signed_plan
from workflows.messages import workflow_id

FACTOR = 12_000
"""An hour in 0.3 seconds."""


def quick_group() -> tuple[Plan, ...]:
    """The example under code names of its own, and compressed."""
    mark, file = uuid.uuid4().hex[:8], group_file()
    words = file.model_dump() | {"group": f"oil-{mark}"}
    words["consignments"] = [one | {"operation": f"{one['operation']}-{mark}"} for one in words["consignments"]]
    plans = expand(GroupFile.model_validate(words)).plans
    return under_one_root([compressed(one, FACTOR) for one in plans])


async def ended(at: Installation, plan: Plan) -> tuple[str, list[Entry]]:
    """Its outcome and its ledger, once it has ended; its packet verifies."""
    entries = await at.to_the_end(plan)
    proved = verify(await at.gateway(plan.initiator).packet(plan.operation), at.directory)
    Checker(plan).check(entries)
    return str(proved.outcome), entries


@pytest.mark.slow
async def test_r31_three_consignments_of_a_group_have_three_fates_on_temporal(temporal: Client) -> None:
    """One is held back; of two that wait for each other one is stopped on its way, begun after the first; those in charge of the
    first are asked, and it goes on to its arrests. Each ledger verifies alone.
    """
    first, second, kept = quick_group()
    scenario = compressed(
        Scenario(
            vigil="scenario/1",
            pace=Pace.model_validate({"fastest": "PT10M", "slowest": "PT30M"}),
        ),
        FACTOR,
    )
    async with installed(temporal, first, scenario) as at:
        try:
            await at.gateway(first.initiator).start(signed_plan(first))
            await at.gateway(kept.initiator).start(signed_plan(kept))
            await at.until(first, lambda entry: entry.event.event == "waits")
            await at.gateway(second.initiator).start(signed_plan(second))
            await at.until(second, lambda entry: entry.event.event == "cleared")
            await at.gateway("kz.customs").submit(second.operation, stop_by("kz.customs", second))
            fates = await asyncio.gather(*(ended(at, one) for one in (first, second, kept)))
        finally:
            await end_what_runs(at.client, *(workflow_id(one.operation) for one in (first, second, kept)))

    outcomes = [outcome for outcome, _ in fates]
    steps = [(one.event.event, one.event.checkpoint) for one in fates[0][1] if isinstance(one.event, Opened | Closed)]
    heard = [(one.event.sibling, one.event.says) for one in fates[0][1] if isinstance(one.event, SiblingHeard)]
    assert "delivered_with_arrests" == outcomes[0]
    assert outcomes[1] in ("interdicted_early", "stopped_before_departure")
    assert "held_back" == outcomes[2]
    for arrest in first.ids_at("arrest"):  # the sibling is over: each opened once it had been decided that it waits no more
        assert steps.index(("closed", f"sibling.{arrest}.1")) < steps.index(("opened", arrest))
    assert {(second.operation, "stopped"), (second.operation, "ended"), (kept.operation, "ended")} <= set(heard)
