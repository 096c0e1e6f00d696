"""Files of deliveries in a real folder and a real bucket: whole or not at all, encrypted, and within what each may have."""

import asyncio
import hashlib
import os
import resource
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.attachments.files import COMING, UNNAMED, Files, Named, Quota
from archive.attachments.sealing import CHUNK
from archive.attachments.storage import Bucket, ObjectStorage, storage_at
from archive.database import Database
from archive.expunging import Approver, Expunging, ExpungingOrder
from archive.ledgers import Ledgers
from archive.tables import attachments
from domain.plan.attachment import Attachment, MediaType
from domain.words.errors import Malformed, NotAllowed, NotFound, NotVerified, Unavailable, VigilError
from rehearsal.services import EPOCH
from tests.archive.samples import AT, NAME, batch, database, ledger, new_keys, standing
from tests.tables import new_archive

WORDS = b"MARKED: nobody reads this on a disk. "
BYTES = b"\xff\xd8\xff\xe0" + WORDS * 20_000  # three chunks, the last one not full
SERVICE = "kz.police"


def told(data: bytes = BYTES, media_type: MediaType = "image/jpeg") -> Attachment:
    """What a statement says of a file."""
    return Attachment(digest=hashlib.sha256(data).hexdigest(), size=len(data), media_type=media_type, shows="the parcel")


async def coming(data: bytes, piece: int = 100_001) -> AsyncIterator[bytes]:
    """A file in pieces, as a network brings it."""
    for start in range(0, len(data), piece):
        yield data[start : start + piece]


@dataclass
class Room:
    """An archive with one delivery, and a storage."""

    archive: Database
    ledgers: Ledgers
    files: Files
    expunging: Expunging
    now: list[timedelta]

    async def rows(self) -> int:
        """How many files the database knows of."""
        async with self.archive.reading() as connection:
            return int((await connection.execute(select(func.count()).select_from(attachments))).scalar_one())

    async def read(self, digest: str) -> bytes:
        """A file, whole."""
        _size, pieces = await self.files.get(NAME, digest)
        return b"".join([piece async for piece in pieces])


