"""R12: each way a delivery can end, at the table and in the simulator."""

from typing import Any

import pytest

from domain.delivery.decided import Concluded
from domain.plan.plan import Plan
from domain.record.verify import verify
from domain.rules.conclusion import conclusion
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.services import person_at
from rehearsal.simulator import World, simulate
from tests.course import altered, became, code, forbidden
from tests.support import COURIER, RECIPIENT, Table, asks, example_cards, example_directory, example_plan, with_changes

SEIZED = with_changes(delivery={"requires": asks("uz.customs interdiction")})
REVERSE = with_changes(plan_={"reverse": True})


def at_the_door(plan: Plan | None = None) -> Table:
    """It has come to its last checkpoint, which is open."""
    table = Table(plan or example_plan()).dispatch().hand_over()
    assert table.is_open("delivery")
    return table


def arrested(table: Table) -> Table:
    """Both teams make an arrest."""
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert table.is_open("accounting")
    return table


def recovered(table: Table) -> Table:
    """Everything is recovered."""
    table.say("uz.customs", "seizure", "accounting")
    return table


def ends_as(table: Table, outcome: Any) -> None:
    """This is the outcome once everyone knows of what stopped it, and a stranger believes in no other."""
    if table.delivery.state.halt is not None:
        table.pass_time(seconds=table.plan.contingencies.acknowledge_stop.total_seconds())
    assert table.delivery.state.outcome == outcome
    assert "what was due then is concluded" in altered(
        table, "concluded", outcome="withdrawn" if outcome != "withdrawn" else "refused"
    )
    assert verify(table.packet()).outcome == outcome


def test_r12_seized_where_the_plan_ends_is_interdicted_as_planned() -> None:
    """The way is over, nothing has halted, and the arrests go on."""
    table = at_the_door(SEIZED)
    assert became(table.say("uz.customs", "interdicted", "delivery")) == ("accepted", None)
    assert (table.delivery.state.secured, table.delivery.state.delivered, table.delivery.state.halt) == (True, True, None)
    ends_as(recovered(arrested(table)), "interdicted_as_planned")


def test_r12_stop_after_a_planned_seizure_and_its_arrests_makes_it_no_delivery() -> None:
    """It never reached anybody, whatever is stopped afterwards (found by test)."""
    table = at_the_door(SEIZED)
    table.say("uz.customs", "interdicted", "delivery")
    assert became(arrested(table).say("uz.police", "stop_requested")) == ("accepted", None)
    ends_as(table, "interdicted_as_planned")


def test_r12_seizure_on_the_way_is_not_the_planned_one() -> None:
    """Before the last checkpoint has opened it is an early interdiction, also where the plan ends with one."""
    table = Table(SEIZED).dispatch()
    assert became(table.say("kz.police", "interdicted", "delivery")) == ("accepted", None)
    ends_as(table, "interdicted_early")


def test_r12_another_authority_seized_it_and_it_is_named() -> None:
    """An authority that was not told has seized it: safe, early, and the reason names the entry that says who."""
    table = Table().dispatch()
    said = table.say("kz.police", "interdicted", seized_by="traffic police of Almaty")
    ends_as(table, "interdicted_early")
    because = table.delivery.state.because
    assert because is not None
    assert (because.code, because.parameters) == ("interdicted_by_another", {"entry": said.seq})


@pytest.mark.parametrize("because", ["no_show", "fictitious_addressee", "dead_addressee", "refused_by_addressee"])
def test_r12_nobody_came_for_it(because: str) -> None:
    """It halts, the authority in charge seizes it, and the outcome is a no-show."""
    table = at_the_door()
    assert became(table.say("uz.customs", "not_collected", "delivery", because=because)) == ("accepted", None)
    assert not table.delivery.state.delivered
    table.say("uz.customs", "interdicted")
    ends_as(table, "no_show")


