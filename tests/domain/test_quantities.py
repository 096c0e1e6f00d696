"""Quantities: exact in, exact out, and no float on the way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.words.quantities import (
    BY_HAND,
    MAX_SPAN,
    MAX_WHOLE,
    Milligrams,
    Money,
    Span,
    iso_span,
    parse_amount,
    say_mass,
    say_span,
)

MASS: TypeAdapter[int] = TypeAdapter(Milligrams)
SPAN: TypeAdapter[timedelta] = TypeAdapter(Span)
SPANS = st.integers(1, MAX_SPAN // timedelta(milliseconds=1)).map(lambda ms: timedelta(milliseconds=ms))


@pytest.mark.parametrize(
    ("written", "mg"),
    [
        ("13.2 kg", 13_200_000),
        ("500 g", 500_000),
        ("27 kg", 27_000_000),
        ("1900 mg", 1_900),
        ("1.5 t", 1_500_000_000),
        ("0.000001kg", 1),
        ("0.1000000000 g", 100),
        (" 2 g ", 2_000),
        (0, 0),
        (MAX_WHOLE, MAX_WHOLE),
        ("1000000 t", MAX_WHOLE),
    ],
)
def test_mass_is_read_exactly(written: object, mg: int) -> None:
    """Text with a unit and whole milligrams give the exact integer."""
    assert MASS.validate_python(written) == mg


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("13,2 kg", ("comma", "point for decimals", '"13.2 kg"')),
        ("1,300 g", ("comma", "nothing between thousands")),
        ("13.2", ("unit is missing", '"13.2 kg"')),
        ("13.2 lb", ("'lb' is unknown", "t, kg, g or mg")),
        ("13.2 кg", ("'кg' is unknown", "t, kg, g or mg")),
        ("5 Mg", ("'Mg' is unknown",)),
        ("0.5 mg", ("finer than a milligram",)),
        ("1.00000000001 kg", ("finer than a milligram",)),
        ("-5 g", ("not a number and a unit", '"13.2 kg"')),
        ("1e3 g", ("expected",)),
        (".5 kg", ("not a number and a unit",)),
        ("\u0665 kg", ("not a number and a unit",)),
        ("9" * 41, ("at most 40",)),
        (13.2, ("no exact mass", "whole milligrams")),
        (True, ("no exact mass",)),
        (None, ("no exact mass",)),
        (Decimal(5), ("no exact mass",)),
        (-1, ("greater than or equal to 0",)),
        (MAX_WHOLE + 1, ("less than or equal to",)),
    ],
)
def test_mass_refuses(written: object, parts: tuple[str, ...]) -> None:
    """A mass that could be misread is refused with what would be right."""
    with pytest.raises(ValidationError) as caught:
        MASS.validate_python(written)
    assert all(part in str(caught.value) for part in parts)


@pytest.mark.parametrize(
    ("mg", "said"),
    [
        (0, "0 mg"),
        (999, "999 mg"),
        (1_000, "1 g"),
        (1_900, "1.9 g"),
        (13_200_000, "13.2 kg"),
        (100_000_000, "100 kg"),
        (1_000_001, "1.000001 kg"),
        (-1_900, "-1.9 g"),
    ],
)
def test_mass_is_said_in_a_fitting_unit(mg: int, said: str) -> None:
    """The unit fits the size, trailing zeros go and no digit is lost."""
    assert say_mass(mg) == said


@given(st.integers(0, MAX_WHOLE))
def test_mass_round_trip(mg: int) -> None:
    """Every mass survives being said and read, and JSON carries the bare integer."""
    assert MASS.validate_python(say_mass(mg)) == mg
    assert MASS.dump_json(mg) == str(mg).encode()
    assert MASS.validate_json(MASS.dump_json(mg)) == mg


@pytest.mark.parametrize(
    ("written", "iso", "said"),
    [
        ("48h", "P2D", "2 d"),
        ("90m", "PT1H30M", "1 h 30 m"),
        ("2d 12h", "P2DT12H", "2 d 12 h"),
        ("2 d 12 h", "P2DT12H", "2 d 12 h"),
        ("2d12h", "P2DT12H", "2 d 12 h"),
        ("30s", "PT30S", "30 s"),
        ("1500 ms", "PT1.5S", "1 s 500 ms"),
        ("PT48H", "P2D", "2 d"),
        ("P2D", "P2D", "2 d"),
        ("PT0.005S", "PT0.005S", "5 ms"),
        ("PT10.5S", "PT10.5S", "10 s 500 ms"),
        ("P1DT1H1M1S", "P1DT1H1M1S", "1 d 1 h 1 m 1 s"),
        (timedelta(minutes=90), "PT1H30M", "1 h 30 m"),
    ],
)
def test_span_has_one_form(written: object, iso: str, said: str) -> None:
    """However a span is written, its record form and its spoken form are one each."""
    span = SPAN.validate_python(written)
    assert SPAN.dump_json(span) == f'"{iso}"'.encode()
    assert say_span(span) == said


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("48", "no span of time"),
        ("", "no span of time"),
        ("12h 2d", "no span of time"),
        ("1.5h", "no span of time"),
        ("-2h", "no span of time"),
        ("1w", "no span of time"),
        ("P1M", "no span of time"),
        ("P1Y", "no span of time"),
        ("P", "no span of time"),
        ("PT", "no span of time"),
        ("P1DT", "no span of time"),
        ("PT0.0005S", "no span of time"),
        ("0h", "not above zero"),
        ("PT0S", "not above zero"),
        ("3661d", "longer than 3660 d"),
        ("9" * 30 + "d", "too long"),
        ("9" * 50, "at most 40"),
        (48, "number without its unit"),
        (1.5, "number without its unit"),
        (True, "number without its unit"),
        (timedelta(microseconds=1500), "parts of a millisecond"),
        (timedelta(seconds=-1), "not above zero"),
    ],
)
def test_span_refuses(written: object, part: str) -> None:
    """A span without unit, of varying length, out of bounds or too fine is refused."""
    with pytest.raises(ValidationError, match="expected") as caught:
        SPAN.validate_python(written)
    assert part in str(caught.value)


@given(SPANS)
def test_span_round_trip(span: timedelta) -> None:
    """Every span survives JSON and its spoken form, and JSON is deterministic."""
    written = SPAN.dump_json(span)
    assert SPAN.validate_json(written) == span
    assert SPAN.dump_json(SPAN.validate_json(written)) == written
    assert SPAN.validate_python(say_span(span)) == span
    assert SPAN.dump_python(span) == span
    assert iso_span(span) == written.decode().strip('"')


@given(st.text(alphabet="PTDHMS0123456789dhms. ,kgt", max_size=45))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    """No text makes the parsers fail otherwise than by a validation error."""
    for adapter in (MASS, SPAN):
        try:
            said = f"expected {adapter.validate_python(text)}"
        except ValidationError as refusal:
            said = str(refusal)
        assert "expected" in said or "less than or equal" in said


@pytest.mark.parametrize(
    ("currency", "minor", "said"),
    [
        ("EUR", 1_250, "12.50 EUR"),
        ("kzt", 5, "0.05 KZT"),
        ("JPY", 1_250, "1250 JPY"),
        ("KWD", 1_250, "1.250 KWD"),
    ],
)
def test_money_is_said_with_its_minor_units(currency: str, minor: int, said: str) -> None:
    """An amount shows as many decimals as ISO 4217 gives its currency, and survives JSON."""
    money = Money(currency=currency, minor=minor)
    assert money.say() == said
    assert Money.model_validate_json(money.model_dump_json()) == money


@pytest.mark.parametrize(
    ("currency", "minor", "part"),
    [
        ("XAU", 1, "no minor unit"),
        ("EUR", 12.5, "no exact amount"),
        ("EUR", True, "no exact amount"),
        ("EUR", "1250", "no exact amount"),
        ("EUR", -1, "greater than or equal to 0"),
    ],
)
def test_money_refuses(currency: str, minor: object, part: str) -> None:
    """An amount that is not a whole, non-negative number of minor units is refused."""
    with pytest.raises(ValidationError) as caught:
        Money.model_validate({"currency": currency, "minor": minor})
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("currency", "text", "minor"),
    [("EUR", "12500.00", 1_250_000), ("EUR", "12500", 1_250_000), ("JPY", " 500 ", 500), ("KWD", "1.250", 1_250)],
)
def test_an_amount_is_read_as_it_is_said(currency: str, text: str, minor: int) -> None:
    """An amount with all the decimals of its currency, or none, becomes whole minor units."""
    assert parse_amount(currency, text) == minor


@pytest.mark.parametrize(
    ("currency", "text"), [("EUR", "12.5"), ("EUR", "12.505"), ("EUR", "12,50"), ("EUR", "-1"), ("JPY", "1.0"), ("EUR", "")]
)
def test_an_amount_that_may_be_misread_is_refused(currency: str, text: str) -> None:
    """Other decimals than the currency has, a comma or a sign are refused, with an amount as it would be right."""
    with pytest.raises(ValueError, match=rf"not an amount of {currency}, expected text such as 12"):
        parse_amount(currency, text)


def test_json_schema_says_what_is_read_and_written() -> None:
    """The JSON schemas admit the text forms for input and only the canonical form for output."""
    assert {"type": "string"} in MASS.json_schema()["anyOf"]
    assert MASS.json_schema(mode="serialization")["type"] == "integer"
    assert SPAN.json_schema(mode="serialization") == {"type": "string"}


def test_a_mass_in_json_is_a_whole_number() -> None:
    """What is signed says a mass in one way, whole milligrams; only in what a person wrote has it a unit."""
    assert MASS.validate_json("13950000") == 13_950_000
    assert MASS.validate_json('"13.95 kg"', context=BY_HAND) == 13_950_000
    with pytest.raises(ValidationError, match=r"13\.95 kg' is text, expected whole milligrams"):
        MASS.validate_json('"13.95 kg"')
