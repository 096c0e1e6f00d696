"""Changes under way (R22): only by the initiator, only what is still ahead, and with fresh consent where the way changes."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.decided import Cleared, Closed, Opened
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended
from domain.plan.cards import RuleCard
from domain.plan.plan import Plan
from domain.record.door import amend
from domain.record.receipts import fits
from domain.record.verify import verify
from domain.rules.afresh import warned_in_time
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, sign
from domain.words.errors import NotAllowed, NotAuthentic, NotVerified, RuleBroken
from rehearsal.scenario import Act, Pace, PlanChange, Scenario
from rehearsal.services import cast, private_key_of
from rehearsal.simulator import Simulated, World, simulate
from tests.course import accounted, became, brings, consenting, dispatched, forbidden, prepared
from tests.support import (
    MEASURES,
    Table,
    asks,
    card_of,
    example_cards,
    example_directory,
    example_plan,
    signed_plan,
    with_changes,
)

FRESH = {
    "id": "consent-uz-2",
    "step": "authorise",
    "state": "UZ",
    "place": "Tashkent",
    "due": timedelta(hours=24),
    "requires": [{"service": "uz.prosecutor", "says": "authorisation"}],
}


def changed(edit: Any, plan: Plan | None = None) -> Plan:
    """The plan after an edit of its fields."""
    document = (plan or example_plan()).model_dump()
    edit(document)
    return Plan.model_validate(document)


def elsewhere(document: dict[str, Any]) -> None:
    """The parcel is to be delivered at another address in Uzbekistan."""
    delivery = next(one for one in document["checkpoints"] if one["id"] == "delivery")
    delivery["place"] = "Another address, Samarkand"


def elsewhere_with_consent(document: dict[str, Any]) -> None:
    """The same, and Uzbekistan is asked afresh."""
    elsewhere(document)
    document["checkpoints"] = [*document["checkpoints"], FRESH]


def change(table: Table, plan: Plan, by: str = "kz.knb", cards: tuple[RuleCard, ...] = ()) -> Entry:
    """The initiator (or another) signs the new plan and hands it in, with the cards of States that are new in it."""
    envelope = sign(canonical(plan), PLAN_TYPE, private_key_of(by))
    entry = amend(table.delivery, Amended(plan=envelope, cards=cards), table.now)
    table.settle()
    return entry


def refused(table: Table, plan: Plan, cards: tuple[RuleCard, ...] = ()) -> str:
    """Why the new plan may not take the old one's place; nothing is recorded."""
    so_far = len(table.delivery.ledger)
    with pytest.raises(RuleBroken) as error:
        change(table, plan, cards=cards)
    assert so_far == len(table.delivery.ledger)
    assert ("R22", "plan_not_changed") == (error.value.rule, error.value.reason)
    return error.value.sentence


def test_r22_another_way_needs_the_consent_of_its_state_afresh() -> None:
    """Uzbekistan consented to a delivery in Tashkent; one in Samarkand is asked for before it is delivered there."""
    table = Table().dispatch()
    assert "UZ must be asked afresh" in refused(table, changed(elsewhere))
    change(table, changed(elsewhere_with_consent))

    assert "Another address, Samarkand" == table.delivery.plan.checkpoints[5].place
    assert table.is_open("consent-uz-2")


def test_r22_a_state_that_refuses_the_other_way_halts_it() -> None:
    """The fresh request is a request like any other."""
    table = Table().dispatch()
    change(table, changed(elsewhere_with_consent))
    table.say("uz.prosecutor", "authorisation_refused", "consent-uz-2")

    assert table.delivery.state.halt is not None
    assert "R1" == table.delivery.state.halt.rule


def test_r5_the_last_of_other_warnings_is_still_to_come() -> None:
    """The authorisation ends in less than three days: with that as the only warning it would halt, and nobody had been asked to
    extend it. With a shorter one beside, an extension is asked for.
    """
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-03-04T00:00:00Z")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")

    def warned(*hours: int) -> Plan:
        return with_changes(table.delivery.plan, plan_={"expiry_warnings": [timedelta(hours=one) for one in hours]})

    left = (table.delivery.state.grants["kz.prosecutor"].valid_until - table.now) // timedelta(hours=1)
    assert "kz.prosecutor ends in less than 3 d, so with that as the last warning it halts" in refused(table, warned(72))
    assert "expiry_warnings" in refused(table, warned(left, left + 1))
    change(table, warned(72, left - 1))
    assert table.delivery.state.halt is None
    assert table.is_open("extension.kz.prosecutor.1")


def test_r3_how_it_is_handled_changes_only_before_its_preparation_begins() -> None:
    """Whoever prepares it is asked to already: it would be opened as no State has consented to."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    removed = changed(lambda document: document.update(modality="removed"))
    assert "its preparation has begun" not in refused(table, removed)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.is_open("preparation")
    assert "its preparation has begun" in refused(table, removed)


def test_r5_warnings_are_weighed_by_the_moment_at_which_the_change_comes() -> None:
    """Nothing was recorded for hours, and meanwhile the last of the new warnings has passed."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-03-05T12:00:00Z")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.dispatch()
    ends = table.delivery.state.grants["kz.prosecutor"].valid_until
    table.pass_time(hours=9)
    assert table.delivery.state.now < table.now
    last = ends - table.now + timedelta(minutes=1)
    plan = with_changes(table.delivery.plan, plan_={"expiry_warnings": [last + timedelta(hours=1), last]})
    assert "halts at once" in refused(table, plan)


