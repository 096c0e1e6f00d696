import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client

from domain.delivery.events import Stated
from domain.plan.plan import Plan
from process.builds import build_id, current, deployment_of, make_current, move, settle
from tests.installation import Installation, installed, renamed
from tests.support import EXAMPLE_PLANS, example_plan
from tests.workflows.test_controlled_delivery import started, stop_by, update
from worker import worker_for

OLD, NEW = "1.0-old", "1.0-new"


@asynccontextmanager
async def worker(at: Installation, build: str) -> AsyncIterator[None]:
    """A worker of this build beside what there is."""
    one = worker_for(at.client, at.task_queue, at.of_worker, *at.parts, build=build, grace=timedelta(seconds=1))
    async with one:
        await settle(at.client, at.task_queue, build, takes_over=False)
        yield


async def build_of(at: Installation, plan: Plan) -> str:
    """The build whose the newest run of a delivery is, once a worker has had it in hand."""
    async with asyncio.timeout(20):
        while True:
            found = (await at.handle(plan).describe()).raw_description.workflow_execution_info
            if found.versioning_info.deployment_version.build_id:
                return found.versioning_info.deployment_version.build_id
            await asyncio.sleep(0.1)


async def becomes(at: Installation, plan: Plan, build: str) -> None:
    """Return when the newest run of a delivery is this build's."""
    async with asyncio.timeout(20):
        while await build_of(at, plan) != build:
            await asyncio.sleep(0.1)


def touching(name: str) -> Plan:
    """The plan of Almaty - Tashkent about the consignment of another, so that several do not touch one another (R15)."""
    plan = renamed(example_plan())
    identifiers = example_plan(name).consignment.identifiers
    return plan.model_copy(
        update={"consignment": plan.consignment.model_copy(update={"identifiers": identifiers}), "selectors": ()}
    )


async def asked(at: Installation, plan: Plan) -> None:
    """Return when the first State is asked for its consent."""
    await at.opened(plan, plan.at("authorise")[0].id)


async def test_a_delivery_stays_with_its_build_until_it_goes_on_as_a_new_run(temporal: Client) -> None:
    """Side by side: what the old build began stays with the old, what begins after the new is current is the new's, and what goes
    on as a new run goes to the new; no entry is lost on the way.
    """
    plan, other, third = map(touching, EXAMPLE_PLANS)
    async with installed(temporal, plan, None, build=OLD) as at:
        await started(at, plan)
        await started(at, other, entries_per_run=8)
        await asked(at, plan)
        await asked(at, other)
        async with worker(at, NEW):
            assert OLD == await current(at.client, at.task_queue)
            await make_current(at.client, at.task_queue, NEW)
            await started(at, third)
            await asked(at, third)
            receipt = await update(at, plan, stop_by(plan.initiator, plan), "stays")
            await update(at, other, stop_by(other.initiator, other), "goes on")
            await becomes(at, other, NEW)
            ledger = await at.gateway(other.initiator).ledger(other.operation)

            assert (OLD, NEW) == (await build_of(at, plan), await build_of(at, third))
    assert "accepted" == receipt.verdict.verdict
    assert list(range(len(ledger))) == [entry.seq for entry in ledger]
    assert 1 == sum(isinstance(entry.event, Stated) for entry in ledger)
