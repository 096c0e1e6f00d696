"""What travels (R3, R7, R10): known as well as it is known, checked by what the plan names, and never more than there is."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.delivery.balance import (
    COUNT_DIFFERS,
    INTERDICTED_UNMEASURED,
    MASS_DIFFERS,
    NOT_MEASURED,
    NUMBERS_DIFFER,
    OTHER_PACKAGES,
)
from domain.delivery.verdicts import Finding
from domain.plan.goods import Amount, Unit, say_amount
from domain.plan.plan import Plan
from domain.plan.quantity import Bounds, Estimate, Mass, MassEstimate, Unmeasured, bounds
from domain.record.replay import replay
from domain.views.forms import PARTS
from domain.words.limits import MOST_PACKAGES
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.course import became, refusal
from tests.support import SEAL, Table, example_cards, example_directory, example_plan, with_changes

COVER = {"unmeasured": "cover", "allowed_by": "kz.prosecutor"}
PICTURE = "5a" * 32
HEROIN = {"substance": "heroin", "net": "10 kg"}
UNSEEN = {"gross": None, "seals": ()}
"""What a statement leaves out where it is neither weighed nor sealed."""


def plan_of(*contents: dict[str, Any], by: tuple[str, ...] = ("weight", "seals"), **changed: Any) -> Plan:
    """Almaty - Tashkent with these contents, checked by these."""
    plan = example_plan().model_dump()
    why = {} if "weight" in by else {"not_weighed": COVER, "gross": COVER}
    goods = plan["consignment"] | {"gross": "13.9 kg"} | why | {"contents": contents, "checked_by": by}
    tolerances = {"gross": "20 g", **changed.pop("tolerances", {})}
    return with_changes(plan_={"consignment": goods | changed.pop("goods", {}), "tolerances": tolerances, **changed})


def preparing(plan: Plan) -> Table:
    """Everybody has consented, and it is to be prepared."""
    table = Table(plan)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=[plan.modality])
    return table


def prepares(table: Table, **said: Any) -> str | None:
    """The code of what becomes of the record of preparation; none where it counts."""
    return refusal(table.say("kz.police", "prepared", "preparation", **{"modality": table.plan.modality} | said))


def gone(plan: Plan, **said: Any) -> Table:
    """It is prepared so, and on its way."""
    table = preparing(plan)
    assert prepares(table, **said) is None
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    return table


def offers(table: Table, **said: Any) -> tuple[str | None, tuple[str, ...]]:
    """The code by which an offer does not count, and the codes of what does not fit."""
    found = refusal(table.say("kz.police", "handover_offered", "tashkent-airport", **said))
    waits = table.delivery.state.discrepancy
    return found, tuple(one.code for one in waits.differs) if waits is not None else ()


def ends(table: Table, taken: dict[str, Any], **seized: Any) -> tuple[Finding, ...]:
    """It is handed over with what is taken, delivered and seized: what does not close."""
    assert offers(table, **taken) == (None, ())
    sealed = {"seals_intact": True} if "seals" not in taken else {"seals_intact": None}
    table.say("uz.customs", "handover_accepted", "tashkent-airport", **taken | sealed)
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert refusal(table.say("uz.customs", "seizure", "accounting", **seized)) is None
    return table.delivery.balance.differences()


# How it is known


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (7, Bounds(7, 7, 7)),
        (Estimate(about=100, known="approximate"), Bounds(90, 110, 100)),
        (Estimate(about=100, known="declared"), Bounds(90, 110, 100)),
        (Estimate(about=100, known="suspected"), Bounds(10, 1000, 100)),
        (Unmeasured(unmeasured="cover", allowed_by="kz.prosecutor"), Bounds(0, None, 0)),
    ],
)
def test_quantity_is_as_good_as_it_is_known(quantity: Any, expected: Bounds) -> None:
    """A measurement is itself, an estimate a tenth either way, a suspicion its magnitude, and what nobody measured anything."""
    assert bounds(quantity) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("13.2 kg", 13_200_000),
        ("suspected 20 kg", MassEstimate(about=20_000_000, known="suspected")),
        ("unmeasured cover kz.prosecutor", Unmeasured(unmeasured="cover", allowed_by="kz.prosecutor")),
    ],
)
def test_quantity_is_written_in_words(words: str, expected: Any) -> None:
    """As a person writes it in a plan or a form."""
    assert TypeAdapter(Mass).validate_python(words) == expected


@pytest.mark.parametrize("words", ["guessed 20 kg", "suspected", "suspected 20", "unmeasured cover", "unmeasured boredom kz.knb"])
def test_quantity_in_other_words_is_refused(words: str) -> None:
    """No unit, no reason that there is, nobody who allowed it."""
    with pytest.raises(ValidationError):
        TypeAdapter(Mass).validate_python(words)


def test_what_is_signed_says_a_quantity_in_one_way() -> None:
    """Words are for people: in what is signed an estimate is a number and how it is known."""
    with pytest.raises(ValidationError):
        TypeAdapter(Mass).validate_json('"suspected 20 kg"')
    assert TypeAdapter(Mass).validate_json('{"about": 5, "known": "suspected"}') == MassEstimate(about=5, known="suspected")


@pytest.mark.parametrize("packages", [1, MOST_PACKAGES])
def test_unit_has_as_many_packages_as_are_counted(packages: int) -> None:
    """A container of 2,500 packages is one unit; a million is the bound."""
    assert Unit.model_validate({"label": "C-1", "substance": "hashish", "net": 1, "packages": packages}).packages == packages
    with pytest.raises(ValidationError):
        Unit.model_validate({"label": "C-1", "substance": "hashish", "net": 1, "packages": MOST_PACKAGES + packages})


# What it is checked by (R7)


def test_r7_car_with_an_unwitting_driver_needs_neither_weight_nor_seal() -> None:
    """Never out of sight stands in for both, nothing is measured before the end, and then it is explained."""
    suspected = {"substance": "heroin", "net": "suspected 10 kg"}
    table = gone(plan_of(suspected, by=("sight",)), kept=[suspected], **UNSEEN)
    assert ends(table, UNSEEN | {"in_sight": True}, recovered=[{"substance": "heroin", "net": "9.4 kg"}]) == (
        NOT_MEASURED(number=1, what="kept"),
    )
    again = replay(table.delivery.ledger.entries, table.directory, table.cards)
    assert again.state == table.delivery.state


STAND_INS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "count": ({"packages": 2_500}, {"packages": 2_500}, {"packages": 2_499}, "packages_differ"),
    "picture": ({"picture": PICTURE}, {"picture": PICTURE}, {"picture": "00" * 32}, "picture_differs"),
    "sight": ({}, {"in_sight": True}, {"in_sight": False}, "sight_broken"),
    "seals": ({"seals": [SEAL]}, {"seals": [SEAL]}, {"seals": [SEAL | {"number": "XX1"}]}, "seals_differ"),
    "weight": ({"gross": "13.9 kg"}, {"gross": "13.9 kg"}, {"gross": "13.8 kg"}, "weight_differs"),
}
"""By each check: what is said when it is prepared, what fits at a handover, what does not, and as what that is found."""


@pytest.mark.parametrize("check", STAND_INS)
def test_r7_each_check_finds_what_it_is_there_to_find(check: str) -> None:
    """By itself: what fits goes on, and what does not waits for a decision."""
    first, fits, does_not, found = STAND_INS[check]
    plan = plan_of(HEROIN, by=(check,))
    assert offers(gone(plan, kept=[HEROIN], **UNSEEN | first), **UNSEEN | fits) == (None, ())
    assert offers(gone(plan, kept=[HEROIN], **UNSEEN | first), **UNSEEN | does_not) == (None, (found,))


@pytest.mark.parametrize("check", STAND_INS)
def test_r7_what_is_asked_is_given_and_nothing_else(check: str) -> None:
    """A check that is left out is refused, and so is one that this plan has nothing to compare with."""
    first, _, _, _ = STAND_INS[check]
    table = gone(plan_of(HEROIN, by=(check,)), kept=[HEROIN], **UNSEEN | first)
    assert offers(table, **UNSEEN) == ("checked_otherwise", ())
    everything = {name: value for _, fits, _, _ in STAND_INS.values() for name, value in fits.items()}
    assert offers(table, **everything) == ("checked_otherwise", ())


def test_r7_preparation_says_what_later_checks_compare_with() -> None:
    """Without the count and the picture that the plan names, nothing is prepared."""
    table = preparing(plan_of(HEROIN, by=("count", "picture")))
    assert prepares(table, kept=[HEROIN], **UNSEEN, packages=4) == "checked_otherwise"
    assert prepares(table, kept=[HEROIN], **UNSEEN, packages=4, picture=PICTURE) is None


def test_r7_interval_out_of_sight_is_found_at_the_handover() -> None:
    """Whoever offers it says that it was always in sight, and the record has it otherwise."""
    table = gone(plan_of(HEROIN, by=("sight",)), kept=[HEROIN], **UNSEEN)
    table.say("kz.police", "surveillance_lost")
    assert offers(table, **UNSEEN, in_sight=True) == (None, ("sight_broken",))


def test_r7_what_could_not_be_weighed_at_a_handover_waits_for_a_decision() -> None:
    """Nobody has to invent a weight, and nobody gets past the scale by saying so; later checks compare with the last weight."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    assert offers(table, gross=COVER) == (None, ("not_weighed",))
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "tashkent-airport.decision.1")
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == 13_900_000


