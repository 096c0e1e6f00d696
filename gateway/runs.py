"""The deliveries that Temporal runs, as far as they are their caller's to see."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import SearchAttributeKey

from domain.plan.access import speaks_everywhere
from domain.plan.directory import Service
from domain.words.errors import NotFound, Unavailable
from gateway.access import may_see
from gateway.reading import NOT_HERE
from gateway.temporal import as_ours
from process.codec import Codec
from process.temporal import codec_of, delete_runs, readable
from workflows import messages
from workflows.messages import delivery_of, workflow_id

PARTICIPANTS = SearchAttributeKey.for_keyword_list(messages.PARTICIPANTS)
BESIDE = SearchAttributeKey.for_keyword_list(messages.BESIDE)

PATIENCE = timedelta(seconds=30)
"""How long the gateway waits for a worker's answer before it says that none is there."""
STANDS = 10.0
"""Seconds for which it need not be asked again whether a delivery is somebody's to see: who takes part seldom changes, and a
delivery judges by itself who may speak in it.
"""
MOST_KNOWN = 10_000
"""Of whom that is remembered, each with one delivery."""


class Runs:
    """Finds them, and what Temporal knows of them."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.client = client
        self.task_queue = task_queue
        self._seen: dict[tuple[str, str], float] = {}
        """Until when a delivery is this service's to see."""

    def handle(self, delivery: str) -> WorkflowHandle[Any, Any]:
        """Of the run that goes on now, whether or not there is one."""
        return self.client.get_workflow_handle(workflow_id(delivery))

    async def seen_by(self, caller: Service, delivery: str) -> WorkflowHandle[Any, Any]:
        """The delivery's handle, if it is the caller's to see. Raises `NotFound`, no sooner where there is none."""
        handle, clock = self.handle(delivery), asyncio.get_running_loop().time
        if self._seen.get((delivery, caller.id), 0.0) > clock():
            return handle
        answered = clock() + NOT_HERE
        try:
            with as_ours(delivery):
                found = await handle.describe(rpc_timeout=PATIENCE)
            may_see(caller, delivery, tuple(found.typed_search_attributes.get(PARTICIPANTS) or ()))
        except NotFound:
            await asyncio.sleep(answered - clock())
            raise
        if len(self._seen) >= MOST_KNOWN:
            self._seen.clear()
        self._seen[delivery, caller.id] = clock() + STANDS
        return handle

    async def known_in(self, service: Service) -> AsyncIterator[tuple[str, bool]]:
        """Every delivery under way that knows its keys, and whether the service may know that: its own; those to which it is only
        beside, of which it hears nothing (R11); supervisors and administrators, all.
        """
        everywhere = speaks_everywhere(service)
        query = f"WorkflowType = '{messages.WORKFLOW}' AND ExecutionStatus = 'Running'"
        if not everywhere:
            query += f" AND ({messages.PARTICIPANTS} = '{service.id}' OR {messages.BESIDE} = '{service.id}')"
        with as_ours(""):
            async for found in self.client.list_workflows(query, rpc_timeout=PATIENCE):
                if (delivery := delivery_of(found.id)) is not None:
                    yield delivery, everywhere or service.id in (found.typed_search_attributes.get(PARTICIPANTS) or ())

    async def under_way(self, delivery: str) -> bool:
        """Whether its workflow is under way, as far as Temporal can be asked."""
        try:
            with as_ours(delivery):
                found = await self.handle(delivery).describe(rpc_timeout=PATIENCE)
        except NotFound:
            return False
        except Unavailable:
            return True
        return found.status == WorkflowExecutionStatus.RUNNING

    async def history(self, delivery: str) -> str:
        """Temporal's own history of it; empty once Temporal has forgotten it."""
        try:
            with as_ours(delivery):
                return readable(await self.handle(delivery).fetch_history(), self.client)
        except NotFound:
            return ""

    async def delete(self, delivery: str) -> None:
        """Every run of it, and so its histories."""
        with as_ours(delivery):
            await delete_runs(self.client, workflow_id(delivery), PATIENCE)

    @property
    def codec(self) -> Codec:
        """What opens the payloads of histories."""
        return codec_of(self.client)
