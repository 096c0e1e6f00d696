"""The results of a period as a picture: the four numbers, and panels of bars. One for a file, and panel by panel for a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.plan.quantity import Translate
from domain.views.canvas import ACCENT, FAINT, GOOD, INK, PAPER, QUIET, SOFT, Canvas, broken, room
from domain.views.results import Results
from domain.views.results_in_words import (
    COUNTED_BY,
    NOTHING,
    ResultsRow,
    ShownTable,
    headline,
    in_period,
    in_tables,
)
from domain.words.text import mark

PANEL, GUTTER, MARGIN, ROW = 460.0, 40.0, 40.0, 24.0
LINE, HEADED = 14.0, 18.0
"""Between lines of one name, and of one title."""
IN_PAGE: Final = 370.0
"""Width of a panel by itself, so that its words are as large there as those around it."""
MOST_BARS: Final = 10
"""Of one panel; the tables have the rest."""
MORE: Final = mark("and {count} more, in the tables")
IN_A_PAGE: Final = {INK: "ink", QUIET: "quiet", FAINT: "line", PAPER: "card", ACCENT: "accent", GOOD: "good", SOFT: "line"}
"""Which colour of the desk stands for each of a picture's, so that it is dark where the desk is."""


@dataclass(frozen=True)
class ResultsPanel:
    """One panel by itself."""

    title: str
    svg: str


def picture(found: Results, speak: Translate, language: str) -> str:
    """The whole, as one SVG."""
    canvas = Canvas(2 * PANEL + GUTTER + 2 * MARGIN)
    title = f"{speak(COUNTED_BY[found.counted_by])}: {in_period(found.period)}"
    y = MARGIN
    for line in broken(title, canvas.width - 2 * MARGIN, 18, bold=True):
        canvas.text(MARGIN, y, line, size=18, bold=True)
        y += 24
    y = _numbers(canvas, found, y + 24, speak, language)
    left = right = y + 34
    for one in _panels(found, speak, language):
        if left <= right:
            left = _panel(canvas, one, (MARGIN, PANEL), left, speak) + 34
        else:
            right = _panel(canvas, one, (MARGIN + PANEL + GUTTER, PANEL), right, speak) + 34
    canvas.height = max(left, right)
    return canvas.svg(title)


def panels(found: Results, speak: Translate, language: str) -> Iterator[ResultsPanel]:
    """Each panel by itself, in the colours of the page that it stands in."""
    for one in _panels(found, speak, language):
        canvas = Canvas(IN_PAGE)
        canvas.height = _panel(canvas, one, (0, IN_PAGE), 16, speak)
        svg = canvas.svg(one.title)
        for colour, name in IN_A_PAGE.items():
            svg = svg.replace(f'"{colour}"', f'"var(--{name})"')
        yield ResultsPanel(one.title, svg)


def _panels(found: Results, speak: Translate, language: str) -> tuple[ShownTable, ...]:
    """Those tables in which there is something to draw."""
    return tuple(one for one in in_tables(found, speak, language) if any(row.size for row in one.rows))


def _numbers(canvas: Canvas, found: Results, y: float, speak: Translate, language: str) -> float:
    each = (canvas.width - 2 * MARGIN) / 4
    for number, (name, count) in enumerate(headline(found, speak, language)):
        canvas.text(MARGIN + number * each, y, count, size=30, bold=True, fill=ACCENT)
        canvas.text(MARGIN + number * each, y + 22, name, fill=QUIET)
    if not found.totals:
        canvas.text(MARGIN, y + 50, speak(NOTHING), fill=QUIET)
        return y + 50
    return y + 22


def _panel(canvas: Canvas, one: ShownTable, place: tuple[float, float], y: float, speak: Translate) -> float:
    """Bars beneath their title, from this place and so wide; where it ends."""
    x, width = place
    drawn = [row for row in one.rows if row.size]
    shown = drawn[:MOST_BARS]
    canvas.text(x + width, y, one.bars, size=12, fill=QUIET, anchor="end")
    for number, line in enumerate(broken(one.title, width - room(one.bars, 12) - 8, 15, bold=True)):
        y += HEADED if number else 0
        canvas.text(x, y, line, size=15, bold=True)
    names = [_name(row, one.words) for row in shown]
    said = [row.says for row in shown]
    wide = min(max(room(name, 12) for name in names) + 6, width * 0.5)
    left, right = x + wide + 8, x + width - max(room(text, 12) for text in said) - 8
    most = max(row.size for row in shown)
    y += 12
    for row, name, text in zip(shown, names, said, strict=True):
        lines = broken(name, wide, 12)
        for number, line in enumerate(lines):
            canvas.text(x + wide, y + 15 + number * LINE, line, size=12, anchor="end")
        canvas.box(left, y + 3, max(right - left, 1), 15, fill=FAINT, round_=2)
        canvas.box(left, y + 3, max((right - left) * row.size / most, 2), 15, fill=ACCENT, round_=2)
        canvas.text(right + 8, y + 15, text, size=12)
        y += ROW + (len(lines) - 1) * LINE
    if len(drawn) > len(shown):
        canvas.text(x, y + 15, speak(MORE).format(count=len(drawn) - len(shown)), size=12, fill=QUIET)
        y += ROW
    return y


def _name(row: ResultsRow, words: int) -> str:
    return ", ".join(cell for cell in row.cells[:words] if cell)
