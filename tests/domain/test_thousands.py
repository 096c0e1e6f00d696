"""R7, R10, R28, R30: thousands of containers, packages and exhibits, at the bounds of `limits`, are compared to the milligram."""

from typing import Any

import pytest

from domain.delivery.balance import MASS_DIFFERS, OTHER_PACKAGES, compared, units_of
from domain.delivery.carried import carried, going_on
from domain.delivery.holdings import exhibits, told
from domain.plan.goods import SMALLEST_SHARE, SubstanceMass, Tolerances, Unit
from domain.plan.plan import Plan
from domain.record.verify import verify
from domain.rules.kind import size_of
from domain.words.limits import MOST_FINDS, MOST_MOVED, MOST_PACKAGES, MOST_SUBSTANCES, MOST_UNITS
from tests.course import became, code, refusal
from tests.domain.test_changes import change
from tests.domain.test_goods import HEROIN, ends, gone, offers, plan_of, prepares, preparing
from tests.domain.test_recorders import BEGUN, RECORDER
from tests.second_book import with_figures
from tests.support import MEPHEDRONE, SECRET, Table, asks, card_of, with_changes

EACH = 10_000_000 // MOST_UNITS
"""Milligrams of each of so many units that are 10 kg together."""
STRICT = Tolerances(net={})


def units(*others: int) -> list[dict[str, Any]]:
    """As many as there may be, the last of them with so much more or less."""
    masses = [EACH] * (MOST_UNITS - len(others)) + [EACH + other for other in others]
    packages = MOST_PACKAGES // MOST_UNITS
    return [{"label": f"C-{n}", "substance": "heroin", "net": net, "packages": packages} for n, net in enumerate(masses)]


@pytest.mark.parametrize(
    ("more", "found"),
    [((), None), ((20_000,), None), ((20_001,), "mass_differs"), ((-10_000, -10_000, -1), "mass_differs")],
)
def test_r10_a_tolerance_is_of_all_units_together_and_not_of_each(more: tuple[int, ...], found: str | None) -> None:
    """A thousand containers have the twenty grams once: to the milligram."""
    table = preparing(plan_of(HEROIN, tolerances={"net": {"heroin": "20 g"}}))
    assert prepares(table, kept=[HEROIN], units=units(*more)) == found


def test_r10_many_small_differences_are_one_large_one() -> None:
    """A milligram in each of a thousand units is a gram."""
    whole = SubstanceMass(substance="heroin", net=10_000_000)
    weighed = [Unit.model_validate(one) for one in units(*[-1] * MOST_UNITS)]
    assert units_of(weighed, [whole], STRICT) == (MASS_DIFFERS(number=1, what="in_units", found=9_999_000, expected=10_000_000),)


