"""A hold is not a stop (R8): nothing moves until those whose say it is have decided to go on, to seize or to end it."""

from datetime import timedelta

import pytest

from domain.delivery.decided import Cleared, Opened
from domain.delivery.verdicts import Finding
from domain.rules.budget import is_brake
from domain.views.asked import request
from domain.views.notices import facts_of
from domain.views.view import view
from domain.words.errors import RuleBroken
from domain.words.moments import utc_text
from tests.course import PHASES, accounted, became, forbidden, outcome_of
from tests.domain.test_changes import change
from tests.domain.test_surveillance import in_charge_instead
from tests.second_book import with_figures
from tests.support import Table

RUNNING = [phase for phase in PHASES if phase != "accounted"]
"""Phases of a delivery that has no outcome yet."""
HOLD = "hold.1"
DECIDERS = ("kz.police", "kz.prosecutor")


def held(by: str = "kz.knb") -> Table:
    """It is on its first leg, and somebody without authority has ordered a hold."""
    table = Table().dispatch()
    assert became(table.say(by, "hold_requested")) == ("accepted", None)
    return table


def decide(table: Table, decision: str, *services: str, at: str = HOLD) -> None:
    """These decide on the hold, in time."""
    for service in services:
        assert became(table.say(service, "hold_decided", at, decision=decision)) == ("accepted", None)


@pytest.mark.parametrize("phase", RUNNING)
@pytest.mark.parametrize("service", ["kz.knb", "uz.police", "kz.prosecutor", "caricc"])
def test_r8_any_participant_holds_in_any_phase(phase: str, service: str) -> None:
    """Whoever has a part may order a hold at once, without a plan named, and it halts nothing."""
    table = PHASES[phase]()
    assert became(table.say(service, "hold_requested", plan=None)) == ("accepted", None)
    state = table.delivery.state
    assert (state.halt, state.hold is not None and state.hold.by) == (None, service)
    assert table.is_open(HOLD)


@pytest.mark.parametrize("phase", RUNNING)
def test_r8_nothing_advances_while_it_is_held(phase: str) -> None:
    """No checkpoint of the route opens and no leg is cleared until it is decided."""
    table = PHASES[phase]()
    table.say("caricc", "hold_requested")
    ahead = [one for one in table.plan.checkpoints if one.id not in table.delivery.state.progress and one.step != "close"]
    advances = [Opened(checkpoint=one.id, due=utc_text(table.now + table.plan.due_after(one))) for one in ahead]
    for event in (*advances, Cleared(leg=table.delivery.state.cleared + 1)):
        assert f"is nothing, recorded is {event.event}" in forbidden(table, event)


def test_r8_what_comes_next_begins_when_it_goes_on() -> None:
    """All consents come while it is held, and it is prepared only after the decision."""
    table = Table()
    table.say("uz.police", "hold_requested")
    table.consent()
    assert not table.delivery.state.every_checkpoint().keys() & set(table.plan.ids_at("prepare"))
    decide(table, "go_on", *DECIDERS)
    assert table.is_open(*table.plan.ids_at("prepare"))


def test_r8_what_would_move_it_waits_until_it_goes_on() -> None:
    """A taker's acceptance is kept while it is held, and counts when it goes on; the offer, which moves nothing, counts."""
    table = held()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("early", "R8")
    assert table.delivery.state.leg == 0
    decide(table, "go_on", *DECIDERS)
    assert (table.delivery.state.leg, table.delivery.state.hold) == (1, None)


def test_r8_an_arrival_waits_until_it_goes_on() -> None:
    """What is said to be delivered while it is held has not been until it goes on."""
    table = PHASES["handed over"]()
    table.say("uz.police", "hold_requested")
    assert became(table.say("uz.customs", "delivered", "delivery")) == ("early", "R8")
    assert not table.delivery.state.delivered
    decide(table, "go_on", *table.at(HOLD).checkpoint.services())
    assert table.delivery.state.delivered


