"""R16: what is permitted because it cannot wait for whose say it is, and is sanctioned in time or ends (Kazakhstan, law on
operational-search activity art. 12(7); Latvia, Operational Activities Law s. 7).
"""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Closed
from domain.delivery.ledger import Receipt
from domain.papers.paper import Value
from domain.papers.record import Record
from domain.record.verify import verify
from domain.views.asked import inbox
from domain.views.consequences import after_silence
from domain.views.standing import standing
from domain.views.view import DeliveryView, view
from tests.course import became, code, replaced
from tests.domain.test_more_papers import made, text
from tests.support import MEASURES, Table, asks, card_of, example_cards, example_plan, with_changes

KZ_LAW = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
LAW = {"mark": "T", "text": example_cards()["UZ"].texts[0].id}
RULE = {"measures": ["following_person"], "needs": "own_act", "by": ["prosecutor"], "law": LAW}
FREE = {"measures": ["device", "watching_thing", "opening", "post"], "needs": "nothing", "law": LAW}
URGENT = {"measures": ["following_person"], "by": ["customs"], "sanctioned_within": "24h", "law": LAW}
AT = "2022-03-01T04:00:00Z"
"""Two hours before the table begins."""
BEFORE = "2022-02-28T18:00:00Z"


def asked(*urgent: dict[str, Any]) -> Table:
    """Whoever takes it along is followed; Uzbekistan's prosecutor permits it, and its customs may where that cannot wait."""
    plan = with_changes(consent_uz={"requires": asks("uz.prosecutor authorisation", "uz.prosecutor permission")})
    plan = plan.model_copy(update={"uses": ("following_person",)})
    table = Table(plan, other_cards=card_of("UZ", measures=[RULE, FREE], urgent_measures=list(urgent)))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    return table


def permits(table: Table, by: str = "uz.customs", at: str = "consent-uz", **says: Any) -> Receipt:
    """It is permitted in urgency, in the place of the prosecutor."""
    words = {"permissions": ["following_person"], "urgent_at": AT, "on_behalf_of": "uz.prosecutor"} | says
    return table.say(by, "permission_granted", at, **words)


def seen_by(table: Table, service: str) -> DeliveryView:
    """What it is shown."""
    return view(table.delivery, table.directory.get(service), table.now)


def urgently() -> Table:
    """The customs have permitted it."""
    table = asked(URGENT)
    assert became(permits(table)) == ("accepted", None)
    return table


def closings(table: Table) -> list[tuple[str, str]]:
    """Each checkpoint that has closed, and how."""
    events = [entry.event for entry in table.delivery.ledger.entries]
    return [(one.checkpoint, one.result) for one in events if isinstance(one, Closed)]


def test_r16_what_is_urgent_counts_at_once_and_its_sanction_is_asked_for() -> None:
    """The customs are shown what the prosecutor is asked; theirs closes consent, and the prosecutor has the rest of the day."""
    table = asked(URGENT)
    assert [one.service for one in inbox(table.delivery, "uz.customs", table.now)] == ["uz.prosecutor"]
    assert [one.service for one in standing(table.delivery).requests] == [
        "uz.prosecutor",
        "uz.customs",
    ]  # the archive keeps it
    assert became(permits(table)) == ("accepted", None)
    assert table.is_closed("consent-uz")
    assert table.delivery.consents.permitted("UZ", "following_person", table.now)
    assert table.at("sanction.uz.prosecutor.1").due == table.now + timedelta(hours=22)

    (request,) = inbox(table.delivery, "uz.prosecutor", table.now)
    assert (request.says, request.facts.permissions, request.facts.request is not None) == (
        ("permission",),
        ("following_person",),
        True,
    )
    assert inbox(table.delivery, "uz.customs", table.now) == ()


