"""R8: a stop gets in by every door: pushed, polled, carried by another and from a desk, also where nothing else does."""

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.update.v1 import Input, Meta, Request
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities import checkpoint, polled
from activities.checkpoint import Checkpoints
from activities.polled import PollProgress
from activities.relay import Relay
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.statement import sign_statement
from domain.plan.directory import Desk, Reach, ServiceKey
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.rules.handling import Information
from domain.signing.envelope import Envelope
from domain.signing.keys import public_text
from domain.words.errors import RuleBroken
from domain.words.moments import instant
from process.builds import settle
from process.in_force import InForce
from rehearsal.over_http import free_ports
from rehearsal.services import private_key_of
from tests.activities.test_checkpoint import PROSECUTOR, Misbehaving
from tests.activities.test_services import asked
from tests.installation import BUILD, Installation, attempted, installed, renamed, said_by, stop_by
from tests.second_book import with_figures
from tests.support import example_plan, signed_plan
from tests.workflows.test_controlled_delivery import update
from worker import worker_for
from workflows import messages
from workflows.messages import CheckpointWait, workflow_id

FEW = 3
"""Statements that a service has here."""
UNDER_WAY = 10
"""Updates of one workflow that Temporal takes at once."""


def a_word(service: str, plan: Plan) -> Envelope:
    """Something that stops nothing."""
    return said_by(service, plan, Information(text="a tip"))


async def stopped_by(at: Installation, plan: Plan, stop: Envelope) -> Entry:
    """The one entry of this stop, once the delivery stands still."""
    entry = await at.until(plan, lambda entry: isinstance(entry.event, Stated) and entry.event.envelope == stop)
    assert (await at.gateway(plan.initiator).view(plan.operation)).halted is not None
    ledger = await at.gateway(plan.initiator).ledger(plan.operation)
    assert 1 == sum(isinstance(one.event, Stated) and one.event.envelope == stop for one in ledger)
    return entry


