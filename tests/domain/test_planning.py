"""Every fault of a plan is found with its place, and all of them at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.directory import Directory
from domain.plan.goods import Tolerances
from domain.plan.plan import Plan, Requirement, Rung
from tests.support import EXAMPLE_PLANS, asking_all, card_of, example_cards, example_directory, example_plan

PLAN = example_plan()
DIRECTORY = example_directory()
CARDS = example_cards()


def found(plan: Plan, cards: dict[str, RuleCard] | None = None, directory: Directory = DIRECTORY) -> list[tuple[str, str]]:
    """Places and problems."""
    return [(fault.place, fault.problem) for fault in faults_in(plan, directory, CARDS if cards is None else cards)]


def at(name: str, plan: Plan = PLAN, **changed: Any) -> Plan:
    """The plan with one checkpoint changed."""
    checkpoints = tuple(
        checkpoint.model_copy(update=changed) if checkpoint.id == name else checkpoint for checkpoint in plan.checkpoints
    )
    return plan.model_copy(update={"checkpoints": checkpoints})


def leg(number: int, **changed: Any) -> Plan:
    """The plan with one leg changed."""
    legs = list(PLAN.legs)
    legs[number] = legs[number].model_copy(update=changed)
    return PLAN.model_copy(update={"legs": tuple(legs)})


def without(*names: str) -> Plan:
    """The plan without these checkpoints."""
    kept = tuple(checkpoint for checkpoint in PLAN.checkpoints if checkpoint.id not in names)
    return PLAN.model_copy(update={"checkpoints": kept})


def asks(*pairs: tuple[str, Any]) -> tuple[Requirement, ...]:
    """Requirements."""
    return tuple(Requirement(service=service, says=says) for service, says in pairs)


@pytest.mark.parametrize("name", EXAMPLE_PLANS)
def test_example_plans_have_no_faults(name: str) -> None:
    """What we ship may be started."""
    assert found(example_plan(name)) == []


OFFER = ("kz.police", "handover_offer")
ACCEPTANCE = ("uz.customs", "handover_acceptance")
HOUR = timedelta(hours=1)

FAULTS: list[tuple[Callable[[], Plan], str, str]] = [
    (lambda: PLAN.model_copy(update={"initiator": "kz.ghost"}), "initiator", "kz.ghost is not in the directory"),
    (lambda: PLAN.model_copy(update={"coordinator": "ghost"}), "coordinator", "ghost is not in the directory"),
    (
        lambda: at("debrief", requires=asks(("caricc", "debrief"), ("kz.ghost", "debrief"))),
        "checkpoints.9.requires.1.service",
        "kz.ghost is not in the directory",
    ),
    (lambda: at("arrest-almaty", id="arrest-tashkent"), "checkpoints.7.id", "arrest-tashkent stands twice"),
    (lambda: at("preparation", locode="UZTAS"), "checkpoints.2.locode", "UZTAS is not in KZ"),
    (
        lambda: at("accounting", requires=asks(("uz.customs", "seizure"), ("uz.police", "arrest"))),
        "checkpoints.8.requires.1.says",
        "asks for seizure, not for arrest",
    ),
    (lambda: at("preparation", need=3), "checkpoints.2.need", "3 services are needed and only 2 are asked"),
    (lambda: at("consent-kz", remind=(HOUR, 48 * HOUR)), "checkpoints.0.remind.1", "must come before"),
    (lambda: at("tashkent-airport", remind=(22 * HOUR,)), "checkpoints.4.remind.0", "must come before"),
    (lambda: without("preparation"), "checkpoints", "exactly one checkpoint of step prepare is needed, found 0"),
    (lambda: without("arrest-tashkent", "arrest-almaty"), "checkpoints", "at least one checkpoint of step arrest"),
    (lambda: without("accounting"), "checkpoints", "at least one checkpoint of step account"),
    (lambda: leg(1, responsible="kz.police"), "legs.1.responsible", "R4: kz.police is of KZ"),
    (lambda: leg(0, responsible="caricc"), "legs.0.responsible", "R4: caricc is of no State"),
    (lambda: leg(0, responsible="kz.prosecutor"), "legs.0.responsible", "R4: a prosecutor has no power to seize"),
    (lambda: leg(0, responsible="kz.ghost"), "legs.0.responsible", "kz.ghost is not in the directory"),
    (lambda: leg(0, start="nowhere"), "legs.0.start", "there is no checkpoint nowhere"),
    (lambda: leg(1, end="nowhere"), "legs.1.end", "there is no checkpoint nowhere"),
    (lambda: leg(1, start="departure"), "legs.1.start", "R4: control is interrupted"),
    (lambda: leg(0, start="preparation"), "legs.0.start", "first leg starts at the dispatch checkpoint departure"),
    (lambda: leg(1, end="accounting"), "legs.1.end", "last leg ends at the deliver checkpoint delivery"),
    (lambda: at("tashkent-airport", step="account"), "checkpoints.4.step", "step must be hand_over"),
    (lambda: at("debrief", step="hand_over"), "checkpoints.9.id", "no two legs meet at this handover"),
    (lambda: at("tashkent-airport", requires=asks(ACCEPTANCE)), "checkpoints.4.requires", "R6: the giver kz.police"),
    (lambda: at("tashkent-airport", requires=asks(OFFER)), "checkpoints.4.requires", "R6: the taker uz.customs"),
    (
        lambda: at("tashkent-airport", requires=asks(OFFER, ACCEPTANCE, ("kz.knb", "handover_offer"))),
        "checkpoints.4.requires",
        "uz.customs accepts it; kz.knb is not asked for handover_offer",
    ),
    (
        lambda: at("tashkent-airport", requires=asks(OFFER, ACCEPTANCE, ("uz.customs", "handover_offer"))),
        "checkpoints.4.requires",
        "R6: kz.police offers custody here and uz.customs accepts it; uz.customs is not asked for handover_offer",
    ),
    (lambda: at("tashkent-airport", need=1), "checkpoints.4.need", "R6: custody moves by offer and acceptance"),
    (lambda: without("consent-kz"), "checkpoints", "R1: the route passes through KZ, and nobody there is asked"),
    (
        lambda: PLAN.model_copy(update={"offence": PLAN.offence.model_copy(update={"extraditable": {"KZ": True}})}),
        "offence.extraditable",
        "extraditable in UZ",
    ),
    (
        lambda: at("consent-uz", requires=asks(("kz.knb", "authorisation"))),
        "checkpoints.1.requires.0.service",
        "R1: kz.knb is of KZ and cannot authorise for UZ",
    ),
    (
        lambda: at("consent-uz", requires=asks(("caricc", "authorisation"))),
        "checkpoints.1.requires.0.service",
        "R1: caricc is of no State and cannot authorise for UZ",
    ),
]


@pytest.mark.parametrize(("plan", "place", "words"), FAULTS, ids=[f"{words[:40]}" for _, _, words in FAULTS])
def test_each_fault_is_found_at_its_place(plan: Callable[[], Plan], place: str, words: str) -> None:
    """The fault is there, at its place in the file, saying what is wrong."""
    assert [problem for where, problem in found(plan()) if where == place and words in problem]


@pytest.mark.parametrize(
    ("place", "plan"),
    [
        ("checkpoints.2.locode", at("preparation", locode="UZTAS")),
        ("checkpoints.2.need", at("preparation", need=3)),
        ("checkpoints.0.remind.0", at("consent-kz", remind=(48 * HOUR,))),
    ],
)
def test_fault_without_consequences_is_reported_alone(place: str, plan: Plan) -> None:
    """One thing wrong, one fault."""
    assert [where for where, _ in found(plan)] == [place]


def test_reminder_one_millisecond_before_the_due_time_is_no_fault() -> None:
    """For a handover the leg's own duration counts too: 10 h and 12 h."""
    just = timedelta(milliseconds=1)
    assert found(at("consent-kz", remind=(48 * HOUR - just,))) == []
    assert found(at("tashkent-airport", remind=(22 * HOUR - just,))) == []


