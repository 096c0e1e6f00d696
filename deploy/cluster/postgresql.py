"""PostgreSQL on two machines: one takes writes, the other has all of it before a write counts, and takes the role over when it is
told to. Backups and every finished piece of the log lie in the vault, which a third machine would be.

Nobody has a password: who connects shows a certificate in whose name the role is.
"""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from deploy.cluster import network
from deploy.cluster.authority import certify, trusted
from deploy.cluster.processes import PATIENCE, await_up, start
from deploy.cluster.topology import DATABASE, DATABASES, FLOATING, HOME, Machine, Program

VAULT = HOME / "vault"
ACCOUNT = "postgres"
"""Of the machine's users: Debian's package makes it, and the server refuses to be root."""
ROLES = ("temporal", "vigil", "replica")
MEASURED = "vigil_measured"
"""What workers keep that the benchmarks start beside Vigil's own."""
CLAIMED = "vigil_claims"
"""A register that is there only while claims are measured."""
STORES = {"temporal": "temporal", "temporal_visibility": "temporal", "vigil": "vigil", MEASURED: "vigil"}
"""Each database, and whose it is."""
ACCESS = f"""\
local all {ACCOUNT} peer
hostssl temporal,temporal_visibility temporal {network.EVERYBODY} cert
hostssl vigil,{MEASURED},{CLAIMED} vigil {network.EVERYBODY} cert
hostssl replication replica {network.EVERYBODY} cert
"""


class DatabaseError(Exception):
    """A command of PostgreSQL was refused: which, and why."""


def tool(name: str) -> str:
    """Where a program of PostgreSQL is. Raises `DatabaseError`."""
    places = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ["PATH"]]))
    if found is None:
        raise DatabaseError(f"there is no {name} here: apt-get install postgresql")
    return found


def account() -> pwd.struct_passwd:
    """As whom it runs. Raises `DatabaseError`."""
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError as error:
        raise DatabaseError(f"there is no user {ACCOUNT} here: apt-get install postgresql") from error


def data_of(machine: Machine) -> Path:
    """Where it keeps its data."""
    return machine.folder / "data"


def program(machine: Machine) -> Program:
    """The server. Asked to end it waits for nobody: clients would keep it for ever."""
    command = (tool("postgres"), "-D", str(data_of(machine)))
    return Program(machine.name, machine, command, account().pw_uid, port=DATABASE, asked_to_end_by="SIGINT")


def make() -> None:
    """The folders of both, their certificates, the vault, and the data of the first. Nothing where it is done already."""
    user = account()
    for folder in (VAULT, VAULT / "wal"):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, user.pw_uid, user.pw_gid)
    for machine in DATABASES:
        if machine.folder.exists():
            continue
        machine.folder.mkdir(mode=0o700)
        sheets = (
            certify(machine.folder / "server", machine.name, [machine.address, FLOATING]),
            certify(machine.folder / "replica", "replica", [machine.address]),
        )
        shutil.copy(trusted(), machine.folder / "ca.pem")
        for path in (machine.folder, machine.folder / "ca.pem", *(path for one in sheets for path in (one.certificate, one.key))):
            os.chown(path, user.pw_uid, user.pw_gid)
    first = DATABASES[0]
    if not data_of(first).exists():
        run(
            first,
            "initdb",
            "--pgdata",
            data_of(first),
            "--username",
            ACCOUNT,
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-k",
            "-A",
            "peer",
        )
        _configure(first)


def _configure(machine: Machine) -> None:
    """Its settings, each machine's own: the data that a standby copies brings those of the other along."""
    own = machine.folder
    conninfo = (
        f"host={FLOATING} port={DATABASE} user=replica application_name={machine.name} connect_timeout=3 {secured(machine)}"
    )
    settings = {
        "listen_addresses": "*",
        "port": str(DATABASE),
        "unix_socket_directories": str(own),
        "max_connections": "200",
        "shared_buffers": "96MB",
        "ssl": "on",
        "ssl_min_protocol_version": "TLSv1.3",
        "ssl_cert_file": str(own / "server.pem"),
        "ssl_key_file": str(own / "server.key"),
        "ssl_ca_file": str(own / "ca.pem"),
        "wal_keep_size": "512MB",
        "wal_sender_timeout": "10s",
        "wal_receiver_timeout": "10s",
        "wal_retrieve_retry_interval": "500ms",
        "archive_mode": "on",
        "archive_command": keeping(VAULT / "wal"),
        "archive_timeout": "60s",
        "restore_command": f"cp {VAULT}/wal/%f %p",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "primary_conninfo": conninfo,
    }
    text = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    for name, content in (("postgresql.conf", text), ("pg_hba.conf", ACCESS)):
        (data_of(machine) / name).write_text(content)


def keeping(folder: Path) -> str:
    """The command that keeps a piece of the log there, on its disk. A server that ended after that, and before it had noted it,
    asks again: what is there already and is the same is kept, and never written over where it is another.
    """
    there = f"{folder}/%f"
    return (
        f"if test -f {there}; then cmp -s %p {there}; "
        f"else cp %p {folder}/.%f && sync {folder}/.%f && mv {folder}/.%f {there} && sync {folder}; fi"
    )


def secured(machine: Machine) -> str:
    """How the role `replica` of this machine shows who it is, and checks who answers."""
    own = machine.folder
    return f"sslmode=verify-full sslrootcert={own}/ca.pem sslcert={own}/replica.pem sslkey={own}/replica.key"


