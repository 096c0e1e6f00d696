"""Custody from detection to disposal (R30): who reports what was found, who holds each exhibit, and what becomes of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.delivery.carried import carried, going_on
from domain.delivery.holdings import amounts, exhibits, inside, offered, unsettled
from domain.delivery.reported import Amended
from domain.papers.forms import FORMS
from domain.papers.record import Record
from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.record.door import amend
from domain.record.verify import verify
from domain.rules.budget import HELD_TOO_MUCH
from domain.rules.disposing import Disposed
from domain.rules.examining import LaboratoryReport
from domain.signing.canonical import plain
from domain.views.asked import request
from domain.views.unasked import known as filled
from domain.views.unasked import may_say
from domain.views.view import view
from domain.words.limits import LARGEST_WHOLE
from rehearsal.exhibit_book import ExhibitBook
from tests.course import became, code, prepared, refusal
from tests.domain.test_changes import change
from tests.domain.test_more_papers import for_the_court, made, text
from tests.domain.test_successors import in_charge_too, instead
from tests.second_book import with_figures
from tests.support import (
    MEPHEDRONE,
    SECRET,
    WORDS,
    Table,
    asks,
    card_of,
    example_cards,
    example_directory,
    example_plan,
    signed_plan,
    with_changes,
)

SAMPLE = {"substance": "mephedrone (4-MMC)", "net": "5 g"}
TRACKER = {"label": "T-1", "what": "tracker", "gross": "50 g"}
LASTING = {"reference": "TEST-1 of 2022-03-01"}


def sampled(**prepared: Any) -> Table:
    """Prepared, with a sample that is held by the customs of Kazakhstan."""
    table = Table().consent()
    assert became(table.say("kz.police", "prepared", "preparation", samples=[SAMPLE], **prepared)) == ("accepted", None)
    return table


def seized(**said: Any) -> Table:
    """Delivered, arrested and weighed again."""
    table = Table().deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    assert became(table.say("uz.customs", "seizure", "accounting", **said)) == ("accepted", None)
    return table


def holders(table: Table) -> dict[str, str | None]:
    """Who holds what."""
    return {label: one.holder for label, one in exhibits(table.delivery.state).items()}


def offer(table: Table, giver: str, to: str, *labels: str) -> str | None:
    """These are offered; the code of the verdict."""
    return code(table.say(giver, "exhibits_offered", exhibits=labels, to=to, purpose="examination"))


def take(table: Table, taker: str, giver: str, *labels: str) -> str | None:
    """These are received; the code of the verdict."""
    return code(table.say(taker, "exhibits_accepted", exhibits=labels, giver=giver, intact=True))


def report(table: Table, service: str, **said: Any) -> str | None:
    """A laboratory reports on the sample; the code of the verdict."""
    told = LASTING | {"exhibit": "samples", "report": "test_report", "substance": "mephedrone (4-MMC)"}
    return code(table.say(service, "laboratory_report", **(told | said)))


def test_r30_an_expert_gives_an_opinion_in_a_case() -> None:
    """Its number is said; a test report is made before there is one, and needs none."""
    table = sampled()
    for number in ({}, {"case_number": "  "}):
        with pytest.raises(ValueError, match="made in a case"):
            report(table, "kz.police", report="expert_opinion", **number)
    wanted = table.statement(
        "kz.police", "laboratory_report", **LASTING, exhibit="x", report="test_report", substance="x"
    ).content
    assert "case_number" not in plain(wanted)
    said = {"report": "expert_opinion", "case_number": "22/7"}
    assert "not_its_holder" == report(table, "uz.police", **said)


def dispose(table: Table, service: str, *labels: str, **said: Any) -> str | None:
    """It is said what became of these; the code of the verdict."""
    told: dict[str, Any] = LASTING | {"how": "kept", "to": "case 7"}
    return code(table.say(service, "disposed", exhibits=labels, **(told | said)))


# Detection


def test_r30_nobody_is_asked_for_consent_before_what_was_found_is_reported() -> None:
    """The authority that holds it is asked first of all, for as long as it takes; then the States are."""
    table = Table(reported=False)
    assert table.is_open("detection.1", "deconfliction.1") or table.is_open("detection.1")
    table.pass_time(days=3)
    assert not table.delivery.state.every_checkpoint().keys() & {"consent-kz", "consent-uz"}
    assert ("kz.police",) == table.at("detection.1").checkpoint.services()
    assert became(table.say("kz.police", "detected", "detection.1")) == ("accepted", None)
    table.settle()
    assert table.is_open("consent-kz", "consent-uz")
    assert {"consignment": "kz.police"} == holders(table)


def test_r30_what_was_found_cannot_have_been_found_later() -> None:
    """The clock of the place counts, by its offset; one microsecond after now is refused."""
    table = Table(reported=False)
    later = table.say("kz.police", "detected", "detection.1", detected_at="2022-03-01T11:00:00.000001+05:00")
    assert "found_in_future" == code(later)
    now = table.say("kz.police", "detected", "detection.1", detected_at="2022-03-01T11:00:00+05:00")
    assert ("accepted", None) == became(now)


@pytest.mark.parametrize("service", ["kz.knb", "uz.customs", "kz.prosecutor"])
def test_r17_only_who_holds_it_reports_what_was_found(service: str) -> None:
    """Not the initiator, not another State, not a prosecutor: custody begins with who has it."""
    table = Table(reported=False)
    assert ("refused", "R17") == became(table.say(service, "detected", "detection.1"))


FOUND_BY: dict[str, Any] = {"plan_": {"found_by": "kz.customs"}}
CARRIED_ON: dict[str, Any] = {"exhibits": ["consignment"], "to": "kz.police", "purpose": "carried on"}


def handed_to_the_border() -> Plan:
    """The plan, whose first leg another authority carries out."""
    words = plain(example_plan())
    words["legs"][0]["responsible"] = "kz.border"
    for one in words["checkpoints"]:
        for asked in one["requires"]:
            if asked["service"] == "kz.police" and asked["says"] in ("handover_offer", "dispatched"):
                asked["service"] = "kz.border"
    return Plan.model_validate(words)


def test_r30_who_found_it_holds_it_until_who_carries_it_on_has_received_it() -> None:
    """It reports it, and consent is asked for meanwhile; nothing is prepared before it was offered and accepted, and only it
    offers it. The ledger verifies.
    """
    table = Table(with_changes(**FOUND_BY))
    table.consent()
    assert {"consignment": "kz.customs"} == holders(table)
    shown = view(table.delivery, table.directory.get("kz.police"), table.now)
    assert shown.position is not None
    assert ("kz.police", "kz.customs") == (shown.position.responsible, shown.position.held_by)
    assert "preparation" not in table.delivery.state.progress
    asked = request(table.delivery, "handing-on.1", "kz.customs")
    assert (("exhibit_offer",), ("consignment",), "kz.police") == (asked.says, asked.facts.exhibits, asked.facts.taker)
    assert "not_its_holder" == code(table.say("kz.police", "exhibits_offered", **CARRIED_ON | {"to": "kz.knb"}))
    assert "not_offered_to" == take(table, "kz.police", "kz.customs", "consignment")
    assert "still_travels" == dispose(table, "kz.customs", "consignment")
    assert code(table.say("kz.customs", "exhibits_offered", **CARRIED_ON)) is None
    assert table.is_closed("handing-on.1")
    assert table.is_open("exhibits.1")
    assert {"consignment": "kz.customs"} == holders(table)
    assert take(table, "kz.police", "kz.customs", "consignment") is None
    assert {"consignment": "kz.police"} == holders(table)
    assert table.is_open("preparation")
    assert "still_travels" == offer(table, "kz.police", "kz.knb", "consignment")
    table.deliver()
    found = next(one for one in verify(table.packet()).exhibits if one.label == "consignment")
    assert (None, "delivered") == (found.holder, found.fate)


def test_r30_what_was_found_and_is_not_received_in_time_is_with_its_finder_still() -> None:
    """Silence gives it to nobody, and it is to be offered again."""
    table = Table(with_changes(**FOUND_BY)).consent()
    table.say("kz.customs", "exhibits_offered", **CARRIED_ON)
    table.pass_time(hours=13)
    assert {"consignment": "kz.customs"} == holders(table)
    assert table.is_open("handing-on.2")


def test_r30_who_holds_it_and_takes_part_no_more_is_asked_no_more_to_hand_it_on() -> None:
    """A changed plan names another finder: its answer would be turned away, and who has it then says so afresh."""
    table = Table(with_changes(**FOUND_BY)).consent()
    assert table.is_open("handing-on.1")
    table.reported = False
    amend(table.delivery, Amended(plan=signed_plan(with_changes(plan_={"found_by": "kz.police"}))), table.now)
    table.settle()
    assert table.is_closed("handing-on.1")
    open_ones = table.delivery.state.open_checkpoints()
    assert ("kz.police",) == next(one for one in open_ones if one.contingency == "detection").waiting_for()
    assert all(map(table.delivery.state.participant, (service for one in open_ones for service in one.waiting_for())))


def finder_left() -> Table:
    """Customs found it and holds it, and a changed plan names the police instead."""
    table = Table(with_changes(**FOUND_BY)).consent()
    table.reported = False
    amend(table.delivery, Amended(plan=signed_plan(with_changes(plan_={"found_by": "kz.police"}))), table.now)
    table.settle()
    assert table.is_open("detection.2")
    return table


def test_r30_what_is_received_from_one_who_takes_part_no_more_is_reported_no_more() -> None:
    """Its receiver says by that who has it: nobody is reminded of a report."""
    table = finder_left()
    received = table.say("kz.police", "exhibits_accepted", exhibits=["consignment"], giver="kz.customs", intact=True)
    assert refusal(received) is None
    assert table.is_closed("detection.2")


def test_r30_who_holds_it_and_takes_part_again_is_asked_again_to_hand_it_on_and_nobody_for_a_report() -> None:
    """Another change brings it back: what it reported stands, and a report of another would take it out of its hands."""
    table = finder_left()
    back = with_changes(plan_={"found_by": "kz.customs", "title": "as before"})
    amend(table.delivery, Amended(plan=signed_plan(back)), table.now)
    table.settle()
    assert table.is_open("handing-on.2")
    assert table.is_closed("detection.2")


def test_r30_what_is_offered_to_one_who_takes_part_no_more_is_offered_to_nobody() -> None:
    """A changed plan leaves out who was to receive it: it is not asked to, and the holder is asked again to hand it on."""
    ready = {"requires": asks("kz.police prepared", "kz.border ready")}
    table = Table(with_changes(preparation=ready, **FOUND_BY)).consent()
    table.reported = False
    table.say("kz.customs", "exhibits_offered", exhibits=["consignment"], to="kz.border", purpose="TEST")
    amend(table.delivery, Amended(plan=signed_plan(with_changes(**FOUND_BY))), table.now)
    table.settle()
    waited_for = [service for one in table.delivery.state.open_checkpoints() for service in one.waiting_for()]
    assert all(map(table.delivery.state.participant, waited_for))
    assert table.is_open("handing-on.2")


def test_r30_what_is_offered_to_another_state_is_received_there_also_once_its_giver_was_replaced() -> None:
    """The giver takes part no more, so others of its State may receive what it holds; whom it offered it to may, as before."""
    table = sampled()
    assert offer(table, "kz.police", "uz.customs", "samples") is None
    plan = instead(table.delivery.plan, "kz.police", "kz.border", passed=("consent-kz", "preparation"))
    change(table, in_charge_too(plan, "kz.police", "kz.border"))
    assert take(table, "uz.police", "kz.police", "samples") == "received_elsewhere"
    assert take(table, "uz.customs", "kz.police", "samples") is None
    assert holders(table)["samples"] == "uz.customs"


def test_r30_who_found_it_and_prepares_it_hands_it_on_prepared() -> None:
    """It is asked for nothing more before that; and nothing leaves before it was received."""
    asked = {"requires": asks("kz.customs prepared", "kz.knb ready")}
    table = Table(with_changes(preparation=asked, **FOUND_BY), other_cards=card_of("KZ", exclusions=[])).consent()
    assert table.is_open("preparation")
    assert "handing-on.1" not in table.delivery.state.progress
    prepared(table)
    assert table.is_open("handing-on.1")
    assert "departure" not in table.delivery.state.progress
    table.say("kz.customs", "exhibits_offered", **CARRIED_ON)
    assert take(table, "kz.police", "kz.customs", "consignment") is None
    assert table.is_open("departure")


def test_r30_who_becomes_responsible_before_it_has_left_receives_it_from_who_has_it() -> None:
    """A changed plan gives it to another authority: custody passes by offer and acceptance, and it does not leave before."""
    table = Table().consent()
    prepared(table)
    assert table.is_open("departure")
    amend(table.delivery, Amended(plan=signed_plan(handed_to_the_border())), table.now)
    table.settle()
    assert table.is_open("handing-on.1")
    table.consent()
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    assert {"consignment": "kz.police"} == holders(table)
    assert "not_received" == code(table.say("kz.border", "dispatched", "departure"))
    assert offer(table, "kz.police", "kz.border", "consignment") is None
    assert take(table, "kz.border", "kz.police", "consignment") is None
    assert {"consignment": "kz.border"} == holders(table)
    assert ("accepted", None) == became(table.say("kz.border", "dispatched", "departure"))


def test_r30_who_no_longer_takes_part_hands_nothing_on() -> None:
    """Whoever has it then reports it afresh."""
    table = Table(with_changes(**FOUND_BY)).consent()
    amend(table.delivery, Amended(plan=signed_plan(example_plan())), table.now)
    table.reported = False
    table.settle()
    assert table.is_open("detection.2")
    assert ("kz.police",) == table.at("detection.2").checkpoint.services()
    assert ("accepted", None) == became(table.say("kz.police", "detected", "detection.2"))
    assert {"consignment": "kz.police"} == holders(table)


def test_r30_what_was_found_and_stopped_is_with_its_finder_until_it_is_seized() -> None:
    """After a stop it may still be handed on; what the responsible authority says that it has seized, it has."""
    table = Table(with_changes(**FOUND_BY)).consent()
    table.say("uz.police", "stop_requested")
    assert {"consignment": "kz.customs"} == holders(table)
    assert code(table.say("kz.customs", "exhibits_offered", **CARRIED_ON)) is None
    table.say("kz.police", "interdicted")
    assert {"consignment": "kz.police"} == holders(table)
    assert "not_offered_to" == take(table, "kz.police", "kz.customs", "consignment")


def test_r30_what_was_found_is_not_asked_for_once_it_has_stopped() -> None:
    """A halt closes the question; whoever must seize it holds it then."""
    table = Table(reported=False)
    table.say("uz.police", "stop_requested")
    assert table.is_closed("detection.1")
    table.say("kz.police", "interdicted")
    assert {"consignment": "kz.police"} == holders(table)


# Things with holders


def test_r30_what_is_taken_out_and_put_in_has_a_holder() -> None:
    """Removed, sampled and put in: who prepared it holds what is out; what is inside has the consignment's holder."""
    table = Table(with_changes(plan_={"modality": "replaced_in_whole"}))
    for state in ("kz", "uz"):
        modalities = ["replaced_in_whole"]
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=modalities)
    sugar = {"label": "S-1", "what": "substitute", "gross": "13.2 kg"}
    said = {"modality": "replaced_in_whole", "kept": [], "removed": [MEPHEDRONE], "samples": [SAMPLE], "items": [sugar]}
    assert became(table.say("kz.police", "prepared", "preparation", **said)) == ("accepted", None)
    assert dict.fromkeys(("consignment", "removed", "samples", "S-1"), "kz.police") == holders(table)
    assert [13_200_000, 5_000] == [amounts(table.delivery.state, label)[0].net for label in ("removed", "samples")]  # type: ignore[union-attr]


