"""Whether a gateway with very many open deliveries has a pause: how long its event loop is held while pages are made.

`python -m bench.floor`. A gateway over an archive in a file, with so many open deliveries, and browsers that follow them; rows
change one after another, and each kind of page is asked for over HTTP. All of it is in this process, so that is an upper bound.
`python -m bench.freshness` measures on an installation of real processes how new the rows are.
"""

import argparse
import asyncio
import gc
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import aiohttp

from bench.figures import options, tell
from gateway.pages.templating import compile_all
from tests.floors import glance_of, night, trouble
from tests.gateway.test_floor import Night, keep, over

ROWS, BROWSERS, CHANGES, PAGES = 10_000, 20, 60, 60
PAGES_OF = (
    "/floor",
    "/floor?show=watch",
    "/floor?in=KZ&phase=under_way",
    "/floor?service=uz.customs&sort=age",
    "/floor?sort=name&page=7",
    "/floor?sort=due",
    "/floor?text=tulip-{number}",
    "/floor?text=customs+{number}&sort=due",
)
"""Filters, facets, orders and searches; what is sought is new each time, so that nothing that was kept serves."""
BESIDE = ("/overdue", "/shift")
"""Pages that go over every row: beside the loop, which they must not hold either."""
HELD = 0.05
"""Seconds for which the loop may be held."""


async def follows(answer: aiohttp.ClientResponse, heard: asyncio.Queue[tuple[str, float]]) -> None:
    """Note each row that comes, and when."""
    async for line in answer.content:
        if line.startswith(b"data: ") and (said := json.loads(line[6:]))["kind"] == "row":
            heard.put_nowait((said["delivery"], time.perf_counter()))


@asynccontextmanager
async def held(found: list[float]) -> AsyncIterator[None]:
    """Note how much work each turn of the event loop is: time of this thread, in which a busy machine has no part."""

    async def look() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            found.append(now - before)
            before = now

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


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


async def pages(at: Night, count: int, of: Sequence[str]) -> list[float]:
    """Seconds until each page is there."""
    browser, took = await at.browser(), list[float]()
    for number in range(count):
        began = time.perf_counter()
        await browser.page("/desk" + of[number % len(of)].format(number=number % 97))
        took.append(time.perf_counter() - began)
    return took


async def measured(asked: argparse.Namespace) -> dict[str, list[float]]:
    """Each figure by its name."""
    found, turns, turns_of_pages = list(night(asked.rows, datetime.now(UTC))), list[float](), list[float]()
    async with over(found) as at:
        compile_all()  # as a gateway does when it begins
        gc.freeze()  # what is kept here to make them of is no part of a gateway; its rows are, as they are once all have changed
        began = time.perf_counter()
        async with held(turns):
            await at.reception.reading.floor.look()
        filled = time.perf_counter() - began
        async with held(turns_of_pages):
            took = await pages(at, asked.pages, PAGES_OF)
            beside = await pages(at, len(BESIDE) * 3, BESIDE)
        behind = await ages(at, [one.delivery for one in found], asked.browsers, asked.changes)
    return {
        "a page": took,
        "a page of every row": beside,
        "work of a turn of the loop": turns_of_pages,
        "the rows are read": [filled, filled],
        "work of a turn of the loop at the beginning": turns,
        "a row after its commit": behind,
    }


def main() -> int:
    """Print the figures; 1 if a page held the loop for too long."""
    asked = options(__doc__ or "", rows=ROWS, browsers=BROWSERS, changes=CHANGES, pages=PAGES)
    found = asyncio.run(measured(asked))
    tell(asked.output, {"open deliveries": asked.rows, "browsers": asked.browsers}, found)
    return int(max(found["work of a turn of the loop"]) > HELD)


if __name__ == "__main__":
    sys.exit(main())
