import gzip
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from tests.workflows.record_histories import HISTORIES, paths
from worker import sandbox
from workflows.controlled_delivery import ControlledDelivery

COMMITTED = sorted(HISTORIES.glob("*.json.gz"))


def history_in(path: Path) -> WorkflowHistory:
    """A committed history."""
    return WorkflowHistory.from_json(f"replay-{path.stem}", gzip.decompress(path.read_bytes()).decode())


def replayer() -> Replayer:
    """With the worker's own sandbox and converter."""
    runner: SandboxedWorkflowRunner = sandbox()
    return Replayer(workflows=[ControlledDelivery], data_converter=pydantic_data_converter, workflow_runner=runner)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
async def test_the_code_still_replays_every_committed_history(path: Path) -> None:
    """A delivery that was under way with this history would go on: no command differs."""
    await replayer().replay_workflow(history_in(path))


def test_every_terminal_path_has_a_history() -> None:
    """None of the recorded paths is missing from the repository."""
    assert set(paths()) <= {path.name.removesuffix(".json.gz") for path in COMMITTED}


async def test_a_history_of_other_commands_does_not_replay() -> None:
    """The net holds: with one activity named otherwise the replay fails."""
    text = gzip.decompress(COMMITTED[0].read_bytes()).decode().replace('"await_confirmations"', '"something_else"')
    altered = WorkflowHistory.from_json("altered", json.loads(text))
    result = await replayer().replay_workflow(altered, raise_on_replay_failure=False)

    assert result.replay_failure is not None
