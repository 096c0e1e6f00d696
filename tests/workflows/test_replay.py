"""What a ledger says is a function of the messages and their order: replayed at any point, it is the same to the byte, and in
whatever tasks the messages come.
"""

import gzip
import json
from pathlib import Path
from typing import get_args

import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from domain.delivery.events import AnyEvent
from domain.delivery.reported import Stated
from domain.record.verify import verify
from process.temporal import readable
from rehearsal.over_http import compressed, factor_for
from tests.installation import installed, renamed
from tests.support import example_scenario, signed_plan
from tests.workflows.record_histories import name_of, paths
from tests.workflows.recutting import ends_in, given_in, joints_in, recut, unlike_when_cut
from tests.workflows.replaying import COMMITTED, READABLE, Seen, history_in, recorded, replayed, replays, unlike, up_to
from worker import sandbox
from workflows.controlled_delivery import ControlledDelivery
from workflows.messages import workflow_id


@pytest.fixture(scope="module", params=COMMITTED, ids=lambda path: path.name)
def path(request: pytest.FixtureRequest) -> Path:
    """Every committed history: what is tried with one stands together, so that each is replayed to its end once."""
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
async def whole(path: Path) -> Seen:
    """What it brings about, replayed to its end."""
    return await replayed(history_in(path))


def replayer() -> Replayer:
    """With the worker's own sandbox and converter."""
    return Replayer(workflows=[ControlledDelivery], data_converter=READABLE, workflow_runner=sandbox(), debug_mode=True)


async def test_the_code_still_replays_every_committed_history(path: Path) -> None:
    """A delivery that was under way with this history would go on: no command differs."""
    await replayer().replay_workflow(history_in(path))


@pytest.mark.slow
async def test_a_replay_brings_about_again_what_was_recorded_to_the_byte(path: Path, whole: Seen) -> None:
    """Each receipt, each batch for the archive with its root, and what the run ends with; and after each task the ledger is what
    the archive was given.
    """
    said = recorded(history_in(path))

    assert [] == unlike(whole, said)
    assert {"answered", "keep", said.outcomes[-1][0]} <= {one[0] for one in said.outcomes}
    assert said.outcomes[-1][0] in ("ended", "goes on")


