"""Somebody who may write to Temporal puts a run back: the archive notices, everybody is told, and both histories are kept."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client

from activities.sweep import Sweep
from archive.cached_deliveries import FoldedDeliveries
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from archive.questions import ListQuestion
from domain.delivery.ledger import Entry
from domain.delivery.reported import Diverged, Stated
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.rules.custody import MovementDecision
from domain.rules.handling import Information
from domain.signing.envelope import Envelope
from domain.words.errors import Refused
from process.ring import Wrapping
from process.temporal import delete_runs
from tests.installation import PATIENCE, PAYLOAD_KEYS, VIGIL_KEY, Installation, installed, renamed, said_by, stop_by
from tests.support import example_plan, signed_plan
from tests.workflows.test_controlled_delivery import started
from workflows.messages import QUERY_SIZE, LedgerSize

OPEN = "consent-kz"
LOST = 30
"""Words that are put back: more than what takes their place at first."""


async def put_back(at: Installation, plan: Plan, point: int) -> None:
    """Reset the run to its workflow task number `point`, from 0; nothing that came later is said again."""
    handle = at.handle(plan)
    tasks = [
        event.event_id
        async for event in handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ]
    described = await handle.describe()
    request = ResetWorkflowExecutionRequest(
        namespace=at.client.namespace,
        reason="a test",
        workflow_task_finish_event_id=tasks[point],
        request_id=f"reset-{datetime.now(UTC).timestamp()}",
        reset_reapply_exclude_types=[
            ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
            ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
        ],
    )
    request.workflow_execution.workflow_id = described.id
    request.workflow_execution.run_id = described.run_id
    await at.client.workflow_service.reset_workflow_execution(request)


async def tasks_done(at: Installation, plan: Plan) -> int:
    """How many workflow tasks the run has completed."""
    done = 0
    async for event in at.handle(plan).fetch_history_events():
        done += event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    return done


def archive_of(at: Installation) -> tuple[Ledgers, Deliveries]:
    """Ledgers and lists of an installation."""
    wrapping = Wrapping(PAYLOAD_KEYS)
    return Ledgers(at.reads._database, wrapping), Deliveries(at.reads._database, wrapping)


async def say(at: Installation, service: str, plan: Plan, envelope: Envelope) -> SignedReceipt:
    """Hand it in at the gateway; the receipt."""
    answer = await at.gateway(service).submit(plan.operation, envelope)
    assert isinstance(answer, SignedReceipt)
    return answer


async def follow(at: Installation, plan: Plan, decisions: int) -> list[Entry]:
    """What a supervisor sees as it comes, until so many decisions have been taken."""
    watched: list[Entry] = []
    async for entry in at.gateway("supervision").changes(plan.operation):
        assert isinstance(entry, Entry)
        watched.append(entry)
        decisions -= isinstance(entry.event, Stated) and "movement_decision" == read_statement(entry.event.envelope).kind
        if not decisions:
            break
    return watched


async def recorded(at: Installation, plan: Plan, branch: int = 0) -> Diverged:
    """What the ledger says of this branch, once the archive has it in another."""
    entry = await at.until(plan, lambda entry: isinstance(entry.event, Diverged) and entry.event.branch == branch)
    assert isinstance(entry.event, Diverged)
    await at.caught_up(plan)
    return entry.event


async def swept(at: Installation, plan: Plan, branch: int = 0) -> None:
    """Sweep until the run has been told of the archive's other history; Temporal's list of runs may be a moment behind."""
    sweep = Sweep(at.client, at.task_queue, *archive_of(at), VIGIL_KEY)
    async with asyncio.timeout(PATIENCE):
        while (await at.handle(plan).query(QUERY_SIZE, result_type=LedgerSize)).branch <= branch:
            await sweep.once()


async def begun(at: Installation, plan: Plan) -> int:
    """Start it, and wait until the first consents are asked and the archive has all of it; the task to which it is put back."""
    await started(at, plan)
    await at.opened(plan, OPEN)
    await at.caught_up(plan)
    return await tasks_done(at, plan) - 1


async def stopped_in_vain(at: Installation, plan: Plan, point: int, name: str) -> SignedReceipt:
    """A stop is taken and kept, and the run is put back to before it; its receipt."""
    receipt = await say(at, "uz.police", plan, stop_by("uz.police", plan, name))
    await at.caught_up(plan)
    await put_back(at, plan, point)
    return receipt


@pytest.mark.parametrize("how", ["said", "swept"])
async def test_a_run_that_is_put_back_to_before_a_stop_is_found_out(temporal: Client, how: str) -> None:
    """By the next word that is said, or by the sweep where nobody speaks: a fact says where, the packet has the stop, its receipt
    fits, and another stop is taken meanwhile.
    """
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        point = await begun(at, plan)
        receipt = await stopped_in_vain(at, plan, point, "stop-0001")
        if how == "said":
            await say(at, "kz.knb", plan, said_by("kz.knb", plan, Information(text="all is well")))
        else:
            await swept(at, plan)
        fact = await recorded(at, plan)
        again = await say(at, "uz.police", plan, stop_by("uz.police", plan, "stop-0002"))
        await at.caught_up(plan)
        view = await at.gateway("kz.knb").view(plan.operation)
        packet = await at.gateway("kz.knb").packet(plan.operation)
        row = await archive_of(at)[1].one(ListQuestion(reader="supervision", reach="all"), plan.operation)

    proved = verify(packet, at.directory, [receipt.envelope, again.envelope])
    assert 0 == fact.branch
    assert fact.seq <= receipt.receipt.seq < fact.size
    assert ("stop-0001",) == tuple(one for one in proved.put_back[0].statements if one.startswith("stop"))
    assert "accepted" == again.receipt.verdict.verdict
    assert view.halted is not None
    assert row.alarm in ("other", "ahead")


async def test_two_decide_and_it_goes_on_in_a_branch_of_its_own(temporal: Client) -> None:
    """The alarm ends with the second decision; who follows the changes sees what took the place of what was put back."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        point = await begun(at, plan)
        said = Information(text="all is well")
        for number in range(LOST):
            await say(at, "uz.police", plan, said_by("uz.police", plan, said, f"lost-{number:04}"))
        await at.caught_up(plan)
        follower = asyncio.create_task(follow(at, plan, decisions=2))
        await put_back(at, plan, point)
        await say(at, "kz.knb", plan, said_by("kz.knb", plan, said, "kept-0001"))
        await recorded(at, plan)
        lists = archive_of(at)[1]
        before = await lists.one(ListQuestion(reader="supervision", reach="all"), plan.operation)
        shown = await at.gateway("uz.police").view(plan.operation)
        for service in ("supervision", "kz.prosecutor"):
            asked = (await at.gateway(service).inbox()).requests
            (request,) = (one for one in asked if one.delivery == plan.operation and one.checkpoint.startswith("divergence"))
            decision = MovementDecision(proceed=True, reason="a backup was restored")
            given = await say(at, service, plan, said_by(service, plan, decision, checkpoint=request.checkpoint))
            assert "accepted" == given.receipt.verdict.verdict
        await at.caught_up(plan)
        after = await lists.one(ListQuestion(reader="supervision", reach="all"), plan.operation)
        delivery = await FoldedDeliveries(archive_of(at)[0]).newest(plan.operation)
        watched = await asyncio.wait_for(follower, PATIENCE)

    assert before.alarm is not None
    assert shown.diverged is not None, "who knows more entries than there are now is shown what there is"
    assert (None, 1) == (after.alarm, after.branch)
    assert delivery.state.divergence is None
    fork = next(one for one in watched if isinstance(one.event, Diverged))
    assert fork == delivery.ledger[fork.seq]
    newest = {entry.seq: entry for entry in watched}
    assert [newest[seq] for seq in range(watched[-1].seq + 1)] == list(delivery.ledger)[: watched[-1].seq + 1]


