"""Signing in through an OpenID provider, for the supervisors of an installation that has one. Off unless it is set up.

The authorization code flow of OpenID Connect Core 1.0 (section 3.1) as RFC 9700 wants it: PKCE with S256 (RFC 7636), `state`,
`nonce`, and the provider's `iss` in its answer (RFC 9207). The provider is found by OpenID Connect Discovery 1.0.

A browser that goes there holds one random token, in a cookie: state, nonce and code verifier are made from it, so that what was
begun in another browser fits none of them. What the provider says counts only in an ID token that it has signed for this
installation and for this sign-in. Nothing of the provider is kept from one sign-in to the next: they are rare, and so a key that
it has changed is known at once.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError
from yarl import URL

from archive.sessions import AWAY, SignedIn
from domain.plan.access import supervises
from domain.plan.directory import Service
from domain.signing.canonical import digest_of_bytes
from domain.words.errors import NotAllowed, NotAuthentic, Unavailable
from domain.words.text import fill, mark
from gateway.oidc_settings import Address, Registration

SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""How an ID token may be signed: asymmetrically, and so neither `none` nor with a secret that somebody else may have."""
KEY_TYPES = ("RSA", "EC", "OKP")
PATIENCE = 10.0
"""Seconds for all that is asked of the provider at one step."""
LARGEST_ANSWER = 100_000
"""Bytes of one answer of the provider."""
SKEW = 60.0
"""Seconds by which the provider's clock may differ from ours."""
ERRORS = (
    "access_denied", "account_selection_required", "consent_required", "interaction_required", "invalid_client", "invalid_grant",
    "invalid_request", "invalid_scope", "login_required", "server_error", "temporarily_unavailable", "unauthorized_client",
    "unsupported_grant_type", "unsupported_response_type",
)  # fmt: skip
"""Errors of RFC 6749 and OpenID Connect that an operator is told; what else stands there may be anything."""
OTHERWISE = mark("try again, or sign in with `vigil sign-in`")


class _Metadata(BaseModel):
    """What a provider says of itself, as far as it is needed (OpenID Connect Discovery 1.0, section 3; RFC 9207, section 3)."""

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(BaseModel):
    """What the token endpoint answers, or why it does not."""

    id_token: str = ""
    error: str = ""


class _Keys(BaseModel):
    keys: list[dict[str, Any]]


class _IdTokenClaims(BaseModel):
    """Of an ID token (OpenID Connect Core 1.0, section 2)."""

    model_config = ConfigDict(strict=True)

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str
    azp: str | None = None


