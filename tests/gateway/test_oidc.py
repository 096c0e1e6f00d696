"""Supervisors sign in through an OpenID provider: the whole way with a provider that others have written, and every refusal with
one of ours that does wrong.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey, OKPKey, RSAKey
from temporalio.client import Client
from yarl import URL

from archive.reads import Reads
from archive.sessions import AWAY, Sessions, SignedIn
from domain.signing.keys import private_pem
from domain.words.errors import Malformed, NotFound
from gateway import limits, oidc
from gateway.__main__ import run
from gateway.access import Proofs
from gateway.api import application
from gateway.connections import serving
from gateway.limits import Share
from gateway.oidc import PROVIDER, Provider
from gateway.oidc_settings import Registration, registration_in
from gateway.pages import provider as routes
from gateway.pages.entrance import ACTIONS, SIGNING
from gateway.pages.pages import routes as pages
from gateway.reception import Reception
from process.in_force import InForce
from process.ring import Wrapping
from process.settings import Settings
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.gateway.test_http import DIRECTORY, NOBODY
from tests.installation import PAYLOAD_KEYS, installed, log_of_reads, reading_of, renamed
from tests.openid import CLIENT, SECRET, SIGNS, SUBJECT, Ours, hs256, of_others, ours, rs256, unsigned
from tests.support import EXAMPLES, example_directory, example_plan, signed_plan

SAME = {"Sec-Fetch-Site": "same-origin"}
EXAMPLE = Path(__file__).parents[2] / "deploy" / "oidc.example.yaml"
OFFICER = "S-1"


def registration(issuer: str, **changed: Any) -> Registration:
    """In which one person stands."""
    known = {"issuer": issuer, "client_id": CLIENT, "service": "supervision", "officers": {SUBJECT: OFFICER}}
    return Registration.model_validate(known | changed)


@dataclass
class Browser:
    """A browser, less its engine. It keeps cookies as one does."""

    http: aiohttp.ClientSession
    url: str

    async def ask(self, method: str, path: str, sent: Any = None, **headers: str) -> tuple[int, str]:
        """The status of the answer, and its text."""
        said = SAME | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, f"{self.url}{path}", json=sent, headers=said, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def go(self) -> str:
        """Press the button; where the browser is to go."""
        status, text = await self.ask("POST", "/desk/in/go", {})
        assert 200 == status, text
        return str(json.loads(text)["address"])

    async def back(self, said: dict[str, str]) -> tuple[int, str, str]:
        """Come back with this; the status, and of a refusal its code and what it says."""
        status, text = await self.ask("POST", "/desk/in/back", said)
        problem = json.loads(text) if text else {"code": "", "detail": ""}
        return status, problem["code"], problem["detail"]

    def cookies(self) -> dict[str, str]:
        """By name."""
        return {one.key: one.value for one in self.http.cookie_jar}


@asynccontextmanager
async def browser_at(url: str) -> AsyncIterator[Browser]:
    """One that holds nothing."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Browser(http, url)


@dataclass
class At:
    """A gateway, and its provider."""

    url: str
    provider: Ours
    reads: Reads
    sessions: Sessions
    in_force: InForce


@asynccontextmanager
async def gateway_of(
    reads: Reads, openid: Provider | None, in_force: InForce | None = None
) -> AsyncIterator[tuple[str, Sessions]]:
    """A gateway with nobody behind it, over this archive; its address and its sessions."""
    known, port = in_force or InForce(DIRECTORY), free_ports(1)[0]
    url, sessions = f"http://127.0.0.1:{port}", Sessions(reads._database, Wrapping(PAYLOAD_KEYS))
    reception = Reception(NOBODY, "none", known, {}, private_key_of(VIGIL), reading_of(reads._database))
    async with serving(application(reception, Proofs(known, url), reads, sessions, openid), "127.0.0.1", port, grace=0.1):
        yield url, sessions


