"""What is read as a statement, and how what is wrong with one is named."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.delivery.requests import Facts
from domain.record.door import read_statement
from domain.rules.balance import Seizure
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.errors import Malformed, faults_of
from rehearsal.services import private_key_of

SEIZED: dict[str, Any] = {
    "vigil": "statement/2",
    "id": "seizure-0001",
    "delivery": "saxaul-22",
    "service": "uz.customs",
    "officer": "P-117",
    "happened_at": "2026-03-02T13:25:00+05:00",
}


def seized(**changed: Any) -> Envelope:
    """A seizure in its envelope."""
    content = {"kind": "seizure", "gross": 13_948_000, "recovered": [{"substance": "heroin", "net": 13_200_000}]}
    return sign(canonical(SEIZED | {"content": content | changed}), STATEMENT_TYPE, private_key_of("uz.customs"))


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"recovered": [{"substance": "heroin"}]}, "content.recovered.0.net"),
        ({"recovered": [{"currency": "EUR", "minor": "12"}]}, "content.recovered.0.minor"),
        ({"gross": "13.95 kg"}, "content.gross"),
        ({"kind": "disclosure_permitted", "to": "nobody"}, "content.to"),
        (
            {"kind": "correction", "of": "other-0001", "reason": "x", "content": {"kind": "arrest_made"}},
            "content.content.persons",
        ),
    ],
)
def test_a_fault_is_placed_where_the_json_has_it(changed: dict[str, Any], place: str) -> None:
    """No branch of a union stands in the place: each part of it is a key or a number of the statement itself."""
    with pytest.raises(Malformed) as refused:
        read_statement(seized(**changed))

    assert place in [fault.place for fault in refused.value.faults]


def test_a_mass_with_a_unit_is_not_signed() -> None:
    """A statement says whole milligrams: two texts of one mass would be two statements."""
    with pytest.raises(Malformed) as refused:
        read_statement(seized(gross="13.95 kg"))

    assert "expected whole milligrams" in refused.value.faults[0].problem


def test_what_a_request_says_of_a_substance_may_be_said_back() -> None:
    """The facts carry the number in the CAS registry; a statement that repeats them is read, number and all."""
    inside = {"substance": "mephedrone (4-MMC)", "cas": "1189805-46-6", "net": 13_200_000}
    facts = Facts.model_validate(
        {"place": "", "state": "UZ", "modality": "intact", "expected_at": None, "valid_until": None, "contents": [inside]}
    )
    content = read_statement(seized(recovered=plain(facts)["contents"])).content

    assert isinstance(content, Seizure)
    assert inside == plain(content.recovered[0])


def test_no_branch_stands_in_the_place_where_two_kinds_have_one_title() -> None:
    """Also of a kind that is made after another of its title was wrong."""

    class First(BaseModel):
        model_config = ConfigDict(title="Twice")
        count: int

    with pytest.raises(ValidationError) as caught:
        First.model_validate({"count": "many"})
    assert ["count"] == [one.place for one in faults_of(caught.value)]

    class Tea(BaseModel):
        drink: Literal["tea"]
        cups: int

    class Milk(BaseModel):
        drink: Literal["milk"]

    class Second(BaseModel):
        model_config = ConfigDict(title="Twice")
        ordered_drink: Annotated[Tea | Milk, Field(discriminator="drink")]

    with pytest.raises(ValidationError) as caught:
        Second.model_validate({"ordered_drink": {"drink": "tea", "cups": "many"}})
    assert ["ordered_drink.cups"] == [one.place for one in faults_of(caught.value)]
