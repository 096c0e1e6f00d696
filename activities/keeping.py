"""The activity `keep`: the next entries of a ledger go into the archive, with how the delivery stands after them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.clock import moment
from activities.line import LATEST, WaitingLine
from activities.relay import Relay
from activities.siblings import SiblingWatch
from archive.batches import Batch, BatchKept, Diverges
from archive.branches import Fork
from archive.cached_deliveries import FoldedDeliveries
from archive.ledgers import Ledgers
from domain.delivery.decided import Ended
from domain.delivery.delivery import Delivery
from domain.delivery.reported import Diverged, Stated
from domain.plan.directory import Poll
from domain.record.receipts import saw_another_history
from domain.signing.canonical import canonical
from domain.views.happenings import happening
from domain.views.standing import Standing, standing
from domain.words.errors import Limited, NotAllowed, NotFound, NotVerified, Unavailable, VigilError
from domain.words.limits import MOST_BRANCHES
from workflows import messages
from workflows.messages import HandIn, KeepErrand, KeptUpTo, hand_in

AT_ONCE = 4
"""Batches that one worker writes at the same time. The archive writes one after another, and whoever waits for it there keeps a
connection from those who ask which keys count.
"""
MARGIN = timedelta(seconds=2)
"""By which an attempt counts shorter than Temporal gives it: the next one begins when that is over."""
WAITS = 5.0
"""Seconds that an attempt waits for its turn at most, of the twenty that it has. How long it will take is an estimate."""
RESTS, RESTS_AT_MOST = 0.1, 0.4
"""Seconds that a batch of which the archive has all is held back before the workflow hears so, and sends the next: what is said
meanwhile comes together in that. Longer where many deliveries are spoken in at once.
"""
MANY = 10
"""Entries of a batch that rests no more: so much is said that the next has as many, and the archive must keep up."""
EACH = 0.0125
"""Seconds longer for each batch under way: so a worker begins about 80 in a second."""
FORGOTTEN = LATEST + 60.0
"""Seconds after which an attempt that failed is another worker's: here, the next one would have begun long before."""


