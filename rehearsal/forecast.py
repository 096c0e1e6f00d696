"""What many simulated deliveries of one plan say about the next one. Pure: deliveries in, figures out.

1. `course`: what one delivery amounts to. How long until its outcome; how long each checkpoint waited, from its opening or,
   where a leg ends there, from the planned arrival; for whom alone the others waited; which consents were extended or
   expired, and by how much they outlasted the way; where it halted, if it did.
2. `forecast`: the distribution of these over many courses. Names are stable, times are whole seconds, shares are of all
   runs. A percentile is the smallest value that at least so many runs did not exceed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from domain.delivery.decided import Closed, Concluded
from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.delivery.verdicts import Cause
from domain.delivery.vocabulary import Outcome
from domain.plan.plan import Plan
from domain.rules.turns import ORDER
from domain.signing.canonical import Frozen
from domain.words.moments import instant
from rehearsal.scenario import base_name
from rehearsal.trail import blank_of, sights

BINS = 24
FAR = 2.5
"""Times the 90th percentile from which on a run is an outlier."""
NOTHING = timedelta()


@dataclass(frozen=True)
class Failure:
    """Where a delivery halted: the checkpoint that was not passed, by which rule, of what kind."""

    checkpoint: str
    rule: str
    cause: Cause


@dataclass(frozen=True)
class RunEstimate:
    """What one delivery amounts to."""

    seed: int
    outcome: Outcome | None
    """None: it was given up because it would not end."""
    lasted: timedelta | None
    """From the start to the outcome."""
    delivered: bool
    waits: dict[str, tuple[timedelta, ...]] = field(default_factory=dict)
    """Each passing on its own: an extension may be asked several times."""
    waited_for: dict[str, timedelta] = field(default_factory=dict)
    extended: tuple[str, ...] = ()
    """Authorities that were asked to let their consent run longer."""
    expired: tuple[str, ...] = ()
    spare: dict[str, timedelta] = field(default_factory=dict)
    """By how much a consent outlasted the way through its State."""
    failure: Failure | None = None


class Distribution(Frozen):
    """A distribution, whole seconds."""

    min_s: int
    median_s: int
    p90_s: int
    max_s: int


class Bin(Frozen):
    """One column of the histogram of durations."""

    from_s: int
    to_s: int
    delivered: int
    halted: int


class OutcomeShare(Frozen):
    """How often it ended so; no outcome means that it did not end."""

    outcome: Outcome | None
    runs: int
    share: float


class Waited(Frozen):
    """How long one checkpoint waited, each time that it was passed."""

    checkpoint: str
    times: int
    wait: Distribution


class Bottleneck(Frozen):
    """How long everything waited for one service alone: what would be won if it answered together with the others."""

    service: str
    total_s: int
    mean_s: int
    share: float
    """Of all the time in which the delivery waited for a single service."""


class ConsentOutlook(Frozen):
    """How one authority's consent fares."""

    state: str
    service: str
    extended: int
    """Runs in which it was asked to let its consent run longer."""
    extended_share: float
    expired: int
    expired_share: float
    spare: Distribution | None
    """By how much it outlasted the way through its State, in the runs that were delivered."""


class FailureShare(Frozen):
    """How often it halted there; `seed` is one that does."""

    checkpoint: str
    rule: str
    cause: Cause
    runs: int
    share: float
    seed: int


class ForecastReport(Frozen):
    """Everything. The lists begin with what weighs most; checkpoints stand in the order of the delivery."""

    operation: str
    runs: int
    seed: int
    """Of the first run; the others follow it."""
    duration: Distribution | None
    delivered_duration: Distribution | None
    histogram: tuple[Bin, ...]
    outcomes: tuple[OutcomeShare, ...]
    checkpoints: tuple[Waited, ...]
    bottlenecks: tuple[Bottleneck, ...]
    consents: tuple[ConsentOutlook, ...]
    failures: tuple[FailureShare, ...]


# One delivery


