"""Nothing of a delivery is shown at the gateway without a record of who was shown it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from aiohttp import web
from temporalio.client import Client

from archive.database import Database
from archive.key_changes import KeyChanges
from archive.reads import Reads
from archive.sessions import Sessions
from domain.delivery.statement import Statement, sign_statement
from domain.plan import proof
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.reads import Read, signed_tip, verify_reads
from domain.record.receipts import SignedReceipt
from domain.rules.handling import Information
from domain.rules.watch import Sighted
from domain.signing.envelope import Envelope
from domain.words.errors import NotAllowed, NotFound, NotVerified, Unavailable
from gateway.access import Proofs
from gateway.api import application, routes
from gateway.connections import serving
from gateway.reads import NO_VIEWS
from process.ring import Wrapping
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.gateway.test_keys import of, revocation
from tests.installation import PAYLOAD_KEYS, VIGIL_KEY, Installation, installed, renamed, stop_by
from tests.support import example_plan, signed_plan

pytestmark = pytest.mark.core

PATIENCE = 20.0


@dataclass
class At:
    """An installation with one delivery under way and nobody answering."""

    installation: Installation
    plan: Plan

    def door(self, service: str, officer: str | None = None) -> Gateway:
        """The gateway, as this service calls it: its system, or an officer of it."""
        return self.installation.gateway(service, officer)

    async def log(self, since: int = 0, delivery: str | None = None) -> tuple[Read, ...]:
        """The log itself, past the gateway."""
        return (await self.installation.reads.page(since, 1000, delivery)).reads

    def headers(self, service: str, target: str, officer: str | None = None) -> dict[str, str]:
        """Headers of a GET by this service."""
        made = proof.make(
            *(service, private_key_of(service), "GET", f"{self.installation.url}{target}", b""),
            now=datetime.now(UTC),
            nonce=uuid.uuid4().hex,
            officer=officer,
        )
        return {"Authorization": made}


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One installation for the whole module, the request for consent open, and one record in its log."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        await installation.gateway(plan.initiator).view(plan.operation)  # a log without records shows nothing of any delivery
        yield At(installation, plan)


READERS = {"inbox": "uz.prosecutor", "reads": "audit"}
"""Who may, where the initiator may not or would be shown nothing."""
ROUTES = [route for route in routes if isinstance(route, web.RouteDef)]
ELSEWHERE = {"alarms", "decode", "keys", "expunge", "expunged", "file", "handover", "overdue"}
"""Tried where there is an alarm, something to decode, a change to announce, or a delivery to expunge: in `test_alarms.py`,
`test_payloads.py`, `test_keys.py` and `test_reading.py`; a file to hand out, in `test_attachments.py`; a shift, in
`test_shift.py`; or somebody who is silent, in `test_overdue.py`.
"""
OF_NO_DELIVERY = {"health", "openapi", "measure", "directory", "notices", "handovers"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.kwargs["name"])
async def test_every_route_that_shows_anything_leaves_its_record(
    at: At, route: web.RouteDef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who, in which role, what of which delivery: one record for each answer, named after the route; a route is either so or
    among those that show nobody anything.
    """
    monkeypatch.setattr("gateway.floor.LASTS", 0.0)
    action = route.kwargs["name"]
    if action in NO_VIEWS | ELSEWHERE:
        assert "GET" != route.method or action in OF_NO_DELIVERY | {"alarms", "expunged", "file", "handover", "overdue"}
        return
    service = READERS.get(action, at.plan.initiator)
    target = route.path.replace("{delivery}", at.plan.operation).replace("{name}", "request.uz.prosecutor")
    before = len(await at.log())
    headers = at.headers(service, target, "officer-7")
    async with at.installation.http.request(route.method, f"{at.installation.url}{target}", headers=headers) as answer:
        assert 200 == answer.status, await answer.text()
        found = await at.log(before)

    (read,) = (read for read in found if read.ends is None)  # a stream before this may end late
    assert (service, "officer-7", action) == (read.service, read.officer, read.action)
    if action in ("results", "statistics"):
        assert read.period is not None  # numbers, and no delivery by its name
        return
    assert (at.plan.operation in read.deliveries) or ("reads" == action and 0 == read.first and before - 1 <= (read.last or 0))


