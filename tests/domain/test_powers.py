"""R29: who may do what, where; the State that is called at consents; what is done after the consent has ended is remarked."""

from datetime import timedelta
from typing import Any

import pytest

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.plan.powers import POWERS
from domain.record.verify import verify
from domain.views.sight import sight
from domain.views.view import view
from domain.words.moments import instant
from tests.course import became, code, consenting
from tests.support import (
    COURIER,
    RECIPIENT,
    Table,
    asking_all,
    asks,
    card_of,
    example_cards,
    example_directory,
    example_plan,
    with_changes,
)

DIRECTORY = example_directory()
CARDS = example_cards()


def found(plan: Plan) -> list[tuple[str, str]]:
    """Place and rule of each fault; the problem where no rule is named."""
    return [(one.place, one.problem.partition(":")[0]) for one in faults_in(plan, DIRECTORY, CARDS)]


def legs(number: int, **changed: Any) -> dict[str, Any]:
    """The legs, one of them changed."""
    known = [one.model_dump() for one in example_plan().legs]
    known[number] |= changed
    return {"legs": known}


CHECKPOINTS = example_plan().model_dump()["checkpoints"]
MUSTER = {
    "id": "teams", "step": "muster", "state": "GB", "place": "London", "due": "2h", "requires": asks("kz.knb ready"),
}  # fmt: skip
PREPARED_ABROAD = {"state": "GB", "locode": None, "requires": asks("gb.customs prepared", "kz.knb ready")}


@pytest.mark.parametrize(
    ("plan", "place", "rule"),
    [
        (with_changes(preparation=PREPARED_ABROAD), "checkpoints.2.state", "R4"),
        (with_changes(departure={"state": "GB", "locode": None}), "checkpoints.3.state", "R4"),
        (with_changes(tashkent_airport={"state": "BE", "locode": "BEANR"}), "checkpoints.4.state", "R4"),
        (with_changes(delivery={"state": "KZ"}), "checkpoints.5.state", "R4"),
        (with_changes(preparation={"requires": asks("gb.customs prepared")}), "checkpoints.2.requires.0.service", "R29"),
        (with_changes(departure={"requires": asks("lv.customs dispatched")}), "checkpoints.3.requires.0.service", "R29"),
        (with_changes(delivery={"requires": asks("lv.customs delivered")}), "checkpoints.5.requires.0.service", "R29"),
        (with_changes(arrest_tashkent={"requires": asks("gb.customs arrest")}), "checkpoints.6.requires.0.service", "R29"),
        (with_changes(accounting={"requires": asks("by.customs seizure")}), "checkpoints.8.requires.0.service", "R29"),
        (with_changes(arrest_tashkent={"requires": asks("uz.prosecutor arrest")}), "checkpoints.6.requires.0.service", "R29"),
        (with_changes(preparation={"requires": asks("kz.post prepared")}), "checkpoints.2.requires.0.service", "R29"),
        (with_changes(accounting={"requires": asks("caricc seizure")}), "checkpoints.8.requires.0.service", "R29"),
        (
            with_changes(delivery={"escalate": [{"after": "1h", "to": "uz.prosecutor", "may_answer": True}]}),
            "checkpoints.5.escalate.0.to",
            "R29",
        ),
        (with_changes(arrest_tashkent={"state": "BY", "requires": asks("by.police arrest")}), "checkpoints.6.state", "R1"),
        (with_changes(plan_={"initiator": "uz.post"}), "initiator", "R29"),
        (with_changes(plan_={"co_initiator": "caricc"}), "co_initiator", "R29"),
        (with_changes(debrief={"requires": asks("caricc examination")}), "checkpoints.9.requires.0.service", "R29"),
        (with_changes(debrief={"requires": asks("uz.post disposal")}), "checkpoints.9.requires.0.service", "R29"),
        (with_changes(plan_={"checkpoints": [*CHECKPOINTS, MUSTER]}), "checkpoints.10.state", "R1"),
        (with_changes(plan_={"outside": [{"state": "UZ", "why": "own_case"}]}), "outside.0.state", "R1"),
        (with_changes(departure={"requires": asks("kz.police dispatched", "by.police ready")}),
         "checkpoints.3.requires.1.service", "R29"),
        (with_changes(plan_={"outside": [{"state": "BY", "why": "exhibits_sent"}]},
                      departure={"requires": asks("kz.police dispatched", "by.police ready")}), "outside.0.state", "R1"),
        (with_changes(plan_=legs(0, calls=[{"kind": "sea", "place": "a ship"}])), "legs.0.calls.0", "R1"),
        (with_changes(plan_=legs(0, calls=[{"kind": "airport", "state": "TJ", "place": "Dushanbe", "locode": "KZALA"}])),
         "legs.0.calls.0.locode", "KZALA is not in TJ; its first two letters must be the State"),
    ],
)  # fmt: skip
def test_r29_who_has_no_power_there_is_not_asked(plan: Plan, place: str, rule: str) -> None:
    """Each act is asked where the consignment is, of a service that has the power by its kind and in that State."""
    assert (place, rule) in found(plan)


