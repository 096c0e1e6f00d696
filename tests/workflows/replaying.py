"""Replay a recorded history, whole or up to any of its tasks, and note what comes of it; and what the history says itself.

A worker that comes cold to a run sees what the history has so far, and must bring about what the worker that was there did.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from gzip import decompress
from itertools import takewhile
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowInstance, WorkflowInstanceDetails

from domain.signing.tree import Frontier
from process.codec import Converter
from workflows.controlled_delivery import ControlledDelivery
from workflows.messages import KEEP, KeepErrand

HISTORIES = Path(__file__).parent.parent / "histories"
COMMITTED = sorted(HISTORIES.glob("*.json.gz"))
READABLE = DataConverter(payload_converter_class=Converter)
"""The converter of every process, but that nothing is encrypted, as in a committed history."""

Outcome = tuple[str, ...]
"""What a run brought about outside, to the byte: an answer, a batch for the archive, the memo, how it ended. Of another activity
that it was sent: how it is asked and told may be worded otherwise at any time.
"""


@dataclass(frozen=True)
class Head:
    """How the ledger stood."""

    size: int
    root: str


@dataclass(frozen=True)
class Task:
    """A workflow task that was completed."""

    began: int
    """The event with which it started."""
    ended: int
    """The event with which it was completed."""
    answers: bool
    """Whether it answered an update: of that nothing stands in the history before it was completed."""
    took: bool
    """Whether it was given anything, beside updates."""
    idle: bool
    """Whether it made no command: a replay may take it together with the next one."""
    outcomes: int
    """How many outcomes there are up to its end."""


@dataclass
class Recorded:
    """What a history says."""

    outcomes: list[Outcome] = field(default_factory=list, repr=False)
    tasks: list[Task] = field(default_factory=list)
    roots: dict[int, str] = field(default_factory=dict)
    """The root of the ledger at each size, from all that was handed to the archive."""
    kinds: set[str] = field(default_factory=set)
    """Of the entries that were handed to the archive."""


@dataclass(frozen=True)
class Standing:
    """How a run stands."""

    head: Head
    alarm: datetime | None
    """The moment for which its alarm is set."""
    behind: bool
    """Whether the archive is behind."""


@dataclass(frozen=True)
class Step:
    """What a workflow was given at once, what it had done when it was through with it, and how it stood then."""

    given: bytes
    """A `WorkflowActivation`."""
    done: bytes
    """A `WorkflowActivationCompletion`."""
    stood: Standing


@dataclass
class Seen:
    """What a replay brought about."""

    outcomes: list[Outcome] = field(default_factory=list)
    after: dict[int, tuple[Head, int]] = field(default_factory=dict)
    """How the ledger stood at the end of a task, and how many outcomes there were; by the event with which it started."""
    details: WorkflowInstanceDetails | None = None
    """What another instance of the same run is made from."""
    steps: list[Step] = field(default_factory=list)


@cache
def history_in(path: Path) -> WorkflowHistory:
    """A committed history, which nobody changes."""
    return WorkflowHistory.from_json(f"replay-{path.stem}", decompress(path.read_bytes()).decode())


TAKEN = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_TIMER_FIRED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
)
"""What a workflow is given. That an activity which it has cancelled is gone is nothing to it."""


def recorded(history: WorkflowHistory) -> Recorded:
    """What a history says by itself."""
    found, events, took = Recorded(), list(history.events), False
    left = {one.activity_task_cancel_requested_event_attributes.scheduled_event_id for one in events} - {0}
    for number, event in enumerate(events):
        took |= event.event_type in TAKEN and event.activity_task_failed_event_attributes.scheduled_event_id not in left
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            continue
        made = list(takewhile(_is_made, events[number + 1 :]))
        found.outcomes += [one for one in map(_of_event, made) if one is not None]
        found.tasks.append(
            Task(
                began=event.workflow_task_completed_event_attributes.started_event_id,
                ended=event.event_id,
                answers=any(one.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED for one in made),
                took=took,
                idle=not made,
                outcomes=len(found.outcomes),
            )
        )
        took = False
    _weigh(found)
    return found


def _weigh(found: Recorded) -> None:
    """The roots and kinds of all that was handed to the archive; what was handed over twice must be the same twice."""
    tree, leaves = Frontier(), dict[int, str]()
    for *_, batch in (one for one in found.outcomes if one[0] == KEEP):
        errand = KeepErrand.model_validate_json(batch)
        if not leaves:
            tree = Frontier(errand.first, tuple(map(bytes.fromhex, errand.peaks)))
            found.roots[tree.size] = tree.root().hex()
        for entry in errand.entries:
            known = leaves.setdefault(entry.seq, entry.leaf())
            assert known == entry.leaf(), f"two entries {entry.seq} were handed over"
            if entry.seq == tree.size:
                tree.append(bytes.fromhex(known))
                found.roots[tree.size] = tree.root().hex()
            found.kinds.add(entry.event.event)
        assert found.roots[errand.size] == errand.root, f"another root was handed over at {errand.size}"


async def replays(histories: Iterable[WorkflowHistory]) -> AsyncIterator[Seen]:
    """What each of these histories brings about."""

    async def in_turn() -> AsyncIterator[WorkflowHistory]:
        for one in histories:
            yield one

    watching = Watching()
    replayer = Replayer(
        workflows=[ControlledDelivery],
        data_converter=READABLE,
        workflow_runner=watching,
        debug_mode=True,  # on a busy machine two seconds pass without anybody having waited for anything
    )
    async with replayer.workflow_replay_iterator(in_turn()) as results:
        async for result in results:
            if result.replay_failure is not None:
                raise result.replay_failure
            yield watching.seen


async def replayed(history: WorkflowHistory) -> Seen:
    """What this history brings about."""
    (seen,) = [one async for one in replays([history])]
    return seen


class Watching(UnsandboxedWorkflowRunner):
    """Runs a workflow, and notes what comes of each of its tasks."""

    def __init__(self) -> None:
        self.seen = Seen()
        """Of the run that it began last."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """As the one it is, with its answers noted."""
        instance: Any = super().create_instance(det)
        activate, seen = instance.activate, Seen(details=det)
        self.seen = seen

        def noted(given: WorkflowActivation) -> WorkflowActivationCompletion:
            done: WorkflowActivationCompletion = activate(given)
            if not given.jobs[0].HasField("remove_from_cache"):
                step = Step(given.SerializeToString(), done.SerializeToString(), stands(instance))
                seen.outcomes += [one for one in map(of_command, done.successful.commands) if one is not None]
                seen.after[given.history_length] = step.stood.head, len(seen.outcomes)
                seen.steps.append(step)
            return done

        instance.activate = noted
        return instance  # type: ignore[no-any-return]  # it is what it was


def stands(instance: Any) -> Standing:
    """How the run of this instance stands."""
    delivery, stage = instance._object._delivery, instance._object._stage
    head = Head(len(delivery.ledger), delivery.ledger.root)
    return Standing(head, alarm=stage._alarm_at, behind=delivery.state.behind is not None)


def unlike(seen: Seen, history: Recorded, until: Task | None = None, heads: Seen | None = None) -> list[str]:
    """In what a replay, to the end or of a history that ends as this task begins, differs from what is recorded. `heads`: another
    replay, with which its ledger is compared after each task besides.
    """
    # what the last task answered does not stand in a history that ends as it begins, so that nothing of that task can be compared
    tasks = [one for one in history.tasks if until is None or one.began < until.began or (one == until and not one.answers)]
    told = history.outcomes[: tasks[-1].outcomes if tasks else 0]
    found = [f"outcome {at}" for at, (one, other) in enumerate(zip(seen.outcomes, told, strict=False)) if one != other]
    if len(seen.outcomes) < len(told) or (len(seen.outcomes) > len(told) and (until is None or not until.answers)):
        found.append(f"{len(seen.outcomes)} outcomes, not {len(told)}")
    for task in tasks:
        head, so_far = seen.after.get(task.began, (None, task.outcomes))
        if head is None and not task.idle:
            found.append(f"no task at event {task.began}")
        if so_far != task.outcomes:
            found.append(f"outcomes at event {task.began}")
        if head is not None and history.roots.get(head.size, head.root) != head.root:
            found.append(f"root at event {task.began}")
        known, _ = heads.after.get(task.began, (None, 0)) if heads is not None else (None, 0)
        if None not in (head, known) and head != known:
            found.append(f"ledger at event {task.began}")
    return found


def up_to(history: WorkflowHistory, task: Task) -> WorkflowHistory:
    """The history as a worker sees it that comes to it cold at this task."""
    return WorkflowHistory(history.workflow_id, list(history.events)[: task.began])


def _is_made(event: HistoryEvent) -> bool:
    """Whether a task has made this event, rather than been given it."""
    attributes = getattr(event, str(event.WhichOneof("attributes")))
    return bool(getattr(attributes, "workflow_task_completed_event_id", 0)) or event.event_type in _ANSWERS


_ANSWERS = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
)


def _of_event(event: HistoryEvent) -> Outcome | None:
    """What a recorded command brought about; nothing of those that Temporal itself holds against the history."""
    match event.WhichOneof("attributes"):
        case "activity_task_scheduled_event_attributes":
            sent = event.activity_task_scheduled_event_attributes
            return _sent(sent.activity_type.name, sent.activity_id, sent.input.payloads)
        case "workflow_execution_update_completed_event_attributes":
            outcome = event.workflow_execution_update_completed_event_attributes.outcome
            if outcome.HasField("failure"):
                return "refused", outcome.failure.message
            return "answered", *_texts(outcome.success.payloads)
        case "workflow_properties_modified_event_attributes":
            memo = event.workflow_properties_modified_event_attributes.upserted_memo.fields
            return "memo", *_texts(memo.values())
        case "workflow_execution_continued_as_new_event_attributes":
            goes_on = event.workflow_execution_continued_as_new_event_attributes
            return "goes on", *_texts(goes_on.input.payloads)
        case "workflow_execution_completed_event_attributes":
            return "ended", *_texts(event.workflow_execution_completed_event_attributes.result.payloads)
        case _:
            return None


def of_command(command: WorkflowCommand) -> Outcome | None:
    """The same of a command."""
    match command.WhichOneof("variant"):
        case "schedule_activity":
            sent = command.schedule_activity
            return _sent(sent.activity_type, sent.activity_id, sent.arguments)
        case "update_response" if command.update_response.HasField("rejected"):
            return "refused", command.update_response.rejected.message
        case "update_response" if command.update_response.HasField("completed"):
            return "answered", *_texts([command.update_response.completed])
        case "modify_workflow_properties":
            return "memo", *_texts(command.modify_workflow_properties.upserted_memo.fields.values())
        case "continue_as_new_workflow_execution":
            return "goes on", *_texts(command.continue_as_new_workflow_execution.arguments)
        case "complete_workflow_execution":
            return "ended", *_texts([command.complete_workflow_execution.result])
        case _:
            return None


def _sent(activity: str, number: str, given: Iterable[Payload]) -> Outcome:
    return activity, number, *(_texts(given) if activity == KEEP else ())


def _texts(payloads: Iterable[Payload]) -> Iterator[str]:
    return (one.data.decode() for one in payloads)
