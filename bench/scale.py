"""How many confirmations a second several workers and gateways take, and what the cores do meanwhile: until the server or the
machine is the limit.

`python -m bench.scale`. The whole way of `bench`, under load, on one Temporal server, with one worker and one gateway first, then
with more of each. The archive is in a PostgreSQL server that is made for it where one is installed. A row in which the cores of
all parts together are what the machine has says that the machine is the limit, and not the part that was added.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from bench.__main__ import PROMPT, timed
from bench.chaos.installation import with_children
from bench.figures import cpu_seconds, figures, machine
from bench.place import Embedding
from bench.shape import CONFIRMATIONS, Script, pattern, script
from bench.ways import Asked, Whole
from client.dossier import Dossier, Staged
from client.embedded import NAMESPACE, held
from client.rehearse import Rehearsal
from domain.plan.directory import Directory
from process.ring import ring_in
from process.serve import leave
from process.temporal import connect
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import private_key_of
from tests.postgresql import PostgreSQL, is_installed
from tests.support import example_cards, example_directory

SETS = ((1, 1), (2, 1), (2, 2), (3, 2))
"""Workers and gateways."""
PATIENCE = 60.0


class Spread(Asked):
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
class Scale:
    """An installation that grows, and the load on it."""

    embedded: Embedding
    services: Spread
    way: Whole
    database: PostgreSQL | None
    took: list[float] = field(default_factory=list)

    async def grow(self, workers: int, gateways: int) -> None:
        """Start what is missing, and wait until it is up. Raises `TimeoutError`."""
        for number in range(self._count("worker") + 1, workers + 1):
            name = f"worker-{number}"
            command = (sys.executable, "-m", "bench.processes", "short_day")
            await self.embedded.start(name, *command, environment={"VIGIL_TAKES_OVER": "yes"})
            async with asyncio.timeout(PATIENCE):
                while b"the worker is ready" not in self.embedded.log_of(name).read_bytes():  # noqa: ASYNC110 - no bell rings
                    await asyncio.sleep(0.1)
        for number in range(self._count("gateway") + 1, gateways + 1):
            port = free_ports(1)[0]
            url = f"http://127.0.0.1:{port}"
            more = {"VIGIL_GATEWAY_PORT": str(port), "VIGIL_GATEWAY_URL": url}
            await self.embedded.start(f"gateway-{number}", sys.executable, "-m", "gateway", environment=more)
            await answers(url)
            self.services.gateways.append(url)

    async def round(self, deliveries: int) -> dict[str, Any]:
        """So many deliveries at once: how many confirmations a second, and the cores of each part."""
        scripts = [script(pattern()) for _ in range(deliveries)]
        await timed(self.way.begin, scripts)
        self.took.clear()
        before = self._cpu()
        seconds = await timed(self._confirm, scripts)
        cores = {name: round((used - before[name]) / seconds, 2) for name, used in self._cpu().items()}
        await timed(self.way.end, scripts)
        return {
            "confirmations_a_second": round(deliveries * CONFIRMATIONS / seconds, 1),
            "milliseconds": figures(self.took),
            "cores": cores | {"all": round(sum(cores.values()), 2)},
        }

    async def _confirm(self, own: Script) -> None:
        for statement, envelope in own.confirmations:
            await self.way.asked(own, statement)
            began = time.perf_counter()
            await self.way.confirm(own, statement, envelope)
            self.took.append(time.perf_counter() - began)

    def _count(self, part: str) -> int:
        return sum(name.partition("-")[0] == part for name in self.embedded.processes)

    def _cpu(self) -> Mapping[str, float]:
        """Seconds of each part so far; `services` is this process, which is all of them."""
        used = {"temporal": 0.0, "worker": 0.0, "gateway": 0.0, "services": time.process_time()}
        for name, process in self.embedded.processes.items():
            used[name.partition("-")[0]] += cpu_seconds(process.pid)
        if self.database is not None:
            used["postgresql"] = sum(map(cpu_seconds, with_children(self.database.process.pid)))
        return used


async def answers(url: str) -> None:
    """Wait until a gateway does. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{url}/v1/health") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


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
async def standing(folder: Path) -> AsyncIterator[Scale]:
    """One of each is up."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(database())
        home = stack.enter_context(held(folder / "home"))
        staged = Staged(Dossier(pattern(), example_directory(), example_cards()), PROMPT)
        directory, layout = Rehearsal((staged,), 1, home).lay_out()
        if server is not None:
            archive = {"VIGIL_ARCHIVE_URL": server.create("vigil"), "VIGIL_ARCHIVE_PASSWORD": str(server.password)}
            layout = replace(layout, archive=archive)
        services = Spread(directory, layout.gateway_url)
        embedded = await stack.enter_async_context(Embedding(layout, short_day=True))
        await stack.enter_async_context(services)
        client = await connect(f"127.0.0.1:{layout.temporal_port}", NAMESPACE, ring_in(layout.payload_keys))
        yield Scale(embedded, services, Whole(services, client), server)


async def measure(folder: Path, sets: Sequence[tuple[int, int]], deliveries: int) -> dict[str, Any]:
    """All of it, as one document."""
    rows: list[dict[str, Any]] = []
    async with standing(folder) as scale:
        await scale.round(min(deliveries, 8))  # nothing of it counts: everything is done for the first time
        for workers, gateways in sets:
            await scale.grow(workers, gateways)
            rows.append({"workers": workers, "gateways": gateways} | await scale.round(deliveries))
            sys.stderr.write(f"{json.dumps(rows[-1])}\n")
        kept = "postgresql" if scale.database is not None else "sqlite"
    return {"machine": machine(), "archive": kept, "deliveries": deliveries, "sets": rows}


def table(document: Mapping[str, Any]) -> str:
    """For people: a row for each set."""
    parts = list(document["sets"][0]["cores"])
    lines = [f"{'workers':>8}{'gateways':>9}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}" + "".join(f"{one:>12}" for one in parts)]
    for row in document["sets"]:
        took = row["milliseconds"]
        lines.append(
            f"{row['workers']:>8}{row['gateways']:>9}{row['confirmations_a_second']:>10}{took['p50']:>9}{took['p99']:>9}"
            + "".join(f"{row['cores'][one]:>12}" for one in parts)
        )
    return "\n".join([*lines, f"cores of {os.cpu_count()}; the archive is in {document['archive']}", ""])


async def main() -> None:
    """On an installation of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=48, help="at once, in each set")
    parser.add_argument("--quick", action="store_true", help="only to see that it works: two sets, few deliveries")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vigil-scale-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    document = await measure(folder, SETS[1:3] if chosen.quick else SETS, 4 if chosen.quick else chosen.deliveries)
    shutil.rmtree(folder)
    sys.stdout.write(json.dumps(document) + "\n" if chosen.output == "json" else table(document))


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
