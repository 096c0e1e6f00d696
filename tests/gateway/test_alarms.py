"""What supervisors see of the register: patterns of enquiries, and nobody else does."""

import uuid
from datetime import UTC, datetime

import pytest
from temporalio.client import Client

from archive.tables import enquiry_alarms
from domain.plan.enquiries import Alarm
from domain.words.errors import NotAllowed
from domain.words.moments import utc_text
from tests.installation import Installation, installed, renamed
from tests.support import example_plan

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
    row = {"number": found.number, "at": found.at, "next_at": found.at}
    async with at.reads._database.writing() as connection:
        await connection.execute(enquiry_alarms.insert().values(row | {"alarm": found.model_dump_json()}))
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
