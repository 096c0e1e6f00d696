"""Rules of stopping and of ending: anyone may stop, and there is one outcome."""

from datetime import timedelta
from typing import Any, get_args

import pytest

from domain.delivery.decided import Cleared, Closed, Concluded, Ended, Opened
from domain.delivery.reported import Told
from domain.delivery.statement import sign_statement
from domain.delivery.vocabulary import Outcome
from domain.plan.check import faults_in
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.record.door import report
from domain.rules.conclusion import DELIVERED
from domain.words.errors import NotAllowed, RuleBroken
from domain.words.limits import REMINDERS_AT_PACE
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.course import PHASES, accounted, arrested, became, brings, entry_of, forbidden, outcome_of
from tests.support import Table, example_cards, example_directory, submitted

RUNNING = [phase for phase in PHASES if phase != "accounted"]
"""Phases of a delivery that has no outcome yet."""
PRETEXT = DELIVERED(**dict.fromkeys(DELIVERED.shapes, 0))

# R8


@pytest.mark.parametrize("phase", RUNNING)
@pytest.mark.parametrize("service", ["kz.knb", "uz.police", "kz.prosecutor", "caricc"])
def test_r8_any_participant_stops_in_any_phase(phase: str, service: str) -> None:
    """Whoever has a part, the coordinator included, and whenever: the word is accepted and halts."""
    table = PHASES[phase]()
    assert became(table.say(service, "stop_requested")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by) == ("stop", "R8", service)


@pytest.mark.parametrize("service", ["ru.police", "kz.post"])
def test_r8_who_has_no_part_cannot_stop(service: str) -> None:
    """A service of the directory without a part in this delivery is turned away and leaves no trace."""
    table = Table().dispatch()
    before = len(table.delivery.ledger)
    with pytest.raises(NotAllowed):
        table.say(service, "stop_requested")
    assert (len(table.delivery.ledger), table.delivery.state.halt) == (before, None)


@pytest.mark.parametrize("phase", RUNNING)
def test_r8_nothing_advances_after_a_stop(phase: str) -> None:
    """After the stop no checkpoint of the route opens, no leg is cleared, and no step's statement is accepted."""
    table = PHASES[phase]()
    table.say("caricc", "stop_requested")
    ahead = [one for one in table.plan.checkpoints if one.id not in table.delivery.state.progress and one.step != "close"]
    advances = [Opened(checkpoint=one.id, due=utc_text(table.now + table.plan.due_after(one))) for one in ahead]
    for event in (*advances, Cleared(leg=table.delivery.state.cleared + 1)):
        assert f"is nothing, recorded is {event.event}" in forbidden(table, event)
    steps = {
        "authorisation_granted": "kz.prosecutor",
        "prepared": "kz.police",
        "dispatched": "kz.police",
        "handover_offered": "kz.police",
        "handover_accepted": "uz.customs",
        "handover_declined": "uz.customs",
        "movement_decision": "kz.police",
        "delivered": "uz.customs",
        "arrest_made": "uz.police",
        "no_arrest": "uz.police",
        "seizure": "uz.customs",
        "ready": "kz.knb",
    }
    leg = table.delivery.state.leg
    for kind, service in steps.items():
        at = {"handover_offered": "tashkent-airport", "delivered": "delivery"}.get(kind, "preparation")
        assert became(table.say(service, kind, at)) == ("refused", "R8")
    longer = {"valid_until": "2022-06-01T00:00:00Z"}
    assert became(table.say("kz.prosecutor", "authorisation_extended", **longer)) == ("refused", "R8")
    brings(table, days=3)
    assert table.delivery.state.leg == leg
    assert not any(one.id in table.delivery.state.progress for one in ahead)


def test_r8_first_stop_keeps_its_reason() -> None:
    """A second stop is accepted and recorded, and changes neither who nor why."""
    table = Table().dispatch()
    first = table.say("uz.police", "stop_requested", reason="the recipient has been warned")
    assert became(table.say("kz.knb", "stop_requested", reason="another reason")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.by, halt.seq, halt.finding.parameters) == ("uz.police", first.seq, {"service": "uz.police", "entry": first.seq})


