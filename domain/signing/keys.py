"""Ed25519 keys (RFC 8032) and strict base64: their text forms and the names keys go by."""

import base64
import binascii
import re
from functools import lru_cache
from typing import Annotated, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AfterValidator, Field

from domain.signing.canonical import digest_of_bytes
from domain.words.errors import Malformed
from domain.words.text import mark

_PUBLIC_KEY = re.compile(r"ed25519:([A-Za-z0-9+/]{43}=)")
_P: Final = 2**255 - 19
"""The prime of the field that curve 25519 is over (RFC 8032, section 5.1)."""
_D: Final = -121665 * pow(121666, -1, _P) % _P
"""The curve's constant: -x^2 + y^2 = 1 + d x^2 y^2."""


def _root(square: int) -> int | None:
    """A square root in the field, where there is one (RFC 8032, section 5.1.3)."""
    root = pow(square, (_P + 3) // 8, _P)
    turned = root * pow(2, (_P - 1) // 4, _P) % _P
    return next((one for one in (root, turned) if one * one % _P == square % _P), None)


def _of_small_order() -> frozenset[int]:
    """The y of every point whose order divides 8.

    Of order 1 and 2: 1 and -1. Of order 4: 0. A point of order 8 doubles to one of order 4, so that its y^2 = -x^2, and by the
    curve d y^4 + 2 y^2 - 1 = 0.
    """
    root = _root(1 + _D)
    squares = [(sign * root - 1) * pow(_D, -1, _P) % _P for sign in (1, -1)] if root is not None else []
    eighths = [one for one in map(_root, squares) if one is not None]
    return frozenset({0, 1, _P - 1, *eighths, *(_P - one for one in eighths)})


_SMALL: Final = _of_small_order()


def b64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Strict inverse of `b64`: any other spelling of the same bytes raises `Malformed`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        message = mark("not base64")
        raise Malformed(message) from error
    if b64(data) != text:
        message = mark("base64 is not in its one canonical form")
        raise Malformed(message)
    return data


@lru_cache(maxsize=4096)
def _public_key_text(text: str) -> str:
    """Return `text` unchanged. Refuses another form, a point written otherwise than RFC 8032 has it, and a point of small order:
    whoever announces such a key has no private half, and a signature "by" it may fit any content.
    """
    match = _PUBLIC_KEY.fullmatch(text)
    if match is None:
        message = "a public key is written `ed25519:` and 44 characters of base64, as `vigil keys new` prints it"
        raise ValueError(message)
    try:
        raw = unb64(match[1])
    except Malformed as error:
        raise ValueError(error.message) from error
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise ValueError(
            "this public key is not in its one canonical form (RFC 8032, section 5.1.2), as `vigil keys new` prints it"
        )
    if y in _SMALL:
        raise ValueError(
            "this public key is a point of small order, under which anybody can sign; `vigil keys new` makes no such key"
        )
    return text


PublicKeyText = Annotated[str, AfterValidator(_public_key_text)]
"""`ed25519:<base64 of the 32 raw bytes>` (RFC 8032), of a point that a private key can stand behind."""


KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Names a key, see `key_id`."""


def public_text(key: Ed25519PublicKey | Ed25519PrivateKey) -> str:
    """The directory's text form of a public key."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return f"ed25519:{b64(public.public_bytes_raw())}"


@lru_cache(maxsize=4096)
def public_key(text: str) -> Ed25519PublicKey:
    """Inverse of `public_text`."""
    return Ed25519PublicKey.from_public_bytes(unb64(_public_key_text(text).removeprefix("ed25519:")))


@lru_cache(maxsize=4096)
def key_id(text: str) -> str:
    """First 32 hex digits of the SHA-256 of the raw public key."""
    return digest_of_bytes(unb64(text.removeprefix("ed25519:")))[:32]


def aloud(key: str) -> str:
    """A key id in groups of four, as it is read over the telephone."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """PKCS 8 PEM, plain."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def private_key(pem: bytes, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Read a PKCS 8 PEM. Raises `Malformed` if it is not an Ed25519 private key or the passphrase is wrong."""
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:
        message = mark("not a readable private key in PEM form")
        raise Malformed(message, hint=mark("make one with `vigil keys new SERVICE`; check the passphrase")) from error
    if not isinstance(key, Ed25519PrivateKey):
        message = mark("the private key is not an Ed25519 key")
        raise Malformed(message, hint=mark("make one with `vigil keys new SERVICE`"))
    return key
