"""Nobody whom the law does not let decide does so in another's place (R1, R13)."""

import pytest

from domain.plan.check import faults_in
from tests.course import code
from tests.support import Table, card_of, example_cards, example_directory, example_plan, with_changes


def test_a_delegate_authorises_only_where_the_card_lets_its_kind() -> None:
    """By the card a prosecutor decides; police does not, although the prosecutor has delegated its say."""
    table = Table(other_cards=card_of("UZ", granted_by=["prosecutor"]))
    table.say("uz.prosecutor", "delegated", to="uz.police")
    answer = table.say("uz.police", "authorisation_granted", "consent-uz", on_behalf_of="uz.prosecutor")
    assert code(answer) == "may_not_decide"
    assert table.is_open("consent-uz")


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
