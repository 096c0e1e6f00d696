"""Acknowledgement of receipt by people at a desk: they have received what they have read, and the delivery is told so, once."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client
from temporalio.service import RPCError

from domain.delivery.reported import Asked
from domain.delivery.requests import Request
from domain.plan.directory import Desk, Service
from domain.words.errors import Unavailable
from gateway.limits import MOST_REMEMBERED
from gateway.reading import Reading
from process.clock import Clock
from workflows import messages
from workflows.messages import hand_in, workflow_id

log = logging.getLogger("vigil.acknowledging")

BRIEFLY = timedelta(seconds=3)


class Acknowledgements:
    """Remembers which requests have been read."""

    def __init__(self, client: Client, key: Ed25519PrivateKey, reading: Reading, clock: Callable[[], Awaitable[Clock]]) -> None:
        """`clock`: Temporal's. It raises `Unavailable` where that is not known."""
        self._clock = clock
        self._reading = reading
        self._client = client
        self._key = key
        self._read: OrderedDict[str, None] = OrderedDict()

    async def report(self, reader: Service, requests: Iterable[Request]) -> None:
        """These have been read by the service that they ask. A delivery that cannot be told now is told at the next reading. All
        are told at once: where Temporal hangs, who reads waits for one of them and not for each.
        """
        if not isinstance(reader.reach, Desk):
            return  # its system has acknowledged receipt, or will
        new = [one for one in requests if one.service == reader.id and one.id not in self._read]
        told = await asyncio.gather(*map(self._told, new))
        try:
            for one in (one for one, is_told in zip(new, told, strict=True) if is_told):
                await self._reading.has_read(reader, one.delivery, one.id)  # and every gateway knows
                self._read[one.id] = None
        except Unavailable:
            log.warning("that requests were read could not be noted now: it is told once more")
        while len(self._read) > MOST_REMEMBERED:
            self._read.popitem(last=False)

    async def _told(self, request: Request) -> bool:
        """Whether the delivery has been told, which drops what it knows already."""
        read = Asked(checkpoint=request.checkpoint, received=(request.service,))
        try:
            handed = hand_in(read, request.delivery, (await self._clock()).now(), self._key)
            delivery = self._client.get_workflow_handle(workflow_id(request.delivery))
            await delivery.signal(messages.REPORT, handed, rpc_timeout=BRIEFLY)
        except (RPCError, Unavailable):
            log.warning("that a request was read could not be recorded now", extra={"delivery": request.delivery})
            return False
        return True
