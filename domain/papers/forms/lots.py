"""What an exhibit is called on paper, and in which statement it became one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.delivery.holdings import CONSIGNMENT, OWN_LABELS, REMOVED, SAMPLES, seized_label
from domain.papers.forms import story
from domain.papers.forms.parts import NONE, act, counted, item_of, mass_of, row, table, weight
from domain.papers.forms.split import but_for_parts
from domain.papers.paper import Blank, Line, Source, Table, TableRow, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.goods import AnyAmount, SubstanceMass
from domain.rules.balance import PartsEnded, Seizure
from domain.rules.disposing import Disposed
from domain.rules.examining import ExhibitDivided, LaboratoryReport
from domain.rules.preparation import Prepared
from domain.rules.taking_out import TakenOut
from domain.views.amounts import together
from domain.views.names import EXHIBITS, FATES
from domain.words.text import mark

LABEL, WHAT, MASS, PACKED = mark("Exhibit"), mark("What"), mark("Net mass"), mark("Packing, seal")
LEFT = mark("after the examination")
PART_OF = mark("a part of {lot}")
LOTS: Mapping[str, str] = {
    REMOVED: mark("taken out at the preparation"),
    SAMPLES: mark("samples"),
    CONSIGNMENT: mark("the consignment"),
}
SEIZED = mark("seized")
SEIZED_IN_ALL, NOTHING = mark("seized"), mark("nothing")
ON_THE_WAY, BEFORE_IT_LEFT = mark("{consignment}, on the way"), mark("{consignment}, before it had left")
TAKEN_OUT = mark("at the preparation {amounts}")
OUT_ON_THE_WAY = mark("taken out on the way {amounts}")
OF_ITS_PARTS = mark("of its parts {amounts}")
TAKEN_FROM_IT = mark("taken out on the way")
BY_ACT = mark("{fate}, {act}")
TO_WHOM: Mapping[str, str] = {
    "returned": mark("returned, to whom: {to}"),
    "handed_to_court": mark("handed to the court: {to}"),
    "kept": mark("kept for a proceeding: {to}"),
}


@dataclass(frozen=True)
class Lot:
    """One exhibit: what it is, the statement with which it became one, and the amounts that it was."""

    what: Line
    said: Heard | None = None
    amounts: tuple[AnyAmount, ...] = ()
    planned: bool = False
    """Whether nobody has said of it but the plan."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where it comes from: the entries of that statement; else the plan, or it follows from all that was said."""
        return self.said.entries if self.said is not None else ("plan" if self.planned else "computed",)


def lot_of(record: Record, label: str, tongue: Tongue) -> Lot:
    """The exhibit of this label; a blank where the record does not say what it is."""
    prepared = record.said(Prepared)[-1:]
    for said, one in prepared:
        if label in (REMOVED, SAMPLES):
            called = (Value(tongue.translate(LOTS[label]), said.entries),)
            return Lot(called, said, one.removed if label == REMOVED else one.samples)
        for item in one.items:
            if item.label == label:
                return Lot((item_of(tongue, item, *said.entries),), said)
    for said, out in record.said(TakenOut):
        if out.label == label:
            return Lot((Value(tongue.translate(TAKEN_FROM_IT), said.entries),), said, out.samples)
    for number, (said, seizure) in enumerate(record.said(Seizure), 1):
        if seized_label(number) == label:
            return Lot((Value(tongue.translate(SEIZED), said.entries),), said, seizure.recovered)
        for find in seizure.finds:
            if find.label == label:
                return Lot((tongue.quoted(find.what, *said.entries),), said)
    if label == CONSIGNMENT:
        seized = [said for said, _ in story.interdictions(record)]
        said_last = (*(said for said, _ in prepared), *seized)[-1:]
        kept = prepared[0][1].kept if prepared else record.plan.consignment.contents
        called = (Value(tongue.translate(LOTS[CONSIGNMENT]), ("plan",)),)
        return Lot(called, next(iter(said_last), None), kept, planned=not said_last)
    return next(_parts(record, label, tongue), Lot((Blank(3),)))


def _parts(record: Record, label: str, tongue: Tongue) -> Iterator[Lot]:
    """The part of a lot that bears this label, with its mass where it was weighed and the lot is of one substance."""
    for said, divided in record.said(ExhibitDivided):
        for part in (one for one in divided.into if one.label == label):
            whole = lot_of(record, divided.exhibit, tongue)
            called = tongue.say(PART_OF, lot=label_of(divided.exhibit, tongue, *said.entries))
            of = [one for one in whole.amounts if isinstance(one, SubstanceMass)]
            alone = len(of) == len(whole.amounts) == 1
            yield Lot(
                called, said, tuple(one.model_copy(update={"net": part.net}) for one in of if alone and part.net is not None)
            )


