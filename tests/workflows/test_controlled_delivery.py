import asyncio
import os
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError

from domain.delivery.ledger import Entry, Kept, Receipt
from domain.delivery.reported import Stated
from domain.plan.plan import Plan
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.signing.envelope import Envelope
from domain.signing.tree import root
from gateway.temporal import answer_to
from rehearsal.invariants import Checker
from tests.installation import Installation, installed, quick, stop_by
from tests.support import SAMPLED, SCENARIOS, example_plan, example_scenario, signed_plan
from worker import worker_for
from workflows import messages
from workflows.messages import CheckpointWait, Docket, Ending, GoingOn, RunLength, update_id, workflow_id

NOISES = 30
"""Forged statements that are sent: more than the events which a delivery that waits writes meanwhile."""


async def started(at: Installation, plan: Plan, docket: Docket | GoingOn | None = None, **more: Any) -> None:
    """Start the workflow as the gateway would, or as a run before it."""
    participants = SearchAttributeKey.for_keyword_list(messages.PARTICIPANTS)
    await at.client.start_workflow(
        messages.WORKFLOW,
        docket or at.docket(plan, **more),
        id=workflow_id(plan.operation),
        task_queue=at.task_queue,
        search_attributes=TypedSearchAttributes([SearchAttributePair(participants, list(plan.participants()))]),
    )


async def update(at: Installation, plan: Plan, envelope: Envelope, name: str) -> Receipt | Kept:
    """Submit by Update under a given update id, as the gateway does."""
    handed = at.handed(envelope, plan)
    update = at.handle(plan).execute_update(messages.SUBMIT, handed, id=name, result_type=messages.ANSWER)
    answer: Receipt | Kept = await answer_to(update, messages.ANSWER)
    return answer


async def updates_of(at: Installation, plan: Plan) -> int:
    """How many Updates stand in the history of the newest run."""
    events = (await at.handle(plan).fetch_history()).events
    return sum(one.HasField("workflow_execution_update_accepted_event_attributes") for one in events)


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.core if one in SAMPLED else ()) for one in SCENARIOS])
async def test_every_example_ends_on_temporal_as_its_scenario_says(temporal: Client, name: str) -> None:
    """On a real server, with every service over HTTP, each example ends as expected and its packet verifies."""
    plan, scenario = quick(*example_scenario(name))
    async with installed(temporal, plan, scenario) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        entries = await at.to_the_end(plan)
        ending: Ending = await at.client.get_workflow_handle(workflow_id(plan.operation), result_type=Ending).result()
        proved = verify(await at.gateway(plan.initiator).packet(plan.operation), at.directory)
        waiting = await asked_about(at, plan)

    assert scenario.expect is not None
    assert scenario.expect.outcome == ending.outcome == proved.outcome
    assert root([bytes.fromhex(one.leaf()) for one in entries]).hex() == ending.root == proved.root
    assert not waiting
    Checker(plan).check(entries)


@pytest.mark.core
async def test_the_same_statement_again_gets_its_first_receipt_and_no_second_entry(temporal: Client) -> None:
    """Idempotent by statement id in the workflow's own state, whatever the update's id."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        stop = stop_by("uz.police", plan)
        first = await update(at, plan, stop, "one")
        again = await update(at, plan, stop, "two")
        await at.caught_up(plan)
        ledger = await at.gateway(plan.initiator).ledger(plan.operation)

    assert (first.seq, first.fingerprint) == (again.seq, again.fingerprint)
    assert 1 == sum(isinstance(entry.event, Stated) for entry in ledger)


@pytest.mark.core
async def test_another_content_under_the_same_statement_id_is_recorded_as_refused(temporal: Client) -> None:
    """R18 through the real door: Temporal's own deduplication by update id does not hide the attempt."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        door = at.gateway("uz.police")
        await door.submit(plan.operation, stop_by("uz.police", plan, "statement-1"))
        second = await door.submit(plan.operation, stop_by("uz.police", plan, "statement-1", "something else"))
        assert isinstance(second, SignedReceipt)

    assert ("refused", "R18") == (second.receipt.verdict.verdict, second.receipt.verdict.rule)


