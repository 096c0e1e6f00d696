"""Rules of custody: offer and acceptance, and what happens when seals or weight do not fit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.decided import Closed, Opened
from domain.plan.goods import Check, Tolerances
from domain.plan.plan import Checkpoint, Requirement
from domain.words.moments import utc_text
from tests.course import GROSS, TOLERANCE, became, brings, code, entry_of, forbidden, outcome_of, replaced
from tests.support import SEAL, Table, example_plan

PASSED = Closed(checkpoint="tashkent-airport", result="satisfied")
NOT_DUE = "what was due then is nothing, recorded is closed"

# R6


def test_r6_acceptance_before_the_offer_is_kept_and_taken_up() -> None:
    """What comes early waits: custody moves when the offer comes, by the acceptance that was already there."""
    table = Table().dispatch()
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("early", "R6")
    assert table.delivery.state.responsible == "kz.police"
    assert became(table.say("kz.police", "handover_offered", "tashkent-airport")) == ("accepted", None)
    offered = table.events.index("taken_up") - 1
    assert table.events[offered:][:3] == ["stated", "taken_up", "closed"]
    assert (table.delivery.state.responsible, table.delivery.state.early) == ("uz.customs", {})


def test_r6_until_acceptance_the_giver_stays_responsible() -> None:
    """An offer alone moves nothing and closes nothing."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    assert table.delivery.state.responsible == "kz.police"
    assert table.is_open("tashkent-airport")
    assert forbidden(table, PASSED) == NOT_DUE


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        ("uz.customs", "handover_offered"),
        ("kz.police", "handover_accepted"),
        ("uz.police", "handover_accepted"),
        ("kz.knb", "handover_offered"),
        ("uz.police", "handover_declined"),
    ],
)
def test_r6_only_the_giver_offers_and_only_the_taker_accepts(service: str, kind: str) -> None:
    """Anybody else is refused by R6 and nothing moves."""
    table = Table().dispatch()
    if kind != "handover_offered":
        table.say("kz.police", "handover_offered", "tashkent-airport")
    assert became(table.say(service, kind, "tashkent-airport")) == ("refused", "R6")
    assert (table.delivery.state.responsible, table.delivery.state.halt) == ("kz.police", None)


def test_r6_offer_by_one_who_does_not_hold_it_is_refused() -> None:
    """On a plan that wrongly asks two services to offer, only the holder's offer counts (planning finds such a plan)."""
    plan = example_plan()
    both = tuple(Requirement(service=who, says="handover_offer") for who in ("kz.police", "kz.knb"))
    table = Table(replaced(plan, "tashkent-airport", requires=(*both, plan.checkpoints[4].requires[1]))).dispatch()
    assert became(table.say("kz.knb", "handover_offered", "tashkent-airport")) == ("refused", "R6")
    assert became(table.say("kz.police", "handover_offered", "tashkent-airport")) == ("accepted", None)


def test_r6_acceptance_by_one_who_is_not_next_is_refused() -> None:
    """On a plan that wrongly asks two services to accept, custody goes only to the next leg's authority."""
    plan = example_plan()
    both = tuple(Requirement(service=who, says="handover_acceptance") for who in ("uz.customs", "uz.police"))
    table = Table(replaced(plan, "tashkent-airport", requires=(plan.checkpoints[4].requires[0], *both))).dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.police", "handover_accepted", "tashkent-airport")) == ("refused", "R6")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("accepted", None)


def test_r6_taker_that_declines_halts() -> None:
    """Declined custody halts and the giver stays responsible."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.customs", "handover_declined", "tashkent-airport")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by, table.delivery.state.responsible) == (
        "declined",
        "R6",
        "uz.customs",
        "kz.police",
    )
    assert outcome_of(table) == "interdicted_early"


def test_r6_two_handovers_one_after_another() -> None:
    """On the way to Saratov custody moves twice, each time to the next leg's authority and no further."""
    table = Table(example_plan("moscow-vector"))
    usual = {"gross": "150 kg"}
    for service, at in (("kz.prosecutor", "kz"), ("ru.customs", "ru")):
        table.say(service, "authorisation_granted", f"consent-{at}")
    table.say("kz.border", "prepared", "preparation", **usual)
    table.say("kz.knb", "ready", "preparation")
    table.say("kz.border", "dispatched", "departure")
    table.say("ru.border", "ready", "departure")
    assert table.is_open("ozinki")
    assert "saratov" not in table.delivery.state.progress
    opening = Opened(checkpoint="saratov", due=utc_text(table.now + timedelta(hours=1)))
    assert "is nothing, recorded is opened" in forbidden(table, opening)
    assert became(table.say("ru.border", "handover_offered", "saratov", **usual)) == ("early", "R17")
    table.say("kz.border", "handover_offered", "ozinki", **usual)
    table.say("ru.border", "handover_accepted", "ozinki", **usual)
    assert table.delivery.state.responsible == "ru.border"
    assert table.is_closed("ozinki")
    assert table.delivery.state.progress["saratov"].waiting_for() == ("ru.police",)
    assert became(table.say("ru.police", "handover_accepted", "saratov", **usual)) == ("accepted", None)
    assert table.delivery.state.responsible == "ru.police"


