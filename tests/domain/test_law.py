"""What rule cards say beside the ways of handling: who decides and who must agree, what is given before it is written, terms with
steps and ceilings, and duties that run from any event (R1, R5, R7, R13, R16).
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.delivery.decided import Halted
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.demands import demands, needed
from domain.plan.plan import Plan, Replaced
from domain.rules.agreement import NOT_AGREED
from domain.rules.urgency import NOT_WRITTEN
from domain.views.asked import request
from domain.views.sentences import say
from domain.words.moments import instant
from domain.words.quantities import iso_span
from tests.course import became, code, outcome_of
from tests.groups import group_plans
from tests.support import MEASURES, Table, asks, card_of, example_cards, example_directory, example_plan, with_changes

ORAL: dict[str, Any] = {"form": "oral", "given_at": "2022-03-01T05:30:00Z"}
WRITTEN: dict[str, Any] = {
    "reference": "TEST-7",
    "written_by_role": "prosecutor",
    "legal_basis": "test",
    "written_at": "2022-03-01T06:00:00Z",
}


def provision(state: str = "KZ", **says: Any) -> dict[str, Any]:
    """One value of a State's card, that rests on its first text."""
    return says | {"law": {"mark": "T", "text": example_cards()[state].texts[0].id}}


def problems(plan: Plan, cards: dict[str, RuleCard], rule: str = "") -> list[tuple[str, str]]:
    """What the check says of it, by this rule."""
    found = faults_in(plan, example_directory(), example_cards() | cards)
    return [(one.place, one.problem) for one in found if one.problem.startswith(rule)]


# Who decides, and who must agree


def test_r1_a_card_that_knows_who_decides_lets_nobody_else() -> None:
    """Russia's customs decide for goods over the border, or other bodies with them: a plan that asks its prosecutor alone is
    refused, with who can.
    """
    plan = with_changes(example_plan("moscow-vector"), consent_ru={"requires": asks("ru.prosecutor authorisation")})

    (found,) = [one for one in problems(plan, {}, "R1: by") if one[0] == "checkpoints.1.requires.0.service"]
    assert "a prosecutor cannot authorise such a delivery; customs or police or security or border guard can" in found[1]


def russia(*requires: str, **says: Any) -> list[tuple[str, str]]:
    """What is wrong where a KamAZ from Kazakhstan is on its way in Russia under its police, and these are asked there."""
    authority = requires[0].partition(" ")[0]
    plan = with_changes(example_plan("moscow-vector"), consent_ru={"requires": asks(*requires), **says})
    legs = tuple(one.model_copy(update={"responsible": "ru.police"}) if one.state == "RU" else one for one in plan.legs)
    own = {"legs": legs, "answers_for_law": plan.answers_for_law | {"RU": authority}}
    return [one for one in problems(plan.model_copy(update=own), {}) if one[1].startswith(("R1:", "R7", "R13"))]


def test_r7_in_russia_the_police_decide_on_imports_in_agreement_with_the_customs() -> None:
    """Russia 289-FZ art. 390: without the agreement it is refused, and two officers of the police are no second voice; the
    agreement is one. Where the customs only may authorise beside the police, and need not, nobody has agreed.
    """
    for alone in ("ru.police authorisation", "ru.police authorisation 2", "ru.police authorisation|ru.prosecutor agreement"):
        found = russia(*alone.split("|"))
        assert "what a police decides needs the agreement of customs" in found[0][1]
        assert "R7: ru.police is in charge here and alone authorises for RU" in found[1][1]
    assert [] == russia("ru.police authorisation", "ru.customs agreement")
    assert [] == russia("ru.police authorisation", "ru.customs authorisation")
    ((_, left_out), *_) = russia("ru.police authorisation", "ru.customs authorisation", need=1)
    assert "what a police decides needs the agreement of customs" in left_out


def test_a_decider_is_named_by_channel_goods_and_stage() -> None:
    """Whoever decides on mail does not on a truck; on drugs not on cash; in a criminal case not before it."""
    case = example_plan().case
    for about, fits in (
        ({"channels": ["mail"]}, True),
        ({"channels": ["truck"]}, False),
        ({"goods": ["psychotropics", "cash"]}, True),
        ({"goods": ["cash"]}, False),
        ({"stage": "operational"}, True),
        ({"stage": "criminal_case"}, False),
    ):
        card = card_of("KZ", deciders=[provision(by=["court"], role="a judge", **about)])["KZ"]
        assert fits is bool(card.deciders_of(case))
        assert (not fits) is card.lets_grant("prosecutor", case)


def test_r1_the_agreement_of_another_service_is_asked_for_where_the_law_wants_it() -> None:
    """What the security service begins the police agrees to: the plan that does not ask is refused, and one that asks is not."""
    wants = card_of("KZ", agreements=[provision(of=["police"], begun_by=["security"])])
    plan = example_plan()

    assert [("checkpoints", "R1: by the rule card of KZ what a security begins needs the agreement of police")] == problems(
        plan, wants, "R1"
    )
    assert [] == problems(with_agreement(), wants)
    assert [] == problems(plan, card_of("KZ", agreements=[provision(of=["police"], begun_by=["customs"])]))


