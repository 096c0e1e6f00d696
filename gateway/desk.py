"""What any face of the gateway can do, over the Temporal client. Errors are ours, never Temporal's."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import (
    Client,
    RPCError,
    RPCStatusCode,
    RPCTimeoutOrCancelledError,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from domain.delivery.events import Amended
from domain.delivery.ledger import SECRET, Entry, Left, Receipt, Withheld
from domain.delivery.requests import Inbox, Request, SignedInbox
from domain.delivery.statement import Statement
from domain.plan.access import reach, role_of, speaks_everywhere
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.directory import Directory, Listed, Service
from domain.plan.directory import faults_in as faults_of_directory
from domain.plan.key_changes import Taken, authentic, changed, read_change
from domain.plan.key_changes import faults_in as faults_of_keys
from domain.plan.plan import Plan, read_plan
from domain.record.door import amended_by, read_statement, resume, verified_plan
from domain.record.packet import Purpose, seal
from domain.record.receipts import signed
from domain.rules import amending
from domain.rules.books import newest
from domain.signing.canonical import canonical
from domain.signing.envelope import REQUEST_TYPE, STATEMENT_TYPE, Envelope, sign
from domain.views.sight import sight
from domain.views.view import DeliveryView, Row
from domain.words.errors import Fault, Malformed, NotAllowed, NotAuthentic, NotFound, RuleBroken, Unavailable, VigilError
from domain.words.moments import utc_text
from gateway.access import may_see, may_start, no_delivery
from gateway.acknowledging import Acknowledgements
from gateway.health import Health, Pulse
from gateway.rekeying import Rekeying
from process.codec import Codec, ForgedError
from process.in_force import InForce
from process.temporal import TASK_TIMEOUT, codec_of, readable
from workflows import messages
from workflows.messages import Asker, Docket, HandIn, LedgerSlice, delivery_of, hand_in, update_id, workflow_id

log = logging.getLogger("vigil.desk")

_PARTICIPANTS = SearchAttributeKey.for_keyword_list(messages.PARTICIPANTS)
_PHASE = SearchAttributeKey.for_keyword(messages.PHASE)
_GROUP = "group"

PATIENCE = timedelta(seconds=30)
"""How long the gateway waits for a worker's answer before it says that none is there."""
UNTIL_LEFT = timedelta(seconds=10)
"""How long it waits for a statement's receipt before it leaves the statement for when a worker is up."""
A_STOP = 0.5
"""Seconds it waits for the receipt of a stop before it leaves the stop as well: other statements that are being judged (Temporal
takes ten at once) and a worker that replays must not hold it up.
"""
ITS_RECEIPT = 2.0
"""Seconds it then goes on waiting for the receipt, before it says that the stop has been left."""
ONCE_MORE = timedelta(seconds=1)
"""How long it waits, once a statement has been left, to hear that a worker is there after all and what it made of it."""
NOT_HERE = 0.1
"""Seconds from the look for a delivery to the answer that there is none: the same where there is one that is not the caller's."""
BRIEFLY = timedelta(seconds=3)
"""How long one delivery may keep an inbox waiting."""
AT_ONCE = 8
"""Deliveries asked at the same time for one list or inbox."""
LONGEST_LIST = 200


