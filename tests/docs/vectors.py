"""Test vectors of the protocol: what must be taken and what must not, bytes and all, by keys that everybody knows."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Receipt
from domain.plan import proof
from domain.plan.directory import Service, ServiceKey
from domain.record.door import begin
from domain.record.packet import seal
from domain.record.receipts import signed
from domain.signing.canonical import canonical, digest, plain
from domain.signing.envelope import NOTICE_TYPE, PLAN_TYPE, RECEIPT_TYPE, REQUEST_TYPE, STATEMENT_TYPE, Envelope, sign
from domain.signing.keys import b64, key_id, public_text
from domain.signing.tree import inclusion, leaf, root
from tests.support import example_cards, example_directory, example_plan, submitted

Json = dict[str, Any]

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEYS = {
    service: Ed25519PrivateKey.from_private_bytes(bytes(range(32 * number, 32 * number + 32)))
    for number, service in enumerate(("uz.prosecutor", "vigil", "kz.knb", "stranger"))
}
SERVICE, VIGIL, STRANGER = KEYS["uz.prosecutor"], KEYS["vigil"], KEYS["stranger"]
URL = "https://vigil.prosecutor.example/vigil/requests"
BODY = b'{"any":"body"}'
PLAN = sign(canonical(example_plan()), PLAN_TYPE, KEYS["kz.knb"])
STATEMENT: Json = {
    "vigil": "statement/2",
    "id": "9f0c1c6e5d3b4a7f8e2d1c0b9a887766",
    "delivery": "saxaul-22",
    "plan": PLAN.fingerprint(),
    "service": "uz.prosecutor",
    "officer": "P-117",
    "happened_at": "2026-03-02T13:25:00+05:00",
    "content": {"kind": "stop_requested", "reason": "Опасность: danger to the public"},
}


def keys() -> list[Json]:
    """The keys of a file of vectors, private halves too."""
    return [
        {"service": name, "private": key.private_bytes_raw().hex(), "public": public_text(key), "keyid": key_id(public_text(key))}
        for name, key in KEYS.items()
    ]


# Proofs


def token(header: Json, claims: Json, key: Ed25519PrivateKey = VIGIL) -> str:
    """A proof of these parts, whatever they say."""
    parts = ".".join(b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"Vigil {parts}.{b64url(key.sign(parts.encode()))}"


def b64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def proofs() -> Json:
    """Proofs that Vigil calls a service with, and what looks like one."""
    true = proof.make("vigil", VIGIL, "POST", URL, BODY, now=NOW, nonce="0d3b3c1f6f5e4c7a9b2d8e1f00112233")
    parts = true.removeprefix("Vigil ").split(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts[:2])
    without = {name: value for name, value in claims.items() if name != "jti"}
    strangers = key_id(public_text(STRANGER))
    wrong = {
        "no proof at all": None,
        "no token": "Vigil not-a-token",
        "another scheme": true.replace("Vigil ", "DPoP "),
        "an unknown key": token(header | {"kid": strangers}, claims, STRANGER),
        "an unknown key under the id of a known one": token(header, claims, STRANGER),
        "another algorithm": token(header | {"alg": "EdDSA"}, claims),
        "another type of token": token(header | {"typ": "JWT"}, claims),
        "in the name of another": token(header, claims | {"iss": "kz.knb"}),
        "61 seconds old": token(header, claims | {"iat": SECONDS - 61}),
        "61 seconds ahead": token(header, claims | {"iat": SECONDS + 61}),
        "of another method": token(header, claims | {"htm": "GET"}),
        "of another path": token(header, claims | {"htu": URL.replace("requests", "notices")}),
        "of another host": token(header, claims | {"htu": URL.replace("vigil.prosecutor", "elsewhere")}),
        "of another query": token(header, claims | {"htu": f"{URL}?after=1"}),
        "of another body": token(header, claims | {"bod": digest({})}),
        "without a jti": token(header, without),
        "with a jti of 201 characters": token(header, claims | {"jti": "j" * 201}),
    }
    right = {
        "as Vigil makes it": true,
        "60 seconds old": token(header, claims | {"iat": SECONDS - 60}),
        "60 seconds ahead": token(header, claims | {"iat": SECONDS + 60}),
        "with a jti of 200 characters": token(header, claims | {"jti": "j" * 200}),
    }
    call = {"caller": "vigil", "method": "POST", "url": URL, "body": BODY.decode(), "now": SECONDS}
    return {
        "about": "Whether a service takes this header Authorization on this call at this moment. Each is the first of its kind.",
        "keys": keys(),
        "known": ["vigil"],
        "call": call,
        "vectors": [
            {"name": name, "authorization": said, "accepted": accepted}
            for accepted, vectors in ((True, right), (False, wrong))
            for name, said in vectors.items()
        ],
    }


# Envelopes


def envelopes() -> Json:
    """Envelopes of one statement, and what looks like one."""
    payload = canonical(STATEMENT)
    true = plain(sign(payload, STATEMENT_TYPE, SERVICE))
    (signature,) = true["signatures"]
    text, sig = true["payload"], signature["sig"]
    strangers = plain(sign(payload, STATEMENT_TYPE, STRANGER))["signatures"][0]
    other = canonical(STATEMENT | {"officer": "P-118"})
    wrong = {
        "of another type": plain(sign(payload, NOTICE_TYPE, SERVICE)),
        "the type changed after it was signed": true | {"payloadType": REQUEST_TYPE},
        "the content changed after it was signed": true | {"payload": b64(other)},
        "no signature": true | {"signatures": []},
        "by an unknown key": true | {"signatures": [strangers]},
        "by an unknown key under the id of a known one": true | {"signatures": [strangers | {"keyid": signature["keyid"]}]},
        "a good signature, then one by an unknown key": true | {"signatures": [signature, strangers]},
        "a good signature, then one that does not fit": true
        | {"signatures": [signature, strangers | {"keyid": signature["keyid"]}]},
        "payload without padding": true | {"payload": text.rstrip("=")},
        "payload with a line break": true | {"payload": f"{text[:60]}\n{text[60:]}"},
        "payload in which a last bit says nothing": true | {"payload": loose(text)},
        "signature without padding": true | {"signatures": [signature | {"sig": sig.rstrip("=")}]},
        "signature in which a last bit says nothing": true | {"signatures": [signature | {"sig": loose(sig)}]},
    }
    right = {"by the service": true, "by two keys of the service": plain(sign(payload, STATEMENT_TYPE, SERVICE, VIGIL))}
    return {
        "about": "Whether an envelope of this type is taken where the keys of these services are known.",
        "keys": keys(),
        "known": ["uz.prosecutor", "vigil"],
        "type": STATEMENT_TYPE,
        "payload": payload.decode(),
        "payload_sha256": digest(STATEMENT),
        "signed": f"DSSEv1 {len(STATEMENT_TYPE)} {STATEMENT_TYPE} {len(payload)} {payload.decode()}",
        "vectors": [
            {"name": name, "envelope": said, "accepted": accepted}
            for accepted, vectors in ((True, right), (False, wrong))
            for name, said in vectors.items()
        ],
    }


def loose(text: str) -> str:
    """Other base64 of the same bytes: lenient readers take both. Raises `ValueError` where there is none."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip("=")
    if bare == text:
        raise ValueError("every bit of it counts")
    return bare[:-1] + alphabet[alphabet.index(bare[-1]) + 1] + "=" * (len(text) - len(bare))


