"""Keys as an installation lives with them: its own under a passphrase, and those of its services changing while it runs."""

import asyncio
import os
import pty
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.signing.keys import key_id
from process.configuration import directory_in
from rehearsal.over_http import free_ports
from tests.client.test_cli import PLAN
from tests.command import VIGIL, Ran, vigil
from tests.end_to_end.test_up import children, linux, running, said
from tests.support import EXAMPLES, example_of

WORDS, OTHERS = "correct horse battery staple", "staple battery horse correct"
PATIENCE = 60.0
POLICE = "uz.police"
CAST = ("kz.knb", "kz.prosecutor", "uz.prosecutor", "kz.police", "uz.customs", POLICE, "caricc")


@dataclass(frozen=True)
class Place:
    """A folder with everything an installation is given, and ports of its own."""

    folder: Path
    ports: list[int] = field(default_factory=lambda: free_ports(3))

    @property
    def directory(self) -> Path:
        """The directory file."""
        return self.folder / "directory.yaml"

    @property
    def url(self) -> str:
        """Where its gateway answers."""
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def up(self) -> tuple[object, ...]:
        """Words of its `up`."""
        where = ("--directory", self.directory, "--keys", self.folder / "keys", "--home", self.folder / "home")
        return ("up", *where, "--port", self.ports[0], "--ui-port", self.ports[1], "--temporal-port", self.ports[2])

    async def run(self, *words: object) -> Ran:
        """A command with its keys."""
        return await vigil("--passphrase-file", self.folder / "pass", *words, "--keys", self.folder / "keys", cwd=self.folder)

    def known(self) -> list[str]:
        """Key ids of the police in the directory."""
        return [key_id(key.public) for key in directory_in(self.directory).get(POLICE).keys]


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    """The installation's own key is under a passphrase; those of the services are plain."""
    example_of(tmp_path, "KZ", "UZ", cards=True)
    (tmp_path / "pass").write_text(f"{WORDS}\n")
    found = Place(tmp_path)
    for words in (("vigil", "--installation"), ("--plain", *CAST)):
        assert 0 == (await found.run("keys", "new", *words, "--directory", found.directory)).code
    return found


@asynccontextmanager
async def typing(words: str, *command: object) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A command at a terminal, where this passphrase is typed once; and its screen, to be read on."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        VIGIL, *map(str, command), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        await shown(ours, "Passphrase of ")
        os.write(ours, f"{words}\n".encode())
        yield process, ours
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), PATIENCE)
        os.close(ours)


async def shown(screen: int, words: str) -> str:
    """The screen up to these words, or to its end."""

    def read() -> str:
        seen = ""
        while words not in seen:
            try:
                seen += os.read(screen, 4096).decode()
            except OSError:  # the other end is closed
                break
        return seen

    return await asyncio.wait_for(asyncio.to_thread(read), PATIENCE)


@pytest.mark.slow
@linux
async def test_the_passphrase_of_the_installation_is_typed_once_and_is_in_no_list_and_no_file(place: Place) -> None:
    """Worker and gateway are told it through a pipe: no process shows it to whoever looks, Temporal's never hears it."""
    async with typing(WORDS, *place.up) as (up, screen):
        seen = await shown(screen, "stop with Ctrl-C")
        started = {pid: Path(f"/proc/{pid}") for pid in children(up)}
        told = {(proc / "cmdline").read_bytes(): (proc / "environ").read_bytes() for proc in started.values()}
        listed = await place.run("list", "--as", "kz.knb", "--gateway", place.url)
    kept = [path.read_bytes() for path in (place.folder / "home").rglob("*") if path.is_file()]

    assert 1 == seen.count("stop with Ctrl-C")
    assert 0 == listed.code
    assert 3 == len(told)
    assert not [one for pair in told.items() for one in pair if WORDS.encode() in one]
    assert not [one for one in kept if WORDS.encode() in one]
    assert {b"temporal": False, b"worker": True, b"gateway": True} == {
        next(name for name in (b"worker", b"gateway", b"temporal") if name in words): b"VIGIL_PASSPHRASE_FILE=/dev/fd/"
        in settings
        for words, settings in told.items()
    }


