"""A walk through every page of the desk in a real browser, with something on each: what tests of all pages go along.

A new page is one more `Visit`. Without it the walk is not whole, and a test says so.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playwright.async_api import BrowserContext, Page, Route, async_playwright, expect
from temporalio.client import Client

from archive.sessions import SignedIn
from domain.delivery.statement import sign_statement
from domain.plan.plan import Plan
from domain.record.handover import SHIFT_TYPE, Handed, HandingOver
from domain.signing.canonical import canonical
from domain.signing.envelope import sign
from domain.signing.keys import key_id, private_pem
from domain.views.sight import sight
from domain.views.standing import Standing
from domain.views.tally import Tally, tally
from domain.words.moments import utc_text
from process.configuration import directory_in
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.archive.samples import put, standing
from tests.command import vigil
from tests.course import PHASES
from tests.gateway.test_browser import CHROMIUM
from tests.gateway.test_floor import NOW, RING, ROWS, keep
from tests.gateway.test_page_of_delivery import rendered
from tests.groups import group_called
from tests.installation import Installation, end_what_runs, installed, stop_by
from tests.support import Table, signed_plan
from workflows.messages import workflow_id

READER: Final = "kz.prosecutor"
"""Who is asked, and has a key in the browser."""
OFFICER: Final = "P-117"
NOBODY: Final = ""
NO_PAGE: Final = {
    "desk.enter": "a script sends the token of a link",
    "desk.go": "a script begins at the provider",
    "desk.back": "a script brings what the provider has said",
    "desk.file": "a script, a style or a picture",
    "desk.floor.changes": "a stream",
    "desk.overdue.changes": "a stream",
    "desk.changes": "a stream",
    "desk.story": "a script fetches more of the ledger",
    "desk.findings": "a script asks what a finding means",
    "desk.notices.waiting": "a script asks how many wait",
    "desk.notices.seen": "a button that leads back to the page *You*",
    "desk.notices.subscribe": "a script sends a form of the page *You*",
    "desk.notices.unsubscribe": "a button that leads back to the page *You*",
    "desk.notices.test": "a button that leads back to the page *You*",
    "desk.ledger": "leads to the page of the delivery",
    "desk.packet": "a file to be saved",
    "desk.attachment": "a file to be saved",
    "desk.results.take": "a file to be saved",
    "desk.statistics.take": "a file to be saved",
    "desk.paper": "a file to be saved",
    "desk.say": "the bytes that are to be signed",
    "desk.correct": "a form as the others, of what was said; test_correcting.py and test_browser_second.py open it",
    "desk.second": "a script compares what two officers say",
}
"""Routes of the pages that answer with no page, or with one that another test opens; and what they are for."""


@dataclass(frozen=True)
class Visit:
    """A page as somebody opens it; and what is done there before it is looked at."""

    name: str
    """Of the route."""
    path: str
    """After `/desk`; `{asked}`, `{stopped}` and `{group}` are filled in."""
    shows: str
    """What must be seen there, as a selector: so that no empty page is looked at."""
    reader: str = READER
    does: Callable[[Page], Awaitable[None]] | None = None
    also: str = ""
    """What makes it differ from other visits of the same route."""

    def __str__(self) -> str:
        return f"{self.name} {self.also}".strip()


async def fill_in(page: Page) -> None:
    """An answer as far as the step that shows what is signed."""
    for name in ("reference", "granted_by_role", "legal_basis"):
        await page.locator(f"[name={name}]").fill("22/7")
    await page.locator("#check").click()
    await expect(page.locator("#said")).to_be_visible()


async def leave_out(page: Page) -> None:
    """An answer with nothing in it, which the rules of its form find."""
    await page.locator("#check").click()
    await expect(page.locator("#faults")).to_be_visible()


async def press_out(page: Page) -> None:
    """The button that signs out, which leads to a page of its own."""
    await page.locator("form[action$='/out'] button").click()
    await page.wait_for_url("**/desk/out")


CONSENT: Final = "/deliveries/{asked}/answer?checkpoint=consent-kz&for=kz.prosecutor&kind=authorisation_granted"
SECONDED: Final = "/deliveries/{asked}/answer?checkpoint=consent-ru&for=ru.customs&kind=authorisation_granted"
VISITS: Final = (
    Visit("desk.door", "/in", "#refused", NOBODY),
    Visit("desk.home", "", "h1", NOBODY, also="signed in by nobody"),
    Visit("desk.home", "", ".card"),
    Visit("desk.inbox", "/inbox", ".card .due"),
    Visit("desk.floor", "/floor", "#r-birch-3 .why svg", "supervision"),
    Visit("desk.floor", "/floor?text=nowhere", ".says.calm:visible", "supervision", also="where nothing matches"),
    Visit("desk.list", "/deliveries", ".rows a"),
    Visit("desk.list", "/deliveries?group={group}", ".lead", also="of a group"),
    Visit("desk.list", "/deliveries?text=nowhere", ".empty", also="of nothing"),
    Visit("desk.view", "/deliveries/{asked}", "#waits", also="asked"),
    Visit("desk.view", "/deliveries/{asked}", "#waits", "supervision", also="as a supervisor sees it"),
    Visit("desk.view", "/deliveries/{stopped}", ".notice.bad:visible", "supervision", also="stopped"),
    *(
        Visit("desk.view", f"/rendered/{phase.replace(' ', '-')}", "#waits", also=f"at a table: {phase}")
        for phase in ("handed over", "accounted")
    ),
    Visit("desk.view", "/deliveries/nowhere-1", "h1", also="not found"),
    Visit("desk.law", "/deliveries/{asked}/law", "#KZ .card"),
    Visit("desk.papers", "/deliveries/{asked}/papers", ".cards .card"),
    Visit("desk.results", "/results", ".panels svg", "supervision"),
    Visit("desk.results", "/results?period=2021", ".empty", also="of nothing"),
    Visit("desk.overdue", "/overdue", ".box .list", "supervision"),
    Visit("desk.overdue", "/overdue?service=lv.customs", ".narrowed", "supervision", also="of nothing"),
    Visit("desk.statistics", "/statistics", ".panels svg", "supervision"),
    Visit("desk.statistics", "/statistics?from=2021-01-01&to=2021-01-31", ".numbers", also="of nothing"),
    Visit("desk.shift", "/shift", ".waiting", "supervision"),
    Visit("desk.shift.former", "/shift/handovers", "table", "supervision"),
    Visit("desk.shift.one", "/shift/handovers/1", ".notice.warn", "supervision"),
    Visit("desk.answer", CONSENT, "#form [name=reference]"),
    Visit("desk.answer", CONSENT, "#faults li", does=leave_out, also="with nothing in it"),
    Visit("desk.answer", CONSENT, "#said #sentence", does=fill_in, also="what is signed"),
    Visit("desk.answer", CONSENT + "&also={other}", ".together", also="of two at once"),
    Visit("desk.answer", SECONDED, "#second", "ru.customs", also="of a second officer"),
    Visit("desk.answer", "/deliveries/{asked}/answer?checkpoint=nothing", "h1", also="not asked"),
    Visit("desk.stop", "/deliveries/{asked}/stop", "#reason"),
    Visit("desk.stop", "/deliveries/{asked}/stop", "h1", "supervision", also="not there"),
    Visit("desk.unasked", "/deliveries/{asked}/unasked", ".plain-list a"),
    Visit("desk.unasked", "/deliveries/{asked}/unasked?kind=information", "#form textarea", also="information"),
    Visit("desk.words", "/words?in=kk", "td span[lang=kk]"),
    Visit("desk.me", "/me", "#key-id"),
    Visit("desk.me", "/me", "#notices", "supervision", also="as a supervisor sees it"),
    Visit("desk.leave", "/me", "h1", "kz.police", does=press_out),
)


@dataclass
class Walk:
    """A browser at an installation with deliveries in several states."""

    installation: Installation
    plans: tuple[Plan, ...]
    context: BrowserContext
    page: Page
    wrong: list[str] = field(default_factory=list)
    """What the browser complains about."""
    reader: str = NOBODY
    language: str = "en"

    async def sign_in(self, service: str) -> None:
        """This service's officer, and nobody else, is signed in."""
        if service == self.reader:
            return
        await self.context.clear_cookies(name="vigil")
        if service != NOBODY:
            key = key_id(self.installation.in_force.now.get(service).keys[0].public)
            token = await self.installation.sessions.open(SignedIn(service=service, officer=OFFICER, key=key))
            await self.context.add_cookies([{"name": "vigil", "value": token, "url": self.installation.url}])
        self.reader = service

    async def go(self, visit: Visit, *, unfolds: bool = True) -> Page:
        """There, until what it shows is seen. `unfolds`: what is folded is opened."""
        await self.sign_in(visit.reader)
        asked, other, stopped = (plan.operation for plan in self.plans)
        group = self.plans[0].group
        assert group is not None
        filled = {"asked": asked, "stopped": stopped, "other": other, "group": group.code}
        await self.page.goto(f"{self.installation.url}/desk{visit.path.format_map(filled)}")
        if visit.does is not None:
            await visit.does(self.page)
        if unfolds:
            await self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        await expect(self.page.locator(visit.shows).first).to_be_visible()
        return self.page

    async def speak(self, language: str) -> None:
        """The reader chooses this language, by the link at the foot of a page; which has none to its own."""
        if language == self.language:
            return
        await self.sign_in(READER)
        await self.page.goto(f"{self.installation.url}/desk/me")
        await self.page.locator(f"footer a[hreflang={language}]").click()
        await expect(self.page.locator("html")).to_have_attribute("lang", language)
        self.language = language


