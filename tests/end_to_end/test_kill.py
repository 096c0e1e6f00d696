"""Real processes, killed with SIGKILL in the middle of a wait: nothing acknowledged is lost, and it ends the same."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from client.dossier import Dossier, Staged
from client.embedded import Embedded, held, temporal_command
from client.rehearse import Rehearsal
from domain.delivery.reported import Stated
from domain.plan.plan import Checkpoint, Plan
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.words.errors import Unavailable
from protocol.gateway import Gateway
from rehearsal.invariants import Checker
from rehearsal.over_http import SimulatedServices, compressed, factor_for
from rehearsal.scenario import Act, Scenario
from rehearsal.services import private_key_of
from tests.end_to_end.following import until
from tests.support import example_cards, example_directory, example_scenario, signed_plan

pytestmark = pytest.mark.kill
PATIENCE = 90.0
PATIENT = 6
"""How many times longer than usual it is waited for an answer: longer than processes take to start again on a busy machine."""


def patient(plan: Plan) -> Plan:
    """With longer due times: what is restarted in the middle makes nobody overdue."""

    def longer(one: Checkpoint) -> Checkpoint:
        return one.model_copy(update={"due": PATIENT * one.due})

    return plan.model_copy(update={"checkpoints": tuple(map(longer, plan.checkpoints))})


@asynccontextmanager
async def rehearsing(home: Path) -> AsyncIterator[tuple[Embedded, Plan, Gateway]]:
    """The embedded system with Almaty - Tashkent started; Uzbekistan takes twenty hours to consent."""
    plan, scenario = example_scenario("almaty-tashkent")
    late = Act.model_validate({"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_granted", "after": "20h"})
    factor = factor_for(plan, scenario)
    slow: Scenario = compressed(scenario.model_copy(update={"acts": (late,)}), factor)
    dossier = Dossier(compressed(patient(plan), factor), example_directory(), example_cards())
    with held(home) as locked:
        directory, layout = Rehearsal((Staged(dossier, slow),), 1, locked).lay_out()
        async with (
            Embedded(layout, 1.0) as embedded,
            SimulatedServices(directory, layout.gateway_url, slow, 1),
            aiohttp.ClientSession() as http,
        ):
            gateway = Gateway(http, layout.gateway_url, plan.initiator, private_key_of(plan.initiator))
            await gateway.start(signed_plan(dossier.plan))
            yield embedded, dossier.plan, gateway


@pytest.mark.parametrize("name", ["worker", "temporal", "gateway"])
async def test_killed_in_the_middle_of_a_wait_it_still_ends_the_same(tmp_path: Path, name: str) -> None:
    """Kill -9 of the worker, the server or the gateway: every statement is in the ledger once, the outcome is as ever."""
    async with asyncio.timeout(PATIENCE), rehearsing(tmp_path) as (embedded, plan, gateway):
        before = await until(gateway, plan.operation, "closed", "consent-kz")
        process = embedded.processes[name]
        process.send_signal(signal.SIGKILL)
        await process.wait()
        command = temporal_command(embedded.layout) if name == "temporal" else (sys.executable, "-m", name)
        await embedded.start(name, *command)
        await embedded.wait_until_up()
        entries = await until(gateway, plan.operation, "ended")
        proved = verify(await gateway.packet(plan.operation))

    assert before == entries[: len(before)]
    assert "delivered_with_arrests" == proved.outcome
    Checker(plan).check(entries)
    said = Counter(read_statement(one.event.envelope).id for one in entries if isinstance(one.event, Stated))
    assert {1} == set(said.values())


async def test_a_statement_acknowledged_just_before_the_kill_is_in_the_ledger(tmp_path: Path) -> None:
    """A receipt is a promise: server and worker are killed the moment it is given, and the entry is there."""
    async with asyncio.timeout(PATIENCE), rehearsing(tmp_path) as (embedded, plan, gateway):
        first = (await until(gateway, plan.operation, "stated"))[-1]
        assert isinstance(first.event, Stated)
        given = await gateway.submit(plan.operation, first.event.envelope)
        assert isinstance(given, SignedReceipt)
        for name in ("temporal", "worker"):
            embedded.processes[name].send_signal(signal.SIGKILL)
            await embedded.processes[name].wait()
        await embedded.start("temporal", *temporal_command(embedded.layout))
        await embedded.start("worker", sys.executable, "-m", "worker")
        await embedded.wait_until_up()
        while True:
            with suppress(Unavailable):  # the archive is behind the receipt, until it has caught up
                ledger = await gateway.ledger(plan.operation, given.receipt.seq)
                break
            await asyncio.sleep(0.1)

    assert given.receipt.entry == ledger[0]
