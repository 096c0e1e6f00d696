"""The checkpoint activity against services that misbehave: each is a real HTTP server, reached by the real worker."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from aiohttp import ClientTimeout, web
from temporalio.client import Client

from activities import checkpoint, messenger, receipts, services
from domain.delivery.reported import Asked, Stated
from domain.delivery.requests import Request
from domain.delivery.statement import sign_statement
from domain.plan.directory import Desk, Poll, Push, Reach
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.receipts import opened
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, REQUEST_TYPE, STATEMENT_TYPE, Envelope, open_envelope, sign
from domain.signing.keys import b64, key_id, public_text
from domain.views.asked import request
from domain.words.moments import utc_text
from process.mail import Mailbox
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.scenario import Scenario
from rehearsal.services import SECOND, VIGIL, lines, private_key_of, second
from tests.activities.misbehaving import WAYS, Way, misbehaving
from tests.installation import Installation, installed, quick, renamed
from tests.support import Table, asks, example_plan, example_scenario, signed_plan, with_changes
from workflows.messages import CheckpointWait

PROSECUTOR = "uz.prosecutor"


@dataclass
class Misbehaving:
    """A service that does with each call what the test says, and remembers what it was asked."""

    port: int
    on_ask: Callable[["Misbehaving", Request], Any]
    answers: Callable[["Misbehaving"], Any] = lambda _self: {"answers": []}
    asked: list[Request] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    polled: list[int] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    """What it was told of its answers, question by question."""
    on_receipt: Callable[["Misbehaving"], Any] = lambda _self: 202
    receipts: list[Envelope] = field(default_factory=list)
    """Each that it was handed, whatever it answered."""

    def push(self) -> Reach:
        """As a service that calls us."""
        return Push.model_validate({"url": f"http://127.0.0.1:{self.port}"})

    def poll(self) -> Reach:
        """As a service that must be polled."""
        return Poll.model_validate({"url": f"http://127.0.0.1:{self.port}", "every": "500ms"})

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serve while the context is open."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/requests", self._ask),
                web.post("/notices", self._notice),
                web.post("/receipts", self._receipt),
                web.get("/requests/{id:.+}/answers", self._answers),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    async def _ask(self, call: web.Request) -> web.StreamResponse:
        keys = {**public_keys()}
        envelope = Envelope.model_validate_json(await call.read())
        request = Request.model_validate_json(open_envelope(envelope, REQUEST_TYPE, keys))
        self.asked.append(request)
        self.keys.append(call.headers["Idempotency-Key"])
        answer = self.on_ask(self, request)
        answer = await answer if asyncio.iscoroutine(answer) else answer
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer, status=202)

    async def _notice(self, _call: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=202)

    async def _receipt(self, call: web.Request) -> web.StreamResponse:
        self.receipts.append(Envelope.model_validate_json(await call.read()))
        status = self.on_receipt(self)
        return web.Response(status=await status if asyncio.iscoroutine(status) else status)

    async def _answers(self, call: web.Request) -> web.StreamResponse:
        self.polled.append(int(call.query["after"]))
        self.heard.append(call.query_string.partition("&")[2])
        answer = self.answers(self)
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)


def public_keys() -> dict[str, str]:
    """Vigil's own key, as a service knows it."""
    text = public_text(private_key_of(VIGIL))
    return {key_id(text): text}


def grant(request: Request) -> Envelope:
    """The consent this request asks for."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1ms", "slowest": "1ms"}})
    return lines(request, scenario, 1, datetime.now(UTC))[0].envelope


@asynccontextmanager
async def consenting(
    temporal: Client, service: Misbehaving, reach: Reach, *, listening: bool = True
) -> AsyncIterator[tuple[Installation, Plan]]:
    """A delivery that has just asked for consent, with the prosecutor of Uzbekistan misbehaving."""
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    async with installed(temporal, plan, scenario, reach={PROSECUTOR: reach}) as at:
        if listening:
            async with service.listening():
                await at.gateway(plan.initiator).start(signed_plan(plan))
                yield at, plan
        else:
            await at.gateway(plan.initiator).start(signed_plan(plan))
            yield at, plan


def accepted_from(service: str) -> Callable[[Any], bool]:
    """Whether an entry is this service's accepted statement."""
    return lambda entry: (
        isinstance(entry.event, Stated)
        and entry.event.verdict.verdict == "accepted"
        and read_statement(entry.event.envelope).service == service
    )


