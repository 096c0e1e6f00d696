"""What a ledger says is a function of the messages and their order: replayed at any point, it is the same to the byte."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import (
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from domain.delivery.ledger import Receipt
from tests.workflows.record_histories import HISTORIES, paths
from worker import sandbox
from workflows.controlled_delivery import ControlledDelivery
from workflows.messages import Ending

COMMITTED = sorted(HISTORIES.glob("*.json.gz"))
THOROUGHLY = ("almaty-flat", "conflict-settled", "consent-unanswered", "keys-revoked")
"""Histories that are replayed from each of their tasks: with a settlement, a silence and something left by signal among them."""


def history_in(path: Path) -> WorkflowHistory:
    """A committed history."""
    return WorkflowHistory.from_json(f"replay-{path.stem}", gzip.decompress(path.read_bytes()).decode())


def replayer() -> Replayer:
    """With the worker's own sandbox and converter."""
    runner: SandboxedWorkflowRunner = sandbox()
    return Replayer(
        workflows=[ControlledDelivery], data_converter=pydantic_data_converter, workflow_runner=runner, debug_mode=True
    )


@dataclass
class Seen:
    """What a replay brought about."""

    receipts: list[Receipt] = field(default_factory=list)
    ending: Ending | None = None
    roots: list[str] = field(default_factory=list)
    """The root of the ledger after each message."""


def watching(seen: Seen) -> Interceptor:
    """An interceptor that notes what the workflow answers."""

    class Watching(WorkflowInboundInterceptor):
        async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002 - as the SDK calls it
            seen.ending = await super().execute_workflow(input)
            return seen.ending

        async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
            await super().handle_signal(input)
            self._note()

        async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
            answer = await super().handle_update_handler(input)
            if isinstance(answer, Receipt):
                seen.receipts.append(answer)
            self._note()
            return answer

        def _note(self) -> None:
            from temporalio import workflow  # noqa: PLC0415 - only there while a workflow runs

            instance = workflow.instance()
            assert isinstance(instance, ControlledDelivery)
            seen.roots.append(instance._delivery.ledger.root)

    class Watched(Interceptor):
        def workflow_interceptor_class(
            self,
            input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002
        ) -> type[WorkflowInboundInterceptor]:
            return Watching

    return Watched()


async def replayed(history: WorkflowHistory) -> Seen:
    """What this history brings about."""
    seen = Seen()
    await Replayer(
        workflows=[ControlledDelivery],
        data_converter=pydantic_data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[watching(seen)],
        debug_mode=True,  # on a busy machine two seconds pass without anybody having waited for anything
    ).replay_workflow(history)
    return seen


def given(history: WorkflowHistory) -> list[Receipt]:
    """The receipts that were given while it ran, in order."""
    found = []
    for event in history.events:
        outcome = event.workflow_execution_update_completed_event_attributes.outcome
        for payload in outcome.success.payloads:
            said = json.loads(payload.data or b"null")
            if isinstance(said, dict) and said.get("vigil") == "receipt/2":
                found.append(Receipt.model_validate(said))
    return found


def tasks(history: WorkflowHistory) -> Iterator[WorkflowHistory]:
    """The history as a worker sees it that comes to it cold at each of its tasks."""
    events = list(history.events)
    for number, event in enumerate(events):
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            yield WorkflowHistory(history.workflow_id, events[: number + 1])


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
async def test_the_code_still_replays_every_committed_history(path: Path) -> None:
    """A delivery that was under way with this history would go on: no command differs."""
    await replayer().replay_workflow(history_in(path))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
async def test_a_replay_gives_every_receipt_again_to_the_byte(path: Path) -> None:
    """Each receipt that was given has the same entry, time, salt, root and proof in a replay, and the end has the same root."""
    history = history_in(path)
    seen = await replayed(history)

    assert given(history) == seen.receipts
    assert seen.ending is not None
    assert seen.roots[-1] == seen.ending.root or len(seen.roots) < seen.ending.size


@pytest.mark.parametrize("name", THOROUGHLY)
async def test_a_worker_that_comes_cold_at_any_task_sees_the_same_ledger(name: str) -> None:
    """Whatever a worker had in its cache: from each task on, what was answered until then is the same."""
    history = history_in(HISTORIES / f"{name}.json.gz")
    whole = await replayed(history)
    for prefix in tasks(history):
        seen = await replayed(prefix)
        assert whole.receipts[: len(seen.receipts)] == seen.receipts
        assert whole.roots[: len(seen.roots)] == seen.roots


TAKEN = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_TIMER_FIRED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
)
"""What a workflow is given. That an activity which it has cancelled is gone is nothing to it."""


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
def test_no_task_that_took_something_ends_without_a_command(path: Path) -> None:
    """The first law: else a cold worker takes it together with the next one, where results and timers come in another order."""
    idle, took = [], False
    events = list(history_in(path).events)
    cancelled = {one.activity_task_cancel_requested_event_attributes.scheduled_event_id for one in events}
    for event, after in pairwise(events):
        took |= event.event_type in TAKEN and event.activity_task_failed_event_attributes.scheduled_event_id not in cancelled - {
            0
        }
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            idle += [event.event_id] if took and not _follows(event, after) else []
            took = False

    assert [] == idle


def _follows(task: HistoryEvent, after: HistoryEvent) -> bool:
    """Whether the event after a task's completion is one that the task has made."""
    attributes = getattr(after, str(after.WhichOneof("attributes")))
    made_by = getattr(attributes, "workflow_task_completed_event_id", 0)
    return bool(made_by == task.event_id) or after.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED


def test_every_terminal_path_has_a_history() -> None:
    """None of the recorded paths is missing from the repository."""
    assert set(paths()) == {path.name.removesuffix(".json.gz") for path in COMMITTED}


async def test_a_history_of_other_commands_does_not_replay() -> None:
    """The net holds: with one activity named otherwise the replay fails."""
    text = gzip.decompress(COMMITTED[0].read_bytes()).decode().replace('"await_confirmations"', '"something_else"')
    altered = WorkflowHistory.from_json("altered", json.loads(text))
    result = await replayer().replay_workflow(altered, raise_on_replay_failure=False)

    assert result.replay_failure is not None
