"""The scripts of `deploy/` that back up and restore, run as an administrator would, on real databases."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.postgresql import PASSWORD, USER, PostgreSQL, in_a_folder_of_its_own, program
from tests.support import EXAMPLES
from tests.tables import new_archive

DEPLOY = EXAMPLES.parent / "deploy"


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    """One that no other test shares: these databases have names that the scripts know, and are dropped."""
    with in_a_folder_of_its_own() as server:
        yield server


def ran(script: str, environment: Mapping[str, str], *words: object) -> subprocess.CompletedProcess[str]:
    """A script of `deploy/`, as a person runs it."""
    command = ["/bin/sh", str(DEPLOY / script), *map(str, words)]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)  # noqa: S603


def content(path: Path) -> list[str]:
    """What was said in a file of SQLite, read past its log too."""
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT words FROM said")]


def add(path: Path, words: str) -> sqlite3.Connection:
    """Say something there, and stay connected as a process that runs does: it stands in the log beside the file."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE IF NOT EXISTS said (words TEXT)")
    database.execute("INSERT INTO said VALUES (?)", (words,))
    database.commit()
    return database


def test_one_machine_is_backed_up_while_it_runs_and_put_back(tmp_path: Path) -> None:
    """Temporal, archive, attachments, settings and keys come back as they were; what was there meanwhile is kept aside; a damaged
    backup, or keys on the same medium, are refused and change nothing.
    """
    state, settings, files = tmp_path / "state", tmp_path / "etc", tmp_path / "files"
    for folder in (state, settings / "keys", files, tmp_path / "to", tmp_path / "keys", tmp_path / "to" / "keys"):
        folder.mkdir(parents=True)
    new_archive(state)
    temporal, archive = state / "temporal.db", state / "archive.db"
    (settings / "vigil.env").write_text("VIGIL_TASK_QUEUE=vigil\n")
    (settings / "keys" / "vigil.pem").write_text("the first key")
    (files / "one").write_bytes(b"sealed")
    environment = {
        "PYTHON": sys.executable,
        "TEMPORAL_DB": str(temporal),
        "ARCHIVE_DB": str(archive),
        "ATTACHMENTS": str(files),
        "SETTINGS": str(settings),
    }
    with closing(add(temporal, "started")), closing(add(archive, "kept")):
        same = ran("systemd/backup.sh", environment, tmp_path / "to", tmp_path / "to" / "keys")
        made = ran("systemd/backup.sh", environment, tmp_path / "to", tmp_path / "keys")
    backup, keys = Path(made.stdout.strip()), next((tmp_path / "keys").iterdir(), tmp_path)
    add(temporal, "later").close()
    add(archive, "later").close()
    (files / "one").unlink()
    (settings / "keys" / "vigil.pem").write_text("another key")
    whole = (backup / "archive.db").read_bytes()
    (backup / "archive.db").write_bytes(whole[:-1] + b"?")
    damaged = ran("systemd/restore.sh", environment, backup, keys)
    untouched = content(archive)
    (backup / "archive.db").write_bytes(whole)
    back = ran("systemd/restore.sh", environment, backup, keys)

    assert (2, True) == (same.returncode, "another medium" in same.stderr)
    assert 0 == made.returncode, made.stderr
    assert not [path for path in backup.iterdir() if b"the first key" in path.read_bytes()]
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (*backup.iterdir(), keys)}
    assert (7, ["kept", "later"]) == (damaged.returncode, untouched)
    assert 0 == back.returncode, back.stderr
    assert (["started"], ["kept"], b"sealed") == (content(temporal), content(archive), (files / "one").read_bytes())
    assert "the first key" == (settings / "keys" / "vigil.pem").read_text()
    assert "VIGIL_TASK_QUEUE=vigil\n" == (settings / "vigil.env").read_text()
    aside = next(path for path in state.iterdir() if path.name.startswith("archive.db.before-"))
    assert ["kept", "later"] == content(aside)


@pytest.mark.parametrize("form", ["systemd", "compose"])
def test_that_a_backup_and_its_keys_are_on_one_medium_is_said(tmp_path: Path, form: str) -> None:
    """Two folders of one disk go where it goes, though neither lies in the other. Of two media nothing is said."""
    other, folders = tmp_path / "other" / "stat", (tmp_path / "to", tmp_path / "keys")
    for folder in (other.parent, tmp_path / "compose", *folders):
        folder.mkdir()
    other.write_text('#!/bin/sh\necho "$3"\n')
    other.chmod(0o755)
    gone = {"SETTINGS": str(tmp_path), "TEMPORAL_DB": str(tmp_path / "gone"), "ARCHIVE_DB": str(tmp_path / "gone")}
    there = gone | {"COMPOSE_FOLDER": str(tmp_path / "compose"), "IN_POSTGRES": "false", "ATTACHMENTS": str(tmp_path)}
    paths = os.environ["PATH"], os.pathsep.join([str(other.parent), os.environ["PATH"]])
    said = [ran(f"{form}/backup.sh", there | {"PATH": path}, *folders).stderr for path in paths]

    assert [True, False] == ["are on one medium" in one for one in said]


