"""How old a row of the watch floor is when a browser has it: from the commit of its entries in the archive to the event.

`python -m bench.floor`. A gateway over an archive in a file, with so many open deliveries, and so many browsers that follow
them; all in this process, so that is an upper bound. With `--rows` and `--pages`, how long a page of the floor takes as well.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import aiohttp

from domain.views.floor import FloorQuestion
from tests.floors import glance_of, night, trouble
from tests.gateway.test_floor import ALL, Night, keep, over
from tests.gateway.test_http import DIRECTORY

ROWS, BROWSERS, CHANGES, PAGES = 1_000, 20, 60, 20


async def follows(answer: aiohttp.ClientResponse, heard: asyncio.Queue[tuple[str, float]]) -> None:
    """Note each row that comes, and when."""
    async for line in answer.content:
        if line.startswith(b"data: ") and (said := json.loads(line[6:]))["kind"] == "row":
            heard.put_nowait((said["delivery"], time.perf_counter()))


async def ages(at: Night, names: list[str], browsers: int, changes: int) -> list[float]:
    """Seconds from each change to each browser."""
    draw, now = random.Random(1), datetime.now(UTC)  # noqa: S311 - what is drawn can be drawn again
    heard, took = asyncio.Queue[tuple[str, float]](), list[float]()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        tasks = []
        for _ in range(browsers):
            headers = {"Cookie": (await at.browser()).cookie, "Sec-Fetch-Site": "same-origin"}
            answer = await stack.enter_async_context(at.http.get(f"{at.url}/desk/floor/changes", headers=headers))
            tasks.append(group.create_task(follows(answer, heard)))
        for number in range(changes):
            name, kind = draw.choice(names), ("overdue", "due_soon", "lost", "")[number % 4]
            await keep(at.reads, [glance_of(name, now, title=f"change {number}", **trouble(kind, now))])
            kept = time.perf_counter()
            for _ in range(browsers):
                _, came = await asyncio.wait_for(heard.get(), 30)
                took.append(came - kept)
        for one in tasks:
            one.cancel()
    return took


async def pages(at: Night, count: int) -> list[float]:
    """Seconds of each page, as it is made from the rows in memory."""
    floor, took = at.reception.reading.floor, []
    for number in range(count):
        began = time.perf_counter()
        await floor.page(DIRECTORY.get(ALL), FloorQuestion(page=number % 5 + 1), (), "up")
        took.append(time.perf_counter() - began)
    return took


async def measured(rows: int, browsers: int, changes: int, count: int) -> tuple[list[float], list[float], float]:
    """The ages, the pages, and how long the first look took."""
    found = list(night(rows, datetime.now(UTC)))
    async with over(found) as at:
        began = time.perf_counter()
        await at.reception.reading.floor.look()
        filled = time.perf_counter() - began
        return await ages(at, [one.delivery for one in found], browsers, changes), await pages(at, count), filled


def say(text: str) -> None:
    """On standard output."""
    sys.stdout.write(f"{text}\n")


def main() -> int:
    """Print the figures; 1 if one row in a hundred is more than a second old."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, given in (("rows", ROWS), ("browsers", BROWSERS), ("changes", CHANGES), ("pages", PAGES)):
        parser.add_argument(f"--{name}", type=int, default=given)
    chosen = parser.parse_args()
    took, made, filled = asyncio.run(measured(chosen.rows, chosen.browsers, chosen.changes, chosen.pages))
    hundredths = statistics.quantiles(took, n=100)
    old = [f"{one * 1000:.0f} ms" for one in (statistics.median(took), hundredths[98], max(took))]
    say(f"{chosen.rows} open deliveries, {chosen.browsers} browsers, {chosen.changes} changes one after another")
    say(f"a row is {old[0]} old (p50), {old[1]} (p99), {old[2]} at most")
    say(f"a page is made in {statistics.median(made) * 1000:.1f} ms; the rows were read in {filled:.2f} s at the beginning")
    return int(hundredths[98] > 1)


if __name__ == "__main__":
    sys.exit(main())
