"""Tables for a terminal: nothing in them is cut off, however narrow it is, and nothing in them is markup."""

from typing import Any

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from domain.words.text import shown

WIDEST_NAME = 24
"""Columns of what stands before an explanation."""


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
