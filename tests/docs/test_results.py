"""docs/results.md and docs/epcis.md say all there is, and nothing else."""

import re
from pathlib import Path
from typing import get_args

from domain.record.epcis_events import KINDS
from domain.views.returns import Form
from domain.views.spans import ENDS, FEWEST
from domain.views.statistics import MOST_TIMES, PER
from domain.views.statistics_in_words import COLUMNS
from domain.views.tally import ANSWERED, STATISTICAL, TO_CONSENT, Measure
from domain.words.limits import MOST_FORESEEN, MOST_SIMULATED, MOST_TALLIED, MOST_TOTALS

DOCS = Path(__file__).parents[2] / "docs"
RESULTS, EPCIS, STATISTICS = ((DOCS / name).read_text(encoding="utf-8") for name in ("results.md", "epcis.md", "statistics.md"))


def first_cells(text: str, head: str) -> list[str]:
    """The words marked as code in the first cells of the table under this head."""
    table = text[text.index(head) :].partition("\n\n")[0]
    return [one for line in table.splitlines()[2:] for one in re.findall(r"`([a-z_-]+)`", line.split("|")[1])]


def test_every_measure_and_every_form_is_described_once() -> None:
    """In the order in which they are declared; and the bounds are those of the code."""
    assert [one for one in get_args(Measure) if one != "lasted"] == first_cells(RESULTS, "| measure |")
    assert list(STATISTICAL) == first_cells(STATISTICS, "| measure |")
    assert list(get_args(Form)) == first_cells(RESULTS, "| `--form` |")
    assert f"{MOST_TALLIED:,} lines" in RESULTS
    assert f"{MOST_TOTALS:,}; what goes" in RESULTS


def test_statistics_are_described_to_the_last_word() -> None:
    """How an answer came, whose consent, every span, every column of the table for programs, and the bounds of a forecast."""
    assert all(f"`{name}`" in STATISTICS for name in (*ANSWERED, *TO_CONSENT, *COLUMNS))
    assert ", ".join(f"{one:,}" for one in ENDS) in STATISTICS
    assert f"fewer than {FEWEST} " in STATISTICS
    assert all(f"{one:,}" in STATISTICS for one in (MOST_FORESEEN, MOST_SIMULATED, MOST_TIMES, PER))


def test_every_kind_that_is_an_event_is_in_the_table_and_no_other() -> None:
    """Corrections have their own line."""
    assert {*KINDS, "correction"} == set(first_cells(EPCIS, "| statement |"))
