"""Attachments over HTTP: handed in, told of and handed out, each by who may; and what a hostile caller finds."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from archive.attachments.files import Files, Quota
from archive.attachments.storage import Bucket, storage_at
from archive.ledgers import Ledgers
from archive.reads import Reads
from archive.sessions import Sessions
from domain.plan.attachment import Attachment
from domain.words.errors import Limited, Malformed, NotAllowed, NotFound, Unavailable, VigilError
from gateway import bodies
from gateway.access import Proofs
from gateway.api import application
from gateway.connections import serving
from gateway.health import ArchivePulse, Health, whole
from gateway.reception import Reception
from process.in_force import InForce
from process.ring import Wrapping
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, cast, private_key_of
from tests.archive.test_cached_deliveries import keep
from tests.gateway.test_api import signed
from tests.gateway.test_http import NOBODY
from tests.gateway.test_pages import Browser
from tests.installation import PAYLOAD_KEYS, log_of_reads, reading_of
from tests.support import Table, example_directory

MOVIE = b"\0\0\0\x18ftypmp42" + b"MARKED " * 200_000
NAME = "saxaul-22"


def told(data: bytes = MOVIE, **more: Any) -> Attachment:
    """What a statement says of a film of the opening."""
    usual = {"digest": hashlib.sha256(data).hexdigest(), "size": len(data), "media_type": "video/mp4", "shows": "the opening"}
    return Attachment.model_validate(usual | more)


async def coming(data: bytes = MOVIE, piece: int = 65_536) -> AsyncIterator[bytes]:
    """A file in pieces."""
    for start in range(0, len(data), piece):
        yield data[start : start + piece]


@dataclass
class At:
    """A gateway over an archive with one delivery, and nobody behind it."""

    url: str
    http: aiohttp.ClientSession
    reads: Reads
    table: Table
    ledgers: Ledgers
    known: InForce
    kept: int = 0

    def door(self, service: str) -> Gateway:
        """The gateway, as this service calls it."""
        return Gateway(self.http, self.url, service, private_key_of(service))

    async def archived(self) -> None:
        """The archive has all that has been said."""
        await keep(self.ledgers, self.table, self.kept)
        self.kept = len(self.table.delivery.ledger)

    async def read(self, service: str, digest: str) -> bytes:
        """A file, whole."""
        return b"".join([piece async for piece in self.door(service).fetch(NAME, digest)])

    async def raw(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Status and words of one answer to `kz.police`, whose proof is over this body."""
        target = f"{self.url}/v1/deliveries/{NAME}/attachments{path}"
        sent = signed("kz.police", method, target, body) | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, target, data=body, headers=sent) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def opened(folder: Path, quota: Quota | None = None, *, keeps: bool = True) -> AsyncIterator[At]:
    """One for one test; the consent is given, and the archive has it."""
    directory = cast(example_directory(), (*Table().plan.everybody(), "supervision", "tj.customs"))
    port = free_ports(1)[0]
    url, known = f"http://127.0.0.1:{port}", InForce(directory)
    async with aiohttp.ClientSession() as http, log_of_reads(directory) as reads:
        ring = Wrapping(PAYLOAD_KEYS)
        files = Files(reads._database, ring, storage_at(str(folder / "files"), Bucket()), quota) if keeps else None
        reading = reading_of(reads._database)
        reception = Reception(NOBODY, "none", known, {}, private_key_of(VIGIL), reading)
        app = application(reception, Proofs(known, url), reads, Sessions(reads._database, Wrapping(PAYLOAD_KEYS)), kept=files)
        async with serving(app, "127.0.0.1", port, grace=0.1):
            at = At(url, http, reads, Table().consent(), Ledgers(reads._database, ring), known)
            await at.archived()
            yield at