def test_the_databases_of_the_composed_system_are_dumped_and_put_back(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """All three, and the secrets, as they were; not while somebody is connected; what was there is kept aside first."""
    tools = [program(name) for name in ("psql", "pg_dump", "pg_restore")]
    if None in tools:
        pytest.skip("psql, pg_dump or pg_restore is not installed")
    places = [str(Path(str(tool)).parent) for tool in tools]
    environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgresql.port),
        "PGUSER": USER,
        "PGPASSWORD": PASSWORD,
        "IN_POSTGRES": "env",
        "PATH": os.pathsep.join([*places, os.environ["PATH"]]),
        "COMPOSE_FOLDER": str(tmp_path / "compose"),
        "ATTACHMENTS": str(tmp_path / "files"),
    }
    for folder in ("compose/secrets", "files", "to", "keys"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "files" / "one").write_bytes(b"sealed")
    (tmp_path / "compose" / "secrets" / "vigil_key.pem").write_text("the first key")

    def sql(database: str, text: str) -> str:
        words = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", database, "--command", text]
        return subprocess.run(words, env={**os.environ, **environment}, check=True, capture_output=True, text=True).stdout  # noqa: S603

    names = ("temporal", "temporal_visibility", "vigil")
    for name in names:
        sql("postgres", f"DROP DATABASE IF EXISTS {name}")
        postgresql.create(name)
        sql(name, "CREATE TABLE said (words TEXT); INSERT INTO said VALUES ('kept')")
    made = ran("compose/backup.sh", environment, tmp_path / "to", tmp_path / "keys")
    for name in names:
        sql(name, "INSERT INTO said VALUES ('later')")
    (tmp_path / "files" / "one").unlink()
    secret = tmp_path / "compose" / "secrets" / "vigil_key.pem"
    secret.write_text("another key")
    backup, keys = Path(made.stdout.strip()), next((tmp_path / "keys").iterdir(), tmp_path)
    words = ["psql", "--no-psqlrc", "--quiet", "--dbname", "vigil", "--command", "SELECT 'here'", "--file", "-"]
    with subprocess.Popen(  # noqa: S603
        words, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as connected:
        assert connected.stdout is not None
        connected.stdout.readline()
        busy = ran("compose/restore.sh", environment, backup)
        connected.communicate("")
    meanwhile = sql("vigil", "SELECT count(*) FROM said").strip()
    unknown = ran("compose/restore.sh", environment, backup, tmp_path / "keys" / "none.tar")
    back = ran("compose/restore.sh", environment, backup, keys)

    assert 0 == made.returncode, made.stderr
    assert (3, True) == (unknown.returncode, "there is no" in unknown.stderr)
    assert "the first key" == secret.read_text()
    assert ["another key"] == [path.read_text() for path in (tmp_path / "compose").glob("secrets.before-*/vigil_key.pem")]
    assert not [path for path in backup.iterdir() if b"the first key" in path.read_bytes()]
    assert (1, "2") == (busy.returncode, meanwhile), busy.stderr
    assert 0 == back.returncode, back.stderr
    assert ["kept\n"] * 3 == [sql(name, "SELECT words FROM said") for name in names]
    assert b"sealed" == (tmp_path / "files" / "one").read_bytes()
    assert 3 == len(list((tmp_path / "to").glob("*.before-*.dump")))
    for name in names:
        sql("postgres", f"DROP DATABASE {name}")


def one_machine(tmp_path: Path, env: str = "") -> tuple[dict[str, str], Path, Path]:
    """Where the scripts find one machine, but for its archive and attachments; and the folders of backups and of keys."""
    settings, state = tmp_path / "etc", tmp_path / "state"
    for folder in (settings / "keys", state, tmp_path / "to", tmp_path / "keys"):
        folder.mkdir(parents=True)
    (settings / "vigil.env").write_text(env)
    for name in ("vigil.pem", "payload.keys"):
        (settings / "keys" / name).write_text("the first key")
    add(state / "temporal.db", "started").close()
    environment = {"PYTHON": sys.executable, "SETTINGS": str(settings), "TEMPORAL_DB": str(state / "temporal.db")}
    return environment, tmp_path / "to", tmp_path / "keys"


def test_what_the_settings_name_is_what_is_backed_up_and_put_back(tmp_path: Path) -> None:
    """An archive and attachments on a disk of their own, as `vigil.env` has them, in quotes and in a folder with a space in its
    name. A folder that is not there is a disk that is not mounted, and an archive in PostgreSQL is not one in a file: neither
    makes a backup that lacks it.
    """
    disk = tmp_path / "another disk"
    archive, files = disk / "archive.db", disk / "files"
    files.mkdir(parents=True)
    env = f'VIGIL_ARCHIVE_URL="sqlite+aiosqlite:///{archive}"\nVIGIL_ATTACHMENTS="{files}" \n'
    environment, to, keys = one_machine(tmp_path, env)
    add(archive, "kept").close()
    (files / "one").write_bytes(b"sealed")
    made = ran("systemd/backup.sh", environment, to, keys)
    add(archive, "later").close()
    (files / "one").unlink()
    back = ran("systemd/restore.sh", environment, Path(made.stdout.strip()), next(keys.iterdir()))
    put_back = content(archive), (files / "one").read_bytes()
    files.rename(disk / "elsewhere")
    unmounted = ran("systemd/backup.sh", environment, to, keys)
    (tmp_path / "etc" / "vigil.env").write_text("VIGIL_ARCHIVE_URL=postgresql+asyncpg://vigil@host/vigil\n")
    elsewhere = ran("systemd/backup.sh", environment, to, keys)

    assert (0, 0) == (made.returncode, back.returncode), made.stderr + back.stderr
    assert (["kept"], b"sealed") == put_back
    assert (3, True) == (unmounted.returncode, f"there is no folder {files}" in unmounted.stderr)
    assert (3, True) == (elsewhere.returncode, "the archive is in PostgreSQL" in elsewhere.stderr)
    assert 1 == len(list(to.iterdir()))


def test_no_key_comes_into_a_backup_by_way_of_a_restore(tmp_path: Path) -> None:
    """The keys that a restore has put aside, by this version or an older one, open older backups: they go to the other medium."""
    environment, to, keys = one_machine(tmp_path)
    environment |= {"ARCHIVE_DB": str(tmp_path / "state" / "archive.db"), "ATTACHMENTS": str(tmp_path / "files")}
    add(tmp_path / "state" / "archive.db", "kept").close()
    (tmp_path / "etc" / "keys.before-20261127T220000Z").mkdir()
    (tmp_path / "etc" / "keys.before-20261127T220000Z" / "vigil.pem").write_text("the first key")
    first = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    back = ran("systemd/restore.sh", environment, first, next(keys.iterdir()))
    first.rename(tmp_path / "first")
    second = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())

    assert 0 == back.returncode, back.stderr
    assert "the first key" == (tmp_path / "etc" / "keys" / "vigil.pem").read_text()
    for backup in (tmp_path / "first", second):
        assert not [path.name for path in backup.iterdir() if b"the first key" in path.read_bytes()]


