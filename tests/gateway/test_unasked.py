"""What nobody asks, on the desk: an officer chooses what to say, and the gateway makes the bytes to sign of the form."""

import json
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from domain.plan.plan import Plan
from gateway.pages import words
from tests.gateway.test_pages import SAME, At, data_in
from tests.installation import installed, renamed
from tests.support import example_plan, signed_plan

SERVICE = "kz.police"


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One delivery under way for the whole module."""
    plan: Plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield At(installation, plan)


async def test_the_page_of_a_delivery_leads_to_what_its_reader_may_say(at: At) -> None:
    """It lists what the view offers, by the names of the field, and nothing else."""
    browser = await at.signed_in(SERVICE)
    listed = await browser.page(f"{at.home}/unasked")
    offered = (await at.installation.gateway(SERVICE).view(at.plan.operation)).may_say

    assert f'href="{at.home}/unasked"' in await browser.page(at.home)
    assert "surveillance_log" in offered
    assert [one for one in offered if f'href="?kind={one}"' in listed] == list(offered)
    assert listed.count("?kind=") == len(offered)


async def test_a_filled_form_becomes_the_statement_that_was_chosen(at: At) -> None:
    """Its plan and what was seen stand in the page; it names no checkpoint."""
    browser = await at.signed_in(SERVICE)
    page = await browser.page(f"{at.home}/unasked?kind=sighted")
    data = data_in(page)
    filled = {"kind": "sighted", "plan": data["plan"], "seen": data["seen"], "happened_at": "2026-03-02T10:00:00+05:00"}
    answer, text = await browser.ask("POST", f"{at.home}/statement", filled | {"fields": {"place": "loading bay 4"}}, SAME)

    assert words.FIELDS["place"] in page
    assert (200, None, "loading bay 4") == (answer.status, (said := json.loads(text))["checkpoint"], said["content"]["place"])
    assert data["plan"] == said["plan"] == (await at.installation.gateway(SERVICE).view(at.plan.operation)).plan


@pytest.mark.parametrize("kind", ["transfer_requested", "authorisation_withdrawn", "dispatched", "stop_requested", "nothing"])
async def test_what_is_not_its_say_has_no_form(at: At, kind: str) -> None:
    """A prosecutor's, a grantor's, an answer, what has its own page, and what is none."""
    browser = await at.signed_in(SERVICE)
    await browser.page(f"{at.home}/unasked?kind={kind}", 404)


async def test_who_takes_no_part_is_shown_nothing_of_it(at: At) -> None:
    """As if there were no such delivery."""
    browser = await at.signed_in("tj.customs")
    await browser.page(f"{at.home}/unasked", 404)
