"""R5, R16: what States give lasts by their cards, also by a plan that is changed under way."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.plan.cards import RuleCard
from domain.plan.documents import Document
from domain.plan.group import GroupFile, expand
from domain.plan.plan import Plan
from domain.rules.lasting import lasting
from domain.rules.replacing import left_by
from tests.course import code
from tests.domain.test_changed_under_way import (
    NOTHING_KZ,
    WATCH,
    asked_afresh,
    asked_off_the_way,
    on_the_last_leg,
    taking,
    with_kyrgyzstan,
)
from tests.domain.test_changes import change, refused
from tests.domain.test_successors import FREE
from tests.groups import group_plans
from tests.support import EXAMPLES, MEASURES, Table, asking_all, asks, card_of, example_cards, with_changes


def ends_with(state: str, term: dict[str, Any], *measures: dict[str, Any]) -> Any:
    """The card of a State with this term and these rules of measures; of all others it wants nothing permitted."""
    law = {"law": {"mark": "T", "text": example_cards()[state].texts[0].id}}
    ruled = [name for one in measures for name in one["measures"]]
    others = {"measures": [one for one in MEASURES if one not in ruled], "needs": "nothing"}
    return card_of(state, terms=[term | law] if term else [], measures=[one | law for one in (*measures, others)])


def by_samarkand(plan: Plan) -> Plan:
    """The same plan; its way through Uzbekistan has two legs, and the police have the second."""
    document = plan.model_dump()
    known = {one["id"]: one for one in document["checkpoints"]}
    asked = asks("uz.customs handover_offer", "uz.police handover_acceptance")
    there = known["tashkent-airport"] | {"id": "samarkand", "place": "Samarkand", "locode": None, "requires": asked}
    place = list(known).index("delivery")
    known["delivery"]["requires"] = asks("uz.police delivered")
    document["checkpoints"] = [*document["checkpoints"][:place], there, *document["checkpoints"][place:]]
    first, second = document["legs"]
    document["legs"] = [first, second | {"end": "samarkand"}, second | {"start": "samarkand", "responsible": "uz.police"}]
    return Plan.model_validate(document)


def by_osh(table: Table) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its plan with a call in Kyrgyzstan on the second leg, which is asked, and the checkpoints of that by their ids."""
    document = table.delivery.plan.model_dump()
    document["legs"][1]["calls"] = [{"kind": "airport", "state": "KG", "place": "Osh"}]
    document = with_kyrgyzstan(document)
    return document, {one["id"]: one for one in document["checkpoints"]}


def one_of_two_in_uzbekistan(plan: Plan) -> Plan:
    """The same plan; its prosecutor or its police may authorise there, and one of them is enough."""
    document = plan.model_dump()
    uz = next(one for one in document["checkpoints"] if one["id"] == "consent-uz")
    uz |= {"need": 1, "requires": asks("uz.prosecutor authorisation", "uz.police authorisation")}
    return Plan.model_validate(document)


def consented(cards: Any, *, made: Callable[[Plan], Plan] = lambda plan: plan, **given: Any) -> Table:
    """Nobody watches it; all States that are asked have consented within the hour, by these cards."""
    plan = made(with_changes(plan_={"surveillance": None} | given.pop("plan_", {}), consent_kz={"escalate": []}))
    table = Table(plan, other_cards=cards)
    for state in map(str.lower, plan.asked_states()):
        said = {"valid_from": table.now.isoformat(), "valid_until": "2022-03-08T00:00:00Z", "permits": []} | given
        assert code(table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", **said)) is None
    return table


@pytest.mark.parametrize(
    ("margin", "more", "goes"), [(24, 24, True), (24, 44, True), (24, 45, False), (72, 8, True), (72, 9, False)]
)
def test_r5_time_for_a_consent_that_is_given_is_counted_no_more(margin: int, more: int, *, goes: bool) -> None:
    """By the card an authorisation of Uzbekistan lasts a week altogether; the preparation gets so many hours more. Counted beside
    it is the margin, or what is unused of it.
    """
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "7d"}), plan_={"margin": timedelta(hours=margin)})
    table.pass_time(hours=12)
    plan = taking(table, preparation=timedelta(hours=more))
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last 7 d 1 h" in refused(table, plan)


