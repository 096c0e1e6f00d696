"""R11 at the real gateway: the request for consent is shown to who decides on it, by every route and page, and to nobody else."""

import base64
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from aiohttp import web
from temporalio.client import Client

from domain.plan import proof
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request
from gateway.api import routes
from rehearsal.services import private_key_of
from tests.gateway.test_pages import Browser
from tests.installation import Installation, installed, renamed
from tests.support import example_plan, signed_plan

ROUTES = [route for route in routes if isinstance(route, web.RouteDef)]
PAGES = ("", "/deliveries", "/floor", "/deliveries/{delivery}", "/deliveries/{delivery}/stop", "/me")
ANSWER = "/deliveries/{delivery}/answer?checkpoint=%s&for=%s"
DECIDE = {"kz.prosecutor": "consent-kz", "uz.prosecutor": "consent-uz"}
OTHERS = ("kz.police", "uz.customs", "uz.police", "tj.customs", "audit", "administration")
LEDGER = ("ledger", "changes", "packet")
"""What shows the signed plan to who sees the whole."""


@dataclass
class At:
    """An installation with one delivery, in which both States are asked and nobody answers."""

    installation: Installation
    plan: Plan

    async def shown(self, service: str, route: web.RouteDef, query: str = "") -> str:
        """What this service gets from one route: its text, and what is in each signed payload of it."""
        url = f"{self.installation.url}{route.path.replace('{delivery}', self.plan.operation)}{query}"
        body = b"" if route.method == "GET" else b"{}"
        made = proof.make(
            service,
            private_key_of(service),
            route.method,
            url,
            body,
            now=datetime.now(UTC),
            nonce=uuid.uuid4().hex,
            officer="o-1",
        )
        headers = {"Authorization": made, "Content-Type": "application/json", "Prefer": "wait=0"}
        async with self.installation.http.request(route.method, url, data=body, headers=headers) as answer:
            chunk = await answer.content.read(500_000) if route.path.endswith("/changes") else await answer.read()
        text = chunk.decode(errors="replace")
        return "\n".join([text, *(base64.b64decode(one).decode() for one in re.findall(r'"payload": ?"([^"]*)"', text))])

    async def pages(self, service: str) -> str:
        """All pages that this service opens, and the form of each request for consent, whether it is its own or not."""
        browser = Browser(self.installation.http, self.installation.url)
        link = await self.installation.gateway(service, "officer-1").sign_in()
        await browser.enter(link.address.partition("#")[2])
        paths = [*PAGES, *(ANSWER % (at, one) for one, at in DECIDE.items())]
        asked = [await browser.ask("GET", f"/desk{path.replace('{delivery}', self.plan.operation)}") for path in paths]
        return "\n".join(text for _, text in asked)


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One for the whole module."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield At(installation, plan)


def to_all(plan: Plan) -> list[str]:
    """What all States are told, as a page and as JSON have it."""
    said = plan.request
    return [said.facts, said.grounds, said.concealment, said.necessity, said.exhibits, *said.conditions]


def alone(plan: Plan, state: str) -> list[str]:
    """What one State alone is told."""
    return [plan.request.to[state].asks]


@pytest.mark.parametrize("service", DECIDE)
async def test_whoever_decides_reads_all_of_it_and_nothing_that_another_state_is_told(at: At, service: str) -> None:
    """In the inbox of its system and on the page before the form, in full, with the digest that its answer names."""
    state = service[:2].upper()
    (other,) = {"KZ", "UZ"} - {state}
    inbox = await at.shown(service, next(one for one in ROUTES if one.kwargs["name"] == "inbox"), "?signed=yes")
    page = await at.pages(service)
    digest = digest_of_request(at.plan, state)

    for text in (inbox, page):
        assert [] == [one for one in (*to_all(at.plan), *alone(at.plan, state), str(digest)) if one not in text]
        assert [] == [one for one in alone(at.plan, other) if one in text]
    everything = "\n".join([await at.shown(service, one) for one in ROUTES if one.kwargs["name"] != "inbox"])
    assert [] == [one for one in (*to_all(at.plan), *alone(at.plan, state), *alone(at.plan, other)) if one in everything]


@pytest.mark.parametrize("service", OTHERS)
async def test_nobody_else_reads_any_of_it_through_any_route_or_page(at: At, service: str) -> None:
    """Neither who takes part and decides nothing, nor who takes no part, nor who runs the installation."""
    shown = [await at.shown(service, route, query) for route in ROUTES for query in ("", "?since=0&signed=yes&purpose=court")]
    if service not in ("audit", "administration"):  # for whom there are no pages
        shown.append(await at.pages(service))
    secrets = [*to_all(at.plan), *alone(at.plan, "KZ"), *alone(at.plan, "UZ"), at.plan.request.marking]

    assert [] == [secret for secret in secrets for text in shown if secret in text]


async def test_a_supervisor_reads_it_in_the_signed_plan_and_nowhere_else(at: At) -> None:
    """The evidence that it exports holds the plan; no list, view, alarm or page shows what a prosecutor is asked."""
    by_name = {one.kwargs["name"]: one for one in ROUTES}
    elsewhere = [await at.shown("supervision", one) for name, one in by_name.items() if name not in LEDGER]
    elsewhere.append(await at.pages("supervision"))

    assert [] == [secret for secret in to_all(at.plan) for text in elsewhere if secret in text]
    assert at.plan.request.facts in await at.shown("supervision", by_name["ledger"])
    assert at.plan.request.facts in await at.shown(at.plan.initiator, by_name["ledger"])


async def test_the_page_says_it_in_russian(at: At) -> None:
    """Headings in the reader's language; what was written stays as it was written."""
    browser = Browser(at.installation.http, at.installation.url, headers={"Accept-Language": "ru"})
    link = await at.installation.gateway("uz.prosecutor", "officer-1").sign_in()
    await browser.enter(link.address.partition("#")[2])
    path = f"/desk/deliveries/{at.plan.operation}/answer?checkpoint=consent-uz"
    _, text = await browser.ask("GET", path)

    assert [] == [one for one in ("Основания", "Предмет и способ сокрытия", at.plan.request.grounds) if one not in text]
    assert str(digest_of_request(at.plan, "UZ")) in text
