"""The sandbox that every run of a workflow is in, entered where something runs.

The SDK enters it for each payload as well, three times on its way in and three times on its way out, to ask which workflow the
payload belongs to. That takes longer than the workflow itself. What a run of ours says, hears, and hands to an activity is always
its own, since it signals and starts no other, and so this is answered outside.
"""

from typing import Any

from temporalio.api.enums.v1 import CommandType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext, WorkflowSerializationContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info


class WorkflowSandbox(SandboxedWorkflowRunner):
    """Runs workflows as the SDK's own does."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """One run."""
        return _Run(super().create_instance(det))


class _Run(WorkflowInstance):
    def __init__(self, inside: WorkflowInstance) -> None:
        self._inside = inside
        info = inside.get_info()
        self._own = WorkflowSerializationContext(namespace=info.namespace, workflow_id=info.workflow_id)

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._inside.activate(act)

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        return self._own if _is_own(command_info) else self._inside.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:  # noqa: ARG002 - the port's signature
        """Nothing is stored elsewhere."""
        return StorageDriverStoreContext(target=None)

    def get_info(self) -> Info:
        return self._inside.get_info()

    def get_thread_id(self) -> int | None:
        return self._inside.get_thread_id()


def _is_own(command: Any) -> bool:
    """Whether the payloads of a command are of the workflow that gives it; None: they are of no command."""
    return command is None or command.command_type == CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
