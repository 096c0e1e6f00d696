"""R10: the mass balance closes, or is explained, before the run closes."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.delivery.balance import MASS_DIFFERS, NOT_RECOVERED, summed
from domain.delivery.decided import Closed, Concluded, Opened
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.delivery.memory import Recovered
from domain.delivery.statement import Statement, sign_statement
from domain.delivery.verdicts import Finding
from domain.plan.check import faults_in
from domain.plan.goods import Cash, SubstanceMass, keyed
from domain.plan.plan import Plan
from domain.record.door import submit
from domain.record.verify import verify
from domain.rules.balance import Seizure
from domain.rules.conclusion import conclusion
from domain.rules.speaking import Correction
from domain.signing.canonical import plain
from domain.views.asked import request
from domain.views.view import view
from domain.words.moments import instant
from rehearsal.scenario import Scenario
from rehearsal.services import private_key_of
from rehearsal.simulator import World, simulate
from tests.course import TOLERANCE, altered, arrested, became, code, forbidden
from tests.domain.test_more_papers import for_the_court, text
from tests.support import MEPHEDRONE, Table, asks, example_cards, example_directory, example_plan, with_changes

NET = 13_200_000
ALMATY, POLICE = "accounting-almaty", "kz.police"
CUT = {"substance": "paracetamol", "net": "500 g"}
EUROS = {"currency": "EUR", "minor": 5_000_000, "serials": "a" * 64}


def carrying(*contents: dict[str, Any], **plan: Any) -> Plan:
    """Almaty - Tashkent with these contents beside the mephedrone."""
    found = example_plan().model_dump()
    goods = found["consignment"] | {"contents": [MEPHEDRONE, *contents]}
    return with_changes(plan_={"consignment": goods} | plan)


def recovered(
    *found: Any, plan: Plan | None = None, kept: Any = None, put: Any = (), items: Any = (), **preparation: Any
) -> Table:
    """Prepared with `kept`, travelled, delivered, and at the end `found` and these items were seized."""
    plan = plan or example_plan()
    table = Table(plan)
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=[plan.modality])
    done = {"kept": [MEPHEDRONE] if kept is None else kept, "modality": plan.modality, "items": put} | preparation
    assert became(table.say("kz.police", "prepared", "preparation", **done)) == ("accepted", None)
    table.say("kz.knb", "ready", "preparation")
    travelled(table)
    assert became(table.say("uz.customs", "seizure", "accounting", recovered=list(found), items=items)) == ("accepted", None)
    return table


def travelled(table: Table) -> Table:
    """From the departure to the arrests."""
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    assert table.is_open("accounting")
    return table


def differences(table: Table) -> tuple[Finding, ...]:
    """What does not close."""
    return table.delivery.balance.differences()


@cache
def arrived() -> Delivery:
    """Everything but the seizure, once for all."""
    return travelled(Table().prepare()).delivery


def weighed(*nets: int) -> tuple[Finding, ...]:
    """What does not close when these milligrams are seized at the end."""
    delivery = arrived()
    parts = tuple(SubstanceMass(substance="mephedrone (4-MMC)", net=net) for net in nets)
    delivery.state.seizures = {"the-seizure": Recovered(parts, ())}
    return delivery.balance.differences()


def grams(net: int, substance: str = "mephedrone (4-MMC)") -> dict[str, Any]:
    """This many milligrams of it."""
    return {"substance": substance, "net": net}


@given(st.integers(-3 * TOLERANCE, 3 * TOLERANCE))
@settings(deadline=None)
def test_r10_balance_closes_exactly_within_the_tolerance(difference: int) -> None:
    """Up to 20 g more or less nobody asks; a milligram beyond, somebody must explain."""
    assert (weighed(NET + difference) == ()) == (abs(difference) <= TOLERANCE)


def test_r10_what_the_tolerance_lets_pass_is_told_as_a_figure() -> None:
    """Nobody explains 20 g that are missing, and everybody who sees the balance reads of them; of what fits, nothing."""
    table = recovered(grams(NET - TOLERANCE))
    assert table.delivery.balance.differences() == ()
    (told,) = table.delivery.balance.let_pass()
    assert (told.parameters["found"], told.parameters["expected"]) == (NET - TOLERANCE, NET)
    assert view(table.delivery, table.directory.get("kz.knb"), table.now).because.let_pass == (told,)
    assert "otherwise within the plan's tolerances" in text(for_the_court(table))
    assert recovered(MEPHEDRONE).delivery.balance.let_pass() == ()


@given(st.lists(st.integers(0, NET), min_size=1, max_size=6))
@settings(deadline=None)
def test_r10_seizures_are_added_up(parts: list[int]) -> None:
    """However it was divided, the sum is what counts."""
    assert (weighed(*parts, max(NET - sum(parts), 0)) == ()) == (sum(parts) <= NET + TOLERANCE)


def test_r10_each_substance_closes_by_itself() -> None:
    """Too much of one does not make up for too little of another."""
    both = {"plan": carrying(CUT), "kept": [MEPHEDRONE, CUT]}
    assert differences(recovered(MEPHEDRONE, CUT, **both)) == ()
    short = differences(recovered(grams(NET + 250_000), grams(250_000, "paracetamol"), **both))
    assert short == (
        MASS_DIFFERS(number=1, what="recovered", found=NET + 250_000, expected=NET),
        MASS_DIFFERS(number=2, what="recovered", found=250_000, expected=500_000),
    )


def test_r10_what_was_never_sent_does_not_belong_there() -> None:
    """A substance that nobody prepared is found at the end: that is a difference too."""
    assert differences(recovered(MEPHEDRONE, grams(50_000, "cocaine")))


def test_r10_samples_and_removed_goods_count_at_the_preparation() -> None:
    """Detected is kept, removed and sampled together; what is missing already there is a difference."""
    third = [grams(4_400_000)]
    sugar = [{"label": "S-1", "what": "substitute", "gross": "4.4 kg"}]
    done = {"plan": with_changes(plan_={"modality": "replaced_in_part"}), "kept": third, "removed": third}
    assert differences(recovered(*third, samples=third, put=sugar, items=["S-1"], **done)) == ()
    assert differences(recovered(*third, put=sugar, items=["S-1"], **done)) == (
        MASS_DIFFERS(number=1, what="prepared", found=8_800_000, expected=NET),
    )


def test_r10_substitutes_and_devices_are_recovered_too() -> None:
    """Each by its label: what is not named among what was seized is missing."""
    devices = [{"label": "T-1", "what": "tracker", "gross": "50 g"}, {"label": "A-1", "what": "opening_alarm", "gross": "9 g"}]
    assert differences(recovered(MEPHEDRONE, put=devices, items=["T-1"])) == (NOT_RECOVERED(labels=("A-1",)),)
    assert differences(recovered(MEPHEDRONE, put=devices, items=["T-1", "A-1"])) == ()


@pytest.mark.parametrize(
    ("found", "closes"),
    [
        (EUROS, True),
        (EUROS | {"serials": None}, True),
        (EUROS | {"minor": 4_999_999}, False),
        (EUROS | {"minor": 5_000_001}, False),
        (EUROS | {"serials": "b" * 64}, False),
        (EUROS | {"currency": "USD"}, False),
    ],
    ids=["same", "numbers not taken", "a cent less", "a cent more", "other notes", "other currency"],
)
def test_r10_cash_closes_to_the_last_cent_and_with_the_same_notes(found: dict[str, Any], closes: bool) -> None:  # noqa: FBT001
    """No tolerance for cash, and where serial numbers were taken the notes must be those."""
    table = recovered(MEPHEDRONE, found, plan=carrying(EUROS), kept=[MEPHEDRONE, EUROS])
    assert (differences(table) == ()) == closes


def test_r10_a_few_notes_of_another_currency_are_no_rounding_of_a_mass() -> None:
    """Sixty dollars that nobody sent are sixty dollars, not a few milligrams within the tolerance (found by test)."""
    assert differences(recovered(MEPHEDRONE, {"currency": "USD", "minor": 6_000}))


def test_r10_nothing_is_concluded_before_the_difference_is_explained() -> None:
    """Those in charge are asked why, and once both have explained it, it ends as it would have."""
    table = recovered(grams(NET - 1_000_000))
    outcome, finding = conclusion(table.delivery.state)
    concluded = Concluded(outcome=outcome, finding=finding)
    assert "nothing" in forbidden(table, concluded)
    assert table.at("balance.1").checkpoint.services() == ("uz.customs", "uz.prosecutor")
    table.say("uz.customs", "difference_explained", "balance.1")
    assert "nothing" in forbidden(table, Closed(checkpoint="balance.1", result="satisfied"))
    assert "nothing" in forbidden(table, concluded)
    table.say("uz.prosecutor", "difference_explained", "balance.1")
    assert (table.delivery.balance.unexplained(), bool(differences(table))) == ((), True)
    assert table.delivery.state.outcome == "delivered_with_arrests"


def test_r10_nobody_is_asked_to_explain_what_closes() -> None:
    """Where nothing differs, no such checkpoint opens."""
    table = recovered(MEPHEDRONE)
    assert "balance.1" not in table.delivery.state.progress
    assert table.delivery.state.outcome == "delivered_with_arrests"


def test_r10_an_explanation_is_waited_for_without_end() -> None:
    """Whoever runs the installation sets it no due time after which it would be passed."""
    table = recovered(grams(1))
    assert "what was due then is opened" in altered(table, "opened", due="2022-03-02T06:00:00.000000Z")
    table.pass_time(days=3)
    assert table.is_open("balance.1")
    assert "nothing" in forbidden(table, Closed(checkpoint="balance.1", result="unanswered"))


def test_r10_nobody_passes_over_the_seizure() -> None:
    """What was to be recovered is waited for, however overdue."""
    table = travelled(Table().prepare())
    table.pass_time(days=10)
    assert table.is_open("accounting")
    assert "nothing" in forbidden(table, Closed(checkpoint="accounting", result="unanswered"))


def test_r10_who_explained_before_a_correction_has_not_explained_what_it_brings() -> None:
    """200 g are said to have dried out, and then 10 kg are missing: both are asked about these."""
    table = arrested()
    table.say("uz.customs", "seizure", "accounting", recovered=[{"substance": "mephedrone (4-MMC)", "net": "13 kg"}])
    customs, prosecutor = table.at("balance.1").checkpoint.services()
    table.say(customs, "difference_explained", "balance.1", reason="it has dried")
    less = {"kind": "seizure", "recovered": [{"substance": "mephedrone (4-MMC)", "net": "3 kg"}]}
    table.say("uz.customs", "correction", of=next(iter(table.delivery.state.seizures)), reason="misread", content=less)
    assert ("late", "R17") == became(table.say(prosecutor, "difference_explained", "balance.1"))
    table.say(prosecutor, "difference_explained", "balance.2")
    assert table.delivery.state.outcome is None
    table.say(customs, "difference_explained", "balance.2", reason="a bag was stolen")
    assert table.delivery.state.outcome is not None
    verify(table.packet())


def test_r10_explanation_is_taken_back_once_a_correction_closes_the_balance() -> None:
    """The scale was misread, and corrected while the question was open: nobody has to explain what is not so (found by test)."""
    table = recovered(grams(1))
    assert "nothing" in forbidden(table, Closed(checkpoint="balance.1", result="withdrawn"))
    right = {"kind": "seizure", "recovered": [MEPHEDRONE], "gross": "13.9 kg"}
    table.say("uz.customs", "correction", of=next(iter(table.delivery.state.seizures)), reason="misread", content=right)
    assert table.at("balance.1").result == "withdrawn"
    assert table.delivery.state.outcome == "delivered_with_arrests"


@pytest.mark.parametrize(("gross", "closes"), [(13_880_000, True), (13_920_000, True), (13_879_999, False), (13_920_001, False)])
def test_r10_after_a_halt_the_interdicted_gross_weight_is_compared(gross: int, closes: bool) -> None:  # noqa: FBT001
    """What was seized under way weighs what the last check found, within the tolerance."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    table.say("kz.police", "interdicted", gross=gross)
    assert (differences(table) == ()) == closes


