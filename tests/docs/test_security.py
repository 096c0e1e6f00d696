"""SECURITY.md names, for each attack, tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))


def test_every_test_that_is_named_exists() -> None:
    """A reader who follows a row finds what it promises."""
    named = set(re.findall(r"`(test_\w+)`", TEXT))

    assert named
    assert [] == sorted(name for name in named if not re.search(rf"def {name}\(", TESTS))
    assert all((ROOT / path).exists() for path in re.findall(r"`(tests/[\w/]+\.py)`", TEXT))


def test_every_attack_has_its_proof() -> None:
    """No row of the table without a test or a command."""
    rows = re.findall(r"^\| \*\*.*$", TEXT, re.MULTILINE)

    assert len(rows) > 20
    assert all("`" in row.rstrip(" |").rpartition("|")[2] for row in rows)
