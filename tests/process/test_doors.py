import asyncio
import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from google.protobuf.message import Message
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue, RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from domain.signing.canonical import Frozen
    from process.codec import converter
    from process.ring import new_ring
    from process.temporal import readable
    from worker import sandbox

PATIENCE = 20.0
HIDDEN = "hidden"
"""Stands in everything that goes through any door."""


class Words(Frozen):
    """What goes through a door."""

    text: str
    run: int = 1


@activity.defn
async def remember(words: Words) -> Words:
    """Fail once with words, leaving a heartbeat to the next attempt; tell what it left."""
    left = activity.info().heartbeat_details
    if not left:
        activity.heartbeat(Words(text=f"{HIDDEN}-heartbeat"))
        raise ApplicationError(f"{HIDDEN}-failure", Words(text=f"{HIDDEN}-failure-detail"), type="Again")
    await (
        activity.client()
        .get_workflow_handle(activity.info().workflow_id or "")
        .signal(Doors.hear, Words(text=f"{HIDDEN}-signal-of-activity"))
    )
    return Words(text=f"{words.text} {left[0]['text']}")


@workflow.defn
class Doors:
    """Every way in and out of a workflow that Vigil uses."""

    @workflow.init
    def __init__(self, words: Words) -> None:
        self._heard = [words.text]

    @workflow.run
    async def run(self, words: Words) -> Words:
        """Use them, go on as new, and end well or badly as told."""
        workflow.set_current_details(f"{HIDDEN}-current-details")
        if words.run == 1:
            workflow.upsert_memo({"changed": f"{HIDDEN}-memo-changed"})
            told = await workflow.execute_activity(
                remember,
                Words(text=f"{HIDDEN}-argument"),
                start_to_close_timeout=timedelta(seconds=20),
                summary=f"{HIDDEN}-activity-summary",
                retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=500)),
            )
            self._heard.append(told.text)
            await workflow.sleep(0.01, summary=f"{HIDDEN}-timer-summary")
        await workflow.wait_condition(lambda: f"{HIDDEN}-go-on" in self._heard)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if f"{HIDDEN}-badly" in self._heard:
            raise ApplicationError(f"{HIDDEN}-end", Words(text=f"{HIDDEN}-end-detail"), type="Badly")
        if words.run == 1:
            workflow.continue_as_new(Words(text=" ".join(self._heard), run=2))
        return Words(text=" ".join(self._heard))

    @workflow.signal
    def hear(self, words: Words) -> None:
        """Take it in."""
        self._heard.append(words.text)

    @workflow.update
    def take(self, words: Words) -> Words:
        """Take it in and say so."""
        self._heard.append(words.text)
        return Words(text=f"{words.text}-taken")

    @take.validator
    def _check(self, words: Words) -> None:
        if words.text.endswith("bad"):
            raise ApplicationError(f"{HIDDEN}-refusal", Words(text=f"{HIDDEN}-refusal-detail"), type="Bad")

    @workflow.query
    def tell(self, words: Words) -> Words:
        """Say it back, with all that was heard."""
        return Words(text=" ".join([words.text, *self._heard]))


Handle = WorkflowHandle[Doors, Words]


@dataclass
class At:
    """One workflow at work, and what a stranger with the server's own client reads of it."""

    temporal: Client
    stranger: Client
    handle: Handle
    seen: list[bytes]

    async def look(self) -> None:
        """Take down everything that the server tells a stranger now."""
        execution = self.stranger.get_workflow_handle(self.handle.id)
        self.see((await execution.describe()).raw_description)
        self.see(*(await execution.fetch_history()).events)
        self.see(*[one.raw_info async for one in self.stranger.list_workflows(f"WorkflowId = '{self.handle.id}'")])

    def see(self, *messages: Message) -> None:
        """Take these down as they are now: to read a failure is to change it. A message's bytes hold those of its payloads."""
        self.seen.extend(one.SerializeToString() for one in messages)

    def plain(self) -> list[bytes]:
        """What of it is in clear."""
        return [one for one in self.seen if HIDDEN.encode() in one]


