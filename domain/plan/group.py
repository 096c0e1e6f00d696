"""An operation of several consignments (R31): one file, from which the plan of each consignment follows.

Each consignment is a delivery with a plan, a ledger and a packet of its own. What they share is written once, under `shared`;
what is different stands with each. The plans are leaves of one tree (RFC 6962), and each bears its root and the proof that it is
in it: so whoever signs the group's digest signs the plans of all, and each ledger shows by itself that its plan is one of them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, ValidationError

from domain.plan.plan import STEP_NEEDS, Group, Plan
from domain.signing.canonical import Frozen, canonical
from domain.signing.tree import inclusion, leaf, root, root_of
from domain.words.errors import Fault, faults_of
from domain.words.identifiers import OperationCode, Slug
from domain.words.likeness import or_meant
from domain.words.limits import MOST_MEMBERS, MOST_SERVICES
from domain.words.quantities import BY_HAND
from domain.words.text import fill

OTHERS = "others"
"""In place of the code name of a sibling: all of them that are not held back."""
UNKNOWN = "0" * 64
"""The digest in a leaf: it is not known before all leaves are."""
BY_ID = ("checkpoints", "legs")
"""Lists of a plan whose items have names, so that one of them may differ alone."""
BESIDE = ("operation", "group", "held_back")
"""Fields of a plan that are made of what the group file says of itself and of each consignment."""
MOST_FIELDS = 64
"""Fields of a plan; it has fewer."""

Words = Annotated[dict[str, JsonValue], Field(max_length=MOST_FIELDS)]


class Member(Frozen):
    """One consignment of a group."""

    operation: OperationCode
    held_back: bool = False
    differs: Words = Field(default_factory=dict)
    """Fields of the plan that are not as in `shared`; of checkpoints and legs, those of the same id, as far as they differ."""
    left_out: Annotated[tuple[Slug, ...], Field(max_length=MOST_SERVICES)] = ()
    """Checkpoints and legs of `shared` that it does not have."""


class GroupFile(Frozen):
    """An operation of several consignments, as it is written."""

    vigil: Literal["group/1"]
    group: OperationCode
    """Its code name: of no delivery."""
    on_stop: Literal["decide", "stop"] = "decide"
    shared: Words
    """The fields of a plan, as far as they are the same for all."""
    consignments: Annotated[tuple[Member, ...], Field(min_length=2, max_length=MOST_MEMBERS)]


@dataclass(frozen=True)
class Expanded:
    """The plans of a group, as far as they could be made, and what is wrong with the file."""

    plans: tuple[Plan, ...]
    faults: tuple[Fault, ...]


def expand(file: GroupFile) -> Expanded:
    """The plan of each consignment, in their order. The same file gives the same plans."""
    codes = [one.operation for one in file.consignments]
    found = [*_codes(file, codes)]
    for number, member in enumerate(file.consignments):
        found += _departures(file, f"consignments.{number}", member)
    words = [_words(file, one) for one in file.consignments]
    plans: list[Plan] = []
    for number, one in enumerate(words):
        found += _fill_waits(file, number, words)
        try:
            plans.append(Plan.model_validate_json(json.dumps(one), strict=True, context=BY_HAND))
        except ValidationError as error:
            found += (placed(file, number, fault) for fault in faults_of(error))
    if not found:
        found += _circles(file, plans)
    return Expanded(() if found else under_one_root(plans), tuple(dict.fromkeys(found)))


def placed(file: GroupFile, number: int, fault: Fault) -> Fault:
    """A fault of the plan of one consignment, at its place in the file."""
    own = file.consignments[number]
    differs, parts = own.differs, fault.place.split(".")
    name, rest = parts[0], parts[1:]
    if name in BY_ID and rest and rest[0].isdigit():
        item = _listed(file, own, name)[int(rest[0])]
        at = item.differs if item.shared is None or not rest[1:] or rest[1] in item.changes else None
        place = f"shared.{name}.{item.shared}" if at is None else f"consignments.{number}.differs.{name}.{at}"
        return Fault(place=".".join((place, *rest[1:])), problem=fault.problem)
    if name in differs:
        return Fault(place=".".join((f"consignments.{number}.differs", *parts)), problem=fault.problem)
    if name in file.shared:
        return Fault(place=".".join(("shared", *parts)), problem=fault.problem)
    return Fault(place=f"consignments.{number}", problem=fill("{place}: {problem}", place=fault.place, problem=fault.problem))


def leaf_of(plan: Plan, group: Group) -> bytes:
    """The leaf of a plan in the tree of its group: its canonical bytes without what follows from that tree."""
    alone = group.model_copy(update={"digest": UNKNOWN, "proof": ()})
    return leaf(canonical(plan.model_copy(update={"group": alone})))


def is_member(plan: Plan, group: Group) -> bool:
    """Whether this very plan is the one of its code name under the digest of its group."""
    if plan.operation not in group.members:
        return False
    number, proof = group.members.index(plan.operation), [bytes.fromhex(one) for one in group.proof]
    found = root_of(leaf_of(plan, group), number, len(group.members), proof)
    return found is not None and found.hex() == group.digest


def member(plan: Plan) -> Iterator[Fault]:
    """The plan that a delivery of a group begins with is one of those under the digest of its group (R31)."""
    if plan.group is not None and not is_member(plan, plan.group):
        problem = fill("R31: this is not the plan of {operation} under the digest of its group", operation=plan.operation)
        yield Fault(place="group.digest", problem=problem)


def _codes(file: GroupFile, codes: list[str]) -> Iterator[Fault]:
    for number, one in enumerate(codes):
        if one in codes[:number] or one == file.group:
            problem = fill("R31: {operation} is the code name of another; each has its own", operation=one)
            yield Fault(place=f"consignments.{number}.operation", problem=problem)
    if all(one.held_back for one in file.consignments):
        yield Fault(place="consignments", problem=fill("R31: all are held back, so nothing is delivered"))
    differs = {f"consignments.{number}.differs": one.differs for number, one in enumerate(file.consignments)}
    for place, words in ({"shared": file.shared} | differs).items():
        for name in (one for one in BESIDE if one in words):
            problem = fill("R31: {field} is said beside the fields of a plan, and not among them", field=name)
            yield Fault(place=f"{place}.{name}", problem=problem)


def _departures(file: GroupFile, place: str, one: Member) -> Iterator[Fault]:
    """What a consignment leaves out stands in `shared`, and what differs in it is said once, and not of what it leaves out."""
    known = [key for name in BY_ID for item in _list(file.shared.get(name)) if (key := _id(item)) is not None]
    for index, left in enumerate(one.left_out):
        at = f"{place}.left_out.{index}"
        if left in one.left_out[:index]:
            yield Fault(place=at, problem=fill("{what} stands twice; once is enough", what=left))
        elif left not in known:
            unknown = fill("R31: {what} is no checkpoint and no leg of `shared`, so it cannot be left out", what=left)
            yield Fault(place=at, problem=or_meant(unknown, left, known))
    for name in BY_ID:
        ids = [_id(item) for item in _list(one.differs.get(name))]
        for index, key in enumerate(ids):
            at = f"{place}.differs.{name}.{index}.id"
            if key is not None and key in ids[:index]:
                yield Fault(place=at, problem=fill("{what} stands here twice; say all of it in one place", what=key))
            elif key in known and key in one.left_out:
                problem = fill(
                    "R31: {what} stands in `left_out` too: what is left out does not differ; say one of both", what=key
                )
                yield Fault(place=at, problem=problem)


def _words(file: GroupFile, one: Member) -> dict[str, Any]:
    """The words of a plan, as a file of its own would have them; the tree is still to come."""
    words: dict[str, Any] = {"vigil": "plan/1"} | file.shared | one.differs
    for name in BY_ID:
        wrong = (among.get(name) for among in (one.differs, file.shared))
        listed: Any = [item.words for item in _listed(file, one, name)]
        words[name] = next((value for value in wrong if value is not None and not isinstance(value, list)), listed)
    members = [each.operation for each in file.consignments]
    group = {"code": file.group, "members": members, "on_stop": file.on_stop, "digest": UNKNOWN}
    return words | {"operation": one.operation, "group": group} | ({"held_back": True} if one.held_back else {})


@dataclass(frozen=True)
class _Origin:
    """A checkpoint or leg of one consignment, and where it stands in the file."""

    words: Any
    shared: int | None
    """Its number in `shared`."""
    differs: int | None
    """Its number in `differs`."""
    changes: Any
    """What stands there."""


def _listed(file: GroupFile, one: Member, name: str) -> list[_Origin]:
    """The checkpoints or legs of one consignment, in their order. What is no record is found when the plan is read."""
    shared, differs = _list(file.shared.get(name)), _list(one.differs.get(name))
    known = {key for item in shared if (key := _id(item)) is not None}
    numbers = {key: index for index, item in enumerate(differs) if (key := _id(item)) is not None}
    found: list[_Origin] = []
    for index, item in enumerate(shared):
        key = _id(item)
        if key is None or key not in one.left_out:
            at = numbers.get(key) if key is not None else None
            changes = differs[at] if at is not None else {}
            found.append(_Origin(item | changes if isinstance(item, dict) else item, index, at, changes))
    for index, item in enumerate(differs):
        key = _id(item)
        if key is None or (key not in known and numbers[key] == index):
            found.append(_Origin(dict(item) if isinstance(item, dict) else item, None, index, item))
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _id(item: Any) -> str | None:
    """By what it is called; none where it has no name."""
    key = item.get("id") if isinstance(item, dict) else None
    return key if isinstance(key, str) else None


def _fill_waits(file: GroupFile, number: int, words: list[dict[str, Any]]) -> Iterator[Fault]:
    """What a checkpoint waits for, with whose words prove it: those that the sibling's checkpoint asks for."""
    own = file.consignments[number]
    for index, checkpoint in enumerate(_list(words[number]["checkpoints"])):
        if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("wait_for"), list):
            continue
        if own.held_back:  # it never opens
            del checkpoint["wait_for"]
            checkpoint.pop("waits", None)
            continue
        filled: list[Any] = []
        for at, wait in enumerate(checkpoint["wait_for"]):
            if not isinstance(wait, dict):
                filled.append(wait)
                continue
            meant = list(_meant(file, number, wait, words))
            if not meant:
                problem = _in_vain(file, number, str(wait.get("delivery")), str(wait.get("checkpoint")), words)
                yield placed(file, number, Fault(place=f"checkpoints.{index}.wait_for.{at}", problem=problem))
            filled += meant
        checkpoint["wait_for"] = filled


