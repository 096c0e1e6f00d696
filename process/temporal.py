"""The connection to Temporal: the one converter that every process shares, and patience while the server starts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ListWorkflowExecutionsRequest
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import WorkflowSerializationContext
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, KeepAliveConfig, RPCError, RPCStatusCode, TLSConfig

from domain.words.errors import Malformed, Unavailable
from domain.words.limits import MOST_RUNS, MOST_RUNS_OF_A_PAGE
from domain.words.text import fill, mark
from process.codec import ENCRYPTED, Codec, ForgedError, converter
from process.configuration import text_of
from process.heartbeats import beating
from process.ring import Ring

log = logging.getLogger("vigil.temporal")

IDENTITY = "vigil"
"""How we call ourselves in Temporal's history, which evidence packets carry: no process id, no name of a machine."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
HALF_OPEN = KeepAliveConfig(interval_millis=5_000, timeout_millis=5_000)
"""A connection whose other end has gone without a word is given up after ten seconds at most, and the next call makes another.
The SDK's own 30 and 15 seconds would keep a stop waiting for as long.
"""
TASK_TIMEOUT = timedelta(seconds=30)
"""How long a worker may take for one workflow task, the replay of a whole history included: with the server's ten seconds a slow
machine that replays many at once after a restart would finish none. As long, at most, a delivery waits for a worker that was
killed in the middle of a task.
"""


def tls_in(ca: Path | None, certificate: Path | None, key: Path | None) -> TLSConfig | None:
    """How the server proves to us who it is, and we to it where there is a certificate; None: neither does. Raises `NotFound`, or
    `Malformed` where one of the files is missing without which the others prove nothing.
    """
    if (certificate is None) != (key is None):
        message = "VIGIL_TEMPORAL_CERTIFICATE and VIGIL_TEMPORAL_CERTIFICATE_KEY belong together: one of them is not set"
        raise Malformed(message, hint="set both, or neither")
    if ca is None:
        if certificate is not None:
            message = "VIGIL_TEMPORAL_CERTIFICATE is set without VIGIL_TEMPORAL_CA: the server would not have to prove who it is"
            raise Malformed(message, hint="set VIGIL_TEMPORAL_CA to the certificates of whoever certifies Temporal's front ends")
        return None
    ours = (text_of(certificate).encode(), text_of(key).encode()) if certificate is not None and key is not None else (None, None)
    return TLSConfig(server_root_ca_cert=text_of(ca).encode(), client_cert=ours[0], client_private_key=ours[1])


async def connect(  # noqa: PLR0913 - what a connection is made of
    address: str,
    namespace: str,
    ring: Ring,
    *,
    tls: TLSConfig | None = None,
    runtime: Runtime | None = None,
    patience: float = 60.0,
) -> Client:
    """A client that gives the server nothing but ciphertext under these keys, after as many tries as fit into `patience` seconds.

    Raises `Unavailable`.
    """
    loop = asyncio.get_running_loop()
    until, pause, codes = loop.time() + patience, FIRST_PAUSE, converter(ring)
    while True:
        try:
            return await Client.connect(
                address,
                namespace=namespace,
                data_converter=codes,
                identity=IDENTITY,
                tls=tls if tls is not None else False,
                runtime=runtime or beating(),
                keep_alive_config=HALF_OPEN,
                grpc_compression=GrpcCompression.NONE,  # ciphertext is no smaller when compressed
            )
        except (RuntimeError, RPCError) as error:
            log.info("waiting for Temporal: %s", error, extra={"address": address})  # it may be a certificate that has ended
            if loop.time() + pause > until:
                message = fill("no Temporal server answers at {address}", address=address)
                raise Unavailable(message, hint=mark("start it, or set VIGIL_TEMPORAL_ADDRESS")) from error
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def codec_of(client: Client) -> Codec:
    """The codec that `connect` gave the client."""
    codec = client.data_converter.payload_codec
    assert isinstance(codec, Codec)  # noqa: S101 - there is no other way to a client
    return codec


def readable(history: WorkflowHistory, client: Client) -> str:
    """A history as JSON, with each payload opened in its place and nothing else changed.

    What this installation did not write stands as Temporal has it. Raises `Unavailable` if a payload key is missing.
    """
    codec = codec_of(client).with_context(WorkflowSerializationContext(client.namespace, history.workflow_id))
    for event in history.events:
        for payload in _payloads_in(event):
            if payload.metadata.get("encoding") == ENCRYPTED:
                try:
                    payload.CopyFrom(codec.opened(payload))
                except ForgedError as error:
                    log.warning("a payload was left as it is: %s", error.reason)
    return history.to_json()


async def listed(client: Client, query: str, patience: timedelta) -> AsyncIterator[WorkflowExecutionInfo]:
    """The runs that a query finds, as Temporal tells of them, at most `MOST_RUNS`. `patience`: for each page. Raises `RPCError`.

    The SDK's own list decodes every search attribute of each: for 10,000 runs it would hold a worker's loop for two seconds.
    """
    page = b""
    for _ in range(MOST_RUNS // MOST_RUNS_OF_A_PAGE):
        request = ListWorkflowExecutionsRequest(
            namespace=client.namespace, page_size=MOST_RUNS_OF_A_PAGE, next_page_token=page, query=query
        )
        found = await client.workflow_service.list_workflow_executions(request, retry=True, timeout=patience)
        for one in found.executions:
            yield one
        page = found.next_page_token
        if not page:
            return


async def delete_runs(client: Client, workflow: str, patience: timedelta) -> None:
    """Delete every run of a workflow that is over, with its history. Raises `RPCError` if Temporal is away."""
    runs = [
        "",
        *[found.run_id async for found in client.list_workflows(f"WorkflowId = '{workflow}'", rpc_timeout=patience)],
    ]  # the newest may not be listed yet
    for run in runs:
        execution = WorkflowExecution(workflow_id=workflow, run_id=run)
        request = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        try:
            await client.workflow_service.delete_workflow_execution(request, timeout=patience)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise


def _payloads_in(message: Message) -> Iterator[Payload]:
    """Every payload in a message, wherever it stands."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if not field.is_repeated:
            yield from _payloads_in(value)
        elif field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for one in value.values():
                    yield from _payloads_in(one)
        else:
            for one in value:
                yield from _payloads_in(one)
