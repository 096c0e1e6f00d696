"""A change of keys on its way to every delivery that its service speaks in. None is passed over in silence."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.client import Client

from domain.directory import Service
from domain.envelope import Envelope
from domain.errors import Fault, NotFound, VigilError
from domain.keys import Taken
from gateway.temporal import NoWorkerError, as_ours
from workflows import messages

PATIENCE = timedelta(seconds=10)
"""How long one delivery may take before the change is left for it."""
AT_ONCE = 8
LISTED_WITHIN = 1.0
"""Seconds after which a delivery that has just started stands in Temporal's lists."""


class Rekeying:
    """One change, brought to each delivery once."""

    def __init__(self, client: Client, service: Service, change: Envelope) -> None:
        """`service` is the one whose keys change."""
        self._client = client
        self._service = service
        self._change = change
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._workerless = False
        self._became: dict[str, str] = {}
        self._refused: list[Fault] = []

    async def everywhere(self) -> Taken:
        """Bring it to all that run, and then to those that started meanwhile. Raises `Unavailable` if Temporal is away."""
        for pause in (0.0, LISTED_WITHIN):
            await asyncio.sleep(pause)
            await asyncio.gather(*[self._bring(one) async for one in self._running() if one not in self._became])
        return Taken(
            taken=self._those("taken"),
            left=self._those("left"),
            refused=tuple(sorted(self._refused, key=lambda fault: fault.place)),
        )

    def _those(self, became: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, word in self._became.items() if word == became))

    async def _running(self) -> AsyncIterator[str]:
        """Who takes part speaks in its own deliveries; supervisors, administrators and the installation in all."""
        query = f"WorkflowType = '{messages.WORKFLOW}' AND ExecutionStatus = 'Running'"
        if self._service.kind not in ("supervisor", "administrator", "system"):
            query += f" AND {messages.PARTICIPANTS} = '{self._service.id}'"
        with as_ours(""):
            async for found in self._client.list_workflows(query, rpc_timeout=PATIENCE):
                yield found.id.removeprefix("delivery/")

    async def _bring(self, delivery: str) -> None:
        async with self._gate:
            try:
                self._became[delivery] = await self._take_or_leave(delivery)
            except NotFound:
                self._became[delivery] = "ended"
            except VigilError as error:
                self._became[delivery] = "refused"
                self._refused.append(Fault(place=delivery, problem=error.message))

    async def _take_or_leave(self, delivery: str) -> str:
        handle = self._client.get_workflow_handle(messages.workflow_id(delivery))
        if not self._workerless:
            try:
                with as_ours(delivery):
                    await handle.execute_update(
                        messages.CHANGE_KEYS,
                        self._change,
                        id=f"keys/{self._change.fingerprint()[:32]}",
                        rpc_timeout=PATIENCE,
                    )
            except NoWorkerError:
                self._workerless = True
            else:
                return "taken"
        with as_ours(delivery):
            await handle.signal(messages.CHANGE_KEYS, self._change, rpc_timeout=PATIENCE)
        return "left"
