"""Many open deliveries behind one gateway: how long lists, inboxes, views and streams take, and how far the archive is behind.

`python -m bench.crowd --deliveries 10000` starts them on real processes, each of them waiting for a prosecutor who has not
answered yet, and then asks: each question many times, one after another and with a few people at once. Most of its twenty minutes
on two cores it starts deliveries; fewer show the same in less time.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from bench.largest import BEGINNING, memory, shown
from client.dossier import Dossier, Staged
from client.embedded import Embedded, held
from client.rehearse import Rehearsal
from domain.delivery.requests import Request
from domain.plan.directory import Service
from domain.plan.plan import Plan
from domain.record.receipts import SignedReceipt
from domain.rules.handling import Information
from domain.words.errors import Limited, Unavailable
from process.serve import leave
from protocol.gateway import Gateway
from rehearsal.over_http import SimulatedServices
from rehearsal.scenario import Scenario
from rehearsal.services import private_key_of
from tests.installation import renamed, said_by
from tests.support import example_cards, example_directory, example_plan, signed_plan

ASKED = "kz.prosecutor"
"""Whom each delivery waits for, so that everything is in one inbox."""
STARTED_AT_ONCE = 8
PEOPLE = 8
"""Who ask at once."""
ROUNDS = 200
PATIENCE = 300.0


class Silent(SimulatedServices):
    """Simulated services that let deliveries begin, and say nothing else."""

    def take(self, service: Service, request: Request) -> None:
        """A request has arrived."""
        if request.checkpoint.startswith(BEGINNING):
            super().take(service, request)


@dataclass
class Crowd:
    """An installation of real processes with many open deliveries."""

    embedded: Embedded
    http: aiohttp.ClientSession
    pattern: Plan
    plans: list[Plan] = field(default_factory=list)

    def door(self, service: str) -> Gateway:
        """The gateway, as an officer of this service calls it."""
        return Gateway(self.http, self.embedded.layout.gateway_url, service, private_key_of(service), "officer-1")

    async def start(self, number: int) -> None:
        """Start one more, whose consignment is its own."""
        other = renamed(self.pattern)
        own = other.consignment.identifiers[0].model_copy(update={"scheme": "other", "value": other.operation})
        consignment = other.consignment.model_copy(update={"identifiers": (own,)})
        plan = other.model_copy(update={"consignment": consignment, "title": f"Example number {number}"})
        while True:
            try:
                await self.door(plan.initiator).start(signed_plan(plan))
            except Limited as error:
                await asyncio.sleep(error.after)
            except Unavailable:
                await asyncio.sleep(1)
            else:
                self.plans.append(plan)
                return

    async def fill(self, deliveries: int) -> None:
        """Start so many."""
        numbers = iter(range(deliveries))

        async def one_after_another() -> None:
            for one in numbers:
                await self.start(one)
                if one % 500 == 0:
                    sys.stderr.write(f"{one} of {deliveries} have been started\n")

        await asyncio.gather(*(one_after_another() for _ in range(STARTED_AT_ONCE)))

    async def asked(self, deliveries: int) -> None:
        """Wait until the inbox of whoever is asked has all of them. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            found = 0
            while found < deliveries:
                await asyncio.sleep(2)
                with suppress(Unavailable):  # the archive has all of them to keep
                    found = len((await self.door(ASKED).inbox()).requests)

    async def said(self, number: int) -> tuple[SignedReceipt, float, float]:
        """Say something in one of them: the receipt, seconds until it, and from it until a stream shows its entry."""
        plan = self.plans[number % len(self.plans)]
        word = said_by("kz.police", plan, Information(text=f"number {number}"))
        seen, there = asyncio.Event(), asyncio.Event()

        async def follow() -> None:
            async for entry in self.door(plan.initiator).changes(plan.operation):
                there.set()
                if getattr(getattr(entry, "event", None), "envelope", None) == word:
                    seen.set()
                    return

        following = asyncio.create_task(follow())
        await there.wait()
        began = time.perf_counter()
        given = await self.door("kz.police").submit(plan.operation, word)
        took, began = time.perf_counter() - began, time.perf_counter()
        assert isinstance(given, SignedReceipt)
        async with asyncio.timeout(PATIENCE):
            await seen.wait()
        await following
        return given, took, time.perf_counter() - began


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[Crowd]:
    """Everything is up, and nothing has been started."""
    pattern = example_plan("almaty-tashkent").model_copy(update={"selectors": ()})
    scenario = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1s", "slowest": "2s"}})
    with held(folder / "home") as home:
        dossier = Dossier(pattern, example_directory(), example_cards())
        directory, layout = Rehearsal((Staged(dossier, scenario),), 1, home).lay_out()
        services = Silent(directory, layout.gateway_url, scenario, seed=1)
        async with Embedded(layout) as embedded, services, aiohttp.ClientSession() as http:
            yield Crowd(embedded, http, pattern)


async def timed(ask: Callable[[], Awaitable[object]], rounds: int, people: int = 1) -> list[float]:
    """Seconds of each of so many questions, asked by so many people at once."""
    took: list[float] = []
    numbers = iter(range(rounds))

    async def one_after_another() -> None:
        for _ in numbers:
            began = time.perf_counter()
            await ask()
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(one_after_another() for _ in range(people)))
    return took


async def measure(folder: Path, deliveries: int) -> None:
    """Print it all."""
    async with crowd(folder) as at:
        began = time.perf_counter()
        await at.fill(deliveries)
        filled = time.perf_counter() - began
        await at.asked(deliveries)
        settled = time.perf_counter() - began
        asked, initiator = at.door(ASKED), at.door(at.pattern.initiator)
        one = at.plans[deliveries // 2].operation
        page = partial(initiator._call, "GET")  # noqa: SLF001 - one page, where its methods take all
        pages: dict[str, Callable[[], Awaitable[object]]] = {
            "first page of the list": lambda: page("/v1/deliveries?limit=200"),
            "first page of those with a word in the title": lambda: page("/v1/deliveries?limit=200&text=777"),
            "first page of the inbox": partial(asked._call, "GET", "/v1/inbox"),  # noqa: SLF001 - the same
            "one view": lambda: initiator.view(one),
        }
        lines = [f"{deliveries} deliveries were started in {filled:.0f} s; after {settled:.0f} s each was in the inbox\n"]
        for name, ask in pages.items():
            lines.append(shown(name, await timed(ask, ROUNDS)))
            lines.append(shown(f"{name}, {PEOPLE} at once", await timed(ask, ROUNDS, PEOPLE)))
        lines.append(shown("the whole list", await timed(initiator.deliveries, 5)))
        lines.append(shown("the whole inbox", await timed(asked.inbox, 5)))
        found = [await at.said(one) for one in range(ROUNDS)]
        lines.append(shown("a receipt", [took for _, took, _ in found]))
        lines.append(shown("from a receipt to a stream (archive's lag)", [behind for _, _, behind in found]))
        lines.append(memory(at.embedded))
    sys.stdout.write("".join(lines))


async def main() -> None:
    """On an installation of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=1_000)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vigil-crowd-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    await measure(folder, chosen.deliveries)
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
