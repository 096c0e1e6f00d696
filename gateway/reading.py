"""What readers are shown, from the archive: lists, inboxes, one delivery, its ledger, and what changes in it.

It is half a second behind the workflows; up to 20 seconds where a worker was killed while it kept a batch. Whoever has just been
given a receipt reads no older delivery than that: the gateway waits for the archive, and says so if it does not come.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Annotated, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, TypeAdapter, ValidationError

from archive.cached_deliveries import FoldedDeliveries
from archive.chases import Chases
from archive.deliveries import Deliveries, InboxRow, KeptRow
from archive.expunging import Expunging, ExpungingOrder
from archive.ledgers import Ledgers
from archive.patterns import Patterns
from archive.questions import Filters, ListQuestion, Sort
from archive.results import PeriodResults
from archive.shifts import Shifts
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, Kept, Receipt, Withheld
from domain.delivery.requests import CorrectionAsked, Inbox, Request
from domain.plan.access import reach, role_of
from domain.plan.demands import Demand
from domain.plan.directory import Service
from domain.record.door import receipt
from domain.record.expunction import Expunged
from domain.rules.handling import named
from domain.signing.envelope import Envelope
from domain.views.asked import inbox
from domain.views.law import demands_of
from domain.views.lists import Row, Rows
from domain.views.results import CountedBy, Period, Results
from domain.views.sight import LedgerPage, page, sight
from domain.views.statistics import Forecast, Narrowed, Statistics
from domain.views.view import DeliveryView, view
from domain.words.errors import Fault, Malformed, NotAllowed, NotFound, NotVerified, Unavailable
from domain.words.limits import BYTES_OF_A_PAGE, ENTRIES_OF_A_PAGE
from domain.words.text import fill, mark
from gateway.access import may_start, no_delivery
from gateway.feed import Feed
from gateway.floor import WatchFloor
from gateway.limits import MOST_EXPECTED
from gateway.shift import ShiftDesk
from gateway.turns import Turns
from process.in_force import InForce

NOT_HERE: Final = 0.1
"""Seconds from the look for a delivery to the answer that there is none: the same where there is one that is not the caller's."""
BEHIND: Final = 5.0
"""Seconds that a reader waits for the archive to have what the reader itself has just been given a receipt for."""
PIECE: Final = 10
"""Entries that are looked at in one turn of the loop: each takes up to 0.3 ms."""
STILL_THERE: Final = 30.0
"""Seconds of silence after which who follows a delivery looks whether its workflow is still there."""
_ASKED: Final = TypeAdapter[Request | CorrectionAsked](Annotated[Request | CorrectionAsked, Field(discriminator="vigil")])


