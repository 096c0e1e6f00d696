import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from temporalio.client import Client

from activities.deconfliction import RegisterActivities
from activities.messenger import Messenger
from activities.relay import Relay
from activities.services import ServiceCaller
from archive.claims import Claims
from archive.ledgers import Ledgers
from archive.sessions import Sessions
from domain.delivery.ledger import Entry, Left, Receipt
from domain.delivery.reported import Stated
from domain.delivery.statement import Statement, sign_statement
from domain.plan import proof
from domain.plan.access import OPEN
from domain.plan.directory import Directory
from domain.plan.group import under_one_root
from domain.plan.plan import Group, Plan, Replaced
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.rules.handling import Information
from domain.rules.watch import Sighted
from domain.signing.envelope import Envelope
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, NotFound, RuleBroken, Unavailable
from domain.words.identifiers import ConsignmentIdentifier
from domain.words.text import in_markdown
from gateway.access import Proofs
from gateway.api import application, routes
from gateway.connections import serving
from gateway.reading import NOT_HERE, Reading
from gateway.reception import Reception
from gateway.temporal import NoWorkerError
from process.builds import settle
from process.in_force import InForce
from process.ring import Wrapping
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, cast, private_key_of
from tests.installation import (
    BUILD,
    PAYLOAD_KEYS,
    Installation,
    installed,
    log_of_reads,
    quick,
    reading_of,
    renamed,
    said_by,
    stop_by,
    temporal_server,
)
from tests.support import example_cards, example_directory, example_plan, example_scenario, signed_plan
from worker import worker_for
from workflows.messages import workflow_id

pytestmark = pytest.mark.core


@dataclass
class At:
    """An installation with one delivery under way and nobody answering."""

    installation: Installation
    plan: Plan

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        return self.installation.url

    def door(self, service: str) -> Gateway:
        """The gateway, as this service calls it."""
        return self.installation.gateway(service)


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One installation for the whole module."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.kept(plan)
        yield At(installation, plan)


def fresh(plan: Plan, **changed: Any) -> Plan:
    """The same plan under another code name."""
    return plan.model_copy(update={"operation": f"fresh-{uuid.uuid4().hex[:8]}", **changed})


def sighting_by(service: str, plan: Plan) -> Envelope:
    """Something that it says, another one each time."""
    statement = Statement(
        id=uuid.uuid4().hex,
        delivery=plan.operation,
        service=service,
        officer="officer-1",
        happened_at=datetime.now(UTC).isoformat(),
        content=Sighted(place="on the road"),
    )
    return sign_statement(statement, private_key_of(service))


def signed(service: str, method: str, url: str, body: bytes = b"", key_of: str = "") -> dict[str, str]:
    """Headers of a request by this service."""
    key = private_key_of(key_of or service)
    made = proof.make(service, key, method, url, body, now=datetime.now(UTC), nonce=uuid.uuid4().hex)
    return {"Authorization": made, "Content-Type": "application/json"}


@pytest.mark.parametrize("route", [route for route in routes if isinstance(route, web.RouteDef)], ids=lambda route: route.path)
async def test_nobody_anonymous_gets_anything(at: At, route: web.RouteDef) -> None:
    """Every route but those the policy calls open answers 401 to a request without a proof, as a problem document."""
    path = route.path.replace("{delivery}", at.plan.operation).replace("{digest}", "0" * 64).replace("{number}", "1")
    async with at.installation.http.request(route.method, f"{at.url}{path}") as answer:
        document = await answer.json(content_type=None)

    if route.kwargs["name"] in OPEN:
        assert 200 == answer.status
    else:
        assert (401, "not-authentic", "application/problem+json") == (answer.status, document["code"], answer.content_type)
        assert "docs/protocol.md" in document["hint"]


async def test_a_path_that_does_not_exist_is_a_problem_document_too(at: At) -> None:
    """404 with our shape, not a page of HTML."""
    headers = signed("kz.knb", "GET", f"{at.url}/v1/nothing")
    async with at.installation.http.get(f"{at.url}/v1/nothing", headers=headers) as answer:
        assert (404, "application/problem+json") == (answer.status, answer.content_type)


