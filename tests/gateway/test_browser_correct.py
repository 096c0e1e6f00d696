"""An officer corrects at the desk what their service has said (R18), in a real browser."""

from pathlib import Path

from playwright.async_api import expect
from temporalio.client import Client

from tests.gateway.test_browser import opened, pytestmark  # noqa: F401 - it marks these tests too
from tests.gateway.test_browser_whole import Systems
from tests.installation import renamed
from tests.support import Table, example_plan


async def test_r18_a_weight_that_was_misread_is_corrected_from_the_ledger(temporal: Client, tmp_path: Path) -> None:
    """The form says what was said, the officer what was wrong and why; each change stands beside what it was, and once it is
    signed the delivery weighs what is right.
    """
    plan = renamed(example_plan("almaty-tashkent"))
    async with opened(temporal, tmp_path, plans=(plan,)) as at:
        systems = Systems(at.installation, plan, Table(plan))
        for state in ("kz", "uz"):
            await systems.say(
                f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until="2099-01-01T00:00:00Z"
            )
        await systems.say("kz.police", "prepared", "preparation", gross="139 kg")
        await at.installation.caught_up(plan)
        await at.sign_in("kz.police")
        await at.make_key("kz.police")
        await at.go(f"/desk/deliveries/{plan.operation}")
        await at.page.get_by_role("link", name="Correct it").click()
        gross, check = at.page.locator("[name=gross]"), at.page.get_by_role("button", name="Check")

        await expect(gross).to_have_value("139 kg")
        await at.page.locator("[name=reason]").fill("a digit too many")
        await check.click()
        await expect(at.page.locator("#faults")).to_contain_text("says that already")
        await gross.fill("13.9 kg")
        await check.click()
        await expect(at.page.locator("#remarks")).to_have_text("Gross weight: it said 139 kg, and says 13.9 kg now.")
        await expect(at.page.locator("#sentence")).to_contain_text("you correct what you have said")
        await expect(at.page.locator("#sentence")).to_contain_text("Why: a digit too many.")
        await at.page.get_by_role("button", name="Sign", exact=True).click()
        await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
        await at.installation.caught_up(plan)
        view = await at.installation.gateway(plan.initiator).view(plan.operation)
        assert view.position is not None
        assert 13_900_000 == view.position.gross