def test_r12_no_show_is_not_over_before_it_is_seized() -> None:
    """An addressee who does not come leaves a consignment behind."""
    table = at_the_door()
    table.say("uz.customs", "not_collected", "delivery")
    outcome, finding = conclusion(table.delivery.state)
    table.pass_time(days=3)
    assert table.delivery.state.outcome is None
    assert "nothing" in forbidden(table, Concluded(outcome=outcome, finding=finding))
    table.say("uz.customs", "interdicted")
    assert table.delivery.state.outcome == "no_show"


def test_r12_only_who_is_asked_to_deliver_says_that_nobody_came() -> None:
    """Not another service, and not before it has come there."""
    assert became(at_the_door().say("uz.police", "not_collected", "delivery")) == ("refused", "R17")
    table = Table().dispatch()
    assert became(table.say("uz.customs", "not_collected", "delivery")) == ("early", "R17")
    assert table.delivery.state.halt is None


def test_r12_destroyed_halts_and_ends_as_destroyed() -> None:
    """By who has it in charge; nothing is left to be seized."""
    table = Table().dispatch()
    assert became(table.say("kz.police", "destroyed")) == ("accepted", None)
    assert table.delivery.state.halt is not None
    assert (table.delivery.state.halt.cause, table.delivery.state.halt.rule) == ("destroyed", "R10")
    ends_as(table, "destroyed")


def test_r4_only_the_responsible_authority_says_that_it_is_destroyed() -> None:
    """Neither the next in line nor a police that has no part in the leg."""
    table = Table().dispatch()
    for service in ("uz.customs", "kz.knb"):
        assert became(table.say(service, "destroyed")) == ("refused", "R4")
    assert table.delivery.state.halt is None


def test_r12_destroyed_after_a_stop_needs_no_seizure() -> None:
    """What was to be seized burnt instead."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    table.say("kz.police", "destroyed")
    ends_as(table, "destroyed")


def test_r14_danger_to_life_is_the_outcome_whatever_became_of_it() -> None:
    """Destroyed because it was a danger: aborted for risk to life."""
    table = Table().dispatch()
    table.say("kz.police", "incident", risk_to_life=True, what="it leaks")
    table.say("kz.police", "destroyed")
    ends_as(table, "aborted_for_risk_to_life")


def test_r12_plan_that_goes_back_ends_at_the_sender() -> None:
    """A reverse delivery that arrives is returned to its sender."""
    table = at_the_door(REVERSE)
    table.say("uz.customs", "delivered", "delivery")
    ends_as(recovered(arrested(table)), "returned_to_sender")


def test_r12_plan_that_goes_back_and_is_stopped_is_interdicted() -> None:
    """Not everything that was to go back did."""
    table = at_the_door(REVERSE)
    table.say("uz.police", "stop_requested")
    table.say("uz.customs", "interdicted")
    ends_as(table, "interdicted_early")


def test_r12_delivered_unseen_is_delivered() -> None:
    """Taken out of sight from the terminal: the way is over, and the record says that nobody saw it."""
    table = at_the_door()
    assert became(table.say("uz.customs", "delivered", "delivery", seen=False)) == ("accepted", None)
    assert table.delivery.state.delivered
    ends_as(recovered(arrested(table)), "delivered_with_arrests")


def test_r12_released_arrestees_are_told_of_in_the_outcome() -> None:
    """One of two was released: the outcome stays, and its reason says how many are still held."""
    table = arrested(Table().deliver())
    assert became(table.say("uz.police", "arrestee_released")) == ("accepted", None)
    ends_as(recovered(table), "delivered_with_arrests")
    assert table.delivery.state.because is not None
    roles = {"organisers": 0, "suppliers": 0, "couriers": 0, "distributors": 0, "recipients": 1}
    assert table.delivery.state.because.parameters == {"arrested": 2, "freed": 1, "held": 1} | roles


def test_r12_where_all_have_been_released_it_is_not_with_arrests() -> None:
    """Nobody is held any more: it was delivered without arrest, and the reason says that all were released."""
    table = arrested(Table().deliver())
    assert became(table.say("uz.police", "arrestee_released")) == ("accepted", None)
    assert became(table.say("kz.knb", "arrestee_released")) == ("accepted", None)
    ends_as(recovered(table), "delivered_without_arrest")
    because = table.delivery.state.because
    assert because is not None
    assert (because.code, because.parameters) == ("all_released", {"arrested": 2})


def test_r12_no_more_are_released_than_are_under_arrest() -> None:
    """Nobody whom another service holds, nobody who is not under arrest, and nobody twice."""
    table = arrested(Table().deliver())
    said = table.say("uz.police", "arrestee_released", persons=["P-1", "P-2"])
    assert (became(said), code(said)) == (("refused", "R12"), "not_under_arrest")
    table.say("uz.police", "arrestee_released")
    assert became(table.say("uz.police", "arrestee_released")) == ("refused", "R12")
    assert [one.code for one in table.delivery.state.held] == ["P-1"]
    assert table.delivery.state.freed == {next(iter(table.delivery.state.arrests)): ("P-1",)}


def test_r17_only_who_is_asked_to_arrest_releases() -> None:
    """The customs has arrested nobody."""
    said = arrested(Table().deliver()).say("uz.customs", "arrestee_released")
    assert (became(said), code(said)) == (("refused", "R17"), "not_asked_to_arrest")


def test_r12_release_is_heard_after_a_halt_and_after_the_outcome() -> None:
    """Neither a stop nor the outcome keeps anybody under arrest; what was decided stays."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent", persons=[RECIPIENT, COURIER])
    table.say("kz.prosecutor", "stop_requested")
    assert became(table.say("uz.police", "arrestee_released")) == ("accepted", None)
    table.say("uz.customs", "interdicted")
    ends_as(table, "delivered_with_arrests")
    assert became(table.say("uz.police", "arrestee_released", persons=["P-2"])) == ("accepted", None)
    assert table.delivery.state.held == ()
    assert table.delivery.state.outcome == "delivered_with_arrests"


