"""`vigil doctor` where things are wrong: each is said with what to do, and whatever is down, the rest is looked at."""

import asyncio
import hashlib
import json
import os
import re
import sqlite3
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.client import Client, WorkflowQueryFailedError

from archive.branches import note_seen
from archive.database import Database
from archive.key_changes import KeyChanges
from archive.ledgers import Ledgers
from client.commands import doctoring
from doctor.archive import alarms, attachments, compared, migrations
from doctor.archive import own_key as key_in_archive
from doctor.files import certificates, closed, disk, own_certificate, own_key, passwords
from doctor.findings import ends, gathered
from doctor.given import Setup, as_processes_have_it
from doctor.reach import front_end, gateway
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, private_pem, public_text
from domain.words.errors import Unavailable
from process.in_force import FollowedFile
from process.ring import Ring, Wrapping
from process.settings import Settings
from process.tls import Served
from rehearsal.over_http import free_ports
from rehearsal.services import DECONFLICTION_KEY, cast, private_key_of
from tests.archive.samples import batch, ledger, put, root, standing
from tests.client.conftest import Desk
from tests.command import vigil
from tests.gateway.test_http import door_of
from tests.gateway.test_tls import made
from tests.installation import PAYLOAD_KEYS
from tests.support import EXAMPLES, example_directory
from tests.tables import new_archive
from workflows.messages import LedgerSize, workflow_id

SECRETS = {"payload": Ring.of(hashlib.sha256(b"a test").digest()).text(), "password": "open sesame, says the doctor"}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Of an installation of which nothing runs. The payload keys are everybody's to read."""
    files = {
        "vigil.pem": private_pem(private_key_of("vigil")).decode(),
        "payload.keys": SECRETS["payload"],
        "deconfliction.key": DECONFLICTION_KEY.hex(),
        "password": SECRETS["password"],
        "directory.yaml": cast(example_directory(), ("kz.customs", "uz.customs")).model_dump_json(),
    }
    for name, text in files.items():
        (tmp_path / name).touch(mode=0o644 if name == "payload.keys" else 0o600)
        (tmp_path / name).write_text(text)
    ports = free_ports(2)
    return {
        "VIGIL_TEMPORAL_ADDRESS": f"127.0.0.1:{ports[0]}",
        "VIGIL_GATEWAY_URL": f"http://127.0.0.1:{ports[1]}",
        "VIGIL_DIRECTORY": str(tmp_path / "directory.yaml"),
        "VIGIL_CARDS": str(EXAMPLES / "cards"),
        "VIGIL_KEY": str(tmp_path / "vigil.pem"),
        "VIGIL_PAYLOAD_KEYS": str(tmp_path / "payload.keys"),
        "VIGIL_DECONFLICTION_KEY": str(tmp_path / "deconfliction.key"),
        "VIGIL_PASSPHRASE_FILE": str(tmp_path / "password"),
        "VIGIL_ARCHIVE_URL": new_archive(tmp_path),
    }


async def asked(settings: dict[str, str], folder: Path, *words: str) -> tuple[int, str]:
    """What the doctor says of these settings, which it reads from a file."""
    file = folder / "vigil.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    ran = await vigil("doctor", "--settings", file, *words)
    return ran.code, ran.out