class Desk:
    """Serves callers that have proved who they are."""

    def __init__(
        self,
        client: Client,
        task_queue: str,
        directory: InForce,
        cards: dict[str, RuleCard],
        key: Ed25519PrivateKey,
    ) -> None:
        self._client = client
        self._task_queue = task_queue
        self._in_force = directory
        self._cards = cards
        self._key = key
        self._acknowledgements = Acknowledgements(client, key)
        self._pulse = Pulse(client, task_queue)

    @property
    def _directory(self) -> Directory:
        return self._in_force.now

    async def start(self, caller: Service, envelope: Envelope) -> Plan:
        """Start the delivery of a signed plan. Nothing is started unless everything is right.

        Raises `Malformed` with every fault, `NotAllowed`, `NotAuthentic`, or `RuleBroken` if it was started before.
        """
        plan = read_plan(envelope)
        may_start(caller, plan)
        now = datetime.now(UTC)
        verified_plan(envelope, self._directory, now)
        faults = [*faults_in(plan, self._directory, self._cards), *self._without_keys(plan, now)]
        if faults:
            message = f"the plan of {plan.operation} cannot be started: {len(faults)} faults"
            raise Malformed(message, faults)
        watching = [service.id for service in self._directory.services if speaks_everywhere(service)]
        docket = Docket(
            plan=envelope,
            directory=self._directory.snapshot([*plan.participants(), *watching]),
            cards={state: self._cards[state] for state in plan.states()},
            secret=secrets.token_hex(SECRET),
            rules=newest().version,
        )
        with _as_ours(plan.operation):
            try:
                await self._client.start_workflow(
                    messages.WORKFLOW,
                    docket,
                    id=workflow_id(plan.operation),
                    task_queue=self._task_queue,
                    task_timeout=TASK_TIMEOUT,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=TypedSearchAttributes(
                        [
                            SearchAttributePair(_PARTICIPANTS, list(plan.participants())),
                            SearchAttributePair(_PHASE, "planned"),
                        ]
                    ),
                    memo={_GROUP: plan.group},
                    static_summary=plan.title,
                )
            except WorkflowAlreadyStartedError as error:
                await self._taken(caller, plan)
                reason = f"delivery {plan.operation} has been started already; nothing was changed"
                raise RuleBroken("R18", reason, hint=f"`vigil show {plan.operation}`") from error
        return plan

    async def _taken(self, caller: Service, plan: Plan) -> None:
        """Raises `Malformed`, as for any fault of a plan, where what bears this code name is not the caller's to see: it hears
        that the name cannot be used, and not of what.
        """
        try:
            await self._seen_by(caller, plan.operation)
        except NotFound as error:
            fault = Fault(place="operation", problem=f"the code name {plan.operation} cannot be used; choose another")
            raise Malformed(f"the plan of {plan.operation} cannot be started: 1 faults", [fault]) from error

    async def amend(self, caller: Service, delivery: str, envelope: Envelope) -> Entry:
        """Change a delivery's plan for what is still ahead; the ledger entry that records it.

        Raises `Malformed` with everything that keeps this plan from taking the old one's place (R22), `NotAllowed`,
        `NotAuthentic`, `NotFound` or `Unavailable`: then nothing has changed.
        """
        plan = read_plan(envelope)
        may_start(caller, plan)
        now = datetime.now(UTC)
        verified_plan(envelope, self._directory, now)
        handle = await self._seen_by(caller, delivery)
        with _as_ours(delivery):
            docket = await handle.query(messages.QUERY_DOCKET, result_type=Docket, rpc_timeout=PATIENCE)
        known = resume(docket.directory, docket.cards, docket.entries)
        if isinstance(recorded := amended_by(known, envelope), Entry):
            return recorded
        snapshot = self._directory.snapshot(plan.participants())
        amended = Amended(
            plan=envelope,
            services=tuple(one for one in snapshot.services if known.directory.find(one.id) is None),
            cards=tuple(self._cards[state] for state in plan.states() if state in self._cards and state not in known.cards),
        )
        faults = [*amending.faults_in(known, plan, *amended.known_with(known.state)), *self._without_keys(plan, now)]
        if faults:
            message = f"the plan of {delivery} cannot be changed like this: {len(faults)} faults"
            raise Malformed(message, faults)
        with _as_ours(delivery):
            entry: Entry = await handle.execute_update(
                messages.AMEND,
                hand_in(amended, delivery, now, self._key),
                id=update_id(envelope),
                result_type=Entry,
                rpc_timeout=PATIENCE,
            )
        return entry

    async def submit(self, delivery: str, envelope: Envelope) -> Receipt | Left:
        """Hand in a statement; the receipt says that it is durable and what became of it.

        Where no worker answers, the statement is left with Temporal, which keeps it until one does: acknowledged is durable
        (R8: a stop is never lost). Raises `Malformed`, `NotAuthentic`, `NotAllowed` or `NotFound` for noise, and `Unavailable`
        if Temporal itself cannot be reached.
        """
        statement = read_statement(envelope)
        if statement.delivery != delivery:
            message = f"the statement is about delivery {statement.delivery}, this is {delivery}"
            raise NotFound(message)
        speaker = self._directory.find(statement.service)
        if speaker is None:
            message = f"unknown service {statement.service}"
            raise NotAuthentic(message, hint="a statement names a service of the directory")
        speaker.opened(envelope, STATEMENT_TYPE, statement.officer, datetime.now(UTC))
        await self._seen_by(speaker, delivery)  # before anything else: who has no part learns nothing, not even that it exists
        return await self._judged_or_left(statement, envelope)

    async def _judged_or_left(self, statement: Statement, envelope: Envelope) -> Receipt | Left:
        judging = asyncio.create_task(self._judged(statement, envelope))
        judging.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may wait for it any more
        try:
            if statement.kind == "stop_requested" and not (await asyncio.wait({judging}, timeout=A_STOP))[0]:
                with suppress(Unavailable):  # then its judgement says so too
                    left = await self._leave(statement, envelope)
                    if isinstance(left, Receipt):
                        return left
                    await asyncio.wait({judging}, timeout=ITS_RECEIPT)
                    return judging.result() if judging.done() and judging.exception() is None else left
            return await judging
        except NotFound:
            return await self._as_recorded(statement.delivery, envelope, PATIENCE)
        except _NoWorkerError:
            return await self._leave(statement, envelope)
        finally:
            judging.cancel()

    async def _judged(self, statement: Statement, envelope: Envelope) -> Receipt:
        with _as_ours(statement.delivery):
            receipt: Receipt = await self._handle(statement.delivery).execute_update(
                messages.SUBMIT,
                self._handed(envelope, statement.delivery),
                id=update_id(envelope),
                result_type=Receipt,
                rpc_timeout=UNTIL_LEFT,
            )
        return receipt

    async def _leave(self, statement: Statement, envelope: Envelope) -> Receipt | Left:
        """Leave it by Signal: the same door, kept by the server until a worker is up.

        A delivery that has ended just before takes no signal, or takes it and records nothing. So where a worker answers after
        all, the delivery is looked at once more: there is a receipt, or a refusal, and only where none answers is it left.
        """
        try:
            with _as_ours(statement.delivery):
                await self._handle(statement.delivery).signal(
                    messages.SUBMIT, self._handed(envelope, statement.delivery), rpc_timeout=PATIENCE
                )
        except NotFound:
            return await self._as_recorded(statement.delivery, envelope, PATIENCE)
        with suppress(_NoWorkerError):
            return await self._as_recorded(statement.delivery, envelope, ONCE_MORE)
        log.warning("a statement was left with Temporal: it has no receipt yet", extra={"delivery": statement.delivery})
        return Left(statement=statement.id, left_at=utc_text(datetime.now(UTC)))

    async def _as_recorded(self, delivery: str, envelope: Envelope, patience: timedelta) -> Receipt:
        """The receipt if exactly this has come in, signature and all, else a refusal: the workflow takes nothing more.

        A query is answered after everything that was signalled before it.
        """
        with _as_ours(delivery):
            known: list[Receipt] = await self._handle(delivery).query(
                messages.QUERY_RECEIPT, envelope, result_type=list[Receipt], rpc_timeout=patience
            )
        if not known:
            message = f"delivery {delivery} has ended and its ledger is closed, or you take no part in it"
            raise NotAllowed(message, hint="the statement was not recorded")
        return known[0]

    async def change_keys(self, caller: Service, envelope: Envelope) -> Taken:
        """Bring a signed change of keys to every delivery under way that its service speaks in; what became of it in each.

        It is entered in the archive first: from then on it is in force at every gateway and worker, and stays so. Deliveries are
        named only to who may list them. Asked again, it does no harm.

        Raises `Malformed`, `NotAuthentic`, `NotAllowed`, or `RuleBroken` (R24): then nothing has changed anywhere; and
        `Unavailable` if the archive or Temporal is away: then ask again.
        """
        change = read_change(envelope)
        if caller.id != change.service and reach(role_of(caller), "keys") != "all":
            message = f"{caller.id} cannot announce keys of {change.service}"
            raise NotAllowed(message, hint="the service itself can, or an administrator")
        await self._in_force.enter(envelope, self._key, lambda directory: _may_be_taken(envelope, directory))
        service = self._directory.get(change.service)

        async def bring(delivery: str) -> None:
            with _as_ours(delivery):
                once = f"keys/{envelope.fingerprint()[:32]}"
                handed = self._handed(envelope, delivery)
                await self._handle(delivery).execute_update(messages.CHANGE_KEYS, handed, id=once, rpc_timeout=UNTIL_LEFT)

        async def leave(delivery: str) -> None:
            with _as_ours(delivery):
                handed = self._handed(envelope, delivery)
                await self._handle(delivery).signal(messages.CHANGE_KEYS, handed, rpc_timeout=PATIENCE)

        taken = await Rekeying(lambda: self._speaks_in(service), bring, leave).everywhere()
        return taken if reach(role_of(caller), "list") != "-" else taken.unnamed()

    async def _speaks_in(self, service: Service) -> AsyncIterator[str]:
        """Every delivery under way that the service can speak in: its own; supervisors and administrators, all."""
        query = f"WorkflowType = '{messages.WORKFLOW}' AND ExecutionStatus = 'Running'"
        if not speaks_everywhere(service):
            query += f" AND {messages.PARTICIPANTS} = '{service.id}'"
        with _as_ours(""):
            async for found in self._client.list_workflows(query, rpc_timeout=PATIENCE):
                if (delivery := delivery_of(found.id)) is not None:
                    yield delivery

    async def deliveries(self, caller: Service) -> tuple[Row, ...]:
        """The caller's deliveries, newest first; all of them for a supervisor. At most 200."""
        rows = [await _row(found) async for found in self._find(caller, running=False)]
        return tuple(row for row in rows if row is not None)

    async def view(self, caller: Service, delivery: str) -> DeliveryView:
        """The summary of one delivery."""
        handle = await self._seen_by(caller, delivery)
        with _as_ours(delivery):
            found: DeliveryView = await handle.query(
                messages.QUERY_VIEW, Asker(service=caller), result_type=DeliveryView, rpc_timeout=PATIENCE
            )
        return found

    async def ledger(self, caller: Service, delivery: str, since: int) -> list[Entry | Withheld]:
        """Ledger entries from a number on, as far as they are the caller's to read (R11)."""
        handle = await self._seen_by(caller, delivery)
        with _as_ours(delivery):
            page = LedgerSlice(reader=caller, since=since)
            found: list[Entry | Withheld] = await handle.query(
                messages.QUERY_LEDGER, page, result_type=list[Entry | Withheld], rpc_timeout=PATIENCE
            )
        return found

    async def inbox(self, caller: Service) -> Inbox:
        """Everything the caller is being asked now, in all its deliveries, the most urgent first.

        A delivery that does not answer in time is named, and does not keep back the others.
        """
        gate = asyncio.Semaphore(AT_ONCE)
        silent: list[str] = []

        async def of(found: WorkflowExecution) -> list[Request]:
            if (delivery := delivery_of(found.id)) is None:
                return []
            try:
                async with gate:
                    with _as_ours(delivery):
                        asked: list[Request] = await self._handle(delivery).query(
                            messages.QUERY_INBOX,
                            Asker(service=caller),
                            result_type=list[Request],
                            rpc_timeout=BRIEFLY,
                        )
            except Unavailable:
                silent.append(delivery)
                return []
            return asked

        inboxes = await asyncio.gather(*[of(found) async for found in self._find(caller, running=True)])
        requests = sorted((asked for inbox in inboxes for asked in inbox), key=lambda asked: (asked.due or "", asked.id))
        await self._acknowledgements.report(caller, requests)
        return Inbox(requests=tuple(requests), unanswered=tuple(sorted(silent)))

    async def asked(self, caller: Service, delivery: str) -> tuple[Request, ...]:
        """What the caller is being asked now in one delivery; it has then read that. Raises `NotFound`."""
        handle = await self._seen_by(caller, delivery)
        with _as_ours(delivery):
            found: list[Request] = await handle.query(
                messages.QUERY_INBOX, Asker(service=caller), result_type=list[Request], rpc_timeout=PATIENCE
            )
        await self._acknowledgements.report(caller, found)
        return tuple(found)

    def handed_over(self, receipt: Receipt) -> Envelope:
        """A receipt as it leaves this house: signed, so that whoever keeps it holds a witness."""
        return signed(receipt, self._key)

    def signed(self, found: Inbox) -> SignedInbox:
        """An inbox, each request signed by Vigil as for a service that is called: so that it can be carried in a file."""
        requests = tuple(sign(canonical(one), REQUEST_TYPE, self._key) for one in found.requests)
        return SignedInbox(requests=requests, unanswered=found.unanswered)

    async def packet(self, caller: Service, delivery: str, purpose: Purpose) -> bytes:
        """The evidence packet as of now, for this purpose, sealed with the installation's key: the bytes of the file.

        Raises `NotAllowed` unless the whole of it is the caller's to see (R11), `RuleBroken` (R23) if handling codes forbid it.
        """
        handle = await self._seen_by(caller, delivery)
        with _as_ours(delivery):
            docket = await handle.query(messages.QUERY_DOCKET, result_type=Docket, rpc_timeout=PATIENCE)
            history = await handle.fetch_history()
        rebuilt = resume(docket.directory, docket.cards, docket.entries)
        if not sight(rebuilt, caller).whole:
            message = f"a packet holds the whole of {delivery}, and {caller.id} sees a part of it (R11)"
            raise NotAllowed(message, hint=f"ask {rebuilt.plan.initiator}, or a supervisor, for it")
        system = self._directory.system()
        sealers = system.keys if system is not None else ()
        return seal(rebuilt, readable(history, self._client), self._key, datetime.now(UTC), purpose, sealers=sealers)

    async def changes(self, caller: Service, delivery: str, since: int) -> AsyncIterator[Entry | Withheld]:
        """Entries from `since` on as they are recorded, until the delivery has ended. Waits on history, polls nothing."""
        while True:
            news = asyncio.Event()
            handle = await self._seen_by(caller, delivery)
            listener = asyncio.create_task(_listen(handle, news))
            try:
                while True:
                    run_over = listener.done()
                    for entry in await self.ledger(caller, delivery, since):
                        since = entry.seq + 1
                        yield entry
                        if isinstance(entry, Entry) and entry.event.event == "ended":
                            return
                    if run_over and (await handle.describe(rpc_timeout=PATIENCE)).status != WorkflowExecutionStatus.RUNNING:
                        return  # ended from outside, without an end of its own
                    if run_over:
                        break
                    await news.wait()
                    news.clear()
            finally:
                listener.cancel()

    @property
    def codec(self) -> Codec:
        """What opens the payloads of histories."""
        return codec_of(self._client)

    async def ready(self) -> Health:
        """Whether Temporal answers, and a worker is there. Raises `Unavailable`."""
        return await self._pulse.health()

    def directory_for(self, caller: Service) -> tuple[Listed, ...]:
        """The services of the installation, as far as they are the caller's to see."""
        return self._directory.shown_to(caller, whole=reach(role_of(caller), "directory") == "all")

    def _handed(self, envelope: Envelope, delivery: str) -> HandIn[Envelope]:
        """Something signed, received now."""
        return hand_in(envelope, delivery, datetime.now(UTC), self._key)

    def _handle(self, delivery: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(workflow_id(delivery))

    async def _seen_by(self, caller: Service, delivery: str) -> WorkflowHandle[Any, Any]:
        """The delivery's handle, if it is the caller's to see. Raises `NotFound`, no sooner where there is none."""
        handle, clock = self._handle(delivery), asyncio.get_running_loop().time
        answered = clock() + NOT_HERE
        try:
            with _as_ours(delivery):
                found = await handle.describe(rpc_timeout=PATIENCE)
            may_see(caller, delivery, tuple(found.typed_search_attributes.get(_PARTICIPANTS) or ()))
        except NotFound:
            await asyncio.sleep(answered - clock())
            raise
        return handle

    async def _find(self, caller: Service, *, running: bool) -> AsyncIterator[WorkflowExecution]:
        query = f"WorkflowType = '{messages.WORKFLOW}'"
        if reach(role_of(caller), "list") != "all":
            query += f" AND {messages.PARTICIPANTS} = '{caller.id}'"
        if running:
            query += " AND ExecutionStatus = 'Running'"
        with _as_ours(""):
            async for found in self._client.list_workflows(query, limit=LONGEST_LIST, rpc_timeout=PATIENCE):
                yield found

    def _without_keys(self, plan: Plan, now: datetime) -> Iterator[Fault]:
        for service in plan.participants():
            known = self._directory.find(service)
            if known is not None and not known.keys_at(now):
                problem = f"{service} has no valid key in the directory, so it could never confirm anything"
                yield Fault(place=f"directory: {service}", problem=problem)


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)


