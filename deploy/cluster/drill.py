"""The drill: services hand in statements all the time, and keep every receipt, while the cluster loses one process after another,
its database's machine, its databases and keys, and in the end everything but the vault. After each loss all that is held is
compared with workflow, ledger, archive and packet, as `bench.chaos` does it on one machine. It needs a cluster that is up, and
ends with code 1 at the first difference.
"""

import argparse
import asyncio
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from bench.chaos.drill import QUIET, UP
from bench.chaos.held import Case, Records, differences, survived
from bench.chaos.traffic import ANSWERED, PATIENCE, Load, RecordingServices, Traffic
from deploy.cluster import __main__ as cluster
from deploy.cluster import network, postgresql
from deploy.cluster.configuration import balancing_programs, temporal_programs, vigil_programs
from deploy.cluster.desk import FRONT_ENDS, AtTheDesk, ring, sit_down, tls
from deploy.cluster.network import NetworkError
from deploy.cluster.postgresql import DatabaseError
from deploy.cluster.processes import NotUpError, await_up, end, start, started
from deploy.cluster.topology import (
    BALANCER,
    DATABASE,
    DATABASES,
    DESK,
    FLOATING,
    GATEWAY_URL,
    GATEWAYS,
    HOME,
    INSIDE,
    NAMESPACE,
    OURS,
    ROLES,
    SERVERS,
    TEMPORAL,
    WORKERS,
    Machine,
    Program,
)
from domain.delivery.ledger import Entry, Receipt
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.words.errors import NotFound, NotVerified, Unavailable, VigilError
from process.configuration import directory_in
from process.serve import leave
from process.temporal import connect
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.support import example_plan
from workflows import messages
from workflows.messages import LedgerSize, workflow_id

RESTARTED_AFTER = 2.0
"""Seconds, as a service manager waits."""
BETWEEN = 2.0
"""Seconds of load from one loss to the next."""
AFTER_THE_POINT = 5.0
"""Seconds of load after the point up to which a restore must lose nothing: what it may lose."""
LOOK_EVERY = 0.2
NEXT_BUILD = "drill-next"
PARTS = ("strangers", "kills", "failover", "workers", "temporal", "dumps", "restore")
COPIES = "user=replica dbname=postgres replication=true"
"""As who follows, or backs up, connects."""
KNOCKS = ("user=temporal dbname=temporal", "user=vigil dbname=vigil", COPIES, f"user={postgresql.ACCOUNT} dbname=postgres")
"""As whom a stranger tries it."""
NOT_LET_IN = ("requires a valid client certificate", "no pg_hba.conf entry")
"""What PostgreSQL says to whom it does not let in for want of a certificate."""
GOES_BACK = frozenset({"dumps", "restore"})
"""Parts after which what was said last is lost: new deliveries show then that all works."""
SCRIPTS = Path(__file__).parents[1] / "compose"
KEYS = ("vigil.pem", "payload.keys", "deconfliction.key")
"""Vigil's own, on each of its machines."""


Loss = Callable[[Callable[[], object]], None]
"""Takes a part away and brings it, or another, back. It calls what it is given once the part is gone; of several, the first."""


class DeskServices(AtTheDesk, RecordingServices):
    """The services of the example, which keep what they are answered."""