def test_r7_weight_that_was_not_taken_at_the_preparation_cannot_be_compared() -> None:
    """The first scale on the way says what it weighs, and people decide whether that is as it was."""
    table = gone(plan_of(HEROIN), kept=[HEROIN], gross=COVER)
    assert offers(table) == (None, ("not_weighed",))
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "tashkent-airport.decision.1")
    assert table.delivery.state.custody is not None
    assert table.delivery.state.custody.gross == 13_900_000


def test_r7_estimate_is_no_weight() -> None:
    """Whoever lifts it and says what it may weigh has not put it on a scale."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    assert offers(table, gross="approximate 13.9 kg") == (None, ("not_weighed",))


def test_r7_parts_of_what_has_split_are_left_unmeasured_by_leave_alone() -> None:
    """Whoever splits it cannot excuse itself; the authority that consented can excuse it, and the end is weighed."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])

    def split(by: str) -> str | None:
        closed = HEROIN | {"net": {"unmeasured": "cover", "allowed_by": by}}
        parts = [{"operation": "part-1", "contents": [closed]}, {"operation": "part-2", "contents": []}]
        return refusal(table.say("kz.police", "split", parts=parts, reason="two couriers"))

    assert split("kz.police") == "not_theirs_to_allow"
    assert split("kz.prosecutor") is None


