"""A page of a paper in a real browser: nothing leaves the sheet."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from papers import html
from tests.papers.test_files import HANDOVER, SPEAKERS, Wanted, make, record_of, wide_blocks

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHEET = {"width": 680, "height": 900}
"""As wide as what is printed of an A4 sheet."""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
async def test_no_word_leaves_the_page(tmp_path: Path) -> None:
    """A word as long as a text may be breaks in HTML too: the page is never wider than the sheet, so that print cuts nothing."""
    made = make(record_of(), Wanted(HANDOVER, "en"), SPEAKERS)
    file = tmp_path / "wide.html"
    file.write_bytes(html.render(replace(made, paper=replace(made.paper, blocks=wide_blocks()))))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport=SHEET)
        await page.goto(file.as_uri())
        wide = await page.evaluate("document.documentElement.scrollWidth")
        await browser.close()

    assert wide <= SHEET["width"]
