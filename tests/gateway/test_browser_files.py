"""A real browser: an officer attaches a file to an answer, and saves it from the page of the delivery."""

from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import expect
from temporalio.client import Client

from domain.delivery.statement import sign_statement
from domain.plan.attachment import Attachment
from domain.record.door import read_statement
from domain.signing.canonical import digest_of_bytes
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.gateway.test_browser import NARROW, SERVICE, opened, pytestmark  # noqa: F401 - the marks of a browser
from tests.gateway.test_pages import statement

JPEG = b"\xff\xd8\xff\xe0 the decision, scanned " * 5000


async def test_an_officer_attaches_a_file_and_saves_it(temporal: Client, tmp_path: Path) -> None:
    """Described in the form, shown among what is signed, handed in once it is signed; then it stands on the page of the delivery,
    to be saved and not shown. A kind that is not taken is said at the field, and nothing is signed.
    """
    (tmp_path / "decision.jpg").write_bytes(JPEG)
    (tmp_path / "page.html").write_bytes(b"<script>alert(1)</script>")
    async with opened(temporal, tmp_path) as at:
        await at.sign_in()
        await at.make_key()
        page, name = at.page, at.plan.operation
        await at.go(f"/desk/deliveries/{name}/answer?checkpoint=consent-uz")
        await page.get_by_label("Reference of the act").fill("UZ-17")
        await page.get_by_label("Granted by (office, never a name)").fill("prosecutor")
        await page.get_by_label("Legal basis").fill("Article 12")
        await page.locator("summary", has_text="Files").click()
        await page.locator("#files").set_input_files(tmp_path / "page.html")
        await page.get_by_label("page.html: what it shows").fill("a page")
        await page.get_by_role("button", name="Check").click()
        await expect(page.locator("#fault-attachments")).to_contain_text("that kind of file is not taken")

        await page.get_by_role("button", name="Leave it out").click()
        await page.locator("#files").set_input_files(tmp_path / "decision.jpg")
        await page.get_by_label("decision.jpg: what it shows").fill("the decision, scanned")
        await page.get_by_label("A code of its own", exact=True).select_option("H1")
        await page.set_viewport_size(NARROW)
        await page.get_by_role("button", name="Check").click()
        await expect(page.locator("#words")).to_contain_text("the decision, scanned")
        await page.get_by_role("button", name="Sign").click()
        await expect(page.locator("#uploads")).to_contain_text("handed in")
        (said,) = await at.said()
        (attached,) = read_statement(said.envelope).attachments
        assert (attached.shows, attached.size, attached.handling) == ("the decision, scanned", len(JPEG), "H1")

        await at.go(f"/desk/deliveries/{name}")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="the decision, scanned").click()
        saved = await download.value
        assert saved.suggested_filename == attached.name
        assert Path(await saved.path()).read_bytes() == JPEG  # noqa: ASYNC240
        await page.locator("#files").set_input_files(tmp_path / "page.html")
        await expect(page.locator("#uploads")).to_contain_text("that kind of file is not taken")
        await page.locator("#files").set_input_files(tmp_path / "decision.jpg")
        await expect(page.locator("#uploads")).to_contain_text("handed in")
        assert at.wrong == []


async def test_a_file_that_is_named_while_the_page_is_open_is_handed_in_there(temporal: Client, tmp_path: Path) -> None:
    """Nothing named a file when the page was made; the system of its service names one."""
    scan = tmp_path / "decision.jpg"
    scan.write_bytes(JPEG)
    file = Attachment(digest=digest_of_bytes(JPEG), size=len(JPEG), media_type="image/jpeg", shows="the decision, scanned")
    async with opened(temporal, tmp_path) as at:
        await at.sign_in()
        await at.make_key()
        await at.go(f"/desk/deliveries/{at.plan.operation}")
        await expect(at.page.locator("#attached")).to_be_hidden()
        told = statement(at.plan, SERVICE, {"kind": "information", "text": "as agreed"})
        plan = (await at.installation.gateway(SERVICE).view(at.plan.operation)).plan
        known = {"happened_at": utc_text(datetime.now(UTC)), "plan": plan, "attachments": (file,)}
        said = sign_statement(told.model_copy(update=known), private_key_of(SERVICE))
        await at.installation.gateway(SERVICE).submit(at.plan.operation, said)
        await expect(at.page.locator("#l-files")).to_contain_text("the decision, scanned")
        await at.page.locator("#files").set_input_files(scan)
        await expect(at.page.locator("#uploads")).to_contain_text("handed in")
