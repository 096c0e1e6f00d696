"""R15 on a real Temporal server: two operations of one installation, and the register between them."""

import asyncio
import json
import uuid
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from domain.delivery.decided import Closed
from domain.delivery.ledger import Entry
from domain.delivery.reported import Deconflicted, Stated, Told
from domain.delivery.statement import Content, Statement, sign_statement
from domain.plan.enquiries import Alarm, Enquiries
from domain.plan.plan import Plan
from domain.plan.register import Answer, Claim, DatedClaim, Register
from domain.plan.selectors import selector
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.rules.conflict import ConflictYielded
from domain.rules.stop import Interdicted
from domain.words.moments import utc_text
from process.builds import pinned, settle
from process.temporal import readable
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.services import DECONFLICTION_KEY, private_key_of
from tests.gateway.test_alarms import alarmed
from tests.installation import BUILD, Installation, end_what_runs, installed, quick, renamed, stop_by
from tests.support import example_plan, example_scenario, signed_plan
from tests.workflows.test_stranded import CALLED, becomes, called
from worker import sandbox
from workflows import messages
from workflows.messages import CarriedRegister, ReleaseErrand, register_id, workflow_id
from workflows.register import LiveOperations

FIRST, SECOND = "kz.knb", "kz.police"
"""Initiators of the two operations."""


def two_plans() -> tuple[Plan, Plan, Scenario]:
    """Two operations on different consignments whose targets use one telephone; all else of them differs."""
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    shared = (selector(DECONFLICTION_KEY, "phone", "+998 71 200 00 00"),)
    first = plan.model_copy(update={"selectors": shared})
    secret = plan.model_dump() | {
        "operation": f"quiet-tern-{uuid.uuid4().hex[:8]}",
        "title": "Unspoken title",
        "initiator": SECOND,
        "selectors": shared,
        "tolerances": {"gross": "20 g"},
    }
    secret["consignment"] |= {
        "identifiers": [{"scheme": "other", "value": "UNSPOKEN-1"}],
        "declared_as": "Unspoken goods",
        "contents": [{"substance": "unspoken substance", "net": "5 kg"}],
    }
    secret["contingencies"] |= {"decision": timedelta(minutes=5)}
    other = Plan.model_validate(secret)
    contingencies = first.contingencies.model_copy(update={"decision": timedelta(minutes=5)})
    return first.model_copy(update={"contingencies": contingencies}), other, scenario


@asynccontextmanager
async def two_operations(temporal: Client, *, served: bool = False) -> AsyncIterator[tuple[Installation, Plan, Plan]]:
    """One installation and two plans that touch one telephone; nothing is started. Without `served` everyone is a desk."""
    first, second, scenario = two_plans()
    async with installed(temporal, first, scenario if served else None) as at:
        try:
            yield at, first, second
        finally:
            await end_what_runs(temporal, workflow_id(second.operation))


def looked(entry: Entry) -> bool:
    """Whether the register has answered here."""
    return isinstance(entry.event, Deconflicted)


def hit(entry: Entry) -> bool:
    """Whether the register has found another operation."""
    return isinstance(entry.event, Deconflicted) and bool(entry.event.contacts)


def freed(entry: Entry) -> bool:
    """Whether a conflict has been closed."""
    return isinstance(entry.event, Closed) and entry.event.checkpoint.startswith("conflict.")


def contact_in(entry: Entry) -> tuple[str, str]:
    """Whom to call, and the checkpoint of the conflict."""
    assert isinstance(entry.event, Deconflicted)
    (contact,) = entry.event.contacts
    return contact.service, contact.checkpoint


def claim_of(delivery: str, contact: str = FIRST) -> Claim:
    """An operation that touches one thing, always the same."""
    return Claim(delivery=delivery, contact=contact, state="KZ", signer="kz.prosecutor", order=2, hashes=("a" * 64,))


def now(claim: Claim) -> DatedClaim:
    """The claim, brought now."""
    return DatedClaim(claim=claim, at=utc_text(datetime.now(UTC)))


async def start(at: Installation, plan: Plan) -> None:
    """Start a delivery at the gateway."""
    await at.gateway(plan.initiator).start(signed_plan(plan))


