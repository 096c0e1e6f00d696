from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from client import cli
from domain.words.errors import Malformed, NotFound
from process.ring import ABOUT, FORMAT, Ring, id_of, new_ring, ring_in

KEY = "5f" * 32
LINE = f"{id_of(bytes.fromhex(KEY))} {KEY}"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A file of payload keys."""
    path = folder / "payload.keys"
    path.write_text(text)
    path.chmod(mode)
    return path


def vigil(folder: Path, *words: str) -> tuple[int, str]:
    """`vigil keys payload ...` in this folder: exit code and what it says."""
    done = CliRunner().invoke(cli.app, ["keys", "payload", *words, "--keys", str(folder)])
    return done.exit_code, done.output + str(done.exception or "")


@given(keys=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4, unique=True))
def test_a_ring_is_read_as_it_was_written(keys: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every key under its id, in order; the last is current."""
    ring = Ring.of(*keys)
    read = ring_in(written(tmp_path_factory.mktemp("ring"), ring.text()))

    assert list(ring.keys.items()) == list(read.keys.items())
    assert id_of(keys[-1]) == read.current


def test_a_ring_shows_no_key() -> None:
    """Neither as text in a log nor in an error."""
    ring = new_ring()

    assert ring.keys[ring.current].hex() not in repr(ring)
    assert repr(ring.keys[ring.current]) not in repr(ring)


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (f"{FORMAT}\n{LINE[:-2]}\n", ":2", "64 hexadecimal digits"),
        (f"{FORMAT}\n{ABOUT}\n{KEY}\n", ":3", "an id, a space"),
        (f"{FORMAT}\n{LINE}\n{LINE.replace('5f5f', '5f5e', 1)}\n", ":3", "copied wrongly"),
        (f"{FORMAT}\nzz {KEY}\n", ":2", "copied wrongly"),
        (f"{FORMAT}\n\n", "", ""),
        (f"{LINE}\n", "", ""),
        ("", "", ""),
    ],
    ids=["short", "no id", "a digit changed", "no such id", "none", "no format", "empty"],
)
def test_what_is_no_ring_is_refused_and_no_key_is_repeated(tmp_path: Path, text: str, place: str, problem: str) -> None:
    """The line, what is wrong with it, and what to do; never what stands there."""
    path = written(tmp_path, text)
    with pytest.raises(Malformed) as refused:
        ring_in(path)

    assert "vigil keys payload new" in refused.value.hint
    assert (f"{path}{place}" if place else "") == "".join(fault.place for fault in refused.value.faults)
    assert all(problem in fault.problem for fault in refused.value.faults)
    assert "5f5f" not in str(refused.value) + str(refused.value.faults)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o602])
def test_a_ring_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    """With the command that sets it right."""
    path = written(tmp_path, new_ring().text(), mode)
    with pytest.raises(Malformed, match=f"mode {mode:o}") as refused:
        ring_in(path)

    assert f"chmod g-w,o= {path}" == refused.value.hint


def test_a_ring_that_is_missing_is_named(tmp_path: Path) -> None:
    """No process starts without."""
    with pytest.raises(NotFound, match=r"payload\.keys"):
        ring_in(tmp_path / "payload.keys")


def test_keys_are_made_rotated_and_never_lost(tmp_path: Path) -> None:
    """`new` writes for the owner only and never over a ring; `rotate` puts a new key behind the old; each names the current."""
    folder = tmp_path / "keys"
    missing = vigil(folder, "rotate")
    made = vigil(folder, "new")
    first = ring_in(folder / "payload.keys")
    again = vigil(folder, "new")
    rotated = vigil(folder, "rotate")
    second = ring_in(folder / "payload.keys")

    assert 0 != missing[0]
    assert (0, True) == (made[0], first.current in made[1])
    assert 0 != again[0]
    assert "never overwritten" in again[1]
    assert (0, True) == (rotated[0], second.current in rotated[1])
    assert first.keys.items() < second.keys.items()
    assert list(first.keys) == list(second.keys)[:-1]
    assert 0o600 == (folder / "payload.keys").stat().st_mode & 0o777
    assert ["payload.keys"] == [path.name for path in folder.iterdir()]


def test_a_rotation_that_was_broken_off_leaves_the_ring_whole(tmp_path: Path) -> None:
    """Refused while another is under way; the ring is as it was."""
    vigil(tmp_path, "new")
    before = (tmp_path / "payload.keys").read_text()
    (tmp_path / "payload.keys.new").touch()
    code, said = vigil(tmp_path, "rotate")

    assert 0 != code
    assert "under way" in said
    assert before == (tmp_path / "payload.keys").read_text()
