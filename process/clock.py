"""Temporal's clock: the one by which a delivery tells its moments, so that no other machine's has to be right.

A moment is what that clock said once, and how much later it is by a clock that nobody sets. An activity knows when the server
began its attempt. Whoever knows nothing of the kind asks for work on a queue where nobody leaves any, and then asks when it was
asked for: this costs no event, and no worker need be up.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse,
)
from temporalio.client import Client
from temporalio.service import RPCError

from domain.words.errors import Unavailable
from domain.words.text import mark

QUEUE: Final = "vigil/clock"
"""Nobody leaves work there."""
PATIENCE = timedelta(seconds=10)
"""A busy server answers late. Who cannot wait, such as a brake, does without it."""
A_POLL = PATIENCE * 2
"""For how long it is asked for work: until it has said when it was. Temporal refuses to be asked for less than two seconds."""
ONCE_MORE = 0.01
"""Seconds until it is asked again, where it had not heard yet that it was asked for work; twice as long each time."""


@dataclass(frozen=True)
class Clock:
    """Temporal's clock, which said `said` when ours that nobody sets stood at `at` seconds, or a moment before."""

    said: datetime
    at: float

    def moment(self, at: float) -> datetime:
        """What it said, or will say, when ours stands there: no later, and earlier by as long as looking at it took."""
        return self.said + timedelta(seconds=at - self.at)

    def now(self) -> datetime:
        """What it says now."""
        return self.moment(monotonic())


async def look(client: Client) -> Clock:
    """Look at it. Raises `Unavailable` if Temporal does not answer.

    Whoever asks while a connection ends is not answered: Temporal ends each after minutes, and another is there at once.
    """
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            try:
                return await _ask(client)
            except RPCError:
                return await _ask(client)
    except (RPCError, TimeoutError) as error:
        raise Unavailable(mark("Temporal cannot be reached"), hint=mark("try again; what was acknowledged is safe")) from error


async def _ask(client: Client) -> Clock:
    service, queue, mine = client.workflow_service, TaskQueue(name=QUEUE), secrets.token_hex(8)
    poll = PollActivityTaskQueueRequest(namespace=client.namespace, task_queue=queue, identity=mine)
    question = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=queue, task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    )

    def ask_for_work() -> asyncio.Task[PollActivityTaskQueueResponse]:
        return asyncio.create_task(service.poll_activity_task_queue(poll, timeout=A_POLL))

    pause, polling = ONCE_MORE, ask_for_work()
    try:
        while True:
            found = await service.describe_task_queue(question, timeout=PATIENCE)
            for one in found.pollers:
                if one.identity == mine:
                    return Clock(one.last_access_time.ToDatetime(UTC), monotonic())
            if polling.done():
                polling.result()  # raises, where it was lost on the way and the question about it was not
                polling = ask_for_work()
            await asyncio.sleep(pause)
            pause *= 2
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