@pytest.mark.parametrize(("more", "goes"), [(638, True), (639, False)])
def test_r5_a_month_ends_by_the_calendar_where_it_has_begun(more: int, *, goes: bool) -> None:
    """By the card an authorisation of Uzbekistan lasts a month altogether; it began on the first of March."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "1 month"}))
    table.pass_time(hours=12)
    plan = taking(table, preparation=timedelta(hours=more))
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last 31 d 19 h" in refused(table, plan)


def test_r5_what_was_too_short_before_a_change_hinders_none_that_makes_it_no_longer() -> None:
    """The authorisation of Uzbekistan began three days ago, of the seven that it may last."""
    began = {"valid_from": "2022-02-26T06:00:00Z", "valid_until": "2022-03-05T06:00:00Z"}
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "7d"}), **began)
    assert "legs: R5: by this plan an authorisation of UZ" in refused(table, taking(table, preparation=timedelta(hours=1)))
    change(table, table.delivery.plan.model_copy(update={"title": "Another title"}))


def asked_again(table: Table, takes: timedelta, *asked: str) -> Plan:
    """It has left; its way through Uzbekistan takes so long, and that is asked afresh, the prosecutor or others."""
    legs = table.delivery.plan.model_dump()["legs"]
    return asked_afresh(table, *(asked or ("uz.prosecutor authorisation",)), legs=[legs[0], legs[1] | {"takes": takes}])


@pytest.mark.parametrize("margin", [24, 72])
@pytest.mark.parametrize(("takes", "goes"), [(62, True), (63, False)])
def test_r5_once_it_has_left_an_authorisation_lasts_no_longer_than_from_its_beginning(
    takes: int, margin: int, *, goes: bool
) -> None:
    """Of eight days as much is left as the way through Uzbekistan takes, with the half of a day that is over, the two days in
    which it may answer, what is left of the leg, whose time stands meanwhile, and what is unused of it; or an hour less.
    Once it has left nothing is asked of a margin.
    """
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "8d"}), plan_={"margin": timedelta(hours=margin)}).dispatch()
    table.pass_time(hours=12)
    plan = asked_again(table, timedelta(hours=takes))
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last" in refused(table, plan)


@pytest.mark.parametrize("replaced", [False, True])
def test_r5_another_that_is_asked_takes_the_place_of_no_act_that_the_plan_still_wants(*, replaced: bool) -> None:
    """The police may decide in Uzbekistan too: what the prosecutor gave is wanted all the same, and ends by its ceiling."""
    both = ends_with("UZ", {"ceiling": "8d"})
    both["UZ"] = both["UZ"].model_copy(update={"deciders": card_of("UZ", granted_by=["prosecutor", "police"])["UZ"].deciders})
    table = consented(NOTHING_KZ | both).dispatch()
    table.pass_time(hours=12)
    plan = asked_again(table, timedelta(hours=73), "uz.police authorisation").model_dump()
    if replaced:
        plan["replaced"] = [{"service": "uz.prosecutor", "by": "uz.police", "reason": "conflict of interest"}]
    assert "legs: R5: by this plan an authorisation of UZ may have to last" in refused(table, Plan.model_validate(plan))


def test_r5_a_state_that_lies_behind_holds_nothing_up() -> None:
    """Kazakhstan is asked afresh and has eight days; the last leg, in Uzbekistan, takes an hour more."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "8d"})).dispatch().hand_over()
    document = table.delivery.plan.model_dump()
    document["legs"][1]["takes"] += timedelta(hours=1)
    kz = next(one for one in document["checkpoints"] if one["id"] == "consent-kz")
    again = kz | {"id": "kz-9", "escalate": [], "remind": [], "due": timedelta(hours=200)}
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again]}))


@pytest.mark.parametrize("longer", [0, 1])
def test_r5_who_is_asked_wherever_that_is_holds_up_the_leg_that_comes_next(longer: int) -> None:
    """Kyrgyzstan lies off the way, is asked afresh and has eight days; Uzbekistan, ahead, has eight from its beginning, too."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "8d"}), made=asked_off_the_way).dispatch()
    document = table.delivery.plan.model_dump()
    document["legs"][1]["takes"] += timedelta(hours=longer)
    kg = next(one for one in document["checkpoints"] if one["id"] == "consent-kg")
    again = kg | {"id": "kg-9", "due": timedelta(hours=200)}
    plan = Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again]})
    assert "legs: R5: by this plan an authorisation of UZ may have to last" in refused(table, plan)
    change(
        table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again | {"due": timedelta(hours=72)}]})
    )


def test_r5_a_state_that_lies_behind_holds_up_a_leg_that_is_not_the_last() -> None:
    """Its way through Uzbekistan has two legs; it is on the first, and Kazakhstan, asked afresh, has twelve days."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "12d"}), made=by_samarkand).dispatch().hand_over()
    document = table.delivery.plan.model_dump()
    kz = next(one for one in document["checkpoints"] if one["id"] == "consent-kz")
    again = kz | {"id": "kz-9", "remind": [], "due": timedelta(hours=300)}
    plan = Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again]})
    assert "legs: R5: by this plan an authorisation of UZ may have to last" in refused(table, plan)


def several_decide_in_uzbekistan(**term: str) -> Table:
    """It has left; the prosecutor has authorised there, the police could have, and customs may too. Half a day is over."""
    table = consented(NOTHING_KZ | several_may(term), made=one_of_two_in_uzbekistan).dispatch()
    table.pass_time(hours=12)
    return table


def several_may(term: dict[str, str]) -> dict[str, RuleCard]:
    """The card of Uzbekistan, by which these may authorise, for eight days altogether if this does not say otherwise."""
    cards = ends_with("UZ", {"ceiling": "8d"} | term)
    kinds = card_of("UZ", granted_by=["prosecutor", "police", "customs"])["UZ"].deciders
    return {"UZ": cards["UZ"].model_copy(update={"deciders": kinds})}


def given_by_the_police(table: Table, **other: Any) -> Table:
    """The police have authorised too, half a day after the prosecutor."""
    given = table.delivery.state.grants["uz.prosecutor"]
    later = replace(given, service="uz.police", valid_from=given.valid_from + timedelta(hours=12), since=None, **other)
    table.delivery.state.grants["uz.police"] = later
    return table


def asked_for(table: Table, takes: int, *asked: str, due: int = 48, need: Any = "all") -> Plan:
    """Its way through Uzbekistan takes so many hours, where these are asked afresh and may answer within so many."""
    plan = asked_again(table, timedelta(hours=takes), *(f"{one} authorisation" for one in asked)).model_dump()
    next(one for one in plan["checkpoints"] if one["id"] == "uz-9").update(due=timedelta(hours=due), need=need)
    return Plan.model_validate(plan)


def test_r5_an_act_by_which_it_goes_no_more_ends_when_it_ends() -> None:
    """The prosecutor or the police may authorise, and one is enough: the police, asked afresh, begin anew."""
    table = several_decide_in_uzbekistan()
    assert "legs: R5: by this plan an authorisation of UZ" in refused(table, asked_for(table, 73, "uz.prosecutor"))
    change(table, asked_for(table, 73, "uz.police"))