def test_files_that_come_and_go_keep_no_backup_from_being_made(tmp_path: Path) -> None:
    """The gateway takes files and tidies meanwhile, and tar says so by ending with 1; what is still coming is no file yet. Where
    tar fails for another reason, there is no backup.
    """
    environment, to, keys = one_machine(tmp_path)
    files, tools = tmp_path / "files", tmp_path / "bin"
    for folder in (files, tools):
        folder.mkdir()
    (files / "one").write_bytes(b"sealed")
    (files / "two#1").write_bytes(b"half")
    (tools / "tar").write_text(f'#!/bin/sh\n{program("tar")} "$@" || exit\ncase "$*" in *attachments*) exit "$ENDS" ;; esac\n')
    (tools / "tar").chmod(0o755)
    environment |= {"ARCHIVE_DB": str(tmp_path / "state" / "archive.db"), "ATTACHMENTS": str(files)}
    environment |= {"PATH": f"{tools}:{os.environ['PATH']}"}
    add(tmp_path / "state" / "archive.db", "kept").close()
    failed = ran("systemd/backup.sh", environment | {"ENDS": "2"}, to, keys)
    nothing = list(to.iterdir())
    made = ran("systemd/backup.sh", environment | {"ENDS": "1"}, to, keys)
    with tarfile.open(Path(made.stdout.strip()) / "attachments.tar") as packed:
        names = packed.getnames()

    assert (1, []) == (failed.returncode, nothing)
    assert (0, [".", "./one"]) == (made.returncode, names), made.stderr


@pytest.mark.parametrize("broken", ["disk", "keys"])
def test_a_restore_that_cannot_be_done_changes_nothing(tmp_path: Path, broken: str) -> None:
    """Neither a disk that is full after the first database, nor a file of keys that is cut off, leaves half of it in its place:
    what was there is there, and nothing beside it.
    """
    environment, to, keys = one_machine(tmp_path)
    archive, tools = tmp_path / "state" / "archive.db", tmp_path / "bin"
    tools.mkdir()
    environment |= {"ARCHIVE_DB": str(archive), "ATTACHMENTS": str(tmp_path / "files")}
    add(archive, "kept").close()
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    add(archive, "later").close()
    secret = next(keys.iterdir())
    if broken == "keys":
        secret.write_bytes(secret.read_bytes()[:700])
    else:
        full = f'#!/bin/sh\ncase "$*" in *archive.db*) echo "no space left" >&2; exit 1 ;; esac\nexec {program("cp")} "$@"\n'
        (tools / "cp").write_text(full)
        (tools / "cp").chmod(0o755)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    environment |= {"PATH": f"{tools}:{os.environ['PATH']}"}
    refused = ran("systemd/restore.sh", environment, backup, secret)

    after = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))

    assert (7 if broken == "keys" else 1, True) == (refused.returncode, "nothing was changed" in refused.stderr)
    assert before == after
    assert (["started"], ["kept", "later"]) == (content(tmp_path / "state" / "temporal.db"), content(archive))


DOCKER = """#!/bin/sh
case "$*" in
*" ps "*) exit 0 ;;
*" postgres "*) while [ "$1" != postgres ]; do shift; done; shift; exec "$@" ;;
esac
while [ "$1" != gateway ]; do shift; done
exec "$PYTHON" -c "$(echo "$4" | sed "s#/var/lib/vigil-attachments#$FILES#")"
"""
"""In place of Docker, of which nothing runs here: each command is run on this machine, and the gateway's volume is a folder."""


