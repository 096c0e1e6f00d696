"""The drill itself: one fault after another on an installation under load, and after each everything is compared."""

import asyncio
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from bench.chaos.faults import Fault, Kind
from bench.chaos.held import Records
from bench.chaos.installation import System, standing
from bench.chaos.leftovers import left_of, open_in_temporal, piled_up
from bench.chaos.traffic import Load, RecordingServices, Traffic
from client.embedded import NAMESPACE
from domain.record.receipts import SignedReceipt, opened
from process.ring import ring_in
from process.temporal import TASK_TIMEOUT, connect
from rehearsal.over_http import without
from rehearsal.scenario import Scenario
from tests.reference import SERVICE
from tests.support import example_plan

RUN_EVERY, STOP_EVERY, PACKET_EVERY = 6, 4, 20
"""Faults from one delivery that runs to its end to the next, from one that is stopped in the middle of a fault to the next, and
from one round of long packets to the next.
"""
SHORT = 300
"""Receipts of a delivery whose packet is compared after each fault: it is made and verified in less than half a second."""
OVER_AT_ONCE = 3
"""Deliveries that have ended and are compared again after each fault, in turn."""
OURS = ("worker", "gateway", "service")
"""Whose sockets, threads and files are counted once all rests."""
UP = 180.0
"""Seconds after which it counts as a difference that not all is up again."""
LOOK_EVERY = 0.1
QUIET = TelemetryConfig(logging=LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR")))
"""The SDK's own log: that a server is away is no news here."""

logging.getLogger("aiohttp.server").setLevel("CRITICAL")
"""Of the simulated services: that they take no call of a worker whose clock is wrong is no news either."""


@dataclass(frozen=True)
class Done:
    """One fault that was performed and compared. Seconds."""

    number: int
    kind: str
    on: tuple[str, ...]
    kills: int
    """By SIGKILL."""
    asked: int
    """To end, by SIGTERM."""
    lasted: float
    first: float
    """From its end to the first statement that was accepted after it."""
    up: float
    """From its end until all was up."""
    cleared: float | None = None
    """From the end of an outage, which is when all is up, until the archive had all that was said meanwhile, with receipts."""


@dataclass
class Trial:
    """An installation under traffic, and what came of the faults so far."""

    system: System
    records: Records
    traffic: Traffic
    client: Client
    http: aiohttp.ClientSession
    done: list[Done] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """Signatures of the receipts that were taken over from the participant's own system."""

    async def perform(self, fault: Fault) -> None:
        """Let it happen, mend it, wait until all is up again, and compare everything."""
        clock = self.records.clock
        await asyncio.sleep(fault.after)
        if fault.number % STOP_EVERY == 0:
            self.traffic.stop_one()
        if fault.number % RUN_EVERY == 1:
            self.traffic.run_one()
        try:
            began = clock()
            meanwhile = self.traffic.speak_on() if fault.kind == "outage" else None
            self.records.go_wrong()
            try:
                await self.system.begin(fault)
                await self._last(fault.lasts)
            finally:
                lasted = clock() - began
                self.records.begin_anew()
                await self.system.end(fault)
            cleared = await self._cleared(meanwhile, began) if meanwhile is not None else None
            await self._up_again()
            up, first = clock() - self.records.mended_at, self.records.first or 0.0
            await self.compare(packets=fault.number % PACKET_EVERY == 0)
        except (TimeoutError, subprocess.SubprocessError) as error:
            self.records.failed(error)
            self.records.differences += [f"{name} has ended meanwhile" for name in self.system.gone()]
        else:
            self.records.differences += self.system.crashed
            figures = (round(one, 2) if one is not None else None for one in (lasted, first, up, cleared))
            self.done.append(Done(fault.number, fault.kind, fault.on, fault.kills, fault.asked, *figures))  # type: ignore[arg-type]

    async def compare(self, *, packets: bool) -> None:
        """Everything that anybody holds of deliveries that are open, and of some that have ended. Raises `TimeoutError`."""
        self._take_over()
        for case in [*self.records.cases.values(), *self.records.next_over(OVER_AT_ONCE)]:
            await self.traffic.compare(case, packet=packets or len(case.held) <= SHORT)

    def _take_over(self) -> None:
        """What the participant's own system holds, and what it found wrong."""
        for envelope in self.system.receipts_of_service():
            signature = envelope.signatures[0].sig
            if signature not in self.known:
                self.known.add(signature)
                self.records.keep(SignedReceipt(envelope, opened(envelope, self.system.directory)))
        self.records.differences += self.system.alarms_of_service()

    async def settle(self) -> None:
        """Say no more, let every delivery end, and compare all that there were: with the archive itself, since a gateway that has
        just been started remembers nothing. See that nothing has piled up, that Temporal has nothing open, and that all parts end
        when they are asked to.
        """
        await self.traffic.settle()
        self.records.differences += await piled_up({name: self.system.process_of(name) for name in OURS})
        await self.system.restart("gateway")
        async with asyncio.timeout(UP):
            while not await self.healthy():  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(LOOK_EVERY)
        self._take_over()
        for case in list(self.records.over.values()):
            await self.traffic.compare(case, packet=True)
        self.records.differences += await open_in_temporal(self.client, self.records.over)
        await self.system.close()

    async def _last(self, seconds: float) -> None:
        """While it lasts, whatever ends by itself is started again."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while clock() < until:
            await asyncio.sleep(min(LOOK_EVERY, until - clock()))
            await self.system.revive()

    async def _cleared(self, meanwhile: asyncio.Task[Any], began: float) -> float:
        """Seconds from the moment at which all was up until all that had been said since the outage `began` was acknowledged.

        It is a difference where the delivery gives no receipt for longer than Temporal waits for a task in hand, counted from
        that moment; and where the receipts after the first, or the archive, take longer than the first one took from `began` on.
        """
        clock = self.records.clock
        await self._up_again()  # a worker that was killed counts as up for a while: something new must be accepted
        up = clock()
        meanwhile.cancel()
        case, said = await meanwhile
        first = await self.traffic.cleared(case, said)
        ended, most = clock(), TASK_TIMEOUT.total_seconds()
        what = f"{len(said)} statements were made in an outage"
        if first - up > most:
            self.records.differences.append(f"{what}: the first receipt came {first - up:.1f} s after all was up")
        if ended - first > first - began:
            took = f"the first receipt came {first - began:.1f} s after it began, the archive had all {ended - first:.1f} s later"
            self.records.differences.append(f"{what}: {took}")
        return ended - up

    async def _up_again(self) -> None:
        async with asyncio.timeout(UP):
            while not (self.records.first is not None and await self.healthy()):
                await self.system.revive()
                await asyncio.sleep(LOOK_EVERY)

    async def healthy(self) -> bool:
        """Whether all of it says so."""
        url = self.system.embedded.layout.gateway_url
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self.http.get(f"{url}/v1/health", timeout=aiohttp.ClientTimeout(5)) as answer:
                return answer.status == 200 and (await answer.json())["status"] == "up"
        return False

    def progress(self, fault: Fault) -> str:
        """One line."""
        records = self.records
        counts = f"{records.given} receipts, {len(records.differences)} differences"
        if not self.done or self.done[-1].number != fault.number:
            return f"{fault}   {counts}"
        last = self.done[-1]
        cleared = f", backlog {last.cleared:.1f} s" if last.cleared is not None else ""
        return f"{fault}   accepted {last.first:5.1f} s, up {last.up:5.1f} s{cleared}   {counts}"

    def summary(self) -> str:
        """What came of this run."""
        records, traffic = self.records, self.traffic
        fell = ", ".join(f"{name} {count}" for name, count in self.system.fell.items()) or "none"
        longest = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.system.longest.items()) or "none"
        left = f"{records.left} statements left (202), {records.turned_away} of them refused later"
        acted = f"{traffic.stops} stops, the slowest acted on after {traffic.slowest_stop:.1f} s"
        ended = ", ".join(f"{count} {outcome}" for outcome, count in sorted(traffic.outcomes.items())) or "none"
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return "\n".join(
            [
                tally(self.done),
                f"ended by themselves: {fell}",
                f"longest to end after SIGTERM: {longest}",
                f"{records.given} receipts, and {records.repeats} given once more; {left}",
                f"{traffic.begun} deliveries, ended: {ended}; {acted}",
                f"{traffic.packets} packets verified, with {traffic.verified} receipts",
                f"memory of this tool, at most: {memory} MiB",
                f"differences: {len(records.differences)}",
                *records.differences,
            ]
        )


def tally(done: Iterable[Done]) -> str:
    """How much of what, and how soon it was over."""
    done = list(done)
    rows = [f"{len(done)} faults, {sum(one.kills for one in done)} kills, {sum(one.asked for one in done)} asked to end"]
    counts = Counter((one.kind, name) for one in done for name in one.on)
    for kind in dict.fromkeys(one.kind for one in done):
        on = ", ".join(f"{name} {count}" for (what, name), count in sorted(counts.items()) if what == kind)
        rows.append(f"  {kind:<7} {on}")
    rows.append(_shown("first statement accepted", [one.first for one in done]))
    rows.append(_shown("all up again", [one.up for one in done]))
    outages = [one for one in done if one.cleared is not None]
    if outages:
        rows.append(_shown("backlog of an outage cleared", [one.cleared or 0.0 for one in outages]))
        sooner = sum((one.cleared or 0.0) < one.lasted for one in outages)
        rows.append(f"backlog gone in less time than the outage lasted: {sooner} of {len(outages)}; the start counts in neither")
    return "\n".join(rows)


def _shown(name: str, seconds: list[float]) -> str:
    return f"{name} after it: p50 {statistics.median(seconds):.1f} s, max {max(seconds):.1f} s" if seconds else f"{name}: never"


def as_json(done: Done) -> dict[str, Any]:
    """As it stands in the file of what was done."""
    return asdict(done)


@asynccontextmanager
async def under_load(  # noqa: PLR0913 - what stands where, and under what
    folder: Path, seed: int, load: Load, *, postgresql: bool, counted: bool = False, settings: Path | None = None
) -> AsyncIterator[Trial]:
    """The installation with traffic. What is left of it at the end is a difference."""
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "500ms", "slowest": "3s"}})
    async with standing(folder, seed, scenario, postgresql=postgresql, counted=counted, settings=settings) as system:
        layout = system.embedded.layout
        records = Records(system.directory, asyncio.get_running_loop().time)
        played = without(system.directory, {SERVICE})
        services = RecordingServices(played, system.url, scenario, seed, records)
        async with services, aiohttp.ClientSession() as http:
            runtime = Runtime(telemetry=QUIET)
            client = await connect(f"127.0.0.1:{layout.temporal_port}", NAMESPACE, ring_in(layout.payload_keys), runtime=runtime)
            plan = example_plan("almaty-tashkent")
            async with Traffic(http, system.url, client, records, plan, load) as traffic:
                yield Trial(system, records, traffic, client, http)


async def drill(  # noqa: PLR0913 - what is done, where, and who is told
    folder: Path,
    seed: int,
    faults: Iterable[Fault],
    load: Load,
    enough: asyncio.Event,
    *,
    postgresql: bool,
    only: Collection[Kind] = (),
    performed: Callable[[Done], None] = lambda _: None,
) -> list[str]:
    """Perform these faults, or until it is `enough`; the differences. `only`: the kinds they were drawn from, where not from all.
    `performed` is told of each.
    """
    fault = None
    async with under_load(folder, seed, load, postgresql=postgresql) as trial:
        found = trial.records.differences
        for fault in faults:
            await trial.perform(fault)
            say(trial.progress(fault))
            if found or enough.is_set():
                break
            performed(trial.done[-1])
        if not found:
            began = trial.records.clock()
            try:
                await trial.settle()
            except (TimeoutError, subprocess.SubprocessError) as error:
                trial.records.failed(error)
            say(f"every delivery has ended and was compared, {trial.records.clock() - began:.0f} s after the last fault")
    if not found:
        found += left_of(folder, trial.system.ports)
    say(trial.summary())
    if found and fault is not None:
        archive = "postgresql" if postgresql else "sqlite"
        again = f"--seeds {seed} --from {fault.number} --to {fault.number} --archive {archive}"
        again += f" --rate {load.rate:g} --length {load.length}"
        again += f" --only {','.join(only)}" if only else ""
        say(f"seed {seed}, fault {fault.number}; repeat it: python -m bench.chaos {again}; all is left in {folder}")
    return found


def say(text: str) -> None:
    """One line or more, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def open_folder() -> Path:
    """A temporary one, which others may enter: the database runs as another user where this tool runs as root."""
    folder = Path(tempfile.mkdtemp(prefix="vigil-chaos-"))
    folder.chmod(0o711)
    return folder
