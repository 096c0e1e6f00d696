"""R10: what was on its way and nobody ever measured is explained, whatever is weighed at the end."""

from typing import Any

import pytest

from domain.delivery.balance import MASS_DIFFERS, NOT_MEASURED
from domain.papers.record import Record
from domain.plan.quantity import Bounds, Estimate, bounds
from tests.course import became, code
from tests.domain.test_goods import ends, gone, plan_of
from tests.domain.test_more_papers import made, text
from tests.support import Table, with_changes

KEPT = NOT_MEASURED(number=1, what="kept")


def heroin(net: Any) -> dict[str, Any]:
    """So much of it."""
    return {"substance": "heroin", "net": net}


@pytest.mark.parametrize(
    ("suspected", "recovered"),
    [("suspected 1 mg", "64 kg"), ("suspected 64 kg", "1 mg"), ("suspected 1 mg", "0 mg")],
    ids=["far more", "far less", "nothing"],
)
def test_r10_a_suspicion_does_not_pass_for_a_measurement(suspected: str, recovered: str) -> None:
    """It was never opened: what is beyond its order of magnitude differs, and all of it must be explained."""
    plan = plan_of(heroin(suspected), goods={"gross": "70 kg"})
    found = ends(gone(plan, kept=[heroin(suspected)], gross="70 kg"), {"gross": "70 kg"}, recovered=[heroin(recovered)])
    assert [one.code for one in found] == ["mass_differs", "mass_differs", "not_measured"]
    assert found[-1] == KEPT


@pytest.mark.parametrize("known", ["suspected 10 kg", "approximate 10 kg", "declared 10 kg"])
def test_r10_what_was_never_measured_is_explained_even_where_it_fits(known: str) -> None:
    """Nobody can tell whether a kilogram is missing: the authorities say why they are content, and then it ends."""
    table = gone(plan_of(heroin(known)), kept=[heroin(known)])
    assert ends(table, {}, recovered=[heroin("10 kg")]) == (KEPT,)
    assert table.is_open("balance.1")
    for service in ("uz.customs", "uz.prosecutor"):
        assert became(table.say(service, "difference_explained", "balance.1")) == ("accepted", None)
    assert table.delivery.state.outcome == "delivered_with_arrests"


def test_r10_a_measurement_at_the_beginning_or_the_preparation_needs_no_explanation() -> None:
    """Weighed when it was found, or when it was prepared: either is a measurement."""
    closed = heroin({"unmeasured": "closed", "allowed_by": "kz.prosecutor"})
    assert ends(gone(plan_of(heroin("10 kg")), kept=[closed]), {}, recovered=[heroin("10 kg")]) == ()
    assert ends(gone(plan_of(heroin("suspected 4 kg")), kept=[heroin("10 kg")]), {}, recovered=[heroin("10 kg")]) == ()


def test_r10_a_record_that_is_corrected_by_a_measurement_closes_the_balance() -> None:
    """It was weighed then after all, and the record of preparation says so now."""
    table = gone(plan_of(heroin("suspected 10 kg")), kept=[heroin("suspected 10 kg")])
    prepared = next(name for name, one in table.delivery.state.counted.items() if one.kind == "prepared")
    assert ends(table, {}, recovered=[heroin("10 kg")]) == (KEPT,)
    content = {"kind": "prepared", "modality": "intact", "gross": "13.9 kg", "kept": [heroin("10 kg")]}
    more = {"seals": [{"number": "KZ000001", "security": "H"}], "witnesses": ["witness-1"]}
    assert code(table.say("kz.police", "correction", of=prepared, reason="weighed", content=content | more)) is None
    assert table.delivery.balance.differences() == ()


def test_r10_of_several_each_that_was_never_measured_is_named() -> None:
    """By its number among what was kept."""
    both = (heroin("10 kg"), {"substance": "hashish", "net": "suspected 2 kg"})
    found = ends(gone(plan_of(*both), kept=both), {}, recovered=[both[0], {"substance": "hashish", "net": "2 kg"}])
    assert found == (NOT_MEASURED(number=2, what="kept"),)


def test_r10_papers_name_what_was_never_measured_and_what_it_is_held_against() -> None:
    """Each by its substance, also where a finding counts only those of which some was not measured."""
    found, sent = (heroin("10 kg"), {"substance": "hashish", "net": "2 kg"}), {"substance": "hashish", "net": "suspected 2 kg"}
    table = gone(plan_of(*found), kept=(found[0], sent))
    ends(table, {}, recovered=[found[0], {"substance": "hashish", "net": "500 g"}])
    printed = text(made(Record.of(table.delivery), "results"))
    assert "Does not balance: hashish, in all: 500\u202fg; expected: 2,000\u202fg." in printed

    table = gone(plan_of(found[0], sent), kept=(found[0], sent))
    ends(table, {}, recovered=found)
    printed = text(made(Record.of(table.delivery), "results"))
    assert "Cannot be balanced, since not all was measured: hashish, kept: 2,000\u202fg, only estimated." in printed


def test_r10_what_parts_recover_of_what_was_never_measured_is_explained_too() -> None:
    """It was split without having been weighed."""
    guess = heroin("suspected 10 kg")
    table = gone(plan_of(guess), kept=[guess])
    parts = [{"operation": f"part-{number}", "contents": [heroin("suspected 5 kg")]} for number in (1, 2)]
    assert became(table.say("kz.police", "split", parts=parts, reason="two vans")) == ("accepted", None)
    ended = [
        {"operation": f"part-{number}", "outcome": "delivered_with_arrests", "recovered": [heroin("5 kg")], "root": "0" * 64}
        for number in (1, 2)
    ]
    assert became(table.say("kz.knb", "parts_ended", "split.parts", parts=ended)) == ("accepted", None)
    assert table.delivery.balance.differences() == (KEPT,)


def test_r10_a_suspicion_tells_an_order_of_magnitude() -> None:
    """A tenth to ten times, and never nothing: what the plan suspects and the preparation measures beyond that is explained."""
    assert bounds(Estimate(about=64_000_000, known="suspected")) == Bounds(6_400_000, 640_000_000, 64_000_000)
    assert bounds(Estimate(about=5, known="suspected")) == Bounds(1, 50, 5)
    assert bounds(Estimate(about=0, known="suspected")) == Bounds(0, 0, 0)
    found = ends(gone(plan_of(heroin("suspected 10 kg")), kept=[heroin("1 mg")]), {}, recovered=[heroin("1 mg")])
    assert found == (MASS_DIFFERS(number=1, what="prepared", found=1, expected=10_000_000),)


def test_r10_nobody_explains_before_it_has_been_recovered() -> None:
    """What is only suspected moves as everything does."""
    guess = with_changes(plan_={"consignment": plan_of(heroin("suspected 10 kg")).consignment.model_dump()})
    table: Table = gone(guess, kept=[heroin("suspected 10 kg")])
    assert table.delivery.balance.differences() == ()