def test_r5_only_what_a_state_goes_by_by_the_new_plan_is_weighed() -> None:
    """The one that ends soon permits the post to be stopped, which the other does not: once nothing is sent by post, or nobody
    need permit it, nothing rests on that.
    """
    law = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
    followed = {"measures": ["following_person"], "needs": "permission", "by": ["prosecutor"], "law": law}
    rest = {"measures": [one for one in MEASURES if one != "following_person"], "needs": "nothing", "law": law}
    either = {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "need": 1, "escalate": []}
    base = with_changes(consent_kz=either, plan_={"uses": ["following_person"], "expiry_warnings": [timedelta(hours=2)]})
    both = base.model_copy(
        update={"checkpoints": (*base.checkpoints, base.checkpoints[0].model_copy(update={"id": "consent-kz-2"}))}
    )
    table = Table(both, other_cards=card_of("KZ", granted_by=["prosecutor", "court"], measures=[followed, rest]))
    table.say("kz.court", "authorisation_granted", "consent-kz-2", permits=[])
    soon = {"permits": ["following_person"], "valid_until": "2022-03-04T00:00:00Z"}
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **soon)
    sooner = {"expiry_warnings": [timedelta(days=9), timedelta(days=8)]}
    still = with_changes(table.delivery.plan, plan_=sooner)
    assert [one.place for one in warned_in_time(table.delivery, still, table.directory)] == ["expiry_warnings"]
    nobody = with_changes(table.delivery.plan, plan_=sooner | {"uses": []})
    assert [*warned_in_time(table.delivery, nobody, table.directory)] == []


