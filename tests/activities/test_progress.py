"""Whether a worker says that it makes progress, and that the archive keeps up."""

import asyncio
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import isnan
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from activities.keeping import FORGOTTEN, Lag
from activities.progress import LATE, STALLED, STUCK, WorkerProgress, signs_in
from archive.branches import note_seen
from archive.database import Database
from archive.deliveries import Deliveries
from process.metrics import counting
from process.ring import Wrapping
from tests.archive.samples import put, standing
from tests.deploy.test_alerts import RULES
from tests.installation import PAYLOAD_KEYS
from tests.tables import new_archive

COUNTS = """# TYPE temporal_long_request_total counter
temporal_long_request_total{{operation="PollWorkflowTaskQueue"}} {sent}
temporal_long_request_total{{operation="PollActivityTaskQueue"}} {sent}
# TYPE temporal_long_request_latency_seconds histogram
temporal_long_request_latency_seconds_bucket{{operation="PollWorkflowTaskQueue",le="+Inf"}} {polls}
temporal_long_request_latency_seconds_sum{{operation="PollWorkflowTaskQueue"}} 1
temporal_long_request_latency_seconds_count{{operation="PollWorkflowTaskQueue"}} {polls}
temporal_long_request_latency_seconds_count{{operation="PollActivityTaskQueue"}} {polls}
temporal_long_request_latency_seconds_count{{operation="PollNexusTaskQueue"}} {sent}
# TYPE temporal_long_request_failure_total counter
temporal_long_request_failure_total{{operation="PollWorkflowTaskQueue",status_code="UNAVAILABLE"}} {failed}
temporal_long_request_failure_total{{operation="PollActivityTaskQueue",status_code="UNAVAILABLE"}} {failed}
# TYPE temporal_workflow_task_execution_latency_seconds histogram
temporal_workflow_task_execution_latency_seconds_count {tasks}
# TYPE temporal_activity_execution_latency_seconds histogram
temporal_activity_execution_latency_seconds_bucket{{le="+Inf"}} {done}
temporal_activity_execution_latency_seconds_sum 1
temporal_activity_execution_latency_seconds_count {done}
temporal_num_pollers 5
"""


@dataclass
class Seen:
    """What the SDK has counted, and how late it is."""

    now: float = 1000.0
    sent: int = 5
    """Requests for work, counted when they are sent."""
    polls: int = 1
    """Those that came to an end, of each kind."""
    failed: int = 0
    """Of these, in an error."""
    tasks: int = 0
    done: int = 0
    lag: Lag = field(init=False)

    def __post_init__(self) -> None:
        self.lag = Lag(self.clock)

    def clock(self) -> float:
        """Seconds."""
        return self.now

    async def counts(self) -> bytes:
        """As the SDK says it."""
        own = {name: getattr(self, name) for name in ("sent", "polls", "failed", "tasks", "done")}
        return COUNTS.format(**own).encode()


async def test_a_worker_that_is_answered_no_more_and_finishes_nothing_is_not_ready_and_then_not_alive(
    temporal: Client, tmp_path: Path
) -> None:
    """Idle it is answered each minute; with all slots taken it finishes tasks. With neither a restart is the best."""
    seen, archive = Seen(), Database(new_archive(tmp_path))
    deliveries = Deliveries(archive, Wrapping(PAYLOAD_KEYS))
    progress = WorkerProgress(seen.counts, temporal, deliveries, seen.lag, lambda: 0.0, seen.clock)
    found = []
    for later, polls, done in ((0, 1, 0), (60, 2, 0), (60, 2, 1), (STALLED + 1, 2, 1), (STUCK, 2, 1), (1, 3, 1)):
        seen.now, seen.polls, seen.tasks, seen.done = seen.now + later, polls, done, done
        await progress.once()
        found.append(((await progress.ready()).well, (await progress.live()).well))
    await archive.close()
    await progress.once()
    away = await progress.ready()

    assert [(True, True), (True, True), (True, True), (False, True), (False, False), (True, True)] == found
    assert (False, "away", True) == (away.well, away.said["archive"], (await progress.live()).well)


async def test_a_worker_whose_counts_come_and_go_makes_no_progress_by_that(temporal: Client, tmp_path: Path) -> None:
    """A process that is so busy or stuck that its own counts are not there in time, now and then, is not taken for one that has
    been answered: else nobody would ever restart it.
    """
    seen, archive = Seen(), Database(new_archive(tmp_path))
    said = [await seen.counts()]

    async def counts() -> bytes:
        return said[-1]

    deliveries = Deliveries(archive, Wrapping(PAYLOAD_KEYS))
    progress = WorkerProgress(counts, temporal, deliveries, seen.lag, lambda: 0.0, seen.clock)
    await progress.once()
    for _ in range(2):
        for text in (b"", said[0]):
            seen.now += STUCK / 2
            said.append(text)
            await progress.once()
    ready, live = await progress.ready(), await progress.live()
    await archive.close()

    assert (False, False, 2 * STUCK) == (ready.well, live.well, progress.idle())


async def looked(seen: Seen, steps: Iterable[dict[str, Any]], answers: Sequence[bool] = ()) -> list[tuple[bool, bool]]:
    """Ready, and alive, after each of these steps, by which what was counted grows. `answers`: whether Temporal is up then, else
    it is.
    """
    comes = iter(answers)

    async def up(**_how: object) -> bool:
        return next(comes, True)

    archive: Any = SimpleNamespace(alarmed=_none, contradicted=_none)
    client: Any = SimpleNamespace(service_client=SimpleNamespace(check_health=up))
    progress = WorkerProgress(seen.counts, client, archive, seen.lag, lambda: 0.0, seen.clock)
    found = []
    for step in steps:
        for name, more in step.items():
            setattr(seen, name, getattr(seen, name) + more)
        await progress.once()
        found.append(((await progress.ready()).well, (await progress.live()).well))
    return found


