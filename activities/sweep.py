"""Each minute the archive is held against the workflows, so that a run that was put back is found where nobody speaks, too.

Whoever may write to Temporal resets a run, or ends it from outside. With the next word that is said, the archive notices it;
the sweep does not wait for one. A run that is another than before is looked at first, then those that were looked at longest ago,
so many in a round: a worker that has more open deliveries needs more rounds.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.keeping import diverged
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from domain.words.errors import VigilError
from workflows import messages
from workflows.messages import LedgerSize, delivery_of, hand_in, workflow_id

log = logging.getLogger("vigil.sweep")

ROUND = 60.0
"""Seconds from one round to the next."""
IN_A_ROUND = 120
"""Workflows that are asked in one round: each that is not in memory is replayed for it."""
PATIENCE = timedelta(seconds=10)
"""For one answer."""


class Sweep:
    """Holds the archive against the workflows, with the installation's key to tell them what it finds."""

    def __init__(self, client: Client, ledgers: Ledgers, deliveries: Deliveries, key: Ed25519PrivateKey) -> None:
        self._client = client
        self._ledgers = ledgers
        self._deliveries = deliveries
        self._key = key
        self._looked: dict[str, tuple[str, int]] = {}
        """By delivery: the run that was looked at, and in which round."""
        self._round = 0

    async def go_on(self) -> None:
        """One round after another, until it is cancelled. What is away is asked again in the next one."""
        while True:
            try:
                await self.once()
            except (RPCError, VigilError) as error:
                log.warning("the archive was not held against the workflows: %s", error)
            await asyncio.sleep(ROUND)

    async def once(self) -> None:
        """One round. Raises `RPCError` or `Unavailable`."""
        self._round += 1
        unended = await self._deliveries.unended()  # before the runs: one that ends meanwhile is missed by neither
        running = await self._running()
        self._looked = {name: known for name, known in self._looked.items() if name in running}
        for name in [name for name in unended if name not in running][:IN_A_ROUND]:
            await self._missed(name)
        never = ("", -1)

        def urgency(name: str) -> tuple[bool, int]:
            run, when = self._looked.get(name, never)
            return run == running[name], when

        for name in sorted(running, key=urgency)[:IN_A_ROUND]:
            if await self._compared(name):
                self._looked[name] = running[name], self._round

    async def _running(self) -> dict[str, str]:
        """The run of each delivery that is under way."""
        query = f"WorkflowType = '{messages.WORKFLOW}' AND ExecutionStatus = 'Running'"
        found = self._client.list_workflows(query, page_size=1000, rpc_timeout=PATIENCE)
        return {name: one.run_id async for one in found if (name := delivery_of(one.id)) is not None}

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

    async def _compared(self, name: str) -> bool:
        """Whether it could be compared; where the archive is ahead, it is told."""
        held = await self._ledgers.held(name)
        handle = self._client.get_workflow_handle(workflow_id(name))
        try:
            stated = await handle.query(messages.QUERY_SIZE, result_type=LedgerSize, rpc_timeout=PATIENCE)
            if held is None or stated.branch != held.branch:
                return True
            found = await self._ledgers.compare(name, held, stated.size, bytes.fromhex(stated.root))
            fact = diverged(found) if found is not None else None
            if fact is not None:
                log.error("the archive has another history of a delivery", extra={"delivery": name})
                await handle.signal(messages.REPORT, hand_in(fact, name, datetime.now(UTC), self._key), rpc_timeout=PATIENCE)
        except (RPCError, WorkflowQueryFailedError):
            return False  # it has ended meanwhile, or no worker answers: in the next round
        return True
