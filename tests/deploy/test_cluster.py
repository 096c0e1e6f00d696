"""What the files of the cluster promise. That it runs and loses nothing is the drill's to show (`make drill`)."""

import asyncio
import os
import pwd
import re
import shutil
import subprocess
import time
from argparse import Namespace
from collections.abc import Callable, Iterable
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster import __main__ as cluster
from deploy.cluster import configuration, drill, network, postgresql, topology
from deploy.cluster.__main__ import ClusterError, leader_of
from deploy.cluster.drill import LostError, _put_back
from deploy.cluster.measure import claimed
from deploy.cluster.postgresql import DatabaseError
from deploy.cluster.topology import BALANCER, DATABASES, GATEWAYS, MACHINES, ROLES, SERVERS, WORKERS

ROOT = Path(__file__).resolve().parents[2]
HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def test_no_two_machines_are_taken_for_one_another() -> None:
    """Names and addresses are each machine's own, and a name fits an interface of Linux."""
    assert len(MACHINES) == len({one.name for one in MACHINES}) == len({one.address for one in MACHINES})
    assert topology.FLOATING not in {one.address for one in MACHINES}
    assert all(len(one.name) <= 15 for one in MACHINES)


@pytest.mark.parametrize("role", ROLES)
def test_temporal_takes_no_call_from_whom_it_does_not_know(role: str) -> None:
    """Both doors of each of its machines ask for a certificate, and each call, the database's too, checks who answers."""
    for machine in SERVERS[role]:
        said = configuration.temporal_settings(role, machine)
        tls = said["global"]["tls"]

        for door in ("internode", "frontend"):
            assert tls[door]["server"]["requireClientAuth"]
            assert tls[door]["server"]["clientCaFiles"] == tls[door]["client"]["rootCaFiles"] == [f"{machine.folder}/ca.pem"]
        assert all(store["sql"]["tls"]["enableHostVerification"] for store in said["persistence"]["datastores"].values())
        assert said["services"][role]["rpc"]["bindOnIP"] == said["global"]["membership"]["broadcastAddress"] == machine.address
    assert configuration.DYNAMIC["system.enableRingpopTLS"] == [{"value": True}]


def test_the_database_lets_nobody_in_without_a_certificate() -> None:
    """Over the network a role is whose name the certificate has; the administrator sits at the machine."""
    rows = [line.split() for line in postgresql.ACCESS.splitlines()]

    assert {(row[0], row[-1]) for row in rows} == {("local", "peer"), ("hostssl", "cert")}


def test_claims_are_measured_in_a_register_that_is_empty_before_and_gone_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the measurement fails; a worker's certificate opens it, and only the database that is let in is named."""
    asked: list[str] = []
    monkeypatch.setattr(postgresql, "primary", lambda: DATABASES[0])
    monkeypatch.setattr(postgresql, "ask", lambda _machine, statement: asked.append(statement))
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr("bench.claims.measured", lambda url, *_: (_ for _ in ()).throw(OSError(url)))

    with pytest.raises(OSError, match=f"@{topology.FLOATING}:.*/{postgresql.CLAIMED}[?]ssl=verify-full"):
        claimed(Namespace(claims=2, at_once=1))

    assert ["DROP", "CREATE", "DROP"] == [one.split()[0] for one in asked]
    assert all(postgresql.CLAIMED in one for one in asked)
    assert {"PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"} == os.environ.keys()
    assert [f"vigil,{postgresql.MEASURED},{postgresql.CLAIMED}"] == [
        row.split()[1] for row in postgresql.ACCESS.splitlines() if row.split()[2] == "vigil"
    ]


def test_a_piece_of_the_log_that_is_kept_already_is_no_fault_and_another_of_its_name_is(tmp_path: Path) -> None:
    """A server that was killed before it had noted that a piece is kept asks again: refused, it would keep its log until its
    disk is full. One of another server under the same name is not written over.
    """
    vault, piece = tmp_path / "vault", tmp_path / "piece"
    vault.mkdir()
    command = postgresql.keeping(vault).replace("%f", "0001").replace("%p", str(piece))
    piece.write_bytes(b"log")
    kept = [subprocess.run(["/bin/sh", "-c", command], check=False).returncode for _ in range(2)]  # noqa: S603
    piece.write_bytes(b"another")
    other = subprocess.run(["/bin/sh", "-c", command], check=False).returncode  # noqa: S603

    assert ([0, 0], 1) == (kept, other)
    assert [("0001", b"log")] == [(path.name, path.read_bytes()) for path in vault.iterdir()]