@pytest.fixture(scope="module")
def freely() -> Iterator[None]:
    """Strangers begin as often as they like."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(limits.SHARES, "enter", Share(burst=10_000, seconds=1, under_way=16))
        yield


@pytest.fixture(scope="module")
async def standing(freely: None) -> AsyncIterator[At]:  # noqa: ARG001 - before the gateway
    """One for the whole module, at which strangers may begin as often as the tests do."""
    async with ours() as provider, log_of_reads(DIRECTORY) as reads:
        in_force = InForce(DIRECTORY)
        async with gateway_of(reads, Provider(registration(provider.url), SECRET), in_force) as (url, sessions):
            yield At(url, provider, reads, sessions, in_force)


@pytest.fixture
def at(standing: At) -> At:
    """Its provider is honest until the test says otherwise, and the directory as it was."""
    standing.provider.reset()
    standing.in_force.replace(DIRECTORY)
    return standing


@pytest.fixture
async def browser(at: At) -> AsyncIterator[Browser]:
    """A new one."""
    async with browser_at(at.url) as opened:
        yield opened


async def signed_in(at: At, browser: Browser) -> None:
    """The whole way."""
    assert (204, "", "") == await browser.back(at.provider.visit(await browser.go()))


# The way


async def test_a_supervisor_signs_in_through_the_provider(at: At, browser: Browser) -> None:
    """As the officer whom the file names, for the service that it names; the page says through whom, and offers no key."""
    await signed_in(at, browser)
    status, page = await browser.ask("GET", "/desk/me")

    assert 200 == status
    assert f"{OFFICER} · supervision" in page
    assert "127.0.0.1</dd>" in page
    assert "me.js" not in page
    assert SUBJECT not in page


@pytest.mark.parametrize("sub", ["pf-1", "pf-2"])
async def test_a_provider_that_others_have_written_signs_in_whom_the_file_names(sub: str) -> None:
    """Its form, its redirect, its tokens, over HTTP; who is not in the file is told so."""
    async with of_others() as issuer, log_of_reads(DIRECTORY) as reads:
        openid = Provider(registration(issuer, officers={"pf-1": "S-9"}), SECRET)
        async with gateway_of(reads, openid) as (url, _), browser_at(url) as browser:
            async with browser.http.post(await browser.go(), data={"sub": sub}, allow_redirects=False) as answer:
                back = URL(answer.headers["Location"])
            assert url + "/desk/in" == str(back.with_query(None))
            came = await browser.back(dict(back.query))
            status, page = await browser.ask("GET", "/desk/me")

    assert (204, 200, True) == (came[0], status, "S-9" in page) if sub == "pf-1" else (403, 401) == (came[0], status)


async def test_what_the_browser_holds_is_strict_and_in_no_address(at: At, browser: Browser) -> None:
    """Two cookies, one after the other, for this origin alone; the provider is told neither."""
    address = await browser.go()
    begun = browser.cookies()
    said = at.provider.visit(address)
    async with browser.http.post(f"{at.url}/desk/in/back", json=said, headers=SAME) as answer:
        cookies = answer.headers.getall("Set-Cookie")

    assert ["vigil-begun"] == [*begun]
    assert begun["vigil-begun"] not in address
    assert all({"HttpOnly", "Path=/", "SameSite=Strict"} <= set(one.split("; ")) for one in cookies)
    assert ["vigil"] == [*browser.cookies()]


async def test_the_page_that_a_browser_comes_back_to_uses_nothing_up(at: At, browser: Browser) -> None:
    """It may be opened by whoever looks at links, from another site, without the cookie; sending what it holds signs in."""
    said = at.provider.visit(await browser.go())
    for _ in range(2):
        opened = str(URL("/desk/in").with_query(said))
        status, page = await browser.ask("GET", opened, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
        assert (200, True) == (status, 'id="choice"' in page)

    assert 204 == (await browser.back(said))[0]


async def test_one_gateway_begins_and_another_goes_on(at: At, browser: Browser) -> None:
    """What is under way is in the archive, not in one process; and in it is nothing that signs anybody in."""
    async with gateway_of(at.reads, Provider(registration(at.provider.url), SECRET)) as (url, _):
        said = at.provider.visit(await browser.go()) | {"iss": at.provider.url}
        at.provider._codes[said["code"]]["redirect_uri"] = f"{url}/desk/in"  # both have one address, in earnest
        came = await Browser(browser.http, url).back(said)

    assert 204 == came[0]


@pytest.mark.parametrize(
    ("methods", "secret", "basic", "post"),
    [
        (None, SECRET, "Basic dmlnaWwlMjBkZXNrOmElMjBzZWNyZXQlM0ElMjB3aXRoJTIwJTI1c2lnbnM=", ""),
        (["client_secret_post"], SECRET, "", SECRET),
        (["client_secret_post", "client_secret_basic"], SECRET, "Basic ", ""),
        (None, None, "", ""),
    ],
)
async def test_the_client_proves_who_it_is_as_the_provider_wants_it(
    at: At, methods: list[str] | None, secret: str | None, basic: str, post: str
) -> None:
    """In the header, encoded as RFC 6749 has it; in the form where the provider knows nothing else; a public client not."""
    at.provider.metadata = {"token_endpoint_auth_methods_supported": methods} if methods else {}
    async with gateway_of(at.reads, Provider(registration(at.provider.url), secret)) as (url, _), browser_at(url) as browser:
        await signed_in(at, browser)
    ((header, form),) = at.provider.asked

    assert header.startswith(basic)
    assert bool(header) == bool(basic)
    assert post == form


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS512", RSAKey.generate_key(2048)),
        ("PS256", RSAKey.generate_key(2048)),
        ("ES256", ECKey.generate_key("P-256")),
        ("Ed25519", OKPKey.generate_key("Ed25519")),
    ],
)
async def test_every_usual_signature_of_a_provider_is_known(at: At, browser: Browser, algorithm: str, key: Any) -> None:
    """Beside keys that are of another kind, or for something else."""
    at.provider.keys = [
        {"kty": "AKP", "kid": "new"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
        key.as_dict(private=False, kid="k"),
    ]
    at.provider.signs = lambda claims: jwt.encode({"alg": algorithm, "kid": "k"}, claims, key, algorithms=[algorithm])

    await signed_in(at, browser)


async def test_a_key_that_the_provider_has_changed_is_known_at_once(at: At, browser: Browser) -> None:
    """Nothing of it is kept."""
    await signed_in(at, browser)
    key = RSAKey.generate_key(2048, {"kid": "second"})
    at.provider.keys = [key.as_dict(private=False)]
    at.provider.signs = lambda claims: jwt.encode({"alg": "RS256", "kid": "second"}, claims, key)

    await signed_in(at, browser)


# Refusals: what comes back


async def test_what_was_never_begun_is_refused(at: At, browser: Browser) -> None:
    """With no cookie, with a made-up one, with a state that fits a made-up one, and without a state."""
    said = {"state": "x", "code": "y", "iss": at.provider.url}
    seen = [await browser.back(said)]
    browser.http.cookie_jar.update_cookies({"vigil-begun": "made up"}, URL(at.url))
    seen += [await browser.back(said), await browser.back(said | {"state": oidc._of("made up", "state")}), await browser.back({})]

    assert [(401, "not-authentic")] * 4 == [one[:2] for one in seen]
    assert [] == at.provider.asked


async def test_a_state_that_is_not_of_this_sign_in_is_refused_and_uses_nothing_up(at: At, browser: Browser) -> None:
    """Whatever else fits: an answer that somebody has put in is not taken to the provider."""
    said = at.provider.visit(await browser.go())
    for state in ("x", "ы", said["state"][:-1], said["state"].upper()):
        status, _, why = await browser.back(said | {"state": state})
        assert (401, True) == (status, "not begun in this browser" in why)
    assert [] == at.provider.asked

    assert 204 == (await browser.back(said))[0]


async def test_a_sign_in_is_used_once(at: At, browser: Browser) -> None:
    """The same again, cookie and all, is refused before the provider is asked."""
    said = at.provider.visit(await browser.go())
    begun = browser.cookies()
    await browser.back(said)
    browser.http.cookie_jar.update_cookies(begun, URL(at.url))
    status, _, why = await browser.back(said)

    assert (401, True) == (status, "not begun in this browser, or is over" in why)
    assert 1 == len(at.provider.asked)


async def test_a_sign_in_that_took_too_long_is_over(at: At, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five minutes at the provider."""
    said = at.provider.visit(await browser.go())
    monkeypatch.setattr(at.sessions, "_clock", lambda: datetime.now(UTC) + AWAY)
    status, _, why = await browser.back(said)

    assert (401, True) == (status, "or is over" in why)
    assert [] == at.provider.asked


