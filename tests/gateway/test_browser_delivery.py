"""The page of a delivery and the form of an answer with a real browser: how they look on each medium, and what is said before a
signature.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from temporalio.client import Client

from domain.delivery.statement import sign_statement
from domain.record.door import read_statement
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.gateway.test_browser import SERVICE, At, opened, pytestmark
from tests.gateway.test_pages import statement

__all__ = ["pytestmark"]
PHONE = {"width": 390, "height": 844}
PAPER = {"width": 1047, "height": 718}
"""A4, landscape, less its margins."""
WIDER = "document.documentElement.scrollWidth > window.innerWidth"


@pytest.fixture
async def at(temporal: Client, tmp_path: Path) -> AsyncIterator[At]:
    """For officers of several services."""
    async with opened(temporal, tmp_path) as found:
        yield found


async def test_the_page_fits_a_telephone_and_paper_has_no_button(at: At) -> None:
    """Whoever started it reads how it stands and what follows by itself; nothing is wider than the screen; printed, it says as of
    when, and what can be pressed is not there. The ledger is narrowed by a link.
    """
    await at.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await at.sign_in(at.plan.initiator)
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await expect(at.page.locator(".says")).to_contain_text("consent is waited for")
    await expect(at.page.locator(".says")).to_contain_text("it halts and does not leave")
    assert not await at.page.evaluate(WIDER)
    await at.page.get_by_role("navigation", name="Show of the ledger").get_by_role("link", name="Closed").click()
    await expect(at.page.locator(".story > li.closed").first).to_be_visible()
    await expect(at.page.locator(".story > li.said")).to_have_count(0)

    await at.page.emulate_media(media="print")
    await expect(at.page.locator(".printed")).to_contain_text("Printed by P-117")
    await expect(at.page.locator(".button:visible, select:visible, input:visible")).to_have_count(0)


async def test_what_is_more_than_was_asked_is_said_before_it_is_signed(at: At) -> None:
    """Another way of handling, and another day by the fields of a moment, whose exact text is read back; nothing is signed."""
    await at.sign_in()
    await at.make_key()
    await at.go(f"/desk/deliveries/{at.plan.operation}/answer?checkpoint=consent-uz")
    await expect(at.page.locator("[data-field=state] .fixed")).to_have_text("UZ")
    for label in ("Reference of the act", "Granted by", "Legal basis"):
        await at.page.get_by_label(label).fill("example")
    await at.page.get_by_label("replaced in whole").check()
    await at.page.get_by_label("Valid until: day").fill("2099-04-01")
    await at.page.get_by_label("Valid until: time, 24 hours").fill("9:30")
    await at.page.get_by_label("Valid until: ahead of UTC").select_option("+05:00")
    await expect(at.page.locator("#read-field-valid_until")).to_have_text("2099-04-01T09:30:00+05:00 = 2099-04-01 04:30 UTC")
    await at.page.get_by_role("button", name="Check").click()

    await expect(at.page.locator("#remarks")).to_contain_text("You also allow replaced in whole, which was not asked")
    await expect(at.page.locator("#remarks")).to_contain_text("It runs longer than is needed")
    await expect(at.page.locator("#sentence")).to_contain_text("until 2099-04-01T09:30:00+05:00")
    assert [] == await at.said()


WEIGHED = """
async () => {
  const { data } = await import("/desk/file/signing.js");
  const { lookedAt } = await import("/desk/file/checks.js");
  Object.assign(data, { compares: true, confirms: false });
  Object.assign(data.asked, { gross: 13_900_000, tolerance: 20_000, seals: [{ number: "KZ1", security: "H" }] });
  const said = (gross, number) => {
    lookedAt(new Uint8Array(), { content: { gross, seals: [{ number, security: "H" }] } });
    return [...document.querySelectorAll("#remarks li")].map((one) => one.textContent);
  };
  return [said(13_920_000, "KZ1"), said(13_920_001, "KZ1"), said(13_900_000, "KZ2")];
}
"""


async def test_a_weight_or_a_seal_that_will_open_a_decision_is_said_before_it_is_signed(at: At) -> None:
    """At the tolerance nothing is said; a milligram beyond it, how much and what it opens; of other seals, which are expected."""
    await at.sign_in()
    await at.go(f"/desk/deliveries/{at.plan.operation}/answer?checkpoint=consent-uz")
    await expect(at.page.locator("#read-happened_at")).to_contain_text("UTC")
    within, beyond, seals = await at.page.evaluate(WEIGHED)
    weight = "It is 20.001 g off the expected 13.9 kg, more than the tolerance of 20 g."

    assert [] == within
    assert [weight] == [one.split(" Signed")[0] for one in beyond]
    assert ["The seals are not those that are expected: KZ1."] == [one.split(" Signed")[0] for one in seals]
    assert all("opens a decision whether to go on" in one for one in (*beyond, *seals))


async def say(at: At, service: str, content: dict[str, str]) -> None:
    """Another service says this, with a system of its own."""
    door = at.installation.gateway(service)
    known = {"happened_at": utc_text(datetime.now(UTC)), "plan": (await door.view(at.plan.operation)).plan}
    said = statement(at.plan, service, content).model_copy(update=known)
    await door.submit(at.plan.operation, sign_statement(said, private_key_of(service)))


async def follow(at: At, service: str, query: str = "") -> str:
    """An officer of this service has the page of the delivery open, and it is followed; its address."""
    await at.sign_in(service)
    home = f"/desk/deliveries/{at.plan.operation}"
    await at.go(f"{home}{query}")
    await expect(at.page.locator("#live")).to_contain_text("Live")
    await at.page.evaluate("window.untouched = true")
    return home


async def test_the_page_follows_the_ledger_and_nothing_moves_under_the_hand(at: At) -> None:
    """Another service stops it: the sentence, who has acknowledged, what is waited for and the ledger follow, without a reload.
    What is typed, selected, opened or focused stays; the ledger is searched where it stands, and what is new goes on to come.
    """
    await follow(at, at.plan.initiator)
    page, known = at.page, at.page.locator(".known")
    await page.get_by_text("The same in words").click()
    search = page.locator("#narrow [name=text]")
    await search.fill("half a wo")
    await page.locator("#waits").evaluate("one => getSelection().selectAllChildren(one)")
    await say(at, SERVICE, {"kind": "stop_requested", "reason": "danger"})

    await expect(page.locator(".says")).to_contain_text("It was stopped")
    await expect(page.locator(".story > li.fresh.said")).to_contain_text("said: stop ordered")
    await expect(known).to_contain_text("not yet")
    await expect(page.locator("#alarm")).to_contain_text("must seize it")
    await expect(search).to_have_value("half a wo")
    assert await page.locator("#l-plan details").evaluate("one => one.open")
    assert "consent-uz" in await page.locator("#l-waits").inner_text()  # somebody has it selected
    await page.evaluate("getSelection().removeAllRanges()")
    await expect(page.locator("#l-waits")).to_contain_text("stop.interdiction")

    await search.fill("stop ordered")
    await search.press("Enter")
    await expect(page.locator(".story > li")).to_have_count(1)
    await expect(search).to_be_focused()
    assert page.url.endswith("?text=stop+ordered#ledger")
    await say(at, "uz.customs", {"kind": "stop_acknowledged"})
    await expect(known.locator("li.done")).to_contain_text("uz.customs")
    await expect(page.locator(".story > li")).to_have_count(1)
    assert await page.evaluate("window.untouched") is True


async def test_what_is_recorded_while_the_ledger_is_narrowed_stands_in_it(at: At) -> None:
    """The narrowed ledger was drawn before an entry that the page was told of while it came: from there on it is followed."""
    await follow(at, at.plan.initiator)
    page = at.page
    entry = page.locator(".story > li", has_text="said: stop ordered")

    async def before(route: Any) -> None:
        answer = await route.fetch()
        await say(at, SERVICE, {"kind": "stop_requested", "reason": "danger"})
        await expect(entry).to_have_count(1)
        await route.fulfill(response=answer)

    await page.route("**/story?*", before, times=1)
    await page.get_by_role("navigation", name="Show of the ledger").get_by_role("link", name="Said").click()
    await page.wait_for_url("**?show=said#ledger")
    await expect(entry).to_have_count(1)


class Streams:
    """In the place of the gateway's: each ends at once, and its browser comes again."""

    def __init__(self) -> None:
        self.says = ": nothing"
        self.begun = asyncio.Condition()

    async def __call__(self, route: Any) -> None:
        """One of them."""
        await route.fulfill(content_type="text/event-stream", body=f"retry: 50\n{self.says}\n\n")
        async with self.begun:
            self.begun.notify_all()

    async def again(self) -> None:
        """Until two have begun from now on: of the first it is not known what it said."""
        async with self.begun:
            for _ in range(3):
                await self.begun.wait()


