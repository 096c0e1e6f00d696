"""Handing in to a delivery what an activity has found: by signal or Update, with the moment at which it was found, sealed with
the installation's key. Never by an activity's result, which could be put there by whoever can write to Temporal. And asking it
what a decision rests on.
"""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.clock import moment
from domain.delivery.ledger import Kept, Receipt
from domain.rules.outside import Report
from domain.signing.envelope import Envelope
from domain.words.errors import Unavailable
from domain.words.text import mark
from workflows import messages
from workflows.messages import hand_in, is_known_already, update_id, workflow_id

T = TypeVar("T")

PATIENCE = timedelta(seconds=3)
"""For the answer to a question. A delivery that has no worker now is asked again later."""


class Relay:
    """The way in, with the installation's key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    async def report(self, delivery: str, fact: Report) -> None:
        """A fact. A delivery that has ended needs to know nothing more. Raises `RPCError` if it cannot be reached."""
        try:
            handed = hand_in(fact, delivery, moment(), self._key)
            await _workflow(delivery).signal(messages.REPORT, handed)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    async def submit(self, delivery: str, envelope: Envelope, at: datetime) -> None:
        """A statement that was fetched at this moment: judged, when this returns. Raises what `execute_update` raises, and
        `Unavailable` if this worker stops.
        """
        handed = hand_in(envelope, delivery, at, self._key)
        update = _workflow(delivery).execute_update(messages.SUBMIT, handed, id=update_id(envelope), result_type=messages.ANSWER)
        try:
            await answered(update)
        except WorkflowUpdateFailedError as error:
            if not is_known_already(error.cause):
                raise

    async def leave(self, delivery: str, envelope: Envelope, at: datetime) -> None:
        """Leave a brake that was fetched at this moment by signal, of which Temporal takes 10,000 in a run. Each is left once,
        and of one request no more than `MOST_ANSWERS` that are not settled. Nothing but brakes is left.

        Raises `RPCError` if it cannot be reached, or the delivery has ended.
        """
        handed = hand_in(envelope, delivery, at, self._key)
        await _workflow(delivery).signal(messages.SUBMIT, handed, rpc_timeout=PATIENCE)

    async def has_come_in(self, delivery: str, envelope: Envelope) -> bool:
        """Whether exactly this statement has: a delivery answers after it has taken all that was left before. Raises what `query`
        raises, and `Unavailable` as `submit` does.
        """
        known: list[Receipt | Kept] = await answered(_ask(delivery, messages.QUERY_RECEIPT, envelope, list[messages.ANSWER]))
        return bool(known)

    async def still_asked(self, delivery: str, request: str) -> bool:
        """Whether a delivery still waits for the answer to this request. Raises what `query` raises, and `Unavailable` if this
        worker stops.
        """
        asked: bool = await answered(_ask(delivery, messages.QUERY_ASKED, request, bool))
        return asked


async def answered(question: Coroutine[Any, Any, T]) -> T:
    """What a workflow answers to an Update or a query, given up as soon as this worker stops: it may be the one that would
    answer, and no longer does. To wait would keep it from ending for its whole grace, and another from taking its place.

    Raises what the question raises, and `Unavailable` where it is given up: it may have been recorded, and is asked again.
    """
    asking, stopping = asyncio.create_task(question), asyncio.create_task(activity.wait_for_worker_shutdown())
    try:
        await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            raise Unavailable(mark("the worker stops before it was answered"), hint=mark("the next attempt asks again"))
        return asking.result()
    finally:
        for task in (asking, stopping):
            task.cancel()
        await asyncio.gather(asking, stopping, return_exceptions=True)


def _ask(delivery: str, query: str, what: object, answer: Any) -> Coroutine[Any, Any, Any]:
    return _workflow(delivery).query(query, what, result_type=answer, rpc_timeout=PATIENCE)


def _workflow(delivery: str) -> WorkflowHandle[Any, Any]:
    return activity.client().get_workflow_handle(workflow_id(delivery))
