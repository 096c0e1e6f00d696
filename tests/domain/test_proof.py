"""A proof is good for one request, one minute and one key."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from domain.plan import proof
from domain.plan.directory import Directory
from domain.signing.canonical import digest_of_bytes
from domain.signing.keys import key_id, private_pem, public_text
from domain.words.errors import NotAuthentic
from rehearsal.services import EPOCH, private_key_of
from tests.support import Table

DIRECTORY = Table().directory
SERVICE = "kz.police"
KEY = private_key_of(SERVICE)
REQUEST: dict[str, Any] = {"method": "POST", "url": "https://vigil.example/deliveries?limit=1", "body": b"{}"}


def made(service: str = SERVICE, **changed: Any) -> str:
    """A proof for the request, or for one that differs."""
    parts = REQUEST | {"now": EPOCH, "nonce": "once"} | changed
    return proof.make(service, private_key_of(service), **parts)


def checked(header: str | None, directory: Directory = DIRECTORY, **changed: Any) -> tuple[str, str]:
    """Service and nonce of a proof."""
    caller = proof.check(header, directory, **REQUEST | {"now": EPOCH} | changed)
    return caller.service.id, caller.nonce


def test_proof_names_its_maker_and_its_nonce() -> None:
    """Made for this request, it is accepted, and the nonce comes out for the caller to remember."""
    assert checked(made()) == (SERVICE, "once")
    assert checked(made(method="post")) == (SERVICE, "once")


@pytest.mark.parametrize(
    "other",
    [
        {"method": "GET"},
        {"url": "https://vigil.example/deliveries"},
        {"url": "https://vigil.example/deliveries?limit=2"},
        {"url": "https://vigil.example/deliveries?limit=1&"},
        {"url": "https://another.example/deliveries?limit=1"},
        {"url": "http://vigil.example/deliveries?limit=1"},
        {"url": "/deliveries?limit=1"},
        {"body": b""},
        {"body": b"{} "},
    ],
)
def test_proof_is_worthless_for_another_request(other: dict[str, Any]) -> None:
    """Method, address with query, and body are all bound."""
    with pytest.raises(NotAuthentic, match="another request"):
        checked(made(), **other)


@pytest.mark.parametrize(("seconds", "good"), [(-61, False), (-60, True), (0, True), (60, True), (61, False)])
def test_proof_lives_a_minute_either_way(seconds: int, good: bool) -> None:  # noqa: FBT001
    """Sixty seconds off is the most, in the past and in the future."""
    header = made(now=EPOCH + timedelta(seconds=seconds))
    if good:
        assert checked(header) == (SERVICE, "once")
    else:
        with pytest.raises(NotAuthentic, match="differs from ours"):
            checked(header)


def test_unknown_service_and_foreign_key_are_not_told_apart() -> None:
    """Both get the same words, so that nobody learns who is in the directory."""
    messages = set()
    unknown = made(service="nobody.known")
    foreign = proof.make(SERVICE, private_key_of("uz.customs"), now=EPOCH, nonce="once", **REQUEST)
    for header in (unknown, foreign):
        with pytest.raises(NotAuthentic) as refused:
            checked(header)
        messages.add(refused.value.message)
    assert messages == {"no valid key of a known service signed this request"}


@pytest.mark.parametrize(
    ("key", "later"),
    [
        ({"revoked_at": "2022-03-01T06:00:00Z"}, -1),
        ({"valid_until": "2022-03-01T06:00:00Z"}, -1),
        ({"valid_from": "2022-03-01T06:00:01Z"}, 1),
    ],
)
def test_key_that_is_not_valid_now_proves_nothing(key: dict[str, str], later: int) -> None:
    """Revoked, expired, not yet valid; a second to the other side it does."""
    directory = DIRECTORY.model_copy(
        update={
            "services": tuple(
                service.model_copy(update={"keys": (service.keys[0].model_copy(update=key),)}) for service in DIRECTORY.services
            )
        }
    )
    with pytest.raises(NotAuthentic, match="no valid key"):
        checked(made(), directory)
    now = EPOCH + timedelta(seconds=later)
    assert checked(made(now=now), directory, now=now) == (SERVICE, "once")


def b64url(data: bytes) -> str:
    """As tokens write it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header: Any, claims: bytes, signature: bytes = b"x" * 64) -> str:
    """A token nobody signed."""
    return f"Vigil {b64url(json.dumps(header).encode())}.{b64url(claims)}.{b64url(signature)}"


