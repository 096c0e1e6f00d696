"""How many cores a process counts on."""

import os
from pathlib import Path

import pytest

from process.cores import cores

THERE = os.cpu_count() or 1


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("100000 100000", 1),
        ("1000 100000", 1),
        (f"{THERE * 100_000} 100000", THERE),
        ("99999999 100000", THERE),
        ("max 100000", THERE),
    ],
)
def test_a_container_has_as_many_cores_as_its_limit_lets_it_use(tmp_path: Path, limit: str, expected: int) -> None:
    """One at least, those of the machine at most, whatever the machine has beside."""
    (tmp_path / "group").write_text("1:name=old:/elsewhere\n0::/kubepods/pod\n")
    (tmp_path / "kubepods" / "pod").mkdir(parents=True)
    (tmp_path / "kubepods" / "pod" / "cpu.max").write_text(f"{limit}\n")

    assert expected == cores(tmp_path / "group", tmp_path)


def test_without_control_groups_it_has_those_of_the_machine(tmp_path: Path) -> None:
    """On another system, or where they are of the first version."""
    (tmp_path / "group").write_text("1:cpu:/elsewhere\n")

    assert THERE == cores(tmp_path / "group", tmp_path) == cores(tmp_path / "nowhere", tmp_path)