@dataclass
class Drill:
    """What has been held and lost so far."""

    records: Records
    traffic: Traffic
    http: aiohttp.ClientSession
    client: Client
    build: str | None = None
    fell: Counter[str] = field(default_factory=Counter)
    """Those that ended by themselves, and were started again."""
    first: list[float] = field(default_factory=list)
    """Seconds from each loss to the receipt of the first new statement that was handed in after it."""

    def programs(self) -> tuple[Program, ...]:
        """All but the databases, each as it is to be started now."""
        return (*vigil_programs(self.build), *temporal_programs(), *balancing_programs())

    async def perform(self, name: str, loss: Loss) -> None:
        """Have the loss happen, wait until all is up again, and compare everything. What was handed in before the part was gone
        does not count as accepted without it. Raises `TimeoutError`.
        """
        await asyncio.sleep(BETWEEN)
        loop = asyncio.get_running_loop()
        self.records.go_wrong()
        await asyncio.to_thread(loss, lambda: loop.call_soon_threadsafe(self.records.begin_anew))
        async with asyncio.timeout(UP):
            while not (self.records.first is not None and await self._healthy()):
                await asyncio.to_thread(self._revive)
                await asyncio.sleep(LOOK_EVERY)
        up = self.records.clock() - self.records.mended_at
        for case in list(self.records.cases.values()):
            await self.traffic.compare(case, packet=True)
        records = self.records
        self.first.append(records.first or 0.0)
        counts = f"{records.given} receipts, {len(records.differences)} differences"
        _say(f"{name:<34} accepted {self.first[-1]:5.1f} s, all up {up:5.1f} s   {counts}")
        self.raise_if_lost()

    def raise_if_lost(self) -> None:
        """Raises `LostError` with every difference there is."""
        if self.records.differences:
            raise LostError("\n".join(self.records.differences))

    def _revive(self) -> None:
        for program in self.programs():
            if started(program.name) is None:
                self.fell[program.name] += 1
                start(program)

    async def _healthy(self) -> bool:
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self.http.get(f"{GATEWAY_URL}/v1/health", timeout=aiohttp.ClientTimeout(5)) as answer:
                return answer.status == 200 and (await answer.json())["status"] == "up"
        return False

    async def await_health(self) -> None:
        """Wait until worker, Temporal and archive are up. Raises `TimeoutError`."""
        async with asyncio.timeout(UP):
            while not await self._healthy():
                await asyncio.to_thread(self._revive)
                await asyncio.sleep(LOOK_EVERY)

    async def version(self) -> str:
        """Of Temporal's server, as a front end says it."""
        return (await self.client.workflow_service.get_system_info(GetSystemInfoRequest(), retry=True)).server_version


class LostError(Exception):
    """What was acknowledged is not there, or is there otherwise."""


def killed(program: Program) -> Loss:
    """It is killed, and started again after a while."""

    def loss(gone: Callable[[], object]) -> None:
        end(program, "SIGKILL")
        gone()
        time.sleep(RESTARTED_AFTER)
        start(program)
        await_up(program)

    return loss


def replaced(programs: Sequence[Program]) -> Loss:
    """Each is asked to end and started anew, one after the other: as what is installed now."""

    def loss(gone: Callable[[], object]) -> None:
        for number, program in enumerate(programs):
            end(program)
            if number == 0:
                gone()
            start(program)
            await_up(program)

    return loss


def failed_over(gone: Callable[[], object]) -> None:
    """The machine of the database that takes writes is gone in an instant: it ends no connection, and is heard of no more. The
    other takes the role over.
    """
    lost = _leader()
    network.cut(lost)
    end(postgresql.program(lost), "SIGKILL")
    gone()
    network.take_floating(lost)
    postgresql.promote(postgresql.other(lost))


def followed(gone: Callable[[], object]) -> None:
    """The machine that was lost is back, empty, and follows the other one: there are two copies again. Nothing is gone: it counts
    from when that begins.
    """
    lost = postgresql.other(_leader())
    gone()
    network.mend(lost)
    postgresql.follow(lost)


def _leader() -> Machine:
    leader = postgresql.primary()
    assert leader is not None  # noqa: S101 - the cluster is up
    return leader


async def strangers(_drill: Drill) -> None:
    """Who has no certificate of ours is let in nowhere. Raises `LostError`."""
    calls = [(one, port) for role, machines in SERVERS.items() for one in machines for port in ROLES[role]]
    doors = [(one.address, port) for one, port in (*calls, *((one, INSIDE) for one in GATEWAYS), (BALANCER, TEMPORAL))]
    open_to_all = [f"{address}:{port}" for address, port in doors if not await asyncio.to_thread(_refuses, address, port)]
    shown = f"{COPIES} {postgresql.secured(_leader())}"
    await asyncio.to_thread(_knock, shown)  # so that what is refused below is not refused for another reason
    for source in KNOCKS:
        refusal = await asyncio.to_thread(_refusal, f"{source} sslmode=require sslcert=/none sslkey=/none")
        if not any(one in refusal for one in NOT_LET_IN):
            open_to_all.append(f"PostgreSQL with {source}, which said: {refusal or 'nothing'}")
    if open_to_all:
        raise LostError(f"lets in who has no certificate, or refuses for another reason: {', '.join(open_to_all)}")
    _say(f"strangers: {len(doors)} doors and PostgreSQL, which let in nobody without a certificate")


def _knock(source: str) -> str:
    """What PostgreSQL answers whoever asks from the desk as `replica` asks. Raises `DatabaseError`."""
    where = f"host={FLOATING} port={DATABASE} {source}"
    return postgresql.run(DESK, "psql", "--no-psqlrc", where, "--command", "IDENTIFY_SYSTEM")


