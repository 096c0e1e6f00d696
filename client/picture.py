"""The picture of a forecast, as SVG."""

from collections.abc import Sequence

from client.language import _
from client.outlook import simulated
from client.spans import about, ticks
from domain.views.canvas import ACCENT, BAD, FAINT, GOOD, QUIET, SOFT, Canvas, broken, room
from rehearsal.forecast import Bin, Distribution, ForecastReport

WIDTH, MARGIN = 1000.0, 40.0
CHART, ROW = 220.0, 26.0


def forecast_svg(found: ForecastReport, title: str) -> str:
    """The histogram of durations, and beneath it for each checkpoint how long it waited."""
    canvas = Canvas(WIDTH)
    y = MARGIN
    for line in broken(f"{found.operation}: {title}", WIDTH - 2 * MARGIN, 18, bold=True):
        canvas.text(MARGIN, y, line, size=18, bold=True)
        y += 24
    canvas.text(MARGIN, y, simulated(found), fill=QUIET)
    y = _durations(canvas, found, y + 40)
    y = _waits(canvas, found, y + 50)
    canvas.height = y + MARGIN / 2
    return canvas.svg(_("{delivery}: forecast", delivery=found.operation))


def _durations(canvas: Canvas, found: ForecastReport, y: float) -> float:
    canvas.text(MARGIN, y, _("How long until the outcome"), size=15, bold=True)
    if found.duration is None:
        canvas.text(MARGIN, y + 24, _("no run came to an end"), fill=BAD)
        return y + 24
    y += 22
    spread = found.duration
    words = _(
        "shortest {shortest}, median {median}, 90 of 100 within {most}, longest {longest}",
        shortest=about(spread.min_s),
        median=about(spread.median_s),
        most=about(spread.p90_s),
        longest=about(spread.max_s),
    )
    canvas.text(MARGIN, y, words, fill=QUIET)
    y += 14
    for colour, label, x in ((GOOD, _("delivered"), MARGIN), (BAD, _("halted"), MARGIN + 190)):
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
        canvas.text(left + len(columns) * step, bottom + 19, _("longer"), size=11, fill=QUIET, anchor="end")


def _waits(canvas: Canvas, found: ForecastReport, y: float) -> float:
    canvas.text(MARGIN, y, _("How long each checkpoint waited"), size=15, bold=True)
    y += 22
    words = _("dark: median; light: 90 of 100 runs; line: longest. At the end of a leg counted from the planned arrival.")
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
