from datetime import timedelta

from rehearsal.clock import EPOCH

from domain.delivery.consents import authorised, missing
from domain.delivery.grants import Grant
from domain.plan.plan import Plan
from tests.support import Table, example_plan


def grant(service: str, state: str, at: str = "") -> Grant:
    """A consent of thirty days, given where the example plan asks for it."""
    return Grant(service, state, ("intact",), EPOCH, EPOCH + timedelta(days=30), at or f"consent-{state.lower()}")


def two_checkpoints() -> Plan:
    """Kazakhstan consents at two checkpoints: the prosecutor at one, the security committee at another."""
    plan = example_plan().model_dump()
    first = plan["checkpoints"][0]
    second = first | {"id": "consent-kz-2", "requires": [{"service": "kz.knb", "says": "authorisation"}]}
    return Plan.model_validate(plan | {"checkpoints": [*plan["checkpoints"], second]})


def test_r1_state_is_authorised_only_when_each_of_its_checkpoints_is() -> None:
    """One of two consents of the same State is none."""
    plan = two_checkpoints()
    grants = {"kz.prosecutor": grant("kz.prosecutor", "KZ"), "uz.prosecutor": grant("uz.prosecutor", "UZ")}

    assert ("KZ",) == missing(plan, grants, EPOCH)
    assert () == missing(plan, grants | {"kz.knb": grant("kz.knb", "KZ", "consent-kz-2")}, EPOCH)


def test_r1_withdrawn_or_expired_consent_authorises_nothing() -> None:
    """Not even within its written validity."""
    for change in ({"withdrawn": True}, {"expired": True}):
        changed = grant("kz.prosecutor", "KZ")
        for name, value in change.items():
            setattr(changed, name, value)

        assert not authorised(example_plan(), {"kz.prosecutor": changed}, "KZ", EPOCH)


def test_r5_withdrawal_by_a_state_that_lies_behind_halts_nothing() -> None:
    """Kazakhstan takes its consent back when the parcel is in Uzbekistan: recorded, and no longer its to stop by that."""
    table = Table().approach()
    table.say("kz.customs", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    receipt = table.say("kz.prosecutor", "authorisation_withdrawn")

    assert "accepted" == receipt.verdict.verdict
    assert table.delivery.state.halt is None
    assert table.delivery.state.grants["kz.prosecutor"].withdrawn