async def test_a_service_that_is_down_is_asked_again_until_it_is_up(temporal: Client) -> None:
    """The ledger says that it could not be reached, then that it received; the same request arrives with the same key."""

    async def answer_by_push(gateway: Gateway, plan: Plan, request: Request) -> None:
        await gateway.submit(plan.operation, grant(request))

    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {})
    async with consenting(temporal, service, service.push(), listening=False) as (at, plan):
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.unreachable)
        async with service.listening():
            await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.received)
            await answer_by_push(at.gateway(PROSECUTOR), plan, service.asked[0])
            entry = await at.until(plan, accepted_from(PROSECUTOR))

    assert "accepted" == entry.event.verdict.verdict  # type: ignore[union-attr]
    assert [f"{plan.operation}/consent-uz/{PROSECUTOR}"] == service.keys


def two_of_russia() -> tuple[Plan, Scenario]:
    """Moscow Vector, where the prosecutor of Russia is asked to agree with what its customs authorise."""
    plan, scenario = example_scenario("moscow-vector")
    both = asks("ru.prosecutor agreement", "ru.customs authorisation")
    return with_changes(plan, consent_ru={"requires": both}), scenario


@pytest.mark.core
async def test_a_service_that_received_is_not_asked_twice_because_another_is_down(temporal: Client) -> None:
    """Attempts that follow only ask those who have not received: `asked` is remembered across attempts."""
    up = Misbehaving(free_ports(1)[0], lambda _self, _request: {})
    plan, scenario = quick(*two_of_russia())
    down = Push.model_validate({"url": f"http://127.0.0.1:{free_ports(1)[0]}"})
    reach: dict[str, Reach] = {"ru.prosecutor": up.push(), "ru.customs": down}
    async with installed(temporal, plan, scenario, reach=reach) as at, up.listening():
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and "ru.customs" in entry.event.unreachable)
        attempts = await attempt_reaches(at, plan, "ru.customs", 3)

    assert attempts >= 3
    assert 1 == len(up.asked)


async def test_a_service_that_has_answered_by_another_way_is_not_asked_again(temporal: Client) -> None:
    """Its system was down, and another has handed its answer in. Once it is up it is not asked what is asked no more, though
    others are still waited for at the same checkpoint.
    """
    waiting, back = Misbehaving(free_ports(1)[0], lambda _self, _request: {}), Misbehaving(free_ports(1)[0], lambda _self, _: {})
    plan = renamed(two_of_russia()[0])
    reach: dict[str, Reach] = {"ru.prosecutor": waiting.push(), "ru.customs": back.push()}
    async with installed(temporal, plan, None, reach=reach) as at, waiting.listening():
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and "ru.customs" in entry.event.unreachable)
        (request,) = (await at.gateway("ru.customs").inbox()).requests
        await at.gateway(plan.initiator).submit(plan.operation, grant(request))
        async with back.listening():
            so_far = await attempt_reaches(at, plan, "ru.customs", 1)
            await attempt_reaches(at, plan, "ru.customs", so_far + 1)

    assert 1 == len(waiting.asked)
    assert [] == back.asked


async def attempt_reaches(at: Installation, plan: Plan, service: str, wanted: int) -> int:
    """The attempt that the activity which waits for this service is at, once it is at least `wanted`. Raises `TimeoutError`."""
    attempt = 0
    async with asyncio.timeout(60):
        while attempt < wanted:
            pending = (await at.handle(plan).describe()).raw_description.pending_activities
            said = [(one.attempt, await at.client.data_converter.decode_failure(one.last_failure)) for one in pending]
            attempt = max((number for number, failure in said if service in str(failure)), default=0)
    return attempt