async def test_with_a_wrong_passphrase_nothing_is_started(place: Place) -> None:
    """Exit code 5, and its folder is not even made."""
    async with typing(OTHERS, *place.up) as (up, screen):
        seen = await shown(screen, "the passphrase is not that of")
        code = await asyncio.wait_for(up.wait(), PATIENCE)

    assert "the passphrase is not that of" in seen
    assert 5 == code
    assert not (place.folder / "home").exists()


@pytest.mark.slow
async def test_services_change_their_keys_while_it_runs(place: Place) -> None:
    """With the passphrase in a file. A new key counts at once, a revoked one is refused from that moment, for calls and for
    statements that were signed before and come in after; and the packet verifies with the directory as it is then.
    """
    where = ("--directory", place.directory, "--gateway", place.url)
    async with running("--passphrase-file", place.folder / "pass", *place.up) as up:
        await said(up, "stop with Ctrl-C")
        started = await place.run("start", PLAN, "--directory", place.directory, "--gateway", place.url, "-o", "json")
        name = started.json["delivery"]
        known = await place.run("show", name, "--as", "kz.knb", "--gateway", place.url)  # others see it no sooner
        before = await place.run("inform", name, "seen", "--as", POLICE, "--gateway", place.url)
        carried = await place.run("inform", name, "carried", "--as", POLICE, "--offline", "-o", "json")
        rotated = await place.run("keys", "rotate", POLICE, *where, "-o", "json")
        old, new = place.known()
        after = await place.run("inform", name, "seen again", "--as", POLICE, "--gateway", place.url)
        revoked = await place.run("keys", "revoke", POLICE, old, *where, "-o", "json")
        late = await place.run("submit", carried.json["statement"], "--as", POLICE, "--gateway", place.url)
        await place.run("export", name, "--as", "kz.knb", "--file", "packet.json", "--gateway", place.url)
        shutil.copytree(place.folder / "keys", place.folder / "stolen")
        (place.folder / "stolen" / f"{POLICE}@{old}.pem").replace(place.folder / "stolen" / f"{POLICE}.pem")
        thief = place.folder / "stolen" / f"{POLICE}.pem"
        thief.write_text(re.sub(r"(valid_until|revoked_at): .*\n", "", thief.read_text()))
        theft = await vigil("inbox", "--as", POLICE, "--keys", place.folder / "stolen", "--gateway", place.url)
        up.terminate()
        await asyncio.wait_for(up.communicate(), PATIENCE)
    verified = await place.run("verify", "packet.json", "--directory", place.directory, "-o", "json")

    assert [0, 0, 0, 0] == [known.code, before.code, carried.code, after.code]
    assert [[name], [name]] == [one.json["deliveries"]["taken"] for one in (rotated, revoked)]
    assert [5, 5] == [late.code, theft.code]
    assert 0 == verified.code
    assert {old, new} <= {one["key"] for one in verified.json["signers"]}


@pytest.mark.slow
@pytest.mark.parametrize("module", ["worker", "gateway"])
@pytest.mark.parametrize(
    ("passphrase", "problem"),
    [(None, "is protected by a passphrase, and there is nobody to ask"), (OTHERS, "the passphrase is not that of")],
    ids=["none", "wrong"],
)
async def test_a_process_that_cannot_open_the_key_does_not_begin(
    place: Place, module: str, passphrase: str | None, problem: str
) -> None:
    """It says which file and which setting, and ends; the key is not in what it says, nor the passphrase."""
    place.folder.joinpath("wrong").write_text(passphrase or "")
    env = {
        "PATH": os.environ["PATH"],
        "VIGIL_DIRECTORY": str(place.directory),
        "VIGIL_CARDS": str(place.folder / "cards"),
        "VIGIL_KEY": str(place.folder / "keys" / "vigil.pem"),
        "VIGIL_PASSPHRASE_FILE": str(place.folder / "wrong") if passphrase else "",
        "VIGIL_PAYLOAD_KEYS": str(place.folder / "payload.keys"),
        "VIGIL_ARCHIVE_URL": f"sqlite+aiosqlite:///{place.folder}/archive.db",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        env=env,
        cwd=EXAMPLES.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)

    assert process.returncode not in (0, None)
    assert problem in out.decode()
    assert "Traceback" not in out.decode()
    assert OTHERS not in out.decode()
