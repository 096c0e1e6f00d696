"""What Vigil costs over bare Temporal: the same deliveries taken three ways through the same confirmations, in turn, in one run.

`python -m bench` prints a table and draws build/bench.svg; with `-o json` its last line is one JSON document. Five checkpoints
with three services each, on real processes: one Temporal server on SQLite, a worker for each way, a gateway, services over HTTP.
Idle means one delivery at a time, loaded thirty-two at once. Read the ratios: the rest is this machine's.

At the end many statements go into one open delivery by the whole: how many events each brings when they come one after another
(`events.in_turn`), and when forty callers speak at once (`events.crowded`).
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.service import GrpcCompression

from bench.figures import figures, machine, options
from bench.picture import picture
from bench.place import Embedding, Here, Place
from bench.plain import plain_converter
from bench.shape import CONFIRMATIONS, Script, pattern, script
from bench.ways import PATIENCE, Asked, Bare, Updates, Way, Whole
from client.dossier import Dossier, Staged
from client.embedded import NAMESPACE, held
from client.rehearse import Rehearsal
from process.ring import ring_in
from process.serve import leave
from process.temporal import connect
from rehearsal.scenario import Scenario
from tests.support import example_cards, example_directory

AT_ONCE = 32
"""What one service may have under way at the gateway."""
STATEMENTS, CALLERS = 400, 40
"""Into one delivery, and who speaks of it at once."""
AT_REST = 2.0
"""Seconds without an event, after which no more are expected of what was said."""
IDLE = 3
"""Deliveries a round, one after another."""
ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    EventType.EVENT_TYPE_MARKER_RECORDED,
}
"""Events that Temporal's cloud bills as actions; retries and heartbeats of activities are billed besides, and are not in here."""
LEAST = 10.0
"""MiB for 1,000 open deliveries, less than which cannot be told beside what a worker frees and takes by itself."""
PICTURE = Path("build/bench.svg")
PROMPT = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1ms", "slowest": "1ms"}})
"""Services that answer as soon as they are asked."""


@dataclass
class Measured:
    """What one way took."""

    began: float = 0.0
    """Seconds until so many deliveries were at their first checkpoint, in all rounds together."""
    confirming: float = 0.0
    ending: float = 0.0
    deliveries: int = 0
    idle: list[float] = field(default_factory=list)
    loaded: list[float] = field(default_factory=list)
    """Seconds from a confirmation to its acknowledgement."""
    events: dict[str, list[float]] = field(default_factory=lambda: {"idle": [], "loaded": []})
    """A confirmation, in each delivery."""
    bytes: list[float] = field(default_factory=list)
    actions: list[float] = field(default_factory=list)
    cpu: Counter[str] = field(default_factory=Counter)
    """Seconds of each process while confirmations were made under load."""
    grown: float = 0.0
    """Bytes of the databases, meanwhile."""
    open_memory: float = 0.0
    """MiB of the worker for 1,000 open deliveries."""

    def told(self) -> dict[str, Any]:
        """As figures of one confirmation, or one delivery."""
        said = self.deliveries * CONFIRMATIONS
        return {
            "confirmations_a_second": round(said / self.confirming, 1),
            "deliveries_a_second": round(self.deliveries / (self.began + self.confirming + self.ending), 2),
            "idle_ms": figures(self.idle),
            "loaded_ms": figures(self.loaded),
            "events_a_confirmation": {name: round(sum(one) / len(one), 1) for name, one in self.events.items()},
            "history_bytes_a_confirmation": round(sum(self.bytes) / len(self.bytes)),
            "actions_a_confirmation": round(sum(self.actions) / len(self.actions), 2),
            "cpu_ms_a_confirmation": {name: round(1000 * one / said, 2) for name, one in sorted(self.cpu.items())},
            "database_bytes_a_confirmation": round(self.grown / said),
            "worker_mib_for_1000_open": round(self.open_memory, 1),
        }


