"""A group file begun with a plan: what all consignments share is the plan's own text, and each has its own goods."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from client.asking import why
from client.dossier import beside
from client.group_files import faults_of_plans
from client.language import _
from client.plan_text import in_yaml
from domain.plan.answers import Goods, read_goods
from domain.plan.documents import Document
from domain.plan.draft import not_measured_yet, with_quantity
from domain.plan.draft_member import classes, in_words, tolerances
from domain.plan.group import GroupFile, expand
from domain.plan.plan import Plan
from domain.signing.canonical import plain
from domain.words.errors import Fault, Malformed, NotFound
from domain.words.text import fill
from process.configuration import cards_in, directory_in, text_of
from rehearsal.ordinary import ordinary

EACH_ITS_OWN: Final = ("vigil", "operation", "consignment")
"""What no two plans of a group share."""
_OF_ONE: Final = re.compile(r"consignments[.]([0-9]+)[.]differs[.]")
_NAME: Final = re.compile(r"^[\"']?([a-z_]+)[\"']?\s*:")


def group_of(path: Path, code: str, said: Sequence[str]) -> dict[str, str]:
    """The texts of the group file and its scenario, with a consignment of each of these goods. Raises `Malformed` for a plan that
    is none, or that is laid out otherwise than a line for each name; for goods that cannot be read; and with every fault that
    `vigil group check` would find, where directory and cards are beside the plan.
    """
    text = text_of(path)
    plan, goods = Document(text, str(path)).read(Plan), _read(said)
    if not all(re.search(f"^{name}:", text, re.MULTILINE) for name in EACH_ITS_OWN):
        raise Malformed(_("{path}: each name of the plan stands on a line of its own, at the margin", path=path))
    allowed = [in_words(tolerances(plan, one)) for one in goods]
    alike = all(one == in_words(plan.tolerances) for one in allowed)
    own = EACH_ITS_OWN if alike else (*EACH_ITS_OWN, "tolerances")
    shared = "".join(f"  {line}" if line.strip() else line for line in _without(text.splitlines(keepends=True), own))
    head = _("Begun with `vigil group new`. What stands between < and > is still to be written: `vigil group check` names each.")
    above = in_yaml({"vigil": "group/1", "group": code}, head, {})
    members = [_member(plan, f"{code}-{number}", one) for number, one in enumerate(goods, 1)]
    for member, each in zip(members, allowed, strict=True):
        member["differs"] |= {"tolerances": each} if each and not alike else {}
    note = _("number, papers and weight of each are its own")
    whole = f"{above}shared:\n{shared.rstrip()}\n{in_yaml({'consignments': members}, '', {'consignments': note})}"
    file = Document(whole, "group.yaml").read(GroupFile)
    found = expand(file)
    faults = [*found.faults, *_faults_beside(path, file, found.plans)]
    if faults:
        raise Malformed(
            _("{path} does not become a group", path=path), list(dict.fromkeys(_of_option(said, one) for one in faults))
        )
    return {"group.yaml": whole, "scenario.yaml": _scenario(code, found.plans)}


def _read(said: Iterable[str]) -> tuple[Goods, ...]:
    """Raises `Malformed` with each that cannot be read, and for fewer than two."""
    goods, faults = [], []
    for one in said:
        try:
            goods.append(read_goods(one))
        except ValueError as error:
            faults.append(Fault(place="--consignment", problem=why(error)))
    if not faults and len(goods) < 2:
        faults.append(Fault(place="--consignment", problem=_("a group has two consignments at least")))
    if faults:
        raise Malformed(
            _("nothing is written"), faults, hint=_('such as --consignment "heroin 5 kg" --consignment "heroin 3 kg"')
        )
    return tuple(goods)


def _faults_beside(path: Path, file: GroupFile, plans: Sequence[Plan]) -> Iterator[Fault]:
    """What directory and cards beside the plan find wrong with the plans; nothing where there are none."""
    try:
        services, laws = beside(path, "directory.yaml"), beside(path, "cards")
    except NotFound:
        return
    yield from faults_of_plans(file, plans, directory_in(services), cards_in(laws))


def _of_option(said: Sequence[str], fault: Fault) -> Fault:
    """A fault of what differs in one consignment, at the option that says what it is: nobody has a file yet."""
    own = _OF_ONE.match(fault.place)
    return fault if own is None else Fault(place=f'--consignment "{said[int(own[1])]}"', problem=fault.problem)


def _without(lines: Sequence[str], names: Sequence[str]) -> Iterable[str]:
    """The lines of a file, less those of these names at its margin, with the comments above them."""
    kept: list[str] = []
    above: list[str] = []
    drops = False
    for line in lines:
        if line.startswith(("#", "---")) or not line.strip():
            above += [line] if line.startswith("#") else []
            continue
        name = _NAME.match(line)
        drops = name[1] in names if name is not None else drops
        kept += [] if drops else [*above, line]
        above = []
    return kept


def _member(plan: Plan, name: str, goods: Goods) -> dict[str, Any]:
    """A consignment: as in the plan, with its own goods, and gaps for its number and its papers."""
    written = plain(plan.consignment)
    own: dict[str, Any] = {
        "kind": written["kind"],
        "goods": classes(plan, goods),
        "identifiers": [{"scheme": "other", "value": fill("<number>")}],
        "declared_as": fill("<what its papers say>"),
        "contents": [with_quantity(goods.amount)],
        "gross": not_measured_yet(),
    }
    return {"operation": name, "differs": {"consignment": own | ({"imported": True} if written.get("imported") else {})}}


def _scenario(code: str, plans: Iterable[Plan]) -> str:
    """In which everybody does what the plans ask."""
    head = _("Everybody does what the plan asks. Copy it, and let things go wrong: docs/plans.md, Scenarios.")
    each = [(one.operation, ordinary(one)) for one in plans]
    tree = {name: value for name, value in each[0][1].items() if name in ("source", "pace")}
    of = [{"operation": name, "expect": {"outcome": said["expect"]["outcome"]}} for name, said in each]
    title = {"vigil": "group-scenario/1", "title": _("{operation}, as planned", operation=code), "group": "group.yaml"}
    return in_yaml(title | tree | {"consignments": of}, head, {})