def searched_for() -> Table:
    """Out of sight, not found in time, and halted for that."""
    watch = {"check_in": "2h", "answer": "1h", "search": "3h"}
    table = Table(with_changes(plan_={"surveillance": watch})).dispatch()
    table.say("kz.police", "surveillance_lost")
    table.pass_time(hours=3)
    assert table.delivery.state.halt is not None
    assert table.delivery.state.halt.cause == "lost"
    return table


@pytest.mark.parametrize("end", ["destroyed", "loss_recorded"])
def test_r10_what_is_lost_or_destroyed_needs_no_balance(end: str) -> None:
    """There is nothing left to weigh; the act of loss or destruction stands for it."""
    table = searched_for()
    said = {"circumstances": "gone"} if end == "loss_recorded" else {}
    assert became(table.say("kz.police", end, **said)) == ("accepted", None)
    assert differences(table) == ()
    table.pass_time(days=1)
    assert table.delivery.state.outcome == ("lost_or_stolen" if end == "loss_recorded" else "destroyed")


def test_r10_what_was_given_up_and_then_seized_is_weighed_after_all() -> None:
    """Found again after the act of loss, with a kilogram missing: it is not lost, and somebody explains (found by test)."""
    table = searched_for()
    table.say("kz.police", "loss_recorded", circumstances="gone")
    table.say("kz.police", "interdicted", gross="12.9 kg")
    assert differences(table)
    table.pass_time(days=1)
    assert table.delivery.state.outcome is None
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "difference_explained", "balance.1")
    assert table.delivery.state.outcome == "interdicted_early"