@pytest.mark.parametrize(
    "headers",
    [
        lambda url: signed("kz.knb", "GET", f"{url}/v1/inbox", key_of="uz.police"),
        lambda url: signed("kz.knb", "POST", f"{url}/v1/inbox"),
        lambda url: signed("kz.knb", "GET", f"{url}/v1/deliveries"),
        lambda url: signed("kz.knb", "GET", f"{url}/v1/inbox", b"other body"),
        lambda url: signed("nobody.known", "GET", f"{url}/v1/inbox"),
        lambda _: signed("kz.knb", "GET", "/v1/inbox"),
        lambda _: signed("kz.knb", "GET", "https://vigil.another.example/v1/inbox"),
        lambda _: {"Authorization": "Bearer secret"},
        lambda _: {"Authorization": "Vigil not.a.token"},
    ],
    ids=["another's key", "method", "path", "body", "unknown service", "no host", "another installation", "bearer", "garbage"],
)
async def test_a_proof_for_anything_else_is_refused(at: At, headers: Callable[[str], dict[str, str]]) -> None:
    """A proof binds key, method, address and body: 401 for each that differs, whatever the header `Host` says."""
    sent = {**headers(at.url), "Host": "vigil.another.example"}
    async with at.installation.http.get(f"{at.url}/v1/inbox", headers=sent) as answer:
        assert 401 == answer.status


async def test_a_proof_is_accepted_once(at: At) -> None:
    """The same request replayed is refused."""
    headers = signed("kz.knb", "GET", f"{at.url}/v1/inbox")
    statuses = []
    for _ in range(2):
        async with at.installation.http.get(f"{at.url}/v1/inbox", headers=headers) as answer:
            statuses.append(answer.status)

    assert [200, 401] == statuses


async def test_a_plan_is_started_once(at: At) -> None:
    """Starting it again says so (R18) and changes nothing."""
    before = await at.door("kz.knb").ledger(at.plan.operation)
    with pytest.raises(RuleBroken, match="has been started already") as refused:
        await at.door("kz.knb").start(signed_plan(at.plan))

    assert ("R18", "started_already") == (refused.value.rule, refused.value.reason)
    after = await at.door("kz.knb").ledger(at.plan.operation)
    assert before == after[: len(before)]
    assert 1 == [entry.event.event for entry in after].count("started")


async def test_only_the_initiator_starts_its_plan(at: At) -> None:
    """Another service with the initiator's signed plan in hand is not allowed to."""
    with pytest.raises(NotAllowed, match="initiator"):
        await at.door("uz.police").start(signed_plan(fresh(at.plan)))


async def test_a_plan_signed_by_another_is_not_started(at: At) -> None:
    """The signature must be the initiator's, whoever calls."""
    plan = fresh(at.plan)
    forged = signed_plan(plan).model_copy(update={"signatures": signed_plan(fresh(plan, initiator="uz.police")).signatures})
    with pytest.raises(NotAuthentic):
        await at.door("kz.knb").start(forged)


async def test_every_fault_of_a_plan_comes_back_and_nothing_is_started(at: At) -> None:
    """A plan that breaks R1, R4 and R6 gets all three at once, with the path of each."""
    checkpoints = tuple(one for one in at.plan.checkpoints if one.id != "consent-uz")
    legs = (at.plan.legs[0].model_copy(update={"responsible": "uz.customs"}), *at.plan.legs[1:])
    plan = fresh(at.plan, checkpoints=checkpoints, legs=legs)
    with pytest.raises(Malformed) as refused:
        await at.door("kz.knb").start(signed_plan(plan))
    with pytest.raises(NotFound):
        await at.door("kz.knb").view(plan.operation)

    found = " ".join(str(fault) for fault in refused.value.faults)
    assert {"R1", "R4", "R6"} <= {word.rstrip(":") for word in found.split()}


async def test_r22_no_delivery_begins_with_a_service_that_has_been_replaced(at: At) -> None:
    """The plan of another delivery, changed under way: who has gone would be asked, or in charge, and heard by nobody."""
    gone = Replaced(service="uz.customs", by="uz.police", reason="in the delivery before this one")
    with pytest.raises(Malformed) as refused:
        await at.door("kz.knb").start(signed_plan(fresh(at.plan, replaced=(gone,))))

    assert ["replaced"] == [fault.place for fault in refused.value.faults]