async def test_nonsense_is_no_acknowledgement(temporal: Client) -> None:
    """A status other than 200 or 202 is `unreachable`, and the request is made again until it is received."""

    def flaky(self: Misbehaving, _request: Request) -> Any:
        return web.Response(status=500, text="<html>oops") if len(self.asked) < 3 else {}

    service = Misbehaving(free_ports(1)[0], flaky)
    async with consenting(temporal, service, service.push()) as (at, plan):
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.received)

    assert 3 == len(service.asked)
    assert 1 == len(set(service.keys))


async def test_a_slow_service_keeps_nobody_else_waiting(temporal: Client) -> None:
    """While one service takes its time to acknowledge, the others' confirmations come in and count."""

    async def slow(_self: Misbehaving, _request: Request) -> Any:
        await asyncio.sleep(0.8)
        return {}

    service = Misbehaving(free_ports(1)[0], slow)
    began = time.monotonic()
    async with consenting(temporal, service, service.push()) as (at, plan):
        await at.until(plan, accepted_from("kz.prosecutor"))
        took = time.monotonic() - began
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.received)

    assert took < time.monotonic() - began


async def test_one_that_acknowledges_and_never_answers_ends_as_silence(temporal: Client) -> None:
    """R2 for real: received is not answered; the due time passes, the delivery halts, and it is said who was silent."""
    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {})
    async with consenting(temporal, service, service.push()) as (at, plan):
        entry = await at.until(plan, lambda entry: entry.event.event == "silence")
        view = await at.gateway("kz.knb").view(plan.operation)

    assert (PROSECUTOR,) == entry.event.services  # type: ignore[union-attr]
    assert view.halted is not None
    assert view.halted.startswith("R2")


@pytest.mark.core
async def test_a_polled_service_is_heard(temporal: Client) -> None:
    """What it has answered is fetched and enters by the same door as everyone's statement."""
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": [grant(self.asked[0]).model_dump(mode="json")] if len(self.polled) > 2 else []},
    )
    async with consenting(temporal, service, service.poll()) as (at, plan):
        await at.until(plan, accepted_from(PROSECUTOR))

    assert len(service.polled) >= 3
    assert 1 == len(service.asked)


@pytest.mark.parametrize(("status", "tries"), [(202, 1), (503, 3), (404, 1)])
async def test_a_polled_service_gets_its_receipt_after_its_checkpoint_has_closed(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, status: int, tries: int
) -> None:
    """Its answer closes the checkpoint, and with it the asking; it is handed the receipt all the same, once it takes it, and then
    no more. One that says that it keeps none is not asked again.
    """
    monkeypatch.setattr(receipts, "FIRST_PAUSE", timedelta(milliseconds=100))
    monkeypatch.setattr(receipts, "AT_LATEST", 0.05)
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": [grant(self.asked[0]).model_dump(mode="json")][self.polled[-1] :]},
        on_receipt=lambda self: status if len(self.receipts) < 3 else 202,
    )
    async with consenting(temporal, service, service.poll()) as (at, plan):
        entry = await at.until(plan, accepted_from(PROSECUTOR))
        await at.until(plan, lambda entry: entry.event.event == "closed" and entry.event.checkpoint == "consent-uz")
        async with asyncio.timeout(60):
            while len(service.receipts) < tries:  # noqa: ASYNC110 - it is the service that counts
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)

    assert [entry.seq] * tries == [opened(one, at.directory).seq for one in service.receipts]
    assert 1 == len(set(service.receipts))


async def test_a_polled_service_is_asked_once_more_before_its_silence_decides(temporal: Client) -> None:
    """R2: it is polled once an hour and has answered since: that is fetched when the time is over, and counts."""
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": [grant(self.asked[0]).model_dump(mode="json")] if len(self.polled) > 1 else []},
    )
    seldom = service.poll().model_copy(update={"every": timedelta(hours=1)})
    async with consenting(temporal, service, seldom) as (at, plan):
        await at.until(plan, accepted_from(PROSECUTOR))

    assert [0, 0] == service.polled[:2]


