"""The bugs that `make bugs` plants still have their places, and the tests that must catch them are there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.planted_bugs import BUGS, ROOT, Bug, passes, planted, see_that_all_pass


@cache
def text_of(file: str) -> str:
    """A file of the project."""
    return (ROOT / file).read_text(encoding="utf-8")


def faults_of(bug: Bug) -> Iterator[str]:
    """What is wrong with a bug: it fits nowhere or in two places, is no Python, or names tests that are not there."""
    try:
        wrong = planted(bug, text_of(bug.file))
        if bug.file.endswith(".py"):
            ast.parse(wrong)
    except (ValueError, SyntaxError) as error:
        yield f"{bug.rule}: {error}"
    for test in bug.tests():
        file, *name = test.split("::")
        text = text_of(file) if (ROOT / file).exists() else ""
        if not text or not all(re.search(rf"^(async )?def {one}\(", text, re.MULTILINE) for one in name):
            yield f"{bug.rule}: there is no {test}"


@pytest.mark.slow
def test_each_bug_has_one_place_in_the_code_and_tests_that_must_catch_it() -> None:
    """Its text stands once in its file, what stands there then is Python, and each test it names is there."""
    assert [] == [fault for bug in BUGS for fault in faults_of(bug)]


def test_no_bug_is_planted_twice() -> None:
    """Two that do the same to the same place prove the same."""
    assert len(BUGS) == len({(bug.file, bug.right, bug.wrong) for bug in BUGS})


def test_a_run_that_was_ended_from_outside_has_caught_nothing(tmp_path: Path) -> None:
    """It is no failure of a test, and the whole run stops."""
    with pytest.raises(RuntimeError, match="ended by SIGTERM"):
        passes(("sh", "-c", "kill -TERM $$"), tmp_path)


@pytest.mark.slow
def test_what_fails_without_a_bug_is_said(tmp_path: Path) -> None:
    """Whoever is told that a run proves nothing is told why."""
    tree = tmp_path / "0"
    (tree / "tests/domain").mkdir(parents=True)
    (tree / "tests/domain/test_odd.py").write_text('def test_odd():\n    """It fails."""\n    assert "odd" == "even"\n')
    with pytest.raises(RuntimeError, match="assert 'odd' == 'even'"):
        see_that_all_pass((Bug("R1", "any.py", "a", "b", "odd"),), tree)
