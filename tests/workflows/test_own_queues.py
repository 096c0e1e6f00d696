"""Who is reached through a task queue of its own is asked once more and told through it, and holds nothing up without it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

from activities.services import AwayError, ServiceCaller
from domain.delivery.reported import AskedOnceMore, Told
from domain.plan.directory import Service
from domain.plan.plan import Plan
from process.builds import settle
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL
from tests.activities.test_checkpoint import PROSECUTOR, Misbehaving, accepted_from, grant
from tests.installation import BUILD, VIGIL_KEY, Installation, installed, renamed
from tests.support import with_changes
from tests.workflows.test_controlled_delivery import started
from worker import worker_for
from workflows import temporal_stage


@asynccontextmanager
async def behind_a_queue(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, service: Misbehaving, queue: str
) -> AsyncIterator[tuple[Installation, Plan]]:
    """A delivery that waits for the prosecutor, which our own workers do not reach, and not for long."""
    plan = renamed(with_changes(consent_uz={"due": "4s", "remind": ["1s"]}))
    seldom = service.poll().model_copy(update={"every": timedelta(hours=1)})
    async with installed(temporal, plan, None, reach={PROSECUTOR: seldom}) as at, service.listening():
        other = at.directory.get(PROSECUTOR).model_copy(update={"task_queue": f"{queue}-{plan.operation}"})
        services = tuple(other if one.id == PROSECUTOR else one for one in at.directory.services)
        at.directory = at.directory.model_copy(update={"services": services})
        at.of_worker.replace(at.directory)
        for name in ("ask", "answers", "notify"):
            monkeypatch.setattr(at.parts[0], name, walled_off(getattr(at.parts[0], name)))
        await started(at, plan)
        yield at, plan


def walled_off(way: Any) -> Any:
    """The same, but it does not lead to the prosecutor."""

    async def away(service: Service, *given: Any) -> Any:
        if service.id == PROSECUTOR:
            raise AwayError("it is in another network")
        return await way(service, *given)

    return away


async def test_who_is_reached_through_a_queue_of_its_own_is_asked_once_more_and_told_through_it(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R2: what it has answered in time is heard by the worker that reaches it before silence decides, and notices arrive."""
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {
            "answers": [grant(self.asked[0]).model_dump(mode="json")][self.polled[-1] :] if len(self.polled) > 1 else []
        },
    )
    async with behind_a_queue(temporal, monkeypatch, service, "svc") as (at, plan):
        queue = at.directory.get(PROSECUTOR).task_queue
        assert queue is not None
        there = ServiceCaller(at.http, VIGIL, VIGIL_KEY), *at.parts[1:]
        async with worker_for(at.client, queue, at.of_worker, *there, build=BUILD, grace=timedelta(seconds=1)):
            await settle(at.client, queue, BUILD, takes_over=False)
            heard = await at.until(plan, lambda entry: entry.event.event == "silence" or accepted_from(PROSECUTOR)(entry))
            told = await at.until(plan, lambda entry: isinstance(entry.event, Told) and of_it(entry), PROSECUTOR)

    assert accepted_from(PROSECUTOR)(heard)
    assert (PROSECUTOR,) == told.event.reached  # type: ignore[union-attr]


def of_it(entry: Any) -> bool:
    """Whether it says whether the prosecutor was reached."""
    return PROSECUTOR in (*entry.event.reached, *entry.event.unreachable)


async def test_a_queue_at_which_no_worker_is_holds_neither_silence_nor_the_end_up(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while our own worker tries, and says that it could not be heard, nor told."""
    monkeypatch.setattr(temporal_stage, "_THERE", timedelta(seconds=1))
    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {})
    async with behind_a_queue(temporal, monkeypatch, service, "nobody") as (at, plan):
        silence = await at.until(plan, lambda entry: entry.event.event == "silence")
        told = await at.until(plan, lambda entry: isinstance(entry.event, Told) and of_it(entry), PROSECUTOR)
        ledger = await at.gateway("kz.knb").ledger(plan.operation)

    assert (PROSECUTOR,) == silence.event.services  # type: ignore[union-attr]
    assert [(PROSECUTOR,)] == [one.event.unreachable for one in ledger if isinstance(one.event, AskedOnceMore)]
    assert (PROSECUTOR,) == told.event.unreachable  # type: ignore[union-attr]
