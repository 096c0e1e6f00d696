"""What a card knows is enforced where something is recorded that shows it, and answered for where nothing is (R1, R16)."""

from typing import Any

import pytest

from domain.plan import demands as law
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.demands import demands, not_known
from domain.plan.plan import Plan
from domain.views.asked import request
from domain.views.law import explained
from tests.course import became, code
from tests.support import PHOTOGRAPH, Table, asks, card_of, example_cards, example_directory, example_plan, with_changes

LAW = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
KNOWN: dict[str, Any] = {
    "granted_by": ("prosecutor",),
    "modalities": ("intact",),
    "longest": "90d",
    "records": [],
    "afterwards": [],
    "measures": [{"measures": ["post", "device", "following_person"], "needs": "nothing", "law": LAW}],
}
"""A card of Kazakhstan that knows whatever matters to the example plan."""
BARS = [{"what": "danger to life", "law": LAW}]
FOLLOWED = {"measures": ["following_person"], "needs": "nothing", "contacts": "48h", "law": LAW}
SEIZED = [{"acts": ["search", "seizure"], "by": "witnesses", "law": LAW}]
REPORTS = [{"what": "a report of the watch", "every": "24h", "law": LAW}]
AFTER = {"what": "the prosecutor is told before material is destroyed", "law": LAW}
CONTACTS = {"measures": [FOLLOWED, *KNOWN["measures"]]}


def knowing(**says: Any) -> dict[str, RuleCard]:
    """That card, saying this as well."""
    return example_cards() | card_of("KZ", **KNOWN | says)


def following() -> Plan:
    """The example, which follows a person on the way."""
    return with_changes(plan_={"uses": ["following_person"]})


@pytest.mark.parametrize(
    ("plan", "says", "topics", "sentence"),
    [
        (example_plan(), {}, (), None),
        (example_plan(), {"bars": BARS}, ("bars",), law.FORBIDS),
        (example_plan(), {"records": SEIZED}, ("records",), law.RECORDED["witnesses"]),
        (example_plan(), {"records": [SEIZED[0] | {"by": "neither"}]}, (), None),
        (example_plan(), CONTACTS, (), None),
        (following(), CONTACTS, ("contacts",), law.CONTACTS),
        (example_plan(), {"reports": REPORTS}, ("reports",), law.REPORTS),
        (example_plan(), {"reports": [REPORTS[0] | {"stage": "criminal_case"}]}, (), None),
        (example_plan(), {"afterwards": [AFTER]}, ("afterwards",), law.AFTERWARDS),
        (example_plan(), {"afterwards": [AFTER | {"stage": "criminal_case"}]}, (), None),
        (example_plan(), {"bars": [BARS[0] | {"goods": ["weapons"]}]}, (), None),
    ],
)
def test_r1_what_no_record_shows_is_answered_for(plan: Plan, says: Any, topics: Any, sentence: Any) -> None:
    """A bar, an act to be recorded and others who are met: the plan says who answers, and each point names him; what is not about
    this delivery is not asked.
    """
    cards = knowing(**says)
    assert not_known(plan, cards["KZ"]) == topics
    demand = demands(plan, cards)[0]
    assert [one.sentence for one in demand.points if one.answered] == ([sentence] if sentence is not None else [])
    if topics:
        assert any(line.sentence.endswith("kz.prosecutor answers for it (R1)") for line in explained(demand).lines)
        assert "kz.prosecutor answers for it" in explained(demand).left
    without = plan.model_copy(update={"answers_for_law": {"UZ": "uz.prosecutor"}})
    found = [one.problem for one in faults_in(without, example_directory(), cards) if one.place == "answers_for_law"]
    assert [topic in found[0] for topic in map(law.topic, topics)] == [True] * len(topics)
    assert bool(found) is bool(topics)


def test_whoever_answers_that_nothing_forbids_it_is_told_so_in_its_request() -> None:
    """The request for consent names it beside what the card does not know."""
    table = Table(other_cards=card_of("KZ", **KNOWN | {"bars": BARS}))
    assert request(table.delivery, "consent-kz", "kz.prosecutor").facts.law_not_known == ("bars",)


def test_contacts_are_of_who_is_followed() -> None:
    """A card that says them of another measure is refused, and says what would be right."""
    with pytest.raises(ValueError, match="give following_person a rule of its own"):
        knowing(measures=[FOLLOWED | {"measures": ["following_person", "device"]}])


# An opening that is recorded


def opening(by: str) -> Table:
    """It is opened in Kazakhstan, where the law wants that recorded so; both States have consented."""
    records = [{"acts": ["opening"], "by": by, "law": LAW}]
    needless = [{"measures": ["post", "opening", "device"], "needs": "nothing", "law": LAW}]
    plan = with_changes(plan_={"uses": ["opening"]})
    return Table(plan, other_cards=card_of("KZ", **KNOWN | {"records": records, "measures": needless})).consent()