def test_r7_only_who_authorises_allows_that_nothing_is_measured() -> None:
    """The customs cannot let itself off the scale, whatever it is that it does not weigh."""
    own = {"unmeasured": "time", "allowed_by": "kz.police"}
    table = preparing(plan_of(HEROIN))
    assert prepares(table, kept=[HEROIN], gross=own) == "not_theirs_to_allow"
    assert prepares(table, kept=[HEROIN | {"net": own}]) == "not_theirs_to_allow"
    assert prepares(table, kept=[HEROIN], samples=[HEROIN | {"net": own}]) == "not_theirs_to_allow"


def test_r7_seals_that_are_there_are_said_to_be_intact_or_not() -> None:
    """An acceptance that names seals and says nothing of them is not one."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    table.say("kz.police", "handover_offered", "tashkent-airport")
    with pytest.raises(ValidationError, match="whether they are intact"):
        table.say("uz.customs", "handover_accepted", "tashkent-airport", seals_intact=None)


def test_r8_brake_is_taken_without_any_measurement() -> None:
    """Whoever seizes it in danger has no scale: it counts, and what nobody knows is explained."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    assert became(table.say("kz.police", "interdicted", gross=None, seals_intact=None)) == ("accepted", None)
    assert table.delivery.balance.differences() == (INTERDICTED_UNMEASURED(),)