async def test_a_service_that_takes_no_receipt_keeps_no_other_from_its_own(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs when it is handed the first one. What another is owed meanwhile is handed over while it still does."""
    monkeypatch.setattr(receipts, "AT_LATEST", 0.05)
    over, first = asyncio.Event(), asyncio.Event()

    async def hang(_self: Misbehaving) -> int:
        first.set()
        await over.wait()
        return 202

    def granted(self: Misbehaving) -> Any:
        return {"answers": [grant(self.asked[0]).model_dump(mode="json")][self.polled[-1] :]}

    stuck = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, granted, on_receipt=hang)
    other = Misbehaving(
        free_ports(1)[0], lambda _self, _request: {}, lambda self: granted(self) if first.is_set() else {"answers": []}
    )
    reach = {"ru.prosecutor": stuck.poll(), "ru.customs": other.poll()}
    plan = renamed(two_of_russia()[0])
    async with installed(temporal, plan, None, reach=reach) as at, stuck.listening(), other.listening():
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.until(plan, accepted_from("ru.customs"))
        async with asyncio.timeout(9):  # one call may take ten seconds
            while not other.receipts:  # noqa: ASYNC110 - it is the service that counts
                await asyncio.sleep(0.05)
        over.set()

    assert 1 == len(stuck.receipts)


async def test_a_polled_service_that_answers_twice_counts_once(temporal: Client) -> None:
    """The same statement listed again and again is one entry."""
    service = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": [grant(self.asked[0]).model_dump(mode="json")] * 3},
    )
    async with consenting(temporal, service, service.poll()) as (at, plan):
        await at.until(plan, lambda entry: entry.event.event == "closed" and entry.event.checkpoint == "consent-uz")
        ledger = await at.gateway("kz.knb").ledger(plan.operation)

    assert 1 == sum(accepted_from(PROSECUTOR)(entry) for entry in ledger)


async def test_what_no_key_makes_sense_of_is_passed_over_once_and_its_service_hears_of_it(temporal: Client) -> None:
    """No envelope, an unfit signature, another's name, another delivery, no statement: the next question names each, once."""

    def answers(self: Misbehaving) -> Any:
        said = read_statement(grant(self.asked[0]))
        real = grant(self.asked[0]).model_dump(mode="json")
        key = private_key_of(PROSECUTOR)
        elsewhere = sign_statement(said.model_copy(update={"delivery": "saxaul-23"}), key)
        another = sign_statement(said.model_copy(update={"service": "kz.prosecutor"}), key)
        unfit = {**real, "signatures": [{**real["signatures"][0], "sig": b64(bytes(64))}]}
        no_statement = sign(b"{" * 100_000, STATEMENT_TYPE, key)
        wrong = [unfit, *(one.model_dump(mode="json") for one in (another, elsewhere, no_statement))]
        told = [real] if any("refused" in words for words in self.heard) and not self.heard[-1] else []
        return {"answers": [{"nothing": "at all"}, *wrong, *told][self.polled[-1] :]}

    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, answers)
    async with consenting(temporal, service, service.poll()) as (at, plan):
        await at.until(plan, accepted_from(PROSECUTOR))

    codes = ["malformed", "not-authentic", "not-authentic", "not-found", "malformed"]
    assert "&".join(f"refused={number}:{code}" for number, code in enumerate(codes, start=1)) in service.heard
    assert 1 == sum("refused" in words for words in service.heard)
    assert {0, 5} == set(service.polled)