def test_r10_what_was_seized_is_not_lost_or_destroyed_afterwards() -> None:
    """Once it is in safe hands, no later act takes it out of the balance."""
    table = Table().dispatch()
    table.say("kz.police", "interdicted", gross="1 kg")
    assert became(table.say("kz.police", "destroyed")) == ("refused", "R10")
    assert differences(table)


NOT_WEIGHED = {"unmeasured": "time", "allowed_by": "kz.prosecutor"}
SAMPLED = {"kept": [grams(13_100_000)], "samples": [grams(100_000)]}


@pytest.mark.parametrize(
    ("done", "seized", "missing"),
    [
        (None, {}, []),  # nobody has weighed it, and nobody is asked to
        (None, {"gross": "13.9 kg"}, []),
        (None, {"gross": "5 kg"}, ["interdicted_gross"]),
        (None, {"packages": 2}, ["other_packages"]),
        ({}, {"gross": "13.9 kg", "packages": 3}, []),
        ({}, {"gross": "5 kg", "packages": 2}, ["interdicted_gross", "other_packages"]),
        ({"kept": [grams(5_000_000)], "gross": "5.7 kg"}, {}, ["mass_differs"]),
        ({"gross": "13.5 kg"}, {"gross": "13.9 kg"}, ["interdicted_gross"]),
        (SAMPLED | {"gross": NOT_WEIGHED}, {"gross": "13.8 kg"}, []),
        ({"gross": NOT_WEIGHED}, {"gross": "13.8 kg"}, ["interdicted_gross"]),
    ],
)
def test_r10_what_vanishes_before_it_leaves_is_explained(
    done: dict[str, Any] | None, seized: dict[str, Any], missing: list[str]
) -> None:
    """Eight kilograms were gone without a word where it was stopped before it left (found by a specialist). What was weighed or
    counted twice is compared: with the plan, if nobody has prepared it. What was not is not asked for.
    """
    counted = plain(example_plan())["consignment"] | {"packages": 3}
    table = Table(with_changes(plan_={"consignment": counted})).consent()
    if done is not None:
        assert became(table.say("kz.police", "prepared", "preparation", **done))[0] == "accepted"
    table.say("uz.police", "stop_requested")
    assert became(table.say("kz.police", "interdicted", **({"gross": None} | seized))) == ("accepted", None)
    table.pass_time(days=2)
    assert [one.code for one in differences(table)] == missing
    assert table.delivery.state.outcome == (None if missing else "stopped_before_departure")
    for service in ("kz.police", "kz.prosecutor") if missing else ():
        table.say(service, "difference_explained", "balance.1")
    assert table.delivery.state.outcome == "stopped_before_departure"


