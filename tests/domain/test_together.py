"""Joint plans of two initiators (R22, R13), and services that are told at the end alone (R11)."""

import pytest

from domain.delivery.reported import Amended
from domain.plan.check import faults_in
from domain.plan.directory import Directory, ServiceKey
from domain.plan.plan import Plan
from domain.record.door import amend, begin, verified_plan
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, Envelope, sign
from domain.signing.keys import public_text
from domain.views.standing import standing
from domain.words.errors import NotAllowed, NotAuthentic, NotVerified
from rehearsal.scenario import Scenario
from rehearsal.services import EPOCH, private_key_of
from rehearsal.simulator import World, simulate
from tests.course import became
from tests.support import SECRET, Table, asks, example_cards, example_directory, example_plan, with_changes

JOINT = with_changes(
    plan_={
        "co_initiator": "uz.customs",
        "offence": example_plan().offence.model_dump() | {"articles": {"KZ": ["Art. 297"], "UZ": ["Art. 246"]}},
    }
)
CALM = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}})
TOLD = {"service": "kg.customs", "reason": "it went through Kyrgyzstan before it was found"}
LATER = with_changes(plan_={"told_at_end": [TOLD]})


def signed_by(plan: Plan, *services: str) -> Envelope:
    """The plan with these signatures."""
    return sign(canonical(plan), PLAN_TYPE, *map(private_key_of, services))


def faults(plan: Plan) -> dict[str, str]:
    """What `plan check` says, by place."""
    return {one.place: one.problem for one in faults_in(plan, example_directory(), example_cards())}


@pytest.mark.parametrize(
    ("services", "found"),
    [
        (("kz.knb",), "not signed by uz.customs"),
        (("uz.customs",), "not signed by kz.knb"),
        (("kz.police", "uz.police"), "not signed by kz.knb, uz.customs"),
        (("kz.knb", "uz.customs", "kz.police"), "signed by kz.police"),
    ],
)
def test_r22_a_joint_plan_is_signed_by_both_and_by_nobody_else(services: tuple[str, ...], found: str) -> None:
    """One signature is not enough, and a third is none of the plan's."""
    with pytest.raises(NotAuthentic, match=found):
        begin(signed_by(JOINT, *services), Table(JOINT).directory, example_cards(), EPOCH, SECRET)


@pytest.mark.parametrize("services", [("kz.knb", "uz.customs"), ("uz.customs", "kz.knb")])
def test_r22_in_whatever_order_they_sign(services: tuple[str, ...]) -> None:
    """The order of the signatures says nothing."""
    assert verified_plan(signed_by(JOINT, *services), Table(JOINT).directory, EPOCH) == JOINT


def test_r22_a_joint_plan_is_changed_by_both() -> None:
    """By one alone it is not; nor does one take the other out of it."""
    table = Table(JOINT)
    changed = with_changes(JOINT, departure={"due": "P2D"})
    with pytest.raises(NotAuthentic, match=r"not signed by uz\.customs"):
        amend(table.delivery, Amended(plan=signed_by(changed, "kz.knb")), table.now)
    amend(table.delivery, Amended(plan=signed_by(changed, "kz.knb", "uz.customs")), table.now)
    assert table.delivery.plan == changed
    alone = with_changes(changed, plan_={"co_initiator": None}, departure={"due": "P3D"})
    with pytest.raises(Exception, match="does not change under way"):
        amend(table.delivery, Amended(plan=signed_by(alone, "kz.knb")), table.now)


def test_r8_either_of_them_stops_it_and_both_see_the_whole() -> None:
    """A brake needs no second voice."""
    table = Table(JOINT).dispatch()
    assert became(table.say("uz.customs", "stop_requested")) == ("accepted", None)
    assert {one.service for one in standing(table.delivery).participants if one.reach == "whole"} == {
        "kz.knb",
        "uz.customs",
        "caricc",
    }


