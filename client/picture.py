"""Pictures as SVG, written by hand: a small canvas, and the picture of a forecast.

Text is measured generously (the widest common sans serif), so that nothing overflows whichever font a viewer has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from textwrap import wrap

from client.spans import about, ticks
from rehearsal.forecast import Bin, Distribution, Forecast

INK, QUIET, FAINT, PAPER = "#1d2733", "#5b6875", "#d5dbe1", "#ffffff"
GOOD, BAD, ACCENT, SOFT = "#2f7d5b", "#b3402f", "#2f5d9b", "#a9c1e3"
FONT = "DejaVu Sans, Verdana, Segoe UI, Helvetica, Arial, sans-serif"
WIDE, BOLD = 0.64, 0.72
"""Width of a character in parts of the font's size: an upper bound for ordinary text."""


def room(text: str, size: float = 13, *, bold: bool = False) -> float:
    """The most room that a text takes, in the canvas's units."""
    return len(text) * size * (BOLD if bold else WIDE)


def broken(text: str, width: float, size: float = 13, *, bold: bool = False) -> list[str]:
    """The text in lines that fit."""
    most = max(int(width / (size * (BOLD if bold else WIDE))), 1)
    return wrap(text, most, break_long_words=True, break_on_hyphens=False) or [""]


@dataclass
class Canvas:
    """Shapes in the order of drawing. Units are pixels at a scale of one; `svg` gives the document."""

    width: float
    height: float = 0
    parts: list[str] = field(default_factory=list)

    def text(  # noqa: PLR0913 - what a text looks like
        self, x: float, y: float, text: str, *, size: float = 13, fill: str = INK, bold: bool = False, anchor: str = "start"
    ) -> None:
        """One line of text on its base line."""
        weight = ' font-weight="bold"' if bold else ""
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        self.parts.append(f'<text {place} font-size="{size:g}" fill="{fill}"{weight}>{escape(text)}</text>')

    def box(  # noqa: PLR0913 - what a box looks like
        self, x: float, y: float, width: float, height: float, *, fill: str = PAPER, stroke: str = "none", round_: float = 0
    ) -> None:
        """A rectangle."""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" rx="{round_:g}"'
        self.parts.append(f'<rect {place} fill="{fill}" stroke="{stroke}"/>')

    def line(
        self, *points: tuple[float, float], stroke: str = INK, width: float = 1, arrow: bool = False, dash: str = ""
    ) -> None:
        """A line through these points, with a head at its end if wanted."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        end = (' marker-end="url(#head)"' if arrow else "") + (f' stroke-dasharray="{dash}"' if dash else "")
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}"{end}/>')

    def svg(self, title: str) -> str:
        """The whole document."""
        size = f'width="{self.width:.0f}" height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        head = (
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0 L10,5 L0,10 z" fill="{ACCENT}"/></marker></defs>'
        )
        body = "\n".join(self.parts)
        paper = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        about_it = f"<title>{escape(title)}</title>"
        root = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">'
        return f"{root}\n{about_it}\n{head}\n{paper}\n{body}\n</svg>\n"


# A forecast

WIDTH, MARGIN = 1000.0, 40.0
CHART, ROW = 220.0, 26.0


def forecast_svg(found: Forecast, title: str) -> str:
    """The histogram of durations, and beneath it for each checkpoint how long it waited."""
    canvas = Canvas(WIDTH)
    y = MARGIN
    for line in broken(f"{found.operation}: {title}", WIDTH - 2 * MARGIN, 18, bold=True):
        canvas.text(MARGIN, y, line, size=18, bold=True)
        y += 24
    canvas.text(MARGIN, y, f"{found.runs} simulated deliveries, seeds {found.seed} to {found.seed + found.runs - 1}", fill=QUIET)
    y = _durations(canvas, found, y + 40)
    y = _waits(canvas, found, y + 50)
    canvas.height = y + MARGIN / 2
    return canvas.svg(f"{found.operation}: forecast")


def _durations(canvas: Canvas, found: Forecast, y: float) -> float:
    canvas.text(MARGIN, y, "How long until the outcome", size=15, bold=True)
    if found.duration is None:
        canvas.text(MARGIN, y + 24, "no run came to an end", fill=BAD)
        return y + 24
    y += 22
    spread = found.duration
    words = f"shortest {about(spread.min_s)}, median {about(spread.median_s)}, 90 of 100 within {about(spread.p90_s)}"
    canvas.text(MARGIN, y, f"{words}, longest {about(spread.max_s)}", fill=QUIET)
    y += 14
    for colour, label, x in ((GOOD, "delivered", MARGIN), (BAD, "halted", MARGIN + 130)):
        canvas.box(x, y, 12, 12, fill=colour)
        canvas.text(x + 18, y + 11, label, fill=QUIET)
    bottom = y + 34 + CHART
    left, right = MARGIN + 50, WIDTH - MARGIN
    most = max(one.delivered + one.halted for one in found.histogram)
    for part in sorted({0, most // 2, most}):
        level = bottom - CHART * part / most
        canvas.line((left, level), (right, level), stroke=FAINT)
        canvas.text(left - 8, level + 4, str(part), size=11, fill=QUIET, anchor="end")
    step = (right - left) / len(found.histogram)
    for number, one in enumerate(found.histogram):
        good, bad = CHART * one.delivered / most, CHART * one.halted / most
        x = left + number * step
        canvas.box(x + 1, bottom - good, step - 2, good, fill=GOOD)
        canvas.box(x + 1, bottom - good - bad, step - 2, bad, fill=BAD)
    canvas.line((left, bottom), (right, bottom), stroke=QUIET)
    _below(canvas, found.histogram, left, step, bottom)
    return bottom + 22


def _below(canvas: Canvas, columns: Sequence[Bin], left: float, step: float, bottom: float) -> None:
    """The time beneath every few columns; a last column that holds all outliers says so."""
    wider = len(columns) > 1 and columns[-1].to_s - columns[-1].from_s > columns[0].to_s - columns[0].from_s
    plain = columns[:-1] if wider else columns
    every = max(len(plain) // 6, 1)
    for number in range(0, len(plain), every):
        if not wider or number < len(plain) - 2:
            x = left + number * step
            canvas.line((x, bottom), (x, bottom + 5), stroke=QUIET)
            canvas.text(x, bottom + 19, about(columns[number].from_s), size=11, fill=QUIET)
    if wider:
        canvas.text(left + len(columns) * step, bottom + 19, "longer", size=11, fill=QUIET, anchor="end")


def _waits(canvas: Canvas, found: Forecast, y: float) -> float:
    canvas.text(MARGIN, y, "How long each checkpoint waited", size=15, bold=True)
    y += 22
    words = "dark: median; light: 90 of 100 runs; line: longest. At the end of a leg counted from the planned arrival."
    canvas.text(MARGIN, y, words, fill=QUIET, size=12)
    y += 16
    names = [one.checkpoint for one in found.checkpoints]
    left = MARGIN + max((room(name, 12) for name in names), default=0) + 12
    right = WIDTH - MARGIN - max((room(_three(one.wait), 11) for one in found.checkpoints), default=0) - 24
    usual = [one.wait.p90_s for one in found.checkpoints if "." not in one.checkpoint]
    scale = max([*usual, 1]) * 1.2
    marks = ticks(scale)
    bottom = y + ROW * len(names) + 6
    for mark in marks:
        x = left + (right - left) * mark / scale
        canvas.line((x, y), (x, bottom), stroke=FAINT)
        canvas.text(x, bottom + 15, about(mark), size=11, fill=QUIET, anchor="middle")
    for number, one in enumerate(found.checkpoints):
        _bar(canvas, one.checkpoint, one.wait, left, right, y + ROW * number + 4, scale)
    return bottom + 22


def _bar(  # noqa: PLR0913, PLR0917 - a bar and where it stands
    canvas: Canvas, name: str, wait: Distribution, left: float, right: float, y: float, scale: float
) -> None:
    unit = (right - left) / scale
    longest = min(wait.max_s, scale)
    canvas.text(left - 10, y + 14, name, size=12, anchor="end")
    canvas.line((left, y + 9), (left + longest * unit, y + 9), stroke=QUIET)
    canvas.box(left, y + 2, min(wait.p90_s, scale) * unit, 14, fill=SOFT)
    canvas.box(left, y + 2, min(wait.median_s, scale) * unit, 14, fill=ACCENT)
    beyond = " »" if wait.max_s > scale else ""
    canvas.text(
        right + 10, y + 14, f"{about(wait.median_s)} / {about(wait.p90_s)} / {about(wait.max_s)}{beyond}", size=11, fill=QUIET
    )


def _three(wait: Distribution) -> str:
    return f"{about(wait.median_s)} / {about(wait.p90_s)} / {about(wait.max_s)}"