@asynccontextmanager
async def walking(temporal: Client, folder: Path, code: str) -> AsyncIterator[Walk]:
    """An installation with a group of three, of which one is stopped and the others ask for consent; what the archive keeps
    of a night beside them; a browser with a key of the reader; and the page of a delivery in each phase of the usual course.
    """
    plans = asked, other, stopped = group_called(code)
    try:
        async with installed(temporal, plans[0], None) as installation, async_playwright() as playwright:
            for plan in plans:
                await installation.gateway(plan.initiator).start(signed_plan(plan))
            for plan in (asked, other):
                await installation.opened(plan, "consent-kz")
            await _signed_by_one(installation, asked)
            by = stopped.initiator
            await installation.gateway(by).submit(stopped.operation, stop_by(by, stopped, reason="they are watched"))
            await installation.caught_up(stopped)
            await keep(installation.reads, ROWS)
            await put(installation.reads._database, RING, {"walnut-7": ended()})
            await handed_over(installation.gateway("supervision", OFFICER))
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            context = await browser.new_context(locale="en-GB")
            page = await context.new_page()
            walk = Walk(installation, plans, context, page)
            page.on("pageerror", lambda error: walk.wrong.append(str(error)))
            page.on("console", lambda one: walk.wrong.append(one.text) if "Content Security Policy" in one.text else None)
            await page.route("**/desk/rendered/*", lambda route: _rendered(route, walk.language))
            await _with_keys(walk, folder)
            yield walk
            assert [] == walk.wrong
            await browser.close()
    finally:
        await end_what_runs(temporal, *(workflow_id(plan.operation) for plan in plans))


