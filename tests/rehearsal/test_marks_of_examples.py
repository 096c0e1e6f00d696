"""Whatever law an example names says how sure that is, as the rule cards do: no reader takes it for law that was looked up."""

import re

import pytest

from tests.support import EXAMPLES

PLANS = sorted(f"{path.parent.name}/{path.name}" for file in ("plan", "group") for path in EXAMPLES.glob(f"*/{file}.yaml"))
MARKED = re.compile(r'  # [TEN]$|\(K\)"?($|[]}])')
NAMED = re.compile(r"^ *articles: \{|\{basis: \[")


def law(name: str) -> list[str]:
    """Lines of a plan, or of a group of them, that name an article or a legal basis."""
    found, inside = [], False
    for line in (EXAMPLES / name).read_text(encoding="utf-8").splitlines():
        if re.match(r"^ *basis:$", line):
            inside = True
        elif NAMED.search(line) or (inside and re.match(r"^ +- ", line)):
            found.append(line)
        else:
            inside = False
    return found


@pytest.mark.parametrize("name", PLANS)
def test_each_article_and_legal_basis_bears_a_mark(name: str) -> None:
    """T, E or N behind it, or (K) as its own last word, which goes wherever it goes."""
    assert law(name)
    assert [] == [line.strip() for line in law(name) if not MARKED.search(line)]


def test_the_marks_are_explained_where_the_examples_are() -> None:
    """In the page that everybody opens first."""
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert "`# T`, `# E`, `# N`, and `(K)`" in text
