"""The checkpoint activity `await_confirmations`: asks the services of one checkpoint and waits, for days if need be.

It waits *parked*. One attempt asks whoever has not received the request yet, fetches what polled services have answered,
and then ends with a benign "waiting for ..." and the moment at which it wants to be woken. Between attempts the activity is
pending on the server, visible in Temporal's UI with what it waits for, and costs no slot, no heartbeat and no history; a
crash in the middle of an attempt is noticed by its short timeout; and when the checkpoint closes, the workflow's cancellation
closes it at once. What has been asked and received is kept in the heartbeat details, which survive every attempt. People at a
desk are told that something waits; that they have received it is known when they read it.
(docs/decisions/0003 has the alternatives and the measurements.)
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError

from activities.desks import Desks, Waiting
from activities.services import AwayError, Services
from domain.delivery.ledger import Receipt
from domain.delivery.requests import Request
from domain.delivery.statements import read_statement
from domain.plan.directory import Desk, Poll, Service
from domain.signing.envelope import STATEMENT_TYPE, Envelope
from domain.words.errors import Malformed, NotAuthentic, NotFound, Unavailable
from process.in_force import BRAKES, InForce
from workflows import messages
from workflows.messages import AskedReport, CheckpointWait, update_id, workflow_id

log = logging.getLogger("vigil.checkpoint")

PARKED = timedelta(days=30)
"""How long it sleeps when nothing is left to ask or poll; waking is harmless."""
LONGEST_BACKOFF = timedelta(minutes=1)


class Memory(BaseModel):
    """What one attempt leaves to the next."""

    received: list[str] = []
    unreachable: list[str] = []
    told: list[str] = []
    reported: list[str] = []
    """Of the three above, what the workflow has been told, as `service received`, `service unreachable` or `service told`."""
    taken: list[str] = []
    """Marks of what has been told where, see `Desks.tell`."""
    cursor: dict[str, int] = {}
    """How many answers of each polled service have been handed in."""


class Checkpoints:
    """The activity, with its way to the services."""

    def __init__(self, services: Services, desks: Desks, directory: InForce) -> None:
        self._services = services
        self._desks = desks
        self._directory = directory

    @activity.defn(name=messages.AWAIT_CONFIRMATIONS)
    async def await_confirmations(self, wait: CheckpointWait) -> None:
        """Ask, fetch, park. Never returns by itself: the checkpoint closes when the workflow says so."""
        details = activity.info().heartbeat_details
        memory = Memory.model_validate(details[0]) if details else Memory()
        workflow = activity.client().get_workflow_handle(workflow_id(wait.delivery))
        by_id = {service.id: service for service in wait.services}

        done = await asyncio.gather(*(self._ask(by_id[one.service], one, memory) for one in wait.requests))
        await self._report(wait, memory, workflow)
        polled = [one for one in wait.requests if isinstance(by_id[one.service].reach, Poll) and one.service in memory.received]
        await asyncio.gather(*(self._fetch(by_id[one.service], one, memory, workflow) for one in polled))
        activity.heartbeat(memory)
        raise ApplicationError(
            waiting_for(wait, memory),
            type="Waiting",
            category=ApplicationErrorCategory.BENIGN,
            next_retry_delay=self._next_look(wait, done=all(done)),
        )

    async def _ask(self, service: Service, request: Request, memory: Memory) -> bool:
        """Ask once more, unless the service has acknowledged receipt; whether nothing is left to do for it."""
        if service.id in memory.received:
            return True
        if isinstance(service.reach, Desk):
            return await self._tell(service, request, memory)
        try:
            await self._services.ask(service, request)
        except AwayError as error:
            log.warning("%s", error, extra={"service": service.id, "checkpoint": request.checkpoint})
            if service.id not in memory.unreachable:
                memory.unreachable.append(service.id)
            return False
        memory.received.append(service.id)
        if service.id in memory.unreachable:
            memory.unreachable.remove(service.id)
        activity.heartbeat(memory)
        return True

    async def _tell(self, service: Service, request: Request, memory: Memory) -> bool:
        """Tell people at a desk, where the directory says how; the request is in their inbox all the same."""
        told = await self._desks.tell(Waiting.of_request(request), memory.taken)
        activity.heartbeat(memory)
        if told.anyone and service.id not in memory.told:
            memory.told.append(service.id)
            memory.unreachable = [one for one in memory.unreachable if one != service.id]
        if not (told.anyone or told.everyone or service.id in memory.unreachable):
            memory.unreachable.append(service.id)
        return told.everyone

    async def _report(self, wait: CheckpointWait, memory: Memory, workflow: WorkflowHandle[object, object]) -> None:
        """Tell the ledger what is new about who has received the request."""
        news = AskedReport(
            checkpoint=wait.checkpoint,
            received=tuple(one for one in memory.received if f"{one} received" not in memory.reported),
            unreachable=tuple(one for one in memory.unreachable if f"{one} unreachable" not in memory.reported),
            told=tuple(one for one in memory.told if f"{one} told" not in memory.reported),
        )
        if not (news.received or news.unreachable or news.told):
            return
        await workflow.signal(messages.REPORT_ASKED, news)
        memory.reported += [f"{one} received" for one in news.received]
        memory.reported += [f"{one} unreachable" for one in news.unreachable]
        memory.reported += [f"{one} told" for one in news.told]
        activity.heartbeat(memory)

    async def _fetch(self, service: Service, request: Request, memory: Memory, workflow: WorkflowHandle[object, object]) -> None:
        """Hand in what a polled service has answered since last time, through the same door as everyone."""
        after = memory.cursor.get(service.id, 0)
        try:
            answers = await self._services.answers(service, request.id, after)
        except AwayError as error:
            log.warning("%s", error, extra={"service": service.id, "checkpoint": request.checkpoint})
            return
        for number, envelope in enumerate(answers, start=after + 1):
            await self._hand_in(service, envelope, workflow)
            memory.cursor[service.id] = number
            activity.heartbeat(memory)

    async def _hand_in(self, service: Service, envelope: Envelope, workflow: WorkflowHandle[object, object]) -> None:
        try:
            statement = read_statement(envelope.body())
            await self._directory.look()  # a key that ended a moment ago, the delivery may not know of yet
            known = self._directory.now if statement.content.kind in BRAKES else self._directory.sure()
            known.get(statement.service).opened(envelope, STATEMENT_TYPE, statement.officer, datetime.now(UTC))
            await workflow.execute_update(messages.SUBMIT, envelope, id=update_id(envelope), result_type=Receipt)
        except (Malformed, NotAuthentic, NotFound, WorkflowUpdateFailedError) as error:
            log.warning("a polled answer was turned away: %s", type(error).__name__, extra={"service": service.id})
        except RPCError as error:
            raise ApplicationError("the workflow cannot be reached", type="Unreachable") from error
        except Unavailable as error:
            raise ApplicationError(error.message, type="Unreachable") from error

    def _next_look(self, wait: CheckpointWait, *, done: bool) -> timedelta:
        """When to wake: soon while someone is unreachable, at the pace of those who are polled, else hardly ever."""
        waits = [service.reach.every for service in wait.services if isinstance(service.reach, Poll)]
        if not done:
            waits.append(min(timedelta(seconds=2 ** min(activity.info().attempt, 6)), LONGEST_BACKOFF))
        return min(waits, default=PARKED)


def waiting_for(wait: CheckpointWait, memory: Memory) -> str:
    """The line that Temporal's UI shows beside the pending activity."""
    words = dict.fromkeys(memory.received, "received") | dict.fromkeys(memory.unreachable, "unreachable")
    words |= dict.fromkeys(memory.told, "told")
    return "waiting for " + ", ".join(f"{one.service} ({words.get(one.service, 'asked')})" for one in wait.requests)