def test_r10_what_was_weighed_after_it_was_seized_is_compared_too() -> None:
    """It was interdicted before anybody prepared it, not weighed, and handed on: who receives it weighs it."""
    table = Table().consent()
    table.say("kz.police", "interdicted", gross=None)
    table.say("kz.police", "exhibits_offered", exhibits=["consignment"], to="kz.knb", purpose="kept")
    table.say("kz.knb", "exhibits_accepted", exhibits=["consignment"], giver="kz.police", intact=True, gross="5 kg")
    assert [one.code for one in differences(table)] == ["interdicted_gross"]


ELSEWHERE = {"id": "accounting-almaty", "step": "account", "state": "KZ", "place": "Almaty", "due": "24h"} | {
    "requires": [{"service": "kz.police", "says": "seizure"}]
}


def two_accounts(**changed: Any) -> Plan:
    """What is found in Almaty is said as well as what was recovered in Tashkent."""
    checkpoints = [*plain(example_plan())["checkpoints"], {**ELSEWHERE}]
    return with_changes(plan_={"checkpoints": checkpoints, **changed.pop("plan_", {})}, **changed)


def test_r30_nothing_is_recovered_in_a_state_where_the_consignment_is_not() -> None:
    """Another State weighed again what lay in Tashkent, and so it crossed a border without a word (found by a specialist). What
    is found there are finds; who is asked there is told of no contents; and a correction says no more.
    """
    counted = plain(example_plan())["consignment"] | {"packages": 3, "checked_by": ["weight", "seals", "count"]}
    plan = two_accounts(plan_={"consignment": counted})
    assert faults_in(plan, example_directory(), example_cards()) == ()
    table = Table(plan).consent()
    table.say("kz.police", "prepared", "preparation", packages=3)
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    table.say("kz.police", "handover_offered", "tashkent-airport", packages=3)
    table.say("uz.customs", "handover_accepted", "tashkent-airport", packages=3)
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    told = {
        name: request(table.delivery, name, who).facts.contents for name, who in (("accounting", "uz.customs"), (ALMATY, POLICE))
    }
    assert [bool(one) for one in told.values()] == [True, False]

    nothing = {"recovered": [], "items": [], "gross": None, "packages": None}
    for more in ({"recovered": [grams(1)]}, {"items": ["T-1"]}, {"gross": "13.9 kg"}, {"packages": 3}):
        assert code(table.say(POLICE, "seizure", ALMATY, **(nothing | more))) == "recovered_elsewhere", more
    found = nothing | {"gross": 0, "packages": 0, "finds": [{"label": "F-1", "what": "a scale"}]}
    assert became(table.say(POLICE, "seizure", ALMATY, id="in-almaty", **found)) == ("accepted", None)
    content = {"kind": "seizure"} | nothing | {"recovered": [MEPHEDRONE]}
    assert code(table.say(POLICE, "correction", of="in-almaty", reason="more", content=content)) == "recovered_elsewhere"
    said = table.say("uz.customs", "seizure", "accounting", recovered=[MEPHEDRONE], packages=3)
    assert became(said) == ("accepted", None)
    assert differences(table) == ()


