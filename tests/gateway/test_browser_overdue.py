"""Silent services in a real browser: an officer takes one over with the key of that browser, and prints the call list."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from domain.plan.directory import ServiceKey
from gateway import floor as gateway_floor
from tests.floors import wait
from tests.gateway.test_browser import pytestmark
from tests.gateway.test_browser_floor import opened
from tests.gateway.test_floor import ALL, NOW, Night, keep, made, over
from tests.gateway.test_overdue import ROWS, chased, telephoned

__all__ = ["pytestmark"]


async def with_key(at: Night, page: Page) -> None:
    """Make a key in the browser, and let the directory know it."""
    await page.get_by_role("button", name="Make a key").click()
    await expect(page.locator("#known")).to_have_text("not yet")
    public = await page.locator("#public").text_content() or ""
    key = ServiceKey(public=public, officer=None, valid_from="2000-01-01T00:00:00Z")
    known = telephoned()
    services = (one.model_copy(update={"keys": (*one.keys, key)}) if one.id == ALL else one for one in known.services)
    at.reception.overdue._directory.replace(known.model_copy(update={"services": tuple(services)}))


@pytest.mark.parametrize("width", [1440, 390])
async def test_an_officer_takes_a_service_over_and_gives_it_back(width: int) -> None:
    """What is signed stands in a sentence before it is; afterwards everybody sees it, and the key has not left the browser."""
    async with over(ROWS) as at, opened(at, "/desk/me", viewport={"width": width, "height": 900}) as page:
        await with_key(at, page)
        await page.goto(f"{at.url}/desk/overdue")
        block = page.get_by_role("region", name="uz.customs Customs Committee of Uzbekistan, UZ")
        await expect(block.locator(".taken")).to_have_text("nobody has taken it over")
        await block.get_by_text("Take it over").click()
        await block.get_by_label("Hours").select_option("2")
        await expect(block.locator(".signs")).to_contain_text("You sign: S-1 of supervision chases uz.customs until")
        assert await chased(at) is None
        await block.get_by_role("button", name="Sign it").click()
        await expect(block.locator(".taken")).to_contain_text("S-1 of supervision chases it until")
        assert "supervision S-1" == await chased(at)
        await block.get_by_text("Give it back").click()
        await expect(block.locator(".signs")).to_contain_text("S-1 of supervision no longer chases uz.customs")
        await block.get_by_role("button", name="Sign it").click()
        await expect(block.locator(".taken")).to_have_text("nobody has taken it over")
        assert await chased(at) is None
        assert width >= await page.evaluate("document.documentElement.scrollWidth")
        await page.evaluate("window.untouched = true")


async def test_a_service_changes_live_where_it_stands_and_what_is_new_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while somebody is about to take it over; then without a reload, and what was opened can be signed still."""
    monkeypatch.setattr(gateway_floor, "BEAT", 0.2)
    async with over(ROWS) as at, opened(at, "/desk/me", stays=False) as page:
        await with_key(at, page)
        await page.goto(f"{at.url}/desk/overdue")
        await expect(page.locator("#live")).to_contain_text("Live")
        block = page.get_by_role("region", name="uz.customs Customs Committee of Uzbekistan, UZ")
        await block.get_by_text("Take it over").click()
        await keep(at.reads, [made("amber-2"), made("novel-7", waits=(wait(NOW, "kz.knb", -1),))])
        await expect(page.locator("#l-said")).to_contain_text("Silent services: 3.")
        await expect(page.locator("#silent")).to_have_text(" silent services: 3")
        await expect(page.locator("#new")).to_have_text("New here: 1, owing nothing now: 0 · show")
        await expect(block.get_by_role("row", name="amber-2")).to_contain_text("late 3 h")
        await block.get_by_text("Take it over").click()
        await expect(block.get_by_role("row", name="amber-2")).to_contain_text(re.compile(r"4 h \d+ min"))
        await block.get_by_text("Take it over").click()
        await block.get_by_role("button", name="Sign it").click()
        await expect(block.locator(".taken")).to_contain_text("S-1 of supervision chases it until")


async def test_on_paper_no_block_is_split_and_nothing_is_to_press(tmp_path: Path) -> None:
    """A call list: the number stands there, and whoever prints it is named."""
    async with over(ROWS) as at, opened(at, "/desk/overdue") as page:
        at.reception.overdue._directory.replace(telephoned())
        await page.reload()
        await page.emulate_media(media="print")
        assert {"avoid"} == {
            await one.evaluate("block => getComputedStyle(block).breakInside") for one in await page.locator(".box").all()
        }
        await expect(page.locator(".printed")).to_contain_text("printed for S-1 of supervision")
        await expect(page.get_by_text("+998 000 000 00 01")).to_be_visible()
        assert [False] * 3 == [await page.locator(one).first.is_visible() for one in ("#print", ".take", "header")]
        await page.pdf(path=tmp_path / "calls.pdf")
        assert (tmp_path / "calls.pdf").stat().st_size > 1_000
        await page.evaluate("window.untouched = true")
