"""R19: what a State demands in return binds whoever answers where it binds."""

from datetime import timedelta
from typing import Any

import pytest

from domain.plan.plan import Plan
from domain.words.limits import MOST_FULFILLED
from rehearsal.scenario import Scenario
from rehearsal.simulator import World, simulate
from tests.course import became, code, dispatched
from tests.domain.test_changes import change, changed, elsewhere_with_consent
from tests.support import Table, asks, card_of, example_cards, example_directory, example_plan, with_changes

CONDITIONS = [{"text": "no costs"}, {"text": "two cars", "at": "departure"}, {"text": "no weapons", "at": "departure"}]


def bound(conditions: Any = CONDITIONS, **content: Any) -> Table:
    """Both States have consented, and Uzbekistan has set conditions."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", conditions=conditions, **content)
    return table


def departing(conditions: Any = CONDITIONS) -> Table:
    """Two of the conditions bind at the departure, which is open; none bound at the preparation."""
    table = bound(conditions)
    for service, kind in (("kz.police", "prepared"), ("kz.knb", "ready")):
        assert became(table.say(service, kind, "preparation")) == ("accepted", None)
    assert table.is_open("departure")
    return table


@pytest.mark.parametrize(
    ("fulfils", "expected"),
    [
        ((), ("refused", "R19")),
        (("uz.prosecutor/2",), ("refused", "R19")),
        (("uz.prosecutor/1", "uz.prosecutor/2"), ("refused", "R19")),
        (("kz.prosecutor/2", "kz.prosecutor/3"), ("refused", "R19")),
        (("uz.prosecutor/2", "uz.prosecutor/3"), ("accepted", None)),
        (("uz.prosecutor/3", "uz.prosecutor/2", "uz.prosecutor/1"), ("accepted", None)),
    ],
)
def test_r19_answer_counts_only_if_it_says_that_every_condition_there_is_met(fulfils: Any, expected: Any) -> None:
    """Each condition by its own number and who set it; one that binds nowhere in particular is not asked after."""
    table = departing()
    assert became(table.say("kz.police", "dispatched", "departure", fulfils=fulfils)) == expected
    assert table.delivery.state.dispatched == (expected[0] == "accepted")


def test_r19_condition_binds_everyone_who_answers_there_and_nobody_elsewhere() -> None:
    """The customs of both States must meet it; the preparation, which has passed without, was not bound."""
    table = departing()
    assert became(table.say("uz.customs", "ready", "departure")) == ("refused", "R19")


def test_r19_what_was_refused_may_be_said_again_with_the_condition_met() -> None:
    """The refusal names the condition that is wanting, and the next answer counts."""
    table = departing()
    answer = table.say("uz.police", "ready", "departure", fulfils=("uz.prosecutor/2",))
    assert answer.verdict.finding is not None
    assert answer.verdict.finding.parameters == {"condition": "uz.prosecutor/3", "state": "UZ"}
    both = ("uz.prosecutor/2", "uz.prosecutor/3")
    assert became(table.say("uz.police", "ready", "departure", fulfils=both)) == ("accepted", None)


def test_r19_a_no_needs_no_condition_met() -> None:
    """Whoever does not take custody does not have to meet what binds whoever does."""
    condition = [{"text": "by daylight", "at": "tashkent-airport"}]
    table = dispatched(bound(condition))
    assert became(table.say("kz.police", "handover_offered", "tashkent-airport")) == ("refused", "R19")
    assert became(table.say("uz.customs", "handover_declined", "tashkent-airport")) == ("accepted", None)


def test_r19_condition_at_a_checkpoint_that_does_not_exist_is_refused() -> None:
    """A slip of the pen would bind nobody: the grant is refused, and may be given anew."""
    table = Table()
    nowhere = [{"text": "two cars", "at": "nowhere"}]
    said = table.say("uz.prosecutor", "authorisation_granted", "consent-uz", conditions=nowhere)
    assert became(said) == ("refused", "R19")
    assert table.delivery.state.grants == {}


def test_r19_condition_at_a_checkpoint_that_has_been_passed_is_refused() -> None:
    """Asked afresh once it has left, Uzbekistan makes its consent depend on the departure: nobody would have to meet that."""
    table = Table().dispatch()
    change(table, changed(elsewhere_with_consent))
    passed = [{"text": "two cars", "at": "departure"}]
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2", conditions=passed)) == ("refused", "R19")
    ahead = [{"text": "two cars", "at": "delivery"}]
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2", conditions=ahead)) == ("accepted", None)


def test_r19_condition_of_a_provisional_authorisation_binds_nobody_until_it_is_final() -> None:
    """Only what was made final counts."""
    table = bound(provisional=True)
    assert table.delivery.state.grants["uz.prosecutor"].binding("departure") == ()
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", conditions=CONDITIONS)
    assert [number for number, _ in table.delivery.state.grants["uz.prosecutor"].binding("departure")] == [
        "uz.prosecutor/2",
        "uz.prosecutor/3",
    ]


def test_r19_the_request_says_what_binds_and_services_answer_to_it() -> None:
    """In the simulator the conditions reach whoever is asked, who says that they are met: it arrives."""
    act = {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_granted", "details": {"conditions": CONDITIONS}}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "5m", "slowest": "20m"}, "acts": [act]})
    done = simulate(World(example_plan(), example_directory(), example_cards(), scenario, 1))
    assert done.delivery.state.outcome == "delivered_with_arrests"
    assert len(done.delivery.state.grants["uz.prosecutor"].binding("departure")) == 2


THREE = (("kz.prosecutor", "consent-kz"), ("kz.knb", "consent-kz"), ("uz.prosecutor", "consent-uz"))


def of_three() -> Table:
    """Two authorities are asked in Kazakhstan, and one in Uzbekistan."""
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.knb authorisation"), "escalate": []}
    return Table(with_changes(consent_kz=asked), other_cards=card_of("KZ", granted_by=["prosecutor", "security", "court"]))


def consents(table: Table, service: str, at: str, conditions: int) -> str | None:
    """It consents under so many conditions that bind at the departure."""
    demanded = [{"text": f"condition {number}", "at": "departure"} for number in range(conditions)]
    return code(table.say(service, "authorisation_granted", at, conditions=demanded))


def test_r28_no_more_binds_at_a_checkpoint_than_an_answer_there_can_name() -> None:
    """Each has an equal share with those who are still to answer, and one more is refused; who names all of them is heard."""
    table = of_three()
    for (service, at), most in zip(THREE, (16, 17, 17), strict=True):
        assert consents(table, service, at, most + 1) == "binds_too_much"
        assert consents(table, service, at, most) is None
    for service, kind in (("kz.police", "prepared"), ("kz.knb", "ready")):
        assert became(table.say(service, kind, "preparation")) == ("accepted", None)
    named = [f"{service}/{n + 1}" for (service, _), most in zip(THREE, (16, 17, 17), strict=True) for n in range(most)]
    assert len(named) == MOST_FULFILLED
    assert became(table.say("uz.customs", "ready", "departure", fulfils=named[1:])) == ("refused", "R19")
    assert became(table.say("uz.customs", "ready", "departure", fulfils=named)) == ("accepted", None)


def test_r28_what_binds_elsewhere_or_nowhere_counts_apart() -> None:
    """The bound is of one checkpoint."""
    table = of_three()
    for service, places in (("kz.prosecutor", (None, None)), ("kz.knb", ("departure", "delivery"))):
        demanded = [{"text": f"condition {number}", "at": places[number % 2]} for number in range(20)]
        assert code(table.say(service, "authorisation_granted", "consent-kz", conditions=demanded)) is None


def asked_afresh(*conditions: int) -> Table:
    """Each has set so many, and then all three are asked afresh."""
    table = of_three()
    for (service, at), count in zip(THREE, conditions, strict=True):
        assert consents(table, service, at, count) is None
    document = table.delivery.plan.model_dump()
    asked = [one for one in document["checkpoints"] if one["step"] == "authorise"]
    afresh = [one | {"id": f"{one['id']}-2", "escalate": [], "remind": [], "due": timedelta(hours=48)} for one in asked]
    watch = {"check_in": timedelta(hours=2), "answer": timedelta(hours=1), "search": timedelta(hours=1)}
    change(table, Plan.model_validate(document | {"surveillance": watch, "checkpoints": [*document["checkpoints"], *afresh]}))
    return table


def test_r28_who_is_asked_afresh_may_demand_what_it_demanded_before() -> None:
    """Though others, who are still to answer afresh, hold most of what can bind there: so much, and no more."""
    table = asked_afresh(16, 17, 17)
    for (service, at), most in zip(THREE, (16, 17, 17), strict=True):
        assert consents(table, service, f"{at}-2", most + 1) == "binds_too_much"
        assert consents(table, service, f"{at}-2", most) is None
    table = asked_afresh(2, 16, 16)  # its own is left to it and to the two who are still to answer
    assert consents(table, "kz.prosecutor", "consent-kz-2", 7) == "binds_too_much"
    assert consents(table, "kz.prosecutor", "consent-kz-2", 6) is None