@pytest.mark.parametrize("why", ["no warning", "withdrawn", "delivered", "behind", "as before", "spare"])
def test_r5_who_is_not_warned_of_hinders_no_other_warnings(why: str) -> None:
    """There is no warning any more, the authorisation was withdrawn, it is delivered or has left that State, they stay, or its
    State goes by another that lasts.
    """
    plan = with_changes(plan_={"expiry_warnings": [timedelta(days=9)] if why == "as before" else [timedelta(hours=2)]})
    if why == "spare":
        either = {"requires": asks("kz.prosecutor authorisation", "kz.court authorisation"), "need": 1, "escalate": []}
        plan = with_changes(plan, consent_kz=either)
        again = plan.checkpoints[0].model_copy(update={"id": "consent-kz-2"})
        plan = plan.model_copy(update={"checkpoints": (*plan.checkpoints, again)})
    law = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
    free = [{"measures": list(MEASURES), "needs": "nothing", "law": law}]
    table = Table(plan, other_cards=card_of("KZ", granted_by=["prosecutor", "court"], measures=free))
    if why == "spare":
        table.say("kz.court", "authorisation_granted", "consent-kz-2")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-03-04T00:00:00Z")
    if why == "withdrawn":
        table.say("kz.prosecutor", "authorisation_withdrawn", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    if why in ("delivered", "behind"):
        table.dispatch().hand_over()
    if why == "delivered":
        table.deliver()
    early = timedelta(days=60 if why == "delivered" else 9)
    plan = with_changes(table.delivery.plan, plan_={"title": "Another", "expiry_warnings": [early]})
    plan = with_changes(plan, plan_={"expiry_warnings": []}) if why == "no warning" else plan
    assert [*warned_in_time(table.delivery, plan, table.directory)] == []


def test_r22_a_plan_in_which_nothing_is_different_is_refused() -> None:
    """What changes nothing asks nobody afresh and leaves no entry."""
    assert "nothing in this plan is different" in refused(Table().dispatch(), example_plan())


def beside(name: str, like: str, **values: Any) -> Any:
    """An edit that adds a checkpoint which is like another."""

    def edit(document: dict[str, Any]) -> None:
        other = next(one for one in document["checkpoints"] if one["id"] == like)
        document["checkpoints"] = [*document["checkpoints"], other | {"id": name} | values]

    return edit


OVER: dict[str, tuple[Any, str]] = {
    "preparation has begun": (lambda: Table().consent(), "preparation"),
    "it has been prepared": (lambda: Table().prepare(), "preparation"),
    "departure has begun": (lambda: Table().prepare(), "departure"),
    "it has left": (lambda: Table().dispatch(), "departure"),
    "it is delivered, and consent was for the way": (lambda: Table().deliver(), "consent-uz"),
    "it is delivered": (lambda: Table().deliver(), "delivery"),
    "all of it is delivered and accounted for": (accounted, "accounting"),
}


@pytest.mark.parametrize(("table", "like"), OVER.values(), ids=OVER)
def test_r22_a_checkpoint_added_to_a_step_that_is_over_is_refused_with_the_reason(table: Any, like: str) -> None:
    """It would never be asked, so the initiator is told instead of left to wait."""
    delivery = table()
    reason = refused(delivery, changed(beside("another", like)))
    planned = example_plan().find(like)
    assert planned is not None
    over = f"the step {planned.step} is over; nothing more opens in it"
    assert (over if delivery.delivery.state.outcome is None else "has halted, split or ended") in reason


def arrested(table: Table) -> Table:
    """Both teams have struck."""
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    return table


def arrested_in_tashkent() -> Table:
    """Of two arrests one is made, and the other is waited for."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    return table


MUSTER = beside("muster", "delivery", step="muster", remind=[], requires=asks("uz.police ready"))
LATER: dict[str, tuple[Any, Any, str, tuple[str, str], str]] = {
    "muster, while the arrests are open": (
        lambda: Table().deliver(),
        MUSTER,
        "muster",
        ("uz.police", "ready"),
        "accounting",
    ),
    "arrest, while the arrests are open": (
        arrested_in_tashkent,
        beside("arrest-third", "arrest-tashkent"),
        "arrest-third",
        ("uz.police", "arrest_made"),
        "",
    ),
    "arrest, once the arrests are over": (
        lambda: arrested(Table().deliver()),
        beside("arrest-third", "arrest-tashkent"),
        "arrest-third",
        ("uz.police", "arrest_made"),
        "",
    ),
    "account, once the first is open": (
        lambda: arrested(Table().deliver()),
        beside("accounting-2", "accounting", requires=asks("uz.police seizure")),
        "accounting-2",
        ("uz.police", "seizure"),
        "",
    ),
}


@pytest.mark.parametrize(("table", "edit", "name", "says", "then"), LATER.values(), ids=LATER)
def test_r22_a_checkpoint_added_to_what_has_begun_gets_its_turn(
    table: Any, edit: Any, name: str, says: tuple[str, str], then: str
) -> None:
    """It opens at once, and nothing later opens or is concluded before it has closed."""
    delivery = table()
    change(delivery, changed(edit))
    assert delivery.is_open(name)
    if then:
        arrested(delivery)
        assert then not in delivery.delivery.state.progress
    else:
        arrested(delivery)
        delivery.say("uz.customs", "seizure", "accounting")
        assert delivery.delivery.state.outcome is None

    empty = {"recovered": []} if says[1] == "seizure" else {}
    assert ("accepted", None) == became(delivery.say(says[0], says[1], name, **empty))
    assert delivery.is_closed(name)
    assert delivery.is_open(then) if then else delivery.delivery.state.outcome == "delivered_with_arrests"
    assert verify(delivery.packet()).size == len(delivery.delivery.ledger)


def waiting_for_an_extension() -> Table:
    """Prepared, and not cleared to leave before the consent of Uzbekistan has been made longer."""
    table = consenting(uz="2022-03-03T06:00:00Z")
    prepared(table)
    assert table.is_open("extension.uz.prosecutor.1")
    assert "departure" not in table.delivery.state.progress
    return table


def test_r22_an_amendment_while_departure_waits_for_an_extension_asks_the_fresh_consents_at_once() -> None:
    """Departure waits for both, and begins as soon as the second has come."""
    table = waiting_for_an_extension()
    change(table, changed(elsewhere_with_consent))
    assert table.is_open("consent-uz-2", "extension.uz.prosecutor.1")
    table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-03-20T06:00:00Z")
    assert "departure" not in table.delivery.state.progress
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")
    assert table.is_open("departure")
    assert verify(table.packet()).size == len(table.delivery.ledger)


@pytest.mark.parametrize(
    ("content", "leaves"), [({}, True), ({"valid_from": "2022-03-02T06:00:00Z"}, False)], ids=["long enough", "still to begin"]
)
def test_r5_a_consent_that_was_given_afresh_takes_the_question_for_an_extension_back(
    content: Any,
    leaves: bool,  # noqa: FBT001
) -> None:
    """The old one is not used any more, so that nobody extends it halts nothing (found by test)."""
    table = waiting_for_an_extension()
    change(table, changed(elsewhere_with_consent))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2", **content)
    assert table.at("extension.uz.prosecutor.1").result == "withdrawn"
    assert table.is_open("departure") is leaves
    table.pass_time(hours=12)
    assert table.delivery.state.halt is None


def test_r5_what_is_provisional_leaves_the_question_for_an_extension_of_what_is_final() -> None:
    """The final one counts until the new question is answered, so it is still to be extended."""
    table = waiting_for_an_extension()
    change(table, changed(elsewhere_with_consent))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2", provisional=True)
    assert table.is_open("consent-uz-2", "extension.uz.prosecutor.1")
    table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-03-20T06:00:00Z")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")
    assert table.is_open("departure")


@pytest.mark.parametrize("order", [("consent-uz", "consent-uz-2"), ("consent-uz-2", "consent-uz")])
def test_r22_two_questions_that_are_open_at_once_are_answered_in_any_order(order: tuple[str, str]) -> None:
    """A plan changed while the first consent is awaited asks both, and once both are given it may leave (found by test)."""
    table = Table()
    change(table, changed(elsewhere_with_consent))
    for at in order:
        assert ("accepted", None) == became(table.say("uz.prosecutor", "authorisation_granted", at))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert () == table.delivery.consents.missing(table.now)
    prepared(table)
    assert table.is_open("departure")


def by_another_state(document: dict[str, Any]) -> None:
    """The street to the addressee is closed, and the way round it goes through Tajikistan, which is asked."""
    consent = document["checkpoints"][1]
    asked = {"requires": [{"service": "tj.customs", "says": "authorisation"}]}
    more = [consent | {"id": "consent-uz-2"}, consent | {"id": "consent-tj", "state": "TJ", "place": "Dushanbe"} | asked]
    document["checkpoints"] = [*document["checkpoints"], *more]
    document["legs"][1]["calls"] = [{"kind": "road", "state": "TJ", "place": "Khujand"}]
    document["answers_for_law"] |= {"TJ": "tj.customs"}
    document["request"]["to"] |= {"TJ": document["request"]["to"]["UZ"] | {"channel": "direct"}}
    document["offence"]["extraditable"] |= {"TJ": True}


def test_r22_a_state_that_nobody_foresaw_comes_onto_the_way_and_the_offence_says_what_it_is_there() -> None:
    """It is asked, and that alone is new: of States that have decided the offence says what it said."""
    table = Table().dispatch()

    def bringing(plan: Plan) -> Amended:
        brought = cast(example_directory(), ("tj.customs",))
        return Amended(plan=signed_plan(plan), services=(brought.get("tj.customs"),), cards=(example_cards()["TJ"],))

    def says_more(document: dict[str, Any]) -> None:
        by_another_state(document)
        document["offence"]["articles"] |= {"UZ": ["Criminal Code art. 246"]}

    for otherwise in ({"KZ": False, "UZ": True, "TJ": True}, {"KZ": True, "TJ": True}):
        plan = changed(by_another_state)
        offence = plan.offence.model_copy(update={"extraditable": otherwise})
        with pytest.raises(RuleBroken, match="offence: R22: this does not change under way"):
            amend(table.delivery, bringing(plan.model_copy(update={"offence": offence})), table.now)
    with pytest.raises(RuleBroken, match="offence: R22: this does not change under way"):
        amend(table.delivery, bringing(changed(says_more)), table.now)
    amend(table.delivery, bringing(changed(by_another_state)), table.now)
    assert table.is_open("consent-tj", "consent-uz-2")


def at_home(document: dict[str, Any]) -> None:
    """The border is closed: it is delivered where it is, in Kazakhstan, which is asked, and nothing is done in Uzbekistan."""
    one = {checkpoint["id"]: checkpoint for checkpoint in document["checkpoints"]}
    here = {"state": "KZ", "place": "Shymkent", "at": None}
    one["delivery"] |= here | {"id": "delivery-kz", "requires": [{"service": "kz.police", "says": "delivered"}]}
    one["accounting"] |= here | {"requires": [{"service": "kz.police", "says": "seizure"}]}
    afresh = one["consent-kz"] | {"id": "consent-kz-2"}
    kept = [each for name, each in one.items() if name not in ("tashkent-airport", "arrest-tashkent")]
    document["checkpoints"] = [*kept, afresh]
    document["legs"] = [document["legs"][0] | {"end": "delivery-kz"}]


def after_all(document: dict[str, Any]) -> None:
    """The border is open again, and it goes to Uzbekistan as it was planned first; Kazakhstan is asked once more."""
    again = [document["checkpoints"][0] | {"id": f"consent-kz-{number}"} for number in (2, 3)]
    airport = next(one for one in document["checkpoints"] if one["id"] == "tashkent-airport")
    airport |= {"id": "tashkent-airport-2"}
    document["checkpoints"] = [*document["checkpoints"], *again]
    flight, city = document["legs"]
    document["legs"] = [flight | {"end": airport["id"]}, city | {"start": airport["id"]}]


def test_r22_a_state_that_the_way_leaves_out_is_not_asked_about_that_and_is_asked_if_it_comes_back() -> None:
    """It has nothing left to decide, also where a condition of its consent bound at what is gone; it would be asked to consent to
    what goes round it, and could halt that. Where somebody is still arrested there, it is asked.
    """
    table = Table()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", conditions=[{"text": "two officers", "at": "delivery"}])
    table.dispatch()

    def but_an_arrest(document: dict[str, Any]) -> None:
        arrest = next(one for one in document["checkpoints"] if one["id"] == "arrest-tashkent")
        at_home(document)
        document["checkpoints"] = [*document["checkpoints"], arrest]

    assert "so UZ must be asked afresh" in refused(table, changed(but_an_arrest))
    change(table, changed(at_home))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz-2")
    assert table.is_open("delivery-kz")
    assert "so UZ must be asked afresh" in refused(table, changed(after_all))
    for service, kind, at in (
        ("kz.police", "delivered", "delivery-kz"),
        ("kz.knb", "arrest_made", "arrest-almaty"),
        ("kz.police", "seizure", "accounting"),
    ):
        assert became(table.say(service, kind, at)) == ("accepted", None)
    assert "delivered_with_arrests" == table.delivery.state.outcome


def test_r22_only_the_initiator_changes_a_plan() -> None:
    """Another's signature is no signature, and another initiator's plan is not this delivery's."""
    table = Table().dispatch()
    with pytest.raises(NotAuthentic):
        change(table, changed(elsewhere_with_consent), by="uz.police")
    with pytest.raises(NotAllowed):
        change(table, changed(lambda plan: plan.update(initiator="uz.police")), by="uz.police")


def set_in(kind: str, name: str, **values: Any) -> Any:
    """An edit of one checkpoint or leg."""

    def edit(document: dict[str, Any]) -> None:
        next(one for one in document[kind] if one["id"] == name).update(values)

    return edit


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (set_in("checkpoints", "preparation", place="elsewhere"), "preparation has been passed"),
        (set_in("legs", "flight", id="another"), "leg flight has been travelled or begun"),
        (set_in("checkpoints", "tashkent-airport", due=timedelta(hours=1)), "more time, not less"),
        (set_in("checkpoints", "tashkent-airport", overdue="hold"), "only its time, its ladder and who is asked"),
        (lambda plan: plan["consignment"].update(gross=1), "does not change under way"),
        (lambda plan: plan.update(modality="removed"), "its preparation has begun"),
        (lambda plan: plan.update(tolerances={"gross": 10**9}), "does not change under way"),
        (
            lambda plan: plan.update(replaced=[{"service": "uz.police", "by": "kz.afm", "reason": "busy"}]),
            "must be a service of the same State",
        ),
        (
            lambda plan: plan.update(replaced=[{"service": "uz.police", "by": "uz.customs", "reason": "busy"}]),
            "uz.police is still asked",
        ),
        (lambda plan: plan.update(replaced=[{"service": "kz.knb", "by": "kz.afm", "reason": "busy"}]), "not replaced"),
    ],
)
def test_r22_what_has_happened_does_not_change(edit: Any, reason: str) -> None:
    """Passed checkpoints, begun legs, what is asked at an open one and what travels stay as they were."""
    assert reason in refused(Table().dispatch(), changed(edit))


