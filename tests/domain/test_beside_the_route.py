"""R1, R16: a State that is asked and not on the route has a law too, and what its card does not know is asked."""

from typing import Any

import pytest

from domain.delivery.reported import Amended
from domain.plan.check import faults_in
from domain.plan.demands import demands, not_known
from domain.plan.plan import Plan
from domain.record.door import amend
from domain.views.asked import request
from domain.words.errors import RuleBroken
from domain.words.moments import instant
from tests.course import became, code
from tests.domain.test_powers import CARDS, DIRECTORY
from tests.support import Table, asking_all, asks, card_of, example_plan, signed_plan, with_changes

ARREST = {"state": "BY", "requires": asks("by.police arrest")}
CONSENT = "consent-by"


def asked(plan: Plan | None = None, *, by: str = "by.prosecutor authorisation", **changed: Any) -> Plan:
    """Almaty - Tashkent with an arrest in Belarus, which is asked to authorise."""
    document = with_changes(plan, arrest_tashkent=ARREST).model_dump()
    consent = example_plan().checkpoints[0].model_dump() | {"id": CONSENT, "state": "BY", "locode": None}
    document["checkpoints"] = [*document["checkpoints"], consent | {"requires": asks(by)}]
    document["offence"]["extraditable"]["BY"] = True
    document["answers_for_law"]["BY"] = "by.prosecutor"
    return asking_all(Plan.model_validate(document | changed))


def problems(plan: Plan, **cards: Any) -> list[str]:
    """What the check says of it."""
    return [one.problem for one in faults_in(plan, DIRECTORY, CARDS | (card_of("BY", **cards) if cards else {}))]


def test_r1_what_its_card_does_not_know_somebody_answers_for() -> None:
    """As on the route: nobody passes over it, and only who authorises there answers for it."""
    assert problems(asked()) == []
    nobody = problems(asked(answers_for_law={"KZ": "kz.prosecutor", "UZ": "uz.prosecutor"}))
    assert [one.startswith("R1: the rule card of BY does not know") for one in nobody] == [True]
    others = problems(asked(answers_for_law={"KZ": "kz.prosecutor", "UZ": "uz.prosecutor", "BY": "kz.prosecutor"}))
    assert ["is not asked to authorise for BY" in one for one in others] == [True]


def test_r1_its_card_is_looked_at() -> None:
    """Who decides there, how it may go, how long it must be given, and that there is a card at all."""
    assert any("cannot authorise such a delivery" in one for one in problems(asked(), granted_by=["court"]))
    assert any(one.startswith("R3") for one in problems(asked(), modalities=["removed"]))
    assert any("must be given" in one for one in problems(asked(), notice="30d"))
    offences = [{"articles": ["Criminal Code art. 1"], "law": {"mark": "K", "text": CARDS["BY"].texts[0].id}}]
    assert any("for these offences alone" in one for one in problems(asked(), offences=offences))
    without = {state: card for state, card in CARDS.items() if state != "BY"}
    assert "there is no rule card for BY" in [one.problem for one in faults_in(asked(), DIRECTORY, without)]


def test_r1_it_is_asked_to_authorise_and_not_only_to_agree() -> None:
    """Who agrees or permits there does so beside somebody who authorises; and whether the offence is extraditable is said."""
    only = problems(asked(by="by.prosecutor agreement"))
    assert any("BY is asked to decide, and nobody there is asked to authorise" in one for one in only)
    offence = example_plan().offence.model_dump()
    assert any("extraditable in BY" in one for one in problems(asked(offence=offence)))


@pytest.mark.parametrize(("measure", "wanted"), [("following_person", True), ("audio_video", True), ("device", False)])
def test_r16_what_is_done_to_persons_there_is_permitted_there(measure: str, wanted: bool) -> None:  # noqa: FBT001
    """A person is followed and recorded where the arrest is; a device travels with the consignment, which does not come there."""
    plan = asked(uses=[measure])
    assert (measure in plan.measures("BY")) is wanted
    assert not {"post", "vehicle_entry", "watching_thing", "opening", "foreign_officers"} & {*plan.measures("BY")}
    assert (measure in not_known(plan, CARDS["BY"])) is (wanted and CARDS["BY"].rule_of(measure, plan.case) is None)  # type: ignore[arg-type]


def test_r1_the_rules_hold_its_consent_against_its_card() -> None:
    """An act that lasts longer than its card lets is refused, and one that is not written follows in the time of the card."""
    law = {"forms": ["oral"], "written_within": "PT6H", "law": {"mark": "K", "text": CARDS["BY"].texts[0].id}}
    cards = card_of("BY", longest="P20D", urgent=[law])
    table = Table(asked(), other_cards=cards)
    said = table.say("by.prosecutor", "authorisation_granted", CONSENT, valid_until="2022-05-01T00:00:00Z")
    assert code(said) == "longer_than_card"
    short = {"valid_until": "2022-03-15T00:00:00Z", "form": "oral", "given_at": "2022-03-01T06:00:00Z"}
    assert became(table.say("by.prosecutor", "authorisation_granted", CONSENT, **short)) == ("accepted", None)
    assert table.is_open("written.by.prosecutor.1")
    table.pass_time(hours=6)
    assert table.delivery.state.halt is not None
    assert table.delivery.state.halt.finding.code == "not_written"


def test_what_its_card_demands_is_told_with_the_others() -> None:
    """On the command line and on the page; its consent must run until what is planned there is over."""
    plan = asked()
    told = demands(plan, CARDS)
    assert [one.state for one in told] == ["KZ", "UZ", "BY"]
    table = Table(plan)
    until = request(table.delivery, CONSENT, "by.prosecutor").facts.valid_until
    assert until is not None
    assert instant(until) - table.now == told[-1].needed


def test_r22_it_is_asked_afresh_where_what_it_decides_on_changes() -> None:
    """A measure against persons comes in under way: Belarus has not decided on it."""
    table = Table(asked())
    for name in ("kz", "uz", "by"):
        table.say(f"{name}.prosecutor", "authorisation_granted", f"consent-{name}")
    changed = Plan.model_validate(table.plan.model_dump() | {"uses": ["following_person"]})
    with pytest.raises(RuleBroken, match="BY was asked to decide on changes"):
        amend(table.delivery, Amended(plan=signed_plan(changed)), table.now)
