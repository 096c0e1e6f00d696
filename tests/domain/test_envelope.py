"""DSSE envelopes: the bytes are signed, base64 has one spelling, and every signature counts."""

import base64
from collections.abc import Iterator
from itertools import count

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.plan.directory import ServiceKey
from domain.signing.envelope import STATEMENT_TYPE, Envelope, Signature, _pae, open_envelope, sign
from domain.signing.keys import PublicKeyText, b64, key_id, private_key, private_pem, public_key, public_text, unb64
from domain.words.errors import Malformed, NotAuthentic

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {key_id(public_text(KEY)): public_text(KEY)}
BOTH = KEYS | {key_id(public_text(OTHER)): public_text(OTHER)}


def test_pae_is_the_specifications_worked_example() -> None:
    """What is signed is `DSSEv1`, and type and body each with its length in bytes."""
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert _pae("http://example.com/HelloWorld", b"hello world") == expected


def test_pae_counts_bytes_and_so_cannot_be_read_two_ways() -> None:
    """Where type ends and body begins is signed too."""
    assert _pae("a", "ж".encode()) == b"DSSEv1 1 a 2 \xd0\xb6"
    assert _pae("a b", b"c") != _pae("a", b"b c")


def test_signature_is_ed25519_over_the_pae() -> None:
    """Anyone with an Ed25519 library can check an envelope without us."""
    envelope = sign(b"hello world", "http://example.com/HelloWorld", KEY)
    assert base64.b64decode(envelope.payload) == b"hello world"
    signature = base64.b64decode(envelope.signatures[0].sig)
    KEY.public_key().verify(signature, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world")


@given(payload=st.binary(max_size=200))
def test_what_is_signed_opens(payload: bytes) -> None:
    """Any bytes come out as they went in."""
    assert open_envelope(sign(payload, STATEMENT_TYPE, KEY), STATEMENT_TYPE, KEYS) == payload


@given(payload=st.binary(min_size=1, max_size=60), where=st.integers(0, 10_000))
def test_changed_payload_does_not_open(payload: bytes, where: int) -> None:
    """One flipped bit of the payload is enough."""
    envelope = sign(payload, STATEMENT_TYPE, KEY)
    changed = bytearray(payload)
    changed[where % len(payload)] ^= 1 << (where % 8)
    with pytest.raises(NotAuthentic, match="does not fit"):
        open_envelope(envelope.model_copy(update={"payload": b64(bytes(changed))}), STATEMENT_TYPE, KEYS)


@given(bit=st.integers(0, 64 * 8 - 1))
def test_changed_signature_does_not_open(bit: int) -> None:
    """One flipped bit of the signature is enough."""
    envelope = sign(b"payload", STATEMENT_TYPE, KEY)
    signature = bytearray(unb64(envelope.signatures[0].sig))
    signature[bit // 8] ^= 1 << (bit % 8)
    changed = Signature(keyid=envelope.signatures[0].keyid, sig=b64(bytes(signature)))
    with pytest.raises(NotAuthentic):
        open_envelope(envelope.model_copy(update={"signatures": (changed,)}), STATEMENT_TYPE, KEYS)


def test_another_type_does_not_open() -> None:
    """A plan's signature is not a statement's, neither by label nor by relabelling."""
    envelope = sign(b"{}", "application/vnd.vigil.plan+json", KEY)
    with pytest.raises(NotAuthentic, match="expected"):
        open_envelope(envelope, STATEMENT_TYPE, KEYS)
    with pytest.raises(NotAuthentic, match="does not fit"):
        open_envelope(envelope.model_copy(update={"payloadType": STATEMENT_TYPE}), STATEMENT_TYPE, KEYS)


def test_unknown_key_does_not_open() -> None:
    """A key that is not the signer's, or a key id that names another key."""
    with pytest.raises(NotAuthentic, match="not a valid key"):
        open_envelope(sign(b"{}", STATEMENT_TYPE, OTHER), STATEMENT_TYPE, KEYS)
    with pytest.raises(NotAuthentic, match="not a valid key"):
        open_envelope(sign(b"{}", STATEMENT_TYPE, KEY), STATEMENT_TYPE, {})
    mine = sign(b"{}", STATEMENT_TYPE, OTHER).signatures[0].model_copy(update={"keyid": key_id(public_text(KEY))})
    with pytest.raises(NotAuthentic, match="does not fit"):
        open_envelope(Envelope(payloadType=STATEMENT_TYPE, payload=b64(b"{}"), signatures=(mine,)), STATEMENT_TYPE, KEYS)


def test_every_signature_must_hold() -> None:
    """Two signatures: both keys must be known and both must fit, whichever comes first."""
    for keys in ((KEY, OTHER), (OTHER, KEY)):
        envelope = sign(b"{}", STATEMENT_TYPE, *keys)
        assert open_envelope(envelope, STATEMENT_TYPE, BOTH) == b"{}"
        with pytest.raises(NotAuthentic):
            open_envelope(envelope, STATEMENT_TYPE, KEYS)
        bad = envelope.signatures[1].model_copy(update={"sig": envelope.signatures[0].sig})
        with pytest.raises(NotAuthentic):
            open_envelope(envelope.model_copy(update={"signatures": (envelope.signatures[0], bad)}), STATEMENT_TYPE, BOTH)


def test_envelope_has_at_least_one_signature() -> None:
    """An unsigned envelope does not even exist."""
    with pytest.raises(ValidationError):
        Envelope(payloadType=STATEMENT_TYPE, payload="", signatures=())


def test_fingerprint_is_of_the_payload_alone() -> None:
    """The same words signed by another key say the same; other words do not."""
    assert sign(b"a", STATEMENT_TYPE, KEY).fingerprint() == sign(b"a", STATEMENT_TYPE, OTHER).fingerprint()
    assert sign(b"a", STATEMENT_TYPE, KEY).fingerprint() != sign(b"b", STATEMENT_TYPE, KEY).fingerprint()


@pytest.mark.parametrize("text", ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "YQ-_", "Y Q==", "YQ==YQ==", "é", "=", "A===", "YWE"])
def test_base64_is_strict(text: str) -> None:
    """Missing padding, spare bits, line ends, spaces, other alphabets: only the one spelling is read."""
    with pytest.raises(Malformed):
        unb64(text)


@given(data=st.binary(max_size=64))
def test_base64_is_read_back(data: bytes) -> None:
    """What `b64` writes `unb64` reads."""
    assert unb64(b64(data)) == data


@pytest.mark.parametrize("sig", ["A" * 88, "!" * 88, "A" * 86 + "=="])
def test_signature_that_is_no_signature_is_refused(sig: str) -> None:
    """Sixty-six bytes, no base64, or all zeros: refused, never a crash."""
    envelope = Envelope(payloadType=STATEMENT_TYPE, payload=b64(b"{}"), signatures=(Signature(keyid=next(iter(KEYS)), sig=sig),))
    with pytest.raises((NotAuthentic, Malformed)):
        open_envelope(envelope, STATEMENT_TYPE, KEYS)


def test_public_key_text_is_read_back() -> None:
    """The directory's text form has one spelling, and the key id is of the raw key."""
    text = public_text(KEY)
    assert public_text(public_key(text)) == text
    assert text == "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik="
    assert key_id(text) == "139e3940e64b5491722088d9a0d74162"
    adapter: TypeAdapter[str] = TypeAdapter(PublicKeyText)
    for wrong in (text[:-1], text.removeprefix("ed25519:"), text.replace("ed25519", "Ed25519"), text + "\n", ""):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)


