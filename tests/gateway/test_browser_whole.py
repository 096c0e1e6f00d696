"""A whole delivery in real browsers: officers of three services in two languages, and a supervisor who follows it live.

Each has a browser and a key of their own. What is not about browsers is said by the systems of services.
"""

import asyncio
import base64
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright, expect
from temporalio.client import Client

from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.statement import sign_statement
from domain.plan.directory import ServiceKey
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.signing.keys import key_id
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.gateway.test_browser import CHROMIUM, pytestmark
from tests.installation import Installation, installed, renamed
from tests.support import Table, example_plan, signed_plan

__all__ = ["pytestmark"]
OFFICER: Final = "P-117"
SPEAK: Final = {"supervision": "en-GB", "kz.police": "en-GB", "uz.prosecutor": "ru-RU", "uz.customs": "ru-RU"}
"""Who has a browser with a key, and the language that it asks for."""
ACT: Final = {"reference": "14/2-2026", "granted_by_role": "Deputy Prosecutor General", "legal_basis": "art. 12"}
FOUND: Final = {"gross": "13.9 kg", "seals": "KZ000001/H"}
SEIZED: Final = {"gross": "13.9 kg", "place": "Tashkent", "arrested": "P-1: supplier\nP-2: courier: unwitting"}
ARRESTED: Final = "P-1, поставщик; P-2, курьер, Использован вслепую"

KEPT: Final = """
async () => {
  const { stored, done } = await import("/desk/file/keys.js");
  const pairs = await done((await stored("keys", "readonly")).getAll());
  const formats = ["pkcs8", "jwk", "raw"];
  const taken = (key) => Promise.all(formats.map((one) => crypto.subtle.exportKey(one, key).then(() => true, () => false)));
  return Promise.all(pairs.map(async ({ privateKey: key }) => [
    key instanceof CryptoKey, key.type, key.extractable, key.usages.join(), ...(await taken(key)),
  ]));
}
"""
"""Of each key that a browser keeps: what it is, and whether it can be taken out in any form."""
PRIVATE: Final = re.compile(
    rb"PRIVATE KEY|\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70|MC4CAQAwBQYDK2Vw|\"d\"\s*:", re.IGNORECASE
)
"""A private Ed25519 key as PEM, DER, base64 of it, or JWK."""


def is_private(text: bytes) -> bool:
    """Whether a private key stands in it."""
    return PRIVATE.search(text) is not None