def test_the_composed_system_is_put_back_on_a_new_machine(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Where nobody has made the archive's role yet, and the database's volume was made with another password: all databases come
    back to whom they belong, and the passwords are those of the secrets that came back. No secret comes into a later backup by
    way of that, nor into the history of the project.
    """
    if None in [program(name) for name in ("psql", "pg_dump", "pg_restore")]:
        pytest.skip("psql, pg_dump or pg_restore is not installed")
    compose, tools, files = tmp_path / "compose", tmp_path / "bin", tmp_path / "files"
    for folder in (compose / "secrets", tools, files, tmp_path / "to", tmp_path / "keys"):
        folder.mkdir(parents=True)
    (tools / "docker").write_text(DOCKER)
    (tools / "docker").chmod(0o755)
    (files / "one").write_bytes(b"sealed")
    (files / "two#1").write_bytes(b"half")
    (compose / "secrets" / "postgres_password").write_text(f"{PASSWORD}\n")
    server = {"PGHOST": "127.0.0.1", "PGPORT": str(postgresql.port), "PGUSER": USER, "PGPASSWORD": PASSWORD}
    places = [str(tools), str(Path(str(program("psql"))).parent), os.environ["PATH"]]
    environment = {**server, "PYTHON": sys.executable, "FILES": str(files), "COMPOSE_FOLDER": str(compose)}
    environment["PATH"] = os.pathsep.join(places)

    def sql(text: str, database: str = "postgres", **more: str) -> str:
        words = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", database, "--command", text]
        return subprocess.run(words, env={**os.environ, **environment, **more}, check=True, capture_output=True, text=True).stdout  # noqa: S603

    for name in ("temporal", "temporal_visibility", "vigil"):
        sql(f"DROP DATABASE IF EXISTS {name}")
    sql("DROP ROLE IF EXISTS vigil")
    sql("CREATE ROLE vigil LOGIN")
    for name in ("temporal", "temporal_visibility", "vigil"):
        sql(f"CREATE DATABASE {name} OWNER {'vigil' if name == 'vigil' else USER}")
        sql("CREATE TABLE said (words TEXT); INSERT INTO said VALUES ('kept')", name)
    made = ran("compose/backup.sh", environment, tmp_path / "to", tmp_path / "keys")
    for name in ("temporal", "temporal_visibility", "vigil"):
        sql(f"DROP DATABASE {name}")
    sql("DROP ROLE vigil")
    sql(f"ALTER ROLE {USER} PASSWORD 'another'")
    (compose / "secrets" / "postgres_password").write_text("another\n")
    for path in files.iterdir():
        path.unlink()
    environment["PGPASSWORD"] = "another"  # in the container nobody is asked for one
    back = ran("compose/restore.sh", environment, Path(made.stdout.strip()), next((tmp_path / "keys").iterdir()))
    environment["PGPASSWORD"] = PASSWORD
    owner = sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'vigil'").strip()
    words = {sql("SELECT words FROM said", name).strip() for name in ("temporal", "temporal_visibility", "vigil")}
    Path(made.stdout.strip()).rename(tmp_path / "first")
    again = Path(ran("compose/backup.sh", environment, tmp_path / "to", tmp_path / "keys").stdout.strip())
    for name in ("temporal", "temporal_visibility", "vigil"):
        sql(f"DROP DATABASE {name}")
    sql("DROP ROLE vigil")
    aside = next(compose.glob("secrets.before-*")).name

    assert (0, 0) == (made.returncode, back.returncode), made.stderr + back.stderr
    assert ("vigil", {"kept"}) == (owner, words)
    assert [("one", b"sealed")] == [(path.name, path.read_bytes()) for path in files.iterdir()]
    assert b"another" not in (again / "settings.tar").read_bytes()
    ignored = (DEPLOY / "compose" / ".gitignore").read_text(encoding="utf-8").split()
    assert any(fnmatch(f"/{aside}/", pattern) for pattern in ignored)


def test_what_is_put_back_belongs_to_whom_its_folder_does_though_that_is_reached_by_a_link(tmp_path: Path) -> None:
    """The unit of Temporal has a user of its own each time, and systemd makes its folder a link to one that this user owns: a
    file of root's there would never be opened again. Whoever is not root gives files to nobody, and owns all of it.
    """
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    environment, to, keys = one_machine(tmp_path)
    private, state = tmp_path / "private", tmp_path / "state"
    environment |= {"ARCHIVE_DB": str(state / "archive.db"), "ATTACHMENTS": str(tmp_path / "files")}
    add(state / "archive.db", "kept").close()
    state.rename(private)
    os.chown(private, owner, -1)
    state.symlink_to(private)
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    back = ran("systemd/restore.sh", environment, backup, next(keys.iterdir()))

    assert 0 == back.returncode, back.stderr
    assert [owner, owner] == [(private / name).stat().st_uid for name in ("temporal.db", "archive.db")]


def tool(folder: Path, name: str, text: str) -> str:
    """Put a program of this name before the real one; the path on which it is found."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def whole_machine(tmp_path: Path) -> tuple[dict[str, str], Path, Path]:
    """`one_machine`, with an archive in which something is kept, and a folder of attachments."""
    environment, to, keys = one_machine(tmp_path)
    environment |= {"ARCHIVE_DB": str(tmp_path / "state" / "archive.db"), "ATTACHMENTS": str(tmp_path / "files")}
    (tmp_path / "files").mkdir()
    add(tmp_path / "state" / "archive.db", "kept").close()
    return environment, to, keys


def test_two_backups_of_one_moment_do_not_come_into_one_folder(tmp_path: Path) -> None:
    """The second is refused, and takes nothing from the first: else the first ended well with what the second had left in it."""
    environment, to, keys = whole_machine(tmp_path)
    environment["PATH"] = tool(tmp_path / "bin", "date", "echo 20261127T220000Z")
    first = to / ".vigil-20261127T220000Z.part"
    first.mkdir()
    (first / "temporal.db").write_text("half")
    second = ran("systemd/backup.sh", environment, to, keys)

    assert (1, True) == (second.returncode, "nothing was backed up" in second.stderr)
    assert "half" == (first / "temporal.db").read_text()


@pytest.mark.parametrize("form", ["systemd", "compose"])
def test_two_backups_of_one_moment_do_not_write_keys_into_one_file(tmp_path: Path, form: str) -> None:
    """Two disks for backups and one medium for keys, at the same minute: the one took what the other had half written, and its
    keys were not those of which it has the digest.
    """
    environment, to, keys = whole_machine(tmp_path)
    environment["PATH"] = tool(tmp_path / "bin", "date", "echo 20261127T220000Z")
    if form == "compose":
        (tmp_path / "etc" / "keys").rename(tmp_path / "etc" / "secrets")
        environment |= {"COMPOSE_FOLDER": str(tmp_path / "etc"), "IN_POSTGRES": "true"}
    half = keys / ".vigil-20261127T220000Z.part"
    half.write_text("half")
    made = ran(f"{form}/backup.sh", environment, to, keys)

    assert 0 == made.returncode, made.stderr
    assert "half" == half.read_text()
    assert sorted([half.name, "vigil-20261127T220000Z-keys.tar"]) == sorted(path.name for path in keys.iterdir())


def test_a_key_that_is_a_link_is_in_the_backup_and_what_is_not_in_it_is_said(tmp_path: Path) -> None:
    """On another machine a link shows nothing: so keys are taken, and settings that are named or shown elsewhere are told of;
    those beside the others are not.
    """
    environment, to, keys = whole_machine(tmp_path)
    settings, vault = tmp_path / "etc", tmp_path / "vault"
    vault.mkdir()
    (settings / "keys" / "payload.keys").rename(vault / "payload.keys")
    (settings / "keys" / "payload.keys").symlink_to(vault / "payload.keys")
    (settings / "gateway.pem").symlink_to(vault / "gateway.pem")
    (settings / "vigil.env").write_text(f"VIGIL_DIRECTORY=/srv/directory.yaml\nVIGIL_CARDS={settings}/cards\n")
    made = ran("systemd/backup.sh", environment, to, keys)
    (vault / "payload.keys").unlink()
    back = ran("systemd/restore.sh", environment, Path(made.stdout.strip()), next(keys.iterdir()))

    assert (0, 0) == (made.returncode, back.returncode), made.stderr + back.stderr
    assert "the first key" == (settings / "keys" / "payload.keys").read_text()
    assert ["/srv/directory.yaml (VIGIL_DIRECTORY)", f"{settings}/gateway.pem (link)"] == [
        line.partition("copy it yourself: ")[2] for line in made.stderr.splitlines() if "on one medium" not in line
    ]


def test_where_things_lie_is_not_guessed_where_the_settings_are_a_link(tmp_path: Path) -> None:
    """The backup has the link and not what it shows: what comes back would lie where nobody looks, and what was there went on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    environment, to, keys = one_machine(tmp_path)
    (disk / "site.env").write_text(f"VIGIL_ARCHIVE_URL=sqlite+aiosqlite:///{disk}/archive.db\nVIGIL_ATTACHMENTS={disk}\n")
    (tmp_path / "etc" / "vigil.env").unlink()
    (tmp_path / "etc" / "vigil.env").symlink_to(disk / "site.env")
    add(disk / "archive.db", "kept").close()
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    add(disk / "archive.db", "later").close()
    nowhere = environment | {"PATH": tool(tmp_path / "bin", "mkdir", "exit 1")}  # it would be a folder of this very machine
    guessed = ran("systemd/restore.sh", nowhere, backup, next(keys.iterdir()))
    untouched = content(disk / "archive.db")
    named = environment | {"ARCHIVE_DB": str(disk / "archive.db"), "ATTACHMENTS": str(tmp_path / "files")}
    back = ran("systemd/restore.sh", named, backup, next(keys.iterdir()))

    assert (3, True) == (guessed.returncode, "vigil.env is a link" in guessed.stderr), guessed.stderr
    assert ["kept", "later"] == untouched
    assert (0, ["kept"]) == (back.returncode, content(disk / "archive.db")), back.stderr


def test_what_a_backup_that_was_killed_has_left_is_told_of_by_the_next(tmp_path: Path) -> None:
    """It is as large as all of it, and no listing shows it: a disk for backups would be full of nothing."""
    environment, to, keys = whole_machine(tmp_path)
    environment["PATH"] = tool(tmp_path / "bin", "sync", 'kill -KILL "$PPID"')
    killed = ran("systemd/backup.sh", environment, to, keys)
    left = next(to.iterdir()).rename(to / ".vigil-20261127T220000Z.part")  # of another second
    (tmp_path / "bin" / "sync").unlink()
    made = ran("systemd/backup.sh", environment, to, keys)

    assert (-9, ".part") == (killed.returncode, left.suffix)
    assert (0, True) == (made.returncode, f"{left} is left of a backup that was killed" in made.stderr), made.stderr


def test_that_a_backup_has_no_keys_is_said_though_their_folder_is_there(tmp_path: Path) -> None:
    """They lie on a disk that is taken out once the units have them: else it is known when the backup is needed."""
    environment, to, keys = whole_machine(tmp_path)
    for path in (tmp_path / "etc" / "keys").iterdir():
        path.unlink()
    made = ran("systemd/backup.sh", environment, to, keys)

    assert (0, []) == (made.returncode, list(keys.iterdir()))
    assert f"there are no keys in {tmp_path}/etc/keys" in made.stderr


def test_a_temporal_elsewhere_is_not_taken_for_one_that_was_here(tmp_path: Path) -> None:
    """A file of former days lies where Temporal's was: a backup with it would be one without Temporal."""
    environment, to, keys = whole_machine(tmp_path)
    del environment["TEMPORAL_DB"]
    (tmp_path / "etc" / "vigil.env").write_text("VIGIL_TEMPORAL_FILE=\n")
    refused = ran("systemd/backup.sh", environment, to, keys)

    assert (3, True) == (refused.returncode, "Temporal runs elsewhere" in refused.stderr)
    assert not list(to.iterdir())


def test_what_is_left_of_a_transaction_is_not_played_into_what_was_put_back(tmp_path: Path) -> None:
    """A process was killed in the middle of one: its journal beside the file would be rolled back into the one in its place."""
    environment, to, keys = whole_machine(tmp_path)
    archive = Path(environment["ARCHIVE_DB"])
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    killed = (
        "import os, sqlite3, sys\n"
        "one = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "for word in ('PRAGMA journal_mode=DELETE', 'PRAGMA cache_size=5', 'DROP TABLE said', 'CREATE TABLE other (x)'):\n"
        "    one.execute(word)\n"
        "one.executemany('INSERT INTO other VALUES (?)', [(b'x' * 3000,)] * 200)\n"
        "one.execute('BEGIN')\n"
        "one.execute('UPDATE other SET x = zeroblob(3000)')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", killed, str(archive)], check=False)  # noqa: S603
    hot = archive.with_name("archive.db-journal").stat().st_size
    back = ran("systemd/restore.sh", environment, backup, next(keys.iterdir()))

    assert hot
    assert 0 == back.returncode, back.stderr
    assert not archive.with_name("archive.db-journal").exists()
    assert ["kept"] == content(archive)