def test_r30_what_officers_of_another_state_take_out_is_in_the_hosts_hands() -> None:
    """With its permission they prepare it there; they hold nothing on its soil (UNTOC art. 19), and hand nothing on."""
    legs = example_plan().model_dump()["legs"]
    plan = with_changes(
        plan_={"legs": [legs[0] | {"accompanied_by": ["uz.police"]}, legs[1]]},
        consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")},
        preparation={"requires": asks("uz.police prepared", "kz.knb ready")},
    )
    table = Table(plan).consent()
    guests = {"permissions": ["post", "foreign_officers"]}
    assert became(table.say("kz.prosecutor", "permission_granted", "consent-kz", **guests)) == ("accepted", None)
    assert became(table.say("uz.police", "prepared", "preparation", samples=[SAMPLE])) == ("accepted", None)
    assert holders(table) == {"consignment": "kz.police", "samples": "kz.police"}
    assert offer(table, "uz.police", "uz.customs", "samples") == "not_its_holder"


def test_r30_what_travels_has_the_holder_of_its_leg() -> None:
    """Consignment and tracker go from hand to hand by handover, and are no exhibits that can be offered."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", items=[TRACKER])
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    table.hand_over()
    assert {"consignment": "uz.customs", "T-1": "uz.customs"} == holders(table)
    assert "still_travels" == offer(table, "uz.customs", "uz.police", "T-1")
    assert "still_travels" == dispose(table, "uz.customs", "consignment")
    assert "still_travels" == report(table, "uz.customs", exhibit="consignment")


def test_r30_what_is_recovered_and_found_is_with_who_seized_it() -> None:
    """The lot, the tracker and a new exhibit; the consignment is not there any more."""
    table = seized(items=[], finds=[{"label": "F-1", "what": "197 000 USD"}])
    assert {"seized": "uz.customs", "F-1": "uz.customs"} == holders(table)


def test_r30_what_was_seized_on_the_way_is_an_exhibit() -> None:
    """After an interdiction the whole lies with who seized it, and can be handed on and destroyed."""
    table = Table().dispatch()
    table.say("kz.police", "interdicted")
    assert {"consignment": "kz.police"} == holders(table)
    assert offer(table, "kz.police", "kz.knb", "consignment") is None
    assert take(table, "kz.knb", "kz.police", "consignment") is None
    assert dispose(table, "kz.knb", "consignment", how="destroyed", witnesses=["officer-3"]) is None
    assert {"consignment": None} == holders(table)
    assert "destroyed" == exhibits(table.delivery.state)["consignment"].fate


def with_things_inside(*labels: str) -> Table:
    """On its way, with devices in it."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", items=[TRACKER | {"label": one} for one in labels])
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    return table


