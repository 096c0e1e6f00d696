"""Who asks for much is given it in pieces."""

import asyncio
from itertools import pairwise

from gateway.turns import Turns


async def test_whoever_asks_for_much_at_once_is_given_one_piece_in_each_turn_of_the_loop() -> None:
    """Of twenty readings of one caller, one piece is made between two turns of another; of two callers, one of each."""
    turns, made = Turns(), {"hostile": 0, "other": 0}
    seen: list[dict[str, int]] = []

    async def read(caller: str) -> None:
        for _ in range(50):
            async with turns.of(caller):
                made[caller] += 1

    async def look() -> None:
        for _ in range(100):
            seen.append(dict(made))
            await asyncio.sleep(0)

    await asyncio.gather(*(read("hostile") for _ in range(20)), read("other"), look())

    most = {caller: max(after[caller] - before[caller] for before, after in pairwise(seen)) for caller in made}
    assert {"hostile": 1, "other": 1} == most
    assert {"hostile": 1000, "other": 50} == made
