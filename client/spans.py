"""Seconds as people read them: rounded, two units at most."""

from datetime import timedelta

from domain.words.quantities import say_span

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = (1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR,
         6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY, 50 * DAY, 100 * DAY, 500 * DAY)  # fmt: skip
FEWEST_TICKS = 4


def about(seconds: float) -> str:
    """Rounded: to hours from a day on, to minutes from five minutes on, else to seconds; `0 s` for none."""
    whole = round(abs(seconds))
    grain = HOUR if whole >= DAY else MINUTE if whole >= 5 * MINUTE else 1
    rounded = timedelta(seconds=round(whole / grain) * grain)
    return ("-" if seconds < 0 and rounded else "") + (say_span(rounded) or "0 s")


def ticks(longest: float) -> list[int]:
    """Round marks from none up to the longest: four to eight or so."""
    step = next((one for one in reversed(STEPS) if longest / one >= FEWEST_TICKS), STEPS[0])
    return [number * step for number in range(int(longest / step) + 1)]
