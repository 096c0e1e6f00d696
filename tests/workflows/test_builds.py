import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.delivery.reported import Stated
from domain.plan.plan import Plan
from gateway.health import ArchivePulse, Health, Pulse, whole
from process.builds import build_id, builds_at_work, current, deployment_of, make_current, settle
from tests.installation import Installation, installed, renamed, stop_by
from tests.support import EXAMPLE_PLANS, example_plan
from tests.workflows.test_controlled_delivery import started, update
from worker import worker_for
from workflows.messages import RunLength

OLD, NEW = "1.0-old", "1.0-new"


@asynccontextmanager
async def worker(at: Installation, build: str, queue: str | None = None, *, takes_over: bool = False) -> AsyncIterator[None]:
    """A worker of this build beside what there is, or alone on a queue of its own."""
    queue = queue or at.task_queue
    one = worker_for(at.client, queue, at.of_worker, *at.parts, build=build, grace=timedelta(seconds=1))
    async with one:
        await settle(at.client, queue, build, takes_over=takes_over)
        yield


async def build_of(at: Installation, plan: Plan) -> str:
    """The build whose the newest run of a delivery is, once a worker has had it in hand."""
    async with asyncio.timeout(60):
        while True:
            found = (await at.handle(plan).describe()).raw_description.workflow_execution_info
            if found.versioning_info.deployment_version.build_id:
                return found.versioning_info.deployment_version.build_id
            await asyncio.sleep(0.1)


async def becomes(at: Installation, plan: Plan, build: str) -> None:
    """Return when the newest run of a delivery is this build's."""
    async with asyncio.timeout(60):
        while await build_of(at, plan) != build:  # noqa: ASYNC110 - Temporal rings no bell
            await asyncio.sleep(0.1)


async def became_current(at: Installation, build: str) -> None:
    """Return when new deliveries go to this build: Temporal hears of a worker a moment after it has begun to ask."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await make_current(at.client, at.task_queue, build)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(0.1)


async def new_go_to(at: Installation, build: str) -> None:
    """Return when a delivery that begins goes to this build: Temporal tells the parts of its queue one by one."""
    async with asyncio.timeout(60):
        while True:
            begun = touching("almaty-tashkent")
            await started(at, begun)
            if await build_of(at, begun) == build:
                return


def touching(name: str) -> Plan:
    """The plan of Almaty - Tashkent about the consignment of another, so that several do not touch one another (R15)."""
    plan = renamed(example_plan())
    identifiers = example_plan(name).consignment.identifiers
    return plan.model_copy(
        update={"consignment": plan.consignment.model_copy(update={"identifiers": identifiers}), "selectors": ()}
    )


async def asked(at: Installation, plan: Plan) -> None:
    """Return when the first State is asked for its consent."""
    await at.opened(plan, plan.at("authorise")[0].id)


async def test_a_delivery_stays_with_its_build_until_it_goes_on_as_a_new_run(temporal: Client) -> None:
    """Side by side: what the old build began stays with the old, what begins after the new is current is the new's, and what goes
    on as a new run goes to the new; no entry is lost on the way.
    """
    plan, other, third = map(touching, EXAMPLE_PLANS)
    async with installed(temporal, plan, None, build=OLD) as at:
        await started(at, plan)
        await started(at, other, pace=RunLength(events=30))
        await asked(at, plan)
        await asked(at, other)
        async with worker(at, NEW):
            assert OLD == await current(at.client, at.task_queue)
            await became_current(at, NEW)
            await new_go_to(at, NEW)
            await started(at, third)
            await asked(at, third)
            receipt = await update(at, plan, stop_by(plan.initiator, plan), "stays")
            stop = stop_by(other.initiator, other)
            await update(at, other, stop, "goes on")
            await becomes(at, other, NEW)
            await at.caught_up(other)
            ledger = await at.gateway(other.initiator).ledger(other.operation)

            assert (OLD, NEW) == (await build_of(at, plan), await build_of(at, third))
    assert "accepted" == receipt.verdict.verdict
    assert list(range(len(ledger))) == [entry.seq for entry in ledger]
    assert 1 == sum(isinstance(entry.event, Stated) and entry.event.envelope == stop for entry in ledger)


async def test_a_run_that_has_grown_old_goes_on_as_a_new_one_on_the_current_build(temporal: Client) -> None:
    """Though nobody says anything: so a build has no runs left some time after another became current."""
    plan = touching("almaty-tashkent")
    async with installed(temporal, plan, None, build=OLD) as at:
        await started(at, plan, pace=RunLength(seconds=5))
        await asked(at, plan)
        async with worker(at, NEW):
            await became_current(at, NEW)
            await becomes(at, plan, NEW)


async def test_a_worker_that_takes_over_goes_on_with_what_another_build_has_begun(temporal: Client) -> None:
    """The old build is gone for good; the new one has its runs at once, so that a stop right afterwards is judged, and the run
    then belongs to the new build alone.
    """
    plan, queue = touching("almaty-tashkent"), f"alone-{uuid.uuid4().hex[:8]}"
    async with installed(temporal, plan, None) as at:
        at.task_queue = queue
        async with worker(at, OLD):
            await started(at, plan)
            await asked(at, plan)
        async with worker(at, NEW, takes_over=True):
            receipt = await asyncio.wait_for(update(at, plan, stop_by("uz.police", plan), "at once"), 60)
            build, found = await build_of(at, plan), (await at.handle(plan).describe()).raw_description

    assert "accepted" == receipt.verdict.verdict
    assert NEW == build
    assert not found.workflow_execution_info.versioning_info.HasField("versioning_override")


async def test_a_delivery_whose_build_has_no_worker_is_counted_in_health(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the old build gone and the new one up, health is `partly` and says how many deliveries wait for a worker of theirs;
    moved, there are none.
    """
    monkeypatch.setattr("gateway.health.FRESH", 0.0)
    plan, queue = touching("almaty-tashkent"), f"alone-{uuid.uuid4().hex[:8]}"
    async with installed(temporal, plan, None) as at:
        at.task_queue = queue
        pulse = Pulse(temporal, queue)

        async def says(count: int) -> None:
            async with asyncio.timeout(60):
                while True:  # a worker asks but once a minute: it counts whenever it has, since the old one has gone
                    monkeypatch.setattr("process.builds.LATELY", datetime.now(UTC) - gone)
                    found = await pulse.health()
                    if (found.stranded, found.worker) == (count, "up"):
                        return
                    await asyncio.sleep(0.2)

        async with worker(at, OLD):
            await started(at, plan)
            await asked(at, plan)
        gone = datetime.now(UTC)
        async with worker(at, NEW):
            await says(1)
            await settle(temporal, queue, NEW, takes_over=True)
            await says(0)
    assert "partly" == (await whole(_of(Health(worker="up", stranded=1)), ArchivePulse(_there))).status