def test_r7_one_package_of_a_million_is_missed() -> None:
    """At the bound of the count: at the handover, and at the end, where several seizures are added up."""
    plan = plan_of(HEROIN, by=("weight", "count"), goods={"packages": MOST_PACKAGES})
    counted = {"seals": (), "packages": MOST_PACKAGES}
    assert offers(gone(plan, kept=[HEROIN], units=units(), **counted), **counted | {"packages": MOST_PACKAGES - 1}) == (
        None,
        ("packages_differ",),
    )
    table = gone(plan, kept=[HEROIN], units=units(), **counted)
    half = {"recovered": [HEROIN | {"net": "5 kg"}], "packages": MOST_PACKAGES // 2}
    found = ends(table, counted, **half | {"packages": MOST_PACKAGES // 2 - 1})
    assert OTHER_PACKAGES(what="recovered", found=MOST_PACKAGES // 2 - 1, expected=MOST_PACKAGES) in found


def test_r7_weight_does_not_seep_away_from_check_to_check() -> None:
    """Each is compared with what was prepared, and not with the check before: a tolerance is there once."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    assert offers(table, gross="13.88 kg") == (None, ())
    said = table.say("uz.customs", "handover_accepted", "tashkent-airport", gross="13.86 kg", seals_intact=True)
    assert became(said) == ("accepted", None)
    assert table.delivery.state.discrepancy is not None
    assert [one.code for one in table.delivery.state.discrepancy.differs] == ["weight_differs"]


@pytest.mark.parametrize(("kept", "missing", "passes"), [(20, 1, True), (20, 2, False), (400_000, 20_000, True), (19, 1, False)])
def test_r10_what_is_left_has_its_share_of_a_tolerance(kept: int, missing: int, passes: bool) -> None:  # noqa: FBT001
    """A twentieth of what is compared: of milligrams that are kept, no gram is let go."""
    whole = [SubstanceMass(substance="heroin", net=kept)]
    found = [SubstanceMass(substance="heroin", net=kept - missing)]
    tolerances = Tolerances(gross=0, net={"heroin": 20_000})
    assert (compared("recovered", whole, [found], tolerances) == ()) is passes


def test_r10_what_was_suspected_to_be_much_lends_no_tolerance_to_what_is_little() -> None:
    """100 kg were suspected, 10 kg are there: half a kilogram may be missing of these, and not five."""
    plan = plan_of(HEROIN | {"net": "suspected 100 kg"}, tolerances={"net": {"heroin": "5 kg"}}, goods={"gross": "110 kg"})
    table = gone(plan, kept=[HEROIN], gross="110 kg")
    found = ends(table, {"gross": "110 kg"}, recovered=[HEROIN | {"net": "6 kg"}])
    assert found == (MASS_DIFFERS(number=1, what="recovered", found=6_000_000, expected=10_000_000),)


def test_r7_what_is_left_of_the_gross_weight_has_its_share_too() -> None:
    """Most was taken out: of an envelope of 200 g ten may differ, and not twenty."""
    plan = plan_of(HEROIN, modality="removed_in_part")
    done = {"kept": [HEROIN | {"net": "1 g"}], "removed": [HEROIN | {"net": "9.999 kg"}], "gross": "200 g"}
    assert SMALLEST_SHARE == 20
    assert offers(gone(plan, **done), gross="190 g") == (None, ())
    assert offers(gone(plan, **done), gross="189.999 g") == (None, ("weight_differs",))


def test_r30_a_hundred_finds_of_one_seizure_have_each_a_holder() -> None:
    """At the bound of a statement, each by its label, in the packet too."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    finds = [{"label": f"F-{number}", "what": "a packet"} for number in range(MOST_FINDS)]
    assert ends(table, {}, recovered=[HEROIN], finds=finds) == ()
    held = {one.label: one.holder for one in verify(table.packet()).exhibits}
    assert {held[one["label"]] for one in finds} == {"uz.customs"}


def test_r30_a_hundred_finds_are_handed_on_and_destroyed_whatever_their_labels() -> None:
    """As many at once as may be, and the act of destruction in tens: something became of each."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    finds = [{"label": f"{number}".rjust(40, "F"), "what": "a packet"} for number in range(MOST_FINDS)]
    assert ends(table, {}, recovered=[HEROIN], finds=finds) == ()
    labels = [one["label"] for one in finds]
    for first in range(0, MOST_FINDS, MOST_MOVED):
        moved = {"exhibits": labels[first : first + MOST_MOVED]}
        offered = table.say("uz.customs", "exhibits_offered", to="uz.police", purpose="to be kept", **moved)
        taken = table.say("uz.police", "exhibits_accepted", giver="uz.customs", intact=True, **moved)
        assert (None, None) == (refusal(offered), refusal(taken))
    for first in range(0, MOST_FINDS, 10):
        act: dict[str, Any] = {"how": "destroyed", "witnesses": ["officer-3"], "reference": "1 of 2022-03-05"}
        assert refusal(table.say("uz.police", "disposed", exhibits=labels[first : first + 10], **act)) is None
    ended = {one.label: one.fate for one in verify(table.packet()).exhibits}
    assert {ended[one] for one in labels} == {"destroyed"}
    assert len(told(table.delivery.state.exhibits)["said"]) == MOST_FINDS // 10
    again = going_on(carried(table.delivery), table.delivery.law, SECRET)
    assert again.state.exhibits == table.delivery.state.exhibits


@pytest.mark.slow
@pytest.mark.parametrize("laboratory", ["uz.customs", "uz.security"])
def test_r30_what_is_examined_one_by_one_can_be_disposed_of_by_whoever_has_it(
    monkeypatch: pytest.MonkeyPatch, laboratory: str
) -> None:
    """Of a hundred finds most have a report of their own; beyond that none is heard, so that something becomes of each. A service
    of which the plan asks nothing may speak of what it holds.
    """
    with_figures(monkeypatch, exhibits_bytes=34 * 1024)
    told_of_silence = {"escalate": [{"after": "12h", "to": "uz.security"}]}
    table = gone(with_changes(plan_of(HEROIN), accounting=told_of_silence), kept=[HEROIN])
    finds = [{"label": f"F-{number}", "what": "a packet"} for number in range(MOST_FINDS)]
    assert ends(table, {}, recovered=[HEROIN], finds=finds) == ()
    labels = [one["label"] for one in finds]
    portions = [labels[first : first + MOST_MOVED] for first in range(0, MOST_FINDS, MOST_MOVED)]
    for portion in portions if laboratory != "uz.customs" else ():
        assert (
            refusal(table.say("uz.customs", "exhibits_offered", to=laboratory, purpose="examination", exhibits=portion)) is None
        )
        said = table.say(laboratory, "exhibits_accepted", giver="uz.customs", intact=True, exhibits=portion)
        assert refusal(said) is None
    told: dict[str, Any] = {
        "report": "test_report",
        "reference": "1 of 2022-03-06",
        "substance": "heroin",
        "received": "10 g",
        "spent": "1 g",
    }
    heard = [refusal(table.say(laboratory, "laboratory_report", exhibit=one, left="9 g", **told)) is None for one in labels]
    assert sum(heard) >= MOST_FINDS // 2
    for portion in portions:
        act: dict[str, Any] = {"how": "destroyed", "witnesses": ["officer-3"], "reference": "2 of 2022-03-07"}
        assert refusal(table.say(laboratory, "disposed", exhibits=portion, **act)) is None


def found(many: int, letters: int, *, sampled: bool = False) -> tuple[Table, list[str]]:
    """The customs has seized so many finds with labels of so many letters; and the police holds samples, or it does not."""
    weighs = {"requires": asks("uz.customs seizure", "uz.police seizure")}
    table = Table(with_changes(accounting=weighs), other_cards=card_of("KZ", separate=[]) | card_of("UZ", separate=[])).consent()
    prepared: dict[str, Any] = {"samples": [MEPHEDRONE | {"net": "5 g"}]} if sampled else {}
    for service, kind, at, more in (
        ("kz.police", "prepared", "preparation", prepared),
        ("kz.knb", "ready", "preparation", {}),
        ("uz.customs", "ready", "departure", {}),
        ("uz.police", "ready", "departure", {}),
        ("kz.police", "dispatched", "departure", {}),
    ):
        assert refusal(table.say(service, kind, at, **more)) is None
    table.hand_over().say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    labels = [f"{number}".rjust(letters, "F") for number in range(many)]
    said = table.say("uz.customs", "seizure", "accounting", finds=[{"label": one, "what": "a packet"} for one in labels])
    assert refusal(said) is None
    return table, labels


def hands_out(table: Table) -> None:
    """Another service hands out a recorder, so that something may come from its hands too."""
    assert refusal(table.say("kz.knb", "cooperation_begun", **BEGUN)) is None
    assert refusal(table.say("kz.knb", "recorder_issued", **RECORDER)) is None


def kept(table: Table, service: str, *labels: str) -> str | None:
    """These are kept; the code of the verdict."""
    return code(table.say(service, "disposed", exhibits=labels, how="kept", to="case 7", reference="TEST-1 of 2022-03-01"))


def held(table: Table) -> int:
    """Bytes of what was said of exhibits."""
    return size_of((told(table.delivery.state.exhibits),))


def test_r30_who_hands_out_recorders_leaves_room_to_say_what_became_of_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more sources the share of each is smaller than what is held already, and others do not need theirs."""
    with_figures(monkeypatch, exhibits_bytes=4_000)
    table, labels = found(25, 40)
    for giver, taker in (("uz.customs", "uz.police"), ("uz.police", "uz.customs")):
        moved: dict[str, Any] = {"exhibits": labels}
        assert code(table.say(giver, "exhibits_offered", to=taker, purpose="examination", **moved)) is None
        assert code(table.say(taker, "exhibits_accepted", giver=giver, intact=True, **moved)) is None
    assert 4_000 // 4 < held(table) < 4_000 // 3
    hands_out(table)
    assert refusal(table.say("kz.knb", "recorder_returned", **RECORDER)) is None
    assert kept(table, "kz.knb", "R-1") is None

    assert code(table.say("uz.customs", "exhibits_offered", exhibits=labels, to="uz.police", purpose="x")) == "held_too_much"
    assert kept(table, "uz.customs", *labels) is None
    assert held(table) <= 4_000


def test_r30_what_became_of_many_leaves_others_room_to_say_it_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says it of each by itself is refused before the others have no room, and all together never hold more than there
    may be.
    """
    with_figures(monkeypatch, exhibits_bytes=6_000)
    table, labels = found(60, 4, sampled=True)
    hands_out(table)
    assert refusal(table.say("uz.police", "seizure", "accounting", finds=[{"label": "X-1", "what": "a packet"}])) is None
    said = [kept(table, "uz.customs", one) for one in labels]
    assert {None, "held_too_much"} == set(said)
    assert held(table) > 2 * 6_000 // 4  # more than two shares of four

    assert refusal(table.say("kz.knb", "recorder_returned", **RECORDER)) is None
    for service, label in (("kz.police", "samples"), ("uz.police", "X-1"), ("kz.knb", "R-1")):
        assert kept(table, service, label) is None
    rest = [one for one in labels if exhibits(table.delivery.state)[one].fate is None]
    assert 0 < len(rest) <= MOST_MOVED
    assert kept(table, "uz.customs", *rest) is None  # all that is left, as many at once as may be
    assert 6_000 - 1_200 < held(table) <= 6_000


@pytest.mark.slow
def test_r30_whoever_disposes_of_each_by_itself_can_still_dispose_of_the_rest_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other has seized nothing and keeps its share; of the rest it can be said still what became of it."""
    with_figures(monkeypatch, exhibits_bytes=14_000)
    table, labels = found(100, 40)
    assert refusal(table.say("uz.police", "seizure", "accounting", recovered=[])) is None
    assert {None, "held_too_much"} == {kept(table, "uz.customs", one) for one in labels}
    rest = [one for one in labels if exhibits(table.delivery.state)[one].fate is None]
    for first in range(0, len(rest), MOST_MOVED):
        assert kept(table, "uz.customs", *rest[first : first + MOST_MOVED]) is None


def test_r30_who_has_disposed_of_all_that_it_seized_needs_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before that, another has said of most of its finds what became of them: of the rest it says so afterwards."""
    with_figures(monkeypatch, exhibits_bytes=6_000)
    table, labels = found(40, 4)
    said = table.say("uz.police", "seizure", "accounting", recovered=[], finds=[{"label": "X-1", "what": "a packet"}])
    assert refusal(said) is None
    assert {kept(table, "uz.customs", one) for one in labels[:-10]} == {None}
    assert held(table) > 6_000 // 3
    assert kept(table, "uz.police", "X-1") is None
    assert kept(table, "uz.customs", *labels[-10:]) is None


def test_r30_a_correction_names_no_more_finds_than_have_room_for_a_fate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The police had answered with one find, so that customs used what they did not need."""
    with_figures(monkeypatch, exhibits_bytes=6_000)
    table, labels = found(60, 4)
    x = [{"label": f"X-{number}", "what": "a packet"} for number in range(100)]
    said = table.say("uz.police", "seizure", "accounting", id="the-seizure", recovered=[], finds=x[:1])
    assert refusal(said) is None
    assert None in {kept(table, "uz.customs", one) for one in labels}
    right: dict[str, Any] = {"kind": "seizure", "recovered": []}
    many = table.say("uz.police", "correction", of="the-seizure", reason="misread", content=right | {"finds": x})
    assert code(many) == "held_too_much"
    few = table.say("uz.police", "correction", of="the-seizure", reason="misread", content=right | {"finds": x[:3]})
    assert refusal(few) is None
    assert kept(table, "uz.police", *(one["label"] for one in x[:3])) is None


def test_r30_a_correction_that_names_no_new_find_needs_no_room_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """More are asked to seize once customs has used its share; of what it seized it may say all the same what it weighed."""
    with_figures(monkeypatch, exhibits_bytes=2_400)
    table, labels = found(25, 4)
    offers = [
        code(table.say("uz.customs", "exhibits_offered", exhibits=[one], to="uz.police", purpose="storage")) for one in labels
    ]
    assert {None, "held_too_much"} == set(offers)
    document = table.delivery.plan.model_dump()
    weighed = next(one for one in document["checkpoints"] if one["id"] == "accounting") | {"remind": []}
    of_kz = {
        "state": "KZ",
        "place": "Almaty",
        "locode": None,
        "requires": asks("kz.knb seizure", "kz.border seizure", "kz.police seizure"),
    }
    more = [weighed | {"id": "more", "requires": asks("uz.security seizure")}, weighed | of_kz | {"id": "in-kz"}]
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], *more]}))
    seizure = next(name for name, one in table.delivery.state.counted.items() if one.kind == "seizure")
    finds = [{"label": one, "what": "a packet"} for one in labels]
    right = {"kind": "seizure", "recovered": [MEPHEDRONE | {"net": "13.2 kg"}], "finds": finds}
    assert refusal(table.say("uz.customs", "correction", of=seizure, reason="misread", content=right)) is None


