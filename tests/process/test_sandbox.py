"""The sandbox is entered to run a workflow, and for nothing that is known outside."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import CommandType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import Success, WorkflowActivationCompletion
from temporalio.converter import WorkflowSerializationContext
from temporalio.worker import WorkflowInstance

from process.sandbox import _Run

OWN = WorkflowSerializationContext(namespace="vigil", workflow_id="delivery/saxaul-22")


def run() -> WorkflowInstance:
    """A run whose own answer is that it was asked."""
    inside = SimpleNamespace(
        get_info=lambda: SimpleNamespace(namespace=OWN.namespace, workflow_id=OWN.workflow_id),
        get_serialization_context=lambda _: "asked inside",
        activate=lambda act: WorkflowActivationCompletion(run_id=act.run_id, successful=Success()),
    )
    return _Run(cast("WorkflowInstance", inside))


def brings(job: str, began: int, length: int) -> WorkflowActivation:
    """What a task that began at this second brings, with a history of this length."""
    act = WorkflowActivation(run_id="one", history_length=length, timestamp=Timestamp(seconds=began))
    getattr(act.jobs.add(), job).SetInParent()
    return act


@pytest.mark.parametrize("command", [None, CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK])
def test_what_a_run_says_hears_and_hands_to_an_activity_is_its_own(command: CommandType.ValueType | None) -> None:
    """Nobody enters the sandbox to ask."""
    about: Any = SimpleNamespace(command_type=command) if command is not None else None

    assert run().get_serialization_context(about) == OWN


def test_what_might_be_of_another_workflow_is_asked_inside() -> None:
    """So that a payload for another is never closed as this one's."""
    about: Any = SimpleNamespace(command_type=CommandType.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION)

    assert str(run().get_serialization_context(about)) == "asked inside"


def test_what_no_task_has_taken_yet_is_given_to_no_run() -> None:
    """It comes at the time of the task before, with a longer history: refused, and the run has not seen it. What a task brings in
    two turns, a query, and what the next task brings, are taken.
    """
    one = run()

    def taken(job: str, began: int, length: int) -> bool:
        return one.activate(brings(job, began, length)).HasField("successful")

    assert taken("initialize_workflow", 7, 3)
    assert taken("resolve_activity", 7, 3)
    assert taken("query_workflow", 7, 5)
    assert not taken("signal_workflow", 7, 6)
    assert taken("do_update", 8, 7)
