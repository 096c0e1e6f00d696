"""Nothing of a delivery is shown before it has been written down who is shown it.

Each handler says what its answer shows (`shows`, or for a stream `following`); the middleware writes it down, and only then
does the answer go out. An answer about which its handler says nothing does not go out at all.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, TypeVar

from aiohttp import web

from archive.reads import Reads
from domain.delivery.ledger import Entry, Withheld
from domain.delivery.requests import Request
from domain.plan.access import role_of
from domain.record.packet import Purpose
from domain.record.reads import Shown
from domain.views.results import Results
from domain.views.statistics import Statistics
from domain.words.errors import VigilError
from domain.words.limits import MOST_READ
from gateway.access import CALLER, PROOFS
from gateway.pages import entrance
from gateway.reception import RECEPTION
from gateway.shift import SheetChangedError

log = logging.getLogger("vigil.gateway")

READS: web.AppKey[Reads] = web.AppKey("reads", Reads)
SHOWN: web.RequestKey[tuple[Shown, ...]] = web.RequestKey("shown", tuple[Shown, ...])
READ: web.RequestKey[tuple[Request, ...]] = web.RequestKey("read", tuple[Request, ...])
"""What the answer asks of its reader, who has received it once it is recorded that it is shown."""
NO_VIEWS = (
    frozenset({"health", "openapi", "measure", "directory", "start", "amend", "submit", "attach", "enter", "forecast", "chase"})
    | {"notices", "subscribe", "unsubscribe", "test-notice"}
    | {"hand-over", "take-over", "handovers"}
)
"""Actions that show nothing of any delivery, or only what became of what the caller has just signed, which the ledger records.
They need no database, but for `enter`, notes, subscriptions and handovers: a stop gets through without one (R8)."""

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def recorded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write down what the answer shows, before it goes out to who may still read. Raises what `Reads.record` does."""
    began = monotonic()
    answer = await handler(request)
    action = entrance.action_of(request)
    if action is not None and action not in NO_VIEWS:
        if request.method == "GET" and not answer.prepared and monotonic() - began >= entrance.CHECKED:
            await still_may_read(request)  # a packet or paper may be minutes in the making
        if SHOWN not in request:
            message = f"the route {request.match_info.route.name} does not say what it shows"
            raise RuntimeError(message)
        for shown in request[SHOWN]:
            await request.app[READS].record(shown, request[CALLER].nonce)
        if READ in request:
            await request.app[RECEPTION].has_read(request[CALLER].service, request[READ])
    return answer


async def still_may_read(request: web.Request) -> None:
    """Raises `NotAuthentic` once who asked may read no more; `Unavailable` where that is not known."""
    if entrance.is_page(request):
        await entrance.still_signed_in(request)
    else:
        await request.app[PROOFS].still(request[CALLER])
        request.app[PROOFS].known()


def shows(
    request: web.Request,
    deliveries: Iterable[str],
    numbers: Iterable[int] = (),
    purpose: Purpose | None = None,
    action: str | None = None,
) -> None:
    """This answer shows something of these deliveries, and entries from the first to the last of these numbers. An answer that
    shows nothing, such as an empty inbox, is not recorded. `action`: as which it is recorded, where that is not its route's.
    """
    handed = sorted(numbers)
    part = {"first": handed[0], "last": handed[-1]} if handed else {}
    shown = _shown(request, sorted(set(deliveries)), purpose=purpose, **part)
    shown = shown if action is None else shown.model_copy(update={"action": action})
    request[SHOWN] = (shown,) if shown.deliveries or handed else ()


def counts(request: web.Request, found: Results | Statistics) -> None:
    """This answer shows the results or statistics of a period, and names no delivery."""
    period = f"{found.counted_by} {found.period.since}/{found.period.until}"
    request[SHOWN] = (_shown(request, (), period=period),)


async def looked(request: web.Request, delivery: str) -> None:
    """Write down that an answer shows how a delivery stands, though its action shows nothing (`NO_VIEWS`) and is not recorded by
    itself. Raises what `Reads.record` does: then it must not show that.
    """
    await request.app[READS].record(_shown(request, [delivery]).model_copy(update={"action": "view"}))