def test_a_receipt_from_before_a_change_names_the_plan_of_its_time_and_still_fits() -> None:
    """The plan in force is another by now; what was said before was about the one before."""
    table = Table()
    before = table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    change(table, changed(set_in("checkpoints", "delivery", due=timedelta(days=7))))
    after = table.say("uz.police", "information", text="a tip")

    assert before.plan != after.plan == table.delivery.state.plan_digest
    fits(before, table.delivery)
    fits(after, table.delivery)


def test_r22_a_checkpoint_that_has_been_passed_is_not_taken_out() -> None:
    """Uzbekistan was asked twice and has answered twice: a plan that asks it once was not the one."""
    table = Table(changed(lambda document: document.update(checkpoints=[*document["checkpoints"], FRESH]))).consent()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")

    assert table.is_closed("consent-uz-2")
    assert "consent-uz-2 has been passed or answered; it cannot be taken out" in refused(table, example_plan())


def test_r22_nobody_answers_in_place_of_who_has_answered() -> None:
    """Until the police has said that it is ready, the post may be asked instead; then its word stands at the open departure."""
    instead = changed(
        set_in("checkpoints", "departure", requires=asks("kz.police dispatched", "uz.customs ready", "uz.post ready"))
    )
    table = Table().prepare()
    change(table, instead)
    assert ("kz.police", "uz.customs", "uz.post") == table.delivery.state.progress["departure"].waiting_for()

    table = Table().prepare()
    table.say("uz.police", "ready", "departure")
    reason = refused(table, instead)
    assert "checkpoints.3.requires: R22: uz.police has answered; nobody answers in its place any more" == reason


