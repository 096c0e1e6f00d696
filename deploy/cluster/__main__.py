"""The cluster, from one command: `python -m deploy.cluster up`, `status`, `down`. It needs root, for the network."""

import argparse
import json
import os
import shutil
import ssl
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from bench.shape import pattern
from client.dossier import Dossier, Staged
from client.embedded import held
from client.rehearse import Rehearsal
from deploy.cluster import configuration, network, postgresql
from deploy.cluster.configuration import NODE, ROOT, administration, balancing_programs, temporal_programs, vigil_programs
from deploy.cluster.network import NetworkError
from deploy.cluster.postgresql import DatabaseError
from deploy.cluster.processes import NotUpError, await_up, end, listens, start, started
from deploy.cluster.topology import DATABASE, DATABASES, DESK, FLOATING, GATEWAY_URL, HOME, Machine, Program
from domain.plan.directory import Desk, Directory, Poll, Push, Service
from rehearsal.scenario import Scenario
from tests.support import example_cards, example_directory, example_plan

BUILT = ROOT / "build" / "cluster"
"""Where `make cluster-build` puts Temporal's server, and the version before it."""
MADE = HOME / "made"
"""There once every machine has its files, and both databases their data: nothing of that can be made a second time."""
RETENTION = "90d"
ATTRIBUTES = {"VigilParticipants": "KeywordList", "VigilBeside": "KeywordList", "VigilPhase": "Keyword"}
TRIES = 60


class ClusterError(Exception):
    """The cluster cannot be brought up, and what to do about it."""


def up(*, before: bool = False) -> None:
    """Everything, from nothing or from what is there. `before`: with Temporal's version before the present one."""
    if os.geteuid() != 0:
        raise ClusterError("the network needs root: run this as root, on a machine where that is right")
    new = not MADE.exists()
    if new and (HOME / "machines").exists():
        wipe = "`make cluster-down ARGS=--wipe` removes it; then run this again"
        raise ClusterError(f"{HOME} is made in part, since an earlier run was interrupted: {wipe}")
    HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    install("temporal-node-before" if before else "temporal-node")
    if not network.exists():
        network.create()
    network.sit_down()
    configuration.lay_out()
    if new:
        hand_out_example()
    bring_up_databases()
    MADE.touch()
    make_schema()
    bring_up(balancing_programs())
    first, *others = temporal_programs()
    bring_up([first])  # one alone writes down what the cluster is called: of several at once all but one end
    bring_up(others)
    make_namespace()
    bring_up(vigil_programs())
    postgresql.await_that(lambda: health() == "up", "Vigil is up; see its logs")


def health() -> str:
    """How Vigil is, as a gateway says it through the balancer."""
    trusted = ssl.create_default_context(cafile=DESK.folder / "ca.pem")
    try:
        with urllib.request.urlopen(f"{GATEWAY_URL}/v1/health", timeout=5, context=trusted) as answer:  # noqa: S310 - a fixed one
            return str(json.load(answer)["status"])
    except OSError as error:
        return f"away ({error})"


def install(name: str) -> None:
    """Put a version of Temporal's server in its place. What runs of another one goes on until it is ended."""
    built = BUILT / name
    if not built.exists():
        raise ClusterError(f"there is no {built}: run `make cluster-build` first, which needs Go")
    NODE.parent.mkdir(mode=0o755, exist_ok=True)
    fresh = NODE.with_name("temporal-node.new")
    shutil.copy(built, fresh)
    fresh.chmod(0o755)
    fresh.rename(NODE)


def bring_up(programs: Sequence[Program]) -> None:
    """Start them together, and wait for each."""
    for program in programs:
        start(program)
    for program in programs:
        await_up(program)


def bring_up_databases() -> None:
    """The one that takes writes, then the one that follows it."""
    leader = postgresql.primary()
    if leader is None:
        leader = leader_of([one for one in DATABASES if postgresql.may_lead(one)])
        network.give_floating(leader)
    follower = postgresql.other(leader)
    postgresql.begin(leader)
    if postgresql.data_of(follower).exists():
        postgresql.begin(follower)
        postgresql.await_that(lambda: postgresql.follows(leader), f"{follower.name} follows")
    else:
        postgresql.make_stores(leader)
        postgresql.follow(follower)


def leader_of(may_lead: Sequence[Machine]) -> Machine:
    """Which of the two takes writes when both have been down. Raises `ClusterError` if both would, or neither may."""
    if len(may_lead) == 1:
        return may_lead[0]
    names = " and ".join(one.name for one in DATABASES)
    if not may_lead:
        raise ClusterError(f"{names} both follow: promote the one that has more, see pg_controldata, then run this again")
    folder = postgresql.data_of(may_lead[0]).name
    raise ClusterError(
        f"{names} would both take writes: one was lost and replaced. Remove its folder `{folder}`, then run this again"
    )


