"""The list of decision records names each record."""

import re

import pytest

from tests.reference import FOLDER

RECORDS = FOLDER.parents[1] / "docs" / "decisions"
ROWS = dict(
    re.findall(
        r"^\| \[\d{4}\]\((\d{4}-[a-z0-9-]+\.md)\) \| (.+?) \| \w+.*\|$", (RECORDS / "README.md").read_text("utf-8"), re.MULTILINE
    )
)


@pytest.mark.parametrize("record", sorted(path.name for path in RECORDS.glob("[0-9]*.md")))
def test_each_record_has_its_row(record: str) -> None:
    """A newcomer who reads the list misses none."""
    assert record in ROWS


def test_each_row_has_its_record_and_the_list_is_in_order() -> None:
    """No row leads nowhere, and each stands at its number."""
    assert sorted(path.name for path in RECORDS.glob("[0-9]*.md")) == [*ROWS]
