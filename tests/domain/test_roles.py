"""The roles of persons in an offence: the same before, in the request for consent, and after, in an arrest (R1, R12)."""

from typing import get_args

import pytest
from pydantic import ValidationError

from domain.delivery.persons import Arrestee
from domain.plan.request import Persons
from domain.plan.request_for_consent import request_for_consent
from domain.plan.vocabulary import BLIND, CriminalRole, Involved
from domain.signing.canonical import plain
from domain.views.names import CRIMINAL_ROLES
from domain.views.request_in_words import in_words
from process.language import speaker
from tests.support import example_plan


def test_each_role_has_a_name() -> None:
    """In the order of the code, and no other has one."""
    assert get_args(CriminalRole) == tuple(CRIMINAL_ROLES)


@pytest.mark.parametrize("role", get_args(CriminalRole))
@pytest.mark.parametrize("model", [Arrestee, Persons])
def test_a_courier_or_recipient_alone_may_be_unwitting(model: type[Involved], role: str) -> None:
    """In a request as in an arrest; and what nobody says of them is not sent."""
    said = {"role": role} | ({"code": "P-1"} if model is Arrestee else {})
    assert "unwitting" not in plain(model.model_validate(said))
    if role in BLIND:
        assert plain(model.model_validate(said | {"unwitting": True}))["unwitting"] is True
    else:
        with pytest.raises(ValidationError, match="an unwitting person is a courier or recipient"):
            model.model_validate(said | {"unwitting": True})


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ("recipients who do not know of it: 1", "role not known: how many is not known")),
        ("ru", ("получатели, используемые вслепую: 1", "роль не установлена: число не известно")),
    ],
)
def test_a_request_says_who_does_not_know_of_it(language: str, lines: tuple[str, ...]) -> None:
    """And how many, where that is known."""
    persons = (Persons(role="recipient", unwitting=True, count=1), Persons(role="not_known"))
    plan = example_plan()
    plan = plan.model_copy(update={"request": plan.request.model_copy(update={"persons": persons})})
    heading = speaker(language)("Persons, by their role")

    (found,) = (one for one in in_words(request_for_consent(plan, "UZ"), speaker(language)) if one.heading == heading)
    assert lines == found.lines
