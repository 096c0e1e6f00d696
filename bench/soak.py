"""An installation of real processes under mixed load for an hour: whether memory, tasks, threads, sockets or open files grow.

`python -m bench.soak --minutes 60` speaks, stops deliveries and runs others to their end as the drill does, while officers read
lists, inboxes, views, ledgers, packets and streams. Each process is looked at every few seconds. At the end all is compared
as after a fault, a picture is drawn (`--picture`), and where a measure grows, by a robust line through all that is after the
warm-up, it ends with code 1. Asked to stop (SIGTERM or Ctrl-C), it judges what it has seen.
"""

import argparse
import asyncio
import json
import random
import shutil
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.drill import Trial, open_folder, say, under_load
from bench.chaos.growth import MEASURES, Series, held_by, held_by_all, picture
from bench.chaos.traffic import Load, Recording
from bench.figures import with_children
from domain.words.errors import NotFound, Unavailable, VigilError
from process.serve import leave
from tests.postgresql import is_installed

EVERY = 5.0
"""Seconds between two looks."""
RUN_EVERY, STOP_EVERY = 12, 6
"""Looks from one delivery that runs to its planned end to the next, and from one that is stopped to the next."""
WARM = 1 / 3
"""Part of the time after which everything is warm: caches are full, and every kind of work was done."""
READERS, PAUSE = 4, 0.5
"""Officers who read at once, and seconds between two things that one of them reads."""
STREAMED = 3.0
"""Seconds for which a stream is followed."""
PROCESSES = ("worker", "gateway", "temporal", "service", "database")
"""The last one where it is a server: it and its processes together."""


@dataclass
class Soak:
    """What is seen of the processes while time passes."""

    trial: Trial
    series: dict[tuple[str, str], Series] = field(default_factory=dict)
    read: Counter[str] = field(default_factory=Counter)

    async def last(self, seconds: float, enough: asyncio.Event) -> None:
        """Read, look, stop and run, until the time is over or it is `enough`."""
        loop = asyncio.get_running_loop()
        began, looks = loop.time(), 0
        readers = [asyncio.create_task(self._reads(number)) for number in range(READERS)]
        while loop.time() - began < seconds and not enough.is_set() and not self.trial.records.differences:
            with suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), EVERY)
            looks += 1
            self._look(loop.time() - began)
            if looks % RUN_EVERY == 0:
                self.trial.traffic.run_one()
                say(self._progress(loop.time() - began))
            if looks % STOP_EVERY == 0:
                self.trial.traffic.stop_one()
        for one in readers:
            one.cancel()
        for ended in await asyncio.gather(*readers, return_exceptions=True):
            if isinstance(ended, Exception):
                self.trial.records.failed(ended)

    def _look(self, now: float) -> None:
        for name in self._processes():
            for measure, value in self._held(name).items():
                series = self.series.setdefault((name, measure), Series(name, measure))
                series.at.append(round(now, 1))
                series.values.append(round(value, 1))

    def _held(self, name: str) -> dict[str, float]:
        system = self.trial.system
        if name == "database":
            return held_by_all(with_children(system.process_of(name)))
        return held_by(system.process_of(name), system.embedded.count_of(name))

    def _processes(self) -> tuple[str, ...]:
        return PROCESSES if self.trial.system.embedded.database is not None else PROCESSES[:-1]

    def _progress(self, now: float) -> str:
        held = (f"{name} {self.series[name, 'memory'].values[-1]:.0f} MiB" for name in self._processes())
        return f"{now / 60:5.1f} min   {', '.join(held)}   {self.trial.records.given} receipts, {self.read.total()} reads"

    async def _reads(self, number: int) -> None:
        dice = random.Random(number)  # noqa: S311 - a workload
        plan = self.trial.traffic.example
        door = Recording(self.trial.http, self.trial.system.url, plan.initiator, self.trial.records)

        async def stream(delivery: str) -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(STREAMED):
                    async for _ in door.changes(delivery):
                        pass

        kinds: dict[str, Callable[[str], Awaitable[object]]] = {
            "view": door.view,
            "ledger": door.ledger,
            "packet": door.packet,
            "stream": stream,
            "list": lambda _: door.deliveries(most=50),
            "inbox": lambda _: door.inbox(),
            "floor": lambda _: door.floor(),
        }
        while True:
            name = dice.choice(list(kinds))
            with suppress(Unavailable, NotFound):  # 429 where it reads too much; or the archive does not have it yet
                await kinds[name](dice.choice(list(self.trial.records.cases)))
                self.read[name] += 1
            await asyncio.sleep(PAUSE)


async def run(folder: Path, chosen: argparse.Namespace, enough: asyncio.Event) -> int:
    """Soak, compare, judge and draw; the code to end with."""
    seconds = 60.0 * chosen.minutes
    async with under_load(folder, chosen.seed, Load(chosen.rate), postgresql=is_installed(), counted=True) as trial:
        soak = Soak(trial)
        await soak.last(seconds, enough)
        if not trial.records.differences:
            await trial.settle()
    found = list(soak.series.values())
    warm = WARM * max((one.at[-1] for one in found), default=0.0)
    order = sorted(found, key=lambda one: (PROCESSES.index(one.process), list(MEASURES).index(one.measure)))
    title = f"{order[0].at[-1] / 60:.0f} minutes of mixed load" if order else "nothing was seen"
    chosen.picture.parent.mkdir(parents=True, exist_ok=True)
    chosen.picture.write_text(picture(order, warm, title), encoding="utf-8")
    raw = [{"process": one.process, "measure": one.measure, "at": one.at, "values": one.values} for one in order]
    chosen.picture.with_suffix(".json").write_text(json.dumps(raw), encoding="utf-8")
    say(trial.summary())
    say(", ".join(f"{count} x {name}" for name, count in sorted(soak.read.items())))
    for one in order:
        grows, grown = "GROWS " if one.grows(warm) else "steady", f"{one.grown(warm):+8.1f} of {one.allowed(warm):6.1f} allowed"
        held = f"{one.values[0]:8.0f} at first, {one.values[-1]:8.0f} at last, {grown}"
        say(f"{grows}  {one.process:<9}{one.measure:<8}{held} {MEASURES[one.measure]}")
    say(f"the picture is {chosen.picture}")
    return 1 if trial.records.differences or any(one.grows(warm) for one in order) else 0


async def main() -> int:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=4.0, help="statements a second, of all services together")
    parser.add_argument("--picture", type=Path, default=Path("build/soak.svg"))
    chosen = parser.parse_args()
    enough = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, enough.set)
    folder = open_folder()
    try:
        code = await run(folder, chosen, enough)
    except VigilError as error:
        say(f"{error.message}; {error.hint}; see {folder}")
        return error.exit_code
    if code == 0:
        shutil.rmtree(folder)
    return code


if __name__ == "__main__":
    leave(asyncio.run(main()))