@dataclass
class Bench:
    """An installation, and the three ways over it."""

    place: Place
    ways: Sequence[Way]
    measured: defaultdict[str, Measured] = field(default_factory=lambda: defaultdict(Measured))

    async def idle(self) -> None:
        """One delivery at a time, a way after the other."""
        for _ in range(IDLE):
            for way in self.ways:
                own, found = script(pattern()), self.measured[way.name]
                await way.begin(own)
                before = await size_of(way, own)
                await way.confirm_all(found.idle, own)
                after = await size_of(way, own)
                found.events["idle"].append((after[0] - before[0]) / CONFIRMATIONS)
                found.bytes.append((after[1] - before[1]) / CONFIRMATIONS)
                found.actions.append(await actions_between(way, own, before[0], after[0]) / CONFIRMATIONS)
                await way.end(own)

    async def loaded(self, deliveries: int) -> None:
        """So many at once, a way after the other."""
        for way in self.ways:
            own, found = [script(pattern()) for _ in range(deliveries)], self.measured[way.name]
            found.deliveries += deliveries
            found.began += await timed(way.begin, own)
            before, cpu, grown = [await size_of(way, one) for one in own], self._cpu(way), self.place.stored()
            found.confirming += await timed(partial(way.confirm_all, found.loaded), own)
            found.cpu.update({name: used - cpu[name] for name, used in self._cpu(way).items()})
            found.grown += self.place.stored() - grown
            for one, (events, _size) in zip(own, before, strict=True):
                found.events["loaded"].append(((await size_of(way, one))[0] - events) / CONFIRMATIONS)
            found.ending += await timed(way.end, own)

    async def open(self, deliveries: int) -> None:
        """How much memory the worker of each way has for so many more that wait."""
        for way in self.ways:
            before = self.place.memory(way.processes[0])
            await timed(way.begin, [script(pattern()) for _ in range(deliveries)])
            self.measured[way.name].open_memory = (self.place.memory(way.processes[0]) - before) * 1000 / deliveries

    async def into_one(self, statements: int, callers: int) -> float:
        """Events of each of so many statements into one open delivery by the whole, with what hands it to the archive."""
        way, own = self.ways[-1], script(pattern(), statements)
        await way.begin(own)
        before = await at_rest(way, own)
        following = iter(own.remarks)

        async def speak() -> None:
            for statement, envelope in following:
                await way.confirm(own, statement, envelope)

        await asyncio.gather(*(speak() for _ in range(callers)))
        return round((await at_rest(way, own) - before) / statements, 2)

    def _cpu(self, way: Way) -> dict[str, float]:
        """Seconds of the servers, the way's own processes, and this one, which is also every service."""
        used = {name: self.place.used(name) for name in (*self.place.servers, *way.processes)}
        return used | {"services": time.process_time()}

    async def measure(self, rounds: int, deliveries: int, waiting: int, statements: int) -> dict[str, Any]:
        """Everything, as one document."""
        await self.idle()  # nothing of it counts: everything is done for the first time
        self.measured.clear()
        await self.open(waiting)  # before there is memory that has been used and is free
        for number in range(rounds):
            sys.stderr.write(f"round {number + 1} of {rounds}\n")
            await self.idle()
            await self.loaded(deliveries)
        ways = {way.name: self.measured[way.name].told() for way in self.ways}
        events = {"in_turn": await self.into_one(statements, 1), "crowded": await self.into_one(statements, CALLERS)}
        of = {"rounds": rounds, "deliveries": deliveries, "at_once": AT_ONCE, "statements": statements, "callers": CALLERS}
        return {"of": of, "machine": machine(), "ways": ways, "ratio": ratios(ways), "events": events}


async def timed(work: Callable[[Script], Awaitable[None]], scripts: Iterable[Script]) -> float:
    """Seconds for all of them, thirty-two at once."""
    turns, began = asyncio.Semaphore(AT_ONCE), time.perf_counter()

    async def one(own: Script) -> None:
        async with turns:
            await work(own)

    await asyncio.gather(*map(one, scripts))
    return time.perf_counter() - began


async def size_of(way: Way, own: Script) -> tuple[int, int]:
    """Events and bytes of its history."""
    info = (await way.handle(own).describe()).raw_description.workflow_execution_info
    return info.history_length, info.history_size_bytes


async def at_rest(way: Way, own: Script) -> int:
    """Events of its history, once there come no more. Raises `TimeoutError`."""
    found, events = -1, (await size_of(way, own))[0]
    async with asyncio.timeout(PATIENCE):
        while events != found:
            await asyncio.sleep(AT_REST)
            found, events = events, (await size_of(way, own))[0]
    return events


