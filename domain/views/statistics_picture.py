"""Statistics as a picture: how long was waited against what was simulated, how deliveries ended, what was refused, and whether
the simulation was right. One for a file, and panel by panel for a page.

What was simulated is dashed or thin, never a colour alone: it is told apart on paper too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import log
from typing import Final

from domain.plan.quantity import Translate
from domain.views import statistics_in_words as words
from domain.views.canvas import ACCENT, BAD, FAINT, INK, PAPER, QUIET, Canvas, broken, room
from domain.views.names import OUTCOMES
from domain.views.results_picture import IN_A_PAGE
from domain.views.spans import Spread
from domain.views.statistics import Statistics, Times
from domain.words.text import mark

WIDTH, HALF, MARGIN, LINE = 860.0, 420.0, 40.0, 25.0
IN_PAGE: Final = {**IN_A_PAGE, BAD: "bad"}
"""Which colour of the desk stands for each of a picture's."""
TICKS: Final = tuple(60 * minutes for minutes in (1, 5, 15, 60, 240, 720, 1_440, 2_880, 5_760, 11_520, 23_040, 46_080, 92_160))
"""Seconds that lines of the grid may stand at."""
MOST_LINES: Final = 20
"""Of one panel; the tables have the rest."""
MORE: Final = mark("and {count} more, in the tables")
MIDDLE: Final = mark("middle half, median")
MOST_OF_THEM: Final = mark("10 to 90 of 100")
DASHED: Final = mark("simulated, 10 to 90 of 100")
AS_SIMULATED: Final = mark("as simulated")
EXPECTED: Final = mark("simulated, with the range of 9 in 10")
IF_RIGHT: Final = mark("if right")


@dataclass(frozen=True)
class StatisticsPanel:
    """One panel by itself. `wide`: it takes the whole width of a page."""

    title: str
    svg: str
    wide: bool


Draw = Callable[[Canvas, float, float], float]
"""Draws on a canvas from a line of it down, so wide; where it ends."""


def picture(found: Statistics, speak: Translate) -> str:
    """The whole, as one SVG."""
    canvas = Canvas(WIDTH + 2 * MARGIN)
    y = MARGIN
    for sentence in words.sentences(found, speak):
        for line in broken(sentence, WIDTH, 15, bold=True):
            canvas.text(MARGIN, y, line, size=15, bold=True)
            y += 20
    for number, (text, of, beside) in enumerate(words.headline(found, speak)):
        x = MARGIN + number * WIDTH / 4
        canvas.text(x, y + 36, text, size=26, bold=True, fill=ACCENT)
        canvas.text(x, y + 54, of, size=11, fill=QUIET)
        canvas.text(x, y + 70, beside, size=11, fill=QUIET)
    y += 92
    for title, _, draw in _panels(found, speak):
        canvas.text(MARGIN, y + 16, title, size=15, bold=True)
        y = draw(canvas, y + 26, WIDTH) + 24
    canvas.height = y
    return canvas.svg(words.sentences(found, speak)[0])


def panels(found: Statistics, speak: Translate) -> Iterator[StatisticsPanel]:
    """Each panel by itself, in the colours of the page that it stands in."""
    for title, wide, draw in _panels(found, speak):
        width = WIDTH if wide else HALF
        canvas = Canvas(width + 2 * MARGIN)
        canvas.height = draw(canvas, 4, width) + 4
        svg = canvas.svg(title).replace(f'width="{canvas.width:.0f}"', f'width="{width:.0f}"', 1)
        svg = svg.replace(f'viewBox="0 0 {canvas.width:.0f}', f'viewBox="{MARGIN:.0f} 0 {width:.0f}', 1)
        for colour, name in IN_PAGE.items():
            svg = svg.replace(f'"{colour}"', f'"var(--{name})"')
        yield StatisticsPanel(title, svg, wide)


