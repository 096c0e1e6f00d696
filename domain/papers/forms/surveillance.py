"""The memorandum on the watch of one leg: intervals, gaps between them, sightings, losses; nothing of how it is done."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from domain.delivery.watching import InCharge, Interval, Watched, unwatched
from domain.papers.form import Form
from domain.papers.forms.parts import NONE, act, author, consignment, of_the_group, row, signing, table
from domain.papers.forms.story import in_charge
from domain.papers.forms.unwritten import as_given
from domain.papers.paper import Blank, Block, Dated, Heading, Line, Paragraph, Summary, TableRow, Title, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined, printed
from domain.plan.directory import Service
from domain.plan.plan import Leg
from domain.plan.powers import MAY_PROSECUTE
from domain.rules.arrival import Delivered
from domain.rules.consent import AuthorisationGranted
from domain.rules.custody import Dispatched, HandoverAccepted
from domain.rules.permission import PermissionGranted
from domain.rules.watch import DeviceFailed, Sighted, SurveillanceLost, SurveillanceRegained
from domain.rules.watch_log import SurveillanceLog
from domain.words.moments import instant
from domain.words.text import mark

KIND, ABOUT = mark("Memorandum"), mark("on the surveillance of the consignment {operation}")
NUMBER, MADE_AT = mark("No. {blank}"), mark("place where it is made")
LEG = mark("Leg: {state}, from {start} to {end}, {means}. Responsible: {service}.")
BEFORE = mark("{service} was responsible from {begins} until {ends}, {state}: {means}.")
OBJECT = mark("Watched: {object}.")
BY = mark("By act {act} of {service}.")
BASIS = mark("Grounds: {acts}")
PLANNED = mark("By the plan it is sighted at least every {check_in}; out of sight, it is searched for {search}.")
BEGAN = mark("The leg began at {began} UTC.")
ENDED = mark("It ended at {ended} UTC.")
NOT_ENDED = mark("That it ended is not recorded here.")
INTERVALS = mark("1. Intervals of the watch")
NUMBERED, FROM, UNTIL, LASTED, TEAM, MEANS, TAKEN = (
    mark("No."),
    mark("From, UTC"),
    mark("Until, UTC"),
    mark("Lasted"),
    mark("Team"),
    mark("Means"),
    mark("Handed over to"),
)
NO_LOG = mark("{no} log of intervals was brought.")
NO = mark("No")
REPORT = mark("On paper: {acts}.")
WATCHED, GAPS, LONGEST = mark("covered by intervals"), mark("gaps between them"), mark("the longest gap")
GAP = mark("Nobody's interval covers {begins} to {ends} ({span}).")
SEEN = mark("2. Sightings and losses")
TIME, WHAT, WORDS = mark("Time, UTC"), mark("What"), mark("In the words of who reported it")
SIGHTED, LOST, REGAINED, FAILED = mark("in sight"), mark("out of sight"), mark("in sight again"), mark("device {label} failed")
NOTHING_SEEN = mark("{no} sighting was reported.")
CONTACTS = mark("3. Persons met, places called at: {blank}")
LEFT_OUT = mark(
    "How, from where and by whom it was watched stands in no paper; nor do sources and positions of devices. Persons are named "
    "in a sealed annex."
)
HEAD = mark("Head of the unit")
EXECUTOR = mark("Executor")
MEANS_OF = {"visual": mark("by eye"), "technical": mark("by a device"), "both": mark("by eye and by a device")}
PERMITS = ("following_person", "watching_thing", "device", "audio_video")
"""Measures that a watch takes."""
Seen = Sighted | SurveillanceLost | SurveillanceRegained | DeviceFailed


@dataclass(frozen=True)
class _Watch:
    """One leg as far as it has been travelled: what who was responsible for it has said meanwhile."""

    leg: Leg
    charges: tuple[tuple[str, int], ...]
    """Who was responsible for it, one after another, each from which entry on (R22)."""
    began: Heard
    ended: Heard | None
    logs: tuple[tuple[Heard, Interval], ...]
    """The intervals of its log, said meanwhile or afterwards."""
    seen: tuple[tuple[Heard, Seen], ...]


class SurveillanceForm(Form):
    """One of each leg that has been travelled, or is, and of which the watch has said something."""

    name = "surveillance"
    version = 9
    title = mark("memorandum on surveillance")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Legs."""
        return tuple(one.leg.id for one in _watches(record) if one.logs or one.seen)

    def of(self, record: Record, subject: str) -> str:
        """Who is responsible on it."""
        return _watch(record, subject).leg.responsible

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Who is responsible on the leg or travels along, and prosecutors and courts of its State."""
        leg = _watch(record, subject).leg
        there = reader.id == leg.responsible or reader.id in leg.accompanied_by
        return there or (reader.state == leg.state and reader.kind in MAY_PROSECUTE)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of what was said of the watch last."""
        watch = _watch(record, subject)
        said = [watch.began, *([watch.ended] if watch.ended is not None else [])]
        newest = max(
            max(one.counted, *one.entries) for one in [*said, *(one for one, _ in watch.logs), *(one for one, _ in watch.seen)]
        )
        return tuple(_blocks(record.until(newest), _watch(record.until(newest), subject), tongue))


