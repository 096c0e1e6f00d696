"""Signed envelopes: DSSE (Dead Simple Signing Envelope) with Ed25519 (RFC 8032).

The signature covers the payload *bytes* (`PAE(type, body)`), so nobody needs to agree on JSON to check one. Base64 is
strict: one text for each byte string, so that no bit of an envelope can change unnoticed.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, field_validator

from domain.signing.canonical import Sent, digest_of_bytes
from domain.signing.keys import KeyId, b64, key_id, public_key, public_text, unb64
from domain.words.errors import NotAuthentic
from domain.words.limits import LARGEST_PAYLOAD, LONGEST_TYPE
from domain.words.sizes import bounded
from domain.words.text import fill

STATEMENT_TYPE = "application/vnd.vigil.statement+json"
PLAN_TYPE = "application/vnd.vigil.plan+json"
REQUEST_TYPE = "application/vnd.vigil.request+json"
ACKNOWLEDGEMENT_TYPE = "application/vnd.vigil.acknowledgement+json"
NOTICE_TYPE = "application/vnd.vigil.notice+json"
MANIFEST_TYPE = "application/vnd.vigil.manifest+json"
KEYS_TYPE = "application/vnd.vigil.keys+json"
HAND_IN_TYPE = "application/vnd.vigil.hand-in+json"
RECEIPT_TYPE = "application/vnd.vigil.receipt+json"
READS_TYPE = "application/vnd.vigil.reads+json"
SIBLING_TYPE = "application/vnd.vigil.sibling+json"
EXPUNGE_TYPE = "application/vnd.vigil.expunge+json"

_SMALL = 32 * 1024
"""Bytes that are kept to know a signature again."""


class Signature(Sent):
    """One signature, and the key that made it."""

    keyid: KeyId
    sig: Annotated[str, Field(min_length=88, max_length=88)]


class Envelope(Sent):
    """A DSSE envelope, at most 512 KiB of payload."""

    payloadType: Annotated[str, Field(max_length=LONGEST_TYPE)]  # noqa: N815 - DSSE's own name
    payload: Annotated[str, Field(max_length=LARGEST_PAYLOAD * 4 // 3 + 4)]
    signatures: Annotated[tuple[Signature, ...], Field(min_length=1, max_length=4)]
    """Each key's once: a signature more or less would be another entry of the ledger that says the same."""

    @field_validator("signatures")
    @classmethod
    def _each_key_once(cls, signatures: tuple[Signature, ...]) -> tuple[Signature, ...]:
        if len({one.keyid for one in signatures}) < len(signatures):
            message = "a key signs once; leave the second signature out"
            raise ValueError(message)
        return signatures

    def body(self) -> bytes:
        """The payload's bytes, unverified. Raises `Malformed` if not strict base64, or larger than a parser should meet."""
        return self._body

    @cached_property
    def _body(self) -> bytes:
        return payload_of(self.payload)

    def fingerprint(self) -> str:
        """SHA-256 of the payload bytes: two envelopes say the same if and only if this is the same."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return digest_of_bytes(self.body())


def payload_of(text: str) -> bytes:
    """The bytes of a payload. Raises `Malformed` if it is not strict base64, or larger than a parser should meet."""
    return bounded(unb64(text), "the payload")


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
        message = fill(
            "the envelope holds {given}, expected {expected}",
            given=envelope.payloadType,
            expected=payload_type,
        )
        raise NotAuthentic(message)
    payload = envelope.body()
    signed = _pae(payload_type, payload)
    for signature in envelope.signatures:
        text = keys.get(signature.keyid)
        if text is None:
            message = fill("key {key} is not a valid key of the signer", key=signature.keyid)
            raise NotAuthentic(message)
        if not (_fits_again if len(signed) <= _SMALL else _fits)(text, signature.sig, signed):
            message = fill("the signature by key {key} does not fit the content", key=signature.keyid)
            raise NotAuthentic(message)
    return payload


def _fits(key: str, signature: str, signed: bytes) -> bool:
    """Whether this is the key's signature under these bytes. Raises `Malformed` on bad base64."""
    try:
        public_key(key).verify(unb64(signature), signed)
    except InvalidSignature:
        return False
    return True


_fits_again = lru_cache(maxsize=256)(_fits)
"""Nearly every signature is looked at twice within moments: at the door, and when it is recorded."""


def _pae(payload_type: str, body: bytes) -> bytes:
    """DSSE pre-authentication encoding."""
    kind = payload_type.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)
