"""Who is silent, worked out from rows of the watch floor; duty hours; and what a note of who chases a service must be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from domain.delivery.chasing import CHASE_TYPE, LONGEST, Chase, authentic, check_fresh
from domain.plan.directory import Directory, Service
from domain.plan.duty import on_duty
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope, sign
from domain.views.floor import Placed, placed
from domain.views.glance import glance
from domain.views.overdue import (
    Around,
    Missing,
    Overdue,
    OverdueQuestion,
    Silences,
    asked,
    missing,
    owing,
    silent_services,
    with_opened,
)
from domain.views.overdue_in_words import comes_next, in_one_sentence, lateness, opened, there
from domain.words.errors import Malformed, NotAllowed, NotAuthentic
from domain.words.limits import MOST_BLOCKS, MOST_MISSING
from domain.words.moments import utc_text
from rehearsal.services import cast, private_key_of
from tests.floors import glance_of, trouble, wait
from tests.support import Table, example_directory, with_changes

NOW = datetime(2026, 3, 14, 2, 41, tzinfo=UTC)
HOUR = timedelta(hours=1)
KNOWN = example_directory()


def row(name: str, kind: str = "", **changed: Any) -> Placed:
    """A row in this trouble."""
    return placed(glance_of(name, NOW, **(trouble(kind, NOW) | changed)), NOW)


def page(rows: list[Placed], **question: Any) -> Overdue:
    """The page of them, with what the directory says, and nobody who chases."""

    def clock(one: Service) -> datetime | None:
        return NOW.astimezone(ZoneInfo(one.zone)) if one.zone is not None else None

    return Silences(rows, NOW).page(OverdueQuestion(**question), Around(KNOWN.find, clock, lambda _service, _since: None))


ROWS = [
    row("cedar-1"),
    row("amber-2", "overdue"),
    row("birch-3", "to_seize"),
    row("tulip-4", "due_soon"),
    row("ibex-6", waits=(wait(NOW, "by.customs", -0.2), wait(NOW, "by.customs", 30))),
    row("saiga-7", waits=(wait(NOW, "lv.prosecutor", 5, "authorisation", then="halts", climbed=0),)),
]


def test_services_stand_by_the_worst_that_they_owe_and_each_thing_in_its_order() -> None:
    """What is to be seized first, then who is late the longest, then what is merely due; nothing that is far off."""
    found = page(ROWS)
    assert ["kz.customs", "kz.police", "uz.customs", "by.customs", "lv.prosecutor"] == [one.service for one in found.silent]
    assert (4, 4) == (found.late, found.services)
    uzbek = found.silent[2]
    assert ["amber-2", "tulip-4", "cedar-1"] == [one.delivery for one in uzbek.missing]
    assert (1, 2, utc_text(NOW - 3.2 * HOUR)) == (uzbek.late, uzbek.soon, uzbek.since)
    assert ["ibex-6"] == [one.delivery for one in found.silent[3].missing]
    assert found.silent[4].since is None
    assert {"kz.customs", "kz.police", "uz.customs", "by.customs"} == silent_services(ROWS, NOW)


def test_who_was_silent_owes_still_where_that_is_due_anew_later_and_what_is_to_be_seized_whatever_the_outcome() -> None:
    """A hold has moved the due time by two days; an outcome was recorded before it was seized."""
    moved = row("cedar-1", waits=(wait(NOW, "uz.customs", 48, silent=True),))
    ended = row("birch-3", "to_seize", outcome="stopped_before_departure")
    assert [("uz.customs", "late")] == [(one.service, one.missing[0].late) for one in page([moved]).silent]
    assert {"kz.customs": "to_seize", "kz.police": "to_seize"} == {
        one.service: one.missing[0].late for one in page([ended]).silent
    }
    for found in (owing, silent_services):
        assert {"uz.customs", "kz.customs", "kz.police"} == found([moved, ended], NOW)


def test_a_page_is_narrowed_by_lateness_state_and_service() -> None:
    """Its counts stay those of all; a page beyond the last is the last."""
    late = page(ROWS, show="late")
    assert (4, ["amber-2"]) == (late.matching, [one.delivery for one in late.silent[2].missing])
    assert ["lv.prosecutor"] == [one.service for one in page(ROWS, state="LV", page=9).silent]
    assert ["by.customs", "kz.customs"] == [one.service for one in page(ROWS, sort="state").silent][:2]
    one = page(ROWS, service="uz.customs")
    assert (1, 4) == (one.matching, one.services)


def test_what_an_address_cannot_say_is_named_and_left_out() -> None:
    """So an old link shows what it can."""
    assert (OverdueQuestion(state="UZ"), ("sort", "x")) == asked({"in": "UZ", "sort": "due", "x": "1"})


def test_whom_to_call_and_whether_somebody_is_there_stands_with_each() -> None:
    """The telephone, what time it is there, and until when that office answers."""
    found = {one.service: one for one in page(ROWS).silent}
    customs, prosecutor = found["kz.customs"], found["lv.prosecutor"]
    assert (customs.telephone, "2026-03-14T07:41+05:00", True, None) == (
        KNOWN.get("kz.customs").telephone,
        customs.local,
        customs.on_duty,
        customs.until,
    )
    assert (False, "2026-03-16T09:00+02:00") == (prosecutor.on_duty, prosecutor.until)
    assert "it is 04:41 (+02:00) there, off duty until 03-16 09:00" == there(prosecutor)


def test_while_it_is_held_nobody_is_late() -> None:
    """The clocks of what would move it stand (R8), and the page says so of what came late before."""
    held = row("held-1", waits=(wait(NOW, "uz.customs", -1, silent=False, paused=True),))
    assert [] == list(missing(held, NOW))
    silent = row("held-2", waits=(wait(NOW, "uz.customs", -1, paused=True),))
    (_, one), *_ = missing(silent, NOW)
    assert "until it is decided how it goes on, nobody's silence counts" == comes_next(one, NOW)


def only(**changed: Any) -> Missing:
    """The one thing that is missing in a row whose wait is so."""
    hours = changed.pop("hours", 5.0)
    ((_, found),) = missing(row("one-1", waits=(wait(NOW, "uz.customs", hours, **changed),)), NOW)
    return found


def test_what_follows_by_itself_and_when_is_said_of_each() -> None:
    """The nearest of reminder, rung and end; and where nobody else will be told, that somebody has to call."""
    at = utc_text(NOW + HOUR)
    assert "reminder at 03:41 UTC; 07:41 UTC: it halts" == comes_next(only(next_reminder=at, then="halts"), NOW)
    assert "uz.police is told at 03:41 UTC" in comes_next(only(next_rung=at, next_to="uz.police"), NOW)
    assert "nothing by itself: call" == comes_next(only(hours=-1), NOW)
    assert ("late 1 h", "late") == lateness(only(hours=-1), NOW)
    seize = row("seize-1", "to_seize", waits=(wait(NOW, "kz.customs", None, contingency="interdiction", next_reminder=at),))
    ((_, found),) = missing(seize, NOW)
    assert "asked again at 03:41 UTC, until it is seized (R8)" == comes_next(found, NOW)


def test_the_bound_of_a_page_is_kept_and_what_is_beyond_it_counted() -> None:
    """The worst ten of a service with the number of others, forty services on a page."""
    many = [row(f"many-{number}", "overdue") for number in range(MOST_MISSING + 5)]
    ((service),) = page(many).silent
    assert (MOST_MISSING, 5, MOST_MISSING + 5) == (len(service.missing), service.more, service.late)
    wide = [row(f"wide-{number}", waits=(wait(NOW, f"uz.s-{number}", -1),)) for number in range(MOST_BLOCKS + 1)]
    first, second = page(wide), page(wide, page=2)
    assert (MOST_BLOCKS, 2, 1) == (len(first.silent), first.pages, len(second.silent))
    crowded = row("crowd-1", waits=(wait(NOW, "uz.customs", -1, more=3),), more_waits=2)
    assert 5 == page([crowded]).beyond


def test_whether_a_request_was_opened_is_said_only_where_it_is_known() -> None:
    """At a desk yes or no; of a system that takes requests by itself, that it is not known."""
    found = page(ROWS)
    reads: dict[tuple[str, str, str], str | None] = {("amber-2", "uz.customs", "border"): utc_text(NOW - HOUR)}
    reads |= {("tulip-4", "uz.customs", "border"): None}
    told = {one.delivery: one for one in with_opened(found, reads, KNOWN.find).silent[2].missing}
    assert ["opened 01:41 UTC", "not opened", "not known"] == [
        opened(told[name], NOW) for name in ("amber-2", "tulip-4", "cedar-1")
    ]


def test_one_sentence_says_whom_to_call_first_and_why() -> None:
    """It could be read out on the telephone."""
    assert "Call kz.customs first. birch-3 was stopped 6 h ago and is not seized." in in_one_sentence(page(ROWS))
    assert "Call uz.customs first. amber-2 waits for it, 3 h 12 min late." in in_one_sentence(page(ROWS[1:2]))
    assert "No answer is late." == in_one_sentence(page(ROWS[:1]))


def test_a_row_says_what_each_service_owes_who_is_told_next_and_when() -> None:
    """Made from the delivery itself, as the archive keeps it."""
    ladder = [{"after": "10h", "to": "uz.customs"}]
    at = Table(with_changes(consent_uz={"remind": ["6h"], "escalate": ladder}))
    found = next(one for one in glance(at.delivery).waits if one.checkpoint == "consent-uz")
    assert (("uz.prosecutor",), ("authorisation",)) == (found.services, found.each)
    assert ("uz.customs", utc_text(at.now + 10 * HOUR), utc_text(at.now + 6 * HOUR)) == (
        found.next_to,
        found.next_rung,
        found.next_reminder,
    )
    assert not found.paused


# Duty hours


@pytest.mark.parametrize(
    ("hours", "local", "expected"),
    [
        ("24/7", "2026-03-14T07:41", (True, None)),
        ("Mo-Fr 09:00-18:00", "2026-03-13T17:59", (True, "2026-03-13T18:00")),
        ("Mo-Fr 09:00-18:00", "2026-03-13T18:00", (False, "2026-03-16T09:00")),
        ("20:00-08:00", "2026-03-14T07:41", (True, "2026-03-14T08:00")),
        ("20:00-08:00", "2026-03-14T12:00", (False, "2026-03-14T20:00")),
        ("Sa 06:00-08:00; Sa 08:00-12:00", "2026-03-14T07:41", (True, "2026-03-14T12:00")),
        ("Fr-Mo 08:00-08:00", "2026-03-14T07:41", (True, "2026-03-17T08:00")),
        ("00:00-00:00", "2026-03-14T07:41", (True, None)),
    ],
)
def test_duty_hours_say_whether_somebody_is_there_and_until_when(
    hours: str, local: str, expected: tuple[bool, str | None]
) -> None:
    """By the clocks there, over midnight and the end of the week too; spans that meet are one."""
    found = on_duty(hours, datetime.fromisoformat(local))
    until = found.until.isoformat(timespec="minutes") if found.until is not None else None
    assert expected == (found.now, until)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"hours": "9 to 5", "zone": "Asia/Tashkent"}, "expected 24/7"),
        ({"hours": "Mo-Fr 09:00-24:30", "zone": "Asia/Tashkent"}, "expected 24/7"),
        ({"hours": "; ".join(["Mo 01:00-02:00"] * 8), "zone": "Asia/Tashkent"}, "8 spans of hours; at most 7"),
        ({"hours": "24/7"}, "give `zone` too"),
        ({"zone": "+05:00"}, "match pattern"),
        ({"telephone": "102"}, "match pattern"),
        ({"telephone": "+998 (71) 000-00-00 ext. 7"}, "match pattern"),
    ],
)
def test_a_directory_that_says_no_hours_zone_or_number_is_refused(changed: dict[str, str], place: str) -> None:
    """With what would be right."""
    with pytest.raises(ValidationError, match=place):
        Service.model_validate({"id": "uz.customs", "kind": "customs", "state": "UZ", "names": {"en": "Customs"}} | changed)


def test_no_delivery_takes_along_how_a_service_is_telephoned() -> None:
    """It is for who runs the installation, and for no packet; of others nobody is told it."""
    assert KNOWN.get("uz.customs").telephone is not None
    along = KNOWN.snapshot(["uz.customs"]).get("uz.customs")
    assert (None, None, None) == (along.telephone, along.hours, along.zone)
    listed = {one.id: one for one in KNOWN.shown_to(KNOWN.get("kz.customs"), whole=False)}
    assert (listed["uz.customs"].telephone, listed["kz.customs"].telephone) == (None, KNOWN.get("kz.customs").telephone)


# The note


@dataclass
class Officer:
    """Somebody who signs notes."""

    service: str = "kz.knb"
    officer: str = "K-1"

    def note(self, **changed: Any) -> Chase:
        """What is signed, ordinarily."""
        usual = {"chased": "uz.customs", "service": self.service, "officer": self.officer}
        times = {"at": utc_text(NOW), "until": utc_text(NOW + 4 * HOUR)}
        return Chase(**(usual | times | changed))

    def signed(self, by: str | None = None, **changed: Any) -> Envelope:
        """It, signed by this service's key."""
        return sign(canonical(self.note(**changed)), CHASE_TYPE, private_key_of(by or self.service))


