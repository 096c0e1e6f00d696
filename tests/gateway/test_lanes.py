"""Statements about one delivery wait for their turn, so that Temporal takes each at the first attempt."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowUpdateInput, WorkflowUpdateHandle

from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from gateway.lanes import AT_ONCE, Lanes
from gateway.temporal import NoWorkerError
from process.builds import settle
from tests.installation import BUILD, installed, renamed, stop_by
from tests.support import example_plan, signed_plan
from worker import worker_for
from workflows import messages


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


async def test_a_brake_waits_for_those_of_the_same_caller_alone() -> None:
    """One at a time of each caller in each delivery, whatever else is being judged there."""
    lanes, all_hold, over = Lanes(), asyncio.Barrier(AT_ONCE + 2), asyncio.Event()

    async def hold(brake_by: str | None) -> None:
        async with lanes.turn("operation", 10, brake_by=brake_by):
            await all_hold.wait()
            await over.wait()

    holding = [asyncio.create_task(hold(brake_by)) for brake_by in (*[None] * AT_ONCE, "uz.police")]
    await all_hold.wait()
    async with lanes.turn("operation", 10, brake_by="kz.knb"), lanes.turn("another", 10, brake_by="uz.police"):
        with pytest.raises(NoWorkerError):
            async with lanes.turn("operation", 0.01, brake_by="uz.police"):
                pass
    over.set()
    await asyncio.gather(*holding)


class Noting(Interceptor):
    """Notes whose statements a gateway has Temporal judge, in their order."""

    def __init__(self) -> None:
        self.sent = asyncio.Queue[str]()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - as the SDK calls it
        """Around each call."""
        noting, outbound = self, super().intercept_client(next)

        class Outbound(OutboundInterceptor):
            async def start_workflow_update(
                self,
                input: StartWorkflowUpdateInput,  # noqa: A002 - likewise
            ) -> WorkflowUpdateHandle[Any]:
                if input.update == messages.SUBMIT:
                    noting.sent.put_nowait(read_statement(input.args[0].content).service)
                return await super().start_workflow_update(input)

        return Outbound(outbound)


async def test_one_services_stops_keep_no_other_services_stop_from_being_judged(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: a service hands in more stops than Temporal takes updates at once. One of them is judged at a time, so another's stop
    is under way at once, is judged as soon as a worker is up, and is left nowhere.
    """
    monkeypatch.setattr("gateway.submissions.A_BRAKE", 20)  # none is left by signal, which would hide what became of the update
    monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=20))
    plan, noting, queue = renamed(example_plan()), Noting(), f"later-{uuid.uuid4().hex}"
    client = Client(**temporal.config() | {"interceptors": [noting]})
    async with installed(client, plan, None) as at:
        await at.reception(queue).plans.start(at.directory.get(plan.initiator), signed_plan(plan))
        hostile = at.gateway("uz.police")
        flood = [asyncio.create_task(hostile.submit(plan.operation, stop_by("uz.police", plan))) for _ in range(2 * AT_ONCE)]
        first = await noting.sent.get()
        stopping = asyncio.create_task(at.gateway("uz.customs").submit(plan.operation, stop_by("uz.customs", plan)))
        second = await asyncio.wait_for(noting.sent.get(), 60)
        async with worker_for(client, queue, at.of_worker, *at.parts, build=BUILD, grace=timedelta(seconds=1)):
            await settle(client, queue, BUILD, takes_over=False)
            given = await stopping
            answers = await asyncio.gather(*flood)
        left = await at.left(plan)

    assert ["uz.police", "uz.customs"] == [first, second]
    assert isinstance(given, SignedReceipt)
    assert {SignedReceipt} == {type(one) for one in answers}
    assert [] == left