def test_r8_everyone_but_who_ordered_it_acknowledges() -> None:
    """The stop reaches every other participant, once each."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    asked = table.at(KNOWN).checkpoint.services()
    assert sorted((*asked, "uz.police")) == sorted(table.plan.participants())
    assert became(table.say("uz.police", "stop_acknowledged", KNOWN)) == ("refused", "R17")
    assert became(table.say("kz.knb", "stop_acknowledged", KNOWN)) == ("accepted", None)


KNOWN, SEIZED = "stop.acknowledged", "stop.interdiction"


def test_r8_acknowledgement_that_names_no_checkpoint_counts() -> None:
    """Whoever says that it knows of the stop has acknowledged it, and is not waited for any more."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    asked = table.at(KNOWN).checkpoint.services()
    for service in asked:
        assert service in table.at(KNOWN).waiting_for()
        assert became(table.say(service, "stop_acknowledged")) == ("accepted", None)
        assert service not in table.at(KNOWN).waiting_for()
    assert entry_of(table, "closed", checkpoint=KNOWN).event == Closed(checkpoint=KNOWN, result="satisfied")
    assert became(table.say("kz.knb", "stop_acknowledged")) == ("refused", "R17")


def test_r8_there_is_nothing_to_acknowledge_before_a_stop() -> None:
    """An acknowledgement of no stop is refused, whether or not it names a checkpoint."""
    table = Table().dispatch()
    for at in (KNOWN, None):
        assert became(table.say("kz.knb", "stop_acknowledged", at)) == ("refused", "R8")


def crowded(number: int) -> tuple[Plan, Directory]:
    """A plan with so many participants, and a directory that has them all."""
    known = example_directory()
    plan = Table().plan
    one = known.get("kz.afm")
    more = tuple(f"kz.office-{count}" for count in range(number - len(plan.participants())))
    needs = [{"service": service, "says": "arrest"} for service in ("kz.knb", *more)]
    document = plan.model_dump()
    next(at for at in document["checkpoints"] if at["id"] == "arrest-almaty")["requires"] = needs
    directory = known.model_copy(update={"services": (*known.services, *(one.model_copy(update={"id": name}) for name in more))})
    return Plan.model_validate(document), directory


def test_r8_stop_in_a_plan_with_as_many_participants_as_there_may_be_reaches_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With 64 who take part, all 63 others are asked to acknowledge, and each counts."""
    plan, directory = crowded(64)
    assert faults_in(plan, directory, example_cards()) == ()
    monkeypatch.setattr("tests.support.example_directory", lambda: directory)
    table = Table(plan)
    table.say("uz.police", "stop_requested")
    asked = table.at(KNOWN).checkpoint.services()
    assert sorted((*asked, "uz.police")) == sorted(plan.participants())
    assert len(asked) == 63
    for service in asked:
        assert became(table.say(service, "stop_acknowledged")) == ("accepted", None)
    assert table.is_closed(KNOWN)


def test_r8_plan_with_more_participants_than_a_stop_can_reach_is_a_fault() -> None:
    """65 are one too many."""
    plan, directory = crowded(65)
    assert [fault.place for fault in faults_in(plan, directory, example_cards())] == ["checkpoints"]


def test_r8_interdiction_waits_without_end() -> None:
    """It has no due time, may not be given one, is reminded of at the plan's pace and then daily, and can never be passed
    unanswered.
    """
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    opening = entry_of(table, "opened", checkpoint=SEIZED)
    due = {"due": utc_text(table.now + timedelta(hours=1))}
    assert "due then is opened" in forbidden(table, opening.event.model_copy(update=due), instead_of=opening)
    brought = brings(table, days=30)
    assert brought.count("reminded") == table.at(SEIZED).rung == REMINDERS_AT_PACE + 28
    assert table.is_open(SEIZED)
    for result in ("unanswered", "satisfied", "withdrawn"):
        event = Closed.model_validate({"checkpoint": SEIZED, "result": result})
        assert "is nothing, recorded is closed" in forbidden(table, event)


def test_r8_unanswered_acknowledgement_closes_after_its_time() -> None:
    """Silence about a stop is recorded and does not keep the delivery open."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    unanswered = Closed(checkpoint=KNOWN, result="unanswered")
    table.pass_time(hours=12, microseconds=-1)
    assert "is nothing, recorded is closed" in forbidden(table, unanswered)
    assert [one for one in brings(table, microseconds=1) if one in ("silence", "closed")] == ["silence", "closed"]
    assert entry_of(table, "closed", checkpoint=KNOWN).event == unanswered


