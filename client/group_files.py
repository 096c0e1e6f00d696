"""A group file with the plans that follow from it, each checked; faults stand at their lines in that one file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from client.dossier import beside, raise_if_gaps
from client.language import _
from client.options import CardsFolder, DirectoryFile
from domain.plan.cards import RuleCard
from domain.plan.check import rules
from domain.plan.check_group_file import numbers
from domain.plan.directory import Directory
from domain.plan.documents import Document
from domain.plan.gaps import gaps_in, leave_in, stood_in
from domain.plan.group import GroupFile, expand, placed
from domain.plan.plan import Plan
from domain.words.errors import Fault, Malformed
from process.configuration import cards_in, directory_in, text_of

GroupPath = Annotated[Path, typer.Argument(help="the group file (YAML)", show_default=False)]


@dataclass(frozen=True)
class GroupDossier:
    """A group whose plans have been checked against directory and cards."""

    file: GroupFile
    plans: tuple[Plan, ...]
    directory: Directory
    cards: dict[str, RuleCard]
    gaps: tuple[Fault, ...]
    """Texts of the file that are still to be written, each at its line."""


@dataclass(frozen=True)
class GroupFiles:
    """The files, as options name them."""

    group: GroupPath
    directory: DirectoryFile = None
    cards: CardsFolder = None

    def checked(self) -> GroupDossier:
        """The group, or `Malformed` with every fault at its line, each once."""
        return checked_group(self.group, self.directory, self.cards)

    def to_be_signed(self) -> tuple[Plan, ...]:
        """The plans, none with a gap: else one would start, and another be refused."""
        found = self.checked()
        raise_if_gaps(self.group, found.gaps)
        return found.plans


def rehearsable(dossier: GroupDossier) -> GroupDossier:
    """The same with stand-ins for the gaps of the file, under the digest of that."""
    if not dossier.gaps:
        return dossier
    file = GroupFile.model_validate(stood_in(dossier.file.model_dump(), leave_in(dossier.plans[0])))
    return replace(dossier, file=file, plans=expand(file).plans, gaps=())


def faults_of_plans(file: GroupFile, plans: Sequence[Plan], services: Directory, laws: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """What is wrong with the plans that follow from a group file, each at its place there."""
    yield from numbers(file, plans)
    for number, plan in enumerate(plans):
        for fault in chain.from_iterable(rule(plan) for rule in rules(services, laws)):
            yield placed(file, number, fault)


def checked_group(path: Path, directory: Path | None, cards: Path | None) -> GroupDossier:
    """The group, or `Malformed` with every fault at its line, each once."""
    document = Document(text_of(path), str(path))
    services = directory_in(directory or beside(path, "directory.yaml"))
    laws = cards_in(cards or beside(path, "cards"))
    file = document.read(GroupFile)
    found = expand(file)
    faults = [*found.faults, *faults_of_plans(file, found.plans, services, laws)]
    if faults:
        located = document.located(dict.fromkeys(faults))
        raise Malformed(_("{name}: the group has faults: {count}", name=document.name, count=len(located)), located)
    gaps = [placed(file, number, gap) for number, plan in enumerate(found.plans) for gap in gaps_in(plan)]
    return GroupDossier(file, found.plans, services, laws, document.located(dict.fromkeys(gaps)))
