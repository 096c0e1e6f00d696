"""Every example of `examples/` is a test: it ends as its scenario says, on the way its trail says, and tells where it is from."""

import re
from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from client.scenario_tests import Trial, compared, simulated, trial
from domain.plan.check import faults_in
from domain.plan.documents import Document
from domain.plan.group import GroupFile
from domain.plan.plan import Plan
from domain.record.packet import unseal
from rehearsal.invariants import Checker
from rehearsal.scenario import Act, GroupScenario, Scenario
from rehearsal.scenario import faults_in as unfitting
from tests.rehearsal.test_simulator import world
from tests.support import EXAMPLES, SCENARIOS, example_cards, example_directory, example_plan

BESIDE = {"cards", "reference-service"}
"""Folders that hold no operation."""
FOLDERS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name not in BESIDE)
PLANS = [name for name in FOLDERS if (EXAMPLES / name / "plan.yaml").exists()]
RAN = [name for name in FOLDERS if (EXAMPLES / name / "scenario.yaml").exists()]

REFUSED = {
    "delta-method": {
        ("checkpoints", "R1"),
        ("legs.1.responsible", "R4"),
        ("checkpoints.4.requires.0.service", "R29"),
        ("checkpoints.6.state", "R10"),
        ("answers_for_law", "R1"),
        ("request.to", "R1"),
    }
}
"""Plans that are meant to be refused, and by which rule at which place."""

TABLE = re.findall(r"^\| \[([a-z-]+)\]\(([a-z-]+)/?\) \|.*\| (.*) \|$", (EXAMPLES / "README.md").read_text(), re.MULTILINE)


@cache
def example(name: str) -> Trial:
    """The scenario of an example, with its plans."""
    return trial(EXAMPLES / name / "scenario.yaml", None, None)


