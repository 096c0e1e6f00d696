"""The report for a court: what the record says, sentence by sentence, each with the entries it rests on. It judges nothing."""

from collections.abc import Iterator

from domain.delivery.decided import Halted
from domain.delivery.reported import Deconflicted
from domain.papers.form import Form
from domain.papers.forms import story
from domain.papers.forms.court_goods import CourtGoods
from domain.papers.forms.court_proof import Proof
from domain.papers.forms.court_ways import Ways
from domain.papers.forms.lots import SEIZED_IN_ALL, seized_in_all
from domain.papers.forms.parts import (
    act,
    by_role,
    consignment,
    counted,
    of_the_group,
    others_of_the_group,
    weight,
)
from domain.papers.forms.split import but_for_parts
from domain.papers.forms.telling import ARRESTED, GAPS_SEEN, NO, OUTCOME, SAID, Told, halt_called
from domain.papers.paper import (
    Blank,
    Block,
    Columns,
    Line,
    Paragraph,
    Summary,
    Title,
    Value,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.acts import NamedAct
from domain.plan.directory import Service
from domain.rules.acts import CaseOpened
from domain.rules.arrival import ArresteeReleased, ArrestMade, NoArrest
from domain.rules.handling import DisclosurePermitted
from domain.rules.stop import Interdicted
from domain.views.names import OUTCOMES
from domain.words.text import mark

MADE_FOR = mark("Made for a court. What its provider has not permitted is not in it: {count} left out, see section 9.")
PERMITTED_BY = mark("That it goes before a court, its providers have permitted: {providers}.")
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
INVESTIGATED = mark("What was investigated: {offence}; the initiator is {initiator}.")
OBJECT = mark("The object: {object}; way of handling by the plan: {modality}.")
NO_CONFLICT = mark("{no} other operation was named by the register.")
CONFLICTS = mark("The register named {count} other operations; whom to ask stands in the entry.")
REFUSALS = mark("Refusals, stops, what was not accepted")
HALTED = mark("It halted: {what}.")
SILENT = mark("No answer in time from {services}.")
NONE_OF_IT = mark("{no} refusal, withdrawal, stop, hold, incident or silence is recorded.")
NOT_ACCEPTED = mark("Not accepted: {count}; they are in the annex with the rule.")
NOT_ACCEPTED_AND_OUT = mark("Not accepted, and left out of this report: {count}, see section 9.")
ALL_ACCEPTED = mark("{no} statement was refused or came too late.")
REMARKED = mark("Remarked by the rules: {what}.")
ARRESTS = mark("Arrests, seizure, finds")
ARREST = mark("On {moment} {service} arrested {count} in {place}: {roles}{act}.")
NO_ARREST = mark("{service} made no arrest: {reason}.")
RELEASED = mark("{service} released {count}: {reason}.")
SEIZURE = mark("Seizure and weighing by {service} were recorded on {moment}{act}.")
BY_ACT = mark(", record {act}")
SEIZED_ON_THE_WAY = mark("On {moment} {service} seized the consignment on the way, place: {place}; gross weight: {gross}.")
SEIZED_BEFORE = mark("On {moment} {service} seized the consignment before it had left, place: {place}; gross weight: {gross}.")
BY_ANOTHER = mark(
    "On {moment} it was seized on the way, place: {place}, by an authority that was not told: {who}, as said by {service}."
)
CASE = mark("{service} opened criminal case {act}: {articles}.")
FIND = mark("Found: {label}, {what}.")
NO_ARRESTS = mark("{no} arrest and no seizure is recorded.")


def _services(said: list[Heard]) -> dict[str, None]:
    """Who has said it, each once, in order."""
    return dict.fromkeys(one.service for one in said)


class CourtForm(Form):
    """Made from the record as it may go before a court, by whoever holds a packet or sees the whole."""

    name = "court"
    version = 14
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
        return tuple(_CourtReport(record, tongue).blocks())


class _CourtReport(Ways, CourtGoods, Proof):
    """One report being made: ten sections, numbered sentences."""

    def blocks(self) -> Iterator[Block]:
        tongue = self.tongue
        left = Value(str(len(self.record.left_out)), ("computed",))
        permits = [said for said, one in self.record.said(DisclosurePermitted) if one.to == "court"]
        by = {name: [seq for said in permits if said.service == name for seq in said.entries] for name in _services(permits)}
        names = joined(Value(self.the_service(name).text, counted(entries)[:-1]) for name, entries in by.items())
        permitted = (Paragraph(tongue.say(PERMITTED_BY, providers=names), "small"),) if names else ()
        yield Columns(
            (
                Paragraph(tongue.say(MADE_FOR, count=left), "note"),
                *permitted,
                Paragraph(tongue.say(DECLASSIFIED, number=Blank(2), day=Blank(2)), "left"),
            ),
            (
                Paragraph((Blank(4, tongue.translate(TO)),), "left"),
                Paragraph(tongue.say(IN_CASE, number=Blank(3)), "left"),
            ),
        )
        operation = tongue.quoted(self.record.plan.operation, "plan")
        about = (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, self.record.plan, whole=True))
        yield Title(tongue.words(KIND), about)
        yield from others_of_the_group(tongue, self.record.plan)
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
        yield from self._annex()

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
        persons = story.persons_in(made)
        arrested = counted(seq for said, _ in made for seq in said.entries)
        gaps = story.gaps(record)
        lost = counted(seq for one in gaps for seq in one.lost.entries)
        yield Summary(
            (
                ((outcome,), tongue.words(OUTCOME)),
                (but_for_parts(record, tongue, bool, (Value(str(persons), arrested),)), tongue.words(ARRESTED)),
                (seized_in_all(record, tongue), tongue.words(SEIZED_IN_ALL)),
                ((Value(str(len(gaps)), lost),), tongue.words(GAPS_SEEN)),
            )
        )
        offence = tongue.quoted(plan.offence.description, "plan")
        yield self.tell(INVESTIGATED, offence=offence, initiator=self.the_service(plan.initiator))
        yield self.tell(OBJECT, object=consignment(tongue, plan.consignment), modality=tongue.word(plan.modality, "plan"))
        answers = [(entry.seq, len(event.contacts)) for entry, event in record.events(Deconflicted)]
        named = [seq for seq, count in answers if count]
        if named:
            most = max(count for _, count in answers)
            yield self.tell(CONFLICTS, count=Value(str(most), counted(named)))
        elif answers:
            yield self.tell(NO_CONFLICT, no=Value(tongue.translate(NO), counted(seq for seq, _ in answers)))

    def _refusals(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(REFUSALS)
        lines: list[Told] = []
        for said, reason in story.halts(record):
            quoted = tongue.quoted(reason, *said.entries)
            what = halt_called(tongue, said)
            lines.append((SAID, {"service": self.service(said.service), "what": what, "reason": quoted}))
        for entry, event in record.events(Halted):
            lines.append((HALTED, {"what": tongue.finding(record, event.finding, entry.seq)}))
        for seq, silence in story.silences(record):
            services = joined(Value(self.the_service(one).text, (seq, "directory")) for one in silence.services)
            lines.append((SILENT, {"services": services}))
        if not lines:
            yield self.tell(NONE_OF_IT, no=self.no())
        yield from self.told(lines)
        refused = tuple(one.seq for one in story.not_counted(record))
        if refused:
            yield self.tell(NOT_ACCEPTED, count=Value(str(len(refused)), counted(refused)))
        gone = tuple(one.seq for one in record.left_out if one.verdict.verdict in ("refused", "late"))
        if gone:
            yield self.tell(NOT_ACCEPTED_AND_OUT, count=Value(str(len(gone)), counted(gone)))
        if not refused and not gone:
            yield self.tell(ALL_ACCEPTED, no=self.no())
        remarks = [
            (REMARKED, {"what": tongue.finding(record, finding, entry.seq)}) for entry, finding in record.delivery.remarked()
        ]
        yield from self.told(remarks)  # type: ignore[arg-type]

    def _arrests(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(ARRESTS)
        lines: list[Told] = []
        for said in record.heard:
            service: dict[str, Value | Line | Blank] = {"service": self.the_service(said.service)}
            content = said.content
            match content:
                case ArrestMade():
                    roles = by_role(tongue, said, content.persons)
                    count = Value(str(len(content.persons)), said.entries)
                    place = Value(content.place, said.entries)
                    by = self._by_act(content.reference, said)
                    what = {**service, "moment": self.moment(said), "count": count, "place": place, "roles": roles, "act": by}
                    lines.append((ARREST, what))
                case Interdicted():
                    lines.append(self._interdicted(said, content))
                case CaseOpened():
                    named = joined(tongue.quoted(one, *said.entries) for one in content.articles)
                    case = act(tongue, content.reference, *said.entries)
                    lines.append((CASE, {**service, "act": case, "articles": named}))
                case NoArrest():
                    lines.append((NO_ARREST, {**service, "reason": tongue.quoted(content.reason, *said.entries)}))
                case ArresteeReleased():
                    count = Value(str(len(content.persons)), said.entries)
                    reason = tongue.quoted(content.reason, *said.entries)
                    lines.append((RELEASED, {**service, "count": count, "reason": reason}))
        for said, one in story.seizures(record):
            by = self._by_act(one.reference, said)
            lines.append((SEIZURE, {"service": self.the_service(said.service), "moment": self.moment(said), "act": by}))
            lines += [
                (FIND, {"label": Value(find.label, said.entries), "what": tongue.quoted(find.what, *said.entries)})
                for find in one.finds
            ]
        if not lines:
            yield self.tell(NO_ARRESTS, no=self.no())
        yield from self.told(lines)

    def _by_act(self, named: NamedAct | None, said: Heard) -> Line:
        """The record of it, where it is named."""
        return self.tongue.say(BY_ACT, act=act(self.tongue, named, *said.entries)) if named is not None else ()

    def _interdicted(self, said: Heard, content: Interdicted) -> Told:
        filled: dict[str, Value | Line | Blank] = {
            "moment": self.moment(said),
            "service": self.the_service(said.service),
            "place": Value(content.place, said.entries),
        }
        if content.seized_by:
            return BY_ANOTHER, filled | {"who": self.tongue.quoted(content.seized_by, *said.entries)}
        sentence = SEIZED_ON_THE_WAY if story.had_left(self.record, said) else SEIZED_BEFORE
        return sentence, filled | {"gross": weight(self.tongue, content.gross, *said.entries)}
