"""The page of the law with a real browser, in English and in Russian, on a telephone too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect
from temporalio.client import Client

from tests.gateway.test_browser import NARROW, At, opened, pytestmark

__all__ = ["pytestmark"]


@pytest.fixture
async def at(temporal: Client, tmp_path: Path) -> AsyncIterator[At]:
    """For an officer of the service that is asked."""
    async with opened(temporal, tmp_path) as found:
        yield found


async def test_an_officer_reads_what_the_law_of_its_state_demands(at: At) -> None:
    """From the page of a delivery: who decides, how sure that is, and that this officer's service answers for what is not known;
    in Russian for a Russian reader, and no wider than a telephone.
    """
    await at.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await at.sign_in()
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await at.page.get_by_role("link", name="What the law demands of this plan").click()

    await expect(at.page.locator("h1")).to_have_text("What the law demands of this plan")
    await expect(at.page.locator("#UZ")).to_contain_text("uz.prosecutor answers for it (R1)")
    await expect(at.page.locator("#UZ .card").first).to_contain_text("who decides")
    await expect(at.page.locator("#KZ")).to_have_count(0)
    assert await at.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]

    assert at.context.browser is not None
    russian = await at.context.browser.new_context(locale="ru-RU", storage_state=await at.context.storage_state())
    page = await russian.new_page()
    await page.goto(at.page.url)
    await expect(page.locator("h1")).to_have_text("Чего закон требует от этого плана")
    await expect(page.locator("#UZ")).to_contain_text("отвечает uz.prosecutor (R1)")
