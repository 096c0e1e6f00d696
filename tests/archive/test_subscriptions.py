"""Who is told of what came up: in both databases each thing has one number, and one gateway at a time tells a subscription."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from archive.database import Database
from archive.occasions import Occasions
from archive.sessions import SignedIn
from archive.subscriptions import MINE, KeptSubscription, Subscribers
from archive.tables import notices
from domain.views.subscriptions import Occasion, Wish
from domain.words.errors import NotAuthentic, NotFound, Unavailable
from tests.archive.samples import database, new_keys
from tests.archive.standby import no_standby

WISH = Wish.model_validate({"subjects": ["overdue", "stop"], "way": {"by": "webhook", "url": "https://hook.example/x"}})
WHO = SignedIn("supervision", "S-1", "key")


def occasion(number: int, *, subject: str = "overdue", urgent: bool = False) -> Occasion:
    """One of them: of three deliveries in turn."""
    return Occasion(f"cedar-{number % 3}", subject, f"{number:032}", urgent)  # type: ignore[arg-type]


@dataclass
class Room:
    """The archive, two gateways at it, and a clock that the test sets."""

    archive: Database
    seen: tuple[Occasions, Occasions]
    subscribers: tuple[Subscribers, Subscribers]
    now: datetime

    async def one(self) -> KeptSubscription:
        """The only subscription."""
        (found,) = await self.subscribers[0].of(WHO.service, WHO.officer)
        return found


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Room]:
    """A new archive."""
    two, ring, rooms = (database(url), database(url)), new_keys(), list[Room]()
    try:
        seen = Occasions(two[0]), Occasions(two[1])
        subscribers = Subscribers(two[0], ring, lambda: rooms[0].now), Subscribers(two[1], ring, lambda: rooms[0].now)
        rooms.append(Room(two[0], seen, subscribers, datetime(2026, 3, 2, 12, tzinfo=UTC)))
        yield rooms[0]
    finally:
        for one in two:
            await one.close()


async def test_what_two_gateways_see_at_once_has_one_number_each_and_no_gap(url: str) -> None:
    """Numbers are in order, so that who was told up to one has missed none."""
    found = [occasion(number) for number in range(40)]
    async with opened(url) as room:
        await asyncio.gather(*(room.seen[turn % 2].add(found[turn * 3 : turn * 3 + 10], turn) for turn in range(11)))
        async with room.archive.reading() as connection:
            rows = (await connection.execute(select(notices.c.number, notices.c.mark).order_by(notices.c.number))).all()

    assert [*range(1, 41)] == [row.number for row in rows]
    assert {one.mark for one in found} == {row.mark for row in rows}


async def test_a_request_that_comes_to_two_gateways_subscribes_once(url: str) -> None:
    """Whoever stands between sends it to another gateway, since no answer came from the first: else everything is told twice."""
    async with opened(url) as room:
        tried = [room.subscribers[turn % 2].add(WHO, WISH, "nonce") for turn in range(4)]
        answers = await asyncio.gather(*tried, return_exceptions=True)
        other = await room.subscribers[1].add(WHO, WISH, "another")

    made = [one for one in answers if isinstance(one, str)]
    assert (1, 3) == (len(made), sum(isinstance(one, NotAuthentic) for one in answers))
    assert other not in made


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_what_was_ended_is_not_said_to_be_gone_before_the_standby_has_that(url: str) -> None:
    """Whoever gives up waiting for it has ended it in the one database: it goes on to tell once that machine is lost."""
    async with opened(url) as room:
        name = await room.subscribers[0].add(WHO, WISH)
        async with no_standby(url) as hurried:
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await Subscribers(hurried, new_keys()).remove(name, WHO.service, WHO.officer)
        with pytest.raises(NotFound):
            await room.subscribers[0].remove(name, WHO.service, WHO.officer)


async def test_one_gateway_at_a_time_has_a_subscription(url: str) -> None:
    """Of many that ask at once one gets it, for a minute; what is told is a number of deliveries, and only of its subjects."""
    async with opened(url) as room:
        name = await room.subscribers[0].add(WHO, WISH)
        await room.seen[0].add([occasion(one) for one in range(5)] + [occasion(9, subject="hold")], 1)
        assert (name,) == await room.subscribers[1].waits()
        taken = await asyncio.gather(*(room.subscribers[turn % 2].take(name) for turn in range(6)))
        (due,) = [one for one in taken if one is not None]
        meanwhile = await room.subscribers[1].waits(), await room.subscribers[1].take(name)
        room.now += MINE
        later = await room.subscribers[1].take(name)
        assert later is not None
        await room.subscribers[1].told(later)
        after = await room.subscribers[0].take(name), await room.subscribers[0].waiting(await room.one())

    assert (3, 6) == (due.count, due.upto) == (later.count, later.upto)
    assert ((), None) == meanwhile
    assert (None, 0) == after


async def test_what_is_none_of_its_subjects_wakes_nobody_twice(url: str) -> None:
    """It is looked at once, and nothing is told."""
    async with opened(url) as room:
        name = await room.subscribers[0].add(WHO, WISH)
        await room.seen[0].add([occasion(1, subject="hold"), occasion(2, subject="expiry")], 1)
        assert (name,) == await room.subscribers[0].waits()
        assert None is await room.subscribers[0].take(name)
        assert () == await room.subscribers[0].waits()
