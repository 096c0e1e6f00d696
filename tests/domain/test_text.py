"""Text is what is seen: nothing else gets into a record, and nothing else comes out of an error."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import activities.messenger
import activities.services
import domain.record.reads
import gateway.api
import workflows.messages
from domain.plan.directory import Service
from domain.rules.watch import Sighted
from domain.signing.canonical import Frozen
from domain.words import text
from domain.words.errors import MOST_FAULTS, REST, Fault, Malformed, RuleBroken, faults_of
from domain.words.identifiers import ConsignmentIdentifier, Seal
from domain.words.quantities import Money

ROOMS = (activities.messenger, activities.services, domain.record.reads, gateway.api, workflows.messages)
"""Everything that has records is in use."""
OWN = (Money, Seal, ConsignmentIdentifier, Fault)
"""Of the room below records: each field has a form of its own, and a fault is written out."""
CONTROLS = ("\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\n", "\r", "\t", "\u2028", "\u2029")
FORMATS = ("\u00ad", "\u061c", "\u200b", "\u200d", "\u200e", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\U000e0041")
UNKNOWN = ("\ue000", "\U0010fffd", "\ufffe", "\U0003fffe")
IGNORED = ("\u034f", "\u115f", "\u3164", "\ufe0f", "\U000e0100")
HOSTILE = (*CONTROLS, *FORMATS, *UNKNOWN, *IGNORED)
ORDERS = ("\x1b]0;all clear\x07", "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "\x9b2J", "\u202egnihton dezies\u202c")

hidden = st.sampled_from(HOSTILE) | st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Cn", "Co"])


def seen(words: str) -> bool:
    """Whether every character of it is shown as what it is."""
    return all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co") for char in words)


def service(**more: Any) -> Service:
    """A service that says this of itself."""
    return Service(**{"id": "kz.police", "kind": "customs", "state": "KZ", "names": {"en": "Customs"}} | more)


@pytest.mark.parametrize("char", [*HOSTILE, *ORDERS])
def test_what_is_not_seen_is_refused_with_its_place(char: str) -> None:
    """In a sentence, in a table, and as the name in a table; the refusal itself is text."""
    for wrong, place in (
        ({"contact": f"desk{char}1"}, "contact"),
        ({"names": {"en": f"a{char}b"}}, "names.en"),
        ({"names": {f"e{char}n": "Customs"}}, f"names.{text.shown(f'e{char}n')}"),
    ):
        with pytest.raises(ValidationError) as refused:
            service(**wrong)
        faults = faults_of(refused.value)
        assert [place] == [fault.place for fault in faults]
        assert "which is not seen as it is" in faults[0].problem
        assert all(seen(f"{fault}") for fault in faults)


@pytest.mark.parametrize("char", [*HOSTILE, *ORDERS])
def test_what_is_not_seen_is_refused_in_a_seal_and_in_a_number(char: str) -> None:
    """They are no records, and have forms of their own."""
    for made, place in (
        (lambda words: Seal(number="KZ-0048213", security="H", maker=words), "maker"),
        (lambda words: ConsignmentIdentifier(scheme="other", value=words), "value"),
    ):
        with pytest.raises(ValidationError) as refused:
            made(f"a{char}b")
        faults = faults_of(refused.value)
        assert [place] == [fault.place for fault in faults]
        assert "which is not seen as it is" in faults[0].problem


@given(before=st.text(max_size=20), char=hidden, after=st.text(max_size=20))
def test_whatever_surrounds_it_what_is_not_seen_never_gets_in(before: str, char: str, after: str) -> None:
    """Random texts around a hidden character: it is refused wherever it stands between what is seen."""
    with pytest.raises(ValidationError):
        Sighted(place=f"a{before}{char}{after}b")


@given(words=st.text(max_size=100))
def test_what_gets_in_is_seen(words: str) -> None:
    """Whatever a record of random text holds, a person can see."""
    try:
        said = Sighted(place=words)
    except (ValidationError, UnicodeError):
        return
    assert seen(said.place)


@pytest.mark.parametrize(
    "words",
    [
        "Шекара бекеті, Қорғас, Әуежай №2",
        "Bakı beynəlxalq aeroportu, Şəki",
        "Pärnu, Võru, Jõhvi, šokolaad ja žurnaal",
        "Пограничный пункт «Жибек жолы», въезд",
        "cafe\u0301, и\u0306",
        "نقطة الحدود",
        "नई दिल्ली",
        "北京 首都机场",
        "Hà Nội",
        "12\u00a0500 €, 1\u202f000 ₸, −3 °C, ½, ☎ ✓ 📦",
        "[/x] [bold red] :smile: <b> & %s {0}",
    ],
)
def test_every_script_is_text(words: str) -> None:
    """Letters with their marks, signs, symbols and spaces; also what only looks like an order to some program."""
    assert words == Sighted(place=words).place


def test_text_is_kept_as_it_was_written() -> None:
    """It is not composed: a signature is over these very characters."""
    assert "и\u0306" == Sighted(place="и\u0306").place
    assert "й" == Sighted(place="й").place


def strings(schema: Any, place: str = "", *, looked_at: bool = False) -> Iterator[tuple[str, bool]]:
    """Every string in a schema, and whether it is looked at."""
    if isinstance(schema, list | tuple):
        for one in schema:
            yield from strings(one, place)
    elif isinstance(schema, dict) and schema.get("cls") not in OWN:
        if schema.get("type") == "str":
            yield place, looked_at
        checks = schema.get("type") == "function-after" and schema["function"]["function"] is text.checked
        for name, one in schema.items():
            if name not in ("metadata", "serialization", "default", "json_schema_input_schema", "definitions"):
                yield from strings(one, f"{place}.{name}" if name not in ("schema", "fields") else place, looked_at=checks)


def records(kind: type[Frozen] = Frozen) -> Iterator[type[Frozen]]:
    """Every record that there is."""
    for one in kind.__subclasses__():
        yield one
        yield from records(one)


def test_no_record_has_a_string_that_is_not_looked_at() -> None:
    """But a file inside a record, and what was typed in a form, which becomes text once it is read."""
    found = {
        f"{record.__name__}{place}"
        for record in records()
        if record.__module__.split(".")[0] in ("domain", "gateway", "workflows", "activities")
        for place, looked_at in strings(record.__pydantic_core_schema__)
        if not looked_at
    }
    assert {"Packet.history", "FilledForm.values_schema", "PaperFile.file"} == found


@given(
    words=st.text(alphabet=st.sampled_from([*HOSTILE, "a", "[", "\ud800"]), max_size=40), longest=st.none() | st.integers(2, 20)
)
def test_what_is_shown_is_seen_and_no_longer_than_it_may_be(words: str, longest: int | None) -> None:
    """Also where a cut falls into what was written out."""
    out = text.shown(words, longest)
    assert seen(out)
    assert longest is None or len(out) <= longest
    assert out == text.shown(out, longest)


def test_errors_repeat_what_was_sent_as_text() -> None:
    """Message, hint, reason and fault, of an error that quotes a stranger."""
    for error in (Malformed("a\x1b[2J", hint="b\u202e"), RuleBroken("R2", "c\x9b")):
        assert seen(f"{error}{error.message}{error.hint}{getattr(error, 'reason', '')}")


def many(count: int) -> ValidationError:
    """What is said of a service with so many members that nobody knows."""
    with pytest.raises(ValidationError) as refused:
        service(**{f"x{number}": 1 for number in range(count)})
    return refused.value


def test_a_hundred_faults_are_told_and_the_rest_counted() -> None:
    """Nobody reads a book of faults, and nobody can have one written."""
    faults = faults_of(many(800))
    assert MOST_FAULTS + 1 == len(faults)
    assert (REST, "and 700 more") == (faults[-1].place, faults[-1].problem)
    assert MOST_FAULTS == len(faults_of(many(MOST_FAULTS)))


def test_a_long_name_is_cut() -> None:
    """A name of a megabyte is not handed back a thousand times."""
    with pytest.raises(ValidationError) as refused:
        service(**{"x" * 1_000_000: 1})
    assert 300 >= len(faults_of(refused.value)[0].place)