def test_r16_sanctioned_it_goes_on_as_long_as_the_act_says() -> None:
    """The prosecutor's own act takes the place of what was urgent; it is said of no other State, and is not urgent again."""
    table = urgently()
    sanction = ("uz.prosecutor", "permission_granted", "sanction.uz.prosecutor.1")
    assert code(table.say(*sanction, permissions=["following_person"], state="KZ")) == "permission_of_other_state"
    assert code(permits(table, by="uz.prosecutor", at="sanction.uz.prosecutor.1")) == "asked_to_sanction"
    assert code(permits(table, at="sanction.uz.prosecutor.1")) == "may_not_speak"

    assert became(table.say(*sanction, permissions=["following_person"])) == ("accepted", None)
    assert table.is_closed("sanction.uz.prosecutor.1")
    assert len(table.delivery.state.permits["UZ"]) == 1
    table.pass_time(hours=23)
    assert table.delivery.consents.permitted("UZ", "following_person", table.now)
    verify(table.packet())


def test_r16_what_nobody_sanctions_ends_at_the_time_of_the_card() -> None:
    """Not a microsecond sooner: the silence is recorded, and what must not leave without a permission does not leave."""
    table = urgently()
    table.pass_time(hours=6)
    table.say("kz.police", "prepared", "preparation")
    table.pass_time(hours=16, microseconds=-1)
    assert table.delivery.consents.permitted("UZ", "following_person", table.now)
    table.pass_time(microseconds=1)
    assert not table.delivery.consents.permitted("UZ", "following_person", table.now)
    assert ("sanction.uz.prosecutor.1", "unanswered") in closings(table)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("permission", "R16")
    verify(table.packet())


def test_r16_what_is_refused_its_sanction_ends_at_once_and_what_rests_on_it_does_not_leave() -> None:
    """The prosecutor says no, also where it was given at a microsecond: the measure ends, and the plan wants it permitted."""
    table = asked(URGENT)
    assert became(permits(table, urgent_at="2022-03-01T04:00:00.000001Z")) == ("accepted", None)
    no = ("uz.prosecutor", "permission_refused", "sanction.uz.prosecutor.1")
    assert code(table.say(*no, state="KZ")) == "permission_of_other_state"
    assert became(table.say(*no, state="UZ")) == ("accepted", None)
    assert ("sanction.uz.prosecutor.1", "refused") in closings(table)
    assert not table.delivery.state.permits["UZ"]
    halt = table.delivery.state.halt
    assert halt is not None
    assert halt.finding.code == "permission_wanting"
    verify(table.packet())


@pytest.mark.parametrize(("measure", "found"), [("following_person", "held_for_sanction"), ("audio_video", "not_sanctioned")])
def test_r16_a_sanction_refused_on_the_way_ends_the_measure_and_not_the_delivery(measure: str, found: str) -> None:
    """It is held where it goes by that, and goes on where it only listens; the ledger says which measure has ended."""
    table = on_its_way(measure)
    said = table.say("kz.prosecutor", "permission_refused", "sanction.kz.prosecutor.1", state="KZ")
    assert became(said) == ("accepted", None)
    assert (table.delivery.state.halt, table.delivery.state.permits["KZ"]) == (None, ())
    assert (table.delivery.state.hold is not None) == (found == "held_for_sanction")
    (remark,) = seen_by(table, "kz.prosecutor").because.remarked
    assert (remark.finding.code, remark.finding.parameters["lapsed"]) == (found, (measure,))
    assert seen_by(table, "uz.customs").because.remarked == ()
    assert verify(table.packet()).remarked == (remark.entry,)


def on_its_way(measure: str = "following_person") -> Table:
    """It is on its way in Kazakhstan, whose police permitted that in urgency half a day before the table began."""
    plan = with_changes(
        consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")},
        plan_={"uses": [measure], "request": example_plan().request.model_dump() | {"technical_means": "a recorder"}},
    )
    rule = {"measures": [measure], "needs": "own_act", "by": ["prosecutor"], "law": KZ_LAW}
    free = {"measures": [one for one in MEASURES if one != measure], "needs": "nothing", "law": KZ_LAW}
    urgent = URGENT | {"measures": [measure], "by": ["police"], "law": KZ_LAW}
    cards = card_of("KZ", measures=[rule, free], urgent_measures=[urgent])
    cards |= card_of("UZ", measures=[{"measures": list(MEASURES), "needs": "nothing", "law": LAW}])
    table = Table(plan, other_cards=cards)
    said = permits(table, by="kz.police", at="consent-kz", on_behalf_of="kz.prosecutor", permissions=[measure], urgent_at=BEFORE)
    assert became(said) == ("accepted", None)
    table.dispatch()
    assert table.delivery.state.watched
    table.pass_time(hours=12, microseconds=-1)
    assert table.delivery.state.hold is None
    return table


