"""What any face of the gateway can do, over the Temporal client. Errors are ours, never Temporal's."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, NoReturn

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from archive.expunging import Order, Person
from domain.delivery.delivery import Snapshot
from domain.delivery.events import Amended, Stated
from domain.delivery.ledger import SECRET, Entry, Kept, Left, Receipt, Withheld
from domain.delivery.requests import Inbox, Request, SignedInbox
from domain.delivery.statement import Statement
from domain.plan.access import reach, role_of, speaks_everywhere, taken_along
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.directory import Directory, Listed, Service
from domain.plan.enquiries import Alarm
from domain.plan.key_changes import Taken, read_change
from domain.plan.plan import Plan
from domain.record.door import amended_by, read_statement, verified_plan
from domain.record.expunction import Approvals, Expunged, approved
from domain.record.packet import Purpose, seal
from domain.record.receipts import signed
from domain.rules import amending
from domain.rules.books import newest
from domain.rules.budget import is_brake
from domain.signing.canonical import canonical
from domain.signing.envelope import REQUEST_TYPE, STATEMENT_TYPE, Envelope, open_envelope, sign
from domain.views.sight import sight
from domain.words.errors import Fault, Malformed, NotAllowed, NotAuthentic, NotFound, RuleBroken, Unavailable
from domain.words.moments import utc_text
from gateway.access import may_see, may_start
from gateway.acknowledging import Acknowledgements
from gateway.health import Health, Pulse
from gateway.lanes import Lanes
from gateway.reading import NOT_HERE, Reading
from gateway.rekeying import Rekeying, may_be_taken
from gateway.temporal import NoWorkerError, as_ours
from process.codec import Codec
from process.in_force import InForce
from process.temporal import TASK_TIMEOUT, codec_of, delete_runs, readable
from workflows import messages
from workflows.messages import A_BRAKE, Docket, HandIn, delivery_of, hand_in, register_id, update_id, workflow_id

log = logging.getLogger("vigil.desk")

_PARTICIPANTS = SearchAttributeKey.for_keyword_list(messages.PARTICIPANTS)
_PHASE = SearchAttributeKey.for_keyword(messages.PHASE)
_GROUP = "group"

PATIENCE = timedelta(seconds=30)
"""How long the gateway waits for a worker's answer before it says that none is there."""
UNTIL_LEFT = timedelta(seconds=10)
"""How long it waits for a statement's receipt before it leaves the statement for when a worker is up."""
ITS_RECEIPT = 2.0
"""Seconds it goes on waiting for the receipt of a brake that it has left as well, before it says that it has been left."""
ONCE_MORE = timedelta(seconds=1)
"""How long it waits, once a statement has been left, to hear that a worker is there after all and what it made of it."""


