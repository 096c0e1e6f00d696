"""What an activity hands in bears the moment at which it was found, by Temporal's clock."""

import dataclasses
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.checkpoint import Checkpoints, Memory
from activities.clock import moment
from activities.relay import Relay
from activities.services import ServiceCaller
from domain.delivery.reported import Asked
from domain.plan.directory import Push
from domain.plan.plan import Plan
from domain.views.asked import request
from domain.words.moments import instant
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL
from tests.installation import VIGIL_KEY, Installation, attempted, installed, renamed, stop_by
from tests.support import Table, example_plan, signed_plan
from workflows import messages
from workflows.messages import CheckpointWait

BEGAN = datetime(2022, 3, 1, tzinfo=UTC)
"""When the server began an attempt. The clock of this machine is years ahead of it."""
AN_ATTEMPT = timedelta(minutes=1)
"""More than one of a test takes."""


@pytest.fixture
def room(temporal: Client) -> ActivityEnvironment:
    """Where an attempt has begun then."""
    found = ActivityEnvironment(client=temporal)
    found.info = dataclasses.replace(found.info, started_time=BEGAN)
    return found


@pytest.fixture
async def unattended(temporal: Client) -> AsyncIterator[tuple[Installation, Plan]]:
    """A delivery that no worker performs: what is handed in stays as it came."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        reception = at.reception(f"nobody-{uuid.uuid4().hex}")
        await reception.plans.start(at.directory.get(plan.initiator), signed_plan(plan))
        yield at, plan


async def test_a_moment_is_when_the_attempt_began_and_how_long_it_has_lasted(room: ActivityEnvironment) -> None:
    """Time goes on within an attempt, and is its server's."""

    async def twice() -> tuple[datetime, datetime]:
        return moment(), moment()

    first, second = await attempted(room, twice)

    assert BEGAN <= first < second < BEGAN + AN_ATTEMPT


@pytest.mark.parametrize("what", [messages.REPORT, messages.SUBMIT])
async def test_what_a_worker_hands_in_bears_no_time_of_its_own(
    room: ActivityEnvironment, unattended: tuple[Installation, Plan], what: str
) -> None:
    """Its clock is years ahead, and a fact and a stop that it leaves by signal bear the server's moment, under a good seal."""
    at, plan = unattended
    relay = Relay(VIGIL_KEY)

    async def attempt() -> None:
        if what == messages.REPORT:
            await relay.report(plan.operation, Asked(checkpoint="consent-uz", received=("uz.prosecutor",)))
        else:
            await relay.leave(plan.operation, stop_by("uz.police", plan), moment())

    await attempted(room, attempt)
    left: Any
    (left,) = await at.left(plan, what)

    left.check(plan.operation, at.directory)
    assert BEGAN <= instant(left.at) < BEGAN + AN_ATTEMPT


async def test_a_service_has_its_next_turn_soon_at_whichever_worker(
    room: ActivityEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker whose clock is years ahead leaves the next turn of a service that is away to one whose clock is right: it comes
    in seconds, and not in years.
    """

    async def report(*_given: object) -> None:
        """It is taken."""

    monkeypatch.setattr(Relay, "report", report)
    asked = request(Table().delivery, "consent-uz", "uz.prosecutor")
    away = Push.model_validate({"url": f"http://127.0.0.1:{free_ports(1)[0]}"})
    service = Table().directory.get(asked.service).model_copy(update={"reach": away})
    wait = CheckpointWait(delivery=asked.delivery, checkpoint=asked.checkpoint, requests=(asked,), services=(service,))
    left = list[Memory]()
    room.on_heartbeat = left.append
    async with aiohttp.ClientSession() as http:
        caller, relay = ServiceCaller(http, VIGIL, VIGIL_KEY), Relay(VIGIL_KEY)
        with pytest.raises(ApplicationError):
            await attempted(room, Checkpoints(caller, None, None, relay).await_confirmations, wait)  # type: ignore[arg-type]

    assert BEGAN < left[-1].due[service.id] < BEGAN + AN_ATTEMPT
