"""The archive: whether it answers, its migrations, its alarms, and how far it goes beside the workflows."""

import asyncio
from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.service import RPCError

from archive.attachments.storage import SCHEME, Bucket, storage_at
from archive.batches import Extent
from archive.database import Database, known
from archive.deliveries import Deliveries
from archive.key_changes import KeyChanges
from archive.ledgers import Ledgers, goes_before
from doctor.files import does_not_count, file_of
from doctor.findings import Diagnosis, fine, some, unknown, warning, wrong
from doctor.given import Setup
from domain.words.errors import Malformed, NotFound
from domain.words.text import fill, mark
from process.configuration import installation_of, password_in
from process.in_force import FollowedFile
from process.keyfile import read
from process.ring import Wrapping, ring_in
from process.temporal import listed
from workflows import messages
from workflows.messages import LedgerSize, delivery_of, workflow_id

MOST_COMPARED: Final = 200
"""Deliveries under way that are compared; the sweep of workers goes through all of them."""
IN_ALL: Final = 20.0
"""Seconds for all of them."""
ONE_LOOK: Final = timedelta(seconds=3)
A_MOMENT: Final = 3.0
"""Seconds within which an archive that keeps up has what a workflow had before."""


@asynccontextmanager
async def opened(given: Setup) -> AsyncIterator[Database]:
    """The archive, for as long as the context is open. Raises `Malformed` or `NotFound`."""
    database = Database(given.settings.archive_url, password_in(given.path("archive_password")))
    try:
        yield database
    finally:
        await database.close()


async def migrations(given: Setup) -> AsyncGenerator[Diagnosis]:
    """Whether its tables are those of this version. Nothing is changed."""
    async with opened(given) as database:
        file = file_of(given)
        if file is not None and not await to_thread(file.exists):
            then = mark("whoever starts first makes it; where there was one, the path is wrong or the disk is not mounted")
            yield wrong("archive", fill("there is no archive at {path}", path=file), then)
            return
        there, newest = await database.revisions()
    if there == newest:
        yield fine("archive", fill("the archive answers, its tables are at {revision}", revision=some(newest)))
        return
    what = fill(
        "the tables of the archive are at {there}, and this version has {newest}",
        there=some(there) or "-",
        newest=some(newest),
    )
    if there <= set(known()):
        then = mark("back up, for no migration can be undone; then start a worker or gateway of this version, which migrates it")
    else:
        then = mark(
            "a newer version has migrated it, which cannot be undone: run that one, or stop all and put back the backup from "
            "before it (deploy/README.md)"
        )
    yield wrong("archive", what, then)


async def own_key(given: Setup) -> AsyncGenerator[Diagnosis]:
    """Whether a key of ours that counts in the file has ended since: an end that was announced stands in the archive alone."""
    where, path = given.path("directory"), given.path("key")
    if where is None or path is None:
        return
    try:
        file = read(path)
        async with opened(given) as database:
            followed = FollowedFile(where, KeyChanges(database))
            before = installation_of(followed.now)
            await followed.look()
    except (Malformed, NotFound):  # it is said where the files are looked at
        return
    now, system = datetime.now(UTC), installation_of(followed.now)
    if file.id in before.keys_at(now) and file.id not in system.keys_at(now):
        yield does_not_count(path, file, system)


async def alarms(given: Setup) -> AsyncGenerator[Diagnosis]:
    """Deliveries of which archive and workflow have differed, and those in which somebody has seen another history than both."""
    async with opened(given) as database:
        lists = _deliveries(given, database)
        found, contradicted = await lists.alarmed(), await lists.contradicted()
    then = mark("read docs/runbooks/VigilLedgersDiffer.md: nothing moves there until people have decided")
    yield (
        wrong("ledgers", fill("archive and workflow differ: {deliveries}", deliveries=some(found)), then)
        if found
        else fine("ledgers", mark("no delivery has an alarm that its ledgers differ"))
    )
    if contradicted:
        what = fill("a service has signed on another history than is recorded: {deliveries}", deliveries=some(contradicted))
        yield wrong(
            "ledgers", what, mark("read docs/runbooks/VigilReceiptsDiffer.md: have its receipts compared with the packet")
        )


