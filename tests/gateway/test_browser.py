"""A real browser, the real command line, the real gateway: an officer signs in, reads, gets a key, answers, stops.

What this shows about security is shown without a browser too, in `test_pages.py`.
"""

import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from temporalio.client import Client

from domain.delivery.ledger import Entry, leaf_of
from domain.delivery.reported import Stated
from domain.delivery.statement import Seen
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.receipts import opened as opened_receipt
from domain.record.receipts import signed
from domain.rules.books import BOOK
from domain.rules.consent import AuthorisationGranted
from domain.rules.stop import StopRequested
from domain.signing.canonical import plain
from domain.signing.envelope import RECEIPT_TYPE, Envelope, sign
from domain.signing.keys import key_id, private_pem
from domain.signing.tree import root
from gateway.oidc import Provider
from gateway.oidc_settings import Registration
from process.configuration import directory_in
from rehearsal.services import VIGIL, private_key_of
from tests.command import vigil
from tests.groups import group_called
from tests.installation import Installation, end_what_runs, installed, renamed, stop_by
from tests.openid import CLIENT, SECRET, of_others
from tests.support import Table, example_plan, signed_plan
from workflows.messages import workflow_id

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
]
expect.set_options(timeout=30_000)  # milliseconds: what a page shows of a busy machine takes longer than on an idle one
SERVICE = "uz.prosecutor"
NARROW = {"width": 360, "height": 740}


@dataclass
class At:
    """A browser, and an officer's machine beside it with the key of the service."""

    installation: Installation
    plan: Plan
    context: BrowserContext
    page: Page
    folder: Path
    wrong: list[str]
    """What the browser complains about: faults of scripts, and whatever the pages' own policy keeps out."""

    async def vigil(self, *words: str) -> str:
        """What the real command prints."""
        there = ("--keys", str(self.folder), "--gateway", self.installation.url)
        ran = await vigil(*words, *there, cwd=self.folder)
        assert 0 == ran.code, ran.err
        return ran.out

    async def go(self, path: str) -> None:
        """Open a page."""
        await self.page.goto(f"{self.installation.url}{path}")

    async def sign_in(self, service: str = SERVICE) -> str:
        """By the link of the real command; the link."""
        link = (await self.vigil("sign-in", "--as", service, "--officer", "P-117")).strip()
        await self.page.goto(link)
        await expect(self.page.locator("h1")).to_have_text("Inbox")
        return link

    async def make_key(self, service: str = SERVICE) -> str:
        """Make a key in the browser, and have it added by the real command; its public half."""
        await self.go("/desk/me")
        await self.page.get_by_role("button", name="Make a key").click()
        await expect(self.page.locator("#known")).to_have_text("not yet")
        public = await self.page.locator("#public").text_content() or ""
        directory = self.folder / "directory.yaml"
        directory.write_text(self.installation.in_force.now.model_dump_json(exclude_none=True))  # JSON is YAML too
        await self.vigil("keys", "add", service, public, "--until", "90d", "--directory", str(directory))
        self.installation.in_force.replace(directory_in(directory))
        await self.page.reload()
        await expect(self.page.locator("#known")).to_contain_text("since")
        return public

    async def saved(self) -> Envelope:
        """What the page offers as the file of a receipt."""
        async with self.page.expect_download() as download:
            await self.page.get_by_role("link", name="Save the receipt").click()
        return Envelope.model_validate_json(Path(await (await download.value).path()).read_bytes())  # noqa: ASYNC240

    async def said(self) -> list[Stated]:
        """Every statement in the ledger, after the report of what was found and what lets the register be looked into."""
        await self.installation.caught_up(self.plan)
        found = await self.installation.gateway(self.plan.initiator).ledger(self.plan.operation)
        first, second, *later = [one.event for one in found if isinstance(one, Entry) and isinstance(one.event, Stated)]
        begins = {read_statement(one.envelope).kind for one in (first, second)}
        assert {"detected", "deconfliction_requested"} == begins
        return later


