"""How much of each example's plan `vigil plan new` writes, and how many lines are then changed by hand.

`python -m bench.begun` begins a plan for each case of `examples/README.md` with the command that stands there, lays it and the
example's plan out alike, and counts the lines that differ: a checkpoint, a leg and a text of the request are a line each. A line
that is changed, added or taken out counts once. What an example writes out though it is the default is not counted.
"""

import json
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from typer.testing import CliRunner

from client.cli import app
from client.plan_text import in_yaml
from domain.plan.plan import Plan
from domain.signing.canonical import plain
from domain.words.quantities import BY_HAND

EXAMPLES = Path(__file__).parents[1] / "examples"
README = EXAMPLES / "README.md"
NOT_COUNTED = ("source",)
"""What only an example has: where its case is told."""
NAMES = ("id", "start", "end", "after", "place", "locode", "means", "due", "remind", "takes")
"""Of a checkpoint or leg, what each author calls and times differently."""


@dataclass(frozen=True)
class Case:
    """One case, with the command that begins its plan; `folder` none where no source tells its steps."""

    number: int
    folder: str | None
    command: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """Lines of an example's plan: all; those that were written as they are; and those changed by hand."""

    lines: int
    written: int
    request: int
    """By hand: what is said to the States, gaps among it."""
    names: int
    """By hand: names, places and times alone, of which every author has their own."""
    rest: int
    """By hand: all else."""


def cases() -> Iterator[Case]:
    """The cases of the examples, as their page has them."""
    block = re.search(r"<!-- begun -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        command, _, case = line.rpartition(" # ")
        number, folder = case.split()
        yield Case(int(number), folder if folder != "none" else None, tuple(shlex.split(command)[1:]))


def begun(case: Case, folder: Path) -> Path:
    """The plan that its command writes, in a new folder."""
    where = ["--in", str(folder), "--directory", str(EXAMPLES / "directory.yaml"), "--cards", str(EXAMPLES / "cards")]
    ran = CliRunner().invoke(app, [*case.command, *where], catch_exceptions=False)
    if ran.exit_code:
        raise SystemExit(f"{case.number}: {ran.output}")
    return folder / "plan.yaml"


def counted(draft: Path, example: Path) -> Count:
    """What has to be changed in the one to come to the other."""
    written, wanted = _tree(draft), _tree(example)
    request = _changed({"request": written.pop("request")}, {"request": wanted.pop("request")})
    rest = _changed(written, wanted)
    beside_names = _changed(_without_names(written), _without_names(wanted))
    lines = len(_lines(wanted)) + request.lines
    return Count(lines, rest.same + request.same, request.changed, rest.changed - beside_names.changed, beside_names.changed)


@dataclass(frozen=True)
class _Change:
    lines: int
    same: int
    changed: int


def _changed(written: dict[str, Any], wanted: dict[str, Any]) -> _Change:
    before, after = _lines(written), _lines(wanted)
    steps = [one for one in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if one[0] != "equal"]
    changed = sum(max(end - begin, to - since) for _, begin, end, since, to in steps)
    return _Change(len(after), len(after) - sum(to - since for *_rest, since, to in steps), changed)


def _tree(path: Path) -> dict[str, Any]:
    """The plan as it is written, with the fields of each thing in one order, and without what is the default anyway."""
    tree: dict[str, Any] = YAML(typ="safe").load(path)
    usual = {name: plain(field.default) for name, field in Plan.model_fields.items() if not field.is_required()}
    whole = plain(Plan.model_validate_json(json.dumps(tree), strict=True, context=BY_HAND))
    kept = {name: tree[name] for name in Plan.model_fields if name in tree and name not in NOT_COUNTED}
    return {name: _sorted(value) for name, value in kept.items() if name not in usual or whole[name] != usual[name]}


def _lines(tree: dict[str, Any]) -> list[str]:
    return in_yaml(tree, "", {}).splitlines()


def _without_names(tree: dict[str, Any]) -> dict[str, Any]:
    """The same without what checkpoints and legs are called, where they are and how long they take."""
    bare = {
        part: [{name: value for name, value in one.items() if name not in NAMES} for one in tree[part]]
        for part in ("checkpoints", "legs")
    }
    return {name: value for name, value in tree.items() if name != "title"} | bare


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def table() -> str:
    """The figures of all cases, as `examples/README.md` has them."""
    rows = ["| case | lines | written | by hand: the request | names, places and times | all else |", "|---|---|---|---|---|---|"]
    counts: list[Count] = []
    with tempfile.TemporaryDirectory() as home:
        for case in cases():
            draft = begun(case, Path(home) / str(case.number))
            if case.folder is None:
                rows.append(f"| {case.number}, no steps told | | | | | |")
                continue
            counts.append(counted(draft, EXAMPLES / case.folder / "plan.yaml"))
            rows.append(_row(f"{case.number}, {case.folder}", counts[-1]))
    sums = (sum(getattr(one, name) for one in counts) for name in ("lines", "written", "request", "names", "rest"))
    return "\n".join([*rows, _row("all", Count(*sums))]) + "\n"


def _row(name: str, count: Count) -> str:
    return f"| {name} | {count.lines} | {count.written} | {count.request} | {count.names} | {count.rest} |"


if __name__ == "__main__":
    sys.stdout.write(table())