async def test_a_file_is_handed_in_before_or_after_its_statement_and_read_by_who_may(tmp_path: Path) -> None:
    """Before: it is unnamed, and its own service's to know of. After: whoever reads the statement has it, byte for byte; others
    are told that there is none. Each read is in the log, with the digest.
    """
    async with opened(tmp_path) as at:
        film = told()
        assert await at.door("kz.police").attach(NAME, film, coming())
        before = await at.door("kz.police").files(NAME)
        assert ((), (film.digest,)) == (before.files, before.unnamed)
        with pytest.raises(NotFound):
            await at.read("kz.police", film.digest)

        at.table.say("kz.police", "prepared", "preparation", attachments=(film,))
        await at.archived()
        assert not await at.door("kz.police").attach(NAME, film, coming())
        assert MOVIE == await at.read("kz.knb", film.digest) == await at.read("supervision", film.digest)
        (one,) = (await at.door("kz.knb").files(NAME)).files
        assert (one.attachment, one.kept, one.yours) == (film, True, True)
        assert () == (await at.door("uz.customs").files(NAME)).files
        with pytest.raises(NotFound):
            await at.read("uz.customs", film.digest)

        log = (await at.reads.page(0, 100)).reads
        assert [("kz.knb", film.digest), ("supervision", film.digest)] == [(r.service, r.file) for r in log if r.action == "file"]
        assert not any(b"MARKED" in path.read_bytes() for path in (tmp_path / "files").iterdir())


async def test_a_file_that_a_statement_names_comes_after_the_end_too_and_no_other(tmp_path: Path) -> None:
    """The delivery never waits for it; what nothing names can be named no more."""
    async with opened(tmp_path) as at:
        film = told()
        at.table.say("kz.police", "information", text="x", attachments=(film,))
        at.table.say("kz.knb", "stop_requested")
        at.table.say("kz.police", "interdicted")
        at.table.pass_time(days=1)
        assert at.table.delivery.state.ended
        await at.archived()

        assert await at.door("kz.police").attach(NAME, film, coming())
        other = MOVIE + b"!"
        with pytest.raises(NotAllowed, match="nothing in saxaul-22 names this file"):
            await at.door("kz.police").attach(NAME, told(other), coming(other))


@pytest.mark.parametrize(
    ("said", "sent", "problem"),
    [
        (told(), MOVIE[:-1] + b"?", "not the file that was said"),
        (told(media_type="application/pdf"), MOVIE, "does not begin as application/pdf"),
    ],
)
async def test_what_is_not_the_file_that_was_said_is_refused(tmp_path: Path, said: Attachment, sent: bytes, problem: str) -> None:
    """Another content of the same length, and a film that calls itself a paper: nothing is kept."""
    async with opened(tmp_path) as at:
        with pytest.raises(Malformed, match=problem):
            await at.door("kz.police").attach(NAME, said, coming(sent))

        assert not list((tmp_path / "files").iterdir())


async def test_what_a_statement_says_of_a_file_holds(tmp_path: Path) -> None:
    """The same digest with another type than the signed one is not taken: it would be handed out as what it is not."""
    async with opened(tmp_path) as at:
        at.table.say("kz.police", "information", text="x", attachments=(told(),))
        await at.archived()
        with pytest.raises(Malformed, match="another size or type"):
            await at.door("kz.police").attach(NAME, told(media_type="video/quicktime"), coming())


async def test_who_has_no_part_learns_nothing(tmp_path: Path) -> None:
    """Neither hands in, nor is told, nor gets anything: as if there were no such delivery. A supervisor reads."""
    async with opened(tmp_path) as at:
        film = told()
        calls: tuple[Callable[[Gateway], Any], ...] = (
            lambda door: door.attach(NAME, film, coming()),
            lambda door: door.files(NAME),
            lambda door: anext(door.fetch(NAME, film.digest)),
        )
        for call in calls:
            with pytest.raises(NotFound, match="no delivery"):
                await call(at.door("tj.customs"))
        with pytest.raises(NotAllowed):
            await at.door("supervision").attach(NAME, film, coming())


async def test_another_services_file_is_not_told_by_handing_it_in(tmp_path: Path) -> None:
    """Who guesses a file that another has handed in is answered as if nobody had."""
    async with opened(tmp_path) as at:
        assert await at.door("kz.police").attach(NAME, told(), coming())
        assert await at.door("uz.customs").attach(NAME, told(), coming())


