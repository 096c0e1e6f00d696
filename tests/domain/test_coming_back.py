"""R22: a changed plan leads back into a State that lay behind: what that gave then and what it is asked now (R1, R5, R16)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.plan.plan import Plan
from domain.record.verify import verify
from domain.rules import afresh
from rehearsal.wedges import wedge
from tests.course import became, code
from tests.domain.test_changes import change, refused
from tests.domain.test_hostile_stand_ins import LAW, following
from tests.domain.test_successors import BESIDE, FREE, instead, permitted_by_court
from tests.support import MEASURES, Table, asks, card_of, with_changes

LONG = "2022-06-01T00:00:00Z"
HOURS = 100
"""Of the first authorisation of Kazakhstan."""


def left_behind(*asked: str, need: Any = "all", **card: Any) -> Table:
    """It has left Kazakhstan, where the prosecutor has consented of these, and is on its way in Uzbekistan; a court of Kazakhstan
    takes part.
    """
    requires = asks(*(asked or ("kz.prosecutor authorisation",)))
    plan = with_changes(
        plan_={"surveillance": None, "coordinator": "kz.court"},
        consent_kz={"escalate": [], "requires": requires, "need": need},
        delivery={"due": timedelta(hours=300)},
    )
    table = Table(plan, other_cards=card_of("KZ", **card) if card else {})
    until = (table.now + timedelta(hours=HOURS)).isoformat()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=until)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=LONG)
    return table.dispatch().hand_over()


def back(plan: Plan, who: str) -> Plan:
    """From Tashkent it goes back to Kazakhstan and is delivered there; both States are asked afresh, Kazakhstan through one."""
    document = plan.model_dump()
    known = {one["id"]: one for one in document["checkpoints"]}
    there = {"state": "KZ", "place": "Shymkent", "locode": None}
    asked = asks("uz.customs handover_offer", "kz.police handover_acceptance")
    document["checkpoints"] = [
        *(one for one in document["checkpoints"] if one["id"] != "delivery"),
        known["tashkent-airport"] | there | {"id": "back", "requires": asked},
        known["delivery"] | there | {"id": "delivery-2", "due": timedelta(hours=24), "requires": asks("kz.police delivered")},
        known["accounting"] | there | {"id": "accounting-2", "requires": asks("kz.police seizure")},
        *(
            known[like] | {"id": name, "requires": asks(f"{service} authorisation"), "escalate": [], "remind": []}
            for name, like, service in (("kz-9", "consent-kz", who), ("uz-9", "consent-uz", "uz.prosecutor"))
        ),
    ]
    onward = document["legs"][1] | {"end": "back"}
    document["legs"] = [document["legs"][0], onward, document["legs"][0] | {"id": "home", "start": "back", "end": "delivery-2"}]
    return Plan.model_validate(document)


def consents_of(table: Table, service: str, at: str) -> None:
    """It authorises there."""
    assert became(table.say(service, "authorisation_granted", at, valid_until=LONG)) == ("accepted", None)


def consents(table: Table, who: str) -> None:
    """Both States consent to the new way."""
    consents_of(table, who, "kz-9")
    consents_of(table, "uz.prosecutor", "uz-9")


def test_r1_who_withdrew_what_it_gave_is_asked_once_more_or_its_successor() -> None:
    """Another authority alone could consent, and nothing would move: the checkpoint that has closed wants what was withdrawn."""
    table = left_behind(**BESIDE)
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    why = "what KZ had authorised was withdrawn; ask who gave it, or its successor, at a new checkpoint of step authorise"
    assert why in refused(table, back(table.delivery.plan, "kz.court"))
    replaced = [{"service": "kz.prosecutor", "by": "kz.court", "reason": "busy"}]
    plan = with_changes(back(table.delivery.plan, "kz.court"), plan_={"replaced": replaced})
    change(table, plan.model_copy(update={"answers_for_law": plan.answers_for_law | {"KZ": "kz.court"}}))
    consents(table, "kz.court")
    assert table.delivery.consents.missing(table.now) == ()
    assert table.is_open("back")

    table = left_behind(**BESIDE)
    table.say("kz.prosecutor", "authorisation_withdrawn")
    change(table, back(table.delivery.plan, "kz.prosecutor"))
    consents(table, "kz.prosecutor")
    assert table.is_open("back")


def test_without_that_it_would_be_a_wedge(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question is open then: that consents and permissions end some day moves nothing."""
    table = left_behind(**BESIDE)
    table.say("kz.prosecutor", "authorisation_withdrawn")
    monkeypatch.setattr(afresh, "_wanting", lambda *_: iter(()))
    change(table, back(table.delivery.plan, "kz.court"))
    assert wedge(table.delivery, table.now) == ""
    consents(table, "kz.court")
    assert wedge(table.delivery, table.now).startswith("nothing moves it on")


