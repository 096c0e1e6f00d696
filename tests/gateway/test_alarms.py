"""What supervisors see of the register: patterns of enquiries, and nobody else does."""

import uuid
from datetime import UTC, datetime

import pytest
from temporalio.client import Client

from domain.plan.enquiries import Alarm, Enquiries
from domain.plan.register import Register
from domain.words.errors import NotAllowed
from domain.words.moments import utc_text
from tests.installation import Installation, installed, renamed
from tests.support import example_plan
from workflows import messages
from workflows.messages import CarriedRegister, register_id

FISHER = "fishing-expedition"


def pattern() -> Alarm:
    """A service that has looked for one number after the other."""
    at = utc_text(datetime.now(UTC))
    return Alarm(
        number=1,
        at=at,
        pattern="over_quota",
        service="uz.police",
        state="UZ",
        count=240,
        deliveries=(FISHER,),
        signers=("uz.prosecutor",),
    )


async def alarmed(at: Installation) -> Alarm:
    """The register of this installation has found a pattern."""
    found = pattern()
    book = CarriedRegister(live=Register(enquiries=Enquiries(alarms=(found,), raised=1)))
    await at.client.start_workflow(messages.REGISTER, book, id=register_id(at.task_queue), task_queue=at.task_queue)
    return found


async def test_a_supervisor_is_shown_the_alarms_and_that_is_recorded(temporal: Client) -> None:
    """Which service, by whose signatures, in which operations: with a record of who has read it; before, there is none."""
    async with installed(temporal, renamed(example_plan()), None) as at:
        door = at.gateway("supervision", f"officer-{uuid.uuid4().hex[:4]}")
        before = await door.alarms()
        found = await alarmed(at)
        after = await door.alarms()
        reads = (await at.reads.page(0, 1000, FISHER)).reads

    assert ((), (found,)) == (before, after)
    assert [("supervision", "alarms")] == [(one.service, one.action) for one in reads]


@pytest.mark.parametrize("service", ["uz.police", "kz.prosecutor", "audit", "administration"])
async def test_nobody_else_is_shown_alarms(temporal: Client, service: str) -> None:
    """403, whether there is one or not: who fishes does not learn that it has been seen."""
    async with installed(temporal, renamed(example_plan()), None) as at:
        with pytest.raises(NotAllowed):
            await at.gateway(service).alarms()
        await alarmed(at)
        with pytest.raises(NotAllowed):
            await at.gateway(service).alarms()
