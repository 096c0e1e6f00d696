"""What the pages have a reader run is there."""

import re
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = chain(
    ROOT.glob("[!C]*.md"),
    [ROOT / "CONTRIBUTING.md"],
    *(ROOT.joinpath(room).rglob("*.md") for room in ("docs", "deploy", "examples")),
)
"""Without what the changelog says of chores that there were."""
CHORES = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
GONE = {"bench.kills"}
"""What a record says that something took the place of."""


def is_a_program(module: str) -> bool:
    """Whether `python -m` finds it here."""
    place = ROOT.joinpath(*module.split("."))
    return place.with_suffix(".py").is_file() or (place / "__main__.py").is_file() or module in GONE


def test_what_a_page_has_one_run_is_there() -> None:
    """Each chore of `make` and each program of ours, on every page: a figure whose command is gone cannot be doubted."""
    named = set[str]()
    for page in PAGES:
        text = page.read_text("utf-8")
        chores = re.findall(r"(?:^|`)make (?:-s )?([a-z-]+)", text, re.MULTILINE)
        programs = re.findall(r"(?:python -m |`)((?:bench|rehearsal|doctor|tests)(?:\.[a-z_]+)*)\b(?![/.])", text)
        missing = {*(one for one in chores if one not in CHORES), *(one for one in programs if not is_a_program(one))}

        assert set() == missing, page
        named.update(chores, programs)

    assert {"demo", "bench.largest", "tests.operator"} <= named