def test_r1_who_accepts_what_another_decides_is_asked_too() -> None:
    """Latvia's prosecutor: whoever begins it, what is decided there is accepted in an act of its own; it is said in words."""
    accepts = card_of("KZ", agreements=[provision(of=["police"], decided_by=["prosecutor"])])

    assert [("checkpoints", "R1: by the rule card of KZ what a prosecutor decides needs the agreement of police")] == problems(
        example_plan(), accepts, "R1"
    )
    assert [] == problems(with_agreement(), accepts)
    assert [] == problems(example_plan(), card_of("KZ", agreements=[provision(of=["police"], decided_by=["court"])]))
    (kz, _) = demands(example_plan(), example_cards() | accepts)
    assert "where {deciding} decides, {kinds} must accept it, in an act of its own (R1)" in [one.sentence for one in kz.points]
    with pytest.raises(ValidationError, match="begun_by or decided_by"):
        card_of("KZ", agreements=[provision(of=["police"])])


@pytest.mark.parametrize(
    ("way", "imported", "movement"),
    [
        (("KZ",), False, "domestic"),
        (("KZ", "UZ"), False, "export"),
        (("UZ", "KZ"), False, "import"),
        (("KG", "KZ", "RU"), False, "transit"),
        (("RU",), False, None),
        (("KZ", "KZ"), True, "import"),
        (("KZ", "UZ"), True, "transit"),
        (("UZ", "KZ"), True, "import"),
    ],
)
def test_r1_a_law_may_look_at_the_way(way: tuple[str, ...], imported: bool, movement: str | None) -> None:  # noqa: FBT001 - a table
    """What it says of goods that leave the State is nothing about those that come in, go through or never leave it. What had come
    from abroad before stays there, or goes through.
    """
    case = example_plan().case.model_copy(update={"way": way, "imported": imported})
    for one in ("export", "import", "transit", "domestic"):
        card = card_of("KZ", deciders=[provision(by=["court"], role="a judge", movements=[one])])["KZ"]
        assert (one == movement) is bool(card.deciders_of(case))
    assert ("export", "import") == tuple(map(example_plan().case.movement_in, ("KZ", "UZ")))


def with_agreement() -> Plan:
    """Almaty - Tashkent, where the police of Kazakhstan are asked to agree."""
    return with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.police agreement")})


def test_r1_without_the_agreement_consent_does_not_close_and_with_it_it_does() -> None:
    """The authorisation alone is not enough."""
    table = Table(with_agreement())
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert table.is_open("consent-kz")
    assert ("refused", "R1") == became(agrees(table, state="UZ"))
    assert ("accepted", None) == became(agrees(table))
    assert table.is_closed("consent-kz")


def agrees(table: Table, state: str = "KZ") -> Any:
    """The customs agree."""
    words = {"state": state, "reference": "TEST-8", "given_by_role": "head of service"}
    return table.say("kz.police", "agreement_given", "consent-kz", **words)


def test_r1_whoever_does_not_agree_halts_it() -> None:
    """Nothing advances, and it ends as refused."""
    table = Table(with_agreement())
    table.say("kz.police", "agreement_refused", "consent-kz", state="KZ")
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("refused", NOT_AGREED(service="kz.police", state="KZ", entry=halt.seq)) == (halt.cause, halt.finding)
    assert "refused" == outcome_of(table)


def test_r1_what_a_card_does_not_know_is_answered_for_by_whoever_authorises_there() -> None:
    """The plan must say who, it must be asked there, and no State beside the route has anybody."""
    plan = example_plan()
    nobody = plan.model_copy(update={"answers_for_law": {"UZ": "uz.prosecutor"}})
    others = plan.model_copy(update={"answers_for_law": plan.answers_for_law | {"KZ": "kz.police", "RU": "ru.customs"}})

    ((place, problem),) = problems(nobody, {})
    assert ("answers_for_law", True) == (place, "does not know: who decides, which ways of handling are allowed" in problem)
    assert ["answers_for_law.KZ", "answers_for_law.RU"] == [place for place, _ in problems(others, {})]


def test_whoever_answers_for_the_law_is_told_what_is_not_known() -> None:
    """In the request to authorise, and nobody else is."""
    table = Table()
    assert ("decider", "handling", "term", "records", "afterwards") == request(
        table.delivery, "consent-kz", "kz.prosecutor"
    ).facts.law_not_known
    both = asks("kz.prosecutor authorisation", "kz.afm authorisation")
    table = Table(with_changes(consent_kz={"requires": both}))
    assert () == request(table.delivery, "consent-kz", "kz.afm").facts.law_not_known


def test_r4_who_may_not_carry_one_out_is_not_responsible_and_begins_none() -> None:
    """Nor is it asked to prepare, arrest, seize or interdict, or to answer for who is. It may still be ready, find and carry."""
    out = card_of("KZ", exclusions=[provision(kinds=["police", "security"], may_not=["run"])])

    asked = ["checkpoints.2.requires.0.service", "checkpoints.7.requires.0.service"]
    assert [*asked, "legs.0.responsible", "initiator"] == [place for place, _ in problems(example_plan(), out, "R4")]
    customs = card_of("KZ", exclusions=[provision(kinds=["customs", "postal_operator"], may_not=["run"])])
    for changed, place in (
        ({"preparation": {"requires": asks("kz.customs prepared")}}, "checkpoints.2.requires.0.service"),
        ({"accounting": {"state": "KZ", "requires": asks("kz.customs seizure")}}, "checkpoints.8.requires.0.service"),
        ({"arrest_almaty": {"escalate": [BACKUP | {"to": "kz.customs"}]}}, "checkpoints.7.escalate.0.to"),
    ):
        assert [place] == [one for one, _ in problems(with_changes(**changed), customs, "R4")], changed
    carries = with_changes(
        plan_={"found_by": "kz.customs"},
        departure={"requires": asks("kz.post dispatched", "kz.customs ready", "uz.customs ready")},
    )
    assert [] == problems(carries, customs, "R4")


