"""A line in which nobody waits in vain."""

import asyncio

import pytest

from activities.line import LATEST, USUAL, WaitingLine
from domain.words.errors import Limited

LONGEST = 1.0


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """As the line asks for them."""
        return self.now


class Crowd:
    """Those who stand in a line, where each takes as long as its turn is left open."""

    def __init__(self, at_once: int = 1) -> None:
        self.clock = Clock()
        self.line = WaitingLine(at_once, LONGEST, self.clock)
        self.went: list[int] = []
        self.may_go: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, count: int) -> None:
        """So many more stand in it."""
        for _ in range(count):
            number, go = len(self.may_go), asyncio.Event()
            self.may_go.append(go)
            self.tasks.append(asyncio.create_task(self._go(number, go)))
        await settled()

    async def _go(self, number: int, go: asyncio.Event) -> None:
        async with self.line.turn():
            await go.wait()
            self.went.append(number)

    async def leave(self, numbers: range, each: float) -> None:
        """These go one after another, each after so many seconds."""
        for number in numbers:
            self.clock.now += each
            self.may_go[number].set()
            await settled()

    async def put_off(self) -> int:
        """For how long one more is put off."""
        with pytest.raises(Limited) as told:
            async with self.line.turn():
                pass
        return told.value.after

    async def end(self) -> None:
        """All who stand in it go."""
        for one in self.may_go:
            one.set()
        await asyncio.gather(*self.tasks)


async def settled() -> None:
    """Everybody who can go on has."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def crowd() -> Crowd:
    """In whose line one takes a tenth of a second, as it has learned."""
    found = Crowd()
    await found.come(60)
    await found.leave(range(60), 0.1)
    return found


async def test_each_has_its_turn_in_the_order_in_which_they_came(crowd: Crowd) -> None:
    """As many as can go in time wait; none of them is turned away."""
    await crowd.come(10)
    await crowd.leave(range(60, 70), 0.1)

    assert list(range(70)) == crowd.went
    await crowd.end()


async def test_who_would_wait_too_long_is_put_off_until_all_before_are_done(crowd: Crowd) -> None:
    """Eleven wait for a tenth of a second each; whoever comes then is told a later second the more were put off before."""
    await crowd.come(11)
    told = [await crowd.put_off() for _ in range(30)]

    assert sorted(told) == told
    assert (2, 5) == (told[0], told[-1])
    await crowd.leave(range(60, 71), 0.1)
    await crowd.come(1)
    await crowd.leave(range(71, 72), 0.1)
    assert 71 == crowd.went[-1]
    await crowd.end()


async def test_nobody_is_put_off_for_longer_than_the_bound(crowd: Crowd) -> None:
    """However many were put off before: things may go quicker then."""
    await crowd.come(11)
    told = [await crowd.put_off() for _ in range(3100)]

    assert LATEST == told[-1] == max(told)
    await crowd.end()


async def test_one_that_takes_long_says_little_of_the_next(crowd: Crowd) -> None:
    """After a disk stood still for a minute the line takes nearly as many as before; after many slow ones, few."""
    await crowd.come(1)
    await crowd.leave(range(60, 61), 60.0)
    await crowd.come(7)
    assert 7 == len(crowd.may_go) - len(crowd.went)
    await crowd.leave(range(61, 68), 60.0)

    await crowd.come(1)
    assert 300 >= await crowd.put_off() > 1
    await crowd.end()


async def test_where_each_goes_alone_the_line_still_counts_on_as_many_as_may_go_at_once() -> None:
    """Each takes 0.4 s with nobody beside it. Four may go at once, so eleven wait for a second, and not three."""
    crowd = Crowd(at_once=4)
    for number in range(60):
        await crowd.come(1)
        await crowd.leave(range(number, number + 1), 0.4)
    await crowd.come(11)

    assert 2 == await crowd.put_off()
    assert 71 == len(crowd.may_go)
    await crowd.end()


async def test_who_fails_leaves_the_line_and_says_nothing_of_its_pace(crowd: Crowd) -> None:
    """What went wrong quickly does not make the others look quick, and takes nobody's place."""

    async def failing() -> None:
        async with crowd.line.turn():
            raise ConnectionError

    for _ in range(50):
        with pytest.raises(ConnectionError):
            await failing()
    await crowd.come(11)

    assert 2 == await crowd.put_off()
    await crowd.end()


async def test_before_anybody_has_gone_a_usual_time_is_taken() -> None:
    """A worker that has just begun lets some eighty wait for a second."""
    crowd = Crowd()
    await crowd.come(round(LONGEST / USUAL) + 1)

    assert 2 == await crowd.put_off()
    await crowd.end()