def test_r30_what_becomes_of_the_consignment_is_said_of_each_thing_in_it_by_name() -> None:
    """Before, a tracker was destroyed, returned or before a court, and no statement named it. What was disposed of before is not
    in it any more, and a correction names all too: what it leaves out is with who said so, by itself.
    """
    table = with_things_inside("T-1", "T-2", "T-3")
    table.say("kz.police", "interdicted")
    assert ("T-1", "T-2", "T-3") == inside(table.delivery.state)
    assert dispose(table, "kz.police", "T-3", how="returned", to="the unit") is None
    gone: dict[str, Any] = {"how": "destroyed", "witnesses": ["officer-3"]}
    for named in (("consignment",), ("consignment", "T-1")):
        assert "inside_unnamed" == dispose(table, "kz.police", *named, **gone)
    said = table.say("kz.police", "disposed", id="the-fire", exhibits=["consignment", "T-1", "T-2"], **LASTING | gone)
    assert became(said) == ("accepted", None)
    fates = {label: one.fate for label, one in exhibits(table.delivery.state).items()}
    assert {"consignment": "destroyed", "T-1": "destroyed", "T-2": "destroyed", "T-3": "returned"} == fates
    act = text(made(Record.of(table.delivery), "destruction.kz.police"))
    assert all(one in act for one in ("T-1", "T-2"))
    right = {"kind": "disposed", "exhibits": ["consignment", "T-1"]} | LASTING | gone
    assert code(table.say("kz.police", "correction", of="the-fire", reason="T-2 was taken out", content=right)) is None
    assert {"T-2": ("kz.police", None)} == {
        label: (one.holder, one.fate) for label, one in exhibits(table.delivery.state).items() if label == "T-2"
    }
    of_it = right | {"exhibits": ["T-1"]}
    assert code(table.say("kz.police", "correction", of="the-fire", reason="only T-1", content=of_it)) is None
    assert "kz.police" == holders(table)["consignment"]


