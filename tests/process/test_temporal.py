"""The connection to Temporal, where the network between does what networks do."""

import asyncio
from contextlib import suppress

import pytest
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client
from temporalio.service import KeepAliveConfig

from process import temporal as connection
from process.temporal import connect
from tests.installation import PAYLOAD_KEYS


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
        async with asyncio.timeout(10):
            info = await client.workflow_service.get_system_info(GetSystemInfoRequest(), retry=True)
        between.close()

    assert info.server_version
