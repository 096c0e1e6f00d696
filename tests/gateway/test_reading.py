"""What readers are shown comes from the archive: lists, streams, and deliveries that Temporal has forgotten."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from archive.ledgers import Ledgers
from domain.delivery.ledger import Entry, Withheld
from domain.delivery.reported import Stated
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.expunction import Approval, Approvals
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import EXPUNGE_TYPE, Envelope, sign
from domain.signing.tree import root
from domain.words.errors import Malformed, NotAllowed, NotFound, VigilError
from domain.words.identifiers import ConsignmentIdentifier
from domain.words.moments import utc_text
from gateway.feed import Feed
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.installation import PATIENCE, Installation, end_what_runs, installed, quick, renamed, stop_by
from tests.support import example_plan, example_scenario, signed_plan
from workflows.messages import workflow_id


def with_parcel(plan: Plan) -> Plan:
    """The same plan about a parcel of its own, so that it meets no other (R15)."""
    parcel = ConsignmentIdentifier.model_validate({"scheme": "other", "value": uuid.uuid4().hex})
    return plan.model_copy(update={"consignment": plan.consignment.model_copy(update={"identifiers": (parcel,)})})


async def into(seen: list[Entry | Withheld], changes: AsyncIterator[Entry | Withheld]) -> None:
    """All that comes."""
    async for entry in changes:
        seen.append(entry)  # noqa: PERF401 - what came before an error counts


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[tuple[Installation, list[Plan]]]:
    """Three deliveries under way, the last of them stopped."""
    plans = [with_parcel(renamed(example_plan())) for _ in range(3)]
    async with installed(temporal, plans[0], None) as here:
        for one in plans:
            await here.gateway(one.initiator).start(signed_plan(one))
            await here.opened(one, "consent-uz")
        await here.gateway("uz.police").submit(plans[2].operation, stop_by("uz.police", plans[2]))
        await here.caught_up(plans[2])
        yield here, plans
        await end_what_runs(temporal, *(workflow_id(one.operation) for one in plans))


async def test_a_list_is_narrowed_down_and_paged_through(at: tuple[Installation, list[Plan]]) -> None:
    """Filters and order as the query says; pages of one row are the whole list; what is no parameter is refused by name."""
    here, plans = at
    names = sorted(one.operation for one in plans)
    initiator = here.gateway(plans[0].initiator)
    rows = await initiator.deliveries({"sort": "name"})
    paged = await initiator.deliveries({"sort": "name", "limit": "1"})
    found = {
        query: [one.delivery for one in await initiator.deliveries(dict([query.split("=")]))]
        for query in ("phase=halted", "open=no", "mine=yes", "state=UZ", f"text={names[1][-8:]}", "service=uz.prosecutor")
    }
    asked = [one.delivery for one in await here.gateway("uz.prosecutor").deliveries({"mine": "yes", "sort": "name"})]
    for wrong in ({"colour": "red"}, {"sort": "size"}, {"cursor": "x"}, {"limit": "201"}, {"open": "perhaps"}):
        with pytest.raises(Malformed) as refused:
            await initiator.deliveries(wrong)
        assert next(iter(wrong)) in str(refused.value) + str(refused.value.faults)

    assert names == [one.delivery for one in rows]
    assert set(names) == {one.delivery for one in paged}  # what changes meanwhile comes last
    assert [plans[2].operation] == found["phase=halted"]
    assert [] == found["open=no"]
    assert set(names) == set(found["state=UZ"]) == set(found["service=uz.prosecutor"])
    assert [names[1]] == found[f"text={names[1][-8:]}"]
    assert names == asked
    assert {plans[0].title} == {one.title for one in rows}
    assert {None} == {one.title for one in await here.gateway("uz.customs").deliveries()}


async def test_one_look_serves_all_who_watch(at: tuple[Installation, list[Plan]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty streams of a delivery get the same entry, and do not follow what changes in the archive each for itself."""
    here, plans = at
    looks, follow = 0, Feed._follow

    async def counted(self: Feed, after: int) -> None:
        nonlocal looks
        looks += 1
        await follow(self, after)

    monkeypatch.setattr(Feed, "_follow", counted)
    plan = plans[1]
    before = (await here.gateway(plan.initiator).view(plan.operation)).entries
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
        streams = [here.gateway(plan.initiator).changes(plan.operation) for _ in range(20)]
        for one in streams:
            stack.push_async_callback(one.aclose)
        for _ in range(before):
            await asyncio.gather(*(anext(one) for one in streams))
        came = [asyncio.ensure_future(anext(one)) for one in streams]
        given = await here.gateway("uz.police").submit(plan.operation, stop_by("uz.police", plan))
        seen = await asyncio.gather(*came)

    assert {given.receipt.entry.seq} == {one.seq for one in seen}  # type: ignore[union-attr]
    assert 0 < looks < len(streams)


