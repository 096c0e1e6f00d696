"""Simulated services over real HTTP: each a server on its own port with its own key, speaking the protocol of
docs/protocol.md. They check Vigil's signatures, acknowledge, and answer in their own time through the gateway; what they are
shown they compare with the receipts that any of them holds.

Three kinds, as in reality: those that push their statements to the gateway, those that are polled (postal operators and
laboratories), and people at a desk who look into their inbox (coordinators).
"""

import asyncio
import logging
import os
import secrets
import socket
from collections import deque
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel
from yarl import URL

from domain.delivery.ledger import Receipt
from domain.delivery.requests import Notice, Request
from domain.plan import proof
from domain.plan.directory import Desk, Directory, Poll, Push, Reach, Service
from domain.plan.plan import Plan, PlannedCheckpoint
from domain.record.receipts import Comparison, SignedReceipt, opened
from domain.signing.canonical import plain
from domain.signing.envelope import NOTICE_TYPE, REQUEST_TYPE, Envelope, open_envelope
from domain.words.errors import NotVerified, Refused, Unavailable, VigilError
from domain.words.quantities import say_span
from domain.words.text import fill
from protocol.gateway import Gateway
from rehearsal.scenario import Scenario
from rehearsal.services import Cue, acknowledgement, lines, private_key_of

log = logging.getLogger("vigil.rehearsal")

Spans = TypeVar("Spans", bound=BaseModel)

LENGTH = timedelta(seconds=8)
"""How long a rehearsal should take if every service is as slow as its scenario lets it be."""
SLACK = timedelta(seconds=1.5)
"""Least real time between the slowest answer and the shortest due time."""
PORTS = range(10_000, 32_000)
"""Below those that Linux, macOS and Windows give to outgoing connections."""
SHARES = 11
"""Processes with ids one behind the other are given none of the same ports."""
LOOK_EVERY = 0.3
"""Seconds between two looks of a simulated officer into the inbox."""


def compressed(record: Spans, factor: float) -> Spans:
    """The same plan or scenario with every span `factor` times shorter (at least a millisecond). Such a plan is an example."""

    def shorter(value: Any) -> Any:
        if isinstance(value, timedelta):
            return max(timedelta(milliseconds=round(value / timedelta(milliseconds=1) / factor)), timedelta(milliseconds=1))
        if isinstance(value, dict):
            return {key: shorter(item) for key, item in value.items() if key != "planned_for"}  # it happens at another time
        if isinstance(value, list | tuple):
            return tuple(shorter(item) for item in value)
        return value

    quick = type(record).model_validate(shorter(record.model_dump()))
    return quick.model_copy(update={"example": True}) if isinstance(quick, Plan) else quick


def hurried(plan: Plan, factor: float) -> Plan:
    """The same plan with every way `factor` times shorter. What people are given to answer stays, and so does how long before
    that they are reminded. It is an example.
    """
    quick = plan.model_copy(update={"legs": tuple(compressed(leg, factor) for leg in plan.legs), "example": True})

    def sooner(checkpoint: PlannedCheckpoint) -> PlannedCheckpoint:
        by = plan.due_after(checkpoint) - quick.due_after(checkpoint)
        return checkpoint.model_copy(
            update={"remind": tuple(one - by for one in checkpoint.remind if one > by), "planned_for": None}
        )

    timely = quick.model_copy(update={"checkpoints": tuple(map(sooner, plan.checkpoints))})
    return Plan.model_validate(timely.model_dump())


def without(directory: Directory, services: Collection[str]) -> Directory:
    """The directory less these services: somebody else plays them."""
    return directory.model_copy(update={"services": tuple(one for one in directory.services if one.id not in services)})


@dataclass(frozen=True)
class Leeway:
    """Between the slowest answer that is expected in one place of a plan and the moment at which it is overdue there."""

    place: str
    given: timedelta
    """Until it is overdue."""
    needed: timedelta
    """Twice what the slowest answer takes by the scenario's pace."""

    @property
    def left(self) -> timedelta:
        """What is left of it, which must not become shorter than a machine is slow."""
        return self.given - self.needed


def leeways(plan: Plan, scenario: Scenario) -> Iterator[Leeway]:
    """Each place of the plan that limits how quickly it can be rehearsed."""
    usual = 2 * scenario.pace.slowest
    for name in ("decision", "acknowledge_stop"):
        yield Leeway(f"contingencies.{name}", getattr(plan.contingencies, name), usual)
    if plan.surveillance is not None:
        for name in ("answer", "search"):
            yield Leeway(f"surveillance.{name}", getattr(plan.surveillance, name), usual)
    for checkpoint in plan.checkpoints:
        if checkpoint.waits is not None:
            yield Leeway(f"{checkpoint.id}: waits", checkpoint.waits, usual)
        slowest = max(scenario.pace_of(one.service, one.says).slowest for one in checkpoint.requires)
        yield Leeway(f"{checkpoint.id}: due", checkpoint.due, 2 * slowest)


