"""R16: a measure whose permission runs out is asked for anew before (Kazakhstan CPC art. 236), or ends; then it may be held."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Closed
from domain.delivery.verdicts import Finding
from domain.plan.directory import Poll, Reach
from domain.record.verify import verify
from domain.views.asked import inbox, request
from domain.views.consequences import after_silence
from domain.views.view import view
from domain.words.moments import utc_text
from tests.course import became, code, entry_of, refusal
from tests.support import MEASURES, Table, asks, card_of, example_cards, example_plan, with_changes

KZ_LAW = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
UZ_LAW = {"mark": "T", "text": example_cards()["UZ"].texts[0].id}
LASTS = timedelta(hours=8)
ENDS = "2022-03-01T14:00:00Z"
"""So long after the table begins."""
LONGER = "2022-03-01T17:00:00Z"


def permitted(measure: str = "following_person", *, reach: dict[str, Reach] | None = None, **rule: Any) -> Table:
    """Kazakhstan's prosecutor has permitted a measure for eight hours; the plan warns two hours before a consent ends."""
    plan = with_changes(
        consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")},
        plan_={
            "uses": [measure],
            "expiry_warnings": ["2h", "1h"],
            "request": example_plan().request.model_dump() | {"technical_means": "a recorder"},
        },
    )
    own = {"measures": [measure], "needs": "own_act", "by": ["prosecutor"], "law": KZ_LAW} | rule
    free = {"measures": [one for one in MEASURES if one != measure], "needs": "nothing", "law": KZ_LAW}
    cards = card_of("KZ", measures=[own, free])
    cards |= card_of("UZ", measures=[{"measures": list(MEASURES), "needs": "nothing", "law": UZ_LAW}])
    table = Table(plan, other_cards=cards, reach=reach or {})
    said = table.say("kz.prosecutor", "permission_granted", "consent-kz", permissions=[measure], valid_until=ENDS)
    assert became(said) == ("accepted", None)
    return table


def on_its_way(measure: str = "following_person") -> Table:
    """It has left, and nobody has been asked yet."""
    table = permitted(measure)
    table.dispatch()
    assert table.delivery.state.watched
    assert "renewal.kz.prosecutor.1" not in table.delivery.state.progress
    return table


