"""Tables for a terminal: nothing in them is cut off, however narrow it is, and nothing in them is markup."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from domain.words.text import shown

WIDEST_NAME = 24
"""Columns of what stands before an explanation."""
ROOMY = 110
"""Columns of a screen from which on cells stand beside one another, whatever is folded in them."""


class Lines(Table):
    """A table of what others have written: each cell is text, folded where it is wider than its column."""

    def __init__(self, *headings: str, **more: Any) -> None:
        columns = [Column(heading, overflow="fold") for heading in headings]
        super().__init__(*columns, box=None, padding=(0, 1), title_justify="left", title_style="bold", **more)

    def add_row(self, *cells: RenderableType | None, **more: Any) -> None:
        """One row; what comes as a string is shown as text."""
        super().add_row(*(Text(shown(cell)) if isinstance(cell, str) else cell for cell in cells), **more)


def pairs() -> Lines:
    """What is explained, and beside it the words for it."""
    table = Lines(show_header=False)
    table.columns = [Column(overflow="fold", max_width=WIDEST_NAME, _index=0), Column(overflow="fold", _index=1)]
    return table


class Fitting:
    """A table as it has room: each thing in a column of its own, or on a narrow screen several below one another, so that no name
    is broken.
    """

    def __init__(self, wide: Table, narrow: Table) -> None:
        self._wide, self._narrow = wide, narrow

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._which(console, options))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield self._which(console, options)

    def _which(self, console: Console, options: ConsoleOptions) -> Table:
        needed = Measurement.get(console, options.update(max_width=ROOMY), self._wide).maximum
        return self._wide if options.max_width >= min(needed, ROOMY) else self._narrow
