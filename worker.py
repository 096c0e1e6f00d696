"""The worker process: where everything that performs a delivery is put together. Run it with `python -m worker`."""

import asyncio
import gc
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta

if __name__ == "__main__":
    gc.disable()  # while modules are loaded nothing is let go of: to look for it took a quarter of the time of a start

import aiohttp
from temporalio.client import Client
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from activities.alarms import Alarms, StrandedWatch
from activities.checkpoint import Checkpoints
from activities.clock import Attempts
from activities.deconfliction import RegisterActivities
from activities.keeping import ArchiveKeeping
from activities.messenger import Messenger
from activities.notices import Notices
from activities.progress import WorkerProgress
from activities.receipts import Receipts
from activities.register_watch import RegisterWatch
from activities.relay import Relay
from activities.services import ServiceCaller
from activities.sweep import Sweep
from archive.cached_deliveries import FoldedDeliveries
from archive.claims import Claims
from archive.database import Database
from archive.deliveries import Deliveries
from archive.key_changes import KeyChanges
from archive.ledgers import Ledgers
from archive.owed import OwedReceipts
from archive.patterns import Patterns
from process import watchdog
from process.builds import build_id, pinned, settle
from process.configuration import deconfliction_key_in, installation_of, password_in
from process.cores import cores
from process.in_force import FollowedFile, InForce
from process.keyfile import key_in
from process.mail import mailbox
from process.metrics import Probes, counting, probed
from process.ring import Wrapping, ring_in
from process.sandbox import WorkflowSandbox
from process.serve import serve
from process.settings import Settings
from process.temporal import connect, tls_in
from process.tls import trusting
from workflows.controlled_delivery import ControlledDelivery
from workflows.details import Details

log = logging.getLogger("vigil.worker")

PURE = ("domain", "workflows", "cryptography", "pyrage", "rfc8785", "stdnum", "pycountry", "iso4217", "ruamel")
"""Modules the sandbox need not load anew for each run: they are pure, or are called only by pure ones."""

AT_ONCE = 2 * cores()
"""Workflow tasks that a worker has in hand. One takes seconds where a long history must be replayed, and all share the cores:
with a hundred of the SDK's own at once, none would be done in time after a restart.
"""
KEPT = 1000
"""Runs that a worker keeps in memory. One that it does not keep is replayed at each event."""
ERRANDS = 500
"""Activities under way at once. Most of them wait for a service, and those that wait must not keep others from being asked."""
CONNECTIONS = 800
"""To services and webhooks: what fits into the 1,024 open files that systems allow a process, with room to spare."""
NAMES = 64
"""Names of hosts looked up at once. A name server that does not answer holds a thread for half a minute."""

GRACE = timedelta(seconds=20)
"""How long attempts under way may take to finish when the worker is asked to stop."""


def sandbox() -> WorkflowSandbox:
    """The sandbox every run of a workflow is in."""
    return WorkflowSandbox(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PURE))


def worker_for(  # noqa: PLR0913, PLR0917 - a worker has these parts
    client: Client,
    task_queue: str,
    directory: InForce,
    caller: ServiceCaller,
    messenger: Messenger,
    deconfliction: RegisterActivities,
    relay: Relay,
    keeping: ArchiveKeeping,
    *,
    build: str,
    grace: timedelta = GRACE,
) -> Worker:
    """A worker of one task queue. The sandbox is on. `build`: whose runs it performs. `grace`: how long attempts may take to
    finish when it stops.
    """
    checkpoints = Checkpoints(caller, messenger, directory, relay)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[ControlledDelivery],
        activities=[
            checkpoints.await_confirmations,
            checkpoints.ask_once_more,
            Notices(caller, messenger, relay).deliver_notice,
            deconfliction.deconflict,
            deconfliction.release,
            keeping.keep,
            keeping.siblings(relay).heed,
        ],
        workflow_runner=sandbox(),
        interceptors=[Attempts(), Details()],
        graceful_shutdown_timeout=grace,
        max_heartbeat_throttle_interval=timedelta(milliseconds=200),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(maximum=min(AT_ONCE, 10)),
        max_concurrent_workflow_tasks=AT_ONCE,
        max_cached_workflows=KEPT,
        max_concurrent_activities=ERRANDS,
        nonsticky_to_sticky_poll_ratio=0.5,
        deployment_config=pinned(task_queue, build),
    )


def way_out(tls: ssl.SSLContext) -> aiohttp.ClientSession:
    """To services and webhooks. No cookie is kept: a service could set them without end, and others of its domain would be sent
    them.
    """
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=tls)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def run(chosen: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set. Raises `VigilError` if a file or the server is missing."""
    archive = Database(chosen.archive_url, password_in(chosen.archive_password))
    directory, key = FollowedFile(chosen.directory, KeyChanges(archive)), key_in(chosen.key, chosen.passphrase_file)
    ring = ring_in(chosen.payload_keys)
    wrapping = Wrapping(ring)
    ledgers = Ledgers(archive, wrapping)
    folded = FoldedDeliveries(ledgers)
    relay, claims = Relay(key), Claims(archive)
    deconfliction = RegisterActivities(deconfliction_key_in(chosen.deconfliction_key), directory, relay, claims)
    box = mailbox(chosen.smtp_url, chosen.mail_from, chosen.smtp_password)
    counts = counting(wanted=chosen.metrics_port is not None or watchdog.watched())
    runtime = counts.runtime if counts is not None else None
    ours = tls_in(chosen.temporal_ca, chosen.temporal_certificate, chosen.temporal_certificate_key)
    client = await connect(chosen.temporal_address, chosen.temporal_namespace, ring, tls=ours, runtime=runtime)
    async with AsyncExitStack() as stack:
        tls = trusting(chosen.ca, chosen.client_cert, chosen.client_key)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(NAMES, "names"))
        http = await stack.enter_async_context(way_out(tls))
        caller = ServiceCaller(http, installation_of(directory.now).id, key)
        messenger = Messenger(http, directory, key, chosen.gateway_url, box)
        build, queue = chosen.build or build_id(), chosen.task_queue
        receipts = Receipts(caller, OwedReceipts(archive), folded, directory, key, queue)
        keeping = ArchiveKeeping(ledgers, folded, key, receipts.ring)
        parts = caller, messenger, deconfliction, relay, keeping
        await stack.enter_async_context(worker_for(client, queue, directory, *parts, build=build))
        async with watchdog.going_on():  # thousands of runs are moved one after another
            await settle(client, queue, build, takes_over=chosen.takes_over)
        lists = Deliveries(archive, wrapping)
        sweep = Sweep(client, queue, ledgers, lists, key)
        alarms = Alarms(caller, messenger, directory)
        watch = RegisterWatch(client, claims, Patterns(archive), alarms, deconfliction, key)
        for beside in (sweep.go_on(), receipts.go_on(), StrandedWatch(client, queue, alarms).go_on(), watch.go_on()):
            stack.callback(asyncio.create_task(beside).cancel)
        if counts is not None:
            progress = WorkerProgress(counts.text, client, lists, keeping.lag, sweep.age)
            for beside in (progress.go_on(), watchdog.go_on(progress.live)):
                stack.callback(asyncio.create_task(beside).cancel)
            probes = Probes(progress.registry, progress.ready, progress.live, counts.text)
            await stack.enter_async_context(probed(probes, chosen.metrics_host, chosen.metrics_port))
        log.info("the worker is ready", extra={"task_queue": queue, "build": build})
        await stop.wait()
        log.info("the worker stops; attempts under way may finish")
    await archive.close()


if __name__ == "__main__":
    serve("worker", run)