async def test_a_participant_without_a_valid_key_is_a_fault(at: At) -> None:
    """A service that could never confirm anything is named before anything starts."""
    directory = without_keys(at.installation.directory, "uz.police")
    reception = at.installation.reception("nowhere", InForce(directory))
    caller = directory.get("kz.knb")
    with pytest.raises(Malformed) as refused:
        await reception.plans.start(caller, signed_plan(fresh(at.plan)))

    assert ["directory: uz.police"] == [fault.place for fault in refused.value.faults]


def without_keys(directory: Directory, service: str) -> Directory:
    """The directory, this service having no key."""
    changed = tuple(one.model_copy(update={"keys": ()}) if one.id == service else one for one in directory.services)
    return directory.model_copy(update={"services": changed})


async def test_a_body_that_is_no_envelope_is_malformed(at: At) -> None:
    """422 with every fault of the envelope named."""
    target = f"/v1/deliveries/{at.plan.operation}/statements"
    body = b'{"payloadType": 7}'
    headers = signed("kz.knb", "POST", f"{at.url}{target}", body)
    async with at.installation.http.post(f"{at.url}{target}", data=body, headers=headers) as answer:
        document = await answer.json(content_type=None)

    assert 422 == answer.status
    assert {"payload", "payloadType", "signatures"} == {fault["place"] for fault in document["faults"]}


async def test_noise_is_told_apart_for_the_sender_and_leaves_no_trace(at: At) -> None:
    """Forged, for an unknown delivery, by an outsider: each its own error, and not one ledger entry."""
    before = await at.door("kz.knb").ledger(at.plan.operation)
    stop = stop_by("uz.police", at.plan)
    forged = stop.model_copy(update={"signatures": stop_by("kz.knb", at.plan).signatures})
    elsewhere = stop_by("uz.police", fresh(at.plan))
    outsider = stop_by("ru.police", at.plan)
    for envelope, error in ((forged, NotAuthentic), (elsewhere, NotFound), (outsider, NotAuthentic)):
        with pytest.raises(error):
            await at.door("uz.police").submit(at.plan.operation, envelope)

    after = await at.door("kz.knb").ledger(at.plan.operation)
    assert before == after[: len(before)]
    assert "stated" not in {entry.event.event for entry in after[len(before) :]}