async def test_the_code_of_a_file_keeps_it_from_a_third_state(tmp_path: Path) -> None:
    """R23: its name is read with the statement, and the file is refused, with whom to ask."""
    async with opened(tmp_path) as at:
        film = told(handling="H2")
        at.table.say("kz.police", "information", to=["uz.customs"], text="x", attachments=(film,))
        await at.archived()
        await at.door("kz.police").attach(NAME, film, coming())
        (one,) = (await at.door("uz.customs").files(NAME)).files
        assert (one.kept, one.yours) == (True, False)
        with pytest.raises(NotAllowed, match="H2 keeps it from you"):
            await at.read("uz.customs", film.digest)


async def test_a_proof_is_for_one_file_and_no_other(tmp_path: Path) -> None:
    """A body with another digest than the address has, or a proof over another: nothing of it is read. Nothing is no file."""
    async with opened(tmp_path) as at:
        digest = told().digest
        wrong = await at.raw("PUT", f"/{digest}?media_type=video/mp4", b"\0\0\0\x18ftypmp42")
        nothing = await at.raw("PUT", f"/{hashlib.sha256().hexdigest()}?media_type=text/plain")
        assert (wrong[0], nothing[0]) == (401, 422)
        assert not list((tmp_path / "files").iterdir())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/..%2F..%2Fetc%2Fpasswd", 401),
        (f"/{'0' * 64}%2F..", 401),
        ("/{digest}", 422),
        ("/{digest}?media_type=text/html", 422),
        ("/{digest}?media_type=../x", 422),
    ],
)
async def test_no_name_leads_anywhere(tmp_path: Path, path: str, status: int) -> None:
    """What is no digest and no type that is taken is refused; nothing is written."""
    body = b"<html>"
    async with opened(tmp_path) as at:
        found = await at.raw("PUT", path.format(digest=hashlib.sha256(body).hexdigest()), body)

        assert found[0] == status
        assert not list((tmp_path / "files").iterdir())


async def test_a_file_comes_out_as_bytes_that_no_browser_shows(tmp_path: Path) -> None:
    """To be saved, under a name made of its digest; of no type that runs, in a sandbox all the same."""
    async with opened(tmp_path) as at:
        film = told()
        at.table.say("kz.police", "information", text="x", attachments=(film,))
        await at.archived()
        await at.door("kz.police").attach(NAME, film, coming())
        target = f"{at.url}/v1/deliveries/{NAME}/attachments/{film.digest}"
        async with at.http.get(target, headers=signed("kz.police", "GET", target)) as answer:
            await answer.read()

        assert answer.headers["Content-Disposition"] == f'attachment; filename="{film.digest}.mp4"'
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_who_sends_slowly_is_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece that does not come in time ends it, with nothing kept."""
    monkeypatch.setattr(bodies, "BODY_PATIENCE", 0.05)
    async with opened(tmp_path) as at:

        async def stuck() -> AsyncIterator[bytes]:
            yield MOVIE[:1000]
            await asyncio.sleep(30)

        with pytest.raises(VigilError):
            await at.door("kz.police").attach(NAME, told(), stuck())
        assert not list((tmp_path / "files").iterdir())


async def test_who_sends_ever_so_little_is_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece in time, and all of them too slowly: it ends as well."""
    monkeypatch.setattr(bodies, "BODY_PATIENCE", 0.2)
    monkeypatch.setattr(bodies, "SLOWEST", 10**12)
    async with opened(tmp_path) as at:

        async def trickling() -> AsyncIterator[bytes]:
            for byte in MOVIE:
                yield bytes([byte])
                await asyncio.sleep(0.01)

        with pytest.raises(VigilError):
            await at.door("kz.police").attach(NAME, told(), trickling())
        assert not list((tmp_path / "files").iterdir())


