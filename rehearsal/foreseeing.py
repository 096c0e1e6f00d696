"""What a simulation says of a delivery before it starts, as statistics compare it with what happens: the lines of
`domain.views.tally` of so many simulated deliveries, added up.
"""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from domain.delivery.delivery import Delivery
from domain.views.sight import whole
from domain.views.statistics import MOST_TIMES, Forecast, Foretold, ForetoldLine
from domain.views.tally import tally
from domain.words.limits import MOST_FORESEEN
from rehearsal.groups import as_far_as
from rehearsal.simulator import NotEnded, World, simulate
from rehearsal.trials import Trials

Key = tuple[Foretold, str, str, str]


def foreseen(trials: Trials) -> tuple[Forecast | None, ...]:
    """The forecast of each delivery that is tried, one after another in this process; none where nothing came of any run."""
    counts: list[Counter[Key]] = [Counter() for _ in trials.worlds]
    first = trials.worlds[0].seed
    for seed in range(first, first + trials.runs):
        for counted, delivery in zip(counts, _course(trials.of(seed)), strict=True):
            counted.update(_lines(delivery))
    return tuple(_forecast(one, trials.runs) for one in counts)


def _course(worlds: tuple[World, ...]) -> tuple[Delivery | None, ...]:
    if len(worlds) > 1:
        return tuple(as_far_as(worlds))
    try:
        return (simulate(worlds[0]).delivery,)
    except NotEnded as endless:
        return (endless.delivery,)


def _lines(delivery: Delivery | None) -> dict[Key, int]:
    """Of one run; what was still open when it was given up is not foreseen."""
    if delivery is None:
        return {}
    lines = tally(delivery, whole(delivery))
    return {
        (measure, one.of, one.by, one.how): one.count
        for measure in get_args(Foretold)
        for one in lines
        if one.measure == measure and one.how != "open"
    }


def _forecast(counted: Counter[Key], runs: int) -> Forecast | None:
    """The most frequent lines, where there are more than a forecast holds."""

    def lines() -> Iterator[ForetoldLine]:
        for (measure, of, by, how), count in counted.most_common(MOST_FORESEEN):
            yield ForetoldLine(measure=measure, of=of, by=by, how=how, count=min(count, runs * MOST_TIMES))

    return Forecast(runs=runs, lines=tuple(lines())) if counted else None