# R7


def mismatched(**found: Any) -> Table:
    """The taker's measurement differs."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    answer = table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)
    assert became(answer) == ("accepted", None)
    return table


OTHER_SEAL = [{"number": "XX999999", "security": "H"}]

MISMATCHES: list[dict[str, Any]] = [
    {"seals": OTHER_SEAL},
    {"seals": [SEAL, *OTHER_SEAL]},
    {"seals_intact": False},
    {"gross": GROSS + TOLERANCE + 1},
    {"gross": GROSS - TOLERANCE - 1},
    {"gross": 0},
]


@pytest.mark.parametrize("found", MISMATCHES)
def test_r7_what_does_not_fit_moves_nothing_and_passes_nothing(found: dict[str, Any]) -> None:
    """Another seal, a broken one or another weight: custody stays, the checkpoint stays open, no further step counts."""
    table = mismatched(**found)
    assert table.delivery.state.discrepancy is not None
    assert table.delivery.state.responsible == "kz.police"
    assert table.is_open("tashkent-airport")
    assert forbidden(table, PASSED) == NOT_DUE


@pytest.mark.parametrize("gross", [GROSS - TOLERANCE, GROSS, GROSS + TOLERANCE])
def test_r7_weight_exactly_at_the_tolerance_passes(gross: int) -> None:
    """20 g either way is within the plan's 20 g."""
    table = mismatched(gross=gross)
    assert (table.delivery.state.discrepancy, table.delivery.state.responsible) == (None, "uz.customs")


@given(difference=st.integers(-3 * TOLERANCE, 3 * TOLERANCE))
@settings(max_examples=40, deadline=None)
def test_r7_custody_moves_exactly_if_the_weight_is_within_tolerance(difference: int) -> None:
    """For any weight found, custody moves if and only if it differs by no more than the tolerance."""
    table = mismatched(gross=GROSS + difference)
    assert (table.delivery.state.responsible == "uz.customs") == (abs(difference) <= TOLERANCE)


def test_r7_further_handover_statements_are_refused_until_decided() -> None:
    """The giver's own offer does not fit what was prepared: the acceptance is refused until a fresh decision."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport", gross=GROSS + TOLERANCE + 1)
    found = {"gross": GROSS + TOLERANCE + 1}
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)) == ("refused", "R7")
    decide(table, "kz.police", "kz.prosecutor")
    assert (table.delivery.state.discrepancy, table.delivery.state.responsible) == (None, "kz.police")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)) == ("accepted", None)
    assert table.delivery.state.responsible == "uz.customs"


def decide(table: Table, *services: str, proceed: bool = True) -> str:
    """These services decide, at the checkpoint that has opened for it."""
    name = table.opened("decision")
    for service in services:
        assert became(table.say(service, "movement_decision", name, proceed=proceed)) == ("accepted", None)
    return name


@pytest.mark.parametrize("alone", ["kz.police", "kz.prosecutor"])
def test_r7_one_officer_cannot_wave_it_through(alone: str) -> None:
    """The decision of either alone changes nothing: both the authority in charge and the prosecutor must decide."""
    table = mismatched(seals=OTHER_SEAL)
    name = decide(table, alone)
    assert table.delivery.state.discrepancy is not None
    assert table.delivery.state.responsible == "kz.police"
    assert forbidden(table, Closed(checkpoint=name, result="satisfied")) == NOT_DUE
    assert table.is_open("tashkent-airport")
    assert forbidden(table, PASSED) == NOT_DUE


def test_r7_after_both_decide_custody_moves_and_later_checks_compare_with_the_new_values() -> None:
    """Both proceed: the taker holds it, and what was found is what the next check must find."""
    found = GROSS + 5 * TOLERANCE
    table = mismatched(gross=found, seals=OTHER_SEAL)
    name = decide(table, "kz.police", "kz.prosecutor")
    assert table.is_closed(name, "tashkent-airport")
    custody = table.delivery.state.custody
    assert custody is not None
    assert (custody.gross, [seal.number for seal in custody.seals]) == (found, ["XX999999"])
    by: tuple[Check, ...] = ("weight", "seals")
    assert custody.differences(replace(custody, gross=found + TOLERANCE), by, Tolerances(gross=TOLERANCE, net={})) == ()
    assert [one.code for one in custody.differences(replace(custody, gross=GROSS), by, Tolerances(gross=TOLERANCE, net={}))] == [
        "weight_differs"
    ]
    assert table.delivery.state.responsible == "uz.customs"


def test_r7_who_else_was_asked_nothing_cannot_decide() -> None:
    """The State it is still in decides: the taker's State has no say before it holds it."""
    table = mismatched(seals=OTHER_SEAL)
    name = table.opened("decision")
    for service in ("uz.customs", "uz.prosecutor", "kz.knb", "caricc"):
        assert became(table.say(service, "movement_decision", name)) == ("refused", "R7")


