"""Signed envelopes: DSSE (Dead Simple Signing Envelope) with Ed25519 (RFC 8032).

The signature covers the payload *bytes* (`PAE(type, body)`), so nobody needs to agree on JSON to check one. Base64 is
strict: one text for each byte string, so that no bit of an envelope can change unnoticed.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AfterValidator, Field

from domain.canonical import Frozen, digest_of_bytes
from domain.errors import Malformed, NotAuthentic

STATEMENT_TYPE = "application/vnd.vigil.statement+json"
PLAN_TYPE = "application/vnd.vigil.plan+json"
REQUEST_TYPE = "application/vnd.vigil.request+json"
NOTICE_TYPE = "application/vnd.vigil.notice+json"
MANIFEST_TYPE = "application/vnd.vigil.manifest+json"
KEYS_TYPE = "application/vnd.vigil.keys+json"
READS_TYPE = "application/vnd.vigil.reads+json"

_LONGEST_PAYLOAD = 512 * 1024
_PUBLIC_KEY = re.compile(r"ed25519:([A-Za-z0-9+/]{43}=)")


def b64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Strict inverse of `b64`: any other spelling of the same bytes raises `Malformed`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        message = "not base64"
        raise Malformed(message) from error
    if b64(data) != text:
        message = "base64 is not in its one canonical form"
        raise Malformed(message)
    return data


def _public_key_text(text: str) -> str:
    match = _PUBLIC_KEY.fullmatch(text)
    if match is None:
        message = "a public key is written `ed25519:` and 44 characters of base64, as `vigil keys new` prints it"
        raise ValueError(message)
    return text


PublicKeyText = Annotated[str, AfterValidator(_public_key_text)]
"""`ed25519:<base64 of the 32 raw bytes>` (RFC 8032)."""


KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Names a key, see `key_id`."""


class Signature(Frozen):
    """One signature, and the key that made it."""

    keyid: KeyId
    sig: Annotated[str, Field(min_length=88, max_length=88)]


class Envelope(Frozen):
    """A DSSE envelope, at most 512 KiB of payload."""

    payloadType: Annotated[str, Field(max_length=80)]  # noqa: N815 - DSSE's own name
    payload: Annotated[str, Field(max_length=_LONGEST_PAYLOAD * 4 // 3 + 4)]
    signatures: Annotated[tuple[Signature, ...], Field(min_length=1, max_length=4)]

    def body(self) -> bytes:
        """The payload's bytes, unverified. Raises `Malformed` if not strict base64."""
        return unb64(self.payload)

    def fingerprint(self) -> str:
        """SHA-256 of the payload bytes: two envelopes say the same if and only if this is the same."""
        return digest_of_bytes(self.body())


def public_text(key: Ed25519PublicKey | Ed25519PrivateKey) -> str:
    """The directory's text form of a public key."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return f"ed25519:{b64(public.public_bytes_raw())}"


def public_key(text: str) -> Ed25519PublicKey:
    """Inverse of `public_text`."""
    return Ed25519PublicKey.from_public_bytes(unb64(_public_key_text(text).removeprefix("ed25519:")))


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
        message = "not a readable private key in PEM form"
        raise Malformed(message, hint="make one with `vigil keys new SERVICE`; check the passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        message = "the private key is not an Ed25519 key"
        raise Malformed(message, hint="make one with `vigil keys new SERVICE`")
    return key


def sign(payload: bytes, payload_type: str, *keys: Ed25519PrivateKey) -> Envelope:
    """Envelope of these bytes, signed by each key."""
    message = _pae(payload_type, payload)
    return Envelope(
        payloadType=payload_type,
        payload=b64(payload),
        signatures=tuple(Signature(keyid=key_id(public_text(key)), sig=b64(key.sign(message))) for key in keys),
    )


def open_envelope(envelope: Envelope, payload_type: str, keys: Mapping[str, str]) -> bytes:
    """The payload, after *every* signature has been verified with `keys` (key id to public key text).

    Raises `NotAuthentic` on another type, an unknown key or a bad signature, `Malformed` on bad base64.
    """
    if envelope.payloadType != payload_type:
        message = f"the envelope holds {envelope.payloadType}, expected {payload_type}"
        raise NotAuthentic(message)
    payload = envelope.body()
    signed = _pae(payload_type, payload)
    for signature in envelope.signatures:
        text = keys.get(signature.keyid)
        if text is None:
            message = f"key {signature.keyid} is not a valid key of the signer"
            raise NotAuthentic(message)
        try:
            public_key(text).verify(unb64(signature.sig), signed)
        except InvalidSignature as error:
            message = f"the signature by key {signature.keyid} does not fit the content"
            raise NotAuthentic(message) from error
    return payload


def _pae(payload_type: str, body: bytes) -> bytes:
    """DSSE pre-authentication encoding."""
    kind = payload_type.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)
