"""Of the report for the court: who held what, whether it balances, and when nobody watched."""

from collections.abc import Iterator
from datetime import timedelta

from domain.delivery.holdings import CONSIGNMENT, exhibits
from domain.delivery.watching import unwatched
from domain.papers.forms import story
from domain.papers.forms.balancing import difference, is_unmeasured
from domain.papers.forms.lots import fate_of, is_given, label_of, lot_of
from domain.papers.forms.parts import (
    NONE,
    act,
    counted,
    row,
    seals,
    table,
    weight,
)
from domain.papers.forms.telling import COMPUTED, MassBars, ReportTelling, Told
from domain.papers.paper import (
    Bars,
    Blank,
    Block,
    Line,
    Source,
    TableRow,
    Value,
    Words,
)
from domain.papers.record import Heard
from domain.papers.tongue import joined, printed
from domain.plan.goods import SubstanceMass
from domain.rules.balance import Split
from domain.rules.custody import HandoverAccepted, HandoverOffered
from domain.rules.detection import Detected
from domain.rules.disposing import Disposed
from domain.rules.examining import LaboratoryReport
from domain.rules.handing_on import ExhibitsAccepted
from domain.rules.stop import Destroyed
from domain.rules.taking_out import TakenOut
from domain.views.names import EXHIBITS, FATES
from domain.words.text import mark

CUSTODY = mark("Chain of custody")
WHO, SINCE, GROSS, SEALS, CHECKED = (
    mark("Responsible"),
    mark("Since"),
    mark("Gross: given / taken"),
    mark("Seals"),
    mark("Not checked"),
)
DISCREPANCY = mark("Decisions to go on in spite of a discrepancy: {count}.")
HELD = mark("Exhibit: {exhibit}; held by {holder}.")
GONE = mark("Exhibit: {exhibit}; {fate}.")
INSIDE = mark("in the consignment")
BALANCE, OF_AMOUNTS = mark("Mass balance"), mark("Balance of amounts")
REPORTED = mark("found")
FOUND, DIVIDED, AT_END = mark("by the plan"), mark("prepared"), mark("at the end")
ON_THE_WAY, TAKEN, GOES_ON = mark("on the way"), mark("taken out on the way"), mark("goes on")
REMOVED, SAMPLES, KEPT, SEIZED = mark("taken out"), mark("samples"), mark("kept"), mark("seized")
CLOSES = mark("It balances within the plan's tolerances{computed}.")
WITHIN = mark("It is otherwise within the plan's tolerances, and nobody was asked why: {what}.")
DIFFERS = mark("It does not balance: {what}.")
CANNOT = mark("It cannot be balanced, since not all was measured: {what}.")
OF_ONE = mark("The bars are of {substance} alone.")
NOT_DRAWN = mark("Without a bar, since not all of it was measured: {substance}, {bars}.")
PREPARED_AS = mark("Prepared by {service} as: {modality}; kept: {kept}; removed: {removed}; samples: {samples}.")
PUT_IN = mark("Put in: {items}.")
TAKEN_AS = mark("Taken out on the way by {service} as {exhibit}, act {act}: {amounts}.")
PACKAGES = mark("{amounts}; whole packages: {count}")
RECOVERED_AS = mark("Recovered by {service}: {amounts}.")
OPINION = mark("{act}, in case No. {case}")
EXAMINED = mark("A laboratory examined {exhibit} for {service}, {act}: {substance}.")
EXAMINED_WEIGHED = mark("A laboratory examined {exhibit} for {service}, {act}: {substance}; spent {spent}, left {left}.")
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
MINUTE = timedelta(minutes=1)
LOG_GAP = mark("By the surveillance log nobody watched from {begins} until {ends}.")