async def test_noise_leaves_no_trace_in_temporals_history(temporal: Client) -> None:
    """The validator refuses forged statements before anything is written: what the delivery does by itself is all that comes."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    forged = stop_by("uz.police", plan).model_copy(update={"payload": stop_by("kz.knb", plan).payload})
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        await at.until(plan, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "consent-uz")
        before = len((await at.handle(plan).fetch_history()).events)
        for number in range(NOISES):
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await update(at, plan, forged, f"forged-{number}")
            assert isinstance(refused.value.cause, ApplicationError)
            assert "not-authentic" == refused.value.cause.type
        history = await at.handle(plan).fetch_history()

    assert "forged-" not in history.to_json()
    assert len(history.events) - before < NOISES


@pytest.mark.core
async def test_a_signal_feeds_the_same_door(temporal: Client) -> None:
    """Store and forward: what is left by signal is judged as if submitted, and a later update gets the same receipt."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    stop = stop_by("uz.customs", plan)
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        await at.handle(plan).signal(messages.SUBMIT, at.handed(stop, plan))
        await at.kept(plan)
        entry = await at.until(plan, lambda entry: isinstance(entry.event, Stated))
        answer = await update(at, plan, stop, "again")

    assert isinstance(entry.event, Stated)
    assert entry.seq == answer.seq
    assert "accepted" == entry.event.verdict.verdict


async def test_a_delivery_continues_as_new_with_checkpoints_open_and_loses_nothing(temporal: Client) -> None:
    """With runs as short as fifty events the ledger goes on unbroken, whatever is open, and old ids are still known."""
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    async with installed(temporal, plan, scenario) as at:
        await started(at, plan, pace=RunLength(events=50))
        first = await at.until(plan, lambda entry: isinstance(entry.event, Stated))
        assert isinstance(first.event, Stated)
        entries = await at.to_the_end(plan)
        runs = [run async for run in temporal.list_workflows(f"WorkflowId = '{workflow_id(plan.operation)}'")]
        again = await at.gateway(plan.initiator).submit(plan.operation, first.event.envelope)
        assert isinstance(again, SignedReceipt)

    assert len(runs) > 2
    assert "ended" == entries[-1].event.event
    assert first.seq == again.receipt.seq
    Checker(plan).check(entries)


async def test_temporals_own_ui_reads_like_the_operation(temporal: Client) -> None:
    """While a checkpoint waits, its one activity is pending with whom it waits for and until when, with no trace of a program; it
    is tried again when that is due, or in a day; and the details say the same.
    """
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.until(plan, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "consent-uz")
        waits = await parked(at, plan)
        details: str = await at.handle(plan).query("__temporal_workflow_metadata")
        described = await at.handle(plan).describe()
        pending = described.raw_description.pending_activities
        failures = [await temporal.data_converter.decode_failure(one.last_failure) for one in pending]

    assert {f"Waiting: waiting for {one}.prosecutor (asked) at consent-{one}, due" for one in ("kz", "uz")} == {
        one.rpartition(" due ")[0] + " due" for one in waits
    }
    assert all(one.endswith("Z; this is no failure") for one in waits)
    assert all(one.__cause__ is None and not one.failure.stack_trace for one in failures)  # type: ignore[attr-defined]
    assert all(timedelta() < one.current_retry_interval.ToTimedelta() <= timedelta(days=1) for one in pending)
    assert "consent-uz waits for uz.prosecutor" in str(details)


async def parked(at: Installation, plan: Plan) -> list[str]:
    """What each pending activity says it waits for, once both have parked."""
    async with asyncio.timeout(60):
        while True:
            description = (await at.handle(plan).describe()).raw_description
            pending = {one.activity_id: one.last_failure for one in description.pending_activities}
            if len(pending) == 2 and all(failure.message for failure in pending.values()):
                converter = at.client.data_converter
                return [str(await converter.decode_failure(failure)) for failure in pending.values()]


