"""docs/glossary.md: each word is defined where the page says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (?!term)([^|-][^|]*?) \|.*\| ([^|]*) \|$", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE
)
PLACES = [(term, place) for term, where in ROWS for place in re.findall(r"`([^`]+)`", where)]


def test_the_page_names_places() -> None:
    """Most of its words have one, so that what follows looks at something."""
    assert len(PLACES) > 50


@pytest.mark.parametrize(("term", "place"), PLACES)
def test_each_word_is_defined_in_a_module_that_is_there(term: str, place: str) -> None:
    """Whoever looks a word up finds the file."""
    assert (ROOT / "domain" / f"{place}.py").is_file(), term
