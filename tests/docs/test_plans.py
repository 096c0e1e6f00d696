"""docs/plans.md names every field users write, its examples pass, and its list of refusals is the real one."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from domain import planning, rules
from domain.cards import RuleCard
from domain.deconfliction import Selector
from domain.directory import MAY_SEIZE, Desk, Directory, Poll, Push, Service, ServiceKey, ServiceKind
from domain.documents import Document
from domain.identifiers import ConsignmentIdentifier
from domain.ledger import Outcome
from domain.plan import (
    STEP_NEEDS,
    Consignment,
    Contents,
    Contingencies,
    Leg,
    Offence,
    Plan,
    PlannedCheckpoint,
    Requirement,
    Surveillance,
)
from domain.planning import AT_LEAST_ONCE, ONCE, faults_in
from domain.statements import ANSWERS
from process.brought import cards_in, directory_in
from rehearsal.scenario import NAMED_BY, Act, Expected, Happened, Pace, PaceOf, Said, Scenario
from rehearsal.scenario import faults_in as unfitting

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
TABLES = dict(re.findall(r"^<!-- ([A-Z]\w+) -->\n((?:\|.*\n)+)", TEXT, re.MULTILINE))
EXAMPLES = dict(re.findall(r"^<!-- ([a-z]+) -->\n```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
MODELS: tuple[type[BaseModel], ...] = (
    Plan, PlannedCheckpoint, Requirement, Leg, Consignment, ConsignmentIdentifier, Contents, Contingencies, Surveillance, Offence,
    Selector, Directory, Service, ServiceKey, RuleCard, Scenario, PaceOf, Act, Said, Happened,
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
    assert tuple(step for step, _, _ in found) == rules.ORDER
    assert tuple(step for step, _, count in found if count.startswith("exactly one")) == ONCE
    assert {step for step, _, count in found if count.startswith("at least one")} == {"authorise", *AT_LEAST_ONCE}


def test_outcomes_that_are_reached_are_those_of_the_rules() -> None:
    """The outcomes said to be reached today are those that the rules can conclude."""
    (line,) = re.findall(r"Today a delivery ends as one of (.*?); the others", TEXT, re.DOTALL)
    code = inspect.getsource(rules.conclusion)
    assert set(quoted(line)) == {word for word in get_args(Outcome) if f'return "{word}"' in code}


def test_the_examples_are_right() -> None:
    """The plan, directory, card and scenario shown are accepted as they stand."""
    plan = example("plan", Plan)
    assert faults_in(plan, directory_in(ROOT / "examples" / "directory.yaml"), cards_in(ROOT / "examples" / "cards")) == ()
    assert isinstance(example("directory", Directory).get("kz.post").reach, Poll)
    assert example("card", RuleCard).allows("removed") is False
    scenario = example("scenario", Scenario)
    assert [] == list(unfitting(scenario, plan))


def test_what_each_event_of_a_trail_has_is_told() -> None:
    """The table says of which events a field may be asked."""
    rows = {quoted(row)[0]: quoted(row)[1:] for row in TABLES["Happened"].splitlines()[2:]}
    for name in ("checkpoint", "service", "rule", "outcome"):
        assert set(rows[name]) == {event for event, has in NAMED_BY.items() if name in has}, name


Change = Callable[[dict[str, Any], dict[str, RuleCard]], object]


def checkpoint(plan: dict[str, Any], name: str) -> dict[str, Any]:
    """A checkpoint of the plan as written."""
    found: dict[str, Any] = next(one for one in plan["checkpoints"] if one["id"] == name)
    return found


def card(cards: dict[str, RuleCard], **fields: Any) -> None:
    """Give the card of KZ these fields."""
    cards["KZ"] = cards["KZ"].model_copy(update=fields)


def without(plan: dict[str, Any], name: str) -> None:
    """Take a checkpoint out."""
    plan["checkpoints"].remove(checkpoint(plan, name))


def asks(plan: dict[str, Any], name: str, *asked: tuple[str, str]) -> None:
    """Have a checkpoint ask these services for these things instead."""
    checkpoint(plan, name)["requires"] = [{"service": service, "says": says} for service, says in asked]


REFUSALS: list[tuple[str, str, Change]] = [
    ("initiator", "", lambda p, _c: p.update(initiator="kz.nobody")),
    ("coordinator", "", lambda p, _c: p.update(coordinator="nobody")),
    ("checkpoints.N.requires.N.service", "", lambda p, _c: asks(p, "arrest", ("uz.nobody", "arrest"))),
    ("legs.N.responsible", "", lambda p, _c: p["legs"][0].update(responsible="kz.nobody")),
    ("checkpoints.N.id", "", lambda p, _c: p["checkpoints"].append(dict(checkpoint(p, "arrest")))),
    ("checkpoints.N.locode", "", lambda p, _c: checkpoint(p, "preparation").update(locode="UZTAS")),
    ("checkpoints.N.requires.N.says", "", lambda p, _c: asks(p, "arrest", ("uz.police", "debrief"))),
    ("checkpoints.N.need", "", lambda p, _c: checkpoint(p, "arrest").update(need=3)),
    ("checkpoints.N.requires", "", lambda p, _c: asks(p, "preparation", ("kz.knb", "ready"))),
    ("checkpoints.N.need", "", lambda p, _c: checkpoint(p, "departure").update(need=1)),
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
    ("checkpoints.N.requires", "R6", lambda p, _c: asks(p, "airport", ("uz.customs", "handover_acceptance"))),
    ("checkpoints.N.requires", "R6", lambda p, _c: asks(p, "airport", ("kz.customs", "handover_offer"))),
    ("checkpoints.N.need", "R6", lambda p, _c: checkpoint(p, "airport").update(need=2)),
    ("checkpoints", "R1", lambda p, _c: without(p, "consent-uz")),
    ("offence.extraditable", "", lambda p, _c: p["offence"].update(extraditable={"KZ": True})),
    ("legs", "", lambda _p, c: c.pop("UZ")),
    ("modality", "R3", lambda _p, c: card(c, modalities=("removed",))),
    ("checkpoints.N.requires.N.service", "R1", lambda p, _c: asks(p, "consent-kz", ("uz.prosecutor", "authorisation"))),
    ("checkpoints.N.requires.N.service", "R1", lambda _p, c: card(c, granted_by=("court",))),
    ("legs.N.responsible", "R7", lambda p, _c: asks(p, "consent-kz", ("kz.customs", "authorisation"))),
    ("initiator", "R13", lambda p, _c: (p.update(initiator="kz.prosecutor"), without(p, "consent-uz"))),
]


@pytest.mark.parametrize(("place", "rule", "change"), REFUSALS, ids=[f"{place} {rule}".strip() for place, rule, _ in REFUSALS])
def test_a_refusal_in_the_list_is_made(place: str, rule: str, change: Change) -> None:
    """A plan with this one fault is refused at the place, and by the rule, that the document says."""
    tree = YAML(typ="safe").load(EXAMPLES["plan"])
    cards = cards_in(ROOT / "examples" / "cards")
    change(tree, cards)
    faults = faults_in(Plan.model_validate(tree), directory_in(ROOT / "examples" / "directory.yaml"), cards)
    found = {(re.sub(r"\d+", "N", fault.place), (re.findall(r"^(R\d+): ", fault.problem) or [""])[0]) for fault in faults}
    assert (place, rule) in found, [str(fault) for fault in faults]


def test_the_list_of_refusals_is_complete() -> None:
    """The places and rules in the document are those refused above, and every rule the check names is among them."""
    listed = TEXT.partition("## What `vigil plan check` refuses")[2].partition("Exit code")[0]
    cells = re.findall(r"^\| (.*?) \| (R\d+|) ?\| (`.*) \|$", listed, re.MULTILINE)
    shown = {(place, rule) for _, rule, places in cells for place in quoted(places)}
    assert shown == {(place, rule) for place, rule, _ in REFUSALS}
    assert {rule for _, rule in shown if rule} == set(re.findall(r'f?"(R\d+): ', inspect.getsource(planning)))