def test_two_databases_never_take_writes_side_by_side() -> None:
    """After both have been down the one leads that follows nobody. Where both would, a person must say which one was lost."""
    first, second = DATABASES

    assert leader_of([second]) == second
    with pytest.raises(ClusterError, match=r"postgres-1 and postgres-2 would both take writes.*Remove its folder `data`"):
        leader_of([first, second])
    with pytest.raises(ClusterError, match="both follow"):
        leader_of([])


@pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
def test_databases_that_cannot_be_put_back_are_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full in the middle of the copy: both were gone by then, though they may be all that there is but the vault."""
    monkeypatch.setattr("deploy.cluster.topology.HOME", tmp_path)
    monkeypatch.setattr("deploy.cluster.postgresql.account", lambda: pwd.getpwuid(os.getuid()))
    for one in DATABASES:
        postgresql.data_of(one).mkdir(parents=True)

    def full(*_words: object, **_more: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("deploy.cluster.postgresql.shutil.copytree", full)
    with pytest.raises(OSError, match="No space left"):
        postgresql.restore(DATABASES[0], tmp_path / "vault")

    assert all(postgresql.data_of(one).exists() for one in DATABASES)


def test_haproxy_understands_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the balancer and of a gateway's door are right, as haproxy itself says."""
    monkeypatch.setattr(topology, "HOME", tmp_path)
    for machine in (BALANCER, GATEWAYS[0]):
        machine.folder.mkdir(parents=True)
        configuration.furnish(machine)
        text = configuration.balancing() if machine == BALANCER else configuration.door(machine)
        (machine.folder / "haproxy.cfg").write_text(text)

        done = subprocess.run(  # noqa: S603
            [str(HAPROXY), "-c", "-f", str(machine.folder / "haproxy.cfg")], capture_output=True, check=False
        )

        assert done.returncode == 0, done.stderr.decode()


def test_a_gateway_stays_in_use_while_the_archive_is_away() -> None:
    """The balancer asks whether a gateway is there, not whether all behind it is: a stop must get through (R8)."""
    assert "/v1/health" not in configuration.balancing()
    assert "retry-on conn-failure\n" in configuration.balancing()


def test_only_workers_of_the_cluster_have_the_deconfliction_key() -> None:
    """The gateway can hash nothing, here as elsewhere."""
    with_it = {one.machine for one in configuration.vigil_programs() if "VIGIL_DECONFLICTION_KEY" in one.environment}

    assert with_it == set(WORKERS)


def test_a_cluster_that_was_made_in_part_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose folder is there was taken for one that has all its files: where making them was interrupted it is said
    how to begin anew, before anything is started.
    """
    (tmp_path / "machines" / "desk").mkdir(parents=True)
    monkeypatch.setattr(cluster, "HOME", tmp_path)
    monkeypatch.setattr(cluster, "MADE", tmp_path / "made")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(ClusterError, match=r"interrupted: `make cluster-down ARGS=--wipe` removes it"):
        cluster.up()
    assert [tmp_path / "machines"] == list(tmp_path.iterdir())


def test_a_network_that_was_made_in_part_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there once the last machine has its address, and nothing before that: whoever was interrupted in the middle, making
    it or taking it away, has none, and what is left is removed first.
    """
    given: list[tuple[str, ...]] = []

    def ip(*words: str) -> str:
        if "show" in words:
            last = [f"    inet {one[-3]} scope global eth0" for one in given if "address" in one and words[1] == one[1]]
            return "\n".join(last)
        given.append(words)
        if words[:2] == ("netns", "add"):
            (tmp_path / words[2]).touch()
        if words[:2] == ("netns", "delete"):
            (tmp_path / words[2]).unlink()
        return ""

    monkeypatch.setattr(network, "_NAMESPACES", tmp_path)
    monkeypatch.setattr(network, "ip", ip)
    (tmp_path / MACHINES[0].namespace).touch()
    before = network.exists()
    network.create()
    after = network.exists()
    made, given[:] = given[:], given[:-1]
    without_the_last = network.exists()
    given.append(made[-1])
    (tmp_path / MACHINES[1].namespace).unlink()

    assert [False, True, False, False] == [before, after, without_the_last, network.exists()]
    assert ("netns", "delete", MACHINES[0].namespace) == made[0]


def test_a_drill_takes_nothing_away_where_it_would_show_nothing() -> None:
    """Without a single receipt every comparison after a restore holds."""
    lost: list[str] = []
    nothing: Any = Namespace()

    with pytest.raises(LostError, match="no receipt was given"):
        asyncio.run(_put_back(nothing, [(nothing, [])], lambda _gone: lost.append("all"), one_moment=True))
    assert not lost


