"""Statements about one delivery wait for their turn, so that Temporal takes each at the first attempt."""

import asyncio

import pytest

from gateway.lanes import AT_ONCE, Lanes
from gateway.temporal import NoWorkerError


async def test_no_more_are_under_way_than_temporal_takes_and_all_have_their_turn_in_order() -> None:
    """Three times as many as fit: never more than fit at once, and the first to come is the first to go."""
    lanes, under_way, most, gone = Lanes(), 0, 0, list[int]()

    async def speak(number: int) -> None:
        nonlocal under_way, most
        async with lanes.turn("operation", 10):
            gone.append(number)
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*map(speak, range(3 * AT_ONCE)))

    assert AT_ONCE == most
    assert list(range(3 * AT_ONCE)) == gone


async def test_other_deliveries_have_lanes_of_their_own() -> None:
    """One whose worker judges nothing keeps no other waiting; and who waits there too long hears that no worker answers."""
    lanes, all_hold, over = Lanes(), asyncio.Barrier(AT_ONCE + 1), asyncio.Event()

    async def hold() -> None:
        async with lanes.turn("stuck", 10):
            await all_hold.wait()
            await over.wait()

    holding = [asyncio.create_task(hold()) for _ in range(AT_ONCE)]
    await all_hold.wait()
    async with lanes.turn("another", 10):
        with pytest.raises(NoWorkerError):
            async with lanes.turn("stuck", 0.01):
                pass
    over.set()
    await asyncio.gather(*holding)


async def test_a_lane_is_gone_with_the_last_who_used_it() -> None:
    """However many deliveries there are, only those that are spoken about now are remembered."""
    lanes = Lanes()
    for number in range(100):
        async with lanes.turn(f"operation-{number}", 10):
            pass

    assert len(lanes._lanes) <= 1
