"""The register of live operations in the database (R15): claims and releases, each in a transaction.

Whoever claims locks the one row of `register` until the commit, at whichever worker. So of two that touch the same thing the
later finds the earlier, quotas are counted over all claims, and numbers become visible in order. Claims that wait in one process
go in together, one after another in one transaction.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.claim_rows import forget, freed, locked, part_of, row_of, taken_out
from archive.database import Database
from archive.tables import claims, deliveries, enquiries
from domain.plan.enquiries import WINDOW
from domain.plan.register import DatedClaim, RegisterAnswer
from domain.words.errors import Unavailable
from domain.words.moments import instant, utc_text
from domain.words.text import mark

REMEMBERED: Final = timedelta(days=1)
"""For how long it is known that an operation is live no more, and for how long one that nothing performs counts as live: its
consignment may be moving all the same, and who restored too old a backup has time to see it.
"""
MOST_SUSPECTS: Final = 100
"""Claims that are looked at in one round, since nothing may perform their operations."""
MOST_AT_ONCE: Final = 32
"""Claims of one transaction."""


@dataclass(frozen=True)
class _WaitingClaim:
    dated: DatedClaim
    answer: asyncio.Future[RegisterAnswer]


class Claims:
    """The register. Each of its methods raises `Unavailable` if the database is away: then it may or may not have been written,
    and to ask again changes nothing more.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gate = asyncio.Lock()
        """Whoever waits for the row in the database has a connection in hand, and so one of a process waits there."""
        self._waiting: list[_WaitingClaim] = []

    async def claim(self, dated: DatedClaim) -> RegisterAnswer:
        """Enter an operation; entering it again changes nothing. One that has been released stays so, and hears of nobody."""
        own = _WaitingClaim(dated, asyncio.get_running_loop().create_future())
        self._waiting.append(own)
        try:
            async with self._gate:
                while not own.answer.done():
                    await self._some()
        finally:
            with suppress(ValueError):
                self._waiting.remove(own)
        return await own.answer

    async def _some(self) -> None:
        """Of those that wait, the first; also where the one that brings them in does not wait itself any more."""
        some, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        try:
            answers = await self._entered([one.dated for one in some])
        except BaseException as error:
            told = error if isinstance(error, Exception) else Unavailable(mark("whoever brought it in was asked to end"))
            for one in some:
                one.answer.set_exception(told)
                one.answer.exception()  # who has gone meanwhile does not hear it
            raise
        for one, answer in zip(some, answers, strict=True):
            one.answer.set_result(answer)

    async def _entered(self, some: Sequence[DatedClaim]) -> list[RegisterAnswer]:
        async with self._database.writing() as connection:
            part = await part_of(connection, await locked(connection), some)
            answers = [part.claim(one) for one in some]
            await part.write(connection)
        return answers

    async def release(self, delivery: str, at: datetime) -> RegisterAnswer:
        """Take an operation out; those that it touched find one conflict less, also when it is released again."""
        async with self._gate, self._database.writing() as connection:
            head = await locked(connection)
            own = await row_of(connection, delivery)
            if own is None:  # so that no attempt that comes late enters it
                nobody = {"contact": "", "state": "", "signer": "", "order": 0, "touched": 0, "number": head.number}
                gone = {"delivery": delivery, "at": utc_text(at), "released_at": utc_text(at)}
                await connection.execute(insert(claims).values(nobody | gone))
                return RegisterAnswer(number=head.number)
            if own.released_at is None:
                head = await taken_out(connection, head, own, at)
            over = {"released_at": own.released_at or utc_text(at), "gone_since": None}
            await connection.execute(update(claims).where(claims.c.delivery == delivery).values(over))
            return await freed(connection, head, own)

    async def gone(self, delivery: str, at: datetime) -> RegisterAnswer | None:
        """Nothing performs it any more, it was seen at this moment: after a day it counts as live no more. The answer, once it
        does not; the same again, until it is `forgotten`.
        """
        async with self._gate, self._database.writing() as connection:
            head = await locked(connection)
            own = await row_of(connection, delivery)
            if own is None or (own.released_at is not None and own.gone_since is None):
                return None
            if own.released_at is None:
                mine = claims.c.delivery == delivery
                if own.gone_since is None:
                    await connection.execute(update(claims).where(mine).values(gone_since=utc_text(at)))
                if own.gone_since is None or instant(own.gone_since) + REMEMBERED > at:
                    return None
                head = await taken_out(connection, head, own, at)
                await connection.execute(update(claims).where(mine).values(released_at=utc_text(at)))
            return await freed(connection, head, own)

    async def forgotten(self, delivery: str) -> None:
        """Everybody knows that it is gone: where it comes back, it enters again, and what has entered again meanwhile stays."""
        async with self._gate, self._database.writing() as connection:
            await locked(connection)
            await _forget_gone(connection, delivery)

    async def there(self, delivery: str) -> None:
        """Something performs it, after all. Where it counts as live no more, it enters again with its next look."""
        async with self._gate, self._database.writing() as connection:
            await locked(connection)
            await _forget_gone(connection, delivery)
            await connection.execute(update(claims).where(claims.c.delivery == delivery).values(gone_since=None))

    async def suspects(self) -> tuple[str, ...]:
        """Live operations that nothing may perform: of whose delivery there is no ledger here, or one that has ended or is gone;
        those first of which that was not known, then those that have been gone longest. And what counts as live no more, until
        it is `forgotten`.
        """
        chosen = select(claims.c.delivery).outerjoin(deliveries, deliveries.c.delivery == claims.c.delivery)
        odd = deliveries.c.delivery.is_(None) | deliveries.c.ended | (deliveries.c.alarm == "gone")
        chosen = chosen.where((claims.c.released_at.is_(None) & odd) | claims.c.gone_since.is_not(None))
        async with self._database.reading() as connection:
            oldest = chosen.order_by(claims.c.gone_since.is_not(None), claims.c.gone_since, claims.c.number)
            return tuple((await connection.execute(oldest.limit(MOST_SUSPECTS))).scalars())

    async def tidy(self, now: datetime) -> None:
        """Forget what has been over for a day."""
        over = select(claims.c.delivery).where(claims.c.released_at <= utc_text(now - REMEMBERED))
        async with self._gate, self._database.writing() as connection:
            await locked(connection)  # else one that is over could enter again before it is forgotten, and be forgotten with it
            await forget(connection, (await connection.execute(over)).scalars().all())
            await connection.execute(delete(enquiries).where(enquiries.c.at <= utc_text(now - WINDOW)))


async def _forget_gone(connection: AsyncConnection, delivery: str) -> None:
    own = await row_of(connection, delivery)
    if own is not None and own.released_at is not None and own.gone_since is not None:
        await forget(connection, (delivery,))
