"""R13: what one service decides and another carries out no third one says for both."""

from datetime import timedelta

import pytest

from domain.delivery.reported import Amended
from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.record.door import amend
from domain.words.errors import RuleBroken
from tests.course import became, code
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

TOLD = with_changes(consent_uz={"escalate": [{"after": "30h", "to": "uz.security"}]})
"""With uz.security, which neither decides nor carries anything out."""


@pytest.mark.parametrize(
    ("giver", "taker"),
    [
        ("kz.prosecutor", "kz.knb"),
        ("kz.prosecutor", "kz.police"),
        ("uz.prosecutor", "uz.customs"),
        ("uz.customs", "uz.prosecutor"),
        ("kz.police", "kz.prosecutor"),
        ("kz.knb", "kz.prosecutor"),
    ],
    ids=["initiator", "first leg", "last leg", "from the last leg", "from the first leg", "from the initiator"],
)
def test_r13_who_decides_does_not_let_who_carries_it_out_say_so_or_the_other_way(giver: str, taker: str) -> None:
    """One would say both, and the second voice would be none."""
    table = Table()
    said = table.say(giver, "delegated", to=taker)
    assert (became(said), code(said)) == (("refused", "R13"), "says_both")
    assert table.delivery.state.delegations == {}


def test_r13_nor_by_a_third_to_which_it_is_passed_on() -> None:
    """From the prosecutor to the police, and from there to the customs; in whichever order the links are made."""
    table = Table()
    assert became(table.say("uz.prosecutor", "delegated", to="uz.police")) == ("accepted", None)
    assert code(table.say("uz.police", "delegated", to="uz.customs")) == "says_both"
    other = Table()
    assert became(other.say("uz.police", "delegated", to="uz.customs")) == ("accepted", None)
    assert code(other.say("uz.prosecutor", "delegated", to="uz.police")) == "says_both"


def test_r13_nor_does_a_third_speak_for_both() -> None:
    """The security service, which has no part in either, is given both; once the one has ended it may take the other."""
    table = Table(TOLD)
    until = (table.now + timedelta(hours=1)).isoformat()
    assert became(table.say("uz.prosecutor", "delegated", to="uz.security", valid_until=until)) == ("accepted", None)
    said = table.say("uz.customs", "delegated", to="uz.security")
    assert code(said) == "says_both"
    assert said.verdict.finding is not None
    assert said.verdict.finding.parameters == {"to": "uz.security", "decider": "uz.prosecutor", "carrier": "uz.customs"}
    table.pass_time(hours=1)
    assert became(table.say("uz.customs", "delegated", to="uz.security")) == ("accepted", None)


BACKED = with_changes(consent_uz={"escalate": [{"after": "30h", "to": "uz.security", "may_answer": True}]})
"""It may consent for the prosecutor."""


def test_r13_nor_does_a_backup_carry_out_what_it_decides() -> None:
    """Neither before its rung has come nor after; what the prosecutor delegates to it, it may."""
    table = Table(BACKED, other_cards=card_of("UZ", measures=[]))
    for hours in (0, 30):
        table.pass_time(hours=hours)
        said = table.say("uz.customs", "delegated", to="uz.security")
        assert code(said) == "says_both"
        assert said.verdict.finding is not None
        assert said.verdict.finding.parameters == {"to": "uz.security", "decider": "uz.prosecutor", "carrier": "uz.customs"}
    assert became(table.say("uz.prosecutor", "delegated", to="uz.security")) == ("accepted", None)


def test_r13_nor_one_that_comes_to_be_a_backup_later() -> None:
    """The initiator brings the ladder when the customs has delegated: it speaks for the customs no more."""
    table = Table(TOLD, other_cards=card_of("UZ", measures=[]))
    assert became(table.say("uz.customs", "delegated", to="uz.security")) == ("accepted", None)
    assert code(table.say("uz.security", "ready", "departure", on_behalf_of="uz.customs")) != "may_not_speak"
    amend(table.delivery, Amended(plan=signed_plan(BACKED)), table.now)
    assert code(table.say("uz.security", "ready", "departure", on_behalf_of="uz.customs")) == "may_not_speak"


