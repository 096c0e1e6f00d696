"""An installation of real processes that can be hurt: each can be ended, frozen and started again, each way between two of them
leads through a proxy, the disks of the databases can be full, and the clocks of worker and gateway can be set.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.chaos import clocks, disks
from bench.chaos.clocks import SettableClock
from bench.chaos.faults import ENDS, LINKS, End, Fault, Kind
from bench.chaos.proxy import Proxy
from bench.figures import with_children
from client.dossier import Dossier, Staged
from client.embedded import Embedded, Layout, held, temporal_command
from client.rehearse import Rehearsal
from domain.plan.directory import Directory, Push
from domain.signing.envelope import Envelope
from rehearsal.over_http import free_ports
from rehearsal.scenario import Scenario
from tests.postgresql import PostgreSQL
from tests.reference import FOLDER, SERVICE, configured
from tests.support import example_cards, example_directory, example_plan

TO_END = 40.0
"""Seconds that a process has to end after SIGTERM: the worker gives its attempts twenty."""
SMART = 2.0
"""Seconds that PostgreSQL waits for its clients to leave after SIGTERM, before it is told by SIGINT to wait for none."""
GRACE = 5.0
COUNTED = str(Path(__file__).with_name("counted.py"))
SIGNALS: dict[End, signal.Signals] = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM}


def hindrances() -> dict[Kind, str]:
    """What cannot be done here, and why."""
    found: dict[Kind, str | None] = {"full": disks.hindrance(), "clock": clocks.hindrance()}
    return {kind: why for kind, why in found.items() if why is not None}


@dataclass
class Hurt(Embedded):
    """The embedded system, whose processes reach each other through proxies, and have clocks that can be set."""

    ways: Mapping[str, Proxy] = field(default_factory=dict)
    clocks: Mapping[str, SettableClock] = field(default_factory=dict)
    database: PostgreSQL | None = None
    counts: Path | None = None
    """The folder in which worker and gateway write how many tasks they have, where they are to."""

    def count_of(self, name: str) -> Path | None:
        """Where this process writes it."""
        return self.counts / f"{name}.count" if self.counts is not None and name in self.clocks else None

    async def start(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Start one process, which dies with this one."""
        if (file := self.count_of(name)) is not None:
            command = (sys.executable, COUNTED, name, str(file))
        more = {**(environment or {}), **self._through(name), **(self.clocks[name].environment if name in self.clocks else {})}
        await super().start(name, *command, environment=more)

    def _through(self, name: str) -> dict[str, str]:
        if name not in self.clocks:  # not one of ours
            return {}
        found = {"VIGIL_TEMPORAL_ADDRESS": f"127.0.0.1:{self.ways[f'{name}-temporal'].port}"}
        if self.database is not None:
            url, port = self.layout.archive["VIGIL_ARCHIVE_URL"], self.ways[f"{name}-database"].port
            found["VIGIL_ARCHIVE_URL"] = url.replace(f":{self.database.port}/", f":{port}/")
        return found