def test_r8_a_departure_waits_until_it_goes_on() -> None:
    """A dispatch that is said while it is held is kept, and counts when it goes on."""
    table = PHASES["prepared"]()
    table.say("uz.police", "hold_requested")
    assert became(table.say("kz.police", "dispatched", "departure")) == ("early", "R8")
    assert not table.delivery.state.dispatched
    decide(table, "go_on", *DECIDERS)
    assert table.delivery.state.dispatched


def test_r8_a_split_waits_until_it_goes_on() -> None:
    """What is held does not go on in parts either."""
    table = held()
    contents = [{"substance": "mephedrone (4-MMC)", "net": "13.2 kg"}]
    parts = [{"operation": "part-1", "contents": contents}, {"operation": "part-2", "contents": []}]
    assert became(table.say("kz.police", "split", parts=parts, reason="two couriers")) == ("early", "R8")
    assert table.delivery.state.parts == ()


def test_r8_a_decision_on_what_differs_waits_until_it_goes_on() -> None:
    """A yes after a weight did not fit could move it, so it is kept while it is held; a no halts at once."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport", gross="10 kg")
    about = table.opened("decision")
    table.say("kz.knb", "hold_requested")
    for service in DECIDERS:
        assert became(table.say(service, "movement_decision", about)) == ("early", "R8")
    assert table.delivery.state.leg == 0
    decide(table, "go_on", *DECIDERS)
    assert table.delivery.state.leg == 1


def test_r8_a_no_on_what_differs_halts_while_it_is_held() -> None:
    """Who decides against going on waits for no hold."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport", gross="10 kg")
    about = table.opened("decision")
    table.say("kz.knb", "hold_requested")
    assert became(table.say("kz.police", "movement_decision", about, proceed=False)) == ("accepted", None)
    assert table.delivery.state.halt is not None


def test_r8_what_happens_still_counts_while_it_is_held() -> None:
    """A sighting, a loss of sight, a stop and a danger to life are heard at once; danger ends it as ever (R14)."""
    table = held()
    assert became(table.say("kz.police", "sighted")) == ("accepted", None)
    assert became(table.say("kz.police", "surveillance_lost")) == ("accepted", None)
    table.say("uz.police", "incident", risk_to_life=True, what="weapons")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("risk_to_life", "R14")
    assert not table.is_open(HOLD)


def test_r8_a_seizure_counts_while_it_is_held() -> None:
    """The responsible authority may seize at any moment, and that ends it."""
    table = held()
    assert became(table.say("kz.police", "interdicted")) == ("accepted", None)
    assert table.delivery.state.secured


def test_r8_the_responsible_authority_and_who_authorised_here_decide() -> None:
    """Nobody else is asked, and nobody else is heard: not who ordered it, nor the authority of another State."""
    table = held()
    assert sorted(table.at(HOLD).checkpoint.services()) == sorted(DECIDERS)
    for service in ("kz.knb", "uz.prosecutor", "uz.customs"):
        assert became(table.say(service, "hold_decided", HOLD)) == ("refused", "R17")


def test_r8_one_yes_does_not_let_it_go_on() -> None:
    """It goes on only when all of them want it to."""
    table = held()
    decide(table, "go_on", "kz.police")
    assert table.delivery.state.hold is not None
    decide(table, "go_on", "kz.prosecutor")
    assert table.delivery.state.hold is None


@pytest.mark.parametrize(("decision", "code"), [("seize", "hold_seized"), ("end", "hold_ended")])
@pytest.mark.parametrize("service", DECIDERS)
def test_r8_one_no_ends_it_and_the_outcome_says_whose_it_was(decision: str, code: str, service: str) -> None:
    """Any of them may have it seized or ended, and the outcome names who decided and who had ordered the hold."""
    table = held("uz.police")
    decide(table, decision, service)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.by, halt.finding.code) == ("decision", service, code)
    assert (halt.finding.parameters["service"], halt.finding.parameters["by"]) == (service, "uz.police")
    table.say("kz.police", "interdicted", "stop.interdiction")
    for one in table.at("stop.acknowledged").checkpoint.services():
        table.say(one, "stop_acknowledged", "stop.acknowledged")
    assert table.delivery.state.because == halt.finding
    assert outcome_of(table) == "interdicted_early"


