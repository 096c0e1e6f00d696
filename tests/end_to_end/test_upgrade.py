"""`vigil up` with another build than the time before: what the older one began goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from client.dossier import Dossier, Staged
from client.embedded import Embedded, Layout, held
from client.rehearse import Rehearsal
from domain.delivery.reported import Stated
from domain.plan.plan import Plan
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.end_to_end.following import until
from tests.installation import stop_by
from tests.support import example_cards, example_directory, example_scenario, signed_plan

PATIENCE = 90.0


@asynccontextmanager
async def up(layout: Layout, plan: Plan) -> AsyncIterator[Gateway]:
    """The embedded system, and its gateway as the initiator calls it."""
    async with Embedded(layout, 5.0), aiohttp.ClientSession() as http:
        yield Gateway(http, layout.gateway_url, plan.initiator, private_key_of(plan.initiator))


@pytest.mark.kill
async def test_after_an_upgrade_a_stop_right_away_is_judged_in_a_delivery_of_the_older_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of the new build becomes current and moves the open runs: the stop counts, and the ledger goes on unbroken."""
    plan, scenario = example_scenario("almaty-tashkent")
    dossier = Dossier(plan, example_directory(), example_cards())
    stop = stop_by("uz.police", plan)
    async with asyncio.timeout(PATIENCE):
        with held(tmp_path) as locked:
            layout = Rehearsal((Staged(dossier, scenario),), 1, locked).lay_out()[1]
            monkeypatch.setenv("VIGIL_BUILD", "1.0-old")
            async with up(layout, plan) as gateway:
                await gateway.start(signed_plan(plan))
                before = await until(gateway, plan.operation, "opened")
            monkeypatch.setenv("VIGIL_BUILD", "1.0-new")
            async with up(layout, plan) as gateway:
                await gateway.submit(plan.operation, stop)
                after = await until(gateway, plan.operation, "stated")

    assert before == after[: len(before)]
    assert list(range(len(after))) == [entry.seq for entry in after]
    assert ["accepted"] == [one.event.verdict.verdict for one in after if isinstance(one.event, Stated)]