def test_r30_what_is_in_a_consignment_that_burns_is_told_with_it() -> None:
    """Nothing keeps a report of its loss waiting: what was in it is told as in it, with what became of it."""
    table = with_things_inside("T-1")
    table.say("kz.police", "destroyed", circumstances="fire", witnesses=["officer-3"])
    (item,) = [one for one in view(table.delivery, table.directory.get("kz.knb"), table.now).exhibits if one.label == "T-1"]
    assert (True, "destroyed") == (item.inside, item.fate)
    assert "T-1, a tracker, in the consignment; destroyed" in text(for_the_court(table))
    assert "T-1" in text(made(Record.of(table.delivery), "destruction.kz.police"))


def test_r30_what_was_in_a_consignment_that_is_divided_is_with_who_divided_it() -> None:
    """It is none of the parts, and before it was held by nobody."""
    table = with_things_inside("T-1")
    table.say("kz.police", "interdicted")
    said = table.say("kz.police", "exhibit_divided", exhibit="consignment", into=[{"label": "A"}, {"label": "B"}])
    assert became(said) == ("accepted", None)
    assert {"consignment": None, "T-1": "kz.police", "A": "kz.police", "B": "kz.police"} == holders(table)


@pytest.mark.parametrize("label", ["consignment", "removed", "samples", "seized", "seized-2", "T-1"])
def test_r30_no_two_exhibits_have_one_label(label: str) -> None:
    """A find under a label of the rules, or of an item, is refused; so is an item under one of the rules."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", items=[TRACKER])
    table.say("kz.knb", "ready", "preparation")
    for service, kind in (("uz.customs", "ready"), ("uz.police", "ready"), ("kz.police", "dispatched")):
        table.say(service, kind, "departure")
    table.hand_over()
    table.say("uz.customs", "delivered", "delivery")
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    finds = [{"label": label, "what": "a find"}]
    assert "label_taken" == code(table.say("uz.customs", "seizure", "accounting", finds=finds))
    if label != "T-1":
        other = Table().consent().say("kz.police", "prepared", "preparation", items=[TRACKER | {"label": label}])
        assert "label_taken" == code(other)


def test_r30_a_correction_gives_no_exhibit_the_label_of_another() -> None:
    """Of a seizure and of a preparation; its own labels it may say again."""
    table = seized(finds=[{"label": "F-1", "what": "a find"}])
    statement = next(one for one in table.delivery.state.seizures)
    for label, found in (("seized", "label_taken"), ("F-1", None), ("F-2", None)):
        content = {"kind": "seizure", **WORDS["seizure"], "finds": [{"label": label, "what": "a find"}]}
        said = table.say("uz.customs", "correction", of=statement, reason="slip", content=content)
        assert found == code(said)
    assert {"seized": "uz.customs", "F-2": "uz.customs"} == holders(table)


def test_r18_a_correction_takes_nothing_out_of_anybodys_hands() -> None:
    """The preparer says that nothing was sampled after all; what another holds by then stays where it is."""
    table = sampled(id="preparation-1")
    offer(table, "kz.police", "kz.knb", "samples")
    take(table, "kz.knb", "kz.police", "samples")
    content = {"kind": "prepared", **WORDS["prepared"]}
    said = table.say("kz.police", "correction", of="preparation-1", reason="slip", content=content)
    assert ("accepted", None) == became(said)
    assert {"consignment": "kz.police", "samples": "kz.knb"} == holders(table)


def test_r18_a_correction_takes_away_what_nobody_has_touched() -> None:
    """Where the sample is still with the preparer, it was none."""
    table = sampled(id="preparation-1")
    content = {"kind": "prepared", **WORDS["prepared"]}
    table.say("kz.police", "correction", of="preparation-1", reason="slip", content=content)
    assert {"consignment": "kz.police"} == holders(table)


# From hand to hand


def test_r30_an_exhibit_moves_when_both_have_said_so() -> None:
    """Offered, it stays with the giver; accepted, it is with the taker, who is asked for it in its inbox."""
    table = sampled()
    assert offer(table, "kz.police", "kz.knb", "samples") is None
    assert "kz.police" == holders(table)["samples"]
    asked = request(table.delivery, "exhibits.1", "kz.knb")
    assert (("samples",), "kz.police", ("exhibit_acceptance",)) == (asked.facts.exhibits, asked.facts.giver, asked.says)
    assert take(table, "kz.knb", "kz.police", "samples") is None
    assert "kz.knb" == holders(table)["samples"]
    assert table.is_closed("exhibits.1")


def test_r30_who_does_not_hold_it_moves_nothing() -> None:
    """Not offered, not examined, not disposed of; of what does not exist the same is said."""
    table = sampled()
    assert "not_its_holder" == offer(table, "kz.knb", "uz.police", "samples")
    assert "not_its_holder" == offer(table, "kz.police", "kz.knb", "samples", "nothing-1")
    assert "not_its_holder" == report(table, "kz.knb")
    assert "not_its_holder" == dispose(table, "kz.knb", "samples")


def test_r30_what_is_offered_to_another_or_by_another_is_not_taken() -> None:
    """Nobody helps itself, and giver and taker name each other."""
    table = sampled()
    offer(table, "kz.police", "kz.knb", "samples")
    assert "not_offered_to" == take(table, "uz.police", "kz.police", "samples")
    assert "not_offered_to" == take(table, "kz.knb", "uz.customs", "samples")
    assert "not_offered_to" == take(table, "kz.knb", "kz.police", "samples", "nothing-1")
    offer(table, "kz.police", "uz.police", "samples")
    assert "not_offered_to" == take(table, "kz.knb", "kz.police", "samples")


def test_r30_nothing_goes_to_who_takes_no_part() -> None:
    """A service that reads nothing of this delivery cannot hold a part of it."""
    assert "no_taker" == offer(sampled(), "kz.police", "tj.customs", "samples")


def test_r30_an_offer_that_nobody_answers_lapses_and_the_giver_holds_it() -> None:
    """In the time for a decision; what comes after that is refused, and it can be offered to another."""
    table = sampled()
    offer(table, "kz.police", "kz.knb", "samples")
    table.pass_time(hours=12)
    assert table.is_closed("exhibits.1")
    assert "not_offered_to" == take(table, "kz.knb", "kz.police", "samples")
    assert "kz.police" == holders(table)["samples"]
    offer(table, "kz.police", "uz.police", "samples")
    assert table.is_open("exhibits.2")


def test_r30_what_is_offered_last_does_not_lapse_with_what_was_offered_first() -> None:
    """A minute before the first offer lapses another exhibit is offered to the same laboratory: it has the time for both."""
    table = seized()
    table.say("uz.customs", "exhibit_divided", exhibit="seized", into=[{"label": "A"}, {"label": "B"}])
    offer(table, "uz.customs", "uz.police", "A")
    table.pass_time(hours=11, minutes=59)
    offer(table, "uz.customs", "uz.police", "B")
    table.pass_time(hours=11, minutes=59)
    assert ("A", "B") == offered(table.delivery.state, "uz.police")
    assert take(table, "uz.police", "uz.customs", "B") is None
    table.pass_time(hours=12)
    assert () == offered(table.delivery.state, "uz.police")
    verify(table.packet())


def test_r30_what_is_offered_elsewhere_is_not_asked_for_any_more() -> None:
    """The giver offers it to another: the first is not waited for, and the second is asked."""
    table = sampled()
    offer(table, "kz.police", "kz.knb", "samples")
    offer(table, "kz.police", "uz.police", "samples")
    assert table.is_closed("exhibits.1")
    assert ("uz.police",) == table.at("exhibits.2").checkpoint.services()


def test_r30_exhibits_are_handed_on_after_a_halt_and_after_the_outcome() -> None:
    """The laboratory and the court come when everything else is over."""
    table = sampled()
    table.say("uz.police", "stop_requested")
    assert offer(table, "kz.police", "kz.knb", "samples") is None
    table.say("kz.police", "interdicted")
    for service in table.plan.participants():
        table.say(service, "stop_acknowledged", "stop.acknowledged")
    assert table.delivery.state.outcome is not None
    assert not table.delivery.state.ended
    assert take(table, "kz.knb", "kz.police", "samples") is None


# Examined and disposed of


def test_r30_what_was_spent_and_left_is_told_of_the_exhibit() -> None:
    """Report after report; where one does not weigh it, nothing is invented."""
    table = sampled()
    assert report(table, "kz.police", report="presumptive_test") is None
    one = exhibits(table.delivery.state)["samples"]
    assert (0, None) == (one.spent, one.left)
    assert report(table, "kz.police", received="5 g", spent="40 mg", left="4960 mg", purity=910) is None
    assert (
        report(table, "kz.police", received="4960 mg", spent="60 mg", left="4900 mg", report="expert_opinion", case_number="22/7")
        is None
    )
    one = exhibits(table.delivery.state)["samples"]
    assert (100, 4_900) == (one.spent, one.left)


def test_r30_what_does_not_weigh_as_before_counts_with_a_remark() -> None:
    """Of what was sampled, and of what a report left; `vigil verify` and the view show it."""
    table = sampled()
    assert "weighs_otherwise" == report(table, "kz.police", received="6 g", spent="1 g", left="5 g")
    assert "weighs_otherwise" == report(table, "kz.police", received="4999 mg", spent="0 mg", left="4999 mg")
    assert report(table, "kz.police", received="4999 mg", spent="0 mg", left="4999 mg") is None
    assert 2 == len(verify(table.packet()).remarked)


def test_r30_what_was_spent_is_no_more_than_a_record_holds() -> None:
    """Whoever reports the largest mass that there is again and again is heard each time, and the record still holds it."""
    table = sampled()
    everything = {"received": 10**15, "spent": 10**15, "left": 0}

    assert {"weighs_otherwise"} == {report(table, "kz.police", **everything) for _ in range(10)}
    assert LARGEST_WHOLE == exhibits(table.delivery.state)["samples"].spent
    again = going_on(carried(table.delivery), table.rules, SECRET)
    assert LARGEST_WHOLE == exhibits(again.state)["samples"].spent


@pytest.mark.parametrize(
    "weighed",
    [{"received": 5, "spent": 1, "left": 5}, {"received": 5}, {"spent": 1, "left": 4}, {"received": 5, "spent": 5}],
)
def test_a_report_in_which_mass_vanishes_is_none(weighed: dict[str, int]) -> None:
    """What was received is what was spent and left; all three are said, or none."""
    with pytest.raises(ValueError, match="received"):
        LaboratoryReport(exhibit="samples", report="test_report", substance="x", **LASTING, **weighed)  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [{"how": "destroyed"}, {"how": "returned"}, {"how": "handed_to_court"}, {"how": "kept"}])
def test_a_disposal_says_before_whom_or_to_whom(said: dict[str, Any]) -> None:
    """Destroyed before witnesses; returned, handed over and kept with a name of where it is."""
    with pytest.raises(ValueError, match=r"witnesses|whom"):
        Disposed(exhibits=("samples",), **LASTING, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["destroyed", "returned", "handed_to_court", "lost"])
def test_r30_what_was_disposed_of_nobody_holds_any_more(how: str) -> None:
    """Its record says what became of it; nobody offers, examines or disposes of it again."""
    table = sampled()
    assert dispose(table, "kz.police", "samples", how=how, witnesses=["officer-3"]) is None
    one = exhibits(table.delivery.state)["samples"]
    assert (None, how) == (one.holder, one.fate)
    assert "not_its_holder" == offer(table, "kz.police", "kz.knb", "samples")
    assert "not_its_holder" == report(table, "kz.police")
    assert "not_its_holder" == dispose(table, "kz.police", "samples")


def test_r30_what_is_kept_for_a_proceeding_has_its_holder_still() -> None:
    """It may be handed on, and then the taker says anew what becomes of it; what was offered is offered no more."""
    table = sampled()
    offer(table, "kz.police", "uz.police", "samples")
    assert dispose(table, "kz.police", "samples") is None
    assert "not_offered_to" == take(table, "uz.police", "kz.police", "samples")
    assert offer(table, "kz.police", "kz.knb", "samples") is None
    assert take(table, "kz.knb", "kz.police", "samples") is None
    one = exhibits(table.delivery.state)["samples"]
    assert ("kz.knb", None) == (one.holder, one.fate)


def test_r28_what_stays_of_exhibits_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the share of those from whose hands they came is refused, and the holder is who it was."""
    with_figures(monkeypatch, exhibits_bytes=150)
    table = sampled()
    assert HELD_TOO_MUCH.name == offer(table, "kz.police", "kz.knb", "samples")
    assert "kz.police" == holders(table)["samples"]