async def test_another_browser_gets_in_with_nothing_of_it(at: At, browser: Browser) -> None:
    """Whoever is made to open another's answer, or has seen it, is not signed in; even having begun a sign-in of their own. The
    one whose it is still is.
    """
    said = at.provider.visit(await browser.go())
    async with browser_at(at.url) as other:
        without = await other.back(said)
        own = oidc.URL(await other.go()).query["state"]
        mixed = [await other.back(said), await other.back(said | {"state": own})]
        status, _ = await other.ask("GET", "/desk/me")

    assert [401, 401, 401, 401] == [without[0], mixed[0][0], mixed[1][0], status]
    assert 401 == (await browser.back(said))[0]  # its code was spent, in vain: another's verifier does not fit it


async def test_another_site_neither_begins_nor_ends_a_sign_in(at: At, browser: Browser) -> None:
    """What changes something comes from a page of this origin."""
    said = at.provider.visit(await browser.go())
    for path, sent in (("go", {}), ("back", said)):
        status, _ = await browser.ask("POST", f"/desk/in/{path}", sent, Sec_Fetch_Site="cross-site")
        assert 403 == status

    assert 204 == (await browser.back(said))[0]


@pytest.mark.parametrize(
    ("said", "announced", "why"),
    [
        ({"error": "access_denied", "code": ""}, False, "has not signed you in: access_denied"),
        ({"error": "<script>", "code": ""}, True, "has not signed you in"),
        ({"iss": "https://evil.example"}, False, "of another provider"),
        ({"iss": "https://evil.example"}, True, "of another provider"),
        ({"iss": None}, True, "does not say which provider"),
        ({"code": "another"}, False, "does not know this sign-in"),
        ({"code": ""}, False, "does not know this sign-in"),
    ],
    ids=str,
)
async def test_an_answer_that_is_none_is_refused(
    at: At, browser: Browser, said: dict[str, Any], *, announced: bool, why: str
) -> None:
    """An error, another provider's (RFC 9207), a code that is not of this sign-in."""
    at.provider.metadata = {"authorization_response_iss_parameter_supported": announced}
    answer = at.provider.visit(await browser.go()) | said
    status, _, detail = await browser.back({name: value for name, value in answer.items() if value is not None})

    assert 401 == status
    assert why in detail
    assert "script" not in detail


