"""Temporal's errors as ours: what is away, what is refused, and what is not there."""

import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from temporalio.client import (
    RPCError,
    RPCStatusCode,
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError

from domain.words.errors import BY_CODE, Fault, RelayedError, Unavailable, VigilError
from domain.words.text import mark, put_together
from gateway.access import no_delivery
from workflows.messages import first_answer, is_known_already

T = TypeVar("T")

log = logging.getLogger("vigil.gateway")


@contextmanager
def as_ours(delivery: str) -> Iterator[None]:
    """Temporal's errors as ours, where one delivery is asked for something."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        raise _refused(error) from error
    except (WorkflowUpdateRPCTimeoutOrCancelledError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError) as error:
        raise NoWorkerError from error
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise no_delivery(delivery) from error
        if error.status in (
            RPCStatusCode.DEADLINE_EXCEEDED,
            RPCStatusCode.CANCELLED,
            RPCStatusCode.FAILED_PRECONDITION,
            RPCStatusCode.RESOURCE_EXHAUSTED,  # too many questions wait for a worker already
        ):
            raise NoWorkerError from error
        log.warning("Temporal does not answer as it should", extra={"code": error.status.name})
        raise Unavailable(mark("Temporal cannot be reached"), hint=mark("try again; what was acknowledged is safe")) from error


async def answer_to(update: Coroutine[Any, Any, T], kind: Any) -> T:
    """What a delivery answers to an Update; to what it knows already, what it answered first. Raises what the Update raises."""
    try:
        return await update
    except WorkflowUpdateFailedError as error:
        if not is_known_already(error.cause):
            raise
        first: T = first_answer(error.cause, kind)
        return first


class NoWorkerError(Unavailable):
    """Temporal answers, and no worker does."""

    def __init__(self) -> None:
        super().__init__(mark("no worker answered in time"), hint=mark("start a worker, then ask again"))


def _refused(error: WorkflowUpdateFailedError) -> VigilError:
    """The error the workflow's validator raised, as it was there."""
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return Unavailable(mark("the workflow could not answer"))
    details: dict[str, Any] = cause.details[0] if cause.details else {}
    faults = tuple(Fault(place=place, problem=put_together(problem)) for place, problem in details.get("faults", ()))
    kind = BY_CODE.get(cause.type or "", Unavailable)
    message, hint = put_together(details.get("message", cause.message)), put_together(details.get("hint", ""))
    return kind.told(RelayedError(message=message, hint=hint, faults=faults, reason=str(details.get("reason", ""))))
