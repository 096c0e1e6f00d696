"""The pages for an officer with a browser, over real HTTP and without one: who gets in, what is shown, what is refused."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import aiohttp
import pytest
from aiohttp import web
from temporalio.client import Client
from typer.testing import CliRunner

from archive.database import Database
from archive.sessions import IDLE, LINK
from client import cli
from domain.delivery.ledger import leaf_of
from domain.delivery.reported import Stated
from domain.delivery.requests import Request
from domain.delivery.statement import Statement, sign_statement
from domain.plan.access import MAY
from domain.plan.cards import Form, Measure, Modality
from domain.plan.directory import Directory, Service
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request
from domain.record.receipts import SignedReceipt
from domain.rules.arrival import NotCollected
from domain.rules.books import BOOK
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, private_pem, public_text
from domain.views.forms import PARTS, content_of
from domain.words.errors import Malformed, NotAllowed, NotFound, Unavailable
from gateway import limits
from gateway.acknowledging import Acknowledgements
from gateway.limits import Share
from gateway.pages import floor, glossary, notices, one, overdue, pages, provider, results, shift, statistics, words
from gateway.pages.answer import OFFSETS, zones_of
from gateway.pages.entrance import ACTIONS, SIGNING
from gateway.pages.forms import boxes_of
from gateway.pages.templating import EXAMPLE
from gateway.reads import NO_VIEWS
from process.configuration import directory_in
from process.in_force import InMemory
from process.language import LANGUAGES, chosen, speaker
from process.proposals import PROPOSED, proposals
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.gateway.test_http import door_of
from tests.installation import VIGIL_KEY, Installation, installed, renamed
from tests.support import WORDS, example_directory, example_plan, signed_plan

OF_PAGES = (pages, glossary, provider, results, floor, notices, one, shift, overdue, statistics)
PAGES = tuple(route for module in OF_PAGES for route in module.routes)
ROUTES = {route.kwargs["name"]: route for route in PAGES if isinstance(route, web.RouteDef)}
FLOOR = {"floor", "floor-changes", "shift"}
"""Actions for who sees the whole of something."""
SAME = {"Sec-Fetch-Site": "same-origin"}
HOSTILE = "<script>alert('x')</script>"


@dataclass
class Browser:
    """A browser, less its engine: it keeps a cookie, and says where its requests come from."""

    http: aiohttp.ClientSession
    url: str
    cookie: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, sent: Any = None, headers: Mapping[str, str] = SAME
    ) -> tuple[aiohttp.ClientResponse, str]:
        """The answer, and its text."""
        more = {"Cookie": self.cookie} if self.cookie else {}
        async with self.http.request(
            method, f"{self.url}{path}", json=sent, headers={**self.headers, **headers, **more}, allow_redirects=False
        ) as answer:
            return answer, await answer.text()

    async def page(self, path: str, status: int = 200) -> str:
        """A page, which must come with this status."""
        answer, text = await self.ask("GET", path)
        assert status == answer.status, text
        return text

    async def enter(self, token: str) -> aiohttp.ClientResponse:
        """Use a link, and keep the cookie."""
        answer, _ = await self.ask("POST", "/desk/in", {"token": token})
        if answer.status == 204:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer


@dataclass
class At:
    """An installation with one delivery under way, its requests for consent open, and nobody answering but the tests."""

    installation: Installation
    plan: Plan

    async def token(self, service: str, officer: str = "officer-1") -> str:
        """Of a new link."""
        link = await self.installation.gateway(service, officer).sign_in()
        assert link.address.startswith(f"{self.installation.url}/desk/in#")
        return link.address.partition("#")[2]

    def browser(self) -> Browser:
        """One in which nobody is signed in."""
        return Browser(self.installation.http, self.installation.url)

    async def signed_in(self, service: str, officer: str = "officer-1") -> Browser:
        """One in which this officer is."""
        browser = self.browser()
        assert 204 == (await browser.enter(await self.token(service, officer))).status
        return browser

    @property
    def home(self) -> str:
        """The delivery's page."""
        return f"/desk/deliveries/{self.plan.operation}"

    def path(self, name: str) -> str:
        """Where a page is, with what it must be asked."""
        file = "desk.css" if name == "desk.file" else "request.uz.prosecutor"
        filled = {"{delivery}": self.plan.operation, "{name}": file, "{digest}": "0" * 64, "{form:csv|json|svg}": "csv"}
        filled |= {"{upto}": "0", "{subscription}": "n-000000000000", "{number}": "1"}
        path = ROUTES[name].path
        for gap, value in filled.items():
            path = path.replace(gap, value)
        return f"{path}?checkpoint=consent-uz" if name == "desk.answer" else path


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One for the whole module; its title and one of its reasons are hostile."""
    plan = renamed(example_plan("almaty-tashkent")).model_copy(update={"title": HOSTILE})
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield At(installation, plan)


# Signing in


async def test_a_link_signs_in_once(at: At) -> None:
    """Following it uses nothing up, however often; sending its token does, and a replay is refused and sets no cookie."""
    browser, other, token = at.browser(), at.browser(), await at.token("uz.prosecutor")
    for _ in range(3):
        assert "in.js" in await browser.page("/desk/in")
    first, again = await browser.enter(token), await other.enter(token)

    assert (204, 401) == (first.status, again.status)
    assert "Set-Cookie" not in again.headers
    assert "uz.prosecutor" in await browser.page("/desk")
    await other.page("/desk", 401)


async def test_the_token_of_a_link_is_in_no_address_that_a_server_is_told(at: At) -> None:
    """It stands after the `#`; as part of a path or a query it signs nobody in."""
    token = await at.token("uz.prosecutor")
    for path in (f"/desk/in?token={token}", f"/desk/in?{token}"):
        answer, _ = await at.browser().ask("GET", path)
        assert "Set-Cookie" not in answer.headers

    assert 204 == (await at.browser().enter(token)).status


@pytest.mark.parametrize("sent", [{}, {"token": 1}, {"token": ""}, {"token": "x" * 43}, [], "x", {"token": "ы"}], ids=str)
async def test_what_is_no_token_signs_nobody_in(at: At, sent: Any) -> None:
    """401, whatever it is."""
    answer, text = await at.browser().ask("POST", "/desk/in", sent)

    assert (401, "not-authentic") == (answer.status, json.loads(text)["code"])


async def test_nobody_anonymous_sends_more_than_a_token(at: At) -> None:
    """413 before it is read."""
    answer, _ = await at.browser().ask("POST", "/desk/in", {"token": "x" * 1000})

    assert 413 == answer.status


async def test_a_link_and_a_session_end_by_the_clock(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute for the link; a quarter of an hour without a request for the session."""
    late, browser = await at.token("uz.prosecutor"), await at.signed_in("uz.prosecutor")
    monkeypatch.setattr(at.installation.sessions, "_clock", lambda: datetime.now(UTC) + LINK)
    assert 401 == (await at.browser().enter(late)).status
    await browser.page("/desk/me")
    monkeypatch.setattr(at.installation.sessions, "_clock", lambda: datetime.now(UTC) + LINK + IDLE)

    assert "vigil sign-in" in await browser.page("/desk/me", 401)


