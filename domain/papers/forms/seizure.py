"""The record of seizure: what was taken out at the preparation, seized on the way, or recovered at the end and weighed again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.papers.form import Form
from domain.papers.forms.parts import (
    NONE,
    WITNESSED,
    author,
    consignment,
    day_of,
    day_there,
    in_turn,
    item_of,
    local,
    mass_of,
    of_the_group,
    present,
    row,
    seen_by_its_state,
    signing,
    spoken,
    table,
    weight,
)
from domain.papers.forms.story import had_left
from domain.papers.forms.witnessed import files, witnesses
from domain.papers.paper import (
    Blank,
    Block,
    Dated,
    Fields,
    Heading,
    Line,
    Paragraph,
    TableRow,
    TickBox,
    Title,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.directory import Service
from domain.rules.balance import Seizure
from domain.rules.preparation import Prepared
from domain.rules.stop import Interdicted
from domain.words.text import mark

KIND, ABOUT = mark("Record"), mark("of seizure, controlled delivery {operation}")
NUMBER = mark("No. {number}")
TIME, PLACE, MADE_BY, GROUNDS, FROM, PRESENT = (
    mark("Time"),
    mark("Place"),
    mark("Made by"),
    mark("Grounds"),
    mark("Seized from"),
    mark("Present"),
)
TIMES = mark("{moment} UTC; on the spot: {local}; recorded at {recorded} UTC")
ARTICLE = mark("article {article}; case or file No. {number}")
WHO = mark("{person} (role in the offence and code, as in the record of arrest; the name is written by hand)")
SPECIALIST = mark("specialist {specialist}")
OFFICERS = mark("officers {officers}; specialist {specialist}")
OBJECT = mark("Object of the delivery: {object}.")
FROM_IT = mark("the consignment under control; whose it is: {person}")
RECOVERED, WHOLE, TAKEN_OUT = mark("1. Seized"), mark("1. Seized on the way"), mark("1. Taken out at the preparation")
NUMBERED, WHAT, MASS, PACKED = mark("No."), mark("What"), mark("Mass, count"), mark("Packing, seal")
UNITS = mark("Units")
NOTHING = mark("Nothing was recovered.")
ITEM = mark("{what} {label}")
FIND = mark("{label}: {what}")
TOGETHER = mark("Gross weight of all of it: {gross}. Packages: {packages}.")
SAMPLED = mark("Samples were taken beside it: {samples}.")
KEPT = mark("Left in it at the preparation: {kept}.")
SEALS = mark("Seals: {whole} whole  {damaged} not whole  {none} there were none.")
BY_OTHERS = mark("Seized by an authority that was not told of the operation: {who}.")
VALUE = mark("Value as it was estimated: {value}.")
WHERE = mark("2. Packing and holding")
SEALED = mark("Packed and sealed before those present: {blank}")
HELD = mark("Held by {service}, {stored}.")
COPY = mark("A copy was handed to who it was seized from: {yes} yes  {no} no")
REMARKS = mark("Remarks of those present: {none} none  {some} {blank}")
READ = mark("This record was read {own} by each  {aloud} aloud; it is written down {right} correctly.")
OFFICER, SPECIALIST_SIGNS, HOLDER, WITNESS = (
    mark("Made by: {officer}"),
    mark("Specialist"),
    mark("Seized from"),
    mark("Attesting witness {number}"),
)
INTERDICTION = "interdiction"
"""What one is called that answers no checkpoint."""


Content = Seizure | Interdicted | Prepared


@dataclass(frozen=True)
class _Seized:
    said: Heard
    content: Content


class SeizureRecordForm(Form):
    """One of each seizure, with what has corrected it."""

    name = "seizure"
    version = 8
    title = mark("record of seizure")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Checkpoints at which something was seized or taken out; of a second service there, with a number."""
        return tuple(_seizures(record))

    def of(self, record: Record, subject: str) -> str:
        """The service that seized it."""
        return _seizures(record)[subject].said.service

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Who seized it, who is asked there, and prosecutors and courts of the State."""
        said = _seizures(record)[subject].said
        return reader.id in (said.service, said.statement.service) or seen_by_its_state(record, said.checkpoint, reader)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the seizure, with what has corrected it."""
        one = _seizures(record)[subject]
        return tuple(_blocks(record.until(max(one.said.counted, *one.said.entries)), one.said, one.content, tongue))


