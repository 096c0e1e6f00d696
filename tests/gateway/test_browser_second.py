"""A second officer at the desk signs what a first one of the same service has signed (R20), in a real browser."""

import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import expect
from temporalio.client import Client

from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.statement import sign_statement
from domain.record.door import read_statement
from domain.words.moments import utc_text
from rehearsal.services import private_key_of, second
from tests.gateway.test_browser import opened, pytestmark  # noqa: F401 - it marks these tests too
from tests.gateway.test_browser_access import AXE, FOUND
from tests.gateway.test_browser_whole import Systems
from tests.installation import renamed
from tests.support import WORDS, Table, asks, with_changes

TWO = with_changes(preparation={"requires": asks("kz.police prepared 2", "kz.knb ready")})
ASKED = "answer?checkpoint=preparation&for=kz.police&kind=prepared"


async def test_r20_a_second_officer_finds_for_themselves_and_signs_what_the_first_has_said(
    temporal: Client, tmp_path: Path
) -> None:
    """Shown is all but what was weighed and seen, on no page before the second has typed theirs; another weight is told with both
    figures, and the same one signed, pressed twice, makes it count once, under two keys. axe finds nothing on it.
    """
    plan = renamed(TWO)
    async with opened(temporal, tmp_path, plans=(plan,)) as at:
        systems = Systems(at.installation, plan, Table(plan))
        for state in ("kz", "uz"):
            await systems.say(
                f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until="2099-01-01T00:00:00Z"
            )
        await systems.say("kz.police", "prepared", "preparation", witnesses=["K-7"])
        await at.sign_in("kz.police")
        await at.make_key("kz.police")
        await at.page.context.add_init_script(AXE)
        await at.go(f"/desk/deliveries/{plan.operation}/{ASKED}")

        assert [] == await at.page.evaluate(FOUND, None)
        await expect(at.page.locator("#second")).to_contain_text("Officer officer-1 has signed this. You are the second.")
        await expect(at.page.locator("[data-said=witnesses]")).to_have_text("K-7")
        await expect(at.page.locator("[name=gross]")).to_have_value("")
        assert "KZ000001" not in await at.page.content()
        check, sign = at.page.get_by_role("button", name="Check"), at.page.get_by_role("button", name="Sign", exact=True)
        await at.page.locator("[name=seals]").fill("KZ000001/H")
        await at.page.locator("[name=gross]").fill("13.8 kg")
        await check.click()
        await expect(at.page.locator("#remarks")).to_contain_text("officer-1 has signed 13.9 kg, and you say 13.8 kg")
        await expect(at.page.locator("#agreed")).to_be_hidden()
        await at.page.get_by_role("button", name="Change it").click()
        await at.page.locator("[name=gross]").fill("13.9 kg")
        await check.click()
        await expect(at.page.locator("#agreed")).to_have_text("Officer officer-1 has signed exactly this.")
        await sign.dblclick()
        await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")

        await at.installation.caught_up(plan)
        ledger = await at.installation.gateway(plan.initiator).ledger(plan.operation)
        stated = [one.event.envelope for one in ledger if isinstance(one, Entry) and isinstance(one.event, Stated)]
        prepared = [(one, read_statement(one)) for one in stated if read_statement(one).kind == "prepared"]
        assert ["officer-1", "P-117"] == [said.officer for _, said in prepared]
        assert prepared[0][1].content == prepared[1][1].content
        assert 2 == len({one.signatures[0].keyid for one, _ in prepared})
        view = await at.installation.gateway(plan.initiator).view(plan.operation)
        assert view.position is not None
        assert 13_900_000 == view.position.gross
        await at.go(f"/desk/deliveries/{plan.operation}/{ASKED}")
        await expect(at.page.locator("h1")).to_have_text(re.compile("no open request|Not found", re.IGNORECASE))


async def test_r20_what_two_officers_said_two_correct_and_the_second_types_what_they_see(
    temporal: Client, tmp_path: Path
) -> None:
    """Before the second has typed the weight, the page shows neither the old one nor that of the first; another is told with
    both, and the same one makes the correction count. axe finds nothing on it.
    """
    plan = renamed(TWO)
    async with opened(temporal, tmp_path, plans=(plan,)) as at:
        systems = Systems(at.installation, plan, Table(plan))
        for state in ("kz", "uz"):
            await systems.say(
                f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until="2099-01-01T00:00:00Z"
            )
        for key, officer in ((private_key_of("kz.police"), "officer-1"), (private_key_of(second("kz.police")), "officer-2")):
            said = systems.words.statement("kz.police", "prepared", "preparation", gross="139 kg", officer=officer)
            said = said.model_copy(update={"id": uuid.uuid4().hex, "happened_at": utc_text(datetime.now(UTC))})
            await at.installation.opened(plan, "preparation")
            await at.installation.gateway("kz.police").submit(plan.operation, sign_statement(said, key))
        right = WORDS["prepared"] | {"kind": "prepared", "gross": "13.9 kg"}
        said = systems.words.statement("kz.police", "correction", of=said.id, reason="a digit too many", content=right)
        said = said.model_copy(update={"id": uuid.uuid4().hex, "happened_at": utc_text(datetime.now(UTC))})
        await at.installation.gateway("kz.police").submit(plan.operation, sign_statement(said, private_key_of("kz.police")))
        await at.installation.caught_up(plan)
        await at.sign_in("kz.police")
        await at.make_key("kz.police")
        await at.page.context.add_init_script(AXE)
        await at.go(f"/desk/deliveries/{plan.operation}")
        await at.page.get_by_role("link", name="Correct it").first.click()

        await expect(at.page.locator("#second")).to_contain_text("Why it is corrected: a digit too many")
        assert [] == await at.page.evaluate(FOUND, None)
        await expect(at.page.locator("[name=gross]")).to_have_value("")
        check = at.page.get_by_role("button", name="Check")
        await at.page.locator("[name=seals]").fill("KZ000001/H")
        await at.page.locator("[name=gross]").fill("13.8 kg")
        await check.click()
        await expect(at.page.locator("#remarks")).to_contain_text("officer-1 has signed 13.9 kg, and you say 13.8 kg")
        await at.page.get_by_role("button", name="Change it").click()
        await at.page.locator("[name=gross]").fill("13.9 kg")
        await check.click()
        await expect(at.page.locator("#agreed")).to_have_text("Officer officer-1 has signed exactly this.")
        await at.page.get_by_role("button", name="Sign", exact=True).click()
        await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
        await at.installation.caught_up(plan)
        view = await at.installation.gateway(plan.initiator).view(plan.operation)
        assert view.position is not None
        assert 13_900_000 == view.position.gross
