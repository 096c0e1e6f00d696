"""Ledgers and deliveries that the tests of the archive share."""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.batches import Batch
from archive.database import Database
from archive.sealed import DataKey, KeyWrapping
from archive.standing import next_change, rows, write
from archive.tables import data_keys, last_change
from domain.signing import tree
from domain.signing.canonical import canonical
from domain.views.glance import Glance
from domain.views.standing import OpenRequest, Participant, Standing
from domain.words.moments import utc_text
from process.ring import Wrapping, new_ring
from rehearsal.services import EPOCH
from tests.postgresql import PASSWORD

NAME = "saxaul-22"
AT = utc_text(EPOCH)
READER = "kz.knb"
NEW = {"branch": 0, "size": 1, "root": tree.EMPTY}
"""The ledger of a delivery of which only the read model is looked at."""


def new_keys() -> Wrapping:
    """Keys of an installation, drawn now: what they wrapped is lost with the process."""
    return Wrapping(new_ring())


def database(url: str) -> Database:
    """The database, as a process would open it."""
    return Database(url, PASSWORD if url.startswith("postgresql") else None)


def entry(seq: int, word: str = "stated") -> bytes:
    """The canonical bytes of an entry that says a word of its own."""
    return canonical({"seq": seq, "at": AT, "salt": f"{seq:064x}", "event": {"event": "stated", "said": f"{word} {seq}"}})


def ledger(size: int, word: str = "stated", since: int = 0) -> list[bytes]:
    """Entries that say the same word; those before `since` say the usual one."""
    return [entry(seq, "stated" if seq < since else word) for seq in range(size)]


def root(entries: Sequence[bytes]) -> bytes:
    """The root over their leaves."""
    return tree.root([tree.leaf(one) for one in entries])


def glanced(**changed: Any) -> Glance:
    """The row of an ordinary delivery."""
    usual: dict[str, Any] = {
        "delivery": NAME,
        "at": AT,
        "title": "Heroin in a lorry",
        "started_at": AT,
        "whole": (READER,),
        "phase": "consent",
        "outcome": None,
        "way": (
            {"state": "KZ", "responsible": READER, "takes": 36_000},
            {"state": "UZ", "responsible": "uz.customs", "takes": 7_200},
        ),
        "leg": None,
        "left_at": None,
        "arrived": False,
        "holder": READER,
        "seen_at": None,
        "waits": (),
        "halted": None,
        "at_risk": False,
        "to_seize": False,
        "held_by": None,
        "lost_since": None,
        "differs": (),
        "diverged": False,
        "shortest": None,
    }
    return Glance(**(usual | changed))


def standing(**changed: Any) -> Standing:
    """How an ordinary delivery stands: one service may see the whole, and one its part."""
    usual: dict[str, Any] = {
        "at": AT,
        "plan_digest": "0" * 64,
        "rules": 1,
        "phase": "consent",
        "channel": "road",
        "started_at": AT,
        "title": "Heroin in a lorry",
        "participants": (
            Participant(service=READER, state="KZ", reach="whole"),
            Participant(service="uz.customs", state="UZ", reach="part"),
        ),
        "states": ("KZ", "UZ"),
        "glance": glanced(),
    }
    return Standing(**(usual | changed))


def batch(entries: Sequence[bytes], first: int = 0, size: int | None = None, **changed: Any) -> Batch:
    """The batch that goes from one number to the end of these entries, or to a size."""
    size = len(entries) if size is None else size
    frontier = tree.Frontier()
    for one in entries[:first]:
        frontier.append(tree.leaf(one))
    given = {"delivery": NAME, "entries": tuple(entries[first:size]), "root": root(entries[:size]), "standing": standing()}
    given["peaks"] = frontier.peaks
    return Batch(**({"first": first, "size": size} | given | changed))


def request(service: str, due: str | None, checkpoint: str = "consent", **more: Any) -> OpenRequest:
    """What a checkpoint asks of a service."""
    body = f"to {service}".encode()
    given = {"id": f"{NAME}/{checkpoint}/{service}", "service": service, "checkpoint": checkpoint, "due": due, "request": body}
    return OpenRequest(**given | more)


async def put(archive: Database, ring: KeyWrapping, standings: dict[str, Standing]) -> None:
    """Write the read model of many deliveries in one transaction, as `keep` does for each."""
    async with archive.writing() as connection:
        known = {
            row.delivery: row for row in await connection.execute(select(data_keys).where(data_keys.c.delivery.in_(standings)))
        }
        for name in standings.keys() & known.keys():
            row = known[name]
            key = DataKey.unwrapped(name, row.ring_key, row.wrapped, ring)
            await write(connection, key, standings[name], await next_change(connection), NEW)
        await _put_new(connection, ring, {name: one for name, one in standings.items() if name not in known})


async def _put_new(connection: AsyncConnection, ring: KeyWrapping, standings: dict[str, Standing]) -> None:
    """The same for such as the archive does not know, with one statement for each table: thousands of them take a second."""
    made: dict[Table, list[dict[str, Any]]] = defaultdict(list)
    number = (await connection.execute(select(last_change.c.number))).scalar_one()
    for change, (name, one) in enumerate(standings.items(), number + 1):
        key, ring_key, wrapped = DataKey.new(name, ring)
        made[data_keys].append({"delivery": name, "ring_key": ring_key, "wrapped": wrapped})
        for table, some in rows(key, one, change, NEW).items():
            made[table] += some
    await connection.execute(update(last_change).values(number=number + len(standings)))
    for table, some in made.items():
        if some:
            await connection.execute(insert(table), some)


def any_standing(draw: random.Random, services: Sequence[str], moments: Sequence[str]) -> Standing:
    """A delivery that stands somehow. Many have the same due times, since that is where paging goes wrong."""
    present = draw.sample(services, draw.randint(1, len(services)))
    some: list[str | None] = [None, *moments]
    return standing(
        at=moments[len(moments) // 2],
        phase=draw.choice(["consent", "under_way"]),
        channel=draw.choice(["road", "post"]),
        group=draw.choice([None, "twins"]),
        next_due=draw.choice(some),
        overdue_since=draw.choice([None, None, *moments]),
        ended=draw.random() < 0.3,
        started_at=draw.choice(moments),
        title=draw.choice(["Heroin in a lorry", "Cash in a parcel"]),
        participants=tuple(
            Participant(service=one, state=one[:2].upper(), reach=draw.choice(["whole", "part"])) for one in present
        ),
        states=tuple(dict.fromkeys(one[:2].upper() for one in present)),
        requests=tuple(request(one, draw.choice(some)) for one in present if draw.random() < 0.5),
    )