async def test_a_worker_is_at_work_though_the_clock_of_who_looks_is_minutes_ahead(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker looks for builds that have no worker, to wake supervisors: by its own clock nobody would have asked for work."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "datetime":
            return datetime.now(tz) + timedelta(minutes=5)

    async with installed(temporal, touching("almaty-tashkent"), None, build=NEW) as at:

        async def found() -> frozenset[str] | None:
            return await builds_at_work(temporal, at.task_queue, patience=timedelta(seconds=3))

        async with asyncio.timeout(60):
            while await found() is None:  # noqa: ASYNC110 - Temporal rings no bell
                await asyncio.sleep(0.1)
        monkeypatch.setattr("process.builds.datetime", Ahead)

        assert {NEW} == await found()


async def _of(found: Health) -> Health:
    return found


async def _there() -> None:
    pass


async def test_what_was_begun_before_any_worker_was_up_goes_to_the_first(temporal: Client) -> None:
    """A delivery started while no build was current waits for none in particular."""
    plan, queue = touching("almaty-tashkent"), f"alone-{uuid.uuid4().hex[:8]}"
    async with installed(temporal, plan, None) as at:
        at.task_queue = queue
        await started(at, plan)
        async with worker(at, NEW):
            await asked(at, plan)
            assert NEW == await build_of(at, plan)


@pytest.mark.parametrize("file", ["workflows/one.py", "domain/views/one.py", "domain/words/one.py", "domain/record/one.py"])
def test_a_build_is_all_that_a_run_is_replayed_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    """Another number in any room of the domain is another build, and so is a file under another name. Whatever stands elsewhere,
    which no run is replayed with, is not.
    """
    monkeypatch.setattr("process.builds.ROOT", tmp_path)
    found = []
    for path, text in (
        (file, "MOST = 7\n"),
        (file, "MOST = 8\n"),
        (f"{file[:-6]}other.py", ""),
        ("gateway/one.py", "MOST = 7\n"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        found.append(build_id())

    assert 3 == len({*found[:3]})
    assert found[2] == found[3]


def test_a_build_has_a_name_that_temporal_takes() -> None:
    """The version and a digest; and the name of a deployment has no point in it, whatever the queue is called."""
    assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+-[0-9a-f]{12}", build_id())
    assert "svc-ru-customs" == deployment_of("svc.ru.customs")
