"""What this process says of itself to whoever runs it, on a port of its own: metrics for Prometheus, and whether it is alive and
ready. A scraper and a probe make no proofs, so only the operator should reach that port.

Nothing is served unless `VIGIL_METRICS_PORT` is set. `/metrics` has our own counts and, of a worker, those of Temporal's SDK:
tasks, attempts, their failures and times, what waits for a slot. `/live` says whether a restart would help, `/ready` whether it
can do its work now; both answer 200 or 503, with a JSON document that says why.
"""

import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from domain.words.errors import Unavailable
from process.heartbeats import speaking

log = logging.getLogger("vigil.metrics")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PATIENCE = aiohttp.ClientTimeout(total=3)
"""For the SDK's own counts, which are asked for on this very machine."""


@dataclass(frozen=True)
class ProbeAnswer:
    """An answer to a probe, and the words that go with it."""

    well: bool
    said: Mapping[str, object]


Probe = Callable[[], Awaitable[ProbeAnswer]]


@dataclass(frozen=True)
class Probes:
    """What a process is asked."""

    registry: CollectorRegistry
    ready: Probe
    live: Probe | None = None
    """None: it lives as long as it answers at all."""
    beside: Callable[[], Awaitable[bytes]] | None = None
    """Counts that others make in this process, in the same format."""


@asynccontextmanager
async def probed(probes: Probes, host: str, port: int | None) -> AsyncIterator[None]:
    """Answer while the context is open; nothing without a port. Raises `Unavailable`."""
    if port is None:
        yield
        return

    async def metrics(_request: web.Request) -> web.Response:
        text = generate_latest(probes.registry) + (await probes.beside() if probes.beside is not None else b"")
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/ready", _answering(probes.ready))])
    app.add_routes([web.get("/live", _answering(probes.live or _alive))])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise _taken(host, port) from error
        yield
    finally:
        await runner.cleanup()


async def _alive() -> ProbeAnswer:
    return ProbeAnswer(well=True, said={})


def _answering(probe: Probe) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        found = await probe()
        return web.json_response({"status": "up" if found.well else "down", **found.said}, status=200 if found.well else 503)

    return answer


@dataclass(frozen=True)
class Counting:
    """Temporal's runtime that counts, and where it does so."""

    runtime: Runtime
    url: str

    async def text(self) -> bytes:
        """What it has counted; nothing where it does not say so in time."""
        try:
            async with aiohttp.ClientSession(timeout=PATIENCE) as http, http.get(self.url) as answer:
                return await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("the counts of Temporal's SDK are missing: %s", type(error).__name__)
            return b""


def counting(*, wanted: bool) -> Counting | None:
    """A runtime that counts for this process alone; none where nobody wants to know. Raises `Unavailable`."""
    if not wanted:
        return None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own = free.getsockname()[1]
    prometheus = PrometheusConfig(
        bind_address=f"127.0.0.1:{own}", counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    try:
        runtime = speaking(TelemetryConfig(metrics=prometheus))
    except (RuntimeError, ValueError) as error:
        raise _taken("127.0.0.1", own) from error
    return Counting(runtime, f"http://127.0.0.1:{own}/metrics")


def _taken(host: str, port: int) -> Unavailable:
    message = f"port {port} on {host}, wanted for metrics, is taken or not allowed"
    return Unavailable(message, hint="stop what uses it, or set VIGIL_METRICS_HOST and VIGIL_METRICS_PORT")
