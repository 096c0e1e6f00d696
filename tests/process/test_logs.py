"""The log says what its lines are about, and nothing else."""

import ast
from collections.abc import Iterator

from process.logs import ALLOWED
from tests.support import EXAMPLES

ROOT = EXAMPLES.parent
ROOMS = ("worker.py", "activities/**/*.py", "archive/**/*.py", "gateway/**/*.py", "process/**/*.py", "workflows/**/*.py")


def fields() -> Iterator[str]:
    """Every field that a line of a process is given."""
    for path in (one for room in ROOMS for one in ROOT.glob(room)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict):
                yield from (key.value for key in node.value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def test_every_field_that_is_logged_is_written() -> None:
    """What is not on the list is dropped without a word: of which build no worker is up, and which run was moved, was nowhere."""
    found = set(fields())

    assert {"service", "delivery", "code"} <= found
    assert not found - set(ALLOWED)