def in_clear(value: Any) -> Iterator[str]:
    """Every text in a packet: those of its ledger and of Temporal's history, taken out of their base64."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from in_clear(b64decode(part).decode() if name in {"data", "payload"} and isinstance(part, str) else part)
    elif isinstance(value, list):
        for part in value:
            yield from in_clear(part)
    elif isinstance(value, str):
        yield value
        with suppress(json.JSONDecodeError):
            inner = json.loads(value)
            if not isinstance(inner, str):
                yield from in_clear(inner)


def leaked(packet: bytes, own: Plan, other: Plan) -> dict[str, str]:
    """What of the other operation stands in a packet, which is read to its last text: what is its own is found."""
    texts = list(in_clear(json.loads(packet)))
    for known in (own.title, own.operation, own.consignment.declared_as):
        assert any(known in text for text in texts), known
    secrets = (other.operation, "quiet-tern", "nspoken", "UNSPOKEN")
    return {secret: text[:200] for secret in secrets for text in texts if secret in text}


async def say(at: Installation, plan: Plan, service: str, content: Content, checkpoint: str | None = None) -> None:
    """Sign it and hand it in; it is accepted."""
    said = Statement(
        id=uuid.uuid4().hex,
        delivery=plan.operation,
        plan=signed_plan(plan).fingerprint(),
        checkpoint=checkpoint,
        service=service,
        officer="officer-1",
        happened_at="2026-03-02T13:25:00+05:00",
        content=content,
    )
    given = await at.gateway(service).submit(plan.operation, sign_statement(said, private_key_of(service)))
    assert isinstance(given, SignedReceipt)
    assert "accepted" == given.receipt.verdict.verdict


async def test_of_two_starts_at_the_same_moment_exactly_one_hears_of_nobody(temporal: Client) -> None:
    """Both look at once: the register answers one that nobody is there, and the other whom to call. They never both pass."""
    async with two_operations(temporal) as (at, first, second):
        await asyncio.gather(start(at, first), start(at, second))
        await asyncio.gather(at.until(first, hit), at.until(second, hit))
        history = await temporal.get_workflow_handle(register_id(at.task_queue)).fetch_history()
        views = [await at.gateway(plan.initiator).view(plan.operation) for plan in (first, second)]

    assert readable(history, temporal)
    outcomes = [event.workflow_execution_update_completed_event_attributes.outcome for event in history.events]
    answers = [Answer.model_validate_json(one.success.payloads[0].data) for one in outcomes if one.success.payloads]
    assert [0, 1] == [len(answer.findings[-1].others) for answer in answers]
    assert all(any(wait.checkpoint.startswith("conflict.") for wait in view.waiting) for view in views)


async def test_both_sides_are_told_whom_to_call_and_nothing_else(temporal: Client) -> None:
    """The same number on both sides, a notice to each initiator; and no text of the other operation in ledger or history."""
    async with two_operations(temporal) as (at, first, second):
        await start(at, first)
        await at.until(first, looked)
        await start(at, second)
        there, here = await asyncio.gather(at.until(first, hit), at.until(second, hit))
        notices = [
            await at.until(plan, lambda entry: isinstance(entry.event, Told) and entry.event.kind == "conflict")
            for plan in (first, second)
        ]
        packet = await at.gateway(FIRST).packet(first.operation)

    assert (SECOND, FIRST) == (contact_in(there)[0], contact_in(here)[0])
    assert contact_in(there)[1] == contact_in(here)[1]
    told = [entry.event for entry in notices]
    assert [(FIRST,), (SECOND,)] == [event.reached for event in told if isinstance(event, Told)]
    assert {} == leaked(packet, first, second)


async def test_two_that_agree_both_go_on(temporal: Client) -> None:
    """With both sides' signatures in each ledger, both come to their arrests; both packets verify and break no invariant."""
    async with two_operations(temporal, served=True) as (at, first, second):
        await asyncio.gather(start(at, first), start(at, second))
        ledgers = await asyncio.gather(at.to_the_end(first), at.to_the_end(second))
        packets = [await at.gateway(plan.initiator).packet(plan.operation) for plan in (first, second)]

    for plan, entries, packet in zip((first, second), ledgers, packets, strict=True):
        Checker(plan).check(entries)
        assert any(isinstance(entry.event, Closed) and entry.event.checkpoint.startswith("conflict.") for entry in entries)
        assert "delivered_with_arrests" == verify(packet, at.directory).outcome
    assert {} == leaked(packets[0], first, second)


async def test_the_end_of_one_lets_the_other_pass(temporal: Client) -> None:
    """The first gives way and ends; the register says so, and the second goes on without anybody's further word."""
    async with two_operations(temporal) as (at, first, second):
        await asyncio.gather(start(at, first), start(at, second))
        _, checkpoint = contact_in((await asyncio.gather(at.until(first, hit), at.until(second, hit)))[0])
        await say(at, first, FIRST, ConflictYielded(reason="they are further"), checkpoint)
        await say(at, first, "kz.police", Interdicted(gross=1, seals_intact=True, place="Almaty"))
        entries = await at.to_the_end(first)
        closed = await at.until(second, freed)
        await at.until(second, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "consent-kz")

    Checker(first).check(entries)
    assert [one.event.outcome for one in entries if one.event.event == "concluded"] == ["withdrawn"]
    assert isinstance(closed.event, Closed)
    assert "withdrawn" == closed.event.result