async def test_signing_out_ends_the_session_and_forgets_the_cookie(at: At) -> None:
    """The cookie is worth nothing after it, wherever a copy of it is."""
    browser = await at.signed_in("uz.prosecutor")
    answer, _ = await browser.ask("POST", "/desk/out", headers={**SAME, "Origin": "null"})  # as a browser sends a form of ours

    assert 200 == answer.status
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    await browser.page("/desk", 401)


async def test_a_system_signs_in_with_no_browser(at: At) -> None:
    """A person does: a proof without an officer's code gets no link."""
    with pytest.raises(NotAllowed, match="a person signs in"):
        await at.installation.gateway("uz.prosecutor").sign_in()


@pytest.mark.parametrize("service", ["audit", "administration"])
async def test_who_has_no_page_gets_no_link(at: At, service: str) -> None:
    """As the policy has it."""
    with pytest.raises(NotAllowed, match="`enter` is not for"):
        await at.installation.gateway(service, "officer-1").sign_in()


async def test_the_cookie_is_the_browsers_alone(at: At) -> None:
    """No script reads it, no other site sends it; on plain HTTP, so on the loopback interface, it is not `Secure`."""
    answer = await at.browser().enter(await at.token("uz.prosecutor"))
    name, *settings = answer.headers["Set-Cookie"].split("; ")

    assert {"HttpOnly", "Path=/", "SameSite=Strict"} == set(settings)
    assert name.startswith("vigil=")


async def test_inside_tls_the_cookie_is_bound_to_its_host() -> None:
    """`__Host-`, `Secure`, no `Domain`: no other host can set or get it. The gateway knows by its own address."""
    request: Any = type("Request", (), {"app": {pages.PROOFS: type("Proofs", (), {"url": "https://vigil.example/"})()}})()
    answer = web.Response()
    pages.remember(request, answer, "token")

    assert "Set-Cookie: __Host-vigil=token; HttpOnly; Path=/; SameSite=Strict; Secure" == str(answer.cookies)


# From elsewhere


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (SAME, 422),
        ({**SAME, "Origin": "here"}, 422),
        ({"Origin": "here"}, 422),
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({**SAME, "Origin": "https://evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "here"}, 403),
    ],
    ids=str,
)
async def test_another_site_changes_nothing(at: At, headers: dict[str, str], status: int) -> None:
    """Even if the cookie came along: whatever changes something says that it comes from a page of this very origin."""
    browser = await at.signed_in("uz.prosecutor")
    sent = {name: value.replace("here", at.installation.url) for name, value in headers.items()}
    for path in (f"{at.home}/statement", "/desk/out") if status == 403 else (f"{at.home}/statement",):
        answer, text = await browser.ask("POST", path, {} if path.endswith("statement") else None, sent)
        assert status == answer.status, text
    await browser.page("/desk/me")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
        ({}, 200),
    ],
    ids=str,
)
async def test_no_page_is_part_of_another_sites(at: At, headers: dict[str, str], status: int) -> None:
    """It is opened, by a link or by hand; it is not fetched, and not an image or a frame."""
    browser = await at.signed_in("uz.prosecutor")
    answer, _ = await browser.ask("GET", "/desk/me", headers=headers)

    assert status == answer.status


async def test_a_signed_in_browser_gets_nothing_of_the_api(at: At) -> None:
    """The cookie is no proof."""
    browser = await at.signed_in("uz.prosecutor")
    for path in ("/v1/inbox", f"/v1/deliveries/{at.plan.operation}"):
        answer, _ = await browser.ask("GET", path)
        assert 401 == answer.status


# Headers


