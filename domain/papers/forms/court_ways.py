"""Of the report for the court: what was authorised, what fell outside it, and which way it went under whose responsibility."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from domain.delivery.decided import Cleared
from domain.papers.forms import story
from domain.papers.forms.court_map import Mapped
from domain.papers.forms.parts import (
    MOST_TOLD,
    NONE,
    act,
)
from domain.papers.forms.split import ends_of, parts_of
from domain.papers.forms.telling import ARRESTED, COMPUTED, TimeScale
from domain.papers.forms.unwritten import as_given
from domain.papers.paper import (
    BarRow,
    Bars,
    Blank,
    Block,
    Line,
    Tick,
    TimeBar,
    Value,
    Words,
)
from domain.papers.tongue import joined
from domain.plan.demands import demands, topic
from domain.rules.agreement import AgreementGiven
from domain.rules.arrival import ArrestMade
from domain.rules.balance import PartsEnded, Split
from domain.rules.custody import HandoverAccepted
from domain.rules.kind import kind_of
from domain.rules.permission import PermissionGranted
from domain.views.sentences import say_kind
from domain.words.moments import instant
from domain.words.text import mark, told

AUTHORISATIONS = mark("Authorisations")
VALID, UNDER_WAY = mark("authorisation valid"), mark("under this State’s responsibility")
UNTIL = mark("{authorisation}, until {ends}")
GIVEN = mark("{service}, {role}, has authorised it by {act} on {basis}, from {begins} until {ends}.")
AGREED = mark("{service}, {role}, has agreed to it by {act}.")
PERMITTED = mark("{service}, {role}, has permitted {measures} in {state} by {act} on {basis}, from {begins} until {ends}.")
CLEARED = mark("Before it left, each authorisation that the plan needs was found valid and long enough{entries}.")
CROSSED = mark("Before it went into {state}, so was that of {state}{entries}.")
CONDITION = mark("{service} set a condition: {text}.")
MET = mark("That it is met, is said in: {entries}.")
UNMET = mark("That it is met, {nobody} has said.")
NOBODY = mark("nobody")
OUT_OF_TIME = mark("Outside the time: {what} was recorded at {moment}, when {no} authorisation of {state} was valid.")
ENDED = mark("The last one had ended on {ended}; {none} longer one is recorded.")
NO_LIVE = mark("no")
NOT_KNOWN = mark("Not known by the rule card of {state}: {topics}; {who} answers for it.")
ROUTE = mark("Route and responsibility")
WATCHED_LEGEND = mark("leg, with how often it was reported to be in hand or in sight")
RESPONSIBLE = mark("{service} was responsible from {begins} until {ends}, {state}: {means}.")
STILL = mark("{service} was responsible from {begins} on, {state}: {means}; an end of that leg is not recorded.")
SEIZED_THERE = mark("{service} was responsible from {begins}, {state}: {means}; it was seized on the way, as recorded on {ends}.")
DESTROYED_THERE = mark(
    "{service} was responsible from {begins}, {state}: {means}; it was destroyed on the way, as recorded on {ends}."
)
SPLIT_THERE = mark("{service} was responsible from {begins}, {state}: {means}; it split on the way, as recorded on {ends}.")
CUT: Mapping[story.Cut, str] = {"seized": SEIZED_THERE, "destroyed": DESTROYED_THERE, "split": SPLIT_THERE}
SPLIT = mark("On {moment} {service} split the consignment into deliveries of its parts, {reason}: {parts}.")
PARTS_ENDED = mark("How its parts ended, as said by {service}: {parts}.")
LONGEST = mark("The longest time between two reports was {span}.")
LONGEST_PLANNED = mark("The longest time between two reports was {span}; by the plan it is to be sighted every {check_in}.")
NOT_LEFT = mark("That it left is not recorded{computed}.")


class Ways(Mapped):
    """Authorisations and route."""

    def _authorisations(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(AUTHORISATIONS)
        granted = story.authorisations(record)
        if granted:
            yield self._bars(granted)
        for one in granted:
            yield self.tell(
                GIVEN,
                service=self.the_service(one.said.service),
                role=Value(one.act.granted_by_role, one.said.entries),
                act=as_given(tongue, record, one.said, one.act),
                basis=tongue.quoted(one.act.legal_basis, *one.said.entries, unsure=True),
                begins=self.at(one.begins, *one.said.entries),
                ends=self.at(one.ends, *one.entries),
            )
            for number, condition in enumerate(one.act.conditions, 1):
                text = tongue.quoted(condition.text, *one.said.entries)
                met = [
                    seq
                    for said in record.heard
                    if f"{one.said.service}/{number}" in said.statement.fulfils and one.stood(said.counted)
                    for seq in said.entries
                ]
                sentence = tongue.say(CONDITION, service=self.the_service(one.said.service), text=text)
                more = (
                    tongue.say(MET, entries=joined(Value(str(seq), (seq,)) for seq in met[:MOST_TOLD]))
                    if met
                    else tongue.say(UNMET, nobody=self.no(NOBODY))
                )
                yield self.sentence((*sentence, Words(" "), *more))
        yield from self._beside()
        yield from self._cleared()
        yield from self._outside(granted)
        for demand in demands(record.plan, record.cards):
            if demand.not_known:
                topics = joined(Value(told(topic(one), tongue.translate), ("card",)) for one in demand.not_known)
                who = self.the_service(demand.answered_by) if demand.answered_by is not None else NONE
                yield self.tell(NOT_KNOWN, state=tongue.the_state(demand.state, "plan"), topics=topics, who=who)

    def _beside(self) -> Iterator[Block]:
        """Agreements of other services, and permissions of what an authorisation does not cover."""
        record, tongue = self.record, self.tongue
        for said, agreed in record.said(AgreementGiven):
            yield self.tell(
                AGREED,
                service=self.the_service(said.service),
                role=Value(agreed.given_by_role, said.entries),
                act=as_given(tongue, record, said, agreed),
            )
        for said, permit in record.said(PermissionGranted):
            yield self.tell(
                PERMITTED,
                service=self.the_service(said.service),
                role=Value(permit.granted_by_role, said.entries),
                measures=joined(tongue.measure(one, *said.entries) for one in permit.permissions),
                state=tongue.the_state(permit.state, *said.entries),
                act=act(tongue, permit.reference, *said.entries),
                basis=tongue.quoted(permit.legal_basis, *said.entries, unsure=True),
                begins=self.at(instant(permit.valid_from), *said.entries),
                ends=self.at(instant(permit.valid_until), *said.entries),
            )

    def _cleared(self) -> Iterator[Block]:
        """What the rules looked at before it left and before each crossing."""
        record, tongue = self.record, self.tongue
        for entry, event in record.events(Cleared):
            entries = Value("", (entry.seq,))
            if event.leg == 0:
                yield self.tell(CLEARED, entries=entries)
            else:
                legs = record.until(entry.seq).plan.legs  # the plan may have been changed since
                state = tongue.the_state(legs[event.leg].state, "plan")
                yield self.tell(CROSSED, state=state, entries=entries)

    def _outside(self, granted: tuple[story.Granted, ...]) -> Iterator[Block]:
        """Arrests, crossings, preparation and delivery against the validity that they need."""
        record = self.record
        found: list[Line] = []
        for said in record.heard:
            needs = isinstance(said.content, ArrestMade | HandoverAccepted) or kind_of(said.statement).kind in (
                "prepared",
                "delivered",
            )
            state = record.state_of(said.service)
            if not needs or state is None:
                continue
            own = [one for one in granted if one.act.state == state]
            if not any(one.live(said.happened) for one in own):
                line = self.tongue.say(
                    OUT_OF_TIME,
                    what=Value(say_kind(said.statement.kind, self.tongue.translate), said.entries),
                    moment=self.moment(said),
                    no=self.no(NO_LIVE),
                    state=self.tongue.the_state(state, "directory"),
                )
                past = [one for one in own if one.ends <= said.happened]
                if past:
                    last = max(past, key=lambda one: one.ends)
                    ended = self.at(last.ends, *last.entries)
                    line = (*line, Words(" "), *self.tongue.say(ENDED, ended=ended, none=self.no(NO_LIVE)))
                found.append(line)
        yield from self.lines(found)

    def _bars(self, granted: tuple[story.Granted, ...]) -> Bars:
        """Validity of each authorisation, and when its State was responsible; arrests across."""
        tongue, ridden = self.tongue, story.ways(self.record)
        arrests = story.arrests(self.record)
        ends = [one.ends for one in granted] + [said.happened for said, _ in arrests]
        begin, end = min(one.begins for one in granted), max(ends)
        scale, now = TimeScale(begin, end), story.newest(self.record)
        rows = []
        for one in granted:
            bars = [TimeBar(scale.at(one.begins), scale.at(one.ends), "light")]
            mine = [way for way in ridden if way.leg.state == one.act.state]
            bars += [TimeBar(scale.at(way.begins), scale.at(way.ends or now), "dark") for way in mine]
            number = f", {one.act.reference.number}" if one.act.reference is not None else ""
            authorisation = Value(tongue.state(one.act.state) + number, one.said.entries)
            name = tongue.say(UNTIL, authorisation=authorisation, ends=self.at(one.ends, *one.entries))
            rows.append(BarRow(name, tuple(bars)))
        ticks = [
            Tick(scale.at(said.happened), (Value(f"{tongue.translate(ARRESTED)}, {one.place}", said.entries),), strong=True)
            for said, one in arrests[:4]
        ]
        return Bars(
            tuple(rows),
            (*scale.days(), *ticks),
            (("light", tongue.words(VALID)), ("dark", tongue.words(UNDER_WAY))),
        )

    def _route(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(ROUTE)
        yield from self._map()
        ridden = story.ways(record)
        if not ridden:
            yield self.tell(NOT_LEFT, computed=COMPUTED)
            return
        seen = story.contacts(record)
        end = ridden[-1].ends or (seen[-1].at if seen else ridden[-1].begins)
        scale = TimeScale(ridden[0].begins, max(end, ridden[0].begins + timedelta(hours=1)))
        rows = []
        for one in ridden:
            until = one.ends or end
            count = sum(one.begins <= said.happened <= until for said in seen)
            label = (Value(str(count), ("computed",)),)
            name = (Value(f"{tongue.state(one.leg.state)}, {one.leg.means}", ("plan",)),)
            rows.append(BarRow(name, (TimeBar(scale.at(one.begins), scale.at(until), "middle", label),)))
        yield Bars(tuple(rows), scale.days(), (("middle", tongue.words(WATCHED_LEGEND)),))
        for one in ridden:
            filled: dict[str, Value | Line | Blank] = {
                "service": self.the_service(one.leg.responsible),
                "begins": self.at(one.begins, *one.entries[:1]),
                "state": Value(tongue.state(one.leg.state), ("plan",)),
                "means": tongue.quoted(one.leg.means, "plan"),
            }
            for (service, _), (_, changed) in pairwise(one.in_charge):
                ends = self.at(record.at(changed), changed)
                yield self.tell(RESPONSIBLE, **(filled | {"service": self.the_service(service), "ends": ends}))
                filled["begins"] = ends
            if one.ends is None:
                yield self.tell(STILL, **filled)
            else:
                sentence = CUT[one.cut] if one.cut is not None else RESPONSIBLE
                yield self.tell(sentence, **filled, ends=self.at(one.ends, *one.entries[-1:]))
        yield from self._split()
        spans = [(later.at - earlier.at, (*earlier.entries, *later.entries)) for earlier, later in pairwise(seen)]
        if spans:
            longest, entries = max(spans, key=lambda one: one[0])
            span = Value(tongue.span(longest), (*entries, "computed"))
            watch = record.plan.surveillance
            if watch is None:
                yield self.tell(LONGEST, span=span)
            else:
                yield self.tell(LONGEST_PLANNED, span=span, check_in=Value(tongue.span(watch.check_in), ("plan",)))

    def _split(self) -> Iterator[Block]:
        """Into which parts it has split, and how each ended."""
        record, tongue = self.record, self.tongue
        for said, split in record.said(Split):
            yield self.tell(
                SPLIT,
                moment=self.moment(said),
                service=self.the_service(said.service),
                reason=tongue.quoted(split.reason, *said.entries),
                parts=parts_of(tongue, said, split),
            )
        for said, ended in record.said(PartsEnded):
            yield self.tell(PARTS_ENDED, service=self.the_service(said.service), parts=ends_of(tongue, said, ended))