@asynccontextmanager
async def at_work(temporal: Client) -> AsyncIterator[At]:
    """A worker, and the workflow started with everything a start may carry."""
    name = f"doors-{uuid.uuid4().hex[:8]}"
    stranger = await Client.connect(temporal.service_client.config.target_host, data_converter=pydantic_data_converter)
    async with Worker(temporal, task_queue=name, workflows=[Doors], activities=[remember], workflow_runner=sandbox()):
        handle = await temporal.start_workflow(
            Doors.run,
            Words(text=f"{HIDDEN}-start"),
            id=name,
            task_queue=name,
            memo={"kept": f"{HIDDEN}-memo"},
            static_summary=f"{HIDDEN}-static-summary",
            static_details=f"{HIDDEN}-static-details",
        )
        try:
            yield At(temporal, stranger, handle, [])
        finally:
            description = await handle.describe()
            if description.status == WorkflowExecutionStatus.RUNNING:
                await handle.terminate()


async def until_pending_says(at: At, word: str) -> str:
    """The failure of the pending activity, as it is read with the keys; a stranger looks at it at the same moment."""
    async with asyncio.timeout(60):
        while True:
            description = await at.handle.describe()
            for one in description.raw_description.pending_activities:
                if one.HasField("last_failure"):
                    at.see(description.raw_description)
                    failure = await description.data_converter.decode_failure(one.last_failure)
                    assert word in str(failure)
                    return str(failure)


def missing(expected: Iterable[str], text: str) -> list[str]:
    """What is not in the text."""
    return [word for word in expected if f"{HIDDEN}-{word}" not in text]