def _panels(found: Statistics, speak: Translate) -> Iterator[tuple[str, bool, Draw]]:
    """Those in which there is something to draw."""
    for title, these in ((words.KINDS_TITLE, found.kinds), (words.SERVICES_TITLE, found.services)):
        lines = _worst_first(these)
        if lines:
            yield speak(title), True, partial(_waits, speak, lines)
    if found.endings:
        yield speak(words.ENDINGS_TITLE), False, partial(_endings, speak, found)
    if found.refused:
        yield speak(words.REFUSED_TITLE), False, partial(_refused, found)
    if found.tenths:
        yield speak(words.TENTHS_TITLE), False, partial(_tenths, speak, found)


def _worst_first(these: tuple[Times, ...]) -> list[Times]:
    """Those of which there is something to draw; slowest against what was simulated first, then by their medians."""
    drawn = [one for one in these if one.took is not None or one.simulated is not None]
    return sorted(
        drawn, key=lambda one: (-(one.percent or 0), -(one.took.p50_s if one.took is not None else 0), one.kind, one.service)
    )


def _waits(speak: Translate, lines: list[Times], canvas: Canvas, y: float, width: float) -> float:
    """A line each: what was, as a box on a whisker; what was simulated, as a dashed frame; time grows by its logarithm."""
    shown, right = lines[:MOST_LINES], MARGIN + width
    spreads = [spread for one in shown for spread in (one.took, one.simulated) if spread is not None]
    low, high = max(min(one.p10_s for one in spreads), 60), max(3_600, *(one.p90_s for one in spreads))
    names = [words.name_of(one, speak) for one in shown]
    said = [words.against(one, speak) if one.slower else speak(AS_SIMULATED) if one.percent is not None else "" for one in shown]
    left = MARGIN + min(max(room(name, 12) for name in names), width * 0.36) + 46
    end = right - max(room(text, 12) for text in said) - 16

    def x(seconds: int) -> float:
        return left + (end - left) * max(log(max(seconds, 1) / low), 0) / log(high / low)

    bottom, before = y + 22 + LINE * len(shown), left - 60
    for tick in (one for one in TICKS if low <= one <= high):
        canvas.line((x(tick), y + 18), (x(tick), bottom), stroke=FAINT)
        if x(tick) - before >= 56:
            canvas.text(x(tick), y + 12, words.said(tick, speak), size=11, fill=QUIET, anchor="middle")
            before = x(tick)
    y += 22
    for one, name, text in zip(shown, names, said, strict=True):
        canvas.text(MARGIN, y + 17, _cut(name, left - MARGIN - 46), size=12)
        canvas.text(left - 12, y + 17, str(one.asked), size=11, fill=QUIET, anchor="end")
        if one.simulated is not None:
            _framed(canvas, x(one.simulated.p10_s), x(one.simulated.p90_s), y + 3, 19)
        if one.took is not None:
            _boxed(canvas, x, one.took, y)
        canvas.text(end + 12, y + 17, text, size=12, fill=BAD if one.slower else QUIET, bold=one.slower)
        y += LINE
    if len(lines) > len(shown):
        canvas.text(MARGIN, y + 14, speak(MORE).format(count=len(lines) - len(shown)), size=12, fill=QUIET)
        y += LINE
    return _legend(canvas, y, speak)


def _boxed(canvas: Canvas, x: Callable[[int], float], took: Spread, y: float) -> None:
    canvas.line((x(took.p10_s), y + 12.5), (x(took.p90_s), y + 12.5))
    for end in (took.p10_s, took.p90_s):
        canvas.line((x(end), y + 9), (x(end), y + 16))
    canvas.box(x(took.p25_s), y + 7, max(x(took.p75_s) - x(took.p25_s), 3), 11, fill=ACCENT, round_=1.5)
    canvas.line((x(took.p50_s), y + 7), (x(took.p50_s), y + 18), stroke=PAPER, width=2)


def _framed(canvas: Canvas, left: float, right: float, y: float, height: float) -> None:
    right = max(right, left + 3)
    canvas.line((left, y), (right, y), (right, y + height), (left, y + height), (left, y), stroke=QUIET, dash="3 2")