def test_r29_who_holds_exhibits_may_be_asked_what_became_of_them_wherever_that_is() -> None:
    """A laboratory of another State examines at home."""
    for asked in ("kz.police examination", "uz.prosecutor disposal"):
        assert [] == found(with_changes(debrief={"requires": asks(asked)}))


def test_r29_the_post_carries_and_does_not_seize() -> None:
    """What a carrier does, the postal operator may be asked for; not for what takes power over goods and persons."""
    assert [] == found(with_changes(delivery={"requires": asks("uz.post delivered")}))
    carries = [need for need, kinds in POWERS.items() if "postal_operator" in kinds]
    assert ["dispatched", "delivered"] == carries


def test_r1_arrests_off_the_route_are_asked_for_or_said_to_be_outside() -> None:
    """A supplier is arrested in Belarus: either it consents too, or the plan says why it need not."""
    belarus = {"state": "BY", "requires": asks("by.police arrest")}
    plan = with_changes(arrest_tashkent=belarus, plan_={"outside": [{"state": "BY", "why": "own_case", "note": "case 22/7"}]})
    assert [] == found(plan)
    consent = example_plan().checkpoints[0].model_dump() | {"id": "consent-by", "state": "BY", "locode": None}
    consent["requires"] = asks("by.prosecutor authorisation")
    asked = with_changes(arrest_tashkent=belarus).model_dump()
    asked["checkpoints"] = [*asked["checkpoints"], consent]
    asked["offence"]["extraditable"]["BY"] = True
    asked["answers_for_law"]["BY"] = "by.prosecutor"
    assert [] == found(asking_all(Plan.model_validate(asked)))


# Officers of another State

GUESTS = with_changes(
    plan_=legs(1, accompanied_by=["kz.knb"]),
    consent_uz={"requires": asks("uz.prosecutor authorisation", "uz.police permission")},
    delivery={"requires": asks("kz.knb delivered")},
)


def at_the_door(*permissions: str) -> Table:
    """At the address in Tashkent, where Kazakh officers are to hand it over, with these permissions of Uzbekistan."""
    table = Table(GUESTS)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.say("uz.police", "permission_granted", "consent-uz", permissions=[*permissions], valid_until="2022-03-01T12:00:00Z")
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    return table.hand_over()


def test_r29_officers_of_another_state_act_by_its_permission_alone() -> None:
    """Who travels along may hand it over where the State permits that, whatever its card says; else nobody asks it to."""
    assert [] == found(GUESTS)
    assert ("foreign_officers",) == GUESTS.permissions(card_of("UZ", separate=[])["UZ"])
    alone = with_changes(GUESTS, consent_uz={"requires": asks("uz.prosecutor authorisation")})
    assert ("checkpoints.5.requires.0.service", "R29") in found(alone)
    arrests = with_changes(GUESTS, arrest_tashkent={"requires": asks("kz.knb arrest")})
    assert ("checkpoints.6.requires.0.service", "R29") in found(arrests)


def test_r29_a_permission_that_has_run_out_lets_nobody_act() -> None:
    """Until then what they do counts; after it, it is refused."""
    table = at_the_door("foreign_officers")
    assert became(table.say("kz.knb", "delivered", "delivery")) == ("accepted", None)
    late = at_the_door("foreign_officers")
    late.pass_time(hours=6)
    said = late.say("kz.knb", "delivered", "delivery")
    assert (became(said), code(said)) == (("refused", "R29"), "no_leave")


def test_r29_who_speaks_for_another_needs_the_power_too() -> None:
    """The police lets the prosecutor speak for it; the prosecutor arrests nobody."""
    table = Table().deliver()
    table.say("uz.police", "delegated", to="uz.prosecutor")
    said = table.say("uz.prosecutor", "arrest_made", "arrest-tashkent", on_behalf_of="uz.police")
    assert (became(said), code(said)) == (("refused", "R29"), "no_power")
    assert became(table.say("uz.prosecutor", "no_arrest", "arrest-tashkent", on_behalf_of="uz.police")) == ("accepted", None)