@pytest.mark.parametrize("sent", [[], "x", {"state": 1}, {"state": "x", "more": "y"}, {"state": "\ud800"}], ids=repr)
async def test_what_is_no_answer_is_refused(browser: Browser, sent: Any) -> None:
    """422."""
    await browser.go()

    assert 422 == (await browser.ask("POST", "/desk/in/back", sent))[0]


async def test_nobody_anonymous_sends_more_than_an_answer(browser: Browser) -> None:
    """413 before it is read; a code of a few thousand signs is one."""
    assert 413 == (await browser.ask("POST", "/desk/in/back", {"code": "x" * 8000}))[0]
    assert 401 == (await browser.ask("POST", "/desk/in/back", {"code": "x" * 4000}))[0]
    assert 413 == (await browser.ask("POST", "/desk/in/go", {"code": "x" * 4000}))[0]


# Refusals: what the provider says


OTHER = RSAKey.generate_key(2048, {"kid": "first"})


def bent(claims: dict[str, Any]) -> str:
    """What is right, with another subject put in."""
    head, _, end = rs256(claims).split(".")
    return f"{head}.{rs256(claims | {'sub': 'x'}).split('.')[1]}.{end}"


SIGNED: dict[str, Callable[[dict[str, Any]], str]] = {
    "not at all": unsigned,
    "with the client's secret": hs256(SECRET.encode()),
    "with the public key as a secret": hs256(SIGNS.as_pem(private=False)),
    "with the public key's document as a secret": hs256(json.dumps(SIGNS.as_dict(private=False)).encode()),
    "with another key of that name": lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, OTHER),
    "with a key that nobody knows": lambda claims: jwt.encode({"alg": "RS256", "kid": "x"}, claims, OTHER),
    "with a key that it brings along": lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "first", "jwk": OTHER.as_dict(private=False)}, claims, OTHER
    ),
    "and changed": bent,
    "and cut": lambda claims: rs256(claims)[:-4],
    "and encrypted": lambda claims: jwt.encode(
        {"alg": "RSA-OAEP", "enc": "A128GCM"}, claims, OTHER, algorithms=["RSA-OAEP", "A128GCM"], registry=JWERegistry()
    ),
    "as nonsense": lambda _: "a.b.c",
    "as what is no text of a token": lambda _: "ы",
    "as dots": lambda _: "." * 50_000,
    "as no claims": lambda _: jwt.encode({"alg": "RS256", "kid": "first"}, {}, SIGNS),
}


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"iss": "https://evil.example"}, "of another issuer"),
        ({"aud": "another"}, "for another application"),
        ({"aud": [CLIENT, "another"]}, "for another application"),
        ({"aud": [], "azp": CLIENT}, "for another application"),
        ({"azp": "another"}, "for another application"),
        ({"nonce": "another"}, "of another sign-in"),
        ({"nonce": "ы"}, "of another sign-in"),
        ({"exp": -61}, "has expired"),
        ({"exp": -100_000}, "has expired"),
        ({"iat": -500}, "not made just now"),
        ({"iat": 500}, "not made just now"),
        *(({name: None}, "says too little") for name in ("iss", "sub", "aud", "exp", "iat", "nonce")),
        ({"exp": "soon"}, "says too little"),
        ({"sub": 248289761001}, "says too little"),
        ({"sub": [SUBJECT]}, "says too little"),
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    at: At, browser: Browser, says: dict[str, Any], why: str
) -> None:
    """However well it is signed (OpenID Connect Core 1.0, section 3.1.3.7)."""
    at.provider.says = says
    status, _, detail = await browser.back(at.provider.visit(await browser.go()))

    assert 401 == status
    assert why in detail
    assert "vigil" not in browser.cookies()