async def _up(**_how: object) -> bool:
    return True


async def _none() -> tuple[str, ...]:
    return ()


async def test_requests_for_work_that_all_fail_are_no_progress() -> None:
    """A worker whose every request is refused gets no work, however often it asks: the SDK counts what is sent as it counts what
    is answered.
    """
    refused = {"now": STALLED / 2, "sent": 10, "polls": 10, "failed": 10}
    found = await looked(Seen(), ({}, *(refused,) * 8))

    assert [(True, True)] * 3 == found[:3]
    assert [(False, True), (False, False)] == [found[3], found[-1]]


@pytest.mark.parametrize("kind", ["tasks", "done"])
async def test_a_worker_that_goes_on_in_one_kind_alone_makes_no_progress(kind: str) -> None:
    """One whose activities never end finishes tasks of workflows all the same, and by it nobody is asked or told anything; or the
    other way round.
    """
    found = await looked(Seen(), ({}, *({"now": STALLED / 2, kind: 10},) * 8))

    assert [(True, True), (False, False)] == [found[0], found[-1]]


async def test_a_worker_whose_temporal_comes_back_has_time_to_be_answered() -> None:
    """An idle one is answered within a minute, however long Temporal was away: none is restarted for that."""
    steps: tuple[dict[str, Any], ...] = ({}, *({"now": STUCK},) * 3, {"now": STUCK - 1}, {"now": 2}, {"polls": 1})
    found = await looked(Seen(), steps, (True, False, False, True))

    assert [True, True, True, True, True, False, True] == [alive for _, alive in found]


async def test_a_batch_that_waits_too_long_to_be_kept_is_said(temporal: Client, tmp_path: Path) -> None:
    """As long as attempts fail; once it is kept, or is another worker's to keep, no more."""
    seen, archive = Seen(), Database(new_archive(tmp_path))
    progress = WorkerProgress(
        seen.counts, temporal, Deliveries(archive, Wrapping(PAYLOAD_KEYS)), seen.lag, lambda: 0.0, seen.clock
    )
    await progress.once()
    seen.lag.begins("saxaul-22", 3.0)
    seen.lag.begins("birch-1", LATE)
    seen.now += 1
    late = await progress.ready()
    seen.lag.ends("birch-1")
    well = await progress.ready()
    seen.now += FORGOTTEN + 1
    await archive.close()

    assert (False, "behind", LATE + 1) == (late.well, late.said["archive"], late.said["archive_lag_seconds"])
    assert (True, 4) == (well.well, well.said["archive_lag_seconds"])
    assert seen.lag.longest_wait() == 0.0


async def test_a_delivery_in_which_a_service_has_seen_another_history_is_counted_until_it_ends(tmp_path: Path) -> None:
    """Archive and workflow agree, so nothing else would wake anybody; while the archive is away the number is not known."""
    seen, archive = Seen(), Database(new_archive(tmp_path))
    up: Any = SimpleNamespace(service_client=SimpleNamespace(check_health=_up))
    await put(archive, Wrapping(PAYLOAD_KEYS), {"saxaul-22": standing(), "birch-1": standing()})
    progress = WorkerProgress(seen.counts, up, Deliveries(archive, Wrapping(PAYLOAD_KEYS)), seen.lag, lambda: 0.0, seen.clock)

    async def counted() -> float | None:
        await progress.once()
        return progress.registry.get_sample_value("vigil_receipts_differ")

    found = [await counted()]
    async with archive.writing() as connection:
        await note_seen(connection, "saxaul-22", 3)
    found.append(await counted())
    async with archive.writing() as connection:
        await connection.exec_driver_sql("UPDATE deliveries SET ended = 1")
    found.append(await counted())
    await archive.close()

    assert [0, 1, 0] == found
    assert isnan(await counted() or 0)


@activity.defn
async def done() -> None:
    """At once."""


@workflow.defn(sandboxed=False)
class Failing:
    """One that has an activity done, and then fails at its task, again and again."""

    @workflow.run
    async def run(self) -> None:
        """Fails."""
        await workflow.execute_activity(done, start_to_close_timeout=timedelta(seconds=10))
        raise RuntimeError("this task fails")


async def test_what_is_counted_has_the_names_by_which_progress_and_alerts_read_it(temporal: Client) -> None:
    """Temporal's SDK names them, and another version of it may do so otherwise: nothing would alarm any more."""
    counts, queue = counting(wanted=True), f"test-{uuid.uuid4().hex[:8]}"
    assert counts is not None
    client = await Client.connect(temporal.service_client.config.target_host, runtime=counts.runtime)
    worker = Worker(client, task_queue=queue, workflows=[Failing], activities=[done], disable_eager_activity_execution=True)
    async with worker, asyncio.timeout(30):
        handle = await client.start_workflow(Failing.run, id=queue, task_queue=queue)
        text = b""
        while not (all(2 <= signs for signs in signs_in(text).values()) and b"temporal_workflow_task_execution_failed" in text):
            await asyncio.sleep(0.2)
            text = await counts.text()
        await handle.terminate()

    assert re.search(rb'\ntemporal_workflow_task_execution_failed_total\{[^}]*failure_reason="WorkflowError"', text)
    assert "temporal_workflow_task_execution_failed_total" in RULES.read_text()