def _refusal(source: str) -> str:
    """Why that is refused; nothing where it is not."""
    try:
        _knock(source)
    except DatabaseError as error:
        return str(error)
    return ""


def _refuses(address: str, port: int) -> bool:
    """Whether TLS there is refused to who shows no certificate."""
    context = ssl.create_default_context(cafile=DESK.folder / "ca.pem")
    context.check_hostname = False  # some have the name of the whole cluster
    with socket.create_connection((address, port), timeout=5) as plain:
        try:
            with context.wrap_socket(plain) as secured:
                secured.settimeout(5)
                secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
                secured.recv(1)
        except ssl.SSLError as error:
            return "CERTIFICATE_REQUIRED" in str(error.reason)
        except OSError:
            return False
    return False


async def kills(drill: Drill) -> None:
    """Every process, in turn."""
    for program in drill.programs():
        await drill.perform(f"kill {program.name}", killed(program))
    for machine in sorted(DATABASES, key=lambda one: one == _leader()):
        role = "takes writes" if machine == _leader() else "follows"
        await drill.perform(f"kill {machine.name}, which {role}", killed(postgresql.program(machine)))


async def failover(drill: Drill) -> None:
    """The database's machine is lost, the other takes over, and the first comes back as its follower."""
    await drill.perform(f"lose {_leader().name}, fail over", failed_over)
    await drill.perform("the lost one follows again", followed)


async def workers(drill: Drill) -> None:
    """A new build of the workers, one after the other."""
    drill.build = NEXT_BUILD
    await drill.perform("workers of the next build", replaced([one for one in drill.programs() if one.machine in WORKERS]))


async def temporal(drill: Drill) -> None:
    """The next version of Temporal: the schema first, then every process one after the other."""
    before = await drill.version()
    cluster.install("temporal-node")
    await asyncio.to_thread(cluster.make_schema)
    for program in temporal_programs():
        await drill.perform(f"renew {program.name}", replaced([program]))
    after = await drill.version()
    _say(f"Temporal {before}, then {after}" + ("; the same, so only restarted" if before == after else ""))


async def dumps(drill: Drill) -> None:
    """The databases are dumped under load by the script for the composed system, and put back by it, as are the keys: what had a
    receipt before is there.
    """
    office, backups, medium = (HOME / name for name in ("office", "backups", "medium"))
    await asyncio.to_thread(_furnish, office, backups, medium)
    await asyncio.sleep(AFTER_THE_POINT)
    held = [(case, list(case.held)) for case in drill.records.cases.values()]
    await asyncio.to_thread(_by_script, "backup.sh", office, backups, medium)
    await asyncio.sleep(AFTER_THE_POINT)
    await drill.traffic.hush()
    backup, keys = next(backups.iterdir()), next(medium.iterdir())
    await _put_back(drill, held, lambda gone: _lose_databases(drill, office, backup, keys, gone), one_moment=False)


def _furnish(office: Path, backups: Path, medium: Path) -> None:
    """Where the administrator keeps the keys that each machine of Vigil has, and where backups go."""
    for folder in (office, backups, medium):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    for folder in (office / "secrets", office / "attachments"):
        folder.mkdir(mode=0o700)
    for name in KEYS:
        if (WORKERS[0].folder / name).exists():
            shutil.copy(WORKERS[0].folder / name, office / "secrets" / name)