@pytest.mark.parametrize(("packages", "expected"), [(8, ()), (7, (OTHER_PACKAGES(what="interdicted", found=7, expected=8),))])
def test_r10_packages_are_counted_where_it_is_seized_on_the_way(packages: int, expected: Any) -> None:
    """A count does where there is no scale."""
    table = gone(plan_of(HEROIN, by=("count",)), kept=[HEROIN], **UNSEEN, packages=8)
    table.say("kz.police", "interdicted", gross=None, packages=packages)
    assert table.delivery.balance.differences() == expected


# The sums (R10)


def test_r10_tolerance_of_the_gross_weight_is_none_of_a_substance() -> None:
    """400 g of heroin are missing: the scale for the parcel lets 500 g pass, and the balance nothing."""
    table = gone(plan_of(HEROIN, tolerances={"gross": "500 g"}), kept=[HEROIN])
    short = ends(table, {}, recovered=[HEROIN | {"net": "9.6 kg"}])
    assert short == (MASS_DIFFERS(number=1, what="recovered", found=9_600_000, expected=10_000_000),)


@pytest.mark.parametrize(("net", "closes"), [("9.9 kg", True), ("9.899999 kg", False)])
def test_r10_each_substance_has_a_tolerance_of_its_own(net: str, closes: bool) -> None:  # noqa: FBT001
    """By whichever of its names, to the milligram; that of one is none of another."""
    opium = {"substance": "opium", "net": "1 kg"}
    table = gone(plan_of(HEROIN, opium, tolerances={"net": {"диацетилморфин": "100 g"}}), kept=[HEROIN, opium])
    assert (ends(table, {}, recovered=[HEROIN | {"net": net}, opium]) == ()) is closes
    other = gone(plan_of(HEROIN, opium, tolerances={"net": {"heroin": "100 g"}}), kept=[HEROIN, opium])
    assert ends(other, {}, recovered=[HEROIN, opium | {"net": "950 g"}])


@pytest.mark.parametrize(
    "found",
    [
        {"substance": "героин", "net": "10 kg"},
        {"substance": "Diacetylmorphine", "net": "10 kg"},
        {"substance": "brown powder", "net": "10 kg", "cas": "561-27-3"},
    ],
)
def test_r10_one_substance_is_one_whatever_it_is_called(found: dict[str, Any]) -> None:
    """In another language, by its chemical name, by its number."""
    assert ends(gone(plan_of(HEROIN), kept=[found]), {}, recovered=[HEROIN]) == ()


def test_r10_what_no_catalogue_has_is_compared_by_number_and_name() -> None:
    """One number is one substance; and a name that has it somewhere has it everywhere."""
    new = {"substance": "Compound X", "net": "10 kg", "cas": "1000000-00-9"}
    same = {"substance": "nitazene, new", "net": "4 kg", "cas": "1000000-00-9"}
    bare = {"substance": "COMPOUND-X", "net": "6 kg"}
    table = gone(plan_of(new), kept=[new])
    assert ends(table, {}, recovered=[same, bare]) == ()


def test_r10_estimate_at_the_beginning_is_no_measurement() -> None:
    """What is measured at the preparation is what counts; beyond what `approximate` means, somebody explains it."""
    plan = plan_of({"substance": "heroin", "net": "approximate 10 kg"})
    for net, closes in (("9 kg", True), ("11 kg", True), ("8.9 kg", False)):
        measured = [{"substance": "heroin", "net": net}]
        assert (ends(gone(plan, kept=measured), {}, recovered=measured) == ()) is closes
    less = ends(gone(plan, kept=[HEROIN]), {}, recovered=[HEROIN | {"net": "9.9 kg"}])
    assert less == (MASS_DIFFERS(number=1, what="recovered", found=9_900_000, expected=10_000_000),)


def test_r10_suspicion_that_was_wrong_is_explained() -> None:
    """Something else was in it: what was suspected was not found, and what was found was not suspected."""
    sugar = {"substance": "sugar", "net": "10 kg"}
    found = ends(gone(plan_of({"substance": "heroin", "net": "suspected 10 kg"}), kept=[sugar]), {}, recovered=[sugar])
    assert [one.parameters["what"] for one in found] == ["prepared", "prepared"]


