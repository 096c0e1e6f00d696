"""The directory in force: as its file stands now, with every change of keys that the archive holds.

The file is the base. A change of keys is entered in the archive first, and from then on it binds every gateway and worker:
each asks the archive for the newest one before a signature matters. While the archive does not answer, the keys last known
count for `BOUND` seconds more; after that nobody is let in, but for whoever stops a delivery. (docs/decisions/0023 has the
alternatives and the measurements.)
"""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.plan.directory import Directory, ServiceKey
from domain.plan.key_changes import ENTERED_TYPE, Entered, KeyChange, KeyEnd, after, read_change, read_entered, said_already
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope, sign
from domain.words.errors import Malformed, NotAuthentic, NotVerified, RuleBroken, Unavailable, VigilError
from domain.words.identifiers import ServiceId
from domain.words.limits import MOST_KEYS
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark
from process.configuration import directory_in, installation_of

log = logging.getLogger("vigil.directory")

BOUND = 10.0
"""Seconds for which the keys last known count while the archive does not answer: a database is restarted in less."""
BRAKES = ("stop_requested", "incident")
"""Kinds of statements that stop a delivery, or may (R8, R14): the keys last known count for them, however long ago that was.
Whoever has stolen one could halt a delivery; a stop that is not taken could cost a life.
"""
LOOK_WITHIN = 2.0
"""Seconds that the archive is given to say what is new."""
MOST_CHANGES = 2 * MOST_KEYS
"""Changes of one service's keys by one signer: each key can be made and ended by one of its own. Who brings an end forward again
and again would fill the archive else, and every process goes over all of it when it starts.
"""
GLANCE = 0.25
"""Seconds for which whoever may order a stop waits for that: who floods the archive with questions keeps nobody from stopping."""


class Changes(Protocol):
    """Where changes of keys are kept: `archive.key_changes.KeyChanges`. Each method raises `Unavailable`."""

    async def since(self, seq: int) -> Sequence[Envelope]:
        """Those after this number, in their order. Raises `NotVerified` for what is none."""

    async def append(self, seq: int, entered: Envelope) -> bool:
        """Append it under this number. False: another has it, and nothing was written."""

    async def settle(self) -> None:
        """Return when what could be read until now is kept as what is appended is: who appended it may have given up waiting."""


class InMemory:
    """Changes of keys that are kept for as long as the process lives: for tests and rehearsals."""

    def __init__(self) -> None:
        self._entered: list[Envelope] = []

    async def since(self, seq: int) -> Sequence[Envelope]:
        """Those after this number."""
        return self._entered[seq:]

    async def append(self, seq: int, entered: Envelope) -> bool:
        """Append it, if the number is free."""
        free = seq == len(self._entered) + 1
        if free:
            self._entered.append(entered)
        return free

    async def settle(self) -> None:
        """It is."""


@dataclass
class KeysSaid:
    """What all changes of one service's keys say together. Whoever announces something is compared with as much of it as the
    announcement names: to go over all of them each time took a tenth of a second in which nobody else was answered.
    """

    by: Counter[ServiceId] = field(default_factory=Counter)
    """How many each signer has made."""
    added: dict[str, ServiceKey] = field(default_factory=dict)
    ended: dict[tuple[str, bool], KeyEnd] = field(default_factory=dict)
    """The soonest end of each key, and its soonest revocation."""

    def take(self, change: KeyChange) -> None:
        """One more."""
        self.by[change.by] += 1
        self.added |= {key.public: key for key in change.added}
        for end in change.ended:
            place = (end.key, end.revoked)
            if place not in self.ended or instant(end.at) < instant(self.ended[place].at):
                self.ended[place] = end

    def of(self, change: KeyChange) -> KeyChange:
        """What they say of the keys that this one names."""
        added = tuple(self.added[key.public] for key in change.added if key.public in self.added)
        places = ((end.key, end.revoked) for end in change.ended)
        ended = tuple(self.ended[place] for place in places if place in self.ended)
        return KeyChange.model_construct(service=change.service, by=change.by, made_at=change.made_at, added=added, ended=ended)


