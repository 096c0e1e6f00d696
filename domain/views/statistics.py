"""How the deliveries of a period went: how long each kind of checkpoint and each service was waited for, in time or not, how they
ended, and what was refused; beside what a simulation before the start said of the same deliveries.

It is made of the lines of `domain.views.tally`, which simulated deliveries have as well: both are measured by one rule.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isqrt
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from domain.delivery.delivery import Delivery
from domain.delivery.vocabulary import Outcome, UtcText
from domain.plan.cards import Channel
from domain.plan.plan import STEP_NEEDS
from domain.rules.books import BOOK
from domain.signing.canonical import Frozen
from domain.views.results import Adding, CountedBy, Period, Total, Whole
from domain.views.spans import FEWEST, NAMES, Spread, spread
from domain.views.tally import ANSWERED, TO_CONSENT, Word
from domain.words.identifiers import ServiceId, State
from domain.words.limits import LONGEST_TALLIED, MOST_FORESEEN, MOST_SIMULATED, TENTHS
from domain.words.quantities import MAX_WHOLE

KINDS: Final[frozenset[str]] = frozenset({*STEP_NEEDS, *BOOK.contingencies, *(f"authorise/{one}" for one in TO_CONSENT)})
"""What a checkpoint may be for; of consent, also whose it is."""
PER: Final = 1_000
"""A forecast is kept as if of so many runs, so that each delivery weighs the same."""
MOST_TIMES: Final = 16
"""A forecast counts a service at a kind of checkpoint so often in one run, and no more: no delivery outweighs all others."""
SLOWER: Final = 150
"""Hundredths of the simulated median from which on something is slower than simulated."""

Foretold = Literal["asked", "answered", "lasted"]
"""The measures that a forecast has."""


class ForetoldLine(Frozen):
    """One number of a forecast, in closed words: what came of all its runs together."""

    measure: Foretold
    of: Word
    by: Word = ""
    how: Word
    count: Annotated[int, Field(ge=1, le=MOST_SIMULATED * MOST_TIMES)]

    @model_validator(mode="after")
    def _in_our_words(self) -> Self:
        ofs: Iterable[str] = get_args(Outcome) if self.measure == "lasted" else KINDS
        hows = ANSWERED if self.measure == "asked" else NAMES
        for name, given, known in (("of", self.of, ofs), ("how", self.how, hows)):
            if given not in known:
                raise ValueError(
                    f"`{name}`: {given} is nothing that is counted as {self.measure}; docs/statistics.md has what is"
                )
        if (self.measure == "lasted") != (self.by == ""):
            raise ValueError("`by`: a service stands at what it was asked, and at nothing else")
        return self


class Forecast(Frozen):
    """What a simulation said of one delivery before it started: the lines of so many runs, each added up."""

    vigil: Literal["forecast/1"] = "forecast/1"
    runs: Annotated[int, Field(ge=1, le=MOST_SIMULATED)]
    lines: Annotated[tuple[ForetoldLine, ...], Field(min_length=1, max_length=MOST_FORESEEN)]
    tenths: Annotated[tuple[Annotated[int, Field(ge=0, le=MAX_WHOLE)], ...], Field(max_length=9)] = ()
    """Seconds below which one tenth of those that ended lasted, then two, up to nine; none where fewer than ten have ended."""

    @model_validator(mode="after")
    def _of_so_many_runs(self) -> Self:
        keys = [(one.measure, one.of, one.by, one.how) for one in self.lines]
        if len(set(keys)) != len(keys):
            raise ValueError("`lines`: one stands there twice")
        if sum(one.count for one in self.lines if one.measure == "lasted") > self.runs:
            raise ValueError("`lines`: a run ends once, and here more have ended than there are runs")
        if len(self.tenths) not in (0, 9) or list(self.tenths) != sorted(self.tenths):
            raise ValueError("`tenths`: expected nine times, none shorter than the one before, or none at all")
        if any(one.count > self.runs * MOST_TIMES for one in self.lines):
            raise ValueError(f"`lines`: a number is at most {MOST_TIMES} for each run")
        return self


class Narrowed(Frozen):
    """What statistics are narrowed to: all of what is given. `kind`: a kind of checkpoint; `authorise` is of every State."""

    kind: Annotated[str, Field(max_length=LONGEST_TALLIED, pattern=r"^[a-z][a-z_/]*$")] | None = None
    service: ServiceId | None = None
    state: State | None = None
    channel: Channel | None = None

    @model_validator(mode="after")
    def _is_a_kind(self) -> Self:
        if self.kind is not None and self.kind not in KINDS:
            raise ValueError(f"`kind`: there is none that is called {self.kind}; docs/statistics.md has those there are")
        return self

    def chooses(self, delivery: Delivery) -> bool:
        """Whether a delivery goes through this State and travels so."""
        of_state = self.state is None or self.state in delivery.plan.states()
        return of_state and self.channel in (None, delivery.plan.consignment.kind)

    def takes(self, one: Total) -> bool:
        """Whether a total is of this kind and of this service."""
        of_kind = self.kind is None or one.measure not in ("asked", "answered") or self.kind in (one.of, one.of.partition("/")[0])
        return of_kind and (self.service is None or one.measure == "lasted" or one.by == self.service)


class Times(Frozen):
    """How a service answered at a kind of checkpoint; without `service` all of them, without `kind` everywhere.

    `took`: how long answers took, of `answers`, none of fewer than five. `simulated`: the same of simulations, where there are
    any. `percent`: the median of those deliveries that were simulated, in hundredths of the simulated one.
    """

    kind: Word = ""
    service: Word = ""
    asked: Whole
    in_time: Whole
    late: Whole
    silent: Whole
    answers: Whole
    longest_s: Whole
    took: Spread | None
    simulated: Spread | None
    percent: Whole | None

    @property
    def judged(self) -> int:
        """Of how many it is known whether they came in time."""
        return self.in_time + self.late + self.silent

    @property
    def slower(self) -> bool:
        """Than simulated, by so much that it is said."""
        return self.percent is not None and self.percent >= SLOWER


class EndingCount(Frozen):
    """How often deliveries ended so; of those that were simulated, how many did, and how many the simulations let expect, with
    the range in which nine of ten such numbers are.
    """

    outcome: Word
    count: Whole
    compared: Whole
    expected: Whole | None
    least: Whole | None
    most: Whole | None


class RefusalCount(Frozen):
    """How often statements of a service were refused by a rule."""

    rule: Word
    service: Word
    count: Whole


class Statistics(Frozen):
    """How the deliveries of a period went, as one reader may know it."""

    vigil: Literal["statistics/1"] = "statistics/1"
    counted_by: CountedBy
    period: Period
    as_of: UtcText
    reader: ServiceId | None = None
    """For whom; none where they were counted from packets."""
    whole: bool
    """Whether it is of all deliveries; else of those the reader takes part in, and of its part (R11)."""
    narrowed: Narrowed = Narrowed()
    deliveries: Whole
    simulated: Whole
    """Of how many of them a simulation was kept."""
    cut: bool = False
    """Whether there are more lines than one answer is made of."""
    lasted: Times
    """From start to outcome; nothing is asked there."""
    kinds: tuple[Times, ...] = ()
    services: tuple[Times, ...] = ()
    both: tuple[Times, ...] = ()
    """Each service at each kind."""
    endings: tuple[EndingCount, ...] = ()
    refused: tuple[RefusalCount, ...] = ()
    tenths: Annotated[tuple[Whole, ...], Field(max_length=TENTHS)] = ()
    """In which tenth of its own simulated durations each delivery fell, from the quickest on; none: nothing to compare."""


def of_deliveries(
    deliveries: Iterable[Delivery], period: Period, by: CountedBy, narrowed: Narrowed, as_of: UtcText
) -> Statistics:
    """Statistics of these, the whole of each. No simulation of them is kept, so there is nothing to compare with."""
    adding, count = Adding(statistical=True), 0
    for delivery in filter(narrowed.chooses, deliveries):
        adding.add(delivery)
        count += 1
    real = tuple(filter(narrowed.takes, adding.totals()))
    asked = tuple(one for one in real if one.measure != "lasted")
    return Statistics(
        counted_by=by,
        period=period,
        as_of=as_of,
        whole=True,
        narrowed=narrowed,
        deliveries=count,
        simulated=0,
        lasted=durations(real, (), ()),
        **times(asked, (), ()),
        endings=endings(real, (), (), 0),
        refused=refusals(real),
    )


def times(real: Sequence[Total], alike: Sequence[Total], simulated: Sequence[Total]) -> dict[str, tuple[Times, ...]]:
    """The same numbers by kind, by service, and by both. `alike`: those of `real` that are of deliveries that were simulated."""
    ways: dict[str, Callable[[Total], tuple[str, str]]] = {
        "kinds": lambda one: (one.of, ""),
        "services": lambda one: ("", one.by),
        "both": lambda one: (one.of, one.by),
    }
    return {name: tuple(_times(way, real, alike, simulated)) for name, way in ways.items()}


def durations(real: Sequence[Total], alike: Sequence[Total], simulated: Sequence[Total]) -> Times:
    """How long deliveries lasted, however they ended."""
    found = next(_times(lambda _: ("", ""), *([_of("lasted", some) for some in (real, alike, simulated)])), None)
    nothing = {"asked": 0, "in_time": 0, "late": 0, "silent": 0, "answers": 0, "longest_s": 0}
    return found if found is not None else Times(**nothing, took=None, simulated=None, percent=None)


def endings(real: Iterable[Total], alike: Iterable[Total], simulated: Iterable[Total], count: int) -> tuple[EndingCount, ...]:
    """Each outcome, the most frequent first. `count`: deliveries that were simulated."""
    found, compared, foreseen = (_counted(_of("lasted", some), lambda one: one.of) for some in (real, alike, simulated))
    known = sorted(
        {*found, *(name for name, number in foreseen.items() if 2 * number >= PER)}, key=lambda name: (-found[name], name)
    )
    return tuple(_ending(name, found[name], compared[name], foreseen[name], count) for name in known)


def refusals(real: Iterable[Total]) -> tuple[RefusalCount, ...]:
    """The most frequent rule first, and of each the service that was refused most."""
    found = _of("refused", real)
    rules = _counted(found, lambda one: one.of)
    ordered = sorted(found, key=lambda one: (-rules[one.of], one.of, -one.count, one.by))
    return tuple(RefusalCount(rule=one.of, service=one.by, count=one.count) for one in ordered)


def _ending(name: str, found: int, compared: int, foreseen: int, count: int) -> EndingCount:
    """Each delivery by itself, so no range is wider than where all were alike."""
    if not count:
        return EndingCount(outcome=name, count=found, compared=0, expected=None, least=None, most=None)
    expected = min(foreseen, count * PER)
    around = isqrt(271 * expected * (count * PER - expected) // (100 * count))  # 1.645 standard deviations
    least, most = max(expected - around, 0), min(expected + around, count * PER)
    numbers = {"expected": _whole(expected), "least": _whole(least), "most": _whole(most)}
    return EndingCount(outcome=name, count=found, compared=compared, **numbers)


def _whole(of_runs: int) -> int:
    return (of_runs + PER // 2) // PER


def _of(measure: str, totals: Iterable[Total]) -> tuple[Total, ...]:
    return tuple(one for one in totals if one.measure == measure)


def _counted(totals: Iterable[Total], way: Callable[[Total], str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in totals:
        counts[way(one)] += one.count
    return counts


def _times(
    way: Callable[[Total], tuple[str, str]], real: Iterable[Total], alike: Iterable[Total], simulated: Iterable[Total]
) -> Iterator[Times]:
    grouped = [_grouped(way, some) for some in (real, alike, simulated)]
    for kind, service in sorted(grouped[0]):
        these, compared, foreseen = ([*one.get((kind, service), ())] for one in grouped)
        timed = [one for one in these if one.measure in ("answered", "lasted")]
        asked = _counted(_of("asked", these), lambda one: one.how)
        answers = sum(one.count for one in timed)
        beside, beyond = _spread(compared, FEWEST), _spread(foreseen, 1)
        yield Times(
            kind=kind,
            service=service,
            asked=asked.total(),
            in_time=asked["in_time"],
            late=asked["late"],
            silent=asked["silent"],
            answers=answers,
            longest_s=max((one.most for one in timed), default=0),
            took=_spread(timed, FEWEST),
            simulated=beyond,
            percent=100 * beside.p50_s // max(beyond.p50_s, 1) if beside is not None and beyond is not None else None,
        )


def _grouped(way: Callable[[Total], tuple[str, str]], totals: Iterable[Total]) -> Mapping[tuple[str, str], list[Total]]:
    found: dict[tuple[str, str], list[Total]] = {}
    for one in totals:
        if one.measure != "refused":
            found.setdefault(way(one), []).append(one)
    return found


def _spread(totals: Iterable[Total], fewest: int) -> Spread | None:
    counts = _counted((one for one in totals if one.measure in ("answered", "lasted")), lambda one: one.how)
    return spread(counts) if counts.total() >= fewest else None
