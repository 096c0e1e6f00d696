"""Many open deliveries on one machine: a curve from a hundred to ten thousand, and what comes back after a kill.

`python -m bench.crowd --sizes 100 1000 10000` starts them on real processes, each waiting for a prosecutor who has not answered
yet. At each size it rests and says what the processes use meanwhile; then it asks for lists, inbox, view and board, speaks, and
stops some. At the last size Temporal's server, the worker and the gateway are each killed and started again, and it says how long
after that the first statement has its receipt. Most of the time it starts deliveries.

A service may look for so many things in the register a day (R15), and so starts so many deliveries. Here a day of the register
is over after `bench.processes.DAY` seconds; all else is as it is elsewhere.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from bench.figures import figures, machine
from bench.largest import BEGINNING
from bench.place import Embedding, Here, Place
from client.dossier import Dossier, Staged
from client.embedded import held
from client.rehearse import Rehearsal
from domain.delivery.requests import Request
from domain.plan.directory import Directory, Service
from domain.plan.plan import Plan
from domain.record.receipts import SignedReceipt
from domain.rules.handling import Information
from domain.signing.envelope import Envelope
from domain.words.errors import Limited, RuleBroken, Unavailable
from process.serve import leave
from protocol.gateway import Gateway
from rehearsal.over_http import SimulatedServices
from rehearsal.scenario import Scenario
from rehearsal.services import private_key_of
from tests.gateway.test_pages import Browser
from tests.installation import said_by, stop_by
from tests.support import example_cards, example_directory, example_plan, signed_plan

ASKED, SPEAKS = "kz.prosecutor", "kz.police"
"""Whom each delivery waits for, so that everything is in one inbox; and who speaks."""
SIZES = (100, 1_000, 10_000)
STARTED_AT_ONCE = 8
BEGINNING_AT_ONCE = 200
"""Deliveries that have not asked for consent yet, when one more is started."""
PEOPLE = 8
"""Who ask at once."""
PATIENCE = 300.0
SLOWEST = 2.0
"""Deliveries a second that come to their question for consent at least, once all are started."""
AGAIN = 0.02
"""Seconds between two looks."""
PACE = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1s", "slowest": "2s"}})
"""How soon services let a delivery begin."""


@dataclass(frozen=True)
class Effort:
    """How often each thing is done."""

    rounds: int = 200
    """Questions of each kind for a page."""
    whole: int = 5
    """Questions for all there is."""
    said: int = 100
    stopped: int = 20
    killed: int = 5
    """Of each process."""
    settles: float = 20.0
    """Seconds until everything rests. The sweep goes on to compare new runs with the archive: 1,000 in some minutes, 10,000 in an
    hour.
    """
    idle: float = 60.0
    """Seconds for which the processes are looked at then."""


QUICK = Effort(rounds=2, whole=2, said=2, stopped=2, killed=2, settles=1.0, idle=1.0)
"""To see that all of it works; its figures say nothing."""


class Silent(SimulatedServices):
    """Simulated services that let deliveries begin, and say nothing to what comes after it."""

    def __init__(self, directory: Directory, gateway: str, scenario: Scenario, seed: int) -> None:
        super().__init__(directory, gateway, scenario, seed)
        self.asked: dict[str, float] = {}
        """When each delivery asked for consent first."""

    def take(self, service: Service, request: Request) -> None:
        """A request has arrived."""
        if request.checkpoint.startswith(BEGINNING):
            super().take(service, request)
        else:
            self.asked.setdefault(request.delivery, time.perf_counter())


@dataclass
class Crowd:
    """An installation of real processes with many open deliveries."""

    place: Place
    http: aiohttp.ClientSession
    services: Silent
    pattern: Plan
    plans: list[Plan] = field(default_factory=list)
    effort: Effort = field(default_factory=Effort)

    def door(self, service: str) -> Gateway:
        """The gateway, as an officer of this service calls it."""
        return Gateway(self.http, self.place.url, service, private_key_of(service), "officer-1")

    def used(self) -> dict[str, float]:
        """Seconds of a core that each process has used."""
        return {name: self.place.used(name) for name in self.place.parts()}

    async def start(self, number: int) -> None:
        """Start one more, whose consignment is its own."""
        name = f"{self.pattern.operation}-{number}"
        own = self.pattern.consignment.identifiers[0].model_copy(update={"scheme": "other", "value": name})
        consignment = self.pattern.consignment.model_copy(update={"identifiers": (own,)})
        plan = self.pattern.model_copy(
            update={"operation": name, "consignment": consignment, "title": f"Example number {number}"}
        )
        while True:
            try:
                await self.door(plan.initiator).start(signed_plan(plan))
            except Limited as error:
                await asyncio.sleep(error.after)
            except Unavailable:
                await asyncio.sleep(1)
            except RuleBroken as error:
                if error.reason == "started_already":  # its answer was late, and it was asked for again
                    break
                raise
            else:
                break
        self.plans.append(plan)

    async def fill(self, deliveries: int) -> None:
        """Start as many as are missing. Raises `TimeoutError` where the last ones do not come to their question."""
        numbers = iter(range(len(self.plans), deliveries))
        began, used = time.perf_counter(), self.used()

        async def one_after_another() -> None:
            for one in numbers:
                async with asyncio.timeout(PATIENCE):
                    while len(self.plans) - len(self.services.asked) >= BEGINNING_AT_ONCE:  # noqa: ASYNC110 - no bell rings
                        await asyncio.sleep(AGAIN)
                await self.start(one)
                if one % 500 == 0:
                    past = time.perf_counter() - began
                    cores = ", ".join(f"{name} {(now - used[name]) / past:.2f}" for name, now in self.used().items())
                    sys.stderr.write(f"{one} of {deliveries} have been started after {past:.0f} s; cores so far: {cores}\n")

        await asyncio.gather(*(one_after_another() for _ in range(STARTED_AT_ONCE)))

    async def asked(self, deliveries: int) -> None:
        """Wait until all have asked for consent, and the inbox of whoever is asked has them. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE + deliveries / SLOWEST):
            told = found = 0
            while not all(one.operation in self.services.asked for one in self.plans):
                await asyncio.sleep(1)
                if len(self.services.asked) >= told + 500:
                    told = len(self.services.asked)
                    sys.stderr.write(f"{told} have asked for consent\n")
            while found < deliveries:
                with suppress(Unavailable):  # the archive has all of them to keep
                    found = len((await self.door(ASKED).inbox()).requests)
                await asyncio.sleep(1)

    async def said(self, number: int) -> tuple[SignedReceipt, float, float]:
        """Say something in one of them: the receipt, seconds until it, and from it until a stream shows its entry."""
        plan = self.plans[number % len(self.plans)]
        word = said_by(SPEAKS, plan, Information(text=f"number {number}"))
        seen, there = asyncio.Event(), asyncio.Event()

        async def follow() -> None:
            async for entry in self.door(plan.initiator).changes(plan.operation):
                there.set()
                if getattr(getattr(entry, "event", None), "envelope", None) == word:
                    seen.set()
                    return

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(follow())
            await there.wait()
            began = time.perf_counter()
            given = await self.door(SPEAKS).submit(plan.operation, word)
            took, began = time.perf_counter() - began, time.perf_counter()
            assert isinstance(given, SignedReceipt)
            await seen.wait()
        return given, took, time.perf_counter() - began

    async def taken(self, plan: Plan, envelope: Envelope) -> None:
        """Return when this statement of `SPEAKS` has its receipt, however often it takes to be heard. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(Unavailable, aiohttp.ClientError):
                    if isinstance(await self.door(SPEAKS).submit(plan.operation, envelope), SignedReceipt):
                        return
                await asyncio.sleep(AGAIN)

    async def stopped(self) -> tuple[float, float]:
        """Stop the newest: seconds until the receipt, and until its initiator's view says so."""
        plan = self.plans.pop()
        door, began = self.door(SPEAKS), time.perf_counter()
        assert isinstance(await door.submit(plan.operation, stop_by(SPEAKS, plan)), SignedReceipt)
        took = time.perf_counter() - began
        async with asyncio.timeout(PATIENCE):
            while (await self.door(plan.initiator).view(plan.operation)).halted is None:  # noqa: ASYNC110 - it is what is measured
                await asyncio.sleep(AGAIN)
        return took, time.perf_counter() - began


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[Crowd]:
    """Everything is up, and nothing has been started."""
    pattern = example_plan("almaty-tashkent").model_copy(update={"selectors": ()})
    with held(folder / "home") as home:
        dossier = Dossier(pattern, example_directory(), example_cards())
        directory, layout = Rehearsal((Staged(dossier, PACE),), 1, home).lay_out()
        services = Silent(directory, layout.gateway_url, PACE, seed=1)
        async with Embedding(layout, short_day=True) as embedded, services, aiohttp.ClientSession() as http:
            yield Crowd(Here(embedded), http, services, pattern)