async def _listen(handle: WorkflowHandle[Any, Any], news: asyncio.Event) -> None:
    """Ring at every new event of the run's history, and once when the run is over."""
    try:
        async for _ in handle.fetch_history_events(wait_new_event=True):
            news.set()
    finally:
        news.set()


async def _row(found: WorkflowExecution) -> Row | None:
    """None for a workflow that this installation did not start."""
    delivery = delivery_of(found.id)
    try:
        group = await found.memo_value(_GROUP, None)
    except ForgedError:
        return None
    if delivery is None:
        return None
    return Row(
        delivery=delivery,
        group=group,
        phase=found.typed_search_attributes.get(_PHASE) or "unknown",
        started_at=found.start_time.astimezone(UTC).isoformat(timespec="seconds"),
        closed_at=found.close_time.astimezone(UTC).isoformat(timespec="seconds") if found.close_time else None,
    )


def _may_be_taken(envelope: Envelope, directory: Directory) -> None:
    """Raises `Malformed`, `NotAuthentic`, or `RuleBroken` (R24) unless this change of keys may be. What says nothing new is fine
    whoever signed it: it may have ended the very key that it is signed with.
    """
    change = read_change(envelope)
    if directory.find(change.service) is None or directory.find(change.by) is None:
        authentic(envelope, directory, datetime.now(UTC))
    then = changed(directory, change)
    if then != directory:
        authentic(envelope, directory, datetime.now(UTC))
    faults = [*faults_of_keys(directory, change)]
    if change.added and then != directory:
        faults += [fault.problem for fault in faults_of_directory(then)]
    if faults:
        raise RuleBroken("R24", "; ".join(faults))