def _watches(record: Record) -> Iterator[_Watch]:
    """A leg begins when it is dispatched or taken over, and ends with the next."""
    moves = [one for one in record.heard if isinstance(one.content, Dispatched | HandoverAccepted | Delivered)]
    for number, leg in enumerate(record.plan.legs):
        began = next((one for one in moves if one.checkpoint == leg.start), None)
        if began is None:
            continue
        ended = next((one for one in moves if one.checkpoint == leg.end and one.counted > began.counted), None)
        until = ended.counted if ended is not None else record.size
        charges = in_charge(record, number, began.counted, until)
        own = [one for one in record.heard if began.counted <= one.counted <= until and one.service == _who(charges, one.counted)]
        seen = tuple((one, one.content) for one in own if isinstance(one.content, Seen))
        logged = _logged(record, leg, charges, began, ended)
        yield _Watch(leg, charges, began, ended, tuple(logged), seen)


def _who(charges: Iterable[tuple[str, int]], seq: int) -> str:
    """Who was responsible when this entry was recorded; when a leg begins, who is from then on."""
    return [service for number, (service, since) in enumerate(charges) if number == 0 or since <= seq][-1]


def _logged(
    record: Record, leg: Leg, charges: Sequence[tuple[str, int]], began: Heard, ended: Heard | None
) -> Iterator[tuple[Heard, Interval]]:
    """What the logs of its authorities have of a leg: on the first one also what was watched before it had left, and on the last
    one what was after it had been delivered.
    """
    first, last = (leg == record.plan.legs[number] for number in (0, -1))
    end = ended.at if ended is not None and not last else None
    since = [began.happened, *(record.at(seq) for _, seq in charges[1:])]
    held = [InCharge(who, 0, *span) for (who, _), span in zip(charges, zip(since, [*since[1:], end], strict=True), strict=True)]
    for said, log in record.said(SurveillanceLog):
        for one in log.intervals:
            own = [charge for charge in held if charge.service == said.service]
            if any(charge.covers(one) for charge in own) or (own[:1] == held[:1] and first and one.span[1] <= began.happened):
                yield said, one


def _watch(record: Record, leg: str) -> _Watch:
    return next(one for one in _watches(record) if one.leg.id == leg)


def _blocks(record: Record, watch: _Watch, tongue: Tongue) -> Iterator[Block]:
    plan, leg = record.plan, watch.leg
    start, end = (plan.find(one) for one in (leg.start, leg.end))
    yield author(tongue, record, leg.responsible)
    operation = tongue.quoted(plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, plan)))
    yield Dated((Blank(3),), (Blank(3, tongue.translate(MADE_AT)),), tongue.say(NUMBER, blank=Blank(2)))
    yield Paragraph(
        tongue.say(
            LEG,
            state=Value(tongue.state(leg.state), ("plan",)),
            start=Value(start.place if start is not None else leg.start, ("plan",)),
            end=Value(end.place if end is not None else leg.end, ("plan",)),
            means=tongue.quoted(leg.means, "plan"),
            service=tongue.service(record, leg.responsible),
        ),
        "left",
    )
    for (service, since), (_, until) in pairwise(watch.charges):
        begins = _when(watch.began.happened, watch.began, tongue) if since == watch.charges[0][1] else _at(record, since, tongue)
        said = tongue.say(
            BEFORE,
            service=tongue.the_service(record, service),
            begins=begins,
            ends=_at(record, until, tongue),
            state=Value(tongue.state(leg.state), ("plan",)),
            means=tongue.quoted(leg.means, "plan"),
        )
        yield Paragraph(said, "left")
    yield Paragraph(tongue.say(OBJECT, object=consignment(tongue, plan.consignment)), "left")
    yield Paragraph(tongue.say(BASIS, acts=_acts(record, leg.state, tongue)), "left")
    if plan.surveillance is not None:
        spans = (Value(tongue.span(one), ("plan",)) for one in (plan.surveillance.check_in, plan.surveillance.search))
        yield Paragraph(tongue.say(PLANNED, check_in=next(spans), search=next(spans)), "left")
    began = tongue.say(BEGAN, began=_when(watch.began.happened, watch.began, tongue))
    ended = tongue.say(ENDED, ended=_when(watch.ended.happened, watch.ended, tongue)) if watch.ended is not None else None
    yield Paragraph(joined((began, ended if ended is not None else tongue.words(NOT_ENDED)), " "), "left")
    yield Heading(tongue.words(INTERVALS))
    yield from _intervals(watch, tongue)
    yield Heading(tongue.words(SEEN))
    yield from _sightings(watch, tongue)
    yield Paragraph(tongue.say(CONTACTS, blank=Blank(5)), "left")
    yield Paragraph(tongue.words(LEFT_OUT), "small")
    yield signing(tongue, [tongue.words(EXECUTOR), tongue.words(HEAD)], paired=True)