def test_r1_another_authority_may_be_asked_while_what_was_given_stands() -> None:
    """Nothing was withdrawn; nor was it there, in a State that it has still to enter, before the change."""
    table = left_behind(**BESIDE)
    change(table, back(table.delivery.plan, "kz.court"))
    consents(table, "kz.court")
    assert table.is_open("back")


def test_r16_what_was_permitted_with_what_was_withdrawn_is_asked_for_once_more() -> None:
    """By the example card of Kazakhstan a court may not let the post be stopped, and the prosecutor had."""
    table = left_behind()
    table.say("kz.prosecutor", "authorisation_withdrawn")
    assert "R16: no act permits post in KZ, and nobody who may is asked" in refused(table, back(table.delivery.plan, "kz.court"))
    change(table, back(table.delivery.plan, "kz.prosecutor"))
    consents(table, "kz.prosecutor")
    assert table.delivery.state.halt is None


def test_what_was_wanting_before_hinders_no_change() -> None:
    """A person may be followed there no more, as nobody let it go on; the title of the delivery changes all the same."""
    table = permitted_by_court("court")
    table.pass_time(hours=25)
    change(table, with_changes(table.delivery.plan, plan_={"title": "Another title"}))


@pytest.mark.parametrize("left", [30, 13, 1, -5])
def test_r5_what_ended_while_its_state_lay_behind_halts_nothing(left: int) -> None:
    """So many hours before its end the State comes ahead again. Where the last warning has passed, the authorisation has expired,
    and what is asked afresh comes in its place; where it has not, an extension is asked for too.
    """
    table = left_behind()
    given = table.delivery.state.grants["kz.prosecutor"]
    table.pass_time(seconds=(given.valid_until - table.now - timedelta(hours=left)).total_seconds())
    change(table, back(table.delivery.plan, "kz.prosecutor"))
    assert table.delivery.state.halt is None
    assert given.expired == (left <= 2)
    assert any(name.startswith("extension") for name in table.delivery.state.progress) == (left > 2)
    consents(table, "kz.prosecutor")
    assert table.delivery.state.halt is None
    assert table.is_open("back")
    assert wedge(table.delivery, table.now) == ""


def test_r5_what_its_state_need_not_go_by_ends_with_its_time_whatever_else_changes() -> None:
    """Either of two authorities is enough, and one has authorised for three hours: the last warning of its end has passed."""
    either = {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "need": 1, "escalate": []}
    plan = with_changes(consent_kz=either)
    again = plan.checkpoints[0].model_copy(update={"id": "consent-kz-2"})
    free = [{"measures": list(MEASURES), "needs": "nothing", "law": LAW}]
    card = card_of("KZ", granted_by=["prosecutor", "court"], measures=free)
    table = Table(plan.model_copy(update={"checkpoints": (*plan.checkpoints, again)}), other_cards=card)
    table.say("kz.court", "authorisation_granted", "consent-kz-2")
    until = (table.now + timedelta(hours=3)).isoformat()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=until)
    table.pass_time(hours=2)
    change(table, with_changes(table.delivery.plan, plan_={"title": "Another title"}))
    assert not table.delivery.state.grants["kz.prosecutor"].expired
    table.pass_time(hours=1)
    assert table.delivery.state.grants["kz.prosecutor"].expired
    assert table.delivery.state.halt is None


@pytest.mark.parametrize("left", [13, 1, -5])
def test_r1_what_a_change_lets_expire_is_not_counted_on(left: int) -> None:
    """Another authority is asked afresh where nobody has taken anything back: while what was given runs, that is to be extended
    besides.
    """
    table = left_behind(**BESIDE)
    given = table.delivery.state.grants["kz.prosecutor"]
    table.pass_time(seconds=(given.valid_until - table.now - timedelta(hours=left)).total_seconds())
    plan = back(table.delivery.plan, "kz.court")
    if left > 2:
        change(table, plan)
        assert table.is_open("extension.kz.prosecutor.1")
    else:
        assert "what KZ had authorised has expired, or ends with this change; ask" in refused(table, plan)


