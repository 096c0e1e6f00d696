"""OpenID providers for tests, on the loopback interface: one that others have written, and one of ours that can do wrong."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey
from yarl import URL

from rehearsal.over_http import free_ports

CLIENT, SECRET = "vigil desk", "a secret: with %signs"
SUBJECT = "248289761001-of-the-provider"
SIGNS = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def of_others() -> AsyncIterator[str]:
    """The address of `oidc-provider-mock`, in a process of its own: it signs in whoever says who they are. Its host is for a
    browser another site than that of a gateway at 127.0.0.1.
    """
    port = free_ports(1)[0]
    words = ("-m", "oidc_provider_mock", "--port", str(port), "--require-nonce")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stderr=asyncio.subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession() as http:
            while not await _answers(http, url):
                assert process.returncode is None
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(f"{url}/.well-known/openid-configuration") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        await asyncio.sleep(0.05)
        return False


def rs256(claims: dict[str, Any]) -> str:
    """As it should be."""
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, SIGNS)


@dataclass
class Ours:
    """A provider that checks what it is asked as strictly as RFC 6749 and RFC 7636 let it, and lies as the test wants it to."""

    url: str
    says: dict[str, Any] = field(default_factory=dict)
    """Claims that are otherwise than they should be; None: not there. A time is in seconds from now."""
    signs: Callable[[dict[str, Any]], str] = rs256
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=lambda: [SIGNS.as_dict(private=False)])
    instead: dict[str, Handler] = field(default_factory=dict)
    """Path to who answers there instead, unless it is asked to answer honestly."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """How the client has proved who it is at the token endpoint: `Authorization`, and its secret in the form."""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        """Honest again."""
        vars(self).update(vars(Ours(self.url)))

    def visit(self, address: str) -> dict[str, str]:
        """What a browser that goes there brings back, its user having signed in."""
        asked = dict(URL(address).query)
        assert str(URL(address).with_query(None)) == f"{self.url}/authorize"
        assert ("code", "openid", CLIENT, "S256") == tuple(
            asked[name] for name in ("response_type", "scope", "client_id", "code_challenge_method")
        )
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return {"state": asked["state"], "code": code, "iss": self.url}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Whatever is asked."""
        if request.path in self.instead and "honestly" not in request.query:
            return await self.instead[request.path](request)
        if request.path == "/.well-known/openid-configuration":
            named = {"issuer": self.url, "authorization_endpoint": f"{self.url}/authorize"}
            named |= {"token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys"}
            return web.json_response(named | self.metadata)
        if request.path == "/keys":
            return web.json_response({"keys": self.keys})
        assert ("POST", "/token") == (request.method, request.path)
        form = await request.post()
        self.asked.append((request.headers.get("Authorization", ""), str(form.get("client_secret", ""))))
        begun = self._codes.pop(str(form["code"]), None)
        challenge = _text(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        if begun is None or (challenge, form["redirect_uri"]) != (begun["code_challenge"], begun["redirect_uri"]):
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {"iss": self.url, "sub": SUBJECT, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": begun["nonce"]}
        moments = {name: now + value for name, value in self.says.items() if name in ("iat", "exp") and isinstance(value, int)}
        told = {name: value for name, value in (claims | self.says | moments).items() if value is not None}
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": self.signs(told)})


@asynccontextmanager
async def ours() -> AsyncIterator[Ours]:
    """Ours, answering."""
    port = free_ports(1)[0]
    provider = Ours(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield provider
    finally:
        await runner.cleanup()


def unsigned(claims: dict[str, Any]) -> str:
    """`alg: none` (RFC 7519, section 6)."""
    return f"{_parts({'alg': 'none'}, claims)}."


def hs256(secret: bytes) -> Callable[[dict[str, Any]], str]:
    """With something that is no secret of the provider alone. By hand: the library takes no public key for a secret."""

    def sign(claims: dict[str, Any]) -> str:
        parts = _parts({"alg": "HS256", "kid": "first"}, claims)
        return f"{parts}.{_text(hmac.digest(secret, parts.encode(), 'sha256'))}"

    return sign


def _parts(*parts: dict[str, Any]) -> str:
    return ".".join(_text(json.dumps(one).encode()) for one in parts)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
