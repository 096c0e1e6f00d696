"""A worker that was killed is missed within seconds, though Temporal has its last question for a minute."""

import asyncio
import itertools
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGINT, SIGKILL, Signals
from time import monotonic

import pytest
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.client import Client

from gateway.health import Pulse
from process.heartbeats import SILENT, Heartbeats

PATIENCE = timedelta(seconds=5)
BUILD = "1.0-idle"
IDLE = f"""
import asyncio, sys
from datetime import timedelta
from temporalio import workflow
from temporalio.client import Client
from temporalio.runtime import TelemetryConfig
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from process.builds import pinned
from process.heartbeats import speaking

@workflow.defn
class Nothing:
    @workflow.run
    async def run(self) -> None: ...

async def main() -> None:
    address, queue, every = sys.argv[1:]
    client = await Client.connect(address, runtime=speaking(TelemetryConfig(), timedelta(seconds=int(every))))
    how = {{"workflow_runner": UnsandboxedWorkflowRunner(), "deployment_config": pinned(queue, "{BUILD}")}}
    async with Worker(client, task_queue=queue, workflows=[Nothing], **how):
        await asyncio.Event().wait()

asyncio.run(main())
"""


class Looking:
    """A gateway that looks at a worker that has nothing to do, by a clock that a test sets."""

    def __init__(self, temporal: Client) -> None:
        self.passed, self.queue = 0.0, f"idle-{uuid.uuid4().hex[:8]}"
        self.pulse = Pulse(temporal, self.queue)
        self.pulse._beats = self.beats = Heartbeats(temporal, self.queue, lambda: self.passed)

    async def worker(self) -> str:
        """What health says of it."""
        return (await self.pulse._now()).worker

    async def later(self, seconds: float) -> str:
        """The same, so many seconds later."""
        self.passed += seconds
        return await self.worker()

    async def sign(self, *, of: int, beside: object = None) -> object:
        """Its newest sign, once it is another one than that, of so many words."""
        async with asyncio.timeout(60):
            while True:
                await self.worker()
                sign, _ = self.beats._signs.get(BUILD, (None, 0.0))
                if sign is not None and len(sign[1]) == of and sign != beside:
                    return sign
                await asyncio.sleep(0.1)


class Told(Heartbeats):
    """Says when it has listened."""

    def __init__(self, temporal: Client, queue: str, clock: Callable[[], float]) -> None:
        super().__init__(temporal, queue, clock)
        self._listened = asyncio.Semaphore(0)

    async def _words(self, patience: timedelta) -> Sequence[WorkerHeartbeat] | None:
        words = await super()._words(patience)
        self._listened.release()
        return words

    async def again(self) -> None:
        """It has listened twice more: the second time to what is said now."""
        async with asyncio.timeout(60):
            for _ in range(2):
                await self._listened.acquire()


@asynccontextmanager
async def idle(temporal: Client, queue: str, every: int, how: Signals = SIGKILL) -> AsyncIterator[None]:
    """A worker that says every so many seconds that it lives; a signal ends it."""
    address, where = temporal.service_client.config.target_host, os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", IDLE, address, queue, str(every), env=where)
    try:
        yield
    finally:
        process.send_signal(how)
        await process.wait()


async def test_a_worker_that_was_killed_is_missed_within_seconds_and_one_that_is_idle_is_not(temporal: Client) -> None:
    """As long as it says that it lives, it counts as up, however long nothing is asked of it."""
    at = Looking(temporal)
    async with idle(temporal, at.queue, every=1):
        spoken = await at.sign(of=1)
        at.passed += SILENT + 1  # nobody looked meanwhile
        await at.sign(of=1, beside=spoken)
        lives = await at.worker()
    gone = [await at.worker(), await at.later(SILENT), await at.later(0.1)]

    assert "up" == lives
    assert ["up", "up", "none"] == gone


async def test_a_worker_that_speaks_seldom_counts_by_its_questions(temporal: Client) -> None:
    """So does any where Temporal keeps no such words: an idle one is not taken for gone."""
    at = Looking(temporal)
    async with idle(temporal, at.queue, every=60):
        await at.sign(of=0)
        found = await at.later(2 * SILENT)

    assert "up" == found


async def test_whoever_looks_once_waits_for_a_sign_and_finds_that_a_worker_has_gone(temporal: Client) -> None:
    """One that lives has spoken within seconds. One that was killed has asked for work a moment ago, and says no more."""
    at = Looking(temporal)
    quick = Heartbeats(temporal, at.queue, lambda: 10 * monotonic())
    async with idle(temporal, at.queue, every=1):
        await at.sign(of=1)
        lives = await Heartbeats(temporal, at.queue).builds_alive(patience=PATIENCE)

    assert {BUILD} == lives
    assert {BUILD} == await Heartbeats(temporal, at.queue).builds_at_work(patience=PATIENCE)
    assert await quick.builds_alive(patience=PATIENCE) is None


async def test_a_question_that_is_answered_after_its_worker_has_gone_is_no_word_of_it(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal counts it as another question of that build, and whoever looks once is told that nobody lives."""
    at, answered = Looking(temporal), itertools.count()
    async with idle(temporal, at.queue, every=1):
        await at.sign(of=1)

    async def asked(*_where: object, **_patience: object) -> dict[str, datetime]:
        return {BUILD: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(answered))}

    monkeypatch.setattr("process.heartbeats.last_asked", asked)

    assert await Heartbeats(temporal, at.queue, lambda: 10 * monotonic()).builds_alive(patience=PATIENCE) is None
    assert next(answered) > 1


async def test_a_worker_that_said_one_word_and_ended_does_not_live(temporal: Client) -> None:
    """It has asked for work a moment ago, and nobody knows how often it would have spoken."""
    at = Looking(temporal)
    async with idle(temporal, at.queue, every=60, how=SIGINT):
        await at.sign(of=0)

    assert {BUILD} == await Heartbeats(temporal, at.queue).builds_at_work(patience=PATIENCE)
    assert await Heartbeats(temporal, at.queue, lambda: 10 * monotonic()).builds_alive(patience=PATIENCE) is None


async def test_a_last_word_of_a_worker_does_not_say_that_it_lives(temporal: Client) -> None:
    """Whoever looks while a worker ends is told that nobody lives."""
    at = Looking(temporal)
    beats = Told(temporal, at.queue, lambda: at.passed)
    async with idle(temporal, at.queue, every=60, how=SIGINT):
        await at.sign(of=0)
        looking = asyncio.create_task(beats.builds_alive(patience=PATIENCE))
        await beats.again()
    await beats.again()
    at.passed = 2 * SILENT

    assert await looking is None


async def test_among_more_workers_than_are_listened_to_nobody_is_said_to_be_silent(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that lives may be beyond them: all count by what they asked, as where no words are kept."""
    at = Looking(temporal)
    async with idle(temporal, at.queue, every=1):
        await at.sign(of=1)
    async with idle(temporal, at.queue, every=1):
        await at.sign(of=2)
    few = Heartbeats(temporal, at.queue, lambda: 10 * monotonic())
    monkeypatch.setattr("process.heartbeats.MOST", 1)

    assert {BUILD} == await few.builds_alive(patience=PATIENCE)
    monkeypatch.setattr("process.heartbeats.MOST", 2)
    assert await few.builds_alive(patience=PATIENCE) is None
