"""What lists, inboxes and kept batches cost in an archive of 10,000 open deliveries.

It is measured in a SQLite file with `synchronous=FULL`, and in each database that is named:

    python -m bench.archive postgresql+asyncpg://user:password@host/database

Every delivery asks the reader for something, so nothing is left out of its list or inbox.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from archive.database import Database
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from archive.questions import Filters, ListQuestion
from domain.words.moments import utc_text
from rehearsal.services import EPOCH
from tests.archive.samples import READER, batch, ledger, new_keys, put, request, standing

OPEN = 10_000
ROUNDS, WARM_UP = 200, 20
PART = "uz.customs"


async def timed(name: str, act: Callable[[int], Awaitable[object]], rounds: int = ROUNDS) -> None:
    """Print the milliseconds that it takes."""
    took = []
    for number in range(rounds + WARM_UP):
        began = time.perf_counter()
        await act(number)
        took.append((time.perf_counter() - began) * 1000)
    took = took[WARM_UP:]
    p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
    sys.stdout.write(f"  {name:44} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms\n")


async def measured(url: str) -> None:
    """All of it in one database."""
    archive, ring, draw = Database(url), new_keys(), random.Random(1)  # noqa: S311 - a workload that can be repeated
    dues = [utc_text(EPOCH + timedelta(minutes=draw.randrange(100_000))) for _ in range(OPEN)]
    made = {
        f"case-{number:05}": standing(next_due=due, requests=(request(READER, due), request(PART, due)))
        for number, due in enumerate(dues)
    }
    await put(archive, ring, made)
    lists, ledgers = Deliveries(archive, ring, lambda: EPOCH), Ledgers(archive, ring)
    whole, part = ListQuestion(reader=READER, reach="own"), ListQuestion(reader=PART, reach="own")
    everything = ListQuestion(reader="kz.supervisor", reach="all")
    middle: str | None = None
    for _ in range(50):
        middle = (await lists.page(whole, middle, 100)).next
    few = Filters(mine=True, state="UZ", overdue=False)

    await timed("list of 50, whole, with titles", lambda _: lists.page(whole))
    await timed("list of 50, from the middle", lambda _: lists.page(whole, middle))
    await timed("list of 50, a part of each", lambda _: lists.page(part))
    await timed("list of 50, supervisor", lambda _: lists.page(everything))
    await timed("list of 50, three filters", lambda _: lists.page(whole.model_copy(update={"filters": few})))
    await timed(
        "search for text that 1,000 rows do not have",
        lambda _: lists.page(whole.model_copy(update={"filters": Filters(text="x y")})),
    )
    await timed("inbox, 50 requests", lambda _: lists.inbox(READER))
    await timed("what changed, nothing", lambda _: lists.changes(OPEN * 10))
    for count in (1, 20, 200):
        asked = standing(requests=(request(READER, dues[0]), request(PART, dues[1])))
        batches = [batch(ledger(count), delivery=f"kept-{count}-{number}", standing=asked) for number in range(50 + WARM_UP)]
        await timed(f"keep {count} entries of a new delivery", lambda number, some=batches: ledgers.keep(some[number]), 50)  # type: ignore[misc]
    grown = ledger(ROUNDS + WARM_UP)
    await timed("keep the next entry", lambda number: ledgers.keep(batch(grown, number, number + 1)))
    await archive.close()


async def main(*urls: str) -> None:
    """Print all of it."""
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite+aiosqlite:///{folder}/archive.db", *urls):
            sys.stdout.write(f"{url.partition(':')[0]}, {OPEN} open deliveries\n")
            await measured(url)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