class AuthorizationResponse(BaseModel):
    """What a browser brings back from the provider (RFC 6749, section 4.1.2; RFC 9207)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    state: str = ""
    code: str = ""
    iss: str | None = None
    error: str | None = None


M = TypeVar("M", bound=BaseModel)


class Provider:
    """The provider, as one who relies on it deals with it."""

    def __init__(self, registration: Registration, secret: str | None) -> None:
        """`secret` is the client's; None for a public client."""
        self._known = registration
        self._secret = secret
        self.host = URL(registration.issuer).host or ""

    def admits(self, who: SignedIn, service: Service) -> bool:
        """Whether one who has signed in so before still could. `service` is theirs, as the directory in force has it."""
        subjects = {self._subject(sub): officer for sub, officer in self._known.officers.items()}
        return who.service == self._known.service and supervises(service) and subjects.get(who.subject or "") == who.officer

    async def address(self, token: str, back: str) -> str:
        """Where the browser goes; it comes back to the address `back`. Raises `Unavailable`."""
        async with self._asked() as http:
            metadata = await self._metadata(http)
        query = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self._known.client_id,
            "redirect_uri": back,
            "state": _of(token, "state"),
            "nonce": _of(token, "nonce"),
            "code_challenge": _text(hashlib.sha256(_of(token, "verifier").encode()).digest()),
            "code_challenge_method": "S256",
        }
        return str(URL(metadata.authorization_endpoint).update_query(query))

    @staticmethod
    def check_begun(token: str, answer: AuthorizationResponse) -> None:
        """Raises `NotAuthentic` unless this answers what was begun with this token."""
        if not token or not _same(answer.state, _of(token, "state")):
            raise NotAuthentic(mark("this sign-in was not begun in this browser"), hint=mark("begin again here"))

    async def named(self, token: str, answer: AuthorizationResponse, back: str) -> SignedIn:
        """Whom the provider names. Raises `NotAuthentic`, `NotAllowed` or `Unavailable`."""
        if answer.error is not None:
            raise NotAuthentic(
                fill("the provider at {host} has not signed you in{why}", host=self.host, why=_named(answer.error)),
                hint=OTHERWISE,
            )
        async with self._asked() as http:
            metadata = await self._metadata(http)
            if answer.iss is None and metadata.authorization_response_iss_parameter_supported:
                raise NotAuthentic(mark("the answer does not say which provider it is of"), hint=OTHERWISE)
            if answer.iss not in (None, self._known.issuer):
                raise NotAuthentic(mark("the answer is of another provider"), hint=OTHERWISE)
            id_token = await self._exchanged(http, metadata, answer.code, _of(token, "verifier"), back)
            keys = (await self._fetched(http, _Keys, metadata.jwks_uri)).keys
        sub = self._verified(id_token, keys, _of(token, "nonce")).sub
        if sub not in self._known.officers:
            message = fill(
                "the provider at {host} knows you, and you are not one of those who may sign in here so", host=self.host
            )
            raise NotAllowed(message, hint=mark("whoever runs this installation enters you, if you are to"))
        return SignedIn(self._known.service, self._known.officers[sub], None, self._subject(sub))

    def _subject(self, sub: str) -> str:
        return digest_of_bytes(f"{self._known.issuer} {sub}".encode())

    async def _metadata(self, http: aiohttp.ClientSession) -> _Metadata:
        metadata = await self._fetched(http, _Metadata, f"{self._known.issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.issuer != self._known.issuer:
            raise Unavailable(
                fill("the provider at {host} calls itself another issuer than it should", host=self.host), hint=OTHERWISE
            )
        return metadata

    async def _exchanged(self, http: aiohttp.ClientSession, metadata: _Metadata, code: str, verifier: str, back: str) -> str:
        """The ID token for this code. The client's secret goes in the header unless the provider wants it in the form alone."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        headers = {}
        if self._secret is None:
            form["client_id"] = self._known.client_id
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            name, secret = quote(self._known.client_id, safe=""), quote(self._secret, safe="")  # RFC 6749, section 2.3.1
            headers["Authorization"] = aiohttp.encode_basic_auth(name, secret)
        else:
            form |= {"client_id": self._known.client_id, "client_secret": self._secret}
        tokens = await self._fetched(http, _Tokens, metadata.token_endpoint, form, headers)
        if tokens.error == "invalid_grant":
            raise NotAuthentic(
                fill("the provider at {host} does not know this sign-in, or not any more", host=self.host), hint=OTHERWISE
            )
        if not tokens.id_token:
            raise Unavailable(
                fill("the provider at {host} gives no ID token{why}", host=self.host, why=_named(tokens.error)), hint=OTHERWISE
            )
        return tokens.id_token

    def _verified(self, id_token: str, keys: Iterable[dict[str, Any]], nonce: str) -> _IdTokenClaims:
        """The claims of an ID token, as OpenID Connect Core 1.0, section 3.1.3.7, has it. Raises `NotAuthentic`."""
        try:
            known = KeySet.import_key_set({"keys": [key for key in keys if key.get("kty") in KEY_TYPES]})
            claims = _IdTokenClaims.model_validate(jwt.decode(id_token, known, algorithms=SIGNATURES).claims)
        except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:  # it comes from outside
            raise _false(fill("is not signed by a key of the provider, or says too little")) from error
        now = datetime.now(UTC).timestamp()
        faults = {
            fill("is of another issuer"): claims.iss != self._known.issuer,
            fill("is for another application"): claims.aud not in (self._known.client_id, [self._known.client_id])
            or claims.azp not in (None, self._known.client_id),
            fill("is of another sign-in"): not _same(claims.nonce, nonce),
            fill("has expired"): not now < claims.exp + SKEW,
            fill("was not made just now"): not abs(now - claims.iat) < AWAY.total_seconds() + SKEW,
        }
        for why, wrong in faults.items():
            if wrong:
                raise _false(why)
        return claims

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[aiohttp.ClientSession]:
        """For asking the provider, which has `PATIENCE`. Raises `Unavailable`."""
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(PATIENCE),
                aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False) as http,
            ):
                yield http
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unavailable(fill("the provider at {host} does not answer", host=self.host), hint=OTHERWISE) from error

    async def _fetched(
        self,
        http: aiohttp.ClientSession,
        model: type[M],
        url: str,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> M:
        """What is there, or with a form what it is answered, read no further than it may be long. Raises `Unavailable`."""
        data = bytearray()
        async with http.request(
            "GET" if form is None else "POST", url, data=form, headers=headers, allow_redirects=False
        ) as answer:
            async for piece in answer.content.iter_any():
                data += piece
                if len(data) > LARGEST_ANSWER:
                    message = fill(
                        "the provider at {host} answers with more than {count} bytes", host=self.host, count=LARGEST_ANSWER
                    )
                    raise Unavailable(message, hint=OTHERWISE)
        try:
            return model.model_validate_json(bytes(data))
        except ValidationError as error:
            raise Unavailable(
                fill("the provider at {host} answers with something else than expected", host=self.host), hint=OTHERWISE
            ) from error


PROVIDER: web.AppKey[Provider] = web.AppKey("provider", Provider)
"""There is none unless it is set up."""


def _of(token: str, purpose: str) -> str:
    """One of the values of a sign-in, of which none tells anything of another: 43 characters, as RFC 7636 wants of a verifier."""
    return _text(hmac.digest(token.encode(), purpose.encode(), "sha256"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _named(error: str) -> str:
    return f": {error}" if error in ERRORS else ""


def _false(why: str) -> NotAuthentic:
    return NotAuthentic(fill("what the provider says of you {why}", why=why), hint=OTHERWISE)
