"""R22: a changed plan leads back into a State that lay behind: what that gave then and what it is asked now (R1, R5, R16)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.plan.plan import Plan
from domain.rules import afresh
from rehearsal.wedges import wedge
from tests.course import became
from tests.domain.test_changes import change, refused
from tests.domain.test_hostile_stand_ins import LAW
from tests.domain.test_successors import BESIDE, permitted_by_court
from tests.support import MEASURES, Table, asks, card_of, with_changes

LONG = "2022-06-01T00:00:00Z"
HOURS = 100
"""Of the first authorisation of Kazakhstan."""


def left_behind(**card: Any) -> Table:
    """It has left Kazakhstan, and is on its way in Uzbekistan; a court of Kazakhstan takes part."""
    plan = with_changes(
        plan_={"surveillance": None, "coordinator": "kz.court"},
        consent_kz={"escalate": []},
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


def consents(table: Table, who: str) -> None:
    """Both States consent to the new way."""
    for service, at in ((who, "kz-9"), ("uz.prosecutor", "uz-9")):
        assert became(table.say(service, "authorisation_granted", at, valid_until=LONG)) == ("accepted", None)


def test_r1_who_withdrew_what_it_gave_is_asked_once_more_or_its_successor() -> None:
    """Another authority alone could consent, and nothing would move: the checkpoint that has closed wants what was withdrawn."""
    table = left_behind(**BESIDE)
    assert became(table.say("kz.prosecutor", "authorisation_withdrawn")) == ("accepted", None)
    why = "what KZ had authorised was withdrawn or has expired; ask who gave it, or its successor"
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
    assert "R16: no act permits post in KZ any more, and nobody who may is asked" in refused(
        table, back(table.delivery.plan, "kz.court")
    )
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
