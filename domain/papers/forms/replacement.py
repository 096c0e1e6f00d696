"""The act of replacement: what was taken out of the consignment, and what was put in to stand in for it."""

from collections.abc import Iterator

from domain.papers.form import Form
from domain.papers.forms.balancing import total
from domain.papers.forms.parts import (
    NONE,
    WITNESSED,
    author,
    consignment,
    day_there,
    local,
    mass_of,
    of_the_group,
    present,
    row,
    seals,
    seen_by_its_state,
    signing,
    spoken,
    table,
    unsure,
    weight,
)
from domain.papers.forms.witnessed import witnesses
from domain.papers.paper import Blank, Block, Dated, Heading, Line, Paragraph, Source, Table, TableRow, TickBox, Title, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.demands import demands
from domain.plan.directory import Service
from domain.plan.goods import SubstanceMass
from domain.rules.preparation import Prepared
from domain.views.law import in_words
from domain.words.text import mark

KIND, ABOUT = mark("Act"), mark("of replacement in the consignment {operation}")
NUMBER = mark("No. {blank}")
MADE = mark("Made on {day} at {hour} UTC; on the spot: {local}; at {place}. By: {who}. Present: officers {officers}.")
GROUNDS = mark("Grounds: the plan of the operation; way of handling that the States on the way allow: {modality}.")
CARD = mark("By the rule card of {state}: {said}")
OBJECT = mark("Object: {object}.")
TAKEN_OUT, PUT_IN, LEFT = mark("1. Taken out"), mark("2. Put in to stand in for it"), mark("3. Left in the consignment")
WHAT, UNITS, GROSS, NET, HELD = mark("What"), mark("Units"), mark("Gross"), mark("Net"), mark("Held by, where")
LABEL, MATERIAL, MASS = mark("Label"), mark("Made of"), mark("Mass")
TOTAL = mark("Together")
STANDS_IN = mark("Taken out {removed}, put in {put_in}; difference {difference}, tolerance by the plan {tolerance}.")
ANY = mark("it need not weigh the same")
PACKED = mark("What was taken out is packed and sealed: {blank}")
NOTHING = mark("nothing")
BEARS = mark("{kept}. Seals after the replacement: {seals}; gross weight {gross}.")
RECOGNISED = mark("The substitute is told from what it replaces by: {blank}")
TWICE = mark("What was taken out is kept until the case is decided. The substitute is taken back at the end of the operation.")
REMARKS = mark("Remarks of those present: {none} none  {some} {blank}")
COPIES = mark("Made in {blank} copies.")
OFFICER, SPECIALIST = mark("Made by: {officer}"), mark("Specialist")