@dataclass
class System:
    """All parts of the installation. `disks`: by part, where it writes."""

    embedded: Hurt
    directory: Directory
    scenario: Scenario
    services: Path
    """The folder of the participant's system."""
    disks: Mapping[str, Path]
    ports: tuple[int, ...]
    """On which its processes listen, and the proxies between them."""
    fell: Counter[str] = field(default_factory=Counter)
    """Those that ended by themselves, and were started again as a service manager would."""
    crashed: list[str] = field(default_factory=list)
    """Those of them that a signal ended which this tool had not sent."""
    longest: dict[str, float] = field(default_factory=dict)
    """Seconds that each took at most to end after SIGTERM."""
    away: set[str] = field(default_factory=set)
    """Those that are to stay ended for now."""

    @property
    def url(self) -> str:
        """Where services and officers reach the gateway: through a proxy."""
        return self.embedded.layout.archive["VIGIL_GATEWAY_URL"]

    async def begin(self, fault: Fault) -> None:
        """It goes wrong from now on. Raises `TimeoutError` if a process does not end."""
        match fault.kind:
            case "KILL" | "TERM" | "outage":
                self.away.update(fault.on)
                await asyncio.gather(*(self._end(name, SIGNALS[ENDS[fault.kind]]) for name in fault.on))
            case "restarts":
                for life, by in zip(fault.lives, fault.by, strict=True):
                    await asyncio.gather(*(self.restart(name, by) for name in fault.on))
                    await asyncio.sleep(life)
            case "freeze":
                self._signal(fault, signal.SIGSTOP)
            case "full":
                self.away.update(one for one in fault.on if one == "database")  # without room for a lock file it starts in vain
                await asyncio.to_thread(disks.fill, self.disks[fault.on[0]])
            case "clock":
                self.embedded.clocks[fault.on[0]].set(fault.step)
            case "cut" | "silent" | "slow":
                for link in fault.on:
                    await self.embedded.ways[link].become(fault.kind)

    async def end(self, fault: Fault) -> None:
        """It is over: what was ended is started again, what was frozen goes on, and so forth."""
        match fault.kind:
            case "KILL" | "TERM" | "outage":
                self.away.difference_update(fault.on)
                await asyncio.gather(*(self.start(name) for name in fault.on))
            case "freeze":
                self._signal(fault, signal.SIGCONT)
            case "full":
                await asyncio.to_thread(disks.make_room, self.disks[fault.on[0]])
                self.away.difference_update(fault.on)
            case "clock":
                self.embedded.clocks[fault.on[0]].set(0)
            case "cut" | "silent" | "slow":
                for link in fault.on:
                    await self.embedded.ways[link].become("open")

    async def start(self, name: str) -> None:
        """Start one part."""
        if name == "database":
            assert self.embedded.database is not None
            await asyncio.to_thread(self.embedded.database.start)
        elif name == "service":
            config = str(self.services / "config.toml")
            await self.embedded.start(name, sys.executable, str(FOLDER / "service.py"), "serve", config)
        else:
            temporal = temporal_command(self.embedded.layout)
            await self.embedded.start(name, *(temporal if name == "temporal" else (sys.executable, "-m", name)))

    async def restart(self, name: str, by: End = "TERM") -> None:
        """End one part so, and start it again. Raises `TimeoutError` if it does not end."""
        await self._end(name, SIGNALS[by])
        await self.start(name)

    async def close(self) -> None:
        """Ask all but the database's server to end, who calls others first. Raises `TimeoutError` if one does not end."""
        self.away.update(self.embedded.processes)
        for name in ("service", "gateway", "worker", "temporal"):
            await self._end(name, signal.SIGTERM)

    async def kill(self, name: str) -> None:
        """Kill one part, and wait until it has ended."""
        await self._end(name, signal.SIGKILL)

    def gone(self) -> list[str]:
        """The parts that have ended."""
        base = self.embedded.database
        ended = [name for name, process in self.embedded.processes.items() if process.returncode is not None]
        return ended + (["database"] if base is not None and base.process.poll() is not None else [])

    async def revive(self) -> None:
        """Start what has ended by itself."""
        for name in self.gone():
            if name not in self.away:
                self.fell[name] += 1
                if name in self.embedded.processes and (code := self.embedded.processes[name].returncode or 0) < 0:
                    self.crashed.append(f"{name} was ended by {signal.Signals(-code).name}, which nobody had sent")
                await self.start(name)

    def receipts_of_service(self) -> list[Envelope]:
        """All receipts that the participant's own system has kept on its disk."""
        with closing(sqlite3.connect(f"file:{self.services / 'service.sqlite'}?mode=ro", uri=True)) as base:
            rows = base.execute("select receipt from statements where receipt is not null").fetchall()
        return [Envelope.model_validate_json(row[0]) for row in rows]

    def alarms_of_service(self) -> list[str]:
        """What that system was shown that contradicts its receipts."""
        with closing(sqlite3.connect(f"file:{self.services / 'service.sqlite'}?mode=ro", uri=True)) as base:
            return [f"{SERVICE}: {delivery}: {what}" for delivery, what in base.execute("select delivery, what from alarms")]

    def process_of(self, name: str) -> int:
        """Its id."""
        if name == "database":
            assert self.embedded.database is not None
            return self.embedded.database.process.pid
        return self.embedded.processes[name].pid

    def _signal(self, fault: Fault, which: signal.Signals) -> None:
        for name in fault.on:
            for one in with_children(self.process_of(name)):
                with suppress(ProcessLookupError):
                    os.kill(one, which)

    async def _end(self, name: str, by: signal.Signals) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        if name == "database":
            await self._end_database(by)
        else:
            process = self.embedded.processes[name]
            if process.returncode is None:
                process.send_signal(by)
            async with asyncio.timeout(TO_END):
                await process.wait()
        if by == signal.SIGTERM:
            self.longest[name] = max(clock() - began, self.longest.get(name, 0.0))

    async def _end_database(self, by: signal.Signals) -> None:
        assert self.embedded.database is not None
        process = self.embedded.database.process
        process.send_signal(by)
        ended = asyncio.create_task(asyncio.to_thread(process.wait, TO_END))
        if by == signal.SIGTERM and not (await asyncio.wait({ended}, timeout=SMART))[0]:
            process.send_signal(signal.SIGINT)
        await ended


