"""The list of decision records names each record, and records name tests that there are."""

import re

import pytest

from tests.reference import FOLDER

ROOT = FOLDER.parents[1]
RECORDS = ROOT / "docs" / "decisions"
ROWS = dict(
    re.findall(
        r"^\| \[\d{4}\]\((\d{4}-[a-z0-9-]+\.md)\) \| (.+?) \| \w+.*\|$", (RECORDS / "README.md").read_text("utf-8"), re.MULTILINE
    )
)


@pytest.mark.parametrize("record", sorted(path.name for path in RECORDS.glob("[0-9]*.md")))
def test_each_record_has_its_row(record: str) -> None:
    """A newcomer who reads the list misses none."""
    assert record in ROWS


def test_each_test_that_a_record_names_exists() -> None:
    """Whoever doubts what a record says finds what shows it; of the attacks on the record (0043) each has such a test."""
    tests = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    there = set(re.findall(r"^\s*(?:async )?def (test_\w+)\(", tests, re.MULTILINE))
    records = {path.name: path.read_text("utf-8") for path in sorted(RECORDS.glob("[0-9]*.md"))}
    named = {(record, name) for record, text in records.items() for name in re.findall(r"`(test_\w+)`", text)}
    files = {(record, name) for record, text in records.items() for name in re.findall(r"`(tests/[\w/]+\.py)`", text)}
    (found,) = [text for record, text in records.items() if record.startswith("0043")]
    attacks = re.findall(r"^\| .* \|$", found.partition("## Each attack")[2], re.MULTILINE)[1:]

    assert [] == sorted((record, name) for record, name in named if name not in there)
    assert [] == sorted((record, name) for record, name in files if not (ROOT / name).is_file())
    assert len(attacks) > 20
    assert all("`test_" in row.rpartition(" | ")[2] for row in attacks)


def test_each_row_has_its_record_and_the_list_is_in_order() -> None:
    """No row leads nowhere, and each stands at its number."""
    assert sorted(path.name for path in RECORDS.glob("[0-9]*.md")) == [*ROWS]
