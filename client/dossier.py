"""A plan with what belongs to it: the directory, the rule cards and the scenario, found beside it or in a folder above."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from client.console import talk
from client.language import _
from client.options import CardsFolder, DirectoryFile, PlanFile
from domain.plan.cards import RuleCard
from domain.plan.check import rules
from domain.plan.directory import Directory
from domain.plan.documents import Document, Rule
from domain.plan.gaps import gaps_in, with_stand_ins
from domain.plan.plan import Plan
from domain.views.far_off import far_off
from domain.words.errors import Fault, Malformed, NotFound, VigilError
from domain.words.quantities import parse_span
from papers.outlines import outlines
from process.configuration import cards_in, directory_in, text_of
from rehearsal.scenario import Pace, PlanChange, Scenario, unsayable
from rehearsal.scenario import faults_in as unfitting
from rehearsal.services import Unsayable
from rehearsal.simulator import World

PACE = Pace(fastest=parse_span("20m"), slowest=parse_span("4h"))
"""How quickly services answer where no scenario says it."""


@dataclass(frozen=True)
class Dossier:
    """A plan that has been checked against its directory and cards."""

    plan: Plan
    directory: Directory
    cards: dict[str, RuleCard]
    gaps: tuple[Fault, ...] = ()
    """Texts that are still to be written, each at its line."""


@dataclass(frozen=True)
class Staged:
    """A delivery as it is tried: a plan with how the services behave."""

    dossier: Dossier
    scenario: Scenario
    begins: timedelta = timedelta()
    """How long after the first of its group."""
    document: Document | None = None
    """The scenario's file; none where there is none."""
    within: str = ""
    """Where in it this delivery stands, such as `consignments.2.`; nothing where all of it is about this one."""

    @property
    def name(self) -> str:
        """The delivery's."""
        return self.dossier.plan.operation

    def world(self, seed: int) -> World:
        """What it is simulated from."""
        found = self.dossier
        return World(found.plan, found.directory, found.cards, self.scenario, seed, begins=self.begins)

    def located(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """Faults of its scenario, each at its line."""
        placed = [Fault(place=f"{self.within}{one.place}", problem=one.problem) for one in faults]
        return self.document.located(placed) if self.document is not None else tuple(placed)


@contextmanager
def at_their_lines(staged: Iterable[Staged]) -> Iterator[None]:
    """While these are simulated, what an act has said that is no statement is told at its line. Raises `Malformed`."""
    try:
        yield
    except Unsayable as error:
        faults = [one.located(error.faults) for one in staged if one.name == error.delivery]
        raise Malformed(error.words[0], faults[0] if faults else error.faults) from error


@dataclass(frozen=True)
class PlanFiles:
    """The files, as options name them."""

    plan: PlanFile
    directory: DirectoryFile = None
    cards: CardsFolder = None

    def checked(self) -> Dossier:
        """The plan, or `Malformed` with every fault at its line."""
        return checked_plan(self.plan, self.directory, self.cards)

    def to_be_rehearsed(self) -> Dossier:
        """The same with stand-ins for its gaps, on which no rehearsal waits."""
        return rehearsable(self.checked())

    def to_be_signed(self) -> Plan:
        """The plan without a gap, or `Malformed` with every fault or every gap at its line."""
        found = self.checked()
        raise_if_gaps(self.plan, found.gaps)
        return found.plan


def rehearsable(dossier: Dossier) -> Dossier:
    """The same with stand-ins for the gaps of its plan."""
    return replace(dossier, plan=with_stand_ins(dossier.plan))


def tell_gaps(gaps: tuple[Fault, ...], *, to_amend: bool = False) -> None:
    """What is still to be written before it can be signed, beside the answer to a check. `to_amend`: nothing starts by it."""
    if gaps:
        to_start = _("to start it, these gaps are still to be filled:")
        talk.print(_("for `vigil amend`, these gaps are still to be filled:") if to_amend else to_start, style="yellow")
        for gap in gaps:
            talk.print(f"  {gap}")


def remarks(path: Path, plan: Plan) -> tuple[Fault, ...]:
    """What a plan may say and is probably not meant: coordinates that are far from their State, each at its line."""
    known = outlines()
    found = tuple(far_off(plan, known)) if known is not None else ()
    return Document(text_of(path), str(path)).located(found) if found else ()


def tell_remarks(found: tuple[Fault, ...]) -> None:
    """The same, beside the answer to a check."""
    for one in found:
        talk.print(_("note: {remark}", remark=one), style="yellow")


def raise_if_gaps(path: Path, gaps: tuple[Fault, ...]) -> None:
    """Raises `Malformed` with every gap of what is to be signed."""
    if gaps:
        message = _("{plan} has gaps, and is signed by nobody before they are filled", plan=path)
        raise Malformed(message, gaps, hint=_("write what is asked for in place of each text between < and >"))


def beside(plan: Path, name: str) -> Path:
    """`name` in the plan's folder or the nearest folder above that has it. Raises `NotFound`."""
    for folder in plan.resolve().parents:
        if (folder / name).exists():
            return folder / name
    message = _("there is no {name} in the folder of {plan} or above it", name=name, plan=plan)
    raise NotFound(message, hint=_("say where it is with --{option}", option=name.removesuffix(".yaml")))


def checked_plan(path: Path, directory: Path | None, cards: Path | None) -> Dossier:
    """The plan, or `Malformed` with every fault at its line."""
    document = Document(text_of(path), str(path))
    services = directory_in(directory or beside(path, "directory.yaml"))
    laws = cards_in(cards or beside(path, "cards"))
    plan = document.read(Plan, rules(services, laws))
    return Dossier(plan, services, laws, document.located(gaps_in(plan)))


def scenario_for(path: Path, dossier: Dossier, scenario: Path | None) -> Scenario:
    """The scenario named, or `scenario.yaml` beside the plan, or one in which everyone answers in good time.

    Raises `Malformed` if it speaks of services, checkpoints or statements that this plan does not know.
    """
    chosen = scenario or path.resolve().parent / "scenario.yaml"
    if scenario is None and not chosen.exists():
        return Scenario(vigil="scenario/1", pace=PACE)
    return _fitting(Document(text_of(chosen), str(chosen)), chosen.parent, dossier)


def checked_scenario(path: Path, directory: Path | None, cards: Path | None) -> tuple[Dossier, Scenario]:
    """The scenario with the plan that it names, both checked, with stand-ins for gaps. Raises `Malformed` with every fault of
    either.
    """
    document = Document(text_of(path), str(path))

    @cache
    def plan_of(name: str) -> Plan | None:
        try:
            return rehearsable(checked_plan(path.parent / name, directory, cards)).plan
        except VigilError:
            return None  # the scenario is mended first

    def beyond_form(found: Scenario) -> Iterator[Fault]:
        plan = plan_of(found.plan) if not found.changes else None
        return unfitting(found, plan) if plan is not None else unsayable(found)

    dossier = rehearsable(checked_plan(path.parent / _formed(document, beyond_form).plan, directory, cards))
    return dossier, _fitting(document, path.parent, dossier)


def _fitting(document: Document, folder: Path, dossier: Dossier) -> Scenario:
    """The scenario, with the plans it changes to read as well, if it fits all of them."""

    def read(change: PlanChange) -> PlanChange:
        path = folder / str(change.plan)
        plan = Document(text_of(path), str(path)).read(Plan, rules(dossier.directory, dossier.cards))
        return PlanChange(after=change.after, plan=with_stand_ins(plan))

    found = _formed(document)
    found = found.model_copy(update={"changes": tuple(map(read, found.changes))})
    document.read(Scenario, [lambda _: unfitting(found, dossier.plan)])
    return found


def _formed(document: Document, rule: Rule[Scenario] = unsayable) -> Scenario:
    """The scenario as it is written. Raises `Malformed` with whatever has no form in it, and what this rule finds beside that."""
    try:
        return document.read(Scenario)
    except Malformed:
        return document.read(Scenario, [rule])