async def test_a_ledger_is_read_page_by_page_and_no_page_is_larger_than_it_may_be(
    at: tuple[Installation, list[Plan]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of three entries, and of as many as have so many bytes, are the whole ledger, also from its middle and at its end."""
    here, (plan, *_) = at
    door, asked, call = here.gateway(plan.initiator), 0, Gateway._call

    async def counted(self: Gateway, *given: Any) -> bytes:
        nonlocal asked
        asked += 1
        return await call(self, *given)

    whole = await door.ledger(plan.operation)
    sizes = [one.weighed()[1] for one in whole if isinstance(one, Entry)]
    monkeypatch.setattr(Gateway, "_call", counted)
    monkeypatch.setattr("gateway.reading.PIECE", 2)
    monkeypatch.setattr("gateway.reading.ENTRIES_OF_A_PAGE", 3)
    by_three, pages = await door.ledger(plan.operation), asked
    rest = [await door.ledger(plan.operation, since) for since in (len(whole) - 2, len(whole), len(whole) + 1)]
    monkeypatch.setattr("gateway.reading.BYTES_OF_A_PAGE", min(sizes))
    asked = 0
    one_by_one = await door.ledger(plan.operation)

    assert whole == by_three == one_by_one
    assert [whole[-2:], [], []] == rest
    assert (-(-len(whole) // 3), len(whole)) == (pages, asked)


@pytest.mark.parametrize("seen", [0.0, 1000.0], ids=["asked about", "seen just before"])
async def test_a_delivery_that_temporal_has_forgotten_is_still_there(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, seen: float
) -> None:
    """Its workflow deleted, it stands in the list, and its view, ledger, stream and packet are as before but for the history;
    what was said in it has its receipt, handed in again, and nothing more is taken.
    """
    monkeypatch.setattr("gateway.runs.STANDS", seen)
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    async with installed(temporal, plan, scenario) as here:
        door = here.gateway(plan.initiator)
        await door.start(signed_plan(plan))
        entries = await here.to_the_end(plan)
        await here.handle(plan).result()
        await forget(temporal, plan)
        (row,) = await door.deliveries()
        shown, ledger = await door.view(plan.operation), await door.ledger(plan.operation)
        proved = verify(await door.packet(plan.operation), here.directory)
        again = await here.to_the_end(plan)
        said = [one for one in entries if isinstance(one.event, Stated)]
        assert isinstance(said[-1].event, Stated)
        envelope = said[-1].event.envelope
        told = await here.gateway(read_statement(envelope).service).submit(plan.operation, envelope)
        with pytest.raises(NotFound):
            await here.gateway("uz.police").submit(plan.operation, stop_by("uz.police", plan))

    assert isinstance(told, SignedReceipt)
    assert said[-1] == told.receipt.entry
    assert (plan.operation, True, shown.outcome, None) == (row.delivery, row.ended, row.outcome, row.alarm)
    assert entries == ledger == again
    assert (len(entries), shown.root) == (shown.entries, proved.root)


async def forget(temporal: Client, plan: Plan) -> None:
    """Delete a workflow that is over, as Temporal does when it has been kept for long enough."""
    execution = WorkflowExecution(workflow_id=workflow_id(plan.operation))
    request = DeleteWorkflowExecutionRequest(namespace=temporal.namespace, workflow_execution=execution)
    await temporal.workflow_service.delete_workflow_execution(request)
    await forgotten(temporal, plan)


async def forgotten(temporal: Client, plan: Plan) -> None:
    """Wait until Temporal knows the workflow no more: it deletes when it has time. Raises `TimeoutError`."""
    async with asyncio.timeout(4 * PATIENCE):
        while True:
            try:
                await temporal.get_workflow_handle(workflow_id(plan.operation)).describe()
            except RPCError:
                return
            await asyncio.sleep(0.02)


async def test_a_delivery_that_somebody_terminated_has_an_alarm_and_nobody_waits_for_its_end(temporal: Client) -> None:
    """What there is of it is shown; the list says that its workflow is gone."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as here:
        door = here.gateway(plan.initiator)
        await door.start(signed_plan(plan))
        await here.opened(plan, "consent-uz")
        await here.handle(plan).terminate()
        seen: list[Entry | Withheld] = []
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(VigilError, match="closed in Temporal without its end"):
                await into(seen, door.changes(plan.operation))
        (row,) = await door.deliveries()

    assert "gone" == row.alarm
    assert all(isinstance(one, Entry) for one in seen)
    assert row.size == len(seen)


async def test_what_is_expunged_is_read_nowhere_any_more_and_its_leaves_stay(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two officers expunge a closed delivery: its title, view, packet and runs are gone; row, leaves and root are as they were.

    Asked again, the answer is the first; an open delivery, and one officer alone, are refused. A page of leaves costs no more
    than a page, however many there are.
    """
    plan, scenario = quick(*example_scenario("destination-refuses"))
    async with installed(temporal, plan, scenario) as here:
        door, office = here.gateway(plan.initiator), here.gateway("administration")
        await door.start(signed_plan(plan))
        given = Approvals(approvals=(approval("administration", "A-1", plan), approval("supervision", "S-1", plan)))
        await here.opened(plan, plan.at("authorise")[0].id)
        with pytest.raises(NotAllowed, match="not closed"):
            await office.expunge(plan.operation, given)
        entries = await here.to_the_end(plan)
        await here.handle(plan).result()
        packet = await door.packet(plan.operation)
        with pytest.raises(NotAllowed, match="two persons"):
            await office.expunge(plan.operation, Approvals(approvals=(given.approvals[0],) * 2))
        with pytest.raises(NotAllowed):
            await door.expunge(plan.operation, given)
        done = [await office.expunge(plan.operation, given), await office.expunge(plan.operation, given)]
        shown = await here.gateway("audit").expunged(plan.operation)
        (row,) = await door.deliveries()
        with monkeypatch.context() as patch:
            patch.setattr(Ledgers, "leaves", None)
            patch.setattr("gateway.reading.ENTRIES_OF_A_PAGE", len(entries) // 3)
            ledger = await door.ledger(plan.operation)
        for look in (door.view, door.packet):
            with pytest.raises(NotAllowed, match="expunged"):
                await look(plan.operation)
        await forgotten(temporal, plan)
        recorded = {one.action for one in (await here.reads.page(0, 1000, plan.operation)).reads}
        proved = verify(packet, here.directory)

    leaves = [bytes.fromhex(one.leaf()) for one in entries]
    assert {"expunge", "expunged"} <= recorded
    assert done[0] == done[1] == shown
    assert [one.hex() for one in leaves] == list(shown.leaves) == [one.leaf for one in ledger if isinstance(one, Withheld)]
    assert root(leaves).hex() == shown.root == proved.root
    assert (True, None, "administration A-1", "supervision S-1") == (row.expunged, row.title, shown.first, shown.second)


def approval(service: str, officer: str, plan: Plan) -> Envelope:
    """What one officer signs."""
    said = {"ordered_by": "Court of Almaty, 12", "law": "Article 240", "at": utc_text(datetime.now(UTC))}
    one = Approval.model_validate(said | {"delivery": plan.operation, "service": service, "officer": officer})
    return sign(canonical(one), EXPUNGE_TYPE, private_key_of(service))