def test_r30_who_is_asked_twice_for_what_was_recovered_where_it_is_not_is_told_of_no_contents() -> None:
    """As two requirements of a changed plan have it: it was told of all, and what it said of that was refused (found by the
    exploration).
    """
    plan = two_accounts(accounting_almaty={"requires": asks("kz.police seizure", "kz.police seizure 2")})
    assert faults_in(plan, example_directory(), example_cards()) == ()
    table = Table(plan).deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    facts = request(table.delivery, ALMATY, POLICE).facts
    assert ((), None) == (facts.contents, facts.gross)


def test_r30_what_was_handed_on_as_an_exhibit_is_weighed_again_where_it_is() -> None:
    """It was seized as planned in Tashkent, and Kazakhstan's police, to whom it was handed on, weigh it again; not before. They
    correct that also when it is with another.
    """
    plan = two_accounts(delivery={"requires": [{"service": "uz.customs", "says": "interdiction"}]})
    table = Table(plan).dispatch().hand_over()
    assert became(table.say("uz.customs", "interdicted", "delivery", gross="13.9 kg")) == ("accepted", None)
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    assert code(table.say(POLICE, "seizure", ALMATY, recovered=[MEPHEDRONE])) == "recovered_elsewhere"
    table.say("uz.customs", "exhibits_offered", exhibits=["consignment"], to=POLICE, purpose="for the court")
    table.say(POLICE, "exhibits_accepted", exhibits=["consignment"], giver="uz.customs", intact=True)
    assert became(table.say(POLICE, "seizure", ALMATY, id="weighed-again", recovered=[grams(NET - 1)])) == ("accepted", None)
    table.say(POLICE, "exhibits_offered", exhibits=["consignment"], to="uz.customs", purpose="for the court")
    table.say("uz.customs", "exhibits_accepted", exhibits=["consignment"], giver=POLICE, intact=True)
    content = {"kind": "seizure", "recovered": [MEPHEDRONE]}
    assert became(table.say(POLICE, "correction", of="weighed-again", reason="misread", content=content)) == ("accepted", None)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 10**15)), max_size=20))
