"""R15 on a real Temporal server: two operations of one installation, and the register between them."""

import asyncio
import json
import uuid
from base64 import b64decode
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.alarms import Alarms
from activities.register_watch import RegisterWatch
from activities.services import AwayError, ServiceCaller
from archive.claims import Claims
from archive.patterns import MINE, Patterns
from domain.delivery.decided import Closed
from domain.delivery.ledger import Entry
from domain.delivery.reported import Deconflicted, Told
from domain.delivery.statement import Content, Statement, sign_statement
from domain.plan.plan import Plan
from domain.plan.register import Claim, DatedClaim, RegisterAnswer
from domain.plan.selectors import hashes, selector
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.rules.conflict import ConflictYielded
from domain.rules.stop import Interdicted
from domain.words.errors import Unavailable
from domain.words.moments import utc_text
from process.clock import Clock
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.services import DECONFLICTION_KEY, private_key_of
from tests.gateway.test_alarms import alarmed
from tests.installation import VIGIL_KEY, Installation, end_what_runs, installed, quick, renamed, stop_by
from tests.support import example_plan, example_scenario, signed_plan
from tests.workflows.test_stranded import CALLED, becomes, called
from workflows.messages import workflow_id

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


@dataclass
class Claimed:
    """What the register has answered, and how often it was asked while the archive was away."""

    away: bool = False
    killed: bool = False
    """Whether the first attempt of each operation ends before its answer is told, as where the worker is killed."""
    refused: int = 0
    answers: dict[str, list[RegisterAnswer]] = field(default_factory=lambda: defaultdict(list))


@contextmanager
def claimed(known: Claimed) -> Iterator[Claimed]:
    """The register in such surroundings."""
    claim = Claims.claim

    async def watched(self: Claims, dated: DatedClaim) -> RegisterAnswer:
        if known.away:
            known.refused += 1
            raise Unavailable("the archive is away")
        answer = await claim(self, dated)
        told = known.answers[dated.claim.delivery]
        told.append(answer)
        if known.killed and len(told) == 1:
            raise Unavailable("the worker was killed")
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Claims, "claim", watched)
        yield known


@pytest.mark.core
async def test_of_two_starts_at_the_same_moment_exactly_one_hears_of_nobody(temporal: Client) -> None:
    """Both look at once, and the worker is killed each time between the register's answer and the word to the deliveries: it
    answered one that nobody is there, and the other whom to call. They never both pass, and both are told in the end.
    """
    with claimed(Claimed(killed=True)) as known:
        async with two_operations(temporal) as (at, first, second):
            await asyncio.gather(start(at, first), start(at, second))
            await asyncio.gather(at.until(first, hit), at.until(second, hit))
            views = [await at.gateway(plan.initiator).view(plan.operation) for plan in (first, second)]

    assert [0, 1] == sorted(len(answers[0].findings[-1].others) for answers in known.answers.values())
    assert any(len(answers) > 1 for answers in known.answers.values())  # who is told by the other's attempt may wait with its own
    assert all(any(wait.checkpoint.startswith("conflict.") for wait in view.waiting) for view in views)


async def test_while_the_archive_is_away_nothing_goes_on_and_a_stop_is_heard(temporal: Client) -> None:
    """R8 before R15: without an answer of the register no State is asked, and a stop is heard all the same. The claim is made
    again, and what was not stopped goes on once the archive is back.
    """
    plan, other = renamed(example_plan()), two_plans()[1].model_copy(update={"selectors": ()})
    with claimed(Claimed(away=True)) as known:
        async with installed(temporal, plan, None) as at:
            for one in (plan, other):
                await start(at, one)
                await at.until(one, lambda entry: getattr(entry.event, "checkpoint", "") == "deconfliction.1")

            async def is_refused() -> bool:
                return known.refused > 2

            await becomes(is_refused)
            await at.gateway(FIRST).submit(plan.operation, stop_by(FIRST, plan))
            await at.until(plan, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "stop.interdiction")
            ledgers = [await at.gateway(one.initiator).ledger(one.operation) for one in (plan, other)]
            known.away = False
            await at.opened(other, "consent-kz")
            await end_what_runs(temporal, workflow_id(other.operation))

    assert not any(looked(entry) for ledger in ledgers for entry in ledger)
    assert not any(entry.event.event == "opened" and entry.event.checkpoint == "consent-kz" for entry in ledgers[1])


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
        await say(at, first, "kz.police", Interdicted(gross=first.consignment.gross, seals_intact=True, place="Almaty"))
        entries = await at.to_the_end(first)
        closed = await at.until(second, freed)
        await at.until(second, lambda entry: entry.event.event == "opened" and entry.event.checkpoint == "consent-kz")

    Checker(first).check(entries)
    assert [one.event.outcome for one in entries if one.event.event == "concluded"] == ["withdrawn"]
    assert isinstance(closed.event, Closed)
    assert "withdrawn" == closed.event.result