class ReplacementForm(Form):
    """One of each preparation in which something was replaced."""

    name = "replacement"
    version = 7
    title = mark("act of replacement")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Checkpoints at which substitutes were put in."""
        return tuple(dict.fromkeys(said.checkpoint for said, one in record.said(Prepared) if _substitutes(one)))

    def of(self, record: Record, subject: str) -> str:
        """Its place."""
        planned = record.plan.find(subject)
        return planned.place if planned is not None else subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Who is asked there, and prosecutors and courts of the State."""
        return seen_by_its_state(record, subject, reader)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the preparation, with what has corrected it."""
        said, prepared = [(said, one) for said, one in record.said(Prepared, subject) if _substitutes(one)][-1]
        return tuple(_blocks(record.until(max(said.counted, *said.entries)), subject, said, prepared, tongue))


def _substitutes(prepared: Prepared) -> bool:
    return any(item.what == "substitute" for item in prepared.items)


def _blocks(record: Record, subject: str, said: Heard, prepared: Prepared, tongue: Tongue) -> Iterator[Block]:
    plan, planned = record.plan, record.plan.find(subject)
    state = record.state_of(said.service) or plan.legs[0].state
    place = Value(planned.place if planned is not None else subject, ("plan",))
    yield author(tongue, record, said.service)
    operation = tongue.quoted(plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, plan)))
    yield Dated((day_there(tongue, record, subject, said),), (place,), tongue.say(NUMBER, blank=Blank(2)))
    yield Paragraph(
        tongue.say(
            MADE,
            day=Value(tongue.day(said.happened), said.entries),
            hour=Value(f"{said.happened:%H:%M}", said.entries),
            local=local(tongue, record, subject, said),
            place=tongue.quoted(prepared.place, *said.entries) if prepared.place else Blank(3),
            who=spoken(tongue, record, said),
            officers=joined(Value(one, said.entries) for one in prepared.witnesses),
        ),
        "left",
    )
    yield Paragraph(tongue.say(GROUNDS, modality=tongue.word(prepared.modality, *said.entries)), "left")
    yield from (Paragraph(line, "left") for line in _by_law(record, state, tongue))
    yield Paragraph(tongue.say(OBJECT, object=consignment(tongue, plan.consignment)), "left")
    yield Heading(tongue.words(WITNESSED))
    yield witnesses(tongue, record, state, "opening", said)
    yield Heading(tongue.words(TAKEN_OUT))
    yield _taken_out(record, said, prepared, tongue)
    yield Paragraph(tongue.say(PACKED, blank=Blank(4)), "left")
    yield Heading(tongue.words(PUT_IN))
    yield _put_in(said, prepared, tongue)
    yield Paragraph(_stands_in(record, said, prepared, tongue), "left")
    yield Paragraph(tongue.say(RECOGNISED, blank=Blank(4)), "left")
    yield Heading(tongue.words(LEFT))
    kept = joined(Value(tongue.amount(one), said.entries) for one in prepared.kept) or (
        Value(tongue.translate(NOTHING), said.entries),
    )
    gross = weight(tongue, prepared.gross, *said.entries, strong=True)
    yield Paragraph(tongue.say(BEARS, kept=kept, seals=seals(prepared.seals, *said.entries), gross=gross), "left")
    yield Paragraph(tongue.words(TWICE), "small")
    yield Paragraph(tongue.say(REMARKS, none=TickBox(), some=TickBox(), blank=Blank(5)), "left")
    yield Paragraph(tongue.say(COPIES, blank=Blank(1)), "left")
    roles = [tongue.say(OFFICER, officer=tongue.officer(said)), tongue.words(SPECIALIST)]
    yield signing(tongue, [*roles, *present(tongue, prepared.witnesses, said)], paired=True)


def _by_law(record: Record, state: str, tongue: Tongue) -> Iterator[Line]:
    """What the card of the State says of the ways of handling: which are allowed, which it demands."""
    card = record.cards.get(state)
    for demand in demands(record.plan, record.cards):
        for point in demand.points if demand.state == state else ():
            if point.about == "handling":
                law = Value(in_words(point, tongue.translate), ("card",), unsure=unsure(card, point.law))
                yield tongue.say(CARD, state=tongue.the_state(state, "plan"), said=law)


def _taken_out(record: Record, said: Heard, prepared: Prepared, tongue: Tongue) -> Table:
    stored = tongue.quoted(prepared.stored_at, *said.entries) if prepared.stored_at else Blank(3)
    holder = joined((tongue.service(record, said.service), stored))
    rows: list[TableRow] = []
    for one in prepared.removed:
        units = [unit for unit in prepared.units if unit.fate == "removed" and unit.substance == getattr(one, "substance", None)]
        labels = joined(Value(unit.label, said.entries) for unit in units) or (Blank(2),)
        weighed = [unit.gross for unit in units if isinstance(unit.gross, int)]
        whole = bool(units) and len(weighed) == len(units)
        gross = Value(tongue.mass(sum(weighed)), (*said.entries, "computed")) if whole else Blank(2)
        name, net = mass_of(tongue, one, *said.entries)
        rows.append(row(name, labels, (gross,), net, holder))
    heads = ((WHAT, 4), (UNITS, 4), (GROSS, 3, True), (NET, 3, True), (HELD, 5))
    return table(tongue, heads, rows, [said.seq] * len(rows))


def _put_in(said: Heard, prepared: Prepared, tongue: Tongue) -> Table:
    substitutes = [item for item in prepared.items if item.what == "substitute"]
    rows = [
        row(
            (Value(item.label, said.entries),),
            (Value(item.made_of, said.entries),) if item.made_of is not None else (Blank(3),),
            weight(tongue, item.gross, *said.entries),
        )
        for item in substitutes
    ]
    whole = Value(_in_all(prepared, tongue), ("computed",))
    rows.append(row(tongue.words(TOTAL), NONE, (whole,), total=True))
    heads = ((LABEL, 3), (MATERIAL, 6), (MASS, 3, True))
    return table(tongue, heads, rows)


def _in_all(prepared: Prepared, tongue: Tongue) -> str:
    """The sum of the substitutes, and what of it was only estimated."""
    put_in = [item for item in prepared.items if item.what == "substitute"]
    return total([SubstanceMass(substance=item.label, net=item.gross) for item in put_in], tongue)


def _stands_in(record: Record, said: Heard, prepared: Prepared, tongue: Tongue) -> Line:
    """The sum of what was taken out, where all of it was weighed, beside the sum of the substitutes."""
    masses = [one.net for one in prepared.removed if isinstance(one, SubstanceMass) and isinstance(one.net, int)]
    put_in = [item.gross for item in prepared.items if item.what == "substitute"]
    weighed = [one for one in put_in if isinstance(one, int)]
    most = record.plan.tolerances.substitute
    tolerance = tongue.translate(ANY) if most == "any" else f"±{tongue.mass(most)}"
    whole = len(masses) == len(prepared.removed)
    sources: tuple[Source, ...] = (*said.entries, "computed")
    return tongue.say(
        STANDS_IN,
        removed=Value(tongue.mass(sum(masses)), sources) if whole else Blank(2),
        put_in=Value(_in_all(prepared, tongue), sources),
        difference=Value(tongue.mass(sum(weighed) - sum(masses)), ("computed",)) if whole and weighed == put_in else Blank(2),
        tolerance=Value(tolerance, ("plan",)),
    )
