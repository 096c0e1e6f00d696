"""A notice never holds up an operation: each is an errand of its own, tried a few times, and how it went is told by signal."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities import messenger, notices, services
from activities.clock import Attempts
from activities.messenger import Messenger
from activities.notices import Notices
from activities.relay import Relay
from activities.services import ServiceCaller
from domain.delivery.reported import Told
from domain.delivery.requests import Notice
from domain.plan.directory import Directory, Service
from process.in_force import InForce
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.activities.misbehaving import WAYS, Way, misbehaving
from tests.activities.test_messenger import Hook
from workflows import messages
from workflows.messages import Fact, HandIn, NoticeErrand, workflow_id

KEY = private_key_of(VIGIL)


@workflow.defn(name="Telling", sandboxed=False)
class Telling:
    """The workflow's side: it sends each notice on its way, and waits for what is told of it."""

    def __init__(self) -> None:
        self._told: list[Told] = []
        self._wanted = 0

    @workflow.run
    async def run(self, errands: list[NoticeErrand]) -> list[Any]:
        """What came back as results: nothing, it is hoped."""
        sent = [
            workflow.start_activity(
                messages.DELIVER_NOTICE,
                one,
                start_to_close_timeout=timedelta(seconds=60),
                retry_policy=RetryPolicy(maximum_attempts=10),
            )
            for one in errands
        ]
        results = await asyncio.gather(*sent)
        await workflow.wait_condition(lambda: len(self._told) >= len(errands))
        return list(results)

    @workflow.signal(name=messages.REPORT)
    def told(self, report: HandIn[Fact]) -> None:
        """Keep it."""
        assert isinstance(report.content, Told)
        self._told.append(report.content)

    @workflow.query
    def reports(self) -> list[Told]:
        """What has been told so far, in its order."""
        return self._told


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bound is short, so that what passes all of them does so while the test waits."""
    monkeypatch.setattr(notices, "PAUSE", timedelta(milliseconds=50))
    monkeypatch.setattr(messenger, "ONE_ALERT", 0.5)
    monkeypatch.setattr(services, "ONE_CALL", aiohttp.ClientTimeout(total=0.5))


def service(number: str, **reach: Any) -> Service:
    """One that is reached like this."""
    return Service.model_validate({"id": number, "kind": "prosecutor", "state": "UZ", "names": {"en": "x"}, "reach": reach})


def at_desk(number: str, *urls: str) -> Service:
    """People who are told by these webhooks."""
    return service(number, by="desk", notify=[{"by": "webhook", "url": url} for url in urls])


@asynccontextmanager
async def telling(temporal: Client, *told: Service) -> AsyncIterator[WorkflowHandle[Any, list[Any]]]:
    """A delivery that has something to tell each of them."""
    delivery, queue = f"telling-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    errands = [
        NoticeErrand(
            delivery=delivery,
            of=number,
            notice=Notice(id=f"{delivery}/{number}", delivery=delivery, service=one.id, kind="outcome"),
            service=one,
        )
        for number, one in enumerate(told)
    ]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        known = InForce(Directory(vigil="directory/1", services=told))
        parts = Notices(ServiceCaller(http, VIGIL, KEY), Messenger(http, known, KEY, "https://vigil.example"), Relay(KEY))
        worker = Worker(
            temporal,
            task_queue=queue,
            workflows=[Telling],
            activities=[parts.deliver_notice],
            workflow_runner=UnsandboxedWorkflowRunner(),
            interceptors=[Attempts()],
            max_heartbeat_throttle_interval=timedelta(milliseconds=200),
        )
        await stack.enter_async_context(worker)
        yield await temporal.start_workflow(Telling.run, errands, id=workflow_id(delivery), task_queue=queue)


async def reports(of: WorkflowHandle[Any, Any]) -> list[Told]:
    """What the delivery was told, once everything is over."""
    async with asyncio.timeout(60):
        assert {None} == set(await of.result())
    return sorted(await of.query(Telling.reports), key=lambda one: one.of)


async def test_how_it_went_comes_by_signal_and_not_as_a_result(temporal: Client) -> None:
    """Who was reached and who was not: each is one report, and the activity returns nothing."""
    async with Hook(free_ports(1)[0]).listening() as heard:
        away = service("kz.knb", by="push", url=f"http://127.0.0.1:{free_ports(1)[0]}")
        async with telling(temporal, at_desk("uz.prosecutor", heard.url), away, at_desk("uz.customs")) as under_way:
            told = await reports(under_way)

    assert [(0, True), (1, False), (2, True)] == [(one.of, bool(one.reached)) for one in told]
    assert 1 == len(heard.came)


@pytest.mark.parametrize("way", WAYS)
async def test_three_webhooks_that_do_not_do_their_part_are_given_up(temporal: Client, way: Way) -> None:
    """Whatever the three do, they do it side by side, three times each at most; and who works hears it all the same."""
    together: list[int] = []
    async with Hook(free_ports(1)[0]).listening() as heard, misbehaving(way, together=together) as url:
        broken = at_desk("uz.prosecutor", f"{url}/1", f"{url}/2", f"{url}/3")
        async with telling(temporal, broken, at_desk("uz.customs", heard.url)) as under_way:
            told = await reports(under_way)

    assert [False, True] == [bool(one.reached) for one in told]
    assert 3 * 3 >= len(together)
    assert way != "trickles" or max(together) >= 3  # it notices within a moment that a caller has gone


@pytest.mark.parametrize("way", WAYS)
async def test_a_service_that_does_not_do_its_part_is_given_up(temporal: Client, way: Way) -> None:
    """A service that is called itself is tried three times as well."""
    async with misbehaving(way) as url, telling(temporal, service("kz.knb", by="push", url=url)) as under_way:
        told = await reports(under_way)
        history = await under_way.fetch_history()
    attempts = [event.activity_task_started_event_attributes.attempt for event in history.events]

    assert [False] == [bool(one.reached) for one in told]
    assert notices.ATTEMPTS == max(attempts)


async def test_what_one_webhook_has_taken_is_not_told_there_again(temporal: Client) -> None:
    """The next attempt tells the others; the desk counts as reached, since one of its places has taken it."""
    async with (
        Hook(free_ports(1)[0]).listening() as heard,
        misbehaving("resets") as url,
        telling(temporal, at_desk("uz.prosecutor", heard.url, url)) as under_way,
    ):
        told = await reports(under_way)

    assert [True] == [bool(one.reached) for one in told]
    assert 1 == len(heard.came)


async def test_a_service_that_answers_at_the_second_attempt_is_reached(temporal: Client) -> None:
    """An attempt that fails costs a pause, and no more."""

    def at_the_second(hook: Hook) -> web.Response:
        return web.Response(status=503 if len(hook.came) < 2 else 204)

    async with (
        Hook(free_ports(1)[0], at_the_second).listening() as heard,
        telling(temporal, at_desk("uz.prosecutor", heard.url)) as under_way,
    ):
        told = await reports(under_way)

    assert [True] == [bool(one.reached) for one in told]
    assert 1 == len({headers["webhook-id"] for headers, _ in heard.came})