async def test_who_has_no_part_cannot_tell_a_delivery_that_exists_from_one_that_does_not(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement of a known service about another's delivery is answered word for word as one about none, and as late."""
    answers, seconds, late = [], [], 10 * NOT_HERE
    monkeypatch.setattr("gateway.runs.NOT_HERE", late)  # longer than all else that an answer takes here
    for plan in (at.plan, fresh(at.plan)):
        began = time.monotonic()
        with pytest.raises(NotFound) as refused:
            await at.door("tj.customs").submit(plan.operation, stop_by("tj.customs", plan))
        seconds.append(time.monotonic() - began)
        answers.append(refused.value.message.replace(plan.operation, "X"))

    assert answers[0] == answers[1]
    assert min(seconds) >= late


async def test_a_code_name_that_strangers_have_taken_is_a_fault_of_the_plan_like_any_other(at: At) -> None:
    """Who may not see what bears it hears that the name cannot be used, and neither that there is a delivery nor of whom."""
    other = example_plan("cash-by-bus").model_copy(update={"operation": at.plan.operation})
    directory = cast(example_directory(), tuple(service.id for service in example_directory().services))
    reception = at.installation.reception(directory=InForce(directory))
    with pytest.raises(Malformed) as refused:
        await reception.plans.start(directory.get(other.initiator), signed_plan(other))

    assert other.initiator not in at.plan.participants()
    assert ["operation"] == [fault.place for fault in refused.value.faults]
    assert "cannot be used" in refused.value.faults[0].problem


async def test_a_statement_that_was_left_and_is_not_taken_is_not_acknowledged(at: At) -> None:
    """The delivery took the signal and recorded nothing, as after its end: no 202, but a refusal that says so. Sent again, it
    is left again.
    """
    reception, police = at.installation.reception(), at.installation.directory.get("uz.police")
    stranger, stop = stop_by("tj.customs", at.plan), stop_by("uz.police", fresh(at.plan))
    for _ in range(2):
        with pytest.raises(NotAllowed, match="take no part in it"):
            await reception.submissions._leave(police, read_statement(stranger), at.installation.handed(stranger, at.plan))
    said = read_statement(stop).model_copy(update={"delivery": at.plan.operation})
    with pytest.raises(NotAllowed, match="has ended"):
        await reception.submissions._leave(police, said, at.installation.handed(stop, at.plan))
    left = [one.content for one in await at.installation.left(at.plan)]

    assert [stranger, stranger, stop] == [one for one in left if one in (stranger, stop)]


async def test_a_stop_is_kept_while_no_worker_is_up_and_takes_effect_when_one_is(
    temporal: Client, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: the gateway says that it is left, and a worker that starts afterwards finds it in the ledger, once."""
    monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=1))
    plan, queue = fresh(at.plan), f"later-{uuid.uuid4().hex}"
    key = private_key_of(VIGIL)
    relay, in_force = Relay(key), InForce(at.installation.directory)
    reception, police = at.installation.reception(queue, in_force), at.installation.directory.get("uz.police")
    await reception.plans.start(at.installation.directory.get(plan.initiator), signed_plan(plan))
    stop = stop_by("uz.police", plan)
    answer = await reception.submissions.submit(police, plan.operation, stop)
    services, claims = ServiceCaller(at.installation.http, VIGIL, key), Claims(at.installation.reads._database)
    desks = Messenger(at.installation.http, in_force, key, at.installation.url)
    parts = services, desks, RegisterActivities(bytes(32), in_force, relay, claims), relay, at.installation.parts[-1]
    async with worker_for(temporal, queue, in_force, *parts, build=BUILD, grace=timedelta(seconds=1)):
        await settle(temporal, queue, BUILD, takes_over=False)
        receipt = await reception.submissions.submit(police, plan.operation, stop)
        ledger = await reception.reading.ledger(police, plan.operation, 0)
        shown = await reception.reading.view(police, plan.operation)
    await at.installation.handle(plan).terminate()

    assert isinstance(answer, Left)
    assert isinstance(receipt, Receipt)
    assert "accepted" == receipt.verdict.verdict
    stated = [one for one in ledger.entries if isinstance(one, Entry) and isinstance(one.event, Stated)]
    assert [receipt.seq] == [one.seq for one in stated if isinstance(one.event, Stated) and one.event.envelope == stop]
    assert shown.halted is not None


async def test_a_stop_does_not_queue_behind_statements_that_nobody_judges(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal takes ten updates of a delivery at once: the eleventh, a stop, is kept at once and answered within seconds."""
    monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=300))
    plan = fresh(at.plan)
    reception, police = at.installation.reception(f"nobody-{uuid.uuid4().hex}"), at.installation.directory.get("uz.police")
    await reception.plans.start(at.installation.directory.get(plan.initiator), signed_plan(plan))
    submit = reception.submissions.submit
    others = [asyncio.create_task(submit(police, plan.operation, sighting_by("uz.police", plan))) for _ in range(12)]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):  # less than any of the others waits for its receipt
        answer = await reception.submissions.submit(police, plan.operation, stop_by("uz.police", plan))
    history = await at.installation.handle(plan).fetch_history()
    signals = [event for event in history.events if event.HasField("workflow_execution_signaled_event_attributes")]
    pending = [one for one in others if not one.done()]
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await at.installation.handle(plan).terminate()

    assert isinstance(answer, Left)
    assert 1 == len(signals)
    assert others == pending


async def test_a_statement_that_breaks_a_rule_is_recorded_as_refused(at: At) -> None:
    """The answer is a receipt with the rule's number, and the attempt stands in the ledger."""
    statement = Statement(
        id=uuid.uuid4().hex,
        delivery=at.plan.operation,
        service="uz.police",
        officer="officer-1",
        happened_at="2026-11-24T10:00:00+05:00",
        plan=(await at.door("uz.police").view(at.plan.operation)).plan,
        content=Sighted(place="somewhere"),
    )
    envelope: Envelope = sign_statement(statement, private_key_of("uz.police"))
    given = await at.door("uz.police").submit(at.plan.operation, envelope)
    assert isinstance(given, SignedReceipt)
    receipt = given.receipt
    ledger = await at.door("uz.police").ledger(at.plan.operation, receipt.seq)

    assert ("refused", "R4") == (receipt.verdict.verdict, receipt.verdict.rule)
    assert isinstance(ledger[0], Entry)
    assert receipt.entry == ledger[0]


