"""R22: who is left out of a changed plan, or may not say it any more, is asked for nothing; whose say it is then, is asked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.reported import Diverged
from domain.plan.plan import Plan
from tests.course import became, code
from tests.domain.test_changes import change, refused
from tests.domain.test_hostile_stand_ins import LAW, following, follows, permits
from tests.domain.test_successors import BESIDE, FREE, UZ_LAW, in_charge_too, instead, on_its_way, without_asking_afresh
from tests.support import MEASURES, Table, asks, card_of, example_plan, with_changes

Edit = Callable[[dict[str, Any]], None]
ALONE: dict[str, Any] = {"escalate": []}
"""Nobody stands on the ladder of the first consent, where who is left out would stay."""
GOES_ON = {"decision": "go_on"}


def edited(plan: Plan, edit: Edit) -> Plan:
    """The plan after this edit."""
    document = plan.model_dump()
    edit(document)
    return Plan.model_validate(document)


def asked_instead(at: str, old: str, new: str) -> Edit:
    """The second is asked there, and answers for the law of its State, where the first was and did."""

    def edit(plan: dict[str, Any]) -> None:
        for one in plan["checkpoints"]:
            if one["id"] == at:
                one["requires"] = [asked | {"service": new} if asked["service"] == old else asked for asked in one["requires"]]
        plan["answers_for_law"] = {state: new if one == old else one for state, one in plan["answers_for_law"].items()}

    return edit


def asked(table: Table, begun: str) -> dict[str, tuple[str, ...]]:
    """Who is waited for, by the names of those open checkpoints that begin so. All of them take part."""
    opened = {one.checkpoint.id: one.waiting_for() for one in table.delivery.state.open_checkpoints()}
    assert all(map(table.delivery.state.participant, (service for services in opened.values() for service in services)))
    return {name: services for name, services in opened.items() if name.startswith(begun)}


def test_what_is_held_is_decided_by_those_in_charge_by_the_new_plan() -> None:
    """The court is asked for consent where the prosecutor was: without that, who is left out could let nothing go on any more."""
    table = Table(with_changes(consent_kz=ALONE), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.knb", "hold_requested")
    assert asked(table, "hold") == {"hold.1": ("kz.police", "kz.prosecutor")}
    change(table, edited(table.delivery.plan, asked_instead("consent-kz", "kz.prosecutor", "kz.court")))
    assert asked(table, "hold") == {"hold.2": ("kz.police", "kz.court")}
    for service in ("kz.police", "kz.court"):
        assert became(table.say(service, "hold_decided", "hold.2", **GOES_ON)) == ("accepted", None)
    assert table.delivery.state.hold is None


def test_who_is_not_in_charge_any_more_is_not_asked_though_it_takes_part() -> None:
    """The court coordinates still, and the border service authorises in its place: that decides about what is held."""
    asked_both = {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "escalate": []}
    plan = with_changes(consent_kz=asked_both, plan_={"coordinator": "kz.court"})
    table = Table(plan, other_cards=card_of("KZ", **BESIDE))
    table.say("kz.knb", "hold_requested")
    assert asked(table, "hold") == {"hold.1": ("kz.police", "kz.prosecutor", "kz.court")}
    change(table, edited(plan, asked_instead("consent-kz", "kz.court", "kz.border")))
    assert asked(table, "hold") == {"hold.2": ("kz.police", "kz.prosecutor", "kz.border")}


def test_who_is_told_at_the_end_alone_decides_nothing_before_it() -> None:
    """It is left out as it was asked about a hold: it hears of the outcome, and of nothing else."""
    table = Table(with_changes(consent_kz=ALONE), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.knb", "hold_requested")
    told = {"told_at_end": [{"service": "kz.prosecutor", "reason": "asked to be"}]}
    plan = edited(table.delivery.plan, asked_instead("consent-kz", "kz.prosecutor", "kz.court"))
    change(table, edited(plan, lambda document: document.update(told)))
    assert asked(table, "hold") == {"hold.2": ("kz.police", "kz.court")}


def test_on_the_way_too() -> None:
    """A court that was asked afresh, and decides about what is held, is left out again: the border service is asked for both."""
    table = Table(with_changes(consent_kz=ALONE), other_cards=card_of("KZ", **BESIDE)).dispatch()
    afresh = {"id": "consent-kz-2", "requires": asks("kz.court authorisation"), "escalate": []}
    plan = edited(
        table.delivery.plan, lambda plan: plan.update(checkpoints=[*plan["checkpoints"], plan["checkpoints"][0] | afresh])
    )
    change(table, plan)
    table.say("kz.knb", "hold_requested")
    assert asked(table, "hold") == {"hold.1": ("kz.police", "kz.prosecutor", "kz.court")}
    change(table, edited(table.delivery.plan, asked_instead("consent-kz-2", "kz.court", "kz.border")))
    assert asked(table, "hold") == {"hold.2": ("kz.police", "kz.prosecutor", "kz.border")}


def test_a_difference_is_decided_by_those_in_charge_by_the_new_plan() -> None:
    """It was handed on two kilograms short before consent; the court is asked for that where the prosecutor was (R7)."""
    table = Table(with_changes(consent_kz=ALONE, plan_={"found_by": "kz.customs"}), other_cards=card_of("KZ", **BESIDE))
    what = {"exhibits": ["consignment"], "gross": "13.9 kg"}
    table.say("kz.customs", "exhibits_offered", to="kz.police", purpose="TEST", **what)
    table.say("kz.police", "exhibits_accepted", giver="kz.customs", intact=True, **what | {"gross": "11.9 kg"})
    assert asked(table, "departure.decision") == {"departure.decision.1": ("kz.police", "kz.prosecutor")}
    change(table, edited(table.delivery.plan, asked_instead("consent-kz", "kz.prosecutor", "kz.court")))
    assert asked(table, "departure.decision") == {"departure.decision.2": ("kz.police", "kz.court")}


BY_BOTH = {"consent_kz": ALONE, "plan_": {"coordinator": "kz.court"}}
"""The court coordinates, and is competent beside the prosecutor."""


def test_r10_a_difference_of_mass_is_explained_by_those_in_charge_by_the_new_plan() -> None:
    """The authority in charge is left out while it is asked why less was seized than was found: it could never be explained."""
    plan = edited(example_plan("aktobe-post-office"), lambda document: document["legs"][0].update(responsible="kz.afm"))
    table = Table(plan)
    table.say("kz.prosecutor", "authorisation_granted", "consent")
    table.say("kz.police", "prepared", "preparation", gross="1.9 kg", kept=[{"substance": "cannabis", "net": "510 g"}])
    for service, kind, at in (
        ("kz.customs", "ready", "departure"),
        ("kz.police", "dispatched", "departure"),
        ("kz.post", "ready", "counter"),
        ("kz.police", "delivered", "counter"),
        ("kz.police", "arrest_made", "arrest"),
    ):
        assert became(table.say(service, kind, at)) == ("accepted", None)
    table.say("kz.police", "seizure", "accounting", recovered=[{"substance": "cannabis", "net": "300 g"}])
    assert asked(table, "balance") == {"balance.1": ("kz.afm", "kz.prosecutor")}
    change(table, edited(plan, lambda document: document["legs"][0].update(responsible="kz.border")), by="kz.police")
    assert asked(table, "balance") == {"balance.2": ("kz.border", "kz.prosecutor")}
    for service in ("kz.border", "kz.prosecutor"):
        assert became(table.say(service, "difference_explained", "balance.2")) == ("accepted", None)
    assert table.delivery.state.explained


def test_r22_what_the_authority_in_charge_has_decided_stays_when_it_is_replaced() -> None:
    """As every answer does. Where another is put in charge and it takes part still, all are asked afresh."""
    table = on_its_way()
    table.say("kz.knb", "hold_requested")
    assert became(table.say("kz.police", "hold_decided", "hold.1", **GOES_ON)) == ("accepted", None)
    plan = instead(table.delivery.plan, "kz.police", "kz.border", passed=("consent-kz", "preparation", "departure"))
    change(table, in_charge_too(plan, "kz.police", "kz.border"))
    assert asked(table, "hold") == {"hold.1": ("kz.prosecutor",)}
    assert became(table.say("kz.prosecutor", "hold_decided", "hold.1", **GOES_ON)) == ("accepted", None)
    assert table.delivery.state.hold is None

    table = on_its_way()
    table.say("kz.knb", "hold_requested")
    table.say("kz.police", "hold_decided", "hold.1", **GOES_ON)
    offers = asked_instead("tashkent-airport", "kz.police", "kz.border")
    change(table, in_charge_too(edited(table.delivery.plan, offers), "kz.police", "kz.border"))
    assert asked(table, "hold") == {"hold.2": ("kz.border", "kz.prosecutor")}


@pytest.mark.parametrize("replaced", [True, False])
def test_r15_nobody_is_asked_for_a_look_who_is_not_competent(*, replaced: bool) -> None:
    """The border service is asked for consent where the prosecutor was, or in its place: it may sign for no look."""
    table = Table(with_changes(**BY_BOTH), other_cards=card_of("KZ", **BESIDE), signed=False)
    assert asked(table, "deconfliction") == {"deconfliction.1": ("kz.prosecutor", "kz.court")}
    plan = instead(table.delivery.plan, "kz.prosecutor", "kz.border", passed=())
    plainly = edited(table.delivery.plan, asked_instead("consent-kz", "kz.prosecutor", "kz.border"))
    change(table, plan if replaced else plainly)
    assert asked(table, "deconfliction") == {"deconfliction.2": ("kz.court",)}


@pytest.mark.parametrize("replaced", [True, False])
def test_r18_nobody_decides_in_a_prosecutors_place_who_is_not_competent(*, replaced: bool) -> None:
    """After the record was put back: the yes of a border guard would have let it go on."""
    table = Table(with_changes(**BY_BOTH), other_cards=card_of("KZ", **BESIDE))
    table.report(Diverged(branch=0, seq=0, how="ahead", size=500, root="0" * 64))
    table.settle()
    (first,) = [name for name in asked(table, "divergence") if name.endswith("prosecutor.1")]
    plan = without_asking_afresh(instead(table.delivery.plan, "kz.prosecutor", "kz.border", passed=()))
    plainly = edited(table.delivery.plan, asked_instead("consent-kz", "kz.prosecutor", "kz.border"))
    change(table, plan if replaced else plainly)
    again = first.replace("prosecutor.1", "prosecutor.2")
    assert asked(table, again) == {again: ("kz.court",)}


@pytest.mark.parametrize("replaced", [True, False])
def test_r29_nobody_is_asked_to_take_proceedings_over_who_prosecutes_nothing(*, replaced: bool) -> None:
    """The prosecutor of the State that is asked is left out, or replaced by a security service: nobody there can answer."""
    free = {"measures": list(MEASURES), "needs": "nothing", "law": UZ_LAW}
    law = card_of("UZ", granted_by=["prosecutor", "security"], measures=[free])
    table = Table(with_changes(consent_uz=ALONE), other_cards=law)
    asks_for = {"to": "UZ", "prosecutions": [{"role": "supplier", "state": "UZ"}], "reference": "TEST-1", "legal_basis": "TEST"}
    assert code(table.say("kz.prosecutor", "transfer_requested", **asks_for)) is None
    assert asked(table, "takeover") == {"takeover.uz.1": ("uz.prosecutor",)}
    plan = without_asking_afresh(instead(table.delivery.plan, "uz.prosecutor", "uz.security", passed=()))
    replacing = edited(plan, lambda document: document["answers_for_law"].update(UZ="uz.security"))
    plainly = edited(table.delivery.plan, asked_instead("consent-uz", "uz.prosecutor", "uz.security"))
    change(table, replacing if replaced else plainly)
    assert asked(table, "takeover") == {}


def test_r22_who_owes_a_duty_of_the_law_is_left_out_only_for_another() -> None:
    """The police are to tell the result of what a court permitted: they are asked once, and somebody does it."""
    told = {"what": "the result is told", "within": "90h", "law": LAW, "id": "told", "after": "end_of_permission"}
    table = Table(following(), other_cards=follows("court", duties=[told]) | FREE)
    assert code(permits(table, "kz.court", valid_until=(table.now + timedelta(days=1)).isoformat())) is None
    table.pass_time(hours=25)
    (owed,) = asked(table, "duty")
    assert asked(table, owed) == {owed: ("kz.police",)}

    def others(plan: dict[str, Any]) -> None:
        for one in plan["checkpoints"]:
            one["requires"] = [
                known | {"service": "kz.afm"} if known["service"] == "kz.police" else known for known in one["requires"]
            ]
        for leg in plan["legs"]:
            leg["responsible"] = "kz.afm" if leg["responsible"] == "kz.police" else leg["responsible"]

    plan = edited(table.delivery.plan, others)
    assert f"replaced: R22: kz.police is asked to do a duty of the law at {owed}; name who takes its place" in refused(
        table, plan
    )
    gone = [{"service": "kz.police", "by": "kz.afm", "reason": "busy"}]
    change(table, edited(plan, lambda document: document.update(replaced=gone)))
    assert asked(table, owed) == {owed: ("kz.afm",)}
    assert code(table.say("kz.afm", "duty_done", owed)) is None