def test_r4_who_may_not_carry_one_out_does_not_say_that_it_did() -> None:
    """By a plan that nobody checked, or for a service that has delegated its say; what it brakes or reports itself counts."""
    out = card_of("KZ", exclusions=[provision(kinds=["customs"], may_not=["run"])])
    asked = Table(with_changes(preparation={"requires": asks("kz.customs prepared", "kz.knb ready")}), other_cards=out).consent()
    assert code(asked.say("kz.customs", "prepared", "preparation")) == "may_not_run"

    table = Table(with_changes(departure={"requires": asks("kz.customs dispatched", "uz.customs ready")}), other_cards=out)
    table.consent().say("kz.police", "delegated", to="kz.customs")
    stands_in = {"on_behalf_of": "kz.police"}
    assert code(table.say("kz.customs", "prepared", "preparation", **stands_in)) == "may_not_run"
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    assert code(table.say("kz.customs", "dispatched", "departure")) is None
    assert code(table.say("kz.customs", "interdicted", **stands_in)) is None
    assert table.delivery.state.interdicted is not None


def test_r1_who_may_not_decide_is_asked_for_no_authorisation() -> None:
    """Where the card does not know who may, it may still know who may not."""
    out = card_of("KZ", exclusions=[provision(kinds=["prosecutor"], may_not=["decide"])])

    assert ["checkpoints.0.requires.0.service"] == [place for place, _ in problems(example_plan(), out, "R1")]


BACKUP = {"after": "1h", "may_answer": True}
UNKNOWN = card_of("UZ", deciders=[], agreements=[], exclusions=[], measures=[])
"""A card that knows neither who decides, nor who agrees or permits."""
WAITS = {"requires": asks("kz.police dispatched", "uz.post ready")}
NO_AUTHORITY = ("uz.post", "authorisation"), ("uz.post", "agreement"), ("uz.post", "permission")


@pytest.mark.parametrize(("service", "says"), NO_AUTHORITY, ids=str)
def test_r1_where_nobody_is_known_to_decide_a_carrier_does_not(service: str, says: str) -> None:
    """Who authorises, agrees or permits exercises public authority, unless the card names another; a backup of it too."""
    rule, place = "R16" if says == "permission" else "R1", "checkpoints.1.requires.0.service"
    plan = with_changes(plan_={"uses": ["device"]}, consent_uz={"requires": asks(f"{service} {says}")})
    assert place in [one for one, _ in problems(plan, UNKNOWN, f"{rule}: by the rule card of UZ")]

    backed = {"requires": asks(f"uz.customs {says}"), "escalate": [BACKUP | {"to": service}]}
    asked = with_changes(plan_={"uses": ["device"]}, consent_uz=backed)
    assert "checkpoints.1.escalate.0.to" in [one for one, _ in problems(asked, UNKNOWN, rule)]

    named = {
        "deciders": [provision(by=["postal_operator"], role="head")],
        "agreements": [provision(of=["postal_operator"], begun_by=["customs"])],
        "measures": [provision(measures=["device"], needs="own_act", by=["postal_operator"])],
    }
    lets = card_of("UZ", exclusions=[], **named)
    assert place not in [one for one, _ in problems(plan, lets, f"{rule}: by the rule card of UZ")]


def test_r1_a_carrier_that_was_asked_or_speaks_for_another_does_not_decide_either() -> None:
    """The rules say it again: of a plan that nobody checked, and of whom a decider has delegated its say to."""
    agrees = {"state": "UZ", "reference": "TEST-8", "given_by_role": "head of service"}
    for by, for_ in (("uz.post", {}), ("uz.post", {"on_behalf_of": "uz.prosecutor"})):
        asked = for_.get("on_behalf_of", by)
        for says, kind, more, wrong in (
            ("authorisation", "authorisation_granted", {}, "may_not_decide"),
            ("agreement", "agreement_given", agrees, "may_not_agree"),
            ("permission", "permission_granted", {"permissions": ["device"]}, "may_not_permit"),
        ):
            plan = with_changes(plan_={"uses": ["device"]}, consent_uz={"requires": asks(f"{asked} {says}")}, departure=WAITS)
            table = Table(plan, other_cards=UNKNOWN)
            if for_:
                table.say(asked, "delegated", to=by)
            assert wrong == code(table.say(by, kind, "consent-uz", **more, **for_)), (for_, says)


def test_r5_who_may_not_decide_does_not_extend_in_another_place() -> None:
    """The prosecutor has authorised, and lets the post speak for it."""
    table = Table(with_changes(departure=WAITS), other_cards=UNKNOWN).consent()
    table.say("uz.prosecutor", "delegated", to="uz.post")
    more = {"valid_until": "2022-07-01T00:00:00Z", "on_behalf_of": "uz.prosecutor"}
    assert "may_not_decide" == code(table.say("uz.post", "authorisation_extended", **more))


# A superior as the second voice


