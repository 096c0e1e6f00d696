"""`vigil up` and `vigil rehearse` as processes: what they leave behind, whoever ends them and whenever."""

import asyncio
import os
import re
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from client.running import ASKS
from rehearsal.over_http import free_ports
from tests.client.test_cli import PLAN, names_in
from tests.command import VIGIL, vigil
from tests.deploy.test_alerts import alerts
from tests.support import example_of

PATIENCE = 60.0

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc, and die together on Linux only")


async def until(true: Callable[[], bool]) -> None:
    """Return once it is true. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - other processes ring no bell here
            await asyncio.sleep(0.01)


def children(process: Process) -> set[int]:
    """Ids of the processes it has started."""
    return set(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


def alive(pid: int) -> bool:
    """Whether the process runs; one that is only waiting to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def is_worker(pid: int) -> bool:
    """Whether this process is the worker."""
    return Path(f"/proc/{pid}/cmdline").read_text().endswith("worker\0")


def gone(pids: set[int]) -> Callable[[], bool]:
    """Whether none of them runs any more."""
    return lambda: not any(map(alive, pids))


def heed_all() -> None:
    """Ignore no signal, though the tests may do so: what is begun under `nohup`, or in the background, hands that on."""
    for number in ASKS:
        signal.signal(number, signal.SIG_DFL)


@asynccontextmanager
async def running(*words: object) -> AsyncIterator[Process]:
    """A command under way; killed if the test leaves it so."""
    process = await asyncio.create_subprocess_exec(VIGIL, *map(str, words), stdout=PIPE, stderr=PIPE, preexec_fn=heed_all)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said(process: Process, words: str) -> str:
    """Standard error up to the line that holds these words."""
    assert process.stderr is not None
    lines: list[str] = []
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            lines.append(line.decode())
            if words in lines[-1]:
                return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.fixture
async def installation(tmp_path: Path) -> tuple[object, ...]:
    """Words of an `up` with a directory, keys and ports of its own; the Temporal port is the last."""
    directory, ports = example_of(tmp_path, "KZ", "UZ", cards=True), free_ports(3)
    await vigil("keys", "new", "vigil", "--plain", "--installation", "--directory", directory, "--keys", tmp_path / "keys")
    where = ("--directory", directory, "--keys", tmp_path / "keys", "--home", tmp_path / "home")
    return ("up", *where, "--port", ports[0], "--ui-port", ports[1], "--temporal-port", ports[2])


@pytest.mark.kill
@linux
@pytest.mark.parametrize("number", ASKS)
async def test_asked_to_end_while_it_starts_nothing_is_left(installation: tuple[object, ...], number: signal.Signals) -> None:
    """Ctrl-C, `kill` and a closed terminal, the moment the first process is there: all end, it says so, exit code 0."""
    async with running(*installation) as up:
        await until(lambda: bool(children(up)))
        up.send_signal(number)
        started = children(up)
        _, err = await asyncio.wait_for(up.communicate(), PATIENCE)

    assert 0 == up.returncode
    assert "stopping ..." in err.decode()
    assert gone(started)()


