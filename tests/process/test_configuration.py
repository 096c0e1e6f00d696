"""The files that an installation is given: what is wrong with one is said with its place."""

from pathlib import Path

import pytest

from domain.words.errors import Malformed
from process.configuration import directory_in

DIRECTORY = """\
vigil: directory/1
services:
  - id: uz.customs
    kind: customs
    state: UZ
    names: {en: x}
    reach: {by: push, url: "https://customs.example/vigil"}
  - id: uz.prosecutor
    kind: prosecutor
    state: UZ
    names: {en: x}
    reach: REACH
"""


@pytest.mark.parametrize(
    "reach",
    [
        '{by: push, url: "http://prosecutor.example/vigil"}',
        '{by: poll, url: "http://10.1.2.3:8080", every: 30s}',
        '{by: desk, notify: [{by: webhook, url: "http://hooks.example"}]}',
    ],
    ids=["push", "poll", "webhook"],
)
def test_a_service_elsewhere_is_reached_over_https_alone(tmp_path: Path, reach: str) -> None:
    """Requests and alerts would be read on the way: the directory is refused, at the line of the service."""
    file = tmp_path / "directory.yaml"
    file.write_text(DIRECTORY.replace("REACH", reach), encoding="utf-8")
    with pytest.raises(Malformed) as refused:
        directory_in(file)
    (fault,) = refused.value.faults

    assert ":12" in fault.place
    assert "uz.prosecutor: expected https://" in fault.problem


@pytest.mark.parametrize("reach", ['{by: push, url: "http://127.0.0.1:8500"}', '{by: poll, url: "http://localhost", every: 30s}'])
def test_a_service_on_this_machine_may_be_reached_in_clear(tmp_path: Path, reach: str) -> None:
    """Nothing leaves the machine: a test and a training need no certificate."""
    file = tmp_path / "directory.yaml"
    file.write_text(DIRECTORY.replace("REACH", reach), encoding="utf-8")

    assert directory_in(file).find("uz.prosecutor") is not None
