"""A change of keys on its way to every delivery that knows its service. None is passed over in silence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from math import ceil
from weakref import WeakValueDictionary

from domain.plan.directory import Directory
from domain.plan.directory import faults_in as faults_of_directory
from domain.plan.key_changes import Taken, authentic, changed
from domain.plan.key_changes import faults_in as faults_of_keys
from domain.signing.envelope import Envelope
from domain.words.errors import Fault, Limited, NotFound, RuleBroken, Unavailable, VigilError
from domain.words.limits import MOST_KEYS, MOST_KEYS_EACH
from domain.words.text import fill, mark
from gateway.leaving import ShareSpentError
from gateway.limits import WAITS
from gateway.turns import a_place

AT_ONCE = 8
KEPT_FOR_EACH = 3
"""Keys for which each service has room whatever the others add: one, the one that it follows on, and an officer's."""
LISTED_WITHIN = 1.0
"""Seconds after which a delivery that has just started stands in Temporal's lists."""


class Repeats:
    """Whoever announces again what is in force already has it brought to every delivery again, however often. So of each caller
    one such announcement is brought at a time; what is new waits for none, and there is only so much of it.
    """

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, caller: str) -> AbstractAsyncContextManager[None]:
        """Wait for it, for `WAITS` at most. Raises `Limited`."""

        def refused() -> Limited:
            message = fill("{caller} has announced keys again, and they are still being brought to deliveries", caller=caller)
            hint = mark("what it says is in force: announce it again after a pause, to have it brought to all once more")
            return Limited(message, after=ceil(WAITS), hint=hint)

        return a_place(self._turns.setdefault(caller, asyncio.Lock()), WAITS, refused)


class Rekeying:
    """One change, brought to each delivery once."""

    def __init__(
        self,
        running: Callable[[], AsyncIterator[tuple[str, bool]]],
        bring: Callable[[str], Awaitable[None]],
        leave: Callable[[str], Awaitable[None]],
    ) -> None:
        """`running`: deliveries, and whether the service may know of each. `bring` returns when one has taken the change;
        `leave`, when it is kept for when a worker is up.
        """
        self._running = running
        self._bring = bring
        self._leave = leave
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._workerless = False
        self._became: dict[str, str] = {}
        self._unseen: set[str] = set()
        """Those of which the service may not know."""
        self._refused: list[Fault] = []

    async def everywhere(self) -> Taken:
        """Bring it to all that run, and then to those that started meanwhile. Raises `Unavailable` if Temporal is away."""
        for pause in (0.0, LISTED_WITHIN):
            await asyncio.sleep(pause)
            await asyncio.gather(*[self._to(one) async for one in self._new()])
        return Taken(
            taken=self._those("taken"),
            left=self._those("left"),
            refused=tuple(sorted(dict.fromkeys(self._refused), key=lambda fault: fault.place)),
            waiting="left" in self._became.values(),
        )

    async def _new(self) -> AsyncIterator[str]:
        async for one, seen in self._running():
            if one not in self._became:
                self._unseen |= set() if seen else {one}
                yield one

    def _those(self, became: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, word in self._became.items() if word == became and name not in self._unseen))

    async def _to(self, delivery: str) -> None:
        async with self._gate:
            try:
                self._became[delivery] = await self._taken_or_left(delivery)
            except NotFound:
                self._became[delivery] = "ended"
            except VigilError as error:
                if isinstance(error, Unavailable) and not isinstance(error, ShareSpentError):
                    raise
                self._became[delivery] = "refused"
                self._refused.append(Fault(place="" if delivery in self._unseen else delivery, problem=error.message))

    async def _taken_or_left(self, delivery: str) -> str:
        if not self._workerless:
            try:
                await self._bring(delivery)
            except Unavailable:
                self._workerless = True
            else:
                return "taken"
        await self._leave(delivery)
        return "left"


def may_be_taken(envelope: Envelope, directory: Directory) -> None:
    """Raises `Malformed`, `NotAuthentic`, or `RuleBroken` (R24) unless this change of keys may be."""
    change = authentic(envelope, directory, datetime.now(UTC))
    then = changed(directory, change)
    faults = [*faults_of_keys(directory, change)]
    if change.added and then != directory:
        faults += [fault.problem for fault in faults_of_directory(then)] or [*_takes_the_room_of_others(then, change.service)]
    if faults:
        raise RuleBroken("R24", "; ".join(faults), reason="keys_not_changed")


def _takes_the_room_of_others(directory: Directory, service: str) -> Iterator[str]:
    """Keys are never taken out again, so whoever adds all that there is room for would keep every other from replacing a key that
    was stolen. A service that has `KEPT_FOR_EACH` leaves so many to each of the others.
    """
    count, most = len(directory.services), max(MOST_KEYS, MOST_KEYS_EACH * len(directory.services))
    wanted = sum(len(one.keys) if one.id == service else max(len(one.keys), KEPT_FOR_EACH) for one in directory.services)
    if wanted > most and len(directory.get(service).keys) > KEPT_FOR_EACH:
        yield fill(
            "{service} has as many keys as it may: of {most} that {count} services may have, {kept} are kept for each other",
            service=service,
            most=most,
            count=count,
            kept=KEPT_FOR_EACH,
        )