@pytest.mark.parametrize("left", [13, 1])
def test_r5_what_a_change_lets_expire_need_not_last_until_another_is_given(left: int) -> None:
    """By the card an authorisation of Kazakhstan lasts a week altogether, and that of the prosecutor is four days old. The court,
    of which and the prosecutor one is enough, is asked afresh.
    """
    either = ("kz.prosecutor authorisation", "kz.court authorisation")
    table = left_behind(*either, need=1, **BESIDE, terms=[{"ceiling": "7d", "law": LAW}])
    given = table.delivery.state.grants["kz.prosecutor"]
    table.pass_time(seconds=(given.valid_until - table.now - timedelta(hours=left)).total_seconds())
    plan = back(table.delivery.plan, "kz.court")
    if left > 2:
        assert "legs: R5: by this plan an authorisation of KZ may have to last 7 d 9 h" in refused(table, plan)
    else:
        change(table, plan)


def test_r16_nor_what_it_permits() -> None:
    """One of two authorities is enough, and what the other gave ends: that alone let the post be stopped."""
    post = {"measures": ["post"], "needs": "permission", "by": ["prosecutor"], "law": LAW}
    rest = {"measures": [one for one in MEASURES if one != "post"], "needs": "nothing", "law": LAW}
    either = {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "need": 1, "escalate": []}
    plan = with_changes(plan_={"surveillance": None}, consent_kz=either, delivery={"due": timedelta(hours=300)})
    again = plan.checkpoints[0].model_copy(update={"id": "consent-kz-2"})
    plan = plan.model_copy(update={"checkpoints": (*plan.checkpoints, again)})
    table = Table(plan, other_cards=card_of("KZ", **BESIDE | {"measures": [post, rest]}))
    table.say("kz.court", "authorisation_granted", "consent-kz-2", valid_until=LONG, permits=[])
    until = table.now + timedelta(hours=HOURS)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=until.isoformat())
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=LONG)
    table.dispatch().hand_over()
    table.pass_time(seconds=(until - table.now - timedelta(hours=1)).total_seconds())
    assert "R16: no act permits post in KZ" in refused(table, back(table.delivery.plan, "kz.court"))


def test_r1_where_one_of_two_is_enough_it_may_be_the_other_that_answers() -> None:
    """So who took back what it gave must be asked where all answer, or alone."""
    table = left_behind(**BESIDE)
    table.say("kz.prosecutor", "authorisation_withdrawn")
    document = back(table.delivery.plan, "kz.prosecutor").model_dump()
    (fresh,) = (one for one in document["checkpoints"] if one["id"] == "kz-9")
    fresh |= {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "need": 1}
    assert "what KZ had authorised was withdrawn" in refused(table, Plan.model_validate(document))
    fresh |= {"need": "all"}
    change(table, Plan.model_validate(document))
    consents(table, "kz.court")
    consents_of(table, "kz.prosecutor", "kz-9")
    assert table.is_open("back")


def asked_afresh(plan: Plan, who: str, **other: Any) -> Plan:
    """Both States are asked afresh, Kazakhstan through one; and what else is otherwise."""
    document = plan.model_dump() | other
    for name, index, service in (("kz-9", 0, who), ("uz-9", 1, "uz.prosecutor")):
        asked = {"id": name, "requires": asks(f"{service} authorisation"), "escalate": [], "remind": [], "need": "all"}
        document["checkpoints"] = [*document["checkpoints"], document["checkpoints"][index] | asked]
    return Plan.model_validate(document)


@pytest.mark.parametrize("both", [True, False])
def test_r16_who_has_answered_is_not_asked_any_more_though_its_checkpoint_is_open(*, both: bool) -> None:
    """The prosecutor alone may let a person be followed; it has authorised, and the court has still to, or has too."""
    followed = {"measures": ["following_person"], "needs": "permission", "by": ["prosecutor"], "law": LAW}
    rest = {"measures": [one for one in MEASURES if one != "following_person"], "needs": "nothing", "law": LAW}
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "escalate": []}
    card = card_of("KZ", **BESIDE | {"measures": [followed, rest]})
    table = Table(with_changes(consent_kz=asked), other_cards=card | FREE)
    for service in ("kz.prosecutor", "kz.court") if both else ("kz.prosecutor",):
        table.say(service, "authorisation_granted", "consent-kz", permits=[])
    follows = {"uses": ["following_person"]}
    wrong = "R16: no act permits following person in KZ"
    assert wrong in refused(table, asked_afresh(table.delivery.plan, "kz.court", **follows))
    change(table, asked_afresh(table.delivery.plan, "kz.prosecutor", **follows))


