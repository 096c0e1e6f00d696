"""One paper in two languages: the same blocks in both, texts beside each other, and one set of figures in their tables."""

from dataclasses import replace
from itertools import zip_longest

from domain.papers.paper import (
    Author,
    Blank,
    Block,
    Break,
    Column,
    Columns,
    Dated,
    Line,
    Paragraph,
    SignatureLine,
    Signatures,
    Table,
    TableRow,
    TickBox,
    Title,
    Width,
    Words,
)

BETWEEN = (Words(" / "),)
WIDEST: Width = 3
"""Of a blank in half of the width."""
WIDEST_BEHIND_BOTH: Width = 2
"""Of one behind texts in both languages."""
NARROW_STYLES = ("marking", "handling", "subject", "right")
"""Paragraphs of the head, which stand in one place for both."""


def paired(one: tuple[Block, ...], other: tuple[Block, ...]) -> tuple[Block, ...]:
    """The two as one. Raises `ValueError` where they are not made alike."""
    return tuple(_pair(left, right) for left, right in zip_longest(one, other))


def _stacked(one: tuple[Block, ...], other: tuple[Block, ...]) -> tuple[Block, ...]:
    """Inside a column there is no room for two: its lines have one language after the other."""
    return tuple(
        Paragraph(_shared(left.line, right.line), left.style)
        if isinstance(left, Paragraph) and isinstance(right, Paragraph)
        else _pair(left, right)
        for left, right in zip_longest(one, other)
    )


def _shared(left: Line, right: Line) -> Line:
    """One box before both, and one blank behind them: what is ticked or written is so once."""
    if left != right and left and right and isinstance(left[-1], Blank) and isinstance(right[-1], Blank):
        left, right = _closed(left[:-1]), _narrow(right, WIDEST_BEHIND_BOTH)
    if left != right and left and right and isinstance(left[0], TickBox) and left[0] == right[0]:
        right = right[1:]
    return both(left, right)


def _closed(line: Line) -> Line:
    """Without the room before what stood at its end."""
    last = line[-1] if line else None
    return (*line[:-1], replace(last, text=last.text.rstrip())) if isinstance(last, Words) else line


def _narrow(line: Line, widest: Width = WIDEST) -> Line:
    return tuple(replace(one, width=min(one.width, widest)) if isinstance(one, Blank) else one for one in line)


def _pair(left: Block | None, right: Block | None) -> Block:
    match left, right:
        case Table(), Table():
            return _table(left, right)
        case Columns(), Columns():
            return replace(left, left=_stacked(left.left, right.left), right=_stacked(left.right, right.right))
        case Title(), Title():
            abouts = zip(left.about, right.about, strict=True)
            return Title(both(left.kind, right.kind), tuple(one for pair in abouts for one in pair))
        case Dated(), Dated():
            return Dated(both(left.date, right.date), both(left.place, right.place), _shared(left.number, right.number))
        case Author(), Author():
            lines = tuple(both(one, other) for one, other in zip(left.lines, right.lines, strict=True))
            return Author(both(left.state, right.state), both(left.name, right.name), lines)
        case Signatures(), Signatures():
            signers = zip(left.signatures, right.signatures, strict=True)
            return replace(
                left,
                signatures=tuple(SignatureLine(both(one.role, other.role), one.stamp) for one, other in signers),
                signature=f"{left.signature} / {right.signature}",
                name=f"{left.name} / {right.name}",
                stamp=f"{left.stamp} / {right.stamp}",
            )
        case Paragraph(style=style), Paragraph() if style in NARROW_STYLES:
            return Paragraph(both(left.line, right.line), style)
        case Paragraph(), Paragraph():
            sides = (replace(one, line=_narrow(one.line)) for one in (left, right))
            return Columns((next(sides),), (next(sides),), ruled=True)
        case Break(), Break():
            return left
        case _ if left is not None and type(left) is type(right):
            assert right is not None  # noqa: S101 - of the same type
            return Columns((left,), (right,), ruled=True)
    raise ValueError("the two languages of a paper have the same blocks")


def _table(left: Table, right: Table) -> Table:
    columns = zip(left.columns, right.columns, strict=True)
    rows = zip(left.rows, right.rows, strict=True)
    return replace(
        left,
        columns=tuple(Column(both(one.head, other.head), one.share, one.figures) for one, other in columns),
        rows=tuple(
            TableRow(tuple(both(cell, same) for cell, same in zip(one.cells, other.cells, strict=True)), one.total)
            for one, other in rows
        ),
        left_out=both(left.left_out, right.left_out),
    )


def both(left: Line, right: Line) -> Line:
    """Once where they say the same, else one after the other."""
    return left if left == right else (*left, *BETWEEN, *right)
