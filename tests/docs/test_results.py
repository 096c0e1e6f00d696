"""docs/results.md and docs/epcis.md say all there is, and nothing else."""

import re
from pathlib import Path
from typing import get_args

from domain.record.epcis_events import KINDS
from domain.views.returns import Form
from domain.views.tally import WITHIN, Measure
from domain.words.limits import MOST_TALLIED, MOST_TOTALS

DOCS = Path(__file__).parents[2] / "docs"
RESULTS, EPCIS = ((DOCS / name).read_text(encoding="utf-8") for name in ("results.md", "epcis.md"))


def first_cells(text: str, head: str) -> list[str]:
    """The words marked as code in the first cells of the table under this head."""
    table = text[text.index(head) :].partition("\n\n")[0]
    return [one for line in table.splitlines()[2:] for one in re.findall(r"`([a-z_-]+)`", line.split("|")[1])]


def test_every_measure_and_every_form_is_described_once() -> None:
    """In the order in which they are declared; and the bounds are those of the code."""
    assert list(get_args(Measure)) == first_cells(RESULTS, "| measure |")
    assert list(get_args(Form)) == first_cells(RESULTS, "| `--form` |")
    assert f"{MOST_TALLIED:,} lines" in RESULTS
    assert f"{MOST_TOTALS:,}; what goes" in RESULTS
    assert all(f"`{name}`" in RESULTS for name, _ in WITHIN)


def test_every_kind_that_is_an_event_is_in_the_table_and_no_other() -> None:
    """Corrections have their own line."""
    assert {*KINDS, "correction"} == set(first_cells(EPCIS, "| statement |"))