# The tree, receipts, packets


def tree() -> Json:
    """Leaves, the root over the first of them, and proofs that one of them is in a tree."""
    leaves = [leaf(f"entry {number}".encode()) for number in range(13)]
    vectors = []
    for size in (1, 2, 3, 4, 5, 7, 8, 13):
        for index in sorted({0, size // 2, size - 1}):
            steps = [one.hex() for one in inclusion(leaves[:size], index)]
            right: Json = {"leaf": leaves[index].hex(), "index": index, "size": size, "proof": steps, "root": _root(leaves, size)}
            vectors.append({"name": f"leaf {index} of {size}", **right, "accepted": True})
    last = vectors[-1]
    wrong = {
        "another leaf": {"leaf": leaves[0].hex()},
        "another place": {"index": 11},
        "a place beyond the end": {"index": 13},
        "another size": {"size": 14},
        "a step too few": {"proof": last["proof"][:-1]},
        "a step too many": {"proof": [*last["proof"], last["root"]]},
        "the steps in another order": {"proof": last["proof"][::-1]},
        "another root": {"root": _root(leaves, 12)},
    }
    return {
        "about": "Whether a proof shows that a leaf stands at a place in the tree of so many leaves under this root (RFC 6962).",
        "data": [f"entry {number}" for number in range(13)],
        "leaves": [one.hex() for one in leaves],
        "roots": {str(size): _root(leaves, size) for size in range(1, 14)},
        "vectors": [*vectors, *(last | {"name": name, "accepted": False} | other for name, other in wrong.items())],
    }


def _root(leaves: list[bytes], size: int) -> str:
    return root(leaves[:size]).hex()


def _delivery() -> tuple[Delivery, list[Receipt]]:
    """A delivery in which something has been said, and the receipts."""
    found = example_directory()
    keyed = tuple(one.model_copy(update={"keys": _valid(KEYS[one.id])}) if one.id in KEYS else one for one in found.services)
    system = Service(id="vigil", kind="system", names={"en": "Vigil"}, keys=_valid(VIGIL))
    directory = found.model_copy(update={"services": (*keyed, system)}).snapshot(example_plan().participants())
    cards = {state: card for state, card in example_cards().items() if state in ("KZ", "UZ")}
    delivery = begin(PLAN, directory, cards, NOW, bytes(32))
    handed_in = [
        _said(),
        _said(),
        _said(officer="P-118"),
        _said(id="sighting-0001", content={"kind": "sighted", "place": "Almaty"}),
    ]
    return delivery, [submitted(delivery, one, NOW) for one in handed_in]


def receipts() -> Json:
    """A ledger as a service reads it, and the receipts for its statements."""
    delivery, given = _delivery()
    last = given[-1]
    other, strange = plain(last), plain(signed(last, STRANGER))
    forged = {
        "by an unknown key": strange,
        "of another type": plain(sign(canonical(last), STATEMENT_TYPE, VIGIL)),
        "not in canonical form": plain(sign(json.dumps(other).encode(), RECEIPT_TYPE, VIGIL)),
        "another root": _forged(last, root=digest("another")),
        "another entry": _forged(last, entry=plain(given[0].entry)),
        "a proof that is too short": _forged(last, proof=other["proof"][:-1]),
        "another statement": _forged(last, statement="another-statement"),
        "another fingerprint": _forged(last, fingerprint=digest("another")),
        "of a tree of another size": _forged(last, size=other["size"] + 1),
    }
    entries = [plain(one) if one.seq else {"seq": one.seq, "leaf": one.leaf()} for one in delivery.ledger.entries]
    return {
        "about": "A ledger from its first entry on, receipts for what was handed in, and whether each is good and of it.",
        "keys": keys(),
        "known": ["vigil"],
        "type": RECEIPT_TYPE,
        "plan": PLAN.fingerprint(),
        "entries": entries,
        "root": delivery.ledger.root,
        "vectors": [
            *(
                {"name": f"statement {number}", "envelope": plain(signed(one, VIGIL)), "accepted": True}
                for number, one in enumerate(given, 1)
            ),
            *({"name": name, "envelope": one, "accepted": False} for name, one in forged.items()),
        ],
    }


def _forged(receipt: Receipt, **changed: Any) -> Json:
    """A receipt that says something else, signed by Vigil all the same."""
    forged: Json = plain(sign(canonical(plain(receipt) | changed), RECEIPT_TYPE, VIGIL))
    return forged


def packets() -> Json:
    """A packet as the text of its file, and changes of it that must be found."""
    delivery, given = _delivery()
    file = seal(delivery, "", VIGIL, NOW).decode()
    salt = given[0].entry.salt
    wrong = {
        "another salt": [salt, salt[::-1]],
        "another history": ['"history":""', '"history":" "'],
        "not the whole of it": [file[-40:], ""],
    }
    return {
        "about": "The text of a packet's file, what it proves, and the same with one text put in the place of another.",
        "keys": keys(),
        "file": file,
        "size": len(delivery.ledger),
        "root": delivery.ledger.root,
        "receipts": [plain(signed(one, VIGIL)) for one in given],
        "vectors": [
            {"name": "as it is", "replace": ["", ""], "accepted": True},
            *({"name": name, "replace": pair, "accepted": False} for name, pair in wrong.items()),
        ],
    }


def _valid(key: Ed25519PrivateKey) -> tuple[ServiceKey, ...]:
    return (ServiceKey(public=public_text(key), valid_from="2026-01-01T00:00:00Z"),)


def _said(**changed: Any) -> Envelope:
    return sign(canonical(STATEMENT | changed), STATEMENT_TYPE, SERVICE)


VECTORS: dict[str, Callable[[], Json]] = {
    "proofs": proofs,
    "envelopes": envelopes,
    "tree": tree,
    "receipts": receipts,
    "packets": packets,
}
