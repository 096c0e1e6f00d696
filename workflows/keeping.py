"""Handing the ledger over to the archive: one batch at a time, beside whatever else goes on.

How far the archive has it is no fact of the ledger: it only decides which batch is next. The activity's result says so, sealed by
the installation, so that nobody who can merely complete an activity makes the run forget what is kept nowhere.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import is_cancelled_exception
from temporalio.workflow import ActivityCancellationType

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.signing.canonical import canonical
from domain.signing.tree import Frontier
from domain.words.errors import NotAuthentic
from workflows.messages import (
    KEEP,
    MOST_ENTRIES,
    MOST_ENTRIES_BYTES,
    Docket,
    HandIn,
    KeptTree,
    KeptUpTo,
    ToKeep,
    errand_id,
)

_ONE_ATTEMPT = timedelta(seconds=20)
"""Longest time one attempt takes. A run that ends waits for it: one that came later would look like an archive that is ahead."""
_PAUSE = timedelta(seconds=30)
"""Before what was refused is tried again: somebody must mend the archive, or this is a divergence."""
_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


class Keeping:
    """How far the archive has this ledger, and the batch that is on its way."""

    def __init__(self, delivery: Delivery, docket: Docket, stir: Callable[[], None]) -> None:
        """`stir`: what is called when something has come of a batch."""
        self._delivery = delivery
        self._docket = docket
        self._stir = stir
        self._tree = Frontier(docket.kept.size, tuple(bytes.fromhex(peak) for peak in docket.kept.peaks))
        self._under_way: asyncio.Task[None] | None = None
        self._sent = 0
        """Batches sent in this run."""

    @property
    def kept(self) -> KeptTree:
        """What the archive has, as the next run begins with it."""
        return KeptTree(size=self._tree.size, peaks=tuple(peak.hex() for peak in self._tree.peaks))

    @property
    def done(self) -> bool:
        """Whether the archive has the whole ledger."""
        return self._tree.size == len(self._delivery.ledger)

    def go_on(self) -> bool:
        """Send the next batch, unless one is under way or there is none. Whether one was sent."""
        if self._is_under_way or self.done:
            return False
        self._sent += 1
        self._under_way = asyncio.create_task(self._send(next_batch(self._delivery, self._docket, self.kept), self._sent))
        return True

    def rests(self) -> bool:
        """Whether no batch is under way, so that the run may end; one that is, is called back."""
        if self._is_under_way and self._under_way is not None:
            self._under_way.cancel()
        return not self._is_under_way

    @property
    def _is_under_way(self) -> bool:
        return self._under_way is not None and not self._under_way.done()

    async def _send(self, batch: ToKeep, number: int) -> None:
        try:
            answer = await workflow.execute_activity(
                KEEP,
                batch,
                result_type=HandIn[KeptUpTo],
                activity_id=errand_id(self._docket.plan, "keep", str(number)),
                start_to_close_timeout=_ONE_ATTEMPT,
                retry_policy=_AGAIN,
                cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                summary=f"keeps entries {batch.first} to {batch.size - 1}",
            )
            answer.check(self._delivery.plan.operation, self._delivery.directory)
        except Exception as error:  # noqa: BLE001 - whatever it was, the loop goes on
            if not is_cancelled_exception(error):
                text = "the archive has not kept a batch"
                workflow.logger.warning(text, exc_info=error if not isinstance(error, NotAuthentic) else None)
                await workflow.sleep(_PAUSE)
        else:
            self._advance(min(answer.content.size, batch.size))
        finally:
            self._stir()

    def _advance(self, size: int) -> None:
        for seq in range(self._tree.size, size):
            self._tree.append(bytes.fromhex(self._delivery.ledger.leaf_at(seq)))


def next_batch(delivery: Delivery, docket: Docket, kept: KeptTree) -> ToKeep:
    """The entries that come next, as many as a batch may hold; a single one that is larger goes alone."""
    entries: list[Entry] = []
    weight = 0
    for entry in delivery.ledger.since(kept.size)[:MOST_ENTRIES]:
        assert isinstance(entry, Entry)  # noqa: S101 - only a packet leaves something out
        weight += len(canonical(entry))
        if entries and weight > MOST_ENTRIES_BYTES:
            break
        entries.append(entry)
    size = kept.size + len(entries)
    return ToKeep(
        delivery=delivery.plan.operation,
        entries=tuple(entries),
        root=delivery.ledger.root_at(size),
        peaks=kept.peaks,
        directory=docket.directory if kept.size == 0 else None,
        cards=docket.cards if kept.size == 0 else None,
    )
