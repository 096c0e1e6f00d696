"""On Temporal too a delivery keeps the rules it began with: over runs, and over a worker with the new code."""

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.delivery.carried import carried
from domain.delivery.decided import TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.reported import Started, Stated
from domain.plan.plan import Plan
from domain.record import door
from domain.record.door import begin, read_statement
from domain.record.verify import verify
from domain.rules import books
from domain.words.errors import Malformed
from rehearsal.over_http import compressed, factor_for
from rehearsal.scenario import Scenario
from tests.installation import Installation, installed, renamed, stop_by
from tests.second_book import TWO, released
from tests.support import SECRET, example_scenario, signed_plan
from tests.workflows.replaying import COMMITTED, history_in, recorded, replayed, unlike
from tests.workflows.test_builds import worker
from tests.workflows.test_controlled_delivery import started
from workflows import messages
from workflows.messages import GoingOn, RunLength, workflow_id

RESTARTING = 2
"""Times slower than usual, so that nothing comes due while workers come and go."""
NOT_ALL_CHECKED = {
    "service": "uz.customs",
    "at": "tashkent-airport",
    "says": "handover_accepted",
    "details": {"not_checked": "the inner box"},
}


def taking_unseen() -> tuple[Plan, Scenario]:
    """Almaty - Tashkent, where the taker accepts what it has not wholly checked."""
    plan, scenario = example_scenario("almaty-tashkent")
    acts = {"acts": [NOT_ALL_CHECKED]}
    changed = Scenario.model_validate(scenario.model_dump(exclude={"expect", "acts"}) | acts)
    factor = factor_for(plan, changed) / RESTARTING
    return compressed(renamed(plan), factor), compressed(changed, factor)


def acceptances(entries: list[Entry]) -> list[str]:
    """What became of each acceptance of custody in the end: one may have come before the offer, and been taken up."""
    found: dict[str, str] = {}
    for entry in entries:
        match entry.event:
            case Stated(envelope=envelope, verdict=verdict):
                statement = read_statement(envelope)
                if statement.kind == "handover_accepted":
                    found[statement.id] = verdict.verdict
            case TakenUp(statement=name, verdict=verdict) if name in found:
                found[name] = verdict.verdict
    return list(found.values())


def rules_of(entries: list[Entry]) -> int:
    """The version under which it began."""
    first = entries[0].event
    assert isinstance(first, Started)
    return first.rules


async def runs_of(at: Installation, plan: Plan) -> int:
    """How many runs the delivery has had."""
    found = [run async for run in at.client.list_workflows(f"WorkflowId = '{workflow_id(plan.operation)}'")]
    return len(found)