def test_r3_who_did_not_allow_another_way_of_handling_is_asked_once_more() -> None:
    """The checkpoint that has closed goes by what the prosecutor gave, whatever the court allows now."""
    table = Table(
        with_changes(consent_kz={"escalate": []}, plan_={"coordinator": "kz.court"}), other_cards=card_of("KZ", **BESIDE)
    )
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", modalities=["intact"])
    whole = {"modality": "replaced_in_whole"}
    assert "what KZ had authorised does not allow this way of handling; ask" in refused(
        table, asked_afresh(table.delivery.plan, "kz.court", **whole)
    )
    change(table, asked_afresh(table.delivery.plan, "kz.prosecutor", **whole))


def test_a_verifier_weighs_a_change_by_the_moment_at_which_it_came() -> None:
    """A permission has ended, which was recorded nowhere since nobody needed it; then who gave it is replaced by one that may not
    permit, and what it had permitted is asked of another.
    """
    both = ["following_person", "vehicle_entry"]
    needed = {"measures": both, "needs": "permission", "by": ["court", "prosecutor"], "law": LAW}
    rest = {"measures": [one for one in MEASURES if one not in both], "needs": "nothing", "law": LAW}
    card = card_of("KZ", granted_by=["prosecutor", "court", "border_guard"], measures=[needed, rest], duties=[])
    table = Table(with_changes(following(), plan_={"uses": both}), other_cards=card | FREE)
    soon = {"permissions": both, "valid_until": (table.now + timedelta(hours=1)).isoformat()}
    assert code(table.say("kz.court", "permission_granted", "court-kz", **soon)) is None
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=both[:1], valid_until=LONG)
    change(table, asked_afresh(table.delivery.plan, "kz.prosecutor", uses=both[:1]))
    table.pass_time(hours=2)
    assert table.delivery.state.now < table.now - timedelta(hours=1)
    document = table.delivery.plan.model_dump()
    known = {one["id"]: one for one in document["checkpoints"]}
    afresh = [
        known[like] | {"id": f"{like}-2", "requires": asks(asked)}
        for like, asked in (("kz-9", "kz.prosecutor authorisation"), ("uz-9", "uz.prosecutor authorisation"))
    ]
    permit = known["kz-9"] | {"id": "permit-2", "requires": asks("kz.prosecutor permission")}
    document["checkpoints"] = [*document["checkpoints"], *afresh, permit]
    change(table, instead(Plan.model_validate(document | {"uses": both}), "kz.court", "kz.border", passed=("court-kz",)))
    verify(table.packet())


def test_r16_whoever_gave_what_has_ended_behind_may_have_any_successor() -> None:
    """Nobody is asked to extend what the prosecutor gave: the police are asked to let the post be stopped, the court consents."""
    post = {"measures": ["post"], "needs": "permission", "by": ["prosecutor", "police"], "law": LAW}
    rest = {"measures": [one for one in MEASURES if one != "post"], "needs": "nothing", "law": LAW}
    table = left_behind(**BESIDE | {"measures": [post, rest]})
    given = table.delivery.state.grants["kz.prosecutor"]
    document = back(table.delivery.plan, "kz.court").model_dump()
    document["replaced"] = [{"service": "kz.prosecutor", "by": "kz.court", "reason": "busy"}]
    document["answers_for_law"] = document["answers_for_law"] | {"KZ": "kz.court"}
    (fresh,) = (one for one in document["checkpoints"] if one["id"] == "kz-9")
    document["checkpoints"] = [*document["checkpoints"], fresh | {"id": "permit-9", "requires": asks("kz.police permission")}]
    plan = Plan.model_validate(document)
    assert "R16: in the place of kz.prosecutor kz.court would be asked for a permission of post" in refused(table, plan)
    table.pass_time(seconds=(given.valid_until - table.now - timedelta(hours=1)).total_seconds())
    change(table, plan)


def both_authorised(*, other: str, **card: Any) -> Table:
    """The prosecutor and another must have authorised; it has left Kazakhstan, and both take back what they gave."""
    asked = {"escalate": [], "requires": asks("kz.prosecutor authorisation", f"{other} authorisation")}
    plan = with_changes(
        plan_={"surveillance": None, "coordinator": "kz.court"}, consent_kz=asked, delivery={"due": timedelta(hours=300)}
    )
    table = Table(plan, other_cards=card_of("KZ", **BESIDE | card))
    for service in ("kz.prosecutor", other):
        table.say(service, "authorisation_granted", "consent-kz", valid_until=LONG)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until=LONG)
    table.dispatch().hand_over()
    for service in ("kz.prosecutor", other):
        assert became(table.say(service, "authorisation_withdrawn")) == ("accepted", None)
    return table


