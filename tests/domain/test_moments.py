"""Moments: kept as written, compared as instants, refused when they name none."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.words.moments import Moment, instant, utc_text

MOMENT: TypeAdapter[str] = TypeAdapter(Moment)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
DATETIMES = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(9998, 12, 31),  # noqa: DTZ001
    timezones=OFFSETS,
)


@pytest.mark.parametrize(
    ("moment", "utc"),
    [
        ("2026-03-01T14:05:00+05:00", "2026-03-01T09:05:00.000000Z"),
        ("2026-03-01T14:05:00.5Z", "2026-03-01T14:05:00.500000Z"),
        ("2026-03-01T00:05:00.123456-03:30", "2026-03-01T03:35:00.123456Z"),
        ("2026-03-01T00:05:00-00:00", "2026-03-01T00:05:00.000000Z"),
        ("2024-02-29T23:59:59+00:00", "2024-02-29T23:59:59.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_moment_is_kept_and_names_an_instant(moment: str, utc: str) -> None:
    """The text stays as written while its instant has one canonical UTC form."""
    assert MOMENT.validate_python(moment) == moment
    assert MOMENT.validate_json(MOMENT.dump_json(moment)) == moment
    assert instant(moment).utcoffset() == timedelta(0)
    assert utc_text(instant(moment)) == utc


@pytest.mark.parametrize(
    ("moment", "part"),
    [
        ("2026-03-01T14:05:00", "no offset, so across a border it names no instant"),
        ("2026-03-01", "wrong form"),
        ("2026-03-01 14:05:00Z", "wrong form"),
        ("2026-03-01t14:05:00z", "wrong form"),
        ("2026-03-01T14:05Z", "wrong form"),
        ("2026-03-01T14:05:00+0500", "wrong form"),
        ("2026-03-01T14:05:00,5Z", "wrong form"),
        ("2026-03-01T14:05:00.Z", "wrong form"),
        ("20260301T140500Z", "wrong form"),
        ("2026-03-01T14:05:00Z\n", "wrong form"),
        ("\u0662026-03-01T14:05:00Z", "wrong form"),
        ("2026-W09-7T14:05:00Z", "wrong form"),
        ("2026-03-01T24:00:00Z", "00:00:00 of the next day"),
        ("2026-03-01T25:00:00Z", "impossible time of day"),
        ("2026-03-01T14:60:00Z", "impossible time of day"),
        ("2016-12-31T23:59:60Z", "leap second"),
        ("2026-02-29T14:05:00Z", "expected 01 to 28 in 2026-02"),
        ("2026-04-00T14:05:00Z", "expected 01 to 30"),
        ("2026-13-01T14:05:00Z", "expected 01 to 12"),
        ("0000-01-01T00:00:00Z", "year 0000"),
        ("2026-03-01T14:05:00.1234567Z", "at most 6"),
        ("2026-03-01T14:05:00+24:00", "impossible offset"),
        ("2026-03-01T14:05:00+05:60", "impossible offset"),
        ("0001-01-01T00:00:00+05:00", "outside the calendar"),
        ("9999-12-31T23:59:59-05:00", "outside the calendar"),
    ],
)
def test_moment_refuses(moment: str, part: str) -> None:
    """What names no single instant is refused by RFC 3339 with what would be right."""
    with pytest.raises(ValidationError, match=r"RFC 3339: .*expected") as caught:
        MOMENT.validate_python(moment)
    assert part in str(caught.value)


def test_moment_takes_text_only() -> None:
    """A datetime or a number is not a moment, since neither shows what was written."""
    for value in (datetime.now(UTC), 0, None):
        with pytest.raises(ValidationError, match="valid string"):
            MOMENT.validate_python(value)


def test_utc_text_refuses_what_names_no_instant() -> None:
    """A naive datetime and one outside the UTC calendar have no canonical text."""
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - the very thing refused
    with pytest.raises(ValueError, match=r"naive.*expected"):
        utc_text(naive)
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
    with pytest.raises(ValueError, match=r"outside the calendar.*expected"):
        utc_text(first)


@given(DATETIMES)
def test_written_datetime_round_trip(dt: datetime) -> None:
    """Any aware datetime written as RFC 3339 is a moment that names the same instant."""
    assert instant(MOMENT.validate_python(dt.isoformat())) == dt
    assert instant(utc_text(dt)) == dt


@given(DATETIMES, DATETIMES)
def test_canonical_text_sorts_as_time(one: datetime, other: datetime) -> None:
    """Canonical texts compare as their instants do."""
    assert (utc_text(one) < utc_text(other)) == (one < other)


@given(st.text(alphabet="0123456789-:.TZ+", max_size=35))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    """No text makes the reader fail otherwise than by ValueError."""
    try:
        said = f"expected {instant(text)}"
    except ValueError as refusal:
        said = str(refusal)
    assert "expected" in said