def test_r10_what_was_not_measured_on_the_way_is_held_against_the_beginning() -> None:
    """10 kg were found and never opened again: 8 kg at the end are 2 kg too few."""
    closed = HEROIN | {"net": {"unmeasured": "closed", "allowed_by": "kz.prosecutor"}}
    plan = plan_of(HEROIN)
    assert ends(gone(plan, kept=[closed]), {}, recovered=[HEROIN]) == ()
    assert ends(gone(plan, kept=[closed]), {}, recovered=[HEROIN | {"net": "8 kg"}]) == (
        MASS_DIFFERS(number=1, what="in_all", found=8_000_000, expected=10_000_000),
    )


@pytest.mark.parametrize("net", [{"unmeasured": "danger", "allowed_by": "uz.prosecutor"}, "suspected 1 kg", "approximate 10 kg"])
def test_r10_what_is_not_measured_at_the_end_is_explained(net: Any) -> None:
    """Nobody weighs it at last, or only guesses: that is no balance, unless somebody says why."""
    closed = HEROIN | {"net": net}
    found = ends(gone(plan_of(HEROIN), kept=[HEROIN]), {}, recovered=[closed])
    assert found == (NOT_MEASURED(number=1, what="recovered"),)


@pytest.mark.parametrize("net", [{"unmeasured": "time", "allowed_by": "kz.prosecutor"}, "approximate 9.999 kg"])
def test_r10_what_was_taken_out_is_weighed_by_who_has_it(net: Any) -> None:
    """Somebody holds it: that it was not measured hides nothing."""
    plan = plan_of(HEROIN, modality="removed_in_part")
    closed = HEROIN | {"net": net}
    gram = HEROIN | {"net": "1 g"}
    found = ends(gone(plan, kept=[gram], removed=[closed]), {}, recovered=[gram])
    assert found == (NOT_MEASURED(number=1, what="removed"),)


def test_r10_packages_found_are_packages_sent() -> None:
    """2,500 were found and 2,400 prepared; all of them are there at the end, and a hundred are explained."""
    table = gone(plan_of(HEROIN, by=("count",), goods={"packages": 2_500}), kept=[HEROIN], **UNSEEN, packages=2_400)
    found = ends(table, UNSEEN | {"packages": 2_400}, recovered=[HEROIN], packages=2_399)
    assert found == (
        OTHER_PACKAGES(what="prepared", found=2_400, expected=2_500),
        OTHER_PACKAGES(what="recovered", found=2_399, expected=2_400),
    )


def test_r7_seizure_of_what_is_counted_says_how_many() -> None:
    """Left out, it is refused."""
    table = gone(plan_of(HEROIN, by=("count",)), kept=[HEROIN], **UNSEEN, packages=8)
    with pytest.raises(AssertionError):
        ends(table, UNSEEN | {"packages": 8}, recovered=[HEROIN])


RIFLES = {"weapon": "rifle", "count": 10, "serials": "ab" * 32}
CHEQUES = {"instrument": "cheque", "count": 3, "nominal": {"currency": "EUR", "minor": 100_000}}
CIGARETTES = {"hs": "240220", "goods": "cigarettes", "count": 500, "unit": "carton"}


@pytest.mark.parametrize("goods", [RIFLES, CHEQUES, CIGARETTES])
@pytest.mark.parametrize("difference", [-1, 0, 1])
def test_r10_counts_may_not_differ_at_all(goods: dict[str, Any], difference: int) -> None:
    """One weapon, one cheque, one carton more or fewer is a difference."""
    counted = goods | {"count": goods["count"] + difference}
    found = ends(gone(plan_of(goods), kept=[goods]), {}, recovered=[counted])
    differs = COUNT_DIFFERS(number=1, what="recovered", found=counted["count"], expected=goods["count"])
    assert found == ((differs,) if difference else ())


def test_r10_weapons_have_their_serial_numbers() -> None:
    """As many, and others."""
    found = ends(gone(plan_of(RIFLES), kept=[RIFLES]), {}, recovered=[RIFLES | {"serials": "cd" * 32}])
    assert found == (NUMBERS_DIFFER(number=1),)