def test_two_checkpoints_of_a_step_that_stands_once_are_a_fault() -> None:
    """Exactly one departure and preparation; and each delivery is the end of a leg."""

    def twice(number: int) -> list[tuple[str, str]]:
        again = PLAN.checkpoints[number].model_copy(update={"id": "again"})
        return found(PLAN.model_copy(update={"checkpoints": (*PLAN.checkpoints, again)}))

    assert ("checkpoints", "exactly one checkpoint of step dispatch is needed, found 2") in twice(3)
    assert (f"checkpoints.{len(PLAN.checkpoints)}.id", "no leg ends at this delivery") in twice(5)


def card(state: str, **changed: Any) -> dict[str, RuleCard]:
    """The cards with one changed."""
    return CARDS | card_of(state, **changed)


def test_r3_modality_the_card_does_not_allow_is_a_fault_and_not_known_is_none() -> None:
    """Where a card lists ways of handling, the plan's must be one of them."""
    places = [place for place, problem in found(PLAN, card("UZ", modalities=("removed",))) if problem.startswith("R3")]
    assert places == ["modality"]
    assert found(PLAN, card("UZ", modalities=("removed", "intact"))) == []


def test_r16_what_is_not_asked_for_does_not_hide_what_is_not_allowed() -> None:
    """A card that wants a permission nobody is asked for, and does not allow the modality: both are told."""
    cards = card("KZ", separate=("opening",), modalities=("removed",))
    problems = [problem for _, problem in found(PLAN.model_copy(update={"uses": ("opening",)}), cards)]

    assert ["R16", "R3"] == [problem.partition(":")[0] for problem in problems]