@pytest.mark.parametrize("decides", [True, False])
def test_r13_nor_does_who_has_decided_carry_it_out_when_that_delegation_is_over(decides: bool) -> None:  # noqa: FBT001
    """It has consented for the prosecutor; its word is spoken, whoever delegates to it then. Else it may."""
    table = Table(TOLD, other_cards=card_of("UZ", measures=[]))
    until = (table.now + timedelta(hours=1)).isoformat()
    table.say("uz.prosecutor", "delegated", to="uz.security", valid_until=until)
    speaker = {"on_behalf_of": "uz.prosecutor"} if decides else {}
    signer = "uz.security" if decides else "uz.prosecutor"
    assert code(table.say(signer, "authorisation_granted", "consent-uz", **speaker)) is None
    table.say("uz.security", "authorisation_granted", "consent-uz", on_behalf_of="uz.prosecutor")  # too late, and changes nothing
    table.pass_time(hours=1)
    assert code(table.say("uz.customs", "delegated", to="uz.security")) == ("says_both" if decides else None)


def test_r13_who_permits_in_urgency_for_another_decides_nothing_by_that() -> None:
    """The one whose say it is sanctions it; so it carries out what is delegated to it then."""
    law = {"mark": "T", "text": "ord"}
    apart = {"measures": ["following_person"], "needs": "own_act", "law": law}
    others = {"measures": [one for one in MEASURES if one != "following_person"], "needs": "nothing", "law": law}
    urgent = {"measures": ["following_person"], "by": ["security"], "sanctioned_within": "72h", "law": law}
    asked = {"requires": asks("uz.prosecutor authorisation", "uz.prosecutor permission")}
    plan = with_changes(TOLD, plan_={"uses": ["following_person"]}, consent_uz=asked)
    table = Table(plan, other_cards=card_of("UZ", measures=[apart, others], urgent_measures=[urgent]))
    permits = {"permissions": ["following_person"], "on_behalf_of": "uz.prosecutor", "urgent_at": table.now.isoformat()}
    assert code(table.say("uz.security", "permission_granted", "consent-uz", **permits)) is None
    assert became(table.say("uz.customs", "delegated", to="uz.security")) == ("accepted", None)


@pytest.mark.parametrize("voices", [("uz.customs",), ("uz.customs", "uz.prosecutor")])
def test_r13_who_has_decided_only_for_who_carries_it_out_may_carry_it_out_for_that(voices: tuple[str, ...]) -> None:
    """The customs, which is in charge of the last leg, consents as well: its deputy says both for it, unless it has consented
    for the prosecutor too.
    """
    plan = with_changes(TOLD, consent_uz={"requires": asks("uz.customs authorisation", "uz.prosecutor authorisation")})
    table = Table(plan, other_cards=card_of("UZ", measures=[]))
    for voice in voices:
        until = (table.now + timedelta(hours=1)).isoformat()
        table.say(voice, "delegated", to="uz.security", valid_until=until)
        assert code(table.say("uz.security", "authorisation_granted", "consent-uz", on_behalf_of=voice)) is None
        table.pass_time(hours=1)
    assert code(table.say("uz.customs", "delegated", to="uz.security")) == ("says_both" if len(voices) == 2 else None)


def test_r13_a_backup_of_one_that_decides_and_carries_it_out_may_stand_in_for_both() -> None:
    """Where the law lets one service say both, a second of its kind says for it what it says."""
    both = with_changes(BACKED, consent_uz={"requires": [asks("uz.customs authorisation")[0] | {"officers": 2}]})
    table = Table(both, other_cards=card_of("UZ", measures=[]))
    assert became(table.say("uz.customs", "delegated", to="uz.security")) == ("accepted", None)


