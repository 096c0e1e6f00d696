"""Deliveries full of marked secrets on real processes; then the Temporal database, every log and the metrics are searched."""

import asyncio
import base64
import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from client.dossier import Dossier, Staged
from client.embedded import Embedded, held
from client.rehearse import Rehearsal
from domain.delivery.delivery import Snapshot
from domain.delivery.ledger import Entry, Left
from domain.delivery.reported import Stated
from domain.delivery.statement import Content, Statement, sign_statement
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.rules.books import newest
from domain.rules.stop import Incident, StopRequested
from domain.rules.watch import Sighted
from domain.words.errors import NotAllowed, NotAuthentic
from protocol.gateway import Gateway
from rehearsal.over_http import SimulatedServices, compressed, factor_for
from rehearsal.scenario import Act, Scenario
from rehearsal.services import private_key_of
from tests.end_to_end.following import until
from tests.support import SECRET, example_cards, example_directory, example_scenario, signed_plan
from tests.workflows.test_deconfliction import in_clear
from workflows import messages
from workflows.messages import Docket

PATIENCE = 120.0
HANDOVER = "qzx-handover"
ACTS: tuple[dict[str, Any], ...] = (
    {
        "service": "uz.prosecutor",
        "at": "consent-uz",
        "says": "authorisation_granted",
        "details": {
            "reference": "qzxreference",
            "granted_by_role": "qzxrole",
            "legal_basis": "qzxbasis",
            "conditions": [{"text": "qzxcondition", "at": "delivery"}],
        },
    },
    {"service": "kz.knb", "at": "preparation", "says": "ready", "details": {"note": "qzxnote"}},
    {"service": "kz.police", "at": "departure", "says": "sighted", "after": "1h", "details": {"place": "qzxsighting"}},
    {"service": "uz.customs", "at": "delivery", "says": "delivered", "details": {"how": "qzxmanner"}},
    {
        "service": "uz.police",
        "at": "arrest-tashkent",
        "says": "arrest_made",
        "details": {"persons": [{"code": "P-1", "role": "recipient"}], "place": "qzxarrest"},
    },
    {"service": "caricc", "at": "debrief", "says": "debriefed", "details": {"note": "qzxdebrief"}},
)


def marked() -> tuple[Dossier, Scenario]:
    """Almaty - Tashkent with every free text of plan, directory, cards and answers marked, and checkpoints named so too."""
    plan, scenario = example_scenario("almaty-tashkent")
    text = (
        json.dumps(plan.model_dump(mode="json")).replace('"tashkent-airport"', f'"{HANDOVER}"').replace('"flight"', '"qzx-leg"')
    )
    written = json.loads(text)
    written |= {"title": "qzxtitle", "source": "qzxsource"}
    written["offence"]["description"] = "qzxoffence"
    written["consignment"] |= {
        "identifiers": [{"scheme": "other", "value": "QZXNUMBER"}],
        "declared_as": "qzxdeclared",
        "contents": [{"substance": "qzxsubstance", "net": "13.2 kg"}],
    }
    written["tolerances"] = {"gross": "20 g"}
    written["request"] |= {"facts": "qzxfacts", "grounds": "qzxgrounds", "concealment": "qzxhidden"}
    for number, one in enumerate(written["checkpoints"]):
        one["place"] = f"qzxplace{number}"
    for leg in written["legs"]:
        leg["means"] = "qzxmeans"
    services = tuple(
        one.model_copy(update={"names": {"en": "qzxname"}, "contact": "qzxcontact"}) for one in example_directory().services
    )
    directory = example_directory().model_copy(update={"services": services})
    cards = {state: card.model_copy(update={"notes": "qzxcard"}) for state, card in example_cards().items()}
    found = Plan.model_validate(written)
    acting = scenario.model_copy(update={"acts": tuple(Act.model_validate(act) for act in ACTS), "expect": None})
    factor = factor_for(found, acting)
    return Dossier(compressed(found, factor), directory, cards), compressed(acting, factor)


IN_DOCKET = frozenset(
    {
        *(
            "qzxtitle",
            "qzxsource",
            "qzxoffence",
            "QZXNUMBER",
            "qzxdeclared",
            "qzxsubstance",
            "qzxfacts",
            "qzxgrounds",
            "qzxhidden",
            "qzxplace0",
            "qzxplace4",
            "qzxmeans",
        ),
        *("qzx-leg", HANDOVER, "qzxname", "qzxcontact", "qzxcard"),
    }
)
SAID = frozenset(re.findall(r"qzx[a-z]+", str(ACTS)))
BY_HAND = frozenset({"qzxofficer", "qzxincident", "qzxstatement", "qzxstop", "qzxleft", "qzxwrong", "qzxforged"})


def forms(secret: str) -> Iterator[bytes]:
    """The secret in plain, in hex, and in base64 wherever in three bytes it begins, less what its neighbours change."""
    data = secret.encode()
    yield from (data, data.hex().encode(), data.hex().upper().encode())
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        inner = whole[(0, 2, 3)[before] : len(whole) - (4 if (before + len(data)) % 3 else 0)]
        yield from (inner, inner.translate(bytes.maketrans(b"+/", b"-_")))


def found_in(contents: dict[str, bytes], secrets: Iterable[str]) -> dict[str, str]:
    """Which secrets stand where, in any form."""
    return {secret: name for secret in secrets for form in forms(secret) for name, content in contents.items() if form in content}


def files_of(home: Path, pattern: str) -> dict[str, bytes]:
    """What is in these files now."""
    return {path.name: path.read_bytes() for path in home.glob(pattern)}