def test_r22_nothing_changes_after_a_halt() -> None:
    """R8: a changed plan does not set a stopped delivery going again."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    assert "halted" in refused(table, changed(elsewhere_with_consent))


def test_r22_an_open_checkpoint_may_be_given_more_time() -> None:
    """Its due time moves, counted from when it opened."""
    table = Table().dispatch()
    before = table.delivery.state.progress["tashkent-airport"].due
    change(table, changed(set_in("checkpoints", "tashkent-airport", due=timedelta(hours=36))))
    after = table.delivery.state.progress["tashkent-airport"].due

    assert before is not None
    assert after == before + timedelta(hours=24)


def test_r22_a_shorter_leg_gives_no_open_checkpoint_less_time() -> None:
    """Due times on the way count from how long its leg takes; a shorter one would be overdue at once (found by test)."""

    def shorter(document: dict[str, Any]) -> None:
        set_in("legs", "flight", takes=timedelta(minutes=1))(document)
        set_in("checkpoints", "tashkent-airport", remind=[timedelta(hours=1)])(document)

    table = Table().dispatch()
    table.pass_time(hours=14)
    assert "checkpoints.4.due: R22: an open checkpoint may be given more time, not less" in refused(table, changed(shorter))


def test_r22_a_rung_that_has_been_climbed_is_not_given_to_another() -> None:
    """Who was not told would answer in another's place before its time (R21); rungs that follow may change (found by test)."""
    told = {"after": timedelta(hours=1), "to": "uz.customs"}
    backup = {"to": "uz.police", "may_answer": True}
    asked = changed(set_in("checkpoints", "consent-uz", escalate=[told]))
    table = Table(asked, other_cards=card_of("UZ", measures=[]))
    table.pass_time(hours=2)
    instead = changed(set_in("checkpoints", "consent-uz", escalate=[backup | {"after": timedelta(hours=1)}]))
    assert "whom the ladder of consent-uz has come to stays" in refused(table, instead)

    change(table, changed(set_in("checkpoints", "consent-uz", escalate=[told, backup | {"after": timedelta(hours=3)}])))
    spoken = {"on_behalf_of": "uz.prosecutor"}
    assert ("refused", "R21") == became(table.say("uz.police", "authorisation_granted", "consent-uz", **spoken))
    table.pass_time(hours=1)
    assert ("accepted", None) == became(table.say("uz.police", "authorisation_granted", "consent-uz", **spoken))


