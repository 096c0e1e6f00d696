"""The watch floor: a row of every open delivery, in the memory of each gateway, and what changes in it.

It is filled once, page by page, and from then on has what changed in the archive: whoever looks asks for that first, so what is
shown is as new as the archive. A row is for who sees the whole of its delivery (R11). Whatever goes over many rows does so in
slices, so that others have their turn.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from time import monotonic
from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field

from archive.deliveries import Deliveries, KeptGlance
from domain.delivery.chasing import Chase
from domain.delivery.vocabulary import UtcText
from domain.plan.directory import Service
from domain.signing.canonical import Frozen
from domain.views.floor import Engine, Floor, FloorQuestion, FloorRow, Placed, ReasonCount, matches, packed, placed
from domain.views.glance import Glance
from domain.views.shift import Head
from domain.words.errors import Unavailable
from domain.words.identifiers import OperationCode
from domain.words.limits import LONGEST_LIST, MOST_LISTED_SERVICES, MOST_ON_FLOOR
from domain.words.moments import utc_text
from gateway.feed import Feed
from gateway.selections import Selections, may_see, sees_all

AT_ONCE: Final = 50
"""Rows that are deciphered, placed or told before others have their turn."""
MOVED: Final = 2 * MOST_ON_FLOOR
"""Changes of rows that are remembered for those who follow: a stream that is further behind is told to begin anew."""
BEAT: Final = 5.0
"""Seconds after which a stream says that it is still there, and how things stand."""
HURRY: Final = 1.0
"""The same after a change."""
LASTS: Final = 3600.0
"""Seconds after which a stream ends: who follows begins anew, and shows that it still may."""

NONCE, NUMBER, TAG = 12, 8, 16
"""Bytes of a version as it is given away: sealed, since the number alone would tell how much happens elsewhere (R11)."""


class FloorChanged(Frozen):
    """A row as it is now."""

    kind: Literal["row"] = "row"
    row: FloorRow


class FloorGone(Frozen):
    """A row that is none any more of those that were asked for: it has ended, or does not match."""

    kind: Literal["gone"] = "gone"
    delivery: OperationCode


class FloorBeat(Frozen):
    """How things stand. `at`: the moment at which the archive was looked at last."""

    kind: Literal["beat"] = "beat"
    at: UtcText
    archive: Literal["up", "away"]
    engine: Engine
    counters: tuple[ReasonCount, ...]
    matching: Annotated[int, Field(ge=0)]
    open: Annotated[int, Field(ge=0)]
    due_within_an_hour: Annotated[int, Field(ge=0)]
    chases: Annotated[tuple[Chase, ...], Field(max_length=MOST_LISTED_SERVICES)] = ()


class FloorAnew(Frozen):
    """More has changed than is remembered: read the floor again."""

    kind: Literal["anew"] = "anew"


FloorEvent = FloorChanged | FloorGone | FloorBeat | FloorAnew


@dataclass(frozen=True)
class _Move:
    """That a row has changed or gone. `whole`: whom it is or was for."""

    delivery: str
    whole: frozenset[str]


@dataclass(frozen=True)
class Stand:
    """All rows of one reader at one moment, and the heads of their ledgers. `unreadable`, `beyond`: as `Floor` has them."""

    at: datetime
    rows: tuple[Placed, ...]
    heads: tuple[Head, ...]
    unreadable: tuple[str, ...]
    beyond: int


class WatchFloor:
    """The rows of one archive. Each method that looks raises `Unavailable` where the archive is away."""

    def __init__(
        self,
        lists: Deliveries,
        feed: Feed,
        most: int = MOST_ON_FLOOR,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._lists = lists
        self._feed = feed
        self._most = most
        self._clock = clock
        self._rows: dict[str, Placed] = {}
        self._unreadable: set[str] = set()
        self._heads: dict[str, Head] = {}
        self._beyond = 0
        self._after: int | None = None
        self._turns: list[tuple[datetime, str]] = []
        """When time alone turns which row, the nearest first; of a row that has changed since, in vain."""
        self._versions = AESGCM(AESGCM.generate_key(256))
        self._version = 0
        self._moved: deque[_Move] = deque(maxlen=MOVED)
        self._selections = Selections(self._rows)
        self._gate = asyncio.Lock()
        self._began = 0.0
        self._failed: tuple[float, Unavailable] | None = None
        """When the last look began that failed, and of what."""
        self._looked_at = clock()
        self.heed: Callable[[Glance], None] | None = None
        """Is given each row as it changes, also by time alone, and once more as it was when it ended; one that has no room, as it
        changes in the archive."""
        self.chased: Callable[[Service], Awaitable[tuple[Chase, ...]]] = _nobody
        """Who chases whom, as far as a reader may know."""

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def upto(self) -> int:
        """The change of the archive up to which it has looked."""
        return self._after or 0

    @property
    def version(self) -> int:
        """Another one after each change of a row."""
        return self._version

    def glances(self) -> Iterator[Glance]:
        """Of every row as they were when this was asked."""
        return (row.glance for row in [*self._rows.values()])

    async def page(self, caller: Service, question: FloorQuestion, unknown: Iterable[str], engine: Engine) -> Floor:
        """The page that is asked for, of the rows of this reader."""
        await self.look()
        selection, tally = await self._selections.of(caller, question)
        found = selection.page(tally, question.page, self._looked_at)
        everything = sees_all(caller)
        return Floor(
            **dict(found),
            beyond=self._beyond if everything else 0,
            unreadable=tuple(sorted(self._unreadable))[:LONGEST_LIST] if everything else (),
            unknown=tuple(unknown),
            engine=engine,
            version=self._named(self._version),
            chases=await self.chased(caller),
        )

    async def stand(self, caller: Service) -> Stand:
        """Everything that is this reader's."""
        await self.look()
        rows, everything = self.held(caller), sees_all(caller)
        names = [row.delivery for row in rows] + (sorted(self._unreadable) if everything else [])
        return Stand(
            at=self._looked_at,
            rows=rows,
            heads=tuple(self._heads[name] for name in names),
            unreadable=tuple(sorted(self._unreadable)) if everything else (),
            beyond=self._beyond if everything else 0,
        )

    async def names(self, caller: Service, question: FloorQuestion) -> tuple[str, ...]:
        """The deliveries whose rows this reader may be shown by a stream."""
        await self.look()
        return tuple((await self._selections.of(caller, question))[0].names())

    async def changes(
        self, caller: Service, question: FloorQuestion, engine: Callable[[], Awaitable[Engine]], since: str | None = None
    ) -> AsyncGenerator[tuple[tuple[FloorEvent, ...], str], None]:
        """What has changed since that version, and how things stand; then what changes as the archive gets it, for `LASTS`
        seconds. With each the version up to which it goes. Raises `Unavailable` only at first: where the archive goes away later,
        that is said, and the rows stand as they stood.
        """
        await self.look()
        version, ends, beat = self._version if since is None else self._numbered(since), monotonic() + LASTS, 0.0
        async with self._feed.watching(None) as bell:
            while True:
                bell.clear()
                archive = await self._there()
                events, version = self._since(version, caller, question)
                if events:
                    beat = min(beat, monotonic() + HURRY)
                if monotonic() >= beat:
                    chases = await self._chases(caller)
                    events = (*events, await self._beat(caller, question, archive, await engine(), chases))
                    beat = monotonic() + BEAT
                if events:
                    yield events, self._named(version)
                if monotonic() >= ends:
                    return
                more = version < self._version
                await _rung(bell, 0 if more else min(beat, ends, self._turns_at()) - monotonic())

    async def rows(self, caller: Service) -> tuple[Placed, ...]:
        """All rows of this reader, as they are now."""
        await self.look()
        return self.held(caller)

    def held(self, caller: Service) -> tuple[Placed, ...]:
        """The same as they were when somebody looked last."""
        reader = None if sees_all(caller) else caller.id
        return tuple(row for row in self._rows.values() if may_see(reader, row))

    def age(self) -> float | None:
        """For how many seconds nobody has looked; none where nobody ever did."""
        return (self._clock() - self._looked_at).total_seconds() if self._after is not None else None

    async def look(self) -> None:
        """Take what has changed, or everything at first. However many ask at the same time, it is looked for once or twice, also
        where the archive hangs: else each would wait for all who asked before it.
        """
        asked = monotonic()
        async with self._gate:
            if self._began > asked:
                return
            if self._failed is not None and self._failed[0] > asked:
                message, hint = self._failed[1].words
                raise Unavailable(message, hint=hint)
            began = monotonic()
            try:
                await self._take_all()
            except Unavailable as error:
                self._failed = began, error
                raise
            self._began, self._failed = began, None

    async def _take_all(self) -> None:
        newest = await self._lists.newest()
        if self._after is None or newest < self._after:  # less: the archive was put back
            await self._fill(newest)
        await self._follow()
        self._looked_at = self._clock()
        await self._turn_over(self._looked_at)

    async def _fill(self, newest: int) -> None:
        before, after, place = dict(self._rows), dict[str, Placed](), None
        unreadable: set[str] = set()
        heads = dict[str, Head]()
        while True:
            found, place = await self._lists.floor(place, min(AT_ONCE, self._most))
            for one in found[: self._most - len(after)]:
                heads[one.delivery] = _head(one)
                if one.glance is None:
                    unreadable.add(one.delivery)
                else:
                    known = before.get(one.delivery)
                    same = known is not None and known.packed == packed(one.glance)
                    after[one.delivery] = known if known is not None and same else placed(one.glance, self._clock())
            if place is None or len(after) + len(unreadable) >= self._most:
                break
        gone = before.keys() - after.keys()
        self._rows.clear()
        self._rows.update(after)
        self._unreadable, self._heads, self._after = unreadable, heads, newest
        self._selections.forget()
        self._turns = [(row.until, name) for name, row in after.items() if row.until is not None]
        heapify(self._turns)
        for number, row in enumerate([row for name, row in after.items() if before.get(name) is not row]):
            self._move(row)
            if self.heed is not None:
                self.heed(row.glance)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
        for name in gone:
            self._move(before[name])
        await self._count_beyond()

    async def _follow(self) -> None:
        """What changed since. Where a row has gone and others were left out, all is taken anew: there is room for one of them."""
        assert self._after is not None  # noqa: S101 - it has been filled
        changed = False
        while found := await self._lists.floor_changes(self._after, AT_ONCE):
            for one in found:
                self._take(one)
                self._after, changed = one.change, True
            if len(found) < AT_ONCE:
                break
            await asyncio.sleep(0)
        if changed and (self._beyond or self._is_full()):
            await self._count_beyond()
            if self._beyond and not self._is_full():
                await self._fill(self._after)

    async def _count_beyond(self) -> None:
        held = len(self._rows) + len(self._unreadable)
        self._beyond = max(await self._lists.count_open() - held, 0) if self._beyond or self._is_full() else 0

    def _is_full(self) -> bool:
        return len(self._rows) + len(self._unreadable) >= self._most

    def _take(self, kept: KeptGlance) -> None:
        name, known = kept.delivery, self._rows.get(kept.delivery)
        there = known is not None or name in self._unreadable
        self._unreadable.discard(name)
        self._heads.pop(name, None)
        if not kept.ended and (there or not self._is_full()):
            self._heads[name] = _head(kept)
        if kept.ended or kept.glance is None:
            if known is not None:
                del self._rows[name]
                self._selections.changed(known, None)
                self._move(known)
            if kept.ended and kept.glance is not None:
                self._told_of(kept.glance)
            if not kept.ended and (there or not self._is_full()):
                self._unreadable.add(name)
        elif not there and self._is_full():
            self._told_of(kept.glance)  # it has no room, and what needs somebody in it is heard of all the same
        elif known is None or known.packed != packed(kept.glance):
            self._put(placed(kept.glance, self._clock()))

    def _put(self, row: Placed) -> None:
        name = row.delivery
        known = self._rows.get(name)
        self._selections.changed(known, row)
        self._rows[name] = row
        if row.until is not None:
            heappush(self._turns, (row.until, name))
        if len(self._turns) > 2 * self._most:  # most of them in vain
            self._turns = [(one.until, name) for name, one in self._rows.items() if one.until is not None]
            heapify(self._turns)
        self._move(row, known.whole if known is not None else ())
        self._told_of(row.glance)

    def _told_of(self, glance: Glance) -> None:
        if self.heed is not None:
            self.heed(glance)

    def _move(self, row: Placed, saw: tuple[str, ...] = ()) -> None:
        """`saw`: who saw the whole of it before."""
        self._version += 1
        self._moved.append(_Move(row.delivery, frozenset((*row.whole, *saw))))

    async def _turn_over(self, now: datetime) -> None:
        """Work out anew what time alone has changed."""
        turned = 0
        while self._turns and self._turns[0][0] <= now:
            moment, name = heappop(self._turns)
            row = self._rows.get(name)
            if row is None or row.until != moment:
                continue
            self._put(placed(row.glance, now))
            turned += 1
            if turned % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _turns_at(self) -> float:
        """When time alone changes something next, by the clock that waits go by."""
        if not self._turns:
            return float("inf")
        return monotonic() + max((self._turns[0][0] - self._clock()).total_seconds(), 0)

    async def _there(self) -> Literal["up", "away"]:
        try:
            await self.look()
        except Unavailable:
            return "away"
        return "up"

    def _named(self, version: int) -> str:
        """A version of this gateway's own rows, for who goes on from there. No two are alike: from none is it seen whether, or
        how much, has changed that is not the reader's.
        """
        nonce = secrets.token_bytes(NONCE)
        return (nonce + self._versions.encrypt(nonce, version.to_bytes(NUMBER), None)).hex()

    def _numbered(self, text: str) -> int:
        """The number of a version; of one that is not ours, one that is too long ago."""
        if len(text) != 2 * (NONCE + NUMBER + TAG):
            return -1
        try:
            sealed = bytes.fromhex(text)
            number = int.from_bytes(self._versions.decrypt(sealed[:NONCE], sealed[NONCE:], None))
        except (ValueError, InvalidTag):
            return -1
        return min(number, self._version)

    def _since(self, version: int, caller: Service, question: FloorQuestion) -> tuple[tuple[FloorEvent, ...], int]:
        """What has changed since, and up to which version: `AT_ONCE` changes at most, and of a delivery the newest of them."""
        behind = self._version - version
        if version < 0 or behind > len(self._moved):
            return (FloorAnew(),), self._version
        reader = None if sees_all(caller) else caller.id
        first = len(self._moved) - behind
        moves = [self._moved[at] for at in range(first, min(first + AT_ONCE, len(self._moved)))]
        newest = {one.delivery: one for one in moves if reader is None or reader in one.whole}
        events = tuple(self._event(name, reader, question) for name in newest)
        return events, version + len(moves)

    def _event(self, name: str, reader: str | None, question: FloorQuestion) -> FloorEvent:
        row = self._rows.get(name)
        if row is not None and may_see(reader, row) and matches(row, question):
            return FloorChanged(row=row.shown())
        return FloorGone(delivery=name)

    async def _chases(self, caller: Service) -> tuple[Chase, ...]:
        try:
            return await self.chased(caller)
        except Unavailable:
            return ()

    async def _beat(
        self,
        caller: Service,
        question: FloorQuestion,
        archive: Literal["up", "away"],
        engine: Engine,
        chases: tuple[Chase, ...],
    ) -> FloorBeat:
        found, tally = await self._selections.of(caller, question)
        return FloorBeat(
            at=utc_text(self._looked_at),
            archive=archive,
            engine=engine,
            counters=tuple(tally.counters()),
            matching=len(found),
            open=tally.open,
            due_within_an_hour=tally.within_an_hour(self._clock()),
            chases=chases,
        )


async def _nobody(_caller: Service) -> tuple[Chase, ...]:
    return ()


def _head(kept: KeptGlance) -> Head:
    return kept.delivery, kept.size, kept.root.hex()


async def _rung(bell: asyncio.Event, patience: float) -> None:
    try:
        await asyncio.wait_for(bell.wait(), max(patience, 0.01))
    except TimeoutError:
        return
