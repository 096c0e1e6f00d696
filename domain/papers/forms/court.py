"""The report for a court: what the record says, sentence by sentence, each with the entries it rests on. It judges nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from domain.delivery.decided import Halted
from domain.delivery.holdings import exhibits
from domain.delivery.reported import Deconflicted, Stated
from domain.delivery.watching import unwatched
from domain.papers.form import Form
from domain.papers.forms import story
from domain.papers.forms.parts import (
    MORE_TOLD,
    MOST_TOLD,
    NONE,
    act,
    bounded,
    consignment,
    counted,
    row,
    seals,
    signing,
    weight,
)
from domain.papers.paper import (
    Bar,
    BarRow,
    Bars,
    Blank,
    Block,
    Break,
    Column,
    Columns,
    Heading,
    Line,
    Paragraph,
    Row,
    Sentence,
    Source,
    Summary,
    Table,
    Tick,
    Title,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.demands import demands, topic
from domain.plan.directory import Service
from domain.rules.arrival import ArresteeReleased, ArrestMade, NoArrest
from domain.rules.consent import AuthorisationRefused, AuthorisationWithdrawn
from domain.rules.custody import HandoverAccepted, HandoverDeclined, HandoverOffered
from domain.rules.hold import HoldRequested
from domain.rules.kind import kind_of
from domain.rules.stop import Incident, Interdicted, StopRequested
from domain.views.names import CRIMINAL_ROLES, EXHIBITS, FATES, OUTCOMES, VERDICTS
from domain.views.sentences import say_kind, say_plainly
from domain.words.moments import instant
from domain.words.text import mark, told

MADE_FOR = mark("Made for a court. What its provider has not permitted is not in it: {count} left out, see section 9.")
DECLASSIFIED = mark("Declassified by order No. {number} of {day}")
TO, IN_CASE = mark("court (prosecution office)"), mark("in case No. {number}")
KIND, ABOUT = mark("Report for the court"), mark("on the controlled delivery {operation}")
HOW_TO_READ = mark(
    "Every sentence rests on ledger entries, whose numbers stand in frames. The entries are signed by the services or follow "
    "from what they signed, are chained by hashes, and stand in the evidence packet. This report is made from the entries alone; "
    "it judges nothing and adds nothing. Times are UTC."
)
IN_SHORT = mark("In short")
RUNNING = mark("not ended")
OUTCOME, ARRESTED, RECOVERED, GAPS_SEEN = mark("outcome"), mark("arrested"), mark("seized at the end"), mark("gaps in the watch")
NOTHING = mark("none")
INVESTIGATED = mark("What was investigated: {offence}; the initiator is {initiator}.")
OBJECT = mark("The object: {object}; way of handling by the plan: {modality}.")
NO_CONFLICT = mark("{no} other operation was named by the register.")
NO = mark("No")
CONFLICTS = mark("The register named {count} other operations; whom to ask stands in the entry.")
AUTHORISATIONS = mark("Authorisations")
VALID, UNDER_WAY = mark("authorisation valid"), mark("under this State’s responsibility")
GIVEN = mark("{service}, {role}, has authorised it by {act} on {basis}, from {begins} until {ends}.")
CONDITION = mark("{service} set a condition: {text}.")
MET = mark("That it is met, is said in: {entries}.")
UNMET = mark("That it is met, {nobody} has said.")
NOBODY = mark("nobody")
OUT_OF_TIME = mark("Outside the time: {what} was recorded at {moment}, when {no} authorisation of {state} was valid.")
NO_LIVE = mark("no")
NOT_KNOWN = mark("Not known by the rule card of {state}: {topics}; {who} answers for it.")
ROUTE = mark("Route and responsibility")
WATCHED_LEGEND = mark("leg, with how often it was reported to be in hand or in sight")
RESPONSIBLE = mark("{service} was responsible from {begins} until {ends}, {state}: {means}.")
STILL = mark("{service} was responsible from {begins} on, {state}: {means}; an end of that leg is not recorded.")
LONGEST = mark("The longest time between two reports was {span}.")
LONGEST_PLANNED = mark("The longest time between two reports was {span}; by the plan it is to be sighted every {check_in}.")
NOT_LEFT = mark("That it left is not recorded{computed}.")
CUSTODY = mark("Chain of custody")
WHO, SINCE, GROSS, SEALS, CHECKED = (
    mark("Responsible"),
    mark("Since"),
    mark("Gross: given / taken"),
    mark("Seals"),
    mark("Not checked"),
)
DISCREPANCY = mark("Decisions to go on although something did not fit: {count}.")
HELD = mark("Exhibit {label} ({what}): held by {holder}.")
GONE = mark("Exhibit {label} ({what}): {fate}.")
BALANCE = mark("Mass balance")
FOUND, DIVIDED, AT_END = mark("by the plan"), mark("prepared"), mark("at the end")
REMOVED, SAMPLES, KEPT, SEIZED = mark("taken out"), mark("samples"), mark("kept"), mark("seized")
CLOSES = mark("Masses balance within the plan's tolerances{computed}.")
DIFFERS = mark("It does not balance: {what}.")
PREPARED_AS = mark("Prepared by {service} as: {modality}; kept: {kept}; removed: {removed}; samples: {samples}.")
PUT_IN = mark("Put in: {items}.")
RECOVERED_AS = mark("Recovered by {service}: {amounts}.")
GAPS = mark("Gaps in the watch")
LAST, LOST, BACK, UNSEEN, WHY = (
    mark("Last seen"),
    mark("Loss reported"),
    mark("Found"),
    mark("Unseen"),
    mark("Reason and place"),
)
NO_GAPS = mark("{no} loss of sight was reported.")
BETWEEN = mark("at least {least}, at most {most}")
LOG_GAP = mark("By the surveillance log nobody watched from {begins} until {ends}.")
REFUSALS = mark("Refusals, stops, what was not accepted")
SAID = mark("{service}: {what}, {reason}.")
HALTED = mark("It halted: {what}.")
SILENT = mark("No answer in time from {services}.")
NONE_OF_IT = mark("{no} refusal, withdrawal, stop, hold, incident or silence is recorded.")
NOT_ACCEPTED = mark("Not accepted: {count}; they are in the annex with the rule.")
REMARKED = mark("Remarked by the rules: {what}.")
ARRESTS = mark("Arrests, seizure, finds")
ARREST = mark("On {moment} {service} arrested {count} in {place}: {roles}.")
NO_ARREST = mark("{service} made no arrest: {reason}.")
RELEASED = mark("{service} released {count}: {reason}.")
SEIZURE = mark("Seizure and weighing by {service} were recorded on {moment}{act}.")
BY_ACT = mark(", record {act}")
FIND = mark("Found: {label}, {what}.")
NO_ARRESTS = mark("{no} arrest and no seizure is recorded.")
LEFT_OUT = mark("What is not in it")
ENTRY, PROVIDER, CODE, DIGEST = mark("Entry"), mark("Provided by"), mark("Code"), mark("Digest in its place")
NOTHING_RESTS = mark(
    "No decision, measurement or arrest rests on what is left out{computed}: else no packet for a court is made (R23)."
)
ALL_IN = mark("{nothing} is left out.")
NOTHING_OUT = mark("Nothing")
NO_NAMES = mark(
    "The ledger holds no names, sources, methods or addresses; photographs and recordings are in it by digest{computed}."
)
RESULT = mark("Result of the verification")
VERIFIED = mark(
    "Verified: every signature, every link between the {entries} entries and every rule of version {rules} hold; signed "
    "statements: {statements}, of these refused: {refused}; left out: {left_out}. Root of the ledger: {root}."
)
KEYS_IN_IT = mark(
    "The {count} keys below are those in the packet. That each belongs to its service is for the service to confirm, by naming "
    "its key id; without that, verification proves integrity alone."
)
SERVICE, KEY, SIGNED, CONFIRMED = mark("Service"), mark("Key id"), mark("Statements"), mark("Confirmed (by whom, when)")
PRINTED_BY = mark("Verified and printed by")
ANNEX = mark("Annex. Statements on which this report rests")
NUMBER, RECORDED, OFFICER, WHAT, ID, VERDICT = (
    mark("No."),
    mark("Recorded, UTC"),
    mark("Officer"),
    mark("What"),
    mark("id"),
    mark("Verdict"),
)
HALTS = (
    AuthorisationRefused,
    AuthorisationWithdrawn,
    HandoverDeclined,
    HoldRequested,
    Incident,
    Interdicted,
    StopRequested,
)
COMPUTED = Value("", ("computed",))


class Court(Form):
    """Made from the record as it may go before a court, by whoever holds a packet or sees the whole."""

    name = "court"
    version = 1
    title = mark("report for the court")
    of_the_whole = True
    purpose = "court"

    def subjects(self, record: Record) -> tuple[str, ...]:
        """The whole, at any time."""
        return ("",)

    def of(self, record: Record, subject: str) -> str:
        """Nothing to tell apart."""
        return ""

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Nobody who does not see the whole."""
        return False

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the newest entry."""
        return tuple(_Report(record, tongue).blocks())


class _Report:
    """One report being made: ten sections, numbered sentences."""

    def __init__(self, record: Record, tongue: Tongue) -> None:
        self.record, self.tongue = record, tongue
        self.section = self.number = 0

    def head(self, text: str) -> Heading:
        self.section, self.number = self.section + 1, 0
        return Heading((Words(f"{self.section}. "), *self.tongue.words(text)))

    def tell(self, template: str, **filled: Value | Line | Blank) -> Sentence:
        self.number += 1
        return Sentence(f"{self.section}.{self.number}", self.tongue.say(template, **filled))  # type: ignore[arg-type]

    def told(self, lines: list[tuple[str, dict[str, Value | Line | Blank]]]) -> Iterator[Sentence]:
        """So many of one kind; how many more there are, and where."""
        for template, filled in lines[:MOST_TOLD]:
            yield self.tell(template, **filled)
        if len(lines) > MOST_TOLD:
            yield self.tell(MORE_TOLD, count=Value(str(len(lines) - MOST_TOLD), ("computed",)))

    def moment(self, said: Heard) -> Value:
        return Value(self.tongue.moment(said.happened), said.entries)

    def at(self, when: datetime, *sources: Source) -> Value:
        return Value(self.tongue.moment(when), sources)

    def service(self, name: str) -> Value:
        return self.tongue.service(self.record, name)

    def no(self, text: str = NO) -> Value:
        return Value(self.tongue.translate(text), ("computed",))

    def blocks(self) -> Iterator[Block]:
        tongue = self.tongue
        left = Value(str(len(self.record.left_out)), ("computed",))
        yield Columns(
            (
                Paragraph(tongue.say(MADE_FOR, count=left), "note"),
                Paragraph(tongue.say(DECLASSIFIED, number=Blank(2), day=Blank(2)), "left"),
            ),
            (
                Paragraph((Blank(4, tongue.translate(TO)),), "left"),
                Paragraph(tongue.say(IN_CASE, number=Blank(3)), "left"),
            ),
        )
        operation = tongue.quoted(self.record.plan.operation, "plan")
        yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation),))
        yield Paragraph(tongue.words(HOW_TO_READ), "note")
        yield from self._short()
        yield from self._authorisations()
        yield from self._route()
        yield from self._custody()
        yield from self._balance()
        yield from self._gaps()
        yield from self._refusals()
        yield from self._arrests()
        yield from self._left_out()
        yield from self._verified()
        yield Break()
        yield Heading(tongue.words(ANNEX))
        yield self._annex()

    def _short(self) -> Iterator[Block]:
        record, tongue, plan = self.record, self.tongue, self.record.plan
        yield self.head(IN_SHORT)
        ended = story.concluded(record)
        outcome = (
            Value(tongue.translate(OUTCOMES[ended[1].outcome]), (ended[0],))
            if ended is not None
            else Value(tongue.translate(RUNNING), ("computed",))
        )
        made = story.arrests(record)
        persons = sum(len(one.persons) for _, one in made)
        seized = story.seizures(record)
        weighed = story.masses(tuple(amount for _, one in seized for amount in one.recovered))
        sources = counted(seq for said, _ in seized for seq in said.entries)
        total = joined(Value(f"{name} {tongue.mass(mass)}", sources) for name, mass in weighed.items())
        arrested = counted(seq for said, _ in made for seq in said.entries)
        gaps = story.gaps(record)
        lost = counted(seq for one in gaps for seq in one.lost.entries)
        yield Summary(
            (
                ((outcome,), tongue.words(OUTCOME)),
                ((Value(str(persons), arrested),), tongue.words(ARRESTED)),
                (total or (self.no(NOTHING),), tongue.words(RECOVERED)),
                ((Value(str(len(gaps)), lost),), tongue.words(GAPS_SEEN)),
            )
        )
        offence = tongue.quoted(plan.offence.description, "plan")
        yield self.tell(INVESTIGATED, offence=offence, initiator=self.service(plan.initiator))
        yield self.tell(OBJECT, object=consignment(tongue, plan.consignment), modality=tongue.word(plan.modality, "plan"))
        answers = [(entry.seq, len(event.contacts)) for entry, event in record.events(Deconflicted)]
        named = [seq for seq, count in answers if count]
        if named:
            most = max(count for _, count in answers)
            yield self.tell(CONFLICTS, count=Value(str(most), counted(named)))
        elif answers:
            yield self.tell(NO_CONFLICT, no=Value(tongue.translate(NO), counted(seq for seq, _ in answers)))

    def _authorisations(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(AUTHORISATIONS)
        granted = story.authorisations(record)
        if granted:
            yield self._bars(granted)
        for one in granted:
            yield self.tell(
                GIVEN,
                service=self.service(one.said.service),
                role=Value(one.act.granted_by_role, one.said.entries),
                act=act(tongue, one.act.reference, *one.said.entries),
                basis=tongue.quoted(one.act.legal_basis, *one.said.entries, unsure=True),
                begins=self.at(one.begins, *one.said.entries),
                ends=self.at(one.ends, *one.entries),
            )
            for number, condition in enumerate(one.act.conditions, 1):
                text = tongue.quoted(condition.text, *one.said.entries)
                met = [
                    seq
                    for said in record.heard
                    if f"{one.said.service}/{number}" in said.statement.fulfils
                    for seq in said.entries
                ]
                sentence = tongue.say(CONDITION, service=self.service(one.said.service), text=text)
                more = (
                    tongue.say(MET, entries=joined(Value(str(seq), (seq,)) for seq in met[:MOST_TOLD]))
                    if met
                    else tongue.say(UNMET, nobody=self.no(NOBODY))
                )
                self.number += 1
                yield Sentence(f"{self.section}.{self.number}", (*sentence, Words(" "), *more))
        yield from self._outside(granted)
        for demand in demands(record.plan, record.cards):
            if demand.not_known:
                topics = joined(Value(told(topic(one), tongue.translate), ("card",)) for one in demand.not_known)
                who = self.service(demand.answered_by) if demand.answered_by is not None else NONE
                yield self.tell(NOT_KNOWN, state=Value(tongue.state(demand.state), ("plan",)), topics=topics, who=who)

    def _outside(self, granted: tuple[story.Granted, ...]) -> Iterator[Block]:
        """Arrests, crossings, preparation and delivery against the validity that they need."""
        record = self.record
        acts: list[tuple[str, dict[str, Value | Line | Blank]]] = []
        for said in record.heard:
            needs = isinstance(said.content, ArrestMade | HandoverAccepted) or kind_of(said.statement).kind in (
                "prepared",
                "delivered",
            )
            state = record.state_of(said.service)
            if not needs or state is None:
                continue
            if not any(one.act.state == state and one.live(said.happened) for one in granted):
                filled: dict[str, Value | Line | Blank] = {
                    "what": Value(say_kind(said.statement.kind, self.tongue.translate), said.entries),
                    "moment": self.moment(said),
                    "no": self.no(NO_LIVE),
                    "state": Value(self.tongue.state(state), ("directory",)),
                }
                acts.append((OUT_OF_TIME, filled))
        yield from self.told(acts)

    def _bars(self, granted: tuple[story.Granted, ...]) -> Bars:
        """Validity of each authorisation, and when its State was responsible; arrests across."""
        tongue, ridden = self.tongue, story.ways(self.record)
        arrests = story.arrests(self.record)
        ends = [one.ends for one in granted] + [said.happened for said, _ in arrests]
        begin, end = min(one.begins for one in granted), max(ends)
        scale = _Scale(begin, end)
        rows = []
        for one in granted:
            bars = [Bar(scale.at(one.begins), scale.at(one.ends), "light", (self.at(one.ends, *one.entries),))]
            mine = [way for way in ridden if way.leg.state == one.act.state]
            bars += [Bar(scale.at(way.begins), scale.at(way.ends or end), "dark") for way in mine]
            name = (Value(f"{tongue.state(one.act.state)}, {one.act.reference.number}", one.said.entries),)
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
        ridden = story.ways(record)
        if not ridden:
            yield self.tell(NOT_LEFT, computed=COMPUTED)
            return
        seen = story.contacts(record)
        end = ridden[-1].ends or (seen[-1].at if seen else ridden[-1].begins)
        scale = _Scale(ridden[0].begins, max(end, ridden[0].begins + timedelta(hours=1)))
        rows = []
        for one in ridden:
            until = one.ends or end
            count = sum(one.begins <= said.happened <= until for said in seen)
            label = (Value(str(count), ("computed",)),)
            name = (Value(f"{one.leg.state}, {one.leg.means}", ("plan",)),)
            rows.append(BarRow(name, (Bar(scale.at(one.begins), scale.at(until), "middle", label),)))
        yield Bars(tuple(rows), scale.days(), (("middle", tongue.words(WATCHED_LEGEND)),))
        for one in ridden:
            filled: dict[str, Value | Line | Blank] = {
                "service": self.service(one.leg.responsible),
                "begins": self.at(one.begins, *one.entries[:1]),
                "state": Value(tongue.state(one.leg.state), ("plan",)),
                "means": Value(one.leg.means, ("plan",)),
            }
            if one.ends is None:
                yield self.tell(STILL, **filled)
            else:
                yield self.tell(RESPONSIBLE, **filled, ends=self.at(one.ends, *one.entries[-1:]))
        spans = [(later.at - earlier.at, (*earlier.entries, *later.entries)) for earlier, later in pairwise(seen)]
        if spans:
            longest, entries = max(spans, key=lambda one: one[0])
            span = Value(tongue.span(longest), (*entries, "computed"))
            watch = record.plan.surveillance
            if watch is None:
                yield self.tell(LONGEST, span=span)
            else:
                yield self.tell(LONGEST_PLANNED, span=span, check_in=Value(tongue.span(watch.check_in), ("plan",)))

    def _custody(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(CUSTODY)
        rows: list[Row] = []
        numbers: list[int] = []
        handled = story.prepared(record)
        if handled is not None:
            said, prepared = handled
            rows.append(
                row(
                    (self.service(said.service),),
                    (self.moment(said),),
                    weight(tongue, prepared.gross, *said.entries),
                    seals(prepared.seals, *said.entries),
                    NONE,
                )
            )
            numbers.append(said.seq)
        for said, accepted in record.said(HandoverAccepted):
            offers = [one for one in record.said(HandoverOffered, said.checkpoint) if one[0].counted <= said.counted]
            offer, offered = offers[-1] if offers else (None, None)
            given = weight(tongue, offered.gross, *offer.entries) if offer is not None and offered is not None else NONE
            missed = (tongue.quoted(accepted.not_checked, *said.entries),) if accepted.not_checked else NONE
            rows.append(
                row(
                    (self.service(said.service),),
                    (self.moment(said),),
                    (*given, Words(" / "), *weight(tongue, accepted.gross, *said.entries)),
                    seals(accepted.seals, *said.entries),
                    missed,
                )
            )
            numbers.append(said.seq)
        heads = ((WHO, 5, False), (SINCE, 3, False), (GROSS, 4, True), (SEALS, 4, False), (CHECKED, 4, False))
        columns = tuple(Column(tongue.words(head), share, figures) for head, share, figures in heads)
        yield bounded(Table(columns, tuple(rows)), tongue, numbers)
        yield self.tell(DISCREPANCY, count=Value(str(record.delivery.state.went_on), ("computed",)))
        lines: list[tuple[str, dict[str, Value | Line | Blank]]] = []
        for label, one in exhibits(record.delivery.state).items():
            sources: tuple[Source, ...] = (one.entry,) if one.entry else ("computed",)
            what = tongue.exhibit(one.what, *sources)
            name = Value(label, sources)
            if one.holder is not None:
                lines.append((HELD, {"label": name, "what": what, "holder": self.service(one.holder)}))
            else:
                fate = Value(tongue.translate(FATES.get(one.fate or "", one.fate or "–")), sources)
                lines.append((GONE, {"label": name, "what": what, "fate": fate}))
        yield from self.told(lines)

    def _balance(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(BALANCE)
        yield from self._balance_bars()
        handled = story.prepared(record)
        if handled is not None:
            said, prepared = handled

            def amounts(these: tuple[object, ...]) -> Line:
                return joined(Value(tongue.amount(one), said.entries) for one in these) or NONE  # type: ignore[arg-type]

            yield self.tell(
                PREPARED_AS,
                service=self.service(said.service),
                modality=tongue.word(prepared.modality, *said.entries),
                kept=amounts(prepared.kept),
                removed=amounts(prepared.removed),
                samples=amounts(prepared.samples),
            )
            if prepared.items:
                items = (
                    Value(f"{tongue.translate(EXHIBITS[item.what])} {item.label} {tongue.mass(item.gross)}", said.entries)
                    for item in prepared.items
                )
                yield self.tell(PUT_IN, items=joined(items))
        for said, seizure in story.seizures(record):
            recovered = joined(Value(tongue.amount(one), said.entries) for one in seizure.recovered) or NONE
            labels = joined(Value(label, said.entries) for label in seizure.items)
            both = (*recovered, Words("; "), *labels) if labels else recovered
            yield self.tell(RECOVERED_AS, service=self.service(said.service), amounts=both)
        found = record.delivery.balance.differences()
        for finding in found:
            yield self.tell(DIFFERS, what=Value(say_plainly(finding, tongue.translate), ("computed",)))
        if not found:
            yield self.tell(CLOSES, computed=COMPUTED)

    def _balance_bars(self) -> Iterator[Block]:
        """Of what was measured in grams: by the plan, as prepared, at the end; of one substance."""
        record, tongue = self.record, self.tongue
        handled = story.prepared(record)
        if handled is None:
            return
        said, prepared = handled
        parts = [
            (REMOVED, story.masses(prepared.removed), "light"),
            (SAMPLES, story.masses(prepared.samples), "dark"),
            (KEPT, story.masses(prepared.kept), "middle"),
        ]
        names = list(dict.fromkeys(name for _, masses, _ in parts for name in masses))
        if len(names) != 1:
            return
        name = names[0]
        whole = sum(masses.get(name, 0) for _, masses, _ in parts)
        planned = next(iter(story.masses(record.plan.consignment.contents).values()), whole)
        recovered = [(one, story.masses(seizure.recovered)) for one, seizure in story.seizures(record)]
        end = sum(next(iter(masses.values()), 0) for _, masses in recovered)
        most = max(whole, planned, end, 1)
        place, bars = 0, []
        for what, masses, shade in parts:
            mass = masses.get(name, 0)
            if mass:
                label = (Value(f"{tongue.translate(what)} {tongue.mass(mass)}", said.entries),)
                bars.append(Bar(place, place + mass * 1000 // most, shade, label))  # type: ignore[arg-type]
                place += mass * 1000 // most
        rows = [
            BarRow(tongue.words(FOUND), (Bar(0, planned * 1000 // most, "none", (Value(tongue.mass(planned), ("plan",)),)),)),
            BarRow(tongue.words(DIVIDED), tuple(bars)),
        ]
        if recovered:
            entries = counted(seq for one, _ in recovered for seq in one.entries)
            label = (Value(f"{tongue.translate(SEIZED)} {tongue.mass(end)}", entries),)
            rows.append(BarRow(tongue.words(AT_END), (Bar(max(place - end * 1000 // most, 0), place, "middle", label),)))
        yield Bars(tuple(rows), ())

    def _gaps(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(GAPS)
        rows: list[Row] = []
        numbers: list[int] = []
        for one in story.gaps(record):
            last = (self.moment(one.last),) if one.last is not None else NONE
            back = (self.moment(one.found),) if one.found is not None else NONE
            unseen: Line = NONE
            if one.found is not None:
                least = Value(tongue.span(one.found.happened - one.lost.happened), ("computed",))
                most = one.found.happened - (one.last.happened if one.last is not None else one.lost.happened)
                unseen = tongue.say(BETWEEN, least=least, most=Value(tongue.span(most), ("computed",)))
            why: Line = (tongue.quoted(one.reason, *one.lost.entries),)
            if one.found is not None:
                place = Value(one.place, one.found.entries)
                why = (*why, Words("; "), place, Words(", "), tongue.quoted(one.why, *one.found.entries))
            rows.append(row(last, (self.moment(one.lost),), back, unseen, why))
            numbers.append(one.lost.seq)
        if rows:
            heads = ((LAST, 3), (LOST, 3), (BACK, 3), (UNSEEN, 4), (WHY, 7))
            yield bounded(Table(tuple(Column(tongue.words(head), share) for head, share in heads), tuple(rows)), tongue, numbers)
        else:
            yield self.tell(NO_GAPS, no=self.no())
        log = unwatched(record.delivery.state.watch_log)
        yield from self.told(
            [
                (
                    LOG_GAP,
                    {"begins": self.at(one.begins, one.after, "computed"), "ends": self.at(one.ends, one.before, "computed")},
                )
                for one in log
            ]
        )

    def _refusals(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(REFUSALS)
        lines: list[tuple[str, dict[str, Value | Line | Blank]]] = []
        for said in record.heard:
            if isinstance(said.content, HALTS):
                reason = (
                    getattr(said.content, "reason", "") or getattr(said.content, "what", "") or getattr(said.content, "place", "")
                )
                what = Value(say_kind(said.statement.kind, tongue.translate), said.entries)
                quoted = tongue.quoted(reason, *said.entries)
                lines.append((SAID, {"service": self.service(said.service), "what": what, "reason": quoted}))
        for entry, event in record.events(Halted):
            lines.append((HALTED, {"what": Value(say_plainly(event.finding, tongue.translate), (entry.seq,))}))
        for seq, silence in story.silences(record):
            services = joined(Value(self.service(one).text, (seq, "directory")) for one in silence.services)
            lines.append((SILENT, {"services": services}))
        if not lines:
            yield self.tell(NONE_OF_IT, no=self.no())
        yield from self.told(lines)
        refused = tuple(one.seq for one in story.not_counted(record))
        yield self.tell(NOT_ACCEPTED, count=Value(str(len(refused)), counted(refused)))
        remarks = [
            (REMARKED, {"what": Value(say_plainly(finding, tongue.translate), (entry.seq,))})
            for entry, finding in record.delivery.remarked()
        ]
        yield from self.told(remarks)  # type: ignore[arg-type]

    def _arrests(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(ARRESTS)
        lines: list[tuple[str, dict[str, Value | Line | Blank]]] = []
        for said in record.heard:
            service: dict[str, Value | Line | Blank] = {"service": self.service(said.service)}
            content = said.content
            match content:
                case ArrestMade():
                    held = [one.role for one in content.persons]
                    roles = joined(
                        Value(f"{tongue.translate(CRIMINAL_ROLES[role])}: {held.count(role)}", said.entries)
                        for role in dict.fromkeys(held)
                    )
                    count = Value(str(len(held)), said.entries)
                    place = Value(content.place, said.entries)
                    lines.append(
                        (ARREST, {**service, "moment": self.moment(said), "count": count, "place": place, "roles": roles})
                    )
                case NoArrest():
                    lines.append((NO_ARREST, {**service, "reason": tongue.quoted(content.reason, *said.entries)}))
                case ArresteeReleased():
                    count = Value(str(len(content.persons)), said.entries)
                    reason = tongue.quoted(content.reason, *said.entries)
                    lines.append((RELEASED, {**service, "count": count, "reason": reason}))
        for said, one in story.seizures(record):
            act_of = tongue.say(BY_ACT, act=act(tongue, one.reference, *said.entries)) if one.reference is not None else ()
            filled: dict[str, Value | Line | Blank] = {
                "service": self.service(said.service),
                "moment": self.moment(said),
                "act": act_of,
            }
            lines.append((SEIZURE, filled))
            lines += [
                (FIND, {"label": Value(find.label, said.entries), "what": tongue.quoted(find.what, *said.entries)})
                for find in one.finds
            ]
        if not lines:
            yield self.tell(NO_ARRESTS, no=self.no())
        yield from self.told(lines)

    def _left_out(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(LEFT_OUT)
        if record.left_out:
            rows = tuple(
                row(
                    (Value(str(one.seq), (one.seq,)),),
                    (self.service(one.provider),),
                    (Value(one.code, (one.seq,)),),
                    (Value(one.leaf, ("computed",)),),
                )
                for one in record.left_out
            )
            heads = ((ENTRY, 1), (PROVIDER, 4), (CODE, 1), (DIGEST, 8))
            columns = tuple(Column(tongue.words(head), share) for head, share in heads)
            yield bounded(Table(columns, rows, small=True), tongue, [one.seq for one in record.left_out])
            yield self.tell(NOTHING_RESTS, computed=COMPUTED)
        else:
            yield self.tell(ALL_IN, nothing=self.no(NOTHING_OUT))
        yield self.tell(NO_NAMES, computed=COMPUTED)

    def _verified(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(RESULT)
        stated = [event for _, event in record.events(Stated)]
        refused = sum(event.verdict.verdict == "refused" for event in stated)
        counts = {
            "entries": record.size,
            "rules": record.delivery.law.version,
            "statements": len(stated) + len(record.left_out),
            "refused": refused,
            "left_out": len(record.left_out),
        }
        filled: dict[str, Value | Line | Blank] = {name: Value(str(count), ("computed",)) for name, count in counts.items()}
        yield self.tell(VERIFIED, **filled, root=Value(record.root, ("computed",)))
        signers: dict[tuple[str, str], int] = {}
        for event in stated:
            statement = record.delivery.law.read(event.envelope)
            for one in event.envelope.signatures:
                signers[statement.service, one.keyid] = signers.get((statement.service, one.keyid), 0) + 1
        yield self.tell(KEYS_IN_IT, count=Value(str(len(signers)), ("computed",)))
        rows = tuple(
            row((self.service(service),), (Value(key, ("directory",)),), (Value(str(count), ("computed",)),), (Blank(2),))
            for (service, key), count in sorted(signers.items())
        )
        heads = ((SERVICE, 5, False), (KEY, 6, False), (SIGNED, 2, True), (CONFIRMED, 4, False))
        columns = tuple(Column(tongue.words(head), share, figures) for head, share, figures in heads)
        yield bounded(Table(columns, rows, small=True), tongue, [record.size - 1] * len(rows))
        yield signing(tongue, [tongue.words(PRINTED_BY)])

    def _annex(self) -> Table:
        record, tongue = self.record, self.tongue
        rows: list[Row] = []
        numbers: list[int] = []
        for entry, event in record.events(Stated):
            statement, finding = record.delivery.law.read(event.envelope), event.verdict.finding
            verdict = tongue.translate(VERDICTS[event.verdict.verdict])
            if finding is not None:
                verdict = f"{verdict}, {finding.rule}"
            seq = entry.seq
            cells = (
                str(seq),
                tongue.moment(instant(entry.at)),
                statement.service,
                statement.officer,
                say_kind(statement.kind, tongue.translate),
                statement.id[:8],
                verdict,
            )
            rows.append(Row(tuple((Value(one, (seq,)),) for one in cells)))
            numbers.append(seq)
        heads = ((NUMBER, 2), (RECORDED, 4), (SERVICE, 4), (OFFICER, 4), (WHAT, 6), (ID, 3), (VERDICT, 5))
        columns = tuple(Column(tongue.words(head), share) for head, share in heads)
        return bounded(Table(columns, tuple(rows), small=True, once=True), tongue, numbers)


class _Scale:
    """Moments as thousandths of the time from a beginning to an end."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, max(end, begin + timedelta(minutes=1))

    def at(self, moment: datetime) -> int:
        inside = min(max(moment, self.begin), self.end)
        return int((inside - self.begin) * 1000 // (self.end - self.begin))

    def days(self) -> tuple[Tick, ...]:
        """The beginnings of at most twenty days."""
        first = (self.begin + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        count = max((self.end - first).days + 1, 0) if self.end >= first else 0
        step = max(count // 12, 1)
        days = (first + timedelta(days=number) for number in range(0, count, step))
        return tuple(Tick(self.at(day), (Value(f"{day:%d.%m}", ("computed",)),)) for day in days)
