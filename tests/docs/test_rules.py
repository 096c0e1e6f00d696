"""docs/rules.md is the law as the code has it."""

import pytest

from domain.rules.books import BOOK
from domain.words.codes import CODES
from tests.docs.law import PATH, rules

TEXT = PATH.read_text(encoding="utf-8")


def test_the_page_is_what_the_code_makes() -> None:
    """Every rule, code, kind and contingency stands there as it is now, byte for byte."""
    assert rules() == TEXT, "out of date: `make rules`"


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_each_code_stands_under_its_rule(code: object) -> None:
    """A reader who has a finding looks under its rule and finds its code with every parameter."""
    section = TEXT.partition(f"\n### {code.rule}\n")[2].partition("\n#")[0]  # type: ignore[attr-defined]
    (row,) = [line for line in section.splitlines() if line.startswith(f"| `{code.name}` |")]  # type: ignore[attr-defined]

    assert all(f"`{name}`: " in row for name in code.shapes)  # type: ignore[attr-defined]


def test_each_rule_that_a_code_names_is_told() -> None:
    """No finding names a rule that the page does not tell."""
    assert [] == sorted({code.rule for code in CODES.values() if f"- **{code.rule}** " not in TEXT})


def test_each_kind_has_one_row() -> None:
    """What a kind declares is told once."""
    section = TEXT.partition("## Kinds of statement")[2].partition("\n## ")[0]

    assert [1] * len(BOOK.kinds) == [section.count(f"\n| `{kind}` | ") for kind in BOOK.kinds]


NO_LAW = ("Design decision", "Practice", "No tacit consent", "Consent covers", "In-toto", "NIST", "Omsk and Taraz", "Hong Kong")
"""How a source begins that is neither law nor judgment."""


def test_each_law_says_how_sure_it_is() -> None:
    """Whatever a rule rests on was read, in part, or not at all, and its reader is told which (T, E, K)."""
    told = [line for line in TEXT.splitlines() if line.startswith("- **R") and line.endswith(".)")]
    sources = [one for line in told for one in line.rpartition(" (")[2].removesuffix(".)").split("; ")]
    wanting = [one for one in sources if not one.startswith(NO_LAW) and not one.endswith(("[T]", "[E]", "[K]"))]

    assert 20 < len(told)
    assert [] == wanting


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("R1", "UNCAC art. 50 for cash"),
        ("R6", "Design decision; Austrian treaties art. 13"),
        ("R16", "Latvia, Criminal Procedure Law s. 217: post, with the carrier's representative"),
        ("R7", "Design decision; Illinois v. Andreas"),
        ("R15", "Design decision, after blind deconfliction"),
        ("R23", "Manual on Law Enforcement Information Exchange, where H2 bars any further dissemination"),
    ],
)
def test_a_rule_cites_what_says_it(rule: str, source: str) -> None:
    """And no text that says something else: these were wrong once."""
    (told,) = [line for line in TEXT.splitlines() if line.startswith(f"- **{rule}** ")]

    assert source in told
    assert "guidelines" not in TEXT