def statement(service: str, delivery: str, content: Content, mark: str = "qzxstatement") -> Statement:
    """A statement with a marked id, by a marked officer."""
    return Statement(
        id=f"{mark}-{uuid.uuid4().hex}",
        delivery=delivery,
        service=service,
        officer="qzxofficer",
        happened_at="2026-11-24T10:00:00+05:00",
        content=content,
    )


async def say_by_hand(gateway: Gateway, police: Gateway, embedded: Embedded, plan: Plan) -> None:
    """Into a second delivery everything that can go another way: refused by a rule, forged, left for a worker, stopped."""
    name = plan.operation
    await gateway.start(signed_plan(plan))
    await until(gateway, name, "asked")

    async def say(service: str, content: Content, signer: str = "", mark: str = "qzxstatement") -> SignedReceipt | Left:
        said = sign_statement(statement(service, name, content, mark), private_key_of(signer or service))
        return await police.submit(name, said)

    refused = await say("uz.police", Sighted(place="qzxwrong"))
    assert isinstance(refused, SignedReceipt)
    incident = await say("uz.police", Incident(risk_to_life=False, what="qzxincident"))
    with pytest.raises((NotAuthentic, NotAllowed)):
        await say("kz.police", StopRequested(reason="qzxforged"), signer="uz.police", mark="qzxforged")
    worker = embedded.processes["worker"]
    worker.kill()
    await worker.wait()
    left = await say("uz.police", Incident(risk_to_life=False, what="qzxleft"))
    await embedded.start("worker", sys.executable, "-m", "worker")
    assert isinstance(incident, SignedReceipt)
    assert isinstance(left, Left)
    await say("uz.police", StopRequested(reason="qzxstop"))
    await until(gateway, name, "ended")


async def metrics_of(embedded: Embedded, http: aiohttp.ClientSession) -> bytes:
    """What the Temporal server tells whoever asks for its metrics."""
    said = embedded.log_of("temporal").read_text()
    address = re.search(r"http://\S+/metrics", said)
    assert address is not None, said
    async with http.get(address[0]) as answer:
        return await answer.read()


def said_in(entries: list[Entry]) -> set[str]:
    """Ids, officers, references and seal numbers of every statement: as secret as what was marked."""
    secrets: set[str] = set()
    for entry in entries:
        if isinstance(entry.event, Stated):
            one = read_statement(entry.event.envelope)
            secrets |= {one.id, one.officer}
            secrets |= set(re.findall(r'"(?:reference|number)": ?"([^"]{6,})"', one.model_dump_json()))
    return secrets


async def write_plainly(embedded: Embedded, plan: Plan, directory: Directory, cards: dict[str, RuleCard]) -> None:
    """Start the same delivery as somebody would who has no codec."""
    stranger = await Client.connect(f"127.0.0.1:{embedded.layout.temporal_port}", data_converter=pydantic_data_converter)
    docket = Docket(
        plan=signed_plan(plan),
        snapshot=Snapshot(directory=directory, cards={state: cards[state] for state in plan.states()}),
        secret=SECRET.hex(),
        rules=newest().version,
    )
    await stranger.start_workflow(messages.WORKFLOW, docket, id="delivery/plain", task_queue="nobody")


@pytest.mark.slow
async def test_no_secret_of_a_delivery_is_in_the_database_the_logs_or_the_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Free texts, places, names, numbers, officers, reasons, ids of statements and checkpoints: none is found in plain, hex or
    base64, with the logs at their most talkative; and the same search finds all of them once they are written without the codec.
    """
    monkeypatch.setenv("VIGIL_LOG_LEVEL", "DEBUG")
    dossier, scenario = marked()
    plan = dossier.plan
    second = plan.model_copy(update={"operation": f"{plan.operation}-second"})
    with held(tmp_path) as locked:
        directory, layout = Rehearsal((Staged(dossier, scenario),), 1, locked).lay_out()
        async with (
            asyncio.timeout(PATIENCE),
            Embedded(layout, 1.0) as embedded,
            SimulatedServices(directory, layout.gateway_url, scenario, 1),
            aiohttp.ClientSession() as http,
        ):
            gateway, police = (
                Gateway(http, layout.gateway_url, one, private_key_of(one)) for one in (plan.initiator, "uz.police")
            )
            await gateway.start(signed_plan(plan))
            entries = await until(gateway, plan.operation, "ended")
            await say_by_hand(gateway, police, embedded, second)
            packets = [await gateway.packet(one.operation) for one in (plan, second)]
            metrics = {"metrics": await metrics_of(embedded, http)}
            while_up = files_of(tmp_path, "temporal.db*")
            logs = files_of(tmp_path, "*.log")
            await write_plainly(embedded, plan, directory, dossier.cards)
            control = files_of(tmp_path, "temporal.db*")

    assert "delivered_with_arrests" == next(one.event.outcome for one in entries if one.event.event == "concluded")
    secrets = IN_DOCKET | SAID | BY_HAND | said_in(entries)
    known = "\n".join(text for packet in packets for text in in_clear(json.loads(packet)))
    assert {"qzxforged"} == {secret for secret in secrets if secret not in known}
    assert "temporal.db-wal" in while_up
    assert {} == found_in(while_up, secrets)
    assert {} == found_in(metrics, secrets)
    assert {} == found_in(logs, secrets - {HANDOVER})
    assert IN_DOCKET == found_in(control, secrets).keys()
    assert {"temporal.log", "worker.log", "gateway.log"} <= logs.keys()
    assert all(plan.operation.encode() in logs[name] for name in ("gateway.log", "worker.log"))
    assert b"ControlledDelivery" in metrics["metrics"]