def _seizures(record: Record) -> Mapping[str, _Seized]:
    found = [_Seized(said, one) for said, one in record.said(Seizure)]
    found += [_Seized(said, one) for said, one in record.said(Interdicted)]
    found += [_Seized(said, one) for said, one in record.said(Prepared) if one.removed]
    ordered = sorted(found, key=lambda one: one.said.counted)
    return in_turn((one.said.checkpoint or INTERDICTION, one) for one in ordered)


def _blocks(record: Record, said: Heard, seized: Content, tongue: Tongue) -> Iterator[Block]:
    plan, planned = record.plan, record.plan.find(said.checkpoint)
    state = record.state_of(said.service) or (planned.state if planned is not None else plan.legs[0].state)
    place = _place(record, said, seized)
    reference = seized.reference if isinstance(seized, Seizure) else None
    number: Value | Blank = Value(reference.number, said.entries) if reference is not None else Blank(2)
    dated = Value(day_of(reference.dated), said.entries) if reference is not None and reference.dated is not None else None
    yield author(tongue, record, said.service)
    operation = tongue.quoted(plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, plan)))
    yield Dated((dated or day_there(tongue, record, said.checkpoint, said),), (place,), tongue.say(NUMBER, number=number))
    yield Fields(tuple(_head(record, said, seized, place, tongue)))
    yield Paragraph(tongue.say(OBJECT, object=consignment(tongue, plan.consignment)), "left")
    yield Heading(tongue.words(WITNESSED))
    yield witnesses(tongue, record, state, "seizure", said)
    match seized:
        case Seizure():
            yield from _recovered(record, said, seized, tongue)
        case Interdicted():
            yield from _interdicted(record, said, seized, tongue)
        case Prepared():
            yield from _taken_out(said, seized, tongue)
    yield from files(tongue, said)
    yield Heading(tongue.words(WHERE))
    yield Paragraph(tongue.say(SEALED, blank=Blank(5)), "left")
    stored = "" if isinstance(seized, Interdicted) else seized.stored_at
    where = tongue.quoted(stored, *said.entries) if stored else Blank(4)
    yield Paragraph(tongue.say(HELD, service=_holder(record, said, seized, tongue), stored=where), "left")
    if not isinstance(seized, Prepared):
        yield Paragraph(tongue.say(COPY, yes=TickBox(), no=TickBox()), "left")
    yield Paragraph(tongue.say(REMARKS, none=TickBox(), some=TickBox(), blank=Blank(5)), "left")
    yield Paragraph(tongue.say(READ, own=TickBox(), aloud=TickBox(), right=TickBox()), "left")
    beside = present(tongue, seized.witnesses, said) if isinstance(seized, Prepared) else iter([tongue.words(HOLDER)])
    attesting = (tongue.say(WITNESS, number=Words(number)) for number in ("1", "2"))
    signers = [tongue.say(OFFICER, officer=tongue.officer(said)), tongue.words(SPECIALIST_SIGNS)]
    yield signing(tongue, [*signers, *beside, *attesting], paired=True)


def _holder(record: Record, said: Heard, seized: Content, tongue: Tongue) -> Value:
    """Who holds it: who says this, unless that was said otherwise of what another has seized."""
    if isinstance(seized, Interdicted) and seized.held_by is not None:
        return tongue.the_service(record, seized.held_by)
    if isinstance(seized, Interdicted) and seized.seized_by:
        return tongue.quoted(seized.seized_by, *said.entries)
    return tongue.the_service(record, said.service)


def _place(record: Record, said: Heard, seized: Content) -> Value:
    if isinstance(seized, Interdicted | Prepared) and seized.place:
        return Value(seized.place, said.entries)
    planned = record.plan.find(said.checkpoint)
    return Value(planned.place if planned is not None else said.checkpoint, ("plan",))


def _head(record: Record, said: Heard, seized: Content, place: Value, tongue: Tongue) -> Iterator[tuple[Line, tuple[Line, ...]]]:
    yield (
        tongue.words(TIME),
        (
            tongue.say(
                TIMES,
                moment=Value(tongue.moment(said.happened), said.entries),
                local=local(tongue, record, said.checkpoint, said),
                recorded=Value(tongue.moment(said.at), said.entries[:1]),
            ),
        ),
    )
    yield tongue.words(PLACE), (joined((place, Blank(4))),)
    yield tongue.words(MADE_BY), (spoken(tongue, record, said),)
    yield tongue.words(GROUNDS), (tongue.say(ARTICLE, article=Blank(2), number=Blank(2)),)
    yield tongue.words(FROM), (tongue.say(FROM_IT if isinstance(seized, Prepared) else WHO, person=Blank(4)),)
    if isinstance(seized, Prepared):
        officers = joined(Value(one, said.entries) for one in seized.witnesses)
        yield tongue.words(PRESENT), (tongue.say(OFFICERS, officers=officers, specialist=Blank(3)),)
    else:
        yield tongue.words(PRESENT), (tongue.say(SPECIALIST, specialist=Blank(3)),)


