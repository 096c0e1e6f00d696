"""Terms of law: months are counted by the calendar, and end with the day that has the number of the first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.words.moments import as_written, instant
from domain.words.terms import MOST_MONTHS, Months, at_least, iso_term, latest_end, outlasts, parse_term, say_term

MOMENTS = some.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 - it is given UTC
LAWFUL = some.integers(1, MOST_MONTHS).map(Months)


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("3 months", Months(3)),
        ("1 month", Months(1)),
        ("P3M", Months(3)),
        ("1 year", Months(12)),
        ("P10Y", Months(120)),
        ("30d", timedelta(days=30)),
        ("PT3M", timedelta(minutes=3)),
    ],
)
def test_a_term_is_read_as_laws_write_it(written: str, term: timedelta | Months) -> None:
    """In months, years or by the clock; its one form says the same again, and so does what people read."""
    assert term == parse_term(written) == parse_term(iso_term(term)) == parse_term(str(say_term(term)))


@pytest.mark.parametrize("written", ["0 months", "121 months", "11 years", "1.5 months", "P1M2D", "three months", 3, None, "P0M"])
def test_what_is_no_term_is_refused(written: object) -> None:
    """Nothing, more than ten years, parts of a month, months and days together, numbers in words."""
    with pytest.raises(ValueError, match=r"Span|Term"):
        parse_term(written)


@pytest.mark.parametrize(
    ("begins", "last", "beyond"),
    [
        ("2026-02-01T00:00:00+05:00", "2026-05-02T00:00:00+05:00", "2026-05-02T00:00:01+05:00"),
        ("2026-01-31T10:00:00Z", "2026-05-01T00:00:00Z", "2026-05-01T00:00:00.001Z"),
        ("2026-11-30T10:00:00Z", "2027-03-01T00:00:00Z", "2027-03-01T00:00:01Z"),
        ("2026-08-31T00:00:00+03:00", "2026-12-01T00:00:00+02:00", "2026-12-01T00:00:01+02:00"),
    ],
)
def test_three_months_end_with_their_last_day(begins: str, last: str, beyond: str) -> None:
    """By the calendar of who signs, on the last day of a month that is too short, and when clocks are changed on the way."""
    assert not outlasts(instant(begins), as_written(last), Months(3))
    assert outlasts(instant(begins), as_written(beyond), Months(3))


@given(MOMENTS, LAWFUL)
def test_whatever_ends_then_fits_and_nothing_later_does(begins: datetime, term: Months) -> None:
    """`latest_end` is the edge of `outlasts`, and no months are shorter than the least of their number."""
    end = latest_end(begins, term)
    assert not outlasts(begins, end, term)
    assert outlasts(begins, end + timedelta(milliseconds=1), term)
    assert end - begins >= at_least(term)


def test_the_ends_of_the_calendar_break_nothing() -> None:
    """What begins on its first day or ends on its last is compared all the same, whatever the offset."""
    assert outlasts(instant("0001-01-01T00:00:00Z"), as_written("9999-12-31T00:00:00-05:00"), Months(MOST_MONTHS))
    assert not outlasts(instant("9999-12-31T00:00:00Z"), as_written("9999-12-31T23:00:00Z"), Months(1))
