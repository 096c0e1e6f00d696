"""Each minute the archive is held against the workflows, so that a run that was put back is found where nobody speaks, too.

Whoever may write to Temporal resets a run, or ends it from outside. With the next word that is said, the archive notices it;
the sweep does not wait for one. A round has a share of the minute. A run that is another than before is looked at first, then
those that were looked at longest ago: so a round goes on where the one before left off, and a worker that has more open
deliveries needs more rounds. A run whose build has no worker is passed over, for it cannot answer: it is an alarm of its own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.keeping import diverged
from archive.batches import Extent
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from domain.words.limits import MOST_RUNS, MOST_RUNS_OF_A_PAGE, SWEEP_SHARE
from process.builds import builds_at_work, waiting_runs
from process.clock import look
from workflows import messages
from workflows.messages import LedgerSize, delivery_of, hand_in, workflow_id

log = logging.getLogger("vigil.sweep")

ROUND = 60.0
"""Seconds from one round to the next."""
PATIENCE = timedelta(seconds=3)
"""For one answer."""
ONE_LOOK = 10.0
"""Seconds for one delivery."""


class Sweep:
    """Holds the archive against the workflows, with the installation's key to tell them what it finds."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        client: Client,
        task_queue: str,
        ledgers: Ledgers,
        deliveries: Deliveries,
        key: Ed25519PrivateKey,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`clock`: seconds."""
        self._client = client
        self._task_queue = task_queue
        self._ledgers = ledgers
        self._deliveries = deliveries
        self._key = key
        self._clock = clock
        self._looked: dict[str, tuple[str, int]] = {}
        """By delivery: the run that was looked at, and in which round."""
        self._round = 0
        self._done_at = clock()

    def age(self) -> float:
        """Seconds since the last round came to its end."""
        return self._clock() - self._done_at

    async def go_on(self) -> None:
        """One round after another, until it is cancelled. What is away is asked again in the next one."""
        while True:
            began = self._clock()
            try:
                await self.once()
                self._done_at = self._clock()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next round comes
                log.warning("the archive was not held against the workflows: %s", type(error).__name__)
            await asyncio.sleep(max(0.0, began + ROUND - self._clock()))

    async def once(self) -> None:
        """One round. Raises `RPCError` or `Unavailable` where nobody can be asked at all."""
        self._round += 1
        unended = await self._deliveries.unended()  # before the runs: one that ends meanwhile is missed by neither
        running = await self._running()
        self._looked = {name: known for name, known in self._looked.items() if name in running}
        until = self._clock() + SWEEP_SHARE
        for name in (name for name in unended if name not in running):
            if self._clock() >= until - SWEEP_SHARE / 2:  # however many are missed, others are looked at
                break
            await self._in_time(name, self._missed(name))
        never = ("", -1)

        def urgency(name: str) -> tuple[bool, int]:
            run, when = self._looked.get(name, never)
            return run == running[name], when

        silent = await self._silent()
        for name in sorted(running.keys() - silent, key=urgency):
            if self._clock() >= until:
                break
            held = await self._ledgers.held(name)
            self._looked[name] = running[name], self._round  # whatever comes of it: nobody keeps others from being looked at
            if held is not None:  # what the archive does not know has nothing to be put back, or is somebody's invention
                await self._in_time(name, self._compared(name, held))

    async def _running(self) -> dict[str, str]:
        """The run of each delivery that is under way."""
        query = f"WorkflowType = '{messages.WORKFLOW}' AND ExecutionStatus = 'Running'"
        found = self._client.list_workflows(query, page_size=MOST_RUNS_OF_A_PAGE, limit=MOST_RUNS, rpc_timeout=PATIENCE)
        return {name: one.run_id async for one in found if (name := delivery_of(one.id)) is not None}

    async def _silent(self) -> set[str]:
        """The deliveries that cannot answer, for no worker of their build is up."""
        builds = await builds_at_work(self._client, self._task_queue, patience=PATIENCE)
        waiting = await waiting_runs(self._client, self._task_queue, builds, patience=PATIENCE) if builds is not None else []
        return {name for run, _ in waiting if (name := delivery_of(run)) is not None}

    @staticmethod
    async def _in_time(name: str, look: Awaitable[None]) -> None:
        """One look. What comes of it, or does not, keeps no other delivery from being looked at."""
        try:
            async with asyncio.timeout(ONE_LOOK):
                await look
        except Exception as error:  # noqa: BLE001 - it has ended meanwhile, no worker answers, or what answers is none of ours
            log.info("not looked at: %s", type(error).__name__, extra={"delivery": name})

    async def _missed(self, name: str) -> None:
        """Its ledger has no end, and no run of it is listed: it is gone, unless the list is behind."""
        try:
            described = await self._client.get_workflow_handle(workflow_id(name)).describe(rpc_timeout=PATIENCE)
            there = described.status == WorkflowExecutionStatus.RUNNING
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            there = False
        if not there and name in await self._deliveries.unended():
            log.error("a workflow is gone, and its ledger has no end", extra={"delivery": name})
            await self._ledgers.is_gone(name)

    async def _compared(self, name: str, held: Extent) -> None:
        """Where the archive is ahead, the delivery is told. How far the archive goes was asked before, so that is no race."""
        handle = self._client.get_workflow_handle(workflow_id(name))
        said = await handle.query(messages.QUERY_SIZE, result_type=LedgerSize, rpc_timeout=PATIENCE)
        stated = Extent(branch=said.branch, size=said.size, root=bytes.fromhex(said.root))
        found = await self._ledgers.compare(name, held, stated)
        fact = diverged(found) if found is not None else None
        if fact is not None:
            log.error("the archive has another history of a delivery", extra={"delivery": name})
            now = (await look(self._client)).now()
            await handle.signal(messages.REPORT, hand_in(fact, name, now, self._key), rpc_timeout=PATIENCE)