def test_r22_what_lies_ahead_of_a_changed_plan_is_cleared_anew() -> None:
    """The crossing was cleared for a shorter stay; custody passes only once the consent has been extended to the longer one."""
    table = dispatched(consenting(uz="2022-03-05T06:00:00Z"))
    assert table.delivery.state.cleared == 1
    table.say("kz.police", "handover_offered", "tashkent-airport")
    change(table, changed(set_in("checkpoints", "delivery", due=timedelta(days=7))))
    assert ("early", "R5") == became(table.say("uz.customs", "handover_accepted", "tashkent-airport"))
    assert "nothing" in forbidden(table, Cleared(leg=1))
    assert table.is_open("extension.uz.prosecutor.1")

    table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-03-15T06:00:00Z")
    assert table.is_closed("extension.uz.prosecutor.1", "tashkent-airport")
    assert "uz.customs" == table.delivery.state.responsible


def test_r22_a_departure_that_was_cleared_for_a_shorter_way_waits_until_it_is_cleared_anew() -> None:
    """The consent does not outlast the longer way, so nothing leaves, though the departure is open."""
    table = prepared(consenting(uz="2022-03-06T06:00:00Z"))
    change(table, changed(set_in("checkpoints", "delivery", due=timedelta(days=7))))
    assert ("refused", "R1") == became(table.say("kz.police", "dispatched", "departure"))
    assert table.is_open("departure", "extension.uz.prosecutor.1")

    table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-03-20T06:00:00Z")
    assert ("accepted", None) == became(table.say("kz.police", "dispatched", "departure"))


def replace_the_police(document: dict[str, Any]) -> None:
    """The customs of Uzbekistan do what its police was asked to."""
    for checkpoint in document["checkpoints"][4:]:
        for one in checkpoint["requires"]:
            one["service"] = one["service"].replace("uz.police", "uz.customs")
    document["replaced"] = [{"service": "uz.police", "by": "uz.customs", "reason": "conflict of interest"}]


def test_r22_who_has_been_replaced_is_not_heard_any_more() -> None:
    """The stand-in is asked in its place, and what the other signs from then on is turned away."""
    table = Table().dispatch()
    change(table, changed(replace_the_police))
    with pytest.raises(NotAllowed):
        table.say("uz.police", "stop_requested")

    assert "accepted" == table.say("uz.customs", "stop_requested").verdict.verdict


def test_r22_a_plan_that_was_replaced_never_counts_again() -> None:
    """Who has seen an old signed plan could hand it in again: the first plan and a later one are refused once another has taken
    their place. The one in force is one change however often it comes, and one that differs in its title counts.
    """
    table = Table()
    one, other = ({"title": title} for title in ("One", "Another"))
    first = change(table, table.plan.model_copy(update=one))
    assert first == change(table, table.plan.model_copy(update=one))
    second = change(table, table.plan.model_copy(update=other))

    for plan, until in ((example_plan(), first.seq), (example_plan().model_copy(update=one), second.seq)):
        assert f"in force until entry {until}; a plan that was replaced never counts again" in refused(table, plan)
    change(table, table.plan.model_copy(update={"title": "One, once more"}))
    verify(table.packet())


def test_r22_no_ledger_holds_a_plan_that_was_replaced_before() -> None:
    """An operator who puts an old signed plan into force again, or the one in force twice, makes no lawful record."""
    other = example_plan().model_copy(update={"title": "Another"})
    for replayed, said in ((example_plan(), "was in force until entry"), (other, "is put into its own place")):
        table = Table()
        change(table, other)
        table.delivery.append(Amended(plan=signed_plan(replayed)), table.now)
        table.settle()
        with pytest.raises(NotVerified, match=said):
            verify(table.packet())


def test_r22_who_has_been_replaced_is_held_against_the_trusted_directory() -> None:
    """What it said before counts, so a packet cannot give it another kind than it has."""
    table = Table().dispatch()
    change(table, changed(replace_the_police))
    packet, services = table.packet(), table.directory.services
    other = tuple(one.model_copy(update={"kind": "customs"}) if one.id == "uz.police" else one for one in services)
    with pytest.raises(NotVerified, match=r"uz\.police is of kind police and of UZ in the packet"):
        verify(packet, table.directory.model_copy(update={"services": other}))


def told(edit: Any, after: timedelta, *acts: Act) -> Simulated:
    """A simulated delivery whose plan changes so long after the start; who is in no act answers in ten minutes."""
    pace = Pace(fastest=timedelta(minutes=10), slowest=timedelta(minutes=10))
    scenario = Scenario(vigil="scenario/1", pace=pace, acts=acts, changes=(PlanChange(after=after, plan=changed(edit)),))
    return simulate(World(example_plan(), example_directory(), example_cards(), scenario, 1))


