"""A drill: an installation of real processes under load, in which one thing after another goes wrong; after each fault, what
every service holds is compared with ledger, archive, workflow and packet.

`python -m bench.chaos --seeds 1 --kills 300` draws each fault from the seed and its number: processes killed (SIGKILL,
SIGTERM), kept away for a while, frozen (SIGSTOP), cut off from each other, connections that fall silent or slow, disks that are
full, clocks that are set. What was done stands in a file (`--done`), so that the same command goes on where another run has
ended. A fault takes five to thirty seconds. `--only KILL,TERM` draws nothing but restarts. `--from 17 --to 17` repeats one,
whatever the file says. At the first difference it ends with code 1, and leaves everything in its folder. Asked to stop (SIGTERM
or Ctrl-C), it performs the fault that it is at, and sums up.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench.chaos.drill import Done, as_json, drill, open_folder, say, tally
from bench.chaos.faults import WEIGHTS, Fault, Kind, drawn, possible
from bench.chaos.installation import hindrances
from bench.chaos.traffic import Load
from domain.words.errors import VigilError
from process.serve import leave
from tests.postgresql import is_installed

A_RUN = 30
"""Seconds that one run of a delivery lasts here, instead of a week: many end while something is wrong, and go on in another."""


class DoneFile:
    """What was done of a seed and of these kinds, a line each, in earlier runs too."""

    def __init__(self, folder: Path, seed: int, archive: str, kinds: tuple[Kind, ...]) -> None:
        self._path = folder / f"{'-'.join(['seed', str(seed), archive, *kinds])}.jsonl"
        self.done: list[Done] = []
        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            self.done = [Done(**{**found, "on": tuple(found["on"])}) for found in map(json.loads, lines)]

    @property
    def kills(self) -> int:
        """How many processes were killed so far."""
        return sum(one.kills for one in self.done)

    @property
    def next(self) -> int:
        """The number of the first fault that is still to come."""
        return max((one.number for one in self.done), default=0) + 1

    def add(self, done: Done) -> None:
        """One more."""
        self.done.append(done)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(as_json(done)) + "\n")


def faults(chosen: argparse.Namespace, seed: int, numbers: range | None, file: DoneFile) -> Iterator[Fault]:
    """Those of these numbers; else those that follow what was done, until there are so many kills."""
    missing = hindrances()
    for number in numbers if numbers is not None else count(file.next):
        if numbers is None and file.kills >= chosen.kills:
            return
        yield possible(drawn(seed, number, chosen.only), missing, database=chosen.archive == "postgresql")


def kinds(text: str) -> tuple[Kind, ...]:
    """Those named, in the order of `WEIGHTS`. Raises `argparse.ArgumentTypeError`: no such kind."""
    named = set(text.split(","))
    if unknown := named.difference(WEIGHTS):
        raise argparse.ArgumentTypeError(f"no such kind: {', '.join(sorted(unknown))}; there are {', '.join(WEIGHTS)}")
    return tuple(one for one in WEIGHTS if one in named)


async def run(chosen: argparse.Namespace, seed: int, enough: asyncio.Event) -> int:
    """The drill of one seed; the code to end with."""
    postgresql = chosen.archive == "postgresql"
    numbers = range(chosen.first, (chosen.last or chosen.first) + 1) if chosen.first is not None else None
    file = DoneFile(chosen.done, seed, chosen.archive, chosen.only)
    if numbers is None and file.kills >= chosen.kills:
        say(f"seed {seed}: {file.kills} kills are done, see {chosen.done}\n{tally(file.done)}")
        return 0
    say(f"seed {seed}: from fault {numbers.start if numbers else file.next} on, {file.kills} kills are done")
    folder = open_folder()
    load = Load(chosen.rate, chosen.length)
    performed = file.add if numbers is None else (lambda _: None)
    try:
        found = await drill(
            folder,
            seed,
            faults(chosen, seed, numbers, file),
            load,
            enough,
            postgresql=postgresql,
            only=chosen.only,
            performed=performed,
        )
    except VigilError as error:
        say(f"{error.message}; {error.hint}; see {folder}")
        return error.exit_code
    if found:
        return 1
    shutil.rmtree(folder)
    if numbers is None:
        say(f"seed {seed}, all runs so far:\n{tally(file.done)}")
    return 0


async def main() -> int:
    """As it is asked for by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1", help="one or more, with commas: each an installation of its own, in turn")
    parser.add_argument("--kills", type=int, default=30, help="processes killed (SIGKILL) with each seed, earlier runs included")
    parser.add_argument("--only", type=kinds, default=(), metavar="KINDS", help=f"of {','.join(WEIGHTS)}")
    parser.add_argument(
        "--from", type=int, dest="first", help="number of a fault: this one and those up to --to, and nothing else"
    )
    parser.add_argument("--to", type=int, dest="last")
    parser.add_argument("--archive", choices=("postgresql", "sqlite"), help="where the archive is kept; else as it can be had")
    parser.add_argument("--done", type=Path, default=Path("build/chaos"), help="folder of what was done")
    parser.add_argument("--rate", type=float, default=Load.rate, help="statements a second, of all services together")
    parser.add_argument("--length", type=int, default=Load.length, help="statements until another delivery is busy")
    chosen = parser.parse_args()
    os.environ.setdefault("VIGIL_RUN_SECONDS", str(A_RUN))  # to the gateways, which begin deliveries
    if chosen.archive is None:
        chosen.archive = "postgresql" if is_installed() else "sqlite"
    if not is_installed():
        say("PostgreSQL is not installed here: the archive is a file, and what would hit its server hits Temporal")
    for why in hindrances().values():
        say(f"{why}; a kill takes its place")
    enough = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, enough.set)
    for seed in map(int, chosen.seeds.split(",")):
        code = await run(chosen, seed, enough)
        if code or enough.is_set():
            return code
    return 0


if __name__ == "__main__":
    leave(asyncio.run(main()))
