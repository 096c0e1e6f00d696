"""What the log of reads costs: one summary over HTTP with no log, with it, and with the used proofs in it as well, in one run.

Each on the same idle installation, one after another, the log in a SQLite file with `synchronous=FULL`; then how many records a
second so many callers at once get, in that database and in each that is named:

    python -m bench.reads postgresql+asyncpg://user:password@host/database
"""

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable

from archive.database import Database
from archive.reads import Reads
from domain.record.reads import Read, Shown, verify_reads
from process.serve import leave
from rehearsal.services import VIGIL, cast, private_key_of
from tests.installation import installed, renamed, temporal_server
from tests.support import example_directory, example_plan, signed_plan

ROUNDS, WARM_UP = 200, 20
SECONDS = 3.0
SEEN = Shown(service="kz.knb", officer="officer-1", key="5" * 32, role="service", action="view", deliveries=("saxaul-22",))

Record = Callable[[Reads, Shown, str | None], Awaitable[Read]]


async def without(_log: Reads, shown: Shown, _nonce: str | None = None) -> Read:
    """As if there were no log."""
    return Read(**shown.model_dump(), number=0, at="2026-01-01T00:00:00.000000Z", prev="0" * 64)


async def without_proofs(log: Reads, shown: Shown, _nonce: str | None = None) -> Read:
    """The log, and used proofs in each gateway's memory only."""
    return await RECORD(log, shown, None)


RECORD: Record = Reads.record
WAYS: dict[str, Record] = {"no log": without, "log": without_proofs, "log, used proofs in it": RECORD}


async def over_http() -> None:
    """Milliseconds from asking for a summary to having it, each way in turn so that the machine's moods fall on all alike."""
    async with await temporal_server() as environment:
        plan = renamed(example_plan("almaty-tashkent"))
        async with installed(environment.client, plan, None) as here:
            door = here.gateway(plan.initiator, "officer-1")
            await door.start(signed_plan(plan))
            took: dict[str, list[float]] = {name: [] for name in WAYS}
            for round_ in range(ROUNDS + WARM_UP):
                for name, way in WAYS.items():
                    Reads.record = way  # type: ignore[assignment, method-assign]
                    began = time.perf_counter()
                    await door.view(plan.operation)
                    if round_ >= WARM_UP:
                        took[name].append((time.perf_counter() - began) * 1000)
    floor = statistics.median(took["no log"])
    for name, found in took.items():
        p50, p99 = statistics.median(found), statistics.quantiles(found, n=100)[98]
        sys.stdout.write(f"{name:24} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   {p50 / floor:.2f} x\n")


async def appended(url: str) -> None:
    """Records a second, and how long reading and verifying takes."""
    system = cast(example_directory(), ()).get(VIGIL)
    log = Reads(Database(url), private_key_of(VIGIL), system)
    for callers in (1, 16, 128):
        written, until = 0, time.perf_counter() + SECONDS

        async def call(end: float) -> int:
            count = 0
            while time.perf_counter() < end:
                await RECORD(log, SEEN, uuid.uuid4().hex)
                count += 1
            return count

        written = sum(await asyncio.gather(*(call(until) for _ in range(callers))))
        sys.stdout.write(
            f"{callers:4} callers: {written / SECONDS:7.0f} records/s, {1000 * callers * SECONDS / written:6.1f} ms each\n"
        )
    began = time.perf_counter()
    page = await log.page(0, 1000)
    read = time.perf_counter()
    verify_reads(page.reads)
    done = time.perf_counter()
    sys.stdout.write(
        f"{len(page.reads)} records: read in {1000 * (read - began):.0f} ms, verified in {1000 * (done - read):.0f} ms\n"
    )
    await log.close()


async def main(*urls: str) -> None:
    """Print both."""
    await over_http()
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite+aiosqlite:///{folder}/archive.db", *urls):
            sys.stdout.write(f"\n{url.partition(':')[0]}\n")
            await appended(url)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    leave(0)
