"""The sweep has a share of each minute, and comes round to every delivery all the same."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil
from time import monotonic
from typing import Any

import pytest

from activities.sweep import A_DAY, MOST_GLANCES, ROUND, Sweep
from archive.batches import Diverges, Extent
from domain.delivery.reported import Diverged
from domain.words.limits import SWEEP_SHARE
from process.clock import Clock
from tests.installation import VIGIL_KEY
from workflows.messages import HandIn, LedgerSize

OPEN = 10_000
ONE_LOOK = 0.1
"""Seconds for one, which a run that is replayed for it takes on a busy machine."""
NOBODY: Any = None


class Archive:
    """Ledgers and lists: of each delivery an entry is kept."""

    def __init__(self, unended: tuple[str, ...]) -> None:
        self._unended = unended

    async def unended(self) -> tuple[str, ...]:
        """All of them."""
        return self._unended

    async def held(self, _name: str) -> Extent:
        """One entry."""
        return Extent(branch=0, size=1, root=b"")


class Watched(Sweep):
    """A sweep of which each look takes as long as is said, and is counted."""

    def __init__(self, running: dict[str, str], unended: tuple[str, ...], silent: frozenset[str] = frozenset()) -> None:
        archive: Any = Archive(unended)
        self.now = 0.0
        super().__init__(NOBODY, "queue", archive, archive, VIGIL_KEY, lambda: self.now)
        self.running, self.silent = running, silent
        self.seen: Counter[str] = Counter()
        self.glances: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.failing: set[str] = set()
        self.missed: Counter[str] = Counter()

    async def _running(self) -> dict[str, str]:
        return self.running

    async def _silent(self) -> set[str]:
        return set(self.silent)

    async def _compared(self, name: str, _held: Extent) -> None:
        if name in self.failing:
            raise TimeoutError
        self.seen[name] += 1
        self.now += ONE_LOOK

    async def _events(self, name: str) -> int:
        self.glances[name] += 1
        return self.events[name]

    async def _missed(self, name: str) -> None:
        self.missed[name] += 1
        self.now += ONE_LOOK


def named(number: int = OPEN) -> dict[str, str]:
    """So many deliveries with their runs."""
    return {f"amber-{one}": f"run-{one}" for one in range(number)}


async def rounds(sweep: Watched, enough: Callable[[], bool]) -> int:
    """How many rounds it takes until this is so; none of them takes longer than its share."""
    done = 0
    while not enough():
        began, done = sweep.now, done + 1
        await sweep.once()
        assert sweep.now - began <= SWEEP_SHARE + ONE_LOOK
    return done


async def test_ten_thousand_open_deliveries_are_all_looked_at_within_an_hour() -> None:
    """Each once before any is looked at again, though one look takes as long as a replay on a busy machine."""
    running = named()
    sweep = Watched(running, tuple(running))

    minutes = await rounds(sweep, lambda: sweep.seen.keys() == running.keys()) * ROUND / 60

    assert minutes <= 60
    assert {1} == {*sweep.seen.values()} - {2}
    assert ceil(OPEN * ONE_LOOK / SWEEP_SHARE) == minutes


async def test_a_run_that_is_another_than_before_is_looked_at_in_the_next_round() -> None:
    """However many wait for their turn: whoever puts a run back makes another one of it."""
    running = named()
    sweep = Watched(running, tuple(running))
    await rounds(sweep, lambda: sweep.seen.keys() == running.keys())
    running["amber-7777"] = "put back"
    before = sweep.seen["amber-7777"]
    await sweep.once()

    assert before + 1 == sweep.seen["amber-7777"]


async def test_a_run_that_was_compared_is_glanced_at_and_asked_again_where_it_lost_events_or_after_a_day() -> None:
    """A glance needs no worker. Whose history is shorter than it was is asked at once, and everybody once a day."""
    running = named(10)
    sweep = Watched(running, tuple(running))
    sweep.events.update(dict.fromkeys(running, 50))
    await sweep.once()
    sweep.events.update(dict.fromkeys(running, 5))
    await sweep.once()
    before = sweep.seen.copy()
    sweep.events["amber-3"] -= 1
    await sweep.once()
    shorter = sweep.seen - before
    for _ in range(A_DAY - 3):
        await sweep.once()
    within_a_day = sweep.seen - before
    await sweep.once()

    assert dict.fromkeys(running, 1) == before
    assert {"amber-3": 1} == shorter == within_a_day
    assert dict.fromkeys(running, 1) == sweep.seen - before


async def test_in_one_round_so_many_are_glanced_at_and_the_next_goes_on_from_there() -> None:
    """What rests costs little however much of it there is, and nobody is passed over."""
    running = named(2 * MOST_GLANCES + 10)
    sweep = Watched(running, tuple(running))
    await rounds(sweep, lambda: sweep.seen.keys() == running.keys())
    sweep.glances.clear()
    await sweep.once()
    one = sweep.glances.total()
    for _ in range(2):
        await sweep.once()

    assert MOST_GLANCES == one
    assert running.keys() == sweep.glances.keys()


async def test_who_could_not_be_asked_is_asked_again() -> None:
    """A look that failed has compared nothing, and others are looked at first."""
    running = named(3)
    sweep = Watched(running, tuple(running))
    sweep.failing.add("amber-1")
    await sweep.once()
    sweep.failing.clear()
    await sweep.once()

    assert dict.fromkeys(running, 1) == sweep.seen


async def test_what_is_missed_or_cannot_answer_keeps_no_other_from_being_looked_at() -> None:
    """Half of a round is for deliveries without a run, the other half for runs; those whose build has no worker cost nothing."""
    running = named(2000)
    silent = frozenset(list(running)[:1000])
    sweep = Watched(running, (*running, *(f"gone-{one}" for one in range(OPEN))), silent)
    await sweep.once()

    each = ceil(SWEEP_SHARE / 2 / ONE_LOOK)
    assert abs(each - sweep.missed.total()) <= 1
    assert abs(each - sweep.seen.total()) <= 1
    assert silent.isdisjoint(sweep.seen)


async def test_a_round_in_which_every_look_failed_is_none() -> None:
    """Whoever runs the worker is told that nothing is compared any more; that one delivery does not answer is no such thing, nor
    that there is none.
    """
    running = named(3)
    sweep, ages = Watched(running, tuple(running)), []
    turns: tuple[set[str], ...] = ({*running}, {*running}, {"amber-1"}, {*running}, set())
    for failing in turns:
        sweep.failing, sweep.now = failing, sweep.now + ROUND
        if failing == set():
            sweep.running = {}
        going = asyncio.create_task(sweep.go_on())
        await asyncio.sleep(0)
        going.cancel()
        ages.append(round(sweep.age() / ROUND))
        sweep.running |= {name: f"{run} again" for name, run in sweep.running.items()}

    assert [1, 2, 0, 1, 0] == ages


class Run:
    """A run that says how far its ledger goes, and hears what it is told; Temporal has no other."""

    def __init__(self, said: LedgerSize) -> None:
        self.said = said
        self.told: list[HandIn[Diverged]] = []

    def get_workflow_handle(self, _name: str) -> "Run":
        """This one."""
        return self

    async def query(self, _name: str, **_how: object) -> LedgerSize:
        """How far it goes."""
        return self.said

    async def signal(self, _name: str, handed: HandIn[Diverged], **_how: object) -> None:
        """It is told this."""
        self.told.append(handed)


@pytest.mark.parametrize("found", [Diverges(branch=0, seq=3, how="ahead", size=9, root=b"\x01" * 32), None])
async def test_a_run_is_told_of_the_other_history_that_the_archive_has(
    monkeypatch: pytest.MonkeyPatch, found: Diverges | None
) -> None:
    """By the sweep, whoever else would find it; where there is none, it is told nothing."""

    class Compared(Archive):
        async def compare(self, _name: str, _held: Extent, _stated: Extent) -> Diverges | None:
            return found

    async def seen(_client: object) -> Clock:
        return Clock(said=datetime.now(UTC), at=monotonic())

    monkeypatch.setattr("activities.sweep.look", seen)
    run, archive = Run(LedgerSize(branch=0, size=3, root="00" * 32)), Compared(("amber-1",))
    temporal: Any = run
    ledgers: Any = archive
    await Sweep(temporal, "queue", ledgers, ledgers, VIGIL_KEY)._compared("amber-1", await archive.held("amber-1"))

    told = [(one.content.branch, one.content.seq, one.content.how, one.content.size) for one in run.told]
    assert told == ([(0, 3, "ahead", 9)] if found is not None else [])
