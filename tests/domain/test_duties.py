"""What a State's card makes a duty of whoever authorises: asked within its time, its silence recorded, whatever else happens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from domain.delivery.decided import Closed, Escalated, Opened, Reminded, Silence
from domain.plan.cards import DutyEvent, Measure
from domain.plan.check import faults_in
from domain.plan.demands import demands
from domain.plan.plan import Checkpoint, Plan, Requirement
from domain.record.verify import verify
from domain.rules.duties import duties
from domain.views.asked import inbox
from domain.views.law import in_words
from domain.views.view import view
from domain.words.moments import utc_text
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import Simulated, World, simulate
from tests.course import became, brings, entry_of, forbidden
from tests.support import Table, asking_all, asks, card_of, example_cards, example_directory, example_plan, with_changes

REGISTER = {"id": "register", "what": "a copy to the register", "within": "10d"}
UZ = card_of("UZ", duties=[REGISTER])
LAW = {"mark": "T", "text": example_cards()["UZ"].texts[0].id}
DUTY = "duty.uz.prosecutor.register"


def asked() -> Table:
    """Uzbekistan's card makes a duty of whoever authorises; both States are asked."""
    return Table(other_cards=UZ)


def granted() -> Table:
    """Uzbekistan has authorised, and its duty is open."""
    table = asked()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.is_open(DUTY)
    return table


def test_duty_begins_with_the_authorisation() -> None:
    """Nobody has a duty before having authorised, a provisional grant is none, and Kazakhstan's card has none."""
    table = asked()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", provisional=True)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert "uz.prosecutor" not in [one.service for one in duties(table.delivery)]
    assert DUTY not in table.delivery.state.progress
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert "uz.prosecutor" in [one.service for one in duties(table.delivery)]
    assert table.is_open(DUTY)


@pytest.mark.parametrize(("service", "duty"), [("uz.prosecutor", "other"), ("kz.prosecutor", "register")])
def test_no_duty_is_asked_that_the_card_does_not_know(service: str, duty: str) -> None:
    """A stranger believes neither in another duty nor in another service's."""
    table = granted()
    name = f"duty.{service}.{duty}"
    asks = Checkpoint(id=name, requires=(Requirement(service=service, says="duty"),), due=timedelta(days=10))
    due = utc_text(table.now + asks.due)
    wrong = Opened(checkpoint=name, due=due, contingency="duty", key=f"{service}.{duty}", definition=asks)
    assert "nothing" in forbidden(table, wrong)


def test_duty_is_due_as_the_card_says() -> None:
    """Its time is ten days from its opening, not a moment otherwise."""
    table = granted()
    assert table.at(DUTY).due == table.now + timedelta(days=10)


@pytest.mark.parametrize("service", ["uz.customs", "kz.prosecutor"])
def test_duty_is_done_by_whose_duty_it_is(service: str) -> None:
    """Another service's word does not do it."""
    table = granted()
    assert became(table.say(service, "duty_done", DUTY)) == ("refused", "R17")
    assert table.is_open(DUTY)
    assert became(table.say("uz.prosecutor", "duty_done", DUTY)) == ("accepted", None)
    assert table.is_closed(DUTY)


STEPS: dict[str, Callable[[Table], object]] = {
    "consent": Table.consent,
    "preparation": lambda table: table.say("kz.police", "prepared", "preparation", opened=True),
    "departure": Table.dispatch,
    "way": Table.deliver,
    "arrest": lambda table: table.say("uz.police", "arrest_made", "arrest-tashkent"),
    "other arrest": lambda table: table.say("kz.knb", "arrest_made", "arrest-almaty"),
    "seizure": lambda table: table.say("uz.customs", "seizure", "accounting"),
    "disposal": lambda table: table.say("uz.customs", "disposed", **TO_A_COURT),
}
"""One delivery, step by step, which is opened on its way and stays open after its outcome."""
TO_A_COURT = {"exhibits": ["seized"], "how": "handed_to_court", "to": "court", "reference": "T-7 of 2022-03-20"}
OPENED_BY = {
    "authorisation": "consent",
    "detection": "consent",
    "opening": "preparation",
    "preparation": "preparation",
    "departure": "departure",
    "delivery": "way",
    "arrest": "arrest",
    "seizure": "seizure",
    "end_of_authorisation": "seizure",
    "outcome": "seizure",
    "disposal": "disposal",
}