def test_r1_who_may_grant_is_what_the_card_says() -> None:
    """By a card that lets only others grant, the prosecutor's checkpoint is a fault; of those, customs may not decide there."""
    problems = found(PLAN, card("KZ", granted_by=("court", "customs", "police")))
    assert problems == [
        (
            "checkpoints.0.requires.0.service",
            "R1: by the rule card of KZ a prosecutor cannot authorise such a delivery; court or police can",
        )
    ]
    assert found(PLAN, card("KZ", granted_by=("prosecutor",))) == []


def test_missing_card_is_a_fault() -> None:
    """Every State on the route needs its card."""
    assert found(PLAN, {"KZ": CARDS["KZ"]}) == [("legs", "there is no rule card for UZ")]


def test_r13_initiator_alone_is_a_fault() -> None:
    """Only if nobody else authorises."""
    plan = PLAN.model_copy(update={"initiator": "uz.prosecutor"})
    assert [place for place, problem in found(plan) if problem.startswith("R13")] == []
    plan = PLAN.model_copy(update={"initiator": "kz.prosecutor"})
    alone = at("consent-uz", plan=plan, requires=asks(("kz.prosecutor", "authorisation")))
    assert [place for place, problem in found(alone) if problem.startswith("R13")] == ["initiator"]


def test_several_faults_are_all_reported_in_one_go() -> None:
    """Five things wrong at five places: five faults."""
    plan = at("preparation", locode="UZTAS", need=3)
    plan = at("debrief", plan=plan, requires=asks(("kz.ghost", "debrief")))
    plan = plan.model_copy(update={"legs": leg(1, responsible="kz.police").legs})
    places = [place for place, _ in found(plan)]
    assert places == [
        "checkpoints.9.requires.0.service",
        "checkpoints.2.locode",
        "checkpoints.2.need",
        "legs.1.responsible",
        "checkpoints.4.requires",
        "checkpoints.4.requires",
    ]


def test_r7_decision_needs_two_voices() -> None:
    """If the only one to authorise for a State is also responsible there, a fresh decision would be its own alone."""
    plan = at("consent-kz", requires=asks(("kz.police", "authorisation")))
    assert [problem for _, problem in found(plan) if problem.startswith("R7")]


def rung(after: timedelta, to: str, *, may_answer: bool = False) -> Rung:
    """A step of a ladder."""
    return Rung(after=after, to=to, may_answer=may_answer)


def laddered(*rungs: Rung) -> Plan:
    """The plan with this ladder at the consent of Uzbekistan, which is due after 48 h."""
    return at("consent-uz", escalate=rungs)