@dataclass
class Desk:
    """An officer's browser: what it shows, and all that it has sent."""

    service: str
    context: BrowserContext
    page: Page
    url: str
    public: str = ""
    sent: list[bytes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        """Keep what goes out: address, headers and body."""
        self.sent.append(b"\n".join([request.url.encode(), repr(request.headers).encode(), request.post_data_buffer or b""]))

    async def open(self, path: str) -> Page:
        """That page of the desk."""
        await self.page.goto(f"{self.url}/desk{path}")
        return self.page

    async def answer(  # noqa: PLR0917 - a form has these parts
        self,
        plan: Plan,
        checkpoint: str,
        kind: str,
        fields: dict[str, str],
        chosen: dict[str, str] | None = None,
        read: tuple[str, ...] = (),
    ) -> None:
        """By the inbox and its form: filled in, read, checked and signed. `chosen`: of a list, or of yes and no. `read`: what
        stands above the form.
        """
        page = await self.open("/inbox")
        await page.locator(f".card a[href*='{plan.operation}/answer'][href*='{checkpoint}']").click()
        if await page.locator("#kinds").count():
            await page.locator(f"#kinds a[href*='kind={kind}']").click()
        await expect(page.locator("html")).to_have_attribute("lang", SPEAK[self.service][:2])
        for words in read:
            await expect(page.locator("main")).to_contain_text(words)
        for name, words in fields.items():
            await page.locator(f"[name={name}]").fill(words)
        for name, value in (chosen or {}).items():
            box = page.locator(f"select[name={name}]")
            await (box.select_option(value) if await box.count() else page.locator(f"[name={name}][value={value}]").check())
        await page.locator("#check").click()
        await expect(page.locator("#sentence")).to_contain_text(plan.operation)
        await expect(page.locator("#remarks li")).to_have_count(0)
        await expect(page.locator("#bytes")).to_contain_text(f'"kind":"{kind}"')
        await self.sign("#sign")

    async def sign(self, button: str) -> None:
        """Press it, until there is a proved receipt."""
        await self.page.locator(button).click()
        said = SIGNED[await self.page.locator("html").get_attribute("lang") or ""]
        await expect(self.page.locator("#outcome-title")).to_have_text(said)

    async def brake(self, button: str, reason: str) -> None:
        """Hold or stop what the page shows, in two presses."""
        await self.page.locator("button[popovertarget=stop].stop").click()
        await self.page.locator("#reason").fill(reason)
        await self.sign(button)

    async def proves_that_no_key_leaves(self) -> None:
        """Its key cannot be taken out by any script; neither what it sent nor what it stores has one that is private."""
        assert [[True, "private", False, "sign", False, False, False]] == await self.page.evaluate(KEPT)
        stored = str(await self.context.storage_state(indexed_db=True)).encode()
        assert any(b"/statements" in one for one in self.sent)
        assert not [one for one in (stored, *self.sent) if is_private(one)]


SIGNED: Final = {"en": "Signed and recorded", "ru": "Подписано и записано"}


@asynccontextmanager
async def desk(browser: Browser, installation: Installation, service: str, language: str) -> AsyncIterator[Desk]:
    """An officer signs in by a link, in a browser of their own."""
    context = await browser.new_context(locale=language)
    page = await context.new_page()
    found = Desk(service, context, page, installation.url)
    context.on("request", found.note)
    page.on("pageerror", lambda error: found.wrong.append(str(error)))
    page.on("console", lambda one: found.wrong.append(one.text) if "Content Security Policy" in one.text else None)
    await page.goto((await installation.gateway(service, OFFICER).sign_in()).address)
    await page.wait_for_url(re.compile("/desk/(inbox|floor)$|/desk$"))
    yield found
    assert [] == found.wrong
    await context.close()


async def with_key(at: Desk, installation: Installation) -> None:
    """A key is made in the browser, and its public half is entered for this officer."""
    page = await at.open("/me")
    await page.locator("#make").click()
    await expect(page.locator("#public")).not_to_be_empty()
    at.public = await page.locator("#public").text_content() or ""
    key = ServiceKey(public=at.public, officer=OFFICER, valid_from=utc_text(datetime.now(UTC) - timedelta(minutes=1)))
    known = installation.in_force.now
    services = [one.model_copy(update={"keys": (*one.keys, key)}) if one.id == at.service else one for one in known.services]
    installation.in_force.replace(known.model_copy(update={"services": tuple(services)}))


@dataclass
class Systems:
    """What services say by systems of their own."""

    installation: Installation
    plan: Plan
    words: Table

    async def say(self, service: str, kind: str, checkpoint: str, **content: Any) -> None:
        """Once that is asked."""
        await self.installation.opened(self.plan, checkpoint)
        made = self.words.statement(service, kind, checkpoint, **content)
        now = {"id": uuid.uuid4().hex, "happened_at": utc_text(datetime.now(UTC))}
        await self.installation.gateway(service).submit(
            self.plan.operation, sign_statement(made.model_copy(update=now), private_key_of(service))
        )


def test_a_private_key_is_found_wherever_it_stands() -> None:
    """So that to find none says something: as PEM, DER, in base64 and as JWK; a public one and a signature are none."""
    key = Ed25519PrivateKey.generate()
    pem, der = [key.private_bytes(one, PrivateFormat.PKCS8, NoEncryption()) for one in (Encoding.PEM, Encoding.DER)]
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    jwk = b'{"kty":"OKP","crv":"Ed25519","d": "' + base64.urlsafe_b64encode(raw) + b'"}'
    public = base64.b64encode(key.public_key().public_bytes_raw())

    assert [True] * 4 == [is_private(b"x" + one) for one in (pem, der, base64.b64encode(der), jwk)]
    assert [False] * 2 == [is_private(one) for one in (public, base64.b64encode(key.sign(b"said")))]


@dataclass
class Course:
    """The whole of a delivery, step by step, and what a supervisor's two pages show of each."""

    plan: Plan
    installation: Installation
    systems: Systems
    officers: tuple[Desk, ...]
    floor: Page
    page: Page

    def __post_init__(self) -> None:
        self.watch, self.police, self.prosecutor, self.customs = self.officers
        self.row, self.says = self.floor.locator(f"#r-{self.plan.operation}"), self.page.locator(".says")

    async def is_agreed(self) -> None:
        """A prosecutor reads what is asked, in Russian, and consents."""
        await expect(self.says).to_contain_text("consent is waited for")
        read = ("group of citizens of both States", "R19")
        await self.prosecutor.answer(self.plan, "consent-uz", "authorisation_granted", ACT, read=read)
        now = datetime.now(UTC)
        long = {"valid_from": utc_text(now), "valid_until": utc_text(now + timedelta(days=30))}
        await self.systems.say("kz.prosecutor", "authorisation_granted", "consent-kz", **long)

    async def leaves(self) -> None:
        """It is prepared, and goes."""
        await self.systems.say("kz.police", "prepared", "preparation")
        await self.systems.say("kz.knb", "ready", "preparation")
        await expect(self.row).to_contain_text("departure")
        for service in ("uz.customs", "uz.police"):
            await self.systems.say(service, "ready", "departure")
        await self.police.answer(self.plan, "departure", "dispatched", {})
        await expect(self.says).to_contain_text("on the road in KZ")
        await expect(self.row).to_contain_text("on the road")

    async def is_held(self) -> None:
        """By the supervisor; those whose say it is let it go on."""
        await self.watch.brake("#hold", "a car follows it")
        await expect(self.row).to_contain_text("held")
        await expect(self.page.locator("#l-notices")).to_contain_text("supervision ordered a hold")
        await self.installation.opened(self.plan, "hold.1")
        await self.police.answer(self.plan, "hold.1", "hold_decided", {"reason": "it was ours"}, {"decision": "go_on"})
        await self.systems.say("kz.prosecutor", "hold_decided", "hold.1")
        await expect(self.row).to_contain_text("on the road")

    async def is_handed_over(self) -> None:
        """At the border, with a weighing of the taker's own."""
        await self.systems.say("kz.police", "handover_offered", "tashkent-airport")
        await self.customs.answer(self.plan, "tashkent-airport", "handover_accepted", FOUND, {"seals_intact": "yes"})
        await expect(self.says).to_contain_text("on the road in UZ, held by uz.customs")
        await expect(self.row).to_contain_text("uz.customs")

    async def is_stopped(self) -> None:
        """By the supervisor; who has it seizes it."""
        await self.watch.brake("#check", "the convoy is compromised")
        await expect(self.row).to_contain_text("until seized")
        await expect(self.floor.locator("#c-to_seize .n")).to_have_text("1")
        await expect(self.page.locator(".known")).to_contain_text("not yet")
        await self.installation.opened(self.plan, "stop.interdiction")
        await self.customs.answer(self.plan, "stop.interdiction", "interdicted", SEIZED, {"seals_intact": "yes"})
        await expect(self.customs.page.locator("#sentence")).to_contain_text(ARRESTED)
        await expect(self.customs.page.locator("#words")).not_to_contain_text("supplier")
        await expect(self.row).not_to_contain_text("until seized")

    async def is_on_paper(self) -> None:
        """The sheet of the shift is one page, and has what was stopped."""
        paper = await self.watch.context.new_page()
        await paper.goto(f"{self.watch.url}/desk/shift")
        await expect(paper.locator("main")).to_contain_text(f"{self.plan.operation} was stopped by supervision")
        assert 1 == len(re.findall(rb"/Type /Page\b", await paper.pdf(prefer_css_page_size=True)))

    async def ends(self) -> list[Entry]:
        """Everybody has acknowledged, who permitted a measure knows what it brought, and they have met; the whole ledger."""
        others = [one for one in self.plan.participants() if one != "uz.customs"]
        await self.systems.say("uz.customs", "stop_acknowledged", "stop.acknowledged")
        await expect(self.page.locator(".known li.done")).to_contain_text("uz.customs")
        await asyncio.gather(*(self.systems.say(one, "stop_acknowledged", "stop.acknowledged") for one in others))
        await self.systems.say("kz.police", "duty_done", "duty.kz.prosecutor.result-of-sanctioned")
        await self.systems.say("caricc", "debriefed", "debrief")
        entries = await self.installation.to_the_end(self.plan)
        await expect(self.row).to_have_class(re.compile("gone"))
        return entries


async def test_a_whole_delivery_is_driven_by_browsers_and_followed_live(temporal: Client) -> None:
    """From consent to seizure, in English and Russian, with a hold and a stop by a supervisor. The supervisor's floor and page of
    it show each step without a reload, and the sheet of the shift is one page of paper. Each statement is under the key of its
    browser, and no private key leaves one.
    """
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as installation, async_playwright() as playwright, AsyncExitStack() as stack:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        officers = [await stack.enter_async_context(desk(browser, installation, *one)) for one in SPEAK.items()]
        for one in officers:
            await with_key(one, installation)
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        watch = officers[0]
        followed = (await watch.context.new_page(), watch.page)
        for page, path in zip(followed, ("floor", f"deliveries/{plan.operation}"), strict=True):
            await page.goto(f"{watch.url}/desk/{path}")
            await expect(page.locator("#live")).to_contain_text("Live")
            await page.evaluate("window.untouched = true")

        course = Course(plan, installation, Systems(installation, plan, Table(plan)), tuple(officers), *followed)
        await course.is_agreed()
        await course.leaves()
        await course.is_held()
        await course.is_handed_over()
        await course.is_stopped()
        await course.is_on_paper()
        entries = await course.ends()
        assert [True, True] == [await page.evaluate("window.untouched") for page in followed]
        for one in officers:
            await one.proves_that_no_key_leaves()
    said = [one.event.envelope for one in entries if isinstance(one, Entry) and isinstance(one.event, Stated)]
    keys = {key_id(one.public): one.service for one in officers}
    by_browsers = [(keys[one.signatures[0].keyid], read_statement(one)) for one in said if one.signatures[0].keyid in keys]
    assert BY_BROWSERS == [(whose, one.content.kind) for whose, one in by_browsers]
    assert {OFFICER} == {one.officer for _, one in by_browsers}


BY_BROWSERS: Final = [
    ("uz.prosecutor", "authorisation_granted"),
    ("kz.police", "dispatched"),
    ("supervision", "hold_requested"),
    ("kz.police", "hold_decided"),
    ("uz.customs", "handover_accepted"),
    ("supervision", "stop_requested"),
    ("uz.customs", "interdicted"),
]
"""What each has signed, in its order."""
