"""What one delivery adds to the results of a period, for one reader (R11): numbers by closed words, nothing anybody has written.

It is made from the delivery as it stands, so that a correction changes it and nothing is counted twice. The archive keeps a row
for each line, in clear, and adds them up; so a line holds neither a name of goods nor a person's code, and a substance that the
catalogue does not have is `other`. Who sees the whole has the lines of the whole. A participant has those of its own part: its
legs, what it may read of seizures and arrests, and of refusals, silences and answers its own alone.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.delivery import unforeseen
from domain.delivery.decided import Silence, TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.persons import each_person
from domain.delivery.progress import Progress
from domain.delivery.reported import Stated
from domain.plan.goods import AnyAmount, Cash, Counted, Instruments, SubstanceMass, Weapons, kind_of_amount
from domain.plan.plan import PlannedCheckpoint
from domain.plan.quantity import Estimate, Unmeasured, number_of
from domain.plan.substances import known_as
from domain.signing.canonical import Frozen
from domain.views.aftermath import arrests
from domain.views.noted import noted
from domain.views.sight import Sight, hears_statement
from domain.views.spans import span_of
from domain.words.limits import LONGEST_TALLIED, MOST_TALLIED
from domain.words.moments import instant
from domain.words.quantities import MAX_WHOLE

Measure = Literal[
    "counted",
    "found",
    "removed",
    "sampled",
    "seized",
    "interdicted",
    "reached",
    "arrested",
    "held",
    "stopped",
    "refused",
    "asked",
    "answered",
    "lasted",
]
"""What a line counts. `counted`: the delivery itself, once under each dimension. `found`: what its plan says was found;
`removed`: taken out at the preparation; `sampled`: samples taken then, and what was taken out on the way; `seized`: recovered at
the end; `interdicted`: seized on its way, or where the plan ends. The last four are not of results but of statistics
(`domain.views.statistics`): how it went.
"""
STATISTICAL: Final[tuple[Measure, ...]] = ("refused", "asked", "answered", "lasted")
"""Of what statistics are made; results have the sums of three of these (`in_short`)."""

OTHER: Final = "other"
"""A substance that the catalogue does not have; what lines beyond their bound are added to."""
UNDER_WAY: Final = "under_way"
"""In place of an outcome, while there is none."""
ANSWERED: Final = ("in_time", "late", "silent", "spared", "open")
"""Whether a service answered all that it was asked: before silence was recorded of it, after that, or never; or it closed without
that answer, which nobody missed; or it is still waited for.
"""
TO_CONSENT: Final = ("origin", "transit", "destination")
"""Whose consent is asked: of the State where the way begins, where it ends, or of another."""

Word = Annotated[str, Field(max_length=LONGEST_TALLIED, pattern=r"^[A-Za-z0-9 ,.()/_+-]*$")]
Number = Annotated[int, Field(ge=0, le=MAX_WHOLE)]


class Line(Frozen):
    """One number of one delivery. `of`, `by` and `how` say of what it is; docs/results.md has the table."""

    measure: Measure
    of: Word = ""
    by: Word = ""
    how: Word = ""
    count: Number = 1
    """Legs that have begun, of `counted`; else how many there are."""
    amount: Number = 0
    """Parcels, of `counted`; milligrams, minor units or pieces, of goods; seconds, of what took time."""
    most: Number = 0
    """Seconds that the longest of them took."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Of what it is."""
        return (self.measure, self.of, self.by, self.how)


JUDGED: Final = ("in_time", "late", "silent")
"""Of what was asked, that of which it is known whether it was answered in time."""


def in_short(line: Line) -> tuple[Measure, str, str, str] | None:
    """Under what results add up a line that is of statistics: what was refused, what was answered and how long that took, and
    whether it was in time; none for all else.
    """
    if line.measure == "asked" and line.how in JUDGED:
        return (line.measure, "", "", line.how)
    return (line.measure, "", "", "") if line.measure in ("refused", "answered") else None


class Tally(Frozen):
    """The lines of one reader: a participant that sees a part, or, where no service is named, whoever sees the whole."""

    service: str | None
    lines: Annotated[tuple[Line, ...], Field(max_length=MOST_TALLIED)]


def tally(delivery: Delivery, seen: Sight) -> tuple[Line, ...]:
    """The lines of who sees this of the delivery, each of its key once, in the order of their keys."""
    return bounded(
        (
            *_counted(delivery, seen),
            *_goods(delivery, seen),
            *_arrested(delivery, seen),
            *_stops(delivery),
            *_refused(delivery, seen),
            *_asked(delivery, seen),
            *_answered(delivery, seen),
            *_lasted(delivery, seen),
        )
    )


def bounded(lines: Iterable[Line], most: int = MOST_TALLIED) -> tuple[Line, ...]:
    """Lines of one key added up. Where there are too many keys, the last of each measure are added up as `other`."""
    found = _added(lines)
    if len(found) <= most:
        return found
    spare = len({one.measure for one in found})
    kept, rest = found[: most - spare], found[most - spare :]
    return _added((*kept, *(one.model_copy(update={"of": OTHER, "by": OTHER, "how": OTHER}) for one in rest)))