class CourtGoods(ReportTelling):
    """Custody, mass balance and gaps."""

    def _custody(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(CUSTODY)
        held = sorted((*self._before_it_left(), *self._on_the_way()), key=lambda one: one[0].counted)
        rows = [row((self.service(said.service),), *cells) for said, *cells in held]
        numbers = [said.seq for said, *_ in held]
        heads = ((WHO, 5), (SINCE, 4), (GROSS, 4, True), (SEALS, 4), (CHECKED, 3))
        yield table(tongue, heads, rows, numbers)
        yield self.tell(DISCREPANCY, count=Value(str(record.delivery.state.went_on), ("computed",)))
        lines: list[Told] = []
        ended: dict[str, type[Destroyed | Split]] = {"destroyed": Destroyed, "parted": Split}
        disposed = {label: (said, one) for said, one in record.said(Disposed) for label in one.exhibits}
        for label, one in exhibits(record.delivery.state).items():
            lot = lot_of(record, label, tongue)
            last: tuple[Source, ...] = (one.entry,) if one.entry else ()
            sources = tuple(dict.fromkeys((*lot.sources, *last)))
            exhibit: Line = (label_of(label, tongue, *sources),)
            if not is_given(label):
                exhibit = (*exhibit, Words(", "), tongue.exhibit(one.what, *lot.sources))
            if one.inside:
                exhibit = (*exhibit, Words(", "), *tongue.words(INSIDE))
            fate: Line = ()
            if one.fate is not None:
                kind = ended.get(one.fate)
                by = tuple(seq for said, _ in record.said(kind) for seq in said.entries) if kind is not None else ()
                fate = (Value(tongue.translate(FATES.get(one.fate, one.fate)), last or by or lot.sources),)
            if label in disposed and one.fate == disposed[label][1].how:
                fate = fate_of(*disposed[label], tongue)
            if one.holder is not None:
                holder: Line = (self.the_service(one.holder),)
                lines.append((HELD, {"exhibit": exhibit, "holder": joined(filter(None, (holder, fate)), "; ")}))
            else:
                lines.append((GONE, {"exhibit": exhibit, "fate": fate or NONE}))
        yield from self.told(lines)

    def _before_it_left(self) -> Iterator[tuple[Heard, Line, Line, Line, Line]]:
        """Who found it, who received it from whom, also once it was seized on the way, and who prepared it."""
        record, tongue = self.record, self.tongue
        for said, _ in record.said(Detected):
            yield said, (self.moment(said), Words(", "), *tongue.words(REPORTED)), NONE, NONE, NONE
        for said, taken in record.said(ExhibitsAccepted):
            if CONSIGNMENT in taken.exhibits:
                found = weight(tongue, taken.gross, *said.entries), seals(taken.seals, *said.entries)
                yield said, (self.moment(said),), *found, NONE
        handled = story.prepared(record)
        if handled is not None:
            said, prepared = handled
            weighed = weight(tongue, prepared.gross, *said.entries)
            yield said, (self.moment(said),), weighed, seals(prepared.seals, *said.entries), NONE

    def _on_the_way(self) -> Iterator[tuple[Heard, Line, Line, Line, Line]]:
        """Who took it over, with what each side weighed; how it was closed again after something was taken out; who seized it."""
        record, tongue = self.record, self.tongue
        for said, accepted in record.said(HandoverAccepted):
            offers = [one for one in record.said(HandoverOffered, said.checkpoint) if one[0].counted <= said.counted]
            offer, offered = offers[-1] if offers else (None, None)
            given = weight(tongue, offered.gross, *offer.entries) if offer is not None and offered is not None else NONE
            missed = (tongue.quoted(accepted.not_checked, *said.entries),) if accepted.not_checked else NONE
            gross = (*given, Words(" / "), *weight(tongue, accepted.gross, *said.entries))
            yield said, (self.moment(said),), gross, seals(accepted.seals, *said.entries), missed
        for said, out in record.said(TakenOut):
            when = (self.moment(said), Words(", "), *tongue.words(TAKEN))
            yield said, when, weight(tongue, out.gross, *said.entries), seals(out.seals, *said.entries), NONE
        ends = [(said, one.gross) for said, one in story.interdictions(record)]
        ends += [(said, one.gross) for said, one in story.seizures(record)]
        for said, mass in ends:
            when = (self.moment(said), Words(", "), *tongue.words(SEIZED))
            yield said, when, weight(tongue, mass, *said.entries), NONE, NONE

    def _balance(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        weighed = any(isinstance(one, SubstanceMass) for one in record.plan.consignment.contents)
        yield self.head(BALANCE if weighed else OF_AMOUNTS)
        yield from self._balance_bars()
        handled = story.prepared(record)
        if handled is not None:
            said, prepared = handled

            def amounts(these: tuple[object, ...]) -> Line:
                return joined(Value(tongue.amount(one), said.entries) for one in these) or NONE  # type: ignore[arg-type]

            yield self.tell(
                PREPARED_AS,
                service=self.the_service(said.service),
                modality=tongue.word(prepared.modality, *said.entries),
                kept=amounts(prepared.kept),
                removed=amounts(prepared.removed),
                samples=amounts(prepared.samples),
            )
            if prepared.items:
                items = (
                    Value(f"{tongue.translate(EXHIBITS[item.what])} {item.label} {tongue.quantity(item.gross)}", said.entries)
                    for item in prepared.items
                )
                yield self.tell(PUT_IN, items=joined(items))
        yield from self.told([self._taken_out(said, one) for said, one in record.said(TakenOut)])
        for said, seizure in story.seizures(record):
            recovered = joined(Value(tongue.amount(one), said.entries) for one in seizure.recovered) or NONE
            labels = joined(Value(label, said.entries) for label in seizure.items)
            both = (*recovered, Words("; "), *labels) if labels else recovered
            yield self.tell(RECOVERED_AS, service=self.the_service(said.service), amounts=both)
        yield from self.told([self._examined(said, one) for said, one in record.said(LaboratoryReport)])
        found = record.delivery.balance.differences()
        for finding in found:
            template = CANNOT if is_unmeasured(finding) else DIFFERS
            yield self.tell(template, what=difference(self.record, finding, tongue))
        for finding in record.delivery.balance.let_pass():
            yield self.tell(WITHIN, what=difference(self.record, finding, tongue))
        if not found:
            yield self.tell(CLOSES, computed=COMPUTED)

    def _taken_out(self, said: Heard, taken: TakenOut) -> Told:
        """What was taken out on the way, and is an exhibit of its own."""
        tongue = self.tongue
        amounts = joined(Value(tongue.amount(one), said.entries) for one in taken.samples)
        if taken.whole_packages:
            count = Value(str(taken.whole_packages), said.entries)
            amounts = tongue.say(PACKAGES, amounts=amounts, count=count)
        return TAKEN_AS, {
            "service": self.the_service(said.service),
            "exhibit": label_of(taken.label, tongue, *said.entries),
            "act": act(tongue, taken.reference, *said.entries),
            "amounts": amounts,
        }

    def _examined(self, said: Heard, report: LaboratoryReport) -> Told:
        """What a laboratory found, and what it spent and left."""
        tongue = self.tongue
        named = act(tongue, report.reference, *said.entries)
        if report.case_number:
            named = tongue.say(OPINION, act=named, case=tongue.quoted(report.case_number, *said.entries))
        filled: dict[str, Value | Line | Blank] = {
            "act": named,
            "service": self.the_service(said.service),
            "exhibit": label_of(report.exhibit, tongue, *said.entries),
            "substance": Value(tongue.substance(report.substance), said.entries),
        }
        if report.spent is None:
            return EXAMINED, filled
        weights = {"spent": report.spent, "left": report.left or 0}
        return EXAMINED_WEIGHED, filled | {name: Value(tongue.mass(one), said.entries) for name, one in weights.items()}

    def _balance_bars(self) -> Iterator[Block]:
        """Of one substance: by the plan, as prepared, as it went on, at the end. What was not all measured has no bar, and a
        sentence says so.
        """
        record, tongue = self.record, self.tongue
        handled = story.prepared(record)
        if handled is None:
            return
        said, prepared = handled
        out, seized = record.said(TakenOut), story.seizures(record)
        contents, *parts, taken, recovered = story.masses(
            record.plan.consignment.contents,
            prepared.removed,
            prepared.samples,
            prepared.kept,
            [amount for _, one in out for amount in one.samples],
            [amount for _, one in seized for amount in one.recovered],
        )
        names = list(dict.fromkeys(name for masses in parts for name in masses))
        if len(names) != 1:
            return
        name = names[0]
        bars = MassBars(tongue)
        if name in contents:
            bars.add(FOUND, ((FOUND, contents[name], "none", ("plan",)),))
        removed, samples, kept = (masses.get(name, 0) for masses in parts)
        bars.add(
            DIVIDED,
            (
                (REMOVED, removed, "light", said.entries),
                (SAMPLES, samples, "dark", said.entries),
                (KEPT, kept, "middle", said.entries),
            ),
        )
        if out:
            entries = counted(seq for one, _ in out for seq in one.entries)
            less = taken.get(name, 0)
            goes_on = max(kept - less, 0) if kept is not None and less is not None else None
            bars.add(ON_THE_WAY, ((TAKEN, less, "dark", entries), (GOES_ON, goes_on, "middle", entries)), below=True)
        if name in recovered:
            entries = counted(seq for one, _ in seized for seq in one.entries)
            bars.add(AT_END, ((SEIZED, recovered[name], "middle", entries),), below=True)
        substance = Value(tongue.substance(name), said.entries)
        if drawn := bars.drawn():
            yield Bars(drawn, ())
            if {*contents, *taken, *recovered} - {name}:
                yield self.tell(OF_ONE, substance=substance)
        if bars.missing:
            missing = joined(tongue.words(one) for one in dict.fromkeys(bars.missing))
            yield self.tell(NOT_DRAWN, substance=substance, bars=missing)

    def _gaps(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(GAPS)
        rows: list[TableRow] = []
        numbers: list[int] = []
        for one in story.gaps(record):
            last = (self.moment(one.last),) if one.last is not None else NONE
            back = (self.moment(one.found),) if one.found is not None else NONE
            unseen: Line = NONE
            if one.found is not None:
                least = Value(tongue.span(one.found.happened - one.lost.happened), ("computed",))
                most = one.found.happened - (one.last.happened if one.last is not None else one.lost.happened)
                whole = -(-most // MINUTE) * MINUTE  # a part of a minute more is more than a span in minutes would say
                unseen = tongue.say(BETWEEN, least=least, most=Value(tongue.span(whole), ("computed",)))
            why: Line = (tongue.quoted(one.reason, *one.lost.entries),)
            if one.found is not None:
                place = [Value(one.place, one.found.entries)] if one.place else []
                why = (*why, Words("; "), *joined((*place, story.how_found(one.found, one.why, tongue))))
            rows.append(row(last, (self.moment(one.lost),), back, unseen, why))
            numbers.append(one.lost.seq)
        if rows:
            heads = ((LAST, 3), (LOST, 3), (BACK, 3), (UNSEEN, 4), (WHY, 7))
            yield table(tongue, heads, rows, numbers)
        else:
            yield self.tell(NO_GAPS, no=self.no())
        log = [one for one in unwatched(record.delivery.state.watch_log) if printed(one.begins) != printed(one.ends)]
        yield from self.told(
            [
                (
                    LOG_GAP,
                    {"begins": self.at(one.begins, one.after, "computed"), "ends": self.at(one.ends, one.before, "computed")},
                )
                for one in log
            ]
        )
