"""Handing the ledger over to the archive: one batch at a time, beside whatever else goes on.

How far the archive has it decides which batch is next, what the run lets go of, and whether the archive is behind (R28). The
activity's result says so, sealed by the installation, so that nobody who can merely complete an activity makes the run let go of
what is kept nowhere. No other result brings facts: this one may, since the task that takes it always sends a batch or writes the
memo, so that no replay takes it together with another task.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import is_cancelled_exception
from temporalio.workflow import ActivityCancellationType

from domain.delivery.delivery import Delivery, Snapshot
from domain.delivery.ledger import Entry
from domain.record.door import archive_has, report
from domain.signing.canonical import canonical
from domain.words.errors import NotAuthentic
from domain.words.limits import BATCH_BYTES, BATCH_ENTRIES
from domain.words.text import mark
from workflows.messages import (
    KEEP,
    HandIn,
    KeepErrand,
    KeptUpTo,
    errand_id,
)

_ONE_ATTEMPT = timedelta(seconds=20)
"""Longest time one attempt takes. A run that ends waits for it: one that came later would look like an archive that is ahead."""
_PAUSE = timedelta(seconds=30)
"""Before what was refused is tried again: somebody must mend the archive, or this is a divergence."""
_AGAIN = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.5, maximum_interval=timedelta(minutes=1))
"""Soon each pause is half as long as all before it together, so that an archive which comes back has the ledger in less time than
it was away. Were each twice as long as the last, it could take as long again.
"""


class Keeping:
    """How far the archive has this ledger, and the batch that is on its way."""

    def __init__(
        self, delivery: Delivery, secret: str, snapshot: Snapshot | None, stir: Callable[[datetime | None], None]
    ) -> None:
        """`stir`: what is called when something has come of a batch, with the moment of what was recorded for it."""
        self._delivery = delivery
        self._secret = secret
        self._snapshot = snapshot
        self._stir = stir
        self._under_way: asyncio.Task[None] | None = None
        self._sent = 0
        """Batches sent in this run."""
        self._called_back = False
        """Whether the batch that is under way was called back, since the run ends."""

    @property
    def snapshot(self) -> Snapshot | None:
        """What the archive still needs beside the entries."""
        return self._snapshot if self._delivery.ledger.kept == 0 else None

    @property
    def done(self) -> bool:
        """Whether the archive has the whole ledger."""
        return self._delivery.ledger.kept == len(self._delivery.ledger)

    def go_on(self) -> bool:
        """Send the next batch, unless one is under way or there is none. Whether one was sent."""
        if self._is_under_way or self.done:
            return False
        self._sent += 1
        self._called_back = False
        self._under_way = asyncio.create_task(self._send(next_batch(self._delivery, self.snapshot), self._sent))
        return True

    def rests(self) -> bool:
        """Whether no batch is under way, so that the run may end; one that is, is called back."""
        if self._is_under_way and self._under_way is not None:
            self._called_back = True
            self._under_way.cancel()
        return not self._is_under_way

    @property
    def _is_under_way(self) -> bool:
        return self._under_way is not None and not self._under_way.done()

    async def _send(self, batch: KeepErrand, number: int) -> None:
        try:
            answer = await workflow.execute_activity(
                KEEP,
                batch,
                result_type=HandIn[KeptUpTo],
                activity_id=errand_id(self._secret, "keep", str(number)),
                start_to_close_timeout=_ONE_ATTEMPT,
                retry_policy=_AGAIN,
                cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                summary=f"keeps entries {batch.first} to {batch.size - 1}",
            )
            answer.check(self._delivery.plan.operation, self._delivery.directory)
            _check_of(answer.content, batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, the loop goes on
            if not is_cancelled_exception(error) and not self._called_back:  # the next run sends it again at once
                text = "the archive has not kept a batch"
                workflow.logger.warning(text, exc_info=error if not isinstance(error, NotAuthentic) else None)
                await workflow.sleep(_PAUSE, summary="a pause: the archive did not keep a batch")
        else:
            self._take(answer)
        finally:
            self._stir(self._delivery.state.now)

    def _take(self, answer: HandIn[KeptUpTo]) -> None:
        delivery, other = self._delivery, answer.content.diverged
        at = answer.moment(delivery.plan.operation, delivery.directory, delivery.state.now)
        if other is None:
            archive_has(delivery, answer.content.size, at)
        else:
            report(delivery, other, at)


def _check_of(kept: KeptUpTo, batch: KeepErrand) -> None:
    """Raises `NotAuthentic` for what was sealed of another batch, which another run may have sent."""
    if (kept.branch, kept.size, kept.root) != (batch.branch, batch.size, batch.root):
        raise NotAuthentic(mark("it is sealed for another batch"))


def next_batch(delivery: Delivery, snapshot: Snapshot | None) -> KeepErrand:
    """The entries that come next, as many as a batch may hold; a single one that is larger goes alone."""
    ledger = delivery.ledger
    entries: list[Entry] = []
    weight = 0
    for entry in ledger.entries[:BATCH_ENTRIES]:
        weight += len(canonical(entry))
        if entries and weight > BATCH_BYTES:
            break
        entries.append(entry)
    return KeepErrand(
        delivery=delivery.plan.operation,
        branch=delivery.state.branch,
        entries=tuple(entries),
        root=ledger.root_at(ledger.kept + len(entries)),
        peaks=tuple(peak.hex() for peak in ledger.edge.peaks),
        snapshot=snapshot,
    )