def until(table: Table, left: timedelta) -> None:
    """Time passes until so much is left of it."""
    table.pass_time(microseconds=(LASTS - left - (table.now - table.delivery.state.began)) // timedelta(microseconds=1))


def longer(
    table: Table, at: str = "renewal.kz.prosecutor.1", ends: str = LONGER, begins: str = "2022-03-01T13:00:00Z"
) -> str | None:
    """It is permitted for longer; what is wrong with that."""
    words = {"permissions": ["following_person"], "valid_from": begins, "valid_until": ends}
    return refusal(table.say("kz.prosecutor", "permission_granted", at, **words))


def closings(table: Table) -> list[tuple[str, str]]:
    """Each renewal that has closed, and how."""
    events = [entry.event for entry in table.delivery.ledger.entries]
    return [(one.checkpoint, one.result) for one in events if isinstance(one, Closed) and one.checkpoint.startswith("renewal")]


def test_r16_who_permitted_it_is_asked_for_longer_before_it_ends() -> None:
    """By the longest warning of the plan, and not a microsecond sooner; what is said then is asked about again at its own end."""
    table = on_its_way()
    until(table, timedelta(hours=2, microseconds=1))
    assert "renewal.kz.prosecutor.1" not in table.delivery.state.progress
    table.pass_time(microseconds=1)
    assert table.at("renewal.kz.prosecutor.1").due == table.now + timedelta(hours=2)
    (request,) = [one for one in inbox(table.delivery, "kz.prosecutor", table.now) if one.checkpoint.startswith("renewal")]
    assert (request.says, request.facts.permissions) == (("permission",), ("following_person",))
    assert [one.checkpoint for one in inbox(table.delivery, "kz.police", table.now) if one.checkpoint.startswith("renewal")] == []
    assert after_silence(table.delivery, table.at("renewal.kz.prosecutor.1")) == "holds"
    assert table.at("renewal.kz.prosecutor.1").checkpoint.remind == (timedelta(hours=1),)

    assert code(table.say("kz.police", "permission_granted", "renewal.kz.prosecutor.1")) == "not_asked_r16"
    assert longer(table, ends=ENDS) == "permission_not_longer"
    assert longer(table, begins="2022-03-01T14:00:01Z") == "permission_not_longer"
    assert request.facts.valid_until is not None
    assert longer(table) is None
    assert closings(table) == [("renewal.kz.prosecutor.1", "satisfied")]
    assert len(table.delivery.state.permits["KZ"]) == 1
    assert table.delivery.consents.permitted("KZ", "following_person", table.now)
    table.pass_time(hours=2)
    assert table.delivery.state.hold is None
    assert table.delivery.consents.permitted("KZ", "following_person", table.now)
    table.pass_time(hours=1)
    assert table.at("renewal.kz.prosecutor.2").due == table.now + timedelta(hours=2)
    verify(table.packet())


def test_r16_what_it_goes_by_ends_and_it_is_held_until_those_in_charge_decide() -> None:
    """Mid-leg: before, nothing said so and nobody might follow it any more. Ledger, view and packet say it; it may go on."""
    table = on_its_way()
    until(table, timedelta(microseconds=1))
    assert table.delivery.state.hold is None
    table.pass_time(microseconds=1)
    hold = table.delivery.state.hold
    assert hold is not None
    assert hold.by is None
    assert closings(table) == [("renewal.kz.prosecutor.1", "unanswered")]
    (remark,) = view(table.delivery, table.directory.get("kz.prosecutor"), table.now).because.remarked
    assert (remark.entry, remark.finding.code, remark.finding.parameters["lapsed"]) == (
        hold.seq,
        "held_for_permission",
        ("following_person",),
    )
    assert verify(table.packet()).remarked == (hold.seq,)
    for service in ("kz.police", "kz.prosecutor"):
        assert became(table.say(service, "hold_decided", "hold.1", reason="two cars watch the road")) == ("accepted", None)
    assert table.delivery.state.advances
    assert closings(table) == [("renewal.kz.prosecutor.1", "unanswered")]
    verify(table.packet())


def test_r16_what_it_goes_by_ends_while_it_is_held_and_who_had_decided_decides_afresh() -> None:
    """To go on was decided when it was permitted still: that counts no more, and both are told what has ended since."""
    table = on_its_way()
    until(table, timedelta(minutes=30))
    table.say("uz.police", "hold_requested")
    table.say("kz.police", "hold_decided", "hold.1")
    until(table, timedelta())
    assert table.is_open("hold.2")
    assert ("late", "R17") == became(table.say("kz.prosecutor", "hold_decided", "hold.1"))
    about = request(table.delivery, "hold.2", "kz.police").facts.about
    assert ["hold_ordered", "hold_of_itself"] == [one.code for one in about if isinstance(one, Finding)]
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "hold_decided", "hold.2")
    assert table.delivery.state.advances
    verify(table.packet())


def test_r16_what_nothing_rests_on_ends_and_it_goes_on() -> None:
    """Nobody keeps it under control by a recording: the finding says that it ended."""
    table = on_its_way("audio_video")
    until(table, timedelta())
    assert table.delivery.state.hold is None
    remarked = view(table.delivery, table.directory.get("kz.prosecutor"), table.now).because.remarked
    assert [one.finding.code for one in remarked] == ["permission_ended"]
    verify(table.packet())


def test_r16_the_law_may_want_it_asked_for_sooner() -> None:
    """The card's three days before are longer than the plan's two hours: it is asked at once, and a moment that is no whole
    millisecond brings one silence.
    """
    table = permitted(ask_before="3d")
    assert table.at("renewal.kz.prosecutor.1").due == table.now + LASTS
    assert longer(table, ends="2022-03-01T15:00:00.000001Z") is None
    assert table.at("renewal.kz.prosecutor.2").due == table.now + LASTS + timedelta(hours=1)
    table.dispatch()
    until(table, timedelta(hours=-1, milliseconds=-1))
    assert closings(table) == [("renewal.kz.prosecutor.1", "satisfied"), ("renewal.kz.prosecutor.2", "unanswered")]
    assert table.delivery.state.hold is not None
    verify(table.packet())