def _recovered(record: Record, said: Heard, seized: Seizure, tongue: Tongue) -> Iterator[Block]:
    yield Heading(tongue.words(RECOVERED))
    rows = tuple(_rows(record, said, seized, tongue))
    if rows:
        heads = ((NUMBERED, 1), (WHAT, 7), (MASS, 3, True), (PACKED, 4))
        yield table(tongue, heads, rows, [said.seq] * len(rows))
    else:
        yield Paragraph((Value(tongue.translate(NOTHING), said.entries),), "left")
    gross = weight(tongue, seized.gross, *said.entries, strong=True) if seized.gross is not None else Blank(2)
    packages = Value(tongue.number(seized.packages), said.entries) if seized.packages is not None else Blank(2)
    yield Paragraph(tongue.say(TOGETHER, gross=gross, packages=packages), "left")
    for prepared, one in record.said(Prepared)[-1:]:
        kept = joined(Value(tongue.amount(amount), prepared.entries) for amount in one.kept) or NONE
        yield Paragraph(tongue.say(KEPT, kept=kept), "left")
    value = Value(tongue.money(seized.value), said.entries) if seized.value is not None else Blank(3)
    yield Paragraph(tongue.say(VALUE, value=value), "left")


def _rows(record: Record, said: Heard, seized: Seizure, tongue: Tongue) -> Iterator[TableRow]:
    """What was recovered, the items that had been put in, and the finds, numbered through."""
    put_in = {item.label: item for _, one in record.said(Prepared) for item in one.items}
    things: list[tuple[Line, Line]] = [mass_of(tongue, one, *said.entries) for one in seized.recovered]
    for label in seized.items:
        item = put_in.get(label)
        named = Value(label, said.entries)
        what = tongue.say(ITEM, what=item_of(tongue, item, *said.entries), label=named) if item is not None else (named,)
        things.append((what, (Blank(2),)))
    for find in seized.finds:
        what = tongue.say(FIND, label=Value(find.label, said.entries), what=tongue.quoted(find.what, *said.entries))
        things.append((what, (Blank(2),)))
    for number, (what, mass) in enumerate(things, 1):
        yield row((Value(str(number), ("computed",)),), what, mass, (Blank(3),))


def _taken_out(said: Heard, prepared: Prepared, tongue: Tongue) -> Iterator[Block]:
    """What the preparation took out of the consignment, by which units, and what travels on without it."""
    yield Heading(tongue.words(TAKEN_OUT))
    rows = []
    for number, one in enumerate(prepared.removed, 1):
        what, mass = mass_of(tongue, one, *said.entries)
        units = [unit for unit in prepared.units if unit.fate == "removed" and unit.substance == getattr(one, "substance", None)]
        labels = joined(Value(unit.label, said.entries) for unit in units) or (Blank(2),)
        rows.append(row((Value(str(number), ("computed",)),), what, labels, mass, (Blank(3),)))
    heads = ((NUMBERED, 1), (WHAT, 5), (UNITS, 3), (MASS, 3, True), (PACKED, 4))
    yield table(tongue, heads, rows, [said.seq] * len(rows))
    if prepared.samples:
        samples = joined(Value(tongue.amount(amount), said.entries) for amount in prepared.samples)
        yield Paragraph(tongue.say(SAMPLED, samples=samples), "left")
    kept = joined(Value(tongue.amount(amount), said.entries) for amount in prepared.kept) or NONE
    yield Paragraph(tongue.say(KEPT, kept=kept), "left")


def _interdicted(record: Record, said: Heard, seized: Interdicted, tongue: Tongue) -> Iterator[Block]:
    yield Heading(tongue.words(WHOLE if had_left(record, said) else RECOVERED))
    gross = weight(tongue, seized.gross, *said.entries, strong=True) if seized.gross is not None else Blank(2)
    packages = Value(tongue.number(seized.packages), said.entries) if seized.packages is not None else Blank(2)
    yield Paragraph(tongue.say(TOGETHER, gross=gross, packages=packages), "left")
    whole, broken = (TickBox(seized.seals_intact is one) for one in (True, False))
    yield Paragraph(tongue.say(SEALS, whole=whole, damaged=broken, none=TickBox()), "left")
    if seized.seized_by:
        yield Paragraph(tongue.say(BY_OTHERS, who=tongue.quoted(seized.seized_by, *said.entries)), "left")
