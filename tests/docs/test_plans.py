"""docs/plans.md names every field users write, its examples pass, and its list of refusals is the real one."""

import inspect
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from domain.delivery.grants import Permit
from domain.delivery.vocabulary import Outcome
from domain.plan import check, check_backups, check_goods, check_law, check_powers, check_request, check_route
from domain.plan.attachment import Attachment
from domain.plan.cards import (
    Afterwards,
    Agreement,
    AnswerTime,
    Bar,
    Decider,
    Duty,
    Exclusion,
    HandlingRule,
    Languages,
    LawSource,
    LawText,
    MeasureRule,
    Offences,
    Provision,
    RecordRule,
    ReportingDuty,
    RuleCard,
    Term,
    Urgent,
    UrgentMeasures,
)
from domain.plan.check import AT_LEAST_ONCE, ONCE, faults_in
from domain.plan.demands import Demand
from domain.plan.directory import MAY_SEIZE, Desk, Directory, Poll, Push, Service, ServiceKey, ServiceKind
from domain.plan.documents import Document
from domain.plan.goods import Cash, Counted, Instruments, SubstanceMass, Tolerances, Weapons
from domain.plan.group import GroupFile, Member
from domain.plan.plan import (
    STEP_NEEDS,
    Call,
    Consignment,
    Contingencies,
    Group,
    Leg,
    Offence,
    Outside,
    Plan,
    PlannedCheckpoint,
    Replaced,
    Requirement,
    Rung,
    Surveillance,
    ToldAtEnd,
    Wait,
)
from domain.plan.request import Addressed, AskedOrally, Companions, Persons, PlannedRequest, TradeParty
from domain.plan.selectors import Selector
from domain.rules import afresh, amending, conclusion, lasting, replacing
from domain.rules.books import BOOK
from domain.rules.turns import ORDER
from domain.words.errors import Fault
from domain.words.identifiers import ConsignmentIdentifier
from domain.words.limits import MOST_PLANS
from rehearsal.scenario import (
    NAMED_BY,
    Act,
    ConsignmentScenario,
    Expected,
    ExpectedEvent,
    ExpectedStatement,
    GroupScenario,
    Pace,
    PaceOf,
    PlanChange,
    Scenario,
    faults_in_group,
)
from rehearsal.scenario import faults_in as unfitting
from tests.groups import group_plans
from tests.support import Table, card_of, example_cards, example_directory

