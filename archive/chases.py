"""Who has taken over to chase which silent service, as signed notes: the newest of each service about each, until it ends.

What a row says is judged where it is read: the database keeps it, and is not believed.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from pydantic import ValidationError
from sqlalchemy import delete, func, select

from archive.branches import lock
from archive.database import Database
from archive.proofs import INSERT
from archive.tables import chases
from domain.delivery.chasing import APART, chase_in
from domain.signing.envelope import Envelope
from domain.words.errors import NotAllowed
from domain.words.limits import MOST_CHASED, MOST_CHASES
from domain.words.moments import utc_text
from domain.words.text import fill, mark


class Chases:
    """The table. Each of its methods raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def now(self) -> tuple[Envelope, ...]:
        """Those that have not ended, the newest first, unverified; what is none is left out."""
        chosen = select(chases.c.envelope).where(chases.c.until > utc_text(self._clock()))
        async with self._database.reading() as connection:
            newest = chosen.order_by(chases.c.at.desc(), chases.c.chased, chases.c.service).limit(MOST_CHASES)
            found = (await connection.execute(newest)).scalars().all()
        read: list[Envelope] = []
        for text in found:
            with suppress(ValidationError):
                read.append(Envelope.model_validate_json(text))
        return tuple(read)

    async def keep(self, envelope: Envelope) -> None:
        """Keep a note that has been judged, on the disk when this returns; the one before it of the same service ends. The same
        again changes nothing.

        Raises `NotAllowed`, and nothing has changed, where a newer one stands, or where the service chases as many as it may.
        """
        note, now = chase_in(envelope), self._clock()
        row = {"chased": note.chased, "service": note.service, "at": note.at, "until": note.until}
        async with self._database.writing() as connection:
            await lock(connection, f"chased by {note.service}")  # so that nobody else counts them meanwhile
            # one that has ended is kept while an older one could still be handed in
            over = (chases.c.until <= utc_text(now)) & (chases.c.at < utc_text(now - 2 * APART))
            await connection.execute(delete(chases).where(over))
            own, insert = chases.c.service == note.service, INSERT[connection.dialect.name](chases)
            changed = {"at": insert.excluded.at, "until": insert.excluded.until, "envelope": insert.excluded.envelope}
            newer = insert.on_conflict_do_update(
                index_elements=["chased", "service"], set_=changed, where=chases.c.at < insert.excluded.at
            ).returning(chases.c.at)
            text = envelope.model_dump_json()
            if (await connection.execute(newer, row | {"envelope": text})).first() is None:
                kept = select(chases.c.at, chases.c.envelope).where(own, chases.c.chased == note.chased)
                stands = (await connection.execute(kept)).one()
                if Envelope.model_validate_json(stands.envelope).fingerprint() != envelope.fingerprint():
                    raise NotAllowed(
                        fill("a newer note of {service} about {chased} stands, of {at}", at=stands.at, **_named(row)),
                        hint=mark("look at the page anew, and sign again if it is still so"),
                    )
            live = select(func.count()).where(own, chases.c.until > utc_text(now))
            if (await connection.execute(live)).scalar_one() > MOST_CHASED:
                raise NotAllowed(
                    fill("{service} chases {most} services already", service=note.service, most=MOST_CHASED),
                    hint=mark("give one back first, or let somebody else take it over"),
                )


def _named(row: dict[str, str]) -> dict[str, str]:
    return {"service": row["service"], "chased": row["chased"]}
