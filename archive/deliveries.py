"""Which deliveries there are, and how each stands: lists, inboxes, and what changed.

Of a delivery that a reader may see in part, it is told only what is its own there (R11): its own due times, no title and no
channel. Nothing is cut off silently: a page that is not the last says where to go on, even an empty one, where a search has
not found anything yet.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row as Found
from sqlalchemy import Select, func, literal, select, true, tuple_, update

from archive.cursors import CursorPosition, Cursors, newest_change, turn
from archive.database import Database
from archive.questions import KEYS, ListQuestion, asked_of, rows_of, seen
from archive.sealed import DataKey, KeyWrapping
from archive.standing import EVER, NEVER
from archive.tables import data_keys, deliveries, requests
from domain.signing.canonical import Frozen
from domain.views.glance import Glance
from domain.views.lists import Row
from domain.words.errors import NotFound, NotVerified
from domain.words.limits import LONGEST_INBOX, LONGEST_LIST, MOST_CHANGES, MOST_SEARCHED
from domain.words.moments import utc_text
from domain.words.text import fill

FloorPlace = tuple[str, str, str]
"""Where a page of the watch floor's rows ends: the two due times, and the code name."""


class KeptRow(Row):
    """A row with the number of the change that wrote it. `title`: none also if somebody altered it in the database, which must
    not keep anybody from the rest of the list.
    """

    branch: int
    change: int
    size: int


class DeliveryPage(Frozen):
    """Rows of a list. `next`: the cursor of the next page; none at the end."""

    rows: tuple[KeptRow, ...]
    next: str | None


class InboxRow(Frozen):
    """What one service is asked for, at a checkpoint or at none. `request`: its bytes; none if somebody altered them in the
    database, which must not keep anybody from the rest of the inbox.
    """

    delivery: str
    id: str
    checkpoint: str
    due: str | None
    read_at: str | None
    request: bytes | None


class InboxPage(Frozen):
    """What a service is asked for. `next`: the cursor of the next page; none at the end."""

    asked: tuple[InboxRow, ...]
    next: str | None


class ChangedDelivery(Frozen):
    """A delivery that changed, and how far its ledger now goes."""

    delivery: str
    change: int
    branch: int
    size: int


class KeptGlance(Frozen):
    """A delivery's row of the watch floor; of one that has ended, as it was then. `glance`: none if somebody altered it in the
    database, or nothing has been kept since there are such rows; what comes next brings it back. `size`, `root`: of its ledger,
    as it then was.
    """

    delivery: str
    change: int
    size: int
    root: bytes
    ended: bool
    glance: Glance | None


