"""What CI relies on: a test that is left out there has failed, and what tests need is installed."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
RUN = CONFTEST.parents[1] / ".ci" / "run"
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


@pytest.mark.slow
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


def test_ci_asks_for_a_compiler_where_there_is_none(tmp_path: Path) -> None:
    """Without one no clock is set, and a kill would take the place of that fault."""

    def asked_for(*programs: str) -> list[str]:
        path = tmp_path / "-".join(programs)
        path.mkdir()
        for one in programs:
            (path / one).symlink_to(shutil.which(one) or sys.executable)
        done = subprocess.run(  # noqa: S603 - our own
            [shutil.which("bash") or "bash", RUN], env={"PATH": str(path)}, capture_output=True, text=True, check=False
        )
        assert 1 == done.returncode, done.stdout
        return done.stderr.partition("not installed: ")[2].partition(".")[0].split()

    without, compiler = asked_for("dirname"), {"gcc", "libc6-dev"}

    assert compiler <= {*without}
    assert [one for one in without if one not in compiler] == asked_for("dirname", "cc")