ANSWERS = BOOK.answers
ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
TABLES = dict(re.findall(r"^<!-- ([A-Z]\w+) -->\n((?:\|.*\n)+)", TEXT, re.MULTILINE))
EXAMPLES = dict(re.findall(r"^<!-- ([a-z]+) -->\n```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
MODELS: tuple[type[BaseModel], ...] = (
    Plan, PlannedCheckpoint, Requirement, Rung, Leg, Call, Outside, Consignment, ConsignmentIdentifier, SubstanceMass, Cash,
    Instruments, Weapons, Counted, Tolerances,
    Contingencies, Surveillance, Offence, PlannedRequest, Addressed, AskedOrally, TradeParty, Persons, Companions, Attachment,
    Replaced, ToldAtEnd, Group, Wait, GroupFile, Member, Selector, Directory, Service, ServiceKey, RuleCard, LawText,
    Provision, LawSource, Decider, Agreement, Exclusion, HandlingRule, MeasureRule, Term, Urgent, UrgentMeasures, Bar, Offences,
    Duty, Afterwards, ReportingDuty, RecordRule, AnswerTime, Languages, Scenario, PaceOf,
    Act, PlanChange, ExpectedStatement, ExpectedEvent, GroupScenario, ConsignmentScenario,
)  # fmt: skip


def quoted(text: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", text)


def example(name: str, model: type[BaseModel]) -> Any:
    """An example of the document, read as its user's file would be."""
    return Document(EXAMPLES[name], f"{name}.yaml").read(model)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_named(model: type[BaseModel]) -> None:
    """A table names the fields of its record, all of them and in their order, and no others."""
    first = [row.split("|")[1] for row in TABLES[model.__name__].splitlines()[2:]]
    assert [name for cell in first for name in quoted(cell)] == list(model.model_fields)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_how_long_a_list_may_be_is_told(model: type[BaseModel]) -> None:
    """Where a table says how many there may be, it is as many as the record takes."""
    schema = model.model_json_schema()["properties"]
    for row in TABLES[model.__name__].splitlines()[2:]:
        (name, *_), kind = quoted(row), row.split("|")[2]
        bounds = [schema[name], *schema[name].get("anyOf", [])]
        told = re.findall(r"list of (?:at most |1 to )(\d+)", kind)
        assert told in ([], [str(one["maxItems"]) for one in bounds if "maxItems" in one]), name


def test_no_table_is_of_an_unknown_record() -> None:
    """Each table of fields belongs to a record that users write."""
    assert set(TABLES) == {model.__name__ for model in MODELS}


def test_small_records_are_named_where_they_are_used() -> None:
    """The fields of reach, pace and expectation are named, and each way of being reached."""
    for model in (Push, Poll, Pace, Expected):
        for name in model.model_fields:
            assert f"`{name}`" in TEXT, name
    for reach in (Push, Poll, Desk):
        assert f"| `{reach.model_fields['by'].default}` |" in TEXT


def test_every_choice_is_named() -> None:
    """Wherever a field takes one of a list of words, the document gives all of the words."""
    for model in MODELS:
        for name, field in model.model_fields.items():
            words = [word for word in get_args(field.annotation) if isinstance(word, str)]
            for word in words:
                assert f"`{word}`" in TABLES[model.__name__] or word in ANSWERS or word in STEP_NEEDS, (
                    model.__name__,
                    name,
                    word,
                )
    for word in (*get_args(Outcome), *get_args(ServiceKind), *ANSWERS):
        assert f"`{word}`" in TEXT, word
    assert [word for word in quoted(TABLES["Leg"]) if word in get_args(ServiceKind)] == list(MAY_SEIZE)


def test_the_steps_and_what_they_ask_are_those_of_the_code() -> None:
    """The table of steps has every step in order, what it may ask, and how many checkpoints it has."""
    found = re.findall(r"^\| `([a-z_]+)` \| (.*?) \| (.*) \|$", TEXT.partition("The steps,")[2].partition("###")[0], re.MULTILINE)
    assert [(step, tuple(quoted(asks))) for step, asks, _ in found] == list(STEP_NEEDS.items())
    assert tuple(step for step, _, _ in found) == ORDER
    assert tuple(step for step, _, count in found if count.startswith("exactly one")) == ONCE
    assert {step for step, _, count in found if count.startswith("at least one")} == {"authorise", *AT_LEAST_ONCE}


def test_outcomes_are_those_that_the_rules_conclude() -> None:
    """The outcomes listed are all there are, and the rules can conclude each of them."""
    (line,) = re.findall(r"^Outcomes: (.*?)\.$", TEXT, re.MULTILINE | re.DOTALL)
    code = inspect.getsource(conclusion.conclusion) + inspect.getsource(conclusion._after_a_halt)
    assert quoted(line) == list(get_args(Outcome))
    assert [word for word in quoted(line) if f'"{word}"' not in code] == []


def test_the_examples_are_right() -> None:
    """The plan, directory, card and scenario shown are accepted as they stand."""
    plan = example("plan", Plan)
    assert faults_in(plan, example_directory(), example_cards()) == ()
    assert isinstance(example("directory", Directory).get("kz.post").reach, Poll)
    assert example("card", RuleCard).allows("removed", plan.case) is False
    scenario = example("scenario", Scenario)
    assert [] == list(unfitting(scenario, plan))
    assert [] == list(faults_in_group(example("parcels", GroupScenario), group_plans()))


def test_the_examples_of_checkpoints_fit_into_the_plan() -> None:
    """A ladder, two officers and a permission of its own, as shown, in the plan shown and with the card shown."""
    plan, kz = example("plan", Plan), example("card", RuleCard)
    shown = {name: example(name, PlannedCheckpoint) for name in ("checkpoint", "consent")}
    by_id = {one.id: one for one in shown.values()}
    changed = plan.model_copy(
        update={"uses": ("opening",), "checkpoints": tuple(by_id.get(one.id, one) for one in plan.checkpoints)}
    )
    cards = example_cards() | {"KZ": kz}
    directory = example_directory()
    without_it = changed.model_copy(update={"checkpoints": (*plan.checkpoints[:1], *changed.checkpoints[1:])})

    assert faults_in(changed, directory, cards) == ()
    assert ["R16"] == [fault.problem.partition(":")[0] for fault in faults_in(without_it, directory, cards)]
    assert 2 == shown["checkpoint"].officers_for("kz.police", "prepared")


def merged(plan: Plan, more: dict[str, Any]) -> Plan:
    """The plan with these checkpoints and legs in place of those of the same id, and the others added."""
    tree = plan.model_dump() | {name: value for name, value in more.items() if name not in ("checkpoints", "legs")}
    for kind in ("checkpoints", "legs"):
        new = {one["id"]: one for one in more.get(kind, [])}
        old = [new.pop(one["id"], one) for one in tree[kind]]
        tree[kind] = [*old, *new.values()]
    return Plan.model_validate(tree)


def shown(name: str) -> dict[str, Any]:
    """What an example of a part of a plan holds."""
    found: dict[str, Any] = YAML(typ="safe").load(EXAMPLES[name])
    return found


def test_the_chain_of_recipients_is_a_plan() -> None:
    """The chain shown, put into the plan shown, may be started."""
    world = (example_directory(), example_cards())
    chain = merged(example("plan", Plan), shown("chain"))

    assert faults_in(chain, *world) == ()
    assert [one.id for one in chain.at("deliver")] == ["delivery", "second-recipient"]


def under_way() -> Table:
    """The plan shown, under way: it has left, and the giver has offered it at the airport."""
    table = Table(example("plan", Plan)).dispatch()
    table.say("kz.police", "handover_offered", "airport")
    return table


def place_of(fault: Fault) -> str:
    """As the document writes it: numbers as N, whose law is answered for, and to whom a request is, as STATE, a tolerance's
    substance as SUBSTANCE, and a duty as DUTY.
    """
    if fault.place.startswith("tolerances.net."):
        return "tolerances.net.SUBSTANCE"
    if re.match(r"duty_times\.[A-Z]{2}\.", fault.place):
        return "duty_times.STATE.DUTY"
    return re.sub(r"\b(answers_for_law|request\.to|duty_times)\.[A-Z]{2}", r"\1.STATE", re.sub(r"\d+", "N", fault.place))


def changing(table: Table, plan: Plan) -> set[tuple[str, str]]:
    """Place and rule of everything that keeps the plan from taking the place of the one under way."""
    faults = amending.faults_in(table.delivery, plan, table.directory, table.cards)
    return {(place_of(fault), (re.findall(r"^(R\d+): ", fault.problem) or [""])[0]) for fault in faults}


def test_the_change_shown_is_made() -> None:
    """The changed plan takes the place of the one under way; without the fresh consent it may not."""
    plan, change = example("plan", Plan), shown("change")

    assert changing(under_way(), merged(plan, change)) == set()
    assert changing(under_way(), merged(plan, change | {"checkpoints": change["checkpoints"][1:]})) == {("checkpoints", "R1")}


def test_what_stays_for_the_whole_delivery_is_named() -> None:
    """The table of what may change, and the table of refusals, name what the code keeps."""
    stays = re.findall(r"^\| the delivery \| .*? \| (.*) \|$", TEXT, re.MULTILINE)
    refused = re.findall(r"^\| a change of what stays for the whole delivery \| R22 \| (.*) \|$", TEXT, re.MULTILINE)
    assert [quoted(cell) for cell in (*stays, *refused)] == [list(amending.FIXED)] * 2


def test_what_the_check_explains_is_named() -> None:
    """The document names each thing that `vigil plan check` says of a card, in order."""
    (words,) = re.findall(r"these are `demands`: (.*?)\. Where the card", TEXT, re.DOTALL)
    assert quoted(words) == list(Demand.model_fields)


def test_what_each_event_of_a_trail_has_is_told() -> None:
    """The table says of which events a field may be asked."""
    rows = {quoted(row)[0]: quoted(row)[1:] for row in TABLES["ExpectedEvent"].splitlines()[2:]}
    for name in ("checkpoint", "service", "rule", "outcome"):
        assert set(rows[name]) == {event for event, has in NAMED_BY.items() if name in has}, name


Edit = Callable[[dict[str, Any], dict[str, RuleCard]], object]


def checkpoint(plan: dict[str, Any], name: str) -> dict[str, Any]:
    """A checkpoint of the plan as written."""
    found: dict[str, Any] = next(one for one in plan["checkpoints"] if one["id"] == name)
    return found


def takes_uzbek(known: RuleCard) -> dict[str, RuleCard]:
    """The card of UZ, which takes a request from abroad in its own language alone."""
    return card_of("UZ", languages=[{"codes": ["uz"], "law": {"mark": "T", "text": known.texts[0].id}}])


def card(cards: dict[str, RuleCard], **fields: Any) -> None:
    """Give the card of KZ these fields."""
    cards |= card_of("KZ", **fields)


def without(plan: dict[str, Any], name: str) -> None:
    """Take a checkpoint out."""
    plan["checkpoints"].remove(checkpoint(plan, name))


def asks(plan: dict[str, Any], name: str, *asked: tuple[str, str]) -> None:
    """Have a checkpoint ask these services for these things instead."""
    checkpoint(plan, name)["requires"] = [{"service": service, "says": says} for service, says in asked]


def climbs(plan: dict[str, Any], name: str, *rungs: tuple[str, str]) -> None:
    """Give a checkpoint this ladder."""
    checkpoint(plan, name)["escalate"] = [{"after": after, "to": to} for after, to in rungs]


def backed_up(plan: dict[str, Any], name: str, backup: str) -> None:
    """Give a checkpoint a backup that may answer."""
    checkpoint(plan, name)["escalate"] = [{"after": "1h", "to": backup, "may_answer": True}]


def passes_on(plan: dict[str, Any], responsible: str) -> None:
    """Have the recipient pass it on to a second one, under this authority."""
    plan["checkpoints"].append(checkpoint(plan, "delivery") | {"id": "second-recipient"})
    plan["legs"].append(plan["legs"][-1] | {"id": "onward", "start": "delivery", "end": "second-recipient"})
    plan["legs"][-1]["responsible"] = responsible


def goes_by_truck_in_the_air(plan: dict[str, Any]) -> None:
    """Have a truck stay on board at an airport."""
    plan["consignment"]["kind"] = "truck"
    plan["legs"][0]["calls"] = [ABOARD | {"kind": "airport"}]


POSTED = ("uz.post", "permission")
PERMITS = (("kz.prosecutor", "authorisation"), ("kz.knb", "permission"))
LAW = {"mark": "T", "text": "ord"}
BRIEFLY: dict[str, Any] = {"measures": ["post"], "needs": "permission", "by": ["prosecutor"], "longest": "2d", "law": LAW}
"""What a card lets be permitted for two days at most."""
GUEST = {"service": "kz.knb", "officers": 1}
LISTED = {"articles": ["art. 297"], "law": LAW}
AGREED = {"of": ["customs"], "begun_by": ["security"], "law": LAW}
OUT = {"may_not": ["run"], "law": LAW}
OWED = {"id": "told", "what": "the prosecutor is told", "law": LAW}
HALVES = [{"substance": one, "net": "60000 t"} for one in ("heroin", "opium")]
TOLD = {"service": "kg.customs", "reason": "it went through there"}

ABOARD = {"kind": "port", "place": "a port", "state": "BY", "not_touched": "stays_on_board"}
LEAVE = {"unmeasured": "time", "allowed_by": "kz.knb"}
REFUSALS: list[tuple[str, str, Edit]] = [
    ("initiator", "", lambda p, _c: p.update(initiator="kz.nobody")),
    ("coordinator", "", lambda p, _c: p.update(coordinator="nobody")),
    ("checkpoints.N.requires.N.service", "", lambda p, _c: asks(p, "arrest", ("uz.nobody", "arrest"))),
    ("legs.N.responsible", "", lambda p, _c: p["legs"][0].update(responsible="kz.nobody")),
    ("checkpoints.N.id", "", lambda p, _c: p["checkpoints"].append(dict(checkpoint(p, "arrest")))),
    ("checkpoints.N.escalate.N.to", "", lambda p, _c: climbs(p, "arrest", ("1h", "kz.nobody"))),
    ("checkpoints.N.escalate.N.to", "", lambda p, _c: climbs(p, "arrest", ("1h", "uz.police"))),
    ("checkpoints.N.escalate.N.to", "", lambda p, _c: climbs(p, "arrest", ("1h", "caricc"), ("2h", "caricc"))),
    ("checkpoints.N.escalate.N.to", "R21", lambda p, _c: backed_up(p, "arrest", "kz.afm")),
    (
        "checkpoints.N.escalate.N.to",
        "R1",
        lambda p, c: (backed_up(p, "consent-kz", "kz.afm"), card(c, granted_by=("prosecutor",))),
    ),
    ("checkpoints.N.escalate.N.after", "", lambda p, _c: climbs(p, "arrest", ("24h", "caricc"))),
    ("checkpoints.N.escalate.N.after", "", lambda p, _c: climbs(p, "arrest", ("2h", "caricc"), ("2h", "kz.knb"))),
    ("checkpoints.N.after", "", lambda p, _c: checkpoint(p, "arrest").update(after="delivery")),
    ("checkpoints.N.after", "", lambda p, _c: checkpoint(p, "arrest").update(after="arrest")),
    ("legs.N.accompanied_by.N", "", lambda p, _c: p["legs"][0].update(accompanied_by=["uz.nobody"])),
    ("legs.N.accompanied_by.N", "", lambda p, _c: p["legs"][0].update(accompanied_by=["kz.afm"])),
    ("checkpoints.N.state", "R4", lambda p, _c: checkpoint(p, "delivery").update(state="KZ")),
    ("checkpoints.N.state", "R1", lambda p, _c: checkpoint(p, "arrest").update(state="BY")),
    (
        "checkpoints.N.state",
        "R10",
        lambda p, _c: (asks(p, "accounting", ("kz.police", "seizure")), checkpoint(p, "accounting").update(state="KZ")),
    ),
    ("checkpoints.N.requires.N.service", "R29", lambda p, _c: asks(p, "arrest", ("kz.afm", "arrest"))),
    ("checkpoints.N.requires.N.service", "R29", lambda p, _c: asks(p, "arrest", ("uz.prosecutor", "arrest"))),
    ("checkpoints.N.escalate.N.to", "R29", lambda p, _c: backed_up(p, "arrest", "uz.prosecutor")),
    ("initiator", "R29", lambda p, _c: p.update(initiator="uz.post")),
    ("co_initiator", "R29", lambda p, _c: p.update(co_initiator="caricc")),
    ("checkpoints.N.escalate.N.to", "R13", lambda p, _c: backed_up(p, "consent-kz", "kz.knb")),
    ("consignment.contents.N", "R1", lambda p, _c: p["consignment"].update(goods=["tobacco"])),
    ("outside.N.state", "R1", lambda p, _c: p.update(outside=[{"state": "UZ", "why": "own_case"}])),
    ("outside.N.state", "", lambda p, _c: p.update(outside=[{"state": "BY", "why": "own_case"}] * 2)),
    ("outside.N.state", "R1", lambda p, _c: p.update(outside=[{"state": "BY", "why": "own_case"}])),
    (
        "outside.N.why",
        "R1",
        lambda p, _c: (checkpoint(p, "arrest").update(state="BY"), p.update(outside=[{"state": "BY", "why": "exhibits_sent"}])),
    ),
    ("consignment.identifiers.N.value", "R1", lambda p, _c: p["consignment"].update(imported=True)),
    ("legs.N.calls.N", "R1", lambda p, _c: p["legs"][0].update(calls=[{"kind": "sea", "place": "at sea"}])),
    (
        "legs.N.calls.N.not_touched",
        "R1",
        lambda p, _c: p["legs"][0].update(calls=[ABOARD | {"kind": "road"}]),
    ),
    (
        "legs.N.calls.N.not_touched",
        "R16",
        lambda p, _c: (p.update(uses=["device"]), p["legs"][0].update(calls=[ABOARD])),
    ),
    (
        "legs.N.calls.N.locode",
        "",
        lambda p, _c: p["legs"][0].update(calls=[{"kind": "port", "place": "a port", "state": "BY", "locode": "UZTAS"}]),
    ),
    ("checkpoints", "R16", lambda p, c: (asks(p, "consent-kz", *PERMITS), card(c, separate=()))),
    ("checkpoints.N.locode", "", lambda p, _c: checkpoint(p, "preparation").update(locode="UZTAS")),
    ("checkpoints.N.requires.N.says", "", lambda p, _c: asks(p, "arrest", ("uz.police", "debrief"))),
    ("checkpoints.N.need", "", lambda p, _c: checkpoint(p, "arrest").update(need=3)),
    ("checkpoints.N.requires", "", lambda p, _c: asks(p, "preparation", ("kz.knb", "ready"))),
    ("checkpoints.N.need", "", lambda p, _c: checkpoint(p, "departure").update(need=1)),
    ("checkpoints.N.requires", "R4", lambda p, _c: asks(p, "delivery", ("uz.police", "interdiction"))),
    ("checkpoints.N.overdue", "R2", lambda p, _c: checkpoint(p, "debrief").update(overdue="interdict")),
    ("checkpoints.N.remind.N", "", lambda p, _c: checkpoint(p, "arrest").update(remind=["24h"])),
    ("checkpoints", "", lambda p, _c: without(p, "preparation")),
    ("checkpoints", "", lambda p, _c: without(p, "arrest")),
    ("legs.N.responsible", "R4", lambda p, _c: p["legs"][0].update(responsible="uz.customs")),
    ("legs.N.responsible", "R4", lambda p, _c: p["legs"][0].update(responsible="kz.prosecutor")),
    ("legs.N.start", "", lambda p, _c: p["legs"][0].update(start="nowhere")),
    ("legs.N.end", "", lambda p, _c: p["legs"][1].update(end="nowhere")),
    ("legs.N.start", "R4", lambda p, _c: p["legs"][1].update(start="arrest")),
    ("legs.N.start", "", lambda p, _c: p["legs"][0].update(start="preparation")),
    ("legs.N.end", "", lambda p, _c: p["legs"][1].update(end="arrest")),
    ("checkpoints.N.step", "", lambda p, _c: checkpoint(p, "airport").update(step="arrest")),
    ("checkpoints.N.id", "", lambda p, _c: checkpoint(p, "arrest").update(step="hand_over")),
    ("checkpoints.N.id", "", lambda p, _c: p["checkpoints"].append(checkpoint(p, "delivery") | {"id": "nowhere"})),
    ("checkpoints.N.step", "R6", lambda p, _c: passes_on(p, "uz.police")),
    (
        "checkpoints.N.requires",
        "",
        lambda p, _c: (passes_on(p, "uz.customs"), asks(p, "delivery", ("uz.customs", "interdiction"))),
    ),
    ("checkpoints.N.requires", "R6", lambda p, _c: asks(p, "airport", ("uz.customs", "handover_acceptance"))),
    ("checkpoints.N.requires", "R6", lambda p, _c: asks(p, "airport", ("kz.police", "handover_offer"))),
    ("checkpoints.N.need", "R6", lambda p, _c: checkpoint(p, "airport").update(need=2)),
    ("checkpoints", "R1", lambda p, _c: without(p, "consent-uz")),
    ("offence.extraditable", "", lambda p, _c: p["offence"].update(extraditable={"KZ": True})),
    ("legs", "", lambda _p, c: c.pop("UZ")),
    ("checkpoints", "R16", lambda p, c: (p.update(uses=["opening"]), card(c, separate=("opening",)))),
    ("checkpoints.N.need", "R16", lambda p, _c: (asks(p, "consent-kz", *PERMITS), checkpoint(p, "consent-kz").update(need=1))),
    ("checkpoints.N.due", "", lambda _p, c: card(c, notice=timedelta(hours=49))),
    ("legs.N.takes", "R5", lambda _p, c: card(c, longest=timedelta(hours=20))),
    ("consignment.contents.N.cas", "R10", lambda p, _c: p["consignment"]["contents"][0].update(cas="50-36-2")),
    ("consignment.gross", "R10", lambda p, _c: p["consignment"].update(gross="13 kg")),
    ("consignment.contents.N", "R10", lambda p, _c: p["consignment"]["contents"][0].update(net="0 g")),
    ("consignment.checked_by", "R7", lambda p, _c: p["consignment"].update(checked_by=[])),
    ("consignment.checked_by.N", "R7", lambda p, _c: p["consignment"].update(checked_by=["weight", "weight"])),
    ("consignment", "R7", lambda p, _c: p["consignment"].update(checked_by=["seals"])),
    ("consignment.not_weighed", "R7", lambda p, _c: p["consignment"].update(not_weighed=LEAVE)),
    ("consignment.contents.N", "R7", lambda p, _c: p["consignment"]["contents"][0].update(net=LEAVE)),
    ("consignment.gross", "R7", lambda p, _c: p["consignment"].update(gross=LEAVE)),
    ("consignment.packages", "R7", lambda p, _c: p["consignment"].update(packages=LEAVE)),
    ("tolerances.gross", "R7", lambda p, _c: p.update(tolerances={"gross": "13.2 kg"})),
    ("consignment.gross", "R10", lambda p, _c: p["consignment"].update(gross="1000000 t")),
    ("consignment.contents.N", "R10", lambda p, _c: p["consignment"]["contents"][0].update(net="suspected 20000 t")),
    ("consignment.contents", "R10", lambda p, _c: p["consignment"].update(contents=HALVES, gross="suspected 10000 t")),
    ("tolerances.net.SUBSTANCE", "R10", lambda p, _c: p.update(tolerances={"net": {"mephedrone": "1 kg"}})),
    ("modality", "R3", lambda _p, c: card(c, modalities=("removed",))),
    ("checkpoints.N.requires.N.service", "R1", lambda p, _c: asks(p, "consent-kz", ("uz.prosecutor", "authorisation"))),
    ("checkpoints.N.requires.N.service", "R1", lambda _p, c: card(c, granted_by=("court",))),
    ("legs.N.responsible", "R7", lambda p, _c: asks(p, "consent-kz", ("kz.police", "authorisation"))),
    ("initiator", "R13", lambda p, _c: (p.update(initiator="kz.prosecutor"), without(p, "consent-uz"))),
    ("answers_for_law", "R1", lambda p, _c: p["answers_for_law"].pop("KZ")),
    ("answers_for_law.STATE", "R1", lambda p, _c: p["answers_for_law"].update(KZ="kz.knb")),
    ("answers_for_law.STATE", "", lambda p, _c: p["answers_for_law"].update(RU="ru.customs")),
    ("offence.articles", "R1", lambda _p, c: card(c, offences=[LISTED])),
    ("offence.articles", "R1", lambda p, _c: p["offence"].pop("articles")),
    ("duty_times", "R16", lambda _p, c: card(c, duties=[OWED])),
    ("duty_times.STATE.DUTY", "R16", lambda p, _c: p.update(duty_times={"UZ": {"told": "6h"}})),
    ("duty_times.STATE", "", lambda p, _c: p.update(duty_times={"RU": {"told": "6h"}})),
    ("request.to", "R1", lambda p, _c: p["request"]["to"].pop("UZ")),
    ("request.to.STATE", "R1", lambda p, _c: p["request"]["to"].update(RU=p["request"]["to"]["UZ"])),
    ("request.to.STATE.language", "R1", lambda _p, c: c.update(takes_uzbek(c["UZ"]))),
    ("request.technical_means", "R1", lambda p, _c: p.update(uses=["device"])),
    ("request.companions", "R16", lambda p, _c: p["legs"][1].update(accompanied_by=["kz.knb"])),
    ("request.companions.N.service", "R16", lambda p, _c: p["request"].update(companions=[GUEST])),
    ("request.companions.N.service", "", lambda p, _c: p["request"].update(companions=[GUEST, GUEST])),
    ("request.marking", "", lambda p, _c: p["request"].update(marking="Secret")),
    ("checkpoints", "R1", lambda _p, c: card(c, agreements=[AGREED])),
    ("margin", "R5", lambda _p, c: card(c, terms=[{"ceiling": "50h", "law": LAW}])),
    ("margin", "R16", lambda _p, c: card(c, measures=[BRIEFLY])),
    ("expiry_warnings", "R5", lambda _p, c: card(c, terms=[{"ask_before": "72h", "law": LAW}])),
    ("checkpoints.N.requires.N.service", "R4", lambda _p, c: card(c, exclusions=[OUT | {"kinds": ["police"]}])),
    (
        "checkpoints.N.escalate.N.to",
        "R4",
        lambda p, c: (
            asks(p, "preparation", ("kz.police", "prepared")),
            backed_up(p, "preparation", "kz.knb"),
            card(c, exclusions=[OUT | {"kinds": ["security"]}]),
        ),
    ),
    ("checkpoints.N.requires.N.service", "R16", lambda p, _c: (p.update(uses=["device"]), asks(p, "consent-uz", POSTED))),
    (
        "checkpoints.N.escalate.N.to",
        "R16",
        lambda p, _c: backed_up(p, "consent-uz", "uz.police"),
    ),
    ("checkpoints.N.requires.N.service", "R1", lambda p, _c: asks(p, "consent-uz", ("uz.post", "agreement"))),
    ("checkpoints.N.requires.N.service", "R29", lambda p, _c: asks(p, "departure", ("by.police", "ready"))),
    ("legs.N.calls.N.not_touched", "R1", lambda p, _c: goes_by_truck_in_the_air(p)),
    ("legs.N.responsible", "R4", lambda _p, c: card(c, exclusions=[OUT | {"kinds": ["police"]}])),
    ("initiator", "R4", lambda _p, c: card(c, exclusions=[OUT | {"kinds": ["security"]}])),
    ("initiator", "R15", lambda p, _c: p.update(initiator="kz.prosecutor")),
    ("co_initiator", "", lambda p, _c: p.update(co_initiator="nobody")),
    ("co_initiator", "R22", lambda p, _c: p.update(co_initiator=p["initiator"])),
    ("co_initiator", "R13", lambda p, _c: p.update(initiator="kz.prosecutor", co_initiator="uz.prosecutor")),
    (
        "co_initiator",
        "R4",
        lambda p, c: (p.update(co_initiator="kz.police"), card(c, exclusions=[OUT | {"kinds": ["police"]}])),
    ),
    ("legs.N.checked_by.N", "R7", lambda p, _c: p["legs"][0].update(checked_by=["count"])),
    ("legs.N.checked_by", "R7", lambda p, _c: p["legs"][1].update(checked_by=["seals"])),
    ("afterwards", "R30", lambda p, _c: p.update(afterwards="800d")),
    ("found_by", "", lambda p, _c: p.update(found_by="nobody")),
    ("found_by", "R29", lambda p, _c: p.update(found_by="kz.post")),
    ("found_by", "R30", lambda p, _c: p.update(found_by="uz.customs")),
    ("told_at_end.N.service", "", lambda p, _c: p.update(told_at_end=[TOLD, TOLD])),
    ("told_at_end.N.service", "R11", lambda p, _c: p.update(told_at_end=[TOLD | {"service": "uz.police"}])),
    ("checkpoints.N.requires.N.service", "R29", lambda p, _c: asks(p, "debrief", ("caricc", "jurisdiction"))),
]


@pytest.mark.parametrize(("place", "rule", "change"), REFUSALS, ids=[f"{place} {rule}".strip() for place, rule, _ in REFUSALS])
def test_a_refusal_in_the_list_is_made(place: str, rule: str, change: Edit) -> None:
    """A plan with this one fault is refused at the place, and by the rule, that the document says."""
    tree = YAML(typ="safe").load(EXAMPLES["plan"])
    cards = example_cards()
    change(tree, cards)
    faults = faults_in(Plan.model_validate(tree), example_directory(), cards)
    found = {(place_of(fault), (re.findall(r"^(R\d+): ", fault.problem) or [""])[0]) for fault in faults}
    assert (place, rule) in found, [str(fault) for fault in faults]


def test_the_list_of_refusals_is_complete() -> None:
    """The places and rules in the document are those refused above, and every rule the check names is among them."""
    listed = TEXT.partition("## What `vigil plan check` refuses")[2].partition("Exit code")[0]
    cells = re.findall(r"^\| (.*?) \| (R\d+|) ?\| (`.*) \|$", listed, re.MULTILINE)
    shown = {(place, rule) for _, rule, places in cells for place in quoted(places)}
    assert shown == {(place, rule) for place, rule, _ in REFUSALS}
    source = "".join(
        map(inspect.getsource, (check, check_backups, check_goods, check_law, check_request, check_route, check_powers))
    )
    assert {rule for _, rule in shown if rule} == set(re.findall(r'f?"(R\d+): ', source))


Changed = Callable[[dict[str, Any], Table], object]


def replaces(plan: dict[str, Any], service: str, by: str) -> None:
    """Have another take a service's place, wherever it stands now."""
    plan["replaced"] = [{"service": service, "by": by, "reason": "busy"}]


def takes_charge(plan: dict[str, Any], table: Table, service: str) -> None:
    """One that has decided in another's place is in charge of the last leg."""
    table.delivery.state.stand_in(service, "uz.prosecutor")
    plan["legs"][-1].update(responsible=service)


def permits_in_urgency(plan: dict[str, Any], table: Table, service: str, by: str) -> None:
    """A service is to sanction what was permitted in its place, and another takes that."""
    now = table.now
    table.delivery.state.permits["UZ"] = (Permit(service, ("post",), now, now + timedelta(days=1), urgent=True),)
    replaces(plan, service, by)


NOT_CHANGED: list[tuple[str, str, Changed]] = [
    *((name, "R22", lambda p, _t, name=name: p.update(OTHERWISE[name])) for name in amending.FIXED),
    ("operation", "R8", lambda _p, t: t.say("uz.police", "stop_requested")),
    ("modality", "R3", lambda p, _t: p.update(modality="removed")),
    ("checkpoints", "R22", lambda p, _t: without(p, "preparation")),
    ("checkpoints", "R22", lambda p, _t: without(p, "airport")),
    ("checkpoints.N", "R22", lambda p, _t: checkpoint(p, "preparation").update(place="elsewhere")),
    ("checkpoints.N", "R22", lambda p, _t: checkpoint(p, "airport").update(overdue="hold")),
    ("checkpoints.N", "R22", lambda p, _t: p["legs"][0].update(end="delivery")),
    ("checkpoints.N.due", "R22", lambda p, _t: checkpoint(p, "airport").update(due="1h")),
    ("checkpoints.N.requires", "R22", lambda p, _t: asks(p, "airport", ("kz.police", "handover_offer"))),
    ("checkpoints.N.requires", "R22", lambda p, _t: asks(p, "airport", ("kz.border", "handover_offer"), ACCEPTS)),
    ("legs.N", "R22", lambda p, _t: p["legs"][0].update(id="another")),
    ("legs.N.calls", "R1", lambda p, _t: p["legs"][0].update(calls=[{"kind": "airport", "state": "TJ", "place": "-"}])),
    ("expiry_warnings", "R5", lambda p, _t: p.update(expiry_warnings=["90d"])),
    ("checkpoints", "R16", lambda p, _t: p.update(uses=["following_person"])),
    ("document", "R22", lambda _p, _t: None),
    ("document", "R28", lambda _p, t: t.delivery.state.plans.extend(t.delivery.state.plans * MOST_PLANS)),
    ("replaced.N", "R22", lambda p, _t: replaces(p, "kz.knb", "kz.afm")),
    ("replaced.N", "R22", lambda p, _t: replaces(p, "uz.police", "kz.afm")),
    ("replaced.N", "R22", lambda p, _t: replaces(p, "uz.police", "uz.post")),
    ("legs.N.responsible", "R13", lambda p, t: takes_charge(p, t, "uz.police")),
    ("replaced.N", "R1", lambda p, _t: replaces(p, "uz.prosecutor", "uz.post")),
    ("replaced.N", "R16", lambda p, t: permits_in_urgency(p, t, "uz.prosecutor", "uz.post")),
    ("checkpoints", "R1", lambda p, _t: checkpoint(p, "delivery").update(place="Another address")),
]
ACCEPTS = ("uz.customs", "handover_acceptance")
OTHERWISE: dict[str, dict[str, Any]] = {
    "operation": {"operation": "another"},
    "initiator": {"initiator": "kz.afm"},
    "co_initiator": {"co_initiator": "uz.customs"},
    "handling_code": {"handling_code": "H3"},
    "offence": {"offence": {"description": "Another", "extraditable": {"KZ": True, "UZ": True}}},
    "consignment": {"consignment": {**YAML(typ="safe").load(EXAMPLES["plan"])["consignment"], "gross": "14 kg"}},
    "group": {"group": {"code": "saxaul", "members": ["amber-heron", "saxaul-2"], "digest": "0" * 64}},
    "held_back": {"held_back": True},
    "parent": {"parent": "saxaul-22"},
    "tolerances": {"tolerances": {"gross": "1 kg"}},
    "margin": {"margin": "1h"},
    "custody_passes": {"custody_passes": "signature"},
}


@pytest.mark.parametrize(("place", "rule", "change"), NOT_CHANGED, ids=[f"{place} {rule}" for place, rule, _ in NOT_CHANGED])
def test_a_change_in_the_list_is_refused(place: str, rule: str, change: Changed) -> None:
    """A changed plan with this one fault is refused at the place, and by the rule, that the document says."""
    tree, table = YAML(typ="safe").load(EXAMPLES["plan"]), under_way()
    change(tree, table)
    assert (place, rule) in changing(table, Plan.model_validate(tree))


def test_who_was_replaced_stays_so() -> None:
    """The list of those replaced only grows."""
    table = under_way()
    table.delivery.state.plan = merged(example("plan", Plan), shown("change"))
    assert ("replaced", "R22") in changing(table, table.delivery.plan.model_copy(update={"replaced": ()}))


BOUNDED = {("legs", "R28"), ("checkpoints", "R28"), ("selectors", "R28"), ("checkpoints.N.id", "R22")}
"""Refused for what earlier plans have left, see `tests/domain/test_bounds.py`."""


LASTING = {("legs", "R5")}
"""Refused for what is left of the way: by `tests/domain/test_changed_under_way.py`."""


BROUGHT = {("services", "R28"), ("services", "R24")}
"""Refused for the services that come with it: by `tests/domain/test_bounds.py` and `tests/gateway/test_keys.py`."""


def test_the_list_of_refused_changes_is_complete() -> None:
    """The places and rules in the document are those refused above, and every rule that amending names is among them."""
    listed = TEXT.partition("### What `vigil amend` refuses")[2].partition("Exit code")[0]
    cells = re.findall(r"^\| (.*?) \| (R\d+) \| (`.*) \|$", listed, re.MULTILINE)
    named = {(place, rule) for _, rule, places in cells for place in quoted(places)}
    assert named == {(place, rule) for place, rule, _ in NOT_CHANGED} | {("replaced", "R22"), *BROUGHT, *BOUNDED, *LASTING}
    assert {rule for _, rule in named} == set(
        re.findall(r'f?"(R\d+): ', "".join(map(inspect.getsource, (afresh, amending, lasting, replacing))))
    )
