"""Whether the installation is up, for whoever asks, and so told in three words and looked up once a second at most."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Literal

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from domain.signing.canonical import Frozen
from domain.words.errors import Unavailable

PATIENCE = timedelta(seconds=1.5)
FRESH = 1.0
"""Seconds for which an answer is given again: anonymous callers cannot load Temporal."""
LATELY = timedelta(seconds=70)
"""A worker that is up has asked Temporal for work within this time: it waits 60 s at most for an answer, then asks again."""


class Health(Frozen):
    """`worker` is `none` where none asks for work: statements are then kept, and judged when one comes."""

    status: Literal["up"] = "up"
    temporal: Literal["up"] = "up"
    worker: Literal["up", "none"]


class Pulse:
    """Feels Temporal's."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._look: asyncio.Task[Health] | None = None
        self._looked_at = 0.0

    async def health(self) -> Health:
        """How it is, or was within the last second. Raises `Unavailable` if Temporal does not answer."""
        now = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and now - self._looked_at > FRESH):
            self._look, self._looked_at = asyncio.create_task(self._now()), now
        await asyncio.wait({self._look})  # a caller that goes away ends it for nobody else
        return self._look.result()

    async def _now(self) -> Health:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self._task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            found = await self._client.workflow_service.describe_task_queue(request, timeout=PATIENCE)
        except RPCError as error:
            raise Unavailable("Temporal cannot be reached", hint="try again; what was acknowledged is safe") from error
        since = datetime.now(UTC) - LATELY
        working = any(poller.last_access_time.ToDatetime(UTC) > since for poller in found.pollers)
        return Health(worker="up" if working else "none")