async def actions_between(way: Way, own: Script, begin: int, end: int) -> int:
    """What is billed of these events."""
    history = await way.handle(own).fetch_history()
    return sum(one.event_type in ACTIONS for one in history.events if begin < one.event_id <= end)


async def measure(folder: Path, rounds: int, deliveries: int, waiting: int, statements: int) -> dict[str, Any]:
    """Everything on an installation of its own, as one document."""
    with held(folder / "home") as home:
        staged = Staged(Dossier(pattern(), example_directory(), example_cards()), PROMPT)
        directory, layout = Rehearsal((staged,), 1, home).lay_out()
        services = Asked(directory, layout.gateway_url, PROMPT, seed=1)
        async with AsyncExitStack() as stack:
            embedded = await stack.enter_async_context(Embedding(layout, short_day=True))
            await stack.enter_async_context(services)
            archive = {"VIGIL_ARCHIVE_URL": f"sqlite+aiosqlite:///{home.path.resolve() / 'plain.db'}", "VIGIL_TAKES_OVER": "yes"}
            for name in ("bare", "plain"):
                more = {"VIGIL_TASK_QUEUE": name, **archive}
                await embedded.start(name, sys.executable, "-m", "bench.processes", name, environment=more)
            address, ring = f"127.0.0.1:{layout.temporal_port}", ring_in(layout.payload_keys)
            quick = partial(Client.connect, address, namespace=NAMESPACE, grpc_compression=GrpcCompression.NONE)
            bare, unencrypted = await quick(), await quick(data_converter=plain_converter(ring))
            ways = Bare(bare), Updates(services, unencrypted), Whole(services, await connect(address, NAMESPACE, ring))
            return await Bench(Here(embedded), ways).measure(rounds, deliveries, waiting, statements)


def ratios(ways: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """Vigil's two ways beside the bare one; and of the whole: the usual receipt when idle, and the worker's memory, where the
    bare one's can be told.
    """
    bare, whole = ways["bare"], ways["whole"]
    floor, memory = bare["worker_mib_for_1000_open"], whole["worker_mib_for_1000_open"]
    return {
        **{
            name: round(ways[name]["confirmations_a_second"] / bare["confirmations_a_second"], 2)
            for name in ("workflow", "whole")
        },
        "idle_p50": round(whole["idle_ms"]["p50"] / bare["idle_ms"]["p50"], 2),
        "memory": round(memory / floor, 2) if floor >= LEAST else None,
    }


def table(document: Mapping[str, Any]) -> str:
    """All of it for people."""
    ways = document["ways"]

    def rows(path: str, of: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
        for name, value in of.items():
            here = f"{path} {name}".strip().replace("_", " ")
            yield from rows(here, value) if isinstance(value, dict) else [(here, value)]

    found = {way: dict(rows("", one)) for way, one in ways.items()}
    names = list(dict.fromkeys(name for one in found.values() for name in one))
    lines = [f"{'':<44}" + "".join(f"{way:>12}" for way in found)]
    lines += [f"{name:<44}" + "".join(f"{one.get(name, '-'):>12}" for one in found.values()) for name in names]
    lines += [
        f"ratio to the bare one: {name:<21}{'-' if value is None else value:>12}" for name, value in document["ratio"].items()
    ]
    of, events = document["of"], document["events"]
    lines += [
        f"events of each of {of['statements']} statements into one open delivery",
        f"{'one after another':<44}{events['in_turn']:>12}",
        f"{of['callers']} callers {'at once':<33}{events['crowded']:>12}",
    ]
    return "\n".join(lines) + "\n"


async def main() -> None:
    """On an installation of its own."""
    chosen = options(__doc__ or "", rounds=5, deliveries=AT_ONCE, open=300, statements=STATEMENTS)
    folder = Path(tempfile.mkdtemp(prefix="vigil-bench-"))
    sys.stderr.write(f"the logs are in {folder} if it fails\n")
    document = await measure(folder, chosen.rounds, chosen.deliveries, chosen.open, chosen.statements)
    shutil.rmtree(folder)
    tell(document, chosen.output)


def tell(document: Mapping[str, Any], output: str) -> None:
    """Draw it and print it."""
    draw(document)
    sys.stdout.write(json.dumps(document) + "\n" if output == "json" else table(document))


def draw(document: Mapping[str, Any]) -> None:
    """Where `make` puts what it builds."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(document), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
    leave(0)