def test_r30_a_source_of_which_nothing_waits_keeps_its_whole_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may still prepare or seize by the plan has an equal share, whatever another has to say of what it seized."""
    with_figures(monkeypatch, exhibits_bytes=6_000)
    table, labels = found(60, 4)
    said = [kept(table, "uz.customs", one) for one in labels]
    assert {None, "held_too_much"} == set(said)
    assert held(table) <= 2 * 6_000 // 3


def test_r30_a_source_that_is_still_to_seize_keeps_its_whole_share_whatever_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a recorder already, and its finds are still to come: there is room to say what became of them."""
    with_figures(monkeypatch, exhibits_bytes=6_000)
    table, labels = found(60, 4)
    assert refusal(table.say("uz.police", "cooperation_begun", **BEGUN)) is None
    assert refusal(table.say("uz.police", "recorder_issued", **RECORDER)) is None
    assert {None, "held_too_much"} == {kept(table, "uz.customs", one) for one in labels}
    assert held(table) <= 2 * 6_000 // 3


def test_r30_nobody_has_the_share_of_another_by_naming_what_came_from_its_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Customs hold the samples of the police, and say with each of their own finds that these are kept."""
    with_figures(monkeypatch, exhibits_bytes=6_000)
    table, labels = found(60, 4, sampled=True)
    samples: dict[str, Any] = {"exhibits": ["samples"]}
    assert code(table.say("kz.police", "exhibits_offered", to="uz.customs", purpose="safe keeping", **samples)) is None
    assert code(table.say("uz.customs", "exhibits_accepted", giver="kz.police", intact=True, **samples)) is None
    assert {None, "held_too_much"} == {kept(table, "uz.customs", one, "samples") for one in labels}
    assert held(table) <= 2 * 6_000 // 3 + 250


def test_r30_many_finds_leave_room_for_some_reports_though_each_may_have_a_fate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the share is for what is said while they are held, since what becomes of many at once counts once."""
    with_figures(monkeypatch, exhibits_bytes=4_000)
    table, labels = found(26, 4)  # of each the fate has 80 bytes, together more than a share of three
    told: dict[str, Any] = {"report": "test_report", "reference": "1 of 2022-03-06", "substance": "mephedrone", "purity": 700}
    said = [code(table.say("uz.customs", "laboratory_report", exhibit=one, **told)) for one in labels]
    assert {None, "held_too_much"} == set(said)
    assert held(table) <= 4_000 // 3 // 2
    assert kept(table, "uz.customs", *labels) is None