async def timed(ask: Callable[[], Awaitable[object]], rounds: int, people: int = 1) -> list[float]:
    """Seconds of each of so many questions, asked by so many people at once."""
    took: list[float] = []
    numbers = iter(range(rounds))

    async def one_after_another() -> None:
        took.extend([await _allowed(ask) for _ in numbers])

    await asyncio.gather(*(one_after_another() for _ in range(people)))
    return took


async def _allowed(ask: Callable[[], Awaitable[object]]) -> float:
    """Seconds of this question. One that its asker has no share left for is asked again when it has, and does not count."""
    while True:
        began = time.perf_counter()
        try:
            await ask()
        except Limited as error:
            await asyncio.sleep(error.after)
        else:
            return time.perf_counter() - began


async def floor(browser: Browser) -> None:
    """The first page of the watch floor. Raises `Limited`."""
    answer, text = await browser.ask("GET", "/desk/floor")
    if answer.status == Limited.status:
        raise Limited(text, after=int(answer.headers["Retry-After"]))
    assert 200 == answer.status, text


async def idle(at: Crowd) -> dict[str, float]:
    """What part of a core each process uses while nobody says anything."""
    await asyncio.sleep(at.effort.settles)
    before, began = at.used(), time.perf_counter()
    await asyncio.sleep(at.effort.idle)
    past = time.perf_counter() - began
    return {name: round((used - before[name]) / past, 3) for name, used in at.used().items()}


