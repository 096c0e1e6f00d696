"""What docs/protocol.md defines, as far as a service needs it: keys, canonical JSON, envelopes and proofs (sections 2 to 4), and
receipts (section 6.8).

Standard library and the package `cryptography`; nothing of Vigil.
"""

import base64
import binascii
import hashlib
import json
import re
import secrets
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

STATEMENT = "application/vnd.vigil.statement+json"
REQUEST = "application/vnd.vigil.request+json"
ACKNOWLEDGEMENT = "application/vnd.vigil.acknowledgement+json"
NOTICE = "application/vnd.vigil.notice+json"
RECEIPT = "application/vnd.vigil.receipt+json"

LIFETIME = 60
"""Seconds either way that the time of a proof may differ from ours."""
LARGEST_BODY = 1_000_000


class RefusedError(Exception):
    """Something that is not answered; `status` is the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


# Keys


def public_text(key: Ed25519PrivateKey) -> str:
    """Text form of the public half."""
    return "ed25519:" + base64.b64encode(key.public_key().public_bytes_raw()).decode()


def key_id(public: str) -> str:
    """Key id of a public key in its text form."""
    return hashlib.sha256(_raw(public)).hexdigest()[:32]


def by_id(publics: list[str]) -> dict[str, str]:
    """Key id to public key."""
    return {key_id(public): public for public in publics}


def _raw(public: str) -> bytes:
    return base64.b64decode(public.removeprefix("ed25519:"), validate=True)


def _verified(public: str, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(_raw(public)).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


# JSON and envelopes


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value without fractions and with ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_object(data: bytes, status: int = 400) -> dict[str, Any]:
    """The JSON object in these bytes. Raises `RefusedError`."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RefusedError(status, "not JSON") from error
    if not isinstance(value, dict):
        raise RefusedError(status, "not a JSON object")
    return value


def sign_envelope(payload: bytes, payload_type: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """DSSE envelope of these bytes."""
    signature = key.sign(_signed_bytes(payload, payload_type))
    return {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id(public_text(key)), "sig": base64.b64encode(signature).decode()}],
    }


def payload_digest(body: bytes) -> str:
    """SHA-256 of what the envelope in this body says, byte for byte."""
    return hashlib.sha256(_strict(read_object(body).get("payload"))).hexdigest()


def open_envelope(body: bytes, payload_type: str, keys: dict[str, str]) -> dict[str, Any]:
    """What the envelope in this body says, once each of its signatures has been verified with one of `keys`.

    Raises `RefusedError`: 400 for what is no envelope, 401 for what these keys have not signed.
    """
    envelope = read_object(body)
    payload = _strict(envelope.get("payload"))
    signatures = envelope.get("signatures")
    if envelope.get("payloadType") != payload_type or not isinstance(signatures, list) or not 1 <= len(signatures) <= 4:
        raise RefusedError(400, f"not a signed envelope of type {payload_type}")
    for one in signatures:
        if not isinstance(one, dict) or not isinstance(one.get("keyid"), str):
            raise RefusedError(400, "not a signature")
        public = keys.get(one["keyid"])
        if public is None or not _verified(public, _strict(one.get("sig")), _signed_bytes(payload, payload_type)):
            raise RefusedError(401, "not signed by Vigil")
    return read_object(payload)


def _signed_bytes(payload: bytes, payload_type: str) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _strict(text: object) -> bytes:
    """Standard base64 in its one form."""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        data = None
    if data is None or base64.b64encode(data).decode() != text:
        raise RefusedError(400, "not base64")
    return data


# Receipts