def test_r16_it_is_held_too_where_silence_is_decided_later_than_it_was_due() -> None:
    """Who must be polled is asked once more after an outage, and only then is silent: what it goes by has ended before."""
    table = permitted(reach={"kz.prosecutor": Poll(url="https://kz.example/vigil", every="1m")}).dispatch()
    until(table, timedelta(hours=-1))
    silence = entry_of(table, "silence")
    assert silence.at == utc_text(table.delivery.state.began + LASTS + timedelta(hours=1))
    hold = table.delivery.state.hold
    assert hold is not None
    assert hold.seq == silence.seq
    verify(table.packet())


@pytest.mark.parametrize("how", ["an authorisation permits it too", "it is seized", "it is opened"])
def test_r16_what_is_wanted_no_more_is_not_asked_for(how: str) -> None:
    """It is permitted otherwise, it has stopped, or what was to be opened has been: the question is withdrawn."""
    table = permitted("opening" if how == "it is opened" else "following_person", needs="permission", ask_before="3d")
    name = "renewal.kz.prosecutor.1"
    assert table.is_open(name)
    if how == "it is seized":
        table.say("kz.police", "stop_requested", reason="a risk")
    elif how == "it is opened":
        table.dispatch()
    else:
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["following_person"])
    assert closings(table) == [(name, "withdrawn")]
    verify(table.packet())


def refused(table: Table) -> None:
    """Whoever has permitted it does not for longer."""
    said = table.say("kz.prosecutor", "permission_refused", "renewal.kz.prosecutor.1", state="KZ")
    assert became(said) == ("accepted", None)


@pytest.mark.parametrize(("measure", "found"), [("following_person", "held_for_permission"), ("audio_video", "permission_ended")])
def test_r16_refused_for_longer_it_ends_when_its_time_is_over_and_the_delivery_goes_on(measure: str, found: str) -> None:
    """Before, one no at a renewal ended the delivery. What is permitted stays so until then, and nobody is reminded any more."""
    table = on_its_way(measure)
    until(table, timedelta(hours=2))
    refused(table)
    assert code(table.say("kz.prosecutor", "permission_refused", "renewal.kz.prosecutor.1", state="KZ")) == "answered"
    until(table, timedelta(microseconds=1))
    assert table.delivery.consents.permitted("KZ", measure, table.now)
    assert (table.delivery.state.halt, table.delivery.state.hold, closings(table)) == (None, None, [])
    assert table.at("renewal.kz.prosecutor.1").rung == 0
    table.pass_time(microseconds=1)
    assert closings(table) == [("renewal.kz.prosecutor.1", "refused")]
    assert (table.delivery.state.hold is not None) == (found == "held_for_permission")
    assert table.delivery.state.halt is None
    (remark,) = view(table.delivery, table.directory.get("kz.prosecutor"), table.now).because.remarked
    assert (remark.finding.code, remark.finding.parameters["lapsed"]) == (found, (measure,))
    verify(table.packet())


def test_r16_who_has_refused_may_still_permit_it_until_then() -> None:
    """The last word counts, and the question is withdrawn."""
    table = on_its_way()
    until(table, timedelta(hours=2))
    refused(table)
    assert longer(table) is None
    assert closings(table) == [("renewal.kz.prosecutor.1", "withdrawn")]
    until(table, timedelta())
    assert table.delivery.state.hold is None
    verify(table.packet())


def test_r28_it_is_made_longer_by_an_hour_at_the_least() -> None:
    """Who permits it for a moment more each time is asked anew each time: not for a microsecond less than that."""
    table = on_its_way()
    until(table, timedelta(hours=2))
    assert longer(table, ends="2022-03-01T14:59:59.999999Z") == "renewed_too_briefly"
    assert longer(table, ends="2022-03-01T15:00:00Z") is None
    verify(table.packet())


def test_r16_what_no_card_says_is_not_known_and_so_it_is_wanted_permitted() -> None:
    """Before, to ask whether it was permitted crashed, and nobody was asked for longer."""
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")})
    table = Table(plan.model_copy(update={"uses": ("following_person",)}), without_card=("KZ",))
    lacking = table.delivery.consents.not_permitted(("KZ",), table.now)
    assert [one.permission for one in lacking] == ["post", "following_person"]
    both = ["post", "following_person"]
    said = table.say("kz.prosecutor", "permission_granted", "consent-kz", permissions=both, valid_until=ENDS)
    assert became(said) == ("accepted", None)
    assert table.delivery.consents.not_permitted(("KZ",), table.now) == ()
    table.pass_time(hours=7)
    assert table.at("renewal.kz.prosecutor.1").due is not None