def make_schema() -> None:
    """Temporal's tables, or bring them up to this version."""
    own = DESK.folder
    for database, name in (("temporal", "temporal"), ("temporal_visibility", "visibility")):
        sheet = next(iter(temporal_programs())).machine.folder
        where = (
            "--plugin",
            "postgres12",
            "--endpoint",
            FLOATING,
            "--port",
            str(DATABASE),
            "--user",
            "temporal",
            "--database",
            database,
        )
        keys = (
            "--tls-ca-file",
            f"{own}/ca.pem",
            "--tls-cert-file",
            f"{sheet}/database.pem",
            "--tls-key-file",
            f"{sheet}/database.key",
        )
        tool = (str(NODE), "sql", *where, "--tls", *keys, "--tls-server-name", FLOATING)
        _say_of(*tool, "setup-schema", "--version", "0.0")
        _say_of(*tool, "update-schema", "--schema-name", f"postgresql/v12/{name}")


def make_namespace() -> None:
    """The namespace with its retention, and the search attributes, once the front ends answer."""
    temporal = (str(Path(sysconfig.get_path("scripts")) / "temporal"), "operator")
    _until_done(*temporal, "cluster", "health", *administration())
    known = _done(*temporal, "namespace", "describe", *administration())
    _until_done(*temporal, "namespace", "update" if known else "create", "--retention", RETENTION, *administration())
    for name, kind in ATTRIBUTES.items():
        _until_done(*temporal, "search-attribute", "create", "--name", name, "--type", kind, *administration())


def _until_done(*command: str) -> None:
    for _ in range(TRIES):
        if _done(*command):
            return
        time.sleep(1)
    _say_of(*command)


def _done(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _say_of(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}")


def hand_out_example() -> None:
    """What the example operation and that of the benchmarks need, with simulated keys: services answer at the desk, over TLS. In
    earnest an administrator brings the installation's own directory, cards and keys.
    """
    with tempfile.TemporaryDirectory() as folder, held(Path(folder)) as home:
        plans = example_plan("almaty-tashkent"), pattern()
        staged = tuple(Staged(Dossier(plan, example_directory(), example_cards()), pace()) for plan in plans)
        Rehearsal(staged, 1, home).lay_out(at_the_desk)
        configuration.hand_out(Path(folder))


def pace() -> Scenario:
    """How soon the services of the example answer."""
    return Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "500ms", "slowest": "3s"}})


def at_the_desk(directory: Directory) -> Directory:
    """The directory with the services that are called answering at the desk's address."""

    def moved(service: Service) -> Service:
        reach = service.reach
        if isinstance(reach, Desk):
            return service
        url = f"https://{DESK.address}:{reach.url.port}"
        kind: type[Poll | Push] = type(reach)
        return service.model_copy(update={"reach": kind.model_validate({**reach.model_dump(mode="json"), "url": url})})

    return directory.model_copy(update={"services": tuple(map(moved, directory.services))})


def everything() -> tuple[Program, ...]:
    """All programs, in the order in which they are ended."""
    vigil, temporal = vigil_programs(), temporal_programs()
    gateways, workers = vigil[len(vigil) // 2 :], vigil[: len(vigil) // 2]
    leader = postgresql.primary() if network.exists() else None  # it ends first: so the other one has all that it had
    databases = tuple(postgresql.program(one) for one in sorted(DATABASES, key=lambda one: one != leader))
    return (*gateways, *workers, *reversed(temporal), *balancing_programs(), *databases)


def down(*, wipe: bool = False) -> None:
    """End what was started, by its number, and take the network away. `wipe`: and all that the cluster keeps."""
    for program in everything():
        end(program)
    network.remove()
    if wipe:
        shutil.rmtree(HOME, ignore_errors=True)


def status() -> int:
    """Say of each program whether it runs and listens; 0 if all do."""
    if not network.exists():
        print("there is no cluster; `make cluster-up` makes one")
        return 1
    network.sit_down()
    well, leader = True, postgresql.primary()
    for program in everything():
        number = started(program.name)
        up_now = number is not None and (program.port is None or listens(program.machine, program.port))
        well = well and up_now
        role = " takes writes" if program.machine == leader else ""
        state = "up  " if up_now else "DOWN"
        print(f"{state} {program.name:<16} {program.machine.address:<11} process {number or '-':<7} {_memory(number):>7}{role}")
    if leader is not None and started(leader.name) is not None:
        print("replication: both have all" if postgresql.follows(leader) else "replication: NOBODY FOLLOWS, a single copy")
    print(f"Vigil: {(how := health())}")
    return 0 if well and how == "up" else 1


def _memory(number: int | None) -> str:
    if number is None:
        return ""
    pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    return f"{pages * os.sysconf('SC_PAGE_SIZE') // 2**20} MiB"


def main() -> int:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="bring it up; safe to run again").add_argument(
        "--before", action="store_true", help="Temporal's version before"
    )
    commands.add_parser("down", help="take it down").add_argument("--wipe", action="store_true", help="and all that it keeps")
    commands.add_parser("status", help="what runs")
    chosen = parser.parse_args()
    try:
        if chosen.command == "status":
            return status()
        if chosen.command == "up":
            up(before=chosen.before)
            return status()
        down(wipe=chosen.wipe)
    except (ClusterError, NetworkError, DatabaseError, NotUpError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
