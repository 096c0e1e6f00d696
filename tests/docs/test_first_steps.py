"""The way from an empty folder to a delivery that runs, and the plans of the examples begun anew."""

from pathlib import Path

import pytest

from bench.begun import EXAMPLES, README, begun, cases, table
from domain.plan.check import rules
from domain.plan.documents import Document
from domain.plan.plan import Plan
from tests.docs.tours import ROOT, commands, folder_with, walked
from tests.support import example_cards, example_directory

AT_MOST = 600
"""Seconds in which an agency is to have its own first delivery."""


@pytest.mark.slow
@pytest.mark.usefixtures("usual_ports")
async def test_an_empty_folder_becomes_a_delivery_that_runs_in_ten_minutes(tmp_path: Path) -> None:
    """The commands of the README as they stand, in one shell that stops at the first failure; only `make venv` is skipped."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    out = await walked(commands(text, "first"), folder_with(tmp_path), AT_MOST)

    assert "amber-heron has started" in out
    assert "detection" in out.partition("amber-heron has started")[2]


def test_each_case_has_a_command_that_begins_its_plan() -> None:
    """The twenty-two cases, each once, with the folder of its example where its source tells steps."""
    found = list(cases())

    assert list(range(1, 23)) == [one.number for one in found]
    assert all((EXAMPLES / one.folder / "plan.yaml").exists() for one in found if one.folder is not None)


@pytest.mark.slow
def test_a_plan_is_begun_for_every_case(tmp_path: Path) -> None:
    """Each command of the page writes a plan that the check accepts, the one that must be refused as it went among them."""
    for case in cases():
        path = begun(case, tmp_path / str(case.number))
        Document(path.read_text(), str(path)).read(Plan, rules(example_directory(), example_cards()))


@pytest.mark.slow
def test_the_lines_changed_by_hand_are_as_the_page_says() -> None:
    """The table of `examples/README.md` is what `python -m bench.begun` counts."""
    assert table() in README.read_text(encoding="utf-8")
