"""R22: a plan changed on the leg that it is on, or off the way of a State, waits for who is asked afresh, and for nobody else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from domain.plan.plan import Plan
from domain.record.verify import verify
from rehearsal.wedges import wedge
from tests.course import became, code
from tests.domain.test_changes import change, refused
from tests.domain.test_coming_back import LONG
from tests.domain.test_hostile_stand_ins import LAW
from tests.domain.test_successors import BESIDE, FREE, UZ_LAW
from tests.domain.test_urgent_permissions import on_its_way as not_sanctioned
from tests.second_book import with_figures
from tests.support import MEASURES, Table, asking_all, asks, card_of, example_cards, example_plan, with_changes

WATCH = {"check_in": timedelta(hours=2), "answer": timedelta(hours=1), "search": timedelta(hours=1)}
NOTHING_KZ = card_of("KZ", granted_by=["prosecutor", "court"], measures=[{"measures": MEASURES, "needs": "nothing", "law": LAW}])
"""In Kazakhstan nothing needs a permission."""


def watching_is_permitted(by: str = "permission") -> dict[str, Any]:
    """By the card of Uzbekistan its prosecutor alone may permit that a thing is watched; customs may authorise too."""
    others = [one for one in MEASURES if one != "watching_thing"]
    measures = [
        {"measures": ["watching_thing"], "needs": by, "by": ["prosecutor"], "law": UZ_LAW},
        {"measures": others, "needs": "nothing", "law": UZ_LAW},
    ]
    return NOTHING_KZ | card_of("UZ", granted_by=["prosecutor", "customs"], measures=measures)


def on_the_last_leg(cards: Any) -> Table:
    """Nobody watches it, and its delivery in Tashkent is open."""
    plan = with_changes(plan_={"surveillance": None}, consent_kz={"escalate": []}, delivery={"due": timedelta(hours=300)})
    table = Table(plan, other_cards=cards)
    for service, at in (("kz.prosecutor", "consent-kz"), ("uz.prosecutor", "consent-uz")):
        table.say(service, "authorisation_granted", at, valid_until=LONG, permits=[])
    return table.dispatch().hand_over()


def asked_afresh(table: Table, *of_uz: str, **other: Any) -> Plan:
    """The plan with these fields; Kazakhstan and Uzbekistan are asked afresh, the second by these."""
    document = table.delivery.plan.model_dump() | other
    known = {one["id"]: one for one in document["checkpoints"]}
    bare: dict[str, Any] = {"escalate": [], "remind": [], "due": timedelta(hours=48)}
    fresh = [known["consent-uz"] | bare | {"id": "uz-9", "requires": asks(*of_uz)}]
    if "legs" not in other:
        fresh.append(known["consent-kz"] | bare | {"id": "kz-9"})
    return Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], *fresh]})


def police_replaced(table: Table) -> None:
    """The border guard takes the place of the police, in charge of the first leg too."""
    document = table.delivery.plan.model_dump()
    document["legs"][0]["responsible"] = "kz.border"
    for one in (one for one in document["checkpoints"] if not table.delivery.state.closed(one["id"])):
        for asked in (*one["requires"], *one["escalate"]):
            name = "service" if "service" in asked else "to"
            asked[name] = asked[name].replace("kz.police", "kz.border")
    document["replaced"] = [{"service": "kz.police", "by": "kz.border", "reason": "keys stolen"}]
    change(table, Plan.model_validate(document))


def watched_now(table: Table, *of_uz: str) -> Table:
    """From now on it is watched; Kazakhstan consents to that."""
    change(table, asked_afresh(table, *of_uz, surveillance=WATCH))
    assert code(table.say("kz.prosecutor", "authorisation_granted", "kz-9", valid_until=LONG, permits=[])) is None
    return table


@pytest.mark.parametrize("answer", ["authorisation_granted", "authorisation_refused"])
def test_r1_it_is_not_delivered_before_the_state_has_answered_in_which_it_is(answer: str) -> None:
    """It goes on otherwise on its last leg: what is said before waits, and counts with the consent, and never with a refusal."""
    table = on_the_last_leg(NOTHING_KZ | FREE)
    legs = table.delivery.plan.model_dump()["legs"]
    change(table, asked_afresh(table, "uz.prosecutor authorisation", legs=[legs[0], legs[1] | {"means": "by a courier on foot"}]))
    said = table.say("uz.customs", "delivered", "delivery")
    assert ("early", "crossing_not_cleared") == (became(said)[0], code(said))
    content = {"valid_until": LONG} if answer == "authorisation_granted" else {}
    assert code(table.say("uz.prosecutor", answer, "uz-9", **content)) is None
    consents = answer == "authorisation_granted"
    assert (consents, not consents) == (table.delivery.state.delivered, table.delivery.state.halt is not None)
    assert verify(table.packet()).size == len(table.delivery.ledger)


def test_r1_it_is_delivered_though_a_state_behind_it_has_not_answered() -> None:
    """Uzbekistan, in which it is, has; Kazakhstan lies behind."""
    table = on_the_last_leg(NOTHING_KZ | FREE)
    change(table, asked_afresh(table, "uz.prosecutor authorisation", surveillance=WATCH))
    table.say("uz.prosecutor", "authorisation_granted", "uz-9", valid_until=LONG)
    assert table.is_open("kz-9")
    assert code(table.say("uz.customs", "delivered", "delivery")) is None


@pytest.mark.parametrize(
    ("act", "cause"), [({"permits": []}, "permission"), ({"permits": ["watching_thing"], "modalities": ["removed"]}, "modality")]
)
def test_r16_what_was_said_too_early_does_not_come_before_the_halt(act: dict[str, Any], cause: str) -> None:
    """Customs say that it is delivered; Uzbekistan answers then, and does not permit what is new, or not as it is handled."""
    table = watched_now(on_the_last_leg(watching_is_permitted()), "uz.prosecutor authorisation")
    assert became(table.say("uz.customs", "delivered", "delivery"))[0] == "early"
    assert code(table.say("uz.prosecutor", "authorisation_granted", "uz-9", valid_until=LONG, **act)) is None
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.cause, table.delivery.state.delivered) == (cause, False)


def test_r2_the_delivery_comes_due_no_sooner_than_its_state_has_answered() -> None:
    """Its own time stands still meanwhile; that of the State runs, and its silence halts."""
    table = on_the_last_leg(NOTHING_KZ | FREE)
    plan = table.delivery.plan.model_dump()
    legs = [plan["legs"][0], plan["legs"][1] | {"means": "by a courier on foot"}]
    change(table, asked_afresh(table, "uz.prosecutor authorisation", legs=legs))
    table.pass_time(hours=47)
    table.say("uz.prosecutor", "authorisation_granted", "uz-9", valid_until=LONG)
    due = table.at("delivery").due
    assert due is not None
    assert due - table.now > timedelta(hours=299)


def test_r16_what_is_new_on_the_leg_it_is_on_is_asked_of_who_may_permit_it() -> None:
    """Customs may authorise for Uzbekistan, and not permit that it is watched."""
    table = on_the_last_leg(watching_is_permitted())
    plan = asked_afresh(table, "uz.customs authorisation", surveillance=WATCH)
    assert "R16: no act permits watching thing in UZ" in refused(table, plan)


@pytest.mark.parametrize(("permits", "goes_on"), [([], False), (["watching_thing"], True)])
def test_r16_what_is_new_on_the_leg_it_is_on_halts_where_nobody_permits_it(permits: list[str], *, goes_on: bool) -> None:
    """The prosecutor consents, and permits it or not."""
    table = watched_now(on_the_last_leg(watching_is_permitted()), "uz.prosecutor authorisation")
    table.say("uz.prosecutor", "authorisation_granted", "uz-9", valid_until=LONG, permits=permits)
    halt = table.delivery.state.halt
    assert goes_on == (halt is None)
    if halt is not None:
        assert ("permission", {"permission": "watching_thing", "state": "UZ"}) == (halt.cause, halt.finding.parameters)
    assert verify(table.packet()).size == len(table.delivery.ledger)


def test_r16_what_has_been_permitted_once_and_ended_ends_alone() -> None:
    """The permission that it be watched ends before it is delivered: nobody watches any more, and the delivery goes on."""
    table = watched_now(
        on_the_last_leg(watching_is_permitted("own_act")), "uz.prosecutor authorisation", "uz.prosecutor permission"
    )
    until = (table.now + timedelta(hours=6)).isoformat()
    table.say("uz.prosecutor", "permission_granted", "uz-9", permissions=["watching_thing"], valid_until=until)
    table.say("uz.prosecutor", "authorisation_granted", "uz-9", valid_until=LONG, permits=[])
    table.pass_time(hours=2)
    table.say("uz.customs", "sighted", "sighting.1", place="Tashkent")
    table.pass_time(hours=2)
    table.say("uz.customs", "sighted", "sighting.2", place="Tashkent")
    table.pass_time(hours=2)
    table.say("uz.customs", "sighted", "sighting.3", place="Tashkent")
    assert table.delivery.state.halt is None or table.delivery.state.halt.cause != "permission"


def test_r16_nobody_is_asked_where_it_is_before_its_state_has_permitted_that_it_is_watched() -> None:
    """Once it has, it is watched."""
    table = on_the_last_leg(watching_is_permitted("own_act"))
    watched_now(table, "uz.prosecutor authorisation", "uz.prosecutor permission")
    table.pass_time(hours=6)
    assert "sighting.1" not in table.delivery.state.progress
    assert table.delivery.state.halt is None
    table.say("uz.prosecutor", "permission_granted", "uz-9", permissions=["watching_thing"], valid_until=LONG)
    table.say("uz.prosecutor", "authorisation_granted", "uz-9", valid_until=LONG, permits=[])
    table.pass_time(hours=2)
    assert table.is_open("sighting.1")


def test_r16_what_was_refused_its_sanction_has_ended_and_no_change_halts_for_it() -> None:
    """The police let it be listened to, the prosecutor did not; another title of the plan asks nobody again."""
    table = not_sanctioned("audio_video")
    assert code(table.say("kz.prosecutor", "permission_refused", "sanction.kz.prosecutor.1", state="KZ")) is None
    change(table, table.delivery.plan.model_copy(update={"title": "Another title"}))
    assert table.delivery.state.halt is None


def test_r16_one_sanction_does_not_let_all_else_go_on() -> None:
    """The recorder was urgent and was sanctioned; that a person is followed is new, and the prosecutor does not permit it."""
    both = ["audio_video", "following_person"]
    measures = [
        {"measures": both, "needs": "permission", "by": ["prosecutor"], "law": LAW},
        {"measures": [one for one in MEASURES if one not in both], "needs": "nothing", "law": LAW},
    ]
    urgent = {"measures": ["audio_video"], "by": ["police"], "sanctioned_within": "24h", "law": LAW}
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission"), "escalate": []}
    told = example_plan().request.model_dump() | {"technical_means": "a recorder"}
    plan = with_changes(consent_kz=asked, plan_={"uses": ["audio_video"], "request": told})
    table = Table(plan, other_cards=card_of("KZ", measures=measures, urgent_measures=[urgent]) | FREE)
    said = {"urgent_at": "2022-03-01T04:00:00Z", "on_behalf_of": "kz.prosecutor", "permissions": ["audio_video"]}
    assert code(table.say("kz.police", "permission_granted", "consent-kz", **said)) is None
    table.dispatch()
    sanction = {"permissions": ["audio_video"], "valid_until": LONG, "state": "KZ"}
    assert code(table.say("kz.prosecutor", "permission_granted", "sanction.kz.prosecutor.1", **sanction)) is None
    document = table.delivery.plan.model_dump() | {"uses": both}
    known = {one["id"]: one for one in document["checkpoints"]}
    bare: dict[str, Any] = {"escalate": [], "remind": []}
    afresh = known["consent-kz"] | bare | {"id": "kz-9", "requires": asks("kz.prosecutor authorisation")}
    fresh = [afresh, known["consent-uz"] | bare | {"id": "uz-9"}]
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], *fresh]}))
    table.say("uz.prosecutor", "authorisation_granted", "uz-9", valid_until=LONG)
    table.say("kz.prosecutor", "authorisation_granted", "kz-9", valid_until=LONG, permits=[])
    halt = table.delivery.state.halt
    assert halt is not None
    assert {"permission": "following_person", "state": "KZ"} == halt.finding.parameters


def test_r9_what_is_watched_already_is_watched_while_something_else_is_asked_for() -> None:
    """A change has a person followed too, which nobody has permitted yet: where it is, is still asked."""
    measures = [
        {"measures": ["following_person"], "needs": "permission", "by": ["prosecutor"], "law": UZ_LAW},
        {"measures": [one for one in MEASURES if one != "following_person"], "needs": "nothing", "law": UZ_LAW},
    ]
    plan = with_changes(plan_={"surveillance": WATCH}, consent_kz={"escalate": []}, delivery={"due": timedelta(hours=300)})
    table = Table(plan, other_cards=NOTHING_KZ | card_of("UZ", measures=measures))
    for service, at in (("kz.prosecutor", "consent-kz"), ("uz.prosecutor", "consent-uz")):
        table.say(service, "authorisation_granted", at, valid_until=LONG, permits=[])
    table.dispatch().hand_over()
    change(table, asked_afresh(table, "uz.prosecutor authorisation", uses=["following_person"]))
    table.pass_time(hours=2)
    assert [one for one in table.delivery.state.open_checkpoints() if one.contingency == "sighting"]


def ending_in_kazakhstan(table: Table) -> dict[str, Any]:
    """It is delivered in Shymkent; Uzbekistan, in which somebody is still to be arrested, is asked afresh."""
    document = table.delivery.plan.model_dump()
    known = {one["id"]: one for one in document["checkpoints"]}
    there = {"state": "KZ", "place": "Shymkent", "locode": None}
    gone = ("delivery", "tashkent-airport", "accounting")
    document["legs"] = [document["legs"][0] | {"end": "delivery-kz"}]
    document["checkpoints"] = [
        *(one for one in document["checkpoints"] if one["id"] not in gone),
        known["delivery"] | there | {"id": "delivery-kz", "requires": asks("kz.police delivered")},
        known["accounting"] | there | {"id": "accounting-kz", "requires": asks("kz.police seizure")},
        known["consent-uz"] | {"id": "uz-9", "remind": []},
    ]
    return document


def test_r28_how_often_it_is_asked_where_it_is_is_weighed_where_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may say less by now, as where one more speaks; the watch stays as it is, or is to be closer."""
    table = Table(with_changes(plan_={"surveillance": WATCH}))
    plan = with_changes(table.delivery.plan, plan_={"title": "Another title"})
    with_figures(monkeypatch, table.delivery, speaker_statements=20)
    change(table, plan)
    closer = with_changes(plan, plan_={"surveillance": WATCH | {"check_in": timedelta(hours=1)}})
    assert "surveillance.check_in: R28" in refused(table, closer)