async def test_while_everything_is_down_the_doctor_says_what_is_there_and_shows_no_secret(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """Keys, archive and directory are looked at though Temporal and the gateway are away; what cannot be known is said so."""
    code, said = await asked(settings, tmp_path)

    assert code == 1
    assert re.search(r"no Temporal server answers at \S+ \(Connection refused\)", said)
    assert re.search(r"no gateway answers at \S+: Connection refused", said)
    assert "the archive answers" in said
    assert "without Temporal nobody knows which workers are up" in said
    assert f"chmod g-w,o= {settings['VIGIL_PAYLOAD_KEYS']}" in said
    secrets = [SECRETS["password"], DECONFLICTION_KEY.hex(), *(line.split()[-1] for line in SECRETS["payload"].splitlines()[2:])]
    assert not [secret for secret in secrets if secret in said]


async def test_what_is_missing_is_a_finding_and_keeps_nothing_else_from_being_looked_at(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """A setting that is not there, one with a wrong value, a file that is gone, tables that nobody has made."""
    del settings["VIGIL_KEY"]
    settings |= {"VIGIL_GATEWAY_PORT": "many", "VIGIL_ARCHIVE_URL": f"sqlite+aiosqlite:///{tmp_path}/none.db"}
    settings["VIGIL_DECONFLICTION_KEY"] = str(tmp_path / "lost.key")
    code, said = await asked(settings, tmp_path, "-o", "json")

    assert code == 1
    for told in ("VIGIL_KEY", "VIGIL_GATEWAY_PORT", "lost.key", "there is no archive at", "rule cards in"):
        assert told in said, told
    assert not (tmp_path / "none.db").exists(), "it changes nothing"


async def test_a_doctor_that_does_not_come_to_an_end_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it waits for may hang in a way that none of its looks survives."""
    monkeypatch.setattr(doctoring, "PATIENCE", 0.01)
    with pytest.raises(Unavailable, match=r"the doctor did not come to an end within 0 seconds$"):
        await doctoring._asked({**os.environ})


async def test_what_lies_where_the_doctor_is_called_is_not_run(settings: dict[str, str], tmp_path: Path) -> None:
    """Root calls it wherever it happens to be, in a folder of somebody else for instance."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("doctor", "json"):
        (elsewhere / f"{name}.py").write_text("raise SystemExit('run as root')")
    (tmp_path / "vigil.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    ran = await vigil("doctor", "--settings", tmp_path / "vigil.env", "-o", "json", cwd=elsewhere)

    assert "findings" in ran.out, ran.err


async def test_of_tables_of_another_version_it_is_said_which_way_there_is(tmp_path: Path) -> None:
    """Older ones are migrated by whoever starts, which cannot be undone; of a newer version, it is that one or the backup."""
    given = _given(tmp_path / "payload.keys", new_archive(tmp_path))
    said = []
    for revision in ("0001", "9999"):
        with closing(sqlite3.connect(tmp_path / "archive.db")) as database, database:
            database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        said += await gathered("archive", migrations(given))

    assert ["wrong", "wrong"] == [one.state for one in said]
    assert "back up, for no migration can be undone" in said[0].then
    assert "a newer version has migrated it" in said[1].then


async def test_it_is_said_why_the_archive_does_not_answer(tmp_path: Path) -> None:
    """A disk, a password or a file that is none: the error that callers get keeps that to itself, and whoever was woken for it is
    sent to the doctor, who is to say which.
    """
    (tmp_path / "archive.db").write_text("no database at all, though of this name")
    (port,) = free_ports(1)
    urls = f"sqlite+aiosqlite:///{tmp_path}/archive.db", f"postgresql+asyncpg://vigil@127.0.0.1:{port}/vigil"
    said = [(await gathered("archive", migrations(_given(tmp_path / "payload.keys", url))))[0].what for url in urls]

    assert "(file is not a database)" in said[0]
    assert "Connect call failed" in said[1]


async def test_a_storage_whose_name_is_mistaken_is_not_made_by_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not begin as a bucket does is a folder to the gateway: the doctor made one where it was called, and found it
    right.
    """
    monkeypatch.chdir(tmp_path)
    plain = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@127.0.0.1/vigil").settings
    found = await gathered("attachments", attachments(Setup(plain.model_copy(update={"attachments": "S3://bucket/files"}))))

    assert ["wrong"] == [one.state for one in found]
    assert not (tmp_path / "S3:").exists()


async def test_the_heads_of_ledgers_are_compared_with_their_workflows(desk: Desk, temporal: Client, tmp_path: Path) -> None:
    """They agree; of an archive that was put back and goes less far, of one that goes further, and of one that knows nothing of
    what is under way, that is said.
    """
    file = tmp_path / "payload.keys"
    file.touch(mode=0o600)
    file.write_text(PAYLOAD_KEYS.text())
    archive: Database = desk.installation.reads._database
    given = _given(file, str(archive._engine.url), desk.installation.task_queue)
    await desk.installation.caught_up(desk.plan)
    agree = await gathered("ledgers", compared(temporal, given))
    async with archive.writing() as connection:
        await connection.exec_driver_sql("UPDATE branches SET size = size + 1")
    further = await gathered("ledgers", compared(temporal, given))
    async with archive.writing() as connection:
        await connection.exec_driver_sql("UPDATE branches SET size = size - 2")
    behind = await gathered("ledgers", compared(temporal, given))
    (tmp_path / "empty").mkdir()
    emptied = await gathered(
        "ledgers", compared(temporal, _given(file, new_archive(tmp_path / "empty"), desk.installation.task_queue))
    )

    assert [("fine", ""), ("wrong", desk.plan.operation), ("warning", desk.plan.operation), ("wrong", desk.plan.operation)] == [
        (one.state, desk.plan.operation if desk.plan.operation in one.what else "")
        for (one,) in (agree, further, behind, emptied)
    ]
    assert "the archive has nothing of what is under way" in emptied[0].what


async def test_where_no_delivery_answers_nothing_is_said_to_agree(desk: Desk, temporal: Client, tmp_path: Path) -> None:
    """A Temporal that knows none of them has compared none, which is not fine, nor does it say what is under way; where there is
    none, all that there are agree.
    """
    file = tmp_path / "payload.keys"
    file.touch(mode=0o600)
    file.write_text(PAYLOAD_KEYS.text())
    archive: Database = desk.installation.reads._database
    given = _given(file, str(archive._engine.url))
    await desk.installation.caught_up(desk.plan)
    elsewhere = Client(temporal.service_client, namespace="elsewhere")
    silent = await gathered("ledgers", compared(elsewhere, given))
    async with archive.writing() as connection:
        await connection.exec_driver_sql("UPDATE deliveries SET ended = 1")
    none = await gathered("ledgers", compared(temporal, given))

    assert ["unknown", "unknown"] == [one.state for one in silent]
    assert desk.plan.operation in silent[1].what
    assert ["fine"] == [one.state for one in none]


async def test_a_delivery_in_which_a_service_has_seen_another_history_is_wrong_though_archive_and_workflow_agree(
    tmp_path: Path,
) -> None:
    """Supervisors see it on their list; whoever runs the installation learns it from the doctor."""
    file = tmp_path / "payload.keys"
    file.touch(mode=0o600)
    file.write_text(PAYLOAD_KEYS.text())
    given = _given(file, new_archive(tmp_path))
    archive = Database(given.settings.archive_url)
    await put(archive, Wrapping(PAYLOAD_KEYS), {"saxaul-22": standing(), "birch-1": standing()})
    before = await gathered("ledgers", alarms(given))
    async with archive.writing() as connection:
        await note_seen(connection, "saxaul-22", 3)
    found = await gathered("ledgers", alarms(given))
    await archive.close()

    assert ["fine"] == [one.state for one in before]
    assert [("wrong", True, False)] == [(one.state, "saxaul-22" in one.what, "birch-1" in one.what) for one in found[1:]]


@pytest.fixture
async def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Setup, Ledgers, Any]]:
    """An archive that has an entry of amber-heron and birch-1, which are under way in Temporal, and so are saxaul-22 and tulip-4;
    and a Temporal which says of amber-heron, and of birch-1 that no worker can go on with it.
    """
    file = tmp_path / "payload.keys"
    file.touch(mode=0o600)
    file.write_text(PAYLOAD_KEYS.text())
    given = _given(file, new_archive(tmp_path))
    archive = Database(given.settings.archive_url)
    ledgers = Ledgers(archive, Wrapping(PAYLOAD_KEYS))
    for name in ("amber-heron", "birch-1"):
        await ledgers.keep(batch(ledger(1), delivery=name))

    async def listed(*_asked: object) -> AsyncIterator[SimpleNamespace]:
        for name in ("amber-heron", "birch-1", "saxaul-22", "tulip-4"):
            yield SimpleNamespace(execution=SimpleNamespace(workflow_id=workflow_id(name)))

    def handle(workflow: str) -> SimpleNamespace:
        async def query(*_asked: object, **_how: object) -> LedgerSize:
            if workflow == workflow_id("birch-1"):
                raise WorkflowQueryFailedError("nondeterminism")
            return LedgerSize(branch=0, size=1, root=root(ledger(1)).hex())

        return SimpleNamespace(query=query)

    monkeypatch.setattr("doctor.archive.listed", listed)
    monkeypatch.setattr("doctor.archive.A_MOMENT", 0.0)
    yield given, ledgers, SimpleNamespace(get_workflow_handle=handle)
    await archive.close()


async def test_a_delivery_under_way_of_which_the_archive_has_nothing_is_wrong_after_a_moment(
    kept: tuple[Setup, Ledgers, Any],
) -> None:
    """An archive that was emptied, or is older than the delivery, knows nothing of it; one that has just begun is there
    in a moment.
    """
    given, ledgers, temporal = kept

    def handle(workflow: str) -> SimpleNamespace:
        async def query(*_asked: object, **_how: object) -> LedgerSize:
            if workflow == workflow_id("amber-heron"):  # it was looked for once by then
                await ledgers.keep(batch(ledger(1), delivery="tulip-4"))
            stated: LedgerSize = await temporal.get_workflow_handle(workflow).query()
            return stated

        return SimpleNamespace(query=query)

    slower: Any = SimpleNamespace(get_workflow_handle=handle)
    found = await gathered("ledgers", compared(slower, given))

    assert ["wrong", "wrong"] == [one.state for one in found]
    assert "the archive has nothing of what is under way: saxaul-22" == found[0].what


async def test_a_delivery_that_cannot_be_replayed_is_named_and_keeps_no_other_from_being_compared(
    kept: tuple[Setup, Ledgers, Any],
) -> None:
    """Its query fails, by an error of its own kind, which ended the comparison without a name."""
    given, ledgers, temporal = kept
    for name in ("saxaul-22", "tulip-4"):
        await ledgers.keep(batch(ledger(1), delivery=name))
    found = await gathered("ledgers", compared(temporal, given))

    assert ["wrong", "fine"] == [one.state for one in found]
    assert "no worker can go on with these deliveries: birch-1" == found[0].what
    assert "3 of 4" in found[1].what


def _given(payload_keys: Path, archive: str, task_queue: str = "vigil") -> Setup:
    some: dict[str, Any] = {"directory": payload_keys, "cards": payload_keys, "key": payload_keys}
    return Setup(Settings(payload_keys=payload_keys, archive_url=archive, task_queue=task_queue, **some))


async def test_the_disk_of_temporals_own_file_is_looked_at_where_the_settings_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder may be closed to who looks, and the archive be on a server: what is full there keeps nothing either."""
    gib = 1024**3
    free = iter([3 * gib, gib, gib // 8])
    monkeypatch.setattr("doctor.files.shutil.disk_usage", lambda _: SimpleNamespace(free=next(free)))
    given = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@127.0.0.1/vigil")
    elsewhere = await gathered("disk", disk(given))
    file = tmp_path / "closed" / "temporal.db"
    here = Setup(given.settings.model_copy(update={"temporal_file": file}))
    found = [one for _ in range(3) for one in await gathered("disk", disk(here))]

    assert ["nothing that must last is kept on this machine by gateways and workers"] == [one.what for one in elsewhere]
    assert ["fine", "warning", "wrong"] == [one.state for one in found]
    assert all(str(file) in one.what for one in found)


async def test_a_key_that_does_not_count_is_wrong_and_what_ends_soon_is_said_before(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """The key of the process must be one that the directory has; thirty days before an end it is a warning."""
    some: dict[str, Any] = {
        name.removeprefix("VIGIL_").lower(): value for name, value in settings.items() if name.startswith("VIGIL_")
    }
    some["key"] = tmp_path / "other.pem"
    some["key"].touch(mode=0o600)
    some["key"].write_bytes(private_pem(private_key_of("uz.customs")))
    now = datetime.now(UTC)
    days = {days: ends("keys", "it", now + timedelta(days=days), now, "renew it") for days in (-1, 29, 31)}

    assert "does not count for vigil" in " ".join(
        [one.what async for one in own_key(Setup(Settings(**some))) if one.state == "wrong"]
    )
    assert {-1: "wrong", 29: "warning", 31: None} == {number: one and one.state for number, one in days.items()}
    assert stat.S_IMODE(some["key"].stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("own", "other", "said"),
    [
        ({}, {}, []),
        ({"valid_until": 20}, {}, ["by which this process signs"]),
        ({"valid_until": 90, "revoked_at": 20}, {"valid_until": 90}, ["by which this process signs"]),
        ({"valid_until": 20}, {"valid_until": 25}, ["by which this process signs", "the last key of vigil"]),
        ({"valid_until": 20}, None, ["the last key of vigil"]),
        ({"valid_until": 90}, {"valid_until": 20}, []),
    ],
)
async def test_that_the_key_of_this_process_ends_is_said_though_another_of_the_installation_lasts(
    settings: dict[str, str], tmp_path: Path, own: dict[str, int], other: dict[str, int] | None, said: list[str]
) -> None:
    """Gateways and workers go on with the key that they began with: that another has been entered in the directory helps none."""
    file, now = tmp_path / "directory.yaml", datetime.now(UTC)
    known = json.loads(file.read_text())
    keys = next(one for one in known["services"] if one["id"] == "vigil")["keys"]
    held = {"public": public_text(private_key_of("vigil")), "valid_from": keys[0]["valid_from"]}
    lasts = {"public": public_text(private_key_of("uz.customs.later")), "valid_from": keys[0]["valid_from"]}
    given = [(held, own), *([(lasts, other)] if other is not None else [])]
    keys[:] = [key | {name: (now + timedelta(days=days)).isoformat() for name, days in ends.items()} for key, ends in given]
    file.write_text(json.dumps(known))
    some: dict[str, Any] = {name.removeprefix("VIGIL_").lower(): value for name, value in settings.items()}
    found = [one async for one in own_key(Setup(Settings(**some | {"passphrase_file": None}))) if one.state == "warning"]

    assert len(said) == len(found)
    assert [text in one.what for text, one in zip(said, found, strict=True)] == [True] * len(said)


async def test_a_key_whose_end_stands_in_the_archive_alone_does_not_count(settings: dict[str, str], tmp_path: Path) -> None:
    """It was announced to a gateway, and nobody has entered it in the file: processes go on with it until they are restarted."""
    some: dict[str, Any] = {name.removeprefix("VIGIL_").lower(): value for name, value in settings.items()}
    given = Setup(Settings(**some))
    before = await gathered("keys", key_in_archive(given))
    now, key = datetime.now(UTC).isoformat(), private_key_of("vigil")
    end = KeyEnd(key=key_id(public_text(key)), at=now, revoked=True)
    revocation = sign(canonical(KeyChange(service="vigil", by="vigil", made_at=now, ended=(end,))), KEYS_TYPE, key)
    archive = Database(settings["VIGIL_ARCHIVE_URL"])
    await FollowedFile(tmp_path / "directory.yaml", KeyChanges(archive)).enter(revocation, key, lambda _directory: None)
    await archive.close()
    found = await gathered("keys", key_in_archive(given))

    assert not before
    assert [("wrong", True)] == [(one.state, "does not count for vigil" in one.what) for one in found]


async def test_a_password_as_the_containers_have_it_is_none_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two containers read the archive's, each under a user of its own, so it is readable by all in them: closed to all but its
    owner, as is said of one elsewhere, it would open to neither. That it can be changed there is wrong all the same.
    """
    secret = tmp_path / "archive_password"
    secret.write_text("a word")
    plain = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@postgres/vigil")
    given = Setup(plain.settings.model_copy(update={"archive_password": secret}))
    found = []
    for place, mode in ((tmp_path / "elsewhere", 0o444), (tmp_path, 0o444), (tmp_path, 0o666)):
        monkeypatch.setattr("doctor.files.HANDED_OVER", place)
        secret.chmod(mode)
        found.append([one.state for one in await gathered("keys", passwords(given))])

    assert [["wrong"], [], ["wrong"]] == found


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A folder that is closed to nobody, with that of an archive in it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "archive").mkdir(mode=0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root is nobody else")
async def test_root_is_told_what_they_cannot_read_as_whom_the_processes_run(for_all: Path) -> None:
    """Theirs is the archive's folder. A directory that an editor has made root's is else found at the next start, which fails;
    and nobody writes an archive that root has copied.
    """
    directory, archive = for_all / "directory.yaml", for_all / "archive" / "archive.db"
    given = _given(for_all / "payload.keys", new_archive(archive.parent))
    settings = given.settings.model_copy(update={"directory": directory, "cards": EXAMPLES / "cards"})
    said = []
    for folder, mode, owner in ((0, 0o600, 0), (65534, 0o644, 65534), (65534, 0o600, 0)):
        directory.write_text("")
        directory.chmod(mode)
        os.chown(archive.parent, folder, -1)
        os.chown(archive, owner, -1)
        found = await gathered("directory", closed(Setup(settings)))
        said.append([one.what.split()[0] for one in found if str(for_all) in one.what])

    assert [[], [], [str(directory), str(archive)]] == said


async def test_the_end_of_every_certificate_that_a_process_shows_is_said_before(tmp_path: Path) -> None:
    """Of that which Temporal and services demand too: once it has ended, the log says no more than that nobody answers."""
    _, certificate, key = await made(tmp_path)
    plain = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@127.0.0.1/vigil")
    said = {}
    for days in (90, 20):
        await vigil("admin", "certs", "issue", "gateway", "--renew", "--days", days, "--folder", tmp_path)
        for name in ("temporal_certificate", "client_cert"):
            pair = {name: certificate, {"client_cert": "client_key"}.get(name, f"{name}_key"): key}
            found = await gathered("certificates", certificates(Setup(plain.settings.model_copy(update=pair))))
            said[name, days] = [one.state for one in found if str(certificate) in one.what]

    assert {
        (name, days): [state]
        for name in ("temporal_certificate", "client_cert")
        for days, state in ((90, "fine"), (20, "warning"))
    } == said


async def test_tls_that_the_gateway_would_not_start_with_is_wrong_while_it_runs(tmp_path: Path) -> None:
    """Half a pair, or an address in clear: a gateway goes on with what it has read, and the next one does not start. It was said
    that TLS ends before it.
    """
    _, certificate, key = await made(tmp_path)
    plain = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@127.0.0.1/vigil").settings
    pair = {"tls_cert": certificate, "tls_key": key}
    there = {"gateway_url": "https://vigil.example"}
    said = []
    for settings in ({}, {"tls_cert": certificate, **there}, pair, pair | there):
        said += await gathered("certificates", own_certificate(Setup(plain.model_copy(update=settings))))

    assert ["fine", "wrong", "wrong", "fine"] == [one.state for one in said]
    assert ["VIGIL_TLS_KEY" in said[1].what, "VIGIL_GATEWAY_URL" in said[2].what] == [True, True]


async def test_the_end_of_the_certificate_by_which_temporal_says_who_it_is_is_said_before(tmp_path: Path) -> None:
    """Once it has ended nobody speaks to Temporal any more; one that is not trusted here is said with the reason."""
    ca, certificate, key = await made(tmp_path)
    plain = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@127.0.0.1/vigil").settings
    found = []
    for days, trusted in ((90, ca), (20, ca), (20, certificate)):
        await vigil("admin", "certs", "issue", "gateway", "--renew", "--days", days, "--folder", tmp_path)
        shown = Served(certificate, key).context
        async with await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0, ssl=shown) as server:
            there = {"temporal_address": f"127.0.0.1:{server.sockets[0].getsockname()[1]}", "temporal_ca": trusted}
            found += await gathered("temporal", front_end(Setup(plain.model_copy(update=there))))

    assert [("certificates", "fine"), ("certificates", "warning"), ("temporal", "wrong")] == [
        (one.part, one.state) for one in found
    ]
    assert "its certificate is not trusted here" in found[2].what
    assert not await gathered("temporal", front_end(Setup(plain)))


async def test_of_a_gateway_whose_certificate_is_not_trusted_it_is_not_said_that_it_is_to_be_started(tmp_path: Path) -> None:
    """It answers, and nobody connects: that is what is said, with the reason, which may be that the certificate has ended."""
    ca, certificate, key = await made(tmp_path)
    plain = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@127.0.0.1/vigil")
    async with door_of(tls=Served(certificate, key).context) as door:
        there = plain.settings.model_copy(update={"gateway_url": door.url})
        found = await gathered("gateway", gateway(Setup(there)))
        trusted = await gathered("gateway", gateway(Setup(there.model_copy(update={"ca": ca}))))

    assert [("certificates", "wrong")] == [(one.part, one.state) for one in found]
    assert "certificate is not trusted here: unable to get local issuer certificate" in found[0].what
    assert "renewed" in found[0].then
    assert ("ports", "fine") == (trusted[0].part, trusted[0].state)


async def test_of_a_gateway_that_demands_a_certificate_it_is_said_which_settings_to_give(tmp_path: Path) -> None:
    """It runs, and shuts the door upon a doctor that shows none, or one of another authority: to start it again is of no use.
    Where the settings do not say that it demands one, something may be wrong with it.
    """
    ca, certificate, key = await made(tmp_path)
    _, other, of_other = await made(tmp_path / "other")
    plain = _given(tmp_path / "payload.keys", "postgresql+asyncpg://vigil@127.0.0.1/vigil").settings
    demands: dict[str, Any] = {"tls_client_ca": ca}
    there: dict[str, Any] = {"ca": ca}
    shown = {"client_cert": other, "client_key": of_other}, {"client_cert": certificate, "client_key": key}
    async with door_of(tls=Served(certificate, key, ca).context) as door:
        there["gateway_url"] = door.url
        said = [
            await gathered("gateway", gateway(Setup(plain.model_copy(update=there | more))))
            for more in ({}, demands, demands | shown[0], demands | shown[1])
        ]

    assert [[("certificates", "wrong")], *[[("certificates", "warning")]] * 2] == [
        [(one.part, one.state) for one in found] for found in said[:3]
    ]
    assert "demands a certificate" in said[1][0].what
    assert "VIGIL_CLIENT_CERT" in said[1][0].then
    assert ("ports", "fine") == (said[3][0].part, said[3][0].state)


async def test_whom_libraries_trust_by_the_file_of_settings_the_doctor_trusts_too(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """The units give all of that file to the processes. An archive behind TLS, or a gateway, was wrong to a doctor that was given
    the same file, since its libraries were not told.
    """
    ca, certificate, key = await made(tmp_path / "certs")
    async with door_of(tls=Served(certificate, key).context) as door:
        _, said = await asked(settings | {"VIGIL_GATEWAY_URL": door.url, "SSL_CERT_FILE": str(ca)}, tmp_path)

    assert f"the gateway answers at {door.url}" in said


def test_what_the_archives_driver_is_told_stands_where_it_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the file of settings, whatever is set for whoever looks; nothing else of the file gets there."""
    file = tmp_path / "vigil.env"
    file.write_text(f"PGSSLROOTCERT={tmp_path}/ca.pem\nPGSSLCERT='a.pem'\nPGSSLKEY=\nPATH=/tmp\nVIGIL_KEY=b.pem\n")
    monkeypatch.setattr(os, "environ", {"VIGIL_ENV_FILE": str(file), "PGSSLCERT": "mine.pem", "PGSSLKEY": "mine.key"})
    as_processes_have_it()

    told = {"PGSSLROOTCERT": f"{tmp_path}/ca.pem", "PGSSLCERT": "a.pem", "PGSSLKEY": "mine.key"}
    assert {"VIGIL_ENV_FILE": str(file), **told} == os.environ
