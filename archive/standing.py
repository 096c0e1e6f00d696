"""How a delivery stands: what lists and inboxes say of it. Whoever keeps a batch has computed it from the entries by a pure fold.

It is written in the transaction of the entries, so a list never says what the ledger does not. A reader's due times stand in the
reader's own row: those of the delivery for one that may see the whole, those of its own requests for any other (R11).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import Table, bindparam, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.sealed import DataKey
from archive.tables import deliveries, last_change, participants, requests, states
from domain.plan.vocabulary import Digest
from domain.signing.canonical import Frozen
from domain.words.identifiers import CheckpointId, OperationCode, ServiceId, Slug, State
from domain.words.moments import kept

NEVER: Final = "9999-12-31T23:59:59.999999Z"
"""Stands where no moment is, and sorts behind every one."""
REQUEST_BYTES: Final = 64 * 1024
REQUESTS_BYTES: Final = 4 * 1024 * 1024
"""Of all requests of one delivery that are open at the same time."""

Utc = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"), AfterValidator(kept)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
Reach = Literal["whole", "part"]


class Participant(Frozen):
    """A service that takes part, and how much of it it may see."""

    service: ServiceId
    state: State | None = None
    reach: Reach


class Request(Frozen):
    """What an open checkpoint asks of one service: the bytes that it is asked with."""

    checkpoint: CheckpointId
    service: ServiceId
    due: Utc | None = None
    asked_seq: Annotated[int, Field(ge=0)]
    request: Annotated[bytes, Field(max_length=REQUEST_BYTES)]


class Standing(Frozen):
    """The read model of one delivery after a batch. `at`: the moment up to which it is true."""

    at: Utc
    plan_digest: Digest
    rules: Annotated[int, Field(ge=1)]
    phase: Word
    outcome: Word | None = None
    group: OperationCode | None = None
    channel: Slug
    next_due: Utc | None = None
    overdue_since: Utc | None = None
    ended: bool = False
    started_at: Utc
    closed_at: Utc | None = None
    title: Annotated[str, Field(max_length=200)]
    participants: Annotated[tuple[Participant, ...], Field(max_length=100)]
    states: Annotated[tuple[State, ...], Field(max_length=32)]
    requests: Annotated[tuple[Request, ...], Field(max_length=2000)] = ()

    @model_validator(mode="after")
    def _bounded_and_each_once(self) -> Self:
        if sum(len(one.request) for one in self.requests) > REQUESTS_BYTES:
            raise ValueError(f"the requests of one delivery have at most {REQUESTS_BYTES} bytes")
        asked = [(one.checkpoint, one.service) for one in self.requests]
        for named in (asked, [one.service for one in self.participants], self.states):
            if len(named) != len(set(named)):
                raise ValueError("a participant, a State or a request stands there twice")
        return self


async def next_change(connection: AsyncConnection) -> int:
    """The number of this change. Nobody takes the next before the commit: whoever sees it sees every smaller one."""
    numbered = update(last_change).values(number=last_change.c.number + 1).returning(last_change.c.number)
    return int((await connection.execute(numbered)).scalar_one())


async def write(connection: AsyncConnection, key: DataKey, standing: Standing, change: int, ledger: Mapping[str, Any]) -> None:
    """Write all rows of the read model. `ledger`: branch, size and root of what was kept with it."""
    wanted = rows(key, standing, change, ledger)
    row = wanted[deliveries][0]
    if not (await connection.execute(update(deliveries).where(deliveries.c.delivery == key.delivery).values(row))).rowcount:
        await connection.execute(insert(deliveries).values(row))
    for table in (participants, states):
        await _sync(connection, table, key.delivery, wanted[table], table.c.keys())
    names = ["checkpoint", "service", "due", "asked_seq"]  # one that is asked the same stays, and with it when it was read
    await _sync(connection, requests, key.delivery, wanted[requests], names)


def rows(key: DataKey, standing: Standing, change: int, ledger: Mapping[str, Any]) -> dict[Table, list[dict[str, Any]]]:
    """The rows of each table of the read model."""
    name = {"delivery": key.delivery}
    row = {
        **name,
        **ledger,
        **standing.model_dump(exclude={"at", "title", "participants", "states", "requests"}),
        "next_due": standing.next_due or NEVER,
        "overdue_since": standing.overdue_since or NEVER,
        "change": change,
        "title": key.seal(standing.title.encode(), "deliveries", "title"),
    }
    asked = [
        {
            **name,
            "checkpoint": one.checkpoint,
            "service": one.service,
            "due": one.due or NEVER,
            "asked_seq": one.asked_seq,
            "request": key.seal(one.request, "requests", one.checkpoint, one.service, one.asked_seq),
            "read_at": None,
            "change": change,
        }
        for one in standing.requests
    ]
    return {
        deliveries: [row],
        participants: [name | _participant(one, standing) for one in standing.participants],
        states: [name | {"state": one} for one in standing.states],
        requests: asked,
    }


def _participant(one: Participant, standing: Standing) -> dict[str, Any]:
    dues = [standing.next_due, standing.overdue_since]
    if one.reach == "part":
        mine = [asked.due for asked in standing.requests if asked.service == one.service and asked.due is not None]
        ahead, behind = [due for due in mine if due > standing.at], [due for due in mine if due <= standing.at]
        dues = [min(ahead, default=None), min(behind, default=None)]
    return {**one.model_dump(), "next_due": dues[0] or NEVER, "overdue_since": dues[1] or NEVER}


async def _sync(
    connection: AsyncConnection,
    table: Table,
    delivery: str,
    rows: Sequence[Mapping[str, Any]],
    compared: Sequence[str],
) -> None:
    """Make the table's rows of the delivery these; those that are as they should be, in what is compared, are left alone."""
    names = [column.name for column in table.primary_key if column.name != "delivery"]
    wanted = {tuple(row[name] for name in names): row for row in rows}
    own = table.c.delivery == delivery
    found = (await connection.execute(select(*(table.c[name] for name in compared)).where(own))).mappings().all()
    known = {tuple(row[name] for name in names): row for row in found}
    gone = [key for key in known if key not in wanted]
    if gone:
        await connection.execute(delete(table).where(own, tuple_(*(table.c[name] for name in names)).in_(gone)))
    new = [row for key, row in wanted.items() if key not in known]
    if new:
        await connection.execute(insert(table), new)
    other = [row for key, row in wanted.items() if key in known and any(row[name] != known[key][name] for name in compared)]
    if other:
        where = [table.c[name] == bindparam(f"its_{name}") for name in names]
        values: dict[str, Any] = {name: bindparam(name) for name in other[0] if name not in (*names, "delivery")}
        changed = [{f"its_{name}": row[name] for name in names} | {name: row[name] for name in values} for row in other]
        await connection.execute(update(table).where(own, *where).values(values), changed)
