"""The reference service takes part in a real delivery: a process of its own beside a real Temporal server, worker and gateway."""

import asyncio
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.delivery.ledger import Receipt
from domain.delivery.reported import Asked, Stated
from domain.plan.directory import Poll, Push, Reach
from domain.record.door import read_statement
from domain.record.receipts import read_receipt, signed
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from domain.views.asked import request
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.installation import Installation, installed, quick
from tests.reference import SERVICE, command, configured, protocol, reference, served
from tests.support import Table, example_scenario, signed_plan


def reach_at(port: int, by: str) -> Reach:
    """How the directory says that it is reached."""
    url = f"http://127.0.0.1:{port}/vigil"
    return Poll.model_validate({"url": url, "every": "300ms"}) if by == "poll" else Push.model_validate({"url": url})


def receipts_in(folder: Path) -> list[Receipt]:
    """The receipts that the service keeps."""
    base = sqlite3.connect(folder / "service.sqlite")
    try:
        rows = base.execute("select receipt from statements where receipt is not null").fetchall()
    finally:
        base.close()
    return [read_receipt(Envelope.model_validate_json(row[0])) for row in rows]


def rows_in(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """What stands in a table of the service."""
    base = sqlite3.connect(folder / "service.sqlite")
    try:
        return base.execute(f"select * from {table}").fetchall()  # noqa: S608 - a name of our own
    finally:
        base.close()


def test_a_forked_history_is_an_alarm_and_nothing_is_signed(tmp_path: Path) -> None:
    """A request that names another root than its receipt proves: the operator reads why nothing was signed; that the consignment
    was seized is said all the same, and names nothing of it.
    """
    table = Table()
    config = reference.Config.read(configured(tmp_path, 1, gateway=None))
    service = reference.Service(config, private_key_of(SERVICE), reference.Store(config.database))
    asked = plain(request(table.delivery, "consent-uz", SERVICE))
    given = {"kind": "authorisation_granted", "state": "UZ"}
    (number,) = service.answer(asked, given, ["P-117"], [])
    receipt = table.say(SERVICE, "information")
    service.store.keep_receipt(number, signed(receipt, private_key_of(VIGIL)).model_dump_json())
    forked = asked | {"seen": {"size": receipt.size, "root": "0" * 64}}
    with pytest.raises(protocol.RefusedError, match="another than we have been shown before"):
        service.answer(forked, given, ["P-117"], [])
    service.answer(forked, {"kind": "interdicted"}, ["P-117"], [])
    service.answer(asked, given, ["P-117"], [])
    said = [json.loads(read_body(row["envelope"])) for row in service.store.statements()]
    alarms = [(row["delivery"], row["what"]) for row in service.store.alarms()]
    service.store.close()

    assert [asked["seen"], None, {"size": receipt.size, "root": receipt.root}] == [one["seen"] for one in said]
    assert [(table.plan.operation, f"at {receipt.size} entries the ledger is another than we have been shown before")] == alarms


def test_the_first_receipt_stays_and_another_for_the_same_statement_is_an_alarm(tmp_path: Path) -> None:
    """Whoever shows a second history cannot have the proof of the first written over. Sent again it is no other."""
    table = Table()
    config = reference.Config.read(configured(tmp_path, 1, gateway=None))
    service = reference.Service(config, private_key_of(SERVICE), reference.Store(config.database))
    (number,) = service.answer(plain(request(table.delivery, "consent-uz", SERVICE)), {"kind": "interdicted"}, ["P-117"], [])
    first = table.say(SERVICE, "information").model_copy(update={"statement": number})
    bodies = [
        signed(one, private_key_of(VIGIL)).model_dump_json() for one in (first, first.model_copy(update={"plan": "b" * 64}))
    ]
    for body in (bodies[0], *bodies):
        service.keep_receipt(number, body)
    kept, alarms = service.store.receipts(table.plan.operation), [row["what"] for row in service.store.alarms()]
    service.store.close()

    assert bodies[:1] == kept
    assert [f"another receipt for statement {number}: {bodies[1]}"] == alarms


@pytest.mark.parametrize("answer", ["<p>", "[]", '{"entries": 1}', '{"entries": [{"leaf": "x"}], "next": null}'])
def test_what_is_no_ledger_is_not_taken_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Another web server in the gateway's place, or one out of its senses: it has shown nothing."""
    config = reference.Config.read(configured(tmp_path, 1, gateway="http://127.0.0.1:1"))
    service = reference.Service(config, private_key_of(SERVICE), reference.Store(config.database))
    monkeypatch.setattr(service, "_call", lambda *_: (200, answer))
    found = service.ledger("saxaul-22", 0)
    service.store.close()

    assert [] == found


@pytest.mark.parametrize(
    ("status", "answer", "for_good"),
    [
        (404, "<h1>Not Found</h1>", False),
        (403, "[" * 100_000, False),
        (404, '{"message": "no route"}', False),
        (409, '{"code": "rule-broken", "reason": "archive_behind"}', False),
        (409, '{"code": "rule-broken", "reason": "ended_already"}', True),
        (404, '{"code": "not-found"}', True),
    ],
)
def test_only_the_gateway_itself_turns_down_for_good_what_was_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, answer: str, *, for_good: bool
) -> None:
    """A page of whatever stands before it, as while that is started anew, is no answer; nor is that its archive is behind."""
    config = reference.Config.read(configured(tmp_path, 1, gateway="http://127.0.0.1:1"))
    service = reference.Service(config, private_key_of(SERVICE), reference.Store(config.database))
    monkeypatch.setattr(service, "_call", lambda *_: (status, answer))
    service.store.keep_statements(
        {"id": "x", "delivery": "saxaul-22"}, [("a" * 32, {"payload": ""}), ("b" * 32, {"payload": ""})]
    )
    done = service.hand_in()
    left = [row["id"] for row in service.store.without_receipt()]
    service.store.close()

    assert (for_good, [] if for_good else ["a" * 32, "b" * 32]) == (done, left)


