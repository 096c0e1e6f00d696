"""Ladders: who is told next when an answer does not come; each rung once, in order, and none when it would help nothing."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Escalated
from domain.rules.course import next_moment
from domain.words.moments import instant
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.course import brings, coming, forbidden
from tests.support import Table, example_cards, example_directory, with_changes

LADDER = [
    {"after": "10h", "to": "uz.customs"},
    {"after": "20h", "to": "uz.police", "may_answer": True},
    {"after": "30h", "to": "caricc"},
]
PLAN = with_changes(consent_uz={"remind": [], "escalate": LADDER}, consent_kz={"remind": []})


def asked() -> Table:
    """Uzbekistan is asked, and three stand on its ladder; Kazakhstan has answered."""
    table = Table(PLAN)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    return table


def told(table: Table) -> list[tuple[int, str]]:
    """Rung and service of each escalation so far."""
    return [(entry.event.rung, entry.event.to) for entry in table.delivery.ledger.entries if isinstance(entry.event, Escalated)]


def test_each_rung_comes_once_and_in_order() -> None:
    """Hour by hour until the answer is overdue: three rungs, each at its hour."""
    table = asked()
    came = {}
    for hour in range(1, 48):
        if "escalated" in brings(table, hours=1):
            came[hour] = told(table)[-1]
    assert came == {10: (1, "uz.customs"), 20: (2, "uz.police"), 30: (3, "caricc")}


def test_rungs_that_were_missed_come_in_order_and_at_their_hour_all_the_same() -> None:
    """After an outage of the installation all three are recorded one after another, each at the moment that was due."""
    table = asked()
    began = table.now
    table.pass_time(hours=40)
    rungs = [entry for entry in table.delivery.ledger.entries if isinstance(entry.event, Escalated)]
    assert [rung for rung, _ in told(table)] == [1, 2, 3]
    assert [instant(entry.at) - began for entry in rungs] == [timedelta(hours=hours) for hours in (10, 20, 30)]


def test_next_rung_is_what_is_waited_for() -> None:
    """Nothing is looked at before the rung is due."""
    table = asked()
    assert next_moment(table.delivery, table.now) == table.now + timedelta(hours=10)


def test_rung_names_who_has_not_answered() -> None:
    """The superior is told whose answer is missing."""
    table = asked()
    event = coming(table, table.now + timedelta(hours=10))
    assert isinstance(event, Escalated)
    assert (event.to, event.services) == ("uz.customs", ("uz.prosecutor",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rung": 2, "to": "uz.police"},
        {"to": "caricc"},
        {"services": ("kz.prosecutor",)},
        {"checkpoint": "consent-kz"},
    ],
    ids=["not its turn", "another", "another's answer", "another checkpoint"],
)
def test_nothing_else_is_believed_as_a_rung(wrong: dict[str, Any]) -> None:
    """Who runs the installation cannot skip a rung or make one up: a rung lets somebody answer in another's place."""
    table = asked()
    table.now += timedelta(hours=10)
    right = {"checkpoint": "consent-uz", "to": "uz.customs", "services": ("uz.prosecutor",), "rung": 1}
    assert "what was due then is escalated" in forbidden(table, Escalated(**right | wrong))
    table.pass_time()
    assert told(table) == [(1, "uz.customs")]
    assert "nothing" in forbidden(table, Escalated(**right))


def test_no_rung_before_its_time() -> None:
    """A millisecond early is too early."""
    table = asked()
    assert brings(table, hours=10, milliseconds=-1) == []
    assert brings(table, milliseconds=1)[0] == "escalated"


def test_no_rung_after_the_answer() -> None:
    """Once answered, nobody else is bothered."""
    table = asked()
    table.pass_time(hours=10)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert "escalated" not in brings(table, hours=30)
    assert told(table) == [(1, "uz.customs")]


def test_no_rung_after_silence() -> None:
    """Departure is overdue and still open, and a rung left over is not climbed any more."""
    ladder = [{"after": "10h", "to": "uz.customs"}, {"after": "13h", "to": "kz.knb"}]
    table = Table(with_changes(departure={"remind": [], "escalate": ladder})).prepare()
    assert "silence" in brings(table, hours=20)
    assert table.is_open("departure")
    assert told(table) == [(1, "uz.customs")]


def test_no_rung_after_the_checkpoint_has_closed() -> None:
    """It has been taken back after a stop."""
    table = asked()
    table.say("uz.police", "stop_requested")
    assert table.is_closed("consent-uz")
    assert "escalated" not in brings(table, hours=40)


def test_a_simulated_delivery_climbs_the_ladder_and_tells_each() -> None:
    """The prosecutor is silent, each rung is told once, and silence is not consent."""
    act = {"service": "uz.prosecutor", "at": "consent-uz"}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": [act]})
    done = simulate(World(PLAN, example_directory(), example_cards(), scenario, 1))
    heard = [entry.event for entry in done.delivery.ledger.entries]
    notices = [one.reached for one in heard if one.event == "told" and one.kind == "escalation"]
    assert notices == [("uz.customs",), ("uz.police",), ("caricc",)]
    assert done.delivery.state.outcome == "expired"
