"""Services that speak all the time whatever goes wrong: new statements, earlier ones once more, and stops.

One delivery is busy; once it has so many statements another takes its place, and it is stopped, seized and ended. Others, whose
ways are short, run to their planned end meanwhile. What its services are asked, simulated services answer over HTTP.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

import aiohttp
from temporalio.client import Client, RPCError, WorkflowQueryFailedError

from bench.chaos.held import CLOSE, Case, Owed, Records, differences, ended_at, statements_in, taken_though_refused
from domain.delivery.decided import Opened
from domain.delivery.ledger import Entry, Left
from domain.delivery.requests import Request
from domain.plan.directory import Directory, Service
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.receipts import Comparison, SignedReceipt, opened
from domain.record.verify import verify
from domain.rules.handling import Information
from domain.signing.envelope import Envelope
from domain.words.errors import NotAuthentic, NotFound, NotVerified, Refused, RuleBroken, Unavailable
from protocol.gateway import ANSWERED_WITHIN, LONGEST_ANSWER, Gateway
from rehearsal.invariants import Checker
from rehearsal.over_http import SimulatedServices, hurried
from rehearsal.scenario import Scenario
from rehearsal.services import private_key_of
from tests.installation import renamed, said_by, stop_by
from tests.support import example_cards, signed_plan
from workflows import messages
from workflows.messages import LedgerSize, workflow_id

T = TypeVar("T")
AGAIN, LONGEST_AGAIN = 0.2, 1.6
"""Seconds until what was not answered is tried again; twice as long each time, and at most."""
AT_ONCE = 8
"""Statements that were left, and are handed in once more for their receipts."""
HURRY = 20_000.0
"""How many times shorter the ways are of a delivery that runs to its planned end."""
PLANNED = frozenset({"delivered_with_arrests"})
"""How that one ends."""
HALTED = frozenset({"stopped_before_departure", "interdicted_early"})
"""How one that is stopped may end."""
PATIENCE = 240.0
"""Seconds for one thing to come true, whatever is killed meanwhile; for all of a delivery, since the last fault was mended."""
ANSWERED = timedelta(seconds=20)
"""Of one question to a workflow: a worker that replays a long run takes its time, and one that was killed never answers."""
SPEAKS = "speaks"
"""Name of the tasks that have no end."""
REPEATED = 0.15
"""How much of what is said has been said before."""


async def again(attempt: Callable[[], Awaitable[T]], *passing: type[Exception]) -> T:
    """Try until it comes true, whatever of these errors it meets. Raises `TimeoutError`, which says what it met last."""
    met: Exception | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await attempt()
                except passing as error:
                    met = error
                await asyncio.sleep(AGAIN)
    except TimeoutError as error:
        raise TimeoutError(f"for {PATIENCE:.0f} s: {met}") from error


@dataclass(frozen=True)
class Load:
    """`rate`: statements a second, of all services together. `length`: statements until another delivery is busy."""

    rate: float = 8.0
    length: int = 300


class Recording(Gateway):
    """The gateway, as a service calls it that keeps what it is answered."""

    def __init__(self, http: aiohttp.ClientSession, url: str, service: str, records: Records) -> None:
        super().__init__(http, url, service, private_key_of(service), service)
        self._records = records

    async def _call(
        self, method: str, path: str, content: Envelope | bytes = b"", most: int = LONGEST_ANSWER, within: float = ANSWERED_WITHIN
    ) -> bytes:
        """All keys are right here: whose proof is not taken meets a clock that is wrong, and tries again."""
        try:
            return await super()._call(method, path, content, most, within)
        except NotAuthentic as error:
            raise Unavailable(error.message, hint=error.hint) from error

    async def submit(self, delivery: str, statement: Envelope) -> SignedReceipt | Left:
        """Hand in a statement; what is answered is kept."""
        began, case = self._records.clock(), self._records.case_of(delivery)
        if case is not None:
            case.handed.setdefault(read_statement(statement).id, datetime.now(UTC))
        answer = await super().submit(delivery, statement)
        self._records.answered(statement, answer, began)
        return answer


class RecordingServices(SimulatedServices):
    """Simulated services that keep what they are answered together with all others."""

    def __init__(self, directory: Directory, gateway: str, scenario: Scenario, seed: int, records: Records) -> None:
        super().__init__(directory, gateway, scenario, seed)
        self._known, self._url, self._records = directory, gateway, records

    def keep(self, receipt: Envelope) -> None:
        """A receipt has arrived. What is none is a difference. Raises `Malformed`, `NotAuthentic` or `NotVerified`."""
        try:
            self._records.keep(SignedReceipt(receipt, opened(receipt, self._known)))
        except Refused as error:
            self._records.failed(error)
            raise

    def take(self, service: Service, request: Request) -> None:
        """A request has arrived. It is a difference where what it shows of the ledger contradicts a receipt."""
        case = self._records.case_of(request.delivery)
        try:
            Comparison(request.delivery, case.held if case is not None else ()).had(request.seen.size, request.seen.root)
        except NotVerified as error:
            self._records.failed(error)
        super().take(service, request)

    def door_of(self, service: str) -> Gateway:
        """The gateway, as this service calls it."""
        return Recording(self._http, self._url, service, self._records)


class Traffic:
    """An async context: services speak while it is open. `example`: the plan of all deliveries."""

    def __init__(  # noqa: PLR0913, PLR0917 - who speaks where, and how much
        self, http: aiohttp.ClientSession, url: str, client: Client, records: Records, example: Plan, load: Load
    ) -> None:
        self._http, self._url, self._client, self._records = http, url, client, records
        self.example, self._length = example, load.length
        self._speakers = tuple(dict.fromkeys(service for one in example.checkpoints for service in one.services()))
        self._pause = len(self._speakers) / load.rate
        self._dice = random.Random(1)  # noqa: S311 - a workload
        self._tasks: set[asyncio.Task[None]] = set()
        self._doors = {service: Recording(http, url, service, records) for service in self._speakers}
        self.begun = self.ended = self.stops = self.packets = self.verified = 0
        self.outcomes: Counter[str] = Counter()
        self.slowest_stop = 0.0
        """Seconds from the first try to hand in a stop until the ledger shows that somebody is asked to seize."""

    async def __aenter__(self) -> Self:
        self._busy, self._waiting = await self._begin(), await self._begin()
        for service in self._speakers:
            self._go(self._speak(service), SPEAKS)
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop_one(self) -> None:
        """Stop a delivery of which nothing else is said, whoever is being killed; another is made for the next time."""
        self._go(self._finish(self._waiting))
        self._go(self._prepare())

    async def hush(self) -> None:
        """Say no more: what is being handed in may or may not be taken. Wait until no delivery is just being stopped or run
        to its end: one that is compared with what it was before a loss would not have ended.
        """
        speaking = [task for task in self._tasks if task.get_name() == SPEAKS]
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
        await self._rest()

    def run_one(self) -> None:
        """Have a delivery run to its planned end."""
        self._go(self.run_through())

    def speak_on(self) -> asyncio.Task[tuple[Case, list[Envelope]]]:
        """Speak at the same rate until the task is cancelled, whether anybody is answered or not: each a task of its own. Its
        result is what was said, and in which delivery.
        """
        return asyncio.create_task(self._speak_on())

    async def cleared(self, case: Case, said: list[Envelope]) -> float:
        """Wait until all of it has a receipt, and the archive has it. Returns when the first of those that had none got one, or
        now where all had one: seconds by the clock of the records. Raises `TimeoutError`.
        """
        lacked = {read_statement(one).id for one in said} - case.receipts.keys()
        first = None if lacked else self._records.clock()
        async with asyncio.timeout(PATIENCE):
            while first is None or lacked - case.receipts.keys():
                left = [one for one in said if read_statement(one).id in case.left]
                await asyncio.gather(*(self._hand_in(read_statement(one).service, case, one) for one in left[:AT_ONCE]))
                if first is None and lacked & case.receipts.keys():
                    first = self._records.clock()
                await asyncio.sleep(AGAIN / 4)
        await self.ledger(case, max(one.size for one in case.held))
        return first

    async def _speak_on(self) -> tuple[Case, list[Envelope]]:
        case, said = self._busy, list[Envelope]()
        with suppress(asyncio.CancelledError):
            while True:
                service = self._dice.choice(self._speakers)
                said.append(said_by(service, case.plan, Information(text=f"meanwhile, number {len(said)}")))
                self._go(self._handed_in(service, case, said[-1]))
                await asyncio.sleep(self._pause / len(self._speakers))
        return case, said

    async def _handed_in(self, service: str, case: Case, envelope: Envelope) -> None:
        await self._hand_in(service, case, envelope)

    async def run_through(self) -> None:
        """Have a delivery run to its planned end, and wait for that. Raises `TimeoutError`."""
        case = await self._begin(hurried(self.example, HURRY))
        began = self._records.quiet()
        while (await self.ledger(case))[-1].event.event != "ended":
            if self._records.quiet() - began > PATIENCE:
                raise TimeoutError(f"{case.plan.operation} has not ended, though nothing was wrong for {PATIENCE:.0f} s")
            await asyncio.sleep(5 * AGAIN)
        await self._over_and_out(case, PLANNED)

    async def settle(self) -> None:
        """Say no more, and wait until every delivery has ended and been compared."""
        await self.hush()
        for case in list(self._records.cases.values()):
            self._go(self._finish(case))
        await self._rest()

    async def _rest(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def compare(self, case: Case, *, packet: bool = False) -> None:
        """Compare what is held of a delivery with its workflow, its ledger from the archive and, if so wanted, its packet."""
        held, left, before = case.held, dict(case.left), case.seen
        shown = await self.ledger(case)
        stated = await self._stated(case)
        entries = await self.ledger(case, max([stated.size, *(one.size for one in held)]))
        found = list(differences(entries, held, [stated, *([before] if before is not None else [])]))
        found += taken_though_refused(entries, case.refused)
        if len(shown) > stated.size:
            found.append(f"the archive had {len(shown)} entries, and the workflow {stated.size} after that")
        case.seen = stated
        kept = statements_in(entries[: stated.size])
        for name, owed in left.items():
            found += await self._handed_in_again(case, name, owed, there=name in kept)
        if packet:
            found += await self._packet(case)
        self._records.differences += [f"{case.plan.operation}: {one}" for one in found]

    async def _handed_in_again(self, case: Case, name: str, owed: Owed, *, there: bool) -> list[str]:
        """What was left is in the ledger by itself once the workflow answers; it is refused where the delivery ended before."""
        try:
            given = await self._hand_in(read_statement(owed.envelope).service, case, owed.envelope)
        except Refused as error:
            self._records.turned_away += 1
            case.left.pop(name, None)
            if there:
                return [f"statement {name} is in the ledger, and is refused: {error.message}"]
            ended = ended_at(await self.ledger(case))
            if ended is None or owed.at + CLOSE < ended:
                return [f"statement {name} was acknowledged as left before the end, and is refused: {error.message}"]
            return []
        if isinstance(given, SignedReceipt) and not there:
            return [f"statement {name} was acknowledged as left, and was not in the ledger"]
        return []

    async def _packet(self, case: Case) -> list[str]:
        """The packet, with every receipt that was held before it was sealed. It is made from the archive, which is waited for."""
        held, size = [one.envelope for one in case.receipts.values()], max((one.size for one in case.held), default=0)
        await self.ledger(case, size)
        door = self._doors[case.plan.initiator]
        data = await again(lambda: door.packet(case.plan.operation), Unavailable, NotFound)
        try:
            proved = await asyncio.to_thread(verify, data, self._records.directory, held)
        except NotVerified as error:
            return [f"the packet does not verify: {error.message}"]
        self.packets += 1
        self.verified += proved.receipts
        case.outcome = proved.outcome
        return [] if proved.size >= size else [f"the packet has {proved.size} entries, and a receipt was given at {size}"]

    async def ledger(self, case: Case, size: int = 0) -> list[Entry]:
        """The whole ledger, once the archive has so much of it. Raises `TimeoutError`."""
        door = self._doors[case.plan.initiator]

        async def look() -> list[Entry]:
            entries = [one for one in await door.ledger(case.plan.operation) if isinstance(one, Entry)]
            if len(entries) < size:
                raise NotFound(f"the archive has {len(entries)} entries of {case.plan.operation}, and not {size}")
            return entries

        return await again(look, Unavailable, NotFound)

    async def _stated(self, case: Case) -> LedgerSize:
        """What the workflow says of its ledger. Raises `TimeoutError`."""
        handle = self._client.get_workflow_handle(workflow_id(case.plan.operation))

        async def ask() -> LedgerSize:
            stated: LedgerSize = await handle.query(messages.QUERY_SIZE, result_type=LedgerSize, rpc_timeout=ANSWERED)
            return stated

        return await again(ask, RPCError, WorkflowQueryFailedError)

    async def _begin(self, example: Plan | None = None) -> Case:
        """Start a delivery of its own, which no other touches."""
        plan = renamed(example or self.example)
        own = plan.consignment.identifiers[0].model_copy(update={"scheme": "other", "value": plan.operation})
        plan = plan.model_copy(update={"consignment": plan.consignment.model_copy(update={"identifiers": (own,)})})
        case = self._records.cases[plan.operation] = Case(plan)
        door = self._doors[plan.initiator]
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await door.start(signed_plan(plan))
                except Unavailable:
                    await asyncio.sleep(AGAIN)
                except RuleBroken as error:
                    if error.reason == "started_already":  # the answer to an earlier try was lost
                        break
                    raise
                else:
                    break
        self.begun += 1
        return case

    async def _prepare(self) -> None:
        self._waiting = await self._begin()

    async def _turn(self) -> None:
        """Another delivery is busy from now on; this one is stopped."""
        over, self._busy = self._busy, await self._begin()
        await self._finish(over)

    async def _speak(self, service: str) -> None:
        while True:
            await asyncio.sleep(self._pause * self._dice.uniform(0.5, 1.5))
            case = self._busy
            known = bool(case.said) and self._dice.random() < REPEATED
            if known:
                speaker, envelope = self._dice.choice(case.said)
            else:
                text = "observed " * self._dice.randint(1, 60)
                speaker, envelope = service, said_by(service, case.plan, Information(text=text.strip()))
            try:
                given = await self._hand_in(speaker, case, envelope)
            except Refused as error:
                if known:
                    self._records.differences.append(f"{case.plan.operation}: said once more, it is refused: {error.message}")
                else:
                    case.refused.add(read_statement(envelope).id)
                continue
            if not known and isinstance(given, SignedReceipt):
                case.said.append((speaker, envelope))
                if len(case.said) == self._length:
                    self._go(self._turn())

    async def _hand_in(self, service: str, case: Case, envelope: Envelope) -> SignedReceipt | Left:
        """Until it is acknowledged. Raises `Refused`, or `TimeoutError`."""
        pause = AGAIN
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await self._doors[service].submit(case.plan.operation, envelope)
                except Unavailable:
                    await asyncio.sleep(pause * self._dice.uniform(0.5, 1.0))
                    pause = min(2 * pause, LONGEST_AGAIN)

    async def _finish(self, case: Case) -> None:
        """Stop a delivery, and see it acted on and ended."""
        began = self._records.clock()
        stop = stop_by("uz.police", case.plan)
        await self._hand_in("uz.police", case, stop)
        self.stops += 1
        entries: list[Entry] = []
        async with asyncio.timeout(PATIENCE):
            while not any(isinstance(one.event, Opened) and one.event.checkpoint == "stop.interdiction" for one in entries):
                await asyncio.sleep(AGAIN)
                entries = await self.ledger(case)
            self.slowest_stop = max(self.slowest_stop, self._records.clock() - began)
            while entries[-1].event.event != "ended":
                await asyncio.sleep(5 * AGAIN)
                entries = await self.ledger(case)
        await self._over_and_out(case, HALTED)

    async def _over_and_out(self, case: Case, allowed: frozenset[str]) -> None:
        """Compare a delivery that has ended. What is held of it is compared again, in turn with others, and when all is over."""
        await self.compare(case, packet=True)
        operation, entries = case.plan.operation, await self.ledger(case)
        try:
            Checker(case.plan, example_cards(), self._records.directory).check(entries)
        except AssertionError as error:
            self._records.differences.append(f"{operation}: {error}")
        if case.outcome not in allowed:
            self._records.differences.append(f"{operation}: it ended as {case.outcome}, and {' or '.join(allowed)} is allowed")
        self.outcomes[str(case.outcome)] += 1
        self._records.ended(case)
        self.ended += 1

    def _go(self, work: Coroutine[Any, Any, None], name: str = "acts") -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._records.failed(error)