@pytest.mark.parametrize("event", [one for one in get_args(DutyEvent) if one != "end_of_permission"])
def test_a_duty_runs_from_whatever_event_its_card_names(event: str) -> None:
    """It is asked once that has come, and not before; an authorisation ends with the outcome at the latest."""
    needless = [{"measures": get_args(Measure), "needs": "nothing", "law": LAW}]
    cards = card_of("UZ", duties=[REGISTER | {"after": event}], measures=needless) | card_of("KZ", measures=needless)
    plan = with_changes(plan_={"uses": ["opening"], "afterwards": "P90D"})
    table, asked_at = Table(plan, other_cards=cards), None
    for name, step in STEPS.items():
        step(table)
        if asked_at is None and DUTY in table.delivery.state.every_checkpoint():
            asked_at = name

    assert OPENED_BY[event] == asked_at


def test_a_duty_runs_from_the_end_of_what_was_authorised() -> None:
    """Withdrawn or run out, before there is an outcome."""
    card = card_of("UZ", duties=[REGISTER | {"after": "end_of_authorisation"}])
    withdrawn, run_out = Table(other_cards=card).consent(), Table(other_cards=card).consent()
    assert DUTY not in withdrawn.delivery.state.every_checkpoint()
    withdrawn.say("uz.prosecutor", "authorisation_withdrawn")
    run_out.pass_time(days=90)
    assert withdrawn.is_open(DUTY)
    assert DUTY in run_out.delivery.state.every_checkpoint()


def test_silence_about_a_duty_is_recorded_and_closes_it_and_stops_nothing() -> None:
    """Before its time it stays open; then it stands in the ledger who did not do it, and the delivery goes on."""
    table = granted()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    brings(table, days=10, milliseconds=-1)
    assert table.is_open(DUTY)
    assert "nothing" in forbidden(table, Closed(checkpoint=DUTY, result="unanswered"))
    assert brings(table, milliseconds=1)[:2] == ["silence", "closed"]
    silences = [entry.event for entry in table.delivery.ledger.entries if isinstance(entry.event, Silence)]
    assert [one.services for one in silences if one.checkpoint == DUTY] == [("uz.prosecutor",)]
    assert table.at(DUTY).result == "unanswered"
    assert table.delivery.state.halt is None


def test_duty_outlives_a_halt_and_the_outcome() -> None:
    """What has been authorised must be registered, however it ended."""
    table = granted()
    table.say("uz.police", "stop_requested")
    table.say("kz.police", "interdicted")
    table.pass_time(days=1)
    assert table.delivery.state.outcome == "stopped_before_departure"
    assert not table.delivery.state.ended
    assert became(table.say("uz.prosecutor", "duty_done", DUTY)) == ("accepted", None)
    assert table.delivery.state.ended