def test_r29_a_plan_that_nobody_checked_lets_nobody_arrest_abroad() -> None:
    """Where a plan that asks for it has been let through, the rules say it again."""
    table = Table(with_changes(arrest_tashkent={"requires": asks("kz.afm arrest")})).deliver()
    said = table.say("kz.afm", "arrest_made", "arrest-tashkent")
    assert (became(said), code(said)) == (("refused", "R29"), "no_power_there")


# Calls

CALL = {"kind": "airport", "place": "Airport of Dushanbe", "state": "TJ", "locode": "TJDYU"}


def calling(number: int, **call: Any) -> Plan:
    """Almaty - Tashkent by way of Dushanbe, which is asked."""
    document = with_changes(plan_=legs(number, calls=[CALL | call])).model_dump()
    consent = document["checkpoints"][0] | {"id": "consent-tj", "state": "TJ", "locode": None}
    document["checkpoints"] = [*document["checkpoints"], consent | {"requires": asks("tj.prosecutor authorisation")}]
    document["offence"]["extraditable"]["TJ"] = True
    document["answers_for_law"]["TJ"] = "tj.prosecutor"
    return asking_all(Plan.model_validate(document))


def test_r1_a_state_that_is_called_at_is_on_the_route() -> None:
    """It must be asked, and nothing leaves before it has consented; where nothing is touched there, nobody is asked."""
    assert ("checkpoints", "R1") in found(with_changes(plan_=legs(0, calls=[CALL])))
    assert [] == found(with_changes(plan_=legs(0, calls=[CALL | {"not_touched": "stays_on_board"}])))
    assert [] == found(with_changes(plan_=legs(0, calls=[{"kind": "sea", "place": "at sea", "not_touched": "high_seas"}])))
    plan = calling(0)
    assert [] == found(plan)
    assert ("KZ", "TJ", "UZ") == plan.states()
    table = Table(plan).consent()
    assert not table.is_open("preparation")
    table.say("tj.prosecutor", "authorisation_granted", "consent-tj")
    assert table.is_open("preparation")
    assert ("KZ", "TJ", "UZ") == table.delivery.state.states_ahead()
    assert table.delivery.consents.states_of(0) == ("KZ", "TJ", "UZ")


def test_r11_who_consents_for_the_state_of_a_call_sees_the_leg_that_calls_there() -> None:
    """Its prosecutor watches over the law there, so it sees where that leg begins and ends, and no other."""
    table = Table(calling(1)).consent()
    assert (1,) == sight(table.delivery, table.directory.get("tj.prosecutor")).legs
    untouched = Table(with_changes(calling(1), plan_=legs(1, calls=[CALL | {"not_touched": "stays_on_board"}])))
    assert () == sight(untouched.delivery, untouched.directory.get("tj.prosecutor")).legs


def test_r5_nothing_goes_on_where_the_state_of_a_call_would_end_its_consent_on_the_way() -> None:
    """The leg that calls there is not cleared, and its authority is asked for longer; then it withdraws, and it halts."""
    plan = calling(1)
    table = Table(plan)
    table.say("tj.prosecutor", "authorisation_granted", "consent-tj", valid_until="2022-03-05T06:00:00Z")
    table.dispatch()
    assert table.delivery.state.cleared == 1
    assert plan.time_to_leave("TJ") == plan.time_to_leave("UZ")
    table.say("tj.prosecutor", "authorisation_withdrawn")
    assert table.delivery.state.halt is not None
    assert table.delivery.state.halt.cause == "withdrawn"


def test_r5_the_state_of_a_call_has_its_say_about_the_leg_that_calls_there() -> None:
    """Once less than the way to the end of that leg is left of its consent, the leg is not cleared."""
    table = Table(calling(1))
    table.say("tj.prosecutor", "authorisation_granted", "consent-tj", valid_until="2022-03-05T06:00:00Z")
    consents = table.consent().delivery.consents
    assert consents.states_of(1) == ("UZ", "TJ")
    last = instant("2022-03-05T06:00:00Z") - consents.needed("TJ", 1)
    assert consents.too_short(1, last) == ()
    assert consents.too_short(1, last + timedelta(seconds=1)) == ("TJ",)


# After the consent

ENDS = {"kz": "2022-03-06T06:00:00Z", "uz": "2022-03-20T06:00:00Z"}


def arrested_after(**span: float) -> Table:
    """Delivered in Tashkent; the arrest in Almaty comes later."""
    table = consenting(**ENDS)
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.pass_time(**span)
    return table


