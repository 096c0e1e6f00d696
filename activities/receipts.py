"""Services that are polled are handed the receipts of what they have said, each until it is taken, or given up after a day.

A checkpoint closes with the answer that it waited for, so what it waited for cannot hand over the receipt of that answer. The
archive says what is owed (`archive.owed`); a worker hands it over as soon as it is kept, and whoever is left over after that
worker was killed, another does.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import groupby

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities.services import AwayError, NoPlaceError, ServiceCaller
from archive.cached_deliveries import FoldedDeliveries
from archive.owed import OwedReceipt, OwedReceipts, ReachedFrom
from domain.delivery.ledger import Receipt
from domain.delivery.reported import Stated
from domain.plan.directory import Poll, Service
from domain.record.door import read_statement, receipt_of
from domain.record.receipts import signed
from domain.words.errors import Malformed, NotFound, NotVerified
from process.in_force import InForce

log = logging.getLogger("vigil.receipts")

AT_LATEST = 5.0
"""Seconds until it is looked for what is due, where nothing was kept here meanwhile."""
AT_ONCE = 200
"""Of what is due that one round takes."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
"""Between two tries; twice as long each time."""
MOST_TRIES = 30
"""Together about a day."""
ONE_SERVICE = 20.0
"""Seconds for one service at a time; they are served side by side, and what is left then is left for a later round."""


class Receipts:
    """Hands them over, with the installation's key to sign them."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        caller: ServiceCaller,
        owed: OwedReceipts,
        folded: FoldedDeliveries,
        directory: InForce,
        key: Ed25519PrivateKey,
        queue: str,
    ) -> None:
        """`queue`: of this worker, which reaches the services of that one."""
        self._queue = queue
        self._caller = caller
        self._owed = owed
        self._folded = folded
        self._directory = directory
        self._key = key
        self._bell = asyncio.Event()
        self._serving: dict[str, asyncio.Task[None]] = {}
        """By service: it is served, and has its turn again when that is over."""

    def ring(self) -> None:
        """There is something that is owed."""
        self._bell.set()

    async def go_on(self) -> None:
        """One round after another, until it is cancelled. What is away is asked again in a later one."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(AT_LATEST):
                        await self._bell.wait()
                self._bell.clear()
                try:
                    while await self.once() == AT_ONCE:
                        pass
                except Exception as error:  # noqa: BLE001 - whatever it was, the next round comes
                    log.warning("receipts were not handed over: %s", type(error).__name__)
        finally:
            served = tuple(self._serving.values())
            for task in served:
                task.cancel()
            await asyncio.gather(*served, return_exceptions=True)

    async def once(self) -> int:
        """One round; how many were due. It waits for no service: one that takes its time keeps no other from its receipts.

        Raises `Unavailable` where the archive is away.
        """
        due = await self._owed.take(AT_ONCE, self._reached())
        by_service = groupby(sorted(due, key=lambda one: (one.service, one.delivery, one.seq)), key=lambda one: one.service)
        for service, of_it in by_service:
            self._serving[service] = task = asyncio.create_task(self._serve(service, list(of_it)))
            task.add_done_callback(partial(self._is_served, service))
        return len(due)

    def _is_served(self, service: str, task: asyncio.Task[None]) -> None:
        del self._serving[service]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.warning("receipts were not handed over: %s", type(error).__name__, extra={"service": service})
        self.ring()  # it may be owed others by now

    def _reached(self) -> ReachedFrom:
        """The services of this worker's queue; where no service names that, all that name none, and those that have gone. Without
        those that are being served.
        """
        named = {one.id: one.task_queue for one in self._directory.now.services if one.task_queue is not None}
        own = [name for name, queue in named.items() if queue == self._queue]
        if own:
            return ReachedFrom(tuple(name for name in own if name not in self._serving), only=True)
        return ReachedFrom((*named, *self._serving))

    async def _serve(self, name: str, due: Sequence[OwedReceipt]) -> None:
        """All that is owed to one service, until it does not take one."""
        service = self._directory.now.find(name)
        polled = service if service is not None and isinstance(service.reach, Poll) else None
        try:
            async with asyncio.timeout(ONE_SERVICE):
                for one in due:
                    if not await self._hand_over(polled, one):
                        return
        except TimeoutError:
            log.info("not all receipts were handed over in time", extra={"service": name})

    async def _hand_over(self, service: Service | None, one: OwedReceipt) -> bool:
        """Whether the next one is worth a try. What nobody is owed any more is settled."""
        try:
            receipt = await self._receipt(one) if service is not None else None
            if service is not None and receipt is not None:
                await self._caller.hand_over(service, signed(receipt, self._key))
        except NoPlaceError:
            pass  # it has said that it keeps none
        except (AwayError, NotFound, NotVerified, Malformed) as error:
            if one.tries + 1 < MOST_TRIES:
                await self._owed.put_off(one, min(FIRST_PAUSE * 2**one.tries, LONGEST_PAUSE))
                return not isinstance(error, AwayError)
            log.warning("a receipt is given up: %s", error, extra={"service": one.service, "delivery": one.delivery})
        await self._owed.settle(one)
        return True

    async def _receipt(self, one: OwedReceipt) -> Receipt | None:
        """None where the delivery was expunged, or has another entry there since it was put back.

        Raises `NotFound`, `NotVerified` or `Malformed` where it cannot be read here: by an older program, or before the archive
        is mended.
        """
        try:
            delivery = await self._folded.newest(one.delivery)
        except NotFound:
            if await self._folded.is_expunged(one.delivery):
                return None
            raise
        entry = delivery.ledger[one.seq] if one.seq < len(delivery.ledger) else None
        said = getattr(entry, "event", None)
        if not isinstance(said, Stated) or read_statement(said.envelope).service != one.service:
            return None
        return receipt_of(delivery, one.seq)