def _by_script(name: str, office: Path, *words: Path) -> None:
    """As an administrator runs it on the machine of the database that takes writes. Raises `DatabaseError`."""
    leader, user = _leader(), postgresql.account()
    environment = {
        "PATH": f"{Path(postgresql.tool('psql')).parent}:{os.environ['PATH']}",
        "PGHOST": str(leader.folder),
        "USER_OF_ALL": postgresql.ACCOUNT,
        "IN_POSTGRES": f"setpriv --reuid={user.pw_uid} --regid={user.pw_gid} --clear-groups",
        "COMPOSE_FOLDER": str(office),
        "ATTACHMENTS": str(office / "attachments"),
    }
    command = [*network.entered(leader), "/bin/sh", str(SCRIPTS / name), *map(str, words)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise DatabaseError(f"{name} ended with {done.returncode}: {done.stderr.strip()}")


def _lose_databases(drill: Drill, office: Path, backup: Path, keys: Path, gone: Callable[[], object]) -> None:
    """All processes but the databases are killed; what is in those and every key is gone, and comes back by the script."""
    for program in drill.programs():
        end(program, "SIGKILL")
    gone()
    for store in ("temporal", "temporal_visibility", "vigil"):
        postgresql.ask(_leader(), f"DROP DATABASE {store}")
    machines = [(machine, name) for machine in (*WORKERS, *GATEWAYS) for name in KEYS if (machine.folder / name).exists()]
    for machine, name in machines:
        (machine.folder / name).unlink()
    shutil.rmtree(office / "secrets")
    _by_script("restore.sh", office, backup, keys)
    for machine, name in machines:
        shutil.copy(office / "secrets" / name, machine.folder / name)
        shutil.chown(machine.folder / name, OURS, OURS)
    for programs in (balancing_programs(), temporal_programs(), vigil_programs(drill.build)):
        cluster.bring_up(programs)


async def restore(drill: Drill) -> None:
    """A backup under load; more load; the log is closed, which is the point; more load; then everything but the vault is lost."""
    vault = postgresql.VAULT / "drill"
    await asyncio.to_thread(shutil.rmtree, vault, ignore_errors=True)
    await asyncio.to_thread(postgresql.back_up, _leader(), vault.name)
    await asyncio.sleep(AFTER_THE_POINT)
    held = [(case, list(case.held)) for case in drill.records.cases.values()]
    await asyncio.to_thread(postgresql.close_log, _leader())
    await asyncio.sleep(AFTER_THE_POINT)
    await drill.traffic.hush()
    await _put_back(drill, held, lambda gone: _lose_everything(drill, vault, gone), one_moment=True)
    await asyncio.to_thread(postgresql.follow, postgresql.other(_leader()))


async def _put_back(drill: Drill, held: list[tuple[Case, list[Receipt]]], loss: Loss, *, one_moment: bool) -> None:
    """After the loss all receipts held up to the point are there, in workflow, archive and packet; later ones are counted.
    `one_moment`: Temporal and the archive are put back to the same. Raises `LostError`.
    """
    given = sum(len(before) for _, before in held)
    if given == 0:
        raise LostError("no receipt was given before the point: nothing would be shown, so nothing was taken away")
    later: list[dict[str, SignedReceipt]] = []

    def forget() -> None:
        """What came after the point may be lost: services do not hold it against what they are told from now on."""
        for case, before in held:
            names = {one.statement for one in before}
            later.append({name: one for name, one in case.receipts.items() if name not in names})
            case.receipts = {name: one for name, one in case.receipts.items() if name in names}
            case.left.clear()

    loop, began = asyncio.get_running_loop(), drill.records.clock()
    await asyncio.to_thread(loss, lambda: loop.call_soon_threadsafe(forget))
    await drill.await_health()
    took = drill.records.clock() - began
    lost = 0
    for (case, before), since in zip(held, later, strict=True):
        size = max((one.size for one in before), default=0)
        entries = await _agreed(drill, case, size, since.values(), one_moment=one_moment)
        found, gone = survived(entries, before, [one.receipt for one in since.values()])
        if found:
            raise LostError("\n".join(f"{case.plan.operation}: {one}" for one in found))
        lost += gone
    _say(
        f"restored in {took:.0f} s: all {given} receipts up to the point are there, in workflow, archive and packet; "
        f"of {sum(map(len, later))} after it {lost} are lost, as who holds them sees"
    )


async def _agreed(drill: Drill, case: Case, size: int, later: Collection[SignedReceipt], *, one_moment: bool) -> list[Entry]:
    """The ledger of at least this size, once workflow and archive have the same, and its packet verifies with all that is held
    and with each later receipt that is in it. What was not put back to one moment goes on in a branch of its own, once that is
    found. Raises `LostError`.
    """
    handle = drill.client.get_workflow_handle(workflow_id(case.plan.operation))
    until, found = drill.records.clock() + PATIENCE, ["nobody answers"]
    while drill.records.clock() < until:
        with suppress(Unavailable, NotFound, RPCError, WorkflowQueryFailedError):
            stated: LedgerSize = await handle.query(messages.QUERY_SIZE, result_type=LedgerSize, rpc_timeout=ANSWERED)
            entries = await drill.traffic.ledger(case, size)
            found = [*differences(entries, [], [stated if one_moment else stated.model_copy(update={"branch": 0})])]
            if len(entries) != stated.size:
                found.append(f"the archive has {len(entries)} entries, and the workflow {stated.size}")
            found = found or await _packet(drill, case, entries, later)
            if not found:
                return entries
        await asyncio.sleep(BETWEEN)
    raise LostError("\n".join(f"{case.plan.operation}: {one}" for one in found))


async def _packet(drill: Drill, case: Case, entries: Sequence[Entry], later: Iterable[SignedReceipt]) -> list[str]:
    """What is wrong with the packet of this ledger. Raises `Unavailable` or `NotFound`."""
    there = [one for one in later if not any(differences(entries, [one.receipt], []))]
    held = [one.envelope for one in (*case.receipts.values(), *there)]
    service = case.plan.initiator
    door = Gateway(drill.http, GATEWAY_URL, service, private_key_of(service), service)
    try:
        proved = await asyncio.to_thread(verify, await door.packet(case.plan.operation), drill.records.directory, held)
    except NotVerified as error:
        return [f"the packet does not verify: {error.message}"]
    drill.traffic.packets += 1
    return [] if proved.size >= len(entries) else [f"the packet has {proved.size} entries, and the ledger {len(entries)}"]


async def afterwards(drill: Drill) -> None:
    """What was restored works: new deliveries, from their start to a packet that verifies."""
    await asyncio.sleep(AFTER_THE_POINT)
    await drill.await_health()


def _lose_everything(drill: Drill, vault: Path, gone: Callable[[], object]) -> None:
    """All processes are killed, the data of both databases is gone, and all comes up from the vault."""
    for program in (*drill.programs(), *map(postgresql.program, DATABASES)):
        end(program, "SIGKILL")
    gone()
    postgresql.restore(DATABASES[0], vault)
    for programs in (balancing_programs(), temporal_programs(), vigil_programs(drill.build)):
        cluster.bring_up(programs)


@asynccontextmanager
async def opened(load: Load) -> AsyncIterator[Drill]:
    """The services at the desk, and their traffic."""
    directory = directory_in(WORKERS[0].folder / "directory.yaml")
    plan = example_plan("almaty-tashkent")
    records = Records(directory, asyncio.get_running_loop().time)
    client = await connect(FRONT_ENDS, NAMESPACE, ring(), tls=tls(), runtime=Runtime(telemetry=QUIET))
    services = DeskServices(directory, GATEWAY_URL, cluster.pace(), 1, records)
    async with services, aiohttp.ClientSession() as http, Traffic(http, GATEWAY_URL, client, records, plan, load) as traffic:
        yield Drill(records, traffic, http, client)


async def run(parts: Sequence[str], load: Load) -> int:
    """Perform these parts; the code to end with."""
    performed = {
        "strangers": strangers,
        "kills": kills,
        "failover": failover,
        "workers": workers,
        "temporal": temporal,
        "dumps": dumps,
        "restore": restore,
        "afterwards": afterwards,
    }
    build = None
    steps = [step for part in PARTS if part in parts for step in (part, *(("afterwards",) if part in GOES_BACK else ()))]
    for part in steps:
        async with opened(load) as drill:
            drill.build = build
            try:
                await performed[part](drill)
                if part not in GOES_BACK:
                    await drill.traffic.settle()
                drill.raise_if_lost()
            except TimeoutError:
                _say(
                    f"{part}: not all was up after {UP:.0f} s, or what was acknowledged not in the archive after {PATIENCE:.0f} s"
                )
                return 1
            except (LostError, DatabaseError, NetworkError, NotUpError) as error:
                _say(f"{part}: {error}")
                return 1
            build = drill.build
            _say(_summary(part, drill))
    return 0


def _summary(part: str, drill: Drill) -> str:
    records, traffic = drill.records, drill.traffic
    fell = ", ".join(f"{name} {count}" for name, count in drill.fell.items()) or "none"
    first = drill.first
    times = f"; a new statement accepted after {statistics.median(first):.1f} s, at most {max(first):.1f} s" if first else ""
    counts = f"{records.given} receipts, {traffic.begun} deliveries, {traffic.ended} ended, {traffic.packets} packets verified"
    return f"{part}: {counts}; ended by themselves: {fell}{times}; differences: {len(records.differences)}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main() -> int:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.cluster.drill", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated. Without: all, in order")
    parser.add_argument("--rate", type=float, default=4.0, help="statements a second, of all services together")
    parser.add_argument("--length", type=int, default=150, help="statements until another delivery is busy")
    chosen = parser.parse_args()
    sit_down()
    try:
        return await run(chosen.part or PARTS, Load(chosen.rate, chosen.length))
    except VigilError as error:
        _say(f"{error.message}; {error.hint}")
        return error.exit_code


if __name__ == "__main__":
    leave(asyncio.run(main()))
