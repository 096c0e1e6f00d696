"""An installation of real processes with as many workers and gateways as are asked for, over one Temporal server and one archive.

The archive is in a PostgreSQL server that is made for it where one is installed.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import aiohttp

from bench.__main__ import PROMPT
from bench.figures import cpu_seconds, with_children
from bench.place import Embedding
from bench.shape import pattern
from bench.ways import Asked, Whole
from client.dossier import Dossier, Staged
from client.embedded import NAMESPACE, held
from client.rehearse import Rehearsal
from domain.plan.directory import Directory
from process.ring import ring_in
from process.temporal import connect
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import private_key_of
from tests.postgresql import PostgreSQL, is_installed
from tests.support import example_cards, example_directory

PATIENCE = 60.0
AGAIN = 0.1
"""Seconds between two looks."""


class InTurn(Asked):
    """Services that speak through one gateway after the other."""

    def __init__(self, directory: Directory, gateway: str) -> None:
        super().__init__(directory, gateway, PROMPT, seed=1)
        self.gateways = [gateway]
        self._turns = count()

    def door_of(self, service: str) -> Gateway:
        """The gateway whose turn it is, as this service calls it."""
        url = self.gateways[next(self._turns) % len(self.gateways)]
        return Gateway(self._http, url, service, private_key_of(service))


@dataclass
class Several:
    """An installation that grows."""

    embedded: Embedding
    services: InTurn
    way: Whole
    database: PostgreSQL | None

    @property
    def archive(self) -> str:
        """What keeps it."""
        return "sqlite" if self.database is None else "postgresql"

    async def grow(self, workers: int, gateways: int) -> None:
        """Start what is missing, and wait until it is up. Raises `TimeoutError`."""
        for number in range(self._count("worker") + 1, workers + 1):
            name = f"worker-{number}"
            command = (sys.executable, "-m", "bench.processes", "short_day")
            await self.embedded.start(name, *command, environment={"VIGIL_TAKES_OVER": "yes"})
            async with asyncio.timeout(PATIENCE):
                while b"the worker is ready" not in self.embedded.log_of(name).read_bytes():  # noqa: ASYNC110 - no bell rings
                    await asyncio.sleep(AGAIN)
        for number in range(self._count("gateway") + 1, gateways + 1):
            port = free_ports(1)[0]
            url = f"http://127.0.0.1:{port}"
            more = {"VIGIL_GATEWAY_PORT": str(port), "VIGIL_GATEWAY_URL": url}
            await self.embedded.start(f"gateway-{number}", sys.executable, "-m", "gateway", environment=more)
            await answers(url)
            self.services.gateways.append(url)

    def used(self) -> Mapping[str, float]:
        """Seconds of the cores of each part so far; `services` is this process, which is all of them."""
        used = {"temporal": 0.0, "worker": 0.0, "gateway": 0.0, "services": time.process_time()}
        for name, process in self.embedded.processes.items():
            used[name.partition("-")[0]] += cpu_seconds(process.pid)
        if self.database is not None:
            used["postgresql"] = sum(map(cpu_seconds, with_children(self.database.process.pid)))
        return used

    def _count(self, part: str) -> int:
        return sum(name.partition("-")[0] == part for name in self.embedded.processes)


async def answers(url: str) -> None:
    """Wait until a gateway does. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
        while True:
            with suppress(aiohttp.ClientError):
                async with http.get(f"{url}/v1/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(AGAIN)


@contextmanager
def database() -> Iterator[PostgreSQL | None]:
    """A server of its own, where one can be made."""
    if not is_installed():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="vigil-postgresql-") as folder:
        server = PostgreSQL(Path(folder))
        try:
            yield server
        finally:
            server.stop()


@asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[Several]:
    """One of each is up."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(database())
        home = stack.enter_context(held(folder / "home"))
        staged = Staged(Dossier(pattern(), example_directory(), example_cards()), PROMPT)
        directory, layout = Rehearsal((staged,), 1, home).lay_out()
        if server is not None:
            archive = {"VIGIL_ARCHIVE_URL": server.create("vigil"), "VIGIL_ARCHIVE_PASSWORD": str(server.password)}
            layout = replace(layout, archive=archive)
        services = InTurn(directory, layout.gateway_url)
        embedded = await stack.enter_async_context(Embedding(layout, short_day=True))
        await stack.enter_async_context(services)
        client = await connect(f"127.0.0.1:{layout.temporal_port}", NAMESPACE, ring_in(layout.payload_keys))
        yield Several(embedded, services, Whole(services, client), server)