def test_attachments_on_a_disk_of_their_own_are_whole_or_as_they_were(tmp_path: Path) -> None:
    """Such a disk is not put aside. One that is full leaves no half of an object, and nothing in the place of another; what is
    there already needs no room, and what came since is not removed.
    """
    environment, to, keys = whole_machine(tmp_path)
    files = tmp_path / "files"
    for name, size in (("one", 1000), ("two", 100_000), ("three", 1000)):
        (files / name).write_bytes(name.encode() * size)
    was = {path.name: path.read_bytes() for path in files.iterdir()}
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    (files / "two").write_bytes(b"damaged")
    (files / "three").unlink()
    (files / "four").write_bytes(b"later")
    (files / "one").chmod(0o600)
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    tool(tmp_path / "bin", "mountpoint", f'[ "$2" = "{files}" ]')
    limited = 'case "$*" in *-xpf*attachments.tar) ulimit -f "$BLOCKS" ;; esac'
    environment["PATH"] = tool(tmp_path / "bin", "tar", f'{limited}\nexec {program("tar")} "$@"')
    full = ran("systemd/restore.sh", environment | {"BLOCKS": "10"}, backup, next(keys.iterdir()))
    after = {path.name: path.read_bytes() for path in files.iterdir()}
    back = ran("systemd/restore.sh", environment | {"BLOCKS": "10000"}, backup, next(keys.iterdir()))

    assert (True, True) == (full.returncode != 0, "nothing was changed" in full.stderr)
    assert before == after
    assert 0 == back.returncode, back.stderr
    assert was | {"four": b"later"} == {path.name: path.read_bytes() for path in files.iterdir()}


