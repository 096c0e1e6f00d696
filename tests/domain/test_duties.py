"""What a State's card makes a duty of whoever authorises: asked within its time, its silence recorded, whatever else happens."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.events import Closed, Concluded, Opened, Silence
from domain.plan.plan import Plan
from domain.rules import unforeseen
from domain.rules.course import conclusion
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import Simulated, World, simulate
from tests.course import became, forbidden, let_time_bring, open_unforeseen, opened
from tests.support import Table, card_of, example_cards, example_directory, example_plan, with_changes

REGISTER = {"id": "register", "what": "a copy to the register", "within": "10d"}
UZ = card_of("UZ", duties=[REGISTER])
DUTY = "duty.uz.prosecutor.register"


def asked() -> Table:
    """Uzbekistan's card makes a duty of whoever authorises; both States are asked."""
    return opened(Table(other_cards=UZ), "consent-kz", "consent-uz")


def granted() -> Table:
    """Uzbekistan has authorised, and its duty is open."""
    table = asked()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    open_unforeseen(table, DUTY)
    return table


def test_duty_begins_with_the_authorisation() -> None:
    """Nobody has a duty before having authorised, a provisional grant is none, and Kazakhstan's card has none."""
    table = asked()
    assert unforeseen.duties(table.delivery) == ()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", provisional=True)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert unforeseen.duties(table.delivery) == ()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert [service for _, service in unforeseen.duties(table.delivery)] == ["uz.prosecutor"]


def test_no_duty_is_asked_that_the_card_does_not_know() -> None:
    """Neither another duty nor another service's."""
    table = granted()
    for name in ("duty.uz.prosecutor.other", "duty.kz.prosecutor.register"):
        assert unforeseen.definition(table.delivery, name) is None
        assert forbidden(table, Opened(checkpoint=name, due=None)) == "R17"


def test_duty_is_due_as_the_card_says() -> None:
    """Ten days from its opening, not a moment otherwise."""
    table = granted()
    assert table.delivery.state.progress[DUTY].due == table.now + timedelta(days=10)


@pytest.mark.parametrize("service", ["uz.customs", "kz.prosecutor"])
def test_duty_is_done_by_whose_duty_it_is(service: str) -> None:
    """Another service's word does not do it."""
    table = granted()
    assert became(table.say(service, "duty_done", DUTY)) == ("refused", "R17")
    assert became(table.say("uz.prosecutor", "duty_done", DUTY)) == ("accepted", None)
    table.close(DUTY)


def test_silence_about_a_duty_is_recorded_and_closes_it_and_stops_nothing() -> None:
    """Not before its time; then it stands in the ledger who did not do it, and the delivery goes on."""
    table = granted()
    assert forbidden(table, Closed(checkpoint=DUTY, result="unanswered")) == "R2"
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.close("consent-kz", "consent-uz")
    table.pass_time(days=10)
    assert let_time_bring(table) == ("silence",)
    silences = [entry.event for entry in table.delivery.ledger if isinstance(entry.event, Silence)]
    assert [(one.checkpoint, one.services) for one in silences] == [(DUTY, ("uz.prosecutor",))]
    table.record(Closed(checkpoint=DUTY, result="unanswered"))
    assert table.delivery.state.halt is None


def test_duty_outlives_a_halt_and_the_outcome() -> None:
    """What has been authorised must be registered, however it ended."""
    table = granted()
    table.say("uz.police", "stop_requested")
    assert unforeseen.outlives_a_halt(DUTY)
    open_unforeseen(table, "stop.interdiction")
    table.say("kz.customs", "interdicted")
    table.record(Concluded(outcome=conclusion(table.delivery)[0], reason="test"))
    assert became(table.say("uz.prosecutor", "duty_done", DUTY)) == ("accepted", None)


def test_duty_of_who_authorises_after_all_opens_after_a_halt_too() -> None:
    """The story may open it when everything else is refused by R8."""
    table = asked()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.say("uz.police", "stop_requested")
    open_unforeseen(table, DUTY)
    assert table.delivery.state.progress[DUTY].open


def told(*acts: dict[str, Any], plan: Plan | None = None) -> Simulated:
    """The story in the simulator, with this duty."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": acts})
    chosen = World(plan or example_plan(), example_directory(), example_cards() | UZ, scenario, 1)
    done = simulate(chosen)
    Checker(chosen.plan).check(tuple(done.delivery.ledger))
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
def test_the_story_waits_for_the_duty_before_it_ends(acts: list[dict[str, Any]], result: str, outcome: str) -> None:
    """Done or not done, halted or not: the duty is closed before the ledger is, and changes no outcome."""
    done = told(*acts)
    assert (done.delivery.state.progress[DUTY].result, done.delivery.state.outcome) == (result, outcome)


def test_authority_of_a_state_beside_the_route_may_be_asked() -> None:
    """An alternate State is asked in advance; it has no card here, and its grant is heard all the same (found by test)."""
    plan = with_changes(consent_kz={"requires": [{"service": "kz.prosecutor", "says": "authorisation"}]})
    other = plan.checkpoints[0].model_dump() | {
        "id": "consent-ru",
        "state": "RU",
        "requires": [{"service": "ru.prosecutor", "says": "authorisation"}],
    }
    plan = Plan.model_validate(plan.model_dump() | {"checkpoints": [other, *plan.model_dump()["checkpoints"]]})
    assert told(plan=plan).delivery.state.outcome == "delivered_with_arrests"