@pytest.mark.parametrize("first", ["kz.police", "kz.prosecutor"])
def test_r7_decision_not_to_go_on_halts(first: str) -> None:
    """Either of them can end it, also after the other has agreed."""
    other = "kz.prosecutor" if first == "kz.police" else "kz.police"
    table = mismatched(seals=OTHER_SEAL)
    decide(table, other)
    decide(table, first, proceed=False)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by, table.delivery.state.responsible) == ("decision", "R7", first, "kz.police")


def test_r7_decision_that_is_not_made_in_time_interdicts() -> None:
    """Silence decides nothing: the decision's time passes and the delivery halts."""
    table = mismatched(seals=OTHER_SEAL)
    decide(table, "kz.police")
    assert "silence" in brings(table, hours=12)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule) == ("silence", "R2")


def test_r7_second_mismatch_at_the_same_checkpoint_needs_its_own_decision() -> None:
    """One decision covers one finding: the taker's other weight is decided anew."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport", seals=OTHER_SEAL)
    first = decide(table, "kz.police", "kz.prosecutor")
    assert table.is_closed(first)
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert table.delivery.state.discrepancy is not None
    assert (first, decide(table)) == ("tashkent-airport.decision.1", "tashkent-airport.decision.2")
    assert table.delivery.state.responsible == "kz.police"


def test_r7_a_taker_is_not_silent_while_it_may_not_accept() -> None:
    """The giver found another seal shortly before the handover was due: that is due as much later as the decision took."""
    table, at = Table().dispatch(), "tashkent-airport"
    due = table.at(at).due
    assert due is not None
    table.now = due - timedelta(minutes=30)
    table.pass_time(seconds=0)
    table.say("kz.police", "handover_offered", at, seals=OTHER_SEAL)
    assert code(table.say("uz.customs", "handover_accepted", at, seals=OTHER_SEAL)) == "awaits_decision"
    table.pass_time(hours=2)
    assert table.delivery.state.halt is None
    about = table.opened("decision")
    for service in table.at(about).checkpoint.services():
        table.say(service, "movement_decision", about)
    assert table.at(at).due == due + timedelta(hours=2)
    table.pass_time(minutes=30)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.finding.code, halt.finding.parameters["services"]) == ("overdue", ("uz.customs",))


def test_r7_no_decision_opens_where_nothing_is_wrong() -> None:
    """A decision, an extension or a stop checkpoint opens only if the state calls for it."""
    table = Table().dispatch()
    about = Checkpoint(id="x", requires=(Requirement(service="kz.police", says="movement_decision"),), due=timedelta(hours=1))
    due = utc_text(table.now + about.due)
    for name, contingency, key in (
        ("tashkent-airport.decision.1", "decision", "tashkent-airport"),
        ("stop.interdiction", "interdiction", ""),
        ("extension.kz.police.1", "extension", "kz.police"),
        ("course.1", "course", ""),
        ("something", "something", ""),
    ):
        definition = about.model_copy(update={"id": name})
        event = Opened(checkpoint=name, due=due, contingency=contingency, key=key, definition=definition)
        assert "is nothing, recorded is opened" in forbidden(table, event)


def test_r7_decision_asks_those_the_rules_name_and_no_fewer() -> None:
    """A decision checkpoint that leaves the prosecutor out, asks nothing of its own or waits without end is not believed."""
    table = mismatched(seals=OTHER_SEAL)
    opening = entry_of(table, "opened", contingency="decision")
    right = opening.event
    assert isinstance(right, Opened)
    assert right.definition is not None
    assert [requirement.service for requirement in right.definition.requires] == ["kz.police", "kz.prosecutor"]
    fewer = right.definition.model_copy(update={"requires": right.definition.requires[:1]})
    for changed in ({"definition": fewer}, {"definition": None}, {"due": None}, {"key": "delivery"}, {"contingency": None}):
        assert "due then is opened" in forbidden(table, right.model_copy(update=changed), instead_of=opening)