def test_r8_silence_ends_a_hold() -> None:
    """Where they do not decide in time it halts, because a hold was not decided on, and says who did not."""
    table = held()
    decide(table, "go_on", "kz.police")
    table.now += table.plan.contingencies.decision - timedelta(seconds=1)
    table.pass_time(seconds=0)
    assert table.delivery.state.halt is None
    table.pass_time(seconds=1)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.finding.code, halt.finding.parameters["services"]) == (
        "undecided",
        "hold_undecided",
        ("kz.prosecutor",),
    )


def test_r8_several_holds_are_one_decision() -> None:
    """A second hold counts, and neither asks anew nor changes who ordered the first."""
    table = held()
    opened = table.events.count("opened")
    assert became(table.say("uz.police", "hold_requested")) == ("accepted", None)
    hold = table.delivery.state.hold
    assert (hold is not None and hold.by, table.events.count("opened")) == ("kz.knb", opened)
    decide(table, "go_on", *DECIDERS)
    assert table.delivery.state.hold is None


@pytest.mark.parametrize("officers", [("officer-1",), ("officer-2", "officer-1")], ids=["a service", "a first officer"])
def test_r8_who_decided_before_another_hold_has_not_decided_about_it(officers: tuple[str, ...]) -> None:
    """Both are asked afresh, and told of both; to go on counts where each has decided after the newest."""
    table = held()
    if len(officers) > 1:  # of whom only the first has signed
        progress = table.at(HOLD)
        two = tuple(one.model_copy(update={"officers": 2}) for one in progress.checkpoint.requires)
        progress.checkpoint = progress.checkpoint.model_copy(update={"requires": two})
    decide(table, "go_on", "kz.police")
    table.say("uz.police", "hold_requested")
    late = table.say("kz.prosecutor", "hold_decided", HOLD, decision="go_on")
    asked = request(table.delivery, "hold.2", "kz.police").facts.about
    decide(table, "go_on", "kz.prosecutor", at="hold.2")
    before = table.delivery.state.hold
    decide(table, "go_on", "kz.police", at="hold.2")

    assert (("late", "R17"), "withdrawn") == (became(late), table.at(HOLD).result)
    assert ["kz.knb", "uz.police"] == [one.parameters["service"] for one in asked if isinstance(one, Finding)]
    assert before is not None
    assert (before.by, None) == ("kz.knb", table.delivery.state.hold)


def test_r8_after_one_that_is_over_another_is_decided_anew() -> None:
    """A later hold asks for a decision of its own."""
    table = held()
    decide(table, "go_on", *DECIDERS)
    table.say("uz.police", "hold_requested")
    assert table.is_open("hold.2")
    assert became(table.say("kz.police", "hold_decided", HOLD)) == ("late", "R17")


@pytest.mark.parametrize("over", ["stopped", "accounted"])
def test_r8_a_hold_comes_too_late_where_all_has_ended(over: str) -> None:
    """After a halt there is nothing to hold, and after the outcome it is late."""
    if over == "stopped":
        table = Table().dispatch()
        table.say("kz.knb", "stop_requested")
        assert became(table.say("uz.police", "hold_requested")) == ("refused", "R8")
    else:
        table = accounted()
        assert became(table.say("uz.police", "hold_requested")) == ("late", "R12")


def test_r8_nobody_is_silent_where_it_may_not_move() -> None:
    """The time of a handover does not run out while it is held, and goes on from where it was."""
    table = held()
    at = "tashkent-airport"
    due = table.at(at).due
    assert due is not None
    table.now += table.plan.contingencies.decision - timedelta(minutes=1)
    table.pass_time(seconds=0)
    decide(table, "go_on", *DECIDERS)
    assert table.at(at).due == due + table.plan.contingencies.decision - timedelta(minutes=1)
    assert table.at(at).paused == table.plan.contingencies.decision - timedelta(minutes=1)