async def test_every_route_has_a_name() -> None:
    """It is the action that the record names; those that show nothing are all there."""
    assert NO_VIEWS <= {route.kwargs["name"] for route in ROUTES}


async def test_an_answer_that_does_not_say_what_it_shows_does_not_go_out(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that forgets is a fault of ours, found at the first request: 500, and nothing of the delivery in it."""
    monkeypatch.setattr("gateway.api.shows", lambda *_args, **_more: None)
    target = f"/v1/deliveries/{at.plan.operation}"
    async with at.installation.http.get(f"{at.installation.url}{target}", headers=at.headers("kz.knb", target)) as answer:
        assert 500 == answer.status
        assert at.plan.title not in await answer.text()


async def test_a_person_and_a_system_are_told_apart_and_a_part_is_named(at: At) -> None:
    """An officer by code, a system by its service alone; of a ledger the numbers handed out; of a packet what it is for."""
    before = len(await at.log())
    entries = await at.door("kz.knb", "officer-7").ledger(at.plan.operation, 1)
    await at.door("kz.knb").packet(at.plan.operation)
    ledger, packet = await at.log(before)

    assert ("officer-7", None) == (ledger.officer, packet.officer)
    assert (1, entries[-1].seq, None) == (ledger.first, ledger.last, ledger.purpose)
    assert (None, None, "operation") == (packet.first, packet.last, packet.purpose)


async def test_a_list_and_an_inbox_name_each_delivery_they_show(at: At) -> None:
    """Whoever asks who has seen a delivery finds them too; an empty one shows nothing, and is not recorded."""
    before = len(await at.log())
    async with asyncio.timeout(PATIENCE):  # lists lag a little behind
        while at.plan.operation not in {row.delivery for row in await at.door("supervision", "chief").deliveries()}:
            pass
    asked = await at.door("uz.prosecutor", "officer-2").inbox()
    nothing = await at.door("uz.police", "officer-3").inbox()
    found = await at.log(before, at.plan.operation)
    named = {(read.role, read.action, read.officer) for read in found if read.ends is None}  # a stream before may end late

    assert asked.requests
    assert not nothing.requests
    assert {("supervisor", "list", "chief"), ("prosecutor", "inbox", "officer-2")} == named


async def test_what_is_refused_is_no_view(at: At) -> None:
    """Who has no part, and who may not, has seen nothing."""
    before = await at.log()
    for look in (Gateway.view, Gateway.ledger):
        with pytest.raises(NotFound):
            await look(at.door("tj.customs"), at.plan.operation)
    with pytest.raises(NotAllowed):
        await at.door("audit").view(at.plan.operation)

    assert before == await at.log()


async def test_a_stream_is_recorded_when_it_begins_and_when_it_ends(at: At) -> None:
    """From which entry, before the first byte; and up to which, once whoever followed has gone."""
    before = len(await at.log())
    target = f"/v1/deliveries/{at.plan.operation}/changes?since=2"
    async with at.installation.http.get(
        f"{at.installation.url}{target}", headers=at.headers("kz.knb", target, "officer-7")
    ) as answer:
        await answer.content.readline()
        (began,) = await at.log(before)
        answer.close()
    async with asyncio.timeout(PATIENCE):
        while not (ended := [read for read in await at.log(before + 1) if read.ends == began.number]):
            await at.door("uz.police").submit(at.plan.operation, sighting(at.plan))  # the stream finds that nobody is there

    assert ("changes", "officer-7", 2, None, None) == (began.action, began.officer, began.first, began.last, began.ends)
    assert [("officer-7", None)] == [(read.officer, read.first) for read in ended]
    assert all(read.last is not None and read.last >= 2 for read in ended)


def sighting(plan: Plan) -> Envelope:
    """A statement that is recorded as refused, and so adds an entry to the ledger."""
    statement = Statement(
        id=uuid.uuid4().hex,
        delivery=plan.operation,
        service="uz.police",
        officer="officer-1",
        happened_at="2026-11-24T10:00:00+05:00",
        content=Sighted(place="somewhere"),
    )
    return sign_statement(statement, private_key_of("uz.police"))


@pytest.mark.parametrize("service", ["kz.knb", "kz.prosecutor", "uz.police", "supervision", "administration", VIGIL])
async def test_nobody_but_an_auditor_reads_the_log(at: At, service: str) -> None:
    """Not a participant, not a supervisor, not who runs the installation: who watches whom is itself a secret."""
    with pytest.raises(NotAllowed, match="`reads` is not for"):
        await at.door(service, "officer-1").reads()


async def test_an_auditor_reads_the_whole_of_it_and_that_is_recorded(at: At) -> None:
    """Every record, one chain, up to the tip that the installation has signed; then one record more: this reading."""
    await at.door("kz.knb").view(at.plan.operation)
    page = await at.door("audit", "auditor-1").reads()
    system = at.installation.directory.system()
    assert system is not None
    last = (await at.log())[-1]

    assert signed_tip(page.tip, system) == verify_reads(page.reads)
    assert ("audit", "auditor-1", "auditor", "reads") == (last.service, last.officer, last.role, last.action)
    assert (0, page.reads[-1].number) == (last.first, last.last)


@pytest.mark.parametrize(
    ("query", "status"),
    [("delivery=Nobody%20Knows", 422), ("since=-1", 422), ("limit=many", 422), (f"since={'9' * 30}", 422), ("limit=1", 200)],
)
async def test_a_question_about_the_log_is_checked(at: At, query: str, status: int) -> None:
    """What is no code name or number is malformed, and reaches no database."""
    target = f"/v1/reads?{query}"
    async with at.installation.http.get(f"{at.installation.url}{target}", headers=at.headers("audit", target)) as answer:
        assert status == answer.status


async def test_of_one_delivery_an_auditor_is_given_its_records(at: At) -> None:
    """Those that name it, each with its own number; and that the auditor looked for it is recorded with its name."""
    await at.door("kz.knb").view(at.plan.operation)
    target = f"/v1/reads?delivery={at.plan.operation}&limit=1000"
    async with at.installation.http.get(f"{at.installation.url}{target}", headers=at.headers("audit", target)) as answer:
        found = [one["number"] for one in (await answer.json())["reads"]]
    last = (await at.log())[-1]

    assert [read.number for read in await at.log(0, at.plan.operation)][: len(found)] == found
    assert ((at.plan.operation,), found[0], found[-1]) == (last.deliveries, last.first, last.last)


NOWHERE = Database("sqlite+aiosqlite:////nowhere/archive.db")


def told_by(service: str, plan: Plan) -> Envelope:
    """Something that a service says, and that is no stop."""
    said = read_statement(stop_by(service, plan))
    other = said.model_copy(update={"content": Information(text="the van is blue")})
    return sign_statement(other, private_key_of(service))


@pytest.fixture
def away(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is gone."""
    monkeypatch.setattr(at.installation.reads, "_database", NOWHERE)


LOOKS: dict[str, Callable[[At], object]] = {
    "list": lambda at: at.door("kz.knb").deliveries(),
    "view": lambda at: at.door("kz.knb").view(at.plan.operation),
    "ledger": lambda at: at.door("kz.knb").ledger(at.plan.operation),
    "packet": lambda at: at.door("kz.knb").packet(at.plan.operation),
    "papers": lambda at: at.door("kz.knb").papers(at.plan.operation),
    "paper": lambda at: at.door("kz.knb").paper(at.plan.operation, "request.uz.prosecutor", "en", "html"),
    "changes": lambda at: anext(at.door("kz.knb").changes(at.plan.operation)),
    "inbox": lambda at: at.door("uz.prosecutor").inbox(),
    "reads": lambda at: at.door("audit").reads(),
}


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("look", LOOKS.values(), ids=[*LOOKS])
async def test_while_the_archive_is_away_nothing_is_shown(at: At, look: Callable[[At], object]) -> None:
    """No record, no view: 503, and what to do."""
    with pytest.raises(Unavailable, match="nothing is shown that cannot be recorded") as refused:
        await look(at)  # type: ignore[misc]

    assert "a stop is taken all the same" in refused.value.hint


@pytest.mark.usefixtures("away")
async def test_while_the_archive_is_away_health_says_so(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches the installation sees which part is missing."""
    monkeypatch.setattr("gateway.health.FRESH", -1)
    async with at.installation.http.get(f"{at.installation.url}/v1/health") as answer:
        assert ("partly", "away") == ((found := await answer.json())["status"], found["archive"])


@pytest.mark.usefixtures("away")
async def test_while_the_archive_is_away_a_stop_is_taken_and_all_else_for_a_while(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: a stop waits for no database. A delivery is started by the keys last known; once those may have been revoked for too
    long, nobody starts one or says anything else, and who orders a stop gets the receipt.
    """
    monkeypatch.setattr(at.installation.in_force, "_changes", KeyChanges(NOWHERE))
    plan = at.plan.model_copy(update={"operation": f"fresh-{uuid.uuid4().hex[:8]}"})
    await at.door("kz.knb").start(signed_plan(plan))
    monkeypatch.setattr("process.in_force.BOUND", 0.0)
    try:
        with pytest.raises(Unavailable, match="does not say which keys count"):
            await at.door("kz.knb").start(signed_plan(renamed(plan)))
        with pytest.raises(Unavailable, match="does not say which keys count"):
            await at.door("uz.police").submit(plan.operation, told_by("uz.police", plan))
        given = await at.door("uz.police").submit(plan.operation, stop_by("uz.police", plan))
    finally:
        await at.installation.handle(plan).terminate()

    assert isinstance(given, SignedReceipt)
    assert "accepted" == given.receipt.verdict.verdict


@pytest.mark.usefixtures("away")
async def test_while_the_archive_is_away_no_key_is_revoked_at_one_gateway_alone(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of keys is in the archive first: without it nothing has changed, and the officer is told to do it again."""
    monkeypatch.setattr(at.installation.in_force, "_changes", KeyChanges(NOWHERE))
    with pytest.raises(Unavailable, match="cannot take a change of keys") as refused:
        await at.door("uz.police").change_keys(revocation())

    assert "again" in refused.value.hint
    assert at.installation.in_force.now.get("uz.police").keys_at(datetime.now(UTC)).keys() >= {of("uz.police")}


async def test_a_log_that_was_changed_from_outside_shows_nothing_more(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the archive finds is told as it is, with its own code: whoever runs the installation must look."""

    async def found_out(*_: object) -> None:
        raise NotVerified("changed", 7)

    monkeypatch.setattr(at.installation.reads, "record", found_out)
    with pytest.raises(NotVerified, match="entry 7: changed"):
        await at.door("kz.knb").view(at.plan.operation)


async def test_a_proof_used_at_one_gateway_shows_nothing_at_another(at: At) -> None:
    """Two gateways under one address, with one database: a request that was overheard and sent to the other is refused."""
    directory, port = at.installation.directory, free_ports(1)[0]
    system = directory.system()
    assert system is not None
    reads = Reads(Database(str(at.installation.reads._database._engine.url)), VIGIL_KEY, system)
    in_force = at.installation.in_force
    reception = at.installation.reception()
    app = application(reception, Proofs(in_force, at.installation.url), reads, Sessions(reads._database, Wrapping(PAYLOAD_KEYS)))
    target = f"/v1/deliveries/{at.plan.operation}"
    first, second = at.headers("kz.knb", target), at.headers("kz.knb", target)
    other = f"http://127.0.0.1:{port}"
    statuses = []
    async with serving(app, "127.0.0.1", port, grace=1):
        for url, headers in ((at.installation.url, first), (other, first), (other, second)):
            async with at.installation.http.get(f"{url}{target}", headers=headers) as answer:
                statuses.append(answer.status)
    await reads.close()

    assert [200, 401, 200] == statuses
