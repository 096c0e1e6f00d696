"""Many simulated deliveries of one plan, each from a seed of its own, on as many processes as there are cores."""

import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from rehearsal.chaos import one_trouble
from rehearsal.forecast import Estimate, course
from rehearsal.scenario import Scenario
from rehearsal.simulator import NotEnded, World, simulate

FEW = 40
"""Up to so many runs, starting processes takes longer than it saves."""
MOST_PROCESSES = 8
CHUNK = 10


@dataclass(frozen=True)
class Trials:
    """What is tried, and how often. The first run has the world's seed, the others follow it."""

    world: World
    runs: int
    trouble: int = 0
    """In how many of a hundred runs one trouble of `rehearsal.chaos` comes on top of the scenario."""

    def run(self) -> Iterator[Estimate]:
        """What each run amounts to, in the order of the seeds, as it is known."""
        seeds = range(self.world.seed, self.world.seed + self.runs)
        if self.runs <= FEW:
            yield from map(self.one, seeds)
            return
        processes = min(os.cpu_count() or 1, MOST_PROCESSES)
        with ProcessPoolExecutor(processes, initializer=_leave_interrupts_to_the_parent) as pool:
            yield from pool.map(self.one, seeds, chunksize=CHUNK)

    def one(self, seed: int) -> Estimate:
        """What the run of this seed amounts to."""
        world = replace(self.world, seed=seed, scenario=self.scenario(seed))
        try:
            return course(seed, simulate(world).delivery)
        except NotEnded as endless:
            return course(seed, endless.delivery)

    def scenario(self, seed: int) -> Scenario:
        """The scenario of this seed, with its trouble if it has one."""
        dice = random.Random(f"{seed}/trouble")  # noqa: S311 - a simulation must be repeatable
        if dice.randint(1, 100) > self.trouble:
            return self.world.scenario
        acts = (*self.world.scenario.acts, *one_trouble(self.world.plan, dice))
        return self.world.scenario.model_copy(update={"acts": acts})


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