async def test_the_sweep_finds_a_second_put_back_to_before_the_first(temporal: Client) -> None:
    """A run that states an older history than the archive's newest is behind it for certain, whatever their sizes."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        point = await begun(at, plan)
        await stopped_in_vain(at, plan, point, "stop-0001")
        await swept(at, plan)
        await recorded(at, plan)
        await stopped_in_vain(at, plan, point, "stop-0002")
        await swept(at, plan, branch=1)
        await recorded(at, plan, branch=1)
        packet = await at.gateway("kz.knb").packet(plan.operation)

    assert [0, 1] == [one.branch for one in verify(packet, at.directory).put_back]


async def test_a_run_that_was_ended_from_outside_is_an_alarm_until_it_is_brought_back(temporal: Client) -> None:
    """Nobody has said anything since: the sweep alone finds that it is gone, and that it goes on from what is kept."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        point = await begun(at, plan)
        ledgers, deliveries = archive_of(at)
        sweep = Sweep(at.client, at.task_queue, ledgers, deliveries, VIGIL_KEY)
        held = await ledgers.held(plan.operation)

        async def says(*alarmed: str) -> None:
            async with asyncio.timeout(PATIENCE):
                while await deliveries.alarmed() != alarmed:
                    await sweep.once()

        await at.handle(plan).terminate("by mistake")
        await says(plan.operation)
        await put_back(at, plan, point)
        await says()

        assert held == await ledgers.held(plan.operation)


async def test_what_somebody_has_invented_in_temporal_keeps_the_sweep_from_nothing(temporal: Client) -> None:
    """Runs of code names that the archive does not know are not asked, however many there are, and however often."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        await begun(at, plan)
        ledgers, deliveries = archive_of(at)
        sweep, asked = Sweep(at.client, at.task_queue, ledgers, deliveries, VIGIL_KEY), list[str]()

        async def running() -> dict[str, str]:
            return {f"aa-{number}": "a run" for number in range(400)} | {plan.operation: "another run"}

        async def compared(name: str, _held: object) -> None:
            asked.append(name)
            raise RuntimeError("whatever comes of it")

        sweep._running, sweep._compared = running, compared  # type: ignore[method-assign]
        await sweep.once()
        await sweep.once()

    assert [plan.operation] * 2 == asked


async def test_a_code_name_is_not_used_again_when_temporal_has_forgotten_it(temporal: Client) -> None:
    """What the archive has is nobody's to begin anew: nothing of it changes."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        await begun(at, plan)
        before = await archive_of(at)[0].held(plan.operation)
        await delete_runs(at.client, at.handle(plan).id, timedelta(seconds=10))
        with pytest.raises(Refused, match=r"cannot be started: 1 fault$"):
            await at.gateway(plan.initiator).start(signed_plan(plan))
        after = await archive_of(at)[0].held(plan.operation)

    assert before == after