def ordinary_length(plan: Plan, scenario: Scenario) -> timedelta:
    """How long it takes if every service is as slow as its scenario lets it be."""
    answers = 8 + 2 * len(plan.at("hand_over"))
    length = sum((leg.takes for leg in plan.legs), start=scenario.pace.slowest * answers)
    return length + sum((pace.slowest for pace in scenario.paces), start=timedelta())


def factor_for(plan: Plan, scenario: Scenario, slack: timedelta = SLACK) -> float:
    """How many times shorter a rehearsal may be: as short as `LENGTH`, but never so short that a service which answers in
    good time would be overdue only because this machine stands still for less than `slack`.
    """
    least = min(one.left for one in leeways(plan, scenario))
    return max(min(ordinary_length(plan, scenario) / LENGTH, least / slack), 1.0)


def hindrances(plan: Plan, scenario: Scenario) -> tuple[str, ...]:
    """Why a rehearsal takes longer than `LENGTH`: each place that leaves too little time, in words, the narrowest first."""
    wanted = ordinary_length(plan, scenario) / LENGTH * SLACK
    narrow = sorted((one for one in leeways(plan, scenario) if one.left < wanted), key=lambda one: one.left)
    return tuple(
        fill(
            "{place} is {given}, and the scenario's pace lets an answer take {slowest}: it must be longer than twice that",
            place=one.place,
            given=say_span(one.given),
            slowest=say_span(one.needed / 2),
        )
        for one in narrow
    )


_given: deque[int] = deque(maxlen=1000)
"""The ports that this process was given last."""


def free_ports(count: int) -> list[int]:
    """Free ports of the loopback interface, all different; none of those that a system gives to whoever asks for any, and none
    that this process was given lately: whoever was may not have begun to listen there.
    """
    mine = PORTS[os.getpid() % SHARES :: SHARES]
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            port = secrets.choice(mine)
            if port in _given:
                continue
            held.append(socket.socket())
            try:
                held[-1].bind(("127.0.0.1", port))
                _given.append(port)
            except OSError:  # taken
                held.pop().close()
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def reach_of(service: Service, port: int) -> Reach:
    """How a simulated service of this kind is reached."""
    url = f"http://127.0.0.1:{port}"
    if service.kind == "coordinator":
        return Desk()
    if service.kind in ("postal_operator", "laboratory"):
        return Poll.model_validate({"url": url, "every": "1s"})
    return Push.model_validate({"url": url})


