"""One name for one thing."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "domain",
    "workflows",
    "activities",
    "archive",
    "gateway",
    "client",
    "process",
    "protocol",
    "rehearsal",
    "papers",
    "doctor",
)


def test_each_class_has_a_name_of_its_own() -> None:
    """No two rooms call two things by one name: whoever reads it in one file knows what it is in another."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for path in sorted(ROOT.joinpath(room).rglob("*.py")):
            for one in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(one, ast.ClassDef):
                    found[one.name].append(path.relative_to(ROOT).as_posix())

    assert len(found) > 500
    assert {} == {name: paths for name, paths in found.items() if len(paths) > 1}