class Deliveries:
    """The read model. Each method raises `Unavailable` if the database is away."""

    def __init__(self, database: Database, ring: KeyWrapping, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._ring = ring
        self._cursors = Cursors(ring)
        self._clock = clock

    async def page(self, question: ListQuestion, cursor: str | None = None, limit: int = 50) -> DeliveryPage:
        """One page of a list; at most `limit` rows, and never more than 200. Raises `Malformed` for a cursor of another list."""
        limit = max(1, min(limit, LONGEST_LIST))
        of_list = ("list", question.model_dump(mode="json"))
        text = question.filters.text.casefold()
        async with self._database.reading() as connection:
            begin = CursorPosition(as_of=await newest_change(connection), now=utc_text(self._clock()))
            position = self._cursors.position(cursor, *of_list) if cursor else begin

            async def fetch(at: CursorPosition, count: int) -> Sequence[Found[Any]]:
                found: Sequence[Found[Any]] = (await connection.execute(rows_of(question, at).limit(count))).all()
                return found

            rows, then = await turn(
                position,
                fetch,
                lambda row: self._row(row, text),
                lambda row, at: (row.change,) if at.part == "changed" else tuple(row[-len(KEYS[question.sort]) :]),
                (limit, MOST_SEARCHED if text else limit),
            )
        return DeliveryPage(rows=rows, next=then and self._cursors.text(then, *of_list))

    async def one(self, question: ListQuestion, delivery: str) -> KeptRow:
        """How one delivery of a list stands. Raises `NotFound`, also if it is not this reader's to see."""
        asked = seen(question, utc_text(self._clock()))[0].where(deliveries.c.delivery == delivery)
        async with self._database.reading() as connection:
            found = (await connection.execute(asked)).first()
        row = found and self._row(found, "")
        if row is None:
            raise NotFound(fill("there is no delivery {delivery} here, or not for you", delivery=delivery))
        return row

    async def inbox(self, service: str, cursor: str | None = None, limit: int = LONGEST_INBOX) -> InboxPage:
        """What this service is asked for: what is to be done at once, then the nearest deadline first. Raises `Malformed` for a
        cursor of another inbox.
        """
        limit = max(1, min(limit, LONGEST_INBOX))
        async with self._database.reading() as connection:
            begin = CursorPosition(as_of=await newest_change(connection), now=utc_text(self._clock()))
            position = self._cursors.position(cursor, "inbox", service) if cursor else begin

            async def fetch(at: CursorPosition, count: int) -> Sequence[Found[Any]]:
                found: Sequence[Found[Any]] = (await connection.execute(asked_of(service, at).limit(count))).all()
                return found

            asked, then = await turn(
                position,
                fetch,
                self._asked,
                lambda row, at: (row.change if at.part == "changed" else row.due, row.delivery, row.id),
                (limit, limit),
            )
        return InboxPage(asked=asked, next=then and self._cursors.text(then, "inbox", service))

    async def read(self, service: str, delivery: str, request: str) -> None:
        """The service has read this request. When it did so first is kept; a request that is gone is no fault."""
        own = (requests.c.service == service) & (requests.c.delivery == delivery) & (requests.c.id == request)
        unread = update(requests).where(own, requests.c.read_at.is_(None))
        async with self._database.writing() as connection:
            await connection.execute(unread.values(read_at=utc_text(self._clock())))

    async def opened(self, names: Collection[str], services: Collection[str]) -> dict[tuple[str, str, str], str | None]:
        """By delivery, service and checkpoint: when these services opened what these deliveries ask, if they did."""
        columns = (requests.c.delivery, requests.c.service, requests.c.checkpoint, requests.c.read_at)
        asked = select(*columns).where(requests.c.delivery.in_(names), requests.c.service.in_(services))
        async with self._database.reading() as connection:
            return {(row[0], row[1], row[2]): row[3] for row in await connection.execute(asked.order_by(requests.c.read_at))}

    async def changes(self, after: int, limit: int = MOST_CHANGES) -> tuple[ChangedDelivery, ...]:
        """Which deliveries changed after that change, each once, in order. As many as asked for: there may be more."""
        columns = (deliveries.c.delivery, deliveries.c.change, deliveries.c.branch, deliveries.c.size)
        asked = select(*columns).where(deliveries.c.change > after).order_by(deliveries.c.change).limit(min(limit, MOST_CHANGES))
        async with self._database.reading() as connection:
            return tuple(ChangedDelivery.model_validate(dict(row)) for row in (await connection.execute(asked)).mappings())

    async def floor(
        self, after: FloorPlace | None = None, limit: int = MOST_CHANGES
    ) -> tuple[tuple[KeptGlance, ...], FloorPlace | None]:
        """Rows of the watch floor, of what has not ended, those with the nearest due times first; and where to go on, if more may
        follow.
        """
        keys = [deliveries.c.overdue_since, deliveries.c.next_due, deliveries.c.delivery]
        behind = true() if after is None else tuple_(*keys) > tuple_(*map(literal, after))
        asked = _of_floor().add_columns(*keys[:2]).where(~deliveries.c.ended, behind).order_by(*keys).limit(limit)
        async with self._database.reading() as connection:
            found = (await connection.execute(asked)).all()
        last = (found[-1].overdue_since, found[-1].next_due, found[-1].delivery) if len(found) == limit else None
        return tuple(map(self._glance, found)), last

    async def floor_changes(self, after: int, limit: int = MOST_CHANGES) -> tuple[KeptGlance, ...]:
        """The rows of deliveries that changed after that change, in order; of those that have ended too. As many as asked for:
        there may be more.
        """
        asked = _of_floor().where(deliveries.c.change > after).order_by(deliveries.c.change).limit(limit)
        async with self._database.reading() as connection:
            return tuple(map(self._glance, (await connection.execute(asked)).all()))

    async def count_open(self) -> int:
        """How many have not ended."""
        async with self._database.reading() as connection:
            return int((await connection.execute(select(func.count()).where(~deliveries.c.ended))).scalar_one())

    async def unended(self) -> tuple[str, ...]:
        """The deliveries whose ledgers have no end, but those of which it is known that their workflow is gone."""
        known = deliveries.c.alarm.is_(None) | (deliveries.c.alarm != "gone")
        asked = select(deliveries.c.delivery).where(~deliveries.c.ended, known).order_by(deliveries.c.delivery)
        async with self._database.reading() as connection:
            return tuple(row.delivery for row in await connection.execute(asked))

    async def alarmed(self) -> tuple[str, ...]:
        """The deliveries that have not ended, and of which archive and workflow have differed."""
        asked = select(deliveries.c.delivery).where(~deliveries.c.ended, deliveries.c.alarm.is_not(None))
        async with self._database.reading() as connection:
            return tuple(row.delivery for row in await connection.execute(asked.order_by(deliveries.c.delivery)))

    async def contradicted(self) -> tuple[str, ...]:
        """The deliveries that have not ended, and in which a service has signed on another history than the recorded one."""
        asked = select(deliveries.c.delivery).where(~deliveries.c.ended, deliveries.c.seen_seq.is_not(None))
        async with self._database.reading() as connection:
            return tuple(row.delivery for row in await connection.execute(asked.order_by(deliveries.c.delivery)))

    async def newest(self) -> int:
        """The number of the newest change: from here on somebody begins to watch."""
        async with self._database.reading() as connection:
            return await newest_change(connection)

    def _glance(self, row: Any) -> KeptGlance:
        found = None
        if row.glance is not None and row.wrapped is not None:
            key = DataKey.unwrapped(row.delivery, row.ring_key, row.wrapped, self._ring)
            with suppress(NotVerified, ValidationError):
                found = Glance.model_validate_json(key.open(row.glance, "deliveries", "glance"))
        return KeptGlance(delivery=row.delivery, change=row.change, size=row.size, root=row.root, ended=row.ended, glance=found)

    def _row(self, row: Any, text: str) -> KeptRow | None:
        """As its reader may see it; none if it does not have the text."""
        whole = bool(row.whole)
        title = None
        if whole and row.title is not None and row.wrapped is not None:
            key = DataKey.unwrapped(row.delivery, row.ring_key, row.wrapped, self._ring)
            with suppress(NotVerified):
                title = key.open(row.title, "deliveries", "title").decode()
        if text and text not in row.delivery and text not in (title or "").casefold():
            return None
        return KeptRow(
            delivery=row.delivery,
            whole=whole,
            title=title,
            phase=row.phase,
            outcome=row.outcome,
            group=row.group,
            channel=row.channel if whole else None,
            next_due=_moment(row.due),
            overdue_since=_moment(row.overdue),
            ended=row.ended,
            expunged=row.ring_key is not None and row.wrapped is None,
            alarm=(row.alarm or ("seen" if row.seen_seq is not None else None)) if whole else None,
            started_at=row.started_at,
            closed_at=row.closed_at,
            branch=row.branch,
            size=row.size,
            change=row.change,
        )

    def _asked(self, row: Any) -> InboxRow | None:
        if row.wrapped is None:
            return None
        key = DataKey.unwrapped(row.delivery, row.ring_key, row.wrapped, self._ring)
        request = None
        with suppress(NotVerified):
            request = key.open(row.request, "requests", row.id, row.service)
        return InboxRow(
            delivery=row.delivery,
            id=row.id,
            checkpoint=row.checkpoint,
            due=_moment(row.due),
            read_at=row.read_at,
            request=request,
        )


def _of_floor() -> Select[Any]:
    shown = tuple(deliveries.c[name] for name in ("delivery", "change", "size", "root", "ended", "glance"))
    asked = select(*shown, data_keys.c.wrapped, data_keys.c.ring_key).select_from(deliveries)
    return asked.outerjoin(data_keys, data_keys.c.delivery == deliveries.c.delivery)


def _moment(text: str) -> str | None:
    return None if text in {NEVER, EVER} else text