def test_what_fails_once_is_done_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that was full for a moment does not keep for ever what is signed from being handed in."""
    config = reference.Config.read(configured(tmp_path, 1, gateway="http://127.0.0.1:1"))
    service, stop = reference.Service(config, private_key_of(SERVICE), reference.Store(config.database)), threading.Event()
    tried = iter((True, False))

    def hand_in() -> bool:
        if next(tried):
            raise sqlite3.OperationalError("database or disk is full")
        stop.set()
        return True

    monkeypatch.setattr(service, "hand_in", hand_in)
    service.work(stop)
    service.store.close()

    assert stop.is_set()


def read_body(envelope: str) -> bytes:
    """What an envelope says."""
    return Envelope.model_validate_json(envelope).body()


async def has_receipt(folder: Path) -> Receipt:
    """The service's receipt, once it has one. Raises `TimeoutError`."""
    async with asyncio.timeout(60):
        while not (found := receipts_in(folder)):  # noqa: ASYNC110 - it is another process that writes it
            await asyncio.sleep(0.05)
    return found[0]


@pytest.mark.parametrize("by", ["push", "poll"])
async def test_it_takes_part_in_a_delivery_to_its_end(temporal: Client, tmp_path: Path, by: str) -> None:
    """The prosecutor of Uzbekistan is the reference service: it consents, what it said is accepted and in the ledger once, it
    keeps the receipt whichever way it is reached and has compared what it was shown with it, and the delivery ends in arrests.
    """
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    port = free_ports(1)[0]
    async with installed(temporal, plan, scenario, reach={SERVICE: reach_at(port, by)}) as at:
        async with served(configured(tmp_path, port, gateway=at.url if by == "push" else None)):
            await at.gateway(plan.initiator).start(signed_plan(plan))
            entries = await at.to_the_end(plan)
        received = [entry for entry in entries if isinstance(entry.event, Asked) and SERVICE in entry.event.received]
        said = [entry for entry in entries if isinstance(entry.event, Stated) and is_its(entry.event)]
        view = await at.gateway(plan.initiator).view(plan.operation)

    assert ["accepted"] == [entry.event.verdict.verdict for entry in said]  # type: ignore[union-attr]
    assert received
    assert "delivered_with_arrests" == view.outcome
    assert [(said[0].seq, "accepted")] == [(one.seq, one.verdict.verdict) for one in receipts_in(tmp_path)]
    assert [] == rows_in(tmp_path, "alarms")
    assert all(size > said[0].seq for _, size, _ in rows_in(tmp_path, "compared"))
    assert (by == "push") == bool(rows_in(tmp_path, "compared"))


async def test_an_operator_answers_by_hand_and_it_survives_being_killed(temporal: Client, tmp_path: Path) -> None:
    """Without a policy nothing is answered; after kill -9 the request is still there, and what the operator then signs is
    handed in and gets its receipt.
    """
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    port, silent = free_ports(1)[0], tmp_path / "policy.json"
    silent.write_text("{}")
    async with installed(temporal, plan, scenario, reach={SERVICE: reach_at(port, "push")}) as at:
        config = configured(tmp_path, port, gateway=at.url, policy=silent)
        async with served(config) as first:
            await at.gateway(plan.initiator).start(signed_plan(plan))
            await at.until(plan, lambda entry: isinstance(entry.event, Asked) and SERVICE in entry.event.received)
            first.kill()
            await first.wait()
        number = f"{plan.operation}/consent-uz/{SERVICE}"
        async with served(config):
            _, inbox = await command("inbox", config)
            code, _ = await command("answer", config, number, "--officer", "P-117", json.dumps(await consent(at, number)))
            receipt = await has_receipt(tmp_path)
            _, after = await command("inbox", config)
        wrong, _ = await command("answer", config, "no/such/request", "{}")

    assert f"asked   {number}: authorisation until " in inbox
    assert 0 == code
    assert "accepted" == receipt.verdict.verdict
    assert f"to {number}: entry {receipt.seq}, accepted" in after
    assert 2 == wrong


async def consent(at: Installation, number: str) -> dict[str, object]:
    """A consent with what this request asks for."""
    asked = next(one for one in (await at.gateway(SERVICE).inbox()).requests if one.id == number)
    return {
        "kind": "authorisation_granted",
        "state": asked.facts.state,
        "request": asked.facts.request_digest,
        "reference": {"number": "BY HAND"},
        "granted_by_role": "prosecutor",
        "legal_basis": "example",
        "modalities": [asked.facts.modality],
        "valid_from": asked.asked_at,
        "valid_until": asked.facts.valid_until,
    }


def is_its(event: Stated) -> bool:
    """Whether the reference service said it."""
    return read_statement(event.envelope).service == SERVICE
