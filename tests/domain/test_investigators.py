"""An investigative body arrests and seizes in its State, and carries no delivery out (R4, R29)."""

import pytest

from domain.plan.check import faults_in
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from tests.support import asks, example_cards, example_directory, example_plan, with_changes


def investigating() -> Directory:
    """The example directory, in which the police of Uzbekistan is an investigative body."""
    known = example_directory()
    services = [one.model_copy(update={"kind": "investigator"}) if one.id == "uz.police" else one for one in known.services]
    return known.model_copy(update={"services": tuple(services)})


def found(plan: Plan) -> list[str]:
    """Where something is wrong with who does what."""
    return [one.place for one in faults_in(plan, investigating(), example_cards())]


def test_r29_an_investigator_arrests_and_seizes() -> None:
    """Both are asked of it, and no fault is found."""
    assert found(example_plan()) == []
    assert found(with_changes(accounting={"requires": asks("uz.police seizure")})) == []


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        (with_changes(delivery={"requires": asks("uz.police delivered")}), "checkpoints.5.requires.0.service"),
        (with_changes(delivery={"requires": asks("uz.police interdiction")}), "checkpoints.5.requires.0.service"),
        (
            with_changes(
                plan_={
                    "legs": [
                        *example_plan().model_dump()["legs"][:1],
                        example_plan().model_dump()["legs"][1] | {"responsible": "uz.police"},
                    ]
                }
            ),
            "legs.1.responsible",
        ),
    ],
)
def test_r4_r29_an_investigator_carries_nothing_out(plan: Plan, place: str) -> None:
    """It neither delivers nor interdicts on the way, and is responsible for no leg."""
    assert place in found(plan)


def test_the_investigative_committees_are_investigators() -> None:
    """In the example directory they are no police any more."""
    assert {example_directory().get(one).kind for one in ("ru.sk", "by.sk")} == {"investigator"}
