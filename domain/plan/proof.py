"""Who is calling: a short-lived token made with the caller's own key for this one request, and nothing else.

A JSON Web Token (RFC 7519, signed as RFC 9864 `Ed25519`) with the claims of DPoP (RFC 9449): method `htm`, absolute URL `htu`, a
unique `jti`, and the SHA-256 of the body as `bod`. It is worthless for another request, at another address, and after a minute
for any. Where a person calls, `sub` is the officer's code. A key that is an officer's proves that it is that officer who calls:
another code is refused, and none need be given. No password and no bearer secret exists that could be stolen from a file.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import extract_compact
from pydantic import Field, ValidationError

from domain.plan.directory import Directory, Service
from domain.signing.canonical import Frozen, digest_of_bytes
from domain.signing.keys import KeyId, key_id, private_pem, public_key, public_text
from domain.words.errors import NotAuthentic
from domain.words.identifiers import OfficerCode

SCHEME = "Vigil"
Nonce = Annotated[str, Field(min_length=1, max_length=200)]
_OF_ANOTHER = "the proof was made for another request"
LIFETIME = 60
"""Seconds either way that a proof's time may differ from ours."""


class Caller(Frozen):
    """Who made a proof: a service, and the officer of it who called, where it was a person."""

    service: Service
    key: KeyId
    """Whose private half made it."""
    officer: OfficerCode | None
    nonce: Nonce
    """The proof's `jti`, which must not be accepted twice."""
    body: Annotated[str, Field(max_length=64)]
    """SHA-256 that the body must have: the proof's `bod`."""

    def check_body(self, body: bytes) -> None:
        """Raises `NotAuthentic` unless the proof was made for these bytes."""
        if self.body != digest_of_bytes(body):
            raise NotAuthentic(_OF_ANOTHER, hint="sign the body's bytes exactly as they are sent")


def make(  # noqa: PLR0913 - one request has these parts
    service: str,
    key: Ed25519PrivateKey,
    method: str,
    url: str,
    body: bytes,
    *,
    now: datetime,
    nonce: str,
    officer: str | None = None,
) -> str:
    """Value of the `Authorization` header. `url` is absolute, with the query, as sent; `nonce` is unique."""
    claims = {
        "iss": service,
        "iat": int(now.timestamp()),
        "jti": nonce,
        "htm": method.upper(),
        "htu": url,
        "bod": digest_of_bytes(body),
        **({"sub": officer} if officer is not None else {}),
    }
    header = {"alg": "Ed25519", "typ": "dpop+jwt", "kid": key_id(public_text(key))}
    return f"{SCHEME} {jwt.encode(header, claims, OKPKey.import_key(private_pem(key)), algorithms=['Ed25519'])}"


def check(  # noqa: PLR0913
    header: str | None, directory: Directory, method: str, url: str, body: bytes, *, now: datetime
) -> Caller:
    """Who made the proof for this request to this absolute URL, body and all. Raises `NotAuthentic` with a hint."""
    caller = identify(header, directory, method, url, now=now)
    caller.check_body(body)
    return caller


def identify(header: str | None, directory: Directory, method: str, url: str, *, now: datetime) -> Caller:
    """Who made the proof, before the body is read: nothing is received of anyone who has not proved who they are.

    What is cheap is looked at first, the signature last. Raises `NotAuthentic` with a hint; the reasons that would help an
    attacker are not told apart.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme != SCHEME or not token:
        message = "this request is not signed"
        raise NotAuthentic(message, hint="sign each request with the service's own key, see docs/protocol.md")
    kid, claims = _parts(token)
    service = directory.find(str(claims.get("iss")))
    key = service.keys_at(now).get(kid) if service is not None else None
    unknown = NotAuthentic(
        "no valid key of a known service signed this request",
        hint="check the service id, its key in the directory and the key's validity",
    )
    if service is None or key is None:
        raise unknown
    if abs(int(now.timestamp()) - _whole(claims.get("iat"))) > LIFETIME:
        message = f"the proof's time differs from ours ({now.isoformat(timespec='seconds')}) by more than {LIFETIME} s"
        raise NotAuthentic(message, hint="set the clock right, or sign again")
    if (claims.get("htm"), claims.get("htu")) != (method.upper(), url):
        raise NotAuthentic(_OF_ANOTHER, hint=f"sign the method, the body's bytes as sent, and the address {url}")
    if not _signed_by(token, key):
        raise unknown
    try:
        caller = Caller(service=service, key=kid, officer=claims.get("sub"), nonce=claims.get("jti"), body=claims.get("bod"))
    except ValidationError as error:
        message = "the proof needs `bod`, a unique `jti` of 1 to 200 characters, and of a person the officer's code as `sub`"
        raise NotAuthentic(message, hint="see docs/protocol.md, section 3") from error
    if caller.officer is not None:
        service.check_officer(kid, caller.officer)
    return caller.model_copy(update={"officer": caller.officer or service.officer_of(kid)})


def _parts(token: str) -> tuple[str, Mapping[str, Any]]:
    """Key id and claims, before anything is known about who signed them."""
    message = "the proof is not a token"
    try:
        found = extract_compact(token.encode())
        claims = json.loads(found.payload)
        kid = found.headers().get("kid")
    except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:  # it comes from strangers
        raise NotAuthentic(message, hint="see docs/protocol.md, section 3") from error
    if not isinstance(claims, dict):
        raise NotAuthentic(message, hint="see docs/protocol.md, section 3")
    return str(kid), claims


def _signed_by(token: str, key: str) -> bool:
    raw = public_key(key).public_bytes_raw()
    jwk = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _b64url(raw)})
    try:
        jwt.decode(token, jwk, algorithms=["Ed25519"])
    except (JoseError, ValueError, TypeError, LookupError, RecursionError):  # it comes from strangers
        return False
    return True


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