def test_r29_an_arrest_after_the_consent_has_ended_counts_and_is_remarked() -> None:
    """It happened, so it counts; the entry, whoever reads the delivery and whoever verifies it say that no consent was live."""
    table = arrested_after(days=5)
    said = table.say("kz.knb", "arrest_made", "arrest-almaty", persons=[RECIPIENT, COURIER])
    assert (said.verdict.verdict, code(said)) == ("accepted", "after_consent")
    assert len(table.delivery.state.arrested) == 3
    shown = view(table.delivery, table.directory.get("kz.knb"), table.now).because.remarked
    assert [said.seq] == [one.entry for one in shown]
    assert [] == [*view(table.delivery, table.directory.get("uz.customs"), table.now).because.remarked]
    assert verify(table.packet()).remarked == (said.seq,)


def test_r29_an_arrest_while_the_consent_is_live_is_not_remarked() -> None:
    """A second before its end nothing is said; nor where the arrest is only told of later."""
    for told_later in (False, True):
        table = arrested_after(days=4, hours=23, minutes=59)
        happened = table.now.isoformat()
        if told_later:
            table.pass_time(days=1)
        statement = table.statement("kz.knb", "arrest_made", "arrest-almaty").model_copy(update={"happened_at": happened})
        assert became(table.hand_in(statement)) == ("accepted", None)
        assert verify(table.packet()).remarked == ()


def test_r29_an_arrest_in_a_state_that_has_no_part_counts_and_is_remarked() -> None:
    """Police of Belarus, which the ladder comes to, may arrest at home and say so; that the plan gives Belarus no part is said in
    entry, view and packet. Where it stands in `outside`, which lets its police be ready too, nothing is remarked.
    """
    ladder = {"departure": {"escalate": [{"after": "2h", "to": "by.police"}]}}
    ready = {"departure": {"requires": asks("kz.police dispatched", "uz.customs ready", "by.police ready")}}
    outside = with_changes(plan_={"outside": [{"state": "BY", "why": "own_case"}]}, **ready)
    for plan, remark in ((with_changes(**ladder), "without_part"), (outside, None)):
        assert [] == found(plan)
        table = Table(plan).consent()
        said = table.say("by.police", "arrest_reported", place="Minsk", persons=[RECIPIENT])
        assert (said.verdict.verdict, code(said)) == ("accepted", remark)
        assert len(table.delivery.state.arrested) == 1
        shown = view(table.delivery, table.directory.get("by.police"), table.now).because.remarked
        assert [one.entry for one in shown] == ([said.seq] if remark else [])
        assert verify(table.packet()).remarked == ((said.seq,) if remark else ())


# What follows the arrest

STAGGERED = with_changes(arrest_almaty={"after": "arrest-tashkent", "due": "20d"})


def test_r10_it_is_weighed_once_it_is_in_hand_and_not_after_the_last_arrest() -> None:
    """The first arrest opens the accounting beside the others; before it, nobody is asked to weigh what the recipient has."""
    table = Table(STAGGERED).deliver()
    assert not table.is_open("accounting")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    assert table.is_open("arrest-almaty", "accounting")
    assert became(table.say("uz.customs", "seizure", "accounting")) == ("accepted", None)
    table.pass_time(days=11)
    assert table.delivery.state.outcome is None
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert table.delivery.state.outcome == "delivered_with_arrests"


def test_r10_what_is_seized_as_planned_is_weighed_at_once() -> None:
    """Where the plan ends with a seizure, it is in hand before anybody is arrested."""
    table = Table(with_changes(delivery={"requires": asks("uz.customs interdiction")})).dispatch().hand_over()
    table.say("uz.customs", "interdicted", "delivery")
    assert table.is_open("arrest-tashkent", "accounting")


# Information


@pytest.mark.parametrize(
    ("to", "handling", "rule", "refusal"),
    [
        (["zz.nobody"], None, "R11", "no_such_reader"),
        (["by.customs"], None, "R11", "no_such_reader"),
        (["uz.police", "by.customs"], None, "R11", "no_such_reader"),
        (["uz.police"], {"code": "H2"}, "R23", "not_for_them"),
    ],
)
def test_r11_information_goes_to_those_who_are_there_and_may_read_it(
    to: list[str], handling: Any, rule: str, refusal: str
) -> None:
    """Nobody is told what does not reach them: no stranger, and nobody whom its own handling code keeps it from."""
    said = Table().consent().say("kz.police", "information", to=to, **({"handling": handling} if handling else {}))
    assert (became(said), code(said)) == (("refused", rule), refusal)


def test_r11_information_reaches_who_takes_part() -> None:
    """A participant of another State, and one to whom its code does not bar it."""
    table = Table().consent()
    assert became(table.say("kz.police", "information", to=["uz.police", "kz.knb", "caricc"])) == ("accepted", None)
    assert became(table.say("kz.police", "information", to=["kz.knb"], handling={"code": "H2"})) == ("accepted", None)
