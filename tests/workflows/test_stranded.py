"""A delivery whose build has no worker is an alarm: in one list with the others, in the metrics, and told to supervisors."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.alarms import Alarms, StrandedWatch
from activities.services import AwayError
from domain.delivery.requests import Notice, Stranded
from domain.plan.directory import Desk, Push, Service
from domain.words.errors import NotAllowed
from process.builds import make_current
from process.in_force import InForce
from protocol.calls import listening
from rehearsal.over_http import free_ports
from tests.activities.test_messenger import Hook
from tests.client.test_supervising import Office, with_keys
from tests.gateway.test_looking_up import At, got
from tests.gateway.test_pages import At as Pages
from tests.installation import Installation, installed
from tests.support import example_directory
from tests.workflows.test_builds import NEW, OLD, asked, touching, worker
from tests.workflows.test_controlled_delivery import started

CALLED = "second.supervision"
GAUGE = re.compile(r"^vigil_stranded_deliveries (\S+)$", re.MULTILINE)


@asynccontextmanager
async def called() -> AsyncIterator[tuple[Service, list[Notice]]]:
    """A supervisor that is called, and the notices that it has taken."""
    told: list[Notice] = []

    async def take(request: web.Request) -> web.Response:
        told.append(Notice.model_validate_json(base64.b64decode(json.loads(await request.read())["payload"])))
        return web.Response()

    app, port = web.Application(), free_ports(1)[0]
    app.add_routes([web.post("/notices", take)])
    reach = Push.model_validate({"by": "push", "url": f"http://127.0.0.1:{port}"})
    async with listening(app, "127.0.0.1", port, patience=0.1):
        yield example_directory().get("supervision").model_copy(update={"id": CALLED, "reach": reach}), told


async def becomes(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Return when it is so."""
    async with asyncio.timeout(60):
        while not await wanted():  # noqa: ASYNC110 - Temporal rings no bell
            await asyncio.sleep(0.1)


async def count_of(at: Installation) -> float:
    """What a scraper is told."""
    _, _, text = await got(At(at, touching("almaty-tashkent")), "supervision", "/v1/metrics")
    (found,) = GAUGE.findall(text)
    return float(found)


async def is_current(at: Installation, build: str) -> bool:
    """Make it so, once Temporal has heard of the build."""
    try:
        await make_current(at.client, at.task_queue, build)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def test_a_delivery_whose_build_has_no_worker_is_an_alarm_until_one_comes(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Command, page, metrics and API have it, supervisors are told once a day however often it is looked for, and nobody else
    learns of it; it is gone as soon as a worker of that build asks for work.
    """
    monkeypatch.setattr("process.builds.LATELY", timedelta(seconds=1))
    monkeypatch.setattr("gateway.health.FRESH", 0.0)
    plan = touching("almaty-tashkent")
    async with called() as (supervisor, told), Hook(free_ports(1)[0]).listening() as hook:
        desk = {"supervision": Desk.model_validate({"by": "desk", "notify": [{"by": "webhook", "url": hook.url}]})}
        async with installed(temporal, plan, None, build=NEW, reach=desk, beside=(supervisor,)) as at:
            door, office = at.gateway("supervision"), Office(at, plan, with_keys(tmp_path))
            caller, messenger = at.parts[:2]
            watch = StrandedWatch(temporal, at.task_queue, Alarms(caller, messenger, at.of_worker))
            async with worker(at, OLD):
                await becomes(partial(is_current, at, OLD))
                await started(at, plan)
                await asked(at, plan)
                await make_current(temporal, at.task_queue, NEW)
            wanted = Stranded(build=OLD, count=1, deliveries=(plan.operation,))

            async def is_told() -> bool:
                await watch.once()
                return bool(told)

            await becomes(is_told)
            seen = datetime.now(UTC)
            await watch.once()
            shown, text, counted = await door.alarms(), await office.run("alarms", service="supervision"), await count_of(at)
            pages = Pages(at, plan)
            page, other = [await (await pages.signed_in(one)).page("/desk/deliveries") for one in ("supervision", plan.initiator)]
            with pytest.raises(NotAllowed):
                await at.gateway(plan.initiator).alarms()
            reads = [one.action for one in (await at.reads.page(0, 1000, plan.operation)).reads if one.service == "supervision"]
            async with worker(at, OLD):

                async def is_gone() -> bool:  # a worker asks but once a minute: it counts whenever it has, since the alarm stood
                    monkeypatch.setattr("process.builds.LATELY", datetime.now(UTC) - seen)
                    return await door.alarms() == ()

                await becomes(is_gone)
                monkeypatch.setattr("process.builds.LATELY", timedelta(seconds=70))  # it has asked for work, and then waits
                again = await office.run("alarms", service="supervision"), await count_of(at)
                await watch.once()

    assert (wanted,) == shown
    for words in (f"no worker of build {OLD} is up, and deliveries wait for one: 1", plan.operation):
        assert words in " ".join(text.out.split())
    assert (1.0, 0.0) == (counted, again[1])
    assert f"build {OLD}" in page
    assert OLD not in other
    assert {"alarms", "list"} <= set(reads)
    assert "there is no alarm" in again[0].out
    assert [(CALLED, "stranded", wanted)] == [(one.service, one.kind, one.facts.alarm) for one in told]
    assert f"build {OLD}" in told[0].texts["en"]
    assert ["notice.stranded"] == [one["type"] for one in hook.told()]
    assert {} == watch._told


class Away:
    """Supervisors that are called, of whom the first so many calls reach nobody."""

    def __init__(self, fails: int) -> None:
        self.calls = 0
        self._fails = fails

    async def notify(self, supervisor: Service, _notice: Notice) -> None:
        """Call one."""
        self.calls += 1
        if self.calls <= self._fails:
            raise AwayError(f"{supervisor.id} cannot be reached")


def watching(monkeypatch: pytest.MonkeyPatch, caller: Away, *found: int) -> StrandedWatch:
    """A watch with one supervisor, who is called. One look after another finds so many builds without a worker."""
    stands = iter([(Stranded(build=OLD, count=1, deliveries=("saxaul-22",)),) * count for count in found])

    async def looked(*_where: object, **_patience: object) -> object:
        return next(stands)

    async def at_work(*_where: object, **_patience: object) -> None:
        return None

    monkeypatch.setattr("activities.alarms.builds_at_work", at_work)
    monkeypatch.setattr("activities.alarms.stranded", looked)
    reach = Push.model_validate({"by": "push", "url": "http://127.0.0.1:1"})
    known = example_directory()
    one = known.get("supervision").model_copy(update={"reach": reach})
    services = tuple(one if each.id == one.id else each for each in known.services)
    alarms = Alarms(caller, None, InForce(known.model_copy(update={"services": services})))  # type: ignore[arg-type]
    return StrandedWatch(None, "vigil", alarms)  # type: ignore[arg-type]


async def test_what_one_look_alone_finds_is_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal was restarted, and had not been asked for work yet: nobody is woken for that. What stays so is an alarm."""
    caller = Away(0)
    watch = watching(monkeypatch, caller, 1, 0, 1, 1, 1)
    calls = list[int]()
    for _ in range(5):
        await watch.once()
        calls.append(caller.calls)

    assert [0, 0, 0, 1, 1] == calls


async def test_an_alarm_that_nobody_has_heard_of_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """No supervisor could be reached: the next look tells it, and not the next day's."""
    caller = Away(2)
    watch = watching(monkeypatch, caller, *[1] * 6)
    for _ in range(6):
        await watch.once()

    assert 3 == caller.calls
