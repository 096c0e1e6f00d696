"""What a simulation says of a delivery before it starts, as statistics compare it with what happens: the lines of
`domain.views.tally` of so many simulated deliveries, added up.
"""

from collections import Counter
from collections.abc import Iterable
from typing import get_args

from domain.delivery.delivery import Delivery
from domain.views.sight import whole
from domain.views.statistics import MOST_TIMES, Forecast, Foretold, ForetoldLine
from domain.views.tally import Line, tally
from domain.words.limits import MOST_FORESEEN
from rehearsal.groups import as_far_as
from rehearsal.simulator import NotEnded, World, simulate
from rehearsal.trials import Trials

FEWEST = 10
"""Runs that must have ended for tenths of them."""

Key = tuple[Foretold, str, str, str]


def foreseen(trials: Trials) -> tuple[Forecast | None, ...]:
    """The forecast of each delivery that is tried, one after another in this process; none where nothing came of any run."""
    counts: list[Counter[Key]] = [Counter() for _ in trials.worlds]
    lasted: list[list[int]] = [[] for _ in trials.worlds]
    first = trials.worlds[0].seed
    for seed in range(first, first + trials.runs):
        for counted, times, delivery in zip(counts, lasted, _course(trials.of(seed)), strict=True):
            lines = tally(delivery, whole(delivery)) if delivery is not None else ()
            counted.update(_counts(lines))
            times += [one.amount for one in lines if one.measure == "lasted"]
    return tuple(_forecast(one, times, trials.runs) for one, times in zip(counts, lasted, strict=True))


def _course(worlds: tuple[World, ...]) -> tuple[Delivery | None, ...]:
    if len(worlds) > 1:
        return tuple(as_far_as(worlds))
    try:
        return (simulate(worlds[0]).delivery,)
    except NotEnded as endless:
        return (endless.delivery,)


def _counts(lines: Iterable[Line]) -> dict[Key, int]:
    """Of one run; what was still open when it was given up is not foreseen."""
    return {
        (measure, one.of, one.by, one.how): one.count
        for measure in get_args(Foretold)
        for one in lines
        if one.measure == measure and one.how != "open"
    }


def _forecast(counted: Counter[Key], lasted: list[int], runs: int) -> Forecast | None:
    """The most frequent lines, where there are more than a forecast holds."""
    lines = tuple(
        ForetoldLine(measure=measure, of=of, by=by, how=how, count=min(count, runs * MOST_TIMES))
        for (measure, of, by, how), count in counted.most_common(MOST_FORESEEN)
    )
    ordered = sorted(lasted)
    tenths = tuple(ordered[number * len(ordered) // 10] for number in range(1, 10)) if len(ordered) >= FEWEST else ()
    return Forecast(runs=runs, lines=lines, tenths=tenths) if lines else None
