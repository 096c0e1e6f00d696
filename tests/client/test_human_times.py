"""Times as people say them become RFC 3339, or are refused where the clock is not certain."""

from datetime import UTC, datetime

import pytest

from client.human_times import TypedTimes, moments_of

NOW = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)


def clock(state: str | None) -> TypedTimes:
    """Of a service of this State, in the evening of 2 March 2026 by UTC."""
    return TypedTimes(lambda: state, lambda: NOW)


@pytest.mark.parametrize(
    ("state", "said", "expected"),
    [
        ("UZ", "today 14:00", "2026-03-03T14:00:00+05:00"),
        ("UZ", "yesterday 9:05", "2026-03-02T09:05:00+05:00"),
        ("UZ", "tomorrow at 23:59:30", "2026-03-04T23:59:30+05:00"),
        ("UZ", "14:00", "2026-03-03T14:00:00+05:00"),
        ("UZ", "now", "2026-03-03T01:30:00+05:00"),
        ("LV", "today 14:00", "2026-03-02T14:00:00+02:00"),
        ("LV", "2026-07-01 14:00", "2026-07-01T14:00:00+03:00"),
        ("KG", "вчера в 14:00", "2026-03-02T14:00:00+06:00"),
        ("BY", "2.3.2026 14:00", "2026-03-02T14:00:00+03:00"),
        ("RU", "today 14:00 +07:00", "2026-03-03T14:00:00+07:00"),
        ("RU", "2026-03-02 14:00Z", "2026-03-02T14:00:00+00:00"),
    ],
)
def test_a_time_is_read_by_the_clock_of_the_services_state(state: str, said: str, expected: str) -> None:
    """The day is the day there, and summer time is that of the day which is named."""
    assert expected == clock(state).read(said)


@pytest.mark.parametrize(
    ("state", "said", "why"),
    [
        ("RU", "today 14:00", "by which clock"),
        (None, "today 14:00", "not known here"),
        ("ZZ", "today 14:00", "not known here"),
        ("UZ", "today 25:00", "no such day or hour"),
        ("UZ", "31.2.2026 14:00", "no such day or hour"),
        ("UZ", "yesterday", "the hour is missing, such as yesterday 14:00"),
        ("UZ", "2026-03-02", "the hour is missing"),
        ("UZ", "tomorroww 14:00", "did you mean tomorrow"),
        ("UZ", "soon", "expected a time such as"),
        ("UZ", "today 9.30", "expected a time such as"),
        ("UZ", "today 14:00 +25:00", "no clock is so far from UTC"),
        ("LV", "2026-03-29 03:30", "by which clock"),
        ("LV", "2026-10-25 03:30", "by which clock"),
    ],
)
def test_an_hour_whose_clock_is_not_certain_is_refused(state: str | None, said: str, why: str) -> None:
    """A State with several zones, a service of none, an hour that summer time skips or repeats: the offset must be typed."""
    with pytest.raises(ValueError, match=why):
        clock(state).read(said)


@pytest.mark.parametrize("text", ["2026-03-02T14:00:00+05:00", "2026-13-02t14:00", "2026-03-02T14:00:00"])
def test_what_is_written_like_rfc_3339_is_left_to_be_judged_as_it_is(text: str) -> None:
    """It is kept as written, right or wrong."""
    assert text == TypedTimes(lambda: pytest.fail("nobody needs the State"), lambda: NOW).read(text)


def test_the_times_of_a_kind_are_found_from_its_model() -> None:
    """Each field that is a moment, and no other: none is listed by hand."""
    assert {"detected_at"} == moments_of("detected")
    assert {"valid_from", "valid_until"} <= moments_of("authorisation_granted")
    assert frozenset() == moments_of("dispatched")
