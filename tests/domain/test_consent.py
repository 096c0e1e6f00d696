"""R1, R5: which State is authorised by what its authorities have given."""

from datetime import timedelta

import pytest

from domain.delivery.consents import Consents
from domain.delivery.grants import Grant
from domain.delivery.state import State
from domain.plan.plan import Plan
from rehearsal.services import EPOCH
from tests.course import became, prepared
from tests.support import Table, asks, example_cards, example_directory, example_plan, with_changes


def grant(service: str, state: str, at: str = "") -> Grant:
    """A consent of thirty days, given where the example plan asks for it."""
    return Grant(service, state, ("intact",), EPOCH, EPOCH + timedelta(days=30), at or f"consent-{state.lower()}")


def consents(plan: Plan, *grants: Grant) -> Consents:
    """What rules ask about consent, of a delivery of this plan in which these were given."""
    state = State(plan, example_directory(), example_cards(), EPOCH, EPOCH)
    state.grants = {one.service: one for one in grants}
    return Consents(state)


def two_checkpoints() -> Plan:
    """Kazakhstan consents at two checkpoints: the prosecutor at one, the security committee at another."""
    plan = example_plan().model_dump()
    first = plan["checkpoints"][0]
    second = first | {"id": "consent-kz-2", "requires": [{"service": "kz.knb", "says": "authorisation"}]}
    return Plan.model_validate(plan | {"checkpoints": [*plan["checkpoints"], second]})


def test_r1_state_is_authorised_only_when_each_of_its_checkpoints_is() -> None:
    """One of two consents of the same State is none."""
    plan = two_checkpoints()
    both = grant("kz.prosecutor", "KZ"), grant("uz.prosecutor", "UZ")

    assert ("KZ",) == consents(plan, *both).missing(EPOCH)
    assert () == consents(plan, *both, grant("kz.knb", "KZ", "consent-kz-2")).missing(EPOCH)


@pytest.mark.parametrize("change", ["", "withdrawn", "expired", "provisional"])
def test_r1_consent_that_was_taken_back_or_has_expired_authorises_nothing(change: str) -> None:
    """It does not even within its written validity."""
    given = grant("kz.prosecutor", "KZ")
    if change:
        setattr(given, change, True)

    assert consents(example_plan(), given).authorised("KZ", EPOCH) is (not change)


def test_r5_withdrawal_by_a_state_that_lies_behind_halts_nothing() -> None:
    """Kazakhstan takes its consent back when the parcel is in Uzbekistan: recorded, and no longer its to stop by that."""
    table = Table().dispatch().hand_over()

    assert ("accepted", None) == became(table.say("kz.prosecutor", "authorisation_withdrawn"))
    assert table.delivery.state.halt is None
    assert table.delivery.state.grants["kz.prosecutor"].withdrawn


def test_r5_an_authority_whose_consent_is_long_enough_is_not_asked_because_another_has_still_to_begin() -> None:
    """It could extend without end and change nothing; departure begins once the other does (found by test)."""
    table = Table(with_changes(consent_uz={"requires": asks("uz.prosecutor authorisation", "uz.police authorisation")}))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.say("uz.police", "authorisation_granted", "consent-uz", valid_from="2022-03-02T12:00:00Z")
    prepared(table)

    assert [] == list(table.delivery.state.open_checkpoints())
    table.pass_time(hours=30)
    assert table.is_open("departure")
