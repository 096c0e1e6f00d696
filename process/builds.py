"""Which build of Vigil a worker is, and whose each run is. Temporal gives a run to workers of the build that began it, until it
goes on as a new run: then it goes to the build that is current (`deploy/README.md` has the steps of an upgrade).
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from google.protobuf.field_mask_pb2 import FieldMask
from pydantic import TypeAdapter, ValidationError
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.deployment.v1 import WorkerDeploymentVersion as Version
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from domain.delivery.requests import Stranded
from domain.words.errors import Unavailable
from domain.words.identifiers import OperationCode
from domain.words.limits import LONGEST_BUILD, MOST_NAMED, MOST_RUNS, MOST_RUNS_OF_A_PAGE
from domain.words.text import shown
from process.clock import look

log = logging.getLogger("vigil.builds")

ROOT = Path(__file__).parent.parent
CODE = ("domain/**/*.py", "workflows/**/*.py")
"""What a run is replayed with: all that decides, and all that is said in what it asks of services, which its commands hold."""

LATELY = timedelta(seconds=70)
"""A worker that is up has asked Temporal for work within this time: it waits 60 s at most for an answer, then asks again. So one
that is gone is missed so much later at most, by a gateway within seconds (`process.heartbeats`); one that comes counts at once.
"""
PATIENCE, PAUSE = 30.0, 0.05
"""Seconds within which Temporal must have heard of a worker that has begun to ask it for work."""


def build_id() -> str:
    """The build that this program is: its version, and a digest of what a run is replayed with, to the byte."""
    found = hashlib.sha256()
    for path in sorted({path for pattern in CODE for path in ROOT.glob(pattern)}):
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return f"{version('vigil')}-{found.hexdigest()[:12]}"


def deployment_of(task_queue: str) -> str:
    """The workers of a task queue, of all builds, as Temporal names them: a point in it is not allowed."""
    return task_queue.replace(".", "-")


def pinned(task_queue: str, build: str) -> WorkerDeploymentConfig:
    """How a worker of this build registers: a run stays with it."""
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_of(task_queue), build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def settle(client: Client, task_queue: str, build: str, *, takes_over: bool) -> None:
    """Make a build that has begun to ask for work the current one where there is none yet; one that takes over, at any rate, and
    move to it what other builds have begun. Raises `Unavailable` if Temporal has not heard of it in time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while True:
        try:
            if takes_over or not await current(client, task_queue):
                await make_current(client, task_queue, build)
            if takes_over:
                await move(client, task_queue, build)
            break
        except RPCError as error:
            if error.status not in _NOT_YET or loop.time() > until:
                message = f"Temporal does not take {build} as a build of the workers of {task_queue}"
                raise Unavailable(message, hint=error.message) from error
        await asyncio.sleep(PAUSE)


_NOT_YET = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)


async def current(client: Client, task_queue: str) -> str:
    """The build to which new deliveries go, and those that go on as a new run; an empty text while there is none.

    Raises `RPCError` while Temporal knows of no worker.
    """
    asked = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment_of(task_queue))
    found = await client.workflow_service.describe_worker_deployment(asked)
    return found.worker_deployment_info.routing_config.current_deployment_version.build_id


async def make_current(client: Client, task_queue: str, build: str) -> None:
    """From now on, new deliveries go to this build, and those that go on as a new run. Raises `RPCError`."""
    await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=deployment_of(task_queue),
            build_id=build,
            identity=client.identity,
            ignore_missing_task_queues=True,
        )
    )
    log.info("a build is current", extra={"build": build, "task_queue": task_queue})