def test_r28_of_many_exhibits_half_of_what_is_held_may_be_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fates of them all would take the whole of it, one by one: said at once they have room in the other half."""
    finds = [{"label": f"F-{number}", "what": "a packet"} for number in range(30)]
    table = seized(finds=finds)
    with_figures(monkeypatch, table.delivery, exhibits_bytes=4_500)
    found = [report(table, "uz.customs", exhibit=one["label"]) for one in finds[:10]]
    assert [*[None] * 9, HELD_TOO_MUCH.name] == found
    assert dispose(table, "uz.customs", *(one["label"] for one in finds)) is None


# What is shown


def test_r11_who_holds_what_is_shown_to_those_whose_it_is() -> None:
    """The initiator sees all; of the others a service sees what its State holds, is offered, or has taken out."""
    table = sampled()
    seen = {one: shown(table, one) for one in ("kz.knb", "kz.prosecutor", "uz.police")}
    assert {"kz.knb": ["consignment", "samples"], "kz.prosecutor": ["consignment", "samples"], "uz.police": []} == seen
    offer(table, "kz.police", "uz.police", "samples")
    assert ["samples"] == shown(table, "uz.police")
    take(table, "uz.police", "kz.police", "samples")
    assert ["consignment", "samples"] == shown(table, "kz.prosecutor")
    assert ["samples"] == shown(table, "uz.customs")


def shown(table: Table, service: str) -> list[str]:
    """Labels of the exhibits that this service is shown."""
    return [one.label for one in view(table.delivery, table.directory.get(service), table.now).exhibits]


def test_verify_tells_who_holds_what_and_what_became_of_it() -> None:
    """A stranger with the packet learns it of everything, at the end as under way."""
    table = sampled()
    dispose(table, "kz.police", "samples", how="destroyed", witnesses=["officer-3"])
    told = [(one.label, one.what, one.holder, one.fate) for one in verify(table.packet()).exhibits]
    assert [("consignment", "consignment", "kz.police", None), ("samples", "samples", None, "destroyed")] == told


SERVICES = ("kz.police", "kz.knb", "uz.police", "uz.customs", "uz.prosecutor")
LABELS = ("consignment", "samples", "T-1", "seized", "F-1")
MOVES = st.tuples(
    st.sampled_from(("exhibits_offered", "exhibits_accepted", "laboratory_report", "disposed", "interdicted", "stop_requested")),
    st.sampled_from(SERVICES),
    st.sampled_from(SERVICES),
    st.sampled_from(LABELS),
    st.sampled_from(("kept", "lost", "destroyed")),
)


def words_of(kind: str, other: str, label: str, how: str) -> dict[str, Any]:
    """What is said of this exhibit."""
    weighed = {"received": 3, "spent": 1, "left": 2}
    return {
        "exhibits_offered": {"exhibits": [label], "to": other, "purpose": "test"},
        "exhibits_accepted": {"exhibits": [label], "giver": other, "intact": True},
        "laboratory_report": LASTING | weighed | {"exhibit": label, "report": "test_report", "substance": "x"},
        "disposed": LASTING | {"exhibits": [label], "how": how, "to": "case", "witnesses": ["officer-1"]},
    }.get(kind, {})


@given(moves=st.lists(MOVES, max_size=12))
@settings(max_examples=40, deadline=None)
def test_r30_nothing_is_ever_without_a_holder(moves: list[tuple[str, str, str, str, str]]) -> None:
    """Whatever is said by whomever: each thing has one holder or a fate, and a book that was kept beside agrees."""
    table = sampled(items=[TRACKER])
    book = ExhibitBook(table.plan)
    for entry in table.delivery.ledger.entries:
        if entry.event.event == "stated":
            assert [] == list(book.heard(table.delivery.law.read(entry.event.envelope)))
    for kind, service, other, label, how in moves:
        said = table.statement(service, kind, **words_of(kind, other, label, how))
        if became(table.hand_in(said))[0] == "accepted":
            assert [] == list(book.heard(said))
        found = exhibits(table.delivery.state)
        assert all((one.holder is None) == (one.fate not in (None, "kept")) for one in found.values())
        assert [] == list(book.differ(holders(table)))


def taken_away(**said: Any) -> Table:
    """On the road, the road police seized it, and Kazakhstan's police report that."""
    carrier = asks("kz.police prepared", "kz.knb ready", "kz.post ready")
    table = Table(with_changes(preparation={"requires": carrier})).consent()
    table.say("kz.post", "ready", "preparation")
    table.dispatch()
    assert became(table.say("kz.police", "interdicted", **({"seized_by": "road police of Almaty"} | said)))[0] == "accepted"
    return table


