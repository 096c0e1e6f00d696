"""What a plan says that travels: the check refuses what cannot be, with its place and what would be right."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from tests.support import example_cards, example_directory, example_plan

COVER = {"unmeasured": "cover", "allowed_by": "kz.prosecutor"}


def found(change: Callable[[dict[str, Any]], Any]) -> list[tuple[str, str]]:
    """Place and problem of each fault of Almaty - Tashkent, once it is changed so."""
    words = example_plan().model_dump() | {"tolerances": {"gross": "20 g"}}
    change(words)
    faults = faults_in(Plan.model_validate(words), example_directory(), example_cards())
    return [(one.place, one.problem) for one in faults]


def goods(**changed: Any) -> Callable[[dict[str, Any]], Any]:
    """The consignment with these fields."""
    return lambda plan: plan["consignment"].update(changed)


def tolerances(**changed: Any) -> Callable[[dict[str, Any]], Any]:
    """The plan with these tolerances."""
    return lambda plan: plan.update(tolerances=changed)


HEROIN = {"substance": "heroin", "net": "10 kg"}
WATCHED = {"surveillance": {"check_in": "3h", "answer": "1h", "search": "6h"}}


@pytest.mark.parametrize(
    ("change", "place", "problem"),
    [
        (
            goods(gross="13.199 kg"),
            "consignment.gross",
            "R10: what is in it weighs 13.2 kg, more than all of it together, 13.199 kg",
        ),
        (
            goods(contents=[HEROIN | {"net": "approximate 16 kg"}], gross="13.9 kg"),
            "consignment.gross",
            "R10: what is in it weighs 14.4 kg",
        ),
        (
            goods(contents=[HEROIN, {"weapon": "rifle", "count": 0}], goods=["drugs", "weapons"]),
            "consignment.contents.1",
            "R10: there is none of it",
        ),
        (
            goods(contents=[HEROIN | {"cas": "50-36-2"}]),
            "consignment.contents.0.cas",
            "R10: this is the number of cocaine; heroin is 561-27-3 or 1502-95-0",
        ),
        (goods(checked_by=()), "consignment.checked_by", "R7: nothing would be checked"),
        (goods(checked_by=("seals", "weight", "seals")), "consignment.checked_by.2", "R7: seals stands twice"),
        (goods(checked_by=("seals",)), "consignment", "R7: it is not checked by weight; say in not_weighed why"),
        (goods(not_weighed=COVER), "consignment.not_weighed", "R7: it is checked by weight"),
        (
            goods(checked_by=("seals",), not_weighed=COVER | {"allowed_by": "kz.police"}),
            "consignment.not_weighed",
            "R7: kz.police is asked to authorise in no State",
        ),
        (goods(gross=COVER | {"allowed_by": "kz.knb"}), "consignment.gross", "R7: kz.knb is asked to authorise in no State"),
        (
            goods(packages=COVER | {"allowed_by": "kz.knb"}),
            "consignment.packages",
            "R7: kz.knb is asked to authorise in no State",
        ),
        (
            goods(contents=[HEROIN | {"net": COVER | {"allowed_by": "kz.knb"}}]),
            "consignment.contents.0",
            "R7: kz.knb is asked to authorise in no State",
        ),
        (tolerances(gross="13.2 kg"), "tolerances.gross", "R7: a tolerance of 13.2 kg would hide all of it"),
        (
            lambda plan: (
                plan["consignment"].update(contents=[HEROIN | {"net": COVER}]) or plan.update(tolerances={"gross": "696 g"})
            ),
            "tolerances.gross",
            "R7: 696 g of 13.9 kg would hide too much; 695 g at most may differ",
        ),
        (
            goods(checked_by=("sight",), not_weighed=COVER),
            "consignment.checked_by",
            "R7: it is checked by sight alone, and nobody is asked to watch it",
        ),
        (goods(goods=["cash"]), "consignment.contents.0", "R1: this is of the class drugs or psychotropics"),
        (
            goods(contents=[{"substance": "acetic anhydride", "net": "9 kg"}], goods=["goods"]),
            "consignment.contents.0",
            "R1: this is of the class precursors",
        ),
        (
            goods(contents=[{"hs": "930200", "goods": "pistols", "unit": "piece", "count": 48}], goods=["goods"]),
            "consignment.contents.0",
            "R1: this is of the class weapons",
        ),
        (
            goods(contents=[{"hs": "2402200000", "goods": "cigarettes", "unit": "carton", "count": 480}], goods=["drugs"]),
            "consignment.contents.0",
            "R1: this is of the class tobacco",
        ),
        (
            lambda plan: (
                plan["consignment"].update(contents=[{"weapon": "launcher", "count": 1}], goods=["weapons"])
                or plan.update(modality="removed_in_part")
            ),
            "modality",
            "R3: there is one of it, and no part of that",
        ),
        (goods(packages="declared 0"), "consignment.packages", "R10: it travels in no package"),
        (goods(packages=1_000_001), "consignment.packages", "R10: more packages than are ever counted, which is 1000000"),
        (
            goods(contents=[HEROIN, {"currency": "EUR", "minor": 1}], goods=["drugs"]),
            "consignment.contents.1",
            "R1: this is of the class cash",
        ),
        (
            goods(contents=[{"substance": "h\u0435roin", "net": "9 kg", "cas": "50-36-2"}]),
            "consignment.contents.0.cas",
            "R10: this is the number of cocaine",
        ),
        (
            goods(contents=[HEROIN | {"net": "suspected 10000.001 t"}], gross=COVER),
            "consignment.contents.0",
            "R10: there may be 100000.01 t of it, more than can be told once anything is added; 100000 t at most",
        ),
        (goods(gross="1000000 t"), "consignment.gross", "R10: there may be 1000000 t of it"),
        (
            goods(contents=[{"currency": "EUR", "minor": 10**14 + 1}], goods=["cash"]),
            "consignment.contents.0",
            "R10: there may be 100000000000001 of it",
        ),
        (
            goods(contents=[HEROIN | {"net": "60000 t"}, HEROIN | {"net": "40000.000000001 t"}], gross=COVER),
            "consignment.contents",
            "R10: all of it may weigh 100000.000000001 t",
        ),
        (tolerances(net={"mephedrone": "661 g"}), "tolerances.net.mephedrone", "660 g at most may be missing"),
        (tolerances(net={"heroin": "1 g"}), "tolerances.net.heroin", "R10: there is no heroin in it"),
        (tolerances(net={"4-MMC": "1 g", "мефедрон": "1 g"}), "tolerances.net.мефедрон", "R10: мефедрон has a tolerance already"),
    ],
)
def test_what_cannot_be_is_refused(change: Any, place: str, problem: str) -> None:
    """Each by itself, where it stands."""
    told = found(change)
    assert [where for where, _ in told] == [place]
    assert problem in told[0][1]


@pytest.mark.parametrize(
    "change",
    [
        goods(gross="13.2 kg"),
        goods(contents=[HEROIN | {"net": "suspected 64 kg"}]),
        lambda plan: plan["consignment"].update(checked_by=("sight",), not_weighed=COVER, gross=COVER) or plan.update(WATCHED),
        goods(contents=[HEROIN | {"net": COVER}, {"weapon": "pistol", "count": "declared 40"}], goods=["drugs", "weapons"]),
        tolerances(net={"мефедрон": "660 g"}, substitute="any"),
        tolerances(),
    ],
)
def test_what_can_be_is_not(change: Any) -> None:
    """At the bound, and whatever nobody has measured."""
    assert found(change) == []
