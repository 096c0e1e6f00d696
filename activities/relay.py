"""Handing in to a delivery what an activity has found: by signal or Update, with the moment at which it was found, sealed with
the installation's key. Never by an activity's result, which could be put there by whoever can write to Temporal.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from domain.delivery.ledger import Kept, Receipt
from domain.record.receipts import signed
from domain.rules.outside import Report
from domain.signing.envelope import Envelope
from workflows import messages
from workflows.messages import hand_in, update_id, workflow_id


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
        """A statement that was fetched; its receipt, signed. Raises what `execute_update` raises, and where it must be
        read in the archive, what that raises.
        """
        handed = hand_in(envelope, delivery, datetime.now(UTC), self._key)
        answer: Receipt | Kept = await _workflow(delivery).execute_update(
            messages.SUBMIT, handed, id=update_id(envelope), result_type=messages.ANSWER
        )
        return signed(answer if isinstance(answer, Receipt) else await self._recorded(delivery, answer), self._key)


def _workflow(delivery: str) -> WorkflowHandle[Any, Any]:
    return activity.client().get_workflow_handle(workflow_id(delivery))