@pytest.mark.parametrize("way", SIGNED)
async def test_an_id_token_that_the_provider_has_not_signed_is_refused(at: At, browser: Browser, way: str) -> None:
    """Whatever else could be taken for its signature is not."""
    at.provider.signs = SIGNED[way]
    status, _, detail = await browser.back(at.provider.visit(await browser.go()))

    assert (401, True) == (status, "not signed by a key" in detail)
    assert "vigil" not in browser.cookies()


async def test_a_provider_that_does_not_know_this_installation_is_told_of_so(at: At, browser: Browser) -> None:
    """The operator reads in the log which of the errors of RFC 6749 it is."""
    said = at.provider.visit(await browser.go())
    at.provider.instead = {"/token": refuses}

    assert (503, "the provider at 127.0.0.1 gives no ID token: invalid_client") == (await browser.back(said))[::2]


async def test_a_provider_that_gives_no_id_token_signs_nobody_in(at: At, browser: Browser) -> None:
    """An access token says nothing of who has signed in."""
    at.provider.signs = lambda _: ""

    assert 503 == (await browser.back(at.provider.visit(await browser.go())))[0]


@pytest.mark.parametrize("keys", [[], [{}], [{"kty": "RSA"}], ["x"], [{"kty": "RSA", "n": 1, "e": []}], None], ids=str)
async def test_keys_that_are_none_verify_nothing(at: At, browser: Browser, keys: Any) -> None:
    """Refused, and no fault of ours."""
    at.provider.keys = keys

    assert (await browser.back(at.provider.visit(await browser.go())))[0] in (401, 503)


async def test_who_is_not_in_the_file_is_not_signed_in(at: At, browser: Browser) -> None:
    """However well the provider knows them; they are told whom to ask."""
    at.provider.says = {"sub": "somebody-else"}
    status, code, detail = await browser.back(at.provider.visit(await browser.go()))

    assert (403, "not-allowed") == (status, code)
    assert "not one of those who may sign in here so" in detail


# Refusals: a provider that does not do its part


async def hangs(_: web.Request) -> web.StreamResponse:
    """For ever."""
    await asyncio.Event().wait()
    raise AssertionError


