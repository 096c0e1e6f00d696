"""What has been asked of the watch floor lately, each question's rows kept in order as they change: for who asks again, or
follows, not all rows are gone over again.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Mapping
from time import monotonic
from typing import Final

from domain.plan.access import reach, role_of
from domain.plan.directory import Service
from domain.views.floor import FloorQuestion, Placed
from domain.views.selection import FloorTally, Selection

MOST_KEPT: Final = 48
"""Questions that are kept; of 10,000 rows each has some 1 MB."""
IDLE: Final = 60.0
"""Seconds after which a question that nobody asks again is forgotten."""
SLICE: Final = 250
"""Rows that are gone over before others have their turn."""

Asked = tuple[str | None, FloorQuestion]
"""Whose question it is; none: of one who sees every row."""


class Selections:
    """Of the rows of one gateway, which are told apart by their names. Every change of them is told it."""

    def __init__(self, rows: Mapping[str, Placed]) -> None:
        self._rows = rows
        self._kept: OrderedDict[Asked, tuple[float, Selection]] = OrderedDict()
        self._tallies: dict[str | None, FloorTally] = {}
        """Of each reader of whom a question is kept."""
        self._gate = asyncio.Lock()
        self._meanwhile: list[tuple[Placed | None, Placed | None]] | None = None

    async def of(self, caller: Service, question: FloorQuestion) -> tuple[Selection, FloorTally]:
        """The rows that this reader is shown for this question, as they stand now, gone over in slices where it is new; and what
        is counted of all of its rows.
        """
        reader = None if sees_all(caller) else caller.id
        asked = reader, question.model_copy(update={"page": 1})
        if asked not in self._kept:
            async with self._gate:  # whoever asks the same meanwhile waits for it
                if asked not in self._kept:
                    self._keep(asked, await self._made(*asked))
        kept = self._kept[asked][1]
        self._keep(asked, kept)
        return kept, self._tallies[reader]

    def changed(self, before: Placed | None, after: Placed | None) -> None:
        """A row stands otherwise; none: there was none, or there is none any more."""
        if self._meanwhile is not None:
            self._meanwhile.append((before, after))
        for reader, tally in self._tallies.items():
            _take(tally, reader, before, after)
        for (reader, _), (_, selection) in self._kept.items():
            _take(selection, reader, before, after)

    def forget(self) -> None:
        """All rows were read anew: nothing that was kept holds."""
        self._kept.clear()
        self._tallies.clear()
        if self._meanwhile is not None:
            self._meanwhile = None

    async def _made(self, reader: str | None, question: FloorQuestion) -> Selection:
        """Made of the rows as they stand when it begins, then of what changed meanwhile; begun anew where all were read anew. So
        is what is counted for this reader, unless it is there and stays.
        """
        try:
            while True:
                found, tally, meanwhile = Selection(question), FloorTally(), list[tuple[Placed | None, Placed | None]]()
                made = (found, tally) if reader not in self._tallies else (found,)
                self._meanwhile = meanwhile
                for number, row in enumerate([*self._rows.values()], 1):
                    for one in made:
                        _take(one, reader, None, row)
                    if number % SLICE == 0:
                        await asyncio.sleep(0)
                if self._meanwhile is meanwhile and (tally in made or reader in self._tallies):
                    break
        finally:
            self._meanwhile = None
        for before, after in meanwhile:
            for one in made:
                _take(one, reader, before, after)
        if tally in made:
            self._tallies[reader] = tally
        return found

    def _keep(self, asked: Asked, selection: Selection) -> None:
        now = monotonic()
        self._kept[asked] = now, selection
        self._kept.move_to_end(asked)
        while next(iter(self._kept.values()))[0] < now - IDLE:
            self._kept.popitem(last=False)
        if len(self._kept) > MOST_KEPT:
            del self._kept[self._least_wanted()]
        for reader in self._tallies.keys() - {reader for reader, _ in self._kept}:
            del self._tallies[reader]

    def _least_wanted(self) -> Asked:
        """The oldest question of the reader of whom most are kept: whoever asks much forgets its own, and nobody else's."""
        counted = Counter(reader for reader, _ in self._kept)
        most = max(counted.values())
        return next(asked for asked in self._kept if counted[asked[0]] == most)


def _take(selection: Selection | FloorTally, reader: str | None, before: Placed | None, after: Placed | None) -> None:
    """What of that change is this reader's (R11)."""
    if before is not None and may_see(reader, before):
        selection.remove(before)
    if after is not None and may_see(reader, after):
        selection.add(after)


def sees_all(caller: Service) -> bool:
    """Whether every row is this reader's."""
    return reach(role_of(caller), "floor") == "all"


def may_see(reader: str | None, row: Placed) -> bool:
    """Whether a row is this reader's; none: every row is (R11)."""
    return reader is None or reader in row.whole