async def refusing(request: web.Request, taken: Awaitable[T]) -> T:
    """What is taken names no delivery. Where a sheet is refused because of some, who is told of which is written down first."""
    try:
        return await taken
    except SheetChangedError as error:
        await request.app[READS].record(_shown(request, [one.place for one in error.faults]))
        raise


async def hands_out(request: web.Request, delivery: str, named_by: int, file: str) -> None:
    """Write down that this answer hands out a file, which the entry names, before any of it goes out. Raises what `Reads.record`
    does.
    """
    shown = _shown(request, [delivery], first=named_by, last=named_by, file=file)
    await request.app[READS].record(shown, request[CALLER].nonce)
    request[SHOWN] = ()


@asynccontextmanager
async def following(
    request: web.Request, first: Entry | Withheld | None, entries: AsyncIterator[Entry | Withheld]
) -> AsyncIterator[AsyncIterator[Entry | Withheld]]:
    """What follows on the first entry of a stream: recorded when it begins, and when it ends with the last that was handed out.

    Raises what `Reads.record` does, before anything is handed out.
    """
    async with following_one(request, first.seq if first is not None else None) as handed:
        if first is not None:
            handed(first.seq)

        async def noted() -> AsyncIterator[Entry | Withheld]:
            async for entry in entries:
                handed(entry.seq)
                yield entry

        yield noted()


@asynccontextmanager
async def following_one(request: web.Request, first: int | None) -> AsyncIterator[Callable[[int], None]]:
    """The same, for who says by itself how far entries are handed out; `first`: the first that may be.

    Raises what `Reads.record` does, before anything is handed out.
    """
    journal, delivery = request.app[READS], request.match_info["delivery"]
    last: int | None = None
    began = await journal.record(_shown(request, [delivery], first=first), request[CALLER].nonce)
    request[SHOWN] = ()  # there is nothing more to record than this

    def handed(number: int) -> None:
        nonlocal last
        last = number

    try:
        yield handed
    finally:
        try:
            await journal.record(_shown(request, [delivery], last=last, ends=began.number))
        except VigilError as error:  # the record of its beginning stands, and says that it may have handed out whatever came
            log.warning("the end of a stream of changes could not be recorded", extra={"code": error.code})


@asynccontextmanager
async def following_floor(
    request: web.Request, names: Iterable[str]
) -> AsyncIterator[Callable[[Iterable[str]], Awaitable[None]]]:
    """A stream of the watch floor: recorded when it begins with every delivery whose row it may show, and when it ends. What it
    gives is asked before rows go out: it records those that were not among them.

    Raises what `Reads.record` does, before anything is handed out.
    """
    journal, known = request.app[READS], set(names)
    first, *others = [*batched(sorted(known), MOST_READ)] or [()]
    began = await journal.record(_shown(request, first), request[CALLER].nonce)
    for some in others:
        await journal.record(_shown(request, some))
    request[SHOWN] = ()  # there is nothing more to record than this

    async def show(more: Iterable[str]) -> None:
        new = [name for name in dict.fromkeys(more) if name not in known]
        for some in batched(new, MOST_READ):
            await journal.record(_shown(request, some))
        known.update(new)

    try:
        yield show
    finally:
        try:
            await journal.record(_shown(request, (), ends=began.number))
        except VigilError as error:
            log.warning("the end of a stream of the watch floor could not be recorded", extra={"code": error.code})


def batched(names: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """The names, so many at a time."""
    return (tuple(names[start : start + size]) for start in range(0, len(names), size))


def _shown(request: web.Request, deliveries: Iterable[str], **part: Any) -> Shown:
    caller = request[CALLER]
    return Shown(
        service=caller.service.id,
        officer=caller.officer,
        key=caller.key,
        role=role_of(caller.service),
        action=entrance.action_of(request) or "",
        deliveries=tuple(deliveries),
        **part,
    )