def test_a_joint_delivery_runs_to_its_end_and_its_packet_verifies() -> None:
    """With a directory that is trusted; one by which both signatures are of the same service finds out."""
    done = simulate(World(JOINT, example_directory(), example_cards(), CALM, 1))
    directory = done.delivery.snapshot.directory
    assert verify(done.packet, directory).outcome == "delivered_with_arrests"
    spare = ServiceKey(public=public_text(private_key_of("spare")), valid_from="2000-01-01T00:00:00Z")
    keys = {"kz.knb": (*directory.get("kz.knb").keys, *directory.get("uz.customs").keys), "uz.customs": (spare,)}
    others = tuple(one.model_copy(update={"keys": keys.get(one.id, one.keys)}) for one in directory.services)
    with pytest.raises(NotVerified, match=r"no key that signed the plan is one of uz\.customs"):
        verify(done.packet, Directory(vigil="directory/1", example=True, services=others))


def test_what_a_joint_plan_may_not_be() -> None:
    """Of one service twice, of one that nobody knows, or of two that would alone authorise."""
    assert faults(JOINT) == {}
    assert "R22" in faults(with_changes(plan_={"co_initiator": "kz.knb"}))["co_initiator"]
    assert "directory" in faults(with_changes(plan_={"co_initiator": "kz.nobody"}))["co_initiator"]
    alone = with_changes(
        plan_={"initiator": "kz.prosecutor", "co_initiator": "uz.prosecutor"},
    )
    assert {place for place, problem in faults(alone).items() if "R13" in problem} == {"initiator", "co_initiator"}


def test_r11_who_is_told_at_the_end_has_no_part_before() -> None:
    """It is no participant, is told nothing, and what it says is turned away, until there is an outcome."""
    table = Table(LATER).deliver()
    with pytest.raises(NotAllowed, match="no part"):
        table.say("kg.customs", "information")
    assert "kg.customs" not in [one.service for one in standing(table.delivery).participants]
    told = [entry.event for entry in table.delivery.ledger.entries if entry.event.event == "told"]
    assert not any("kg.customs" in one.reached for one in told)  # type: ignore[union-attr]


def test_r12_who_is_told_at_the_end_is_told_the_outcome() -> None:
    """With it, it stands among those who take part, and may say what it knows."""
    table = Table(LATER).deliver()
    for service, at in (("uz.police", "arrest-tashkent"), ("kz.knb", "arrest-almaty")):
        table.say(service, "arrest_made", at)
    table.say("uz.customs", "seizure", "accounting")
    assert table.delivery.state.outcome is not None
    (told,) = [
        entry.event
        for entry in table.delivery.ledger.entries
        if entry.event.event == "told" and "kg.customs" in entry.event.reached  # type: ignore[union-attr]
    ]
    assert told.kind == "outcome"  # type: ignore[union-attr]
    assert "kg.customs" in [one.service for one in standing(table.delivery).participants]
    assert became(table.say("kg.customs", "information")) == ("accepted", None)


def test_who_is_told_at_the_end_may_be_asked_what_came_of_it() -> None:
    """And for nothing else: whoever does anything knows of it before."""
    close = {"id": "look-back", "step": "close", "state": "KZ", "place": "On line", "due": "P20D"}
    words = LATER.model_dump()
    words["checkpoints"] = (*words["checkpoints"], close | {"requires": asks("kg.customs look_back")})
    asked = Plan.model_validate(words)
    assert faults(asked) == {}
    assert "kg.customs" not in asked.participants()
    done = simulate(World(asked, example_directory(), example_cards(), CALM, 1))
    assert any(entry.event.event == "closed" and entry.event.checkpoint == "look-back" for entry in done.delivery.ledger.entries)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([TOLD, TOLD], "stands twice"),
        ([TOLD | {"service": "uz.police"}], "R11"),
        ([TOLD | {"service": "kz.knb"}], "R11"),
        ([TOLD | {"service": "caricc"}], "R11"),
        ([TOLD | {"service": "kg.nobody"}], "directory"),
    ],
)
def test_who_may_not_be_told_at_the_end(told: list[dict[str, str]], found: str) -> None:
    """Who stands there twice, who has a part, and who is not in the directory."""
    problems = faults(with_changes(plan_={"told_at_end": told}))
    assert any(found in problem for place, problem in problems.items() if place.startswith("told_at_end"))