ALONE = provision(by=["security"], role="its head", alone=True)


def alone(officers: int) -> Plan:
    """Kazakhstan only: the security service begins it, is in charge and authorises, by so many officers."""
    requires = asks(f"kz.knb authorisation {officers}")
    plan = with_changes(example_plan("aktobe-post-office"), consent={"requires": requires})
    legs = tuple(leg.model_copy(update={"responsible": "kz.knb"}) for leg in plan.legs)
    return plan.model_copy(update={"initiator": "kz.knb", "legs": legs, "answers_for_law": {"KZ": "kz.knb"}})


@pytest.mark.parametrize(("card", "officers", "wrong"), [([ALONE], 2, False), ([ALONE], 1, True), ([], 2, True)])
def test_r7_r13_who_decides_alone_needs_a_law_that_lets_it_and_two_officers(
    card: Sequence[dict[str, Any]],
    officers: int,
    wrong: bool,  # noqa: FBT001 - a table
) -> None:
    """With the law and its superior's signature it may; with one of the two only it may not."""
    found = problems(alone(officers), card_of("KZ", deciders=card))

    assert wrong is any(problem.startswith("R7") for _, problem in found)
    assert wrong is any(problem.startswith("R13") for _, problem in found)


def test_r7_in_the_place_of_one_that_decides_alone_its_successor_does() -> None:
    """Two officers of the one before decided; what comes later two of its own do, and nobody need be asked afresh."""
    law = card_of("KZ", deciders=[ALONE | {"by": ["police", "border_guard"]}])
    for officers in (1, 2):
        plan = with_changes(alone(2), consent={"requires": asks(f"kz.police authorisation {officers}")})
        legs = tuple(leg.model_copy(update={"responsible": "kz.border"}) for leg in plan.legs)
        gone = (Replaced(service="kz.police", by="kz.border", reason="busy"),)
        changed = plan.model_copy(update={"legs": legs, "replaced": gone, "answers_for_law": {"KZ": "kz.border"}})
        assert any(problem.startswith("R7") for _, problem in problems(changed, law)) is (officers == 1)


def agreed(*requires: str) -> Plan:
    """As `alone`, and these are asked."""
    plan = alone(1)
    return with_changes(plan, consent={"requires": asks(*requires)})


def test_r7_r13_who_must_agree_by_the_card_is_the_second_voice() -> None:
    """Latvia's prosecutor, Russia's customs. An agreement that no card wants is none, however freely it is asked for."""
    decider = provision(by=["security"], role="its head")
    plan = agreed("kz.knb authorisation", "kz.prosecutor agreement")

    for who in ("begun_by", "decided_by"):
        wanted = provision(of=["prosecutor"], **{who: ["security"]})
        assert [] == lone(plan, deciders=[decider], agreements=[wanted])
    others = provision(of=["prosecutor"], begun_by=["customs"], decided_by=["customs"])
    for law in ({}, {"agreements": [others]}):
        assert ["R7", "R13"] == lone(plan, deciders=[decider], **law)


def lone(plan: Plan, **law: Any) -> list[str]:
    """By which of the two rules it would be one service's decision under this law of Kazakhstan."""
    found = (problem.partition(":")[0] for _, problem in problems(plan, card_of("KZ", **law)))
    return [rule for rule in found if rule in ("R7", "R13")]


# Before it is written


def oral(**says: Any) -> Table:
    """Kazakhstan's prosecutor has authorised by word of mouth, and its law gives a day for the writing."""
    urgent = [provision(forms=["oral"], written_within="24h")]
    table = Table(other_cards=card_of("KZ", urgent=urgent))
    assert ("accepted", None) == became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **ORAL | says))
    return table


def test_r1_what_is_not_written_is_taken_only_in_a_form_that_the_law_knows() -> None:
    """Kazakhstan's card lets it be given by word of mouth; a form that no card knows is refused, and says what would be right."""
    table = Table()
    refusal = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **ORAL | {"form": "reproducible"})
    assert "no_such_form" == code(refusal)
    assert "consent-kz" in [one.checkpoint.id for one in table.delivery.state.open_checkpoints()]


def test_r1_it_says_when_it_was_given() -> None:
    """Whoever gave it by word of mouth is asked for the minute; a written act is not."""
    with pytest.raises(ValueError, match="given_at"):
        Table().statement("kz.prosecutor", "authorisation_granted", "consent-kz", form="oral")


def test_r1_the_written_act_is_asked_for_and_closes_the_question() -> None:
    """At once, of whoever gave it, for as long as the law gives; meanwhile it authorises."""
    table = oral()
    assert table.is_open("written.kz.prosecutor.1")
    assert table.at("written.kz.prosecutor.1").due == table.now + timedelta(hours=23, minutes=30)
    assert table.delivery.consents.authorised("KZ", table.now)
    assert ("refused", "R1") == became(confirms(table, state="UZ"))
    assert "written_in_future" == code(confirms(table, written_at="2022-03-01T07:00:00Z"))
    assert ("accepted", None) == became(confirms(table))
    assert table.is_closed("written.kz.prosecutor.1")
    assert "is_in_writing" == code(confirms(table))


def confirms(table: Table, **says: Any) -> Any:
    """The prosecutor confirms it in writing."""
    return table.say("kz.prosecutor", "authorisation_confirmed", **{"state": "KZ"} | WRITTEN | says)


