"""Who is told that something waits, and how far each has been told.

Of several gateways one at a time tells a subscription: it takes it for itself for a while, and says afterwards what came of it.
One that ends in between leaves it to the next, which tells the same once more, under the same number.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.database import Database
from archive.occasions import held, newest
from archive.proofs import use_up
from archive.sealed import KeyWrapping
from archive.sessions import SignedIn
from archive.standing import EVER
from archive.tables import notices, subscriptions
from domain.signing.canonical import Frozen, canonical
from domain.views.subscriptions import Failure, Wish
from domain.words.errors import Limited, Malformed, NotFound, NotVerified
from domain.words.limits import MOST_SUBSCRIPTIONS, MOST_SUBSCRIPTIONS_IN_ALL, MOST_SUBSCRIPTIONS_OF_SERVICE
from domain.words.moments import instant, utc_text
from domain.words.text import fill, mark

MINE: Final = timedelta(minutes=1)
"""For how long a gateway has a subscription for itself: longer than it may take to tell it."""
GAP: Final = timedelta(minutes=1)
"""Between two notices to the same place: what comes up meanwhile is told together."""
URGENT_GAP: Final = timedelta(seconds=5)
"""The same of what waits for nothing."""
MOST_TRIES: Final = 8
"""Then what it was is given up, and said to be. The pauses between them double from half a minute, an hour in all."""
PAUSE: Final = timedelta(seconds=30)
GONE: Final = timedelta(days=30)
"""After which a subscription is removed whose officer may not be told any more."""


class _SealedSubscription(Frozen):
    """What is kept of a subscription out of sight."""

    key: str | None
    subject: str | None
    wish: Wish


@dataclass(frozen=True)
class KeptSubscription:
    """One as it is kept. `who`: whoever subscribed, as they had proved it."""

    id: str
    who: SignedIn
    wish: Wish
    since: str
    heard: int
    heard_urgent: int
    tried_at: str
    told_at: str | None
    tries: int
    failure: Failure | None
    lost: int
    ended_at: str | None


@dataclass(frozen=True)
class Due:
    """What there is to tell: of how many deliveries something came up. `upto`: with which number that ends; `urgent_alone`: what
    is not urgent waits on.
    """

    subscription: KeptSubscription
    count: int
    upto: int
    urgent_alone: bool


class Subscribers:
    """The table. Each method raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, ring: KeyWrapping, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._ring = ring
        self.clock = clock

    async def add(self, who: SignedIn, wish: Wish, nonce: str | None = None) -> str:
        """Subscribe; the id. What has come up before is not told. `nonce`: of the caller's proof, where there is one.

        Raises `NotAuthentic` if the same proof has been used before, be it at another gateway, and `Malformed` beyond what one
        officer, one service or the installation may have.
        """
        name, now = f"n-{secrets.token_hex(6)}", utc_text(self.clock())
        sealed = canonical(_SealedSubscription(key=who.key, subject=who.subject, wish=wish))
        key, wrapped = self._ring.wrap(sealed, _bound(name, who.service, who.officer))
        table = subscriptions.c
        async with self._database.writing() as connection:
            if nonce is not None:
                await use_up(connection, who.service, nonce, self.clock())
            last = await held(connection)  # so that nobody else counts meanwhile
            for most, whose in (
                (MOST_SUBSCRIPTIONS, (table.service == who.service) & (table.officer == who.officer)),
                (MOST_SUBSCRIPTIONS_OF_SERVICE, table.service == who.service),
                (MOST_SUBSCRIPTIONS_IN_ALL, table.id.is_not(None)),
            ):
                if (await connection.execute(select(func.count()).where(whose))).scalar_one() >= most:
                    message = fill("there are {most} subscriptions already, and no more may be", most=most)
                    raise Malformed(message, hint=mark("end one that is not needed: `vigil notices unsubscribe`"))
            moments = dict.fromkeys(("next_at", "urgent_at", "busy_until", "tried_at"), EVER)
            numbers = {"heard": last, "heard_urgent": last, "tries": 0, "lost": 0}
            whose_row = {"id": name, "service": who.service, "officer": who.officer, "by": wish.way.by}
            row = whose_row | {"ring_key": key, "wish": wrapped, "since": now} | moments | numbers
            await connection.execute(insert(subscriptions).values(row))
        return name

    async def of(self, service: str, officer: str) -> tuple[KeptSubscription, ...]:
        """All of one officer, the oldest first."""
        asked = select(subscriptions).where(subscriptions.c.service == service, subscriptions.c.officer == officer)
        async with self._database.reading() as connection:
            found = (await connection.execute(asked.order_by(subscriptions.c.since, subscriptions.c.id))).mappings().all()
        return tuple(one for row in found if (one := self._kept(row)) is not None)

    async def all(self) -> tuple[KeptSubscription, ...]:
        """Those of everybody."""
        async with self._database.reading() as connection:
            found = (await connection.execute(select(subscriptions))).mappings().all()
        return tuple(one for row in found if (one := self._kept(row)) is not None)

    async def one(self, name: str, service: str, officer: str) -> KeptSubscription:
        """One of this officer's own. Raises `NotFound`."""
        found = next((each for each in await self.of(service, officer) if each.id == name), None)
        if found is None:
            raise _not_there(name)
        return found

    async def remove(self, name: str, service: str, officer: str) -> None:
        """End one of this officer's own. Raises `NotFound`."""
        whose = (subscriptions.c.service == service) & (subscriptions.c.officer == officer)
        async with self._database.writing() as connection:
            gone = delete(subscriptions).where(subscriptions.c.id == name, whose).returning(subscriptions.c.id)
            if (await connection.execute(gone)).first() is not None:
                return
        await self._database.settle()  # who gave up waiting for a standby has ended it here all the same
        raise _not_there(name)

    async def waiting(self, one: KeptSubscription) -> int:
        """Of how many deliveries something has come up that it has not been told, what waits for quiet hours to end among it."""
        async with self._database.reading() as connection:
            return await _count(connection, one, one.heard, one.heard_urgent)

    async def shown(self, one: KeptSubscription, quiet: bool) -> tuple[int, int]:  # noqa: FBT001 - whether its hours are quiet
        """What a page says of it now, and the number up to which that goes."""
        async with self._database.reading() as connection:
            last = await newest(connection)
            return await _count(connection, one, last if quiet else one.heard, one.heard_urgent), last

    async def seen(self, one: KeptSubscription, upto: int, quiet: bool) -> None:  # noqa: FBT001
        """At the desk everything up to this number was seen; in quiet hours only what does not wait for their end."""
        columns = ("heard_urgent",) if quiet else ("heard", "heard_urgent")
        async with self._database.writing() as connection:
            last = min(upto, await newest(connection))
            for column in columns:
                older = subscriptions.c[column] < last
                await connection.execute(update(subscriptions).where(subscriptions.c.id == one.id, older).values({column: last}))

    async def waits(self) -> tuple[str, ...]:
        """Those for which there may be something to tell, and which nobody is telling. Not pages: they ask."""
        now, table = utc_text(self.clock()), subscriptions.c
        async with self._database.reading() as connection:
            last = await newest(connection)
            due = or_((table.heard < last) & (table.next_at <= now), (table.heard_urgent < last) & (table.urgent_at <= now))
            asked = select(table.id).where(table.by != "page", table.busy_until <= now, due)
            return tuple((await connection.execute(asked)).scalars())

    async def take(self, name: str) -> Due | None:
        """Have it for oneself for a while, if there is something to tell now; none also if another has it, or it is gone."""
        now, table = self.clock(), subscriptions.c
        free = (table.id == name) & (table.busy_until <= utc_text(now))
        async with self._database.writing() as connection:
            last = await newest(connection)
            row = (await connection.execute(select(subscriptions).where(free).with_for_update())).mappings().first()
            one = self._kept(row) if row is not None else None
            if row is None or one is None:
                return None
            quiet = one.wish.quiet is not None and one.wish.quiet.at(now)
            ready, urgent = row["next_at"] <= utc_text(now) and not quiet, row["urgent_at"] <= utc_text(now)
            count = await _count(connection, one, one.heard if ready else last, one.heard_urgent if urgent else last)
            if count:
                values: dict[str, Any] = {"busy_until": utc_text(now + MINE)}
            else:  # nothing of it is its subject
                values = ({"heard": last} if ready else {}) | ({"heard_urgent": last} if urgent else {})
            if quiet and row["next_at"] <= utc_text(now):  # whether it still is, is looked at a minute later
                values["next_at"] = utc_text(now + GAP)
            if values:
                await connection.execute(update(subscriptions).where(table.id == name).values(values))
        return Due(one, count, last, urgent_alone=not ready) if count else None

    async def told(self, due: Due) -> None:
        """It was taken."""
        now = self.clock()
        after = {"next_at": utc_text(now + GAP), "urgent_at": utc_text(now + URGENT_GAP), "told_at": utc_text(now)}
        await self._settle(due, {**_heard(due), **after, "tries": 0, "failure": None})

    async def not_told(self, due: Due, failure: Failure) -> None:
        """It was not: it is tried again after a pause, and given up after many."""
        tries = due.subscription.tries + 1
        values: dict[str, Any] = {"tries": tries, "failure": failure}
        if tries >= MOST_TRIES:
            values |= {**_heard(due), "tries": 0, "lost": subscriptions.c.lost + due.count}
        again = utc_text(self.clock() + PAUSE * 2 ** (tries - 1))
        await self._settle(due, values | {"next_at": again, "urgent_at": again})

    async def pass_over(self, due: Due) -> None:
        """Whoever subscribed may not be told any more: nothing is told, and nothing of it ever will be."""
        await self._settle(due, {"heard": due.upto, "heard_urgent": due.upto})
        await self.mark_ended(due.subscription, ended=True)

    async def mark_ended(self, one: KeptSubscription, *, ended: bool) -> None:
        """Remember since when whoever subscribed may not be told any more, or that they may. After a month it is removed."""
        now = self.clock()
        mine = subscriptions.c.id == one.id
        async with self._database.writing() as connection:
            if not ended:
                await connection.execute(update(subscriptions).where(mine).values(ended_at=None))
            elif one.ended_at is None:
                await connection.execute(update(subscriptions).where(mine).values(ended_at=utc_text(now)))
            elif instant(one.ended_at) + GONE <= now:
                await connection.execute(delete(subscriptions).where(mine))

    async def try_out(self, one: KeptSubscription) -> None:
        """Note that it is tried out now. Raises `Limited` if it was within the last minute."""
        now = self.clock()
        ready = (subscriptions.c.id == one.id) & (subscriptions.c.tried_at <= utc_text(now - GAP))
        async with self._database.writing() as connection:
            tried = update(subscriptions).where(ready).values(tried_at=utc_text(now)).returning(subscriptions.c.id)
            if (await connection.execute(tried)).first() is None:
                message = fill("{subscription} was tried out within the last minute", subscription=one.id)
                raise Limited(message, after=int(GAP.total_seconds()))

    async def _settle(self, due: Due, values: dict[str, Any]) -> None:
        async with self._database.writing() as connection:
            mine = subscriptions.c.id == due.subscription.id
            await connection.execute(update(subscriptions).where(mine).values(values | {"busy_until": EVER}))

    def _kept(self, row: Any) -> KeptSubscription | None:
        """None if somebody altered it in the database: then it tells nobody anything."""
        bound = _bound(row["id"], row["service"], row["officer"])
        try:
            sealed = _SealedSubscription.model_validate_json(self._ring.unwrap(row["ring_key"], row["wish"], bound))
        except (NotVerified, ValidationError):
            return None
        who = SignedIn(row["service"], row["officer"], sealed.key, sealed.subject)
        own = ("since", "heard", "heard_urgent", "tried_at", "told_at", "tries", "failure", "lost", "ended_at")
        return KeptSubscription(row["id"], who, sealed.wish, **{name: row[name] for name in own})


def _heard(due: Due) -> dict[str, int]:
    return {"heard_urgent": due.upto} | ({} if due.urgent_alone else {"heard": due.upto})


async def _count(connection: AsyncConnection, one: KeptSubscription, heard: int, heard_urgent: int) -> int:
    """Of how many deliveries something of its subjects came up after these numbers."""
    table = notices.c
    new: ColumnElement[bool] = (~table.urgent & (table.number > heard)) | (table.urgent & (table.number > heard_urgent))
    asked = select(func.count(table.delivery.distinct())).where(new, table.subject.in_(one.wish.subjects))
    return int((await connection.execute(asked)).scalar_one())


def _not_there(name: str) -> NotFound:
    return NotFound(fill("there is no subscription {name} of yours", name=name), hint=mark("`vigil notices list` shows yours"))


def _bound(*of: str) -> bytes:
    return canonical(["vigil subscription/1", *of])