async def move(client: Client, task_queue: str, build: str) -> None:
    """Give every run that another build has begun to this one, at its next task. This one must be able to replay it."""
    deployment = deployment_of(task_queue)
    here = Version(deployment_name=deployment, build_id=build)
    override = VersioningOverride(one_time=VersioningOverride.OneTimeOverride(target_deployment_version=here))
    async for run in client.list_workflows(_of_others(task_queue, (build,))):
        try:
            await client.workflow_service.update_workflow_execution_options(
                UpdateWorkflowExecutionOptionsRequest(
                    namespace=client.namespace,
                    workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=run.run_id),
                    workflow_execution_options=WorkflowExecutionOptions(versioning_override=override),
                    update_mask=FieldMask(paths=["versioning_override"]),
                    identity=client.identity,
                )
            )
            log.info("a run was moved to this build", extra={"delivery": run.id, "build": build})
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:  # it has ended meanwhile, or gone on
                raise


async def stranded(
    client: Client, task_queue: str, builds: Collection[str] | None, name_of: Callable[[str], str | None], *, patience: timedelta
) -> tuple[Stranded, ...]:
    """The deliveries that wait for a worker of another build than these, which are at work, by builds in order. `name_of`: the
    delivery of a workflow. Raises `RPCError`.
    """
    waiting = await waiting_runs(client, task_queue, builds, patience=patience)
    found: dict[str, list[str]] = {}
    for run, build in waiting:
        name = name_of(run)
        if build and name is not None and _is_code_name(name):
            found.setdefault(shown(build, LONGEST_BUILD), []).append(name)
    return tuple(
        Stranded(build=build, count=len(names), deliveries=tuple(sorted(names)[:MOST_NAMED]))
        for build, names in sorted(found.items())
    )


async def builds_at_work(client: Client, task_queue: str, *, patience: timedelta) -> frozenset[str] | None:
    """The builds whose workers have lately asked for work at this queue, by Temporal's clock; none where nobody has. Raises
    `RPCError` or `Unavailable`.
    """
    lately = await last_asked(client, task_queue, (await look(client)).now(), patience=patience)
    return frozenset(lately) - {""} if lately else None


async def last_asked(client: Client, task_queue: str, now: datetime, *, patience: timedelta) -> dict[str, datetime]:
    """When each build last asked for work at this queue, where that was lately; an empty text: it has none. Raises `RPCError`."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    found = await client.workflow_service.describe_task_queue(request, timeout=patience)
    asked = sorted((one.last_access_time.ToDatetime(UTC), one.deployment_options.build_id) for one in found.pollers)
    since = max([now, *(when for when, _ in asked)]) - LATELY
    return {build: when for when, build in asked if when > since}


async def waiting_runs(
    client: Client, task_queue: str, builds: Collection[str] | None, *, patience: timedelta
) -> list[tuple[str, str]]:
    """The runs that belong to other builds than these, each with its own, in no order; at most `MOST_RUNS`. Raises `RPCError`."""
    query = _of_others(task_queue, builds or ())
    runs = client.list_workflows(query, page_size=MOST_RUNS_OF_A_PAGE, limit=MOST_RUNS, rpc_timeout=patience)
    return [
        (one.id, (one.typed_search_attributes.get(_BUILD) or "").removeprefix(f"{deployment_of(task_queue)}:"))
        async for one in runs
    ]


async def count_waiting(client: Client, task_queue: str, builds: Collection[str] | None, *, patience: timedelta) -> int:
    """How many those are. Raises `RPCError`."""
    return (await client.count_workflows(_of_others(task_queue, builds or ()), rpc_timeout=patience)).count


def _is_code_name(name: str) -> bool:
    """Whoever can write to Temporal begins runs under any name."""
    try:
        _CODE_NAME.validate_python(name)
    except (ValidationError, ValueError):
        return False
    return True


_BUILD = SearchAttributeKey.for_keyword("TemporalWorkerDeploymentVersion")
_CODE_NAME: TypeAdapter[str] = TypeAdapter(OperationCode)


def _of_others(task_queue: str, builds: Collection[str]) -> str:
    deployment = deployment_of(task_queue)
    others = "".join(f" AND TemporalWorkerDeploymentVersion != '{deployment}:{build}'" for build in sorted(builds))
    return (
        f"ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = 'Pinned' "
        f"AND TemporalWorkerDeployment = '{deployment}'{others}"
    )
