"""Who is calling: a short-lived token made with the caller's own key for this one request, and nothing else.

A JSON Web Token (RFC 7519, signed as RFC 9864 `Ed25519`) with the names of DPoP (RFC 9449), which it is not: method `htm`,
absolute URL `htu`, a unique `jti`, and the SHA-256 of the body as `bod`. It is worthless for another request, at another
address, and after a minute for any. Where a person calls, `sub` is the officer's code. A key that is an officer's proves that it
is that officer who calls: another code is refused, and none need be given. No password and no bearer secret exists that could be
stolen from a file.
"""

import base64
import json
import re
from datetime import datetime
from typing import Annotated, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import extract_compact
from pydantic import ConfigDict, Field, ValidationError

from domain.plan.directory import Directory, Service
from domain.signing.canonical import Frozen, digest_of_bytes
from domain.signing.keys import KeyId, key_id, private_pem, public_key, public_text
from domain.words.errors import NotAuthentic
from domain.words.identifiers import OfficerCode
from domain.words.limits import LONGEST_NONCE
from domain.words.text import fill, mark, one_by_one

SCHEME = "Vigil"
TYPE = "vigil-proof+jwt"
"""What the token says it is (RFC 8725, section 3.11), so that nobody takes it for another."""
ALGORITHM = "Ed25519"
"""As RFC 9864 names it; the older name `EdDSA` does not say of which curve."""
_SECTION: Final = mark("see docs/protocol.md, section 3")
Nonce = Annotated[str, Field(min_length=1, max_length=LONGEST_NONCE)]
_OF_ANOTHER = mark("the proof was made for another request")
_KID: Final = re.compile(r"[0-9a-f]{32}")
LIFETIME = 60
"""Seconds either way that a proof's time may differ from ours."""


class _Claims(Frozen):
    """What a proof says, before anything is known about who signed it. Further claims are nobody's business here."""

    model_config = ConfigDict(extra="ignore", strict=True, str_strip_whitespace=False)

    iss: str
    iat: int
    jti: Nonce
    htm: str
    htu: str
    bod: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sub: OfficerCode | None = None


_RIGHT: Final = {
    "iss": mark("the id of the calling service as text"),
    "iat": mark("the time in whole seconds since 1970"),
    "jti": mark("a unique text of 1 to 200 characters"),
    "htm": mark("the method as text"),
    "htu": mark("the absolute address as text"),
    "bod": mark("the SHA-256 of the body, as 64 lower-case hexadecimal digits"),
    "sub": mark("the code of the officer who calls, or left out where none does"),
}


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
        self.check_digest(digest_of_bytes(body))

    def check_digest(self, digest: str) -> None:
        """Raises `NotAuthentic` unless the proof was made for a body of this digest."""
        if self.body != digest:
            raise NotAuthentic(_OF_ANOTHER, hint=mark("sign the body's bytes exactly as they are sent"))


def make(  # noqa: PLR0913 - one request has these parts
    service: str,
    key: Ed25519PrivateKey,
    method: str,
    url: str,
    body: bytes | str,
    *,
    now: datetime,
    nonce: str,
    officer: str | None = None,
) -> str:
    """Value of the `Authorization` header. `url` is absolute, with the query, as sent; `nonce` is unique. `body`: its
    digest where it is not at hand as a whole.
    """
    claims = {
        "iss": service,
        "iat": int(now.timestamp()),
        "jti": nonce,
        "htm": method.upper(),
        "htu": url,
        "bod": body if isinstance(body, str) else digest_of_bytes(body),
        **({"sub": officer} if officer is not None else {}),
    }
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key_id(public_text(key))}
    return f"{SCHEME} {jwt.encode(header, claims, OKPKey.import_key(private_pem(key)), algorithms=[ALGORITHM])}"


def check(  # noqa: PLR0913
    header: str | None, directory: Directory, method: str, url: str, body: bytes, *, now: datetime
) -> Caller:
    """Who made the proof for this request to this absolute URL, body and all. Raises `NotAuthentic` with a hint."""
    caller = identify(header, directory, method, url, now=now)
    caller.check_body(body)
    return caller


