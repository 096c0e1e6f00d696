from pathlib import Path

import pytest

from domain.delivery.reported import Stated
from domain.rules.books import BOOKS
from domain.words.errors import NotVerified
from tests.goldens import GOLDEN, of_table, read, replayed, write, wrong_with
from tests.support import Table

RECORDED = sorted(GOLDEN.glob("*/*.json.gz"))
MOST = 8 * 2**20
"""Bytes of all of them."""


def named(path: Path) -> str:
    """Of a version, and what it is."""
    return f"{path.parent.name}-{path.name.removesuffix('.json.gz')}"


BY_CHANCE = ("seed-", "babble-")
"""What chance has made goes far, and nobody reads it: `make slow` replays it."""


@pytest.mark.parametrize(
    "path",
    [pytest.param(one, marks=pytest.mark.slow if one.name.startswith(BY_CHANCE) else (), id=named(one)) for one in RECORDED],
)
def test_the_rules_still_make_of_it_what_they_made(path: Path) -> None:
    """Replayed, and told once more through the door: every entry, root and receipt is what was recorded, and each change of plan
    that was turned away is so for the same places.
    """
    assert not wrong_with(read(path)), "make golden, see domain/rules/rules.lock"


def test_every_version_has_golden_ledgers_and_they_are_not_large() -> None:
    """Examples, troubled seeds, tables and babble of each version that can be followed."""
    names = {version: [path.name for path in RECORDED if path.parent.name == str(version)] for version in BOOKS}

    for version in BOOKS:
        assert {"example", "seed", "told", "table", "babble"} == {name.split("-")[0] for name in names[version]}
        assert 60 == sum(name.startswith("seed-") for name in names[version])
    assert sum(path.stat().st_size for path in GOLDEN.rglob("*.json.gz")) < MOST


def test_a_directory_that_several_have_is_kept_once(tmp_path: Path) -> None:
    """What is written is read as it was, and of two with one directory that stands there once."""
    tables = [of_table(Table()), of_table(Table().dispatch())]
    for number, one in enumerate(tables):
        write(one, tmp_path / f"{number}.json.gz")

    assert tables == [read(tmp_path / f"{number}.json.gz") for number in range(len(tables))]
    assert 1 == len([*(tmp_path / "directories").iterdir()])


@pytest.mark.parametrize("name", ["statements-spent", "bytes-spent", "log-full", "held-too-much", "changed-too-often"])
def test_budgets_are_reached_under_figures_of_their_own(name: str) -> None:
    """Each is what it is by these: by the figures of its version, no stranger verifies it, or more may be changed."""
    golden = read(GOLDEN / "1" / f"told-{name}.json.gz")
    assert golden.figures
    if golden.tried:
        assert "of changes that were turned away" in wrong_with(golden.model_copy(update={"figures": {}}))
    else:
        with pytest.raises(NotVerified):
            replayed(golden.model_copy(update={"figures": {}}))


def test_a_change_of_what_was_recorded_is_found() -> None:
    """The net holds: another receipt, another entry, another root, another fault of a change that was turned away."""
    golden = next(one for one in map(read, RECORDED) if one.tried and len(one.receipts) > 3)
    said = max(golden.receipts)
    first = golden.tried[0]
    entry = next(one for one in golden.entries if isinstance(one.event, Stated))

    assert not wrong_with(golden)
    assert "another receipt" in wrong_with(golden.model_copy(update={"receipts": golden.receipts | {said: "0" * 64}}))
    assert "another root" in wrong_with(golden.model_copy(update={"root": "0" * 64}))
    assert wrong_with(golden.model_copy(update={"secret": "1" * 64}))
    assert "turned away" in wrong_with(
        golden.model_copy(update={"tried": (first.model_copy(update={"faults": ("elsewhere",)}), *golden.tried[1:])})
    )
    assert entry.seq in golden.receipts