async def test_a_page_is_not_loaded_anew_over_a_stop_that_is_not_handed_in(at: At) -> None:
    """The record was put back, so the page begins anew: not while somebody types a reason, nor while what is signed is to be sent
    again, which is on this page only; and then it does.
    """
    await at.sign_in()
    await at.make_key()
    streams = Streams()
    await at.page.route("**/changes?*", streams)
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await at.page.evaluate("window.untouched = true")
    await at.page.get_by_role("button", name="Hold or stop it").click()
    await at.page.get_by_label("Reason").fill("danger")
    streams.says = 'data: {"kind": "anew"}'
    await streams.again()
    await at.page.route("**/statements", lambda route: route.abort(), times=1)
    await at.page.get_by_role("button", name="Sign and stop").click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Not handed in")
    await streams.again()
    assert await at.page.evaluate("window.untouched") is True
    streams.says = ": nothing"
    async with at.page.expect_event("load"):
        await at.page.get_by_role("button", name="Send the same again").click()
    (stop,) = await at.said()

    assert "stop_requested" == read_statement(stop.envelope).kind


async def test_a_stream_that_hangs_is_followed_anew(at: At) -> None:
    """A connection that brings nothing and does not break is given up for another."""
    begun = asyncio.Queue[Any]()
    await at.sign_in(at.plan.initiator)
    await at.page.clock.install()
    await at.page.route("**/changes?*", begun.put)
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await begun.get()
    await at.page.clock.fast_forward(31_000)
    await (await asyncio.wait_for(begun.get(), 60)).continue_()
    await expect(at.page.locator("#stale")).to_be_hidden()


