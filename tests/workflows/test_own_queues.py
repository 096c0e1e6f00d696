"""Who is reached through a task queue of its own is asked once more and told through it, and holds nothing up without it."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHistory

from activities.services import AwayError, ServiceCaller
from domain.delivery.reported import AskedOnceMore, Told
from domain.plan.directory import Service
from domain.plan.plan import Plan
from process.builds import settle
from process.temporal import readable
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL
from tests.activities.test_checkpoint import PROSECUTOR, Misbehaving, accepted_from, grant
from tests.installation import BUILD, VIGIL_KEY, Installation, installed, renamed
from tests.support import asks, with_changes
from tests.workflows.replaying import recorded, replayed, unlike
from tests.workflows.test_controlled_delivery import started
from worker import worker_for
from workflows import messages, temporal_stage


@asynccontextmanager
async def behind_queues(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, service: Misbehaving, **queues: str
) -> AsyncIterator[tuple[Installation, Plan]]:
    """A delivery that waits for these services of Uzbekistan, which our own workers do not reach, and not for long."""
    away = {f"uz.{name}": queue for name, queue in queues.items()}
    required = asks(*(f"{one} authorisation" for one in away))
    plan = renamed(with_changes(consent_uz={"requires": required, "due": "4s", "remind": ["1s"]}))
    seldom = service.poll().model_copy(update={"every": timedelta(hours=1)})
    async with installed(temporal, plan, None, reach=dict.fromkeys(away, seldom)) as at, service.listening():
        services = tuple(
            one.model_copy(update={"task_queue": f"{away[one.id]}-{plan.operation}"}) if one.id in away else one
            for one in at.directory.services
        )
        at.directory = at.directory.model_copy(update={"services": services})
        at.of_worker.replace(at.directory)
        for name in ("ask", "answers", "notify"):
            monkeypatch.setattr(at.parts[0], name, walled_off(getattr(at.parts[0], name), away))
        await started(at, plan)
        yield at, plan


def walled_off(way: Any, to: Collection[str]) -> Any:
    """The same, but it does not lead to these services."""

    async def away(service: Service, *given: Any) -> Any:
        if service.id in to:
            raise AwayError("it is in another network")
        return await way(service, *given)

    return away


@asynccontextmanager
async def working_there(at: Installation, queue: str | None) -> AsyncIterator[None]:
    """A worker at this task queue, which reaches everybody."""
    assert queue is not None
    there = ServiceCaller(at.http, VIGIL, VIGIL_KEY), *at.parts[1:]
    async with worker_for(at.client, queue, at.of_worker, *there, build=BUILD, grace=timedelta(seconds=1)):
        await settle(at.client, queue, BUILD, takes_over=False)
        yield


def answering_late() -> Misbehaving:
    """A service whose consent lies there from the second poll on."""
    return Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {
            "answers": [grant(self.asked[0]).model_dump(mode="json")][self.polled[-1] :] if len(self.polled) > 1 else []
        },
    )


async def test_who_is_reached_through_a_queue_of_its_own_is_asked_once_more_and_told_through_it(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R2: what it has answered in time is heard by the worker that reaches it before silence decides, and notices arrive."""
    async with (
        behind_queues(temporal, monkeypatch, answering_late(), prosecutor="svc") as (at, plan),
        working_there(at, at.directory.get(PROSECUTOR).task_queue),
    ):
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
    async with behind_queues(temporal, monkeypatch, service, prosecutor="nobody") as (at, plan):
        silence = await at.until(plan, lambda entry: entry.event.event == "silence")
        told = await at.until(plan, lambda entry: isinstance(entry.event, Told) and of_it(entry), PROSECUTOR)
        ledger = await at.gateway("kz.knb").ledger(plan.operation)

    assert (PROSECUTOR,) == silence.event.services  # type: ignore[union-attr]
    assert [(PROSECUTOR,)] == [one.event.unreachable for one in ledger if isinstance(one.event, AskedOnceMore)]
    assert (PROSECUTOR,) == told.event.unreachable  # type: ignore[union-attr]


async def test_queues_at_which_no_worker_is_hold_each_other_up_no_longer_than_one(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are asked once more at once, two at dead queues and one that has answered: it is heard, and silence is of the others. A
    worker that comes cold replays it: no task that took one of their answers ends without a command.
    """
    monkeypatch.setattr(temporal_stage, "_THERE", timedelta(seconds=1))
    queues, dead = {"police": "nobody", "prosecutor": "svc", "customs": "nobody-either"}, {"uz.police", "uz.customs"}
    async with behind_queues(temporal, monkeypatch, answering_late(), **queues) as (at, plan):
        async with working_there(at, at.directory.get(PROSECUTOR).task_queue):
            silence = await at.until(plan, lambda entry: entry.event.event == "silence")
            ledger = await at.gateway("kz.knb").ledger(plan.operation)
        history = WorkflowHistory.from_json("queues", readable(await at.handle(plan).fetch_history(), temporal))
    scheduled = [one.activity_task_scheduled_event_attributes for one in history.events]
    once_more = [one for one in scheduled if one.activity_type.name == messages.ASK_ONCE_MORE][: len(queues)]
    said = recorded(history)

    assert dead == set(silence.event.services)  # type: ignore[union-attr]
    assert [dead] == [set(one.event.unreachable) for one in ledger if isinstance(one.event, AskedOnceMore)]
    assert 1 == sum(map(accepted_from(PROSECUTOR), ledger))
    assert sorted(f"{one}-{plan.operation}" for one in queues.values()) == [one.task_queue.name for one in once_more]
    assert 1 == len({one.workflow_task_completed_event_id for one in once_more})
    assert [] == [one.ended for one in said.tasks if one.took and one.idle]
    assert [] == unlike(await replayed(history), said)
