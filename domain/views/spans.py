"""Times as statistics count them: by the span that each falls into, so that a database adds them up and sums have a median.

A span's word is the minutes that it ends with, so written that words sort as times do. Spans grow with the time: a median is
right to about a fifth of itself.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from domain.signing.canonical import Frozen
from domain.words.text import mark

DAYS, HOURS, MINUTES = mark("%d d"), mark("%d h"), mark("%d min")
"""Of a time in two units, as people read it."""
LONGER: Final = "longer"
"""What is beyond the last span. It sorts behind every number."""
ENDS: Final[tuple[int, ...]] = (
    *(1, 2, 5, 10, 15, 20, 30, 45, 60, 75, 90, 120, 150, 180, 240, 300, 360, 480, 600, 720, 900, 1_080, 1_260, 1_440),
    *(1_800, 2_160, 2_520, 2_880, 3_600, 4_320, 5_040, 5_760, 7_200, 8_640, 10_080, 11_520, 14_400, 17_280, 20_160),
    *(23_040, 28_800, 34_560, 46_080, 92_160),
)
"""Minutes with which each span ends: from one to sixty-four days."""
NAMES: Final[tuple[str, ...]] = (*(f"{one:05d}" for one in ENDS), LONGER)
FEWEST: Final = 5
"""Cases that a median is said of."""


class Spread(Frozen):
    """How times are spread, in whole seconds: so many hundredths of them took no longer than that."""

    p10_s: int
    p25_s: int
    p50_s: int
    p75_s: int
    p90_s: int


def span_of(took: timedelta) -> str:
    """Into which span this falls."""
    minutes = took.total_seconds() / 60
    return next((name for name, end in zip(NAMES, ENDS, strict=False) if minutes <= end), LONGER)


def spread(counts: Mapping[str, int]) -> Spread | None:
    """How times are spread of which so many fall into each span; within one, evenly. None where nothing is counted."""
    total = sum(counts.values())
    if total == 0:
        return None
    spans = tuple(_spans(counts))
    return Spread(
        p10_s=_below(spans, total, 10),
        p25_s=_below(spans, total, 25),
        p50_s=_below(spans, total, 50),
        p75_s=_below(spans, total, 75),
        p90_s=_below(spans, total, 90),
    )


def _spans(counts: Mapping[str, int]) -> Iterator[tuple[int, int, int]]:
    """Each span in which something is: how many, and between which seconds. What is beyond the last is as wide as that."""
    edges = (0, *ENDS, 2 * ENDS[-1])
    for number, name in enumerate(NAMES):
        if counts.get(name, 0):
            yield counts[name], 60 * edges[number], 60 * edges[number + 1]


def _below(spans: tuple[tuple[int, int, int], ...], total: int, percent: int) -> int:
    wanted, before = percent * total, 0
    for count, low, high in spans:
        if 100 * (before + count) >= wanted:
            return low + (high - low) * (wanted - 100 * before) // (100 * count)
        before += count
    return spans[-1][2]
