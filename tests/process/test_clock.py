"""Temporal's clock is read without an event, and without a worker."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import PollActivityTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from bench.chaos.proxy import Proxy
from domain.words.errors import Unavailable
from process import clock
from process.clock import PATIENCE, Clock, look
from tests.installation import temporal_server

SAID = datetime(2022, 3, 1, tzinfo=UTC)
READ_IN = PATIENCE
"""Within which it is read, on a busy machine too."""


def test_a_moment_is_as_far_from_what_was_read_as_a_clock_that_nobody_sets_says() -> None:
    """Before and after, whatever the machine's own clock says."""
    read = Clock(SAID, 100.0)

    assert SAID - timedelta(seconds=30) == read.moment(70.0)
    assert SAID + timedelta(hours=1) == read.moment(3700.0)


async def test_temporals_clock_is_read_where_nobody_works(temporal: Client) -> None:
    """By many at once, each for itself: none is told a time that is still to come, or what another has read before."""
    earlier = await look(temporal)
    while datetime.now(UTC) - earlier.said < timedelta(milliseconds=50):  # noqa: ASYNC110 - nobody else says when it is so long ago
        await asyncio.sleep(0)
    before = datetime.now(UTC)
    found = await asyncio.gather(*(look(temporal) for _ in range(5)))
    after = datetime.now(UTC)

    for one in found:
        assert before - timedelta(milliseconds=5) <= one.said <= after  # Temporal tells milliseconds
        assert one.now() <= datetime.now(UTC)
        assert datetime.now(UTC) - one.now() < READ_IN


async def test_where_temporal_does_not_answer_its_clock_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unavailable, and soon."""
    monkeypatch.setattr(clock, "PATIENCE", timedelta(seconds=0.5))
    environment = await temporal_server()
    await environment.shutdown()
    with pytest.raises(Unavailable, match="Temporal cannot be reached"):
        await look(environment.client)


async def test_who_asks_while_a_connection_ends_is_answered_by_the_next(temporal: Client) -> None:
    """A gateway that has never seen the clock starts deliveries all the same, though its first question was lost on the way."""
    async with Proxy(int(temporal.service_client.config.target_host.rsplit(":", 1)[1])) as proxy:
        client = await Client.connect(f"127.0.0.1:{proxy.port}")
        await proxy.become("silent")
        asked = asyncio.create_task(look(client))
        while not proxy.swallowed:  # noqa: ASYNC110 - nobody else says when it has asked
            await asyncio.sleep(0)
        await proxy.become("cut")
        await proxy.become("open")

        assert datetime.now(UTC) - (await asked).said < READ_IN


@pytest.mark.parametrize("lost", [RPCError("connection reset", RPCStatusCode.UNAVAILABLE, b""), None])
async def test_who_was_not_heard_asking_for_work_asks_for_it_again(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, lost: RPCError | None
) -> None:
    """A connection that ended took along the asking alone, or a server that shuts down said that there is no work."""
    service = temporal.workflow_service
    ask = service.poll_activity_task_queue
    answers = iter([lost])

    async def ask_in_vain(*args: Any, **kwargs: Any) -> PollActivityTaskQueueResponse:
        for answer in answers:
            if answer is not None:
                raise answer
            return PollActivityTaskQueueResponse()
        return await ask(*args, **kwargs)

    monkeypatch.setattr(service, "poll_activity_task_queue", ask_in_vain)

    assert datetime.now(UTC) - (await look(temporal)).said < READ_IN
    assert next(answers, "asked") == "asked"
