"""A plan with what belongs to it: the directory, the rule cards and the scenario, found beside it or in a folder above."""

from dataclasses import dataclass
from pathlib import Path

from domain.cards import RuleCard
from domain.directory import Directory
from domain.documents import Document
from domain.errors import Malformed, NotFound
from domain.plan import Plan
from domain.planning import faults_in
from domain.quantities import parse_span
from process.brought import cards_in, directory_in, text_of
from rehearsal.scenario import Pace, Scenario
from rehearsal.scenario import faults_in as unfitting


@dataclass(frozen=True)
class Brought:
    """A plan that has been checked against its directory and cards."""

    plan: Plan
    directory: Directory
    cards: dict[str, RuleCard]


def beside(plan: Path, name: str) -> Path:
    """`name` in the plan's folder or the nearest folder above that has it. Raises `NotFound`."""
    for folder in plan.resolve().parents:
        if (folder / name).exists():
            return folder / name
    message = f"there is no {name} in the folder of {plan} or above it"
    raise NotFound(message, hint=f"say where it is with --{name.removesuffix('.yaml')}")


def checked_plan(path: Path, directory: Path | None, cards: Path | None) -> Brought:
    """The plan, or `Malformed` with every fault at its line: of form first, and where the form is right, of the rules."""
    document = Document(text_of(path), str(path))
    plan = document.read(Plan)
    services = directory_in(directory or beside(path, "directory.yaml"))
    laws = cards_in(cards or beside(path, "cards"))
    faults = document.located(faults_in(plan, services, laws))
    if faults:
        message = f"{path}: {len(faults)} fault{'s' if len(faults) > 1 else ''}; nothing was started"
        raise Malformed(message, faults)
    return Brought(plan, services, laws)


def scenario_for(path: Path, plan: Plan, scenario: Path | None) -> Scenario:
    """The scenario named, or `scenario.yaml` beside the plan, or one in which everyone answers in good time.

    Raises `Malformed` if it speaks of services, checkpoints or statements that this plan does not know.
    """
    chosen = scenario or path.resolve().parent / "scenario.yaml"
    if scenario is None and not chosen.exists():
        return Scenario(vigil="scenario/1", pace=Pace(fastest=parse_span("20m"), slowest=parse_span("4h")))
    document = Document(text_of(chosen), str(chosen))
    return _fitting(document, document.read(Scenario), plan)


def checked_scenario(path: Path, directory: Path | None, cards: Path | None) -> tuple[Brought, Scenario]:
    """The scenario with the plan that it names, both checked. Raises `Malformed` with every fault of either."""
    document = Document(text_of(path), str(path))
    scenario = document.read(Scenario)
    brought = checked_plan(path.parent / scenario.plan, directory, cards)
    return brought, _fitting(document, scenario, brought.plan)


def _fitting(document: Document, scenario: Scenario, plan: Plan) -> Scenario:
    faults = document.located(unfitting(scenario, plan))
    if faults:
        raise Malformed(f"{document.name}: {len(faults)} fault{'s' if len(faults) > 1 else ''}", faults)
    return scenario