def test_r1_without_the_written_act_it_ends() -> None:
    """A day after it was given the authorisation has expired, and nothing advances."""
    table = oral()
    table.pass_time(hours=23, minutes=30, microseconds=-1)
    assert table.delivery.state.halt is None
    table.pass_time(microseconds=1)
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("expired", NOT_WRITTEN(services=("kz.prosecutor",))) == (halt.cause, halt.finding)
    assert not table.delivery.consents.authorised("KZ", table.now)
    assert "expired" == outcome_of(table)


def test_r1_the_writing_is_owed_once_the_authorisation_is_final() -> None:
    """A provisional one authorises nothing, so nobody must confirm it; the final one by word of mouth must be confirmed."""
    table = oral(provisional=True)
    table.pass_time(hours=25)
    assert table.delivery.state.halt is None
    assert not table.is_open("written.kz.prosecutor.1")
    final = ORAL | {"given_at": "2022-03-02T07:00:00Z"}
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **final)
    assert table.is_open("written.kz.prosecutor.1")


# Terms


def extended(until: str, **term: Any) -> str | None:
    """What becomes of an extension of Kazakhstan's authorisation, which runs from 1 March to 1 April, to this day."""
    table = Table(other_cards=card_of("KZ", terms=[provision(**term)])).consent()
    return code(table.say("kz.prosecutor", "authorisation_extended", state="KZ", valid_until=f"{until}T00:00:00Z"))


def test_r5_an_extension_is_no_longer_than_the_law_lets_it() -> None:
    """To the day it may; a day more it may not, and neither beyond the ceiling that counts from the beginning."""
    for until, found in (("2022-05-01", None), ("2022-05-02", "extended_too_far")):
        assert found == extended(until, extension="30d")
    for until, found in (("2022-04-30", None), ("2022-05-01", "beyond_ceiling")):
        assert found == extended(until, ceiling="60d")


@pytest.mark.parametrize("margin", [24, 72])
def test_r5_no_plan_begins_that_no_authorisation_could_let_leave(margin: int) -> None:
    """Given at once, it lasts until it leaves, to its exit, and the margin or what is unused of it; by the card none does."""
    plan = with_changes(plan_={"margin": timedelta(hours=margin)})
    whole = plan.time_to_depart() + plan.time_to_leave("UZ") + max(plan.margin, timedelta(hours=36))
    for least, found in ((timedelta(), []), (timedelta(minutes=1), ["margin"])):
        card = card_of("UZ", terms=[provision("UZ", longest="30d", ceiling=iso_span(whole - least))])
        assert found == [place for place, _ in problems(plan, card, "R5")]
    beside = with_changes(example_plan("back-to-sender"))
    assert not problems(beside, card_of("KZ", terms=[provision(ceiling="1h")]), "R5")


def test_r5_what_is_asked_for_names_one_end_whenever_the_answer_comes() -> None:
    """Uzbekistan has twenty days to answer, which count though it alone is waited for."""
    plan = with_changes(consent_uz={"due": timedelta(days=20)})
    whole = timedelta(days=18) + with_changes().time_to_depart() + plan.time_to_leave("UZ") + plan.unused()
    for least, found in ((timedelta(), []), (timedelta(minutes=1), ["margin"])):
        card = card_of("UZ", terms=[provision("UZ", ceiling=iso_span(whole - least))])
        assert found == [place for place, _ in problems(plan, card, "R5")]


def test_r5_for_as_long_as_it_waits_for_a_sibling_it_has_not_left() -> None:
    """Its departure waits ten days for another consignment; then those in charge have half a day to decide."""
    wait = {"delivery": "cedar-2", "checkpoint": "delivery", "requires": asks("ru.police delivered")}
    plan = with_changes(departure={"wait_for": [wait], "waits": timedelta(days=10)})
    assert timedelta(days=10, hours=12) == plan.time_to_depart() - with_changes().time_to_depart()


def test_r5_what_is_held_back_is_authorised_until_it_is_accounted_for() -> None:
    """It travels nowhere: a State on the way is asked nothing, and by its card there need be no time for it."""
    plan = next(one for one in group_plans() if one.held_back)
    times = {one.id: one.due for one in plan.checkpoints}
    whole = times["consent-ru"] + times["preparation"] + times["accounting-omsk"] + plan.spare()
    assert not problems(plan, card_of("KZ", terms=[provision(longest="1h", ceiling="1h")]), "R5")
    for least, found in ((timedelta(), []), (timedelta(minutes=1), ["margin"])):
        card = card_of("RU", terms=[provision("RU", ceiling=iso_span(whole - least))])
        assert found == [place for place, _ in problems(plan, card, "R5")]


def test_r5_what_is_asked_for_is_of_use_for_the_whole_way() -> None:
    """It is warned ten days before the end: whoever gives what it is asked is not asked at once to extend it."""
    leads = (timedelta(days=10), timedelta(hours=2))
    plan = with_changes(plan_={"surveillance": None, "expiry_warnings": leads})
    assert needed(plan, "UZ") == plan.time_to_depart() + plan.time_to_leave("UZ") + plan.unused()
    table = Table(plan)
    until = request(table.delivery, "consent-uz", "uz.prosecutor").facts.valid_until
    given = {"valid_from": table.now.isoformat(), "valid_until": until}
    assert code(table.say("uz.prosecutor", "authorisation_granted", "consent-uz", **given)) is None
    assert not [one for one in table.delivery.state.progress if one.startswith("extension")]