def test_r5_an_act_by_which_it_goes_lasts_until_another_is_given_in_its_place() -> None:
    """The police, asked afresh, have a week; that of the prosecutor, half a day old, may last eight days. Or an hour more."""
    table = several_decide_in_uzbekistan()
    whole = 8 * 24 - 12 - 36
    assert "legs: R5: by this plan an authorisation of UZ" in refused(table, asked_for(table, 40, "uz.police", due=whole + 1))
    change(table, asked_for(table, 40, "uz.police", due=whole))


@pytest.mark.parametrize(("due", "goes"), [(78, True), (79, False)])
def test_r5_before_it_has_left_too_it_goes_by_an_act_until_another_is_given_in_its_place(due: int, *, goes: bool) -> None:
    """The act of the prosecutor is 78 hours old while it is prepared, and a day and a half are unused of it; then the police are
    asked alone.
    """

    def made(plan: Plan) -> Plan:
        return with_changes(one_of_two_in_uzbekistan(plan), preparation={"due": timedelta(hours=80)})

    table = consented(NOTHING_KZ | several_may({}), made=made)
    table.pass_time(hours=78)
    plan = asked_for(table, 18, "uz.police", due=due)
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last 8 d 1 h" in refused(table, plan)


@pytest.mark.parametrize(("takes", "goes"), [(62, True), (63, False)])
def test_r5_while_a_question_is_open_those_may_answer_whose_acts_began_first(takes: int, *, goes: bool) -> None:
    """One of the prosecutor and the police is to answer, whose act is half a day younger."""
    table = given_by_the_police(several_decide_in_uzbekistan())
    plan = asked_for(table, takes, "uz.prosecutor", "uz.police", need=1)
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ" in refused(table, plan)


@pytest.mark.parametrize(("more", "goes"), [(32, True), (33, False)])
def test_r5_an_act_counts_where_it_was_given_and_before(more: int, *, goes: bool) -> None:
    """Of three two are enough: the prosecutor, and the police later; asked afresh, the customs and the prosecutor. To that the
    police gave nothing.
    """
    three = ("uz.prosecutor", "uz.police", "uz.customs")

    def made(plan: Plan) -> Plan:
        asked = asks(*(f"{one} authorisation" for one in three))
        return with_changes(plan, consent_uz={"need": 2, "requires": asked, "remind": [], "due": timedelta(days=4)})

    table = consented(NOTHING_KZ | several_may({}), made=made)
    table.pass_time(hours=60)
    given = {"valid_from": table.now.isoformat(), "valid_until": "2022-03-08T00:00:00Z", "permits": []}
    assert code(table.say("uz.police", "authorisation_granted", "consent-uz", **given)) is None
    table.dispatch()
    change(table, asked_for(table, 18, *three, due=4, need=2))
    for service in ("uz.customs", "uz.prosecutor"):
        assert code(table.say(service, "authorisation_granted", "uz-9", **given)) is None
    plan = taking(table, delivery=timedelta(hours=more))
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last 8 d 1 h" in refused(table, plan)


@pytest.mark.parametrize(("first", "last"), [("police", "prosecutor"), ("prosecutor", "police")])
def test_r5_who_has_the_place_of_another_has_answered_by_its_act_what_that_was_asked_before(first: str, last: str) -> None:
    """Each must authorise at a checkpoint of its own, the second half a day later; then the police take the place of the
    prosecutor. What the prosecutor was asked first the police have answered since, and not the other way round.
    """

    def made(plan: Plan) -> Plan:
        kz, uz, *others = plan.model_dump()["checkpoints"]
        own = (uz | {"id": f"consent-{one}", "requires": asks(f"uz.{one} authorisation")} for one in (first, last))
        return Plan.model_validate(plan.model_dump() | {"checkpoints": [kz, *own, *others]})

    table = Table(made(with_changes(plan_={"surveillance": None})), other_cards=NOTHING_KZ | several_may({}))
    given = {"valid_from": table.now.isoformat(), "valid_until": "2022-03-08T00:00:00Z", "permits": []}
    for at, service in (("kz", "kz.prosecutor"), (first, f"uz.{first}"), (last, f"uz.{last}")):
        assert code(table.say(service, "authorisation_granted", f"consent-{at}", **given)) is None
    table.dispatch().delivery.state.grants[f"uz.{last}"].since = table.now + timedelta(hours=12)
    instead = {"service": "uz.prosecutor", "by": "uz.police", "reason": "busy"}
    plan = taking(table, delivery=timedelta(hours=93))
    plan = with_changes(plan, plan_={"replaced": [instead], "answers_for_law": plan.answers_for_law | {"UZ": "uz.police"}})
    if last == "police":
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last 8 d 1 h" in refused(table, plan)


def test_r5_two_changes_that_were_refused_as_one_are_refused() -> None:
    """By the first the police are asked, who begin anew; by the second, of no longer way, the prosecutor in their place."""
    table = several_decide_in_uzbekistan()
    change(table, asked_for(table, 73, "uz.police"))
    document = table.delivery.plan.model_dump()
    next(one for one in document["checkpoints"] if one["id"] == "uz-9")["requires"] = asks("uz.prosecutor authorisation")
    assert "legs: R5: by this plan an authorisation of UZ" in refused(table, Plan.model_validate(document))


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize(("more", "police", "goes"), [(92, False, True), (93, False, False), (93, True, True)])
def test_r5_more_acts_than_it_takes_are_no_fewer_than_it_takes(more: int, *, police: bool, replaced: bool, goes: bool) -> None:
    """Nobody is asked afresh, and its delivery may take so many hours more: it goes by the act that began last, also where the
    police have the place of the prosecutor now.
    """
    table = several_decide_in_uzbekistan()
    table = given_by_the_police(table) if police else table
    plan = taking(table, delivery=timedelta(hours=more))
    if replaced:
        instead = {"service": "uz.prosecutor", "by": "uz.police", "reason": "busy"}
        plan = with_changes(plan, plan_={"replaced": [instead], "answers_for_law": plan.answers_for_law | {"UZ": "uz.police"}})
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ" in refused(table, plan)