def test_r8_a_decision_on_what_differs_has_its_time_after_the_hold() -> None:
    """Its clock stands while nobody may let it go on, and silence ends it no sooner than that was so."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport", gross="10 kg")
    about = table.opened("decision")
    due = table.at(about).due
    assert due is not None
    table.now = due - timedelta(minutes=30)
    table.pass_time(seconds=0)
    table.say("kz.knb", "hold_requested")
    table.pass_time(hours=1)
    assert table.delivery.state.halt is None
    decide(table, "go_on", *DECIDERS)
    table.pass_time(minutes=29)
    assert table.delivery.state.halt is None
    table.pass_time(minutes=1)
    halt = table.delivery.state.halt
    assert halt is not None
    assert halt.finding.code == "overdue"


def test_r8_everyone_is_told_of_a_hold_and_of_its_end() -> None:
    """Each participant is told that it is held and by whom, and that it goes on."""
    table = Table().dispatch()
    table.told = False
    table.say("uz.police", "hold_requested")
    owed = {one.kind: one for one in table.delivery.state.owed}
    assert sorted(owed["held"].services) == sorted(table.plan.participants())
    assert facts_of(table.delivery, "held", None, "kz.knb").call == "uz.police"
    decide(table, "go_on", *DECIDERS)
    owed = {one.kind: one for one in table.delivery.state.owed}
    assert sorted(owed["resumed"].services) == sorted(table.plan.participants())
    assert facts_of(table.delivery, "held", None, "kz.knb").call is None


def test_r8_everybody_sees_that_it_is_held() -> None:
    """The view of any participant says by whom, since when, and when silence ends it; and that it goes on, afterwards."""
    table = held("uz.police")
    for service in ("kz.police", "uz.police", "caricc"):
        shown = view(table.delivery, table.directory.get(service), table.now)
        assert (shown.phase, shown.held is not None and shown.held.by) == ("held", "uz.police")
        assert shown.held is not None
        assert shown.held.until == utc_text(table.now + table.plan.contingencies.decision)
    decide(table, "go_on", *DECIDERS)
    shown = view(table.delivery, table.directory.get("kz.police"), table.now)
    assert (shown.phase, shown.held) == ("under_way", None)


def test_r8_who_decides_is_told_what_about() -> None:
    """The request says who ordered the hold, and what travels."""
    asked = request(held("uz.police").delivery, HOLD, "kz.prosecutor")
    assert asked.facts.problem.startswith("R8: uz.police ordered a hold")
    assert asked.facts.gross


def test_r28_holds_have_a_share_and_a_stop_is_always_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that has spent its words and its brakes orders no more holds, and stops all the same."""
    with_figures(monkeypatch, unasked_statements=4, speaker_statements=4, brakes=2)
    table = Table().dispatch()
    assert is_brake(table.statement("caricc", "hold_requested"))
    answers = [became(table.say("caricc", "hold_requested")) for _ in range(7)]
    assert answers == [("accepted", None)] * 6 + [("refused", "R28")]
    decide(table, "go_on", *DECIDERS)
    with pytest.raises(RuleBroken, match="R28"):
        table.say("caricc", "hold_requested")
    assert became(table.say("caricc", "stop_requested")) == ("accepted", None)


def test_r8_nothing_is_held_that_has_split() -> None:
    """Its parts are deliveries of their own: a hold of the whole is recorded, and holds nothing."""
    table = Table().dispatch()
    contents = [{"substance": "mephedrone (4-MMC)", "net": "13.2 kg"}]
    parts = [{"operation": "part-1", "contents": contents}, {"operation": "part-2", "contents": []}]
    table.say("kz.police", "split", "tashkent-airport", parts=parts, reason="two couriers")
    assert table.delivery.state.parts

    table.say("uz.police", "hold_requested", reason="a patrol is in the way")
    assert not table.delivery.state.held


def test_r22_who_is_responsible_by_a_changed_plan_decides_on_what_is_held() -> None:
    """It has it in hand: it and the others are asked anew, and who is so no more decides nothing."""
    table = Table().dispatch()
    table.say("kz.knb", "hold_requested")
    table.say("kz.police", "hold_decided", "hold.1")
    change(table, in_charge_instead(table.plan))
    assert table.at("hold.1").result == "withdrawn"
    assert table.at("hold.2").checkpoint.services() == ("kz.border", "kz.prosecutor")
    decide(table, "go_on", "kz.border", "kz.prosecutor", at="hold.2")
    assert table.delivery.state.hold is None
