"""Kills worker, gateway, archive database and Temporal in the middle of busy deliveries, and compares after each kill what every
service holds with ledger, archive, workflow and packet.

`python -m bench.kills --kills 300 --seed 1` draws each kill from the seed and its number: who, by which signal, and how long
after all was up. So `--from 120` goes on where another run has ended, and `--from 17 --kills 17` repeats one. A kill takes five
to fifteen seconds. At the first difference it ends with code 1, and leaves everything in its folder. Asked to stop (SIGTERM or
Ctrl-C), it performs the kill that it is at, and sums up.
"""

import argparse
import asyncio
import random
import resource
import shutil
import signal
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import aiohttp
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from bench.held import Records
from bench.traffic import Load, RecordingServices, Traffic
from client.dossier import Dossier, Staged
from client.embedded import NAMESPACE, Embedded, held, temporal_command
from client.rehearse import Rehearsal
from domain.words.errors import Unavailable, VigilError
from process.ring import ring_in
from process.serve import leave
from process.temporal import connect
from rehearsal.scenario import Scenario
from tests.postgresql import PostgreSQL, is_installed
from tests.support import example_cards, example_directory, example_plan

Target = Literal["worker", "gateway", "database", "temporal"]
TARGETS: tuple[Target, ...] = ("worker", "gateway", "database", "temporal")
SIGNALS = (signal.SIGKILL, signal.SIGTERM)
TWO_AT_ONCE = 0.2
LONGEST_PAUSE = 3.0
"""Seconds from one comparison to the next kill, at most."""
STOP_EVERY, PACKET_EVERY = 4, 20
"""Kills from one delivery that is stopped at the moment of a kill to the next, and from one round of long packets to the next."""
SHORT = 300
"""Receipts of a delivery whose packet is compared after each kill: it is made and verified in less than half a second."""
UP = 180.0
"""Seconds after which it counts as a difference that not all is up again."""
TO_END = 40.0
"""Seconds that a process has to end after SIGTERM: the worker gives its attempts twenty."""
SMART = 2.0
"""Seconds that PostgreSQL waits for its clients to leave after SIGTERM, before it is told by SIGINT to wait for none."""
LOOK_EVERY = 0.1
QUIET = TelemetryConfig(logging=LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR")))
"""The SDK's own log: that a server is away is no news here."""


@dataclass(frozen=True)
class Kill:
    """One kill. `after`: seconds since all was up and compared."""

    number: int
    targets: tuple[Target, ...]
    by: signal.Signals
    after: float

    def __str__(self) -> str:
        return f"{self.number:5}  {self.by.name.removeprefix('SIG')}  {' and '.join(self.targets):<22} after {self.after:3.1f} s"


def drawn(seed: int, number: int) -> Kill:
    """The kill of this number."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - it must be repeatable
    targets = tuple(dice.sample(TARGETS, 2 if dice.random() < TWO_AT_ONCE else 1))
    return Kill(number, targets, dice.choice(SIGNALS), round(dice.uniform(0.0, LONGEST_PAUSE), 1))


class Processes:
    """The processes of the installation, and of its database."""

    def __init__(self, embedded: Embedded, database: PostgreSQL) -> None:
        self._embedded = embedded
        self._database = database
        self.fell: Counter[str] = Counter()
        """Those that ended by themselves, and were started again as a service manager would."""
        self.longest: dict[str, float] = {}
        """Seconds that each took at most to end after SIGTERM."""

    async def end(self, kill: Kill) -> None:
        """Send the signal to each at once, and start each again as soon as it has ended. Raises `TimeoutError`."""
        await asyncio.gather(*(self._restart(name, kill.by) for name in kill.targets))

    async def _restart(self, name: str, by: signal.Signals) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        await (self._end_database(by) if name == "database" else self._end(name, by))
        if by == signal.SIGTERM:
            self.longest[name] = max(clock() - began, self.longest.get(name, 0.0))
        await (asyncio.to_thread(self._database.start) if name == "database" else self._start(name))

    async def revive(self) -> None:
        """Start what has ended by itself."""
        for name, process in list(self._embedded.processes.items()):
            if process.returncode is not None:
                self.fell[name] += 1
                await self._start(name)

    async def _end_database(self, by: signal.Signals) -> None:
        process = self._database.process
        process.send_signal(by)
        ended = asyncio.create_task(asyncio.to_thread(process.wait, TO_END))
        if by == signal.SIGTERM and not (await asyncio.wait({ended}, timeout=SMART))[0]:
            process.send_signal(signal.SIGINT)
        await ended

    async def _end(self, name: str, by: signal.Signals) -> None:
        process = self._embedded.processes[name]
        process.send_signal(by)
        async with asyncio.timeout(TO_END):
            await process.wait()

    async def _start(self, name: str) -> None:
        command = temporal_command(self._embedded.layout) if name == "temporal" else (sys.executable, "-m", name)
        await self._embedded.start(name, *command)


@dataclass
class Trial:
    """An installation under traffic, and what came of the kills so far."""

    processes: Processes
    records: Records
    traffic: Traffic
    http: aiohttp.ClientSession
    url: str
    done: list[Kill] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    """Seconds from each kill to the first new statement that was accepted."""
    up: list[float] = field(default_factory=list)
    """Seconds from each kill until all was up and a statement accepted."""

    async def perform(self, kill: Kill) -> None:
        """Kill, wait until all is up again, and compare everything."""
        clock = self.records.clock
        await asyncio.sleep(kill.after)
        if kill.number % STOP_EVERY == 0:
            self.traffic.stop_one()
        self.records.begin_anew()
        try:
            await self.processes.end(kill)
            await self._up_again()
            self.up.append(clock() - self.records.killed_at)
            self.first += [self.records.first] if self.records.first is not None else []
            for case in list(self.records.cases.values()):
                await self.traffic.compare(case, packet=kill.number % PACKET_EVERY == 0 or len(case.held) <= SHORT)
        except TimeoutError as error:
            self.records.failed(error)
        else:
            self.done.append(kill)

    async def _up_again(self) -> None:
        async with asyncio.timeout(UP):
            while not (self.records.first is not None and await self._healthy()):
                await self.processes.revive()
                await asyncio.sleep(LOOK_EVERY)

    async def _healthy(self) -> bool:
        with suppress(aiohttp.ClientError):
            async with self.http.get(f"{self.url}/v1/health", timeout=aiohttp.ClientTimeout(5)) as answer:
                return answer.status == 200 and (await answer.json())["status"] == "up"
        return False

    def progress(self, kill: Kill) -> str:
        """One line."""
        records = self.records
        counts = f"{records.given} receipts, {len(records.differences)} differences"
        return (
            f"{kill}   accepted {self.first[-1]:5.1f} s, up {self.up[-1]:5.1f} s   {counts}" if self.up else f"{kill}   {counts}"
        )

    def summary(self) -> str:
        """All figures."""
        records, traffic = self.records, self.traffic
        by = Counter((name, one.by.name) for one in self.done for name in one.targets)
        rows = [f"  {name:<10}" + "".join(f"  {one.name} {by[name, one.name]:4}" for one in SIGNALS) for name in TARGETS]
        fell = ", ".join(f"{name} {count}" for name, count in self.processes.fell.items()) or "none"
        longest = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.processes.longest.items()) or "none"
        left = f"{records.left} statements left (202), {records.turned_away} of them refused later"
        acted = f"{traffic.stops} stops, the slowest acted on after {traffic.slowest_stop:.1f} s"
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return "\n".join(
            [
                f"{len(self.done)} kills, of two at once {sum(len(one.targets) > 1 for one in self.done)}",
                *rows,
                f"ended by themselves: {fell}",
                f"longest to end after SIGTERM: {longest}",
                f"{records.given} receipts, and {records.repeats} given once more; {left}",
                f"{traffic.begun} deliveries, {traffic.ended} ended; {acted}",
                f"{traffic.packets} packets verified, with {traffic.verified} receipts",
                _shown("first statement accepted", self.first),
                _shown("all up again", self.up),
                f"memory of this tool, at most: {memory} MiB",
                f"differences: {len(records.differences)}",
                *records.differences,
            ]
        )


def _shown(name: str, seconds: list[float]) -> str:
    return (
        f"{name} after a kill: p50 {statistics.median(seconds):.1f} s, max {max(seconds):.1f} s" if seconds else f"{name}: never"
    )


@asynccontextmanager
async def installed(folder: Path, seed: int, load: Load) -> AsyncIterator[Trial]:
    """The installation with traffic, its archive in a PostgreSQL of its own. Raises `Unavailable` where there is none."""
    if not is_installed():
        raise Unavailable("PostgreSQL is not installed here", hint="install its server: initdb, postgres, createdb, pg_isready")
    plan = example_plan("almaty-tashkent")
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "500ms", "slowest": "3s"}})
    (folder / "database").mkdir()
    database = PostgreSQL(folder / "database")
    try:
        archive = {"VIGIL_ARCHIVE_URL": database.create("archive"), "VIGIL_ARCHIVE_PASSWORD": str(database.password)}
        with held(folder / "home") as home:
            dossier = Dossier(plan, example_directory(), example_cards())
            directory, layout = Rehearsal((Staged(dossier, scenario),), seed, home).lay_out()
            layout = replace(layout, archive=archive)
            records = Records(directory, asyncio.get_running_loop().time)
            services = RecordingServices(directory, layout.gateway_url, scenario, seed, records)
            async with Embedded(layout, 5.0) as embedded, services, aiohttp.ClientSession() as http:
                address, ring = f"127.0.0.1:{layout.temporal_port}", ring_in(layout.payload_keys)
                client = await connect(address, NAMESPACE, ring, runtime=Runtime(telemetry=QUIET))
                async with Traffic(http, layout.gateway_url, client, records, plan, load) as traffic:
                    yield Trial(Processes(embedded, database), records, traffic, http, layout.gateway_url)
    finally:
        database.stop()


async def run(folder: Path, numbers: range, seed: int, load: Load, enough: asyncio.Event) -> int:
    """Perform the kills of these numbers, or until it is `enough`; the code to end with."""
    async with installed(folder, seed, load) as trial:
        found = trial.records.differences
        for number in numbers:
            kill = drawn(seed, number)
            await trial.perform(kill)
            _say(trial.progress(kill))
            if found or enough.is_set():
                break
        if not found:
            await trial.traffic.settle()
        _say(trial.summary())
        if found:
            _say(f"repeat it: python -m bench.kills --seed {seed} --from {number} --kills {number}; all is left in {folder}")
    return 1 if found else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def open_folder() -> Path:
    """A temporary one, which others may enter: the database runs as another user where this tool runs as root."""
    folder = Path(tempfile.mkdtemp(prefix="vigil-kills-"))
    folder.chmod(0o711)
    return folder


async def main() -> int:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="number of the last kill")
    parser.add_argument("--from", type=int, default=1, dest="first", help="number of the first kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=Load.rate, help="statements a second, of all services together")
    parser.add_argument("--length", type=int, default=Load.length, help="statements until another delivery is busy")
    chosen = parser.parse_args()
    enough = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, enough.set)
    folder = open_folder()
    try:
        code = await run(folder, range(chosen.first, chosen.kills + 1), chosen.seed, Load(chosen.rate, chosen.length), enough)
    except VigilError as error:
        _say(f"{error.message}; {error.hint}; see {folder}")
        return error.exit_code
    if code == 0:
        shutil.rmtree(folder)
    return code


if __name__ == "__main__":
    leave(asyncio.run(main()))
