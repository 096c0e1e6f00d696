"""The files that an installation is given: what is wrong with one is said with its place."""

from pathlib import Path

import pytest

from domain.words.errors import Malformed
from domain.words.limits import LARGEST_TEXT
from process.configuration import directory_in, text_of

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


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"%PDF-1.7\n\xe2\xe3", "this is a PDF document, and a text is wanted here"),
        (b"\xff\xd8\xff\xe0", "this is a picture"),
        (b"PK\x03\x04\xff", "this is a document of an office program, or an archive"),
        (b"\x7fELF\x02\xd0", "is no text in UTF-8"),
    ],
)
def test_a_file_that_is_no_text_is_called_by_its_name(tmp_path: Path, data: bytes, told: str) -> None:
    """A scan, a photograph, a letter of an office program: named in words, and nothing is said of bytes and codecs."""
    file = tmp_path / "plan.yaml"
    file.write_bytes(data)
    with pytest.raises(Malformed) as refused:
        text_of(file)
    assert told in refused.value.message
    assert "codec" not in refused.value.message


def test_a_file_without_an_end_is_read_no_further_than_its_bound(tmp_path: Path) -> None:
    """The largest is read whole; one byte more, or what never ends, is refused by its size."""
    file = tmp_path / "plan.yaml"
    file.write_bytes(b"#" * LARGEST_TEXT)
    assert LARGEST_TEXT == len(text_of(file))
    file.write_bytes(b"#" * (LARGEST_TEXT + 1))
    for endless in (file, Path("/dev/zero")):
        with pytest.raises(Malformed, match=f"longer than {LARGEST_TEXT} bytes"):
            text_of(endless)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """It is said in words, without a number of the system."""
    with pytest.raises(Malformed, match=r"is a folder, and a file is wanted here$"):
        text_of(tmp_path)


def test_a_time_zone_that_there_is_not_is_a_fault_at_its_place(tmp_path: Path) -> None:
    """Nobody is told at night what time it is somewhere that is nowhere."""
    file = tmp_path / "directory.yaml"
    file.write_text(DIRECTORY.replace("reach: REACH", "zone: Asia/Tashkend"), encoding="utf-8")
    with pytest.raises(Malformed) as refused:
        directory_in(file)
    (fault,) = refused.value.faults
    assert ":12" in fault.place
    assert "uz.prosecutor: this system knows no time zone Asia/Tashkend" in fault.problem
