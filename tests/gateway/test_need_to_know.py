"""R11 at the real gateway: whoever asks whatever, nothing of another's comes out of any of its doors."""

import base64
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter
from temporalio.client import Client

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, Withheld
from domain.plan import proof
from domain.plan.plan import Plan
from gateway.api import routes
from rehearsal.leaks import Reader
from rehearsal.services import private_key_of
from tests.installation import Installation, installed, quick, reading_of
from tests.support import example_scenario, signed_plan

ENTRY: TypeAdapter[Entry | Withheld] = TypeAdapter(Entry | Withheld)
ROUTES = [route for route in routes if isinstance(route, web.RouteDef)]
TRIES = {"GET": (("", b""), ("?since=0&signed=yes&purpose=court", b"")), "others": (("", b"{}"), ("", b"nonsense"))}
"""Query and body of each try."""
IN_PART = ("kz.police", "kz.prosecutor", "uz.customs", "uz.police", "uz.prosecutor")
OUTSIDE = ("tj.customs", "audit", "administration", "vigil")
"""A service without a part, and those who run the installation."""


@dataclass
class At:
    """A delivery that has run from detection to arrest, every simulated service using words that name it."""

    installation: Installation
    plan: Plan
    delivery: Delivery

    async def shown(self, service: str, route: web.RouteDef, query: str = "", body: bytes = b"") -> tuple[int, str]:
        """Status and text that this service gets from one route, proved with its own key."""
        url = f"{self.installation.url}{route.path.replace('{delivery}', self.plan.operation)}{query}"
        key = private_key_of(service)
        made = proof.make(
            service, key, route.method, url, body, now=datetime.now(UTC), nonce=uuid.uuid4().hex, officer="officer-1"
        )
        headers = {"Authorization": made, "Content-Type": "application/json"}
        async with self.installation.http.request(route.method, url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One for the whole module."""
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    async with installed(temporal, plan, scenario) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.to_the_end(plan)
        reading = reading_of(installation.reads._database)
        yield At(installation, plan, await reading.delivery(installation.directory.get(plan.initiator), plan.operation))


def pieces(text: str) -> Iterator[Any]:
    """What stands in an answer: its JSON, or that of each event of a stream."""
    for part in re.findall(r"^data: (.*)$", text, re.MULTILINE) or [text]:
        try:
            found = json.loads(part)
        except ValueError:
            continue
        yield from found if isinstance(found, list) else [found]


def not_to_be_known(delivery: Delivery, reader: Reader, text: str) -> set[str]:
    """What of an answer is not this reader's: in its words as they stand, in each statement, and in anything else signed."""
    texts = [text]
    for piece in pieces(text):
        if isinstance(piece, dict) and {"seq", "event"} <= piece.keys():
            entry = ENTRY.validate_python(piece)
            texts += reader.said_by_others(delivery, entry) if isinstance(entry, Entry) else []
        else:
            texts += [base64.b64decode(one).decode() for one in re.findall(r'"payload": ?"([^"]*)"', json.dumps(piece))]
    return {problem for one in texts for problem in reader.not_to_be_known(delivery, one)}


@pytest.mark.parametrize("service", [*IN_PART, *OUTSIDE])
async def test_r11_no_route_shows_anybody_what_is_of_another(
    at: At, service: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every route, with what it asks for and with nonsense: answers, streams, errors; and nothing of the plan in the logs."""
    caplog.set_level("DEBUG")
    monkeypatch.setattr("gateway.floor.LASTS", 0.0)
    reader = Reader(at.installation.directory.get(service))
    wrong: list[tuple[str, set[str]]] = []
    seen: dict[str, int] = {}
    for route in ROUTES:
        tries = (
            [("", b""), ("?since=0&signed=yes&purpose=court", b"")] if route.method == "GET" else [("", b"{}"), ("", b"nonsense")]
        )
        for query, body in tries:
            status, text = await at.shown(service, route, query, body)
            seen[route.kwargs["name"]] = status
            found = not_to_be_known(at.delivery, reader, text)
            wrong += [(f"{route.method} {route.path}{query}", found)] if found else []

    assert [] == wrong
    assert (200 if service in IN_PART else 404 if service == "tj.customs" else 403) == seen["ledger"]
    assert at.plan.title not in caplog.text


async def test_r11_what_the_whole_shows_would_be_found(at: At) -> None:
    """The same look at what its initiator is shown finds what is another's: it can fail."""
    reader = Reader(at.installation.directory.get("uz.customs"))
    ledger = next(route for route in ROUTES if route.kwargs["name"] == "ledger")
    _, text = await at.shown(at.plan.initiator, ledger)
    found = not_to_be_known(at.delivery, reader, text)

    assert "the consent of kz.prosecutor" in found
