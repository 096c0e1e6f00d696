"""R2: silence decides only when all that lies at a polled service was judged, or is noise of which it has heard."""

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import checkpoint
from activities.checkpoint import Checkpoints
from domain.delivery.reported import Asked, AskedOnceMore, Stated
from domain.plan.directory import Directory, Reach
from domain.plan.plan import Plan
from domain.words.moments import instant
from rehearsal.over_http import free_ports
from tests.activities.test_checkpoint import PROSECUTOR, Misbehaving, accepted_from, grant
from tests.activities.test_services import asked
from tests.activities.test_stops import a_word, no_more_updates
from tests.installation import Installation, attempted, installed, renamed
from tests.support import example_plan, signed_plan, with_changes
from tests.workflows.test_outage import working
from workflows import messages
from workflows.messages import CheckpointWait


@asynccontextmanager
async def due_soon(temporal: Client, service: Misbehaving, reach: Reach) -> AsyncIterator[tuple[Installation, Plan]]:
    """A delivery that waits for the prosecutor's consent alone, and not for long."""
    plan = renamed(with_changes(consent_uz={"due": "4s", "remind": []}))
    async with installed(temporal, plan, None, reach={PROSECUTOR: reach}) as at, service.listening():
        await at.gateway(plan.initiator).start(signed_plan(plan))
        yield at, plan


async def test_an_answer_that_waits_when_the_time_is_over_keeps_silence_from_deciding(temporal: Client) -> None:
    """The worker's directory lags behind beyond the due time: the answer is asked for again until its key is known; it counts."""
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": [grant(self.asked[0]).model_dump(mode="json")][self.polled[-1] :]},
    )
    async with due_soon(temporal, service, service.poll()) as (at, plan):
        at.of_worker.replace(without_keys(at.directory, PROSECUTOR))
        await at.until(plan, lambda entry: entry.event.event == "came_due" and entry.event.checkpoint == "consent-uz")
        so_far = len(service.heard)
        async with asyncio.timeout(60):
            while service.heard[so_far:].count("waits=1:not-authentic") < 3:  # noqa: ASYNC110 - it is the service that hears
                await asyncio.sleep(0.05)
        at.of_worker.replace(at.directory)
        await at.until(plan, accepted_from(PROSECUTOR))
        ledger = await at.gateway("kz.knb").ledger(plan.operation)

    assert "silence" not in {entry.event.event for entry in ledger}


