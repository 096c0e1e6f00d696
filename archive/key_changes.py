"""Changes of keys in the database, so that they bind every gateway and worker at once, and those that start later.

What a row says is judged where it is read (`process.in_force`): the database keeps it, and is not believed.
"""

from contextlib import suppress

from pydantic import ValidationError
from sqlalchemy import select

from archive.database import Database
from archive.proofs import INSERT
from archive.tables import key_changes
from domain.signing.envelope import Envelope
from domain.words.errors import NotVerified
from domain.words.text import mark


class KeyChanges:
    """The table, appended to and never changed. Each of its methods raises `Unavailable` if the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, seq: int) -> tuple[Envelope, ...]:
        """Those after this number, in their order. Raises `NotVerified` with the number of what is none."""
        chosen = select(key_changes).where(key_changes.c.seq > seq).order_by(key_changes.c.seq)
        async with self._database.reading() as connection:
            return tuple(_envelope(row.seq, row.envelope) for row in await connection.execute(chosen))

    async def append(self, seq: int, entered: Envelope) -> bool:
        """Append it under this number, on the disk when this returns. False: another has it, and nothing was written."""
        async with self._database.writing() as connection:
            added = INSERT[connection.dialect.name](key_changes).on_conflict_do_nothing().returning(key_changes.c.seq)
            row = {"seq": seq, "envelope": entered.model_dump_json()}
            return (await connection.execute(added, row)).first() is not None

    async def settle(self) -> None:
        """Return when what could be read here until now is kept as what is appended is."""
        await self._database.settle()


def _envelope(seq: int, text: str) -> Envelope:
    with suppress(ValidationError):
        return Envelope.model_validate_json(text)
    raise NotVerified(mark("what is in the database is not a change of keys"), seq)
