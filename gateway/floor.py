"""The watch floor: a row of every open delivery, in the memory of each gateway, and what changes in it.

It is filled once, page by page, and from then on has what changed in the archive: whoever looks asks for that first, so what is
shown is as new as the archive. A row is for who sees the whole of its delivery (R11).
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated, Final, Literal

from pydantic import Field

from archive.deliveries import Deliveries, KeptGlance
from domain.delivery.chasing import Chase
from domain.delivery.vocabulary import UtcText
from domain.plan.access import reach, role_of
from domain.plan.directory import Service
from domain.signing.canonical import Frozen
from domain.views.floor import Counted, FloorPage, FloorQuestion, FloorRow, Placed, floor_page, matches, placed
from domain.words.errors import Unavailable
from domain.words.identifiers import OperationCode
from domain.words.limits import LONGEST_LIST, MOST_LISTED_SERVICES, MOST_ON_FLOOR
from domain.words.moments import utc_text
from gateway.feed import Feed

AT_ONCE: Final = 200
"""Rows that are deciphered before others have their turn."""
MOVED: Final = 2 * MOST_ON_FLOOR
"""Changes of rows that are remembered for those who follow: a stream that is further behind is told to begin anew."""
BEAT: Final = 5.0
"""Seconds after which a stream says that it is still there, and how things stand."""
HURRY: Final = 1.0
"""The same after a change."""
LASTS: Final = 3600.0
"""Seconds after which a stream ends: who follows begins anew, and shows that it still may."""

LONGEST_VERSION: Final = 18
"""Digits of the number of a version that is taken for one."""

Engine = Literal["up", "no_worker", "away"]
"""Whether a worker is up; `away`: Temporal does not answer."""


class Floor(FloorPage):
    """A page of the watch floor, and what there is to know about it. `beyond`: open deliveries beyond what a gateway holds, those
    with the latest due times. `unreadable`: those whose row somebody has altered, for supervisors. `unknown`: parameters of the
    address that are none, or say what they cannot. `version`: from where a stream goes on after this page.
    """

    beyond: Annotated[int, Field(ge=0)]
    unreadable: Annotated[tuple[OperationCode, ...], Field(max_length=LONGEST_LIST)]
    unknown: tuple[str, ...]
    engine: Engine
    version: str
    chases: Annotated[tuple[Chase, ...], Field(max_length=MOST_LISTED_SERVICES)] = ()
    """Who has taken over to chase which silent service."""

    def names(self) -> Iterator[str]:
        """Every delivery of which it shows anything."""
        yield from (row.glance.delivery for row in self.rows)
        yield from (one.delivery for one in self.counters if one.delivery is not None)
        yield from self.unreadable


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
    counters: tuple[Counted, ...]
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
    """That a row has changed or gone. `whole`: whom it was for."""

    version: int
    delivery: str
    whole: tuple[str, ...]


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
        self._beyond = 0
        self._after: int | None = None
        self._turn: datetime | None = None
        self._epoch = secrets.token_hex(8)
        self._version = 0
        self._moved: deque[_Move] = deque(maxlen=MOVED)
        self._counts: dict[tuple[str, FloorQuestion], tuple[float, FloorPage]] = {}
        self._gate = asyncio.Lock()
        self._began = 0.0
        self._looked_at = clock()
        self.chased: Callable[[Service], Awaitable[tuple[Chase, ...]]] = _nobody
        """Who chases whom, as far as a reader may know."""

    def __len__(self) -> int:
        return len(self._rows)

    async def page(self, caller: Service, question: FloorQuestion, unknown: Iterable[str], engine: Engine) -> Floor:
        """The page that is asked for, of the rows of this reader."""
        await self.look()
        found = floor_page(self._of(caller), question, self._looked_at)
        everything = _sees_all(caller)
        return Floor(
            **dict(found),
            beyond=self._beyond if everything else 0,
            unreadable=tuple(sorted(self._unreadable))[:LONGEST_LIST] if everything else (),
            unknown=tuple(unknown),
            engine=engine,
            version=self._named(self._version),
            chases=await self.chased(caller),
        )

    async def names(self, caller: Service, question: FloorQuestion) -> tuple[str, ...]:
        """The deliveries whose rows this reader may be shown by a stream."""
        await self.look()
        return tuple(row.glance.delivery for row in self._of(caller) if matches(row, question))

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
                events, version = tuple(self._since(version, caller, question)), self._version
                if events:
                    beat = min(beat, monotonic() + HURRY)
                if monotonic() >= beat:
                    chases = await self._chases(caller)
                    events = (*events, self._beat(caller, question, archive, await engine(), chases))
                    beat = monotonic() + BEAT
                if events:
                    yield events, self._named(version)
                if monotonic() >= ends:
                    return
                await _rung(bell, min(beat, ends, self._turns_at()) - monotonic())

    async def rows(self, caller: Service) -> tuple[Placed, ...]:
        """All rows of this reader, as they are now."""
        await self.look()
        return self.held(caller)

    def held(self, caller: Service) -> tuple[Placed, ...]:
        """The same as they were when somebody looked last."""
        return tuple(self._of(caller))

    def age(self) -> float | None:
        """For how many seconds nobody has looked; none where nobody ever did."""
        return (self._clock() - self._looked_at).total_seconds() if self._after is not None else None

    async def look(self) -> None:
        """Take what has changed, or everything at first. However many ask at the same time, it is looked for once or twice."""
        asked = monotonic()
        async with self._gate:
            if self._began > asked:
                return
            began = monotonic()
            newest = await self._lists.newest()
            if self._after is None or newest < self._after:  # less: the archive was put back
                await self._fill(newest)
            await self._follow()
            self._looked_at = self._clock()
            self._turn_over(self._looked_at)
            self._began = began

    async def _fill(self, newest: int) -> None:
        before, after, place = self._rows, dict[str, Placed](), None
        unreadable: set[str] = set()
        while True:
            found, place = await self._lists.floor(place, min(AT_ONCE, self._most))
            for one in found[: self._most - len(after)]:
                if one.glance is None:
                    unreadable.add(one.delivery)
                else:
                    known = before.get(one.delivery)
                    same = known is not None and known.glance == one.glance
                    after[one.delivery] = known if known is not None and same else placed(one.glance, self._clock())
            if place is None or len(after) + len(unreadable) >= self._most:
                break
        self._rows, self._unreadable, self._after = {}, unreadable, newest
        for name, row in after.items():
            self._put(row, new=before.get(name) is not row)
        for name in before.keys() - after.keys():
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
        if kept.ended or kept.glance is None:
            if known is not None:
                self._move(self._rows.pop(name))
            if not kept.ended and (there or not self._is_full()):
                self._unreadable.add(name)
        elif (there or not self._is_full()) and (known is None or known.glance != kept.glance):
            self._put(placed(kept.glance, self._clock()))

    def _put(self, row: Placed, *, new: bool = True) -> None:
        self._rows[row.glance.delivery] = row
        if row.until is not None and (self._turn is None or row.until < self._turn):
            self._turn = row.until
        if new:
            self._move(row)

    def _move(self, row: Placed) -> None:
        self._version += 1
        self._moved.append(_Move(self._version, row.glance.delivery, row.glance.whole))

    def _turn_over(self, now: datetime) -> None:
        """Work out anew what time alone has changed."""
        if self._turn is None or now < self._turn:
            return
        turned = [row for row in self._rows.values() if not row.holds(now)]
        for row in turned:
            self._put(placed(row.glance, now))
        self._turn = min((row.until for row in self._rows.values() if row.until is not None), default=None)

    def _turns_at(self) -> float:
        """When time alone changes something next, by the clock that waits go by."""
        if self._turn is None:
            return float("inf")
        return monotonic() + max((self._turn - self._clock()).total_seconds(), 0)

    def _of(self, caller: Service) -> Iterator[Placed]:
        everything = _sees_all(caller)
        return (row for row in self._rows.values() if everything or caller.id in row.glance.whole)

    async def _there(self) -> Literal["up", "away"]:
        try:
            await self.look()
        except Unavailable:
            return "away"
        return "up"

    def _counted(self, caller: Service, question: FloorQuestion) -> FloorPage:
        """What is counted now: once in half of `HURRY` for all browsers of a reader that ask the same."""
        asked, now = (caller.id, question), monotonic()
        self._counts = {one: known for one, known in self._counts.items() if now < known[0]}
        if asked not in self._counts:
            self._counts[asked] = now + HURRY / 2, floor_page(self._of(caller), question, self._clock())
        return self._counts[asked][1]

    def _named(self, version: int) -> str:
        """A version of this gateway's own rows: another has numbers of its own."""
        return f"{self._epoch}-{version}"

    def _numbered(self, text: str) -> int:
        """The number of a version; of one that is not ours, one that is too long ago."""
        epoch, _, number = text.rpartition("-")
        ours = epoch == self._epoch and number.isascii() and number.isdecimal() and len(number) <= LONGEST_VERSION
        return min(int(number), self._version) if ours else -1

    def _since(self, version: int, caller: Service, question: FloorQuestion) -> Iterator[FloorEvent]:
        """What has changed since, each delivery once."""
        if version < 0 or (version < self._version and self._moved[0].version > version + 1):
            yield FloorAnew()
            return
        everything, names = _sees_all(caller), dict[str, None]()
        for one in reversed(self._moved):
            if one.version <= version:
                break
            if everything or caller.id in one.whole:
                names[one.delivery] = None
        for name in reversed(names):
            row = self._rows.get(name)
            if row is not None and (everything or caller.id in row.glance.whole) and matches(row, question):
                yield FloorChanged(row=row.shown())
            else:
                yield FloorGone(delivery=name)

    async def _chases(self, caller: Service) -> tuple[Chase, ...]:
        try:
            return await self.chased(caller)
        except Unavailable:
            return ()

    def _beat(
        self,
        caller: Service,
        question: FloorQuestion,
        archive: Literal["up", "away"],
        engine: Engine,
        chases: tuple[Chase, ...],
    ) -> FloorBeat:
        found = self._counted(caller, question)
        return FloorBeat(
            at=utc_text(self._looked_at),
            archive=archive,
            engine=engine,
            counters=found.counters,
            matching=found.matching,
            open=found.open,
            due_within_an_hour=found.due_within_an_hour,
            chases=chases,
        )


async def _nobody(_caller: Service) -> tuple[Chase, ...]:
    return ()


def _sees_all(caller: Service) -> bool:
    return reach(role_of(caller), "floor") == "all"


async def _rung(bell: asyncio.Event, patience: float) -> None:
    try:
        await asyncio.wait_for(bell.wait(), max(patience, 0.01))
    except TimeoutError:
        return
