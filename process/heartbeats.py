"""Whether workers live, as they say to Temporal themselves every few seconds.

A worker that waits for work asks for it once a minute, so by its last question one that was killed is missed a minute later.
Its SDK also says that it lives, from threads of its own however busy Python is, and Temporal keeps the newest word of each. Their
moments are of clocks that may be wrong, so it is only seen whether they go on.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from time import monotonic
from typing import Final

from temporalio.api.enums.v1 import WorkerStatus
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice.v1 import ListWorkersRequest
from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from process.builds import last_asked

BEAT: Final = timedelta(seconds=3)
"""Between two words of a worker that it lives."""
SILENT: Final = 10.0
"""Seconds without any sign after which the workers of a build are gone: three words did not come, and nobody asked for work."""
AGAIN: Final = 1.0
"""Seconds between two looks of whoever waits for a sign."""
MOST: Final = 500
"""Workers of one task queue that are listened to."""

Word = tuple[str, int]
"""Whose word it is, and when it was said, in nanoseconds by the clock of whoever said it."""

Sign = tuple[datetime, frozenset[Word]]
"""When a worker of a build last asked for work, and the newest word of each that speaks often enough."""


def speaking(telemetry: TelemetryConfig, every: timedelta = BEAT) -> Runtime:
    """A runtime whose workers say so often that they live. Raises `RuntimeError` or `ValueError`."""
    return Runtime(telemetry=telemetry, worker_heartbeat_interval=every, disable_environment_info=True)


@cache
def beating() -> Runtime:
    """That of a process that counts nothing."""
    return speaking(TelemetryConfig())


class Heartbeats:
    """Listens to the workers of one task queue, for whoever looks again and again."""

    def __init__(self, client: Client, task_queue: str, clock: Callable[[], float] = monotonic) -> None:
        """`clock`: seconds."""
        self._client = client
        self._task_queue = task_queue
        self._clock = clock
        self._signs: dict[str, tuple[Sign, float]] = {}
        """By build: its newest sign, and since when it is that. As many as Temporal says have asked for work."""

    async def builds_at_work(self, *, patience: timedelta) -> frozenset[str] | None:
        """The builds whose workers have lately asked for work and have not fallen silent; none where there is none. A build of
        which no word was ever heard counts by what it asked. Raises `RPCError`.
        """
        asked = await self._asked(patience)
        heard = await self._heard(patience)
        now, before = self._clock(), self._signs
        signs: dict[str, Sign] = {build: (when, frozenset(heard.get(build, ()))) for build, when in asked.items()}
        self._signs = {
            build: before[build] if build in before and before[build][0] == sign else (sign, now) for build, sign in signs.items()
        }
        lively = [build for build in asked if build not in heard or now - self._signs[build][1] <= SILENT]
        return frozenset(lively) - {""} if lively else None

    async def builds_alive(self, *, patience: timedelta) -> frozenset[str] | None:
        """The same for whoever looks once: the builds that have lately asked for work and of which another word comes within
        `SILENT`. Where there are no words, or too many, they count by what they asked. Raises `RPCError`.
        """
        first, began = await self._words(patience), self._clock()
        if first is None:
            return await self.builds_at_work(patience=patience)
        asked, spoken, known = await self._asked(patience), set[str](), set(map(_known_by, first))
        while asked.keys() - spoken and self._clock() - began <= SILENT:
            await asyncio.sleep(AGAIN)
            words = await self._words(patience) or []
            others = [word for word in words if _lives(word) and _known_by(word) not in known]
            spoken |= {word.deployment_version.build_id for word in others}
            asked = await self._asked(patience)
        alive = asked.keys() & spoken  # a question of one that is gone may still be answered, and is no word of it
        return frozenset(alive) - {""} if alive else None

    async def _asked(self, patience: timedelta) -> dict[str, datetime]:
        return await last_asked(self._client, self._task_queue, datetime.now(UTC), patience=patience)

    async def _words(self, patience: timedelta) -> Sequence[WorkerHeartbeat] | None:
        """The newest word of each worker, dead ones too, which Temporal lists for a while. None: the server keeps no such
        words, since it is an older one, or more than `MOST`, among which one that lives may be missed.
        """
        request = ListWorkersRequest(namespace=self._client.namespace, page_size=MOST, query=f"TaskQueue = '{self._task_queue}'")
        try:
            answer = await self._client.workflow_service.list_workers(request, timeout=patience)
        except RPCError as error:
            if error.status is RPCStatusCode.UNIMPLEMENTED:
                return None
            raise
        return [one.worker_heartbeat for one in answer.workers_info] if not answer.next_page_token else None

    async def _heard(self, patience: timedelta) -> dict[str, set[Word]]:
        """The newest word of each worker, by builds. One that speaks seldom is not listened to, and a first word does not say how
        often others come.
        """
        found: dict[str, set[Word]] = {}
        for word in await self._words(patience) or ():
            if timedelta() < word.elapsed_since_last_heartbeat.ToTimedelta() <= timedelta(seconds=SILENT / 2):
                found.setdefault(word.deployment_version.build_id, set()).add(_known_by(word))
        return found


def _lives(word: WorkerHeartbeat) -> bool:
    """The last word of a worker says that it ends."""
    return word.status not in (WorkerStatus.WORKER_STATUS_SHUTTING_DOWN, WorkerStatus.WORKER_STATUS_SHUTDOWN)


def _known_by(word: WorkerHeartbeat) -> Word:
    return word.worker_instance_key, word.heartbeat_time.ToNanoseconds()
