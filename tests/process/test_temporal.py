"""The connection to Temporal, where the network between does what networks do."""

import asyncio
import ssl
import uuid
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import KeepAliveConfig

from domain.words.errors import Malformed, Unavailable
from process import temporal as connection
from process.certificates import KeyAndCertificate, issue, make_authority, now
from process.temporal import connect, listed, tls_in
from tests.installation import PAYLOAD_KEYS

PATIENCE = timedelta(seconds=3)


class Between:
    """A machine on the way to Temporal, which forgets the connections that it has without a word to either end."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._pumps: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, both ways."""
        there, back = await asyncio.open_connection(self._host, self._port)
        self._ends += [writer, back]
        self._pumps |= {asyncio.create_task(self._pump(reader, back)), asyncio.create_task(self._pump(there, writer))}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()

    def forget(self) -> None:
        """Pass on nothing more of the connections that there are; they stay open."""
        for pump in self._pumps:
            pump.cancel()

    def close(self) -> None:
        """End them."""
        self.forget()
        for end in self._ends:
            end.close()


async def test_a_connection_whose_other_end_has_gone_without_a_word_is_given_up(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next call goes over another: a stop does not wait for the one that is dead. In earnest it takes ten seconds at most."""
    assert 10_000 >= connection.HALF_OPEN.interval_millis + connection.HALF_OPEN.timeout_millis
    monkeypatch.setattr(connection, "HALF_OPEN", KeepAliveConfig(interval_millis=300, timeout_millis=300))
    between = Between(temporal.service_client.config.target_host)
    async with await asyncio.start_server(between.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = await connect(f"127.0.0.1:{port}", "default", PAYLOAD_KEYS)
        between.forget()
        async with asyncio.timeout(60):
            info = await client.workflow_service.get_system_info(GetSystemInfoRequest(), retry=True)
        between.close()

    assert info.server_version


def certified(folder: Path) -> tuple[Path, KeyAndCertificate, KeyAndCertificate]:
    """Who certifies, a front end's certificate, and ours."""
    folder.mkdir()
    trusted = make_authority(folder, "of a test", 2, now()).certificate
    return trusted, *(issue(folder, name, [name, "127.0.0.1"], 1, now()) for name in ("frontend", "vigil"))


async def asked_by(ca: Path, server: KeyAndCertificate, ours: KeyAndCertificate, trusted: Path) -> list[str]:
    """Who showed that they were somebody, at a front end that takes nobody else; Temporal does not speak there."""
    asks = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    asks.verify_mode = ssl.CERT_REQUIRED
    asks.set_alpn_protocols(["h2"])
    asks.load_cert_chain(server.certificate, server.key)
    shown: list[str] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown.append(dict(part[0] for part in writer.get_extra_info("peercert")["subject"])["commonName"])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=asks) as listening:
        port, tls = listening.sockets[0].getsockname()[1], tls_in(trusted, ours.certificate, ours.key)
        with pytest.raises(Unavailable):
            await connect(f"127.0.0.1:{port}", "default", PAYLOAD_KEYS, tls=tls, patience=0)
    return shown


async def test_each_end_shows_the_other_who_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A front end sees our certificate; one that somebody else certifies is not spoken to, and the log says why."""
    caplog.set_level("INFO", "vigil.temporal")
    ca, server, ours = certified(tmp_path / "ours")
    stranger, *_ = certified(tmp_path / "theirs")

    assert set(await asked_by(ca, server, ours, ca)) == {"vigil"}
    caplog.clear()
    assert await asked_by(ca, server, ours, stranger) == []
    assert "InvalidCertificate" in caplog.text


@pytest.mark.parametrize("left_out", ["certificate", "key", "ca"])
def test_half_of_what_proves_who_is_who_is_refused(tmp_path: Path, left_out: str) -> None:
    """A certificate without its key, a key without its certificate, or both without whom to trust: it is said what is missing."""
    ca, _server, ours = certified(tmp_path / "ours")
    files = {"ca": ca, "certificate": ours.certificate, "key": ours.key, left_out: None}

    with pytest.raises(Malformed, match="VIGIL_TEMPORAL_CERTIFICATE"):
        tls_in(**files)


async def test_the_runs_of_a_query_are_listed_page_after_page_and_no_more_than_are_listed_at_once(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five runs, two to a page: each comes once, with its own run; and where the most are four, four."""
    monkeypatch.setattr(connection, "MOST_RUNS_OF_A_PAGE", 2)
    kind = f"Listed{uuid.uuid4().hex}"
    begun = [await temporal.start_workflow(kind, id=f"{kind}-{number}", task_queue="nobody") for number in range(5)]

    async def found() -> dict[str, str]:
        runs = [one.execution async for one in listed(temporal, f"WorkflowType = '{kind}'", PATIENCE)]
        assert len(runs) == len({one.workflow_id for one in runs})
        return {one.workflow_id: one.run_id for one in runs}

    async with asyncio.timeout(60):
        while len(await found()) < len(begun):  # noqa: ASYNC110 - Temporal lists what has begun a moment later
            await asyncio.sleep(0.05)
    assert {one.id: one.result_run_id for one in begun} == await found()
    monkeypatch.setattr(connection, "MOST_RUNS", 4)
    assert 4 == len(await found())
    for one in begun:
        await one.terminate()