def test_r8_halted_delivery_is_not_concluded_before_the_seizure() -> None:
    """Only the responsible authority's seizure lets it end."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    table.pass_time(hours=12)
    end = Concluded(outcome="interdicted_early", finding=PRETEXT)
    assert "is nothing, recorded is concluded" in forbidden(table, end)
    assert became(table.say("uz.customs", "interdicted", SEIZED)) == ("refused", "R4")
    assert table.delivery.state.outcome is None
    assert became(table.say("kz.police", "interdicted", SEIZED)) == ("accepted", None)
    assert table.is_closed(SEIZED)
    assert table.delivery.state.outcome == "interdicted_early"


def test_r8_seizure_without_a_checkpoint_answers_the_interdiction() -> None:
    """The responsible authority has seized: whether or not it names the checkpoint, nothing more is waited for."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.police", "interdicted")) == ("accepted", None)
    assert table.delivery.state.secured
    assert entry_of(table, "closed", checkpoint=SEIZED).event == Closed(checkpoint=SEIZED, result="satisfied")


def test_r8_open_checkpoints_are_taken_back_only_after_a_halt() -> None:
    """`withdrawn` is no way round an open checkpoint."""
    table = Table()
    withdrawn = Closed(checkpoint="consent-kz", result="withdrawn")
    assert "is nothing, recorded is closed" in forbidden(table, withdrawn)
    table.say("caricc", "stop_requested")
    assert entry_of(table, "closed", checkpoint="consent-kz").event == withdrawn


def test_r8_what_still_counts_after_a_halt() -> None:
    """A stop, a sighting and a withdrawal may still be said; a lost sighting would lose the consignment."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.police", "sighted")) == ("accepted", None)
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    assert became(table.say("kz.prosecutor", "stop_requested")) == ("accepted", None)


# R12


@pytest.mark.parametrize(("arrests", "outcome"), [(0, "delivered_without_arrest"), (1, "delivered_with_arrests")])
def test_r12_only_the_outcome_that_follows_can_be_concluded_and_once(arrests: int, outcome: Any) -> None:
    """Of all outcomes the rules let exactly one through, with its one reason, and only one time."""
    table = accounted(arrests)
    concluded = entry_of(table, "concluded")
    right = concluded.event
    assert isinstance(right, Concluded)
    assert right.outcome == outcome
    others = [right.model_copy(update={"outcome": other}) for other in get_args(Outcome) if other != outcome]
    assert len(others) == len(get_args(Outcome)) - 1
    for wrong in (*others, right.model_copy(update={"finding": DELIVERED(**dict.fromkeys(DELIVERED.shapes, 9))})):
        assert "due then is concluded" in forbidden(table, wrong, instead_of=concluded)
    assert "is nothing, recorded is concluded" in forbidden(table, right)


@pytest.mark.parametrize("phase", RUNNING)
def test_r12_nothing_is_concluded_while_checkpoints_are_open(phase: str) -> None:
    """A delivery that has not run its course has no outcome."""
    table = PHASES[phase]()
    assert table.delivery.state.open_checkpoints()
    pretext = Concluded(outcome="delivered_without_arrest", finding=PRETEXT)
    assert "is nothing, recorded is concluded" in forbidden(table, pretext)


def test_r8_nothing_is_concluded_before_everyone_has_had_the_time_to_acknowledge_the_stop() -> None:
    """It has been seized at once; the outcome waits for whoever has not said yet that it knows."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    table.say("kz.police", "interdicted")
    *others, last = [one for one in table.plan.participants() if one != "uz.police"]
    for service in others:
        assert table.delivery.state.outcome is None
        assert ("accepted", None) == became(table.say(service, "stop_acknowledged"))
    assert table.delivery.state.outcome is None
    table.say(last, "stop_acknowledged")
    assert "interdicted_early" == table.delivery.state.outcome


def test_r12_a_stop_after_the_arrests_does_not_undo_them() -> None:
    """What has been achieved is the outcome; why the rest was cut short stands beside it."""
    table = arrested()
    said = table.say("uz.customs", "stop_requested", reason="flood in the store")

    assert "delivered_with_arrests" == outcome_of(table)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.by, halt.seq) == ("uz.customs", said.seq)