async def endless(request: web.Request) -> web.StreamResponse:
    """An answer without an end."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b" " * 10_000)


async def bomb(_: web.Request) -> web.StreamResponse:
    """Small, and large once unpacked."""
    answer = web.Response(body=b'{"issuer": "' + b"x" * 10_000_000 + b'"}')
    answer.enable_compression(web.ContentCoding.gzip)
    return answer


async def elsewhere(request: web.Request) -> web.StreamResponse:
    """A redirect, to where all is well."""
    raise web.HTTPTemporaryRedirect(f"{request.path}?honestly")


async def refuses(_: web.Request) -> web.StreamResponse:
    """Who asks."""
    return web.json_response({"error": "invalid_client"}, status=401)


async def nonsense(_: web.Request) -> web.StreamResponse:
    """No JSON."""
    return web.Response(text="<html>", content_type="text/html")


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
@pytest.mark.parametrize(
    ("instead", "why"),
    [
        (hangs, "does not answer"),
        (endless, "more than 100000 bytes"),
        (bomb, "something else than expected"),
        (elsewhere, "something else than expected"),
        (nonsense, "something else than expected"),
        (refuses, ""),
    ],
)
async def test_a_provider_that_does_not_do_its_part_is_left(  # noqa: PLR0917 - a table
    at: At, browser: Browser, monkeypatch: pytest.MonkeyPatch, instead: Any, why: str, path: str
) -> None:
    """Soon, read no further than an answer may be long, followed nowhere: 503, which says how to sign in all the same."""
    monkeypatch.setattr(oidc, "PATIENCE", 0.3 if instead is hangs else 5.0)
    said = at.provider.visit(await browser.go())
    at.provider.instead = {path: instead}
    async with asyncio.timeout(60):
        answers = [await browser.ask("POST", "/desk/in/back", said)]
        if path.startswith("/."):
            answers.append(await browser.ask("POST", "/desk/in/go", {}))
    for status, text in answers:
        assert (503, True, True) == (status, "vigil sign-in" in text, why in text), text
    assert 200 == (await browser.ask("GET", "/desk/in"))[0]


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user:password@login.example"},
    ],
    ids=str,
)
async def test_a_provider_that_says_of_itself_what_cannot_be_is_not_gone_to(
    at: At, browser: Browser, metadata: dict[str, Any]
) -> None:
    """Another issuer (OpenID Connect Discovery 1.0, section 4.3), an address in the open, an address that is none."""
    at.provider.metadata = metadata

    assert 503 == (await browser.ask("POST", "/desk/in/go", {}))[0]


async def test_while_the_provider_is_away_everything_else_works(at: At) -> None:
    """Nothing listens there: told soon; the gateway has started, and its pages open."""
    away = f"http://127.0.0.1:{free_ports(1)[0]}"
    async with gateway_of(at.reads, Provider(registration(away), None)) as (url, _), browser_at(url) as browser:
        status, text = await browser.ask("POST", "/desk/in/go", {})
        pages_ = [(await browser.ask("GET", path))[0] for path in ("/desk/in", "/v1/openapi.json")]

    assert (503, True) == (status, "does not answer" in text)
    assert [200, 200] == pages_


# What nobody learns


async def test_nothing_of_a_person_or_a_secret_is_in_the_log_or_in_what_is_said(
    at: At, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    """Each refusal leaves a line with its reason; no subject, code, state, token or secret in it, nor in what is answered."""
    caplog.set_level(logging.DEBUG)
    told, kept = [], []
    for says in ({}, {"sub": "a-stranger"}, {"aud": "x"}, {"nonce": "x"}, {"iss": "https://evil.example"}):
        at.provider.says = says
        said = at.provider.visit(await browser.go())
        kept += [said["state"], said["code"], *browser.cookies().values(), *at.provider._codes[said["code"]].values()]
        told.append((await browser.back(said))[2])
    secret = [*(one for one in kept if len(one) > 20 and not one.startswith("http")), SUBJECT, "a-stranger", SECRET]
    lines = [one for one in caplog.messages if "no sign-in through the provider" in one]

    assert 4 == len(lines)
    assert [] == [one for one in secret if one in caplog.text or one in str(told)]


async def test_what_the_archive_holds_signs_nobody_in(at: At, browser: Browser) -> None:
    """Digests, of what only the browser has, or of whom only the file names."""
    await browser.go()
    async with at.reads._database.reading() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM begun")).all()
        rows += (await connection.exec_driver_sql("SELECT * FROM sessions")).all()

    assert rows
    assert SUBJECT not in str(rows)
    assert not {*browser.cookies().values()} & {one for row in rows for one in row}


# What such a session is good for


@pytest.mark.parametrize("name", sorted(SIGNING))
async def test_who_came_in_without_a_key_is_shown_nothing_to_sign(at: At, browser: Browser, name: str) -> None:
    """403, and how to say it all the same."""
    await signed_in(at, browser)
    (route,) = [one for one in pages if isinstance(one, web.RouteDef) and one.kwargs["name"] == name]
    status, text = await browser.ask(
        route.method, route.path.replace("{delivery}", "amber-heron"), {} if name == "desk.say" else None
    )

    assert 403 == status
    assert "with the vigil command" in text


async def test_such_a_session_gets_nothing_of_the_api(at: At, browser: Browser) -> None:
    """The cookie is no proof."""
    await signed_in(at, browser)

    assert 401 == (await browser.ask("GET", "/v1/deliveries"))[0]


async def test_what_a_supervisor_sees_so_is_recorded_as_anything_else(temporal: Client) -> None:
    """Every delivery, the whole of it, with no form; each page is in the log of reads under the officer's code."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with ours() as provider:
        openid = Provider(registration(provider.url), SECRET)
        async with installed(temporal, plan, None, openid=openid) as here, browser_at(here.url) as browser:
            await here.gateway(plan.initiator).start(signed_plan(plan))
            await here.opened(plan, "consent-uz")
            assert 204 == (await browser.back(provider.visit(await browser.go())))[0]
            home = f"/desk/deliveries/{plan.operation}"
            seen = [await browser.ask("GET", path) for path in (home, "/desk/deliveries", "/desk/floor")]
            reads = [one for one in (await here.reads.page(0, 1000)).reads if one.service == "supervision"]

    assert [200] * 3 == [status for status, _ in seen]
    assert plan.title in seen[0][1]
    assert "/stop" not in seen[0][1]
    assert "/answer" not in "".join(page for _, page in seen)
    assert {(OFFICER, "supervisor")} == {(one.officer, one.role) for one in reads}
    assert ["view", "list"] == [one.action for one in reads][:2]
    assert reads[0].last, "the page of a delivery shows entries of its ledger"


