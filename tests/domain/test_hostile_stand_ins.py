"""Nobody whom the law does not let decide does so in another's place (R1, R13)."""

import pytest

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from tests.course import code
from tests.support import Table, asks, card_of, example_cards, example_directory, example_plan, with_changes

AGREES = {"state": "KZ", "reference": "TEST-8", "given_by_role": "head of service"}


def test_a_delegate_authorises_only_where_the_card_lets_its_kind() -> None:
    """By the card a prosecutor decides; police does not, although the prosecutor has delegated its say."""
    table = Table(other_cards=card_of("UZ", granted_by=["prosecutor"]))
    table.say("uz.prosecutor", "delegated", to="uz.police")
    answer = table.say("uz.police", "authorisation_granted", "consent-uz", on_behalf_of="uz.prosecutor")
    assert code(answer) == "may_not_decide"
    assert table.is_open("consent-uz")


ACCEPTS = {"of": ["customs"], "decided_by": ["prosecutor"], "law": {"mark": "T", "text": "ord"}}


def test_who_decides_does_not_agree_in_the_place_of_who_must() -> None:
    """By the card the customs accepts what the prosecutor decides: else one service would say both, by a delegation or as a
    backup.
    """
    law = card_of("KZ", agreements=[ACCEPTS])
    table = Table(
        with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.customs agreement")}), other_cards=law
    )
    table.say("kz.customs", "delegated", to="kz.prosecutor")
    answer = table.say("kz.prosecutor", "agreement_given", "consent-kz", on_behalf_of="kz.customs", **AGREES)
    assert code(answer) == "may_not_agree"
    assert code(table.say("kz.customs", "agreement_given", "consent-kz", **AGREES)) is None

    plan = example_plan()
    ladder = [{"after": "1h", "to": "kz.prosecutor", "may_answer": True}]
    agrees = plan.checkpoints[0].model_dump() | {"id": "agreed", "requires": asks("kz.customs agreement"), "escalate": ladder}
    backed = Plan.model_validate(plan.model_dump() | {"checkpoints": [agrees, *plan.model_dump()["checkpoints"]]})
    (fault,) = faults_in(backed, example_directory(), example_cards() | law)
    assert fault.place == "checkpoints.0.escalate.0.to"
    assert fault.problem == "R1: by the rule card of KZ a prosecutor does not agree, nor in another's place"


@pytest.mark.parametrize(
    ("plan", "at", "service"),
    [
        ("aktobe-post-office", "consent", "kz.police"),
        ("sydney-perth", "consent", "au.border-force"),
        ("almaty-tashkent", "consent_kz", "kz.knb"),
    ],
)
def test_who_carries_it_out_is_no_backup_of_who_consents(plan: str, at: str, service: str) -> None:
    """Else the silence of the one authority would let who begins or carries it out decide alone."""
    ladder = {"escalate": [{"after": "1h", "to": service, "may_answer": True}]}
    faults = faults_in(with_changes(example_plan(plan), **{at: ladder}), example_directory(), example_cards())
    assert [one.place for one in faults] == ["checkpoints.0.escalate.0.to"]
    assert faults[0].problem.startswith("R13")
