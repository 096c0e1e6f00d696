"""The report of results for heads of services: the whole of it, or the part of one State."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from domain.delivery.decided import Opened
from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.papers.form import Form
from domain.papers.forms import story
from domain.papers.forms.balancing import difference, is_unmeasured
from domain.papers.forms.lots import SEIZED_IN_ALL, TAKEN_FROM_IT, fate_of, label_of, seized_in_all
from domain.papers.forms.parts import (
    NONE,
    act,
    author,
    by_role,
    counted,
    of_the_group,
    others_of_the_group,
    role_of,
    row,
    signing,
    some,
    table,
    weight,
)
from domain.papers.forms.split import but_for_parts, ends_of, parts_of
from domain.papers.forms.telling import SAID, halt_called
from domain.papers.forms.unwritten import as_given
from domain.papers.paper import (
    Blank,
    Block,
    Columns,
    Dated,
    Fields,
    Heading,
    Items,
    Line,
    Paragraph,
    Summary,
    Table,
    TableRow,
    TickBox,
    Title,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined, printed
from domain.plan.directory import Service
from domain.plan.goods import AnyAmount
from domain.rules.acts import CaseOpened, PersonsNotified, ResultsSubmitted
from domain.rules.arrival import ArresteeReleased, ArrestMade, Delivered
from domain.rules.balance import PartsEnded, Seizure, Split
from domain.rules.closing import CostsSettled, Debriefed
from domain.rules.custody import Dispatched, HandoverAccepted
from domain.rules.disposing import Disposed
from domain.rules.permission import PermissionGranted
from domain.rules.preparation import Prepared
from domain.rules.taking_out import TakenOut
from domain.views.names import OUTCOMES
from domain.views.sentences import say_kind
from domain.words.moments import instant
from domain.words.text import mark

TO = mark("to whom: office, name, initials")
KIND, ABOUT = mark("Report"), mark("on the results of the controlled delivery {operation}")
PART = mark("The part of {state}: what concerns other States is not in it (R11).")
PLACE, NUMBER = mark("place where it is made"), mark("No. {blank}")
RUNNING = mark("it has not ended")
OUTCOME, ARRESTED, ON_THE_WAY = (
    mark("outcome"),
    mark("arrested"),
    mark("on the way; gaps in the watch: {gaps}"),
)
WAY, STAYED = mark("on the way"), mark("it has not left")
STILL, NO_END = mark("still on the way"), mark("no end is recorded")
GROUNDS = mark("1. Grounds")
STATE, ACT, BY, ASKED, UNTIL = mark("State"), mark("Act"), mark("Given by"), mark("Asked – given, UTC"), mark("Valid until, UTC")
INITIATOR = mark("Initiator: {initiator}. File (criminal case) No. {number}.")
COURSE = mark("2. Course")
WHEN, WHAT, WHO, GROSS = mark("Day, hour, UTC"), mark("What happened"), mark("Responsible from then on"), mark("Gross")
WAS_PREPARED, LEFT, HANDED, ARRIVED, ARREST, SEIZURE, SPLIT, PARTS_ENDED = (
    mark("prepared: {modality}"),
    mark("dispatched"),
    mark("handed over, {place}"),
    mark("delivered: {how}"),
    mark("arrested: {count}, {place}"),
    mark("seized and weighed"),
    mark("split into deliveries of its parts: {parts}"),
    mark("how its parts ended: {parts}"),
)
RESULTS = mark("3. Results")
MEASURE, VALUE, ADD = mark("What"), mark("Result"), mark("To be added for statistics")
AT_PREPARATION, SAMPLED, AT_END = mark("taken out at the preparation"), mark("samples"), mark("seized at the end")
SIZE, ROLES, CASES = mark("size: {blank}"), mark("charges: {blank}"), mark("case No., article: {blank}")
ARTICLES = mark("articles: {articles}")
RELEASED = mark("released: {count}")
FINDS, ITEMS, OPENED = mark("other things seized"), mark("substitutes and devices returned"), mark("criminal cases opened")
ALL_BACK, MISSING = mark("all: {labels}"), mark("not returned: {labels}")
SUM_OF_MONEY = mark("sum, currency: {blank}")
DEVIATIONS = mark("4. What went otherwise, and what was done")
NOTHING_RECORDED = mark("nothing was recorded")
NO_DEVIATION = mark("nothing was recorded to have gone otherwise")
GAP = mark("Out of sight from {begins} to {ends}: {reason}; {why}.")
GAP_OPEN = mark("Out of sight from {begins}: {reason}; it was not in sight again.")
NOT_ACCEPTED = mark("Not accepted: {what} of {service}: {why}.")
REMARKED = mark("Remarked: {what}.")
DIFFERS = mark("Does not balance: {what}. Reason: {blank}")
CANNOT = mark("Cannot be balanced, since not all was measured: {what}. Reason: {blank}")
WITHIN = mark("Otherwise within the plan's tolerances, and nobody was asked why: {what}.")
SILENT = mark("No answer in time from {services}.")
FURTHER = mark("5. What follows")
DEBRIEF, SUBMITTED, COSTS, DESTROYED, NOTIFIED, CONCLUSIONS = (
    mark("Closing meeting"),
    mark("Results submitted"),
    mark("Costs"),
    mark("Exhibits"),
    mark("Persons notified"),
    mark("Conclusions and proposals"),
)
HELD = mark("held on {day}, {service}")
HANDED_TO = mark("{act}, to {addressee}")
TO_WHOM = mark("{one} investigator  {other} prosecutor  {third} court; order No. {number}")
OWN_COSTS, SHARED_COSTS = mark("each service bears its own"), mark("settled as recorded")
EXHIBIT = mark("{label}: {fate}")
TOLD, LATER = mark("told: {count}, {act}"), mark("to be told later: {count}, {act}")
HEAD_SIGNS = mark("Head of the unit")
EXECUTOR = mark("Executor: {name}, telephone {telephone}. Made in {copies} copies.")


class ResultsForm(Form):
    """For the initiator of the whole; for each State that takes part of what is its own."""

    name = "results"
    version = 12
    title = mark("report on results")
    of_the_whole = True

    def subjects(self, record: Record) -> tuple[str, ...]:
        """The whole, then State by State, once it has left or ended."""
        if not record.said(Dispatched) and story.concluded(record) is None:
            return ()
        return ("", *record.plan.states())

    def of(self, record: Record, subject: str) -> str:
        """Whose part it is."""
        return subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Its own part."""
        return bool(subject) and reader.state == subject

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the newest entry."""
        return tuple(_ResultsReport(record, subject, tongue).blocks())


class _ResultsReport:
    """One report being made."""

    def __init__(self, record: Record, state: str, tongue: Tongue) -> None:
        self.record, self.state, self.tongue = record, state, tongue

    def mine(self, service: str) -> bool:
        """Whether it is in this part: everything is in the whole."""
        return not self.state or self.record.state_of(service) == self.state

    def blocks(self) -> Iterator[Block]:
        tongue, plan = self.tongue, self.record.plan
        legs = [leg.responsible for leg in plan.legs if leg.state == self.state]
        whose = next(iter(legs), plan.initiator) if self.state else plan.initiator
        to = Paragraph((Blank(4, tongue.translate(TO)),), "left")
        yield Columns((author(tongue, self.record, whose),), (to,))
        operation = tongue.quoted(plan.operation, "plan")
        about = (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, plan, whole=not self.state))
        yield Title(tongue.words(KIND), about)
        if not self.state:
            yield from others_of_the_group(tongue, plan)
        else:
            yield Paragraph(tongue.say(PART, state=tongue.the_state(self.state, "plan")), "centre")
        yield Dated((Blank(3),), (Blank(3, tongue.translate(PLACE)),), tongue.say(NUMBER, blank=Blank(2)))
        yield self._summary()
        yield Heading(tongue.words(GROUNDS))
        yield self._grounds()
        initiator = tongue.service(self.record, plan.initiator)
        number = Value(plan.request.case_number, ("plan",)) if plan.request.case_number else Blank(3)
        yield Paragraph(tongue.say(INITIATOR, initiator=initiator, number=number), "small")
        yield Heading(tongue.words(COURSE))
        yield self._course()
        yield Heading(tongue.words(RESULTS))
        yield self._results()
        yield Heading(tongue.words(DEVIATIONS))
        deviations = some(self._deviations(), tongue)
        yield Items(deviations or ((Value(tongue.translate(NO_DEVIATION), ("computed",)),),))
        yield Heading(tongue.words(FURTHER))
        yield Fields(tuple(self._further()))
        yield signing(tongue, [tongue.words(HEAD_SIGNS)])
        yield Paragraph(tongue.say(EXECUTOR, name=Blank(3), telephone=Blank(2), copies=Blank(1)), "small")

    def _summary(self) -> Summary:
        tongue, ended = self.tongue, story.concluded(self.record)
        outcome: Line = (
            (Value(tongue.translate(OUTCOMES[ended[1].outcome]), (ended[0],)),)
            if ended is not None
            else (Value(tongue.translate(RUNNING), ("computed",)),)
        )
        made = [(said, one) for said, one in story.arrests(self.record) if self.mine(said.service)]
        count = story.persons_in(made)
        sources = counted(seq for said, _ in made for seq in said.entries)
        ridden = [one for one in story.ways(self.record) if self.mine(one.leg.responsible)]
        gaps = [one for one in story.gaps(self.record) if self.mine(one.lost.service)]
        return Summary(
            (
                (outcome, tongue.words(OUTCOME)),
                (seized_in_all(self.record, tongue, self.mine), tongue.words(SEIZED_IN_ALL)),
                (but_for_parts(self.record, tongue, self.mine, (Value(str(count), sources),)), tongue.words(ARRESTED)),
                (
                    (Value(self._time_of(ridden), ("computed",)),),
                    tongue.say(ON_THE_WAY, gaps=Value(str(len(gaps)), ("computed",))) if ridden else tongue.words(WAY),
                ),
            )
        )

    def _time_of(self, ridden: Sequence[story.Ridden]) -> str:
        """How long it was on these legs; of a leg without an end, that it is there still, or that none was said."""
        tongue = self.tongue
        if not ridden:
            return tongue.translate(STAYED)
        spans = [printed(one.ends) - printed(one.begins) for one in ridden if one.ends is not None]
        if len(spans) < len(ridden):
            return tongue.translate(STILL if story.concluded(self.record) is None else NO_END)
        return tongue.span(sum(spans, timedelta()))

    def _grounds(self) -> Table | Paragraph:
        tongue = self.tongue
        rows: list[TableRow] = []
        numbers: list[int] = []
        for one in story.authorisations(self.record):
            if not self.mine(one.said.service):
                continue
            asked = Value(tongue.moment(self.record.at(one.asked)), (one.asked,)) if one.asked is not None else Blank(2)
            rows.append(
                row(
                    (Value(tongue.state(one.act.state), one.said.entries),),
                    as_given(tongue, self.record, one.said, one.act),
                    joined((tongue.service(self.record, one.said.service), Value(one.act.granted_by_role, one.said.entries))),
                    (asked, Words(" – "), Value(tongue.moment(one.said.at), one.said.entries[:1])),
                    (Value(tongue.moment(one.ends), one.entries),),
                )
            )
            numbers.append(one.said.seq)
        for said, permit in self.record.said(PermissionGranted):
            if self.mine(said.service):
                rows.append(self._permitted(said, permit))
                numbers.append(said.seq)
        heads = ((STATE, 4), (ACT, 5), (BY, 5), (ASKED, 4), (UNTIL, 4))
        return table(tongue, heads, rows, numbers) if rows else self._nothing()

    def _permitted(self, said: Heard, permit: PermissionGranted) -> TableRow:
        """An act that permits what an authorisation does not cover."""
        tongue = self.tongue
        asked = next((entry.seq for entry, event in self.record.events(Opened) if event.checkpoint == said.checkpoint), None)
        since = Value(tongue.moment(self.record.at(asked)), (asked,)) if asked is not None else Blank(2)
        measures = joined(tongue.measure(one, *said.entries) for one in permit.permissions)
        return row(
            (Value(tongue.state(permit.state), said.entries),),
            joined((act(tongue, permit.reference, *said.entries), measures), ": "),
            joined((tongue.service(self.record, said.service), Value(permit.granted_by_role, said.entries))),
            (since, Words(" – "), Value(tongue.moment(said.at), said.entries[:1])),
            (Value(tongue.moment(instant(permit.valid_until)), said.entries),),
        )

    def _course(self) -> Table | Paragraph:
        tongue, rows, numbers = self.tongue, [], []
        for said in self.record.heard:
            told = self._told(said)
            if told is not None and (self.mine(said.service) or self._handed_over(said)):
                what, responsible, gross = told
                moment = (Value(tongue.moment(said.happened), said.entries),)
                rows.append(row(moment, what, responsible, gross))
                numbers.append(said.seq)
        heads = ((WHEN, 3), (WHAT, 6), (WHO, 5), (GROSS, 3, True))
        return table(tongue, heads, rows, numbers) if rows else self._nothing()

    def _handed_over(self, said: Heard) -> bool:
        """Whether it was taken over from a service of this part, which answers for it until then."""
        leg = self.record.plan.leg_to(said.checkpoint) if isinstance(said.content, HandoverAccepted) else None
        return leg is not None and self.mine(self.record.plan.legs[leg].responsible)

    def _nothing(self) -> Paragraph:
        """In the place of a table without a row."""
        return Paragraph((Value(self.tongue.translate(NOTHING_RECORDED), ("computed",)),), "left")

    def _told(self, said: Heard) -> tuple[Line, Line, Line] | None:
        tongue, content = self.tongue, said.content
        who: Line = (tongue.service(self.record, said.service),)
        match content:
            case Prepared():
                modality = tongue.word(content.modality, *said.entries)
                return tongue.say(WAS_PREPARED, modality=modality), who, weight(tongue, content.gross, *said.entries)
            case Dispatched():
                return tongue.words(LEFT), who, NONE
            case TakenOut():
                return tongue.words(TAKEN_FROM_IT), who, weight(tongue, content.gross, *said.entries)
            case HandoverAccepted():
                planned = self.record.plan.find(said.checkpoint)
                place = Value(planned.place if planned is not None else said.checkpoint, ("plan",))
                return tongue.say(HANDED, place=place), who, weight(tongue, content.gross, *said.entries)
            case Delivered():
                return tongue.say(ARRIVED, how=tongue.quoted(content.how, *said.entries)), who, NONE
            case ArrestMade():
                count = Value(str(len(content.persons)), said.entries)
                return tongue.say(ARREST, count=count, place=Value(content.place, said.entries)), NONE, NONE
            case Seizure():
                return tongue.words(SEIZURE), who, weight(tongue, content.gross, *said.entries)
            case Split():
                return tongue.say(SPLIT, parts=parts_of(tongue, said, content)), NONE, NONE
            case PartsEnded():
                return tongue.say(PARTS_ENDED, parts=ends_of(tongue, said, content)), NONE, NONE
        return None

    def _results(self) -> Table:
        tongue = self.tongue
        rows: list[TableRow] = []
        handled = story.prepared(self.record)
        if handled is not None and self.mine(handled[0].service):
            said, prepared = handled
            rows += [self._amount(AT_PREPARATION, said, amount) for amount in prepared.removed]
            rows += [self._amount(SAMPLED, said, amount) for amount in prepared.samples]
        for said, taken in self.record.said(TakenOut):
            if self.mine(said.service):
                rows += [self._amount(TAKEN_FROM_IT, said, amount) for amount in taken.samples]
        for said, seizure in story.seizures(self.record):
            if self.mine(said.service):
                rows += [self._amount(AT_END, said, one) for one in seizure.recovered]
        rows.append(self._arrested())
        finds = [
            (Value(find.label, said.entries), Words(": "), tongue.quoted(find.what, *said.entries))
            for said, one in story.seizures(self.record)
            if self.mine(said.service)
            for find in one.finds
        ]
        rows.append(row(tongue.words(FINDS), joined(finds, "; ") or NONE, tongue.say(SUM_OF_MONEY, blank=Blank(2))))
        if handled is not None and handled[1].items and not self.state:
            rows.append(row(tongue.words(ITEMS), self._items(handled[1]), NONE))
        cases = [(said, one) for said, one in self.record.said(CaseOpened) if self.mine(said.service)]
        opened = joined((act(tongue, one.reference, *said.entries) for said, one in cases), "; ")
        articles = joined(tongue.quoted(text, *said.entries) for said, one in cases for text in one.articles)
        rows.append(
            row(
                tongue.words(OPENED),
                opened or (Blank(2),),
                tongue.say(ARTICLES, articles=articles) if articles else tongue.say(CASES, blank=Blank(2)),
            )
        )
        heads = ((MEASURE, 4), (VALUE, 7), (ADD, 5))
        return table(tongue, heads, rows, [self.record.size - 1] * len(rows))

    def _amount(self, when: str, said: Heard, amount: AnyAmount) -> TableRow:
        tongue = self.tongue
        return row(tongue.words(when), (Value(tongue.amount(amount), said.entries),), tongue.say(SIZE, blank=Blank(2)))

    def _arrested(self) -> TableRow:
        tongue = self.tongue
        said: list[Line] = []
        for heard, one in story.arrests(self.record):
            if not self.mine(heard.service):
                continue
            place = Value(f"{one.place} – {len(one.persons)}", heard.entries)
            said.append((place, Words(" ("), *by_role(tongue, heard, one.persons), Words(")")))
        for heard, released in self.record.said(ArresteeReleased):
            if self.mine(heard.service):
                said.append(tongue.say(RELEASED, count=Value(str(len(released.persons)), heard.entries)))
        none = but_for_parts(self.record, tongue, self.mine, (Value("0", ("computed",)),))
        charges = joined((self._charged(*one) for one in self.record.said(CaseOpened) if self.mine(one[0].service)), "; ")
        return row(tongue.words(ARRESTED), joined(said, "; ") or none, tongue.say(ROLES, blank=charges or Blank(2)))

    def _charged(self, said: Heard, case: CaseOpened) -> Line:
        """With what somebody is charged, by code or, where none is said, by role."""
        tongue = self.tongue
        named = (
            (
                Value(one.person or role_of(tongue, one.role, one.unwitting), said.entries),
                Words(": "),
                *joined(tongue.quoted(text, *said.entries) for text in one.articles),
            )
            for one in case.charges
        )
        return joined(named, "; ")

    def _items(self, prepared: Prepared) -> Line:
        tongue = self.tongue
        back = {label: said.entries for said, one in story.seizures(self.record) for label in one.items}
        missing = [item.label for item in prepared.items if item.label not in back]
        entries = counted(dict.fromkeys(seq for found in back.values() for seq in found))
        if missing:
            return tongue.say(MISSING, labels=Value(", ".join(missing), entries))
        return tongue.say(ALL_BACK, labels=Value(", ".join(item.label for item in prepared.items), entries))

    def _deviations(self) -> Iterator[Line]:
        tongue = self.tongue
        for gap in story.gaps(self.record):
            if self.mine(gap.lost.service):
                begins = Value(tongue.moment(gap.lost.happened), gap.lost.entries)
                reason = tongue.quoted(gap.reason, *gap.lost.entries)
                if gap.found is None:
                    yield tongue.say(GAP_OPEN, begins=begins, reason=reason)
                else:
                    ends = Value(tongue.moment(gap.found.happened), gap.found.entries)
                    found_so = story.how_found(gap.found, gap.why, tongue)
                    yield tongue.say(GAP, begins=begins, ends=ends, reason=reason, why=found_so)
        for said, words in story.halts(self.record):
            if self.mine(said.service):
                yield tongue.say(
                    SAID,
                    service=tongue.service(self.record, said.service),
                    what=halt_called(tongue, said),
                    reason=tongue.quoted(words, *said.entries),
                )
        refused = [one for one in story.not_counted(self.record) if self.mine(one.statement.service)]
        for one in refused:
            finding = one.verdict.finding
            found = tongue.finding(self.record, finding, one.seq) if finding is not None else Value("–", (one.seq,))
            why = f"{finding.rule}, {found.text}" if finding is not None else found.text
            yield tongue.say(
                NOT_ACCEPTED,
                what=Value(say_kind(one.statement.kind, tongue.translate), (one.seq,)),
                service=tongue.the_service(self.record, one.statement.service),
                why=Value(why, found.sources),
            )
        for entry, finding in self.record.delivery.remarked():
            if entry.seq < self.record.size and self._is_remarked_of(entry):
                yield tongue.say(REMARKED, what=tongue.finding(self.record, finding, entry.seq))
        for seq, silence in story.silences(self.record):
            own = [tongue.the_service(self.record, one).text for one in silence.services if self.mine(one)]
            if own:
                yield tongue.say(SILENT, services=joined(Value(one, (seq, "directory")) for one in own))
        for finding in self.record.delivery.balance.differences() if not self.state else ():
            template = CANNOT if is_unmeasured(finding) else DIFFERS
            yield tongue.say(template, what=difference(self.record, finding, tongue), blank=Blank(3))
        for finding in self.record.delivery.balance.let_pass() if not self.state else ():
            yield tongue.say(WITHIN, what=difference(self.record, finding, tongue))

    def _is_remarked_of(self, entry: Entry) -> bool:
        """Whether what is remarked of an entry is in this part: that of what its own services have said."""
        event = entry.event
        if not isinstance(event, Stated):
            return not self.state
        return self.mine(self.record.delivery.law.read(event.envelope).service)

    def _further(self) -> Iterator[tuple[Line, tuple[Line, ...]]]:
        tongue, record = self.tongue, self.record
        held = [
            tongue.say(HELD, day=Value(tongue.day(said.happened), said.entries), service=tongue.service(record, said.service))
            for said, _ in record.said(Debriefed)
        ]
        yield tongue.words(DEBRIEF), some(held, tongue) or ((Blank(4),),)
        submitted = [
            tongue.say(
                HANDED_TO,
                act=act(tongue, one.reference, *said.entries),
                addressee=tongue.quoted(one.addressee, *said.entries),
            )
            for said, one in record.said(ResultsSubmitted)
            if self.mine(said.service)
        ]
        boxes = tongue.say(TO_WHOM, one=TickBox(), other=TickBox(), third=TickBox(), number=Blank(2))
        yield tongue.words(SUBMITTED), some(submitted, tongue) or (boxes,)
        costs = [
            (Value(tongue.translate(OWN_COSTS if one.each_bears_its_own else SHARED_COSTS), said.entries),)
            for said, one in record.said(CostsSettled)
            if not self.state
        ]
        yield tongue.words(COSTS), some(costs, tongue) or ((Blank(4),),)
        fates = [
            tongue.say(
                EXHIBIT,
                label=joined(label_of(each, tongue, *said.entries) for each in one.exhibits),
                fate=fate_of(said, one, tongue),
            )
            for said, one in record.said(Disposed)
            if self.mine(said.service)
        ]
        yield tongue.words(DESTROYED), some(fates, tongue) or ((Blank(4),),)
        notified = [
            tongue.say(
                LATER if one.postponed else TOLD,
                count=Value(str(len(one.persons)), said.entries),
                act=act(tongue, one.reference, *said.entries),
            )
            for said, one in record.said(PersonsNotified)
            if self.mine(said.service)
        ]
        yield tongue.words(NOTIFIED), some(notified, tongue) or ((Blank(4),),)
        yield tongue.words(CONCLUSIONS), ((Blank(5),), (Blank(5),))