def test_r30_what_an_authority_that_takes_no_part_has_seized_is_held_by_that_one() -> None:
    """Before, the responsible authority was said to hold it, and what is inside. View, packet and record of seizure say who does;
    a service of that State receives it without an offer, and holds it from then on.
    """
    table = taken_away()
    lot = exhibits(table.delivery.state)["consignment"]
    assert (lot.holder, lot.fate) == (None, "with_another")
    (shown,) = view(table.delivery, table.directory.get("kz.police"), table.now).exhibits
    assert (shown.holder, shown.fate) == (None, "with_another")
    (proved,) = verify(table.packet()).exhibits
    assert (proved.holder, proved.fate) == (None, "with_another")
    (name,) = FORMS["seizure"].subjects(Record.of(table.delivery))
    assert "Held by “road police of Almaty”" in text(made(Record.of(table.delivery), f"seizure.{name}"))
    assert offer(table, "kz.police", "kz.knb", "consignment") == "not_its_holder"
    assert dispose(table, "kz.police", "consignment") == "not_its_holder"

    for taker, found in (("uz.customs", "received_elsewhere"), ("kz.post", "may_not_hold")):
        said = table.say(taker, "exhibits_accepted", exhibits=["consignment"], intact=True)
        assert code(said) == found, taker
    assert take(table, "kz.police", "kz.knb", "consignment") == "not_offered_to"
    assert code(table.say("kz.police", "exhibits_accepted", exhibits=["samples"], intact=True)) == "not_outside"
    known = {one: "exhibits_accepted" in may_say(table.delivery, table.directory.get(one)) for one in ("kz.police", "uz.customs")}
    assert known == {"kz.police": True, "uz.customs": False}
    police = table.directory.get("kz.police")
    assert filled(table.delivery, police, "exhibits_accepted", table.now) == {"exhibits": ["consignment"]}
    assert unsettled(table.delivery.state)  # it stays open for that
    assert became(table.say("kz.police", "exhibits_accepted", exhibits=["consignment"], intact=True)) == ("accepted", None)
    assert holders(table) == {"consignment": "kz.police"}
    assert code(table.say("kz.knb", "exhibits_accepted", exhibits=["consignment"], intact=True)) == "not_outside"
    verify(table.packet())