async def test_an_answer_under_a_key_that_is_not_known_yet_is_asked_for_again(temporal: Client) -> None:
    """The worker's directory lags behind: the answer is not lost, its service hears that it waits, and then it counts."""
    waits = asyncio.Event()

    def answers(self: Misbehaving) -> Any:
        if "waits=1:not-authentic" in self.heard:
            waits.set()
        return {"answers": [grant(self.asked[0]).model_dump(mode="json")][self.polled[-1] :]}

    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, answers)
    async with consenting(temporal, service, service.poll()) as (at, plan):
        keyless = at.directory.get(PROSECUTOR).model_copy(update={"keys": ()})
        others = [one if one.id != PROSECUTOR else keyless for one in at.directory.services]
        at.of_worker.replace(at.directory.model_copy(update={"services": tuple(others)}))
        async with asyncio.timeout(60):
            await waits.wait()
        assert {0} == set(service.polled)
        at.of_worker.replace(at.directory)
        await at.until(plan, accepted_from(PROSECUTOR))


async def test_what_was_said_after_an_answer_that_waits_counts_at_once(temporal: Client) -> None:
    """An answer under an unknown key keeps back none that came after it, and those are handed in once."""

    def answers(self: Misbehaving) -> Any:
        real = grant(self.asked[0]).model_dump(mode="json")
        unknown = {**real, "signatures": [{**real["signatures"][0], "keyid": "0" * 32}]}
        return {"answers": [unknown, real][self.polled[-1] :]}

    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, answers)
    async with consenting(temporal, service, service.poll()) as (at, plan):
        await at.until(plan, accepted_from(PROSECUTOR))

    assert {0} == set(service.polled)


A_LONG_CALL = 60.0
"""Seconds."""
ASKED_BY = ("push", "poll", "answers", "desk", "mail")
"""A service that is called, one that is to be polled, one that is polled for its answers, a desk with three webhooks, and one
that is told by mail.
"""


@pytest.mark.parametrize(("by", "way"), [*product(ASKED_BY, WAYS)])
async def test_a_service_that_does_not_do_its_part_delays_nobody_elses_question(
    temporal: Client, monkeypatch: pytest.MonkeyPatch, by: str, way: Way
) -> None:
    """However it is asked: beside it a polled service is asked, asked again for its answers, and heard, at its own pace. A call
    may take a minute here, so that a busy machine is not taken for a delay.
    """
    for limit in ("ONE_CALL", "ONE_POLL"):
        monkeypatch.setattr(services, limit, ClientTimeout(total=A_LONG_CALL))
    monkeypatch.setattr(messenger, "ONE_ALERT", A_LONG_CALL)
    heard = Misbehaving(
        free_ports(1)[0],
        lambda _self, _request: {},
        lambda self: {"answers": [grant(self.asked[0]).model_dump(mode="json")] if len(self.polled) > 3 else []},
    )
    plan, scenario = quick(*two_of_russia())
    async with misbehaving(way, "GET" if by == "answers" else "", greets=by == "mail") as url, heard.listening():
        hooks = [{"by": "webhook", "url": f"{url}/{number}"} for number in range(3)]
        broken: Reach = {
            "push": Push.model_validate({"url": url}),
            "poll": Poll.model_validate({"url": url, "every": "500ms"}),
            "answers": Poll.model_validate({"url": url, "every": "500ms"}),
            "desk": Desk.model_validate({"notify": hooks}),
            "mail": Desk.model_validate({"notify": [{"by": "email", "to": "duty@ru.example"}]}),
        }[by]
        post = Mailbox("vigil@customs.example", "127.0.0.1", int(url.rpartition(":")[2]), "none")
        reach = {"ru.prosecutor": broken, "ru.customs": heard.poll()}
        async with installed(temporal, plan, scenario, reach=reach, mailbox=post) as at:
            await at.gateway(plan.initiator).start(signed_plan(plan))
            async with asyncio.timeout(A_LONG_CALL):
                await at.until(plan, accepted_from("ru.customs"))


async def test_polled_nonsense_is_passed_over_and_what_is_right_still_counts(temporal: Client) -> None:
    """Garbage, then a forged statement, then the real one: only the last enters the ledger."""

    def answers(self: Misbehaving) -> Any:
        if len(self.polled) == 1:
            return web.Response(text="not even JSON")
        real = grant(self.asked[0]).model_dump(mode="json")
        forged = {**real, "signatures": [{**real["signatures"][0], "keyid": "0" * 32}]}
        return {"answers": [forged, real][self.polled[-1] :]}

    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, answers)
    async with consenting(temporal, service, service.poll()) as (at, plan):
        await at.until(plan, accepted_from(PROSECUTOR))
        ledger = await at.gateway("kz.knb").ledger(plan.operation)

    stated = [entry for entry in ledger if isinstance(entry.event, Stated)]
    assert 1 == sum(accepted_from(PROSECUTOR)(entry) for entry in stated)


