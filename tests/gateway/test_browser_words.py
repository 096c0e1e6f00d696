"""What the scripts of the desk write is seen as what a page has: no word of others turns or hides what an officer signs."""

import json
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, async_playwright

from domain.words.text import shown
from gateway.pages.pages import FILES
from tests.domain.test_text import HOSTILE, ORDERS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
]
WORDS = " ".join(("before", *HOSTILE, *ORDERS, "Шекара é 12\u00a0500", "after"))
TABLES = {"FIELDS": {}, "CHOICES": {}, "KINDS": {}, "WITHIN": {}, "UNITS": {}, "VERDICTS": {}}
GIVEN = {"data": {"words": TABLES, "codes": [], "kind": "incident"}, "texts": {"sentence": "You sign: {reason}."}}
PAGE = "<!doctype html><meta charset=utf-8><p id=sentence></p><ul id=remarks></ul><p id=agreed></p><pre id=bytes></pre>"
LOOKED_AT = """async said => {
  const [{ lookedAt }, { inWords }] = [await import("/desk/file/checks.js"), await import("/desk/file/signing.js")];
  const list = document.body.appendChild(document.createElement("dl"));
  lookedAt(new TextEncoder().encode(JSON.stringify(said)), said, { more: [said.content.reason] });
  inWords(said, list);
  const shows = [...list.querySelectorAll("dd")].map(one => one.innerText);
  return [...["sentence", "remarks", "bytes"].map(id => document.getElementById(id).textContent), ...shows];
}"""
"""What stands on the page of a statement that is about to be signed."""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page with the scripts of the desk, and no gateway behind it."""

    async def answer(route: Route) -> None:
        _, _, name = route.request.url.rpartition("/desk/file/")
        if name in FILES:
            await route.fulfill(body=FILES[name], content_type="text/javascript")
        else:
            given = (f'<script type="application/json" id="{name}">{json.dumps(one)}</script>' for name, one in GIVEN.items())
            await route.fulfill(body=PAGE + "".join(given), content_type="text/html")

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context()
        await context.route("**/*", answer)
        found = await context.new_page()
        await found.goto("https://desk.example/desk")
        yield found
        await browser.close()


async def test_what_is_about_to_be_signed_is_seen_as_it_is(page: Page) -> None:
    """In its sentence, in what is to be looked at, in its bytes and member by member: what is not seen is written out, as the
    pages of the server do it.
    """
    said = {"vigil": "statement/2", "delivery": WORDS, "content": {"kind": "incident", "reason": WORDS, "places": [WORDS]}}
    sentence, remark, signed, *members = await page.evaluate(LOOKED_AT, said)

    assert f"You sign: {shown(WORDS)}." == sentence
    assert shown(WORDS) == remark
    assert shown(json.dumps(said, ensure_ascii=False, separators=(",", ":"))).count("\\u202e") == signed.count("\\u202e") > 0
    assert signed == shown(signed)
    assert ["incident", *[shown(WORDS)] * 3] == members