def run(machine: Machine, name: str, *arguments: object) -> str:
    """What a program of PostgreSQL says, run on a machine. Raises `DatabaseError`."""
    user = account()
    command = [*network.entered(machine), "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    done = subprocess.run([*command, tool(name), *map(str, arguments)], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise DatabaseError(f"{machine.name}: {name} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def ask(machine: Machine, statement: str, database: str = "postgres") -> str:
    """What the server of a machine answers its administrator, who sits there. Raises `DatabaseError`."""
    where = ("--host", machine.folder, "--username", ACCOUNT, "--dbname", database)
    return run(machine, "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", *where, "--command", statement)


def primary() -> Machine | None:
    """Which takes writes: that which has the address."""
    return next((one for one in DATABASES if network.floats_at(one)), None)


def may_lead(machine: Machine) -> bool:
    """Whether it would take writes if it were started: it has data, and follows nobody."""
    return data_of(machine).exists() and not (data_of(machine) / "standby.signal").exists()


def other(machine: Machine) -> Machine:
    """The one of the two that is not this one."""
    return DATABASES[1] if machine == DATABASES[0] else DATABASES[0]


def begin(machine: Machine) -> None:
    """Start it, and wait until it answers: its door is open before that. Raises `DatabaseError`."""
    start(program(machine))
    await_up(program(machine))
    await_that(lambda: ask(machine, "SELECT 1") == "1", f"{machine.name} answers")


def make_stores(machine: Machine) -> None:
    """The roles and databases that are missing."""
    for role in ROLES:
        if not ask(machine, f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):  # noqa: S608 - our own names
            ask(machine, f"CREATE ROLE {role} LOGIN {'REPLICATION' if role == 'replica' else ''}")
    for store, owner in STORES.items():
        if not ask(machine, f"SELECT 1 FROM pg_database WHERE datname = '{store}'"):  # noqa: S608 - our own names
            ask(machine, f"CREATE DATABASE {store} OWNER {owner}")
            ask(machine, f"REVOKE CONNECT ON DATABASE {store} FROM PUBLIC")


def follow(machine: Machine) -> None:
    """Make this machine the standby of the other, from a copy of all its data; what it had itself is gone. From then on nothing
    counts as written that is not on both.
    """
    leader = other(machine)
    shutil.rmtree(data_of(machine), ignore_errors=True)
    source = f"host={FLOATING} port={DATABASE} user=replica {secured(machine)}"
    run(machine, "pg_basebackup", "--dbname", source, "--pgdata", data_of(machine), "--checkpoint=fast", "--wal-method=stream")
    _configure(machine)
    (data_of(machine) / "standby.signal").touch()
    begin(machine)
    await_that(lambda: follows(leader), f"{machine.name} follows")
    demand_both(leader, both=True)


def follows(leader: Machine) -> bool:
    """Whether somebody follows this machine, and is as far as it is."""
    return ask(leader, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1"


def demand_both(machine: Machine, *, both: bool) -> None:
    """Whether what this machine writes counts only once the other has it too. Without the other, nothing would be written."""
    names = "*" if both else ""
    ask(machine, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    ask(machine, "SELECT pg_reload_conf()")


def promote(machine: Machine) -> None:
    """From now on this one takes writes, alone until the other follows it. The other one must not take any: see `network`."""
    demand_both(machine, both=False)
    run(machine, "pg_ctl", "promote", "--pgdata", data_of(machine), "--wait")
    network.give_floating(machine)


def back_up(machine: Machine, name: str) -> Path:
    """A copy of all data into the vault, while it is written to."""
    folder = VAULT / name
    source = f"host={machine.address} port={DATABASE} user=replica {secured(machine)}"
    run(machine, "pg_basebackup", "--dbname", source, "--pgdata", folder, "--checkpoint=fast", "--wal-method=none")
    return folder


def close_log(machine: Machine) -> None:
    """Have all that has been written until now in the vault: the point up to which a restore loses nothing."""
    piece = ask(machine, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
    ask(machine, "SELECT pg_switch_wal()")
    await_that((VAULT / "wal" / piece).exists, f"{piece} is in the vault")


def restore(machine: Machine, backup: Path) -> None:
    """Put a backup back, and all of the log that the vault has, up to its end. Raises `DatabaseError`."""
    user, fresh = account(), data_of(machine).with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(backup, fresh, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    fresh.chmod(0o700)
    for one in DATABASES:  # not before: a disk that is full changes nothing
        shutil.rmtree(data_of(one), ignore_errors=True)
    fresh.rename(data_of(machine))
    (data_of(machine) / "postgresql.auto.conf").write_text("")  # it may demand a standby that is no more
    _configure(machine)
    (data_of(machine) / "recovery.signal").touch()
    network.take_floating(other(machine))
    network.give_floating(machine)
    begin(machine)
    await_that(lambda: ask(machine, "SELECT pg_is_in_recovery()") == "f", "all of the log is read")


def await_that(true: Callable[[], bool], what: str) -> None:
    """Wait until it is so. Raises `DatabaseError`."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if true():
                return
        except DatabaseError:
            pass
        time.sleep(0.1)
    raise DatabaseError(f"after {PATIENCE:.0f} s it is not so that {what}")
