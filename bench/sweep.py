"""How long the sweep takes to look at one open delivery, whose run is in memory or is replayed for it.

`python -m bench.sweep`. On one real server with its database in memory; worker, gateway and archive are in this process, so that
is an upper bound.
"""

import argparse
import asyncio
import statistics
import sys
import time
from typing import Any

import worker
from activities.sweep import Sweep
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from domain.words.limits import SWEEP_SHARE
from process.ring import Wrapping
from tests.installation import PAYLOAD_KEYS, VIGIL_KEY, end_what_runs, installed, renamed, temporal_server
from tests.support import example_plan
from workflows.messages import workflow_id

ALL = 10_000
"""Open deliveries for which the time is worked out."""


class Timed(Sweep):
    """A sweep that keeps how long each look took, and is in no hurry."""

    took: list[float]

    async def _compared(self, name: str, held: Any) -> None:
        began = time.perf_counter()
        await super()._compared(name, held)
        self.took.append(time.perf_counter() - began)


async def measured(count: int, kept: int) -> list[float]:
    """Seconds for each of so many deliveries, of which the worker keeps so many in memory."""
    worker.KEPT = kept
    async with await temporal_server() as server:
        plans = [renamed(example_plan()) for _ in range(count)]
        async with installed(server.client, plans[0], None) as at:
            for plan in plans:
                await server.client.start_workflow(
                    "ControlledDelivery", at.docket(plan), id=workflow_id(plan.operation), task_queue=at.task_queue
                )
            for plan in plans:
                await at.kept(plan)
            wrapping = Wrapping(PAYLOAD_KEYS)
            archive = at.reads._database  # noqa: SLF001 - a bench uses what tests use
            sweep = Timed(server.client, at.task_queue, Ledgers(archive, wrapping), Deliveries(archive, wrapping), VIGIL_KEY)
            sweep.took = []
            while len(sweep.took) < 2 * count:
                await sweep.once()
                sweep._seen.clear()  # noqa: SLF001 - all are asked once more
            await end_what_runs(server.client, *(workflow_id(plan.operation) for plan in plans))
    return sweep.took[count:]


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100)
    chosen = parser.parse_args()
    for name, kept in (("in memory", 1000), ("replayed", 1)):
        took = asyncio.run(measured(chosen.deliveries, kept))
        mean = statistics.fmean(took)
        all_of_them = ALL * mean / SWEEP_SHARE
        sys.stdout.write(
            f"{name:10} mean {mean * 1000:6.1f} ms, most {max(took) * 1000:6.1f} ms; {ALL} in {all_of_them:.0f} minutes\n"
        )


if __name__ == "__main__":
    main()