@pytest.mark.core
async def test_nothing_stays_pending_behind_a_closed_checkpoint(temporal: Client) -> None:
    """The moment a stop closes the consent checkpoints, their activities are gone; only those of the stop remain."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.until(plan, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "consent-uz")
        await parked(at, plan)
        await at.gateway("uz.police").submit(plan.operation, stop_by("uz.police", plan))
        await at.until(plan, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "stop.interdiction")
        async with asyncio.timeout(60):
            while len(waits := await asked_about(at, plan)) != 2:
                pass

    assert {"stop.interdiction", "stop.acknowledged"} == set(waits)


async def asked_about(at: Installation, plan: Plan) -> list[str]:
    """The checkpoints whose activities are pending."""
    pending = {one.activity_id for one in (await at.handle(plan).describe()).raw_description.pending_activities}
    return [name for one, name in (await scheduled(at, plan)).items() if one in pending]


async def scheduled(at: Installation, plan: Plan) -> dict[str, str]:
    """The checkpoint of each activity that waits at one, by its id."""
    found: dict[str, str] = {}
    for event in (await at.handle(plan).fetch_history()).events:
        one = event.activity_task_scheduled_event_attributes
        if one.activity_type.name == messages.AWAIT_CONFIRMATIONS:
            (wait,) = await at.client.data_converter.decode(one.input.payloads, [CheckpointWait])
            found[one.activity_id] = wait.checkpoint
    return found


async def test_an_activity_is_scheduled_once_for_each_checkpoint(temporal: Client) -> None:
    """However many services a checkpoint asks, its history holds one scheduled activity."""
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    async with installed(temporal, plan, scenario) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        entries = await at.to_the_end(plan)
        waits = await scheduled(at, plan)

    opened = [entry.event.checkpoint for entry in entries if entry.event.event == "opened"]
    assert sorted(opened) == sorted(waits.values())


@pytest.mark.parametrize("left", [False, True], ids=["and nothing is left", "and a stop was left"])
async def test_a_docket_that_is_not_right_fails_the_workflow_and_does_not_hang_it(temporal: Client, *, left: bool) -> None:
    """A plan signed by someone else than its initiator: our error becomes the workflow's failure at the one boundary, also where
    something was left for it before a worker came.
    """
    plan = example_plan().model_copy(update={"operation": f"forged-{uuid.uuid4().hex[:8]}"})
    async with installed(temporal, plan, None) as at:
        docket = at.docket(plan)
        other = signed_plan(plan.model_copy(update={"initiator": "kz.police"}))
        forged = docket.plan.model_copy(update={"signatures": other.signatures})
        await at.client.start_workflow(
            messages.WORKFLOW,
            docket.model_copy(update={"plan": forged}),
            id=workflow_id(plan.operation),
            task_queue=at.task_queue,
            start_signal=messages.SUBMIT if left else None,
            start_signal_args=[at.handed(stop_by("uz.police", plan), plan)] if left else [],
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await asyncio.wait_for(at.handle(plan).result(), 60)

    assert isinstance(failed.value.cause, ApplicationError)
    assert "not-authentic" == failed.value.cause.type


async def test_ids_and_search_attributes_hold_code_names_only(temporal: Client) -> None:
    """What Temporal never encrypts says nothing about persons, places or goods."""
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    async with installed(temporal, plan, scenario) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        entries: list[Entry] = await at.to_the_end(plan)
        history = await at.handle(plan).fetch_history()

    secrets = ("mephedrone", "Tashkent", "tashkent-airport", "CP220322019KZ", "Household")
    plain = re.sub(r'"data": ?"[^"]*"', "", history.to_json())  # payloads are for the codec
    assert entries
    assert [] == [secret for secret in secrets if secret in plain]
    assert re.fullmatch("[0-9a-f]{32}", update_id(stop_by("kz.knb", plan)))


async def test_a_service_with_a_task_queue_of_its_own_is_asked_through_it(temporal: Client) -> None:
    """The directory says where workers can reach a service; the activity that asks it is scheduled there, others as usual."""
    plan = quick(*example_scenario("moscow-vector"))[0]
    async with installed(temporal, plan, None) as at:
        services = tuple(
            one.model_copy(update={"task_queue": "svc.ru.customs"}) if one.id == "ru.customs" else one
            for one in at.directory.services
        )
        at.directory = at.directory.model_copy(update={"services": services})
        await started(at, plan)
        await at.until(plan, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "consent-ru")
        history, names = await at.handle(plan).fetch_history(), await scheduled(at, plan)

    queues = sorted(
        (names[one.activity_id], one.task_queue.name)
        for one in (event.activity_task_scheduled_event_attributes for event in history.events)
        if one.activity_id in names
    )
    own = at.task_queue
    expected = [("consent-kz", own), ("consent-ru", "svc.ru.customs"), ("deconfliction.1", own), ("detection.1", own)]
    assert sorted(expected) == queues


async def test_a_worker_has_half_a_minute_for_a_task(temporal: Client) -> None:
    """Where many are replayed at once on a slow machine, the server's ten seconds finish none. A
    worker has no more of them in hand than its cores get done.
    """
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    async with installed(temporal, plan, None) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.opened(plan, "consent-uz")
        begun = await begun_with(at.handle(plan))

        one = worker_for(temporal, at.task_queue, at.of_worker, *at.parts, build="another", grace=timedelta(seconds=1))

    assert timedelta(seconds=30) == begun.workflow_task_timeout.ToTimedelta()
    assert one.config()["max_concurrent_workflow_tasks"] == 2 * (os.cpu_count() or 1)


async def begun_with(run: WorkflowHandle[Any, Any]) -> WorkflowExecutionStartedEventAttributes:
    """What a run was begun with."""
    return (await run.fetch_history()).events[0].workflow_execution_started_event_attributes
