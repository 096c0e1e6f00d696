"""Sees what comes up on the watch floor, notes each thing once for the installation, and has those told who subscribed to it.

Every gateway does so, and one of them is enough: what is noted already is not noted again, and a subscription is told by
whoever takes it first. A receiver that hangs is waited for by itself, and keeps no other from being told.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from archive.deliveries import Deliveries
from archive.occasions import Occasions
from archive.sessions import SignedIn
from archive.subscriptions import Subscribers
from domain.plan.access import supervises
from domain.plan.directory import Service
from domain.signing.keys import key_id
from domain.views.glance import Glance
from domain.views.subscriptions import Occasion, occasions
from domain.words.errors import VigilError
from gateway.floor import AT_ONCE, WatchFloor
from gateway.oidc import Provider
from gateway.telling import Teller
from process.in_force import InForce

log = logging.getLogger("vigil.gateway")

OFTEN: Final = 1.0
"""Seconds between two looks."""
POSITION: Final = 60.0
"""Seconds after which it is noted how far has been looked, though nothing came up."""
TIDYING: Final = 3600.0
"""Seconds between two times that what is over is removed."""


class Rights:
    """Whether who subscribed may be told still: they watch over deliveries, and what they proved it with counts."""

    def __init__(self, directory: InForce, provider: Provider | None = None) -> None:
        self._directory = directory
        self._provider = provider

    async def service_of(self, who: SignedIn) -> Service | None:
        """Their service, as it is now; none: they may not. Raises `Unavailable` if it is not known which keys count."""
        service = (await self._directory.latest()).find(who.service)
        if service is None or not supervises(service):
            return None
        if who.key is None:
            return service if self._provider is not None and self._provider.admits(who, service) else None
        return service if _counts(service, who.key, datetime.now(UTC)) else None


def _counts(service: Service, key: str, now: datetime) -> bool:
    """Whether this key was not revoked, and whose it is has one that is valid: an officer who changes keys in time is told on."""
    mine = next((one for one in service.keys if key_id(one.public) == key), None)
    if mine is None or (mine.revoked_at is not None and not mine.model_copy(update={"valid_until": None}).valid_at(now)):
        return False
    return any(one.officer == mine.officer and one.valid_at(now) for one in service.keys)


class Noticing:
    """What a gateway does for subscribers, beside what it answers."""

    def __init__(  # noqa: PLR0913, PLR0917 - from where, and to whom
        self,
        floor: WatchFloor,
        lists: Deliveries,
        seen: Occasions,
        subscribers: Subscribers,
        teller: Teller,
        rights: Rights,
    ) -> None:
        self._floor = floor
        self._lists = lists
        self._seen = seen
        self._subscribers = subscribers
        self._teller = teller
        self._rights = rights
        self._found: dict[str, Occasion] = {}
        self._so: dict[str, frozenset[str]] = {}
        """Marks of what is so now, by delivery."""
        self._begun = False
        self._upto = 0
        self._noted = (0, float("-inf"))
        self._tidied = monotonic()
        self._telling: dict[str, asyncio.Task[None]] = {}
        floor.heed = self._heed  # before anybody looks: else what a page has looked at first is never heard of

    async def go_on(self) -> None:
        """One look after another, until it is cancelled. Whoever is being told then is told again by another gateway."""
        wrong = ""
        try:
            while True:
                before, wrong = wrong, ""
                try:
                    await self.once()
                except VigilError as error:
                    wrong = error.message
                except Exception as error:  # noqa: BLE001 - whatever it was, the next look comes; its text may hold words
                    wrong = type(error).__name__
                if wrong and wrong != before:  # not each second of an outage
                    log.warning("what comes up cannot be told: %s", wrong)
                await asyncio.sleep(OFTEN)
        finally:
            for task in self._telling.values():
                task.cancel()

    async def once(self) -> None:
        """One look: note what has come up, and begin to tell it. Raises `VigilError`."""
        await self._begin()
        await self._floor.look()
        if self._floor.upto < self._upto:
            await self._heed_all()
        self._upto = self._floor.upto
        await self._note()
        for name in await self._subscribers.waits():
            if name not in self._telling:
                self._telling[name] = task = asyncio.create_task(self._tell(name))
                task.add_done_callback(lambda _, name=name: self._telling.pop(name, None))  # type: ignore[misc]
        if monotonic() - self._tidied >= TIDYING:
            self._tidied = monotonic()
            await self.tidy()

    async def all_told(self) -> None:
        """Wait until whoever is being told has been, or could not be."""
        await asyncio.gather(*self._telling.values(), return_exceptions=True)

    async def tidy(self) -> None:
        """Remove what is over, and see who may not be told any more. Raises `Unavailable`."""
        await self._seen.forget({mark for marks in self._so.values() for mark in marks})
        for one in await self._subscribers.all():
            ended = await self._rights.service_of(one.who) is None
            if ended or one.ended_at is not None:
                await self._subscribers.mark_ended(one, ended=ended)

    async def _begin(self) -> None:
        """What ended while no gateway looked is not on the floor, nor is what has no room there: it is heard of all the same."""
        if self._begun:
            return
        after = min(await self._seen.change(), await self._lists.newest())
        while found := await self._lists.floor_changes(after, AT_ONCE):
            for one in found:
                if one.glance is not None:
                    self._heed(one.glance)
            after = found[-1].change
        self._begun = True

    async def _heed_all(self) -> None:
        """The archive was put back, and with it what was noted: what is so is noted anew, and told to whom it had not been
        told by then. Whatever the archive does not hold any more is forgotten.
        """
        self._so.clear()
        for number, seen in enumerate(self._floor.glances()):
            self._heed(seen)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _heed(self, seen: Glance) -> None:
        found = occasions(seen, datetime.now(UTC))
        known = self._so.get(seen.delivery, frozenset())
        self._found |= {one.mark: one for one in found if one.mark not in known}
        if seen.phase == "ended" or not found:
            self._so.pop(seen.delivery, None)
        else:
            self._so[seen.delivery] = frozenset(one.mark for one in found)

    async def _note(self) -> None:
        upto, at = self._noted
        if not self._found and (self._floor.upto == upto or monotonic() - at < POSITION):
            return
        found, upto = dict(self._found), self._floor.upto
        await self._seen.add(found.values(), upto)
        self._found = {mark: one for mark, one in self._found.items() if mark not in found}
        self._noted = upto, monotonic()

    async def _tell(self, name: str) -> None:
        with suppress(VigilError):  # it is another's in a minute
            due = await self._subscribers.take(name)
            if due is None:
                return
            service = await self._rights.service_of(due.subscription.who)
            if service is None:
                await self._subscribers.pass_over(due)
                return
            failure = await self._teller.tell(due.subscription, due.count, service.language)
            if failure is None:
                await self._subscribers.told(due)
                return
            log.warning("a notice was not taken", extra={"code": failure, "service": service.id})
            await self._subscribers.not_told(due, failure)
