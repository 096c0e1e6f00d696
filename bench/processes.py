"""Workers of the benchmarks, each a process: `bare`, a workflow of Temporal and nothing else; `short_day`, Vigil's with a
register whose day is over soon; `plain`, the same without encryption. Who starts one names its queue (`VIGIL_TASK_QUEUE`).
"""

import asyncio
import sys
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.service import GrpcCompression, TLSConfig
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import worker
from archive import claim_rows, claims
from bench.plain import plain_converter
from domain.plan import enquiries
from process.ring import Ring
from process.serve import serve
from process.settings import Settings
from process.temporal import tls_in

PATIENCE = timedelta(seconds=60)
DAY = 5.0
"""Seconds of a day of the register, for who starts in an hour what is else started in months."""


@activity.defn
async def ask() -> None:
    """Ask nobody."""


@workflow.defn
class BareDelivery:
    """Five checkpoints, each with an activity and so many confirmations by Update; nothing is judged, signed or kept."""

    def __init__(self) -> None:
        self._confirmed = 0

    @workflow.run
    async def run(self, shape: list[int]) -> int:
        """One checkpoint after another."""
        wanted = 0
        for services in shape:
            wanted += services
            await workflow.execute_activity(ask, start_to_close_timeout=PATIENCE)
            await workflow.wait_condition(lambda: self._confirmed >= wanted)  # noqa: B023 - it is awaited here
        return self._confirmed

    @workflow.update
    def confirm(self, said: dict[str, Any]) -> int:
        """Count."""
        self._confirmed += len(said["signatures"])
        return self._confirmed


async def bare(chosen: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set, with what Vigil's worker has at once."""
    tls = tls_in(chosen.temporal_ca, chosen.temporal_certificate, chosen.temporal_certificate_key)
    client = await Client.connect(
        chosen.temporal_address, namespace=chosen.temporal_namespace, tls=tls or False, grpc_compression=GrpcCompression.NONE
    )
    async with Worker(
        client,
        task_queue=chosen.task_queue,
        workflows=[BareDelivery],
        activities=[ask],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=worker.AT_ONCE,
        max_cached_workflows=worker.KEPT,
        max_concurrent_activities=worker.ERRANDS,
    ):
        await stop.wait()


async def connect_plain(address: str, namespace: str, ring: Ring, *, tls: TLSConfig | None = None, **_more: object) -> Client:
    """As Vigil's worker connects, but that nothing is encrypted."""
    codes = plain_converter(ring)
    return await Client.connect(
        address, namespace=namespace, data_converter=codes, tls=tls or False, grpc_compression=GrpcCompression.NONE
    )


def shorten_the_day() -> None:
    """A service looks for so many things a day (R15), and then for as many again."""
    for room in (enquiries, claims, claim_rows):
        room.WINDOW = timedelta(seconds=DAY)  # type: ignore[attr-defined]


if __name__ == "__main__":
    match sys.argv[1]:
        case "bare":
            serve("bare", bare)
        case "plain":
            shorten_the_day()
            setattr(worker, "connect", connect_plain)  # noqa: B010 - it has one caller
            serve("plain", worker.run)
        case "short_day":
            shorten_the_day()
            serve("short_day", worker.run)
