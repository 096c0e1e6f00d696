"""Give a workflow what a recorded one was given, in the same order, cut into other tasks.

`make recuts` takes away each single end of a task of every committed history, and cuts them in a thousand ways more.

Temporal cuts where it likes. Where two tasks become one, or one becomes two, other batches go to the archive, by other numbers,
and other timers are set. What is given is therefore matched with what waits for it: an activity by its kind and input, the
archive's answer by the batch that is under way, an alarm by the one that is set.
"""

import argparse
import asyncio
import sys
from asyncio import to_thread
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from temporalio.api.failure.v1 import CanceledFailureInfo, Failure
from temporalio.bridge.proto.activity_result import ActivityResolution, Cancellation, Success
from temporalio.bridge.proto.workflow_activation import (
    FireTimer,
    RemoveFromCache,
    ResolveActivity,
    WorkflowActivation,
    WorkflowActivationJob,
)
from temporalio.bridge.proto.workflow_commands import ActivityCancellationType, ScheduleActivity, WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import UnsandboxedWorkflowRunner

from domain.words.moments import instant, utc_text
from process.codec import Converter
from tests.installation import VIGIL_KEY
from tests.workflows.replaying import (
    COMMITTED,
    Head,
    Outcome,
    Recorded,
    Seen,
    Standing,
    history_in,
    of_command,
    recorded,
    replayed,
    stands,
)
from workflows.messages import KEEP, HandIn, KeepErrand, KeptUpTo, hand_in

_CONVERTER = Converter()


@dataclass(frozen=True)
class Given:
    """One thing that a workflow was given."""

    job: WorkflowActivationJob
    among: WorkflowActivation
    """What it was given with."""
    head: Head
    """How the ledger stood after all of that."""
    last: bool
    """Whether it was the last of that."""
    grew: bool
    """Whether the ledger grew with that."""
    behind: bool
    """Whether the archive was behind before that."""
    sent: ScheduleActivity | None = None
    """The activity that it ends."""
    due: datetime | None = None
    """The moment of the alarm that it is."""

    @property
    def is_message(self) -> bool:
        """Whether somebody said it."""
        return _order_of(self.job) == 1


def _order_of(job: WorkflowActivationJob) -> int:
    """Of what comes together, a workflow takes what it begins with first, then messages."""
    return {"initialize_workflow": 0, "signal_workflow": 1, "do_update": 1}.get(str(job.WhichOneof("variant")), 2)


def given_in(seen: Seen) -> list[Given]:
    """All that it was given, in the order in which it took it."""
    found: list[Given] = []
    sent: dict[int, ScheduleActivity] = {}
    alarms: set[int] = set()
    cancelled: set[int] = set()
    before = Standing(Head(0, ""), alarm=None, behind=False)
    for step in seen.steps:
        among = WorkflowActivation.FromString(step.given)
        jobs = [one for one in among.jobs if not (one.HasField("resolve_activity") and one.resolve_activity.seq in cancelled)]
        for number, job in enumerate(sorted(jobs, key=_order_of), start=1):
            found.append(
                Given(
                    job,
                    among,
                    step.stood.head,
                    last=number == len(jobs),
                    grew=before.head != step.stood.head,
                    behind=before.behind,
                    sent=sent.get(job.resolve_activity.seq) if job.HasField("resolve_activity") else None,
                    due=before.alarm if job.HasField("fire_timer") and job.fire_timer.seq in alarms else None,
                )
            )
        for one in WorkflowActivationCompletion.FromString(step.done).successful.commands:
            match one.WhichOneof("variant"):
                case "schedule_activity":
                    sent[one.schedule_activity.seq] = one.schedule_activity
                case "start_timer" if b"until " in one.user_metadata.summary.data:
                    alarms.add(one.start_timer.seq)
                case "request_cancel_activity" if _is_left_at_once(sent[one.request_cancel_activity.seq]):
                    cancelled.add(one.request_cancel_activity.seq)
        before = step.stood
    return found


def _is_left_at_once(activity: ScheduleActivity) -> bool:
    return activity.cancellation_type == ActivityCancellationType.TRY_CANCEL


def _answer_in(job: WorkflowActivationJob) -> HandIn[KeptUpTo] | None:
    result = job.resolve_activity.result
    return _CONVERTER.from_payload(result.completed.result, HandIn[KeptUpTo]) if result.HasField("completed") else None


def ends_in(given: list[Given]) -> set[int]:
    """After which of these a task ended, by their places."""
    return {place for place, one in enumerate(given) if one.last}


def joints_in(given: list[Given]) -> set[int]:
    """Those of these ends at which one task may take what two have taken: in the same order, or where the order is nothing to the
    ledger. In one task messages come first, so that none joins what brought an entry before it: the first law keeps those apart.
    """
    pairs = enumerate(pairwise(given))
    return {place for place, (one, other) in pairs if one.last and (one.is_message or not other.is_message or not one.grew)}


