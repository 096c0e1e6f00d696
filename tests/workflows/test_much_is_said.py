"""Whoever says as much as may be, or more, keeps nobody from reading, and no stop out: on Temporal, where its limits are."""

import asyncio
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.delivery.reported import Stated
from domain.plan.plan import Plan
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.rules.handling import Information
from domain.rules.preparation import Prepared
from domain.rules.speaking import Correction
from domain.signing.envelope import Envelope
from domain.words.errors import RuleBroken
from domain.words.limits import RUN_UPDATES, SPEAKER_STATEMENTS
from rehearsal.over_http import free_ports
from tests.activities.test_checkpoint import PROSECUTOR, Misbehaving
from tests.installation import Installation, installed, renamed, said_by, stop_by
from tests.largest import Largest
from tests.support import example_plan, with_changes
from tests.workflows.test_controlled_delivery import started, update
from tests.workflows.test_keeping import taken
from workflows.messages import update_id, workflow_id

SPEAKER = "kz.prosecutor"
"""Asked for consent, so that it may say much."""
AT_ONCE = 8
"""Of the ten Updates that Temporal takes at once."""
ORDINARY = 1_700
TEXT = "all is well"
PATIENCE = 120.0
"""Seconds for one statement."""


async def say_all(at: Installation, plan: Plan, said: Iterable[Envelope]) -> None:
    """Have all of it judged, as many at once as may be. Who meets a task that has failed says the same again, as at a gateway."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def say(envelope: Envelope) -> None:
        async with gate, asyncio.timeout(PATIENCE):
            while True:
                try:
                    await update(at, plan, envelope, update_id(envelope))
                except RPCError as error:
                    if error.status != RPCStatusCode.FAILED_PRECONDITION:
                        raise
                else:
                    return

    await asyncio.gather(*map(say, said))


def words(plan: Plan, count: int) -> list[Envelope]:
    """So many ordinary statements."""
    return [said_by(SPEAKER, plan, Information(text=TEXT)) for _ in range(count)]


async def runs_of(at: Installation, plan: Plan) -> int:
    """How many runs the delivery has had."""
    return len([run async for run in at.client.list_workflows(f"WorkflowId = '{workflow_id(plan.operation)}'")])


@pytest.mark.slow
async def test_after_1700_ordinary_statements_all_is_read_and_a_polled_stop_gets_in_beside_the_next(temporal: Client) -> None:
    """Ledger and packet answer, the run has gone on as another with checkpoints open; and while its service says all that it may,
    2,000, a stop that lies at a polled service is taken.
    """
    answers: list[Any] = []
    polled = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, lambda self: {"answers": answers[self.polled[-1] :]})
    plan = renamed(example_plan())
    stop = stop_by(PROSECUTOR, plan)
    async with installed(temporal, plan, None, reach={PROSECUTOR: polled.poll()}) as at, polled.listening():
        await started(at, plan)
        await at.opened(plan, "consent-uz")
        await say_all(at, plan, words(plan, ORDINARY))
        await at.caught_up(plan)
        ledger = await at.gateway(plan.initiator).ledger(plan.operation)
        proved = verify(await at.gateway(plan.initiator).packet(plan.operation), at.directory)
        runs = await runs_of(at, plan)
        more = asyncio.create_task(say_all(at, plan, words(plan, SPEAKER_STATEMENTS - ORDINARY)))
        answers.append(stop.model_dump(mode="json"))
        entry = await at.until(plan, lambda one: isinstance(one.event, Stated) and one.event.envelope == stop)
        await more
        view = await at.gateway(plan.initiator).view(plan.operation)

    assert ORDINARY <= sum(isinstance(one.event, Stated) for one in ledger)
    assert ORDINARY <= proved.statements
    assert ORDINARY > RUN_UPDATES
    assert runs > 1
    assert "accepted" == entry.event.verdict.verdict  # type: ignore[union-attr]
    assert view.halted is not None


UNASKED = "tj.customs"
"""Told if an answer is late, and asked nothing."""
UNITS = 570
"""Of what it says was prepared: more values are no statement."""


@cache
def much() -> Correction:
    """Some 280,000 bytes."""
    most = Largest().of(Prepared)
    fewer = {"units": most.units[:UNITS], "kept": most.kept[:1], "removed": most.removed[:1], "samples": most.samples[:1]}
    return Correction(of="x" * 32, reason="all of it", content=most.model_copy(update=fewer))


async def bytes_of(at: Installation, plan: Plan) -> int:
    """How long the history of the run is."""
    described = await at.handle(plan).describe()
    return described.raw_description.workflow_execution_info.history_size_bytes


@pytest.mark.slow
@pytest.mark.parametrize("count", [9, pytest.param(188, marks=pytest.mark.whole)])
async def test_what_is_too_large_by_whom_nobody_asks_leaves_no_trace(temporal: Client, count: int) -> None:
    """Each is refused by R28 before anything is written: ledger and packet answer, the run is no longer, and a stop is taken."""
    plan = renamed(with_changes(consent_kz={"escalate": [{"after": "20h", "to": UNASKED}]}))
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        await at.opened(plan, "consent-uz")
        await at.caught_up(plan)
        before = await bytes_of(at, plan)
        refused = {await taken(at, plan, said_by(UNASKED, plan, much())) for _ in range(count)}
        with pytest.raises(RuleBroken, match="R28: correction has"):
            await at.gateway(UNASKED).submit(plan.operation, said_by(UNASKED, plan, much()))
        grown = await bytes_of(at, plan) - before
        ledger = await at.gateway(plan.initiator).ledger(plan.operation)
        packet = await at.gateway(plan.initiator).packet(plan.operation)
        stop = await at.gateway("uz.police").submit(plan.operation, stop_by("uz.police", plan))
        await at.caught_up(plan)
        view = await at.gateway(plan.initiator).view(plan.operation)

    size = len(said_by(UNASKED, plan, much()).body())
    assert size > 280_000
    assert UNASKED not in plan.speakers()
    assert all("R28: correction has" in str(one) for one in refused)
    assert grown < size, "nothing of them stands in the history"
    assert len(ledger) == verify(packet, at.directory).size
    assert isinstance(stop, SignedReceipt)
    assert view.halted is not None