@asynccontextmanager
async def opened(folder: Path, storage: ObjectStorage, quota: Quota | None = None) -> AsyncIterator[Room]:
    """An archive that has kept a delivery that is closed."""
    archive, ring, now = database(new_archive(folder)), new_keys(), [timedelta()]
    files = Files(archive, ring, storage, quota, clock=lambda: EPOCH + now[0])
    room = Room(archive, Ledgers(archive, ring), files, Expunging(archive, files), now)
    try:
        closed = standing(phase="ended", ended=True, closed_at=AT, outcome="destroyed")
        await room.ledgers.keep(batch(ledger(3), 0, standing=closed))
        yield room
    finally:
        await archive.close()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a real server that speaks S3."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    """A storage of each kind."""
    if request.param == "folder":
        return storage_at(str(tmp_path / "files"), Bucket())
    return bucket(request.getfixturevalue("s3"), tmp_path)


def bucket(address: str, folder: Path) -> ObjectStorage:
    """A bucket of its own for this test."""
    name = f"b{abs(hash(str(folder))):x}"
    urllib.request.urlopen(urllib.request.Request(f"{address}/{name}", method="PUT")).close()  # noqa: S310 - our own server
    return storage_at(f"s3://{name}/vigil", Bucket(endpoint=address, key_id="id", secret="SECRET"))


def listed(storage: ObjectStorage) -> list[str]:
    """The names of all that lies in a storage."""
    return [one["path"] for page in storage._store.list() for one in page]


async def test_a_file_comes_back_as_it_went_and_lies_there_in_no_letter(storage: ObjectStorage, tmp_path: Path) -> None:
    """Byte for byte, in a folder and in a bucket; neither its words nor its digest nor the delivery stand in the storage."""
    async with opened(tmp_path, storage) as room:
        assert await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        (name,) = listed(storage)
        lying = bytes((await storage._store.get_async(name)).bytes())

        assert await room.read(told().digest) == BYTES
        assert {told().digest: (SERVICE,)} == await room.files.kept(NAME)
        assert not any(one in lying for one in (WORDS, NAME.encode(), BYTES[:4]))
        assert not any(one in name for one in (NAME, told().digest[:8]))
        assert len(lying) == len(BYTES) + 28 * (len(BYTES) // CHUNK + 1)


async def test_the_same_file_twice_is_one_and_another_services_is_its_own(tmp_path: Path) -> None:
    """Who hands it in again is told that it is there; who else hands it in learns nothing, and has one too."""
    storage = storage_at(str(tmp_path / "files"), Bucket())
    async with opened(tmp_path, storage) as room:
        first = [await room.files.put(NAME, one, told(), coming(BYTES)) for one in (SERVICE, SERVICE, "uz.customs")]
        both = await asyncio.gather(*(room.files.put(NAME, "uz.police", told(), coming(BYTES)) for _ in range(2)))

        assert first == [True, False, True]
        assert any(both)
        assert (SERVICE, "uz.customs", "uz.police") == (await room.files.kept(NAME))[told().digest]
        assert await room.rows() == len(listed(storage)) == 3


@pytest.mark.parametrize(
    ("said", "sent", "problem"),
    [
        (told(), BYTES[:-1] + b"?", "not the file"),
        (told(), BYTES[:-1], "not the file"),
        (told(), BYTES + b"?", "longer than"),
        (told(media_type="application/pdf"), BYTES, "does not begin as application/pdf"),
        (told(b"<html>", "text/csv"), b"<script", "longer than"),
    ],
)
async def test_what_is_not_the_file_that_was_said_is_not_kept(
    storage: ObjectStorage, tmp_path: Path, said: Attachment, sent: bytes, problem: str
) -> None:
    """One byte changed, missing or more, or of another type: it is refused with the reason, and nothing of it is left."""
    async with opened(tmp_path, storage) as room:
        with pytest.raises(Malformed, match=problem):
            await room.files.put(NAME, SERVICE, said, coming(sent))
        with pytest.raises(NotFound):
            await room.files.get(NAME, said.digest)

        assert (await room.rows(), listed(storage)) == (0, [])


async def test_a_file_that_is_broken_off_leaves_nothing(storage: ObjectStorage, tmp_path: Path) -> None:
    """The caller goes away in the middle, or its key counts no more at the end; then it comes whole."""

    async def broken() -> AsyncIterator[bytes]:
        yield BYTES[:100_000]
        raise ConnectionResetError

    async def revoked() -> None:
        raise NotAllowed("the key counts no more")

    async with opened(tmp_path, storage) as room:
        with pytest.raises(ConnectionResetError):
            await room.files.put(NAME, SERVICE, told(), broken())
        with pytest.raises(NotAllowed):
            await room.files.put(NAME, SERVICE, told(), coming(BYTES), revoked)

        assert (await room.rows(), listed(storage)) == (0, [])
        assert await room.files.put(NAME, SERVICE, told(), coming(BYTES))


async def test_what_a_killed_process_leaves_is_no_file_and_is_removed_in_time(tmp_path: Path) -> None:
    """A row without an object, and an object whose row says that it has not come whole."""
    storage = storage_at(str(tmp_path / "files"), Bucket())

    class Killed(Files):
        async def _let_go(self, name: str) -> None:
            """A killed process does no more."""

        async def _whole(self, *_: str) -> None:
            raise VigilError("killed")

    async with opened(tmp_path, storage) as room:
        room.files.__class__ = Killed
        with pytest.raises(VigilError, match="killed"):
            await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        room.files.__class__ = Files
        assert (await room.rows(), len(listed(storage)), await room.files.kept(NAME)) == (1, 1, {})
        with pytest.raises(NotFound):
            await room.files.get(NAME, told().digest)

        room.now[0] = COMING
        assert await room.files.tidy(names()) == 0
        room.now[0] = COMING + timedelta(seconds=1)
        assert await room.files.tidy(names()) == 1
        assert (await room.rows(), listed(storage)) == (0, [])


KILLED = """
import asyncio, os, sys
from archive.attachments.storage import PART, Bucket, storage_at

