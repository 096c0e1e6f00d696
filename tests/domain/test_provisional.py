"""A provisional authorisation will be made final or refused; until then it authorises nothing (R1)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Closed
from domain.plan.plan import Plan
from rehearsal.invariants import Checker
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.course import became, brings, forbidden, outcome_of
from tests.domain.test_changes import change
from tests.domain.test_coming_back import HOURS, back, left_behind
from tests.domain.test_successors import BESIDE
from tests.support import (
    Table,
    asks,
    card_of,
    example_cards,
    example_directory,
    example_plan,
    omsk_with_two_authorities,
    with_changes,
)


def provisional(**content: Any) -> Table:
    """Kazakhstan has consented; Uzbekistan has, provisionally."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    said = table.say("uz.prosecutor", "authorisation_granted", "consent-uz", provisional=True, **content)
    assert became(said) == ("accepted", None)
    return table


def test_provisional_authorisation_authorises_nothing_and_answers_nothing() -> None:
    """It stands in the ledger, and the prosecutor is still asked."""
    table = provisional()
    assert not table.delivery.consents.authorised("UZ", table.now)
    assert table.delivery.consents.missing(table.now) == ("UZ",)
    assert table.delivery.state.progress["consent-uz"].waiting_for() == ("uz.prosecutor",)
    assert "is nothing, recorded is closed" in forbidden(table, Closed(checkpoint="consent-uz", result="satisfied"))


def test_final_authorisation_after_a_provisional_one_counts() -> None:
    """Said again without the word, it answers and authorises."""
    table = provisional()
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-uz")) == ("accepted", None)
    assert table.delivery.consents.missing(table.now) == ()
    assert table.is_closed("consent-uz")


def test_provisional_authorisation_after_the_final_one_takes_nothing_back() -> None:
    """What was made final stays final."""
    table = provisional()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    again = table.say("uz.prosecutor", "authorisation_granted", "consent-uz", provisional=True)
    assert became(again) == ("late", "R17")
    assert table.delivery.consents.missing(table.now) == ()


def test_provisional_authorisation_after_the_final_one_is_refused_while_others_are_asked() -> None:
    """The checkpoint still waits for another authority: what was made final stays final."""
    table = Table(omsk_with_two_authorities())
    table.say("ru.prosecutor", "authorisation_granted", "consent-ru")
    again = table.say("ru.prosecutor", "authorisation_granted", "consent-ru", provisional=True)
    assert became(again) == ("refused", "R17")
    assert not table.delivery.state.grants["ru.prosecutor"].provisional


def asked_twice() -> Table:
    """Kazakhstan is asked at two checkpoints, at the second one of two services is enough; its prosecutor has answered at the
    first, and provisionally at the second.
    """
    plan = with_changes(consent_kz={"escalate": []}, plan_={"coordinator": "kz.court"}).model_dump()
    either = asks("kz.prosecutor authorisation", "kz.court authorisation")
    again = plan["checkpoints"][0] | {"id": "consent-kz-2", "requires": either, "need": 1}
    plan["checkpoints"] = [*plan["checkpoints"], again]
    table = Table(Plan.model_validate(plan), other_cards=card_of("KZ", **BESIDE))
    assert became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz")) == ("accepted", None)
    again = table.say("kz.prosecutor", "authorisation_granted", "consent-kz-2", provisional=True)
    assert became(again) == ("accepted", None)
    return table


def test_r1_what_is_provisional_takes_the_place_of_nothing_that_is_final() -> None:
    """The other authority answers at the second checkpoint; what the prosecutor gave at the first counts still."""
    table = asked_twice()
    assert not table.delivery.state.grants["kz.prosecutor"].provisional
    table.say("kz.court", "authorisation_granted", "consent-kz-2")
    assert table.delivery.consents.authorised("KZ", table.now)


@pytest.mark.parametrize("ends", ["withdrawn", "expired"])
def test_r1_what_is_provisional_takes_the_place_of_what_has_ended(ends: str) -> None:
    """Kazakhstan lies behind, what it gave is withdrawn or has run out, and it is asked afresh: it may be made final there."""
    table = left_behind(**BESIDE)
    if ends == "withdrawn":
        table.say("kz.prosecutor", "authorisation_withdrawn")
    else:
        table.pass_time(hours=HOURS)
    change(table, back(table.delivery.plan, "kz.prosecutor"))
    table.say("kz.prosecutor", "authorisation_granted", "kz-9", provisional=True)
    assert table.delivery.state.grants["kz.prosecutor"].provisional


def test_refusal_after_a_provisional_authorisation_halts() -> None:
    """The State has decided otherwise."""
    table = provisional()
    table.say("uz.prosecutor", "authorisation_refused", "consent-uz")
    assert outcome_of(table) == "refused"


@pytest.mark.parametrize(
    ("kind", "content"), [("authorisation_extended", {"valid_until": "2022-05-01T00:00:00Z"}), ("authorisation_withdrawn", {})]
)
def test_provisional_authorisation_is_neither_extended_nor_withdrawn(kind: str, content: dict[str, Any]) -> None:
    """There is nothing yet that could be."""
    table = provisional()
    assert became(table.say("uz.prosecutor", kind, **content)) == ("refused", "R1")
    assert table.delivery.state.halt is None


def test_provisional_authorisation_that_is_never_made_final_is_silence() -> None:
    """At the due time it halts by R2, as if nothing had been said."""
    table = provisional()
    table.pass_time(hours=48)
    assert table.delivery.state.halt is not None
    assert (table.delivery.state.halt.rule, outcome_of(table)) == ("R2", "expired")


def test_provisional_authorisation_that_is_short_does_not_expire_the_delivery() -> None:
    """It authorises nothing, so nothing ends with it: no warning, no expiry (found by test)."""
    table = provisional(valid_until="2022-03-01T12:00:00Z")
    assert brings(table, hours=7) == []
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.delivery.state.halt is None


@pytest.mark.parametrize(("days", "expected"), [(30, ("accepted", None)), (31, ("refused", "R1"))])
def test_r1_authorisation_lasts_no_longer_than_the_card_lets_it(days: int, expected: Any) -> None:
    """By a card of thirty days, thirty are granted and thirty-one are not."""
    table = Table(other_cards=card_of("UZ", longest="30d"))
    until = (table.now + timedelta(days=days)).isoformat()
    window = {"valid_from": table.now.isoformat(), "valid_until": until}
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-uz", **window)) == expected


@pytest.mark.parametrize("final", [True, False])
def test_the_story_waits_for_the_final_word(final: bool) -> None:  # noqa: FBT001
    """Told in the simulator: made final it arrives, left provisional it expires."""
    at: dict[str, Any] = {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_granted"}
    acts = [at | {"details": {"provisional": True}}, *([at | {"after": "20h"}] if final else [])]
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": acts})
    done = simulate(World(example_plan(), example_directory(), example_cards(), scenario, 1))
    assert done.delivery.state.outcome == ("delivered_with_arrests" if final else "expired")
    Checker(example_plan()).check(done.delivery.ledger.entries)
