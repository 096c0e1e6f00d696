"""An officer attaches a file, another fetches it, and a stranger compares it with the packet."""

import re
from pathlib import Path

from archive.attachments.files import Quota
from domain.words.limits import LARGEST_FILE
from tests.client.conftest import Desk
from tests.command import vigil

JPEG = b"\xff\xd8\xff\xe0 the parcel, opened " * 1000


async def test_a_file_goes_from_an_officer_into_the_packet(desk: Desk, tmp_path: Path) -> None:
    """Handed in with the statement that names it, fetched by who reads that, exported beside the packet, and verified offline.
    Where a file is not taken, the statement counts all the same, the next file is handed in, and nobody is told to try again; one
    that no gateway takes is refused before anything is signed.
    """
    folder, name = tmp_path / "desk", desk.plan.operation
    folder.mkdir()
    (folder / "parcel.jpg").write_bytes(JPEG)
    directory = tmp_path / "directory.json"
    directory.write_text(desk.installation.directory.model_dump_json())
    (folder / "note.txt").write_text("smaller")
    with (folder / "film.mp4").open("wb") as film:
        film.truncate(LARGEST_FILE + 1)
    said = ("text of it", "--attach", "parcel.jpg: the parcel, opened", "--attach", "note.txt: a note", "-o", "json")

    large = await desk.run("inform", name, "x", "--attach", "film.mp4: a film", service="kz.police", cwd=folder)
    quota, desk.installation.files._quota = desk.installation.files._quota, Quota(largest=10)
    first = await desk.run("inform", name, *said, service="kz.police", cwd=folder)
    desk.installation.files._quota = quota
    before = await desk.run("attachment", "list", name, "-o", "json", service="kz.police")
    added = await desk.run("attachment", "add", name, "parcel.jpg", "-o", "json", service="kz.police", cwd=folder)
    (folder / "later.txt").write_text("to be named")
    unnamed = await desk.run("attachment", "add", name, "later.txt", "-o", "json", service="kz.police", cwd=folder)
    coded = await desk.run("inform", name, "x", "--attach", "note.txt: a note: H2", "--dry-run", service="kz.police", cwd=folder)
    listed = await desk.run("attachment", "list", name, service="kz.knb")
    one, note = before.json["files"]
    digest = one["attachment"]["digest"]
    got = await desk.run("attachment", "get", name, digest[:12], "-o", "json", service="kz.knb", cwd=folder)
    again = await desk.run("attachment", "get", name, digest[:12], service="kz.knb", cwd=folder)
    none = await desk.run("attachment", "get", name, "0" * 12, service="kz.knb", cwd=folder)

    assert (first.code, first.json["verdict"]["verdict"]) == (0, "accepted")
    assert "parcel.jpg: not taken" in first.err
    assert "vigil attachment add" not in first.err
    assert (one["kept"], one["attachment"]["shows"], note["kept"]) == (False, "the parcel, opened", True)
    assert 2 == large.code
    assert f"film.mp4 has {LARGEST_FILE + 1} bytes, and a file that is handed in {LARGEST_FILE} at most" in large.err
    assert (added.code, added.json[0]["new"]) == (0, True)
    assert ("no statement names it yet" in added.err, "no statement names it yet" in unnamed.err) == (False, True)
    assert re.search(r"file +a note \([0-9a-f]{16}\), H2", coded.out)
    assert "the parcel, opened" in listed.out
    assert (got.code, (folder / got.json["file"]).read_bytes()) == (0, JPEG)
    assert (again.code, none.code) == (2, 3)

    packet = folder / "packet.json"
    out = ("export", name, "--file", packet, "--with-attachments", "-o", "json")
    exported = [await desk.run(*out, service="kz.knb")]
    packet.rename(folder / "first.json")
    exported.append(await desk.run(*out, service="kz.knb"))
    beside = exported[0].json["attachments"]
    verify = ("verify", packet, "--directory", directory, "--attachments", beside["folder"], "--keys", folder, "-o", "json")

    assert [(ran.code, ran.json["attachments"]["count"]) for ran in exported] == [(0, 2), (0, 2)]
    assert (await vigil(*verify)).json["at_hand"] == {digest: "fits", note["attachment"]["digest"]: "fits"}