@asynccontextmanager
async def opened(
    temporal: Client, folder: Path, openid: Provider | None = None, plans: tuple[Plan, ...] = (), at: str = "consent-uz"
) -> AsyncIterator[At]:
    """A browser at an installation in which the request for consent is open: of the example, or of the first of these plans."""
    plans = plans or (renamed(example_plan("almaty-tashkent")),)
    plan = plans[0]
    for service in plan.participants():
        (folder / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    async with installed(temporal, plan, None, openid=openid) as installation, async_playwright() as playwright:
        for one in plans:
            await installation.gateway(one.initiator).start(signed_plan(one))
        await installation.opened(plan, at)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="en-GB")
        page, wrong = await context.new_page(), list[str]()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None)
        yield At(installation, plan, context, page, folder, wrong)
        assert [] == wrong
        await browser.close()


@pytest.fixture
async def at(temporal: Client, tmp_path: Path) -> AsyncIterator[At]:
    """For officers of the service that is asked."""
    async with opened(temporal, tmp_path) as found:
        yield found


async def test_an_officer_signs_in_and_consents(at: At) -> None:
    """By a link that is nowhere afterwards; with a key that nobody can take out; what is signed is what was shown, and stands in
    the ledger under the key of this browser.
    """
    link = await at.sign_in()
    assert "#" not in at.page.url
    public = await at.make_key()
    await at.go("/desk")
    await expect(at.page.locator(".card")).to_contain_text("Authorise this delivery?")
    await at.page.get_by_role("link", name=f"Answer {at.plan.operation}").click()

    await at.page.get_by_role("button", name="Check").click()
    await expect(at.page.locator("#fault-granted_by_role")).to_have_text("is missing")
    await expect(at.page.locator("#faults")).to_be_focused()
    for label, words in (
        ("Reference of the act", "14/2-2026"),
        ("Granted by", "Deputy Prosecutor General"),
        ("Legal basis", "example <b>only</b>"),
        ("Conditions", "two officers present"),
    ):
        await at.page.get_by_label(label).fill(words)
    await at.page.get_by_role("button", name="Check").click()
    shown = at.page.locator("#words")
    for words in ("Authorisation granted", "14/2-2026", "example <b>only</b>", "two officers present", SERVICE, "P-117"):
        await expect(shown).to_contain_text(words)
    await expect(at.page.locator("#sentence")).to_contain_text(f"For UZ, as {SERVICE}, officer P-117, you consent")
    await expect(at.page.locator("#remarks li")).to_have_count(0)
    await expect(at.page.locator("#bytes")).to_contain_text('"kind":"authorisation_granted"')
    assert [] == await at.said()

    await at.page.get_by_role("button", name="Sign", exact=True).click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
    await expect(at.page.locator("#receipt")).to_contain_text("accepted")
    (stated,) = await at.said()
    said = BOOK.opened(stated.envelope, {key_id(public): public})
    assert isinstance(said.content, AuthorisationGranted)
    assert ("P-117", "example <b>only</b>") == (said.officer, said.content.legal_basis)
    assert (said.id) in await at.page.locator("#receipt").text_content()  # type: ignore[operator]
    receipt = opened_receipt(await at.saved(), at.installation.directory)
    assert (said.id, stated.envelope) == (receipt.statement, receipt.entry.event.envelope)  # type: ignore[union-attr]
    assert await at.page.evaluate(KEPT) == [False, False]  # neither extractable, nor in any store as text
    assert await at.context.cookies() != []
    assert await at.page.evaluate("document.cookie") == ""

    await at.page.goto("about:blank")
    await at.page.goto(link)  # in the history of somebody's terminal, say
    await expect(at.page.locator("#refused:visible")).to_contain_text("already used")
    await at.page.route("**/desk/in", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    await at.page.evaluate("location.hash = 'another'")
    await expect(at.page.locator("#unable:visible")).to_contain_text("Vigil does not answer")
    await expect(at.page.locator("#refused")).to_be_hidden()  # nobody has used it
    await at.page.unroute("**/desk/in")
    await at.sign_in()  # with a fresh one, where that stands open


async def test_one_signature_answers_in_each_consignment_that_is_ticked(temporal: Client, tmp_path: Path) -> None:
    """What is asked in the other is shown, and what is asked nowhere is said so. Pressed twice, and sent again where it did not
    get through, it stands once in each ledger, each with its own receipt, which the browser has proved; both have the consent.
    """
    plans, asked = group_called("seed-oil"), "?checkpoint=consent-kz&for=kz.prosecutor&kind=authorisation_granted"
    one, other = (plan.operation for plan in plans[:2])
    try:
        async with opened(temporal, tmp_path, plans=plans, at="consent-kz") as at:
            await at.installation.opened(plans[1], "consent-kz")
            await at.sign_in("kz.prosecutor")
            await at.make_key("kz.prosecutor")
            await at.go(f"/desk/deliveries/{one}/answer{asked}&also={plans[2].operation}")
            await expect(at.page.locator(".notice.warn:visible")).to_contain_text(f"In {plans[2].operation} nothing is asked")
            await at.page.get_by_label(other).check()
            await at.page.get_by_role("button", name="Show me what is asked there").click()
            await expect(at.page.locator(".together")).to_contain_text(other)
            await expect(at.page.locator(".together")).to_contain_text("Word for word as above")
            for label, words in (
                ("Reference of the act", "22/7"),
                ("Granted by", "Deputy Prosecutor General"),
                ("Legal basis", "law"),
            ):
                await at.page.get_by_label(label).fill(words)
            await at.page.get_by_role("button", name="Check").click()
            await expect(at.page.locator("#words")).to_contain_text("seed-oil")
            lost = f"**/v1/deliveries/{one}/statements"
            await at.page.route(lost, lambda route: route.abort())
            await at.page.get_by_role("button", name="Sign", exact=True).dblclick()
            await expect(at.page.locator("#outcome-title")).to_have_text("Signed, and it does not count in each")
            await expect(at.page.locator("#receipt a")).to_have_count(1)
            await at.page.unroute(lost)
            await at.page.get_by_role("button", name="Send the same again").click()
            await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
            for name in (one, other):
                await expect(at.page.locator("#receipt")).to_contain_text(name)
            await expect(at.page.locator("#receipt a")).to_have_count(2)
            for plan in plans[:2]:
                await at.installation.caught_up(plan)
            views = [await at.installation.gateway(plans[0].initiator).view(name) for name in (one, other)]
            assert [["kz.prosecutor"]] * 2 == [[consent.service for consent in view.consents] for view in views]
            ledgers = [await at.installation.gateway(plans[0].initiator).ledger(name) for name in (one, other)]
            said = [
                [one.event for one in ledger if isinstance(one, Entry) and isinstance(one.event, Stated)] for ledger in ledgers
            ]
            granted = [[one.envelope for one in each if read_statement(one.envelope).members] for each in said]
            assert [1, 1] == [len(each) for each in granted]
            assert granted[0] == granted[1]
    finally:
        await end_what_runs(temporal, *(workflow_id(plan.operation) for plan in plans))


KEPT = """
async () => {
  const opening = indexedDB.open("vigil");
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const all = opening.result.transaction("keys").objectStore("keys").getAll();
  await new Promise((resolve) => (all.onsuccess = resolve));
  const taken = await crypto.subtle.exportKey("pkcs8", all.result[0].privateKey).then(() => true, () => false);
  return [all.result[0].privateKey.extractable || taken, localStorage.length + sessionStorage.length > 0];
}
"""


async def test_an_officer_stops_in_two_presses(at: At) -> None:
    """From the page of a delivery, on a telephone, with the keyboard alone; the stop is in the ledger and the page says so."""
    await at.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await at.sign_in()
    await at.make_key()
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await at.page.get_by_role("button", name="Hold or stop it").press("Enter")
    await expect(at.page.get_by_label("Reason")).to_be_focused()
    await at.page.keyboard.type("the convoy is compromised")
    button = at.page.get_by_role("button", name="Sign and stop")
    await expect(button).to_be_enabled()
    await button.press("Enter")
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
    (stated,) = await at.said()

    said = read_statement(stated.envelope)
    assert StopRequested(reason="the convoy is compromised") == said.content
    assert said.seen is not None
    shown = await at.installation.gateway(at.plan.initiator).ledger(at.plan.operation)
    assert said.seen.root == root([bytes.fromhex(leaf_of(one)) for one in shown[: said.seen.size]]).hex()
    await expect(at.page.locator(".notice.bad:visible")).to_contain_text(f"{SERVICE} ordered a stop")
    await at.page.locator(".notice.bad:visible").get_by_role("link").click()
    await expect(at.page.locator(".said").first).to_contain_text("the convoy is compromised")
    assert await at.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


CHANGES = """
async () => {
  const { data } = await import("/desk/file/signing.js");
  data.plan = "0".repeat(64);
}
"""


async def test_a_plan_that_is_changed_while_a_stop_is_made_does_not_hold_it_up(at: At) -> None:
    """The page is told of the new plan after its script has asked for the bytes: what it asked for is signed."""
    await at.sign_in()
    await at.make_key()
    await at.go(f"/desk/deliveries/{at.plan.operation}")

    async def meanwhile(route: Any) -> None:
        answer = await route.fetch()
        await at.page.evaluate(CHANGES)
        await route.fulfill(response=answer)

    await at.page.route("**/statement", meanwhile, times=1)
    await at.page.get_by_role("button", name="Hold or stop it").click()
    await at.page.get_by_label("Reason").fill("danger")
    await at.page.get_by_role("button", name="Sign and stop").click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")


async def test_no_page_makes_or_forgets_another_key_than_it_shows(at: At) -> None:
    """Of two pages that are open, one does what the other has done meanwhile: it shows the key that is there, which stays."""
    await at.sign_in()
    await at.go("/desk/me")
    other = await at.context.new_page()
    await other.goto(at.page.url)
    numbers = [page.locator("#key-id") for page in (at.page, other)]
    for page in (at.page, other):
        await page.get_by_role("button", name="Make a key").click()
        await expect(page.locator("#known")).to_have_text("not yet")
    first = await numbers[0].text_content() or ""
    await expect(numbers[1]).to_have_text(first)

    for page in (at.page, other):
        for _ in range(2):
            await page.get_by_role("button", name="Forget this key").click()
        if page == at.page:
            await page.get_by_role("button", name="Make a key").click()
            await expect(numbers[0]).to_have_text(re.compile(f"^(?!{first})[0-9a-f ]+$"))
    second = await numbers[0].text_content() or ""
    assert first != second
    await expect(numbers[1]).to_have_text(second)
    await at.page.reload()
    await expect(numbers[0]).to_have_text(second)


async def test_what_the_gateway_makes_of_a_form_is_not_signed_if_it_is_something_else(at: At) -> None:
    """A gateway that was broken into answers the form of a stop with a stop of another reason: nothing is signed or handed in."""
    await at.sign_in()
    await at.make_key()
    await at.go(f"/desk/deliveries/{at.plan.operation}/stop")

    async def tamper(route: object) -> None:
        answer = await route.fetch()  # type: ignore[attr-defined]
        await route.fulfill(response=answer, body=(await answer.text()).replace("too hot", "no more need"))  # type: ignore[attr-defined]

    await at.page.route("**/statement", tamper)
    await at.page.get_by_label("Reason").fill("too hot")
    await at.page.get_by_role("button", name="Sign and stop").click()
    await expect(at.page.locator("#faults")).to_contain_text("Nothing was signed")

    assert [] == await at.said()


async def test_who_signs_on_the_page_of_somebody_else_is_told_so(at: At) -> None:
    """Another officer has signed in with the same browser since: nothing is signed for either, and the page says why."""
    await at.sign_in()
    await at.make_key()
    await at.go(f"/desk/deliveries/{at.plan.operation}/stop")
    other = await at.context.new_page()
    await other.goto((await at.vigil("sign-in", "--as", "uz.police", "--officer", "P-9")).strip())
    await expect(other.locator(".who")).to_have_text("P-9 · uz.police")
    await at.page.get_by_label("Reason").fill("danger")
    await at.page.get_by_role("button", name="Sign and stop").click()
    await expect(at.page.locator("#faults")).to_contain_text("Somebody else has signed in with this browser since")

    assert [] == await at.said()


RECEIPTS = json.loads((Path(__file__).parents[2] / "docs" / "vectors" / "receipts.json").read_text(encoding="utf-8"))
TAKEN = """
async ([envelopes, keys]) => {
  const { opened } = await import("/desk/file/receipts.js");
  return Promise.all(envelopes.map((one) => opened(one, keys).then(() => true, () => false)));
}
"""


async def test_the_browser_takes_the_right_receipts(at: At) -> None:
    """Those of the vectors: signed by the installation, with a key that counted then, and whole; no other."""
    known = [one for one in RECEIPTS["keys"] if one["service"] in RECEIPTS["known"]]
    keys = {one["keyid"]: {"public": one["public"], "from": "2026-01-01T00:00:00Z", "until": None} for one in known}
    past = {number: key | {"until": "2026-02-01T00:00:00Z"} for number, key in keys.items()}
    later = {number: key | {"from": "2026-04-01T00:00:00Z"} for number, key in keys.items()}
    envelopes = [one["envelope"] for one in RECEIPTS["vectors"]]
    await at.go("/desk/in")
    found = [await at.page.evaluate(TAKEN, [envelopes, one]) for one in (keys, past, later)]

    assert [one["accepted"] for one in RECEIPTS["vectors"]] == found[0]
    assert not any(found[1] + found[2])


async def test_what_is_no_receipt_of_what_was_signed_is_said_to_be_none(at: At) -> None:
    """Signed by somebody else, and of another statement: the page says so, and offers what came as a file; the same again,
    answered as it should be, is recorded once.
    """
    await at.sign_in()
    await at.make_key()
    await at.go(f"/desk/deliveries/{at.plan.operation}/stop")
    other = (await at.installation.gateway("uz.police").submit(at.plan.operation, stop_by("uz.police", at.plan))).envelope  # type: ignore[union-attr]

    async def forge(route: object) -> None:
        answer = await route.fetch()  # type: ignore[attr-defined]
        given = Envelope.model_validate(await answer.json())
        await route.fulfill(response=answer, body=sign(given.body(), RECEIPT_TYPE, private_key_of(SERVICE)).model_dump_json())  # type: ignore[attr-defined]

    async def swap(route: object) -> None:
        await route.fulfill(response=await route.fetch(), body=other.model_dump_json())  # type: ignore[attr-defined]

    await at.page.route("**/statements", swap, times=1)
    await at.page.route("**/statements", forge, times=1)
    await at.page.get_by_label("Reason").fill("danger")
    await at.page.get_by_role("button", name="Sign and stop").click()
    for words in ("not signed with a key of this installation", "the receipt of something else"):
        await expect(at.page.locator("#outcome-title")).to_have_text("Not proved")
        await expect(at.page.locator("#outcome-text")).to_contain_text(words)
        saved = await at.saved()
        await at.page.get_by_role("button", name="Send the same again").click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")

    assert other == saved
    assert 1 == sum(read_statement(one.envelope).service == SERVICE for one in await at.said())


KEEP = """
async ([who, envelope]) => {
  const { keep } = await import("/desk/file/receipts.js");
  await keep(who, JSON.parse(atob(envelope.payload)), envelope);
}
"""


async def test_a_forked_history_is_found_by_a_browser_that_keeps_a_receipt(at: At) -> None:
    """The page of its ledger and the form of an answer say so, and nothing is signed; a stop is, and names what the receipt
    proves. Of another root of the same size the page of the delivery says so too.
    """
    await at.sign_in()
    await at.make_key()
    fork = Table(at.plan)
    while (receipt := fork.say(SERVICE, "information", text="they are watched")).seq < 6:
        pass
    who = {"service": SERVICE, "officer": "P-117", "delivery": at.plan.operation}
    await at.page.evaluate(KEEP, [who, plain(signed(receipt, private_key_of(VIGIL)))])
    wrong = at.page.locator("#contradicted")
    await at.go(f"/desk/deliveries/{at.plan.operation}/ledger")
    await expect(wrong).to_be_visible()
    await at.page.route(f"**/deliveries/{at.plan.operation}", lambda route: as_if_it_ended(route, receipt.size), times=1)
    await at.go(f"/desk/deliveries/{at.plan.operation}")
    await expect(wrong).to_be_visible()
    await at.go(f"/desk/deliveries/{at.plan.operation}/answer?checkpoint=consent-uz")
    for label in ("Reference of the act", "Granted by", "Legal basis"):
        await at.page.get_by_label(label).fill("example")
    await at.page.get_by_role("button", name="Check").click()
    await expect(wrong).to_be_visible()
    await expect(at.page.locator("#said")).to_be_hidden()
    assert [] == await at.said()
    await at.go(f"/desk/deliveries/{at.plan.operation}/stop")
    await at.page.get_by_label("Reason").fill("two histories")
    await at.page.get_by_role("button", name="Sign and stop").click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
    await expect(wrong).to_be_visible()
    (stop,) = await at.said()

    assert Seen(size=receipt.size, root=receipt.root) == read_statement(stop.envelope).seen


SHORTER = """
async (who) => {
  const { compare } = await import("/desk/file/receipts.js");
  return compare(who, { size: 1 }).then(() => "fits", () => "contradicted");
}
"""


async def test_what_was_looked_up_before_a_receipt_was_given_does_not_contradict_it(at: At) -> None:
    """A page that is followed, or another one, shows for a moment less than a receipt proves; later that is another history."""
    await at.page.clock.install()
    await at.go("/desk/in")
    receipt = Table(at.plan).say(SERVICE, "information", text="they are watched")
    who = {"service": SERVICE, "officer": "P-117", "delivery": at.plan.operation}
    await at.page.evaluate(KEEP, [who, plain(signed(receipt, private_key_of(VIGIL)))])

    assert "fits" == await at.page.evaluate(SHORTER, who)
    await at.page.clock.fast_forward(31_000)
    assert "contradicted" == await at.page.evaluate(SHORTER, who)


async def as_if_it_ended(route: Any, size: int) -> None:
    """The page of a delivery says that its ledger is of this size."""
    answer = await route.fetch()
    await route.fulfill(response=answer, body=re.sub(r'"size": ?\d+', f'"size": {size}', await answer.text()))


async def test_what_a_browser_has_compared_is_what_it_signs(at: At) -> None:
    """After a receipt the ledger goes on from it: the answer names what has been shown since, whatever the request says."""
    await at.sign_in()
    await at.make_key()
    for page, presses in (
        ("answer?checkpoint=consent-uz&kind=authorisation_refused", ("Check", "Sign")),
        ("stop", ("Sign and stop",)),
    ):
        await at.go(f"/desk/deliveries/{at.plan.operation}/{page}")
        await at.page.get_by_label("Reason").fill("danger")
        for press in presses:
            await at.page.get_by_role("button", name=press, exact=True).click()
        await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")
    found = await at.said()
    shown = await at.installation.gateway(at.plan.initiator).ledger(at.plan.operation)
    first, second = [read_statement(one.envelope).seen for one in found]

    assert first is not None
    assert second is not None
    assert first.size < second.size
    assert second.root == root([bytes.fromhex(leaf_of(one)) for one in shown[: second.size]]).hex()


async def test_a_browser_without_a_key_of_its_service_signs_nothing(at: At) -> None:
    """It says what is missing, and where to get it; reading is free."""
    await at.sign_in()
    await at.go(f"/desk/deliveries/{at.plan.operation}/stop")

    for script in ("", "IDBFactory.prototype.open = () => { throw new Error(); };"):  # the browser's store of keys is broken
        await at.page.add_init_script(script)
        await at.page.reload()
        await expect(at.page.locator("#no-key:visible")).to_contain_text("cannot sign yet")
        await expect(at.page.get_by_role("button", name="Sign and stop")).to_be_disabled()


@pytest.mark.parametrize("page", ["stop", "answer?checkpoint=consent-uz"])
async def test_nothing_can_be_sent_before_the_script_is_there(at: At, page: str) -> None:
    """A browser that sends a form by itself puts what is in it into the address, and so into logs."""
    await at.sign_in()
    await at.make_key()
    await at.page.route("**/file/*.js", lambda route: route.abort())
    await at.go(f"/desk/deliveries/{at.plan.operation}/{page}")

    await expect(at.page.locator("#check")).to_be_disabled()


async def lost(route: Any) -> None:
    """The answer is lost on its way."""
    await route.fetch()
    await route.abort()


async def broken(route: Any) -> None:
    """The gateway has a fault of its own once it has taken what came."""
    await route.fetch()
    await route.fulfill(status=500, json={"detail": "the gateway has a fault of its own"})


async def hanging(route: Any) -> None:
    """What came is taken, and no answer comes."""
    await route.fetch()


SOON = "const after = AbortSignal.timeout; AbortSignal.timeout = () => after.call(AbortSignal, 500);"


@pytest.mark.parametrize("answered", [lost, broken, hanging])
async def test_a_statement_that_did_not_get_through_is_sent_again_and_counts_once(at: At, answered: Any) -> None:
    """No answer comes that says what became of it: the page keeps what was signed, and the same again gets the first receipt.
    Where the connection hangs before there is anything to sign, that is said too.
    """
    await at.sign_in()
    await at.make_key()
    if answered == hanging:
        await at.page.add_init_script(SOON)
    await at.go(f"/desk/deliveries/{at.plan.operation}/stop")
    await at.page.get_by_label("Reason").fill("danger")
    if answered == hanging:
        await at.page.route("**/statement", hanging, times=1)
        await at.page.get_by_role("button", name="Sign and stop").click()
        await expect(at.page.locator("#faults")).to_contain_text("The gateway does not answer")
    await at.page.route("**/statements", answered, times=1)
    await at.page.get_by_role("button", name="Sign and stop").click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Not handed in")
    await at.page.get_by_role("button", name="Send the same again").click()
    await expect(at.page.locator("#outcome-title")).to_have_text("Signed and recorded")

    assert 1 == len(await at.said())


async def test_a_supervisor_signs_in_through_the_provider_and_reads(temporal: Client, tmp_path: Path) -> None:
    """By the button, the page of a provider on another site, and back, though its cookies are strict; what the provider has said
    is not in the address any more. Whoever is not known is told so, and may choose again; who has come in so is told on the page
    of a delivery, where others stop it, that this is for reading.
    """
    async with of_others() as issuer:
        known = {"issuer": issuer, "client_id": CLIENT, "service": "supervision", "officers": {"pf-1": "S-9"}}
        async with opened(temporal, tmp_path, Provider(Registration.model_validate(known), SECRET)) as at:
            await at.context.route(re.compile("^https:"), lambda route: route.abort())  # the provider's page wants a style sheet
            await at.go("/desk")
            await at.page.get_by_role("link", name="Sign in with localhost").click()
            for sub in ("somebody-else", "pf-1"):
                await at.page.get_by_role("button", name="Sign in with localhost").click()
                await at.page.wait_for_url(f"{issuer}/**")
                await at.page.get_by_placeholder("sub").fill(sub)
                await at.page.get_by_role("button", name="Authorize", exact=True).click()
                if sub == "somebody-else":
                    await expect(at.page.locator("#why")).to_contain_text("not one of those who may sign in here so")
            await expect(at.page.locator("h1")).to_have_text("Watch floor")
            assert f"{at.installation.url}/desk/floor" == at.page.url
            await at.go(f"/desk/deliveries/{at.plan.operation}")
            await expect(at.page.locator("h1")).to_have_text(at.plan.operation)
            await expect(at.page.locator(".who")).to_have_text("S-9 · supervision")
            await at.page.get_by_role("button", name="Hold or stop it").click()
            await expect(at.page.locator("#stop:visible")).to_contain_text("You have signed in without a key")
            await expect(at.page.locator("#stop pre")).to_contain_text(f"vigil stop {at.plan.operation} --as supervision")
            assert 0 == await at.page.locator("#form, #check, #hold").count()
            assert {"Strict"} == {one["sameSite"] for one in await at.context.cookies(at.installation.url)}
            await at.go("/desk/me")
            await expect(at.page.locator("main")).to_contain_text("without a key")
            await at.page.get_by_role("button", name="Sign out").click()
            await at.go("/desk")
            await expect(at.page.locator("h1")).to_have_text("You are not signed in")
