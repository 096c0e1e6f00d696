"""An officer attaches a file, another fetches it, and a stranger compares it with the packet."""

from pathlib import Path

from archive.attachments.files import Quota
from tests.client.conftest import Desk
from tests.command import vigil

JPEG = b"\xff\xd8\xff\xe0 the parcel, opened " * 1000


async def test_a_file_goes_from_an_officer_into_the_packet(desk: Desk, tmp_path: Path) -> None:
    """Handed in with the statement that names it, fetched by who reads that, exported beside the packet, and verified offline.
    Where the file is not taken, the statement counts all the same, and the officer is told how to hand it in later.
    """
    folder, name = tmp_path / "desk", desk.plan.operation
    folder.mkdir()
    (folder / "parcel.jpg").write_bytes(JPEG)
    directory = tmp_path / "directory.json"
    directory.write_text(desk.installation.directory.model_dump_json())
    said = ("text of it", "--attach", "parcel.jpg: the parcel, opened", "-o", "json")

    quota, desk.installation.files._quota = desk.installation.files._quota, Quota(largest=1)
    first = await desk.run("inform", name, *said, service="kz.police", cwd=folder)
    desk.installation.files._quota = quota
    before = await desk.run("attachment", "list", name, "-o", "json", service="kz.police")
    added = await desk.run("attachment", "add", name, "parcel.jpg", "-o", "json", service="kz.police", cwd=folder)
    listed = await desk.run("attachment", "list", name, service="kz.knb")
    (one,) = before.json["files"]
    digest = one["attachment"]["digest"]
    got = await desk.run("attachment", "get", name, digest[:12], "-o", "json", service="kz.knb", cwd=folder)
    again = await desk.run("attachment", "get", name, digest[:12], service="kz.knb", cwd=folder)
    none = await desk.run("attachment", "get", name, "0" * 12, service="kz.knb", cwd=folder)

    assert (first.code, first.json["verdict"]["verdict"]) == (0, "accepted")
    assert f"vigil attachment add {name} parcel.jpg" in first.err
    assert (one["kept"], one["attachment"]["shows"]) == (False, "the parcel, opened")
    assert (added.code, added.json[0]["new"]) == (0, True)
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

    assert [(ran.code, ran.json["attachments"]["count"]) for ran in exported] == [(0, 1), (0, 1)]
    assert (await vigil(*verify)).json["at_hand"] == {digest: "fits"}
