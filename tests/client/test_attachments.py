"""Files at hand on the command line: described, handed in with a statement, fetched, and compared with what a packet names."""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from client import attachments
from client.attachments import at_hand, described, get, hand_in, looked_at
from client.cli import app
from client.commands import speaking
from domain.plan.attachment import Attachment, File
from domain.words.errors import Malformed, NotFound, NotVerified
from process.files import making
from tests.installation import stop_by
from tests.support import Table, example_plan

JPEG = b"\xff\xd8\xff\xe0 the parcel"


@pytest.fixture
def parcel(tmp_path: Path) -> Path:
    """A photograph at hand."""
    path = tmp_path / "parcel.jpg"
    path.write_bytes(JPEG)
    return path


def test_a_file_is_described_by_what_is_in_it(parcel: Path) -> None:
    """Digest, size and type are found; what it shows and its code are said."""
    (plain,) = described([f"{parcel}: the parcel, opened"])
    (coded,) = described([f"{parcel}: the seal: 21/7 :H2"])

    assert plain.attachment == Attachment(
        digest=hashlib.sha256(JPEG).hexdigest(), size=len(JPEG), media_type="image/jpeg", shows="the parcel, opened"
    )
    assert (coded.attachment.shows, coded.attachment.handling) == ("the seal: 21/7", "H2")


@pytest.mark.parametrize(
    ("name", "data", "words", "problem"),
    [
        ("parcel.jpg", JPEG, "{path}", "not said what the file shows"),
        ("parcel.jpg", JPEG, "{path}:H1", "not said what the file shows"),
        ("page.html", b"<html>", "{path}: a page", "no kind of file that can be attached"),
        ("noending", JPEG, "{path}: the parcel", "no kind of file that can be attached"),
        ("parcel.jpg", b"<html>", "{path}: the parcel", "does not begin as image/jpeg"),
        ("parcel.jpg", b"", "{path}: the parcel", "there is nothing in it"),
        ("parcel.jpg", JPEG, "{path}: " + "x" * 121, "cannot be attached so"),
        *(("parcel.jpg", JPEG, "{path}: the seal: " + code, f"{code} is no handling code") for code in ("H9", "h2", "\u041d2")),
    ],
)
def test_what_cannot_be_attached_is_refused(tmp_path: Path, name: str, data: bytes, words: str, problem: str) -> None:
    """With what is wrong, before anything is signed."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(Malformed, match=problem):
        described([words.format(path=path)])


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to and a device without an end are refused at once."""
    pipe, endless, folder = (tmp_path / name for name in ("pipe.jpg", "endless.jpg", "folder.jpg"))
    os.mkfifo(pipe)
    endless.symlink_to("/dev/zero")
    folder.mkdir()
    for path in (pipe, endless, folder):
        with pytest.raises(Malformed, match="is no file"):
            described([f"{path}: the parcel"])


def test_a_file_of_another_kind_is_read_no_further_than_its_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large it is: what it is shows in its first bytes."""
    path = tmp_path / "video.mp4"
    path.write_bytes(b"no video")
    monkeypatch.setattr(attachments, "_digest", lambda *_given: pytest.fail("it was read to its end"))
    with pytest.raises(Malformed, match="does not begin as video/mp4"):
        described([f"{path}: a video"])


def test_a_file_is_attached_once(parcel: Path) -> None:
    """The same twice, under another name too, is a mistake."""
    copy = parcel.with_name("copy.jpg")
    copy.write_bytes(JPEG)
    with pytest.raises(Malformed, match=r"copy\.jpg is the same file as .*parcel\.jpg"):
        described([f"{parcel}: the parcel", f"{copy}: the parcel"])


def written(path: Path, meanwhile: Callable[[], object] = dict) -> None:
    """A file is written, while something else happens."""
    with making(path) as file:
        file.write(b"new")
        meanwhile()


def test_what_is_fetched_takes_the_place_of_nothing(tmp_path: Path) -> None:
    """A file that was there before, or comes meanwhile, stays; what breaks off leaves nothing; a new one is its owner's."""
    (tmp_path / "there.jpg").write_bytes(b"mine")
    with pytest.raises(Malformed, match="never overwritten"):
        written(tmp_path / "there.jpg")
    with pytest.raises(Malformed, match="never overwritten"):
        written(tmp_path / "other.jpg", lambda: (tmp_path / "other.jpg").write_bytes(b"mine"))
    with pytest.raises(KeyError):
        written(tmp_path / "third.jpg", {}.popitem)
    written(tmp_path / "fourth.jpg")

    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {
        "there.jpg": b"mine",
        "other.jpg": b"mine",
        "fourth.jpg": b"new",
    }
    assert (tmp_path / "fourth.jpg").stat().st_mode & 0o777 == 0o600