def _added(lines: Iterable[Line]) -> tuple[Line, ...]:
    """No number becomes larger than a mass or a sum of money may be: whatever is beyond that is of no consignment there is."""
    together: list[Line] = []
    for _, same in groupby(sorted(lines, key=lambda one: one.key), key=lambda one: one.key):
        these = tuple(same)
        sums = {"count": sum(one.count for one in these), "amount": sum(one.amount for one in these)}
        sums["most"] = max(one.most for one in these)
        together.append(these[0].model_copy(update={name: min(number, MAX_WHOLE) for name, number in sums.items()}))
    return tuple(together)


def _counted(delivery: Delivery, seen: Sight) -> Iterator[Line]:
    """The delivery under each dimension, with the legs that have begun and its parcels, as far as these are the reader's."""
    plan, state = delivery.plan, delivery.state
    begun = [leg for number, leg in enumerate(plan.legs[: len(state.moves)]) if seen.whole or number in seen.legs]
    legs = len(begun)
    parcels = max(number_of(plan.consignment.packages), 1) if plan.consignment.packages is not None else 1
    parcels = parcels if seen.whole or seen.legs else 0
    yield Line(measure="counted", of="all", count=legs, amount=parcels)
    yield Line(measure="counted", of="end", by=state.outcome or UNDER_WAY, count=legs, amount=parcels)
    states = plan.states() if seen.whole else tuple(dict.fromkeys(plan.legs[number].state for number in seen.legs))
    for one in states[:1] if plan.held_back else states:  # it goes to no other, and no other was asked
        there = sum(leg.state == one for leg in begun)
        yield Line(measure="counted", of="state", by=one, count=there, amount=parcels)
    if seen.whole:
        yield Line(measure="counted", of="channel", by=plan.consignment.kind, count=legs, amount=parcels)
        for goods in dict.fromkeys(plan.consignment.goods):
            yield Line(measure="counted", of="goods", by=goods, count=legs, amount=parcels)


def _goods(delivery: Delivery, seen: Sight) -> Iterator[Line]:
    """What was found, taken out and recovered; what was seized on the way, by gross weight, which is of no one substance."""
    state = delivery.state
    if seen.whole:
        yield from _amounts("found", delivery.plan.consignment.contents)
    if state.goods is not None and (seen.whole or seen.own(state.goods.by, delivery)):
        yield from _amounts("removed", state.goods.removed)
        yield from _amounts("sampled", state.goods.samples)
    for lot in state.taken_out.values():
        if seen.whole or seen.own(lot.by, delivery):
            yield from _amounts("sampled", lot.amounts)
    for name, one in state.seizures.items():
        if seen.whole or hears_statement(delivery, seen, name):
            yield from _amounts("seized", one.amounts)
    if state.interdicted is not None and (seen.whole or (state.leg or 0) in seen.legs):
        gross = state.interdicted.gross
        yield Line(measure="interdicted", of="weighed" if gross is not None else "not_weighed", amount=gross or 0)


def _amounts(measure: Literal["found", "removed", "sampled", "seized"], amounts: Iterable[AnyAmount]) -> Iterator[Line]:
    for one in amounts:
        quantity, known = one.quantity, "measured"
        if isinstance(quantity, Unmeasured):
            known = "unmeasured"
        elif isinstance(quantity, Estimate):
            known = quantity.known
        number = min(number_of(quantity), MAX_WHOLE)
        yield Line(measure=measure, of=kind_of_amount(one), by=_what(one), how=known, amount=number)


def _what(one: AnyAmount) -> str:
    """By which closed words it is counted: a substance by the catalogue; counted goods by the six digits that all States share
    and what they are counted in, since a carton is no pack.
    """
    match one:
        case SubstanceMass(substance=name, cas=cas):
            known = known_as(name, cas)
            return known.english if known is not None else OTHER
        case Counted(hs=code, unit=unit):
            return f"{code[:6]} {unit}"
        case Weapons(weapon=weapon):
            return weapon
        case Cash(currency=currency):
            return currency
        case Instruments(nominal=nominal):
            return nominal.currency


def _arrested(delivery: Delivery, seen: Sight) -> Iterator[Line]:
    state = delivery.state
    there = (one for name, one in state.arrests.items() if seen.whole or hears_statement(delivery, seen, name))
    for (service, code), person in each_person(there).items():
        kept = "held" if state.holds(service, code) else "released"
        yield Line(measure="arrested", of=person.role, by="unwitting" if person.unwitting else "knowing", how=kept)
    found = arrests(delivery, seen)
    if found is not None:
        reached = {"supplier": found.supplier_reached, "distributor": found.distributor_reached}
        yield from (Line(measure="reached", of=role) for role, so in reached.items() if so)
        if all(reached.values()):
            yield Line(measure="reached", of="both")


