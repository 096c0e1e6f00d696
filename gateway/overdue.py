"""Overdue, by service: who is silent, from the rows of the watch floor that this gateway holds, and who has taken over to call.

A page asks the archive three questions however many deliveries it is about: what changed, which requests were opened, which notes
there are. A reader sees what its own rows hold (R11): supervisors all, who takes part what it sees the whole of.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Final

from archive.chases import Chases
from archive.deliveries import Deliveries
from domain.delivery.chasing import Chase, authentic, check_fresh
from domain.plan.access import reach, role_of
from domain.plan.directory import Directory, Service
from domain.signing.envelope import Envelope
from domain.views.overdue import Around, Overdue, OverdueQuestion, Silences, owing, silent_services, with_opened
from domain.words.errors import NotAllowed, NotFound, VigilError
from domain.words.moments import instant
from domain.words.text import fill, mark
from gateway.aside import Aside
from gateway.floor import WatchFloor
from gateway.selections import sees_all
from process.in_force import InForce
from process.zones import local_time

log = logging.getLogger("vigil.overdue")

KNOWN_FOR: Final = 1.0
"""Seconds for which the notes that were read last, and what is missing in rows that have not changed, count for all who look."""
GLIMPSE: Final = 0.5
"""Seconds that a page of another subject waits for the number that stands in its navigation."""
STALE: Final = 60.0
"""Seconds after which that number is no more said."""


class OverdueRoom:
    """What one gateway knows of silent services. Each method that looks raises `Unavailable` where the archive is away."""

    def __init__(
        self,
        floor: WatchFloor,
        lists: Deliveries,
        chases: Chases,
        directory: InForce,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._floor = floor
        self._lists = lists
        self._chases = chases
        self._directory = directory
        self._clock = clock
        self._notes: tuple[float, tuple[Chase, ...]] = (float("-inf"), ())
        self._late: dict[str | None, tuple[float, frozenset[str]]] = {}
        """By reader: until when it counts, and who is silent."""
        self._looking: asyncio.Future[None] | None = None
        self._aside, self._going_over = Aside(), asyncio.Lock()
        self._silences: dict[str | None, tuple[int, float, Silences]] = {}
        """By reader: of which version of the rows, made when."""

    async def page(self, caller: Service, question: OverdueQuestion, unknown: Iterable[str] = ()) -> Overdue:
        """The page that is asked for."""
        await self._floor.look()
        silence, directory = await self._silence(caller), self._directory.now
        notes, now = await self._visible(caller), self._clock()

        def chased(service: str, since: str | None) -> Chase | None:
            return next((one for one in notes if one.chased == service and _may_know(caller, one, since, directory)), None)

        around = Around(directory.find, lambda one: local_time(one.zone, now), chased)
        found = await self._aside.do(partial(silence.page, question, around))
        reads = await self._lists.opened(set(found.names()), {one.service for one in found.silent})
        return with_opened(found, reads, directory.find).model_copy(update={"unknown": tuple(unknown)})

    async def paced(self, caller: Service) -> None:
        """Wait until rows may be gone over again for who merely follows them: once a second for all who do."""
        made = self._silences.get(_reader(caller))
        if made is not None and made[0] != self._floor.version:
            await asyncio.sleep(made[1] + KNOWN_FOR - monotonic())

    async def _silence(self, caller: Service) -> Silences:
        """What is missing in the rows of this reader as they are now: gone over beside the event loop, once for all who ask."""
        reader = _reader(caller)
        async with self._going_over:
            now = monotonic()
            self._silences = {one: made for one, made in self._silences.items() if now - made[1] < KNOWN_FOR}
            made = self._silences.get(reader)
            if made is None or made[0] != self._floor.version:
                version, rows = self._floor.version, self._floor.held(caller)
                made = version, now, await self._aside.do(partial(Silences, rows, self._clock()))
                self._silences[reader] = made
            return made[2]

    async def chased(self, caller: Service) -> tuple[Chase, ...]:
        """Who chases whom among the services that are silent now, for the watch floor: of another service's notes supervisors
        alone are told there.
        """
        notes = await self._visible(caller)
        if not notes:
            return ()
        await self._floor.look()
        silent = await self._who_is_silent(caller)
        mine = (one for one in notes if one.chased in silent and (_sees_all(caller) or one.service == caller.id))
        first: dict[str, Chase] = {}
        for one in mine:
            first.setdefault(one.chased, one)
        return tuple(first.values())

    async def take(self, caller: Service, envelope: Envelope) -> Chase:
        """Keep a note of the caller that it chases a service, or chases it no more. The same again changes nothing.

        Raises `Malformed`, `NotAuthentic`; `NotAllowed` for somebody else's note, an old one, or one too many; `NotFound` where
        that service owes nothing that the caller sees the whole of: nobody learns by it what is silent elsewhere (R11).
        """
        directory = await self._directory.latest()
        note = authentic(envelope, directory)
        if note.service != caller.id:
            raise NotAllowed(
                fill("the note is of {service}, and {caller} hands it in", service=note.service, caller=caller.id),
                hint=mark("each service hands in its own"),
            )
        if any(one.fingerprint() == envelope.fingerprint() for one in await self._chases.now()):
            await self._chases.keep(envelope)  # who gave up waiting for a standby left it there all the same
            return note
        now = self._clock()
        check_fresh(note, now)
        if note.until == note.at:
            await self._is_chased_by(note, directory)
        elif note.chased not in await self._aside.do(partial(owing, await self._floor.rows(caller), now)):
            raise NotFound(
                fill("{service} owes nothing now in what you see the whole of", service=note.chased),
                hint=mark("`vigil overdue` names the services that do"),
            )
        await self._chases.keep(envelope)
        self._notes = (float("-inf"), ())
        return note

    async def glimpse(self) -> None:
        """Look what is new, for the number in the navigation of any page; for half a second, and whatever is away. One look is
        under way for all pages: where the archive hangs, they do not pile up.
        """
        if self._looking is None:
            self._looking = asyncio.ensure_future(self._floor.look())
            self._looking.add_done_callback(self._looked)
        await asyncio.wait({self._looking}, timeout=GLIMPSE)

    def count(self, caller: Service) -> int | None:
        """How many services are silent in what the reader sees, as it was known last; none where that is not known."""
        age = self._floor.age()
        if age is None or age > STALE:
            return None
        silent = self._lately(caller)
        if silent is None:
            silent = self._keep(caller, silent_services(self._floor.held(caller), self._clock()))
        return len(silent)

    async def _who_is_silent(self, caller: Service) -> frozenset[str]:
        """Who is silent in what this reader sees: gone over beside the event loop, once in `KNOWN_FOR` for all who want it."""
        async with self._going_over:
            silent = self._lately(caller)
            if silent is None:
                look = partial(silent_services, self._floor.held(caller), self._clock())
                silent = self._keep(caller, await self._aside.do(look))
            return silent

    def _lately(self, caller: Service) -> frozenset[str] | None:
        now = monotonic()
        self._late = {one: known for one, known in self._late.items() if now < known[0]}
        return self._late.get(_reader(caller), (0.0, None))[1]

    def _keep(self, caller: Service, silent: frozenset[str]) -> frozenset[str]:
        self._late[_reader(caller)] = monotonic() + KNOWN_FOR, silent
        return silent

    def _looked(self, looking: asyncio.Future[None]) -> None:
        self._looking = None
        if not looking.cancelled() and (error := looking.exception()) is not None:
            log.debug("the watch floor could not be looked at: %s", error)

    async def _is_chased_by(self, note: Chase, directory: Directory) -> None:
        known = self._believed(await self._chases.now(), directory)
        if not any((one.chased, one.service) == (note.chased, note.service) for one in known):
            raise NotFound(
                fill("nobody of {service} chases {chased} now", service=note.service, chased=note.chased),
                hint=mark("there is nothing to give back"),
            )

    async def _visible(self, caller: Service) -> tuple[Chase, ...]:
        """Notes that hold: the caller's, then supervisors', then everybody's for supervisors; of these the newest first. Nobody
        else's stands in the place of the reader's own, or of a supervisor's.
        """
        if monotonic() - self._notes[0] > KNOWN_FOR:
            began = monotonic()
            self._notes = began, tuple(self._believed(await self._chases.now(), await self._directory.latest()))
        now, directory = self._clock(), self._directory.now
        places = (
            (one, one.service == caller.id, _supervises(one.service, directory)) for one in self._notes[1] if one.holds(now)
        )
        mine = [(one, own, above) for one, own, above in places if own or above or _sees_all(caller)]
        return tuple(one for one, _, _ in sorted(mine, key=lambda place: (not place[1], not place[2])))

    def _believed(self, kept: Iterable[Envelope], directory: Directory) -> Iterable[Chase]:
        for envelope in kept:
            try:
                yield authentic(envelope, directory)
            except VigilError as error:
                log.warning("a note that a service is chased is not believed", extra={"code": error.code})


def _may_know(caller: Service, note: Chase, since: str | None, directory: Directory) -> bool:
    """Who takes part is told of a supervisor's note that was signed once the service was silent to the reader too: an older one
    is about something else (R11).
    """
    if _sees_all(caller) or note.service == caller.id:
        return True
    return _supervises(note.service, directory) and since is not None and instant(note.at) >= instant(since)


def _supervises(service: str, directory: Directory) -> bool:
    known = directory.find(service)
    return known is not None and _sees_all(known)


def _reader(caller: Service) -> str | None:
    return None if sees_all(caller) else caller.id


def _sees_all(caller: Service) -> bool:
    return reach(role_of(caller), "overdue") == "all"
