"""How long from submitting a statement at the gateway to its receipt, beside a bare Temporal Update in the same run.

Both on an idle machine, one after another, on one real server with its database in a file: the floor is an Update of the
same payload to a workflow with no rules, no signatures, no ledger and no encryption. Run it with `make bench`.
"""

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from temporalio import workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from domain.rules.watch import Sighted
    from domain.signing.envelope import Envelope
    from process.serve import leave
    from tests.installation import installed, renamed, said_by, temporal_server
    from tests.support import example_plan, signed_plan
    from worker import sandbox

ROUNDS = 200
WARM_UP = 20


@workflow.defn
class Floor:
    """The same shape with nothing in it."""

    def __init__(self) -> None:
        self._seen = 0

    @workflow.run
    async def run(self) -> None:
        """Wait for ever."""
        await workflow.wait_condition(lambda: False)

    @workflow.update
    def submit(self, envelope: Envelope) -> int:
        """Count."""
        self._seen += len(envelope.signatures)
        return self._seen


async def timed(action: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one action."""
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


async def measure(client: Client) -> None:
    """Print p50 and p99 of both, the ratio, and what a statement adds to the history."""
    plan = renamed(example_plan("almaty-tashkent"))
    queue = f"floor-{uuid.uuid4().hex}"

    bare_client = await Client.connect(client.service_client.config.target_host, data_converter=pydantic_data_converter)
    async with (
        installed(client, plan, None) as at,
        Worker(bare_client, task_queue=queue, workflows=[Floor], workflow_runner=sandbox()),
    ):
        floor = await bare_client.start_workflow(Floor.run, id=queue, task_queue=queue)
        door = at.gateway("kz.police")
        await at.gateway(plan.initiator).start(signed_plan(plan))
        bare, ours = [], []
        before = await at.handle(plan).describe()
        for number in range(WARM_UP + ROUNDS):
            envelope = said_by("kz.police", plan, Sighted(place="on the road"))
            one = await timed(lambda said=envelope: floor.execute_update(Floor.submit, said, id=uuid.uuid4().hex))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            two = await timed(lambda said=envelope: door.submit(plan.operation, said))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            if number == WARM_UP:
                before = await at.handle(plan).describe()
            if number >= WARM_UP:
                bare.append(one)
                ours.append(two)
        after = await at.handle(plan).describe()
        await floor.terminate()

    for name, times in (("bare Update", bare), ("statement at the gateway", ours)):
        cuts = statistics.quantiles(times, n=100)
        sys.stdout.write(f"{name:<26} p50 {cuts[49]:6.1f} ms   p99 {cuts[98]:6.1f} ms\n")
    sys.stdout.write(f"ratio of medians           {statistics.median(ours) / statistics.median(bare):.2f}\n")
    events = after.history_length - before.history_length
    size = after.raw_description.workflow_execution_info.history_size_bytes
    size -= before.raw_description.workflow_execution_info.history_size_bytes
    sys.stdout.write(f"history per statement      {events / (ROUNDS - 1):.1f} events, {size / (ROUNDS - 1):.0f} bytes\n")


async def main() -> None:
    """On a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        async with await temporal_server(Path(folder, "temporal.db")) as environment:
            await measure(environment.client)


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