def test_r1_those_that_are_wanted_may_be_asked_at_two_checkpoints() -> None:
    """Each alone at one of its own."""
    table = both_authorised(other="kz.court")
    document = back(table.delivery.plan, "kz.prosecutor").model_dump()
    (fresh,) = (one for one in document["checkpoints"] if one["id"] == "kz-9")
    assert "what KZ had authorised was withdrawn" in refused(table, Plan.model_validate(document))
    document["checkpoints"] = [*document["checkpoints"], fresh | {"id": "kz-10", "requires": asks("kz.court authorisation")}]
    change(table, Plan.model_validate(document))
    consents(table, "kz.prosecutor")
    consents_of(table, "kz.court", "kz-10")
    assert table.is_open("back")


def test_r1_who_takes_the_place_of_both_consents_for_both() -> None:
    """One act of the court is enough then."""
    table = both_authorised(other="kz.afm", granted_by=["prosecutor", "court", "police"])
    document = back(table.delivery.plan, "kz.court").model_dump()
    document["replaced"] = [{"service": one, "by": "kz.court", "reason": "busy"} for one in ("kz.prosecutor", "kz.afm")]
    change(table, Plan.model_validate(document | {"answers_for_law": document["answers_for_law"] | {"KZ": "kz.court"}}))
    consents(table, "kz.court")
    assert table.is_open("back")


def test_r3_who_has_answered_where_another_is_waited_for_did_not_allow_another_way_of_handling() -> None:
    """What the prosecutor allowed counts there, though its checkpoint is open still; nobody would ask it again."""
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "escalate": []}
    table = Table(with_changes(consent_kz=asked, plan_={"coordinator": "kz.court"}), other_cards=card_of("KZ", **BESIDE))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", modalities=["intact"], valid_until=LONG)
    whole = {"modality": "replaced_in_whole"}
    assert "what KZ had authorised does not allow this way of handling; ask" in refused(
        table, asked_afresh(table.delivery.plan, "kz.court", **whole)
    )
    change(table, asked_afresh(table.delivery.plan, "kz.prosecutor", **whole))


def test_r1_what_is_provisional_where_nobody_is_asked_any_more_is_not_counted_on() -> None:
    """Either of two was enough, and one of them was provisional as the other answered: it can become final nowhere."""
    table = left_behind(**BESIDE)
    table.say("kz.prosecutor", "authorisation_withdrawn")
    document = table.delivery.plan.model_dump()
    either = asks("kz.prosecutor authorisation", "kz.court authorisation")
    fresh = document["checkpoints"][0] | {"id": "kz-8", "requires": either, "need": 1, "escalate": [], "remind": []}
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], fresh]}))
    table.say("kz.prosecutor", "authorisation_granted", "kz-8", valid_until=LONG, provisional=True)
    table.say("kz.court", "authorisation_granted", "kz-8", valid_until=LONG)
    assert "what KZ had authorised is provisional; ask" in refused(table, back(table.delivery.plan, "kz.court"))


def test_r16_where_one_of_two_is_enough_the_other_may_be_the_one_that_answers() -> None:
    """By the example card of Kazakhstan the prosecutor alone may let the post be stopped."""
    table = left_behind(granted_by=["prosecutor", "court"])
    table.say("kz.prosecutor", "authorisation_withdrawn")
    document = back(table.delivery.plan, "kz.prosecutor").model_dump()
    (fresh,) = (one for one in document["checkpoints"] if one["id"] == "kz-9")
    fresh |= {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "need": 1}
    assert "R16: no act permits post in KZ" in refused(table, Plan.model_validate(document))


def test_r1_a_leg_that_has_begun_leads_through_no_state_that_was_not_on_it() -> None:
    """Nothing on it would wait for the consent of that: it would be delivered, and both questions open."""
    table = left_behind()
    document = table.delivery.plan.model_dump()
    document["legs"][1]["calls"] = [{"kind": "airport", "state": "KZ", "place": "Shymkent"}]
    assert "legs.1.calls: R1: leg" in refused(table, Plan.model_validate(document))
