"""`vigil sandbox` refuses what it cannot play, and lays out what a developer needs; for one at work see tests/docs."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from client.dossier import checked_plan, scenario_for
from client.embedded import held
from client.sandbox import JOURNEY, Sandbox, reach_for
from domain.plan.check import faults_in
from domain.plan.directory import Push
from rehearsal.over_http import hurried
from rehearsal.services import private_key_of
from tests.command import vigil
from tests.support import EXAMPLES

PLAN = EXAMPLES / "almaty-tashkent" / "plan.yaml"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--as", "kz.drones"), 3, "--as kz.drones: no such service in the directory"),
        (("--as", "tj.customs"), 3, "tj.customs takes no part in saxaul-22"),
        (("--as", "vigil"), 3, "--as vigil: no such service in the directory"),
        (("--as", "uz.customs", "--by", "push"), 2, "it must be said where the system of uz.customs listens"),
        (("--as", "uz.customs", "--by", "poll"), 2, "it must be said where the system of uz.customs listens"),
        (("--as", "uz.customs", "--by", "push", "--url", "nonsense"), 2, "'nonsense' is no address of a service"),
        (("--as", "uz.customs", "--url", "http://127.0.0.1:9101"), 2, "--url is for a service that Vigil calls"),
    ],
)
async def test_what_cannot_be_played_is_refused_before_anything_starts(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    """An unknown service, one without a part, and a way in that does not fit: by name, and nothing is written."""
    ran = await vigil("sandbox", PLAN, *words, "--keep", tmp_path / "box")

    assert code == ran.code
    assert said in ran.err
    assert not (tmp_path / "box").exists()


async def test_who_takes_part_is_named() -> None:
    """Whoever mistypes sees what would be right."""
    ran = await vigil("sandbox", PLAN, "--as", "tj.customs")

    assert "those who do are: kz.knb, kz.prosecutor, uz.prosecutor, kz.police, uz.customs, uz.police, caricc" in ran.err


def test_the_folder_has_what_a_program_needs_and_the_real_address_is_never_called(tmp_path: Path) -> None:
    """Keys that fit the directory, readable by their owner only; where the service is reached is what was said."""
    dossier = checked_plan(PLAN, None, None)
    service = dossier.directory.get("uz.customs").model_copy(
        update={"reach": Push.model_validate({"url": "https://real.example/vigil"})}
    )
    reach = reach_for(service, None, "http://127.0.0.1:9101/vigil")
    with held(tmp_path) as home:
        box = Sandbox(dossier, scenario_for(PLAN, dossier, None), service.id, reach, 1, home)
        directory, _ = box.lay_out(1, 2, 3)
    about = json.loads((tmp_path / "sandbox.json").read_text())
    key = Path(about["keys"]) / "uz.customs.pem"

    assert reach == directory.get("uz.customs").reach
    assert ("push", "http://127.0.0.1:9101/vigil", "http://127.0.0.1:1") == (about["by"], about["url"], about["gateway"])
    assert private_key_of("uz.customs").private_bytes_raw() != private_key_of("kz.customs").private_bytes_raw()
    assert 0o600 == key.stat().st_mode & 0o777
    assert {"uz.customs.pem", "kz.knb.pem", "officer-2"} == {path.name for path in Path(about["keys"]).iterdir()}
    assert "real.example" not in (tmp_path / "directory.yaml").read_text()


RIGHT = [path for path in sorted(EXAMPLES.glob("*/plan.yaml")) if path.parent.name != "delta-method"]
"""All but the one that must be refused as it is."""


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.parent.name)
def test_a_plan_with_short_ways_is_still_a_right_plan(path: Path) -> None:
    """Each example that has no gap: no fault is new, answers are due as long after as before, reminders before that."""
    dossier = checked_plan(path, None, None)
    ways = sum((leg.takes for leg in dossier.plan.legs), start=timedelta())
    quick = hurried(dossier.plan, max(ways / JOURNEY, 1.0))

    assert [] == list(faults_in(quick, dossier.directory, dossier.cards))
    assert [one.due for one in dossier.plan.checkpoints] == [one.due for one in quick.checkpoints]
    assert sum((leg.takes for leg in quick.legs), start=timedelta()) <= JOURNEY + timedelta(milliseconds=len(quick.legs))
    assert quick.example