def _when(at: datetime, said: Heard, tongue: Tongue) -> Value:
    return Value(tongue.moment(at), said.entries)


def _at(record: Record, seq: int, tongue: Tongue) -> Value:
    return Value(tongue.moment(record.at(seq)), (seq,))


def _acts(record: Record, state: str, tongue: Tongue) -> Line:
    """Acts of the State that permit a measure of the watch, but for what is provisional (R1); a blank where none does."""
    given = [one for one in record.said(AuthorisationGranted) if one[1].state == state and not one[1].provisional]
    found = [(said, as_given(tongue, record, said, one)) for said, one in given]
    found += [
        (said, act(tongue, one.reference, *said.entries))
        for said, one in record.said(PermissionGranted)
        if one.state == state and any(measure in PERMITS for measure in one.permissions)
    ]
    lines = (tongue.say(BY, act=named, service=tongue.the_service(record, said.service)) for said, named in found)
    return joined(lines, " ") or (Blank(4),)


def _intervals(watch: _Watch, tongue: Tongue) -> Iterator[Block]:
    log = sorted(watch.logs, key=lambda one: one[1].span)
    if not log:
        yield Paragraph(tongue.say(NO_LOG, no=Value(tongue.translate(NO), ("computed",))), "left")
        return
    rows = []
    for number, (said, one) in enumerate(log, 1):
        begins, ends = one.span
        rows.append(
            row(
                (Value(str(number), ("computed",)),),
                (_when(begins, said, tongue),),
                (_when(ends, said, tongue),),
                (Value(tongue.between(begins, ends), ("computed",)),),
                (Value(one.team, said.entries),),
                (Value(tongue.translate(MEANS_OF[one.means]), said.entries),),
                (Value(one.handed_to, said.entries),) if one.handed_to is not None else NONE,
            )
        )
    heads = (
        (NUMBERED, 1, True),
        (FROM, 4, True),
        (UNTIL, 4, True),
        (LASTED, 3, True),
        (TEAM, 2),
        (MEANS, 4),
        (TAKEN, 3),
    )
    yield table(tongue, heads, rows, [said.seq for said, _ in log], small=True)
    yield from _covered([Watched(one, said.seq, 0) for said, one in log], tongue)
    logs = {said.seq: (said, said.content) for said, _ in watch.logs}.values()
    acts = [
        act(tongue, one.reference, *said.entries)
        for said, one in logs
        if isinstance(one, SurveillanceLog) and one.reference is not None
    ]
    if acts:
        yield Paragraph(tongue.say(REPORT, acts=joined(acts)), "left")


def _covered(log: Sequence[Watched], tongue: Tongue) -> Iterator[Block]:
    """How much of the time between the first and the last is covered, and what is not."""
    gaps = unwatched(log)
    first, last = min(instant(one.interval.begins) for one in log), max(instant(one.interval.ends) for one in log)
    whole = printed(last) - printed(first)
    apart = [printed(one.ends) - printed(one.begins) for one in gaps]
    figures = (
        (WATCHED, tongue.span(whole - sum(apart, timedelta()))),
        (GAPS, str(len(gaps))),
        (LONGEST, tongue.span(max(apart, default=timedelta()))),
    )
    yield Summary(tuple(((Value(figure, ("computed",)),), tongue.words(what)) for what, figure in figures))
    for one in gaps:
        begins, ends = (Value(tongue.moment(at), (entry,)) for at, entry in ((one.begins, one.after), (one.ends, one.before)))
        span = Value(tongue.between(one.begins, one.ends), ("computed",))
        yield Paragraph(tongue.say(GAP, begins=begins, ends=ends, span=span), "left")


def _sightings(watch: _Watch, tongue: Tongue) -> Iterator[Block]:
    if not watch.seen:
        yield Paragraph(tongue.say(NOTHING_SEEN, no=Value(tongue.translate(NO), ("computed",))), "left")
        return
    rows: list[TableRow] = []
    for said, one in watch.seen:
        match one:
            case Sighted(place=place):
                what, words = tongue.words(SIGHTED), place
            case SurveillanceLost(reason=reason):
                what, words = tongue.words(LOST), reason
            case SurveillanceRegained(place=place, reason=reason):
                what, words = tongue.words(REGAINED), f"{place}: {reason}"
            case DeviceFailed(label=label, reason=reason):
                what, words = tongue.say(FAILED, label=Value(label, said.entries)), reason
        rows.append(row((_when(said.happened, said, tongue),), what, (tongue.quoted(words, *said.entries),)))
    heads = ((TIME, 3, True), (WHAT, 5), (WORDS, 8))
    yield table(tongue, heads, rows, [said.seq for said, _ in watch.seen])
