"""What Temporal's own UI says of a delivery, in words: made when somebody looks, and not after each task."""

from typing import Any

from temporalio import workflow
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.worker import (
    HandleQueryInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from domain.delivery.delivery import Delivery
from domain.views.view import markdown, view


class Details(Interceptor):
    """Of every worker that performs deliveries."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002, ARG002 - as the SDK calls it
        """Around each run."""
        return _Looked


class _Looked(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:  # noqa: A002 - likewise
        answer = await super().handle_query(input)
        if isinstance(answer, WorkflowMetadata):
            answer.current_details = workflow.instance().details()
        return answer


def details(delivery: Delivery) -> str:
    """The delivery as it stands, for whoever may look into Temporal."""
    return markdown(view(delivery, delivery.directory.get(delivery.plan.initiator), delivery.state.now))