def told(*acts: dict[str, Any], plan: Plan | None = None) -> Simulated:
    """The delivery in the simulator, with this duty."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": acts})
    chosen = World(plan or example_plan(), example_directory(), example_cards() | UZ, scenario, 1)
    done = simulate(chosen)
    Checker(chosen.plan).check(done.delivery.ledger.entries)
    return done


@pytest.mark.parametrize(
    ("acts", "result", "outcome"),
    [
        ([], "satisfied", "delivered_with_arrests"),
        ([{"service": "uz.prosecutor", "at": DUTY}], "unanswered", "delivered_with_arrests"),
        ([{"service": "kz.knb", "at": "preparation", "says": "stop_requested", "after": "1m"}], "satisfied", "withdrawn"),
        ([{"service": "uz.prosecutor", "at": DUTY},
          {"service": "kz.knb", "at": "preparation", "says": "stop_requested", "after": "1m"}], "unanswered", "withdrawn"),
    ],
    ids=["done", "not done", "done after a stop", "not done after a stop"],
)  # fmt: skip
def test_a_simulated_delivery_waits_for_the_duty_before_it_ends(acts: list[dict[str, Any]], result: str, outcome: str) -> None:
    """Done or not done, halted or not: the duty is closed before the ledger is, and changes no outcome."""
    done = told(*acts)
    assert (done.delivery.state.every_checkpoint()[DUTY].result, done.delivery.state.outcome) == (result, outcome)


def test_authority_of_a_state_beside_the_route_may_be_asked() -> None:
    """An alternate State is asked in advance; it has no card here, and its grant is heard all the same (found by test)."""
    plan = with_changes(consent_kz={"requires": [{"service": "kz.prosecutor", "says": "authorisation"}]})
    other = plan.checkpoints[0].model_dump() | {
        "id": "consent-ru",
        "state": "RU",
        "requires": [{"service": "ru.prosecutor", "says": "authorisation"}],
    }
    plan = asking_all(Plan.model_validate(plan.model_dump() | {"checkpoints": [other, *plan.model_dump()["checkpoints"]]}))
    assert told(plan=plan).delivery.state.outcome == "delivered_with_arrests"


UNTIMED = {"id": "told", "what": "the prosecutor is told at once", "after": "departure"}
TOLD = "duty.uz.prosecutor.told"


def test_r16_where_the_law_gives_no_time_the_plan_names_one_and_it_is_marked() -> None:
    """It was a note, and nobody was asked: its time runs from its event, and whoever is asked is told that the plan set it."""
    plan = example_plan().model_copy(update={"duty_times": {"UZ": {"told": timedelta(hours=6)}}})
    table = Table(plan, other_cards=card_of("UZ", duties=[UNTIMED])).prepare()
    assert TOLD not in table.delivery.state.progress
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    table.say("kz.police", "dispatched", "departure")
    assert table.at(TOLD).due == table.now + timedelta(hours=6)
    (request,) = [one for one in inbox(table.delivery, "uz.prosecutor", table.now) if one.checkpoint == TOLD]
    assert (request.facts.duty, [one.code for one in request.facts.about]) == (UNTIMED["what"], ["time_of_plan"])
    assert all(one.facts.duty is None for one in inbox(table.delivery, "kz.police", table.now))
    table.pass_time(hours=6)
    assert not table.is_open(TOLD)
    silences = [entry.event.checkpoint for entry in table.delivery.ledger.entries if isinstance(entry.event, Silence)]
    assert TOLD in silences
    (point,) = [one for one in demands(plan, table.cards)[1].points if one.about == "duties"]
    assert (point.fits, in_words(point)) == (
        True,
        "the prosecutor is told at once, after: departure; the law gives no time, and this plan names 6 h (R16)",
    )
    verify(table.packet())


@pytest.mark.parametrize(
    ("times", "place", "problem"),
    [
        ({}, "duty_times", "and it gives no time for that; name one in duty_times, such as UZ: {told: 24h}"),
        ({"UZ": {"told": "6h", "other": "1h"}}, "duty_times.UZ.other", "has no duty other without a time of its own"),
        ({"UZ": {"told": "6h"}, "KZ": {"told": "6h"}}, "duty_times.KZ.told", "the rule card of KZ has no duty told"),
        ({"UZ": {"told": "6h"}, "FR": {"told": "6h"}}, "duty_times.FR", "FR is neither on the route nor asked"),
    ],
)
def test_r16_a_plan_names_a_time_where_the_law_gives_none_and_nowhere_else(times: Any, place: str, problem: str) -> None:
    """With the place, the rule and what would be right."""
    plan = Plan.model_validate(example_plan().model_dump() | {"duty_times": times})
    (fault,) = faults_in(plan, example_directory(), example_cards() | card_of("UZ", duties=[UNTIMED]))
    assert fault.place == place
    assert problem in fault.problem


def test_r16_what_is_due_before_the_end_of_an_authorisation_is_asked_as_long_before_that_again() -> None:
    """Three days before the end at the latest, so it is asked for six days before it; not once it is over."""
    before = {"id": "extension", "what": "an extension is asked for", "after": "end_of_authorisation", "before": "3d"}
    table = Table(other_cards=card_of("UZ", duties=[before]))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-05-01T00:00:00Z")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until="2022-03-08T07:30:00Z")
    name = "duty.uz.prosecutor.extension"
    began = table.now
    table.pass_time(days=1, hours=2)
    assert table.at(name).opened == began + timedelta(days=1, hours=1, minutes=30)
    assert table.at(name).due == table.at(name).opened + timedelta(days=3)
    assert [one.code for one in inbox(table.delivery, "uz.prosecutor", table.now)[-1].facts.about] == ["time_before"]
    verify(table.packet())
    with pytest.raises(ValidationError, match="end_of_authorisation alone"):
        card_of("UZ", duties=[before | {"after": "outcome"}])


RESULT = {"id": "result", "what": "the prosecutor who permitted a measure is told its result", "after": "end_of_permission"}
RESULT_TOLD = "duty.kz.prosecutor.result"
ENDS = "2022-03-01T14:00:00Z"
"""Eight hours after the table begins."""


def listening(duty: dict[str, Any], *, until: str | None = ENDS, urgent: bool = False) -> Table:
    """Kazakhstan's prosecutor, or its customs in urgency, has permitted that somebody is listened to until then."""
    said = example_plan().request.model_dump() | {"technical_means": "a recorder"}
    plan = with_changes(
        consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")},
        plan_={"uses": ["audio_video"], "request": said, "expiry_warnings": []},
    )
    law = {"law": {"mark": "T", "text": example_cards()["KZ"].texts[0].id}}
    own = {"measures": ["audio_video"], "needs": "own_act", "by": ["prosecutor"]} | law
    free = {"measures": [one for one in get_args(Measure) if one != "audio_video"], "needs": "nothing"}
    soon = {"measures": ["audio_video"], "by": ["security"], "sanctioned_within": "8h"} | law
    cards = card_of("KZ", measures=[own, free | law], duties=[duty | law], urgent_measures=[soon])
    cards |= card_of("UZ", measures=[free | {"measures": list(get_args(Measure)), "law": LAW}])
    table = Table(plan, other_cards=cards)
    says: dict[str, Any] = {"permissions": ["audio_video"]} | ({"valid_until": until} if until else {})
    by, words = (
        ("kz.knb", {"urgent_at": utc_text(table.now), "on_behalf_of": "kz.prosecutor"}) if urgent else ("kz.prosecutor", {})
    )
    assert became(table.say(by, "permission_granted", "consent-kz", **says | words)) == ("accepted", None)
    return table


