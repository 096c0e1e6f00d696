"""Whether a worker makes progress, and whether the archive keeps up: what it says to whoever runs it.

A worker that lives and does nothing is worse than one that is dead, since nobody starts another. Every minute Temporal answers a
worker that asks for work, also where there is none; one all of whose slots are taken by tasks that never end asks no more, and
finishes nothing. So it makes progress where it has lately been answered, or has finished something: tasks of workflows, and
activities, each for themselves. An answer that is an error is none.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from math import nan
from time import monotonic
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client
from temporalio.service import RPCError

from activities.keeping import Lag
from archive.deliveries import Deliveries
from domain.words.errors import Unavailable
from process.metrics import ProbeAnswer

log = logging.getLogger("vigil.progress")

LOOK_EVERY: Final = 15.0
"""Seconds."""
STALLED: Final = 90.0
"""Seconds without a sign: Temporal answers each minute. From then on the worker is not ready."""
STUCK: Final = 300.0
"""Seconds without a sign though Temporal answers others: from then on a restart is the best that can be done."""
LATE: Final = 120.0
"""Seconds that a batch waits to be kept, from which on the archive does not keep up."""
PATIENCE: Final = timedelta(seconds=3)
KINDS: Final = {
    "PollWorkflowTaskQueue": "temporal_workflow_task_execution_latency_seconds_count",
    "PollActivityTaskQueue": "temporal_activity_execution_latency_seconds_count",
}
"""Of Temporal's SDK, by how a worker asks for work of a kind: where it counts what was finished of it."""
ANSWERED: Final = "temporal_long_request_latency_seconds_count"
"""Those that came to an end, with an error too; `temporal_long_request_total` counts a request when it is sent."""
FAILED: Final = "temporal_long_request_failure_total"


class WorkerProgress:
    """Looks at the worker from within."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it looks at
        self,
        counts: Callable[[], Awaitable[bytes]],
        client: Client,
        deliveries: Deliveries,
        lag: Lag,
        swept: Callable[[], float],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`counts`: those of Temporal's SDK. `swept`: seconds since all that could be was held against the archive."""
        self._counts = counts
        self._client = client
        self._deliveries = deliveries
        self._lag = lag
        self._clock = clock
        self._signs = dict.fromkeys(KINDS, -1.0)
        self._at = dict.fromkeys(KINDS, clock())
        self._up_since = clock()
        self._temporal = self._archive = True
        self.registry = CollectorRegistry()
        self._gauge(
            "vigil_worker_idle_seconds",
            "Since Temporal last answered this worker, or it finished something, of tasks or of activities.",
            self.idle,
        )
        self._gauge(
            "vigil_archive_lag_seconds", "For how long the oldest batch has waited that is not kept yet.", lag.longest_wait
        )
        self._gauge("vigil_sweep_age_seconds", "Since this worker last held the archive against the workflows.", swept)
        self._gauge("vigil_archive_away", "1 while the archive does not answer.", lambda: 0.0 if self._archive else 1.0)
        self._gauge("vigil_temporal_away", "1 while Temporal does not answer.", lambda: 0.0 if self._temporal else 1.0)
        self._differ = self._counted("vigil_ledgers_differ", "of which archive and workflow differ")
        self._contradicted = self._counted("vigil_receipts_differ", "in which a service has signed on another history")

    def _gauge(self, name: str, about: str, of: Callable[[], float]) -> None:
        Gauge(name, about, registry=self.registry).set_function(of)

    def _counted(self, name: str, about: str) -> Gauge:
        found = Gauge(name, f"Deliveries under way {about}; not a number while the archive is away.", registry=self.registry)
        found.set(nan)
        return found

    def idle(self) -> float:
        """Seconds since the last sign that it makes progress, of the kind that has had none for longer."""
        return self._clock() - min(self._at.values())

    async def ready(self) -> ProbeAnswer:
        """Whether it makes progress, and the archive keeps up."""
        idle, late = self.idle(), self._lag.longest_wait()
        keeps_up = self._archive and late <= LATE
        said = {
            "progress": idle <= STALLED,
            "idle_seconds": round(idle),
            "archive": "away" if not self._archive else "up" if keeps_up else "behind",
            "archive_lag_seconds": round(late),
            "temporal": "up" if self._temporal else "away",
        }
        return ProbeAnswer(well=idle <= STALLED and keeps_up and self._temporal, said=said)

    async def live(self) -> ProbeAnswer:
        """Whether it should go on: another in its place would be answered, and this one is not, for so long as Temporal is up."""
        idle = self.idle()
        stuck = self._temporal and min(idle, self._clock() - self._up_since) > STUCK
        return ProbeAnswer(well=not stuck, said={"idle_seconds": round(idle)})

    async def go_on(self) -> None:
        """One look after another, until it is cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look comes
                log.warning("the worker could not look at itself: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def once(self) -> None:
        """One look."""
        counts = await self._counts()
        for kind, signs in signs_in(counts).items() if counts else ():
            if signs > self._signs[kind]:  # counts that did not come are no sign, nor is it one that they come again
                self._signs[kind], self._at[kind] = signs, self._clock()
        before = self._temporal
        try:
            self._temporal = await self._client.service_client.check_health(timeout=PATIENCE)
        except (RPCError, RuntimeError):
            self._temporal = False
        if self._temporal and not before:
            self._up_since = self._clock()
        try:
            self._differ.set(len(await self._deliveries.alarmed()))
            self._contradicted.set(len(await self._deliveries.contradicted()))
            self._archive = True
        except Unavailable:
            self._differ.set(nan)
            self._contradicted.set(nan)
            self._archive = False


def signs_in(counts: bytes) -> dict[str, float]:
    """How many signs of progress have been counted of each kind: requests for work that were answered, and what was finished."""
    found, kind_of = dict.fromkeys(KINDS, 0.0), {finished: kind for kind, finished in KINDS.items()}
    for family in text_string_to_metric_families(counts.decode()):
        for one in family.samples:
            if one.name in kind_of:
                found[kind_of[one.name]] += one.value
            elif one.name in {ANSWERED, FAILED} and (kind := one.labels.get("operation", "")) in found:
                found[kind] += one.value if one.name == ANSWERED else -one.value
    return found