def test_r5_who_has_taken_the_place_of_another_and_is_asked_has_authorised_since_the_first_of_their_acts() -> None:
    """The police, who have authorised half a day later, take the place of the prosecutor, and are asked afresh."""
    table = given_by_the_police(several_decide_in_uzbekistan())
    change(table, asked_for(table, 63, "uz.police"))
    table = given_by_the_police(several_decide_in_uzbekistan())
    replaced = {"replaced": [{"service": "uz.prosecutor", "by": "uz.police", "reason": "busy"}]}
    plan = Plan.model_validate(asked_for(table, 63, "uz.police").model_dump() | replaced)
    assert "legs: R5: by this plan an authorisation of UZ" in refused(table, plan)


def test_r5_an_act_that_is_taken_back_counts_from_its_beginning_where_its_authority_is_asked() -> None:
    """The ceiling counts from the first that it gave, whatever became of that."""
    table = given_by_the_police(several_decide_in_uzbekistan(), withdrawn=True)
    table.delivery.state.grants["uz.police"].valid_from -= timedelta(days=2)
    assert "legs: R5: by this plan an authorisation of UZ" in refused(table, asked_for(table, 63, "uz.police"))


def test_r5_time_that_has_been_waited_is_not_counted_once_more() -> None:
    """Uzbekistan, asked afresh, has eight hours left of its two days; its delivery may take an hour more."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "8d"})).dispatch()
    table.pass_time(hours=12)
    change(table, asked_again(table, timedelta(hours=61)))
    table.pass_time(hours=40)
    change(table, taking(table, delivery=timedelta(hours=1)))


def test_r5_before_it_has_left_time_for_consents_is_counted_once() -> None:
    """Kyrgyzstan, off the way, is asked afresh; it leaves only then."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "8d"}), made=asked_off_the_way)
    document = table.delivery.plan.model_dump()
    again = next(one for one in document["checkpoints"] if one["id"] == "consent-kg") | {"id": "kg-9"}
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again]}))


@pytest.mark.parametrize(("other", "goes"), [({}, True), ({"provisional": True}, False), ({"expired": True}, False)])
def test_r5_where_one_of_two_acts_is_enough_it_goes_by_the_one_that_began_last(other: dict[str, Any], *, goes: bool) -> None:
    """That of the police, if it stands, began half a day after that of the prosecutor; customs is asked, for itself."""
    table = given_by_the_police(several_decide_in_uzbekistan(), **other)
    plan = asked_for(table, 63, "uz.customs")
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ" in refused(table, plan)


def test_r22_a_plan_of_fewer_legs_than_are_behind_is_refused_in_words() -> None:
    """It is on the second leg, and the new plan has one."""
    table = consented(NOTHING_KZ | FREE).dispatch().hand_over()
    document = table.delivery.plan.model_dump()
    plan = Plan.model_validate(document | {"legs": document["legs"][:1]})
    assert "legs.1: R22: leg city has been travelled or begun" in refused(table, plan)


@pytest.mark.parametrize(
    ("kg", "need", "hours", "goes"),
    [
        (["kg.prosecutor"], "all", (48, 48), True),
        (["kg.prosecutor"], "all", (48, 200), False),
        (["kg.prosecutor"], "all", (200, 48), True),
        (["kg.prosecutor", "kg.police"], "all", (200, 48), False),
        (["kg.prosecutor", "kg.police"], 1, (200, 48), True),
    ],
)
def test_r5_who_is_new_on_the_way_is_weighed_with_the_time_that_others_have_to_answer(
    kg: list[str], need: Any, hours: tuple[int, int], *, goes: bool
) -> None:
    """Kyrgyzstan, where one or two are asked, or one of two, may answer at once, for eight days; Uzbekistan is asked afresh."""
    cards = ends_with("KG", {"ceiling": "8d"})
    cards["KG"] = cards["KG"].model_copy(update={"deciders": card_of("KG", granted_by=["prosecutor", "police"])["KG"].deciders})
    table = consented(NOTHING_KZ | ends_with("UZ", {}))
    table.cards |= cards
    table.dispatch()
    document, known = by_osh(table)
    known["consent-kg"] |= {"requires": asks(*(f"{one} authorisation" for one in kg)), "due": timedelta(hours=hours[0])}
    known["consent-kg"]["need"] = need
    again = known["consent-uz"] | {"id": "uz-9", "escalate": [], "remind": [], "due": timedelta(hours=hours[1])}
    plan = asking_all(Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again]}))
    if goes:
        change(table, plan, cards=tuple(cards.values()))
    else:
        assert "legs: R5: by this plan an authorisation of KG" in refused(table, plan, cards=tuple(cards.values()))


