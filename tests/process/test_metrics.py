"""Metrics on a port of their own: only where one is asked for, and what is taken is said."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from domain.words.errors import Unavailable
from process import watchdog
from process.metrics import ProbeAnswer, Probes, counting, probed
from rehearsal.over_http import free_ports


async def not_ready() -> ProbeAnswer:
    """Of a process that cannot do its work now."""
    return ProbeAnswer(well=False, said={"temporal": "away"})


async def test_counts_are_served_where_prometheus_looks_and_gone_afterwards() -> None:
    """`/metrics` while it is open; then nobody listens there. A process that is alive need not be ready."""
    registry, port = CollectorRegistry(), free_ports(1)[0]
    Counter("vigil_things", "Things.", registry=registry).inc()
    async with aiohttp.ClientSession() as http:
        async with probed(Probes(registry, not_ready), "127.0.0.1", port):
            async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                text = await answer.text()
            probes = {}
            for place in ("live", "ready"):
                async with http.get(f"http://127.0.0.1:{port}/{place}") as answer:
                    probes[place] = answer.status, await answer.json()
        with pytest.raises(OSError, match=str(port)):
            await asyncio.open_connection("127.0.0.1", port)

    assert "vigil_things_total 1.0" in text
    assert {"live": (200, {"status": "up"}), "ready": (503, {"status": "down", "temporal": "away"})} == probes


async def test_without_a_port_nothing_is_served() -> None:
    """The default."""
    async with probed(Probes(CollectorRegistry(), not_ready), "127.0.0.1", None):
        assert counting(wanted=False) is None


async def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    """Nothing is served elsewhere instead."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}") as refused:
            async with probed(Probes(CollectorRegistry(), not_ready), "127.0.0.1", port):
                pass

    assert "VIGIL_METRICS_PORT" in refused.value.hint


async def test_a_process_says_to_systemd_that_it_goes_on_and_one_that_does_not_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it is alive; where nobody waits for it, it comes to an end at once."""
    await watchdog.go_on()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "120000000")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(0)
        stuck, well = (asyncio.create_task(watchdog.go_on(live)) for live in (not_ready, None))
        said = await asyncio.get_running_loop().sock_recv(systemd, 100)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)
        for task in (stuck, well):
            task.cancel()

    assert b"WATCHDOG=1" == said
