"""Each minute the archive is held against the workflows, so that a run that was put back is found where nobody speaks, too.

Whoever may write to Temporal resets a run, or ends it from outside. With the next word that is said, the archive notices it;
the sweep does not wait for one. A round has a share of the minute. A run that is another than before is looked at first, then
those that were looked at longest ago: so a round goes on where the one before left off, and a worker that has more open
deliveries needs more rounds. A run whose build has no worker is passed over, for it cannot answer: it is an alarm of its own.

To be compared, a run is asked, and replayed for that where no worker has it in memory. For a day after it, it is only glanced
at: Temporal says how many events it has, without a worker, and a run that was put back under its own name has fewer than before.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.keeping import diverged
from archive.batches import Extent
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from domain.words.limits import SWEEP_SHARE
from process.builds import builds_at_work, waiting_runs
from process.clock import look
from process.temporal import listed
from workflows import messages
from workflows.messages import LedgerSize, delivery_of, hand_in, workflow_id

log = logging.getLogger("vigil.sweep")

ROUND = 60.0
"""Seconds from one round to the next."""
PATIENCE = timedelta(seconds=3)
"""For one answer."""
ONE_LOOK = 10.0
"""Seconds for one delivery."""
A_DAY = round(24 * 3600 / ROUND)
"""Rounds for which a run that was compared is only glanced at."""
MOST_GLANCES = 1_000
"""In one round. Each is a call or two, so that what rests costs little: a twentieth of a core."""


@dataclass
class KnownRun:
    """What is known of a run."""

    run: str
    when: int = -1
    """The round in which it was compared or glanced at last."""
    compared: int = -A_DAY
    """The round in which it was compared last."""
    events: int = 0
    """As many as it had before that, or at a later glance."""


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
        self._seen: dict[str, KnownRun] = {}
        """By delivery."""
        self._back = frozenset[str]()
        """Deliveries that are under way, and have ended by what the archive says, or have no workflow any more."""
        self._round = 0
        self._done_at = clock()

    def age(self) -> float:
        """Seconds since the last round came to its end, in which somebody answered or nobody was to be asked."""
        return self._clock() - self._done_at

    async def go_on(self) -> None:
        """One round after another, until it is cancelled. What is away is asked again in the next one."""
        while True:
            began = self._clock()
            try:
                if await self.once():
                    self._done_at = self._clock()
                else:
                    log.warning("the archive was not held against the workflows: every look failed")
            except Exception as error:  # noqa: BLE001 - whatever it was, the next round comes
                log.warning("the archive was not held against the workflows: %s", type(error).__name__)
            await asyncio.sleep(max(0.0, began + ROUND - self._clock()))

    async def once(self) -> bool:
        """One round; whether a look came to its end, or there was none. Raises `RPCError` or `Unavailable` where nobody can be
        asked at all.
        """
        self._round += 1
        looks = list[bool]()
        unended = await self._deliveries.unended()  # before the runs: one that ends meanwhile is missed by neither
        running = await self._running()
        self._back = frozenset(running.keys() - set(unended))
        self._seen = {name: seen for name, seen in self._seen.items() if seen.run == running.get(name)}
        until = self._clock() + SWEEP_SHARE
        for name in (name for name in unended if name not in running):
            if self._clock() >= until - SWEEP_SHARE / 2:  # however many are missed, others are looked at
                break
            looks.append(await self._in_time(name, self._missed(name)))
        glances, silent = 0, await self._silent()
        never = KnownRun("")
        for name in sorted(running.keys() - silent, key=lambda name: self._seen.get(name, never).when):
            if self._clock() >= until:
                break
            seen = self._seen.setdefault(name, KnownRun(running[name]))
            known = self._round - seen.compared < A_DAY
            if known and glances == MOST_GLANCES:
                continue
            glances += known
            seen.when = self._round  # whatever comes of it: nobody keeps others from being looked at
            looks.append(await self._in_time(name, self._glanced_at(name, seen) if known else self._asked(name, seen)))
        return any(looks) or not looks

    async def _running(self) -> dict[str, str]:
        """The run of each delivery that is under way."""
        query = f"WorkflowType = '{messages.WORKFLOW}' AND ExecutionStatus = 'Running'"
        found = (one.execution async for one in listed(self._client, query, PATIENCE))
        return {name: one.run_id async for one in found if (name := delivery_of(one.workflow_id)) is not None}

    async def _silent(self) -> set[str]:
        """The deliveries that cannot answer, for no worker of their build is up."""
        builds = await builds_at_work(self._client, self._task_queue, patience=PATIENCE)
        waiting = await waiting_runs(self._client, self._task_queue, builds, patience=PATIENCE) if builds is not None else []
        return {name for run, _ in waiting if (name := delivery_of(run)) is not None}

    @staticmethod
    async def _in_time(name: str, look: Awaitable[None]) -> bool:
        """One look; whether it came to its end. What comes of it, or does not, keeps no other delivery from being looked at."""
        try:
            async with asyncio.timeout(ONE_LOOK):
                await look
        except Exception as error:  # noqa: BLE001 - it has ended meanwhile, no worker answers, or what answers is none of ours
            log.info("not looked at: %s", type(error).__name__, extra={"delivery": name})
            return False
        return True

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

    async def _glanced_at(self, name: str, seen: KnownRun) -> None:
        """Whether it goes on from what it was; else it is asked."""
        events = await self._events(name)
        if events < seen.events:
            await self._asked(name, seen)
        else:
            seen.events = events

    async def _asked(self, name: str, seen: KnownRun) -> None:
        """It is held against the archive. What the archive does not know has nothing to be put back, or somebody invented it."""
        events, held = await self._events(name), await self._ledgers.held(name)
        if held is not None:
            await self._compared(name, held)
        seen.compared, seen.events = self._round, events

    async def _events(self, name: str) -> int:
        """How many its history has."""
        return (await self._client.get_workflow_handle(workflow_id(name)).describe(rpc_timeout=PATIENCE)).history_length

    async def _compared(self, name: str, held: Extent) -> None:
        """Where the archive is ahead, the delivery is told. How far the archive goes was asked before, so that is no race. What
        goes on from what is kept is no alarm any more, though it had been ended from outside.
        """
        handle = self._client.get_workflow_handle(workflow_id(name))
        said = await handle.query(messages.QUERY_SIZE, result_type=LedgerSize, rpc_timeout=PATIENCE)
        stated = Extent(branch=said.branch, size=said.size, root=bytes.fromhex(said.root))
        found = await self._ledgers.compare(name, held, stated)
        if found is None and name in self._back:
            await self._ledgers.is_there(name)
        fact = diverged(found) if found is not None else None
        if fact is not None:
            log.error("the archive has another history of a delivery", extra={"delivery": name})
            now = (await look(self._client)).now()
            await handle.signal(messages.REPORT, hand_in(fact, name, now, self._key), rpc_timeout=PATIENCE)