async def unlike_when_cut(seen: Seen, history: Recorded, given: list[Given], ends: Collection[int]) -> list[str] | None:
    """In what the same run differs if tasks end after these. None where what the archive would have answered is not known."""
    run = Recut(seen)
    try:
        return await to_thread(_unlike, run, seen, history, given, ends)  # where no other loop runs
    finally:
        await to_thread(run.close)


def any_ends(given: list[Given], chance: Random) -> set[int]:
    """Some tasks joined, and some split."""
    joints, often = joints_in(given), chance.choice((0.2, 0.5, 0.8))
    return {
        place
        for place, one in enumerate(given)
        if (one.last and place not in joints) or chance.random() < (often if one.last else 0.5)
    }


async def recut(path: Path, seed: str, *, combinations: int, singly: bool = False) -> tuple[list[str], int]:
    """What differs in a committed history, cut in so many ways, and where each joint for itself is taken away; and how often
    nobody knows.
    """
    history = history_in(path)
    seen, said = await replayed(history), recorded(history)
    given, chance = given_in(seen), Random(seed)  # noqa: S311 - the same seed must give the same cuts
    cuts = [any_ends(given, chance) for _ in range(combinations)]
    cuts += [ends_in(given) - {joint} for joint in sorted(joints_in(given))] if singly else []
    found = [await unlike_when_cut(seen, said, given, one) for one in cuts]
    differences = [f"{path.name} cut after {sorted(cut)}: {one}" for cut, one in zip(cuts, found, strict=True) if one]
    return differences, found.count(None)


def _unlike(run: "Recut", seen: Seen, history: Recorded, given: list[Given], ends: Collection[int]) -> list[str] | None:
    found: list[str] = []
    task: list[Given] = []
    for place, one in enumerate(given):
        task.append(one)
        if place in ends or place == len(given) - 1:
            run.take(task)
            if run.is_over:
                break
            if one.last and run.head != one.head:
                found.append(f"ledger after {place}")
            task = []
    if seen.outcomes[-1][0] == "ended":
        run.go_on()
    said, ours = (list(filter(_is_of_the_ledger, one.outcomes)) for one in (seen, run))
    found += [f"answer {number}" for number, pair in enumerate(zip(said, ours, strict=False)) if pair[0] != pair[1]]
    if len(said) != len(ours) and run.outcomes[-1][0] != "goes on":  # which may come sooner
        found.append(f"{len(ours)} answers, not {len(said)}")
    for batch in (KeepErrand.model_validate_json(one[2]) for one in run.outcomes if one[0] == KEEP):
        if history.roots.get(batch.size, batch.root) != batch.root:
            found.append(f"root at {batch.size}")
    return None if run.is_another else found


def _is_of_the_ledger(outcome: Outcome) -> bool:
    """Whether it says how the ledger stands, and does not depend on where a task ended."""
    return outcome[0] in ("answered", "refused", "ended")