@pytest.mark.slow
async def test_a_delivery_ends_under_the_version_it_began_with(temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun under 1, over several runs and a restart with the program that has 2 as well, it is judged by 1 to its end, and its
    packet verifies under 1.
    """
    plan, scenario = taking_unseen()
    async with installed(temporal, plan, scenario) as at:
        at.task_queue = f"versions-{uuid.uuid4().hex[:8]}"
        async with worker(at, "before"):
            await started(at, plan, pace=RunLength(events=50))
            await at.until(plan, lambda entry: isinstance(entry.event, Stated))
        released(monkeypatch)
        async with worker(at, "after", takes_over=True):
            entries = await at.to_the_end(plan)
            packet = await at.gateway(plan.initiator).packet(plan.operation)
            runs = await runs_of(at, plan)

    assert runs > 2
    assert 1 == rules_of(entries) == verify(packet).rules
    assert ["accepted"] == acceptances(entries), [entry.event.event for entry in entries]
    assert "delivered_with_arrests" == verify(packet).outcome


async def test_a_delivery_that_begins_with_the_new_program_is_under_the_new_version(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same services say the same, and version 2 refuses it, from run to run; its packet verifies under 2."""
    released(monkeypatch)
    plan, scenario = taking_unseen()
    async with installed(temporal, plan, scenario) as at:
        await started(at, plan, pace=RunLength(events=50))
        await at.until(plan, lambda entry: "refused" == getattr(getattr(entry.event, "verdict", None), "verdict", None))
        packet = await at.gateway(plan.initiator).packet(plan.operation)
        entries = await at.to_the_end(plan)

    assert 2 == rules_of(entries) == verify(packet).rules
    assert ["refused"] == acceptances(entries)


@pytest.mark.parametrize("begun", [True, False], ids=["that goes on", "that begins"])
async def test_a_delivery_under_rules_that_the_worker_does_not_have_waits_for_one_that_has(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    """It is judged by no other rules: its task says which version is missing. A stop that is left meanwhile counts once a worker
    has it (R8).
    """
    plan, _ = taking_unseen()
    stop = stop_by("uz.police", plan)
    async with installed(temporal, plan, None) as at:
        at.signs = False
        docket = at.docket(plan, rules=2)
        so_far = begin(signed_plan(plan), docket.snapshot.directory, docket.snapshot.cards, datetime.now(UTC), SECRET, TWO)
        going_on = GoingOn(carried=carried(so_far), secret=docket.secret, pace=docket.pace, snapshot=docket.snapshot)
        await started(at, plan, going_on if begun else docket)
        reason = await asyncio.wait_for(why_its_task_failed(at, plan), 60)
        assert [1] == list(books.BOOKS)
        await at.handle(plan).signal(messages.SUBMIT, at.handed(stop, plan))
        released(monkeypatch)
        await at.kept(plan)
        await at.until(plan, lambda entry: isinstance(entry.event, Stated))
        after = await at.gateway(plan.initiator).ledger(plan.operation)

    assert "version 2 of the rules" in reason
    assert 2 == rules_of(after)
    assert [("accepted", stop)] == [(e.verdict.verdict, e.envelope) for one in after if isinstance(e := one.event, Stated)]


async def test_a_delivery_whose_state_the_worker_cannot_read_waits_for_one_that_can(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build has carried it, of which this one does not know all: the run does not end by that, and a stop that is left
    meanwhile counts once a worker can read it (R8).
    """
    plan, _ = taking_unseen()
    stop = stop_by("uz.police", plan)

    def unread(*_carried: object) -> Delivery:
        raise Malformed("not what a run carries to the next: a word of another build")

    async with installed(temporal, plan, None) as at:
        at.signs = False
        docket = at.docket(plan)
        so_far = begin(
            signed_plan(plan), docket.snapshot.directory, docket.snapshot.cards, datetime.now(UTC), SECRET, books.newest()
        )
        with monkeypatch.context() as other:
            other.setattr(door, "going_on", unread)
            going_on = GoingOn(carried=carried(so_far), secret=docket.secret, pace=docket.pace, snapshot=docket.snapshot)
            await started(at, plan, going_on)
            reason = await asyncio.wait_for(why_its_task_failed(at, plan), 60)
            await at.handle(plan).signal(messages.SUBMIT, at.handed(stop, plan))
        await at.kept(plan)
        await at.until(plan, lambda entry: isinstance(entry.event, Stated))
        after = await at.gateway(plan.initiator).ledger(plan.operation)

    assert "a word of another build" in reason
    assert [("accepted", stop)] == [(e.verdict.verdict, e.envelope) for one in after if isinstance(e := one.event, Stated)]


async def why_its_task_failed(at: Installation, plan: Plan) -> str:
    """What the first task that fails says."""
    while True:
        async for event in at.handle(plan).fetch_history_events():
            if event.HasField("workflow_task_failed_event_attributes"):
                failure = event.workflow_task_failed_event_attributes.failure
                return str(await at.client.data_converter.decode_failure(failure))
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "path",
    [pytest.param(one, marks=pytest.mark.slow if number % 3 else ()) for number, one in enumerate(COMMITTED)],
    ids=lambda path: path.name.removesuffix(".json.gz"),
)
async def test_a_delivery_of_the_old_version_replays_with_the_new_program(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first run too, which begins the delivery again: same commands, same receipts, and the ending that stands there."""
    released(monkeypatch)
    history = history_in(path)

    assert [] == unlike(await replayed(history), recorded(history))
