"""Metrics on a port of their own: only where one is asked for, and what is taken is said."""

import asyncio
import socket

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from domain.words.errors import Unavailable
from process.metrics import runtime, scraped
from rehearsal.over_http import free_ports


async def test_counts_are_served_where_prometheus_looks_and_gone_afterwards() -> None:
    """`/metrics` while it is open; then nobody listens there."""
    registry, port = CollectorRegistry(), free_ports(1)[0]
    Counter("vigil_things", "Things.", registry=registry).inc()
    async with aiohttp.ClientSession() as http:
        with scraped(registry, "127.0.0.1", port):
            async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                text = await answer.text()
        with pytest.raises(OSError, match=str(port)):
            await asyncio.open_connection("127.0.0.1", port)

    assert "vigil_things_total 1.0" in text


def test_without_a_port_nothing_is_served() -> None:
    """The default."""
    with scraped(CollectorRegistry(), "127.0.0.1", None):
        assert runtime("127.0.0.1", None) is None


def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    """For the gateway's own counts and for those of Temporal's SDK."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}") as refused, scraped(CollectorRegistry(), "127.0.0.1", port):
            pass
        with pytest.raises(Unavailable, match=f"port {port}"):
            runtime("127.0.0.1", port)

    assert "VIGIL_METRICS_PORT" in refused.value.hint