class Door:
    """A gateway that gives these pieces as any file."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def fetch(self, _delivery: str, _digest: str) -> AsyncIterator[bytes]:
        """Give them."""
        for piece in self._pieces:
            yield piece


@pytest.mark.parametrize("pieces", [(JPEG[:-1], b"!"), (JPEG, b"!"), (JPEG[:-1],), ()])
async def test_another_file_than_was_named_is_not_written(tmp_path: Path, pieces: tuple[bytes, ...]) -> None:
    """One byte changed, more or missing, or nothing at all: it is said, and no file is there; the right one is written."""
    named = Attachment(digest=hashlib.sha256(JPEG).hexdigest(), size=len(JPEG), media_type="image/jpeg", shows="the parcel")
    with pytest.raises(NotVerified, match="is another file"):
        await get(Door(*pieces), "saxaul-22", named, tmp_path / "got.jpg")  # type: ignore[arg-type] - it has the one method
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240

    await get(Door(JPEG[:3], JPEG[3:]), "saxaul-22", named, tmp_path / "got.jpg")  # type: ignore[arg-type] - likewise
    assert (tmp_path / "got.jpg").read_bytes() == JPEG


class Taking:
    """A gateway that takes any file, and meanwhile somebody changes it."""

    def __init__(self, path: Path, becomes: bytes) -> None:
        self._path, self._becomes = path, becomes

    async def attach(self, _delivery: str, _file: File, pieces: AsyncIterator[bytes]) -> bool:
        """Take it."""
        self._path.write_bytes(self._becomes)
        return bool([one async for one in pieces])


@pytest.mark.parametrize("becomes", [JPEG[:-1], JPEG + b"!"])
async def test_a_file_that_changes_after_its_digest_was_taken_is_not_sent(tmp_path: Path, becomes: bytes) -> None:
    """While it is sent or before: the gateway is not left waiting for the rest of it, and the officer reads why."""
    path = tmp_path / "parcel.jpg"
    path.write_bytes(JPEG)
    file = looked_at(path)
    with pytest.raises(Malformed, match="has changed since its digest was taken"):
        await hand_in(Taking(path, becomes), "saxaul-22", path, file)  # type: ignore[arg-type] - it has the one method
    with pytest.raises(Malformed, match="has changed since its digest was taken"):
        await hand_in(Taking(path, JPEG), "saxaul-22", path, file)  # type: ignore[arg-type] - likewise

    path.write_bytes(JPEG)
    assert await hand_in(Taking(path, JPEG), "saxaul-22", path, file)  # type: ignore[arg-type] - likewise


def numbered(number: int) -> tuple[bytes, Attachment]:
    """A photograph of its own."""
    data = JPEG + bytes([number])
    digest = hashlib.sha256(data).hexdigest()
    return data, Attachment(digest=digest, size=len(data), media_type="image/jpeg", shows=f"packet {number}")


def test_a_file_that_is_gone_hides_no_receipt(parcel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stick that was pulled out while its officer was asked: the statement counts, and it is said how to hand the file in."""
    files = described([f"{parcel}: the parcel, opened"])
    parcel.unlink()
    caller = SimpleNamespace(call=lambda work: asyncio.run(work(None)))
    speaking._attach(stop_by("kz.police", example_plan()), caller, files)  # type: ignore[arg-type]
    told = " ".join(capsys.readouterr().err.split())

    assert "the statement is handed in and counts" in told
    assert f"vigil attachment add {example_plan().operation} {parcel}" in told