class Desk:
    """Serves callers that have proved who they are."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands between
        self,
        client: Client,
        task_queue: str,
        directory: InForce,
        cards: dict[str, RuleCard],
        key: Ed25519PrivateKey,
        reading: Reading,
    ) -> None:
        """`reading`: what readers are shown."""
        self.reading = reading
        self._client = client
        self._task_queue = task_queue
        self._in_force = directory
        self._cards = cards
        self._key = key
        self._lanes = Lanes()
        self._pulse = Pulse(client, task_queue)
        self._acknowledgements = Acknowledgements(client, key, reading, self._pulse.clock)

    @property
    def _directory(self) -> Directory:
        return self._in_force.now

    async def start(self, caller: Service, envelope: Envelope) -> Plan:
        """Start the delivery of a signed plan. Nothing is started unless everything is right.

        Raises `Malformed` with every fault, `NotAllowed`, `NotAuthentic`, or `RuleBroken` if it was started before.
        """
        now = datetime.now(UTC)
        plan = verified_plan(envelope, self._directory, now)
        may_start(caller, plan)
        faults = [*faults_in(plan, self._directory, self._cards), *self._without_keys(plan, now)]
        if faults:
            message = f"the plan of {plan.operation} cannot be started: {len(faults)} faults"
            raise Malformed(message, faults)
        await self._pulse.on_time()
        if await self.reading.has(plan.operation):  # for longer than Temporal remembers
            await self._taken(caller, plan)
        docket = Docket(
            plan=envelope,
            snapshot=Snapshot(
                directory=taken_along(plan, self._directory),
                cards={state: self._cards[state] for state in plan.states()},
            ),
            secret=secrets.token_hex(SECRET),
            rules=newest().version,
        )
        with as_ours(plan.operation):
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
            except WorkflowAlreadyStartedError:
                await self._taken(caller, plan)
        self.reading.expect(caller.id, plan.operation, 1)
        return plan

    async def _taken(self, caller: Service, plan: Plan) -> NoReturn:
        """Raises `RuleBroken`; or `Malformed`, as for any fault of a plan, where what bears this code name is not the caller's to
        see: it hears that the name cannot be used, and not of what.
        """
        try:
            await self._seen_by(caller, plan.operation)
        except NotFound as error:
            fault = Fault(place="operation", problem=f"the code name {plan.operation} cannot be used; choose another")
            raise Malformed(f"the plan of {plan.operation} cannot be started: 1 faults", [fault]) from error
        reason = f"delivery {plan.operation} has been started already; nothing was changed"
        raise RuleBroken("R18", reason, hint=f"`vigil show {plan.operation}`")

    async def amend(self, caller: Service, delivery: str, envelope: Envelope) -> Entry:
        """Change a delivery's plan for what is still ahead; the ledger entry that records it.

        Raises `Malformed` with everything that keeps this plan from taking the old one's place (R22), `NotAllowed`,
        `NotAuthentic`, `NotFound` or `Unavailable`: then nothing has changed.
        """
        received, now = monotonic(), datetime.now(UTC)
        plan = verified_plan(envelope, self._directory, now)
        may_start(caller, plan)
        handle = await self._seen_by(caller, delivery)
        known = await self.reading.delivery(caller, delivery)
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
        handed = hand_in(amended, delivery, (await self._pulse.on_time()).moment(received), self._key)
        with as_ours(delivery):
            answer: Entry | Kept = await handle.execute_update(
                messages.AMEND,
                handed,
                id=update_id(envelope),
                result_type=messages.AMENDED,
                rpc_timeout=PATIENCE,
            )
        entry = answer if isinstance(answer, Entry) else amended_by(await self.reading.delivery(caller, delivery), envelope)
        assert isinstance(entry, Entry)  # noqa: S101 - the archive holds every entry
        self.reading.expect(caller.id, delivery, entry.seq + 1)
        return entry

    async def submit(self, caller: Service, delivery: str, envelope: Envelope) -> Receipt | Left:
        """Hand in a statement, the caller's or another's; the receipt says that it is durable and what became of it. It was
        received now, however long it waits to be judged.

        Where no worker answers, the statement is left with Temporal, which keeps it until one does: acknowledged is durable
        (R8: a stop is never lost). Raises `Malformed`, `NotAuthentic`, `NotAllowed` or `NotFound` for noise, and `Unavailable`
        if Temporal itself cannot be reached.
        """
        received = monotonic()
        speaker, statement = self._signed(envelope)
        if statement.delivery != delivery:
            message = f"the statement is about delivery {statement.delivery}, this is {delivery}"
            raise NotFound(message)
        await self._seen_by(speaker, delivery)  # before anything else: who has no part learns nothing, not even that it exists
        brake = is_brake(statement)
        handed = await self._handed(envelope, delivery, received, brake=brake)
        answer = await (self._braked(caller, statement, handed) if brake else self._judged_or_left(statement, handed))
        if isinstance(answer, Receipt):
            self.reading.expect(speaker.id, delivery, answer.size)
        return answer

    def _signed(self, envelope: Envelope) -> tuple[Service, Statement]:
        """Who has signed this now, and what. Nothing is parsed before it is known who signed it.

        Raises `NotAuthentic` or `Malformed`.
        """
        now, speaker = datetime.now(UTC), self._directory.signer(envelope)
        if speaker is None:
            message = f"key {envelope.signatures[0].keyid} is nobody's here"
            raise NotAuthentic(message, hint="a statement is signed with a key of the directory")
        open_envelope(envelope, STATEMENT_TYPE, speaker.keys_at(now))
        statement = read_statement(envelope)
        if statement.service != speaker.id:
            message = f"{speaker.id} has signed it, and it is said by {statement.service}"
            raise NotAuthentic(message, hint="a service signs what it says itself")
        for signature in envelope.signatures:
            speaker.check_signer(signature.keyid, statement.officer, now)
        return speaker, statement

    async def _handed(self, envelope: Envelope, delivery: str, received: float, *, brake: bool) -> HandIn[Envelope]:
        """Something signed, received when our clock that nobody sets stood there, by Temporal's clock.

        Where that is not known, or ours is not about right, nothing is handed in, and this raises `Unavailable`; but for a brake.
        Where Temporal's is not known, that has no seal, and counts as of the newest entry.
        """
        clock = await (self._pulse.clock_for_a_brake() if brake else self._pulse.on_time())
        if clock is None:
            return HandIn(content=envelope, at=utc_text(datetime.now(UTC)))
        return hand_in(envelope, delivery, clock.moment(received), self._key)

    async def _judged_or_left(self, statement: Statement, handed: HandIn[Envelope]) -> Receipt | Left:
        """The receipt; where no worker is up, it is left for when one is."""
        try:
            return await self._judged(statement, handed)
        except NotFound:
            return await self._as_recorded(statement.delivery, handed.content, PATIENCE)
        except NoWorkerError:
            return await self._leave(statement, handed)

    async def _braked(self, caller: Service, statement: Statement, handed: HandIn[Envelope]) -> Receipt | Left:
        """The same for a brake, which is left as well where it is not judged at once: it waits for no other caller's statements,
        and not for the delivery to learn of keys.
        """
        judging = asyncio.create_task(self._judged(statement, handed, brake_by=caller.id))
        judging.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may wait for it any more
        try:
            if (await asyncio.wait({judging}, timeout=A_BRAKE))[0]:
                return await judging
            with suppress(Unavailable):  # then its judgement says so too
                left = await self._leave(statement, handed)
                if isinstance(left, Receipt):
                    return left
                await asyncio.wait({judging}, timeout=ITS_RECEIPT)
                return judging.result() if judging.done() and judging.exception() is None else left
            return await judging
        except NotFound:
            return await self._as_recorded(statement.delivery, handed.content, PATIENCE)
        except (NoWorkerError, NotAuthentic):
            return await self._leave(statement, handed)
        finally:
            judging.cancel()

    async def _judged(self, statement: Statement, handed: HandIn[Envelope], *, brake_by: str | None = None) -> Receipt:
        delivery, once = statement.delivery, update_id(handed.content)
        async with self._lanes.turn(delivery, UNTIL_LEFT.total_seconds(), brake_by=brake_by):
            with as_ours(delivery):
                answer: Receipt | Kept = await self._handle(delivery).execute_update(
                    messages.SUBMIT, handed, id=once, result_type=messages.ANSWER, rpc_timeout=UNTIL_LEFT
                )
        return answer if isinstance(answer, Receipt) else await self.reading.receipt(delivery, answer)

    async def _leave(self, statement: Statement, handed: HandIn[Envelope]) -> Receipt | Left:
        """Leave it by Signal: the same door, kept by the server until a worker is up.

        A delivery that has ended just before takes no signal, or takes it and records nothing. So where a worker answers after
        all, the delivery is looked at once more: there is a receipt, or a refusal, and only where none answers is it left.
        """
        delivery = statement.delivery
        try:
            with as_ours(delivery):
                await self._handle(delivery).signal(messages.SUBMIT, handed, rpc_timeout=PATIENCE)
        except NotFound:
            return await self._as_recorded(delivery, handed.content, PATIENCE)
        with suppress(NoWorkerError):
            return await self._as_recorded(delivery, handed.content, ONCE_MORE)
        log.warning("a statement was left with Temporal: it has no receipt yet", extra={"delivery": delivery})
        return Left(statement=statement.id, left_at=utc_text(datetime.now(UTC)))

    async def _as_recorded(self, delivery: str, envelope: Envelope, patience: timedelta) -> Receipt:
        """The receipt if exactly this has come in, signature and all, else a refusal: the workflow takes nothing more.

        A query is answered after everything that was signalled before it.
        """
        with as_ours(delivery):
            answers: list[Receipt | Kept] = await self._handle(delivery).query(
                messages.QUERY_RECEIPT, envelope, result_type=list[messages.ANSWER], rpc_timeout=patience
            )
        known = [one if isinstance(one, Receipt) else await self.reading.receipt(delivery, one) for one in answers]
        if not any(isinstance(one.entry.event, Stated) and one.entry.event.envelope == envelope for one in known):
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
        received = monotonic()
        change = read_change(envelope)
        if caller.id != change.service and reach(role_of(caller), "keys") != "all":
            message = f"{caller.id} cannot announce keys of {change.service}"
            raise NotAllowed(message, hint="the service itself can, or an administrator")
        await self._in_force.enter(envelope, self._key, lambda directory: may_be_taken(envelope, directory))
        service, at = self._directory.get(change.service), (await self._pulse.clock()).moment(received)
        once = f"keys/{envelope.fingerprint()[:32]}"

        async def bring(delivery: str) -> None:
            handed = hand_in(envelope, delivery, at, self._key)
            with as_ours(delivery):
                await self._handle(delivery).execute_update(messages.CHANGE_KEYS, handed, id=once, rpc_timeout=UNTIL_LEFT)

        async def leave(delivery: str) -> None:
            handed = hand_in(envelope, delivery, at, self._key)
            with as_ours(delivery):
                await self._handle(delivery).signal(messages.CHANGE_KEYS, handed, rpc_timeout=PATIENCE)

        taken = await Rekeying(lambda: self._speaks_in(service), bring, leave).everywhere()
        return taken if reach(role_of(caller), "list") != "-" else taken.unnamed()

    async def _speaks_in(self, service: Service) -> AsyncIterator[str]:
        """Every delivery under way that the service can speak in: its own; supervisors and administrators, all."""
        query = f"WorkflowType = '{messages.WORKFLOW}' AND ExecutionStatus = 'Running'"
        if not speaks_everywhere(service):
            query += f" AND {messages.PARTICIPANTS} = '{service.id}'"
        with as_ours(""):
            async for found in self._client.list_workflows(query, rpc_timeout=PATIENCE):
                if (delivery := delivery_of(found.id)) is not None:
                    yield delivery

    async def alarms(self) -> tuple[Alarm, ...]:
        """The patterns of enquiries that the register has found, the oldest first; none before anybody has claimed."""
        register = self._client.get_workflow_handle(register_id(self._task_queue))
        try:
            with as_ours("the register"):
                found: list[Alarm] = await register.query(messages.QUERY_ALARMS, result_type=list[Alarm], rpc_timeout=PATIENCE)
        except NotFound:
            return ()
        return tuple(found)

    async def inbox(self, caller: Service, cursor: str | None = None) -> Inbox:
        """A page of what the caller is being asked now, the most urgent first; it has then read that."""
        found, rows = await self.reading.inbox(caller, cursor)
        unread = {one.id for one in rows if one.read_at is None}
        await self._acknowledgements.report(caller, (one for one in found.requests if one.id in unread))
        return found

    async def asked(self, caller: Service, delivery: str) -> tuple[Request, ...]:
        """What the caller is being asked now in one delivery; it has then read that. Raises `NotFound`."""
        found = await self.reading.asked(caller, delivery)
        await self._acknowledgements.report(caller, found)
        return found

    def handed_over(self, receipt: Receipt) -> Envelope:
        """A receipt as it leaves this house: signed, so that whoever keeps it holds a witness."""
        return signed(receipt, self._key)

    def signed(self, found: Inbox) -> SignedInbox:
        """An inbox, each request signed by Vigil as for a service that is called: so that it can be carried in a file."""
        requests = tuple(sign(canonical(one), REQUEST_TYPE, self._key) for one in found.requests)
        return SignedInbox(requests=requests, unreadable=found.unreadable, next=found.next)

    async def packet(self, caller: Service, delivery: str, purpose: Purpose) -> bytes:
        """The evidence packet as of now, for this purpose, sealed with the installation's key: the bytes of the file.

        Raises `NotAllowed` unless the whole of it is the caller's to see (R11), `RuleBroken` (R23) if handling codes forbid it.
        """
        known = await self.reading.delivery(caller, delivery)
        if not sight(known, caller).whole:
            message = f"a packet holds the whole of {delivery}, and {caller.id} sees a part of it (R11)"
            raise NotAllowed(message, hint=f"ask {known.plan.initiator}, or a supervisor, for it")
        history = await self._history(delivery)
        system = self._directory.system()
        sealers = system.keys if system is not None else ()
        others = await self.reading.others(caller, known)
        return seal(known, history, self._key, datetime.now(UTC), purpose, sealers=sealers, others=others)

    async def expunge(self, delivery: str, given: Approvals) -> Expunged:
        """Destroy what a closed delivery says, in the archive and in Temporal, and give what remains. Asked again, it destroys
        what is left of it.

        Raises `Malformed`, `NotAuthentic` or `NotAllowed` for approvals that do not count, `NotAllowed` for a delivery that is
        open, `NotFound`; and `Unavailable`: then ask again.
        """
        now = datetime.now(UTC)
        first, second = approved(given, delivery, await self._in_force.latest(), now)
        order = Order(
            at=utc_text(now),
            ordered_by=first.ordered_by,
            law=first.law,
            first=Person(service=first.service, officer=first.officer),
            second=Person(service=second.service, officer=second.officer),
        )
        await self.reading.expunge(delivery, order)
        with as_ours(delivery):
            await delete_runs(self._client, workflow_id(delivery), PATIENCE)
        return await self.reading.expunged(delivery)

    def changes(self, caller: Service, delivery: str, since: int) -> AsyncIterator[Entry | Withheld]:
        """Entries from `since` on, as the caller may have them, until the delivery has ended or its workflow is gone."""
        return self.reading.changes(caller, delivery, since, self._runs)

    async def _runs(self, delivery: str) -> bool:
        """Whether its workflow is under way, as far as Temporal can be asked."""
        try:
            with as_ours(delivery):
                found = await self._handle(delivery).describe(rpc_timeout=PATIENCE)
        except NotFound:
            return False
        except Unavailable:
            return True
        return found.status == WorkflowExecutionStatus.RUNNING

    async def _history(self, delivery: str) -> str:
        """Temporal's own history of it; empty once Temporal has forgotten it."""
        try:
            with as_ours(delivery):
                return readable(await self._handle(delivery).fetch_history(), self._client)
        except NotFound:
            return ""

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

    def _handle(self, delivery: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(workflow_id(delivery))

    async def _seen_by(self, caller: Service, delivery: str) -> WorkflowHandle[Any, Any]:
        """The delivery's handle, if it is the caller's to see. Raises `NotFound`, no sooner where there is none."""
        handle, clock = self._handle(delivery), asyncio.get_running_loop().time
        answered = clock() + NOT_HERE
        try:
            with as_ours(delivery):
                found = await handle.describe(rpc_timeout=PATIENCE)
            may_see(caller, delivery, tuple(found.typed_search_attributes.get(_PARTICIPANTS) or ()))
        except NotFound:
            await asyncio.sleep(answered - clock())
            raise
        return handle

    def _without_keys(self, plan: Plan, now: datetime) -> Iterator[Fault]:
        for service in plan.participants():
            known = self._directory.find(service)
            if known is not None and not known.keys_at(now):
                problem = f"{service} has no valid key in the directory, so it could never confirm anything"
                yield Fault(place=f"directory: {service}", problem=problem)


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
