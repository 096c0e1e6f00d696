import asyncio

import pytest
from temporalio.testing import ActivityEnvironment

from activities.relay import answered
from domain.words.errors import Unavailable


async def test_an_update_is_given_up_as_soon_as_the_worker_stops() -> None:
    """A worker that stops does not wait for an answer that it would have to give itself: the next attempt asks again."""
    environment, never = ActivityEnvironment(), asyncio.Event()
    asked = asyncio.Event()

    async def update() -> None:
        asked.set()
        await never.wait()

    attempt = asyncio.create_task(environment.run(answered, update()))
    await asked.wait()
    environment.worker_shutdown()

    with pytest.raises(Unavailable, match="stops before"):
        await attempt


async def test_an_update_that_is_answered_is_not_given_up() -> None:
    """What the workflow answers comes through, and so does what it refuses, also while the worker stops."""

    async def update(*, wrong: bool) -> str:
        if wrong:
            raise LookupError
        return "recorded"

    environment = ActivityEnvironment()
    assert "recorded" == await environment.run(answered, update(wrong=False))
    environment.worker_shutdown()

    with pytest.raises(LookupError):
        await environment.run(answered, update(wrong=True))
