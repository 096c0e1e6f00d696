"""An errand that has ended by itself, and is wanted still, is sent again."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import Worker

from activities.clock import Attempts, moment
from activities.relay import Relay
from domain.delivery.delivery import Snapshot
from domain.delivery.reported import Deconflicted
from domain.rules.books import newest
from domain.words.moments import instant
from rehearsal.scenario import Pace, Scenario
from rehearsal.services import VIGIL, cast, lines, private_key_of
from tests.installation import end_what_runs, renamed
from tests.support import SECRET, example_cards, example_directory, example_plan, signed_plan
from worker import sandbox
from workflows import messages, temporal_stage
from workflows.controlled_delivery import ControlledDelivery
from workflows.messages import CheckpointWait, Docket, LookErrand, workflow_id

AT_ONCE = Pace(fastest=timedelta(milliseconds=1), slowest=timedelta(milliseconds=1))


class Forgetful:
    """The register's activity: the first time it ends without having reported what it found."""

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails
        self._relay = Relay(private_key_of(VIGIL))
        self.looks = 0
        self.waits: list[str] = []
        """Ids of the activities that wait for a consent, in the order in which they began."""
        self.another = asyncio.Event()

    @activity.defn(name=messages.DECONFLICT)
    async def deconflict(self, touched: LookErrand) -> None:
        """Say that nobody else touches it; not the first time."""
        self.looks += 1
        if self.looks > 1:
            await self._relay.report(touched.delivery, Deconflicted(number=0, order=touched.order))
        elif self._fails:
            raise ApplicationError("it cannot be done", non_retryable=True)

    @activity.defn(name=messages.AWAIT_CONFIRMATIONS)
    async def await_confirmations(self, wait: CheckpointWait) -> None:
        """It is reported what was found, and signed that the register is looked into; then the delivery has gone on to ask for
        consent.
        """
        asked = wait.requests[0]
        if {"detection", "deconfliction"} & {*asked.says}:
            (line,) = lines(asked, Scenario(vigil="scenario/1", pace=AT_ONCE), 1, instant(asked.asked_at))
            await self._relay.submit(wait.delivery, line.envelope, moment())
        else:
            self.waits.append(activity.info().activity_id)
            self.another.set()
        parked = timedelta(days=1)
        raise ApplicationError(wait.checkpoint, category=ApplicationErrorCategory.BENIGN, next_retry_delay=parked)

    async def waiting(self, so_often: int) -> None:
        """Until so many activities have begun to wait for a consent. Raises `TimeoutError`."""
        async with asyncio.timeout(60):
            while len(self.waits) < so_often:
                self.another.clear()
                await self.another.wait()


@asynccontextmanager
async def under_way(temporal: Client, register: Forgetful) -> AsyncIterator[str]:
    """A delivery that a worker with this activity performs; the id of its workflow."""
    plan = renamed(example_plan())
    cards = {state: card for state, card in example_cards().items() if state in plan.states()}
    directory = cast(example_directory(), plan.participants()).snapshot(plan.participants())
    docket = Docket(
        plan=signed_plan(plan), snapshot=Snapshot(directory=directory, cards=cards), secret=SECRET.hex(), rules=newest().version
    )
    queue, name = f"errands-{uuid.uuid4().hex[:8]}", workflow_id(plan.operation)
    errands = [register.deconflict, register.await_confirmations]
    async with Worker(
        temporal,
        task_queue=queue,
        workflows=[ControlledDelivery],
        activities=errands,
        workflow_runner=sandbox(),
        interceptors=[Attempts()],
    ):
        try:
            await temporal.start_workflow(messages.WORKFLOW, docket, id=name, task_queue=queue)
            yield name
        finally:
            await end_what_runs(temporal, name)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has ended by itself rests only for a moment."""
    monkeypatch.setattr(temporal_stage, "_PAUSE", timedelta(milliseconds=50))


@pytest.mark.parametrize("fails", [False, True], ids=["without a report", "with an error"])
async def test_an_errand_that_ended_by_itself_is_sent_again(temporal: Client, *, fails: bool) -> None:
    """The register is looked into once more after a rest, and then consent is asked: the delivery does not wait for ever."""
    register = Forgetful(fails=fails)
    async with under_way(temporal, register):
        await register.waiting(1)

    assert register.looks > 1


async def test_a_question_that_somebody_takes_back_by_its_id_is_asked_again(temporal: Client) -> None:
    """Whoever may write to Temporal can complete the activity that waits; another one waits for the same soon after."""
    register = Forgetful(fails=False)
    async with under_way(temporal, register) as name:
        await register.waiting(2)  # two States are asked
        taken_back = register.waits[0]
        await temporal.get_async_activity_handle(workflow_id=name, run_id=None, activity_id=taken_back).complete()
        await register.waiting(3)

    assert 3 == len(set(register.waits))