class Recut:
    """The same run, in other tasks."""

    def __init__(self, seen: Seen) -> None:
        assert seen.details is not None
        self._instance: Any = UnsandboxedWorkflowRunner().create_instance(seen.details)
        self._activities: dict[int, ScheduleActivity] = {}
        self._alarms: list[int] = []
        self._pauses: list[int] = []
        self._later: list[Given] = []
        self.outcomes: list[Outcome] = []
        self.is_another = False
        """Whether it could not be given what it was: what the archive answers to another batch is not known, where it counts."""

    @property
    def head(self) -> Head:
        """How its ledger stands."""
        return stands(self._instance).head

    @property
    def _has_begun(self) -> bool:
        return self._instance._object is not None

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return bool(self.outcomes) and self.outcomes[-1][0] in ("ended", "goes on")

    def take(self, given: list[Given]) -> None:
        """One task that takes all of these, and what waited for an activity that has been sent by now."""
        waiting, self._later = [*self._later, *given], []
        jobs = list[WorkflowActivationJob]()
        self._last = given[-1]
        for one in waiting:
            if one.due is not None and not (self._has_begun and one.due == stands(self._instance).alarm):
                self._give(jobs)  # what begins the run, or sets an alarm, comes in a task before it
                jobs = []
                self._let_pass(one.due)
            job = self._matched(one)
            jobs += [job] if job is not None else []
        self._give(jobs)

    def go_on(self) -> None:
        """Let the archive keep what comes after the last that was given, until the run is over."""
        while not self.is_over and (seq := self._waits_for(KEEP)) is not None:
            at = utc_text(self._last.among.timestamp.ToDatetime(UTC))
            self._give([self._kept(seq, HandIn[KeptUpTo](content=KeptUpTo(branch=0, size=1, root="0" * 64), at=at))])

    def close(self) -> None:
        """Nothing of it runs any more."""
        self._instance.activate(WorkflowActivation(jobs=[WorkflowActivationJob(remove_from_cache=RemoveFromCache())]))

    def _let_pass(self, until: datetime) -> None:
        """Each alarm that is set for an earlier moment, which nothing may wait for any more, comes before."""
        while self._alarms and (alarm := stands(self._instance).alarm) is not None and alarm < until:
            self._give([WorkflowActivationJob(fire_timer=FireTimer(seq=self._alarms.pop()))])

    def _matched(self, one: Given) -> WorkflowActivationJob | None:
        """What this run is given for it now; nothing where nothing waits for it, or not yet."""
        job = WorkflowActivationJob.FromString(one.job.SerializeToString())
        if one.sent is not None:
            seq = self._waits_for(one.sent.activity_type, one.sent)
            answer = _answer_in(job) if one.sent.activity_type == KEEP else None
            if answer is not None and (answer.content.diverged is not None or one.behind):
                self.is_another |= seq is None or self._activities[seq].arguments != one.sent.arguments
            if seq is None:
                self._later.append(one)
                return None
            if answer is not None:
                return self._kept(seq, answer)
            job.resolve_activity.seq = seq
            del self._activities[seq]
        elif job.HasField("fire_timer"):
            set_for = self._alarms if one.due is not None else self._pauses
            if not set_for or one.due not in (None, stands(self._instance).alarm):
                return None  # that moment has passed here, with what came before
            job.fire_timer.seq = set_for.pop()
        return job

    def _waits_for(self, activity: str, sent: ScheduleActivity | None = None) -> int | None:
        """The number of an activity that waits for its end: of this kind, and to all but the archive of this input."""
        for seq, one in self._activities.items():
            if one.activity_type == activity and (activity == KEEP or (sent is not None and one.arguments == sent.arguments)):
                return seq
        return None

    def _kept(self, seq: int, answer: HandIn[KeptUpTo]) -> WorkflowActivationJob:
        """The archive's answer to the batch that is under way here."""
        batch = KeepErrand.model_validate_json(self._activities.pop(seq).arguments[0].data)
        content = answer.content.model_copy(update={"branch": batch.branch, "size": batch.size, "root": batch.root})
        handed = hand_in(content, batch.delivery, instant(answer.at), VIGIL_KEY)
        result = ActivityResolution(completed=Success(result=_CONVERTER.to_payload(handed)))
        return WorkflowActivationJob(resolve_activity=ResolveActivity(seq=seq, result=result))

    def _give(self, jobs: list[WorkflowActivationJob]) -> None:
        if not jobs:
            return
        activation = WorkflowActivation.FromString(self._last.among.SerializeToString())
        del activation.jobs[:]
        activation.jobs.extend(jobs)
        completion = self._instance.activate(activation)
        assert completion.HasField("successful"), completion.failed
        self._give(list(self._note(completion.successful.commands)))

    def _note(self, done: Iterable[WorkflowCommand]) -> Iterator[WorkflowActivationJob]:
        """What is under way now; what is left at once is over, and the workflow is told so."""
        for one in done:
            outcome = of_command(one)
            self.outcomes += [outcome] if outcome is not None else []
            match one.WhichOneof("variant"):
                case "schedule_activity":
                    self._activities[one.schedule_activity.seq] = ScheduleActivity.FromString(
                        one.schedule_activity.SerializeToString()
                    )
                case "start_timer":
                    (self._alarms if b"until " in one.user_metadata.summary.data else self._pauses).append(one.start_timer.seq)
                case "cancel_timer":
                    for timers in (self._alarms, self._pauses):
                        timers[:] = [seq for seq in timers if seq != one.cancel_timer.seq]
                case "request_cancel_activity":
                    seq = one.request_cancel_activity.seq
                    activity = self._activities.get(seq)  # none where its end has come with what cancels it
                    if activity is None or not _is_left_at_once(activity):
                        continue
                    del self._activities[seq]
                    gone = Cancellation(failure=Failure(canceled_failure_info=CanceledFailureInfo()))
                    result = ActivityResolution(cancelled=gone)
                    yield WorkflowActivationJob(resolve_activity=ResolveActivity(seq=seq, result=result))


async def main(cuts: int, seed: int) -> int:
    """How many of all these cuts make a difference; each is printed."""
    bad = 0
    for number, path in enumerate(COMMITTED):
        share = cuts // len(COMMITTED) + (number < cuts % len(COMMITTED))
        differences, unknown = await recut(path, f"{seed} {path.name}", combinations=share, singly=True)
        sys.stderr.write("".join(f"{one}\n" for one in differences))
        sys.stdout.write(f"{path.name}: {len(differences)} differ, of {unknown} nobody knows\n")
        bad += len(differences)
    return bad


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sys.exit(asyncio.run(main(asked.cuts, asked.seed)) > 0)