async def test_a_stop_is_heard_while_the_register_is_waited_for(temporal: Client) -> None:
    """R8 before R15: with no answer of the register the delivery can be stopped all the same."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    async with installed(temporal, plan, None) as at:
        await temporal.start_workflow(  # something else stands where the register should, and answers nothing
            messages.REGISTER, CarriedRegister(), id=register_id(at.task_queue), task_queue=f"nobody-{uuid.uuid4().hex}"
        )
        await start(at, plan)
        await at.gateway(FIRST).submit(plan.operation, stop_by(FIRST, plan))
        await at.until(plan, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "stop.interdiction")
        ledger = await at.gateway(FIRST).ledger(plan.operation)

    assert not any(looked(entry) for entry in ledger)
    assert any(isinstance(entry.event, Stated) for entry in ledger)


@activity.defn(name=messages.TELL_SUPERVISORS)
async def reaches_nobody(alarm: Alarm) -> None:
    """As where every supervisor is away."""
    message = f"alarm {alarm.number} reaches nobody"
    raise ApplicationError(message)


@asynccontextmanager
async def register_worker(temporal: Client, queue: str) -> AsyncIterator[None]:
    """A worker of registers only, which reaches no supervisor."""
    build = pinned(queue, BUILD)
    async with Worker(
        temporal,
        task_queue=queue,
        workflows=[LiveOperations],
        activities=[reaches_nobody],
        workflow_runner=sandbox(),
        deployment_config=build,
    ):
        await settle(temporal, queue, BUILD, takes_over=False)
        yield


async def test_a_register_that_begins_anew_is_heard(temporal: Client) -> None:
    """Should someone terminate it, its successor's answers are newer than all before, and no delivery waits for ever."""
    queue = f"register-{uuid.uuid4().hex}"
    claim = claim_of("operation-1")
    async with register_worker(temporal, queue):
        numbers = []
        for old in (Register(number=41), None):
            book = CarriedRegister(live=old)
            register = await temporal.start_workflow(messages.REGISTER, book, id=queue, task_queue=queue)
            numbers.append((await register.execute_update(messages.CLAIM, now(claim), result_type=Answer)).number)
            await register.terminate()

    assert 42 == numbers[0] < numbers[1]


async def test_the_register_goes_on_over_many_runs(temporal: Client) -> None:
    """Runs as short as two answers: claims and their order outlive each, and a number never comes twice for different books."""
    queue = f"register-{uuid.uuid4().hex}"
    async with register_worker(temporal, queue):
        handle = await temporal.start_workflow(messages.REGISTER, CarriedRegister(answers_per_run=2), id=queue, task_queue=queue)
        claims = [claim_of(f"operation-{number}", f"{chr(97 + number)}{chr(97 + number)}.police") for number in range(7)]
        register = temporal.get_workflow_handle(handle.id)
        answers = [await register.execute_update(messages.CLAIM, now(claim), result_type=Answer) for claim in claims]
        last = await register.execute_update(messages.RELEASE, ReleaseErrand(delivery="operation-0"), result_type=Answer)
        runs = [run async for run in temporal.list_workflows(f"WorkflowId = '{queue}'")]
        await register.terminate()

    first = answers[0].number
    assert list(range(first, first + 7)) == [answer.number for answer in answers]
    assert list(range(7)) == [len(answer.findings[-1].others) for answer in answers]
    assert (first + 7, 6) == (last.number, len(last.findings))
    assert len(runs) > 2


async def test_alarms_that_reach_nobody_do_not_keep_the_register_from_a_new_run(temporal: Client) -> None:
    """However many wait to be told: a run that has become long enough ends after the one that is being told."""
    queue, at = f"register-{uuid.uuid4().hex}", utc_text(datetime.now(UTC))
    said = {"at": at, "pattern": "full", "service": FIRST, "state": "KZ", "count": 1}
    alarms = tuple(
        Alarm(number=number, deliveries=("operation-1",), signers=("kz.prosecutor",), **said) for number in range(1, 51)
    )
    book = CarriedRegister(live=Register(enquiries=Enquiries(alarms=alarms, raised=50)), answers_per_run=1)
    async with register_worker(temporal, queue):
        register = await temporal.start_workflow(messages.REGISTER, book, id=queue, task_queue=queue)
        await register.execute_update(messages.CLAIM, now(claim_of("operation-1")), result_type=Answer)
        latest = temporal.get_workflow_handle(queue)
        async with asyncio.timeout(30):
            while (await latest.describe()).run_id == register.first_execution_run_id:
                pass
        await latest.terminate()


async def test_supervisors_are_told_of_a_pattern_without_asking(temporal: Client) -> None:
    """The register has each of them told, once: which service, by whose signatures, and in which operations."""
    async with called() as (supervisor, told), installed(temporal, renamed(example_plan()), None, beside=(supervisor,)) as at:
        found = await alarmed(at)

        async def is_told() -> bool:
            return bool(told)

        await becomes(is_told)

    assert [(CALLED, "enquiries", found)] == [(one.service, one.kind, one.facts.alarm) for one in told]