def test_r30_a_service_of_the_directory_that_takes_no_part_holds_what_it_has_seized() -> None:
    """By its id. Who takes part accepts what is offered to it; who says it may have it already; a carrier may hold nothing."""
    refusals = (("kz.knb", "holder_takes_part"), ("kz.nobody", "holder_not_known"), ("kz.post", "holds_nothing"))
    for holder, found in refusals:
        said = Table().dispatch().say("kz.police", "interdicted", seized_by="another", held_by=holder)
        assert code(said) == found, holder
    assert holders(taken_away(held_by="kz.police")) == {"consignment": "kz.police"}
    table = taken_away(held_by="kz.border")
    assert holders(table) == {"consignment": "kz.border"}
    assert filled(table.delivery, table.directory.get("kz.police"), "exhibits_accepted", table.now)["giver"] == "kz.border"
    assert take(table, "kz.police", "kz.border", "consignment") is None
    assert holders(table) == {"consignment": "kz.police"}


def test_r30_a_service_of_another_state_holds_nothing_that_was_seized_on_this_ones_soil() -> None:
    """Before, the FSB of Russia held it in Kazakhstan. The brake works all the same, and whom it names does not hold it; also
    when that is said again. Where the way calls in Russia, it may hold it; and then Kazakhstan's police do not receive it.
    """
    table = taken_away(held_by="ru.fsb", id="the-seizure")
    assert [finding.code for _, finding in table.delivery.remarked()] == ["held_elsewhere"]
    assert table.delivery.state.halt is not None
    assert holders(table) == {"consignment": None}
    said = {"kind": "interdicted", "place": "Kapshagay", "held_by": "ru.fsb"}
    again = table.say("kz.police", "correction", of="the-seizure", reason="we had it", content=said)
    assert (became(again)[0], code(again)) == ("accepted", "held_elsewhere")
    assert holders(table) == {"consignment": "kz.police"}
    verify(table.packet())

    calling = [plain(example_plan())["legs"][0] | {"calls": [{"kind": "airport", "place": "-", "state": "RU"}]}]
    table = Table(with_changes(plan_={"legs": [*calling, plain(example_plan())["legs"][1]]})).dispatch()
    assert became(table.say("kz.police", "interdicted", seized_by="FSB", held_by="ru.fsb")) == ("accepted", None)
    assert holders(table) == {"consignment": "ru.fsb"}
    assert take(table, "kz.police", "ru.fsb", "consignment") == "received_elsewhere"


