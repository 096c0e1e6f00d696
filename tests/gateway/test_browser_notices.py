"""Notices in a real browser: an officer subscribes on the page *You*, and the watch floor and the browser say what waits."""

from playwright.async_api import Page, async_playwright, expect

from tests.activities.test_messenger import hook
from tests.gateway.test_browser import CHROMIUM, pytestmark
from tests.gateway.test_notices import STOPPED, served

__all__ = ["pytestmark"]

HEARD = """
window.heard = () => JSON.parse(localStorage.getItem("heard") ?? "[]");
const mark = () => { if (window.heard().length) document.documentElement.dataset.heard = ""; };
const Real = window.Notification;
window.Notification = class extends Real {
  constructor(title, more) { super(title, more);
    localStorage.setItem("heard", JSON.stringify([...window.heard(), title + " / " + more.body])); mark(); }
};
addEventListener("DOMContentLoaded", mark);
"""
"""What the browser's own notices said, on whichever page: the one on which they are turned on may still be looking. Each is shown
all the same.
"""


async def press_seen(page: Page) -> None:
    """The button that says so: focused while the page looks again; and pressed twice, since the first time is refused."""
    seen = page.locator("#waiting").get_by_role("button", name="Seen")
    await seen.focus()
    async with page.expect_response("**/desk/notices"):
        await page.evaluate("() => dispatchEvent(new Event('moved'))")
    await expect(seen).to_be_focused()
    await page.route("**/seen/*", lambda route: route.fulfill(status=429, body="{}"), times=1)
    async with page.expect_response("**/seen/*"):
        await seen.press("Enter")
    await expect(page.locator("#waiting")).to_be_visible()
    await seen.press("Enter")
    await expect(page.locator("#waiting")).to_be_hidden()


async def test_an_officer_subscribes_and_the_open_page_and_the_browser_say_that_something_waits() -> None:
    """By page and by webhook, with what is wrong said in place. The browser speaks only once that was turned on, and says no
    more than the page; seen is seen, once that was taken, and its button does not go away under the hand.
    """
    wrong: list[str] = []
    async with served() as at, hook().listening() as receiver, async_playwright() as playwright:
        name, token = (await at.browser()).cookie.split("=", 1)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="en-GB", timezone_id="Asia/Tashkent")
        await context.add_cookies([{"name": name, "value": token, "url": at.url}])
        await context.grant_permissions(["notifications"], origin=at.url)
        await context.add_init_script(HEARD)
        page = await context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)

        await page.goto(f"{at.url}/desk/me")
        await page.get_by_role("button", name="Subscribe").click()
        await expect(page.locator(".told")).to_contain_text("whatever needs you")
        await page.get_by_label("stopped or halted").check()
        await page.get_by_label("webhook").check()
        await page.get_by_label("Address").fill("https://elsewhere.example/")
        await page.get_by_label("Quiet hours").fill("22:00-06:00, noon")
        await page.get_by_role("button", name="Subscribe").click()
        await expect(page.locator("#wrong")).to_have_text("Expected hours such as 22:00-06:00.")
        await page.get_by_label("Quiet hours").fill("22:00-06:00, 12:00-13:00")
        await page.get_by_role("button", name="Subscribe").click()
        await expect(page.locator("#wrong")).to_contain_text("notices may not go there; they may to: 127.0.0.1")
        await page.get_by_label("Address").fill(receiver.url)
        await page.get_by_role("button", name="Subscribe").click()
        await expect(page.locator(".told", has_text="webhook")).to_contain_text("22:00–06:00, 12:00–13:00 Asia/Tashkent")
        await page.locator(".told", has_text="webhook").get_by_role("button", name="Send a test").click()
        await expect(page.locator("#notices")).to_contain_text("The test was taken.")
        assert ["desk.test"] == [one["type"] for one in receiver.told()]

        await page.goto(f"{at.url}/desk/floor")
        await at.desk.happens(STOPPED)
        await expect(page.locator("#waiting")).to_contain_text("Something waits. Deliveries: 1", timeout=60_000)
        assert [] == await page.evaluate("window.heard()")
        await page.goto(f"{at.url}/desk/me")
        await page.get_by_role("button", name="Let this browser notify me").click()
        await expect(page.locator("#notifies")).to_contain_text("This browser notifies you")
        await page.goto(f"{at.url}/desk/floor")
        await expect(page.locator("html[data-heard]")).to_be_attached(timeout=60_000)
        assert ["Vigil: something waits at the desk / Something waits. Deliveries: 1"] == await page.evaluate("window.heard()")
        await press_seen(page)
        assert 0 == (await at.desk.room.waiting(at.desk.officer())).count
        assert [] == wrong
        await browser.close()
