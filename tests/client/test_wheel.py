"""What is installed is whole: an agency has the wheel, and no source tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import EXAMPLES

ROOT = EXAMPLES.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the wheel, as an installer lays them out."""
    built, folder = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    building = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built))
    subprocess.run(building, cwd=ROOT, check=True, capture_output=True, timeout=120)  # noqa: S603 - our own
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.slow
def test_an_installation_is_begun_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    """`vigil init` in an empty folder has services, cards, keys and a plan that the check accepts; nothing is read elsewhere."""
    route = ("--route", "KZ Mail centre, Almaty, UZ Tashkent", "--channel", "mail", "--goods", "heroin 5.3 kg")
    for command in (("init", "first", "amber-heron", "--plain", *route), ("plan", "check", "first/amber-heron/plan.yaml")):
        program = "import client, sys; from client.cli import main; sys.stderr.write(client.__file__); main()"
        ran = subprocess.run(  # noqa: S603 - our own
            (sys.executable, "-c", program, *command),
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(installed), "VIGIL_LANG": "en"},
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert 0 == ran.returncode, ran.stderr
        assert str(installed) in ran.stderr

    assert {"KZ.yaml", "UZ.yaml"} == {one.name for one in (tmp_path / "first" / "cards").iterdir()}
    assert (EXAMPLES / "cards" / "KZ.yaml").read_bytes() == (tmp_path / "first" / "cards" / "KZ.yaml").read_bytes()
