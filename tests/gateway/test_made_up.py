"""Runs that somebody who may write to Temporal has made up: nobody is shown them as deliveries."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.common import (
    PinnedVersioningOverride,
    RawValue,
    RetryPolicy,
    SearchAttributePair,
    TypedSearchAttributes,
    VersioningOverride,
    WorkerDeploymentVersion,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.delivery.requests import Stranded
from domain.plan.plan import Plan
from domain.words.errors import NotFound
from gateway.runs import PARTICIPANTS
from process.builds import deployment_of, pinned, stranded
from process.codec import converter
from process.ring import new_ring
from tests.gateway.test_keys import POLICE, rotation
from tests.gateway.test_pages import At as Pages
from tests.installation import BUILD, Installation, end_what_runs, installed, renamed
from tests.support import Table, example_plan, signed_plan
from workflows import messages
from workflows.keeping import next_batch
from workflows.messages import delivery_of, workflow_id

TRIED = (EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
SUPERVISOR = "supervision"
MADE_UP = "made-up"
SOON = timedelta(seconds=20)


@workflow.defn(name=messages.WORKFLOW)
class Forgers:
    """What a forger's own worker makes of a run that has a delivery's name."""

    @workflow.run
    async def run(self, queue: str, errand: Any) -> str:
        """Have the installation's worker keep a batch of a ledger that is none."""
        try:
            await workflow.execute_activity(
                messages.KEEP,
                errand,
                result_type=RawValue,
                task_queue=queue,
                schedule_to_close_timeout=SOON,
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError:
            return "refused"
        return "kept"


async def stranger(temporal: Client, data_converter: Any = pydantic_data_converter) -> Client:
    """Who reaches the server, and has no payload key of the installation."""
    host = temporal.service_client.config.target_host
    return await Client.connect(host, namespace=temporal.namespace, data_converter=data_converter)


async def begun_with(at: Installation, plan: Plan) -> RawValue:
    """What a real delivery began with, as it lies in the server."""
    history = await at.handle(plan).fetch_history()
    return RawValue(history.events[0].workflow_execution_started_event_attributes.input.payloads[0])


async def forge(  # noqa: PLR0917 - all that a start has
    by: Client, plan: Plan, queue: str, name: str, docket: object, override: VersioningOverride | None = None
) -> None:
    """Begin a run of this name with that docket, which looks in Temporal's lists as if all who take part in the plan did."""
    await by.start_workflow(
        messages.WORKFLOW,
        docket,
        id=workflow_id(name),
        task_queue=queue,
        search_attributes=TypedSearchAttributes([SearchAttributePair(PARTICIPANTS, list(plan.participants()))]),
        versioning_override=override,
    )


async def forge_of_a_build(by: Client, at: Installation, plan: Plan, name: str, docket: object) -> None:
    """Begin one that waits for a build which nobody has: Temporal has heard of it once, from a worker of the forger's."""
    override = PinnedVersioningOverride(WorkerDeploymentVersion(deployment_of(at.task_queue), MADE_UP))
    async with Worker(
        by,
        task_queue=at.task_queue,
        workflows=[Forgers],
        workflow_runner=UnsandboxedWorkflowRunner(),
        deployment_config=pinned(at.task_queue, MADE_UP),
    ):
        while True:
            try:
                await forge(by, plan, at.task_queue, name, docket, override)
            except RPCError as error:
                if error.status != RPCStatusCode.FAILED_PRECONDITION:
                    raise
                await asyncio.sleep(0.1)
            else:
                return


async def forge_with_a_worker(by: Client, at: Installation, plan: Plan, name: str) -> str:
    """Have a run of one's own send the first entries of a ledger to the installation's worker; what comes of it."""
    table = Table(plan.model_copy(update={"operation": name}))
    errand = next_batch(table.delivery, table.delivery.snapshot)
    queue = f"forger-{uuid.uuid4().hex[:8]}"
    async with Worker(by, task_queue=queue, workflows=[Forgers], workflow_runner=UnsandboxedWorkflowRunner()):
        return await by.execute_workflow(Forgers.run, args=[at.task_queue, errand], id=workflow_id(name), task_queue=queue)


async def tried(by: Client, name: str) -> set[Any]:
    """What has come of the first tasks of a run, once a worker has tried one."""
    while True:
        history = await by.get_workflow_handle(workflow_id(name)).fetch_history()
        found = {event.event_type for event in history.events if event.event_type in TRIED}
        if found:
            return found
        await asyncio.sleep(0.05)


async def shown_to(at: Installation, service: str) -> dict[str, set[str]]:
    """The code names in everything that lists deliveries."""
    door = at.gateway(service)
    return {
        "list": {row.delivery for row in await door.deliveries()},
        "inbox": {one.delivery for one in (await door.inbox()).requests},
        "floor": set((await door.floor())[0]),
    }


@asynccontextmanager
async def made_up(temporal: Client, at: Installation, plan: Plan) -> AsyncIterator[Mapping[str, str]]:
    """Runs that are none, by how they were made, each as like a real one as a stranger can make it."""
    ways = ("plain", "nonsense", "moved", "foreign", "stranded")
    names = {way: f"{MADE_UP}-{way}-{uuid.uuid4().hex[:8]}" for way in ways}
    dockets = {way: at.docket(plan.model_copy(update={"operation": name})) for way, name in names.items()}
    clear, foreign, queue = await stranger(temporal), await stranger(temporal, converter(new_ring())), at.task_queue
    try:
        await forge(clear, plan, queue, names["plain"], dockets["plain"])
        await forge(clear, plan, queue, names["nonsense"], "a docket")
        await forge(clear, plan, queue, names["moved"], await begun_with(at, plan))
        await forge(foreign, plan, queue, names["foreign"], dockets["foreign"])
        await forge_of_a_build(clear, at, plan, names["stranded"], dockets["stranded"])
        yield names
    finally:
        await end_what_runs(temporal, *map(workflow_id, names.values()))


async def test_runs_that_somebody_else_began_in_temporal_stand_in_no_list_inbox_or_floor(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A docket in clear, nonsense, that of a real delivery under another name, one under a key of its maker's own: a worker takes
    up none of them, nor keeps what a run with a worker of the forger's own sends it; neither supervisors nor those who are said
    to take part are shown any. One that waits for a build which nobody has is an alarm; and who changes keys is told that it was
    left in all of them.
    """
    monkeypatch.setattr("gateway.reception.UNTIL_LEFT", timedelta(seconds=1))
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.opened(plan, "consent-uz")
        async with made_up(temporal, at, plan) as names, asyncio.timeout(60):
            sent = await forge_with_a_worker(await stranger(temporal), at, plan, f"{MADE_UP}-sent-{uuid.uuid4().hex[:8]}")
            came = {way: await tried(temporal, name) for way, name in names.items() if way != "stranded"}
            shown = {service: await shown_to(at, service) for service in (SUPERVISOR, *plan.participants())}
            browser = await Pages(at, plan).signed_in(SUPERVISOR)
            pages = [await browser.page(path) for path in ("/desk/deliveries", "/desk/floor")]
            for service in (SUPERVISOR, plan.initiator):
                for name in names.values():
                    with pytest.raises(NotFound):
                        await at.gateway(service).view(name)
            waiting: tuple[Stranded, ...] = ()
            while not waiting:  # Temporal's list of runs is a little behind
                await asyncio.sleep(0.05)
                waiting = await stranded(temporal, at.task_queue, {BUILD}, delivery_of, patience=SOON)
            told = await at.gateway(POLICE).change_keys(rotation(MADE_UP))

    assert "refused" == sent
    assert {way: {EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED} for way in came} == came
    assert {"list": {plan.operation}, "inbox": set(), "floor": {plan.operation}} == shown[SUPERVISOR]
    assert {plan.operation} == {name for found in shown.values() for listed in found.values() for name in listed}
    assert {plan.operation} in [found["inbox"] for found in shown.values()]
    assert [] == [page for page in pages if MADE_UP in page]
    assert (Stranded(build=MADE_UP, count=1, deliveries=(names["stranded"],)),) == waiting
    assert set(names.values()) <= set(told.left)
    assert plan.operation in {*told.taken, *told.left}
