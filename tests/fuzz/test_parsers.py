"""Whatever comes in from outside, spoiled in any way, is read or refused with a `VigilError`; never anything else, and soon."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, sign
from domain.signing.keys import b64
from domain.words.errors import Malformed, VigilError
from rehearsal.services import private_key_of
from tests.fuzz.parsers import DOORS, SERVICE, as_json, table, tried
from tests.support import example_plan

pytestmark = pytest.mark.slow
NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53, -(2**63), 10**400, 0.5, 1e308, -0.0, float("inf"), float("nan"),
    "", " ", "\0", "\x1b[31m", "\ud800", "a\udfff", "\u202eexe", "а", "uz.рolice", "uz.police\u200b", "𝟙𝟚", "２０２６", "İ", "ß",
    "x" * 100_000, "9" * 5000, "-", "1e999", "2026-02-30T00:00:00Z", "2026-01-01T00:00:60Z", "9999-12-31T23:59:59-23:59", "P1D",
    "99999999999h", "1000000000000000 kg", "../../etc/passwd", "{{7*7}}", "%s%n", "!!python/object:os.system", "*a", "<<",
    [], {}, [[]], {"": {}}, ["x"] * 2000, {str(n): n for n in range(500)},
)  # fmt: skip
"""What nobody expects: of another type, too large, too long, not what it looks like."""
DEEP = 3000
FAST = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
LAUGHS = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
"""Ten lines that stand for hundreds of millions of values."""
SOON = 5.0
"""Seconds in which even the worst is refused, on a busy machine."""
JSON_DOORS = [name for name, door in DOORS.items() if not door.yaml and name != "proof"]
YAML_DOORS = [name for name, door in DOORS.items() if door.yaml]


@st.composite
def spoiled(draw: st.DrawFn, data: bytes) -> bytes:
    """A JSON document with one to three things in it replaced, doubled, renamed or gone."""
    value = json.loads(data)
    for _ in range(draw(st.integers(1, 3))):
        value = draw(spoil(value))
    return as_json(value)


@st.composite
def spoil(draw: st.DrawFn, value: Any) -> Any:
    """One change, somewhere inside."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        return value | {key: draw(spoil(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], draw(spoil(value[at])), *value[at + 1 :]]
    if isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value)))
        rest = {one: value[one] for one in value if one != key}
        return draw(st.sampled_from([rest, rest | {draw(st.text(max_size=5)): value[key]}, value | {"more": 1}]))
    if isinstance(value, list) and value:
        return draw(st.sampled_from([value * 2, value[1:], value[::-1]]))
    if isinstance(value, str) and value and draw(st.booleans()):
        at = draw(st.integers(0, len(value)))
        return value[:at] + draw(st.characters(exclude_categories=())) + value[at + draw(st.integers(0, 1)) :]
    return draw(st.sampled_from(NASTY) | st.integers() | st.text(max_size=10))