def test_r22_a_changed_delivery_ends_and_its_packet_verifies() -> None:
    """It asks for the fresh consent, is delivered at the other address, and a stranger's machine agrees."""
    done = told(elsewhere_with_consent, timedelta(hours=6))
    kinds = [entry.event.event for entry in done.delivery.ledger.entries]

    assert "delivered_with_arrests" == verify(done.packet).outcome
    assert 1 == kinds.count("amended")
    assert done.delivery.state.closed("consent-uz-2")


LEAVES = Act(service="kz.police", at="departure", says="dispatched", after=timedelta(hours=2))
READY = Act(service="uz.police", at="departure", says="ready", after=timedelta(hours=2))
CONSENTS = Act(service="uz.prosecutor", at="consent-uz-2", says="authorisation_granted", after=timedelta(hours=14))


@pytest.mark.parametrize(
    ("edit", "acts"),
    [
        (set_in("checkpoints", "arrest-almaty", due=timedelta(hours=30)), (LEAVES,)),
        (elsewhere_with_consent, (LEAVES,)),
        (elsewhere_with_consent, (READY, CONSENTS)),
    ],
    ids=["before it has left", "before it has left, with a fresh consent", "just after it has left"],
)
def test_r22_a_plan_changed_while_departure_is_open_is_followed_from_there(edit: Any, acts: tuple[Act, ...]) -> None:
    """What had been cleared is cleared anew, once, and the delivery goes on (found by test)."""
    done = told(edit, timedelta(minutes=45), *acts)
    ledger = [entry.event for entry in done.delivery.ledger.entries]
    changed_at = next(number for number, event in enumerate(ledger) if isinstance(event, Amended))

    assert not done.delivery.state.open_checkpoints()
    assert "departure" in {event.checkpoint for event in ledger[:changed_at] if isinstance(event, Opened)}
    assert "departure" in {event.checkpoint for event in ledger[changed_at:] if isinstance(event, Closed)}
    assert "delivered_with_arrests" == verify(done.packet).outcome


def test_r22_what_waited_for_a_fresh_consent_goes_on_the_moment_it_is_given() -> None:
    """Offered and accepted at the airport while Uzbekistan is asked afresh, it passes as soon as Uzbekistan consents."""
    done = told(elsewhere_with_consent, timedelta(minutes=50), CONSENTS)
    closed = {entry.event.checkpoint: entry.at for entry in done.delivery.ledger.entries if isinstance(entry.event, Closed)}

    assert closed["consent-uz-2"] == closed["tashkent-airport"]


def test_r1_a_change_does_not_stand_by_taking_the_question_about_it_out() -> None:
    """Before, two changes did without consent what one could not. Where another question asks the same, it goes."""
    table = Table().dispatch()
    change(table, changed(elsewhere_with_consent))
    assert "UZ has not decided at consent-uz-2, so it stays" in refused(table, changed(elsewhere))
    again = FRESH | {"id": "consent-uz-3"}
    change(table, changed(lambda document: document.update(checkpoints=[*document["checkpoints"], again]), changed(elsewhere)))
    assert (table.is_open("consent-uz-2"), table.is_open("consent-uz-3")) == (False, True)
    verify(table.packet())


def test_r5_a_decision_on_what_a_taker_found_does_not_pass_custody_into_a_state_that_is_asked_afresh() -> None:
    """All want it to go on while Uzbekistan is asked about another address: custody passes once Uzbekistan consents to that."""
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport", gross="12 kg")
    change(table, changed(elsewhere_with_consent))
    about = table.opened("decision")
    said = [table.say(one, "movement_decision", about) for one in table.at(about).checkpoint.services()]
    assert {("early", "R5")} == set(map(became, said))
    assert "kz.police" == table.delivery.state.responsible

    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")
    assert "uz.customs" == table.delivery.state.responsible


@pytest.mark.parametrize(("found", "at"), [({}, "tashkent-airport"), ({"gross": "12 kg"}, "tashkent-airport.decision.1")])
def test_r2_nobody_is_silent_at_what_waits_for_a_fresh_consent(found: dict[str, Any], at: str) -> None:
    """What the taker accepted, or those in charge decided on what it found, is kept until Uzbekistan consents: that time is not
    taken from what is due there, and is over once it has.
    """
    table = Table().dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    if found:
        table.say("uz.customs", "handover_accepted", "tashkent-airport", **found)
    due = table.at(at).due
    assert due is not None
    table.now = due - timedelta(minutes=30)
    table.pass_time(seconds=0)
    change(table, changed(elsewhere_with_consent))
    if found:
        said = [table.say(one, "movement_decision", at) for one in table.at(at).checkpoint.services()]
    else:
        said = [table.say("uz.customs", "handover_accepted", at)]
    assert {("early", "R5")} == set(map(became, said))
    table.pass_time(hours=2)
    assert table.delivery.state.halt is None

    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")
    assert "uz.customs" == table.delivery.state.responsible
    verify(table.packet())


