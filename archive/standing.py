"""How a delivery stands: what lists and inboxes say of it. Whoever keeps a batch has computed it from the entries by a pure fold.

It is written in the transaction of the entries, so a list never says what the ledger does not. A reader's due times stand in the
reader's own row: those of the delivery for one that may see the whole, those of its own requests for any other (R11).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.sealed import DataKey
from archive.tables import deliveries, last_change, participants, requests, states, tallies
from domain.signing.canonical import canonical
from domain.views.standing import OpenRequest, Participant, Standing
from domain.views.tally import Line

NEVER: Final = "9999-12-31T23:59:59.999999Z"
"""Stands where no moment is, and sorts behind every one."""
EVER: Final = "0001-01-01T00:00:00.000000Z"
"""Stands where something holds from the beginning on, and sorts before every moment."""
AT_ONCE: Final = 1_000
"""Rows that one statement takes away: a database takes so many values at once, and no more than 32,766."""
_APART: Final = {"at", "diverged", "title", "parent", "participants", "states", "requests", "tallies", "glance"}
"""Of a standing, what does not stand in the delivery's own row as it is."""


async def next_change(connection: AsyncConnection) -> int:
    """The number of this change. Nobody takes the next before the commit: whoever sees it sees every smaller one."""
    numbered = update(last_change).values(number=last_change.c.number + 1).returning(last_change.c.number)
    return int((await connection.execute(numbered)).scalar_one())


async def write(connection: AsyncConnection, key: DataKey, standing: Standing, change: int, ledger: Mapping[str, Any]) -> None:
    """Write all rows of the read model. `ledger`: branch, size and root of what was kept with it."""
    wanted = rows(key, standing, change, ledger)
    row = wanted[deliveries][0] | {"operation": await _operation(connection, standing)}
    if not (await connection.execute(update(deliveries).where(deliveries.c.delivery == key.delivery).values(row))).rowcount:
        await connection.execute(insert(deliveries).values(row))
    for table in (participants, states, tallies):
        await _sync(connection, table, key.delivery, wanted[table], table.c.keys())
    names = ["id", "service", "due", "since", "until"]  # one that is asked the same stays, and with it when it was read
    await _sync(connection, requests, key.delivery, wanted[requests], names)
    await _refresh(connection, key.delivery, wanted[requests])


def rows(key: DataKey, standing: Standing, change: int, ledger: Mapping[str, Any]) -> dict[Table, list[dict[str, Any]]]:
    """The rows of each table of the read model."""
    name = {"delivery": key.delivery}
    row = {
        **name,
        **ledger,
        **standing.model_dump(exclude=_APART),
        "operation": standing.group or standing.parent,
        "next_due": standing.next_due or NEVER,
        "overdue_since": standing.overdue_since or NEVER,
        "change": change,
        "title": key.seal(standing.title.encode(), "deliveries", "title"),
        "glance": key.seal(canonical(standing.glance), "deliveries", "glance"),
    }
    asked = [name | _asked(key, one) | {"change": change} for one in standing.requests]
    return {
        deliveries: [row],
        participants: [name | _participant(one, standing) for one in standing.participants],
        states: [name | {"state": one} for one in standing.states],
        requests: asked,
        tallies: [name | _line(one.service or "", line) for one in standing.tallies for line in one.lines],
    }


async def _operation(connection: AsyncConnection, standing: Standing) -> str | None:
    """Of which other operation it is a part: its group; else that of the delivery it was split from, or that one itself."""
    if standing.group is not None or standing.parent is None:
        return standing.group
    above = select(deliveries.c.operation).where(deliveries.c.delivery == standing.parent)
    return (await connection.execute(above)).scalar_one_or_none() or standing.parent


def _line(service: str, line: Line) -> dict[str, Any]:
    what = {"measure": line.measure, "first": line.of, "second": line.by, "third": line.how}
    return {"service": service, **what, "number": line.count, "amount": line.amount, "longest": line.most}


def _participant(one: Participant, standing: Standing) -> dict[str, Any]:
    dues = [standing.next_due, standing.overdue_since]
    if one.reach == "part":
        mine = [asked.due for asked in standing.requests if asked.service == one.service and asked.due is not None]
        ahead, behind = [due for due in mine if due > standing.at], [due for due in mine if due <= standing.at]
        dues = [min(ahead, default=None), min(behind, default=None)]
    return {**one.model_dump(), "next_due": dues[0] or NEVER, "overdue_since": dues[1] or NEVER}


def _asked(key: DataKey, one: OpenRequest) -> dict[str, Any]:
    return {
        **one.model_dump(exclude={"request", "at_once"}),
        "checkpoint": one.checkpoint or "",
        "due": EVER if one.at_once else one.due or NEVER,
        "since": one.since or EVER,
        "until": one.until or NEVER,
        "request": key.seal(one.request, "requests", one.id, one.service),
        "read_at": None,
    }


async def _refresh(connection: AsyncConnection, delivery: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """What is asked may be worded by what has happened since; that it was read stays."""
    if rows:
        own = (
            requests.c.delivery == delivery,
            requests.c.id == bindparam("its_id"),
            requests.c.service == bindparam("its_service"),
        )
        newest = update(requests).where(*own).values(request=bindparam("bytes"))
        await connection.execute(
            newest, [{"its_id": row["id"], "its_service": row["service"], "bytes": row["request"]} for row in rows]
        )


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
    for start in range(0, len(gone), AT_ONCE):
        among = tuple_(*(table.c[name] for name in names)).in_(gone[start : start + AT_ONCE])
        await connection.execute(delete(table).where(own, among))
    new = [row for key, row in wanted.items() if key not in known]
    if new:
        await connection.execute(insert(table), new)
    other = [row for key, row in wanted.items() if key in known and any(row[name] != known[key][name] for name in compared)]
    if other:
        where = [table.c[name] == bindparam(f"its_{name}") for name in names]
        values: dict[str, Any] = {name: bindparam(name) for name in other[0] if name not in (*names, "delivery")}
        changed = [{f"its_{name}": row[name] for name in names} | {name: row[name] for name in values} for row in other]
        await connection.execute(update(table).where(own, *where).values(values), changed)