def test_r5_what_is_asked_for_is_no_more_than_the_card_lets_give() -> None:
    """Who answers what it is asked is heard: the first authorisation, and each extension."""
    card = card_of("UZ", terms=[provision("UZ", longest="3d", extension="1d", ceiling="8d")])
    table = Table(other_cards=card)
    first = request(table.delivery, "consent-uz", "uz.prosecutor").facts.valid_until
    assert (table.now + timedelta(days=3)).isoformat() == instant(first or "").isoformat()
    window = {"valid_from": table.now.isoformat(), "valid_until": first}
    assert code(table.say("uz.prosecutor", "authorisation_granted", "consent-uz", **window)) is None
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.pass_time(hours=24)
    extension = "extension.uz.prosecutor.1"
    again = request(table.delivery, extension, "uz.prosecutor").facts.valid_until
    assert code(table.say("uz.prosecutor", "authorisation_extended", extension, valid_until=again)) is None


@pytest.mark.parametrize(
    ("warnings", "extension", "unused"), [((), 12, 0), ((24,), 12, 24), ((48, 12, 2), 12, 36), ((48, 12, 2), 47, 2)]
)
def test_r5_how_long_before_its_end_an_authorisation_is_of_no_use(warnings: tuple[int, ...], extension: int, unused: int) -> None:
    """The last warning halts, and so does silence about an extension, for which is asked at the first."""
    leads = tuple(timedelta(hours=one) for one in warnings)
    plan = with_changes(plan_={"expiry_warnings": leads})
    times = plan.contingencies.model_copy(update={"extension": timedelta(hours=extension)})
    assert timedelta(hours=unused) == plan.model_copy(update={"contingencies": times}).unused()


def test_r5_whatever_is_done_at_the_last_moment_is_done_before_an_authorisation_halts_it() -> None:
    """By the card of Uzbekistan none lasts longer than its plan may take; it is given at once, and nothing is ever early."""
    plan = with_changes(plan_={"surveillance": None}, consent_kz={"escalate": []})
    free: dict[str, Any] = {"measures": MEASURES, "needs": "nothing"}
    whole = plan.time_to_depart() + plan.time_to_leave("UZ") + plan.unused()
    own = card_of("UZ", terms=[provision("UZ", ceiling=iso_span(whole))], measures=[provision("UZ", **free)])
    table = Table(plan, other_cards=own | card_of("KZ", measures=[provision("KZ", **free)]))

    def late(checkpoint: str) -> None:
        due = table.at(checkpoint).due
        assert due is not None
        table.pass_time(seconds=(due - table.now).total_seconds() - 60)

    table.say(
        "uz.prosecutor",
        "authorisation_granted",
        "consent-uz",
        valid_from=table.now.isoformat(),
        valid_until=(table.now + whole).isoformat(),
        permits=[],
    )
    late("consent-kz")
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-04-01T00:00:00Z", permits=[])
    late("preparation")
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    late("departure")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    late("tashkent-airport")
    table.hand_over()
    late("delivery")
    table.say("uz.customs", "delivered", "delivery")

    assert table.delivery.state.delivered
    assert table.delivery.state.halt is None


def test_r16_what_may_be_permitted_for_less_than_the_way_takes_is_asked_for_apart() -> None:
    """With an authorisation that lasts as long as the way, the post could not be, nor that it is opened."""
    plan = example_plan()
    whole = plan.time_to_depart() + plan.time_to_leave("KZ") + plan.unused()
    kz_post = {"measures": ["post"], "needs": "permission", "by": ["prosecutor"]}
    for least, found in ((timedelta(), 0), (timedelta(minutes=1), 1)):
        card = card_of("KZ", measures=[provision(**kz_post, longest=iso_span(whole - least))])
        assert found == len(problems(plan, card, "R16"))
        both = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")})
        assert not problems(both, card, "R16")
    opening = {"measures": ["opening", "post"], "needs": "permission", "by": ["prosecutor"]}
    opened = with_changes(plan_={"uses": ["opening"]})
    card = card_of("KZ", measures=[provision(**opening, longest=iso_span(plan.time_to_depart()))])
    assert ["post", "opening"] == [one.split()[7] for _, one in problems(opened, card, "R16")]


def post_for(longest: str, *, step: str | None, first: str) -> dict[str, RuleCard]:
    """By the card of Kazakhstan the post is permitted for so long, and extended by this step; so long an authorisation lasts."""
    extended = {"extension": step} if step is not None else {}
    post = provision(measures=["post"], needs="permission", by=["prosecutor"], longest=longest, **extended)
    return card_of("KZ", terms=[provision(longest=first)], measures=[post])


@pytest.mark.parametrize(
    ("step", "first", "apart"), [("1d", "3d", False), ("1d", "72h", False), (None, "3d", True), ("1d", "4d", True)]
)
def test_r16_what_lasts_as_long_as_an_authorisation_and_is_extended_with_it_is_not_asked_for_apart(
    step: str | None, first: str, *, apart: bool
) -> None:
    """It is, where it is not known to be extended, or where the authorisation lasts longer from the beginning."""
    assert apart == bool(problems(example_plan(), post_for("3d", step=step, first=first), "R16"))


