"""Many simulated deliveries of one plan or group, each from a seed of its own, on as many processes as there are cores."""

import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from rehearsal.chaos import one_trouble
from rehearsal.forecast import RunEstimate, course
from rehearsal.groups import as_far_as
from rehearsal.simulator import NotEnded, World, simulate

FEW = 40
"""Up to so many runs, starting processes takes longer than it saves."""
MOST_PROCESSES = 8
CHUNK = 10


@dataclass(frozen=True)
class Trials:
    """What is tried, and how often: a delivery, or all of a group. The first run has the worlds' seed, the others follow it."""

    worlds: tuple[World, ...]
    runs: int
    trouble: int = 0
    """In how many of a hundred runs one trouble of `rehearsal.chaos` comes on top of the scenario of one of them."""

    def run(self) -> Iterator[tuple[RunEstimate, ...]]:
        """What each run amounts to for each of them, in the order of the seeds, as it is known."""
        seeds = range(self.worlds[0].seed, self.worlds[0].seed + self.runs)
        if self.runs <= FEW:
            yield from map(self.one, seeds)
            return
        processes = min(os.cpu_count() or 1, MOST_PROCESSES)
        with ProcessPoolExecutor(processes, initializer=_leave_interrupts_to_the_parent) as pool:
            yield from pool.map(self.one, seeds, chunksize=CHUNK)

    def one(self, seed: int) -> tuple[RunEstimate, ...]:
        """What the run of this seed amounts to for each of them."""
        worlds = self.of(seed)
        if len(worlds) > 1:
            return tuple(course(seed, one) if one is not None else not_begun(seed) for one in as_far_as(worlds))
        try:
            return (course(seed, simulate(worlds[0]).delivery),)
        except NotEnded as endless:
            return (course(seed, endless.delivery),)

    def of(self, seed: int) -> tuple[World, ...]:
        """The worlds of this seed, one of them with its trouble if it has one."""
        dice = random.Random(f"{seed}/trouble")  # noqa: S311 - a simulation must be repeatable
        worlds = [replace(one, seed=seed) for one in self.worlds]
        if dice.randint(1, 100) <= self.trouble:
            number = dice.randrange(len(worlds)) if len(worlds) > 1 else 0
            scenario = worlds[number].scenario
            acts = (*scenario.acts, *one_trouble(worlds[number].plan, dice))
            worlds[number] = replace(worlds[number], scenario=scenario.model_copy(update={"acts": acts}))
        return tuple(worlds)


def not_begun(seed: int) -> RunEstimate:
    """Of a consignment that had not begun when another of its group was given up."""
    return RunEstimate(seed=seed, outcome=None, lasted=None, delivered=False)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