FREED = person_at("arrest-tashkent", 0)
"""Whom the simulated police arrests there, at least."""


@pytest.mark.parametrize(
    ("plan", "acts", "outcome"),
    [
        (SEIZED, [], "interdicted_as_planned"),
        (None, [{"service": "uz.customs", "at": "delivery", "says": "not_collected"}], "no_show"),
        (None, [{"service": "kz.police", "at": "tashkent-airport", "says": "destroyed"}], "destroyed"),
        (REVERSE, [], "returned_to_sender"),
        (None, [{"service": "uz.customs", "at": "delivery", "says": "delivered", "details": {"seen": False}}],
         "delivered_with_arrests"),
        (None, [{"service": "uz.police", "at": "arrest-tashkent", "says": "arrest_made"},
                {"service": "uz.police", "at": "arrest-tashkent", "says": "arrestee_released",
                 "details": {"persons": [FREED], "reason": "no charge"}, "after": "3h"}], "delivered_with_arrests"),
        (None, [{"service": "uz.customs", "at": "stop.interdiction", "says": "destroyed"},
                {"service": "uz.police", "at": "arrest-tashkent", "says": "stop_requested", "after": "1m"},
                {"service": "kz.knb", "at": "arrest-almaty"}, {"service": "uz.police", "at": "arrest-tashkent"}], "destroyed"),
    ],
    ids=["interdicted as planned", "no show", "destroyed", "returned", "unseen", "released", "destroyed after a stop"],
)  # fmt: skip
def test_r12_a_simulated_delivery_ends_in_each_of_these_ways(plan: Plan | None, acts: list[dict[str, Any]], outcome: str) -> None:
    """Its outcome is this one, its packet verifies and every invariant holds."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": acts})
    chosen = World(plan or example_plan(), example_directory(), example_cards(), scenario, 1)
    done = simulate(chosen)
    assert verify(done.packet).outcome == outcome
    Checker(chosen.plan).check(done.delivery.ledger.entries)
