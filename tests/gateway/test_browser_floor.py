"""The watch floor in a real browser: a row changes where it stands while nobody touches the page, and keys lead through it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright, expect

from archive.deliveries import Deliveries
from domain.words.errors import Unavailable
from domain.words.moments import utc_text
from gateway import floor as gateway_floor
from gateway.limits import SHARES, Share
from tests.gateway.test_browser import CHROMIUM, pytestmark
from tests.gateway.test_floor import IN_ORDER, NOW, ROWS, Night, keep, made, over

__all__ = ["pytestmark"]


@asynccontextmanager
async def opened(at: Night, path: str = "/desk/floor", *, stays: bool = True, **context: object) -> AsyncIterator[Page]:
    """The page in a browser in which a supervisor is signed in; nothing may be wrong on it, and it stays unless it need not."""
    name, token = (await at.browser()).cookie.split("=", 1)
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made_for = await browser.new_context(locale="en-GB", **context)  # type: ignore[arg-type]
        await made_for.add_cookies([{"name": name, "value": token, "url": at.url}])
        page = await made_for.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)
        await page.goto(f"{at.url}{path}")
        await page.evaluate("window.untouched = true")
        yield page
        assert not stays or await page.evaluate("window.untouched") is True, "the page was loaded again"
        assert [] == wrong
        await browser.close()


@pytest.fixture
async def at(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Night]:
    """A night with six open deliveries, whose stream beats often."""
    monkeypatch.setattr(gateway_floor, "BEAT", 0.5)
    async with over(ROWS) as found:
        yield found


async def test_a_row_changes_live_where_it_stands(at: Night) -> None:
    """Its cells and the counters follow; the order does not move under the hand, and a new one waits behind a button."""
    async with opened(at) as page:
        await expect(page.locator("#live")).to_contain_text("Live")
        row = page.locator("#r-cedar-1")
        await expect(row).to_contain_text(re.compile(r"4 h \d+ min"))
        await keep(at.reads, [made("cedar-1", "overdue")])

        await expect(row).to_contain_text("late 3 h")
        await expect(row.get_by_role("img", name="Overdue")).to_be_visible()
        await expect(page.locator("#c-overdue .n")).to_have_text("2")
        await expect(page.locator("#new")).to_contain_text("1 changed, 1 got worse, 0 new")
        await expect(page.locator("#alarm")).to_have_text("cedar-1 needs you: Overdue")
        await expect(page.locator("#silent")).to_have_text(re.compile("silent services: [1-9]"))
        assert IN_ORDER == [
            one[2:] for one in await page.locator(".board tbody tr").evaluate_all("rows => rows.map(row => row.id)")
        ]
        assert 3 == await page.locator(".board .band").count()


async def test_what_ends_is_struck_and_what_is_new_waits(at: Night) -> None:
    """Neither moves a row; no worker is said in a sentence, at once."""
    async with opened(at) as page:
        await expect(page.locator("#live")).to_contain_text("Live")
        await keep(at.reads, [made("birch-3")], phase="ended", ended=True, closed_at=utc_text(NOW), outcome="destroyed")
        await expect(page.locator("#r-birch-3.gone")).to_be_visible()
        await keep(at.reads, [made("novel-7", "lost")])
        await expect(page.locator("#new")).to_contain_text("1 new")
        at.engine[0] = "no_worker"
        await expect(page.locator("#engine")).to_contain_text("No worker is up")
        await expect(page.locator("#live")).to_contain_text("No worker")


PRESSED = "given => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', given))"


async def test_keys_lead_through_the_rows(at: Night) -> None:
    """Down, up, to the search, where keys are letters; the table of keys opens and closes. On a keyboard that writes
    Cyrillic a key is the one at its place.
    """
    async with opened(at) as page:
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await expect(page.locator("tr.at")).to_have_id("r-amber-2")
        await page.keyboard.press("k")
        await expect(page.locator("tr.at")).to_have_id("r-birch-3")
        for letter, place in (("о", "KeyJ"), ("л", "KeyK")):
            await page.evaluate(PRESSED, {"key": letter, "code": place, "bubbles": True})
            await expect(page.locator("tr.at")).to_have_id("r-amber-2" if letter == "о" else "r-birch-3")
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await page.keyboard.type("jk?")
        await expect(page.locator("#q")).to_have_value("jk?")
        await expect(page.locator("tr.at")).to_have_id("r-birch-3")


async def test_letters_lead_to_pages_unless_they_are_turned_off_in_this_browser(at: Night) -> None:
    """`g` and a letter to a page, a number to a counter; a choice in *You*, which needs no key and holds on every page."""
    async with opened(at, "/desk/me", stays=False) as page:
        await page.keyboard.press("g")
        await page.keyboard.press("f")
        await page.wait_for_url("**/desk/floor")
        await page.keyboard.press("3")
        await page.wait_for_url("**/desk/floor?show=overdue")
        await page.goto(f"{at.url}/desk/me")
        await page.get_by_role("checkbox", name="On pages a letter is a key").uncheck()
        for key in ("g", "f", "g", "i"):
            await page.keyboard.press(key)
        await page.goto(f"{at.url}/desk/floor?rows=roomy")
        for key in ("j", "?", "3"):
            await page.keyboard.press(key)
        await expect(page.locator("#keys")).to_be_hidden()
        assert 0 == await page.locator("tr.at").count()
        assert page.url.endswith("/desk/floor?rows=roomy")
        assert 28 <= await page.locator("#r-cedar-1").evaluate("row => row.getBoundingClientRect().height")
        await page.get_by_role("link", name="Denser rows").click()
        await expect(page.get_by_role("link", name="Roomier rows")).to_be_visible()  # another page
        assert 28 > await page.locator("#r-cedar-1").evaluate("row => row.getBoundingClientRect().height")


async def away(_self: Deliveries) -> int:
    """No archive."""
    raise Unavailable("the archive is away")


async def test_a_stale_page_says_of_when_its_figures_are(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the archive is away in a sentence, and in the head; both go when it is back."""
    async with opened(at) as page:
        await keep(at.reads, [made("cedar-1", "overdue")])
        await expect(page.locator("#r-cedar-1")).to_contain_text("late 3 h")  # the stream is there
        with monkeypatch.context() as patch:
            patch.setattr(Deliveries, "newest", away)
            await expect(page.locator("#stale")).to_contain_text("The archive does not answer, so nothing newer is known.")
            await expect(page.locator("#live")).to_contain_text("Not live since")
        await expect(page.locator("#stale")).to_be_hidden()


