"""What is left with Temporal for when a worker is up. Temporal takes 10,000 signals and 50 MiB of a run, and ends what has more:
then nobody is heard in it, not even who stops the delivery. So the same bytes are left once, and of each caller so much and no
more until the delivery has answered. What stops a delivery has a share of its own.
"""

import asyncio
from typing import NamedTuple

from domain.plan.directory import Service
from domain.signing.envelope import Envelope
from domain.words.errors import Unavailable, VigilError
from domain.words.text import fill, mark
from gateway.limits import LEFT_BRAKES, LEFT_BYTES, LEFT_STATEMENTS, MOST_LEFT
from gateway.runs import PATIENCE, Runs
from gateway.temporal import as_ours
from workflows import messages
from workflows.messages import HandIn, update_id


class _Left(NamedTuple):
    """Whose it is, what it counts for, and whether Temporal has it."""

    caller: str
    brake: bool
    size: int
    signalled: asyncio.Task[None]


class Leaving:
    """Leaves statements, and remembers which lie there."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._left: dict[tuple[str, str], _Left] = {}
        """By delivery and what was signed, the oldest first; what lies there no more and still counts, by when it came."""

    async def leave(self, caller: Service, delivery: str, handed: HandIn[Envelope], *, brake: bool) -> None:
        """Leave it by Signal, unless it lies there already: Temporal has it when this returns.

        Raises `Unavailable` where the caller's share is spent or Temporal cannot be reached, and `NotFound` for what has ended.
        """
        key = (delivery, update_id(handed.content))
        if key not in self._left:
            size = len(handed.content.body())
            self._check_share(caller, delivery, size, brake=brake)
            while len(self._left) >= MOST_LEFT:
                del self._left[next(iter(self._left))]
            signalled = asyncio.create_task(self._signal(key, handed))
            signalled.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may wait for it any more
            self._left[key] = _Left(caller.id, brake, size, signalled)
        await asyncio.shield(self._left[key].signalled)

    def answered(self, delivery: str) -> None:
        """The delivery has answered, so it has taken all that lay there."""
        for key in [one for one in self._left if one[0] == delivery]:
            del self._left[key]

    def taken(self, delivery: str, handed: HandIn[Envelope]) -> None:
        """The delivery has taken it and not recorded it: sent again, it is left again, and counts once more."""
        if (left := self._left.pop((delivery, update_id(handed.content)), None)) is not None:
            self._left[delivery, handed.at] = left

    def _check_share(self, caller: Service, delivery: str, size: int, *, brake: bool) -> None:
        own = [
            one.size for (there, _), one in self._left.items() if (there, caller.id, brake) == (delivery, one.caller, one.brake)
        ]
        if brake and len(own) >= LEFT_BRAKES:
            most = f"{LEFT_BRAKES} statements that stop or end something"
            message = fill(
                "{service} may leave no more than {most} in {delivery} until it has answered",
                service=caller.id,
                most=most,
                delivery=delivery,
            )
            raise Unavailable(message, hint=mark("it hears those first; start a worker, then send the same again"))
        if not brake and (len(own) >= LEFT_STATEMENTS or sum(own) + size > LEFT_BYTES):
            most = f"{LEFT_STATEMENTS} statements and {LEFT_BYTES} bytes"
            message = fill(
                "{service} may leave no more than {most} in {delivery} until it has answered",
                service=caller.id,
                most=most,
                delivery=delivery,
            )
            raise Unavailable(
                message, hint=mark("what stops the delivery is still left; start a worker, then send the same again")
            )

    async def _signal(self, key: tuple[str, str], handed: HandIn[Envelope]) -> None:
        delivery, _ = key
        try:
            with as_ours(delivery):
                await self._runs.handle(delivery).signal(messages.SUBMIT, handed, rpc_timeout=PATIENCE)
        except VigilError:
            self._left.pop(key, None)
            raise
