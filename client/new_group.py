"""A group file begun with a plan: what all consignments share is the plan's own text, and each has its own goods."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from client.asking import why
from client.dossier import beside
from client.group_files import faults_of_plans
from client.language import _
from client.plan_text import in_yaml
from domain.plan.answers import Goods, read_goods
from domain.plan.documents import Document
from domain.plan.draft import TOLERANCES, not_measured_yet, with_quantity
from domain.plan.goods import SMALLEST_SHARE, Amount, SubstanceMass, Tolerances
from domain.plan.group import GroupFile, expand
from domain.plan.plan import Plan
from domain.plan.quantity import bounds
from domain.plan.substances import identity
from domain.signing.canonical import plain
from domain.words.errors import Fault, Malformed, NotFound
from domain.words.quantities import BY_HAND, say_mass
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
    tolerances = [_tolerances(plan, one) for one in goods]
    alike = all(one == _in_words(plan.tolerances) for one in tolerances)
    own = EACH_ITS_OWN if alike else (*EACH_ITS_OWN, "tolerances")
    shared = "".join(f"  {line}" if line.strip() else line for line in _without(text.splitlines(keepends=True), own))
    head = _("Begun with `vigil group new`. What stands between < and > is still to be written: `vigil group check` names each.")
    above = in_yaml({"vigil": "group/1", "group": code}, head, {})
    members = [_member(plan, f"{code}-{number}", one) for number, one in enumerate(goods, 1)]
    for member, each in zip(members, tolerances, strict=True):
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


def _classes(plan: Plan, goods: Goods) -> list[str]:
    """The class of what was said; of a substance that is in the plan, as that has it: States tell some classes apart."""
    named = [str(one) for one in plan.consignment.goods]
    planned = {identity(one.substance) for one in plan.consignment.contents if isinstance(one, SubstanceMass)}
    known = identity(str(goods.amount.get("substance", ""))) in planned
    return named if known and goods.goods not in named else [goods.goods]


def _tolerances(plan: Plan, goods: Goods) -> dict[str, Any]:
    """Those of the plan, as far as they are of what was said and hide nothing of it."""
    amount = TypeAdapter[Any](Amount).validate_json(json.dumps(with_quantity(goods.amount)), context=BY_HAND)
    if not isinstance(amount, SubstanceMass):
        return _in_words(plan.tolerances.model_copy(update={"net": {}}))
    net, same = bounds(amount.net).said, identity(amount.substance, amount.cas)
    own = {name: most for name, most in plan.tolerances.net.items() if identity(name) == same and most * SMALLEST_SHARE <= net}
    gross = plan.tolerances.gross
    if 0 < net <= gross:  # it would hide all of it
        gross = next((one for one in TOLERANCES if one <= net // SMALLEST_SHARE), 0)
    return _in_words(plan.tolerances.model_copy(update={"net": own, "gross": gross}))


def _in_words(tolerances: Tolerances) -> dict[str, Any]:
    """As people write them; what is nothing is left out."""
    net = {name: say_mass(most) for name, most in tolerances.net.items()}
    substitute = tolerances.substitute if isinstance(tolerances.substitute, str) else say_mass(tolerances.substitute)
    written = {"gross": say_mass(tolerances.gross), "net": net, "substitute": substitute}
    return {name: value for name, value in written.items() if getattr(tolerances, name)}


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
        "goods": _classes(plan, goods),
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