@asynccontextmanager
async def standing(  # noqa: PLR0913 - what stands, and where
    folder: Path, seed: int, scenario: Scenario, *, postgresql: bool, counted: bool, settings: Path | None = None
) -> AsyncIterator[System]:
    """The installation, up; its archive in a PostgreSQL server of its own, or in a file. One participant's system is the
    reference service, a process of its own; who plays the others reaches the gateway at `url`. `counted`: worker and gateway tell
    how many tasks they have. `settings`: the folder of directory, cards and, in `keys`, keys, where they are not beside the data.
    """
    home, data, services = folder / "home", folder / "database", folder / "service"
    services.mkdir()
    async with AsyncExitStack() as stack:
        for one in (home, data):
            stack.enter_context(disks.disk(one))
        base = PostgreSQL(data) if postgresql else None
        if base is not None:
            stack.callback(base.stop)
        locked = stack.enter_context(held(home))
        own, ways = free_ports(1)[0], dict[str, Proxy]()
        ways["worker-service"] = await stack.enter_async_context(Proxy(own))
        at = Push.model_validate({"url": f"http://127.0.0.1:{ways['worker-service'].port}/vigil"})
        dossier = Dossier(example_plan("almaty-tashkent"), example_directory(), example_cards())
        rehearsal = Rehearsal((Staged(dossier, scenario),), seed, locked)
        directory, layout = rehearsal.lay_out(lambda given: given.model_copy(update={"services": _reached(given, at)}))
        ports = {"temporal": layout.temporal_port, "gateway": layout.gateway_port, "database": base.port if base else None}
        for link in LINKS:
            to = ports.get(link.partition("-")[2])
            if to is not None:
                ways[link] = await stack.enter_async_context(Proxy(to))
        url = f"http://127.0.0.1:{ways['services-gateway'].port}"
        archive = {"VIGIL_GATEWAY_URL": url}
        if base is not None:
            archive |= {"VIGIL_ARCHIVE_URL": base.create("archive"), "VIGIL_ARCHIVE_PASSWORD": str(base.password)}
        layout = replace(layout if settings is None else moved(layout, settings), archive=archive)
        settable = {name: SettableClock(services, name) for name in ("worker", "gateway")}
        embedded = Hurt(layout, GRACE, ways=ways, clocks=settable, database=base, counts=services if counted else None)
        configured(services, ways["worker-service"].port, gateway=url, listen=own)
        await stack.enter_async_context(embedded)
        writes = {"temporal": home, "database": data if base is not None else home}
        listening = (*(one for one in ports.values() if one is not None), own, *(one.port for one in ways.values()))
        system = System(embedded, directory, scenario, services, writes, listening)
        await system.start("service")
        yield system


def moved(layout: Layout, settings: Path) -> Layout:
    """Directory, cards and keys as an administrator keeps them, in a folder of their own."""
    keys = settings / "keys"
    keys.mkdir(parents=True, mode=0o700)
    return replace(
        layout,
        directory=Path(shutil.move(layout.directory, settings)),
        cards=Path(shutil.move(layout.cards, settings)),
        key=Path(shutil.move(layout.key, keys)),
        deconfliction_key=Path(shutil.move(layout.deconfliction_key, keys)),
        payload_keys=Path(shutil.move(layout.payload_keys, keys)),
    )


def _reached(directory: Directory, at: Push) -> tuple[Any, ...]:
    return tuple(one.model_copy(update={"reach": at}) if one.id == SERVICE else one for one in directory.services)