def test_a_restore_goes_where_a_link_shows_and_minds_no_slash_at_the_end(tmp_path: Path) -> None:
    """The archive is a link to another disk, attachments are too, and their setting ends with a slash, as a shell completes it.
    All of it comes back on that disk, whole, and what was there is beside it. It was broken off in the middle at each attempt.
    """
    disk, state = tmp_path / "disk", tmp_path / "state"
    (disk / "files").mkdir(parents=True)
    environment, to, keys = one_machine(tmp_path, f"VIGIL_ATTACHMENTS={tmp_path}/files/\n")
    environment["ARCHIVE_DB"] = str(state / "archive.db")
    (tmp_path / "files").symlink_to(disk / "files")
    (state / "archive.db").symlink_to(disk / "archive.db")
    add(disk / "archive.db", "kept").close()
    (disk / "files" / "one").write_bytes(b"sealed")
    made = ran("systemd/backup.sh", environment, to, keys)
    add(disk / "archive.db", "later").close()
    (disk / "files" / "one").write_bytes(b"damaged")
    back = ran("systemd/restore.sh", environment | {"SETTINGS": f"{tmp_path}/etc/"}, made.stdout.strip(), next(keys.iterdir()))

    assert (0, 0) == (made.returncode, back.returncode), made.stderr + back.stderr
    assert (["kept"], b"sealed") == (content(disk / "archive.db"), (disk / "files" / "one").read_bytes())
    assert [b"damaged"] == [path.read_bytes() for path in disk.glob("files.before-*/one")]
    assert 1 == len(list(tmp_path.glob("etc.before-*/keys/vigil.pem")))


def test_nothing_is_put_back_while_a_process_that_no_unit_started_has_it_open(tmp_path: Path) -> None:
    """It would go on in what is put aside, and give receipts for what nobody finds there."""
    environment, to, keys = whole_machine(tmp_path)
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    with closing(add(Path(environment["ARCHIVE_DB"]), "later")):
        refused = ran("systemd/restore.sh", environment, backup, next(keys.iterdir()))

    assert (1, True) == (refused.returncode, f"process {os.getpid()} has" in refused.stderr)
    assert not list((tmp_path / "state").glob("*.before-*"))
    assert ["kept", "later"] == content(Path(environment["ARCHIVE_DB"]))


def test_nothing_is_backed_up_or_put_back_while_another_is_put_back(tmp_path: Path) -> None:
    """Two at once would leave Temporal of the one and the archive of the other, and both would end well."""
    environment, to, keys = whole_machine(tmp_path)
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    holds = os.open(tmp_path, os.O_RDONLY)
    try:
        flock(holds, LOCK_EX)
        refused = [
            ran(f"systemd/{name}.sh", environment, *words) for name, words in (("backup", (to, keys)), ("restore", (backup,)))
        ]
    finally:
        os.close(holds)

    assert [1, 1] == [one.returncode for one in refused]
    assert ["nothing was backed up", "nothing was changed"] == [one.stderr.strip().rpartition(": ")[2] for one in refused]


def test_a_folder_that_was_not_there_is_told_of(tmp_path: Path) -> None:
    """On a new machine it is root's, and a gateway that runs as Vigil's user would not open the archive in it."""
    environment, to, keys = whole_machine(tmp_path)
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    elsewhere = tmp_path / "srv" / "archive.db"
    back = ran("systemd/restore.sh", environment | {"ARCHIVE_DB": str(elsewhere)}, backup, next(keys.iterdir()))

    assert 0 == back.returncode, back.stderr
    assert 1 == back.stderr.count(f"{elsewhere.parent} was not there: give it to the user")


