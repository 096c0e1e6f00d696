"""The record of examination, opening and weighing: what was found, taken out, left and put in before it goes on."""

from collections.abc import Iterator
from dataclasses import replace

from domain.papers.form import Form
from domain.papers.forms.balancing import total
from domain.papers.forms.parts import (
    NONE,
    act,
    author,
    consignment,
    day_there,
    local,
    mass_of,
    of_the_group,
    row,
    scale,
    seals,
    seen_by_its_state,
    signing,
    spoken,
    table,
    unsure,
    weight,
)
from domain.papers.forms.unwritten import as_given
from domain.papers.forms.witnessed import files, witnesses
from domain.papers.paper import (
    Blank,
    Block,
    Dated,
    Fields,
    Heading,
    Line,
    Paragraph,
    Table,
    TableRow,
    TickBox,
    Title,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.demands import demands
from domain.plan.directory import Service
from domain.plan.goods import SubstanceMass
from domain.rules.consent import AuthorisationGranted
from domain.rules.detection import Detected
from domain.rules.permission import PermissionGranted
from domain.rules.preparation import Prepared
from domain.views.law import in_words
from domain.words.moments import instant
from domain.words.text import mark

KIND, ABOUT = mark("Record"), mark("of examination, opening and weighing")
NUMBER = mark("No. {blank}")
BEGAN, GROUNDS, MADE_BY, PRESENT, LIGHT = (
    mark("Begun / ended"),
    mark("Grounds"),
    mark("Made by"),
    mark("Present"),
    mark("Conditions"),
)
TIMES = mark("{began} / {ended} UTC; on the spot: {local}; recorded at {recorded} UTC")
CONSENT = mark("authorisation {act}")
PERMISSION = mark("permission {act}")
OPENING_LAW = mark("By the rule card: {law}")
OFFICERS = mark("officers {officers}; specialist {specialist}")
ROOM = mark("place {place}; light {light}")
SHOWN = mark("1. Shown for examination")
DETECTED = mark("Found on {day} UTC, {place}; hidden: {hidden}.")
FOUND_HIDDEN = mark("Place of concealment as found: {hidden}. Packing: {packing}.")
BEFORE = mark("Seals before it was opened: {seals}; they were {whole} whole  {damaged} damaged  {none} there were none.")
SECTION_WEIGHED = mark("2. Opened and weighed")
SCALE_USED = mark("Scale: {scale}.")
UNIT, SUBSTANCE, GROSS, NET, FATE = (
    mark("Unit"),
    mark("Substance"),
    mark("Gross"),
    mark("Net"),
    mark("What became of it"),
)
KEPT, REMOVED = mark("left in the consignment"), mark("taken out")
TOTAL = mark("Together: {count}")
BY_PLAN = mark("by the plan {planned}; difference {difference}")
NO_UNITS = mark("It was not weighed unit by unit.")
TEST = mark("Presumptive test: {test}. Opinion of an expert: No. {number} of {day}.")
SECTION_TAKEN = mark("3. Taken out, sampled, put in")
WHAT, MASS, PACKED, HELD = mark("What"), mark("Mass, count"), mark("Packing, seal"), mark("Held by, where")
TAKEN_OUT, SAMPLED, LEFT = mark("taken out: {what}"), mark("sampled: {what}"), mark("left in the consignment: {what}")
PUT_IN = mark("put in: {what} {label}")
MADE_OF, DEVICE, LASTS = mark("of {material}"), mark("No. {number}"), mark("lasts {span}")
IN_IT = mark("in the consignment")
ADDS_UP = mark("Adds up: {sum}.")
SECTION_SEALED = mark("4. Sealed")
SEAL, CLASS, WHERE, AFTER = mark("Seal"), mark("Class (ISO 17712)"), mark("Where it sits"), mark("Gross after sealing")
REFERENCE_VALUE = mark("{gross}: the value with which each later check compares, tolerance ±{tolerance}.")
SECTION_PICTURES = mark("5. Photographs and recordings")
NO_PICTURES = mark("none is named")
REMARKS = mark("Remarks of those present: {none} none  {some} {blank}")
READ = mark("This record was read {own} by each  {aloud} aloud; it is written down {right} correctly.")
OFFICER, SPECIALIST, WITNESS_SIGNS, WITNESS = (
    mark("Made by: {officer}"),
    mark("Specialist"),
    mark("Present: {officer}"),
    mark("Attesting witness {number}"),
)


class ExaminationForm(Form):
    """One of each preparation, with what has corrected it."""

    name = "examination"
    version = 8
    title = mark("record of examination and weighing")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Checkpoints at which it was prepared."""
        return tuple(dict.fromkeys(one.checkpoint for one, _ in record.said(Prepared)))

    def of(self, record: Record, subject: str) -> str:
        """Its place."""
        planned = record.plan.find(subject)
        return planned.place if planned is not None else subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Who is asked where it was prepared, and prosecutors and courts of that State."""
        return seen_by_its_state(record, subject, reader)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As it stands now: a correction makes another paper, which says which one it replaces."""
        said, prepared = record.said(Prepared, subject)[-1]
        then = record.until(max(said.counted, *said.entries))
        return tuple(_blocks(then, subject, said, prepared, tongue))


def _blocks(record: Record, subject: str, said: Heard, prepared: Prepared, tongue: Tongue) -> Iterator[Block]:
    plan = record.plan
    planned = plan.find(subject)
    state = record.state_of(said.service) or (planned.state if planned is not None else plan.legs[0].state)
    place = Value(planned.place if planned is not None else subject, ("plan",))
    yield author(tongue, record, said.service)
    yield Title(tongue.words(KIND), (tongue.words(ABOUT), (tongue.quoted(plan.operation, "plan"),), *of_the_group(tongue, plan)))
    yield Dated((day_there(tongue, record, subject, said),), (place,), tongue.say(NUMBER, blank=Blank(2)))
    yield Fields(tuple(_head(record, subject, state, said, prepared, tongue)))
    yield witnesses(tongue, record, state, "opening", said)
    yield Heading(tongue.words(SHOWN))
    yield Paragraph(consignment(tongue, plan.consignment), "left")
    yield from _as_found(record, said, prepared, tongue)
    yield Heading(tongue.words(SECTION_WEIGHED))
    yield Paragraph(tongue.say(SCALE_USED, scale=scale(tongue, prepared.scale, *said.entries)), "small")
    if prepared.units:
        yield _units(record, said, prepared, tongue)
    else:
        yield Paragraph((Value(tongue.translate(NO_UNITS), said.entries),), "left")
    test = tongue.quoted(prepared.test, *said.entries) if prepared.test else Blank(4)
    yield Paragraph(tongue.say(TEST, test=test, number=Blank(2), day=Blank(2)), "left")
    yield Heading(tongue.words(SECTION_TAKEN))
    yield _taken(record, said, prepared, tongue)
    yield from _sums(said, prepared, tongue)
    yield Heading(tongue.words(SECTION_SEALED))
    yield from _sealed(record, said, prepared, tongue)
    yield Heading(tongue.words(SECTION_PICTURES))
    yield from _pictures(said, tongue)
    yield Paragraph(tongue.say(REMARKS, none=TickBox(), some=TickBox(), blank=Blank(5)), "left")
    yield Paragraph(tongue.say(READ, own=TickBox(), aloud=TickBox(), right=TickBox()), "left")
    present = (tongue.say(WITNESS_SIGNS, officer=Value(one, said.entries)) for one in prepared.witnesses)
    attesting = (tongue.say(WITNESS, number=(Words(str(number)),)) for number in (1, 2))
    yield signing(
        tongue,
        [tongue.say(OFFICER, officer=tongue.officer(said)), tongue.words(SPECIALIST), *present, *attesting],
        paired=True,
    )


def _head(  # noqa: PLR0913, PLR0917 - a head is made of these
    record: Record, subject: str, state: str, said: Heard, prepared: Prepared, tongue: Tongue
) -> Iterator[tuple[Line, tuple[Line, ...]]]:
    began = Value(tongue.moment(instant(prepared.began_at)), said.entries) if prepared.began_at else Blank(2)
    yield (
        tongue.words(BEGAN),
        (
            tongue.say(
                TIMES,
                began=began,
                ended=Value(tongue.moment(said.happened), said.entries),
                local=local(tongue, record, subject, said),
                recorded=Value(tongue.moment(said.at), said.entries[:1]),
            ),
        ),
    )
    yield tongue.words(GROUNDS), tuple(_grounds(record, state, tongue))
    yield tongue.words(MADE_BY), (spoken(tongue, record, said),)
    officers = joined(Value(one, said.entries) for one in prepared.witnesses)
    yield tongue.words(PRESENT), (tongue.say(OFFICERS, officers=officers, specialist=Blank(3)),)
    where = tongue.quoted(prepared.place, *said.entries) if prepared.place else Blank(3)
    yield tongue.words(LIGHT), (tongue.say(ROOM, place=where, light=Blank(2)),)


def _grounds(record: Record, state: str, tongue: Tongue) -> Iterator[Line]:
    """Acts of the State in which it was prepared, but for what is provisional (R1), and what its card says of openings."""
    for said, one in record.said(AuthorisationGranted):
        if one.state == state and not one.provisional:
            yield tongue.say(CONSENT, act=as_given(tongue, record, said, one))
    for said, permit in record.said(PermissionGranted):
        if permit.state == state:
            yield tongue.say(PERMISSION, act=act(tongue, permit.reference, *said.entries))
    card = record.cards.get(state)
    for demand in demands(record.plan, record.cards):
        for point in demand.points if demand.state == state else ():
            if point.about == "measures" and _names_opening(point.values.get("measures")):
                yield tongue.say(
                    OPENING_LAW, law=Value(in_words(point, tongue.translate), ("card",), unsure=unsure(card, point.law))
                )


def _names_opening(measures: object) -> bool:
    return isinstance(measures, tuple) and "opening" in measures


def _as_found(record: Record, said: Heard, prepared: Prepared, tongue: Tongue) -> Iterator[Block]:
    for report, found in record.said(Detected):
        yield Paragraph(
            tongue.say(
                DETECTED,
                day=Value(tongue.moment(instant(found.detected_at)), report.entries),
                place=Value(found.place, report.entries),
                hidden=tongue.quoted(found.concealment, *report.entries),
            ),
            "left",
        )
    hidden = tongue.quoted(prepared.concealment, *said.entries) if prepared.concealment else Blank(4)
    packing = tongue.quoted(prepared.packing, *said.entries) if prepared.packing else Blank(3)
    yield Paragraph(tongue.say(FOUND_HIDDEN, hidden=hidden, packing=packing), "left")
    broken = seals(prepared.broken, *said.entries) if prepared.broken else (Blank(3),)
    boxes = {one: TickBox(prepared.sealed_before == one) for one in ("intact", "damaged", "none")}
    yield Paragraph(tongue.say(BEFORE, seals=broken, whole=boxes["intact"], damaged=boxes["damaged"], none=boxes["none"]), "left")


def _units(record: Record, said: Heard, prepared: Prepared, tongue: Tongue) -> Table:
    fates = {"kept": KEPT, "removed": REMOVED}
    rows: list[TableRow] = []
    for unit in prepared.units:
        fate = Value(tongue.translate(fates[unit.fate]), said.entries) if unit.fate is not None else Blank(3)
        gross = weight(tongue, unit.gross, *said.entries) if unit.gross is not None else (Blank(2),)
        net = weight(tongue, unit.net, *said.entries)
        substance = Value(tongue.substance(unit.substance), said.entries)
        rows.append(row((Value(unit.label, said.entries),), (substance,), gross, net, (fate,)))
    measured = [unit.net for unit in prepared.units if isinstance(unit.net, int)]
    count = tongue.say(TOTAL, count=Value(str(len(prepared.units)), ("computed",)))
    planned = [one.net for one in record.plan.consignment.contents if isinstance(one, SubstanceMass)]
    told = [one for one in planned if isinstance(one, int)]
    difference: Line = NONE
    if len(told) == len(planned) and len(measured) == len(prepared.units):
        difference = tongue.say(
            BY_PLAN,
            planned=Value(tongue.mass(sum(told)), ("plan",)),
            difference=Value(tongue.mass(sum(measured) - sum(told)), ("computed",)),
        )
    heads = ((UNIT, 3), (SUBSTANCE, 4), (GROSS, 3, True), (NET, 3, True), (FATE, 6))
    units = table(tongue, heads, rows, [said.seq] * len(rows))
    whole = Value(total([unit.amount for unit in prepared.units], tongue), ("computed",))
    return replace(units, rows=(*units.rows, row(count, NONE, NONE, (whole,), difference, total=True)))


def _taken(record: Record, said: Heard, prepared: Prepared, tongue: Tongue) -> Table:
    stored = tongue.quoted(prepared.stored_at, *said.entries) if prepared.stored_at else Blank(2)
    holder = joined((tongue.service(record, said.service), stored))
    sample_seals = seals(prepared.sample_seals, *said.entries) if prepared.sample_seals else (Blank(2),)
    inside: Line = tongue.words(IN_IT)
    rows: list[TableRow] = []
    lots = (
        (TAKEN_OUT, prepared.removed, (Blank(2),), holder),
        (SAMPLED, prepared.samples, sample_seals, holder),
        (LEFT, prepared.kept, inside, inside),
    )
    for sentence, amounts, packed, held in lots:
        for one in amounts:
            name, mass = mass_of(tongue, one, *said.entries)
            rows.append(row(tongue.say(sentence, what=name), mass, packed, held))
    for item in prepared.items:
        what = tongue.say(PUT_IN, what=tongue.exhibit(item.what, *said.entries), label=Value(item.label, said.entries))
        more: list[Line] = []
        if item.made_of is not None:
            more.append(tongue.say(MADE_OF, material=Value(item.made_of, said.entries)))
        if item.number is not None:
            more.append(tongue.say(DEVICE, number=Value(item.number, said.entries)))
        if item.lasts is not None:
            more.append(tongue.say(LASTS, span=Value(tongue.span(item.lasts), said.entries)))
        rows.append(row(joined((what, *more)), weight(tongue, item.gross, *said.entries), inside, inside))
    heads = ((WHAT, 6), (MASS, 3, True), (PACKED, 4), (HELD, 5))
    return table(tongue, heads, rows, [said.seq] * len(rows))


def _sums(said: Heard, prepared: Prepared, tongue: Tongue) -> Iterator[Block]:
    """Of each substance that was measured throughout: kept, removed and sampled, and their sum."""
    parts: dict[str, list[int]] = {}
    for one in (*prepared.kept, *prepared.removed, *prepared.samples):
        if isinstance(one, SubstanceMass) and isinstance(one.net, int):
            parts.setdefault(one.substance, []).append(one.net)
    for substance, masses in parts.items():
        if len(masses) > 1:
            said_so = f"{tongue.substance(substance)} {' + '.join(map(tongue.mass, masses))} = {tongue.mass(sum(masses))}"
            yield Paragraph(tongue.say(ADDS_UP, sum=Value(said_so, (*said.entries, "computed"))), "small")


def _sealed(record: Record, said: Heard, prepared: Prepared, tongue: Tongue) -> Iterator[Block]:
    if prepared.seals:
        rows = tuple(
            row((Value(one.number, said.entries),), (Value(one.security, said.entries),), (Blank(4),)) for one in prepared.seals
        )
        heads = ((SEAL, 4), (CLASS, 3), (WHERE, 6))
        yield table(tongue, heads, rows)
    gross = (*tongue.words(AFTER), Words(": "), *(weight(tongue, prepared.gross, *said.entries, strong=True)))
    tolerance = Value(tongue.mass(record.plan.tolerances.gross), ("plan",))
    yield Paragraph(tongue.say(REFERENCE_VALUE, gross=gross, tolerance=tolerance), "left")


def _pictures(said: Heard, tongue: Tongue) -> Iterator[Block]:
    if not said.statement.attachments:
        yield Paragraph((Value(tongue.translate(NO_PICTURES), said.entries),), "left")
    yield from files(tongue, said)