async def test_an_answer_that_nobody_can_judge_holds_silence_up_for_so_long_and_no_longer(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is never known: its service has heard so, and then silence decides all the same."""
    monkeypatch.setattr(checkpoint, "LAGS", timedelta(seconds=1))
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": [grant(self.asked[0]).model_dump(mode="json")][self.polled[-1] :]},
    )
    seldom = service.poll().model_copy(update={"every": timedelta(hours=1)})
    async with due_soon(temporal, service, seldom) as (at, plan):
        at.of_worker.replace(without_keys(at.directory, PROSECUTOR))
        entry = await at.until(plan, lambda entry: entry.event.event == "silence")
        ledger = await at.gateway("kz.knb").ledger(plan.operation)

    assert (PROSECUTOR,) == entry.event.services  # type: ignore[union-attr]
    assert "waits=1:not-authentic" in service.heard
    assert [()] == [one.event.unreachable for one in ledger if isinstance(one.event, AskedOnceMore)]


def without_keys(directory: Directory, service: str) -> Directory:
    """The directory as it was before the keys of this service were in it."""
    keyless = directory.get(service).model_copy(update={"keys": ()})
    return directory.model_copy(update={"services": tuple(one if one.id != service else keyless for one in directory.services)})


async def test_all_that_lies_at_a_polled_service_is_heard_when_the_time_is_over(temporal: Client) -> None:
    """More than one answer of a hundred holds: page by page, and what was noise it is told before silence decides."""

    def answers(self: Misbehaving) -> Any:
        said = [*[{"nothing": "at all"}] * 105, grant(self.asked[0]).model_dump(mode="json")]
        return {"answers": said[self.polled[-1] :][:100] if len(self.polled) > 1 else []}

    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, answers)
    seldom = service.poll().model_copy(update={"every": timedelta(hours=1)})
    async with due_soon(temporal, service, seldom) as (at, plan):
        await at.until(plan, accepted_from(PROSECUTOR))
        async with asyncio.timeout(60):
            while len(told(service)) < 105:  # noqa: ASYNC110 - it is the service that hears
                await asyncio.sleep(0.05)

    assert [f"refused={number}:malformed" for number in range(1, 106)] == told(service)


async def test_what_was_nonsense_when_the_time_was_over_is_told_before_silence_decides(temporal: Client) -> None:
    """The service hears of it with one question more, and is in the ledger as one that could not be heard."""
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": []} if len(self.polled) == 1 else web.Response(text="not even JSON"),
    )
    seldom = service.poll().model_copy(update={"every": timedelta(hours=1)})
    async with due_soon(temporal, service, seldom) as (at, plan):
        await at.until(plan, lambda entry: entry.event.event == "silence")
        ledger = await at.gateway("kz.knb").ledger(plan.operation)

    assert ["", "", "refused=0:malformed"] == service.heard[:3]
    assert [(PROSECUTOR,)] == [one.event.unreachable for one in ledger if isinstance(one.event, AskedOnceMore)]


def told(service: Misbehaving) -> list[str]:
    """What it was told of its answers, in its order."""
    return [word for words in service.heard for word in words.split("&") if word]


@pytest.mark.slow
async def test_an_answer_that_came_while_no_worker_was_up_is_heard_though_the_time_is_over(temporal: Client) -> None:
    """The worker stops, the answer comes, the time is over, and another worker begins: it counts, and nobody was silent."""
    answers: list[Any] = []
    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, lambda self: {"answers": answers[self.polled[-1] :]})
    plan, queue = renamed(with_changes(consent_uz={"due": "12s", "remind": []})), f"outage-{uuid.uuid4().hex}"
    seldom = service.poll().model_copy(update={"every": timedelta(hours=1)})
    async with installed(temporal, plan, None, reach={PROSECUTOR: seldom}) as at, service.listening():
        async with working(at, queue):
            await at.reception(queue).plans.start(at.directory.get(plan.initiator), signed_plan(plan))
            await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.received)
        (asked_for,) = service.asked
        assert asked_for.due is not None
        answers.append(grant(asked_for).model_dump(mode="json"))
        await asyncio.sleep((instant(asked_for.due) - datetime.now(UTC)).total_seconds())
        async with working(at, queue):
            await at.until(plan, accepted_from(PROSECUTOR))
            ledger = await at.gateway("kz.knb").ledger(plan.operation)

    assert "silence" not in {entry.event.event for entry in ledger}


@pytest.mark.parametrize("why", ["the worker stops", "no more updates"])
async def test_an_answer_that_was_fetched_and_not_judged_is_fetched_again_before_silence_decides(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """The worker stops before the delivery has answered, or Temporal takes no Update: nothing is reported, and the next attempt,
    of another worker, has it judged.
    """
    monkeypatch.setattr(checkpoint, "ONE_TURN", 3.0)
    plan = renamed(example_plan())
    word, now = a_word(PROSECUTOR, plan), datetime.now(UTC)
    listed = {"answers": [word.model_dump(mode="json")]}
    service = Misbehaving(
        free_ports(1)[0], lambda _self, _request: {}, lambda self: listed if self.polled[-1] == 0 else {"answers": []}
    )
    first, second = ActivityEnvironment(client=temporal), ActivityEnvironment(client=temporal)
    for room in (first, second):
        room.info = dataclasses.replace(room.info, started_time=now, scheduled_time=now)
    async with installed(temporal, plan, None, reach={PROSECUTOR: service.poll()}) as at, service.listening():
        caller, messenger, _, relay, _ = at.parts
        activities = Checkpoints(caller, messenger, at.of_worker, relay)
        request = asked().model_copy(update={"delivery": plan.operation})
        wait = CheckpointWait(
            delivery=plan.operation, checkpoint="consent-uz", requests=(request,), services=(at.directory.get(PROSECUTOR),)
        )
        async with AsyncExitStack() as stack:
            if why == "no more updates":
                queue = await stack.enter_async_context(no_more_updates(at, plan))
            else:
                queue = f"later-{uuid.uuid4().hex}"
                await at.reception(queue).plans.start(at.directory.get(plan.initiator), signed_plan(plan))
            attempt = asyncio.create_task(attempted(first, activities.ask_once_more, wait))
            if why == "the worker stops":
                async with asyncio.timeout(60):
                    while not service.polled:  # noqa: ASYNC110 - it is the service that is asked
                        await asyncio.sleep(0.02)
                first.worker_shutdown()
            with pytest.raises(ApplicationError, match=f"not judged yet: {PROSECUTOR}"):
                await attempt
            reported = await at.left(plan, messages.REPORT)
        async with working(at, queue):
            await attempted(second, activities.ask_once_more, wait)
            await at.until(plan, lambda entry: isinstance(entry.event, Stated) and entry.event.envelope == word)

    assert [] == reported


async def test_an_answer_that_waits_is_asked_for_as_long_as_it_may_be_though_no_worker_was_up_before(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker was killed when the time was over, and another begins ten minutes later, before its archive says which keys
    count: what has been answered in time is asked for again, and after that nothing is held up any longer than it may be.
    """
    monkeypatch.setattr(checkpoint, "LAGS", timedelta(minutes=1))
    plan, before = renamed(example_plan()), datetime.now(UTC) - timedelta(minutes=10)
    listed = {"answers": [a_word(PROSECUTOR, plan).model_dump(mode="json")]}
    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, lambda _self: listed)
    async with installed(temporal, plan, None, reach={PROSECUTOR: service.poll()}) as at, service.listening():
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.kept(plan)
        at.of_worker.replace(without_keys(at.directory, PROSECUTOR))
        caller, messenger, _, relay, _ = at.parts
        activities = Checkpoints(caller, messenger, at.of_worker, relay)
        request = asked().model_copy(update={"delivery": plan.operation})
        wait = CheckpointWait(
            delivery=plan.operation, checkpoint="consent-uz", requests=(request,), services=(at.directory.get(PROSECUTOR),)
        )
        first, beats = ActivityEnvironment(client=temporal), list[Any]()
        first.info = dataclasses.replace(first.info, started_time=datetime.now(UTC), scheduled_time=before, attempt=2)
        first.on_heartbeat = lambda memory: beats.append(memory.model_dump(mode="json"))
        with pytest.raises(ApplicationError, match=f"not judged yet: {PROSECUTOR}"):
            await attempted(first, activities.ask_once_more, wait)
        so_far = await at.left(plan, messages.REPORT)
        monkeypatch.setattr(checkpoint, "LAGS", checkpoint.A_MOMENT)  # which the first attempt has held it up for
        last = ActivityEnvironment(client=temporal)
        last.info = dataclasses.replace(first.info, started_time=datetime.now(UTC), heartbeat_details=(beats[-1],), attempt=3)
        await attempted(last, activities.ask_once_more, wait)
        reported = await at.left(plan, messages.REPORT)

    assert not [one for one in so_far if isinstance(one.content, AskedOnceMore)]
    assert [one.content for one in reported if isinstance(one.content, AskedOnceMore)]