@pytest.mark.parametrize(
    ("rungs", "place", "words"),
    [
        ((rung(HOUR, "uz.prosecutor"),), "0.to", "does not go in a circle"),
        ((rung(HOUR, "uz.police"), rung(2 * HOUR, "uz.police")), "1.to", "does not go in a circle"),
        ((rung(2 * HOUR, "uz.police"), rung(HOUR, "caricc")), "1.after", "later than the one before"),
        ((rung(HOUR, "uz.police"), rung(HOUR, "caricc")), "1.after", "later than the one before"),
        ((rung(48 * HOUR, "uz.police"),), "0.after", "before the checkpoint is due"),
        ((rung(HOUR, "uz.ghost"),), "0.to", "is not in the directory"),
        ((rung(HOUR, "kz.knb", may_answer=True),), "0.to", "R21: kz.knb is of KZ"),
        ((rung(HOUR, "caricc", may_answer=True),), "0.to", "R21: caricc is of no State"),
    ],
    ids=["who is asked", "twice", "falling", "together", "too late", "unknown", "backup of another State", "backup of none"],
)
def test_ladder_that_helps_nobody_is_a_fault(rungs: tuple[Rung, ...], place: str, words: str) -> None:
    """A circle, a rung out of order or too late, somebody unknown, a backup who cannot speak for that State."""
    faults = found(laddered(*rungs))
    assert [(where, words in problem) for where, problem in faults] == [(f"checkpoints.1.escalate.{place}", True)]


def test_ladder_that_climbs_is_no_fault() -> None:
    """Backup, then the superior abroad who is only told, a millisecond before it is due."""
    climbs = (rung(HOUR, "uz.police", may_answer=True), rung(48 * HOUR - timedelta(milliseconds=1), "caricc"))
    assert found(laddered(*climbs), card("UZ", measures=[])) == []


def test_r1_backup_must_be_one_who_may_grant() -> None:
    """By a card that lets only prosecutors and courts grant, a police does not do it in their place either (found by test)."""
    plan = laddered(rung(HOUR, "uz.police", may_answer=True))
    problems = found(plan, card("UZ", granted_by=("prosecutor", "court")))
    assert [(place, problem[:3]) for place, problem in problems] == [("checkpoints.1.escalate.0.to", "R1:")]
    assert found(plan, card("UZ", granted_by=("prosecutor", "police"), measures=[])) == []


@pytest.mark.parametrize(
    ("almaty", "tashkent", "words"),
    [
        ("arrest-tashkent", "arrest-almaty", "a circle"),
        ("arrest-almaty", None, "a circle"),
        ("delivery", None, "only for another arrest"),
        ("nowhere", None, "only for another arrest"),
    ],
    ids=["each other", "itself", "no arrest", "unknown"],
)
def test_arrest_that_never_comes_is_a_fault(almaty: str, tashkent: str | None, words: str) -> None:
    """Arrests that wait for each other, for themselves, or for what is none."""
    plan = at("arrest-almaty", plan=at("arrest-tashkent", after=tashkent), after=almaty)
    faults = found(plan)
    assert faults
    assert all(words in problem and place.endswith(".after") for place, problem in faults)
    assert found(at("arrest-almaty", after="arrest-tashkent")) == []


def test_only_an_arrest_waits_for_an_arrest() -> None:
    """The accounting is not put off that way."""
    assert [place for place, _ in found(at("accounting", after="arrest-almaty"))] == ["checkpoints.8.after"]


OPENING = PLAN.model_copy(update={"uses": ("opening",)})


def test_r16_permission_that_nobody_is_asked_for_is_a_fault() -> None:
    """The card wants it apart, the plan opens it there, and nobody is asked."""
    separated = card("KZ", separate=("opening",))
    assert [place for place, problem in found(OPENING, separated) if problem.startswith("R16: in KZ opening")] == ["checkpoints"]
    both = asks(("kz.prosecutor", "authorisation"), ("kz.afm", "permission"))
    assert found(at("consent-kz", plan=OPENING, requires=both), separated) == []
    assert found(PLAN, separated) == []


def test_r16_permission_cannot_be_left_out_by_a_quorum() -> None:
    """One of two would do without it."""
    both = asks(("kz.prosecutor", "authorisation"), ("kz.afm", "permission"))
    assert ("checkpoints.0.need", "R16: a permission or an agreement cannot be left out, so this needs all") in found(
        at("consent-kz", requires=both, need=1)
    )


