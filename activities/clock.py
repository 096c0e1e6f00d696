"""The moment at which an activity finds something: by Temporal's clock, and never by that of the worker's machine.

The server says when it began an attempt. What the attempt hands in was found so much later as the attempt has lasted, by a clock
that nobody sets. (docs/decisions/0032 says why.)
"""

from contextvars import ContextVar
from datetime import datetime
from time import monotonic
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from process.clock import Clock

_CLOCK: ContextVar[Clock] = ContextVar("clock")


class Attempts(Interceptor):
    """Notes for each attempt of a worker when it began. Every worker that hands anything in has one."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - as the SDK calls it
        """Around each attempt."""
        return _Attempt(super().intercept_activity(next))


class _Attempt(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - likewise
        begins()
        return await super().execute_activity(input)


def begins() -> None:
    """An attempt begins here."""
    _CLOCK.set(Clock(activity.info().started_time, monotonic()))


def moment() -> datetime:
    """Now, by Temporal's clock. Raises `LookupError` in a worker that has no `Attempts`."""
    return _CLOCK.get().now()