def begins(path: Path) -> str:
    """The comment at the head of a file, in one line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return " ".join(line.removeprefix("#").strip() for line in lines if line.startswith("#"))


@pytest.mark.parametrize("name", RAN)
def test_every_scenario_goes_as_it_says(name: str) -> None:
    """Outcome and trail, read from the verified packet, and no invariant broken on the way."""
    one = example(name)
    packets = simulated(one, 1)
    tried = compared(one, 1, "simulator", lambda: packets)

    assert len(one.staged) == len(tried)
    assert all(each.ok and each.trail > 3 for each in tried), tried
    for each, packet in zip(one.staged, packets, strict=True):
        Checker(each.dossier.plan).check(unseal(packet)[0].ledger)


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_may_be_started_unless_it_is_meant_to_be_refused(name: str) -> None:
    """A plan has no faults; the one that shows what cannot be started has just those."""
    found = faults_in(example_plan(name), example_directory(), example_cards())

    assert REFUSED.get(name, set()) == {(fault.place, fault.problem.split(":")[0]) for fault in found}


@pytest.mark.parametrize("name", FOLDERS)
def test_every_example_says_where_it_is_from(name: str) -> None:
    """After a real case, against one, or synthetic: the comment says so, and what of it is only an example."""
    for path in sorted((EXAMPLES / name).glob("*.yaml")):
        document = Document(path.read_text(encoding="utf-8"), str(path))
        comment = begins(path)
        if path.name == "group.yaml":
            assert document.read(GroupFile).shared["source"], path
            assert "EXAMPLE" in comment, path
            continue
        kinds = {"scenario": Scenario, "group-scenario": GroupScenario}
        read = document.read(Plan if path.name.endswith("plan.yaml") else kinds[document.kind])
        assert read.source, path
        if read.source.startswith("synthetic"):
            assert "SYNTHETIC" in comment or "INVENTED" in comment, path
        if isinstance(read, Plan):
            assert read.example, path
            assert ("SYNTHETIC" in comment) == read.title.startswith("SYNTHETIC: "), path
            assert "SYNTHETIC" in comment or "EXAMPLE" in comment, path


def test_operations_have_different_code_names() -> None:
    """Each plan is a delivery of its own."""
    names = [example_plan(name).operation for name in PLANS]

    assert len(set(names)) == len(names)


def test_every_card_is_an_example_with_sources() -> None:
    """Every State on the route of an example has a card, which says that it is an example and where it is from."""
    cards = example_cards()

    assert {state for name in PLANS for state in example_plan(name).states()} <= set(cards)
    for state, card in cards.items():
        assert card.example, state
        assert all(one.law.mark == "T" for one in card.duties if not one.untimed), f"{state}: the time of a duty was not read"
        assert "EXAMPLE" in (EXAMPLES / "cards" / f"{state}.yaml").read_text(encoding="utf-8")


def test_the_table_of_examples_has_each_and_says_how_it_ends() -> None:
    """examples/README.md names every folder once, in a link, and the outcome of its scenario or that it is refused."""
    assert sorted(name for name, _, _ in TABLE) == FOLDERS
    for name, link, ends in TABLE:
        assert name == link
        assert ends == ends_as(name), name


def ends_as(name: str) -> str:
    """How its scenario ends, in words; of a group each outcome, in the order of its consignments."""
    if name in REFUSED:
        return "refused by `vigil plan check`"
    ends = Counter(one.scenario.expect.outcome for one in example(name).staged if one.scenario.expect is not None)
    times = ("", "", ", twice", ", three times")
    return ", and ".join(f"`{outcome}`{times[count]}" for outcome, count in ends.items())


def test_the_scenarios_that_run_on_temporal_too_are_among_them() -> None:
    """At least ten, and none that lasts for weeks."""
    assert set(SCENARIOS) <= set(RAN)
    assert len(SCENARIOS) >= 10
    for name in SCENARIOS:
        plan = world(name).plan
        assert sum((leg.takes for leg in plan.legs), timedelta()) < timedelta(days=7), name


def test_who_speaks_for_another_must_have_a_part() -> None:
    """An act signed `by` a service without a part in the plan is a fault of the scenario."""
    act = {"service": "kz.prosecutor", "at": "consent-kz", "says": "authorisation_granted", "by": "uz.post"}
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1h", "slowest": "2h"}, "acts": [act]})

    assert ["acts.0.by"] == [fault.place for fault in unfitting(scenario, example_plan())]


def test_an_act_may_be_done_at_what_the_rules_open() -> None:
    """Duties and the balance can be answered otherwise than expected; a duty of nobody cannot."""
    acts = [
        Act(service="kz.prosecutor", at="duty.kz.prosecutor.register"),
        Act(service="kz.police", at="balance"),
        Act(service="kz.police", at="duty.kz.police.register"),
    ]
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1h", "slowest": "2h"}, "acts": acts})

    assert ["acts.2.at"] == [fault.place for fault in unfitting(scenario, example_plan())]


def test_an_act_corrects_what_another_act_has_said_under_its_id() -> None:
    """The id of no act of this service, and an id that two acts have, are faults of the scenario."""
    prosecutor = {"service": "kz.prosecutor", "at": "consent-kz"}
    said = prosecutor | {"says": "authorisation_granted", "statement": {"id": "consent-0001"}}
    correction = {"says": "correction", "details": {"of": "consent-0001"}}
    acts = [said, prosecutor | correction, {"service": "kz.police", "at": "preparation"} | correction]
    scenario = {"vigil": "scenario/1", "pace": {"fastest": "1h", "slowest": "2h"}}

    found = [*unfitting(Scenario.model_validate(scenario | {"acts": acts}), example_plan())]
    assert ["acts.2.details.of: no act of kz.police sets statement.id to consent-0001, so there is nothing to correct"] == [
        f"{one.place}: {one.problem}" for one in found
    ]
    found = [*unfitting(Scenario.model_validate(scenario | {"acts": [said, said]}), example_plan())]
    assert ["acts.0.statement.id", "acts.1.statement.id"] == [one.place for one in found]