def test_r2_who_may_not_let_it_leave_before_a_fresh_consent_is_not_silent_meanwhile() -> None:
    """Departure was open when the plan was changed: it is due as much later as Uzbekistan took to consent."""
    table = Table().prepare()
    due = table.at("departure").due
    assert due is not None
    change(table, changed(elsewhere_with_consent))
    assert "R1" == became(table.say("kz.police", "dispatched", "departure"))[1]
    table.pass_time(hours=14)
    assert "silence" not in table.events
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")
    assert table.at("departure").due == due + timedelta(hours=14)
    table.pass_time(hours=12)
    assert "silence" in table.events


def under_another_name(name: str) -> Any:
    """An edit by which a checkpoint bears another name."""

    def edit(document: dict[str, Any]) -> None:
        next(one for one in document["checkpoints"] if one["id"] == name)["id"] = "another"
        for leg in document["legs"]:
            leg["end"] = "another" if leg["end"] == name else leg["end"]

    return edit


def in_another_town(document: dict[str, Any]) -> None:
    """The arrest in Kazakhstan is made elsewhere, of which Uzbekistan is told nothing."""
    next(one for one in document["checkpoints"] if one["id"] == "arrest-almaty")["place"] = "Taraz"


def afresh(edit: Any, state: str) -> Any:
    """The same edit, and that State is asked afresh."""

    def edited(document: dict[str, Any]) -> None:
        edit(document)
        like = next(one for one in document["checkpoints"] if one["id"] == f"consent-{state.lower()}")
        document["checkpoints"] = [*document["checkpoints"], like | {"id": "afresh"}]

    return edited


def on_conditions(*at: str | None, by: str = "uz") -> Table:
    """Both States have consented, one of them on conditions that bind there, or in general."""
    table = Table()
    for state in ("kz", "uz"):
        conditions = [{"text": "two cars", "at": one} for one in at] if state == by else []
        said = table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", conditions=conditions)
        assert ("accepted", None) == became(said)
    return table


@pytest.mark.parametrize(
    ("table", "edit", "state"),
    [
        (lambda: on_conditions("delivery"), under_another_name("delivery"), "UZ"),
        (lambda: on_conditions("arrest-almaty"), in_another_town, "UZ"),
        (lambda: dispatched(on_conditions("accounting", by="kz")).hand_over(), under_another_name("accounting"), "KZ"),
    ],
    ids=["it bears another name", "it is elsewhere", "of a State that it has left"],
)
def test_r19_a_state_is_asked_afresh_where_a_change_takes_away_what_its_condition_binds(
    table: Any, edit: Any, state: str
) -> None:
    """Its consent was on that condition, which nobody would have to meet any more."""
    delivery = table()
    reason = refused(delivery, changed(edit))
    assert f"(where a condition of its consent binds), so {state} must be asked afresh" in reason
    change(delivery, changed(afresh(edit, state)))
    assert delivery.is_open("afresh")


def test_r19_conditions_that_bind_as_before_keep_no_plan_from_changing() -> None:
    """In general, where it has been passed, and where it is as it was; nor what was gone before and was asked about afresh."""
    table = on_conditions(None, "preparation", "delivery")
    longer = afresh(under_another_name("delivery"), "UZ")
    change(table, changed(longer))
    change(table, changed(set_in("checkpoints", "another", due=timedelta(days=7)), changed(longer)))
    assert 3 == len(table.delivery.state.plans)


def test_r2_who_was_silent_is_waited_for_anew_once_a_plan_gives_more_time() -> None:
    """Uzbekistan's customs is reminded again, and told of again if it stays silent; not where the new time is over as well."""
    table = Table().dispatch().hand_over()
    table.pass_time(hours=60)
    change(table, changed(set_in("checkpoints", "delivery", due=timedelta(hours=25))))
    assert table.at("delivery").silent
    assert 1 == table.events.count("silence")
    change(table, changed(set_in("checkpoints", "delivery", due=timedelta(hours=72), remind=[timedelta(hours=80)])))
    assert not table.at("delivery").silent
    assert ["reminded", "silence"] == [one for one in brings(table, hours=60) if one in ("reminded", "silence")]


def test_r5_a_plan_that_warns_otherwise_warns_by_all_that_it_says() -> None:
    """Of three warnings one has come, and an extension is asked for; both of the new plan are to come, and with the last the
    delivery halts. With that alone, or twice, the extension would be asked for no more.
    """
    table = dispatched(consenting(uz="2022-03-06T06:00:00Z")).hand_over()
    table.pass_time(hours=73)
    assert 1 == table.delivery.state.grants["uz.prosecutor"].warnings
    for alone in ([timedelta(hours=40)], [timedelta(hours=40)] * 2, []):
        why = refused(table, changed(lambda document, alone=alone: document.update(expiry_warnings=alone)))
        assert "uz.prosecutor is asked for a longer authorisation, and would be no more" in why
    change(table, changed(lambda document: document.update(expiry_warnings=[timedelta(hours=41), timedelta(hours=40)])))
    assert not table.is_open("extension.uz.prosecutor.1")
    table.pass_time(hours=6)
    assert table.is_open("extension.uz.prosecutor.2")
    table.pass_time(hours=1)
    assert table.delivery.state.halt is not None
    assert "not_extended" == table.delivery.state.halt.finding.code
