"""A delivery that nothing moves on is found, whatever the reason; and no more is taken for one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.delivery.delivery import Delivery
from domain.rules import coming, course
from domain.rules.turns import next_to_clear
from rehearsal import peers
from rehearsal.scenario import Scenario
from rehearsal.simulator import Wedged, World, simulate
from rehearsal.wedges import wedge
from tests.course import prepared
from tests.support import Table, asks, card_of, example_cards, example_directory, example_plan, with_changes
from workflows import messages

CALM = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1m", "slowest": "2m"}})


def test_at_rest_a_delivery_that_asks_somebody_is_no_wedge() -> None:
    """At each step of an ordinary delivery, and when a due time has passed that only holds it, it goes on by an answer."""
    held = Table(with_changes(departure={"overdue": "hold"})).prepare()
    held.pass_time(days=3)

    assert [wedge(one.delivery, one.now) for one in (Table(), Table().consent(), Table().dispatch(), held)] == 4 * [""]


def test_a_due_time_that_has_passed_without_a_word_is_a_wedge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the rules forget silence, what is asked is found once its time is over."""
    table = Table()
    monkeypatch.setattr(coming, "_coming_at", lambda *_: iter(()))
    table.now += timedelta(days=30)

    assert "has passed, and nothing follows" in wedge(table.delivery, table.now)


def cleared_until_the_permission_ends() -> Table:
    """Everybody is ready, and nobody says that it has left before technical means are permitted no more (R16)."""
    plan = with_changes(consent_uz={"requires": asks("uz.prosecutor authorisation", "uz.police permission")})
    table = Table(plan.model_copy(update={"uses": ("device",)}), other_cards=card_of("UZ", separate=["device"]))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    permit = {"permissions": ["device"], "valid_until": "2022-03-03T00:00:00Z"}
    table.say("uz.police", "permission_granted", "consent-uz", **permit)
    prepared(table)
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    table.pass_time(days=3)
    return table


def test_an_answer_that_would_not_count_moves_nothing_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first wedge that this found: cleared, and permitted no more, a departure was asked for what was refused for ever."""
    assert wedge((mended := cleared_until_the_permission_ends()).delivery, mended.now) == ""
    monkeypatch.setattr(course, "next_to_begin", next_to_clear)
    forgotten = cleared_until_the_permission_ends()

    assert "no answer would count at departure of kz.police" in wedge(forgotten.delivery, forgotten.now)


def test_the_simulator_stops_at_a_wedge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the checklist loses a checkpoint, the first state at rest in which nobody is asked any more is named."""
    without = tuple(step for step in course.CHECKLIST if step not in (course.prepare, course.ask_for_a_course))

    def checklist(delivery: Delivery) -> object:
        return replace(book_of(delivery), checklist=without)

    book_of = course.book_of
    monkeypatch.setattr(course, "book_of", checklist)

    with pytest.raises(Wedged, match="nothing moves it on"):
        simulate(World(example_plan(), example_directory(), example_cards(), CALM, 1))


def test_what_steps_clocks_in_simulations_is_what_the_door_admits() -> None:
    """A moment is off by no more than the workflow takes, and by as much."""
    assert (peers.AHEAD, peers.BEHIND) == (messages.AHEAD, messages.BEHIND)
