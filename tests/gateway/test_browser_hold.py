"""A hold with a real browser: who takes part orders it, those whose say it is decide, and the page says what becomes of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from temporalio.client import Client

from domain.record.door import read_statement
from domain.rules.hold import HoldDecided, HoldRequested
from tests.gateway.test_browser import SERVICE, At, opened, pytestmark
from tests.groups import group_called
from tests.installation import end_what_runs
from workflows.messages import workflow_id

__all__ = ["pytestmark"]
AT = "hold.1"
WHY = "a car follows it"


@pytest.fixture
async def at(temporal: Client, tmp_path: Path) -> AsyncIterator[At]:
    """For officers of several services."""
    async with opened(temporal, tmp_path) as found:
        yield found


async def hold(at: At) -> None:
    """Whoever is asked for the consent of the destination holds it, though it decides on nothing here."""
    await at.sign_in()
    await at.make_key()
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await at.page.get_by_role("button", name="Hold or stop it").click()
    await at.page.get_by_label("Reason").fill(WHY)
    await at.page.get_by_role("button", name="Sign and hold").click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
    await at.installation.opened(at.plan, AT)


async def decide(at: At, service: str, decision: str) -> None:
    """An officer of another service signs in with a browser of its own, and decides by the form of its inbox."""
    await at.page.goto("about:blank")
    await at.context.clear_cookies()
    await at.sign_in(service)
    await at.make_key(service)
    await at.go("/desk")
    await at.page.locator(".card", has_text=AT).get_by_role("link", name=f"Answer {at.plan.operation}").click()
    await at.page.get_by_label("Decision").select_option(label=decision)
    await at.page.get_by_label("Reason").fill("it was ours")
    await at.page.get_by_role("button", name="Check").click()
    await expect(at.page.locator("#words")).to_contain_text(decision)
    await at.page.get_by_role("button", name="Sign", exact=True).click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")


async def test_who_takes_part_holds_and_those_whose_say_it_is_let_it_go_on(at: At) -> None:
    """The page says that it is held, by whom and until when; after both have decided it says so no more."""
    await hold(at)
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    held = at.page.locator(".notice.bad:visible")
    await expect(held).to_contain_text(f"Held. {SERVICE} ordered a hold")
    await expect(held).to_contain_text("Silence ends it")

    await decide(at, "kz.police", "it goes on")
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await expect(held).to_contain_text("Held.")
    await decide(at, "kz.prosecutor", "it goes on")
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await expect(at.page.locator("h1")).to_contain_text(at.plan.operation)
    await expect(held).to_have_count(0)

    said = [read_statement(one.envelope) for one in await at.said()]
    assert HoldRequested(reason=WHY) == said[0].content
    yes = HoldDecided(decision="go_on", reason="it was ours")
    assert [("kz.police", yes), ("kz.prosecutor", yes)] == [(one.service, one.content) for one in said[1:]]


async def test_the_responsible_authority_has_what_is_held_seized(at: At) -> None:
    """One of them is enough; the page names who decided and who had ordered the hold."""
    await hold(at)
    await decide(at, "kz.police", "it is seized")
    await at.go(f"/desk/deliveries/{at.plan.operation}")

    halted = at.page.locator(".notice.bad:visible")
    await expect(halted).to_contain_text("kz.police decided to seize it")
    await expect(halted).to_contain_text(f"{SERVICE} had ordered a hold")


async def test_consignments_of_a_group_are_held_and_one_is_stopped_by_a_signature_each(temporal: Client, tmp_path: Path) -> None:
    """From the page of the group: each has a receipt of its own, and what is not ticked goes on as it was. One that hangs
    keeps no other back.
    """
    plans = group_called("palm-oil")
    names = [plan.operation for plan in plans[:2]]
    second = asyncio.Event()

    async def after(route: Any) -> None:
        await second.wait()
        await route.continue_()

    async def there(route: Any) -> None:
        await route.fulfill(response=await route.fetch())
        second.set()

    try:
        async with opened(temporal, tmp_path, plans=plans, at="consent-kz") as at:
            await at.sign_in("kz.prosecutor")
            await at.make_key("kz.prosecutor")
            await at.go("/desk/deliveries?group=palm-oil")
            await at.page.get_by_role("button", name="Hold or stop them").click()
            await at.page.get_by_label("Reason").fill(WHY)
            for one in await at.page.locator("#members input").all():
                await one.set_checked(await one.get_attribute("data-delivery") in names)
            await at.page.route(f"**/{names[0]}/statements", after, times=1)
            await at.page.route(f"**/{names[1]}/statements", there, times=1)
            await at.page.get_by_role("button", name="Sign and hold").click()
            await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
            await expect(at.page.locator("#outcome")).to_be_focused()
            await expect(at.page.locator("#receipt a")).to_have_count(2)

            await at.page.get_by_role("button", name="Hold or stop them").click()
            for one in await at.page.locator("#members input").all():
                await one.uncheck()
            await at.page.get_by_role("button", name="Sign and stop").click()
            await expect(at.page.locator("#faults")).to_contain_text("Tick at least one consignment")
            await at.page.get_by_label(names[0]).check()
            await at.page.get_by_role("button", name="Sign and stop").click()
            await expect(at.page.locator("#receipt a")).to_have_count(1)
            for plan in plans[:2]:
                await at.installation.caught_up(plan)
            views = [await at.installation.gateway(plans[0].initiator).view(plan.operation) for plan in plans]
    finally:
        await end_what_runs(temporal, *(workflow_id(plan.operation) for plan in plans))
    assert [True, False] == [one.halted is not None for one in views[:2]]
    assert views[1].held is not None
    assert {None} == {one.held for one in views[2:]}