def course(seed: int, delivery: Delivery) -> RunEstimate:
    """What this delivery amounts to."""
    closed = {
        entry.event.checkpoint: (instant(entry.at), entry.event.result)
        for entry in delivery.ledger.entries
        if isinstance(entry.event, Closed)
    }
    begun = instant(delivery.ledger.entries[0].at)
    ended = next((instant(entry.at) for entry in delivery.ledger.entries if isinstance(entry.event, Concluded)), None)
    extensions = [base_name(name) for name in delivery.state.every_checkpoint() if name.startswith("extension.")]
    passed = {name: at for name, (at, result) in closed.items() if result == "satisfied"}
    return RunEstimate(
        seed=seed,
        outcome=delivery.state.outcome,
        lasted=ended - begun if ended is not None else None,
        delivered=delivery.state.delivered,
        waits=_waits(delivery, passed),
        waited_for=_waited_for(delivery, {name: at for name, (at, _) in closed.items()}),
        extended=tuple(dict.fromkeys(name.removeprefix("extension.") for name in extensions)),
        expired=tuple(service for service, grant in delivery.state.grants.items() if grant.expired),
        spare=_spare(delivery, passed) if delivery.state.delivered else {},
        failure=_failure(delivery),
    )


def _arrival(delivery: Delivery, name: str, progress: Progress) -> datetime:
    """From when a checkpoint waits: from its opening, or from the planned arrival where a leg ends there."""
    return progress.opened + sum((leg.takes for leg in delivery.plan.legs if leg.end == name), start=NOTHING)


def _waits(delivery: Delivery, passed: Mapping[str, datetime]) -> dict[str, tuple[timedelta, ...]]:
    waits: dict[str, tuple[timedelta, ...]] = {}
    for name, progress in delivery.state.every_checkpoint().items():
        if name in passed:
            wait = max(passed[name] - _arrival(delivery, name, progress), NOTHING)
            waits[base_name(name)] = (*waits.get(base_name(name), ()), wait)
    return waits


def _waited_for(delivery: Delivery, closed: Mapping[str, datetime]) -> dict[str, timedelta]:
    """Time in which exactly one service was waited for, by service. Not while the consignment travels, nor after a halt."""
    waiting: list[tuple[datetime, datetime, str]] = []
    travelling: list[tuple[datetime, datetime]] = []
    last, entries = delivery.state.now, delivery.ledger.entries
    for name, progress in delivery.state.every_checkpoint().items():
        planned = delivery.plan.find(name)
        if name.startswith("stop.") or (planned is not None and planned.step == "close"):
            continue
        arrival, end = _arrival(delivery, name, progress), closed.get(name, last)
        travelling.append((progress.opened, min(arrival, end)))
        for service in progress.checkpoint.services():
            said = [progress.answers.get((service, need)) for need in progress.checkpoint.needs_of(service)]
            spoke = max((instant(entries[seq].at) if seq is not None else end for seq in said), default=end)
            waiting.append((arrival, min(spoke, end), service))
    alone: dict[str, timedelta] = defaultdict(timedelta)
    moments = sorted(
        {moment for since, until, _ in waiting for moment in (since, until)} | {moment for pair in travelling for moment in pair}
    )
    for start, end in pairwise(moments):
        who = {service for since, until, service in waiting if since <= start and end <= until}
        if len(who) == 1 and not any(since <= start and end <= until for since, until in travelling):
            alone[who.pop()] += end - start
    return dict(alone)


def _spare(delivery: Delivery, passed: Mapping[str, datetime]) -> dict[str, timedelta]:
    left = {state: passed[leg.end] for leg in delivery.plan.legs if leg.end in passed for state in leg.states}
    return {
        service: grant.valid_until - left[grant.state] for service, grant in delivery.state.grants.items() if grant.state in left
    }


def _failure(delivery: Delivery) -> Failure | None:
    if delivery.state.halt is None:
        return None
    entries = delivery.ledger.entries
    halted = next(
        seen
        for seen in sights(blank_of(entries, delivery.snapshot.directory, delivery.snapshot.cards), entries)
        if seen.event == "halted"
    )
    return Failure(base_name(halted.checkpoint or "none"), delivery.state.halt.rule, delivery.state.halt.cause)


# Many deliveries


def forecast(plan: Plan, courses: Sequence[RunEstimate]) -> ForecastReport:
    """The distribution over these courses, at least one, the first of them with the lowest seed."""
    runs = len(courses)
    lasted = [one.lasted for one in courses if one.lasted is not None]
    arrived = [one.lasted for one in courses if one.lasted is not None and one.delivered]
    return ForecastReport(
        operation=plan.operation,
        runs=runs,
        seed=courses[0].seed,
        duration=_spread(lasted),
        delivered_duration=_spread(arrived),
        histogram=_histogram(courses),
        outcomes=tuple(
            OutcomeShare(outcome=outcome, runs=count, share=_share(count, runs))
            for outcome, count in Counter(one.outcome for one in courses).most_common()
        ),
        checkpoints=tuple(_checkpoints(plan, courses)),
        bottlenecks=tuple(_bottlenecks(courses)),
        consents=tuple(_consents(plan, courses)),
        failures=tuple(_failures(courses)),
    )