class InForce:
    """A directory, and what has become of its keys since."""

    def __init__(
        self, directory: Directory, changes: Changes | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`changes`: those that others make too. None: only those of this process."""
        self._directory = directory
        self._changes = changes if changes is not None else InMemory()
        self._clock = clock
        self._entered: list[Entered] = []
        self._newest: Envelope | None = None
        """The newest of them, as the installation has signed it."""
        self._said: defaultdict[ServiceId, KeysSaid] = defaultdict(KeysSaid)
        """What they say together, by whose keys they change."""
        self._looking = asyncio.Lock()
        self._begun = self._ended = 0
        """Looks, counted: the newest that has begun, and that has ended."""
        self._known_at = float("-inf")
        self._wrong: VigilError | None = None
        """Why the newest look failed."""
        self._glances: set[asyncio.Task[None]] = set()
        """Looks that may go on though nobody waits for them any more: the one under way and the next."""
        self._next: asyncio.Task[None] | None = None
        """The one that has not begun, for all who come before it does."""

    @property
    def now(self) -> Directory:
        """The directory as it was last known."""
        return self._directory

    @property
    def entered(self) -> int:
        """How many changes of keys are in it."""
        return len(self._entered)

    def entered_after(self, number: int) -> tuple[Envelope, ...]:
        """Those that have come since there were so many."""
        return tuple(one.change for one in self._entered[number:])

    async def latest(self) -> Directory:
        """The directory as of now. Raises `Unavailable` if it has not been known for too long."""
        await self.look()
        return self.sure()

    async def look(self) -> None:
        """Learn what is new; where that fails, what was known stays so. Of many who ask at once, one look serves all that came
        before it began.
        """
        mine = self._begun + 1
        async with self._looking:
            if self._ended >= mine:
                return
            self._begun = number = self._begun + 1
            self._next = None
            began = self._clock()
            try:
                await self._learn()
            except VigilError as error:
                if self._wrong is None:
                    log.warning("it is not known which keys count: %s", error.message, extra={"code": error.code})
                self._wrong = error
            else:
                self._wrong, self._known_at = None, began
            self._ended = number

    async def glance(self) -> bool:
        """Look, and wait for no longer than `GLANCE`: whether it has been looked by then. If not, the look goes on."""
        if self._next is None:
            self._next = asyncio.create_task(self.look())
            self._glances.add(self._next)
            self._next.add_done_callback(self._glances.discard)
        looking = self._next
        done, _ = await asyncio.wait({looking}, timeout=GLANCE)
        for one in done:
            one.result()
        return bool(done)

    def sure(self) -> Directory:
        """The directory as it was last known. Raises `Unavailable` if that is too long ago."""
        if self._clock() - self._known_at > BOUND:
            message = "the archive does not say which keys count, and nobody is let in with one that may have been revoked"
            raise Unavailable(message, hint=mark("try again; a stop is taken all the same"))
        return self.now

    async def enter(self, change: Envelope, key: Ed25519PrivateKey, check: Callable[[Directory], None]) -> bool:
        """Enter a change of keys, under the installation's key: it is in the archive, and in force, when this returns. False: it
        says nothing that is not entered already.

        `check` raises if it may not be taken; it is asked again where another change came in between. What says nothing that is
        not entered already is not asked about: it may have ended the very key that it is signed with.

        Raises `Malformed` where it names a key twice, `RuleBroken` (R28) where its signer has changed these keys as often as it
        may, and `Unavailable` if the archive does not answer: then the change may or may not be in force.
        """
        said = read_change(change)
        while True:
            await self.look()
            if self._wrong is not None:
                raise Unavailable(
                    mark("the archive cannot take a change of keys"), hint=mark("announce it again")
                ) from self._wrong
            if said_already(said, (self._said[said.service].of(said),)):
                await self._changes.settle()
                return False
            check(self.now)
            self._check_share(said)
            entered = Entered(seq=len(self._entered) + 1, at=utc_text(datetime.now(UTC)), change=change)
            envelope = sign(canonical(entered), ENTERED_TYPE, key)
            try:
                read_entered(envelope, installation_of(self.now))
            except NotAuthentic as error:
                message = "this gateway runs with a key of the installation that has ended"
                raise Unavailable(message, hint=mark("have it restarted with the new one")) from error
            if await self._changes.append(entered.seq, envelope):
                await self.look()  # it is taken from there, as by everybody
                if len(self._entered) < entered.seq:
                    self._take(envelope)
                return True

    def _check_share(self, said: KeyChange) -> None:
        if self._said[said.service].by[said.by] >= MOST_CHANGES:
            message = fill(
                "{signer} has changed keys of {service} {count} times, as often as it may",
                signer=said.by,
                service=said.service,
                count=MOST_CHANGES,
            )
            hint = mark("an administrator can change them, or another administrator")
            raise RuleBroken("R28", message, hint=hint, reason="keys_not_changed")

    def replace(self, directory: Directory) -> None:
        """Put another in force; what has become of its keys stays so."""
        self._directory = directory
        for entered in self._entered:
            self._directory = after(self._directory, entered)

    async def _learn(self) -> None:
        """Raises `Unavailable`, or `NotVerified` if what is kept there is not what was, or not what the installation entered."""
        known = len(self._entered)
        try:
            async with asyncio.timeout(LOOK_WITHIN):
                found = await self._changes.since(max(known - 1, 0))
        except TimeoutError as error:
            raise Unavailable(mark("the archive does not answer in time"), hint=mark("try again")) from error
        if known and (not found or found[0] != self._newest):  # it was put back, and another may have the number by now
            raise NotVerified(mark("changes of keys are gone from the archive"), known)
        for envelope in found[min(known, 1) :]:
            self._take(envelope)

    def _take(self, envelope: Envelope) -> None:
        number = len(self._entered) + 1
        try:
            entered = read_entered(envelope, installation_of(self._directory))
            said = read_change(entered.change)
        except (NotAuthentic, Malformed) as error:
            raise NotVerified(
                fill("the installation has not entered this change of keys: {problem}", problem=error.said), number
            ) from error
        if entered.seq != number:
            raise NotVerified(mark("a change of keys is missing from the archive, or stands in another place"), number)
        self._entered.append(entered)
        self._newest = envelope
        self._said[said.service].take(said)
        self._directory = after(self._directory, entered)


class FollowedFile(InForce):
    """Follows its file. Each use looks whether that is another than before (one `stat`), and only then reads it.

    A file that is not right is refused, loudly and once, and what was in force stays so.
    """

    def __init__(self, file: Path, changes: Changes | None = None, *, others: bool = False) -> None:
        """`others`: without what only the worker needs, where people at a desk are told.

        Raises `NotFound` or `Malformed` with every fault: there is nothing yet that could stay in force.
        """
        self._file = file
        self._others = others
        self._seen = _look(file)
        super().__init__(self._read(), changes)

    @property
    def now(self) -> Directory:
        """The directory as it was last known, by a file that is read anew where it has changed."""
        seen = _look(self._file)
        if seen != self._seen:
            self._seen = seen
            self._take_file()
        return super().now

    def _read(self) -> Directory:
        directory = directory_in(self._file)
        installation_of(directory)
        return directory.for_others() if self._others else directory

    def _take_file(self) -> None:
        try:
            self.replace(self._read())
        except VigilError as error:
            places = ", ".join(fault.place for fault in error.faults) if isinstance(error, Malformed) else ""
            text = "the new directory is refused, the one before stays in force: wrong at %s"
            log.error(text, places or "all of it", extra={"code": error.code})  # noqa: TRY400 - a traceback says no more
        else:
            log.info("a new directory is in force")


def _look(file: Path) -> tuple[int, int, int, int] | None:
    """Other words, or another owner or mode: what could not be read is tried again once it was given to us."""
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size