HEADER = {"alg": "Ed25519", "typ": "vigil-proof+jwt", "kid": key_id(public_text(KEY))}
CLAIMS = {
    "iss": SERVICE,
    "iat": int(EPOCH.timestamp()),
    "jti": "once",
    "htm": "POST",
    "htu": REQUEST["url"],
    "bod": digest_of_bytes(b"{}"),
}


def signed(algorithm: str = "Ed25519", **changed: Any) -> str:
    """A token with other claims, signed with the service's own key."""
    header = HEADER | {"alg": algorithm}
    key = OKPKey.import_key(private_pem(KEY))
    return f"Vigil {jwt.encode(header, CLAIMS | changed, key, algorithms=[algorithm])}"


def test_other_algorithms_are_refused() -> None:
    """Neither `none` nor a shared secret made of the public key passes."""
    payload = json.dumps(CLAIMS).encode()
    secret = OctKey.import_key(KEY.public_key().public_bytes_raw())
    shared = f"Vigil {jwt.encode({'alg': 'HS256'}, CLAIMS, secret, algorithms=['HS256'])}"
    for header in (token({"alg": "none"}, payload, b""), token(HEADER, payload), shared, headed(alg="EdDSA")):
        with pytest.raises(NotAuthentic):
            checked(header)
    assert checked(signed()) == (SERVICE, "once")


@pytest.mark.parametrize("iat", [None, "now", float(EPOCH.timestamp()), True, [], 10**30])
def test_time_of_the_proof_is_a_whole_number(iat: Any) -> None:
    """Anything else is told as what it is; a number beyond all time is not now."""
    with pytest.raises(NotAuthentic, match=r"`iat` is not|differs from ours"):
        checked(signed(iat=iat))


@pytest.mark.parametrize(("sub", "officer"), [({}, None), ({"sub": None}, None), ({"sub": "P-118"}, "P-118")])
def test_the_officer_who_calls_comes_out_of_the_proof(sub: dict[str, Any], officer: str | None) -> None:
    """Where a person calls, the officer's code; where a system does, none."""
    caller = proof.check(signed(**sub), DIRECTORY, **REQUEST, now=EPOCH)
    assert officer == caller.officer
    assert officer == proof.check(made(officer=officer), DIRECTORY, **REQUEST, now=EPOCH).officer


@pytest.mark.parametrize("claim", [{"sub": "Ivan Ivanov"}, {"sub": 7}, {"jti": ""}, {"jti": None}, {"jti": "x" * 201}])
def test_a_name_is_no_officer_and_a_proof_without_nonce_is_none(claim: dict[str, Any]) -> None:
    """Officers are known by their code, never by name; what cannot be remembered could be used twice."""
    with pytest.raises(NotAuthentic, match=f"`{next(iter(claim))}` is not"):
        checked(signed(**claim))


def headed(**changed: Any) -> str:
    """A token signed with the service's own key, under another header; None leaves a member out."""
    kept = {name: value for name, value in (HEADER | changed).items() if value is not None}
    signed_part = ".".join(b64url(json.dumps(part).encode()) for part in (kept, CLAIMS))
    return f"Vigil {signed_part}.{b64url(KEY.sign(signed_part.encode()))}"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"alg": "EdDSA"}, "the proof's `alg` is not `Ed25519`"),
        ({"alg": None}, "the proof is not a token"),
        ({"typ": "dpop+jwt"}, "the proof's `typ` is not `vigil-proof+jwt`"),
        ({"typ": "JWT"}, "the proof's `typ` is not `vigil-proof+jwt`"),
        ({"typ": None}, "the proof's `typ` is not `vigil-proof+jwt`"),
        ({"kid": None}, "the proof's `kid` is not the id of a key: 32 lower-case hexadecimal digits"),
        ({"kid": "A" * 32}, "the proof's `kid` is not the id of a key: 32 lower-case hexadecimal digits"),
        ({"kid": 7}, "the proof's `kid` is not the id of a key: 32 lower-case hexadecimal digits"),
        ({"kid": "0" * 32}, "no valid key of a known service signed this request"),
    ],
)
def test_what_is_wrong_with_a_header_is_told_and_who_is_known_is_not(header: dict[str, Any], message: str) -> None:
    """A developer learns which member is wrong, which all stands in the token; an unknown key gets the one answer."""
    with pytest.raises(NotAuthentic) as refused:
        checked(headed(**header))
    assert message == refused.value.message
    assert checked(headed()) == (SERVICE, "once")