@contextmanager
def _as_ours(delivery: str) -> Iterator[None]:
    """Temporal's errors as ours."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        raise _refused(error) from error
    except (WorkflowUpdateRPCTimeoutOrCancelledError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError) as error:
        raise _NoWorkerError from error
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise no_delivery(delivery) from error
        if error.status in (
            RPCStatusCode.DEADLINE_EXCEEDED,
            RPCStatusCode.CANCELLED,
            RPCStatusCode.FAILED_PRECONDITION,
            RPCStatusCode.RESOURCE_EXHAUSTED,  # too many questions wait for a worker already
        ):
            raise _NoWorkerError from error
        log.warning("Temporal does not answer as it should", extra={"code": error.status.name})
        raise Unavailable("Temporal cannot be reached", hint="try again; what was acknowledged is safe") from error


class _NoWorkerError(Unavailable):
    """Temporal answers, and no worker does."""

    def __init__(self) -> None:
        super().__init__("no worker answered in time", hint="start a worker, then ask again")


def _refused(error: WorkflowUpdateFailedError) -> VigilError:
    """The error the workflow's validator raised, as it was there."""
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return Unavailable("the workflow could not answer")
    details: dict[str, Any] = cause.details[0] if cause.details else {}
    hint = str(details.get("hint", ""))
    faults = [Fault(place=place, problem=problem) for place, _, problem in map(_split, details.get("faults", ()))]
    kinds: dict[str, type[VigilError]] = {kind.code: kind for kind in (NotAuthentic, NotAllowed, NotFound)}
    if cause.type == RuleBroken.code:
        rule, _, reason = cause.message.partition(": ")
        return RuleBroken(rule, reason, hint=hint)
    if cause.type == Malformed.code:
        return Malformed(cause.message, faults, hint=hint)
    return kinds.get(cause.type or "", Unavailable)(cause.message, hint=hint)


def _split(text: str) -> tuple[str, str, str]:
    return text.partition(": ")