def _refused(delivery: Delivery, seen: Sight) -> Iterator[Line]:
    """By the rule; of a part, what the reader itself said."""
    for service, rule in delivery.once(_refusals):
        if seen.whole or service == seen.reader.id:
            yield Line(measure="refused", of=rule, by=service)


def _refusals(delivery: Delivery) -> tuple[tuple[str, str], ...]:
    """Whose statements were refused, by which rule. Worked out once for all readers: a ledger may be long."""
    refused = [(entry.seq, entry.event) for entry in noted(delivery.ledger).refused]
    spoke = {one.seq: one.service for one in delivery.state.statements} if refused else {}
    found: list[tuple[str, str]] = []
    for seq, event in refused:
        if isinstance(event, TakenUp) and (first := delivery.state.statements.first(event.statement)) is not None:
            found.append((first.service, event.verdict.rule or ""))
        elif isinstance(event, Stated):
            found.append((spoke.get(seq, ""), event.verdict.rule or ""))
    return tuple(found)


def _asked(delivery: Delivery, seen: Sight) -> Iterator[Line]:
    """By what was asked at a checkpoint, of whom, and whether the answer came in time; of a part, what the reader was asked."""
    silent = delivery.once(_silences)
    for name, progress in delivery.state.every_checkpoint().items():
        for service in progress.checkpoint.services():
            if not (seen.whole or service == seen.reader.id):
                continue
            missed = (name, service) in silent
            how = "late" if missed else "in_time"
            if not progress.answered(service):
                how = "silent" if missed else "open" if progress.open else "spared"
            yield Line(measure="asked", of=asked_at(delivery, progress), by=service, how=how)


def _silences(delivery: Delivery) -> frozenset[tuple[str, str]]:
    """At which checkpoint who did not answer in time."""
    silent = (entry.event for entry in noted(delivery.ledger).events if isinstance(entry.event, Silence))
    return frozenset((one.checkpoint, service) for one in silent for service in one.services)


def _answered(delivery: Delivery, seen: Sight) -> Iterator[Line]:
    """How long each service took for its last answer at a checkpoint, without the time it was held: from when that opened, or,
    where a leg ends there, from when it was to arrive.
    """
    for progress in delivery.state.every_checkpoint().values():
        last: dict[str, int] = {}
        for (service, _), seq in progress.answers.items():
            if seen.whole or seen.reader.id == service:
                last[service] = max(seq, last.get(service, 0))
        way = sum((leg.takes for leg in delivery.plan.legs if leg.end == progress.checkpoint.id), timedelta())
        for service, seq in last.items():
            took = max(instant(_at(delivery, seq)) - progress.counted_from - way, timedelta())
            yield _timed("answered", took, of=asked_at(delivery, progress), by=service)


def _lasted(delivery: Delivery, seen: Sight) -> Iterator[Line]:
    """How long it took from its start to its outcome, for who sees the whole."""
    state = delivery.state
    if seen.whole and state.outcome is not None and state.outcome_at is not None:
        yield _timed("lasted", state.outcome_at - state.began, of=state.outcome)


def _timed(measure: Literal["answered", "lasted"], took: timedelta, **what: str) -> Line:
    seconds = min(int(took.total_seconds()), MAX_WHOLE)
    return Line(measure=measure, how=span_of(took), amount=seconds, most=seconds, **what)


def _at(delivery: Delivery, seq: int) -> str:
    return getattr(delivery.ledger[seq], "at", "") or delivery.ledger.entries[0].at


def _stops(delivery: Delivery) -> Iterator[Line]:
    """Holds, by what became of each, and the halt. Everybody who takes part is told of both, of a halt in general words. One that
    was asked about afresh is one hold.
    """
    halt = delivery.state.halt
    holds = [one for one in delivery.state.every_checkpoint().values() if one.contingency == unforeseen.HOLD]
    newest = max((one.opened for one in holds), default=None)
    for progress in holds:
        if progress.result != "withdrawn" or progress.opened == newest:
            went_on, over = progress.result == "satisfied", not progress.open
            yield Line(measure="held", of="went_on" if went_on and halt is None else "ended" if over else "open")
    if halt is not None:
        yield Line(measure="stopped", of="decision" if halt.cause == "conflict" else halt.cause)


def asked_at(delivery: Delivery, progress: Progress) -> str:
    """What a checkpoint is for: the step of one that the plan has, of consent with whose it is; else the contingency that it was
    opened by.
    """
    checkpoint, legs = progress.checkpoint, delivery.plan.legs
    if not isinstance(checkpoint, PlannedCheckpoint):
        return progress.contingency or ""
    if checkpoint.step != "authorise":
        return checkpoint.step
    ends = {legs[-1].state: TO_CONSENT[2], legs[0].state: TO_CONSENT[0]}
    return f"{checkpoint.step}/{ends.get(checkpoint.state, TO_CONSENT[1])}"
