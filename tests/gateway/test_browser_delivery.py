"""The page of a delivery and the form of an answer with a real browser: how they look on each medium, and what is said before a
signature.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect
from temporalio.client import Client

from tests.gateway.test_browser import At, opened, pytestmark

__all__ = ["pytestmark"]
PHONE = {"width": 390, "height": 844}
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