P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def added(one: Point, other: Point) -> Point:
    """The sum of two points of the curve -x^2 + y^2 = 1 + d x^2 y^2."""
    (a, b), (c, d) = one, other
    both = D * a * b * c * d
    return (a * d + b * c) * pow(1 + both, -1, P) % P, (b * d + a * c) * pow(1 - both, -1, P) % P


def times(number: int, point: Point) -> Point:
    """The point added to itself so many times."""
    total: Point = (0, 1)
    while number:
        total, point, number = added(total, point) if number & 1 else total, added(point, point), number >> 1
    return total


def points() -> Iterator[Point]:
    """Points of the whole curve, of every order: those of y = 2, 3, ..."""
    for y in count(2):
        square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        x = pow(square, (P + 3) // 8, P)
        if x * x % P != square:
            x = x * pow(2, (P - 1) // 4, P) % P
        if x * x % P == square:
            yield x, y


def spellings(point: Point) -> set[bytes]:
    """Every way to write a point in 32 bytes that some program reads: also with y too large by p, and with the sign of x = 0."""
    x, y = point
    ys = [one for one in (y, y + P) if one < 2**255]
    signs = [0, 1] if x == 0 else [x & 1]
    return {(one | sign << 255).to_bytes(32, "little") for one in ys for sign in signs}


def torsion() -> set[Point]:
    """The eight points of small order: what is left of any point after the prime order of the group."""
    found: set[Point] = set()
    for point in points():
        found |= {times(number, times(ORDER, point)) for number in range(8)}
        if len(found) == 8:
            return found
    raise AssertionError


def test_a_key_under_which_anybody_can_sign_is_refused() -> None:
    """None of the eight points of small order is a public key, however it is written; nor in a directory that is trusted."""
    adapter: TypeAdapter[str] = TypeAdapter(PublicKeyText)
    small = torsion()
    assert all((0, 1) == times(8, point) for point in small)
    written = {raw for point in small for raw in spellings(point)}
    assert 14 == len(written)
    for raw in written:
        with pytest.raises(ValidationError, match=r"small order|canonical form"):
            adapter.validate_python(f"ed25519:{b64(raw)}")
        with pytest.raises(ValidationError, match=r"small order|canonical form"):
            ServiceKey(public=f"ed25519:{b64(raw)}", valid_from="2022-03-01T00:00:00Z")


@pytest.mark.parametrize("y", [P + number for number in range(2, 19)])
@pytest.mark.parametrize("sign_of_x", [0, 1])
def test_a_key_has_one_spelling(y: int, sign_of_x: int) -> None:
    """A y of p and more is the y of another spelling: two texts, and two key ids, for one key."""
    with pytest.raises(ValueError, match="canonical form"):
        public_key(f"ed25519:{b64((y | sign_of_x << 255).to_bytes(32, 'little'))}")


def test_base64_of_a_key_has_no_spare_bits() -> None:
    """Where the last character says more than the key has bits, it is another text for the same key."""
    adapter: TypeAdapter[str] = TypeAdapter(PublicKeyText)
    text = public_text(KEY)
    assert text.endswith("k=")
    with pytest.raises(ValidationError, match="canonical form"):
        adapter.validate_python(f"{text[:-2]}l=")


@given(seed=st.binary(min_size=32, max_size=32))
def test_every_key_that_is_made_is_a_key(seed: bytes) -> None:
    """Whatever the private half, the public one is read."""
    text = public_text(Ed25519PrivateKey.from_private_bytes(seed))
    assert text == public_text(public_key(text))


def test_a_signature_has_one_spelling() -> None:
    """The same signature with its S larger by the order of the group would fit as well; it is refused (RFC 8032, 5.1.7)."""
    envelope = sign(b"{}", STATEMENT_TYPE, KEY)
    raw = unb64(envelope.signatures[0].sig)
    grown = int.from_bytes(raw[32:], "little") + ORDER
    assert grown < 2**256
    other = envelope.signatures[0].model_copy(update={"sig": b64(raw[:32] + grown.to_bytes(32, "little"))})
    with pytest.raises(NotAuthentic, match="does not fit"):
        open_envelope(envelope.model_copy(update={"signatures": (other,)}), STATEMENT_TYPE, KEYS)


def locked(passphrase: bytes) -> bytes:
    """The key as another program may have written it, under a passphrase."""
    return KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(passphrase)
    )


def test_private_key_is_read_back() -> None:
    """PEM, plain or under a passphrase."""
    assert private_key(private_pem(KEY)).private_bytes_raw() == bytes(32)
    assert private_key(locked(b"word"), b"word").private_bytes_raw() == bytes(32)


def test_unreadable_private_key_is_refused() -> None:
    """No PEM, a wrong or missing passphrase, or a key of another kind."""
    curve = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for pem, passphrase in (
        (b"words", None),
        (locked(b"word"), b"other"),
        (locked(b"word"), None),
        (private_pem(KEY), b"word"),
        (curve, None),
    ):
        with pytest.raises(Malformed):
            private_key(pem, passphrase)


def test_a_key_signs_once() -> None:
    """The same signature again would be another envelope that says the same: it is refused."""
    once = sign(b"{}", STATEMENT_TYPE, KEY)

    with pytest.raises(ValidationError, match="a key signs once"):
        Envelope.model_validate(once.model_dump() | {"signatures": once.model_dump()["signatures"] * 2})
