"""How a list is paged through while it changes under the reader.

A list is sorted by what changes, such as the next due time, so a row may move to a page that has been read already. A cursor
therefore remembers the newest change at the first page. The pages first hold, in order, the rows that have not changed since,
each exactly once. Behind them come the rows that did, in the order of their changes, as they are now. So nothing is lost, and
a delivery comes twice only if it changed in between. Whoever keeps the newer one of the two has the complete list.

A cursor is sealed by the ring and bound to its list: nobody learns from one what is not shown, or uses it for another list.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, TypeVar

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from archive.sealed import KeyWrapping
from archive.tables import last_change
from domain.signing.canonical import Frozen, canonical
from domain.words.errors import Malformed, VigilError
from domain.words.limits import LONGEST_CURSOR
from domain.words.text import mark

Found = TypeVar("Found")
Shown = TypeVar("Shown")


PIECE: Final = 20
"""Rows that are looked at before others have their turn: a search deciphers the title of each, 60 ms for a thousand."""


class CursorPosition(Frozen):
    """Where a reader is in a list."""

    as_of: int
    """The newest change when the first page was read."""
    now: str
    """What was overdue at the first page is so on all of them."""
    part: Literal["unchanged", "changed"] = "unchanged"
    after: tuple[str | int, ...] = ()
    """What the last row that was looked at is sorted by; nothing before the first."""


async def newest_change(connection: AsyncConnection) -> int:
    """The number of the newest change in the installation."""
    return int((await connection.execute(select(last_change.c.number))).scalar_one())


class Cursors:
    """Positions as text that only this installation can read or make."""

    def __init__(self, ring: KeyWrapping) -> None:
        self._ring = ring

    def text(self, position: CursorPosition, *of: Any) -> str:
        """The cursor of this position in that list."""
        key, wrapped = self._ring.wrap(canonical(position), _bound(of))
        return base64.urlsafe_b64encode(key.encode() + b"\0" + wrapped).decode()

    def position(self, cursor: str, *of: Any) -> CursorPosition:
        """Where it points. Raises `Malformed` for what is no cursor of that list."""
        with suppress(ValueError, binascii.Error, ValidationError, VigilError):
            if len(cursor) <= LONGEST_CURSOR:
                key, _, wrapped = base64.b64decode(cursor, altchars=b"-_", validate=True).partition(b"\0")
                return CursorPosition.model_validate_json(self._ring.unwrap(key.decode(), wrapped, _bound(of)))
        raise Malformed(mark("this is no cursor of this list"), hint=mark("begin again at the first page"))


async def turn(
    position: CursorPosition,
    fetch: Callable[[CursorPosition, int], Awaitable[Sequence[Found]]],
    show: Callable[[Found], Shown | None],
    sorted_by: Callable[[Found, CursorPosition], tuple[str | int, ...]],
    bounds: tuple[int, int],
) -> tuple[tuple[Shown, ...], CursorPosition | None]:
    """Up to as many rows as the first bound, and where to go on if there is more; the second bound is how many are looked at. One
    row beyond is looked for, so that the last page says that it is the last: but where that many were looked at, nobody knows.
    """
    limit, scan = bounds
    shown: list[Shown] = []
    while True:
        rows = await fetch(position, scan + 1)
        for number, row in enumerate(rows[:scan]):
            if number % PIECE == PIECE - 1:
                await asyncio.sleep(0)
            one = show(row)
            if one is not None and len(shown) == limit:
                return tuple(shown), position
            shown += [] if one is None else [one]
            position = position.model_copy(update={"after": sorted_by(row, position)})
        if len(rows) > scan:
            return tuple(shown), position
        if position.part == "changed":
            return tuple(shown), None
        position = position.model_copy(update={"part": "changed", "after": (position.as_of,)})


def _bound(of: Sequence[Any]) -> bytes:
    return canonical(["vigil cursor/1", *of])