def test_amounts_are_sums_by_substance(parts: list[tuple[str, int]]) -> None:
    """No milligram is lost or counted twice, in whichever order they come."""
    masses = [SubstanceMass(substance=what, net=net) for what, net in parts]
    total = summed(keyed(masses))
    assert sum(one.said for one in total.values()) == sum(net for _, net in parts)
    assert total == summed(keyed([*reversed(masses[:7]), *masses[7:]]))


def a_kilogram_short(*acts: dict[str, Any]) -> World:
    """At the end a kilogram is missing."""
    short = {"service": "uz.customs", "at": "accounting", "says": "seizure", "details": {"recovered": [grams(NET - 1_000_000)]}}
    pace = {"fastest": "5m", "slowest": "20m"}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": pace, "acts": [short, *acts]})
    return World(example_plan(), example_directory(), example_cards(), scenario, 1)


def test_r10_a_simulated_delivery_asks_why_and_ends_once_it_is_explained() -> None:
    """Those in charge are asked, explain it, and it ends as it would have."""
    done = simulate(a_kilogram_short())
    assert done.delivery.state.outcome == "delivered_with_arrests"
    assert done.delivery.state.every_checkpoint()["balance.1"].result == "satisfied"


def test_r10_a_simulated_delivery_goes_on_once_a_correction_closes_the_balance() -> None:
    """Nobody explains it, and the customs corrects its weight: the question is taken back and it ends (found by test)."""

    def correct(delivery: Delivery, entry: Entry) -> None:
        if isinstance(entry.event, Opened) and entry.event.checkpoint == "balance.1":
            right = Seizure(recovered=(SubstanceMass(substance="mephedrone (4-MMC)", net=NET),), gross=13_900_000)
            statement = Statement(
                id="the-correction",
                delivery=delivery.plan.operation,
                plan=delivery.state.plan_digest,
                service="uz.customs",
                officer="officer-1",
                happened_at=entry.at,
                content=Correction(of=next(iter(delivery.state.seizures)), reason="misread", content=right),
            )
            submit(delivery, sign_statement(statement, private_key_of("uz.customs")), instant(entry.at))

    silent = [{"service": service, "at": "balance"} for service in ("uz.customs", "uz.prosecutor")]
    done = simulate(a_kilogram_short(*silent), correct)
    assert done.delivery.state.outcome == "delivered_with_arrests"
    assert done.delivery.state.every_checkpoint()["balance.1"].result == "withdrawn"


def test_r10_denominations_are_together_the_amount() -> None:
    """Two thousand five hundred notes of 100 EUR are 250 000 EUR, and not a cent more."""
    counted = {"currency": "EUR", "minor": 25_000_000, "notes": [{"value": 10_000, "count": 2_500}]}

    assert Cash.model_validate(counted).minor == 25_000_000
    with pytest.raises(ValidationError, match="together 25000000"):
        Cash.model_validate(counted | {"minor": 25_000_001})