def identify(header: str | None, directory: Directory, method: str, url: str, *, now: datetime) -> Caller:
    """Who made the proof, before the body is read: nothing is received of anyone who has not proved who they are.

    What stands in the token itself is told apart, since whoever sent it can read it: its header, the form of its claims, its
    time, and for which request it was made. Who is known here is not: an unknown service, an unknown key and a signature that
    does not fit are one and the same refusal, and it comes last. Raises `NotAuthentic` with a hint.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme != SCHEME or not token:
        message = mark("this request is not signed")
        raise NotAuthentic(message, hint=mark("sign each request with the service's own key, see docs/protocol.md"))
    kid, claims = _parts(token)
    if abs(int(now.timestamp()) - claims.iat) > LIFETIME:
        message = fill(
            "the proof's time differs from ours ({now}) by more than {seconds} s",
            now=now.isoformat(timespec="seconds"),
            seconds=LIFETIME,
        )
        raise NotAuthentic(message, hint=mark("set the clock right, or sign again"))
    if (claims.htm, claims.htu) != (method.upper(), url):
        raise NotAuthentic(_OF_ANOTHER, hint=fill("sign the method, the body's bytes as sent, and the address {url}", url=url))
    service = directory.find(claims.iss)
    key = service.keys_at(now).get(kid) if service is not None else None
    if service is None or key is None or not _signed_by(token, key):
        raise NotAuthentic(
            mark("no valid key of a known service signed this request"),
            hint=mark("check the service id, its key in the directory and the key's validity"),
        )
    if claims.sub is not None:
        service.check_officer(kid, claims.sub)
    officer = claims.sub or service.officer_of(kid)
    return Caller(service=service, key=kid, officer=officer, nonce=claims.jti, body=claims.bod)


def _parts(token: str) -> tuple[str, _Claims]:
    """Key id and claims, each as it must be. Raises `NotAuthentic` with what is not."""
    try:
        found = extract_compact(token.encode())
        claims = json.loads(found.payload)
        header = found.headers()
        said = {name: header.get(name) for name in ("alg", "typ", "kid")}
    except (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:  # it comes from strangers
        raise NotAuthentic(mark("the proof is not a token"), hint=_SECTION) from error
    if said["alg"] != ALGORITHM:
        raise NotAuthentic(
            fill("the proof's `alg` is not `{algorithm}`", algorithm=ALGORITHM),
            hint=fill("not `EdDSA`: the name is that of RFC 9864; {section}", section=fill(_SECTION)),
        )
    if said["typ"] != TYPE:
        raise NotAuthentic(fill("the proof's `typ` is not `{type}`", type=TYPE), hint=_SECTION)
    return _kid(said["kid"]), _claims(claims)


def _kid(given: Any) -> str:
    if not isinstance(given, str) or _KID.fullmatch(given) is None:
        raise NotAuthentic(mark("the proof's `kid` is not the id of a key: 32 lower-case hexadecimal digits"), hint=_SECTION)
    return given


def _claims(given: Any) -> _Claims:
    if not isinstance(given, dict):
        raise NotAuthentic(mark("the proof's claims are not a JSON object"), hint=_SECTION)
    try:
        return _Claims.model_validate(given)
    except ValidationError as error:
        wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_url=False, include_input=False))
        words = one_by_one(fill("`{name}` is not {right}", name=name, right=fill(_RIGHT[name])) for name in wrong)
        raise NotAuthentic(fill("the proof's claims are not as they must be: {words}", words=words), hint=_SECTION) from error


def _signed_by(token: str, key: str) -> bool:
    raw = public_key(key).public_bytes_raw()
    jwk = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _b64url(raw)})
    try:
        jwt.decode(token, jwk, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, LookupError, RecursionError):  # it comes from strangers
        return False
    return True


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