async def test_keys_lead_to_the_stop_the_telephone_and_the_paper(at: At) -> None:
    """`s` opens the stop with its reason focused, where keys are letters; `Esc` closes it; `?` shows the keys, `p` the paper, of
    which the first page ends after what is waited for. It is recorded as printed.
    """
    home = await follow(at, at.plan.initiator)
    page = at.page
    await page.keyboard.press("s")
    await expect(page.get_by_label("Reason")).to_be_focused()
    await page.keyboard.type("?p")
    await expect(page.get_by_label("Reason")).to_have_value("?p")
    await page.keyboard.press("Escape")
    await expect(page.locator("#stop")).to_be_hidden()
    await expect(page.get_by_label("Reason")).not_to_be_focused()  # the browser lets go of what is hidden with its next frame
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await expect(page.locator("#keys")).to_contain_text("print layout")
    await page.keyboard.press("p")  # not while a table is open
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_hidden()
    await page.keyboard.press("p")
    await page.wait_for_url(f"**{home}?print")
    await page.emulate_media(media="print")
    await expect(page.locator(".printed")).to_contain_text("Printed by P-117")
    await expect(page.locator("button:visible, select:visible, input:visible")).to_have_count(0)
    await page.set_viewport_size(PAPER)  # type: ignore[arg-type]
    assert await page.locator(".second").evaluate("one => one.getBoundingClientRect().top") <= PAPER["height"]
    box = re.search(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", await page.pdf(prefer_css_page_size=True))
    assert box is not None
    assert float(box[1]) > float(box[2])
    assert "print" in [one.action for one in (await at.installation.reads.page(0, 1000)).reads]
