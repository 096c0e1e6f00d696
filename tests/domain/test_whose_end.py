"""R12, R8: a co-initiator withdraws as an initiator does, and a hold that nobody decided on says so."""

import pytest

from domain.plan.check import faults_in
from domain.plan.register import competent
from domain.plan.request_for_consent import request_for_consent
from domain.views.names import IN_GENERAL
from tests.course import became, outcome_of
from tests.domain.test_together import JOINT, faults
from tests.support import Table, example_cards, example_directory, with_changes


@pytest.mark.parametrize(
    ("service", "outcome"),
    [("kz.knb", "withdrawn"), ("uz.customs", "withdrawn"), ("uz.police", "stopped_before_departure")],
)
def test_r12_either_initiator_withdraws_it_before_it_has_left(service: str, outcome: str) -> None:
    """Who began it does not want it any more; ended by anybody else it was stopped."""
    table = Table(JOINT).prepare()
    assert became(table.say(service, "stop_requested")) == ("accepted", None)
    assert outcome_of(table) == outcome


def test_r12_a_hold_that_nobody_decides_on_before_it_left_ends_as_stopped() -> None:
    """No consent has run out; the outcome says who had ordered the hold and who did not decide."""
    table = Table().prepare()
    table.say("uz.police", "hold_requested")
    table.pass_time(hours=12)
    assert table.delivery.state.halt is not None
    assert (table.delivery.state.halt.cause, table.delivery.state.halt.by) == ("undecided", None)
    assert outcome_of(table) == "stopped_before_departure"
    because = table.delivery.state.because
    assert because is not None
    assert (because.code, because.parameters["by"]) == ("hold_undecided", "uz.police")
    assert "undecided" in IN_GENERAL


def test_r12_on_its_way_such_a_hold_ends_as_interdicted_and_says_so_too() -> None:
    """It is seized, and the outcome names the hold."""
    table = Table().dispatch()
    table.say("uz.police", "hold_requested")
    table.pass_time(hours=12)
    assert outcome_of(table) == "interdicted_early"
    because = table.delivery.state.because
    assert because is not None
    assert because.code == "hold_undecided"


def test_r12_other_silence_before_it_left_ends_as_expired() -> None:
    """A State that does not answer has not consented (R2)."""
    table = Table()
    table.pass_time(hours=48, seconds=1)
    assert outcome_of(table) == "expired"


def test_r15_no_initiator_signs_that_the_register_is_looked_into() -> None:
    """Neither of two: who begins it does not ask for itself."""
    joint = with_changes(JOINT, plan_={"co_initiator": "kz.prosecutor"})
    assert competent(with_changes(JOINT), example_directory()) == ("kz.prosecutor",)
    assert competent(joint, example_directory()) == ()
    assert any(one.problem.startswith("R15") for one in faults_in(joint, example_directory(), example_cards()))


def test_r1_a_request_names_everybody_who_asks() -> None:
    """Of a joint plan both; else the one."""
    asked = request_for_consent(JOINT, "UZ")
    assert asked is not None
    assert asked.requesters == ("kz.knb", "uz.customs")
    alone = request_for_consent(with_changes(), "UZ")
    assert alone is not None
    assert alone.requesters == ("kz.knb",)


def test_r1_each_initiator_names_the_articles_of_its_law() -> None:
    """It asks too, so its State's articles stand in the plan."""
    offence = JOINT.offence.model_dump() | {"articles": {"KZ": ["Art. 297"]}}
    found = faults(with_changes(JOINT, plan_={"offence": offence}))
    assert found["offence.articles"].startswith("R1: name the articles of UZ")