class Lag:
    """For how long batches have waited to be kept, as far as this worker knows."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """`clock`: seconds."""
        self._clock = clock
        self._waits: dict[str, tuple[float, float]] = {}
        """By delivery: since when its batch has waited, and when the last attempt began."""

    def begins(self, delivery: str, waited: float) -> None:
        """An attempt to keep its batch begins, which has waited for so long."""
        now = self._clock()
        self._waits[delivery] = now - max(waited, 0.0), now

    def ends(self, delivery: str) -> None:
        """It is kept, or will never be."""
        self._waits.pop(delivery, None)

    def longest_wait(self) -> float:
        """Seconds for which the oldest one has waited; nothing where none does."""
        now = self._clock()
        self._waits = {name: one for name, one in self._waits.items() if now - one[1] <= FORGOTTEN}
        return max((now - since for since, _ in self._waits.values()), default=0.0)


class ArchiveKeeping:
    """The activity, with the archive, and the key that vouches for what it has kept."""

    def __init__(
        self,
        ledgers: Ledgers,
        folded: FoldedDeliveries,
        key: Ed25519PrivateKey,
        owes: Callable[[], None] = lambda: None,
    ) -> None:
        """`owes`: is told where a receipt is owed to a service that is polled."""
        self._owes = owes
        self._ledgers = ledgers
        self._folded = folded
        self._key = key
        self._line = WaitingLine(AT_ONCE, WAITS)
        self._under_way = 0
        self.lag = Lag()

    def siblings(self, relay: Relay) -> SiblingWatch:
        """What listens for siblings, in the same archive."""
        return SiblingWatch(self._folded, self._key, relay)

    @activity.defn(name=messages.KEEP)
    async def keep(self, errand: KeepErrand) -> HandIn[KeptUpTo]:
        """Keep a batch; how far the archive now has the ledger, or that it has another one. To keep it again changes nothing.

        Raises `ApplicationError`, after which it is tried again: the archive is away, too many batches wait, or it lacks what was
        kept in it and must be restored. Not after `NotAllowed`: an expunged delivery has ended.
        """
        self._under_way += 1
        try:
            answer = await self._keep(errand)
            if len(errand.entries) < MANY and not isinstance(errand.entries[-1].event, Ended):
                await _rest(min(RESTS + EACH * self._under_way, RESTS_AT_MOST))
        finally:
            self._under_way -= 1
        return answer

    async def _keep(self, errand: KeepErrand) -> HandIn[KeptUpTo]:
        began = datetime.now(UTC)
        about = activity.info()
        given = about.start_to_close_timeout or timedelta()
        self.lag.begins(errand.delivery, (about.started_time - about.scheduled_time).total_seconds())
        try:
            async with self._line.turn():
                answer = await self._kept(errand, began + given - MARGIN)
        except Limited as error:
            raise ApplicationError(
                error.message,
                type=error.code,
                category=ApplicationErrorCategory.BENIGN,
                next_retry_delay=timedelta(seconds=error.after),
            ) from error
        except VigilError as error:
            if not isinstance(error, Unavailable):  # the archive comes back, and nothing is added up twice
                self._folded.drop(errand.delivery)
            if isinstance(error, NotAllowed):
                self.lag.ends(errand.delivery)
            raise ApplicationError(error.message, type=error.code, non_retryable=isinstance(error, NotAllowed)) from error
        of = KeptUpTo(branch=errand.branch, size=errand.size, root=errand.root)
        if not isinstance(answer, Diverges):
            self.lag.ends(errand.delivery)
            return hand_in(of, errand.delivery, moment(), self._key)
        self._folded.drop(errand.delivery)
        fact = diverged(answer)
        if fact is None:
            message = f"archive and workflow diverge at entry {answer.seq} of {errand.delivery}: {answer.how}"
            raise ApplicationError(message, type="diverges")
        self.lag.ends(errand.delivery)
        return hand_in(of.model_copy(update={"diverged": fact}), errand.delivery, moment(), self._key)

    async def _kept(self, errand: KeepErrand, until: datetime) -> BatchKept | Diverges:
        try:
            fork = Fork(errand.branch, errand.first, tuple(map(bytes.fromhex, errand.peaks)))
            delivery = await self._folded.with_batch(errand.delivery, errand.snapshot, errand.entries, fork)
        except (NotVerified, NotFound):
            answer = await self._ledgers.keep(_batch(errand, None), until)
            if isinstance(answer, Diverges):  # which is why they do not add up
                return answer
            raise
        saw_another = next(saw_another_history(delivery, errand.first), None)
        owed = _owed(delivery, errand)
        answer = await self._ledgers.keep(_batch(errand, standing(delivery), saw_another, owed), until)
        if owed:
            self._owes()
        return answer


async def _rest(seconds: float) -> None:
    """Not where the worker stops."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await activity.wait_for_worker_shutdown()


def diverged(found: Diverges) -> Diverged | None:
    """What the ledger records of it; nothing where the archive lacks what was kept in it, has another delivery of this name, or
    has had it put back too often: then all waits until somebody has mended that.
    """
    if found.how in ("behind", "gone") or found.seq == 0 or found.branch >= MOST_BRANCHES:
        return None
    return Diverged(branch=found.branch, seq=found.seq, how=found.how, size=found.size, root=found.root.hex())


Owed = tuple[tuple[int, str], ...]
"""Entries by their numbers, each with the service that has said it."""


def _owed(delivery: Delivery, errand: KeepErrand) -> Owed:
    """The statements in it of services that are polled: nobody gives them a receipt by answering."""
    stated = [(entry.seq, entry.event) for entry in errand.entries if isinstance(entry.event, Stated)]
    said = [(seq, delivery.directory.get(delivery.law.read(event.envelope).service)) for seq, event in stated]
    return tuple((seq, service.id) for seq, service in said if isinstance(service.reach, Poll))


def _batch(
    errand: KeepErrand, stands: Standing | None, saw_another: int | None = None, owed: tuple[tuple[int, str], ...] = ()
) -> Batch:
    return Batch(
        delivery=errand.delivery,
        branch=errand.branch,
        first=errand.first,
        entries=tuple(map(canonical, errand.entries)),
        size=errand.size,
        root=bytes.fromhex(errand.root),
        standing=stands,
        saw_another=saw_another,
        owed=owed,
        happened=tuple((entry.seq, what) for entry in errand.entries if (what := happening(entry)) is not None),
        peaks=tuple(map(bytes.fromhex, errand.peaks)),
        snapshot=canonical(errand.snapshot) if errand.snapshot is not None else None,
    )
