"""Rules of stopping and of ending: anyone may stop, and there is one outcome."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.events import Cleared, Closed, Concluded, Ended, Opened, Told
from domain.delivery.statement import sign_statement
from domain.record.door import submit
from domain.rules import unforeseen
from domain.rules.course import conclusion
from domain.words.errors import NotAllowed
from domain.words.moments import utc_text
from rehearsal.services import private_key_of
from tests.course import (
    PHASES,
    accounted,
    became,
    forbidden,
    let_time_bring,
    open_unforeseen,
    opened,
)
from tests.support import Table

# R8


@pytest.mark.parametrize("phase", PHASES)
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


@pytest.mark.parametrize("phase", PHASES)
def test_r8_nothing_advances_after_a_stop(phase: str) -> None:
    """After the stop no checkpoint of the route opens, no leg is cleared, and no step's statement is accepted."""
    table = PHASES[phase]()
    table.say("caricc", "stop_requested")
    for planned in table.plan.checkpoints:
        if planned.id not in table.delivery.state.progress and planned.step != "close":
            assert forbidden(table, Opened(checkpoint=planned.id, due=utc_text(table.now))) == "R8"
    assert forbidden(table, Cleared(leg=table.delivery.state.cleared + 1)) == "R8"
    steps = {
        "authorisation_granted": "kz.prosecutor",
        "prepared": "kz.customs",
        "dispatched": "kz.customs",
        "handover_offered": "kz.customs",
        "handover_accepted": "uz.customs",
        "handover_declined": "uz.customs",
        "movement_decision": "kz.customs",
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
    assert table.delivery.state.leg == leg


def test_r8_first_stop_keeps_its_reason() -> None:
    """A second stop is accepted and recorded, and changes neither who nor why."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested", reason="the recipient has been warned")
    assert became(table.say("kz.knb", "stop_requested", reason="another reason")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.by, halt.reason) == ("uz.police", "uz.police ordered a stop: the recipient has been warned")


def test_r8_everyone_but_who_ordered_it_acknowledges() -> None:
    """The stop reaches every other participant, once each."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.ACKNOWLEDGED)
    asked = table.delivery.state.progress[unforeseen.ACKNOWLEDGED].checkpoint.services()
    assert sorted((*asked, "uz.police")) == sorted(table.plan.participants())
    assert became(table.say("uz.police", "stop_acknowledged", unforeseen.ACKNOWLEDGED)) == ("refused", "R17")
    assert became(table.say("kz.knb", "stop_acknowledged", unforeseen.ACKNOWLEDGED)) == ("accepted", None)


def test_r8_there_is_nothing_to_acknowledge_before_a_stop() -> None:
    """An acknowledgement of no stop is refused."""
    table = Table().dispatch()
    assert became(table.say("kz.knb", "stop_acknowledged", unforeseen.ACKNOWLEDGED)) == ("refused", "R8")


def test_r8_interdiction_waits_without_end() -> None:
    """It has no due time, may not be given one, is reminded of again and again and can never be passed unanswered."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    definition = unforeseen.definition(table.delivery, unforeseen.INTERDICTION)
    due = utc_text(table.now + timedelta(hours=1))
    assert forbidden(table, Opened(checkpoint=unforeseen.INTERDICTION, due=due, definition=definition)) == "R2"
    open_unforeseen(table, unforeseen.INTERDICTION)
    table.pass_time(days=30)
    assert set(let_time_bring(table)) == {"reminded"}
    assert table.delivery.state.progress[unforeseen.INTERDICTION].rung == 30 * 24
    for result, rule in (("unanswered", "R2"), ("satisfied", "R17")):
        event = Closed.model_validate({"checkpoint": unforeseen.INTERDICTION, "result": result})
        assert forbidden(table, event) == rule


def test_r8_unanswered_acknowledgement_may_be_closed_after_its_time() -> None:
    """Silence about a stop is recorded and does not keep the delivery open."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.ACKNOWLEDGED)
    assert forbidden(table, Closed(checkpoint=unforeseen.ACKNOWLEDGED, result="unanswered")) == "R2"
    table.pass_time(hours=12)
    assert let_time_bring(table) == ("silence",)
    table.record(Closed(checkpoint=unforeseen.ACKNOWLEDGED, result="unanswered"))


def test_r8_halted_delivery_is_not_concluded_before_the_seizure() -> None:
    """Only the responsible authority's seizure lets it end."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.INTERDICTION)
    end = Concluded(outcome="interdicted_early", reason="stopped")
    assert forbidden(table, end) == "R8"
    assert became(table.say("uz.customs", "interdicted", unforeseen.INTERDICTION)) == ("refused", "R4")
    assert became(table.say("kz.customs", "interdicted", unforeseen.INTERDICTION)) == ("accepted", None)
    table.close(unforeseen.INTERDICTION)
    table.record(end)
    assert table.delivery.state.outcome == "interdicted_early"


def test_r8_seizure_without_a_checkpoint_answers_the_interdiction() -> None:
    """The responsible authority has seized: whether or not it names the checkpoint, nothing more is waited for."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, unforeseen.INTERDICTION)
    assert became(table.say("kz.customs", "interdicted")) == ("accepted", None)
    assert table.delivery.state.secured
    assert table.delivery.state.progress[unforeseen.INTERDICTION].satisfied


def test_r8_open_checkpoints_are_taken_back_only_after_a_halt() -> None:
    """`withdrawn` is no way round an open checkpoint."""
    table = opened(Table(), "consent-kz")
    assert forbidden(table, Closed(checkpoint="consent-kz", result="withdrawn")) == "R17"
    table.say("caricc", "stop_requested")
    table.record(Closed(checkpoint="consent-kz", result="withdrawn"))


def test_r8_what_still_counts_after_a_halt() -> None:
    """A stop, a sighting and a withdrawal may still be said; a lost sighting would lose the consignment."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.customs", "sighted")) == ("accepted", None)
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    assert became(table.say("kz.prosecutor", "stop_requested")) == ("accepted", None)


# R12


@pytest.mark.parametrize(("arrests", "outcome"), [(0, "delivered_without_arrest"), (1, "delivered_with_arrests")])
def test_r12_only_the_outcome_that_follows_can_be_concluded_and_once(arrests: int, outcome: Any) -> None:
    """Of all thirteen outcomes the rules let exactly one through, and only one time."""
    table = accounted(arrests)
    for other in Concluded.model_fields["outcome"].annotation.__args__:  # type: ignore[union-attr]
        if other != outcome:
            assert forbidden(table, Concluded(outcome=other, reason="pretext")) == "R12"
    table.record(Concluded(outcome=outcome, reason="as it happened"))
    assert forbidden(table, Concluded(outcome=outcome, reason="again")) == "R12"


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != "accounted"])
def test_r12_nothing_is_concluded_while_checkpoints_are_open(phase: str) -> None:
    """A delivery that has not run its course has no outcome."""
    assert forbidden(PHASES[phase](), Concluded(outcome="delivered_without_arrest", reason="pretext")) == "R12"


def test_r12_a_stop_after_the_arrests_does_not_undo_them() -> None:
    """What has been achieved is the outcome; why the rest was cut short stands beside it."""
    table = accounted(2)
    table.say("uz.customs", "stop_requested", reason="flood in the store")
    table.say("uz.customs", "interdicted")
    outcome, reason = conclusion(table.delivery)

    assert "delivered_with_arrests" == outcome
    assert "flood in the store" in reason


@pytest.mark.parametrize(
    ("phase", "outcome"),
    [("prepared", "withdrawn"), ("dispatched", "interdicted_early"), ("delivered", "interdicted_early")],
)
def test_r12_stop_ends_as_withdrawn_before_departure_and_as_interdicted_after(phase: str, outcome: str) -> None:
    """What a stop amounts to depends on whether the consignment had left."""
    table = PHASES[phase]()
    table.say("caricc", "stop_requested")
    assert conclusion(table.delivery)[0] == outcome


def test_r12_it_ends_only_with_an_outcome_and_starts_only_once() -> None:
    """`ended` needs an outcome, and a second `started` is not permitted."""
    table = accounted()
    assert forbidden(table, Ended()) == "R12"
    assert forbidden(table, table.delivery.ledger[0].event) == "R12"


def test_r12_after_the_end_nothing_enters() -> None:
    """An ended ledger takes no event and no statement, not even a stop or a repeated one."""
    table = accounted()
    table.record(Concluded(outcome="delivered_with_arrests", reason="two arrested"))
    repeated = sign_statement(table.statement("kz.knb", "stop_requested"), private_key_of("kz.knb"))
    assert became(submit(table.delivery, repeated, table.now)) == ("late", None)
    table.record(Ended())
    before = len(table.delivery.ledger)
    with pytest.raises(NotAllowed, match="has ended"):
        submit(table.delivery, repeated, table.now)
    with pytest.raises(NotAllowed, match="has ended"):
        table.say("kz.knb", "stop_requested")
    assert forbidden(table, Told(kind="outcome")) == "R12"
    assert forbidden(table, Ended()) == "R12"
    assert len(table.delivery.ledger) == before


def test_r12_after_the_outcome_only_the_debrief_is_heard() -> None:
    """A late arrest is kept and counts for nothing; the debrief is accepted."""
    table = accounted(0)
    table.record(Concluded(outcome="delivered_without_arrest", reason="nobody came"))
    table.open("debrief")
    assert became(table.say("uz.police", "arrest_made", "arrest-tashkent")) == ("late", None)
    assert became(table.say("kz.knb", "stop_requested")) == ("late", None)
    assert (table.delivery.state.arrested, table.delivery.state.halt) == (0, None)
    assert became(table.say("caricc", "debriefed", "debrief")) == ("accepted", None)
