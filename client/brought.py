"""A plan with what belongs to it: the directory, the rule cards and the scenario, found beside it or in a folder above."""

from dataclasses import dataclass
from pathlib import Path

from client.options import CardsFolder, DirectoryFile, PlanFile
from domain.plan.cards import RuleCard
from domain.plan.check import rules
from domain.plan.directory import Directory
from domain.plan.documents import Document
from domain.plan.plan import Plan
from domain.words.errors import NotFound
from domain.words.quantities import parse_span
from process.brought import cards_in, directory_in, text_of
from rehearsal.scenario import Change, Pace, Scenario
from rehearsal.scenario import faults_in as unfitting


@dataclass(frozen=True)
class Brought:
    """A plan that has been checked against its directory and cards."""

    plan: Plan
    directory: Directory
    cards: dict[str, RuleCard]


@dataclass(frozen=True)
class PlanFiles:
    """The files, as options name them."""

    plan: PlanFile
    directory: DirectoryFile = None
    cards: CardsFolder = None

    def checked(self) -> Brought:
        """The plan, or `Malformed` with every fault at its line."""
        return checked_plan(self.plan, self.directory, self.cards)


def beside(plan: Path, name: str) -> Path:
    """`name` in the plan's folder or the nearest folder above that has it. Raises `NotFound`."""
    for folder in plan.resolve().parents:
        if (folder / name).exists():
            return folder / name
    message = f"there is no {name} in the folder of {plan} or above it"
    raise NotFound(message, hint=f"say where it is with --{name.removesuffix('.yaml')}")


def checked_plan(path: Path, directory: Path | None, cards: Path | None) -> Brought:
    """The plan, or `Malformed` with every fault at its line."""
    document = Document(text_of(path), str(path))
    services = directory_in(directory or beside(path, "directory.yaml"))
    laws = cards_in(cards or beside(path, "cards"))
    return Brought(document.read(Plan, rules(services, laws)), services, laws)


def scenario_for(path: Path, brought: Brought, scenario: Path | None) -> Scenario:
    """The scenario named, or `scenario.yaml` beside the plan, or one in which everyone answers in good time.

    Raises `Malformed` if it speaks of services, checkpoints or statements that this plan does not know.
    """
    chosen = scenario or path.resolve().parent / "scenario.yaml"
    if scenario is None and not chosen.exists():
        return Scenario(vigil="scenario/1", pace=Pace(fastest=parse_span("20m"), slowest=parse_span("4h")))
    return _fitting(Document(text_of(chosen), str(chosen)), chosen.parent, brought)


def checked_scenario(path: Path, directory: Path | None, cards: Path | None) -> tuple[Brought, Scenario]:
    """The scenario with the plan that it names, both checked. Raises `Malformed` with every fault of either."""
    document = Document(text_of(path), str(path))
    brought = checked_plan(path.parent / document.read(Scenario).plan, directory, cards)
    return brought, _fitting(document, path.parent, brought)


def _fitting(document: Document, folder: Path, brought: Brought) -> Scenario:
    """The scenario, with the plans it changes to read as well, if it fits all of them."""

    def read(change: Change) -> Change:
        path = folder / str(change.plan)
        plan = Document(text_of(path), str(path)).read(Plan, rules(brought.directory, brought.cards))
        return Change(after=change.after, plan=plan)

    found = document.read(Scenario)
    found = found.model_copy(update={"changes": tuple(map(read, found.changes))})
    document.read(Scenario, [lambda _: unfitting(found, brought.plan)])
    return found