def test_r1_permission_is_asked_of_the_state_whose_it_is() -> None:
    """A service of another State permits nothing there."""
    both = asks(("kz.prosecutor", "authorisation"), ("uz.police", "permission"))
    plan = at("consent-kz", requires=both).model_copy(update={"uses": ("device",)})
    assert [place for place, _ in found(asking_all(plan))] == ["checkpoints.0.requires.1.service"]


def test_r16_permission_is_asked_only_where_there_is_something_to_permit() -> None:
    """Nothing is opened, fitted or accompanied, so nothing could be permitted: the request would ask for nothing."""
    both = asks(("kz.prosecutor", "authorisation"), ("kz.afm", "permission"))
    assert [problem[:3] for _, problem in found(at("consent-kz", requires=both), card("KZ", separate=()))] == ["R16"]


@pytest.mark.parametrize(("hours", "faults"), [(48, 0), (49, 1)])
def test_notice_the_card_wants_is_the_least_a_state_is_given(hours: int, faults: int) -> None:
    """48 h are given: enough for a notice of 48, and not for one of 49."""
    places = [place for place, _ in found(PLAN, card("UZ", notice=timedelta(hours=hours)))]
    assert places == ["checkpoints.1.due"] * faults


def test_r16_who_accompanies_is_of_another_state() -> None:
    """Its own officers need no permission to be at home; unknown ones are unknown."""

    def places(*along: str) -> list[str]:
        return [place for place, _ in found(asking_all(leg(1, accompanied_by=along)))]

    assert places("uz.police") == ["legs.1.accompanied_by.0"]
    assert places("kz.knb", "uz.ghost") == ["legs.1.accompanied_by.1"]
    assert places("kz.knb", "caricc") == []


def test_r4_only_who_is_responsible_at_the_end_interdicts_there() -> None:
    """Asked of another it is a fault, asked of both deliver and interdict too."""
    assert [place for place, _ in found(at("delivery", requires=asks(("uz.police", "interdiction"))))] == [
        "checkpoints.5.requires"
    ]
    assert found(at("delivery", requires=asks(("uz.customs", "interdiction")))) == []
    both = asks(("uz.customs", "interdiction"), ("uz.police", "delivered"))
    assert [place for place, _ in found(at("delivery", requires=both))] == ["checkpoints.5.requires"]


@pytest.mark.parametrize(
    ("name", "missing"), [("preparation", "prepared"), ("departure", "dispatched"), ("delivery", "delivered or interdiction")]
)
def test_step_that_does_not_ask_for_its_essence_is_a_fault(name: str, missing: str) -> None:
    """Without it there is nothing to compare with, nothing left, or nothing delivered; and no quorum leaves it out."""
    problems = [problem for _, problem in found(at(name, requires=asks(("uz.customs", "ready"))))]
    assert len(problems) == 1
    assert f"exactly one service for {missing}, found 0" in problems[0]
    assert "needs all" in str(found(at("departure", need=1)))


def test_r5_way_longer_than_an_authorisation_may_last_is_a_fault() -> None:
    """From the border to the delivery Uzbekistan may take 42 h: exactly so long a permit will do, a minute less will not."""
    assert found(PLAN, card("UZ", longest=timedelta(hours=42))) == []
    places = [place for place, _ in found(PLAN, card("UZ", longest=timedelta(hours=41, minutes=59)))]
    assert places == ["legs.1.takes"]


def test_r10_tolerance_that_hides_a_substance_is_a_fault() -> None:
    """A check that lets 13.2 kg pass would not notice that all of it is gone, nor one beyond a twentieth that much of it is."""
    net, twentieth = 13_200_000, 695_000
    assert found(PLAN.model_copy(update={"tolerances": Tolerances(gross=twentieth, net={})})) == []
    for gross in (twentieth + 1, net):
        places = [place for place, _ in found(PLAN.model_copy(update={"tolerances": Tolerances(gross=gross, net={})}))]
        assert places == ["tolerances.gross"]