async def test_through_every_door_everything_comes_back_and_nothing_is_plain(temporal: Client) -> None:
    """Start, signal, query, update, refusal, activity, heartbeat, failure, memo, summaries, details, continue-as-new, end."""
    async with at_work(temporal) as at:
        await until_pending_says(at, f"{HIDDEN}-failure")
        await at.look()
        taken = await at.handle.execute_update(Doors.take, Words(text=f"{HIDDEN}-update"))
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await at.handle.execute_update(Doors.take, Words(text=f"{HIDDEN}-bad"))
        await at.handle.signal(Doors.hear, Words(text=f"{HIDDEN}-signal"))
        told = await at.handle.query(Doors.tell, Words(text=f"{HIDDEN}-question"))
        metadata: object = await at.handle.query("__temporal_workflow_metadata")
        description = await at.handle.describe()
        await at.handle.signal(Doors.hear, Words(text=f"{HIDDEN}-go-on"))
        first_run = at.temporal.get_workflow_handle(at.handle.id, run_id=at.handle.first_execution_run_id)
        async with asyncio.timeout(60):
            while (await first_run.describe()).status == WorkflowExecutionStatus.RUNNING:  # noqa: ASYNC110 - until it is new
                await asyncio.sleep(0.02)
        history = await first_run.fetch_history()
        at.see(*history.events)
        again = at.temporal.get_workflow_handle_for(Doors.run, at.handle.id)
        await again.signal(Doors.hear, Words(text=f"{HIDDEN}-go-on"))
        ended = await again.result()
        await at.look()
        read = readable(history, at.temporal)

    assert f"{HIDDEN}-update-taken" == taken.text
    assert isinstance(refused.value.cause, ApplicationError)
    assert (f"{HIDDEN}-refusal", {"text": f"{HIDDEN}-refusal-detail", "run": 1}) == (
        refused.value.cause.message,
        refused.value.cause.details[0],
    )
    assert [] == missing(("question", "start", "update", "signal"), told.text)
    assert f"{HIDDEN}-current-details" in str(metadata)
    assert f"{HIDDEN}-memo" == await description.memo_value("kept")
    assert f"{HIDDEN}-memo-changed" == await description.memo_value("changed")
    assert f"{HIDDEN}-static-summary" == await description.static_summary()
    assert f"{HIDDEN}-static-details" == await description.static_details()
    everything = ("start", "update", "signal", "argument", "heartbeat", "signal-of-activity", "go-on")
    assert [] == missing(everything, ended.text)
    assert [] == at.plain()
    assert (
        HIDDEN
        in b64decode(
            json.loads(read)["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]["data"]
        ).decode()
    )
    assert b64encode(b"binary/encrypted").decode() not in read
    assert len(at.seen) > 40


async def test_a_bad_end_is_encrypted_too(temporal: Client) -> None:
    """The message, the details and the trace of a failed workflow: the caller reads them, a stranger does not."""
    async with at_work(temporal) as at:
        await at.handle.signal(Doors.hear, Words(text=f"{HIDDEN}-badly"))
        await at.handle.signal(Doors.hear, Words(text=f"{HIDDEN}-go-on"))
        with pytest.raises(WorkflowFailureError) as failed:
            await at.handle.result()
        await at.look()

    assert isinstance(failed.value.cause, ApplicationError)
    assert (f"{HIDDEN}-end", "Badly") == (failed.value.cause.message, failed.value.cause.type)
    assert {"text": f"{HIDDEN}-end-detail", "run": 1} == failed.value.cause.details[0]
    assert [] == at.plain()
    assert any(b"Encoded failure" in one for one in at.seen)


async def test_a_stranger_s_plain_payloads_are_seen_by_the_same_look(temporal: Client) -> None:
    """The search above would find something: what is written without the codec is plain."""
    async with at_work(temporal) as at:
        await at.stranger.get_workflow_handle(at.handle.id).signal("hear", Words(text=f"{HIDDEN}-forged"))
        async with asyncio.timeout(PATIENCE):
            while not at.plain():  # a signal that comes during a workflow task stands in the history once that is over
                await at.look()

    assert 1 == len(at.plain())


async def test_what_somebody_else_writes_into_the_server_changes_nothing_and_stops_nothing(
    temporal: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A plain signal, update or query is dropped, rejected, failed, and logged without its content; so is one moved from another
    delivery or encrypted with another's key. The delivery goes on.
    """
    other = await Client.connect(temporal.service_client.config.target_host, data_converter=converter(new_ring()))
    async with at_work(temporal) as at, at_work(temporal) as another:
        await another.handle.signal(Doors.hear, Words(text=f"{HIDDEN}-moved"))
        moved: list[Payload] = []
        while not moved:  # a signal that comes during a workflow task stands in the history once that is over
            events = (await another.handle.fetch_history()).events
            moved = [one for event in events for one in event.workflow_execution_signaled_event_attributes.input.payloads]
        outside = at.stranger.get_workflow_handle(at.handle.id)
        await outside.signal("hear", Words(text=f"{HIDDEN}-forged"))
        await outside.signal("hear", RawValue(moved[0]))
        with pytest.raises(WorkflowUpdateFailedError):
            await outside.execute_update("take", Words(text=f"{HIDDEN}-forged"))
        with pytest.raises(WorkflowQueryFailedError):
            await outside.query("tell", Words(text=f"{HIDDEN}-forged"))
        with pytest.raises(WorkflowQueryFailedError):
            await other.get_workflow_handle(at.handle.id).query("tell", Words(text=f"{HIDDEN}-forged"))
        told = await at.handle.query(Doors.tell, Words(text="now"))
        taken = await at.handle.execute_update(Doors.take, Words(text=f"{HIDDEN}-update"))

    assert told.text.startswith(f"now {HIDDEN}-start")  # its activity may have come back meanwhile
    assert {f"{HIDDEN}-forged", f"{HIDDEN}-moved"}.isdisjoint(told.text.split())
    assert f"{HIDDEN}-update-taken" == taken.text
    assert "a payload was refused: it is not encrypted" in caplog.text
    assert "a payload was refused: it belongs to another delivery" in caplog.text
    assert "is missing here, and Temporal holds what was encrypted with it" in caplog.text
    assert f"{HIDDEN}-forged" not in caplog.text