def each_lot(record: Record, said: Heard, labels: Sequence[str], tongue: Tongue) -> Table:
    """A table of exhibits: what each is, and what was left of it by the newest report of a laboratory; else what it weighed
    before.
    """
    rows = [_row(record, said, label, tongue) for label in labels]
    return table(tongue, ((LABEL, 3), (WHAT, 7), (MASS, 4, True), (PACKED, 4)), rows, [said.seq] * len(rows))


def _row(record: Record, said: Heard, label: str, tongue: Tongue) -> TableRow:
    lot = lot_of(record, label, tongue)
    what = lot.what
    reports = [(heard, one) for heard, one in record.said(LaboratoryReport) if one.exhibit == label and one.left is not None]
    masses: Line = (Blank(2),)
    if reports:
        heard, one = reports[-1]
        masses = joined((weight(tongue, one.left, *heard.entries), tongue.words(LEFT)), " ")
    elif lot.amounts:
        each = [mass_of(tongue, one, *lot.sources) for one in lot.amounts]
        masses = joined(net for _, net in each)
        what = joined((what, joined(name for name, _ in each)), ": ")
    return row((label_of(label, tongue, *said.entries),), what, masses or NONE, (Blank(2),))


def label_of(label: str, tongue: Tongue, *sources: Source) -> Value:
    """What an exhibit is called by: the labels that the rules give are words, and people read them in their language."""
    if not is_given(label):
        return Value(label, sources)
    kind, _, number = label.partition("-")
    return Value(" ".join(filter(None, (tongue.translate(EXHIBITS[kind]), number))), sources)


def seized_in_all(record: Record, tongue: Tongue, mine: Callable[[str], bool] = bool) -> Line:
    """What was seized, by substance or other thing, of services that are `mine`; the whole consignment where it was so on the
    way; what was taken out at the preparation and on the way; and what was recovered of the parts that it split into.
    """
    whole = [said for said, _ in story.interdictions(record) if mine(said.service)]
    seized = [(said, one) for said, one in story.seizures(record) if mine(said.service)]
    entries = counted(seq for said, _ in seized for seq in said.entries)
    recovered = together(amount for _, one in seized for amount in one.recovered)
    found: list[Line] = [(Value(tongue.amount(one), entries),) for one in recovered]
    if whole:
        consignment = label_of(CONSIGNMENT, tongue, *counted(seq for said in whole for seq in said.entries))
        when = ON_THE_WAY if any(story.had_left(record, said) for said in whole) else BEFORE_IT_LEFT
        found.append(tongue.say(when, consignment=consignment))
    handled = story.prepared(record)
    if handled is not None and handled[1].removed and mine(handled[0].service):
        amounts = joined(Value(tongue.amount(one), handled[0].entries) for one in together(handled[1].removed))
        found.append(tongue.say(TAKEN_OUT, amounts=amounts))
    if taken := [(said, one) for said, one in record.said(TakenOut) if mine(said.service)]:
        entries = counted(seq for said, _ in taken for seq in said.entries)
        amounts = joined(Value(tongue.amount(one), entries) for one in together(each for _, out in taken for each in out.samples))
        found.append(tongue.say(OUT_ON_THE_WAY, amounts=amounts))
    own = joined(found) or (Value(tongue.translate(NOTHING), ("computed",)),)
    ended = [(said, one) for said, one in record.said(PartsEnded) if mine(said.service)]
    if not ended:
        return but_for_parts(record, tongue, mine, own)
    entries = counted(seq for said, _ in ended for seq in said.entries)
    of_parts = together(amount for _, one in ended for part in one.parts for amount in part.recovered)
    amounts = joined(Value(tongue.amount(one), entries) for one in of_parts) or (Value(tongue.translate(NOTHING), entries),)
    return joined([*found, tongue.say(OF_ITS_PARTS, amounts=amounts)])


def fate_of(said: Heard, disposed: Disposed, tongue: Tongue) -> Line:
    """What became of exhibits, to whom or what for, and by which act."""
    fate: Line = (Value(tongue.translate(FATES.get(disposed.how, disposed.how)), said.entries),)
    if disposed.to and disposed.how in TO_WHOM:
        fate = tongue.say(TO_WHOM[disposed.how], to=tongue.quoted(disposed.to, *said.entries))
    return tongue.say(BY_ACT, fate=fate, act=act(tongue, disposed.reference, *said.entries))


def is_given(label: str) -> bool:
    """Whether the rules give it, and nobody has written it."""
    return OWN_LABELS.fullmatch(label) is not None