@st.composite
def bitten(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes with some of them changed, put in, taken out, or the rest cut off."""
    for _ in range(draw(st.integers(1, 4))):
        at, what = draw(st.integers(0, len(data))), draw(st.integers(0, 3))
        more = draw(
            st.sampled_from(
                [b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b'"', b"{", b"[", b"\\u0000", b"\t", b"&a ", b"*a"]
            )
        )
        data = data[:at] + (more, b"", more + data[at : at + 9], b"")[what] + (data[at:], data[at + 1 :], data[at:], b"")[what]
    return data


@pytest.mark.parametrize("name", JSON_DOORS)
@FAST
@given(data=st.data())
def test_a_spoiled_record_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """One to three things that nobody expects, anywhere in a valid envelope, statement, plan or packet."""
    tried(name, data.draw(spoiled(data.draw(st.sampled_from(DOORS[name].valid())))))


@pytest.mark.parametrize("name", DOORS)
@FAST
@given(data=st.data())
def test_bitten_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    """Bytes changed, put in and cut off, in whatever is read from outside."""
    tried(name, data.draw(bitten(data.draw(st.sampled_from(DOORS[name].valid())))))


@pytest.mark.parametrize("name", YAML_DOORS)
@FAST
@given(data=st.data())
def test_a_spoiled_file_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """Lines doubled, gone, in another order or with another value, tags, anchors and merges, in valid YAML."""
    lines = data.draw(st.sampled_from(DOORS[name].valid())).decode().splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key = lines[at].partition(":")[0]
        value = json.dumps(data.draw(st.sampled_from(NASTY)), ensure_ascii=data.draw(st.booleans()))
        word = data.draw(
            st.sampled_from(["!!python/object:os.system x", "&a [*a]", "<<: {a: b}", "!!binary AA", "? [a]", "|\n x", "0o17"])
        )
        lines[at : at + 1] = data.draw(
            st.sampled_from([[], [lines[at]] * 2, [f"{key}: {value}"], [f"{key}: {word}"], [lines[at], f"  {lines[at]}"]])
        )
    tried(name, "\n".join(lines).encode(errors="surrogatepass"))


def nested(opening: str, closing: str) -> Callable[[bytes], bytes]:
    """What is nested without end, in the place of everything."""
    return lambda _: (opening * DEEP + closing * DEEP).encode()


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize(
    "bomb",
    [
        nested("[", "]"),
        nested('{"a":', "}"),
        lambda data: data[:-1] + b',"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
        lambda data: data[:-1] + b',"x":' + b"9" * 100_000 + b"}",
        lambda data: data[:-1] + b',"x":"' + b"x" * 400_000 + b'"}',
        lambda data: data[:-1] + b',"' + b'":1,"'.join(str(n).encode() for n in range(2_000)) + b'":1}',
        lambda data: data * 2,
        lambda _: b"",
        lambda _: b"null",
        lambda _: b"\xff\xfe\x00",
        lambda _: "а: б".encode("utf-16"),
    ],
    ids=["lists", "objects", "deep inside", "a number", "a text", "keys", "twice", "nothing", "null", "bytes", "utf-16"],
)
def test_what_is_large_or_deep_is_refused_soon(name: str, bomb: Callable[[bytes], bytes]) -> None:
    """Thousands of levels, a number of 100,000 digits, a text of 400,000 characters: refused, and nobody waits."""
    began = time.process_time()
    assert isinstance(tried(name, bomb(DOORS[name].valid()[0])), VigilError)
    assert time.process_time() - began < SOON


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "a: &a {b: *a}",
        "&a [*a, *a]",
        "- " * DEEP + "x",
        "".join(f"{' ' * n}a:\n" for n in range(900)),
        "? " * 900 + "x",
        "a: !!python/object/apply:os.system [ls]",
        "vigil: plan/1\nvigil: plan/1",
        "%YAML 9.9\n---\na: 1",
        "--- a\n--- b",
        'a: "\\ud800"',
        "a: 2001-99-99",
        "a: 1:60:60",
        "a: 0x" + "f" * 5000,
        "a: 1" + "0" * 5000,
        "a: .inf\nb: .nan",
        "{a: 1, a: 2}",
        "!!set {a, b}",
        "!!omap [a: 1, b: 2]",
        "\ufeffvigil: plan/1",
        "a: !!timestamp x",
        "a: !!int x",
        "a: !!float x",
        "a: !!binary '*'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", YAML_DOORS)
def test_a_bomb_of_yaml_is_refused_soon(name: str, text: str) -> None:
    """Aliases that stand for billions of values, that hold themselves, levels without end, tags that ask to run something."""
    began = time.process_time()
    assert isinstance(tried(name, text.encode(errors="surrogatepass")), Malformed)
    assert time.process_time() - began < SOON


def test_a_key_given_twice_never_means_one_thing_to_us_and_another_to_others() -> None:
    """In what is signed: the bytes are not the canonical ones, so the statement is refused whichever of the two would count."""
    first = table().statement(SERVICE, "sighted")
    text = canonical(first).replace(b'{"checkpoint"', b'{"officer":"another","checkpoint"')

    refused = tried("statement", text)

    assert text != canonical(first)
    assert isinstance(refused, Malformed)


@pytest.mark.parametrize("service", ["uz.рolice", "uz.police\u200b", "UZ.police", "uz.police\0", "ｕｚ.police"])
def test_a_name_that_only_looks_like_a_services_is_none(service: str) -> None:
    """Cyrillic letters, invisible characters, other cases and widths: no id at all."""
    said = json.loads(canonical(table().statement(SERVICE, "sighted")))

    refused = tried("statement", as_json(said | {"service": service}))

    assert isinstance(refused, Malformed)
    assert "service" in {fault.place for fault in refused.faults}


@given(payload=st.binary(max_size=200))
@example(payload=b"\xff")
@settings(deadline=None, max_examples=60)
def test_a_plan_of_any_bytes_is_no_plan(payload: bytes) -> None:
    """Signed as it may be."""
    envelope = sign(payload, PLAN_TYPE, private_key_of(example_plan().initiator))

    assert b64(payload) == base64.b64encode(payload).decode() == envelope.payload
    assert isinstance(tried("plan", payload), Malformed)