@pytest.mark.slow
@pytest.mark.parametrize("sampled", [True, pytest.param(False, marks=pytest.mark.whole)], ids=["some", "all"])
async def test_a_worker_that_comes_cold_at_any_task_brings_about_the_same(path: Path, whole: Seen, *, sampled: bool) -> None:
    """Whatever a worker had in its cache: up to each task, and with that one, all that goes out and every head is the same."""
    history = history_in(path)
    said = recorded(history)
    step = max(len(said.tasks) // 2, 1) if sampled else 1
    tasks = said.tasks[len(path.name) % step :: step]
    seen = [one async for one in replays(up_to(history, task) for task in tasks)]

    assert [] == [one for task, came in zip(tasks, seen, strict=True) for one in unlike(came, said, task, whole)]


@pytest.mark.slow
async def test_in_as_few_tasks_as_may_be_and_in_as_many_the_ledger_is_the_same(path: Path, whole: Seen) -> None:
    """It does not depend on where Temporal cuts: what may come at once comes at once; then each thing comes for itself."""
    said, given = recorded(history_in(path)), given_in(whole)
    as_recorded = await unlike_when_cut(whole, said, given, ends_in(given))
    joined = await unlike_when_cut(whole, said, given, ends_in(given) - joints_in(given))
    apart = await unlike_when_cut(whole, said, given, set(range(len(given))))

    assert [] == as_recorded
    assert not joined
    assert not apart
    assert None not in (joined, apart) or said.kinds & FROM_THE_ARCHIVE


FROM_THE_ARCHIVE = {"diverged", "archive_behind", "archive_caught_up"}
"""What the archive answers stands in these: to other batches it might have answered otherwise, which nobody knows."""


@pytest.mark.slow
async def test_in_whatever_tasks_things_come_the_ledger_is_the_same(path: Path) -> None:
    """Joined and split at random, by a seed: no receipt, root or head differs."""
    found, unknown = await recut(path, path.name, combinations=5)

    assert [] == found
    assert not unknown or recorded(history_in(path)).kinds & FROM_THE_ARCHIVE


@pytest.mark.slow
async def test_a_worker_that_remembers_nothing_gives_receipts_that_fit(temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes cold to each task, and so before each update: to its end, every receipt that a service keeps is of the ledger and
    the packet, and a replay of the whole brings about the same once more.
    """
    began: list[str] = []

    class Counting(SandboxedWorkflowRunner):
        def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
            began.append(det.info.workflow_id)
            return super().create_instance(det)

    monkeypatch.setattr("worker.KEPT", 0)
    monkeypatch.setattr("worker.sandbox", lambda: Counting(restrictions=sandbox().restrictions))
    example = example_scenario("almaty-tashkent")
    factor = factor_for(*example) / COLD
    plan, scenario = compressed(renamed(example[0]), factor), compressed(example[1], factor)
    async with installed(temporal, plan, scenario) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        entries = await at.to_the_end(plan)
        await at.handle(plan).result()
        packet = await at.gateway(plan.initiator).packet(plan.operation)
        assert at.services is not None
        receipts = list(at.services.receipts.values())
        history = WorkflowHistory.from_json("cold", readable(await at.handle(plan).fetch_history(), temporal))

    said, proved = recorded(history), verify(packet, at.directory, receipts)
    stated = sum(isinstance(one.event, Stated) for one in entries)
    assert len(said.tasks) <= began.count(workflow_id(plan.operation))
    assert (stated, "delivered_with_arrests") == (len(receipts), proved.outcome)
    assert [] == unlike(await replayed(history), said)


COLD = 3
"""Times slower than usual, since each task is a replay."""


def test_no_task_that_took_something_ends_without_a_command(path: Path) -> None:
    """The first law: else a cold worker takes it together with the next one, where results and timers come in another order."""
    assert [] == [one.ended for one in recorded(history_in(path)).tasks if one.took and one.idle]


def test_every_path_has_a_history() -> None:
    """None of the recorded paths is missing from the repository, and no other is there."""
    assert set(paths()) == {name_of(path) for path in COMMITTED}


def test_every_kind_of_entry_is_in_some_history() -> None:
    """Whatever a ledger may hold, a run that recorded it is replayed; and so is one that went on from another."""
    kinds = {kind.model_fields["event"].default for kind in get_args(get_args(AnyEvent)[0])}

    assert kinds == set[str]().union(*(recorded(history_in(path)).kinds for path in COMMITTED))
    assert [path.name for path in COMMITTED if path.name.endswith(".2.json.gz")]


async def test_a_history_of_other_commands_does_not_replay() -> None:
    """The net holds: with one activity named otherwise the replay fails."""
    text = gzip.decompress(COMMITTED[0].read_bytes()).decode().replace('"await_confirmations"', '"something_else"')
    altered = WorkflowHistory.from_json("altered", json.loads(text))
    result = await replayer().replay_workflow(altered, raise_on_replay_failure=False)

    assert result.replay_failure is not None


@pytest.mark.parametrize("kind", ["answered", "keep", "memo", "ended"])
async def test_what_a_history_says_otherwise_is_found(kind: str) -> None:
    """The net holds for what Temporal itself does not compare: one receipt, batch, size or end that is another."""
    history = history_in(COMMITTED[0])
    said = recorded(history)
    place = next(number for number, one in enumerate(said.outcomes) if one[0] == kind)
    said.outcomes[place] = (*said.outcomes[place][:-1], said.outcomes[place][-1] + " ")

    assert [f"outcome {place}"] == unlike(await replayed(history), said)


async def test_a_ledger_that_is_another_after_one_task_is_found() -> None:
    """The net holds for heads: another root of one size is found where a task ends with it, cold or not, and in any tasks."""
    history = history_in(COMMITTED[0])
    said, whole = recorded(history), await replayed(history)
    task = said.tasks[-1]
    size = whole.after[task.began][0].size
    said.roots[size] = "0" * 64
    given = given_in(whole)

    assert f"root at event {task.began}" in unlike(whole, said)
    assert f"root at event {task.began}" in unlike(await replayed(up_to(history, task)), said, task)
    assert f"root at {size}" in (await unlike_when_cut(whole, said, given, ends_in(given)) or ())