class SimulatedServices:
    """All simulated services of one rehearsal. An async context: they listen while it is open."""

    def __init__(
        self, directory: Directory, gateway: str, scenario: Scenario, seed: int, by_delivery: Mapping[str, Scenario] | None = None
    ) -> None:
        self._directory = directory
        self._gateway = gateway
        self._scenario = scenario
        self._by_delivery = by_delivery or {}
        """Of deliveries that have a scenario of their own."""
        self._seed = seed
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: set[str] = set()
        self._answering: dict[tuple[str, str, str], list[asyncio.Task[None]]] = {}
        """By service, delivery and checkpoint: what it will say there."""
        self._said: dict[str, list[Envelope]] = {}
        self._runners: list[web.AppRunner] = []
        self.receipts: dict[str, Envelope] = {}
        """By statement: what they have been given, and keep."""
        self.alarms: list[str] = []
        """What they were shown or given that contradicts a receipt."""
        self._held: dict[str, list[Receipt]] = {}

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        for service in self._directory.services:
            if isinstance(service.reach, Desk):
                if service.kind != "system":
                    self._go(self._sit_at_desk(service))
                continue
            app = web.Application()
            app.add_routes(_routes(self, service))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await runner.setup()
            assert service.reach.url.port is not None  # noqa: S101 - every URL of HTTP has one
            await self.site_at(service.reach.url.port, runner).start()
            self._runners.append(runner)
        return self

    async def __aexit__(self, *_error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for runner in self._runners:
            await runner.cleanup()
        await self._http.close()

    def site_at(self, port: int, runner: web.AppRunner) -> web.BaseSite:
        """Where a service listens: on this machine, for nobody else."""
        return web.TCPSite(runner, "127.0.0.1", port)

    def open(self, envelope: Envelope, payload_type: str) -> bytes:
        """What Vigil sent, after checking Vigil's signature. Raises `NotAuthentic`."""
        return open_envelope(envelope, payload_type, self._vigil().keys_at(datetime.now(UTC)))

    def check_caller(self, service: Service, request: web.Request, body: bytes) -> None:
        """Only Vigil may call, and this service. Raises `NotAuthentic`."""
        assert not isinstance(service.reach, Desk)  # noqa: S101 - people at a desk are not called
        header = request.headers.get("Authorization")
        only_vigil = self._directory.snapshot([])
        url = URL(str(service.reach.url)).origin().join(URL(request.raw_path, encoded=True))
        proof.check(header, only_vigil, request.method, str(url), body, now=datetime.now(UTC))

    def take(self, service: Service, request: Request) -> None:
        """A request has arrived; the same one again changes nothing, and one for another service is not ours."""
        if request.id in self._asked or request.service != service.id:
            return
        self._asked.add(request.id)
        if not self._compared(request.delivery, request.seen.size, request.seen.root):
            return  # they sign no history that is another than they know
        scenario = self._by_delivery.get(request.delivery, self._scenario)
        for line in lines(request, scenario, self._seed, datetime.now(UTC)):
            task = self._go(self._say(service, request, line))
            if line.answers:
                self._answering.setdefault((service.id, request.delivery, request.checkpoint), []).append(task)

    def hear(self, notice: Notice) -> None:
        """A notice has arrived: what is no longer waited for is not said any more."""
        if notice.kind == "withdrawn":
            for task in self._answering.pop((notice.service, notice.delivery, notice.checkpoint or ""), []):
                task.cancel()

    def keep(self, receipt: Envelope) -> None:
        """A receipt has arrived. Raises `Malformed`, `NotAuthentic` or `NotVerified` for what is none."""
        given = opened(receipt, self._directory)
        self._compared(given.delivery, given.size, given.root)
        self.receipts[given.statement] = receipt
        self._held.setdefault(given.delivery, []).append(given)

    def _compared(self, delivery: str, size: int, root: str) -> bool:
        """Whether that a ledger had this root agrees with every receipt of it."""
        try:
            Comparison(delivery, self._held.get(delivery, ())).had(size, root)
        except NotVerified as error:
            log.error("%s", error.message, extra={"delivery": delivery})  # noqa: TRY400 - it is no fault of this program
            self.alarms.append(error.message)
            return False
        return True

    def said(self, request: str, after: int) -> list[Envelope]:
        """What a polled service has answered to a request, beyond the first `after`."""
        return self._said.get(request, [])[after:]

    def _vigil(self) -> Service:
        system = self._directory.system()
        assert system is not None  # noqa: S101 - `cast` always adds it
        return system

    def _go(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _say(self, service: Service, request: Request, line: Cue) -> None:
        await asyncio.sleep(max((line.at - datetime.now(UTC)).total_seconds(), 0))
        if isinstance(service.reach, Poll) and line.statement.service == service.id:
            self._said.setdefault(request.id, []).append(line.envelope)
            return
        gateway = self.door_of(line.statement.service)
        while True:
            try:
                answer = await gateway.submit(request.delivery, line.envelope)
            except Unavailable:  # the same statement again, until it is acknowledged
                await asyncio.sleep(LOOK_EVERY)
            except Refused as error:
                log.warning("turned away: %s", error.code, extra={"service": service.id})
                return
            else:
                if isinstance(answer, SignedReceipt):
                    self.keep(answer.envelope)
                return

    async def _sit_at_desk(self, service: Service) -> None:
        gateway = self.door_of(service.id)
        while True:
            try:
                for request in (await gateway.inbox()).requests:
                    self.take(service, request)
            except VigilError:
                pass  # the gateway is not up yet, or is being restarted
            await asyncio.sleep(LOOK_EVERY)

    def door_of(self, service: str) -> Gateway:
        """The gateway, as this service calls it."""
        key: Ed25519PrivateKey = private_key_of(service)
        return Gateway(self._http, self._gateway, service, key)


def _routes(services: SimulatedServices, service: Service) -> Iterable[web.RouteDef]:
    """The protocol's calls, for one service."""

    async def ask(request: web.Request) -> web.Response:
        body = await request.read()
        services.check_caller(service, request, body)
        asked = Request.model_validate_json(services.open(Envelope.model_validate_json(body), REQUEST_TYPE))
        services.take(service, asked)
        return web.json_response(plain(acknowledgement(asked, datetime.now(UTC))), status=202)

    async def notice(request: web.Request) -> web.Response:
        body = await request.read()
        services.check_caller(service, request, body)
        told = Notice.model_validate_json(services.open(Envelope.model_validate_json(body), NOTICE_TYPE))
        services.hear(told)
        return web.json_response({"received": told.id}, status=202)

    async def receipt(request: web.Request) -> web.Response:
        body = await request.read()
        services.check_caller(service, request, body)
        services.keep(Envelope.model_validate_json(body))
        return web.json_response({}, status=202)

    async def answers(request: web.Request) -> web.Response:
        services.check_caller(service, request, b"")
        after = int(request.query.get("after", "0"))
        found = services.said(request.match_info["request"], after)
        return web.json_response({"answers": [envelope.model_dump(mode="json") for envelope in found]})

    return (
        web.post("/requests", ask),
        web.post("/notices", notice),
        web.post("/receipts", receipt),
        web.get("/requests/{request:.+}/answers", answers),
    )
