"""To expunge a closed delivery: what was said is destroyed, and that it was said stays provable.

The data key is destroyed, in the database and in its files, and with it everything that was sealed under it, attachments and
backups of other tables included. The leaves and the root stay, so a packet that a court holds still verifies against them. Who
took part and how it ended stay too, with the lines of results that say no more than that, and the record of who ordered this,
under which law, and which two persons did it. Sheets of shifts that name it go with it; their digests and signatures stay.
"""

from pydantic import model_validator
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.attachments.files import Files
from archive.branches import known, lock
from archive.database import Database
from archive.shifts import SHEETS, key_of
from archive.standing import next_change
from archive.tables import (
    claim_hashes,
    claims,
    data_keys,
    deliveries,
    enquiries,
    entries,
    expunctions,
    forecasts,
    handover_names,
    handovers,
    notices,
    owed_receipts,
    requests,
    snapshots,
    tallies,
)
from domain.delivery.vocabulary import UtcText
from domain.plan.vocabulary import Line
from domain.signing.canonical import Frozen
from domain.words.errors import NotAllowed
from domain.words.identifiers import OfficerCode, ServiceId
from domain.words.text import fill

_WORDS_OF_IT = (~((tallies.c.measure == "counted") & tallies.c.first.in_(("all", "end", "state", "channel"))),)
"""Of the lines for results: all but those that say what stands in the lists still."""


class Approver(Frozen):
    """An officer, by the code of its service."""

    service: ServiceId
    officer: OfficerCode

    def __str__(self) -> str:
        return f"{self.service} {self.officer}"


class ExpungingOrder(Frozen):
    """By whose order, under which law, and which two persons do it. `at`: when."""

    at: UtcText
    ordered_by: Line
    law: Line
    first: Approver
    second: Approver

    @model_validator(mode="after")
    def _two(self) -> "ExpungingOrder":
        if self.first == self.second:
            raise ValueError("it takes two persons to expunge a delivery")
        return self


class Expunction(Frozen):
    """What was ordered, and the ledger that stays provable."""

    delivery: str
    order: ExpungingOrder
    size: int
    root: bytes


class Expunging:
    """Destroys what deliveries say. Raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, files: Files | None = None) -> None:
        """`files`: the attachments, where there is a storage of them."""
        self._database = database
        self._files = files

    async def expunge(self, delivery: str, order: ExpungingOrder) -> Expunction:
        """Destroy the data key and all that was sealed. To ask again destroys what is left of it and gives the first record.

        Raises `NotFound`, and `NotAllowed` if the delivery is not closed.
        """
        own = {"delivery": delivery}
        async with self._database.writing() as connection:
            await lock(connection, delivery)
            newest = (await known(connection, delivery))[-1]
            ended = await connection.execute(select(deliveries.c.ended).where(deliveries.c.delivery == delivery))
            if not ended.scalar_one():
                raise NotAllowed(fill("{delivery} is not closed; only a closed delivery is expunged", delivery=delivery))
            done = await connection.execute(select(expunctions.c.delivery).where(expunctions.c.delivery == delivery))
            if done.first() is None:
                people = {"first": str(order.first), "second": str(order.second)}
                said = {"at": order.at, "ordered_by": order.ordered_by, "law": order.law, **people}
                await connection.execute(insert(expunctions).values(own | said | {"size": newest.size, "root": newest.root}))
                await connection.execute(update(data_keys).filter_by(**own).values(wrapped=None))
                await connection.execute(update(entries).filter_by(**own).values(opening=None, event=None, at=None, what=None))
                for table in (requests, snapshots, owed_receipts, forecasts, notices, enquiries, claim_hashes, claims):
                    await connection.execute(delete(table).filter_by(**own))
                await _destroy_sheets(connection, delivery)
                await connection.execute(delete(tallies).filter_by(**own).where(*_WORDS_OF_IT))
                change = await next_change(connection)
                await connection.execute(update(deliveries).filter_by(**own).values(title=None, glance=None, change=change))
        await self._database.purge()  # after the commit: whoever is interrupted here asks again
        if self._files is not None:  # nothing opens them any more; what is left of them takes up room
            await self._files.remove_all(delivery)
        found = await self.of(delivery)
        assert found is not None  # noqa: S101 - it was written above, and nothing deletes it
        return found

    async def of(self, delivery: str) -> Expunction | None:
        """The record, if the delivery is expunged."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(expunctions).where(expunctions.c.delivery == delivery))).first()
        if row is None:
            return None
        first, second = (
            Approver(service=service, officer=officer)
            for service, _, officer in (one.partition(" ") for one in (row.first, row.second))
        )
        order = ExpungingOrder(at=row.at, ordered_by=row.ordered_by, law=row.law, first=first, second=second)
        return Expunction(delivery=row.delivery, order=order, size=row.size, root=row.root)


async def _destroy_sheets(connection: AsyncConnection, delivery: str) -> None:
    """The sheets of shifts on which it stands, and the keys under which they were sealed; none of it is kept meanwhile."""
    await lock(connection, SHEETS)
    named = select(handover_names.c.number).where(handover_names.c.delivery == delivery)
    numbers = (await connection.execute(named)).scalars().all()
    await connection.execute(update(handovers).where(handovers.c.number.in_(numbers)).values(sheet=None))
    await connection.execute(
        update(data_keys).where(data_keys.c.delivery.in_([key_of(one) for one in numbers])).values(wrapped=None)
    )
    await connection.execute(delete(handover_names).where(handover_names.c.number.in_(numbers)))