async def pieces():
    for _ in range(4):
        yield bytes(PART)
    os._exit(9)

asyncio.run(storage_at(sys.argv[1], Bucket()).put(sys.argv[2], pieces()))
"""


async def test_what_lies_there_of_a_file_whose_process_was_killed_while_it_came_is_removed(tmp_path: Path) -> None:
    """It has another name until it is whole, which no list of the storage shows: the disk would fill with what nobody finds."""
    name, folder = "a" * 32, tmp_path / "files"
    storage = storage_at(str(folder), Bucket())
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, folder, name)
    assert 9 == await killed.wait()
    assert [*folder.iterdir()]
    assert [] == listed(storage)
    await storage.remove(name)

    assert [] == [*folder.iterdir()]


async def test_a_file_is_on_the_disk_when_it_is_said_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes, and its name in the folder: else a power cut leaves a row of a file that is empty, or not there."""
    folder, written, sync = tmp_path / "files", list[int](), os.fsync

    def noted(descriptor: int) -> None:
        sync(descriptor)
        written.append(os.fstat(descriptor).st_ino)

    async with opened(tmp_path, storage_at(str(folder), Bucket())) as room:
        monkeypatch.setattr(os, "fsync", noted)
        assert await room.files.put(NAME, SERVICE, told(), coming(BYTES))
    (file,) = folder.iterdir()

    assert [file.stat().st_ino, folder.stat().st_ino] == written


@pytest.mark.parametrize("away", [False, True], ids=["there again", "away still"])
async def test_a_file_whose_end_was_written_though_nobody_was_told_so_is_kept(tmp_path: Path, *, away: bool) -> None:
    """The database went away with its answer, and perhaps for longer: who hands the file in again is told that it is there, and
    it is.
    """
    storage, lost = storage_at(str(tmp_path / "files"), Bucket()), asyncio.Event()

    class FailingOver(Files):
        async def _whole(self, *of: str) -> None:
            await super()._whole(*of)
            lost.set()
            raise Unavailable("no answer came")

    async with opened(tmp_path, storage) as room:
        writing = room.archive.writing

        @asynccontextmanager
        async def failing() -> AsyncIterator[AsyncConnection]:
            if lost.is_set() and away:
                raise Unavailable("away")
            async with writing() as connection:
                yield connection

        room.files.__class__ = FailingOver
        room.archive.writing = failing  # type: ignore[method-assign]
        with pytest.raises(Unavailable, match="no answer came"):
            await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        room.files.__class__ = Files
        lost.clear()

        assert not await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        assert await room.read(told().digest) == BYTES


async def test_what_one_gateway_sees_named_is_not_removed_by_another_that_looked_before(tmp_path: Path) -> None:
    """A statement was signed without a network, and names the file a week after it came: two gateways tidy as it comes in."""
    storage, other = storage_at(str(tmp_path / "files"), Bucket()), b"\xff\xd8\xff another"
    async with opened(tmp_path, storage) as room:

        async def before_it_came(_delivery: str) -> frozenset[str]:
            assert await room.files.tidy(names(told().digest, told(other).digest)) == 0
            return frozenset({told(other).digest})

        for data in (BYTES, other):
            await room.files.put(NAME, SERVICE, told(data), coming(data))
        room.now[0] = UNNAMED + timedelta(seconds=1)

        assert await room.files.tidy(before_it_came) == 0
        assert await room.read(told().digest) == BYTES


async def test_a_delivery_that_cannot_be_read_keeps_the_files_of_no_other(tmp_path: Path) -> None:
    """Its own stay, for nobody knows what it names; what nothing names in the next one is removed."""
    storage = storage_at(str(tmp_path / "files"), Bucket())

    async def named(delivery: str) -> frozenset[str]:
        if delivery == NAME:
            raise NotVerified("an entry was altered", 3)
        return frozenset()

    async with opened(tmp_path, storage) as room:
        await room.ledgers.keep(batch(ledger(3), 0, delivery="next-one"))
        for delivery in (NAME, "next-one"):
            await room.files.put(delivery, SERVICE, told(), coming(BYTES))
        room.now[0] = UNNAMED + timedelta(seconds=1)

        assert await room.files.tidy(named) == 1
        assert await room.read(told().digest) == BYTES
        assert await room.files.kept("next-one") == {}