@asynccontextmanager
async def touching_another(temporal: Client) -> AsyncIterator[tuple[Installation, Plan]]:
    """A delivery that waits, for it touches an operation that nothing performs and that was entered two days ago."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        touched = hashes(DECONFLICTION_KEY, plan.consignment.identifiers, plan.selectors)
        other = Claim(delivery="left-behind", contact=SECOND, state="KZ", signer="kz.prosecutor", order=2, hashes=touched)
        entered = datetime.now(UTC) - timedelta(days=2)
        await Claims(at.reads._database).claim(DatedClaim(claim=other, at=utc_text(entered)))
        await start(at, plan)
        await at.until(plan, hit)
        yield at, plan


A_DAY = timedelta(days=1, seconds=1)
"""A day, and more than what two looks at the clock can differ by."""


def watch_of(at: Installation, when: datetime | None = None) -> RegisterWatch:
    """What a worker looks after the register with, as of a moment."""
    caller, messenger, register, *_ = at.parts
    archive, alarms = at.reads._database, Alarms(caller, messenger, at.of_worker)

    async def then(_: Client) -> Clock:
        return Clock(when or datetime.now(UTC), monotonic())

    return RegisterWatch(at.client, Claims(archive), Patterns(archive), alarms, register, VIGIL_KEY, then)


async def test_an_operation_that_nothing_performs_is_in_nobodys_way_after_a_day(temporal: Client) -> None:
    """Somebody has ended its workflow from outside, so it is never released. For a day it counts as live; then who touches it is
    told that the conflict has gone, and goes on. What is performed stays.
    """
    async with touching_another(temporal) as (at, plan):
        now = datetime.now(UTC)
        await watch_of(at, now).sweep()
        seen = await at.gateway(plan.initiator).view(plan.operation)
        await watch_of(at, now + A_DAY).sweep()
        closed = await at.until(plan, freed)
        await at.opened(plan, "consent-kz")
        live = await Claims(at.reads._database).suspects()

    assert any(wait.checkpoint.startswith("conflict.") for wait in seen.waiting)
    assert isinstance(closed.event, Closed)
    assert "withdrawn" == closed.event.result
    assert () == live


async def test_that_a_conflict_has_gone_is_told_though_the_worker_that_found_it_has_gone_too(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken out of the register, and whoever did that was killed, or did not reach Temporal, before it could say so: the
    next round tells it.
    """

    async def cut_off(_self: RegisterWatch, _delivery: str, _fact: Deconflicted) -> None:
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")

    async with touching_another(temporal) as (at, plan):
        now = datetime.now(UTC)
        await watch_of(at, now).sweep()
        with monkeypatch.context() as away, suppress(RPCError):
            away.setattr(RegisterWatch, "_report", cut_off)
            await watch_of(at, now + A_DAY).sweep()
        await watch_of(at, now + A_DAY + timedelta(minutes=1)).sweep()
        told = await at.until(
            plan,
            lambda entry: entry.event.event == "silence" or (isinstance(entry.event, Deconflicted) and not entry.event.contacts),
        )
        live = await Claims(at.reads._database).suspects()

    assert isinstance(told.event, Deconflicted)
    assert () == live


async def test_supervisors_are_told_of_a_pattern_without_asking(temporal: Client) -> None:
    """Each of them is told, once: which service, by whose signatures, and in which operations."""
    async with called() as (supervisor, told), installed(temporal, renamed(example_plan()), None, beside=(supervisor,)) as at:
        found = await alarmed(at)
        for _ in range(2):
            await watch_of(at).tell()

    assert [(CALLED, "enquiries", found)] == [(one.service, one.kind, one.facts.alarm) for one in told]


async def test_a_pattern_that_no_supervisor_has_heard_of_is_told_again(temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """None could be reached when a worker told it. It is told again, and no more once somebody has heard of it."""
    later = timedelta()

    async def away(*_call: object) -> None:
        raise AwayError

    async with called() as (supervisor, told), installed(temporal, renamed(example_plan()), None, beside=(supervisor,)) as at:
        found, watch = await alarmed(at), watch_of(at)
        watch._patterns = Patterns(at.reads._database, lambda: datetime.now(UTC) + later)
        with monkeypatch.context() as alone:
            alone.setattr(ServiceCaller, "notify", away)
            await watch.tell()
        later = MINE
        await watch.tell()
        later = 2 * MINE
        await watch.tell()

    assert [found] == [one.facts.alarm for one in told]