def test_r13_who_comes_to_carry_it_out_later_speaks_for_the_prosecutor_no_more() -> None:
    """The plan changes under way: the delegate is responsible for a leg now."""
    table = Table(TOLD)
    assert became(table.say("uz.prosecutor", "delegated", to="uz.security")) == ("accepted", None)
    document = table.plan.model_dump()
    document["legs"] = [document["legs"][0], document["legs"][1] | {"responsible": "uz.security"}]
    for at in document["checkpoints"]:
        at["requires"] = [one | ({"service": "uz.security"} if one["service"] == "uz.customs" else {}) for one in at["requires"]]
    changed = type(table.plan).model_validate(document)
    amend(table.delivery, Amended(plan=signed_plan(changed)), table.now)
    said = table.say("uz.security", "authorisation_granted", "consent-uz", on_behalf_of="uz.prosecutor")
    assert (became(said), code(said)) == (("refused", "R21"), "may_not_speak")


def test_r13_a_prosecutor_on_duty_speaks_for_the_prosecutor() -> None:
    """Who neither begins it nor is in charge of a leg may."""
    table = Table(TOLD, other_cards=card_of("UZ", measures=[]))
    assert became(table.say("uz.prosecutor", "delegated", to="uz.security")) == ("accepted", None)
    said = table.say("uz.security", "authorisation_granted", "consent-uz", on_behalf_of="uz.prosecutor")
    assert became(said) == ("accepted", None)


def test_r13_nor_is_it_a_backup_where_only_agreement_is_asked() -> None:
    """Whoever begins it or is in charge agrees and permits in nobody's place either."""
    ladder = [{"after": "1h", "to": "kz.police", "may_answer": True}]
    words = example_plan().model_dump()
    own = words["checkpoints"][0] | {"id": "agreed", "requires": asks("kz.afm agreement"), "escalate": ladder}
    plan = type(example_plan()).model_validate(words | {"checkpoints": [*words["checkpoints"], own]})
    found = [one.problem for one in faults_in(plan, example_directory(), example_cards())]
    assert [one.startswith("R13") for one in found] == [True]


@pytest.mark.parametrize(
    ("initiator", "authority", "place"),
    [("kz.knb", "kz.knb", "initiator"), ("kz.knb", "kz.police", "legs.0.responsible")],
    ids=["R13: who begins it", "R7: who carries it out"],
)
def test_r13_one_of_two_that_is_enough_is_no_second_voice(initiator: str, authority: str, place: str) -> None:
    """The prosecutor is asked as well, and need not answer: then who begins it, or carries it out, decides alone."""
    plan = example_plan("aktobe-post-office")
    both = asks(f"{authority} authorisation", "kz.prosecutor authorisation")
    alone = with_changes(plan, plan_={"initiator": initiator}, consent={"requires": both, "need": 1})
    found = {one.place: one.problem for one in faults_in(alone, example_directory(), example_cards())}
    together = with_changes(alone, consent={"need": "all"})
    assert found.get(place, "")[:4] in ("R13:", "R7: ")
    assert place not in {one.place for one in faults_in(together, example_directory(), example_cards())}


def test_r1_who_must_agree_agrees_afresh_where_its_state_is_asked_afresh() -> None:
    """By the card the customs accepts what the prosecutor decides: it has agreed to another way than the one that is gone."""
    law = card_of("KZ", agreements=[{"of": ["customs"], "decided_by": ["prosecutor"], "law": {"mark": "T", "text": "ord"}}])
    both = asks("kz.prosecutor authorisation", "kz.customs agreement")
    plan = with_changes(consent_kz={"requires": both})
    table = Table(plan, other_cards=law)
    table.say("kz.customs", "agreement_given", "consent-kz", state="KZ", reference="TEST-8", given_by_role="head of service")
    table.consent()

    def elsewhere(*asked: str) -> Amended:
        document = plan.model_dump()
        document["legs"] = [document["legs"][0] | {"means": "by road"}, *document["legs"][1:]]
        like = next(one for one in document["checkpoints"] if one["id"] == "consent-kz")
        document["checkpoints"] = [*document["checkpoints"], like | {"id": "afresh", "requires": asks(*asked)}]
        return Amended(plan=signed_plan(Plan.model_validate(document)))

    with pytest.raises(RuleBroken, match="what a prosecutor decides needs the agreement of customs"):
        amend(table.delivery, elsewhere("kz.prosecutor authorisation"), table.now)
    amend(table.delivery, elsewhere("kz.prosecutor authorisation", "kz.customs agreement"), table.now)
    assert table.is_open("afresh")