def open_receipt(body: bytes, keys: dict[str, str]) -> dict[str, Any]:
    """The receipt in this body, once Vigil's signature has been verified, and that it proves its own entry.

    Raises `RefusedError`: 422 for one that does not.
    """
    receipt = open_envelope(body, RECEIPT, keys)
    try:
        entry, size = receipt["entry"], receipt["size"]
        root = root_of(leaf_of(entry), entry["seq"], size, [bytes.fromhex(step) for step in receipt["proof"]])
        said = _strict(entry["event"]["envelope"]["payload"])
        whole = size == entry["seq"] + 1 and root == bytes.fromhex(receipt["root"])
        ours = hashlib.sha256(said).hexdigest() == receipt["fingerprint"] and json.loads(said)["id"] == receipt["statement"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RefusedError(422, "not a receipt") from error
    if not (whole and ours):
        raise RefusedError(422, "the receipt does not prove its own entry")
    return receipt


def root_of(one: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which this proof puts the leaf at `index` (RFC 9162, 2.1.3.2).

    Raises `ValueError` if it is no proof of that.
    """
    last = size - 1
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if index & 1 or index == last:
            one = _node(sibling, one)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            one = _node(one, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return one


def leaf_of(entry: dict[str, Any]) -> bytes:
    """The leaf of a ledger entry; one that is withheld from us has it written out."""
    return bytes.fromhex(entry["leaf"]) if "leaf" in entry else hashlib.sha256(b"\x00" + canonical(entry)).digest()


class Edge:
    """The right edge of a ledger's tree: its size, and the roots of its full subtrees, the largest first."""

    def __init__(self, size: int, peaks: list[bytes]) -> None:
        self.size = size
        self.peaks = peaks

    @classmethod
    def of(cls, receipt: dict[str, Any]) -> "Edge":
        """The tree of a checked receipt: the proof of its newest leaf is made of the peaks that stood before it."""
        edge = cls(receipt["size"] - 1, [bytes.fromhex(one) for one in reversed(receipt["proof"])])
        edge.append(leaf_of(receipt["entry"]))
        return edge

    def append(self, one: bytes) -> None:
        """One more leaf."""
        self.size += 1
        full = self.size & -self.size
        while full > 1:
            one, full = _node(self.peaks.pop(), one), full >> 1
        self.peaks.append(one)

    def root(self) -> str:
        """The root over all leaves so far."""
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = _node(peak, root)
        return root.hex()


def compare(edge: Edge, entries: list[dict[str, Any]], roots: list[tuple[int, str]]) -> None:
    """Let the edge go on with these entries, and hold each of the roots (with the size at which it was) against it on the way.

    Raises `RefusedError` with status 409: two histories of one ledger. Keep what shows it, and tell the other services.
    """
    known = [(edge.size, edge.root())]
    for entry in entries:
        if entry.get("seq") != edge.size:
            raise RefusedError(409, f"the ledger does not go on with entry {edge.size}")
        edge.append(leaf_of(entry))
        known.append((edge.size, edge.root()))
    shown = dict(known)
    for size, root in roots:
        if shown.setdefault(size, root) != root:
            raise RefusedError(409, f"at {size} entries the ledger is another than we have been shown before")


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


# Proofs


def make_proof(service: str, key: Ed25519PrivateKey, method: str, url: str, body: bytes, now: int) -> str:  # noqa: PLR0913, PLR0917
    """Value of the Authorization header of one request; `url` is absolute, with the query."""
    header = {"alg": "Ed25519", "typ": "vigil-proof+jwt", "kid": key_id(public_text(key))}
    claims = {
        "iss": service,
        "iat": now,
        "jti": secrets.token_hex(16),
        "htm": method,
        "htu": url,
        "bod": hashlib.sha256(body).hexdigest(),
    }
    signed = f"{_b64url(canonical(header))}.{_b64url(canonical(claims))}"
    return f"Vigil {signed}.{_b64url(key.sign(signed.encode()))}"


def check_proof(  # noqa: PLR0913, PLR0917
    authorization: str | None, caller: str, keys: dict[str, str], method: str, url: str, body: bytes, now: int
) -> str:
    """The `jti` of the proof, if `caller` made it with one of `keys` for this request, now. The `jti` must not come twice.

    Raises `RefusedError` with status 401.
    """
    parts = re.fullmatch(r"Vigil ([\w-]+)\.([\w-]+)\.([\w-]+)", authorization or "", re.ASCII)
    if parts is None:
        raise RefusedError(401, "this request is not signed")
    header, claims = (read_object(_unb64url(part), 401) for part in parts.groups()[:2])
    public = keys.get(str(header.get("kid")))
    signed = f"{parts[1]}.{parts[2]}".encode()
    if (header.get("typ"), header.get("alg")) != ("vigil-proof+jwt", "Ed25519"):
        raise RefusedError(401, "not a token of this kind")
    if public is None or claims.get("iss") != caller:
        raise RefusedError(401, "not a proof of Vigil")
    if not _verified(public, _unb64url(parts[3]), signed):
        raise RefusedError(401, "not a proof of Vigil")
    made_at, nonce = claims.get("iat"), claims.get("jti")
    if not isinstance(made_at, int) or abs(now - made_at) > LIFETIME:
        raise RefusedError(401, "the time of the proof is too far from ours")
    meant = (claims.get("htm"), claims.get("htu"), claims.get("bod"))
    if meant != (method, url, hashlib.sha256(body).hexdigest()):
        raise RefusedError(401, "the proof is of another request")
    if not isinstance(nonce, str) or not 1 <= len(nonce) <= 200:
        raise RefusedError(401, "the proof could be used twice")
    return nonce


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64url(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise RefusedError(401, "not a token") from error
