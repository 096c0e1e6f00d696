"""Whether it goes on is never one person's decision (R7, R8, R20): one service alone decides by two of its officers."""

from typing import Any

import pytest

from domain.plan.cards import RuleCard
from domain.plan.plan import Plan
from tests.course import became, code
from tests.support import Table, asks, card_of, example_cards, example_plan, with_changes

DIFFERENCE = {"gross": "10 kg"}


LAW = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}


def law_for(kind: str) -> dict[str, RuleCard]:
    """A card of Kazakhstan that lets this kind of service decide alone, and knows of nothing else."""
    decider = {"by": [kind], "role": "its head", "alone": True, "law": LAW}
    return card_of("KZ", deciders=[decider], exclusions=[], measures=[])


def alone() -> Plan:
    """The security service of Kazakhstan begins it, is in charge and authorises."""
    plan = with_changes(example_plan("aktobe-post-office"), consent={"requires": asks("kz.knb authorisation 2")})
    legs = tuple(leg.model_copy(update={"responsible": "kz.knb"}) for leg in plan.legs)
    own = {"initiator": "kz.knb", "legs": legs, "answers_for_law": {"KZ": "kz.knb"}, "coordinator": "kz.prosecutor"}
    return plan.model_copy(update=own)


def held() -> tuple[Table, str]:
    """A hold on what one service alone decides on, and where it is decided."""
    table = Table(alone(), other_cards=law_for("security"))
    assert became(table.say("kz.police", "hold_requested")) == ("accepted", None)
    return table, table.opened("hold")


def decide(table: Table, at: str, officer: str, **says: Any) -> tuple[str, str | None]:
    """An officer of the one service decides."""
    return became(table.say("kz.knb", "hold_decided", at, officer=officer, **says))


def test_r8_one_service_alone_decides_on_a_hold_by_two_officers() -> None:
    """One officer's yes moves nothing; a second one's lets it go on."""
    table, at = held()

    assert decide(table, at, "officer-1") == ("accepted", None)
    assert table.delivery.state.hold is not None
    again = table.say("kz.knb", "hold_decided", at, officer="officer-1")
    assert (became(again), code(again)) == (("refused", "R20"), "same_officer")
    assert decide(table, at, "officer-2") == ("accepted", None)
    assert table.delivery.state.hold is None


@pytest.mark.parametrize("decision", ["seize", "end"])
def test_r20_one_officer_alone_has_it_seized_or_ended(decision: str) -> None:
    """A no needs no second officer, also after a first one has said yes."""
    table, at = held()
    decide(table, at, "officer-1")

    assert decide(table, at, "officer-2", decision=decision) == ("accepted", None)
    halt = table.delivery.state.halt
    assert halt is not None
    assert halt.cause == "decision"


def test_r8_who_must_agree_by_the_card_decides_on_a_hold_as_well() -> None:
    """The security service alone authorises, and a prosecutor must accept that: one yes moves nothing, and two lets it go on."""
    plan = alone()
    asked = asks("kz.knb authorisation", "kz.prosecutor agreement")
    plan = with_changes(plan, consent={"requires": asked})
    decider = {"by": ["security"], "role": "its head", "law": LAW}
    accepts = {"of": ["prosecutor"], "decided_by": ["security"], "law": LAW}
    table = Table(plan, other_cards=card_of("KZ", deciders=[decider], agreements=[accepts], exclusions=[], measures=[]))
    table.say("kz.police", "hold_requested")
    at = table.opened("hold")

    assert [("kz.knb", 1), ("kz.prosecutor", 1)] == [(one.service, one.officers) for one in table.at(at).checkpoint.requires]
    for service, left in (("kz.knb", True), ("kz.prosecutor", False)):
        assert became(table.say(service, "hold_decided", at)) == ("accepted", None)
        assert (table.delivery.state.hold is not None) is left


def differing() -> tuple[Table, str]:
    """Where the customs is in charge and alone authorises, it offers at the border what does not fit."""
    plan = with_changes(consent_kz={"requires": asks("kz.police authorisation 2")}, plan_={"coordinator": "kz.prosecutor"})
    table = Table(plan, other_cards=law_for("customs"))
    for officer in ("officer-1", "officer-2"):
        assert became(table.say("kz.police", "authorisation_granted", "consent-kz", officer=officer)) == ("accepted", None)
    table.dispatch()
    assert became(table.say("kz.police", "handover_offered", "tashkent-airport", **DIFFERENCE)) == ("accepted", None)
    return table, table.opened("decision")


def test_r7_one_service_alone_decides_on_a_difference_by_two_officers() -> None:
    """The same where a weight did not fit."""
    table, at = differing()

    for officer, left in (("officer-1", True), ("officer-2", False)):
        assert became(table.say("kz.police", "movement_decision", at, officer=officer)) == ("accepted", None)
        assert (table.delivery.state.discrepancy is not None) is left


def test_r20_one_officer_alone_says_no_to_a_difference() -> None:
    """A no halts at once."""
    table, at = differing()
    assert became(table.say("kz.police", "movement_decision", at, proceed=False)) == ("accepted", None)
    assert table.delivery.state.halt is not None
