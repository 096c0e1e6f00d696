"""The bugs that `make bugs` plants still have their places."""

import pytest

from tests.planted_bugs import BUGS, ROOT, Bug, planted


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.rule} {bug.right.strip()[:40]}")
def test_each_planted_bug_changes_the_code_it_is_meant_for(bug: Bug) -> None:
    """A bug whose place has gone would be planted nowhere."""
    text = (ROOT / bug.file).read_text(encoding="utf-8")

    assert text != planted(bug, text)
