"""Simulate deliveries of example and random plans under chaos: `python -m rehearsal --seed 7` shows one step by step,
`--seeds 2000` runs many and says which seeds failed; with `--done FILE` it goes on where it was stopped.
"""

import argparse
import gc
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import exhibits
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.plan.access import role_of
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.directory import Directory
from domain.plan.documents import Document
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.verify import verify
from domain.rules.hold import HoldRequested
from domain.signing.canonical import plain
from process.configuration import cards_in, directory_in, text_of
from process.parent_death import die_with
from rehearsal import chaos, explore, explore_unforeseen, groups, random_plans, unforeseen
from rehearsal.invariants import BrokenInvariantError, Checker
from rehearsal.leaks import Reader
from rehearsal.operator import is_found_out
from rehearsal.peers import peers
from rehearsal.ranges import Held, OtherRulesError
from rehearsal.scenario import Pace, Scenario
from rehearsal.simulator import Watch, World, simulate

T = TypeVar("T")
EXAMPLES = Path(__file__).parent.parent / "examples"
PLANS = ("almaty-tashkent", "moscow-vector", "omsk-taraz")
RESTARTS, HOSTILITY = 0.02, 0.1
DISHONEST = 7
"""In one seed in so many somebody who holds the installation's key seals another history."""
LED = 3
"""One seed in so many is led to an unforeseen checkpoint, and to one of the answers there."""
PROCESSES = 2
SELDOM = 50_000
"""So many new objects make a process look for those that hold only each other: a delivery leaves few."""
CHUNK = 25
SAVED = 100
"""After so many seeds it is written down which have held."""


@dataclass(frozen=True)
class Result:
    """How one seed went; `failure` is empty if every invariant held and the packet verified."""

    seed: int
    outcome: str
    failure: str


