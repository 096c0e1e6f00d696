"""Handing in to a delivery what an activity has found: by signal or Update, with the moment at which it was found, sealed with
the installation's key. Never by an activity's result, which could be put there by whoever can write to Temporal.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from domain.delivery.ledger import Kept, Receipt
from domain.record.receipts import signed
from domain.rules.outside import Report
from domain.signing.envelope import Envelope
from domain.words.errors import Unavailable
from workflows import messages
from workflows.messages import hand_in, update_id, workflow_id

T = TypeVar("T")


class Relay:
    """The way in, with the installation's key."""

    def __init__(self, key: Ed25519PrivateKey, recorded: Callable[[str, Kept], Awaitable[Receipt]]) -> None:
        """`recorded`: how a receipt is read in the archive."""
        self._key = key
        self._recorded = recorded

    async def report(self, delivery: str, fact: Report) -> None:
        """A fact. A delivery that has ended needs to know nothing more. Raises `RPCError` if it cannot be reached."""
        try:
            handed = hand_in(fact, delivery, datetime.now(UTC), self._key)
            await _workflow(delivery).signal(messages.REPORT, handed)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    async def submit(self, delivery: str, envelope: Envelope) -> Envelope:
        """A statement that was fetched; its receipt, signed. Raises what `execute_update` raises, `Unavailable` if this worker
        stops, and where it must be read in the archive, what that raises.
        """
        handed = hand_in(envelope, delivery, datetime.now(UTC), self._key)
        update = _workflow(delivery).execute_update(messages.SUBMIT, handed, id=update_id(envelope), result_type=messages.ANSWER)
        answer: Receipt | Kept = await answered(update)
        return signed(answer if isinstance(answer, Receipt) else await self._recorded(delivery, answer), self._key)


async def answered(update: Coroutine[Any, Any, T]) -> T:
    """What a workflow answers to an Update, given up as soon as this worker stops: it may be the one that would answer, and no
    longer does. To wait would keep it from ending for its whole grace, and another from taking its place.

    Raises what the Update raises, and `Unavailable` where it is given up: it may have been recorded, and is asked again.
    """
    asking, stopping = asyncio.create_task(update), asyncio.create_task(activity.wait_for_worker_shutdown())
    try:
        await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            raise Unavailable("the worker stops before it was answered", hint="the next attempt asks again")
        return asking.result()
    finally:
        for task in (asking, stopping):
            task.cancel()
        await asyncio.gather(asking, stopping, return_exceptions=True)


def _workflow(delivery: str) -> WorkflowHandle[Any, Any]:
    return activity.client().get_workflow_handle(workflow_id(delivery))
