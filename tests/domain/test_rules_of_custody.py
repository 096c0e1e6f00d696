"""Rules of custody: offer and acceptance, and what happens when seals or weight do not fit."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.events import Cleared, Closed, Opened, TakenUp
from domain.plan.plan import Checkpoint, Requirement
from domain.rules import unforeseen
from domain.rules.course import conclusion
from domain.words.moments import utc_text
from tests.course import (
    GROSS,
    TOLERANCE,
    became,
    forbidden,
    let_time_bring,
    open_unforeseen,
    replaced,
)
from tests.support import SEAL, Table, example_plan

# R6


def test_r6_acceptance_before_the_offer_is_kept_and_taken_up() -> None:
    """What comes early waits: custody moves when the offer comes, by the acceptance that was already there."""
    table = Table().approach()
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("early", None)
    assert table.delivery.state.responsible == "kz.customs"
    assert became(table.say("kz.customs", "handover_offered", "tashkent-airport")) == ("accepted", None)
    assert isinstance(table.delivery.ledger[len(table.delivery.ledger) - 1].event, TakenUp)
    assert (table.delivery.state.responsible, table.delivery.state.early) == ("uz.customs", {})


def test_r6_until_acceptance_the_giver_stays_responsible() -> None:
    """An offer alone moves nothing and closes nothing."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert table.delivery.state.responsible == "kz.customs"
    assert forbidden(table, Closed(checkpoint="tashkent-airport", result="satisfied")) == "R17"


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        ("uz.customs", "handover_offered"),
        ("kz.customs", "handover_accepted"),
        ("uz.police", "handover_accepted"),
        ("kz.knb", "handover_offered"),
        ("uz.police", "handover_declined"),
    ],
)
def test_r6_only_the_giver_offers_and_only_the_taker_accepts(service: str, kind: str) -> None:
    """Anybody else is refused by R6 and nothing moves."""
    table = Table().approach()
    if kind != "handover_offered":
        table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say(service, kind, "tashkent-airport")) == ("refused", "R6")
    assert (table.delivery.state.responsible, table.delivery.state.halt) == ("kz.customs", None)


def test_r6_offer_by_one_who_does_not_hold_it_is_refused() -> None:
    """On a plan that wrongly asks two services to offer, only the holder's offer counts (planning finds such a plan)."""
    plan = example_plan()
    both = tuple(Requirement(service=who, says="handover_offer") for who in ("kz.customs", "kz.knb"))
    table = Table(replaced(plan, "tashkent-airport", requires=(*both, plan.checkpoints[4].requires[1]))).approach()
    assert became(table.say("kz.knb", "handover_offered", "tashkent-airport")) == ("refused", "R6")
    assert became(table.say("kz.customs", "handover_offered", "tashkent-airport")) == ("accepted", None)


def test_r6_acceptance_by_one_who_is_not_next_is_refused() -> None:
    """On a plan that wrongly asks two services to accept, custody goes only to the next leg's authority."""
    plan = example_plan()
    both = tuple(Requirement(service=who, says="handover_acceptance") for who in ("uz.customs", "uz.police"))
    table = Table(replaced(plan, "tashkent-airport", requires=(plan.checkpoints[4].requires[0], *both))).approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.police", "handover_accepted", "tashkent-airport")) == ("refused", "R6")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport")) == ("accepted", None)


def test_r6_taker_that_declines_halts() -> None:
    """Declined custody halts and the giver stays responsible."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    assert became(table.say("uz.customs", "handover_declined", "tashkent-airport")) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by, table.delivery.state.responsible) == (
        "declined",
        "R6",
        "uz.customs",
        "kz.customs",
    )
    assert conclusion(table.delivery)[0] == "interdicted_early"


def test_r6_two_handovers_one_after_another() -> None:
    """On the way to Saratov custody moves twice, each time to the next leg's authority and no further."""
    table = Table(example_plan("moscow-vector"))
    usual = {"gross": "150 kg"}
    table.open("consent-kz", "consent-ru")
    for service, at in (("kz.prosecutor", "kz"), ("ru.prosecutor", "ru"), ("ru.customs", "ru")):
        table.say(service, "authorisation_granted", f"consent-{at}")
    table.close("consent-kz", "consent-ru")
    table.open("preparation")
    table.say("kz.border", "prepared", "preparation", **usual)
    table.say("kz.knb", "ready", "preparation")
    table.close("preparation")
    table.record(Cleared(leg=0))
    table.open("departure")
    table.say("kz.border", "dispatched", "departure")
    table.say("ru.border", "ready", "departure")
    table.close("departure")
    table.record(Cleared(leg=1))
    assert forbidden(table, Opened(checkpoint="saratov", due=utc_text(table.now))) == "R17"
    table.open("ozinki")
    assert became(table.say("ru.border", "handover_offered", "saratov", **usual)) == ("early", None)
    table.say("kz.border", "handover_offered", "ozinki", **usual)
    table.say("ru.border", "handover_accepted", "ozinki", **usual)
    assert table.delivery.state.responsible == "ru.border"
    table.close("ozinki")
    table.record(Cleared(leg=2))
    table.open("saratov")
    assert table.delivery.state.progress["saratov"].waiting_for() == ("ru.police",)
    assert became(table.say("ru.police", "handover_accepted", "saratov", **usual)) == ("accepted", None)
    assert table.delivery.state.responsible == "ru.police"


# R7