async def test_files_have_a_lane_of_their_own(tmp_path: Path) -> None:
    """Four under way at once, and no more; what else the caller asks is answered meanwhile."""
    go_on, all_under_way, asked = asyncio.Event(), asyncio.Event(), []

    async def waiting() -> AsyncIterator[bytes]:
        asked.append("sent")
        if len(asked) == 4:
            all_under_way.set()
        yield MOVIE[:1000]
        await go_on.wait()
        yield MOVIE[1000:]

    async with opened(tmp_path) as at:
        door = at.door("kz.police")
        under_way = [asyncio.create_task(door.attach(NAME, told(), waiting())) for _ in range(4)]
        await all_under_way.wait()
        with pytest.raises(Limited):
            await anext(door.fetch(NAME, "0" * 64))
        assert NAME == (await door.files(NAME)).delivery
        go_on.set()
        assert any(await asyncio.gather(*under_way))


async def test_beyond_a_quota_a_file_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    """With what may be kept, and what to do."""
    asked = []

    async def asking() -> AsyncIterator[bytes]:
        asked.append("sent")
        yield MOVIE

    async with opened(tmp_path, Quota(largest=1000)) as at:
        with pytest.raises(NotAllowed, match="1000 bytes at most"):
            await at.door("kz.police").attach(NAME, told(), asking())
        assert asked == []


async def test_an_installation_without_a_storage_says_so(tmp_path: Path) -> None:
    """Files are named all the same."""
    async with opened(tmp_path, keeps=False) as at:
        at.table.say("kz.police", "information", text="x", attachments=(told(),))
        await at.archived()
        with pytest.raises(NotAllowed, match="keeps no attachments"):
            await at.door("kz.police").attach(NAME, told(), coming())
        (one,) = (await at.door("kz.police").files(NAME)).files
        assert not one.kept


@pytest.mark.parametrize("page", [False, True])
async def test_a_long_file_breaks_off_once_the_key_that_asked_for_it_counts_no_more(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    page: bool,  # noqa: FBT001
) -> None:
    """It is revoked while the file is on its way: what has not gone out by then stays here."""
    monkeypatch.setattr("gateway.pages.entrance.CHECKED", 0.0)
    async with opened(tmp_path) as at:
        film, get = told(), Files.get
        at.table.say("kz.police", "information", text="x", attachments=(film,))
        await at.archived()
        await at.door("kz.police").attach(NAME, film, coming())

        async def revoked(self: Files, *which: str) -> Any:
            size, pieces = await get(self, *which)

            async def some() -> AsyncIterator[bytes]:
                yield await anext(pieces)
                at.known.replace(cast(example_directory(), ("kz.knb",)))
                async for piece in pieces:
                    yield piece

            return size, some()

        path = f"/desk/deliveries/{NAME}/attachments/{film.digest}"
        browser = Browser(at.http, at.url)
        officer = Gateway(at.http, at.url, "kz.police", private_key_of("kz.police"), "officer-1")
        await browser.enter((await officer.sign_in()).address.partition("#")[2])
        monkeypatch.setattr(Files, "get", revoked)
        with pytest.raises((VigilError, aiohttp.ClientPayloadError)):
            await (browser.ask("GET", path) if page else at.read("kz.police", film.digest))


async def test_what_was_altered_in_the_storage_ends_too_soon(tmp_path: Path) -> None:
    """Nothing of the chunk that was altered goes out: whoever reads sees that the file is not whole."""
    async with opened(tmp_path) as at:
        film = told()
        at.table.say("kz.police", "information", text="x", attachments=(film,))
        await at.archived()
        await at.door("kz.police").attach(NAME, film, coming())
        (path,) = (tmp_path / "files").iterdir()
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(Unavailable):
            await at.read("kz.police", film.digest)


@pytest.mark.parametrize(
    ("storage", "status", "attachments"), [(None, "up", "none"), ("there", "up", "up"), ("away", "partly", "away")]
)
async def test_health_says_how_the_storage_is(storage: str | None, status: str, attachments: str) -> None:
    """Away it is `partly` up, and everything else goes on; where no files are kept, nothing is missing."""

    async def temporal() -> Health:
        return Health(worker="up")

    async def there() -> None:
        if storage == "away":
            raise Unavailable("the storage of attachments cannot be reached")

    found = await whole(temporal(), ArchivePulse(nothing), ArchivePulse(there) if storage is not None else None)

    assert (found.status, found.attachments, found.archive) == (status, attachments, "up")


async def nothing() -> None:
    """It answers."""