def test_r16_what_it_goes_by_and_nobody_sanctions_holds_it_and_those_in_charge_decide() -> None:
    """Mid-leg: before, the measure ended and it went on, with nobody who may follow it. The ledger, view and packet say so."""
    table = on_its_way()
    (open_now,) = [one for one in seen_by(table, "kz.prosecutor").waiting if one.checkpoint == "sanction.kz.prosecutor.1"]
    assert after_silence(table.delivery, table.at(open_now.checkpoint)) == "holds"
    table.pass_time(microseconds=1)
    hold = table.delivery.state.hold
    assert hold is not None
    assert hold.by is None
    assert table.at("hold.1").checkpoint.services() == ("kz.police", "kz.prosecutor")
    (request,) = [one for one in inbox(table.delivery, "kz.police", table.now) if one.checkpoint == "hold.1"]
    assert [one.code for one in request.facts.about] == ["hold_of_itself"]
    (remark,) = seen_by(table, "kz.prosecutor").because.remarked
    assert (remark.entry, remark.finding.code, remark.finding.parameters["lapsed"]) == (
        hold.seq,
        "held_for_sanction",
        ("following_person",),
    )
    assert seen_by(table, "uz.customs").because.remarked == ()
    assert verify(table.packet()).remarked == (hold.seq,)
    for service in ("kz.police", "kz.prosecutor"):
        assert became(table.say(service, "hold_decided", "hold.1", reason="two cars follow the lorry")) == ("accepted", None)
    assert table.delivery.state.hold is None
    assert table.delivery.state.advances
    verify(table.packet())


def seized(*, over: bool) -> Table:
    """It was seized while what was permitted in urgency was not sanctioned yet; and everybody knows."""
    table = on_its_way()
    table.say("kz.police", "interdicted")
    assert table.delivery.state.halt is not None
    for one in table.plan.participants() if over else ():
        table.say(one, "stop_acknowledged", "stop.acknowledged")
    assert (table.delivery.state.outcome is not None) == over
    return table


SANCTION = ("kz.prosecutor", "permission_granted", "sanction.kz.prosecutor.1")
NO_SANCTION = ("kz.prosecutor", "permission_refused", "sanction.kz.prosecutor.1")


@pytest.mark.parametrize("over", [False, True])
def test_r16_the_sanction_is_asked_for_and_taken_though_it_is_over(*, over: bool) -> None:
    """Before, the wait for it was withdrawn by the halt: what was done at night could never be sanctioned. It sanctions what was
    done, also where nobody does it any more; nothing else is permitted then.
    """
    table = seized(over=over)
    assert after_silence(table.delivery, table.at("sanction.kz.prosecutor.1")) == "closes"
    (request,) = [one for one in inbox(table.delivery, "kz.prosecutor", table.now) if one.checkpoint.startswith("sanction")]
    assert request.facts.permissions == ("following_person",)
    elsewhere = table.say("kz.prosecutor", "permission_granted", "consent-kz", permissions=["following_person"])
    assert code(elsewhere) == ("has_ended" if over else "has_halted")
    window = {"permissions": ["following_person"], "valid_from": "2022-02-28T12:00:00Z"}
    assert code(table.say(*SANCTION, **window, valid_until=BEFORE)) == "permission_already_ended"
    assert code(table.say(*SANCTION, **window | {"permissions": ["opening"]})) == "not_all_permitted"
    assert became(table.say(*SANCTION, **window, valid_until="2022-03-01T06:00:01Z")) == ("accepted", None)
    assert ("sanction.kz.prosecutor.1", "satisfied") in closings(table)
    assert not any(one.urgent for one in table.delivery.state.permits["KZ"])
    assert verify(table.packet()).remarked == ()


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("says", [True, False])
def test_r16_what_is_not_sanctioned_is_said_though_it_is_over(*, over: bool, says: bool) -> None:
    """Refused or not answered: ledger, view, packet and order say so, nothing halts or is held, and a later act is too late."""
    table = seized(over=over)
    if says:
        assert became(table.say(*NO_SANCTION, state="KZ")) == ("accepted", None)
    table.pass_time(microseconds=1)
    assert ("sanction.kz.prosecutor.1", "refused" if says else "unanswered") in closings(table)
    assert (table.delivery.state.hold, table.delivery.state.halt is None) == (None, False)
    (remark,) = seen_by(table, "kz.prosecutor").because.remarked
    assert (remark.finding.code, remark.finding.parameters["lapsed"]) == ("not_sanctioned", ("following_person",))
    assert verify(table.packet()).remarked == (remark.entry,)
    order = made(Record.of(table.delivery), "order.KZ")
    assert "; not sanctioned)" in text(order)
    assert any(remark.entry in one.sources for one in order.paper.pieces if isinstance(one, Value))
    assert code(table.say(*SANCTION, permissions=["following_person"])) == "has_closed"


