"""A picture of the three ways: what each reaches, and beside the bare one; and how many events a statement brings."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.views.canvas import ACCENT, FAINT, QUIET, Canvas

LEFT, WIDTH, BAR, GAP = 210.0, 420.0, 22.0, 10.0
_FIGURES: tuple[tuple[str, Callable[[Mapping[str, Any]], float], str], ...] = (
    ("Confirmations a second", lambda one: one["confirmations_a_second"], "more is better"),
    ("Deliveries a second", lambda one: one["deliveries_a_second"], "more is better"),
    ("Receipt when idle, p50, ms", lambda one: one["idle_ms"]["p50"], "less is better"),
    ("Receipt under load, p99, ms", lambda one: one["loaded_ms"]["p99"], "less is better"),
    ("CPU of a confirmation, ms", lambda one: sum(one["cpu_ms_a_confirmation"].values()), "less is better"),
    ("Events of a confirmation when idle", lambda one: one["events_a_confirmation"]["idle"], "less is better"),
)


def picture(document: Mapping[str, Any]) -> str:
    """As SVG: for each figure a bar for each way, and one for who speaks of one delivery alone and at once."""
    ways: Mapping[str, Any] = document["ways"]
    events = {"one after another": document["events"]["in_turn"], "at once": document["events"]["crowded"]}
    bars = [(title, {name: float(figure(one)) for name, one in ways.items()}, better) for title, figure, better in _FIGURES]
    canvas = Canvas(LEFT + WIDTH + 110)
    y = 30.0
    for title, values, better in [*bars, ("Events of a statement into one open delivery", events, "less is better")]:
        canvas.text(16, y, title, bold=True)
        canvas.text(LEFT + WIDTH + 94, y, better, size=11, fill=QUIET, anchor="end")
        y += GAP
        for name, value in values.items():
            long = WIDTH * value / (max(values.values()) or 1)
            canvas.text(LEFT - 10, y + BAR - 6, name, anchor="end")
            canvas.box(LEFT, y, long, BAR, fill=FAINT if name == "bare" else ACCENT)
            canvas.text(LEFT + long + 8, y + BAR - 6, f"{value:g}" if value < 100 else f"{value:.0f}")
            y += BAR + 4
        y += 2 * GAP + 10
    canvas.height = y
    return canvas.svg("What Vigil costs over bare Temporal")