class Reading:
    """Serves readers that have proved who they are."""

    def __init__(  # noqa: PLR0913, PLR0917 - one of each that is kept
        self,
        ledgers: Ledgers,
        lists: Deliveries,
        expunging: Expunging,
        results: PeriodResults,
        shifts: Shifts,
        chases: Chases,
        patterns: Patterns,
    ) -> None:
        self._results = results
        self._shifts = shifts
        self._expunging = expunging
        self.lists = lists
        self.chases = chases
        self.patterns = patterns
        self._ledgers = ledgers
        self._folded = FoldedDeliveries(ledgers)
        self._feed = Feed(lists)
        self._turns = Turns()
        self.floor = WatchFloor(lists, self._feed)
        self._expected: OrderedDict[tuple[str, str], int] = OrderedDict()

    def shift(self, directory: InForce, key: Ed25519PrivateKey) -> ShiftDesk:
        """What hands over shifts, from the same rows and ledgers. `key`: signs its sheets."""
        return ShiftDesk(self.floor, self._folded, self._shifts, directory, key)

    def expect(self, reader: str, delivery: str, size: int) -> None:
        """This reader knows of so many entries, and is shown no fewer from now on."""
        known = (reader, delivery)
        self._expected[known] = max(size, self._expected.get(known, 0))
        self._expected.move_to_end(known)
        while len(self._expected) > MOST_EXPECTED:
            self._expected.popitem(last=False)

    async def deliveries(
        self, caller: Service, filters: Filters | None = None, sort: Sort = "due", cursor: str | None = None, limit: int = 200
    ) -> Rows:
        """A page of the caller's deliveries; of all for a supervisor. Raises `Malformed` for a cursor of another list."""
        question = _question(caller).model_copy(update={"filters": filters or Filters(), "sort": sort})
        found = await self.lists.page(question, cursor, limit)
        return Rows(rows=tuple(map(_shown, found.rows)), next=found.next)

    async def delivery(self, caller: Service, name: str) -> Delivery:
        """The delivery, the whole of it, if it is the caller's to see in part at least.

        Raises `NotFound`, no sooner where there is none; `NotAllowed` once it is expunged; `NotVerified` where the archive was
        altered; `Unavailable` if it is away, or behind what the caller knows.
        """
        row = await self._row(caller, name)
        if row.expunged:
            self._folded.drop(name)
            message = fill("{name} is expunged: what was said in it is destroyed", name=name)
            raise NotAllowed(message, hint=mark("how it ended is in the list, and its leaves are in the ledger"))
        if row.branch > 0 or row.size >= self._expected.get((caller.id, name), 0):  # it may know of more than when it asked
            self._expected.pop((caller.id, name), None)
        return await self._folded.newest(name)

    async def receipt(self, name: str, kept: Kept) -> Receipt:
        """What was answered to a statement that its run has let go of. Raises as `delivery` does."""
        return await self._folded.receipt(name, kept)

    async def recorded(self, caller: Service, name: str, envelope: Envelope) -> Receipt:
        """The receipt of exactly this statement. Raises as `delivery` does, and `NotFound` where it has not come in."""
        found = receipt(await self.delivery(caller, name), envelope)
        if not isinstance(found, Receipt):
            raise no_delivery(name)
        return found

    async def has(self, name: str) -> bool:
        """Whether the archive has a delivery of this code name, expunged or not, whoever may see it. Raises `Unavailable`."""
        return await self._ledgers.held(name) is not None

    async def others(self, caller: Service, delivery: Delivery) -> dict[int, Delivery]:
        """Its histories that were put back before this one began, by their branches. Raises as `delivery` does, and `NotAllowed`
        where one of them is not the caller's to see as a whole (R11).
        """
        name = delivery.plan.operation
        older = [one.branch for one in await self._ledgers.branches(name) if one.branch < delivery.state.branch]
        found = {branch: await self._folded.other(name, branch) for branch in older}
        if not all(sight(one, caller).whole for one in found.values()):
            raise NotAllowed(
                fill("{name} was put back, and {service} sees a part of what it was before (R11)", name=name, service=caller.id)
            )
        return found

    async def names_files(self, name: str) -> frozenset[str]:
        """The digests of the files that a delivery names, in any history of it. Raises as `delivery` does."""
        newest = await self._folded.newest(name)
        others = [one.branch for one in await self._ledgers.branches(name) if one.branch != newest.state.branch]
        histories = [newest, *[await self._folded.other(name, one) for one in others]]
        return frozenset(one.attachment.digest for history in histories for one in named(history))

    async def view(self, caller: Service, name: str) -> DeliveryView:
        """The summary of one delivery."""
        delivery = await self.delivery(caller, name)
        return view(delivery, caller, max(datetime.now(UTC), delivery.state.now))

    async def law(self, caller: Service, name: str) -> tuple[Demand, ...]:
        """What the rule cards demand of its plan, as far as it is the caller's to see (R11)."""
        return demands_of(await self.delivery(caller, name), caller)

    async def ledger(self, caller: Service, name: str, since: int) -> LedgerPage:
        """A page of its ledger from a number on, as far as it is the caller's to read (R11); once expunged, the leaves."""
        if (await self._row(caller, name)).expunged:
            left = await self._ledgers.slice(name, since, ENTRIES_OF_A_PAGE)  # whoever asks for each page reads each leaf once
            if any(one.seq != seq for seq, one in enumerate(left.entries, since)):
                raise NotVerified(mark("the archive has lost entries of this page"), since)
            return LedgerPage(entries=tuple(Withheld(seq=one.seq, leaf=one.leaf.hex()) for one in left.entries), next=left.next)
        found: list[Entry | Withheld] = []
        size = 0
        async with aclosing(self._from(caller, await self.delivery(caller, name), since)) as shown:
            async for entry in shown:
                size += entry.weighed()[1] if isinstance(entry, Entry) else 0
                if found and (len(found) == ENTRIES_OF_A_PAGE or size > BYTES_OF_A_PAGE):
                    return LedgerPage(entries=tuple(found), next=entry.seq)
                found.append(entry)
        return LedgerPage(entries=tuple(found))

    async def _from(self, caller: Service, delivery: Delivery, since: int) -> AsyncGenerator[Entry | Withheld]:
        """The ledger from a number on, as far as it goes now, in pieces."""
        while True:
            async with self._turns.of(caller.id):
                piece = page(delivery, caller, since, PIECE)
            for entry in piece:
                yield entry
            if len(piece) < PIECE:
                return
            since += PIECE

    async def changes(
        self, caller: Service, name: str, since: int, runs: Callable[[str], Awaitable[bool]]
    ) -> AsyncIterator[Entry | Withheld]:
        """Entries from `since` on as the archive gets them, until the delivery has ended. `runs`: whether its workflow is still
        there, asked at first and after each silence; where somebody has ended it from outside, its alarm is set and nobody waits
        for ever.
        """
        async with self._feed.watching(name) as bell:
            silent, branch = True, None
            while True:
                bell.clear()
                delivery = await self.delivery(caller, name)
                since, branch = await self._after_a_fork(delivery, since, branch), delivery.state.branch
                async with aclosing(self._from(caller, delivery, since)) as shown:
                    async for entry in shown:
                        since = entry.seq + 1
                        yield entry
                if delivery.state.ended:
                    return
                if silent and not await self._goes_on(caller, name, runs):
                    return
                silent = not await _rings(bell, STILL_THERE)

    async def standing(self, caller: Service, name: str, beat: float) -> AsyncGenerator[Delivery | None, None]:
        """A delivery now, when it changes, and every `beat` seconds, until it has ended; None while the archive is away. Raises
        as `delivery` does, `Unavailable` at first alone.
        """
        clock = asyncio.get_running_loop().time
        async with self._feed.watching(name) as bell:
            found: Delivery | None = await self.delivery(caller, name)
            ends = clock() + beat
            while True:
                yield found
                if found is not None and found.state.ended:
                    return
                if not await _rings(bell, max(ends - clock(), 0.0)):
                    ends = clock() + beat
                bell.clear()
                try:
                    found = await self.delivery(caller, name)
                except Unavailable:
                    found = None

    async def _after_a_fork(self, delivery: Delivery, since: int, branch: int | None) -> int:
        """Where to go on for who has seen so much, of this branch if that is known: from where its record was put back. As long
        as nobody has decided about that, everybody who comes anew begins there.
        """
        state = delivery.state
        newly = state.divergence is not None if branch is None else state.branch != branch
        if not newly and since <= len(delivery.ledger):
            return since
        seen = branch if branch is not None else state.branch - 1
        return min((since, *(one.since for one in await self._ledgers.branches(delivery.plan.operation) if one.branch > seen)))

    async def _goes_on(self, caller: Service, name: str, runs: Callable[[str], Awaitable[bool]]) -> bool:
        """Whether there may be more of a delivery that has been shown without its end."""
        if await runs(name) or (await self.delivery(caller, name)).state.ended:  # it may have ended meanwhile
            return True
        await self._ledgers.is_gone(name)
        return False

    async def results(self, caller: Service, period: Period, by: CountedBy) -> Results:
        """The results of a period: of all deliveries for a supervisor, else of the caller's own, and of its part of them."""
        everything = reach(role_of(caller), "results") == "all"
        return await self._results.of(caller.id, "all" if everything else "own", period, by)

    async def statistics(self, caller: Service, period: Period, by: CountedBy, narrowed: Narrowed) -> Statistics:
        """How the deliveries of a period went: all for a supervisor, else the caller's own, and its part of them."""
        everything = reach(role_of(caller), "statistics") == "all"
        return await self._results.statistics(caller.id, "all" if everything else "own", period, by, narrowed)

    async def keep_forecast(self, caller: Service, name: str, forecast: Forecast) -> bool:
        """Keep what a simulation said of a delivery before it departs; whether it is new, since none is replaced.

        Raises `NotAllowed` to whom it is not to start, and once it has departed; `Malformed` where it is of a service that takes
        no part; and what `delivery` does.
        """
        delivery = await self.delivery(caller, name)
        may_start(caller, delivery.plan)
        state = delivery.state
        if state.moves or state.halt is not None or state.outcome is not None:
            raise NotAllowed(fill("{delivery} has departed or has halted: a forecast is made before that", delivery=name))
        strangers = {one.by for one in forecast.lines} - {"", *delivery.plan.participants(), *delivery.state.participants}
        faults = [Fault(place="lines", problem=fill("{service} takes no part in it", service=one)) for one in sorted(strangers)]
        if faults:
            raise Malformed(fill("this is no forecast of {delivery}", delivery=name), faults)
        return await self._results.keep(name, forecast)

    async def inbox(self, caller: Service, cursor: str | None = None) -> tuple[Inbox, tuple[InboxRow, ...]]:
        """A page of what the caller is being asked now, in all its deliveries, the most urgent first; and the rows it is made of.

        Raises `Malformed` for a cursor of another inbox.
        """
        found = await self.lists.inbox(caller.id, cursor)
        asked: list[Request | CorrectionAsked] = []
        unreadable: set[str] = set()
        for one in found.asked:
            try:
                asked.append(_ASKED.validate_json(one.request or b""))
            except ValidationError:
                unreadable.add(one.delivery)
        page = Inbox(
            requests=tuple(one for one in asked if isinstance(one, Request)),
            corrections=tuple(one for one in asked if isinstance(one, CorrectionAsked)),
            unreadable=tuple(sorted(unreadable)),
            next=found.next,
        )
        return page, found.asked

    async def asked(self, caller: Service, name: str) -> tuple[Request, ...]:
        """What the caller is being asked now in one delivery. Raises `NotFound`."""
        return inbox(await self.delivery(caller, name), caller.id, datetime.now(UTC))

    async def expunge(self, name: str, order: ExpungingOrder) -> None:
        """Destroy what a closed delivery says. Raises `NotFound`, `NotAllowed` if it is open, and `Unavailable`."""
        self._folded.drop(name)
        await self._expunging.expunge(name, order)

    async def expunged(self, name: str) -> Expunged:
        """What remains of it. Raises `NotFound` where it is not expunged."""
        found = await self._expunging.of(name)
        if found is None:
            raise NotFound(fill("there is no expunged delivery {name} here", name=name))
        said = {"at": found.order.at, "ordered_by": found.order.ordered_by, "law": found.order.law}
        return Expunged(
            delivery=name,
            **said,
            first=str(found.order.first),
            second=str(found.order.second),
            size=found.size,
            root=found.root.hex(),
            leaves=tuple(one.hex() for one in await self._ledgers.leaves(name)),
        )

    async def has_read(self, caller: Service, delivery: str, request: str) -> None:
        """Remember that a request has been read, so that no gateway says so again."""
        await self.lists.read(caller.id, delivery, request)

    async def _row(self, caller: Service, name: str) -> KeptRow:
        clock = asyncio.get_running_loop().time
        answered, expected = clock() + NOT_HERE, self._expected.get((caller.id, name), 0)
        try:
            return await self._as_expected(caller, name, expected) if expected else await self.lists.one(_question(caller), name)
        except NotFound as error:
            await asyncio.sleep(answered - clock())
            raise no_delivery(name) from error

    async def _as_expected(self, caller: Service, name: str, size: int) -> KeptRow:
        """Its row once the archive has so much of it. Raises `NotFound` where it has, and the caller takes no part by then."""
        try:
            async with asyncio.timeout(BEHIND), self._feed.watching(name) as bell:
                while True:
                    bell.clear()
                    row = await self._known(caller, name, size)
                    if row is not None and (row.size >= size or row.branch > 0):
                        return row
                    await bell.wait()
        except TimeoutError as error:
            message = fill("the archive is behind: it has not all of {name} yet that you know of", name=name)
            raise Unavailable(
                message, hint=mark("try again; what was acknowledged is safe. If it stays so, see that a worker is up")
            ) from error

    async def _known(self, caller: Service, name: str, size: int) -> KeptRow | None:
        """Its row; none while the archive has less than so much of it: then who asks may take part in what is still to come."""
        try:
            return await self.lists.one(_question(caller), name)
        except NotFound:
            held = await self._ledgers.held(name)
            if held is None or (held.size < size and held.branch == 0):
                return None
            self._expected.pop((caller.id, name), None)
            return await self.lists.one(_question(caller), name)  # what the archive has by now, its rows have too


async def _rings(bell: asyncio.Event, patience: float) -> bool:
    """Whether it rings within so many seconds."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(bell.wait(), patience)
    return False


def _shown(kept: KeptRow) -> Row:
    return Row.model_validate(kept.model_dump(exclude={"branch", "change"}) | ({} if kept.whole else {"size": None}))


def _question(caller: Service) -> ListQuestion:
    everything = reach(role_of(caller), "list") == "all"
    return ListQuestion(reader=caller.id, reach="all" if everything else "own")