@pytest.mark.parametrize(
    "claim",
    [{"iss": 7}, {"iss": None}, {"iat": "now"}, {"htm": None}, {"htu": ["x"]}, {"bod": "x"}, {"bod": None}, {"jti": "\x1b[2J"}],
)
def test_a_claim_of_the_wrong_form_is_told_by_its_name(claim: dict[str, Any]) -> None:
    """Each is named with what would be right, and nothing that was sent is repeated."""
    name, value = next(iter(claim.items()))
    with pytest.raises(NotAuthentic) as refused:
        checked(signed(**claim))
    assert f"`{name}` is not " in refused.value.message
    assert str(value) not in refused.value.message or value is None or value == "x"


@pytest.mark.parametrize("changed", [{"iat": 0}, {"htu": "https://elsewhere.example/"}])
@pytest.mark.parametrize("service", [SERVICE, "nobody.known"])
def test_who_is_known_does_not_show_in_a_stale_or_misdirected_proof(service: str, changed: dict[str, Any]) -> None:
    """The time and the address are looked at before it is asked who is known, so the answer is the same for everybody."""
    with pytest.raises(NotAuthentic, match=r"differs from ours|another request"):
        checked(signed(iss=service, **changed))


def test_tampered_token_is_refused() -> None:
    """Claims of one token under the signature of another."""
    mine, other = made().split("."), made(nonce="twice").split(".")
    with pytest.raises(NotAuthentic, match="no valid key"):
        checked(".".join((mine[0], other[1], mine[2])))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Vigil",
        "Vigil ",
        "Bearer x.y.z",
        made().replace("Vigil", "DPoP", 1),
        "Vigil x",
        "Vigil a.b.c",
        "Vigil ...",
        "Vigil \ud800",
        token(HEADER, b"[]"),
        token(HEADER, b'"text"'),
        token(HEADER, b"[" * 5000),
        token({**HEADER, "crit": 5}, json.dumps(CLAIMS).encode()),
        token({**HEADER, "crit": [[]]}, json.dumps(CLAIMS).encode()),
        token({**HEADER, "alg": ["Ed25519"]}, json.dumps(CLAIMS).encode()),
        token({**HEADER, "alg": None}, json.dumps(CLAIMS).encode()),
        token([], json.dumps(CLAIMS).encode()),
        token(HEADER, b"1" * 5000),
        token(HEADER, b"\xff"),
    ],
)
def test_whatever_is_no_proof_is_refused(header: str | None) -> None:
    """Missing, of another scheme, malformed or nested without end: `NotAuthentic`, never a crash (found by test)."""
    with pytest.raises(NotAuthentic):
        checked(header)


@given(
    text=st.text(max_size=40),
    header=st.dictionaries(
        st.sampled_from(["alg", "crit", "b64", "typ", "kid"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2),
    ),
)
@example(text="", header={"alg": "Ed25519", "b64": 0, "crit": ["b64"]})
def test_no_header_crashes_the_check(text: str, header: dict[str, Any]) -> None:
    """Random headers are refused with `NotAuthentic`."""
    for one in (f"Vigil {text}", token(header, json.dumps(CLAIMS).encode())):
        with pytest.raises(NotAuthentic):
            checked(one)


def with_officer(officer: str) -> Directory:
    """The directory in which the service's key is this officer's."""
    service = DIRECTORY.get(SERVICE)
    own = service.model_copy(update={"keys": (service.keys[0].model_copy(update={"officer": officer}),)})
    kept = tuple(own if one.id == SERVICE else one for one in DIRECTORY.services)
    return DIRECTORY.model_copy(update={"services": kept})


@pytest.mark.parametrize("said", ["P-1", None])
def test_a_proof_by_an_officers_key_is_that_officers(said: str | None) -> None:
    """Whether it says so or nothing: whoever calls with it cannot pass for a system."""
    caller = proof.check(made(officer=said), with_officer("P-1"), **REQUEST, now=EPOCH)

    assert "P-1" == caller.officer


def test_a_proof_by_an_officers_key_under_another_code_is_refused() -> None:
    """The log of reads would name the wrong person; a system's key vouches for whom it names."""
    with pytest.raises(NotAuthentic, match="is P-1's, and what it signed names P-2"):
        checked(made(officer="P-2"), with_officer("P-1"))

    assert "P-2" == proof.check(made(officer="P-2"), DIRECTORY, **REQUEST, now=EPOCH).officer