def test_r10_as_many_substances_as_there_may_be_close_each_by_itself() -> None:
    """One of fifty is a milligram short, and it alone is named."""
    some = [{"substance": f"substance {n}", "net": "10 g"} for n in range(MOST_SUBSTANCES)]
    short = [*some[:-1], some[-1] | {"net": 9_999}]
    found = ends(gone(plan_of(*some), kept=some), {}, recovered=short)
    assert found == (MASS_DIFFERS(number=MOST_SUBSTANCES, what="recovered", found=9_999, expected=10_000),)


def test_r10_what_was_explained_is_explained_afresh_once_the_sums_change() -> None:
    """A small difference is explained while it is held; then the record is corrected to nearly nothing."""
    table = gone(plan_of(HEROIN), kept=[HEROIN])
    assert len(ends(table, {}, recovered=[HEROIN | {"net": "9.9 kg"}])) == 1
    seized = next(name for name, one in table.delivery.state.counted.items() if one.kind == "seizure")
    table.say("caricc", "hold_requested")
    for service in ("uz.customs", "uz.prosecutor"):
        table.say(service, "difference_explained", "balance.1")
    assert table.is_closed("balance.1")
    less = {"kind": "seizure", "recovered": [HEROIN | {"net": "1 g"}]}
    assert refusal(table.say("uz.customs", "correction", of=seized, reason="a slip", content=less)) is None
    assert table.is_open("balance.2")
    assert code(table.say("uz.customs", "difference_explained", "balance.1")) == "has_closed"