def taking(table: Table, **takes: timedelta) -> Plan:
    """The plan in which these checkpoints, which end a leg, or are due, take so much longer."""
    document = table.delivery.plan.model_dump()
    for one in document["checkpoints"]:
        one["due"] += takes.get(one["id"].replace("-", "_"), timedelta())
    return Plan.model_validate(document)


@pytest.mark.parametrize(("longer", "weighed"), [(timedelta(hours=1), True), (timedelta(), False)])
def test_r28_how_often_it_is_asked_where_it_is_is_weighed_where_the_way_takes_longer(
    monkeypatch: pytest.MonkeyPatch, longer: timedelta, *, weighed: bool
) -> None:
    """The watch stays as it is; who is in charge for longer is asked more often, and has a word left at the end."""
    table = Table(with_changes(plan_={"surveillance": WATCH}))
    with_figures(monkeypatch, table.delivery, speaker_statements=20)
    plan = taking(table, delivery=longer).model_copy(update={"title": "Another title"})
    if weighed:
        assert "surveillance.check_in: R28" in refused(table, plan)
    else:
        change(table, plan)


def test_r28_who_takes_the_place_of_who_is_in_charge_is_asked_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in charge for as long as that one would be, so how often it is asked is weighed no more."""
    table = Table(with_changes(plan_={"surveillance": WATCH}), other_cards=NOTHING_KZ | FREE).dispatch()
    with_figures(monkeypatch, table.delivery, speaker_statements=20, unasked_statements=1)
    police_replaced(table)
    assert "kz.border" == table.delivery.state.responsible


# How long what was given lasts, by a longer way


# A State that has gone off the way


def with_kyrgyzstan(document: dict[str, Any]) -> dict[str, Any]:
    """A plan that asks its prosecutor too."""
    kz = next(one for one in document["checkpoints"] if one["id"] == "consent-kz")
    bare: dict[str, Any] = {"escalate": [], "remind": [], "place": "Osh", "locode": None}
    asked = kz | bare | {"id": "consent-kg", "state": "KG", "requires": asks("kg.prosecutor authorisation")}
    offence = document["offence"] | {"extraditable": document["offence"]["extraditable"] | {"KG": True}}
    law = document["answers_for_law"] | {"KG": "kg.prosecutor"}
    return document | {"checkpoints": [asked, *document["checkpoints"]], "offence": offence, "answers_for_law": law}


def asked_off_the_way(plan: Plan) -> Plan:
    """The same plan; Kyrgyzstan is asked too, though nothing goes there."""
    return asking_all(Plan.model_validate(with_kyrgyzstan(plan.model_dump())))


def through_kyrgyzstan(*of_kg: str, uses: Sequence[str] = (), **card: Any) -> Table:
    """The first leg calls in Osh."""
    document = with_changes(
        plan_={"surveillance": None, "uses": uses}, consent_kz={"escalate": []}, consent_uz={"escalate": []}
    ).model_dump()
    calls = [{"kind": "airport", "state": "KG", "place": "Osh"}]
    document["legs"] = [document["legs"][0] | {"calls": calls}, document["legs"][1]]
    there = {"id": "consent-kg", "state": "KG", "place": "Osh", "locode": None, "requires": asks(*of_kg), "remind": []}
    document["checkpoints"] = [document["checkpoints"][0] | there, *document["checkpoints"]]
    document["answers_for_law"] |= {"KG": "kg.prosecutor"}
    document["offence"]["extraditable"] |= {"KG": True}
    return Table(asking_all(Plan.model_validate(document)), other_cards=card_of("KG", **card) if card else {})


def past_kyrgyzstan(table: Table, *, without: tuple[str, ...] = (), delivered_at: str = "delivery") -> None:
    """It calls there no more, these checkpoints are taken out, and it is delivered at this one."""
    document = table.delivery.plan.model_dump()
    document["legs"][1]["end"] = next(one for one in document["checkpoints"] if one["step"] == "deliver")["id"] = delivered_at
    document["legs"] = [document["legs"][0] | {"calls": ()}, document["legs"][1]]
    document["checkpoints"] = [one for one in document["checkpoints"] if one["id"] not in without]
    if without:
        del document["answers_for_law"]["KG"], document["request"]["to"]["KG"]
    change(table, Plan.model_validate(document))


@pytest.mark.parametrize("uses", [[], ["following_person"]])
def test_r22_what_is_done_to_persons_everywhere_touches_no_state_that_is_asked_no_more(uses: list[str]) -> None:
    """A person is followed, or not: with its question a State is gone that one of two had answered for."""
    both = ("kg.prosecutor authorisation", "kg.police authorisation")
    table = through_kyrgyzstan(*both, uses=uses, granted_by=["prosecutor", "police"], measures=[FREE_KG])
    said = table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG, permits=[])
    assert code(said) is None
    past_kyrgyzstan(table, without=("consent-kg",))
    assert ("KZ", "UZ") == table.delivery.plan.asked_states()


def test_r1_what_one_gave_by_word_of_mouth_that_has_no_part_any_more_is_written_by_nobody() -> None:
    """Its question is taken out half answered, with its State: it has expired, and nobody is asked."""
    table = through_kyrgyzstan("kg.prosecutor authorisation", "kg.police authorisation", granted_by=["prosecutor", "police"])
    oral = {"form": "oral", "given_at": table.now.isoformat(), "spoken": "telephone", "taken_down_by": "officer 7"}
    assert code(table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG, **oral)) is None
    assert table.is_open("written.kg.prosecutor.1")
    past_kyrgyzstan(table, without=("consent-kg",))
    assert table.delivery.state.grants["kg.prosecutor"].expired
    assert not [one for one in table.delivery.state.open_checkpoints() if one.contingency is not None]
    assert not wedge(table.delivery, table.now)
    assert verify(table.packet()).size == len(table.delivery.ledger)


def test_r19_a_condition_of_a_state_that_has_no_part_any_more_binds_nobody() -> None:
    """Its question is taken out half answered, and nobody there could take back what it wanted at the delivery."""
    table = through_kyrgyzstan("kg.prosecutor authorisation", "kg.police authorisation", granted_by=["prosecutor", "police"])
    present = [{"text": "an officer of Kyrgyzstan is present", "at": "delivery"}]
    said = table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG, conditions=present)
    assert code(said) is None
    past_kyrgyzstan(table, without=("consent-kg",))
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until=LONG)
    table.dispatch().hand_over()
    assert code(table.say("uz.customs", "delivered", "delivery")) is None


def bound_by_kyrgyzstan(at: str) -> Table:
    """It lies off the way, is asked all the same, and has consented on a condition at this checkpoint; so have the others."""
    table = Table(asked_off_the_way(with_changes(consent_kz={"escalate": []}, consent_uz={"escalate": []})))
    bound = [{"text": "nothing goes by Osh", "at": at}]
    assert code(table.say("kg.prosecutor", "authorisation_granted", "consent-kg", conditions=bound)) is None
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}")
    return table


def test_r19_a_condition_of_a_state_that_is_asked_off_the_way_binds() -> None:
    """Its refusal would halt it; nobody goes on before it is said that what it wants is met."""
    table = bound_by_kyrgyzstan("preparation")
    assert code(table.say("kz.police", "prepared", "preparation")) == "condition_unmet"
    assert code(table.say("kz.police", "prepared", "preparation", fulfils=["kg.prosecutor/1"])) is None


def test_r19_a_state_off_the_way_is_asked_afresh_where_its_condition_would_be_lost() -> None:
    """The checkpoint at which it binds is taken out, and another stands in its place."""
    document = bound_by_kyrgyzstan("delivery").delivery.plan.model_dump()
    next(one for one in document["checkpoints"] if one["id"] == "delivery")["id"] = "post-office"
    document["legs"][1]["end"] = "post-office"
    lost = Plan.model_validate(document)
    assert "what KG was asked to decide on changes" in refused(bound_by_kyrgyzstan("delivery"), lost)
    change(bound_by_kyrgyzstan("preparation"), lost)


def test_r19_who_was_led_past_is_not_asked_for_a_condition_that_is_lost() -> None:
    """Kyrgyzstan had answered; the way leads past it, and where its condition was to be met nothing is delivered any more."""
    table = through_kyrgyzstan("kg.prosecutor authorisation")
    present = [{"text": "an officer of Kyrgyzstan is present", "at": "delivery"}]
    table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG, conditions=present)
    past_kyrgyzstan(table, delivered_at="post-office")
    assert () == table.delivery.consents.binding("post-office")


def test_r19_who_was_led_past_is_asked_afresh_and_binds_no_more() -> None:
    """Kyrgyzstan had answered when the way led past it: its condition binds until it has answered anew, without one."""
    table = through_kyrgyzstan("kg.prosecutor authorisation")
    present = [{"text": "an officer of Kyrgyzstan is present", "at": "delivery"}]
    table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG, conditions=present)
    past_kyrgyzstan(table)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until=LONG)
    table.dispatch().hand_over()
    assert code(table.say("uz.customs", "delivered", "delivery")) == "condition_unmet"
    document = table.delivery.plan.model_dump()
    again = next(one for one in document["checkpoints"] if one["id"] == "consent-kg") | {"id": "kg-9"}
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again]}))
    assert code(table.say("kg.prosecutor", "authorisation_granted", "kg-9", valid_until=LONG)) is None
    assert code(table.say("uz.customs", "delivered", "delivery")) is None


LAW_KG = {"mark": "T", "text": example_cards()["KG"].texts[0].id}
FREE_KG: dict[str, Any] = {"measures": MEASURES, "needs": "nothing", "law": LAW_KG}


def test_r16_what_was_urgent_there_is_sanctioned_by_nobody() -> None:
    """The police let the post be looked at, for a prosecutor that has no part any more: that has ended, and nobody is asked."""
    measures = [
        {"measures": ["post"], "needs": "permission", "by": ["prosecutor"], "law": LAW_KG},
        FREE_KG | {"measures": [one for one in MEASURES if one != "post"]},
    ]
    urgent = [{"measures": ["post"], "by": ["police"], "sanctioned_within": "24h", "law": LAW_KG}]
    asked = ("kg.prosecutor authorisation", "kg.prosecutor permission", "kg.police authorisation")
    card: dict[str, Any] = {"granted_by": ["prosecutor", "police"], "measures": measures, "urgent_measures": urgent}
    table = through_kyrgyzstan(*asked, **card)
    said = {"urgent_at": table.now.isoformat(), "on_behalf_of": "kg.prosecutor", "permissions": ["post"]}
    assert code(table.say("kg.police", "permission_granted", "consent-kg", **said)) is None
    assert table.is_open("sanction.kg.prosecutor.1")
    past_kyrgyzstan(table, without=("consent-kg",))
    assert ((), False) == (table.delivery.state.permits["KG"], table.is_open("sanction.kg.prosecutor.1"))
    assert not wedge(table.delivery, table.now)
    assert verify(table.packet()).size == len(table.delivery.ledger)


def test_r17_nobody_owes_a_duty_there_that_has_no_part_any_more() -> None:
    """By the card whoever authorises tells a court once it has left; later changes of plan are not refused for that."""
    duty = {"id": "told", "what": "tells the court", "after": "departure", "within": "24h", "law": LAW_KG}
    card: dict[str, Any] = {"granted_by": ["prosecutor", "police"], "measures": [FREE_KG], "duties": [duty]}
    table = through_kyrgyzstan("kg.prosecutor authorisation", "kg.police authorisation", **card)
    said = table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG, permits=[])
    assert code(said) is None
    past_kyrgyzstan(table, without=("consent-kg",))
    table.dispatch()
    assert not [one for one in table.delivery.state.progress.values() if one.contingency == "duty" and "kg" in one.key]
    change(table, table.delivery.plan.model_copy(update={"title": "Another title"}))


def test_r3_who_lies_off_the_way_does_not_stand_against_how_it_is_handled() -> None:
    """Kyrgyzstan consented to an intact delivery alone, and is called at no more."""
    table = through_kyrgyzstan("kg.prosecutor authorisation")
    assert code(table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG)) is None
    past_kyrgyzstan(table)
    document = table.delivery.plan.model_dump()
    document["checkpoints"] = [
        one | {"id": f"{one['state'].lower()}-9"} if one["id"] in ("consent-kz", "consent-uz") else one
        for one in document["checkpoints"]
    ]
    change(table, Plan.model_validate(document | {"modality": "replaced_in_whole"}))
    for state in ("kz", "uz"):
        said: dict[str, Any] = {"valid_until": LONG, "modalities": ["replaced_in_whole"]}
        assert code(table.say(f"{state}.prosecutor", "authorisation_granted", f"{state}-9", **said)) is None
    assert table.delivery.state.halt is None
    assert table.is_open("preparation")


def test_r1_a_state_to_which_exhibits_are_brought_is_touched() -> None:
    """Its police examine them, so it consents; by word of mouth, and nobody writes it down: that halts."""
    document = with_changes(plan_={"surveillance": None}, consent_kz={"escalate": []}).model_dump()
    there = {"id": "consent-ru", "state": "RU", "place": "Moscow", "locode": None, "remind": [], "escalate": []}
    known = {one["id"]: one for one in document["checkpoints"]}
    known["accounting"]["requires"] = [*known["accounting"]["requires"], *asks("ru.police examination")]
    asked = known["consent-kz"] | there | {"requires": asks("ru.prosecutor authorisation")}
    document["checkpoints"] = [asked, *document["checkpoints"]]
    document["answers_for_law"] |= {"RU": "ru.prosecutor"}
    document["offence"]["extraditable"] |= {"RU": True}
    law = {"mark": "T", "text": example_cards()["RU"].texts[0].id}
    deciders = [{"by": ["prosecutor"], "role": "deciding", "law": law}]
    cards = card_of("RU", granted_by=["prosecutor"], exclusions=[], deciders=deciders)
    table = Table(asking_all(Plan.model_validate(document)), other_cards=cards)
    oral = {"form": "oral", "given_at": table.now.isoformat(), "spoken": "telephone", "taken_down_by": "officer 7"}
    assert code(table.say("ru.prosecutor", "authorisation_granted", "consent-ru", valid_until=LONG, **oral)) is None
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until=LONG)
    table.pass_time(hours=30)
    assert table.delivery.state.halt is not None


def test_r6_an_answered_handover_is_not_taken_out_with_its_state() -> None:
    """The taker has accepted it, the giver has not offered it: the way does not end in Kazakhstan then."""
    plan = with_changes(plan_={"surveillance": None}, consent_kz={"escalate": []})
    table = Table(plan, other_cards=NOTHING_KZ | FREE).dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    document = ending_in_kazakhstan(table)
    document["checkpoints"] = [one for one in document["checkpoints"] if one["state"] != "UZ"]
    assert "tashkent-airport has been passed or answered" in refused(table, Plan.model_validate(document))


def test_r22_a_half_answered_question_goes_with_its_state() -> None:
    """One of two has answered in Kyrgyzstan; the silence of the other halts nothing any more."""
    both = ("kg.prosecutor authorisation", "kg.police authorisation")
    table = through_kyrgyzstan(*both, granted_by=["prosecutor", "police"])
    assert code(table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG)) is None
    document = table.delivery.plan.model_dump()
    document["checkpoints"] = [one for one in document["checkpoints"] if one["id"] != "consent-kg"]
    assert "has been passed or answered" in refused(table, Plan.model_validate(document))
    past_kyrgyzstan(table, without=("consent-kg",))
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until=LONG)
    assert table.is_open("preparation")
    assert verify(table.packet()).size == len(table.delivery.ledger)


@pytest.mark.parametrize("leaves", [True, False])
def test_r1_what_a_state_off_the_way_has_not_written_halts_nothing(*, leaves: bool) -> None:
    """Kyrgyzstan consented by word of mouth; the time for its writing passes."""
    table = through_kyrgyzstan("kg.prosecutor authorisation")
    oral = {"form": "oral", "given_at": table.now.isoformat(), "spoken": "telephone", "taken_down_by": "officer 7"}
    said = table.say("kg.prosecutor", "authorisation_granted", "consent-kg", valid_until=LONG, **oral)
    assert code(said) is None
    if leaves:
        past_kyrgyzstan(table)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until=LONG)
    table.pass_time(hours=25)
    halt = table.delivery.state.halt
    assert leaves == (halt is None or halt.finding.code != "not_written")
    assert table.delivery.state.grants["kg.prosecutor"].expired
    assert verify(table.packet()).size == len(table.delivery.ledger)


# What has passed, by the law of another way


def test_r1_who_decides_on_the_new_way_is_asked_afresh_and_who_decided_on_the_old_is_past() -> None:
    """By the card of Kazakhstan its prosecutor decides on what leaves it, and a court on what stays."""
    deciders = [
        {"by": ["prosecutor"], "role": "deciding", "movements": ["export", "transit", "import"], "law": LAW},
        {"by": ["court"], "role": "deciding", "movements": ["domestic"], "law": LAW},
    ]
    watching = [
        {"measures": ["watching_thing"], "needs": "nothing", "movements": ["export", "transit", "import"], "law": LAW},
        {"measures": ["watching_thing"], "needs": "permission", "by": ["court"], "movements": ["domestic"], "law": LAW},
    ]
    others = [one for one in MEASURES if one != "watching_thing"]
    card = card_of("KZ", deciders=deciders, measures=[*watching, {"measures": others, "needs": "nothing", "law": LAW}])
    plan = with_changes(plan_={"surveillance": WATCH, "coordinator": "kz.court"}, consent_kz={"escalate": []})
    table = Table(plan, other_cards=card | FREE)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until=LONG, permits=[])
    table.dispatch()
    document = ending_in_kazakhstan(table) | {"answers_for_law": {"KZ": "kz.court", "UZ": "uz.prosecutor"}}
    assert "checkpoints.0.requires.0.service: R1" in refused(table, Plan.model_validate(document))
    known = {one["id"]: one for one in document["checkpoints"]}
    asked = known["consent-kz"] | {"id": "kz-9", "requires": asks("kz.court authorisation"), "remind": []}
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], asked]}))
    table.pass_time(hours=2)
    assert [one for one in table.delivery.state.open_checkpoints() if one.contingency == "sighting"], "it is watched still"
    said = {"valid_until": LONG, "permits": ["watching_thing"]}
    assert code(table.say("kz.court", "authorisation_granted", "kz-9", **said)) is None
    change(table, table.delivery.plan.model_copy(update={"title": "Another title"}))


def test_r13_who_stood_on_the_ladder_of_what_has_passed_may_be_put_in_charge() -> None:
    """The border guard would have answered for the prosecutor, who was not silent; the keys of the police are stolen now."""
    ladder = [{"after": timedelta(hours=1), "to": "kz.border", "may_answer": True}]
    plan = with_changes(consent_kz={"escalate": ladder}, plan_={"surveillance": None})
    table = Table(plan, other_cards=card_of("KZ", **BESIDE)).dispatch()
    police_replaced(table)
    assert "kz.border" == table.delivery.state.responsible


@pytest.mark.parametrize("may_answer", [False, True])
def test_r22_who_was_told_of_silence_may_take_the_place_of_who_is_silent(*, may_answer: bool) -> None:
    """One of two has answered, and the border guard was told that the court has not. Not, where it may answer there itself."""
    ladder = [{"after": timedelta(hours=1), "to": "kz.border", "may_answer": may_answer}]
    both = asks("kz.prosecutor authorisation", "kz.court authorisation")
    plan = with_changes(
        consent_kz={"escalate": ladder, "requires": both}, plan_={"surveillance": None, "coordinator": "kz.court"}
    )
    table = Table(plan, other_cards=card_of("KZ", **BESIDE))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until=LONG)
    document = table.delivery.plan.model_dump() | {"coordinator": None}
    for one in (one for checkpoint in document["checkpoints"] for one in checkpoint["requires"]):
        one["service"] = one["service"].replace("kz.court", "kz.border")
    document["replaced"] = [{"service": "kz.court", "by": "kz.border", "reason": "keys stolen"}]
    assert "stands on this ladder already" in refused(table, Plan.model_validate(document))
    table.pass_time(hours=2)
    if may_answer:
        assert "stands on this ladder already" in refused(table, Plan.model_validate(document))
        return
    change(table, Plan.model_validate(document))
    table.say("kz.border", "authorisation_granted", "consent-kz", valid_until=LONG)
    assert table.is_closed("consent-kz")
    assert verify(table.packet()).size == len(table.delivery.ledger)


# The register


def test_r15_a_change_and_the_next_that_undoes_it_leave_the_register_to_be_looked_into() -> None:
    """The number was a slip of the pen: nobody has signed the look for it, and it is taken out again."""
    plan = example_plan()
    table = Table(plan, reported=False)
    table.signed = False
    slip = {"kind": "phone", "hash": "cd" * 32}
    change(table, Plan.model_validate(plan.model_dump() | {"selectors": [*plan.model_dump()["selectors"], slip]}))
    change(table, plan.model_copy(update={"title": "As before"}))
    table.signed = True
    table.say("kz.police", "detected", "detection.1")
    assert table.is_open("consent-kz", "consent-uz")
    assert not wedge(table.delivery, table.now)


def test_r15_a_conflict_over_what_was_taken_out_again_is_looked_into_afresh() -> None:
    """Another operation touches the number, not what is left."""
    plan = example_plan()
    table = Table(plan)
    table.alone = False
    change(table, Plan.model_validate(plan.model_dump() | {"selectors": [{"kind": "phone", "hash": "cd" * 32}]}))
    table.deconflict("ru.police")
    table.settle()
    assert [one for one in table.delivery.state.open_checkpoints() if one.contingency == "conflict"]
    table.alone = True
    change(table, plan.model_copy(update={"title": "As before"}))
    assert not [one for one in table.delivery.state.open_checkpoints() if one.contingency == "conflict"]
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}")
    assert table.is_open("preparation")