def world(seed: int) -> World:
    """What a seed stands for: one of the example plans or, if it is odd, a plan of its own, with trouble."""
    plans, directory, cards = _examples()
    plan = plans[seed // 2 % len(plans)]
    if seed % 2:
        plan, directory, cards = random_plans.dossier(seed)
    scenario, (rivals, acts) = chaos.scenario(plan, seed), chaos.conflicts(plan, seed)
    turns, led_so_far = unforeseen.TURNS, seed // LED
    turn = turns[
        (led_so_far + led_so_far // len(turns)) % len(turns)
    ]  # else an even number of them never meets every sort of plan
    led = unforeseen.Led(plan) if seed % LED else unforeseen.led(plan, directory, turn, seed)
    if any(faults_in(led.plan, directory, cards)):  # what leads there is not for every plan: nobody begins one with a fault
        led = unforeseen.Led(plan)
    changed = chaos.changes(led.plan, directory, cards, seed)
    return World(
        plan=led.plan,
        directory=directory,
        cards=cards,
        scenario=scenario.model_copy(update={"acts": (*led.acts, *scenario.acts, *acts), "changes": changed}),
        seed=seed,
        restart_chance=RESTARTS,
        hostility=HOSTILITY,
        put_back_chance=unforeseen.PUT_BACK if led.put_back or not seed % 5 else 0,
        rivals=(*rivals, *led.rivals),
        backups=bool(seed % 4),
        peers=peers(plan, seed),
    )


def run(seed: int, watch: Watch = lambda _delivery, _entry: None) -> Result:
    """One seed, with every invariant checked and its packet verified."""
    try:
        chosen = world(seed)
        reader = reader_of(chosen)

        def look(delivery: Delivery, entry: Entry) -> None:
            watch(delivery, entry)
            reader.watch(delivery, entry)

        done = simulate(chosen, look)
        checker = Checker(chosen.plan, chosen.cards, chosen.directory)
        checker.check(done.delivery.ledger.entries)
        checker.holders({label: one.holder for label, one in exhibits(done.delivery.state).items()})
        proved = verify(done.packet)
        if not seed % DISHONEST:
            is_found_out(done)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this seed's finding
        return Result(seed, "", f"{type(error).__name__}: {error}")
    return Result(seed, str(proved.outcome), "")


def run_group(seed: int) -> Result:
    """One group of three, with every invariant of each and of all checked, and each packet verified."""
    try:
        base = world(seed)
        plans = groups.group_of(base.plan, base.directory, base.cards, seed)
        begins = groups.begins(seed)
        worlds = [
            replace(
                base,
                plan=one,
                begins=begins[number],
                scenario=chaos.scenario(one, seed * groups.NUMBER + number),
                rivals=(),
                peers=peers(one, seed * groups.NUMBER + number),
            )
            for number, one in enumerate(plans)
        ]
        done = groups.simulate_group(worlds, together=groups.TOGETHER)
        groups.check_group(done)
        for chosen, one in zip(worlds, done, strict=True):
            checker = Checker(chosen.plan, chosen.cards, chosen.directory)
            checker.check(one.delivery.ledger.entries)
            checker.holders({label: known.holder for label, known in exhibits(one.delivery.state).items()})
            verify(one.packet)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this seed's finding
        return Result(seed, "", f"{type(error).__name__}: {error}")
    return Result(seed, ", ".join(sorted(str(one.delivery.state.outcome) for one in done)), "")


def reader_of(chosen: World) -> Reader:
    """One of those who see a part of it: another one with each seed."""
    plan = chosen.plan
    readers = [one for one in plan.participants() if role_of(chosen.directory.get(one), plan) != "operations"]
    return Reader(chosen.directory.get(random.Random(f"{chosen.seed}/reader").choice(readers)))  # noqa: S311 - repeatable


def run_many(seeds: Iterable[int], processes: int = PROCESSES, run: Callable[[int], Result] = run) -> Iterable[Result]:
    """Many seeds on so many processes, in order."""
    _examples()
    gc.freeze()  # what the processes share is looked through by none of them
    with ProcessPoolExecutor(processes, initializer=_begin, initargs=(os.getpid(),)) as pool:
        yield from pool.map(run, seeds, chunksize=CHUNK)


def _begin(campaign: int) -> None:
    """A process of a campaign, which ends with it: also one that had just been started when the campaign was ended."""
    die_with(campaign)
    gc.set_threshold(SELDOM)


@cache
def _examples() -> tuple[tuple[Plan, ...], Directory, dict[str, RuleCard]]:
    paths = [EXAMPLES / name / "plan.yaml" for name in PLANS]
    plans = tuple(Document(text_of(path), str(path)).read(Plan) for path in paths)
    return plans, directory_in(EXAMPLES / "directory.yaml"), cards_in(EXAMPLES / "cards")


def _show(_delivery: Delivery, entry: Entry) -> None:
    event = plain(entry.event)
    if isinstance(entry.event, Stated):
        statement = read_statement(entry.event.envelope)
        event = {"event": "stated", **plain(statement), "verdict": plain(entry.event.verdict)}
    event.pop("plan", None)
    sys.stdout.write(f"{entry.seq:>4} {entry.at} {json.dumps(event, ensure_ascii=False)}\n")


def main() -> int:
    """Exit code 0 if every seed held, 1 if one did not."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many; one is shown step by step")
    parser.add_argument(
        "--changes", type=int, help="instead: every change of a small plan at every wait and contingency, time passing so often"
    )
    parser.add_argument("--done", type=Path, help="of many: the file of those that have held, which are not run again")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="of many: on how many processes")
    parser.add_argument("--groups", action="store_true", help="of each seed a group of three consignments, with different fates")
    asked = parser.parse_args()
    each = run_group if asked.groups else run
    if asked.changes is not None:
        return _try_changes(asked.changes)
    if asked.seeds == 1 and not asked.groups:
        for act in world(asked.seed).scenario.acts:
            sys.stdout.write(f"trouble: {act}\n")
        results = [run(asked.seed, _show)]
    else:
        seeds: Sequence[int] = range(asked.seed, asked.seed + asked.seeds)
        try:
            held = Held(asked.done) if asked.done is not None else None
        except OtherRulesError as error:
            parser.error(str(error))
        seeds = held.missing(seeds) if held is not None else seeds
        began, results = time.monotonic(), []
        signal.signal(signal.SIGTERM, _end)
        for some in batched(_with_progress(run_many(seeds, asked.processes, each), len(seeds)), SAVED):
            results += some
            if held is not None:
                held.add(one.seed for one in some if not one.failure)
        pace = len(seeds) / (time.monotonic() - began)
        sys.stdout.write(f"{len(seeds)} deliveries, {pace:.1f} a second: {dict(Counter(one.outcome for one in results))}\n")
        if held is not None:
            sys.stdout.write(f"{asked.done}: {', '.join(held.ranges())} held\n")
    again = "python -m rehearsal --groups --seeds 1 --seed {seed}" if asked.groups else "make simulate SEED={seed}"
    for one in results:
        if one.failure:
            sys.stdout.write(f"seed {one.seed} FAILED: {one.failure}\n  again: {again.format(seed=one.seed)}\n")
    return 1 if any(one.failure for one in results) else 0


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """Whoever ends a campaign ends its processes, too. What has held is written down already."""
    for one in multiprocessing.active_children():
        one.kill()
    os._exit(128 + number)  # to leave in order would wait for what was killed


def _try_changes(patience: int) -> int:
    """Exit code 0 if no change of the smallest plan leaves a delivery that cannot go on."""
    examples, directory, cards = _examples()
    scenario = Scenario(vigil="scenario/1", pace=Pace(fastest=timedelta(milliseconds=1), slowest=timedelta(milliseconds=1)))
    small = World(explore.small_plan(examples[0]), directory, cards, scenario, 1)
    plans, stopper = explore.plans_of(small), small.plan.authorities(small.plan.legs[-1].state)[0]
    dossiers = [(plan, directory, cards) for plan in examples]
    made, refused, reasons, outcomes = Counter[str](), Counter[str](), set[str](), Counter[str]()
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [plans[one::PROCESSES] for one in range(PROCESSES)]
        tried = [pool.submit(explore.explore_changes, small, part, stopper, patience) for part in parts]
        held = explore.replacing(plans)  # somebody orders a hold, and who is asked about it is replaced
        tried.append(pool.submit(explore.explore_changes, small, held, stopper, patience, HoldRequested))
        tried += [pool.submit(_try_unforeseen, one, dossiers, patience) for one in explore_unforeseen.WAITS]
        for one in _with_progress(tried, len(tried)):
            try:
                found = one.result()
            except BrokenInvariantError as error:
                pool.shutdown(cancel_futures=True)
                sys.stdout.write(f"FAILED: {error}\n")
                return 1
            made, refused, outcomes = made + found.made, refused + found.refused, outcomes + found.outcomes
            reasons |= found.reasons
    count = f"{made.total()} changes made and {refused.total()} refused"
    waits = f"{len(explore_unforeseen.WAITS)} contingencies"
    sys.stdout.write(f"{count}, of {len(plans)} plans and at {waits}, {len(reasons)} reasons: {dict(outcomes)}\n")
    return 0


def _try_unforeseen(contingency: str, dossiers: Sequence[explore_unforeseen.Dossier], patience: int) -> explore.Changed:
    stage = explore_unforeseen.wait_at(contingency, dossiers)
    try:
        return explore_unforeseen.explore_unforeseen(stage, contingency, explore.plans_of(stage.world), patience)
    except BrokenInvariantError as error:
        message = f"at {contingency} {error}"
        raise BrokenInvariantError(message) from error


def batched(results: Iterable[Result], size: int) -> Iterator[list[Result]]:
    """So many at a time, the last ones as many as there are."""
    left = iter(results)
    while some := list(islice(left, size)):
        yield some


def _with_progress(results: Iterable[T], count: int) -> Iterable[T]:
    for number, one in enumerate(results, start=1):
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number} of {count}")
        yield one
    if sys.stderr.isatty():
        sys.stderr.write("\n")


if __name__ == "__main__":
    sys.exit(main())