def _checkpoints(plan: Plan, courses: Sequence[RunEstimate]) -> Iterator[Waited]:
    """In the order of the delivery, an unforeseen decision after the checkpoint it is about, other unforeseen ones last."""
    planned = [one.id for one in sorted(plan.checkpoints, key=lambda one: ORDER.index(one.step))]

    def place(name: str) -> tuple[int, str]:
        about = name.removesuffix(".decision")
        return (planned.index(about) if about in planned else len(planned), name)

    for name in sorted({name for one in courses for name in one.waits}, key=place):
        waits = [wait for one in courses for wait in one.waits.get(name, ())]
        spread = _spread(waits)
        if spread is not None:
            yield Waited(checkpoint=name, times=len(waits), wait=spread)


def _bottlenecks(courses: Iterable[RunEstimate]) -> Iterator[Bottleneck]:
    total: Counter[str] = Counter()
    runs = 0
    for one in courses:
        runs += 1
        total.update({service: _seconds(wait) for service, wait in one.waited_for.items()})
    for service, seconds in total.most_common():
        if seconds:
            share = _share(seconds, total.total())
            yield Bottleneck(service=service, total_s=seconds, mean_s=round(seconds / runs), share=share)


def _consents(plan: Plan, courses: Sequence[RunEstimate]) -> Iterator[ConsentOutlook]:
    for state in plan.asked_states():
        for service in plan.authorities(state):
            extended = sum(service in one.extended for one in courses)
            expired = sum(service in one.expired for one in courses)
            yield ConsentOutlook(
                state=state,
                service=service,
                extended=extended,
                extended_share=_share(extended, len(courses)),
                expired=expired,
                expired_share=_share(expired, len(courses)),
                spare=_spread([one.spare[service] for one in courses if service in one.spare]),
            )


def _failures(courses: Sequence[RunEstimate]) -> Iterator[FailureShare]:
    seeds: dict[Failure, list[int]] = {}
    for one in courses:
        if one.failure is not None:
            seeds.setdefault(one.failure, []).append(one.seed)
    for failure, those in sorted(seeds.items(), key=lambda item: -len(item[1])):
        yield FailureShare(
            checkpoint=failure.checkpoint,
            rule=failure.rule,
            cause=failure.cause,
            runs=len(those),
            share=_share(len(those), len(courses)),
            seed=those[0],
        )


def _histogram(courses: Iterable[RunEstimate]) -> tuple[Bin, ...]:
    """Columns of equal width from the shortest duration on. Where a few runs last far longer than nine in ten, these share
    one last and wider column, or they would press all others into the first.
    """
    lasted = [(_seconds(one.lasted), one.delivered) for one in courses if one.lasted is not None]
    if not lasted:
        return ()
    ordered = sorted(seconds for seconds, _ in lasted)
    low, high, usual = ordered[0], ordered[-1], _percentile(ordered, 90)
    reach = high if high <= FAR * usual else round(usual * FAR / 2)
    width = max(ceil((reach - low + 1) / BINS), 1)
    edges = [low + number * width for number in range(ceil((reach - low + 1) / width) + 1)]
    if edges[-1] <= high:
        edges.append(high + 1)
    return tuple(
        Bin(
            from_s=start,
            to_s=end,
            delivered=sum(start <= seconds < end and arrived for seconds, arrived in lasted),
            halted=sum(start <= seconds < end and not arrived for seconds, arrived in lasted),
        )
        for start, end in pairwise(edges)
    )


def _spread(spans: Iterable[timedelta]) -> Distribution | None:
    ordered = sorted(map(_seconds, spans))
    if not ordered:
        return None
    return Distribution(min_s=ordered[0], median_s=_percentile(ordered, 50), p90_s=_percentile(ordered, 90), max_s=ordered[-1])


def _percentile(ordered: Sequence[int], percent: int) -> int:
    return ordered[ceil(percent * len(ordered) / 100) - 1]


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4)