def test_r11_who_was_responsible_sees_what_another_has_seized() -> None:
    """Of what Kazakhstan had reported, and road police seized in Uzbekistan: its customs may receive it."""
    table = Table().dispatch().hand_over()
    assert became(table.say("uz.customs", "interdicted", seized_by="road police of Tashkent")) == ("accepted", None)
    shown = {one: view(table.delivery, table.directory.get(one), table.now).exhibits for one in ("uz.customs", "uz.prosecutor")}
    assert [one.fate for one in shown["uz.customs"]] == ["with_another"]


def test_r30_who_holds_what_was_seized_is_corrected() -> None:
    """As it should have been said; but what was received since stays where it is."""
    table = Table().dispatch()
    table.say("kz.police", "interdicted", id="the-seizure")
    words = {"kind": "interdicted", "place": "Kapshagay", "seized_by": "road police"}
    for more, found in (({"held_by": "kz.knb"}, "holder_takes_part"), ({}, None)):
        said = table.say("kz.police", "correction", of="the-seizure", reason="the road police had it", content=words | more)
        assert code(said) == found
    assert holders(table) == {"consignment": None}
    table.say("kz.police", "exhibits_accepted", exhibits=["consignment"], intact=True)
    table.say("kz.police", "correction", of="the-seizure", reason="weighed", content=words | {"gross": "14 kg"})
    assert holders(table) == {"consignment": "kz.police"}


def test_r18_what_is_corrected_is_held_by_who_held_it_who_is_told_of_the_outcome_too() -> None:
    """Before, the weight could not be corrected once the border service, which held it, was told how it ended."""
    told = {"service": "kz.border", "reason": "it seized it"}
    table = Table(with_changes(plan_={"told_at_end": [told]})).dispatch()
    words: dict[str, Any] = {"place": "Kapshagay", "seized_by": "the border service", "held_by": "kz.border"}
    table.say("kz.police", "interdicted", id="the-seizure", **words)
    table.pass_time(hours=12)
    assert table.delivery.state.outcome is not None
    right = {"kind": "interdicted"} | words
    said = table.say("kz.police", "correction", of="the-seizure", reason="misread", content=right | {"gross": "13.8 kg"})
    assert became(said) == ("accepted", None)
    assert holders(table) == {"consignment": "kz.border"}
    said = table.say("kz.police", "correction", of="the-seizure", reason="?", content=right | {"held_by": "kz.knb"})
    assert code(said) == "holder_takes_part"


def abroad(there: str = "LV", **changed: Any) -> Plan:
    """Latvia's police are asked what the samples are, on a request for legal assistance."""
    laboratory = {"id": "laboratory", "step": "close", "state": there, "place": "-", "zone": "+02:00", "due": "30d"}
    laboratory |= {"requires": asks("lv.police examination")}
    checkpoints = [*example_plan().model_dump()["checkpoints"], laboratory]
    outside = {"outside": [{"state": "LV", "why": "legal_assistance"}]}
    return with_changes(plan_={"checkpoints": checkpoints} | outside | changed)


def test_r29_what_is_examined_in_another_state_is_brought_there_by_its_part_or_by_a_request() -> None:
    """Before, a sample crossed every border without a word (CIS Agreement on samples of 18.10.2011; UNTOC art. 18)."""
    table = Table(abroad()).consent()
    table.say("kz.police", "prepared", "preparation", samples=[SAMPLE])
    offered = {"exhibits": ["samples"], "to": "lv.police", "purpose": "comparison"}
    said = table.say("kz.police", "exhibits_offered", **offered)
    assert (became(said), code(said)) == (("refused", "R29"), "no_assistance")
    assert offer(table, "kz.police", "uz.police", "samples") is None  # Uzbekistan has authorised
    assert became(table.say("kz.police", "exhibits_offered", **offered, assistance="7/12 of 2022-02-20")) == ("accepted", None)
    assert take(table, "lv.police", "kz.police", "samples") is None
    assert offer(table, "lv.police", "kz.knb", "samples") is None

    withdrawn = Table().consent()
    withdrawn.say("kz.police", "prepared", "preparation", samples=[SAMPLE])
    withdrawn.say("uz.prosecutor", "authorisation_withdrawn", reason="not now", state="UZ")
    assert offer(withdrawn, "kz.police", "uz.police", "samples") == "no_assistance"


def test_r29_the_check_wants_the_state_of_a_laboratory_to_have_a_part() -> None:
    """On the route, asked to authorise, or outside for a reason that fits; that somebody has a case there does not."""

    def found(plan: Plan) -> list[tuple[str, str]]:
        return [(one.place, one.problem[:3]) for one in faults_in(plan, example_directory(), example_cards())]

    asked = f"checkpoints.{len(abroad().checkpoints) - 1}.requires.0.service"
    assert found(abroad()) == found(abroad("UZ")) == []
    assert found(abroad(outside=[])) == found(abroad("UZ", outside=[])) == [(asked, "R29")]
    assert found(abroad(outside=[{"state": "LV", "why": "exhibits_sent"}])) == []
    assert found(abroad(outside=[{"state": "LV", "why": "own_case"}])) == [("outside.0.why", "R1:")]