def names(*digests: str) -> Named:
    """What every delivery names."""

    async def named(_delivery: str) -> tuple[str, ...]:
        return digests

    return named


async def test_a_file_that_nothing_names_is_removed_after_a_week(tmp_path: Path) -> None:
    """One that is named stays for ever, and is not looked for again."""
    storage, other = storage_at(str(tmp_path / "files"), Bucket()), b"\xff\xd8\xff another"
    async with opened(tmp_path, storage) as room:
        await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        await room.files.put(NAME, SERVICE, told(other), coming(other))
        room.now[0] = UNNAMED
        assert await room.files.tidy(names()) == 0
        room.now[0] = UNNAMED + timedelta(seconds=1)
        assert await room.files.tidy(names(told().digest)) == 1
        assert await room.files.tidy(names()) == 0

        assert list(await room.files.kept(NAME)) == [told().digest]
        assert len(listed(storage)) == 1


async def test_a_file_that_is_handed_in_again_is_kept_for_another_week(tmp_path: Path) -> None:
    """Who is told that it is there is about to name it, also where somebody is just looking what nothing names."""
    storage = storage_at(str(tmp_path / "files"), Bucket())
    async with opened(tmp_path, storage) as room:
        looks = 0

        async def meanwhile(_name: str) -> frozenset[str]:
            nonlocal looks
            looks += 1
            assert not await room.files.put(NAME, SERVICE, told(), coming(BYTES))
            return frozenset()

        await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        room.now[0] = UNNAMED
        assert not await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        room.now[0] = UNNAMED + timedelta(seconds=1)
        assert await room.files.tidy(names()) == 0
        room.now[0] = 2 * UNNAMED + timedelta(seconds=1)
        assert (await room.files.tidy(meanwhile), looks) == (0, 1)
        assert await room.read(told().digest) == BYTES
        room.now[0] = 3 * UNNAMED + timedelta(seconds=2)
        assert await room.files.tidy(names()) == 1
        assert not listed(storage)


@pytest.mark.parametrize(
    ("quota", "fits"),
    [
        (Quota(largest=len(BYTES)), 2),
        (Quota(largest=len(BYTES) - 1), 0),
        (Quota(each=1), 1),
        (Quota(bytes_each=2 * len(BYTES)), 2),
        (Quota(bytes_each=2 * len(BYTES) - 1), 1),
        (Quota(most=1), 1),
        (Quota(bytes=2 * len(BYTES) - 1), 1),
    ],
)
async def test_r28_files_are_bounded_in_count_and_bytes(tmp_path: Path, quota: Quota, fits: int) -> None:
    """At each bound it is taken; beyond it, it is refused with the bounds, and nothing is left of it."""
    storage = storage_at(str(tmp_path / "files"), Bucket())
    files = [BYTES[:-1] + bytes([number]) for number in range(2)]
    async with opened(tmp_path, storage, quota) as room:
        for data in files[:fits]:
            assert await room.files.put(NAME, SERVICE, told(data), coming(data))
        for data in files[fits:]:
            with pytest.raises(NotAllowed, match="bytes"):
                await room.files.put(NAME, SERVICE, told(data), coming(data))
        assert fits == await room.rows() == len(listed(storage))


async def test_one_service_leaves_room_for_the_files_of_another(tmp_path: Path) -> None:
    """Who has used up its own share keeps nobody else from theirs."""
    async with opened(tmp_path, storage_at(str(tmp_path / "files"), Bucket()), Quota(each=1)) as room:
        assert await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        assert await room.files.put(NAME, "uz.customs", told(), coming(BYTES))
        other = BYTES + b"!"
        with pytest.raises(NotAllowed, match="may have 1"):
            await room.files.put(NAME, SERVICE, told(other), coming(other))