def test_who_waits_for_no_long_file_is_shown_the_receipt(parcel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C while it is sent ends the sending: how to go on is said, and the command goes on to what has been recorded."""

    def interrupted(_work: object) -> None:
        raise KeyboardInterrupt

    files, caller = described([f"{parcel}: the parcel, opened"]), SimpleNamespace(call=interrupted)
    speaking._attach(stop_by("kz.police", example_plan()), caller, files)  # type: ignore[arg-type]

    assert f"vigil attachment add {example_plan().operation}" in " ".join(capsys.readouterr().err.split())


def test_each_file_that_is_named_fits_is_missing_or_was_changed(tmp_path: Path) -> None:
    """It is found under whatever name, in whatever folder below; under its digest with other content, it was changed. What was
    cut under a name of its officer's is told, with what it is not: it cannot be known again.
    """
    files = [numbered(number) for number in range(4)]
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "IMG_1.JPG").write_bytes(files[0][0])
    (tmp_path / files[1][1].name).write_bytes(files[1][0])
    (tmp_path / files[2][1].name).write_bytes(files[2][0][:-1] + b"!")
    (tmp_path / "another.jpg").write_bytes(files[3][0][:-1])
    (tmp_path / "note.txt").write_bytes(b"of a kind that is not missing")
    looked = at_hand(tmp_path, [one for _, one in files])

    assert [looked.found[one.digest] for _, one in files] == ["fits", "fits", "changed", "missing"]
    assert looked.strangers == ("another.jpg",)


@pytest.fixture
def exported(tmp_path: Path) -> Iterator[tuple[Path, Path, Attachment]]:
    """A packet that names a file, the directory to trust, and what it names."""
    _, named = numbered(1)
    table = Table()
    table.say("kz.police", "information", text="x", attachments=(named,))
    packet, directory = tmp_path / "packet.json", tmp_path / "directory.json"
    packet.write_bytes(table.packet())
    directory.write_text(table.directory.model_dump_json())
    before = Path.cwd()
    os.chdir(tmp_path)
    yield packet, directory, named
    os.chdir(before)


def verified(packet: Path, directory: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `vigil verify`."""
    words = ["verify", str(packet), "--directory", str(directory), "--keys", str(packet.parent), "-o", "json", *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, json.loads(done.stdout)


def test_verify_names_the_files_and_says_which_are_at_hand(exported: tuple[Path, Path, Attachment], tmp_path: Path) -> None:
    """Without a folder it names them; with one, what is missing is said, and what was changed ends with code 7. A folder that is
    not there is no folder without files.
    """
    packet, directory, named = exported
    folder = tmp_path / "files"
    words = ("verify", str(packet), "--directory", str(directory), "--attachments", str(folder))
    assert isinstance(CliRunner().invoke(app, words).exception, NotFound)
    folder.mkdir()
    code, document = verified(packet, directory)
    assert (code, [one["attachment"]["digest"] for one in document["attachments"]]) == (0, [named.digest])
    assert "at_hand" not in document

    code, document = verified(packet, directory, "--attachments", str(folder))
    assert (code, document["verified"], document["at_hand"]) == (0, True, {named.digest: "missing"})

    (folder / named.name).write_bytes(numbered(1)[0])
    code, document = verified(packet, directory, "--attachments", str(folder))
    assert (code, document["at_hand"]) == (0, {named.digest: "fits"})

    (folder / named.name).write_bytes(numbered(2)[0])
    code, document = verified(packet, directory, "--attachments", str(folder))
    assert (code, document["verified"], document["at_hand"]) == (7, False, {named.digest: "changed"})


def test_a_person_reads_what_became_of_each_file(exported: tuple[Path, Path, Attachment], tmp_path: Path) -> None:
    """What it shows, who named it where, that it is not at hand, and which file there may be what became of it."""
    packet, directory, named = exported
    (tmp_path / "parcel.jpg").write_bytes(numbered(1)[0][:-1])
    words = ["verify", str(packet), "--directory", str(directory), "--keys", str(tmp_path), "--attachments", str(tmp_path)]
    done = CliRunner().invoke(app, words)

    assert "packet 1, by kz.police at entry" in done.stdout
    assert named.digest in done.stdout
    assert "not at hand" in done.stdout
    assert "parcel.jpg: none of the files that are named" in done.stdout


def test_a_description_is_what_a_plan_and_a_scenario_take(parcel: Path) -> None:
    """As YAML to be pasted, or as JSON."""
    words = ["attachment", "describe", str(parcel), "--shows", "the parcel", "--handling", "H1"]
    text, document = CliRunner().invoke(app, words), CliRunner().invoke(app, [*words, "-o", "json"])

    assert text.stdout.startswith("- digest: ")
    assert Attachment.model_validate_json(document.stdout).handling == "H1"