@pytest.mark.parametrize("other", [False, True])
async def test_a_polled_answer_under_a_key_that_was_revoked_elsewhere_is_turned_away(
    temporal: Client,
    other: bool,  # noqa: FBT001
) -> None:
    """The worker knows at once what a gateway was told, before any delivery has it. Under a key that counts, it is heard. Nothing
    comes due meanwhile, however busy the machine is.
    """
    plan = renamed(example_plan())
    revoked, passed = asyncio.Event(), asyncio.Event()
    name = second(PROSECUTOR) if other else PROSECUTOR

    def answers(self: Misbehaving) -> Any:
        if self.polled[-1] == 1:
            passed.set()
        said = read_statement(grant(self.asked[0]))
        said = said.model_copy(update={"officer": SECOND}) if other else said  # whose key that is
        ready = [sign_statement(said, private_key_of(name)).model_dump(mode="json")] if revoked.is_set() else []
        return {"answers": ready}

    service = Misbehaving(free_ports(1)[0], lambda _self, _request: {}, answers)
    async with installed(temporal, plan, None, reach={PROSECUTOR: service.poll()}) as at, service.listening():
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.received)
        await at.in_force.enter(revocation_of(PROSECUTOR), private_key_of(VIGIL), lambda _: None)
        revoked.set()
        if other:
            await at.until(plan, accepted_from(PROSECUTOR))
        else:
            async with asyncio.timeout(60):
                await passed.wait()
            ledger = await at.gateway("kz.knb").ledger(plan.operation)
            assert not [entry for entry in ledger if accepted_from(PROSECUTOR)(entry)]


def revocation_of(service: str) -> Envelope:
    """Of the service's first key, now."""
    now = datetime.now(UTC).isoformat()
    end = KeyEnd(key=key_id(public_text(private_key_of(service))), at=now, revoked=True)
    change = KeyChange(service=service, by=service, made_at=now, ended=(end,))
    return sign(canonical(change), KEYS_TYPE, private_key_of(service))


@pytest.mark.parametrize(
    ("due", "turn", "wakes_after"),
    [
        (timedelta(hours=2), None, timedelta(hours=2)),
        (timedelta(days=3), None, checkpoint.PARKED),
        (-timedelta(hours=2), None, checkpoint.PARKED),
        (None, None, checkpoint.PARKED),
        (timedelta(hours=2), timedelta(seconds=10), timedelta(seconds=10)),
        (timedelta(hours=2), -timedelta(seconds=10), checkpoint.AT_ONCE),
    ],
)
def test_what_waits_is_woken_when_it_is_due_or_in_a_day(
    due: timedelta | None, turn: timedelta | None, wakes_after: timedelta
) -> None:
    """The next turn comes first; without one the moment at which the answer is due, if that is ahead and within a day."""
    table, now = Table(), datetime.now(UTC)
    asked = request(table.delivery, "consent-uz", PROSECUTOR)
    asked = asked.model_copy(update={"due": utc_text(now + due) if due is not None else None})
    wait = CheckpointWait(
        delivery=asked.delivery, checkpoint=asked.checkpoint, requests=(asked,), services=(table.directory.get(PROSECUTOR),)
    )
    memory = checkpoint.Memory(due={PROSECUTOR: now + turn if turn is not None else checkpoint.NEVER})

    assert wakes_after == checkpoint.wakes(wait, memory, now) - now
    assert checkpoint.waiting_for(wait, memory).startswith("waiting for uz.prosecutor (asked) at consent-uz")
    assert (f", due {asked.due}" in checkpoint.waiting_for(wait, memory)) == (due is not None)