@pytest.mark.parametrize("officers", [None, {"somebody-else": OFFICER}, {SUBJECT: "S-2"}], ids=str)
async def test_who_is_no_longer_in_the_file_is_out_when_the_gateway_has_read_it(
    at: At, browser: Browser, officers: dict[str, str] | None
) -> None:
    """Also where the code is another's now, and where there is no provider any more; for good, at every gateway."""
    await signed_in(at, browser)
    openid = Provider(registration(at.provider.url, officers=officers), SECRET) if officers else None
    async with gateway_of(at.reads, openid) as (url, _):
        after = (await Browser(browser.http, url).ask("GET", "/desk/me"))[0]

    assert 401 == after
    assert 401 == (await browser.ask("GET", "/desk/me"))[0]


async def test_another_provider_does_not_take_over_the_sessions_of_the_one_before(at: At, browser: Browser) -> None:
    """The same subject of another issuer is another person."""
    await signed_in(at, browser)
    async with gateway_of(at.reads, Provider(registration("https://login.example"), SECRET)) as (url, _):
        assert 401 == (await Browser(browser.http, url).ask("GET", "/desk/me"))[0]


@pytest.mark.parametrize("change", ["left", "auditor", "police"])
async def test_a_service_that_does_not_supervise_any_more_has_nobody_signed_in_so(at: At, browser: Browser, change: str) -> None:
    """It left the directory, or is of another kind: out at the next request, and nobody gets in anew."""
    await signed_in(at, browser)
    rest = tuple(one for one in DIRECTORY.services if one.id != "supervision")
    kept = DIRECTORY.get("supervision").model_copy(update={"kind": change, "state": "KZ"})
    at.in_force.replace(DIRECTORY.model_copy(update={"services": rest if change == "left" else (*rest, kept)}))
    out = (await browser.ask("GET", "/desk/me"))[0]
    await browser.back(at.provider.visit(await browser.go()))

    assert [401, 401] == [out, (await browser.ask("GET", "/desk/me"))[0]]


async def test_a_session_by_a_key_is_as_it_was(at: At) -> None:
    """A supervisor who signed in by a link has pages to sign on, and is in no file."""
    token = await at.sessions.link(SignedIn("supervision", "S-7", _key_of_supervision()), "nonce")
    async with browser_at(at.url) as browser:
        assert 204 == (await browser.ask("POST", "/desk/in", {"token": token[0]}))[0]
        status, page = await browser.ask("GET", "/desk/deliveries/amber-heron/stop")

    assert (200, True) == (status, "stop.js" in page)


def _key_of_supervision() -> str:
    return next(iter(DIRECTORY.get("supervision").keys_at(datetime.now(UTC))))


# Off, and shared


async def test_without_the_setting_there_is_no_such_way(at: At) -> None:
    """No route, no button, not a word of it."""
    async with gateway_of(at.reads, None) as (url, _), browser_at(url) as browser:
        answers = [(await browser.ask("POST", f"/desk/in/{path}", {}))[0] for path in ("go", "back")]
        shown = [(await browser.ask("GET", path))[1] for path in ("/desk/in", "/desk", "/desk/in?state=x&code=y")]

    assert [404, 404] == answers
    assert not [page for page in shown if "Sign in with" in page or "choice" in page]


async def test_with_it_who_is_not_signed_in_is_shown_the_button(browser: Browser) -> None:
    """On the page of the door and on the refusal, in the reader's language; the link of the command works as before."""
    shown = [await browser.ask("GET", path, Accept_Language="ru") for path in ("/desk/in", "/desk")]

    assert [200, 401] == [status for status, _ in shown]
    assert all("Войти через 127.0.0.1" in page for _, page in shown)