async def test_a_page_whose_stream_is_refused_says_at_once_why(at: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many are followed, the archive is away, the session has ended: each in its own sentence."""
    monkeypatch.setitem(SHARES, "follow", Share(burst=600, seconds=30, under_way=0))
    async with opened(at) as page:
        await expect(page.locator("#stale")).to_contain_text("As many pages are followed as may be at once")
        with monkeypatch.context() as patch:
            patch.setattr(Deliveries, "newest", away)
            patch.setitem(SHARES, "follow", Share(burst=600, seconds=30, under_way=1))
            await expect(page.locator("#stale")).to_contain_text("The archive does not answer", timeout=60_000)
        await at.sessions.end((await page.context.cookies())[0]["value"])  # type: ignore[typeddict-item]
        await expect(page.locator("#stale")).to_contain_text("You are signed out", timeout=60_000)
        await expect(page.locator("#live")).to_contain_text("Not live since")


@pytest.mark.parametrize("width", [390, 1200, 1440])
async def test_nothing_scrolls_sideways(at: Night, width: int) -> None:
    """On a telephone rows are cards, on a screen one table; both as wide as the window, and what is waited for can be read."""
    async with opened(at, viewport={"width": width, "height": 900}) as page:
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert ("grid" if width == 390 else "table-row") == await page.locator("#r-cedar-1").evaluate(
            "row => getComputedStyle(row).display"
        )
        assert await page.locator("#r-amber-2 .need").evaluate("cell => cell.clientWidth >= 200")
