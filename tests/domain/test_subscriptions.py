"""What supervisors are told of: what comes up in a row, once for the same thing; and the hours in which it waits."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.views.subscriptions import DayPart, Quiet, Wish, occasions
from domain.words.limits import LONGEST_ADDRESS, MOST_OCCASIONS, MOST_QUIET
from domain.words.moments import utc_text
from tests.floors import glance_of, trouble, wait

NOW = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)


def told(kind: str = "", now: datetime = NOW, **changed: Any) -> set[tuple[str, bool]]:
    """Of what, and whether it waits for nothing."""
    row = glance_of("cedar-1", NOW, **(trouble(kind, NOW) | changed))
    return {(one.subject, one.urgent) for one in occasions(row, now)}


@pytest.mark.parametrize(
    ("kind", "subjects"),
    [
        ("", set()),
        ("due_soon", set()),
        ("to_seize", {("stop", True), ("needs_you", True)}),
        ("held", {("hold", False), ("needs_you", False)}),
        ("overdue", {("overdue", False), ("needs_you", False)}),
        ("lost", {("needs_you", False)}),
        ("diverged", {("needs_you", False)}),
        ("consent", {("expiry", False)}),
        ("unreachable", {("unreachable", False)}),
    ],
)
def test_each_trouble_of_a_row_is_told_under_its_subject(kind: str, subjects: set[tuple[str, bool]]) -> None:
    """A stop waits for nothing, and an ordinary row is no news."""
    assert subjects == told(kind)


def test_what_is_refused_and_life_at_risk_are_told() -> None:
    """A statement, a consent, a stop before departure; a danger to life makes whatever needs somebody urgent."""
    assert {("refusal", False)} == told(refused=1)
    assert {("refusal", False), ("stop", True)} == told(halted="refused")
    assert {("refusal", False)} == told(outcome="refused", phase="ended")
    assert ("stop", True) in told(outcome="stopped_before_departure", phase="ended")
    assert {("stop", True), ("needs_you", True)} == told("diverged", halted="risk_to_life", at_risk=True)


def test_the_same_thing_has_one_mark_and_another_has_another() -> None:
    """However often a row is looked at, and whatever else changes in it; what time alone brings is told when it comes."""
    row = glance_of("cedar-1", NOW, refused=1)
    later = NOW + timedelta(hours=6)
    first, again = occasions(row, NOW), occasions(row.model_copy(update={"title": "x", "holder": "uz.customs"}), NOW)
    more = occasions(row.model_copy(update={"refused": 2}), NOW)

    assert [one.mark for one in first] == [one.mark for one in again]
    assert first[0].mark != more[0].mark
    assert first[0].mark != occasions(row.model_copy(update={"delivery": "cedar-2"}), NOW)[0].mark
    assert {"refusal", "overdue", "needs_you"} == {one.subject for one in occasions(row, later)}


def test_of_one_row_no_more_is_told_than_its_bound() -> None:
    """All that can be wrong at once."""
    waits = tuple(wait(NOW, "uz.customs", -1, checkpoint=f"c{n}", unreachable=("uz.customs",)) for n in range(4))
    everything = {"waits": waits, "halted": "refused", "to_seize": True, "held_by": "kz.police", "lost_since": utc_text(NOW)}
    found = occasions(glance_of("cedar-1", NOW, **everything, diverged=True, refused=3), NOW)

    assert 8 < len(found) <= MOST_OCCASIONS
    assert len(found) == len({one.mark for one in found})


def quiet(*spans: str, zone: str = "Europe/Berlin") -> Quiet:
    """Hours such as 22:00-06:00."""
    return Quiet(zone=zone, spans=tuple(DayPart(since=one[:5], until=one[6:]) for one in spans))


@pytest.mark.parametrize(
    ("moment", "is_quiet"),
    [
        ("2026-03-28T20:59:00+00:00", False),
        ("2026-03-28T21:00:00+00:00", True),  # 22:00 in winter
        ("2026-03-29T03:59:00+00:00", True),  # 05:59 in summer: the clock was put forward in between
        ("2026-03-29T04:00:00+00:00", False),
        ("2026-03-29T10:30:00+00:00", True),  # 12:30
        ("2026-03-29T11:00:00+00:00", False),  # an end is no part of it
    ],
)
def test_quiet_hours_are_by_the_officers_own_clock(moment: str, *, is_quiet: bool) -> None:
    """Over midnight, in several spans, and when the clock is put forward."""
    assert is_quiet is quiet("22:00-06:00", "12:00-13:00").at(datetime.fromisoformat(moment))


PAGE = {"by": "page"}
HOOK = {"by": "webhook", "url": "https://hook.example/x"}
WHOLE = {"subjects": ["stop"], "way": PAGE}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"subjects": []}, "at least 1"),
        ({"subjects": ["stop", "stop"]}, "each subject stands once"),
        ({"subjects": ["weather"]}, "Input should be 'needs_you'"),
        ({"way": {"by": "pigeon"}}, "expected tags"),
        ({"way": HOOK | {"url": "http://hook.example/x"}}, "expected https://"),
        ({"way": HOOK | {"url": "http://10.0.0.1/x"}}, "expected https://"),
        ({"way": HOOK | {"url": "file:///etc/passwd"}}, "URL scheme"),
        ({"way": HOOK | {"url": "https://user:secret@hook.example/"}}, "holds no password"),
        ({"way": HOOK | {"url": f"https://hook.example/{'x' * LONGEST_ADDRESS}"}}, "at most 500 characters"),
        ({"way": {"by": "email", "to": "duty@x.example\nBcc: all@x.example"}}, "should match"),
        ({"quiet": {"zone": "Mars/Olympus", "spans": [{"since": "22:00", "until": "06:00"}]}}, "no time zone"),
        ({"quiet": {"zone": "../etc/passwd", "spans": [{"since": "22:00", "until": "06:00"}]}}, "should match"),
        ({"quiet": {"zone": "UTC", "spans": [{"since": "22:00", "until": "22:00"}]}}, "end at another time"),
        ({"quiet": {"zone": "UTC", "spans": [{"since": "24:00", "until": "06:00"}]}}, "should match"),
        ({"quiet": {"zone": "UTC", "spans": []}}, "at least 1"),
        ({"quiet": {"zone": "UTC", "spans": [{"since": "22:00", "until": "06:00"}] * (MOST_QUIET + 1)}}, "at most 7"),
    ],
)
def test_what_is_no_subscription_is_refused_and_says_why(changed: dict[str, Any], says: str) -> None:
    """Each part of it has its rule."""
    assert Wish.model_validate(WHOLE).quiet is None
    with pytest.raises(ValidationError, match=says):
        Wish.model_validate(WHOLE | changed)