async def test_strangers_share_what_they_may_begin_and_nothing_else(
    at: At, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 with when to ask again, before anything is written or the provider is asked; who is under way goes on."""
    monkeypatch.setitem(limits.SHARES, "enter", Share(burst=2, seconds=86_400, under_way=16))
    async with gateway_of(at.reads, Provider(registration(at.provider.url), SECRET)) as (url, _), browser_at(url) as other:
        said = at.provider.visit(await other.go())
        await Browser(browser.http, url).go()
        async with browser.http.post(f"{url}/desk/in/go", json={}, headers=SAME) as answer:
            assert (429, True) == (answer.status, "Retry-After" in answer.headers)

        assert 204 == (await other.back(said))[0]
        assert 200 == (await other.ask("GET", "/desk/me"))[0]


def test_its_routes_are_for_anybody_and_known_to_the_door() -> None:
    """They say nothing of a delivery, a service or a person."""
    names = {route.kwargs["name"] for route in routes.routes if isinstance(route, web.RouteDef)}

    assert {"desk.go", "desk.back"} == names
    assert {None} == {ACTIONS[name] for name in names}
    assert PROVIDER is oidc.PROVIDER


# The file


def written(tmp_path: Path, **changed: Any) -> Path:
    """The example, changed; its secret beside it."""
    known = {
        "issuer": "https://login.example",
        "client_id": "vigil",
        "client_secret_file": "oidc.secret",
        "service": "supervision",
    }
    known |= {"officers": {"248289761001": "S-1"}}
    file = tmp_path / "oidc.yaml"
    file.write_text(json.dumps({name: value for name, value in (known | changed).items() if value is not None}))
    (tmp_path / "oidc.secret").write_text("s3cret\n")
    return file


def test_the_example_is_a_registration(tmp_path: Path) -> None:
    """As it is shipped, with its secret beside it, for the example's directory."""
    (tmp_path / "oidc.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"))
    (tmp_path / "oidc.secret").write_text("s3cret\n")
    found, secret = registration_in(tmp_path / "oidc.yaml", example_directory())

    assert ("supervision", "s3cret") == (found.service, secret)
    assert {"S-1", "S-2"} == set(found.officers.values())


def test_a_public_client_has_no_secret(tmp_path: Path) -> None:
    """Where the file names none."""
    assert registration_in(written(tmp_path, client_secret_file=None), example_directory())[1] is None


@pytest.mark.parametrize(
    ("changed", "place", "problem"),
    [
        ({"issuer": None}, "issuer", "is missing"),
        ({"issuer": "http://login.example"}, "issuer", "expected https://"),
        ({"issuer": "login.example"}, "issuer", "expected an address"),
        ({"issuer": "https://login.example?x=y"}, "issuer", "has no query"),
        ({"client_id": ""}, "client_id", "is empty"),
        ({"client_secret": "s3cret"}, "client_secret", "no such field"),
        ({"service": "nobody.here"}, "service", "no service nobody.here"),
        ({"service": "kz.police"}, "service", "only those of a service of kind supervisor"),
        ({"service": "audit"}, "service", "only those of a service of kind supervisor"),
        ({"officers": {}}, "officers", "at least 1"),
        ({"officers": {"248289761001": "two words"}}, "officers", "Officer code"),
        ({"officers": {"a": "S-1", "b": "S-1"}}, "officers", "stands twice"),
        ({"officers": ["248289761001"]}, "officers", "names with their values"),
    ],
    ids=str,
)
def test_a_file_that_is_not_right_is_refused_at_its_place(
    tmp_path: Path, changed: dict[str, Any], place: str, problem: str
) -> None:
    """With the file, the field and what would be right, and without whom it names."""
    with pytest.raises(Malformed) as refused:
        registration_in(written(tmp_path, **changed), example_directory())
    text = " ".join(str(fault) for fault in refused.value.faults)

    assert re.search(rf"oidc\.yaml:\d+: {place}: .*{problem}", text), text
    assert "248289761001" not in text + refused.value.message


@pytest.mark.parametrize("secret", [None, "", " \n"])
def test_a_secret_that_is_not_there_is_refused(tmp_path: Path, secret: str | None) -> None:
    """No file, or nothing in it."""
    file = written(tmp_path)
    (tmp_path / "oidc.secret").unlink()
    if secret is not None:
        (tmp_path / "oidc.secret").write_text(secret)

    with pytest.raises((Malformed, NotFound), match=r"oidc\.secret"):
        registration_in(file, example_directory())


async def test_a_gateway_with_a_file_that_is_not_right_does_not_start(tmp_path: Path) -> None:
    """Rather than that nobody can sign in later; the setting names the file."""
    (tmp_path / "vigil.pem").write_bytes(private_pem(private_key_of(VIGIL)))
    (tmp_path / "directory.yaml").write_text(DIRECTORY.model_dump_json(exclude_none=True))  # JSON is YAML too
    chosen = Settings(
        directory=tmp_path / "directory.yaml",
        cards=EXAMPLES / "cards",
        key=tmp_path / "vigil.pem",
        payload_keys=tmp_path / "payload.keys",
        archive_url=f"sqlite+aiosqlite:///{tmp_path}/archive.db",
        oidc=written(tmp_path, service="kz.knb"),
    )

    with pytest.raises(Malformed, match=r"oidc\.yaml: 1 fault"):
        await run(chosen, asyncio.Event())
