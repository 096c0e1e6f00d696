"""The sandbox that every run of a workflow is in, entered where something runs.

The SDK enters it for each payload as well, three times on its way in and three times on its way out, to ask which workflow the
payload belongs to. That takes longer than the workflow itself. What a run of ours says, hears, and hands to an activity is always
its own, since it signals and starts no other, and so this is answered outside.

And no run goes ahead of its tasks. A query that comes to a worker without the run brings every event until now, those too that no
task has taken yet. The SDK gives them to the run for the query's sake, and what comes with the task that takes them then comes
apart from them. A replay gives both together: commands come in another order, and the run would never replay again (decision
0082).
"""

from typing import Any

from temporalio.api.enums.v1 import CommandType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext, WorkflowSerializationContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info

NO_NEWS = ("query_workflow", "remove_from_cache")
"""Jobs of an activation that give a run nothing to act on."""


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
        self._began, self._length = (0, 0), 0
        """When the task began that it took last, and how long the history was then."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Take what a task brings. What no task has taken yet is refused: the SDK fails the query that brought it, whose caller
        asks again, and forgets the run, which the task then finds as it was.
        """
        if any(job.WhichOneof("variant") not in NO_NEWS for job in act.jobs):
            began = (act.timestamp.seconds, act.timestamp.nanos)
            if began == self._began and act.history_length > self._length:
                return _refused(act)
            self._began, self._length = began, act.history_length
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


def _refused(act: WorkflowActivation) -> WorkflowActivationCompletion:
    refused = WorkflowActivationCompletion(run_id=act.run_id)
    refused.failed.failure.message = "something has come in that no task has taken yet; ask again"
    refused.failed.failure.application_failure_info.type = "AheadOfItsTasks"
    return refused


def _is_own(command: Any) -> bool:
    """Whether the payloads of a command are of the workflow that gives it; None: they are of no command."""
    return command is None or command.command_type == CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK
