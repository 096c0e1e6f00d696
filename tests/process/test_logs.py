"""The log says what its lines are about, and nothing else."""

import ast
import logging
import sys
from collections.abc import Iterator

import pytest

from process import logs
from process.logs import ALLOWED
from tests.client.test_hostile import is_harmless
from tests.domain.test_text import HOSTILE, ORDERS
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


def test_a_log_at_a_terminal_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stranger has written, in a field or in an error, is written out: a line of the log is one line."""
    words = "".join((*HOSTILE, *ORDERS))
    root = logging.Logger("root")  # noqa: LOG001 - not the one of this process
    monkeypatch.setattr(logging, "getLogger", lambda _name=None: root)
    logs.configure("console", "INFO")
    monkeypatch.undo()
    try:
        int(f"{words} is no number")
    except ValueError:
        failed = sys.exc_info()
    line, traceback = (
        root.handlers[0].format(root.makeRecord("x", logging.WARNING, "", 1, words, (), wrong, extra={"service": words}))
        for wrong in (None, failed)
    )

    assert is_harmless(line)
    assert is_harmless(traceback)
    assert "\n" not in line
    assert traceback.count("\n") > 2
    assert "\\x1b]0;all clear\\x07" in line
