"""Whether the installation is up, and else which part of it is not: for whoever asks, so in a few words, and looked up once a
second at most.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Annotated, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import Field
from temporalio.client import Client
from temporalio.service import RPCError

from domain.delivery.requests import Stranded
from domain.signing.canonical import Frozen
from domain.words.errors import NotVerified, Unavailable
from domain.words.text import mark
from process.builds import count_waiting, stranded
from process.clock import Clock, look
from process.heartbeats import Heartbeats
from workflows.messages import A_BRAKE, AHEAD, delivery_of

T = TypeVar("T")

PATIENCE = timedelta(seconds=1.5)
FRESH = 1.0
"""Seconds for which an answer is given again: anonymous callers cannot load Temporal."""
CHECKED = 5.0
"""Seconds for which a look at Temporal's clock holds."""
LASTS = 60.0
"""Seconds for which it holds where Temporal is too slow to be looked at again: a monotonic clock strays by milliseconds then."""


class Health(Frozen):
    """`worker` is `none` where none asks for work: statements are then kept, and judged when one comes. So they are in deliveries
    that are `stranded`: they wait for a build of the worker of which none is up. While the archive is away nothing is shown, and
    statements are taken all the same, and so they are while the storage of attachments is. `none`: files are not kept here.
    `partly`: one of these.
    """

    status: Literal["up", "partly"] = "up"
    temporal: Literal["up"] = "up"
    worker: Literal["up", "none"]
    stranded: Annotated[int, Field(ge=0)] = 0
    archive: Literal["up", "away"] = "up"
    attachments: Literal["up", "away", "none"] = "none"


class Lately(Generic[T]):
    """Looks something up once in `fresh` seconds at most, for however many ask; none: in `FRESH`, and so after it has failed."""

    def __init__(self, look: Callable[[], Awaitable[T]], fresh: float | None = None) -> None:
        self._up = look
        self._fresh = fresh
        self._look: asyncio.Task[T] | None = None
        self._looked_at = 0.0

    async def now(self) -> T:
        """How it is, or was within that time. Raises what looking raises."""
        now = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and now - self._looked_at > self._holds(self._look)):
            self._look, self._looked_at = asyncio.create_task(self._once()), now
        look = self._look  # another caller may look again before this one goes on
        await asyncio.wait({look})  # a caller that goes away ends it for nobody else
        return look.result()

    def _holds(self, look: asyncio.Task[T]) -> float:
        return FRESH if self._fresh is None or look.exception() is not None else self._fresh

    async def _once(self) -> T:
        return await self._up()


class Pulse:
    """Feels Temporal's, and sees its clock."""

    def __init__(self, client: Client, task_queue: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._client = client
        self._task_queue = task_queue
        self._clock = clock
        self._beats = Heartbeats(client, task_queue)
        self._looked = Lately(self._now)
        self._seen = Lately(self._look, CHECKED)
        self._ahead = timedelta()
        """By so much at least our clock was ahead of Temporal's when that was last looked at; less than nothing: behind."""
        self._last: Clock | None = None

    async def clock(self) -> Clock:
        """Temporal's clock, as it was seen within the last seconds, or within a minute where Temporal does not answer. Raises
        `Unavailable` if that is longer ago.
        """
        try:
            return await self._seen.now()
        except Unavailable:
            if self._last is None or monotonic() - self._last.at > LASTS:
                raise
            return self._last

    async def on_time(self) -> Clock:
        """The same, where our own clock is about right: by it we see whose keys count. Else raises `Unavailable`."""
        clock = await self.clock()
        if abs(self._ahead) > AHEAD:
            seconds, where = abs(self._ahead).total_seconds(), "ahead of" if self._ahead > timedelta() else "behind"
            message = f"this gateway's clock is {seconds:.0f} s {where} Temporal's: only what stops a delivery is taken"
            raise Unavailable(message, hint=mark("set its clock right; until then use another gateway"))
        return clock

    async def ahead(self) -> float:
        """By how many seconds at least our own clock is ahead of Temporal's; less than nothing: behind. Raises `Unavailable`."""
        await self.clock()
        return self._ahead.total_seconds()

    async def clock_for_a_brake(self) -> Clock | None:
        """The same, however ours is. Where Temporal does not answer soon, as it was last seen; none if it never was."""
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(A_BRAKE):
                return await self.clock()
        return self._last

    async def _look(self) -> Clock:
        before = self._clock()
        seen = await look(self._client)
        after, self._last = self._clock(), seen
        self._ahead = max(before - seen.said, timedelta()) + min(after - seen.said, timedelta())
        return seen

    async def health(self) -> Health:
        """How it is, or was within the last second. Raises `Unavailable` if Temporal does not answer."""
        return await self._looked.now()

    async def stranded(self) -> tuple[Stranded, ...]:
        """The deliveries that wait for a worker of a build of which none is up. Raises `Unavailable`."""
        try:
            builds = await self._beats.builds_at_work(patience=PATIENCE)
            return await stranded(self._client, self._task_queue, builds, delivery_of, patience=PATIENCE)
        except RPCError as error:
            raise _away() from error

    async def _now(self) -> Health:
        try:
            builds = await self._beats.builds_at_work(patience=PATIENCE)
            waiting = await count_waiting(self._client, self._task_queue, builds, patience=PATIENCE)
        except RPCError as error:
            raise _away() from error
        return Health(worker="none" if builds is None else "up", stranded=waiting)


def _away() -> Unavailable:
    return Unavailable(mark("Temporal cannot be reached"), hint=mark("try again; what was acknowledged is safe"))


class ArchivePulse:
    """Feels the archive's, by a question that costs it next to nothing."""

    def __init__(self, ask: Callable[[], Awaitable[object]]) -> None:
        self._ask = ask
        self._looked = Lately(self._now)

    async def beats(self) -> bool:
        """Whether it answers, or did within the last second."""
        return await self._looked.now()

    async def _now(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._ask()
        except (Unavailable, TimeoutError):
            return False
        except NotVerified:
            pass  # it is there; what is wrong with it, auditors are told
        return True


async def whole(temporal: Awaitable[Health], archive: ArchivePulse, storage: ArchivePulse | None = None) -> Health:
    """How every part is. `storage`: of attachments, where there is one. Raises `Unavailable`, naming each part that is away, if
    Temporal is one of them.
    """
    beats = asyncio.ensure_future(archive.beats())
    try:
        health = await temporal
    except Unavailable as error:
        if await beats:
            raise
        raise Unavailable(mark("neither Temporal nor the archive can be reached"), hint=error.hint) from error
    there: Literal["up", "away"] = "up" if await beats else "away"
    files: Literal["up", "away", "none"] = "none" if storage is None else "up" if await storage.beats() else "away"
    fine = (health.worker, health.stranded, there) == ("up", 0, "up") and files != "away"
    status: Literal["up", "partly"] = "up" if fine else "partly"
    return health.model_copy(update={"archive": there, "attachments": files, "status": status})


ARCHIVE: web.AppKey[ArchivePulse] = web.AppKey("archive", ArchivePulse)
