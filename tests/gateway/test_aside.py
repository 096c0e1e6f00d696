"""Large work beside the event loop has so many turns, and nobody waits for one without end."""

import asyncio
import threading

import pytest

from domain.words.errors import Unavailable
from gateway import aside


async def test_who_waits_too_long_for_a_turn_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """All turns are taken: `Unavailable`, and nothing was done. Once they are over it is done."""
    monkeypatch.setattr(aside, "PATIENCE", 0.05)
    large, over, done = aside.Aside(), threading.Event(), []
    busy = [asyncio.create_task(large.do(lambda: over.wait(10))) for _ in range(aside.AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await large.do(lambda: done.append("too early"))
    over.set()
    await asyncio.gather(*busy)
    await large.do(lambda: done.append("in its turn"))

    assert ["in its turn"] == done


async def test_names_that_nobody_answers_for_hold_up_no_large_work() -> None:
    """Each name that is looked up in vain holds a thread for half a minute; large work has threads of its own."""
    large, over, loop = aside.Aside(), threading.Event(), asyncio.get_running_loop()
    looking = [loop.run_in_executor(None, over.wait, 60) for _ in range(64)]
    try:
        assert await asyncio.wait_for(large.do(lambda: "done"), 10) == "done"
    finally:
        over.set()
        await asyncio.gather(*looking)
