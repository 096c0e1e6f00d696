"""Temporal: whether it answers, what it is set to, its clock, and who works for it."""

import secrets
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetClusterInfoRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from doctor.findings import Diagnosis, fine, some, warning, wrong
from doctor.given import Setup
from domain.words.errors import VigilError
from domain.words.text import fill, mark
from process.builds import build_id, current, stranded
from process.clock import look
from process.heartbeats import Heartbeats
from process.ring import Ring, ring_in
from process.temporal import connect, tls_in
from workflows.messages import AHEAD, BESIDE, PARTICIPANTS, PHASE, delivery_of

WAIT: Final = 3.0
"""Seconds that Temporal is given to be there."""
PATIENCE: Final = timedelta(seconds=3)
TESTED: Final = "1.32"
"""The server that the tests run against."""
RETENTION: Final = timedelta(days=90)
"""For which what has ended must be kept: the packet's copy of the history goes with it."""
ATTRIBUTES: Final = {
    PARTICIPANTS: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    BESIDE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    PHASE: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
}
BLOBS: Final = 2 * 1024**2
"""Bytes of one payload that it must take: its own default."""
NEAR: Final = AHEAD / 4


async def connection(given: Setup) -> Client:
    """To Temporal, without the payload keys too: then nothing of a delivery can be asked. Raises `Unavailable`."""
    path = given.path("payload_keys")
    try:
        ring = ring_in(path) if path is not None else None
    except VigilError:
        ring = None
    settings = given.settings
    some_ring = ring or Ring.of(secrets.token_bytes(32))
    tls = tls_in(settings.temporal_ca, settings.temporal_certificate, settings.temporal_certificate_key)
    return await connect(settings.temporal_address, settings.temporal_namespace, some_ring, tls=tls, patience=WAIT)


async def server(client: Client) -> AsyncGenerator[Diagnosis]:
    """Its version, its namespace and what is set there."""
    about = await client.workflow_service.get_cluster_info(GetClusterInfoRequest(), timeout=PATIENCE)
    running = fill("Temporal's server {version} answers", version=about.server_version)
    if about.server_version.startswith(f"{TESTED}."):
        yield fine("versions", running)
    else:
        then = mark("go to that minor version, one at a time, with a backup before each (deploy/README.md)")
        yield warning("versions", fill("{what}; Vigil is tested with {tested}", what=running, tested=TESTED), then)
    async for one in _namespace(client):
        yield one


async def _namespace(client: Client) -> AsyncGenerator[Diagnosis]:
    try:
        asked = DescribeNamespaceRequest(namespace=client.namespace)
        found = await client.workflow_service.describe_namespace(asked, timeout=PATIENCE)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        then = mark("make it (deploy/compose/namespace.sh shows how), or set VIGIL_TEMPORAL_NAMESPACE")
        yield wrong("temporal", fill("there is no namespace {name}", name=client.namespace), then)
        return
    kept: Duration = found.config.workflow_execution_retention_ttl
    what = fill("namespace {name} keeps what has ended for {days} days", name=client.namespace, days=kept.ToTimedelta().days)
    command = fill("temporal operator namespace update --namespace {name} --retention 90d", name=client.namespace)
    yield fine("temporal", what) if kept.ToTimedelta() >= RETENTION else warning("temporal", what, command)
    limit = found.namespace_info.limits.blob_size_limit_error
    if limit and limit < BLOBS:
        what = fill("one payload may have {bytes} bytes, and must be allowed {least}", bytes=limit, least=BLOBS)
        yield wrong("temporal", what, mark("raise limit.blobSize.error in Temporal's dynamic configuration"))
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=PATIENCE
    )
    lacking = [name for name, kind in ATTRIBUTES.items() if listed.custom_attributes.get(name) != kind]
    if lacking:
        then = mark("register them as deploy/compose/namespace.sh does: without them no delivery can be started or found")
        yield wrong("temporal", fill("search attributes are missing, or of another type: {names}", names=some(lacking)), then)
    else:
        yield fine("temporal", fill("search attributes are registered: {names}", names=some(ATTRIBUTES)))


async def clock(client: Client) -> AsyncGenerator[Diagnosis]:
    """By how much this machine's clock is off, looked at from before and after."""
    before = datetime.now(UTC)
    seen = await look(client)
    after = datetime.now(UTC)
    off = max(before - seen.said, timedelta()) + min(after - seen.said, timedelta())
    what = fill("the clock of this machine is {seconds} s off Temporal's", seconds=f"{off.total_seconds():+.1f}")
    then = mark("have both machines follow one source of time (chrony or systemd-timesyncd)")
    if abs(off) > AHEAD:
        yield wrong("clock", fill("{what}: a gateway here takes only what stops a delivery", what=what), then)
    else:
        yield warning("clock", what, then) if abs(off) > NEAR else fine("clock", what)


async def workers(client: Client, given: Setup) -> AsyncGenerator[Diagnosis]:
    """Who asks for work, whose build is current, and which deliveries nobody goes on with."""
    queue = given.settings.task_queue
    builds = await Heartbeats(client, queue).builds_alive(patience=PATIENCE)
    if builds is None:
        then = mark("start one (python -m worker): what is said meanwhile is kept, and judged when one comes")
        yield wrong("worker", fill("no worker asks for work at {queue}", queue=queue), then)
    else:
        now = await current(client, queue)
        what = fill("workers ask for work at {queue}, of builds {builds}", queue=queue, builds=some(builds))
        yield fine("worker", what)
        if now not in builds:
            then = mark("start a worker of it, or make another current (deploy/README.md, A new version of Vigil)")
            yield wrong("worker", fill("no worker is up of the build that new deliveries go to: {build}", build=now or "-"), then)
        ours = given.settings.build or build_id()
        if ours not in builds:
            then = mark("restart workers and gateways, if this program is to be the one that runs")
            yield warning("worker", fill("none of them is of the build of this program: {build}", build=ours), then)
    for one in await stranded(client, queue, builds, delivery_of, patience=PATIENCE):
        what = fill(
            "deliveries wait for a worker of build {build}: {count} ({names})",
            build=one.build,
            count=one.count,
            names=some(one.deliveries),
        )
        yield wrong("worker", what, mark("start a worker of that build, or one with VIGIL_TAKES_OVER=yes that can go on with it"))