async def questions(at: Crowd) -> dict[str, list[float]]:
    """Seconds of each question, statement and stop. Three services ask in turn, so that none asks more than its share."""
    asked, initiator, speaks = at.door(ASKED), at.door(at.pattern.initiator), at.door(SPEAKS)
    one = at.plans[len(at.plans) // 2].operation
    browser = Browser(at.http, at.place.url)
    link = await initiator.sign_in()
    assert 204 == (await browser.enter(link.address.partition("#")[2])).status

    def page(door: Gateway, path: str) -> Callable[[], Awaitable[object]]:
        return partial(door._call, "GET", path)  # noqa: SLF001 - one page, where its methods take all

    pages: dict[str, Callable[[], Awaitable[object]]] = {
        "first page of the list": page(initiator, "/v1/deliveries?limit=200"),
        "first page of those with a word in the title": page(speaks, "/v1/deliveries?limit=200&text=77"),
        "first page of the inbox": page(asked, "/v1/inbox"),
        "one view": partial(speaks.view, one),
        "a page of the board": partial(floor, browser),
    }
    found: dict[str, list[float]] = {}
    for name, ask in pages.items():
        found[name] = await timed(ask, at.effort.rounds)
        found[f"{name}, {PEOPLE} at once"] = await timed(ask, at.effort.rounds, PEOPLE)
    found["the whole list"] = await timed(speaks.deliveries, at.effort.whole)
    found["the whole inbox"] = await timed(asked.inbox, at.effort.whole)
    said = [await at.said(number) for number in range(at.effort.said)]
    found["a receipt"] = [took for _, took, _ in said]
    found["from a receipt to a stream"] = [behind for _, _, behind in said]
    stopped = [await at.stopped() for _ in range(at.effort.stopped)]
    found["a stop's receipt"] = [took for took, _ in stopped]
    found["a stop, until a view says so"] = [shown for _, shown in stopped]
    return found


async def killed(at: Crowd) -> dict[str, list[float]]:
    """Seconds from the moment that a killed process is started again until the first statement has its receipt."""
    place, found = at.place, dict[str, list[float]]()
    for name in place.killable:
        for number in range(at.effort.killed):
            plan = at.plans[number]
            await place.kill(name)
            word = said_by(SPEAKS, plan, Information(text=f"after {name}, {number}"))
            began = time.perf_counter()
            await place.again(name)
            await at.taken(plan, word)
            found.setdefault(f"{name} was killed and is started", []).append(time.perf_counter() - began)
            await place.wait_until_up()
    return found


async def measure(at: Crowd, sizes: Sequence[int]) -> dict[str, Any]:
    """Everything, as one document; seconds, parts of a core, MiB and milliseconds."""
    curve: list[dict[str, Any]] = []
    for size in sizes:
        missing, began = size - len(at.plans), time.perf_counter()
        await at.fill(size)
        filled = time.perf_counter() - began
        await at.asked(size)
        settled = time.perf_counter() - began
        sys.stderr.write(f"{size} are open after {settled:.0f} s; now they rest\n")
        own: dict[str, Any] = {
            "open": size,
            "begun": missing,
            "started_s": round(filled, 1),
            "all_asked_s": round(settled, 1),
        }
        own |= {"idle_cores": await idle(at)}
        own |= {"milliseconds": {name: figures(took) for name, took in (await questions(at)).items()}}
        own |= {"most_memory_mib": {name: at.place.most_memory(name) for name in at.place.parts()}}
        curve.append(own)
        sys.stderr.write(f"{json.dumps(own)}\n")
    after = {name: figures(took) for name, took in (await killed(at)).items()}
    return {"machine": machine(), "curve": curve, "milliseconds_after_a_kill": after}


def _within(group: str, name: str, one: Mapping[str, Any]) -> object:
    return one[group][name]


def _halves(name: str, one: Mapping[str, Any]) -> str:
    return "{p50} / {p99}".format(**one["milliseconds"][name])


def table(document: Mapping[str, Any]) -> str:
    """All of it for people: a column for each size."""
    curve: list[dict[str, Any]] = document["curve"]

    def row(name: str, of: Callable[[dict[str, Any]], object]) -> str:
        return f"{name:<66}" + "".join(f"{of(one):>18}" for one in curve) + "\n"

    lines = [row("open deliveries", lambda one: one["open"]), row("  of them begun for this", lambda one: one["begun"])]
    lines += [
        row("  started after, s", lambda one: one["started_s"]),
        row("  all asked after, s", lambda one: one["all_asked_s"]),
    ]
    for name in curve[0]["idle_cores"]:
        lines.append(row(f"idle, cores of {name}", partial(_within, "idle_cores", name)))
        lines.append(row(f"most memory of {name}, MiB", partial(_within, "most_memory_mib", name)))
    for name in curve[0]["milliseconds"]:
        lines.append(row(f"{name}, p50 / p99 ms", partial(_halves, name)))
    for name, took in document["milliseconds_after_a_kill"].items():
        lines.append(f"{f'{name}: first receipt, ms':<66}{took['p50']:>18} at most {took['max']}\n")
    return "".join(lines)


async def main() -> None:
    """On an installation of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES[:2], help="open deliveries, fewest first")
    parser.add_argument("--settles", type=float, default=Effort.settles, help="seconds before it looks at what the processes use")
    parser.add_argument("--quick", action="store_true", help="only to see that it works: everything is done twice")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vigil-crowd-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    async with crowd(folder) as at:
        at.effort = QUICK if chosen.quick else Effort(settles=chosen.settles)
        document = await measure(at, sorted(chosen.sizes))
    shutil.rmtree(folder)
    tell(document, chosen.output)


def tell(document: Mapping[str, Any], output: str) -> None:
    """Print it."""
    sys.stdout.write(json.dumps(document) + "\n" if output == "json" else table(document))


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
