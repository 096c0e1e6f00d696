"""A shift handed over in real browsers: two officers, each with the key of their own browser, sign one sheet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, Page, async_playwright, expect

from archive.sessions import SignedIn
from domain.plan.directory import ServiceKey
from domain.record.handover import verify_handover
from domain.signing.keys import key_id
from domain.words.moments import utc_text
from tests.gateway.test_browser import CHROMIUM, pytestmark
from tests.gateway.test_floor import ALL, DIRECTORY, ROWS, Night, keep, made, over

__all__ = ["pytestmark"]


@asynccontextmanager
async def officer_at(at: Night, browser: Browser, code: str) -> AsyncIterator[Page]:
    """An officer's browser, signed in, with a key that it has made and that is in the directory."""
    context = await browser.new_context(locale="en-GB")
    token = await at.sessions.open(SignedIn(service=ALL, officer=code, key=key_id(DIRECTORY.get(ALL).keys[0].public)))
    await context.add_cookies([{"name": "vigil", "value": token, "url": at.url}])
    page, wrong = await context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)
    await page.goto(f"{at.url}/desk/me")
    await page.get_by_role("button", name="Make a key").click()
    await expect(page.locator("#known")).to_have_text("not yet")
    public = await page.locator("#public").text_content() or ""
    known = at.known.now
    key = ServiceKey(public=public, valid_from=utc_text(datetime.now(UTC) - timedelta(minutes=1)))
    services = tuple(one.model_copy(update={"keys": (*one.keys, key)}) if one.id == ALL else one for one in known.services)
    at.known.replace(known.model_copy(update={"services": services}))
    yield page
    assert [] == wrong
    await context.close()


async def test_two_officers_hand_a_shift_over_and_no_key_leaves_a_browser() -> None:
    """Who goes signs; a sheet that changed is refused with what changed; who comes signs the same; the record verifies."""
    async with over(ROWS) as at, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        async with officer_at(at, browser, "S-1") as goes, officer_at(at, browser, "S-2") as comes:
            await goes.goto(f"{at.url}/desk/shift")
            await goes.get_by_role("button", name="Hand over this shift").click()
            await expect(goes.locator("#sentence")).to_have_text(
                "For supervision, as officer S-1, you hand over the shift of this sheet."
            )
            await expect(goes.locator("#words")).to_contain_text(await goes.locator("#digest").inner_text())
            await keep(at.reads, [made("cedar-1", "overdue")])
            await goes.get_by_role("button", name="Sign").click()
            await expect(goes.locator("#outcome-title")).to_have_text("Not taken")
            await expect(goes.locator("#outcome-faults")).to_contain_text("cedar-1: needs somebody now")

            await goes.get_by_role("link", name="Read the sheet anew").click()
            await goes.get_by_role("button", name="Hand over this shift").click()
            await goes.get_by_role("button", name="Sign").click()
            await expect(goes.locator("#outcome-title")).to_have_text("Handed over")

            await comes.goto(f"{at.url}/desk/shift")
            await comes.get_by_role("link", name="Read that sheet, and take over").click()
            await comes.get_by_role("button", name="Take over this shift").click()
            await comes.get_by_role("button", name="Sign").click()
            await expect(comes.locator("#outcome-title")).to_have_text("Taken over")
            await comes.get_by_role("link", name="To the handover").click()
            await expect(comes.locator(".notice")).to_contain_text("Handover 1 is closed: supervision S-1 handed over")

            paper = await comes.pdf(prefer_css_page_size=True)
            assert 1 == paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ")
            record, _ = await at.reception.shift.record(DIRECTORY.get(ALL), 1)
            verify_handover(record, at.known.now)
        await browser.close()