async def test_what_came_after_the_point_is_not_held_against_what_is_said_once_it_is_put_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A service that is asked anew would show another ledger than its receipts, which is no fault. Before the loss they
    count: one that comes as everything ends is among them, and all are looked for in what was put back.
    """
    early, late, last = (Namespace(receipt=Namespace(statement=name, size=3)) for name in ("early", "late", "last"))
    case = Namespace(receipts={"early": early, "late": late}, left={"asked": "again"})
    looked_for: list[object] = []

    async def agreed(_drill: object, one: Namespace, size: int, later: Iterable[object], *, one_moment: bool) -> list[object]:
        looked_for.extend([[*one.receipts], one.left, size, [*later], one_moment])
        return []

    async def healthy() -> None:
        pass

    def loss(gone: Callable[[], object]) -> None:
        case.receipts["last"] = last
        gone()

    monkeypatch.setattr(drill, "_agreed", agreed)
    monkeypatch.setattr(drill, "survived", lambda _entries, _before, since: ([], len(since)))
    fake: Any = Namespace(records=Namespace(clock=lambda: 0.0), await_health=healthy)
    held: Any = [(case, [early.receipt])]
    await _put_back(fake, held, loss, one_moment=True)

    assert [["early"], {}, 3, [late, last], True] == looked_for


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ("FATAL:  connection requires a valid client certificate", None),
        ('FATAL:  no pg_hba.conf entry for host "10.77.0.2", user "vigil", database "vigil", SSL encryption', None),
        ("Connection refused", "which said: desk: psql ended with 2: Connection refused"),
        ('FATAL:  role "vigil" does not exist', "which said: desk: psql ended with 2: FATAL"),
        ("", "which said: nothing"),
    ],
    ids=["certificate", "access", "down", "role", "open"],
)
def test_a_stranger_is_refused_for_want_of_a_certificate_and_for_nothing_else(
    refusal: str, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is down, or lacks a role, lets nobody in either, which says nothing of its door; nor does one that
    turns away who has the right certificate.
    """
    knocked: list[str] = []
    nobody: Any = None

    def run(_machine: object, _program: str, *words: str) -> str:
        knocked.append(words[1])
        if "sslcert=/none" in words[1] and refusal:
            raise DatabaseError(f"desk: psql ended with 2: {refusal}")
        return "it is answered"

    monkeypatch.setattr(drill, "_refuses", lambda _address, _port: True)
    monkeypatch.setattr(drill, "_leader", lambda: DATABASES[0])
    monkeypatch.setattr(postgresql, "run", run)
    if told is None:
        asyncio.run(drill.strangers(nobody))
    else:
        with pytest.raises(LostError, match=f"PostgreSQL with user=temporal dbname=temporal, {told}"):
            asyncio.run(drill.strangers(nobody))

    assert f"sslcert={DATABASES[0].folder}/replica.pem" in knocked[0]
    assert {"temporal", "vigil", "replica", "postgres"} == {one.partition("user=")[2].split()[0] for one in knocked[1:]}


def test_a_statement_counts_as_accepted_after_a_loss_once_the_part_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said between its end and the new start: one that was on its way before it counted, and made the time too short."""
    order: list[str] = []
    for name in ("end", "start", "await_up"):
        monkeypatch.setattr(drill, name, lambda program, *_signal, name=name: order.append(f"{name} {program.name}"))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    first, second = (postgresql.Program(one.name, one, ()) for one in WORKERS)
    drill.killed(first)(lambda: order.append("gone"))
    drill.replaced([first, second])(lambda: order.append("gone"))

    of_first, of_second = [[f"{what} {one.name}" for what in ("end", "start", "await_up")] for one in WORKERS]
    assert [of_first[0], "gone", *of_first[1:]] * 2 + of_second == order


def test_nothing_but_the_cluster_needs_go() -> None:
    """`make demo`, `make test` and CI build and start no Go. The version of Temporal's server is fixed, with what it needs."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = re.findall(r"^([a-z-]+):[^\n]*\n((?:\t[^\n]*\n)+)", makefile, re.MULTILINE)

    assert {"cluster-build"} == {name for name, recipe in recipes if "go build" in recipe}
    assert "cluster-build" not in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("go", "before"):
        module = ROOT / "deploy" / "cluster" / "temporal" / f"{name}.mod"
        version = re.findall(r"^require go\.temporal\.io/server (v\S+)$", module.read_text(encoding="utf-8"), re.MULTILINE)
        assert f"go.temporal.io/server {version[0]} h1:" in module.with_suffix(".sum").read_text(encoding="utf-8")