@linux
def mode_of(path: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.kill
async def test_an_installation_keeps_what_ended_and_its_folder_to_itself(installation: tuple[object, ...]) -> None:
    """Ended deliveries stay for 90 days, not one; nobody else reads the folder; a second `up` on it is refused with the process
    that holds it; killed with -9, nothing it started is left, and the folder is free again.
    """
    home, port = installation[6], installation[-1]
    others = ("--port", *free_ports(1), "--ui-port", *free_ports(1), "--temporal-port", *free_ports(1))
    async with running(*installation) as up:
        await said(up, "stop with Ctrl-C")
        client = await Client.connect(f"127.0.0.1:{port}")
        described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
        second = await vigil(*installation[:7], *others)
        started = children(up)
        up.kill()
        await until(gone(started))
    async with running(*installation) as again:
        await said(again, "stop with Ctrl-C")
        again.terminate()
        _, err = await asyncio.wait_for(again.communicate(), PATIENCE)

    assert 90 == described.config.workflow_execution_retention_ttl.ToTimedelta().days
    assert 3 == len(started)
    assert 0o700 == mode_of(Path(str(home)))
    assert 1 == second.code
    assert f"{home} is in use: process {up.pid}" in second.err
    assert "stopping ..." in err.decode()
    assert 0 == again.returncode


@pytest.mark.slow
async def test_metrics_of_gateway_and_worker_are_where_up_says(installation: tuple[object, ...], tmp_path: Path) -> None:
    """Off unless asked for; then on two ports of the loopback interface, named in what it prints, each with its own counts. Both
    are ready, each metric that an alert is about is there, and the doctor finds nothing wrong.
    """
    port, home = free_ports(1)[0], tmp_path / "home"
    async with running(*installation, "--metrics-port", port) as up, aiohttp.ClientSession() as http:
        printed = await said(up, "stop with Ctrl-C")
        texts, ready = [], []
        for place in re.findall(r"http://\S+/metrics", printed):
            async with http.get(place) as answer:
                texts.append(await answer.text())
            async with http.get(place.replace("/metrics", "/ready")) as answer:
                ready.append(answer.status)
        well = await vigil("doctor", "--home", home, "-o", "json")
        up.terminate()
        await asyncio.wait_for(up.communicate(), PATIENCE)

    assert (0, True) == (well.code, well.json["healthy"]), well.out
    assert 0o600 == mode_of(home / "settings.env")
    assert f"VIGIL_TEMPORAL_FILE='{home.resolve() / 'temporal.db'}'" in (home / "settings.env").read_text("utf-8").splitlines()
    gateway, worker = texts
    assert f"http://127.0.0.1:{port}/metrics of the gateway" in printed
    assert 'vigil_gateway_requests_total{action="health"' in gateway
    assert "temporal_request_total" in worker
    served = set(re.findall(r"^# TYPE (\S+)", gateway + worker, re.MULTILINE)) | {"up"}
    named = {name for rule in alerts() for name in re.findall(r"\b(?:vigil_\w+|temporal_\w+|up)\b", rule["expr"])}
    begins_with_a_failure = {"temporal_workflow_task_execution_failed_total"}  # test_progress has one that fails
    assert begins_with_a_failure == {name for name in named if name not in served}
    assert [200, 200] == ready


@pytest.mark.slow
async def test_settings_of_another_installation_in_the_shell_keep_no_up_from_coming_up(
    installation: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks after a machine that serves has them there: its Temporal asks for TLS, and its archive for a password."""
    (tmp_path / "password").write_text("of another archive")
    other = tmp_path / "vigil.env"
    other.write_text("VIGIL_TEMPORAL_CA=/nowhere/ca.pem\n")
    monkeypatch.setenv("VIGIL_ARCHIVE_PASSWORD", str(tmp_path / "password"))
    monkeypatch.setenv("VIGIL_TEMPORAL_CA", str(tmp_path / "password"))
    monkeypatch.setenv("VIGIL_ENV_FILE", str(other))
    monkeypatch.setenv("TEMPORAL_TLS", "true")
    async with running(*installation) as up:
        await said(up, "stop with Ctrl-C")
        up.terminate()
        await asyncio.wait_for(up.communicate(), PATIENCE)

    assert 0 == up.returncode


@pytest.mark.kill
@linux
async def test_asked_twice_to_end_it_kills_what_does_not(installation: tuple[object, ...]) -> None:
    """A process that hangs is given its time; whoever asks again need not wait for it."""
    async with running(*installation) as up:
        await said(up, "stop with Ctrl-C")
        started = children(up)
        os.kill(next(filter(is_worker, started)), signal.SIGSTOP)
        up.terminate()
        await said(up, "stopping ...")
        up.terminate()
        _, err = await asyncio.wait_for(up.communicate(), 60)

    assert 0 == up.returncode, err.decode()
    assert "killing what is left" in err.decode()
    assert gone(started)()


@pytest.mark.kill
@linux
async def test_a_rehearsal_asked_to_end_does_so_at_once_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a delivery: it says that it stops, ends with the signal's code within seconds, and its files are gone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    async with running("rehearse", PLAN) as rehearsal:
        await said(rehearsal, "kz.prosecutor: authorisation granted")
        started = children(rehearsal)
        rehearsal.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(rehearsal.communicate(), 60)

    assert 130 == rehearsal.returncode
    assert "stopping ..." in err.decode()
    assert gone(started)()
    assert set() == names_in(tmp_path)


@linux
async def test_a_folder_holds_one_rehearsal_at_a_time(tmp_path: Path) -> None:
    """While one goes on in the folder, a second is refused with the process that holds it."""
    async with running("rehearse", PLAN, "--keep", tmp_path) as first:
        await said(first, "files are in")
        second = await vigil("rehearse", PLAN, "--keep", tmp_path)

    assert 1 == second.code
    assert f"process {first.pid}" in second.err


@pytest.mark.slow
@linux
async def test_temporals_pages_are_read_in_clear_by_the_supervisor_whose_key_is_there(installation: tuple[object, ...]) -> None:
    """`up` says as whom; the pages are told the codec endpoint, which decodes for them and for no other page. Without a key of a
    supervisor they are told nothing, and `up` says what to do; who is no supervisor is refused by name before anything starts.
    """
    directory, keys, pages = installation[2], installation[4], f"http://127.0.0.1:{installation[-3]}"
    told = []
    for begins in ("pages       their contents are encrypted", "pages       in clear for you, as supervision"):
        async with running(*installation) as up, aiohttp.ClientSession() as http:
            printed = await said(up, "stop with Ctrl-C")
            async with http.get(f"{pages}/api/v1/settings") as settings:
                told.append((await settings.json())["Codec"]["Endpoint"])
            if told[-1]:
                statuses = []
                for origin in (pages, "http://127.0.0.1:1"):
                    async with http.post(f"{told[-1]}/decode", data=b"{}", headers={"Origin": origin}) as answer:
                        statuses.append(answer.status)
            up.terminate()
            await asyncio.wait_for(up.communicate(), PATIENCE)
        assert begins in printed, printed
        if not told[-1]:
            await vigil("keys", "new", "supervision", "kz.knb", "--plain", "--directory", directory, "--keys", keys)
    refused = await vigil(*installation, "--pages-as", "kz.knb")

    assert "" == told[0]
    assert told[1].startswith("http://127.0.0.1:")
    assert [200, 403] == statuses
    assert 5 == refused.code
    assert "kz.knb is no supervisor of this directory" in refused.err