async def compared(client: Client, given: Setup) -> AsyncGenerator[Diagnosis]:
    """The head of each ledger against its workflow, of deliveries that are under way, and those of which there is no ledger.
    Nothing is changed, no alarm set.
    """
    async with opened(given) as database:
        names = await _deliveries(given, database).unended()
        ledgers = Ledgers(database, Wrapping(ring_in(given.settings.payload_keys)))
        try:
            running = await _running(client, given)
        except RPCError:
            running = set()
            yield unknown("ledgers", mark("Temporal does not say which deliveries are under way"))
        lost = await _without(ledgers, sorted(running - {*names})[:MOST_COMPARED])
        seen, silent, failing, until = {}, [], [], monotonic() + IN_ALL
        for name in names[:MOST_COMPARED]:
            if monotonic() > until:
                break
            try:
                seen[name] = await _both(client, ledgers, name)
            except RPCError:
                silent.append(name)
            except (WorkflowQueryFailedError, WorkflowQueryRejectedError):  # its run cannot be replayed
                failing.append(name)
        behind = {name: stated.size for name, (held, stated) in seen.items() if stated.size > held.size}
        if behind or lost:
            await asyncio.sleep(A_MOMENT)
        late = [name for name, size in behind.items() if (await ledgers.held(name) or NOTHING).size < size]
        lost = await _without(ledgers, lost)
    other = [name for name, (held, stated) in seen.items() if not goes_before(held, stated)]
    for one in _amiss(other=other, late=late, lost=lost, silent=silent, failing=failing):
        yield one
    if not other and not late and not lost and (seen or not names):
        yield fine(
            "ledgers",
            fill("archive and workflow agree: {count} of {all} deliveries under way looked at", count=len(seen), all=len(names)),
        )


def _amiss(
    *, other: Sequence[str], late: Sequence[str], lost: Sequence[str], silent: Sequence[str], failing: Sequence[str]
) -> Iterator[Diagnosis]:
    if other:
        then = mark("leave both databases as they are, and read docs/runbooks/VigilLedgersDiffer.md")
        yield wrong("ledgers", fill("the archive has what the workflow has not: {deliveries}", deliveries=some(other)), then)
    if lost:
        then = mark("it is empty, or older than Temporal: restore its newest copy (deploy/README.md, Backup and restore)")
        yield wrong("ledgers", fill("the archive has nothing of what is under way: {deliveries}", deliveries=some(lost)), then)
    if late:
        then = mark("look at the worker's log and the archive's load; docs/runbooks/VigilArchiveBehind.md")
        yield warning("ledgers", fill("the archive is behind its workflow: {deliveries}", deliveries=some(late)), then)
    if failing:
        then = mark("look at the worker's log, which says why; docs/runbooks/VigilTasksFail.md")
        yield wrong("ledgers", fill("no worker can go on with these deliveries: {deliveries}", deliveries=some(failing)), then)
    if silent:
        yield unknown("ledgers", fill("these deliveries do not answer: {deliveries}", deliveries=some(silent)))


async def _running(client: Client, given: Setup) -> set[str]:
    """The deliveries that are under way in this installation. Raises `RPCError`."""
    ours = f"WorkflowType = '{messages.WORKFLOW}' AND TaskQueue = '{given.settings.task_queue}'"
    found = listed(client, f"{ours} AND ExecutionStatus = 'Running'", ONE_LOOK)
    return {name async for one in found if (name := delivery_of(one.execution.workflow_id)) is not None}


async def _without(ledgers: Ledgers, names: Sequence[str]) -> list[str]:
    """Those of which the archive has no ledger."""
    return [name for name in names if await ledgers.held(name) is None]


NOTHING: Final = Extent(branch=0, since=0, size=0, root=b"")


async def _both(client: Client, ledgers: Ledgers, name: str) -> tuple[Extent, Extent]:
    held = await ledgers.held(name) or NOTHING
    handle = client.get_workflow_handle(workflow_id(name))
    said = await handle.query(messages.QUERY_SIZE, result_type=LedgerSize, rpc_timeout=ONE_LOOK)
    return held, Extent(branch=said.branch, size=said.size, root=bytes.fromhex(said.root))


def _deliveries(given: Setup, database: Database) -> Deliveries:
    return Deliveries(database, Wrapping(ring_in(given.settings.payload_keys)))


async def attachments(given: Setup) -> AsyncGenerator[Diagnosis]:
    """The storage of files, where there is one."""
    place = given.settings.attachments
    if place is None:
        return
    if not place.startswith(SCHEME) and not await to_thread(Path(place).is_dir):
        then = mark("the gateway makes it when it starts; where there was one, the path is wrong or the disk is not mounted")
        yield wrong("attachments", fill("there is no folder {path} for attachments", path=place), then)
        return
    settings = given.settings
    secret = password_in(given.path("attachments_secret"))
    bucket = Bucket(settings.attachments_endpoint, settings.attachments_region, settings.attachments_key_id, secret)
    await storage_at(place, bucket).beats()
    yield fine("attachments", mark("the storage of attachments answers"))