# What is impossible


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"kept": [HEROIN], "gross": "9.98 kg"}, None),
        ({"kept": [HEROIN], "gross": "9.979999 kg"}, "more_than_gross"),
        ({"kept": [HEROIN], "gross": "10 kg", "items": [{"label": "T", "what": "tracker", "gross": "50 g"}]}, "more_than_gross"),
        ({"kept": [HEROIN | {"cas": "50-36-2"}]}, "another_substance"),
        ({"kept": [HEROIN], "packages": 3, "units": [{"label": "A", "substance": "heroin", "net": "10 kg"}]}, "more_packages"),
        ({"kept": [HEROIN], "units": [{"label": "A", "substance": "heroin", "net": "9 kg"}]}, "mass_differs"),
    ],
)
def test_r10_impossible_sums_are_refused(said: dict[str, Any], expected: str | None) -> None:
    """Net above gross, a name with another's number, packages that no unit has, units that do not add up."""
    by = ("weight", "seals", "count") if "packages" in said else ("weight", "seals")
    assert prepares(preparing(plan_of(HEROIN, by=by)), **said) == expected


def test_r10_seizure_of_more_than_it_weighs_is_refused() -> None:
    """800 g gross with 1 kg net."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    with pytest.raises(AssertionError):
        ends(table, {}, recovered=[HEROIN], gross="800 g")


@pytest.mark.parametrize(
    ("gross", "tolerance", "expected"),
    [
        ("10 kg", 0, None),
        ("1 g", 0, "no_substitute_for_it"),
        ("10.001 kg", 1_000, None),
        ("10.001001 kg", 1_000, "no_substitute_for_it"),
        ("9.998999 kg", 1_000, "no_substitute_for_it"),
        ("1 g", "any", None),
    ],
)
def test_r3_substitute_weighs_what_it_stands_in_for(gross: str, tolerance: Any, expected: str | None) -> None:
    """A gram stands for ten kilograms only where the plan says that it may."""
    plan = plan_of(HEROIN, modality="replaced_in_whole", tolerances={"substitute": tolerance})
    put_in = [{"label": "S-1", "what": "substitute", "gross": gross}]
    assert prepares(preparing(plan), kept=[], removed=[HEROIN], items=put_in) == expected


def test_r3_part_is_removed_and_nothing_put_in_its_place() -> None:
    """The plan says so, every State consents to it, and what is put in all the same is refused."""
    plan = plan_of(HEROIN, modality="removed_in_part")
    done = {"kept": [HEROIN | {"net": "1 kg"}], "removed": [HEROIN | {"net": "9 kg"}]}
    assert prepares(preparing(plan), **done) is None
    sugar = [{"label": "S-1", "what": "substitute", "gross": "9 kg"}]
    assert prepares(preparing(plan), **done, items=sugar) == "not_that_modality"


# As people write and read it


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("heroin: suspected 2 kg", "heroin suspected 2 kg"),
        ("weapon rifle: 12", "rifle x 12"),
        ("bearer cheque 1000.00 EUR: 3", "cheque 1000.00 EUR x 3"),
        ("hs 240220 carton cigarettes: declared 500", "cigarettes (240220) declared 500 carton"),
        ("EUR: approximate 12500.00", "approximate 12500.00 EUR"),
        ("heroin: unmeasured no_means kz.prosecutor", "heroin unmeasured (no means, kz.prosecutor)"),
    ],
)
def test_amounts_are_typed_and_read_in_words(words: str, said: str) -> None:
    """On a command line, in a form, and on a screen."""
    (one,) = PARTS["kept"](words)
    assert say_amount(TypeAdapter(Amount).validate_python(one)) == said


def test_r7_simulated_services_say_what_is_checked() -> None:
    """A delivery that nobody can weigh or seal goes to its end by itself, under every invariant."""
    plan = plan_of({"substance": "heroin", "net": "suspected 10 kg"}, by=("picture", "sight"))
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": []})
    done = simulate(World(plan, example_directory(), example_cards(), scenario, 1))
    assert done.delivery.state.outcome == "delivered_with_arrests"
