"""Payload keys are rotated in the middle of a delivery: it goes on, and its history replays with the ring and not without."""

import asyncio
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from client.commands.payload import rotate
from client.embedded import Embedded
from domain.record.verify import verify
from domain.words.errors import Unavailable
from process.codec import converter
from process.ring import Ring, ring_in
from process.temporal import connect
from tests.end_to_end.following import until
from tests.end_to_end.test_kill import PATIENCE, rehearsing
from worker import sandbox
from workflows.controlled_delivery import ControlledDelivery
from workflows.messages import workflow_id


async def restart(embedded: Embedded, *names: str) -> None:
    """End these processes and start them again."""
    for name in names:
        embedded.processes[name].terminate()
        await embedded.processes[name].wait()
        await embedded.start(name, sys.executable, "-m", name)
    await embedded.wait_until_up()


async def replayed(history: WorkflowHistory, ring: Ring) -> Exception | None:
    """What keeps the history from being replayed with these keys."""
    replayer = Replayer(
        workflows=[ControlledDelivery], data_converter=converter(ring), namespace="default", workflow_runner=sandbox()
    )
    return (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure


@pytest.mark.slow
async def test_a_delivery_goes_on_under_a_new_key_and_replays_under_both(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Worker and gateway are restarted with the longer ring: it ends as ever, its history holds payloads of both keys, and
    replays. Without the old key it does not, nor can its evidence be exported, and the error names the key.
    """
    async with asyncio.timeout(PATIENCE), rehearsing(tmp_path) as (embedded, plan, gateway):
        file = embedded.layout.payload_keys
        old = ring_in(file)
        before = await until(gateway, plan.operation, "closed", "consent-kz")
        rotate(file.parent)
        both = ring_in(file)
        await restart(embedded, "worker", "gateway")
        entries = await until(gateway, plan.operation, "ended")
        packet = await gateway.packet(plan.operation)
        client = await connect(f"127.0.0.1:{embedded.layout.temporal_port}", "default", both)
        history = await client.get_workflow_handle(workflow_id(plan.operation)).fetch_history()
        new = Ring.of(both.keys[both.current])
        file.write_text(new.text())
        await restart(embedded, "gateway")
        with pytest.raises(Unavailable) as unreadable:
            await gateway.packet(plan.operation)

    assert before == entries[: len(before)]
    assert "delivered_with_arrests" == verify(packet).outcome
    text = history.to_json()
    assert all(b64encode(one.encode()).decode() in text for one in both.keys)
    assert await replayed(history, both) is None
    assert await replayed(history, new) is not None
    assert f"payload key {old.current} is missing here" in caplog.text
    assert f"payload key {old.current} is missing here" in str(unreadable.value)
    assert "VIGIL_PAYLOAD_KEYS" in unreadable.value.hint
