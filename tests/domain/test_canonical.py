"""Canonical bytes by RFC 8785, and nothing that has two spellings."""

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.plan.cards import canonical_cards
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request, request_for_consent
from domain.signing.canonical import Frozen, canonical, digest, digest_of_bytes
from domain.words.errors import Malformed
from tests.support import example_cards, example_plan

MOST = 2**53 - 1
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-MOST, MOST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, False, None]}, '{"a":[true,false,null],"b":1}'),
        ({"peach": 1, "péché": 2, "pêche": 3, "sin": 4}, '{"peach":1,"péché":2,"pêche":3,"sin":4}'),
        ('€$\x0f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\b\t\n\f\r\x00\x1f\x7f/", '"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f/"'),
        ("Таможня 😀", '"Таможня 😀"'),
        ([], "[]"),
        ({}, "{}"),
        (MOST, "9007199254740991"),
        (-MOST, "-9007199254740991"),
        (0, "0"),
    ],
)
def test_canonical_text_is_the_rfcs(value: Any, text: str) -> None:
    """Keys sorted, no spaces, short escapes, everything else as it is in UTF-8 (RFC 8785, 3.2.2 and 3.2.3)."""
    assert canonical(value) == text.encode()


def test_keys_are_ordered_by_utf_16_units() -> None:
    """The RFC's own example, 3.2.3: a smiley (surrogates) sorts before U+FB33, which code points would not do."""
    value = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}
    assert list(json.loads(canonical(value))) == ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        0.5,
        float("nan"),
        float("inf"),
        -0.0,
        [1, [2.5]],
        {"a": {"b": 1.0}},
        (1, 2.0),
        2**53,
        -(2**53),
        {"a": [2**60]},
        {1: "a"},
        {None: 1},
        b"bytes",
        {"a", "b"},
        "\ud800",
        {"\ud800": 1},
    ],
)
def test_what_has_no_one_canonical_form_is_refused(value: Any) -> None:
    """Fractions however deep, integers from 2**53 on, keys that are no text, bytes and half characters."""
    with pytest.raises(Malformed):
        canonical(value)


@given(value=JSON)
def test_canonical_form_is_read_back_and_stable(value: Any) -> None:
    """What is written reads back as the same value, and writing that again gives the same bytes."""
    written = canonical(value)
    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written


@given(keys=st.lists(TEXT, unique=True, max_size=6), data=st.data())
def test_order_of_insertion_does_not_matter(keys: list[str], data: st.DataObject) -> None:
    """Two dictionaries that are equal have equal bytes."""
    shuffled = data.draw(st.permutations(keys))
    assert canonical(dict.fromkeys(keys, 1)) == canonical(dict.fromkeys(shuffled, 1))


def test_record_and_its_json_have_one_digest() -> None:
    """A record is hashed as its JSON, SHA-256 in hex."""
    record = Anything(value="нет")
    plain = {"value": "нет"}
    assert canonical(record) == canonical(plain)
    assert digest(record) == digest(plain) == digest_of_bytes(canonical(plain))
    assert digest_of_bytes(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert digest_of_bytes(b"abc").startswith("ba7816bf")


class Anything(Frozen):
    """A record that may hold any JSON."""

    value: Any


@given(value=JSON)
def test_the_bytes_of_a_record_are_those_of_the_library(value: Any) -> None:
    """The quick way for plain records is taken only where it gives RFC 8785's own bytes."""
    assert rfc8785.dumps({"value": value}) == canonical(Anything(value=value))


def test_an_error_does_not_repeat_what_was_read() -> None:
    """It may end in a log: it tells the field and what is wrong with it, and not what stood there, however deep."""
    with pytest.raises(ValidationError) as wrong:
        Plan.model_validate_json('{"title": 7777, "consignment": {"declared_as": ["hidden"]}}')

    assert "consignment.declared_as" in str(wrong.value)
    assert "hidden" not in str(wrong.value)
    assert "7777" not in str(wrong.value)


def test_what_was_worked_out_of_a_record_once_is_worked_out_afresh_of_another() -> None:
    """A plan is asked of each State once; a changed plan asks something else, and the one before still the same."""
    plan = example_plan()
    asked, before = request_for_consent(plan, "KZ"), digest_of_request(plan, "KZ")
    other = plan.model_copy(update={"reverse": not plan.reverse})

    assert request_for_consent(plan, "KZ") is asked
    assert digest_of_request(other, "KZ") != before
    assert (digest_of_request(plan, "KZ"), digest_of_request(plan, "UZ")) == (before, digest(request_for_consent(plan, "UZ")))
    assert plan == example_plan(), "what was worked out is no part of it"


def test_cards_by_state_are_written_as_any_record_is() -> None:
    """In whatever order they come: their canonical bytes are put together from those of each."""
    cards = example_cards()
    written = canonical({state: card.model_dump(mode="json") for state, card in cards.items()})

    assert canonical_cards(cards) == canonical_cards(dict(reversed(cards.items()))) == written
    assert canonical_cards({}) == b"{}"