@pytest.mark.parametrize("way", ["push", "poll", "carried", "desk"])
async def test_a_stop_gets_in_by_every_door_though_all_that_its_service_may_say_is_said(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Its budget is spent, and so is what is set aside for brakes: a word more is turned away, and a stop stops."""
    with_figures(monkeypatch, speaker_statements=FEW, brakes=0, brakes_more=0)
    answers: list[Any] = []
    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, lambda _self: {"answers": answers})
    reach: Reach = {"push": service.push(), "poll": service.poll(), "carried": service.push(), "desk": Desk()}[way]
    plan = renamed(example_plan())
    async with installed(temporal, plan, None, reach={PROSECUTOR: reach}) as at, service.listening():
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.opened(plan, "consent-uz")
        door = at.gateway(PROSECUTOR, "officer-1" if way == "desk" else None)
        given = [await door.submit(plan.operation, a_word(PROSECUTOR, plan)) for _ in range(FEW + 1)]
        with pytest.raises(RuleBroken, match="R28"):
            await door.submit(plan.operation, a_word(PROSECUTOR, plan))
        stop = stop_by(PROSECUTOR, plan)
        if way == "poll":
            answers.append(stop.model_dump(mode="json"))
        else:
            await (at.gateway("kz.police") if way == "carried" else door).submit(plan.operation, stop)
        entry = await stopped_by(at, plan, stop)

    last = given[-1]
    assert isinstance(last, SignedReceipt)
    assert ("refused", "R28") == (last.receipt.verdict.verdict, last.receipt.verdict.rule)
    assert isinstance(entry.event, Stated)
    assert "accepted" == entry.event.verdict.verdict


@asynccontextmanager
async def no_more_updates(at: Installation, plan: Plan) -> AsyncIterator[str]:
    """A delivery of which as many updates are under way as Temporal takes, and which no worker performs; its queue."""
    queue = f"later-{uuid.uuid4().hex}"
    await at.reception(queue).plans.start(at.directory.get(plan.initiator), signed_plan(plan))

    converter = at.client.data_converter.with_context(
        WorkflowSerializationContext(at.client.namespace, workflow_id(plan.operation))
    )

    async def one() -> Any:
        said = await converter.encode([at.handed(a_word("uz.customs", plan), plan)])
        request = UpdateWorkflowExecutionRequest(
            namespace=at.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id(plan.operation)),
            request=Request(
                meta=Meta(update_id=uuid.uuid4().hex), input=Input(name=messages.SUBMIT, args=Payloads(payloads=said))
            ),
        )
        return await at.client.workflow_service.update_workflow_execution(request, timeout=timedelta(seconds=60))

    under_way = [asyncio.create_task(one()) for _ in range(UNDER_WAY + 1)]
    try:
        (refused,), _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        error = refused.exception()
        assert isinstance(error, RPCError)
        assert RPCStatusCode.RESOURCE_EXHAUSTED == error.status
        yield queue
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


@pytest.mark.parametrize("way", ["push", "poll"])
async def test_a_stop_gets_in_though_temporal_takes_no_more_updates(temporal: Client, way: str) -> None:
    """Ten are under way that nobody answers: it is left by signal, as of when it came, and has its receipt afterwards. It is
    left once, however often it is said or fetched.
    """
    plan, progress = renamed(example_plan()), PollProgress()
    stop, room = stop_by("uz.police", plan), ActivityEnvironment(client=temporal)
    room.info = dataclasses.replace(room.info, started_time=datetime.now(UTC))

    async def is_judged(at: Installation) -> bool:
        if way == "poll":
            await attempted(room, polled.take, (stop,), progress, at.of_worker, at.parts[3], plan.operation)
            return progress.after == 1
        return isinstance(await at.gateway("uz.police").submit(plan.operation, stop), SignedReceipt)

    async with installed(temporal, plan, None) as at:
        async with no_more_updates(at, plan) as queue:
            before = [await is_judged(at), await is_judged(at)]
            left = await at.left(plan)
        async with worker_for(temporal, queue, at.of_worker, *at.parts, build=BUILD, grace=timedelta(seconds=1)):
            await settle(temporal, queue, BUILD, takes_over=False)
            entry = await stopped_by(at, plan, stop)
            after = await is_judged(at)

    assert [False, False, True] == [*before, after]
    assert [stop] == [one.content for one in left]
    assert all(one.seal is not None for one in left)
    assert instant(entry.at) >= min(instant(one.at) for one in left)


async def test_a_polled_stop_gets_in_though_its_delivery_does_not_know_the_installations_new_key(temporal: Client) -> None:
    """Nothing that is sealed with it counts there yet: a word waits, and a stop is left, and counts as of the newest entry."""
    plan, progress = renamed(example_plan()), PollProgress()
    stop, word, room = stop_by("uz.police", plan), a_word("uz.police", plan), ActivityEnvironment(client=temporal)
    room.info = dataclasses.replace(room.info, started_time=datetime.now(UTC))
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.kept(plan)
        relay = Relay(private_key_of("vigil, from tomorrow on"))
        await attempted(room, polled.take, (word, stop), progress, at.of_worker, relay, plan.operation)
        await stopped_by(at, plan, stop)

    assert ["waits=1:not-authentic"] == progress.waits
    assert ([2], []) == (progress.settled, progress.left)


async def test_a_polled_answer_that_came_in_by_another_door_before_is_settled(temporal: Client) -> None:
    """A delivery turns away what it knows: that has been judged, so it is neither asked for again nor called noise."""
    plan, progress = renamed(example_plan()), PollProgress()
    word, room = a_word("uz.police", plan), ActivityEnvironment(client=temporal)
    room.info = dataclasses.replace(room.info, started_time=datetime.now(UTC))
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await update(at, plan, word, "another door")
        async with asyncio.timeout(60):
            while not progress.after and not progress.refused:  # the archive may not answer in time
                await attempted(room, polled.take, (word,), progress, at.of_worker, at.parts[3], plan.operation)

    assert (1, [], []) == (progress.after, progress.waits, progress.refused)


async def test_a_stop_that_its_delivery_takes_for_noise_is_left_once(temporal: Client) -> None:
    """Its service has a key that the delivery does not know: it waits, and no signal more is sent however often it is fetched."""
    plan, progress = renamed(example_plan()), PollProgress()
    key, room = private_key_of("uz.police, from tomorrow on"), ActivityEnvironment(client=temporal)
    stop = sign_statement(read_statement(stop_by("uz.police", plan)), key)
    room.info = dataclasses.replace(room.info, started_time=datetime.now(UTC))
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.kept(plan)
        new = ServiceKey(public=public_text(key), valid_from="2000-01-01T00:00:00Z")
        police = at.directory.get("uz.police").model_copy(update={"keys": (new,)})
        known = InForce(at.directory.model_copy(update={"services": (police,)}))
        for _ in range(3):
            await attempted(room, polled.take, (stop,), progress, known, at.parts[3], plan.operation)
        left = await at.left(plan)

    assert ["waits=1:not-authentic"] == progress.waits
    assert [stop] == [one.content for one in left]


@pytest.mark.parametrize("why", ["no more updates", "nobody answers"])
async def test_a_polled_stop_gets_in_though_the_word_before_it_is_not_judged(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """Temporal takes no Update for the word, or takes it and no worker answers: the stop that its service has said after it is
    left by signal all the same, once, and the word waits.
    """
    monkeypatch.setattr(checkpoint, "ONE_TURN", 4.0)
    plan = renamed(example_plan())
    word, stop, now = a_word(PROSECUTOR, plan), stop_by(PROSECUTOR, plan), datetime.now(UTC)
    listed = {"answers": [word.model_dump(mode="json"), stop.model_dump(mode="json")]}
    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, lambda _self: listed)
    async with (
        installed(temporal, plan, None, reach={PROSECUTOR: service.poll()}) as at,
        service.listening(),
        AsyncExitStack() as stack,
    ):
        caller, messenger, _, relay, _ = at.parts
        activities = Checkpoints(caller, messenger, at.of_worker, relay)
        request = asked().model_copy(update={"delivery": plan.operation})
        wait = CheckpointWait(
            delivery=plan.operation, checkpoint="consent-uz", requests=(request,), services=(at.directory.get(PROSECUTOR),)
        )
        if why == "no more updates":
            await stack.enter_async_context(no_more_updates(at, plan))
        else:
            queue = f"later-{uuid.uuid4().hex}"
            await at.reception(queue).plans.start(at.directory.get(plan.initiator), signed_plan(plan))
        details: tuple[Any, ...] = ()
        for _ in range(2):
            room, beats = ActivityEnvironment(client=temporal), list[Any]()
            room.info = dataclasses.replace(room.info, started_time=now, scheduled_time=now, heartbeat_details=details)
            room.on_heartbeat = lambda memory, beats=beats: beats.append(memory.model_dump(mode="json"))
            with pytest.raises(ApplicationError, match=f"not judged yet: {PROSECUTOR}"):
                await attempted(room, activities.ask_once_more, wait)
            details = (beats[-1],)
        left = await at.left(plan)

    assert [stop] == [one.content for one in left]
