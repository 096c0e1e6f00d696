"""The sandbox is entered to run a workflow, and for nothing that is known outside."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.enums.v1 import CommandType
from temporalio.converter import WorkflowSerializationContext
from temporalio.worker import WorkflowInstance

from process.sandbox import _Run

OWN = WorkflowSerializationContext(namespace="vigil", workflow_id="delivery/saxaul-22")


def run() -> WorkflowInstance:
    """A run whose own answer is that it was asked."""
    inside = SimpleNamespace(
        get_info=lambda: SimpleNamespace(namespace=OWN.namespace, workflow_id=OWN.workflow_id),
        get_serialization_context=lambda _: "asked inside",
    )
    return _Run(cast("WorkflowInstance", inside))


@pytest.mark.parametrize("command", [None, CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK])
def test_what_a_run_says_hears_and_hands_to_an_activity_is_its_own(command: CommandType.ValueType | None) -> None:
    """Nobody enters the sandbox to ask."""
    about: Any = SimpleNamespace(command_type=command) if command is not None else None

    assert run().get_serialization_context(about) == OWN


def test_what_might_be_of_another_workflow_is_asked_inside() -> None:
    """So that a payload for another is never closed as this one's."""
    about: Any = SimpleNamespace(command_type=CommandType.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION)

    assert str(run().get_serialization_context(about)) == "asked inside"