def _meant(file: GroupFile, number: int, wait: dict[str, Any], words: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for other, one in enumerate(file.consignments):
        if other == number or one.held_back or wait.get("delivery") not in (OTHERS, one.operation):
            continue
        there = next(
            (
                item
                for item in _list(words[other]["checkpoints"])
                if _id(item) is not None and _id(item) == wait.get("checkpoint")
            ),
            None,
        )
        if there is not None and isinstance(there.get("requires"), list):
            asked = {"requires": there["requires"], "need": there.get("need", "all")}
            yield wait | {"delivery": one.operation} | asked


def _in_vain(file: GroupFile, number: int, delivery: str, checkpoint: str, words: list[dict[str, Any]]) -> str:
    """Why nothing is waited for: who is meant, and what those do not have."""
    codes = [one.operation for one in file.consignments]
    travel = {code: index for index, code in enumerate(codes) if index != number and not file.consignments[index].held_back}
    if delivery == OTHERS and not travel:
        return fill("R31: none but {operation} travels, so there are no others to wait for", operation=codes[number])
    if delivery not in (OTHERS, *codes):
        return fill("{operation} is no consignment of this group; it has {others}", operation=delivery, others=", ".join(codes))
    if delivery == codes[number]:
        return fill("R31: {operation} does not wait for itself", operation=delivery)
    if delivery not in (OTHERS, *travel):
        return fill("R31: {operation} is held back, so nobody waits for it", operation=delivery)
    who = list(travel) if delivery == OTHERS else [delivery]
    known = [key for one in who for item in _list(words[travel[one]]["checkpoints"]) if (key := _id(item)) is not None]
    lacking = (
        fill("R31: {delivery} has no checkpoint {checkpoint} that may be waited for", delivery=who[0], checkpoint=checkpoint)
        if len(who) == 1
        else fill(
            "R31: none of {deliveries} has a checkpoint {checkpoint} that may be waited for",
            deliveries=", ".join(who),
            checkpoint=checkpoint,
        )
    )
    return lacking if checkpoint in known else or_meant(lacking, checkpoint, known)


def under_one_root(plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """The same plans, with the digest of all and the proof of each."""
    leaves = [leaf_of(plan, plan.group) for plan in plans if plan.group is not None]
    found = root(leaves).hex()
    return tuple(
        plan.model_copy(
            update={
                "group": plan.group.model_copy(
                    update={"digest": found, "proof": tuple(one.hex() for one in inclusion(leaves, number))}
                )
            }
        )
        for number, plan in enumerate(plans)
        if plan.group is not None
    )


def _circles(file: GroupFile, plans: list[Plan]) -> Iterator[Fault]:
    """Nobody waits for what waits for it: by its waits, by `after`, or since its step comes later."""
    before = dict(_before(plans))
    for number, plan in enumerate(plans):
        for index, checkpoint in enumerate(plan.checkpoints):
            if checkpoint.wait_for and (plan.operation, checkpoint.id) in _reached((plan.operation, checkpoint.id), before):
                problem = fill("R31: a circle: {checkpoint} waits for what waits for it", checkpoint=checkpoint.id)
                yield placed(file, number, Fault(place=f"checkpoints.{index}.wait_for", problem=problem))


Node = tuple[str, str]


def _before(plans: list[Plan]) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    steps = list(STEP_NEEDS)
    for plan in plans:
        for one in plan.checkpoints:
            earlier = [at for step in takewhile(lambda step, one=one: step != one.step, steps) for at in plan.ids_at(step)]  # type: ignore[misc]
            here = [(plan.operation, name) for name in (*earlier, *([one.after] if one.after is not None else []))]
            yield (plan.operation, one.id), (*here, *((wait.delivery, wait.checkpoint) for wait in one.wait_for))


def _reached(node: Node, before: Mapping[Node, tuple[Node, ...]]) -> dict[Node, None]:
    found: dict[Node, None] = {}
    todo = list(before.get(node, ()))
    while todo:
        one = todo.pop()
        if one not in found:
            found[one] = None
            todo += before.get(one, ())
    return found