def _legend(canvas: Canvas, y: float, speak: Translate) -> float:
    x = MARGIN
    for text in (MIDDLE, MOST_OF_THEM, DASHED):
        if text == MIDDLE:
            canvas.box(x, y + 6, 24, 11, fill=ACCENT, round_=1.5)
        elif text == DASHED:
            _framed(canvas, x, x + 24, y + 5, 13)
        else:
            canvas.line((x, y + 11.5), (x + 24, y + 11.5))
        canvas.text(x + 30, y + 16, speak(text), size=12, fill=QUIET)
        x += 30 + room(speak(text), 12) + 8
    return y + 22


def _endings(speak: Translate, found: Statistics, canvas: Canvas, y: float, width: float) -> float:
    """A bar each, and over it what was simulated as a stroke on its range."""
    names = [speak(OUTCOMES.get(one.outcome, one.outcome)) for one in found.endings]
    most = max(max(one.count, one.most or 0) for one in found.endings) or 1
    left = MARGIN + min(max(room(name, 12) for name in names), width * 0.62) + 8
    scale = (MARGIN + width - left - 40) / most
    for one, name in zip(found.endings, names, strict=True):
        canvas.text(MARGIN, y + 14, _cut(name, left - MARGIN - 8), size=12)
        canvas.box(left, y + 3, one.count * scale, 13, fill=ACCENT, round_=1.5)
        ends = one.count
        if one.expected is not None and one.least is not None and one.most is not None:
            canvas.line((left + one.least * scale, y + 18), (left + one.most * scale, y + 18))
            canvas.line((left + one.expected * scale, y + 1), (left + one.expected * scale, y + 21), width=2)
            ends = max(one.count, one.most)
        canvas.text(left + ends * scale + 6, y + 14, str(one.count), size=12)
        y += LINE
    if any(one.expected is not None for one in found.endings):
        canvas.line((MARGIN, y + 12), (MARGIN + 24, y + 12))
        canvas.line((MARGIN + 12, y + 5), (MARGIN + 12, y + 19), width=2)
        canvas.text(MARGIN + 30, y + 16, speak(EXPECTED), size=12, fill=QUIET)
        y += LINE
    return y


def _refused(found: Statistics, canvas: Canvas, y: float, width: float) -> float:
    """A bar each rule, with the service that was refused most by it."""
    rules = words.rules_in(found)[:MOST_LINES]
    left, most = MARGIN + 40, max(count for _, count, _ in rules)
    scale = (width * 0.5) / most
    for rule, count, service in rules:
        canvas.text(MARGIN, y + 14, rule, size=12)
        canvas.box(left, y + 3, count * scale, 13, fill=ACCENT, round_=1.5)
        canvas.text(left + count * scale + 6, y + 14, str(count), size=12)
        canvas.text(MARGIN + width, y + 14, service, size=12, fill=QUIET, anchor="end")
        y += LINE
    return y


def _tenths(speak: Translate, found: Statistics, canvas: Canvas, y: float, width: float) -> float:
    """A column for each tenth, and the height that all would have if the simulation were right."""
    for line in broken(speak(words.TENTHS), width, 12):
        canvas.text(MARGIN, y + 12, line, size=12, fill=QUIET)
        y += 16
    right = width - room(speak(IF_RIGHT), 11) - 10
    each, high, most = right / 10, 90.0, max(found.tenths)
    base = y + 16 + high
    for number, count in enumerate(found.tenths):
        x, tall = MARGIN + number * each, high * count / most
        canvas.box(x, base - tall, each - 6, tall, fill=ACCENT, round_=1.5)
        canvas.text(x + each / 2 - 3, base - tall - 4, str(count), size=11, anchor="middle")
        canvas.text(x + each / 2 - 3, base + 14, f"{10 * number + 10}", size=11, fill=QUIET, anchor="middle")
    level = base - high * sum(found.tenths) / 10 / most
    canvas.line((MARGIN, level), (MARGIN + right, level), dash="4 3", stroke=INK)
    canvas.text(MARGIN + right + 4, level + 4, speak(IF_RIGHT), size=11, fill=QUIET)
    return base + 22


def _cut(name: str, wide: float) -> str:
    most = max(int(wide / room("n", 12) + 0.01), 2)  # what has just enough room is whole
    return name if len(name) <= most else f"{name[: most - 1]}…"