async def _signed_by_one(installation: Installation, plan: Plan) -> None:
    """A first officer of two consents, and a second one is waited for."""
    said = Table(plan).statement("ru.customs", "authorisation_granted", "consent-ru", valid_until="2099-01-01T00:00:00Z")
    signed = sign_statement(said, private_key_of("ru.customs"))
    await installation.gateway("ru.customs").submit(plan.operation, signed)


async def handed_over(door: Gateway) -> None:
    """An officer hands a shift over, and nobody has taken it yet."""
    made = await door.shift({})
    said = Handed(part="hands_over", sheet=made.digest, service="supervision", officer=OFFICER, at=utc_text(datetime.now(UTC)))
    signed = sign(canonical(said), SHIFT_TYPE, private_key_of("supervision"))
    await door.hand_over(HandingOver(sheet=made.signed, signed=signed))


def ended() -> Standing:
    """How a delivery stands that went its usual course: with something in each table of the results."""
    delivery = PHASES["accounted"]().delivery
    lines = tally(delivery, sight(delivery, delivery.directory.get(delivery.plan.initiator)))
    return standing(
        tallies=(Tally(service=None, lines=lines),),
        phase="ended",
        ended=True,
        outcome="delivered_with_arrests",
        closed_at=utc_text(NOW),
    )


async def _rendered(route: Route, language: str) -> None:
    """The page of a delivery at a table, as the gateway would make it; without scripts, since there is nothing to follow."""
    phase = route.request.url.rpartition("/")[2].replace("-", " ")
    table = PHASES[phase]()
    table.pass_time(minutes=7)
    text = re.sub(r'<script type="module"[^>]*></script>', "", rendered(table, table.plan.initiator, language))
    await route.fulfill(body=text, content_type="text/html; charset=utf-8")


async def _with_keys(walk: Walk, folder: Path) -> None:
    """Keys are made in the browser, and the real command enters them."""
    directory = folder / "directory.yaml"
    directory.write_text(walk.installation.in_force.now.model_dump_json(exclude_none=True))  # JSON is YAML too
    for service in (READER, walk.plans[0].initiator):
        await walk.sign_in(service)
        await walk.page.goto(f"{walk.installation.url}/desk/me")
        await walk.page.locator("#make").click()
        public = await walk.page.locator("#public:not(:empty)").text_content() or ""
        (folder / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
        where = ("--directory", str(directory), "--keys", str(folder), "--gateway", walk.installation.url)
        ran = await vigil("keys", "add", service, public, "--until", "90d", *where, cwd=folder)
        assert 0 == ran.code, ran.err
    walk.installation.in_force.replace(directory_in(directory))