def keyed() -> Directory:
    """The directory with simulated keys."""
    return cast(KNOWN, ("kz.knb", "uz.customs", "uz.police"))


def test_a_note_counts_that_the_officer_it_names_has_signed() -> None:
    """Nobody takes over in another's name, and nothing that is not in the directory is chased."""
    assert Officer().note() == authentic(Officer().signed(), keyed())
    with pytest.raises(NotAuthentic):
        authentic(Officer().signed(by="uz.police"), keyed())
    with pytest.raises(NotAuthentic, match=r"unknown service uz\.nobody"):
        authentic(Officer().signed(chased="uz.nobody"), keyed())
    with pytest.raises(Malformed, match="no note"):
        authentic(sign(b"{}", CHASE_TYPE, private_key_of("kz.knb")), keyed())
    spaced = sign(canonical(Officer().note()) + b" ", CHASE_TYPE, private_key_of("kz.knb"))
    with pytest.raises(Malformed, match="canonical"):
        authentic(spaced, keyed())


def test_a_note_ends_by_itself_within_a_shift_and_is_handed_in_at_once() -> None:
    """One for longer is none, and one that somebody kept puts nobody in charge later."""
    note = Officer().note(until=utc_text(NOW + LONGEST))
    assert note.holds(NOW)
    assert not note.holds(NOW + LONGEST)
    for until in (NOW + LONGEST + timedelta(seconds=1), NOW - timedelta(seconds=1)):
        with pytest.raises(ValidationError, match="at most 12 hours"):
            Officer().note(until=utc_text(until))
    check_fresh(note, NOW + timedelta(minutes=5))
    for late in (timedelta(minutes=6), -timedelta(minutes=6)):
        with pytest.raises(NotAllowed, match="the note is of"):
            check_fresh(note, NOW + late)