async def test_who_takes_no_part_sees_nothing(at: At) -> None:
    """For an outsider the delivery does not exist, which it hears as late as of any other; a list and an inbox are one's own."""
    seconds = []
    for look in (Gateway.view, Gateway.ledger, Gateway.packet):
        began = time.monotonic()
        with pytest.raises(NotFound):
            await look(at.door("tj.customs"), at.plan.operation)
        seconds.append(time.monotonic() - began)

    assert min(seconds) >= NOT_HERE
    assert at.plan.operation not in {row.delivery for row in await at.door("tj.customs").deliveries()}
    assert at.plan.operation in {row.delivery for row in await at.door("uz.police").deliveries()}


async def test_an_inbox_holds_what_one_is_asked_and_no_more(at: At) -> None:
    """The prosecutor finds the request for consent with its due time; the police are asked nothing yet."""
    await at.installation.opened(at.plan, "consent-uz")
    asked = [one for one in (await at.door("uz.prosecutor").inbox()).requests if one.delivery == at.plan.operation]
    others = [one for one in (await at.door("uz.police").inbox()).requests if one.delivery == at.plan.operation]

    assert [("consent-uz", ("authorisation",))] == [(one.checkpoint, one.says) for one in asked]
    assert asked[0].due is not None
    assert [] == others