def test_r16_who_permitted_a_measure_is_told_what_it_brought_once_it_has_ended() -> None:
    """It was a note, and nobody was asked: not a microsecond before its end who carries it out is asked, told of what, and that
    the time is usual and no law. It is reminded, whoever permitted it hears that it is not told, and then silence is recorded.
    """
    table = listening(RESULT | {"usual": "3d"}).dispatch()
    table.pass_time(microseconds=-1 + (table.delivery.state.began + timedelta(hours=8) - table.now) // timedelta(microseconds=1))
    assert RESULT_TOLD not in table.delivery.state.progress
    assert "opened" in brings(table, microseconds=1)
    assert table.at(RESULT_TOLD).due == table.now + timedelta(days=3)
    (request,) = [one for one in inbox(table.delivery, "kz.police", table.now) if one.checkpoint == RESULT_TOLD]
    assert (request.says, request.facts.duty) == (("duty",), RESULT["what"])
    assert [one.code for one in request.facts.about] == ["result_of", "time_usual"]
    assert "kz.prosecutor permitted it: audio video" in request.facts.problem
    assert became(table.say("kz.prosecutor", "duty_done", RESULT_TOLD)) == ("refused", "R17")
    table.say("kz.police", "stop_requested", reason="a risk")
    table.pass_time(hours=36)
    assert any(isinstance(one.event, Reminded) and one.event.checkpoint == RESULT_TOLD for one in table.delivery.ledger.entries)
    table.pass_time(hours=18)
    climbed = entry_of(table, "escalated", checkpoint=RESULT_TOLD).event
    assert isinstance(climbed, Escalated)
    assert (climbed.to, climbed.services) == ("kz.prosecutor", ("kz.police",))
    table.pass_time(hours=18)
    assert table.at(RESULT_TOLD).result == "unanswered"
    assert not view(table.delivery, table.directory.get("uz.customs"), table.now).whole
    assert RESULT_TOLD not in view(table.delivery, table.directory.get("uz.customs"), table.now).checkpoints
    verify(table.packet())


@pytest.mark.parametrize("how", ["outcome", "withdrawn", "after a halt", "in the authorisation"])
def test_r16_a_measure_ends_however_the_delivery_does(how: str) -> None:
    """Its result is told when there is an outcome at the latest; when it ends after a halt, to the moment; and once only."""
    table = listening(RESULT | {"within": "2d"}, until="2022-03-01T13:30:00Z" if how == "after a halt" else None)
    if how in ("withdrawn", "in the authorisation"):
        own = card_of("KZ", duties=[RESULT | {"within": "2d", "law": {"mark": "T", "text": example_cards()["KZ"].texts[0].id}}])
        table = Table(with_changes(plan_={"expiry_warnings": []}), other_cards=own)
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["post"])
    assert RESULT_TOLD not in table.delivery.state.progress
    if how == "withdrawn":
        table.say("kz.prosecutor", "authorisation_withdrawn")
    elif how == "after a halt":
        table.dispatch()
        table.say("kz.police", "stop_requested", reason="a risk")
        assert RESULT_TOLD not in table.delivery.state.progress
        table.pass_time(microseconds=(table.delivery.state.began + timedelta(hours=7.6) - table.now) // timedelta(microseconds=1))
        assert table.delivery.state.outcome is None
        assert table.at(RESULT_TOLD).opened == table.delivery.state.began + timedelta(hours=7.5)
    else:
        table.say("kz.police", "stop_requested", reason="a risk")
        table.say("kz.police", "interdicted")
        table.pass_time(days=1)
    assert table.is_open(RESULT_TOLD)
    assert table.at(RESULT_TOLD).checkpoint.services() == ("kz.police",)
    (request,) = [one for one in inbox(table.delivery, "kz.police", table.now) if one.checkpoint == RESULT_TOLD]
    assert [one.code for one in request.facts.about] == ["result_of", "time_of_law"]
    assert became(table.say("kz.police", "duty_done", RESULT_TOLD)) == ("accepted", None)
    table.pass_time(days=30)
    assert (
        sum(isinstance(one.event, Opened) and one.event.checkpoint == RESULT_TOLD for one in table.delivery.ledger.entries) == 1
    )
    verify(table.packet())


def test_r16_what_nobody_sanctioned_has_nobody_to_be_told_its_result() -> None:
    """It was urgent, and the prosecutor has not sanctioned it: of that the record says so itself."""
    table = listening(RESULT | {"usual": "3d"}, until=None, urgent=True)
    table.pass_time(hours=9)
    assert duties(table.delivery) == ()
    assert RESULT_TOLD not in table.delivery.state.every_checkpoint()


def test_r16_a_plan_need_not_name_a_time_where_one_is_usual_and_may() -> None:
    """What the card demands says that it is no law; the plan's own time counts, and a card does not say both."""
    table = listening(RESULT | {"usual": "3d"})
    (point,) = [one for one in demands(table.delivery.plan, table.cards)[0].points if one.about == "duties"]
    said = "the law gives no time, 3 d is usual, and this plan names none (R16)"
    assert in_words(point) == f"{RESULT['what']}, after: end of permission; {said}"
    own = table.delivery.plan.model_copy(update={"duty_times": {"KZ": {"result": timedelta(hours=6)}}})
    for plan in (table.delivery.plan, own):
        assert not [one for one in faults_in(plan, table.directory, table.cards) if one.place.startswith("duty_times")]
    (point,) = [one for one in demands(own, table.cards)[0].points if one.about == "duties"]
    assert "this plan names 6 h (R16)" in in_words(point)
    unused = own.model_copy(update={"uses": ()})
    assert not [one for one in demands(unused, table.cards)[0].points if one.about == "duties"]
    with pytest.raises(ValidationError, match="leave out within and before, or it"):
        card_of("KZ", duties=[RESULT | {"usual": "3d", "within": "2d"}])