def test_r5_a_ceiling_counts_from_the_first_of_its_acts() -> None:
    """What it gave last began a day later."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "8d"})).dispatch()
    table.delivery.state.grants["uz.prosecutor"].valid_from += timedelta(days=1)
    assert "legs: R5: by this plan an authorisation of UZ may have to last" in refused(
        table, asked_again(table, timedelta(hours=80))
    )


TWO_DAYS = {"due": timedelta(hours=48)}
WATCHED: dict[str, Any] = {"measures": ["watching_thing"], "needs": "permission", "by": ["prosecutor"], "longest": "7d"}
STEP = {"extension": "7d"}


def watched(step: dict[str, str], *, left: bool = True, margin: int = 24, **term: str) -> Table:
    """It has left, or not; that it is watched is permitted for a week, since a day ago."""
    cards = ends_with("KZ", {}, WATCHED | step) | ends_with("UZ", term, WATCHED | step)
    window = {"valid_from": "2022-02-28T06:00:00Z", "valid_until": "2022-03-07T06:00:00Z"}
    plan = {"surveillance": WATCH | {"check_in": timedelta(hours=6)}, "margin": timedelta(hours=margin)}
    table = consented(cards, plan_=plan, permits=["watching_thing"], **window)
    return table.dispatch() if left else table


@pytest.mark.parametrize(
    ("takes", "step", "term", "goes"),
    [
        (86, {}, {}, True),
        (87, {}, {}, False),
        (86, STEP, {}, True),
        (87, STEP, {}, False),
        (87, STEP, {"longest": "7d"}, True),
    ],
)
def test_r16_who_is_asked_afresh_permits_it_for_what_is_left_of_the_way(
    takes: int, step: dict[str, str], term: dict[str, str], *, goes: bool
) -> None:
    """What it took to leave is behind it, and the margin: a week from now it has left, or it may be extended till then."""
    table = watched(step, **term)
    plan = asked_again(table, timedelta(hours=takes))
    if goes:
        change(table, plan)
    else:
        assert "checkpoints: R16: by this plan watching thing may have to be permitted in UZ" in refused(table, plan)


def test_r16_who_is_asked_afresh_need_not_permit_once_more_what_is_over() -> None:
    """It was opened when it was prepared, which is permitted for a week at most; what is left of its way takes longer, and then
    an hour more, where nobody permits it any more, or what another permitted has expired.
    """
    opened: dict[str, Any] = {"measures": ["opening"], "needs": "permission", "by": ["prosecutor"], "longest": "7d"}
    cards = ends_with("KZ", {}, opened) | ends_with("UZ", {})
    table = consented(cards, plan_={"uses": ["opening"]}, permits=["opening"]).dispatch()
    legs = table.delivery.plan.model_dump()["legs"]
    longer = legs[0] | {"takes": timedelta(days=8)}
    plan = asked_afresh(table, "uz.prosecutor authorisation", legs=[longer, legs[1]]).model_dump()
    kz = next(one for one in plan["checkpoints"] if one["id"] == "consent-kz")
    again = kz | {"id": "kz-9", "remind": [], "escalate": []}
    change(table, Plan.model_validate(plan | {"checkpoints": [*plan["checkpoints"], again]}))
    for state in ("kz", "uz"):
        said = table.say(
            f"{state}.prosecutor", "authorisation_granted", f"{state}-9", valid_until="2022-03-25T00:00:00Z", permits=[]
        )
        assert code(said) is None
    assert table.delivery.state.halt is None
    change(table, taking(table, tashkent_airport=timedelta(hours=1)))
    before = replace(table.delivery.state.grants["kz.prosecutor"], service="kz.court", permits=("opening",), expired=True)
    table.delivery.state.grants["kz.court"] = before
    change(table, taking(table, tashkent_airport=timedelta(hours=2)))


@pytest.mark.parametrize(("more", "step", "goes"), [(44, {}, True), (45, {}, False), (45, STEP, True)])
def test_r16_who_is_not_asked_afresh_has_permitted_it_since_its_act_began(more: int, step: dict[str, str], *, goes: bool) -> None:
    """The delivery may take so many hours more; what is extended is permitted for as long as that takes."""
    table = watched(step)
    plan = taking(table, delivery=timedelta(hours=more))
    if goes:
        change(table, plan)
    else:
        assert "checkpoints: R16: by this plan watching thing may have to be permitted in UZ" in refused(table, plan)


@pytest.mark.parametrize(
    ("hours", "afresh", "goes"), [(566, False, True), (567, False, False), (590, True, True), (591, True, False)]
)
def test_r16_a_month_ends_by_the_calendar_where_it_has_begun(hours: int, *, afresh: bool, goes: bool) -> None:
    """By the card that it is watched is permitted for a month in Uzbekistan, and was on the last of February. Where it is to be
    permitted afresh, on a day that nobody knows, that is as long as the shortest month.
    """
    table = watched({})
    month = ends_with("UZ", {}, WATCHED | {"longest": "1 month"})["UZ"]
    table.delivery.state.cards = table.delivery.state.cards | {"UZ": month}
    more = timedelta(hours=hours)
    plan = asked_again(table, more) if afresh else taking(table, delivery=more)
    if goes:
        change(table, plan)
    else:
        assert "R16: by this plan watching thing may have to be permitted in UZ for 28 d" in refused(table, plan)


def test_r16_what_is_permitted_lasts_while_it_waits_for_who_is_asked_elsewhere() -> None:
    """Uzbekistan permitted for a week that it is watched; Kazakhstan is asked afresh, and has two hundred hours, or two days."""
    table = watched({})
    document = table.delivery.plan.model_dump()
    kz = next(one for one in document["checkpoints"] if one["id"] == "consent-kz") | {"id": "kz-9", "remind": []}

    def asking(hours: int) -> Plan:
        again = kz | {"due": timedelta(hours=hours)}
        return Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again]})

    assert "checkpoints: R16: by this plan watching thing may have to be permitted in UZ" in refused(table, asking(200))
    change(table, asking(40))


@pytest.mark.parametrize(("due", "step", "goes"), [(108, {}, True), (109, {}, False), (200, STEP, True)])
def test_r16_what_permits_it_now_lasts_until_its_state_has_answered(due: int, step: dict[str, str], *, goes: bool) -> None:
    """On its last leg, as long as before, Uzbekistan is asked afresh, and has so many hours; or what permits it is extended."""
    table = watched(step).hand_over()
    legs = table.delivery.plan.model_dump()["legs"]
    plan = asked_afresh(table, "uz.prosecutor authorisation", legs=[legs[0], legs[1] | {"means": "on foot"}]).model_dump()
    next(one for one in plan["checkpoints"] if one["id"] == "uz-9")["due"] = timedelta(hours=due)
    if goes:
        change(table, Plan.model_validate(plan))
    else:
        assert "R16: by this plan watching thing may have to be permitted in UZ" in refused(table, Plan.model_validate(plan))


@pytest.mark.parametrize(("due", "goes"), [(12, True), (13, False)])
def test_r16_before_it_has_left_too_what_permits_it_lasts_until_its_state_has_answered(due: int, *, goes: bool) -> None:
    """Uzbekistan permitted five days ago, for a week, that it is watched; once it is so asked, another title stands."""
    table = watched({}, left=False)
    table.delivery.state.grants["uz.prosecutor"].valid_from -= timedelta(days=4)
    plan = asked_for(table, 18, "uz.prosecutor", due=due)
    if goes:
        change(table, plan)
        table.delivery.state.grants["uz.prosecutor"].valid_from -= timedelta(days=1)
        change(table, table.delivery.plan.model_copy(update={"title": "Another title"}))
    else:
        assert "R16: by this plan watching thing may have to be permitted in UZ" in refused(table, plan)


@pytest.mark.parametrize(("due", "goes"), [(36, True), (37, False)])
def test_r16_before_it_has_left_what_is_permitted_lasts_for_the_margin_too(due: int, *, goes: bool) -> None:
    """It is three days; Uzbekistan, asked afresh, permits no longer than by the plan before, or an hour more."""
    table = watched({}, left=False, margin=72)
    plan = asked_for(table, 18, "uz.prosecutor", due=due)
    if goes:
        change(table, plan)
    else:
        assert "R16: by this plan watching thing may have to be permitted in UZ for 7 d 17 h" in refused(table, plan)


def test_r16_what_was_to_be_extended_is_not_weighed_anew_where_its_state_is_asked_for_something_else() -> None:
    """The delivery in Uzbekistan takes longer than a permission lasts, and that may be extended; then it is asked afresh."""
    table = watched(STEP)
    change(table, taking(table, delivery=timedelta(hours=140)))
    legs = table.delivery.plan.model_dump()["legs"]
    change(table, asked_afresh(table, "uz.prosecutor authorisation", legs=[legs[0], legs[1] | {"means": "on foot"}]))


@pytest.mark.parametrize("before", [False, True])
def test_r16_what_is_new_is_weighed_where_the_way_takes_no_longer(*, before: bool) -> None:
    """Uzbekistan permits for a day that it is watched, which is too short; where it was so before, another title stands."""
    day = WATCHED | {"longest": "1d"}
    if before:
        table = watched({})
        card = ends_with("UZ", {}, day)["UZ"]
        table.delivery.state.cards = table.delivery.state.cards | {"UZ": card}
        change(table, table.delivery.plan.model_copy(update={"title": "Another title"}))
        return
    table = on_the_last_leg(NOTHING_KZ | ends_with("UZ", {}, day))
    plan = asked_afresh(table, "uz.prosecutor authorisation", surveillance=WATCH | {"check_in": timedelta(hours=12)})
    assert "checkpoints: R16: by this plan watching thing may have to be permitted in UZ" in refused(table, plan)


@pytest.mark.parametrize(("first", "goes"), [(30, True), (150, False)])
def test_r16_earlier_warnings_leave_less_of_what_is_permitted(first: int, *, goes: bool) -> None:
    """Uzbekistan permits for a week that it is watched, and nobody may extend that; only when it is warned of the end changes."""
    table = watched({})
    plan = table.delivery.plan.model_copy(update={"expiry_warnings": (timedelta(hours=first), timedelta(hours=2))})
    if goes:
        change(table, plan)
    else:
        assert "checkpoints: R16: by this plan watching thing may have to be permitted in UZ" in refused(table, plan)


@pytest.mark.parametrize(
    ("asked", "due", "takes", "goes"),
    [
        (["uz.prosecutor"], 48, 86, True),
        (["uz.police"], 1, 60, True),
        (["uz.police"], 1, 62, False),
        (["uz.prosecutor", "uz.police"], 48, 86, False),
        (["uz.prosecutor", "uz.police"], 1, 85, True),
        (["uz.prosecutor", "uz.police"], 1, 86, False),
    ],
)
def test_r16_who_is_asked_afresh_begins_anew_what_it_may_permit_and_waits_for_who_is_asked_beside_it(
    asked: list[str], due: int, takes: int, *, goes: bool
) -> None:
    """The prosecutor alone may permit that it is watched: where the police are asked, what was permitted a day ago goes on; where
    both are, the prosecutor may answer first.
    """
    table = watched({})
    police = card_of("UZ", granted_by=["prosecutor", "police"])["UZ"].deciders
    table.delivery.state.cards["UZ"] = table.delivery.state.cards["UZ"].model_copy(update={"deciders": police})
    plan = asked_again(table, timedelta(hours=takes)).model_dump()
    question = next(one for one in plan["checkpoints"] if one["id"] == "uz-9")
    question |= {"due": timedelta(hours=due), "requires": asks(*(f"{one} authorisation" for one in asked))}
    if goes:
        change(table, Plan.model_validate(plan))
    else:
        assert "R16: by this plan watching thing may have to be permitted in UZ" in refused(table, Plan.model_validate(plan))


@pytest.mark.parametrize("ready", [True, False])
def test_r5_what_is_left_of_its_departure_is_counted_once_it_has_left(*, ready: bool) -> None:
    """It has departed; two in Uzbekistan have two days still to say that they are ready, and the way begins after that."""
    table = consented(NOTHING_KZ | ends_with("UZ", {"ceiling": "8d"}), made=lambda plan: with_changes(plan, departure=TWO_DAYS))
    table.prepare()
    for service in ("uz.customs", "uz.police") if ready else ():
        table.say(service, "ready", "departure")
    assert code(table.say("kz.police", "dispatched", "departure")) is None
    plan = taking(table, delivery=timedelta(hours=80))
    if ready:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last" in refused(table, plan)


@pytest.mark.parametrize(("due", "goes"), [(72, True), (73, False)])
def test_r5_who_is_asked_afresh_answers_while_it_is_prepared(due: int, *, goes: bool) -> None:
    """The preparation may take three days more, Kazakhstan as long to answer; an hour more is too long for Uzbekistan."""
    table = consented(
        NOTHING_KZ | ends_with("UZ", {"ceiling": "184h"}),
        made=lambda plan: with_changes(plan, preparation={"due": timedelta(hours=72), "remind": []}),
    )
    document = table.delivery.plan.model_dump()
    kz = next(one for one in document["checkpoints"] if one["id"] == "consent-kz")
    again = kz | {"id": "kz-9", "remind": [], "escalate": [], "due": timedelta(hours=due)}
    legs = [document["legs"][0] | {"means": "other air mail"}, document["legs"][1]]
    plan = Plan.model_validate(document | {"legs": legs, "checkpoints": [*document["checkpoints"], again]})
    if goes:
        change(table, plan)
    else:
        assert "legs: R5: by this plan an authorisation of UZ may have to last 7 d 17 h" in refused(table, plan)


WAITS = "{id: departure, wait_for: [{delivery: motor-oil-1, checkpoint: delivery}], waits: 10d}"
SECOND = "      title: Second parcel, as household"


def prepared(operation: str) -> Table:
    """A parcel of three, of which the departure of the second waits ten days for the first one; it is prepared."""
    text = (EXAMPLES / "omsk-taraz-parcels" / "group.yaml").read_text().replace(SECOND, f"      checkpoints: [{WAITS}]\n{SECOND}")
    found = expand(Document(text, "group").read(GroupFile))
    assert not found.faults, found.faults
    plan = next(one for one in found.plans if one.operation == operation)
    table = Table(plan, other_cards=NOTHING_KZ | ends_with("RU", {}))
    for officer in ("officer-1", "officer-2"):
        table.say("ru.customs", "authorisation_granted", "consent-ru", officer=officer, permits=[])
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=[])
    table.say("ru.court", "permission_granted", "consent-ru", permissions=["post"])
    kept = [one.model_dump(exclude_none=True) for one in plan.consignment.contents]
    assert code(table.say("ru.customs", "prepared", "preparation", gross=plan.consignment.gross, kept=kept)) is None
    return table


def test_r5_time_that_a_departure_has_waited_is_not_counted_once_more() -> None:
    """It leaves no later for that, nor for who is asked afresh meanwhile, and never before those in charge have had their time to
    decide; at once, where they go on. All of its time counts again, where by a new plan it waits for longer, or for another: that
    begins once those who are asked afresh have answered.
    """
    table = prepared("motor-oil-2")
    assert "departure" in table.delivery.state.siblings.waiting
    plan, begun = table.delivery.plan, table.now
    departure = plan.find("departure")
    assert departure is not None
    way = plan.contingencies.decision + departure.due + plan.time_to_leave("KZ")
    assert begun + timedelta(days=10) + way == left_by(table.delivery, plan, "KZ")
    table.pass_time(hours=48)
    assert begun + timedelta(days=10) + way == left_by(table.delivery, plan, "KZ")

    again = plan.at("authorise")[0].model_copy(update={"id": "ru-9", "due": timedelta(days=8)})
    beside = plan.model_copy(update={"checkpoints": (*plan.checkpoints, again)})
    assert begun + timedelta(days=10) + way == left_by(table.delivery, beside, "KZ")
    late = plan.model_copy(update={"checkpoints": (*plan.checkpoints, again.model_copy(update={"due": timedelta(days=9)}))})
    assert begun + timedelta(days=11) + way == left_by(table.delivery, late, "KZ")

    longer = with_changes(plan, departure={"waits": timedelta(days=14)})
    assert table.now + timedelta(days=14) + way == left_by(table.delivery, longer, "KZ")
    both = with_changes(beside, departure={"waits": timedelta(days=14)})
    assert table.now + timedelta(days=8 + 14) + way == left_by(table.delivery, both, "KZ")
    table.delivery.state.siblings.alone = ("departure",)
    assert table.now + departure.due + plan.time_to_leave("KZ") == left_by(table.delivery, plan, "KZ")
    another = [one.model_dump() | {"checkpoint": "accounting"} for one in departure.wait_for]
    anew = with_changes(plan, departure={"wait_for": another})
    assert table.now + timedelta(days=10) + way == left_by(table.delivery, anew, "KZ")


def test_r5_what_has_come_is_waited_for_once_more_where_another_checkpoint_wants_other_words_for_it() -> None:
    """The first parcel has been delivered; by a new plan its own delivery waits until one alone has said so."""
    table = prepared("motor-oil-2")
    plan, begun = table.delivery.plan, table.now
    departure = plan.at("dispatch")[0]
    left = departure.due + plan.time_to_leave("KZ")
    table.delivery.state.siblings.reached = tuple(one.key for one in departure.wait_for)
    assert begun + left == left_by(table.delivery, plan, "KZ")
    others = [one.model_dump() | {"need": 1} for one in departure.wait_for]
    beside = with_changes(plan, delivery={"wait_for": others, "waits": timedelta(days=1)})
    assert begun + timedelta(days=10) + plan.contingencies.decision + left == left_by(table.delivery, beside, "KZ")
    assert table.delivery.state.siblings.reached


def test_r5_what_is_held_back_leaves_no_state_that_it_does_not_enter() -> None:
    """Of Kazakhstan, where it would have gone, nothing is needed; of Russia, until it is accounted for, and that goes on."""
    plan = next(one for one in group_plans() if one.held_back)
    table = Table(plan)
    assert left_by(table.delivery, plan, "KZ") is None
    assert table.now + plan.time_to_depart() + plan.time_to_end("RU") == left_by(table.delivery, plan, "RU")
    table = prepared(plan.operation)
    due = table.at("accounting-omsk").due
    table.pass_time(hours=12)
    assert due == left_by(table.delivery, table.delivery.plan, "RU")


def test_r5_what_is_held_back_is_accounted_for_whoever_is_asked_beside() -> None:
    """It would wait for a sibling before it left, which it never does. While it is accounted for others in Russia are asked, who
    have eight days, and by the card an authorisation lasts five.
    """
    plan = next(one for one in group_plans() if one.held_back)
    table = Table(plan)
    wait = {"delivery": "motor-oil-1", "checkpoint": "delivery", "requires": asks("kz.police delivered")}
    waiting = with_changes(plan, departure={"wait_for": [wait], "waits": timedelta(days=10)})
    assert left_by(table.delivery, plan, "RU") == left_by(table.delivery, waiting, "RU")
    table = prepared(plan.operation)
    asked = plan.at("authorise")[0].model_dump() | {"id": "ru-9", "requires": asks("ru.police authorisation")}
    document = plan.model_dump()
    document["checkpoints"] = [*document["checkpoints"], asked | {"due": timedelta(days=8)}]
    beside = Plan.model_validate(document)
    assert table.at("accounting-omsk").due == left_by(table.delivery, beside, "RU")
    assert not [*lasting(table.delivery, beside, table.directory, ends_with("RU", {"ceiling": "5d"}))]


@pytest.mark.parametrize(("due", "goes"), [(48, True), (200, False)])
@pytest.mark.parametrize("apart", [False, True])
def test_r5_who_is_new_on_the_way_waits_for_all_that_its_state_is_asked(due: int, *, apart: bool, goes: bool) -> None:
    """The prosecutor of Kyrgyzstan may authorise at once, for eight days. Two of its officers must, the second at the last
    moment; or the court permits that it is watched, at a checkpoint of its own.
    """
    cards = ends_with("KG", {"ceiling": "8d"}, {"measures": ["watching_thing"], "needs": "own_act", "by": ["court"]})
    cards["KG"] = cards["KG"].model_copy(update={"deciders": card_of("KG", granted_by=["prosecutor"])["KG"].deciders})
    watch = {"plan_": {"surveillance": WATCH | {"check_in": timedelta(hours=300)}}} if apart else {}
    table = consented(NOTHING_KZ | ends_with("UZ", {}), **watch, valid_until="2022-06-30T00:00:00Z")
    table.cards |= cards
    table.dispatch()
    document, known = by_osh(table)
    again = known["consent-uz"] | {"id": "uz-9", "escalate": [], "remind": [], "due": timedelta(hours=48)}
    court = known["consent-kg"] | {"id": "permit-kg", "requires": asks("kg.court permission"), "due": timedelta(hours=due)}
    asked = asks("kg.prosecutor authorisation")
    known["consent-kg"] |= {"requires": asked, "due": timedelta(hours=48 if apart else due)}
    if not apart:
        known["consent-kg"]["requires"] = [asked[0] | {"officers": 2}]
    plan = asking_all(Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], again, *([court] * apart)]}))
    if goes:
        change(table, plan, cards=tuple(cards.values()))
    else:
        assert "legs: R5: by this plan an authorisation of KG" in refused(table, plan, cards=tuple(cards.values()))


def test_r16_an_hour_more_is_refused_though_what_permits_it_now_began_long_ago() -> None:
    """Uzbekistan, asked afresh, may permit from now on that it is watched all the way; then that takes an hour more."""
    table = watched({})
    change(table, asked_again(table, timedelta(hours=86)))
    assert table.is_open("uz-9")
    legs = table.delivery.plan.model_dump()["legs"]
    plan = table.delivery.plan.model_dump() | {"legs": [legs[0], legs[1] | {"takes": timedelta(hours=87)}]}
    again = next(one for one in plan["checkpoints"] if one["id"] == "uz-9") | {"id": "uz-10"}
    plan["checkpoints"] = [*plan["checkpoints"], again]
    assert "R16: by this plan watching thing may have to be permitted in UZ" in refused(table, Plan.model_validate(plan))


def test_r28_many_who_are_asked_often_are_weighed_once_at_each_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uzbekistan is to be asked fifty times, thirty services each time: who has the place of each is looked up no oftener than
    twice, and a few times by the plan before.
    """
    table = several_decide_in_uzbekistan()
    asked = asks(*(f"uz.unit-{number} authorisation" for number in range(30)))
    again = table.delivery.plan.model_dump()["checkpoints"][1] | {"requires": asked, "need": 1}
    checkpoints = [*table.delivery.plan.checkpoints, *(again | {"id": f"uz-{number}"} for number in range(50))]
    plan = Plan.model_validate(table.delivery.plan.model_dump() | {"checkpoints": checkpoints})
    looked_up, line_of = Counter[str](), Plan.line_of

    def counted(self: Plan, service: str) -> tuple[str, ...]:
        looked_up[service] += 1
        return line_of(self, service)

    monkeypatch.setattr(Plan, "line_of", counted)
    assert not [*lasting(table.delivery, plan, table.directory, table.cards)]
    assert max(looked_up.values()) <= 2 * 50 + 10