async def test_a_delivery_that_no_worker_has_begun_is_said_to_be_behind_to_who_started_it_and_to_nobody_else(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever started it knows of it, and is not told that there is none; for others it does not exist yet."""
    monkeypatch.setattr("gateway.reading.BEHIND", 0.5)
    plan, reception = fresh(at.plan), at.installation.reception(f"nobody-{uuid.uuid4().hex}")
    initiator = at.installation.directory.get(plan.initiator)
    await reception.plans.start(initiator, signed_plan(plan))
    try:
        with pytest.raises(Unavailable, match="the archive is behind"):
            await reception.reading.view(initiator, plan.operation)
        with pytest.raises(NotFound):
            await reception.reading.view(at.installation.directory.get("uz.police"), plan.operation)
    finally:
        await at.installation.handle(plan).terminate()


async def test_who_has_a_receipt_reads_no_older_delivery(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of ten statements stands in the ledger that its speaker reads next, though the archive takes a while."""
    keep = Ledgers.keep

    async def slowly(self: Ledgers, *given: Any) -> Any:
        await asyncio.sleep(0.1)
        return await keep(self, *given)

    monkeypatch.setattr(Ledgers, "keep", slowly)
    for _ in range(10):
        given = await at.door("uz.police").submit(at.plan.operation, sighting_by("uz.police", at.plan))
        assert isinstance(given, SignedReceipt)
        ledger = await at.door("uz.police").ledger(at.plan.operation, given.receipt.seq)
        assert given.receipt.entry == ledger[0]


async def test_a_stream_of_changes_goes_on_where_it_was_left(at: At) -> None:
    """`Last-Event-ID: 1` begins with entry 2, each event carrying its number."""
    target = f"/v1/deliveries/{at.plan.operation}/changes"
    headers = {**signed("kz.knb", "GET", f"{at.url}{target}"), "Last-Event-ID": "1"}
    async with at.installation.http.get(f"{at.url}{target}", headers=headers) as answer:
        first = await answer.content.readline()

    assert "text/event-stream" == answer.content_type
    assert b"id: 2\n" == first


async def test_after_the_end_a_known_statement_still_gets_its_receipt_and_a_new_one_is_refused(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is closed, and an answer that was lost can still be asked for; also where the delivery ended just before the
    statement was left for later, and nobody is told that there was no such delivery.
    """

    async def nobody_answers(*_: object) -> Receipt:
        raise NoWorkerError

    plan, scenario = quick(*example_scenario("destination-refuses"))
    async with installed(temporal, plan, scenario) as here:
        await here.gateway(plan.initiator).start(signed_plan(plan))
        entries = await here.to_the_end(plan)
        await here.handle(plan).result()
        door = here.gateway("kz.prosecutor")
        known = next(entry for entry in entries if entry.event.event == "stated")
        given = await door.submit(plan.operation, known.event.envelope)  # type: ignore[union-attr]
        for late_word in (stop_by("uz.police", plan), said_by("uz.police", plan, Information(text="a tip"))):
            with pytest.raises(NotAllowed, match="has ended"):
                await door.submit(plan.operation, late_word)
        said = read_statement(known.event.envelope)  # type: ignore[union-attr]
        forged = stop_by("uz.police", plan, said.id)
        with pytest.raises(NotAllowed, match="has ended"):
            await door.submit(plan.operation, forged)
        submissions, prosecutor = here.reception().submissions, here.directory.get("kz.prosecutor")
        monkeypatch.setattr(submissions, "_judged", nobody_answers)
        late = await submissions.submit(prosecutor, plan.operation, known.event.envelope)  # type: ignore[union-attr]
        with pytest.raises(NotAllowed, match="has ended"):
            await submissions.submit(prosecutor, plan.operation, stop_by("uz.police", plan))

    assert isinstance(given, SignedReceipt)
    assert known.seq == given.receipt.seq
    assert given.receipt == late


async def test_while_temporal_is_away_what_is_in_the_archive_is_shown_and_statements_hear_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list is answered; a statement gets 503 with what to do; the process itself stays up."""
    monkeypatch.setattr("gateway.runs.PATIENCE", timedelta(seconds=1))
    environment = await temporal_server()
    everyone, port = example_directory(), free_ports(1)[0]
    directory, url = cast(everyone, tuple(service.id for service in everyone.services)), f"http://127.0.0.1:{port}"
    async with log_of_reads(directory) as reads, aiohttp.ClientSession() as http:
        key, archive = private_key_of(VIGIL), reading_of(reads._database)
        reception = Reception(environment.client, "none", InForce(directory), example_cards(), key, archive)
        app = application(reception, Proofs(InForce(directory), url), reads, Sessions(reads._database, Wrapping(PAYLOAD_KEYS)))
        async with serving(app, "127.0.0.1", port, grace=1):
            await environment.shutdown()
            door = Gateway(http, url, "uz.police", private_key_of("uz.police"))
            listed = await door.deliveries()
            with pytest.raises(Unavailable) as away:
                await door.submit(example_plan().operation, stop_by("uz.police", example_plan()))
            async with http.get(f"{url}/v1/health") as answer:
                assert 503 == answer.status

    assert [] == listed
    assert away.value.hint


@pytest.mark.parametrize("title", ["*" * 200, "Ж" * 200])
async def test_the_longest_title_is_shown_in_temporals_ui(at: At, title: str) -> None:
    """As words, whatever signs and letters it is made of; the delivery begins."""
    plan = fresh(at.plan, title=title)
    await at.installation.reception().plans.start(at.installation.directory.get(plan.initiator), signed_plan(plan))
    handle = at.installation.client.get_workflow_handle(workflow_id(plan.operation))
    summary = await (await handle.describe()).static_summary()
    await handle.terminate()

    assert in_markdown(title) == summary


@pytest.mark.parametrize("work", ["packet", "plan"])
async def test_large_work_is_done_beside_the_event_loop(at: At, work: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a packet is sealed or a large plan is read, whoever stops something is answered."""
    begun, over = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slowly(*_: object) -> bytes:
        loop.call_soon_threadsafe(begun.set)
        assert over.wait(10), "it is done on the loop, which nobody else has meanwhile"
        raise NotFound("enough")

    monkeypatch.setattr("domain.record.packet.Unsealed.sealed" if work == "packet" else "gateway.plans.verified_plan", slowly)
    monkeypatch.setattr("gateway.aside.AT_A_GLANCE", 100)
    door = at.installation.gateway(at.plan.initiator)
    asked = door.packet(at.plan.operation) if work == "packet" else door.start(signed_plan(fresh(at.plan)))
    waits = asyncio.ensure_future(asked)
    await begun.wait()
    shown = await at.installation.gateway("uz.police").view(at.plan.operation)
    over.set()
    with pytest.raises(NotFound):
        await waits

    assert at.plan.operation == shown.delivery


async def test_a_fault_of_our_own_is_a_problem_document_and_no_trace_of_code(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 without a traceback for the caller; the log has it."""

    async def broken(*_: object) -> None:
        message = "a secret detail"
        raise RuntimeError(message)

    monkeypatch.setattr(Reading, "deliveries", broken)
    headers = signed("kz.knb", "GET", f"{at.url}/v1/deliveries")
    async with at.installation.http.get(f"{at.url}/v1/deliveries", headers=headers) as answer:
        text = await answer.text()

    assert 500 == answer.status
    assert "secret" not in text


async def test_who_was_replaced_is_told_at_once_that_there_is_no_delivery_for_it(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has said something and has not looked since: nobody waits for the archive, which has all of that, whether it looks or
    stops.
    """
    monkeypatch.setattr("gateway.reading.BEHIND", 30.0)
    monkeypatch.setattr("gateway.runs.STANDS", 0.0)
    parcel = ConsignmentIdentifier.model_validate({"scheme": "other", "value": uuid.uuid4().hex})
    plan = fresh(at.plan, consignment=at.plan.consignment.model_copy(update={"identifiers": (parcel,)}))
    gone, document = at.door("uz.police"), plan.model_dump()
    document["replaced"] = [{"service": "uz.police", "by": "uz.customs", "reason": "conflict of interest"}]
    for one in document["checkpoints"]:
        others = [asked for asked in one["requires"] if asked["service"] != "uz.police"]
        one["requires"] = others or [asked | {"service": "uz.customs"} for asked in one["requires"]]
    await at.door(plan.initiator).start(signed_plan(plan))
    await at.installation.opened(plan, "consent-uz")
    try:
        await gone.submit(plan.operation, said_by("uz.police", plan, Information(text="nothing to see")))
        await at.door(plan.initiator).amend(plan.operation, signed_plan(Plan.model_validate(document)))
        await at.door(plan.initiator).view(plan.operation)  # the archive has the change by then
        stop = stop_by("uz.police", plan)
        async with asyncio.timeout(10):
            for ask in (lambda: gone.view(plan.operation), lambda: gone.submit(plan.operation, stop)):
                with pytest.raises(NotFound, match="here for you"):
                    await ask()
    finally:
        await at.installation.handle(plan).terminate()


async def test_a_changed_plan_takes_the_old_ones_place_and_who_is_new_sees_it(at: At) -> None:
    """The initiator puts a new signed plan: recorded once however often it is sent; a wrong one gets every fault, and the
    one that was replaced is refused.
    """
    parcel = ConsignmentIdentifier.model_validate({"scheme": "other", "value": uuid.uuid4().hex})  # another than the module's
    plan = fresh(at.plan, consignment=at.plan.consignment.model_copy(update={"identifiers": (parcel,)}))
    group = Group(code=f"{plan.operation}-all", members=(plan.operation, f"{plan.operation}-2"), digest="0" * 64)
    one, sibling = (plan.model_copy(update={"operation": name, "group": group}) for name in group.members)
    plan, _ = under_one_root((one, sibling))
    door = at.door(plan.initiator)
    await door.start(signed_plan(plan))
    await at.installation.opened(plan, "consent-uz")
    try:
        longer = plan.checkpoints[5].model_copy(update={"place": "Another address"})
        wrong = plan.model_copy(update={"checkpoints": (*plan.checkpoints[:5], longer, *plan.checkpoints[6:])})
        fresh_consent = plan.checkpoints[1].model_copy(update={"id": "consent-uz-2"})
        right = wrong.model_copy(update={"checkpoints": (*wrong.checkpoints, fresh_consent)})
        with pytest.raises(Malformed) as refused:
            await door.amend(plan.operation, signed_plan(wrong))
        with pytest.raises(NotAllowed):
            await at.door("uz.police").amend(plan.operation, signed_plan(right))
        first, again = [await door.amend(plan.operation, signed_plan(right)) for _ in range(2)]
        with pytest.raises(RuleBroken, match=f"in force until entry {first.seq}; a plan that was replaced never") as replayed:
            await door.amend(plan.operation, signed_plan(plan))
        rows = {row.delivery: row for row in await door.deliveries()}
        shown = await at.door("uz.customs").view(plan.operation)
    finally:
        await at.installation.handle(plan).terminate()

    assert ["R1"] == [fault.problem[:2] for fault in refused.value.faults]
    assert refused.value.message.endswith("cannot be changed like this: 1 fault")
    assert first == again
    assert "sign one that differs from it, such as in its title" == replayed.value.hint
    assert "amended" == first.event.event
    assert "Another address" in {stop.place for stop in shown.route}
    assert group.code == rows[plan.operation].group
