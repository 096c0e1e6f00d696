"""An outage of the worker makes nothing late that came in time."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client

from domain.delivery.decided import Closed
from domain.delivery.ledger import Entry, Left
from domain.delivery.reported import Stated
from domain.words.moments import instant
from process.builds import settle
from tests.activities.test_checkpoint import PROSECUTOR, grant
from tests.installation import BUILD, Installation, installed, renamed, stop_by
from tests.support import example_plan, signed_plan, with_changes
from worker import worker_for
from workflows import messages

AFTER = timedelta(seconds=0.5)
"""So long after the due time a statement that came before it is left."""


async def test_a_delivery_begins_when_it_was_started_though_its_worker_came_later(temporal: Client) -> None:
    """What was left before the first task was performed came after the beginning, and is of when it came."""
    plan, queue = renamed(example_plan()), f"later-{uuid.uuid4().hex}"
    async with installed(temporal, plan, None) as at:
        await at.reception(queue).plans.start(at.directory.get(plan.initiator), signed_plan(plan))
        stop = at.handed(stop_by("uz.police", plan), plan)
        await at.handle(plan).signal(messages.SUBMIT, stop)
        async with working(at, queue):
            entry = await at.until(plan, lambda one: isinstance(one.event, Stated))
            first, *_ = await at.gateway(plan.initiator).ledger(plan.operation)
        started, *_ = (await at.handle(plan).fetch_history()).events

    assert isinstance(first, Entry)
    assert started.event_time.ToDatetime(UTC) == instant(first.at)
    assert (stop.at, "accepted") == (entry.at, entry.event.verdict.verdict)  # type: ignore[union-attr]


@asynccontextmanager
async def working(at: Installation, queue: str) -> AsyncIterator[None]:
    """While a worker of this queue is up."""
    async with worker_for(at.client, queue, at.of_worker, *at.parts, build=BUILD, grace=timedelta(seconds=1)):
        await settle(at.client, queue, BUILD, takes_over=False)
        yield


async def test_what_came_before_a_due_time_is_in_time_though_the_worker_came_after_it(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker is up when a consent comes, nor when the time for it is over; it is left after that, and counts as of before."""
    plan, queue = renamed(with_changes(consent_uz={"due": "12s", "remind": []})), f"outage-{uuid.uuid4().hex}"
    async with installed(temporal, plan, None) as at:
        reception, prosecutor = at.reception(queue), at.directory.get(PROSECUTOR)
        async with working(at, queue):
            await reception.plans.start(at.directory.get(plan.initiator), signed_plan(plan))
            await at.opened(plan, "consent-uz")
            (request,) = (await at.gateway(PROSECUTOR).inbox()).requests
        assert request.due is not None
        due = instant(request.due)
        monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", due - datetime.now(UTC) + AFTER)
        consent = grant(request)
        given = await reception.submissions.submit(prosecutor, plan.operation, consent)
        left = datetime.now(UTC)
        async with working(at, queue):
            entry = await at.until(plan, lambda one: isinstance(one.event, Stated) and one.event.envelope == consent)
            closed = await at.until(plan, lambda one: isinstance(one.event, Closed) and one.event.checkpoint == "consent-uz")
            ledger = await at.gateway(plan.initiator).ledger(plan.operation)

    assert isinstance(given, Left)
    assert isinstance(entry.event, Stated)
    assert "accepted" == entry.event.verdict.verdict
    assert instant(entry.at) <= instant(closed.at) < due < left
    assert "silence" not in {one.event.event for one in ledger}