@pytest.mark.parametrize("kept", [-1, -20], ids=["a line", "a name"])
def test_a_backup_whose_list_of_digests_is_cut_off_is_damaged(tmp_path: Path, kept: int) -> None:
    """What is not in it, or in half a line, would be put back whatever has become of it. One without Temporal is no backup."""
    environment, to, keys = whole_machine(tmp_path)
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    sums, temporal = backup / "SHA256SUMS", backup / "temporal.db"
    lines = sums.read_text()
    sums.write_text("".join(lines.splitlines(keepends=True)[:-1]) if kept == -1 else lines[:kept])
    temporal.write_bytes(temporal.read_bytes()[:-1] + b"?")
    refused = ran("systemd/restore.sh", environment, backup, next(keys.iterdir()))
    temporal.unlink()
    sums.write_text("".join(lines.splitlines(keepends=True)[:-1]))
    foreign = ran("systemd/restore.sh", environment, backup, next(keys.iterdir()))

    assert (7, 3) == (refused.returncode, foreign.returncode), refused.stderr + foreign.stderr
    assert "nothing was changed" in refused.stderr
    assert "it has no temporal.db; nothing was changed" in foreign.stderr
    assert not list((tmp_path / "state").glob("*.before-*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root gives files to nobody")
def test_settings_of_somebody_whom_nobody_knows_here_are_given_to_nobody_else(tmp_path: Path) -> None:
    """On a new machine the number of Vigil's group may be another's, who would read them, and Vigil would not."""
    environment, to, keys = whole_machine(tmp_path)
    backup = Path(ran("systemd/backup.sh", environment, to, keys).stdout.strip())
    with tarfile.open(backup / "settings.tar", "w") as packed:
        one = packed.gettarinfo(tmp_path / "etc" / "vigil.env", "./vigil.env")
        one.gname, one.gid = "vigil-of-old", 4711
        one.size = 0
        packed.addfile(one)
    sums = 'cd "$1" && sha256sum -- *[!S] >SHA256SUMS'
    subprocess.run(["/bin/sh", "-c", sums, "sh", str(backup)], check=True)  # noqa: S603
    refused = ran("systemd/restore.sh", environment, backup, next(keys.iterdir()))

    assert (3, True) == (refused.returncode, "root/vigil-of-old, who is not known here" in refused.stderr), refused.stderr
    assert not list((tmp_path / "state").glob("*.before-*"))


NAMES = ("temporal", "temporal_visibility", "vigil")


@dataclass(frozen=True)
class Composed:
    """The three databases, with attachments and secrets in folders, as the scripts for the composed system find them."""

    folder: Path
    environment: dict[str, str]

    def sql(self, database: str, text: str) -> str:
        """What the server says to it."""
        words = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", database, "--command", text]
        asked = subprocess.run(words, env={**os.environ, **self.environment}, check=True, capture_output=True, text=True)  # noqa: S603
        return asked.stdout.strip()

    def backed_up(self) -> tuple[Path, Path]:
        """A backup, and its keys."""
        made = ran("compose/backup.sh", self.environment, self.folder / "to", self.folder / "keys")
        assert 0 == made.returncode, made.stderr
        return Path(made.stdout.strip()), next((self.folder / "keys").iterdir())

    def say(self, words: str) -> None:
        """Say something in each database."""
        for name in NAMES:
            self.sql(name, f"INSERT INTO said VALUES ('{words}')")  # noqa: S608

    def said(self) -> set[str]:
        """What is said in each; that all databases of the server are those three is part of it."""
        found = {self.sql(name, "SELECT string_agg(words, ' ' ORDER BY words) FROM said") for name in NAMES}
        there = self.sql("postgres", "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate")
        return found | ({there} - {"postgres temporal temporal_visibility vigil"})

    def stumbles(self, how: str) -> dict[str, str]:
        """So that whatever puts back the second database does this."""
        second = f'*create*) [ ! -e "$0.once" ] || {{ {how}; }}; touch "$0.once" ;;'
        text = f'case "$*" in {second} esac\nexec {program("pg_restore")} "$@"'
        folder = self.folder / "bin"
        tool(folder, "pg_restore", text)
        (folder / "pg_restore.once").unlink(missing_ok=True)
        return self.environment | {"PATH": f"{folder}:{self.environment['PATH']}"}


@pytest.fixture
def composed(postgresql: PostgreSQL, tmp_path: Path) -> Composed:
    """All of it, with `kept` said in each database."""
    tools = [program(name) for name in ("psql", "pg_dump", "pg_restore")]
    if None in tools:
        pytest.skip("psql, pg_dump or pg_restore is not installed")
    for folder in ("compose/secrets", "files", "to", "keys"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "files" / "one").write_bytes(b"sealed")
    (tmp_path / "compose" / "secrets" / "vigil_key.pem").write_text("the first key")
    server = {"PGHOST": "127.0.0.1", "PGPORT": str(postgresql.port), "PGUSER": USER, "PGPASSWORD": PASSWORD, "IN_POSTGRES": "env"}
    places = {"COMPOSE_FOLDER": str(tmp_path / "compose"), "ATTACHMENTS": str(tmp_path / "files")}
    path = os.pathsep.join([*(str(Path(str(one)).parent) for one in tools), os.environ["PATH"]])
    made = Composed(tmp_path, server | places | {"PATH": path})
    for name in NAMES:
        for one in (name, f"{name}_before"):
            made.sql("postgres", f"DROP DATABASE IF EXISTS {one}")
        made.sql("postgres", f"CREATE DATABASE {name}")
        made.sql(name, "CREATE TABLE said (words TEXT)")
    made.say("kept")
    return made


@pytest.mark.parametrize("how", ["exit 1", "kill -TERM $PPID; exit 1"], ids=["full", "ended"])
def test_a_restore_of_the_composed_system_that_is_broken_off_changes_nothing(composed: Composed, how: str) -> None:
    """The disk is full after the first database, or whoever restores is hung up on: all three are as they were, and so are
    secrets.
    """
    backup, keys = composed.backed_up()
    composed.say("later")
    secret = composed.folder / "compose" / "secrets" / "vigil_key.pem"
    secret.write_text("another key")
    refused = ran("compose/restore.sh", composed.stumbles(how), backup, keys)

    assert (True, True) == (refused.returncode != 0, "nothing was changed" in refused.stderr), refused.stderr
    assert {"kept later"} == composed.said()
    assert "another key" == secret.read_text()
    assert ["secrets"] == [path.name for path in (composed.folder / "compose").iterdir()]
    assert [backup] == list((composed.folder / "to").iterdir())


def test_what_a_restore_that_was_killed_has_put_aside_is_kept_by_the_next(composed: Composed) -> None:
    """Nobody can undo what was killed: the next finds what lies aside, keeps what was there, also where something new stands in
    its place, and puts the backup in its place. Of keys that lie about it is told.
    """
    backup, keys = composed.backed_up()
    composed.say("later")
    killed = ran("compose/restore.sh", composed.stumbles("kill -KILL $PPID; exit 1"), backup, keys)
    again = ran("compose/restore.sh", composed.environment, backup, keys)
    lies = next((composed.folder / "compose").glob("secrets.new-*"))
    aside = next((composed.folder / "to").glob("*.killed-*.temporal.dump"))
    words = [str(program("pg_restore")), "--file=-", str(aside)]
    dumped = subprocess.run(words, check=True, capture_output=True, text=True).stdout  # noqa: S603

    assert -9 == killed.returncode
    assert 0 == again.returncode, again.stderr
    assert {"kept"} == composed.said()
    assert "later" in dumped
    assert f"{lies} is left of a restore that was killed" in again.stderr


def test_what_is_no_backup_of_the_composed_system_is_refused_before_anything_is_dropped(composed: Composed) -> None:
    """One of a machine with systemd, a dump that is cut off, and keys of which one bit has turned."""
    backup, keys = composed.backed_up()
    sums = 'cd "$1" && sha256sum -- *[!S] >SHA256SUMS'
    foreign, short = composed.folder / "foreign", composed.folder / "short"
    for folder in (foreign, short):
        shutil.copytree(backup, folder)
    (foreign / "temporal.dump").rename(foreign / "temporal.db")
    dump = short / "vigil.dump"
    dump.write_bytes(dump.read_bytes()[:-100])
    for folder in (foreign, short):
        subprocess.run(["/bin/sh", "-c", sums, "sh", str(folder)], check=True)  # noqa: S603
    refused = [ran("compose/restore.sh", composed.environment, folder, keys) for folder in (foreign, short)]
    keys.write_bytes(keys.read_bytes().replace(b"the first key", b"the girst key"))
    refused.append(ran("compose/restore.sh", composed.environment, backup, keys))

    assert [3, 7, 7] == [one.returncode for one in refused], [one.stderr for one in refused]
    assert all("nothing was changed" in one.stderr for one in refused)
    assert {"kept"} == composed.said()


def test_of_the_composed_system_too_nothing_is_backed_up_or_put_back_while_another_is_put_back(composed: Composed) -> None:
    """Nor does a backup come into the folder in which another is being made."""
    backup, keys = composed.backed_up()
    words = {"backup": (composed.folder / "to", composed.folder / "keys"), "restore": (backup, keys)}
    holds = os.open(composed.folder / "compose", os.O_RDONLY)
    try:
        flock(holds, LOCK_EX)
        refused = [ran(f"compose/{name}.sh", composed.environment, *given) for name, given in words.items()]
    finally:
        os.close(holds)
    path = f"{tool(composed.folder / 'bin', 'date', 'echo 20261127T220000Z')}:{composed.environment['PATH']}"
    half = composed.folder / "to" / ".vigil-20261127T220000Z.part"
    half.mkdir()
    refused.append(ran("compose/backup.sh", composed.environment | {"PATH": path}, *words["backup"]))

    assert [1, 1, 1] == [one.returncode for one in refused]
    assert {"kept"} == composed.said()
    assert not list(half.iterdir())


def test_nothing_is_put_back_while_a_container_is_started_again(composed: Composed) -> None:
    """One that ends and is started again, since the database is damaged, is no running one to Docker, and would come up in the
    middle.
    """
    backup, keys = composed.backed_up()
    text = 'case "$*" in *" ps "*restarting*) echo postgres; echo temporal ;; *" ps "*) echo postgres ;; *) exit 1 ;; esac'
    environment = composed.environment | {"IN_POSTGRES": ""}
    environment["PATH"] = f"{tool(composed.folder / 'bin', 'docker', text)}:{environment['PATH']}"
    refused = ran("compose/restore.sh", environment, backup, keys)

    assert (1, True) == (refused.returncode, "stop temporal, worker and gateway first" in refused.stderr), refused.stderr


def test_the_composed_system_is_backed_up_while_its_gateway_is_stopped(composed: Composed) -> None:
    """As the page says for whoever wants neither newer nor older: its volume is there all the same."""
    text = DOCKER.replace('*" ps "*) exit 0 ;;', '*" ps "*) exit 0 ;;\n*" exec -T gateway "*) exit 1 ;;')
    environment = composed.environment | {"IN_POSTGRES": "", "ATTACHMENTS": "", "PYTHON": sys.executable}
    environment["FILES"] = str(composed.folder / "files")
    environment["PATH"] = f"{tool(composed.folder / 'bin', 'docker', text.partition(chr(10))[2])}:{environment['PATH']}"
    made = ran("compose/backup.sh", environment, composed.folder / "to", composed.folder / "keys")
    with tarfile.open(Path(made.stdout.strip()) / "attachments.tar") as packed:
        names = packed.getnames()

    assert 0 == made.returncode, made.stderr
    assert ["./one"] == names
