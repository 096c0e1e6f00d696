"""What is left with Temporal for when a worker is up. Temporal takes 10,000 signals and 50 MiB of a run, and ends what has more:
then nobody is heard in it, not even who stops the delivery. So the same bytes are left once, and of each caller so much and no
more until the delivery has answered. What stops a delivery has a share of its own, and so have changes of keys: whoever has
stolen a key cannot fill the share of who ends it.
"""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from domain.plan.directory import Service
from domain.signing.envelope import Envelope
from domain.words.errors import Unavailable, VigilError
from domain.words.limits import LARGEST_BRAKE
from domain.words.text import fill
from gateway.limits import (
    LEFT_BRAKES,
    LEFT_BYTES,
    LEFT_KEY_CHANGES,
    LEFT_KEY_CHANGES_BYTES,
    LEFT_STATEMENTS,
    MOST_LEFT,
    MOST_SHARES,
)
from gateway.runs import PATIENCE, Runs
from gateway.temporal import as_ours
from workflows import messages
from workflows.messages import HandIn, update_id


@dataclass(frozen=True)
class LeavingShare:
    """What a caller may leave in one delivery, and by which signal."""

    signal: str
    most: int
    most_bytes: int
    what: str
    hint: str


STATEMENTS = LeavingShare(
    messages.SUBMIT,
    LEFT_STATEMENTS,
    LEFT_BYTES,
    f"{LEFT_STATEMENTS} statements and {LEFT_BYTES} bytes",
    "what stops the delivery is still left; start a worker, then send the same again",
)
BRAKES = LeavingShare(
    messages.SUBMIT,
    LEFT_BRAKES,
    LEFT_BRAKES * LARGEST_BRAKE,
    f"{LEFT_BRAKES} statements that stop or end something",
    "it hears those first; start a worker, then send the same again",
)
KEY_CHANGES = LeavingShare(
    messages.CHANGE_KEYS,
    LEFT_KEY_CHANGES,
    LEFT_KEY_CHANGES_BYTES,
    f"{LEFT_KEY_CHANGES} changes of keys and {LEFT_KEY_CHANGES_BYTES} bytes",
    "it is in force at every gateway; start a worker, then send the same again",
)


class ShareSpentError(Unavailable):
    """A caller has left as much in one delivery as it may. Which one is not said: not everybody may know."""


class _Left(NamedTuple):
    """Whose it is, what it counts for, and whether Temporal has it."""

    caller: str
    share: LeavingShare
    size: int
    signalled: asyncio.Task[None]


class _Spent(NamedTuple):
    """How much a caller has left of one share."""

    times: int = 0
    size: int = 0


class Leaving:
    """Leaves what is signed, and remembers what lies there."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._left: dict[tuple[str, str], _Left] = {}
        """By delivery and what was signed, the oldest first."""
        self._spent: dict[str, dict[tuple[str, LeavingShare], _Spent]] = {}
        """What was left, by delivery, the longest there first: it counts also once it is not remembered what it was."""
        self._shares = 0
        """How many are counted in it."""

    async def leave(self, caller: Service, delivery: str, handed: HandIn[Envelope], share: LeavingShare) -> None:
        """Leave it by Signal, unless it lies there already: Temporal has it when this returns.

        Raises `ShareSpentError`, `Unavailable` where Temporal cannot be reached, and `NotFound` for what has ended.
        """
        key = (delivery, update_id(handed.content))
        if key not in self._left:
            size = len(handed.content.body())
            self._check_share(caller, delivery, size, share)
            while len(self._left) >= MOST_LEFT:
                del self._left[next(iter(self._left))]
            self._count(delivery, caller.id, share, 1, size)
            signalled = asyncio.create_task(self._signal(key, handed, share.signal))
            signalled.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may wait for it any more
            self._left[key] = _Left(caller.id, share, size, signalled)
        await asyncio.shield(self._left[key].signalled)

    def answered(self, delivery: str) -> None:
        """The delivery has answered, so it has taken all that lay there."""
        self._shares -= len(self._spent.pop(delivery, ()))
        for key in [one for one in self._left if one[0] == delivery]:
            del self._left[key]

    def taken(self, delivery: str, handed: HandIn[Envelope]) -> None:
        """The delivery has taken it and not recorded it: sent again, it is left again, and counts once more."""
        self._left.pop((delivery, update_id(handed.content)), None)

    def _check_share(self, caller: Service, delivery: str, size: int, share: LeavingShare) -> None:
        own = self._spent.get(delivery, {}).get((caller.id, share), _Spent())
        if own.times >= share.most or own.size + size > share.most_bytes:
            message = fill(
                "{service} may leave no more than {most} in a delivery until it has answered", service=caller.id, most=share.what
            )
            raise ShareSpentError(message, hint=share.hint)

    def _count(self, delivery: str, caller: str, share: LeavingShare, times: int, size: int) -> None:
        """So much more. Beyond what is counted at all, what has lain there for longest counts no more."""
        there = self._spent.setdefault(delivery, {})
        before = there.get((caller, share), _Spent())
        self._shares += (caller, share) not in there
        there[caller, share] = _Spent(before.times + times, before.size + size)
        while self._shares > MOST_SHARES and len(self._spent) > 1:
            oldest = next(iter(self._spent))
            self._shares -= len(self._spent.pop(oldest))

    async def _signal(self, key: tuple[str, str], handed: HandIn[Envelope], signal: str) -> None:
        delivery, _ = key
        try:
            with as_ours(delivery):
                await self._runs.handle(delivery).signal(signal, handed, rpc_timeout=PATIENCE)
        except VigilError:
            if (left := self._left.pop(key, None)) is not None:
                self._count(delivery, left.caller, left.share, -1, -left.size)
            raise