def test_r16_an_opening_is_not_recorded_by_a_paper() -> None:
    """Where it is recorded by a recording, an attached act is none."""
    act = PHOTOGRAPH.model_copy(update={"media_type": "application/pdf"})
    found = opening("recording").say("kz.police", "prepared", "preparation", opened=True, attachments=(act,))
    assert code(found) == "opening_not_recorded"


@pytest.mark.parametrize(("by", "refused"), [("recording", True), ("witnesses", False), ("either", False), ("neither", False)])
def test_r16_an_opening_is_recorded_as_the_law_wants(by: str, refused: bool) -> None:  # noqa: FBT001 - a table
    """Where that is by a recording, a preparation that opened it and names none is refused, and one that names one is taken. Who
    attested it stands in every record, and what was not opened needs none.
    """
    found = opening(by).say("kz.police", "prepared", "preparation", opened=True)
    assert (code(found) == "opening_not_recorded") is refused
    assert became(opening(by).say("kz.police", "prepared", "preparation", opened=True, attachments=(PHOTOGRAPH,))) == (
        "accepted",
        None,
    )
    assert became(opening(by).say("kz.police", "prepared", "preparation")) == ("accepted", None)


# How long a measure may go on


def measured(**says: Any) -> dict[str, RuleCard]:
    """Kazakhstan's prosecutor permits what is done with the post, by this rule."""
    rule = {"measures": ["post"], "needs": "permission", "by": ["prosecutor"], "law": LAW}
    return card_of("KZ", **KNOWN | {"measures": [rule | says, {"measures": ["device"], "needs": "nothing", "law": LAW}]})


def extended(until: str, **says: Any) -> str | None:
    """What becomes of an extension of the authorisation, which permits the post and runs from 1 March to 1 April, to this day."""
    table = Table(other_cards=measured(**says)).consent()
    return code(table.say("kz.prosecutor", "authorisation_extended", state="KZ", valid_until=f"{until}T00:00:00Z"))


@pytest.mark.parametrize(
    ("until", "says", "found"),
    [
        ("2022-04-11", {"longest": "40d", "extension": "10d"}, None),
        ("2022-04-12", {"longest": "40d", "extension": "10d"}, "measure_extended_too_far"),
        ("2022-04-11", {"extension": "10d"}, None),
        ("2022-04-12", {"extension": "10d"}, "measure_extended_too_far"),
        ("2022-04-10", {"longest": "40d"}, None),
        ("2022-04-11", {"longest": "40d"}, "permitted_too_long"),
        ("2022-04-30", {}, None),
    ],
)
def test_r16_an_extension_carries_a_measure_no_further_than_its_card_lets(until: str, says: Any, found: str | None) -> None:
    """By its step at a time; where that is not known, no further than its longest; and freely where the card knows neither."""
    assert extended(until, **says) == found


def apart(**says: Any) -> Table:
    """The post wants an act of its own of the police, which has permitted it from 1 to 31 March, and is asked a second time."""
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.afm permission")})
    again = plan.checkpoints[0].model_dump() | {"id": "permit-kz", "requires": asks("kz.afm permission")}
    rule = {"measures": ["post"], "needs": "own_act", "by": ["police"], "law": LAW}
    twice = Plan.model_validate(plan.model_dump() | {"checkpoints": (again, *plan.checkpoints)})
    table = Table(twice, other_cards=card_of("KZ", **KNOWN | {"measures": [rule | says]}))
    assert permitted(table, "consent-kz", "2022-03-01", "2022-03-31") is None
    return table


def permitted(table: Table, at: str, begins: str, until: str) -> str | None:
    """What becomes of a permission between these days."""
    window = {"valid_from": f"{begins}T00:00:00Z", "valid_until": f"{until}T00:00:00Z"}
    return code(table.say("kz.afm", "permission_granted", at, permissions=["post"], **window))


@pytest.mark.parametrize(
    ("begins", "until", "found"),
    [
        ("2022-03-31", "2022-04-10", None),
        ("2022-03-31", "2022-04-11", "measure_extended_too_far"),
        ("2022-03-20", "2022-04-11", "measure_extended_too_far"),
        ("2022-04-05", "2022-05-05", None),
    ],
)
def test_r16_a_permission_apart_that_goes_on_is_an_extension(begins: str, until: str, found: str | None) -> None:
    """One that begins before the last has ended lets it go on by the step of the card at most; one after it is a new one."""
    table = apart(longest="30d", extension="10d")
    assert permitted(table, "permit-kz", begins, until) == found


def test_r16_an_authorisation_given_anew_extends_what_it_permits() -> None:
    """It does not begin the step anew while the one before still runs."""
    table = Table(other_cards=measured(longest="40d", extension="10d"))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", provisional=True)
    window = {"valid_from": "2022-03-10T00:00:00Z", "valid_until": "2022-04-12T00:00:00Z"}
    said = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **window)
    assert code(said) == "measure_extended_too_far"
    said = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **window | {"valid_until": "2022-04-11T00:00:00Z"})
    assert became(said) == ("accepted", None)