@pytest.mark.parametrize(("step", "found"), [("1d", timedelta(days=4)), (None, timedelta(days=4, hours=12))])
def test_r16_an_extension_is_asked_for_no_longer_than_what_it_permits_is_extended(step: str | None, found: timedelta) -> None:
    """Who answers what it is asked is heard: by so much as the card extends the post, or to the longest that it permits it."""
    longest = "3d" if step is not None else "108h"
    both = {"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")}
    table = Table(with_changes(consent_kz=both), other_cards=post_for(longest, step=step, first="3d"))
    began, ends = table.now, table.now + timedelta(days=3)
    window = {"valid_from": began.isoformat(), "valid_until": ends.isoformat()}
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=["post"], **window)
    table.say("kz.prosecutor", "permission_granted", "consent-kz", permissions=["post"], **window)
    table.pass_time(hours=24)
    until = request(table.delivery, "extension.kz.prosecutor.1", "kz.prosecutor").facts.valid_until or ""
    assert began + found == instant(until)
    assert code(table.say("kz.prosecutor", "authorisation_extended", "extension.kz.prosecutor.1", valid_until=until)) is None


def test_r16_what_is_asked_to_be_permitted_is_no_longer_than_the_card_lets() -> None:
    """A permission that is asked for alone."""
    own = provision(measures=["post"], needs="own_act", by=["prosecutor"], longest="2d")
    alone = asks("kz.prosecutor permission")
    plan = with_changes().model_dump()
    plan["checkpoints"] = [*plan["checkpoints"], plan["checkpoints"][0] | {"id": "post-kz", "requires": alone, "escalate": []}]
    table = Table(Plan.model_validate(plan), other_cards=card_of("KZ", measures=[own]))
    until = request(table.delivery, "post-kz", "kz.prosecutor").facts.valid_until
    assert (table.now + timedelta(days=2)).isoformat() == instant(until or "").isoformat()
    window = {"valid_from": table.now.isoformat(), "valid_until": until}
    assert code(table.say("kz.prosecutor", "permission_granted", "post-kz", permissions=["post"], **window)) is None


def test_r5_what_the_law_says_in_months_is_counted_by_the_calendar() -> None:
    """To the end of the day with the same number, neither 30 days nor 31 a month; the refusal says it in months."""
    for until, found in (("2022-05-02", None), ("2022-05-03", "extended_too_far")):
        assert found == extended(until, extension="1 month")
    for until, found in (("2022-05-02", None), ("2022-05-03", "beyond_ceiling")):
        assert found == extended(until, ceiling="2 months")
    table = Table(other_cards=card_of("KZ", terms=[provision(longest="1 month")]))
    too_long = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-04-03T00:00:00Z")
    assert "longer_than_card" == code(too_long)
    assert "by its rule card an authorisation of KZ lasts at most 1 month" in str(
        too_long.verdict.finding and say(too_long.verdict.finding)
    )


def test_r5_a_new_authorisation_does_not_begin_the_ceiling_anew() -> None:
    """It counts from the first of that authority."""
    both = asks("kz.prosecutor authorisation", "kz.afm authorisation")
    card = card_of("KZ", terms=[provision(ceiling="60d")])
    table = Table(with_changes(consent_kz={"requires": both}), other_cards=card)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", provisional=True)
    window = {"valid_from": "2022-03-20T00:00:00Z", "valid_until": "2022-05-01T00:00:00Z"}
    assert "beyond_ceiling" == code(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **window))


def test_r5_a_consent_at_the_end_of_the_calendar_is_judged_like_any_other() -> None:
    """Whoever dates an authorisation to the last day that there is breaks nothing, also where a card has a ceiling."""
    last = {"valid_from": "9999-12-31T23:59:59Z", "valid_until": "9999-12-31T23:59:59.999999Z"}
    table = Table(other_cards=card_of("KZ", terms=[provision(longest="90d", ceiling="90d")]))

    assert ("accepted", None) == became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **last))
    assert not table.delivery.consents.authorised("KZ", table.now)


def test_r5_the_plan_warns_as_long_before_the_end_as_an_extension_must_be_asked_for() -> None:
    """The example warns 48 hours before."""
    for lead, found in (("48h", []), ("72h", ["expiry_warnings"])):
        card = card_of("KZ", terms=[provision(longest="90d", ask_before=lead)])
        assert found == [place for place, _ in problems(example_plan(), card, "R5")]


# What an act permits beside


def permits(measures: list[str], **says: Any) -> str | None:
    """What becomes of an authorisation of Kazakhstan's prosecutor that permits this too, where one rule of its card is so."""
    rule = provision(measures=["device"], **says)
    table = Table(other_cards=card_of("KZ", measures=[rule]))
    return code(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=measures))


def test_r16_an_authorisation_permits_only_what_it_may() -> None:
    """What wants an act of its own, what another must permit, and what is permitted for less time than it lasts is refused."""
    assert permits(["device", "post"], needs="permission", by=["prosecutor"]) is None
    assert "act_of_its_own" == permits(["device"], needs="own_act")
    assert "may_not_permit" == permits(["device"], needs="permission", by=["court"])
    assert "permitted_too_long" == permits(["device"], needs="permission", longest="30d")


