"""The same statement again gets the very first receipt, also once the workflow itself has let go of it."""

import asyncio

import pytest
from temporalio.client import Client

from domain.delivery.ledger import Kept, Receipt
from domain.plan.plan import Plan
from domain.record.receipts import SignedReceipt
from domain.rules.stop import Incident
from domain.signing.envelope import Envelope
from tests.installation import PATIENCE, Installation, installed, renamed, said_by
from tests.support import example_plan
from tests.workflows.test_controlled_delivery import started, updates_of
from workflows import messages
from workflows.messages import RunLength


def incident(plan: Plan, what: str) -> Envelope:
    """Something that the police report, always under the same id."""
    return said_by("uz.police", plan, Incident(what=what, risk_to_life=False), "incident-1")


async def let_go(at: Installation, plan: Plan, envelope: Envelope) -> None:
    """Wait until the workflow knows of the statement only where the archive has it. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answers: list[Receipt | Kept] = await at.handle(plan).query(
                messages.QUERY_RECEIPT, envelope, result_type=list[messages.ANSWER]
            )
            if answers and all(isinstance(one, Kept) for one in answers):
                return


async def given(at: Installation, plan: Plan, envelope: Envelope) -> SignedReceipt:
    """The receipt, handed out by the gateway."""
    answer = await at.gateway("uz.police").submit(plan.operation, envelope)
    assert isinstance(answer, SignedReceipt)
    return answer


@pytest.mark.parametrize("pace", [RunLength(), RunLength(updates=1)], ids=["in the same run", "in another run"])
async def test_what_a_run_has_let_go_of_is_answered_with_the_first_receipt(temporal: Client, pace: RunLength) -> None:
    """In the middle of a delivery, in the run that took it and in one that went on: the same bytes, proof and signature; and
    nothing is recorded twice, nor written into the history.
    """
    plan = renamed(example_plan())
    said = incident(plan, "a flat tyre")
    async with installed(temporal, plan, None) as at:
        await started(at, plan, pace=pace)
        await at.opened(plan, "consent-uz")
        run = (await at.handle(plan).describe()).run_id
        first = await given(at, plan, said)
        await let_go(at, plan, said)
        if pace.updates == 1:
            async with asyncio.timeout(PATIENCE):
                while (await at.handle(plan).describe()).run_id == run:
                    pass
        before = await updates_of(at, plan)
        again = [await given(at, plan, said) for _ in range(2)]
        after = await updates_of(at, plan)
        await at.caught_up(plan)
        entries = (await at.gateway(plan.initiator).view(plan.operation)).entries

    assert "accepted" == first.receipt.verdict.verdict
    assert [first.envelope] * 2 == [one.envelope for one in again]
    assert before == after
    assert first.receipt.seq + 1 == entries
