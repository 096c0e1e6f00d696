"""How far what the board shows is behind the ledger, with many open deliveries and many browsers, each of them live.

`python -m bench.freshness` starts an installation of real processes (Temporal, worker, gateway) with `--deliveries` open ones,
signs `--browsers` in over HTTP, and says something in one delivery after another. It measures the time from the moment that the
ledger has for an entry to that at which each browser has the row, and how long a page of the floor takes meanwhile.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.crowd import Crowd, crowd
from bench.figures import figures, options, tell
from domain.delivery.ledger import Entry
from domain.record.receipts import SignedReceipt
from domain.rules.handling import Information
from domain.words.moments import instant
from process.serve import leave
from tests.gateway.test_pages import Browser
from tests.installation import said_by

BROWSERS, DELIVERIES, CHANGES = 20, 1_000, 200
BEHIND = 1.0
"""Seconds by which one row in a hundred may be more behind the ledger."""
PATIENCE = 30.0


@dataclass
class Board:
    """What one browser has open: the rows that came, by delivery, and when."""

    browser: Browser
    came: dict[str, float] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, answer: aiohttp.ClientResponse) -> None:
        """Note each row."""
        async for line in answer.content:
            if line.startswith(b"data: ") and (said := json.loads(line[6:]))["kind"] == "row":
                self.came[said["delivery"]] = time.time()
                self.news.set()

    async def has(self, delivery: str) -> float:
        """When the row of this delivery came. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            while delivery not in self.came:
                self.news.clear()
                await self.news.wait()
        return self.came[delivery]


async def boards(
    at: Crowd, count: int, stack: AsyncExitStack, group: asyncio.TaskGroup
) -> list[tuple[Board, asyncio.Task[None]]]:
    """So many browsers, signed in, each with the page and its stream."""
    found: list[tuple[Board, asyncio.Task[None]]] = []
    for _ in range(count):
        link = await at.door(at.pattern.initiator).sign_in()
        browser = Browser(at.http, at.place.url)
        assert (await browser.enter(link.address.partition("#")[2])).status == 204
        await browser.page("/desk/floor")
        headers = {"Cookie": browser.cookie, "Sec-Fetch-Site": "same-origin"}
        answer = await stack.enter_async_context(at.http.get(f"{browser.url}/desk/floor/changes", headers=headers))
        assert answer.status == 200, await answer.text()
        board = Board(browser)
        found.append((board, group.create_task(board.follow(answer))))
    return found


async def followed(at: Crowd, browsers: int, changes: int) -> tuple[list[float], list[float]]:
    """Seconds that each row was behind at each browser, and seconds of each page."""
    behind, pages = list[float](), list[float]()
    no_end = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(timeout=no_end, connector=aiohttp.TCPConnector(limit=0)) as at.http,
        AsyncExitStack() as stack,
        asyncio.TaskGroup() as group,
    ):
        found = await boards(at, browsers, stack, group)
        for number in range(changes):
            plan = at.plans[number % len(at.plans)]
            for board, _ in found:
                board.came.pop(plan.operation, None)
            said = said_by("kz.police", plan, Information(text=f"number {number}"))
            given = await at.door("kz.police").submit(plan.operation, said)
            assert isinstance(given, SignedReceipt)
            came = [await board.has(plan.operation) for board, _ in found]
            (entry,) = await at.door(plan.initiator).ledger(plan.operation, given.receipt.seq)
            assert isinstance(entry, Entry)
            behind += [one - instant(entry.at).timestamp() for one in came]
            began = time.perf_counter()
            await found[number % len(found)][0].browser.page("/desk/floor")
            pages.append(time.perf_counter() - began)
        for _, task in found:
            task.cancel()
    return behind, pages


async def measure(folder: Path, asked: argparse.Namespace) -> bool:
    """Print it all; whether it is fresh enough."""
    async with crowd(folder) as at:
        await at.fill(asked.deliveries)
        await at.asked(asked.deliveries)
        behind, pages = await followed(at, asked.browsers, asked.changes)
    given = {"open deliveries": asked.deliveries, "browsers": asked.browsers, "changes": asked.changes}
    tell(asked.output, given, {"a row behind the ledger": behind, "a page of the floor": pages})
    return figures(behind)["p99"] <= BEHIND * 1000


async def main() -> int:
    """On an installation of its own; 1 if one row in a hundred is more than a second behind."""
    asked = options(__doc__ or "", deliveries=DELIVERIES, browsers=BROWSERS, changes=CHANGES)
    folder = Path(tempfile.mkdtemp(prefix="vigil-freshness-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    fresh = await measure(folder, asked)
    shutil.rmtree(folder)
    return int(not fresh)


if __name__ == "__main__":
    leave(asyncio.run(main()))
