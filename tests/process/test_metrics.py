"""Metrics on a port of their own: only where one is asked for, and what is taken is said."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

import gateway.__main__
import worker
from domain.signing.keys import private_pem
from domain.words.errors import Unavailable
from process import watchdog
from process.metrics import ProbeAnswer, Probes, counting, probed
from process.ring import Ring
from process.settings import Settings
from rehearsal.over_http import free_ports
from rehearsal.services import DECONFLICTION_KEY, cast, private_key_of
from tests.support import EXAMPLES, example_directory
from tests.tables import new_archive


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


@contextmanager
def systemd_waits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A process of this environment is waited for by systemd, which hears it there."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "120000000")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(0)
        yield systemd


async def test_a_process_says_to_systemd_that_it_goes_on_and_one_that_does_not_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it is alive; where nobody waits for it, it comes to an end at once."""
    await watchdog.go_on()
    with systemd_waits(tmp_path, monkeypatch) as systemd:
        stuck, well = (asyncio.create_task(watchdog.go_on(live)) for live in (not_ready, None))
        said = await asyncio.get_running_loop().sock_recv(systemd, 100)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)
        for task in (stuck, well):
            task.cancel()

    assert b"WATCHDOG=1" == said


@pytest.mark.parametrize("process", ["gateway", "worker"])
async def test_a_process_whose_start_takes_minutes_says_to_systemd_that_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: str
) -> None:
    """A gateway that migrates the archive, a worker that takes over what others have begun: else each is ended in the middle."""
    files = {"key": private_pem(private_key_of("vigil")).decode(), "payload_keys": Ring.of(bytes(32)).text()}
    files |= {
        "deconfliction_key": DECONFLICTION_KEY.hex(),
        "directory": cast(example_directory(), ()).model_dump_json(exclude_none=True),
    }
    for name, text in files.items():
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(text)
    chosen = Settings(cards=EXAMPLES / "cards", archive_url=new_archive(tmp_path), **{name: tmp_path / name for name in files})
    heard = []

    async def takes_long(*_words: object, **_more: object) -> None:
        async with asyncio.timeout(60):
            heard.append(await asyncio.get_running_loop().sock_recv(systemd, 100))
        raise Unavailable("that is enough")

    async def connected(*_words: object, **_more: object) -> None:
        if process == "gateway":
            raise Unavailable("that is enough")

    monkeypatch.setattr(worker, "connect", connected)
    monkeypatch.setattr(worker, "worker_for", lambda *_words, **_more: AsyncExitStack())
    monkeypatch.setattr(worker, "settle", takes_long)
    monkeypatch.setattr(gateway.__main__.Reads, "prepare", takes_long)
    monkeypatch.setattr(gateway.__main__, "connect", connected)
    run = worker.run if process == "worker" else gateway.__main__.run
    with systemd_waits(tmp_path, monkeypatch) as systemd, pytest.raises((Unavailable, TimeoutError)):
        await run(chosen, asyncio.Event())

    assert heard[:1] == [b"WATCHDOG=1"]
