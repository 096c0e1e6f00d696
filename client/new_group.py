"""A group file begun with a plan: what all consignments share is the plan's own text, and each has its own goods."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from client.asking import why
from client.language import _
from client.plan_text import in_yaml
from domain.plan.answers import Goods, read_goods
from domain.plan.documents import Document
from domain.plan.draft import not_measured_yet, with_quantity
from domain.plan.group import GroupFile, expand
from domain.plan.plan import Plan
from domain.signing.canonical import plain
from domain.words.errors import Fault, Malformed
from domain.words.text import fill
from process.configuration import text_of
from rehearsal.ordinary import ordinary

EACH_ITS_OWN: Final = ("vigil", "operation", "consignment")
"""What no two plans of a group share."""
_NAME: Final = re.compile(r"^[\"']?([a-z_]+)[\"']?\s*:")


def group_of(path: Path, code: str, said: Sequence[str]) -> dict[str, str]:
    """The texts of the group file and its scenario, with a consignment of each of these goods. Raises `Malformed` for a plan that
    is none, or that is laid out otherwise than a line for each name; and for goods that cannot be read.
    """
    text = text_of(path)
    plan, goods = Document(text, str(path)).read(Plan), _read(said)
    if not all(re.search(f"^{name}:", text, re.MULTILINE) for name in EACH_ITS_OWN):
        raise Malformed(_("{path}: each name of the plan stands on a line of its own, at the margin", path=path))
    shared = "".join(f"  {line}" if line.strip() else line for line in _without(text.splitlines(keepends=True), EACH_ITS_OWN))
    head = _("Begun with `vigil group new`. What stands between < and > is still to be written: `vigil group check` names each.")
    above = in_yaml({"vigil": "group/1", "group": code}, head, {})
    members = [_member(plan, f"{code}-{number}", one) for number, one in enumerate(goods, 1)]
    note = _("number, papers and weight of each are its own")
    whole = f"{above}shared:\n{shared.rstrip()}\n{in_yaml({'consignments': members}, '', {'consignments': note})}"
    file = Document(whole, "group.yaml").read(GroupFile)
    found = expand(file)
    if found.faults:
        raise Malformed(_("{path} does not become a group", path=path), found.faults)
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
        "goods": written["goods"],
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
    title = {"vigil": "group-scenario/1", "title": f"{code}, as planned", "group": "group.yaml"}
    return in_yaml(title | tree | {"consignments": of}, head, {})