def test_r16_a_permission_apart_is_given_by_who_may_and_for_no_longer_than_the_law_lets() -> None:
    """The police may not permit what a court must; and nobody may for longer."""
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.afm permission")})
    for says, found in (({"by": ["court"]}, "may_not_permit"), ({"longest": "10d"}, "permitted_too_long"), ({}, None)):
        rule = provision(measures=["post"], needs="own_act", **says)
        table = Table(plan, other_cards=card_of("KZ", measures=[rule]))
        assert found == code(table.say("kz.afm", "permission_granted", "consent-kz", permissions=["post"]))


def test_r16_what_is_not_known_must_be_permitted() -> None:
    """Nothing is known of devices in Uzbekistan: without an act that permits one, it halts once all have consented."""
    plan = with_changes(plan_={"uses": ["device"]})
    table = Table(plan)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", permits=["post"])
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("permission", {"permission": "device", "state": "UZ"}) == (halt.cause, halt.finding.parameters)

    table = Table(plan).consent()
    assert table.is_open("preparation")


def test_r16_the_request_says_what_this_service_is_to_permit() -> None:
    """The authority what goes with its authorisation, the other what wants an act of its own."""
    both = asks("kz.prosecutor authorisation", "kz.afm permission")
    plan = with_changes(plan_={"uses": ["device"]}, consent_kz={"requires": both})
    own = provision(measures=["device"], needs="own_act", by=["police"])
    also = provision(measures=["post"], needs="permission", by=["prosecutor"])
    table = Table(plan, other_cards=card_of("KZ", measures=[own, also]))

    asked = [request(table.delivery, "consent-kz", one).facts.permissions for one in ("kz.prosecutor", "kz.afm")]
    assert [("post",), ("device",)] == asked


def test_r16_somebody_who_may_permit_it_is_asked() -> None:
    """Estonia's court permits the post, by its card; a plan that asks its prosecutor alone is refused."""
    plan = with_changes(example_plan("back-to-sender"), consent_ee={"requires": asks("ee.prosecutor authorisation")})

    ((place, problem),) = problems(plan, {}, "R16")
    assert ("checkpoints", True) == (place, "in EE post needs a permission of court" in problem)


@pytest.mark.parametrize(("need", "sure"), [(1, False), (2, False), (3, True), ("all", True)])
def test_r16_somebody_who_may_permit_it_has_answered(need: Any, *, sure: bool) -> None:
    """By the card of Kazakhstan its prosecutor alone permits the post. Where two others are asked too, it could go without."""
    three = asks("kz.prosecutor authorisation", "kz.court authorisation", "kz.border authorisation")
    plan = with_changes(plan_={"coordinator": "kz.court"}, consent_kz={"requires": three, "need": need, "escalate": []})
    card = {"granted_by": ["prosecutor", "court", "border_guard"]}
    found = problems(plan, card_of("KZ", **card), "R16")
    assert sure != any("may answer without one who could give it" in one for _, one in found)

    document = plan.model_dump()
    alone = document["checkpoints"][0] | {"id": "consent-kz-2", "requires": asks("kz.prosecutor authorisation"), "need": "all"}
    apart = Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], alone]})
    assert not problems(apart, card_of("KZ", **card), "R16")


def test_r1_a_closed_list_of_offences_holds() -> None:
    """Estonia's law lists them: a plan that names none of them is refused, and says which there are."""
    plan = example_plan("back-to-sender")
    offence = plan.offence.model_copy(update={"articles": plan.offence.articles | {"EE": ("KarS § 392",)}})

    ((place, problem),) = problems(plan.model_copy(update={"offence": offence}), {}, "R1")
    assert "offence.articles" == place
    assert "KarS § 391" in problem
    assert "KarS § 392 is none of them" in problem


# Duties


COURSE = ("authorisation", "preparation", "departure", "delivery", "arrest", "outcome")


@pytest.mark.parametrize("after", COURSE)
def test_a_duty_runs_from_its_event_and_not_before(after: str) -> None:
    """Step by step to the end: it is asked when the event has come, and once."""
    duty = {"id": "told", "what": "the prosecutor is told", "within": "2d", "after": after}
    table = Table(other_cards=card_of("KZ", duties=[duty]))
    name = "duty.kz.prosecutor.told"
    for number, step in enumerate(steps(table)):
        assert (COURSE.index(after) <= number) is (table.delivery.state.seen(name) is not None), step


def steps(table: Table) -> Iterator[str]:
    """The usual course, with a stop at each event that a duty may run from."""
    table.consent()
    yield "authorisation"
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    yield "preparation"
    table.say("uz.customs", "ready", "departure")
    table.say("uz.police", "ready", "departure")
    table.say("kz.police", "dispatched", "departure")
    yield "departure"
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    yield "delivery"
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    yield "arrest"
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    table.say("uz.customs", "seizure", "accounting")
    yield "outcome"


def test_a_value_of_a_card_rests_on_one_of_its_texts() -> None:
    """A provision that names another is refused, with those there are."""
    with pytest.raises(ValueError, match="deciders rests on nothing, and there is no such text among ord"):
        card_of("KZ", deciders=[{"by": ["court"], "role": "a judge", "law": {"mark": "T", "text": "nothing"}}])


def test_nothing_is_halted_for_a_law_that_is_kept() -> None:
    """Who runs the installation cannot end a delivery by saying that a written act is missing."""
    table = oral()
    confirms(table)
    table.pass_time(hours=25)
    assert not any(isinstance(entry.event, Halted) for entry in table.delivery.ledger.entries)
