"""What CI relies on: a test that is left out there has failed."""

import asyncio
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"
LEFT_OUT = """
import pytest


@pytest.mark.skip("nobody has installed it")
def test_by_a_mark() -> None:
    pass


def test_on_the_way() -> None:
    pytest.skip("no browser is there")


@pytest.fixture
def missing() -> None:
    pytest.skip("no server is there")


def test_by_a_fixture(missing: None) -> None:
    pass


@pytest.mark.xfail(strict=True)
def test_that_is_known_to_fail() -> None:
    raise AssertionError


def test_that_holds() -> None:
    pass
"""
REASONS = ("nobody has installed it", "no browser is there", "no server is there")


async def test_where_ci_says_so_a_test_that_is_left_out_has_failed_with_its_reason(tmp_path: Path) -> None:
    """By a mark, on the way, and by a fixture; one that is expected to fail, and one that holds, are as they were."""
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_left_out.py").write_text(LEFT_OUT, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    there = os.environ | {"PYTHONPATH": str(CONFTEST.parents[1]), "VIGIL_CI": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-rfE", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:xdist"),
        cwd=tmp_path,
        env=there,
        stdout=PIPE,
    )
    said = (await process.communicate())[0].decode()

    assert {"failed": 1, "errors": 2, "passed": 1, "xfailed": 1} == {
        what: int(count) for count, what in re.findall(r"(\d+) (\w+)", said.splitlines()[-1].partition(" in ")[0])
    }, said
    assert 1 == process.returncode
    assert all(any("VIGIL_CI is set" in line and one in line for line in said.splitlines()) for one in REASONS), said