def mismatched(**found: Any) -> Table:
    """The taker's measurement differs."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
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
    assert table.delivery.state.responsible == "kz.customs"
    assert forbidden(table, Closed(checkpoint="tashkent-airport", result="satisfied")) == "R17"


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
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport", gross=GROSS + TOLERANCE + 1)
    found = {"gross": GROSS + TOLERANCE + 1}
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)) == ("refused", "R7")
    decide(table, "kz.customs", "kz.prosecutor")
    assert (table.delivery.state.discrepancy, table.delivery.state.responsible) == (None, "kz.customs")
    assert became(table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)) == ("accepted", None)
    assert table.delivery.state.responsible == "uz.customs"


def decide(table: Table, *services: str, proceed: bool = True) -> str:
    """Open the decision, if it is not, and have these services decide."""
    name = unforeseen.decision_name(table.delivery)
    if name not in table.delivery.state.progress:
        open_unforeseen(table, name)
    for service in services:
        answer = table.say(service, "movement_decision", name, proceed=proceed)
        assert became(answer) == ("accepted", None)
    return name


@pytest.mark.parametrize("alone", ["kz.customs", "kz.prosecutor"])
def test_r7_one_officer_cannot_wave_it_through(alone: str) -> None:
    """The decision of either alone changes nothing: both the authority in charge and the prosecutor must decide."""
    table = mismatched(seals=OTHER_SEAL)
    name = decide(table, alone)
    assert table.delivery.state.discrepancy is not None
    assert table.delivery.state.responsible == "kz.customs"
    assert forbidden(table, Closed(checkpoint=name, result="satisfied")) == "R17"
    assert forbidden(table, Closed(checkpoint="tashkent-airport", result="satisfied")) == "R17"


def test_r7_after_both_decide_custody_moves_and_later_checks_compare_with_the_new_values() -> None:
    """Both proceed: the taker holds it, and what was found is what the next check must find."""
    found = GROSS + 5 * TOLERANCE
    table = mismatched(gross=found, seals=OTHER_SEAL)
    name = decide(table, "kz.customs", "kz.prosecutor")
    table.close(name, "tashkent-airport")
    custody = table.delivery.state.custody
    assert custody is not None
    assert (custody.gross, [seal.number for seal in custody.seals]) == (found, ["XX999999"])
    assert custody.problem_with(found + TOLERANCE, custody.seals, TOLERANCE) == ""
    assert "gross weight" in custody.problem_with(GROSS, custody.seals, TOLERANCE)
    assert table.delivery.state.responsible == "uz.customs"


def test_r7_who_else_was_asked_nothing_cannot_decide() -> None:
    """The State it is still in decides: the taker's State has no say before it holds it."""
    table = mismatched(seals=OTHER_SEAL)
    name = unforeseen.decision_name(table.delivery)
    open_unforeseen(table, name)
    for service in ("uz.customs", "uz.prosecutor", "kz.knb", "caricc"):
        assert became(table.say(service, "movement_decision", name)) == ("refused", "R17")


@pytest.mark.parametrize("first", ["kz.customs", "kz.prosecutor"])
def test_r7_decision_not_to_go_on_halts(first: str) -> None:
    """Either of them can end it, also after the other has agreed."""
    other = "kz.prosecutor" if first == "kz.customs" else "kz.customs"
    table = mismatched(seals=OTHER_SEAL)
    decide(table, other)
    decide(table, first, proceed=False)
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, halt.rule, halt.by, table.delivery.state.responsible) == ("decision", "R7", first, "kz.customs")


def test_r7_decision_that_is_not_made_in_time_interdicts() -> None:
    """Silence decides nothing: the decision's time passes and the delivery halts."""
    table = mismatched(seals=OTHER_SEAL)
    decide(table, "kz.customs")
    table.pass_time(hours=12)
    assert "silence" in let_time_bring(table)
    assert table.delivery.state.halt is not None


def test_r7_second_mismatch_at_the_same_checkpoint_needs_its_own_decision() -> None:
    """One decision covers one finding: the taker's other weight is decided anew."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport", seals=OTHER_SEAL)
    first = decide(table, "kz.customs", "kz.prosecutor")
    table.close(first)
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert table.delivery.state.discrepancy is not None
    assert (first, decide(table)) == ("tashkent-airport.decision.1", "tashkent-airport.decision.2")
    assert table.delivery.state.responsible == "kz.customs"


def test_r7_no_decision_opens_where_nothing_is_wrong() -> None:
    """A decision, an extension or a stop checkpoint opens only if the state calls for it."""
    table = Table().approach()
    about = Checkpoint(id="x", requires=(Requirement(service="kz.customs", says="movement_decision"),), due=timedelta(hours=1))
    due = utc_text(table.now + about.due)
    for name in ("tashkent-airport.decision.1", unforeseen.INTERDICTION, "extension.kz.customs.1", "something"):
        event = Opened(checkpoint=name, due=due, definition=about.model_copy(update={"id": name}))
        assert forbidden(table, event) == "R17"


def test_r7_decision_asks_those_the_rules_name_and_no_fewer() -> None:
    """A decision checkpoint that leaves the prosecutor out is not opened."""
    table = mismatched(seals=OTHER_SEAL)
    name = unforeseen.decision_name(table.delivery)
    right = unforeseen.definition(table.delivery, name)
    assert right is not None
    assert [requirement.service for requirement in right.requires] == ["kz.customs", "kz.prosecutor"]
    fewer = right.model_copy(update={"requires": right.requires[:1]})
    due = utc_text(table.now + right.due)
    assert forbidden(table, Opened(checkpoint=name, due=due, definition=fewer)) == "R17"
    assert forbidden(table, Opened(checkpoint=name, due=due)) == "R17"
    assert forbidden(table, Opened(checkpoint=name, due=None, definition=right)) == "R2"
