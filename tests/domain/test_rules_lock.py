from pathlib import Path

import pytest

from process.builds import ROOT
from tests.rules_lock import LOCK, WHAT_TO_DO, differences, locked, text


def test_no_file_that_has_versions_has_changed_by_the_way() -> None:
    """What the rules rest on is what was locked; whoever changes it does so on purpose."""
    changed = differences((ROOT / LOCK).read_text(encoding="utf-8"))

    assert not changed, f"the rules have changed: {', '.join(changed)}.\n{WHAT_TO_DO}"


def test_a_change_of_law_is_found_and_one_of_words_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another number, a new file and one that is gone are named; another docstring or comment is not."""
    monkeypatch.setattr("process.builds.ROOT", tmp_path)
    rules = tmp_path / "domain" / "rules"
    (rules / "frozen").mkdir(parents=True)
    (rules / "watch.py").write_text('"""Surveillance."""\nHOURS = 2\n')
    (rules / "stop.py").write_text("BRAKES = 8\n")
    written = text()
    (rules / "watch.py").write_text('"""Surveillance (R9)."""\nHOURS = 2  # at most\n')
    assert () == differences(written)
    (rules / "watch.py").write_text("HOURS = 3\n")
    (rules / "stop.py").unlink()
    (rules / "frozen" / "before_2.py").write_text("HOURS = 2\n")

    assert ("domain/rules/frozen/before_2.py", "domain/rules/stop.py", "domain/rules/watch.py") == differences(written)


def test_a_lock_of_another_version_does_not_hold() -> None:
    """A number that was raised wants a new lock."""
    written = text()
    version, known = locked(written)

    assert (1, True) == (version, len(known) > 20)
    assert ("version 7, not 1",) == differences(written.replace("version 1", "version 7", 1))
