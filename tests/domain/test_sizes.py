"""One hostile byte costs one byte: sizes are counted first, and what is counted is looked at once."""

import json
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.plan.plan import read_plan
from domain.record.door import read_statement
from domain.rules.books import newest
from domain.rules.kind import Kind
from domain.signing.envelope import PLAN_TYPE, STATEMENT_TYPE, Envelope, sign
from domain.words import errors, sizes
from domain.words.errors import Malformed
from domain.words.limits import DEEPEST, MOST_VALUES
from domain.words.sizes import bounded
from rehearsal.services import private_key_of

KEY = private_key_of("kz.knb")
FIELDS = json.dumps({f"x{number}": 1 for number in range(20_000)}).encode()
OBJECTS = json.dumps([{"a": 1}] * 30_000).encode()


@pytest.mark.parametrize("payload", [FIELDS, OBJECTS, b'{"content":' + OBJECTS + b"}", b'{"a":' * 5000])
def test_a_payload_of_too_many_values_is_no_statement_and_no_plan(payload: bytes) -> None:
    """Twenty thousand unknown members, thirty thousand small objects, five thousand levels: refused before they are parsed."""
    why = r"the payload (holds more than 10000 values|is nested too deeply)"
    with pytest.raises(Malformed, match=why):
        read_statement(sign(payload, STATEMENT_TYPE, KEY).body())
    with pytest.raises(Malformed, match=why):
        read_plan(sign(payload, PLAN_TYPE, KEY))


@pytest.mark.parametrize(
    ("body", "good"),
    [
        (json.dumps([0] * (MOST_VALUES - 2)).encode(), True),
        (json.dumps([0] * (MOST_VALUES + 1)).encode(), False),
        (b"[" * DEEPEST + b"]" * DEEPEST, True),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), False),
        (json.dumps("[{," * 50_000).encode(), True),
        (json.dumps('\\"[' * 50_000).encode(), True),
        (b'"' + b'\\"' * 50_000 + b"[" * 100, True),
        (b"]" * 100_000, True),
        (b"", True),
        (b'"\\', True),
    ],
)
def test_values_and_depth_have_their_bounds(body: bytes, good: bool) -> None:  # noqa: FBT001
    """What stands in a text is text; and what is no JSON is left to the parser."""
    if good:
        assert body is bounded(body)
    else:
        with pytest.raises(Malformed):
            bounded(body)


@given(
    body=st.lists(st.sampled_from([b'"', b"\\", b"[", b"{", b"}", b"]", b",", b"a", b"\n", b"\xff"]), max_size=60).map(b"".join)
)
@example(body=b'"\\"\\"\\"\\"')
def test_no_byte_is_looked_at_twice(body: bytes) -> None:
    """The marks that are found, with what stands before them, are the whole body, one after the other."""
    found = list(sizes._MARK.finditer(body))
    assert body == b"".join(one[0] for one in found)
    assert len(found) <= len(body) + 1


@given(
    value=st.recursive(
        st.none() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)
    )
)
def test_values_are_counted_as_they_are(value: Any) -> None:
    """Each value of a JSON text is counted, and an empty list or object as one more at the most."""

    def count(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        return 1 + sum(map(count, inner))

    def empty(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        return sum(map(empty, inner)) + (1 if one in ([], {}) else 0)

    body = json.dumps(value).encode()
    assert body is bounded(body, most=count(value) + empty(value))
    if count(value) > 1:
        with pytest.raises(Malformed):
            bounded(body, most=count(value) - 1)


def steps_for(members: int) -> int:
    """Lines of Python that are gone through to tell what is wrong with an envelope of so many members that nobody knows."""
    with pytest.raises(ValidationError) as refused:
        Envelope.model_validate({f"x{number}": 1 for number in range(members)})
    steps = 0

    def count(_frame: FrameType, _event: str, _arg: Any) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        errors.faults_of(refused.value)
    finally:
        sys.settrace(before)
    return steps


def test_what_faults_cost_grows_as_their_number() -> None:
    """Four and a half times as many faults take six times as many steps at the most, and never twenty times."""
    steps_for(1)  # what is looked up once is not counted
    assert steps_for(900) < 6 * steps_for(200)


def test_faults_beyond_a_thousand_are_counted_and_not_looked_at() -> None:
    """What has so many is something else, and telling them costs more than finding them."""
    with pytest.raises(Malformed) as refused:
        read_plan(sign(json.dumps({"checkpoints": [{}] * 3000}).encode(), PLAN_TYPE, KEY))
    (fault,) = refused.value.faults
    assert ("document", "it has 18011 faults: this is something else") == (fault.place, fault.problem)


Path = tuple[str | int, ...]


def in_statements() -> Iterator[tuple[type[Kind], Path]]:
    """Each kind of statement and each place of a list in it."""
    for kind in newest().kinds.values():
        schema = kind.model_json_schema()
        for path in sorted(set(lists(schema, schema.get("$defs", {}))), key=str):
            yield kind, path


def lists(schema: dict[str, Any], named: dict[str, Any], path: Path = (), inside: tuple[str, ...] = ()) -> Iterator[Path]:
    """Where a list stands in what this JSON Schema describes, at any depth."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    if name in inside:
        return
    if name:
        yield from lists(named[name], named, path, (*inside, name))
    for one in (one for of in ("anyOf", "oneOf", "allOf") for one in schema.get(of, ())):
        yield from lists(one, named, path, inside)
    if schema.get("type") == "array":
        yield path
        yield from lists(schema.get("items", {}), named, (*path, 0), inside)
    for field, one in schema.get("properties", {}).items():
        yield from lists(one, named, (*path, field), inside)


def hostile(path: Path) -> Any:
    """What has thousands of empty objects at this place."""
    if not path:
        return [{}] * 4000
    return [hostile(path[1:])] if path[0] == 0 else {path[0]: hostile(path[1:])}


@pytest.mark.parametrize(("kind", "path"), [*in_statements()])
def test_a_list_in_a_statement_ends_at_its_first_wrong_part(kind: type[Kind], path: Path) -> None:
    """Four thousand wrong parts are found as quickly as one, wherever a kind of statement has a list."""
    with pytest.raises(ValidationError) as refused:
        kind.model_validate_json(json.dumps(hostile(path)), strict=True)
    assert 20 > refused.value.error_count()