@pytest.mark.parametrize(("decision", "found"), [("seize", "lapse_seized"), ("end", "lapse_ended"), (None, "lapse_undecided")])
def test_r8_what_is_held_for_want_of_a_sanction_is_seized_or_ended_or_halts_by_silence(decision: str | None, found: str) -> None:
    """And no finding says that somebody ordered the hold."""
    table = on_its_way()
    table.pass_time(microseconds=1)
    if decision is not None:
        table.say("kz.police", "hold_decided", "hold.1", decision=decision, reason="nobody may follow it")
    table.pass_time(hours=12)
    halt = table.delivery.state.halt
    assert halt is not None
    assert halt.finding.code == found
    verify(table.packet())


def test_r16_what_only_listens_ends_and_it_goes_on() -> None:
    """Nobody keeps it under control by a recording: the measure ends, and that is said."""
    table = on_its_way("audio_video")
    table.pass_time(microseconds=1)
    assert table.delivery.state.hold is None
    assert table.delivery.state.advances
    assert [one.finding.code for one in seen_by(table, "kz.prosecutor").because.remarked] == ["not_sanctioned"]
    verify(table.packet())


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ({"urgent_at": "2022-03-01T06:00:01Z"}, "permitted_in_future"),
        ({"urgent_at": "2022-02-28T06:00:00Z"}, "sanction_overdue"),
        ({"by": "uz.police"}, "may_not_speak"),
        ({"by": "kz.police"}, "may_not_speak"),
        ({"by": "uz.prosecutor"}, "not_in_urgency"),
        ({"permissions": ["following_person", "opening"]}, "not_in_urgency"),
    ],
)
def test_r16_only_whom_the_law_lets_and_in_its_time(says: dict[str, Any], found: str) -> None:
    """Not after now, nor so long ago that it had to be sanctioned; not by another kind of service, nor of another State; no more
    than the card says.
    """
    assert code(permits(asked(URGENT), **says)) == found


def test_r16_where_no_law_is_known_nothing_is_urgent() -> None:
    """A card without it: the customs may not, and are not shown what the prosecutor is asked; nor is the prosecutor urgent."""
    table = asked()
    assert inbox(table.delivery, "uz.customs", table.now) == ()
    assert code(permits(table)) == "may_not_speak"
    assert code(permits(table, by="uz.prosecutor")) == "not_in_urgency"
    plan = replaced(table.delivery.plan, "consent-uz", requires=table.delivery.plan.checkpoints[1].requires)
    bare = Table(plan, without_card=("UZ",))
    assert code(permits(bare, by="uz.prosecutor")) == "not_in_urgency"


def test_r16_the_police_do_not_say_without_urgency_what_is_the_prosecutors() -> None:
    """Speaking in another's place wants urgency, and that is said."""
    table = asked(URGENT)
    said = table.say(
        "uz.customs", "permission_granted", "consent-uz", on_behalf_of="uz.prosecutor", permissions=["following_person"]
    )
    assert code(said) == "may_not_speak"