@pytest.mark.parametrize("change", ["bit", "cut", "moved"])
async def test_what_was_altered_in_the_storage_is_said_and_not_shown(tmp_path: Path, change: str) -> None:
    """A bit, a chunk that is cut off, an object put in the place of another: from there on nothing is given."""
    storage = storage_at(str(tmp_path / "files"), Bucket())
    async with opened(tmp_path, storage) as room:
        await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        (name,) = listed(storage)
        path = tmp_path / "files" / name
        whole = path.read_bytes()
        if change == "bit":
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        elif change == "cut":
            path.write_bytes(whole[: 2 * (CHUNK + 28)])
        else:
            other = BYTES + b"!"
            await room.files.put(NAME, SERVICE, told(other), coming(other))
            (second,) = {*listed(storage)} - {name}
            path.write_bytes((tmp_path / "files" / second).read_bytes())
        with pytest.raises(NotVerified):
            await room.read(told().digest)


async def test_expunging_removes_the_files_and_takes_no_more(storage: ObjectStorage, tmp_path: Path) -> None:
    """The key that opens them is destroyed, and then they are; what a storage that was away still has is removed in time."""
    order = ExpungingOrder(
        at=AT,
        ordered_by="Court of Almaty, decision 12",
        law="Criminal Procedure Code, article 240",
        first=Approver(service="kz.knb", officer="KZ-117"),
        second=Approver(service="kz.prosecutor", officer="KZ-9"),
    )
    async with opened(tmp_path, storage) as room:
        await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        there, room.files._storage = room.files._storage, storage_at("s3://none/x", Bucket("http://127.0.0.1:9", "eu", "id", "s"))
        with pytest.raises(Unavailable):
            await room.expunging.expunge(NAME, order)
        with pytest.raises(NotFound):
            await room.files.get(NAME, told().digest)
        room.files._storage = there
        assert await room.files.tidy(names(told().digest)) == 1
        await room.expunging.expunge(NAME, order)

        assert (await room.rows(), listed(storage)) == (0, [])
        with pytest.raises(NotAllowed, match="expunged"):
            await room.files.put(NAME, SERVICE, told(), coming(BYTES))


async def test_a_storage_that_is_away_is_said_without_its_secrets(tmp_path: Path) -> None:
    """No address, key or bucket stands in the error, and nothing that was begun is taken for a file."""
    async with opened(tmp_path, storage_at("s3://bucket/x", Bucket("http://127.0.0.1:9", "eu", "KEYID", "SECRET"))) as room:
        with pytest.raises(Unavailable, match="storage of attachments cannot be reached") as found:
            await room.files.put(NAME, SERVICE, told(), coming(BYTES))
        with pytest.raises(Unavailable):
            await room.files.beats()
        assert {} == await room.files.kept(NAME)

        assert not any(one in f"{found.value} {found.value.hint}" for one in ("127.0.0.1", "KEYID", "SECRET", "bucket"))


async def test_a_disk_without_room_is_said_to_have_none(tmp_path: Path) -> None:
    """It is not said to be away, which nobody mends who looks at the network; nothing is left of the file, and a smaller one
    is taken.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with opened(tmp_path, storage_at(str(tmp_path / "files"), Bucket())) as room:
        large = BYTES + bytes(3_000_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
        try:
            with pytest.raises(Unavailable, match="has no room for it"):
                await room.files.put(NAME, SERVICE, told(large), coming(large))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [] == listed(room.files._storage)
        assert await room.files.put(NAME, SERVICE, told(), coming(BYTES))


async def test_a_folder_is_its_owners_and_one_that_is_gone_is_away(tmp_path: Path) -> None:
    """It is made with no rights for others; a storage in it beats until it is gone."""
    folder = tmp_path / "files"
    storage = storage_at(str(folder), Bucket())
    await storage.beats()
    assert folder.stat().st_mode & 0o077 == 0
    folder.rmdir()
    with pytest.raises(Unavailable):
        await storage.beats()


@pytest.mark.parametrize("place", ["s3://", "/dev/null/files"])
def test_a_place_that_is_no_storage_is_refused(place: str) -> None:
    """With what would be right."""
    with pytest.raises(Malformed):
        storage_at(place, Bucket())