@pytest.mark.parametrize("path", ["/desk/in", "/desk", "/desk/nothing", "/desk/file/desk.css", "/desk/file/..%2Fpages.py"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_every_answer_of_the_pages_says_what_a_browser_may_do_with_it(path: str, method: str) -> None:
    """Its own scripts, styles and pictures; no frame, no base, no address passed on; kept by nobody. Refusals alike."""
    async with door_of() as door:
        answer, _ = await Browser(door.http, door.url).ask(method, path)
    policy = dict(one.strip().split(" ", 1) for one in answer.headers["Content-Security-Policy"].split(";"))

    assert "'none'" == policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"]
    assert "'self'" == policy["script-src"] == policy["style-src"] == policy["img-src"] == policy["form-action"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert ("no-referrer", "same-origin", "no-store", "nosniff") == tuple(
        answer.headers[name]
        for name in ("Referrer-Policy", "Cross-Origin-Opener-Policy", "Cache-Control", "X-Content-Type-Options")
    )


def test_no_page_holds_a_script_or_a_style_of_its_own() -> None:
    """What the policy of the pages forbids is nowhere tried, and nothing is loaded from elsewhere."""
    for path in (pages.HERE / "templates").iterdir():
        text = path.read_text()
        assert " style=" not in text
        assert " on" not in [word[:3] for word in text.split('"') if "=" in word[:12]]
        assert text.count("<script") == text.count('<script type="module" src="{{ root }}/file/') + text.count("application/json")
    for name, content in pages.FILES.items():
        assert b"http" not in content.replace(b"http://www.w3.org/2000/svg", b""), name
        assert b"innerHTML" not in content, name


# Who sees what


@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if action is not None])
async def test_nobody_anonymous_sees_any_page(at: At, name: str) -> None:
    """401, and not a word of the delivery beyond what was asked for."""
    sent = {} if name == "desk.say" else None
    answer, text = await at.browser().ask(ROUTES[name].method, at.path(name), sent)

    assert 401 == answer.status
    assert "consent-uz" not in text


def test_every_page_is_an_action_of_the_policy_or_for_anybody() -> None:
    """Those for anybody are the sign-in and the files; each of the others has its row in the table of who may what."""
    assert ROUTES.keys() == ACTIONS.keys()
    assert {"desk.door", "desk.enter", "desk.go", "desk.back", "desk.file"} == {
        name for name, action in ACTIONS.items() if action is None
    }
    assert {action for action in ACTIONS.values() if action is not None} <= MAY.keys()


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, action in ACTIONS.items()
        if action not in NO_VIEWS | {None, "file", "packet", "ledger", "handover"}
        and not name.startswith(("desk.overdue", "desk.second", "desk.correct"))
    ],
)
async def test_every_page_that_shows_anything_leaves_its_record(at: At, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who, in which role, what of which delivery: one record for each page, and another for the end of what is followed. A file's
    is in `test_attachments.py`, a handover's in `test_shift.py`, that of silent services in
    `test_overdue.py`, of what two officers say in `client/test_seconding.py`, and of what is corrected in
    `test_correcting.py`.
    """
    for stream in ("gateway.floor", "gateway.pages.one"):
        monkeypatch.setattr(f"{stream}.LASTS", 0.0)
    reader, role = (at.plan.initiator, "service") if ACTIONS[name] in FLOOR else ("uz.prosecutor", "prosecutor")
    browser = await at.signed_in(reader, "P-117")
    before = len((await at.installation.reads.page(0, 1000)).reads)
    await browser.page(at.path(name))
    (read,) = (one for one in (await at.installation.reads.page(before, 1000)).reads if one.ends is None)

    assert (reader, "P-117", role, ACTIONS[name]) == (read.service, read.officer, read.role, read.action)
    assert read.period is not None if ACTIONS[name] in ("results", "statistics") else at.plan.operation in read.deliveries


async def test_while_the_archive_is_away_no_page_shows_anything(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is known to be signed in, and nothing could be recorded: 503, which says how to stop all the same."""
    browser = await at.signed_in("uz.prosecutor")
    monkeypatch.setattr(at.installation.sessions, "_database", Database("sqlite+aiosqlite:////nowhere/archive.db"))

    assert "vigil stop" in await browser.page(at.home, 503)


async def test_the_old_address_of_a_ledger_leads_to_the_page(at: At) -> None:
    """With what it asked for, and nothing that is no question of ours; and it shows nothing by itself."""
    browser = await at.signed_in("uz.prosecutor", "P-117")
    before = len((await at.installation.reads.page(0, 1000)).reads)
    answer, _ = await browser.ask("GET", f"{at.home}/ledger?before=7&show=said&other=1")

    assert (302, f"{at.home}?before=7&show=said#ledger") == (answer.status, answer.headers["Location"])
    assert () == tuple((await at.installation.reads.page(before, 1000)).reads)


async def test_a_packet_is_taken_from_the_page_by_who_sees_the_whole(at: At) -> None:
    """As a file that is recorded with its purpose; who sees a part has no link to it and is refused (R11)."""
    whole, part = await at.signed_in(at.plan.initiator), await at.signed_in("uz.prosecutor")
    assert f"{at.home}/packet" in await whole.page(at.home)
    before = len((await at.installation.reads.page(0, 1000)).reads)
    answer, text = await whole.ask("GET", f"{at.home}/packet")
    (read,) = (await at.installation.reads.page(before, 1000)).reads

    assert (200, "operation") == (answer.status, read.purpose)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{at.plan.operation}.packet.json"'
    assert {"packet", "seal"} & json.loads(text).keys()
    assert f"{at.home}/packet" not in await part.page(at.home)
    await part.page(f"{at.home}/packet", 403)


async def test_who_has_no_part_sees_no_delivery(at: At) -> None:
    """The same answer as for one that does not exist; a supervisor sees the whole."""
    stranger, supervisor = await at.signed_in("tj.customs"), await at.signed_in("supervision")
    for path in (at.home, at.path("desk.answer"), "/desk/deliveries/amber-heron"):
        assert "not yours to see" in await stranger.page(path, 404)

    assert "Air mail" in await supervisor.page("/desk/deliveries") or at.plan.operation in await supervisor.page(at.home)


PARTICIPANTS = ("uz.prosecutor", "uz.customs", "uz.police", "kz.prosecutor", "kz.police")


@pytest.mark.parametrize("service", PARTICIPANTS)
async def test_a_participant_finds_nothing_of_another_on_its_pages(at: At, service: str) -> None:
    """R11: neither what the plan keeps, nor what another State has said; in no page that it can open."""
    secrets = [at.plan.offence.description, *(one.value for one in at.plan.consignment.identifiers)]
    secrets += [f"CONSENT by {one}" for one in ("kz.prosecutor", "uz.prosecutor") if one[:2] != service[:2]]
    secrets += ["alert("]
    for prosecutor, checkpoint in (("kz.prosecutor", "consent-kz"), ("uz.prosecutor", "consent-uz")):
        await at.installation.gateway(prosecutor).submit(at.plan.operation, provisional(at.plan, prosecutor, checkpoint))
    browser = await at.signed_in(service)
    shown = [await browser.page(path) for path in ("/desk", "/desk/deliveries", at.home, "/desk/me")]

    assert [] == [secret for secret in secrets for page in shown if secret in page]
    assert any("Withheld" in page for page in shown)
    if service.endswith(".prosecutor"):
        assert f"CONSENT by {service}" in shown[2]


def provisional(plan: Plan, service: str, checkpoint: str) -> Any:
    """A consent with marked words that does not count yet, so that the request stays open."""
    content = WORDS["authorisation_granted"] | {
        "kind": "authorisation_granted",
        "state": service[:2].upper(),
        "request": digest_of_request(plan, service[:2].upper()),
        "reference": {"number": f"CONSENT by {service}"},
        "provisional": True,
        "valid_until": "2099-04-01T00:00:00Z",
    }
    said = {
        "id": f"{service.replace('.', '-')}-consent",
        "delivery": plan.operation,
        "checkpoint": checkpoint,
        "service": service,
        "officer": "officer-1",
        "happened_at": "2026-11-25T10:00:00+05:00",
        "content": content,
    }
    return sign_statement(BOOK.statement.model_validate(said), private_key_of(service))


async def test_hostile_words_stay_words(at: At) -> None:
    """The plan's title and what a service says are shown as they are written, and nothing of them is taken for a page."""
    said = statement(at.plan, "uz.police", {"kind": "incident", "risk_to_life": False, "what": f'"{HOSTILE}&'})
    await at.installation.gateway("uz.police").submit(at.plan.operation, sign_statement(said, private_key_of("uz.police")))
    await at.installation.caught_up(at.plan)
    browser = await at.signed_in(at.plan.initiator)
    for path in (at.home, f"{at.home}/ledger", f"{at.home}/answer?checkpoint=%3Cscript%3E", "/desk/%3Cscript%3Ealert"):
        _, text = await browser.ask("GET", path)
        assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in await browser.page(at.home)
    assert "&#34;&lt;script&gt;alert" in await browser.page(at.home)


def statement(plan: Plan, service: str, content: dict[str, Any]) -> Statement:
    """Something that a service says, about no checkpoint."""
    said = {"id": uuid.uuid4().hex, "delivery": plan.operation, "service": service, "officer": "officer-1"}
    return BOOK.statement.model_validate(said | {"happened_at": "2026-11-25T10:00:00+05:00", "content": content})


async def test_more_than_a_share_is_refused_as_for_any_caller(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """429, as a page."""
    browser = await at.signed_in("uz.prosecutor")
    monkeypatch.setitem(limits.SHARES, "ask", Share(burst=600, seconds=30, under_way=0))
    answer, text = await browser.ask("GET", "/desk")

    assert 429 == answer.status
    assert "Retry-After" in answer.headers
    assert "Too much at once" in text


# The directory in force


@pytest.fixture
def in_force(at: At) -> Iterator[Directory]:
    """The directory, which is in force again afterwards; what becomes of keys meanwhile is in no archive."""
    known = at.installation.in_force
    before, changes, entered = known.now, known._changes, [*known._entered]
    known._changes, known._entered = InMemory(), []
    yield before
    known._changes, known._entered = changes, entered
    known.replace(before)


async def test_a_key_that_is_revoked_ends_the_sessions_it_began(at: At, in_force: Directory) -> None:
    """At the next request, and for good: that the key is back is of no use."""
    browser, other = await at.signed_in("uz.prosecutor"), await at.signed_in("uz.customs")
    end = KeyEnd(key=key_id(public_text(private_key_of("uz.prosecutor"))), at=datetime.now(UTC).isoformat(), revoked=True)
    change = KeyChange(service="uz.prosecutor", by="uz.prosecutor", made_at=datetime.now(UTC).isoformat(), ended=(end,))
    signed = sign(canonical(change), KEYS_TYPE, private_key_of("uz.prosecutor"))
    await at.installation.in_force.enter(signed, VIGIL_KEY, lambda _: None)
    await browser.page("/desk", 401)
    await other.page("/desk")
    at.installation.in_force._changes, at.installation.in_force._entered = InMemory(), []
    at.installation.in_force.replace(in_force)

    await browser.page("/desk", 401)


async def test_a_service_that_leaves_the_directory_is_signed_out(at: At, in_force: Directory) -> None:
    """At the next request."""
    browser = await at.signed_in("uz.customs")
    rest = tuple(one for one in in_force.services if one.id != "uz.customs")
    at.installation.in_force.replace(in_force.model_copy(update={"services": rest}))

    await browser.page("/desk", 401)


async def test_the_role_is_that_of_the_directory_at_each_request(at: At, in_force: Directory) -> None:
    """Who becomes an auditor has no inbox any more, signed in as before."""
    browser = await at.signed_in("supervision")
    await browser.page("/desk/inbox")
    changed = [one.model_copy(update={"kind": "auditor"}) if one.id == "supervision" else one for one in in_force.services]
    at.installation.in_force.replace(in_force.model_copy(update={"services": tuple(changed)}))

    await browser.page("/desk/inbox", 403)


# Answering


FILLED = {
    "kind": "authorisation_granted",
    "checkpoint": "consent-uz",
    "on_behalf_of": None,
    "happened_at": "2026-11-25T10:00:00+05:00",
    "fulfils": [],
    "handling": "",
    "fields": {
        "state": "UZ",
        "reference": "14/2-2026",
        "granted_by_role": "deputy",
        "legal_basis": "example",
        "modalities": "intact; removed",
        "valid_from": "2026-11-25T10:00:00+05:00",
        "valid_until": "2099-11-25T10:00:00+05:00",
        "conditions": "two officers\ntashkent-airport: photographs",
        "provisional": "yes",
    },
}


def filled(plan: Plan) -> dict[str, Any]:
    """That form with the request for consent that the page showed."""
    fields: dict[str, Any] = dict(FILLED["fields"])  # type: ignore[call-overload]
    return FILLED | {"fields": fields | {"request": digest_of_request(plan, "UZ")}}


async def test_a_filled_form_becomes_the_bytes_that_are_signed(at: At) -> None:
    """Canonical, by this officer, with an id of its own; signed and handed in they are what the ledger holds. Until then nothing
    has been said.
    """
    browser = await at.signed_in("uz.prosecutor", "P-117")
    before = await at.installation.gateway(at.plan.initiator).view(at.plan.operation)
    answer, text = await browser.ask("POST", f"{at.home}/statement", filled(at.plan) | {"plan": before.plan})
    assert 200 == answer.status, text
    after = await at.installation.gateway(at.plan.initiator).view(at.plan.operation)
    said = BOOK.statement.model_validate_json(text)
    given = await at.installation.gateway("uz.prosecutor", "P-117").submit(
        at.plan.operation, sign_statement(said, private_key_of("uz.prosecutor"))
    )

    await at.installation.caught_up(at.plan)

    assert before.entries == after.entries
    assert ("uz.prosecutor", "P-117", "consent-uz") == (said.service, said.officer, said.checkpoint)
    assert [None, "tashkent-airport"] == [one.at for one in said.content.conditions]  # type: ignore[union-attr]
    assert isinstance(given, SignedReceipt)
    receipt = given.receipt
    assert "accepted" == receipt.verdict.verdict
    found = [one for one in await at.installation.gateway(at.plan.initiator).ledger(at.plan.operation) if one.seq == receipt.seq]
    assert [text.encode()] == [one.event.envelope.body() for one in found if isinstance(one.event, Stated)]  # type: ignore[union-attr]
    assert "until 2099-11-25 05:00 UTC" in await browser.page(at.home)


async def test_every_fault_of_a_form_is_told_by_its_field(at: At) -> None:
    """All at once: of the content, the moment, the handling code and the conditions; and nothing can be signed."""
    browser = await at.signed_in("uz.prosecutor")
    right = filled(at.plan)
    fields = right["fields"] | {"granted_by_role": " ", "valid_until": "tomorrow", "novel": "x"}
    answer, text = await browser.ask("POST", f"{at.home}/statement", right | {"fields": fields})
    more, rest = await browser.ask("POST", f"{at.home}/statement", right | {"happened_at": "now", "handling": "H3:"})
    plain = {name: words for name, words in fields.items() if name != "novel"}
    last, third = await browser.ask("POST", f"{at.home}/statement", right | {"fields": plain})

    assert [422] * 3 == [answer.status, more.status, last.status]
    assert ["novel"] == [one["place"] for one in json.loads(text)["faults"]]
    assert {"happened_at", "handling"} == {one["place"] for one in json.loads(rest)["faults"]}
    assert {"granted_by_role", "valid_until"} == {one["place"] for one in json.loads(third)["faults"]}


@pytest.mark.parametrize("sent", [{}, [], {"kind": "x"}, FILLED | {"more": 1}, FILLED | {"kind": "no_such_kind"}], ids=str)
async def test_what_is_no_form_is_malformed(at: At, sent: Any) -> None:
    """422, and no fault of ours."""
    browser = await at.signed_in("uz.prosecutor")
    answer, _ = await browser.ask("POST", f"{at.home}/statement", sent)

    assert 422 == answer.status


async def test_a_form_is_only_for_what_is_asked_of_the_reader(at: At) -> None:
    """Of another's checkpoint, of none, or of a kind that does not answer it: 404, as if there were none."""
    browser = await at.signed_in("uz.prosecutor")
    assert 'name="legal_basis"' in await browser.page(at.path("desk.answer"))
    assert 'name="reason"' in await browser.page(f"{at.path('desk.answer')}&kind=authorisation_refused")
    for query in ("checkpoint=consent-kz", "", "checkpoint=consent-uz&kind=seizure", "checkpoint=consent-uz&for=kz.prosecutor"):
        await browser.page(f"{at.home}/answer?{query}", 404)


async def test_r8_a_stop_is_signed_on_a_page_while_all_else_that_its_service_asks_is_refused(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system of its service that asks without end keeps no officer from the form that stops, nor from what is signed by it."""
    browser = await at.signed_in("uz.police")
    monkeypatch.setitem(limits.SHARES, "ask", Share(burst=600, seconds=30, under_way=0))
    stop = {"kind": "stop_requested", "happened_at": "2026-03-02T10:00:00+05:00", "fields": {"reason": "danger"}}
    await browser.page("/desk/inbox", 429)
    form = await browser.page(f"{at.home}/stop")
    answer, text = await browser.ask("POST", f"{at.home}/statement", stop)
    corrected, _ = await browser.ask("POST", f"{at.home}/statement", stop | {"corrects": 3})
    other, _ = await browser.ask("POST", f"{at.home}/statement", stop | {"kind": "sighted", "fields": {"place": "on the road"}})

    assert 'id="reason"' in form
    assert (200, "stop_requested") == (answer.status, json.loads(text)["content"]["kind"])
    assert (429, 429) == (corrected.status, other.status)


async def test_nobody_has_received_what_could_not_be_shown(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be recorded that a request is shown, its delivery is not told that it was received: nobody has seen it."""
    received: list[str] = []

    async def report(_self: Acknowledgements, reader: Service, requests: Iterable[Request]) -> None:
        received.extend(f"{reader.id} {one.checkpoint}" for one in requests)

    monkeypatch.setattr(Acknowledgements, "report", report)
    browser, door = await at.signed_in("uz.prosecutor"), at.installation.gateway("uz.prosecutor")
    with monkeypatch.context() as away:
        away.setattr(at.installation.reads, "_database", Database("sqlite+aiosqlite:////nowhere/archive.db"))
        await browser.page(at.path("desk.answer"), 503)
        await browser.page("/desk/inbox", 503)
        with pytest.raises(Unavailable):
            await door.inbox()
    unseen = [*received]
    await browser.page(at.path("desk.answer"))

    assert [] == unseen
    assert ["uz.prosecutor consent-uz"] == received


async def test_what_was_merely_asked_is_filled_in_and_findings_are_not(at: At) -> None:
    """The State, the way of handling and until when; not the reference, and no yes or no."""
    browser = await at.signed_in("uz.prosecutor")
    page = await browser.page(at.path("desk.answer"))

    assert 'value="UZ"' in page
    assert 'value="intact" checked' in page
    assert 'name="reference" value=""' in page
    assert 'type="radio"' in page
    assert 'type="radio" name="provisional" value="yes" checked' not in page


@pytest.mark.parametrize(
    ("month", "zone", "first"), [(1, "Europe/Riga", "+02:00"), (7, "Europe/Riga", "+03:00"), (1, None, "+00:00")]
)
def test_moments_are_given_first_as_clocks_are_where_the_reader_is(month: int, zone: str | None, first: str) -> None:
    """By the zone of its service in the directory, in summer time too; else in UTC. Each offset is there once."""
    reader = example_directory().get("uz.prosecutor").model_copy(update={"zone": zone})
    found = zones_of(example_plan("almaty-tashkent"), reader, datetime(2026, month, 1, tzinfo=UTC))

    assert first == found[0]
    assert len(found) == len({*found})
    assert {*OFFSETS} <= {*found}


async def test_a_stop_is_reached_from_each_page_of_a_delivery(at: At) -> None:
    """One press to its form, one to sign it; the form needs nothing of the delivery, and any participant may."""
    browser = await at.signed_in("uz.police")
    home = await browser.page(at.home)
    assert 'popovertarget="stop"' in home
    assert "stop.js" in home
    assert f'href="{at.home}/stop"' in await (await at.signed_in("uz.prosecutor")).page(at.path("desk.answer"))
    assert "stop.js" in await browser.page(f"{at.home}/stop")
    for kind in ("hold_requested", "stop_requested"):
        brake = {"kind": kind, "happened_at": "2026-11-25T10:00:00+05:00", "fields": {"reason": "danger"}}
        answer, text = await browser.ask("POST", f"{at.home}/statement", brake)
        assert 200 == answer.status
        assert kind == BOOK.statement.model_validate_json(text).kind


def data_in(page: str, name: str = "data") -> Any:
    """What a page gives its scripts."""
    return json.loads(re.findall(rf'id="{name}">(.*?)</script>', page, re.DOTALL)[0])


async def test_the_form_of_a_stop_names_what_is_seen_and_opens_without(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan, size and root of the delivery as it stands, recorded as a view; while that cannot be recorded, and where there is
    none for the reader, the form is there and names nothing.
    """
    await at.installation.caught_up(at.plan)
    view = await at.installation.gateway("uz.police").view(at.plan.operation)
    browser, before = await at.signed_in("uz.police", "P-9"), len((await at.installation.reads.page(0, 1000)).reads)
    data = data_in(await browser.page(f"{at.home}/stop"))
    (read,) = (await at.installation.reads.page(before, 1000)).reads
    nothing = data_in(await browser.page("/desk/deliveries/amber-heron/stop"))

    async def away(*_: object, **__: object) -> None:
        raise Unavailable("the archive is away")

    monkeypatch.setattr(at.installation.reads, "record", away)
    unrecorded = data_in(await browser.page(f"{at.home}/stop"))

    assert (view.plan, {"size": view.entries, "root": view.root}) == (data["plan"], data["seen"])
    assert ("uz.police", "P-9", "view", (at.plan.operation,)) == (read.service, read.officer, read.action, read.deliveries)
    assert (None, None) == (nothing["plan"], nothing["seen"]) == (unrecorded["plan"], unrecorded["seen"])


async def test_a_page_of_a_delivery_says_what_a_script_compares(at: At) -> None:
    """Size and root of what is shown, and each entry's leaf; and a form has the keys by which a receipt is checked."""
    browser, service = await at.signed_in("uz.prosecutor", "P-117"), at.installation.gateway("uz.prosecutor")
    await at.installation.caught_up(at.plan)
    view, entries = await service.view(at.plan.operation), await service.ledger(at.plan.operation)
    shown = data_in(await browser.page(at.home), "shown")
    keys = data_in(await browser.page(f"{at.home}/stop"))["installation"]
    who = {"service": "uz.prosecutor", "officer": "P-117", "delivery": at.plan.operation}

    leaves = [[one.seq, leaf_of(one)] for one in reversed(entries)]
    assert who | {"size": view.entries, "root": view.root, "leaves": leaves} == shown
    system = at.installation.directory.system()
    assert system is not None
    assert {key_id(one.public): one.public for one in system.keys} == {number: key["public"] for number, key in keys.items()}


async def test_a_page_that_is_followed_is_told_by_which_keys_a_receipt_is_checked(at: At) -> None:
    """The installation may have a new key since the page was made, and sign by it what is signed there next."""
    browser = await at.signed_in("uz.prosecutor")
    keys = data_in(await browser.page(f"{at.home}/stop"))["installation"]
    headers = {**SAME, "Cookie": browser.cookie}
    async with browser.http.get(f"{at.installation.url}{at.home}/changes", headers=headers) as answer, asyncio.timeout(60):
        told = [await answer.content.readline() for _ in range(2)][1]

    assert keys == json.loads(told.removeprefix(b"data: "))["installation"]


# The forms and the words, without a server


@pytest.mark.parametrize("kind", BOOK.kinds)
def test_every_kind_has_a_form_with_each_of_its_fields(kind: str) -> None:
    """In the model's order; what must be said is marked so; each field, and each choice, has a name for people."""
    boxes = boxes_of(kind, None, datetime(2026, 3, 2, tzinfo=UTC))
    model = BOOK.kinds[kind]

    assert [name for name in model.model_fields if name != "kind"] == [box.name for box in boxes]
    assert [box.required for box in boxes] == [model.model_fields[box.name].is_required() for box in boxes]
    assert all(box.name in words.FIELDS for box in boxes)
    assert all(choice in words.CHOICES or len(choice) == 1 for box in boxes for choice in box.choices)


def test_what_a_field_means_and_wants_follows_from_what_is_said() -> None:
    """A weight that must be one offers no way to leave it out; words of a kind's own field are of a field that it has; exhibits
    that are known stand on a line each.
    """
    now = datetime(2026, 3, 2, tzinfo=UTC)
    shown = {(kind, box.name): box.shown_as for kind in BOOK.kinds for box in boxes_of(kind, None, now)}

    assert ("weight", "weight") == (shown["laboratory_report", "spent"], shown["exhibits_offered", "gross"])
    assert ("mass", "mass") == (shown["handover_accepted", "gross"], shown["taken_out", "gross"])
    assert ["A\nB"] == [box.value for box in boxes_of("disposed", None, now, {"exhibits": ["A", "B"]}) if box.name == "exhibits"]
    assert {tuple(one.split(".")) for table in (words.FIELDS, words.HELP) for one in table if "." in one} <= shown.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_example_of_a_help_is_taken_by_a_field_that_shows_it(language: str) -> None:
    """In each language, typed as it stands there."""
    speak, now, taken = speaker(language), datetime(2026, 3, 2, tzinfo=UTC), dict[tuple[str, str], bool]()
    for kind in BOOK.kinds:
        for box in boxes_of(kind, None, now):
            for example in EXAMPLE.findall(speak(words.help_of(kind, box.name, box.shown_as))):
                which = (box.name, example)
                taken[which] = taken.get(which, False) or box.name not in faulty(kind, {box.name: example})

    assert ("kept", "EUR: 12500.00") in taken
    assert not [which for which, fine in taken.items() if not fine]


def faulty(kind: str, typed: Mapping[str, str]) -> set[str]:
    """Fields of a statement of which what is typed is wrong."""
    try:
        content_of(kind, typed, {}, PARTS)
    except Malformed as error:
        return {fault.place.partition(".")[0] for fault in error.faults}
    return set()


def test_every_choice_of_a_form_has_a_name() -> None:
    """Ways of handling, permissions, reasons why nobody came."""
    choices = {
        *get_args(Modality),
        *get_args(Measure),
        *get_args(Form),
        *get_args(NotCollected.model_fields["because"].annotation),
    }
    assert choices <= words.CHOICES.keys()


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-GB,ru;q=0.9", "en"),
        ("kk,ru;q=0.8,en;q=0.5", "ru"),
        ("de, fr;q=0.5", "en"),
        ("ru;q=0", "en"),
        ("ru;q=much", "en"),
        ("*;q=0.1", "en"),
    ],
)
def test_a_reader_gets_the_language_it_likes_best(accept: str, language: str) -> None:
    """Of those that there are; English where there is none of its own."""
    assert language == chosen(accept)


async def test_a_page_is_in_the_readers_language(at: At) -> None:
    """Russian, where the browser asks for it; refusals too."""
    browser = await at.signed_in("uz.prosecutor")
    browser.headers = {"Accept-Language": "ru"}
    page, refused = await browser.page("/desk"), await browser.page("/desk/nothing", 404)

    assert '<html lang="ru">' in page
    assert "Даёте согласие на проведение этой поставки?" in page
    assert "Не найдено" in refused


async def test_a_reader_chooses_a_language_by_a_link_and_it_stays(at: At) -> None:
    """The link is the same page, in another language; the cookie is no script's; what is no language of ours changes nothing."""
    browser = await at.signed_in("uz.prosecutor")
    page = await browser.page("/desk/deliveries?text=x")
    assert '<a href="/desk/deliveries?text=x&amp;lang=ru" lang="ru" hreflang="ru">русский</a>' in page
    answer, text = await browser.ask("GET", "/desk/floor?lang=ru")
    name, *settings = answer.headers["Set-Cookie"].split("; ")
    assert ("vigil-language=ru", {"HttpOnly", "Path=/", "SameSite=Strict"}) == (name, set(settings))
    assert "lang" not in re.findall(r'<div class="says"><p>[^<]*', text)
    for cookie, lang, language in (("ru", "", "ru"), ("ru", "?lang=en", "en"), ("kk", "", "en"), ("", "?lang=kk", "en")):
        chosen_before = Browser(at.installation.http, at.installation.url, f"{browser.cookie}; vigil-language={cookie}")
        assert f'<html lang="{language}">' in await chosen_before.page(f"/desk{lang}")
        assert f'<html lang="{language}">' in await chosen_before.page(f"/desk/nothing{lang}", 404)


@pytest.mark.parametrize("language", PROPOSED)
async def test_nothing_that_is_signed_is_shown_in_an_unreviewed_translation(at: At, language: str) -> None:
    """Whoever prefers the language, and asks for it in every way, gets what is to be answered or signed in English;
    its words stand on a page of their own, each marked.
    """
    browser = await at.signed_in("uz.prosecutor")
    browser.headers = {"Accept-Language": language}
    browser.cookie += f"; vigil-language={language}"
    theirs = {one.word for one in proposals(language).values() if len(one.word) > 6}
    for name in (*SIGNING, "desk.home", "desk.view"):
        if ROUTES[name].method == "GET" and name != "desk.correct":  # nothing is to be corrected yet: test_correcting.py
            path = at.path(name)
            page = await browser.page(f"{path}{'&' if '?' in path else '?'}lang={language}")
            assert '<html lang="en">' in page
            assert not [one for one in theirs if one in page]
    page = await browser.page("/desk/words")

    assert f'hreflang="{language}" aria-current="true"' in page
    assert sum(bool(one.word) for one in proposals(language).values()) == page.count("awaiting review</span>")
    assert 2 <= page.count("not there yet</span>")


# The command line


@dataclass
class Desk:
    """An officer's machine, with the keys of a service and the directory that the operator will enter."""

    folder: Path
    url: str
    directory: Path

    def vigil(self, *words: str) -> tuple[int, Any]:
        """What a command answers, and its exit code."""
        ran = CliRunner().invoke(cli.app, [*words, "--gateway", self.url, "--keys", str(self.folder), "-o", "json"])
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, json.loads(ran.stdout)


@pytest.fixture
def officer(at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Of the police, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "uz.police.pem").write_bytes(private_pem(private_key_of("uz.police")))
    directory = tmp_path / "directory.yaml"
    directory.write_text(at.installation.in_force.now.model_dump_json(exclude_none=True))  # JSON is YAML too
    return Desk(tmp_path, at.installation.url, directory)


async def test_the_command_prints_a_link_that_signs_in(at: At, officer: Desk) -> None:
    """As the officer that it names."""
    code, said = await asyncio.to_thread(officer.vigil, "sign-in", "--as", "uz.police", "--officer", "U-9")
    browser = at.browser()
    await browser.enter(said["address"].partition("#")[2])

    assert 0 == code
    assert "U-9 · uz.police" in await browser.page("/desk")


async def test_the_key_of_a_browser_becomes_a_key_of_its_service(at: At, officer: Desk, in_force: Directory) -> None:  # noqa: ARG001 - put back
    """`vigil keys add`, signed by the service's own key: in the directory, in the ledger, on the officer's page and
    no other's; and what the new key says for that officer counts.
    """
    new = private_key_of(f"browser {uuid.uuid4().hex}")
    words_ = (
        "keys",
        "add",
        "uz.police",
        public_text(new),
        "--for",
        "U-9",
        "--until",
        "90d",
        "--directory",
        str(officer.directory),
    )
    code, said = await asyncio.to_thread(officer.vigil, *words_)
    at.installation.in_force.replace(directory_in(officer.directory))
    entered = next(key for key in directory_in(officer.directory).get("uz.police").keys if key.public == public_text(new))
    page = await (await at.signed_in("uz.police", "U-9")).page("/desk/me")
    others = await (await at.signed_in("uz.police")).page("/desk/me")
    door = Gateway(at.installation.http, at.installation.url, "uz.police", new)
    said_ = statement(at.plan, "uz.police", {"kind": "incident", "risk_to_life": False, "what": "x"})
    plan_digest = (await door.view(at.plan.operation)).plan
    signed = sign_statement(said_.model_copy(update={"officer": "U-9", "plan": plan_digest}), new)
    given = await door.submit(at.plan.operation, signed)

    assert 0 == code
    assert at.plan.operation in said["deliveries"]["taken"]
    assert entered.valid_until is not None
    assert "U-9" == entered.officer
    assert key_id(public_text(new)) in page
    assert key_id(public_text(new)) not in others
    assert isinstance(given, SignedReceipt)
    receipt = given.receipt
    assert "accepted" == receipt.verdict.verdict


@pytest.mark.parametrize(
    ("words_", "problem"),
    [
        (("ed25519:AAAA",), "not a public key"),
        (("ssh-ed25519",), "not a public key"),
        ((public_text(private_key_of("x")), "--until", "soon"), "--until soon"),
        ((public_text(private_key_of("x")), "--until", "-1d"), "--until"),
    ],
)
def test_what_is_no_key_or_no_time_is_refused_and_nothing_is_written(
    officer: Desk, words_: tuple[str, ...], problem: str
) -> None:
    """With what is wrong; the directory stays as it was."""
    before = officer.directory.read_bytes()
    with pytest.raises(Exception, match=problem):
        officer.vigil("keys", "add", "uz.police", *words_, "--directory", str(officer.directory))

    assert before == officer.directory.read_bytes()
    assert [] == [*officer.folder.glob("*.keys.json")]


def test_a_key_is_added_with_a_key_of_the_service_alone(officer: Desk) -> None:
    """Who has none of it cannot."""
    with pytest.raises(NotFound, match=r"no private key of uz\.customs"):
        officer.vigil("keys", "add", "uz.customs", public_text(private_key_of("x")), "--directory", str(officer.directory))
