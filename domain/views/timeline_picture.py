"""The timeline as an SVG that a page draws in its own colours: consents as bars with what must be covered and what is lacking;
under them the plan as outlines, what happened as bars, what is expected dashed. All of it stands in a table beside it, too.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.views.names import STEPS
from domain.views.sentences import Translate, two_units
from domain.views.timeline import ConsentSpan, Timeline, TimelineRow, TimelineSpan
from domain.words.legible import in_svg
from domain.words.text import mark

WIDTH, NAMES, RIGHT, TOP, LINE = 900.0, 245.0, 110.0, 22.0, 22.0
MOST_TICKS: Final = 9
TICKS: Final = tuple(
    timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 4320, 8760, 17520, 87600)
)
"""Between two lines of the grid, in order: the first is taken by which there are not too many."""
LEG: Final = mark("way in {state}")
SHORT: Final = mark("{span} short")
LATE: Final = mark("+{span}")
NOW: Final = mark("now")
TITLE: Final = mark("Consents and steps from {begins} to {ends}; the same in words stands in the table under it")


X = Callable[[datetime], float]
"""Where a moment stands."""


def picture(line: Timeline, speak: Translate) -> str:
    """One SVG, its colours by classes."""
    span = line.whole
    length = max((span.ends - span.begins).total_seconds(), 3600.0)
    scale = (WIDTH - NAMES - RIGHT) / length

    def x(at: datetime) -> float:
        return NAMES + (min(max(at, span.begins), span.ends) - span.begins).total_seconds() * scale

    parts: list[str] = []
    y = TOP
    for number, one in enumerate(line.consents):
        parts += [*_stripe(number, y), *_consent(one, y, x, speak)]
        y += LINE
    y += 6.0 if line.consents else 0.0
    for number, row in enumerate(line.rows):
        parts += [*_stripe(number, y), *_row(row, y, x, speak)]
        y += LINE
    grid = list(_grid(span, length, y, x))
    here = x(line.now)
    now = f'<path class="now" d="M{here:.1f} {TOP - 4:.0f}V{y:.0f}"/>'
    now += f'<text class="now" x="{here:.1f}" y="{y + 13:.0f}" text-anchor="middle">{in_svg(speak(NOW))} {line.now:%H:%M}</text>'
    title = speak(TITLE).format(begins=_day(span.begins), ends=_day(span.ends))
    height = y + 20
    head = f'<svg class="gantt" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{in_svg(title)}">'
    return "".join((head, *grid, *parts, now, "</svg>"))


def name_of(row: TimelineRow, speak: Translate) -> str:
    """What a row is of."""
    return speak(LEG).format(state=row.state) if row.what == "leg" else speak(STEPS[row.what])


def _day(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def _stripe(number: int, y: float) -> Iterator[str]:
    if number % 2 == 0:
        yield f'<rect class="stripe" x="0" y="{y:.0f}" width="{WIDTH:.0f}" height="{LINE:.0f}"/>'


def _grid(span: TimelineSpan, length: float, bottom: float, x: X) -> Iterator[str]:
    step = next((one for one in TICKS if length / one.total_seconds() <= MOST_TICKS), TICKS[-1])
    begins = span.begins.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = begins + -(-(span.begins - begins) // step) * step
    while at <= span.ends:
        label = at.strftime("%m-%d") if step >= timedelta(days=1) else at.strftime("%m-%d %H:%M")
        yield f'<path class="grid" d="M{x(at):.1f} 16V{bottom:.0f}"/><text class="ax" x="{x(at) + 3:.1f}" y="12">{label}</text>'
        at += step


def _bar(kind: str, span: TimelineSpan, y: float, height: float, x: X) -> str:
    left, right = x(span.begins), x(span.ends)
    wide = max(right - left, 1.5)
    return f'<rect class="{kind}" x="{left:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{height:g}" rx="1.5"/>'


def _consent(one: ConsentSpan, y: float, x: X, speak: Translate) -> Iterator[str]:
    yield f'<text class="mono" x="8" y="{y + 15:.0f}">{in_svg(_cut(f"{one.state} {one.service}", 24))}</text>'
    yield _bar("ok" if one.live else "gone", one.runs, y + 4, 14, x)
    if one.needed is not None:
        left, right, middle = x(one.needed.begins), x(one.needed.ends), y + 11
        up, down = f"{y + 3:.1f}", f"{y + 19:.1f}"
        ends = f"M{left:.1f} {up}V{down}M{left:.1f} {middle:.1f}H{right:.1f}M{right:.1f} {up}V{down}"
        yield f'<path class="needs" d="{ends}"/>'
    if one.needed is not None and one.short:
        yield _bar("short", TimelineSpan(one.runs.ends, one.needed.ends), y + 8, 6, x)
        said = speak(SHORT).format(span=two_units(one.short, speak))
        right = min(x(one.needed.ends) + 6, WIDTH - RIGHT + 4)
        yield f'<text class="late" x="{right:.1f}" y="{y + 15:.0f}">{in_svg(said)}</text>'


def _row(row: TimelineRow, y: float, x: X, speak: Translate) -> Iterator[str]:
    yield f'<text x="8" y="{y + 15:.0f}">{in_svg(_cut(name_of(row, speak), 20))}</text>'
    services = row.services[0] + (f" +{len(row.services) - 1}" if len(row.services) > 1 else "") if row.services else ""
    yield f'<text class="ax" x="144" y="{y + 15:.0f}">{in_svg(_cut(services, 16))}</text>'
    if row.planned is not None:
        yield _bar("plan", row.planned, y + 3, 6, x)
    if row.real is not None:
        yield _bar("run" if row.goes_on else "did", row.real, y + 11, 7, x)
    if row.expected is not None:
        yield _bar("will", row.expected, y + 11, 7, x)
    ends = [x(span.ends) for span in (row.planned, row.real, row.expected) if span is not None]
    if row.delay and ends:
        said = speak(LATE).format(span=two_units(row.delay, speak))
        yield f'<text class="soon" x="{max(ends) + 6:.1f}" y="{y + 16:.0f}">{in_svg(said)}</text>'


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