@pytest.mark.parametrize(
    ("phase", "service", "outcome"),
    [
        ("prepared", "caricc", "stopped_before_departure"),
        ("prepared", "kz.knb", "withdrawn"),
        ("dispatched", "caricc", "interdicted_early"),
        ("dispatched", "kz.knb", "interdicted_early"),
        ("delivered", "caricc", "interdicted_early"),
    ],
)
def test_r12_what_a_stop_amounts_to_depends_on_who_ordered_it_and_when(phase: str, service: str, outcome: str) -> None:
    """Before it has left the initiator withdraws it, and anybody else stops it; after that it is interdicted. The outcome names
    whose decision it was.
    """
    table = PHASES[phase]()
    table.say(service, "stop_requested")
    assert outcome_of(table) == outcome
    because = table.delivery.state.because
    assert because is not None
    assert (because.code, because.parameters["service"]) == ("stop_ordered", service)


@pytest.mark.parametrize("decision", ["seize", "end"])
def test_r12_a_hold_that_is_ended_before_departure_is_no_withdrawal(decision: str) -> None:
    """Whose decision it was is neither the initiator nor who had ordered the hold."""
    table = PHASES["prepared"]()
    table.say("uz.police", "hold_requested")
    table.say("kz.prosecutor", "hold_decided", table.opened("hold"), decision=decision)
    assert outcome_of(table) == "stopped_before_departure"
    because = table.delivery.state.because
    assert because is not None
    assert (because.parameters["service"], because.parameters["by"]) == ("kz.prosecutor", "uz.police")


def test_r12_it_ends_only_with_an_outcome_and_starts_only_once() -> None:
    """`ended` needs an outcome, and a second `started` is not believed."""
    for event in (Ended(), Table().delivery.ledger.entries[0].event):
        assert f"is nothing, recorded is {event.event}" in forbidden(Table().deliver(), event)


def test_r12_it_does_not_end_before_everybody_was_told_and_asked() -> None:
    """With an outcome, but the debrief still open or somebody not told of it, nothing ends."""
    assert "is nothing, recorded is ended" in forbidden(accounted(), Ended())
    table = arrested()
    table.told = False
    table.say("uz.customs", "seizure", "accounting")
    table.say("caricc", "debriefed", "debrief")
    assert table.delivery.state.open_checkpoints() == ()
    assert "is nothing, recorded is ended" in forbidden(table, Ended())
    table.told = True
    table.settle()
    assert table.events[-1] == "ended"


def test_r12_after_the_end_nothing_enters() -> None:
    """An ended ledger takes no event and no statement, not even a stop; one that it has is answered with its receipt."""
    table = accounted()
    repeated = sign_statement(table.statement("kz.knb", "stop_requested"), private_key_of("kz.knb"))
    given = submitted(table.delivery, repeated, table.now)
    assert became(given) == ("late", "R12")
    table.say("caricc", "debriefed", "debrief")
    assert table.events[-1] == "ended"
    before = len(table.delivery.ledger)
    assert given == submitted(table.delivery, repeated, table.now)
    with pytest.raises(NotAllowed, match="has ended"):
        table.say("kz.knb", "stop_requested")
    concluded = entry_of(table, "concluded")
    told = Told(of=concluded.seq, kind="outcome", reached=("kz.knb",))
    with pytest.raises(RuleBroken, match="R12") as over:
        report(table.delivery, told, table.now)
    assert "ended_already" == over.value.reason
    for event in (told, Ended()):
        assert "R12" in forbidden(table, event)
    table.pass_time(days=100)
    assert len(table.delivery.ledger) == before


def test_r12_after_the_outcome_only_the_debrief_is_heard() -> None:
    """A late arrest is kept and counts for nothing; the debrief is accepted."""
    table = accounted(0)
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent")) == ("late", "R12")
    assert became(table.say("kz.knb", "stop_requested")) == ("late", "R12")
    assert (table.delivery.state.arrested, table.delivery.state.halt) == ((), None)
    assert became(table.say("caricc", "debriefed", "debrief")) == ("accepted", None)
