"""What is tried out before it begins: a plan with its scenario, or a group with that of its consignments."""

from collections.abc import Iterator
from pathlib import Path

from client.dossier import PACE, Dossier, PlanFiles, Staged, checked_scenario, scenario_for
from client.group_files import GroupDossier, checked_group, rehearsable
from client.language import _
from domain.plan.documents import Document
from domain.words.errors import Fault, Malformed, NotFound
from process.configuration import text_of
from rehearsal.scenario import GroupScenario, faults_in_group

BESIDE = "scenario.yaml"
"""The scenario that is taken where none is named."""


def kind_of(path: Path) -> str:
    """Which kind of file it says that it is."""
    return _document(path).kind


def staged(files: PlanFiles, scenario: Path | None) -> tuple[Staged, ...]:
    """The plan, or each consignment of the group that stands in its place, with the scenario named or the one beside it; without
    one, everybody answers in good time. Raises `Malformed` with every fault.
    """
    if kind_of(files.plan) != "group":
        dossier = files.to_be_rehearsed()
        behaviour, path = scenario_for(files.plan, dossier, scenario), scenario or files.plan.resolve().parent / BESIDE
        return (Staged(dossier, behaviour, document=_document(path) if path.exists() else None),)
    group = rehearsable(checked_group(files.plan, files.directory, files.cards))
    chosen = scenario or files.plan.resolve().parent / BESIDE
    if scenario is None and not chosen.exists():
        return _consignments(group, GroupScenario(vigil="group-scenario/1", pace=PACE))
    return _consignments(group, _fitting(chosen, group), _document(chosen))


def staged_by(path: Path, directory: Path | None, cards: Path | None) -> tuple[Staged, ...]:
    """The scenario with the plan that it names, or with each consignment of its group; a group file stands for the scenario that
    is beside it. Raises `Malformed` with every fault of any of them.
    """
    kind = kind_of(path)
    if kind not in ("group", "group-scenario"):
        return (Staged(*checked_scenario(path, directory, cards), document=_document(path)),)
    chosen = path if kind == "group-scenario" else path.parent / BESIDE
    if not chosen.exists():
        message = _("there is no scenario of the group {group} beside it: {path}", group=path, path=chosen)
        raise NotFound(message, hint=_("write one, or rehearse the group with everybody answering in good time"))
    named = _document(chosen).read(GroupScenario).group
    group = rehearsable(checked_group(path if kind == "group" else path.parent / named, directory, cards))
    return _consignments(group, _fitting(chosen, group), _document(chosen))


def _fitting(path: Path, group: GroupDossier) -> GroupScenario:
    """The scenario of this group. Raises `Malformed` if it speaks of what no consignment knows."""

    def unfitting(found: GroupScenario) -> Iterator[Fault]:
        return faults_in_group(found, group.plans)

    return _document(path).read(GroupScenario, [unfitting])


def _document(path: Path) -> Document:
    return Document(text_of(path), str(path))


def _consignments(group: GroupDossier, scenario: GroupScenario, document: Document | None = None) -> tuple[Staged, ...]:
    places = {one.operation: f"consignments.{number}." for number, one in enumerate(scenario.consignments)}
    return tuple(
        Staged(
            Dossier(plan, group.directory, group.cards),
            scenario.of(plan.operation),
            scenario.begins(plan.operation),
            document,
            places.get(plan.operation, ""),
        )
        for plan in group.plans
    )


def raise_if_nothing_is_expected(path: Path, staged: tuple[Staged, ...]) -> None:
    """Raises `Malformed` where it is not said how the delivery, or one of a group, is to end."""
    silent = [one for one in staged if one.scenario.expect is None]
    if not silent:
        return
    hint = _("say how it ends: `expect: {outcome: ...}`")
    if len(staged) == 1:
        raise Malformed(_("{path} expects nothing, so there is nothing to test", path=path), hint=hint)
    faults = [Fault(place="consignments", problem=_("of {delivery} nothing is expected", delivery=one.name)) for one in silent]
    raise Malformed(_("{path} does not say how each consignment ends", path=path), faults, hint=hint)
